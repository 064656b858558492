//! High-rate data that never enters the log: where guards, callers and aircraft are right now.
//!
//! Workers answer the core's questions from here, pages show it. It starts empty; terminals and links fill it within seconds of a
//! restart.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use dispatch_core::event::Fix;
use drone_link::gateway::TrackPoint;
use flight_types::{CallerId, DroneId, DroneStatus, GeoPoint, GuardId};
use site_model::GuardIndex;
use tokio::sync::broadcast;

use crate::limits;

/// A guard's terminal as last heard.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardLive {
    /// Who.
    pub guard: GuardId,
    /// On duty, as the log has it.
    pub on_duty: bool,
    /// Where, and when the terminal said it was there.
    pub fix: Option<Fix>,
    /// When the server last heard anything from it, milliseconds since 1970-01-01 UTC by the server's clock.
    pub heard_at_ms: Option<i64>,
    /// When the server last got a position, by the server's clock; freshness is judged by this, not by the terminal's clock.
    pub position_at_ms: Option<i64>,
}

impl GuardLive {
    fn is_awaited(&self) -> bool {
        self.on_duty && self.fix.is_none()
    }
}

/// An aircraft as last heard.
#[derive(Debug, Clone, PartialEq)]
pub struct DroneLive {
    /// Its link's latest summary.
    pub status: DroneStatus,
    /// When that came, by the server's clock.
    pub at_ms: i64,
    /// Where it has been, oldest first.
    pub trail: VecDeque<Passed>,
}

/// A place of an aircraft's trail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Passed {
    /// When, by the server's clock.
    pub at_ms: i64,
    /// Where.
    pub point: GeoPoint,
}

/// A guard near a place.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardNear {
    /// Who.
    pub guard: GuardId,
    /// Where they were last.
    pub position: GeoPoint,
    /// How old that is, milliseconds.
    pub position_age_ms: i64,
    /// By the ruler to the nearest of the places, metres.
    pub distance_m: f64,
}

/// What has changed; readers fetch the newest value, so a skipped change costs nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveChange {
    /// A guard's position or duty.
    Guard(GuardId),
    /// A caller's position.
    Caller(CallerId),
    /// An aircraft's status.
    Drone(DroneId),
}

/// A place to look round for guards.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearby<'a> {
    /// Where; a guard near any of these counts.
    pub places: &'a [GeoPoint],
    /// How far, metres.
    pub within_m: f64,
    /// Positions older than this do not count, milliseconds.
    pub fresh_ms: i64,
    /// The server's time.
    pub now_ms: i64,
    /// At most so many, nearest first.
    pub count_max: usize,
}

/// The latest of everybody; cheap to clone.
#[derive(Debug, Clone)]
pub struct Live {
    tables: Arc<RwLock<Tables>>,
    changes: broadcast::Sender<LiveChange>,
}

#[derive(Debug)]
struct Tables {
    // A guard's place in `guards` is its slot in the index, for as long as the server runs.
    guards: Vec<GuardLive>,
    slots: BTreeMap<GuardId, u32>,
    // Guards on duty with a known position.
    index: GuardIndex,
    // How many on duty have none yet.
    guards_awaited: usize,
    callers: BTreeMap<CallerId, Fix>,
    drones: BTreeMap<DroneId, DroneLive>,
}

impl Live {
    /// Nobody heard of yet, round the middle of a site.
    pub fn new(centre: GeoPoint) -> Self {
        let tables = Tables {
            guards: Vec::new(),
            slots: BTreeMap::new(),
            index: GuardIndex::new(centre),
            guards_awaited: 0,
            callers: BTreeMap::new(),
            drones: BTreeMap::new(),
        };
        Self { tables: Arc::new(RwLock::new(tables)), changes: broadcast::Sender::new(limits::LIVE_CHANGES_BEHIND_MAX) }
    }

    /// Everything that changes from now on. A receiver that lags reads everything afresh.
    pub fn subscribe(&self) -> broadcast::Receiver<LiveChange> {
        self.changes.subscribe()
    }

    /// A guard's terminal reports where it is.
    pub fn report_guard(&self, guard: &GuardId, fix: Fix, now_ms: i64) {
        self.with_guard(guard, |record| {
            // Terminals resend what they queued while offline, and what they last knew where no satellite is seen: a fix that is
            // not newer shows that the terminal lives, not where it is. Of two places in one millisecond the one that comes later counts.
            let is_news = |known: Fix| known.at_ms < fix.at_ms || (known.at_ms == fix.at_ms && known.point != fix.point);
            if record.fix.is_none_or(is_news) {
                record.fix = Some(fix);
                record.position_at_ms = Some(now_ms);
            }
            record.heard_at_ms = Some(now_ms);
        });
    }

    /// A guard's terminal showed a sign of life without a position.
    pub fn heard_guard(&self, guard: &GuardId, now_ms: i64) {
        self.with_guard(guard, |record| record.heard_at_ms = Some(now_ms));
    }

