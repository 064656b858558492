//! Bytes from anybody: never a panic, never a change that a sound frame of the aircraft did not make.

mod support;

use drone_link_proto::{Link, LinkConfig, frames_of, sender};
use flight_types::{DroneId, FlightEvent, FlightPhase, GeoPoint};
use mavlink::dialects::ardupilotmega::*;
use mavlink::{MAVLinkV2MessageRaw, MavHeader};
use proptest::prelude::*;
use support::vehicle::{SYSTEM_ID, Vehicle};
use support::{fly, home, mission_id, plan, reached};

/// The entry of a fuzz target: a link in the middle of a flight takes arbitrary bytes, then runs on.
pub fn fuzz_datagram(bytes: &[u8]) {
    let mut link = Link::new(LinkConfig::new(DroneId::new("d1").expect("an id"), SYSTEM_ID), 0);
    link.command(&mission_id("m"), fly(plan("m"), FlightPhase::Ordered), 0);
    for now_ms in (0..2_000).step_by(100) {
        link.handle_datagram(bytes, now_ms);
        link.handle_timeout(now_ms);
        while link.poll_output().is_some() {}
        let _ = link.status(now_ms);
    }
}

/// A frame with a right checksum round any payload.
fn framed(message_id: u32, payload: &[u8], system_id: u8, component_id: u8, sequence: u8) -> Vec<u8> {
    let id = message_id.to_le_bytes();
    let mut frame = vec![0xFD, payload.len() as u8, 0, 0, sequence, system_id, component_id, id[0], id[1], id[2]];
    frame.extend_from_slice(payload);
    let extra = <MavMessage as mavlink::Message>::extra_crc(message_id);
    let checksum = mavlink::calculate_crc(&frame[1..], extra);
    frame.extend_from_slice(&checksum.to_le_bytes());
    frame
}

fn heartbeat_of(system_id: u8) -> Vec<u8> {
    let mut vehicle = Vehicle::new(home());
    vehicle.system_id = system_id;
    vehicle.tick(1_000);
    vehicle.take_datagrams().swap_remove(0)
}

fn connected_by(datagram: &[u8]) -> bool {
    let mut link = Link::new(LinkConfig::new(DroneId::new("d1").expect("an id"), SYSTEM_ID), 0);
    link.handle_datagram(datagram, 10);
    link.status(10).link.connected
}

/// The messages a link reads, so that random payloads reach every decoder.
const READ: [u32; 19] = [0, 1, 24, 30, 33, 40, 42, 44, 46, 47, 51, 73, 77, 147, 231, 245, 253, 269, 440];

proptest! {
    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        fuzz_datagram(&bytes);
    }

    #[test]
    fn arbitrary_payloads_in_sound_frames_do_no_harm(
        messages in proptest::collection::vec((0..READ.len(), proptest::collection::vec(any::<u8>(), 0..80), any::<u8>(), 0..3u8), 1..12)
    ) {
        let datagram: Vec<u8> = messages
            .iter()
            .flat_map(|(kind, payload, sequence, component)| framed(READ[*kind], payload, SYSTEM_ID, *component, *sequence))
            .collect();
        fuzz_datagram(&datagram);
    }

    #[test]
    fn a_sound_frame_is_found_behind_garbage_that_holds_no_frame_start(garbage in proptest::collection::vec(0u8..0xFD, 0..200)) {
        let mut datagram = garbage;
        datagram.extend(heartbeat_of(SYSTEM_ID));
        prop_assert!(connected_by(&datagram));
    }

    #[test]
    fn one_wrong_byte_spoils_a_frame(index in 0usize..21, flip in 1u8..=255) {
        let mut datagram = heartbeat_of(SYSTEM_ID);
        let index = index % datagram.len();
        datagram[index] ^= flip;
        prop_assert!(!connected_by(&datagram), "byte {index} changed by {flip}");
    }
}

#[test]
fn frames_that_are_cut_nested_oversized_or_of_others_are_ignored() {
    let whole = heartbeat_of(SYSTEM_ID);
    assert!(connected_by(&whole));
    for length in 0..whole.len() {
        assert!(!connected_by(&whole[..length]), "cut to {length}");
    }
    assert!(!connected_by(&heartbeat_of(SYSTEM_ID + 1)), "another system");
    let nested = framed(253, &whole, SYSTEM_ID + 1, 1, 0);
    assert!(!connected_by(&nested), "inside another's message");
    let corrupt_outside = {
        let mut bytes = nested.clone();
        let end = bytes.len() - 1;
        bytes[end] ^= 1;
        bytes
    };
    assert!(!connected_by(&corrupt_outside), "inside a corrupt message");
    let mut oversized = vec![0; 5_000];
    oversized.extend(&whole);
    assert!(!connected_by(&oversized), "behind more than any autopilot sends");
    let two: Vec<u8> = [heartbeat_of(SYSTEM_ID + 1), whole.clone()].concat();
    assert!(connected_by(&two), "behind another's frame");
    let unknown = [framed(0xABCDE, &[1, 2, 3], SYSTEM_ID, 1, 0), whole].concat();
    assert!(connected_by(&unknown), "behind a message the dialect does not know");
}

