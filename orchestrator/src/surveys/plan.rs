//! From a lot and an aim to the event that asks for a survey: path, height, speed and sorties, as light and battery allow.

use std::collections::BTreeMap;

use dispatch_core::config::{NoFlyZone, SiteConfig};
use dispatch_core::event::Event;
use dispatch_core::survey::{Pass, SurveyHow, SurveyKind};
use flight_types::{GeoPoint, Local};
use survey_plan::{Aim, Board, Camera, Light, Lot, LotError, Means, Point, Shown, SurveyError, sun_elevation_deg, survey_path};
use survey_sightings::RegisteredBeacon;
use survey_vision::BEFORE_BAY_M;

use super::lot::SurveyedLot;
use crate::config::{SurveyLight, SurveysConfig};

/// Of a battery's time over reserve, the share left for the lot when the ways there and back, climbs and wind are taken off.
const OVER_LOT_SHARE: f64 = 0.6;
/// Frames a second that are looked at, at least; the reader keeps up with ten.
const FRAMES_PER_S: f64 = 5.0;

/// Why a survey cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanFailure {
    /// The drawing is none.
    #[error("the lot's drawing: {0}")]
    Lot(#[from] LotError),
    /// It cannot be flown.
    #[error(transparent)]
    Survey(#[from] SurveyError),
    /// A part of it must not be flown over, and not one that is left out as a hole: every flight would be refused.
    #[error("the no-fly zone \"{0}\" lies over a part of the lot's border: draw the lot without that part")]
    Zone(String),
    /// Nobody to fly it.
    #[error("the site has no aircraft")]
    NoAircraft,
}

/// The request for a survey of a lot at this time.
pub fn plan(
    lot: &SurveyedLot,
    kind: SurveyKind,
    site: &SiteConfig,
    settings: &SurveysConfig,
    now_ms: i64,
) -> Result<Event, PlanFailure> {
    let ground = Lot::new(lot.outline.clone(), lot.holes.clone())?;
    let places: Vec<Point> =
        lot.register.beacons.iter().map(|beacon| Point::new(beacon.place.east_m, beacon.place.north_m)).collect();
    let aim = match kind {
        SurveyKind::Sweep => Aim::Sweep,
        SurveyKind::Audit => Aim::Audit(&places),
    };
    let shown = shown(lot);
    let path = survey_path(&ground, aim, &means(lot, &shown, site, settings, light(lot, settings, now_ms))?)?;
    let geo = |stop: &Point| lot.frame.to_geo(Local { east_m: stop.x_m, north_m: stop.y_m });
    let corners: Vec<GeoPoint> = path.path.iter().map(geo).collect();
    let ground_amsl_m = site.stations.first().ok_or(PlanFailure::NoAircraft)?.ground_amsl_m;
    if let Some(zone) = zone_over(&corners, ground_amsl_m + path.sight.height_m, &site.no_fly_zones) {
        return Err(PlanFailure::Zone(zone.name.clone()));
    }
    Ok(Event::SurveyRequested {
        lot: lot.id.clone(),
        corners,
        how: SurveyHow {
            kind,
            pass: Some(Pass {
                height_m: path.sight.height_m,
                speed_m_s: path.sight.speed_m_s,
                heading_deg: Some(path.heading_deg),
            }),
            begins: path.begins,
        },
    })
}

/// A zone that begins below this altitude and has a stop of the path in it.
fn zone_over<'a>(corners: &[GeoPoint], altitude_amsl_m: f64, zones: &'a [NoFlyZone]) -> Option<&'a NoFlyZone> {
    let low = |zone: &&NoFlyZone| zone.floor_amsl_m.is_none_or(|floor_m| floor_m < altitude_amsl_m);
    zones.iter().filter(low).find(|zone| corners.iter().any(|corner| zone.ring.contains(*corner)))
}

/// The light over a lot at this time.
pub(super) fn light(lot: &SurveyedLot, settings: &SurveysConfig, now_ms: i64) -> Light {
    let origin = lot.frame.to_geo(Local::default());
    match settings.light {
        SurveyLight::Sun => Light::of_sun(sun_elevation_deg(origin.lat_deg(), origin.lon_deg(), now_ms)),
        SurveyLight::Day => Light::Day,
        SurveyLight::Night => Light::Night,
    }
}

/// The lot's bays, each with the ground before it, the commonest direction first: lanes are laid by the first few.
fn shown(lot: &SurveyedLot) -> Vec<Shown> {
    let mut ways: BTreeMap<i64, (usize, Shown)> = BTreeMap::new();
    for bay in &lot.register.bays {
        let bay = Shown { length_m: bay.length_m + BEFORE_BAY_M, width_m: bay.width_m, heading_deg: bay.heading_deg };
        // To and fro are one direction; whole degrees are enough to tell two.
        let (count, most) = ways.entry(bay.heading_deg.rem_euclid(180.0).round() as i64 % 180).or_insert((0, bay));
        *count += 1;
        (most.length_m, most.width_m) = (most.length_m.max(bay.length_m), most.width_m.max(bay.width_m));
    }
    let mut ways: Vec<(usize, Shown)> = ways.into_values().collect();
    ways.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    ways.into_iter().map(|(_, shown)| shown).collect()
}

