//! Which aircraft flies: the soonest with its light on the target among those that can, and every reason against the others.
//!
//! A pure function of what was last heard, the site and the flights under way. It neither reserves nor orders anything.

mod apart;
mod plan;
mod post;
mod rally;
mod sortie;
mod survey_air;

use std::collections::{BTreeMap, BTreeSet};

use flight_types::{DroneId, DroneStatus, EscortPost, FlightPhase, FlightPlan, GeoPoint, LightState, MissionId, Scene, StationId};

use crate::cause::Cause;
use crate::config::{DroneConfig, Policy, SiteConfig, StationConfig};
use crate::energy::{self, Wind};
use crate::model::{Controller, Mission, Purpose, Rejection, RejectionReason};
use crate::survey::Pass;
pub use apart::{SEPARATION_HORIZONTAL_M, SEPARATION_VERTICAL_M};
pub(crate) use apart::{may_change_height, may_turn};
use plan::{Draft, Start};
pub(crate) use plan::{airspace, sink_home_to_m, sink_to_m};
pub(crate) use post::{AIMED_M, Known};
pub(crate) use sortie::shorter;
pub use sortie::{SortieCharges, sortie_charges};
pub use survey_air::{Spared, SparedKind, SurveyAir};

/// An aircraft on the ground further from its pad than this does not start from it, metres: satellite positions wander by half.
const PAD_DISTANCE_MAX_M: f64 = 20.0;

/// What the flight is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// Light and camera on a person.
    Escort {
        /// Where they are thought to be.
        target: GeoPoint,
        /// How far off that may be, metres: as their terminal says it.
        doubt_m: f64,
    },
    /// A survey along corners.
    Survey {
        /// The corners.
        corners: Vec<GeoPoint>,
        /// Height and speed over the lot; absent, as a transit.
        pass: Option<Pass>,
    },
}

/// Everything a choice depends on.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The name that the flight will bear.
    pub mission: MissionId,
    /// What it is to do.
    pub task: Task,
    /// The site.
    pub site: &'a SiteConfig,
    /// Every aircraft as last heard.
    pub statuses: &'a [DroneStatus],
    /// Flights that have not ended.
    pub active: Vec<&'a Mission>,
    /// Who moves which aircraft; absent means the orchestrator.
    pub controllers: &'a BTreeMap<DroneId, Controller>,
    /// Aircraft not to be tried again.
    pub tried: &'a BTreeSet<DroneId>,
    /// It takes over from another that is still there: who can stay longest goes, not who is soonest.
    pub relief: bool,
    /// Now, milliseconds since 1970-01-01 UTC: zones have hours, and other flights are somewhere on their way.
    pub now_ms: i64,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Who flies; `None` when nobody can.
    pub chosen: Option<Chosen>,
    /// All others, in the site's order.
    pub rejections: Vec<Rejection>,
}

/// The aircraft chosen and its flight.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Which.
    pub drone: DroneId,
    /// From which station.
    pub station: StationId,
    /// The survey it leaves for this, when it is in the air on one or waits to begin one.
    pub instead_of: Option<MissionId>,
    /// The flight.
    pub plan: FlightPlan,
    /// From the order to light on target, seconds.
    pub eta_s: f64,
    /// Time it can stay and still land with its reserve, seconds.
    pub stay_s: f64,
    /// Charge the flight needs with the reserve, per cent.
    pub needed_pct: f64,
    /// Charge it has, per cent.
    pub available_pct: f64,
}

/// Chooses. Ties go to the smaller name, so that the same question has the same answer everywhere.
pub fn choose(question: &Question<'_>) -> Choice {
    let mut able: Vec<Chosen> = Vec::new();
    let mut verdicts: Vec<(DroneId, Vec<RejectionReason>)> = Vec::new();
    for station in &question.site.stations {
        for drone in &station.drones {
            let reasons = match judge(question, station, drone) {
                Ok(chosen) => {
                    let eta_s = chosen.eta_s;
                    able.push(chosen);
                    vec![RejectionReason::Slower { eta_s }]
                }
                Err(reasons) => reasons,
            };
            verdicts.push((drone.id.clone(), reasons));
        }
    }
    let soonest = |a: &Chosen, b: &Chosen| a.eta_s.total_cmp(&b.eta_s).then_with(|| a.drone.cmp(&b.drone));
    let longest = |a: &Chosen, b: &Chosen| b.stay_s.total_cmp(&a.stay_s).then_with(|| soonest(a, b));
    let chosen = able.into_iter().min_by(|a, b| if question.relief { longest(a, b) } else { soonest(a, b) });
    let lost = |drone: &DroneId| chosen.as_ref().is_none_or(|chosen| chosen.drone != *drone);
    let rejections =
        verdicts.into_iter().filter(|(drone, _)| lost(drone)).map(|(drone, reasons)| Rejection { drone, reasons }).collect();
    Choice { chosen, rejections }
}

