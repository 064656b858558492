//! The state that handlers change. Ordered maps only, so that its hash is the same everywhere.

use std::collections::BTreeMap;

use flight_types::{CallerId, DroneId, GuardId, IncidentId, MissionId, OfferId};
use serde::{Serialize, Serializer};

use crate::config::SiteConfig;
use crate::effect::{Action, Effect, EffectId};
use crate::model::{Controller, GuardRecord, Incident, Mission, Offer};
use crate::timer::Timers;

/// Everything a district's log adds up to.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct State {
    pub now_ms: i64,
    pub last_seq: u64,
    pub site: Option<SiteConfig>,
    pub incidents: BTreeMap<IncidentId, Incident>,
    pub calls_by_key: BTreeMap<CallerId, BTreeMap<String, IncidentId>>,
    pub offers: BTreeMap<OfferId, Offer>,
    pub guards: BTreeMap<GuardId, GuardRecord>,
    pub missions: BTreeMap<MissionId, Mission>,
    pub controllers: BTreeMap<DroneId, Controller>,
    pub timers: Timers,
    #[serde(serialize_with = "as_pairs")]
    pub outstanding: BTreeMap<EffectId, Action>,
}

fn as_pairs<S: Serializer>(map: &BTreeMap<EffectId, Action>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(map.iter())
}

impl State {
    /// Outstanding effects as they must be given again.
    pub fn reissued(&self) -> Vec<Effect> {
        self.outstanding.iter().map(|(id, action)| Effect { id: *id, action: action.clone() }).collect()
    }
}
