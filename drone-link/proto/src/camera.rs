//! The aircraft's camera, as far as a link cares: where it says that its pictures stream. Asks until it is told, and again now and
//! then. Never judges an address; that is for whoever would connect to it.

use std::collections::BTreeMap;

use crate::command::{Answer, Commander, Purpose, floats};
use crate::dialect::{CommandKind, id};

/// Streams kept of one camera; more are not offered by any.
const STREAMS_MAX: usize = 8;
/// Between two questions while not every stream is told.
const ASK_AGAIN_MS: u64 = 3_000;
/// Between two questions once all are: a camera may be set to another address without a restart.
const LOOK_AGAIN_MS: u64 = 60_000;

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
}

impl Camera {
    /// A component of the aircraft says that it is a camera. The first one counts.
    pub fn found(&mut self, component_id: u8) {
        self.component.get_or_insert(component_id);
    }

    /// The aircraft is new or restarted: ask again, also a camera that refused.
    pub fn restart(&mut self) {
        (self.ask_ms, self.refused) = (0, false);
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
            Some((_, Answer::Refused { .. })) => self.refused = true,
            Some((_, Answer::Accepted { .. } | Answer::Unanswered)) | None => {}
        }
        if self.refused || now_ms < self.ask_ms {
            return;
        }
        self.ask_ms = now_ms + ASK_AGAIN_MS;
        // The second parameter is a stream's number; 0 asks for all.
        let params = [id::VIDEO_STREAM_INFORMATION as f32, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        commander.order(Purpose::Streams, floats(CommandKind::RequestMessage, component_id, params), now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkLimits;

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
        assert_eq!(asked(&mut told, 0, 59), 0);
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
