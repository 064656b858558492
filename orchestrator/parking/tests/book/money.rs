//! Payments one by one: reservation, keys, proxies, late and reversed money, remission, the statement.

use parking_core::event::{Decision, ParkingEvent, ProviderReport};
use parking_core::id::{PaymentId, RefundId, SessionId};
use parking_core::model::{Payer, PaymentState};
use parking_core::order::Order;
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
        let made = ParkingEvent::ProxyMade { session: session.clone(), token_sha256: digest(token), life_ms };
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
    let remit = |amount| ParkingEvent::Remitted { session: session.clone(), amount: won(amount), reason: "gate".to_owned() };
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
    let remitted = ParkingEvent::Remitted { session: session.clone(), amount: won(4_000), reason: "gate".to_owned() };
    let (refund, _) = refund_in(&world.take(remitted).expect("within the fee"));
    let refused = ProviderReport::RefundRefused { refund, reason: "closed account".to_owned() };
    assert_eq!(world.report(&payment, refused), []);
    assert_eq!(world.reasons(), ["refund_failed"]);
    let review = world.book.reviews().next().expect("it waits").id.clone();
    let again = ParkingEvent::Reviewed { review, decision: Decision::Accept { plate: None } };
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
    let day = "2026-11-27".parse().expect("a date");
    let statement = world.book.statement_csv(&east, day).expect("a lot");
    let expected = "date,time,number,kind,session,plate,payment,account,debit,credit\r\n\
        2026-11-27,10:40:00,1,fee,ps-000002,12가3456,,driver,10000,\r\n\
        2026-11-27,10:40:00,1,fee,ps-000002,12가3456,,revenue,,10000\r\n\
        2026-11-27,10:40:00,2,payment,ps-000002,12가3456,pp-000004,provider,10000,\r\n\
        2026-11-27,10:40:00,2,payment,ps-000002,12가3456,pp-000004,driver,,10000\r\n\
        2026-11-27,10:40:00,3,reversal,ps-000002,12가3456,pp-000004,driver,10000,\r\n\
        2026-11-27,10:40:00,3,reversal,ps-000002,12가3456,pp-000004,provider,,10000\r\n\
        2026-11-27,,,total,,,,,30000,30000\r\n";
    assert_eq!(statement, expected);
    assert_eq!(world.book.statement_csv(&west, day).map(|text| text.lines().count()), Some(2));
    assert_eq!(world.book.statement_csv(&"north".parse().expect("an id"), day), None);
}
