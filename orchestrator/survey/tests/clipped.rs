//! Lots under zones, beside houses and across a fence: no flight line where none may be, and every square metre that is not seen has its reason.

use proptest::prelude::*;
use survey_plan::{
    Aim, Board, Camera, Charges, Field, Keep, Light, Lot, Means, Point, Shown, Side, Sight, SurveyError, SurveyPath, field_path,
    survey_path,
};

fn rectangle(low: (f64, f64), high: (f64, f64)) -> Vec<Point> {
    [(low.0, low.1), (high.0, low.1), (high.0, high.1), (low.0, high.1)].map(|(x, y)| Point::new(x, y)).to_vec()
}

fn lot() -> Lot {
    Lot::new(rectangle((0.0, 0.0), (90.0, 50.0)), Vec::new()).expect("a lot")
}

fn outside(ring: Vec<Point>, margin_m: f64) -> Keep {
    Keep { ring, margin_m, side: Side::Outside }
}

fn means(shown: &[Shown]) -> Means<'_> {
    let camera = Camera {
        across_pixels: 1_280.0,
        along_pixels: 720.0,
        across_deg: 70.0,
        exposure_s: Light::Day.exposure_s(),
        frames_per_s: 5.0,
    };
    Means {
        camera,
        board: Board { module_m: 0.033, up_m: 0.9 },
        overlap: 0.2,
        shown,
        heights_m: (10.0, 40.0),
        speed_max_m_s: 8.0,
        home: Point::new(-80.0, -100.0),
        aircraft: 3,
    }
}

const BAYS: [Shown; 1] = [Shown { length_m: 7.6, width_m: 2.5, heading_deg: 0.0 }];

fn no_way(_: Point, _: Point) -> Option<Vec<Point>> {
    None
}

/// A battery lasts for anything.
fn always(_: &[Point], _: &Sight) -> Charges {
    Charges { needed_pct: vec![0.0], full_pct: 100.0 }
}

fn segment_m(p: Point, a: Point, b: Point) -> f64 {
    let (dx, dy) = (b.x_m - a.x_m, b.y_m - a.y_m);
    let share = (((p.x_m - a.x_m) * dx + (p.y_m - a.y_m) * dy) / (dx * dx + dy * dy).max(1e-12)).clamp(0.0, 1.0);
    (a.x_m + share * dx - p.x_m).hypot(a.y_m + share * dy - p.y_m)
}

fn is_inside(ring: &[Point], p: Point) -> bool {
    let turns: f64 = (0..ring.len())
        .map(|at| {
            let (a, b) = (ring[at], ring[(at + 1) % ring.len()]);
            let (ax, ay, bx, by) = (a.x_m - p.x_m, a.y_m - p.y_m, b.x_m - p.x_m, b.y_m - p.y_m);
            (ax * by - ay * bx).atan2(ax * bx + ay * by)
        })
        .sum();
    turns.abs() > 1.0
}

fn ring_m(ring: &[Point], p: Point) -> f64 {
    (0..ring.len()).map(|at| segment_m(p, ring[at], ring[(at + 1) % ring.len()])).fold(f64::INFINITY, f64::min)
}

/// By how much the worst of a path's points, 10 cm apart, violates an outline: at most 0 when it keeps it.
fn violated_m(path: &[Point], keep: &Keep) -> f64 {
    let points = path.windows(2).flat_map(|leg| {
        let count = (leg[0].distance_m(leg[1]) / 0.1).ceil().max(1.0);
        (0..=count as usize).map(move |at| {
            let share = at as f64 / count;
            Point::new(leg[0].x_m + (leg[1].x_m - leg[0].x_m) * share, leg[0].y_m + (leg[1].y_m - leg[0].y_m) * share)
        })
    });
    let violated = |p: Point| {
        let away_m = ring_m(&keep.ring, p);
        let kept_m = if is_inside(&keep.ring, p) == (keep.side == Side::Inside) { away_m } else { -away_m };
        keep.margin_m - kept_m
    };
    points.map(violated).fold(f64::NEG_INFINITY, f64::max)
}

/// The share of the lot within half a swath of the path, on a lattice of its own.
fn seen_share(outline: &[Point], survey: &SurveyPath) -> f64 {
    let lattice = (0..180 * 100).map(|at| Point::new(f64::from(at % 180) * 0.5 + 0.21, f64::from(at / 180) * 0.5 + 0.17));
    let ground: Vec<Point> = lattice.filter(|p| is_inside(outline, *p)).collect();
    let sees = |p: &&Point| survey.path.windows(2).any(|leg| segment_m(**p, leg[0], leg[1]) <= survey.sight.swath_m / 2.0);
    ground.iter().filter(sees).count() as f64 / ground.len() as f64
}

fn all_told(survey: &SurveyPath) -> bool {
    let coverage = &survey.coverage;
    coverage.of > 0 && coverage.seen + coverage.kept.iter().sum::<usize>() + coverage.missed == coverage.of
}

