//! The cheapest way to give every row a column, one shortest augmenting path a row. Knows nothing of shortlists.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Edge;

/// What was found, with the potentials that prove it.
pub(super) struct Solution {
    /// For each row its column; `None` where staying without is the best.
    pub column_of_row: Vec<Option<usize>>,
    /// For each row what it pays; no edge of it costs less than this and the column's potential together.
    pub row_potential: Vec<i64>,
    /// For each column what it takes off, 0 or less; 0 where nobody has it.
    pub column_potential: Vec<i64>,
}

/// Columns are below `columns`, costs 0 or more, and `without_cost` is above any sum of them.
pub(super) fn solve(rows: &[&[Edge]], columns: usize, without_cost: i64) -> Solution {
    let mut solver = Solver::new(rows, columns, without_cost);
    for row in 0..rows.len() {
        solver.augment(row);
    }
    let potential = |(column, cost): (&Option<usize>, &i64)| cost - column.map_or(0, |column| solver.column_potential[column]);
    Solution {
        row_potential: solver.column_of_row.iter().zip(&solver.cost_of_row).map(potential).collect(),
        column_of_row: solver.column_of_row.iter().map(|column| column.filter(|column| *column < columns)).collect(),
        column_potential: solver.column_potential,
    }
}

/// The matching so far with its potentials. Column `columns + row` is the row's own way of staying without a guard.
struct Solver<'a> {
    rows: &'a [&'a [Edge]],
    columns: usize,
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
    fn new(rows: &'a [&'a [Edge]], columns: usize, without_cost: i64) -> Self {
        let all = columns + rows.len();
        Self {
            rows,
            columns,
            without_cost,
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
        let edges: &'a [Edge] = self.rows[row];
        for edge in edges {
            self.reach(row, edge.column, base + edge.cost, heap);
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
        let edges = self.rows[row].iter().filter(|edge| edge.column == column);
        edges.map(|edge| edge.cost).min().unwrap_or(self.without_cost)
    }

    fn reset(&mut self) {
        self.bound = UNREACHED;
        for column in self.touched.drain(..) {
            self.distance[column] = UNREACHED;
        }
    }
}
