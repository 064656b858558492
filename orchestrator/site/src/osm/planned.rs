//! What the core plans at a site as it was read from an extract; shared by the tests of obstacles.

use std::collections::{BTreeMap, BTreeSet};

use dispatch_core::choice::{Choice, Question, Task, choose};
use dispatch_core::config::{DroneConfig, SiteConfig};
use flight_types::{DroneStatus, GeoPoint, MissionId};

/// The choice for a caller at this place with these aircraft ready on their pads, and no others.
pub(super) fn choice<'a>(config: &SiteConfig, ready: impl IntoIterator<Item = &'a DroneConfig>, caller: GeoPoint) -> Choice {
    let statuses: Vec<DroneStatus> = ready.into_iter().map(on_its_pad).collect();
    choose(&Question {
        mission: MissionId::new("flight-1").expect("an id"),
        task: Task::Escort { target: caller, doubt_m: 0.0 },
        site: config,
        statuses: &statuses,
        active: Vec::new(),
        controllers: &BTreeMap::new(),
        tried: &BTreeSet::new(),
        relief: false,
        now_ms: 1_700_000_000_000,
    })
}

fn on_its_pad(drone: &DroneConfig) -> DroneStatus {
    DroneStatus::ready_on(drone.id.clone(), drone.pad)
}
