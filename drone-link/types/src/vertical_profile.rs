//! How high a way leads over a relief's surface, by straight legs (ADR 258).
//!
//! Autopilots fly from one waypoint to the next on the straight line in space (PX4: `PositionSmoothing`, ArduCopter: `AC_WPNav`), and pass
//! those that lie ahead without stopping. So few waypoints suffice to follow a surface that is nowhere steeper than can be flown.

use crate::{GeoPoint, Relief};

/// A place of a way counts as reached from so near, metres: more than an aircraft flies between two looks of its autopilot at full speed, and
/// less than lets it cut off a crest. So far beside each place the surface counts as well.
pub const PROFILE_REACHED_M: f64 = 5.0;
/// Straight legs lead so far over the surface at most, metres: more gives fewer waypoints, and takes from the room between two layers.
const BAND_M: f64 = 4.0;
/// Whoever flies by a profile is nowhere lower than its height over the surface, and nowhere higher by more than this, metres: the surface of a
/// site rises by 0.15 at most from a place to what is beside it.
pub const PROFILE_OVER_M: f64 = BAND_M + 0.2 * PROFILE_REACHED_M;
/// So many heights are tried for the end of each leg but the last: the one from which the next leg leads furthest is taken.
const ENDS: u32 = 5;
/// Places closer together along a way than this are one, metres.
const SAME_M: f64 = 0.01;

/// A place of a way over the surface, at which the slope changes or the way turns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProfilePoint {
    /// Where.
    pub place: GeoPoint,
    /// As high as a flight of height nought is here, above mean sea level, metres.
    pub amsl_m: f64,
    /// Which corner of the way it is, where it is one.
    pub corner: Option<usize>,
}

/// A place at which the surface is looked at.
struct Look {
    place: GeoPoint,
    along_m: f64,
    surface_m: f64,
    corner: Option<usize>,
    /// As high as the surface is here and just beside it.
    low_m: f64,
}

/// The slopes of straight legs that lead on from a place, and how far.
struct Reach {
    end: usize,
    /// The flattest and the steepest, metres per metre.
    slopes: (f64, f64),
}

impl Relief {
    /// The way by straight legs: the first corner, every corner, and between them where the slope changes. On the straight line from one to
    /// the next an aircraft is nowhere under the surface, and nowhere higher over it than [`PROFILE_OVER_M`].
    pub fn profile(&self, corners: &[GeoPoint]) -> Vec<ProfilePoint> {
        let looks = self.looks_along(corners);
        let Some(first) = looks.first() else { return Vec::new() };
        let mut profile = vec![ProfilePoint { place: first.place, amsl_m: first.low_m, corner: first.corner }];
        let (mut begin, mut height_m) = (0, first.low_m);
        while begin + 1 < looks.len() {
            let reach = reach(&looks, begin, height_m);
            let slope = slope_of(&looks, begin, height_m, &reach);
            let line_m = |look: &Look| height_m + slope * (look.along_m - looks[begin].along_m);
            let named = looks[begin + 1..reach.end].iter().filter(|look| look.corner.is_some());
            let points = named.chain([&looks[reach.end]]);
            profile.extend(points.map(|look| ProfilePoint { place: look.place, amsl_m: line_m(look), corner: look.corner }));
            let end_m = line_m(&looks[reach.end]);
            (begin, height_m) = (reach.end, end_m);
        }
        profile
    }

    /// As high as a flight of height nought ends that goes straight there, having begun as high, above mean sea level, metres; `None` where a
    /// straight line would lead it under the surface, or higher over it than a profile may.
    pub fn straight_to(&self, from: GeoPoint, from_amsl_m: f64, to: GeoPoint) -> Option<f64> {
        let looks = self.looks_along(&[from, to]);
        let (first, last) = looks.first().zip(looks.last())?;
        let begin_m = from_amsl_m.max(first.surface_m);
        let ahead = || looks.iter().filter(|look| look.along_m > SAME_M);
        let steepest = ahead().map(|look| (look.surface_m - begin_m) / look.along_m).fold(f64::NEG_INFINITY, f64::max);
        let slope = if last.along_m > SAME_M { steepest } else { 0.0 };
        let over_m = |look: &Look| begin_m + slope * look.along_m - look.surface_m;
        looks.iter().all(|look| over_m(look) <= PROFILE_OVER_M).then(|| last.surface_m + over_m(last))
    }

