//! Recordings of a real stream: sealed, checked, kept while their incident is open, forgotten afterwards with a note.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use orchestrator::evidence::{EvidenceVerdict, Keeping, Kept, Recorder, Space, kept, seal_found, verify_evidence};
use reqwest::StatusCode;
use serde_json::json;
use sim_rtsp::{CameraStream, RtspServer, StreamSettings, TestPattern};

use crate::feeds::{d1, on_scene};
use crate::world::{World, soon};

/// A camera with small pictures.
async fn camera() -> (RtspServer, feed::CameraUrls) {
    let mut settings = StreamSettings::default();
    (settings.main.width, settings.main.height, settings.main.bitrate_bps) = (320, 176, 300_000);
    let stream = CameraStream::start(Box::new(TestPattern::default()), settings).expect("an encoder");
    let bind = ([127, 0, 0, 1], 0).into();
    let server = RtspServer::start(bind, [("d1".to_owned(), stream)].into()).await.expect("a port");
    let main = format!("rtsp://{}/d1/main", server.address()).parse().expect("a URL");
    (server, feed::CameraUrls { main, sub: None })
}

/// Returns once there is one recording of at least so many bytes.
async fn grown(folder: &Path, bytes: u64) -> Kept {
    let mut look = tokio::time::interval(Duration::from_millis(50));
    soon("a recording", async {
        loop {
            look.tick().await;
            if let Some(recording) = kept(folder).expect("a folder").into_iter().find(|recording| bytes <= recording.bytes) {
                return recording;
            }
        }
    })
    .await
}

async fn tidied(space: &Arc<Space>, after: Duration) {
    let space = space.clone();
    let round = tokio::task::spawn_blocking(move || space.tidy_once(SystemTime::now() + after));
    round.await.expect("a round");
}

async fn close(world: &World, incident: &str) {
    for step in ["on-scene", "situation-end"] {
        let (status, body) = world.post("g1", &format!("/incidents/{incident}/{step}"), json!({})).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{body}");
    }
    let code = json!({ "code": world.caller.safe_code });
    let (status, body) = world.post("caller", &format!("/incidents/{incident}/confirmation"), code).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_sealed_checked_kept_and_forgotten() {
    let (world, incident, _) = on_scene().await;
    let (_server, urls) = camera().await;
    world.feeds.set(&d1(), urls);
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().join("evidence");
    let keeping = Keeping { age_max: Duration::from_secs(24 * 3_600), bytes_max: u64::MAX };
    let space = Arc::new(Space::new(folder.clone(), keeping, world.engine.clone(), world.app.audit.clone()));
    let recorder = Recorder::start(world.engine.clone(), world.app.audit.clone(), world.feeds.clone(), space.clone());
    let recording = grown(&folder, 60_000).await;
    assert!(recording.name.starts_with(&format!("{incident}/d1-")));
    let as_killed = data.path().join("as-killed.mp4");
    std::fs::copy(&recording.path, &as_killed).expect("a copy");
    let probe = ["-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0"];
    let probed = Command::new("ffprobe").args(probe).arg(&as_killed).output().expect("ffprobe (apt install ffmpeg)");
    assert_eq!(String::from_utf8_lossy(&probed.stdout).trim(), "h264", "{probed:?}");

    tidied(&space, Duration::from_secs(7 * 24 * 3_600)).await;
    let room = space.clone();
    assert!(
        !tokio::task::spawn_blocking(move || room.make_room()).await.expect("an answer"),
        "an open incident keeps its recording"
    );
    assert!(recording.path.exists());
    recorder.stop().await;
    let verdict = async || verify_evidence(&world.store, &folder).await.expect("a verdict");
    let intact = EvidenceVerdict { intact: 1, ..EvidenceVerdict::default() };
    assert_eq!(verdict().await, intact);

    let mut bytes = std::fs::read(&recording.path).expect("the recording");
    bytes[5_000] ^= 1;
    std::fs::write(&recording.path, &bytes).expect("a change");
    assert_eq!(verdict().await.broken.len(), 1, "one changed bit is seen");
    bytes[5_000] ^= 1;
    let cut = bytes.len() - 1;
    std::fs::write(&recording.path, &bytes[..cut]).expect("a change");
    assert_eq!(verdict().await.broken.len(), 1, "a missing end is seen");
    std::fs::write(&recording.path, &bytes).expect("a change");
    assert_eq!(verdict().await, intact);

    // As a server leaves it that is killed between a fragment and its seal.
    bytes.extend([0; 100]);
    std::fs::write(&recording.path, &bytes).expect("a change");
    assert_eq!(verdict().await.unsealed.len(), 1);
    assert_eq!(seal_found(&world.store, &world.app.audit, &folder).await.expect("a trail"), 1);
    assert_eq!(seal_found(&world.store, &world.app.audit, &folder).await.expect("a trail"), 0, "once is enough");
    assert_eq!(verdict().await, intact);

    let aside = data.path().join("aside.mp4");
    std::fs::rename(&recording.path, &aside).expect("a move");
    assert!(verdict().await.broken[0].contains("missing"));
    std::fs::rename(&aside, &recording.path).expect("a move");

    close(&world, &incident).await;
    tidied(&space, Duration::ZERO).await;
    assert!(recording.path.exists(), "young enough");
    tidied(&space, Duration::from_secs(7 * 24 * 3_600)).await;
    assert!(!recording.path.exists());
    assert_eq!(verdict().await, EvidenceVerdict { deleted: 1, ..EvidenceVerdict::default() });
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_in_transit() {
    let (world, _, mission) = on_scene().await;
    let scenes = |world: &World| world.engine.read(|core| orchestrator::evidence::scenes(core).len());
    assert_eq!(scenes(&world), 1);
    let returning = flight_types::FlightEvent::Reached { phase: flight_types::FlightPhase::Returning };
    crate::feeds::report(&world, &mission, returning).await;
    assert_eq!(scenes(&world), 0);
}
