//! Where every guard is, kept so that "the nearest eight who are free within three kilometres" takes a few microseconds while a
//! hundred thousand of them move.
//!
//! A uniform grid over a flat frame. Each cell's guards lie in blocks of eight, coordinates beside coordinates, so that a search
//! reads whole cache lines and a move within a cell writes two of them. Border cells reach to infinity: a guard outside the grid is
//! kept in the border cell nearest to it and is still found exactly. The grid is laid anew, finer or wider, when the number of
//! guards has grown fourfold or many lie outside; that cost is spread over the moves that caused it.
//!
//! Distances are those of the flat frame (under 0.1 % off within 30 km of its origin) over positions kept as 32-bit metres, which
//! is a centimetre at 100 km. Ties go to the lower slot. Equal indexes give equal answers whatever the order of the moves.

use flight_types::{GeoPoint, LocalFrame};

/// Guards per block: eight 32-bit coordinates are half a cache line and one vector register.
const LANES: usize = 8;

/// Guards a cell is laid out for. With a half-full block, the nine cells round a query hold the eight nearest most of the time.
const GUARDS_PER_CELL: f32 = 4.0;

/// Cells at most: 1024 × 1024 heads are 128 MB, which a million guards are worth and nothing else is.
const CELLS_PER_SIDE_MAX: u32 = 1_024;

/// Guards below which the grid is not worth laying anew.
const REBUILD_COUNT_MIN: usize = 256;

/// Cells are not made smaller than this, metres: a fix is no better.
const CELL_M_MIN: f32 = 20.0;

/// "No block", "no guard in this slot".
const NONE: u32 = u32::MAX;

/// A guard found near a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// The guard's slot.
    pub slot: u32,
    /// Straight distance, metres.
    pub distance_m: f64,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    east_m: f32,
    north_m: f32,
    block: u32,
    lane: u32,
}

const EMPTY_SLOT: Slot = Slot { east_m: 0.0, north_m: 0.0, block: NONE, lane: 0 };

/// Up to eight guards of one cell. The head of a cell is the block with the cell's number; further blocks hang behind it, full.
#[derive(Debug, Clone, Copy)]
#[repr(align(128))]
struct Block {
    east_m: [f32; LANES],
    north_m: [f32; LANES],
    slots: [u32; LANES],
    count: u32,
    next: u32,
    /// The cell it belongs to, also its head block.
    cell: u32,
}

const EMPTY_BLOCK: Block =
    Block { east_m: [0.0; LANES], north_m: [0.0; LANES], slots: [NONE; LANES], count: 0, next: NONE, cell: NONE };

/// The extent and fineness of a grid.
#[derive(Debug, Clone, Copy)]
struct Layout {
    west_m: f32,
    south_m: f32,
    cell_m: f32,
    cells_per_m: f32,
    columns: u32,
    rows: u32,
}

/// Exact nearest-guard search over moving guards. Slots are small numbers that the caller gives out, one a guard.
#[derive(Debug, Clone)]
pub struct GuardIndex {
    frame: LocalFrame,
    lat_0_deg: f64,
    lon_0_deg: f64,
    metres_per_degree_lat: f64,
    metres_per_degree_lon: f64,
    slots: Vec<Slot>,
    blocks: Vec<Block>,
    free_blocks: Vec<u32>,
    layout: Layout,
    count: usize,
    count_at_layout: usize,
    outside: usize,
}

impl GuardIndex {
    /// An empty index whose flat frame touches the ground at `centre`, the middle of the district.
    pub fn new(centre: GeoPoint) -> Self {
        let frame = LocalFrame::new(centre);
        let unit = |lat: f64, lon: f64| frame.to_geo(flight_types::Local { east_m: lon, north_m: lat });
        // One kilometre each way gives the frame's scale without knowing its insides.
        let metres_per_degree_lat = 1_000.0 / (unit(1_000.0, 0.0).lat_deg() - centre.lat_deg()).abs().max(f64::MIN_POSITIVE);
        let lon_step = (unit(0.0, 1_000.0).lon_deg() - centre.lon_deg() + 540.0).rem_euclid(360.0) - 180.0;
        let metres_per_degree_lon = 1_000.0 / lon_step.abs().max(f64::MIN_POSITIVE);
        let layout = Layout::over(-5_000.0, -5_000.0, 5_000.0, 5_000.0, REBUILD_COUNT_MIN);
        let mut index = Self {
            frame,
            lat_0_deg: centre.lat_deg(),
            lon_0_deg: centre.lon_deg(),
            metres_per_degree_lat,
            metres_per_degree_lon,
            slots: Vec::new(),
            blocks: Vec::new(),
            free_blocks: Vec::new(),
            layout,
            count: 0,
            count_at_layout: REBUILD_COUNT_MIN,
            outside: 0,
        };
        index.lay(layout);
        index
    }

