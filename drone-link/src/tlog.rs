//! The telemetry log that ground stations read: per frame eight bytes of time (microseconds since 1970, big endian), then
//! the frame. Both directions. An entry is written in one piece, and a piece that a crash left at the end is cut off before the
//! log goes on; nothing before it is touched.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use drone_link_proto::frames_of;
use flight_types::DroneId;

/// A log that may not grow further: a day at 3 kB/s. A full disk must not ground the fleet.
const LENGTH_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Buffered bytes; small, so that a killed program loses about a second.
const BUFFER_BYTES: usize = 4 * 1024;
/// The time before each frame.
const TIME_BYTES: u16 = 8;
/// The time and the first bytes of a frame, which tell its length: magic, payload length, incompatibility flags
/// (MAVLink guide, "Packet Serialization").
const START_BYTES: u16 = TIME_BYTES + 3;
/// Magic of MAVLink 2, and what a frame has besides its payload: header and checksum.
const MAGIC_V2: u8 = 0xFD;
const AROUND_V2_BYTES: u16 = 12;
/// The flag that says that a signature follows, and its length.
const SIGNED_FLAG: u8 = 0x01;
const SIGNATURE_BYTES: u16 = 13;

/// One aircraft's log.
#[derive(Debug)]
pub(crate) struct Tlog {
    file: BufWriter<File>,
    length_bytes: u64,
    broken: bool,
}

impl Tlog {
    /// Opens `DIR/DRONE.tlog` for appending; the folder is made when missing, and a torn last entry cut off.
    pub fn open(dir: &Path, drone: &DroneId) -> std::io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let file = OpenOptions::new().create(true).read(true).append(true).open(dir.join(format!("{drone}.tlog")))?;
        let found_bytes = file.metadata()?.len();
        let length_bytes = whole_entries_bytes(&file, found_bytes)?;
        if length_bytes < found_bytes {
            let cut_bytes = found_bytes - length_bytes;
            tracing::warn!(%drone, cut_bytes, "the telemetry log ended in the middle of an entry, which was cut off");
            file.set_len(length_bytes)?;
        }
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
        let entry_bytes = u64::from(TIME_BYTES) + frame.len() as u64;
        if self.broken || self.length_bytes + entry_bytes > LENGTH_MAX_BYTES {
            return;
        }
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time_us = u64::try_from(since_1970.as_micros()).unwrap_or(u64::MAX);
        // One piece: the buffer is emptied before or after an entry, never between its time and its frame.
        let written = self.file.write_all(&[&time_us.to_be_bytes(), frame].concat());
        self.length_bytes += entry_bytes;
        if let Err(error) = written {
            tracing::warn!(%error, "the telemetry log cannot be written any more");
            self.broken = true;
        }
    }
}

/// The bytes up to the end of the last whole entry. Bytes that are no entry of ours are kept, and so is all that follows them.
fn whole_entries_bytes(file: &File, length_bytes: u64) -> std::io::Result<u64> {
    let mut reader = BufReader::new(file);
    let mut whole_bytes = 0_u64;
    while whole_bytes < length_bytes {
        let mut start = [0; START_BYTES as usize];
        if whole_bytes + u64::from(START_BYTES) > length_bytes {
            break;
        }
        reader.read_exact(&mut start)?;
        let [.., magic, payload_bytes, flags] = start;
        if magic != MAGIC_V2 {
            return Ok(length_bytes);
        }
        let signature_bytes = if flags & SIGNED_FLAG == 0 { 0 } else { SIGNATURE_BYTES };
        let entry_bytes = TIME_BYTES + AROUND_V2_BYTES + u16::from(payload_bytes) + signature_bytes;
        if whole_bytes + u64::from(entry_bytes) > length_bytes {
            break;
        }
        // At most 300 bytes on: an entry is longer than its start by construction.
        reader.seek_relative(i64::from(entry_bytes - START_BYTES))?;
        whole_bytes += u64::from(entry_bytes);
    }
    Ok(whole_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of three bytes of payload, unsigned and signed.
    fn frame(signed: bool) -> Vec<u8> {
        let mut frame = vec![MAGIC_V2, 3, u8::from(signed)];
        frame.resize(3 + AROUND_V2_BYTES as usize + if signed { SIGNATURE_BYTES as usize } else { 0 }, 7);
        frame
    }

    fn entries() -> Vec<u8> {
        [false, true].map(|signed| [&1_700_000_000_000_000_u64.to_be_bytes()[..], &frame(signed)].concat()).concat()
    }

    #[test]
    fn a_log_torn_anywhere_goes_on_after_its_last_whole_entry() {
        let dir = std::env::temp_dir().join(format!("drone-link-torn-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        let (drone, entries) = (DroneId::new("d1").expect("an id"), entries());
        let path = dir.join("d1.tlog");
        let first_bytes = TIME_BYTES as usize + frame(false).len();
        for cut in 0..=entries.len() {
            std::fs::write(&path, &entries[..cut]).expect("a log");
            let mut tlog = Tlog::open(&dir, &drone).expect("opened");
            tlog.write(&frame(false));
            drop(tlog);
            let whole = if cut == entries.len() {
                cut
            } else if cut >= first_bytes {
                first_bytes
            } else {
                0
            };
            let log = std::fs::read(&path).expect("a log");
            assert_eq!(log[..whole], entries[..whole], "torn at {cut}");
            assert_eq!(log[whole + TIME_BYTES as usize..], frame(false), "torn at {cut}");
        }
        std::fs::remove_dir_all(&dir).expect("our own folder");
    }

    #[test]
    fn bytes_that_are_no_entry_are_kept() {
        let dir = std::env::temp_dir().join(format!("drone-link-foreign-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        let foreign = [entries(), b"not an entry of a telemetry log".to_vec()].concat();
        std::fs::write(dir.join("d1.tlog"), &foreign).expect("a log");
        drop(Tlog::open(&dir, &DroneId::new("d1").expect("an id")).expect("opened"));
        assert_eq!(std::fs::read(dir.join("d1.tlog")).expect("a log"), foreign);
        std::fs::remove_dir_all(&dir).expect("our own folder");
    }
}
