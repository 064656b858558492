//! Whole flights against a scripted aircraft in virtual time.

mod support;

use drone_link_proto::LinkConfig;
use flight_types::{DroneId, FlightCommand, FlightEvent, FlightFailure, FlightPhase, LightState, Scene, SurveyManner};
use support::vehicle::{self, HOLD, LAND, MISSION, RETURN};
use support::*;

const ALL_PHASES: [FlightPhase; 7] = [
    FlightPhase::PreflightPassed,
    FlightPhase::Uploaded,
    FlightPhase::Armed,
    FlightPhase::Airborne,
    FlightPhase::OnScene,
    FlightPhase::Returning,
    FlightPhase::Landed,
];

#[test]
fn a_plain_escort_reaches_every_phase_once_and_lands_on_its_pad() {
    let world = world_at(FlightPhase::Landed, CLEAR, 1);
    assert_eq!(world.phases(), ALL_PHASES);
    assert!(
        !world.has(|report| matches!(report, FlightEvent::Failed { .. } | FlightEvent::ModeChanged { .. })),
        "{:?}",
        world.reports
    );
    assert!(world.has(|report| *report == FlightEvent::Light { state: LightState::Lit }));
    assert!(world.vehicle.position().distance_m(&home()) < 1.0);
    assert_eq!((world.vehicle.launches, world.vehicle.arms), (1, 1));
    assert!(!world.vehicle.light_on, "off again on the way home");
}

#[test]
fn an_arducopter_flies_the_same_escort() {
    for weather in [CLEAR, STORM] {
        let mut world = World::new(8, weather);
        world.vehicle.become_arducopter();
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run_until_phase(240_000, FlightPhase::OnScene);
        world.run(8_000);
        assert_eq!(world.vehicle.armed_in, Some(HOLD), "guided");
        assert!(
            world.vehicle.servos.contains(&(9.0, 2_000.0)),
            "full, but for what shows that it films: {:?}",
            world.vehicle.servos
        );
        assert!(world.has(|report| *report == FlightEvent::Light { state: LightState::Commanded }), "never shown as lit");
        assert_eq!(world.vehicle.mission.len(), 16, "its home, then the seven of ours, and the way back");
        let parameters = ["FENCE_ALT_MAX", "FENCE_ENABLE", "FENCE_TYPE", "AUTO_OPTIONS"].map(|name| *world.vehicle.parameter(name));
        assert_eq!(
            parameters,
            [plan("m").fence.height_max_m as f32, 1.0, 13.0, 131.0],
            "its owner's bits stay, but for the circle"
        );
        world.command("m", recall());
        world.run_until_phase(240_000, FlightPhase::Landed);
        assert_eq!(world.phases(), ALL_PHASES);
        assert_eq!((world.vehicle.launches, world.vehicle.arms), (1, 1));
        assert_eq!(world.vehicle.servos.last(), Some(&(9.0, 1_000.0)), "off again on the way home");
        assert!(world.vehicle.position().distance_m(&home()) < 1.0);
    }
}

#[test]
fn the_ceiling_is_on_board_before_the_motors_are_armed() {
    for weather in [CLEAR, STORM] {
        let mut world = World::new(31, weather);
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run_until_phase(120_000, FlightPhase::Armed);
        assert_eq!(f64::from(*world.vehicle.parameter("GF_MAX_VER_DIST")), plan("m").fence.height_max_m);
    }
}

#[test]
fn all_parameters_are_read_over_a_bad_line_and_beside_a_flight() {
    let mut world = World::new(32, STORM);
    let named = |number: usize| -> &'static str { Box::leak(format!("TEST_{number:04}").into_boxed_str()) };
    let more = (0..900)
        .map(|number| (named(number), number as f32, mavlink::dialects::ardupilotmega::MavParamType::MAV_PARAM_TYPE_REAL32));
    world.vehicle.params.extend(more);
    world.run(1_000);
    world.link.read_parameters(world.now_ms);
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(120_000, FlightPhase::OnScene);
    let Some(Ok(read)) = world.link.parameters() else { panic!("{:?}", world.link.parameters()) };
    let value = |name: &str| read.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.value);
    assert_eq!((read.len(), value("TEST_0899"), value("GF_ACTION")), (907, Some(899.0), Some(2.0)));
}

#[test]
fn rally_points_of_somebody_else_are_taken_off_while_the_aircraft_stands_idle() {
    use mavlink::dialects::ardupilotmega::{MISSION_ITEM_INT_DATA, MavCmd};
    let point = MISSION_ITEM_INT_DATA { command: MavCmd::MAV_CMD_NAV_RALLY_POINT, x: 1, y: 2, ..Default::default() };
    for weather in [CLEAR, STORM] {
        let mut world = World::new(33, weather);
        world.vehicle.rally = vec![point.clone(), MISSION_ITEM_INT_DATA { seq: 1, ..point.clone() }];
        let mut told = false;
        for _ in 0..40 {
            world.run(1_000);
            told |= world.link.status(world.now_ms).warnings.iter().any(|warning| warning.starts_with("2 rally points"));
        }
        assert!(world.vehicle.rally.is_empty() && told);
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run_until_phase(120_000, FlightPhase::OnScene);
    }
    // An order to fly does not wait for it.
    let mut world = World::new(34, CLEAR);
    world.vehicle.rally = vec![point];
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(120_000, FlightPhase::Airborne);
    assert_eq!(world.vehicle.rally.len(), 1);
}