    /// How many guards it holds.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Where a guard is, if it is held.
    pub fn position(&self, slot: u32) -> Option<GeoPoint> {
        let held = self.slots.get(slot as usize).filter(|held| held.block != NONE)?;
        Some(self.frame.to_geo(flight_types::Local { east_m: f64::from(held.east_m), north_m: f64::from(held.north_m) }))
    }

    /// Puts a guard there, or moves them. Slots should be dense from 0: room is kept up to the highest.
    pub fn upsert(&mut self, slot: u32, point: GeoPoint) {
        let (east_m, north_m) = self.flat(point);
        if slot as usize >= self.slots.len() {
            self.slots.resize(slot as usize + 1, EMPTY_SLOT);
        }
        let cell = self.layout.cell(east_m, north_m);
        let held = self.slots[slot as usize];
        if held.block == NONE {
            self.insert(slot, cell, east_m, north_m);
            return;
        }
        let block = &mut self.blocks[held.block as usize];
        if block.cell == cell {
            let lane = held.lane as usize & (LANES - 1);
            block.east_m[lane] = east_m;
            block.north_m[lane] = north_m;
            self.slots[slot as usize] = Slot { east_m, north_m, ..held };
            return;
        }
        self.take_out(held);
        self.put_in(slot, cell, east_m, north_m);
        self.outside += usize::from(self.layout.is_outside(east_m, north_m));
        self.relay_when_outside();
    }

    /// Forgets a guard. Returns whether they were held.
    pub fn remove(&mut self, slot: u32) -> bool {
        match self.slots.get(slot as usize) {
            Some(held) if held.block != NONE => {
                self.take_out(*held);
                self.slots[slot as usize] = EMPTY_SLOT;
                self.count -= 1;
                true
            }
            Some(_) | None => false,
        }
    }

    /// The at most `count_max` nearest guards within `within_m` metres whom `filter` lets through, nearest first, ties by slot.
    pub fn nearest(&self, point: GeoPoint, within_m: f64, count_max: usize, filter: impl FnMut(u32) -> bool) -> Vec<Near> {
        let mut found = Vec::new();
        self.nearest_keys(point, within_m, count_max, filter, &mut found);
        found
            .into_iter()
            .map(|key| Near { slot: key as u32, distance_m: f64::from(f32::from_bits((key >> 32) as u32)).sqrt() })
            .collect()
    }

    /// Fills `best` with `squared distance bits << 32 | slot`, ascending: the bits of non-negative floats sort as the floats do.
    fn nearest_keys(&self, point: GeoPoint, within_m: f64, count_max: usize, filter: impl FnMut(u32) -> bool, best: &mut Vec<u64>) {
        let (east_m, north_m) = self.flat(point);
        let within = within_m as f32;
        // A guard at exactly the radius counts, so the limit is the largest key with that distance. NaN and negatives find nobody.
        if count_max == 0 || within.is_nan() || within < 0.0 {
            return;
        }
        best.reserve(count_max.min(self.count) + 1);
        let limit = key_of((within * within).min(f32::MAX), u32::MAX);
        let mut search = Search { east_m, north_m, limit, count_max, filter, best };
        let (column, row) = self.layout.column_row(east_m, north_m);
        let rings_max = self.layout.columns.max(self.layout.rows);
        for ring in 0..rings_max {
            self.search_ring(&mut search, column, row, ring);
            let unseen_m = self.layout.unseen_beyond(column, row, ring, east_m, north_m);
            if unseen_m == f32::INFINITY || key_of(unseen_m * unseen_m, 0) > search.limit {
                return;
            }
        }
    }

