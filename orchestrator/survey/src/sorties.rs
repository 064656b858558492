//! Cuts a path into sorties: as few as lets the aircraft fly each on one battery.

use crate::plane::{Point, length_m};

/// Stops of one sortie: small autopilots keep some hundred items of a mission.
const SORTIE_STOPS_MAX: usize = 200;
/// No sortie is cut shorter than this, metres: less shows nothing, and each costs a launch.
const SORTIE_M_MIN: f64 = 20.0;
/// Aircraft that could share a path do so when each is over the lot for this long, seconds: sorties are flown one after the other, and each costs
/// a launch, a climb, a way there and a descent again (ADR 175).
const SORTIE_SHARED_S_MIN: f64 = 60.0;

/// What a sortie takes of a battery, ways there and back and reserve counted, and what a full one has.
#[derive(Debug, Clone, PartialEq)]
pub struct Charges {
    /// Per cent, one for each aircraft with a way there, the least first. None: it is not a matter of charge, and is not cut for it.
    pub needed_pct: Vec<f64>,
    /// Per cent of a full charge.
    pub full_pct: f64,
}

/// Reckons what a sortie along these stops takes.
pub(crate) type Sortie<'a> = dyn Fn(&[Point]) -> Charges + 'a;

/// The shortest sortie takes more than a full battery has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Short {
    pub sortie_m: f64,
    pub needed_pct: f64,
    pub full_pct: f64,
}

/// How many aircraft share what takes so long over the lot, seconds.
pub(crate) fn sharers(aircraft: usize, over_lot_s: f64) -> usize {
    aircraft.min((over_lot_s / SORTIE_SHARED_S_MIN) as usize)
}

/// The stops at which another sortie begins. The more aircraft are to be able to fly each, the shorter it is; the cut is taken that needs the
/// fewest batteries one after the other, and of those the one with the fewest sorties.
pub(crate) fn cut(path: &[Point], aircraft: usize, sharers: usize, charges: &Sortie<'_>) -> Result<Vec<usize>, Short> {
    let least = sharers.max(path.len().div_ceil(SORTIE_STOPS_MAX)).max(1);
    let mut best = fewest(path, least, 1, charges)?;
    let mut turns = best.len() + 1;
    for able in 2..=aircraft {
        // Who flies as long a sortie as many others flies a shorter one as well: no cut for more aircraft has fewer.
        let Ok(begins) = fewest(path, least, able, charges) else { break };
        let each = (begins.len() + 1).div_ceil(able);
        if each < turns {
            (best, turns) = (begins, each);
        }
    }
    Ok(best)
}

/// The fewest equal parts, each of which so many aircraft can fly.
fn fewest(path: &[Point], least: usize, able: usize, charges: &Sortie<'_>) -> Result<Vec<usize>, Short> {
    let most = least.max((length_m(path) / SORTIE_M_MIN) as usize);
    let lasting = |count: usize| {
        let begins = parts(path, count);
        short(path, &begins, able, charges).map_or(Ok(begins), Err)
    };
    let (mut too_few, mut enough) = (least - 1, least);
    let mut begins = loop {
        match lasting(enough) {
            Ok(begins) => break begins,
            Err(short) if enough == most => return Err(short),
            Err(_) => (too_few, enough) = (enough, (2 * enough).min(most)),
        }
    };
    while enough - too_few > 1 {
        let between = usize::midpoint(too_few, enough);
        match lasting(between) {
            Ok(fewer) => (enough, begins) = (between, fewer),
            Err(_) => too_few = between,
        }
    }
    Ok(begins)
}

/// The first sortie for which fewer aircraft than asked for have charge enough.
fn short(path: &[Point], begins: &[usize], able: usize, charges: &Sortie<'_>) -> Option<Short> {
    let firsts = std::iter::once(0).chain(begins.iter().copied());
    let lasts = begins.iter().copied().chain([path.len().saturating_sub(1)]);
    firsts.zip(lasts).find_map(|(first, last)| {
        let stops = path.get(first..=last)?;
        let Charges { needed_pct, full_pct } = charges(stops);
        if needed_pct.is_empty() {
            return None;
        }
        let needed_pct = needed_pct.get(able - 1).copied().unwrap_or(f64::INFINITY);
        let lasts = needed_pct <= full_pct;
        (!lasts).then(|| Short { sortie_m: length_m(stops), needed_pct, full_pct })
    })
}

