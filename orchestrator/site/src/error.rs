//! What can be wrong with a site, with the file, line and feature it is wrong in.

use std::path::PathBuf;

use flight_types::{GeoError, IdError};

use crate::elevation::ElevationError;
use crate::lots::LotProblem;

/// Why a site could not be read, made or written.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file beyond the bound.
    #[error("{path} has {bytes} bytes; a site file has at most {max}")]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// Its size, bytes.
        bytes: u64,
        /// The bound, bytes.
        max: u64,
    },
    /// `site.toml` is not what it should be; the message names line and column and shows the line.
    #[error("{path}: {message}")]
    Toml {
        /// Which file.
        path: PathBuf,
        /// Line, column, the line itself, and what is wrong.
        message: String,
    },
    /// A value in `site.toml` that is well formed but makes no sense.
    #[error("{path}: {key}: {problem}")]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// The key, as a path: `station[1].drone[0].system_id`.
        key: String,
        /// What is wrong, in one sentence.
        problem: String,
    },
    /// A layer that is not GeoJSON at all.
    #[error("{path}:{line}: not a GeoJSON FeatureCollection: {message}")]
    Json {
        /// Which file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// One feature of a layer.
    #[error("{path}:{line}: feature {index}{}: {problem}", name_of(.id))]
    Feature {
        /// Which file.
        path: PathBuf,
        /// The line where the feature begins, from 1.
        line: usize,
        /// Its place in the collection, from 0.
        index: usize,
        /// Its id, where it has one.
        id: Option<String>,
        /// What is wrong with it.
        problem: FeatureProblem,
    },
    /// An elevation grid that is none.
    #[error("{path}: no elevation grid: {problem}")]
    Elevation {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: ElevationError,
    },
    /// An OpenStreetMap extract that cannot be read.
    #[error("{path}: not a readable OpenStreetMap extract (.osm.pbf): {message}")]
    Osm {
        /// Which file.
        path: PathBuf,
        /// What the reader said.
        message: String,
    },
    /// An extract from which no site can be made.
    #[error("{path}: {problem}")]
    Extract {
        /// Which file.
        path: PathBuf,
        /// What is missing.
        problem: String,
    },
}

fn name_of(id: &Option<String>) -> String {
    id.as_ref().map(|id| format!(" (id {id})")).unwrap_or_default()
}

/// What is wrong with one feature.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FeatureProblem {
    /// Not an object of type Feature with properties and geometry as this layer has them; unknown keys land here.
    #[error("{0}")]
    Shape(String),
    /// Another geometry than the layer holds.
    #[error("the geometry is a {found}, this layer holds {wanted}")]
    Geometry {
        /// What it is.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A position that is not two numbers.
    #[error("a position must be [longitude, latitude], not {0}")]
    Position(String),
    /// Coordinates or rings that are no place.
    #[error(transparent)]
    Place(#[from] GeoError),
    /// A polygon with holes, which only lots have.
    #[error("polygons with holes are not supported: draw the parts as separate features")]
    Hole,
    /// A line too short to go anywhere.
    #[error("a road needs at least 2 positions, this one has {0}")]
    LineTooShort(usize),
    /// A malformed identifier.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The same identifier twice.
    #[error("the id {0:?} is used twice")]
    Twice(String),
    /// An area whose lot is missing.
    #[error("it belongs to lot {0:?}, which is not in this file")]
    LotMissing(String),
    /// An area that is missing.
    #[error("it belongs to area {0:?}, which is not in this file")]
    AreaMissing(String),
    /// A lot, or a part of one, that does not fit together.
    #[error(transparent)]
    Lot(#[from] LotProblem),
    /// A number outside what it can be.
    #[error("{key} must be {wanted}, not {found}")]
    Number {
        /// Which key.
        key: &'static str,
        /// What it may be.
        wanted: &'static str,
        /// What it is.
        found: f64,
    },
    /// Too far off to belong to this site.
    #[error("it lies {distance_km:.0} km from the site; are latitude and longitude swapped?")]
    FarAway {
        /// How far, kilometres.
        distance_km: f64,
    },
}