    fn search_ring<F: FnMut(u32) -> bool>(&self, search: &mut Search<'_, F>, column: u32, row: u32, ring: u32) {
        let (column, row, ring) = (i64::from(column), i64::from(row), i64::from(ring));
        let (columns, rows) = (i64::from(self.layout.columns), i64::from(self.layout.rows));
        let (west, east) = ((column - ring).max(0), (column + ring).min(columns - 1));
        for y in (row - ring).max(0)..=(row + ring).min(rows - 1) {
            if (y - row).abs() == ring {
                for x in west..=east {
                    self.search_cell(search, x as u32, y as u32);
                }
                continue;
            }
            if column - ring >= 0 {
                self.search_cell(search, (column - ring) as u32, y as u32);
            }
            if column + ring < columns {
                self.search_cell(search, (column + ring) as u32, y as u32);
            }
        }
    }

    /// A cell that begins beyond what is found already is not even read: in a crowd its guards fill many cache lines.
    fn search_cell<F: FnMut(u32) -> bool>(&self, search: &mut Search<'_, F>, column: u32, row: u32) {
        let away_m = self.layout.cell_is_away(column, row, search.east_m, search.north_m);
        if key_of(away_m * away_m, 0) > search.limit {
            return;
        }
        let mut block = row * self.layout.columns + column;
        while block != NONE {
            let held = &self.blocks[block as usize];
            search.take(held);
            block = held.next;
        }
    }

    fn flat(&self, point: GeoPoint) -> (f32, f32) {
        let mut lon = point.lon_deg() - self.lon_0_deg;
        if lon > 180.0 {
            lon -= 360.0;
        } else if lon < -180.0 {
            lon += 360.0;
        }
        let east_m = lon * self.metres_per_degree_lon;
        let north_m = (point.lat_deg() - self.lat_0_deg) * self.metres_per_degree_lat;
        (east_m as f32, north_m as f32)
    }

    fn insert(&mut self, slot: u32, cell: u32, east_m: f32, north_m: f32) {
        self.put_in(slot, cell, east_m, north_m);
        self.count += 1;
        self.outside += usize::from(self.layout.is_outside(east_m, north_m));
        if self.count >= self.count_at_layout * 4 {
            self.relay();
        } else {
            self.relay_when_outside();
        }
    }

    /// `outside` counts arrivals outside since the last layout, so a fleet that left the grid for good gets a new one, and one
    /// stray fix does not.
    fn relay_when_outside(&mut self) {
        if self.outside > self.count.max(REBUILD_COUNT_MIN) {
            self.relay();
        }
    }

    fn put_in(&mut self, slot: u32, cell: u32, east_m: f32, north_m: f32) {
        if self.blocks[cell as usize].count as usize == LANES {
            self.push_head_down(cell);
        }
        let head = &mut self.blocks[cell as usize];
        let lane = head.count as usize & (LANES - 1);
        head.east_m[lane] = east_m;
        head.north_m[lane] = north_m;
        head.slots[lane] = slot;
        head.count += 1;
        self.slots[slot as usize] = Slot { east_m, north_m, block: cell, lane: lane as u32 };
    }

    /// Moves a full head into a block of its own behind the head, which becomes empty.
    fn push_head_down(&mut self, cell: u32) {
        let full = self.blocks[cell as usize];
        let block = match self.free_blocks.pop() {
            Some(block) => {
                self.blocks[block as usize] = full;
                block
            }
            None => {
                self.blocks.push(full);
                u32::try_from(self.blocks.len() - 1).expect("fewer than 2^32 blocks: there are fewer slots than that")
            }
        };
        self.rehome(block);
        self.blocks[cell as usize] = Block { next: block, cell, ..EMPTY_BLOCK };
    }

