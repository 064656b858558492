//! What a link must know beforehand about its aircraft.

use flight_types::{DroneId, RallyPoint};

use crate::{HardwareId, LinkLimits, SigningConfig};

/// One aircraft and how to talk to it.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkConfig {
    /// Which aircraft.
    pub drone: DroneId,
    /// Its MAVLink system id.
    pub system_id: u8,
    /// Our own system id; ground stations use 255.
    pub own_system_id: u8,
    /// Our own component id; 190 is "mission planner", the usual one of a ground station.
    pub own_component_id: u8,
    /// How its light is switched.
    pub light: LightDriver,
    /// Whether the light, while it is on, shows people that a camera films: it winks, or dips when it comes on.
    pub filming_signal: bool,
    /// Which autopilot it is, where the site says so; another one is not launched.
    pub hardware: Option<HardwareId>,
    /// Signatures, where both ends have a key.
    pub signing: Option<SigningConfig>,
    /// Whether the aircraft must ask us before it arms, so that nobody else can arm it. Only PX4 can be asked for that.
    pub arm_authorization: bool,
    /// Nobody else hears this link: a cable, a network of its own. Only over such a one an aircraft is given its key.
    pub trusted: bool,
    /// The rally points of the site, their ground above this aircraft's pad; an idle aircraft is given them.
    pub rally_points: Vec<RallyPoint>,
    /// Bounds.
    pub limits: LinkLimits,
}

impl LinkConfig {
    /// The usual ground station ids, a light found by itself, default limits.
    pub fn new(drone: DroneId, system_id: u8) -> Self {
        Self {
            drone,
            system_id,
            own_system_id: 255,
            own_component_id: 190,
            light: LightDriver::default(),
            filming_signal: true,
            hardware: None,
            signing: None,
            arm_authorization: false,
            trusted: false,
            rally_points: Vec::new(),
            limits: LinkLimits::default(),
        }
    }
}

/// How a light is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LightDriver {
    /// An illuminator component when one is heard on the aircraft, else actuator 1 of PX4 or servo output 9 of ArduPilot.
    #[default]
    Auto,
    /// A component of its own that takes ILLUMINATOR_ON_OFF and sends ILLUMINATOR_STATUS.
    Illuminator {
        /// Its component id.
        component_id: u8,
    },
    /// An output of the autopilot, switched by DO_SET_ACTUATOR; there is no read-back.
    Actuator {
        /// From 1 to 6.
        index: u8,
    },
    /// A servo output of ArduPilot, switched and dimmed by DO_SET_SERVO from 1000 to 2000 µs; there is no read-back.
    Servo {
        /// Counted from 1.
        channel: u8,
    },
    /// A relay of ArduPilot, switched by DO_SET_RELAY; there is no read-back and no brightness.
    Relay {
        /// Counted from 0.
        index: u8,
    },
    /// The aircraft carries none.
    None,
}
