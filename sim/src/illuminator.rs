//! The spotlight as a MAVLink component of its own: obeys, and reports what it really does (flight.md 8).
//!
//! ILLUMINATOR_STATUS is written by hand: the dialect types its mode bitmask as an enum.

use crate::autopilot::wire::{
    COMMAND_ACK, COMMAND_INT, COMMAND_LONG, Frame, HEARTBEAT, ILLUMINATOR_STATUS, PayloadWriter, Transmitter,
};

/// MAV_COMP_ID_ILLUMINATOR.
pub(crate) const ILLUMINATOR_COMPONENT: u8 = 243;
/// MAV_TYPE_ILLUMINATOR and MAV_AUTOPILOT_INVALID for its heartbeat.
const TYPE_ILLUMINATOR: u8 = 44;
const NO_AUTOPILOT: u8 = 8;
const STATE_ACTIVE: u8 = 4;
const ILLUMINATOR_ON_OFF: u16 = 405;
const DO_ILLUMINATOR_CONFIGURE: u16 = 406;
const REQUEST_MESSAGE: u16 = 512;
const SET_MESSAGE_INTERVAL: u16 = 511;
const ACCEPTED: u8 = 0;
const DENIED: u8 = 2;
const UNSUPPORTED: u8 = 3;
/// Status and heartbeat each second, and at once after a change.
const PERIOD_US: u64 = 1_000_000;
/// ILLUMINATOR_ERROR_FLAGS_OVER_TEMPERATURE_SHUTDOWN.
const OVER_TEMPERATURE: u32 = 2;
/// Internal control and external sync.
const MODES: u8 = 3;
const INTERNAL_CONTROL: u8 = 1;
/// A lamp of 20 W on its heat sink: degrees over the air at full power, and how fast it gets there.
const WARMING_C: f64 = 35.0;
const WARMING_S: f64 = 60.0;
const AIR_C: f64 = 20.0;
const OVERHEATED_C: f64 = 95.0;

/// The lamp and its controller.
#[derive(Debug, Clone)]
pub(crate) struct Illuminator {
    system_id: u8,
    /// Talks over MAVLink; otherwise the lamp hangs on an actuator output and only obeys.
    is_component: bool,
    wanted: bool,
    brightness: f64,
    strobe_period_s: f32,
    strobe_duty: f32,
    /// When the strobe was configured, and how it is now.
    strobe_since_us: u64,
    winks: bool,
    temperature_c: f64,
    pub(crate) dead: bool,
    pub(crate) overheated: bool,
    due_us: u64,
}

impl Illuminator {
    pub(crate) fn new(system_id: u8, is_component: bool) -> Self {
        Self {
            system_id,
            is_component,
            wanted: false,
            brightness: 1.0,
            strobe_period_s: 0.0,
            strobe_duty: 0.0,
            strobe_since_us: 0,
            winks: false,
            temperature_c: AIR_C,
            dead: false,
            overheated: false,
            due_us: 0,
        }
    }

    /// Share of full light that really comes out, but for the winks of a strobe.
    pub(crate) fn output(&self) -> f64 {
        if self.wanted && !self.dead && !self.overheated { self.brightness } else { 0.0 }
    }

    /// Whether a strobe keeps it dark at this moment.
    pub(crate) fn winks(&self) -> bool {
        self.winks
    }

    /// First the lit part of each period, then the dark one.
    fn strobe(&mut self, now_us: u64) {
        let period_s = f64::from(self.strobe_period_s);
        let since_s = now_us.saturating_sub(self.strobe_since_us) as f64 / 1e6;
        self.winks = period_s > 0.0 && since_s.rem_euclid(period_s) >= period_s * f64::from(self.strobe_duty) / 100.0;
    }

    /// The actuator output that the lamp hangs on where there is no component: above zero is on.
    pub(crate) fn follow_actuator(&mut self, value: f64) {
        if !self.is_component {
            self.wanted = value > 0.0;
            self.brightness = value.clamp(0.0, 1.0);
        }
    }

