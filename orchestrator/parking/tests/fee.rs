//! Fees: known cases line by line, and any stay under any tariff against a slow reference that walks minute by minute.

use std::collections::BTreeSet;

use parking_core::calendar::{DAY_MINUTES, Day, MINUTE_MS};
use parking_core::money::Money;
use parking_core::plate::Plate;
use parking_core::tariff::{
    Base, Fee, FeeError, FreeFor, Holidays, LineKind, Night, Permit, Rate, Tariff, TariffKey, fee, fee_after,
};
use proptest::prelude::*;

fn won(amount: i64) -> Money {
    Money::new(amount).expect("an amount")
}

/// A town's lot: ten minutes for nothing, 1,000 won for the first half hour, 500 for each ten minutes, 15,000 a day; by night
/// 300 for half an hour, at most 2,000; Sundays and New Year free.
fn town() -> Tariff {
    Tariff {
        key: TariffKey { name: "town".to_owned(), version: 1 },
        currency: "KRW".to_owned(),
        utc_offset_min: 540,
        free_minutes: 10,
        free_for: FreeFor::ShortStays,
        reentry_minutes: 60,
        base: Some(Base { minutes: 30, fee: won(1_000) }),
        day: Rate { step_minutes: 10, step_fee: won(500) },
        night: Some(Night {
            from_minute: 20 * 60,
            to_minute: 8 * 60,
            rate: Rate { step_minutes: 30, step_fee: won(300) },
            cap: Some(won(2_000)),
        }),
        holidays: Some(Holidays {
            weekdays: BTreeSet::from([6]),
            dates: BTreeSet::from(["2026-01-01".parse().expect("a date")]),
            rate: Rate { step_minutes: 60, step_fee: won(0) },
        }),
        day_cap: Some(won(15_000)),
        rounding_unit: won(100),
    }
}

fn at(date: &str, hour: i64, minute: i64) -> i64 {
    date.parse::<Day>().expect("a date").begins_ms(540) + (hour * 60 + minute) * MINUTE_MS
}

#[test]
fn known_stays() {
    let friday = "2026-11-27";
    let cases = [
        ("leaves within the free minutes", at(friday, 9, 0), at(friday, 9, 10), 0),
        ("one minute too long", at(friday, 9, 0), at(friday, 9, 11), 1_000),
        ("one second into the next step", at(friday, 9, 0), at(friday, 9, 30) + 1_000, 1_500),
        ("two hours", at(friday, 9, 0), at(friday, 11, 0), 1_000 + 9 * 500),
        ("day cap", at(friday, 8, 0), at(friday, 20, 0), 15_000),
        ("evening into night", at(friday, 19, 30), at(friday, 21, 0), 1_000 + 2 * 300),
        ("night cap", at(friday, 20, 0), at(friday, 24, 0), 1_000 + 2_000),
        ("one night, one cap", at("2026-11-26", 20, 0), at(friday, 8, 0), 1_000 + 2_000),
        ("two nights, two caps, and the day's over all of it", at("2026-11-25", 20, 0), at(friday, 8, 0), 1_000 + 2_000 + 15_000),
        ("a step goes on over midnight", at("2026-11-26", 23, 15), at(friday, 0, 15), 1_000 + 300),
        ("Sunday is free after Saturday's night", at("2026-11-28", 23, 0), at("2026-11-29", 23, 0), 1_000 + 300),
        ("New Year is free", at("2026-01-01", 0, 0), at("2026-01-01", 12, 0), 0),
        ("free until midnight, then by the night", at("2026-01-01", 23, 0), at("2026-01-02", 0, 31), 600),
        ("nothing", at(friday, 9, 0), at(friday, 9, 0), 0),
    ];
    for (name, from_ms, to_ms, total) in cases {
        let fee = fee(&town(), None, from_ms, to_ms).expect("a fee");
        assert_eq!(fee.total, won(total), "{name}: {fee:?}");
    }
}

#[test]
fn a_fee_is_explained_line_by_line() {
    let fee = fee(&town(), Some(&resident()), at("2026-11-27", 19, 0), at("2026-11-27", 20, 45)).expect("a fee");
    let lines: Vec<(&LineKind, i64, i64)> = fee.lines.iter().map(|line| (&line.kind, line.minutes, line.amount)).collect();
    let expected = [
        (&LineKind::Base, 30, 1_000),
        (&LineKind::Day { steps: 3, step_fee: won(500) }, 30, 1_500),
        (&LineKind::Night { steps: 2, step_fee: won(300) }, 45, 600),
        (&LineKind::Permit { name: "resident".to_owned(), discount_pct: 33 }, 0, -1_023),
        (&LineKind::Rounding, 0, -77),
    ];
    assert_eq!(lines, expected);
    assert_eq!(fee.total, won(2_000));
}

fn resident() -> Permit {
    Permit {
        plate: Plate::parse("12가3456").expect("a plate"),
        lot: flight_types::LotId::new("east").expect("an id"),
        from_ms: 0,
        until_ms: i64::MAX,
        discount_pct: 33,
        name: "resident".to_owned(),
    }
}

