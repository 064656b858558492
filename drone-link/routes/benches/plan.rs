//! Planning one way through two hundred zones, and through a town's few.
//!
//! Input: five-cornered zones of about 55 × 90 m in a grid of streets, corner to corner of the fence, margin 15 m; the corners lean by
//! a fixed pattern. `cargo bench -p flight-routes`: `way` is one way through air that is known already; `with_outlines` takes the
//! zones in as well, as a choice does.

use divan::{Bencher, black_box};
use flight_routes::Airspace;
use flight_types::{GeoPoint, Local, LocalFrame, Ring, ZoneId};

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
