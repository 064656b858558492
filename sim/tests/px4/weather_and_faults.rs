//! What wind and faults do to the aircraft, as an autopilot learns of it: by its sensors and by nothing else.

use sim::hil::{LIMITS, Notice, Seat};
use sim::physics::{AIR_DENSITY_KG_M3, Airframe};
use sim::{AircraftConfig, Environment, Fault, STEP_S};

use super::{Flight, PAD_AMSL_M, pad};

/// When faults of these tests happen, virtual seconds: in the air, some metres up.
const BREAKS_AT_S: f64 = 5.0;

fn seat(environment: Environment) -> Seat {
    Seat::new(AircraftConfig::new(1, pad(), PAD_AMSL_M), environment, 1.0, LIMITS)
}

/// Armed after two seconds and climbing slowly, its motors all alike: nobody steers against anything.
fn climbing(seat: Seat) -> Flight {
    let mut flight = Flight::of(seat);
    flight.run_s(2.0);
    flight.stand_in.arm().expect("ready");
    flight.stand_in.outputs = [Flight::hover_share() * 1.04; 5];
    flight
}

/// A steady wind without gusts.
fn steady(north_m_s: f64, east_m_s: f64) -> Environment {
    Environment { wind_north_m_s: north_m_s, wind_east_m_s: east_m_s, ..Environment::default() }
}

/// The acceleration that air gives the level airframe along its front or side while it passes at this speed, metres per second squared.
fn drag_m_s2(passing_m_s: f64) -> f64 {
    let airframe = Airframe::default();
    let square = 0.5 * AIR_DENSITY_KG_M3 * airframe.drag_area_m2.x * passing_m_s * passing_m_s.abs();
    (airframe.linear_drag_n_s_m.x * passing_m_s + square) / airframe.mass_kg
}

/// How fast a level aircraft is that drifted in this wind for so long.
fn drift_m_s(wind_m_s: f64, span_s: f64) -> f64 {
    (0..(span_s / STEP_S) as u32).fold(0.0, |speed_m_s, _| speed_m_s + drag_m_s2(wind_m_s - speed_m_s) * STEP_S)
}

#[test]
fn wind_pushes_it_as_the_drag_says_and_the_accelerometer_feels_it() {
    const SPAN_S: f64 = 6.0;
    for (north_m_s, east_m_s) in [(0.0, 0.0), (0.0, 8.0), (-8.0, 0.0), (0.0, -4.0), (0.0, 12.0)] {
        let mut flight = climbing(seat(steady(north_m_s, east_m_s)));
        while !flight.notices.contains(&Notice::Airborne(true)) {
            flight.turn();
        }
        let (before, [felt_north_m_s, felt_east_m_s, _]) =
            (flight.stand_in.sensors.len(), flight.stand_in.gps.expect("fixes").velocity_m_s);
        flight.run_s(0.4);
        let felt = &flight.stand_in.sensors[before..];
        let mean =
            |axis: usize| felt.iter().map(|sensor| f64::from(sensor.specific_force_m_s2[axis])).sum::<f64>() / felt.len() as f64;
        // The nose points north: front is north, right is east. The turn-on bias is 0.05; some speed has been taken up already.
        for (axis, wind_m_s, had_m_s) in [(0, north_m_s, felt_north_m_s), (1, east_m_s, felt_east_m_s)] {
            let expected = drag_m_s2(wind_m_s - had_m_s);
            assert!((mean(axis) - expected).abs() < 0.15 + 0.15 * expected.abs(), "{} for {expected} m/s²", mean(axis));
        }
        flight.run_s(SPAN_S);
        let [north, east, _] = flight.stand_in.gps.expect("fixes").velocity_m_s;
        for (seen_m_s, wind_m_s, had_m_s) in [(north, north_m_s, felt_north_m_s), (east, east_m_s, felt_east_m_s)] {
            // What it had at half a metre of height, and the receiver's delay, are some tenths of a second of the drift.
            let (least, most) = (drift_m_s(wind_m_s, SPAN_S), drift_m_s(wind_m_s, SPAN_S + 1.5));
            let fits = (least.min(most) - 0.2..=least.max(most) + 0.2).contains(&seen_m_s);
            assert!(fits, "{seen_m_s} m/s in {wind_m_s} m/s of wind, expected {least} to {most}, had {had_m_s}");
        }
    }
}

#[test]
fn gusts_come_with_the_wind_of_the_command_line() {
    let spread = |environment: Environment| {
        let mut flight = climbing(seat(environment));
        flight.run_s(8.0);
        let felt: Vec<f64> = flight.stand_in.sensors.iter().map(|sensor| f64::from(sensor.specific_force_m_s2[2])).collect();
        // Means over half a second: the noise of single samples is gone, gusts are not.
        let means: Vec<f64> = felt[1_000..].chunks_exact(125).map(|part| part.iter().sum::<f64>() / 125.0).collect();
        let mean = means.iter().sum::<f64>() / means.len() as f64;
        (means.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / means.len() as f64).sqrt()
    };
    let (calm, gusty) = (spread(steady(0.0, 9.0)), spread(Environment::windy(9.0, 270.0)));
    assert!(gusty > 3.0 * calm, "{gusty} m/s² of vertical gusts over {calm} without");
}

