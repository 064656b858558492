//! Where a caller is and where they are heading, from fixes that wander: two Kalman filters over the track side by side, one for
//! somebody who goes on as they go, one for somebody who turns, each weighed by how well it foretold the fixes (an interacting multiple
//! model: H. Blom and Y. Bar-Shalom, IEEE Transactions on Automatic Control 33, 1988). Pure; the same track gives the same estimate.

use flight_types::{GeoPoint, Local, LocalFrame};

use crate::choice::{AIMED_M, Known};
use crate::event::{Fix, GroundSpeed};

/// A manner of going.
struct Manner {
    /// How its velocity changes, as white acceleration, metres per second squared.
    acceleration_m_s2: f64,
    /// The chance that it is kept from one fix to the next.
    kept: f64,
}

/// Straight on, and round a corner. Tried over walks (1.4 m/s) and runs (3 m/s) with square corners, fixes that wander by 5 m and
/// drop-outs: the error that is exceeded in one second of twenty is 5 % (walking) to 9 % (running) less than the best single filter's, and
/// within a quarter of these figures it hardly changes (ADR 0160).
const MANNERS: [Manner; 2] = [Manner { acceleration_m_s2: 0.05, kept: 0.97 }, Manner { acceleration_m_s2: 0.6, kept: 0.85 }];
/// The manner that allows for most.
const TURNING: usize = 1;
/// A weight is never less: a manner that was wrong for a minute may be right in a second.
const WEIGHT_MIN: f64 = 1e-6;
/// A velocity that nothing is known of, metres per second.
const VELOCITY_UNKNOWN_M_S: f64 = 1.5;
/// Fixes that are looked at; older ones have no weight left.
const FIXES_MAX: usize = 60;
/// After so long without a fix the filters begin anew, milliseconds.
const GAP_MS_MAX: i64 = 10_000;
/// A fix so many deviations off is a jump, not noise: the filters begin anew there. Of noise one in three thousand is.
const JUMP_DEVIATIONS: f64 = 4.0;
/// Accuracies are believed between these, metres: a phone that claims more is wrong, one that claims less says nothing.
const ACCURACY_M: std::ops::RangeInclusive<f64> = 2.0..=50.0;
/// What a terminal itself measures of its velocity is off by so much along each axis, metres per second: a phone's is the mean of its last
/// second or two, which in a turn is more than its noise.
const SAID_M_S: f64 = 0.5;
/// A terminal that is off by more has no satellites to measure its velocity by, metres.
const SAID_ACCURACY_M_MAX: f64 = 30.0;
/// Somebody whose estimate is slower stands, metres per second: the velocity of a standing person wanders by as much.
const STANDING_M_S: f64 = 0.5;

/// A caller's motion at the time of their latest fix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Motion {
    pub place: GeoPoint,
    pub at_ms: i64,
    pub east_m_s: f64,
    pub north_m_s: f64,
}

impl Motion {
    /// Where they are by now, as long as that can be said.
    pub fn place_at(&self, now_ms: i64) -> GeoPoint {
        let passed_s = (now_ms - self.at_ms).clamp(0, GAP_MS_MAX) as f64 / 1_000.0;
        LocalFrame::new(self.place).to_geo(Local { east_m: self.east_m_s * passed_s, north_m: self.north_m_s * passed_s })
    }
}

/// The motion that a track tells of; `None` without a fix.
pub(super) fn motion(track: &[Fix]) -> Option<Motion> {
    let latest = track.last()?;
    let frame = LocalFrame::new(latest.point);
    let mut walk: Option<Walk> = None;
    for fix in &track[track.len().saturating_sub(FIXES_MAX)..] {
        let seen = frame.to_local(fix.point);
        let deviation_m = fix.accuracy_m.clamp(*ACCURACY_M.start(), *ACCURACY_M.end());
        walk = Some(match walk {
            Some(walk) => walk.with(seen, deviation_m, fix.at_ms),
            None => Walk::begin(seen, deviation_m, fix.at_ms),
        });
        walk = walk.zip(said(fix)).map(|(walk, said)| walk.told(said)).or(walk);
    }
    let (place, velocity) = walk?.estimate();
    let stands = velocity.east_m.hypot(velocity.north_m) < STANDING_M_S;
    let (east_m_s, north_m_s) = if stands { (0.0, 0.0) } else { (velocity.east_m, velocity.north_m) };
    Some(Motion { place: frame.to_geo(place), at_ms: latest.at_ms, east_m_s, north_m_s })
}