/// On every seed: the flight completes, with one launch, outside the zone, never nearer than the stand-off.
#[test]
fn flights_complete_with_a_third_of_all_datagrams_lost() {
    for seed in 0..120 {
        let mut world = World::new(seed, STORM);
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        let zone = plan("m").exclusions[0].clone();
        let mut recalled = false;
        let mut nearest_m = f64::INFINITY;
        while !world.has(|report| *report == reached(FlightPhase::Landed)) {
            world.tick();
            assert!(world.now_ms < 600_000, "seed {seed}: {:#?}", world.reports);
            assert!(!zone.contains(world.vehicle.position()), "seed {seed}: in the zone");
            let on_scene = world.has(|report| *report == reached(FlightPhase::OnScene));
            if on_scene && !recalled {
                nearest_m = nearest_m.min(world.vehicle.position().distance_m(&at(198.0, 0.0)));
            }
            if on_scene && !recalled && world.has(|report| *report == FlightEvent::Light { state: LightState::Lit }) {
                recalled = true;
                world.command("m", recall());
            }
        }
        assert_eq!(world.phases(), ALL_PHASES, "seed {seed}");
        assert_eq!((world.vehicle.launches, world.vehicle.arms), (1, 1), "seed {seed}");
        assert_eq!(world.vehicle.disarms_in_air, 0, "seed {seed}");
        assert!(nearest_m > 7.0, "seed {seed}: {nearest_m} m from the person");
        assert!(world.vehicle.position().distance_m(&home()) < 1.0, "seed {seed}");
        assert!(!world.has(|report| matches!(report, FlightEvent::Failed { .. })), "seed {seed}: {:#?}", world.reports);
    }
}

#[test]
fn the_aircraft_follows_a_walking_person_at_the_stand_off() {
    let mut world = world_at(FlightPhase::OnScene, CLEAR, 2);
    let (mut east_m, mut nearest_m) = (198.0, f64::INFINITY);
    for second in 0..60 {
        east_m += 1.4;
        let target = at(east_m, 0.0);
        world.command(
            "m",
            FlightCommand::Escort { target, velocity_east_m_s: 1.4, velocity_north_m_s: 0.0, post: None, direct: false },
        );
        world.run(1_000);
        let distance_m = world.vehicle.position().distance_m(&target);
        nearest_m = nearest_m.min(distance_m);
        assert!(second < 10 || distance_m < 20.0, "second {second}: {distance_m} m behind");
    }
    assert!(nearest_m > 6.5, "{nearest_m}");
    let bearing = at(east_m, 0.0).bearing_deg(&world.vehicle.position());
    assert!((bearing - 270.0).abs() < 30.0, "behind a person who walks east, not at {bearing} degrees");
    assert!((world.vehicle.height_m - 20.0).abs() < 0.5);
}

/// Somebody who has gone on is made for on the last leg, at the transit's height, as soon as it was said that nobody else is in between;
/// a restart on that way changes nothing.
#[test]
fn who_has_gone_on_is_made_for_without_a_detour_over_where_they_were() {
    let arrival = |direct: bool, restart: bool| {
        let mut world = world_at(FlightPhase::Airborne, CLEAR, 21);
        let (gone_to, zone) = (at(260.0, 90.0), plan("m").exclusions[0].clone());
        let escort =
            || FlightCommand::Escort { target: gone_to, velocity_east_m_s: 0.0, velocity_north_m_s: 0.0, post: None, direct };
        world.command("m", escort());
        let mut low_m = f64::INFINITY;
        let mut restarted = !restart;
        while !world.has(|report| *report == reached(FlightPhase::OnScene)) {
            world.tick();
            assert!(world.now_ms < 200_000 && !zone.contains(world.vehicle.position()));
            if world.vehicle.mode == HOLD {
                low_m = low_m.min(world.vehicle.height_m);
                if !std::mem::replace(&mut restarted, true) {
                    world.restart_link();
                    world.command("m", fly(plan("m"), FlightPhase::Airborne));
                    world.command("m", escort());
                }
            }
        }
        assert!(!world.has(|report| matches!(report, FlightEvent::ModeChanged { .. } | FlightEvent::Failed { .. })));
        assert!(low_m > plan("m").transit_height_m - 1.0, "{low_m}");
        (world.vehicle.position().distance_m(&gone_to), world.now_ms)
    };
    let ((away_m, _), (turned_away_m, _)) = (arrival(false, false), arrival(true, false));
    assert!(away_m > 60.0 && turned_away_m < 20.0, "{away_m} {turned_away_m}");
    assert!(arrival(true, true).0 < 20.0);
}

