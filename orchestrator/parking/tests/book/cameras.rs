//! Cameras at the gates: who came, who went, and who must be looked at.

use parking_core::Refusal;
use parking_core::event::{Decision, GateFrame, ParkingEvent};
use parking_core::id::CameraId;
use parking_core::limits::FRAMES_OPEN_MAX;
use parking_core::model::Means;

use crate::world::{World, plate, won};

#[test]
fn a_camera_alone_opens_and_closes_a_stay() {
    let mut world = World::new();
    world.see("in", "12가3456", 92);
    let session = world.book.active(&plate("12가3456")).expect("it came in").id.clone();
    world.wait_minutes(20);
    world.see("out", "12가3456", 92);
    let exit = world.book.session(&session).and_then(|session| session.exit.clone()).expect("it went out");
    assert_eq!((exit.by, exit.fee.total), (Means::Camera, won(2_000)));
    assert_eq!(world.reasons(), [""; 0]);
}

#[test]
fn the_scan_and_the_sight_of_a_car_are_one_entry() {
    // (seen as, how surely, minutes from sight to scan, typed as, one stay?)
    let cases = [
        ("12가3456", 92, 5, "12가3456", true),
        ("12가8456", 85, 5, "12가3456", true),
        ("12가8456", 98, 5, "12가3456", false),
        ("34나9999", 85, 5, "12가3456", false),
        ("12가8456", 85, 45, "12가3456", false),
    ];
    for (seen, confidence_pct, minutes, typed, one) in cases {
        let mut world = World::new();
        let seen_at_ms = world.now_ms;
        world.see("in", seen, confidence_pct);
        world.wait_minutes(minutes);
        let session = world.enter("E1", typed, "ann").expect("room");
        assert_eq!(world.book.sessions().count() == 1, one, "{seen} {typed}");
        let entered_at_ms = world.book.session(&session).map(|session| session.entered_at_ms);
        assert_eq!(entered_at_ms == Some(seen_at_ms), one, "the stay began at the gate: {seen} {typed}");
    }
}

#[test]
fn the_sight_may_also_be_told_after_the_scan() {
    let mut world = World::new();
    let session = world.enter("E1", "12가3456", "ann").expect("room");
    let seen_at_ms = world.now_ms - 4 * 60_000;
    world.see_at("in", "12가3456", 60, seen_at_ms);
    assert_eq!(world.book.session(&session).map(|session| session.entered_at_ms), Some(seen_at_ms));
    assert_eq!(world.book.sessions().count(), 1);
}

#[test]
fn doubtful_reads_go_to_a_person() {
    // (camera, plate, confidence, clock ahead by minutes, reason)
    let cases: [(&str, &str, u8, i64, &[&str]); 10] = [
        ("in", "77너1000", 39, 0, &[]),
        ("in", "77너1000", 60, 0, &["unsure"]),
        ("in", "77너1000", 90, 5, &["clock_wrong"]),
        ("west-in", "12가3456", 90, 0, &["elsewhere"]),
        ("out", "77너1000", 90, 0, &["exit_without_session"]),
        ("out", "77너1000", 60, 0, &["unsure"]),
        ("out", "12가8456", 60, 0, &["alike"]),
        ("out", "12가8456", 98, 0, &["alike"]),
        ("out", "12가8456", 90, 0, &[]),
        ("out", "12가3456", 45, 0, &[]),
    ];
    for (camera, text, confidence_pct, ahead, reasons) in cases {
        let mut world = World::new();
        world.enter("E1", "12가3456", "ann").expect("room");
        world.wait_minutes(60);
        world.see_at(camera, text, confidence_pct, world.now_ms + ahead * 60_000);
        assert_eq!(world.reasons(), reasons, "{camera} {text} {confidence_pct}");
    }
}

#[test]
fn repeats_and_late_reads_change_nothing() {
    let mut world = World::new();
    let in_ms = world.now_ms;
    world.see("in", "12가3456", 92);
    world.see("in", "12가3456", 95);
    let repeated = world.log.last().map(|(_, event)| event.clone()).expect("a read");
    world.force(repeated);
    assert_eq!(world.book.sessions().count(), 1);
    world.wait_minutes(20);
    world.see("out", "12가3456", 92);
    world.see_at("in", "12가3456", 92, in_ms + 60_000);
    assert_eq!(world.book.sessions().count(), 1, "a read from before the exit opens nothing");
    world.wait_minutes(3);
    world.see("in", "12가3456", 92);
    assert_eq!(world.book.sessions().count(), 2, "it came back");
}

