//! What a site consists of.

use std::collections::{BTreeMap, BTreeSet};

use dispatch_core::config::{Approval, DroneConfig, NoFlyZone, Policy, SiteConfig, SiteObstacle, SiteRelief, StationConfig};
use flight_types::{DistrictId, DroneId, GeoPoint, Obstacle, Ring, StationId, ZoneId};
use serde::{Deserialize, Serialize};

use crate::elevation::{ElevationGrid, relief};
use crate::lots::Lot;
use crate::rally::RallyPointManifest;

/// A whole site.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Stations, fence and policy: `site.toml`.
    pub manifest: SiteManifest,
    /// `roads.geojson`.
    pub roads: Vec<Road>,
    /// `addresses.geojson`: house numbers, named houses, named places.
    pub addresses: Vec<Address>,
    /// `buildings.geojson`.
    pub buildings: Vec<Building>,
    /// `lots.geojson`.
    pub lots: Vec<Lot>,
    /// `no_fly.geojson`.
    pub no_fly: Vec<NoFlyZone>,
    /// `land.geojson`: water and green, for the map only; the file may be absent.
    pub land: Vec<Land>,
    /// The grid that `site.toml` names; its ground is flat per station without one.
    pub elevation: Option<Elevation>,
}

/// The ground of a site.
#[derive(Debug, Clone, PartialEq)]
pub struct Elevation {
    /// As it was read.
    pub grid: ElevationGrid,
    /// What flights follow.
    pub relief: SiteRelief,
}

/// What `site.toml` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteManifest {
    /// The site's name as shown.
    pub name: String,
    /// The district whose log this site's incidents are kept in.
    pub district: DistrictId,
    /// Whose data the layers come from, shown on the map: "© OpenStreetMap contributors".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// A file beside this one with the ground's heights, an Esri ASCII grid in WGS 84 degrees; without one the ground is as high as that of
    /// the station from which an aircraft flies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elevation: Option<String>,
    /// Where aircraft may be at all.
    pub fence: FenceManifest,
    /// How calls are handled; what is left out keeps its default.
    #[serde(default)]
    pub policy: Policy,
    /// Where an aircraft may land instead of on its pad.
    #[serde(rename = "rally_point", default, skip_serializing_if = "Vec::is_empty")]
    pub rally_points: Vec<RallyPointManifest>,
    /// Launch stations.
    #[serde(rename = "station", default)]
    pub stations: Vec<StationManifest>,
}

/// The fence of a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FenceManifest {
    /// Ceiling above the launching pad, or with an elevation grid above the ground, metres.
    pub height_max_m: f64,
    /// Outline.
    pub ring: Ring,
}

/// A launch station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationManifest {
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
    #[serde(rename = "drone", default)]
    pub drones: Vec<DroneManifest>,
}

/// One aircraft, with what its link needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DroneManifest {
    /// Which aircraft.
    pub id: DroneId,
    /// Its MAVLink system id, 1..=250; 251 and up are left to ground stations.
    pub system_id: u8,
    /// Its pad.
    pub pad: GeoPoint,
    /// Transit speed, metres per second.
    #[serde(default = "default_cruise_speed_m_s")]
    pub cruise_speed_m_s: f64,
    /// Climb speed, metres per second.
    #[serde(default = "default_climb_speed_m_s")]
    pub climb_speed_m_s: f64,
    /// Descent speed, metres per second.
    #[serde(default = "default_descent_speed_m_s")]
    pub descent_speed_m_s: f64,
    /// Hover or transit time on a full charge, seconds.
    #[serde(default = "default_endurance_s")]
    pub endurance_s: f64,
    /// Strongest wind it may fly in, metres per second.
    #[serde(default = "default_wind_max_m_s")]
    pub wind_max_m_s: f64,
    /// Whether it carries a light.
    #[serde(default = "default_has_light")]
    pub has_light: bool,
}

/// A quadrotor's transit under load, as small professional aircraft state it.
pub(crate) fn default_cruise_speed_m_s() -> f64 {
    12.0
}

/// Under the 3 m/s default of common autopilots' missions there is no reason to climb slower.
pub(crate) fn default_climb_speed_m_s() -> f64 {
    3.0
}

