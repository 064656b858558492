//! Calls to guards, all at once: as many calls as possible get a guard, at the least total time.
//!
//! Shortest augmenting paths with potentials (Jonker and Volgenant, 1987) over the candidates only, so that a thousand calls among
//! ten thousand guards cost milliseconds. A call may also stay without a guard, at a price above any set of real times; that is
//! how "as many as possible" comes first and the total second.
//!
//! Calls with many candidates are first solved over the cheapest few of each. The potentials then prove which of the others could
//! have mattered; those join, and it is solved again, until none is left (the sparse start of Volgenant's LAPMOD, 1996).

mod paths;

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

/// So many of a row's cheapest edges are tried at first: with fewer, most rows need more of them and all is solved again on many edges;
/// with more, each search looks at edges that it does not need. 24 to 48 were equally quick on 1,000 × 1,000 points of a plane.
const SHORTLIST: usize = 32;
/// Solved so often over shortlists; then over everything. Two to four rounds were seen.
const ROUNDS_MAX: usize = 8;

/// For each row the column that it gets, so that as many rows as possible get one and the total cost is the least for that.
///
/// Rows list their candidates in any order; a column named twice counts with its lower cost. Columns at or beyond `columns` are
/// ignored. Takes O(rows × edges reached × log) time; in practice a few searches over a neighbourhood each.
pub fn least_total(rows: &[Vec<Edge>], columns: usize) -> Vec<Option<usize>> {
    by_shortlists(rows, columns, SHORTLIST)
}

fn by_shortlists(rows: &[Vec<Edge>], columns: usize, shortlist: usize) -> Vec<Option<usize>> {
    let without_cost = without_cost(rows);
    let mut rows: Vec<Row> = rows.iter().map(|row| Row::new(row, columns, shortlist)).collect();
    let mut round = 0;
    loop {
        round += 1;
        if round == ROUNDS_MAX {
            rows.iter_mut().for_each(Row::list_all);
        }
        let listed: Vec<&[Edge]> = rows.iter().map(Row::listed).collect();
        let solution = paths::solve(&listed, columns, without_cost);
        let mut complete = true;
        for (row, price) in rows.iter_mut().zip(&solution.row_potential) {
            complete &= !row.list_cheaper(*price, &solution.column_potential);
        }
        if complete {
            return solution.column_of_row;
        }
    }
}

/// What staying without costs: more than all real edges together could.
fn without_cost(rows: &[Vec<Edge>]) -> i64 {
    let dearest = rows.iter().flatten().map(|edge| edge.cost.clamp(0, COST_MAX)).max().unwrap_or(0);
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    (dearest + 1).saturating_mul(count.saturating_add(1))
}

/// A row's edges, those that are listed before those that are not.
struct Row {
    edges: Vec<Edge>,
    listed: usize,
}

impl Row {
    fn new(edges: &[Edge], columns: usize, shortlist: usize) -> Self {
        let held = |edge: &Edge| Edge { column: edge.column, cost: edge.cost.clamp(0, COST_MAX) };
        let mut edges: Vec<Edge> = edges.iter().filter(|edge| edge.column < columns).map(held).collect();
        if edges.len() > shortlist {
            edges.select_nth_unstable_by_key(shortlist, |edge| (edge.cost, edge.column));
        }
        let listed = edges.len().min(shortlist);
        Self { edges, listed }
    }

    fn listed(&self) -> &[Edge] {
        self.edges.split_at(self.listed).0
    }

    fn list_all(&mut self) {
        self.listed = self.edges.len();
    }

    /// Lists the edges that could better what was found: those that cost less than the two potentials allow. Tells whether there were any.
    fn list_cheaper(&mut self, row_potential: i64, column_potential: &[i64]) -> bool {
        let before = self.listed;
        for position in before..self.edges.len() {
            let edge = self.edges[position];
            if edge.cost - column_potential[edge.column] < row_potential {
                self.edges.swap(position, self.listed);
                self.listed += 1;
            }
        }
        self.listed > before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn total(rows: &[Vec<Edge>], chosen: &[Option<usize>]) -> (usize, i64) {
        let cost = |(row, column): (&Vec<Edge>, &Option<usize>)| {
            let edges = row.iter().filter(|edge| Some(edge.column) == *column);
            edges.map(|edge| edge.cost.clamp(0, COST_MAX)).min()
        };
        let costs: Vec<i64> = rows.iter().zip(chosen).filter_map(cost).collect();
        (costs.len(), costs.iter().sum())
    }

    fn edges() -> impl Strategy<Value = Vec<Vec<Edge>>> {
        let cost = prop_oneof![8 => 0_i64..1_000, 1 => Just(COST_MAX), 1 => Just(-7_i64)];
        let edge = (0_usize..30, cost).prop_map(|(column, cost)| Edge { column, cost });
        prop::collection::vec(prop::collection::vec(edge, 0..40), 0..30)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn short_lists_find_what_all_edges_find(rows in edges(), columns in 1_usize..30, shortlist in 0_usize..6) {
            let whole = by_shortlists(&rows, columns, usize::MAX);
            let short = by_shortlists(&rows, columns, shortlist);
            prop_assert_eq!(total(&rows, &short), total(&rows, &whole));
        }
    }
}
