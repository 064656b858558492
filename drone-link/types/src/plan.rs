//! What an aircraft is asked to fly: a plan with its legal way out, its scene, and its legal way back.
//!
//! Heights of ways and scenes are above home where a plan has no relief, and over the surface of its relief where it has one.

use serde::{Deserialize, Serialize};

use crate::{GeoPoint, MissionId, ProfilePoint, Rally, Relief, Ring};

/// A whole flight as decided before launch. Heights are above the home pad, or over the surface of the relief where there is one, unless
/// the name says otherwise.
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
    /// Height of the transit out and back, metres above home or over the surface.
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
    /// The ground that the flight follows; absent where the site has no elevation grid: then home's ground is everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<crate::ReliefParts>))]
    pub relief: Option<Relief>,
    /// At which charge a flight that stays must go home; absent in plans from before, and for surveys, whose path is reckoned whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_charge: Option<HomeCharge>,
    /// Which posts count over the ground; absent without a relief, for surveys, and in plans from before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_scene: Option<LowScene>,
    /// Where it may land instead of on its pad; absent where the site has no such place that this flight may use, and in plans from before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rally: Option<Rally>,
}

/// A height on scene that counts over the ground round it instead of over the surface: nobody else of ours flies lower (ADR 202).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LowScene {
    /// Posts of this height, and lower ones, metres.
    pub height_m: f64,
}

/// What the way home takes of a charge, with the reserve that is to be left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HomeCharge {
    /// From where the scene was planned, reserve included, per cent of a full charge.
    pub from_scene_pct: f64,
    /// More for each metre that the aircraft is away from there, per cent.
    pub per_metre_pct: f64,
    /// What it takes in another wind than that of the launch; absent in plans from before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_wind: Option<HomePower>,
}

/// The parts of a way home's charge that depend on the wind, and the rest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HomePower {
    /// What no wind changes: the reserve, and what climbing costs over hovering; per cent.
    pub fixed_pct: f64,
    /// Time of climb, descent and touch-down, against the wind on the spot; seconds.
    pub upright_s: f64,
    /// What a second of hovering in still air takes, per cent.
    pub second_pct: f64,
    /// More for each (m/s)² of speed through the air, as a share of that.
    pub airspeed_2: f64,
    /// More for each (m/s)³.
    pub airspeed_3: f64,
}

impl HomePower {
    /// What all but the legs takes in this wind, per cent.
    fn upright_pct(&self, wind_m_s: f64) -> f64 {
        self.fixed_pct + self.upright_s * self.second_at_pct(wind_m_s)
    }

    /// What flying at this speed through the air takes in a second, per cent.
    fn second_at_pct(&self, airspeed_m_s: f64) -> f64 {
        let square = airspeed_m_s * airspeed_m_s;
        self.second_pct * (1.0 + self.airspeed_2 * square + self.airspeed_3 * square * airspeed_m_s)
    }
}

/// Told is the wind of some seconds; in the mean over a way home gusts may make it so much stronger. They are 17 % of the wind over some 150 m
/// of air (MIL-F-8785C), which leaves 5 % over three kilometres of it: three times that.
const STRONGER: f64 = 1.15;

/// A wind as an aircraft tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindTold {
    /// Where it comes from, degrees.
    pub from_deg: f64,
    /// Metres per second.
    pub speed_m_s: f64,
}

impl WindTold {
    /// As it may blow in the mean of a way.
    pub(crate) fn stronger(&self) -> Self {
        Self { speed_m_s: STRONGER * self.speed_m_s, ..*self }
    }

    /// Speed through the air of who goes this way over the ground, metres per second.
    fn airspeed_m_s(&self, bearing_deg: f64, ground_speed_m_s: f64) -> f64 {
        let off_rad = (bearing_deg - self.from_deg).to_radians();
        (ground_speed_m_s + self.speed_m_s * off_rad.cos()).hypot(self.speed_m_s * off_rad.sin())
    }
}

/// What an autopilot's own way home keeps over the highest ground near the flight, metres: PX4's default over home.
const RETURN_OVER_M: f64 = 30.0;

