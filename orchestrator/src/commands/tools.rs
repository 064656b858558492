//! Commands that compute without a server: `eta`, `plan route`, `site make`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use dispatch_core::route::{self, Demand};
use flight_types::{DistrictId, GeoPoint, LocalFrame};
use serde_json::json;
use site_model::commands::{eta, make_site, parse_point};
use site_model::{OsmOptions, Site, Travel};

use super::survey::{AuditBeacons, SweepLots};
use crate::clock::Clock;

/// Seconds and metres by road.
#[derive(Debug, Args)]
pub struct Eta {
    /// An OpenStreetMap extract (`.osm.pbf`) or a site's folder.
    #[arg(long)]
    roads: PathBuf,
    /// Where from, `LAT,LON` in degrees; may be given several times.
    #[arg(long, required = true, value_parser = parse_point, allow_hyphen_values = true)]
    from: Vec<GeoPoint>,
    /// Where to, `LAT,LON` in degrees.
    #[arg(long, value_parser = parse_point, allow_hyphen_values = true)]
    to: GeoPoint,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Eta {
    /// Prints one line for each start.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let report = eta(&self.roads, &self.from, self.to, Travel::Guard)?;
        match self.json {
            true => println!("{}", serde_json::to_string_pretty(&report)?),
            false => print!("{report}"),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Flight paths.
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// The shortest legal way through the air between two places, as GeoJSON with its length.
    #[command(after_help = "Example: orchestrator plan route --site configs/demo-site --from 36.548,127.912 --to 36.55,127.915")]
    Route {
        /// The site's folder.
        #[arg(long)]
        site: PathBuf,
        /// Where from, `LAT,LON` in degrees.
        #[arg(long, value_parser = parse_point, allow_hyphen_values = true)]
        from: GeoPoint,
        /// Where to, `LAT,LON` in degrees.
        #[arg(long, value_parser = parse_point, allow_hyphen_values = true)]
        to: GeoPoint,
    },
    /// Flight lines that see every square metre of parking lots.
    #[command(
        after_help = "Example: orchestrator plan sweep lots.geojson --swath 6 --json > lines.geojson\nExit code 1 when a lot could not be planned; the others are all the same."
    )]
    Sweep(SweepLots),
    /// The shortest round of beacons whose places are known.
    #[command(after_help = "Example: orchestrator plan audit beacons.geojson --from 36.548,127.912")]
    Audit(AuditBeacons),
}

impl Plan {
    /// Prints the path.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Route { site, from, to } => route(site, *from, *to),
            Self::Sweep(lots) => lots.run(),
            Self::Audit(beacons) => beacons.run(),
        }
    }
}

fn route(folder: &Path, from: GeoPoint, to: GeoPoint) -> anyhow::Result<ExitCode> {
    let site = Site::load(folder)?.config();
    // The way leaves from the nearest station: its ground is where the transit height counts from.
    let nearest = site.stations.iter().min_by(|a, b| a.position.distance_m(&from).total_cmp(&b.position.distance_m(&from)));
    let station = nearest.context("the site has no station, so the height of a transit is not known")?;
    let height_m = site.policy.transit_height_m;
    let now_ms = Clock::system(0).now_ms();
    let demand = Demand {
        pad: station.position,
        ground_amsl_m: station.ground_amsl_m,
        top_m: height_m,
        level_m: height_m,
        from_ms: now_ms,
        until_ms: now_ms,
    };
    let way = match route::airspace(&site, &demand).route(from, to) {
        Ok(way) => way,
        Err(reason) => {
            eprintln!("there is no legal way: {reason}");
            return Ok(ExitCode::from(1));
        }
    };
    let frame = LocalFrame::new(from);
    let straight_m = frame.to_local(from).distance_m(&frame.to_local(to));
    let line: Vec<[f64; 2]> = std::iter::once(&from).chain(&way.corners).map(|point| [point.lon_deg(), point.lat_deg()]).collect();
    let feature = json!({
        "type": "Feature",
        "properties": {
            "length_m": way.length_m(), "straight_m": straight_m, "turns": way.corners.len() - 1,
            "transit_height_m": site.policy.transit_height_m, "station": station.id,
        },
        "geometry": { "type": "LineString", "coordinates": line },
    });
    println!("{}", serde_json::to_string_pretty(&feature)?);
    Ok(ExitCode::SUCCESS)
}

/// Sites.
#[derive(Debug, Subcommand)]
pub enum SiteCommand {
    /// Makes a site's folder from an OpenStreetMap extract: roads, addresses, buildings, lots, a first guess of stations.
    #[command(after_help = "Example: orchestrator site make --extract town.osm.pbf --out configs/town")]
    Make {
        /// The extract.
        #[arg(long)]
        extract: PathBuf,
        /// The folder to write.
        #[arg(long)]
        out: PathBuf,
        /// The site's name. Default: the file's.
        #[arg(long)]
        name: Option<String>,
        /// The district. Default: made from the name.
        #[arg(long)]
        district: Option<DistrictId>,
        /// Stations to guess.
        #[arg(long, default_value_t = 2)]
        stations: usize,
        /// Aircraft at each.
        #[arg(long, default_value_t = 2)]
        drones: usize,
        /// Ground height above mean sea level, metres.
        #[arg(long, default_value_t = 0.0, allow_hyphen_values = true)]
        ground: f64,
    },
}

impl SiteCommand {
    /// Writes the folder and says what is in it.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Make { extract, out, name, district, stations, drones, ground } = self;
        let options = OsmOptions { name, district, station_count: stations, drones_per_station: drones, ground_amsl_m: ground };
        println!("{}", make_site(&extract, &out, &options)?);
        Ok(ExitCode::SUCCESS)
    }
}
