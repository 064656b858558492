//! The demo's own lot swept as the server plans it, flown by the simulator and looked at through its camera: by day and, under the lamps that a
//! car park has, by night (nearly) every bay is known, both beacons were read, and nothing is found that is not so. Where the lamps are out
//! nothing is said of bays. In virtual time; what is planned and looked at is the server's own.

mod flight;
mod lot;

use std::time::Instant;

use dispatch_core::survey::SurveyKind;
use flight::{Flight, Flown};
use lot::DemoLot;
use survey_findings::{Kind, Subject};
use survey_plan::Light;
use survey_sightings::Report;

/// Of a lot's bays so many must be known, per cent, and of those said to be taken or being taken so many rightly.
const DAY_PCT_MIN: usize = 98;
const NIGHT_PCT_MIN: usize = 95;
/// Between two frames that are looked at: as the server's watch has them.
const DAY_EACH_MS: u64 = 200;
/// At 1 m/s a picture for each metre shows every bay in five.
const NIGHT_EACH_MS: u64 = 1_000;
/// Every tenth metre is enough to be wrong in.
const DARK_EACH_MS: u64 = 10_000;
/// From the first order to the last landing, seconds: one sortie with its launch, ways and landing. Three with 20 turns over the lot took 638, three with
/// 146 turns 824 (ADR 175); one that turned round for every fourth stop of a lane, 363.
const DAY_FLOWN_S_MAX: f64 = 330.0;
/// What a sortie takes of a battery is reckoned so closely, as a share.
const RECKONED_WITHIN: f64 = 0.1;
/// An audit of two beacons: launch, ways, two looks, landing.
const AUDIT_FLOWN_S_MAX: f64 = 240.0;
/// Local solar hours.
const DAY_HOUR: f64 = 11.0;
const NIGHT_HOUR: f64 = 22.0;

/// What is said of a lot's bays, counted.
#[derive(Debug)]
struct Told {
    bays: usize,
    taken_right: usize,
    taken_wrong: usize,
    free_right: usize,
    free_wrong: usize,
}

impl Told {
    fn of(lot: &DemoLot, flown: &Flown, report: &Report) -> Self {
        let known: Vec<(&str, bool)> = report.bays.iter().filter_map(|bay| Some((bay.bay.as_str(), bay.taken?))).collect();
        let wrong: Vec<&str> = known.iter().filter(|(bay, taken)| lot.stands(bay) != *taken).map(|(bay, _)| *bay).collect();
        println!("{} of {} bays known, told wrongly: {wrong:?}", known.len(), report.bays.len());
        for bay in report.bays.iter().filter(|bay| bay.taken.is_none()) {
            let looks = flown.gathering.seen().iter().flat_map(|picture| &picture.bays).filter(|seen| seen.bay == bay.bay);
            let looks: Vec<String> = looks.map(|seen| format!("{:.2}", seen.taken)).collect();
            println!("unknown {} ({:.1} lx): {}", bay.bay, lot.lux_before(&bay.bay), looks.join(" "));
        }
        let count =
            |said: bool, stands: bool| known.iter().filter(|(bay, taken)| (*taken, lot.stands(bay)) == (said, stands)).count();
        Self {
            bays: report.bays.len(),
            taken_right: count(true, true),
            taken_wrong: count(true, false),
            free_right: count(false, false),
            free_wrong: count(false, true),
        }
    }

    fn known(&self) -> usize {
        self.taken_right + self.taken_wrong + self.free_right + self.free_wrong
    }

    fn wrong(&self) -> usize {
        self.taken_wrong + self.free_wrong
    }

    /// Bays known, precision and recall of those taken.
    fn check(&self, pct_min: usize) {
        assert!(self.known() * 100 >= self.bays * pct_min, "known: {self:?}");
        assert!(self.taken_right * 100 >= (self.taken_right + self.taken_wrong) * pct_min, "precision: {self:?}");
        assert!(self.taken_right * 100 >= (self.taken_right + self.free_wrong) * pct_min, "recall: {self:?}");
        assert!(self.taken_right > 0 && self.free_right > 0, "cars and gaps: {self:?}");
    }
}

fn sees_it_right(lot: &DemoLot, flown: &Flown, report: &Report) {
    assert!(report.unseen.is_empty(), "beacons that no picture shows: {:?}", report.unseen);
    for area in lot.areas() {
        assert!(flown.has_read(&area), "the beacon of {area} was read");
    }
    assert!(report.found.is_empty(), "{:#?}", report.found);
}

fn swept(lot: &DemoLot, each_ms: u64) -> (Flown, Report) {
    surveyed(lot, SurveyKind::Sweep, each_ms)
}

fn surveyed(lot: &DemoLot, kind: SurveyKind, each_ms: u64) -> (Flown, Report) {
    let started = Instant::now();
    let flown = Flight::of(lot, kind, each_ms).fly();
    let report = flown.gathering.report(lot.sessions());
    for taken in &flown.taken {
        assert!((taken.flown_pct / taken.still_pct - 1.0).abs() <= RECKONED_WITHIN, "{taken:?}");
        assert!(taken.flown_pct <= taken.cut_for_pct, "{taken:?}");
    }
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
    assert!(flown.flown_s <= DAY_FLOWN_S_MAX, "{:.0} s of flying", flown.flown_s);
    Told::of(&lot, &flown, &report).check(DAY_PCT_MIN);
    sees_it_right(&lot, &flown, &report);
}

#[test]
fn a_sweep_by_night_knows_it_under_its_lamps() {
    let lot = DemoLot::new(Light::Night, NIGHT_HOUR);
    let (flown, report) = swept(&lot, NIGHT_EACH_MS);
    Told::of(&lot, &flown, &report).check(NIGHT_PCT_MIN);
    sees_it_right(&lot, &flown, &report);
}

#[test]
fn a_sweep_by_night_says_nothing_wrong_where_the_lamps_are_out() {
    let lot = DemoLot::new(Light::Night, NIGHT_HOUR).without_lamps();
    let (flown, report) = swept(&lot, DARK_EACH_MS);
    let told = Told::of(&lot, &flown, &report);
    assert!(told.wrong() == 0 && report.found.is_empty(), "{told:?} {:#?}", report.found);
}

/// Of the beacons alone, each from above: every one is read, one that is gone is missed where it hung, and of cars that it happens to see it says
/// nothing that is not so.
#[test]
fn an_audit_reads_every_beacon_and_misses_the_one_that_is_gone() {
    let lot = DemoLot::new(Light::Day, DAY_HOUR);
    let (flown, report) = surveyed(&lot, SurveyKind::Audit, DAY_EACH_MS);
    sees_it_right(&lot, &flown, &report);
    assert!(flown.flown_s <= AUDIT_FLOWN_S_MAX, "{:.0} s of flying", flown.flown_s);
    let [gone, stays] = lot.areas().try_into().expect("two areas");
    let lot = lot.without_beacon(&gone);
    let (flown, report) = surveyed(&lot, SurveyKind::Audit, DAY_EACH_MS);
    assert!(flown.has_read(&stays) && !flown.has_read(&gone));
    let [found] = report.found.as_slice() else { panic!("one finding: {:#?}", report.found) };
    assert_eq!((found.kind, &found.subject), (Kind::BeaconMissing, &Subject::Beacon(gone.clone())));
    let off_m = found.place.expect("a place").distance_m(&lot.place_of(&gone));
    assert!(off_m <= 0.5 && found.pictures.len() >= 2, "off by {off_m:.2} m: {found:#?}");
}
