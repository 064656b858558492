//! What a scenario's steps do, and words for the timeline.

use dispatch_core::event::{Actor, CodeVerdict, Event, Role};
use dispatch_core::survey::{Pass, SurveyHow, SurveyKind};
use flight_types::{AccountId, DroneId, GuardId, LotId};
use serde::Serialize;
use serde_json::Value;

use super::crafted::Crafted;
use super::file::{Deed, Scenario, Step};
use super::intruder::Intruder;
use super::people::CallMode;
use super::run::{World, weather};
use crate::{Fault, ParamValue};

/// A scenario's steps in the order of their times, with what must be undone later.
pub(crate) struct Script {
    open: Vec<(u64, Doing)>,
}

#[derive(Debug, Clone)]
enum Doing {
    Do(Step),
    Undo(Step),
}

impl Script {
    pub fn new(scenario: &Scenario) -> Self {
        let mut open: Vec<(u64, Doing)> = Vec::new();
        for step in &scenario.steps {
            let at_ms = (step.at_s * 1_000.0) as u64;
            open.push((at_ms, Doing::Do(step.clone())));
            if let Some(for_s) = step.for_s {
                open.push((at_ms + (for_s * 1_000.0) as u64, Doing::Undo(step.clone())));
            }
        }
        open.sort_by_key(|(at_ms, _)| std::cmp::Reverse(*at_ms));
        Self { open }
    }

    pub fn finished(&self) -> bool {
        self.open.is_empty()
    }

    pub fn act(&mut self, world: &mut World) {
        while self.open.last().is_some_and(|(at_ms, _)| *at_ms <= world.now_ms) {
            match self.open.pop() {
                Some((_, Doing::Do(step))) => begin(world, &step),
                Some((_, Doing::Undo(step))) => undo(world, &step),
                None => return,
            }
        }
    }
}

fn begin(world: &mut World, step: &Step) {
    world.say(headline(step));
    match step.what {
        Deed::Call => call(world, step, CallMode { silent: false, drill: false, presses: 1 }),
        Deed::CallSilently => call(world, step, CallMode { silent: true, drill: false, presses: 1 }),
        Deed::CallAsDrill => call(world, step, CallMode { silent: false, drill: true, presses: 1 }),
        Deed::CallFiveTimes => call(world, step, CallMode { silent: false, drill: false, presses: 5 }),
        Deed::Cancel => cancel(world, step, CodeVerdict::Safe),
        Deed::CancelUnderDuress => cancel(world, step, CodeVerdict::Duress),
        Deed::GoOnDuty | Deed::GoOffDuty | Deed::AskBackup | Deed::EndFalsely => guard_does(world, step),
        Deed::Recall | Deed::Hold | Deed::Continue | Deed::Land | Deed::TakeControl | Deed::ReleaseControl => {
            desk_does(world, step)
        }
        Deed::Acknowledge => acknowledge(world, step),
        Deed::Survey => survey(world, step),
        Deed::GpsLost => inject(world, step, Fault::GpsLoss(true)),
        Deed::BatteryFalls => inject(world, step, Fault::SetCharge { pct: step.value.unwrap_or(20.0) }),
        Deed::RefuseArming => inject(world, step, Fault::ArmRefused(Some("Preflight Fail: compass not calibrated".to_owned()))),
        Deed::LightDies => inject(world, step, Fault::LightDead(true)),
        Deed::MotorLost => inject(world, step, Fault::MotorLoss { index: 0 }),
        Deed::Reboot => inject(world, step, Fault::Reboot),
        Deed::CompassSticks => inject(world, step, Fault::CompassStuck(true)),
        Deed::SetParameter => set_parameter(world, step),
        Deed::CraftedFrames => craft_frames(world, step, true),
        Deed::LinkDown => link(world, step, |quality, _| quality.up = false),
        Deed::LinkLossy => link(world, step, |quality, step| quality.loss_pct = step.value.unwrap_or(30.0)),
        Deed::BrokerDown => world.terminals.up = false,
        Deed::KillServer => world.server.kill(),
        Deed::Intruder => {
            let number = world.intruders.len() as u32 + 1;
            let now_ms = world.now_ms;
            world.intruders.extend(Intruder::of(step, number, now_ms));
        }
        Deed::ClockJump => world.server.clock_error_ms += (step.value.unwrap_or(0.0) * 1_000.0) as i64,
        Deed::Wind => world.environment = weather(&world.scenario, &world.environment.ground, step.value.unwrap_or(0.0)),
    }
}

