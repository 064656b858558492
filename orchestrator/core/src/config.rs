//! What a site decides beforehand: stations, aircraft, zones and the policy of a call. Enters the log as an entry.

use std::collections::BTreeMap;

use flight_types::{DroneId, GeoPoint, RallyPoint, RallyPointId, Relief, Ring, StationId, ZoneId};
use serde::{Deserialize, Serialize};

use crate::energy::PowerCurve;

/// Everything the core must know about a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteConfig {
    /// The site's name as shown.
    pub name: String,
    /// Launch stations.
    pub stations: Vec<StationConfig>,
    /// Zones no aircraft may enter.
    #[serde(default)]
    pub no_fly_zones: Vec<NoFlyZone>,
    /// What stands as high as aircraft fly: passed over with a clearance, or beside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<SiteObstacle>,
    /// Where an aircraft may land that does not reach its pad, or finds it taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rally_points: Vec<SiteRallyPoint>,
    /// Where aircraft may be at all.
    pub fence: Ring,
    /// Ceiling of the fence above the launching pad, or with a relief above the ground, metres.
    pub fence_height_max_m: f64,
    /// The ground, where the site has an elevation grid: heights are then counted over its surface instead of above the launching pad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relief: Option<SiteRelief>,
    /// How calls are handled.
    #[serde(default)]
    pub policy: Policy,
}

/// The ground of a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteRelief {
    /// Within the fence and a little beyond.
    pub surface: Relief,
    /// The ground under each pad above mean sea level, as finely as the grid tells it, metres.
    pub pads_amsl_m: BTreeMap<DroneId, f64>,
}

impl SiteConfig {
    /// What heights are counted from at a place, above mean sea level, metres; of the pad from which they are flown without a relief.
    pub fn surface_amsl_m(&self, place: GeoPoint, home_amsl_m: f64) -> f64 {
        self.relief.as_ref().map_or(home_amsl_m, |relief| relief.surface.surface_amsl_m(place))
    }

    /// The rally points as an aircraft reckons whose pad lies so high above mean sea level, metres.
    pub fn rally_points_from(&self, home_amsl_m: f64) -> Vec<RallyPoint> {
        let from_home = |point: &SiteRallyPoint| RallyPoint {
            id: point.id.clone(),
            place: point.position,
            ground_m: point.ground_amsl_m - home_amsl_m,
        };
        self.rally_points.iter().map(from_home).collect()
    }

    /// The ground of an aircraft's pad above mean sea level, metres.
    pub fn pad_amsl_m(&self, station: &StationConfig, drone: &DroneConfig) -> f64 {
        let known = self.relief.as_ref().and_then(|relief| relief.pads_amsl_m.get(&drone.id));
        known.copied().unwrap_or(station.ground_amsl_m)
    }
}

/// A launch station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StationConfig {
    /// Which station.
    pub id: StationId,
    /// Its name as shown.
    pub name: String,
    /// Where it stands.
    pub position: GeoPoint,
    /// Ground height above mean sea level, metres.
    pub ground_amsl_m: f64,
    /// Who lets aircraft go.
    pub approval: Approval,
    /// Its aircraft.
    pub drones: Vec<DroneConfig>,
}

/// Who lets an aircraft go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Approval {
    /// At once; the policy itself is the recorded authority.
    Automatic,
    /// An operator, within a time limit, with a stated outcome when nobody answers.
    Operator {
        /// How long the operator has, milliseconds.
        limit_ms: i64,
        /// What silence means.
        on_silence: OnSilence,
    },
}

/// What an operator's silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnSilence {
    /// The aircraft goes.
    Launch,
    /// It stays, and the operator alert says so.
    Deny,
}

/// One aircraft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DroneConfig {
    /// Which aircraft.
    pub id: DroneId,
    /// Its pad.
    pub pad: GeoPoint,
    /// Transit speed, metres per second.
    pub cruise_speed_m_s: f64,
    /// Climb speed, metres per second.
    pub climb_speed_m_s: f64,
    /// Descent speed, metres per second.
    pub descent_speed_m_s: f64,
    /// Hover time on a full charge in still air with the light off, seconds.
    pub endurance_s: f64,
    /// What flying costs over hovering.
    #[serde(default)]
    pub power: PowerCurve,
    /// Strongest wind it may fly in, metres per second.
    pub wind_max_m_s: f64,
    /// Whether it carries a light.
    pub has_light: bool,
}

/// A volume no aircraft may enter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFlyZone {
    /// Which zone.
    pub id: ZoneId,
    /// Its name as shown.
    pub name: String,
    /// Its outline.
    pub ring: Ring,
    /// Lower limit above mean sea level, metres; absent means the ground.
    #[serde(default)]
    pub floor_amsl_m: Option<f64>,
    /// Upper limit above mean sea level, metres; absent means no limit.
    #[serde(default)]
    pub ceiling_amsl_m: Option<f64>,
    /// When it is closed; absent means always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<ZoneHours>,
}

