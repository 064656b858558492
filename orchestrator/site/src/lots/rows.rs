//! Rows of bays on bare ground: double-loaded aisles, turned and shifted so that the most bays fit. In a flat plane of metres.
//!
//! Every direction of the outline's longer sides is tried, along and across, and many shifts of each; rows and aisles are cut where
//! outline or holes reach into them. Where cars come in is not known: whoever corrects the plan takes out the bays in the way.

use flight_types::Local;

use super::plane::{contains, sides};

/// Across a bay that stands at a right angle to its aisle, metres: Korea's general bay (Enforcement Rule of the Parking Lot Act,
/// article 3, paragraph 1: 2.5 m by 5.0 m since 2019).
pub const BAY_WIDTH_M: f64 = 2.5;
/// Along such a bay, metres; the same source.
pub const BAY_LENGTH_M: f64 = 5.0;
/// Between facing rows at right angles, metres (the same rule, article 6, paragraph 1, item 3).
pub const AISLE_M: f64 = 6.0;

/// Kept free to the outline and to holes, metres: more than what rounding to centimetres moves.
const EDGE_M: f64 = 0.05;
/// A row, its aisle, the facing row.
const PERIOD_M: f64 = 2.0 * BAY_LENGTH_M + AISLE_M;
/// Between two shifts that are tried, metres: a twentieth of a bay's length loses no row that a ruler would find.
const SHIFT_M: f64 = 0.25;
/// Directions that are tried: lots have two to four, the rest is corners cut off.
const DIRECTIONS_MAX: usize = 6;
/// Sides whose directions differ by less count as one, degrees.
const SAME_DIRECTION_DEG: f64 = 2.0;
/// Looking at strips of the ground ends here: some square kilometres with hundreds of corners, half a second.
const STRIPS_MAX: usize = 200_000;

/// Bays side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BayRow {
    /// The first bay's corner at the aisle, the left one for who drives in.
    pub begin: Local,
    /// Direction from the aisle into the bays, degrees clockwise from north.
    pub heading_deg: f64,
    /// How many.
    pub count: usize,
}

impl BayRow {
    /// Corners of one bay: at the aisle left and right, then the far ones, right and left.
    pub fn bay(&self, at: usize) -> [Local; 4] {
        self.piece(at, at + 1)
    }

    /// Corners of all its bays together.
    pub fn outline(&self) -> [Local; 4] {
        self.piece(0, self.count)
    }

    fn piece(&self, from: usize, to: usize) -> [Local; 4] {
        let (sin, cos) = self.heading_deg.to_radians().sin_cos();
        let place = |right_m: f64, ahead_m: f64| Local {
            east_m: self.begin.east_m + right_m * cos + ahead_m * sin,
            north_m: self.begin.north_m - right_m * sin + ahead_m * cos,
        };
        let (left, right) = (from as f64 * BAY_WIDTH_M, to as f64 * BAY_WIDTH_M);
        [place(left, 0.0), place(right, 0.0), place(right, BAY_LENGTH_M), place(left, BAY_LENGTH_M)]
    }
}

/// Rows with the ground that holds them: two that face each other over an aisle, or one alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The rows and, between two, their aisle.
    pub ring: [Local; 4],
    /// One or two.
    pub rows: Vec<BayRow>,
}

/// Lays out bays inside an outline and outside holes. A single row without an aisle, beside a street that cars come in from, is taken
/// where it holds more than rows with their aisles do.
pub fn blocks(outline: &[Local], holes: &[Vec<Local>]) -> Vec<Block> {
    let directions = directions(outline);
    let mut strips_left = STRIPS_MAX;
    let mut best: (usize, Vec<Block>) = (0, Vec::new());
    for kind in [Kind::Facing, Kind::Alone] {
        for direction_rad in &directions {
            let ground = Ground::turned(outline, holes, *direction_rad);
            for y_m in ground.shifts(kind) {
                let Some(strips) = strips_left.checked_sub(ground.strips(kind)) else { break };
                strips_left = strips;
                let blocks = ground.fill(kind, y_m);
                let count = blocks.iter().flat_map(|block| &block.rows).map(|row| row.count).sum();
                if best.0 < count {
                    best = (count, blocks.iter().map(|block| ground.turned_back(block)).collect());
                }
            }
        }
    }
    best.1
}

/// How rows lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// In pairs over an aisle.
    Facing,
    /// One beside a street.
    Alone,
}

