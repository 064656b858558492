//! A telemetry log read again: entry by entry, as text, or played to whoever wants to look. It changes no byte of a frame.

use std::io::{self, Read};
use std::time::Duration;

use drone_link_proto::{describe, is_secret};

/// An entry is a time and a frame of at most so many bytes.
const FRAME_BYTES_MAX: usize = 280;
/// Bytes of the time before a frame.
const TIME_BYTES: usize = 8;
/// Pauses in a log longer than this are played as so long: between two flights lie days.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// One frame of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Microseconds since 1970.
    pub time_us: u64,
    /// The frame as it was carried.
    pub frame: Vec<u8>,
}

/// Why a log could not be read on.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file failed.
    #[error("the log cannot be read")]
    Io(#[from] io::Error),
    /// Bytes that are no entry, with how many bytes before them were entries.
    #[error("after {whole_bytes} bytes of whole entries there is no MAVLink frame where one must be")]
    NoFrame {
        /// Bytes of whole entries before.
        whole_bytes: u64,
    },
    /// The log ends in the middle of an entry.
    #[error("the log ends in the middle of an entry, after {whole_bytes} bytes of whole ones")]
    Torn {
        /// Bytes of whole entries before.
        whole_bytes: u64,
    },
}

/// Reads a log entry by entry; the first error is the last thing that it gives.
#[derive(Debug)]
pub struct LogReader<R> {
    source: R,
    whole_bytes: u64,
    ended: bool,
}

impl<R: Read> LogReader<R> {
    /// A log from its beginning. The source should be buffered.
    pub fn new(source: R) -> Self {
        Self { source, whole_bytes: 0, ended: false }
    }

    fn entry(&mut self) -> Result<Option<LogEntry>, LogError> {
        let whole_bytes = self.whole_bytes;
        let mut time = [0; TIME_BYTES];
        match fill(&mut self.source, &mut time)? {
            0 => return Ok(None),
            TIME_BYTES => {}
            _ => return Err(LogError::Torn { whole_bytes }),
        }
        let mut frame = [0; FRAME_BYTES_MAX];
        // The first three bytes of either version tell the length.
        if fill(&mut self.source, &mut frame[..3])? < 3 {
            return Err(LogError::Torn { whole_bytes });
        }
        let length = match frame[0] {
            0xFD => 12 + usize::from(frame[1]) + if frame[2] & 1 == 0 { 0 } else { 13 },
            0xFE => 8 + usize::from(frame[1]),
            _ => return Err(LogError::NoFrame { whole_bytes }),
        };
        if fill(&mut self.source, &mut frame[3..length])? < length - 3 {
            return Err(LogError::Torn { whole_bytes });
        }
        self.whole_bytes += (TIME_BYTES + length) as u64;
        Ok(Some(LogEntry { time_us: u64::from_be_bytes(time), frame: frame[..length].to_vec() }))
    }
}

/// Reads until the buffer is full or the source ends; how much it was.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match source.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

impl<R: Read> Iterator for LogReader<R> {
    type Item = Result<LogEntry, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = self.entry().transpose();
        self.ended = !matches!(entry, Some(Ok(_)));
        entry
    }
}

/// One line for people: seconds since the log's first entry, who spoke, and what.
pub fn line(entry: &LogEntry, first_us: u64) -> String {
    let seconds = Duration::from_micros(entry.time_us.saturating_sub(first_us)).as_secs_f64();
    let what = if is_secret(&entry.frame) { "a signing key, not shown".to_owned() } else { describe(&entry.frame) };
    format!("{seconds:11.3} {what}")
}

/// How long to wait between two entries at a speed; a clock that was set back waits for nothing.
pub fn pause(before_us: u64, time_us: u64, speed: f64) -> Duration {
    let gap = Duration::from_micros(time_us.saturating_sub(before_us)).min(PAUSE_MAX);
    if speed > 0.0 { Duration::try_from_secs_f64(gap.as_secs_f64() / speed).unwrap_or(PAUSE_MAX) } else { Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HEARTBEAT of system 7 with a right checksum, then a frame of version 1 and a signed one.
    fn entries() -> Vec<u8> {
        let v2 = [vec![0xFD, 3, 0, 0, 0, 7, 1, 0, 0, 0, 1, 2, 3, 9, 9]].concat();
        let v1 = vec![0xFE, 1, 0, 7, 1, 0, 5, 9, 9];
        let signed = [vec![0xFD, 0, 1, 0, 0, 7, 1, 0, 0, 0, 9, 9], vec![4; 13]].concat();
        let entry =
            |(number, frame): (u64, &Vec<u8>)| [&(1_700_000_000_000_000 + number * 250_000).to_be_bytes()[..], frame].concat();
        (0..).zip(&[v2, v1, signed]).map(entry).collect::<Vec<_>>().concat()
    }

    #[test]
    fn entries_of_both_versions_are_read_and_a_torn_end_is_told() {
        let log = entries();
        let whole: Vec<_> = LogReader::new(&log[..]).map(|entry| entry.expect("whole")).collect();
        assert_eq!(whole.iter().map(|entry| entry.frame.len()).collect::<Vec<_>>(), [15, 9, 25]);
        assert_eq!(whole[2].time_us - whole[0].time_us, 500_000);
        for cut in 1..log.len() {
            let read: Vec<_> = LogReader::new(&log[..cut]).collect();
            let at_end = [23, 40].contains(&cut);
            let torn = matches!(read.last(), Some(Err(LogError::Torn { .. })));
            assert_eq!(torn, !at_end, "cut at {cut}");
        }
        let foreign = [&log[..23], b"not an entry of a log"].concat();
        let read: Vec<_> = LogReader::new(&foreign[..]).collect();
        assert!(matches!(read[..], [Ok(_), Err(LogError::NoFrame { whole_bytes: 23 })]), "{read:?}");
    }

    #[test]
    fn pauses_follow_the_speed_and_days_between_flights_are_short() {
        let second = 1_000_000;
        assert_eq!(pause(0, second, 1.0), Duration::from_secs(1));
        assert_eq!(pause(0, second, 4.0), Duration::from_millis(250));
        assert_eq!(pause(0, second * 86_400, 1.0), PAUSE_MAX);
        assert_eq!(pause(second, 0, 1.0), Duration::ZERO);
        assert_eq!(pause(0, second, 0.0), Duration::ZERO, "as fast as it goes");
        assert_eq!(pause(0, second, f64::MIN_POSITIVE), PAUSE_MAX);
    }
}
