//! The equations of motion bare, and whole aircraft with sensors, battery, light and autopilot.
//!
//! Input: the default quadrotor near hover in a wind of 8 m/s from 300°, rotor targets 2 % apart so that it also turns; whole aircraft
//! (seed 1) fly in that wind towards points 2 km away, one degree apart, sending at the default message rates. Steps are 4 ms. Everything runs
//! on one thread. `cargo bench -p sim --bench physics`: items are vehicle-steps for `bare_*`, seconds of flight for `aircraft`.

// The tests' ground station brings the aircraft into the air before the clock starts.
#[path = "../tests/common/mod.rs"]
mod common;

use common::{HOME_AMSL_M, Station, home};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use sim::physics::{AIR_DENSITY_KG_M3, Airframe, Batch, BodyState, Dynamics, Surroundings, Vector};
use sim::{Aircraft, AircraftConfig, Environment, STEP_S};

/// Steps of each vehicle in one timed run: four seconds of flight.
const STEPS: usize = 1_000;
/// Flight of each aircraft in one timed run, seconds.
const FLIGHT_S: u64 = 4;
/// Far enough that nobody arrives while the clock runs, metres.
const GOAL_M: f64 = 2_000.0;

fn main() {
    divan::main();
}

fn around(dynamics: &Dynamics) -> Surroundings {
    let hover = dynamics.airframe().hover_rad_s(AIR_DENSITY_KG_M3);
    Surroundings {
        wind_m_s: Environment::windy(8.0, 300.0).mean_wind_m_s(),
        air_density_kg_m3: AIR_DENSITY_KG_M3,
        ground_down_m: 0.0,
        rotor_target_rad_s: [hover, hover * 1.01, hover * 0.99, hover],
    }
}

fn bodies(count: usize, dynamics: &Dynamics) -> Vec<BodyState> {
    let hover = dynamics.airframe().hover_rad_s(AIR_DENSITY_KG_M3);
    let body = |number: usize| {
        let at_rest = BodyState::at_rest(Vector::new(number as f64, 0.0, -500.0), number as f64 * 0.1);
        BodyState { rotor_rad_s: [hover; 4], ..at_rest }
    };
    (0..count).map(body).collect()
}

/// Every vehicle takes its step before any takes the next, as in a scenario.
fn run_bare(bencher: Bencher<'_, '_>, count: usize) {
    let dynamics = Dynamics::new(Airframe::default(), AIR_DENSITY_KG_M3);
    let around = around(&dynamics);
    bencher.counter(ItemsCount::new(STEPS * count)).with_inputs(|| bodies(count, &dynamics)).bench_local_values(|mut bodies| {
        for _ in 0..STEPS {
            for body in &mut bodies {
                *body = dynamics.step(body, black_box(&around), STEP_S);
            }
        }
        bodies
    });
}

#[divan::bench]
fn bare_one(bencher: Bencher<'_, '_>) {
    run_bare(bencher, 1);
}

#[divan::bench]
fn bare_hundred(bencher: Bencher<'_, '_>) {
    run_bare(bencher, 100);
}

/// A hundred side by side, as they are laid out for vector registers.
#[divan::bench]
fn batch_hundred(bencher: Bencher<'_, '_>) {
    let dynamics = Dynamics::new(Airframe::default(), AIR_DENSITY_KG_M3);
    let around = around(&dynamics);
    let batch = || Batch::new(dynamics.clone(), &bodies(100, &dynamics), &around);
    bencher.counter(ItemsCount::new(STEPS * 100)).with_inputs(batch).bench_local_values(|mut batch| {
        for _ in 0..STEPS {
            black_box(&mut batch).step(STEP_S);
        }
        batch
    });
}

fn airborne(bearing_deg: u8, environment: &Environment) -> Aircraft {
    let mut station = Station::with(AircraftConfig::new(1, home(), HOME_AMSL_M), environment.clone());
    station.run_ms(5_000);
    station.climb(30.0);
    assert_eq!(station.go_to(home().moved(f64::from(bearing_deg), GOAL_M), 30.0), [0], "the aircraft goes where it is told to");
    station.run_ms(3_000);
    let [north_m_s, east_m_s, _] = station.aircraft.truth().velocity_m_s;
    assert!(north_m_s.hypot(east_m_s) > 3.0, "it is on its way: {:?}", station.aircraft.truth());
    station.aircraft
}

#[divan::bench(args = [1, 100], sample_count = 20)]
fn aircraft(bencher: Bencher<'_, '_>, count: u8) {
    let environment = Environment::windy(8.0, 300.0);
    let fleet: Vec<Aircraft> = (1..=count).map(|bearing_deg| airborne(bearing_deg, &environment)).collect();
    let begin_ms = fleet.iter().map(Aircraft::now_ms).max().unwrap_or_default();
    let flown_s = FLIGHT_S * u64::from(count);
    bencher.counter(ItemsCount::new(flown_s)).with_inputs(|| fleet.clone()).bench_local_values(|mut fleet| {
        for tick in 1..=FLIGHT_S * 50 {
            for aircraft in &mut fleet {
                aircraft.step(begin_ms + tick * 20, &environment);
                while let Some(datagram) = aircraft.poll_transmit() {
                    black_box(datagram);
                }
            }
        }
        fleet
    });
}
