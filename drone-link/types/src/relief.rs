//! The ground of a site, and the surface over it from which flights count their heights (ADR 165).
//!
//! Over every place the surface is as high as the highest ground of the cells round it, and nowhere steeper than an aircraft can follow
//! at its transit speed. Whoever keeps a height over the surface keeps at least as much over the ground, and two aircraft at one place
//! that keep different heights are so far apart. Reads no files and chooses no heights.

use serde::{Deserialize, Serialize};

use crate::{GeoPoint, LocalFrame, Ring};

/// More nodes are refused: with as many, a plan still travels in one MQTT message to a station.
pub const RELIEF_NODES_MAX: usize = 16_000;
/// Ground and surface are kept in decimetres: finer than any elevation data of a whole town.
const DECIMETRES: f64 = 10.0;
/// No ground of the Earth is lower or higher, metres; with what a slope adds.
const HEIGHT_M: std::ops::RangeInclusive<f64> = -500.0..=20_000.0;
/// Along a leg the surface is looked at so often at least, metres: between, it changes by less than a step.
const LOOK_M: f64 = 5.0;
/// A leg longer than this is looked at no more often than one as long, metres: longer ones leave every site.
const LEG_M_MAX: f64 = 200_000.0;

/// Round a low scene the ground is looked at so far, metres: an aircraft that hovers is blown and drifts by less, and so far it goes aside.
const BESIDE_LOW_M: f64 = 20.0;
/// Round it the ground may rise by so much before a low scene goes up with it, metres: four fifths of a scene's usual height are still kept
/// over all of it.
pub const BESIDE_LOW_RISE_M: f64 = 4.0;
/// Looked at in so many directions, and half as far in each: a ridge between two of them is 4 m beside one.
const BESIDE_LOW_DIRECTIONS: u32 = 16;

/// Why something is no relief.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReliefError {
    /// Rows and columns do not go with the heights, or are too few or too many.
    #[error("{columns} columns and {nodes} nodes are no relief: at least 2 by 2 and at most {RELIEF_NODES_MAX} nodes")]
    Shape {
        /// Columns.
        columns: usize,
        /// Heights of the ground.
        nodes: usize,
    },
    /// A step between nodes that is no step.
    #[error("{0} degrees is no step between nodes")]
    Step(f64),
    /// A height that no ground of the Earth has, or a surface under its ground.
    #[error("a height of {0} m is not of this Earth, or its surface lies under it")]
    Height(f64),
}

/// Ground and surface on a grid of places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ReliefParts", into = "ReliefParts")]
pub struct Relief {
    parts: ReliefParts,
    rows: usize,
}

/// A relief as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReliefParts {
    /// The node furthest south and west.
    pub south_west: GeoPoint,
    /// From one row to the next one north, degrees.
    pub step_lat_deg: f64,
    /// From one column to the next one east, degrees.
    pub step_lon_deg: f64,
    /// Nodes in each row.
    pub columns: usize,
    /// The ground's altitude above mean sea level at each node, decimetres; by rows from the south, each from the west.
    pub ground_dm: Vec<i32>,
    /// How far the surface lies over the ground at each node, decimetres.
    pub over_dm: Vec<i32>,
    /// The surface's altitude wherever this relief does not reach, decimetres: the highest of the whole site.
    pub elsewhere_dm: i32,
    /// So far the ground lies under what is told between two nodes at most, decimetres.
    pub rough_dm: i32,
    /// How far the true ground of the cells that meet at each node lies over what is told there at most, decimetres; nothing in reliefs from before
    /// low scenes (ADR 202), which then count over the surface.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rises_dm: Vec<i32>,
}

impl TryFrom<ReliefParts> for Relief {
    type Error = ReliefError;

