//! Fees: known cases line by line, and any stay under any tariff against a slow reference that walks minute by minute.

use std::collections::{BTreeMap, BTreeSet};

use parking_core::calendar::{DAY_MINUTES, Day, MINUTE_MS, local};
use parking_core::money::Money;
use parking_core::plate::Plate;
use parking_core::tariff::{Base, Fee, FeeError, FreeFor, Holidays, LineKind, Night, Permit, Rate, Tariff, TariffKey, fee};
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
        ("Sunday is free after Saturday's night", at("2026-11-28", 23, 0), at("2026-11-29", 23, 0), 1_000 + 300),
        ("New Year is free but for the base", at("2026-01-01", 0, 0), at("2026-01-01", 12, 0), 1_000),
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

/// The slow reference: looks at the clock at each minute's beginning and charges when a new step begins.
fn slow(tariff: &Tariff, permit: Option<&Permit>, from_ms: i64, to_ms: i64) -> i64 {
    let minutes = (to_ms - from_ms + MINUTE_MS - 1) / MINUTE_MS;
    let spared = match tariff.free_for {
        FreeFor::Everybody => tariff.free_minutes,
        FreeFor::ShortStays if minutes <= tariff.free_minutes => return 0,
        FreeFor::ShortStays => 0,
    };
    let mut used: BTreeMap<(Day, &str), i64> = BTreeMap::new();
    let mut owed: BTreeMap<(Day, &str), i64> = BTreeMap::new();
    for minute in spared..minutes {
        let (day, day_ms) = local(from_ms + minute * MINUTE_MS, tariff.utc_offset_min);
        if let Some(base) = tariff.base.filter(|base| minute < spared + base.minutes) {
            if minute == spared {
                owed.insert((day, "base"), base.fee.minor());
            }
            continue;
        }
        let (band, rate) = band(tariff, day, day_ms / MINUTE_MS);
        let count = used.entry((day, band)).or_default();
        if *count % rate.step_minutes == 0 {
            *owed.entry((day, band)).or_default() += rate.step_fee.minor();
        }
        *count += 1;
    }
    if let Some(cap) = tariff.night.and_then(|night| night.cap) {
        owed.iter_mut().filter(|((_, band), _)| *band == "night").for_each(|(_, sum)| *sum = (*sum).min(cap.minor()));
    }
    let mut days: BTreeMap<Day, i64> = BTreeMap::new();
    owed.iter().for_each(|((day, _), sum)| *days.entry(*day).or_default() += sum);
    let total: i64 = days.values().map(|sum| tariff.day_cap.map_or(*sum, |cap| (*sum).min(cap.minor()))).sum();
    let reduced = total - permit.map_or(0, |permit| total * i64::from(permit.discount_pct) / 100);
    reduced - reduced % tariff.rounding_unit.minor().max(1)
}

fn band(tariff: &Tariff, day: Day, minute: i64) -> (&'static str, Rate) {
    if let Some(days) = &tariff.holidays
        && (days.weekdays.contains(&day.weekday()) || days.dates.contains(&day))
    {
        return ("holiday", days.rate);
    }
    match tariff.night {
        Some(night) if night.from_minute < night.to_minute && (night.from_minute..night.to_minute).contains(&minute) => {
            ("night", night.rate)
        }
        Some(night) if night.to_minute < night.from_minute && (night.from_minute <= minute || minute < night.to_minute) => {
            ("night", night.rate)
        }
        _ => ("day", tariff.day),
    }
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
            holidays: holidays.map(|(weekdays, rate)| Holidays { weekdays, dates: BTreeSet::new(), rate }),
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
    ) {
        prop_assert_eq!(tariff.check(), Ok(()));
        let permit = Permit { discount_pct, ..resident() };
        let permit = (discount_pct > 0).then_some(&permit);
        let fee = fee(&tariff, permit, from_ms, from_ms + length_ms).expect("a fee");
        prop_assert_eq!(fee.total.minor(), slow(&tariff, permit, from_ms, from_ms + length_ms));
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
