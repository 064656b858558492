//! Grids that are none are refused in words; a surface lies over all of its ground and is nowhere too steep.

use flight_types::{BESIDE_LOW_RISE_M, GeoPoint, Local, LocalFrame, PROFILE_OVER_M, Relief, Ring};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::{ElevationError, ElevationGrid, ReliefProblem, relief};

const HEAD: &str = "ncols 3\nnrows 2\nxllcorner 127.0\nyllcorner 37.0\ncellsize 0.01\nNODATA_value -9999\n";

#[test]
fn a_grid_is_read_from_the_north_and_told_between_its_places() {
    let grid = ElevationGrid::parse(&format!("{HEAD}1 2 3\n4 5 -9999\n")).expect("a grid");
    let at = |lat: f64, lon: f64| grid.height_m(GeoPoint::new(lat, lon).expect("a place"));
    for (lat, lon, expected) in [
        (37.015, 127.005, Some(1.0)),
        (37.005, 127.005, Some(4.0)),
        (37.010, 127.010, Some(3.0)),
        (37.015, 127.0, None),
        (37.1, 127.01, None),
        (37.010, 127.020, None),
    ] {
        let found = at(lat, lon);
        let near = |(found, expected): (f64, f64)| (found - expected).abs() < 1e-6;
        assert!(found.is_some() == expected.is_some() && found.zip(expected).is_none_or(near), "{lat} {lon}: {found:?}");
    }
    let again = ElevationGrid::parse(&grid.text()).expect("what is written reads back");
    assert_eq!(again.text(), grid.text());
}

#[test]
fn what_is_no_grid_is_refused_with_what_is_wrong() {
    let head = |from: &str, to: &str| format!("{}1 2 3\n4 5 6\n", HEAD.replace(from, to));
    for (text, words) in [
        (String::new(), "no ncols"),
        ("ncols 3\nnrows 2\n1 2 3 4 5 6".to_owned(), "no cellsize"),
        (head("ncols 3", "ncols 3\nncols 3"), "ncols twice"),
        (head("ncols 3", "ncols -3"), "a whole number of at least 2, not \"-3\""),
        (head("ncols 3", "ncols 99999999999999999999999"), "a whole number"),
        (head("ncols 3", "ncols 4000000000"), "are more than"),
        (head("nrows 2", "nrows 1"), "a whole number of at least 2"),
        (head("cellsize 0.01", "cellsize 30"), "WGS 84 degrees"),
        (head("cellsize 0.01", "cellsize nan"), "WGS 84 degrees"),
        (head("cellsize 0.01", "cellsize 0"), "WGS 84 degrees"),
        (head("xllcorner 127.0", "xllcorner 320000"), "EPSG:4326"),
        (head("xllcorner 127.0", "xllcorner inf"), "a number of degrees"),
        (head("xllcorner 127.0", "xllcorner 127.0\nxllcenter 127"), "xllcorner twice"),
        (format!("{HEAD}1 2 3\n4 5"), "after 5 of 6 heights"),
        (format!("{HEAD}1 2 3\n4 5 6 7"), "goes on: \"7\""),
        (format!("{HEAD}1 2 x\n4 5 6"), "row 1, column 3: \"x\""),
        (format!("{HEAD}1 2 3\nnan 5 6"), "row 2, column 1: \"nan\""),
        (format!("{HEAD}1 2 3\n4 inf 6"), "row 2, column 2: \"inf\""),
        (format!("{HEAD}1 2 3\n4 5 32767"), "row 2, column 3: \"32767\""),
        (format!("1 2 3 4 5 6\n{HEAD}"), "no ncols"),
    ] {
        let error = ElevationGrid::parse(&text).expect_err(&text).to_string();
        assert!(error.contains(words), "{error}\nfor {text}");
    }
    let holes_are_nan = format!("{}1 2 3\n4 nan 6\n", HEAD.replace("-9999", "nan"));
    assert!(ElevationGrid::parse(&holes_are_nan).is_ok(), "as GDAL writes holes of floating point");
}

#[test]
fn a_header_does_not_take_memory_that_its_text_does_not_fill() {
    let text = "ncols 4000\nnrows 4000\nxllcorner 127\nyllcorner 37\ncellsize 0.0001\n1 2 3\n";
    assert_eq!(ElevationGrid::parse(text), Err(ElevationError::TooFew { found: 3, wanted: 16_000_000 }));
}

fn origin() -> GeoPoint {
    GeoPoint::new(37.5, 127.0).expect("a place")
}

fn at(east_m: f64, north_m: f64) -> GeoPoint {
    LocalFrame::new(origin()).to_geo(Local { east_m, north_m })
}

