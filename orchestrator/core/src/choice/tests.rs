//! Choices as tables: what was heard goes in, who flies and every reason against the others come out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use expect_test::{Expect, expect};
use flight_types::{
    AccountId, DroneId, DroneStatus, GeoPoint, LightState, Local, LocalFrame, MissionId, PROFILE_OVER_M, Relief, ReliefParts, Ring,
    Scene, StationId, ZoneId,
};

use super::{Choice, Chosen, Question, Task, choose};
use crate::config::{Approval, DroneConfig, NoFlyZone, Policy, SiteConfig, SiteObstacle, SiteRelief, StationConfig};
use crate::model::{Controller, RejectionReason};
use crate::survey::Pass;

fn at(east_m: f64, north_m: f64) -> GeoPoint {
    let origin = GeoPoint::new(37.5, 127.0).expect("a place");
    LocalFrame::new(origin).to_geo(Local { east_m, north_m })
}

fn id(name: &str) -> DroneId {
    DroneId::new(name).expect("an id")
}

fn square(east_m: f64, north_m: f64, half_m: f64) -> Ring {
    let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
    Ring::new(corners.iter().map(|(e, n)| at(east_m + e * half_m, north_m + n * half_m)).collect()).expect("four corners")
}

/// A row of aircraft 30 m apart, d1 at the origin and nearest to targets in the west.
struct Table {
    site: SiteConfig,
    statuses: Vec<DroneStatus>,
    controllers: BTreeMap<DroneId, Controller>,
    tried: BTreeSet<DroneId>,
    task: Task,
}

fn table(count: usize) -> Table {
    let pads: Vec<(String, GeoPoint)> = (0..count).map(|i| (format!("d{}", i + 1), at(i as f64 * 30.0, 0.0))).collect();
    let aircraft = |(name, pad): &(String, GeoPoint)| DroneConfig {
        id: id(name),
        pad: *pad,
        cruise_speed_m_s: 12.0,
        climb_speed_m_s: 4.0,
        descent_speed_m_s: 2.0,
        endurance_s: 1_500.0,
        power: crate::energy::PowerCurve::default(),
        wind_max_m_s: 10.0,
        has_light: true,
    };
    let ready = |(name, pad): &(String, GeoPoint)| DroneStatus::ready_on(id(name), *pad);
    let station = StationConfig {
        id: StationId::new("A").expect("an id"),
        name: "A".to_owned(),
        position: at(0.0, 0.0),
        ground_amsl_m: 30.0,
        approval: Approval::Automatic,
        drones: pads.iter().map(aircraft).collect(),
    };
    Table {
        site: SiteConfig {
            name: "test".to_owned(),
            stations: vec![station],
            no_fly_zones: vec![],
            obstacles: vec![],
            rally_points: Vec::new(),
            fence: square(0.0, 0.0, 3_000.0),
            fence_height_max_m: 120.0,
            relief: None,
            policy: Policy::default(),
        },
        statuses: pads.iter().map(ready).collect(),
        controllers: BTreeMap::new(),
        tried: BTreeSet::new(),
        task: Task::Escort { target: at(-600.0, 0.0), doubt_m: 0.0 },
    }
}

impl Table {
    fn status(&mut self, number: usize) -> &mut DroneStatus {
        &mut self.statuses[number - 1]
    }

    fn config(&mut self, number: usize) -> &mut DroneConfig {
        &mut self.site.stations[0].drones[number - 1]
    }

    fn zone(&mut self, ring: Ring) {
        let id = ZoneId::new("school").expect("an id");
        self.site.no_fly_zones.push(NoFlyZone {
            id,
            name: "school".to_owned(),
            ring,
            floor_amsl_m: None,
            ceiling_amsl_m: None,
            hours: None,
        });
    }

    fn chosen(&self) -> Chosen {
        self.choice().chosen.expect("somebody can")
    }

    fn choice(&self) -> Choice {
        choose(&Question {
            mission: MissionId::new("flight-1").expect("an id"),
            task: self.task.clone(),
            site: &self.site,
            statuses: &self.statuses,
            active: Vec::new(),
            controllers: &self.controllers,
            tried: &self.tried,
            relief: false,
            now_ms: 1_700_000_000_000,
        })
    }