/// An order to go somewhere carries no speed that ArduCopter heeds, and its take-off is as fast as the rest of its climb.
#[test]
fn an_arducopter_climbs_at_once_and_makes_for_people_at_the_speed_of_the_plan() {
    let mut world = World::new(22, CLEAR);
    world.vehicle.become_arducopter();
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(60_000, FlightPhase::Airborne);
    let target = at(260.0, 90.0);
    world.command("m", FlightCommand::Escort { target, velocity_east_m_s: 0.0, velocity_north_m_s: 0.0, post: None, direct: true });
    assert_eq!(f64::from(world.vehicle.mission[1].z), plan("m").transit_height_m);
    while world.vehicle.mode != HOLD {
        world.tick();
    }
    world.run(2_000);
    let before = world.vehicle.place;
    world.run(1_000);
    let speed_m_s = world.vehicle.place.distance_m(&before);
    assert!((speed_m_s - plan("m").transit_speed_m_s).abs() < 0.5, "{speed_m_s}");
    world.run_until_phase(60_000, FlightPhase::OnScene);
    let px4 = world_at(FlightPhase::OnScene, CLEAR, 22);
    assert!(px4.vehicle.mission[0].z < 5.0, "PX4 takes off slowly");
}

#[test]
fn a_person_in_a_zone_is_not_followed_into_it() {
    let mut world = world_at(FlightPhase::OnScene, CLEAR, 3);
    let zone = plan("m").exclusions[0].clone();
    for step in 0..60 {
        let target = at(198.0 - 2.0 * f64::from(step), 0.0);
        world.command(
            "m",
            FlightCommand::Escort { target, velocity_east_m_s: -2.0, velocity_north_m_s: 0.0, post: None, direct: false },
        );
        for _ in 0..50 {
            world.tick();
            assert!(!zone.contains(world.vehicle.position()));
        }
    }
}

#[test]
fn refusals_end_the_flight_on_the_ground_with_the_aircrafts_own_words() {
    let check = |prepare: &dyn Fn(&mut World), wanted: &dyn Fn(&FlightFailure) -> bool| {
        let mut world = World::new(4, CLEAR);
        prepare(&mut world);
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run(120_000);
        let failures: Vec<_> = world.reports.iter().filter(|(_, report)| matches!(report, FlightEvent::Failed { .. })).collect();
        let [(_, FlightEvent::Failed { failure, airborne: false })] = failures.as_slice() else { panic!("{failures:?}") };
        assert!(wanted(failure), "{failure:?}");
        assert!(world.vehicle.landed && !world.vehicle.armed && world.vehicle.launches == 0);
    };
    check(
        &|world| world.vehicle.ready_ms = u64::MAX,
        &|failure| matches!(failure, FlightFailure::ArmRefused { reason } if reason.ends_with("see the list of checks")),
    );
    check(
        &|world| world.vehicle.healthy = false,
        &|failure| matches!(failure, FlightFailure::Preflight { reason } if reason == "not ready to arm"),
    );
    check(
        &|world| world.vehicle.infeasible = true,
        &|failure| matches!(failure, FlightFailure::TakeOff { reason } if reason.contains("Geofence violation")),
    );
    check(
        &|world| world.vehicle.place.east_m = 300.0,
        &|failure| matches!(failure, FlightFailure::Preflight { reason } if reason.contains(" m from its pad")),
    );
    let refused_for = |name: &'static str, raw: f32, words: &'static str| {
        check(
            &move |world| *world.vehicle.parameter(name) = raw,
            &move |failure| matches!(failure, FlightFailure::Preflight { reason } if reason.starts_with(words)),
        );
    };
    refused_for("GF_ACTION", f32::from_bits(1), "GF_ACTION is 1: the fence would not hold it");
    refused_for("COM_LOW_BAT_ACT", f32::from_bits(0), "COM_LOW_BAT_ACT is 0: it would fly on with an empty battery");
    refused_for("RTL_RETURN_ALT", 200.0, "RTL_RETURN_ALT is 200: its own way home would leave the fence");
    check(
        &|world| world.vehicle.params.retain(|(name, ..)| *name != "GF_MAX_VER_DIST"),
        &|failure| matches!(failure, FlightFailure::Preflight { reason } if reason.starts_with("GF_MAX_VER_DIST: the aircraft")),
    );
    check(&|world| world.weather.loss_pct = 100, &|failure| *failure == FlightFailure::NoAnswer);
}

#[test]
fn an_escort_is_told_to_come_home_by_itself_and_flies_where_that_is_not_known() {
    let alone = ["RTL_TYPE", "COM_DL_LOSS_T", "NAV_DLL_ACT"];
    let mut world = World::new(4, CLEAR);
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(30_000, FlightPhase::Airborne);
    assert_eq!(alone.map(|name| world.vehicle.parameter(name).to_bits()), [2, 120, 2]);
    assert!(!world.has(|report| matches!(report, FlightEvent::Warning { .. })), "{:?}", world.reports);

    let mut world = World::new(4, CLEAR);
    world.vehicle.params.retain(|(name, ..)| *name != "RTL_TYPE");
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(30_000, FlightPhase::Airborne);
    let told = "RTL_TYPE: the aircraft does not tell it (without a link it would not come home by a legal way)";
    assert!(world.has(|report| matches!(report, FlightEvent::Warning { text } if text == told)), "{:?}", world.reports);
}

