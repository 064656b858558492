//! What follows a breach of the fence and lost offboard setpoints, and after which time, as PX4 1.16 decides it: commander/failsafe
//! (`failsafe.cpp`: fromGfActParam, fromOffboardLossActParam, fromBatteryWarningActParam; `framework.cpp`: a return or a landing first holds for
//! COM_FAIL_ACT_T, 5 s, so that somebody can take over).

mod common;

use common::{HOME_AMSL_M, Station, home};
use mavlink::dialects::ardupilotmega::*;
use sim::{Fault, FlightMode, ParamValue};

const ACCEPTED: u8 = 0;
const TEMPORARILY_REJECTED: u8 = 1;
const DENIED: u8 = 2;
const UNSUPPORTED: u8 = 3;
/// The fence is looked at five times a second, decisions are taken fifty times a second.
const SLACK_MS: u64 = 300;

fn integer(name: &str, value: i32) -> Fault {
    Fault::Parameter(name.to_owned(), ParamValue::Integer(value))
}

fn real(name: &str, value: f32) -> Fault {
    Fault::Parameter(name.to_owned(), ParamValue::Real(value))
}

fn mode(station: &Station) -> FlightMode {
    station.aircraft.truth().mode
}

/// Streams a speed northwards, as a companion computer does; setpoints of any kind are fresh for COM_OF_LOSS_T.
fn stream_speed(station: &mut Station, north_m_s: f32, span_ms: u64) {
    let end_ms = station.now_ms + span_ms;
    while station.now_ms < end_ms {
        station.send(&MavMessage::SET_POSITION_TARGET_LOCAL_NED(SET_POSITION_TARGET_LOCAL_NED_DATA {
            vx: north_m_s,
            target_system: 1,
            target_component: 1,
            coordinate_frame: MavFrame::MAV_FRAME_LOCAL_NED,
            // Everything ignored but the velocity.
            type_mask: PositionTargetTypemask::from_bits_retain(0b1101_1100_0111),
            ..SET_POSITION_TARGET_LOCAL_NED_DATA::default()
        }));
        station.run_ms(100);
    }
}

/// In the air at 15 m, flown by setpoints.
fn offboard() -> Station {
    let mut station = Station::airborne(15.0);
    stream_speed(&mut station, 0.0, 1_000);
    assert_eq!(station.set_mode(6.0, 0.0), [ACCEPTED, ACCEPTED]);
    station
}

/// Milliseconds until this mode is flown.
fn takes_ms(station: &mut Station, wanted: FlightMode, limit_ms: u64) -> u64 {
    let begun_ms = station.now_ms;
    station.run_until(limit_ms, &format!("{wanted:?}"), |s| mode(s) == wanted);
    station.now_ms - begun_ms
}

/// Over a fence 20 m around home at 5 m/s; setpoints go on coming, so that only the fence acts.
fn breach(action: i32) -> (Station, Vec<(u64, FlightMode)>) {
    let mut station = offboard();
    station.aircraft.inject(real("GF_MAX_HOR_DIST", 20.0));
    station.aircraft.inject(integer("GF_ACTION", action));
    let mut crossed_ms = None;
    let mut modes = Vec::new();
    for _ in 0..150 {
        stream_speed(&mut station, 5.0, 100);
        if station.aircraft.truth().position.distance_m(&home()) > 20.0 {
            crossed_ms.get_or_insert(station.now_ms);
        }
        let now = mode(&station);
        if modes.last().is_none_or(|(_, last)| *last != now) {
            modes.push((station.now_ms.saturating_sub(crossed_ms.unwrap_or(station.now_ms)), now));
        }
    }
    (station, modes)
}

