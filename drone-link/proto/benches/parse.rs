//! A telemetry stream from bytes to what the link knows, beside the `mavlink` crate decoding the same bytes.
//!
//! Input: 65,536 frames in PX4's proportions (of 32: 14 ATTITUDE, 10 GLOBAL_POSITION_INT, 2 each of SYS_STATUS, GPS_RAW_INT and
//! BATTERY_STATUS, 1 HEARTBEAT, 1 EXTENDED_SYS_STATE), boot clock rising by 5 ms a frame, sequence numbers without gaps; in datagrams
//! of one frame, as over radio, and of 32. `cargo bench -p drone-link-proto --bench parse`; items are messages.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use drone_link_proto::{Link, LinkConfig, frames_of};
use flight_types::DroneId;
use mavlink::dialects::ardupilotmega::*;
use mavlink::{MAVLinkV2MessageRaw, MavHeader, MavlinkReader};

const SYSTEM_ID: u8 = 7;
/// A multiple of 256, so that sequence numbers go on without a gap when the stream is played again.
const FRAMES: u32 = 65_536;
const FRAME_INTERVAL_MS: u32 = 5;

fn main() {
    divan::main();
}

fn message(number: u32) -> MavMessage {
    let time_boot_ms = number * FRAME_INTERVAL_MS;
    let drift = number as i32 % 1_000;
    match number % 32 {
        0 => MavMessage::HEARTBEAT(heartbeat()),
        1 => MavMessage::EXTENDED_SYS_STATE(EXTENDED_SYS_STATE_DATA::default()),
        2 | 18 => MavMessage::SYS_STATUS(SYS_STATUS_DATA { voltage_battery: 15_400, battery_remaining: 80, ..Default::default() }),
        3 | 19 => MavMessage::GPS_RAW_INT(GPS_RAW_INT_DATA { satellites_visible: 14, ..Default::default() }),
        4 | 20 => MavMessage::BATTERY_STATUS(BATTERY_STATUS_DATA { battery_remaining: 80, ..Default::default() }),
        part if part % 5 < 2 => MavMessage::GLOBAL_POSITION_INT(GLOBAL_POSITION_INT_DATA {
            time_boot_ms,
            lat: 375_000_000 + drift,
            lon: 1_270_000_000 + drift,
            alt: 63_000,
            relative_alt: 30_000,
            hdg: 9_000,
            ..Default::default()
        }),
        _ => MavMessage::ATTITUDE(ATTITUDE_DATA { time_boot_ms, roll: 0.05, pitch: -0.1, yaw: 1.5, ..Default::default() }),
    }
}

fn heartbeat() -> HEARTBEAT_DATA {
    HEARTBEAT_DATA {
        custom_mode: 0x0304_0000,
        mavtype: MavType::MAV_TYPE_QUADROTOR,
        autopilot: MavAutopilot::MAV_AUTOPILOT_PX4,
        base_mode: MavModeFlag::MAV_MODE_FLAG_CUSTOM_MODE_ENABLED,
        system_status: MavState::MAV_STATE_ACTIVE,
        mavlink_version: 3,
    }
}

fn frame(number: u32) -> Vec<u8> {
    let mut raw = MAVLinkV2MessageRaw::new();
    let header = MavHeader { system_id: SYSTEM_ID.into(), component_id: 1, sequence: number as u8 };
    raw.serialize_message(header, &message(number));
    raw.raw_bytes().to_vec()
}

fn datagrams(frames_each: usize) -> Vec<Vec<u8>> {
    let frames: Vec<Vec<u8>> = (0..FRAMES).map(frame).collect();
    frames.chunks(frames_each).map(<[Vec<u8>]>::concat).collect()
}

/// Framing and checksum only.
#[divan::bench(args = [1, 32])]
fn framing(bencher: Bencher<'_, '_>, frames_each: usize) {
    let datagrams = datagrams(frames_each);
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        let sound: usize = datagrams.iter().map(|datagram| frames_of(datagram, SYSTEM_ID).count()).sum();
        assert_eq!(sound, FRAMES as usize, "every frame is sound");
    });
}

/// Framing, checksum, typed decoding, and everything a link does with it: freshness, state, supervision, what is due, reports.
#[divan::bench(args = [1, 32])]
fn whole_link(bencher: Bencher<'_, '_>, frames_each: usize) {
    let datagrams = datagrams(frames_each);
    let drone = DroneId::new("drone-1").expect("an id");
    bencher
        .counter(ItemsCount::new(FRAMES))
        .with_inputs(|| Link::new(LinkConfig::new(drone.clone(), SYSTEM_ID), 0))
        .bench_local_refs(|link| {
            let mut now_ms = 0;
            for datagram in &datagrams {
                now_ms += u64::from(FRAME_INTERVAL_MS) * frames_each as u64;
                link.handle_datagram(datagram, now_ms);
                while let Some(output) = link.poll_output() {
                    black_box(output);
                }
            }
            assert!(link.status(now_ms).position.is_some(), "the stream was understood");
        });
}

/// The peer: typed decoding of the same bytes, nothing done with it.
#[divan::bench]
fn mavlink_crate(bencher: Bencher<'_, '_>) {
    let bytes = datagrams(1).concat();
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        let mut reader = MavlinkReader::new(&bytes[..]);
        for _ in 0..FRAMES {
            black_box(reader.read_any_message::<MavMessage>().expect("a sound frame"));
        }
    });
}
