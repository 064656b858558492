//! Reads capture time and pose out of a supplemental message (H.264 D.2.7, user data unregistered). Layout in `docs/video.md`.

use crate::unit::{SUPPLEMENT, Stamp, kind};

const IDENTIFIER: [u8; 16] = [0x6e, 0x0b, 0x5a, 0x1d, 0x93, 0x4c, 0x4f, 0x27, 0xa8, 0x51, 0x2d, 0x77, 0xc4, 0x90, 0x1e, 0xb3];
const USER_DATA_UNREGISTERED: usize = 5;
const VERSION: u8 = 1;
/// Identifier, version, time, three coordinates, four angles.
const LENGTH: usize = 16 + 1 + 8 + 12 + 8;
/// A supplement longer than this holds no stamp of ours, bytes: reading others' captions is not worth the time.
const SUPPLEMENT_BYTES_MAX: usize = 1_024;

/// The stamp in this NAL unit; `None` when it holds none, or one that makes no sense.
pub fn read(nal: &[u8]) -> Option<Stamp> {
    if kind(nal) != SUPPLEMENT || SUPPLEMENT_BYTES_MAX < nal.len() {
        return None;
    }
    let body = unprotected(&nal[1..]);
    let mut rest = body.as_slice();
    // The last byte is the stop bit.
    while 2 < rest.len() {
        let message = number(&mut rest)?;
        let length = number(&mut rest)?;
        let payload = rest.get(..length)?;
        if message == USER_DATA_UNREGISTERED
            && let Some(stamp) = stamp_of(payload)
        {
            return Some(stamp);
        }
        rest = &rest[length..];
    }
    None
}

/// Message types and lengths are sums of bytes, each 255 but the last (7.3.2.3.1).
fn number(rest: &mut &[u8]) -> Option<usize> {
    let mut sum = 0;
    loop {
        let (first, others) = rest.split_first()?;
        *rest = others;
        sum += usize::from(*first);
        if *first != 255 {
            return Some(sum);
        }
    }
}

fn stamp_of(payload: &[u8]) -> Option<Stamp> {
    let ours = payload.len() == LENGTH && payload.starts_with(&IDENTIFIER) && payload[16] == VERSION;
    if !ours {
        return None;
    }
    let int = |at: usize| Some(i32::from_be_bytes(payload.get(at..at + 4)?.try_into().ok()?));
    let angle_deg = |at: usize| Some(f64::from(i16::from_be_bytes(payload.get(at..at + 2)?.try_into().ok()?)) / 100.0);
    let stamp = Stamp {
        captured_at_us: i64::from_be_bytes(payload.get(17..25)?.try_into().ok()?),
        lat_deg: f64::from(int(25)?) / 1e7,
        lon_deg: f64::from(int(29)?) / 1e7,
        amsl_m: f64::from(int(33)?) / 1e3,
        yaw_deg: (angle_deg(37)? + 180.0).rem_euclid(360.0),
        pitch_deg: angle_deg(39)?,
        roll_deg: angle_deg(41)?,
        horizontal_fov_deg: f64::from(u16::from_be_bytes(payload.get(43..45)?.try_into().ok()?)) / 100.0,
    };
    (stamp.lat_deg.abs() <= 90.0 && stamp.lon_deg.abs() <= 180.0).then_some(stamp)
}

/// Without emulation prevention (7.4.1).
fn unprotected(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut zeros = 0;
    for &byte in body {
        if 2 <= zeros && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by hand after the layout in `docs/video.md`.
    fn example() -> Vec<u8> {
        let mut nal = vec![6, 5, LENGTH as u8];
        nal.extend(IDENTIFIER);
        nal.push(1);
        nal.extend(1_700_000_000_123_456_i64.to_be_bytes());
        nal.extend(375_000_000_i32.to_be_bytes());
        nal.extend(1_270_000_000_i32.to_be_bytes());
        // 65.536 m: its three zero-ish bytes need emulation prevention.
        nal.extend([0, 1, 0, 0, 3]);
        nal.extend((9_000_i16 - 18_000).to_be_bytes());
        nal.extend((-4_500_i16).to_be_bytes());
        nal.extend([0, 0, 3]);
        nal.extend(7_000_u16.to_be_bytes());
        nal.push(0x80);
        nal
    }

    #[test]
    fn reads_the_layout_of_the_document() {
        let mut nal = example();
        // The roll's two zero bytes are followed by a byte above 3: no prevention byte there after all.
        nal.remove(nal.len() - 4);
        let stamp = read(&nal).expect("a stamp");
        assert_eq!(stamp.captured_at_us, 1_700_000_000_123_456);
        assert_eq!((stamp.lat_deg, stamp.lon_deg, stamp.amsl_m), (37.5, 127.0, 65.536));
        assert_eq!((stamp.yaw_deg, stamp.pitch_deg, stamp.roll_deg, stamp.horizontal_fov_deg), (90.0, -45.0, 0.0, 70.0));
    }

    #[test]
    fn survives_every_truncation_and_every_changed_byte() {
        let whole = example();
        for end in 0..whole.len() {
            let _ = read(&whole[..end]);
            for byte in [0, 1, 3, 0x7f, 0xff] {
                let mut broken = whole.clone();
                broken[end] = byte;
                let _ = read(&broken);
            }
        }
    }
}
