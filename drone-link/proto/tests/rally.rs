//! Landings away from the pad: at rally points of the site, by order, for want of charge, or by the aircraft's own decision.

mod support;

use drone_link_proto::{Link, LinkConfig};
use flight_types::{
    DroneId, FlightCommand, FlightEvent, FlightPhase, FlightPlan, GeoPoint, HomePower, Rally, RallyPoint, RallyPointId,
};
use mavlink::dialects::ardupilotmega::{MISSION_ITEM_INT_DATA, MavCmd};
use support::vehicle::SYSTEM_ID;
use support::*;

fn id(name: &str) -> RallyPointId {
    RallyPointId::new(name).expect("an id")
}

/// South of the person, and further off.
fn yard() -> GeoPoint {
    at(190.0, -120.0)
}

fn roof() -> GeoPoint {
    at(330.0, -120.0)
}

fn points() -> Vec<RallyPoint> {
    vec![RallyPoint { id: id("roof"), place: roof(), ground_m: 12.0 }, RallyPoint { id: id("yard"), place: yard(), ground_m: 0.4 }]
}

/// Home from the scene takes some 20 %, to the yard 14 %, to the roof 17 %.
fn plan_with_rally() -> FlightPlan {
    let power = HomePower { fixed_pct: 0.0, upright_s: 50.0, second_pct: 0.2, airspeed_2: 0.0, airspeed_3: 0.001 };
    FlightPlan { rally: Some(Rally { points: points(), power, wind_unknown_m_s: 0.0 }), ..plan("m") }
}

fn on_scene(seed: u64, weather: Weather) -> World {
    let mut world = World::new(seed, weather);
    world.command("m", fly(plan_with_rally(), FlightPhase::Ordered));
    world.run_until_phase(240_000, FlightPhase::OnScene);
    world.run(3_000);
    world
}

fn recall_to(rally: Option<&str>) -> FlightCommand {
    FlightCommand::Recall { homeward: plan("m").homeward, rally: rally.map(id) }
}

/// How far it stands from there.
fn off_m(world: &World, place: GeoPoint) -> f64 {
    world.vehicle.position().distance_m(&place)
}

fn diversions(world: &World) -> Vec<(String, bool)> {
    let diverted = |(_, report): &(u64, FlightEvent)| match report {
        FlightEvent::Diverted { rally, shortfall } => Some((rally.to_string(), shortfall.is_some())),
        _ => None,
    };
    world.reports.iter().filter_map(diverted).collect()
}

fn lands(world: &mut World, place: GeoPoint) {
    let zone = square(95.0, 0.0, 40.0);
    for _ in 0..12_000 {
        world.tick();
        assert!(!zone.contains(world.vehicle.position()), "{:?}", world.reports);
        if world.has(|report| *report == reached(FlightPhase::Landed)) {
            break;
        }
    }
    assert!(world.has(|report| *report == reached(FlightPhase::Landed)), "{:?}", world.reports);
    assert!(!world.has(|report| matches!(report, FlightEvent::Failed { .. })), "{:?}", world.reports);
    assert!(world.vehicle.landed && !world.vehicle.armed && off_m(world, place) < 3.0, "{} m off", off_m(world, place));
}

#[test]
fn an_idle_aircraft_is_given_the_rally_points_of_its_site() {
    for weather in [CLEAR, STORM] {
        let drone = DroneId::new("d1").expect("an id");
        let config = LinkConfig { rally_points: points(), ..LinkConfig::new(drone, SYSTEM_ID) };
        let mut world = World::with(config.clone(), 33, weather);
        let foreign = MISSION_ITEM_INT_DATA { command: MavCmd::MAV_CMD_NAV_RALLY_POINT, x: 1, y: 2, ..Default::default() };
        world.vehicle.rally = vec![foreign];
        let mut told = false;
        for _ in 0..60 {
            world.run(1_000);
            told |=
                world.link.status(world.now_ms).warnings.iter().any(|warning| warning.starts_with("1 rally points of somebody"));
        }
        let on_board: Vec<(MavCmd, f32)> = world.vehicle.rally.iter().map(|item| (item.command, item.z)).collect();
        assert_eq!(on_board, [(MavCmd::MAV_CMD_NAV_RALLY_POINT, 12.0), (MavCmd::MAV_CMD_NAV_RALLY_POINT, 0.0)]);
        assert!(told);
        // A link that is started anew finds its own there and leaves them.
        let before = world.vehicle.rally.clone();
        world.link = Link::new(config, world.now_ms);
        world.run(60_000);
        assert_eq!(world.vehicle.rally, before);
        assert!(world.link.status(world.now_ms).warnings.is_empty());
        // One whose site has none any more takes them off.
        world.restart_link();
        world.run(60_000);
        assert!(world.vehicle.rally.is_empty());
    }
}

