//! What flights took from their packs, as an onlooker with a meter on board sees it: a sample each second, and the whole.

use std::collections::BTreeMap;

use dispatch_core::Core;
use flight_types::{DroneId, FlightPhase, FlightPlan, MissionId};

use crate::physics::Environment;
use crate::{Truth, energy::Sample};

/// Between two samples, milliseconds.
pub(super) const SAMPLE_MS: u64 = 1_000;

/// One flight from take-off to touch-down.
#[derive(Debug, Clone)]
pub struct Flown {
    /// Which aircraft.
    pub drone: DroneId,
    /// What it was asked to fly.
    pub plan: FlightPlan,
    /// From its arrival on scene until it turned home, seconds; `None` when it did not get there.
    pub stay_s: Option<f64>,
    /// The lowest it was kept on scene, over the pad, metres: it comes down to who stands. `None` when it did not get there.
    pub low_m: Option<f64>,
    /// Charge at take-off, per cent.
    pub begin_pct: f64,
    /// Charge at touch-down, per cent.
    pub end_pct: f64,
    /// In the air, seconds.
    pub flight_s: f64,
    /// Its seconds.
    pub samples: Vec<Sample>,
}

/// All flights of a run.
#[derive(Debug, Default)]
pub(super) struct Log {
    open: BTreeMap<DroneId, (MissionId, Flown)>,
    pub done: Vec<Flown>,
}

impl Log {
    /// One look at an aircraft, each [`SAMPLE_MS`].
    pub fn see(&mut self, drone: &DroneId, truth: &Truth, environment: &Environment, core: Option<&Core>) {
        match (truth.on_ground, self.open.get_mut(drone)) {
            (false, None) => self.take_off(drone, truth, core),
            (false, Some((mission, flown))) => {
                if core.and_then(|core| core.mission(mission)).is_some_and(|mission| mission.phase == Some(FlightPhase::OnScene)) {
                    flown.low_m = Some(flown.low_m.unwrap_or(truth.height_m).min(truth.height_m));
                }
                flown.flight_s += SAMPLE_MS as f64 / 1_000.0;
                flown.samples.push(Sample::of(truth, environment));
            }
            (true, Some(_)) => self.touch_down(drone, truth, core),
            (true, None) => {}
        }
    }

    fn take_off(&mut self, drone: &DroneId, truth: &Truth, core: Option<&Core>) {
        let Some(mission) = core.and_then(|core| core.missions().find(|mission| mission.drone == *drone && !mission.ended)) else {
            return;
        };
        let flown = Flown {
            drone: drone.clone(),
            plan: mission.plan.clone(),
            stay_s: None,
            low_m: None,
            begin_pct: truth.battery_pct,
            end_pct: truth.battery_pct,
            flight_s: 0.0,
            samples: Vec::new(),
        };
        self.open.insert(drone.clone(), (mission.id.clone(), flown));
    }

    fn touch_down(&mut self, drone: &DroneId, truth: &Truth, core: Option<&Core>) {
        let Some((mission, mut flown)) = self.open.remove(drone) else { return };
        let reached_ms = |phase| core?.mission(&mission)?.reached_at_ms.get(&phase).copied();
        let stay = reached_ms(FlightPhase::OnScene).zip(reached_ms(FlightPhase::Returning));
        flown.stay_s = stay.map(|(begun_ms, ended_ms)| (ended_ms - begun_ms) as f64 / 1_000.0);
        flown.end_pct = truth.battery_pct;
        self.done.push(flown);
    }
}