#[test]
fn leaving_and_coming_back_gives_no_new_free_minutes() {
    let (from_ms, everybody) = (at("2026-11-27", 9, 0), Tariff { free_for: FreeFor::Everybody, base: None, ..town() });
    // (tariff, minutes before, minutes now, total)
    let cases = [
        (town(), 0, 10, 0),
        (town(), 4, 6, 0),
        (town(), 4, 7, 1_000),
        (town(), 99, 1, 1_000),
        (everybody.clone(), 0, 20, 500),
        (everybody.clone(), 9, 20, 1_000),
        (everybody, i64::MAX, 20, 1_000),
    ];
    for (tariff, before, minutes, total) in cases {
        let fee = fee_after(&tariff, None, before, from_ms, from_ms + minutes * MINUTE_MS).expect("a fee");
        assert_eq!(fee.total, won(total), "{minutes} after {before}: {fee:?}");
    }
}

#[test]
fn impossible_stays_are_refused() {
    assert_eq!(fee(&town(), None, 1, 0), Err(FeeError::Backwards));
    assert_eq!(fee(&town(), None, i64::MIN, i64::MAX), Err(FeeError::Backwards));
    assert_eq!(fee(&town(), None, 0, i64::MAX), Err(FeeError::TooLong));
    let dear = Tariff { day: Rate { step_minutes: 1, step_fee: won(1_000_000_000_000) }, day_cap: None, ..town() };
    let from_ms = at("2026-11-27", 9, 0);
    assert!(matches!(fee(&dear, None, from_ms, from_ms + 3_600_000), Err(FeeError::Money(_))));
}

#[test]
fn impossible_tariffs_are_refused() {
    type Spoil = fn(&mut Tariff);
    let cases: [(&str, Spoil); 8] = [
        ("name", |tariff| tariff.key.version = 0),
        ("utc_offset_min", |tariff| tariff.utc_offset_min = i32::MAX),
        ("free_minutes", |tariff| tariff.free_minutes = -1),
        ("step_minutes", |tariff| tariff.day.step_minutes = 0),
        ("base.minutes", |tariff| tariff.base = Some(Base { minutes: 0, fee: Money::ZERO })),
        ("night", |tariff| tariff.night.iter_mut().for_each(|night| night.from_minute = 1_440)),
        ("night", |tariff| tariff.night.iter_mut().for_each(|night| night.from_minute = night.to_minute)),
        ("holidays.weekdays", |tariff| tariff.holidays.iter_mut().for_each(|days| days.weekdays.extend([7]))),
    ];
    assert_eq!(town().check(), Ok(()));
    for (key, spoil) in cases {
        let mut tariff = town();
        spoil(&mut tariff);
        assert_eq!(tariff.check().expect_err(key).key, key);
    }
}

/// The slow reference shares nothing with what it checks but the tariff: a taximeter with a calendar of its own, which looks at the
/// clock once a minute and puts in coins. It knows no formula for steps, bands or caps.
struct Meter<'a> {
    tariff: &'a Tariff,
    /// What has been put in today, as it counts against the day's cap.
    today: (i64, i64),
    total: i64,
    /// Which rate is running, and how many minutes of the step are bought already.
    running: Option<(String, i64)>,
    /// What tonight has cost.
    tonight: i64,
}

impl Meter<'_> {
    fn put_in(&mut self, day: i64, coins: i64) {
        if self.today.0 != day {
            self.today = (day, 0);
        }
        let room = self.tariff.day_cap.map_or(i64::MAX, |cap| cap.minor() - self.today.1);
        let taken = coins.min(room);
        self.today.1 += taken;
        self.total += taken;
    }

    fn minute(&mut self, day: i64, minute: i64) {
        let (name, rate, cap) = rate_at(self.tariff, day, minute);
        let bought = match &mut self.running {
            Some((running, left)) if *running == name => left,
            _ => {
                self.tonight = 0;
                &mut self.running.insert((name, 0)).1
            }
        };
        if *bought == 0 {
            *bought = rate.step_minutes;
            let coins = cap.map_or(rate.step_fee.minor(), |cap| rate.step_fee.minor().min(cap - self.tonight));
            self.tonight += coins;
            self.put_in(day, coins);
        }
        if let Some((_, left)) = &mut self.running {
            *left -= 1;
        }
    }
}

fn slow(tariff: &Tariff, permit: Option<&Permit>, before: i64, from_ms: i64, to_ms: i64) -> i64 {
    let mut meter = Meter { tariff, today: (i64::MIN, 0), total: 0, running: None, tonight: 0 };
    let mut minutes = 0;
    while from_ms + minutes * 60_000 < to_ms {
        minutes += 1;
    }
    let mut gift = (tariff.free_minutes - before).max(0);
    if tariff.free_for == FreeFor::ShortStays && gift < minutes {
        gift = 0;
    }
    let mut paid_for = 0;
    for number in gift..minutes {
        let clock_ms = from_ms + number * 60_000 + i64::from(tariff.utc_offset_min) * 60_000;
        let (day, minute) = (clock_ms.div_euclid(86_400_000), clock_ms.rem_euclid(86_400_000) / 60_000);
        if let (Some(base), true) = (tariff.base, number == gift)
            && !is_holiday(tariff, day)
        {
            meter.put_in(day, base.fee.minor());
            paid_for = base.minutes;
        }
        if paid_for > 0 {
            paid_for -= 1;
        } else {
            meter.minute(day, minute);
        }
    }
    let reduced = meter.total - permit.map_or(0, |permit| meter.total * i64::from(permit.discount_pct) / 100);
    reduced - reduced % tariff.rounding_unit.minor().max(1)
}

