//! Fixed cameras: what they are sure of opens and closes stays, what is doubtful goes to a person.

use crate::config::{CameraConfig, Direction};
use crate::event::{Decision, GateFrame, PlateRead};
use crate::id::{CameraId, ReviewId, SessionId};
use crate::limits;
use crate::model::{Means, ReviewReason, Session};
use crate::payment;
use crate::plate::{Closest, Plate, closest};
use crate::refusal::Refusal;
use crate::state::{State, Turn};
use crate::stay::{Begun, begin, left};

pub(crate) fn admit(state: &State, read: &PlateRead) -> Result<(), Refusal> {
    if state.config.camera(&read.camera).is_none() {
        return Err(Refusal::Unknown { kind: "camera", id: read.camera.to_string() });
    }
    if read.id.is_empty() || limits::READ_ID_LENGTH_MAX < read.id.len() {
        return Err(Refusal::Malformed("a read has a name of 1 to 80 characters"));
    }
    if read.confidence_pct > 100 {
        return Err(Refusal::Malformed("a confidence is 0 to 100 per cent"));
    }
    Ok(())
}

/// A picture is taken while there is room for it; one that is known is taken again and changes nothing.
pub(crate) fn admit_frame(state: &State, frame: &GateFrame) -> Result<(), Refusal> {
    if state.config.camera(&frame.camera).is_none() {
        return Err(Refusal::Unknown { kind: "camera", id: frame.camera.to_string() });
    }
    if frame.id.is_empty() || limits::READ_ID_LENGTH_MAX < frame.id.len() {
        return Err(Refusal::Malformed("a picture has a name of 1 to 80 characters"));
    }
    let waiting = state.reviews.values().filter(|review| review.frame.is_some()).count();
    if limits::FRAMES_OPEN_MAX <= waiting && !state.reads.contains(&key(&frame.camera, &frame.id)) {
        return Err(Refusal::TooMany("pictures that wait for a person"));
    }
    Ok(())
}

/// Whether a person can decide so: a picture tells no plate, the person must.
pub(crate) fn admit_decision(state: &State, id: &ReviewId, decision: &Decision) -> Result<(), Refusal> {
    let review = state.reviews.get(id).ok_or_else(|| Refusal::Unknown { kind: "review", id: id.to_string() })?;
    match (&review.frame, decision) {
        (Some(_), Decision::Accept { plate: None, .. }) => {
            Err(Refusal::Malformed("a picture is accepted with the plate that it shows"))
        }
        (Some(_), Decision::Accept { plate: Some(_), .. } | Decision::Dismiss) | (None, _) => Ok(()),
    }
}

/// Whether a person has said which car it was: by itself a read that resembles parked cars' is none of them, and the stay costs on.
pub(crate) fn admit_choice(state: &State, id: &ReviewId, decision: &Decision) -> Result<(), Refusal> {
    let alike = state.reviews.get(id).is_some_and(|review| matches!(review.reason, ReviewReason::Alike { .. }));
    match (alike, decision) {
        (true, Decision::Accept { plate: None, .. }) => {
            Err(Refusal::Malformed("a read that resembles parked cars is accepted with the plate of the car that it was"))
        }
        (true, Decision::Accept { plate: Some(_), .. } | Decision::Dismiss) | (false, _) => Ok(()),
    }
}

/// A read's name, told apart from other cameras'. Reads and pictures of a camera share their names.
pub(crate) fn key(camera: &CameraId, id: &str) -> String {
    format!("{camera}/{id}")
}

/// A camera sent a picture.
pub(crate) fn pictured(state: &mut State, turn: &mut Turn, frame: &GateFrame) {
    let Some(camera) = state.config.camera(&frame.camera).cloned() else { return };
    if !remember(state, key(&frame.camera, &frame.id)) {
        return;
    }
    if let Some(lot) = state.config.area(&camera.area).map(|area| area.lot.clone()) {
        state.review_frame(turn, &lot, frame.clone());
    }
}

