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
    /// Whether a flight of ours can give way to it by the rules: in time, from where the link orders it, and down to a height that
    /// leaves enough below the other.
    pub fn avoidable(&self, mission: &Mission, scene_height_m: f64) -> bool {
        let moves = matches!(mission.phase, Some(FlightPhase::Airborne | FlightPhase::OnScene));
        let room = self.height_m >= scene_height_m + MISS_HEIGHT_M + HEIGHT_NOISE_M;
        moves && room && !mission.recalled && !mission.held && self.heard_s >= REACTION_S
    }
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
    /// On its way out or on scene, where ours gives way; not on its way home.
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