/// So many fixes of somebody who stands are averaged: two minutes; more would not help against errors that wander.
const STOOD_FIXES_MAX: usize = 120;
/// The jitter of fixes is seen to a seventh or better; it is taken to be so much more.
const JITTER_SPARE: f64 = 1.15;
/// Somebody stands who has not moved for so many fixes, and whose terminal would say at once when they begin to: half a minute.
const STOOD_FIXES_MIN: usize = 30;
/// The same, when only their places tell, which takes seven seconds of walking: who has stood for two minutes will stand for some more.
const STOOD_UNTOLD_FIXES_MIN: usize = 120;
/// Who says to go faster goes, metres per second: standing people's phones swing.
const GOES_M_S: f64 = 0.7;
/// So many of the latest fixes must say that they go before it is believed: one may be a swung arm.
const GOES_FIXES: usize = 2;
/// … and whose fixes lead nowhere by more than so many deviations of a straight line through them.
const LEADS_DEVIATIONS: f64 = 3.5;
/// So many of the latest fixes tell whether they have begun to go, …
const LATEST: usize = 4;
/// … when their mean is off by more than so many of its deviations: of noise one in five hundred is.
const BEGINS_DEVIATIONS: f64 = 3.5;
/// In two dimensions so many deviations hold nineteen seconds of twenty.
const WITHIN_DEVIATIONS: f64 = 2.45;

/// What was thought so many fixes ago is asked as well before an aircraft comes down: one lucky second is none.
const STEADY_FIXES_AGO: [usize; 3] = [4, 8, 12];

/// Somebody who stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stand {
    pub place: GeoPoint,
    /// What that may be off by along each axis, metres.
    pub off_m: f64,
}

/// How well a track tells the place by now, and how well it told it all through the last seconds; `None` when its latest fix is too old.
pub(super) fn known(track: &[Fix], now_ms: i64) -> Option<Known> {
    let latest = track.last().filter(|latest| now_ms - latest.at_ms < GAP_MS_MAX)?;
    let recent = track.iter().rev().take_while(|fix| latest.at_ms - fix.at_ms < GAP_MS_MAX);
    let claimed_m = recent.map(|fix| fix.accuracy_m).fold(*ACCURACY_M.start(), f64::max);
    let within_m =
        |ago: usize| stand(&track[..track.len().saturating_sub(ago)]).map(|stand| WITHIN_DEVIATIONS * stand.off_m + AIMED_M);
    let within_now_m = within_m(0);
    let steady_within_m = STEADY_FIXES_AGO.into_iter().map(within_m).fold(within_now_m, |most, then| Some(most?.max(then?)));
    Some(Known { claimed_m, within_m: within_now_m, steady_within_m })
}

/// Whether the latest fixes are those of somebody who stands, and where: in their middle.
///
/// Only what is seen to change from fix to fix is averaged away. What a terminal claims over that may be an error that lasts, as most of
/// a real receiver's does, and stays in doubt.
pub(super) fn stand(track: &[Fix]) -> Option<Stand> {
    let fixes = &track[track.len().saturating_sub(STOOD_FIXES_MAX)..];
    let latest = &fixes[fixes.len().saturating_sub(GOES_FIXES)..];
    let goes = |fix: &Fix| said(fix).is_some_and(|velocity| velocity.east_m.hypot(velocity.north_m) > GOES_M_S);
    if latest.iter().all(goes) {
        return None;
    }
    let told = |fixes: &[Fix]| fixes.iter().filter(|fix| said(fix).is_some()).count() * 2 > fixes.len();
    let enough = |count: &usize| *count >= STOOD_UNTOLD_FIXES_MIN || told(&fixes[fixes.len() - count..]);
    let counts = (STOOD_FIXES_MIN..=fixes.len()).rev().step_by(STOOD_FIXES_MIN / 2);
    counts.filter(enough).find_map(|count| stood(&fixes[fixes.len() - count..]))
}