    fn check(&self, expected: &Expect) {
        let choice = self.choice();
        let mut text = choice.chosen.as_ref().map_or("nobody\n".to_owned(), chosen_text);
        for rejection in &choice.rejections {
            let reasons: Vec<String> = rejection.reasons.iter().map(reason_text).collect();
            writeln!(text, "{}: {}", rejection.drone, reasons.join("; ")).expect("writing to a string");
        }
        expected.assert_eq(&text);
    }
}

fn chosen_text(chosen: &Chosen) -> String {
    let Chosen { drone, eta_s, stay_s, needed_pct, available_pct, .. } = chosen;
    format!("{drone} flies: light in {eta_s:.0} s, {needed_pct:.1} % of {available_pct:.0} %, may stay {stay_s:.0} s\n")
}

fn reason_text(reason: &RejectionReason) -> String {
    match reason {
        RejectionReason::NotConnected => "not connected".to_owned(),
        RejectionReason::LinkPoor { loss_pct } => format!("link loses {loss_pct:.0} %"),
        RejectionReason::Unhealthy { said: None } => "unhealthy".to_owned(),
        RejectionReason::Unhealthy { said: Some(said) } => format!("unhealthy ({said})"),
        RejectionReason::NoGps => "no fix".to_owned(),
        RejectionReason::NoLight => "no light".to_owned(),
        RejectionReason::Escorting { incident } => format!("escorts {incident}"),
        RejectionReason::PilotInControl => "a pilot has it".to_owned(),
        RejectionReason::NotReady { doing } => format!("not ready: {doing}"),
        RejectionReason::TriedBefore => "tried before".to_owned(),
        RejectionReason::Energy { needed_pct, available_pct } => format!("needs {needed_pct:.1} % of {available_pct:.0} %"),
        RejectionReason::EnergyUnknown => "charge unknown".to_owned(),
        RejectionReason::Wind { wind_m_s, limit_m_s } => format!("wind {wind_m_s:.0} over {limit_m_s:.0} m/s"),
        RejectionReason::NoRoute { reason } => format!("no route: {reason}"),
        RejectionReason::Slower { eta_s } => format!("could, in {eta_s:.0} s"),
    }
}

