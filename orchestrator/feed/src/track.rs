//! Reads the stamps back out of a recording: where each picture was taken from. Tolerates a file whose writing was cut off.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Serialize;

use crate::limits::{FRAGMENT_BYTES_MAX, UNIT_BYTES_MAX};
use crate::stamp;
use crate::unit::{SUPPLEMENT, kind};

/// A picture's time and place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TrackPoint {
    /// Microseconds since 1970-01-01 UTC, by the camera's clock.
    pub captured_at_us: i64,
    /// Degrees WGS 84.
    pub lat_deg: f64,
    /// Degrees WGS 84.
    pub lon_deg: f64,
    /// Above mean sea level, metres.
    pub amsl_m: f64,
    /// Direction of the optical axis, degrees clockwise from north.
    pub yaw_deg: f64,
    /// Its elevation, degrees.
    pub pitch_deg: f64,
    /// Width of the picture, degrees.
    pub horizontal_fov_deg: f64,
}

/// Every stamp of a recording, in order.
pub fn track_of(path: &Path) -> std::io::Result<Vec<TrackPoint>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    track_in(BufReader::new(file), length)
}

/// The same of a recording of so many bytes, wherever it lies.
pub fn track_in(mut file: impl Read + Seek, length: u64) -> std::io::Result<Vec<TrackPoint>> {
    let (mut points, mut at) = (Vec::new(), 0);
    while let Some((name, start, end)) = next_box(&mut file, at, length)? {
        if &name == b"mdat" && end - start <= 4 * FRAGMENT_BYTES_MAX as u64 {
            file.seek(SeekFrom::Start(start))?;
            let mut payload = vec![0; (end - start) as usize];
            file.read_exact(&mut payload)?;
            points.extend(stamps(&payload));
        }
        at = end;
    }
    Ok(points)
}

/// Name, beginning and end of the payload of the box at `at`; `None` at the end or where the file is torn.
fn next_box(file: &mut (impl Read + Seek), at: u64, length: u64) -> std::io::Result<Option<([u8; 4], u64, u64)>> {
    if length < at + 8 {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(at))?;
    let mut head = [0; 8];
    file.read_exact(&mut head)?;
    let [a, b, c, d, name @ ..] = head;
    let (size, start) = match u32::from_be_bytes([a, b, c, d]) {
        1 => {
            let mut large = [0; 8];
            if file.read_exact(&mut large).is_err() {
                return Ok(None);
            }
            (u64::from_be_bytes(large), at + 16)
        }
        size => (u64::from(size), at + 8),
    };
    let end = at.saturating_add(size);
    Ok((start <= end && end <= length).then_some((name, start, end)))
}

fn stamps(mut payload: &[u8]) -> Vec<TrackPoint> {
    let mut points = Vec::new();
    while let Some((length, rest)) = payload.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some(nal) = rest.get(..length).filter(|_| length <= UNIT_BYTES_MAX) else { break };
        if kind(nal) == SUPPLEMENT
            && let Some(stamp) = stamp::read(nal)
        {
            points.push(TrackPoint {
                captured_at_us: stamp.captured_at_us,
                lat_deg: stamp.lat_deg,
                lon_deg: stamp.lon_deg,
                amsl_m: stamp.amsl_m,
                yaw_deg: stamp.yaw_deg,
                pitch_deg: stamp.pitch_deg,
                horizontal_fov_deg: stamp.horizontal_fov_deg,
            });
        }
        payload = &rest[length..];
    }
    points
}
