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
}

impl Light {
    pub fn new(driver: LightDriver) -> Self {
        let illuminator = match driver {
            LightDriver::Illuminator { component_id } => Some(component_id),
            LightDriver::Auto
            | LightDriver::Actuator { .. }
            | LightDriver::Servo { .. }
            | LightDriver::Relay { .. }
            | LightDriver::None => None,
        };
        Self { driver, illuminator, wanted: None, orders: 0, ordered_ms: 0, read_back: None, commanded: false, stays_dark: false }
    }

    /// Wants the light on or off. Repeats are harmless.
    pub fn want(&mut self, on: bool, brightness_pct: u8) {
        let wanted = Some((on, brightness_pct.min(100)));
        if self.wanted != wanted {
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
        let waiting = self.orders > 0 && now_ms.saturating_sub(self.ordered_ms) < limits.light_confirm_ms;
        if (shown && self.orders > 0) || waiting {
            return;
        }
        if self.orders >= limits.light_orders_max {
            self.stays_dark = on;
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

    /// The command that switches, and the one that dims.
    fn commands(&self, autopilot: Autopilot, on: bool, brightness_pct: u8) -> Option<(CommandSpec, Option<CommandSpec>)> {
        let share = if on { f32::from(brightness_pct) / 100.0 } else { 0.0 };
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
                let dim = [MODE_INTERNAL_CONTROL, f32::from(brightness_pct), 0., 0., 0., 0., 0.];
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