fn stood(fixes: &[Fix]) -> Option<Stand> {
    let frame = LocalFrame::new(fixes.first()?.point);
    let places: Vec<Local> = fixes.iter().map(|fix| frame.to_local(fix.point)).collect();
    if fixes.windows(2).any(|pair| pair[1].at_ms - pair[0].at_ms > GAP_MS_MAX) {
        return None;
    }
    let claimed = fixes.iter().map(|fix| fix.accuracy_m.clamp(*ACCURACY_M.start(), *ACCURACY_M.end()));
    let count = fixes.len() as f64;
    let variance = claimed.map(|claimed_m| claimed_m * claimed_m).sum::<f64>() / count;
    let middle = mean(&places);
    let begins = mean(&places[places.len() - LATEST..]);
    let begun_m = minus(begins, middle);
    let begun = begun_m.east_m.hypot(begun_m.north_m) > BEGINS_DEVIATIONS * (variance / LATEST as f64).sqrt();
    if begun || leads(fixes, &places, middle) > LEADS_DEVIATIONS * (12.0 * variance / count).sqrt() {
        return None;
    }
    let jitter =
        places.windows(2).map(|pair| minus(pair[1], pair[0])).map(|step| dot(step, step)).sum::<f64>() / (4.0 * (count - 1.0));
    let lasting = (variance - JITTER_SPARE * jitter).max(0.0);
    Some(Stand { place: frame.to_geo(middle), off_m: (lasting + jitter / count).sqrt() })
}

fn mean(places: &[Local]) -> Local {
    let count = places.len().max(1) as f64;
    let of = |what: fn(&Local) -> f64| places.iter().map(what).sum::<f64>() / count;
    Local { east_m: of(|place| place.east_m), north_m: of(|place| place.north_m) }
}

/// How far a straight line through the fixes leads from the first to the last, metres.
fn leads(fixes: &[Fix], places: &[Local], middle: Local) -> f64 {
    let seconds = |fix: &Fix| (fix.at_ms - fixes[0].at_ms) as f64 / 1_000.0;
    let middle_s = fixes.iter().map(seconds).sum::<f64>() / fixes.len() as f64;
    let (mut along, mut spread) = (Local::default(), 0.0);
    for (fix, place) in fixes.iter().zip(places) {
        let (off_s, off) = (seconds(fix) - middle_s, minus(*place, middle));
        along = Local { east_m: along.east_m + off_s * off.east_m, north_m: along.north_m + off_s * off.north_m };
        spread += off_s * off_s;
    }
    let whole_s = fixes.last().map_or(0.0, seconds);
    if spread > 0.0 { along.east_m.hypot(along.north_m) / spread * whole_s } else { 0.0 }
}

/// The velocity that the terminal measured, where it did.
fn said(fix: &Fix) -> Option<Local> {
    let GroundSpeed { speed_m_s, heading_deg } = fix.speed.filter(|_| fix.accuracy_m <= SAID_ACCURACY_M_MAX)?;
    if speed_m_s < STANDING_M_S {
        return Some(Local::default());
    }
    let (sin, cos) = heading_deg?.to_radians().sin_cos();
    Some(Local { east_m: speed_m_s * sin, north_m: speed_m_s * cos })
}

/// What is thought of a track: a filter for each manner, and how likely each manner is.
#[derive(Debug, Clone, Copy)]
struct Walk {
    filters: [Filter; 2],
    weights: [f64; 2],
    at_ms: i64,
}

impl Walk {
    fn begin(place: Local, deviation_m: f64, at_ms: i64) -> Self {
        Self { filters: [Filter::begin(place, deviation_m); 2], weights: [0.5; 2], at_ms }
    }

    fn with(self, seen: Local, deviation_m: f64, at_ms: i64) -> Self {
        let passed_ms = at_ms - self.at_ms;
        if passed_ms < 0 {
            return self;
        }
        if passed_ms > GAP_MS_MAX {
            return Self::begin(seen, deviation_m, at_ms);
        }
        let mixed = self.mixed();
        let passed_s = passed_ms as f64 / 1_000.0;
        let moved: [Filter; 2] = std::array::from_fn(|manner| mixed.filters[manner].moved(passed_s, &MANNERS[manner]));
        if moved[TURNING].is_jump(seen, deviation_m) {
            return Self::begin(seen, deviation_m, at_ms);
        }
        let likely: [f64; 2] =
            std::array::from_fn(|manner| (mixed.weights[manner] * moved[manner].likelihood(seen, deviation_m)).max(WEIGHT_MIN));
        let sum: f64 = likely.iter().sum();
        Self { filters: moved.map(|filter| filter.corrected(seen, deviation_m)), weights: likely.map(|weight| weight / sum), at_ms }
    }

