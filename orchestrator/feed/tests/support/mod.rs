//! What the tests of this crate share: a camera over RTSP, and a browser's part of WebRTC.

#![allow(dead_code, reason = "each test uses its part")]

pub mod lines;
pub mod wire;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use feed::{CameraUrls, Feeds, Relay, RelaySettings};
use flight_types::{AccountId, DroneId};
use sim_rtsp::{CameraStream, Pose, RtspServer, StreamSettings, TestPattern};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, KeyframeRequestKind, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

pub const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// Long before any test ends; a bug keeps something from coming.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Small pictures: what is tested is their way, not their look.
pub fn small() -> StreamSettings {
    let mut settings = StreamSettings { pictures_hz: 20.0, ..StreamSettings::default() };
    (settings.main.width, settings.main.height, settings.main.bitrate_bps) = (320, 176, 300_000);
    (settings.sub.width, settings.sub.height, settings.sub.bitrate_bps) = (160, 96, 100_000);
    settings
}

pub struct Camera {
    pub stream: CameraStream,
    pub server: RtspServer,
}

impl Camera {
    pub async fn start(bind: SocketAddr, settings: StreamSettings) -> Self {
        let pose = Pose { lat_deg: 37.5, lon_deg: 127.0, amsl_m: 65.536, yaw_deg: 90.0, pitch_deg: -45.0, ..Pose::default() };
        let stream = CameraStream::start(Box::new(TestPattern::from_pose(pose)), settings).expect("an encoder");
        let server = RtspServer::start(bind, BTreeMap::from([("d1".to_owned(), stream.clone())])).await.expect("a free port");
        Self { stream, server }
    }

    pub fn urls(&self, ending: &str) -> CameraUrls {
        urls_at(self.server.address(), ending)
    }
}

/// The simulated camera's streams under an address.
pub fn urls_at(address: SocketAddr, ending: &str) -> CameraUrls {
    let url = |which| format!("rtsp://{address}/d1/{which}{ending}").parse().expect("a URL");
    CameraUrls { main: url("main"), sub: Some(url("sub")) }
}

pub fn drone() -> DroneId {
    DroneId::new("d1").expect("an id")
}

pub fn account(name: &str) -> AccountId {
    AccountId::new(name).expect("an id")
}

pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not come"))
}

pub async fn relay(feeds: &Feeds) -> Relay {
    Relay::start(RelaySettings { bind: LOOPBACK, advertised: Vec::new() }, feeds.clone()).await.expect("a socket")
}

/// A picture as it came out at a viewer.
#[derive(Debug)]
pub struct Shown {
    pub annex_b: Vec<u8>,
    pub at: Instant,
    /// In 90 kHz units.
    pub time: u64,
}

/// How a peer and its network behave.
#[derive(Clone, Copy)]
pub struct Ways {
    /// Which of the received datagrams, by number, the network loses.
    pub loses: fn(u64) -> bool,
    /// Whether it reports what it received (RTCP).
    pub reports: bool,
}

pub const GOOD: Ways = Ways { loses: |_| false, reports: true };

/// A peer that plays one viewing until it is dropped.
pub struct Peer {
    pub shown: mpsc::UnboundedReceiver<Shown>,
    asks: mpsc::UnboundedSender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub struct Offering {
    rtc: Rtc,
    media: Mid,
    pending: str0m::change::SdpPendingOffer,
    socket: UdpSocket,
    pub offer: String,
}

/// What a browser offers that wants to see.
pub async fn offering() -> Offering {
    let socket = UdpSocket::bind(LOOPBACK).await.expect("a socket");
    let mut rtc = RtcConfig::new()
        .set_crypto_provider(std::sync::Arc::new(str0m::crypto::from_feature_flags()))
        .clear_codecs()
        .enable_h264(true)
        .build(Instant::now());
    rtc.add_local_candidate(Candidate::host(socket.local_addr().expect("bound"), "udp").expect("a candidate"));
    let mut changes = rtc.sdp_api();
    let media = changes.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
    let (offer, pending) = changes.apply().expect("changes");
    Offering { rtc, media, pending, socket, offer: offer.to_sdp_string() }
}

impl Peer {
    pub async fn watch(relay: &Relay, account: &AccountId, loses: fn(u64) -> bool) -> Self {
        Self::watch_so(relay, account, Ways { loses, ..GOOD }).await
    }