#[test]
fn a_breach_of_the_fence_is_answered_as_gf_action_says_and_after_its_hold() {
    let cases: [(i32, &[(u64, FlightMode)]); 5] = [
        (0, &[(0, FlightMode::Offboard)]),
        (1, &[(0, FlightMode::Offboard)]),
        (2, &[(0, FlightMode::Offboard), (0, FlightMode::Hold)]),
        (3, &[(0, FlightMode::Offboard), (0, FlightMode::Hold), (5_000, FlightMode::Return)]),
        (5, &[(0, FlightMode::Offboard), (0, FlightMode::Hold), (5_000, FlightMode::Land)]),
    ];
    for (action, expected) in cases {
        let (station, modes) = breach(action);
        assert_eq!(modes.len(), expected.len(), "GF_ACTION {action}: {modes:?}");
        for ((seen_ms, seen), (expected_ms, expected)) in modes.iter().zip(expected) {
            // The estimate may be a metre off the truth: at 5 m/s that is 200 ms.
            assert!(seen == expected && seen_ms.abs_diff(*expected_ms) <= SLACK_MS + 200, "GF_ACTION {action}: {modes:?}");
        }
        assert_eq!(station.has_text("Geofence violated"), action != 0, "GF_ACTION {action}: {:?}", station.texts);
    }
}

#[test]
fn offboard_without_setpoints_is_refused() {
    let mut station = Station::airborne(15.0);
    assert_eq!(station.set_mode(6.0, 0.0), [ACCEPTED, TEMPORARILY_REJECTED]);
    assert!(station.has_text("Offboard"), "{:?}", station.texts);
}

#[test]
fn lost_setpoints_are_answered_after_com_of_loss_t_as_com_obl_rc_act_says() {
    let cases = [
        (0, FlightMode::Manual),
        (1, FlightMode::Manual),
        (2, FlightMode::Manual),
        (3, FlightMode::Return),
        (4, FlightMode::Land),
        (5, FlightMode::Hold),
    ];
    for (action, expected) in cases {
        for loss_s in [1.0_f32, 2.5] {
            let mut station = offboard();
            station.aircraft.inject(integer("COM_OBL_RC_ACT", action));
            station.aircraft.inject(real("COM_OF_LOSS_T", loss_s));
            stream_speed(&mut station, 0.0, 1_000);
            let took_ms = takes_ms(&mut station, expected, 5_000);
            let expected_ms = (loss_s * 1_000.0) as u64;
            // The last setpoint came up to 100 ms before.
            assert!(took_ms + 120 >= expected_ms && took_ms <= expected_ms + SLACK_MS, "{action}: {took_ms} ms of {expected_ms}");
            assert!(station.has_text("No offboard signal"), "{:?}", station.texts);
        }
    }
}

#[test]
fn a_low_battery_is_answered_as_com_low_bat_act_says() {
    let cases = [
        (0, [FlightMode::Hold, FlightMode::Hold]),
        (2, [FlightMode::Land, FlightMode::Land]),
        (3, [FlightMode::Return, FlightMode::Land]),
    ];
    for (action, [critical, emergency]) in cases {
        let mut station = Station::airborne(30.0);
        station.aircraft.inject(integer("COM_LOW_BAT_ACT", action));
        station.go_to(home().moved(0.0, 300.0), 30.0);
        station.run_ms(20_000);
        station.aircraft.inject(Fault::SetCharge { pct: 6.9 });
        station.run_ms(4_800);
        assert_eq!(mode(&station), FlightMode::Hold, "COM_LOW_BAT_ACT {action}: held first");
        station.run_ms(400);
        assert_eq!(mode(&station), critical, "COM_LOW_BAT_ACT {action}");
        station.aircraft.inject(Fault::SetCharge { pct: 4.9 });
        station.run_ms(400);
        assert_eq!(mode(&station), emergency, "COM_LOW_BAT_ACT {action}: the hold was used up by the first failsafe");
    }
}

