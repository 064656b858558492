//! The demo's own lot swept as the server plans it, flown by the simulator and looked at through its camera: at the end (nearly) every bay is
//! known, both beacons were read, and nothing is found that is not so. In virtual time; what is planned and looked at is the server's own.

mod flight;
mod lot;

use std::time::Instant;

use flight::Flight;
use lot::DemoLot;
use survey_sightings::Occupancy;

/// Of a lot's bays so many must be known, per cent.
const KNOWN_PCT_MIN: usize = 98;
/// Between two frames that are looked at: as the server's watch has them.
const EACH_MS: u64 = 200;
/// Local solar hour.
const HOUR: f64 = 11.0;

#[test]
fn a_sweep_by_day_knows_the_demo_s_lot() {
    let lot = DemoLot::new(HOUR);
    let started = Instant::now();
    let flown = Flight::of(&lot, EACH_MS).fly();
    let report = flown.gathering.report(lot.sessions());
    let known: Vec<(&Occupancy, bool)> = report.bays.iter().filter_map(|bay| Some((bay, bay.taken?))).collect();
    let wrong: Vec<&str> =
        known.iter().filter(|(bay, taken)| lot.stands(&bay.bay) != *taken).map(|(bay, _)| bay.bay.as_str()).collect();
    let never = report.bays.iter().filter(|bay| bay.seen_ms.is_none()).count();
    println!(
        "{} of {} bays known, {never} never seen, {wrong:?} wrong; unseen beacons {:?}; {} pictures; {:.0} s of flying, {:.1} s of ours",
        known.len(),
        report.bays.len(),
        report.unseen,
        flown.gathering.pictures(),
        flown.flown_s,
        started.elapsed().as_secs_f64()
    );
    assert!(known.len() * 100 >= report.bays.len() * KNOWN_PCT_MIN, "{} of {} bays are known", known.len(), report.bays.len());
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(report.unseen.is_empty(), "beacons that no picture shows: {:?}", report.unseen);
    for area in lot.areas() {
        assert!(flown.has_read(&area), "the beacon of {area} was read");
    }
    assert!(report.found.is_empty(), "{:#?}", report.found);
}
