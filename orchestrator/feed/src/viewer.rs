//! One viewer: a WebRTC peer that gets a stream's pictures as they are. No socket, no clock.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use str0m::change::SdpOffer;
use str0m::crypto::CryptoProvider;
use str0m::format::Codec;
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig};

use crate::congestion::Congestion;
use crate::limits::{
    CANDIDATES_MAX, CATCH_UP_STEP, HALF_OPEN_TIME_MAX, KEY_ANSWER_PAUSE, NO_REPORT_MAX, REPEATABLE_PACKETS, REPORT_PAUSE,
    SILENCE_MAX,
};
use crate::source::Quality;
use crate::unit::AccessUnit;

const CLOCK_HZ: u64 = 90_000;
/// Constrained Baseline, level 3.1: what every browser offers; they decode what comes, whatever was agreed.
const BASELINE: u32 = 0x42e01f;

/// Why a viewing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The viewer, or whoever may, said so.
    Asked,
    /// The connection never came up.
    NeverConnected,
    /// It broke, or nothing was heard for too long.
    Gone,
    /// Nothing was ever reported about the pictures.
    NeverReported,
    /// The protocol failed.
    Failed,
}

/// What leaves: to whom, and the datagram.
pub type Transmit = (SocketAddr, Vec<u8>);

pub struct Viewer {
    rtc: Rtc,
    local: SocketAddr,
    candidates: usize,
    began_at: Instant,
    heard_at: Instant,
    /// When the connection came up.
    connected_at: Option<Instant>,
    reported_at: Option<Instant>,
    media: Option<(Mid, Pt)>,
    timeline: Timeline,
    congestion: Congestion,
    wanted: Quality,
    needs_key: bool,
    answered_key_at: Option<Instant>,
    wants_group: bool,
    timeout: Instant,
    ended: Option<Ended>,
    /// The protocol's library panicked: nothing more is asked of it.
    broken: bool,
}

/// Maps the camera's media time to the viewer's, which goes on when the camera restarts or another stream takes over.
#[derive(Debug, Default)]
struct Timeline {
    /// What is added to the camera's, modulo 2^64.
    offset: Option<u64>,
    last: u64,
    last_at: Option<Instant>,
}

impl Timeline {
    /// Whatever comes next belongs to another beginning.
    fn rebase(&mut self) {
        self.offset = None;
    }

    fn map(&mut self, media_time: u64, now: Instant) -> u64 {
        let mapped = self.offset.map(|offset| media_time.wrapping_add(offset));
        // A camera whose clock jumps gets a new beginning as well: backwards, or forwards by more than it has taken.
        let passed = self.last_at.map_or(0, |at| now.duration_since(at).as_micros() as u64 * CLOCK_HZ / 1_000_000);
        let believable = mapped.filter(|time| self.last < *time && *time < self.last + passed + 2 * CLOCK_HZ);
        let time = believable.unwrap_or(self.last + passed.max(CATCH_UP_STEP));
        self.offset = Some(time.wrapping_sub(media_time));
        (self.last, self.last_at) = (time, Some(now));
        time
    }
}

impl Viewer {
    /// Answers an offer; `Err` says in words why it cannot be answered.
    pub fn answer(
        offer: &str,
        local: SocketAddr,
        advertised: &[SocketAddr],
        now: Instant,
    ) -> Result<(Self, String, String), String> {
        // The parser of a protocol this large may have a fault that an offer made for it reaches; it must not stop the others.
        let answered = catch_unwind(AssertUnwindSafe(|| {
            let (mut rtc, answer, name) = negotiate(offer, advertised, now)?;
            let timeout = match rtc.poll_output() {
                Ok(Output::Timeout(at)) => at,
                Ok(Output::Transmit(_) | Output::Event(_)) | Err(_) => now,
            };
            Ok::<_, String>((rtc, answer, name, timeout))
        }));
        let (rtc, answer, name, timeout) = answered.map_err(|_| "the offer cannot be read".to_owned())??;
        let viewer = Self {
            rtc,
            local,
            candidates: 0,
            began_at: now,
            heard_at: now,
            connected_at: None,
            reported_at: None,
            media: None,
            timeline: Timeline::default(),
            congestion: Congestion::default(),
            wanted: Quality::Main,
            needs_key: true,
            answered_key_at: None,
            wants_group: false,
            timeout,
            ended: None,
            broken: false,
        };
        Ok((viewer, answer, name))
    }

    pub fn began_at(&self) -> Instant {
        self.began_at
    }

    pub fn connected(&self) -> bool {
        self.connected_at.is_some()
    }

