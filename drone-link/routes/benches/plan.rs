//! Planning one way through two hundred zones, and through a town's few.
//!
//! Input: five-cornered zones of about 55 × 90 m in a grid of streets, corner to corner of the fence, margin 15 m; the corners lean by
//! a fixed pattern. `cargo bench -p flight-routes`: `way` is one way through air that is known already; `with_outlines` takes the
//! zones in as well, as a choice does. `strewn_way` crosses two hundred zones of three to six corners and 20 to 90 m, strewn over 2.8 × 3.1 km
//! by a seeded generator, overlapping and concave: another world each time, a hundred in turn.

use divan::{Bencher, black_box};
use flight_routes::Airspace;
use flight_types::{GeoPoint, Local, LocalFrame, Ring, ZoneId};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

const MARGIN_M: f64 = 15.0;

fn main() {
    divan::main();
}

fn at(east_m: f64, north_m: f64) -> GeoPoint {
    LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place")).to_geo(Local { east_m, north_m })
}

fn ring(corners: &[(f64, f64)]) -> Ring {
    Ring::new(corners.iter().map(|(east_m, north_m)| at(*east_m, *north_m)).collect()).expect("three corners")
}

fn zones(count: u32) -> Vec<(ZoneId, Ring)> {
    let zone = |i: u32| {
        let (east_m, north_m) = (f64::from(i % 20) * 100.0 - 950.0, f64::from(i / 20) * 180.0 - 810.0);
        let lean_m = f64::from(i * 37 % 41) - 20.0;
        let corners = [(-28.0, -40.0), (10.0 + lean_m, -45.0), (28.0, 0.0), (15.0, 42.0), (-20.0, 50.0 - lean_m)];
        (ZoneId::new(format!("z{i}")).expect("an id"), ring(&corners.map(|(e, n)| (east_m + e, north_m + n))))
    };
    (0..count).map(zone).collect()
}

fn fence() -> Ring {
    ring(&[(-1_100.0, -1_100.0), (1_100.0, -1_100.0), (1_100.0, 1_100.0), (-1_100.0, 1_100.0)])
}

fn ends() -> (GeoPoint, GeoPoint) {
    (at(-1_050.0, -1_050.0), at(1_050.0, 1_050.0))
}

/// A world of zones strewn at random, and the ends of a way right through them.
struct Strewn {
    air: Airspace,
    from: GeoPoint,
    to: GeoPoint,
}

fn strewn(seed: u64) -> Strewn {
    let mut random = Pcg64::seed_from_u64(seed);
    let zone = |number: u32, random: &mut Pcg64| {
        let (east_m, north_m) = (random.random_range(-1_400.0..1_400.0), random.random_range(-1_550.0..1_550.0));
        let (count, turn) = (random.random_range(3..7), random.random_range(0.0..1.0));
        let corner = |i: u32| {
            let angle_rad = (f64::from(i) / f64::from(count) + turn) * std::f64::consts::TAU;
            let radius_m: f64 = random.random_range(20.0..90.0);
            (east_m + radius_m * angle_rad.cos(), north_m + radius_m * angle_rad.sin())
        };
        (ZoneId::new(format!("z{number}")).expect("an id"), ring(&(0..count).map(corner).collect::<Vec<_>>()))
    };
    let zones = (0..200).map(|number| zone(number, &mut random)).collect();
    let fence = ring(&[(-1_600.0, -1_600.0), (1_600.0, -1_600.0), (1_600.0, 1_600.0), (-1_600.0, 1_600.0)]);
    let air = Airspace::new(&fence, zones, MARGIN_M);
    let mut end = |east_m: f64| {
        let anywhere = std::iter::repeat_with(|| at(east_m, random.random_range(-1_500.0..1_500.0)));
        anywhere.take(100).find(|place| air.is_legal(*place)).expect("room at the border")
    };
    let (from, to) = (end(-1_570.0), end(1_570.0));
    Strewn { air, from, to }
}

#[divan::bench(sample_count = 1_000)]
fn strewn_way(bencher: Bencher<'_, '_>) {
    let worlds: Vec<Strewn> =
        (0..200).map(strewn).filter(|world| world.air.route(world.from, world.to).is_ok()).take(100).collect();
    let turn = std::cell::Cell::new(0);
    bencher
        .with_inputs(|| {
            turn.set((turn.get() + 1) % worlds.len());
            &worlds[turn.get()]
        })
        .bench_local_values(|world| world.air.route(black_box(world.from), black_box(world.to)).expect("a way"));
}

#[divan::bench(args = [10, 200])]
fn way(bencher: Bencher<'_, '_>, count: u32) {
    let air = Airspace::new(&fence(), zones(count), MARGIN_M);
    let (from, to) = ends();
    bencher.bench_local(|| air.route(black_box(from), black_box(to)).expect("a way"));
}

#[divan::bench(args = [10, 200])]
fn with_outlines(bencher: Bencher<'_, '_>, count: u32) {
    let (from, to) = ends();
    bencher.with_inputs(|| (fence(), zones(count))).bench_local_values(|(fence, zones)| {
        Airspace::new(&fence, zones, MARGIN_M).route(black_box(from), black_box(to)).expect("a way")
    });
}
