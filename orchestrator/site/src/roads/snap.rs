//! Finds the stretch of road nearest to a place.

use flight_types::{GeoPoint, Local, LocalFrame};

use crate::roads::graph::Graph;

/// A place further from every road than this is not on the network, metres.
pub const SNAP_DISTANCE_MAX_M: f64 = 1_000.0;

/// A path must be this much nearer than a drivable road to be taken, metres: a pavement drawn beside its street is not where the
/// vehicle goes.
const PATH_HANDICAP_M: f64 = 15.0;

/// Cell of the lookup grid, metres: a few stretches each in a town.
const CELL_M: f64 = 100.0;

/// Cells at most, so that one far-off road cannot claim all memory; cells grow instead.
const CELLS_MAX: f64 = 1_000_000.0;

/// A place moved onto the road network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snapped {
    /// On the road.
    pub point: GeoPoint,
    /// From the place asked for, metres.
    pub offset_m: f64,
    /// Index of the road among those the times were built from.
    pub road: usize,
    pub(crate) stretch: u32,
    /// How far along the stretch's line, 0 at its beginning, 1 at its end.
    pub(crate) share: f64,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    a: Local,
    b: Local,
    stretch: u32,
    /// Metres of the stretch before this segment.
    before_m: f64,
    handicap_m: f64,
}

/// A grid of road segments.
#[derive(Debug, Clone)]
pub(crate) struct SnapGrid {
    frame: LocalFrame,
    west_m: f64,
    south_m: f64,
    cell_m: f64,
    columns: i64,
    rows: i64,
    /// Where each cell's list begins in `members`; one more than there are cells.
    starts: Vec<u32>,
    members: Vec<u32>,
    segments: Vec<Segment>,
    /// Length of each stretch in this frame, metres, so that shares reach exactly from 0 to 1.
    lengths_m: Vec<f64>,
}

impl SnapGrid {
    /// Lays the grid; `None` when there are no roads.
    pub fn build(graph: &Graph) -> Option<Self> {
        let points: Vec<GeoPoint> = graph.stretches.iter().flat_map(|stretch| stretch.line.iter().copied()).collect();
        if points.is_empty() {
            return None;
        }
        let frame = LocalFrame::new(crate::model::middle(&points));
        let mut grid = Self::extent(frame, &points);
        grid.add_segments(graph);
        grid.fill();
        Some(grid)
    }

    fn extent(frame: LocalFrame, points: &[GeoPoint]) -> Self {
        let locals = points.iter().map(|point| frame.to_local(*point));
        let mut low = Local { east_m: f64::INFINITY, north_m: f64::INFINITY };
        let mut high = Local { east_m: f64::NEG_INFINITY, north_m: f64::NEG_INFINITY };
        for local in locals {
            low = Local { east_m: low.east_m.min(local.east_m), north_m: low.north_m.min(local.north_m) };
            high = Local { east_m: high.east_m.max(local.east_m), north_m: high.north_m.max(local.north_m) };
        }
        let (width_m, height_m) = (high.east_m - low.east_m + 1.0, high.north_m - low.north_m + 1.0);
        let cell_m = CELL_M.max((width_m * height_m / CELLS_MAX).sqrt()).max(width_m.max(height_m) / CELLS_MAX.sqrt() / 8.0);
        let cells = |length_m: f64| (length_m / cell_m).ceil() as i64;
        let (columns, rows) = (cells(width_m), cells(height_m));
        let (west_m, south_m) = (low.east_m, low.north_m);
        let (starts, members, segments, lengths_m) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { frame, west_m, south_m, cell_m, columns, rows, starts, members, segments, lengths_m }
    }

    fn add_segments(&mut self, graph: &Graph) {
        for (stretch, data) in (0u32..).zip(&graph.stretches) {
            let mut before_m = 0.0;
            for pair in data.line.windows(2) {
                let (a, b) = (self.frame.to_local(pair[0]), self.frame.to_local(pair[1]));
                let handicap_m = if data.on_foot { PATH_HANDICAP_M } else { 0.0 };
                self.segments.push(Segment { a, b, stretch, before_m, handicap_m });
                before_m += a.distance_m(&b);
            }
            self.lengths_m.push(before_m);
        }
    }

    fn fill(&mut self) {
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (number, segment) in (0u32..).zip(&self.segments) {
            let (low, high) = (self.cell_of(lower(segment)), self.cell_of(upper(segment)));
            for row in low.1..=high.1 {
                pairs.extend((low.0..=high.0).map(|column| ((row * self.columns + column) as u32, number)));
            }
        }
        pairs.sort_unstable();
        let cells = (self.columns * self.rows) as usize;
        self.starts = vec![0; cells + 1];
        for (cell, _) in &pairs {
            self.starts[*cell as usize + 1] += 1;
        }
        for cell in 0..cells {
            self.starts[cell + 1] += self.starts[cell];
        }
        self.members = pairs.into_iter().map(|(_, number)| number).collect();
    }

    fn cell_of(&self, local: Local) -> (i64, i64) {
        let column = ((local.east_m - self.west_m) / self.cell_m).floor() as i64;
        let row = ((local.north_m - self.south_m) / self.cell_m).floor() as i64;
        (column.clamp(0, self.columns - 1), row.clamp(0, self.rows - 1))
    }

