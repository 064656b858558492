//! One incident as a folder, for the closing report and for whoever asks later.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use dispatch_core::Core;
use dispatch_core::event::Entry;
use dispatch_core::model::Incident;
use feed::{TrackPoint, track_of};
use flight_types::{GeoPoint, IncidentId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Data;
use crate::evidence::{self, Kept};
use crate::store::{AuditNote, LogHead, Store, audit_notes};

/// Writes `report.md`, `incident.json`, `log.jsonl`, `notices.jsonl`, `places.geojson`, `timeline.txt`, and `video/` with a track beside
/// each recording and the seals of all.
pub async fn export(data: &Data, id: &IncidentId, out: &Path) -> anyhow::Result<ExitCode> {
    let store = Store::open_reading(&data.location(), data.district.clone()).await?;
    let mut core = Core::new(store.district().clone());
    store.log().read(LogHead::start(), |entry| drop(core.step(entry))).await?;
    let Some(incident) = core.incident(id) else {
        bail!("there is no incident {id} in district {}", store.district());
    };
    fs::create_dir(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    write(out, "incident.json", &serde_json::to_vec_pretty(&document(&core, incident))?)?;
    write(out, "places.geojson", &serde_json::to_vec_pretty(&places(&core, incident))?)?;
    write(out, "timeline.txt", timeline(incident).as_bytes())?;
    let entries = export_log(&store, incident, out).await?;
    let notices = export_notices(&store, id, out).await?;
    let videos = export_videos(&data.data, id, out)?;
    if !videos.is_empty() {
        export_seals(&store, id, out).await?;
    }
    write(out, "report.md", report(&core, incident, &videos).as_bytes())?;
    println!("{}: {entries} entries, {notices} notices, {} recordings", out.display(), videos.len());
    Ok(ExitCode::SUCCESS)
}

fn write(out: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = out.join(name);
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn document(core: &Core, incident: &Incident) -> Value {
    let offers: Vec<_> = incident.offers.iter().filter_map(|id| core.offer(id)).collect();
    let missions: Vec<_> = incident.missions.iter().filter_map(|id| core.mission(id)).collect();
    json!({ "incident": incident, "offers": offers, "missions": missions })
}

fn timeline(incident: &Incident) -> String {
    let line = |item: &dispatch_core::model::TimelineItem| {
        let after_s = (item.at_ms - incident.raised_at_ms) as f64 / 1_000.0;
        let detail: Vec<String> = item.detail.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{after_s:9.3} s  {:<28} {}\n", item.what, detail.join(" "))
    };
    incident.timeline.iter().map(line).collect()
}

fn places(core: &Core, incident: &Incident) -> Value {
    let track: Vec<GeoPoint> = incident.track.iter().map(|fix| fix.point).collect();
    let mut features: Vec<Value> = incident
        .places
        .iter()
        .map(|place| feature("Point", position(&place.point), json!({ "kind": "place", "source": place.source })))
        .collect();
    features.push(feature("LineString", line(&track), json!({ "kind": "caller_track" })));
    for mission in incident.missions.iter().filter_map(|id| core.mission(id)) {
        let outbound = json!({ "kind": "planned_way_out", "mission": mission.id, "drone": mission.drone });
        features.push(feature("LineString", line(&mission.plan.outbound), outbound));
    }
    json!({ "type": "FeatureCollection", "features": features })
}

fn feature(kind: &str, coordinates: Value, properties: Value) -> Value {
    json!({ "type": "Feature", "properties": properties, "geometry": { "type": kind, "coordinates": coordinates } })
}

fn line(points: &[GeoPoint]) -> Value {
    Value::Array(points.iter().map(position).collect())
}

fn position(point: &GeoPoint) -> Value {
    json!([point.lon_deg(), point.lat_deg()])
}

/// A recording in the folder.
struct Video {
    name: String,
    bytes: u64,
    sha256: String,
    track: Vec<TrackPoint>,
}

/// Copies the recordings, with where each picture was taken from beside them.
fn export_videos(data_dir: &Path, id: &IncidentId, out: &Path) -> anyhow::Result<Vec<Video>> {
    let folder = evidence::folder(data_dir).join(id.as_str());
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let to = out.join("video");
    fs::create_dir(&to).with_context(|| format!("cannot make the folder {}", to.display()))?;
    let recordings = evidence::of_incident(&folder, id.as_str()).with_context(|| format!("cannot list {}", folder.display()))?;
    recordings.iter().map(|recording| export_video(recording, &to)).collect()
}

/// What the audit trail sealed of these recordings: the first so many bytes have this digest.
async fn export_seals(store: &Store, id: &IncidentId, out: &Path) -> anyhow::Result<()> {
    let notes = audit_notes(store, &[evidence::SEALED, evidence::FOUND]).await?;
    let of_incident = format!("{id}/");
    let line = |note: &AuditNote| {
        let recording = note.subject.strip_prefix(&of_incident)?;
        Some(format!(
            "{}\n",
            json!({ "recording": recording, "bytes": note.detail.get("bytes"), "sha256": note.detail.get("sha256") })
        ))
    };
    let lines: String = notes.iter().filter_map(line).collect();
    write(out, "video/seals.jsonl", lines.as_bytes())
}

fn export_video(recording: &Kept, to: &Path) -> anyhow::Result<Video> {
    let name = recording.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let copy = to.join(&name);
    fs::copy(&recording.path, &copy).with_context(|| format!("cannot copy {}", recording.path.display()))?;
    let track = track_of(&copy).with_context(|| format!("cannot read {}", copy.display()))?;
    let points: Vec<GeoPoint> = track.iter().filter_map(|point| GeoPoint::new(point.lat_deg, point.lon_deg).ok()).collect();
    let mut way = feature("LineString", line(&points), json!({ "kind": "camera_track", "recording": name }));
    way["properties"]["pictures"] = serde_json::to_value(&track)?;
    write(to, &format!("{name}.track.geojson"), &serde_json::to_vec(&way)?)?;
    let mut hasher = Sha256::new();
    let mut file = fs::File::open(&copy).with_context(|| format!("cannot read {}", copy.display()))?;
    let bytes = std::io::copy(&mut file, &mut hasher).with_context(|| format!("cannot read {}", copy.display()))?;
    Ok(Video { name, bytes, sha256: hex::encode(hasher.finalize()), track })
}

/// The incident on one page, for somebody who was not there.
fn report(core: &Core, incident: &Incident, videos: &[Video]) -> String {
    let mut text = format!("# Incident {}\n\n", incident.id);
    text += &format!("Raised at {} (milliseconds since 1970-01-01 UTC), now {:?}.", incident.raised_at_ms, incident.state);
    let guard = |guard: &Option<flight_types::GuardId>| guard.as_ref().map_or("none".to_owned(), ToString::to_string);
    text += &format!("\n\nPrimary guard: {}. Backup: {}.\n\n", guard(&incident.primary), guard(&incident.backup));
    for mission in incident.missions.iter().filter_map(|id| core.mission(id)) {
        text += &format!("- Flight {} of {} from {}\n", mission.id, mission.drone, mission.station);
    }
    text += "\n## Recordings\n\n";
    for Video { name, bytes, sha256, track } in videos {
        text += &format!("- `video/{name}`: {bytes} bytes, {} pictures with time and place, SHA-256 `{sha256}`\n", track.len());
    }
    if videos.is_empty() {
        text += "None.\n";
    }
    text += "\n`orchestrator audit verify` says whether the recordings are as they were sealed.\n\n## Timeline\n\n```\n";
    text + &timeline(incident) + "```\n"
}

/// The entries that name the incident, one of its offers or one of its flights.
async fn export_log(store: &Store, incident: &Incident, out: &Path) -> anyhow::Result<usize> {
    let mut names = vec![json!(incident.id)];
    names.extend(incident.offers.iter().map(|id| json!(id)));
    names.extend(incident.missions.iter().map(|id| json!(id)));
    let first_seq = incident.timeline.first().map_or(0, |item| item.seq);
    let mut file = fs::File::create(out.join("log.jsonl")).context("cannot write log.jsonl")?;
    let mut written = 0;
    let mut problem = Ok(());
    let mut take = |entry: &Entry| {
        let value = serde_json::to_value(&entry.event).unwrap_or_default();
        // The call itself cannot name the incident that it opens.
        if problem.is_ok() && (entry.seq == first_seq || names.iter().any(|name| holds(&value, name))) {
            let text = serde_json::to_string(entry).unwrap_or_default();
            problem = writeln!(file, "{text}");
            written += 1;
        }
    };
    store.log().read(LogHead::start(), &mut take).await?;
    problem.context("cannot write log.jsonl")?;
    Ok(written)
}

fn holds(value: &Value, name: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| holds(item, name)),
        Value::Object(fields) => fields.values().any(|item| holds(item, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value == name,
    }
}

async fn export_notices(store: &Store, id: &IncidentId, out: &Path) -> anyhow::Result<usize> {
    let notices = store.outbox().of_incident(id).await?;
    let lines: Vec<String> = notices
        .iter()
        .map(|notice| {
            let line = json!({
                "id": notice.effect.to_string(), "at_ms": notice.at_ms, "to": notice.recipient.to_string(), "notice": notice.action,
            });
            format!("{line}\n")
        })
        .collect();
    write(out, "notices.jsonl", lines.concat().as_bytes())?;
    Ok(notices.len())
}
