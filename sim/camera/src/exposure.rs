//! How long the shutter opens and how much the sensor amplifies: automatic, within bounds, following with a lag.

/// Light that the sensor turns into full white: picture value per lux, second and unit of gain, for a lens of f/2.8 and white paper.
const WHITE_PER_LUX_S: f32 = 0.035;
/// Shutter bounds, seconds.
const SHUTTER_S_MIN: f32 = 1.0 / 8_000.0;
const SHUTTER_S_MAX: f32 = 1.0 / 30.0;
/// Longer than this only when the gain is up already: an aircraft moves.
const SHUTTER_S_SHARP: f32 = 1.0 / 250.0;
const GAIN_SHARP: f32 = 12.0;
/// Largest gain, 36 dB.
const GAIN_MAX: f32 = 64.0;
/// Mean that is aimed for, of full white: asphalt stays darker than the middle.
pub(crate) const AIM: f32 = 0.16;
/// The automatic takes this long for 63 % of a change, seconds.
const FOLLOW_S: f32 = 0.35;

/// Shutter and gain of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Exposure {
    pub(crate) shutter_s: f32,
    pub(crate) gain: f32,
}

impl Exposure {
    /// What one lux on white paper becomes in the picture, full white being 1.
    pub(crate) fn exposed_per_lux(&self) -> f32 {
        WHITE_PER_LUX_S * self.shutter_s * self.gain
    }

    /// The exposure that brings this mean to the aim, within the bounds.
    fn for_mean(mean_lux: f32) -> Self {
        let product = AIM / (WHITE_PER_LUX_S * mean_lux.max(1e-4));
        let sharp_s = product.clamp(SHUTTER_S_MIN, SHUTTER_S_SHARP);
        let shutter_s =
            if product / sharp_s <= GAIN_SHARP { sharp_s } else { (product / GAIN_SHARP).clamp(SHUTTER_S_SHARP, SHUTTER_S_MAX) };
        Self { shutter_s, gain: (product / shutter_s).clamp(1.0, GAIN_MAX) }
    }
}

/// The automatic.
#[derive(Debug, Clone, Default)]
pub(crate) struct AutoExposure {
    /// Logarithm of the mean that it is set for, and when that was.
    held: Option<(f32, u64)>,
}

impl AutoExposure {
    /// The exposure for a frame with this mean. The first frame is met at once, as if the camera had been on for a while.
    pub(crate) fn follow(&mut self, mean_lux: f32, at_us: u64) -> Exposure {
        let now = mean_lux.max(1e-4).ln();
        let held = match self.held {
            None => now,
            Some((before, since_us)) => {
                let passed_s = at_us.saturating_sub(since_us) as f32 * 1e-6;
                now + (before - now) * (-passed_s / FOLLOW_S).exp()
            }
        };
        self.held = Some((held, at_us));
        Exposure::for_mean(held.exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_bounds_from_dark_to_snow() {
        for exponent in -6..7 {
            let exposure = Exposure::for_mean(10f32.powi(exponent));
            assert!((SHUTTER_S_MIN..=SHUTTER_S_MAX).contains(&exposure.shutter_s), "{exposure:?}");
            assert!((1.0..=GAIN_MAX).contains(&exposure.gain), "{exposure:?}");
        }
        assert_eq!(Exposure::for_mean(0.0), Exposure { shutter_s: SHUTTER_S_MAX, gain: GAIN_MAX });
    }

    #[test]
    fn follows_a_change_with_a_lag() {
        let mut automatic = AutoExposure::default();
        let dark = automatic.follow(0.1, 0).exposed_per_lux();
        let soon = automatic.follow(10.0, 33_000).exposed_per_lux();
        let later = automatic.follow(10.0, 3_000_000).exposed_per_lux();
        assert!(dark >= soon && soon > later * 2.0, "{dark} {soon} {later}");
        assert!((later - Exposure::for_mean(10.0).exposed_per_lux()).abs() < later * 0.01);
    }
}
