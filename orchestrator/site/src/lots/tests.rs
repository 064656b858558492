//! What is refused of a lot, what bays look like that are laid out, and what comes of real lots.

use std::time::Instant;

use flight_types::{GeoPoint, Local, LocalFrame, LotId, Ring};
use proptest::prelude::*;

use super::plane::{area_m2, border_m, contains, outside_m, overlap_m2, self_crossing};
use super::*;
use crate::shared_data::shared_file;

fn at(east_m: f64, north_m: f64) -> Local {
    Local { east_m, north_m }
}

fn frame() -> LocalFrame {
    LocalFrame::new(GeoPoint::new(36.548, 127.912).expect("a place"))
}

fn ring(corners: &[(f64, f64)]) -> Ring {
    Ring::new(corners.iter().map(|(east_m, north_m)| rounded(frame().to_geo(at(*east_m, *north_m)))).collect()).expect("a ring")
}

fn square(west_m: f64, south_m: f64, width_m: f64, height_m: f64) -> Ring {
    let (east_m, north_m) = (west_m + width_m, south_m + height_m);
    ring(&[(west_m, south_m), (east_m, south_m), (east_m, north_m), (west_m, north_m)])
}

/// 40 m by 20 m with one area of its western half, two bays and a beacon there, and a hole in the east.
fn lot() -> Lot {
    let mut lot = Lot::bare(
        LotId::new("lot").expect("an id"),
        "Lot".to_owned(),
        square(0.0, 0.0, 40.0, 20.0),
        vec![square(30.0, 5.0, 4.0, 4.0)],
    );
    lot.areas = vec![
        LotArea { id: "A1".to_owned(), name: "A1".to_owned(), ring: square(0.0, 0.0, 20.0, 20.0) },
        LotArea { id: "A2".to_owned(), name: "A2".to_owned(), ring: square(20.0, 0.0, 20.0, 20.0) },
    ];
    lot.bays = vec![bay("A1-01", "A1", square(0.0, 0.0, 2.5, 5.0)), bay("A1-02", "A1", square(2.5, 0.0, 2.5, 5.0))];
    lot.beacons = vec![beacon("b1", "A1", at(10.0, 10.0))];
    lot
}

fn bay(id: &str, area: &str, ring: Ring) -> LotBay {
    LotBay { id: id.to_owned(), area: area.to_owned(), ring, heading_deg: 180.0 }
}

fn beacon(id: &str, area: &str, place: Local) -> LotBeacon {
    LotBeacon {
        id: id.to_owned(),
        area: area.to_owned(),
        position: frame().to_geo(place),
        height_m: 0.9,
        heading_deg: 0.0,
        tilt_deg: 0.0,
        module_mm: 33.0,
        key: Some(1),
        state: BeaconState::Mounted,
    }
}

#[test]
fn a_lot_that_fits_together_is_taken() {
    assert_eq!(check_lot(&lot()), Ok(()));
}

#[test]
fn what_does_not_fit_is_refused_with_the_feature_named() {
    type Change = fn(&mut Lot);
    let cases: [(&str, &str, Change); 15] = [
        ("lot", "crosses itself", |lot| lot.ring = ring(&[(0.0, 0.0), (40.0, 20.0), (40.0, 0.0), (0.0, 20.0)])),
        ("lot", "out of its lot", |lot| lot.holes = vec![square(38.0, 5.0, 4.0, 4.0)]),
        ("A2", "m out of its lot", |lot| lot.areas[1].ring = square(25.0, 0.0, 20.0, 20.0)),
        ("Ä1", "beacon's code", |lot| lot.areas[1].id = "Ä1".to_owned()),
        ("A1-02", "m out of its area A1", |lot| lot.bays[1].ring = square(18.75, 0.0, 2.5, 5.0)),
        ("A1-02", "area \"A9\"", |lot| lot.bays[1].area = "A9".to_owned()),
        ("A1-02", "overlaps A1-01 by 6.", |lot| lot.bays[1].ring = square(1.25, 0.0, 2.5, 5.0)),
        ("A1-02", "hole", |lot| lot.bays[1] = bay("A1-02", "A2", square(29.0, 4.0, 2.5, 5.0))),
        ("A1-02", "square metres", |lot| lot.bays[1].ring = square(5.0, 0.0, 0.5, 1.0)),
        ("A1-02", "turns inwards", |lot| {
            lot.bays[1].ring = ring(&[(5.0, 0.0), (7.5, 0.0), (6.0, 2.5), (7.5, 5.0), (5.0, 5.0)]);
        }),
        ("A1-02", "crosses itself", |lot| lot.bays[1].ring = ring(&[(5.0, 0.0), (7.5, 5.0), (7.5, 0.0), (5.0, 5.0)])),
        ("b1", "out of its lot", |lot| lot.beacons[0].position = frame().to_geo(at(10.0, 23.0))),
        ("b1", "area \"A9\"", |lot| lot.beacons[0].area = "A9".to_owned()),
        ("b2", "beacon already: b1", |lot| lot.beacons.push(beacon("b2", "A1", at(12.0, 10.0)))),
        ("A1-01", "used twice", |lot| lot.bays[1].id = "A1-01".to_owned()),
    ];
    for (id, said, change) in cases {
        let mut lot = lot();
        change(&mut lot);
        let fault = check_lots(&[lot]).expect_err(said);
        assert!(fault.id == id && fault.to_string().contains(said), "{id}, {said}: {fault}");
    }
    let (first, mut second) = (lot(), lot());
    second.id = LotId::new("lot-2").expect("an id");
    assert!(check_lots(&[first, second]).is_err_and(|fault| fault.id == "A1"), "an area of another lot");
}

