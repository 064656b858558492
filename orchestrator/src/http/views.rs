//! What each role sees of incidents, guards and aircraft: made from the core's state and the live data.
//!
//! Who may see an incident is decided here and nowhere else, for requests and for the live stream alike.

use std::collections::BTreeSet;

use dispatch_core::Core;
use dispatch_core::event::{EtaSource, Fix, Role, Trigger};
use dispatch_core::model::{Controller, Incident, IncidentState, Mission, Offer, OfferState, Place, Purpose};
use flight_types::{DroneId, DroneStatus, FlightPhase, GeoPoint, GuardId, IncidentId, LightState, MissionId, OfferId, StationId};
use serde::Serialize;
use utoipa::ToSchema;

use super::app::App;
use super::document::any_of;
use crate::access::{CallerCard, Identity};
use crate::live::DroneLive;

/// An incident with everything round it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentView {
    /// The record, whole or as its caller may see it.
    pub incident: SeenIncident,
    /// Offers made for it.
    pub offers: Vec<Offer>,
    /// Flights made for it, whole or as its caller may see them.
    pub missions: Vec<SeenMission>,
    /// Its guards.
    pub guards: Vec<GuardView>,
    /// Whose call it is; not for the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<CallerCard>,
}

/// An incident as whole as one may see it.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum SeenIncident {
    /// For guards, operators, pilots, administrators.
    Whole(Box<Incident>),
    /// For its caller.
    Short(CallerIncident),
}
any_of!(SeenIncident: Incident, CallerIncident);

/// A flight as whole as one may see it.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum SeenMission {
    /// For guards, operators, pilots, administrators.
    Whole(Box<Mission>),
    /// For the caller.
    Short(EscortMission),
}
any_of!(SeenMission: Mission, EscortMission);

impl SeenMission {
    fn whole(mission: &Mission) -> Self {
        Self::Whole(Box::new(mission.clone()))
    }
}

/// An aircraft as whole as one may see it.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum SeenDrone {
    /// For operators, pilots, administrators.
    Whole(Box<DroneView>),
    /// For the guards and the caller of its incident.
    Short(EscortView),
}
any_of!(SeenDrone: DroneView, EscortView);

/// A guard as shown.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct GuardView {
    /// Who.
    pub id: GuardId,
    /// As shown.
    pub name: String,
    /// On duty.
    pub on_duty: bool,
    /// Where, when heard.
    pub position: Option<GeoPoint>,
    /// When that was heard, milliseconds since 1970-01-01 UTC.
    pub position_at_ms: Option<i64>,
    /// When anything was last heard of their terminal, with or without a position, milliseconds since 1970-01-01 UTC.
    pub heard_at_ms: Option<i64>,
    /// The incident they are assigned to.
    pub incident: Option<IncidentId>,
}

/// An aircraft as operators and pilots see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DroneView {
    /// As last heard.
    pub status: DroneStatus,
    /// Where it lives.
    pub station: StationId,
    /// Who moves it.
    pub controller: Controller,
    /// Its flight.
    pub mission: Option<Mission>,
    /// Where it has been, oldest first.
    pub trail: Vec<GeoPoint>,
    /// The light as read back.
    pub light: LightState,
    /// How long it can stay with the caller whom it lights, seconds.
    pub scene_left_s: Option<f64>,
}

/// An aircraft as the guard and the caller of its incident see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EscortView {
    status: EscortStatus,
    mission: Option<EscortMission>,
    light: LightState,
    /// How long it can stay with the caller whom it lights, seconds.
    scene_left_s: Option<f64>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct EscortStatus {
    drone: DroneId,
    position: Option<GeoPoint>,
    height_m: Option<f64>,
    heading_deg: Option<f64>,
}

/// A flight as its caller sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EscortMission {
    id: MissionId,
    drone: DroneId,
    phase: Option<FlightPhase>,
    light: LightState,
    eta_s: f64,
    created_at_ms: i64,
    ended: bool,
}