    /// Warms, and reports when it is time.
    pub(crate) fn step(&mut self, now_us: u64, dt_s: f64, out: &mut Transmitter) {
        let aim_c = if self.overheated { OVERHEATED_C } else { AIR_C + WARMING_C * self.output() };
        self.temperature_c += (aim_c - self.temperature_c) * (dt_s / WARMING_S);
        self.strobe(now_us);
        if self.is_component && now_us >= self.due_us {
            self.due_us = now_us + PERIOD_US;
            let heartbeat = PayloadWriter::default().u32(0).u8(TYPE_ILLUMINATOR).u8(NO_AUTOPILOT).u8(0).u8(STATE_ACTIVE).u8(3);
            out.send_raw(ILLUMINATOR_COMPONENT, HEARTBEAT, heartbeat.bytes());
            self.report(now_us, out);
        }
    }

    /// Takes a command addressed to this component or to all.
    pub(crate) fn receive(&mut self, frame: &Frame, now_us: u64, out: &mut Transmitter) {
        if !self.is_component || !matches!(frame.id, COMMAND_LONG | COMMAND_INT) {
            return;
        }
        let (system, component) = (frame.u8(30), frame.u8(31));
        let exact = component == ILLUMINATOR_COMPONENT;
        if !(system == 0 || system == self.system_id) || !(exact || component == 0) {
            return;
        }
        let command = frame.u16(28);
        let result = self.obey(command, frame, now_us, out);
        // A command to all that is not for a light is the autopilot's to refuse.
        if exact || result != UNSUPPORTED {
            let payload = PayloadWriter::default().u16(command).u8(result).u8(0).i32(0).u8(frame.system).u8(frame.component);
            out.send_raw(ILLUMINATOR_COMPONENT, COMMAND_ACK, payload.bytes());
        }
        if result == ACCEPTED {
            self.report(now_us, out);
        }
    }

    fn obey(&mut self, command: u16, frame: &Frame, now_us: u64, out: &mut Transmitter) -> u8 {
        let param = |index: usize| frame.f32(4 * index);
        match command {
            ILLUMINATOR_ON_OFF => {
                self.wanted = param(0) >= 0.5;
                ACCEPTED
            }
            DO_ILLUMINATOR_CONFIGURE => self.configure(now_us, param(1), param(2), param(3)),
            REQUEST_MESSAGE if param(0) as u32 == ILLUMINATOR_STATUS => ACCEPTED,
            SET_MESSAGE_INTERVAL if param(0) as u32 == ILLUMINATOR_STATUS => {
                self.report(now_us, out);
                ACCEPTED
            }
            _ => UNSUPPORTED,
        }
    }

    /// DO_ILLUMINATOR_CONFIGURE: brightness 0..100 %, strobe period in seconds, duty cycle 0..100 %.
    fn configure(&mut self, now_us: u64, brightness_pct: f32, period_s: f32, duty_pct: f32) -> u8 {
        if !(0.0..=100.0).contains(&brightness_pct) {
            return DENIED;
        }
        self.brightness = f64::from(brightness_pct) / 100.0;
        self.strobe_period_s = if period_s.is_finite() { period_s.max(0.0) } else { 0.0 };
        self.strobe_duty = if duty_pct.is_finite() { duty_pct.clamp(0.0, 100.0) } else { 0.0 };
        self.strobe_since_us = now_us;
        ACCEPTED
    }

    fn report(&self, now_us: u64, out: &mut Transmitter) {
        // A lamp that is dead reports off: the controller measures its current. That is how "commanded" differs from "lit".
        let lit = self.output() > 0.0;
        let payload = PayloadWriter::default()
            .u32((now_us / 1_000) as u32)
            .u32(if self.overheated { OVER_TEMPERATURE } else { 0 })
            .f32((self.brightness * 100.0) as f32)
            .f32(self.strobe_period_s)
            .f32(self.strobe_duty)
            .f32(self.temperature_c as f32)
            .f32(0.1)
            .f32(10.0)
            .u8(u8::from(lit))
            .u8(MODES)
            .u8(INTERNAL_CONTROL);
        out.send_raw(ILLUMINATOR_COMPONENT, ILLUMINATOR_STATUS, payload.bytes());
    }
}
