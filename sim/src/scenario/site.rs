//! The site of a scenario: stations, aircraft and zones in metres round an origin, turned into the core's configuration.

use anyhow::Context;
use dispatch_core::config::{
    Approval, DroneConfig, NoFlyZone, Policy, SiteConfig, SiteObstacle, SiteRallyPoint, SiteRelief, StationConfig, ZoneHours,
};
use dispatch_core::energy::PowerCurve;
use flight_types::{DroneId, GeoPoint, Local, LocalFrame, RallyPointId, Ring, StationId, ZoneId};
use serde::Deserialize;
use site_model::{ElevationGrid, relief};

use super::file::EastNorth;

/// How long the default aircraft hovers on a full charge in still air with the light off, seconds. `sim energy` fits 1,594 to the
/// seconds of flights; whole flights take 2.5 % more than their plans have in them: the wobble of hovering, corners, the last metre.
pub(crate) const SIMULATED_ENDURANCE_S: f64 = 1_555.0;

/// What flying costs it over that, by the same fit: `sim energy --seed 1 --count 25`.
const SIMULATED_POWER: PowerCurve =
    PowerCurve { airspeed_2: 5.69e-4, airspeed_3: 1.68e-4, climb: 0.109, descent: -0.086, light: 0.126, falling: 0.159 };

/// A site as written for scenarios.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteFile {
    /// Its name.
    pub name: String,
    /// Where 0, 0 lies.
    pub origin: GeoPoint,
    /// Ground above mean sea level, metres: everywhere, but for hills.
    pub ground_amsl_m: f64,
    /// Corners of the fence.
    pub fence: Vec<EastNorth>,
    /// Ceiling above the pads, metres.
    pub fence_height_max_m: f64,
    /// Launch stations.
    pub stations: Vec<StationFile>,
    /// No-fly zones.
    #[serde(default)]
    pub no_fly_zones: Vec<ZoneFile>,
    /// Where aircraft may land instead of on their pads.
    #[serde(default)]
    pub rally_points: Vec<RallyPointFile>,
    /// Buildings high enough to matter.
    #[serde(default)]
    pub buildings: Vec<BuildingFile>,
    /// Hills on the ground. With any of them the site has an elevation grid, and flights follow it.
    #[serde(default)]
    pub hills: Vec<HillFile>,
}

/// A rally point as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RallyPointFile {
    /// Its id, and its name as shown.
    pub id: String,
    /// Where.
    pub at: EastNorth,
}

/// A round hill as written: half a wave of a cosine, steepest half way up.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HillFile {
    /// Its top.
    pub at: EastNorth,
    /// The top over the ground around, metres.
    pub height_m: f64,
    /// Where its slopes end, metres from the top.
    pub radius_m: f64,
}

impl HillFile {
    fn height_at_m(&self, place: Local) -> f64 {
        let off_m = Local { east_m: self.at[0], north_m: self.at[1] }.distance_m(&place);
        let share = (off_m / self.radius_m.max(1.0)).min(1.0);
        self.height_m * (1.0 + (std::f64::consts::PI * share).cos()) / 2.0
    }
}

/// Between two heights of a scenario's grid, metres: finer than free data, so that hills are round.
const GRID_STEP_M: f64 = 20.0;
/// The grid reaches so far beyond the fence, metres.
const GRID_BEYOND_M: f64 = 200.0;
/// A grid has so many heights a side at most: a scenario's fence is a town's at most.
const GRID_SIDE_MAX: usize = 400;
/// What the default aircraft can climb and sink over the way it flies, less a tenth for gusts.
const SLOPE: f64 = 0.9 * DESCENT_M_S / CRUISE_M_S;
/// The default aircraft's speeds, metres per second.
const CRUISE_M_S: f64 = 12.0;
const DESCENT_M_S: f64 = 1.5;

/// A building as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildingFile {
    /// Which.
    pub id: String,
    /// Its outline.
    pub corners: Vec<EastNorth>,
    /// Its top over the ground, metres.
    pub height_m: f64,
}