    /// Takes a guard's entry out; the last of the cell's head fills the gap.
    fn take_out(&mut self, held: Slot) {
        let cell = self.blocks[held.block as usize].cell;
        let mut gap = held;
        if self.blocks[cell as usize].count == 0 {
            let pulled = self.pull_head_up(cell);
            if held.block == pulled {
                gap.block = cell;
            }
        }
        let head = &mut self.blocks[cell as usize];
        head.count -= 1;
        let last = head.count as usize & (LANES - 1);
        let (east_m, north_m, slot) = (head.east_m[last], head.north_m[last], head.slots[last]);
        head.slots[last] = NONE;
        if gap.block == cell && gap.lane as usize == last {
            return;
        }
        let lane = gap.lane as usize & (LANES - 1);
        let block = &mut self.blocks[gap.block as usize];
        block.east_m[lane] = east_m;
        block.north_m[lane] = north_m;
        block.slots[lane] = slot;
        self.slots[slot as usize] = Slot { east_m, north_m, block: gap.block, lane: gap.lane };
    }

    /// Fills an empty head from the block behind it, which becomes free. Returns that block.
    fn pull_head_up(&mut self, cell: u32) -> u32 {
        let behind = self.blocks[cell as usize].next;
        debug_assert_ne!(behind, NONE, "a guard is held in this cell, so a block with guards exists");
        self.blocks[cell as usize] = self.blocks[behind as usize];
        self.blocks[behind as usize] = EMPTY_BLOCK;
        self.free_blocks.push(behind);
        self.rehome(cell);
        behind
    }

    fn rehome(&mut self, block: u32) {
        let held = self.blocks[block as usize];
        for slot in &held.slots[..held.count as usize] {
            self.slots[*slot as usize].block = block;
        }
    }

    /// Lays the grid over where the guards are now, as fine as their number asks.
    fn relay(&mut self) {
        let mut easts: Vec<f32> = self.held().map(|(_, slot)| slot.east_m).collect();
        let mut norths: Vec<f32> = self.held().map(|(_, slot)| slot.north_m).collect();
        let (west_m, east_m) = spread(&mut easts);
        let (south_m, north_m) = spread(&mut norths);
        self.lay(Layout::over(west_m, south_m, east_m, north_m, self.count));
    }

    fn held(&self) -> impl Iterator<Item = (u32, Slot)> + '_ {
        (0u32..).zip(&self.slots).filter(|(_, slot)| slot.block != NONE).map(|(index, slot)| (index, *slot))
    }

    fn lay(&mut self, layout: Layout) {
        let held: Vec<(u32, Slot)> = self.held().collect();
        let cells = layout.columns * layout.rows;
        self.layout = layout;
        self.free_blocks.clear();
        self.blocks.clear();
        self.blocks.extend((0..cells).map(|cell| Block { cell, ..EMPTY_BLOCK }));
        for (slot, Slot { east_m, north_m, .. }) in held {
            self.put_in(slot, layout.cell(east_m, north_m), east_m, north_m);
        }
        self.count_at_layout = self.count.max(REBUILD_COUNT_MIN);
        self.outside = 0;
    }
}

/// The range that holds all but the outermost hundredth on either side: strays must not coarsen the grid for everybody.
fn spread(values: &mut [f32]) -> (f32, f32) {
    values.sort_unstable_by(f32::total_cmp);
    let stray = values.len() / 100;
    match (values.get(stray), values.get(values.len().wrapping_sub(1 + stray))) {
        (Some(low), Some(high)) => (*low, *high),
        (_, _) => (-5_000.0, 5_000.0),
    }
}

impl Layout {
    fn over(west_m: f32, south_m: f32, east_m: f32, north_m: f32, count: usize) -> Self {
        let (width_m, height_m) = ((east_m - west_m).max(CELL_M_MIN), (north_m - south_m).max(CELL_M_MIN));
        let fine_m = (width_m * height_m * GUARDS_PER_CELL / count.max(1) as f32).sqrt();
        let coarse_m = width_m.max(height_m) / (CELLS_PER_SIDE_MAX - 2) as f32;
        let cell_m = fine_m.max(coarse_m).max(CELL_M_MIN);
        let cells = |length_m: f32| ((length_m / cell_m).ceil() as u32 + 1).min(CELLS_PER_SIDE_MAX);
        Self { west_m, south_m, cell_m, cells_per_m: 1.0 / cell_m, columns: cells(width_m), rows: cells(height_m) }
    }

