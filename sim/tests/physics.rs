//! The equations of motion against closed forms.

use sim::physics::{AIR_DENSITY_KG_M3, Airframe, Battery, BodyState, Dynamics, GRAVITY_M_S2, Surroundings, Vector};
use sim::{Aircraft, AircraftConfig, Environment};

fn around(rotor_rad_s: f64) -> Surroundings {
    Surroundings {
        wind_m_s: Vector::zeros(),
        air_density_kg_m3: AIR_DENSITY_KG_M3,
        ground_down_m: 1e9,
        rotor_target_rad_s: [rotor_rad_s; 4],
    }
}

fn still() -> BodyState {
    BodyState::at_rest(Vector::zeros(), 0.0)
}

fn run(dynamics: &Dynamics, mut state: BodyState, around: &Surroundings, dt_s: f64, steps: usize) -> BodyState {
    for _ in 0..steps {
        state = dynamics.step(&state, around, dt_s);
    }
    state
}

/// No air: nothing but gravity and inertia.
fn vacuum() -> Dynamics {
    let airframe = Airframe { linear_drag_n_s_m: Vector::zeros(), ..Airframe::default() };
    Dynamics::new(airframe, 0.0)
}

#[test]
fn free_fall_in_vacuum_is_half_g_t_squared() {
    let state = run(&vacuum(), still(), &around(0.0), 0.004, 500);
    assert!((state.position_m.z - 0.5 * GRAVITY_M_S2 * 4.0).abs() < 1e-9);
    assert!((state.velocity_m_s.z - GRAVITY_M_S2 * 2.0).abs() < 1e-9);
}

#[test]
fn hover_speed_holds_the_height() {
    let dynamics = Dynamics::new(Airframe::default(), AIR_DENSITY_KG_M3);
    let hover = dynamics.airframe().hover_rad_s(AIR_DENSITY_KG_M3);
    let mut state = still();
    state.rotor_rad_s = [hover; 4];
    let state = run(&dynamics, state, &around(hover), 0.004, 2_500);
    assert!(state.position_m.norm() < 1e-6, "{}", state.position_m);
    assert!((hover - 628.0).abs() < 10.0, "{hover} rad/s");
}

#[test]
fn falls_no_faster_than_weight_equals_drag() {
    let dynamics = Dynamics::new(Airframe::default(), AIR_DENSITY_KG_M3);
    let airframe = dynamics.airframe();
    let state = run(&dynamics, still(), &around(0.0), 0.004, 20_000);
    let (linear, square) = (airframe.linear_drag_n_s_m.z, 0.5 * AIR_DENSITY_KG_M3 * airframe.drag_area_m2.z);
    let weight = airframe.mass_kg * GRAVITY_M_S2;
    let terminal = ((linear * linear + 4.0 * square * weight).sqrt() - linear) / (2.0 * square);
    assert!((state.velocity_m_s.z - terminal).abs() < 1e-6 * terminal, "{} against {terminal}", state.velocity_m_s.z);
}

#[test]
fn runge_kutta_converges_with_the_fourth_power() {
    let dynamics = Dynamics::new(Airframe::default(), AIR_DENSITY_KG_M3);
    let mut start = still();
    start.rates_rad_s = Vector::new(1.0, -0.7, 0.4);
    start.velocity_m_s = Vector::new(4.0, -2.0, 1.0);
    start.rotor_rad_s = [500.0; 4];
    let end = |steps: usize| run(&dynamics, start, &around(640.0), 1.0 / steps as f64, steps).position_m;
    let exact = end(16_384);
    let error = |steps: usize| (end(steps) - exact).norm();
    let slope = (error(256) / error(512)).log2();
    assert!((slope - 4.0).abs() < 0.1, "slope {slope}");
}

#[test]
fn a_torque_free_body_keeps_energy_and_momentum() {
    let dynamics = vacuum();
    let inertia = dynamics.airframe().inertia_kg_m2;
    let mut state = still();
    state.rates_rad_s = Vector::new(0.3, -0.2, 0.4);
    let energy = |s: &BodyState| 0.5 * s.rates_rad_s.dot(&inertia.component_mul(&s.rates_rad_s));
    let momentum = |s: &BodyState| s.to_world(inertia.component_mul(&s.rates_rad_s));
    let (energy_before, momentum_before) = (energy(&state), momentum(&state));
    let state = run(&dynamics, state, &around(0.0), 0.004, 250_000);
    assert!((energy(&state) / energy_before - 1.0).abs() < 1e-9);
    assert!((momentum(&state) - momentum_before).norm() / momentum_before.norm() < 1e-9);
}

#[test]
fn the_same_seed_gives_the_same_flight() {
    let fly = |seed: u64| {
        let home = flight_types::GeoPoint::new(37.5, 127.0).expect("a place");
        let config = AircraftConfig { seed, ..AircraftConfig::new(3, home, 30.0) };
        let mut aircraft = Aircraft::new(config);
        aircraft.step(5_000, &Environment::windy(6.0, 250.0));
        std::iter::from_fn(move || aircraft.poll_transmit()).collect::<Vec<_>>()
    };
    assert_eq!(fly(7), fly(7));
    assert_ne!(fly(7), fly(8));
}

#[test]
fn a_loaded_battery_sags_and_empties_by_its_charge() {
    let mut battery = Battery::default();
    let open_v = battery.voltage_v();
    battery.draw(160.0, 0.004);
    let sag_v = open_v - battery.voltage_v();
    assert!((sag_v - battery.current_a() * 0.024).abs() < 1e-9 && sag_v > 0.1);
    // 160 W from 5.2 Ah at about 15 V: half an hour, no more.
    for _ in 0..600 {
        battery.draw(160.0, 1.0);
    }
    assert!((battery.charge() - 0.65).abs() < 0.04, "{}", battery.charge());
}