#[test]
fn the_soonest_flies_and_the_others_say_how_much_later() {
    table(3).check(&expect![[r#"
        d1 flies: light in 96 s, 60.4 % of 95 %, may stay 741 s
        d2: could, in 99 s
        d3: could, in 101 s
    "#]]);
}

#[test]
fn a_faster_aircraft_further_away_is_sooner() {
    let mut table = table(2);
    table.config(2).cruise_speed_m_s = 18.0;
    table.check(&expect![[r#"
        d2 flies: light in 84 s, 62.8 % of 95 %, may stay 709 s
        d1: could, in 96 s
    "#]]);
}

#[test]
fn every_reason_is_named() {
    let mut table = table(14);
    table.status(1).link.connected = false;
    table.status(2).link.loss_pct = 45.0;
    table.status(3).health_ok = Some(false);
    table.status(4).gps_ok = Some(false);
    table.config(5).has_light = false;
    table.status(6).light = LightState::Fault;
    table.controllers.insert(id("d7"), Controller::Pilot { by: AccountId::new("kim").expect("an id") });
    table.status(8).armed = Some(true);
    table.status(9).position = Some(at(500.0, 500.0));
    table.tried.insert(id("d10"));
    table.status(11).battery_pct = Some(45.0);
    table.status(12).battery_pct = None;
    table.status(13).wind_m_s = Some(12.0);
    // The strongest wind that anybody reports counts for those that report none; this one reports its own.
    table.status(14).wind_m_s = Some(3.0);
    table.check(&expect![[r#"
        d14 flies: light in 129 s, 65.2 % of 95 %, may stay 685 s
        d1: not connected
        d2: link loses 45 %; wind 12 over 10 m/s
        d3: unhealthy; wind 12 over 10 m/s
        d4: no fix; wind 12 over 10 m/s
        d5: no light; wind 12 over 10 m/s
        d6: no light; wind 12 over 10 m/s
        d7: a pilot has it; wind 12 over 10 m/s
        d8: not ready: active without a flight of ours, mode unknown; wind 12 over 10 m/s
        d9: not ready: standing 564 m from its pad; wind 12 over 10 m/s
        d10: tried before; wind 12 over 10 m/s
        d11: wind 12 over 10 m/s; needs 104.3 % of 45 %
        d12: wind 12 over 10 m/s; charge unknown
        d13: wind 12 over 10 m/s; needs 98.9 % of 95 %
    "#]]);
}

#[test]
fn one_aircraft_can_have_several_reasons() {
    let mut table = table(1);
    let status = table.status(1);
    (status.health_ok, status.battery_pct, status.light, status.wind_m_s) =
        (Some(false), Some(20.0), LightState::Fault, Some(14.0));
    table.tried.insert(id("d1"));
    table.check(&expect![[r#"
        nobody
        d1: tried before; unhealthy; no light; wind 14 over 10 m/s; needs 105.6 % of 20 %
    "#]]);
}

#[test]
fn an_aircraft_that_fails_its_own_checks_says_which() {
    let mut table = table(1);
    table.statuses[0].health_ok = Some(false);
    let said = |table: &Table| table.choice().rejections[0].reasons.clone();
    assert_eq!(said(&table), [RejectionReason::Unhealthy { said: None }]);
    table.statuses[0].warnings =
        ["PreArm: Battery low", "PreArm: Compass not calibrated", "Mode change failed"].map(str::to_owned).to_vec();
    let compass = Some("PreArm: Compass not calibrated".to_owned());
    assert_eq!(said(&table), [RejectionReason::Unhealthy { said: compass }]);
    // A log from before it was told.
    let before: RejectionReason = serde_json::from_str(r#"{"why":"unhealthy"}"#).expect("an old reason");
    assert_eq!(before, RejectionReason::Unhealthy { said: None });
}

#[test]
fn charge_that_is_no_number_is_unknown() {
    let mut table = table(1);
    table.status(1).battery_pct = Some(f64::NAN);
    table.check(&expect![[r#"
        nobody
        d1: charge unknown
    "#]]);
}

#[test]
fn wind_costs_charge() {
    for (wind_m_s, expected) in [
        (
            0.0,
            expect![[r#"
                d1 flies: light in 96 s, 55.3 % of 95 %, may stay 822 s
            "#]],
        ),
        (
            5.0,
            expect![[r#"
                d1 flies: light in 96 s, 60.4 % of 95 %, may stay 741 s
            "#]],
        ),
        (
            9.0,
            expect![[r#"
                d1 flies: light in 96 s, 69.9 % of 95 %, may stay 584 s
            "#]],
        ),
    ] {
        let mut table = table(1);
        table.status(1).wind_m_s = Some(wind_m_s);
        table.check(&expected);
    }
}

#[test]
fn targets_that_cannot_be_reached_are_explained() {
    let mut in_zone = table(1);
    in_zone.zone(square(-600.0, 0.0, 100.0));
    in_zone.check(&expect![[r#"
        nobody
        d1: no route: no legal place within 40 m of the person
    "#]]);

    let mut walled = table(1);
    walled.zone(
        Ring::new(vec![at(-310.0, -3_500.0), at(-290.0, -3_500.0), at(-290.0, 3_500.0), at(-310.0, 3_500.0)]).expect("a wall"),
    );
    walled.check(&expect![[r#"
        nobody
        d1: no route: no-fly zones or the fence part the start from the end
    "#]]);

    let mut far = table(1);
    far.task = Task::Escort { target: at(50_000.0, 0.0), doubt_m: 0.0 };
    far.check(&expect![[r#"
        nobody
        d1: no route: no legal place within 40 m of the person
    "#]]);

    let mut low = table(1);
    low.site.fence_height_max_m = 50.0;
    low.check(&expect![[r#"
        nobody
        d1: no route: transit at 60 m is above the fence's ceiling of 50 m
    "#]]);

    let mut pad_in_zone = table(1);
    pad_in_zone.zone(square(0.0, 0.0, 10.0));
    pad_in_zone.check(&expect![[r#"
        nobody
        d1: no route: the start lies in the no-fly zone school
    "#]]);
}

#[test]
fn a_survey_needs_no_light_and_no_stay() {
    let mut table = table(1);
    table.config(1).has_light = false;
    table.task = Task::Survey { corners: vec![at(100.0, 100.0), at(200.0, 100.0)], pass: None };
    table.check(&expect![[r#"
        d1 flies: light in 51 s, 28.6 % of 95 %, may stay 973 s
    "#]]);
}

/// Low over a lot the path keeps beside a house that the transit passes over.
#[test]
fn a_survey_goes_round_low_what_its_transit_passes_over() {
    let mut table = table(1);
    for (number, east_m) in [50.0, 150.0].into_iter().enumerate() {
        let id = ZoneId::new(format!("house-{number}")).expect("an id");
        table.site.obstacles.push(SiteObstacle { id, ring: square(east_m, 100.0, 10.0), top_amsl_m: 30.0 + 20.0 });
    }
    let corners = vec![at(100.0, 100.0), at(200.0, 100.0), at(200.0, 120.0)];
    let pass = Some(Pass { height_m: 15.0, speed_m_s: 1.0, heading_deg: None });
    table.task = Task::Survey { corners: corners.clone(), pass };
    let chosen = table.chosen();
    let Scene::Survey { manner: Some(manner) } = &chosen.plan.scene else { panic!("a survey") };
    let stops: Vec<GeoPoint> = manner.stops.iter().map(|stop| chosen.plan.outbound[*stop]).collect();
    assert_eq!(stops, corners);
    assert_eq!(manner.stops[0], 0, "the transit is straight, over the first house");
    let round = &chosen.plan.outbound[1..manner.stops[1]];
    let house = &table.site.obstacles[1].ring;
    assert!(!round.is_empty() && round.iter().all(|corner| !house.contains(*corner)), "{round:?}");
    assert!(round.iter().all(|corner| corner.distance_m(&at(150.0, 100.0)) < 25.0), "close round it: {round:?}");
    // A hundred and some metres at 1 m/s; a path as a transit takes seconds.
    table.task = Task::Survey { corners, pass: None };
    assert!(chosen.needed_pct > table.chosen().needed_pct + 5.0, "{}", chosen.needed_pct);
    assert_eq!(table.chosen().plan.outbound.len(), 3);
    table.task = Task::Survey { corners: vec![at(150.0, 100.0)], pass };
    table.check(&expect![[r#"
        nobody
        d1: no route: the start lies in the no-fly zone house-1
    "#]]);
}

/// A wall across the way, so wide and so high above the pad, metres.
fn walled(half_m: f64, height_m: f64) -> Table {
    let mut table = table(1);
    let corners = vec![at(-310.0, -half_m), at(-290.0, -half_m), at(-290.0, half_m), at(-310.0, half_m)];
    let ring = Ring::new(corners).expect("four corners");
    let id = ZoneId::new("block").expect("an id");
    table.site.obstacles.push(SiteObstacle { id, ring, top_amsl_m: 30.0 + height_m });
    table
}

#[test]
fn what_stands_in_the_way_is_flown_over_or_round_whichever_is_sooner() {
    for (half_m, height_m, level_m, corners) in [
        // Passed over at the usual height.
        (400.0, 52.0, 60.0, 1),
        // Wide and a little too high: over it.
        (400.0, 70.0, 78.0, 1),
        // Narrow: round it.
        (10.0, 70.0, 60.0, 3),
        // Wide and higher than the ceiling allows: round it all the same.
        (400.0, 115.0, 60.0, 3),
    ] {
        let plan = walled(half_m, height_m).chosen().plan;
        let round = plan.outbound.len() >= corners && (corners == 1) == (plan.outbound.len() == 1);
        assert!(plan.transit_height_m == level_m && round, "{half_m} m wide, {height_m} m high: {plan:?}");
        let reaching = plan.obstacles.iter().filter(|obstacle| obstacle.reaches(level_m)).count();
        assert_eq!(reaching, usize::from(level_m < height_m + 8.0), "the link knows what reaches its transit");
    }
}

#[test]
fn who_gives_way_sinks_to_its_scene_and_not_onto_a_house_by_the_way() {
    for (height_m, sinks_to_m) in [(5.0, 20.0), (40.0, 48.0), (52.0, 60.0)] {
        let table = walled(400.0, height_m);
        let plan = table.chosen().plan;
        assert_eq!(super::sink_to_m(&table.site, &plan), sinks_to_m, "a house of {height_m} m");
    }
}

#[test]
fn among_high_houses_the_scene_is_above_them() {
    let mut table = table(1);
    for (number, east_m) in [-640.0, -560.0].into_iter().enumerate() {
        let id = ZoneId::new(format!("house-{number}")).expect("an id");
        table.site.obstacles.push(SiteObstacle { id, ring: square(east_m, 0.0, 38.0), top_amsl_m: 30.0 + 25.0 });
    }
    let plan = table.chosen().plan;
    let Scene::Escort { height_m, .. } = plan.scene else { panic!("an escort") };
    assert!(height_m > 25.0 + 8.0 - 1e-9 && height_m < 25.0 + 8.0 + 8.0, "{height_m}");
}

/// A ridge from south to north, half a wave of a cosine, between the pads and a caller in the west; the ground is at 30 m elsewhere.
fn ridge(height_m: f64, half_m: f64) -> SiteRelief {
    const SIDE: usize = 105;
    const REACH_M: f64 = 3_120.0;
    let (low, high) = (at(-REACH_M, -REACH_M), at(REACH_M, REACH_M));
    let east_m = |column: usize| REACH_M * (2.0 * column as f64 / (SIDE - 1) as f64 - 1.0);
    let ground_m = |column: usize| {
        let share = ((east_m(column) + 300.0).abs() / half_m).min(1.0);
        30.0 + height_m * (1.0 + (std::f64::consts::PI * share).cos()) / 2.0
    };
    let near_m = |column: usize| {
        let columns = column.saturating_sub(1)..=(column + 1).min(SIDE - 1);
        columns.map(ground_m).fold(0.0, f64::max)
    };
    let surface_m =
        |column: usize| (0..SIDE).map(|other| near_m(other) - 0.1 * (east_m(other) - east_m(column)).abs()).fold(0.0, f64::max);
    let row = |value_m: &dyn Fn(usize) -> f64| (0..SIDE).map(|column| (value_m(column) * 10.0).ceil() as i32).collect::<Vec<i32>>();
    let (ground, surface) = (row(&ground_m), row(&surface_m));
    let over: Vec<i32> = surface.iter().zip(&ground).map(|(surface, ground)| surface - ground).collect();
    let parts = ReliefParts {
        south_west: low,
        step_lat_deg: (high.lat_deg() - low.lat_deg()) / (SIDE - 1) as f64,
        step_lon_deg: (high.lon_deg() - low.lon_deg()) / (SIDE - 1) as f64,
        columns: SIDE,
        ground_dm: ground.repeat(SIDE),
        over_dm: over.repeat(SIDE),
        elsewhere_dm: surface.iter().copied().max().unwrap_or_default(),
        rough_dm: 1,
        rises_dm: Vec::new(),
    };
    SiteRelief { surface: Relief::try_from(parts).expect("a relief"), pads_amsl_m: BTreeMap::from([(id("d1"), 30.0)]) }
}

#[test]
fn a_flight_over_a_ridge_follows_it_under_the_ceiling_and_pays_for_the_climb() {
    let flat = table(1).chosen();
    let mut hilly = table(1);
    hilly.site.relief = Some(ridge(80.0, 420.0));
    let over = hilly.chosen();
    let plan = &over.plan;
    assert!(over.needed_pct > flat.needed_pct + 0.5, "{} against {}", over.needed_pct, flat.needed_pct);
    let relief = plan.relief.as_ref().expect("the ground goes with the plan");
    let way = [&[plan.home], plan.outbound.as_slice()].concat();
    for point in relief.profile(&way) {
        let over_m = point.amsl_m + plan.transit_height_m - relief.ground_amsl_m(point.place);
        assert!((plan.transit_height_m..=hilly.site.fence_height_max_m).contains(&over_m), "{over_m} m at {:?}", point.place);
    }
    // The ceiling on board is over the highest ground, because it does not follow it.
    assert!((plan.fence.height_max_m - 200.0).abs() < 1.0, "{}", plan.fence.height_max_m);
    assert!(plan.return_height_m().is_some_and(|height_m| height_m >= 110.0));
    let known = serde_json::to_string(plan).expect("a plan is plain data");
    assert_eq!(serde_json::from_str::<flight_types::FlightPlan>(&known).expect("and is read again"), *plan);
    assert!(known.len() < 200_000, "{} bytes travel with a flight", known.len());
}

#[test]
fn the_lowest_scene_at_a_hills_foot_counts_over_the_ground_and_a_higher_one_over_the_surface() {
    let mut table = table(1);
    table.site.policy.transit_height_m = 70.0;
    table.site.relief = Some(ridge(80.0, 240.0));
    // A relief from a log before low scenes: everything counts over the surface, as it did.
    assert_eq!(table.chosen().plan.low_scene, None);
    let known = table.site.relief.as_mut().expect("a relief");
    let parts = ReliefParts::from(known.surface.clone());
    known.surface = Relief::try_from(ReliefParts { rises_dm: vec![1; parts.ground_dm.len()], ..parts }).expect("a relief");
    let plan = table.chosen().plan;
    let Scene::Escort { height_m, .. } = plan.scene else { panic!("an escort") };
    assert_eq!(height_m, 20.0);
    let scene = *plan.outbound.last().expect("a way out");
    let over_ground_m = |height_m: f64| height_m + plan.post_base_m(scene, height_m) - plan.ground_m(scene);
    let over_surface_m = plan.surface_m(scene) - plan.ground_m(scene);
    assert!(over_surface_m > 5.0, "{over_surface_m}");
    assert!((20.0..24.2).contains(&over_ground_m(20.0)), "{}", over_ground_m(20.0));
    assert!((over_ground_m(30.0) - 30.0 - over_surface_m).abs() < 1e-9);
    // Where transits may be as low as scenes everything counts over the surface.
    table.site.policy.transit_height_m = 40.0;
    assert_eq!(table.chosen().plan.low_scene, None);
}

#[test]
fn a_cliff_that_cannot_be_followed_under_the_ceiling_is_refused_with_figures() {
    let mut cliff = table(1);
    cliff.site.relief = Some(ridge(118.0, 150.0));
    let choice = cliff.choice();
    assert!(choice.chosen.is_none());
    let reason = reason_text(&choice.rejections[0].reasons[0]);
    assert!(reason.contains("above the fence's ceiling of 120 m"), "{reason}");
}

#[test]
fn over_a_ridge_houses_and_zones_count_from_where_they_stand() {
    let corners = |table: &Table| table.chosen().plan.outbound.len();
    let tower =
        |top_amsl_m: f64| SiteObstacle { id: ZoneId::new("tower").expect("an id"), ring: square(-300.0, 0.0, 15.0), top_amsl_m };
    let zone = |floor_amsl_m: f64| NoFlyZone {
        id: ZoneId::new("airway").expect("an id"),
        name: "airway".to_owned(),
        ring: square(-300.0, 0.0, 60.0),
        floor_amsl_m: Some(floor_amsl_m),
        ceiling_amsl_m: None,
        hours: None,
    };
    let mut table = table(1);
    table.site.policy.higher_in_doubt = false;
    table.site.relief = Some(ridge(80.0, 420.0));
    let straight = corners(&table);
    // On the ridge, 110 m above the sea: a tower of 40 m is passed over from 60 m over the surface.
    table.site.obstacles = vec![tower(150.0)];
    assert_eq!(corners(&table), straight);
    let plan = table.chosen().plan;
    table.site.obstacles = vec![tower(170.0)];
    let other = table.chosen().plan;
    assert!(other.outbound.len() > straight || other.transit_height_m > plan.transit_height_m, "round or over a tower of 60 m");
    table.site.obstacles.clear();
    // A flight there is 170 m above the sea, by its profile a little more.
    table.site.no_fly_zones = vec![zone(110.0 + 60.0 + PROFILE_OVER_M + 6.0)];
    assert_eq!(corners(&table), straight, "under it");
    table.site.no_fly_zones = vec![zone(165.0)];
    assert!(corners(&table) > straight, "round it");
}
