//! From an elevation grid to the relief of a site: its ground, and the surface over it that its aircraft can follow (ADR 165).

use flight_types::{GeoPoint, LocalFrame, RELIEF_NODES_MAX, Relief, ReliefError, ReliefParts, Ring};

use super::ElevationGrid;

/// Nodes are not closer together than this, metres: finer data make no smoother flights, and travel with every plan.
const STEP_M_MIN: f64 = 30.0;
/// Nodes further apart would have flights pass hills that nobody flies over, metres.
const STEP_M_MAX: f64 = 120.0;
/// The relief reaches so far beyond the fence, metres: an aircraft that was blown over it is still over known ground.
const BEYOND_M: f64 = 60.0;
/// Ground and surface are kept in decimetres.
const DECIMETRES: f64 = 10.0;

/// Why no relief can be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReliefProblem {
    /// The grid does not reach over all of the fence, or has a hole there.
    #[error(
        "it has no height at {:.5}, {:.5}; it must cover the fence and {BEYOND_M} m round it without holes (gdal_fillnodata.py fills them)",
        .0.lat_deg(),
        .0.lon_deg()
    )]
    Hole(GeoPoint),
    /// The fence is so wide that its ground does not fit.
    #[error(
        "a fence of {width_km:.0} by {length_km:.0} km is too wide to follow its ground: at most {RELIEF_NODES_MAX} nodes {STEP_M_MAX} m apart"
    )]
    TooWide {
        /// East to west, kilometres.
        width_km: f64,
        /// North to south, kilometres.
        length_km: f64,
    },
    /// What came of it cannot be.
    #[error(transparent)]
    Relief(#[from] ReliefError),
}

/// The relief within a fence, for aircraft that can climb and sink by `slope` of the way they fly.
pub fn relief(grid: &ElevationGrid, fence: &Ring, slope: f64) -> Result<Relief, ReliefProblem> {
    let nodes = Nodes::lay(grid, fence)?;
    let mut surface_m = nodes.highest_round(grid)?;
    nodes.ease(&mut surface_m, slope);
    let ground_m = nodes.ground(grid)?;
    let ground_dm: Vec<i32> = ground_m.iter().map(|height_m| (height_m * DECIMETRES).round() as i32).collect();
    let surface_dm: Vec<i32> = surface_m.iter().map(|height_m| (height_m * DECIMETRES).ceil() as i32).collect();
    let over_dm = surface_dm.iter().zip(&ground_dm).map(|(surface, ground)| (surface - ground).max(0)).collect();
    let rough_m = nodes.rough_m(grid, &ground_m);
    let told_m: Vec<f64> = ground_dm.iter().map(|height_dm| f64::from(*height_dm) / DECIMETRES).collect();
    let rises_m = nodes.rises_m(grid, &told_m);
    let parts = ReliefParts {
        south_west: nodes.south_west,
        step_lat_deg: nodes.step_lat_deg,
        step_lon_deg: nodes.step_lon_deg,
        columns: nodes.columns,
        ground_dm,
        over_dm,
        elsewhere_dm: surface_dm.iter().copied().max().unwrap_or_default(),
        rough_dm: (rough_m * DECIMETRES).ceil() as i32 + 1,
        rises_dm: rises_m.iter().map(|rise_m| (rise_m * DECIMETRES).ceil() as i32).collect(),
    };
    Ok(Relief::try_from(parts)?)
}

/// Where the relief has its nodes.
struct Nodes {
    south_west: GeoPoint,
    step_lat_deg: f64,
    step_lon_deg: f64,
    /// The same in metres: east, north.
    step_m: (f64, f64),
    columns: usize,
    rows: usize,
}

