//! What a sortie of a survey takes, asked before it is planned: drafted and reckoned as its launch will be.

use std::collections::{BTreeMap, BTreeSet};

use flight_types::{GeoPoint, MissionId};

use super::plan::{self, Start};
use super::{Question, Task, unknown_wind, wind};
use crate::config::{DroneConfig, SiteConfig, StationConfig};
use crate::energy;
use crate::model::{Rejection, RejectionReason};
use crate::survey::Pass;

/// What a battery that has been charged has, per cent: chargers stop short of all, and what is read falls a little on the pad. Who plans for more
/// plans flights that wait for ever.
const CHARGED_PCT: f64 = 95.0;

/// No sortie is cut shorter than this, metres: less shows nothing, and each costs a launch.
const SORTIE_M_MIN: f64 = 20.0;

/// What a sortie takes, per cent of a full charge, with the reserve.
#[derive(Debug, Clone, PartialEq)]
pub struct SortieCharges {
    /// One for each aircraft that has a way there and back, the least first.
    pub needed_pct: Vec<f64>,
    /// What a charged battery has.
    pub charged_pct: f64,
}

/// What a sortie along these corners takes of each aircraft of the site, from its pad, in the policy's wind, with nobody else in the air.
pub fn sortie_charges(site: &SiteConfig, corners: Vec<GeoPoint>, pass: Pass, now_ms: i64) -> SortieCharges {
    let question = Question {
        mission: MissionId::new("sortie").expect("a word is an identifier"),
        task: Task::Survey { corners, pass: Some(pass) },
        site,
        statuses: &[],
        active: Vec::new(),
        controllers: &BTreeMap::new(),
        tried: &BTreeSet::new(),
        relief: false,
        now_ms,
    };
    let wind = unknown_wind(&site.policy);
    let drones = site.stations.iter().flat_map(|station| station.drones.iter().map(move |drone| (station, drone)));
    let needed = drones.filter_map(|(station, drone)| {
        let draft = plan::draft(&question, station, drone, &Start::pad(site, station, drone)).ok()?;
        Some(energy::needed_pct(drone, &site.policy, &draft.trip, wind, CHARGED_PCT))
    });
    let mut needed_pct: Vec<f64> = needed.collect();
    needed_pct.sort_by(f64::total_cmp);
    SortieCharges { needed_pct, charged_pct: CHARGED_PCT }
}

/// Where to end a sortie for which nobody was chosen, because in the wind that blows it takes more than a charged battery has: the last of its corners
/// that somebody could fly to, charged. `None` when it is not a matter of that: then a charge, a calm, or another change is to be waited for.
pub(crate) fn shorter(question: &Question<'_>, rejections: &[Rejection]) -> Option<usize> {
    let Task::Survey { corners, pass } = &question.task else { return None };
    let whole = corners.len().checked_sub(1)?;
    let drones = question.site.stations.iter().flat_map(|station| station.drones.iter().map(move |drone| (station, drone)));
    let lacks_charge_alone = |drone: &DroneConfig| {
        let said = rejections.iter().find(|rejection| rejection.drone == drone.id);
        said.is_some_and(|said| matches!(said.reasons.as_slice(), [RejectionReason::Energy { .. }]))
    };
    let able = drones.filter(|(_, drone)| lacks_charge_alone(drone));
    let last = able.filter_map(|(station, drone)| lasts_to(question, (station, drone), corners, *pass)).max()?;
    let way_m: f64 = corners[..=last].windows(2).map(|leg| leg[0].distance_m(&leg[1])).sum();
    (last < whole && way_m >= SORTIE_M_MIN).then_some(last)
}

/// The last of these corners up to which this aircraft, charged, can fly them and come home.
fn lasts_to(
    question: &Question<'_>,
    (station, drone): (&StationConfig, &DroneConfig),
    corners: &[GeoPoint],
    pass: Option<Pass>,
) -> Option<usize> {
    let wind = wind(question, question.statuses.iter().find(|status| status.drone == drone.id)?);
    let lasts = |last: usize| {
        let task = Task::Survey { corners: corners[..=last].to_vec(), pass };
        let part = Question { task, ..question.clone() };
        let draft = plan::draft(&part, station, drone, &Start::pad(question.site, station, drone));
        draft.is_ok_and(|draft| energy::needed_pct(drone, &question.site.policy, &draft.trip, wind, CHARGED_PCT) <= CHARGED_PCT)
    };
    let (mut flown, mut too_far) = (0, corners.len());
    while too_far - flown > 1 {
        let between = usize::midpoint(flown, too_far);
        if lasts(between) { flown = between } else { too_far = between }
    }
    (flown > 0).then_some(flown)
}
