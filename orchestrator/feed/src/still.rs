//! A still about every second, for those whom WebRTC does not reach. Decodes only while somebody asks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use flight_types::DroneId;
use openh264::decoder::{DecodedYUV, Decoder};
use openh264::formats::YUVSource;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use tokio::time::timeout;

use crate::limits::{STILL_BYTES_MAX, STILL_LINGER, STILL_PAUSE, STILL_QUALITY_PCT, STILL_UNITS_MAX, STILL_WAIT_MAX};
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
    /// How much longer that was on its way than the quickest.
    pub late: Duration,
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

/// Makes stills until nobody has asked for a while. Pictures are gathered as they come and decoded together when a still is due, by a
/// thread for blocking work: a machine too slow for the stream makes fewer stills, never older ones.
async fn make(mut pictures: Subscription, latest: watch::Sender<Option<Still>>, mut asks: mpsc::Receiver<()>) {
    let Ok(decoder) = Decoder::new() else {
        return tracing::error!("the H.264 decoder does not start; there are no stills");
    };
    let (mut idle, mut job) = (Some(decoder), None);
    let (mut since, mut due_at) = (Since::default(), Instant::now());
    let mut until = tokio::time::Instant::now() + STILL_LINGER;
    loop {
        let is_due = idle.is_some() && !since.units.is_empty() && due_at <= Instant::now();
        tokio::select! {
            biased;
            asked = asks.recv() => match asked {
                Some(()) => until = tokio::time::Instant::now() + STILL_LINGER,
                None => break,
            },
            // Before the next still is begun, everything that has come is taken: it shows the newest picture.
            unit = pictures.next() => match unit {
                Some(unit) => since.push(unit),
                None => break,
            },
            made = finished(&mut job) => match made {
                Ok((decoder, still)) => {
                    idle = Some(decoder);
                    if still.is_some() {
                        latest.send_replace(still);
                    }
                }
                // It has been printed; whoever asks next begins anew.
                Err(_panic) => break,
            },
            () = std::future::ready(()), if is_due => {
                due_at = Instant::now() + STILL_PAUSE;
                let units = std::mem::take(&mut since.units);
                job = idle.take().map(|decoder| spawn_blocking(move || decode(decoder, &units)));
            },
            () = tokio::time::sleep_until(until) => break,
        }
    }
}

/// A still under way.
type Job = JoinHandle<(Decoder, Option<Still>)>;

/// The end of the still under way; without one, never.
async fn finished(job: &mut Option<Job>) -> Result<(Decoder, Option<Still>), JoinError> {
    let Some(running) = job else { return std::future::pending().await };
    let made = running.await;
    *job = None;
    made
}

/// What must be decoded to see the newest picture: everything since the last still, or since the last key picture where that is less.
#[derive(Debug, Default)]
struct Since {
    units: Vec<Arc<AccessUnit>>,
    bytes: usize,
    /// More came than is kept: what follows builds on what is gone.
    needs_key: bool,
}

impl Since {
    fn push(&mut self, unit: Arc<AccessUnit>) {
        if unit.key {
            *self = Self::default();
        }
        if self.units.is_empty() {
            self.bytes = 0;
        }
        self.bytes += unit.annex_b.len();
        self.needs_key |= STILL_UNITS_MAX <= self.units.len() || STILL_BYTES_MAX < self.bytes;
        if self.needs_key {
            self.units.clear();
        } else {
            self.units.push(unit);
        }
    }
}

/// Decodes them all, because each builds on those before it, and makes a still of the last.
fn decode(mut decoder: Decoder, units: &[Arc<AccessUnit>]) -> (Decoder, Option<Still>) {
    let Some((newest, before)) = units.split_last() else { return (decoder, None) };
    for unit in before {
        // What is broken here shows in those after it, until the next key picture.
        let _ = decoder.decode(&unit.annex_b);
    }
    let jpeg = match decoder.decode(&newest.annex_b) {
        Ok(Some(decoded)) => jpeg_of(&decoded),
        Ok(None) | Err(_) => None,
    };
    let captured_at_us = newest.stamp.map(|stamp| stamp.captured_at_us);
    let still = jpeg.map(|jpeg| Still { jpeg: jpeg.into(), arrived_at: newest.arrived_at, late: newest.late, captured_at_us });
    (decoder, still)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(key: bool, bytes: usize) -> Arc<AccessUnit> {
        Arc::new(AccessUnit {
            annex_b: vec![0; bytes].into(),
            key,
            media_time: 0,
            arrived_at: Instant::now(),
            late: Duration::ZERO,
            stamp: None,
        })
    }

    fn gathered(since: &Since) -> Vec<bool> {
        since.units.iter().map(|unit| unit.key).collect()
    }

    #[test]
    fn pictures_before_a_key_picture_are_not_decoded_any_more() {
        let mut since = Since::default();
        for key in [true, false, false, true, false] {
            since.push(unit(key, 10));
        }
        assert_eq!(gathered(&since), [true, false]);
        std::mem::take(&mut since.units);
        since.push(unit(false, 10));
        assert_eq!(gathered(&since), [false], "the decoder has seen what it builds on");
    }

    #[test]
    fn what_outgrows_its_bound_waits_for_the_next_key_picture() {
        let by_count = vec![unit(false, 10); STILL_UNITS_MAX];
        let by_bytes = vec![unit(false, STILL_BYTES_MAX)];
        for many in [by_count, by_bytes] {
            let mut since = Since::default();
            since.push(unit(true, 10));
            many.into_iter().for_each(|unit| since.push(unit));
            assert_eq!(gathered(&since), Vec::<bool>::new(), "its first ones are gone");
            since.push(unit(false, 10));
            assert_eq!(gathered(&since), Vec::<bool>::new(), "it builds on what is gone");
            since.push(unit(true, 10));
            since.push(unit(false, 10));
            assert_eq!(gathered(&since), [true, false]);
        }
    }

    #[test]
    fn bytes_are_counted_anew_after_each_still() {
        let mut since = Since::default();
        for _ in 0..3 {
            since.push(unit(false, STILL_BYTES_MAX));
            assert_eq!(gathered(&since), [false]);
            std::mem::take(&mut since.units);
        }
    }
}
