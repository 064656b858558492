//! What stays true whatever happens in whatever order.

use std::collections::{BTreeMap, BTreeSet};

use flight_types::{FlightCommand, FlightEvent, FlightFailure, FlightPhase, LightState, MissionId};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::bench::{Bench, KEY, OPERATOR_30_S_DENY, OPERATOR_30_S_LAUNCH, account, at, drone, site, square, zone};
use crate::config::Approval;
use crate::event::Event;
use crate::model::Authority;

#[derive(Debug, Clone)]
enum Happening {
    Call(u8, i16, i16),
    Moved(u8, i16, i16),
    Cancel(u8),
    Approve(u8),
    Deny(u8),
    Recall(u8),
    Hold(u8),
    Continue(u8),
    Land(u8),
    Take(u8, bool),
    Release(u8, bool),
    Light(u8, bool),
    Survey(i16, i16),
    Report(u8, u8),
    Battery(u8, u8),
    Wait(u8),
}

fn happening() -> impl Strategy<Value = Happening> {
    let place = || (-400..400_i16, -400..1_200_i16);
    prop_oneof![
        3 => (0..3_u8, place()).prop_map(|(who, (e, n))| Happening::Call(who, e, n)),
        3 => (0..3_u8, place()).prop_map(|(who, (e, n))| Happening::Moved(who, e, n)),
        1 => (0..3_u8).prop_map(Happening::Cancel),
        3 => (0..3_u8).prop_map(Happening::Approve),
        1 => (0..3_u8).prop_map(Happening::Deny),
        1 => (0..3_u8).prop_map(Happening::Recall),
        1 => (0..3_u8).prop_map(Happening::Hold),
        1 => (0..3_u8).prop_map(Happening::Continue),
        1 => (0..3_u8).prop_map(Happening::Land),
        1 => (0..3_u8, any::<bool>()).prop_map(|(d, who)| Happening::Take(d, who)),
        2 => (0..3_u8, any::<bool>()).prop_map(|(d, who)| Happening::Release(d, who)),
        1 => (0..3_u8, any::<bool>()).prop_map(|(d, on)| Happening::Light(d, on)),
        2 => place().prop_map(|(e, n)| Happening::Survey(e, n)),
        14 => (0..3_u8, 0..22_u8).prop_map(|(d, what)| Happening::Report(d, what)),
        1 => (0..3_u8, 10..100_u8).prop_map(|(d, pct)| Happening::Battery(d, pct)),
        3 => (0..60_u8).prop_map(Happening::Wait),
    ]
}

fn report(what: u8) -> FlightEvent {
    use FlightPhase as P;
    let phases =
        [P::PreflightPassed, P::Uploaded, P::Armed, P::Airborne, P::Airborne, P::OnScene, P::OnScene, P::Returning, P::Landed];
    let mode = |mode: &str| FlightEvent::ModeChanged { mode: mode.to_owned(), reason: None };
    match what {
        0..=8 => FlightEvent::Reached { phase: phases[usize::from(what)] },
        9 => FlightEvent::Light { state: LightState::Fault },
        10 => FlightEvent::Failed { failure: FlightFailure::NoAnswer, airborne: false },
        11 => FlightEvent::Failed { failure: FlightFailure::ForeignMission, airborne: true },
        12 => FlightEvent::LinkLost,
        13 => FlightEvent::LinkRegained,
        14 => FlightEvent::BatteryLow { remaining_pct: 24.0 },
        15 => mode("return"),
        16 => mode("hold"),
        17 | 18 => FlightEvent::Intruder { name: "HELI1".to_owned(), distance_m: 900.0, above_m: 20.0, waits: what == 17 },
        19 => FlightEvent::IntruderGone,
        20 => FlightEvent::WaitsNoLonger { remaining_pct: 30.0 },
        _ => FlightEvent::GpsLost,
    }
}

const CALLERS: [&str; 3] = ["ann", "ben", "cho"];
const DRONES: [&str; 3] = ["d1", "d2", "d3"];

