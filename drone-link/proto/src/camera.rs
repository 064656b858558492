//! The aircraft's camera, as far as a link cares: where it says that its pictures stream, and how much it shows. Asks until it is told,
//! and again now and then. Never judges an address; that is for whoever would connect to it.

use std::collections::BTreeMap;

use crate::command::{Answer, Commander, Purpose, floats};
use crate::dialect::{CommandKind, id};

/// Streams kept of one camera; more are not offered by any.
const STREAMS_MAX: usize = 8;
/// Between two questions while not every stream is told.
const ASK_AGAIN_MS: u64 = 3_000;
/// Between two questions once all are: a camera may be set to another address without a restart.
const LOOK_AGAIN_MS: u64 = 60_000;

/// Questions about the lens; a camera that does not answer them is not zoomed.
const LENS_ASKS_MAX: u32 = 5;
/// Ground that a picture of a person shows from its upper to its lower edge, metres: the lit circle and as much again, so that whoever
/// comes near is seen, and the person is not lost when their fix errs.
const SEEN_M: f64 = 25.0;
/// Another focal length is worth an order from this share on.
const ZOOM_STEP: f32 = 0.15;
/// CAMERA_ZOOM_TYPE: by focal length, millimetres.
const ZOOM_BY_FOCAL_LENGTH: f32 = 3.0;

/// What a camera says of its lens (CAMERA_INFORMATION).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lens {
    /// The shortest focal length, millimetres.
    pub focal_mm: f32,
    /// Its sensor from top to bottom, millimetres.
    pub sensor_height_mm: f32,
    /// CAMERA_CAP_FLAGS_HAS_BASIC_ZOOM.
    pub zooms: bool,
}

/// How much the camera is to show.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Sight {
    /// Whatever somebody has set.
    #[default]
    AsItIs,
    /// Everything that it can: pictures for surveys and for the way are reckoned with that.
    Whole,
    /// A person from so far off.
    From {
        /// Metres.
        distance_m: f64,
    },
}

/// A stream that an aircraft announces (VIDEO_STREAM_INFORMATION). Numbers are MAVLink's; nothing is judged yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnouncedStream {
    /// Counted from 1.
    pub number: u8,
    /// VIDEO_STREAM_TYPE; 0 is RTSP.
    pub kind: u8,
    /// VIDEO_STREAM_ENCODING: 1 is H.264, 2 is H.265, 0 says nothing.
    pub encoding: u8,
    /// Pixels across; 0 says nothing.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
    /// Its address, of at most 160 bytes.
    pub uri: String,
}

/// What one camera told of its streams.
#[derive(Debug, Default)]
pub(crate) struct Camera {
    component: Option<u8>,
    streams: BTreeMap<u8, AnnouncedStream>,
    told: Vec<AnnouncedStream>,
    news: bool,
    ask_ms: u64,
    refused: bool,
    lens: Option<Lens>,
    lens_asks: u32,
    lens_ask_ms: u64,
    /// The latest question was about the lens.
    asks_lens: bool,
    /// The focal length last ordered, millimetres.
    ordered_mm: Option<f32>,
}

impl Camera {
    /// A component of the aircraft says that it is a camera. The first one counts.
    pub fn found(&mut self, component_id: u8) {
        self.component.get_or_insert(component_id);
    }

    /// There is one.
    pub fn is_found(&self) -> bool {
        self.component.is_some()
    }

    /// The aircraft is new or restarted: ask again, also a camera that refused.
    pub fn restart(&mut self) {
        (self.ask_ms, self.refused) = (0, false);
        (self.lens, self.lens_asks, self.lens_ask_ms, self.ordered_mm) = (None, 0, 0, None);
    }

    /// Takes one of `count` announced streams of a component.
    pub fn take(&mut self, component_id: u8, count: u8, stream: AnnouncedStream, now_ms: u64) {
        let count = usize::from(count).min(STREAMS_MAX);
        if self.component != Some(component_id) || !(1..=count).contains(&usize::from(stream.number)) {
            return;
        }
        self.streams.retain(|number, _| usize::from(*number) <= count);
        self.streams.insert(stream.number, stream);
        if self.streams.len() < count {
            return;
        }
        self.ask_ms = now_ms + LOOK_AGAIN_MS;
        let told: Vec<AnnouncedStream> = self.streams.values().cloned().collect();
        self.news |= told != self.told;
        self.told = told;
    }

    /// Every stream, when that is news.
    pub fn news(&mut self) -> Option<Vec<AnnouncedStream>> {
        std::mem::take(&mut self.news).then(|| self.told.clone())
    }

