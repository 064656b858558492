//! The loop's pure half: one entry in, effects out.

use flight_types::{CallerId, DistrictId, DroneId, DroneStatus, GuardId, IncidentId, LotId, MissionId, OfferId, SurveyId};
use parking_core::Parking;
use sha2::{Digest, Sha256};

use crate::config::SiteConfig;
use crate::effect::{Effect, GuardSearch};
use crate::event::{Actor, Entry, Event};
use crate::lots::LotBook;
use crate::model::{Controller, GuardRecord, Incident, Mission, Offer};
use crate::refusal::Refusal;
use crate::state::State;
use crate::survey::Survey;
use crate::timer::Timer;
use crate::turn::Turn;
use crate::{choice, closeout, energy, guard, incident, lots, mission, offer, outstanding, parking, place, refusal, search, sos};

/// A district's decisions: everything its log adds up to.
#[derive(Debug, Clone)]
pub struct Core {
    district: DistrictId,
    state: State,
}

impl Core {
    /// A district before its first entry.
    pub fn new(district: DistrictId) -> Self {
        Self { district, state: State::default() }
    }

    /// Takes an entry that is already durable, and returns what must be done now.
    ///
    /// Deadlines that have passed by the entry's time fire first, oldest first. An entry that makes no sense any more (a late
    /// answer, a repeated request) changes nothing.
    pub fn step(&mut self, entry: &Entry) -> Vec<Effect> {
        debug_assert_eq!(entry.district, self.district, "an entry of another district's log");
        let state = &mut self.state;
        state.last_seq = entry.seq;
        state.touched.clear();
        state.advance_clock(entry.at_ms);
        let mut turn = Turn::new(entry.seq, state.now_ms, Actor::System);
        while let Some(timer) = state.timers.pop_due(state.now_ms) {
            fire(state, &mut turn, &timer);
        }
        turn.actor = entry.actor.clone();
        if refusal::admit(state, &entry.actor, &entry.event).is_ok() {
            guard::heard(state, &turn);
            apply(state, &mut turn, &entry.event);
        }
        search::ask_waiting(state, &mut turn);
        incident::forget_old(state);
        let effects = turn.into_effects();
        outstanding::remember(state, &effects);
        effects
    }

    /// Whether the request would be taken now; a shell asks before it appends, so that the asker gets a reason.
    pub fn admit(&self, actor: &Actor, event: &Event) -> Result<(), Refusal> {
        refusal::admit(&self.state, actor, event)
    }

    /// When the core wants to be woken by `TimePassed`, milliseconds since 1970-01-01 UTC.
    pub fn next_deadline_ms(&self) -> Option<i64> {
        self.state.timers.next_ms().map(|due_ms| self.state.wall_ms(due_ms))
    }

    /// Effects without completion, oldest first, as they must be given again after a restart (a `Fly` order with the phase
    /// reached since).
    pub fn outstanding(&self) -> Vec<Effect> {
        outstanding::reissued(&self.state)
    }

    /// SHA-256 over the whole state, as hexadecimal; equal logs give equal hashes.
    pub fn state_hash(&self) -> String {
        let bytes = serde_json::to_vec(&self.state).expect("the state is plain data");
        hex::encode(Sha256::digest(&bytes))
    }

    /// The sequence number of the last entry taken, 0 before the first.
    pub fn last_seq(&self) -> u64 {
        self.state.last_seq
    }

    /// Incidents whose timeline got a line with the latest entry, so that a shell need not look through all of them.
    pub fn touched(&self) -> impl Iterator<Item = &IncidentId> {
        self.state.touched.iter()
    }

    /// The core's time: that of the latest entry, never running backwards.
    pub fn now_ms(&self) -> i64 {
        self.state.now_ms
    }

    /// The site as configured.
    pub fn site(&self) -> Option<&SiteConfig> {
        self.state.site.as_ref()
    }

