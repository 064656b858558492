//! One aircraft's link as a configuration file gives it, for the server and for a station's gateway alike.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use drone_link_proto::{HardwareId, LightDriver, LinkConfig, SigningConfig, UnsignedFrames, signing_time};
use flight_types::{DroneId, RallyPoint};
use serde::{Deserialize, Serialize};

use crate::{LinkError, read_key};

/// What is particular about the link to one aircraft. Everything but its name may be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AircraftSettings {
    /// Which aircraft.
    pub drone: DroneId,
    /// The identity of its autopilot's board, 16 or 36 hexadecimal digits as the server shows it. Another one is not launched.
    #[serde(default)]
    pub hardware: Option<String>,
    /// A file with the key of this link: 64 hexadecimal digits. With it frames are signed.
    #[serde(default)]
    pub signing_key_file: Option<PathBuf>,
    /// Frames without a signature on a link with a key: `refused`, or `taken` while the aircraft is given its key.
    #[serde(default)]
    pub unsigned: UnsignedSetting,
    /// Whether nobody else hears this link, so that the aircraft may be given its key over it.
    #[serde(default)]
    pub trusted: bool,
    /// Whether the aircraft must be set to ask before it arms (PX4's COM_ARM_AUTH_REQ).
    #[serde(default)]
    pub arm_authorization: bool,
    /// How its light is switched.
    #[serde(default)]
    pub light: LightSetting,
    /// Whether the light shows people that a camera films, as the law of a country may demand; `false` keeps it steady.
    #[serde(default = "yes")]
    pub filming_signal: bool,
    /// For a gateway, which does not know the site: the site's rally points, their ground above this aircraft's pad. The server takes those of its site.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rally_points: Vec<RallyPoint>,
}

fn yes() -> bool {
    true
}

/// See [`UnsignedFrames`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnsignedSetting {
    /// They are not taken.
    #[default]
    Refused,
    /// They are.
    Taken,
}

/// See [`LightDriver`]: `"auto"`, `"none"`, `{ illuminator = 50 }`, `{ actuator = 1 }`, `{ servo = 9 }`, `{ relay = 0 }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LightSetting {
    /// Found by itself.
    #[default]
    Auto,
    /// There is none.
    None,
    /// A component of its own, by its id.
    Illuminator(u8),
    /// An output of PX4, 1 to 6.
    Actuator(u8),
    /// A servo output of ArduPilot, from 1.
    Servo(u8),
    /// A relay of ArduPilot, from 0.
    Relay(u8),
}

impl From<LightSetting> for LightDriver {
    fn from(setting: LightSetting) -> Self {
        match setting {
            LightSetting::Auto => Self::Auto,
            LightSetting::None => Self::None,
            LightSetting::Illuminator(component_id) => Self::Illuminator { component_id },
            LightSetting::Actuator(index) => Self::Actuator { index },
            LightSetting::Servo(channel) => Self::Servo { channel },
            LightSetting::Relay(index) => Self::Relay { index },
        }
    }
}

impl AircraftSettings {
    /// The link to this aircraft; its key is read. To be called right before the hub starts, because it looks at the clock.
    pub fn link(&self, system_id: u8) -> Result<LinkConfig, LinkError> {
        let wrong = |error: &dyn std::fmt::Display| LinkError::Settings { drone: self.drone.clone(), reason: error.to_string() };
        let hardware = self.hardware.as_deref().map(HardwareId::parse).transpose().map_err(|error| wrong(&error))?;
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let signing = match &self.signing_key_file {
            Some(path) => Some(SigningConfig {
                unsigned: match self.unsigned {
                    UnsignedSetting::Refused => UnsignedFrames::Refused,
                    UnsignedSetting::Taken => UnsignedFrames::Taken,
                },
                ..SigningConfig::new(read_key(path)?, signing_time(since_1970))
            }),
            None => None,
        };
        Ok(LinkConfig {
            light: self.light.into(),
            filming_signal: self.filming_signal,
            hardware,
            signing,
            arm_authorization: self.arm_authorization,
            trusted: self.trusted,
            rally_points: self.rally_points.clone(),
            ..LinkConfig::new(self.drone.clone(), system_id)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lights_and_boards_are_read_and_mistakes_told() {
        let parsed = |text: &str| toml::from_str::<AircraftSettings>(text).map_err(|error| error.to_string());
        let servo = parsed("drone = \"d1\"\nlight = { servo = 9 }\nhardware = \"00000000000000AB\"").expect("settings");
        let link = servo.link(3).expect("a link");
        assert_eq!((link.system_id, link.light), (3, LightDriver::Servo { channel: 9 }));
        assert_eq!(link.hardware.as_ref().map(HardwareId::as_str), Some("00000000000000ab"));
        let near =
            parsed("drone = \"d1\"\nrally_points = [{ id = \"yard\", place = { lat = 37.5, lon = 127.0 }, ground_m = -2.5 }]");
        let near = near.expect("settings").link(1).expect("a link");
        assert_eq!(near.rally_points.iter().map(|point| point.ground_m).collect::<Vec<_>>(), [-2.5]);
        let plain = parsed("drone = \"d1\"").expect("settings").link(1).expect("a link");
        assert_eq!(plain, LinkConfig::new(servo.drone.clone(), 1));
        let steady = parsed("drone = \"d1\"\nfilming_signal = false").expect("settings").link(1).expect("a link");
        assert!(plain.filming_signal && !steady.filming_signal);
        assert!(parsed("drone = \"d1\"\nlihgt = \"auto\"").expect_err("a typing error").contains("lihgt"));
        let wrong = AircraftSettings { hardware: Some("12".to_owned()), ..servo }.link(1).expect_err("no identity");
        assert!(wrong.to_string().contains("d1") && wrong.to_string().contains("hexadecimal"), "{wrong}");
    }
}
