//! Whose word counts: signatures, boards, permissions to arm, and one time for both ends. Whole flights in virtual time; the scripted
//! aircraft signs and verifies with the definitions' own crate.

#![allow(deprecated, reason = "the definitions deprecate what PX4 speaks")]

mod support;

use drone_link_proto::{
    HardwareId, Link, LinkConfig, Output, SetUpError, SigningConfig, SigningKey, UnsignedFrames, frames_of, is_secret,
};
use flight_types::{DroneId, FlightCommand, FlightEvent, FlightFailure, FlightPhase, SigningRefusal, SigningStatus};
use support::vehicle::{SYSTEM_ID, Vehicle};
use support::*;

/// A time of signatures long after 2015.
const START: u64 = 37_000_000_000_000;
/// A fifth is lost; frames arrive late but in order, because an overtaken one is taken for a replay.
const LOSSY: Weather = Weather { loss_pct: 20, duplicate_pct: 0, delay_min_ms: 40, delay_max_ms: 40 };

fn key(byte: u8) -> SigningKey {
    SigningKey::new([byte; 32]).expect("a key")
}

fn config() -> LinkConfig {
    LinkConfig::new(DroneId::new("d1").expect("an id"), SYSTEM_ID)
}

fn signed_config() -> LinkConfig {
    LinkConfig { signing: Some(SigningConfig::new(key(7), START)), ..config() }
}

fn signed_world(seed: u64, weather: Weather) -> World {
    let mut world = World::with(signed_config(), seed, weather);
    (world.vehicle.key, world.vehicle.signing_start) = (Some([7; 32]), START);
    world
}

fn signing(world: &World) -> SigningStatus {
    world.link.status(world.now_ms).link.signing.expect("a signed link")
}

fn fly_home(world: &mut World) {
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(240_000, FlightPhase::OnScene);
    world.command("m", FlightCommand::Recall { homeward: plan("m").homeward, rally: None });
    world.run_until_phase(240_000, FlightPhase::Landed);
    assert!(!world.has(|report| matches!(report, FlightEvent::Failed { .. })), "{:#?}", world.reports);
}

fn refusal_of(world: &mut World) -> FlightFailure {
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until(120_000, |report| matches!(report, FlightEvent::Failed { .. }));
    let failed = world.reports.iter().find_map(|(_, report)| match report {
        FlightEvent::Failed { failure, airborne: false } => Some(failure.clone()),
        _ => None,
    });
    assert_eq!(world.vehicle.arms, 0);
    failed.expect("refused on the ground")
}

#[test]
fn a_whole_flight_goes_over_a_signed_link() {
    for weather in [CLEAR, LOSSY] {
        let mut world = signed_world(3, weather);
        fly_home(&mut world);
        assert_eq!(world.vehicle.unsigned_heard, 0, "every frame of ours is rightly signed");
        assert_eq!(signing(&world), SigningStatus { verified: true, refused: 0, latest_refusal: None });
    }
}

#[test]
fn an_aircraft_without_the_key_is_not_there() {
    for (theirs, refusal) in [(None, SigningRefusal::Unsigned), (Some([8; 32]), SigningRefusal::Forged)] {
        let mut world = signed_world(4, CLEAR);
        world.vehicle.key = theirs;
        if theirs.is_none() {
            // It would take our signed frames as they are.
            world.weather.loss_pct = 0;
        }
        assert_eq!(refusal_of(&mut world), FlightFailure::NoAnswer);
        let status = signing(&world);
        assert!(!status.verified && status.refused > 50, "{status:?}");
        assert_eq!(status.latest_refusal, Some(refusal));
    }
}