    /// Asks when it is time.
    pub fn drive(&mut self, commander: &mut Commander, now_ms: u64) {
        let Some(component_id) = self.component else { return };
        match commander.answer(Purpose::Streams) {
            Some((_, Answer::Open | Answer::Postponed)) => return,
            Some((_, Answer::Refused { .. })) if self.asks_lens => self.lens_asks = LENS_ASKS_MAX,
            Some((_, Answer::Refused { .. })) => self.refused = true,
            Some((_, Answer::Accepted { .. } | Answer::Unanswered)) | None => {}
        }
        let Some(message) = self.question(now_ms) else { return };
        // The second parameter is a stream's number; 0 asks for all.
        let params = [message as f32, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        commander.order(Purpose::Streams, floats(CommandKind::RequestMessage, component_id, params), now_ms);
    }

    /// The message to ask for now. One at a time: an answer does not say which of them it answers.
    fn question(&mut self, now_ms: u64) -> Option<u32> {
        if !self.refused && now_ms >= self.ask_ms {
            self.ask_ms = now_ms + ASK_AGAIN_MS;
            self.asks_lens = false;
            return Some(id::VIDEO_STREAM_INFORMATION);
        }
        if self.told.is_empty() || self.lens.is_some() || self.lens_asks >= LENS_ASKS_MAX || now_ms < self.lens_ask_ms {
            return None;
        }
        self.lens_asks += 1;
        self.lens_ask_ms = now_ms + ASK_AGAIN_MS;
        self.asks_lens = true;
        Some(id::CAMERA_INFORMATION)
    }

    /// Takes what a component says of its lens; nonsense counts as a lens that does not zoom.
    pub fn take_lens(&mut self, component_id: u8, lens: Lens) {
        let makes_sense = |length_mm: f32| length_mm.is_finite() && length_mm > 0.0;
        if self.component == Some(component_id) {
            let zooms = lens.zooms && makes_sense(lens.focal_mm) && makes_sense(lens.sensor_height_mm);
            self.lens = Some(Lens { zooms, ..lens });
        }
    }

    /// Has the camera show what is to be seen, once it said how it is made. A camera that refuses is left alone.
    pub fn zoom(&mut self, sight: Sight, commander: &mut Commander, now_ms: u64) {
        let (Some(component_id), Some(lens)) = (self.component, self.lens.filter(|lens| lens.zooms)) else { return };
        match commander.answer(Purpose::Zoom) {
            Some((_, Answer::Refused { .. })) => self.lens = Some(Lens { zooms: false, ..lens }),
            Some((_, Answer::Unanswered)) => self.ordered_mm = None,
            Some((_, Answer::Open | Answer::Postponed | Answer::Accepted { .. })) | None => {}
        }
        let (wanted_mm, step) = match sight {
            Sight::AsItIs => return,
            Sight::Whole => (lens.focal_mm, 0.0),
            Sight::From { distance_m } => ((lens.sensor_height_mm * (distance_m / SEEN_M) as f32).max(lens.focal_mm), ZOOM_STEP),
        };
        if self.ordered_mm.is_some_and(|ordered_mm| (wanted_mm / ordered_mm - 1.0).abs() <= step) {
            return;
        }
        self.ordered_mm = Some(wanted_mm);
        let params = [ZOOM_BY_FOCAL_LENGTH, wanted_mm, 0.0, 0.0, 0.0, 0.0, 0.0];
        commander.order(Purpose::Zoom, floats(CommandKind::CameraZoom, component_id, params), now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkLimits;
    use crate::dialect::{CommandSpec, Outgoing, Params};

    const COMPONENT: u8 = 100;
    /// MAV_RESULT_UNSUPPORTED.
    const UNSUPPORTED: u8 = 3;

    fn stream(number: u8, uri: &str) -> AnnouncedStream {
        AnnouncedStream { number, kind: 0, encoding: 1, width: 1_280, height: 720, uri: uri.to_owned() }
    }

    fn found() -> Camera {
        let mut camera = Camera::default();
        camera.found(COMPONENT);
        camera
    }

    /// How often is asked in so many seconds, answered each time with `result`.
    fn asked(camera: &mut Camera, result: u8, seconds: u64) -> usize {
        let (mut commander, limits, mut sent) = (Commander::default(), LinkLimits::default(), 0);
        for now_ms in (0..seconds * 1_000).step_by(100) {
            camera.drive(&mut commander, now_ms);
            commander.handle_timeout(&limits, now_ms, &mut |_| sent += 1);
            commander.handle_ack(CommandKind::RequestMessage.number(), COMPONENT, result, &limits, now_ms);
        }
        sent
    }

    #[test]
    fn a_camera_is_asked_until_it_told_and_one_that_refuses_only_once() {
        assert_eq!(asked(&mut Camera::default(), 0, 60), 0, "there is none");
        assert_eq!(asked(&mut found(), 0, 60), 20);
        let mut refusing = found();
        assert_eq!(asked(&mut refusing, UNSUPPORTED, 60), 1);
        refusing.restart();
        assert_eq!(asked(&mut refusing, UNSUPPORTED, 60), 1, "it may have another camera now");
        let mut told = found();
        told.take(COMPONENT, 1, stream(1, "a"), 0);
        assert_eq!(asked(&mut told, 0, 59), LENS_ASKS_MAX as usize, "only about its lens");
        told.take_lens(COMPONENT, LENS);
        assert_eq!(asked(&mut told, 0, 59), 0);
        let mut without_a_lens = found();
        without_a_lens.take(COMPONENT, 1, stream(1, "a"), 0);
        assert_eq!(asked(&mut without_a_lens, UNSUPPORTED, 59), 1);
        assert!(!without_a_lens.refused, "its streams are another question");
    }

    /// 24 by 13.5 mm behind 17 mm, as many an action camera's lens reckoned for film.
    const LENS: Lens = Lens { focal_mm: 17.0, sensor_height_mm: 13.5, zooms: true };

    /// The focal lengths that are ordered as these sights are wanted, a second each, answered with `result`.
    fn ordered(camera: &mut Camera, sights: &[Sight], result: u8) -> Vec<f32> {
        let (mut commander, limits, mut focal_mm) = (Commander::default(), LinkLimits::default(), Vec::new());
        for now_ms in (0..sights.len() as u64 * 1_000).step_by(100) {
            camera.zoom(sights[(now_ms / 1_000) as usize], &mut commander, now_ms);
            commander.handle_timeout(&limits, now_ms, &mut |outgoing| {
                if let Outgoing::Command { spec: CommandSpec { params: Params::Floats(params), .. }, .. } = outgoing {
                    assert_eq!(params[0], ZOOM_BY_FOCAL_LENGTH);
                    focal_mm.push(params[1]);
                }
            });
            commander.handle_ack(CommandKind::CameraZoom.number(), COMPONENT, result, &limits, now_ms);
        }
        focal_mm
    }

    #[test]
    fn a_person_far_off_is_shown_larger_and_afterwards_everything_again() {
        let from = |distance_m: f64| Sight::From { distance_m };
        let flight = [Sight::AsItIs, Sight::Whole, from(70.0), from(72.0), from(100.0), from(20.0), Sight::Whole, Sight::Whole];
        let mut camera = found();
        assert_eq!(ordered(&mut camera, &flight, 0), [0.0; 0], "nothing is known of its lens");
        camera.take_lens(COMPONENT, LENS);
        // 70 m off, 25 m of ground: 13.5 mm · 70 / 25; from 72 m the same is near enough; near by all is shown.
        assert_eq!(ordered(&mut camera, &flight, 0), [17.0, 37.8, 54.0, 17.0]);
        camera.restart();
        camera.take_lens(COMPONENT, LENS);
        assert_eq!(ordered(&mut camera, &[Sight::Whole], 0), [17.0], "an aircraft that restarted may have forgotten, or not");
    }

    #[test]
    fn cameras_that_cannot_zoom_or_say_nonsense_are_left_alone() {
        let person = [Sight::From { distance_m: 70.0 }; 30];
        for lens in [
            Lens { zooms: false, ..LENS },
            Lens { focal_mm: f32::NAN, ..LENS },
            Lens { focal_mm: 0.0, ..LENS },
            Lens { sensor_height_mm: f32::INFINITY, ..LENS },
        ] {
            let mut camera = found();
            camera.take_lens(COMPONENT, lens);
            camera.take_lens(COMPONENT + 1, LENS);
            assert_eq!(ordered(&mut camera, &person, 0), [0.0; 0], "{lens:?}");
        }
        let mut refusing = found();
        refusing.take_lens(COMPONENT, LENS);
        assert_eq!(ordered(&mut refusing, &person, UNSUPPORTED).len(), 1);
    }

    #[test]
    fn streams_are_news_when_all_are_told_and_again_when_one_changes() {
        let mut camera = found();
        camera.take(COMPONENT, 2, stream(2, "b"), 0);
        assert_eq!(camera.news(), None);
        camera.take(COMPONENT, 2, stream(1, "a"), 0);
        assert_eq!(camera.news(), Some(vec![stream(1, "a"), stream(2, "b")]));
        camera.take(COMPONENT, 2, stream(1, "a"), 0);
        assert_eq!(camera.news(), None);
        camera.take(COMPONENT, 1, stream(1, "c"), 0);
        assert_eq!(camera.news(), Some(vec![stream(1, "c")]));
    }

    #[test]
    fn strangers_and_nonsense_numbers_are_no_streams() {
        let mut camera = found();
        camera.take(101, 1, stream(1, "a"), 0);
        camera.take(COMPONENT, 0, stream(0, "a"), 0);
        camera.take(COMPONENT, 1, stream(2, "a"), 0);
        camera.take(COMPONENT, 255, stream(255, "a"), 0);
        assert_eq!((camera.news(), camera.streams.len()), (None, 0));
    }
}
