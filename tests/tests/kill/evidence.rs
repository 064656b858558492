//! Recordings as they lie on the disk, as players, the audit and an export see them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::world::World;

/// Between two looks at a file that grows.
const LOOK: Duration = Duration::from_millis(50);
/// The longest wait for it.
const PATIENCE: Duration = Duration::from_secs(60);
/// Some fragments of a simulated camera's picture.
const GROWN_BYTES: u64 = 100_000;
/// Any byte behind the file's head.
const CHANGED_BYTE: usize = 20_000;

/// A recording of the incident, the first of those after so many `before`, once it has grown.
pub async fn grown(data: &Path, incident: &str, before: usize) -> PathBuf {
    let folder = data.join("evidence").join(incident);
    let look = async {
        let mut ticks = tokio::time::interval(LOOK);
        loop {
            ticks.tick().await;
            let large = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|about| GROWN_BYTES <= about.len());
            if let Some(path) = recordings(&folder).into_iter().nth(before).filter(large) {
                return path;
            }
        }
    };
    tokio::time::timeout(PATIENCE, look).await.expect("a recording in time")
}

fn recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let all = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ending| ending == "mp4"));
    // Their names hold their times: the oldest comes first.
    let mut all: Vec<PathBuf> = all.collect();
    all.sort();
    all
}

/// How many pictures another program decodes in it, without a word of complaint.
pub fn pictures(recording: &Path) -> usize {
    let arguments = ["-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"];
    let probed = Command::new("ffprobe").args(arguments).arg(recording).output().expect("ffprobe (apt install ffmpeg)");
    assert!(probed.stderr.is_empty(), "{}", String::from_utf8_lossy(&probed.stderr));
    String::from_utf8_lossy(&probed.stdout).trim().parse().expect("a count of pictures")
}

/// `audit verify` refuses a recording of which one bit was changed, and takes it when it is as it was.
pub async fn assert_a_change_is_told(world: &World, recording: &Path) {
    let whole = std::fs::read(recording).expect("the recording");
    let mut changed = whole.clone();
    changed[CHANGED_BYTE] ^= 1;
    std::fs::write(recording, &changed).expect("a change");
    let verdict = world.try_tool(&["audit", "verify"]).await;
    let said = String::from_utf8_lossy(&verdict.stdout) + String::from_utf8_lossy(&verdict.stderr);
    assert_eq!(verdict.status.code(), Some(1), "{said}");
    let name = recording.file_name().expect("a file").to_string_lossy();
    assert!(said.contains(&*name), "it says which one: {said}");
    std::fs::write(recording, &whole).expect("a change");
    assert!(world.try_tool(&["audit", "verify"]).await.status.success());
}

/// An export holds every recording with where each of its pictures was taken, the timeline, and a report that names them.
pub async fn assert_exported(world: &World, incident: &str) {
    let out = tempfile::tempdir().expect("a temporary folder");
    let folder = out.path().join("export");
    world.tool(&["export", incident, "--out", &folder.display().to_string()]).await;
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("exported");
    let (report, timeline) = (read("report.md"), read("timeline.txt"));
    for what in ["call_raised", "guard_assigned", "drone_on_scene", "closed"] {
        assert!(timeline.contains(what) && report.contains(what), "{what}: {timeline}");
    }
    let kept = recordings(&world.data().join("evidence").join(incident));
    let exported = recordings(&folder.join("video"));
    assert!(2 <= kept.len() && kept.len() == exported.len(), "one of each life: {kept:?} {exported:?}");
    let seals = read("video/seals.jsonl");
    for recording in exported {
        let name = recording.file_name().expect("a file").to_string_lossy().into_owned();
        assert!(report.contains(&name) && seals.contains(&name), "{report}\n{seals}");
        let track: Value = serde_json::from_str(&read(&format!("video/{name}.track.geojson"))).expect("JSON");
        let points = track["properties"]["pictures"].as_array().expect("a list").len();
        assert_eq!((points, points > 0), (pictures(&recording), true), "where each picture was taken");
    }
}