/// A launch station as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationFile {
    /// Which.
    pub id: String,
    /// Where.
    pub at: EastNorth,
    /// Who lets aircraft go.
    pub approval: Approval,
    /// Its aircraft.
    pub drones: Vec<DroneFile>,
}

/// An aircraft as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DroneFile {
    /// Which.
    pub id: String,
    /// MAVLink system id.
    pub system_id: u8,
    /// Its pad.
    pub at: EastNorth,
    /// With an illuminator component; otherwise the light hangs on an actuator output.
    pub illuminator: bool,
    /// What its pad charges it with, per cent of a full charge a minute; 0 without contacts. Docks of the trade give 2.2 (70 % in 32 minutes).
    #[serde(default)]
    pub charger_pct_min: f64,
}

/// A no-fly zone as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneFile {
    /// Which.
    pub id: String,
    /// Its outline.
    pub corners: Vec<EastNorth>,
    /// Lower limit above mean sea level, metres.
    #[serde(default)]
    pub floor_amsl_m: Option<f64>,
    /// Upper limit above mean sea level, metres.
    #[serde(default)]
    pub ceiling_amsl_m: Option<f64>,
    /// When it is closed; absent means always. Every run begins at 22:00 UTC on 1 January 2026, a Thursday.
    #[serde(default)]
    pub hours: Option<ZoneHours>,
}

impl SiteFile {
    /// The plane in which the file's places lie.
    pub fn frame(&self) -> LocalFrame {
        LocalFrame::new(self.origin)
    }

    /// A place of the file on the globe.
    pub fn point(&self, at: EastNorth) -> GeoPoint {
        self.frame().to_geo(Local { east_m: at[0], north_m: at[1] })
    }

    /// The ground as a grid, where the site has hills: what flies over it and what plans flights read the same text, each for itself.
    pub fn elevation(&self) -> anyhow::Result<Option<ElevationGrid>> {
        if self.hills.is_empty() {
            return Ok(None);
        }
        let reach_m = self.fence.iter().flatten().fold(0.0_f64, |reach_m, part| reach_m.max(part.abs())) + GRID_BEYOND_M;
        let side = ((2.0 * reach_m / GRID_STEP_M).ceil() as usize + 1).clamp(2, GRID_SIDE_MAX);
        let (low, high) = (self.point([-reach_m, -reach_m]), self.point([reach_m, reach_m]));
        let step = |low: f64, high: f64| (high - low) / (side - 1) as f64;
        let mut text = format!("ncols {side}\nnrows {side}\nxllcenter {}\nyllcenter {}\n", low.lon_deg(), low.lat_deg());
        text += &format!("dx {}\ndy {}\n", step(low.lon_deg(), high.lon_deg()), step(low.lat_deg(), high.lat_deg()));
        let along_m = |line: usize| reach_m * (2.0 * line as f64 / (side - 1) as f64 - 1.0);
        for row in (0..side).rev() {
            let place = |column: usize| Local { east_m: along_m(column), north_m: along_m(row) };
            let height_m = |place: Local| self.ground_amsl_m + self.hills.iter().map(|hill| hill.height_at_m(place)).sum::<f64>();
            let heights: Vec<String> = (0..side).map(|column| format!("{:.2}", height_m(place(column)))).collect();
            text += &(heights.join(" ") + "\n");
        }
        Ok(Some(ElevationGrid::parse(&text)?))
    }

    /// The ground at a place above mean sea level, metres.
    pub fn ground_at_amsl_m(&self, grid: Option<&ElevationGrid>, place: GeoPoint) -> f64 {
        grid.and_then(|grid| grid.height_m(place)).unwrap_or(self.ground_amsl_m)
    }

    fn relief(&self, grid: &ElevationGrid) -> anyhow::Result<SiteRelief> {
        let surface = relief(grid, &self.ring(&self.fence)?, SLOPE)?;
        let pad = |drone: &DroneFile| {
            let amsl_m = grid.height_m(self.point(drone.at)).context("a pad beyond the grid")?;
            Ok((DroneId::new(&drone.id)?, amsl_m))
        };
        Ok(SiteRelief { surface, pads_amsl_m: self.drones().map(pad).collect::<anyhow::Result<_>>()? })
    }