#[test]
fn frames_played_again_are_refused_also_after_a_restart() {
    let mut world = signed_world(5, CLEAR);
    let mut recorded = Vec::new();
    let mut other = Vehicle::new(home());
    (other.key, other.signing_start) = (Some([7; 32]), START);
    for now_ms in (0..3_000).step_by(20) {
        other.tick(now_ms);
        recorded.extend(other.take_datagrams());
    }
    for datagram in &recorded {
        world.link.handle_datagram(datagram, 3_000);
    }
    assert_eq!(signing(&world).refused, 0);
    let memory = world.link.signing_memory().expect("a signed link");
    let mut config = signed_config();
    if let Some(signing) = &mut config.signing {
        signing.memory = memory;
    }
    let mut after = Link::new(config, 0);
    for link in [&mut world.link, &mut after] {
        for datagram in &recorded {
            assert!(!link.vouches_for(datagram, 3_010), "an address is not believed by it");
            link.handle_datagram(datagram, 3_010);
        }
        let status = link.status(3_010).link.signing.expect("a signed link");
        assert_eq!((status.refused, status.latest_refusal), (recorded.len() as u64, Some(SigningRefusal::Repeated)));
    }
}

#[test]
fn a_key_is_given_on_request_over_a_trusted_link_only() {
    let sent = |link: &mut Link| {
        let datagrams = std::iter::from_fn(|| link.poll_output()).filter_map(|output| match output {
            Output::Transmit(datagram) => Some(datagram),
            _ => None,
        });
        datagrams.filter(|datagram| is_secret(datagram)).count()
    };
    assert_eq!(Link::new(config(), 0).set_up_signing(0), Err(SetUpError::NoKey));
    let mut link = Link::new(signed_config(), 0);
    assert_eq!((link.set_up_signing(0), sent(&mut link)), (Err(SetUpError::NotTrusted), 0));

    // While it has none, its unsigned frames are taken; as soon as it has one, they come signed.
    let signing = SigningConfig { unsigned: UnsignedFrames::Taken, ..SigningConfig::new(key(7), START) };
    let mut world = World::with(LinkConfig { signing: Some(signing), trusted: true, ..config() }, 6, CLEAR);
    world.run(2_000);
    let status = world.link.status(world.now_ms);
    assert!(status.link.connected && !signing_of(&status).verified, "shown as not verified");
    assert_eq!(world.link.set_up_signing(world.now_ms), Ok(()));
    fly_home(&mut world);
    assert!(signing_of(&world.link.status(world.now_ms)).verified);
    assert_eq!(world.vehicle.unsigned_heard, 1, "the second of the two messages that bring the key");
}

fn signing_of(status: &flight_types::DroneStatus) -> SigningStatus {
    status.link.signing.expect("a signed link")
}

#[test]
fn the_keys_of_a_link_are_in_no_frame_but_the_one() {
    let mut link = Link::new(LinkConfig { trusted: true, ..signed_config() }, 0);
    link.set_up_signing(0).expect("trusted");
    link.handle_timeout(0);
    let mut heartbeats = 0;
    while let Some(output) = link.poll_output() {
        let Output::Transmit(datagram) = output else { continue };
        let holds_key = datagram.windows(32).any(|window| window == [7; 32]);
        assert_eq!(holds_key, is_secret(&datagram));
        heartbeats += usize::from(!holds_key);
        assert_eq!(frames_of(&datagram, 255).count(), 1);
    }
    assert_eq!(heartbeats, 1);
}

fn hardware(digits: &str) -> HardwareId {
    HardwareId::parse(digits).expect("an identity")
}

#[test]
fn another_board_than_the_configured_one_is_not_launched() {
    let wanted = || LinkConfig { hardware: Some(hardware("00000000000000aa")), ..config() };
    let mut right = World::with(wanted(), 7, STORM);
    right.vehicle.hardware = 0xAA;
    fly_home(&mut right);
    let status = right.link.status(right.now_ms);
    assert_eq!((status.hardware.as_deref(), status.autopilot.as_deref()), (Some("00000000000000aa"), Some("PX4 1.16.0")));

    let mut wrong = World::with(wanted(), 7, STORM);
    wrong.vehicle.hardware = 0xBB;
    let reason = "the autopilot that answers is 00000000000000bb, not 00000000000000aa".to_owned();
    assert_eq!(refusal_of(&mut wrong), FlightFailure::WrongAircraft { reason });

    let mut silent = World::with(wanted(), 7, CLEAR);
    let told = refusal_of(&mut silent);
    assert!(matches!(&told, FlightFailure::Preflight { reason } if reason == "it does not tell which aircraft it is"), "{told:?}");
}

