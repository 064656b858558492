//! Choices as tables: what was heard goes in, who flies and every reason against the others come out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use expect_test::{Expect, expect};
use flight_types::{
    AccountId, DroneId, DroneStatus, GeoPoint, LightState, LinkStatus, Local, LocalFrame, MissionId, Ring, StationId, ZoneId,
};

use super::{Chosen, Question, Task, choose};
use crate::config::{Approval, DroneConfig, NoFlyZone, Policy, SiteConfig, StationConfig};
use crate::model::{Controller, RejectionReason};

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
        wind_max_m_s: 10.0,
        has_light: true,
    };
    let ready = |(name, pad): &(String, GeoPoint)| DroneStatus {
        link: LinkStatus { connected: true, silence_ms: Some(100), loss_pct: 0.0 },
        position: Some(*pad),
        battery_pct: Some(95.0),
        armed: Some(false),
        landed: Some(true),
        gps_ok: Some(true),
        health_ok: Some(true),
        light: LightState::Off,
        ..DroneStatus::unheard(id(name))
    };
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
            fence: square(0.0, 0.0, 3_000.0),
            fence_height_max_m: 120.0,
            policy: Policy::default(),
        },
        statuses: pads.iter().map(ready).collect(),
        controllers: BTreeMap::new(),
        tried: BTreeSet::new(),
        task: Task::Escort { target: at(-600.0, 0.0) },
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
        self.site.no_fly_zones.push(NoFlyZone { id, name: "school".to_owned(), ring, floor_amsl_m: None, ceiling_amsl_m: None });
    }

    fn check(&self, expected: &Expect) {
        let choice = choose(&Question {
            mission: MissionId::new("flight-1").expect("an id"),
            task: self.task.clone(),
            site: &self.site,
            statuses: &self.statuses,
            active: Vec::new(),
            controllers: &self.controllers,
            tried: &self.tried,
        });
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
        RejectionReason::Unhealthy => "unhealthy".to_owned(),
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
        d1 flies: light in 96 s, 57.0 % of 95 %, may stay 870 s
        d2: could, in 99 s
        d3: could, in 101 s
    "#]]);
}

#[test]
fn a_faster_aircraft_further_away_is_sooner() {
    let mut table = table(2);
    table.config(2).cruise_speed_m_s = 18.0;
    table.check(&expect![[r#"
        d2 flies: light in 84 s, 52.4 % of 95 %, may stay 940 s
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
        d14 flies: light in 129 s, 60.4 % of 95 %, may stay 820 s
        d1: not connected
        d2: link loses 45 %; wind 12 over 10 m/s; needs 128.4 % of 95 %
        d3: unhealthy; wind 12 over 10 m/s; needs 132.4 % of 95 %
        d4: no fix; wind 12 over 10 m/s; needs 136.4 % of 95 %
        d5: no light; wind 12 over 10 m/s; needs 140.4 % of 95 %
        d6: no light; wind 12 over 10 m/s; needs 144.4 % of 95 %
        d7: a pilot has it; wind 12 over 10 m/s; needs 148.4 % of 95 %
        d8: not ready: active without a flight of ours, mode unknown; wind 12 over 10 m/s; needs 152.4 % of 95 %
        d9: not ready: standing 564 m from its pad; wind 12 over 10 m/s; needs 156.4 % of 95 %
        d10: tried before; wind 12 over 10 m/s; needs 160.4 % of 95 %
        d11: wind 12 over 10 m/s; needs 164.4 % of 45 %
        d12: wind 12 over 10 m/s; charge unknown
        d13: wind 12 over 10 m/s; needs 172.4 % of 95 %
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
        d1: tried before; unhealthy; no light; wind 14 over 10 m/s; needs 124.4 % of 20 %
    "#]]);
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
        d1 flies: light in 96 s, 52.5 % of 95 %, may stay 937 s
    "#]],
        ),
        (
            5.0,
            expect![[r#"
        d1 flies: light in 96 s, 57.0 % of 95 %, may stay 870 s
    "#]],
        ),
        (
            9.0,
            expect![[r#"
        d1 flies: light in 96 s, 71.9 % of 95 %, may stay 647 s
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
    far.task = Task::Escort { target: at(50_000.0, 0.0) };
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
    table.task = Task::Survey { corners: vec![at(100.0, 100.0), at(200.0, 100.0)] };
    table.check(&expect![[r#"
        d1 flies: light in 51 s, 28.3 % of 95 %, may stay 1001 s
    "#]]);
}
