//! Payments one by one: reservation, keys, proxies, late and reversed money, remission, the statement.

use parking_core::event::{Decision, ParkingEvent, ProviderReport};
use parking_core::id::{PaymentId, RefundId, SessionId};
use parking_core::model::{Payer, PaymentState};
use parking_core::order::{Order, ParkingMessage};
use parking_core::{ProxyEnd, Refusal};

use crate::world::{World, digest, won};

/// A stay that owes 10,000 won.
fn owing() -> (World, SessionId) {
    let mut world = World::new();
    let session = world.enter("E1", "12가3456", "ann").expect("room");
    world.wait_minutes(100);
    world.leave(&session);
    (world, session)
}

fn due(world: &World, session: &SessionId) -> (i64, i64) {
    let owed = world.owed(session);
    (owed.due.minor(), owed.payable.minor())
}

fn refund_in(orders: &[Order]) -> (RefundId, i64) {
    let found = orders.iter().find_map(|order| match order {
        Order::Refund { refund, amount, .. } => Some((refund.clone(), amount.minor())),
        Order::Authorise { .. } | Order::Capture { .. } | Order::Tell { .. } => None,
    });
    found.unwrap_or_else(|| panic!("a refund in {orders:?}"))
}

fn declined() -> ProviderReport {
    ProviderReport::Declined { reason: "limit".to_owned() }
}

#[test]
fn an_amount_is_reserved_before_it_is_charged() {
    let (mut world, session) = owing();
    let first = world.pay(&session, &Payer::Driver, 7_000, "a").expect("due");
    assert_eq!(due(&world, &session), (10_000, 3_000));
    let too_much = world.pay(&session, &Payer::Driver, 3_001, "b");
    assert_eq!(too_much, Err(Refusal::NotPayable { asked: won(3_001), payable: won(3_000) }));
    assert!(matches!(world.pay(&session, &Payer::Driver, 0, "c"), Err(Refusal::NotPayable { .. })));
    world.report(&first, declined());
    assert_eq!(due(&world, &session), (10_000, 10_000), "a declined payment holds nothing");
    let second = world.paid(&session, &Payer::Driver, 10_000, "d");
    assert_eq!(due(&world, &session), (0, 0));
    assert_eq!(world.report(&second, ProviderReport::Captured), [], "told twice, taken once");
    assert_eq!(due(&world, &session), (0, 0));
}

#[test]
fn a_token_that_stands_for_one_payment_pays_no_second() {
    let (mut world, session) = owing();
    let asked = |key: &str, token: &str| ParkingEvent::PaymentAsked {
        session: session.clone(),
        by: Payer::Driver,
        amount: won(4_000),
        instrument: crate::world::private(token),
        single_use: true,
        key: key.to_owned(),
    };
    world.take(asked("a", "window-1")).expect("due");
    assert_eq!(world.take(asked("a", "window-1")), Ok(Vec::new()), "the same payment asked again");
    assert_eq!(world.take(asked("b", "window-1")), Err(Refusal::TokenUsed));
    assert_eq!(due(&world, &session), (10_000, 6_000));
    world.take(asked("b", "window-2")).expect("another token");
    assert_eq!(due(&world, &session), (10_000, 2_000));
}

#[test]
fn the_same_key_is_the_same_payment() {
    let (mut world, session) = owing();
    let first = world.pay(&session, &Payer::Driver, 4_000, "a").expect("due");
    assert_eq!(world.pay(&session, &Payer::Driver, 4_000, "a"), Ok(first));
    assert_eq!(due(&world, &session), (10_000, 6_000));
    assert_eq!(world.pay(&session, &Payer::Driver, 5_000, "a"), Err(Refusal::KeyReused));
    for key in [String::new(), "k".repeat(81)] {
        assert!(matches!(world.pay(&session, &Payer::Driver, 1_000, &key), Err(Refusal::Malformed(_))));
    }
}

#[test]
fn a_payment_code_is_good_for_one_payment() {
    let (mut world, session) = owing();
    let by = world.proxy(&session, "t1");
    let first = world.pay(&session, &by, 4_000, "a").expect("due");
    assert_eq!(world.pay(&session, &by, 1_000, "b"), Err(Refusal::ProxySpent(ProxyEnd::UnderWay)));
    world.report(&first, declined());
    let second = world.paid(&session, &by, 4_000, "c");
    assert_eq!(world.pay(&session, &by, 1_000, "d"), Err(Refusal::ProxySpent(ProxyEnd::Used)));
    assert_eq!(due(&world, &session), (6_000, 6_000), "the remainder stays with the driver");
    let view = world.book.proxy_view(&digest("t1"), world.now_ms).expect("known");
    assert_eq!((view.payment.map(|payment| &payment.id), view.end), (Some(&second), Some(ProxyEnd::Used)));
}

