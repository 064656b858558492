//! What can go wrong with one aircraft; scenarios inject these.

use std::str::FromStr;

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

/// A text that names nothing that can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing that can break; for example gps-lost, motor-lost=1 or charge=30")]
pub struct NoFault;

/// As commands and plays say it: `gps-lost`, `gps-back`, `gps-jump=NORTH/EAST`, `motor-lost=INDEX`, `light-dead`, `light-mended`,
/// `compass-stuck`, `compass-works`, `baro-drift=M_S`, `battery-sag=FACTOR`, `charge=PER_CENT`.
impl FromStr for Fault {
    type Err = NoFault;
    fn from_str(what: &str) -> Result<Self, NoFault> {
        said(what).ok_or(NoFault)
    }
}

fn said(what: &str) -> Option<Fault> {
    let (name, value) = what.split_once('=').map_or((what, None), |(name, value)| (name, Some(value)));
    let number = || value?.parse::<f64>().ok().filter(|number| number.is_finite());
    Some(match (name, value) {
        ("gps-lost", None) => Fault::GpsLoss(true),
        ("gps-back", None) => Fault::GpsLoss(false),
        ("gps-jump", Some(shift)) => {
            let (north, east) = shift.split_once('/')?;
            Fault::GpsJump { north_m: north.parse().ok()?, east_m: east.parse().ok()? }
        }
        ("motor-lost", Some(index)) => Fault::MotorLoss { index: index.parse().ok().filter(|index| *index < 4)? },
        ("light-dead", None) => Fault::LightDead(true),
        ("light-mended", None) => Fault::LightDead(false),
        ("compass-stuck", None) => Fault::CompassStuck(true),
        ("compass-works", None) => Fault::CompassStuck(false),
        ("baro-drift", Some(_)) => Fault::BaroDrift { rate_m_s: number()? },
        ("battery-sag", Some(_)) => Fault::BatterySag { factor: number()? },
        ("charge", Some(_)) => Fault::SetCharge { pct: number()? },
        _ => return None,
    })
}
