//! Words for a place: the address nearest to a position, for people who must find it or say it on the telephone.
//!
//! Every question looks at all addresses and roads of the site: some thousands, a fraction of a millisecond, and people ask once for
//! a place. Numbered houses win over streets, because a street may be long.

use flight_types::{GeoPoint, Local, LocalFrame};

use super::FoundBy;
use crate::model::{Address, Road, Site};

/// A house further away says little about a place, metres.
const HOUSE_MAX_M: f64 = 80.0;
/// A street or landmark further away likewise, metres.
const STREET_MAX_M: f64 = 150.0;

/// The address nearest to a place.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Nearest {
    /// As the data writes it, street before number.
    pub text: String,
    /// From the place, metres.
    pub distance_m: f64,
    /// What it is: a house, a landmark or a street.
    pub by: FoundBy,
}

/// What can be near.
#[derive(Debug)]
pub(super) struct Surroundings {
    houses: Vec<(GeoPoint, String)>,
    landmarks: Vec<(GeoPoint, String)>,
    streets: Vec<(Vec<GeoPoint>, String)>,
}

impl Surroundings {
    pub fn of(site: &Site) -> Self {
        let houses = site.addresses.iter().filter_map(|address| Some((address.point, house(address)?))).collect();
        let landmarks = site.addresses.iter().filter_map(|address| Some((address.point, landmark(address)?))).collect();
        let street = |road: &Road| Some((road.line.clone(), road.name.clone()?));
        Self { houses, landmarks, streets: site.roads.iter().filter_map(street).collect() }
    }

    /// A house near by, else the nearer of a landmark and a street, else nothing.
    pub fn nearest(&self, place: GeoPoint) -> Option<Nearest> {
        let nearest = |places: &[(GeoPoint, String)], by, within_m| {
            let distances = places.iter().map(|(point, text)| (point.distance_m(&place), text));
            said(distances.filter(|(distance_m, _)| *distance_m <= within_m), by)
        };
        nearest(&self.houses, FoundBy::House, HOUSE_MAX_M).or_else(|| {
            let frame = LocalFrame::new(place);
            let streets = self.streets.iter().map(|(line, text)| (to_line_m(&frame, line), text));
            let street = said(streets.filter(|(distance_m, _)| *distance_m <= STREET_MAX_M), FoundBy::Street);
            let landmark = nearest(&self.landmarks, FoundBy::Name, STREET_MAX_M);
            landmark.into_iter().chain(street).min_by(|a, b| a.distance_m.total_cmp(&b.distance_m))
        })
    }
}

fn said<'a>(distances: impl Iterator<Item = (f64, &'a String)>, by: FoundBy) -> Option<Nearest> {
    let (distance_m, text) = distances.min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Nearest { text: text.clone(), distance_m, by })
}

fn house(address: &Address) -> Option<String> {
    Some(format!("{} {}", address.street.as_deref().or(address.place.as_deref())?, address.number.as_deref()?))
}

/// A shop, a station: something with a name that is not as large as a quarter.
fn landmark(address: &Address) -> Option<String> {
    (address.number.is_none() && address.accuracy_m <= STREET_MAX_M).then(|| address.name.clone())?
}

/// From the frame's origin to a line, metres.
fn to_line_m(frame: &LocalFrame, line: &[GeoPoint]) -> f64 {
    let locals: Vec<Local> = line.iter().map(|point| frame.to_local(*point)).collect();
    locals.windows(2).map(|pair| to_segment_m(pair[0], pair[1])).fold(f64::INFINITY, f64::min)
}

fn to_segment_m(a: Local, b: Local) -> f64 {
    let (east_m, north_m) = (b.east_m - a.east_m, b.north_m - a.north_m);
    let length_squared = east_m * east_m + north_m * north_m;
    let along = -(a.east_m * east_m + a.north_m * north_m);
    let share = if length_squared > 0.0 { (along / length_squared).clamp(0.0, 1.0) } else { 0.0 };
    (a.east_m + share * east_m).hypot(a.north_m + share * north_m)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::gazetteer::Gazetteer;

    fn demo() -> Site {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs/demo-site");
        Site::load(&dir).expect("the demo site loads")
    }

    #[test]
    fn every_house_of_the_demo_is_nearest_to_its_own_door() {
        let site = demo();
        let gazetteer = Gazetteer::new(&site);
        let mut asked = 0;
        for address in &site.addresses {
            let Some(text) = house(address) else { continue };
            let nearest = gazetteer.nearest(address.point).expect("a house stands here");
            assert!(nearest.distance_m < 0.01 && nearest.by == FoundBy::House, "{nearest:?}");
            // Two houses may share a door.
            assert!(nearest.text == text || site.addresses.iter().any(|other| house(other).as_ref() == Some(&nearest.text)));
            asked += 1;
        }
        assert!(asked > 100, "{asked}");
    }

    #[test]
    fn what_is_said_is_found_again_near_the_place() {
        let site = demo();
        let gazetteer = Gazetteer::new(&site);
        for road in site.roads.iter().filter(|road| road.name.is_some()) {
            let middle = road.line[road.line.len() / 2];
            let nearest = gazetteer.nearest(middle).expect("on a named road");
            let found = gazetteer.find(&nearest.text).expect("its own words are known");
            let off_m = found.point.distance_m(&middle);
            assert!(off_m <= found.accuracy_m + nearest.distance_m + 1.0, "{nearest:?}: found {off_m} m away");
        }
    }

    #[test]
    fn far_from_everything_nothing_is_said() {
        let gazetteer = Gazetteer::new(&demo());
        let nowhere = demo().centre().moved(0.0, 30_000.0);
        assert_eq!(gazetteer.nearest(nowhere), None);
    }
}
