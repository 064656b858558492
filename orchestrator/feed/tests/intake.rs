//! Pictures of any camera: good ones, vanishing ones, and things that only claim to be one.

mod support;

use std::time::{Duration, Instant};

use feed::limits::DELAY_MAX;
use feed::{Feeds, IntakeError, Quality, Source, SourceState, Stills};
use support::wire::{Manner, Wire};
use support::{Camera, LOOPBACK, drone, small, soon, urls_at};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread")]
async fn pictures_come_over_tcp_and_udp_with_time_and_pose() {
    let camera = Camera::start(LOOPBACK, small()).await;
    for ending in ["", "#udp"] {
        let feeds = Feeds::default();
        feeds.set(&drone(), camera.urls(ending));
        for quality in [Quality::Main, Quality::Sub] {
            let source = feeds.source(&drone(), quality).expect("a camera");
            let mut pictures = source.subscribe();
            let first = soon("a picture", pictures.next()).await.expect("in service");
            assert!(first.key, "a viewer begins with what it can decode");
            let stamp = first.stamp.expect("the camera says when and where");
            assert_eq!((stamp.lat_deg, stamp.lon_deg, stamp.amsl_m), (37.5, 127.0, 65.536));
            assert_eq!((stamp.yaw_deg, stamp.pitch_deg), (90.0, -45.0));
            assert_eq!(support::captured_at_us(&first.annex_b), Some(stamp.captured_at_us));
            let mut last = first.media_time;
            for _ in 0..10 {
                let next = soon("a picture", pictures.next()).await.expect("in service");
                assert!(last < next.media_time, "{ending}: time goes on");
                last = next.media_time;
            }
            assert_eq!(source.state(), SourceState::Live);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_rendered_while_nobody_wants_it() {
    let camera = Camera::start(LOOPBACK, small()).await;
    let feeds = Feeds::default();
    feeds.set(&drone(), camera.urls(""));
    let source = feeds.source(&drone(), Quality::Main).expect("a camera");
    assert_eq!((camera.stream.players(), source.state()), (0, SourceState::Idle));
    let pictures = source.subscribe();
    source.reaches(|state| *state == SourceState::Live).await;
    assert_eq!(camera.stream.players(), 1);
    drop(pictures);
    soon("rest", source.reaches(|state| *state == SourceState::Idle)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_comes_back_is_seen_within_two_seconds() {
    let camera = Camera::start(LOOPBACK, small()).await;
    let (address, urls) = (camera.server.address(), camera.urls(""));
    let feeds = Feeds::default();
    feeds.set(&drone(), urls);
    let source = feeds.source(&drone(), Quality::Main).expect("a camera");
    let mut pictures = source.subscribe();
    soon("a picture", pictures.next()).await.expect("in service");
    drop(camera);
    soon("the failure", source.reaches(|state| matches!(state, SourceState::Failed(_)))).await;
    let _camera = Camera::start(address, small()).await;
    let back_at = Instant::now();
    soon("the picture again", source.reaches(|state| *state == SourceState::Live)).await;
    println!("picture back {} ms after the camera", back_at.elapsed().as_millis());
    assert!(back_at.elapsed() < Duration::from_secs(2));
    soon("a picture", pictures.next()).await.expect("in service");
}

/// A server that answers every request with the same words, then sends `after` and holds the line.
async fn impostor(description: &'static str, after: &'static [u8]) -> String {
    let listener = TcpListener::bind(LOOPBACK).await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            tokio::spawn(async move {
                let mut buffer = vec![0; 4_096];
                while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                    let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    let sequence = request.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap_or("0").to_owned();
                    let head = format!("RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\nSession: 1\r\n");
                    let answer = match request.split(' ').next() {
                        Some("DESCRIBE") => format!(
                            "{head}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{description}",
                            description.len()
                        ),
                        Some("SETUP") => format!("{head}Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"),
                        _ => format!("{head}\r\n"),
                    };
                    let playing = request.starts_with("PLAY");
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                    if playing && stream.write_all(after).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    format!("rtsp://{address}/x")
}

const H265: &str =
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=control:t\r\n";
const H264: &str =
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t\r\n";

async fn failure(url: &str) -> IntakeError {
    let source = Source::new("test".to_owned(), url.parse().expect("a URL"));
    let _pictures = source.subscribe();
    soon("the failure", source.reaches(|state| matches!(state, SourceState::Failed(_)))).await;
    match source.state() {
        SourceState::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_usable_camera_is_refused_in_words() {
    let error = failure(&impostor(H265, b"").await).await;
    assert!(matches!(&error, IntakeError::NotH264 { offered } if offered.to_lowercase().contains("h265")), "{error}");
    assert!(error.to_string().contains("set its stream to H.264"));
    for description in ["", "v=0\r\n", "\u{0}\u{1}\u{2}", "m=video\r\nm=video\r\n", "v=0\r\nm=audio 0 RTP/AVP 0\r\n"] {
        let error = failure(&impostor(description, b"").await).await;
        assert!(matches!(error, IntakeError::Session(_) | IntakeError::NotH264 { .. }), "{description:?}: {error}");
    }
    assert!(matches!(failure("rtsp://127.0.0.1:1/x").await, IntakeError::Session(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_and_a_torn_stream_are_noticed() {
    assert_eq!(failure(&impostor(H264, b"").await).await, IntakeError::Stalled);
    let error = failure(&impostor(H264, b"$\x00\x00\x04abcdnonsense that is no packet").await).await;
    assert!(matches!(error, IntakeError::Broke(_) | IntakeError::Stalled | IntakeError::Ended), "{error}");
}

/// A line that goes dead without a word: radio or power gone. Noticed as fast as a closed one, and back as fast.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_goes_dead_is_noticed_and_the_picture_is_back_in_two_seconds() {
    let camera = Camera::start(LOOPBACK, small()).await;
    let wire = Wire::to(camera.server.address()).await;
    let source = Source::new("test".to_owned(), urls_at(wire.address, "").main);
    let mut pictures = source.subscribe();
    soon("a picture", pictures.next()).await.expect("in service");
    wire.becomes(Manner::Dead);
    let dead_at = Instant::now();
    soon("the failure", source.reaches(|state| matches!(state, SourceState::Failed(_)))).await;
    assert_eq!(source.state(), SourceState::Failed(IntakeError::Stalled));
    assert!(dead_at.elapsed() < Duration::from_secs(4), "{:?}", dead_at.elapsed());
    assert_eq!(source.last_picture_at(), None, "what it saw last is nobody's news");
    // While nobody answers, it goes on asking.
    soon("silence", source.reaches(|state| *state == SourceState::Failed(IntakeError::Silent))).await;
    wire.becomes(Manner::Good);
    let back_at = Instant::now();
    soon("the picture again", source.reaches(|state| *state == SourceState::Live)).await;
    println!("picture back {} ms after the line", back_at.elapsed().as_millis());
    assert!(back_at.elapsed() < Duration::from_secs(2));
}

/// Packets that are whole in every respect and hold no H.264 that any decoder knows: nothing stops for anybody.
#[tokio::test(flavor = "multi_thread")]
async fn pictures_that_come_late_are_said_to_be_and_a_camera_in_a_jam_is_asked_anew() {
    let camera = Camera::start(LOOPBACK, small()).await;
    let wire = Wire::to(camera.server.address()).await;
    let feeds = Feeds::default();
    feeds.set(&drone(), urls_at(wire.address, ""));
    let source = feeds.source(&drone(), Quality::Main).expect("a camera");
    let mut pictures = source.subscribe();
    let on_time = soon("a picture", pictures.next()).await.expect("in service");
    assert!(on_time.late < DELAY_MAX, "{:?}", on_time.late);
    wire.becomes(Manner::Jammed);
    let late = soon("a late picture", async {
        loop {
            let unit = pictures.next().await.expect("in service");
            if DELAY_MAX <= unit.late {
                return unit.late;
            }
        }
    });
    assert!(late.await < Duration::from_secs(3));
    assert_eq!(source.state(), SourceState::Live, "a late picture is better than none");
    soon("the jam is noticed", source.reaches(|state| *state == SourceState::Failed(IntakeError::Late))).await;
    wire.becomes(Manner::Good);
    soon("the picture again", source.reaches(|state| *state == SourceState::Live)).await;
    assert!(source.late() < DELAY_MAX, "what waited in the jam is thrown away: {:?}", source.late());
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_slices_in_whole_packets_harm_nobody() {
    let camera = Camera::start(LOOPBACK, small()).await;
    let wire = Wire::to(camera.server.address()).await;
    wire.becomes(Manner::Garbled);
    let feeds = Feeds::default();
    feeds.set(&drone(), urls_at(wire.address, ""));
    let relay = support::relay(&feeds).await;
    let mut peer = support::Peer::watch(&relay, &support::account("guard"), |_| false).await;
    let stills = Stills::new(feeds.clone());
    for _ in 0..40 {
        peer.next().await;
    }
    // A decoder conceals what it can, or gives nothing; either is told, and it can be asked again.
    let broken = stills.latest(&drone()).await;
    assert!(!matches!(broken, Err(feed::StillError::NoCamera(_))));
    wire.becomes(Manner::Good);
    soon("a still of the mended stream", async { while stills.latest(&drone()).await.is_err() {} }).await;
    peer.next().await;
}
