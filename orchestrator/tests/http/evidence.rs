//! Recordings of a real stream: sealed, checked, kept while their incident is open, forgotten afterwards with a note.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use feed::RecordingFile;
use flight_types::{FlightEvent, FlightPhase};
use orchestrator::evidence::{Disk, EvidenceVerdict, Keeping, Kept, Recorder, Space, kept, seal_found, verify_evidence};
use reqwest::StatusCode;
use serde_json::json;
use sim_rtsp::{CameraStream, RtspServer, StreamSettings, TestPattern};

use crate::feeds::{d1, in_transit, on_scene};
use crate::lines;
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

pub async fn close(world: &World, incident: &str) {
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

/// Somebody watches already, so the pictures since the last key picture are at hand when the aircraft comes on scene. They were taken in
/// transit.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_begins_with_what_was_seen_on_scene() {
    let (world, _, mission) = in_transit().await;
    let (_server, urls) = camera().await;
    world.feeds.set(&d1(), urls);
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().join("evidence");
    let keeping = Keeping { age_max: Duration::from_secs(3_600), bytes_max: u64::MAX };
    let space = Arc::new(Space::new(folder.clone(), keeping, world.engine.clone(), world.app.audit.clone()));
    let recorder = Recorder::start(world.engine.clone(), world.app.audit.clone(), world.feeds.clone(), space);
    let mut watching = world.feeds.source(&d1(), feed::Quality::Main).expect("a camera").subscribe();
    for _ in 0..4 {
        soon("a picture", watching.next()).await.expect("in service");
    }
    let on_scene_at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_micros();
    crate::feeds::report(&world, &mission, FlightEvent::Reached { phase: FlightPhase::OnScene }).await;
    let recording = grown(&folder, 60_000).await;
    recorder.stop().await;
    let track = feed::track_of(&recording.path).expect("a track");
    assert!(10 < track.len(), "{} pictures", track.len());
    let first_us = u128::try_from(track[0].captured_at_us).expect("after 1970");
    assert!(on_scene_at <= first_us, "{} ms of transit are recorded", (on_scene_at - first_us) / 1_000);
}

