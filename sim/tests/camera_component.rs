//! The camera that answers over MAVLink is the one that the picture comes from: gimbal, zoom and pose agree.

mod common;

use common::{HOME_AMSL_M, Station, home};
use flight_types::{GeoPoint, LocalFrame};
use mavlink::dialects::ardupilotmega::{MavCmd, MavMessage};
use sim::{AircraftConfig, Environment, VideoStream};
use sim_camera::{FramePose, Intrinsics};

/// MAV_COMP_ID_CAMERA.
const CAMERA: (u8, u8) = (1, 100);

/// An aircraft with a camera, 20 m up in a wind that makes it lean.
fn hovering() -> Station {
    let mut config = AircraftConfig::new(1, home(), HOME_AMSL_M);
    config.camera = Some(vec![VideoStream::new("Main", "rtsp://127.0.0.1:8554/1/main").expect("a short address")]);
    let mut station = Station::with(config, Environment::windy(8.0, 250.0));
    station.run_ms(5_000);
    station.climb(20.0);
    station
}

/// The place in the middle of the picture.
fn seen(station: &Station) -> GeoPoint {
    let truth = station.aircraft.truth();
    let frame = LocalFrame::new(home());
    let intrinsics = Intrinsics::hd().zoomed(truth.camera_zoom);
    let pose = FramePose { camera: sim::picture::pose_of(&truth, &frame), intrinsics, exposure_s: 0.0, gain: 1.0 };
    let [east_m, north_m] = pose.ground_of([640.0, 360.0], 0.0).expect("it looks down");
    frame.to_geo(flight_types::Local { east_m, north_m })
}

#[test]
fn the_picture_looks_where_the_region_of_interest_is() {
    let mut station = hovering();
    let goal = home().moved(30.0, 15.0);
    assert_eq!(station.command_int(MavCmd::MAV_CMD_DO_SET_ROI_LOCATION, [0.0; 4], goal, HOME_AMSL_M as f32), [0]);
    station.run_ms(4_000);
    assert!(seen(&station).distance_m(&goal) < 2.0, "{} m off", seen(&station).distance_m(&goal));
    let truth = station.aircraft.truth();
    assert!(truth.roll_deg.hypot(truth.pitch_deg) > 2.0, "it leans into the wind: {truth:?}");
    assert!(truth.camera_roll_deg.abs() < 0.01, "the gimbal takes the lean out: {truth:?}");
    let told = station.last(|message| match message {
        MavMessage::GIMBAL_DEVICE_ATTITUDE_STATUS(m) => Some(m.q),
        _ => None,
    });
    let [w, x, y, z] = told.map(f64::from);
    let pitch_deg = (2.0 * (w * y - z * x)).asin().to_degrees();
    assert!((pitch_deg - truth.camera_pitch_deg).abs() < 1.5, "told {pitch_deg}, is {}", truth.camera_pitch_deg);
}

/// The product's own link on the same aircraft: it finds the gimbal and tells where it looks.
#[test]
fn the_link_tells_where_the_camera_looks() {
    let mut config = AircraftConfig::new(1, home(), HOME_AMSL_M);
    config.camera = Some(vec![VideoStream::new("Main", "rtsp://127.0.0.1:8554/1/main").expect("a short address")]);
    let mut aircraft = sim::Aircraft::new(config);
    let name = flight_types::DroneId::new("d1").expect("an id");
    let mut link = drone_link_proto::Link::new(drone_link_proto::LinkConfig::new(name, 1), 0);
    for now_ms in (0..12_000).step_by(20) {
        aircraft.step(now_ms, &Environment::default());
        while let Some(datagram) = aircraft.poll_transmit() {
            link.handle_datagram(&datagram, now_ms);
        }
        link.handle_timeout(now_ms);
        while let Some(output) = link.poll_output() {
            if let drone_link_proto::Output::Transmit(datagram) = output {
                aircraft.receive(&datagram);
            }
        }
    }
    let (status, truth) = (link.status(12_000), aircraft.truth());
    let pitch_deg = status.camera_pitch_deg.expect("it says where it looks");
    assert!((pitch_deg - truth.camera_pitch_deg).abs() < 1.0, "told {pitch_deg}, is {}", truth.camera_pitch_deg);
    let heading_deg = status.camera_heading_deg.expect("and in which direction");
    let off_deg = (heading_deg - truth.camera_heading_deg + 180.0).rem_euclid(360.0) - 180.0;
    assert!(off_deg.abs() < 5.0, "told {heading_deg}, is {}", truth.camera_heading_deg);
    assert!(status.autopilot.is_some_and(|autopilot| autopilot.starts_with("PX4 1.16")));
}

#[test]
fn zoom_narrows_the_picture_and_the_announced_field() {
    let mut station = hovering();
    // By range, to the longest focal length: eight times the shortest.
    station.command_to(CAMERA, MavCmd::MAV_CMD_SET_CAMERA_ZOOM, [2.0, 100.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    station.command_to(CAMERA, MavCmd::MAV_CMD_REQUEST_MESSAGE, [271.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    station.run_ms(200);
    let truth = station.aircraft.truth();
    assert!((truth.camera_zoom - 8.0).abs() < 1e-9, "{truth:?}");
    let field_deg = station.last(|message| match message {
        MavMessage::CAMERA_FOV_STATUS(m) => Some(m.hfov),
        _ => None,
    });
    assert!((f64::from(field_deg) - Intrinsics::hd().zoomed(8.0).horizontal_field_rad().to_degrees()).abs() < 0.01);
    // What makes no sense changes nothing.
    for nonsense in [[2.0, 101.0], [9.0, 1.0], [1.0, f32::NAN], [3.0, -4.0]] {
        station.command_to(CAMERA, MavCmd::MAV_CMD_SET_CAMERA_ZOOM, [nonsense[0], nonsense[1], 0.0, 0.0, 0.0, 0.0, 0.0]);
        station.run_ms(100);
        let answer = station.answers.last().expect("an answer");
        assert_eq!((answer.command, answer.result), (MavCmd::MAV_CMD_SET_CAMERA_ZOOM as u16, 2), "{nonsense:?}");
    }
    assert!((station.aircraft.truth().camera_zoom - 8.0).abs() < 1e-9);
}

#[test]
fn addresses_that_cannot_be_carried_are_refused() {
    assert!(VideoStream::new("Main", &format!("rtsp://{}", "a".repeat(160))).is_err());
    assert!(VideoStream::new(&"n".repeat(33), "rtsp://127.0.0.1/1").is_err());
    assert!(VideoStream::new("Main", "http://127.0.0.1/1").is_err());
}
