//! Entry, extension, exit, one stay for each car.

use parking_core::Refusal;
use parking_core::config::ConfigError;
use parking_core::event::ParkingEvent;
use parking_core::id::SessionId;
use parking_core::model::{Means, Method};
use parking_core::order::{Order, ParkingMessage};

use crate::world::{World, config, plate, private, won};

#[test]
fn a_plain_stay() {
    let mut world = World::new();
    let session = world.enter("E1", "12 가 3456", "ann").expect("room");
    assert_eq!(world.owed(&session).payable, won(0));
    world.wait_minutes(11);
    assert_eq!(world.owed(&session).payable, won(2_000));
    let orders = world.leave(&session);
    let told = Order::Tell {
        to: private("ann"),
        message: ParkingMessage::ExitComplete {
            session: session.clone(),
            plate: "**가**56".to_owned(),
            fee: won(2_000),
            due: won(2_000),
        },
    };
    assert_eq!(orders, [told]);
    world.wait_minutes(600);
    assert_eq!(world.owed(&session).due, won(2_000), "a stay that is over costs no more");
    assert_eq!(world.leave(&session), [], "a second exit changes nothing");
}

#[test]
fn one_stay_for_each_car() {
    let mut world = World::new();
    let first = world.enter("E1", "12가3456", "ann").expect("room");
    for area in ["E1", "E2", "W1"] {
        assert_eq!(world.enter(area, "12가3456", "ben"), Err(Refusal::AlreadyParked), "{area}");
    }
    world.leave(&first);
    assert!(world.enter("W1", "12가3456", "ben").is_ok());
}

#[test]
fn requests_that_make_no_sense_say_why() {
    let mut world = World::new();
    assert!(matches!(world.enter("X9", "12가3456", "ann"), Err(Refusal::Unknown { kind: "parking area", .. })));
    let session = world.enter("E1", "12가3456", "ann").expect("room");
    for minutes in [0, -5, 1_441, i64::MAX] {
        let extended = ParkingEvent::Extended { session: session.clone(), minutes };
        assert_eq!(world.take(extended).expect_err("out of range"), Refusal::Minutes, "{minutes}");
    }
    let nobody = SessionId::new("ps-9").expect("an id");
    let left = ParkingEvent::Left { session: nobody, by: Means::Driver };
    assert!(matches!(world.take(left), Err(Refusal::Unknown { .. })));
    world.leave(&session);
    assert_eq!(world.take(ParkingEvent::Extended { session, minutes: 5 }).expect_err("over"), Refusal::Over);
}

#[test]
fn an_extension_adds_to_the_plan() {
    let mut world = World::new();
    let session = world.enter("E1", "12가3456", "ann").expect("room");
    for _ in 0..2 {
        world.take(ParkingEvent::Extended { session: session.clone(), minutes: 30 }).expect("still there");
    }
    let planned_ms = world.book.session(&session).and_then(|session| session.planned_until_ms);
    assert_eq!(planned_ms, Some(world.now_ms + 60 * 60_000));
}

#[test]
fn a_stay_keeps_the_tariff_it_began_with() {
    let mut world = World::new();
    let session = world.enter("E1", "12가3456", "ann").expect("room");
    let mut dearer = config();
    dearer.tariffs[0].day.step_fee = won(9_000);
    let changed = ParkingEvent::Configured { config: Box::new(dearer.clone()), stays_keep_permits: true };
    assert!(matches!(world.take(changed), Err(Refusal::Config(ConfigError::TariffChanged(_)))));
    dearer.tariffs[0].key.version = 2;
    dearer.lots.iter_mut().for_each(|lot| lot.tariff.version = 2);
    world.take(ParkingEvent::Configured { config: Box::new(dearer), stays_keep_permits: true }).expect("a new version");
    let later = world.enter("E1", "34나5678", "ben").expect("room");
    world.wait_minutes(20);
    assert_eq!((world.owed(&session).due, world.owed(&later).due), (won(2_000), won(18_000)));
}

#[test]
fn registered_means_charged() {
    let mut world = World::new();
    let method = Method::Registered { instrument: private("billing-1") };
    let session = world.enter_with("E1", "12가3456", "ann", method).expect("room");
    world.wait_minutes(30);
    let orders = world.leave(&session);
    assert!(matches!(&orders[0], Order::Authorise { amount, .. } if *amount == won(3_000)), "{orders:?}");
    assert_eq!(world.owed(&session).payable, won(0), "what is being charged cannot be paid twice");
}