#[test]
fn a_payment_code_ends() {
    let (mut world, session) = owing();
    let (late, revoked) = (world.proxy(&session, "t1"), world.proxy(&session, "t2"));
    let Payer::Proxy { proxy } = revoked.clone() else { panic!("a proxy") };
    world.take(ParkingEvent::ProxyRevoked { proxy }).expect("known");
    assert_eq!(world.pay(&session, &revoked, 1_000, "a"), Err(Refusal::ProxySpent(ProxyEnd::Revoked)));
    world.wait_minutes(10);
    assert_eq!(world.pay(&session, &late, 1_000, "b"), Err(Refusal::ProxySpent(ProxyEnd::Expired)));
    let other = world.enter("E2", "77너1000", "ben").expect("room");
    let fresh = world.proxy(&session, "t3");
    world.wait_minutes(5);
    assert!(matches!(world.pay(&other, &fresh, 1, "c"), Err(Refusal::Unknown { .. })), "it is for its own stay only");
    for (token, life_ms) in [("t3", 600_000), ("t4", 0), ("t5", i64::MAX)] {
        let made = ParkingEvent::ProxyMade { session: session.clone(), token_sha256: digest(token), life_ms, pays_once: true };
        assert!(matches!(world.take(made), Err(Refusal::Malformed(_))), "{token}");
    }
}

#[test]
fn money_that_turns_up_late_goes_back_when_it_is_too_much() {
    let (mut world, session) = owing();
    let late = world.pay(&session, &Payer::Driver, 10_000, "a").expect("due");
    world.report(&late, declined());
    world.paid(&session, &Payer::Driver, 10_000, "b");
    let orders = world.report(&late, ProviderReport::Standing { returned_total: won(0) });
    let (refund, amount) = refund_in(&orders);
    assert_eq!(amount, 10_000);
    let payment = refund_payment(&world, &refund);
    world.report(&payment, ProviderReport::Refunded { refund: refund.clone() });
    world.report(&payment, ProviderReport::Refunded { refund });
    world.report(&payment, ProviderReport::Standing { returned_total: won(10_000) });
    assert_eq!(due(&world, &session), (0, 0));
}

fn refund_payment(world: &World, refund: &RefundId) -> PaymentId {
    world.book.refund(refund).expect("known").payment.clone()
}

#[test]
fn a_reversal_makes_the_fee_due_again_however_often_it_is_told() {
    let (mut world, session) = owing();
    let payment = world.paid(&session, &Payer::Driver, 10_000, "a");
    for total in [4_000, 4_000, 0, 4_000, 99_000, 10_000] {
        world.report(&payment, ProviderReport::Standing { returned_total: won(total) });
    }
    assert_eq!(due(&world, &session), (10_000, 10_000));
    assert_eq!(world.book.payment(&payment).map(|payment| payment.state.clone()), Some(PaymentState::Captured));
    world.paid(&session, &Payer::Driver, 10_000, "b");
}

#[test]
fn a_remission_gives_back_what_was_paid_above_the_rest() {
    let (mut world, session) = owing();
    world.paid(&session, &Payer::Driver, 8_000, "a");
    let remit =
        |amount| ParkingEvent::Remitted { session: session.clone(), amount: won(amount), reason: "gate".to_owned(), key: None };
    assert!(matches!(world.take(remit(10_001)), Err(Refusal::NotPayable { .. })));
    assert!(matches!(world.take(remit(0)), Err(Refusal::NotPayable { .. })));
    assert_eq!(world.take(remit(1_500)), Ok(vec![]));
    assert_eq!(due(&world, &session), (500, 500));
    let orders = world.take(remit(8_500)).expect("within the fee");
    assert_eq!(refund_in(&orders).1, 8_000);
}