    /// Every incident, oldest first.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.state.incidents.values()
    }

    /// One incident.
    pub fn incident(&self, id: &IncidentId) -> Option<&Incident> {
        self.state.incidents.get(id)
    }

    /// The incident that a caller's press with this key made.
    pub fn incident_by_key(&self, caller: &CallerId, key: &str) -> Option<&Incident> {
        let press = self.state.calls_by_key.get(caller)?.get(key)?;
        self.state.incidents.get(&press.incident)
    }

    /// How long the aircraft can stay with the caller whom it lights, as it was last heard, seconds; `None` when it lights nobody.
    pub fn scene_left_s(&self, status: &DroneStatus) -> Option<f64> {
        let site = self.site()?;
        let drone = site.stations.iter().flat_map(|station| &station.drones).find(|drone| drone.id == status.drone)?;
        energy::scene_left_s(drone, &site.policy, self.mission_of(&status.drone)?, status)
    }

    /// What the core must hear when this is the latest of an aircraft: that it cannot stay until its relief comes, as the relief is planned.
    /// A pack that is cold or old, or a wind that nobody foretold, takes more than was reckoned with. Once for each flight.
    pub fn charge_short(&self, status: &DroneStatus, now_ms: i64) -> Option<Event> {
        let left_s = self.scene_left_s(status)?;
        let mission = self.mission_of(&status.drone)?;
        let too_late = mission::is_relieved_too_late(&self.state, mission, left_s, now_ms);
        too_late.then(|| Event::ChargeShort { drone: status.drone.clone(), left_s: left_s.round() as i64 })
    }

    /// One offer.
    pub fn offer(&self, id: &OfferId) -> Option<&Offer> {
        self.state.offers.get(id)
    }

    /// Every flight, oldest first.
    pub fn missions(&self) -> impl Iterator<Item = &Mission> {
        self.state.missions.values()
    }

    /// One flight.
    pub fn mission(&self, id: &MissionId) -> Option<&Mission> {
        self.state.missions.get(id)
    }

    /// The flight an aircraft is on, if any.
    pub fn mission_of(&self, drone: &DroneId) -> Option<&Mission> {
        self.state.missions.values().find(|mission| !mission.ended && &mission.drone == drone)
    }

    /// Every survey that is remembered, oldest first.
    pub fn surveys(&self) -> impl Iterator<Item = &Survey> {
        self.state.surveys.values()
    }

    /// Whether a caller is without an aircraft that somebody looks for: who becomes ready now is worth telling.
    pub fn lacks_aircraft(&self) -> bool {
        mission::lacks_aircraft(&self.state)
    }

    /// Whether an aircraft as last heard could leave its pad for a caller, for all that it says itself. Charge and way are the
    /// choice's to judge.
    pub fn is_ready(&self, status: &DroneStatus) -> bool {
        self.state.site.as_ref().is_some_and(|site| choice::is_ready(site, status))
    }

    /// One survey.
    pub fn survey(&self, id: &SurveyId) -> Option<&Survey> {
        self.state.surveys.get(id)
    }

    /// The survey of a lot that is not over.
    pub fn open_survey(&self, lot: &LotId) -> Option<&Survey> {
        self.state.surveys.values().find(|survey| survey.is_open() && survey.lot == *lot)
    }

    /// What surveys have found on a lot; `None` before its first report.
    pub fn lot_book(&self, lot: &LotId) -> Option<&LotBook> {
        self.state.lots.get(lot)
    }

    /// Everything about parking.
    pub fn parking(&self) -> &Parking {
        &self.state.parking
    }

    /// The call of a caller that is not over.
    pub fn open_incident_of(&self, caller: &CallerId) -> Option<&Incident> {
        self.state.incidents.get(self.state.open_by_caller.get(caller)?)
    }

    /// Carries out a search for guards: `near` is given a rule of who may be asked and answers with the nearest of those. It may be
    /// called twice: guards who are asked by others already are asked only where nobody is free.
    ///
    /// A list of the busy in the search itself grew with every open incident, and every call paid for all of them.
    pub fn nearest_askable<T>(&self, search: &GuardSearch, near: impl Fn(&dyn Fn(&GuardId) -> bool) -> Vec<T>) -> Vec<T> {
        search::nearest_askable(&self.state, search, near)
    }

    /// What is known of a guard.
    pub fn guard(&self, id: &GuardId) -> Option<&GuardRecord> {
        self.state.guards.get(id)
    }

    /// Every guard that ever went on duty, by id.
    pub fn guards(&self) -> impl Iterator<Item = (&GuardId, &GuardRecord)> {
        self.state.guards.iter()
    }

    /// Who moves an aircraft.
    pub fn controller(&self, drone: &DroneId) -> Controller {
        self.state.controllers.get(drone).cloned().unwrap_or(Controller::Orchestrator)
    }
}

