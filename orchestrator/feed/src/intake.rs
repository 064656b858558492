//! Takes one camera's stream in over RTSP, once: ends with the first failure. [`crate::Source`] tries again.

use std::time::Instant;

use futures_util::StreamExt;
use retina::client::{
    Credentials, Described, PacketItem, PlayOptions, Session, SessionOptions, SetupOptions, Stream, TcpTransportOptions,
    TeardownPolicy, Transport, UdpTransportOptions,
};
use retina::codec::ParametersRef;
use tokio::time::timeout;
use url::Url;

use crate::depacketize::{Depacketizer, Dropped};
use crate::limits::{BAD_PACKETS_MAX, CAMERA_ANSWER_MAX, COMPLAINT_PAUSE, STALL_MAX};
use crate::repeats::{Judgement, Repeats};
use crate::unit::AccessUnit;

/// Why a camera gives no picture. Every text is for an operator, who may have to change the camera's settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// No connection, no answer, a refusal, or a session description that does not read.
    #[error("the camera does not answer as RTSP: {0}")]
    Session(String),
    /// It took longer than it may.
    #[error("the camera did not answer in {} s", CAMERA_ANSWER_MAX.as_secs())]
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
    /// The same picture, again and again.
    #[error("the camera repeats one picture: it is frozen")]
    Frozen,
    /// The network, after it had begun.
    #[error("the camera's stream broke: {0}")]
    Broke(String),
}

/// Plays the stream and hands over its pictures until it fails. What was seen in `repeats` outlasts a try: a frozen camera that is
/// asked again still shows nothing new. A URL with `#udp` at its end is played over UDP.
pub(crate) async fn take(url: &Url, repeats: &mut Repeats, mut picture: impl FnMut(AccessUnit)) -> IntakeError {
    match begin(url).await {
        Ok((playing, depacketizer)) => carry(playing, depacketizer, repeats, &mut picture).await,
        Err(error) => error,
    }
}

type Playing = std::pin::Pin<Box<Session<retina::client::Playing>>>;

async fn begin(url: &Url) -> Result<(Playing, Depacketizer), IntakeError> {
    let begun = timeout(CAMERA_ANSWER_MAX, ask(url)).await;
    begun.map_err(|_| IntakeError::Silent)?
}

async fn ask(url: &Url) -> Result<(Playing, Depacketizer), IntakeError> {
    let failed = |error: retina::Error| IntakeError::Session(error.to_string());
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
    repeats: &mut Repeats,
    picture: &mut impl FnMut(AccessUnit),
) -> IntakeError {
    let (mut bad_in_a_row, mut complained_at, mut begun) = (0, None::<Instant>, false);
    loop {
        // A camera that was asleep may need longer for its first picture than between two.
        let patience = if begun { STALL_MAX } else { CAMERA_ANSWER_MAX };
        let packet = match timeout(patience, playing.next()).await {
            Err(_) => return IntakeError::Stalled,
            Ok(None) => return IntakeError::Ended,
            Ok(Some(Err(error))) => return IntakeError::Broke(error.to_string()),
            Ok(Some(Ok(PacketItem::Rtp(packet)))) => packet,
            // Reports of the camera, and whatever retina learns to hand over: nothing of ours.
            Ok(Some(Ok(_))) => continue,
        };
        begun = true;
        // Retina extends the 32 bits of RTP; what lies before the beginning is a camera's clock gone wrong.
        let media_time = u64::try_from(packet.timestamp().elapsed()).unwrap_or(0);
        let pushed = depacketizer.push(packet.payload(), media_time, packet.mark(), 0 < packet.loss(), Instant::now());
        match pushed {
            Ok(Some(unit)) => {
                bad_in_a_row = 0;
                match repeats.judge(&unit) {
                    Judgement::New => picture(unit),
                    Judgement::Repeated => metrics::counter!("feed_pictures_repeated").increment(1),
                    Judgement::Frozen => return IntakeError::Frozen,
                }
            }
            Ok(None) | Err(Dropped::Lost) => metrics::counter!("feed_packets").increment(1),
            Err(dropped) => {
                bad_in_a_row += 1;
                if BAD_PACKETS_MAX <= bad_in_a_row {
                    return IntakeError::Unreadable(dropped);
                }
                if complained_at.is_none_or(|at| COMPLAINT_PAUSE < at.elapsed()) {
                    complained_at = Some(Instant::now());
                    tracing::warn!(reason = %dropped, "a camera's pictures are dropped up to the next key picture");
                }
            }
        }
    }
}