#[test]
fn a_link_full_of_unreadable_data_is_told_once() {
    let mut link = Link::new(LinkConfig::new(DroneId::new("d1").expect("an id"), SYSTEM_ID), 0);
    link.command(&mission_id("m"), fly(plan("m"), FlightPhase::Ordered), 0);
    link.handle_datagram(&heartbeat_of(SYSTEM_ID), 0);
    let kinds = [vec![0xFD; 5_000], vec![1, 2, 3], vec![0xFD, 255, 0, 0, 0, SYSTEM_ID, 1, 0, 0, 0]];
    let mut told = 0;
    for number in 0..30 {
        link.handle_datagram(&kinds[number % kinds.len()], 100 * number as u64);
        while let Some(output) = link.poll_output() {
            told += usize::from(format!("{output:?}").contains("unreadable data on the link"));
        }
    }
    let status = link.status(2_900);
    assert_eq!(told, 1, "as a report of the flight");
    assert_eq!(status.warnings, ["unreadable data on the link: 20 broken messages in 2 s, refused"]);
}

#[test]
fn a_ground_station_or_a_camera_with_the_same_system_id_is_not_the_aircraft() {
    let heartbeat = |mavtype: MavType, autopilot: MavAutopilot, component_id: u8| {
        let mut raw = MAVLinkV2MessageRaw::new();
        let message = MavMessage::HEARTBEAT(HEARTBEAT_DATA {
            custom_mode: 0,
            mavtype,
            autopilot,
            base_mode: MavModeFlag::empty(),
            system_status: MavState::MAV_STATE_ACTIVE,
            mavlink_version: 3,
        });
        raw.serialize_message(MavHeader { system_id: SYSTEM_ID.into(), component_id, sequence: 0 }, &message);
        raw.raw_bytes().to_vec()
    };
    let check = |mavtype, autopilot, component_id, expected: bool| {
        let datagram = heartbeat(mavtype, autopilot, component_id);
        assert_eq!(connected_by(&datagram), expected, "{mavtype:?} {component_id}");
        let from = sender(&datagram).expect("a sound frame");
        assert_eq!((from.system_id, from.component_id, from.autopilot_heartbeat), (SYSTEM_ID, component_id, expected));
        assert_eq!(frames_of(&datagram, SYSTEM_ID).count(), 1);
    };
    check(MavType::MAV_TYPE_QUADROTOR, MavAutopilot::MAV_AUTOPILOT_PX4, 1, true);
    check(MavType::MAV_TYPE_GCS, MavAutopilot::MAV_AUTOPILOT_INVALID, 1, false);
    check(MavType::MAV_TYPE_CAMERA, MavAutopilot::MAV_AUTOPILOT_INVALID, 100, false);
}

/// Numbers at the edge of their types, as a faulty sensor sends them.
#[test]
fn absurd_telemetry_is_shown_as_unknown_or_as_it_is_but_never_as_a_place() {
    let mut link = Link::new(LinkConfig::new(DroneId::new("d1").expect("an id"), SYSTEM_ID), 0);
    for (lat, lon) in [(i32::MAX, 0), (0, i32::MIN), (0, 0), (910_000_000, 10)] {
        let mut payload = vec![0; 28];
        payload[4..8].copy_from_slice(&lat.to_le_bytes());
        payload[8..12].copy_from_slice(&lon.to_le_bytes());
        link.handle_datagram(&framed(33, &payload, SYSTEM_ID, 1, (lat % 7) as u8), 0);
        assert_eq!(link.status(0).position, None::<GeoPoint>, "{lat} {lon}");
    }
    link.handle_datagram(&framed(30, &[0xFF; 28], SYSTEM_ID, 1, 77), 0);
    assert_eq!((link.status(0).roll_deg, link.status(0).pitch_deg), (None, None));
    link.handle_datagram(&framed(1, &[0xFF; 31], SYSTEM_ID, 1, 78), 0);
    assert_eq!((link.status(0).battery_pct, link.status(0).battery_v), (None, None));
}

/// A whole flight while a stranger floods the line with sound frames of its own system and with the aircraft's frames replayed.
#[test]
fn replayed_frames_and_strangers_do_not_disturb_a_flight() {
    let mut world = support::World::new(31, support::CLEAR);
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    let mut heard: Vec<Vec<u8>> = Vec::new();
    while !world.has(|report| *report == reached(FlightPhase::OnScene)) {
        world.tick();
        assert!(world.now_ms < 120_000, "{:#?}", world.reports);
        let sequence = (world.now_ms / 20) as u8;
        world.link.handle_datagram(&framed(47, &[255, 190, 1, 0], SYSTEM_ID + 1, 1, sequence), world.now_ms);
        world.link.handle_datagram(&framed(77, &[144, 1, 2], SYSTEM_ID + 1, 1, sequence), world.now_ms);
        heard.push(heartbeat_of(SYSTEM_ID + 1));
        let echo = heard.swap_remove(heard.len() / 2);
        world.link.handle_datagram(&echo, world.now_ms);
    }
    assert!(!world.has(|report| matches!(report, FlightEvent::Failed { .. })));
    assert_eq!(world.vehicle.launches, 1);
}
