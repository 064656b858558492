//! From where a person is lit whose place is in doubt: so far away that the lit circle is as wide as the doubt, and so far beside that
//! the doubt does not bring them under the aircraft (ADR 0160). Chooses heights and distances only; the layers are the plan's.

use super::plan::{LAYER_HEIGHT_M, LAYERS};
use crate::config::{Policy, SiteConfig};

/// Half opening of the lit circle, degrees: where a narrow searchlight has fallen to half.
const CIRCLE_HALF_DEG: f64 = 6.75;
/// What is thought of a place is within so many of its terminal's accuracies in nineteen seconds of twenty, by the filter over the fixes
/// of somebody who walks or runs round corners (measured: 1.3 walking, 1.5 running).
const WITHIN_ACCURACIES: f64 = 1.5;
/// So many accuracies are kept beside the stand-off. The filter is off by more than two in one second of two hundred, running more than
/// three; the third also widens the circle.
const BESIDE_ACCURACIES: f64 = 3.0;
/// A place in more doubt than this is lit by its best guess, metres: a wider circle would be too dim, a longer way to the side no light
/// on anybody.
const DOUBT_M_MAX: f64 = 7.5;
/// From here the light leaves 10 lx in the middle of its circle, metres (19 lx at 51 m): what a footpath in use is lit with by EN 13201-2
/// (class P2).
const BRIGHT_M_MAX: f64 = 70.0;

/// Where an escort keeps from the person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Post {
    /// The lowest height on scene over the pad, metres.
    pub base_m: f64,
    /// Horizontal distance, metres.
    pub stand_off_m: f64,
}

impl Post {
    /// For a person whose terminal claims this accuracy, metres.
    pub fn choose(site: &SiteConfig, doubt_m: f64) -> Self {
        let policy = &site.policy;
        let doubt_m = doubt_m.clamp(0.0, DOUBT_M_MAX);
        let stand_off_m = policy.stand_off_m + BESIDE_ACCURACIES * doubt_m;
        let wide = circle_m(policy.scene_height_m, stand_off_m) >= WITHIN_ACCURACIES * doubt_m;
        let base_m = if wide { policy.scene_height_m } else { Self::highest_base_m(site) };
        Self { base_m, stand_off_m }
    }

    /// The height for doubtful places, over the transit layers; the usual one where not all layers over it fit under the fence's ceiling,
    /// or the light would be too dim.
    pub fn highest_base_m(site: &SiteConfig) -> f64 {
        let Policy { scene_height_m, transit_height_m, higher_in_doubt, .. } = site.policy;
        let base_m = transit_height_m.max(scene_height_m) + LAYER_HEIGHT_M;
        let top_m = base_m + f64::from(LAYERS - 1) * LAYER_HEIGHT_M;
        let fits = top_m <= site.fence_height_max_m && base_m <= BRIGHT_M_MAX;
        if higher_in_doubt && fits { base_m } else { scene_height_m }
    }
}

/// Radius of the lit circle across the beam, metres.
fn circle_m(height_m: f64, beside_m: f64) -> f64 {
    height_m.hypot(beside_m) * CIRCLE_HALF_DEG.to_radians().tan()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flight_types::{GeoPoint, Ring};

    fn site(ceiling_m: f64, policy: Policy) -> SiteConfig {
        let corner = |bearing_deg: f64| GeoPoint::new(37.5, 127.0).expect("a place").moved(bearing_deg, 900.0);
        SiteConfig {
            name: "test".to_owned(),
            stations: Vec::new(),
            no_fly_zones: Vec::new(),
            obstacles: Vec::new(),
            fence: Ring::new([45.0, 135.0, 225.0, 315.0].map(corner).to_vec()).expect("a ring"),
            fence_height_max_m: ceiling_m,
            policy,
        }
    }

    #[test]
    fn the_circle_is_as_wide_as_the_doubt_or_as_wide_as_its_light_allows() {
        let usual = site(120.0, Policy::default());
        for (doubt_m, base_m, stand_off_m) in [(0.0, 20.0, 8.0), (1.5, 20.0, 12.5), (5.0, 66.0, 23.0), (500.0, 66.0, 30.5)] {
            assert_eq!(Post::choose(&usual, doubt_m), Post { base_m, stand_off_m }, "{doubt_m}");
        }
        for doubt_m in [0.5, 1.0, 1.5, 2.0, 3.0, 5.0] {
            let Post { base_m, stand_off_m } = Post::choose(&usual, doubt_m);
            assert!(circle_m(base_m, stand_off_m) >= WITHIN_ACCURACIES * doubt_m, "{doubt_m}");
        }
    }

    #[test]
    fn who_may_not_fly_higher_stays_low_and_off_all_the_same() {
        let low = Post { base_m: 20.0, stand_off_m: 23.0 };
        assert_eq!(Post::choose(&site(80.0, Policy::default()), 5.0), low, "under a low ceiling");
        assert_eq!(
            Post::choose(&site(120.0, Policy { higher_in_doubt: false, ..Policy::default() }), 5.0),
            low,
            "as the site wants"
        );
        let high = Policy { transit_height_m: 90.0, ..Policy::default() };
        assert_eq!(Post::choose(&site(200.0, high), 5.0), low, "where the light would be too dim");
    }
}
