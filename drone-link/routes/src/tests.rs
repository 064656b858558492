//! Routes against random zones: legal always, short always, found whenever a fine grid finds one.

mod crowded;

use flight_types::{GeoPoint, Local, LocalFrame, Ring, ZoneId};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::{Airspace, LIGHT_REACH_M, NoRoute};

const MARGIN_M: f64 = 15.0;

fn frame() -> LocalFrame {
    LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place"))
}

fn at(east_m: f64, north_m: f64) -> GeoPoint {
    frame().to_geo(Local { east_m, north_m })
}

fn ring(corners: &[(f64, f64)]) -> Ring {
    Ring::new(corners.iter().map(|(east_m, north_m)| at(*east_m, *north_m)).collect()).expect("three corners")
}

/// What the air is bounded by.
struct Site {
    fence: Ring,
    zones: Vec<(ZoneId, Ring)>,
}

fn zone(number: usize, corners: &[(f64, f64)]) -> (ZoneId, Ring) {
    (ZoneId::new(format!("z{number}")).expect("an id"), ring(corners))
}

fn site(half_m: f64, zones: Vec<(ZoneId, Ring)>) -> Site {
    Site { fence: ring(&[(-half_m, -half_m), (half_m, -half_m), (half_m, half_m), (-half_m, half_m)]), zones }
}

fn air(site: &Site) -> Airspace {
    Airspace::new(&site.fence, site.zones.clone(), MARGIN_M)
}

#[test]
fn free_air_is_crossed_straight() {
    let route = air(&site(1_000.0, vec![])).route(at(-500.0, 0.0), at(500.0, 10.0)).expect("a way");
    assert_eq!(route.corners, vec![at(500.0, 10.0)]);
}

#[test]
fn a_square_is_passed_on_its_shorter_side_as_the_rope_would_lie() {
    let square = zone(1, &[(-50.0, -20.0), (50.0, -20.0), (50.0, 80.0), (-50.0, 80.0)]);
    let route = air(&site(1_000.0, vec![square])).route(at(-300.0, 0.0), at(300.0, 0.0)).expect("a way");
    // A rope round the two lower corners, each a circle of 15 m: tangents of hypot(250, 20)² − 15², an arc of 2 × atan-ish turns.
    let reach_m = (250.0_f64.powi(2) + 20.0_f64.powi(2) - MARGIN_M.powi(2)).sqrt();
    let turn_rad = (20.0_f64 / 250.0).atan() + (MARGIN_M / 250.0_f64.hypot(20.0)).asin();
    let rope_m = 2.0 * reach_m + 100.0 + 2.0 * MARGIN_M * turn_rad;
    assert!(route.length_m() >= rope_m - 0.05 && route.length_m() < rope_m * 1.002, "{} against {rope_m}", route.length_m());
}

#[test]
fn ends_that_cannot_be_legal_are_named() {
    let square = zone(7, &[(-50.0, -50.0), (50.0, -50.0), (50.0, 50.0), (-50.0, 50.0)]);
    let air = air(&site(1_000.0, vec![square]));
    let z7 = || ZoneId::new("z7").expect("an id");
    assert_eq!(air.route(at(0.0, 0.0), at(500.0, 0.0)), Err(NoRoute::InZone { end: "the start", zone: z7() }));
    assert_eq!(air.route(at(500.0, 0.0), at(0.0, 0.0)), Err(NoRoute::InZone { end: "the end", zone: z7() }));
    assert_eq!(air.route(at(500.0, 0.0), at(2_000.0, 0.0)), Err(NoRoute::OutsideFence { end: "the end" }));
    let far = GeoPoint::new(-37.5, -53.0).expect("a place");
    assert_eq!(air.route(at(500.0, 0.0), far), Err(NoRoute::OutsideFence { end: "the end" }));
}

