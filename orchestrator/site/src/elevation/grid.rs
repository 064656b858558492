//! Esri ASCII grids in WGS 84 degrees, metres above mean sea level (ADR 164). Reads and writes texts; touches no disk.
//!
//! The format is Esri's "ASCII raster format": `ncols`, `nrows`, `xllcorner` or `xllcenter`, `yllcorner` or `yllcenter`, `cellsize` (or
//! `dx` and `dy`, as GDAL writes cells that are not square), and where there are holes `NODATA_value`; then the heights, from the north,
//! each row from the west.

use std::str::SplitAsciiWhitespace;

use flight_types::GeoPoint;

/// More heights are refused, whatever the header says: a tile of SRTM has 13 millions.
const HEIGHTS_MAX: usize = 16_000_000;
/// Heights that the ground of the Earth has, metres; the shore of the Dead Sea is at −430.
const GROUND_M: std::ops::RangeInclusive<f32> = -500.0..=9_000.0;
/// Sizes that a cell may have, degrees: from a tenth of a metre to eleven kilometres.
const CELL_DEG: std::ops::RangeInclusive<f64> = 1e-6..=0.1;
/// What stands for a hole when the header does not say, as Esri has it.
const NODATA_USUAL: f32 = -9_999.0;
/// Words of a text that are shown in an error at most, characters.
const SHOWN_MAX: usize = 40;

/// Why a text is no elevation grid.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ElevationError {
    /// A line of the header is missing.
    #[error("the header has no {0}; an Esri ASCII grid begins with ncols, nrows, xllcorner, yllcorner and cellsize")]
    Missing(&'static str),
    /// The same line of the header twice.
    #[error("the header has {0} twice")]
    Twice(String),
    /// A value of the header that cannot be.
    #[error("{key} must be {wanted}, not {found:?}")]
    Header {
        /// Which key.
        key: &'static str,
        /// What it may be.
        wanted: &'static str,
        /// What stands there.
        found: String,
    },
    /// Coordinates that are no degrees.
    #[error(
        "the grid lies from {low} to {high} {axis}; its coordinates must be WGS 84 degrees: gdalwarp -t_srs EPSG:4326 makes them"
    )]
    NotDegrees {
        /// "north" or "east".
        axis: &'static str,
        /// Where it begins.
        low: f64,
        /// Where it ends.
        high: f64,
    },
    /// More heights than one site may have.
    #[error("{columns} by {rows} heights are more than {HEIGHTS_MAX}; cut out the site: gdalwarp -te WEST SOUTH EAST NORTH")]
    TooMany {
        /// Columns.
        columns: usize,
        /// Rows.
        rows: usize,
    },
    /// Something else than a height.
    #[error("row {row}, column {column}: {found:?} is no height between {} and {} m", GROUND_M.start(), GROUND_M.end())]
    Height {
        /// From the north, from 1.
        row: usize,
        /// From the west, from 1.
        column: usize,
        /// What stands there.
        found: String,
    },
    /// The text ends too soon.
    #[error("the grid ends after {found} of {wanted} heights; is the file cut off?")]
    TooFew {
        /// How many there are.
        found: usize,
        /// How many the header says.
        wanted: usize,
    },
    /// The text goes on after the last height.
    #[error("after the last of {wanted} heights the text goes on: {found:?}; are ncols and nrows right?")]
    TooLong {
        /// How many the header says.
        wanted: usize,
        /// What comes next.
        found: String,
    },
}

/// Heights of the ground at places in rows and columns.
#[derive(Debug, Clone, PartialEq)]
pub struct ElevationGrid {
    columns: usize,
    rows: usize,
    /// Of the middle of the cell furthest south and west, degrees.
    south_deg: f64,
    west_deg: f64,
    step_lat_deg: f64,
    step_lon_deg: f64,
    /// From the south, each row from the west; not a number where there is a hole.
    heights_m: Vec<f32>,
}