fn happen(bench: &mut Bench, happening: &Happening) {
    let incident_of = |bench: &Bench, who: u8| {
        let caller = flight_types::CallerId::new(CALLERS[usize::from(who)]).expect("an id");
        bench.core.incident_by_key(&caller, KEY).map(|incident| incident.id.clone())
    };
    let flight_of = |bench: &Bench, d: u8| bench.core.mission_of(&drone(DRONES[usize::from(d)])).map(|mission| mission.id.clone());
    let d = |d: &u8| drone(DRONES[usize::from(*d)]);
    let pilot = |who: &bool| account(if *who { "kim" } else { "lee" });
    match happening {
        Happening::Call(who, e, n) => drop(bench.call(CALLERS[usize::from(*who)], at(f64::from(*e), f64::from(*n)))),
        Happening::Moved(who, e, n) => {
            if let Some(incident) = incident_of(bench, *who) {
                bench.moved(CALLERS[usize::from(*who)], &incident, at(f64::from(*e), f64::from(*n)));
            }
        }
        Happening::Cancel(who) => {
            if let Some(incident) = incident_of(bench, *who) {
                bench.cancel(CALLERS[usize::from(*who)], &incident);
            }
        }
        Happening::Approve(d) => {
            if let Some(mission) = flight_of(bench, *d) {
                bench.operator(Event::LaunchApproved { mission });
            }
        }
        Happening::Deny(d) => {
            if let Some(mission) = flight_of(bench, *d) {
                bench.operator(Event::LaunchDenied { mission, reason: None });
            }
        }
        Happening::Recall(drone) => bench.operator(Event::RecallRequested { drone: d(drone), rally: None }),
        Happening::Hold(drone) => bench.operator(Event::HoldRequested { drone: d(drone) }),
        Happening::Continue(drone) => bench.operator(Event::ContinueRequested { drone: d(drone) }),
        Happening::Land(drone) => bench.operator(Event::LandRequested { drone: d(drone) }),
        Happening::Take(drone, who) => {
            let by = pilot(who);
            bench.enter(pilot_actor(&by), Event::ControlTaken { drone: d(drone), by });
            bench.answer();
        }
        Happening::Release(drone, who) => {
            let by = pilot(who);
            bench.enter(pilot_actor(&by), Event::ControlReleased { drone: d(drone), by });
            bench.answer();
        }
        Happening::Light(drone, on) => bench.operator(Event::LightRequested { drone: d(drone), on: *on, brightness_pct: 50 }),
        Happening::Survey(e, n) => bench.survey(vec![at(f64::from(*e), f64::from(*n)), at(f64::from(*e) + 30.0, f64::from(*n))]),
        Happening::Report(d, what) => {
            if let Some(mission) = flight_of(bench, *d) {
                bench.report_on(DRONES[usize::from(*d)], &mission, report(*what));
                mirror(bench, *d);
            }
        }
        Happening::Battery(d, pct) => bench.status(DRONES[usize::from(*d)]).battery_pct = Some(f64::from(*pct)),
        Happening::Wait(seconds) => bench.wait_s(i64::from(*seconds)),
    }
}

fn pilot_actor(by: &flight_types::AccountId) -> crate::event::Actor {
    crate::event::Actor::Account { id: by.clone(), role: crate::event::Role::Pilot }
}

/// The aircraft's status says what its flight reported.
fn mirror(bench: &mut Bench, d: u8) {
    let name = DRONES[usize::from(d)];
    let airborne = bench.core.mission_of(&drone(name)).is_some_and(|mission| mission.in_the_air());
    let status = bench.status(name);
    (status.landed, status.armed) = (Some(!airborne), Some(airborne));
    status.height_m = Some(if airborne { 60.0 } else { 0.0 });
}

/// Looks at the whole state after every happening.
fn check(bench: &Bench, ended: &mut BTreeSet<MissionId>) {
    let mut busy = BTreeSet::new();
    for mission in bench.core.missions() {
        if !mission.ended {
            assert!(busy.insert(mission.drone.clone()), "two flights on {}", mission.drone);
        }
        if mission.phase.is_some() {
            let entitled = matches!(mission.authority, Authority::Policy | Authority::Operator { .. } | Authority::Silence);
            assert!(entitled, "{} flies by {:?}", mission.id, mission.authority);
        }
        if mission.ended {
            ended.insert(mission.id.clone());
        } else {
            assert!(!ended.contains(&mission.id), "{} came back", mission.id);
        }
    }
}

/// Looks at every command in its order: one `Fly` for each flight and it comes first; after a recall nothing that moves it elsewhere.
fn check_commands(bench: &Bench) {
    let mut recalled: BTreeMap<&MissionId, bool> = BTreeMap::new();
    for (mission, command) in &bench.commands {
        let known = recalled.get(mission).copied();
        match command {
            FlightCommand::Fly { .. } => {
                assert_eq!(known, None, "a second launch of {mission}");
                recalled.insert(mission, false);
            }
            FlightCommand::Recall { .. } => {
                assert!(known.is_some());
                recalled.insert(mission, true);
            }
            FlightCommand::Escort { .. } | FlightCommand::Hold | FlightCommand::Continue => {
                assert_eq!(known, Some(false), "{mission}: {command:?}")
            }
            FlightCommand::Land
            | FlightCommand::GiveWay { .. }
            | FlightCommand::Light { .. }
            | FlightCommand::YieldControl
            | FlightCommand::ResumeControl => assert!(known.is_some()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(5), ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens(happenings in prop::collection::vec(happening(), 1..60), policy in 0..3_u8) {
        let approval = [Approval::Automatic, OPERATOR_30_S_DENY, OPERATOR_30_S_LAUNCH][usize::from(policy)];
        let mut site = site(approval);
        site.no_fly_zones = vec![zone("school", square(100.0, 200.0, 60.0))];
        let mut bench = Bench::new(site);
        let mut ended = BTreeSet::new();
        for happening in &happenings {
            happen(&mut bench, happening);
            check(&bench, &mut ended);
        }
        check_commands(&bench);
    }
}
