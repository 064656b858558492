//! Makes a site from an OpenStreetMap extract (`.osm.pbf`): roads, addresses, building heights, parking lots, zones, and a first
//! guess of fence and stations that a person then edits.

mod convert;
mod extract;
mod guess;
mod tags;

use std::path::Path;

use flight_types::{DistrictId, GeoPoint};

use crate::error::SiteError;
use crate::limits::SITE_RADIUS_MAX_M;
use crate::model::{Road, Site, SiteManifest, middle};
use extract::Extract;
pub(crate) use tags::HEIGHT_UNKNOWN_M;

/// What the licence of OpenStreetMap's data asks to be shown.
const ATTRIBUTION: &str = "© OpenStreetMap contributors";

/// What an extract does not know.
#[derive(Debug, Clone, PartialEq)]
pub struct OsmOptions {
    /// The site's name; the file's name when absent.
    pub name: Option<String>,
    /// The district; made from the name when absent.
    pub district: Option<DistrictId>,
    /// Stations to guess.
    pub station_count: usize,
    /// Aircraft at each.
    pub drones_per_station: usize,
    /// Ground height above mean sea level, metres: extracts do not carry it.
    pub ground_amsl_m: f64,
}

impl Default for OsmOptions {
    fn default() -> Self {
        Self { name: None, district: None, station_count: 2, drones_per_station: 2, ground_amsl_m: 0.0 }
    }
}

impl Site {
    /// Makes a site from an extract of a town. Stations and fence are a first guess; the ground height is taken from the options.
    pub fn from_osm(pbf: &Path, options: &OsmOptions) -> Result<Site, SiteError> {
        Self::from_extract(pbf, &Extract::read(pbf)?, options)
    }

    /// The same from an extract's bytes; errors name it as `pbf`.
    pub fn from_osm_bytes(pbf: &Path, bytes: &[u8], options: &OsmOptions) -> Result<Site, SiteError> {
        Self::from_extract(pbf, &Extract::read_from(pbf, bytes)?, options)
    }

    fn from_extract(pbf: &Path, extract: &Extract, options: &OsmOptions) -> Result<Site, SiteError> {
        let mut site = Site {
            manifest: empty_manifest(pbf, extract, options)?,
            roads: convert::roads(extract),
            addresses: convert::addresses(extract),
            buildings: convert::buildings(extract),
            lots: convert::lots(extract),
            no_fly: convert::no_fly(extract),
            land: convert::land(extract),
            elevation: None,
        };
        if site.roads.is_empty() {
            return Err(SiteError::Extract { path: pbf.to_owned(), problem: "it holds no roads".to_owned() });
        }
        site.keep_what_is_near().map_err(|problem| SiteError::Extract { path: pbf.to_owned(), problem })?;
        site.manifest.stations = guess::stations(&site, options);
        Ok(site)
    }

    /// Extracts hold whole ways and relations, parts of which may lie far off; a site whose file has such a place would be refused.
    /// A zone is not left out silently: somebody would fly there.
    fn keep_what_is_near(&mut self) -> Result<(), String> {
        let centre = self.centre();
        let near = |points: &[GeoPoint]| points.iter().all(|point| centre.distance_m(point) <= SITE_RADIUS_MAX_M);
        if let Some(zone) = self.no_fly.iter().find(|zone| !near(zone.ring.corners())) {
            return Err(format!(
                "the no-fly zone {} reaches further than {:.0} km from the roads",
                zone.id,
                SITE_RADIUS_MAX_M / 1_000.0
            ));
        }
        self.addresses.retain(|address| near(&[address.point]));
        self.buildings.retain(|building| near(building.ring.corners()));
        self.lots.retain(|lot| near(lot.ring.corners()));
        self.land.retain(|land| near(land.ring.corners()));
        Ok(())
    }
}

/// Only the roads of an extract of any size.
pub fn roads_from_osm(pbf: &Path) -> Result<Vec<Road>, SiteError> {
    Ok(convert::roads(&Extract::read(pbf)?))
}

fn empty_manifest(pbf: &Path, extract: &Extract, options: &OsmOptions) -> Result<SiteManifest, SiteError> {
    let problem = |problem: String| SiteError::Extract { path: pbf.to_owned(), problem };
    let points: Vec<GeoPoint> = convert::roads(extract).into_iter().flat_map(|road| road.line).collect();
    if points.is_empty() {
        return Err(problem("it holds no roads".to_owned()));
    }
    let centre = middle(&points);
    let radius_m = points.iter().map(|point| centre.distance_m(point)).fold(0.0, f64::max);
    if radius_m > SITE_RADIUS_MAX_M / 2.0 {
        let (span_km, bound_km) = (2.0 * radius_m / 1_000.0, SITE_RADIUS_MAX_M / 1_000.0);
        return Err(problem(format!("it spans {span_km:.0} km, a site at most {bound_km:.0} km: cut out the town first")));
    }
    let stem = pbf.file_name().and_then(|name| name.to_str()).unwrap_or("site").trim_end_matches(".pbf").trim_end_matches(".osm");
    let name = options.name.clone().unwrap_or_else(|| stem.to_owned());
    Ok(SiteManifest {
        district: options.district.clone().unwrap_or_else(|| district_from(&name)),
        name,
        attribution: Some(ATTRIBUTION.to_owned()),
        elevation: None,
        fence: guess::fence(&points),
        policy: dispatch_core::config::Policy::default(),
        rally_points: Vec::new(),
        stations: Vec::new(),
    })
}

/// Letters and digits of the name that an identifier may hold; names in other scripts leave nothing, and get a plain word.
fn district_from(name: &str) -> DistrictId {
    const DISTRICT_LENGTH_MAX: usize = 32;
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let text: String = name.chars().map(plain).take(DISTRICT_LENGTH_MAX).collect();
    let text = text.trim_matches('-');
    DistrictId::new(if text.is_empty() { "district" } else { text }).expect("letters, digits and dashes are an identifier")
}

#[cfg(test)]
mod flights_over;
#[cfg(test)]
mod houses_in_the_way;
#[cfg(test)]
mod planned;
#[cfg(test)]
mod tests;