/// 1970-01-01 was a Thursday, and Mondays are 0.
fn is_holiday(tariff: &Tariff, day: i64) -> bool {
    let weekday = [3, 4, 5, 6, 0, 1, 2][day.rem_euclid(7) as usize];
    tariff.holidays.as_ref().is_some_and(|days| days.weekdays.contains(&weekday) || days.dates.iter().any(|date| date.0 == day))
}

/// The rate's name, unlike every other stretch's, and what it may cost in all.
fn rate_at(tariff: &Tariff, day: i64, minute: i64) -> (String, Rate, Option<i64>) {
    if let (Some(days), true) = (&tariff.holidays, is_holiday(tariff, day)) {
        return ("holiday".to_owned(), days.rate, None);
    }
    // Walks back to where this night began, if it is night.
    if let Some(night) = tariff.night {
        for back in 0..DAY_MINUTES {
            let then = (minute - back).rem_euclid(DAY_MINUTES);
            if then == night.from_minute {
                let evening = if minute < back { day - 1 } else { day };
                return (format!("night {evening}"), night.rate, night.cap.map(Money::minor));
            }
            if then == night.to_minute {
                break;
            }
        }
    }
    ("day".to_owned(), tariff.day, None)
}

prop_compose! {
    fn rates()(step_minutes in 1_i64..=180, step_fee in 0_i64..5_000) -> Rate {
        Rate { step_minutes, step_fee: won(step_fee) }
    }
}

prop_compose! {
    fn nights()(from in 0..DAY_MINUTES, length in 1..DAY_MINUTES, rate in rates(), cap in prop::option::of(0_i64..9_000)) -> Night {
        Night { from_minute: from, to_minute: (from + length) % DAY_MINUTES, rate, cap: cap.map(won) }
    }
}

prop_compose! {
    fn tariffs()(
        offset in -720_i32..=840,
        free_minutes in 0_i64..=90,
        everybody in any::<bool>(),
        base in prop::option::of((1_i64..=1_440, 0_i64..9_000)),
        day in rates(),
        night in prop::option::of(nights()),
        holidays in prop::option::of((prop::collection::btree_set(0_u8..7, 0..3), rates())),
        day_cap in prop::option::of(0_i64..40_000),
        unit in prop::sample::select(vec![0_i64, 1, 10, 100]),
    ) -> Tariff {
        Tariff {
            utc_offset_min: offset,
            free_minutes,
            free_for: if everybody { FreeFor::Everybody } else { FreeFor::ShortStays },
            base: base.map(|(minutes, fee)| Base { minutes, fee: won(fee) }),
            day,
            night,
            holidays: holidays.map(|(weekdays, rate)| Holidays { weekdays, dates: (20_000..20_050).map(Day).collect(), rate }),
            day_cap: day_cap.map(won),
            rounding_unit: won(unit),
            ..town()
        }
    }
}

fn adds_up(fee: &Fee) -> bool {
    let minutes: i64 = fee.lines.iter().map(|line| line.minutes).sum();
    fee.lines.iter().map(|line| line.amount).sum::<i64>() == fee.total.minor() && minutes == fee.minutes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_stay_costs_what_the_slow_reference_says(
        tariff in tariffs(),
        from_ms in 1_700_000_000_000_i64..1_900_000_000_000,
        length_ms in prop_oneof![0_i64..3 * 3_600_000, 0_i64..9 * 86_400_000],
        discount_pct in 0_u8..=100,
        before in prop_oneof![Just(0_i64), 0_i64..100],
    ) {
        prop_assert_eq!(tariff.check(), Ok(()));
        let permit = Permit { discount_pct, ..resident() };
        let permit = (discount_pct > 0).then_some(&permit);
        let fee = fee_after(&tariff, permit, before, from_ms, from_ms + length_ms).expect("a fee");
        prop_assert_eq!(fee.total.minor(), slow(&tariff, permit, before, from_ms, from_ms + length_ms));
        prop_assert!(adds_up(&fee), "{:?}", fee);
    }

    #[test]
    fn staying_longer_never_costs_less(
        tariff in tariffs(),
        from_ms in 1_700_000_000_000_i64..1_900_000_000_000,
        length_ms in 0_i64..5 * 86_400_000,
        more_ms in 0_i64..86_400_000,
    ) {
        let shorter = fee(&tariff, None, from_ms, from_ms + length_ms).expect("a fee");
        let longer = fee(&tariff, None, from_ms, from_ms + length_ms + more_ms).expect("a fee");
        prop_assert!(shorter.total <= longer.total);
    }
}
