//! Takes one camera's stream in over RTSP, once: ends with the first failure. [`crate::Source`] tries again.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use retina::client::{
    Credentials, Described, PacketItem, PlayOptions, Session, SessionOptions, SetupOptions, Stream, TcpTransportOptions,
    TeardownPolicy, Transport, UdpTransportOptions,
};
use retina::codec::ParametersRef;
use tokio::time::{timeout, timeout_at};
use url::Url;

use crate::delay::Delays;
use crate::depacketize::{Depacketizer, Dropped};
use crate::limits::{BAD_PACKETS_MAX, CAMERA_ANSWER_MAX, COMPLAINT_PAUSE, FIRST_PICTURE_MAX, STALL_MAX};
use crate::repeats::{Judgement, Repeats};
use crate::unit::AccessUnit;

/// Of a library's reason, so that a camera cannot fill the log or a page.
const REASON_CHARACTERS_MAX: usize = 200;

/// Why a camera gives no picture. Every text is for an operator, who may have to change the camera's settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// No connection, no answer, a refusal, or a session description that does not read.
    #[error("the camera does not answer as RTSP: {0}")]
    Session(String),
    /// It took longer than it may.
    #[error("the camera does not answer")]
    Silent,
    /// A description without a usable stream.
    #[error("the camera offers {offered}; only H.264 can be taken: set its stream to H.264")]
    NotH264 {
        /// What it offers.
        offered: String,
    },
    /// Packets stopped.
    #[error("the camera stopped sending")]
    Stalled,
    /// The camera closed the stream.
    #[error("the camera ended the stream")]
    Ended,
    /// Packets come, but no H.264 is in them.
    #[error("the camera sends what cannot be read: {0}")]
    Unreadable(Dropped),
    /// Pictures come, but seconds after they were taken.
    #[error("the camera's pictures come late: its link is too narrow for them")]
    Late,
    /// The same picture, again and again.
    #[error("the camera repeats one picture: it is frozen")]
    Frozen,
    /// The network, after it had begun.
    #[error("the camera's stream broke: {0}")]
    Broke(String),
}

impl IntakeError {
    /// Its kind, as pages know it, and the particulars that the kind alone does not say.
    pub fn told(&self) -> (&'static str, String) {
        match self {
            Self::Session(detail) => ("session", detail.clone()),
            Self::Silent => ("silent", String::new()),
            Self::NotH264 { offered } => ("not_h264", offered.clone()),
            Self::Stalled => ("stalled", String::new()),
            Self::Ended => ("ended", String::new()),
            Self::Unreadable(dropped) => ("unreadable", dropped.to_string()),
            Self::Late => ("late", String::new()),
            Self::Frozen => ("frozen", String::new()),
            Self::Broke(detail) => ("broke", detail.clone()),
        }
    }
}

/// Plays the stream and hands over its pictures until it fails. What was seen in `repeats` outlasts a try: a frozen camera that is
/// asked again still shows nothing new. A URL with `#udp` at its end is played over UDP.
/// `name` is the camera's in the log.
/// It has `answer_max` to answer.
pub(crate) async fn take(
    url: &Url,
    name: &str,
    answer_max: Duration,
    repeats: &mut Repeats,
    mut picture: impl FnMut(AccessUnit),
) -> IntakeError {
    match begin(url, answer_max).await {
        Ok((playing, depacketizer)) => carry(playing, depacketizer, name, repeats, &mut picture).await,
        Err(error) => error,
    }
}

type Playing = std::pin::Pin<Box<Session<retina::client::Playing>>>;

async fn begin(url: &Url, answer_max: Duration) -> Result<(Playing, Depacketizer), IntakeError> {
    let begun = timeout(answer_max, ask(url)).await;
    begun.map_err(|_| IntakeError::Silent)?
}