/// An incident as its caller sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CallerIncident {
    id: IncidentId,
    trigger: Trigger,
    silent: bool,
    drill: bool,
    raised_at_ms: i64,
    cancel_until_ms: i64,
    /// "closed" under duress, whatever it really is.
    state: IncidentState,
    places: Vec<Place>,
    address: Option<String>,
    primary: Option<GuardId>,
    backup: Option<GuardId>,
    confirmation_asks: u32,
    ended_at_ms: Option<i64>,
}

impl CallerIncident {
    /// The shorter record.
    pub fn of(incident: &Incident) -> Self {
        let closed = incident.shown_closed;
        let last_ms = incident.timeline.last().map(|item| item.at_ms);
        Self {
            id: incident.id.clone(),
            trigger: incident.trigger,
            silent: incident.silent,
            drill: incident.drill,
            raised_at_ms: incident.raised_at_ms,
            cancel_until_ms: incident.cancel_until_ms,
            state: if closed { IncidentState::Closed } else { incident.state },
            places: incident.places.clone(),
            address: incident.address.clone(),
            primary: incident.primary.clone().filter(|_| !closed),
            backup: incident.backup.clone().filter(|_| !closed),
            confirmation_asks: incident.confirmation_asks,
            ended_at_ms: incident.ended_at_ms.or(last_ms.filter(|_| closed)),
        }
    }
}

impl EscortMission {
    fn of(mission: &Mission) -> Self {
        Self {
            id: mission.id.clone(),
            drone: mission.drone.clone(),
            phase: mission.phase,
            light: mission.light,
            eta_s: mission.eta_s,
            created_at_ms: mission.created_at_ms,
            ended: mission.ended,
        }
    }
}

/// Whether this person may see the incident.
pub fn sees(identity: &Identity, incident: &Incident) -> bool {
    match identity.role {
        Role::Operator | Role::Pilot | Role::Admin => true,
        Role::Manager => false,
        Role::Guard => goes_there(identity, incident),
        Role::Caller => incident.caller.as_str() == identity.id.as_str(),
    }
}

fn goes_there(identity: &Identity, incident: &Incident) -> bool {
    let assigned = [&incident.primary, &incident.backup].into_iter().flatten();
    assigned.into_iter().any(|guard| guard.as_str() == identity.id.as_str())
}

/// Whether the person watches the whole site.
pub fn watches(role: Role) -> bool {
    match role {
        Role::Operator | Role::Pilot | Role::Admin => true,
        Role::Caller | Role::Guard | Role::Manager => false,
    }
}

/// The open incident of a caller, as far as they may know: under duress there is none.
pub fn current_incident(core: &Core, identity: &Identity) -> Option<IncidentId> {
    let own = core.incidents().filter(|incident| sees(identity, incident) && incident.is_open() && !incident.shown_closed);
    // Ids sort by age: the last is the youngest.
    own.last().map(|incident| incident.id.clone())
}

/// What the state holds of an incident, before names and positions are added.
struct Gathered {
    incident: SeenIncident,
    offers: Vec<Offer>,
    missions: Vec<SeenMission>,
    guards: Vec<GuardId>,
    caller: Option<flight_types::CallerId>,
}

/// The incident as this person may see it; `None` when there is none or it is not theirs to see.
pub async fn incident_view(app: &App, identity: &Identity, id: &IncidentId) -> Option<IncidentView> {
    let gathered = app.engine.read(|core| {
        let incident = core.incident(id).filter(|incident| sees(identity, incident))?;
        Some(match identity.role {
            Role::Caller => gather_for_caller(core, incident),
            Role::Guard => gather_for_guard(core, incident),
            Role::Operator | Role::Pilot | Role::Manager | Role::Admin => gather(core, incident),
        })
    })?;
    let caller = match &gathered.caller {
        Some(caller) => app.access.caller_card(caller).await.unwrap_or_else(|error| {
            tracing::error!(error = %crate::engine::chain(&error), "a caller's card could not be read; the incident is shown without it");
            None
        }),
        None => None,
    };
    let guards = gathered.guards.iter().map(|guard| guard_view(app, guard)).collect();
    Some(IncidentView { incident: gathered.incident, offers: gathered.offers, missions: gathered.missions, guards, caller })
}