/// Directions worth trying, radians left of east within half a turn: those of the longest sides, and across.
fn directions(outline: &[Local]) -> Vec<f64> {
    let half_turn = std::f64::consts::PI;
    let mut along: Vec<(f64, f64)> = Vec::new();
    for (a, b) in sides(outline) {
        let (x, y) = (b.east_m - a.east_m, b.north_m - a.north_m);
        let direction = y.atan2(x).rem_euclid(half_turn);
        let differs = |other: f64| {
            let off = (direction - other).abs();
            off.min(half_turn - off).to_degrees() >= SAME_DIRECTION_DEG
        };
        match along.iter_mut().find(|(other, _)| !differs(*other)) {
            Some((_, length_m)) => *length_m += x.hypot(y),
            None => along.push((direction, x.hypot(y))),
        }
    }
    along.sort_by(|a, b| b.1.total_cmp(&a.1));
    along.truncate(DIRECTIONS_MAX);
    let mut directions: Vec<f64> = Vec::new();
    for direction in along.iter().flat_map(|(along, _)| [*along, (along + half_turn / 2.0).rem_euclid(half_turn)]) {
        if !directions.contains(&direction) {
            directions.push(direction);
        }
    }
    directions
}

/// Outline and holes, turned so that rows run from west to east.
struct Ground {
    rings: Vec<Vec<Local>>,
    low_m: f64,
    high_m: f64,
    direction_rad: f64,
}

/// A row before it is turned back: from where, and how many bays.
#[derive(Debug, Clone, Copy)]
struct Run {
    from_m: f64,
    count: usize,
}

impl Run {
    fn to_m(self) -> f64 {
        self.from_m + self.count as f64 * BAY_WIDTH_M
    }
}

fn turned(at: Local, rad: f64) -> Local {
    let (sin, cos) = rad.sin_cos();
    Local { east_m: at.east_m * cos - at.north_m * sin, north_m: at.east_m * sin + at.north_m * cos }
}

impl Ground {
    fn turned(outline: &[Local], holes: &[Vec<Local>], direction_rad: f64) -> Self {
        let turn = |ring: &[Local]| ring.iter().map(|at| turned(*at, -direction_rad)).collect::<Vec<Local>>();
        let outer = turn(outline);
        let low_m = outer.iter().map(|at| at.north_m).fold(f64::INFINITY, f64::min);
        let high_m = outer.iter().map(|at| at.north_m).fold(f64::NEG_INFINITY, f64::max);
        let rings = std::iter::once(outer).chain(holes.iter().map(|hole| turn(hole))).collect();
        Self { rings, low_m, high_m, direction_rad }
    }

    /// Where the first period may begin: every shift, and the one that ends at the far edge.
    fn shifts(&self, kind: Kind) -> impl Iterator<Item = f64> + use<> {
        let first_m = self.low_m + EDGE_M;
        let (period_m, flush_m) = match kind {
            Kind::Facing => (PERIOD_M, first_m + (self.high_m - EDGE_M - first_m).rem_euclid(PERIOD_M)),
            Kind::Alone => ((self.high_m - self.low_m - BAY_LENGTH_M).max(SHIFT_M), self.high_m - EDGE_M - BAY_LENGTH_M),
        };
        let steps = (period_m / SHIFT_M).ceil().min(STRIPS_MAX as f64) as usize;
        (0..steps).map(move |step| first_m + step as f64 * SHIFT_M).chain([flush_m])
    }

    /// How many strips of the ground one shift looks at.
    fn strips(&self, kind: Kind) -> usize {
        match kind {
            Kind::Facing => 3 * (((self.high_m - self.low_m) / PERIOD_M).min(STRIPS_MAX as f64) as usize + 2),
            Kind::Alone => 1,
        }
    }

    fn fill(&self, kind: Kind, y_m: f64) -> Vec<Block> {
        match kind {
            Kind::Facing => {
                let periods = ((self.high_m - self.low_m) / PERIOD_M).ceil() as usize + 1;
                (0..periods).flat_map(|number| self.pair(y_m + (number as f64 - 1.0) * PERIOD_M)).collect()
            }
            Kind::Alone => {
                let runs = self.runs(y_m, y_m + BAY_LENGTH_M);
                runs.into_iter().map(|run| alone(run, y_m, y_m + BAY_LENGTH_M, true)).collect()
            }
        }
    }

