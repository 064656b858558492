//! The latest that is known of one aircraft: high-rate data that lives in shells and is asked for when a decision needs it.

use serde::{Deserialize, Serialize};

use crate::{DroneId, GeoPoint, LightState, MissionId};

/// One aircraft as last heard. Fields are `None` until first heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DroneStatus {
    /// Which aircraft.
    pub drone: DroneId,
    /// Link health.
    pub link: LinkStatus,
    /// Where it is.
    pub position: Option<GeoPoint>,
    /// How old the position is, milliseconds, where the aircraft's clock is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_age_ms: Option<u64>,
    /// Altitude above mean sea level, metres.
    pub altitude_amsl_m: Option<f64>,
    /// Height above its home, metres.
    pub height_m: Option<f64>,
    /// Heading, degrees clockwise from north.
    pub heading_deg: Option<f64>,
    /// Roll, degrees, right wing down positive.
    pub roll_deg: Option<f64>,
    /// Pitch, degrees, nose up positive.
    pub pitch_deg: Option<f64>,
    /// Where the camera looks over the horizon, degrees; straight down is −90.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera_pitch_deg: Option<f64>,
    /// Where it looks, degrees clockwise from north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera_heading_deg: Option<f64>,
    /// Ground speed, metres per second.
    pub ground_speed_m_s: Option<f64>,
    /// Vertical speed, metres per second, up positive.
    pub climb_m_s: Option<f64>,
    /// Remaining charge, per cent.
    pub battery_pct: Option<f64>,
    /// Pack voltage, volts.
    pub battery_v: Option<f64>,
    /// Flight time left as estimated, seconds.
    pub time_left_s: Option<f64>,
    /// Motors armed.
    pub armed: Option<bool>,
    /// On the ground as the autopilot sees it.
    pub landed: Option<bool>,
    /// The autopilot's mode as a word: "mission", "hold", "return", "land", "takeoff", "follow", "offboard", "manual".
    pub mode: Option<String>,
    /// The autopilot's software with its version, as it tells it: "PX4 1.16.0", "ArduPilot 4.6.3".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autopilot: Option<String>,
    /// What the autopilot's board says that it is, in hexadecimal digits: the identity that a configuration may ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<String>,
    /// Satellites used.
    pub satellites: Option<u8>,
    /// A usable three-dimensional fix.
    pub gps_ok: Option<bool>,
    /// Sensors and estimator healthy enough to arm, as the aircraft says.
    pub health_ok: Option<bool>,
    /// The light.
    pub light: LightState,
    /// Wind speed as the aircraft estimates it, metres per second.
    pub wind_m_s: Option<f64>,
    /// Direction the wind comes from, degrees.
    pub wind_from_deg: Option<f64>,
    /// The flight it is on.
    pub mission: Option<MissionId>,
    /// Index of the mission item it flies to.
    pub mission_item: Option<u16>,
    /// A pilot holds control.
    pub pilot_in_control: bool,
    /// Latest warnings, newest last, at most a handful.
    pub warnings: Vec<String>,
}

impl DroneStatus {
    /// An aircraft of which nothing was heard yet.
    pub fn unheard(drone: DroneId) -> Self {
        Self {
            drone,
            link: LinkStatus::default(),
            position: None,
            position_age_ms: None,
            altitude_amsl_m: None,
            height_m: None,
            heading_deg: None,
            roll_deg: None,
            pitch_deg: None,
            camera_pitch_deg: None,
            camera_heading_deg: None,
            ground_speed_m_s: None,
            climb_m_s: None,
            battery_pct: None,
            battery_v: None,
            time_left_s: None,
            armed: None,
            landed: None,
            mode: None,
            autopilot: None,
            hardware: None,
            satellites: None,
            gps_ok: None,
            health_ok: None,
            light: LightState::Unknown,
            wind_m_s: None,
            wind_from_deg: None,
            mission: None,
            mission_item: None,
            pilot_in_control: false,
            warnings: Vec::new(),
        }
    }

    /// One that stands well charged on its pad and could fly at once: of whom is asked what it would do, where none is heard.
    pub fn ready_on(drone: DroneId, pad: GeoPoint) -> Self {
        Self {
            link: LinkStatus { connected: true, silence_ms: Some(100), ..LinkStatus::default() },
            position: Some(pad),
            battery_pct: Some(95.0),
            armed: Some(false),
            landed: Some(true),
            gps_ok: Some(true),
            health_ok: Some(true),
            light: LightState::Off,
            ..Self::unheard(drone)
        }
    }
}

/// How well an aircraft is heard.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkStatus {
    /// Heard within the link's time limit.
    pub connected: bool,
    /// Milliseconds since anything was heard; `None` when never.
    pub silence_ms: Option<u64>,
    /// Share of messages missing by sequence numbers over the last seconds, per cent.
    pub loss_pct: f64,
    /// A word to the aircraft and back, milliseconds, the middle one of the last few; `None` until measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<f64>,
    /// Signatures on this link; `None` where it has no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing: Option<SigningStatus>,
}

/// How a signed link fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SigningStatus {
    /// The latest frame that was taken carried a right signature.
    pub verified: bool,
    /// Frames refused since the start.
    pub refused: u64,
    /// Why the latest of them was.
    pub latest_refusal: Option<SigningRefusal>,
}

/// Why a frame is not taken on a signed link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SigningRefusal {
    /// It carries no signature.
    Unsigned,
    /// It was signed with another key, or changed on its way.
    Forged,
    /// It is not newer than what was heard of the same sender: replayed, repeated or overtaken.
    Repeated,
    /// The first of its sender, and more than a minute old.
    Old,
}
