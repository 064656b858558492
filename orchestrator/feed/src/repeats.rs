//! Tells a camera that sends one picture again and again from one that goes on looking, by the capture times in its stamps. Pure.
//!
//! A frozen camera's stream is alive in every other respect: it would be passed off as live. A camera without stamps cannot be judged.

use std::time::{Duration, Instant};

use crate::limits::STALL_MAX;
use crate::unit::AccessUnit;

/// What to do with a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Hand it over.
    New,
    /// It shows what was handed over already, or builds on what was not.
    Repeated,
    /// Nothing new has come for so long that the camera must be asked again.
    Frozen,
}

/// The last capture time handed over.
#[derive(Debug, Default)]
pub struct Repeats {
    last: Option<(i64, Instant)>,
    needs_key: bool,
}

impl Repeats {
    /// Judges the next picture of a stream.
    pub fn judge(&mut self, unit: &AccessUnit) -> Judgement {
        let Some(captured_at_us) = unit.stamp.as_ref().map(|stamp| stamp.captured_at_us) else { return Judgement::New };
        let repeated = self.last.is_some_and(|(last_us, _)| last_us == captured_at_us);
        if repeated || (self.needs_key && !unit.key) {
            self.needs_key = true;
            let since: Option<Duration> = self.last.map(|(_, at)| unit.arrived_at.saturating_duration_since(at));
            return if since.is_some_and(|since| STALL_MAX <= since) { Judgement::Frozen } else { Judgement::Repeated };
        }
        self.needs_key = false;
        self.last = Some((captured_at_us, unit.arrived_at));
        Judgement::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Stamp;

    fn stamp(captured_at_us: i64) -> Stamp {
        let [lat_deg, lon_deg, amsl_m, yaw_deg, pitch_deg, roll_deg, horizontal_fov_deg] = [0.0; 7];
        Stamp { captured_at_us, lat_deg, lon_deg, amsl_m, yaw_deg, pitch_deg, roll_deg, horizontal_fov_deg }
    }

    fn judged(pictures: &[(u64, Option<i64>, bool)]) -> Vec<Judgement> {
        let (start, mut repeats) = (Instant::now(), Repeats::default());
        let unit = |(at_ms, captured_at_us, key): &(u64, Option<i64>, bool)| AccessUnit {
            annex_b: [].into(),
            key: *key,
            media_time: 0,
            late: Duration::ZERO,
            stamp: captured_at_us.map(stamp),
            arrived_at: start + Duration::from_millis(*at_ms),
        };
        pictures.iter().map(|picture| repeats.judge(&unit(picture))).collect()
    }

    #[test]
    fn a_frozen_camera_is_noticed_and_one_without_stamps_is_believed() {
        use Judgement::{Frozen, New, Repeated};
        assert_eq!(judged(&[(0, Some(1), true), (66, Some(2), false), (133, Some(3), false)]), [New, New, New]);
        assert_eq!(
            judged(&[(0, Some(1), true), (66, Some(1), false), (1_400, Some(1), true), (1_600, Some(1), false)]),
            [New, Repeated, Repeated, Frozen]
        );
        assert_eq!(judged(&[(0, None, true), (900, None, false), (5_000, None, false)]), [New, New, New]);
    }

    #[test]
    fn after_a_repetition_pictures_go_on_at_a_key_picture() {
        use Judgement::{New, Repeated};
        let pictures =
            [(0, Some(1), true), (66, Some(1), false), (133, Some(2), false), (200, Some(3), true), (266, Some(4), false)];
        assert_eq!(judged(&pictures), [New, Repeated, Repeated, New, New]);
    }
}
