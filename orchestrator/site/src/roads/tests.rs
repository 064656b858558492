//! Times and ways against a plain Dijkstra search, on random networks and on streets that can be reckoned by hand.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use flight_types::{GeoPoint, Local, LocalFrame};
use proptest::prelude::*;

use super::graph::{Cost, UNREACHED};
use super::*;
use crate::model::RoadClass;

fn place(east_m: f64, north_m: f64) -> GeoPoint {
    let origin = GeoPoint::new(37.5, 127.0).expect("a test point");
    let exact = LocalFrame::new(origin).to_geo(Local { east_m, north_m });
    // Roads meet at equal positions, so test positions have the resolution of the source.
    let round = |degrees: f64| (degrees * 1e7).round() / 1e7;
    GeoPoint::new(round(exact.lat_deg()), round(exact.lon_deg())).expect("a test point")
}

fn road(class: RoadClass, one_way: bool, places: &[(f64, f64)]) -> Road {
    let line = places.iter().map(|(east_m, north_m)| place(*east_m, *north_m)).collect();
    Road { id: "r".to_owned(), class, name: None, other_names: Vec::new(), speed_max_km_h: Some(45.0), one_way, line }
}

/// 45 km/h signposted is 10 m/s driven.
const SPEED_M_S: f64 = 10.0;

fn square() -> Vec<Road> {
    use RoadClass::Residential;
    vec![
        road(Residential, false, &[(0.0, 0.0), (1_000.0, 0.0)]),
        road(Residential, true, &[(1_000.0, 0.0), (1_000.0, 1_000.0)]),
        road(Residential, true, &[(1_000.0, 1_000.0), (0.0, 1_000.0), (0.0, 0.0)]),
    ]
}

#[test]
fn times_of_a_square_with_one_ways_are_those_reckoned_by_hand() {
    let times = RoadTimes::build(&square());
    assert_eq!(times.cut_off_count(), 0);
    for (from, to, distance_m) in [
        ((200.0, 5.0), (800.0, -5.0), 600.0),
        ((800.0, 5.0), (200.0, -5.0), 600.0),
        // With the one-way street, then against it: all the way round.
        ((1_005.0, 200.0), (995.0, 700.0), 500.0),
        ((1_005.0, 700.0), (995.0, 200.0), 3_500.0),
        ((500.0, 0.0), (500.0, 1_000.0), 2_000.0),
        ((500.0, 1_000.0), (500.0, 0.0), 2_000.0),
    ] {
        let eta = times.one_to_one(place(from.0, from.1), place(to.0, to.1)).expect("on the network");
        assert!((eta.distance_m - distance_m).abs() < 10.0, "{from:?} -> {to:?}: {eta:?}");
        assert!((eta.eta_s - distance_m / SPEED_M_S).abs() < 1.0, "{from:?} -> {to:?}: {eta:?}");
    }
}

#[test]
fn an_island_is_left_out_and_places_on_it_move_to_the_main_network_when_near() {
    let mut roads = square();
    roads.push(road(RoadClass::Residential, false, &[(400.0, 300.0), (600.0, 300.0)]));
    roads.push(road(RoadClass::Residential, true, &[(1_000.0, 0.0), (1_500.0, 0.0)]));
    let times = RoadTimes::build(&roads);
    assert_eq!(times.cut_off_count(), 2, "the island, and the street one cannot come back from");
    let snapped = times.snap(place(500.0, 300.0)).expect("within reach");
    assert!((snapped.offset_m - 300.0).abs() < 2.0, "{snapped:?}");
    assert!(times.snap(place(500.0, -SNAP_DISTANCE_MAX_M - 20.0)).is_none());
    assert!(times.one_to_one(place(0.0, 0.0), place(500_000.0, 0.0)).is_none());
}

#[test]
fn a_path_is_taken_only_where_it_is_clearly_nearer_and_never_by_a_vehicle() {
    let roads = [
        road(RoadClass::Residential, false, &[(0.0, 0.0), (500.0, 0.0), (1_000.0, 0.0)]),
        road(RoadClass::Footway, false, &[(0.0, 0.0), (0.0, 12.0), (1_000.0, 12.0)]),
        road(RoadClass::Footway, false, &[(500.0, 0.0), (500.0, 300.0)]),
    ];
    let guard = RoadTimes::build(&roads);
    assert_eq!(guard.snap(place(300.0, 13.0)).map(|snapped| snapped.road), Some(0), "the pavement beside the street");
    assert_eq!(guard.snap(place(510.0, 250.0)).map(|snapped| snapped.road), Some(2), "the path into the park");
    let vehicle = RoadTimes::build_for(&roads, Travel::Vehicle);
    assert_eq!(vehicle.snap(place(510.0, 250.0)).map(|snapped| snapped.road), Some(0));
    let (from, to) = (place(0.0, 0.0), place(500.0, 250.0));
    let by_path = guard.one_to_one(from, to).expect("a way").door_to_door_s();
    assert!((by_path - (500.0 / SPEED_M_S + 250.0 / (6.0 / 3.6))).abs() < 2.0, "{by_path}");
}

