//! Nothing: this crate only has the runtime of the fuzz targets compiled.