    /// The rows on both sides of the aisle of one period.
    fn pair(&self, y_m: f64) -> Vec<Block> {
        let (aisle_m, far_m, end_m) = (y_m + BAY_LENGTH_M, y_m + BAY_LENGTH_M + AISLE_M, y_m + PERIOD_M);
        let mut near = self.runs(y_m, far_m);
        let mut far = self.runs(aisle_m, end_m);
        let mut blocks = Vec::new();
        for (from_m, to_m) in self.free(y_m - EDGE_M, end_m + EDGE_M) {
            let is_within = |run: &Run| from_m <= run.from_m && run.to_m() <= to_m;
            let (Some(a), Some(b)) = (near.iter().position(is_within), far.iter().position(is_within)) else { continue };
            let (a, b) = (near.swap_remove(a), far.swap_remove(b));
            let (west, east) = (a.from_m.min(b.from_m), a.to_m().max(b.to_m()));
            let rows = vec![row(a, aisle_m, false), row(b, far_m, true)];
            blocks.push(Block { ring: rectangle(west, east, y_m, end_m), rows });
        }
        blocks.extend(near.into_iter().map(|run| alone(run, y_m, aisle_m, false)));
        blocks.extend(far.into_iter().map(|run| alone(run, far_m, end_m, true)));
        blocks
    }

    /// Rows that fit between two northings.
    fn runs(&self, south_m: f64, north_m: f64) -> Vec<Run> {
        let fits = |(from_m, to_m): (f64, f64)| {
            let count = ((to_m - from_m - 2.0 * EDGE_M) / BAY_WIDTH_M).floor().max(0.0) as usize;
            // What is left over goes to both ends.
            let spare_m = to_m - from_m - count as f64 * BAY_WIDTH_M;
            (0 < count).then_some(Run { from_m: from_m + spare_m / 2.0, count })
        };
        self.free(south_m - EDGE_M, north_m + EDGE_M).into_iter().filter_map(fits).collect()
    }

    /// From where to where the whole strip between two northings is ground.
    fn free(&self, south_m: f64, north_m: f64) -> Vec<(f64, f64)> {
        let mut taken: Vec<(f64, f64)> = Vec::new();
        for (a, b) in self.rings.iter().flat_map(|ring| sides(ring)) {
            let (low, high) = if a.north_m <= b.north_m { (a, b) } else { (b, a) };
            if high.north_m <= south_m || north_m <= low.north_m {
                continue;
            }
            let at = |y_m: f64| {
                let share = (y_m - low.north_m) / (high.north_m - low.north_m).max(f64::MIN_POSITIVE);
                low.east_m + (high.east_m - low.east_m) * share.clamp(0.0, 1.0)
            };
            let (p, q) = match low.north_m < high.north_m {
                true => (at(south_m.max(low.north_m)), at(north_m.min(high.north_m))),
                false => (low.east_m, high.east_m),
            };
            taken.push((p.min(q), p.max(q)));
        }
        taken.sort_by(|a, b| a.0.total_cmp(&b.0));
        let middle_m = (south_m + north_m) / 2.0;
        let mut free = Vec::new();
        let mut until_m = f64::NEG_INFINITY;
        for (from_m, to_m) in taken {
            let ground = Local { east_m: (until_m + from_m) / 2.0, north_m: middle_m };
            if until_m.is_finite() && until_m < from_m && self.is_ground(ground) {
                free.push((until_m, from_m));
            }
            until_m = until_m.max(to_m);
        }
        free
    }

    fn is_ground(&self, at: Local) -> bool {
        contains(&self.rings[0], at) && !self.rings[1..].iter().any(|hole| contains(hole, at))
    }

    fn turned_back(&self, block: &Block) -> Block {
        let rad = self.direction_rad;
        let row = |row: &BayRow| BayRow {
            begin: turned(row.begin, rad),
            heading_deg: (row.heading_deg - rad.to_degrees()).rem_euclid(360.0),
            count: row.count,
        };
        Block { ring: block.ring.map(|corner| turned(corner, rad)), rows: block.rows.iter().map(row).collect() }
    }
}

fn rectangle(west_m: f64, east_m: f64, south_m: f64, north_m: f64) -> [Local; 4] {
    let at = |east_m, north_m| Local { east_m, north_m };
    [at(west_m, south_m), at(east_m, south_m), at(east_m, north_m), at(west_m, north_m)]
}

/// A row whose bays begin at this northing and lie north or south of it.
fn row(run: Run, mouth_m: f64, north: bool) -> BayRow {
    match north {
        true => BayRow { begin: Local { east_m: run.from_m, north_m: mouth_m }, heading_deg: 0.0, count: run.count },
        false => BayRow { begin: Local { east_m: run.to_m(), north_m: mouth_m }, heading_deg: 180.0, count: run.count },
    }
}

fn alone(run: Run, south_m: f64, north_m: f64, north: bool) -> Block {
    let mouth_m = if north { south_m } else { north_m };
    Block { ring: rectangle(run.from_m, run.to_m(), south_m, north_m), rows: vec![row(run, mouth_m, north)] }
}
