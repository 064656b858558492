//! One coded picture on its way through the server.

use std::sync::Arc;
use std::time::{Duration, Instant};

/// When and from where a picture was taken, as the camera wrote it into the stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stamp {
    /// Microseconds since 1970-01-01 UTC, by the camera's clock.
    pub captured_at_us: i64,
    /// Latitude of the camera, degrees WGS 84.
    pub lat_deg: f64,
    /// Its longitude, degrees WGS 84.
    pub lon_deg: f64,
    /// Its height above mean sea level, metres.
    pub amsl_m: f64,
    /// Direction of the optical axis, degrees clockwise from north.
    pub yaw_deg: f64,
    /// Its elevation, degrees; straight down is −90.
    pub pitch_deg: f64,
    /// Rotation about it, degrees.
    pub roll_deg: f64,
    /// Width of the picture, degrees.
    pub horizontal_fov_deg: f64,
}

/// One access unit of H.264.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessUnit {
    /// NAL units with start codes (H.264 Annex B); a key picture begins with its parameter sets.
    pub annex_b: Arc<[u8]>,
    /// Can be decoded without those before it.
    pub key: bool,
    /// When it is to be shown, 90 kHz units from some beginning.
    pub media_time: u64,
    /// When its last packet came.
    pub arrived_at: Instant,
    /// How much longer it and those just before it were on their way than the quickest of its stream.
    pub late: Duration,
    /// When and from where it was taken, if the camera says so.
    pub stamp: Option<Stamp>,
}

/// The NAL units of an Annex B text, without start codes. Zero bytes before a start code belong to nobody.
pub(crate) fn nals(annex_b: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = annex_b.windows(3).enumerate().filter(|(_, window)| *window == [0, 0, 1]).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([annex_b.len()]);
    let bodies = starts.iter().zip(ends).map(|(start, end)| without_zeros_at_end(&annex_b[start + 3..end]));
    bodies.filter(|nal| !nal.is_empty()).collect()
}

fn without_zeros_at_end(nal: &[u8]) -> &[u8] {
    let end = nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &nal[..end]
}

/// The kind of a NAL unit (H.264 table 7-1).
pub(crate) fn kind(nal: &[u8]) -> u8 {
    nal.first().map_or(0, |first| first & 0x1f)
}

/// A slice of a picture that stands by itself.
pub(crate) const KEY_SLICE: u8 = 5;
/// Supplemental enhancement information.
pub(crate) const SUPPLEMENT: u8 = 6;
/// Sequence parameter set.
pub(crate) const SEQUENCE_SET: u8 = 7;
/// Picture parameter set.
pub(crate) const PICTURE_SET: u8 = 8;