/// The flight this aircraft would make, or everything that speaks against it.
fn judge(question: &Question<'_>, station: &StationConfig, drone: &DroneConfig) -> Result<Chosen, Vec<RejectionReason>> {
    let status = question.statuses.iter().find(|status| status.drone == drone.id);
    let mut reasons = duties(question, drone);
    let Some(status) = status.filter(|status| status.link.connected) else {
        reasons.push(RejectionReason::NotConnected);
        return Err(reasons);
    };
    let survey = question.active.iter().find(|mission| mission.drone == drone.id).copied();
    let start = match survey.filter(|mission| in_the_air(mission)) {
        Some(_) => Start::air(question.site, station, drone, status),
        None => Ok(Start::pad(question.site, station, drone)),
    };
    reasons.extend(condition(question, drone, status, survey));
    let wind = wind(question, status);
    if wind.speed_m_s > drone.wind_max_m_s {
        reasons.push(RejectionReason::Wind { wind_m_s: wind.speed_m_s, limit_m_s: drone.wind_max_m_s });
    }
    let draft = start.and_then(|start| plan::draft(question, station, drone, &start));
    let charged = draft.and_then(|draft| charge(question, drone, status, wind, draft));
    let (draft, charge) = match charged {
        Ok(able) if reasons.is_empty() => able,
        Ok(_) => return Err(reasons),
        Err(reason) => {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
            return Err(reasons);
        }
    };
    Ok(Chosen {
        drone: drone.id.clone(),
        station: station.id.clone(),
        instead_of: survey.map(|mission| mission.id.clone()),
        eta_s: energy::light_on_target_s(drone, &draft.trip),
        stay_s: charge.stay_s,
        plan: draft.plan,
        needed_pct: charge.needed_pct,
        available_pct: charge.available_pct,
    })
}

/// Where an escort on scene is to keep, now that the person's place is known to `known`: as low and as near as that allows and as our other
/// aircraft leave room for.
pub(crate) fn meanwhile(
    site: &SiteConfig,
    active: &[&Mission],
    mission: &Mission,
    known: &Known,
    now_ms: i64,
) -> Option<EscortPost> {
    let (planned, kept) = (mission.planned_post()?, mission.post()?);
    let others = || active.iter().filter(|other| other.id != mission.id);
    let may = |height_m: f64| apart::may_change_height(site, active, mission, height_m, now_ms);
    // A height is one aircraft's own, as at the choice: callers walk, and two may meet.
    let own = |height_m: f64| others().all(|other| plan::leaves_height(other, height_m));
    let post = post::Post::meanwhile(site, planned, kept, known, |height_m| own(height_m) && may(height_m));
    let stays = post.height_m == kept.height_m || may(post.height_m);
    Some(if stays { post } else { EscortPost { height_m: kept.height_m, ..post } })
}

/// What a flight takes of what is there.
struct Charge {
    needed_pct: f64,
    available_pct: f64,
    stay_s: f64,
}

/// The last question: whether the charge is enough.
fn charge(
    question: &Question<'_>,
    drone: &DroneConfig,
    status: &DroneStatus,
    wind: Wind,
    mut draft: Draft,
) -> Result<(Draft, Charge), RejectionReason> {
    let policy = &question.site.policy;
    let available_pct = status.battery_pct.filter(|pct| pct.is_finite()).ok_or(RejectionReason::EnergyUnknown)?;
    let needed_pct = energy::needed_pct(drone, policy, &draft.trip, wind, available_pct);
    if available_pct < needed_pct {
        return Err(RejectionReason::Energy { needed_pct, available_pct });
    }
    let stay_s = energy::stay_affordable_s(drone, policy, &draft.trip, wind, available_pct);
    if matches!(draft.plan.scene, Scene::Escort { .. }) {
        draft.plan.home_charge = Some(energy::home_charge(drone, policy, &draft.trip, wind));
    }
    draft.plan.rally = rally::usable(question.site, drone, &draft, wind, question.now_ms);
    Ok((draft, Charge { needed_pct, available_pct, stay_s }))
}

/// What the district's own decisions say against it.
fn duties(question: &Question<'_>, drone: &DroneConfig) -> Vec<RejectionReason> {
    let mut reasons = Vec::new();
    if question.tried.contains(&drone.id) {
        reasons.push(RejectionReason::TriedBefore);
    }
    if matches!(question.controllers.get(&drone.id), Some(Controller::Pilot { .. })) {
        reasons.push(RejectionReason::PilotInControl);
    }
    let own = question.active.iter().filter(|mission| mission.drone == drone.id);
    reasons.extend(own.filter_map(|mission| busy(&question.task, mission)));
    reasons
}