/// Slower than the climb: a descending rotor sinks into its own wake.
pub(crate) fn default_descent_speed_m_s() -> f64 {
    2.0
}

/// Twenty-five minutes on a full charge.
pub(crate) fn default_endurance_s() -> f64 {
    1_500.0
}

/// A fresh breeze.
pub(crate) fn default_wind_max_m_s() -> f64 {
    10.0
}

/// An aircraft that cannot light is the exception and must say so.
pub(crate) fn default_has_light() -> bool {
    true
}

/// A stretch of road.
#[derive(Debug, Clone, PartialEq)]
pub struct Road {
    /// Its id in the source: `w123` for an OpenStreetMap way.
    pub id: String,
    /// What kind of road.
    pub class: RoadClass,
    /// Its name as signposted.
    pub name: Option<String>,
    /// Further names: other languages, old names.
    pub other_names: Vec<String>,
    /// Speed limit, kilometres per hour, where known.
    pub speed_max_km_h: Option<f64>,
    /// Only along the line's direction.
    pub one_way: bool,
    /// Its course, at least two positions. Roads meet where they share a position exactly.
    pub line: Vec<GeoPoint>,
}

/// Kinds of road, as OpenStreetMap's `highway` tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoadClass {
    /// Motorway and its ramps.
    Motorway,
    /// Trunk road.
    Trunk,
    /// Primary road.
    Primary,
    /// Secondary road.
    Secondary,
    /// Tertiary road.
    Tertiary,
    /// Minor road outside housing.
    Unclassified,
    /// Street among houses.
    Residential,
    /// Street where people on foot go first.
    LivingStreet,
    /// Drive, yard, parking aisle.
    Service,
    /// Field and forest road.
    Track,
    /// For people on foot, wide enough for a vehicle at walking pace.
    Pedestrian,
    /// Path for people on foot.
    Footway,
    /// Stairs.
    Steps,
}

impl RoadClass {
    /// Whether a vehicle may use it.
    pub fn is_drivable(self) -> bool {
        match self {
            Self::Motorway | Self::Trunk | Self::Primary | Self::Secondary | Self::Tertiary => true,
            Self::Unclassified | Self::Residential | Self::LivingStreet | Self::Service | Self::Track => true,
            Self::Pedestrian | Self::Footway | Self::Steps => false,
        }
    }

    /// The word used in GeoJSON and on the map.
    pub fn word(self) -> &'static str {
        match self {
            Self::Motorway => "motorway",
            Self::Trunk => "trunk",
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Tertiary => "tertiary",
            Self::Unclassified => "unclassified",
            Self::Residential => "residential",
            Self::LivingStreet => "living_street",
            Self::Service => "service",
            Self::Track => "track",
            Self::Pedestrian => "pedestrian",
            Self::Footway => "footway",
            Self::Steps => "steps",
        }
    }
}

/// A place that people name: a house number, a named house, a quarter.
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    /// Its id in the source.
    pub id: String,
    /// Where: the door where known, else the middle.
    pub point: GeoPoint,
    /// House number as written: "12", "12-3", "12 bis".
    pub number: Option<String>,
    /// Street.
    pub street: Option<String>,
    /// Street in other languages.
    pub other_streets: Vec<String>,
    /// Quarter, town.
    pub place: Option<String>,
    /// Postal code.
    pub postcode: Option<String>,
    /// The house's, shop's or quarter's own name.
    pub name: Option<String>,
    /// The name in other languages.
    pub other_names: Vec<String>,
    /// How far from `point` the addressed person may be, metres.
    pub accuracy_m: f64,
}

/// A building.
#[derive(Debug, Clone, PartialEq)]
pub struct Building {
    /// Its id in the source.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its outline.
    pub ring: Ring,
    /// Height above ground, metres.
    pub height_m: f64,
}

/// A piece of land for the map: it decides nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Land {
    /// Its id in the source.
    pub id: String,
    /// What it is.
    pub kind: LandKind,
    /// Its name.
    pub name: Option<String>,
    /// Its outline.
    pub ring: Ring,
}

/// Kinds of land worth a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LandKind {
    /// River, lake.
    Water,
    /// Park, wood, grass.
    Green,
}