#[test]
fn a_refused_refund_waits_for_a_person() {
    let (mut world, session) = owing();
    let payment = world.paid(&session, &Payer::Driver, 10_000, "a");
    let remitted = ParkingEvent::Remitted { session: session.clone(), amount: won(4_000), reason: "gate".to_owned(), key: None };
    let (refund, _) = refund_in(&world.take(remitted).expect("within the fee"));
    let refused = ProviderReport::RefundRefused { refund, reason: "closed account".to_owned() };
    assert_eq!(world.report(&payment, refused), []);
    assert_eq!(world.reasons(), ["refund_failed"]);
    let review = world.book.reviews().next().expect("it waits").id.clone();
    let again = ParkingEvent::Reviewed { review, decision: Decision::Accept { plate: None, ended_at_ms: None } };
    let (refund, amount) = refund_in(&world.take(again).expect("it waits"));
    assert_eq!(amount, 4_000);
    world.report(&payment, ProviderReport::Refunded { refund });
    assert_eq!(due(&world, &session), (0, 0));
}

#[test]
fn a_payment_before_the_exit_counts() {
    let mut world = World::new();
    let session = world.enter("E1", "12가3456", "ann").expect("room");
    world.wait_minutes(30);
    world.paid(&session, &Payer::Driver, 3_000, "a");
    assert_eq!(due(&world, &session), (0, 0));
    world.wait_minutes(10);
    world.leave(&session);
    assert_eq!(due(&world, &session), (1_000, 1_000));
    let early = world.enter("E1", "77너1000", "ben").expect("room");
    world.wait_minutes(30);
    world.paid(&early, &Payer::Driver, 3_000, "b");
    world.see_at("out", "77너1000", 95, world.now_ms - 15 * 60_000);
    let refunds: Vec<_> = world.book.payments_of(&early).flat_map(|payment| world.book.refunds_of(&payment.id)).collect();
    assert_eq!(refunds.iter().map(|refund| refund.amount).collect::<Vec<_>>(), [won(1_000)], "the car had left earlier");
}

#[test]
fn the_statement_of_a_day_balances() {
    let (mut world, session) = owing();
    let payment = world.paid(&session, &Payer::Driver, 10_000, "a");
    world.report(&payment, ProviderReport::Standing { returned_total: won(10_000) });
    let (east, west) = ("east".parse().expect("an id"), "west".parse().expect("an id"));
    let day: parking_core::calendar::Day = "2026-11-27".parse().expect("a date");
    let statement = world.book.statement_csv(&east, day, world.now_ms).expect("a lot");
    let expected = "date,time,number,kind,session,plate,payment,account,debit,credit\r\n\
        2026-11-27,10:40:00,1,fee,ps-000002,12가3456,,driver,10000,\r\n\
        2026-11-27,10:40:00,1,fee,ps-000002,12가3456,,revenue,,10000\r\n\
        2026-11-27,10:40:00,2,payment,ps-000002,12가3456,pp-000004,provider,10000,\r\n\
        2026-11-27,10:40:00,2,payment,ps-000002,12가3456,pp-000004,driver,,10000\r\n\
        2026-11-27,10:40:00,3,reversal,ps-000002,12가3456,pp-000004,driver,10000,\r\n\
        2026-11-27,10:40:00,3,reversal,ps-000002,12가3456,pp-000004,provider,,10000\r\n\
        2026-11-27,,,total,,,,,30000,30000\r\n";
    assert_eq!(statement, expected);
    assert_eq!(world.book.statement_csv(&west, day, world.now_ms).map(|text| text.lines().count()), Ok(2));
    assert!(matches!(world.book.statement_csv(&"north".parse().expect("an id"), day, world.now_ms), Err(Refusal::Unknown { .. })));
    let kept_days = parking_core::limits::KEPT_MS / 86_400_000;
    for (days, refused) in [(0, false), (kept_days, false), (kept_days + 1, true)] {
        let later_ms = day.begins_ms(540) + days * 86_400_000;
        let statement = world.book.statement_csv(&east, day, later_ms);
        assert_eq!(statement == Err(Refusal::Forgotten(day)), refused, "after {days} days");
    }
}

/// A registered driver has left; a payer holds 6,000 of the 10,000.
fn registered_and_a_payer() -> (World, SessionId, PaymentId, PaymentId) {
    let mut world = World::new();
    let method = parking_core::model::Method::Registered { instrument: crate::world::private("billing-1") };
    let session = world.enter_with("E1", "12가3456", "ann", method).expect("room");
    world.wait_minutes(100);
    let by = world.proxy(&session, "t1");
    let pending = world.pay(&session, &by, 6_000, "a").expect("due");
    world.leave(&session);
    let own = world.book.payments_of(&session).last().expect("the card is charged").id.clone();
    assert_eq!(world.book.payment(&own).map(|payment| payment.amount), Some(won(4_000)));
    (world, session, pending, own)
}