/// ArduCopter returns straight unless its mission has a way back, which is put there while it climbs: nobody waits for it before the launch.
#[test]
fn an_arducopter_that_hears_nobody_finds_its_way_back_on_board() {
    use mavlink::dialects::ardupilotmega::MavCmd as Kind;
    for weather in [CLEAR, STORM] {
        let mut world = World::new(41, weather);
        world.vehicle.become_arducopter();
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run_until_phase(120_000, FlightPhase::Airborne);
        // In a storm the wishes may go unanswered, which is told; nobody's launch waits for them.
        if weather.loss_pct == 0 {
            assert_eq!(["FS_GCS_TIMEOUT", "FS_GCS_ENABLE"].map(|name| *world.vehicle.parameter(name)), [120.0, 6.0]);
            assert!(!world.has(|report| matches!(report, FlightEvent::Warning { .. })));
        }
        assert_eq!(world.vehicle.mission.len(), 8, "a launch does not wait for the way back");
        world.run_until_phase(240_000, FlightPhase::OnScene);
        let list: Vec<Kind> = world.vehicle.mission.iter().map(|item| item.command).collect();
        let hover = list.iter().position(|kind| *kind == Kind::MAV_CMD_NAV_LOITER_UNLIM).expect("a hover");
        let [waypoint, speed] = [Kind::MAV_CMD_NAV_WAYPOINT, Kind::MAV_CMD_DO_CHANGE_SPEED];
        let back =
            [waypoint, Kind::MAV_CMD_DO_RETURN_PATH_START, waypoint, speed, waypoint, waypoint, waypoint, Kind::MAV_CMD_NAV_LAND];
        assert_eq!(list[hover + 1..], back, "what is no waypoint must not follow the hover: it would be carried out there");
        assert!(!world.has(|report| matches!(report, FlightEvent::Failed { .. })));
    }
    let mut world = World::new(42, CLEAR);
    world.vehicle.become_arducopter();
    let survey = flight_types::FlightPlan { scene: Scene::Survey { manner: None }, ..plan("m") };
    world.command("m", fly(survey, FlightPhase::Ordered));
    world.run_until_phase(120_000, FlightPhase::OnScene);
    assert_eq!(*world.vehicle.parameter("FS_GCS_ENABLE"), 0.0, "its list ends on its pad as it is");
    assert!(world.vehicle.mission.iter().all(|item| item.command != Kind::MAV_CMD_DO_RETURN_PATH_START));
}

/// From any place of its flight: by the way out, up first from the scene, never through the zone, down on the pad. After a restart too.
#[test]
fn an_arducopter_that_hears_nobody_comes_home_by_the_way_it_went() {
    const ASIDE_M: f64 = 15.0;
    let zone = plan("m").exclusions[0].clone();
    for restarted in [false, true] {
        // On the way out; on scene; on the way home, told to hold there or not.
        for (wait_s, recalled_s) in
            [(2, None), (8, None), (14, None), (20, None), (26, None), (60, None), (60, Some(2)), (60, Some(20))]
        {
            let mut world = World::new(43, CLEAR);
            world.vehicle.become_arducopter();
            world.command("m", fly(plan("m"), FlightPhase::Ordered));
            world.run_until_phase(60_000, FlightPhase::Airborne);
            world.run(100);
            if restarted {
                world.restart_link();
                world.command("m", fly(plan("m"), FlightPhase::Airborne));
            }
            world.run(wait_s * 1_000);
            if let Some(recalled_s) = recalled_s {
                world.command("m", recall());
                world.run(recalled_s * 1_000);
                world.command("m", FlightCommand::Hold);
                world.run(2_000);
            }
            assert!(world.vehicle.return_alone(), "after {wait_s} s, {recalled_s:?}");
            let (mut height_m, low_from) = (world.vehicle.height_m, world.vehicle.place);
            let mut now_ms = world.now_ms;
            while world.vehicle.armed {
                now_ms += 20;
                world.vehicle.tick(now_ms);
                world.vehicle.take_datagrams();
                assert!(now_ms < world.now_ms + 200_000, "after {wait_s} s, {recalled_s:?}");
                let (place, position) = (world.vehicle.place, world.vehicle.position());
                assert!(!zone.contains(position), "after {wait_s} s, {recalled_s:?}: in the zone");
                height_m = height_m.max(world.vehicle.height_m);
                let away_m = place.distance_m(&low_from).min(position.distance_m(&home()));
                // On scene it keeps some metres off the hover of its list, above which it climbs; a way home steps aside of the person first.
                assert!(away_m < ASIDE_M || world.vehicle.height_m > 38.0, "after {wait_s} s, {recalled_s:?}: low at {place:?}");
            }
            assert!(world.vehicle.landed && world.vehicle.position().distance_m(&home()) < 1.0);
        }
    }
}