/// The hold comes back a quarter as fast as it was used: 20 s after it was used up, a second failsafe waits its 5 s again.
#[test]
fn the_hold_before_a_failsafe_comes_back_slowly() {
    let mut station = Station::airborne(30.0);
    station.go_to(home().moved(0.0, 300.0), 30.0);
    station.run_ms(30_000);
    station.aircraft.inject(Fault::SetCharge { pct: 6.9 });
    let first_ms = takes_ms(&mut station, FlightMode::Return, 10_000);
    station.run_ms(8_000);
    station.aircraft.inject(Fault::SetCharge { pct: 4.9 });
    let second_ms = takes_ms(&mut station, FlightMode::Land, 10_000);
    assert!(first_ms.abs_diff(5_000) <= SLACK_MS && second_ms.abs_diff(2_000) <= SLACK_MS, "{first_ms} ms, {second_ms} ms");
}

#[test]
fn clients_break_things_only_where_the_aircraft_lets_them() {
    let inject = |station: &mut Station, unit: f32, kind: f32| {
        station.command(MavCmd::MAV_CMD_INJECT_FAILURE, [unit, kind, 0.0, 0.0, 0.0, 0.0, 0.0])
    };
    const SATELLITES: f32 = 4.0;
    const MOTOR: f32 = 101.0;
    const OFF: f32 = 1.0;
    let mut station = Station::airborne(15.0);
    assert_eq!(inject(&mut station, SATELLITES, OFF), [DENIED]);
    station.aircraft.inject(integer("SYS_FAILURE_EN", 1));
    assert_eq!(inject(&mut station, MOTOR, OFF), [UNSUPPORTED]);
    assert_eq!(inject(&mut station, SATELLITES, OFF), [ACCEPTED]);
    let took_ms = takes_ms(&mut station, FlightMode::Descend, 10_000);
    assert!(took_ms.abs_diff(5_000) <= SLACK_MS + 200, "{took_ms} ms");
}

/// PX4 asks its whole fence, the parameters' limits too (navigator/mission_feasibility_checker.cpp, checkMissionAgainstGeofence).
#[test]
fn a_mission_beyond_a_limit_by_parameter_is_accepted_and_never_flown() {
    let mut station = Station::booted();
    station.aircraft.inject(real("GF_MAX_HOR_DIST", 50.0));
    let place = home().moved(0.0, 90.0);
    let count = MISSION_COUNT_DATA { count: 1, target_system: 1, target_component: 1, ..MISSION_COUNT_DATA::default() };
    station.send(&MavMessage::MISSION_COUNT(count));
    station.run_ms(100);
    station.send(&MavMessage::MISSION_ITEM_INT(MISSION_ITEM_INT_DATA {
        x: (place.lat_deg() * 1e7).round() as i32,
        y: (place.lon_deg() * 1e7).round() as i32,
        z: (HOME_AMSL_M + 12.0) as f32,
        command: MavCmd::MAV_CMD_NAV_WAYPOINT,
        frame: MavFrame::MAV_FRAME_GLOBAL,
        target_system: 1,
        target_component: 1,
        ..MISSION_ITEM_INT_DATA::default()
    }));
    station.run_ms(100);
    let accepted = station.last(|message| if let MavMessage::MISSION_ACK(ack) = message { Some(ack.mavtype) } else { None });
    assert_eq!(accepted, MavMissionResult::MAV_MISSION_ACCEPTED);
    assert!(station.has_text("Geofence violation for waypoint 1"), "{:?}", station.texts);
    assert_eq!(station.command(MavCmd::MAV_CMD_MISSION_START, [0.0; 7]), [TEMPORARILY_REJECTED]);
    assert!(!station.aircraft.truth().armed);
}