#[test]
fn a_beacon_that_was_taken_down_leaves_room_for_the_next() {
    let mut lot = lot();
    lot.beacons[0].state = BeaconState::Withdrawn;
    lot.beacons.push(beacon("b2", "A1", at(12.0, 10.0)));
    assert_eq!(check_lot(&lot), Ok(()));
}

#[test]
fn a_bay_is_the_rectangle_along_its_heading() {
    let row = BayRow { begin: at(3.0, 4.0), heading_deg: 30.0, count: 3 };
    let corners = row.bay(1).map(|corner| frame().to_geo(corner));
    let bay = LotBay { heading_deg: 30.0, ..bay("b", "A", Ring::new(corners.to_vec()).expect("a ring")) };
    let shape = bay.shape(&frame());
    let middle = row.bay(1).iter().fold(at(0.0, 0.0), |sum, c| at(sum.east_m + c.east_m / 4.0, sum.north_m + c.north_m / 4.0));
    assert!(shape.middle.distance_m(&middle) < 0.01, "{shape:?} {middle:?}");
    assert!((shape.width_m - 2.5).abs() < 0.01 && (shape.length_m - 5.0).abs() < 0.01, "{shape:?}");
}

#[test]
fn a_rectangle_is_filled_as_a_ruler_would() {
    let outline = [at(0.0, 0.0), at(50.2, 0.0), at(50.2, 32.2), at(0.0, 32.2)];
    let blocks = blocks(&outline, &[]);
    let count: usize = blocks.iter().flat_map(|block| &block.rows).map(|row| row.count).sum();
    assert_eq!((blocks.len(), count), (2, 80), "two aisles, four rows of twenty");
}

#[test]
fn a_strip_beside_a_street_gets_a_row_without_an_aisle() {
    let outline = [at(0.0, 0.0), at(30.2, 0.0), at(30.2, 5.5), at(0.0, 5.5)];
    let blocks = blocks(&outline, &[]);
    assert_eq!(blocks.iter().flat_map(|block| &block.rows).map(|row| row.count).collect::<Vec<_>>(), [12]);
}

/// A simple polygon round the origin with corners at any distance, and holes of the same kind; some stick out of it.
fn ground() -> impl Strategy<Value = (Vec<Local>, Vec<Vec<Local>>)> {
    let star = |low_m: f64, high_m: f64| prop::collection::vec(low_m..high_m, 3..9).prop_map(|radii| star(&radii, at(0.0, 0.0)));
    let hole = (star(2.0, 9.0), -40.0..40.0_f64, -40.0..40.0_f64)
        .prop_map(|(ring, x, y)| ring.iter().map(|corner| at(corner.east_m + x, corner.north_m + y)).collect::<Vec<Local>>());
    (star(4.0, 70.0), prop::collection::vec(hole, 0..3))
}

fn star(radii: &[f64], middle: Local) -> Vec<Local> {
    let turn = std::f64::consts::TAU / radii.len() as f64;
    let corner = |(index, radius): (usize, &f64)| {
        let (sin, cos) = (index as f64 * turn).sin_cos();
        at(middle.east_m + radius * cos, middle.north_m + radius * sin)
    };
    radii.iter().enumerate().map(corner).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// Bays lie inside the outline, never on each other, never on a hole, and are no more than the ground has room for.
    #[test]
    fn bays_are_on_the_ground_and_on_nothing_else((outline, holes) in ground()) {
        let blocks = blocks(&outline, &holes);
        let bays: Vec<[Local; 4]> =
            blocks.iter().flat_map(|block| &block.rows).flat_map(|row| (0..row.count).map(|at| row.bay(at))).collect();
        for (index, bay) in bays.iter().enumerate() {
            prop_assert!(outside_m(bay, &outline) < 0.001, "{bay:?}");
            prop_assert!(holes.iter().all(|hole| overlap_m2(bay, hole) < 0.001), "{bay:?}");
            for other in &bays[index + 1..] {
                prop_assert!(overlap_m2(bay, other) < 0.001, "{bay:?} {other:?}");
            }
        }
        for block in &blocks {
            prop_assert!(outside_m(&block.ring, &outline) < 0.001);
            prop_assert!(block.rows.iter().all(|row| outside_m(&row.outline(), &block.ring) < 0.001));
        }
        // A bay, and half of the aisle before it, where there is one: two facing bays share it.
        let with_aisle = blocks.iter().any(|block| block.rows.len() == 2);
        let needs_m2 = BAY_WIDTH_M * (BAY_LENGTH_M + if with_aisle { AISLE_M / 2.0 } else { 0.0 });
        prop_assert!(bays.len() as f64 * needs_m2 <= area_m2(&outline) + 0.001, "{} bays", bays.len());
    }

    /// What is laid out is what would be taken from a file, and the same when it is laid out again.
    #[test]
    fn what_is_laid_out_is_taken((outline, holes) in ground()) {
        let geo = |ring: &Vec<Local>| Ring::new(ring.iter().map(|corner| rounded(frame().to_geo(*corner))).collect()).expect("a ring");
        let holes = holes.iter().filter(|hole| outside_m(hole, &outline) == 0.0).map(geo).collect();
        let bare = Lot::bare(LotId::new("w1.2").expect("an id"), "P".to_owned(), geo(&outline), holes);
        prop_assume!(check_lot(&bare).is_ok());
        let laid = laid_out(bare);
        prop_assert_eq!(check_lot(&laid), Ok(()));
        prop_assert_eq!(laid.areas.len(), laid.beacons.len());
        let again = Lot::from_geojson(laid.geojson().to_string(), frame().origin()).expect("what is written reads back");
        prop_assert_eq!(&again, &laid);
        prop_assert_eq!(laid_out(laid.clone()), laid);
    }
}