#[test]
fn a_lost_motor_turns_it_over_to_its_side_and_down() {
    // Which way it rolls and pitches when the motor there is gone: front right, rear left, front left, rear right.
    for (index, roll, pitch) in [(0, 1.0, -1.0), (1, -1.0, 1.0), (2, -1.0, -1.0), (3, 1.0, 1.0)] {
        let mut seat = seat(Environment::default());
        seat.plan_fault((BREAKS_AT_S * 1e3) as u64, Fault::MotorLoss { index });
        let mut flight = climbing(seat);
        // High enough that the fall breaks it.
        flight.stand_in.outputs = [Flight::hover_share() * 1.2; 5];
        flight.run_s(BREAKS_AT_S - 2.0 - 0.1);
        let whole = flight.stand_in.sensors.last().expect("sensors").rates_rad_s;
        assert!(whole.iter().all(|rate| rate.abs() < 0.1), "{whole:?} with four motors");
        flight.run_s(0.3);
        let rates = flight.stand_in.sensors.last().expect("sensors").rates_rad_s.map(f64::from);
        assert!(rates[0] * roll > 0.5 && rates[1] * pitch > 0.5, "motor {index}: {rates:?}");
        flight.run_s(10.0);
        assert!(flight.notices.contains(&Notice::Crashed), "motor {index}: {:?}", flight.notices);
    }
}

#[test]
fn satellites_are_lost_in_flight_and_come_back() {
    let mut seat = seat(Environment::default());
    seat.plan_fault((BREAKS_AT_S * 1e3) as u64, Fault::GpsLoss(true));
    seat.plan_fault((BREAKS_AT_S * 1e3) as u64 + 2_000, Fault::GpsLoss(false));
    let mut flight = climbing(seat);
    let seen = |flight: &Flight| flight.stand_in.gps.map(|gps| (gps.fix, gps.satellites));
    flight.run_s(BREAKS_AT_S - 2.1);
    assert!(seen(&flight).is_some_and(|(fix, satellites)| fix == 3 && satellites >= 5));
    flight.run_s(0.5);
    assert_eq!(seen(&flight), Some((0, 0)), "said by message, not by silence");
    flight.run_s(2.2);
    assert!(seen(&flight).is_some_and(|(fix, _)| fix == 3));
    assert!(!flight.notices.contains(&Notice::Crashed));
}

#[test]
fn what_was_planned_breaks_for_each_autopilot_that_takes_the_seat() {
    let mut seat = seat(Environment::default());
    seat.plan_fault(1_000, Fault::GpsLoss(true));
    seat.plan_fault(1_000, Fault::LightDead(true));
    let mut flight = Flight::of(seat);
    flight.run_s(2.0);
    for _ in 0..2 {
        assert_eq!(flight.stand_in.arm(), Err("GPS too poor"));
        flight.seat.disconnect();
        while flight.seat.poll_transmit().is_some() {}
        flight.seat.connect(flight.now_us);
        flight.stand_in = super::StandIn::default();
        flight.run_s(0.9);
        assert_eq!(flight.stand_in.arm(), Ok(()), "whole again");
        flight.stand_in.outputs = [0.0, 0.0, 0.0, 0.0, 1.0];
        flight.run_s(0.05);
        assert_eq!(flight.seat.light(), 1.0);
        flight.run_s(1.5);
        assert_eq!(flight.seat.light(), 0.0);
        flight.stand_in.armed = false;
    }
}

#[test]
fn the_camera_is_held_where_it_looks_while_the_aircraft_leans() {
    let mut seat = seat(steady(0.0, 6.0));
    seat.hold_camera(-45.0);
    let mut flight = climbing(seat);
    flight.run_s(3.0);
    // Leans and turns: more thrust on the right and behind.
    flight.stand_in.outputs[0] += 0.012;
    flight.run_s(0.8);
    let camera = flight.seat.camera();
    let rates = flight.stand_in.sensors.last().expect("sensors").rates_rad_s;
    assert!(rates.iter().any(|rate| rate.abs() > 0.05), "{rates:?}");
    assert!((camera.pitch_deg + 45.0).abs() < 1.0 && camera.roll_deg.abs() < 1.0, "{camera:?}");
    assert!((camera.height_m - flight.seat.height_m()).abs() < 1e-9 && camera.height_m > 1.0);
    assert!(camera.position.distance_m(&pad()) > 0.5 && camera.velocity_m_s[1] > 0.5, "carried off by the wind: {camera:?}");
    assert!(camera.light > 0.4, "{camera:?}");
}

#[test]
fn the_autopilots_outputs_turn_camera_and_light() {
    let mut flight = climbing(seat(steady(0.0, 0.0)));
    let nose_deg = flight.seat.camera().heading_deg;
    assert!(flight.seat.camera().pitch_deg.abs() < 1.0, "nobody has said where to look: ahead");
    // Of ±90 degrees two thirds down; of ±180 degrees a half to the left.
    flight.stand_in.gimbal = [-2.0 / 3.0, -0.5];
    flight.run_s(3.0);
    let camera = flight.seat.camera();
    let turned_deg = (camera.heading_deg - nose_deg + 540.0).rem_euclid(360.0) - 180.0;
    assert!((camera.pitch_deg + 60.0).abs() < 1.5 && (turned_deg + 90.0).abs() < 3.0, "{turned_deg}, {camera:?}");
}
