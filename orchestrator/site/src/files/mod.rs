//! Reading and writing a site's folder. The only place of this crate, besides `osm`, that touches the disk.

mod geojson;
mod layers;
mod manifest;

pub(crate) use geojson::{polygon_json, position_json};

use std::path::{Path, PathBuf};

use flight_types::GeoPoint;

use crate::error::{FeatureProblem, SiteError};
use crate::limits::{FILE_BYTES_MAX, SITE_RADIUS_MAX_M};
use crate::model::{Site, middle};

const MANIFEST: &str = "site.toml";
const ROADS: &str = "roads.geojson";
const ADDRESSES: &str = "addresses.geojson";
const BUILDINGS: &str = "buildings.geojson";
const LOTS: &str = "lots.geojson";
const NO_FLY: &str = "no_fly.geojson";
const LAND: &str = "land.geojson";

impl Site {
    /// Reads a site's folder: `site.toml` and the layers. `land.geojson` may be absent, the others may be empty.
    ///
    /// Unknown keys are refused; every error names the file and the line or feature.
    pub fn load(dir: &Path) -> Result<Site, SiteError> {
        let manifest_path = dir.join(MANIFEST);
        let manifest = manifest::parse(&manifest_path, &read_text(&manifest_path)?)?;
        let centre = middle(manifest.fence.ring.corners());
        let layer = |name: &str| Layer::read(dir.join(name), centre);
        Ok(Site {
            roads: layers::roads(&layer(ROADS)?)?,
            addresses: layers::addresses(&layer(ADDRESSES)?)?,
            buildings: layers::buildings(&layer(BUILDINGS)?)?,
            lots: layers::lots(&layer(LOTS)?)?,
            no_fly: layers::no_fly(&layer(NO_FLY)?)?,
            land: if dir.join(LAND).exists() { layers::land(&layer(LAND)?)? } else { Vec::new() },
            manifest,
        })
    }

    /// Writes the folder that [`Site::load`] reads, one feature a line so that versions of it can be compared. Makes the folder.
    pub fn save(&self, dir: &Path) -> Result<(), SiteError> {
        std::fs::create_dir_all(dir).map_err(|source| SiteError::Io { path: dir.to_owned(), source })?;
        write_text(&dir.join(MANIFEST), &manifest::format(&self.manifest))?;
        let files = [
            (ROADS, layers::write_roads(&self.roads)),
            (ADDRESSES, layers::write_addresses(&self.addresses)),
            (BUILDINGS, layers::write_buildings(&self.buildings)),
            (LOTS, layers::write_lots(&self.lots)),
            (NO_FLY, layers::write_no_fly(&self.no_fly)),
            (LAND, layers::write_land(&self.land)),
        ];
        files.iter().try_for_each(|(name, features)| write_text(&dir.join(name), &geojson::collection_text(features)))
    }
}

/// One layer's file, with what is needed to judge its features.
struct Layer {
    path: PathBuf,
    text: String,
    centre: GeoPoint,
}

impl Layer {
    fn read(path: PathBuf, centre: GeoPoint) -> Result<Self, SiteError> {
        let text = read_text(&path)?;
        Ok(Self { path, text, centre })
    }

    /// A position that belongs to this site, or why it does not.
    fn near(&self, point: GeoPoint) -> Result<GeoPoint, FeatureProblem> {
        let distance_m = self.centre.distance_m(&point);
        if distance_m > SITE_RADIUS_MAX_M {
            return Err(FeatureProblem::FarAway { distance_km: distance_m / 1_000.0 });
        }
        Ok(point)
    }
}

fn read_text(path: &Path) -> Result<String, SiteError> {
    let io = |source| SiteError::Io { path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(io)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(SiteError::TooLarge { path: path.to_owned(), bytes, max: FILE_BYTES_MAX });
    }
    std::fs::read_to_string(path).map_err(io)
}

fn write_text(path: &Path, text: &str) -> Result<(), SiteError> {
    std::fs::write(path, text).map_err(|source| SiteError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
