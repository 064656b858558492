//! What flight.md says of PX4, number by number, seen from a client of the simulated autopilot.

mod common;

use common::{HOME_AMSL_M, Station, home};
use mavlink::dialects::ardupilotmega::{COMMAND_LONG_DATA, MavCmd, MavMessage, MavType};
use sim::{Fault, FlightMode, ParamValue};

const ACCEPTED: u8 = 0;
const TEMPORARILY_REJECTED: u8 = 1;
const UNSUPPORTED: u8 = 3;

fn integer(name: &str, value: i32) -> Fault {
    Fault::Parameter(name.to_owned(), ParamValue::Integer(value))
}

#[test]
fn fact_1_mode_changes_are_answered_twice() {
    let mut station = Station::booted();
    assert_eq!(station.set_mode(4.0, 3.0), [ACCEPTED, ACCEPTED]);
    // No mission: accepted by the link, then refused by the commander.
    assert_eq!(station.set_mode(4.0, 4.0), [ACCEPTED, TEMPORARILY_REJECTED]);
}

#[test]
fn fact_3_take_off_to_zero_zero_arms_but_never_climbs() {
    let mut station = Station::booted();
    station.command(MavCmd::MAV_CMD_NAV_TAKEOFF, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 500.0]);
    station.arm();
    assert!(station.aircraft.truth().armed);
    station.run_ms(11_000);
    let truth = station.aircraft.truth();
    assert!(!truth.armed && truth.height_m < 0.1, "{truth:#?}");
}

#[test]
fn fact_3_take_off_without_altitude_goes_to_two_and_a_half_metres() {
    let mut station = Station::booted();
    station.command(MavCmd::MAV_CMD_NAV_TAKEOFF, [f32::NAN; 7]);
    station.arm();
    station.run_ms(12_000);
    let truth = station.aircraft.truth();
    assert!((truth.height_m - 2.5).abs() < 1.0, "{}", truth.height_m);
    assert_eq!(truth.mode, FlightMode::Hold);
}

#[test]
fn fact_4_disarms_by_itself_after_ten_seconds_on_the_ground() {
    let mut station = Station::booted();
    assert_eq!(station.arm(), [ACCEPTED]);
    station.run_ms(9_000);
    assert!(station.aircraft.truth().armed);
    station.run_ms(2_000);
    assert!(!station.aircraft.truth().armed);
}

#[test]
fn fact_5_a_reposition_without_the_mode_bit_is_unsupported_and_flies_anyway() {
    let mut station = Station::airborne(10.0);
    let there = home().moved(0.0, 40.0);
    let answers =
        station.command_int(MavCmd::MAV_CMD_DO_REPOSITION, [-1.0, 0.0, 0.0, f32::NAN], there, (HOME_AMSL_M + 10.0) as f32);
    assert_eq!(answers, [UNSUPPORTED]);
    station.run_ms(25_000);
    assert!(station.aircraft.truth().position.distance_m(&there) < 3.0);
}

#[test]
fn fact_5_outside_the_fence_is_accepted_but_not_flown() {
    let mut station = Station::airborne(10.0);
    station.aircraft.inject(Fault::Parameter("GF_MAX_HOR_DIST".to_owned(), ParamValue::Real(30.0)));
    assert_eq!(station.go_to(home().moved(0.0, 80.0), 10.0), [ACCEPTED]);
    station.run_ms(10_000);
    assert!(station.aircraft.truth().position.distance_m(&home()) < 5.0);
    assert!(station.has_text("outside geofence"), "{:?}", station.texts);
}

#[test]
fn fact_6_no_disarming_in_the_air() {
    let mut station = Station::airborne(10.0);
    assert_eq!(station.command(MavCmd::MAV_CMD_COMPONENT_ARM_DISARM, [0.0; 7]), [TEMPORARILY_REJECTED]);
}

