//! Bounds of a site, each with its reason.

/// A site file larger than this is refused before it is read, bytes: a whole city's buildings are a tenth of it.
pub const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// An elevation grid larger than this is refused before it is read, bytes: as many heights as are taken, with eight characters each.
pub const ELEVATION_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// Nothing of a site may lie further from its fence's centre than this, metres. A district is a town; what is further off is a
/// coordinate typed wrong, and would spoil every flat distance.
pub const SITE_RADIUS_MAX_M: f64 = 100_000.0;

/// How far a pad may lie from its station, metres: a station is one place that one person can oversee.
pub const PAD_DISTANCE_MAX_M: f64 = 1_000.0;

/// Rally points of a site: as many as the smallest boards of ArduPilot keep (PX4 keeps 32).
pub const RALLY_POINTS_MAX: usize = 10;

/// Aircraft per station: more would not fit the names of pads on one screen.
pub const DRONES_PER_STATION_MAX: usize = 64;
