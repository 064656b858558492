//! From what an extract says of its buildings to the flight that is planned over them or round them.
//!
//! The town is drawn here: streets along a square, a pad in the west, a caller in the east, and one building between the two.

use dispatch_core::choice::Chosen;
use flight_types::{GeoPoint, Local, LocalFrame, Obstacle, Ring};

use super::extract::{Members, Raw, Tags};
use super::planned::choice;
use super::*;

/// The same place twice, metres: an extract's nodes are kept to a ten-millionth of a degree, a centimetre.
const SAME_M: f64 = 0.1;
/// As high as flights are when nothing is in their way, metres: the policy's default.
const TRANSIT_M: f64 = 60.0;
/// A tower that a flight can go round, and a row of houses that parts the whole town.
const TOWER: (f64, f64) = (15.0, 15.0);
const ROW: (f64, f64) = (10.0, 1_500.0);

fn middle_of_town() -> GeoPoint {
    GeoPoint::new(37.5, 127.0).expect("a place")
}

fn at(east_m: f64, north_m: f64) -> GeoPoint {
    LocalFrame::new(middle_of_town()).to_geo(Local { east_m, north_m })
}

/// How a building is drawn.
#[derive(Debug, Clone, Copy)]
enum Drawn {
    /// One closed way.
    Way,
    /// A multipolygon of one closed way.
    Closed,
    /// A multipolygon of two ways, each open, the second drawn against the first.
    TwoHalves,
}

/// Nodes, ways and relations of a town with one building of half this width and depth in its middle.
struct Town(Raw);

impl Town {
    fn new() -> Self {
        let mut town = Self(Raw::default());
        let street: Vec<i64> = [(-900.0, -900.0), (900.0, -900.0), (900.0, 900.0), (-900.0, 900.0), (-900.0, -900.0)]
            .map(|(east_m, north_m)| town.node(east_m, north_m))
            .to_vec();
        town.0.ways.push((1, tags(&[("highway", "residential"), ("name", "Ring Road")]), street));
        town
    }

    fn node(&mut self, east_m: f64, north_m: f64) -> i64 {
        let (place, id) = (at(east_m, north_m), self.0.nodes.len() as i64 + 1);
        self.0.nodes.push((id, (place.lat_deg() * 1e7).round() as i32, (place.lon_deg() * 1e7).round() as i32));
        id
    }

    fn building(&mut self, (half_east_m, half_north_m): (f64, f64), said: &[(&str, &str)], drawn: Drawn) {
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
        let [a, b, c, d] = corners.map(|(east, north)| self.node(east * half_east_m, north * half_north_m));
        let multipolygon = || tags(&[&[("type", "multipolygon")], said].concat());
        let (ways, relation) = match drawn {
            Drawn::Way => (vec![(2, tags(said), vec![a, b, c, d, a])], None),
            Drawn::Closed => (vec![(2, Tags::new(), vec![a, b, c, d, a])], Some(vec![2])),
            Drawn::TwoHalves => (vec![(2, Tags::new(), vec![a, b, c]), (3, Tags::new(), vec![a, d, c])], Some(vec![2, 3])),
        };
        self.0.ways.extend(ways);
        self.0.relations.extend(relation.map(|outer| (4, multipolygon(), Members { outer, inner: Vec::new() })));
    }

    fn site(self) -> Site {
        let options = OsmOptions { station_count: 1, drones_per_station: 1, ground_amsl_m: 30.0, ..OsmOptions::default() };
        let mut site = Site::from_extract(Path::new("town.osm.pbf"), &self.0.into_extract(), &options).expect("a site");
        // A person puts the first guess right.
        site.manifest.stations[0].position = at(-500.0, 0.0);
        site.manifest.stations[0].drones[0].pad = at(-500.0, 0.0);
        // As it is started from: what was made is written and read again.
        Site::parse(Path::new("town"), site.texts()).expect("what is written reads back")
    }
}

