//! The equations of motion against closed forms.

use sim::physics::{
    AIR_DENSITY_KG_M3, Airframe, Batch, Battery, BodyState, Dynamics, GRAVITY_M_S2, Gusts, Surroundings, Vector, WARM_C,
};
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
    battery.draw(160.0, WARM_C, 0.004);
    let sag_v = open_v - battery.voltage_v();
    assert!((sag_v - battery.current_a() * 0.024).abs() < 1e-9 && sag_v > 0.1);
    // 160 W from 5.2 Ah at about 15 V: half an hour, no more.
    for _ in 0..600 {
        battery.draw(160.0, WARM_C, 1.0);
    }
    assert!((battery.charge() - 0.65).abs() < 0.04, "{}", battery.charge());
}

#[test]
fn a_cold_pack_sags_more_and_warms_by_its_own_current() {
    let (mut warm, mut cold) = (Battery::default(), Battery::default());
    cold.soak(0.0);
    // As measured: 1.1e-6 exp(3131 / T) ohms.
    let measured = |celsius: f64| 1.1e-6 * (3_131.0 / (273.15 + celsius)).exp();
    assert!((cold.resistance_ohm() / warm.resistance_ohm() - measured(0.0) / measured(20.0)).abs() < 0.01, "2.2 times at 0 °C");
    warm.draw(160.0, WARM_C, 0.004);
    cold.draw(160.0, 0.0, 0.004);
    assert!(cold.voltage_v() < warm.voltage_v() - 0.2);
    for _ in 0..3_600 {
        cold.set_charge(0.5);
        cold.draw(160.0, 0.0, 1.0);
    }
    // In balance the heat of the current, I² R, goes to the air at 1 W/K.
    let heat_w = cold.current_a() * cold.current_a() * cold.resistance_ohm();
    assert!((cold.temperature_c() - heat_w).abs() < 0.05, "{} °C against {heat_w} W", cold.temperature_c());
}

#[test]
fn the_ground_lifts_as_cheeseman_and_bennett_say() {
    let dynamics = Dynamics::new(Airframe::default(), AIR_DENSITY_KG_M3);
    let hover = dynamics.airframe().hover_rad_s(AIR_DENSITY_KG_M3);
    let radius_m = dynamics.airframe().rotor_diameter_m / 2.0;
    let lift = |height_m: f64| {
        let body = BodyState { rotor_rad_s: [hover; 4], ..BodyState::at_rest(Vector::new(0.0, 0.0, -height_m), 0.0) };
        let around = Surroundings { ground_down_m: 0.0, ..around(hover) };
        // Feet that do not reach the ground at any of these heights.
        -dynamics.specific_force(&body, &around).z / GRAVITY_M_S2
    };
    for radii in [3.0, 4.0, 5.0] {
        let formula = 1.0 / (1.0 - (1.0_f64 / (4.0 * radii)).powi(2));
        assert!((lift(radii * radius_m) - formula).abs() < 0.002, "{radii} radii: {} against {formula}", lift(radii * radius_m));
    }
    assert!((lift(6.5 * radius_m) - 1.0).abs() < 1e-12);
}

/// A motor stops: its thrust and its torque are missing, and the body begins to turn by just these.
#[test]
fn a_lost_motor_turns_the_body_by_what_is_missing() {
    let dynamics = Dynamics::new(Airframe::default(), AIR_DENSITY_KG_M3);
    let airframe = dynamics.airframe();
    let hover = airframe.hover_rad_s(AIR_DENSITY_KG_M3);
    let body = BodyState { rotor_rad_s: [0.0, hover, hover, hover], ..still() };
    let mut around = around(hover);
    around.rotor_target_rad_s[0] = 0.0;
    let dt_s = 1e-5;
    let rates = dynamics.step(&body, &around, dt_s).rates_rad_s / dt_s;
    let thrust_n = airframe.mass_kg * GRAVITY_M_S2 / 4.0;
    let place = airframe.rotors[0].position_m;
    let torque_n_m = airframe.torque_factor(AIR_DENSITY_KG_M3) * hover * hover;
    let expected = [
        place.y * thrust_n / airframe.inertia_kg_m2.x,
        -place.x * thrust_n / airframe.inertia_kg_m2.y,
        -airframe.rotors[0].yaw_sign * torque_n_m / airframe.inertia_kg_m2.z,
    ];
    for (axis, expected) in expected.into_iter().enumerate() {
        assert!((rates[axis] / expected - 1.0).abs() < 1e-3, "axis {axis}: {} against {expected}", rates[axis]);
    }
}

/// Strength and memory of the gusts against Dryden's autocorrelations, over six hours of samples.
#[test]
fn gusts_are_drydens() {
    let environment = Environment::windy(10.0, 270.0);
    let (sigma, dt_s, samples) = (environment.gust_m_s, 0.1, 216_000);
    let mut gusts = Gusts::new(5);
    let flown: Vec<Vector> = (0..samples).map(|_| gusts.step(&environment, 10.0, dt_s)).collect();
    let correlation = |axis: usize, steps: usize| {
        let pairs = flown.iter().zip(&flown[steps..]);
        pairs.map(|(a, b)| a[axis] * b[axis]).sum::<f64>() / (samples - steps) as f64
    };
    // The wind goes east: along is east (1), across is north (0). 150 m of gust pass in 15 s, 30 m upwards in 3 s.
    for (axis, sigma, time_s, second_order) in [(1, sigma, 15.0, false), (0, sigma, 15.0, true), (2, sigma * 0.58, 3.0, true)] {
        for lag_s in [0.0, 0.5 * time_s, time_s, 2.0 * time_s] {
            let ratio: f64 = lag_s / time_s;
            let shape = if second_order { (1.0 - ratio / 2.0) * (-ratio).exp() } else { (-ratio).exp() };
            let found = correlation(axis, (lag_s / dt_s) as usize) / (sigma * sigma);
            assert!((found - shape).abs() < 0.08, "axis {axis} after {lag_s} s: {found} against {shape}");
        }
    }
}

#[test]
fn among_others_a_vehicle_moves_bit_for_bit_as_alone() {
    let dynamics = Dynamics::new(Airframe::default(), AIR_DENSITY_KG_M3);
    let hover = dynamics.airframe().hover_rad_s(AIR_DENSITY_KG_M3);
    let around = |number: usize| Surroundings {
        wind_m_s: Vector::new(number as f64 * 0.3, -2.0, 0.1),
        ground_down_m: 0.0,
        rotor_target_rad_s: [hover * 0.97, hover * (1.0 + 0.01 * number as f64), hover, hover * 0.99],
        ..around(hover)
    };
    // Some high, some in the ground effect, some that come down on their feet.
    let body = |number: usize| {
        let height_m = [50.0, 0.4, 0.13][number % 3];
        BodyState { rotor_rad_s: [hover; 4], ..BodyState::at_rest(Vector::new(0.0, 1.0, -height_m), 0.1 * number as f64) }
    };
    let mut alone: Vec<BodyState> = (0..21).map(body).collect();
    let mut batch = Batch::new(dynamics.clone(), &alone, &around(0));
    (0..21).for_each(|number| batch.surround(number, &around(number)));
    for _ in 0..500 {
        batch.step(0.004);
        for (number, body) in alone.iter_mut().enumerate() {
            *body = dynamics.step(body, &around(number), 0.004);
        }
    }
    for (number, body) in alone.iter().enumerate() {
        assert_eq!(batch.body(number).as_ref(), Some(body), "vehicle {number}");
    }
    assert_eq!((batch.len(), batch.body(21)), (21, None));
}