    /// The nearest place on a road, or `None` when there is none within [`SNAP_DISTANCE_MAX_M`].
    pub fn snap(&self, graph: &Graph, point: GeoPoint) -> Option<Snapped> {
        let local = self.frame.to_local(point);
        let mut best = Best { score_m: SNAP_DISTANCE_MAX_M + PATH_HANDICAP_M, offset_m: 0.0, segment: None, share: 0.0 };
        if self.outside_m(local) > SNAP_DISTANCE_MAX_M {
            return None;
        }
        let centre = self.cell_of(local);
        let inside_m = self.to_edge_m(centre, local);
        for ring in 0..=self.columns.max(self.rows) {
            // Between the place and this ring lie the rest of its own cell and ring - 1 whole ones.
            if ring > 0 && inside_m + (ring - 1) as f64 * self.cell_m > best.score_m {
                break;
            }
            self.look_round(centre, ring, local, &mut best);
        }
        self.chosen(graph, &best)
    }

    /// The same by looking at every segment, for tests.
    #[cfg(test)]
    pub fn snap_slowly(&self, graph: &Graph, point: GeoPoint) -> Option<Snapped> {
        let local = self.frame.to_local(point);
        let mut best = Best { score_m: SNAP_DISTANCE_MAX_M + PATH_HANDICAP_M, offset_m: 0.0, segment: None, share: 0.0 };
        (0..self.starts.len() - 1).for_each(|cell| self.look_in(cell, local, &mut best));
        self.chosen(graph, &best)
    }

    fn chosen(&self, graph: &Graph, best: &Best) -> Option<Snapped> {
        let segment = &self.segments[best.segment?];
        (best.offset_m <= SNAP_DISTANCE_MAX_M).then(|| self.snapped(graph, segment, best))
    }

    fn outside_m(&self, local: Local) -> f64 {
        let beyond = |offset_m: f64, length_m: f64| (-offset_m).max(offset_m - length_m).max(0.0);
        beyond(local.east_m - self.west_m, self.columns as f64 * self.cell_m)
            .max(beyond(local.north_m - self.south_m, self.rows as f64 * self.cell_m))
    }

    /// From a place to the nearest edge of its own cell, metres; nothing for a place outside, whose cell is the nearest to it.
    fn to_edge_m(&self, cell: (i64, i64), local: Local) -> f64 {
        let inside = |offset_m: f64, cell: i64| {
            let begin_m = offset_m - cell as f64 * self.cell_m;
            begin_m.min(self.cell_m - begin_m)
        };
        inside(local.east_m - self.west_m, cell.0).min(inside(local.north_m - self.south_m, cell.1)).max(0.0)
    }

    /// From a place to the nearest point of a cell, metres.
    fn to_cell_m(&self, cell: (i64, i64), local: Local) -> f64 {
        let beside = |offset_m: f64, cell: i64| {
            let begin_m = cell as f64 * self.cell_m - offset_m;
            begin_m.max(-begin_m - self.cell_m).max(0.0)
        };
        beside(local.east_m - self.west_m, cell.0).hypot(beside(local.north_m - self.south_m, cell.1))
    }

    fn look_round(&self, centre: (i64, i64), ring: i64, local: Local, best: &mut Best) {
        for row in (centre.1 - ring).max(0)..=(centre.1 + ring).min(self.rows - 1) {
            let step = if (row - centre.1).abs() == ring { 1 } else { (2 * ring).max(1) };
            let mut column = centre.0 - ring;
            while column <= centre.0 + ring {
                if (0..self.columns).contains(&column) && self.to_cell_m((column, row), local) <= best.score_m {
                    self.look_in((row * self.columns + column) as usize, local, best);
                }
                column += step;
            }
        }
    }

    fn look_in(&self, cell: usize, local: Local, best: &mut Best) {
        for number in &self.members[self.starts[cell] as usize..self.starts[cell + 1] as usize] {
            let segment = &self.segments[*number as usize];
            let (offset_m, share) = nearest_on(segment, local);
            let score_m = offset_m + segment.handicap_m;
            let lower_number = best.segment.is_none_or(|held| (*number as usize) < held);
            if score_m < best.score_m || (score_m == best.score_m && lower_number) {
                *best = Best { score_m, offset_m, segment: Some(*number as usize), share };
            }
        }
    }

    fn snapped(&self, graph: &Graph, segment: &Segment, best: &Best) -> Snapped {
        let stretch = &graph.stretches[segment.stretch as usize];
        let on = along(segment, best.share);
        let along_m = segment.before_m + best.share * segment.a.distance_m(&segment.b);
        Snapped {
            point: self.frame.to_geo(on),
            offset_m: best.offset_m,
            road: stretch.road as usize,
            stretch: segment.stretch,
            share: (along_m / self.lengths_m[segment.stretch as usize]).clamp(0.0, 1.0),
        }
    }
}

struct Best {
    score_m: f64,
    offset_m: f64,
    segment: Option<usize>,
    share: f64,
}

fn lower(segment: &Segment) -> Local {
    Local { east_m: segment.a.east_m.min(segment.b.east_m), north_m: segment.a.north_m.min(segment.b.north_m) }
}

fn upper(segment: &Segment) -> Local {
    Local { east_m: segment.a.east_m.max(segment.b.east_m), north_m: segment.a.north_m.max(segment.b.north_m) }
}

fn along(segment: &Segment, share: f64) -> Local {
    Local {
        east_m: segment.a.east_m + share * (segment.b.east_m - segment.a.east_m),
        north_m: segment.a.north_m + share * (segment.b.north_m - segment.a.north_m),
    }
}

/// Distance to a segment, metres, and the share of it where it is nearest.
fn nearest_on(segment: &Segment, local: Local) -> (f64, f64) {
    let (east_m, north_m) = (segment.b.east_m - segment.a.east_m, segment.b.north_m - segment.a.north_m);
    let length_squared = east_m * east_m + north_m * north_m;
    let dot = (local.east_m - segment.a.east_m) * east_m + (local.north_m - segment.a.north_m) * north_m;
    let share = if length_squared > 0.0 { (dot / length_squared).clamp(0.0, 1.0) } else { 0.0 };
    (local.distance_m(&along(segment, share)), share)
}