async fn ask(url: &Url) -> Result<(Playing, Depacketizer), IntakeError> {
    let failed = |error: retina::Error| IntakeError::Session(in_a_line(&error));
    let mut bare = url.clone();
    // The credentials of a URL set may be refused only for URLs without a host, which were refused when they were read.
    let _ = (bare.set_username(""), bare.set_password(None));
    bare.set_fragment(None);
    let options = SessionOptions::default().creds(credentials(url)).teardown(TeardownPolicy::Auto);
    let mut session: Session<Described> = Session::describe(bare, options).await.map_err(failed)?;
    let number = session.streams().iter().position(is_h264).ok_or_else(|| not_h264(session.streams()))?;
    let depacketizer = depacketizer_of(&session.streams()[number]);
    let transport = if url.fragment() == Some("udp") {
        Transport::Udp(UdpTransportOptions::default())
    } else {
        Transport::Tcp(TcpTransportOptions::default())
    };
    session.setup(number, SetupOptions::default().transport(transport)).await.map_err(failed)?;
    let playing = session.play(PlayOptions::default()).await.map_err(failed)?;
    Ok((Box::pin(playing), depacketizer))
}

fn credentials(url: &Url) -> Option<Credentials> {
    if url.username().is_empty() {
        return None;
    }
    let decoded =
        |text: &str| url::form_urlencoded::parse(text.replace('+', "%2B").as_bytes()).map(|(key, _)| key.into_owned()).next();
    Some(Credentials {
        username: decoded(url.username()).unwrap_or_default(),
        password: url.password().and_then(decoded).unwrap_or_default(),
    })
}

fn is_h264(stream: &Stream) -> bool {
    stream.media() == "video" && stream.encoding_name().eq_ignore_ascii_case("h264")
}

fn not_h264(streams: &[Stream]) -> IntakeError {
    let names = streams.iter().map(|stream| format!("{}/{}", stream.media(), stream.encoding_name()));
    let offered: Vec<String> = names.take(8).collect();
    let offered = if offered.is_empty() { "no stream".to_owned() } else { offered.join(", ") };
    IntakeError::NotH264 { offered: offered.chars().take(200).collect() }
}

/// The parameter sets come as an AVC decoder configuration record (ISO/IEC 14496-15, 5.3.3.1).
fn depacketizer_of(stream: &Stream) -> Depacketizer {
    let record = match stream.parameters() {
        Some(ParametersRef::Video(video)) => video.extra_data().to_vec(),
        _ => Vec::new(),
    };
    let (sequence_set, picture_set) = sets_of(&record).unwrap_or_default();
    Depacketizer::new(sequence_set, picture_set)
}

fn sets_of(record: &[u8]) -> Option<(&[u8], &[u8])> {
    let set = |at: usize| {
        let length = usize::from(u16::from_be_bytes(record.get(at..at + 2)?.try_into().ok()?));
        record.get(at + 2..at + 2 + length)
    };
    let sequence_set = set(6)?;
    let picture_set = set(6 + 2 + sequence_set.len() + 1)?;
    Some((sequence_set, picture_set))
}

async fn carry(
    mut playing: Playing,
    mut depacketizer: Depacketizer,
    name: &str,
    repeats: &mut Repeats,
    picture: &mut impl FnMut(AccessUnit),
) -> IntakeError {
    let (mut order, mut delays) = (Order::default(), Delays::default());
    let (mut bad_in_a_row, mut complained_at, mut patience) = (0, None::<Instant>, Patience::new(Instant::now()));
    loop {
        let packet = match timeout_at(patience.until().into(), playing.next()).await {
            Err(_) => return IntakeError::Stalled,
            Ok(None) => return IntakeError::Ended,
            Ok(Some(Err(error))) => return IntakeError::Broke(in_a_line(&error)),
            Ok(Some(Ok(PacketItem::Rtp(packet)))) => packet,
            // Reports of the camera, and whatever retina learns to hand over: nothing of ours.
            Ok(Some(Ok(_))) => continue,
        };
        patience.packet(Instant::now());
        // Retina extends the 32 bits of RTP; what lies before the beginning is a camera's clock gone wrong.
        let media_time = u64::try_from(packet.timestamp().elapsed()).unwrap_or(0);
        let pushed = depacketizer.push(packet.payload(), media_time, packet.mark(), 0 < packet.loss(), Instant::now());
        if pushed.pictures.is_empty() {
            metrics::counter!("feed_packets").increment(1);
        }
        for mut unit in pushed.pictures {
            bad_in_a_row = 0;
            patience.picture(Instant::now());
            order.judge(name, unit.media_time);
            unit.late = delays.of(unit.media_time, unit.arrived_at);
            if delays.last_too_long(unit.arrived_at) {
                return IntakeError::Late;
            }
            match repeats.judge(&unit) {
                Judgement::New => picture(unit),
                Judgement::Repeated => metrics::counter!("feed_pictures_repeated").increment(1),
                Judgement::Frozen => return IntakeError::Frozen,
            }
        }
        if let Some(dropped) = pushed.dropped.filter(|dropped| *dropped != Dropped::Lost) {
            bad_in_a_row += 1;
            if BAD_PACKETS_MAX <= bad_in_a_row {
                return IntakeError::Unreadable(dropped);
            }
            if complained_at.is_none_or(|at| COMPLAINT_PAUSE < at.elapsed()) {
                complained_at = Some(Instant::now());
                tracing::warn!(camera = name, reason = %dropped, "a camera's pictures are dropped up to the next key picture");
            }
        }
    }
}