/// A deadline has passed.
fn fire(state: &mut State, turn: &mut Turn, timer: &Timer) {
    match timer {
        Timer::OfferExpires(offer) => offer::expired(state, turn, offer),
        Timer::PhotoFinish(incident) => offer::photo_finish(state, turn, incident),
        Timer::RingEnds(incident) => search::again(state, turn, incident),
        Timer::SearchLate => search::late(state, turn),
        Timer::ConfirmationDue(incident) => closeout::confirmation_due(state, turn, incident),
        Timer::GuardCheck(incident) => guard::check_due(state, turn, incident),
        Timer::CallerSilent(incident) => sos::caller_silent(state, turn, incident),
        Timer::ApprovalDue(mission) => mission::approval_due(state, turn, mission),
        Timer::DroneRetry(incident) => mission::drone_retry(state, turn, incident),
        Timer::LinkSilent(mission) => mission::link_silent(state, turn, mission),
        Timer::ReliefDue(mission) => mission::relief_due(state, turn, mission),
        Timer::SurveyGoesOn(survey) => mission::survey_goes_on(state, turn, survey),
        Timer::LeaveDue(mission) => mission::leave_due(state, turn, mission),
        Timer::PostDue(mission) => mission::post_due(state, turn, mission),
    }
}

/// Hands the entry to the part that decides on it.
fn apply(state: &mut State, turn: &mut Turn, event: &Event) {
    match event {
        Event::Configured { code_version: _, site } => state.site = Some((**site).clone()),
        Event::TimePassed => {}
        Event::EffectDone { effect, outcome } => outstanding::done(state, turn, *effect, outcome),

        Event::CallRaised { caller, key, trigger, silent, drill, gps, address, last_known, home } => {
            let press = sos::Press { caller, key, trigger: *trigger, silent: *silent, drill: *drill };
            let known = place::Known { gps: *gps, address: address.as_ref(), last_known: *last_known, home: home.as_ref() };
            sos::call_raised(state, turn, &press, &known);
        }
        Event::CallerMoved { incident, fix } => sos::caller_moved(state, turn, incident, *fix),
        Event::CancelRequested { incident, verdict } => closeout::cancel_requested(state, turn, incident, *verdict),
        Event::ConfirmationGiven { incident, verdict } => closeout::confirmation_given(state, turn, incident, *verdict),

        Event::GuardDutyChanged { guard, on_duty } => guard::duty_changed(state, turn, guard, *on_duty),
        Event::GuardsFound { effect, found } => search::guards_found(state, turn, *effect, found),
        Event::OfferReceived { offer } => offer::received(state, turn, offer),
        Event::OfferAccepted { offer } => offer::accepted(state, turn, offer),
        Event::OfferDeclined { offer, reason } => offer::declined(state, turn, offer, reason.as_deref()),
        Event::GuardOnScene { incident, guard } => guard::on_scene(state, turn, incident, guard),
        Event::BackupRequested { incident, guard } => guard::backup_requested(state, turn, incident, guard),
        Event::SituationEnded { incident, guard } => closeout::situation_ended(state, turn, incident, guard),
        Event::GuardSeen { effect, guard, silence_ms } => guard::seen(state, turn, *effect, guard, *silence_ms),
        Event::EscalationAcknowledged { incident } => closeout::escalation_acknowledged(state, turn, incident),

        Event::DronesFound { effect, drones } => mission::drones_found(state, turn, *effect, drones),
        Event::AircraftReady { drone: _ } => mission::look_again(state, turn),
        Event::ChargeShort { drone, left_s } => mission::charge_short(state, turn, drone, *left_s),
        Event::RecordingFailed { incident, drone } => incident::not_recorded(state, turn, incident, drone),
        Event::LaunchApproved { mission } => mission::launch_approved(state, turn, mission),
        Event::LaunchDenied { mission, reason } => mission::launch_denied(state, turn, mission, reason.as_deref()),
        Event::RecallRequested { drone, rally } => mission::recall_requested(state, turn, drone, rally.as_ref()),
        Event::HoldRequested { drone } => mission::hold_requested(state, turn, drone),
        Event::ContinueRequested { drone } => mission::continue_requested(state, turn, drone),
        Event::LandRequested { drone } => mission::land_requested(state, turn, drone),
        Event::ControlTaken { drone, by } => mission::control_taken(state, turn, drone, by),
        Event::ControlReleased { drone, by } => mission::control_released(state, turn, drone, by),
        Event::LightRequested { drone, on, brightness_pct } => mission::light_requested(state, turn, drone, *on, *brightness_pct),
        Event::SurveyRequested { lot, corners, how } => mission::survey_requested(state, turn, lot, corners, how),
        Event::SurveyCancelled { survey } => mission::survey_cancelled(state, turn, survey),
        Event::Flight { drone, mission, report } => mission::flight(state, turn, drone, mission, report),

        Event::SurveyReported { survey, report } => lots::reported(state, turn, survey, report),
        Event::FindingAcknowledged { lot, finding } => lots::settled(state, turn, lot, *finding, false),
        Event::FindingFixed { lot, finding } => lots::settled(state, turn, lot, *finding, true),

        Event::Parking { change } => {
            parking::changed(state, turn, change);
            lots::stays_changed(state, turn);
        }
    }
}