#[test]
fn a_zone_across_a_corner_costs_that_corner_and_is_named() {
    let keeps = vec![outside(rectangle((70.0, 30.0), (140.0, 90.0)), 15.0)];
    let field = Field::clipped(lot(), keeps.clone()).expect("a field");
    for shown in [&BAYS[..], &[]] {
        let survey = field_path(&field, Aim::Sweep, &means(shown), &no_way, &always).expect("a survey");
        let coverage = &survey.coverage;
        assert!(violated_m(&survey.path, &keeps[0]) <= 0.0, "{}", violated_m(&survey.path, &keeps[0]));
        // 35 m by 35 m less a corner of the margin are not flown over, and some three metres along their border are seen from beside.
        let kept = coverage.share(coverage.kept[0]);
        assert!(all_told(&survey) && (0.18..0.23).contains(&kept), "{coverage:?}");
        assert!(coverage.share(coverage.missed) < 0.02, "{coverage:?}");
    }
}

#[test]
fn a_strip_beside_a_house_is_seen_from_beside() {
    let keeps = vec![outside(rectangle((-10.0, 50.0), (100.0, 60.0)), 4.0)];
    let field = Field::clipped(lot(), keeps.clone()).expect("a field");
    let survey = field_path(&field, Aim::Sweep, &means(&[]), &no_way, &always).expect("a survey");
    assert!(violated_m(&survey.path, &keeps[0]) <= 0.0);
    // Four metres of fifty are not flown over: 8 %. Half a swath is more than that.
    assert!(survey.coverage.share(survey.coverage.seen) > 0.98, "{:?}", survey.coverage);
}

#[test]
fn both_halves_of_a_parted_lot_are_flown_where_a_way_leads_round() {
    let keeps = vec![outside(rectangle((40.0, -5.0), (44.0, 55.0)), 4.0)];
    let field = Field::clipped(lot(), keeps.clone()).expect("a field");
    let round = |from: Point, to: Point| {
        // Over the north end of the wall, with its margin.
        Some(vec![Point::new(from.x_m, 62.0), Point::new(to.x_m, 62.0), to])
    };
    let both = field_path(&field, Aim::Sweep, &means(&BAYS), &round, &always).expect("a survey");
    let one = field_path(&field, Aim::Sweep, &means(&BAYS), &no_way, &always).expect("a survey");
    for survey in [&both, &one] {
        assert!(violated_m(&survey.path, &keeps[0]) <= 0.0 && all_told(survey));
    }
    let seen = |survey: &SurveyPath| survey.coverage.share(survey.coverage.seen);
    assert!(seen(&both) > 0.9 && (0.4..0.6).contains(&seen(&one)), "{:?} {:?}", both.coverage, one.coverage);
    assert!(one.coverage.share(one.coverage.kept[0]) > 0.4, "the half that is cut off has its reason: {:?}", one.coverage);
}

#[test]
fn a_fence_across_a_lot_is_kept_inside_of() {
    let keeps = vec![Keep { ring: rectangle((-500.0, -500.0), (60.0, 500.0)), margin_m: 15.0, side: Side::Inside }];
    let field = Field::clipped(lot(), keeps.clone()).expect("a field");
    let survey = field_path(&field, Aim::Sweep, &means(&BAYS), &no_way, &always).expect("a survey");
    assert!(violated_m(&survey.path, &keeps[0]) <= 0.0);
    let kept = survey.coverage.share(survey.coverage.kept[0]);
    assert!(all_told(&survey) && (0.42..0.5).contains(&kept), "{:?}", survey.coverage);
}

#[test]
fn where_nothing_is_left_nothing_is_planned_and_what_is_no_outline_is_refused() {
    let field = Field::clipped(lot(), vec![outside(rectangle((-5.0, -5.0), (95.0, 55.0)), 0.0)]).expect("a field");
    assert!(field.is_closed());
    for aim in [Aim::Sweep, Aim::Audit(&[Point::new(5.0, 5.0)])] {
        assert_eq!(field_path(&field, aim, &means(&[]), &no_way, &always), Err(SurveyError::Closed));
    }
    for (ring, margin_m) in [
        (vec![Point::default(); 2], 1.0),
        (vec![Point::new(f64::NAN, 0.0); 3], 1.0),
        (rectangle((0.0, 0.0), (1.0, 1.0)), f64::INFINITY),
        (rectangle((0.0, 0.0), (1.0, 1.0)), -1.0),
    ] {
        assert!(Field::clipped(lot(), vec![outside(ring, margin_m)]).is_err(), "{margin_m}");
    }
}

