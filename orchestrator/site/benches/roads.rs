//! Times by road on a real extract, snapping included.
//!
//! Input: the Andorra extract of OpenStreetMap (`osm/andorra.osm.pbf` in the folder of real data, `$SHARED_DATA`); seed 7 picks
//! positions of drivable roads and moves each by up to 40 m, so that they have to be snapped. Without the extract nothing is measured
//! and that is said. `cargo bench -p site-model --bench roads`; items are times found.

#[path = "../src/shared_data.rs"]
mod shared_data;

use std::sync::LazyLock;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use flight_types::GeoPoint;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use site_model::{Road, RoadTimes, roads_from_osm};

const SEED: u64 = 7;
const OFF_M: f64 = 40.0;
const PAIRS: usize = 1_000;
const GUARDS: usize = 100;

/// Roads and their preparation; `None` without the extract.
static TOWN: LazyLock<Option<(Vec<Road>, RoadTimes)>> = LazyLock::new(|| {
    let roads = roads_from_osm(&shared_data::shared_file("osm/andorra.osm.pbf")?).expect("a readable extract");
    let times = RoadTimes::build(&roads);
    Some((roads, times))
});

fn main() {
    if let Some((roads, times)) = &*TOWN {
        println!("{} roads, {} junctions in use", roads.len(), times.junction_count());
        divan::main();
    }
}

fn town() -> &'static (Vec<Road>, RoadTimes) {
    TOWN.as_ref().expect("main looked whether the extract is there")
}

fn places(count: usize) -> Vec<GeoPoint> {
    let drivable: Vec<&Road> = town().0.iter().filter(|road| road.class.is_drivable()).collect();
    let mut random = Pcg64Mcg::seed_from_u64(SEED);
    let place = |_| {
        let line = &drivable[random.random_range(0..drivable.len())].line;
        let corner = line[random.random_range(0..line.len())];
        corner.moved(random.random_range(0.0..360.0), random.random_range(0.0..OFF_M))
    };
    (0..count).map(place).collect()
}

#[divan::bench(sample_count = 5)]
fn prepare(bencher: Bencher<'_, '_>) {
    bencher.bench(|| RoadTimes::build(&town().0));
}

#[divan::bench]
fn one_to_one(bencher: Bencher<'_, '_>) {
    let (places, times) = (places(2 * PAIRS), &town().1);
    bencher.counter(ItemsCount::new(PAIRS)).bench(|| {
        for pair in places.chunks_exact(2) {
            black_box(times.one_to_one(pair[0], pair[1]));
        }
    });
}

#[divan::bench]
fn hundred_to_one(bencher: Bencher<'_, '_>) {
    let (places, times) = (places(GUARDS + PAIRS), &town().1);
    let (guards, calls) = places.split_at(GUARDS);
    let mut calls = calls.iter().cycle();
    bencher
        .counter(ItemsCount::new(GUARDS))
        .bench_local(|| times.many_to_one(guards, *calls.next().expect("a cycle does not end")));
}
