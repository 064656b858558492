//! Surveys that are interrupted and finished, stopped and given up.

use flight_types::{FlightCommand, FlightEvent, FlightPhase, GeoPoint, LotId, Scene};

use super::bench::{Bench, OPERATOR_30_S_DENY, at, drone, site};
use crate::config::Approval;
use crate::event::Event;
use crate::survey::{Pass, Survey, SurveyHow, SurveyState};

const TAKEN_OFF: [FlightPhase; 4] =
    [FlightPhase::PreflightPassed, FlightPhase::Uploaded, FlightPhase::Armed, FlightPhase::Airborne];

/// Ten stops ten metres apart, in two sorties.
fn ask(bench: &mut Bench) {
    let corners: Vec<GeoPoint> = (0..10).map(|stop| at(200.0, 100.0 + 10.0 * f64::from(stop))).collect();
    let how = SurveyHow {
        pass: Some(Pass { height_m: 15.0, speed_m_s: 1.0, heading_deg: None }),
        begins: vec![5],
        ..SurveyHow::default()
    };
    bench.operator(Event::SurveyRequested { lot: LotId::new("p1").expect("an id"), corners, how });
}

fn survey(bench: &Bench) -> Survey {
    bench.core.surveys().next().expect("a survey").clone()
}

/// The corners of the path that the latest order to fly has stops at.
fn ordered(bench: &Bench) -> usize {
    let mut plans = bench.commands.iter().filter_map(|(_, command)| match command {
        FlightCommand::Fly { plan, .. } => Some(plan),
        _ => None,
    });
    match plans.next_back().map(|plan| &plan.scene) {
        Some(Scene::Survey { manner: Some(manner) }) => manner.stops.len(),
        _ => 0,
    }
}

fn fly(bench: &mut Bench, name: &str) {
    bench.reach(name, &TAKEN_OFF);
    let status = bench.status(name);
    (status.position, status.height_m, status.armed, status.landed) = (Some(at(200.0, 120.0)), Some(15.0), Some(true), Some(false));
}

fn land(bench: &mut Bench, name: &str) {
    bench.reach(name, &[FlightPhase::Returning, FlightPhase::Landed]);
    let pad = bench.core.site().expect("a site").stations.iter().flat_map(|station| &station.drones);
    let pad = pad.clone().find(|known| known.id == drone(name)).expect("one of ours").pad;
    let status = bench.status(name);
    (status.position, status.height_m, status.armed, status.landed) = (Some(pad), Some(0.0), Some(false), Some(true));
}

fn one_aircraft() -> Bench {
    let mut site = site(Approval::Automatic);
    site.stations[0].drones.pop();
    site.stations.pop();
    Bench::new(site)
}

#[test]
fn what_a_call_interrupts_is_flown_from_where_it_stopped() {
    let mut bench = one_aircraft();
    ask(&mut bench);
    assert_eq!(ordered(&bench), 6, "stops 0 to 5: the sorties share the one between them");
    fly(&mut bench, "d1");
    bench.report("d1", FlightEvent::Passed { corners: 4 });
    bench.call("ann", at(0.0, 300.0));
    assert_eq!(survey(&bench).sorties[0].next, 3);
    let incident = bench.core.incidents().next().expect("the call").id.clone();
    bench.wait_s(2);
    bench.cancel("ann", &incident);
    assert!(!bench.core.incident(&incident).expect("the call").is_open(), "taken back in time");
    land(&mut bench, "d1");
    bench.wait_s(60);
    assert_eq!(ordered(&bench), 3, "stops 3 to 5");
    finish(&mut bench);
}

/// Flies what is left with d1.
fn finish(bench: &mut Bench) {
    for _ in 0..4 {
        if !survey(bench).is_open() {
            break;
        }
        fly(bench, "d1");
        bench.reach("d1", &[FlightPhase::OnScene]);
        land(bench, "d1");
        bench.wait_s(60);
    }
    let done = survey(bench);
    assert!(matches!(done.state, SurveyState::Flown { .. }), "{done:?}");
    let (flown_m, whole_m) = done.progress_m();
    assert!((flown_m - whole_m).abs() < 1e-6 && (whole_m - 90.0).abs() < 1.0);
}

/// Nine hundred metres at a metre a second: in still air a battery lasts for them, against nine metres a second it does not.
fn ask_long(bench: &mut Bench) {
    let corners: Vec<GeoPoint> = (0..=45).map(|stop| at(200.0, 100.0 + 20.0 * f64::from(stop))).collect();
    let pass = Some(Pass { height_m: 15.0, speed_m_s: 1.0, heading_deg: None });
    let how = SurveyHow { pass, ..SurveyHow::default() };
    bench.operator(Event::SurveyRequested { lot: LotId::new("p1").expect("an id"), corners, how });
}

