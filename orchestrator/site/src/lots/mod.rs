//! Parking lots as data: outline, areas, bays and beacons; what must hold for them; and how bays are laid out on bare ground.
//!
//! Pure: no file, no clock. Reading order: `model`, `plane`, `check`, `rows`, `layout`.

mod model;
pub use model::{BayShape, BeaconState, Lot, LotArea, LotBay, LotBeacon, rounded};

mod plane;

mod check;
pub use check::{
    AREA_ID_LENGTH_MAX, AREAS_MAX, BAYS_MAX, BEACONS_MAX, CORNERS_MAX, LotFault, LotProblem, TOLERANCE_M, check_lot, check_lots,
};

mod rows;
pub use rows::{AISLE_M, BAY_LENGTH_M, BAY_WIDTH_M, BayRow, Block, blocks};

mod layout;
pub use layout::laid_out;

#[cfg(test)]
mod tests;
