//! One autopilot's seat in the simulation: the machine it flies, and the pace at which the two take turns.
//!
//! PX4 connects, asks for a message and says nothing more until the first HIL_SENSOR. It leaves the first dozen unanswered;
//! from then on its clock stands between a HIL_SENSOR and its answer, and so does ours. Real time is input.

use std::collections::VecDeque;

use super::outputs::{Controls, HIL_ACTUATOR_CONTROLS};
use super::sensors::{self, HIL_GPS, HIL_SENSOR, Magnetometer};
use crate::autopilot::wire::{self, AUTOPILOT_COMPONENT, Transmitter};
use crate::held_camera::{GIMBAL_STEPS, HeldCamera};
use crate::plant::Plant;
use crate::{AircraftConfig, CameraTruth, Environment, Fault, STEP_US};

/// Bounds of a seat, in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long an answer is waited for before the next step is taken all the same, microseconds: an answer that never comes
    /// must not stop the world, and a busy machine needs some tenths of a second.
    pub answer_us: u64,
    /// When behind, at most this much is caught up, microseconds.
    pub catch_up_us: u64,
    /// Unread bytes of a stream without a frame in them after which the stream is no autopilot's.
    pub unread_bytes: usize,
}

/// The limits of the field.
pub const LIMITS: Limits = Limits { answer_us: 500_000, catch_up_us: 100_000, unread_bytes: 4_096 };

/// A height over the pad at which the aircraft is said to fly, metres.
const AIRBORNE_M: f64 = 0.5;
/// GPS messages of a receiver without reception come as often as its fixes would.
const NO_FIX_STEPS: u64 = 50;

/// What a person beside the aircraft would notice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Notice {
    /// An autopilot took the seat.
    Connected,
    /// It answers each sensor message since this many.
    Locked {
        /// Sensor messages sent before its first answer.
        free_messages: u64,
    },
    /// Motors armed or disarmed.
    Armed(bool),
    /// Left the ground, or came back to it.
    Airborne(bool),
    /// The light, per cent of full.
    Light {
        /// 0..=100.
        pct: u8,
    },
    /// It hit the ground too hard.
    Crashed,
    /// An answer did not come in time; said once in a row.
    Stalled,
    /// The autopilot is gone. A real one does not come back by itself: it must be started anew.
    Gone,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Nobody is connected.
    Empty,
    /// The autopilot has not answered yet: steps are taken by the clock alone.
    Free,
    /// A sensor message is unanswered since then, real time.
    Theirs { since_us: u64 },
    /// It was answered.
    Ours,
}

/// What was last said, so that only changes are.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shown {
    armed: bool,
    airborne: bool,
    light_pct: u8,
    crashed: bool,
}

const NOTHING_SHOWN: Shown = Shown { armed: false, airborne: false, light_pct: 0, crashed: false };

/// One aircraft for one autopilot.
#[derive(Debug)]
pub struct Seat {
    config: AircraftConfig,
    environment: Environment,
    limits: Limits,
    /// Virtual over real time.
    speed: f64,
    plant: Plant,
    compass: Magnetometer,
    camera: HeldCamera,
    /// Held here instead of where the autopilot's outputs turn it, degrees over the horizon.
    held_pitch_deg: Option<f64>,
    light_dead: bool,
    turn: Turn,
    steps: u64,
    /// When the step after the next is due by the clock, real time with fractions.
    due_us: f64,
    controls: Controls,
    stalled: bool,
    /// In the order of their times; the first `broken` of them have happened.
    faults: Vec<(u64, Fault)>,
    broken: usize,
    unread: Vec<u8>,
    out: Transmitter,
    shown: Shown,
    notices: VecDeque<Notice>,
}

impl Seat {
    /// An empty seat. `speed` is virtual over real time; the autopilot's own speed is the other bound.
    pub fn new(config: AircraftConfig, environment: Environment, speed: f64, limits: Limits) -> Self {
        let (plant, compass) = stand(&config);
        Self {
            out: Transmitter::new(config.system_id),
            config,
            environment,
            limits,
            speed,
            plant,
            compass,
            camera: HeldCamera::default(),
            held_pitch_deg: None,
            light_dead: false,
            turn: Turn::Empty,
            steps: 0,
            due_us: 0.0,
            controls: Controls::OFF,
            stalled: false,
            faults: Vec::new(),
            broken: 0,
            unread: Vec::new(),
            shown: NOTHING_SHOWN,
            notices: VecDeque::new(),
        }
    }