#[test]
fn in_a_wind_that_a_sortie_was_not_cut_for_it_is_cut_shorter() {
    let flown_in = |wind_m_s: f64, battery_pct: f64| {
        let mut bench = one_aircraft();
        let status = bench.status("d1");
        (status.wind_m_s, status.battery_pct) = (Some(wind_m_s), Some(battery_pct));
        ask_long(&mut bench);
        (ordered(&bench), bench)
    };
    assert_eq!(flown_in(0.0, 95.0).0, 46, "all of it");
    assert_eq!(flown_in(0.0, 50.0).0, 0, "it waits for a charge, and is not cut for the want of one");
    let (first, mut bench) = flown_in(9.0, 95.0);
    assert!((20..46).contains(&first), "as far as a battery lasts: {first} stops\n{}", bench.log);
    let ends: Vec<(usize, usize)> = survey(&bench).sorties.iter().map(|sortie| (sortie.first, sortie.last)).collect();
    assert_eq!(ends, [(0, first - 1), (first - 1, 45)]);
    for part in 0..2 {
        fly(&mut bench, "d1");
        bench.reach("d1", &[FlightPhase::OnScene]);
        assert_eq!(survey(&bench).is_open(), part == 0, "the first part is not all of it");
        land(&mut bench, "d1");
        bench.wait_s(60);
    }
    assert!(matches!(survey(&bench).state, SurveyState::Flown { .. }));
    assert_eq!(ordered(&bench), 46 - first + 1, "what is left, and the stop between them");
    // Charged or not, it is cut for a full charge.
    let (none, bench) = flown_in(9.0, 60.0);
    assert_eq!((none, survey(&bench).sorties.len()), (0, 1), "it waits whole until there is charge");
}

#[test]
fn a_survey_waits_while_somebody_calls() {
    let mut bench = Bench::new(site(Approval::Automatic));
    bench.call("ann", at(0.0, 300.0));
    ask(&mut bench);
    bench.wait_s(120);
    assert!(survey(&bench).is_open() && survey(&bench).flights.is_empty());
}

#[test]
fn the_next_sortie_goes_when_the_one_before_has_left_the_lot() {
    let mut bench = Bench::new(site(Approval::Automatic));
    ask(&mut bench);
    let first = survey(&bench).flights[0].clone();
    let name = bench.core.mission(&first).expect("it flies").drone.to_string();
    fly(&mut bench, &name);
    bench.wait_s(60);
    assert_eq!(survey(&bench).flights.len(), 1, "one aircraft over a lot at a time");
    bench.reach(&name, &[FlightPhase::OnScene, FlightPhase::Returning]);
    bench.wait_s(25);
    assert_eq!(survey(&bench).flights.len(), 2);
    assert!(!bench.log.contains("SurveyImpossible"), "{}", bench.log);
}

#[test]
fn a_persons_recall_and_a_cancel_end_a_survey() {
    for by_recall in [true, false] {
        let mut bench = one_aircraft();
        ask(&mut bench);
        fly(&mut bench, "d1");
        let id = survey(&bench).id;
        match by_recall {
            true => bench.operator(Event::RecallRequested { drone: drone("d1"), rally: None }),
            false => bench.operator(Event::SurveyCancelled { survey: id }),
        }
        land(&mut bench, "d1");
        bench.wait_s(300);
        let over = survey(&bench);
        assert!(matches!(over.state, SurveyState::Cancelled { .. }), "{over:?}");
        assert_eq!(over.flights.len(), 1);
        assert!(bench.log.contains("recall"), "{}", bench.log);
    }
}

#[test]
fn nothing_is_launched_for_ever_against_an_operators_silence() {
    let mut bench = Bench::new(site(OPERATOR_30_S_DENY));
    ask(&mut bench);
    bench.wait_s(3_600);
    let over = survey(&bench);
    assert!(matches!(over.state, SurveyState::GivenUp { .. }), "{over:?}");
    assert!((2..=10).contains(&over.flights.len()), "{}", over.flights.len());
}

/// The aircraft over the lot is too low on charge to be the one that comes, and goes on for the moment: who comes keeps apart from it.
#[test]
fn who_comes_to_a_lot_under_survey_stays_above_the_survey() {
    let mut bench = Bench::new(site(Approval::Automatic));
    let corners: Vec<GeoPoint> = (0..10).map(|stop| at(200.0, 100.0 + 10.0 * f64::from(stop))).collect();
    let how = SurveyHow { pass: Some(Pass { height_m: 18.0, speed_m_s: 1.0, heading_deg: None }), ..SurveyHow::default() };
    bench.operator(Event::SurveyRequested { lot: LotId::new("p1").expect("an id"), corners, how });
    let first = survey(&bench).flights[0].clone();
    let surveying = bench.core.mission(&first).expect("it flies").drone.to_string();
    fly(&mut bench, &surveying);
    bench.status(&surveying).battery_pct = Some(24.0);
    bench.call("ann", at(205.0, 150.0));
    let coming: Vec<(String, f64)> = bench
        .commands
        .iter()
        .filter_map(|(mission, command)| match command {
            FlightCommand::Fly { plan, .. } => match plan.scene {
                Scene::Escort { height_m, .. } => Some((mission.to_string(), height_m)),
                Scene::Survey { .. } => None,
            },
            _ => None,
        })
        .collect();
    let [(mission, height_m)] = coming.as_slice() else { panic!("one comes: {coming:?}\n{}", bench.log) };
    assert_ne!(*mission, first.to_string());
    assert!(height_m - 18.0 >= 5.0, "{height_m} m");
}