impl Nodes {
    /// Over the box of the fence and a little beyond.
    fn lay(grid: &ElevationGrid, fence: &Ring) -> Result<Self, ReliefProblem> {
        let corners = fence.corners();
        let frame = LocalFrame::new(crate::model::middle(corners));
        let reach = |corner: &GeoPoint| frame.to_local(*corner);
        let half_east_m = corners.iter().map(|corner| reach(corner).east_m.abs()).fold(0.0, f64::max) + BEYOND_M;
        let half_north_m = corners.iter().map(|corner| reach(corner).north_m.abs()).fold(0.0, f64::max) + BEYOND_M;
        let one_deg = frame.to_geo(flight_types::Local { east_m: 1_000.0, north_m: 1_000.0 });
        let (lat_deg_m, lon_deg_m) =
            ((one_deg.lat_deg() - frame.origin().lat_deg()) / 1_000.0, (one_deg.lon_deg() - frame.origin().lon_deg()) / 1_000.0);
        let (cell_lat_deg, cell_lon_deg) = grid.steps_deg();
        let mut step_m = STEP_M_MIN.max((cell_lat_deg / lat_deg_m).min(cell_lon_deg / lon_deg_m)).min(STEP_M_MAX);
        let lines = |half_m: f64, step_m: f64| (2.0 * half_m / step_m).ceil() as usize + 1;
        while lines(half_east_m, step_m).saturating_mul(lines(half_north_m, step_m)) > RELIEF_NODES_MAX {
            if step_m >= STEP_M_MAX {
                return Err(ReliefProblem::TooWide { width_km: half_east_m / 500.0, length_km: half_north_m / 500.0 });
            }
            step_m = (step_m * 1.1).min(STEP_M_MAX);
        }
        let (columns, rows) = (lines(half_east_m, step_m), lines(half_north_m, step_m));
        // Evenly over the box: no node lies beyond what was asked for.
        let step_m = (2.0 * half_east_m / (columns - 1) as f64, 2.0 * half_north_m / (rows - 1) as f64);
        Ok(Self {
            south_west: frame.to_geo(flight_types::Local { east_m: -half_east_m, north_m: -half_north_m }),
            step_lat_deg: step_m.1 * lat_deg_m,
            step_lon_deg: step_m.0 * lon_deg_m,
            step_m,
            columns,
            rows,
        })
    }

    fn place(&self, column: usize, row: usize) -> GeoPoint {
        let lat_deg = self.south_west.lat_deg() + row as f64 * self.step_lat_deg;
        let lon_deg = self.south_west.lon_deg() + column as f64 * self.step_lon_deg;
        // A box round a valid fence of a town is valid but at the poles and the date line, where the grid then has no height.
        GeoPoint::new(lat_deg, lon_deg).unwrap_or(self.south_west)
    }

    fn all(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let columns = self.columns;
        (0..self.rows).flat_map(move |row| (0..columns).map(move |column| (column, row)))
    }

    fn ground(&self, grid: &ElevationGrid) -> Result<Vec<f64>, ReliefProblem> {
        let height_m = |(column, row)| {
            let place = self.place(column, row);
            grid.height_m(place).ok_or(ReliefProblem::Hole(place))
        };
        self.all().map(height_m).collect()
    }

    /// The heights of the grid that decide the ground within one cell of nodes: columns and rows, ends included.
    fn under(&self, grid: &ElevationGrid, column: usize, row: usize) -> ((usize, usize), (usize, usize)) {
        let (low, high) = (grid.position(self.place(column, row)), grid.position(self.place(column + 1, row + 1)));
        let (columns, rows) = grid.size();
        let span = |low: f64, high: f64, lines: usize| {
            let last = (lines - 1) as f64;
            (low.floor().clamp(0.0, last) as usize, high.ceil().clamp(0.0, last) as usize)
        };
        (span(low.0, high.0, columns), span(low.1, high.1, rows))
    }

    /// At each node the highest ground of the cells that meet there. Between the nodes of a cell the surface is then over all its ground.
    fn highest_round(&self, grid: &ElevationGrid) -> Result<Vec<f64>, ReliefProblem> {
        let mut highest_m = vec![f64::NEG_INFINITY; self.columns * self.rows];
        for (column, row) in self.cells() {
            let ((west, east), (south, north)) = self.under(grid, column, row);
            let mut cell_m = f64::NEG_INFINITY;
            for (fine_column, fine_row) in (south..=north).flat_map(|row| (west..=east).map(move |column| (column, row))) {
                let height_m = grid.at(fine_column, fine_row);
                if height_m.is_nan() {
                    let place = grid.place(fine_column, fine_row).unwrap_or(self.south_west);
                    return Err(ReliefProblem::Hole(place));
                }
                cell_m = cell_m.max(f64::from(height_m));
            }
            for (column, row) in [(column, row), (column + 1, row), (column, row + 1), (column + 1, row + 1)] {
                let node = &mut highest_m[row * self.columns + column];
                *node = node.max(cell_m);
            }
        }
        Ok(highest_m)
    }