fn gather(core: &Core, incident: &Incident) -> Gathered {
    let missions = incident.missions.iter().filter_map(|id| core.mission(id)).map(SeenMission::whole).collect();
    let offers: Vec<Offer> = incident.offers.iter().filter_map(|id| core.offer(id)).cloned().collect();
    let asked: BTreeSet<GuardId> = offers.iter().map(|offer| offer.guard.clone()).chain(assigned(incident)).collect();
    Gathered {
        incident: SeenIncident::Whole(Box::new(incident.clone())),
        offers,
        missions,
        guards: asked.into_iter().collect(),
        caller: Some(incident.caller.clone()),
    }
}

/// Everything about the incident, but of the guards only those who go: where the others are is not a colleague's business.
fn gather_for_guard(core: &Core, incident: &Incident) -> Gathered {
    let whole = gather(core, incident);
    let offers = whole.offers.into_iter().filter(|offer| comes(offer.state)).collect();
    Gathered { offers, guards: assigned(incident).collect(), ..whole }
}

/// Who comes, with what, and when; nobody else's business. Under duress: nothing but that it is closed.
fn gather_for_caller(core: &Core, incident: &Incident) -> Gathered {
    let incident_seen = SeenIncident::Short(CallerIncident::of(incident));
    if incident.shown_closed {
        return Gathered { incident: incident_seen, offers: Vec::new(), missions: Vec::new(), guards: Vec::new(), caller: None };
    }
    let offers = incident.offers.iter().filter_map(|id| core.offer(id)).filter(|offer| comes(offer.state)).cloned().collect();
    let missions =
        incident.missions.iter().filter_map(|id| core.mission(id)).map(EscortMission::of).map(SeenMission::Short).collect();
    Gathered { incident: incident_seen, offers, missions, guards: assigned(incident).collect(), caller: None }
}

fn assigned(incident: &Incident) -> impl Iterator<Item = GuardId> + '_ {
    [&incident.primary, &incident.backup].into_iter().flatten().cloned()
}

fn comes(state: OfferState) -> bool {
    match state {
        OfferState::Primary | OfferState::Backup => true,
        OfferState::Sent
        | OfferState::Received
        | OfferState::Accepted
        | OfferState::Declined
        | OfferState::TimedOut
        | OfferState::StoodDown
        | OfferState::Lost => false,
    }
}

/// A guard as shown.
pub fn guard_view(app: &App, id: &GuardId) -> GuardView {
    let live = app.live.guard(id);
    let (on_duty, incident) = app.engine.read(|core| {
        let record = core.guard(id);
        (record.is_some_and(|record| record.on_duty), record.and_then(|record| record.incident.clone()))
    });
    GuardView {
        id: id.clone(),
        name: app.access.account_name(id.as_str()),
        on_duty,
        position: live.as_ref().and_then(|live| live.fix).map(|fix| fix.point),
        position_at_ms: live.as_ref().and_then(|live| live.position_at_ms),
        heard_at_ms: live.and_then(|live| live.heard_at_ms),
        incident,
    }
}

/// Every guard: those with an account and those heard of.
pub fn guard_ids(app: &App) -> BTreeSet<GuardId> {
    let with_account = app.access.account_ids(Role::Guard).into_iter().filter_map(|id| GuardId::new(id.as_str()).ok());
    with_account.chain(app.live.guards().into_iter().map(|guard| guard.guard)).collect()
}

/// Every aircraft of the site, in the order of the stations.
pub fn drone_ids(core: &Core) -> Vec<DroneId> {
    let stations = core.site().map(|site| site.stations.as_slice()).unwrap_or_default();
    stations.iter().flat_map(|station| station.drones.iter().map(|drone| drone.id.clone())).collect()
}

/// An aircraft as operators and pilots see it; `None` when the site has no such aircraft.
pub fn drone_view(app: &App, id: &DroneId) -> Option<DroneView> {
    let live = app.live.drone(id);
    let (station, controller, mission) = app.engine.read(|core| {
        let stations = core.site().map(|site| site.stations.as_slice()).unwrap_or_default();
        let station = stations.iter().find(|station| station.drones.iter().any(|drone| &drone.id == id))?;
        Some((station.id.clone(), core.controller(id), core.mission_of(id).cloned()))
    })?;
    let DroneLive { status, trail, at_ms: _ } =
        live.unwrap_or_else(|| DroneLive { status: DroneStatus::unheard(id.clone()), at_ms: 0, trail: Default::default() });
    let light = status.light;
    let scene_left_s = app.engine.read(|core| core.scene_left_s(&status));
    Some(DroneView {
        status,
        station,
        controller,
        mission,
        trail: trail.iter().map(|passed| passed.point).collect(),
        light,
        scene_left_s,
    })
}

