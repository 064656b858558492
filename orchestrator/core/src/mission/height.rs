//! Has an aircraft on scene come down, and nearer, while the person's place is well known, and go up again before it is not (ADR 0161).
//! Decides when; how low is the choice's, and the layers between are asked for at every change.

use flight_types::{EscortPost, FlightPhase, IncidentId, MissionId};

use super::{desk, escort, launch, orders, person};
use crate::choice;
use crate::model::{Mission, PlaceSource, PostMove};
use crate::state::State;
use crate::timer::Timer;
use crate::turn::Turn;

/// Between a change of height and the next one down, milliseconds: it takes about as long to get there.
const DOWN_AGAIN_MS: i64 = 20_000;
/// Without news of the person for so long it is asked again whether their place is still known, milliseconds.
const NEWS_MS_MAX: i64 = 10_000;
/// A nearer or wider stand-off is ordered from this difference on, metres: fixes wander.
const BESIDE_STEP_M: f64 = 2.0;

/// News of the person: every aircraft with them keeps where that allows.
pub(crate) fn settle(state: &mut State, turn: &mut Turn, incident: &IncidentId) {
    let serving: Vec<MissionId> = desk::serving(state, incident).map(|mission| mission.id.clone()).collect();
    for mission in &serving {
        settle_one(state, turn, mission);
    }
}

/// No news of them for long.
pub(crate) fn post_due(state: &mut State, turn: &mut Turn, id: &MissionId) {
    settle_one(state, turn, id);
}

fn settle_one(state: &mut State, turn: &mut Turn, id: &MissionId) {
    let Some(mission) = state.missions.get(id).filter(|mission| may_settle(state, mission)) else { return };
    let (Some(kept), Some(wanted)) = (mission.post(), wanted(state, mission, turn.now_ms)) else { return };
    let lately = mission.moved.is_some_and(|moved| turn.now_ms < moved.since_ms + DOWN_AGAIN_MS);
    let sinks = wanted.height_m < kept.height_m;
    let nearer = (wanted.stand_off_m - kept.stand_off_m).abs() >= BESIDE_STEP_M;
    if wanted.height_m != kept.height_m && !(sinks && lately) {
        change(state, turn, id, wanted);
    } else if nearer {
        change(state, turn, id, EscortPost { height_m: kept.height_m, ..wanted });
    }
    let low = state.missions.get(id).is_some_and(|mission| mission.post() != mission.planned_post());
    if low {
        state.timers.set(Timer::PostDue(id.clone()), turn.after(NEWS_MS_MAX));
    }
}

/// On scene, with nobody else's hand on it.
fn may_settle(state: &State, mission: &Mission) -> bool {
    let there = mission.serves() && mission.phase == Some(FlightPhase::OnScene) && !mission.second_place;
    let left_alone = !mission.held && !mission.gives_way && !mission.link_lost;
    there && left_alone && orders::pilot_of(state, &mission.drone).is_none()
}

fn wanted(state: &State, mission: &Mission, now_ms: i64) -> Option<EscortPost> {
    let site = state.site.as_ref()?;
    let open = state.open_incident(mission.incident()?)?;
    let by_fixes = open.best_place().is_some_and(|place| place.source == PlaceSource::Gps);
    let active: Vec<&Mission> = state.missions.values().filter(|mission| !mission.ended).collect();
    let Some(known) = person::known(&open.track, now_ms).filter(|_| by_fixes) else {
        return mission
            .planned_post()
            .filter(|planned| choice::may_change_height(site, &active, mission, planned.height_m, now_ms));
    };
    choice::meanwhile(site, &active, mission, &known, now_ms)
}

fn change(state: &mut State, turn: &mut Turn, id: &MissionId, post: EscortPost) {
    let Some(mission) = state.missions.get_mut(id) else { return };
    let Some(kept) = mission.post() else { return };
    let before = mission.moved.unwrap_or(PostMove { post: kept, from_m: kept.height_m, since_ms: turn.now_ms });
    let moves = post.height_m != kept.height_m;
    let (from_m, since_ms) = if moves { (kept.height_m, turn.now_ms) } else { (before.from_m, before.since_ms) };
    mission.moved = Some(PostMove { post, from_m, since_ms });
    if moves {
        launch::note(state, turn, id, "drone_height", &[("height_m", format!("{:.0}", post.height_m))]);
    }
    escort::follow_with(state, turn, id, true);
}
