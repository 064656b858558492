//! `site.toml`: reading with the line named, and the checks that types alone cannot make.

use std::collections::BTreeMap;
use std::path::Path;

use dispatch_core::config::{Approval, OnSilence, Policy};
use flight_types::GeoPoint;

use crate::error::SiteError;
use crate::limits::{DRONES_PER_STATION_MAX, PAD_DISTANCE_MAX_M, SITE_RADIUS_MAX_M};
use crate::model::{DroneManifest, SiteManifest, StationManifest, middle};
use crate::rally::RallyPointManifest;

pub(super) fn parse(path: &Path, text: &str) -> Result<SiteManifest, SiteError> {
    let manifest: SiteManifest =
        toml::from_str(text).map_err(|error| SiteError::Toml { path: path.to_owned(), message: error.to_string() })?;
    check(&manifest).map_err(|(key, problem)| SiteError::Manifest { path: path.to_owned(), key, problem })?;
    Ok(manifest)
}

/// Written by hand rather than derived, so that places stand on one line and keys carry their units as comments.
pub(super) fn format(manifest: &SiteManifest) -> String {
    let mut text = String::from(
        "# A site: stations, aircraft, fence and policy. The layers lie beside this file; docs/sites.md explains every key.\n",
    );
    text += &format!("name = {}\ndistrict = {}\n", quoted(&manifest.name), quoted(manifest.district.as_str()));
    if let Some(attribution) = &manifest.attribution {
        text += &format!("attribution = {}\n", quoted(attribution));
    }
    if let Some(elevation) = &manifest.elevation {
        text += &format!("elevation = {}\n", quoted(elevation));
    }
    text += &format!(
        "\n# Where aircraft may be at all: outline, and ceiling above the launching pad in metres.\n[fence]\nheight_max_m = {:?}\nring = [\n",
        manifest.fence.height_max_m
    );
    for corner in manifest.fence.ring.corners() {
        text += &format!("  {},\n", place(*corner));
    }
    let policy = own_policy(&manifest.policy);
    text +=
        &format!("]\n\n# How calls are handled: what differs from the defaults, which docs/sites.md lists.\n[policy]\n{policy}");
    manifest.stations.iter().for_each(|station| text += &format_station(station));
    manifest.rally_points.iter().for_each(|point| text += &format_rally_point(point));
    text
}

/// Only what differs from the defaults, so that a better default reaches sites that never chose their own.
fn own_policy(policy: &Policy) -> String {
    let table = |policy: &Policy| toml::Table::try_from(policy).expect("a policy is plain data that TOML can hold");
    let defaults = table(&Policy::default());
    let own: toml::Table = table(policy).into_iter().filter(|(key, value)| defaults.get(key) != Some(value)).collect();
    own.to_string()
}

fn format_rally_point(point: &RallyPointManifest) -> String {
    let ground = point.ground_amsl_m.map_or(String::new(), |ground_amsl_m| format!("ground_amsl_m = {ground_amsl_m:?}\n"));
    format!(
        "\n# Where an aircraft may land that does not reach its pad, or finds it taken.\n[[rally_point]]\nid = {}\nname = {}\nposition = {}\n{ground}",
        quoted(point.id.as_str()),
        quoted(&point.name),
        place(point.position),
    )
}

fn format_station(station: &StationManifest) -> String {
    let approval = match station.approval {
        Approval::Automatic => "{ by = \"automatic\" }".to_owned(),
        Approval::Operator { limit_ms, on_silence } => {
            let on_silence = match on_silence {
                OnSilence::Launch => "launch",
                OnSilence::Deny => "deny",
            };
            format!("{{ by = \"operator\", limit_ms = {limit_ms}, on_silence = \"{on_silence}\" }}")
        }
    };
    let mut text = format!(
        "\n[[station]]\nid = {}\nname = {}\nposition = {}\nground_amsl_m = {:?}\napproval = {approval}\n",
        quoted(station.id.as_str()),
        quoted(&station.name),
        place(station.position),
        station.ground_amsl_m,
    );
    station.drones.iter().for_each(|drone| text += &format_drone(drone));
    text
}

fn format_drone(drone: &DroneManifest) -> String {
    format!(
        "\n[[station.drone]]\nid = {}\nsystem_id = {}\npad = {}\ncruise_speed_m_s = {:?}\nclimb_speed_m_s = {:?}\n\
         descent_speed_m_s = {:?}\nendurance_s = {:?}\nwind_max_m_s = {:?}\nhas_light = {}\n",
        quoted(drone.id.as_str()),
        drone.system_id,
        place(drone.pad),
        drone.cruise_speed_m_s,
        drone.climb_speed_m_s,
        drone.descent_speed_m_s,
        drone.endurance_s,
        drone.wind_max_m_s,
        drone.has_light,
    )
}

/// A TOML string with everything escaped that needs it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn place(point: GeoPoint) -> String {
    format!("{{ lat = {:.7}, lon = {:.7} }}", point.lat_deg(), point.lon_deg())
}

/// A key as a path, and what is wrong with its value.
type Problem = (String, String);

