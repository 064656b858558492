//! Reading and writing a site's folder. The only place of this crate, besides `osm`, that touches the disk.

mod geojson;
mod layers;
mod lots;
mod manifest;

pub(crate) use geojson::{holed_polygon_json, polygon_json, position_json};

use std::path::{Path, PathBuf};

use flight_types::GeoPoint;

use crate::elevation::ElevationGrid;
use crate::error::{FeatureProblem, SiteError};
use crate::limits::{ELEVATION_BYTES_MAX, FILE_BYTES_MAX, SITE_RADIUS_MAX_M};
use crate::model::{Elevation, Site, SiteManifest, follow, middle};

const MANIFEST: &str = "site.toml";
const ROADS: &str = "roads.geojson";
const ADDRESSES: &str = "addresses.geojson";
const BUILDINGS: &str = "buildings.geojson";
const LOTS: &str = "lots.geojson";
const NO_FLY: &str = "no_fly.geojson";
const LAND: &str = "land.geojson";

/// The texts of a site's files, wherever they come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SiteTexts {
    /// `site.toml`.
    pub manifest: String,
    /// `roads.geojson`.
    pub roads: String,
    /// `addresses.geojson`.
    pub addresses: String,
    /// `buildings.geojson`.
    pub buildings: String,
    /// `lots.geojson`.
    pub lots: String,
    /// `no_fly.geojson`.
    pub no_fly: String,
    /// `land.geojson`, which may be absent.
    pub land: Option<String>,
    /// The elevation grid, where `site.toml` names one.
    pub elevation: Option<String>,
}

impl Site {
    /// Reads a site's folder: `site.toml` and the layers. `land.geojson` may be absent, the others may be empty.
    ///
    /// Unknown keys are refused; every error names the file and the line or feature.
    pub fn load(dir: &Path) -> Result<Site, SiteError> {
        let read = |name: &str| read_text(&dir.join(name));
        let land = dir.join(LAND).exists().then(|| read(LAND)).transpose()?;
        let manifest_text = read(MANIFEST)?;
        let named = manifest::parse(&dir.join(MANIFEST), &manifest_text)?.elevation;
        let elevation = named.map(|name| read_elevation(&dir.join(name))).transpose()?;
        let texts = SiteTexts {
            manifest: manifest_text,
            elevation,
            roads: read(ROADS)?,
            addresses: read(ADDRESSES)?,
            buildings: read(BUILDINGS)?,
            lots: read(LOTS)?,
            no_fly: read(NO_FLY)?,
            land,
        };
        Self::parse(dir, texts)
    }

    /// Reads a site's texts; errors name the files as if they lay in `dir`.
    pub fn parse(dir: &Path, texts: SiteTexts) -> Result<Site, SiteError> {
        let manifest = manifest::parse(&dir.join(MANIFEST), &texts.manifest)?;
        let centre = middle(manifest.fence.ring.corners());
        let layer = |name: &str, text: String| Layer { path: dir.join(name), text, centre };
        let elevation = elevation(dir, &manifest, texts.elevation)?;
        let site = Site {
            roads: layers::roads(&layer(ROADS, texts.roads))?,
            addresses: layers::addresses(&layer(ADDRESSES, texts.addresses))?,
            buildings: layers::buildings(&layer(BUILDINGS, texts.buildings))?,
            lots: lots::read(&layer(LOTS, texts.lots))?,
            no_fly: layers::no_fly(&layer(NO_FLY, texts.no_fly))?,
            land: texts.land.map_or(Ok(Vec::new()), |text| layers::land(&layer(LAND, text)))?,
            elevation,
            manifest,
        };
        let checked = site.check_rally_points();
        checked.map_err(|(key, problem)| SiteError::Manifest { path: dir.join(MANIFEST), key, problem })?;
        Ok(site)
    }

    /// Writes the folder that [`Site::load`] reads. Makes the folder.
    pub fn save(&self, dir: &Path) -> Result<(), SiteError> {
        std::fs::create_dir_all(dir).map_err(|source| SiteError::Io { path: dir.to_owned(), source })?;
        let texts = self.texts();
        let files = [
            (MANIFEST, &texts.manifest),
            (ROADS, &texts.roads),
            (ADDRESSES, &texts.addresses),
            (BUILDINGS, &texts.buildings),
            (LOTS, &texts.lots),
            (NO_FLY, &texts.no_fly),
        ];
        let land = texts.land.iter().map(|text| (LAND, text));
        let elevation = self.manifest.elevation.as_deref().zip(texts.elevation.as_ref());
        files.into_iter().chain(land).chain(elevation).try_for_each(|(name, text)| write_text(&dir.join(name), text))
    }

    /// The texts that [`Site::parse`] reads, one feature a line so that versions of it can be compared.
    pub fn texts(&self) -> SiteTexts {
        SiteTexts {
            manifest: manifest::format(&self.manifest),
            roads: geojson::collection_text(&layers::write_roads(&self.roads)),
            addresses: geojson::collection_text(&layers::write_addresses(&self.addresses)),
            buildings: geojson::collection_text(&layers::write_buildings(&self.buildings)),
            lots: geojson::collection_text(&lots::write(&self.lots)),
            no_fly: geojson::collection_text(&layers::write_no_fly(&self.no_fly)),
            land: Some(geojson::collection_text(&layers::write_land(&self.land))),
            elevation: self.elevation.as_ref().map(|elevation| elevation.grid.text()),
        }
    }
}

/// The ground by the grid that the manifest names.
fn elevation(dir: &Path, manifest: &SiteManifest, text: Option<String>) -> Result<Option<Elevation>, SiteError> {
    let Some(name) = &manifest.elevation else { return Ok(None) };
    let path = dir.join(name);
    let text = text.ok_or_else(|| SiteError::Manifest {
        path: dir.join(MANIFEST),
        key: "elevation".to_owned(),
        problem: format!("{name} is not there"),
    })?;
    let grid = ElevationGrid::parse(&text).map_err(|problem| SiteError::Elevation { path, problem })?;
    let followed = follow(manifest, grid);
    followed.map(Some).map_err(|(key, problem)| SiteError::Manifest { path: dir.join(MANIFEST), key, problem })
}

/// One layer's file, with what is needed to judge its features.
struct Layer {
    path: PathBuf,
    text: String,
    centre: GeoPoint,
}

impl Layer {
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
    read_bounded(path, FILE_BYTES_MAX)
}

fn read_elevation(path: &Path) -> Result<String, SiteError> {
    read_bounded(path, ELEVATION_BYTES_MAX)
}

fn read_bounded(path: &Path, max: u64) -> Result<String, SiteError> {
    let io = |source| SiteError::Io { path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(io)?.len();
    if bytes > max {
        return Err(SiteError::TooLarge { path: path.to_owned(), bytes, max });
    }
    std::fs::read_to_string(path).map_err(io)
}

fn write_text(path: &Path, text: &str) -> Result<(), SiteError> {
    std::fs::write(path, text).map_err(|source| SiteError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
