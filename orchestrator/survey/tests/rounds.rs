//! Rounds of beacons against a slow exact reference and against rounds whose length is known.

#[path = "support/tsplib.rs"]
mod tsplib;

use survey_plan::{BEACONS_MAX, EXACT_BEACONS_MAX, Point, tour, tour_length_m};

/// Places that look scattered and are the same every time.
fn scattered(count: usize, seed: u64) -> Vec<Point> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31) * 200.0
    };
    (0..count).map(|_| Point::new(next(), next())).collect()
}

/// The length of the shortest round, worked out from the end: what is left to fly from a place when a set of others is still to be visited, over all
/// sets. Knows nothing of orders.
fn shortest_m(home: Point, beacons: &[Point]) -> f64 {
    let count = beacons.len();
    // `left[set][at]`: by all of the set and home again, from `at`, which is not of the set.
    let mut left = vec![vec![0.0; count]; 1 << count];
    for set in 0_usize..1 << count {
        for at in (0..count).filter(|at| set >> at & 1 == 0) {
            let next = (0..count).filter(|next| set >> next & 1 == 1);
            let by = |next: usize| beacons[at].distance_m(beacons[next]) + left[set & !(1 << next)][next];
            left[set][at] = next.map(by).min_by(f64::total_cmp).unwrap_or(beacons[at].distance_m(home));
        }
    }
    let all = (1 << count) - 1;
    let first = |at: usize| home.distance_m(beacons[at]) + left[all & !(1 << at)][at];
    (0..count).map(first).min_by(f64::total_cmp).unwrap_or(0.0)
}

/// The reference itself, against trying every order.
fn tried_m(home: Point, beacons: &[Point], order: &mut Vec<usize>) -> f64 {
    if order.len() == beacons.len() {
        return tour_length_m(home, beacons, order);
    }
    let mut best = f64::INFINITY;
    for beacon in 0..beacons.len() {
        if !order.contains(&beacon) {
            order.push(beacon);
            best = best.min(tried_m(home, beacons, order));
            order.pop();
        }
    }
    best
}

const HOME: Point = Point { x_m: -20.0, y_m: 40.0 };

#[test]
fn the_reference_is_as_trying_every_order_says() {
    for count in 0..8 {
        let beacons = scattered(count, count as u64);
        assert!((shortest_m(HOME, &beacons) - tried_m(HOME, &beacons, &mut Vec::new())).abs() < 1e-9, "{count}");
    }
}

/// Places in rows and in clusters, where many rounds are nearly as short, and scattered ones.
fn layouts(count: usize, seed: u64) -> [Vec<Point>; 3] {
    let rows = (0..count).map(|at| Point::new((at % 4) as f64 * 12.5, (at / 4) as f64 * 17.0)).collect();
    let clusters = scattered(count, seed).into_iter().enumerate();
    let clusters = clusters.map(|(at, p)| Point::new(p.x_m / 20.0 + (at % 3) as f64 * 80.0, p.y_m / 20.0)).collect();
    [scattered(count, seed), rows, clusters]
}

#[test]
fn up_to_twelve_beacons_are_ordered_as_short_as_can_be() {
    for count in 0..=EXACT_BEACONS_MAX {
        for seed in 0..3 {
            for beacons in layouts(count, 31 * seed + count as u64) {
                let order = tour(HOME, &beacons).expect("an order");
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..count).collect::<Vec<_>>());
                let (length, best) = (tour_length_m(HOME, &beacons, &order), shortest_m(HOME, &beacons));
                assert!((length - best).abs() < 1e-9, "{count} beacons, seed {seed}: {length} and not {best}");
            }
        }
    }
}

/// As the library counts: each distance rounded to a whole number.
fn rounded_length(places: &[Point], round: &[usize]) -> f64 {
    (0..round.len()).map(|at| places[round[at]].distance_m(places[round[(at + 1) % round.len()]]).round()).sum()
}

#[test]
fn known_rounds_are_within_two_per_cent_of_their_optimum() {
    let known =
        [("eil51", &tsplib::EIL51[..], 426.0), ("berlin52", &tsplib::BERLIN52[..], 7_542.0), ("st70", &tsplib::ST70[..], 675.0)];
    for (name, places, optimum) in known {
        let places: Vec<Point> = places.iter().map(|(x, y)| Point::new(f64::from(*x), f64::from(*y))).collect();
        // Whichever place is home: the round is as short as from any other.
        for home in [0, places.len() / 2, places.len() - 1] {
            let beacons: Vec<Point> = (0..places.len()).filter(|at| *at != home).map(|at| places[at]).collect();
            let order = tour(places[home], &beacons).expect("an order");
            let back = |beacon: usize| if beacon < home { beacon } else { beacon + 1 };
            let round: Vec<usize> = std::iter::once(home).chain(order.into_iter().map(back)).collect();
            let mut sorted = round.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..places.len()).collect::<Vec<_>>(), "{name}");
            let length = rounded_length(&places, &round);
            println!("{name} from {home}: {length} of {optimum}");
            assert!(length >= optimum, "{name}: {length} is shorter than can be, so a place is wrong");
            assert!(length <= 1.02 * optimum, "{name}: {length} of {optimum}");
        }
    }
}

#[test]
fn many_beacons_in_rows_are_visited_within_two_per_cent_of_the_shortest() {
    // A lattice with an even side has a round of one step a place, and none shorter.
    for side in [6_usize, 10, 14, 30] {
        let places: Vec<Point> = (0..side * side).map(|at| Point::new((at % side) as f64, (at / side) as f64)).collect();
        let order = tour(places[0], &places[1..]).expect("an order");
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..side * side - 1).collect::<Vec<_>>());
        let length = tour_length_m(places[0], &places[1..], &order);
        println!("lattice of {side} by {side}: {length} of {}", side * side);
        assert!(length <= 1.02 * (side * side) as f64, "{side}: {length}");
    }
}

#[test]
fn too_many_beacons_and_places_that_are_none_are_refused() {
    assert_eq!(tour(Point::default(), &vec![Point::default(); BEACONS_MAX + 1]), None);
    assert_eq!(tour(Point::default(), &[Point::new(f64::NAN, 0.0)]), None);
    assert_eq!(tour(Point::default(), &[]), Some(Vec::new()));
}