fn tags(said: &[(&str, &str)]) -> Tags {
    said.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn town(shape: (f64, f64), said: &[(&str, &str)], drawn: Drawn) -> Site {
    let mut town = Town::new();
    town.building(shape, said, drawn);
    town.site()
}

/// The flight to a caller at this place.
fn flight(site: &Site, target: GeoPoint) -> Option<Chosen> {
    let config = site.config();
    let ready = config.stations.iter().flat_map(|station| &station.drones);
    choice(&config, ready, target).chosen
}

/// The flight through the town, which must pass over a building of this height with what is kept, or beside it.
fn flown_clear(shape: (f64, f64), said: &[(&str, &str)], drawn: Drawn, true_height_m: f64) -> Chosen {
    let chosen = flight(&town(shape, said, drawn), at(500.0, 0.0)).unwrap_or_else(|| panic!("{said:?}: nobody can"));
    let plan = &chosen.plan;
    let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
    let ring = Ring::new(corners.map(|(east, north)| at(east * shape.0, north * shape.1)).to_vec()).expect("four corners");
    let there = *plan.outbound.last().expect("a way out");
    let beside_m = nearest_m(plan.home, &plan.outbound, &ring).min(nearest_m(there, &plan.homeward, &ring));
    assert!(
        plan.transit_height_m >= true_height_m + Obstacle::CLEARANCE_M - SAME_M || beside_m >= plan.zone_margin_m - SAME_M,
        "{said:?}, {drawn:?}: {} m up, {beside_m:.1} m beside {true_height_m} m",
        plan.transit_height_m
    );
    chosen
}

/// How near the way comes to the outline, metres; nought when it crosses it.
fn nearest_m(from: GeoPoint, way: &[GeoPoint], ring: &Ring) -> f64 {
    let frame = LocalFrame::new(from);
    let way: Vec<Local> = std::iter::once(&from).chain(way).map(|corner| frame.to_local(*corner)).collect();
    let corners: Vec<Local> = ring.corners().iter().map(|corner| frame.to_local(*corner)).collect();
    let edges = || corners.iter().zip(corners.iter().cycle().skip(1));
    let nearest =
        |leg: &[Local]| edges().map(|(a, b)| flight_routes::legs_apart_m(leg[0], leg[1], *a, *b)).fold(f64::MAX, f64::min);
    way.windows(2).map(nearest).fold(f64::MAX, f64::min)
}

/// Everything that extracts say of heights, and how high the building is by it.
#[test]
fn a_flight_passes_over_a_row_of_houses_by_the_height_that_the_extract_says() {
    let house = |said: &[(&'static str, &'static str)]| [&[("building", "yes")], said].concat();
    let cases: Vec<(Vec<(&str, &str)>, f64)> = vec![
        (house(&[("height", "80")]), 80.0),
        (house(&[("height", " 80 m ")]), 80.0),
        (house(&[("height", "80,5")]), 80.5),
        (house(&[("height", "70;80")]), 80.0),
        (house(&[("height", "262'6\"")]), 80.0),
        (house(&[("height", "262 ft")]), 79.9),
        (house(&[("height", "80"), ("building:levels", "3")]), 80.0),
        (house(&[("building:levels", "25")]), 80.0),
        (house(&[("building:levels", "3;25")]), 80.0),
        (house(&[("building:levels", "23"), ("roof:levels", "2")]), 80.0),
        (house(&[("est_height", "80")]), 80.0),
        // What cannot be is as good as unsaid, whatever else is said.
        (house(&[("height", "0"), ("building:levels", "25")]), 80.0),
        (house(&[("height", "-80"), ("building:levels", "25")]), 80.0),
        (house(&[("height", "8000"), ("building:levels", "25")]), 80.0),
        (house(&[("height", "tall"), ("building:levels", "25")]), 80.0),
        (house(&[("height", "NaN"), ("building:levels", "25")]), 80.0),
        (house(&[("height", "inf"), ("building:levels", "many"), ("est_height", "80")]), 80.0),
        (house(&[("building:levels", "-2"), ("est_height", "80")]), 80.0),
        (vec![("building:part", "yes"), ("height", "80")], 80.0),
        (vec![("building:part", "yes"), ("building:levels", "25")], 80.0),
        // Passed over by every flight.
        (house(&[]), 7.5),
        (house(&[("height", "tall"), ("building:levels", "NaN")]), 7.5),
        (house(&[("height", "52")]), 52.0),
        (house(&[("height", "53")]), 53.0),
        (vec![("building", "no"), ("height", "80")], 0.0),
        (vec![("building:part", "yes")], 0.0),
    ];
    for (said, height_m) in cases {
        for drawn in [Drawn::Way, Drawn::Closed, Drawn::TwoHalves] {
            let plan = flown_clear(ROW, &said, drawn, height_m).plan;
            let expected_m = TRANSIT_M.max(height_m + Obstacle::CLEARANCE_M);
            assert!((plan.transit_height_m - expected_m).abs() < SAME_M, "{said:?}, {drawn:?}: {} m", plan.transit_height_m);
            assert_eq!(plan.outbound.len(), 1, "{said:?}: straight on");
        }
    }
}

/// What is too high to be passed over under the ceiling parts the town, or is gone round.
#[test]
fn a_tower_is_gone_round_and_what_parts_the_town_above_the_ceiling_is_told() {
    let said = [("building", "office"), ("building:levels", "60")];
    for drawn in [Drawn::Way, Drawn::Closed, Drawn::TwoHalves] {
        let plan = flown_clear(TOWER, &said, drawn, 192.0).plan;
        assert_eq!(plan.transit_height_m, TRANSIT_M);
        assert!(plan.outbound.len() > 1 && plan.homeward.len() > 1, "{drawn:?}: out and back round it");
        assert!(flight(&town(ROW, &said, drawn), at(500.0, 0.0)).is_none(), "{drawn:?}: through a wall");
    }
}