/// Prints what comes of the real outlines beside the checkout: lots with bays, bays on 100 square metres, time.
#[test]
fn real_lots_get_bays() {
    let Some(path) = shared_file("osm/parking_lots.geojson") else { return };
    let text = std::fs::read_to_string(path).expect("the lots");
    let collection: serde_json::Value = serde_json::from_str(&text).expect("GeoJSON");
    let features = collection["features"].as_array().expect("features");
    let (mut lots, mut with_bays, mut roomy, mut roomy_with, mut bays, mut ground_m2, mut slowest_ms) =
        (0, 0, 0, 0, 0, 0.0, 0.0_f64);
    let begin = Instant::now();
    for feature in features.iter().filter(|feature| feature["geometry"]["type"] == "Polygon") {
        let rings: Vec<Vec<[f64; 2]>> = serde_json::from_value(feature["geometry"]["coordinates"].clone()).expect("rings");
        let geo = |ring: &Vec<[f64; 2]>| {
            Ring::new(ring.iter().map(|[lon, lat]| rounded(GeoPoint::new(*lat, *lon).expect("a place"))).collect()).expect("a ring")
        };
        let mut rings = rings.iter().map(geo);
        let outline = rings.next().expect("an outline");
        let bare = Lot::bare(LotId::new(format!("l{lots}")).expect("an id"), "P".to_owned(), outline, rings.collect());
        lots += 1;
        if check_lot(&bare).is_err() {
            continue;
        }
        let one = Instant::now();
        let laid = laid_out(bare);
        slowest_ms = slowest_ms.max(one.elapsed().as_secs_f64() * 1e3);
        assert_eq!(check_lot(&laid), Ok(()));
        let frame = laid.frame();
        let flat = |ring: &Ring| ring.corners().iter().map(|corner| frame.to_local(*corner)).collect::<Vec<Local>>();
        let net_m2 = area_m2(&flat(&laid.ring)) - laid.holes.iter().map(|hole| area_m2(&flat(hole))).sum::<f64>();
        let has = usize::from(!laid.bays.is_empty());
        with_bays += has;
        roomy += usize::from(net_m2 >= 100.0);
        roomy_with += if net_m2 >= 100.0 { has } else { 0 };
        bays += laid.bays.len();
        ground_m2 += net_m2;
        assert!(laid.bays.len() as f64 * BAY_WIDTH_M * BAY_LENGTH_M <= net_m2 + 1.0);
    }
    eprintln!(
        "{lots} lots, {with_bays} with bays ({roomy_with} of {roomy} above 100 m2), {bays} bays, {:.2} on 100 m2, \
         {:.0} ms in all, the slowest {slowest_ms:.1} ms",
        100.0 * bays as f64 / ground_m2,
        begin.elapsed().as_secs_f64() * 1e3
    );
    assert!(roomy_with * 10 >= roomy * 9, "{roomy_with} of {roomy}");
}

#[test]
fn the_plane_tells_inside_from_outside() {
    let ring = [at(0.0, 0.0), at(4.0, 0.0), at(4.0, 4.0), at(2.0, 1.0), at(0.0, 4.0)];
    assert!(contains(&ring, at(1.0, 1.0)) && !contains(&ring, at(2.0, 3.0)) && self_crossing(&ring).is_none());
    assert!((border_m(&ring, at(2.0, -3.0)) - 3.0).abs() < 1e-9);
    let across = [at(0.5, 2.0), at(3.5, 2.0), at(3.5, 2.2), at(0.5, 2.2)];
    assert!(outside_m(&across, &ring) > 0.5, "it lies across the notch");
    let notched = [at(0.0, 0.5), at(4.0, 0.5), at(4.0, 1.5), at(0.0, 1.5)];
    assert!(outside_m(&notched, &ring) > 0.2, "the notch's corner lies in it");
}