    /// A guard's duty as the log has it.
    pub fn set_duty(&self, guard: &GuardId, on_duty: bool) {
        self.with_guard(guard, |record| record.on_duty = on_duty);
    }

    /// One guard.
    pub fn guard(&self, guard: &GuardId) -> Option<GuardLive> {
        let tables = self.read();
        let slot = tables.slots.get(guard)?;
        tables.guards.get(*slot as usize).cloned()
    }

    /// Every guard heard of, by id.
    pub fn guards(&self) -> Vec<GuardLive> {
        let tables = self.read();
        tables.slots.values().filter_map(|slot| tables.guards.get(*slot as usize)).cloned().collect()
    }

    /// How many guards on duty have not said where they are since the server started.
    pub fn guards_awaited(&self) -> usize {
        self.read().guards_awaited
    }

    /// Guards on duty with a fresh position round the places, nearest first, of those that are `wanted`.
    pub fn guards_near(&self, nearby: &Nearby<'_>, wanted: impl Fn(&GuardId) -> bool) -> Vec<GuardNear> {
        let tables = self.read();
        let fits =
            |slot: u32| tables.guards.get(slot as usize).is_some_and(|guard| is_fresh(guard, nearby) && wanted(&guard.guard));
        let slots: BTreeSet<u32> = nearby
            .places
            .iter()
            .flat_map(|place| tables.index.nearest(*place, nearby.within_m, nearby.count_max, fits))
            .map(|near| near.slot)
            .collect();
        let mut found: Vec<GuardNear> =
            slots.iter().filter_map(|slot| tables.guards.get(*slot as usize)).filter_map(|guard| near(guard, nearby)).collect();
        found.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then_with(|| a.guard.cmp(&b.guard)));
        found.truncate(nearby.count_max);
        found
    }

    /// A caller's terminal reports where it is.
    pub fn report_caller(&self, caller: &CallerId, fix: Fix) {
        let mut tables = self.write();
        if limits::PEOPLE_TRACKED_MAX <= tables.callers.len() && !tables.callers.contains_key(caller) {
            return;
        }
        let known = tables.callers.entry(caller.clone()).or_insert(fix);
        if known.at_ms <= fix.at_ms {
            *known = fix;
        }
        drop(tables);
        self.announce(LiveChange::Caller(caller.clone()));
    }

    /// A caller's last known position.
    pub fn caller(&self, caller: &CallerId) -> Option<Fix> {
        self.read().callers.get(caller).copied()
    }

    /// Forgets a caller.
    pub fn forget_caller(&self, caller: &CallerId) {
        self.write().callers.remove(caller);
    }

    /// An aircraft's link reports its latest. Returns what was known before.
    pub fn report_drone(&self, status: DroneStatus, now_ms: i64) -> Option<DroneStatus> {
        let drone = status.drone.clone();
        let mut tables = self.write();
        let known = tables.drones.remove(&drone);
        let (before, trail) = known.map(|known| (known.status, known.trail)).unzip();
        let trail = extended(trail.unwrap_or_default(), status.position, now_ms);
        tables.drones.insert(drone.clone(), DroneLive { status, at_ms: now_ms, trail });
        drop(tables);
        self.announce(LiveChange::Drone(drone));
        before
    }

    /// Where an aircraft was while its station was not heard, however late that is told.
    pub fn fill_trail(&self, drone: &DroneId, points: &[TrackPoint], now_ms: i64) {
        let passed = |point: &TrackPoint| Passed {
            at_ms: now_ms.saturating_sub(i64::try_from(point.age_ms).unwrap_or(i64::MAX)),
            point: point.point,
        };
        let mut tables = self.write();
        let Some(known) = tables.drones.get_mut(drone) else { return };
        let mut places: Vec<Passed> = known.trail.iter().copied().chain(points.iter().map(passed)).collect();
        places.sort_by_key(|place| place.at_ms);
        let beyond = places.len().saturating_sub(limits::TRAIL_POINTS_MAX);
        known.trail = places.split_off(beyond).into();
        drop(tables);
        self.announce(LiveChange::Drone(drone.clone()));
    }

    /// One aircraft.
    pub fn drone(&self, drone: &DroneId) -> Option<DroneLive> {
        self.read().drones.get(drone).cloned()
    }

    /// Every aircraft heard of, by id.
    pub fn drones(&self) -> Vec<DroneLive> {
        self.read().drones.values().cloned().collect()
    }

    fn with_guard(&self, guard: &GuardId, change: impl FnOnce(&mut GuardLive)) {
        let mut tables = self.write();
        let Some(slot) = tables.slot(guard) else { return };
        let record = &mut tables.guards[slot as usize];
        let awaited_before = record.is_awaited();
        change(record);
        let (on_duty, fix, awaited) = (record.on_duty, record.fix, record.is_awaited());
        tables.guards_awaited = tables.guards_awaited + usize::from(awaited) - usize::from(awaited_before);
        match (on_duty, fix) {
            (true, Some(fix)) => tables.index.upsert(slot, fix.point),
            (true, None) | (false, _) => drop(tables.index.remove(slot)),
        }
        drop(tables);
        self.announce(LiveChange::Guard(guard.clone()));
    }

    fn announce(&self, change: LiveChange) {
        // Nobody listening is fine.
        let _ = self.changes.send(change);
    }

    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// The guard's slot, a new one for a new guard; `None` when no more guards are kept.
    fn slot(&mut self, guard: &GuardId) -> Option<u32> {
        if let Some(slot) = self.slots.get(guard) {
            return Some(*slot);
        }
        if limits::PEOPLE_TRACKED_MAX <= self.guards.len() {
            return None;
        }
        let slot = u32::try_from(self.guards.len()).ok()?;
        self.guards.push(GuardLive { guard: guard.clone(), on_duty: false, fix: None, heard_at_ms: None, position_at_ms: None });
        self.slots.insert(guard.clone(), slot);
        Some(slot)
    }
}

