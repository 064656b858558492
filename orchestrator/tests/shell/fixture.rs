//! A small site, entries for it, and waiting with a bound.

use std::future::Future;
use std::time::Duration;

use dispatch_core::config::{Approval, DroneConfig, Policy, SiteConfig, StationConfig};
use dispatch_core::event::{Actor, Entry, Event, Fix, Trigger};
use flight_types::{CallerId, DistrictId, DroneId, GeoPoint, GuardId, Ring, StationId};

/// Longer than anything here takes on a busy machine; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(120);

/// When the tests' clocks start.
pub const START_MS: i64 = 1_800_000_000_000;

/// Waits for something that must happen.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen within {PATIENCE:?}"),
    }
}

pub fn district() -> DistrictId {
    DistrictId::new("test").expect("an id")
}

pub fn caller(id: &str) -> CallerId {
    CallerId::new(id).expect("an id")
}

pub fn guard(id: &str) -> GuardId {
    GuardId::new(id).expect("an id")
}

pub fn centre() -> GeoPoint {
    GeoPoint::new(37.5, 126.96).expect("a place")
}

pub fn fix(point: GeoPoint) -> Fix {
    Fix { point, accuracy_m: 5.0, at_ms: START_MS, speed: None }
}

/// A square of two kilometres with one station and one aircraft.
pub fn site() -> SiteConfig {
    let corner = |bearing_deg| centre().moved(bearing_deg, 2_828.0);
    SiteConfig {
        name: "Test".to_owned(),
        stations: vec![StationConfig {
            id: StationId::new("s1").expect("an id"),
            name: "Roof".to_owned(),
            position: centre(),
            ground_amsl_m: 40.0,
            approval: Approval::Automatic,
            drones: vec![DroneConfig {
                id: DroneId::new("d1").expect("an id"),
                pad: centre(),
                cruise_speed_m_s: 12.0,
                climb_speed_m_s: 3.0,
                descent_speed_m_s: 2.0,
                endurance_s: 1_500.0,
                power: dispatch_core::energy::PowerCurve::default(),
                wind_max_m_s: 12.0,
                has_light: true,
            }],
        }],
        no_fly_zones: Vec::new(),
        obstacles: Vec::new(),
        rally_points: Vec::new(),
        fence: Ring::new(vec![corner(45.0), corner(135.0), corner(225.0), corner(315.0)]).expect("four corners"),
        fence_height_max_m: 120.0,
        relief: None,
        policy: Policy::default(),
    }
}

pub fn call(who: &str, key: &str, at: GeoPoint) -> (Actor, Event) {
    let event = Event::CallRaised {
        caller: caller(who),
        key: key.to_owned(),
        trigger: Trigger::Hold,
        silent: false,
        drill: false,
        gps: Some(fix(at)),
        address: None,
        last_known: None,
        home: None,
    };
    (Actor::Caller { id: caller(who) }, event)
}

pub fn on_duty(who: &str) -> (Actor, Event) {
    let event = Event::GuardDutyChanged { guard: guard(who), on_duty: true };
    (Actor::Guard { id: guard(who) }, event)
}

/// The first entries of a log.
pub fn entries(count: u64) -> Vec<Entry> {
    let contents = (0..count).map(|n| match n {
        0 => (Actor::System, Event::Configured { code_version: "1+test".to_owned(), site: Box::new(site()) }),
        1 => on_duty("g1"),
        n => call(&format!("c{n}"), "press\n\"1\" 눌림", centre().moved(n as f64, 1.0 / 3.0)),
    });
    let number = |(index, (actor, event)): (usize, (Actor, Event))| {
        let seq = index as u64 + 1;
        Entry { seq, at_ms: START_MS + index as i64, district: district(), actor, event }
    };
    contents.enumerate().map(number).collect()
}