#[test]
fn arming_refused_at_boot_is_tried_again() {
    let mut world = World::new(5, CLEAR);
    world.vehicle.ready_ms = 9_000;
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(30_000, FlightPhase::Airborne);
    assert_eq!(world.vehicle.arms, 1);
}

#[test]
fn a_duplicate_system_id_keeps_the_aircraft_on_the_ground() {
    let mut world = World::new(6, CLEAR);
    world.link.rival_heard("a second address", 500);
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until(5_000, |report| {
        matches!(report, FlightEvent::Failed { failure: FlightFailure::WrongAircraft { .. }, airborne: false })
    });
}

#[test]
fn a_recall_on_the_way_out_goes_back_by_the_corners_flown() {
    for wait_s in [2, 6, 12, 18, 24, 30] {
        let mut world = world_at(FlightPhase::Airborne, CLEAR, 9);
        world.run(wait_s * 1_000);
        world.command("m", recall());
        let zone = plan("m").exclusions[0].clone();
        while !world.has(|report| *report == reached(FlightPhase::Landed)) {
            world.tick();
            assert!(!zone.contains(world.vehicle.position()), "after {wait_s} s");
            assert!(world.now_ms < 400_000, "after {wait_s} s: {:?}", world.reports);
        }
        assert!(world.vehicle.position().distance_m(&home()) < 1.0);
        assert!(
            !world.has(|report| matches!(report, FlightEvent::Failed { .. } | FlightEvent::ModeChanged { .. })),
            "{:?}",
            world.reports
        );
    }
}

/// Ordered while nothing is heard of the aircraft, which flies on round the zone meanwhile.
#[test]
fn a_recall_that_reaches_the_aircraft_late_leads_home_from_where_it_is_by_then() {
    let zone = plan("m").exclusions[0].clone();
    for (wait_ms, silent_ms) in (8..16).flat_map(|wait| (0..5).map(move |longer| (wait * 1_500, 6_000 + longer * 4_000))) {
        let mut world = world_at(FlightPhase::Airborne, CLEAR, wait_ms);
        world.run(wait_ms);
        world.weather.loss_pct = 100;
        world.run(500);
        world.command("m", recall());
        world.run(silent_ms);
        world.weather = STORM;
        while !world.has(|report| *report == reached(FlightPhase::Landed)) {
            world.tick();
            assert!(!zone.contains(world.vehicle.position()), "after {wait_ms} ms, silent for {silent_ms} ms");
            assert!(world.now_ms < 600_000, "after {wait_ms} ms, silent for {silent_ms} ms: {:#?}", world.reports);
        }
        assert!(world.vehicle.position().distance_m(&home()) < 1.0);
    }
}

#[test]
fn a_recall_before_take_off_leaves_the_aircraft_on_the_ground() {
    for wait_ms in (0..4_000).step_by(200) {
        let mut world = World::new(wait_ms, STORM);
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run(1_500 + wait_ms);
        world.command("m", recall());
        world.run_until_phase(240_000, FlightPhase::Landed);
        world.run(15_000);
        assert!(world.vehicle.landed && !world.vehicle.armed, "after {wait_ms} ms");
        assert!(world.vehicle.position().distance_m(&home()) < 1.0);
    }
}

#[test]
fn a_failsafe_is_reported_with_its_reason_and_its_landing_by_its_place() {
    let mut world = world_at(FlightPhase::OnScene, CLEAR, 10);
    world.run(5_000);
    world.vehicle.say("Failsafe activated: low battery");
    world.vehicle.set_mode(RETURN);
    world.run_until(5_000, |report| {
        *report
            == FlightEvent::ModeChanged { mode: "return".to_owned(), reason: Some("Failsafe activated: low battery".to_owned()) }
    });
    world.run_until_phase(120_000, FlightPhase::Landed);

    let mut world = world_at(FlightPhase::OnScene, CLEAR, 11);
    world.run(5_000);
    world.vehicle.set_mode(LAND);
    world.run_until(60_000, |report| {
        matches!(report, FlightEvent::Failed { failure: FlightFailure::Down { reason }, airborne: false } if reason.contains("from its pad"))
    });
}

#[test]
fn a_recall_overrules_a_failsafe_and_flies_the_legal_way() {
    let mut world = world_at(FlightPhase::OnScene, CLEAR, 12);
    world.run(5_000);
    world.vehicle.set_mode(RETURN);
    world.run_until(5_000, |report| matches!(report, FlightEvent::ModeChanged { .. }));
    world.command("m", recall());
    let zone = plan("m").exclusions[0].clone();
    while !world.has(|report| *report == reached(FlightPhase::Landed)) {
        world.tick();
        assert!(!zone.contains(world.vehicle.position()));
        assert!(world.now_ms < 400_000, "{:?}", world.reports);
    }
}

