//! Missions and fences as PX4 takes, refuses and flies them (flight.md 17–20).
#![allow(deprecated, reason = "PX4 asks with the superseded MISSION_REQUEST first")]

mod common;

use common::{Station, home};
use mavlink::dialects::ardupilotmega::*;
use sim::FlightMode;

fn item(seq: u16, command: MavCmd, frame: MavFrame, north_m: f64, height_m: f32, kind: MavMissionType) -> MISSION_ITEM_INT_DATA {
    let place = home().moved(0.0, north_m);
    MISSION_ITEM_INT_DATA {
        param1: 0.0,
        param2: 0.0,
        param3: 0.0,
        param4: f32::NAN,
        x: (place.lat_deg() * 1e7).round() as i32,
        y: (place.lon_deg() * 1e7).round() as i32,
        z: height_m,
        seq,
        command,
        target_system: 1,
        target_component: 1,
        frame,
        current: u8::from(seq == 0),
        autocontinue: 1,
        mission_type: kind,
    }
}

fn waypoint(seq: u16, north_m: f64) -> MISSION_ITEM_INT_DATA {
    let frame = MavFrame::MAV_FRAME_GLOBAL_RELATIVE_ALT_INT;
    item(seq, MavCmd::MAV_CMD_NAV_WAYPOINT, frame, north_m, 12.0, MavMissionType::MAV_MISSION_TYPE_MISSION)
}

/// Uploads and gives the result.
fn upload(station: &mut Station, items: &[MISSION_ITEM_INT_DATA]) -> MavMissionResult {
    let kind = items[0].mission_type;
    let count = items.len() as u16;
    station.send(&MavMessage::MISSION_COUNT(MISSION_COUNT_DATA {
        count,
        target_system: 1,
        target_component: 1,
        mission_type: kind,
        opaque_id: 0,
    }));
    let mut read = station.heard.len();
    for _ in 0..500 {
        station.run_ms(20);
        while read < station.heard.len() {
            let message = station.heard[read].2.clone();
            read += 1;
            let wanted = match message {
                MavMessage::MISSION_REQUEST(request) => request.seq,
                MavMessage::MISSION_REQUEST_INT(request) => request.seq,
                MavMessage::MISSION_ACK(ack) => return ack.mavtype,
                _ => continue,
            };
            station.send(&MavMessage::MISSION_ITEM_INT(items[usize::from(wanted)].clone()));
        }
    }
    panic!("the upload never ended");
}

#[test]
fn fact_17_and_18_what_a_mission_may_contain() {
    let int = MavFrame::MAV_FRAME_GLOBAL_RELATIVE_ALT_INT;
    let cases = [
        (MavCmd::MAV_CMD_NAV_WAYPOINT, int, MavMissionResult::MAV_MISSION_ACCEPTED),
        (MavCmd::MAV_CMD_NAV_WAYPOINT, MavFrame::MAV_FRAME_GLOBAL_RELATIVE_ALT, MavMissionResult::MAV_MISSION_ACCEPTED),
        (MavCmd::MAV_CMD_NAV_WAYPOINT, MavFrame::MAV_FRAME_GLOBAL_TERRAIN_ALT, MavMissionResult::MAV_MISSION_UNSUPPORTED_FRAME),
        (MavCmd::MAV_CMD_ILLUMINATOR_ON_OFF, int, MavMissionResult::MAV_MISSION_UNSUPPORTED),
        (MavCmd::MAV_CMD_CONDITION_YAW, int, MavMissionResult::MAV_MISSION_UNSUPPORTED),
        (MavCmd::MAV_CMD_NAV_LOITER_TURNS, int, MavMissionResult::MAV_MISSION_UNSUPPORTED),
        (MavCmd::MAV_CMD_DO_SET_SERVO, int, MavMissionResult::MAV_MISSION_UNSUPPORTED),
        (MavCmd::MAV_CMD_DO_SET_RELAY, int, MavMissionResult::MAV_MISSION_UNSUPPORTED),
        (MavCmd::MAV_CMD_DO_ORBIT, int, MavMissionResult::MAV_MISSION_UNSUPPORTED),
        (MavCmd::MAV_CMD_NAV_SPLINE_WAYPOINT, int, MavMissionResult::MAV_MISSION_UNSUPPORTED),
        (MavCmd::MAV_CMD_DO_SET_ACTUATOR, int, MavMissionResult::MAV_MISSION_ACCEPTED),
    ];
    for (command, frame, result) in cases {
        let mut station = Station::booted();
        let odd = item(1, command, frame, 20.0, 12.0, MavMissionType::MAV_MISSION_TYPE_MISSION);
        assert_eq!(upload(&mut station, &[waypoint(0, 10.0), odd]), result, "{command:?} {frame:?}");
    }
}

#[test]
fn fact_19_an_accepted_mission_outside_the_fence_is_refused_later() {
    let mut station = Station::booted();
    let kind = MavMissionType::MAV_MISSION_TYPE_FENCE;
    let mut circle = item(0, MavCmd::MAV_CMD_NAV_FENCE_CIRCLE_INCLUSION, MavFrame::MAV_FRAME_GLOBAL, 0.0, 0.0, kind);
    circle.param1 = 50.0;
    assert_eq!(upload(&mut station, &[circle]), MavMissionResult::MAV_MISSION_ACCEPTED);
    assert_eq!(upload(&mut station, &[waypoint(0, 90.0)]), MavMissionResult::MAV_MISSION_ACCEPTED);
    assert!(station.has_text("Geofence violation for waypoint 1"), "{:?}", station.texts);
    assert_eq!(station.command(MavCmd::MAV_CMD_MISSION_START, [0.0; 7]), [1]);
    assert!(!station.aircraft.truth().armed);
}

#[test]
fn fact_20_mission_start_arms_and_reached_is_repeated() {
    let mut station = Station::booted();
    assert_eq!(upload(&mut station, &[waypoint(0, 30.0), waypoint(1, 80.0)]), MavMissionResult::MAV_MISSION_ACCEPTED);
    assert_eq!(station.command(MavCmd::MAV_CMD_MISSION_START, [0.0; 7]), [0]);
    assert!(station.aircraft.truth().armed);
    station.run_until(90_000, "the mission's end", |s| s.aircraft.truth().mode == FlightMode::Hold);
    station.run_ms(8_000);
    assert!(station.aircraft.truth().position.distance_m(&home().moved(0.0, 80.0)) < 3.0);
    let first = station.heard.iter().filter(|(_, _, m)| matches!(m, MavMessage::MISSION_ITEM_REACHED(r) if r.seq == 0)).count();
    assert!(first > 1, "said {first} times");
}
