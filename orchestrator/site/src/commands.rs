//! What the program's `eta` and `site make` commands do, with results that print as text and as JSON. Arguments and exit codes are
//! the program's.

use std::fmt;
use std::path::{Path, PathBuf};

use flight_types::{GeoError, GeoPoint};
use serde::Serialize;

use crate::error::SiteError;
use crate::model::{Road, Site};
use crate::osm::{HEIGHT_UNKNOWN_M, OsmOptions, roads_from_osm};
use crate::roads::{RoadEta, RoadTimes, Snapped, Travel, ruler_eta_s};

/// Why a text is not `LAT,LON`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PointError {
    /// Not two numbers with a comma between them.
    #[error("{0:?} is not LAT,LON in degrees, such as 37.5045,126.9560")]
    Shape(String),
    /// Two numbers that are no place.
    #[error("{text:?}: {source}")]
    Place {
        /// The text given.
        text: String,
        /// What is wrong with it.
        source: GeoError,
    },
}

/// Reads `LAT,LON` in degrees.
pub fn parse_point(text: &str) -> Result<GeoPoint, PointError> {
    let shape = || PointError::Shape(text.to_owned());
    let (lat, lon) = text.split_once(',').ok_or_else(shape)?;
    let number = |part: &str| part.trim().parse::<f64>().map_err(|_| shape());
    GeoPoint::new(number(lat)?, number(lon)?).map_err(|source| PointError::Place { text: text.to_owned(), source })
}

/// Times from several places to one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EtaReport {
    /// In the order of the places given.
    pub ways: Vec<EtaWay>,
}

/// The time from one place to another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EtaWay {
    /// From where.
    pub from: GeoPoint,
    /// To where.
    pub to: GeoPoint,
    /// `road`, or `ruler` where no road is near one of the ends.
    pub by: &'static str,
    /// Seconds between the snapped places; by the ruler, between the places themselves.
    pub eta_s: f64,
    /// Metres along the road; by the ruler, straight.
    pub distance_m: f64,
    /// Seconds with the way on foot to and from the road.
    pub door_to_door_s: f64,
    /// Where the way begins on the road.
    pub snapped_from: Option<SnappedPlace>,
    /// Where it ends on the road.
    pub snapped_to: Option<SnappedPlace>,
}

/// A place on a road.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SnappedPlace {
    /// Where.
    pub point: GeoPoint,
    /// From the place asked for, metres.
    pub offset_m: f64,
    /// The road's name, if it has one.
    pub road: Option<String>,
}

/// Times by road over an extract (`.osm.pbf`) or a site's folder.
pub fn eta(roads: &Path, from: &[GeoPoint], to: GeoPoint, travel: Travel) -> Result<EtaReport, SiteError> {
    let roads = if roads.is_dir() { Site::load(roads)?.roads } else { roads_from_osm(roads)? };
    let times = RoadTimes::build_for(&roads, travel);
    let found = times.many_to_one(from, to);
    let ways = from.iter().zip(found).map(|(from, found)| way(&roads, *from, to, found)).collect();
    Ok(EtaReport { ways })
}

fn way(roads: &[Road], from: GeoPoint, to: GeoPoint, found: Option<RoadEta>) -> EtaWay {
    let Some(road) = found else {
        let distance_m = from.distance_m(&to);
        let eta_s = ruler_eta_s(distance_m);
        return EtaWay { from, to, by: "ruler", eta_s, distance_m, door_to_door_s: eta_s, snapped_from: None, snapped_to: None };
    };
    let place = |snapped: Snapped| {
        Some(SnappedPlace { point: snapped.point, offset_m: snapped.offset_m, road: roads[snapped.road].name.clone() })
    };
    EtaWay {
        from,
        to,
        by: "road",
        eta_s: road.eta_s,
        distance_m: road.distance_m,
        door_to_door_s: road.door_to_door_s(),
        snapped_from: place(road.from),
        snapped_to: place(road.to),
    }
}

impl fmt::Display for EtaReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ways.iter().try_for_each(|way| writeln!(f, "{way}"))
    }
}