    /// The terminal has measured its velocity as well.
    fn told(self, said: Local) -> Self {
        let likely: [f64; 2] =
            std::array::from_fn(|manner| (self.weights[manner] * self.filters[manner].said_likelihood(said)).max(WEIGHT_MIN));
        let sum: f64 = likely.iter().sum();
        Self { filters: self.filters.map(|filter| filter.told(said)), weights: likely.map(|weight| weight / sum), ..self }
    }

    /// A step in which either manner may pass into the other: each filter goes on from what both thought, as likely as they were.
    fn mixed(&self) -> Self {
        let share = |from: usize, to: usize| {
            let passes = if from == to { MANNERS[from].kept } else { 1.0 - MANNERS[from].kept };
            self.weights[from] * passes
        };
        let weights: [f64; 2] = std::array::from_fn(|to| share(0, to) + share(1, to));
        let filters = std::array::from_fn(|to| Filter::mean(&self.filters, [0, 1].map(|from| share(from, to) / weights[to])));
        Self { filters, weights, ..*self }
    }

    fn estimate(&self) -> (Local, Local) {
        let Filter { place, velocity, .. } = Filter::mean(&self.filters, self.weights);
        (place, velocity)
    }
}

/// Place and velocity with what they may be off by, the same for both axes.
#[derive(Debug, Clone, Copy)]
struct Filter {
    place: Local,
    /// Metres per second.
    velocity: Local,
    place_variance: f64,
    covariance: f64,
    velocity_variance: f64,
}

impl Filter {
    fn begin(place: Local, deviation_m: f64) -> Self {
        Self {
            place,
            velocity: Local::default(),
            place_variance: deviation_m * deviation_m,
            covariance: 0.0,
            velocity_variance: VELOCITY_UNKNOWN_M_S * VELOCITY_UNKNOWN_M_S,
        }
    }

    /// The mean of two, with what lies between them as doubt.
    fn mean(both: &[Self; 2], weights: [f64; 2]) -> Self {
        let of = |what: fn(&Self) -> f64| weights[0] * what(&both[0]) + weights[1] * what(&both[1]);
        let place = Local { east_m: of(|one| one.place.east_m), north_m: of(|one| one.place.north_m) };
        let velocity = Local { east_m: of(|one| one.velocity.east_m), north_m: of(|one| one.velocity.north_m) };
        let mut mean = Self { place, velocity, place_variance: 0.0, covariance: 0.0, velocity_variance: 0.0 };
        for (one, weight) in both.iter().zip(weights) {
            let (off, faster) = (minus(one.place, place), minus(one.velocity, velocity));
            mean.place_variance += weight * (one.place_variance + dot(off, off) / 2.0);
            mean.covariance += weight * (one.covariance + dot(off, faster) / 2.0);
            mean.velocity_variance += weight * (one.velocity_variance + dot(faster, faster) / 2.0);
        }
        mean
    }

    fn moved(self, passed_s: f64, manner: &Manner) -> Self {
        let noise = manner.acceleration_m_s2 * manner.acceleration_m_s2;
        let along = |place_m: f64, velocity_m_s: f64| place_m + velocity_m_s * passed_s;
        Self {
            place: Local {
                east_m: along(self.place.east_m, self.velocity.east_m),
                north_m: along(self.place.north_m, self.velocity.north_m),
            },
            place_variance: self.place_variance
                + 2.0 * passed_s * self.covariance
                + passed_s * passed_s * self.velocity_variance
                + noise * passed_s.powi(3) / 3.0,
            covariance: self.covariance + passed_s * self.velocity_variance + noise * passed_s * passed_s / 2.0,
            velocity_variance: self.velocity_variance + noise * passed_s,
            ..self
        }
    }

    fn is_jump(&self, seen: Local, deviation_m: f64) -> bool {
        let off = minus(seen, self.place);
        off.east_m.hypot(off.north_m) > JUMP_DEVIATIONS * (self.place_variance + deviation_m * deviation_m).sqrt()
    }

    /// How well it foretold a fix, up to a factor that is the same for all.
    fn likelihood(&self, seen: Local, deviation_m: f64) -> f64 {
        let (off, variance) = (minus(seen, self.place), self.place_variance + deviation_m * deviation_m);
        (-dot(off, off) / (2.0 * variance)).exp() / variance
    }

    /// How well it foretold a measured velocity, up to a factor that is the same for all.
    fn said_likelihood(&self, said: Local) -> f64 {
        let (off, variance) = (minus(said, self.velocity), self.velocity_variance + SAID_M_S * SAID_M_S);
        (-dot(off, off) / (2.0 * variance)).exp() / variance
    }

