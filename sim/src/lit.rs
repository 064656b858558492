//! Whether a real autopilot's light is on the caller of a play: seen from beside, by where both truly are.

use dispatch_core::route::LIGHT_REACH_M;
use flight_types::{Local, LocalFrame};

use crate::CameraTruth;
use crate::beam::{BEAM_DEG, LIT_MIN, PERSON_M, off_beam_deg};

/// How often it is looked, microseconds of the aircraft's time.
const LOOK_US: u64 = 100_000;
/// A light that has been out for longer has been switched off; one that shows by dips that it films is out for less, microseconds.
const SWITCHED_OFF_US: u64 = 3_000_000;

/// What an onlooker says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Seen {
    /// The lit circle came on the caller for the first time.
    First,
    /// The light was switched off after having been on them.
    Over {
        /// From the first light on them until it went out, seconds.
        watched_s: f64,
        /// The part of that in which the circle was on them, seconds.
        lit_s: f64,
        /// The longest time without, seconds.
        dark_s: f64,
    },
}

/// The watch beside one aircraft. The ground is taken to be as high as its pad.
#[derive(Debug, Default)]
pub(crate) struct LitWatch {
    looked_us: u64,
    /// When the light was last seen burning, once it has been on the caller.
    burnt_us: Option<u64>,
    looks: u64,
    lit: u64,
    /// Looks since the circle left them, and how many there were at most while the light burnt.
    dark: u64,
    dark_longest: u64,
    /// Looks since the light went out, which count only if it comes back.
    out: u64,
}

impl LitWatch {
    /// Whether it is time for a look.
    pub fn is_due(&self, now_us: u64) -> bool {
        self.looked_us + LOOK_US <= now_us
    }

    /// One look: the camera with its light, and whoever calls, in the same metres.
    pub fn look(&mut self, camera: &CameraTruth, callers: &[Local], frame: &LocalFrame, now_us: u64) -> Option<Seen> {
        self.looked_us = now_us;
        let at = frame.to_local(camera.position);
        let burns = camera.light >= LIT_MIN;
        let on_them = burns && callers.iter().any(|caller| is_on(camera, at, *caller));
        let Some(burnt_us) = &mut self.burnt_us else {
            return on_them.then(|| self.begin(now_us));
        };
        if burns {
            *burnt_us = now_us;
            self.looks += std::mem::take(&mut self.out) + 1;
            self.dark = if on_them { 0 } else { self.dark + 1 };
            self.lit += u64::from(on_them);
            self.dark_longest = self.dark_longest.max(self.dark);
            return None;
        }
        self.out += 1;
        (now_us - *burnt_us > SWITCHED_OFF_US).then(|| self.finish())
    }

    fn begin(&mut self, now_us: u64) -> Seen {
        self.burnt_us = Some(now_us);
        (self.looks, self.lit) = (1, 1);
        Seen::First
    }

    fn finish(&mut self) -> Seen {
        let seconds = |looks: u64| (looks * LOOK_US) as f64 / 1e6;
        let seen = Seen::Over { watched_s: seconds(self.looks), lit_s: seconds(self.lit), dark_s: seconds(self.dark_longest) };
        *self = Self { looked_us: self.looked_us, ..Self::default() };
        seen
    }
}

fn is_on(camera: &CameraTruth, at: Local, caller: Local) -> bool {
    let way_m = [caller.east_m - at.east_m, caller.north_m - at.north_m, PERSON_M - camera.height_m];
    at.distance_m(&caller) <= LIGHT_REACH_M && off_beam_deg(camera.pitch_deg, camera.heading_deg, way_m) <= BEAM_DEG
}

#[cfg(test)]
mod tests {
    use flight_types::GeoPoint;

    use super::*;
    use crate::{Aircraft, AircraftConfig};

    fn frame() -> LocalFrame {
        LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place"))
    }

    /// A camera 21 m up that looks 45 degrees down to the north, with its light on or off.
    fn camera(light: f64) -> CameraTruth {
        let at = frame().to_geo(Local::default());
        let truth = CameraTruth::from(&Aircraft::new(AircraftConfig::new(1, at, 30.0)).truth());
        CameraTruth { position: at, height_m: 21.0, pitch_deg: -45.0, heading_deg: 0.0, light, ..truth }
    }

    /// Looks ten times a second; the caller stands so far to the north, and the light burns or not.
    fn seen(looks: &[(f64, bool)]) -> Vec<(usize, Seen)> {
        let mut watch = LitWatch::default();
        let look = |(index, (north_m, burns)): (usize, &(f64, bool))| {
            let caller = Local { east_m: 0.0, north_m: *north_m };
            let seen = watch.look(&camera(f64::from(*burns)), &[caller], &frame(), (index as u64 + 1) * LOOK_US)?;
            Some((index, seen))
        };
        looks.iter().enumerate().filter_map(look).collect()
    }

    #[test]
    fn the_circle_holds_who_stands_in_it_and_the_share_is_counted_from_the_first_light() {
        let mut looks = vec![(60.0, true); 10];
        looks.extend([(20.0, true); 20]);
        looks.extend([(20.0, false); 10]);
        looks.extend([(30.0, true); 5]);
        looks.extend([(16.0, true); 5]);
        looks.extend([(20.0, false); 40]);
        let over = Seen::Over { watched_s: 4.0, lit_s: 2.5, dark_s: 0.5 };
        assert_eq!(seen(&looks), [(10, Seen::First), (80, over)], "out for a second is part of it, for good is not");
    }

    #[test]
    fn who_is_never_lit_is_never_told_of() {
        assert_eq!(seen(&[(60.0, true); 50]), []);
        assert_eq!(seen(&[(20.0, false); 50]), []);
    }
}