    /// Raises what lies lower beside a height than `slope` allows: forward and back over the rows, as distances on a grid are found.
    fn ease(&self, surface_m: &mut [f64], slope: f64) {
        let (east_m, north_m) = self.step_m;
        let diagonal_m = east_m.hypot(north_m);
        let before = [(-1, 0, east_m), (-1, -1, diagonal_m), (0, -1, north_m), (1, -1, diagonal_m)];
        let after = before.map(|(columns, rows, way_m)| (-columns, -rows, way_m));
        for ((column, row), beside) in self.all().map(|node| (node, before)).chain(self.backwards().map(|node| (node, after))) {
            for (columns, rows, way_m) in beside {
                let (Some(other_column), Some(other_row)) = (column.checked_add_signed(columns), row.checked_add_signed(rows))
                else {
                    continue;
                };
                if other_column < self.columns && other_row < self.rows {
                    let other_m = surface_m[other_row * self.columns + other_column] - slope * way_m;
                    let node = &mut surface_m[row * self.columns + column];
                    *node = node.max(other_m);
                }
            }
        }
    }

    fn backwards(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let columns = self.columns;
        (0..self.rows).rev().flat_map(move |row| (0..columns).rev().map(move |column| (column, row)))
    }

    /// How far the ground lies under what its nodes tell, at most, metres.
    fn rough_m(&self, grid: &ElevationGrid, ground_m: &[f64]) -> f64 {
        let mut rough_m = 0.0_f64;
        for (column, row) in self.cells() {
            let ((west, east), (south, north)) = self.under(grid, column, row);
            for (fine_column, fine_row) in (south..=north).flat_map(|row| (west..=east).map(move |column| (column, row))) {
                let Some(place) = grid.place(fine_column, fine_row) else { continue };
                rough_m = rough_m.max(self.told_m(ground_m, place, (column, row)) - f64::from(grid.at(fine_column, fine_row)));
            }
        }
        rough_m
    }

    /// How far the ground of the cells that meet at each node lies over what the nodes tell there, at most, metres. Grid and nodes both tell
    /// straight on between their lines, so that the most of it is where two lines cross.
    fn rises_m(&self, grid: &ElevationGrid, told_m: &[f64]) -> Vec<f64> {
        let mut rises_m = vec![0.0_f64; self.columns * self.rows];
        for (column, row) in self.cells() {
            let (low, high) = (self.place(column, row), self.place(column + 1, row + 1));
            let ((west, east), (south, north)) = self.under(grid, column, row);
            let between = |low_deg: f64, high_deg: f64, lines_deg: Vec<f64>| {
                let inside = lines_deg.into_iter().filter(move |line_deg| (low_deg..=high_deg).contains(line_deg));
                inside.chain([low_deg, high_deg]).collect::<Vec<f64>>()
            };
            let lon_deg = (west..=east).filter_map(|line| grid.place(line, south)).map(|place| place.lon_deg()).collect();
            let lat_deg = (south..=north).filter_map(|line| grid.place(west, line)).map(|place| place.lat_deg()).collect();
            let lon_deg = between(low.lon_deg(), high.lon_deg(), lon_deg);
            let lat_deg = between(low.lat_deg(), high.lat_deg(), lat_deg);
            let crossings = lat_deg.iter().flat_map(|lat| lon_deg.iter().filter_map(|lon| GeoPoint::new(*lat, *lon).ok()));
            let rises = crossings.filter_map(|place| Some(grid.height_m(place)? - self.told_m(told_m, place, (column, row))));
            let rise_m = rises.fold(0.0, f64::max);
            for (column, row) in [(column, row), (column + 1, row), (column, row + 1), (column + 1, row + 1)] {
                let node = &mut rises_m[row * self.columns + column];
                *node = node.max(rise_m);
            }
        }
        rises_m
    }

    /// Each by its node furthest south and west.
    fn cells(&self) -> impl Iterator<Item = (usize, usize)> {
        self.all().filter(|(column, row)| column + 1 < self.columns && row + 1 < self.rows)
    }

    /// What the nodes round this cell tell of a place in it, metres.
    fn told_m(&self, ground_m: &[f64], place: GeoPoint, (column, row): (usize, usize)) -> f64 {
        let corner = self.place(column, row);
        let east = ((place.lon_deg() - corner.lon_deg()) / self.step_lon_deg).clamp(0.0, 1.0);
        let north = ((place.lat_deg() - corner.lat_deg()) / self.step_lat_deg).clamp(0.0, 1.0);
        let at = |column: usize, row: usize| ground_m[row * self.columns + column];
        let along = |row: usize| at(column, row) * (1.0 - east) + at(column + 1, row) * east;
        along(row) * (1.0 - north) + along(row + 1) * north
    }
}