fn fence(half_m: f64) -> Ring {
    Ring::new([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(e, n)| at(e * half_m, n * half_m)).to_vec())
        .expect("a ring")
}

/// A grid over the fence whose heights are these, from the north.
fn grid(half_m: f64, side: usize, height_m: impl Fn(usize, usize) -> f64) -> ElevationGrid {
    let (low, high) = (at(-half_m - 100.0, -half_m - 100.0), at(half_m + 100.0, half_m + 100.0));
    let step = |low: f64, high: f64| (high - low) / (side - 1) as f64;
    let mut text = format!("ncols {side}\nnrows {side}\nxllcenter {}\nyllcenter {}\n", low.lon_deg(), low.lat_deg());
    text += &format!("dx {}\ndy {}\n", step(low.lon_deg(), high.lon_deg()), step(low.lat_deg(), high.lat_deg()));
    for row in (0..side).rev() {
        text += &(0..side).map(|column| height_m(column, row).to_string()).collect::<Vec<_>>().join(" ");
        text.push('\n');
    }
    ElevationGrid::parse(&text).expect("a grid")
}

#[test]
fn a_hole_within_the_fence_is_refused_with_its_place_and_one_far_outside_is_not() {
    let holed = |hole: (usize, usize)| grid(400.0, 35, |column, row| if (column, row) == hole { -9_999.0 } else { 50.0 });
    assert!(matches!(relief(&holed((17, 17)), &fence(400.0), 0.125), Err(ReliefProblem::Hole(_))));
    assert!(relief(&holed((0, 0)), &fence(400.0), 0.125).is_ok());
    assert!(matches!(relief(&holed((0, 0)), &fence(600.0), 0.125), Err(ReliefProblem::Hole(_))), "a grid smaller than the fence");
    assert!(matches!(relief(&holed((0, 0)), &fence(20_000.0), 0.125), Err(ReliefProblem::TooWide { .. })));
}

#[test]
fn over_flat_ground_the_surface_is_the_ground() {
    let flat = relief(&grid(400.0, 20, |_, _| 42.0), &fence(400.0), 0.125).expect("a relief");
    assert_eq!((flat.ground_amsl_m(at(10.0, 20.0)), flat.surface_amsl_m(at(10.0, 20.0))), (42.0, 42.0));
    let profile = flat.profile(&[at(-300.0, 0.0), at(0.0, 0.0), at(300.0, 50.0)]);
    let corners: Vec<Option<usize>> = profile.iter().map(|point| point.corner).collect();
    assert_eq!(corners, [Some(0), Some(1), Some(2)], "nothing between the corners");
}

/// Everything that is promised of a way by straight legs, looked at each metre.
fn check_way(grid: &ElevationGrid, relief: &Relief, way: &[GeoPoint]) {
    let profile = relief.profile(way);
    for pair in profile.windows(2) {
        let (from, to) = (&pair[0], &pair[1]);
        let length_m = from.place.distance_m(&to.place);
        for metre in 0..=length_m as usize {
            let here = from.place.moved(from.place.bearing_deg(&to.place), metre as f64);
            let line_m = from.amsl_m + (to.amsl_m - from.amsl_m) * metre as f64 / length_m.max(1.0);
            let (ground_m, surface_m) = (grid.height_m(here).expect("over the grid"), relief.surface_amsl_m(here));
            assert!(line_m >= ground_m.max(surface_m) - 0.05, "{line_m}: under the surface at {surface_m}, over {ground_m}");
            assert!(line_m <= surface_m + PROFILE_OVER_M + 0.05, "{} over the surface", line_m - surface_m);
            let over_m = relief.over_ground_m(here);
            assert!(line_m - ground_m <= over_m + PROFILE_OVER_M + 0.1, "{} over the ground, said {over_m}", line_m - ground_m);
        }
    }
    assert_eq!(profile.iter().filter(|point| point.corner.is_some()).count(), way.len());
}

/// A straight line that is said to do is over the surface all along, and not far.
fn check_straight(relief: &Relief, from: GeoPoint, to: GeoPoint) {
    let begin_m = relief.surface_amsl_m(from) + 2.0;
    let Some(end_m) = relief.straight_to(from, begin_m, to) else { return };
    let length_m = from.distance_m(&to);
    for metre in 0..=length_m as usize {
        let surface_m = relief.surface_amsl_m(from.moved(from.bearing_deg(&to), metre as f64));
        let over_m = begin_m + (end_m - begin_m) * metre as f64 / length_m.max(1.0) - surface_m;
        assert!((-0.3..=PROFILE_OVER_M + 0.3).contains(&over_m), "{over_m} m over the surface after {metre} m");
    }
}