impl ElevationGrid {
    /// Reads a grid. Never takes more memory than the text has heights, whatever its header claims.
    pub fn parse(text: &str) -> Result<Self, ElevationError> {
        let (header, mut words, first) = Header::read(text)?;
        let Shape { columns, rows, .. } = header.shape()?;
        let wanted = columns * rows;
        // Two bytes make the shortest height.
        let mut from_north: Vec<f32> = Vec::with_capacity(wanted.min(text.len() / 2 + 1));
        let mut word = first;
        while from_north.len() < wanted {
            let found = word.ok_or(ElevationError::TooFew { found: from_north.len(), wanted })?;
            let wrong = || ElevationError::Height {
                row: from_north.len() / columns + 1,
                column: from_north.len() % columns + 1,
                found: shown(found),
            };
            from_north.push(header.height_m(found).ok_or_else(wrong)?);
            word = words.next();
        }
        if let Some(more) = word {
            return Err(ElevationError::TooLong { wanted, found: shown(more) });
        }
        let heights_m = from_north.chunks(columns).rev().flatten().copied().collect();
        header.grid(heights_m)
    }

    /// The text that [`ElevationGrid::parse`] reads.
    pub fn text(&self) -> String {
        let mut text = format!("ncols {}\nnrows {}\n", self.columns, self.rows);
        text += &format!("xllcenter {:?}\nyllcenter {:?}\n", self.west_deg, self.south_deg);
        text += &format!("dx {:?}\ndy {:?}\nNODATA_value {NODATA_USUAL}\n", self.step_lon_deg, self.step_lat_deg);
        for row in self.heights_m.chunks(self.columns).rev() {
            let known = row.iter().map(|height_m| if height_m.is_nan() { NODATA_USUAL } else { *height_m });
            text += &known.map(|height_m| height_m.to_string()).collect::<Vec<_>>().join(" ");
            text.push('\n');
        }
        text
    }

    /// The ground's altitude above mean sea level, metres, bilinear between the middles of cells; `None` beyond the outermost of them
    /// and beside a hole.
    pub fn height_m(&self, place: GeoPoint) -> Option<f64> {
        let (column, row) = self.position(place);
        let inside = (0.0..=(self.columns - 1) as f64).contains(&column) && (0.0..=(self.rows - 1) as f64).contains(&row);
        if !inside {
            return None;
        }
        let (west, south) = ((column as usize).min(self.columns - 2), (row as usize).min(self.rows - 2));
        let (east_share, north_share) = (column - west as f64, row - south as f64);
        let along =
            |row: usize| f64::from(self.at(west, row)) * (1.0 - east_share) + f64::from(self.at(west + 1, row)) * east_share;
        let height_m = along(south) * (1.0 - north_share) + along(south + 1) * north_share;
        height_m.is_finite().then_some(height_m)
    }

    /// In columns from the west and rows from the south.
    pub(super) fn position(&self, place: GeoPoint) -> (f64, f64) {
        ((place.lon_deg() - self.west_deg) / self.step_lon_deg, (place.lat_deg() - self.south_deg) / self.step_lat_deg)
    }

    /// Where a height stands.
    pub(super) fn place(&self, column: usize, row: usize) -> Option<GeoPoint> {
        let (lat_deg, lon_deg) =
            (self.south_deg + row as f64 * self.step_lat_deg, self.west_deg + column as f64 * self.step_lon_deg);
        GeoPoint::new(lat_deg, lon_deg).ok()
    }

    /// Not a number where there is a hole.
    pub(super) fn at(&self, column: usize, row: usize) -> f32 {
        self.heights_m[row * self.columns + column]
    }

    /// Columns and rows.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.columns, self.rows)
    }

    /// From one row, and from one column, to the next, degrees.
    pub(super) fn steps_deg(&self) -> (f64, f64) {
        (self.step_lat_deg, self.step_lon_deg)
    }
}

/// What the header says, as it is written.
#[derive(Debug, Default)]
struct Header {
    columns: Option<String>,
    rows: Option<String>,
    west_corner: Option<String>,
    west_centre: Option<String>,
    south_corner: Option<String>,
    south_centre: Option<String>,
    cell: Option<String>,
    cell_lon: Option<String>,
    cell_lat: Option<String>,
    hole: Option<String>,
}

struct Shape {
    columns: usize,
    rows: usize,
    step_lat_deg: f64,
    step_lon_deg: f64,
}

impl Header {
    /// The header, the words after it, and the first of them.
    fn read(text: &str) -> Result<(Self, SplitAsciiWhitespace<'_>, Option<&str>), ElevationError> {
        let mut header = Self::default();
        let mut words = text.trim_start_matches('\u{feff}').split_ascii_whitespace();
        loop {
            let word = words.next();
            let Some(key) = word.map(str::to_ascii_lowercase) else { return Ok((header, words, None)) };
            let Some(slot) = header.slot(&key) else { return Ok((header, words, word)) };
            if slot.is_some() {
                return Err(ElevationError::Twice(key));
            }
            *slot = Some(shown(words.next().unwrap_or_default()));
        }
    }