/// A bound on the room that recordings take costs the oldest of closed incidents, with a line in the log and one in the trail.
#[tokio::test(flavor = "multi_thread")]
async fn more_room_than_allowed_costs_the_oldest_of_closed_incidents() {
    lines::keep();
    let (world, incident, _) = on_scene().await;
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().join("evidence");
    let paths = [("gone-1", 9), ("gone-2", 5), (incident.as_str(), 30)].map(|(name, days)| old_recording(&folder, name, days));
    assert_eq!(seal_found(&world.store, &world.app.audit, &folder).await.expect("a trail"), 3);
    let keeping = Keeping { age_max: Duration::from_secs(365 * 24 * 3_600), bytes_max: 200_000 };
    let space = Arc::new(Space::new(folder.clone(), keeping, world.engine.clone(), world.app.audit.clone()));
    tidied(&space, Duration::ZERO).await;
    assert_eq!(paths.map(|path| path.exists()), [false, true, true], "the oldest that nobody needs, and no more than has to go");
    assert!(lines::has(&["WARN", "RECORDINGS TAKE MORE ROOM", "gone-1/d1-1.mp4"]));
    let notes = orchestrator::store::audit_notes(&world.store, &["evidence_deleted"]).await.expect("a trail");
    assert_eq!(notes[0].detail["why"], "room");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_in_transit() {
    let (world, _, mission) = on_scene().await;
    let scenes = |world: &World| world.engine.read(|core| orchestrator::evidence::scenes(core).len());
    assert_eq!(scenes(&world), 1);
    crate::feeds::report(&world, &mission, FlightEvent::Reached { phase: FlightPhase::Returning }).await;
    assert_eq!(scenes(&world), 0);
}

/// A disk with room for so many bytes of whatever lies under a folder.
#[derive(Debug, Clone)]
struct SmallDisk {
    folder: PathBuf,
    bytes_max: u64,
    /// Writes that did not fit.
    refused: Arc<AtomicU32>,
}

struct SmallFile {
    file: File,
    disk: SmallDisk,
}

impl SmallDisk {
    fn room(&self) -> u64 {
        let taken: u64 = kept(&self.folder).expect("a folder").iter().map(|recording| recording.bytes).sum();
        self.bytes_max.saturating_sub(taken)
    }
}

impl Disk for SmallDisk {
    fn create(&self, path: &Path) -> std::io::Result<Box<dyn RecordingFile>> {
        Ok(Box::new(SmallFile { file: feed::new_file(path)?, disk: self.clone() }))
    }
}

impl Write for SmallFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = usize::try_from(self.disk.room()).expect("a small disk").min(bytes.len());
        if 0 < room {
            return self.file.write(&bytes[..room]);
        }
        self.disk.refused.fetch_add(1, Ordering::Relaxed);
        Err(ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl RecordingFile for SmallFile {
    fn settle(&mut self) -> std::io::Result<()> {
        self.file.settle()
    }

    fn take_back_to(&mut self, bytes: u64) -> std::io::Result<()> {
        self.file.take_back_to(bytes)
    }
}

/// A recording of an incident that was closed long ago.
fn old_recording(folder: &Path, incident: &str, days_old: u64) -> PathBuf {
    let path = folder.join(incident).join("d1-1.mp4");
    std::fs::create_dir_all(folder.join(incident)).expect("a folder");
    std::fs::write(&path, [7; 90_000]).expect("a file");
    let written_at = SystemTime::now() - Duration::from_secs(days_old * 24 * 3_600);
    File::options().write(true).open(&path).and_then(|file| file.set_modified(written_at)).expect("another time");
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_the_oldest_recordings_nobody_needs_and_never_the_open_incident() {
    lines::keep();
    let (world, incident, _) = on_scene().await;
    let (_server, urls) = camera().await;
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().join("evidence");
    let (oldest, old) = (old_recording(&folder, "closed-1", 9), old_recording(&folder, "closed-2", 3));
    assert_eq!(seal_found(&world.store, &world.app.audit, &folder).await.expect("a trail"), 2);
    let keeping = Keeping { age_max: Duration::from_secs(30 * 24 * 3_600), bytes_max: u64::MAX };
    let disk = SmallDisk { folder: folder.clone(), bytes_max: 200_000, refused: Arc::default() };
    let space = Space::new(folder.clone(), keeping, world.engine.clone(), world.app.audit.clone()).on(Box::new(disk.clone()));
    world.feeds.set(&d1(), urls);
    let recorder = Recorder::start(world.engine.clone(), world.app.audit.clone(), world.feeds.clone(), Arc::new(space));
    let own = async |bytes: u64| {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        soon("a recording", async {
            loop {
                look.tick().await;
                let all = kept(&folder).expect("a folder");
                if let Some(own) = all.into_iter().find(|kept| kept.incident == incident && bytes <= kept.bytes) {
                    return own;
                }
            }
        })
        .await
    };
    // With both of them there is room for 20,000 bytes, with one for 110,000.
    own(21_000).await;
    assert!(!oldest.exists(), "the oldest goes first");
    let recording = own(111_000).await;
    assert!(!old.exists(), "then the other");
    assert_eq!(recording.name.split('/').next(), Some(incident.as_str()));
    // Now nothing is left to delete. What fitted stays, and more is refused.
    let refused_before = disk.refused.load(Ordering::Relaxed);
    let mut look = tokio::time::interval(Duration::from_millis(20));
    soon("a full disk", async {
        while disk.refused.load(Ordering::Relaxed) < refused_before + 2 {
            look.tick().await;
        }
    })
    .await;
    assert!(111_000 <= own(0).await.bytes, "the open incident's recording is not touched");
    for gone in ["closed-1/d1-1.mp4", "closed-2/d1-1.mp4"] {
        assert!(lines::has(&["ERROR", "THE DISK IS FULL: the oldest recording of a closed incident is deleted", gone]));
    }
    assert!(lines::has(&["ERROR", "THE DISK IS FULL: this incident is not being recorded", &incident]));
    let (_, view) = world.get("operator", &format!("/incidents/{incident}")).await;
    let timeline = view["incident"]["timeline"].as_array().expect("a timeline");
    let told = timeline.iter().filter(|item| item["what"] == "alert_not_recorded").count();
    assert_eq!(told, 1, "the operators are told, once: {timeline:?}");
    recorder.stop().await;
    let verdict = verify_evidence(&world.store, &folder).await.expect("a verdict");
    assert_eq!((verdict.intact, verdict.deleted, verdict.broken), (1, 2, vec![]), "{:?}", verdict.unsealed);
    let probe = ["-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"];
    let probed = Command::new("ffprobe").args(probe).arg(&recording.path).output().expect("ffprobe (apt install ffmpeg)");
    let pictures: u32 = String::from_utf8_lossy(&probed.stdout).trim().parse().expect("a count of pictures");
    assert!(15 < pictures && probed.stderr.is_empty(), "{probed:?}");
}
