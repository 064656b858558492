//! Somebody else's aircraft that flies straight over the site and says by ADS-B where it is.

use flight_types::{Local, LocalFrame};

use super::file::{EastNorth, Step};
use crate::Traffic;

/// ADS-B speaks once a second, milliseconds.
pub(super) const SPEAKS_MS: u64 = 1_000;

/// One such aircraft.
#[derive(Debug, Clone)]
pub(crate) struct Intruder {
    number: u32,
    from: EastNorth,
    to: EastNorth,
    height_m: f64,
    begins_ms: u64,
    lasts_ms: u64,
}

impl Intruder {
    /// As a step says: from its first corner to its last, at `value` metres over the ground, in `for_s`.
    pub fn of(step: &Step, number: u32, now_ms: u64) -> Option<Self> {
        Some(Self {
            number,
            from: *step.corners.first()?,
            to: *step.corners.last()?,
            height_m: step.value?,
            begins_ms: now_ms,
            lasts_ms: (step.for_s? * 1_000.0) as u64,
        })
    }

    /// What it says now; `None` before it comes and after it has gone.
    pub fn at(&self, now_ms: u64, ground_amsl_m: f64, frame: &LocalFrame) -> Option<Traffic> {
        let flown_ms = now_ms.checked_sub(self.begins_ms).filter(|flown_ms| *flown_ms <= self.lasts_ms)?;
        let share = flown_ms as f64 / self.lasts_ms.max(1) as f64;
        let way = [self.to[0] - self.from[0], self.to[1] - self.from[1]];
        let place = Local { east_m: self.from[0] + share * way[0], north_m: self.from[1] + share * way[1] };
        let lasts_s = self.lasts_ms.max(1) as f64 / 1_000.0;
        Some(Traffic {
            address: 0x71_0000 + self.number,
            callsign: format!("HL{:04}", self.number),
            place: frame.to_geo(place),
            altitude_amsl_m: ground_amsl_m + self.height_m,
            heading_deg: way[0].atan2(way[1]).to_degrees().rem_euclid(360.0),
            speed_m_s: way[0].hypot(way[1]) / lasts_s,
        })
    }
}