#[test]
fn fact_7_only_the_exact_target_is_answered() {
    for (target, answers) in [((1, 1), 1), ((1, 0), 1), ((2, 1), 0), ((1, 99), 0)] {
        let mut station = Station::booted();
        station.command_to(target, MavCmd::MAV_CMD_DO_CHANGE_SPEED, [1.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        station.run_ms(100);
        assert_eq!(station.answers.len(), answers, "{target:?}");
    }
}

#[test]
fn fact_8_commands_that_px4_does_not_know() {
    let mut station = Station::booted();
    for command in [
        MavCmd::MAV_CMD_ILLUMINATOR_ON_OFF,
        MavCmd::MAV_CMD_DO_FOLLOW,
        MavCmd::MAV_CMD_DO_FOLLOW_REPOSITION,
        MavCmd::MAV_CMD_DO_PAUSE_CONTINUE,
        MavCmd::MAV_CMD_CONDITION_YAW,
        MavCmd::MAV_CMD_OVERRIDE_GOTO,
        MavCmd::MAV_CMD_DO_SET_SERVO,
        MavCmd::MAV_CMD_DO_SET_RELAY,
        MavCmd::MAV_CMD_DO_FENCE_ENABLE,
        MavCmd::MAV_CMD_DO_PARACHUTE,
        MavCmd::MAV_CMD_DO_SET_MISSION_CURRENT,
    ] {
        assert_eq!(station.command(command, [0.0; 7]), [UNSUPPORTED], "{command:?}");
    }
}

#[test]
fn fact_8_the_light_is_a_component_of_its_own() {
    let mut station = Station::booted();
    station.command_to((1, 243), MavCmd::MAV_CMD_ILLUMINATOR_ON_OFF, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    station.run_ms(100);
    assert_eq!(station.answers.iter().map(|a| (a.component, a.result)).collect::<Vec<_>>(), [(243, ACCEPTED)]);
    assert_eq!(station.aircraft.truth().light, 1.0);
    station.aircraft.inject(Fault::LightDead(true));
    assert_eq!(station.aircraft.truth().light, 0.0);
}

#[test]
fn fact_8_a_light_can_wink_by_itself() {
    let mut station = Station::booted();
    station.command_to((1, 243), MavCmd::MAV_CMD_ILLUMINATOR_ON_OFF, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    station.command_to((1, 243), MavCmd::MAV_CMD_DO_ILLUMINATOR_CONFIGURE, [1.0, 100.0, 10.0, 97.0, 0.0, 0.0, 0.0]);
    let mut dark_ms = Vec::new();
    for ms in (0..30_000).step_by(50) {
        station.run_ms(50);
        let truth = station.aircraft.truth();
        assert_eq!(truth.light, 1.0, "on all the while");
        if truth.light_winks {
            dark_ms.push(ms);
        }
    }
    assert!((15..=21).contains(&dark_ms.len()), "0.3 s in each of three periods: {dark_ms:?}");
}

#[test]
fn fact_11_status_texts_need_a_ground_station() {
    for (kind, spoken) in [(MavType::MAV_TYPE_ONBOARD_CONTROLLER, false), (MavType::MAV_TYPE_GCS, true)] {
        let mut station = Station::new();
        station.heartbeats = false;
        station.heartbeat(kind);
        station.run_ms(5_000);
        station.arm();
        assert_eq!(station.has_text("Armed"), spoken, "{kind:?}");
    }
}

#[test]
fn fact_12_data_link_loss_returns_after_eighteen_seconds() {
    let mut station = Station::airborne(10.0);
    station.aircraft.inject(integer("NAV_DLL_ACT", 2));
    station.heartbeats = false;
    station.run_ms(15_000);
    assert_ne!(station.aircraft.truth().mode, FlightMode::Return);
    station.run_ms(5_000);
    assert_eq!(station.aircraft.truth().mode, FlightMode::Return);
}

#[test]
fn fact_13_arming_right_after_the_start_is_rejected_for_two_to_four_seconds() {
    let mut station = Station::new();
    station.run_ms(1_000);
    assert_eq!(station.arm(), [TEMPORARILY_REJECTED]);
    station.run_ms(3_200);
    assert_eq!(station.arm(), [ACCEPTED]);
}

#[test]
fn fact_23_battery_holds_returns_and_lands() {
    let mut station = Station::airborne(15.0);
    station.go_to(home().moved(0.0, 300.0), 15.0);
    station.run_ms(20_000);
    station.aircraft.inject(Fault::SetCharge { pct: 14.5 });
    station.run_ms(1_000);
    assert!(station.has_text("Low battery"), "{:?}", station.texts);
    station.aircraft.inject(Fault::SetCharge { pct: 6.9 });
    station.run_ms(1_000);
    assert_eq!(station.aircraft.truth().mode, FlightMode::Hold);
    station.run_ms(5_000);
    assert_eq!(station.aircraft.truth().mode, FlightMode::Return);
    station.aircraft.inject(Fault::SetCharge { pct: 4.9 });
    station.run_ms(1_000);
    assert_eq!(station.aircraft.truth().mode, FlightMode::Land);
}

#[test]
fn fact_24_lost_satellites_land_blindly_after_five_seconds() {
    let mut station = Station::airborne(10.0);
    station.aircraft.inject(Fault::GpsLoss(true));
    station.run_ms(4_000);
    assert_eq!(station.aircraft.truth().mode, FlightMode::Hold);
    station.run_ms(2_000);
    assert_eq!(station.aircraft.truth().mode, FlightMode::Descend);
    station.run_until(40_000, "landing", |s| !s.aircraft.truth().armed);
    assert!(!station.aircraft.truth().crashed);
}

#[test]
fn an_unknown_command_number_is_answered_unsupported() {
    let mut station = Station::booted();
    let data = COMMAND_LONG_DATA { target_system: 1, target_component: 1, ..COMMAND_LONG_DATA::default() };
    let mut raw = mavlink::MAVLinkV2MessageRaw::new();
    raw.serialize_message(mavlink::MavHeader { system_id: 255, component_id: 190, sequence: 0 }, &MavMessage::COMMAND_LONG(data));
    let mut bytes = raw.raw_bytes().to_vec();
    let number = 60_000_u16.to_le_bytes();
    bytes[10 + 28..10 + 30].copy_from_slice(&number);
    let end = bytes.len() - 2;
    let checksum = mavlink::calculate_crc(&bytes[1..end], 152);
    bytes[end..].copy_from_slice(&checksum.to_le_bytes());
    station.aircraft.receive(&bytes);
    station.run_ms(100);
    assert_eq!(station.answers.iter().map(|a| (a.command, a.result)).collect::<Vec<_>>(), [(60_000, UNSUPPORTED)]);
}
