//! Somebody else's aircraft that flies straight over the site and says by ADS-B where it is, and how near ours came to it.

use dispatch_core::model::Mission;
use flight_types::{DroneId, FlightPhase, GeoPoint, Local, LocalFrame};
use serde::Serialize;

use super::file::{EastNorth, IntruderSays, Step};
use crate::{Traffic, Truth};

/// ADS-B speaks once a second, milliseconds.
pub(super) const SPEAKS_MS: u64 = 1_000;
/// A near miss is within this along the ground, metres (500 ft: what ASTM F3442 measures encounters by), …
pub(super) const MISS_M: f64 = 152.4;
/// … and within this in height, metres (100 ft).
pub(super) const MISS_HEIGHT_M: f64 = 30.5;
/// So long after it is first heard ours can have sunk out of its way, seconds: the link looks 40 s ahead, in which 40 m are sunk at
/// 1.5 m/s with a quarter of it left to hear, decide and brake.
const REACTION_S: f64 = 40.0;
/// A barometer and a gust, metres.
const HEIGHT_NOISE_M: f64 = 2.0;
/// So near to its pad an aircraft on its way home comes down, or is about to, metres.
const COMES_DOWN_M: f64 = 20.0;
/// At this charge every flight is called home, per cent: what a way home of which its plan does not say more may take.
const CALLED_HOME_PCT: f64 = 25.0;
/// Who has so much more than its way home takes waits for as long as anybody flies by, per cent: some two minutes, with what a gauge is off by.
const SPARE_PCT: f64 = 10.0;

/// One such aircraft.
#[derive(Debug, Clone)]
pub(crate) struct Intruder {
    number: u32,
    from: EastNorth,
    to: EastNorth,
    height_m: f64,
    to_height_m: f64,
    says: IntruderSays,
    begins_ms: u64,
    lasts_ms: u64,
}

/// Where it really is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flying {
    pub place: GeoPoint,
    /// Over the ground, metres.
    pub height_m: f64,
    /// Heard for so long, seconds.
    pub heard_s: f64,
}

impl Intruder {
    /// As a step says: from its first corner to its last, at `value` metres over the ground, in `for_s`.
    pub fn of(step: &Step, number: u32, now_ms: u64) -> Option<Self> {
        let height_m = step.value?;
        Some(Self {
            number,
            from: *step.corners.first()?,
            to: *step.corners.last()?,
            height_m,
            to_height_m: step.intruder.to_m.unwrap_or(height_m),
            says: step.intruder,
            begins_ms: now_ms,
            lasts_ms: (step.for_s? * 1_000.0) as u64,
        })
    }

    /// Its share of the way; `None` before it comes and after it has gone.
    fn share(&self, now_ms: u64) -> Option<f64> {
        let flown_ms = now_ms.checked_sub(self.begins_ms).filter(|flown_ms| *flown_ms <= self.lasts_ms)?;
        Some(flown_ms as f64 / self.lasts_ms.max(1) as f64)
    }

    /// Where it really is now.
    pub fn flying(&self, now_ms: u64, frame: &LocalFrame) -> Option<Flying> {
        let share = self.share(now_ms)?;
        let on_way = |axis: usize| self.from[axis] + share * (self.to[axis] - self.from[axis]);
        Some(Flying {
            place: frame.to_geo(Local { east_m: on_way(0), north_m: on_way(1) }),
            height_m: self.height_m + share * (self.to_height_m - self.height_m),
            heard_s: share * self.lasts_s(),
        })
    }

    /// What it says now.
    pub fn at(&self, now_ms: u64, ground_amsl_m: f64, frame: &LocalFrame) -> Option<Traffic> {
        let flying = self.flying(now_ms, frame)?;
        let way = [self.to[0] - self.from[0], self.to[1] - self.from[1]];
        Some(Traffic {
            address: 0x71_0000 + self.number,
            callsign: format!("HL{:04}", self.number),
            place: flying.place,
            altitude_amsl_m: ground_amsl_m + flying.height_m + self.says.told_over_m,
            by_pressure: self.says.by_pressure,
            up_m_s: (self.to_height_m - self.height_m) / self.lasts_s(),
            heading_deg: way[0].atan2(way[1]).to_degrees().rem_euclid(360.0),
            speed_m_s: way[0].hypot(way[1]) / self.lasts_s(),
        })
    }

    fn lasts_s(&self) -> f64 {
        self.lasts_ms.max(1) as f64 / 1_000.0
    }
}

impl Flying {
    /// Whether one of ours that gives way by the rules can keep it off: in time, and down to a height that leaves enough below the other.
    pub fn avoidable(&self, scene_height_m: f64) -> bool {
        self.height_m >= scene_height_m + MISS_HEIGHT_M + HEIGHT_NOISE_M && self.heard_s >= REACTION_S
    }
}

/// Whether a flight of ours gives way by the rules: in the air, held by nobody, and on its way home only with charge to spare, not while it comes
/// down on its pad, and not when a person called it.
pub(super) fn gives_way(mission: &Mission, ours: &Truth) -> bool {
    let flies = matches!(mission.phase, Some(FlightPhase::Airborne | FlightPhase::OnScene | FlightPhase::Returning));
    let goes_home = mission.recalled || mission.phase == Some(FlightPhase::Returning);
    flies && !mission.held && (!goes_home || waits_on_its_way(mission, ours))
}

fn waits_on_its_way(mission: &Mission, ours: &Truth) -> bool {
    let comes_down = ours.position.distance_m(&mission.plan.home) <= COMES_DOWN_M;
    let needed_pct = mission.plan.home_charge.map_or(CALLED_HOME_PCT, |charge| charge.from_scene_pct);
    let by_person = mission.recall_reason.as_ref().is_some_and(|reason| reason.contains("operator"));
    !comes_down && !by_person && mission.failure.is_none() && ours.battery_pct >= needed_pct + SPARE_PCT
}

/// How near one of ours and somebody else's aircraft came.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearestIntruder {
    /// Ours.
    pub drone: DroneId,
    /// When, milliseconds of virtual time.
    pub at_ms: u64,
    /// Along the ground, metres.
    pub distance_m: f64,
    /// In height, metres; over ours.
    pub above_m: f64,
    /// The greater of both, each as a share of a near miss: under 1 it is one.
    pub share: f64,
    /// While ours gives way by the rules.
    pub gives_way: bool,
}

impl NearestIntruder {
    /// How near they are now; nothing while ours is on the ground.
    pub(super) fn of(
        drone: &DroneId,
        ours: &Truth,
        ground_amsl_m: f64,
        other: &Flying,
        gives_way: bool,
        at_ms: u64,
    ) -> Option<Self> {
        if ours.on_ground {
            return None;
        }
        let distance_m = ours.position.distance_m(&other.place);
        let above_m = ground_amsl_m + other.height_m - ours.altitude_amsl_m;
        let share = (distance_m / MISS_M).max(above_m.abs() / MISS_HEIGHT_M);
        Some(Self { drone: drone.clone(), at_ms, distance_m, above_m, share, gives_way })
    }
}