    pub async fn watch_so(relay: &Relay, account: &AccountId, ways: Ways) -> Self {
        let offering = offering().await;
        let (_, answer) = relay.admit(account.clone(), drone(), offering.offer.clone()).await.expect("an answer");
        Self::play(offering, &answer, ways)
    }

    pub fn play(offering: Offering, answer: &str, ways: Ways) -> Self {
        let Offering { mut rtc, media, pending, socket, .. } = offering;
        let answer = SdpAnswer::from_sdp_string(answer).expect("an answer");
        rtc.sdp_api().accept_answer(pending, answer).expect("an acceptable answer");
        let (send, shown) = mpsc::unbounded_channel();
        let (asks, asked) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move { run(rtc, media, socket, send, asked, ways).await });
        Self { shown, asks, task }
    }

    /// Asks for a key picture (PLI), as a browser does that cannot decode.
    pub fn ask_for_key(&self) {
        self.asks.send(()).expect("the peer goes on");
    }

    pub async fn next(&mut self) -> Shown {
        soon("a picture", self.shown.recv()).await.expect("the peer goes on")
    }
}

async fn run(
    mut rtc: Rtc,
    media: Mid,
    socket: UdpSocket,
    shown: mpsc::UnboundedSender<Shown>,
    mut asked: mpsc::UnboundedReceiver<()>,
    ways: Ways,
) {
    let local = socket.local_addr().expect("bound");
    let mut received = 0;
    let mut buffer = [0; 2_048];
    loop {
        let until = loop {
            match rtc.poll_output().expect("the peer works") {
                Output::Timeout(at) => break at,
                Output::Transmit(transmit) if !ways.reports && is_report(&transmit.contents) => {}
                Output::Transmit(transmit) => drop(socket.send_to(&transmit.contents, transmit.destination).await),
                Output::Event(Event::MediaData(media)) => {
                    let picture = Shown { annex_b: media.data.to_vec(), at: Instant::now(), time: media.time.rebase_u64() };
                    if shown.send(picture).is_err() {
                        return;
                    }
                }
                Output::Event(_) => {}
            }
        };
        if asked.try_recv().is_ok() {
            let mut writer = rtc.writer(media).expect("media");
            writer.request_keyframe(None, KeyframeRequestKind::Pli).expect("agreed");
            continue;
        }
        let read = tokio::time::timeout_at(until.into(), socket.recv_from(&mut buffer)).await;
        let input = match read {
            Ok(Ok((length, from))) => {
                received += 1;
                if (ways.loses)(received) {
                    continue;
                }
                let contents = buffer[..length].try_into();
                let Ok(contents) = contents else { continue };
                Input::Receive(Instant::now(), Receive { proto: Protocol::Udp, source: from, destination: local, contents })
            }
            Ok(Err(_)) => continue,
            Err(_) => Input::Timeout(Instant::now()),
        };
        rtc.handle_input(input).expect("the peer works");
    }
}

/// SRTCP, by the ranges of RFC 7983 and RFC 5761.
fn is_report(datagram: &[u8]) -> bool {
    matches!(datagram, [128..=191, 192..=223, ..])
}

/// The sequence parameter set of a key picture: one stream's differs from another's. `None` for other pictures.
pub fn sequence_set(annex_b: &[u8]) -> Option<Vec<u8>> {
    let at = annex_b.windows(4).position(|window| window[..3] == [0, 0, 1] && window[3] & 0x1f == 7)? + 3;
    let length = annex_b[at..].windows(3).position(|window| window == [0, 0, 1] || window == [0, 0, 0])?;
    Some(annex_b[at..at + length].to_vec())
}

trait Rebased {
    fn rebase_u64(&self) -> u64;
}

impl Rebased for str0m::media::MediaTime {
    fn rebase_u64(&self) -> u64 {
        self.rebase(str0m::media::Frequency::NINETY_KHZ).numer()
    }
}

/// The capture time out of the message in a picture, microseconds: the eight bytes after identifier and version.
pub fn captured_at_us(annex_b: &[u8]) -> Option<i64> {
    const IDENTIFIER: [u8; 4] = [0x6e, 0x0b, 0x5a, 0x1d];
    let at = annex_b.windows(4).position(|window| window == IDENTIFIER)? + 17;
    Some(i64::from_be_bytes(annex_b.get(at..at + 8)?.try_into().ok()?))
}