    /// Float casts saturate, so what lies outside lands in the border cells.
    fn column_row(&self, east_m: f32, north_m: f32) -> (u32, u32) {
        let column = (((east_m - self.west_m) * self.cells_per_m) as u32).min(self.columns - 1);
        let row = (((north_m - self.south_m) * self.cells_per_m) as u32).min(self.rows - 1);
        (column, row)
    }

    fn cell(&self, east_m: f32, north_m: f32) -> u32 {
        let (column, row) = self.column_row(east_m, north_m);
        row * self.columns + column
    }

    fn is_outside(&self, east_m: f32, north_m: f32) -> bool {
        let inside = |offset_m: f32, cells: u32| (0.0..=cells as f32 * self.cell_m).contains(&offset_m);
        !(inside(east_m - self.west_m, self.columns) && inside(north_m - self.south_m, self.rows))
    }

    /// No guard of a cell is nearer than this, metres; border cells reach to infinity. Slack as in [`Self::unseen_beyond`].
    fn cell_is_away(&self, column: u32, row: u32, east_m: f32, north_m: f32) -> f32 {
        let away_m = |offset_m: f32, cell: u32, cells: u32| {
            let low_m = if cell == 0 { f32::NEG_INFINITY } else { cell as f32 * self.cell_m };
            let high_m = if cell + 1 == cells { f32::INFINITY } else { (cell + 1) as f32 * self.cell_m };
            (low_m - offset_m).max(offset_m - high_m)
        };
        let aside_m = away_m(east_m - self.west_m, column, self.columns).max(away_m(north_m - self.south_m, row, self.rows));
        (aside_m - self.cell_m * 0.01).max(0.0)
    }

    /// No guard in a cell outside the square of `ring` round the cell is nearer than this, metres; infinite when the square covers
    /// the grid. A hundredth of a cell is given away, so that rounding at a cell's edge cannot hide anybody.
    fn unseen_beyond(&self, column: u32, row: u32, ring: u32, east_m: f32, north_m: f32) -> f32 {
        let slack_m = self.cell_m * 0.01;
        let mut nearest_m = f32::INFINITY;
        if column > ring {
            nearest_m = nearest_m.min(east_m - (self.west_m + (column - ring) as f32 * self.cell_m));
        }
        if column + ring + 1 < self.columns {
            nearest_m = nearest_m.min(self.west_m + (column + ring + 1) as f32 * self.cell_m - east_m);
        }
        if row > ring {
            nearest_m = nearest_m.min(north_m - (self.south_m + (row - ring) as f32 * self.cell_m));
        }
        if row + ring + 1 < self.rows {
            nearest_m = nearest_m.min(self.south_m + (row + ring + 1) as f32 * self.cell_m - north_m);
        }
        (nearest_m - slack_m).max(0.0)
    }
}

fn key_of(distance_squared: f32, slot: u32) -> u64 {
    u64::from(distance_squared.to_bits()) << 32 | u64::from(slot)
}

/// One search as it goes on: everything up to `limit` still counts.
struct Search<'a, F> {
    east_m: f32,
    north_m: f32,
    limit: u64,
    count_max: usize,
    filter: F,
    best: &'a mut Vec<u64>,
}

impl<F: FnMut(u32) -> bool> Search<'_, F> {
    fn take(&mut self, block: &Block) {
        let mut squared = [0.0f32; LANES];
        for (lane, squared) in squared.iter_mut().enumerate() {
            let (east_m, north_m) = (block.east_m[lane] - self.east_m, block.north_m[lane] - self.north_m);
            *squared = east_m * east_m + north_m * north_m;
        }
        for (lane, squared) in squared.iter().enumerate().take(block.count as usize) {
            let key = key_of(*squared, block.slots[lane]);
            if key <= self.limit && (self.filter)(block.slots[lane]) {
                self.keep(key);
            }
        }
    }

    fn keep(&mut self, key: u64) {
        if self.best.len() == self.count_max {
            self.best.pop();
        }
        let place = self.best.partition_point(|held| *held < key);
        self.best.insert(place, key);
        if self.best.len() == self.count_max {
            self.limit = self.best[self.count_max - 1];
        }
    }
}

#[cfg(test)]
mod tests;
