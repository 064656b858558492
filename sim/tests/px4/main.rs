//! The simulator's side of PX4's protocol against a stand-in that behaves as real PX4 was seen to; `cargo xtask test --px4`
//! flies real PX4 on it.

mod sockets;
mod stand_in;
mod weather_and_faults;

use sim::hil::{LIMITS, Notice, Seat};
use sim::physics::{AIR_DENSITY_KG_M3, Airframe};
use sim::{AircraftConfig, Environment, Fault, STEP_US};

use flight_types::GeoPoint;
use stand_in::{LOOP_US, StandIn, UNANSWERED};

const PAD_AMSL_M: f64 = 61.0;

fn pad() -> GeoPoint {
    GeoPoint::new(36.5443774, 127.9071975).expect("a place")
}

/// Both sides in virtual time: nobody waits, the clock jumps to whatever is due next.
struct Flight {
    seat: Seat,
    stand_in: StandIn,
    now_us: u64,
    notices: Vec<Notice>,
}

impl Flight {
    fn start(speed: f64) -> Self {
        Self::of(Seat::new(AircraftConfig::new(1, pad(), PAD_AMSL_M), Environment::default(), speed, LIMITS))
    }

    fn of(mut seat: Seat) -> Self {
        seat.connect(0);
        seat.handle_bytes(&StandIn::hello(), 0);
        Self { seat, stand_in: StandIn::default(), now_us: 0, notices: Vec::new() }
    }

    /// Until so much virtual time has passed for the aircraft.
    fn run_s(&mut self, span_s: f64) {
        let until_us = self.seat.virtual_us() + (span_s * 1e6) as u64;
        while self.seat.virtual_us() < until_us {
            self.turn();
        }
    }

    /// What is to be said is said; then the clock jumps.
    fn turn(&mut self) {
        while let Some(bytes) = self.seat.poll_transmit() {
            let answer = self.stand_in.take(&bytes);
            if !answer.is_empty() {
                self.seat.handle_bytes(&answer, self.now_us);
            }
        }
        self.notices.extend(std::iter::from_fn(|| self.seat.poll_notice()));
        let due_us = self.seat.next_timeout_us().expect("the stand-in is connected");
        self.now_us = self.now_us.max(due_us);
        self.seat.handle_timeout(self.now_us);
    }

    /// The share of full at which the motors carry the weight, by the motor controllers' idle and full speed.
    fn hover_share() -> f32 {
        let airframe = Airframe::default();
        let span = airframe.rotor_rad_s_max - airframe.rotor_rad_s_idle;
        ((airframe.hover_rad_s(AIR_DENSITY_KG_M3) - airframe.rotor_rad_s_idle) / span) as f32
    }
}

#[test]
fn it_runs_free_until_the_first_answer_and_then_message_by_message() {
    let mut flight = Flight::start(1.0);
    flight.run_s(5.0);
    let free_messages = u64::from(UNANSWERED) + 1;
    assert_eq!(flight.notices, [Notice::Connected, Notice::Locked { free_messages }]);
    let sent = u32::try_from(flight.stand_in.sensors.len()).expect("few");
    assert_eq!(sent, flight.stand_in.answers + UNANSWERED, "each message after the free ones has one answer");
    assert_eq!(sent, 1_250, "250 Hz");
}

#[test]
fn its_clock_ticks_four_milliseconds_a_message_at_any_speed() {
    for speed in [0.5, 1.0, 40.0] {
        let mut flight = Flight::start(speed);
        flight.run_s(4.0);
        let times: Vec<u64> = flight.stand_in.sensors.iter().map(|sensor| sensor.time_us).collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == LOOP_US), "{speed}");
        assert_eq!(STEP_US, LOOP_US);
        assert!(!flight.notices.contains(&Notice::Stalled), "{speed}");
        let real_s = flight.now_us as f64 / 1e6;
        assert!((real_s - 4.0 / speed).abs() < 0.02, "{real_s} s at speed {speed}");
    }
}

