//! What can go wrong with one aircraft; scenarios inject these.

use crate::{FlightMode, ParamValue};

/// A fault, or the end of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Satellite reception lost (true) or back (false).
    GpsLoss(bool),
    /// All fixes are shifted by this much: a jump, or steps of a spoof. Zero ends it.
    GpsJump {
        /// Metres north.
        north_m: f64,
        /// Metres east.
        east_m: f64,
    },
    /// Internal resistance of the pack times this factor: cold or old cells.
    BatterySag {
        /// 1 changes nothing.
        factor: f64,
    },
    /// The pack now holds this share of its charge, per cent.
    SetCharge {
        /// 0..100.
        pct: f64,
    },
    /// This motor stops for good (0..3: front right, rear left, front left, rear right).
    MotorLoss {
        /// Which.
        index: usize,
    },
    /// Arming is refused with this text; `None` lifts it.
    ArmRefused(Option<String>),
    /// The light gives no light any more (true), or does again.
    LightDead(bool),
    /// The light shuts down for heat (true), or has cooled down.
    LightOverheat(bool),
    /// The compass repeats one heading (true), or works again.
    CompassStuck(bool),
    /// The barometer climbs away at this rate, metres per second; zero ends it.
    BaroDrift {
        /// Metres per second.
        rate_m_s: f64,
    },
    /// The autopilot restarts, in the air too.
    Reboot,
    /// The camera repeats one picture (true), or works again.
    CameraFrozen(bool),
    /// The radio is dead in both directions (true), or works again.
    RadioSilence(bool),
    /// A pilot with a transmitter switches the mode.
    PilotTakesOver(FlightMode),
    /// A parameter is set, as by a ground station that nobody here controls.
    Parameter(String, ParamValue),
}