impl FlightPlan {
    /// What heights over this place are counted from, metres above home: nought without a relief.
    pub fn surface_m(&self, place: GeoPoint) -> f64 {
        self.relief.as_ref().map_or(0.0, |relief| relief.surface_amsl_m(place) - self.home_altitude_amsl_m)
    }

    /// The highest of that on the straight leg, metres above home.
    pub fn surface_along_m(&self, from: GeoPoint, to: GeoPoint) -> f64 {
        self.relief.as_ref().map_or(0.0, |relief| relief.surface_along_m(from, to) - self.home_altitude_amsl_m)
    }

    /// What is known of the ground for a post of this height; `None` where it counts over the surface, or above home.
    fn low_scene(&self, height_m: f64) -> Option<&Relief> {
        self.low_scene.filter(|low| height_m <= low.height_m)?;
        self.relief.as_ref()
    }

    /// What a post of this height is counted over here, metres above home.
    pub fn post_base_m(&self, place: GeoPoint, height_m: f64) -> f64 {
        match self.low_scene(height_m) {
            Some(relief) => relief.low_amsl_m(place) - self.home_altitude_amsl_m,
            None => self.surface_m(place),
        }
    }

    /// The highest of that on the straight leg, metres above home.
    pub fn post_base_along_m(&self, from: GeoPoint, to: GeoPoint, height_m: f64) -> f64 {
        match self.low_scene(height_m) {
            Some(relief) => relief.low_along_m(from, to) - self.home_altitude_amsl_m,
            None => self.surface_along_m(from, to),
        }
    }

    /// Whether a flight at this height must keep beside an obstacle: on a low scene as its top is over the lowest ground round it.
    pub fn is_reached_by(&self, obstacle: &Obstacle, height_m: f64) -> bool {
        let lower_m = self.low_scene(height_m).map_or(0.0, |relief| relief.surface_over_ground_m(&obstacle.ring));
        obstacle.reaches(height_m - lower_m)
    }

    /// The ground under a place, metres above home.
    pub fn ground_m(&self, place: GeoPoint) -> f64 {
        self.relief.as_ref().map_or(0.0, |relief| relief.ground_amsl_m(place) - self.home_altitude_amsl_m)
    }

    /// The height of the pad as heights are counted over it, metres: nought, or under the surface.
    pub fn pad_height_m(&self) -> f64 {
        0.0 - self.surface_m(self.home)
    }

    /// How high above home an autopilot's own way home must be, metres: it goes straight, and hills may be in between. None without a relief.
    pub fn return_height_m(&self) -> Option<f64> {
        let highest_m = self.relief.as_ref()?.ground_range_m().1 - self.home_altitude_amsl_m;
        Some((highest_m.max(0.0) + RETURN_OVER_M).ceil().min(self.fence.height_max_m))
    }

    /// The way by straight legs over the relief; nothing without one.
    pub fn profile(&self, corners: &[GeoPoint]) -> Option<Vec<ProfilePoint>> {
        self.relief.as_ref().map(|relief| relief.profile(corners))
    }

    /// The charge at which the aircraft must go home from here, per cent; 0 where the plan does not say. A wind that is stronger against the
    /// way than the launch reckoned with counts; one that helps more may turn, and does not.
    pub fn home_charge_pct(&self, here: Option<GeoPoint>, wind: Option<WindTold>) -> f64 {
        let Some((charge, scene)) = self.home_charge.zip(self.outbound.last()) else { return 0.0 };
        let away_m = here.map_or(0.0, |here| here.distance_m(scene));
        let as_launched_pct = charge.from_scene_pct + charge.per_metre_pct * away_m;
        let in_wind_pct =
            charge.in_wind.zip(wind).map_or(0.0, |(power, wind)| self.home_in_wind_pct(&power, &wind, *scene, away_m));
        as_launched_pct.max(in_wind_pct)
    }