#[test]
fn a_silence_of_the_autopilot_pauses_the_world_and_late_answers_do_not_unlock_it() {
    let mut flight = Flight::start(1.0);
    flight.run_s(1.0);
    flight.stand_in.hung = true;
    let (before_us, before) = (flight.now_us, flight.stand_in.sensors.len());
    flight.run_s(0.04);
    assert_eq!(flight.stand_in.sensors.len() - before, 10);
    assert!(flight.now_us - before_us >= 9 * LIMITS.answer_us, "every step waits for its answer first");
    assert_eq!(flight.notices.iter().filter(|notice| **notice == Notice::Stalled).count(), 1);
    // Said in the last turn; the hung autopilot takes it and is silent.
    while let Some(bytes) = flight.seat.poll_transmit() {
        assert!(flight.stand_in.take(&bytes).is_empty());
    }
    let late = flight.stand_in.controls(flight.seat.virtual_us() - STEP_US);
    flight.seat.handle_bytes(&late, flight.now_us);
    flight.seat.handle_timeout(flight.now_us);
    assert!(flight.seat.poll_transmit().is_none(), "an answer to an earlier message is none to this one");
    flight.stand_in.hung = false;
    let resumed_us = flight.now_us;
    flight.run_s(1.0);
    let span_us = flight.now_us - resumed_us;
    assert!(span_us < 1_000_000 + 2 * LIMITS.answer_us, "in lockstep again after one more wait: {span_us} µs");
}

#[test]
fn disarmed_it_stays_and_armed_it_flies_and_lights() {
    let mut flight = Flight::start(1.0);
    flight.stand_in.outputs = [1.0, 1.0, 1.0, 1.0, 1.0];
    flight.run_s(2.0);
    assert_eq!(flight.seat.height_m(), 0.0, "outputs of a disarmed autopilot are zero");
    assert_eq!(flight.seat.light(), 0.0);
    assert_eq!(flight.stand_in.arm(), Ok(()));
    let hover = Flight::hover_share() * 1.02;
    flight.stand_in.outputs = [hover, hover, hover, hover, 0.8];
    flight.run_s(4.0);
    assert!((1.0..10.0).contains(&flight.seat.height_m()), "{} m", flight.seat.height_m());
    let heard_m = flight.stand_in.gps.expect("fixes").altitude_m - PAD_AMSL_M;
    assert!((heard_m - flight.seat.height_m()).abs() < 3.0, "{heard_m} m by satellite");
    let lit = Notice::Light { pct: 80 };
    for wanted in [Notice::Armed(true), Notice::Airborne(true), lit] {
        assert!(flight.notices.contains(&wanted), "{wanted:?} in {:?}", flight.notices);
    }
}

#[test]
fn each_motor_turns_it_the_way_px4_expects() {
    // Front right, rear left, front left, rear right: which way more thrust there rolls, pitches and yaws.
    let turns = [(-1.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, -1.0), (-1.0, -1.0, -1.0)];
    for (motor, (roll, pitch, yaw)) in turns.into_iter().enumerate() {
        let mut flight = Flight::start(1.0);
        flight.run_s(1.0);
        flight.stand_in.arm().expect("ready");
        flight.stand_in.outputs = [Flight::hover_share() * 1.1; 5];
        flight.run_s(1.0);
        flight.stand_in.outputs[motor] += 0.1;
        flight.run_s(0.15);
        let rates = flight.stand_in.sensors.last().expect("sensors").rates_rad_s;
        let signs = [roll, pitch, yaw];
        let turned = rates.iter().zip(signs).all(|(rate, sign)| f64::from(*rate) * sign > 0.005);
        assert!(turned, "motor {motor}: {rates:?} against {signs:?}");
    }
}

