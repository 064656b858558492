//! What stands still in a scene: streets, land, buildings, lots, trees, lamps, beacons. Plain data in metres east and north.

use crate::BeaconCode;
use crate::ground::{lamp_head, lamp_lux};

/// Corners in metres east and north, either way round, the first not repeated.
pub type FlatRing = Vec<[f64; 2]>;

/// A place as the camera sees it. The ground is level; heights are above it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// Streets and paths. Those that share a position meet there.
    pub streets: Vec<Street>,
    /// Grass and water.
    pub land: Vec<LandPatch>,
    /// Parking lots.
    pub lots: Vec<FlatRing>,
    /// Parking bays, with their painted lines.
    pub bays: Vec<Bay>,
    /// Buildings.
    pub buildings: Vec<Block>,
    /// Trees.
    pub trees: Vec<Tree>,
    /// Street lamps.
    pub lamps: Vec<Lamp>,
    /// Parking beacons.
    pub beacons: Vec<Beacon>,
}

impl Plan {
    /// Light of all lamps on level ground at a place, east and north, lux; what stands in its way casts no shadow.
    pub fn lamp_lux_at(&self, place: [f64; 2]) -> f64 {
        let lux = |lamp: &Lamp| {
            let [east, north] = lamp_head(lamp);
            f64::from(lamp_lux((place[0] - east).hypot(place[1] - north) as f32, lamp.height_m as f32))
        };
        self.lamps.iter().map(lux).sum()
    }
}

/// A street or path.
#[derive(Debug, Clone, PartialEq)]
pub struct Street {
    /// Its middle line.
    pub line: Vec<[f64; 2]>,
    /// Carriageway from kerb to kerb, metres.
    pub width_m: f64,
    /// What it is paved and painted with.
    pub surface: StreetSurface,
}

/// What a street looks like from above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreetSurface {
    /// Asphalt with a yellow middle line, white edge lines, kerbs and pavements.
    Marked,
    /// Asphalt with kerbs and pavements, without lines.
    Plain,
    /// Paved for people on foot.
    Paved,
}

/// A piece of land.
#[derive(Debug, Clone, PartialEq)]
pub struct LandPatch {
    /// Outline.
    pub ring: FlatRing,
    /// What grows or flows there.
    pub cover: LandCover,
}

/// What covers a piece of land.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LandCover {
    /// Grass.
    Green,
    /// Water.
    Water,
}

/// A parking bay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bay {
    /// Middle.
    pub centre: [f64; 2],
    /// Direction from the aisle into the bay, degrees clockwise from north.
    pub heading_deg: f64,
    /// Across, metres.
    pub width_m: f64,
    /// Along, metres.
    pub length_m: f64,
}

/// A building: a footprint drawn upwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Footprint.
    pub ring: FlatRing,
    /// Metres.
    pub height_m: f64,
}

/// A tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tree {
    /// Where it stands.
    pub place: [f64; 2],
    /// Metres.
    pub height_m: f64,
    /// Radius of the crown, metres.
    pub crown_m: f64,
}

/// A street lamp.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lamp {
    /// Foot of the post.
    pub place: [f64; 2],
    /// Height of the light, metres.
    pub height_m: f64,
    /// Direction of the arm, degrees clockwise from north; the light hangs 1.2 m out.
    pub heading_deg: f64,
}

/// A parking beacon: a printed code on a board.
#[derive(Debug, Clone, PartialEq)]
pub struct Beacon {
    /// Middle of the code: east, north, up, metres.
    pub place: [f64; 3],
    /// Direction of the code's upper edge, degrees clockwise from north.
    pub heading_deg: f64,
    /// How far the board leans back from lying flat, degrees; 0 faces the sky, 90 stands upright and faces away from the heading.
    pub tilt_deg: f64,
    /// Side of the code without its quiet zone, metres.
    pub side_m: f64,
    /// The code.
    pub code: BeaconCode,
    /// What happened to it.
    pub wear: Wear,
}

/// What weather and people did to a beacon; every share is 0 for a new one and 1 for the worst.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Wear {
    /// Dirt over the print.
    pub dirt: f64,
    /// A torn corner; 1 takes almost half of the board away.
    pub tear: f64,
    /// A hard shadow across; 1 covers all but a corner.
    pub shadow: f64,
    /// A lamp or the sun mirrored in the cover.
    pub glare: f64,
    /// Leaves or a box in front.
    pub cover: f64,
    /// Faded print.
    pub fade: f64,
    /// Tells the patterns of one beacon from those of the next.
    pub seed: u64,
}