#[test]
fn an_exit_camera_whose_clock_is_slow_ends_the_stay_at_its_entry() {
    let mut world = World::new();
    let session = world.enter("E1", "12가3456", "ann").expect("room");
    world.see_at("out", "12가3456", 92, world.now_ms - 60_000);
    let exit = world.book.session(&session).and_then(|session| session.exit.clone()).expect("it went out");
    assert_eq!((exit.at_ms, exit.fee.total), (world.now_ms, won(0)));
    let again = world.enter("E1", "12가3456", "ann").expect("room");
    world.see_at("out", "12가3456", 92, world.now_ms - 300_000);
    assert!(world.book.session(&again).is_some_and(|session| session.is_active()));
    assert_eq!(world.reasons(), ["clock_wrong"]);
}

#[test]
fn a_camera_that_says_what_time_it_has_is_set_right_and_told_from_one_that_was_cut_off() {
    // (minutes its clock is behind, minutes since it saw the car, minutes before now at which the stay begins; none: a person looks)
    let cases = [
        (Some(1), 0, Some(0)),
        (Some(-1), 0, Some(0)),
        (Some(1), 60, Some(60)),
        (Some(0), 60, Some(60)),
        (Some(25), 0, None),
        (Some(-25), 0, None),
        (Some(25), 60, None),
        (None, 60, Some(60)),
    ];
    for (behind, ago, begins) in cases {
        let mut world = World::new();
        let seen_at_ms = world.now_ms - (ago + behind.unwrap_or(0)) * 60_000;
        world.see_by_clock("in", "12가3456", 92, seen_at_ms, behind.map(|minutes| minutes * 60_000));
        let entered = |world: &World| world.book.active(&plate("12가3456")).map(|session| session.entered_at_ms);
        let reasons: &[&str] = if begins.is_some() { &[] } else { &["clock_wrong"] };
        assert_eq!(
            (world.reasons(), entered(&world)),
            (reasons.iter().map(|reason| reason.to_string()).collect(), begins.map(|minutes: i64| world.now_ms - minutes * 60_000)),
            "{behind:?} {ago}"
        );
        if begins.is_none() {
            world.wait_minutes(5);
            accept(&mut world, None);
            assert_eq!(entered(&world), Some(world.now_ms - (5 + ago) * 60_000), "by our clock, however late somebody looks");
        }
    }
}

#[test]
fn a_person_decides() {
    let mut world = World::new();
    world.enter("E1", "12가3456", "ann").expect("room");
    world.wait_minutes(60);
    world.see("out", "12거8456", 70);
    let review = world.book.reviews().next().expect("a doubtful read").id.clone();
    let decision = Decision::Accept { plate: Some(plate("12가3456")), ended_at_ms: None };
    world.take(ParkingEvent::Reviewed { review: review.clone(), decision: decision.clone() }).expect("it waits");
    assert!(world.book.active(&plate("12가3456")).is_none());
    assert!(world.take(ParkingEvent::Reviewed { review, decision }).is_err(), "it was decided");
    world.see("in", "77너1000", 60);
    let review = world.book.reviews().next().expect("a doubtful read").id.clone();
    world.take(ParkingEvent::Reviewed { review, decision: Decision::Dismiss }).expect("it waits");
    assert_eq!((world.book.reviews().count(), world.book.sessions().count()), (0, 1));
}

#[test]
fn a_read_that_resembles_parked_cars_is_accepted_only_as_one_of_them() {
    let mut world = World::new();
    let session = world.enter("E1", "12가3456", "ann").expect("room");
    world.wait_minutes(60);
    world.see("out", "12가8456", 60);
    let review = world.book.reviews().next().expect("a doubtful read").clone();
    assert_eq!(review.reason.sessions(), std::slice::from_ref(&session), "what a person chooses from");
    let accept = |text: Option<&str>| ParkingEvent::Reviewed {
        review: review.id.clone(),
        decision: Decision::Accept { plate: text.map(plate), ended_at_ms: None },
    };
    assert!(matches!(world.take(accept(None)), Err(Refusal::Malformed(_))), "the stay would cost on");
    assert_eq!(world.reasons(), ["alike"]);
    world.take(accept(Some("12가3456"))).expect("it was that one");
    assert!(world.book.session(&session).is_some_and(|session| !session.is_active()));
    assert_eq!(world.reasons(), [""; 0]);
    // A log may have what was taken before: it does what it did.
    world.enter("E1", "12가3456", "ann").expect("room");
    world.wait_minutes(1);
    world.see("out", "12가8456", 60);
    let review = world.book.reviews().next().expect("a doubtful read").id.clone();
    world.force(ParkingEvent::Reviewed { review, decision: Decision::Accept { plate: None, ended_at_ms: None } });
    assert_eq!(world.reasons(), ["exit_without_session"]);
}

#[test]
fn the_drivers_scan_says_where_in_the_lot_the_car_stands() {
    let mut world = World::new();
    world.see("in", "12가3456", 92);
    world.wait_minutes(3);
    let session = world.enter("E2", "12가3456", "ann").expect("room");
    assert_eq!(world.book.session(&session).map(|session| session.area.to_string()), Some("E2".to_owned()));
}

