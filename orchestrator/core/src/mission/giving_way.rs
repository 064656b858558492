//! Somebody else's aircraft comes near: ours stops and sinks, waits, and goes on when it is gone (ADR 18, 257). Which is near is the link's to
//! say, and on a way home when the wait ends.

use flight_types::{FlightCommand, FlightPhase, MissionId, Scene};

use super::{flight, launch, orders};
use crate::cause::Cause;
use crate::choice;
use crate::model::Mission;
use crate::state::State;
use crate::turn::Turn;

/// Who is near, as the link tells it.
pub(super) struct Near<'a> {
    pub name: &'a str,
    pub distance_m: f64,
    pub above_m: f64,
    /// Ours can wait on its way home.
    pub waits: bool,
}

/// Somebody else's aircraft comes near. Ours stops and sinks to the height of a scene without doubt, where no manned aircraft flies, or as
/// low as what stands by its way allows: on the way out, from a scene that is higher, and on the way home. All of it is told to operators and pilots.
pub(super) fn intruder(state: &mut State, turn: &mut Turn, id: &MissionId, near: &Near<'_>) {
    let Some(mission) = state.missions.get(id) else { return };
    let height_m = state.site.as_ref().map_or(mission.plan.transit_height_m, |site| choice::sink_to_m(site, &mission.plan));
    let gives_way = is_above(mission, height_m) && !mission.recalled && !mission.held;
    if let Some(mission) = state.missions.get_mut(id) {
        mission.gives_way = gives_way;
        mission.intruder_near = near.waits;
    }
    let Near { name, distance_m, above_m, .. } = near;
    let detail = [("name", (*name).to_owned()), ("distance_m", format!("{distance_m:.0}")), ("above_m", format!("{above_m:.0}"))];
    launch::note(state, turn, id, "drone_intruder", &detail);
    let figures = (distance_m.round() as i64, above_m.round() as i64);
    flight::alert(state, turn, id, Cause::Intruder { name: (*name).to_owned(), distance_m: figures.0, above_m: figures.1 });
    if gives_way {
        orders::command(state, turn, id, FlightCommand::GiveWay { height_m });
    } else {
        wait_on_the_way_home(state, turn, id);
    }
}

/// Whether a flight is where it may have to sink to this height.
fn is_above(mission: &Mission, height_m: f64) -> bool {
    match (mission.phase, &mission.plan.scene) {
        (Some(FlightPhase::Airborne), _) => true,
        (Some(FlightPhase::OnScene), Scene::Escort { height_m: scene_m, .. }) => *scene_m > height_m,
        (_, _) => false,
    }
}

fn is_going_home(mission: &Mission) -> bool {
    mission.in_the_air() && (mission.recalled || mission.phase == Some(FlightPhase::Returning))
}

/// Has a flight that is called home while somebody is near, or is on its way when they come, wait for them to be gone. Its link ends that by
/// itself, and sooner when the charge is needed for the way.
pub(super) fn wait_on_the_way_home(state: &mut State, turn: &mut Turn, id: &MissionId) {
    let waits = |mission: &&Mission| mission.intruder_near && is_going_home(mission) && !mission.held;
    let Some(mission) = state.missions.get(id).filter(waits) else { return };
    if orders::pilot_of(state, &mission.drone).is_some() {
        return;
    }
    let homeward = orders::homeward(state, mission);
    let sink_to_m = |site| choice::sink_home_to_m(site, &mission.plan, &homeward);
    let height_m = state.site.as_ref().map_or(mission.plan.transit_height_m, sink_to_m);
    if let Some(mission) = state.missions.get_mut(id) {
        mission.gives_way = true;
    }
    orders::command(state, turn, id, FlightCommand::GiveWay { height_m });
}

/// Somebody ordered it home or down while another is near: they see it, and their order is not waited with.
pub(super) fn overruled(state: &mut State, id: &MissionId) {
    if let Some(mission) = state.missions.get_mut(id) {
        (mission.gives_way, mission.intruder_near) = (false, false);
    }
}

/// It is gone: ours goes on, unless somebody has held it meanwhile. On its way home its link has it do so by itself.
pub(super) fn intruder_gone(state: &mut State, turn: &mut Turn, id: &MissionId) {
    launch::note(state, turn, id, "drone_intruder_gone", &[]);
    let Some(mission) = state.missions.get_mut(id) else { return };
    let by_itself = std::mem::take(&mut mission.intruder_near) && is_going_home(mission);
    if std::mem::take(&mut mission.gives_way) && !mission.held && !by_itself {
        orders::command(state, turn, id, FlightCommand::Continue);
    }
}

/// Its charge does not allow it to wait on its way home: it goes on past the other, and somebody should know.
pub(super) fn waits_no_longer(state: &mut State, turn: &mut Turn, id: &MissionId, remaining_pct: f64) {
    overruled(state, id);
    launch::note(state, turn, id, "drone_waits_no_longer", &[("remaining_pct", format!("{remaining_pct:.0}"))]);
    flight::alert(state, turn, id, Cause::WaitsNoLonger { remaining_pct: remaining_pct.round() as i64 });
}
