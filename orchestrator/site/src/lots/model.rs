//! What a parking lot consists of. Plain data; whether it fits together is said by `check`.

use flight_types::{GeoPoint, Local, LocalFrame, LotId, Ring};
use serde::{Deserialize, Serialize};

/// A parking lot.
#[derive(Debug, Clone, PartialEq)]
pub struct Lot {
    /// Which.
    pub id: LotId,
    /// Its name as shown.
    pub name: String,
    /// Its outline.
    pub ring: Ring,
    /// What inside the outline is no ground of the lot: a building, an island with trees.
    pub holes: Vec<Ring>,
    /// Its parts, each with a code of its own; may be empty.
    pub areas: Vec<LotArea>,
    /// Where cars stand.
    pub bays: Vec<LotBay>,
    /// The boards with codes.
    pub beacons: Vec<LotBeacon>,
}

/// A part of a parking lot.
#[derive(Debug, Clone, PartialEq)]
pub struct LotArea {
    /// Its id, never used twice within the site; what its beacon's code says.
    pub id: String,
    /// Its name as shown.
    pub name: String,
    /// Its outline.
    pub ring: Ring,
}

/// A place for one car.
#[derive(Debug, Clone, PartialEq)]
pub struct LotBay {
    /// Its id, never used twice within the site.
    pub id: String,
    /// The area it belongs to.
    pub area: String,
    /// Its outline, without an inward corner.
    pub ring: Ring,
    /// Direction from the aisle into the bay, degrees clockwise from north.
    pub heading_deg: f64,
}

/// A printed code on a board.
#[derive(Debug, Clone, PartialEq)]
pub struct LotBeacon {
    /// Its id, never used twice within the site.
    pub id: String,
    /// The area that its code names.
    pub area: String,
    /// Where the middle of the code is.
    pub position: GeoPoint,
    /// How high the middle of the code is over the ground, metres.
    pub height_m: f64,
    /// Direction of the code's upper edge, degrees clockwise from north.
    pub heading_deg: f64,
    /// How far the board leans back from lying flat, degrees; 0 faces the sky, 90 stands upright and faces away from the heading.
    pub tilt_deg: f64,
    /// Side of one printed module, millimetres.
    pub module_mm: f64,
    /// The key that its code is signed with; absent where codes are not signed.
    pub key: Option<u8>,
    /// Whether it is there.
    pub state: BeaconState,
}

/// Whether a beacon is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BeaconState {
    /// To be printed and put up; nobody misses it yet.
    Planned,
    /// Put up; a survey that does not see it says so.
    Mounted,
    /// Taken down.
    Withdrawn,
}

/// A bay as the rectangle along its heading that holds its outline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BayShape {
    /// Its middle.
    pub middle: Local,
    /// Direction from the aisle into the bay, degrees clockwise from north.
    pub heading_deg: f64,
    /// Across the heading, metres.
    pub width_m: f64,
    /// Along the heading, metres.
    pub length_m: f64,
}

impl Lot {
    /// A lot of which only the outline is known.
    pub fn bare(id: LotId, name: String, ring: Ring, holes: Vec<Ring>) -> Self {
        Self { id, name, ring, holes, areas: Vec::new(), bays: Vec::new(), beacons: Vec::new() }
    }

    /// The flat frame that lengths within the lot are measured in; its zero is the first corner.
    pub fn frame(&self) -> LocalFrame {
        LocalFrame::new(self.ring.corners()[0])
    }

    /// An area.
    pub fn area(&self, id: &str) -> Option<&LotArea> {
        self.areas.iter().find(|area| area.id == id)
    }
}

impl LotBay {
    /// The bay as a rectangle in a flat frame.
    pub fn shape(&self, frame: &LocalFrame) -> BayShape {
        let (sin, cos) = self.heading_deg.to_radians().sin_cos();
        let corners = || self.ring.corners().iter().map(|corner| frame.to_local(*corner));
        let span = |of: &dyn Fn(Local) -> f64| {
            corners().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
        };
        let (left, right) = span(&|at| at.east_m * cos - at.north_m * sin);
        let (mouth, back) = span(&|at| at.east_m * sin + at.north_m * cos);
        let (across, along) = ((left + right) / 2.0, (mouth + back) / 2.0);
        BayShape {
            middle: Local { east_m: across * cos + along * sin, north_m: along * cos - across * sin },
            heading_deg: self.heading_deg,
            width_m: right - left,
            length_m: back - mouth,
        }
    }
}

/// A place as files and the store keep it, to seven decimals: a centimetre.
pub fn rounded(point: GeoPoint) -> GeoPoint {
    let round = |degrees: f64| (degrees * 1e7).round() / 1e7;
    GeoPoint::new(round(point.lat_deg()), round(point.lon_deg())).unwrap_or(point)
}
