//! The light: ordered by the driver that the aircraft has, believed by its read-back.

use flight_types::LightState;

use crate::command::{Answer, Commander, Purpose, floats};
use crate::dialect::{AUTOPILOT_COMPONENT, CommandKind, CommandSpec};
use crate::profile::Autopilot;
use crate::{LightDriver, LinkLimits};

/// Actuators of one DO_SET_ACTUATOR.
const ACTUATORS: u8 = 6;
/// The one that switches a light unless the configuration says otherwise.
const ACTUATOR_DEFAULT: u8 = 1;
/// ArduPilot's first auxiliary output, counted from 1; it switches a light there unless the configuration says otherwise.
const SERVO_DEFAULT: u8 = 9;
/// Pulse of a servo output that is off, and what is added at full, microseconds.
const PULSE_OFF_US: f32 = 1_000.0;
const PULSE_SPAN_US: f32 = 1_000.0;
/// MAV_ILLUMINATOR_MODE: on and off by command.
const MODE_INTERNAL_CONTROL: f32 = 1.0;
/// The sign that a camera films (ADR 0141), where the lamp has a controller: it winks by itself, dark for 0.3 s of every ten seconds.
const FILMING_PERIOD_S: f32 = 10.0;
const FILMING_DUTY_PCT: f32 = 97.0;
/// Where we switch the lamp: so many dips when it has come on, each for so long, down to this share. Never dark: an order that is lost
/// in a dip leaves the person in half light, not in none.
const DIPS: u8 = 3;
const DIP_MS: u64 = 600;
const DIP_SHARE: f32 = 0.5;
/// How often a light without read-back is ordered again while it is on. An answer names only the command, so a late one of an earlier
/// order is taken for that of a later one; and an autopilot that restarts in the air forgets its outputs.
const REFRESH_MS: u64 = 10_000;

/// One aircraft's light.
#[derive(Debug)]
pub(crate) struct Light {
    driver: LightDriver,
    illuminator: Option<u8>,
    wanted: Option<(bool, u8)>,
    orders: u32,
    ordered_ms: u64,
    read_back: Option<LightState>,
    commanded: bool,
    /// Ordered on as often as it makes sense, and still read back as off: the lamp is dead, whatever its electronics say.
    stays_dark: bool,
    /// Shows that a camera films whenever it is lit.
    filming_signal: bool,
    dips: Dips,
}

/// The dips of a lamp that is switched by us.
#[derive(Debug, Default)]
struct Dips {
    /// Not begun yet.
    left: u8,
    /// In one now.
    low: bool,
}

impl Light {
    pub fn new(driver: LightDriver, filming_signal: bool) -> Self {
        let illuminator = match driver {
            LightDriver::Illuminator { component_id } => Some(component_id),
            LightDriver::Auto
            | LightDriver::Actuator { .. }
            | LightDriver::Servo { .. }
            | LightDriver::Relay { .. }
            | LightDriver::None => None,
        };
        Self {
            driver,
            illuminator,
            wanted: None,
            orders: 0,
            ordered_ms: 0,
            read_back: None,
            commanded: false,
            stays_dark: false,
            filming_signal,
            dips: Dips::default(),
        }
    }

    /// Wants the light on or off. Repeats are harmless.
    pub fn want(&mut self, on: bool, brightness_pct: u8) {
        let wanted = Some((on, brightness_pct.min(100)));
        if self.wanted != wanted {
            let comes_on = on && !self.wanted.is_some_and(|(before, _)| before);
            let left = if comes_on && self.filming_signal { DIPS } else { self.dips.left * u8::from(on) };
            self.dips = Dips { left, low: false };
            self.wanted = wanted;
            self.orders = 0;
            self.commanded = false;
            self.stays_dark = false;
        }
    }

    /// A component of the aircraft says that it is an illuminator. Returns whether that is news.
    pub fn found(&mut self, component_id: u8) -> bool {
        let news = self.driver == LightDriver::Auto && self.illuminator.is_none();
        if news {
            self.illuminator = Some(component_id);
            self.orders = 0;
            self.commanded = false;
        }
        news
    }

    /// The illuminator's component id, if there is one.
    pub fn illuminator(&self) -> Option<u8> {
        self.illuminator
    }

    /// Takes an ILLUMINATOR_STATUS of a component.
    pub fn take_status(&mut self, component_id: u8, enabled: bool, error_status: u32) {
        if self.illuminator != Some(component_id) {
            return;
        }
        self.read_back = Some(match (error_status, enabled) {
            (0, true) => LightState::Lit,
            (0, false) => LightState::Off,
            (_, _) => LightState::Fault,
        });
    }

    /// What is known.
    pub fn state(&self) -> LightState {
        match self.read_back {
            Some(LightState::Off) if self.stays_dark => LightState::Fault,
            Some(state) => state,
            None if self.commanded => LightState::Commanded,
            None => LightState::Unknown,
        }
    }