#[test]
fn a_start_inside_a_margin_finds_its_way_out() {
    let square = zone(1, &[(-50.0, -50.0), (50.0, -50.0), (50.0, 50.0), (-50.0, 50.0)]);
    let air = air(&site(1_000.0, vec![square]));
    let start = at(-53.0, 0.0);
    let route = air.route(start, at(300.0, 0.0)).expect("a way");
    assert!(air.is_legal(route.corners[0]));
    assert!(start.distance_m(&route.corners[0]) < 13.0, "the shortest way out of 15 m from 3 m is 12 m");
    let back = air.route(at(300.0, 0.0), start).expect("a way");
    assert_eq!(back.corners.last(), Some(&start));
}

/// Rounding may put an end on either side of the margin; the way along the margin is there all the same.
#[test]
fn an_end_on_the_margin_itself_has_a_way_along_it() {
    let site = site(1_000.0, vec![zone(1, &[(40.0, 40.0), (160.0, 40.0), (160.0, 160.0), (40.0, 160.0)])]);
    let air = air(&site);
    for off_m in [-9e-4, -1e-6, 0.0, 1e-6, 9e-4] {
        let start = at(160.0 + MARGIN_M + off_m, 100.0);
        let route = air.route(start, at(0.0, 0.0)).unwrap_or_else(|error| panic!("{off_m} m off the margin: {error}"));
        legal(&site, &air, start, &route.corners);
    }
}

#[test]
fn the_nearest_legal_place_is_within_a_step_of_the_straight_way_out() {
    let air = air(&site(1_000.0, vec![zone(1, &[(40.0, 40.0), (160.0, 40.0), (160.0, 160.0), (40.0, 160.0)])]));
    let out = air.nearest_legal(at(150.0, 100.0)).expect("there is room");
    assert!(air.is_legal(out) && out.distance_m(&at(150.0, 100.0)) < 25.0 + 5.1, "{out:?}");
    let back = air.nearest_legal(at(1_010.0, 0.0)).expect("there is room");
    assert!(air.is_legal(back) && back.distance_m(&at(1_010.0, 0.0)) < 25.0 + 5.1, "{back:?}");
}

#[test]
fn a_concave_fence_is_followed_round_its_inner_corner() {
    let mut site = site(1_000.0, vec![]);
    // An L: the upper right quarter is missing.
    site.fence = ring(&[(0.0, 0.0), (400.0, 0.0), (400.0, 200.0), (200.0, 200.0), (200.0, 400.0), (0.0, 400.0)]);
    let air = air(&site);
    let (from, to) = (at(370.0, 100.0), at(100.0, 370.0));
    let route = air.route(from, to).expect("a way");
    assert!(route.corners.len() >= 2);
    legal(&site, &air, from, &route.corners);
}

#[test]
fn a_person_inside_a_zone_is_lit_from_outside_while_the_light_reaches() {
    let strip = |half_m: f64| zone(1, &[(-200.0, -half_m), (200.0, -half_m), (200.0, half_m), (-200.0, half_m)]);
    let near = air(&site(1_000.0, vec![strip(10.0)]));
    let places = near.stand_offs(at(0.0, 0.0), 0.0, 8.0).expect("25 m to the north is legal");
    assert!(near.is_legal(places[0]) && places[0].distance_m(&at(0.0, 0.0)) <= LIGHT_REACH_M);
    let deep = air(&site(1_000.0, vec![strip(60.0)]));
    assert_eq!(deep.stand_offs(at(0.0, 0.0), 0.0, 8.0), Err(NoRoute::NoStandOff { reach_m: LIGHT_REACH_M }));
}

#[test]
fn the_stand_off_is_on_the_wanted_side() {
    let target = at(100.0, 100.0);
    let places = air(&site(1_000.0, vec![])).stand_offs(target, 250.0, 8.0).expect("all is legal");
    assert_eq!(places.len(), 36);
    assert!((target.bearing_deg(&places[0]) - 250.0).abs() < 0.01);
    assert!((target.distance_m(&places[0]) - 8.0).abs() < 0.05);
}

