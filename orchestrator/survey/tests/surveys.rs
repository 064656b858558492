//! Whole surveys of a lot like the demo's: how long they take over it, and into how many sorties they are cut.

use survey_plan::{Aim, Board, Camera, Light, Lot, Means, Point, Shown, SurveyPath, survey_path};

/// The day's sweep over the lot, seconds: seven or eight lanes of ninety metres at 8 m/s, and the ways between them.
const DAY_OVER_LOT_S_MAX: f64 = 110.0;

/// Lanes of a lot fifty metres wide, no further apart than the picture less a bay: each is left and the next begun with a turn.
const LANES_MAX: usize = 8;

/// Ninety metres by fifty, four rows of bays that all lie one way, boards 0.9 m up, three aircraft.
fn sweep(light: Light) -> SurveyPath {
    let corners = [(0.0, 0.0), (89.9, -2.0), (91.9, 50.1), (2.0, 52.2)];
    let lot = Lot::new(corners.iter().map(|(x, y)| Point::new(*x, *y)).collect(), Vec::new()).expect("a lot");
    let shown = [Shown { length_m: 7.6, width_m: 2.5, heading_deg: 2.2 }];
    let means = Means {
        camera: Camera {
            across_pixels: 1_280.0,
            along_pixels: 720.0,
            across_deg: 70.0,
            exposure_s: light.exposure_s(),
            frames_per_s: 5.0,
        },
        board: Board { module_m: 0.033, up_m: 0.9 },
        overlap: 0.2,
        shown: &shown,
        heights_m: (10.0, 40.0),
        speed_max_m_s: 8.0,
        home: Point::new(-80.0, -100.0),
        aircraft: 3,
    };
    survey_path(&lot, Aim::Sweep, &means).expect("a survey")
}

fn over_lot_s(survey: &SurveyPath) -> f64 {
    survey.length_m / survey.sight.speed_m_s
}

/// Corners at which the path turns by more than a tenth of a right angle: an aircraft brakes for each.
fn turns(survey: &SurveyPath) -> usize {
    let direction = |pair: &[Point]| (pair[1].y_m - pair[0].y_m).atan2(pair[1].x_m - pair[0].x_m);
    let directions: Vec<f64> = survey.path.windows(2).map(direction).collect();
    directions.windows(2).filter(|pair| (pair[1] - pair[0]).cos() < 0.988).count()
}

#[test]
fn a_day_s_sweep_is_one_sortie_and_a_night_s_is_shared_by_all() {
    let (day, night) = (sweep(Light::Day), sweep(Light::Night));
    for survey in [&day, &night] {
        println!(
            "{:.0} m, {:.1} m/s, {:.0} s, sorties begin at {:?}",
            survey.length_m,
            survey.sight.speed_m_s,
            over_lot_s(survey),
            survey.begins
        );
    }
    assert!(turns(&day) <= 2 * LANES_MAX, "{} turns: ground between lanes is not seen by bends off them", turns(&day));
    assert!(over_lot_s(&day) <= DAY_OVER_LOT_S_MAX && day.begins.is_empty(), "{:.0} s: {:?}", over_lot_s(&day), day.begins);
    assert!(over_lot_s(&night) > 3.0 * 60.0 && night.begins.len() == 2, "{:.0} s: {:?}", over_lot_s(&night), night.begins);
}

/// The bays of the demo's market, with the ground before them: middles in the lot's plane, corners outwards.
fn bays() -> Vec<[Point; 4]> {
    const DEGREE_M: f64 = 111_320.0;
    /// Asphalt before a bay that it is compared with, metres.
    const BEFORE_M: f64 = 2.6;
    let text = include_str!("../../../configs/demo-site/lots.geojson");
    let site: serde_json::Value = serde_json::from_str(text).expect("GeoJSON");
    let features = site["features"].as_array().expect("features");
    let ring = |feature: &serde_json::Value| -> Vec<(f64, f64)> {
        let corners = feature["geometry"]["coordinates"][0].as_array().expect("a ring");
        corners.iter().map(|corner| (corner[0].as_f64().expect("a longitude"), corner[1].as_f64().expect("a latitude"))).collect()
    };
    let lot = features.iter().find(|feature| feature["id"] == "market").expect("the lot");
    let (lon, lat) = ring(lot)[0];
    let spot = |(east, north): &(f64, f64)| Point::new((east - lon) * DEGREE_M * lat.to_radians().cos(), (north - lat) * DEGREE_M);
    let of_lot = |feature: &&serde_json::Value| {
        let properties = &feature["properties"];
        properties["kind"] == "bay" && (properties["area"] == "A1" || properties["area"] == "A2")
    };
    let bays = features.iter().filter(of_lot).map(|feature| {
        let (sin, cos) = feature["properties"]["heading_deg"].as_f64().expect("a heading").to_radians().sin_cos();
        let corners: Vec<Point> = ring(feature).iter().take(4).map(spot).collect();
        let along = |p: &Point| p.x_m * sin + p.y_m * cos;
        let middle = corners.iter().map(along).sum::<f64>() / 4.0;
        // The two corners towards the aisle are put back onto it.
        let back = |p: &Point| if along(p) < middle { Point::new(p.x_m - BEFORE_M * sin, p.y_m - BEFORE_M * cos) } else { *p };
        [back(&corners[0]), back(&corners[1]), back(&corners[2]), back(&corners[3])]
    });
    bays.collect()
}

/// In how many pictures of the day's sweep, flown at its speed all along and 0.3 m off its line at worst, something lies whole.
fn pictures_of(thing: &[Point; 4], survey: &SurveyPath) -> usize {
    let (sin, cos) = survey.heading_deg.to_radians().sin_cos();
    let half_across_m = survey.sight.height_m * 35.0_f64.to_radians().tan() - 0.3;
    let shows = |place: Point| {
        thing.iter().all(|corner| {
            let (east_m, north_m) = (corner.x_m - place.x_m, corner.y_m - place.y_m);
            (east_m * sin + north_m * cos).abs() <= survey.sight.along_m / 2.0
                && (east_m * cos - north_m * sin).abs() <= half_across_m
        })
    };
    let step_m = survey.sight.speed_m_s / 5.0;
    let legs = survey.path.windows(2).flat_map(|leg| {
        let count = (leg[0].distance_m(leg[1]) / step_m).round().max(1.0);
        (0..count as usize).map(move |at| {
            let share = at as f64 / count;
            Point::new(leg[0].x_m + (leg[1].x_m - leg[0].x_m) * share, leg[0].y_m + (leg[1].y_m - leg[0].y_m) * share)
        })
    });
    legs.filter(|place| shows(*place)).count()
}

/// Bays that a picture shows whole once only: in the corner where the path begins, over which an aircraft comes to a stop before it sets out.
const SEEN_ONCE_MAX: usize = 1;

#[test]
fn every_bay_lies_whole_in_two_pictures_of_the_day_s_sweep() {
    let (survey, bays) = (sweep(Light::Day), bays());
    assert_eq!(bays.len(), 202);
    let counts: Vec<usize> = bays.iter().map(|bay| pictures_of(bay, &survey)).collect();
    let once = counts.iter().filter(|count| **count < 2).count();
    assert!(once <= SEEN_ONCE_MAX && counts.iter().all(|count| *count >= 1), "{counts:?}");
}