fn undo(world: &mut World, step: &Step) {
    match step.what {
        Deed::GpsLost => inject(world, step, Fault::GpsLoss(false)),
        Deed::RefuseArming => inject(world, step, Fault::ArmRefused(None)),
        Deed::CompassSticks => inject(world, step, Fault::CompassStuck(false)),
        Deed::CraftedFrames => craft_frames(world, step, false),
        Deed::LinkDown | Deed::LinkLossy => {
            let usual = world.scenario.link;
            link(world, step, |quality, _| *quality = usual);
        }
        Deed::BrokerDown => world.terminals.up = true,
        Deed::KillServer if !world.server.is_running() => world.start_server(),
        Deed::KillServer => {}
        Deed::Wind => world.environment = weather(&world.scenario, &world.environment.ground, world.scenario.wind_m_s),
        Deed::Call
        | Deed::CallSilently
        | Deed::CallAsDrill
        | Deed::CallFiveTimes
        | Deed::Cancel
        | Deed::CancelUnderDuress
        | Deed::GoOnDuty
        | Deed::GoOffDuty
        | Deed::AskBackup
        | Deed::EndFalsely
        | Deed::Recall
        | Deed::Hold
        | Deed::Continue
        | Deed::Land
        | Deed::TakeControl
        | Deed::ReleaseControl
        | Deed::Acknowledge
        | Deed::Survey
        | Deed::BatteryFalls
        | Deed::LightDies
        | Deed::MotorLost
        | Deed::Reboot
        | Deed::SetParameter
        | Deed::Intruder
        | Deed::ClockJump => {}
    }
    world.say(format!("over: {}", headline(step)));
}

fn headline(step: &Step) -> String {
    let parts = [step.who.clone(), step.drone.clone(), step.parameter.clone(), step.value.map(|value| value.to_string())];
    let particulars: Vec<String> = parts.into_iter().flatten().collect();
    format!("-- {} {}", words(&DeedName(step.what)), particulars.join(" "))
}

struct DeedName(Deed);

impl Serialize for DeedName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:?}", self.0))
    }
}

fn call(world: &mut World, step: &Step, mode: CallMode) {
    let (now_ms, frame) = (world.now_ms, world.frame);
    let wall_ms = super::server::START_WALL_MS + now_ms as i64;
    let random = &mut world.random;
    for caller in world.callers.iter_mut().filter(|caller| Some(caller.id.as_str()) == step.who.as_deref()) {
        caller.call(now_ms, wall_ms, mode, &frame, random);
    }
}

fn cancel(world: &mut World, step: &Step, verdict: CodeVerdict) {
    let now_ms = world.now_ms;
    for caller in world.callers.iter_mut().filter(|caller| Some(caller.id.as_str()) == step.who.as_deref()) {
        if let Some(incident) = caller.incident.clone() {
            caller.plan(now_ms, Event::CancelRequested { incident, verdict });
        }
    }
}

fn guard_does(world: &mut World, step: &Step) {
    let now_ms = world.now_ms;
    for guard in world.guards.iter_mut().filter(|guard| Some(guard.id.as_str()) == step.who.as_deref()) {
        if let Some(event) = guard_event(step.what, guard.id.clone(), guard.incident().cloned()) {
            guard.plan(now_ms, event);
        }
    }
}

fn guard_event(deed: Deed, guard: GuardId, incident: Option<flight_types::IncidentId>) -> Option<Event> {
    match deed {
        Deed::GoOnDuty => Some(Event::GuardDutyChanged { guard, on_duty: true }),
        Deed::GoOffDuty => Some(Event::GuardDutyChanged { guard, on_duty: false }),
        Deed::AskBackup => Some(Event::BackupRequested { incident: incident?, guard }),
        _ => Some(Event::SituationEnded { incident: incident?, guard }),
    }
}

fn desk_does(world: &mut World, step: &Step) {
    let Some(drone) = drone(step) else { return };
    let by = pilot();
    let event = match step.what {
        Deed::Recall => Event::RecallRequested { drone, rally: step.rally_point.clone() },
        Deed::Hold => Event::HoldRequested { drone },
        Deed::Continue => Event::ContinueRequested { drone },
        Deed::Land => Event::LandRequested { drone },
        Deed::TakeControl => Event::ControlTaken { drone, by },
        _ => Event::ControlReleased { drone, by },
    };
    world.operator_says(event);
}