/// An aircraft as the link and the simulator need it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SiteDrone<'a> {
    /// Which aircraft.
    pub id: &'a DroneId,
    /// Its station.
    pub station: &'a StationId,
    /// MAVLink system id.
    pub system_id: u8,
    /// Its pad.
    pub pad: GeoPoint,
    /// Ground height of the pad above mean sea level, metres.
    pub ground_amsl_m: f64,
    /// Whether it carries a light.
    pub has_light: bool,
}

impl Site {
    /// What the core must know of the site; becomes a log entry.
    pub fn config(&self) -> SiteConfig {
        SiteConfig {
            name: self.manifest.name.clone(),
            stations: self.manifest.stations.iter().map(station_config).collect(),
            no_fly_zones: self.no_fly.clone(),
            obstacles: self.obstacles(),
            rally_points: self.rally_points(),
            fence: self.manifest.fence.ring.clone(),
            fence_height_max_m: self.manifest.fence.height_max_m,
            relief: self.elevation.as_ref().map(|elevation| elevation.relief.clone()),
            policy: self.manifest.policy.clone(),
        }
    }

    /// Buildings that rise to where aircraft hover, inside the fence. Their ground is the highest under their corners, or
    /// without an elevation grid taken to be as high as that of the nearest station, since extracts do not say.
    fn obstacles(&self) -> Vec<SiteObstacle> {
        let policy = &self.manifest.policy;
        // On a slope a low scene passes the lower end of what is measured from the upper.
        let over_lowest_m = |building: &Building| {
            building.height_m + self.ground_under_amsl_m(building).map_or(0.0, |(lowest_m, highest_m)| highest_m - lowest_m)
        };
        let high = |building: &&Building| over_lowest_m(building) + Obstacle::CLEARANCE_M > policy.scene_height_m;
        let inside = |building: &&Building| meet(&building.ring, &self.manifest.fence.ring);
        let mut seen = BTreeSet::new();
        let obstacle = |building: &Building| {
            let id = ZoneId::new(&building.id).ok().filter(|id| seen.insert(id.clone()))?;
            let highest_m = self.ground_under_amsl_m(building).map(|(_, highest_m)| highest_m);
            let ground_amsl_m = highest_m.or_else(|| self.ground_near_amsl_m(building.ring.corners()[0]))?;
            let top_amsl_m = ground_amsl_m + building.height_m;
            Some(SiteObstacle { id, ring: building.ring.clone(), top_amsl_m })
        };
        self.buildings.iter().filter(high).filter(inside).filter_map(obstacle).collect()
    }

    /// The lowest and the highest under its corners.
    fn ground_under_amsl_m(&self, building: &Building) -> Option<(f64, f64)> {
        let grid = &self.elevation.as_ref()?.grid;
        let heights = || building.ring.corners().iter().filter_map(|corner| grid.height_m(*corner));
        heights().min_by(f64::total_cmp).zip(heights().max_by(f64::total_cmp))
    }

    pub(crate) fn ground_near_amsl_m(&self, place: GeoPoint) -> Option<f64> {
        let stations = self.manifest.stations.iter();
        let nearest = stations.min_by(|a, b| a.position.distance_m(&place).total_cmp(&b.position.distance_m(&place)));
        nearest.map(|station| station.ground_amsl_m)
    }

    /// Every aircraft of the site, by station in the order of `site.toml`.
    pub fn drones(&self) -> impl Iterator<Item = SiteDrone<'_>> {
        self.manifest.stations.iter().flat_map(|station| {
            station.drones.iter().map(|drone| SiteDrone {
                id: &drone.id,
                station: &station.id,
                system_id: drone.system_id,
                pad: drone.pad,
                ground_amsl_m: self.pad_amsl_m(drone).unwrap_or(station.ground_amsl_m),
                has_light: drone.has_light,
            })
        })
    }

    fn pad_amsl_m(&self, drone: &DroneManifest) -> Option<f64> {
        self.elevation.as_ref()?.relief.pads_amsl_m.get(&drone.id).copied()
    }

    /// The middle of the fence's box.
    pub fn centre(&self) -> GeoPoint {
        middle(self.manifest.fence.ring.corners())
    }
}

