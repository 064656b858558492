//! What an aircraft is asked to fly: a plan with its legal way out, its scene, and its legal way back.

use serde::{Deserialize, Serialize};

use crate::{GeoPoint, MissionId, Ring};

/// A whole flight as decided before launch. Heights are above the home pad unless the name says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlightPlan {
    /// The flight this plan belongs to.
    pub mission: MissionId,
    /// The pad.
    pub home: GeoPoint,
    /// Ground height of the pad above mean sea level, metres; turns heights into the altitudes autopilots take.
    pub home_altitude_amsl_m: f64,
    /// Corners after take-off; the last one is the stand-off point where the escort begins.
    pub outbound: Vec<GeoPoint>,
    /// Corners of the legal way back from the stand-off point; the last one is the pad.
    pub homeward: Vec<GeoPoint>,
    /// Height of the transit out and back, metres above home.
    pub transit_height_m: f64,
    /// Ground speed of the transit, metres per second.
    pub transit_speed_m_s: f64,
    /// What happens at the far end.
    pub scene: Scene,
    /// Where the aircraft must stay, whatever happens.
    pub fence: Fence,
    /// Zones it must not enter, uploaded as exclusion polygons.
    pub exclusions: Vec<Ring>,
    /// What the plan's ways keep from zones and fence, metres; a way home that is found in the air keeps as much.
    #[serde(default = "zone_margin_m")]
    pub zone_margin_m: f64,
    /// What stands so high that this flight must keep beside it: on its transit, or round its scene. Not uploaded, because
    /// exclusions on board have no top and the flight passes over some of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<Obstacle>,
}

/// A building or mast as a prism.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Obstacle {
    /// Its outline.
    pub ring: Ring,
    /// Its top above home, metres.
    pub top_m: f64,
}

impl Obstacle {
    /// Kept between a flight and the top of what it passes over, metres: a floor's error in the height of a building (3 m) and
    /// what barometers and gusts add (5 m).
    pub const CLEARANCE_M: f64 = 8.0;

    /// Whether a flight at this height above home must keep beside it instead of passing over it.
    pub fn reaches(&self, height_m: f64) -> bool {
        self.top_m + Self::CLEARANCE_M > height_m
    }
}

/// The margin of plans in logs that were written before a plan named its own, metres.
fn zone_margin_m() -> f64 {
    15.0
}

/// What the aircraft does once it is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Scene {
    /// Light and camera on a person, from a stand-off, following them.
    Escort {
        /// Where the person is thought to be at launch.
        target: GeoPoint,
        /// Horizontal distance kept from the person, metres; never above heads.
        stand_off_m: f64,
        /// Height over the ground of home kept on scene, metres.
        height_m: f64,
    },
    /// A survey of a lot: fly the corners of `outbound`, then come home.
    Survey {
        /// How the lot is flown; absent in plans from before surveys had a height of their own: as the transit is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        manner: Option<SurveyManner>,
    },
}

/// How a lot is flown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SurveyManner {
    /// Height over home over the lot, metres.
    pub height_m: f64,
    /// Ground speed over the lot, metres per second: what the light allows the camera.
    pub speed_m_s: f64,
    /// Where the nose points all along the path, degrees clockwise from north: pictures lie as they were planned, and nothing turns under
    /// an open shutter. Absent: along each leg, as autopilots do by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f64>,
    /// Which corners of `outbound` are those of the survey's path, ascending; those before the first are the way there, those between are
    /// the way round a zone.
    pub stops: Vec<usize>,
}

/// The volume an aircraft must not leave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fence {
    /// Inclusion polygon.
    pub ring: Ring,
    /// Ceiling, metres above home.
    pub height_max_m: f64,
}
