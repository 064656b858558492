//! The telemetry log that ground stations read: per frame eight bytes of time (microseconds since 1970, big endian), then
//! the frame. Both directions.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use drone_link_proto::frames_of;
use flight_types::DroneId;

/// A log that may not grow further: a day at 3 kB/s. A full disk must not ground the fleet.
const LENGTH_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Buffered bytes; small, so that a killed program loses about a second.
const BUFFER_BYTES: usize = 4 * 1024;

/// One aircraft's log.
#[derive(Debug)]
pub(crate) struct Tlog {
    file: BufWriter<File>,
    length_bytes: u64,
    broken: bool,
}

impl Tlog {
    /// Opens `DIR/DRONE.tlog` for appending; the folder is made when missing.
    pub fn open(dir: &Path, drone: &DroneId) -> std::io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let file = OpenOptions::new().create(true).append(true).open(dir.join(format!("{drone}.tlog")))?;
        let length_bytes = file.metadata()?.len();
        Ok(Self { file: BufWriter::with_capacity(BUFFER_BYTES, file), length_bytes, broken: false })
    }

    /// Writes the aircraft's frames of a datagram.
    pub fn write_frames(&mut self, datagram: &[u8], system_id: u8) {
        for frame in frames_of(datagram, system_id) {
            self.write(frame);
        }
    }

    /// Writes one frame. A log that cannot be written is given up with one warning; the flight goes on.
    pub fn write(&mut self, frame: &[u8]) {
        let entry_bytes = 8 + frame.len() as u64;
        if self.broken || self.length_bytes + entry_bytes > LENGTH_MAX_BYTES {
            return;
        }
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time_us = u64::try_from(since_1970.as_micros()).unwrap_or(u64::MAX);
        let written = self.file.write_all(&time_us.to_be_bytes()).and_then(|()| self.file.write_all(frame));
        self.length_bytes += entry_bytes;
        if let Err(error) = written {
            tracing::warn!(%error, "the telemetry log cannot be written any more");
            self.broken = true;
        }
    }
}