/// Samples every leg each half metre with the plain polygon test of the vocabulary, and for its distance to every edge.
fn legal(site: &Site, air: &Airspace, from: GeoPoint, corners: &[GeoPoint]) {
    let mut a = frame().to_local(from);
    for corner in corners {
        let b = frame().to_local(*corner);
        let steps = (a.distance_m(&b) / 0.5).ceil().max(1.0) as usize;
        for step in 0..=steps {
            let share = step as f64 / steps as f64;
            let point = at(a.east_m + share * (b.east_m - a.east_m), a.north_m + share * (b.north_m - a.north_m));
            assert!(site.fence.contains(point), "left the fence at {point:?}");
            for (id, zone) in &site.zones {
                assert!(!zone.contains(point), "entered {id} at {point:?}");
            }
            assert!(air.is_legal(point) || clearance_m(site, point) > MARGIN_M - 0.01, "margin {}", clearance_m(site, point));
        }
        a = b;
    }
}

fn clearance_m(site: &Site, point: GeoPoint) -> f64 {
    let rings = site.zones.iter().map(|(_, zone)| zone).chain([&site.fence]);
    rings.map(|ring| ring_distance_m(ring, point)).fold(f64::INFINITY, f64::min)
}

fn ring_distance_m(ring: &Ring, point: GeoPoint) -> f64 {
    let p = frame().to_local(point);
    let corners: Vec<Local> = ring.corners().iter().map(|corner| frame().to_local(*corner)).collect();
    let edges = (0..corners.len()).map(|i| (corners[i], corners[(i + 1) % corners.len()]));
    let distance_m = |(a, b): (Local, Local)| {
        let (dx, dy) = (b.east_m - a.east_m, b.north_m - a.north_m);
        let share = (((p.east_m - a.east_m) * dx + (p.north_m - a.north_m) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        (p.east_m - a.east_m - share * dx).hypot(p.north_m - a.north_m - share * dy)
    };
    edges.map(distance_m).fold(f64::INFINITY, f64::min)
}

/// An independent reference for the shortest legal way: all pairs among densely set points on the margin's true arcs, Floyd-like
/// relaxation (Bellman–Ford), legs tested by sampling. Slow and simple.
fn reference_m(site: &Site, from: GeoPoint, to: GeoPoint) -> Option<f64> {
    let mut points = vec![frame().to_local(from), frame().to_local(to)];
    for (_, zone) in &site.zones {
        for corner in zone.corners() {
            let c = frame().to_local(*corner);
            for step in 0..24 {
                let angle_rad = f64::from(step) * std::f64::consts::TAU / 24.0;
                let radius_m = MARGIN_M * 1.01;
                let p = Local { east_m: c.east_m + radius_m * angle_rad.cos(), north_m: c.north_m + radius_m * angle_rad.sin() };
                if sampled_legal(site, p, p) {
                    points.push(p);
                }
            }
        }
    }
    let n = points.len();
    let mut edges = Vec::new();
    for i in 0..n {
        for j in i + 1..n {
            if sampled_legal(site, points[i], points[j]) {
                edges.push((i, j, points[i].distance_m(&points[j])));
            }
        }
    }
    let mut best_m = vec![f64::INFINITY; n];
    best_m[0] = 0.0;
    for _ in 0..n {
        let mut changed = false;
        for (i, j, length_m) in &edges {
            for (a, b) in [(*i, *j), (*j, *i)] {
                if best_m[a] + length_m < best_m[b] {
                    best_m[b] = best_m[a] + length_m;
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    best_m[1].is_finite().then_some(best_m[1])
}

/// Legality by stepping along: from each point at most its clearance beyond the margin can be skipped.
fn sampled_legal(site: &Site, a: Local, b: Local) -> bool {
    let length_m = a.distance_m(&b);
    let mut along_m = 0.0;
    loop {
        let share = if length_m > 0.0 { along_m / length_m } else { 0.0 };
        let point = at(a.east_m + share * (b.east_m - a.east_m), a.north_m + share * (b.north_m - a.north_m));
        let inside = site.zones.iter().any(|(_, zone)| zone.contains(point)) || !site.fence.contains(point);
        let spare_m = clearance_m(site, point) - MARGIN_M + 0.01;
        if inside || spare_m < 0.0 {
            return false;
        }
        if along_m >= length_m {
            return true;
        }
        along_m = (along_m + spare_m.max(0.05)).min(length_m);
    }
}

/// A star-shaped polygon, convex or not.
fn star() -> impl Strategy<Value = Vec<(f64, f64)>> {
    (-250.0..250.0, -250.0..250.0, prop::collection::vec(20.0..90.0, 3..7), 0.0..1.0).prop_map(
        |(east_m, north_m, radii_m, turn): (f64, f64, Vec<f64>, f64)| {
            let n = radii_m.len() as f64;
            let corner = |(i, radius_m): (usize, &f64)| {
                let angle_rad = (i as f64 / n + turn) * std::f64::consts::TAU;
                (east_m + radius_m * angle_rad.cos(), north_m + radius_m * angle_rad.sin())
            };
            radii_m.iter().enumerate().map(corner).collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn routes_are_legal_and_come_back_the_same_way(stars in prop::collection::vec(star(), 0..12), to in (-380.0..380.0, -380.0..380.0)) {
        let zones = stars.iter().enumerate().map(|(i, corners)| zone(i, corners)).collect();
        let site = site(420.0, zones);
        let air = air(&site);
        let (from, to) = (at(-395.0, -395.0), at(to.0, to.1));
        prop_assume!(air.is_legal(from) && air.is_legal(to));
        if let Ok(route) = air.route(from, to) {
            legal(&site, &air, from, &route.corners);
            let back = route.reversed(from);
            legal(&site, &air, to, &back.corners);
            prop_assert!((air.route(to, from).expect("the way back").length_m() - route.length_m()).abs() < 0.01);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, rng_seed: RngSeed::Fixed(11), ..ProptestConfig::default() })]

    #[test]
    fn routes_are_as_short_as_a_slow_reference(stars in prop::collection::vec(star(), 1..4), to in (-380.0..380.0, -380.0..380.0)) {
        let zones = stars.iter().enumerate().map(|(i, corners)| zone(i, corners)).collect();
        let site = site(420.0, zones);
        let air = air(&site);
        let (from, to) = (at(-395.0, -395.0), at(to.0, to.1));
        prop_assume!(air.is_legal(from) && air.is_legal(to));
        let reference_m = reference_m(&site, from, to);
        match air.route(from, to) {
            Ok(route) => {
                let shortest_m = reference_m.unwrap_or(f64::INFINITY);
                prop_assert!(route.length_m() <= shortest_m * 1.01, "{} against {shortest_m}", route.length_m());
            }
            Err(error) => prop_assert!(reference_m.is_none(), "{error}, though the reference has {reference_m:?}"),
        }
    }
}

/// Two hundred zones in a grid of streets: the search stays small because it takes in only what is in its way.
#[test]
fn two_hundred_zones_are_found_a_way_through() {
    let mut zones = Vec::new();
    for i in 0..200 {
        let (east_m, north_m) = (f64::from(i % 20) * 100.0 - 950.0, f64::from(i / 20) * 180.0 - 810.0);
        let lean_m = f64::from(i * 37 % 41) - 20.0;
        let corners = [(-28.0, -40.0), (10.0 + lean_m, -45.0), (28.0, 0.0), (15.0, 42.0), (-20.0, 50.0 - lean_m)];
        zones.push(zone(i as usize, &corners.map(|(e, n)| (east_m + e, north_m + n))));
    }
    let site = site(1_100.0, zones);
    let air = air(&site);
    let from = at(-1_050.0, -1_050.0);
    let route = air.route(from, at(1_050.0, 1_050.0)).expect("a way");
    legal(&site, &air, from, &route.corners);
    assert!(route.length_m() < 1.10 * 2_100.0 * std::f64::consts::SQRT_2, "{}", route.length_m());
}
