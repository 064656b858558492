//! Bays, lamps and beacons of a parking lot: rows of bays on both sides of aisles, along the lot's longest side.

use flight_types::LocalFrame;
use qrcodegen::{QrCode, QrCodeEcc};
use sim_camera::{Bay, Beacon, BeaconCode, Lamp, Plan, Wear};
use site_model::Lot;

use super::scenery::flat_ring;

/// A bay, metres: the Korean standard of 2.5 × 5.0.
const BAY_WIDTH_M: f64 = 2.5;
const BAY_LENGTH_M: f64 = 5.0;
/// Between facing rows, metres.
const AISLE_M: f64 = 6.0;
/// From a bay to the lot's edge, metres.
const EDGE_M: f64 = 0.3;
/// Bays of one lot; larger ones are laid out as far as this.
const BAYS_MAX: usize = 2_000;
/// Side of a beacon's code, and the height of its board, metres.
const BEACON_SIDE_M: f64 = 0.60;
const BEACON_UP_M: f64 = 0.9;
const BEACON_TILT_DEG: f64 = 15.0;
/// A beacon takes the bays that are nearer than this, metres.
const BEACON_ROOM_M: f64 = 2.2;
/// What a beacon says where nobody has given it a signed text.
const BEACON_ADDRESS: &str = "https://example.invalid/p/";

/// Adds a lot to the plan.
pub(super) fn lay_out(frame: &LocalFrame, lot: &Lot, plan: &mut Plan) {
    let ring = flat_ring(frame, &lot.ring);
    let heading_rad = longest_side_rad(&ring);
    let parts: Vec<(Vec<[f64; 2]>, &str)> = if lot.areas.is_empty() {
        vec![(ring.clone(), lot.id.as_str())]
    } else {
        lot.areas.iter().map(|area| (flat_ring(frame, &area.ring), area.id.as_str())).collect()
    };
    let mut bays = rows(&ring, heading_rad);
    bays.truncate(BAYS_MAX);
    for (part, id) in &parts {
        let place = middle(part);
        bays.retain(|bay| (bay.centre[0] - place[0]).hypot(bay.centre[1] - place[1]) > BEACON_ROOM_M);
        plan.beacons.extend(beacon(place, heading_rad.to_degrees(), id));
    }
    plan.bays.extend(bays);
    plan.lamps.extend(corner_lamps(&ring));
    plan.lots.push(ring);
}

fn beacon(place: [f64; 2], heading_deg: f64, area: &str) -> Option<Beacon> {
    // The text of an area's id always fits a code; one that did not would have no beacon.
    let code = QrCode::encode_text(&format!("{BEACON_ADDRESS}{area}"), QrCodeEcc::Medium).ok()?;
    let side = code.size();
    let dark = (0..side * side).map(|index| code.get_module(index % side, index / side)).collect();
    Some(Beacon {
        place: [place[0], place[1], BEACON_UP_M],
        heading_deg,
        tilt_deg: BEACON_TILT_DEG,
        side_m: BEACON_SIDE_M,
        code: BeaconCode::new(side as usize, dark).ok()?,
        wear: Wear::default(),
    })
}

/// Direction of the longest side, clockwise from north.
fn longest_side_rad(ring: &[[f64; 2]]) -> f64 {
    let sides = ring.iter().zip(ring.iter().cycle().skip(1)).map(|(a, b)| [b[0] - a[0], b[1] - a[1]]);
    let longest = sides.max_by(|a, b| a[0].hypot(a[1]).total_cmp(&b[0].hypot(b[1]))).unwrap_or([0.0, 1.0]);
    longest[0].atan2(longest[1])
}

fn middle(ring: &[[f64; 2]]) -> [f64; 2] {
    let count = ring.len().max(1) as f64;
    [ring.iter().map(|p| p[0]).sum::<f64>() / count, ring.iter().map(|p| p[1]).sum::<f64>() / count]
}

