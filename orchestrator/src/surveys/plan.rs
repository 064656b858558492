//! From a lot and an aim to the event that asks for a survey: path, height, speed and sorties, as light and battery allow.

use dispatch_core::config::SiteConfig;
use dispatch_core::event::Event;
use dispatch_core::survey::{Pass, SurveyHow, SurveyKind};
use flight_types::Local;
use survey_plan::{Aim, Camera, Light, Lot, LotError, Means, Point, Shown, SurveyError, sun_elevation_deg, survey_path};
use survey_sightings::{RegisteredBay, RegisteredBeacon};
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
    let path = survey_path(&ground, aim, &means(lot, site, settings, light(lot, settings, now_ms))?)?;
    let geo = |stop: &Point| lot.frame.to_geo(Local { east_m: stop.x_m, north_m: stop.y_m });
    Ok(Event::SurveyRequested {
        lot: lot.id.clone(),
        corners: path.path.iter().map(geo).collect(),
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

/// The light over a lot at this time.
pub(super) fn light(lot: &SurveyedLot, settings: &SurveysConfig, now_ms: i64) -> Light {
    let origin = lot.frame.to_geo(Local::default());
    match settings.light {
        SurveyLight::Sun => Light::of_sun(sun_elevation_deg(origin.lat_deg(), origin.lon_deg(), now_ms)),
        SurveyLight::Day => Light::Day,
        SurveyLight::Night => Light::Night,
    }
}

/// The lot's bays, the longest and the widest of them, lying as most of the first row does; none without bays.
fn shown(lot: &SurveyedLot) -> Option<Shown> {
    let bays = &lot.register.bays;
    let most = |of: fn(&RegisteredBay) -> f64| bays.iter().map(of).max_by(f64::total_cmp);
    let length_m = most(|bay| bay.length_m)? + BEFORE_BAY_M;
    Some(Shown { length_m, width_m: most(|bay| bay.width_m)?, heading_deg: bays.first()?.heading_deg })
}

/// Of the lot's beacons those with the smallest modules decide; without any, the site's usual ones.
fn module_m(lot: &SurveyedLot, settings: &SurveysConfig) -> f64 {
    let modules = lot.register.beacons.iter().map(RegisteredBeacon::module_m);
    modules.min_by(f64::total_cmp).unwrap_or(settings.module_mm / 1_000.0)
}

fn means(lot: &SurveyedLot, site: &SiteConfig, settings: &SurveysConfig, light: Light) -> Result<Means, PlanFailure> {
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
        module_m: module_m(lot, settings),
        overlap: settings.overlap_pct / 100.0,
        shown: shown(lot),
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
    use flight_types::{GeoPoint, LocalFrame, LotId};
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
