//! A hill between the pad of the demo's first aircraft and its first caller, for flights that must follow the ground.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;

use crate::alone::{METRES_PER_DEG, ZONE_MIDDLE_DEG};

/// As high as the demo's town says that its first station stands, metres above the sea: a site whose grid has another height there is refused.
const GROUND_AMSL_M: f64 = 61.0;
/// How high the hill is over it, metres: with a transit over its top an aircraft is still under the ceiling.
const HEIGHT_M: f64 = 45.0;
/// From its top to its foot, metres: pad and caller lie on flat ground, some two hundred metres from the top.
const RADIUS_M: f64 = 170.0;
/// The grid's cells, degrees: about 28 m.
const CELL_DEG: f64 = 2.5e-4;
/// South-west corner of the grid and its size in cells: over the demo's fence and a hundred metres round it.
const CORNER_DEG: [f64; 2] = [36.538, 127.9];
const COLUMNS: usize = 98;
const ROWS: usize = 82;

/// Adds the hill to a copy of the demo's site, as its elevation grid.
pub fn put_between(site: &Path) -> anyhow::Result<()> {
    let grid = site.join("ground.asc");
    std::fs::write(&grid, text()).with_context(|| format!("could not write {}", grid.display()))?;
    let path = site.join("site.toml");
    let mut manifest: toml::Table =
        std::fs::read_to_string(&path).context("no site.toml")?.parse().context("site.toml is no TOML")?;
    manifest.insert("elevation".to_owned(), "ground.asc".into());
    std::fs::write(&path, manifest.to_string()).with_context(|| format!("could not write {}", path.display()))
}

/// An Esri ASCII grid: rows from the north.
fn text() -> String {
    let [lat, lon] = CORNER_DEG;
    let mut text = format!("ncols {COLUMNS}\nnrows {ROWS}\nxllcorner {lon}\nyllcorner {lat}\ncellsize {CELL_DEG}\n");
    for row in (0..ROWS).rev() {
        for column in 0..COLUMNS {
            let middle = [lat + (row as f64 + 0.5) * CELL_DEG, lon + (column as f64 + 0.5) * CELL_DEG];
            // Writing to a String does not fail.
            let _ = write!(text, "{:.1} ", GROUND_AMSL_M + HEIGHT_M * share(middle));
        }
        text.push('\n');
    }
    text
}

/// How much of the hill's height there is at a place: a smooth round hill.
fn share([lat, lon]: [f64; 2]) -> f64 {
    let [top_lat, top_lon] = ZONE_MIDDLE_DEG;
    let east_deg = (lon - top_lon) * top_lat.to_radians().cos();
    let off_m = METRES_PER_DEG * east_deg.hypot(lat - top_lat);
    if off_m >= RADIUS_M { 0.0 } else { 0.5 + 0.5 * (std::f64::consts::PI * off_m / RADIUS_M).cos() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hill_rises_between_flat_ground() {
        let heights: Vec<f64> =
            text().lines().skip(5).flat_map(str::split_whitespace).map(|word| word.parse().expect("a height")).collect();
        assert_eq!(heights.len(), COLUMNS * ROWS);
        let highest_m = heights.iter().copied().fold(0.0, f64::max);
        assert!((highest_m - GROUND_AMSL_M - HEIGHT_M).abs() < 1.0, "{highest_m}");
        assert!(heights.iter().filter(|height_m| **height_m > GROUND_AMSL_M).count() < heights.len() / 20);
    }
}
