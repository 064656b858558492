//! The index against brute force, over random moves.

use flight_types::{GeoPoint, Local, LocalFrame};
use proptest::prelude::*;

use super::{GuardIndex, Near};

#[derive(Debug, Clone)]
enum Move {
    Put(u32, f64, f64),
    Remove(u32),
    Find(f64, f64, f64, usize),
}

fn centre() -> GeoPoint {
    GeoPoint::new(37.5, 127.0).expect("a test point")
}

fn place(east_m: f64, north_m: f64) -> GeoPoint {
    LocalFrame::new(centre()).to_geo(Local { east_m, north_m })
}

/// Positions in clumps, spread, far outside, and on the same spot.
fn metres() -> impl Strategy<Value = f64> {
    prop_oneof![-50.0..50.0f64, -3_000.0..3_000.0f64, -40_000.0..40_000.0f64, Just(0.0), Just(125.0), Just(4_000_000.0)]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        8 => (0u32..400, metres(), metres()).prop_map(|(slot, e, n)| Move::Put(slot, e, n)),
        1 => (0u32..400).prop_map(Move::Remove),
        2 => (metres(), metres(), 0.0..60_000.0f64, 1usize..12).prop_map(|(e, n, within, k)| Move::Find(e, n, within, k)),
    ];
    prop::collection::vec(one, 1..1_000)
}

/// The same answer by looking at everybody, with the index's own kept positions and arithmetic.
fn brute(index: &GuardIndex, point: GeoPoint, within_m: f64, count: usize, filter: impl Fn(u32) -> bool) -> Vec<Near> {
    let (east_m, north_m) = index.flat(point);
    let within = within_m as f32;
    let mut all: Vec<(f32, u32)> = index
        .held()
        .map(|(slot, held)| ((held.east_m - east_m).powi(2) + (held.north_m - north_m).powi(2), slot))
        .filter(|(squared, slot)| *squared <= within * within && filter(*slot))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all.truncate(count);
    all.into_iter().map(|(squared, slot)| Near { slot, distance_m: f64::from(squared).sqrt() }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn finds_what_brute_force_finds(moves in moves()) {
        let mut index = GuardIndex::new(centre());
        let mut held = std::collections::BTreeMap::new();
        for one in moves {
            match one {
                Move::Put(slot, e, n) => {
                    index.upsert(slot, place(e, n));
                    held.insert(slot, (e, n));
                }
                Move::Remove(slot) => prop_assert_eq!(index.remove(slot), held.remove(&slot).is_some()),
                Move::Find(e, n, within, k) => {
                    let even = |slot: u32| !slot.is_multiple_of(3);
                    let at = place(e, n);
                    prop_assert_eq!(index.nearest(at, within, k, even), brute(&index, at, within, k, even));
                }
            }
            prop_assert_eq!(index.len(), held.len());
        }
        for (slot, (e, n)) in held {
            let kept = index.position(slot).map(|kept| kept.distance_m(&place(e, n)));
            // 32-bit metres are 0.25 m coarse at 4,000 km, where the frame is no longer flat either.
            prop_assert!(kept.is_some_and(|off_m| off_m < 1.0), "slot {slot}: {kept:?}");
        }
    }
}

#[test]
fn grows_through_relayouts_and_stays_exact() {
    let mut index = GuardIndex::new(centre());
    for slot in 0..20_000u32 {
        let (e, n) = (f64::from(slot * 7_919 % 30_011) - 15_000.0, f64::from(slot * 104_729 % 29_989) - 15_000.0);
        index.upsert(slot, place(e, n));
    }
    for (e, n) in [(0.0, 0.0), (14_000.0, -14_000.0), (60_000.0, 0.0), (3.0, 7_000.0)] {
        let at = place(e, n);
        assert_eq!(index.nearest(at, 100_000.0, 8, |_| true), brute(&index, at, 100_000.0, 8, |_| true));
    }
}

#[test]
fn senseless_radii_find_nobody_and_ties_go_to_the_lower_slot() {
    let mut index = GuardIndex::new(centre());
    for slot in [5, 3, 9] {
        index.upsert(slot, place(100.0, 0.0));
    }
    for within in [f64::NAN, -1.0] {
        assert!(index.nearest(centre(), within, 8, |_| true).is_empty());
    }
    let slots: Vec<u32> = index.nearest(centre(), f64::INFINITY, 2, |_| true).iter().map(|near| near.slot).collect();
    assert_eq!(slots, [3, 5]);
}