    fn try_from(parts: ReliefParts) -> Result<Self, ReliefError> {
        let (columns, nodes) = (parts.columns, parts.ground_dm.len());
        let rises = parts.rises_dm.is_empty() || parts.rises_dm.len() == nodes;
        let whole = columns >= 2 && nodes.is_multiple_of(columns) && nodes / columns >= 2 && parts.over_dm.len() == nodes && rises;
        if !whole || nodes > RELIEF_NODES_MAX {
            return Err(ReliefError::Shape { columns, nodes });
        }
        let steps = [parts.step_lat_deg, parts.step_lon_deg];
        if let Some(wrong) = steps.into_iter().find(|step| !(1e-7..=10.0).contains(step)) {
            return Err(ReliefError::Step(wrong));
        }
        let is_height = |height_dm: i32| HEIGHT_M.contains(&(f64::from(height_dm) / DECIMETRES));
        let heights = parts.ground_dm.iter().chain([&parts.elsewhere_dm]);
        let over = parts.over_dm.iter().chain(&parts.rises_dm).chain([&parts.rough_dm]);
        let over = over.filter(|over_dm| !(0..=200_000).contains(*over_dm));
        let wrong = heights.filter(|height_dm| !is_height(**height_dm)).chain(over).next().copied();
        match wrong {
            Some(wrong_dm) => Err(ReliefError::Height(f64::from(wrong_dm) / DECIMETRES)),
            None => Ok(Self { rows: nodes / columns, parts }),
        }
    }
}

impl From<Relief> for ReliefParts {
    fn from(relief: Relief) -> Self {
        relief.parts
    }
}

impl Relief {
    /// The ground's altitude above mean sea level, metres; beyond its edge as at the edge.
    pub fn ground_amsl_m(&self, place: GeoPoint) -> f64 {
        let (column, row) = self.position(place);
        let inside = (column.clamp(0.0, (self.parts.columns - 1) as f64), row.clamp(0.0, (self.rows - 1) as f64));
        self.between(inside, |node| self.parts.ground_dm[node])
    }

    /// The surface's altitude above mean sea level, metres.
    pub fn surface_amsl_m(&self, place: GeoPoint) -> f64 {
        let at = self.position(place);
        if self.reaches(at) { self.between(at, |node| self.surface_dm(node)) } else { self.elsewhere_amsl_m() }
    }

    /// How far the surface may lie over the true ground here, metres.
    pub fn over_ground_m(&self, place: GeoPoint) -> f64 {
        self.surface_amsl_m(place) - self.ground_amsl_m(place) + f64::from(self.parts.rough_dm) / DECIMETRES
    }

    /// Whether it tells how far the true ground lies over it between its nodes, so that a height may count over the ground.
    pub fn tells_rises(&self) -> bool {
        !self.parts.rises_dm.is_empty()
    }

    /// No ground here is higher, metres above mean sea level.
    fn highest_ground_amsl_m(&self, place: GeoPoint) -> f64 {
        self.ground_amsl_m(place) + self.between(self.position(place), |node| self.parts.rises_dm[node])
    }

    /// What a low scene counts its height over here: the ground, or what rises beside it; nowhere over the surface, which is all that counts
    /// where it is not told how far the ground rises between nodes.
    pub fn low_amsl_m(&self, place: GeoPoint) -> f64 {
        let bearings = (0..BESIDE_LOW_DIRECTIONS).map(|turn| f64::from(turn) * 360.0 / f64::from(BESIDE_LOW_DIRECTIONS));
        let beside = bearings.flat_map(|bearing_deg| [0.5, 1.0].map(|share| place.moved(bearing_deg, share * BESIDE_LOW_M)));
        let surface_m = self.surface_amsl_m(place);
        let is_known = |place: GeoPoint| self.tells_rises() && self.reaches(self.position(place));
        if !is_known(place) {
            return surface_m;
        }
        let mut base_m = self.highest_ground_amsl_m(place);
        for beside in beside {
            if !is_known(beside) {
                return surface_m;
            }
            base_m = base_m.max(self.highest_ground_amsl_m(beside) - BESIDE_LOW_RISE_M);
        }
        base_m.min(surface_m)
    }