#[test]
fn a_board_that_changed_on_the_pad_is_not_launched() {
    let mut world = World::new(8, CLEAR);
    world.vehicle.hardware = 0xAA;
    world.run(3_000);
    // Another aircraft is put in its place while nothing is heard.
    world.weather.loss_pct = 100;
    world.run(8_000);
    world.vehicle.hardware = 0xBB;
    world.weather.loss_pct = 0;
    world.run(1_000);
    let reason = "the autopilot was 00000000000000aa and is now 00000000000000bb".to_owned();
    assert_eq!(refusal_of(&mut world), FlightFailure::WrongAircraft { reason });
}

/// As PX4 with COM_ARM_AUTH_REQ: whoever orders it to arm, it asks us first.
#[test]
fn an_aircraft_that_asks_is_armed_for_our_flights_and_for_nobody_else() {
    let config = LinkConfig { arm_authorization: true, ..config() };
    let mut world = World::with(config, 9, CLEAR);
    world.vehicle.asks_before_arming = true;
    for (name, value) in [("COM_ARM_AUTH_REQ", 1), ("COM_ARM_AUTH_ID", 255)] {
        let integer = mavlink::dialects::ardupilotmega::MavParamType::MAV_PARAM_TYPE_INT32;
        world.vehicle.params.push((name, f32::from_bits(value), integer));
    }
    world.run(2_000);
    world.vehicle.ask_to_arm();
    world.run(2_000);
    assert_eq!(world.vehicle.arms, 0, "somebody else ordered it");
    let warnings = world.link.status(world.now_ms).warnings;
    assert!(warnings.iter().any(|warning| warning.contains("without a flight that was ordered")), "{warnings:?}");
    fly_home(&mut world);
    world.vehicle.ask_to_arm();
    world.run(2_000);
    assert_eq!((world.vehicle.arms, world.vehicle.armed), (1, false), "the flight is over");
}

#[test]
fn an_aircraft_that_anybody_may_arm_is_not_launched_where_it_must_ask() {
    let config = LinkConfig { arm_authorization: true, ..config() };
    let mut world = World::with(config, 10, CLEAR);
    let integer = mavlink::dialects::ardupilotmega::MavParamType::MAV_PARAM_TYPE_INT32;
    world.vehicle.params.push(("COM_ARM_AUTH_REQ", 0.0, integer));
    world.vehicle.params.push(("COM_ARM_AUTH_ID", f32::from_bits(10), integer));
    let told = refusal_of(&mut world);
    let FlightFailure::Preflight { reason } = &told else { panic!("{told:?}") };
    assert!(reason.contains("COM_ARM_AUTH_REQ is 0: anybody could arm it") && reason.contains("COM_ARM_AUTH_ID is 10"), "{reason}");
}

#[test]
fn a_pilot_in_control_may_arm() {
    let mut world = World::new(11, CLEAR);
    world.vehicle.asks_before_arming = true;
    world.command("m", fly(plan("m"), FlightPhase::Ordered));
    world.run_until_phase(60_000, FlightPhase::PreflightPassed);
    world.command("m", FlightCommand::YieldControl);
    world.vehicle.ask_to_arm();
    world.run(100);
    assert!(world.vehicle.armed);
}

#[test]
fn the_round_trip_is_shown_and_positions_have_an_age() {
    for (delay_ms, ahead_ms) in [(10, 0), (150, 5_000_000), (150, 300)] {
        let weather = Weather { loss_pct: 0, duplicate_pct: 10, delay_min_ms: delay_ms, delay_max_ms: delay_ms };
        let mut world = World::new(12, weather);
        world.vehicle.clock_ahead_ms = ahead_ms;
        world.run(10_000);
        let status = world.link.status(world.now_ms);
        let round_trip_ms = status.link.round_trip_ms.expect("measured");
        // Turns of 20 ms on either side.
        assert!((round_trip_ms - 2.0 * delay_ms as f64).abs() <= 40.0, "{round_trip_ms}");
        let age_ms = status.position_age_ms.expect("known");
        assert!((delay_ms.saturating_sub(20)..delay_ms + 240).contains(&age_ms), "{age_ms} ms old, {delay_ms} ms under way");
    }
}
