//! A town with two lots, and a book that is checked after every step.

use parking_core::calendar::MINUTE_MS;
use parking_core::config::{AreaConfig, CameraConfig, Direction, LotConfig, ParkingConfig};
use parking_core::event::{ParkingEvent, PlateRead, ProviderReport, Stamp};
use parking_core::id::{AreaId, CameraId, PaymentId, PrivateRef, SessionId};
use parking_core::model::{Means, Method, Payer};
use parking_core::money::Money;
use parking_core::order::Order;
use parking_core::plate::Plate;
use parking_core::tariff::{FreeFor, Rate, Tariff, TariffKey};
use parking_core::{Account, Owed, Parking, Refusal};

/// 2026-11-27 09:00 in Korea.
pub const NINE_MS: i64 = 1_795_737_600_000;

pub fn won(amount: i64) -> Money {
    Money::new(amount).expect("an amount")
}

pub fn plate(text: &str) -> Plate {
    Plate::parse(text).expect("a plate")
}

/// A digest-shaped text of its own for each name.
pub fn digest(name: &str) -> String {
    let bytes = name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("{bytes:0>64}")
}

pub fn private(name: &str) -> PrivateRef {
    PrivateRef::new(name).expect("an id")
}

/// 1,000 won for each begun ten minutes, the first ten for nothing.
pub fn tariff() -> Tariff {
    Tariff {
        key: TariffKey { name: "plain".to_owned(), version: 1 },
        currency: "KRW".to_owned(),
        utc_offset_min: 540,
        free_minutes: 10,
        free_for: FreeFor::ShortStays,
        reentry_minutes: 30,
        base: None,
        day: Rate { step_minutes: 10, step_fee: won(1_000) },
        night: None,
        holidays: None,
        day_cap: None,
        rounding_unit: Money::ZERO,
    }
}

pub fn config() -> ParkingConfig {
    let lot = |id: &str| LotConfig { id: flight_types::LotId::new(id).expect("an id"), name: id.to_owned(), tariff: tariff().key };
    let area = |id: &str, lot: &str| AreaConfig {
        id: AreaId::new(id).expect("an id"),
        lot: flight_types::LotId::new(lot).expect("an id"),
        name: id.to_owned(),
        place: "1 Market Street".to_owned(),
    };
    let camera = |id: &str, area: &str, direction| CameraConfig {
        id: CameraId::new(id).expect("an id"),
        area: AreaId::new(area).expect("an id"),
        direction,
        token_sha256: digest(id),
        review_pct: 40,
        accept_pct: 80,
        certain_pct: 97,
        clock_skew_max_ms: 120_000,
    };
    ParkingConfig {
        lots: vec![lot("east"), lot("west")],
        areas: vec![area("E1", "east"), area("E2", "east"), area("W1", "west")],
        tariffs: vec![tariff()],
        permits: Vec::new(),
        cameras: vec![
            camera("in", "E1", Direction::Entry),
            camera("out", "E1", Direction::Exit),
            camera("west-in", "W1", Direction::Entry),
        ],
    }
}

/// The book with its clock and its log.
pub struct World {
    pub book: Parking,
    pub now_ms: i64,
    pub log: Vec<(Stamp, ParkingEvent)>,
    /// The story goes on for so long that stays are forgotten, and their money with them.
    pub forgets: bool,
    reads: u32,
}

impl World {
    pub fn new() -> Self {
        let mut world = Self { book: Parking::default(), now_ms: NINE_MS, log: Vec::new(), forgets: false, reads: 0 };
        world.take(ParkingEvent::Configured { config: Box::new(config()), stays_keep_permits: true }).expect("a configuration");
        world
    }

    pub fn wait_minutes(&mut self, minutes: i64) {
        self.now_ms += minutes * MINUTE_MS;
    }

    /// Admits, logs, steps, and checks what must always hold.
    pub fn take(&mut self, event: ParkingEvent) -> Result<Vec<Order>, Refusal> {
        self.book.admit(self.now_ms, &event)?;
        Ok(self.force(event))
    }

    /// Steps whether or not it would be admitted.
    pub fn force(&mut self, event: ParkingEvent) -> Vec<Order> {
        let stamp = Stamp { seq: self.log.len() as u64 + 1, at_ms: self.now_ms };
        let orders = self.book.step(stamp, &event);
        self.log.push((stamp, event));
        self.check();
        orders
    }

    fn check(&self) {
        let ledger = self.book.ledger();
        assert_eq!(ledger.out_of_balance(), 0);
        let mut at_provider = 0;
        for session in self.book.sessions() {
            at_provider += i128::from(session.net_paid().minor());
            let under_way = self.book.payments_of(&session.id).filter(|payment| payment.settled_at_ms.is_none());
            let reserved: i64 = under_way.map(|payment| payment.amount.minor()).sum();
            assert_eq!(session.reserved.minor(), reserved, "{} holds what is under way", session.id);
            let fee = session.exit.as_ref().map_or(0, |exit| exit.fee.total.minor() - session.remitted.minor());
            let driver = ledger.balance(&Account::Driver { session: session.id.clone() });
            assert_eq!(driver, i128::from(fee - session.net_paid().minor()), "{}", session.id);
            let blocked = self.book.payments_of(&session.id).any(|payment| payment.refund_blocked);
            if let (Some(_), false) = (&session.exit, blocked) {
                assert!(session.net_paid().less(session.returning).minor() <= fee, "{} has paid more than it owes", session.id);
            }
        }
        assert!(self.forgets || ledger.balance(&Account::Provider) == at_provider);
        self.book.config().lots.iter().for_each(|lot| self.check_totals(&lot.id));
    }