/// A camera read a plate.
pub(crate) fn seen(state: &mut State, turn: &mut Turn, read: &PlateRead) {
    let Some(camera) = state.config.camera(&read.camera).cloned() else { return };
    if !remember(state, key(&read.camera, &read.id)) || read.confidence_pct < camera.review_pct {
        return;
    }
    let at_ms = time_by_our_clock(&camera, read, turn.stamp.at_ms).filter(|_| !is_clock_off(&camera, read));
    let Some(at_ms) = at_ms else {
        return doubt(state, turn, &camera, read, ReviewReason::ClockWrong);
    };
    if !is_new_passage(state, read, at_ms) {
        return;
    }
    act(state, turn, &camera, read, at_ms);
}

/// Whether the read is new. The oldest are forgotten first.
fn remember(state: &mut State, key: String) -> bool {
    if !state.reads.insert(key.clone()) {
        return false;
    }
    state.reads_in_order.push_back(key);
    if limits::READS_REMEMBERED_MAX < state.reads_in_order.len()
        && let Some(oldest) = state.reads_in_order.pop_front()
    {
        state.reads.remove(&oldest);
    }
    true
}

/// The same car at the same camera a moment later is the same passage.
fn is_new_passage(state: &mut State, read: &PlateRead, at_ms: i64) -> bool {
    while let Some((old_ms, key)) = state.passages_by_time.first().cloned() {
        if at_ms.saturating_sub(limits::ENTRY_MATCH_MS) <= old_ms {
            break;
        }
        state.passages_by_time.pop_first();
        state.passages.remove(&key);
    }
    let key = format!("{}/{}", read.camera, read.plate);
    let before = state.passages.insert(key.clone(), at_ms);
    if let Some(before_ms) = before {
        state.passages_by_time.remove(&(before_ms, key.clone()));
    }
    state.passages_by_time.insert((at_ms, key));
    before.is_none_or(|before_ms| limits::PASSAGE_MS <= (at_ms - before_ms).abs())
}

/// Whether the camera has said that its clock is off by more than it may be, either way. Without that word a clock that is slow cannot be
/// told from a line that was down.
fn is_clock_off(camera: &CameraConfig, read: &PlateRead) -> bool {
    read.clock_behind_ms.is_some_and(|behind_ms| camera.clock_skew_max_ms < behind_ms.saturating_abs())
}

/// When the car passed by our clock: never later than now, and not later by the camera's clock than that may be off. A read may arrive late
/// when the line to the camera was down.
fn time_by_our_clock(camera: &CameraConfig, read: &PlateRead, now_ms: i64) -> Option<i64> {
    let seen_at_ms = read.seen_at_ms.saturating_add(read.clock_behind_ms.unwrap_or_default());
    let ahead_ms = seen_at_ms.saturating_sub(now_ms);
    let plausible = ahead_ms <= camera.clock_skew_max_ms && -limits::KEPT_MS <= ahead_ms;
    plausible.then_some(seen_at_ms.min(now_ms))
}

fn act(state: &mut State, turn: &mut Turn, camera: &CameraConfig, read: &PlateRead, at_ms: i64) {
    match camera.direction {
        Direction::Entry => came_in(state, turn, camera, read, at_ms),
        Direction::Exit => went_out(state, turn, camera, read, at_ms),
    }
}

/// Whose car of this lot the plate means. A read that the camera is certain of means its letters only.
fn meant(state: &State, camera: &CameraConfig, read: &PlateRead) -> Closest<SessionId> {
    let Some(area) = state.config.area(&camera.area) else { return Closest::Nobody };
    let Some(book) = state.lots.get(&area.lot) else { return Closest::Nobody };
    let here = |id: &&SessionId| state.sessions.get(*id).is_some_and(|session| session.lot == area.lot);
    if let Some(id) = state.stay_of(&area.lot, &read.plate).filter(here) {
        return Closest::Same(id.clone());
    }
    match closest(&read.plate, book.active.iter().map(|(plate, id)| (plate, id.clone()))) {
        Closest::Near(id) if camera.certain_pct <= read.confidence_pct => Closest::Doubtful(vec![id]),
        other => other,
    }
}