    /// Lets something break, or mend, so many virtual milliseconds after an autopilot has taken the seat; after each that takes it.
    pub fn plan_fault(&mut self, at_ms: u64, fault: Fault) {
        let place = self.faults.partition_point(|(planned_ms, _)| *planned_ms <= at_ms);
        self.faults.insert(place, (at_ms, fault));
    }

    /// Holds the camera at this elevation over the horizon, degrees, in the direction of the nose, whatever the autopilot's outputs say.
    pub fn hold_camera(&mut self, pitch_deg: f64) {
        self.held_pitch_deg = Some(pitch_deg);
    }

    /// An autopilot has connected: the aircraft stands on its pad, just switched on.
    pub fn connect(&mut self, now_us: u64) {
        (self.plant, self.compass) = stand(&self.config);
        self.out = Transmitter::new(self.config.system_id);
        (self.steps, self.due_us, self.turn) = (0, now_us as f64, Turn::Free);
        (self.controls, self.shown, self.stalled) = (Controls::OFF, NOTHING_SHOWN, false);
        (self.camera, self.light_dead, self.broken) = (HeldCamera::default(), false, 0);
        self.unread.clear();
        self.notices.push_back(Notice::Connected);
        self.handle_timeout(now_us);
    }

    /// The connection broke. Nothing more is sent; a real autopilot does not survive it.
    pub fn disconnect(&mut self) {
        if self.turn != Turn::Empty {
            self.turn = Turn::Empty;
            self.notices.push_back(Notice::Gone);
        }
    }

    /// Takes bytes of the autopilot's stream, however they were cut.
    pub fn handle_bytes(&mut self, bytes: &[u8], now_us: u64) {
        self.unread.extend_from_slice(bytes);
        for frame in wire::drain_frames(&mut self.unread) {
            if frame.id == HIL_ACTUATOR_CONTROLS {
                self.take_controls(Controls::read(&frame));
            }
        }
        if self.unread.len() > self.limits.unread_bytes {
            self.unread.clear();
        }
        self.handle_timeout(now_us);
    }

    /// To be called when `next_timeout_us` has come.
    pub fn handle_timeout(&mut self, now_us: u64) {
        if let Turn::Theirs { since_us } = self.turn
            && now_us.saturating_sub(since_us) >= self.limits.answer_us
        {
            if !std::mem::replace(&mut self.stalled, true) {
                self.notices.push_back(Notice::Stalled);
            }
            self.turn = Turn::Ours;
        }
        let may_step = matches!(self.turn, Turn::Free | Turn::Ours);
        if may_step && self.due_us <= now_us as f64 {
            self.take_step(now_us);
        }
    }

    /// When `handle_timeout` wants to be called at the latest, real time.
    pub fn next_timeout_us(&self) -> Option<u64> {
        match self.turn {
            Turn::Empty => None,
            Turn::Free | Turn::Ours => Some(self.due_us.ceil() as u64),
            Turn::Theirs { since_us } => Some(since_us + self.limits.answer_us),
        }
    }