    fn slot(&mut self, key: &str) -> Option<&mut Option<String>> {
        Some(match key {
            "ncols" => &mut self.columns,
            "nrows" => &mut self.rows,
            "xllcorner" => &mut self.west_corner,
            "xllcenter" => &mut self.west_centre,
            "yllcorner" => &mut self.south_corner,
            "yllcenter" => &mut self.south_centre,
            "cellsize" => &mut self.cell,
            "dx" => &mut self.cell_lon,
            "dy" => &mut self.cell_lat,
            "nodata_value" => &mut self.hole,
            _ => return None,
        })
    }

    fn shape(&self) -> Result<Shape, ElevationError> {
        let count = |key: &'static str, text: &Option<String>| {
            let text = text.as_deref().ok_or(ElevationError::Missing(key))?;
            let count = text.parse::<usize>().ok().filter(|count| *count >= 2);
            count.ok_or(ElevationError::Header { key, wanted: "a whole number of at least 2", found: text.to_owned() })
        };
        let (columns, rows) = (count("ncols", &self.columns)?, count("nrows", &self.rows)?);
        if columns.checked_mul(rows).is_none_or(|heights| heights > HEIGHTS_MAX) {
            return Err(ElevationError::TooMany { columns, rows });
        }
        let step = |key: &'static str, text: &Option<String>| {
            let (key, text) = if text.is_some() { (key, text) } else { ("cellsize", &self.cell) };
            let text = text.as_deref().ok_or(ElevationError::Missing("cellsize"))?;
            let wanted = "a size of cells in WGS 84 degrees, from 0.000001 to 0.1";
            let step = text.parse::<f64>().ok().filter(|step| CELL_DEG.contains(step));
            step.ok_or(ElevationError::Header { key, wanted, found: text.to_owned() })
        };
        Ok(Shape { columns, rows, step_lat_deg: step("dy", &self.cell_lat)?, step_lon_deg: step("dx", &self.cell_lon)? })
    }

    /// A height as written; not a number for a hole; nothing for what is neither.
    fn height_m(&self, text: &str) -> Option<f32> {
        let height_m = text.parse::<f32>().ok()?;
        let hole = self.hole.as_deref().map_or(Some(NODATA_USUAL), |hole| hole.parse().ok())?;
        if height_m == hole || (height_m.is_nan() && hole.is_nan()) {
            return Some(f32::NAN);
        }
        GROUND_M.contains(&height_m).then_some(height_m)
    }

    fn grid(&self, heights_m: Vec<f32>) -> Result<ElevationGrid, ElevationError> {
        let Shape { columns, rows, step_lat_deg, step_lon_deg } = self.shape()?;
        let west_deg = first("xllcorner", &self.west_corner, &self.west_centre, step_lon_deg)?;
        let south_deg = first("yllcorner", &self.south_corner, &self.south_centre, step_lat_deg)?;
        for (axis, low, steps, step_deg, limit_deg) in
            [("east", west_deg, columns, step_lon_deg, 180.0), ("north", south_deg, rows, step_lat_deg, 90.0)]
        {
            let high = low + (steps - 1) as f64 * step_deg;
            if low < -limit_deg || high > limit_deg {
                return Err(ElevationError::NotDegrees { axis, low, high });
            }
        }
        Ok(ElevationGrid { columns, rows, south_deg, west_deg, step_lat_deg, step_lon_deg, heights_m })
    }
}

/// The middle of the first cell, by the corner of the grid or by the middle itself, degrees.
fn first(key: &'static str, corner: &Option<String>, centre: &Option<String>, step_deg: f64) -> Result<f64, ElevationError> {
    let number = |text: &String| {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| ElevationError::Header { key, wanted: "a number of degrees", found: text.clone() })
    };
    match (corner, centre) {
        (Some(corner), None) => Ok(number(corner)? + step_deg / 2.0),
        (None, Some(centre)) => number(centre),
        (Some(_), Some(_)) => Err(ElevationError::Twice(key.to_owned())),
        (None, None) => Err(ElevationError::Missing(key)),
    }
}

/// The beginning of a word, for an error.
fn shown(word: &str) -> String {
    word.chars().take(SHOWN_MAX).collect()
}
