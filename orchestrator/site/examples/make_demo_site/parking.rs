//! The town's parking lots: areas side by side, each with rows of bays and a beacon in the middle. Their names are those of the demo's
//! parking file.

use flight_types::{Local, LocalFrame, LotId};
use site_model::lots::blocks;
use site_model::{BeaconState, Lot, LotArea, LotBay, LotBeacon};

use crate::streets::{Spot, distance};
use crate::town::{geo, middle_of, ring};

/// A parking lot with its areas side by side.
pub struct LotPlan {
    id: &'static str,
    name: &'static str,
    letter: char,
    pub corners: &'static [Spot; 4],
    areas: u32,
}

pub const LOTS: &[LotPlan] = &[
    LotPlan {
        id: "market",
        name: "달빛시장 주차장",
        letter: 'A',
        corners: &[(-350.0, -290.0), (-260.0, -292.0), (-258.0, -240.0), (-348.0, -238.0)],
        areas: 2,
    },
    LotPlan {
        id: "station",
        name: "달빛역 주차장",
        letter: 'B',
        corners: &[(430.0, 505.0), (520.0, 495.0), (524.0, 540.0), (434.0, 548.0)],
        areas: 3,
    },
    LotPlan {
        id: "river",
        name: "강변 주차장",
        letter: 'C',
        corners: &[(150.0, -270.0), (240.0, -265.0), (238.0, -215.0), (152.0, -220.0)],
        areas: 2,
    },
];

pub fn lots(frame: &LocalFrame) -> Vec<Lot> {
    LOTS.iter().map(|plan| lot(frame, plan)).collect()
}

fn lot(frame: &LocalFrame, plan: &LotPlan) -> Lot {
    let id = LotId::new(plan.id).expect("a well-formed id");
    let mut lot = Lot::bare(id, plan.name.to_owned(), ring(frame, plan.corners), Vec::new());
    for index in 0..plan.areas {
        let id = format!("{}{}", plan.letter, index + 1);
        let corners = strip(plan, index);
        let (bays, beacon) = fill(frame, &id, &corners);
        lot.areas.push(LotArea { name: format!("{id}구역"), id, ring: ring(frame, &corners) });
        lot.bays.extend(bays);
        lot.beacons.push(beacon);
    }
    lot
}

/// A strip of the lot from its first side to its opposite one.
fn strip(plan: &LotPlan, index: u32) -> [Spot; 4] {
    let [a, b, c, d] = plan.corners;
    let mix = |from: &Spot, to: &Spot, share: f64| (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
    let (low, high) = (f64::from(index) / f64::from(plan.areas), f64::from(index + 1) / f64::from(plan.areas));
    [mix(a, b, low), mix(a, b, high), mix(d, c, high), mix(d, c, low)]
}

/// Rows of bays on an area; the bay nearest to its middle is given to the beacon.
fn fill(frame: &LocalFrame, area: &str, corners: &[Spot; 4]) -> (Vec<LotBay>, LotBeacon) {
    let outline = corners.map(|(east_m, north_m)| Local { east_m, north_m });
    let spots = |bay: [Local; 4]| bay.map(|corner| (corner.east_m, corner.north_m));
    let rows = blocks(&outline, &[]).into_iter().flat_map(|block| block.rows);
    let mut places: Vec<([Spot; 4], f64)> =
        rows.flat_map(|row| (0..row.count).map(move |at| (spots(row.bay(at)), row.heading_deg))).collect();
    let middle = middle_of(corners);
    let off_m = |bay: &[Spot; 4]| distance(middle_of(bay), middle);
    let nearest = (0..places.len()).min_by(|a, b| off_m(&places[*a].0).total_cmp(&off_m(&places[*b].0))).expect("a bay fits");
    let (board, heading_deg) = places.remove(nearest);
    let bay = |(index, (corners, heading_deg)): (usize, ([Spot; 4], f64))| LotBay {
        id: format!("{area}-{:02}", index + 1),
        area: area.to_owned(),
        ring: ring(frame, &corners),
        heading_deg: tenth(heading_deg),
    };
    let beacon = LotBeacon {
        id: format!("{area}-beacon"),
        area: area.to_owned(),
        position: geo(frame, middle_of(&board)),
        height_m: 0.9,
        heading_deg: tenth(heading_deg),
        tilt_deg: 15.0,
        // What sheets for 15 m and 1920 pixels over 70 degrees have.
        module_mm: 33.0,
        // The demo's codes are not signed.
        key: None,
        state: BeaconState::Mounted,
    };
    (places.into_iter().enumerate().map(bay).collect(), beacon)
}

fn tenth(degrees: f64) -> f64 {
    (degrees * 10.0).round().rem_euclid(3_600.0) / 10.0
}