fn came_in(state: &mut State, turn: &mut Turn, camera: &CameraConfig, read: &PlateRead, at_ms: i64) {
    if left_since(state, read, at_ms) {
        return;
    }
    match meant(state, camera, read) {
        Closest::Same(id) => return came_again(state, turn, camera, read, &id, at_ms),
        Closest::Near(id) => {
            if recently_entered(state, &id, at_ms) {
                return confirm_entry(state, &id, at_ms);
            }
        }
        Closest::Doubtful(sessions) => {
            let recent: Vec<SessionId> = sessions.into_iter().filter(|id| recently_entered(state, id, at_ms)).collect();
            if !recent.is_empty() {
                return doubt(state, turn, camera, read, ReviewReason::Alike { sessions: recent });
            }
        }
        Closest::Nobody => {}
    }
    if let Some(elsewhere) = state.active_by_plate.get(&read.plate).cloned() {
        return doubt(state, turn, camera, read, ReviewReason::Elsewhere { session: elsewhere });
    }
    if read.confidence_pct < camera.accept_pct {
        return doubt(state, turn, camera, read, ReviewReason::Unsure);
    }
    let begun = Begun { at_ms, by: Means::Camera, plate_confidence_pct: read.confidence_pct };
    begin(state, turn, &camera.area, &read.plate, begun);
}

/// The very car is parked here by our book. Soon after its entry it is the same entry; much later its exit was missed, and a person says
/// when that was: by itself the stay would run on for days.
fn came_again(state: &mut State, turn: &mut Turn, camera: &CameraConfig, read: &PlateRead, id: &SessionId, at_ms: i64) {
    let entered_at_ms = state.sessions.get(id).map_or(at_ms, |session| session.entered_at_ms);
    if entered_at_ms.saturating_add(limits::ENTRY_MATCH_MS) < at_ms {
        return doubt(state, turn, camera, read, ReviewReason::StillParked { session: id.clone() });
    }
    confirm_entry(state, id, at_ms);
}

/// A read that comes after the car has left tells of the stay that is over.
fn left_since(state: &State, read: &PlateRead, at_ms: i64) -> bool {
    let ended = state.ended_by_plate.get(&read.plate).and_then(|id| state.sessions.get(id));
    ended.and_then(|session| session.exit.as_ref()).is_some_and(|exit| at_ms < exit.at_ms)
}

fn recently_entered(state: &State, id: &SessionId, at_ms: i64) -> bool {
    let unseen = |session: &&Session| !session.seen_entering;
    let session = state.sessions.get(id).filter(unseen);
    session.is_some_and(|session| (session.entered_at_ms - at_ms).abs() <= limits::ENTRY_MATCH_MS)
}

/// The entry of the driver's scan and the camera's sight of the car are one entry; it began with the earlier of the two.
fn confirm_entry(state: &mut State, id: &SessionId, at_ms: i64) {
    let session = state.own_session(id);
    if !session.seen_entering && (session.entered_at_ms - at_ms).abs() <= limits::ENTRY_MATCH_MS {
        session.seen_entering = true;
        session.entered_at_ms = session.entered_at_ms.min(at_ms);
    }
}

fn went_out(state: &mut State, turn: &mut Turn, camera: &CameraConfig, read: &PlateRead, at_ms: i64) {
    match meant(state, camera, read) {
        // That the very plate is parked here is evidence enough, however unsure the camera is.
        Closest::Same(id) => close(state, turn, camera, read, &id, at_ms),
        Closest::Near(id) if camera.accept_pct <= read.confidence_pct => close(state, turn, camera, read, &id, at_ms),
        Closest::Near(id) => doubt(state, turn, camera, read, ReviewReason::Alike { sessions: vec![id] }),
        Closest::Doubtful(sessions) => doubt(state, turn, camera, read, ReviewReason::Alike { sessions }),
        Closest::Nobody => stranger_left(state, turn, camera, read, at_ms),
    }
}

fn stranger_left(state: &mut State, turn: &mut Turn, camera: &CameraConfig, read: &PlateRead, at_ms: i64) {
    let ended =
        state.ended_by_plate.get(&read.plate).and_then(|id| state.sessions.get(id)).and_then(|session| session.exit.as_ref());
    // The driver signalled the exit and then drove out.
    if ended.is_some_and(|exit| (at_ms - exit.at_ms).abs() <= limits::ENTRY_MATCH_MS) {
        return;
    }
    let reason = match state.active_by_plate.get(&read.plate) {
        Some(session) => ReviewReason::Elsewhere { session: session.clone() },
        None if read.confidence_pct < camera.accept_pct => ReviewReason::Unsure,
        None => ReviewReason::ExitWithoutSession,
    };
    doubt(state, turn, camera, read, reason);
}

