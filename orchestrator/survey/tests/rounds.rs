//! Rounds of beacons against trying every order and against rounds whose length is known; flights against their endurance.

use survey_plan::{BEACONS_MAX, Endurance, Point, SortieError, sorties, tour, tour_length_m};

/// Places that look scattered and are the same every time.
fn scattered(count: usize, seed: u64) -> Vec<Point> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31) * 200.0
    };
    (0..count).map(|_| Point::new(next(), next())).collect()
}

fn shortest(home: Point, beacons: &[Point], order: &mut Vec<usize>, best: &mut f64) {
    if order.len() == beacons.len() {
        *best = best.min(tour_length_m(home, beacons, order));
        return;
    }
    for beacon in 0..beacons.len() {
        if !order.contains(&beacon) {
            order.push(beacon);
            shortest(home, beacons, order, best);
            order.pop();
        }
    }
}

#[test]
fn few_beacons_are_ordered_as_trying_every_order_says() {
    let home = Point::new(-20.0, 40.0);
    for seed in 0..12 {
        let beacons = scattered(seed as usize % 8, seed);
        let order = tour(home, &beacons).expect("an order");
        let mut best = f64::INFINITY;
        shortest(home, &beacons, &mut Vec::new(), &mut best);
        assert!((tour_length_m(home, &beacons, &order) - best).abs() < 1e-9, "seed {seed}");
    }
}

#[test]
fn many_beacons_visit_each_once_within_two_per_cent_of_the_known_best() {
    // A lattice with an even side has a round of one step a place, and none shorter.
    for side in [6_usize, 10, 14] {
        let places: Vec<Point> = (0..side * side).map(|at| Point::new((at % side) as f64, (at / side) as f64)).collect();
        let order = tour(places[0], &places[1..]).expect("an order");
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..side * side - 1).collect::<Vec<_>>());
        let length = tour_length_m(places[0], &places[1..], &order);
        assert!(length <= 1.02 * (side * side) as f64, "{side}: {length}");
    }
}

#[test]
fn too_many_beacons_and_places_that_are_none_are_refused() {
    assert_eq!(tour(Point::default(), &vec![Point::default(); BEACONS_MAX + 1]), None);
    assert_eq!(tour(Point::default(), &[Point::new(f64::NAN, 0.0)]), None);
    assert_eq!(tour(Point::default(), &[]), Some(Vec::new()));
}

#[test]
fn flights_join_up_keep_within_endurance_and_resume() {
    let path = scattered(40, 7);
    let home = Point::new(100.0, -30.0);
    let total: f64 = path.windows(2).map(|pair| pair[0].distance_m(pair[1])).sum();
    for from_m in [0.0, 333.3, total - 0.5] {
        let flights = sorties(&path, from_m, home, Endurance { way_m: 1_200.0 }, 2).expect("flights");
        assert!((flights[0].from_m - from_m).abs() < 1e-9 && (flights[flights.len() - 1].to_m - total).abs() < 1e-9);
        assert!(flights.windows(2).all(|pair| pair[0].to_m == pair[1].from_m && pair[0].aircraft != pair[1].aircraft));
        assert!(flights.iter().all(|flight| flight.length_m <= 1_200.0 + 1e-6), "{flights:?}");
    }
    let near = sorties(&path, 0.0, home, Endurance { way_m: 50.0 }, 1);
    assert!(matches!(near, Err(SortieError::OutOfReach { .. })), "{near:?}");
    assert_eq!(sorties(&path, 0.0, home, Endurance { way_m: 1e9 }, 0), Err(SortieError::NoAircraft));
}