#[test]
fn battery_and_fix_are_reported_once_each() {
    let mut world = world_at(FlightPhase::OnScene, CLEAR, 13);
    world.vehicle.battery_pct = 20;
    world.vehicle.fix = mavlink::dialects::ardupilotmega::GpsFixType::GPS_FIX_TYPE_NO_FIX;
    world.run(10_000);
    world.vehicle.fix = mavlink::dialects::ardupilotmega::GpsFixType::GPS_FIX_TYPE_3D_FIX;
    world.run(10_000);
    let count = |wanted: &dyn Fn(&FlightEvent) -> bool| world.reports.iter().filter(|(_, report)| wanted(report)).count();
    assert_eq!(count(&|report| *report == FlightEvent::BatteryLow { remaining_pct: 20.0 }), 1);
    assert_eq!(count(&|report| *report == FlightEvent::GpsLost), 1);
    assert_eq!(count(&|report| *report == FlightEvent::GpsRegained), 1);
}

#[test]
fn a_blackout_is_reported_and_the_flight_goes_on_after_it() {
    let mut world = world_at(FlightPhase::Airborne, CLEAR, 14);
    world.weather.loss_pct = 100;
    world.run_until(10_000, |report| *report == FlightEvent::LinkLost);
    world.run(30_000);
    world.weather.loss_pct = 0;
    world.run_until(5_000, |report| *report == FlightEvent::LinkRegained);
    world.run_until_phase(60_000, FlightPhase::OnScene);
}

#[test]
fn who_gives_way_on_scene_sinks_where_it_hovers_and_goes_back_up() {
    let mut world = world_at(FlightPhase::OnScene, CLEAR, 22);
    world.run(10_000);
    let (before, height_m) = (world.vehicle.position(), world.vehicle.height_m);
    assert!((height_m - 20.0).abs() < 1.0, "{height_m}");
    world.command("m", FlightCommand::GiveWay { height_m: 8.0 });
    world.run(15_000);
    assert!((world.vehicle.height_m - 8.0).abs() < 1.0, "{}", world.vehicle.height_m);
    assert!(before.distance_m(&world.vehicle.position()) < 2.0, "over the same place");
    world.command("m", FlightCommand::Continue);
    world.run(15_000);
    assert!((world.vehicle.height_m - height_m).abs() < 1.0, "{}", world.vehicle.height_m);
    assert!(!world.has(|report| matches!(report, FlightEvent::ModeChanged { .. } | FlightEvent::Failed { .. })));
}

#[test]
fn who_takes_the_order_to_climb_back_and_does_not_climb_is_told_of() {
    let mut world = world_at(FlightPhase::Airborne, CLEAR, 23);
    world.run(15_000);
    world.command("m", FlightCommand::GiveWay { height_m: 20.0 });
    world.run(30_000);
    let low_m = world.vehicle.height_m;
    world.command("m", FlightCommand::Continue);
    let late = |report: &FlightEvent| matches!(report, FlightEvent::Failed { failure: FlightFailure::Timeout { step, .. }, airborne: true } if step == "climb");
    for second in 0..120 {
        world.run(1_000);
        world.vehicle.height_m = low_m;
        assert!(second > 60 || !world.has(late), "after {second} s");
    }
    assert_eq!(world.reports.iter().filter(|(_, report)| late(report)).count(), 1, "{:?}", world.reports);
}

#[test]
fn hold_and_continue_interrupt_the_transit() {
    let mut world = world_at(FlightPhase::Airborne, CLEAR, 15);
    world.run(15_000);
    world.command("m", FlightCommand::Hold);
    world.run(5_000);
    assert_eq!(world.vehicle.mode, HOLD);
    let held = world.vehicle.position();
    world.run(20_000);
    assert!(held.distance_m(&world.vehicle.position()) < 1.0);
    world.command("m", FlightCommand::Continue);
    world.run_until_phase(60_000, FlightPhase::OnScene);
    assert!(!world.has(|report| matches!(report, FlightEvent::ModeChanged { .. } | FlightEvent::Failed { .. })));
}

#[test]
fn while_a_pilot_has_control_nothing_is_sent_that_moves_the_aircraft() {
    let mut world = world_at(FlightPhase::OnScene, CLEAR, 16);
    world.run(10_000);
    world.command("m", FlightCommand::YieldControl);
    world.run(1_000);
    let before = world.vehicle.commands.len();
    world.vehicle.set_mode(MISSION);
    world.command(
        "m",
        FlightCommand::Escort {
            target: at(230.0, 10.0),
            velocity_east_m_s: 1.0,
            velocity_north_m_s: 0.0,
            post: None,
            direct: false,
        },
    );
    world.command("m", recall());
    world.command("m", FlightCommand::Hold);
    world.run(30_000);
    assert_eq!(&world.vehicle.commands[before..], []);
    assert!(world.link.status(world.now_ms).pilot_in_control);
    assert!(!world.has(|report| matches!(report, FlightEvent::ModeChanged { .. })));
    // The recall was not forgotten.
    world.command("m", FlightCommand::ResumeControl);
    world.run_until_phase(120_000, FlightPhase::Landed);
}

#[test]
fn land_here_lands_here_and_says_so() {
    let mut world = world_at(FlightPhase::OnScene, CLEAR, 17);
    world.command("m", FlightCommand::Land);
    world.run_until(60_000, |report| matches!(report, FlightEvent::Failed { failure: FlightFailure::Down { .. }, .. }));
    assert!(world.vehicle.landed && world.vehicle.mode == LAND);
}

