//! Calls to guards, all at once: as many calls as possible get a guard, at the least total time.
//!
//! Shortest augmenting paths with potentials (Jonker and Volgenant, 1987) over the candidates only, so that a thousand calls among
//! ten thousand guards cost milliseconds. A call may also stay without a guard, at a price above any set of real times; that is
//! how "as many as possible" comes first and the total second.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One guard that could take a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Which guard, from 0.
    pub column: usize,
    /// What it costs: microseconds of time to the place, held between 0 and [`COST_MAX`].
    pub cost: i64,
}

/// The highest cost of an edge: eleven days in microseconds, so that sums over a million calls stay far from overflowing.
pub const COST_MAX: i64 = 1_000_000_000_000;

/// A time as a cost. Whole numbers, so that every machine decides the same; nonsense costs as much as anything can.
pub fn cost_of_seconds(eta_s: f64) -> i64 {
    if eta_s.is_nan() {
        return COST_MAX;
    }
    // A float-to-integer cast saturates, so infinities end in the clamp.
    ((eta_s * 1_000_000.0).round() as i64).clamp(0, COST_MAX)
}

/// For each row the column that it gets, so that as many rows as possible get one and the total cost is the least for that.
///
/// Rows list their candidates in any order; a column named twice counts with its lower cost. Columns at or beyond `columns` are
/// ignored. Takes O(rows × edges reached × log) time; in practice a few searches over a neighbourhood each.
pub fn least_total(rows: &[Vec<Edge>], columns: usize) -> Vec<Option<usize>> {
    let mut solver = Solver::new(rows, columns);
    for row in 0..rows.len() {
        solver.augment(row);
    }
    solver.column_of_row.iter().map(|column| column.filter(|column| *column < columns)).collect()
}

/// The matching so far with its potentials. Column `columns + row` is the row's own way of staying without a guard.
struct Solver<'a> {
    rows: &'a [Vec<Edge>],
    columns: usize,
    /// Staying without costs more than all real edges together could.
    without_cost: i64,
    column_potential: Vec<i64>,
    row_of_column: Vec<Option<usize>>,
    column_of_row: Vec<Option<usize>>,
    /// Cost of each row's current edge.
    cost_of_row: Vec<i64>,
    distance: Vec<i64>,
    /// The row through which a column was reached.
    reached_from: Vec<usize>,
    /// The nearest free column of the current search; nothing beyond it can be part of the cheapest way.
    bound: i64,
    /// Columns touched by the current search, to be reset after it.
    touched: Vec<usize>,
}

const UNREACHED: i64 = i64::MAX;

impl<'a> Solver<'a> {
    fn new(rows: &'a [Vec<Edge>], columns: usize) -> Self {
        let dearest = rows.iter().flatten().map(|edge| edge.cost.clamp(0, COST_MAX)).max().unwrap_or(0);
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let all = columns + rows.len();
        Self {
            rows,
            columns,
            without_cost: (dearest + 1).saturating_mul(count.saturating_add(1)),
            column_potential: vec![0; all],
            row_of_column: vec![None; all],
            column_of_row: vec![None; rows.len()],
            cost_of_row: vec![0; rows.len()],
            distance: vec![UNREACHED; all],
            reached_from: vec![usize::MAX; all],
            bound: UNREACHED,
            touched: Vec::new(),
        }
    }

    /// Finds the cheapest way to give the row a column, moving others where that pays.
    fn augment(&mut self, start: usize) {
        let mut heap = BinaryHeap::new();
        self.relax(start, 0, &mut heap);
        let mut settled: Vec<usize> = Vec::new();
        let (end, length) = loop {
            let Reverse((length, column)) = heap.pop().expect("every row can stay without, so the search always ends");
            if length > self.distance[column] {
                continue;
            }
            match self.row_of_column[column] {
                None => break (column, length),
                Some(row) => {
                    settled.push(column);
                    let base = length - (self.cost_of_row[row] - self.column_potential[column]);
                    self.relax(row, base, &mut heap);
                }
            }
        };
        for column in settled {
            self.column_potential[column] += self.distance[column] - length;
        }
        self.flip(start, end);
        self.reset();
    }

    /// Offers all of a row's columns at the row's own distance.
    fn relax(&mut self, row: usize, base: i64, heap: &mut BinaryHeap<Reverse<(i64, usize)>>) {
        let (edges, columns): (&'a [Edge], usize) = (&self.rows[row], self.columns);
        for edge in edges.iter().filter(|edge| edge.column < columns) {
            self.reach(row, edge.column, base + edge.cost.clamp(0, COST_MAX), heap);
        }
        self.reach(row, self.columns + row, base + self.without_cost, heap);
    }

    fn reach(&mut self, row: usize, column: usize, length: i64, heap: &mut BinaryHeap<Reverse<(i64, usize)>>) {
        let length = length - self.column_potential[column];
        if length >= self.distance[column] || length >= self.bound {
            return;
        }
        if self.row_of_column[column].is_none() {
            self.bound = length;
        }
        if self.distance[column] == UNREACHED {
            self.touched.push(column);
        }
        self.distance[column] = length;
        self.reached_from[column] = row;
        heap.push(Reverse((length, column)));
    }

    /// Gives each row on the path the column through which the path left it.
    fn flip(&mut self, start: usize, end: usize) {
        let mut column = end;
        loop {
            let row = self.reached_from[column];
            let before = self.column_of_row[row];
            self.column_of_row[row] = Some(column);
            self.row_of_column[column] = Some(row);
            self.cost_of_row[row] = self.cost(row, column);
            match before {
                Some(before) if row != start => column = before,
                Some(_) | None => return,
            }
        }
    }

    fn cost(&self, row: usize, column: usize) -> i64 {
        let edges = self.rows[row].iter().filter(|edge| edge.column == column && column < self.columns);
        edges.map(|edge| edge.cost.clamp(0, COST_MAX)).min().unwrap_or(self.without_cost)
    }

    fn reset(&mut self) {
        self.bound = UNREACHED;
        for column in self.touched.drain(..) {
            self.distance[column] = UNREACHED;
        }
    }
}
