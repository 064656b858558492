//! Who has come to the night's lot and who has gone, as the parking core keeps it: drivers enter their cars by the codes and leave, all but those
//! who forget to.

use flight_types::LotId;
use parking_core::Parking;
use parking_core::calendar::MINUTE_MS;
use parking_core::config::{AreaConfig, LotConfig, ParkingConfig};
use parking_core::event::{ParkingEvent, Stamp};
use parking_core::id::{AreaId, PrivateRef, SessionId};
use parking_core::model::{Means, Method};
use parking_core::money::Money;
use parking_core::plate::Plate;
use parking_core::tariff::{FreeFor, Rate, Tariff, TariffKey};

/// Long before the survey.
const FIRST_MS: i64 = 1_767_290_000_000;
const OTHER_LOT: &str = "elsewhere";

/// The name of the lot in the book.
pub fn lot() -> LotId {
    LotId::new("night").expect("an id")
}

struct Evening {
    book: Parking,
    seq: u64,
    now_ms: i64,
    cars: u32,
}

/// The book of an evening on a lot with so many cars in each area: two full areas have a car whose driver did not enter it, and of a half empty one a
/// driver went without saying so. With one car too many there the counts would say that it is the one that has gone. Each area had a guest
/// who left before, and another lot has its own.
pub fn book(cars: &[(String, usize)]) -> Parking {
    let full = cars.iter().enumerate().filter(|(_, (_, count))| *count == 2).map(|(at, _)| at);
    let forgot: Vec<usize> = full.take(2).collect();
    assert_eq!(forgot.len(), 2, "full areas");
    let left = cars.iter().position(|(_, count)| *count == 1).expect("a half empty area");
    let mut evening = Evening { book: Parking::default(), seq: 0, now_ms: FIRST_MS, cars: 0 };
    evening.take(ParkingEvent::Configured { config: Box::new(config(cars)), stays_keep_permits: true });
    for (at, (area, count)) in cars.iter().enumerate() {
        let early = evening.enters(area);
        evening.take(ParkingEvent::Left { session: early, by: Means::Driver });
        let open = count + usize::from(at == left) - usize::from(forgot.contains(&at));
        for _ in 0..open {
            evening.enters(area);
        }
    }
    evening.enters(OTHER_LOT);
    evening.book
}

impl Evening {
    /// Every event is admitted first, as the server does.
    fn take(&mut self, event: ParkingEvent) {
        (self.seq, self.now_ms) = (self.seq + 1, self.now_ms + MINUTE_MS / 2);
        self.book.admit(self.now_ms, &event).expect("it is taken");
        self.book.step(Stamp { seq: self.seq, at_ms: self.now_ms }, &event);
    }

    fn enters(&mut self, area: &str) -> SessionId {
        self.cars += 1;
        let plate = Plate::parse(&format!("{:02}가{:04}", 10 + self.cars % 60, 1_000 + self.cars)).expect("a plate");
        self.take(ParkingEvent::Entered {
            area: AreaId::new(area).expect("an id"),
            plate: plate.clone(),
            driver: Some(PrivateRef::new(format!("driver-{}", self.cars)).expect("an id")),
            secret_sha256: Some(format!("{:064x}", self.cars)),
            method: Method::ByPage,
            by: Means::Driver,
            planned_minutes: None,
            secret_is_one_stay: true,
        });
        self.book.active(&plate).expect("it has just come in").id.clone()
    }
}

fn config(cars: &[(String, usize)]) -> ParkingConfig {
    let tariff = Tariff {
        key: TariffKey { name: "plain".to_owned(), version: 1 },
        currency: "KRW".to_owned(),
        utc_offset_min: 540,
        free_minutes: 10,
        free_for: FreeFor::ShortStays,
        reentry_minutes: 30,
        base: None,
        day: Rate { step_minutes: 10, step_fee: Money::new(1_000).expect("an amount") },
        night: None,
        holidays: None,
        day_cap: None,
        rounding_unit: Money::ZERO,
    };
    let elsewhere = LotId::new(OTHER_LOT).expect("an id");
    let lots = [lot(), elsewhere.clone()].map(|id| LotConfig { name: id.to_string(), id, tariff: tariff.key.clone() });
    let area = |id: &str, lot: LotId| AreaConfig {
        id: AreaId::new(id).expect("an id"),
        lot,
        name: id.to_owned(),
        place: "1 Market Street".to_owned(),
    };
    let areas = cars.iter().map(|(id, _)| area(id, lot())).chain([area(OTHER_LOT, elsewhere)]);
    ParkingConfig { lots: lots.into(), areas: areas.collect(), tariffs: vec![tariff], permits: Vec::new(), cameras: Vec::new() }
}
