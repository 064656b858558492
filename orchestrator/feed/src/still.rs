//! A still about every second, for those whom WebRTC does not reach. Decodes only while somebody asks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use flight_types::DroneId;
use openh264::decoder::{DecodedYUV, Decoder};
use openh264::formats::YUVSource;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::limits::{STILL_LINGER, STILL_PAUSE, STILL_QUALITY_PCT, STILL_WAIT_MAX, UNITS_BEHIND_MAX};
use crate::source::{Feeds, Quality, Subscription};
use crate::unit::AccessUnit;

/// Why there is no still.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StillError {
    /// The aircraft has no camera that is known.
    #[error("no camera of {0} is known")]
    NoCamera(DroneId),
    /// Nothing came in time.
    #[error("the camera gave no picture in {} s", STILL_WAIT_MAX.as_secs())]
    NoPicture,
}

/// A still as JPEG.
#[derive(Debug, Clone)]
pub struct Still {
    /// The file.
    pub jpeg: Arc<[u8]>,
    /// When its picture came.
    pub arrived_at: Instant,
    /// When it was taken by the camera's clock, microseconds since 1970-01-01 UTC, if the camera says so.
    pub captured_at_us: Option<i64>,
}

/// Makes stills; cheap to clone.
#[derive(Debug, Clone)]
pub struct Stills {
    feeds: Feeds,
    makers: Arc<Mutex<BTreeMap<DroneId, Maker>>>,
}

#[derive(Debug, Clone)]
struct Maker {
    latest: watch::Receiver<Option<Still>>,
    asked: mpsc::Sender<()>,
}

impl Stills {
    /// Of these cameras.
    pub fn new(feeds: Feeds) -> Self {
        Self { feeds, makers: Arc::default() }
    }

    /// The latest still of an aircraft's camera, at most about a second old; waits for the first.
    pub async fn latest(&self, drone: &DroneId) -> Result<Still, StillError> {
        let Maker { mut latest, asked } = self.maker(drone).ok_or_else(|| StillError::NoCamera(drone.clone()))?;
        // A full queue says the same.
        let _ = asked.try_send(());
        let fresh = |still: &Option<Still>| still.as_ref().is_some_and(|still| still.arrived_at.elapsed() < STILL_PAUSE * 3);
        let found = timeout(STILL_WAIT_MAX, latest.wait_for(fresh)).await;
        let still = found.map_err(|_| StillError::NoPicture)?.map_err(|_| StillError::NoPicture)?.clone();
        still.ok_or(StillError::NoPicture)
    }

    fn maker(&self, drone: &DroneId) -> Option<Maker> {
        let mut makers = self.makers.lock().unwrap_or_else(PoisonError::into_inner);
        makers.retain(|_, maker| !maker.asked.is_closed());
        if let Some(maker) = makers.get(drone) {
            return Some(maker.clone());
        }
        // The smaller stream is enough for a still and spares the aircraft's link and our processor.
        let pictures = self.feeds.source(drone, Quality::Sub)?.subscribe();
        let (send, latest) = watch::channel(None);
        let (asked, asks) = mpsc::channel(1);
        tokio::spawn(make(pictures, send, asks));
        let maker = Maker { latest, asked };
        makers.insert(drone.clone(), maker.clone());
        Some(maker)
    }
}

/// Feeds a decoder on a thread for blocking work until nobody has asked for a while.
async fn make(mut pictures: Subscription, latest: watch::Sender<Option<Still>>, mut asks: mpsc::Receiver<()>) {
    let (units, queue) = mpsc::channel(UNITS_BEHIND_MAX);
    let decoding = tokio::task::spawn_blocking(move || decode(queue, &latest));
    let mut until = tokio::time::Instant::now() + STILL_LINGER;
    loop {
        tokio::select! {
            asked = asks.recv() => match asked {
                Some(()) => until = tokio::time::Instant::now() + STILL_LINGER,
                None => break,
            },
            unit = pictures.next() => match unit {
                Some(unit) => if units.send(unit).await.is_err() { break },
                None => break,
            },
            () = tokio::time::sleep_until(until) => break,
        }
    }
    drop(units);
    // Its end is all that matters; a panic has been printed.
    let _ = decoding.await;
}

fn decode(mut units: mpsc::Receiver<Arc<AccessUnit>>, latest: &watch::Sender<Option<Still>>) {
    let Ok(mut decoder) = Decoder::new() else {
        return tracing::error!("the H.264 decoder does not start; there are no stills");
    };
    let mut made_at: Option<Instant> = None;
    while let Some(unit) = units.blocking_recv() {
        // Every picture is decoded, because the next ones build on it; few become stills.
        let Ok(Some(decoded)) = decoder.decode(&unit.annex_b) else { continue };
        if made_at.is_some_and(|at| at.elapsed() < STILL_PAUSE - Duration::from_millis(50)) {
            continue;
        }
        made_at = Some(Instant::now());
        if let Some(jpeg) = jpeg_of(&decoded) {
            let captured_at_us = unit.stamp.map(|stamp| stamp.captured_at_us);
            latest.send_replace(Some(Still { jpeg: jpeg.into(), arrived_at: unit.arrived_at, captured_at_us }));
        }
    }
}

pub(crate) fn jpeg_of(decoded: &DecodedYUV<'_>) -> Option<Vec<u8>> {
    let (width, height) = decoded.dimensions();
    let mut rgb = vec![0; width * height * 3];
    decoded.write_rgb8(&mut rgb);
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, STILL_QUALITY_PCT);
    let size = (u16::try_from(width).ok()?, u16::try_from(height).ok()?);
    encoder.encode(&rgb, size.0, size.1, jpeg_encoder::ColorType::Rgb).ok()?;
    Some(jpeg)
}
