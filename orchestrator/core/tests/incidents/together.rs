//! Calls assigned together: as many as possible, at the least total, as trying everything would find.

use dispatch_core::assign::{COST_MAX, Edge, cost_of_seconds, least_total};
use proptest::prelude::*;

/// How many rows got a column, and what that costs; panics when a column is given twice or was never offered.
fn worth(rows: &[Vec<Edge>], chosen: &[Option<usize>]) -> (usize, i64) {
    let mut taken = std::collections::BTreeSet::new();
    let mut total = 0;
    for (row, column) in rows.iter().zip(chosen) {
        let Some(column) = column else { continue };
        assert!(taken.insert(*column), "column {column} is given twice");
        let edges = row.iter().filter(|edge| edge.column == *column);
        total += edges.map(|edge| edge.cost.clamp(0, COST_MAX)).min().expect("a column that the row can have");
    }
    (taken.len(), total)
}

/// The best there is, by trying everything: most rows first, then the least total.
fn by_trying(rows: &[Vec<Edge>], taken: &mut Vec<usize>, columns: usize) -> (usize, i64) {
    let Some((row, rest)) = rows.split_first() else { return (0, 0) };
    let mut best = by_trying(rest, taken, columns);
    for edge in row.iter().filter(|edge| edge.column < columns) {
        if taken.contains(&edge.column) {
            continue;
        }
        taken.push(edge.column);
        let (count, total) = by_trying(rest, taken, columns);
        taken.pop();
        let with = (count + 1, total + edge.cost.clamp(0, COST_MAX));
        if with.0 > best.0 || (with.0 == best.0 && with.1 < best.1) {
            best = with;
        }
    }
    best
}

fn edges() -> impl Strategy<Value = Vec<Vec<Edge>>> {
    let cost = prop_oneof![8 => 0_i64..50, 1 => Just(COST_MAX), 1 => Just(i64::MAX), 1 => Just(-7_i64)];
    let edge = (0_usize..7, cost).prop_map(|(column, cost)| Edge { column, cost });
    prop::collection::vec(prop::collection::vec(edge, 0..6), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_trying_everything_finds_is_better(rows in edges(), columns in 3_usize..7) {
        let chosen = least_total(&rows, columns);
        prop_assert_eq!(chosen.len(), rows.len());
        prop_assert_eq!(worth(&rows, &chosen), by_trying(&rows, &mut Vec::new(), columns));
    }
}

#[test]
fn a_thousand_calls_among_ten_thousand_guards_all_get_one() {
    let rows: Vec<Vec<Edge>> = (0..1_000_usize)
        .map(|row| {
            (0..16).map(|k| Edge { column: (row * 7 + k * 13) % 10_000, cost: ((row * 31 + k * 97) % 600) as i64 }).collect()
        })
        .collect();
    let (count, _) = worth(&rows, &least_total(&rows, 10_000));
    assert_eq!(count, 1_000);
}

#[test]
fn times_that_are_nonsense_cost_as_much_as_anything_can() {
    for (eta_s, cost) in [(1.5, 1_500_000), (0.0, 0), (-3.0, 0), (f64::NAN, COST_MAX), (f64::INFINITY, COST_MAX), (1e300, COST_MAX)]
    {
        assert_eq!(cost_of_seconds(eta_s), cost, "{eta_s}");
    }
}
