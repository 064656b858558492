//! The guard index under its daily load, beside rstar on the same input: 95 % moves, 5 % "nearest 8 free within 3 km".
//!
//! Input, from seed 7: guards in a square of 30 km, half of them uniform, half in 25 clumps 800 m wide; every move goes at most 15 m
//! from where the guard was (a vehicle's second); every eighth guard is busy; queries stand where a random guard stood. The input is
//! made before the clock starts. `cargo bench -p site-model` prints operations a second (divan's item throughput) and then the
//! spread of single queries.

use std::time::Instant;

use divan::Bencher;
use divan::counter::ItemsCount;
use flight_types::{GeoPoint, Local, LocalFrame};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use rstar::primitives::GeomWithData;
use rstar::{PointDistance, RTree};
use site_model::GuardIndex;

const SEED: u64 = 7;
const SQUARE_M: f64 = 30_000.0;
const CLUMPS: usize = 25;
const CLUMP_M: f64 = 800.0;
const STEP_M: f64 = 15.0;
const WITHIN_M: f64 = 3_000.0;
const NEAREST: usize = 8;
const QUERIES_PER_HUNDRED: u32 = 5;

/// Operations in one timed batch: long enough to leave the caches as a server's load does.
const BATCH: usize = 100_000;

fn main() {
    divan::main();
    // Also started by `cargo test --all-targets`, which only asks whether it works.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    for guards in [10_000, 100_000, 1_000_000] {
        print_query_spread(guards);
    }
}

#[derive(Clone, Copy)]
enum Operation {
    Move(u32, Local, GeoPoint),
    Query(Local, GeoPoint),
}

struct Load {
    begin: Vec<(Local, GeoPoint)>,
    operations: Vec<Operation>,
}

fn centre() -> GeoPoint {
    GeoPoint::new(37.55, 126.99).expect("a place on Earth")
}

fn load(guards: usize, operations: usize) -> Load {
    let frame = LocalFrame::new(centre());
    let mut random = Pcg64Mcg::seed_from_u64(SEED);
    let clumps: Vec<Local> = (0..CLUMPS).map(|_| anywhere(&mut random)).collect();
    let mut now: Vec<Local> = (0..guards).map(|guard| home(&mut random, &clumps, guard)).collect();
    let begin = now.iter().map(|local| (*local, frame.to_geo(*local))).collect();
    let operations = (0..operations).map(|_| operation(&mut random, &frame, &mut now)).collect();
    Load { begin, operations }
}

fn anywhere(random: &mut Pcg64Mcg) -> Local {
    let half_m = SQUARE_M / 2.0;
    Local { east_m: random.random_range(-half_m..half_m), north_m: random.random_range(-half_m..half_m) }
}

fn home(random: &mut Pcg64Mcg, clumps: &[Local], guard: usize) -> Local {
    if guard.is_multiple_of(2) {
        return anywhere(random);
    }
    let clump = clumps[random.random_range(0..clumps.len())];
    let mut off_m = || random.random_range(-CLUMP_M..CLUMP_M) * random.random_range(0.0..1.0f64);
    Local { east_m: clump.east_m + off_m(), north_m: clump.north_m + off_m() }
}

fn operation(random: &mut Pcg64Mcg, frame: &LocalFrame, now: &mut [Local]) -> Operation {
    let guard = random.random_range(0..now.len());
    if random.random_range(0..100) < QUERIES_PER_HUNDRED {
        return Operation::Query(now[guard], frame.to_geo(now[guard]));
    }
    let mut step_m = || random.random_range(-STEP_M..STEP_M) / std::f64::consts::SQRT_2;
    now[guard] = Local { east_m: now[guard].east_m + step_m(), north_m: now[guard].north_m + step_m() };
    Operation::Move(guard as u32, now[guard], frame.to_geo(now[guard]))
}

fn is_free(slot: u32) -> bool {
    !slot.is_multiple_of(8)
}

fn filled(load: &Load) -> GuardIndex {
    let mut index = GuardIndex::new(centre());
    for (slot, (_, point)) in (0u32..).zip(&load.begin) {
        index.upsert(slot, *point);
    }
    index
}

#[divan::bench(args = [10_000, 100_000, 1_000_000], sample_count = 20)]
fn grid(bencher: Bencher<'_, '_>, guards: usize) {
    let load = load(guards, BATCH * 20);
    let mut index = filled(&load);
    let mut batches = load.operations.chunks_exact(BATCH).cycle();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let mut found = 0;
        for operation in batches.next().expect("a cycle does not end") {
            match operation {
                Operation::Move(slot, _, point) => index.upsert(*slot, *point),
                Operation::Query(_, point) => found += index.nearest(*point, WITHIN_M, NEAREST, is_free).len(),
            }
        }
        found
    });
}

type Tree = RTree<GeomWithData<[f64; 2], u32>>;

#[divan::bench(args = [10_000, 100_000], sample_count = 5)]
fn rstar_tree(bencher: Bencher<'_, '_>, guards: usize) {
    let load = load(guards, BATCH * 5);
    let at = |local: &Local| [local.east_m, local.north_m];
    let mut now: Vec<[f64; 2]> = load.begin.iter().map(|(local, _)| at(local)).collect();
    let mut tree: Tree = RTree::bulk_load((0u32..).zip(&now).map(|(slot, place)| GeomWithData::new(*place, slot)).collect());
    let mut batches = load.operations.chunks_exact(BATCH).cycle();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let mut found = 0;
        for operation in batches.next().expect("a cycle does not end") {
            match operation {
                Operation::Move(slot, local, _) => {
                    let held = &mut now[*slot as usize];
                    tree.remove(&GeomWithData::new(*held, *slot));
                    *held = at(local);
                    tree.insert(GeomWithData::new(*held, *slot));
                }
                Operation::Query(local, _) => {
                    let place = at(local);
                    let near = tree.nearest_neighbor_iter(&place).filter(|guard| is_free(guard.data)).take(NEAREST);
                    found += near.take_while(|guard| guard.distance_2(&place) <= WITHIN_M * WITHIN_M).count();
                }
            }
        }
        found
    });
}

fn print_query_spread(guards: usize) {
    let load = load(guards, BATCH * 5);
    let mut index = filled(&load);
    let mut nanoseconds = Vec::new();
    for operation in &load.operations {
        match operation {
            Operation::Move(slot, _, point) => index.upsert(*slot, *point),
            Operation::Query(_, point) => {
                let began = Instant::now();
                divan::black_box(index.nearest(*point, WITHIN_M, NEAREST, is_free));
                nanoseconds.push(began.elapsed().as_nanos());
            }
        }
    }
    nanoseconds.sort_unstable();
    let share = |per_mille: usize| nanoseconds[nanoseconds.len() * per_mille / 1_000] as f64 / 1_000.0;
    println!("{guards} guards, one query: median {:.2} µs, p99 {:.2} µs, p99.9 {:.2} µs", share(500), share(990), share(999));
}