#[test]
fn what_a_payer_could_not_pay_is_charged_to_the_registered_card() {
    let (mut world, session, pending, own) = registered_and_a_payer();
    world.report(&own, ProviderReport::Authorised);
    world.report(&own, ProviderReport::Captured);
    let orders = world.report(&pending, declined());
    let charged = orders.iter().any(|order| matches!(order, Order::Authorise { amount, .. } if *amount == won(6_000)));
    assert!(charged, "{orders:?}");
    let told = |order: &Order| matches!(order, Order::Tell { message: ParkingMessage::NotPaidForYou { charged: true, .. }, .. });
    assert!(orders.iter().any(told), "the driver hears of it: {orders:?}");
    let rest = world.book.payments_of(&session).last().expect("the card is charged").id.clone();
    world.report(&rest, ProviderReport::Authorised);
    world.report(&rest, ProviderReport::Captured);
    assert_eq!(due(&world, &session), (0, 0));
}

#[test]
fn a_registered_card_that_is_refused_is_not_charged_again_and_again() {
    let (mut world, session, pending, own) = registered_and_a_payer();
    world.report(&own, declined());
    assert_eq!(world.book.payments_of(&session).count(), 2);
    let orders = world.report(&pending, declined());
    assert!(orders.iter().any(|order| matches!(order, Order::Authorise { amount, .. } if *amount == won(10_000))), "{orders:?}");
    let last = world.book.payments_of(&session).last().expect("charged once more").id.clone();
    let orders = world.report(&last, declined());
    assert!(orders.iter().all(|order| matches!(order, Order::Tell { .. })), "{orders:?}");
    assert_eq!(due(&world, &session), (10_000, 10_000));
    let by_page = world.pay(&session, &Payer::Driver, 1_000, "exit-9");
    assert!(matches!(by_page, Err(Refusal::Malformed(_))), "nobody else's key may pass for a charge at the exit");
}

#[test]
fn whose_money_turns_up_late_gets_it_back() {
    let (mut world, session) = owing();
    let (early, late) = (world.proxy(&session, "t1"), world.proxy(&session, "t2"));
    let lost = world.pay(&session, &early, 10_000, "a").expect("due");
    world.report(&lost, declined());
    let paid = world.paid(&session, &late, 10_000, "b");
    let orders = world.report(&lost, ProviderReport::Standing { returned_total: won(0) });
    let (refund, amount) = refund_in(&orders);
    assert_eq!((refund_payment(&world, &refund), amount), (lost, 10_000), "not whoever paid when it was due");
    assert_eq!(world.book.refunds_of(&paid).count(), 0);
}

#[test]
fn the_same_remission_asked_twice_is_one() {
    let (mut world, session) = owing();
    let remit = |key: &str, amount| ParkingEvent::Remitted {
        session: session.clone(),
        amount: won(amount),
        reason: "gate".to_owned(),
        key: Some(key.to_owned()),
    };
    for _ in 0..3 {
        world.take(remit("a", 6_000)).expect("within the fee, or known");
    }
    assert_eq!(due(&world, &session), (4_000, 4_000));
    assert!(matches!(world.take(remit("b", 6_000)), Err(Refusal::NotPayable { .. })));
    assert!(matches!(world.take(remit("", 1)), Err(Refusal::Malformed(_))));
}

#[test]
fn tries_of_others_are_bounded_and_never_count_against_the_driver() {
    use parking_core::limits::{OTHERS_PAYMENTS_MAX, PROXY_TRIES_MAX};
    let (mut world, session) = owing();
    let codes = OTHERS_PAYMENTS_MAX as usize / PROXY_TRIES_MAX;
    for code in 0..codes {
        let by = world.proxy(&session, &format!("t{code}"));
        for number in 0..PROXY_TRIES_MAX {
            let payment = world.pay(&session, &by, 1_000, &number.to_string()).expect("due");
            world.report(&payment, declined());
        }
        let more = world.pay(&session, &by, 1_000, "more");
        assert_eq!(more, Err(Refusal::ProxySpent(ProxyEnd::TriedOut)));
    }
    let by = world.proxy(&session, "last");
    assert!(matches!(world.pay(&session, &by, 1_000, "a"), Err(Refusal::TooMany(_))), "all of them together");
    world.paid(&session, &Payer::Driver, 10_000, "own");
    assert_eq!(due(&world, &session), (0, 0));
}