    /// The next bytes for the autopilot, oldest first.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.poll()
    }

    /// The next thing to notice, oldest first.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Virtual time since the autopilot took the seat, microseconds; also the time on its sensor messages.
    pub fn virtual_us(&self) -> u64 {
        self.steps * STEP_US
    }

    /// What is really so: height over the pad, metres.
    pub fn height_m(&self) -> f64 {
        -self.plant.body().position_m.z - self.plant.stand_m()
    }

    /// What is really so: light coming out, 0..1 of full.
    pub fn light(&self) -> f64 {
        if self.light_dead { 0.0 } else { self.controls.light() }
    }

    /// What is really so: where the camera is and looks.
    pub fn camera(&self) -> CameraTruth {
        let (body, look) = (self.plant.body(), self.camera.look());
        CameraTruth {
            position: self.plant.place(),
            altitude_amsl_m: self.plant.home_amsl_m() - body.position_m.z,
            height_m: self.height_m(),
            velocity_m_s: body.velocity_m_s.into(),
            pitch_deg: look.pitch_deg,
            heading_deg: look.heading_deg,
            roll_deg: look.roll_deg,
            turn_deg_s: self.camera.turn_deg_s(),
            zoom: 1.0,
            frozen: false,
            light: self.light(),
        }
    }

    fn take_controls(&mut self, controls: Controls) {
        if self.turn == Turn::Empty {
            return;
        }
        self.controls = controls;
        if self.turn == Turn::Free && controls.lockstep {
            self.notices.push_back(Notice::Locked { free_messages: self.steps });
            self.turn = Turn::Ours;
        }
        // An answer to an earlier message, late after a stall, does not answer this one: the two would drift apart.
        let of_now = controls.time_us >= self.virtual_us() || controls.time_us == 0;
        if matches!(self.turn, Turn::Theirs { .. }) && of_now {
            self.turn = Turn::Ours;
            self.stalled = false;
        }
    }

    /// One step: the body moves by the last controls, then its sensors are read and told.
    fn take_step(&mut self, now_us: u64) {
        if self.steps > 0 {
            let rotors = self.controls.rotor_rad_s(self.plant.airframe());
            self.plant.act(rotors, self.light());
        }
        if self.steps.is_multiple_of(GIMBAL_STEPS) {
            let wish_deg = self.held_pitch_deg.map_or_else(|| self.controls.look_deg(), |pitch_deg| (pitch_deg, 0.0));
            self.camera.turn(wish_deg, &self.plant);
        }
        self.steps += 1;
        self.break_what_is_due();
        self.plant.breathe(&self.environment);
        let measured = self.plant.sense(&self.environment);
        let time_us = self.virtual_us();
        if measured.gps.is_some() || self.plant.gps_lost() && self.steps.is_multiple_of(NO_FIX_STEPS) {
            let fix = measured.gps.as_ref().filter(|_| !self.plant.gps_lost());
            let payload = sensors::gps(time_us, fix, &self.plant);
            self.out.send_raw(AUTOPILOT_COMPONENT, HIL_GPS, payload.bytes());
        }
        // Last: it is what lets the autopilot's clock go on.
        let payload = sensors::sensor(time_us, &measured, &self.plant, &mut self.compass);
        self.out.send_raw(AUTOPILOT_COMPONENT, HIL_SENSOR, payload.bytes());
        if self.turn == Turn::Ours {
            self.turn = Turn::Theirs { since_us: now_us };
        }
        let late_us = now_us as f64 - self.due_us - self.limits.catch_up_us as f64;
        self.due_us += STEP_US as f64 / self.speed + late_us.max(0.0);
        self.notice_changes();
    }

    fn break_what_is_due(&mut self) {
        let now_ms = self.virtual_us() / 1_000;
        while let Some((_, fault)) = self.faults.get(self.broken).filter(|(at_ms, _)| *at_ms <= now_ms) {
            self.broken += 1;
            if let Fault::LightDead(dead) = fault {
                self.light_dead = *dead;
            }
            // What else is not the machine's is the autopilot's own, and a real one is broken by its own means.
            self.plant.inject(fault);
        }
    }

    fn notice_changes(&mut self) {
        let airborne = if self.shown.airborne { !self.plant.resting() } else { self.height_m() > AIRBORNE_M };
        let now = Shown {
            armed: self.controls.armed,
            airborne,
            light_pct: (self.light() * 100.0).round() as u8,
            crashed: self.plant.crashed(),
        };
        let before = std::mem::replace(&mut self.shown, now);
        let mut say = |changed: bool, notice| {
            if changed {
                self.notices.push_back(notice);
            }
        };
        say(now.armed != before.armed, Notice::Armed(now.armed));
        say(now.airborne != before.airborne, Notice::Airborne(now.airborne));
        say(now.light_pct != before.light_pct, Notice::Light { pct: now.light_pct });
        say(now.crashed && !before.crashed, Notice::Crashed);
    }
}

fn stand(config: &AircraftConfig) -> (Plant, Magnetometer) {
    // The mixing of seed and id is that of the simulated aircraft, so that the same seed breaks and gusts alike.
    let seed = config.seed ^ u64::from(config.system_id).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let plant = Plant::new(config, seed);
    let compass = Magnetometer::new(&plant, seed.wrapping_add(3));
    (plant, compass)
}
