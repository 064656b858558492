//! From a lot and an aim to the event that asks for a survey: path, height, speed and sorties, as light and battery allow.

use std::collections::BTreeMap;

use dispatch_core::choice::{SortieCharges, Spared, SparedKind, SurveyAir, sortie_charges};
use dispatch_core::config::SiteConfig;
use dispatch_core::event::Event;
use dispatch_core::survey::{Coverage, Pass, SurveyHow, SurveyKind, Unseen, UnseenReason};
use flight_types::Local;
use survey_plan::{
    Aim, Board, Camera, Charges, Field, Keep, Light, Lot, LotError, Means, Point, Shown, Side, Sight, SurveyError, SurveyPath,
    field_path, sight, sun_elevation_deg,
};
use survey_sightings::RegisteredBeacon;
use survey_vision::BEFORE_BAY_M;

use super::lot::SurveyedLot;
use crate::config::{SurveyLight, SurveysConfig};

/// Frames a second that are looked at, at least; the reader keeps up with ten.
const FRAMES_PER_S: f64 = 5.0;

/// The hours of zones are looked at for as long as a survey is reckoned to take, and a longer one is planned anew: so often at most, each time for
/// longer.
const PLANS_MAX: usize = 4;

/// Why a survey cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanFailure {
    /// The drawing is none.
    #[error("the lot's drawing: {0}")]
    Lot(#[from] LotError),
    /// It cannot be flown.
    #[error(transparent)]
    Survey(#[from] SurveyError),
    /// Nothing of it may be flown over.
    #[error("nothing of the lot may be flown over: {0} in the way")]
    Closed(String),
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
    let means = means(lot, &shown, site, settings, light(lot, settings, now_ms))?;
    let height_m = means.sight().map_err(SurveyError::from)?.height_m;
    let battery_ms = |sorties: usize| (longest_s(site) * 1_000.0) as i64 * sorties as i64;
    let mut sorties = 1;
    let (mut path, mut coverage) = planned(lot, &ground, aim, &means, site, (height_m, now_ms, now_ms + battery_ms(sorties)))?;
    for _ in 1..PLANS_MAX {
        if path.begins.len() < sorties {
            break;
        }
        sorties = path.begins.len() + 1;
        (path, coverage) = planned(lot, &ground, aim, &means, site, (height_m, now_ms, now_ms + battery_ms(sorties)))?;
    }
    Ok(Event::SurveyRequested {
        lot: lot.id.clone(),
        corners: path.path.iter().map(|stop| lot.geo(*stop)).collect(),
        how: SurveyHow {
            kind,
            pass: Some(Pass {
                height_m: path.sight.height_m,
                speed_m_s: path.sight.speed_m_s,
                heading_deg: Some(path.heading_deg),
            }),
            begins: path.begins,
            coverage: Some(coverage),
        },
    })
}

/// The longest that any aircraft flies on one battery, seconds.
fn longest_s(site: &SiteConfig) -> f64 {
    let drones = site.stations.iter().flat_map(|station| &station.drones);
    drones.map(|drone| drone.endurance_s).fold(0.0, f64::max)
}

/// The path for the air between two times, at a height.
fn planned(
    lot: &SurveyedLot,
    ground: &Lot,
    aim: Aim<'_>,
    means: &Means<'_>,
    site: &SiteConfig,
    (height_m, from_ms, until_ms): (f64, i64, i64),
) -> Result<(SurveyPath, Coverage), PlanFailure> {
    let air = SurveyAir::of(site, height_m, from_ms, until_ms);
    let keeps = air.spared.iter().map(|spared| Keep {
        ring: spared.ring.corners().iter().map(|corner| lot.local(*corner)).collect(),
        margin_m: spared.margin_m,
        side: match spared.what {
            SparedKind::Zone { .. } | SparedKind::Obstacle { .. } => Side::Outside,
            SparedKind::Fence => Side::Inside,
        },
    });
    let field = Field::clipped(ground.clone(), keeps.collect())?;
    let hop = |from: Point, to: Point| -> Option<Vec<Point>> {
        let way = air.way(lot.geo(from), lot.geo(to))?;
        Some(way.into_iter().map(|corner| lot.local(corner)).collect())
    };
    let charges = |stops: &[Point], sight: &Sight| {
        let corners = stops.iter().map(|stop| lot.geo(*stop)).collect();
        let pass = Pass { height_m: sight.height_m, speed_m_s: sight.speed_m_s, heading_deg: None };
        let SortieCharges { needed_pct, charged_pct } = sortie_charges(site, corners, pass, from_ms);
        Charges { needed_pct, full_pct: charged_pct }
    };
    match field_path(&field, aim, means, &hop, &charges) {
        Ok(path) => {
            let coverage = told(&path.coverage, &air.spared);
            Ok((path, coverage))
        }
        Err(SurveyError::Closed) => Err(PlanFailure::Closed(in_the_way(&field, &air.spared))),
        Err(error) => Err(error.into()),
    }
}

/// What takes most of the lot, by name.
fn in_the_way(field: &Field, spared: &[Spared]) -> String {
    let unseen = told(&field.unflown(), spared).unseen;
    let name = |unseen: &Unseen| match &unseen.reason {
        UnseenReason::Zone { name } => format!("the no-fly zone \"{name}\""),
        UnseenReason::Obstacle { id } => format!("{id}"),
        UnseenReason::Fence => "the fence".to_owned(),
        UnseenReason::Lanes => "what is too narrow".to_owned(),
    };
    unseen.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// In the words of the log: each share with its reason, the largest first.
fn told(coverage: &survey_plan::Coverage, spared: &[Spared]) -> Coverage {
    let reason = |spared: &Spared| match &spared.what {
        SparedKind::Zone { name, .. } => UnseenReason::Zone { name: name.clone() },
        SparedKind::Obstacle { id } => UnseenReason::Obstacle { id: id.clone() },
        SparedKind::Fence => UnseenReason::Fence,
    };
    let kept = coverage.kept.iter().zip(spared).map(|(count, spared)| (*count, reason(spared)));
    let all = kept.chain([(coverage.missed, UnseenReason::Lanes)]).filter(|(count, _)| *count > 0);
    let mut unseen: Vec<Unseen> = all.map(|(count, reason)| Unseen { share: coverage.share(count), reason }).collect();
    unseen.sort_by(|a, b| b.share.total_cmp(&a.share));
    Coverage { seen: coverage.share(coverage.seen), unseen }
}

/// The height and camera that sheets are made for: as high as surveys fly over modules of the site's usual size. Lower than the lowest height
/// none flies, and the modules come out larger then.
pub fn sheets_for(settings: &SurveysConfig) -> beacon::Sight {
    /// Rounded down to a decimetre: it stands on the sheet for people to read.
    const STEPS_PER_M: f64 = 10.0;
    let heights_m = (settings.height_m_min, settings.height_m_max);
    let usual = Board { module_m: settings.module_mm / 1_000.0, up_m: 0.0 };
    // Only the height is wanted, which depends on neither light nor speed.
    let flown = sight(camera(settings, Light::Day), usual, 0.0, heights_m, settings.speed_m_s_max);
    let height_m = flown.map_or(settings.height_m_min, |sight| sight.height_m);
    beacon::Sight {
        height_m: (height_m * STEPS_PER_M).floor() / STEPS_PER_M,
        across_pixels: f64::from(settings.camera_width),
        across_deg: settings.camera_field_deg,
    }
}

fn camera(settings: &SurveysConfig, light: Light) -> Camera {
    Camera {
        across_pixels: f64::from(settings.camera_width),
        along_pixels: f64::from(settings.camera_height),
        across_deg: settings.camera_field_deg,
        exposure_s: light.exposure_s(),
        frames_per_s: FRAMES_PER_S,
    }
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
    let aircraft = site.stations.iter().map(|station| station.drones.len()).sum();
    if aircraft == 0 {
        return Err(PlanFailure::NoAircraft);
    }
    let station = site.stations.first().ok_or(PlanFailure::NoAircraft)?;
    let home = lot.frame.to_local(station.position);
    Ok(Means {
        camera: camera(settings, light),
        board: board(lot, settings),
        overlap: settings.overlap_pct / 100.0,
        shown,
        heights_m: (settings.height_m_min, settings.height_m_max),
        speed_max_m_s: settings.speed_m_s_max,
        home: Point::new(home.east_m, home.north_m),
        aircraft,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use dispatch_core::choice::{Choice, Question, Task, choose};
    use dispatch_core::config::{NoFlyZone, SiteObstacle, ZoneHours};
    use flight_types::{DroneStatus, GeoPoint, LinkStatus, LocalFrame, LotId, MissionId, Ring, ZoneId};
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

    const NOW_MS: i64 = 1_767_304_800_000;
    const HOUR_MS: i64 = 3_600_000;

    fn ring(low: (f64, f64), high: (f64, f64)) -> Ring {
        let frame = lot().frame;
        let geo = |(east_m, north_m): (f64, f64)| frame.to_geo(Local { east_m, north_m });
        Ring::new([low, (high.0, low.1), high, (low.0, high.1)].map(geo).to_vec()).expect("four corners")
    }

    fn site() -> SiteConfig {
        let station: dispatch_core::config::StationConfig = serde_json::from_value(serde_json::json!({
            "id": "s1", "name": "Station", "position": lot().geo(Point::new(-200.0, 0.0)), "ground_amsl_m": 30.0,
            "approval": { "by": "automatic" },
            "drones": [{
                "id": "d1", "pad": lot().geo(Point::new(-200.0, 0.0)), "cruise_speed_m_s": 10.0, "climb_speed_m_s": 3.0,
                "descent_speed_m_s": 2.0, "endurance_s": 1800.0, "wind_max_m_s": 12.0, "has_light": true,
            }],
        }))
        .expect("a station");
        SiteConfig {
            name: "test".to_owned(),
            stations: vec![station],
            no_fly_zones: Vec::new(),
            obstacles: Vec::new(),
            rally_points: Vec::new(),
            fence: ring((-900.0, -900.0), (900.0, 900.0)),
            fence_height_max_m: 120.0,
            relief: None,
            policy: dispatch_core::config::Policy::default(),
        }
    }

    fn zone(low: (f64, f64), high: (f64, f64)) -> NoFlyZone {
        NoFlyZone {
            id: ZoneId::new("z").expect("an id"),
            name: "Heliport".to_owned(),
            ring: ring(low, high),
            floor_amsl_m: None,
            ceiling_amsl_m: None,
            hours: None,
        }
    }

    fn settings() -> SurveysConfig {
        SurveysConfig { light: SurveyLight::Day, ..SurveysConfig::default() }
    }

    fn coverage(site: &SiteConfig) -> Coverage {
        let event = plan(&lot(), SurveyKind::Sweep, site, &settings(), NOW_MS).expect("a survey");
        let Event::SurveyRequested { how, .. } = event else { panic!("a survey: {event:?}") };
        let coverage = how.coverage.expect("what it shows");
        let all = coverage.seen + coverage.unseen.iter().map(|unseen| unseen.share).sum::<f64>();
        assert!((all - 1.0).abs() < 1e-9, "all of the lot is seen or has its reason: {coverage:?}");
        coverage
    }

    fn by(coverage: &Coverage, reason: &UnseenReason) -> f64 {
        coverage.unseen.iter().find(|unseen| unseen.reason == *reason).map_or(0.0, |unseen| unseen.share)
    }

    fn heliport() -> UnseenReason {
        UnseenReason::Zone { name: "Heliport".to_owned() }
    }

    #[test]
    fn a_zone_is_cut_out_in_its_altitudes_and_hours_and_named() {
        // A fifth of the lot, and its margin.
        let over = zone((50.0, -20.0), (90.0, 60.0));
        let with = |zone: NoFlyZone| by(&coverage(&SiteConfig { no_fly_zones: vec![zone], ..site() }), &heliport());
        let always = with(over.clone());
        assert!((0.25..0.5).contains(&always), "{always}");
        assert_eq!(with(NoFlyZone { floor_amsl_m: Some(30.0 + 200.0), ..over.clone() }), 0.0, "high above it");
        assert_eq!(with(NoFlyZone { ceiling_amsl_m: Some(10.0), ..over.clone() }), 0.0, "below the ground");
        // The survey begins at 07:00 in Korea.
        let hours = |from_min: i64, until_min: i64| Some(ZoneHours { weekdays: None, from_min, until_min, utc_offset_min: 540 });
        assert_eq!(with(NoFlyZone { hours: hours(7 * 60 + 20, 18 * 60), ..over.clone() }), always, "closes in the middle of it");
        assert_eq!(with(NoFlyZone { hours: hours(12 * 60, 18 * 60), ..over }), 0.0, "closes hours later");
    }

    #[test]
    fn a_house_is_cut_out_when_the_path_is_too_low_for_it() {
        let id = ZoneId::new("house").expect("an id");
        let house = |top_m: f64| SiteObstacle { id: id.clone(), ring: ring((25.0, 10.0), (40.0, 22.0)), top_amsl_m: 30.0 + top_m };
        let with = |top_m: f64| {
            by(&coverage(&SiteConfig { obstacles: vec![house(top_m)], ..site() }), &UnseenReason::Obstacle { id: id.clone() })
        };
        assert_eq!(with(1.0), 0.0);
        let (low, high) = (with(12.0), with(80.0));
        // Most of what is not flown over is seen from beside it.
        assert!((0.005..0.05).contains(&low), "{low}");
        assert!(high > low + 0.1, "what a transit does not pass over either is given a zone's room: {high}");
    }

    #[test]
    fn what_is_planned_is_what_a_flight_is_drafted_as() {
        // From the far side of the zone; the corners are flown as they are, without a way round anything.
        let site = SiteConfig { no_fly_zones: vec![zone((50.0, -20.0), (90.0, 60.0))], ..site() };
        let event = plan(&lot(), SurveyKind::Sweep, &site, &settings(), NOW_MS).expect("a survey");
        let Event::SurveyRequested { corners, how, .. } = event else { panic!("a survey: {event:?}") };
        let height_m = how.pass.expect("a height").height_m;
        let air = SurveyAir::of(&site, height_m, NOW_MS, NOW_MS + HOUR_MS);
        for leg in corners.windows(2).filter(|leg| leg[0] != leg[1]) {
            assert_eq!(air.way(leg[0], leg[1]), Some(vec![leg[1]]), "{leg:?}");
        }
    }

    #[test]
    fn a_lot_wholly_under_a_zone_is_refused_by_name() {
        let site = SiteConfig { no_fly_zones: vec![zone((-50.0, -50.0), (120.0, 90.0))], ..site() };
        for kind in [SurveyKind::Sweep, SurveyKind::Audit] {
            let refused = plan(&lot(), kind, &site, &settings(), NOW_MS).expect_err("nothing is left");
            assert!(refused.to_string().contains("Heliport"), "{refused}");
        }
    }

    /// Two hundred metres by a hundred.
    fn large() -> SurveyedLot {
        let corners = [(0.0, 0.0), (200.0, 0.0), (200.0, 100.0), (0.0, 100.0)];
        SurveyedLot { outline: corners.iter().map(|(x, y)| Point::new(*x, *y)).collect(), ..lot() }
    }

    /// The site with one aircraft, so far west of the lot, whose battery lasts for so long.
    fn with_battery(endurance_s: f64, west_m: f64) -> SiteConfig {
        let mut site = SiteConfig { fence: ring((-6_000.0, -900.0), (900.0, 900.0)), ..site() };
        let drone = &mut site.stations[0].drones[0];
        (drone.endurance_s, drone.pad) = (endurance_s, lot().geo(Point::new(-west_m, 0.0)));
        site
    }

    /// The path of a sweep of the large lot, where its sorties begin and how it is flown.
    fn planned_for(site: &SiteConfig) -> Result<(Vec<GeoPoint>, Vec<usize>, Pass), PlanFailure> {
        match plan(&large(), SurveyKind::Sweep, site, &settings(), NOW_MS)? {
            Event::SurveyRequested { corners, how, .. } => Ok((corners, how.begins, how.pass.expect("a height"))),
            event => panic!("a survey: {event:?}"),
        }
    }

    fn sorties(corners: &[GeoPoint], begins: &[usize]) -> Vec<Vec<GeoPoint>> {
        let firsts = std::iter::once(0).chain(begins.iter().copied());
        let lasts = begins.iter().copied().chain([corners.len() - 1]);
        firsts.zip(lasts).map(|(first, last)| corners[first..=last].to_vec()).collect()
    }

    /// What the core answers when it is asked to launch this, with a charged aircraft on its pad.
    fn launched(site: &SiteConfig, corners: Vec<GeoPoint>, pass: Pass) -> Choice {
        let drone = &site.stations[0].drones[0];
        let status = DroneStatus {
            link: LinkStatus { connected: true, ..LinkStatus::default() },
            position: Some(drone.pad),
            battery_pct: Some(95.0),
            armed: Some(false),
            landed: Some(true),
            ..DroneStatus::unheard(drone.id.clone())
        };
        choose(&Question {
            mission: MissionId::new("m1").expect("an id"),
            task: Task::Survey { corners, pass: Some(pass) },
            site,
            statuses: &[status],
            active: Vec::new(),
            controllers: &BTreeMap::new(),
            tried: &BTreeSet::new(),
            relief: false,
            now_ms: NOW_MS,
        })
    }

    fn is_launched(site: &SiteConfig, corners: Vec<GeoPoint>, pass: Pass) -> bool {
        launched(site, corners, pass).chosen.is_some()
    }

    /// Equal parts by way, so many.
    fn equal(corners: &[GeoPoint], count: usize) -> Vec<usize> {
        let way_m = |to: usize| corners[..=to].windows(2).map(|leg| leg[0].distance_m(&leg[1])).sum::<f64>();
        let share_m = way_m(corners.len() - 1) / count as f64;
        let last_within = |part: usize| (0..corners.len()).rfind(|at| way_m(*at) <= part as f64 * share_m + 0.01);
        (1..count).filter_map(last_within).collect()
    }

    #[test]
    fn every_sortie_is_launched_with_a_charged_battery_and_one_fewer_would_not_be() {
        for (endurance_s, west_m) in [(1_800.0, 200.0), (420.0, 200.0), (600.0, 500.0), (900.0, 1_200.0)] {
            let site = with_battery(endurance_s, west_m);
            let (corners, begins, pass) = planned_for(&site).expect("a survey");
            let count = begins.len() + 1;
            println!("{endurance_s} s, {west_m} m off, {} stops at {:.1} m/s: {count} sorties", corners.len(), pass.speed_m_s);
            for sortie in sorties(&corners, &begins) {
                let choice = launched(&site, sortie, pass);
                assert!(choice.chosen.is_some(), "{endurance_s} s, {west_m} m: {:?}", choice.rejections);
            }
            let least = corners.len().div_ceil(200);
            let fewer = sorties(&corners, &equal(&corners, count - 1));
            assert!(count <= least || !fewer.into_iter().all(|sortie| is_launched(&site, sortie, pass)), "{count} are too many");
        }
    }

    #[test]
    fn a_lot_too_far_off_for_any_sortie_is_refused_with_the_figures() {
        let refused = planned_for(&with_battery(600.0, 5_000.0)).expect_err("the way there and back takes more than is there");
        let PlanFailure::Survey(SurveyError::Endurance { sortie_m, needed_pct, full_pct }) = refused else { panic!("{refused}") };
        assert!(sortie_m <= 30.0 && needed_pct > 150.0 && full_pct == 95.0, "{sortie_m} m, {needed_pct} % of {full_pct} %");
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