fn is_fresh(guard: &GuardLive, nearby: &Nearby<'_>) -> bool {
    guard.position_at_ms.is_some_and(|at_ms| nearby.now_ms - at_ms <= nearby.fresh_ms)
}

fn near(record: &GuardLive, nearby: &Nearby<'_>) -> Option<GuardNear> {
    let position = record.fix?.point;
    let position_age_ms = nearby.now_ms - record.position_at_ms?;
    let distance_m = nearby.places.iter().map(|place| place.distance_m(&position)).min_by(f64::total_cmp)?;
    Some(GuardNear { guard: record.guard.clone(), position, position_age_ms, distance_m })
}

fn extended(mut trail: VecDeque<Passed>, position: Option<GeoPoint>, now_ms: i64) -> VecDeque<Passed> {
    let Some(point) = position else { return trail };
    if trail.back().is_none_or(|last| limits::TRAIL_STEP_M <= last.point.distance_m(&point)) {
        trail.push_back(Passed { at_ms: now_ms, point });
    }
    while limits::TRAIL_POINTS_MAX < trail.len() {
        trail.pop_front();
    }
    trail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_told_late_fills_the_hole_in_the_trail_and_nothing_is_told_of_strangers() {
        let place = |lat_deg: f64| GeoPoint::new(lat_deg, 127.0).expect("a place");
        let live = Live::new(place(37.5));
        let drone = DroneId::new("d1").expect("an id");
        let told = [(9_000, 37.502), (5_000, 37.503)].map(|(age_ms, lat_deg)| TrackPoint { age_ms, point: place(lat_deg) });
        live.fill_trail(&drone, &told, 12_000);
        assert_eq!(live.drone(&drone), None);
        for (now_ms, lat_deg) in [(1_000, 37.501), (10_000, 37.504)] {
            live.report_drone(DroneStatus { position: Some(place(lat_deg)), ..DroneStatus::unheard(drone.clone()) }, now_ms);
        }
        live.fill_trail(&drone, &told, 12_000);
        let trail: Vec<(i64, f64)> =
            live.drone(&drone).expect("heard").trail.iter().map(|passed| (passed.at_ms, passed.point.lat_deg())).collect();
        assert_eq!(trail, [(1_000, 37.501), (3_000, 37.502), (7_000, 37.503), (10_000, 37.504)]);
        let many: Vec<TrackPoint> = (0..2_000).map(|age_ms| TrackPoint { age_ms, point: place(37.6) }).collect();
        live.fill_trail(&drone, &many, 12_000);
        assert_eq!(live.drone(&drone).expect("heard").trail.len(), limits::TRAIL_POINTS_MAX);
    }

    #[test]
    fn an_old_fix_moves_nobody_and_of_two_in_one_millisecond_the_later_counts() {
        let place = |lat_deg: f64| GeoPoint::new(lat_deg, 127.0).expect("a place");
        let live = Live::new(place(37.5));
        let guard = GuardId::new("g1").expect("an id");
        // (latitude, time of the fix, when it came), and where the guard is then, since when
        for ((lat_deg, at_ms, now_ms), expected) in [
            ((37.501, 1_000, 1_000), (37.501, 1_000)),
            ((37.502, 1_000, 1_001), (37.502, 1_001)),
            ((37.502, 1_000, 5_000), (37.502, 1_001)),
            ((37.503, 999, 6_000), (37.502, 1_001)),
            ((37.503, 1_001, 7_000), (37.503, 7_000)),
        ] {
            live.report_guard(&guard, Fix { point: place(lat_deg), accuracy_m: 5.0, at_ms, speed: None }, now_ms);
            let known = live.guard(&guard).expect("heard");
            let at = known.fix.zip(known.position_at_ms).map(|(fix, since_ms)| (fix.point.lat_deg(), since_ms));
            assert_eq!((at, known.heard_at_ms), (Some(expected), Some(now_ms)), "{lat_deg} {at_ms}");
        }
    }
}