/// The smallest modules and the lowest board of the lot decide; without any, the site's usual modules on the ground.
fn board(lot: &SurveyedLot, settings: &SurveysConfig) -> Board {
    let least = |of: fn(&RegisteredBeacon) -> f64| lot.register.beacons.iter().map(of).min_by(f64::total_cmp);
    Board {
        module_m: least(RegisteredBeacon::module_m).unwrap_or(settings.module_mm / 1_000.0),
        up_m: least(|beacon| beacon.up_m).unwrap_or(0.0),
    }
}

fn means<'a>(
    lot: &SurveyedLot,
    shown: &'a [Shown],
    site: &SiteConfig,
    settings: &SurveysConfig,
    light: Light,
) -> Result<Means<'a>, PlanFailure> {
    let drones = || site.stations.iter().flat_map(|station| &station.drones);
    let endurance_s = drones().map(|drone| drone.endurance_s).min_by(f64::total_cmp).ok_or(PlanFailure::NoAircraft)?;
    let station = site.stations.first().ok_or(PlanFailure::NoAircraft)?;
    let home = lot.frame.to_local(station.position);
    Ok(Means {
        camera: Camera {
            across_pixels: f64::from(settings.camera_width),
            along_pixels: f64::from(settings.camera_height),
            across_deg: settings.camera_field_deg,
            exposure_s: light.exposure_s(),
            frames_per_s: FRAMES_PER_S,
        },
        board: board(lot, settings),
        overlap: settings.overlap_pct / 100.0,
        shown,
        heights_m: (settings.height_m_min, settings.height_m_max),
        speed_max_m_s: settings.speed_m_s_max,
        home: Point::new(home.east_m, home.north_m),
        over_lot_s: endurance_s * (1.0 - site.policy.battery_reserve_pct / 100.0) * OVER_LOT_SHARE,
        aircraft: drones().count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flight_types::{LocalFrame, LotId, Ring, ZoneId};
    use survey_sightings::Register;

    fn lot() -> SurveyedLot {
        let corners = [(0.0, 0.0), (65.0, 0.0), (65.0, 32.0), (0.0, 32.0)];
        SurveyedLot {
            id: LotId::new("p1").expect("an id"),
            frame: LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place")),
            outline: corners.iter().map(|(x, y)| Point::new(*x, *y)).collect(),
            holes: Vec::new(),
            register: Register::default(),
        }
    }

    #[test]
    fn the_commonest_direction_of_bays_comes_first() {
        let bay = |heading_deg: f64, length_m: f64| survey_sightings::RegisteredBay {
            id: String::new(),
            area: "A1".to_owned(),
            place: survey_findings::Point::default(),
            heading_deg,
            width_m: 2.5,
            length_m,
        };
        let bays = vec![bay(90.0, 5.0), bay(2.2, 5.0), bay(182.2, 6.0), bay(359.9, 5.0), bay(179.8, 5.0), bay(0.2, 5.0)];
        let lot = SurveyedLot { register: Register { bays, ..Register::default() }, ..lot() };
        let ways: Vec<(f64, f64)> = shown(&lot).iter().map(|shown| (shown.heading_deg, shown.length_m - BEFORE_BAY_M)).collect();
        assert_eq!(ways, [(359.9, 5.0), (2.2, 6.0), (90.0, 5.0)]);
    }

    #[test]
    fn a_zone_over_the_path_is_named_and_one_high_above_it_is_not_in_the_way() {
        let frame = lot().frame;
        let geo = |(east_m, north_m): (f64, f64)| frame.to_geo(Local { east_m, north_m });
        let ring = Ring::new([(50.0, -20.0), (90.0, -20.0), (90.0, 20.0), (50.0, 20.0)].map(geo).to_vec()).expect("a square");
        let zone = |floor_amsl_m| NoFlyZone {
            id: ZoneId::new("z").expect("an id"),
            name: "Heliport".to_owned(),
            ring: ring.clone(),
            floor_amsl_m,
            ceiling_amsl_m: None,
            hours: None,
        };
        let path: Vec<GeoPoint> = [(5.0, 5.0), (60.0, 5.0)].map(geo).to_vec();
        assert_eq!(zone_over(&path, 45.0, &[zone(None)]).map(|zone| zone.name.as_str()), Some("Heliport"));
        assert_eq!(zone_over(&path, 45.0, &[zone(Some(80.0))]), None);
        assert_eq!(zone_over(&path[..1], 45.0, &[zone(None)]), None);
    }

    #[test]
    fn the_light_at_a_lot_follows_its_clock() {
        // 2026-06-21, noon and midnight in Seoul.
        let (noon_ms, midnight_ms) = (1_782_000_000_000 + 3 * 3_600_000, 1_782_000_000_000 + 15 * 3_600_000);
        let by_sun = SurveysConfig::default();
        assert_eq!(light(&lot(), &by_sun, noon_ms), Light::Day);
        assert_eq!(light(&lot(), &by_sun, midnight_ms), Light::Night);
        let roofed = SurveysConfig { light: SurveyLight::Night, ..by_sun };
        assert_eq!(light(&lot(), &roofed, noon_ms), Light::Night);
    }
}
