//! The message inside the stream that says when and from where a picture was taken (H.264 Annex D, user data unregistered).
//! Layout in `docs/video.md`; the receiver has its own reader.

use crate::picture::Picture;

/// Tells our messages from others': random, once.
const IDENTIFIER: [u8; 16] = [0x6e, 0x0b, 0x5a, 0x1d, 0x93, 0x4c, 0x4f, 0x27, 0xa8, 0x51, 0x2d, 0x77, 0xc4, 0x90, 0x1e, 0xb3];
const NAL_SEI: u8 = 6;
const USER_DATA_UNREGISTERED: u8 = 5;
const VERSION: u8 = 1;

/// The NAL unit, without start code.
pub fn nal_of(picture: &Picture) -> Vec<u8> {
    let payload = payload_of(picture);
    let mut body = vec![USER_DATA_UNREGISTERED, payload.len() as u8];
    body.extend(payload);
    // The stop bit that ends every NAL unit's payload.
    body.push(0x80);
    let mut nal = vec![NAL_SEI];
    nal.extend(protected(&body));
    nal
}

fn payload_of(picture: &Picture) -> Vec<u8> {
    let pose = &picture.pose;
    let mut payload = IDENTIFIER.to_vec();
    payload.push(VERSION);
    payload.extend(picture.captured_at_us.to_be_bytes());
    payload.extend(((pose.lat_deg * 1e7).round() as i32).to_be_bytes());
    payload.extend(((pose.lon_deg * 1e7).round() as i32).to_be_bytes());
    payload.extend(((pose.amsl_m * 1e3).round() as i32).to_be_bytes());
    for angle_deg in [pose.yaw_deg.rem_euclid(360.0) - 180.0, pose.pitch_deg, pose.roll_deg] {
        payload.extend(((angle_deg * 100.0).round() as i16).to_be_bytes());
    }
    payload.extend(((pose.horizontal_fov_deg * 100.0).round() as u16).to_be_bytes());
    payload
}

/// With emulation prevention (7.4.1): no three bytes may look like a start code.
fn protected(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 4);
    let mut zeros = 0;
    for &byte in body {
        if 2 <= zeros && byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}
