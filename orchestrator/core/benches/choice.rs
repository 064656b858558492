//! A whole choice: every aircraft's legal way out and home, its height, its charge, and the soonest of them.
//!
//! Input: aircraft in a row, 30 m apart, twelve metres a second; no-fly zones of three to six corners and 20 to 90 m strewn by a seeded
//! generator over the 3.2 × 3.2 km inside the fence, none within 60 m of the pads; the caller stands at 24 places on a circle of 1.4 km, in
//! turn. `cargo bench -p dispatch-core --bench choice`; items are choices.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use dispatch_core::choice::{Question, Task, choose};
use dispatch_core::config::{Approval, DroneConfig, NoFlyZone, Policy, SiteConfig, StationConfig};
use dispatch_core::energy::PowerCurve;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use flight_types::{DroneId, DroneStatus, GeoPoint, Local, LocalFrame, MissionId, Ring, StationId, ZoneId};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

const SEED: u64 = 7;
const HALF_M: f64 = 1_600.0;
const CALLS: usize = 24;
const CALL_DISTANCE_M: f64 = 1_400.0;

fn main() {
    divan::main();
}

fn at(east_m: f64, north_m: f64) -> GeoPoint {
    LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place")).to_geo(Local { east_m, north_m })
}

fn zone(number: usize, random: &mut Pcg64Mcg) -> NoFlyZone {
    let anywhere = std::iter::repeat_with(|| [(); 2].map(|()| random.random_range::<f64, _>(-1_550.0..1_550.0)));
    let [east_m, north_m] = anywhere.take(100).find(|[e, n]| e.hypot(*n) > 250.0).unwrap_or([1_000.0, 1_000.0]);
    let (count, turn) = (random.random_range(3..7), random.random_range(0.0..1.0));
    let corner = |i: u32| {
        let angle_rad = (f64::from(i) / f64::from(count) + turn) * std::f64::consts::TAU;
        let radius_m: f64 = random.random_range(20.0..90.0);
        at(east_m + radius_m * angle_rad.cos(), north_m + radius_m * angle_rad.sin())
    };
    NoFlyZone {
        id: ZoneId::new(format!("z{number}")).expect("an id"),
        name: format!("zone {number}"),
        ring: Ring::new((0..count).map(corner).collect()).expect("three corners"),
        floor_amsl_m: None,
        ceiling_amsl_m: None,
        hours: None,
    }
}

fn drone(number: usize) -> DroneConfig {
    DroneConfig {
        id: DroneId::new(format!("d{number}")).expect("an id"),
        pad: at(number as f64 * 30.0 - 105.0, 0.0),
        cruise_speed_m_s: 12.0,
        climb_speed_m_s: 4.0,
        descent_speed_m_s: 2.0,
        endurance_s: 1_500.0,
        power: PowerCurve::default(),
        wind_max_m_s: 10.0,
        has_light: true,
    }
}

fn ready(drone: &DroneConfig) -> DroneStatus {
    DroneStatus::ready_on(drone.id.clone(), drone.pad)
}

fn site(zones: usize, drones: usize) -> SiteConfig {
    let mut random = Pcg64Mcg::seed_from_u64(SEED);
    let fence = [(-HALF_M, -HALF_M), (HALF_M, -HALF_M), (HALF_M, HALF_M), (-HALF_M, HALF_M)];
    let station = StationConfig {
        id: StationId::new("A").expect("an id"),
        name: "A".to_owned(),
        position: at(0.0, 0.0),
        ground_amsl_m: 30.0,
        approval: Approval::Automatic,
        drones: (0..drones).map(drone).collect(),
    };
    SiteConfig {
        name: "bench".to_owned(),
        stations: vec![station],
        no_fly_zones: (0..zones).map(|number| zone(number, &mut random)).collect(),
        obstacles: vec![],
        rally_points: Vec::new(),
        fence: Ring::new(fence.map(|(e, n)| at(e, n)).to_vec()).expect("four corners"),
        fence_height_max_m: 120.0,
        relief: None,
        policy: Policy::default(),
    }
}

/// By zones and aircraft.
#[divan::bench(args = [(0, 1), (200, 1), (200, 4), (200, 8)], sample_count = 240)]
fn choice(bencher: Bencher<'_, '_>, (zones, drones): (usize, usize)) {
    let site = site(zones, drones);
    let statuses: Vec<DroneStatus> = site.stations[0].drones.iter().map(ready).collect();
    let (controllers, tried) = (BTreeMap::new(), BTreeSet::new());
    let call = Cell::new(0);
    let question = || {
        call.set(call.get() + 1);
        let turn_rad = (call.get() % CALLS) as f64 / CALLS as f64 * std::f64::consts::TAU;
        Question {
            mission: MissionId::new("flight-1").expect("an id"),
            task: Task::Escort { target: at(CALL_DISTANCE_M * turn_rad.cos(), CALL_DISTANCE_M * turn_rad.sin()), doubt_m: 10.0 },
            site: &site,
            statuses: &statuses,
            active: Vec::new(),
            controllers: &controllers,
            tried: &tried,
            relief: false,
            now_ms: 1_700_000_000_000,
        }
    };
    let able = (0..CALLS).filter(|_| choose(&question()).chosen.is_some()).count();
    assert!(able >= CALLS * 2 / 3, "most callers can be reached: {able} of {CALLS}");
    bencher.counter(ItemsCount::new(1_usize)).with_inputs(question).bench_local_values(|question| choose(black_box(&question)));
}