#[test]
fn a_permit_is_taken_off() {
    let mut world = World::new();
    let mut with_permit = config();
    with_permit.permits.push(parking_core::tariff::Permit {
        plate: plate("12가3456"),
        lot: flight_types::LotId::new("east").expect("an id"),
        from_ms: 0,
        until_ms: i64::MAX,
        discount_pct: 50,
        name: "resident".to_owned(),
    });
    world.take(ParkingEvent::Configured { config: Box::new(with_permit), stays_keep_permits: true }).expect("a configuration");
    let east = world.enter("E1", "12가3456", "ann").expect("room");
    world.wait_minutes(30);
    assert_eq!(world.owed(&east).due, won(1_500));
}

#[test]
fn configurations_that_do_not_fit_are_refused() {
    type Spoil = fn(&mut parking_core::config::ParkingConfig);
    let cases: [(&str, Spoil); 6] = [
        ("stands there twice", |config| config.areas.push(config.areas[0].clone())),
        ("tariff none v1", |config| config.lots[0].tariff.name = "none".to_owned()),
        ("names lot", |config| drop(config.lots.remove(0))),
        ("review_pct <= accept_pct", |config| config.cameras[0].review_pct = 99),
        ("64 hexadecimal", |config| config.cameras[0].token_sha256 = "secret".to_owned()),
        ("step_minutes", |config| config.tariffs[0].day.step_minutes = 0),
    ];
    for (message, spoil) in cases {
        let mut spoiled = config();
        spoil(&mut spoiled);
        let error = spoiled.check().expect_err(message).to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn an_entry_told_again_by_the_same_phone_is_the_same_stay() {
    let mut world = World::new();
    let first = world.enter("E1", "12가3456", "ann").expect("room");
    world.wait_minutes(1);
    let before = world.log.len();
    assert_eq!(world.enter("E1", "12가3456", "ann"), Ok(first.clone()), "the answer was lost");
    assert_eq!((world.book.sessions().count(), world.log.len()), (1, before + 1));
    assert_eq!(world.enter("E1", "12가3456", "ben"), Err(Refusal::AlreadyParked), "another phone");
    world.leave(&first);
}

/// An event as a log has it that was written before a rule was decided.
fn of_before(event: &ParkingEvent, rule: &str) -> ParkingEvent {
    let mut text = serde_json::to_value(event).expect("plain data");
    text.as_object_mut().expect("an object").remove(rule).expect("a rule of the event");
    serde_json::from_value(text).expect("as it was written then")
}

#[test]
fn a_plate_set_right_after_a_lost_answer_is_the_same_stay() {
    // (minutes between the two entries, one stay?)
    for (minutes, one) in [(0, true), (60, true), (61, false)] {
        let mut world = World::new();
        let began_ms = world.now_ms;
        let first = world.enter("E1", "12가3456", "ann").expect("room");
        world.wait_minutes(minutes);
        let second = world.enter("E2", "12가3465", "ann").expect("the plate is set right");
        assert_eq!((first == second, world.book.sessions().count() == 1), (one, one), "after {minutes} minutes");
        assert_eq!(world.book.active(&plate("12가3456")).is_none(), one, "nothing runs on under the wrong plate");
        assert_eq!(
            world.book.active(&plate("12가3465")).map(|session| session.entered_at_ms == began_ms),
            Some(one || minutes == 0)
        );
    }
    let mut world = World::new();
    let first = world.enter("E1", "12가3456", "ann").expect("room");
    assert_ne!(world.enter("W1", "12가3465", "ann"), Ok(first), "another lot, another stay");
    world.enter("E1", "77너1000", "ben").expect("room");
    assert_eq!(world.enter("E1", "77너1000", "ann"), Err(Refusal::AlreadyParked), "another driver's car");
}

#[test]
fn a_plate_set_right_joins_the_stay_that_the_gate_began() {
    let mut world = World::new();
    world.see("in", "12가3456", 99);
    let gate = world.book.active(&plate("12가3456")).expect("it came in").id.clone();
    world.wait_minutes(3);
    let typed = world.enter("E1", "77너1000", "ann").expect("room");
    assert_ne!(typed, gate);
    assert_eq!(world.enter("E1", "12가3456", "ann"), Ok(gate.clone()));
    assert_eq!(world.book.sessions().map(|session| session.id.clone()).collect::<Vec<_>>(), [gate], "the slip is no stay");
}

#[test]
fn a_plate_set_right_has_its_own_free_minutes() {
    let mut world = World::new();
    let other = world.enter("E1", "12가3456", "ben").expect("room");
    world.wait_minutes(9);
    world.leave(&other);
    world.enter("E1", "12가3456", "ann").expect("another one's plate by a slip");
    let session = world.enter("E1", "12가3465", "ann").expect("set right");
    world.wait_minutes(9);
    assert_eq!(world.owed(&session).due, won(0));
}

#[test]
fn one_secret_made_two_stays_in_logs_of_before() {
    let mut world = World::new();
    world.enter("E1", "12가3456", "ann").expect("room");
    let mut entered = world.log.last().expect("an entry").1.clone();
    if let ParkingEvent::Entered { plate: typed, .. } = &mut entered {
        *typed = plate("12가3465");
    }
    world.take(of_before(&entered, "secret_is_one_stay")).expect("room");
    assert_eq!(world.book.sessions().count(), 2, "payments of the second are in that log");
}

#[test]
fn a_stay_keeps_the_permit_that_held_when_it_began() {
    let mut with_permit = config();
    with_permit.permits.push(parking_core::tariff::Permit {
        plate: plate("12가3456"),
        lot: flight_types::LotId::new("east").expect("an id"),
        from_ms: 0,
        until_ms: i64::MAX,
        discount_pct: 50,
        name: "resident".to_owned(),
    });
    let configured = |config: &parking_core::config::ParkingConfig| ParkingEvent::Configured {
        config: Box::new(config.clone()),
        stays_keep_permits: true,
    };
    let (none, some) = (configured(&config()), configured(&with_permit));
    let old_none = of_before(&none, "stays_keep_permits");
    // (before the entry, while the car is parked, its fee of half an hour)
    for (before, meanwhile, fee) in [(&some, &none, 1_500), (&none, &some, 3_000), (&some, &old_none, 3_000)] {
        let mut world = World::new();
        world.take(before.clone()).expect("a configuration");
        let session = world.enter("E1", "12가3456", "ann").expect("room");
        world.wait_minutes(15);
        world.take(meanwhile.clone()).expect("a configuration");
        world.take(meanwhile.clone()).expect("a configuration");
        world.wait_minutes(15);
        assert_eq!(world.owed(&session).due, won(fee), "{meanwhile:?}");
        world.leave(&session);
        let next = world.enter("E1", "12가3456", "ann").expect("room");
        world.wait_minutes(30);
        let today = if *meanwhile == some { 1_500 } else { 3_000 };
        assert_eq!(world.owed(&next).fee.total, won(today), "a new stay has today's permits: {meanwhile:?}");
    }
}

#[test]
fn leaving_and_scanning_again_gives_no_new_free_minutes() {
    // (minutes outside, what the second stay of nine minutes costs)
    for (outside, fee) in [(0, 1_000), (30, 1_000), (31, 0)] {
        let mut world = World::new();
        let first = world.enter("E1", "12가3456", "ann").expect("room");
        world.wait_minutes(9);
        world.leave(&first);
        assert_eq!(world.owed(&first).due, won(0));
        world.wait_minutes(outside);
        let second = world.enter("E2", "12가3456", "ann").expect("room");
        world.wait_minutes(9);
        world.leave(&second);
        assert_eq!(world.owed(&second).due, won(fee), "after {outside} minutes");
    }
    let mut world = World::new();
    let first = world.enter("E1", "12가3456", "ann").expect("room");
    world.wait_minutes(9);
    world.leave(&first);
    let west = world.enter("W1", "12가3456", "ann").expect("room");
    world.wait_minutes(9);
    assert_eq!(world.owed(&west).due, won(0), "another lot's minutes are its own");
}

#[test]
fn a_stay_without_a_price_is_ended_by_a_manager_only() {
    let mut world = World::new();
    let session = world.enter("E1", "12가3456", "ann").expect("room");
    world.wait_minutes(11 * 366 * 24 * 60);
    let left = |by| ParkingEvent::Left { session: session.clone(), by };
    assert!(matches!(world.take(left(Means::Driver)), Err(Refusal::Fee(_))));
    world.take(left(Means::Manager)).expect("somebody must be able to");
    assert!(world.book.active(&plate("12가3456")).is_none());
    assert_eq!(world.owed(&session).due, won(0));
}

#[test]
fn a_plate_with_and_without_its_region_is_one_car_on_one_lot() {
    let mut world = World::new();
    world.see("in", "서울32아1234", 99);
    world.wait_minutes(5);
    let session = world.enter("E2", "32아1234", "ann").expect("the camera's stay");
    assert_eq!(world.book.sessions().count(), 1, "one car, one stay");
    assert_eq!(world.enter("E1", "서울32아1234", "ben"), Err(Refusal::AlreadyParked));
    world.wait_minutes(20);
    world.see("out", "서울32아1234", 99);
    assert!(world.book.session(&session).is_some_and(|session| !session.is_active()));
    // On another lot it may be the car of another region.
    let mut world = World::new();
    world.enter("E1", "서울32아1234", "ann").expect("room");
    world.enter("W1", "32아1234", "ben").expect("room");
    assert_eq!(world.book.sessions().count(), 2);
}