fn acknowledge(world: &mut World, step: &Step) {
    let theirs = |caller: &&super::people::Caller| Some(caller.id.as_str()) == step.who.as_deref();
    if let Some(incident) = world.callers.iter().find(theirs).and_then(|caller| caller.incident.clone()) {
        world.operator_says(Event::EscalationAcknowledged { incident });
    }
}

fn survey(world: &mut World, step: &Step) {
    let site = world.scenario.site_file.as_ref();
    let corners = step.corners.iter().filter_map(|corner| Some(site?.point(*corner))).collect();
    if let Ok(lot) = LotId::new("lot-1") {
        let how = step.pass.as_ref().map(|pass| SurveyHow {
            kind: SurveyKind::Sweep,
            pass: Some(Pass { height_m: pass.height_m, speed_m_s: pass.speed_m_s, heading_deg: pass.heading_deg }),
            begins: pass.begins.clone(),
            ..SurveyHow::default()
        });
        world.operator_says(Event::SurveyRequested { lot, corners, how: how.unwrap_or_default() });
    }
}

fn inject(world: &mut World, step: &Step, fault: Fault) {
    if let Some(flyer) = drone(step).and_then(|drone| world.flyers.get_mut(&drone)) {
        flyer.aircraft.inject(fault);
    }
}

/// Of the type that the autopilot has it in: a wrong type is refused, and only one of the two fits.
fn set_parameter(world: &mut World, step: &Step) {
    if let (Some(name), Some(value)) = (&step.parameter, step.value) {
        inject(world, step, Fault::Parameter(name.clone(), ParamValue::Real(value as f32)));
        inject(world, step, Fault::Parameter(name.clone(), ParamValue::Integer(value as i32)));
    }
}

fn craft_frames(world: &mut World, step: &Step, on: bool) {
    let seed = world.seed;
    if let Some(flyer) = drone(step).and_then(|drone| world.flyers.get_mut(&drone)) {
        flyer.crafted = on.then(|| Crafted::new(seed, flyer.system_id));
    }
}

fn link(world: &mut World, step: &Step, change: impl Fn(&mut super::file::LinkQuality, &Step)) {
    if let Some(flyer) = drone(step).and_then(|drone| world.flyers.get_mut(&drone)) {
        change(&mut flyer.quality, step);
    }
}

fn drone(step: &Step) -> Option<DroneId> {
    DroneId::new(step.drone.as_deref()?).ok()
}

fn pilot() -> AccountId {
    AccountId::new("pilot-1").expect("a well-formed id")
}

/// Who does such a thing at the desk.
pub(crate) fn desk_actor(event: &Event) -> Actor {
    let role = match event {
        Event::ControlTaken { .. } | Event::ControlReleased { .. } => Role::Pilot,
        Event::SurveyRequested { .. } | Event::SurveyCancelled { .. } => Role::Manager,
        _ => Role::Operator,
    };
    let id = if role == Role::Pilot { pilot() } else { AccountId::new("operator-1").expect("a well-formed id") };
    Actor::Account { id, role }
}

/// The name of an event, for a line about it.
pub(crate) fn short(event: &Event) -> String {
    match serde_json::to_value(event) {
        Ok(Value::Object(map)) => map.get("event").and_then(Value::as_str).unwrap_or("event").to_owned(),
        _ => "event".to_owned(),
    }
}

/// A value of the vocabulary in words: its tag, then its particulars as `key=value`.
pub(crate) fn words(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(value) => spell(&value),
        Err(error) => format!("unspeakable: {error}"),
    }
}

fn spell(value: &Value) -> String {
    const TAGS: &[&str] = &["report", "notice", "alert", "why", "order"];
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            let tag = TAGS.iter().find_map(|tag| map.get(*tag).map(|value| (*tag, spell(value))));
            let rest = map.iter().filter(|(key, _)| Some(key.as_str()) != tag.as_ref().map(|(tag, _)| *tag));
            let rest = rest.map(|(key, value)| format!("{key}={}", spell(value)));
            tag.iter().map(|(_, word)| word.clone()).chain(rest).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}