    /// Which stream it should get.
    pub fn wanted(&self) -> Quality {
        self.wanted
    }

    pub fn ended(&self) -> Option<Ended> {
        self.ended
    }

    pub fn end(&mut self, why: Ended) {
        self.ended.get_or_insert(why);
        self.guarded(|viewer| viewer.rtc.disconnect());
    }

    /// Does something with the protocol's library. As with offers: what is made to reach a fault of its ends its own viewer only.
    fn guarded<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.broken {
            return None;
        }
        let done = catch_unwind(AssertUnwindSafe(|| act(self)));
        if done.is_err() {
            self.broken = true;
            self.ended.get_or_insert(Ended::Failed);
        }
        done.ok()
    }

    pub fn timeout(&self) -> Instant {
        self.timeout
    }

    /// Whether it waits for the pictures since the last key picture; asking takes the wish.
    pub fn takes_group(&mut self) -> bool {
        std::mem::take(&mut self.wants_group)
    }

    /// Another stream begins.
    pub fn switch(&mut self) {
        self.needs_key = true;
        self.wants_group = true;
    }

    /// Adds a candidate of the peer's, as SDP writes it.
    pub fn candidate(&mut self, text: &str, out: &mut Vec<Transmit>, now: Instant) -> Result<(), String> {
        if CANDIDATES_MAX <= self.candidates {
            return Err(format!("more than {CANDIDATES_MAX} candidates"));
        }
        self.candidates += 1;
        if names_a_host(text) {
            return Ok(());
        }
        let added = self.guarded(|viewer| {
            let candidate = Candidate::from_sdp_string(text).map_err(|error| error.to_string())?;
            viewer.rtc.add_remote_candidate(candidate);
            viewer.drain(out, now);
            Ok(())
        });
        added.unwrap_or_else(|| Err("the candidate cannot be read".to_owned()))
    }

    pub fn receive(&mut self, from: SocketAddr, datagram: &[u8], out: &mut Vec<Transmit>, now: Instant) {
        let Ok(contents) = datagram.try_into() else { return };
        self.heard_at = now;
        let receive = Receive { proto: Protocol::Udp, source: from, destination: self.local, contents };
        self.input(Input::Receive(now, receive), out, now);
    }

    pub fn time(&mut self, out: &mut Vec<Transmit>, now: Instant) {
        if let Some(why) = self.overdue(now) {
            self.end(why);
        }
        self.input(Input::Timeout(now), out, now);
    }

    fn overdue(&self, now: Instant) -> Option<Ended> {
        let since = |at: Instant| now.saturating_duration_since(at);
        match self.connected_at {
            None => (HALF_OPEN_TIME_MAX <= since(self.began_at)).then_some(Ended::NeverConnected),
            Some(_) if SILENCE_MAX <= since(self.heard_at) => Some(Ended::Gone),
            Some(at) => (NO_REPORT_MAX <= since(self.reported_at.unwrap_or(at))).then_some(Ended::NeverReported),
        }
    }

    fn input(&mut self, input: Input<'_>, out: &mut Vec<Transmit>, now: Instant) {
        self.guarded(|viewer| {
            if viewer.rtc.handle_input(input).is_err() {
                viewer.end(Ended::Failed);
            }
            viewer.drain(out, now);
        });
    }

    fn drain(&mut self, out: &mut Vec<Transmit>, now: Instant) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.timeout = at.min(now + REPORT_PAUSE);
                    return;
                }
                Ok(Output::Transmit(transmit)) => out.push((transmit.destination, transmit.contents.to_vec())),
                Ok(Output::Event(event)) => self.event(event, now),
                Err(_) => return self.end(Ended::Failed),
            }
        }
    }

    fn event(&mut self, event: Event, now: Instant) {
        match event {
            Event::MediaAdded(added) if added.kind == MediaKind::Video => {
                self.media = payload_type(&mut self.rtc, added.mid).map(|pt| (added.mid, pt));
            }
            Event::Connected => {
                self.connected_at = Some(now);
                self.wants_group = true;
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) | Event::Closed => self.end(Ended::Gone),
            Event::KeyframeRequest(_) => self.key_wanted(now),
            Event::MediaEgressStats(stats) => {
                if stats.remote.is_some() && stats.loss.is_some() {
                    self.reported_at = Some(now);
                }
                self.wanted = self.congestion.observe(stats.loss, stats.rtt, now);
            }
            _ => {}
        }
    }

    /// The peer lost too much to go on. What is at hand since the last key picture helps at once; asked too often it would make
    /// a narrow link narrower, and the next key picture comes anyway.
    fn key_wanted(&mut self, now: Instant) {
        metrics::counter!("feed_key_requests").increment(1);
        let answered = self.answered_key_at.is_some_and(|at| now.duration_since(at) < KEY_ANSWER_PAUSE);
        if !answered && !self.needs_key {
            self.answered_key_at = Some(now);
            self.wants_group = true;
        }
    }

    /// Sends the pictures since the last key picture, close together in time, the newest shown as now.
    pub fn group<'a>(&mut self, group: impl ExactSizeIterator<Item = &'a Arc<AccessUnit>>, out: &mut Vec<Transmit>, now: Instant) {
        if group.len() == 0 || self.media.is_none() || !self.connected() {
            return;
        }
        self.needs_key = true;
        for unit in group {
            self.timeline.rebase();
            self.picture(unit, out, now);
        }
    }

    pub fn picture(&mut self, unit: &AccessUnit, out: &mut Vec<Transmit>, now: Instant) {
        self.guarded(|viewer| viewer.send(unit, out, now));
    }

    fn send(&mut self, unit: &AccessUnit, out: &mut Vec<Transmit>, now: Instant) {
        let Some((mid, pt)) = self.media.filter(|_| self.connected() && self.ended.is_none()) else { return };
        if self.needs_key {
            if !unit.key {
                return;
            }
            self.needs_key = false;
            self.timeline.rebase();
        }
        let time = self.timeline.map(unit.media_time, now);
        let Some(writer) = self.rtc.writer(mid) else { return };
        // Shown as soon as it is decoded: an escort is watched, not enjoyed.
        let writer = writer.playout_delay(MediaTime::ZERO, MediaTime::ZERO);
        let written = writer.write(pt, unit.arrived_at, MediaTime::new(time, Frequency::NINETY_KHZ), unit.annex_b.clone());
        if written.is_err() {
            self.end(Ended::Failed);
        }
        self.drain(out, now);
    }
}