    fn told(self, said: Local) -> Self {
        let variance = self.velocity_variance + SAID_M_S * SAID_M_S;
        let off = minus(said, self.velocity);
        let (place_gain, velocity_gain) = (self.covariance / variance, self.velocity_variance / variance);
        let added =
            |to: Local, gain: f64| Local { east_m: to.east_m + gain * off.east_m, north_m: to.north_m + gain * off.north_m };
        Self {
            place: added(self.place, place_gain),
            velocity: added(self.velocity, velocity_gain),
            place_variance: self.place_variance - place_gain * self.covariance,
            covariance: self.covariance * (1.0 - velocity_gain),
            velocity_variance: self.velocity_variance * (1.0 - velocity_gain),
        }
    }

    fn corrected(self, seen: Local, deviation_m: f64) -> Self {
        let variance = self.place_variance + deviation_m * deviation_m;
        let off = minus(seen, self.place);
        let (place_gain, velocity_gain) = (self.place_variance / variance, self.covariance / variance);
        let added =
            |to: Local, gain: f64| Local { east_m: to.east_m + gain * off.east_m, north_m: to.north_m + gain * off.north_m };
        Self {
            place: added(self.place, place_gain),
            velocity: added(self.velocity, velocity_gain),
            place_variance: self.place_variance * (1.0 - place_gain),
            covariance: self.covariance * (1.0 - place_gain),
            velocity_variance: self.velocity_variance - velocity_gain * self.covariance,
        }
    }
}

fn minus(a: Local, b: Local) -> Local {
    Local { east_m: a.east_m - b.east_m, north_m: a.north_m - b.north_m }
}

