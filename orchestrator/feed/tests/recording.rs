//! Recordings, judged by ffprobe: cut anywhere, they still play.

mod support;

use std::path::Path;
use std::process::Command;

use feed::{Feeds, Quality, Reel, ReelError, track_of};
use sha2::{Digest, Sha256};
use support::{Camera, LOOPBACK, drone, small, soon};

/// Codec and number of pictures that decode, as ffprobe sees them.
fn probed(path: &Path) -> (String, usize) {
    let arguments = ["-v", "error", "-count_frames", "-show_entries", "stream=codec_name,nb_read_frames", "-of", "csv=p=0"];
    let output = Command::new("ffprobe").args(arguments).arg(path).output();
    let output = output.unwrap_or_else(|error| panic!("ffprobe is needed (apt install ffmpeg): {error}"));
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (codec, frames) = text.split_once(',').unwrap_or((text.as_str(), "0"));
    (codec.to_owned(), frames.parse().unwrap_or(0))
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_plays_wherever_its_writing_was_cut_off_and_its_seals_hold() {
    let camera = Camera::start(LOOPBACK, small()).await;
    let feeds = Feeds::default();
    feeds.set(&drone(), camera.urls(""));
    let mut pictures = feeds.source(&drone(), Quality::Main).expect("a camera").subscribe();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("d1.mp4");
    let mut reel = Reel::create(&path).expect("a file");
    let mut seals = Vec::new();
    for _ in 0..70 {
        let unit = soon("a picture", pictures.next()).await.expect("in service");
        seals.extend(reel.push(&unit).expect("room on the disk"));
    }
    assert!(2 <= seals.len(), "a fragment for each key picture");
    let killed = std::fs::read(&path).expect("the file as kill -9 would leave it");
    let last = seals.last().expect("seals");
    assert_eq!((killed.len() as u64, digest(&killed)), (last.bytes, last.sha256.clone()));
    let as_killed = folder.path().join("killed.mp4");
    std::fs::write(&as_killed, &killed).expect("a copy");
    assert_eq!(probed(&as_killed), ("h264".to_owned(), last.pictures as usize));
    let whole = reel.finish().expect("room on the disk");
    assert_eq!((probed(&path).1, whole.pictures), (70, 70));
    let bytes = std::fs::read(&path).expect("the file");
    for seal in &seals {
        assert_eq!(digest(&bytes[..seal.bytes as usize]), seal.sha256, "what was sealed stays as it was");
    }
    let track = track_of(&path).expect("a track");
    assert_eq!(track.len(), 70);
    assert!(track.windows(2).all(|pair| pair[0].captured_at_us < pair[1].captured_at_us));
    assert_eq!((track[0].lat_deg, track[0].amsl_m), (37.5, 65.536));
    // Torn inside a fragment, as when the whole machine loses its power: what is whole still plays and tells its track.
    let torn = folder.path().join("torn.mp4");
    std::fs::write(&torn, &bytes[..bytes.len() - 777]).expect("a copy");
    assert!(seals[0].pictures as usize <= probed(&torn).1);
    assert!(seals[0].pictures as usize <= track_of(&torn).expect("a track").len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_changes_its_picture_needs_a_new_recording() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut reel = Reel::create(&folder.path().join("d1.mp4")).expect("a file");
    let mut changed = false;
    for settings in [small(), {
        let mut larger = small();
        larger.main.width = 640;
        larger.main.height = 368;
        larger
    }] {
        let camera = Camera::start(LOOPBACK, settings).await;
        let feeds = Feeds::default();
        feeds.set(&drone(), camera.urls(""));
        let mut pictures = feeds.source(&drone(), Quality::Main).expect("a camera").subscribe();
        for _ in 0..3 {
            let unit = soon("a picture", pictures.next()).await.expect("in service");
            changed |= matches!(reel.push(&unit), Err(ReelError::Changed));
        }
    }
    assert!(changed);
    assert!(Reel::create(&folder.path().join("d1.mp4")).is_err(), "nothing is ever overwritten");
}