/// A payer tried, was told no, and tried again; both times the money was taken.
fn paid_twice_by_one_code(mut world: World, session: &SessionId, by: &Payer) -> (World, PaymentId, Vec<Order>) {
    let lost = world.pay(session, by, 1_000, "a").expect("due");
    world.report(&lost, declined());
    world.paid(session, by, 1_000, "b");
    let orders = world.report(&lost, ProviderReport::Standing { returned_total: won(0) });
    (world, lost, orders)
}

#[test]
fn one_code_pays_once_however_late_the_first_try_turns_up() {
    let (mut world, session) = owing();
    let by = world.proxy(&session, "t1");
    let (mut world, lost, orders) = paid_twice_by_one_code(world, &session, &by);
    let (refund, amount) = refund_in(&orders);
    assert_eq!((refund_payment(&world, &refund), amount), (lost.clone(), 1_000), "in full, although more is owed");
    let told = |order: &Order| matches!(order, Order::Tell { message: ParkingMessage::PaidForYou { .. }, .. });
    assert!(!orders.iter().any(told), "nothing more was paid for the driver: {orders:?}");
    assert_eq!(due(&world, &session), (9_000, 9_000), "what goes back pays for nothing");
    let refused = ProviderReport::RefundRefused { refund, reason: "closed".to_owned() };
    world.report(&lost, refused);
    let review = world.book.reviews().next().expect("it waits").id.clone();
    let again = ParkingEvent::Reviewed { review, decision: Decision::Accept { plate: None, ended_at_ms: None } };
    let (refund, amount) = refund_in(&world.take(again).expect("it waits"));
    world.report(&lost, ProviderReport::Refunded { refund });
    assert_eq!((amount, due(&world, &session)), (1_000, (9_000, 9_000)));
}

#[test]
fn a_try_that_turns_up_while_another_is_under_way_goes_back() {
    let (mut world, session) = owing();
    let by = world.proxy(&session, "t1");
    let lost = world.pay(&session, &by, 1_000, "a").expect("due");
    world.report(&lost, declined());
    let second = world.pay(&session, &by, 2_000, "b").expect("due");
    let orders = world.report(&lost, ProviderReport::Captured);
    assert_eq!(refund_payment(&world, &refund_in(&orders).0), lost);
    world.report(&second, ProviderReport::Authorised);
    world.report(&second, ProviderReport::Captured);
    assert_eq!(due(&world, &session), (8_000, 8_000));
}

#[test]
fn a_try_that_turns_up_alone_stands_and_uses_the_code_up() {
    let (mut world, session) = owing();
    let by = world.proxy(&session, "t1");
    let tries: Vec<_> = ["a", "b"]
        .map(|key| {
            let payment = world.pay(&session, &by, 1_000, key).expect("due");
            world.report(&payment, declined());
            payment
        })
        .into();
    world.report(&tries[0], ProviderReport::Standing { returned_total: won(0) });
    assert_eq!(due(&world, &session), (9_000, 9_000));
    assert_eq!(world.pay(&session, &by, 1_000, "c"), Err(Refusal::ProxySpent(ProxyEnd::Used)));
    let view = world.book.proxy_view(&digest("t1"), world.now_ms).expect("known");
    assert_eq!(view.payment.map(|payment| &payment.id), Some(&tries[0]), "the payer sees the receipt");
}

#[test]
fn a_code_from_a_log_of_before_keeps_the_rule_it_was_made_by() {
    let (mut world, session) = owing();
    let made =
        ParkingEvent::ProxyMade { session: session.clone(), token_sha256: digest("old"), life_ms: 600_000, pays_once: false };
    let mut text = serde_json::to_value(&made).expect("plain data");
    text.as_object_mut().expect("an object").remove("pays_once");
    world.take(serde_json::from_value(text).expect("as it was written then")).expect("leave to pay");
    let proxy = world.book.proxies_of(&session).next().expect("made").id.clone();
    let (world, _, orders) = paid_twice_by_one_code(world, &session, &Payer::Proxy { proxy });
    assert!(!orders.iter().any(|order| matches!(order, Order::Refund { .. })), "the log tells of no refund: {orders:?}");
    assert_eq!(due(&world, &session), (8_000, 8_000));
}