/// Notices pictures that come before others which are shown earlier (B pictures): browsers stutter on them, because nobody told them to
/// wait. They pass all the same: a stuttering picture is one.
#[derive(Debug, Default)]
struct Order {
    last: Option<u64>,
    told: bool,
}

impl Order {
    /// The next picture's time; whether it is the first that runs backwards.
    fn judge(&mut self, name: &str, media_time: u64) -> bool {
        let backwards = self.last.replace(media_time).is_some_and(|last| media_time < last);
        let first = backwards && !self.told;
        self.told |= backwards;
        if first {
            tracing::warn!(camera = name, "a camera sends B pictures, on which browsers stutter: set its profile to Baseline");
        }
        first
    }
}

/// Until when a camera is waited for. What counts is pictures: one that sends reports only, or packets that no picture can be made of
/// since one was lost, is as blind as one that is silent, and begins with a key picture when it is asked again.
#[derive(Debug)]
struct Patience {
    began_at: Instant,
    packet_at: Option<Instant>,
    picture_at: Option<Instant>,
}

impl Patience {
    fn new(began_at: Instant) -> Self {
        Self { began_at, packet_at: None, picture_at: None }
    }

    fn packet(&mut self, now: Instant) {
        self.packet_at = Some(now);
    }

    fn picture(&mut self, now: Instant) {
        self.picture_at = Some(now);
    }

    fn until(&self) -> Instant {
        // A camera that was asleep may need longer for its first packet than between two.
        let packet = self.packet_at.map_or(self.began_at + CAMERA_ANSWER_MAX, |at| at + STALL_MAX);
        let picture = self.picture_at.map_or(self.began_at + FIRST_PICTURE_MAX, |at| at + STALL_MAX);
        packet.min(picture)
    }
}

/// The library writes what it knows of the connection below its first line: other addresses and times at every try.
fn in_a_line(error: &retina::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().chars().take(REASON_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_out_of_order_are_told_once() {
        let mut order = Order::default();
        assert_eq!([1, 4, 2, 3, 8, 6].map(|time| order.judge("d1", time)), [false, false, true, false, false, false]);
    }

    /// What a camera sends matters only when pictures come of it.
    #[test]
    fn packets_without_pictures_are_a_stall() {
        let began = Instant::now();
        let after = |ms: u64| began + Duration::from_millis(ms);
        let mut patience = Patience::new(began);
        assert_eq!(patience.until(), began + CAMERA_ANSWER_MAX, "asleep");
        for second in 1..40 {
            patience.packet(after(1_000 * second));
        }
        assert_eq!(patience.until(), began + FIRST_PICTURE_MAX, "between two key pictures, but not for ever");
        patience.picture(after(40_000));
        patience.packet(after(41_400));
        assert_eq!(patience.until(), after(40_000) + STALL_MAX, "a picture was lost, and none can be made of what comes");
        patience.picture(after(41_450));
        assert_eq!(patience.until(), after(41_400) + STALL_MAX);
    }
}
