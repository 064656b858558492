//! An operator who finds the pad taken sends the aircraft from its scene to a rally point, and sees it stand there.

use std::time::Duration;

use anyhow::{Context, ensure};
use flight_types::GeoPoint;
use serde_json::{Value, json};
use site_model::Site;

use super::operator::Operator;

/// How often it is looked again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// From so near it stands there, metres: the length of an aircraft beside what fixes wander by.
const THERE_M: f64 = 3.0;

/// Diverts the aircraft on scene of this incident to the rally point, waits for its landing and judges it.
pub(crate) async fn divert(watcher: &Operator, site: &Site, incident: &str, rally_point: &str) -> anyhow::Result<()> {
    let points = site.config().rally_points;
    let point = points.iter().find(|point| point.id.as_str() == rally_point).context("the site has no such rally point")?;
    let drone = until(async || on_scene(&watcher.incident(incident).await?)).await?;
    watcher.divert(&drone, rally_point).await?;
    println!("the operator diverts {drone} to {rally_point}");
    let mission = until(async || landed(&watcher.incident(incident).await?, &drone)).await?;
    ensure!(mission["failure"].is_null(), "its flight failed: {}", mission["failure"]);
    ensure!(mission["diverted"] == rally_point, "it was not told to have landed there: {}", mission["diverted"]);
    let off_m = place_of(&watcher.fleet().await?, &drone).context("nobody knows where it stands")?.distance_m(&point.position);
    ensure!(off_m <= THERE_M, "it stands {off_m:.1} m from the rally point");
    println!("{drone} stands {off_m:.1} m from the middle of {rally_point}");
    Ok(())
}

async fn until<T>(look: impl AsyncFn() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    loop {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn missions(view: &Value) -> impl Iterator<Item = &Value> {
    view["missions"].as_array().into_iter().flatten()
}

fn on_scene(view: &Value) -> anyhow::Result<Option<String>> {
    let there = missions(view).find(|mission| mission["phase"] == "on_scene");
    Ok(there.and_then(|mission| mission["drone"].as_str()).map(str::to_owned))
}

fn landed(view: &Value, drone: &str) -> anyhow::Result<Option<Value>> {
    let of_drone = missions(view).find(|mission| mission["drone"] == drone).context("its flight is gone")?;
    Ok((of_drone["ended"] == json!(true)).then(|| of_drone.clone()))
}

fn place_of(fleet: &Value, drone: &str) -> Option<GeoPoint> {
    let view = fleet.as_array()?.iter().find(|view| view["status"]["drone"] == drone)?;
    serde_json::from_value(view["status"]["position"].clone()).ok()
}