/// What is promised of a low scene: it keeps its height over the ground under it, and most of it over what rises beside it; it is never
/// higher than over the surface.
fn check_low_scene(grid: &ElevationGrid, relief: &Relief, place: GeoPoint) {
    const SCENE_M: f64 = 20.0;
    let scene_m = relief.low_amsl_m(place) + SCENE_M;
    assert!(scene_m <= relief.surface_amsl_m(place) + SCENE_M + 1e-9);
    let ground_m = grid.height_m(place).expect("over the grid");
    assert!(scene_m >= ground_m + SCENE_M - 0.001, "{} m over the ground", scene_m - ground_m);
    for (bearing_deg, off_m) in (0..36).flat_map(|turn| [7.0, 14.0, 20.0].map(|off_m| (f64::from(turn) * 10.0, off_m))) {
        let beside = place.moved(bearing_deg, off_m);
        let Some(beside_m) = grid.height_m(beside) else { continue };
        // A ridge between two looks is at most so far beside one.
        let steep = [0.0, 90.0, 180.0, 270.0].map(|to_deg| {
            let near_m = relief.ground_amsl_m(beside.moved(to_deg, 8.0));
            (near_m - relief.ground_amsl_m(beside)).abs() / 8.0
        });
        let missed_m = 6.0 * steep.into_iter().fold(0.0, f64::max) + 0.5;
        let kept_m = SCENE_M - BESIDE_LOW_RISE_M - missed_m;
        assert!(scene_m - beside_m >= kept_m, "{} m over what is {off_m} m beside, of {kept_m}", scene_m - beside_m);
    }
}

#[test]
fn on_flat_ground_at_a_hills_foot_a_low_scene_is_as_high_as_anywhere() {
    let half_m = 600.0;
    let side = 81;
    // A hill 80 m high, 200 m across, in the middle.
    let height_m = |column: usize, row: usize| {
        let off = |line: usize| (line as f64 / (side - 1) as f64 - 0.5) * 2.0 * (half_m + 100.0);
        30.0 + 80.0 * (1.0 - (off(column).hypot(off(row)) / 200.0)).max(0.0)
    };
    let grid = grid(half_m, side, height_m);
    let relief = relief(&grid, &fence(half_m), 0.1125).expect("a relief");
    let foot = at(245.0, 0.0);
    let (surface_m, low_m) = (relief.surface_amsl_m(foot), relief.low_amsl_m(foot));
    assert!(surface_m > 30.0 + 40.0, "{surface_m}");
    assert!(low_m < 30.0 + 4.0, "{low_m}");
    // On the slope as high as the slope is.
    let slope = at(100.0, 0.0);
    let (ground_m, low_m) = (relief.ground_amsl_m(slope), relief.low_amsl_m(slope));
    assert!((ground_m..ground_m + 10.0).contains(&low_m), "{low_m} over {ground_m}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, rng_seed: RngSeed::Fixed(64), ..ProptestConfig::default() })]
    /// Random ground, smooth and rough, finer and coarser than the nodes, and random ways over it.
    #[test]
    fn no_way_over_a_surface_is_under_the_ground(
        side in 6_usize..80,
        heights in prop::collection::vec(0.0_f64..120.0, 64),
        smooth in 1_usize..8,
        slope in 0.06_f64..0.15,
        corners in prop::collection::vec((-390.0_f64..390.0, -390.0_f64..390.0), 2..5),
    ) {
        let height_m = |column: usize, row: usize| heights[(column / smooth * 13 + row / smooth * 7) % heights.len()];
        let grid = grid(400.0, side, height_m);
        let relief = relief(&grid, &fence(400.0), slope).expect("a relief");
        let way: Vec<GeoPoint> = corners.iter().map(|(east_m, north_m)| at(*east_m, *north_m)).collect();
        check_way(&grid, &relief, &way);
        check_straight(&relief, way[0], way[1]);
            way.iter().for_each(|place| check_low_scene(&grid, &relief, *place));
        // The part of it that goes with a plan tells the same.
        let part = relief.cut(&way, 30.0);
        prop_assert_eq!(part.profile(&way).len(), relief.profile(&way).len());
        for place in &way {
            prop_assert!((part.surface_amsl_m(*place) - relief.surface_amsl_m(*place)).abs() < 1e-6);
            prop_assert!((part.ground_amsl_m(*place) - relief.ground_amsl_m(*place)).abs() < 1e-6);
        }
        let far = at(3_000.0, 0.0);
        let (far_m, begin_m) = (part.surface_amsl_m(far), relief.surface_amsl_m(way[0]));
        prop_assert!(far_m >= begin_m - 1e-6, "{far_m} far off, {begin_m} at the beginning");
    }
}