/// Equal parts, so many at most.
fn parts(path: &[Point], count: usize) -> Vec<usize> {
    let length_m = length_m(path);
    let mut begins: Vec<usize> = Vec::new();
    let mut flown_m = 0.0;
    for (at, pair) in path.windows(2).enumerate() {
        // The stop before the share is exceeded.
        let due_m = (begins.len() + 1) as f64 * length_m / count as f64;
        let step_m = pair[0].distance_m(pair[1]);
        if flown_m + step_m > due_m + 1e-6 && at > begins.last().copied().unwrap_or(0) {
            begins.push(at);
        }
        flown_m += step_m;
    }
    begins
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kilometre in steps of ten metres.
    fn path() -> Vec<Point> {
        (0..=100).map(|at| Point::new(10.0 * f64::from(at), 0.0)).collect()
    }

    /// Each aircraft's own way there and back, metres; a battery lasts for 1,000 m.
    fn ways(there_m: &[f64]) -> impl Fn(&[Point]) -> Charges {
        move |stops| Charges {
            needed_pct: there_m.iter().map(|there_m| (length_m(stops) + there_m) / 10.0).collect(),
            full_pct: 100.0,
        }
    }

    #[test]
    fn a_path_is_shared_by_as_many_as_are_over_the_lot_for_a_minute() {
        let shared =
            [(3, 59.0), (3, 60.0), (3, 125.0), (3, 600.0), (1, 600.0), (0, 600.0)].map(|(aircraft, s)| sharers(aircraft, s));
        assert_eq!(shared, [0, 1, 2, 3, 1, 0]);
    }

    #[test]
    fn no_more_parts_than_batteries_last_for() {
        for (there_m, count) in [(0.0, 1), (10.0, 2), (490.0, 2), (510.0, 3), (790.0, 5), (910.0, 12)] {
            let begins = cut(&path(), 1, 0, &ways(&[there_m])).expect("it lasts");
            assert_eq!(begins.len() + 1, count, "{there_m} m there and back: {begins:?}");
            assert!(short(&path(), &begins, 1, &ways(&[there_m])).is_none());
            assert!(count == 1 || short(&path(), &parts(&path(), count - 1), 1, &ways(&[there_m])).is_some());
        }
        let begins = cut(&path(), 3, 3, &ways(&[0.0])).expect("it lasts");
        assert_eq!(begins, [33, 66], "as many as share it");
        let nobody = cut(&path(), 3, 0, &ways(&[])).expect("no matter of charge");
        assert!(nobody.is_empty());
    }

    #[test]
    fn another_aircraft_counts_when_it_saves_a_battery() {
        let parts = |there_m: &[f64]| cut(&path(), there_m.len(), 0, &ways(there_m)).expect("it lasts").len() + 1;
        assert_eq!(
            parts(&[400.0, 600.0]),
            2,
            "two by the nearer, not three for both: two batteries one after the other either way"
        );
        assert_eq!(parts(&[600.0, 700.0]), 4, "two each, not three by the nearer");
        assert_eq!(parts(&[400.0, 910.0]), 2, "the other would do twelve");
        assert_eq!(parts(&[400.0, 2_000.0]), 2, "the other cannot at all");
    }

    #[test]
    fn what_no_battery_lasts_for_is_told_with_its_figures() {
        let short = cut(&path(), 2, 0, &ways(&[990.0, 995.0])).expect_err("twenty metres are too many");
        assert_eq!(short, Short { sortie_m: 20.0, needed_pct: 101.0, full_pct: 100.0 });
        assert!(cut(&path(), 1, 0, &ways(&[f64::NAN])).is_err());
    }
}