/// Browsers hide their addresses behind names that only their own network resolves (`….local`). Nothing is lost: the server answers
/// whoever asks it, and learns the address from the question.
fn names_a_host(candidate: &str) -> bool {
    candidate.split(' ').nth(4).is_some_and(|address| address.parse::<std::net::IpAddr>().is_err())
}

fn negotiate(offer: &str, advertised: &[SocketAddr], now: Instant) -> Result<(Rtc, String, String), String> {
    let offer = SdpOffer::from_sdp_string(offer).map_err(|error| format!("the offer is no session description: {error}"))?;
    let name = str0m::IceCreds::new();
    let mut rtc = RtcConfig::new()
        .set_crypto_provider(cryptography())
        .set_local_ice_credentials(name.clone())
        .clear_codecs()
        .enable_h264(true)
        .set_ice_lite(true)
        .set_stats_interval(Some(REPORT_PAUSE))
        .set_send_buffer_video(REPEATABLE_PACKETS)
        .build(now);
    for address in advertised {
        let candidate = Candidate::host(*address, "udp").map_err(|error| error.to_string())?;
        rtc.add_local_candidate(candidate);
    }
    let answer = rtc.sdp_api().accept_offer(offer).map_err(|error| format!("the offer cannot be answered: {error}"))?;
    let answer = answer.to_sdp_string();
    if !answer.contains("m=video") || !answer.contains("H264/90000") {
        return Err("the offer takes no H.264 video; the server sends nothing else".to_owned());
    }
    Ok((rtc, answer, name.ufrag))
}

/// Made once; not the process's own, so that nothing depends on who starts first.
fn cryptography() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(str0m::crypto::from_feature_flags())).clone()
}

/// The payload type under which the peer takes our pictures: fragments are needed, the profile nearest to the cameras' is liked.
fn payload_type(rtc: &mut Rtc, mid: Mid) -> Option<Pt> {
    let media = rtc.media(mid)?;
    if !matches!(media.direction(), Direction::SendOnly | Direction::SendRecv) {
        return None;
    }
    let writer = rtc.writer(mid)?;
    let usable = |format: &str0m::format::FormatParams| format.packetization_mode == Some(1);
    let offered: Vec<_> = writer
        .payload_params()
        .filter(|params| params.spec().codec == Codec::H264 && usable(&params.spec().format))
        .map(|params| (params.spec().format.profile_level_id == Some(BASELINE), params.pt()))
        .collect();
    offered.iter().find(|(baseline, _)| *baseline).or(offered.first()).map(|(_, pt)| *pt)
}
