//! A site as data: its stations, zones and policy, its roads, addresses, buildings and lots, and what can be worked out from them.
//!
//! A site is a folder of one `site.toml` and GeoJSON layers, made by hand or from an OpenStreetMap extract. From it come the
//! configuration that the core takes ([`Site::config`]), the browser's map ([`Site::map_geojson`]), places for addresses
//! ([`Gazetteer`]), times by road ([`RoadTimes`]) and the index of where guards are ([`GuardIndex`]). No clock, no async runtime, no
//! network: files are read when asked, everything else is computing.
//!
//! Reading order: `model`, `lots`, `error`, `files` (reading and writing), `map`, `osm` (making a site), `roads`, `gazetteer`,
//! `guard_index`, `calls`, `commands`.

mod model;
pub use model::*;

mod rally;
pub use rally::RallyPointManifest;

pub mod lots;
pub use lots::{BeaconState, Lot, LotArea, LotBay, LotBeacon};

mod error;
pub use error::{FeatureProblem, SiteError};

mod elevation;
pub use elevation::{ElevationError, ElevationGrid, ReliefProblem, relief};

mod files;
pub use files::SiteTexts;

mod map;

mod limits;

mod osm;
pub use osm::{OsmOptions, roads_from_osm};

mod roads;
pub use roads::{RoadEta, RoadRoute, RoadTimes, SNAP_DISTANCE_MAX_M, Snapped, Travel, ruler_eta_s, walk_eta_s};

mod text;

mod gazetteer;
pub use gazetteer::{Found, FoundBy, Gazetteer, Nearest};

mod guard_index;
pub use guard_index::{GuardIndex, Near};

mod calls;
pub use calls::{CallsError, DispatchRecord, parse_calls};

pub mod commands;

#[cfg(test)]
mod shared_data;