/// An aircraft as the people of its incident see it.
pub fn escort_view(app: &App, id: &DroneId) -> Option<EscortView> {
    let view = drone_view(app, id)?;
    let status = view.status;
    Some(EscortView {
        status: EscortStatus {
            drone: status.drone,
            position: status.position,
            height_m: status.height_m,
            heading_deg: status.heading_deg,
        },
        mission: view.mission.as_ref().map(EscortMission::of),
        light: view.light,
        scene_left_s: view.scene_left_s,
    })
}

/// The incidents that a person has to do with now: everything open for those who watch, their own for the others.
pub fn open_incidents(core: &Core, identity: &Identity) -> Vec<IncidentId> {
    core.incidents().filter(|incident| incident.is_open() && sees(identity, incident)).map(|incident| incident.id.clone()).collect()
}

/// The aircraft that fly for an incident.
pub fn escorting(core: &Core, incident: &Incident) -> Vec<DroneId> {
    let missions = incident.missions.iter().filter_map(|id| core.mission(id)).filter(|mission| !mission.ended);
    missions.map(|mission| mission.drone.clone()).collect()
}

/// The incident an aircraft flies for.
pub fn incident_of_drone(core: &Core, drone: &DroneId) -> Option<IncidentId> {
    match &core.mission_of(drone)?.purpose {
        Purpose::Escort { incident } => Some(incident.clone()),
        Purpose::Survey { .. } => None,
    }
}

/// The offers that wait for a guard's answer, as the guard's terminal shows them.
pub fn open_offers(core: &Core, guard: &GuardId) -> Vec<OfferView> {
    let Some(record) = core.guard(guard) else { return Vec::new() };
    let waiting = record.open_offers.iter().filter_map(|id| core.offer(id)).filter(|offer| waits(offer.state));
    waiting.filter_map(|offer| OfferView::of(core, offer)).collect()
}

/// Whether a guard may still answer.
pub fn waits(state: OfferState) -> bool {
    match state {
        OfferState::Sent | OfferState::Received => true,
        OfferState::Accepted
        | OfferState::Primary
        | OfferState::Backup
        | OfferState::Declined
        | OfferState::TimedOut
        | OfferState::StoodDown
        | OfferState::Lost => false,
    }
}

/// An offer as a guard's terminal shows it; the same shape as `dispatch_core::effect::OfferNotice`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OfferView {
    /// Which.
    pub offer: OfferId,
    incident: IncidentId,
    guard: GuardId,
    place: Option<GeoPoint>,
    address: Option<String>,
    eta_s: f64,
    eta_by: EtaSource,
    distance_m: Option<f64>,
    expires_at_ms: i64,
    silent: bool,
    drill: bool,
    backup: bool,
}

impl OfferView {
    /// The offer with what its guard must know of the incident.
    pub fn of(core: &Core, offer: &Offer) -> Option<Self> {
        let incident = core.incident(&offer.incident)?;
        let place = incident.best_place().map(|place| place.point);
        Some(Self {
            offer: offer.id.clone(),
            incident: offer.incident.clone(),
            guard: offer.guard.clone(),
            place,
            address: incident.address.clone(),
            eta_s: offer.eta_s,
            eta_by: offer.eta_by,
            distance_m: None,
            expires_at_ms: offer.expires_at_ms,
            silent: incident.silent,
            drill: incident.drill,
            backup: offer.backup,
        })
    }

    /// With the distance by the ruler from where the guard is now.
    pub fn with_distance(self, from: Option<Fix>) -> Self {
        let distance_m = self.place.zip(from).map(|(place, fix)| place.distance_m(&fix.point));
        Self { distance_m, ..self }
    }
}
