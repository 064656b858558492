//! Two hundred people pay for one car in the same millisecond, and the books balance to the last won.

use std::collections::BTreeMap;

use parking_core::event::{Decision, ParkingEvent};
use parking_core::id::SessionId;
use parking_core::model::{Payer, PaymentState};
use parking_core::order::Order;
use parking_core::{Account, Refusal};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use crate::provider::Provider;
use crate::world::World;

const PAYERS: usize = 200;
/// A refused refund is tried again until the provider gives in; at 80 per cent a try, this many rounds never all fail.
const ROUNDS_MAX: usize = 60;

struct Crowd {
    world: World,
    provider: Provider,
    random: Pcg64Mcg,
    session: SessionId,
    taken: u32,
    refused: u32,
}

impl Crowd {
    /// A coach that stood for two weeks, and 200 codes to pay it with.
    fn new(seed: u64) -> (Self, Vec<Payer>) {
        let mut world = World::new();
        let session = world.enter("E1", "12가3456", "ann").expect("room");
        world.wait_minutes(14 * 24 * 60);
        world.leave(&session);
        let payers = (0..PAYERS).map(|number| world.proxy(&session, &format!("token-{number}"))).collect();
        let random = Pcg64Mcg::seed_from_u64(seed);
        (Self { world, provider: Provider::default(), random, session, taken: 0, refused: 0 }, payers)
    }

    /// Orders leave twice as often as not: a restart gives them again.
    fn carry_out(&mut self, orders: &[Order]) {
        for order in orders {
            for _ in 0..self.random.random_range(1..=2) {
                self.provider.carry_out(self.world.now_ms, order, &mut self.random);
            }
        }
    }

    fn pay(&mut self, by: &Payer, key: &str) {
        let fee = self.world.owed(&self.session).fee.total.minor();
        let amount = self.random.random_range(1..=fee / 60);
        let asked = ParkingEvent::PaymentAsked {
            session: self.session.clone(),
            by: by.clone(),
            amount: crate::world::won(amount),
            instrument: crate::world::private(&format!("card-{key}")),
            single_use: false,
            key: key.to_owned(),
        };
        match self.world.take(asked) {
            Ok(orders) => {
                self.taken += 1;
                self.carry_out(&orders);
            }
            Err(Refusal::NotPayable { payable, .. }) => {
                self.refused += 1;
                assert!(payable.minor() < amount);
            }
            Err(Refusal::ProxySpent(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }

    fn deliver_all(&mut self) {
        while let Some(((at_ms, _), event)) = self.provider.mail.pop_first() {
            self.world.now_ms = self.world.now_ms.max(at_ms);
            let orders = self.world.take(event).expect("a known payment");
            self.carry_out(&orders);
        }
    }

    fn deliver_some(&mut self, count: usize) {
        for _ in 0..count {
            let Some(((at_ms, _), event)) = self.provider.mail.pop_first() else { return };
            self.world.now_ms = self.world.now_ms.max(at_ms);
            let orders = self.world.take(event).expect("a known payment");
            self.carry_out(&orders);
        }
    }

    /// A person lets refused refunds be tried again until nothing waits.
    fn clear_reviews(&mut self) {
        for _ in 0..ROUNDS_MAX {
            self.deliver_all();
            let waiting: Vec<_> = self.world.book.reviews().map(|review| review.id.clone()).collect();
            if waiting.is_empty() {
                return;
            }
            for review in waiting {
                let again = ParkingEvent::Reviewed { review, decision: Decision::Accept { plate: None, ended_at_ms: None } };
                let orders = self.world.take(again).expect("it waits");
                self.carry_out(&orders);
            }
        }
        panic!("refunds are still refused after {ROUNDS_MAX} rounds");
    }

    /// To the last won: the book holds what the provider holds, payment by payment.
    fn check_books(&self) {
        let mut net = 0;
        let mut kept_by_code = BTreeMap::new();
        for payment in self.world.book.payments_of(&self.session) {
            let (captured, returned) = self.provider.truth(&payment.id);
            assert_eq!(payment.state == PaymentState::Captured, captured, "{payment:?}");
            assert_eq!(payment.returned().minor(), returned, "{payment:?}");
            let kept = if captured { payment.amount.minor() - returned } else { 0 };
            net += kept;
            *kept_by_code.entry(payment.by.clone()).or_insert(0) += usize::from(0 < kept);
        }
        assert!(kept_by_code.values().all(|payments| *payments <= 1), "a code has paid twice: {kept_by_code:?}");
        let session = self.world.book.session(&self.session).expect("known");
        let fee = session.exit.as_ref().expect("it left").fee.total.minor();
        assert_eq!(net, self.provider.total());
        assert_eq!(self.world.book.ledger().balance(&Account::Provider), i128::from(net));
        let driver = Account::Driver { session: self.session.clone() };
        assert_eq!(self.world.book.ledger().balance(&driver), i128::from(fee - net));
        assert!(net <= fee, "{net} was paid of {fee}");
        assert_eq!((session.reserved.minor(), session.returning.minor()), (0, 0));
    }
}

#[test]
fn two_hundred_payers_at_once_never_pay_more_than_due() {
    let (mut late, mut reversals, mut refusals, mut refused) = (0, 0, 0, 0);
    for seed in 0..25 {
        let (mut crowd, payers) = Crowd::new(seed);
        for (number, by) in payers.iter().enumerate() {
            crowd.pay(by, &format!("{number}-first"));
        }
        assert!(crowd.taken > 50 && crowd.refused > 50, "seed {seed}: {} taken, {} refused", crowd.taken, crowd.refused);
        // Everybody tries again while answers and webhooks of the first try still come in.
        for (number, by) in payers.iter().enumerate() {
            crowd.deliver_some(3);
            crowd.pay(by, &format!("{number}-second"));
        }
        crowd.clear_reviews();
        crowd.check_books();
        late += crowd.provider.late;
        reversals += crowd.provider.reversals;
        refusals += crowd.provider.refusals;
        refused += crowd.refused;
    }
    assert!(late > 50 && reversals > 50 && refusals > 20 && refused > 1_000, "{late} {reversals} {refusals} {refused}: too tame");
}