fn rows(ring: &[[f64; 2]], heading_rad: f64) -> Vec<Bay> {
    let (sin, cos) = heading_rad.sin_cos();
    let along = |p: &[f64; 2]| p[0] * sin + p[1] * cos;
    let across = |p: &[f64; 2]| p[0] * cos - p[1] * sin;
    let bounds = |of: &dyn Fn(&[f64; 2]) -> f64| {
        ring.iter().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let ((along_low, along_high), (across_low, across_high)) = (bounds(&along), bounds(&across));
    let place = |along: f64, across: f64| [along * sin + across * cos, along * cos - across * sin];
    let right_deg = heading_rad.to_degrees() + 90.0;
    let mut bays = Vec::new();
    let mut row_m = across_low + EDGE_M + BAY_LENGTH_M / 2.0;
    let mut towards_low = true;
    while row_m < across_high && bays.len() < BAYS_MAX {
        let mut at_m = along_low + EDGE_M + BAY_WIDTH_M / 2.0;
        while at_m < along_high && bays.len() < BAYS_MAX {
            let centre = place(at_m, row_m);
            let corner = |a: f64, b: f64| place(at_m + a * (BAY_WIDTH_M / 2.0 + 0.1), row_m + b * (BAY_LENGTH_M / 2.0 + 0.1));
            if [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)].iter().all(|(a, b)| contains(ring, corner(*a, *b))) {
                let heading_deg = if towards_low { right_deg + 180.0 } else { right_deg };
                bays.push(Bay { centre, heading_deg, width_m: BAY_WIDTH_M, length_m: BAY_LENGTH_M });
            }
            at_m += BAY_WIDTH_M;
        }
        // A row, its aisle and the facing row; then the next row's back.
        row_m += BAY_LENGTH_M + if towards_low { AISLE_M } else { 0.0 };
        towards_low = !towards_low;
    }
    bays
}

fn corner_lamps(ring: &[[f64; 2]]) -> Vec<Lamp> {
    let centre = middle(ring);
    let lamp = |corner: &[f64; 2]| {
        let way = [centre[0] - corner[0], centre[1] - corner[1]];
        let length = way[0].hypot(way[1]).max(1e-6);
        let place = [corner[0] + way[0] / length * 0.8, corner[1] + way[1] / length * 0.8];
        Lamp { place, height_m: 7.5, heading_deg: way[0].atan2(way[1]).to_degrees() }
    };
    ring.iter().map(lamp).collect()
}

/// Whether a point lies inside a ring (even-odd).
pub(super) fn contains(ring: &[[f64; 2]], point: [f64; 2]) -> bool {
    let edges = ring.iter().zip(ring.iter().cycle().skip(1));
    let crossed = edges.filter(|(a, b)| {
        (a[1] > point[1]) != (b[1] > point[1]) && point[0] < a[0] + (point[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
    });
    crossed.count() % 2 == 1
}

/// Distance from a straight piece.
pub(super) fn distance(from: [f64; 2], to: [f64; 2], at: [f64; 2]) -> f64 {
    let (x, y) = (to[0] - from[0], to[1] - from[1]);
    let (px, py) = (at[0] - from[0], at[1] - from[1]);
    let along = ((px * x + py * y) / (x * x + y * y).max(1e-9)).clamp(0.0, 1.0);
    (px - x * along).hypot(py - y * along)
}

/// A number that looks random, the same for the same input (SplitMix64's finaliser).
pub(super) fn scramble(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lot_is_filled_with_bays_that_do_not_overlap() {
        let ring = [[0.0, 0.0], [60.0, 0.0], [60.0, 34.0], [0.0, 34.0]];
        let bays = rows(&ring, longest_side_rad(&ring));
        assert!((88..=96).contains(&bays.len()), "{}", bays.len());
        for (at, a) in bays.iter().enumerate() {
            for b in &bays[at + 1..] {
                let off = [(a.centre[0] - b.centre[0]).abs(), (a.centre[1] - b.centre[1]).abs()];
                assert!(off[0] > BAY_WIDTH_M - 0.01 || off[1] > BAY_LENGTH_M - 0.01, "{a:?} {b:?}");
            }
        }
    }
}
