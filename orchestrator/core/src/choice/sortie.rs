//! What a sortie of a survey takes, asked before it is planned: drafted and reckoned as its launch will be.

use std::collections::{BTreeMap, BTreeSet};

use flight_types::{GeoPoint, MissionId};

use super::plan::{self, Start};
use super::{Question, Task, unknown_wind};
use crate::config::SiteConfig;
use crate::energy;
use crate::survey::Pass;

/// What a battery that has been charged has, per cent: chargers stop short of all, and what is read falls a little on the pad. Who plans for more
/// plans flights that wait for ever.
const CHARGED_PCT: f64 = 95.0;

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