    /// The running totals are what counting would give.
    fn check_totals(&self, lot: &flight_types::LotId) {
        let totals = self.book.totals(lot, self.now_ms);
        let of_lot = || self.book.sessions().filter(|session| session.lot == *lot);
        assert_eq!(totals.active, of_lot().filter(|session| session.is_active()).count());
        assert_eq!(self.book.active_of_lot(lot).count(), totals.active);
        assert_eq!(
            self.book.sessions_of_lot(lot).map(|session| &session.id).collect::<Vec<_>>(),
            of_lot().map(|session| &session.id).collect::<Vec<_>>()
        );
        let dues = of_lot().filter(|session| !session.is_active()).map(|session| self.owed(&session.id).due.minor());
        let dues: Vec<i64> = dues.filter(|due| 0 < *due).collect();
        assert_eq!((totals.unpaid, totals.unpaid_amount), (dues.len(), dues.iter().sum()));
        assert_eq!(self.book.unpaid_of_lot(lot).count(), dues.len());
        assert_eq!(totals.reviews, self.book.reviews().filter(|review| review.lot == *lot).count());
        let of_today = self.book.ledger().journal().filter(|transaction| transaction.lot == *lot);
        let of_today =
            of_today.filter(|transaction| (transaction.at_ms + 540 * MINUTE_MS).div_euclid(86_400_000) == totals.today.0);
        assert_eq!(totals.received_today, of_today.map(parking_core::Transaction::at_provider).sum::<i64>());
    }

    pub fn enter(&mut self, area: &str, text: &str, driver: &str) -> Result<SessionId, Refusal> {
        self.enter_with(area, text, driver, Method::ByPage)
    }

    pub fn enter_with(&mut self, area: &str, text: &str, driver: &str, method: Method) -> Result<SessionId, Refusal> {
        self.take(ParkingEvent::Entered {
            area: AreaId::new(area).expect("an id"),
            plate: plate(text),
            driver: Some(private(driver)),
            secret_sha256: Some(digest(driver)),
            method,
            by: Means::Driver,
            planned_minutes: None,
            secret_is_one_stay: true,
        })?;
        Ok(self.book.active(&plate(text)).expect("it has just come in").id.clone())
    }

    pub fn leave(&mut self, session: &SessionId) -> Vec<Order> {
        self.take(ParkingEvent::Left { session: session.clone(), by: Means::Driver }).expect("a known stay")
    }

    pub fn owed(&self, session: &SessionId) -> Owed {
        self.book.owed(session, self.now_ms).expect("a stay with a price")
    }

    pub fn proxy(&mut self, session: &SessionId, token: &str) -> Payer {
        let made =
            ParkingEvent::ProxyMade { session: session.clone(), token_sha256: digest(token), life_ms: 600_000, pays_once: true };
        self.take(made).expect("leave to pay");
        let proxy = self.book.proxy_view(&digest(token), self.now_ms).expect("it was just made").proxy.id.clone();
        Payer::Proxy { proxy }
    }

    pub fn pay(&mut self, session: &SessionId, by: &Payer, amount: i64, key: &str) -> Result<PaymentId, Refusal> {
        self.take(ParkingEvent::PaymentAsked {
            session: session.clone(),
            by: by.clone(),
            amount: won(amount),
            instrument: private("card"),
            single_use: false,
            key: key.to_owned(),
        })?;
        Ok(self.book.payment_by_key(session, by, key).expect("it was just asked for").id.clone())
    }

    pub fn report(&mut self, payment: &PaymentId, report: ProviderReport) -> Vec<Order> {
        self.take(ParkingEvent::Provider { payment: payment.clone(), report }).expect("a known payment")
    }

    pub fn paid(&mut self, session: &SessionId, by: &Payer, amount: i64, key: &str) -> PaymentId {
        let payment = self.pay(session, by, amount, key).expect("it is due");
        self.report(&payment, ProviderReport::Authorised);
        self.report(&payment, ProviderReport::Captured);
        payment
    }

    pub fn see(&mut self, camera: &str, text: &str, confidence_pct: u8) {
        self.see_at(camera, text, confidence_pct, self.now_ms);
    }

    pub fn see_at(&mut self, camera: &str, text: &str, confidence_pct: u8, seen_at_ms: i64) {
        self.see_by_clock(camera, text, confidence_pct, seen_at_ms, None);
    }

    /// A read of a camera that may say how far its clock is behind.
    pub fn see_by_clock(&mut self, camera: &str, text: &str, confidence_pct: u8, seen_at_ms: i64, clock_behind_ms: Option<i64>) {
        self.reads += 1;
        let camera = CameraId::new(camera).expect("an id");
        let read =
            PlateRead { id: self.reads.to_string(), camera, plate: plate(text), confidence_pct, seen_at_ms, clock_behind_ms };
        self.take(ParkingEvent::Seen { read }).expect("a known camera");
    }

    pub fn reasons(&self) -> Vec<String> {
        let reason = |value: serde_json::Value| value["reason"].as_str().unwrap_or("?").to_owned();
        self.book.reviews().map(|review| reason(serde_json::to_value(&review.reason).expect("plain data"))).collect()
    }
}

impl Drop for World {
    /// Every story of every test replays to the same state.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut again = Parking::default();
        for (stamp, event) in &self.log {
            let text = serde_json::to_string(event).expect("an event is plain data");
            again.step(*stamp, &serde_json::from_str(&text).expect("what was written can be read"));
        }
        assert_eq!(again.state_hash(), self.book.state_hash());
    }
}