    /// The greatest of that on the straight leg, metres.
    pub fn low_along_m(&self, from: GeoPoint, to: GeoPoint) -> f64 {
        self.looks(from, to).into_iter().map(|place| self.low_amsl_m(place)).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The surface's greatest altitude on the straight leg, metres.
    pub fn surface_along_m(&self, from: GeoPoint, to: GeoPoint) -> f64 {
        self.looks(from, to).into_iter().map(|place| self.surface_amsl_m(place)).fold(f64::NEG_INFINITY, f64::max)
    }

    /// How far the surface rises and falls on the straight leg, metres each.
    pub fn rise_and_fall_m(&self, from: GeoPoint, to: GeoPoint) -> (f64, f64) {
        let heights: Vec<f64> = self.looks(from, to).into_iter().map(|place| self.surface_amsl_m(place)).collect();
        let changes = || heights.windows(2).map(|pair| pair[1] - pair[0]);
        (changes().map(|change_m| change_m.max(0.0)).sum(), changes().map(|change_m| (-change_m).max(0.0)).sum())
    }

    /// The greatest height of the surface over the true ground on the straight leg, metres.
    pub fn over_ground_along_m(&self, from: GeoPoint, to: GeoPoint) -> f64 {
        self.looks(from, to).into_iter().map(|place| self.over_ground_m(place)).fold(0.0, f64::max)
    }

    /// Places on the straight leg at which the surface is looked at: both ends, every border of a cell, and between them some more. Over
    /// each cell that the leg passes lies one of them, and the surface at a border is over all of the ground of the cells beside it.
    pub(crate) fn looks(&self, from: GeoPoint, to: GeoPoint) -> Vec<GeoPoint> {
        let (a, b) = (self.position(from), self.position(to));
        let mut shares = vec![0.0, 1.0];
        for (from, to, lines) in [(a.0, b.0, self.parts.columns), (a.1, b.1, self.rows)] {
            let (low, high) = (from.min(to).max(0.0).ceil(), from.max(to).min((lines - 1) as f64).floor());
            let crossed = (0..lines).map(|line| line as f64).filter(|line| (low..=high).contains(line));
            shares.extend(crossed.map(|line| (line - from) / (to - from)).filter(|share| (0.0..=1.0).contains(share)));
        }
        let pieces = (LocalFrame::new(from).to_local(to).distance_m(&Default::default()).min(LEG_M_MAX) / LOOK_M).ceil().max(1.0);
        shares.extend((1..pieces as usize).map(|piece| piece as f64 / pieces));
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        shares.into_iter().map(|share| between(from, to, share)).collect()
    }

    /// The lowest and the highest altitude of the ground, metres.
    pub fn ground_range_m(&self) -> (f64, f64) {
        let metres = |node_dm: Option<&i32>| f64::from(node_dm.copied().unwrap_or_default()) / DECIMETRES;
        (metres(self.parts.ground_dm.iter().min()), metres(self.parts.ground_dm.iter().max()))
    }

    /// The lowest ground and the lowest and highest surface over a ring and its surroundings, above mean sea level, metres; `None` where
    /// the relief does not reach all of it.
    pub fn over_ring(&self, ring: &Ring) -> Option<OverRing> {
        let at: Vec<(f64, f64)> = ring.corners().iter().map(|corner| self.position(*corner)).collect();
        if !at.iter().all(|at| self.reaches(*at)) {
            return None;
        }
        let low = at.iter().fold((f64::INFINITY, f64::INFINITY), |low, at| (low.0.min(at.0), low.1.min(at.1)));
        let high = at.iter().fold((0.0_f64, 0.0_f64), |high, at| (high.0.max(at.0), high.1.max(at.1)));
        let mut over = OverRing { ground_m: f64::INFINITY, surface_low_m: f64::INFINITY, surface_high_m: f64::NEG_INFINITY };
        for row in low.1.floor() as usize..=(high.1.ceil() as usize).min(self.rows - 1) {
            for column in low.0.floor() as usize..=(high.0.ceil() as usize).min(self.parts.columns - 1) {
                let node = row * self.parts.columns + column;
                let surface_m = f64::from(self.surface_dm(node)) / DECIMETRES;
                over.ground_m = over.ground_m.min(f64::from(self.parts.ground_dm[node] - self.parts.rough_dm) / DECIMETRES);
                over.surface_low_m = over.surface_low_m.min(surface_m);
                over.surface_high_m = over.surface_high_m.max(surface_m);
            }
        }
        Some(over)
    }

    /// How far the lowest surface at a ring lies over the lowest ground there, metres; nought where a low scene has none.
    pub fn surface_over_ground_m(&self, ring: &Ring) -> f64 {
        self.over_ring(ring).map_or(0.0, |over| over.surface_low_m - over.ground_m)
    }

    /// What `over_ring` tells; of all that it knows where it does not reach all of the ring.
    pub fn over_ring_or_all(&self, ring: &Ring) -> OverRing {
        self.over_ring(ring).unwrap_or_else(|| {
            let surface = (0..self.parts.ground_dm.len()).map(|node| self.surface_dm(node));
            let low_dm = surface.min().unwrap_or_default();
            let ground_m = self.ground_range_m().0 - f64::from(self.parts.rough_dm) / DECIMETRES;
            OverRing { ground_m, surface_low_m: f64::from(low_dm) / DECIMETRES, surface_high_m: self.elsewhere_amsl_m() }
        })
    }

    /// The part of it round these places, with so much beside them, metres. Elsewhere it tells the highest surface of the whole.
    pub fn cut(&self, places: &[GeoPoint], beside_m: f64) -> Relief {
        let round = |place: &GeoPoint| [225.0, 45.0].map(|bearing_deg| place.moved(bearing_deg, beside_m * 2.0_f64.sqrt()));
        let at: Vec<(f64, f64)> = places.iter().flat_map(round).map(|place| self.position(place)).collect();
        let span = |of: fn(&(f64, f64)) -> f64, lines: usize| {
            let last = (lines - 1) as f64;
            let low = at.iter().map(of).fold(last, f64::min).clamp(0.0, last - 1.0).floor();
            let high = at.iter().map(of).fold(0.0, f64::max).clamp(low + 1.0, last).ceil();
            (low as usize, high as usize)
        };
        let ((west, east), (south, north)) = (span(|at| at.0, self.parts.columns), span(|at| at.1, self.rows));
        let cells = |values: &[i32]| {
            let rows = (south..=north).map(|row| row * self.parts.columns);
            rows.flat_map(|begin| values[begin + west..=begin + east].to_vec()).collect::<Vec<i32>>()
        };
        let corner = &self.parts.south_west;
        let south_west = GeoPoint::new(
            corner.lat_deg() + south as f64 * self.parts.step_lat_deg,
            corner.lon_deg() + west as f64 * self.parts.step_lon_deg,
        );
        let parts = ReliefParts {
            south_west: south_west.unwrap_or(*corner),
            columns: east - west + 1,
            ground_dm: cells(&self.parts.ground_dm),
            over_dm: cells(&self.parts.over_dm),
            rises_dm: if self.tells_rises() { cells(&self.parts.rises_dm) } else { Vec::new() },
            ..self.parts.clone()
        };
        Self { parts, rows: north - south + 1 }
    }

    fn elsewhere_amsl_m(&self) -> f64 {
        f64::from(self.parts.elsewhere_dm) / DECIMETRES
    }

    fn surface_dm(&self, node: usize) -> i32 {
        self.parts.ground_dm[node] + self.parts.over_dm[node]
    }

    /// In columns from the west and rows from the south.
    fn position(&self, place: GeoPoint) -> (f64, f64) {
        let corner = &self.parts.south_west;
        let (east_deg, north_deg) = (place.lon_deg() - corner.lon_deg(), place.lat_deg() - corner.lat_deg());
        (east_deg / self.parts.step_lon_deg, north_deg / self.parts.step_lat_deg)
    }

    fn reaches(&self, (column, row): (f64, f64)) -> bool {
        (0.0..=(self.parts.columns - 1) as f64).contains(&column) && (0.0..=(self.rows - 1) as f64).contains(&row)
    }

    /// Bilinear, metres.
    fn between(&self, (column, row): (f64, f64), value_dm: impl Fn(usize) -> i32) -> f64 {
        let (west, south) = ((column as usize).min(self.parts.columns - 2), (row as usize).min(self.rows - 2));
        let (east_share, north_share) = (column - west as f64, row - south as f64);
        let value = |column: usize, row: usize| f64::from(value_dm(row * self.parts.columns + column)) / DECIMETRES;
        let along = |row: usize| value(west, row) * (1.0 - east_share) + value(west + 1, row) * east_share;
        along(south) * (1.0 - north_share) + along(south + 1) * north_share
    }
}

/// What lies under and over an outline, above mean sea level, metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverRing {
    /// The lowest ground.
    pub ground_m: f64,
    /// The lowest surface.
    pub surface_low_m: f64,
    /// The highest surface.
    pub surface_high_m: f64,
}

/// So far along the straight leg, in degrees, which is straight enough within a site.
fn between(from: GeoPoint, to: GeoPoint, share: f64) -> GeoPoint {
    if share >= 1.0 {
        return to;
    }
    let lat_deg = from.lat_deg() + share * (to.lat_deg() - from.lat_deg());
    let lon_deg = from.lon_deg() + share * (to.lon_deg() - from.lon_deg());
    // Between two valid places lies a valid one.
    GeoPoint::new(lat_deg, lon_deg).unwrap_or(from)
}