#[test]
fn who_is_recalled_to_a_rally_point_lands_there() {
    for (seed, weather) in [(1, CLEAR), (2, STORM), (3, STORM)] {
        let mut world = on_scene(seed, weather);
        world.command("m", recall_to(Some("roof")));
        lands(&mut world, roof());
        assert_eq!(diversions(&world), [("roof".to_owned(), false)]);
    }
}

#[test]
fn a_recall_to_a_rally_point_can_be_taken_back() {
    let mut world = on_scene(4, CLEAR);
    world.command("m", recall_to(Some("roof")));
    world.run(14_000);
    world.command("m", recall_to(None));
    lands(&mut world, home());
    let mut world = on_scene(4, CLEAR);
    world.command("m", recall_to(None));
    world.run(14_000);
    world.command("m", recall_to(Some("yard")));
    world.run(6_000);
    // Said again, it changes nothing.
    let orders = world.vehicle.modes_ordered.len();
    world.command("m", recall_to(Some("yard")));
    world.run(2_000);
    assert_eq!(world.vehicle.modes_ordered.len(), orders);
    lands(&mut world, yard());
}

#[test]
fn a_charge_that_does_not_reach_the_pad_lands_it_at_the_rally_point_that_takes_least() {
    // On scene, and on the way home.
    for after_ms in [0, 6_000] {
        let mut world = on_scene(5, CLEAR);
        if after_ms > 0 {
            world.command("m", recall_to(None));
            world.run(after_ms);
        }
        world.vehicle.battery_pct = 16;
        world.command("m", recall_to(None));
        lands(&mut world, yard());
        assert_eq!(diversions(&world), [("yard".to_owned(), true)], "after {after_ms} ms");
        let figures = |report: &FlightEvent| match report {
            FlightEvent::Diverted { shortfall: Some(shortfall), .. } => {
                assert!(shortfall.remaining_pct == 16.0 && (16.0..32.0).contains(&shortfall.needed_pct), "{shortfall:?}");
                true
            }
            _ => false,
        };
        assert!(world.has(figures));
    }
    // One that reaches it comes home.
    let mut world = on_scene(5, CLEAR);
    world.vehicle.battery_pct = 30;
    world.command("m", recall_to(None));
    lands(&mut world, home());
    assert_eq!(diversions(&world), []);
}

#[test]
fn a_rally_point_where_one_of_ours_stands_is_not_gone_to() {
    let mut world = on_scene(6, CLEAR);
    world.vehicle.battery_pct = 14;
    world.link.take_neighbours(Vec::new(), vec![yard().moved(90.0, 10.0)]);
    world.command("m", recall_to(None));
    lands(&mut world, roof());
    // With nothing free it comes home as far as it can.
    let mut world = on_scene(6, CLEAR);
    world.vehicle.battery_pct = 14;
    world.link.take_neighbours(Vec::new(), vec![yard(), roof()]);
    world.command("m", recall_to(None));
    lands(&mut world, home());
}

#[test]
fn a_restart_on_the_way_to_a_rally_point_changes_nothing() {
    for (after_ms, ordered) in [(2_000, None), (8_000, None), (14_000, None), (14_000, Some("yard")), (40_000, Some("yard"))] {
        let mut world = on_scene(7, CLEAR);
        world.vehicle.battery_pct = if ordered.is_some() { 80 } else { 16 };
        world.command("m", recall_to(ordered));
        world.run(after_ms);
        let phase = *world.phases().last().expect("it flew");
        world.restart_link();
        world.command("m", fly(plan_with_rally(), phase));
        world.command("m", recall_to(ordered));
        lands(&mut world, yard());
        assert_eq!(diversions(&world).first().map(|(rally, _)| rally.as_str()), Some("yard"), "after {after_ms} ms");
    }
}

#[test]
fn one_that_lands_at_a_rally_point_by_itself_is_not_down() {
    let mut world = on_scene(8, CLEAR);
    world.command("m", FlightCommand::YieldControl);
    let yard_here = world.vehicle.frame.to_local(yard());
    (world.vehicle.place, world.vehicle.height_m) = (yard_here, 0.0);
    (world.vehicle.landed, world.vehicle.armed) = (true, false);
    lands(&mut world, yard());
    assert_eq!(diversions(&world), [("yard".to_owned(), false)]);
}