    fn looks_along(&self, corners: &[GeoPoint]) -> Vec<Look> {
        let look = |place: GeoPoint, along_m: f64, corner| {
            let surface_m = self.surface_amsl_m(place);
            Look { place, along_m, surface_m, corner, low_m: surface_m }
        };
        let mut looks: Vec<Look> = corners.first().map(|first| look(*first, 0.0, Some(0))).into_iter().collect();
        for (index, leg) in corners.windows(2).enumerate() {
            let begin_m = looks.last().map_or(0.0, |last| last.along_m);
            let places = self.looks(leg[0], leg[1]);
            let count = places.len();
            looks.extend(places.into_iter().enumerate().skip(1).map(|(nth, place)| {
                let corner = (nth + 1 == count).then_some(index + 1);
                look(place, begin_m + leg[0].distance_m(&place), corner)
            }));
        }
        raise_beside(&mut looks);
        looks
    }
}

/// Counts the surface just beside each place as well: from there a leg may be begun, and between two looks it may bulge.
fn raise_beside(looks: &mut [Look]) {
    let (mut first, mut last) = (0, 0);
    for index in 0..looks.len() {
        let along_m = looks[index].along_m;
        while looks[first].along_m < along_m - PROFILE_REACHED_M - SAME_M {
            first += 1;
        }
        while last + 1 < looks.len() && looks[last + 1].along_m <= along_m + PROFILE_REACHED_M + SAME_M {
            last += 1;
        }
        looks[index].low_m = looks[first..=last].iter().map(|look| look.surface_m).fold(f64::NEG_INFINITY, f64::max);
    }
}

/// How far one straight leg leads from this height at this place.
fn reach(looks: &[Look], begin: usize, height_m: f64) -> Reach {
    let mut reach = Reach { end: begin + 1, slopes: (0.0, 0.0) };
    let (mut flattest, mut steepest) = (f64::NEG_INFINITY, f64::INFINITY);
    for (end, look) in looks.iter().enumerate().skip(begin + 1) {
        let away_m = look.along_m - looks[begin].along_m;
        if away_m > SAME_M {
            flattest = flattest.max((look.low_m - height_m) / away_m);
            steepest = steepest.min((look.low_m + BAND_M - height_m) / away_m);
        }
        if flattest > steepest {
            break;
        }
        let known = flattest.is_finite() && steepest.is_finite();
        reach = Reach { end, slopes: if known { (flattest, steepest) } else { (0.0, 0.0) } };
    }
    reach
}