#[test]
fn a_compass_that_repeats_itself_is_told_and_flown_without() {
    let mut station = Station::airborne(20.0);
    station.aircraft.inject(Fault::CompassStuck(true));
    station.run_ms(600);
    assert!(!station.has_text("MAG #0 failed"), "{:?}", station.texts);
    station.run_ms(400);
    assert!(station.has_text("MAG #0 failed: STALE"), "{:?}", station.texts);
    // Round a square, so that the heading turns all the way.
    for (course_deg, way_m) in [(0.0, 80.0), (90.0, 80.0), (180.0, 80.0), (270.0, 80.0)] {
        let there = station.aircraft.truth().position.moved(course_deg, way_m);
        station.go_to(there, 20.0);
        station.run_ms(30_000);
        let off_m = station.aircraft.truth().position.distance_m(&there);
        assert!(off_m < 4.0, "{off_m:.1} m off after {course_deg}°");
    }
    station.set_mode(4.0, 6.0);
    station.run_until(60_000, "landing", |s| !s.aircraft.truth().armed);
    assert_eq!(station.arm(), [TEMPORARILY_REJECTED]);
    assert!(station.has_text("No valid data from Compass 0"), "{:?}", station.texts);
    station.aircraft.inject(Fault::CompassStuck(false));
    station.run_ms(500);
    assert_eq!(station.arm(), [ACCEPTED]);
}

/// Mission mode first and then armed: the mission begins (flight.md 4).
#[test]
fn arming_in_mission_mode_begins_the_mission() {
    let mut station = Station::booted();
    let place = home().moved(0.0, 60.0);
    station.send(&MavMessage::MISSION_COUNT(MISSION_COUNT_DATA {
        count: 1,
        target_system: 1,
        target_component: 1,
        ..MISSION_COUNT_DATA::default()
    }));
    station.run_ms(100);
    station.send(&MavMessage::MISSION_ITEM_INT(MISSION_ITEM_INT_DATA {
        x: (place.lat_deg() * 1e7).round() as i32,
        y: (place.lon_deg() * 1e7).round() as i32,
        z: 12.0,
        command: MavCmd::MAV_CMD_NAV_WAYPOINT,
        frame: MavFrame::MAV_FRAME_GLOBAL_RELATIVE_ALT,
        target_system: 1,
        target_component: 1,
        ..MISSION_ITEM_INT_DATA::default()
    }));
    station.run_ms(100);
    assert_eq!(station.set_mode(4.0, 4.0), [ACCEPTED, ACCEPTED]);
    assert_eq!(station.arm(), [ACCEPTED]);
    // The same mission again while it stands in that mode, as after a launch that was broken off.
    station.command(MavCmd::MAV_CMD_COMPONENT_ARM_DISARM, [0.0; 7]);
    assert_eq!(station.set_mode(4.0, 4.0), [ACCEPTED, ACCEPTED]);
    assert_eq!(station.arm(), [ACCEPTED]);
    station.run_until(60_000, "the place", |s| s.aircraft.truth().position.distance_m(&place) < 3.0);
}

/// An order in the payload of a frame whose checksum is wrong is no order: MAVLink's parser has taken those bytes already.
#[test]
fn an_order_inside_a_broken_frame_is_not_obeyed() {
    let mut station = Station::airborne(20.0);
    let disarm = COMMAND_LONG_DATA {
        param2: 21_196.0,
        command: MavCmd::MAV_CMD_COMPONENT_ARM_DISARM,
        target_system: 1,
        target_component: 1,
        ..COMMAND_LONG_DATA::default()
    };
    let mut raw = mavlink::MAVLinkV2MessageRaw::new();
    raw.serialize_message(mavlink::MavHeader { system_id: 255, component_id: 190, sequence: 9 }, &MavMessage::COMMAND_LONG(disarm));
    let inner = raw.raw_bytes();
    let mut outer = vec![0xFD, inner.len() as u8, 0, 0, 0, 255, 190, 253, 0, 0];
    outer.extend_from_slice(inner);
    outer.extend_from_slice(&[0, 0]);
    station.aircraft.receive(&outer);
    station.aircraft.receive(&outer[..outer.len() - 1]);
    station.run_ms(200);
    assert!(station.aircraft.truth().armed, "disarmed by an order inside a broken frame");
    // The same order by itself is obeyed, or the test would prove nothing.
    station.aircraft.receive(inner);
    station.run_ms(200);
    assert!(!station.aircraft.truth().armed);
}
