//! Whether an escort went as it must, read from the incident as an operator sees it.

use flight_types::FlightPlan;
use serde_json::Value;

use crate::time_to_light::{Limits, TimeToLight, bound_s};

/// What an escort took, and what was wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Escort {
    pub wrong: Vec<String>,
    pub figures: Vec<(String, f64)>,
    /// Where the seconds until the light went.
    pub time: Option<TimeToLight>,
}

/// Judges an incident view; `lit` is the light's state that counts as lit. Everything that the product promises must show in it.
pub(crate) fn judge(view: &Value, lit: &str) -> Escort {
    let incident = &view["incident"];
    let mut escort = Escort::default();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            escort.wrong.push(what.to_owned());
        }
    };
    must(incident["state"] == "closed", "the incident is not closed");
    must(incident["primary"].is_string(), "no primary guard");
    let empty = Vec::new();
    let missions = view["missions"].as_array().unwrap_or(&empty);
    let flown = missions.iter().find(|mission| mission["reached_at_ms"]["on_scene"].is_i64());
    must(flown.is_some(), "no drone reached the scene");
    must(flown.is_some_and(|mission| mission["reached_at_ms"]["landed"].is_i64()), "the drone has not landed");
    must(lit_at(incident, lit).is_some(), "the light was never confirmed as lit");
    let raised_ms = incident["raised_at_ms"].as_i64().unwrap_or_default();
    let mut figure = |name: &str, at_ms: Option<i64>| {
        escort.figures.extend(at_ms.map(|at_ms| (name.to_owned(), (at_ms - raised_ms) as f64 / 1_000.0)));
    };
    figure("call -> guard assigned", happened_at(incident, "guard_assigned"));
    if let Some(mission) = flown {
        figure("call -> airborne", mission["reached_at_ms"]["airborne"].as_i64());
        figure("call -> drone on scene", mission["reached_at_ms"]["on_scene"].as_i64());
        figure("call -> light on target", lit_at(incident, lit));
        figure("call -> drone landed", mission["reached_at_ms"]["landed"].as_i64());
    }
    figure("call -> closed", incident["ended_at_ms"].as_i64());
    escort.time = flown.and_then(|mission| time_to_light(mission, raised_ms, lit_at(incident, lit)?));
    escort
}

/// The seconds from the call to the light's read-back, by what the flight reached, beside the bound of its route.
fn time_to_light(mission: &Value, raised_ms: i64, lit_ms: i64) -> Option<TimeToLight> {
    const PHASES: [(&str, &str); 5] = [
        ("ordered", "approval"),
        ("preflight_passed", "preflight"),
        ("uploaded", "upload"),
        ("armed", "arming"),
        ("airborne", crate::time_to_light::AIRBORNE),
    ];
    let plan: FlightPlan = serde_json::from_value(mission["plan"].clone()).ok()?;
    let after_s = |at_ms: i64| (at_ms - raised_ms) as f64 / 1_000.0;
    let phase = |(phase, word): (&str, &'static str)| Some((word, after_s(mission["reached_at_ms"][phase].as_i64()?)));
    let mut reached = vec![("decision", after_s(mission["created_at_ms"].as_i64()?))];
    reached.extend(PHASES.into_iter().filter_map(phase));
    reached.push(("climb and transit to light", after_s(lit_ms)));
    let drone = mission["drone"].as_str()?.to_owned();
    Some(TimeToLight { drone, reached, bound_s: bound_s(&plan, &Limits::default()) })
}

fn happened_at(incident: &Value, what: &str) -> Option<i64> {
    let timeline = incident["timeline"].as_array()?;
    timeline.iter().find(|item| item["what"] == what)?["at_ms"].as_i64()
}

/// When the light first was in this state.
fn lit_at(incident: &Value, lit: &str) -> Option<i64> {
    let timeline = incident["timeline"].as_array()?;
    timeline.iter().find(|item| item["what"] == "drone_light" && item["detail"]["state"] == lit)?["at_ms"].as_i64()
}

/// Whether an aircraft of the incident has reached its scene.
pub(crate) fn is_on_scene(view: &Value) -> bool {
    let reached = |mission: &Value| mission["reached_at_ms"]["on_scene"].is_i64();
    view["missions"].as_array().is_some_and(|missions| missions.iter().any(reached))
}

/// Whether every flight of the incident is over.
pub(crate) fn all_landed(view: &Value) -> bool {
    view["missions"].as_array().is_some_and(|missions| missions.iter().all(|mission| mission["ended"] == true))
}
