//! What is forgotten, when, and that nobody waits for it: parking shares its loop with calls for help.

use std::time::{Duration, Instant};

use parking_core::Parking;
use parking_core::event::{ParkingEvent, ProviderReport, Stamp};
use parking_core::limits::{FORGOTTEN_AT_ONCE_MAX, KEPT_MS};
use parking_core::model::{Means, Method, Payer};

use crate::world::{NINE_MS, World, config, digest, plate, private, won};

fn plate_text(number: usize) -> String {
    format!("{}가{:04}", 10 + number / 9_000, 1_000 + number % 9_000)
}

/// A car that came, had somebody pay a part by a code, paid the rest, and went.
fn whole_stay(world: &mut World, number: usize) {
    let session = world.enter("E1", &plate_text(number), "ann").expect("room");
    world.wait_minutes(20);
    world.leave(&session);
    let by = world.proxy(&session, &format!("token-{number}"));
    world.paid(&session, &by, 500, "a");
    world.paid(&session, &Payer::Driver, 1_500, "b");
}

#[test]
fn a_stay_is_forgotten_with_all_that_belongs_to_it_and_nothing_else() {
    let mut world = World::new();
    world.forgets = true;
    let untouched = world.book.state_hash();
    whole_stay(&mut world, 0);
    let unpaid = world.enter("E2", "77너1000", "ben").expect("room");
    world.wait_minutes(20);
    world.leave(&unpaid);
    world.now_ms += KEPT_MS + 1;
    let other = world.enter("W1", "88다8888", "eve").expect("room");
    let left: Vec<String> = world.book.sessions().map(|session| session.id.to_string()).collect();
    assert_eq!(left, [unpaid.to_string(), other.to_string()], "what owes is kept, what is settled is not");
    assert_eq!(world.book.payments_from(0, None).count(), 0);
    assert!(world.book.proxy_view(&digest("token-0"), world.now_ms).is_none());
    // Years later the last of it is paid, and nothing is left of anything but the running totals.
    world.leave(&other);
    world.paid(&unpaid, &Payer::Driver, 2_000, "late");
    world.now_ms += KEPT_MS + 1;
    let nobody = ParkingEvent::Provider { payment: "pp-1".to_owned().try_into().expect("an id"), report: ProviderReport::Captured };
    world.force(nobody.clone());
    world.force(nobody);
    assert_eq!(world.book.sessions().count(), 0);
    assert_eq!(world.book.ledger().journal().count(), 0);
    assert_ne!(world.book.state_hash(), untouched);
}

/// A reversal must find its payment for as long as a payer may object, however long the stay was over when it was paid.
#[test]
fn a_stay_is_kept_from_its_last_movement_of_money_on() {
    let mut world = World::new();
    let session = world.enter("E1", "12가3456", "ann").expect("room");
    world.wait_minutes(20);
    world.leave(&session);
    world.now_ms += KEPT_MS - 1_000;
    let payment = world.paid(&session, &Payer::Driver, 2_000, "late");
    world.now_ms += KEPT_MS - 1_000;
    world.report(&payment, ProviderReport::Standing { returned_total: won(2_000) });
    assert_eq!(world.owed(&session).due, won(2_000));
}

/// Operations, not seconds: after a pause of months a turn forgets so many stays and no more, and the next turns the rest.
#[test]
fn a_turn_after_a_long_pause_forgets_only_so_many() {
    let mut world = World::new();
    world.forgets = true;
    let count = 3 * FORGOTTEN_AT_ONCE_MAX;
    (0..count).for_each(|number| whole_stay(&mut world, number));
    world.now_ms += 2 * KEPT_MS;
    for turn in 1..=3 {
        world.enter("W1", &plate_text(20_000 + turn), "eve").expect("room");
        let old = world.book.sessions_of_lot(&"east".parse().expect("an id")).count();
        assert_eq!(old, count - turn * FORGOTTEN_AT_ONCE_MAX);
    }
}

/// A book without the checks of every turn.
#[derive(Clone, Default)]
struct Bare {
    book: Parking,
    seq: u64,
}

impl Bare {
    fn step(&mut self, at_ms: i64, event: &ParkingEvent) {
        self.seq += 1;
        self.book.step(Stamp { seq: self.seq, at_ms }, event);
    }

    /// A car that came and went and owes.
    fn stay(&mut self, number: usize, at_ms: i64) {
        let plate = plate(&plate_text(number));
        let entered = ParkingEvent::Entered {
            area: "E1".to_owned().try_into().expect("an id"),
            plate: plate.clone(),
            driver: Some(private("ann")),
            secret_sha256: None,
            method: Method::ByPage,
            by: Means::Driver,
            planned_minutes: None,
            secret_is_one_stay: true,
        };
        self.step(at_ms, &entered);
        let session = self.book.active(&plate).expect("it came in").id.clone();
        self.step(at_ms + 60 * 60_000, &ParkingEvent::Left { session, by: Means::Driver });
    }

    fn timed(&mut self) -> Duration {
        let began = Instant::now();
        (50_000..50_500).for_each(|number| self.stay(number, NINE_MS + 2 * KEPT_MS));
        began.elapsed()
    }
}

/// The time of a turn does not grow with the past: ten thousand unpaid stays of long ago, each of which was copied at every event, which
/// took a thousand times as long. What is left of a difference is the books' own check of all balances, which only tests make.
#[test]
fn a_turn_costs_the_same_however_much_is_unpaid() {
    let mut fresh = Bare::default();
    fresh.step(NINE_MS, &ParkingEvent::Configured { config: Box::new(config()), stays_keep_permits: true });
    let mut laden = fresh.clone();
    (0..10_000).for_each(|number| laden.stay(number, NINE_MS));
    let (fresh, laden) = (fresh.timed(), laden.timed());
    println!("500 stays: {fresh:?} on an empty book, {laden:?} beside 10,000 unpaid ones");
    assert!(laden < 150 * fresh, "{laden:?} against {fresh:?}");
}
