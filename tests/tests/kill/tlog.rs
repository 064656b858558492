//! What aircraft said of themselves, read from the telemetry logs: a witness that no fault of the server's can talk over.

use std::path::PathBuf;

/// Bytes of a time before every frame.
const TIME_BYTES: usize = 8;
/// First byte of a MAVLink 2 frame.
const START: u8 = 0xFD;
/// Header of a frame, and its checksum.
const AROUND_BYTES: usize = 12;
/// Bytes of a signature, where the frame has one.
const SIGNATURE_BYTES: usize = 13;
/// Of a heartbeat: where `base_mode` lies in the frame, and its bit "motors are armed".
const BASE_MODE_AT: usize = 16;
const ARMED: u8 = 0x80;
/// The component that is the autopilot.
const AUTOPILOT: u8 = 1;

/// How often, over all aircraft, a heartbeat "armed" follows one "disarmed".
pub fn times_armed(logs: &[PathBuf]) -> usize {
    logs.iter().map(|path| std::fs::read(path).expect("a telemetry log can be read")).map(|log| edges(&log)).sum()
}

fn edges(log: &[u8]) -> usize {
    let armed: Vec<bool> = frames(log).filter_map(armed_of).collect();
    armed.windows(2).filter(|pair| matches!(pair, [false, true])).count()
}

/// Whole frames. A killed server may have left a time without its frame, which is skipped.
fn frames(log: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = log;
    std::iter::from_fn(move || {
        loop {
            let frame = rest.get(TIME_BYTES..)?;
            if *frame.first()? == START {
                let signature = if frame.get(2)? & 1 == 1 { SIGNATURE_BYTES } else { 0 };
                let length = usize::from(*frame.get(1)?) + AROUND_BYTES + signature;
                let whole = frame.get(..length)?;
                rest = &frame[length..];
                return Some(whole);
            }
            rest = frame;
        }
    })
}

fn armed_of(frame: &[u8]) -> Option<bool> {
    let (component, message) = (frame[6], &frame[7..10]);
    // The server's own heartbeats carry its system id, not an aircraft's; ids of a site's aircraft are small.
    let from_aircraft = component == AUTOPILOT && frame[5] < 100;
    (message == [0, 0, 0] && from_aircraft).then(|| frame[BASE_MODE_AT] & ARMED != 0)
}