#[test]
fn a_survey_is_preempted_in_the_air() {
    let mut world = World::new(18, STORM);
    let mut survey = plan("survey");
    survey.scene = Scene::Survey { manner: None };
    survey.outbound = vec![at(0.0, 80.0), at(-150.0, 80.0), at(-150.0, 150.0), at(0.0, 150.0)];
    survey.homeward = vec![at(0.0, 80.0), at(0.0, 0.0)];
    world.command("survey", fly(survey, FlightPhase::Ordered));
    world.run_until_phase(120_000, FlightPhase::Airborne);
    let alone = |world: &mut World| ["RTL_TYPE", "NAV_DLL_ACT"].map(|name| world.vehicle.parameter(name).to_bits());
    assert_eq!(alone(&mut world), [0, 0], "a survey's list ends on its pad");
    world.run(20_000);
    world.reports.clear();
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(240_000, FlightPhase::OnScene);
    assert_eq!(alone(&mut world), [2, 2], "also in the air");
    world.command("m", recall());
    world.run_until_phase(240_000, FlightPhase::Landed);
    assert_eq!(world.phases(), ALL_PHASES);
    assert_eq!((world.vehicle.launches, world.vehicle.arms), (1, 1));
}

/// Nobody below a transit is filmed: the camera looks ahead there, also after a survey that looked straight down.
#[test]
fn the_camera_looks_ahead_on_every_transit() {
    for (seed, weather) in [(25, CLEAR), (26, STORM)] {
        let mut world = World::new(seed, weather);
        let mut survey = plan("survey");
        survey.outbound = vec![at(0.0, 40.0), at(-60.0, 40.0), at(-60.0, 160.0)];
        survey.homeward = vec![at(0.0, 0.0)];
        let manner = SurveyManner { height_m: 15.0, speed_m_s: 5.0, heading_deg: None, stops: vec![0, 1, 2] };
        survey.scene = Scene::Survey { manner: Some(manner) };
        world.command("survey", fly(survey, FlightPhase::Ordered));
        world.run_until(240_000, |report| matches!(report, FlightEvent::Passed { corners: 2 }));
        assert_eq!(world.vehicle.camera_pitch_deg, -90.0, "it surveys");
        world.reports.clear();
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run_until_phase(60_000, FlightPhase::Airborne);
        world.run(3_000);
        assert_eq!(world.vehicle.camera_pitch_deg, 0.0, "on the way out");
        world.run_until_phase(240_000, FlightPhase::OnScene);
        world.run(3_000);
        assert_eq!(world.vehicle.camera_pitch_deg, vehicle::LOOKING_AT_SOMEBODY_DEG, "on scene");
        world.command("m", recall());
        world.run_until_phase(60_000, FlightPhase::Returning);
        world.run(3_000);
        assert_eq!(world.vehicle.camera_pitch_deg, 0.0, "on the way home");
    }
}

/// Its list on board has one item fewer than one begun on the pad. It was called foreign after a restart, and left alone in the air.
#[test]
fn a_survey_flies_its_corners_and_comes_home_by_itself() {
    let mut world = World::new(19, CLEAR);
    let mut survey = plan("survey");
    survey.scene = Scene::Survey { manner: None };
    world.command("survey", fly(survey, FlightPhase::Ordered));
    world.run_until_phase(240_000, FlightPhase::Landed);
    assert_eq!(world.phases(), ALL_PHASES);
}

#[test]
fn a_survey_goes_down_over_the_lot_looks_down_and_says_what_it_has_passed() {
    for (seed, weather) in [(31, CLEAR), (32, STORM)] {
        let mut world = World::new(seed, weather);
        let mut survey = plan("survey");
        survey.outbound = vec![at(0.0, 80.0), at(-100.0, 80.0), at(-100.0, 90.0), at(-100.0, 100.0), at(-80.0, 100.0)];
        survey.homeward = vec![at(0.0, 80.0), at(0.0, 0.0)];
        let manner = SurveyManner { height_m: 15.0, speed_m_s: 5.0, heading_deg: Some(-30.0), stops: vec![1, 2, 3, 4] };
        survey.scene = Scene::Survey { manner: Some(manner) };
        let (up, low) = (survey.transit_height_m as f32, 15.0);
        world.command("survey", fly(survey, FlightPhase::Ordered));
        world.run_until_phase(600_000, FlightPhase::Landed);
        let passed: Vec<usize> = world
            .reports
            .iter()
            .filter_map(|(_, report)| match report {
                FlightEvent::Passed { corners } => Some(*corners),
                _ => None,
            })
            .collect();
        assert!(passed.windows(2).all(|pair| pair[0] < pair[1]) && passed.last() == Some(&4), "{passed:?}");
        // Up, there, over the first corner; four stops low; up over the last; home.
        assert_eq!(world.vehicle.waypoint_heights_m(), [up, up, up, low, low, low, low, up, up, up]);
    }
}

