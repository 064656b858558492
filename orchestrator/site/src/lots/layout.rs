//! A bare lot with bays laid out on it, its areas by rows, a beacon for each. What an import does before a person corrects it.

use flight_types::{Local, LocalFrame, Ring};

use super::check::BAYS_MAX;
use super::model::{BeaconState, Lot, LotArea, LotBay, LotBeacon, rounded};
use super::rows::{BAY_LENGTH_M, BAY_WIDTH_M, BayRow, Block, blocks};

/// A module's side for surveys from 15 m with 1920 pixels over 70 degrees, three pixels a module, as the sheets are made; millimetres.
const MODULE_MM: f64 = 33.0;
/// Height of a board on its stand, metres: over a bonnet, in reach of who cleans it.
const BOARD_UP_M: f64 = 0.9;
/// How far a board leans back, degrees: rain runs off, and it still faces the sky.
const BOARD_TILT_DEG: f64 = 15.0;
/// A row this long gives one bay to its board, which is a metre wide; in a shorter one it stands at the end of a bay.
const ROW_WITH_BOARD_MIN: usize = 6;
/// From the far end of a bay to a board that stands there, metres.
const BOARD_FROM_END_M: f64 = 0.6;

/// Lays out bays on the whole lot, whatever stood there before.
pub fn laid_out(lot: Lot) -> Lot {
    let frame = lot.frame();
    let flat = |ring: &Ring| ring.corners().iter().map(|corner| frame.to_local(*corner)).collect::<Vec<Local>>();
    let holes: Vec<Vec<Local>> = lot.holes.iter().map(flat).collect();
    let blocks = blocks(&flat(&lot.ring), &holes);
    let mut laid = Lot { areas: Vec::new(), bays: Vec::new(), beacons: Vec::new(), ..lot };
    // A dot is no letter of a code.
    let stem = laid.id.as_str().replace('.', "-");
    for (number, block) in blocks.iter().enumerate() {
        if BAYS_MAX < laid.bays.len() + block.rows.iter().map(|row| row.count).sum::<usize>() {
            break;
        }
        let number = number + 1;
        let area = LotArea { id: format!("{stem}-{number}"), name: number.to_string(), ring: ring(&frame, &block.ring) };
        add(&mut laid, &frame, area, block);
    }
    laid
}

/// Adds an area with the bays of its rows and its beacon.
fn add(lot: &mut Lot, frame: &LocalFrame, area: LotArea, block: &Block) {
    let given_up = block.rows.iter().position(|row| ROW_WITH_BOARD_MIN <= row.count);
    let mut number = 0;
    for (index, row) in block.rows.iter().enumerate() {
        for at in (0..row.count).filter(|at| given_up != Some(index) || *at != row.count / 2) {
            number += 1;
            lot.bays.push(LotBay {
                id: format!("{}-{number:02}", area.id),
                area: area.id.clone(),
                ring: ring(frame, &row.bay(at)),
                heading_deg: tenth(row.heading_deg),
            });
        }
    }
    let row = block.rows[given_up.unwrap_or(0)];
    let ahead_m = if given_up.is_some() { BAY_LENGTH_M / 2.0 } else { BAY_LENGTH_M - BOARD_FROM_END_M };
    lot.beacons.push(LotBeacon {
        id: format!("{}-beacon", area.id),
        area: area.id.clone(),
        position: rounded(frame.to_geo(within(&row, row.count / 2, ahead_m))),
        height_m: BOARD_UP_M,
        heading_deg: tenth(row.heading_deg),
        tilt_deg: BOARD_TILT_DEG,
        module_mm: MODULE_MM,
        key: None,
        state: BeaconState::Planned,
    });
    lot.areas.push(area);
}

/// In the middle across a bay, so far from the aisle.
fn within(row: &BayRow, at: usize, ahead_m: f64) -> Local {
    let (sin, cos) = row.heading_deg.to_radians().sin_cos();
    let right_m = (at as f64 + 0.5) * BAY_WIDTH_M;
    Local { east_m: row.begin.east_m + right_m * cos + ahead_m * sin, north_m: row.begin.north_m - right_m * sin + ahead_m * cos }
}

fn ring(frame: &LocalFrame, corners: &[Local]) -> Ring {
    Ring::new(corners.iter().map(|corner| rounded(frame.to_geo(*corner))).collect()).expect("four corners")
}

fn tenth(degrees: f64) -> f64 {
    (degrees * 10.0).round().rem_euclid(3_600.0) / 10.0
}
