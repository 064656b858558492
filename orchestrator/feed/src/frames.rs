//! Whole pictures for whoever looks at them: decoded, with their stamps. Blocks; belongs on a thread for blocking work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use openh264::decoder::{DecodedYUV, Decoder};
use openh264::formats::YUVSource;
use tokio::sync::mpsc;

use crate::still::jpeg_of;
use crate::unit::{AccessUnit, Stamp};

/// A decoded picture, owned.
#[derive(Debug, Clone)]
pub struct DecodedFrame {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Luma, rows from the top.
    pub luma: Vec<u8>,
    /// The picture as a JPEG file.
    pub jpeg: Vec<u8>,
    /// When and from where it was taken.
    pub stamp: Stamp,
}

/// Decodes units until their queue ends, and hands on every stamped picture, no more often than `each`. Pictures without a stamp are from
/// nowhere and left out. Returns when the queue ends, or when `take` says that nobody wants more.
pub fn decode_frames(mut units: mpsc::Receiver<Arc<AccessUnit>>, each: Duration, mut take: impl FnMut(DecodedFrame) -> bool) {
    let Ok(mut decoder) = Decoder::new() else {
        return tracing::error!("the H.264 decoder does not start; nothing is seen of this stream");
    };
    let mut taken_at: Option<Instant> = None;
    while let Some(unit) = units.blocking_recv() {
        // Every picture is decoded, because the next ones build on it.
        let Ok(Some(decoded)) = decoder.decode(&unit.annex_b) else { continue };
        let Some(stamp) = unit.stamp else { continue };
        if taken_at.is_some_and(|at| unit.arrived_at.saturating_duration_since(at) < each) {
            continue;
        }
        taken_at = Some(unit.arrived_at);
        let Some(frame) = owned(&decoded, stamp) else { continue };
        if !take(frame) {
            return;
        }
    }
}

fn owned(decoded: &DecodedYUV<'_>, stamp: Stamp) -> Option<DecodedFrame> {
    let (width, height) = decoded.dimensions();
    let (stride, plane) = (decoded.strides().0, decoded.y());
    let luma = plane.chunks(stride.max(1)).take(height).flat_map(|row| row.iter().take(width).copied()).collect();
    Some(DecodedFrame { width, height, luma, jpeg: jpeg_of(decoded)?, stamp })
}