#[test]
fn no_roads_answer_nothing() {
    let times = RoadTimes::build(&[]);
    assert!(times.one_to_one(place(0.0, 0.0), place(1.0, 1.0)).is_none());
    assert_eq!(times.many_to_one(&[place(0.0, 0.0)], place(1.0, 1.0)), [None]);
}

/// A crooked town: a lattice of junctions with streets left out, one-ways, bends and several speeds.
fn towns() -> impl Strategy<Value = Vec<Road>> {
    let side = 7u32;
    let street = (0..side, 0..side, any::<bool>(), 0u8..10, -40.0..40.0f64, 10.0..90.0f64);
    prop::collection::vec(street, 20..140).prop_map(move |streets| {
        let at = |x: u32, y: u32| {
            (f64::from(x) * 150.0 + f64::from(y * 7 % 5) * 9.0, f64::from(y) * 130.0 + f64::from(x * 3 % 4) * 11.0)
        };
        let to_road = |(x, y, along_x, kind, bend, limit): (u32, u32, bool, u8, f64, f64)| {
            let (a, b) = (at(x, y), if along_x { at(x + 1, y) } else { at(x, y + 1) });
            let bent = ((a.0 + b.0) / 2.0 + bend, (a.1 + b.1) / 2.0 - bend);
            let class = if kind == 0 { RoadClass::Footway } else { RoadClass::Residential };
            let ends = if kind % 2 == 0 { [a, bent, b] } else { [b, bent, a] };
            Road { speed_max_km_h: Some(limit), ..road(class, kind >= 7, &ends) }
        };
        streets.into_iter().map(to_road).collect()
    })
}

fn dijkstra(times: &RoadTimes, sources: &[Seed]) -> Vec<Cost> {
    let mut arcs: Vec<Vec<(u32, Cost)>> = vec![Vec::new(); times.junction_count()];
    for stretch in &times.graph.stretches {
        let (from, to) = (times.rank(stretch.from), times.rank(stretch.to));
        arcs[from as usize].push((to, stretch.part(0.0, 1.0)));
        if stretch.both_ways {
            arcs[to as usize].push((from, stretch.part(0.0, 1.0)));
        }
    }
    let mut costs = vec![UNREACHED; times.junction_count()];
    let mut heap: BinaryHeap<Reverse<(Cost, u32)>> = sources.iter().map(|(node, cost)| Reverse((*cost, *node))).collect();
    while let Some(Reverse((cost, node))) = heap.pop() {
        if cost >= costs[node as usize] {
            continue;
        }
        costs[node as usize] = cost;
        heap.extend(arcs[node as usize].iter().map(|(to, more)| Reverse((cost + more, *to))));
    }
    costs
}

fn plain(times: &RoadTimes, from: &Snapped, to: &Snapped) -> Cost {
    let costs = dijkstra(times, &times.leaving(from));
    let beyond = times.arriving(to).iter().map(|(node, rest)| costs[*node as usize] + rest).min();
    times.direct(from, to).unwrap_or(UNREACHED).min(beyond.unwrap_or(UNREACHED))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    #[test]
    fn answers_are_those_of_a_plain_search(
        roads in towns(),
        places in prop::collection::vec((-1_300.0..2_400.0f64, -1_300.0..2_300.0f64), 8),
    ) {
        let times = RoadTimes::build(&roads);
        let places: Vec<GeoPoint> = places.iter().map(|(e, n)| place(*e, *n)).collect();
        for place in &places {
            let slowly = times.grid.as_ref().and_then(|grid| grid.snap_slowly(&times.graph, *place));
            prop_assert_eq!(times.snap(*place), slowly);
        }
        for to in &places {
            let many = times.many_to_one(&places, *to);
            for (from, of_many) in places.iter().zip(many) {
                prop_assert_eq!(of_many, times.one_to_one(*from, *to));
                let Some(eta) = of_many else { continue };
                let expected = plain(&times, &eta.from, &eta.to);
                prop_assert_eq!((eta.eta_s, eta.distance_m), (time_s(expected), length_m(expected)));
                check_course(&times, *from, *to, &eta)?;
            }
        }
    }
}

/// The course is as long as its estimate says, and begins and ends where the way does.
fn check_course(times: &RoadTimes, from: GeoPoint, to: GeoPoint, eta: &RoadEta) -> Result<(), TestCaseError> {
    let route = times.route(from, to).expect("a way was found before");
    let length_m: f64 = route.line.windows(2).map(|pair| pair[0].distance_m(&pair[1])).sum();
    prop_assert!((length_m - eta.distance_m).abs() < 2.0, "course {} m, way {} m", length_m, eta.distance_m);
    for (end, snapped) in [(route.line.first(), eta.from), (route.line.last(), eta.to)] {
        prop_assert!(end.is_some_and(|end| end.distance_m(&snapped.point) < 1.0), "{:?} {:?}", end, snapped);
    }
    Ok(())
}