#[test]
fn what_it_measures_on_the_pad_is_what_is_there() {
    let mut flight = Flight::start(1.0);
    flight.run_s(5.0);
    let sensors = &flight.stand_in.sensors;
    let mean = |pick: &dyn Fn(&stand_in::Sensor) -> f32, bit: u32| {
        let fresh: Vec<f64> =
            sensors.iter().filter(|sensor| sensor.updated & bit != 0).map(|sensor| f64::from(pick(sensor))).collect();
        (fresh.iter().sum::<f64>() / fresh.len() as f64, fresh.len())
    };
    let (down, samples) = mean(&|sensor| sensor.specific_force_m_s2[2], 4);
    assert!((down + 9.80665).abs() < 0.2 && samples == 1_250, "{down} m/s²");
    let (field, samples) = mean(&|sensor| sensor.field_gauss[2], 0x100);
    assert!((field - 0.40).abs() < 0.03 && samples == 250, "{field} gauss down at 50 Hz");
    // The standard atmosphere at 61 m.
    let (pressure, samples) = mean(&|sensor| sensor.pressure_hpa, 0x200);
    assert!((pressure - 1_005.9).abs() < 0.5 && samples == 250, "{pressure} hPa at 50 Hz");
    let gps = flight.stand_in.gps.expect("fixes");
    let off_m = GeoPoint::new(gps.lat_deg, gps.lon_deg).expect("a place").distance_m(&pad());
    assert!(off_m < 5.0 && (gps.altitude_m - PAD_AMSL_M).abs() < 8.0, "{gps:?}");
}

#[test]
fn faults_reach_the_autopilot_by_its_sensors() {
    let with = |fault: Fault| {
        let mut seat = Seat::new(AircraftConfig::new(1, pad(), PAD_AMSL_M), Environment::default(), 1.0, LIMITS);
        seat.plan_fault(2_000, fault);
        let mut flight = Flight::of(seat);
        flight.run_s(5.0);
        flight
    };
    assert_eq!(with(Fault::GpsLoss(true)).stand_in.arm(), Err("GPS too poor"));
    assert_eq!(with(Fault::CompassStuck(true)).stand_in.arm(), Err("MAG #0 failed: STALE"));
    let mut dark = with(Fault::LightDead(true));
    dark.stand_in.arm().expect("ready");
    dark.stand_in.outputs[4] = 1.0;
    dark.run_s(0.1);
    assert_eq!(dark.seat.light(), 0.0);
}

#[test]
fn a_broken_connection_ends_the_flight_and_the_next_finds_the_aircraft_on_its_pad() {
    let mut flight = Flight::start(1.0);
    flight.run_s(1.0);
    flight.stand_in.arm().expect("ready");
    flight.stand_in.outputs = [0.9; 5];
    flight.run_s(2.0);
    assert!(flight.seat.height_m() > 2.0);
    flight.seat.disconnect();
    assert_eq!(std::iter::from_fn(|| flight.seat.poll_notice()).last(), Some(Notice::Gone));
    while flight.seat.poll_transmit().is_some() {}
    let late = flight.stand_in.controls(u64::MAX);
    flight.seat.handle_bytes(&late, flight.now_us);
    assert_eq!((flight.seat.poll_transmit(), flight.seat.next_timeout_us()), (None, None));
    flight.seat.connect(flight.now_us);
    assert_eq!(flight.seat.height_m(), 0.0);
    assert!(flight.seat.poll_transmit().is_some(), "the first message does not wait for a word");
}

#[test]
fn garbage_in_the_stream_is_survived() {
    let mut flight = Flight::start(1.0);
    flight.run_s(1.0);
    for garbage in
        [vec![0xFD; 3_000], vec![0; 9_000], (0..=255).cycle().take(5_000).collect(), flight.stand_in.controls(0)[..20].to_vec()]
    {
        flight.seat.handle_bytes(&garbage, flight.now_us);
    }
    flight.run_s(3.0);
    assert!(flight.stand_in.answers > 800, "{} answers", flight.stand_in.answers);
}
