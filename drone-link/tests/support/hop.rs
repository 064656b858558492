//! A flight short enough for tests over real sockets: up, thirty metres north, and back.

use flight_types::{Fence, FlightPlan, GeoPoint, MissionId, Ring, Scene};

/// The pad.
pub fn home() -> GeoPoint {
    GeoPoint::new(42.5, 1.5).expect("a test place")
}

/// A short hop north.
pub fn plan(name: &str) -> FlightPlan {
    let corner = |bearing: f64| home().moved(bearing, 700.0);
    FlightPlan {
        mission: MissionId::new(name).expect("an id"),
        home: home(),
        home_altitude_amsl_m: 1_000.0,
        outbound: vec![home().moved(0.0, 30.0)],
        homeward: vec![home()],
        transit_height_m: 10.0,
        transit_speed_m_s: 12.0,
        scene: Scene::Escort { target: home().moved(0.0, 38.0), stand_off_m: 8.0, height_m: 8.0 },
        fence: Fence { ring: Ring::new([45.0, 135.0, 225.0, 315.0].map(corner).to_vec()).expect("a ring"), height_max_m: 100.0 },
        exclusions: Vec::new(),
        obstacles: Vec::new(),
        relief: None,
        zone_margin_m: 15.0,
        home_charge: None,
        low_scene: None,
        rally: None,
    }
}