#[test]
fn ground_that_nothing_touches_is_planned_as_ever() {
    let far = vec![outside(rectangle((200.0, 0.0), (300.0, 50.0)), 15.0)];
    let field = Field::clipped(lot(), far).expect("a field");
    for shown in [&BAYS[..], &[]] {
        let plain = survey_path(&lot(), Aim::Sweep, &means(shown)).expect("a survey");
        let clipped = field_path(&field, Aim::Sweep, &means(shown), &no_way, &always).expect("a survey");
        assert_eq!(plain.path, clipped.path);
    }
}

#[test]
fn an_audit_leaves_out_beacons_under_a_zone_and_looks_at_others_from_beside() {
    let zone = outside(rectangle((60.0, -10.0), (200.0, 60.0)), 15.0);
    let house = outside(rectangle((0.0, 50.0), (40.0, 60.0)), 4.0);
    let keeps = vec![zone.clone(), house.clone()];
    let field = Field::clipped(lot(), keeps).expect("a field");
    let (plain, by_house, under) = (Point::new(10.0, 20.0), Point::new(20.0, 48.5), Point::new(80.0, 20.0));
    let survey = field_path(&field, Aim::Audit(&[plain, by_house, under]), &means(&[]), &no_way, &always).expect("a survey");
    assert_eq!((survey.coverage.of, survey.coverage.seen, survey.coverage.kept.as_slice()), (3, 2, &[1, 0][..]));
    assert!(violated_m(&survey.path, &zone) <= 0.0 && violated_m(&survey.path, &house) <= 0.0);
    let nearest_m = |beacon: Point| survey.path.iter().map(|stop| stop.distance_m(beacon)).fold(f64::INFINITY, f64::min);
    assert!(nearest_m(plain) < 1e-6 && (2.4..2.7).contains(&nearest_m(by_house)), "{}", nearest_m(by_house));
    let nothing = field_path(&field, Aim::Audit(&[under]), &means(&[]), &no_way, &always);
    assert_eq!(nothing, Err(SurveyError::Closed));
}

/// A ring of corners at growing angles, or in any order: then its sides cross.
fn ring(middle: (f64, f64), radii: &[f64], step: usize) -> Vec<Point> {
    let corner = |at: usize| {
        let angle = (at * step % radii.len()) as f64 / radii.len() as f64 * std::f64::consts::TAU;
        let radius = radii[at * step % radii.len()];
        Point::new(middle.0 + radius * angle.cos(), middle.1 + radius * angle.sin())
    };
    (0..radii.len()).map(corner).collect()
}

fn keep() -> impl Strategy<Value = Keep> {
    let radii = prop::collection::vec(3.0..25.0_f64, 5..9);
    ((-10.0..100.0_f64, -10.0..60.0_f64), radii, 1..3_usize, 0.0..16.0_f64).prop_map(|(middle, radii, step, margin_m)| {
        outside(ring(middle, &radii, if radii.len() % 2 == 1 { step } else { 1 }), margin_m)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Zones that lie over each other, over the border or cross themselves; with bays and without.
    #[test]
    fn no_line_lies_where_none_may_be_and_all_that_is_unseen_has_its_reason(
        keeps in prop::collection::vec(keep(), 1..5), outline in prop::collection::vec(14.0..25.0_f64, 5..10), with_bays in any::<bool>(),
        fenced in any::<bool>(),
    ) {
        let mut keeps = keeps;
        if fenced {
            keeps.push(Keep { ring: rectangle((-50.0, -50.0), (60.0, 100.0)), margin_m: 5.0, side: Side::Inside });
        }
        let outline: Vec<Point> =
            ring((45.0, 25.0), &outline, 1).into_iter().map(|p| Point::new(45.0 + (p.x_m - 45.0) * 1.7, p.y_m)).collect();
        let lot = Lot::new(outline.clone(), Vec::new()).expect("a star is a lot");
        let field = Field::clipped(lot, keeps.clone()).expect("a field");
        let bays = [Shown { heading_deg: 20.0, ..BAYS[0] }];
        let means = means(if with_bays { &bays } else { &[] });
        match field_path(&field, Aim::Sweep, &means, &no_way, &always) {
            Err(error) => prop_assert!(field.is_closed() && error == SurveyError::Closed, "{}", error),
            Ok(survey) => {
                for keep in &keeps {
                    let worst = survey.path.windows(2).max_by(|a, b| violated_m(a, keep).total_cmp(&violated_m(b, keep)));
                    let worst = worst.map(|leg| (violated_m(leg, keep), leg.to_vec()));
                    prop_assert!(worst.as_ref().is_none_or(|(by_m, _)| *by_m <= 0.0), "{:?}", worst);
                }
                prop_assert!(all_told(&survey), "{:?}", survey.coverage);
                let (said, measured) = (survey.coverage.share(survey.coverage.seen), seen_share(&outline, &survey));
                prop_assert!((said - measured).abs() < 0.015, "said {} measured {}", said, measured);
                prop_assert!(survey.coverage.share(survey.coverage.missed) < 0.05, "{:?}", survey.coverage);
            }
        }
    }
}
