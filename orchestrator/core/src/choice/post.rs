//! From where a person is lit whose place is in doubt: so far away that the lit circle is as wide as the doubt, and so far beside that
//! the doubt does not bring them under the aircraft (ADR 0160). Chooses heights and distances only; the layers are the plan's.

use flight_types::EscortPost;

use super::plan::{LAYERS, layer_height_m};
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

/// Orders, gimbal and aircraft add so much to what a place is off by, metres (ADR 0160).
pub(crate) const AIMED_M: f64 = 1.0;
/// A lower circle is wider than the doubt by so much: otherwise the next fix would send the aircraft up again.
const SPARE: f64 = 1.2;

/// How well a person's place is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Known {
    /// What their terminal claims, metres.
    pub claimed_m: f64,
    /// Of somebody who stands: what is thought of their place is within this in nineteen seconds of twenty, metres, and …
    pub within_m: Option<f64>,
    /// … has been all through the last seconds.
    pub steady_within_m: Option<f64>,
}

/// Where an escort keeps from the person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Post {
    /// The lowest height on scene over the pad, or over the surface, metres.
    pub base_m: f64,
    /// Horizontal distance, metres.
    pub stand_off_m: f64,
    /// The circle from there is not as wide as the doubt.
    pub is_narrow: bool,
}

impl Post {
    /// For a person whose terminal claims this accuracy, metres.
    pub fn choose(site: &SiteConfig, doubt_m: f64) -> Self {
        let policy = &site.policy;
        let doubt_m = doubt_m.clamp(0.0, DOUBT_M_MAX);
        let stand_off_m = policy.stand_off_m + BESIDE_ACCURACIES * doubt_m;
        let wide = circle_m(policy.scene_height_m, stand_off_m) >= WITHIN_ACCURACIES * doubt_m;
        let base_m = if wide { policy.scene_height_m } else { Self::highest_base_m(site) };
        Self { base_m, stand_off_m, is_narrow: !wide && base_m <= policy.scene_height_m }
    }

    /// Where somebody is kept lit from meanwhile, by an aircraft that was planned to one post and keeps another: who stands, from the lowest
    /// height without doubt whose circle is wide enough, with some to spare; all others from the height planned. Beside, as the terminal's
    /// accuracy asks: whoever stands may begin to run.
    pub fn meanwhile(
        site: &SiteConfig,
        planned: EscortPost,
        kept: EscortPost,
        known: &Known,
        is_free: impl Fn(f64) -> bool,
    ) -> EscortPost {
        let beside_m = site.policy.stand_off_m + BESIDE_ACCURACIES * known.claimed_m;
        let stand_off_m = beside_m.min(planned.stand_off_m);
        let holds = |height_m: f64, within_m: f64| circle_m(height_m, stand_off_m) >= within_m;
        let lowest = |spared_m: Option<f64>, from_m: f64, to_m: f64| {
            let layers_m = (0..LAYERS).map(|layer| site.policy.scene_height_m + f64::from(layer) * layer_height_m(site));
            let mut between_m = layers_m.filter(|height_m| from_m < *height_m && *height_m < to_m);
            let within_m = SPARE * spared_m?;
            between_m.find(|height_m| holds(*height_m, within_m) && is_free(*height_m))
        };
        let lower_m = lowest(known.steady_within_m, f64::NEG_INFINITY, kept.height_m);
        let stays_m = known.within_m.filter(|within_m| holds(kept.height_m, *within_m)).map(|_| kept.height_m);
        let higher_m = || lowest(known.within_m, kept.height_m, planned.height_m);
        EscortPost { height_m: lower_m.or(stays_m).or_else(higher_m).unwrap_or(planned.height_m), stand_off_m }
    }

    /// The height for doubtful places, over the transit layers; the usual one where not all layers over it fit under the fence's ceiling,
    /// or the light would be too dim.
    pub fn highest_base_m(site: &SiteConfig) -> f64 {
        let Policy { scene_height_m, transit_height_m, higher_in_doubt, .. } = site.policy;
        let base_m = transit_height_m.max(scene_height_m) + layer_height_m(site);
        let top_m = base_m + f64::from(LAYERS - 1) * layer_height_m(site);
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
            rally_points: Vec::new(),
            fence: Ring::new([45.0, 135.0, 225.0, 315.0].map(corner).to_vec()).expect("a ring"),
            fence_height_max_m: ceiling_m,
            relief: None,
            policy,
        }
    }

    #[test]
    fn the_circle_is_as_wide_as_the_doubt_or_as_wide_as_its_light_allows() {
        let usual = site(120.0, Policy::default());
        for (doubt_m, base_m, stand_off_m) in [(0.0, 20.0, 8.0), (1.5, 20.0, 12.5), (5.0, 66.0, 23.0), (500.0, 66.0, 30.5)] {
            assert_eq!(Post::choose(&usual, doubt_m), Post { base_m, stand_off_m, is_narrow: false }, "{doubt_m}");
        }
        for doubt_m in [0.5, 1.0, 1.5, 2.0, 3.0, 5.0] {
            let Post { base_m, stand_off_m, .. } = Post::choose(&usual, doubt_m);
            assert!(circle_m(base_m, stand_off_m) >= WITHIN_ACCURACIES * doubt_m, "{doubt_m}");
        }
    }

    #[test]
    fn who_stands_is_lit_from_lower_and_who_goes_from_where_it_was_planned() {
        let site = site(120.0, Policy::default());
        let planned = EscortPost { height_m: 66.0, stand_off_m: 23.0 };
        let low = EscortPost { height_m: 26.0, ..planned };
        let stands = |within_m, steady_within_m| Known { claimed_m: 5.0, within_m: Some(within_m), steady_within_m };
        let goes = Known { claimed_m: 5.0, within_m: None, steady_within_m: None };
        // Who stands, where the aircraft keeps, and the height that follows.
        for (known, kept, height_m) in [
            (stands(3.0, Some(3.0)), planned, 20.0),
            (stands(3.0, Some(3.4)), planned, 26.0),
            (stands(3.0, Some(7.0)), planned, 66.0),
            (stands(3.0, None), planned, 66.0),
            (stands(4.0, Some(4.0)), low, 26.0),
            (stands(4.3, Some(4.3)), low, 38.0),
            (stands(7.0, Some(7.0)), low, 66.0),
            (goes, low, 66.0),
        ] {
            let post = Post::meanwhile(&site, planned, kept, &known, |_| true);
            assert_eq!(post, EscortPost { height_m, stand_off_m: 23.0 }, "{known:?} {kept:?}");
        }
        let taken = Post::meanwhile(&site, planned, planned, &stands(3.0, Some(3.0)), |height_m| height_m != 20.0);
        assert_eq!(taken.height_m, 26.0, "where another keeps the lowest");
        let nearer = Known { claimed_m: 2.0, ..goes };
        assert_eq!(Post::meanwhile(&site, planned, planned, &nearer, |_| true).stand_off_m, 14.0);
    }

    #[test]
    fn who_may_not_fly_higher_stays_low_and_off_all_the_same() {
        let low = Post { base_m: 20.0, stand_off_m: 23.0, is_narrow: true };
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