/// Ends a stay, unless the car went out before it came in by more than clocks may differ: then it was another passage.
fn close(state: &mut State, turn: &mut Turn, camera: &CameraConfig, read: &PlateRead, id: &SessionId, at_ms: i64) {
    let entered_at_ms = state.own_session(id).entered_at_ms;
    if at_ms < entered_at_ms - camera.clock_skew_max_ms {
        return doubt(state, turn, camera, read, ReviewReason::ClockWrong);
    }
    left(state, turn, id, at_ms, Means::Camera);
}

fn doubt(state: &mut State, turn: &mut Turn, camera: &CameraConfig, read: &PlateRead, reason: ReviewReason) {
    if let Some(lot) = state.config.area(&camera.area).map(|area| area.lot.clone()) {
        state.review(turn, &lot, reason, Some(read.clone()));
    }
}

/// A person has looked. Their reading of a plate counts as certain, and the time as the camera told it, set right when it said what
/// time it had, or now when that cannot be.
pub(crate) fn reviewed(state: &mut State, turn: &mut Turn, id: &ReviewId, decision: &Decision) {
    let Some(review) = state.take_review(id) else { return };
    let Decision::Accept { plate, ended_at_ms } = decision else { return };
    if let ReviewReason::RefundFailed { payment, .. } = &review.reason {
        return payment::unblock(state, turn, payment);
    }
    let Some(certain) = certain(review.read, review.frame, plate.clone()) else { return };
    let Some(camera) = state.config.camera(&certain.camera).cloned() else { return };
    let at_ms = time_by_our_clock(&camera, &certain, turn.stamp.at_ms).unwrap_or(turn.stamp.at_ms);
    decided(state, turn, &camera, &certain, Times { at_ms, ended_at_ms: ended_at_ms.unwrap_or(at_ms) });
}

/// When the car was seen, and when its stay before that ended.
#[derive(Debug, Clone, Copy)]
struct Times {
    at_ms: i64,
    ended_at_ms: i64,
}

/// What a person has made of a read or a picture; of a picture without a plate nothing can be made.
fn certain(read: Option<PlateRead>, frame: Option<GateFrame>, plate: Option<Plate>) -> Option<PlateRead> {
    match (read, frame) {
        (Some(read), _) => Some(PlateRead { plate: plate.unwrap_or(read.plate), confidence_pct: 100, ..read }),
        (None, Some(GateFrame { id, camera, seen_at_ms, clock_behind_ms })) => {
            plate.map(|plate| PlateRead { id, camera, plate, confidence_pct: 100, seen_at_ms, clock_behind_ms })
        }
        (None, None) => None,
    }
}

/// What a person decided is done, or comes back when it cannot be.
fn decided(state: &mut State, turn: &mut Turn, camera: &CameraConfig, read: &PlateRead, times: Times) {
    let session = state.active_by_plate.get(&read.plate).cloned();
    match (camera.direction, session) {
        (Direction::Entry, Some(id)) if is_this_entry(state, camera, &id, times.at_ms) => confirm_entry(state, &id, times.at_ms),
        (Direction::Entry, before) => {
            if let Some(id) = before {
                // It stands here now, so it does not stand there any more.
                left(state, turn, &id, times.ended_at_ms.min(times.at_ms), Means::Manager);
            }
            let begun = Begun { at_ms: times.at_ms, by: Means::Manager, plate_confidence_pct: 100 };
            begin(state, turn, &camera.area, &read.plate, begun);
        }
        (Direction::Exit, Some(id)) => left(state, turn, &id, times.at_ms, Means::Manager),
        (Direction::Exit, None) => doubt(state, turn, camera, read, ReviewReason::ExitWithoutSession),
    }
}

/// Whether the sight of a car is the entry of a stay that is known: on the same lot, and not much later.
fn is_this_entry(state: &State, camera: &CameraConfig, id: &SessionId, at_ms: i64) -> bool {
    let lot = state.config.area(&camera.area).map(|area| &area.lot);
    let session = state.sessions.get(id).filter(|session| Some(&session.lot) == lot);
    session.is_some_and(|session| at_ms <= session.entered_at_ms.saturating_add(limits::ENTRY_MATCH_MS))
}