    /// Orders what is wanted until it shows, a few times.
    pub fn drive(&mut self, autopilot: Autopilot, commander: &mut Commander, limits: &LinkLimits, now_ms: u64) {
        let Some((on, brightness_pct)) = self.wanted else { return };
        let answer = commander.answer(Purpose::Light).filter(|_| self.orders > 0).map(|(_, answer)| answer);
        if matches!(answer, Some(Answer::Accepted { .. })) {
            self.commanded = on;
        }
        let shown = match self.read_back {
            Some(LightState::Lit) => on,
            Some(LightState::Off) => !on,
            Some(LightState::Unknown | LightState::Commanded | LightState::Fault) => false,
            None => matches!(answer, Some(Answer::Accepted { .. })),
        };
        if self.read_back == Some(LightState::Lit) {
            self.stays_dark = false;
        }
        let for_ms = now_ms.saturating_sub(self.ordered_ms);
        let waiting = self.orders > 0 && for_ms < limits.light_confirm_ms;
        if shown && self.orders > 0 {
            let again = on && self.read_back.is_none() && for_ms >= REFRESH_MS;
            if !self.next_dip(on, for_ms) && !again {
                return;
            }
            self.orders = 0;
        } else if waiting {
            return;
        }
        if self.orders >= limits.light_orders_max {
            self.stays_dark = on;
            // Half light is no place to stop: full light is ordered anew.
            let low = std::mem::take(&mut self.dips).low;
            if low || (on && self.read_back.is_none() && for_ms >= REFRESH_MS) {
                self.orders = 0;
            }
            return;
        }
        self.orders += 1;
        self.ordered_ms = now_ms;
        if let Some((switch, brightness)) = self.commands(autopilot, on, brightness_pct) {
            commander.order(Purpose::Light, switch, now_ms);
            if let Some(brightness) = brightness {
                commander.order(Purpose::Brightness, brightness, now_ms);
            }
        }
    }

    /// Goes into the next dip or out of one, when what was ordered shows and has been seen for long enough.
    fn next_dip(&mut self, on: bool, for_ms: u64) -> bool {
        let dims_by_order = match (self.driver, self.illuminator) {
            (LightDriver::Actuator { .. } | LightDriver::Servo { .. }, _) | (LightDriver::Auto, None) => true,
            // An illuminator winks by itself, and a relay knows no half.
            (LightDriver::Auto | LightDriver::Illuminator { .. } | LightDriver::Relay { .. } | LightDriver::None, _) => false,
        };
        if !on || !dims_by_order || for_ms < DIP_MS || (self.dips.left == 0 && !self.dips.low) {
            return false;
        }
        self.dips.low = !self.dips.low;
        if self.dips.low {
            self.dips.left -= 1;
        }
        true
    }

    /// The command that switches, and the one that dims.
    fn commands(&self, autopilot: Autopilot, on: bool, brightness_pct: u8) -> Option<(CommandSpec, Option<CommandSpec>)> {
        let full = if on { f32::from(brightness_pct) / 100.0 } else { 0.0 };
        let share = if self.dips.low { full * DIP_SHARE } else { full };
        let switched = |kind, number: u8, value| {
            Some((floats(kind, AUTOPILOT_COMPONENT, [f32::from(number), value, 0., 0., 0., 0., 0.]), None))
        };
        let servo = |channel| switched(CommandKind::Servo, channel, PULSE_OFF_US + PULSE_SPAN_US * share);
        let actuator = |index: u8| {
            let values: [f32; 7] = std::array::from_fn(|i| if i + 1 == usize::from(index) { share } else { f32::NAN });
            let mut params = values;
            // The last names the set of six outputs.
            params[usize::from(ACTUATORS)] = 0.0;
            (floats(CommandKind::Actuator, AUTOPILOT_COMPONENT, params), None)
        };
        match (self.driver, self.illuminator) {
            (LightDriver::None, _) => None,
            (LightDriver::Actuator { index }, _) => Some(actuator(index.clamp(1, ACTUATORS))),
            (LightDriver::Auto | LightDriver::Illuminator { .. }, Some(component_id)) => {
                let switch = floats(CommandKind::Illuminator, component_id, [f32::from(u8::from(on)), 0., 0., 0., 0., 0., 0.]);
                let (period_s, duty_pct) = if self.filming_signal { (FILMING_PERIOD_S, FILMING_DUTY_PCT) } else { (0.0, 0.0) };
                let dim = [MODE_INTERNAL_CONTROL, f32::from(brightness_pct), period_s, duty_pct, 0., 0., 0.];
                Some((switch, on.then(|| floats(CommandKind::IlluminatorConfigure, component_id, dim))))
            }
            (LightDriver::Servo { channel }, _) => servo(channel),
            (LightDriver::Relay { index }, _) => switched(CommandKind::Relay, index, f32::from(u8::from(on))),
            (LightDriver::Auto | LightDriver::Illuminator { .. }, None) => match autopilot {
                Autopilot::Px4 => Some(actuator(ACTUATOR_DEFAULT)),
                Autopilot::ArduPilot => servo(SERVO_DEFAULT),
            },
        }
    }
}
