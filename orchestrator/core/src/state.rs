//! The state that handlers change. Ordered maps only, so that its hash is the same everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use flight_types::{CallerId, DroneId, GeoPoint, GuardId, IncidentId, LotId, MissionId, OfferId, SurveyId};
use parking_core::Parking;
use serde::{Serialize, Serializer};

use crate::config::{Policy, SiteConfig};
use crate::effect::{Action, Effect, EffectId};
use crate::event::Fix;
use crate::limits::{CORE_TIME_MAX_MS, TIME_MAX_MS};
use crate::lots::LotBook;
use crate::mission::DroneSearch;
use crate::model::{Controller, GuardRecord, Incident, Mission, Offer};
use crate::survey::Survey;
use crate::timer::Timers;

/// Everything a district's log adds up to.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct State {
    /// The core's time; see [`State::advance_clock`].
    pub now_ms: i64,
    /// The clock as the latest entry read it.
    pub clock_ms: i64,
    pub last_seq: u64,
    /// Incidents whose timeline got a line in the latest turn. Not part of what the log adds up to.
    #[serde(skip)]
    pub touched: BTreeSet<IncidentId>,
    pub site: Option<SiteConfig>,
    pub incidents: BTreeMap<IncidentId, Incident>,
    /// What is remembered of each open incident beyond what shells may read. Dropped when it ends.
    pub work: BTreeMap<IncidentId, Work>,
    /// Incidents that were closed or cancelled, oldest first, until they are forgotten.
    pub ended: BTreeSet<(i64, IncidentId)>,
    /// The one open incident of each caller.
    pub open_by_caller: BTreeMap<CallerId, IncidentId>,
    pub calls_by_key: BTreeMap<CallerId, BTreeMap<String, KeyedPress>>,
    pub offers: BTreeMap<OfferId, Offer>,
    /// Every guard ever heard of.
    pub guards: BTreeMap<GuardId, GuardRecord>,
    /// Incidents that wait for the next search. Whatever gathers here while a search is under way is searched together.
    pub to_search: BTreeSet<IncidentId>,
    /// The search under way.
    pub searching: Option<EffectId>,
    pub missions: BTreeMap<MissionId, Mission>,
    /// Surveys with what is left of them. Left out while there is none, so that a log from before keeps its hash.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub surveys: BTreeMap<SurveyId, Survey>,
    /// What surveys found, by lot. Left out while nothing was.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub lots: BTreeMap<LotId, LotBook>,
    pub controllers: BTreeMap<DroneId, Controller>,
    /// Questions for aircraft that wait for their answer, oldest first.
    pub drone_searches: Vec<DroneSearch>,
    /// Orders beyond `Fly` that still hold for a flight, oldest first: given again after a restart, though they were done.
    pub standing: BTreeMap<MissionId, Vec<Effect>>,
    /// Stays, payments, books. Left out while untouched, so that a log from before parking keeps its hash.
    #[serde(skip_serializing_if = "Parking::is_untouched")]
    pub parking: Parking,
    pub timers: Timers,
    #[serde(serialize_with = "as_pairs")]
    pub outstanding: BTreeMap<EffectId, Action>,
}

/// A press that became, or joined, an incident.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct KeyedPress {
    pub incident: IncidentId,
    pub at_ms: i64,
}

/// The working memory of an open incident.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Work {
    /// Guards asked since the search last began at the innermost ring; not asked twice in one round.
    pub asked: BTreeSet<GuardId>,
    /// Guards who said no, or were lost: never asked again for this incident.
    pub refused: BTreeSet<GuardId>,
    /// How often all rings were searched in vain.
    pub rounds_in_vain: u32,
    /// A backup was asked for and is searched.
    pub backup_wanted: bool,
    /// Where guards were last searched.
    pub searched_at: Option<GeoPoint>,
    /// Where the light was last sent.
    pub followed_to: Option<GeoPoint>,
    /// A fix too far from the one before to be believed without a second one.
    pub suspect_fix: Option<Fix>,
    /// The operators know that the caller's terminal is silent.
    pub silence_alerted: bool,
}

fn as_pairs<S: Serializer>(map: &BTreeMap<EffectId, Action>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(map.iter())
}

impl State {
    /// Lets the core's time follow the clock: forwards with it, and standing still when the clock is set back. Deadlines already
    /// named keep their distance from now, whichever way the clock was set.
    pub fn advance_clock(&mut self, at_ms: i64) {
        let at_ms = at_ms.clamp(0, TIME_MAX_MS);
        if self.now_ms == 0 {
            self.now_ms = at_ms;
        } else {
            let passed_ms = (at_ms - self.clock_ms).max(0);
            self.now_ms = (self.now_ms + passed_ms).min(CORE_TIME_MAX_MS);
        }
        self.clock_ms = at_ms;
    }

    /// When the clock will show that a moment of the core's time has come.
    pub fn wall_ms(&self, core_ms: i64) -> i64 {
        core_ms - (self.now_ms - self.clock_ms)
    }

    /// The site's policy, or the defaults before the first configuration.
    pub fn policy(&self) -> &Policy {
        static DEFAULT: LazyLock<Policy> = LazyLock::new(Policy::default);
        self.site.as_ref().map_or(&*DEFAULT, |site| &site.policy)
    }

    /// An incident that still goes on.
    pub fn open_incident(&self, id: &IncidentId) -> Option<&Incident> {
        self.incidents.get(id).filter(|incident| incident.is_open())
    }

    /// The same, to change it.
    pub fn open_incident_mut(&mut self, id: &IncidentId) -> Option<&mut Incident> {
        self.incidents.get_mut(id).filter(|incident| incident.is_open())
    }

    /// An open incident's working memory; made when it is not there.
    pub fn work_mut(&mut self, id: &IncidentId) -> &mut Work {
        self.work.entry(id.clone()).or_default()
    }
}
