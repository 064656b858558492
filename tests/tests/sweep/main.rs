//! The demo's own lot swept as the server plans it, flown by the simulator and looked at through its camera. By day (nearly) every bay is
//! known, both beacons were read, and nothing is found that is not so; by night, when most of it is too dark, nothing wrong is said. In virtual
//! time; what is planned and looked at is the server's own.

mod flight;
mod lot;

use std::time::Instant;

use flight::{Flight, Flown};
use lot::DemoLot;
use survey_plan::Light;
use survey_sightings::Report;

/// Of a lot's bays so many must be known by day, per cent.
const KNOWN_PCT_MIN: usize = 98;
/// Between two frames that are looked at: as the server's watch has them.
const DAY_EACH_MS: u64 = 200;
/// At 1 m/s every other metre is enough to be wrong in.
const NIGHT_EACH_MS: u64 = 2_000;
/// Local solar hours.
const DAY_HOUR: f64 = 11.0;
const NIGHT_HOUR: f64 = 22.0;

/// How many bays are known; none of them wrongly.
fn known(lot: &DemoLot, report: &Report) -> usize {
    let known: Vec<(&str, bool)> = report.bays.iter().filter_map(|bay| Some((bay.bay.as_str(), bay.taken?))).collect();
    let wrong: Vec<&str> = known.iter().filter(|(bay, taken)| lot.stands(bay) != *taken).map(|(bay, _)| *bay).collect();
    assert!(wrong.is_empty(), "{} of {} known bays are told wrongly: {wrong:?}", wrong.len(), known.len());
    known.len()
}

fn swept(lot: &DemoLot, each_ms: u64) -> (Flown, Report) {
    let started = Instant::now();
    let flown = Flight::of(lot, each_ms).fly();
    let report = flown.gathering.report(lot.sessions());
    println!(
        "{} pictures, {:.0} s of flying, {:.1} s of ours",
        flown.gathering.pictures(),
        flown.flown_s,
        started.elapsed().as_secs_f64()
    );
    (flown, report)
}

#[test]
fn a_sweep_by_day_knows_the_demo_s_lot() {
    let lot = DemoLot::new(Light::Day, DAY_HOUR);
    let (flown, report) = swept(&lot, DAY_EACH_MS);
    let known = known(&lot, &report);
    println!("by day {known} of {} bays known, none wrong", report.bays.len());
    assert!(known * 100 >= report.bays.len() * KNOWN_PCT_MIN, "{known} of {} bays are known", report.bays.len());
    assert!(report.unseen.is_empty(), "beacons that no picture shows: {:?}", report.unseen);
    for area in lot.areas() {
        assert!(flown.has_read(&area), "the beacon of {area} was read");
    }
    assert!(report.found.is_empty(), "{:#?}", report.found);
}

#[test]
fn a_sweep_by_night_says_nothing_wrong_of_bays_in_the_dark() {
    let lot = DemoLot::new(Light::Night, NIGHT_HOUR);
    let (_, report) = swept(&lot, NIGHT_EACH_MS);
    let known = known(&lot, &report);
    println!("by night {known} of {} bays known, none wrong", report.bays.len());
    assert!(report.found.is_empty(), "{:#?}", report.found);
}