/// A share of what the slowest aircraft can climb and sink while it flies as fast as it does; the rest is for gusts.
const SLOPE_SHARE: f64 = 0.9;
/// No surface is steeper, whatever the aircraft can: the steps of a way over it would be too short to be flown one after the other.
const SLOPE_MAX: f64 = 0.15;
/// A station's own ground and the grid's are not further apart, metres: heights over an ellipsoid are off by more nearly everywhere, and the
/// errors of free data by less.
pub(crate) const STATION_OFF_M: f64 = 15.0;

/// What flights follow over this grid, or which key of `site.toml` it does not go with, and why.
pub(crate) fn follow(manifest: &SiteManifest, grid: ElevationGrid) -> Result<Elevation, (String, String)> {
    let drones = || manifest.stations.iter().flat_map(|station| &station.drones);
    let slopes = drones().map(|drone| drone.climb_speed_m_s.min(drone.descent_speed_m_s) / drone.cruise_speed_m_s);
    let slope = SLOPE_SHARE * slopes.fold(SLOPE_MAX / SLOPE_SHARE, f64::min);
    let surface = relief(&grid, &manifest.fence.ring, slope).map_err(|problem| ("elevation".to_owned(), problem.to_string()))?;
    for (index, station) in manifest.stations.iter().enumerate() {
        let grid_m = grid.height_m(station.position).unwrap_or(f64::NAN);
        if (grid_m - station.ground_amsl_m).abs() > STATION_OFF_M {
            let said_m = station.ground_amsl_m;
            let problem =
                format!("it is {said_m} m, the elevation grid has {grid_m:.0} m there; are the grid's heights above the sea?");
            return Err((format!("station[{index}].ground_amsl_m"), problem));
        }
    }
    let pads: Option<BTreeMap<DroneId, f64>> = drones().map(|drone| Some((drone.id.clone(), grid.height_m(drone.pad)?))).collect();
    let pads_amsl_m = pads.ok_or_else(|| ("elevation".to_owned(), "a pad lies where the grid has no height".to_owned()))?;
    Ok(Elevation { grid, relief: SiteRelief { surface, pads_amsl_m } })
}

fn station_config(station: &StationManifest) -> StationConfig {
    StationConfig {
        id: station.id.clone(),
        name: station.name.clone(),
        position: station.position,
        ground_amsl_m: station.ground_amsl_m,
        approval: station.approval,
        drones: station.drones.iter().map(drone_config).collect(),
    }
}

fn drone_config(drone: &DroneManifest) -> DroneConfig {
    DroneConfig {
        id: drone.id.clone(),
        pad: drone.pad,
        cruise_speed_m_s: drone.cruise_speed_m_s,
        climb_speed_m_s: drone.climb_speed_m_s,
        descent_speed_m_s: drone.descent_speed_m_s,
        endurance_s: drone.endurance_s,
        power: dispatch_core::energy::PowerCurve::default(),
        wind_max_m_s: drone.wind_max_m_s,
        has_light: drone.has_light,
    }
}

/// Whether two outlines have any ground in common: one that reaches right across another may have no corner in it.
fn meet(one: &Ring, other: &Ring) -> bool {
    let holds = |outer: &Ring, inner: &Ring| inner.corners().iter().any(|corner| outer.contains(*corner));
    holds(other, one) || holds(one, other) || edges(one).any(|(a, b)| flight_routes::crosses(other, a, b))
}

fn edges(ring: &Ring) -> impl Iterator<Item = (GeoPoint, GeoPoint)> + '_ {
    let corners = ring.corners().iter().copied();
    corners.clone().zip(corners.cycle().skip(1))
}

/// The middle of the points' box. Sites do not lie across the date line; one that does gets a middle on its far side, and the
/// distance check then refuses it in words.
pub(crate) fn middle(points: &[GeoPoint]) -> GeoPoint {
    let mut low = (f64::INFINITY, f64::INFINITY);
    let mut high = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for point in points {
        low = (low.0.min(point.lat_deg()), low.1.min(point.lon_deg()));
        high = (high.0.max(point.lat_deg()), high.1.max(point.lon_deg()));
    }
    GeoPoint::new((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0).expect("a box of at least one valid point has a valid middle")
}