/// The slope of a leg: the one from whose end the next leads furthest, the lowest of those; to the end of the way as level as may be.
fn slope_of(looks: &[Look], begin: usize, height_m: f64, Reach { end, slopes: (flattest, steepest) }: &Reach) -> f64 {
    if end + 1 == looks.len() {
        return 0.0_f64.clamp(*flattest, *steepest);
    }
    let away_m = looks[*end].along_m - looks[begin].along_m;
    let tried = (0..ENDS).map(|nth| flattest + (steepest - flattest) * f64::from(nth) / f64::from(ENDS - 1));
    let led = tried.map(|slope| (slope, reach(looks, *end, height_m + slope * away_m).end));
    let furthest = led.reduce(|best, next| if next.1 > best.1 { next } else { best });
    furthest.map_or(*flattest, |(slope, _)| slope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Local, LocalFrame, ReliefParts};

    const NODES: usize = 41;
    const STEP_DEG: f64 = 2.7e-4;
    /// Heights of the band that the search by trial knows.
    const TRIED: usize = 9;

    /// Round hills on a plain: where, how high, how wide, metres.
    fn relief(hills: &[(f64, f64, f64, f64)]) -> Relief {
        let south_west = GeoPoint::new(37.5, 127.0).expect("a place");
        let frame = LocalFrame::new(south_west);
        let height_m = |node: usize| {
            let (lat_deg, lon_deg) = (37.5 + (node / NODES) as f64 * STEP_DEG, 127.0 + (node % NODES) as f64 * STEP_DEG);
            let here = frame.to_local(GeoPoint::new(lat_deg, lon_deg).expect("a place"));
            let share = |(east_m, north_m, _, wide_m): &(f64, f64, f64, f64)| {
                (here.distance_m(&Local { east_m: *east_m, north_m: *north_m }) / wide_m).min(1.0)
            };
            hills.iter().map(|hill| hill.2 * (0.5 + 0.5 * (std::f64::consts::PI * share(hill)).cos())).fold(0.0, f64::max)
        };
        let ground_dm: Vec<i32> = (0..NODES * NODES).map(|node| (height_m(node) * 10.0) as i32).collect();
        let parts = ReliefParts {
            south_west,
            step_lat_deg: STEP_DEG,
            step_lon_deg: STEP_DEG,
            columns: NODES,
            over_dm: vec![0; ground_dm.len()],
            elsewhere_dm: ground_dm.iter().copied().max().unwrap_or_default(),
            ground_dm,
            rough_dm: 0,
            rises_dm: Vec::new(),
        };
        Relief::try_from(parts).expect("a relief")
    }

    /// The fewest legs from the same beginning, by trying every height at every place.
    fn fewest_legs(looks: &[Look]) -> usize {
        let tried_m = |look: &Look, nth: usize| look.low_m + BAND_M * nth as f64 / (TRIED - 1) as f64;
        let mut legs = vec![[usize::MAX; TRIED]; looks.len()];
        legs[0][0] = 0;
        for begin in 0..looks.len() - 1 {
            for nth in (0..TRIED).filter(|nth| legs[begin][*nth] < usize::MAX).collect::<Vec<_>>() {
                let (height_m, next) = (tried_m(&looks[begin], nth), legs[begin][nth] + 1);
                for end in begin + 1..=reach(looks, begin, height_m).end {
                    let away_m = looks[end].along_m - looks[begin].along_m;
                    for (to, fewest) in legs[end].iter_mut().enumerate() {
                        let slope = (tried_m(&looks[end], to) - height_m) / away_m;
                        let keeps = looks[begin + 1..end].iter().all(|look| {
                            let over_m = height_m + slope * (look.along_m - looks[begin].along_m) - look.low_m;
                            (-1e-9..=BAND_M + 1e-9).contains(&over_m)
                        });
                        if next < *fewest && keeps {
                            *fewest = next;
                        }
                    }
                }
            }
        }
        legs[looks.len() - 1].iter().copied().min().expect("a way there")
    }

    #[test]
    fn hills_are_followed_by_few_legs_and_hardly_more_than_the_fewest() {
        let frame = LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place"));
        let place = |east_m, north_m| frame.to_geo(Local { east_m, north_m });
        for hills in [
            vec![],
            vec![(500.0, 500.0, 40.0, 450.0)],
            vec![(400.0, 450.0, 30.0, 300.0), (800.0, 600.0, 35.0, 350.0)],
            vec![(300.0, 500.0, 15.0, 200.0), (550.0, 500.0, 20.0, 220.0), (850.0, 480.0, 12.0, 150.0)],
        ] {
            let relief = relief(&hills);
            let way = [place(50.0, 480.0), place(950.0, 520.0)];
            let (found, fewest) = (relief.profile(&way).len() - 1, fewest_legs(&relief.looks_along(&way)));
            assert!(found <= fewest + 2, "{found} legs where {fewest} suffice: {hills:?}");
            assert!((1..=7).contains(&fewest), "{fewest} legs over {hills:?}");
        }
    }
}