fn accept(world: &mut World, ended_at_ms: Option<i64>) {
    let review = world.book.reviews().next().expect("it waits").id.clone();
    let decision = Decision::Accept { plate: None, ended_at_ms };
    world.take(ParkingEvent::Reviewed { review, decision }).expect("it waits");
}

#[test]
fn a_car_that_comes_again_without_having_left_goes_to_a_person() {
    // (minutes until it comes again, when the person says it had left, the old stay's fee; none: nothing to look at)
    let cases = [(20, None, None), (600, Some(100), Some(10_000)), (600, None, Some(60_000)), (600, Some(9_999), Some(60_000))];
    for (minutes, left_after, fee) in cases {
        let mut world = World::new();
        let in_ms = world.now_ms;
        world.see("in", "12가3456", 92);
        let first = world.book.active(&plate("12가3456")).expect("it came in").id.clone();
        world.wait_minutes(minutes);
        world.see("in", "12가3456", 92);
        let Some(fee) = fee else {
            assert_eq!(world.reasons(), [""; 0], "soon after its entry it is the same entry");
            continue;
        };
        assert_eq!(world.reasons(), ["still_parked"]);
        let seen_ms = world.now_ms;
        world.wait_minutes(5);
        accept(&mut world, left_after.map(|minutes| in_ms + minutes * 60_000));
        let exit = world.book.session(&first).and_then(|session| session.exit.clone()).expect("it was ended");
        assert_eq!((exit.fee.total, exit.by), (won(fee), Means::Manager));
        let anew = world.book.active(&plate("12가3456")).expect("it stands here");
        assert_eq!((anew.entered_at_ms, anew.id == first), (seen_ms, false));
    }
}

#[test]
fn a_car_that_is_parked_elsewhere_is_ended_there_and_begun_here() {
    let mut world = World::new();
    let east = world.enter("E1", "12가3456", "ann").expect("room");
    world.wait_minutes(60);
    world.see("west-in", "12가3456", 92);
    assert_eq!(world.reasons(), ["elsewhere"]);
    world.wait_minutes(30);
    accept(&mut world, None);
    assert!(world.book.session(&east).is_some_and(|session| !session.is_active()));
    let west = world.book.active(&plate("12가3456")).expect("it stands here");
    assert_eq!((west.lot.as_str(), west.entered_at_ms), ("west", world.now_ms - 30 * 60_000));
    assert_eq!(world.reasons(), [""; 0]);
}

fn frame(world: &mut World, camera: &str, id: &str) -> Result<(), Refusal> {
    let frame = GateFrame {
        id: id.to_owned(),
        camera: CameraId::new(camera).expect("an id"),
        seen_at_ms: world.now_ms,
        clock_behind_ms: None,
    };
    world.take(ParkingEvent::Pictured { frame }).map(drop)
}

fn decide(world: &mut World, text: Option<&str>) -> Result<(), Refusal> {
    let review = world.book.reviews().next().expect("a review").id.clone();
    let plate = text.map(plate);
    world.take(ParkingEvent::Reviewed { review, decision: Decision::Accept { plate, ended_at_ms: None } }).map(drop)
}

#[test]
fn a_person_reads_pictures_and_the_stay_goes_from_gate_to_gate() {
    let mut world = World::new();
    let entered_ms = world.now_ms;
    frame(&mut world, "in", "f1").expect("taken");
    frame(&mut world, "in", "f1").expect("a repeat is no mistake");
    assert_eq!(world.reasons(), ["unread"]);
    world.wait_minutes(10);
    assert!(matches!(decide(&mut world, None), Err(Refusal::Malformed(_))), "a picture tells no plate");
    decide(&mut world, Some("12가3456")).expect("typed");
    let stay = world.book.active(&plate("12가3456")).expect("parked");
    assert_eq!(stay.entered_at_ms, entered_ms, "when the camera saw the car, not when somebody looked");
    world.wait_minutes(10);
    frame(&mut world, "out", "f1").expect("another camera's name");
    decide(&mut world, Some("12가3456")).expect("typed");
    assert!(world.book.active(&plate("12가3456")).is_none());
    assert_eq!(world.reasons(), [""; 0]);
}

#[test]
fn pictures_beyond_what_people_look_at_are_refused() {
    let mut world = World::new();
    for number in 0..FRAMES_OPEN_MAX {
        frame(&mut world, "in", &number.to_string()).expect("room for it");
    }
    assert!(matches!(frame(&mut world, "in", "more"), Err(Refusal::TooMany(_))));
    assert!(matches!(frame(&mut world, "nowhere", "1"), Err(Refusal::Unknown { .. })));
    assert!(matches!(frame(&mut world, "in", ""), Err(Refusal::Malformed(_))));
    frame(&mut world, "in", "7").expect("a repeat still is no mistake");
    decide(&mut world, Some("12가3456")).expect("typed");
    frame(&mut world, "in", "more").expect("room again");
}