    /// Every aircraft's id.
    pub fn drone_ids(&self) -> impl Iterator<Item = &str> {
        self.drones().map(|drone| drone.id.as_str())
    }

    /// Every aircraft.
    pub fn drones(&self) -> impl Iterator<Item = &DroneFile> {
        self.stations.iter().flat_map(|station| &station.drones)
    }

    /// The core's configuration, with a scenario's changes to the policy.
    pub fn config(&self, policy_changes: &toml::Table) -> anyhow::Result<SiteConfig> {
        let grid = self.elevation()?;
        Ok(SiteConfig {
            name: self.name.clone(),
            stations: self.stations.iter().map(|station| self.station(station)).collect::<anyhow::Result<_>>()?,
            no_fly_zones: self.no_fly_zones.iter().map(|zone| self.zone(zone)).collect::<anyhow::Result<_>>()?,
            obstacles: self.buildings.iter().map(|building| self.obstacle(building)).collect::<anyhow::Result<_>>()?,
            rally_points: self
                .rally_points
                .iter()
                .map(|point| self.rally_point(grid.as_ref(), point))
                .collect::<anyhow::Result<_>>()?,
            fence: self.ring(&self.fence)?,
            fence_height_max_m: self.fence_height_max_m,
            relief: grid.as_ref().map(|grid| self.relief(grid)).transpose()?,
            policy: policy_changes.clone().try_into::<Policy>()?,
        })
    }

    fn ring(&self, corners: &[EastNorth]) -> anyhow::Result<Ring> {
        Ok(Ring::new(corners.iter().map(|corner| self.point(*corner)).collect())?)
    }

    fn zone(&self, zone: &ZoneFile) -> anyhow::Result<NoFlyZone> {
        Ok(NoFlyZone {
            id: ZoneId::new(&zone.id)?,
            name: zone.id.clone(),
            ring: self.ring(&zone.corners)?,
            floor_amsl_m: zone.floor_amsl_m,
            ceiling_amsl_m: zone.ceiling_amsl_m,
            hours: zone.hours.clone(),
        })
    }

    fn obstacle(&self, building: &BuildingFile) -> anyhow::Result<SiteObstacle> {
        Ok(SiteObstacle {
            id: ZoneId::new(&building.id)?,
            ring: self.ring(&building.corners)?,
            top_amsl_m: self.ground_amsl_m + building.height_m,
        })
    }

    fn rally_point(&self, grid: Option<&ElevationGrid>, point: &RallyPointFile) -> anyhow::Result<SiteRallyPoint> {
        let position = self.point(point.at);
        let ground_amsl_m = self.ground_at_amsl_m(grid, position);
        Ok(SiteRallyPoint { id: RallyPointId::new(&point.id)?, name: point.id.clone(), position, ground_amsl_m })
    }

    fn station(&self, station: &StationFile) -> anyhow::Result<StationConfig> {
        Ok(StationConfig {
            id: StationId::new(&station.id)?,
            name: station.id.clone(),
            position: self.point(station.at),
            ground_amsl_m: self.ground_amsl_m,
            approval: station.approval,
            drones: station.drones.iter().map(|drone| self.drone(drone)).collect::<anyhow::Result<_>>()?,
        })
    }

    fn drone(&self, drone: &DroneFile) -> anyhow::Result<DroneConfig> {
        Ok(DroneConfig {
            id: DroneId::new(&drone.id)?,
            pad: self.point(drone.at),
            cruise_speed_m_s: CRUISE_M_S,
            climb_speed_m_s: 3.0,
            descent_speed_m_s: DESCENT_M_S,
            endurance_s: SIMULATED_ENDURANCE_S,
            power: SIMULATED_POWER,
            wind_max_m_s: 10.0,
            has_light: true,
        })
    }
}