fn dot(a: Local, b: Local) -> f64 {
    a.east_m * b.east_m + a.north_m * b.north_m
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64;

    fn origin() -> GeoPoint {
        GeoPoint::new(37.5, 127.0).expect("a place")
    }

    fn at(east_m: f64, north_m: f64) -> GeoPoint {
        LocalFrame::new(origin()).to_geo(Local { east_m, north_m })
    }

    /// Fixes of somebody who goes east, a second apart, each off by about `wander_m`.
    fn track(speed_m_s: f64, wander_m: f64, seconds: usize) -> Vec<Fix> {
        let mut random = Pcg64::seed_from_u64(3);
        // Twelve evens add up to nearly a normal deviate.
        let mut wander = || wander_m * ((0..12).map(|_| random.random_range(0.0..1.0)).sum::<f64>() - 6.0);
        let fix = |second: usize| Fix {
            point: at(speed_m_s * second as f64 + wander(), wander()),
            accuracy_m: wander_m,
            at_ms: second as i64 * 1_000,
            speed: None,
        };
        (0..seconds).map(fix).collect()
    }

    #[test]
    fn a_wandering_track_is_made_steadier_than_its_fixes() {
        for speed_m_s in [0.0, 1.4, 3.0] {
            let all = track(speed_m_s, 5.0, 120);
            let rms = |error: &dyn Fn(usize) -> f64| ((20..120).map(|n| error(n).powi(2)).sum::<f64>() / 100.0).sqrt();
            let truth = |n: usize| at(speed_m_s * n as f64, 0.0);
            let raw_m = rms(&|n| all[n].point.distance_m(&truth(n)));
            let filtered_m = rms(&|n| motion(&all[..=n]).expect("fixes").place.distance_m(&truth(n)));
            assert!(filtered_m < 0.6 * raw_m, "{speed_m_s} m/s: {filtered_m} of {raw_m} m");
        }
    }

    #[test]
    fn through_a_drop_out_the_caller_is_thought_to_go_on() {
        let motion = motion(&track(1.4, 2.0, 60)).expect("fixes");
        let ahead = motion.place_at(59_000 + 3_000);
        assert!(ahead.distance_m(&at(1.4 * 62.0, 0.0)) < 3.0, "{}", ahead.distance_m(&at(1.4 * 62.0, 0.0)));
        assert_eq!(motion.place_at(0), motion.place, "never backwards");
    }

    /// The same track, its terminal saying how it goes.
    fn told(speed_m_s: f64, wander_m: f64, seconds: usize) -> Vec<Fix> {
        let heading_deg = (speed_m_s > 0.0).then_some(90.0);
        let speed = Some(GroundSpeed { speed_m_s, heading_deg });
        track(speed_m_s, wander_m, seconds).into_iter().map(|fix| Fix { speed, ..fix }).collect()
    }

    #[test]
    fn a_terminal_that_says_how_it_goes_is_known_twice_as_well() {
        for speed_m_s in [1.4, 3.0] {
            let rms = |all: &[Fix]| {
                let off_m = |n: usize| motion(&all[..=n]).expect("fixes").place.distance_m(&at(speed_m_s * n as f64, 0.0));
                ((20..120).map(|n| off_m(n).powi(2)).sum::<f64>() / 100.0).sqrt()
            };
            let (untold_m, told_m) = (rms(&track(speed_m_s, 5.0, 120)), rms(&told(speed_m_s, 5.0, 120)));
            assert!(told_m < 0.6 * untold_m, "{speed_m_s} m/s: {told_m} of {untold_m} m");
        }
        // Round a corner within two seconds.
        let mut fixes = told(3.0, 2.0, 30);
        let north = Some(GroundSpeed { speed_m_s: 3.0, heading_deg: Some(0.0) });
        fixes.extend([1.0, 2.0].map(|s| Fix {
            point: at(87.0, 3.0 * s),
            accuracy_m: 2.0,
            at_ms: 29_000 + 1_000 * s as i64,
            speed: north,
        }));
        let turned = motion(&fixes).expect("fixes");
        assert!(turned.north_m_s > 2.0 && turned.east_m_s < 1.0, "{turned:?}");
    }

    #[test]
    fn who_stands_is_known_better_with_every_fix_unless_the_error_lasts() {
        let at_s = |seconds: usize| known(&told(0.0, 5.0, seconds), seconds as i64 * 1_000 - 1_000).expect("fixes");
        assert_eq!(at_s(29).within_m, None, "nobody stands before half a minute");
        let (soon, late) = (at_s(45), at_s(120));
        assert!(late.steady_within_m.expect("stands") < 4.0, "{late:?}");
        assert!(soon.within_m.expect("stands") >= late.within_m.expect("stands"), "{soon:?} {late:?}");
        // The same claim, and fixes that hardly differ: what they are off by is not seen.
        let lasting: Vec<Fix> = told(0.0, 0.3, 120).into_iter().map(|fix| Fix { accuracy_m: 5.0, ..fix }).collect();
        let lasting = known(&lasting, 119_000).expect("fixes");
        assert!(lasting.within_m.expect("stands") > 11.0, "{lasting:?}");
        assert_eq!(known(&told(0.0, 5.0, 120), 119_000 + GAP_MS_MAX), None, "without news nothing is known");
    }

    #[test]
    fn who_begins_to_go_stands_no_longer() {
        let mut fixes = told(0.0, 2.0, 60);
        let goes = Some(GroundSpeed { speed_m_s: 1.4, heading_deg: Some(90.0) });
        let step =
            |second: i64| Fix { point: at(1.4 * second as f64, 0.0), accuracy_m: 2.0, at_ms: 59_000 + 1_000 * second, speed: goes };
        fixes.push(step(1));
        assert!(stand(&fixes).is_some(), "one may be a swung arm");
        fixes.push(step(2));
        assert_eq!(stand(&fixes), None);
        // A terminal that says nothing of its speed: two minutes, and then by its places.
        assert_eq!(stand(&track(0.0, 2.0, 119)), None);
        let mut silent = track(0.0, 2.0, 120);
        assert!(stand(&silent).is_some());
        silent.extend((1..=5).map(|second| Fix { at_ms: 119_000 + 1_000 * second, speed: None, ..step(second) }));
        assert_eq!(stand(&silent), None);
    }

    #[test]
    fn a_jump_is_believed_and_a_lone_fix_stands() {
        let mut fixes = track(0.0, 2.0, 30);
        fixes.push(Fix { point: at(80.0, 0.0), accuracy_m: 2.0, at_ms: 30_000, speed: None });
        let jumped = motion(&fixes).expect("fixes");
        assert!(jumped.place.distance_m(&at(80.0, 0.0)) < 0.01);
        assert_eq!((jumped.east_m_s, jumped.north_m_s), (0.0, 0.0));
        let alone = motion(&fixes[..1]).expect("a fix");
        assert!(alone.place.distance_m(&fixes[0].point) < 0.01 && alone.east_m_s == 0.0);
        assert_eq!(motion(&[]), None);
    }
}