fn check(manifest: &SiteManifest) -> Result<(), Problem> {
    between("fence.height_max_m", manifest.fence.height_max_m, 10.0, 1_000.0)?;
    check_policy(manifest)?;
    check_elevation(manifest)?;
    check_extent(manifest)?;
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut system_ids: BTreeMap<u8, String> = BTreeMap::new();
    for (index, station) in manifest.stations.iter().enumerate() {
        let key = format!("station[{index}]");
        check_station(manifest, station, &key)?;
        once(&mut names, station.id.as_str(), format!("{key}.id"))?;
        for (place, drone) in station.drones.iter().enumerate() {
            let key = format!("{key}.drone[{place}]");
            check_drone(station, drone, &key)?;
            once(&mut names, drone.id.as_str(), format!("{key}.id"))?;
            once(&mut system_ids, drone.system_id, format!("{key}.system_id"))?;
        }
    }
    Ok(())
}

fn check_extent(manifest: &SiteManifest) -> Result<(), Problem> {
    let corners = manifest.fence.ring.corners();
    let centre = middle(corners);
    match corners.iter().position(|corner| centre.distance_m(corner) > SITE_RADIUS_MAX_M) {
        Some(corner) => Err((
            format!("fence.ring[{corner}]"),
            format!(
                "it lies {:.0} km from the middle of the fence; are latitude and longitude swapped?",
                km(centre, corners[corner])
            ),
        )),
        None => Ok(()),
    }
}

fn check_policy(manifest: &SiteManifest) -> Result<(), Problem> {
    let policy = &manifest.policy;
    let radii = &policy.ring_radii_m;
    if radii.is_empty() || radii.iter().any(|radius| !radius.is_finite() || *radius <= 0.0) || !radii.is_sorted() {
        return Err(("policy.ring_radii_m".to_owned(), "it must hold ascending radii above 0 m".to_owned()));
    }
    between("policy.transit_height_m", policy.transit_height_m, 5.0, manifest.fence.height_max_m)?;
    between("policy.scene_height_m", policy.scene_height_m, 3.0, manifest.fence.height_max_m)?;
    between("policy.stand_off_m", policy.stand_off_m, 1.0, 100.0)?;
    between("policy.battery_reserve_pct", policy.battery_reserve_pct, 0.0, 90.0)
}

/// A name of a file in the site's folder, not a way out of it, nor one of the layers.
fn check_elevation(manifest: &SiteManifest) -> Result<(), Problem> {
    let Some(name) = &manifest.elevation else { return Ok(()) };
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
    if plain && name.ends_with(".asc") && !name.starts_with('.') {
        return Ok(());
    }
    Err(("elevation".to_owned(), "it must name a file beside site.toml that ends in .asc: letters, digits, . _ -".to_owned()))
}

fn check_station(manifest: &SiteManifest, station: &StationManifest, key: &str) -> Result<(), Problem> {
    if !manifest.fence.ring.contains(station.position) {
        let distance_km = km(middle(manifest.fence.ring.corners()), station.position);
        let problem =
            format!("the station lies outside the fence, {distance_km:.1} km from its middle; are latitude and longitude swapped?");
        return Err((format!("{key}.position"), problem));
    }
    if station.drones.len() > DRONES_PER_STATION_MAX {
        return Err((format!("{key}.drone"), format!("a station holds at most {DRONES_PER_STATION_MAX} aircraft")));
    }
    between(&format!("{key}.ground_amsl_m"), station.ground_amsl_m, -430.0, 6_000.0)
}

fn check_drone(station: &StationManifest, drone: &DroneManifest, key: &str) -> Result<(), Problem> {
    let distance_m = station.position.distance_m(&drone.pad);
    if distance_m > PAD_DISTANCE_MAX_M {
        return Err((
            format!("{key}.pad"),
            format!("the pad lies {distance_m:.0} m from its station, the bound is {PAD_DISTANCE_MAX_M} m"),
        ));
    }
    between(&format!("{key}.system_id"), f64::from(drone.system_id), 1.0, 250.0)?;
    between(&format!("{key}.cruise_speed_m_s"), drone.cruise_speed_m_s, 1.0, 40.0)?;
    between(&format!("{key}.climb_speed_m_s"), drone.climb_speed_m_s, 0.2, 15.0)?;
    between(&format!("{key}.descent_speed_m_s"), drone.descent_speed_m_s, 0.2, 15.0)?;
    between(&format!("{key}.endurance_s"), drone.endurance_s, 60.0, 36_000.0)?;
    between(&format!("{key}.wind_max_m_s"), drone.wind_max_m_s, 0.0, 40.0)
}

fn km(from: GeoPoint, to: GeoPoint) -> f64 {
    from.distance_m(&to) / 1_000.0
}

fn between(key: &str, value: f64, low: f64, high: f64) -> Result<(), Problem> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err((key.to_owned(), format!("it must lie between {low} and {high}, not {value}")))
}

fn once<K: Ord + std::fmt::Display>(seen: &mut BTreeMap<K, String>, value: K, key: String) -> Result<(), Problem> {
    if let Some(first) = seen.get(&value) {
        return Err((key, format!("{value} is already used by {first}")));
    }
    seen.insert(value, key);
    Ok(())
}