/// The hours in which a zone is closed, by a clock that keeps one distance from UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneHours {
    /// Days on which it closes, 0 for Monday to 6 for Sunday; absent means every day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekdays: Option<Vec<u8>>,
    /// From this minute of the day.
    pub from_min: i64,
    /// Until this minute of the day; not later than `from_min` means of the next day.
    pub until_min: i64,
    /// The clock's distance from UTC, minutes; 540 in Korea.
    pub utc_offset_min: i32,
}

/// A building or mast as a prism.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteObstacle {
    /// Its name in the site's data.
    pub id: ZoneId,
    /// Its outline.
    pub ring: Ring,
    /// Its top above mean sea level, metres.
    pub top_amsl_m: f64,
}

/// A place where an aircraft may land instead of on its pad.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteRallyPoint {
    /// Which one.
    pub id: RallyPointId,
    /// Its name as shown.
    pub name: String,
    /// Where.
    pub position: GeoPoint,
    /// Its ground above mean sea level, metres.
    pub ground_amsl_m: f64,
}

/// How calls are handled. Every value has a default with its reason; a site overrides what it must.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How long a caller may take a call back with the code, milliseconds. 5 s: long enough to notice a pocket press.
    pub cancel_window_ms: i64,
    /// Radii of the rings of guards, metres, ascending. Each ring is asked when the one before gave nobody in time.
    pub ring_radii_m: Vec<f64>,
    /// How long a guard may take to answer an offer, milliseconds. 15 s: a phone in a pocket, at night.
    pub offer_timeout_ms: i64,
    /// After a first acceptance that is not the soonest guard's: how long to wait for a sooner one, milliseconds.
    pub photo_finish_ms: i64,
    /// How many guards of a ring are asked at once, soonest first.
    pub offers_per_ring: usize,
    /// A position older than this does not count as fresh, milliseconds.
    pub position_fresh_ms: i64,
    /// How long a caller may take to answer "are you safe?", milliseconds, before being asked again.
    pub confirmation_timeout_ms: i64,
    /// How often the caller is asked before silence escalates.
    pub confirmation_asks: u32,
    /// Wrong codes taken in one incident before it escalates.
    pub wrong_codes_max: u32,
    /// How often it is asked when a guard with an incident was last heard, milliseconds. A silence that could reach its limit
    /// before the next question is asked about when it does.
    pub guard_check_interval_ms: i64,
    /// A guard unheard this long is replaced, milliseconds. 30 s: a terminal reports every few seconds, so several reports in a
    /// row are missing, and a tunnel or a lift is behind most people by then.
    pub guard_silence_max_ms: i64,
    /// A caller unheard this long is shown as silent to guard and operator, milliseconds.
    pub caller_silence_max_ms: i64,
    /// Horizontal distance an aircraft keeps from the caller, metres.
    pub stand_off_m: f64,
    /// Height on scene above the pad, or with an elevation grid over the ground, metres.
    pub scene_height_m: f64,
    /// Whether a person whose place is in more doubt than the lit circle is wide from `scene_height_m` is lit from over the transit
    /// layers, where the circle is wide enough and nobody passes. The picture is coarser from there.
    pub higher_in_doubt: bool,
    /// Transit height above the pad, or with an elevation grid over the ground, metres. Under 120 m, the ceiling of the open category (EU 2019/947) and 150 m of Korea's
    /// Aviation Safety Act enforcement rules.
    pub transit_height_m: f64,
    /// Margin kept from no-fly zones and the fence, metres.
    pub zone_margin_m: f64,
    /// Charge kept in reserve at landing, per cent.
    pub battery_reserve_pct: f64,
    /// Time on scene every launch must be able to afford, seconds.
    pub scene_time_min_s: f64,
    /// Wind assumed when nobody reports any, metres per second.
    pub wind_unknown_m_s: f64,
    /// A caller who moved less than this is not followed again, metres.
    pub follow_step_m: f64,
    /// Link loss above this share keeps an aircraft on the ground, per cent.
    pub link_loss_max_pct: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            cancel_window_ms: 5_000,
            ring_radii_m: vec![1_000.0, 3_000.0, 10_000.0],
            offer_timeout_ms: 15_000,
            photo_finish_ms: 1_500,
            offers_per_ring: 5,
            position_fresh_ms: 60_000,
            confirmation_timeout_ms: 60_000,
            confirmation_asks: 2,
            wrong_codes_max: 3,
            guard_check_interval_ms: 10_000,
            guard_silence_max_ms: 30_000,
            caller_silence_max_ms: 45_000,
            stand_off_m: 8.0,
            scene_height_m: 20.0,
            higher_in_doubt: true,
            transit_height_m: 60.0,
            zone_margin_m: 15.0,
            battery_reserve_pct: 20.0,
            scene_time_min_s: 300.0,
            wind_unknown_m_s: 5.0,
            follow_step_m: 1.0,
            link_loss_max_pct: 30.0,
        }
    }
}
