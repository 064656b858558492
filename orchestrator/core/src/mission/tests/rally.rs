//! Landings at rally points: which ones a flight may use, who sends it there, and what is told.

use flight_types::{FlightEvent, FlightPhase, GeoPoint, RallyPointId, Shortfall};

use super::bench::*;
use crate::config::{Approval, SiteConfig, SiteRallyPoint, ZoneHours};
use crate::event::{Actor, Event, Role};
use crate::refusal::Refusal;

fn id(name: &str) -> RallyPointId {
    RallyPointId::new(name).expect("an id")
}

fn rally_point(name: &str, position: GeoPoint) -> SiteRallyPoint {
    SiteRallyPoint { id: id(name), name: format!("the {name}"), position, ground_amsl_m: 28.0 }
}

fn site_with_rally() -> SiteConfig {
    let rally_points = vec![rally_point("yard", at(100.0, 250.0)), rally_point("market", at(300.0, 0.0))];
    SiteConfig { rally_points, ..site(Approval::Automatic) }
}

fn recall(rally: Option<&str>) -> Event {
    Event::RecallRequested { drone: drone("d1"), rally: rally.map(id) }
}

fn diverted(shortfall: Option<Shortfall>) -> FlightEvent {
    FlightEvent::Diverted { rally: id("yard"), shortfall }
}

/// The lines told from this one on.
fn since(bench: &Bench, begin: usize) -> String {
    bench.log[begin..].to_owned()
}

#[test]
fn a_flight_knows_the_rally_points_that_are_legal_for_it() {
    let mut site = site_with_rally();
    // The market closes at noon; the bench's clock says whether it is closed now.
    let hours = |from_min, until_min| Some(ZoneHours { weekdays: None, from_min, until_min, utc_offset_min: 540 });
    let names = |site: &SiteConfig| {
        let bench = called(site.clone());
        let mission = bench.core.missions().next().expect("a flight").clone();
        let rally = mission.plan.rally.expect("rally points");
        assert!(rally.power.second_pct > 0.0 && rally.power.upright_s > 20.0, "{:?}", rally.power);
        assert!(rally.points.iter().all(|point| point.ground_m == -2.0), "over its pad");
        rally.points.iter().map(|point| point.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&site), ["yard", "market"]);
    let closed = crate::config::NoFlyZone { hours: hours(0, 1_440), ..zone("fair", square(300.0, 0.0, 60.0)) };
    site.no_fly_zones = vec![closed];
    assert_eq!(names(&site), ["yard"]);
}

#[test]
fn an_operator_sends_a_flight_to_a_rally_point_and_home_after_all() {
    let mut bench = on_scene(site_with_rally());
    let begin = bench.log.len();
    bench.operator(recall(Some("yard")));
    bench.report("d1", diverted(None));
    bench.operator(recall(None));
    bench.operator(recall(Some("market")));
    bench.reach("d1", &[FlightPhase::Returning]);
    bench.report("d1", FlightEvent::Diverted { rally: id("market"), shortfall: None });
    bench.reach("d1", &[FlightPhase::Landed]);
    let told = since(&bench, begin);
    let expected = [
        "d1: recall to yard\n",
        "d1: recall (0, 0)\n",
        "d1: recall to market\n",
        "StandsAtRallyPoint { rally_point: \"the market\" }",
    ];
    let mut rest = told.as_str();
    for line in expected {
        let at = rest.find(line).unwrap_or_else(|| panic!("{line} is missing or too early:\n{told}"));
        rest = &rest[at + line.len()..];
    }
    assert!(!told.contains("DivertedByCharge"), "who ordered it knows:\n{told}");
}

#[test]
fn a_place_that_is_no_rally_point_of_the_flight_is_refused() {
    let bench = on_scene(site_with_rally());
    let operator = Actor::Account { id: account("kim"), role: Role::Operator };
    let refusal = bench.core.admit(&operator, &recall(Some("roof"))).expect_err("no such point");
    assert!(
        matches!(&refusal, Refusal::NotNow { reason } if reason.to_string() == "roof is no rally point for this flight"),
        "{refusal}"
    );
    assert!(bench.core.admit(&operator, &recall(Some("yard"))).is_ok());
}

#[test]
fn a_charge_that_does_not_reach_the_pad_is_told_once_with_its_figures_and_the_aircraft_waits_to_be_fetched() {
    let mut bench = on_scene(site_with_rally());
    let incident = bench.incident_of("ann");
    let begin = bench.log.len();
    bench.report("d1", FlightEvent::BatteryLow { remaining_pct: 13.0 });
    let short = Shortfall { needed_pct: 14.6, remaining_pct: 13.0 };
    for _ in 0..2 {
        bench.report("d1", diverted(Some(short)));
    }
    bench.reach("d1", &[FlightPhase::Returning, FlightPhase::Landed]);
    let told = since(&bench, begin);
    let figures = "DivertedByCharge { rally_point: \"the yard\", needed_pct: 15, remaining_pct: 13 }";
    assert_eq!(told.matches(figures).count(), 1, "{told}");
    assert_eq!(told.matches("StandsAtRallyPoint").count(), 1, "{told}");
    let timeline = bench.core.incident(&incident).expect("the incident").timeline.iter();
    let notes: Vec<_> = timeline.filter(|note| note.what == "drone_diverted").map(|note| note.detail.clone()).collect();
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].get("rally_point").map(String::as_str), Some("the yard"));
    // It stands there: the next call gets another one.
    (bench.status("d1").position, bench.status("d1").battery_pct) = (Some(at(100.0, 250.0)), Some(90.0));
    bench.call("bob", at(100.0, 250.0));
    let latest = bench.core.missions().last().expect("a flight").clone();
    assert_ne!(latest.drone, drone("d1"));
}