impl fmt::Display for EtaWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s  {:.0} m  by {}", self.eta_s, self.distance_m, self.by)?;
        for (word, place) in [("from", &self.snapped_from), ("to", &self.snapped_to)] {
            if let Some(place) = place {
                let (point, road) = (place.point, place.road.as_deref().unwrap_or("a road without a name"));
                write!(f, "  {word} {:.6},{:.6} on {road} ({:.0} m off)", point.lat_deg(), point.lon_deg(), place.offset_m)?;
            }
        }
        Ok(())
    }
}

/// What `site make` made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MadeSite {
    /// The folder.
    pub folder: PathBuf,
    /// Roads in it.
    pub roads: usize,
    /// Addresses and named places.
    pub addresses: usize,
    /// Buildings.
    pub buildings: usize,
    /// Those of which the extract says no height: they count as low, and may not be.
    pub buildings_of_unsaid_height: usize,
    /// Parking lots.
    pub lots: usize,
    /// No-fly zones.
    pub no_fly_zones: usize,
    /// Stations guessed.
    pub stations: usize,
    /// Aircraft at them.
    pub drones: usize,
}

/// Makes a site's folder from an extract.
pub fn make_site(extract: &Path, folder: &Path, options: &OsmOptions) -> Result<MadeSite, SiteError> {
    let site = Site::from_osm(extract, options)?;
    site.save(folder)?;
    Ok(MadeSite {
        folder: folder.to_owned(),
        roads: site.roads.len(),
        addresses: site.addresses.len(),
        buildings: site.buildings.len(),
        buildings_of_unsaid_height: site.buildings.iter().filter(|building| building.height_m == HEIGHT_UNKNOWN_M).count(),
        lots: site.lots.len(),
        no_fly_zones: site.no_fly.len(),
        stations: site.manifest.stations.len(),
        drones: site.drones().count(),
    })
}

impl fmt::Display for MadeSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} roads, {} addresses, {} buildings, {} lots, {} no-fly zones, {} stations with {} aircraft",
            self.folder.display(),
            self.roads,
            self.addresses,
            self.buildings,
            self.lots,
            self.no_fly_zones,
            self.stations,
            self.drones,
        )?;
        writeln!(
            f,
            "{} buildings have no height in the extract and count as {HEIGHT_UNKNOWN_M} m: flights do not go round them.",
            self.buildings_of_unsaid_height
        )?;
        write!(f, "Stations, fence and ground heights are a first guess: look at the map and correct site.toml.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared_data::shared_file;

    #[test]
    fn points_are_read_or_refused_in_words() {
        assert!(parse_point(" 37.5 , 127.0 ").is_ok());
        for (text, said) in [("37.5", "LAT,LON"), ("a,b", "LAT,LON"), ("nan,1", "finite"), ("97,1", "outside"), ("", "LAT,LON")] {
            let error = parse_point(text).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn a_site_made_from_an_extract_is_one_that_loads_and_answers() {
        for name in ["osm/andorra.osm.pbf", "osm/seoul_heukseok_cauH.osm.pbf"] {
            let Some(extract) = shared_file(name) else { continue };
            let folder = std::env::temp_dir().join(format!("made-site-{}-{}", std::process::id(), name.len()));
            let made = make_site(&extract, &folder, &OsmOptions::default()).expect("made");
            let site = Site::load(&folder).expect("what was made loads");
            assert_eq!((made.roads, made.buildings, made.drones), (site.roads.len(), site.buildings.len(), 4), "{made}");
            let (from, to) = (site.manifest.stations[0].position, site.manifest.stations[1].position);
            let by_folder = eta(&folder, &[from], to, Travel::Guard).expect("times");
            assert_eq!(by_folder.ways[0].by, "road", "{by_folder}");
            assert_eq!(by_folder, eta(&extract, &[from], to, Travel::Guard).expect("times"));
            std::fs::remove_dir_all(&folder).expect("removed");
        }
    }

    #[test]
    fn where_no_road_is_near_the_ruler_is_named() {
        let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs/demo-site");
        let (from, to) = (parse_point("36.548,127.912").expect("a point"), parse_point("36.9,127.9").expect("a point"));
        let report = eta(&folder, &[from], to, Travel::Guard).expect("times");
        assert!(report.ways[0].by == "ruler" && report.to_string().contains("by ruler"), "{report}");
    }
}