    /// The charge that the rest of a way home takes from here along these corners, with its climb, its landing and the reserve, per cent; `None`
    /// where the plan does not say. A wind that is told counts against every leg: whoever waits on the way may find it turned.
    pub fn rest_charge_pct(&self, here: GeoPoint, corners: &[GeoPoint], wind: Option<WindTold>) -> Option<f64> {
        let charge = self.home_charge?;
        if let Some((power, told)) = charge.in_wind.zip(wind) {
            return Some(self.way_against_pct(&power, told.stronger().speed_m_s, here, corners));
        }
        let length_m = |start: GeoPoint, corners: &[GeoPoint]| -> f64 {
            let starts = std::iter::once(&start).chain(corners);
            starts.zip(corners).map(|(from, to)| from.distance_m(to)).sum()
        };
        let planned_m = self.outbound.last().map_or(0.0, |scene| length_m(*scene, &self.homeward));
        Some(charge.from_scene_pct + charge.per_metre_pct * (length_m(here, corners) - planned_m).max(0.0))
    }

    fn home_in_wind_pct(&self, power: &HomePower, told: &WindTold, scene: GeoPoint, away_m: f64) -> f64 {
        let wind = told.stronger();
        let way_pct = self.way_charge_pct(power, &wind, scene, &self.homeward);
        // Straight against the wind, if it must be.
        let speed_m_s = self.speed_m_s();
        way_pct + away_m / speed_m_s * power.second_at_pct(speed_m_s + wind.speed_m_s)
    }

    /// What a way along these corners takes with climb, descent and touch-down. Legs count at their full speed: speeding up and braking take
    /// as much as they save.
    pub(crate) fn way_charge_pct(&self, power: &HomePower, wind: &WindTold, start: GeoPoint, corners: &[GeoPoint]) -> f64 {
        let through_air_m_s = |from: GeoPoint, to: GeoPoint| wind.airspeed_m_s(from.bearing_deg(&to), self.speed_m_s());
        power.upright_pct(wind.speed_m_s) + self.legs_pct(power, start, corners, through_air_m_s)
    }

    /// The same with a wind against every leg.
    pub(crate) fn way_against_pct(&self, power: &HomePower, wind_m_s: f64, start: GeoPoint, corners: &[GeoPoint]) -> f64 {
        power.upright_pct(wind_m_s) + self.legs_pct(power, start, corners, |_, _| self.speed_m_s() + wind_m_s)
    }

    fn legs_pct(
        &self,
        power: &HomePower,
        start: GeoPoint,
        corners: &[GeoPoint],
        through_air_m_s: impl Fn(GeoPoint, GeoPoint) -> f64,
    ) -> f64 {
        let starts = std::iter::once(&start).chain(corners);
        let leg_pct = |(from, to): (&GeoPoint, &GeoPoint)| {
            from.distance_m(to) / self.speed_m_s() * power.second_at_pct(through_air_m_s(*from, *to))
        };
        starts.zip(corners).map(leg_pct).sum()
    }

    /// Of the transit, and never nought.
    fn speed_m_s(&self) -> f64 {
        self.transit_speed_m_s.max(f64::MIN_POSITIVE)
    }
}

/// A building or mast as a prism.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Obstacle {
    /// Its outline.
    pub ring: Ring,
    /// Its top above home, or over the lowest surface that it stands on, metres.
    pub top_m: f64,
}

impl Obstacle {
    /// Kept between a flight and the top of what it passes over, metres: a floor's error in the height of a building (3 m) and
    /// what barometers and gusts add (5 m).
    pub const CLEARANCE_M: f64 = 8.0;

    /// Whether a flight at this height must keep beside it instead of passing over it.
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
        /// Height kept on scene, metres above home or over the surface.
        height_m: f64,
    },
    /// A survey of a lot: fly the corners of `outbound`, then come home.
    Survey {
        /// How the lot is flown; absent in plans from before surveys had a height of their own: as the transit is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        manner: Option<SurveyManner>,
    },
}

/// A stop of a survey at which its path turns by no more than this is flown through, degrees: it is there to be taken up again, and no autopilot brakes for
/// it. The link lets it count from further off, and the energy of a sortie is reckoned without it.
pub const STRAIGHT_ON_DEG: f64 = 10.0;

/// How a lot is flown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SurveyManner {
    /// Height over the lot, metres above home or over the surface.
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
    /// Ceiling on board, metres above home. It does not follow the ground: with a relief it is as far over the highest ground near the
    /// flight as the flight itself may be over any.
    pub height_max_m: f64,
}
