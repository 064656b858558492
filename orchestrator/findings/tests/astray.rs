//! Cars in wrong areas, told by the counts alone: no plate is read.

use survey_findings::{Bay, BaySeen, Findings, Kind, Picture, Point, Session, Subject, Survey, World, judge};

const BEGIN_MS: i64 = 1_800_000_000_000;

/// An area's bays in a line, as pictures show them: taken, free or in doubt; and how many stays are open on it.
type Area = (&'static str, &'static [Option<bool>], usize);

const TAKEN: Option<bool> = Some(true);
const FREE: Option<bool> = Some(false);

fn world(areas: &[Area]) -> World {
    let bays = areas.iter().enumerate().flat_map(|(row, (area, bays, _))| {
        (0..bays.len()).map(move |at| Bay {
            id: format!("{area}-{at}"),
            area: (*area).to_owned(),
            place: Point { east_m: 2.5 * at as f64, north_m: 10.0 * row as f64 },
        })
    });
    let session = |area: &str, number: usize| Session {
        id: format!("stay-{area}-{number}"),
        area: area.to_owned(),
        plate: format!("{area}{number:04}"),
        since_ms: BEGIN_MS - 1,
        until_ms: None,
    };
    let sessions = areas.iter().flat_map(|(area, _, stays)| (0..*stays).map(|number| session(area, number)));
    World { beacons: Vec::new(), bays: bays.collect(), sessions: sessions.collect() }
}

/// Two pictures of each area: of one area's bays others' pictures say nothing.
fn survey(areas: &[Area], from: usize) -> Survey {
    let picture = |(row, (area, bays, _)): (usize, &Area), number: usize| Picture {
        id: format!("{area}/{}", from + number),
        taken_ms: BEGIN_MS + (10 * row + number) as i64,
        looked_at: Vec::new(),
        codes: Vec::new(),
        bays: bays
            .iter()
            .enumerate()
            .map(|(at, taken)| BaySeen {
                bay: format!("{area}-{at}"),
                taken: taken.map_or(0.5, |taken| f64::from(u8::from(taken))),
                plate: None,
            })
            .collect(),
    };
    let pictures = |number: usize| areas.iter().enumerate().map(move |area| picture(area, number));
    Survey { pictures: (0..2).flat_map(pictures).collect() }
}

fn found(areas: &[Area]) -> Vec<(Kind, String, usize)> {
    let judged = judge(&world(areas), &survey(areas, 0)).found;
    let mut found: Vec<_> = judged.iter().map(|finding| (finding.kind, name(&finding.subject), finding.count)).collect();
    found.sort();
    found
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::Bay(id) | Subject::Session(id) | Subject::Area(id) | Subject::Beacon(id) | Subject::Code(id) => id.clone(),
    }
}

fn one(kind: Kind, of: &str, count: usize) -> (Kind, String, usize) {
    (kind, of.to_owned(), count)
}

#[test]
fn cars_too_many_here_are_the_stays_too_many_there() {
    let areas: [Area; 2] = [("A", &[TAKEN, TAKEN, TAKEN], 1), ("B", &[TAKEN, FREE, FREE], 3)];
    assert_eq!(found(&areas), [one(Kind::WrongArea, "A", 2)], "neither a car without its stay nor a stay without its car");
    let judged = judge(&world(&areas), &survey(&areas, 0)).found;
    let finding = &judged[0];
    assert_eq!(finding.pictures, ["A/0", "A/1"], "the pictures of where the cars are, not of where they should be");
    assert_eq!(finding.place, Some(Point { east_m: 2.5, north_m: 0.0 }));
    assert!(finding.confidence > 0.8, "{}", finding.confidence);
}

#[test]
fn where_it_must_be_every_car_each_is_named_with_its_bay() {
    let areas: [Area; 2] = [("A", &[TAKEN, FREE, TAKEN], 0), ("B", &[FREE], 2)];
    assert_eq!(found(&areas), [one(Kind::WrongArea, "A-0", 1), one(Kind::WrongArea, "A-2", 1)]);
}

#[test]
fn what_the_other_area_does_not_explain_is_said_as_before() {
    let more_cars: [Area; 2] = [("A", &[TAKEN, TAKEN, TAKEN], 1), ("B", &[FREE], 1)];
    assert_eq!(found(&more_cars), [one(Kind::CarWithoutSession, "A", 1), one(Kind::WrongArea, "A", 1)]);
    let more_stays: [Area; 2] = [("A", &[TAKEN, TAKEN], 1), ("B", &[TAKEN], 3)];
    assert_eq!(found(&more_stays), [one(Kind::SessionWithoutCar, "B", 1), one(Kind::WrongArea, "A", 1)]);
}

#[test]
fn areas_that_may_each_have_the_car_are_left_as_they_are() {
    let two_may: [Area; 3] = [("A", &[TAKEN], 0), ("B", &[TAKEN], 0), ("C", &[FREE], 1)];
    let without = [one(Kind::CarWithoutSession, "A-0", 1), one(Kind::CarWithoutSession, "B-0", 1)];
    assert_eq!(found(&two_may), [&without[..], &[one(Kind::SessionWithoutCar, "stay-C-0", 1)]].concat());
    let both: [Area; 3] = [("A", &[TAKEN], 0), ("B", &[TAKEN], 0), ("C", &[FREE], 2)];
    assert_eq!(found(&both), [one(Kind::WrongArea, "A-0", 1), one(Kind::WrongArea, "B-0", 1)]);
}

#[test]
fn a_bay_in_doubt_on_either_side_lets_nothing_be_said_of_wrong_areas() {
    let here: [Area; 2] = [("A", &[TAKEN, TAKEN, None], 1), ("B", &[FREE], 1)];
    assert_eq!(found(&here), [one(Kind::CarWithoutSession, "A", 1), one(Kind::SessionWithoutCar, "stay-B-0", 1)]);
    let there: [Area; 2] = [("A", &[TAKEN, TAKEN], 1), ("B", &[FREE, None], 1)];
    assert_eq!(found(&there), [one(Kind::CarWithoutSession, "A", 1)], "its car may stand in the bay in doubt");
}

#[test]
fn a_car_that_drove_to_its_own_area_is_right_again_and_one_matter_is_said_in_one_form() {
    let mut findings = Findings::default();
    let mut take = |areas: &[Area], from: usize| findings.take(&judge(&world(areas), &survey(areas, from)), from as i64);
    assert_eq!(take(&[("A", &[TAKEN, TAKEN], 1), ("B", &[FREE], 1)], 1), [1], "in the wrong area");
    assert_eq!(take(&[("A", &[TAKEN, TAKEN], 1), ("B", &[FREE], 1)], 4), [0_u64; 0], "the same one");
    assert_eq!(take(&[("A", &[TAKEN, TAKEN], 1), ("B", &[FREE], 0)], 7), [2], "its stay has ended");
    assert_eq!(take(&[("A", &[TAKEN, TAKEN], 1), ("B", &[FREE], 1)], 10), [3]);
    assert_eq!(take(&[("A", &[TAKEN, FREE], 1), ("B", &[TAKEN], 1)], 13), [0_u64; 0]);
    let kinds: Vec<Kind> = findings.all().iter().map(|known| known.finding.kind).collect();
    assert_eq!(kinds, [Kind::WrongArea, Kind::CarWithoutSession, Kind::WrongArea]);
    assert_eq!(findings.live().count(), 0);
}