/// Whether a flight under way keeps its aircraft from the task. A call preempts a survey; nothing preempts a call.
fn busy(task: &Task, mission: &Mission) -> Option<RejectionReason> {
    let doing = |doing| Some(RejectionReason::NotReady { doing });
    if mission.recalled || mission.phase >= Some(FlightPhase::Returning) {
        return doing(Cause::ComingHome);
    }
    match (&mission.purpose, task) {
        (Purpose::Escort { incident }, _) => Some(RejectionReason::Escorting { incident: incident.clone() }),
        (Purpose::Survey { .. }, Task::Survey { .. }) => doing(Cause::OtherSurvey),
        (Purpose::Survey { .. }, Task::Escort { .. }) => {
            let starting = mission.phase.is_some() && !in_the_air(mission);
            if starting { doing(Cause::StartingSurvey) } else { None }
        }
    }
}

fn in_the_air(mission: &Mission) -> bool {
    matches!(mission.phase, Some(FlightPhase::Airborne | FlightPhase::OnScene))
}

/// Whether an aircraft could leave its pad for a caller, for all that it says itself.
pub(crate) fn is_ready(site: &SiteConfig, status: &DroneStatus) -> bool {
    let mut drones = site.stations.iter().flat_map(|station| &station.drones);
    let Some(drone) = drones.find(|drone| drone.id == status.drone) else { return false };
    status.link.connected
        && !status.pilot_in_control
        && !is_lightless(drone, status)
        && ailing(&site.policy, status).is_empty()
        && parked_wrong(drone, status).is_none()
}

/// What the aircraft itself says against it.
fn condition(question: &Question<'_>, drone: &DroneConfig, status: &DroneStatus, survey: Option<&Mission>) -> Vec<RejectionReason> {
    let mut reasons = ailing(&question.site.policy, status);
    if is_lightless(drone, status) && matches!(question.task, Task::Escort { .. }) {
        reasons.push(RejectionReason::NoLight);
    }
    let known_to_be_piloted = matches!(question.controllers.get(&drone.id), Some(Controller::Pilot { .. }));
    if status.pilot_in_control && !known_to_be_piloted {
        reasons.push(RejectionReason::PilotInControl);
    }
    if survey.is_none_or(|mission| mission.phase.is_none()) {
        reasons.extend(parked_wrong(drone, status));
    }
    reasons
}

fn is_lightless(drone: &DroneConfig, status: &DroneStatus) -> bool {
    !drone.has_light || status.light == LightState::Fault
}

/// Link, health and position, whatever the task.
fn ailing(policy: &Policy, status: &DroneStatus) -> Vec<RejectionReason> {
    let mut reasons = Vec::new();
    if status.link.loss_pct > policy.link_loss_max_pct {
        reasons.push(RejectionReason::LinkPoor { loss_pct: status.link.loss_pct });
    }
    if status.health_ok == Some(false) {
        reasons.push(RejectionReason::Unhealthy { said: checks_said(status) });
    }
    if status.gps_ok == Some(false) || status.position.is_none() {
        reasons.push(RejectionReason::NoGps);
    }
    reasons
}

/// How autopilots begin a text about a check that keeps them from arming: ArduPilot's, PX4's.
const CHECK_TEXTS: [&str; 2] = ["PreArm", "Preflight Fail"];

/// The latest check that failed, in the aircraft's own words.
fn checks_said(status: &DroneStatus) -> Option<String> {
    let of_check = |text: &&String| CHECK_TEXTS.iter().any(|begin| text.starts_with(begin));
    status.warnings.iter().rev().find(of_check).cloned()
}

/// An aircraft without a flight has to stand on its pad, disarmed.
fn parked_wrong(drone: &DroneConfig, status: &DroneStatus) -> Option<RejectionReason> {
    if status.landed == Some(false) || status.armed == Some(true) {
        let mode = status.mode.clone().unwrap_or_else(|| "unknown".to_owned());
        return Some(RejectionReason::NotReady { doing: Cause::ActiveAlone { mode } });
    }
    let away_m = status.position?.distance_m(&drone.pad);
    (away_m > PAD_DISTANCE_MAX_M).then(|| RejectionReason::NotReady { doing: Cause::OffPad { away_m: away_m.round() as i64 } })
}

/// Wind as this aircraft feels it; on the ground the strongest that any other one reports; else the policy's assumption.
fn wind(question: &Question<'_>, status: &DroneStatus) -> Wind {
    let reported = |status: &DroneStatus| {
        let speed_m_s = status.wind_m_s.filter(|wind| status.link.connected && wind.is_finite())?;
        Some(Wind { speed_m_s, from_deg: status.wind_from_deg.filter(|from_deg| from_deg.is_finite()) })
    };
    let strongest = question.statuses.iter().filter_map(reported).max_by(|a, b| a.speed_m_s.total_cmp(&b.speed_m_s));
    reported(status).or(strongest).unwrap_or(unknown_wind(&question.site.policy))
}

/// The wind that is reckoned with when nobody has reported one.
fn unknown_wind(policy: &Policy) -> Wind {
    Wind { speed_m_s: policy.wind_unknown_m_s, from_deg: None }
}

#[cfg(test)]
mod tests;