#[test]
fn the_light_is_shown_as_read_back_and_never_better() {
    let mut world = world_at(FlightPhase::OnScene, CLEAR, 20);
    world.run(3_000);
    assert_eq!(world.link.status(world.now_ms).light, LightState::Lit);
    world.vehicle.light_broken = true;
    world.run(3_000);
    assert_eq!(world.link.status(world.now_ms).light, LightState::Fault);

    // One that does not wink: when a storm loses the end of a wink, the light is at half for as long as the order is repeated.
    let config = LinkConfig::new(DroneId::new("d1").expect("an id"), vehicle::SYSTEM_ID);
    let mut world = World::with(LinkConfig { filming_signal: false, ..config }, 21, STORM);
    world.vehicle.has_illuminator = false;
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(240_000, FlightPhase::OnScene);
    world.run(10_000);
    assert_eq!(world.link.status(world.now_ms).light, LightState::Commanded);
    assert_eq!(world.vehicle.actuators.last(), Some(&1.0));
}

#[test]
fn the_light_shows_that_a_camera_films_unless_it_is_to_be_steady() {
    let config = |steady: bool| {
        let config = LinkConfig::new(DroneId::new("d1").expect("an id"), vehicle::SYSTEM_ID);
        LinkConfig { filming_signal: !steady, ..config }
    };
    for (steady, strobe) in [(false, [100.0, 10.0, 97.0]), (true, [100.0, 0.0, 0.0])] {
        let mut world = World::with(config(steady), 23, CLEAR);
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run_until_phase(240_000, FlightPhase::OnScene);
        world.run(20_000);
        assert_eq!(world.vehicle.light_settings.last(), Some(&strobe), "it winks by itself, and is never ordered dark");
        assert!(world.vehicle.light_on);
    }
    let dips = [0.0, 1.0, 0.5, 1.0, 0.5, 1.0, 0.5, 1.0, 1.0, 1.0].as_slice();
    for (steady, seen) in [(false, dips), (true, &[0.0, 1.0, 1.0, 1.0])] {
        let mut world = World::with(config(steady), 24, CLEAR);
        world.vehicle.has_illuminator = false;
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run_until_phase(240_000, FlightPhase::OnScene);
        world.run(20_000);
        assert_eq!(world.vehicle.actuators, seen);
    }
}

/// A dip whose end is lost would leave the person in half light.
#[test]
fn dips_end_in_full_light_however_bad_the_line_is() {
    for seed in 0..40 {
        let mut world = World::new(seed, STORM);
        world.vehicle.has_illuminator = false;
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run_until_phase(240_000, FlightPhase::OnScene);
        world.run(40_000);
        assert!(world.vehicle.actuators.contains(&0.5), "seed {seed}: it dips");
        assert_eq!(world.vehicle.actuators.last(), Some(&1.0), "seed {seed}: {:?}", world.vehicle.actuators);
        world.command("m", FlightCommand::Light { on: true, brightness_pct: 40 });
        world.run(10_000);
        assert_eq!(world.vehicle.actuators.last(), Some(&0.4), "seed {seed}: no dip for another brightness");
    }
}

#[test]
fn repeats_of_orders_change_nothing_and_an_ended_flight_says_its_end_again() {
    let mut world = World::new(22, CLEAR);
    for _ in 0..3 {
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run(3_000);
    }
    world.run_until_phase(120_000, FlightPhase::OnScene);
    for _ in 0..5 {
        world.command("m", recall());
        world.run(4_000);
    }
    world.run_until_phase(120_000, FlightPhase::Landed);
    assert_eq!(world.phases(), ALL_PHASES);
    world.command("m", fly(plan("m"), FlightPhase::Landed));
    assert_eq!(world.phases().last(), Some(&FlightPhase::Landed));
    assert_eq!(world.phases().len(), ALL_PHASES.len() + 1);
    assert_eq!(world.vehicle.launches, 1);
}

#[test]
fn an_upload_that_is_cut_midway_recovers_or_fails_cleanly() {
    for cut_ms in (100..3_000).step_by(100) {
        let mut world = World::new(cut_ms, STORM);
        world.command("m", fly(plan("m"), FlightPhase::Ordered));
        world.run_until_phase(30_000, FlightPhase::PreflightPassed);
        world.run(cut_ms);
        world.weather.loss_pct = 100;
        world.run(8_000);
        world.weather.loss_pct = 30;
        world.run_until_phase(120_000, FlightPhase::Uploaded);
        assert_eq!(world.vehicle.mission.len(), 7, "cut after {cut_ms} ms");
        assert_eq!(world.vehicle.fence.len(), 8, "cut after {cut_ms} ms");
    }
}

#[test]
fn lost_acknowledgements_and_strange_heartbeats_do_no_harm() {
    let mut world = World::new(23, CLEAR);
    world.vehicle.drops_acks = true;
    world.vehicle.strange = true;
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(120_000, FlightPhase::OnScene);
    world.command("m", recall());
    world.run_until_phase(120_000, FlightPhase::Landed);
    assert_eq!((world.vehicle.launches, world.vehicle.arms), (1, 1));
}
