//! Replays real dispatches through the real core in virtual time: every record is a call, the units named in the records are the
//! guards. Pure and deterministic: the same records give the same report and the same state hash.
//!
//! What the records do not say is assumed here, by name: where units wait, how long they stay, how fast they drive. The response
//! times are therefore comparable in kind with the delays in the data, not in every minute.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use dispatch_core::Core;
use dispatch_core::config::{Policy, SiteConfig};
use dispatch_core::effect::{Action, CallerNotice, Effect, GuardNotice, GuardSearch};
use dispatch_core::event::{Actor, CodeVerdict, Entry, EtaSource, Event, Fix, GuardCandidate, GuardsNear, Outcome, Trigger};
use flight_types::{CallerId, DistrictId, GeoPoint, GuardId, IncidentId, LocalFrame, Ring};
use serde::Serialize;
use site_model::{DispatchRecord, GuardIndex, ruler_eta_s};

/// A crew takes this long to see an offer and to answer it, milliseconds.
const ANSWER_MS: i64 = 5_000;

/// A crew stays with the caller this long, milliseconds: half of all ambulance calls are shorter.
const ON_SCENE_MS: i64 = 20 * 60_000;

/// A caller who is well types the code within this, milliseconds.
const CONFIRM_MS: i64 = 20_000;

/// A record without a time of its own is taken as of noon, milliseconds after midnight.
const NOON_MS: i64 = 12 * 3_600_000;

/// Entries per call at most; beyond it the replay would be going in circles.
const ENTRIES_PER_CALL_MAX: usize = 10_000;

/// The site's outline lies so far beyond the outermost call, metres.
const MARGIN_M: f64 = 5_000.0;

/// Why records could not be replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// No records.
    #[error("there are no dispatches to replay")]
    Nothing,
    /// A unit whose name cannot be an identifier.
    #[error("unit {0:?} cannot be the name of a guard")]
    Unit(String),
    /// The core kept on asking.
    #[error("the replay did not come to an end after {0} entries")]
    Endless(usize),
}

/// What came of a replay.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplayReport {
    /// Calls made.
    pub calls: usize,
    /// Calls that got exactly one primary.
    pub with_one_primary: usize,
    /// Calls that nobody reached: numbers of the records, from 0.
    pub lost: Vec<usize>,
    /// Calls that ended closed with the caller's code.
    pub closed: usize,
    /// How times were found: there are no roads for these records.
    pub eta_by: EtaSource,
    /// From call to guard on scene, minutes.
    pub response_min: Distribution,
    /// The delays in the data, minutes.
    pub delay_min: Distribution,
    /// Entries in the log.
    pub entries: u64,
    /// The core's state at the end.
    pub state_hash: String,
}

/// The spread of some minutes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Distribution {
    /// Least.
    pub least: f64,
    /// One in ten is below.
    pub p10: f64,
    /// Half are below.
    pub median: f64,
    /// Nine in ten are below.
    pub p90: f64,
    /// Most.
    pub most: f64,
}

impl Distribution {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let Some(last) = values.len().checked_sub(1) else { return Self::default() };
        let share = |per_cent: usize| values[last * per_cent / 100];
        Self { least: share(0), p10: share(10), median: share(50), p90: share(90), most: share(100) }
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { least, p10, median, p90, most } = self;
        write!(f, "least {least:.1}  p10 {p10:.1}  median {median:.1}  p90 {p90:.1}  most {most:.1}")
    }
}

impl fmt::Display for ReplayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, with_one_primary, closed, .. } = self;
        writeln!(f, "calls={calls} one_primary={with_one_primary} lost={} closed={closed}", self.lost.len())?;
        writeln!(f, "call to guard on scene, minutes (straight line, no roads known): {}", self.response_min)?;
        writeln!(f, "delays in the data, minutes:                                      {}", self.delay_min)?;
        write!(f, "entries={} state={}", self.entries, self.state_hash)
    }
}

/// Replays the records, earliest first.
pub fn replay_calls(records: &[DispatchRecord]) -> Result<ReplayReport, ReplayError> {
    if records.is_empty() {
        return Err(ReplayError::Nothing);
    }
    let mut replay = Replay::new(records)?;
    replay.run(records.len() * ENTRIES_PER_CALL_MAX)?;
    Ok(replay.report(records))
}

/// Something that will happen.
#[derive(Debug, Clone)]
enum Coming {
    Said(Actor, Box<Event>),
    /// A guard is back where they wait.
    Back(GuardId),
}

/// What became of one call.
#[derive(Debug, Clone, Default)]
struct Fate {
    raised_at_ms: i64,
    primaries: BTreeSet<GuardId>,
    on_scene_at_ms: Option<i64>,
    closed: bool,
}

struct Replay {
    core: Core,
    district: DistrictId,
    now_ms: i64,
    /// By time, then by the order in which it was planned.
    agenda: BTreeMap<(i64, u64), Coming>,
    planned: u64,
    guards: Vec<(GuardId, GeoPoint)>,
    index: GuardIndex,
    fates: BTreeMap<CallerId, Fate>,
    etas_s: BTreeMap<(IncidentId, GuardId), f64>,
}

impl Replay {
    fn new(records: &[DispatchRecord]) -> Result<Self, ReplayError> {
        let district = DistrictId::new("replay").expect("a well-formed id");
        let points: Vec<GeoPoint> = records.iter().map(|record| record.point).collect();
        let guards = waiting_places(records)?;
        let begin_ms = records.iter().map(at_ms).min().unwrap_or_default() - 1_000;
        let mut index = GuardIndex::new(points[0]);
        for (slot, (_, place)) in (0u32..).zip(&guards) {
            index.upsert(slot, *place);
        }
        let mut replay = Self {
            core: Core::new(district.clone()),
            district,
            now_ms: begin_ms,
            agenda: BTreeMap::new(),
            planned: 0,
            guards,
            index,
            fates: BTreeMap::new(),
            etas_s: BTreeMap::new(),
        };
        replay.plan_beginning(begin_ms, site(&points));
        records.iter().enumerate().for_each(|(number, record)| replay.plan_call(number, record));
        Ok(replay)
    }

    fn plan(&mut self, at_ms: i64, coming: Coming) {
        self.planned += 1;
        self.agenda.insert((at_ms, self.planned), coming);
    }

    fn say(&mut self, at_ms: i64, actor: Actor, event: Event) {
        self.plan(at_ms, Coming::Said(actor, Box::new(event)));
    }

    fn plan_beginning(&mut self, at_ms: i64, site: SiteConfig) {
        let configured = Event::Configured { code_version: "replay".to_owned(), site: Box::new(site) };
        self.say(at_ms, Actor::System, configured);
        for guard in self.guards.iter().map(|(guard, _)| guard.clone()).collect::<Vec<GuardId>>() {
            self.say(at_ms, Actor::Guard { id: guard.clone() }, Event::GuardDutyChanged { guard, on_duty: true });
        }
    }

    fn plan_call(&mut self, number: usize, record: &DispatchRecord) {
        let caller = caller_of(number);
        let at_ms = at_ms(record);
        let event = Event::CallRaised {
            caller: caller.clone(),
            key: format!("{}-{}", record.call_number, record.unit),
            trigger: Trigger::Operator,
            silent: false,
            drill: false,
            gps: Some(Fix { point: record.point, accuracy_m: 30.0, at_ms, speed: None }),
            address: None,
            last_known: None,
            home: None,
        };
        self.fates.insert(caller.clone(), Fate { raised_at_ms: at_ms, ..Fate::default() });
        self.say(at_ms, Actor::Caller { id: caller }, event);
    }

    fn run(&mut self, entries_max: usize) -> Result<(), ReplayError> {
        for _ in 0..entries_max {
            let deadline_ms = self.core.next_deadline_ms();
            let next_ms = self.agenda.first_key_value().map(|((at_ms, _), _)| *at_ms);
            // Once every call is over and nothing is planned, deadlines that only forget old incidents need not be waited for.
            match (next_ms, deadline_ms) {
                (None, _) if self.fates.values().all(|fate| fate.closed) => return Ok(()),
                (None, None) => return Ok(()),
                (Some(next_ms), deadline) if deadline.is_none_or(|deadline_ms| next_ms <= deadline_ms) => self.take_next(),
                (_, Some(deadline_ms)) => self.append(deadline_ms, Actor::System, Event::TimePassed),
                (Some(_), None) => self.take_next(),
            }
        }
        Err(ReplayError::Endless(entries_max))
    }

    fn take_next(&mut self) {
        let Some(((at_ms, _), coming)) = self.agenda.pop_first() else { return };
        match coming {
            Coming::Said(actor, event) => self.append(at_ms, actor, *event),
            Coming::Back(guard) => {
                if let Some((slot, place)) = self.slot_of(&guard) {
                    self.index.upsert(slot, place);
                }
            }
        }
    }

    fn append(&mut self, at_ms: i64, actor: Actor, event: Event) {
        self.now_ms = self.now_ms.max(at_ms);
        let entry = Entry { seq: self.core.last_seq() + 1, at_ms: self.now_ms, district: self.district.clone(), actor, event };
        for effect in self.core.step(&entry) {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        let Effect { id, action } = effect;
        let done = Event::EffectDone { effect: id, outcome: Outcome::Done };
        let answer = match action {
            Action::FindGuards { searches } => {
                let found = searches.iter().map(|search| self.search(search)).collect();
                Event::GuardsFound { effect: id, found }
            }
            Action::FindDrones { .. } => Event::DronesFound { effect: id, drones: Vec::new() },
            Action::CheckGuard { guard, .. } => Event::GuardSeen { effect: id, guard, silence_ms: Some(0) },
            Action::SendOffer { offer } => {
                self.etas_s.insert((offer.incident, offer.guard.clone()), offer.eta_s);
                let at_ms = self.now_ms + ANSWER_MS;
                self.say(at_ms, Actor::Guard { id: offer.guard }, Event::OfferAccepted { offer: offer.offer });
                done
            }
            Action::NotifyGuard { guard, incident, notice } => {
                self.tell_guard(&guard, &incident, notice);
                done
            }
            Action::NotifyCaller { caller, incident, notice } => {
                self.tell_caller(&caller, &incident, &notice);
                done
            }
            Action::NotifyContact { .. }
            | Action::AlertOperators { .. }
            | Action::AskApproval { .. }
            | Action::Parking { .. }
            | Action::Command { .. } => done,
        };
        self.say(self.now_ms, Actor::System, answer);
    }

    fn search(&self, search: &GuardSearch) -> GuardsNear {
        let candidates = self.core.nearest_askable(search, |may_ask| self.nearest(search, may_ask));
        GuardsNear { incident: search.incident.clone(), candidates }
    }

    fn nearest(&self, search: &GuardSearch, may_ask: &dyn Fn(&GuardId) -> bool) -> Vec<GuardCandidate> {
        let mut best: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
        let fits = |slot: u32| may_ask(&self.guards[slot as usize].0);
        for place in &search.places {
            for near in self.index.nearest(*place, search.within_m, search.count_max, fits) {
                let eta_s = ruler_eta_s(near.distance_m);
                let held = best.entry(near.slot).or_insert((eta_s, near.distance_m));
                *held = if eta_s < held.0 { (eta_s, near.distance_m) } else { *held };
            }
        }
        let candidate = |(slot, (eta_s, distance_m)): (u32, (f64, f64))| {
            let position = self.index.position(slot)?;
            let guard = self.guards[slot as usize].0.clone();
            Some(GuardCandidate { guard, position, position_age_ms: 0, distance_m, eta_s, eta_by: EtaSource::Ruler })
        };
        let mut candidates: Vec<GuardCandidate> = best.into_iter().filter_map(candidate).collect();
        candidates.sort_by(|a, b| a.eta_s.total_cmp(&b.eta_s).then_with(|| a.guard.cmp(&b.guard)));
        candidates.truncate(search.count_max);
        candidates
    }

    /// A guard who is told to go drives there, stays, ends the situation and drives back.
    fn tell_guard(&mut self, guard: &GuardId, incident: &IncidentId, notice: GuardNotice) {
        match notice {
            GuardNotice::AssignedPrimary | GuardNotice::PromotedToPrimary => self.go(guard, incident),
            GuardNotice::AssignedBackup | GuardNotice::StandDown | GuardNotice::Cancelled => {}
            GuardNotice::Closed | GuardNotice::Duress | GuardNotice::Reopened => {}
        }
    }

    fn go(&mut self, guard: &GuardId, incident: &IncidentId) {
        let Some(record) = self.core.incident(incident) else { return };
        let (caller, place) = (record.caller.clone(), record.places.first().map(|place| place.point));
        let eta_s = self.etas_s.get(&(incident.clone(), guard.clone())).copied().unwrap_or_default();
        let there_ms = self.now_ms + (eta_s * 1_000.0) as i64;
        let over_ms = there_ms + ON_SCENE_MS;
        if let Some(fate) = self.fates.get_mut(&caller) {
            fate.primaries.insert(guard.clone());
            fate.on_scene_at_ms = Some(there_ms);
        }
        if let (Some((slot, _)), Some(place)) = (self.slot_of(guard), place) {
            self.index.upsert(slot, place);
        }
        let actor = Actor::Guard { id: guard.clone() };
        self.say(there_ms, actor.clone(), Event::GuardOnScene { incident: incident.clone(), guard: guard.clone() });
        self.say(over_ms, actor, Event::SituationEnded { incident: incident.clone(), guard: guard.clone() });
        self.plan(over_ms + (there_ms - self.now_ms), Coming::Back(guard.clone()));
    }

    fn tell_caller(&mut self, caller: &CallerId, incident: &IncidentId, notice: &CallerNotice) {
        match notice {
            CallerNotice::AskConfirmation { .. } => {
                let event = Event::ConfirmationGiven { incident: incident.clone(), verdict: CodeVerdict::Safe };
                self.say(self.now_ms + CONFIRM_MS, Actor::Caller { id: caller.clone() }, event);
            }
            CallerNotice::Closed => {
                if let Some(fate) = self.fates.get_mut(caller) {
                    fate.closed = true;
                }
            }
            CallerNotice::Received | CallerNotice::GuardAssigned { .. } | CallerNotice::GuardOnScene => {}
            CallerNotice::DroneLaunched { .. } | CallerNotice::DroneOnScene | CallerNotice::CodeWrong { .. } => {}
            CallerNotice::Cancelled | CallerNotice::StillSearching => {}
        }
    }

    fn slot_of(&self, guard: &GuardId) -> Option<(u32, GeoPoint)> {
        let slot = self.guards.iter().position(|(id, _)| id == guard)?;
        Some((u32::try_from(slot).ok()?, self.guards[slot].1))
    }

    fn report(&self, records: &[DispatchRecord]) -> ReplayReport {
        let fates: Vec<&Fate> = (0..records.len()).filter_map(|number| self.fates.get(&caller_of(number))).collect();
        let response = |fate: &&Fate| Some((fate.on_scene_at_ms? - fate.raised_at_ms) as f64 / 60_000.0);
        let lost = |(number, fate): (usize, &&Fate)| fate.on_scene_at_ms.is_none().then_some(number);
        ReplayReport {
            calls: fates.len(),
            with_one_primary: fates.iter().filter(|fate| fate.primaries.len() == 1).count(),
            lost: fates.iter().enumerate().filter_map(lost).collect(),
            closed: fates.iter().filter(|fate| fate.closed).count(),
            eta_by: EtaSource::Ruler,
            response_min: Distribution::of(fates.iter().filter_map(response).collect()),
            delay_min: Distribution::of(records.iter().map(|record| record.delay_min).collect()),
            entries: self.core.last_seq(),
            state_hash: self.core.state_hash(),
        }
    }
}

fn caller_of(number: usize) -> CallerId {
    CallerId::new(format!("call-{number:06}")).expect("letters, digits and a dash")
}

fn at_ms(record: &DispatchRecord) -> i64 {
    record.available_s.map_or(record.day_s * 1_000 + NOON_MS, |at_s| at_s * 1_000)
}

/// Units of the same number share a fire station; it is taken to stand in the middle of the calls they were sent to.
fn waiting_places(records: &[DispatchRecord]) -> Result<Vec<(GuardId, GeoPoint)>, ReplayError> {
    let number = |unit: &str| unit.chars().filter(char::is_ascii_digit).collect::<String>();
    let mut calls: BTreeMap<String, Vec<GeoPoint>> = BTreeMap::new();
    for record in records {
        calls.entry(number(&record.unit)).or_default().push(record.point);
    }
    let units: BTreeSet<&str> = records.iter().map(|record| record.unit.as_str()).collect();
    let place = |unit: &str| {
        let points = &calls[&number(unit)];
        let mean = |degrees: fn(&GeoPoint) -> f64| points.iter().map(degrees).sum::<f64>() / points.len() as f64;
        GeoPoint::new(mean(GeoPoint::lat_deg), mean(GeoPoint::lon_deg)).expect("the mean of places is a place")
    };
    let guard = |unit: &&str| GuardId::new(*unit).map_err(|_| ReplayError::Unit((*unit).to_owned()));
    units.iter().map(|unit| Ok((guard(unit)?, place(unit)))).collect()
}

/// A site without aircraft round all calls.
fn site(points: &[GeoPoint]) -> SiteConfig {
    let frame = LocalFrame::new(points[0]);
    let reach_m = points.iter().map(|point| points[0].distance_m(point)).fold(0.0, f64::max) + MARGIN_M;
    let corners = [45.0, 135.0, 225.0, 315.0].map(|bearing| frame.origin().moved(bearing, reach_m * std::f64::consts::SQRT_2));
    let policy = Policy {
        ring_radii_m: vec![2_000.0, 5_000.0, 2.0 * reach_m],
        // Crews report by radio; the virtual callers do not move.
        guard_check_interval_ms: 60_000,
        guard_silence_max_ms: 120_000,
        caller_silence_max_ms: 3_600_000,
        ..Policy::default()
    };
    SiteConfig {
        name: "Replay of real dispatches".to_owned(),
        stations: Vec::new(),
        no_fly_zones: Vec::new(),
        obstacles: Vec::new(),
        rally_points: Vec::new(),
        fence: Ring::new(corners.to_vec()).expect("four corners"),
        fence_height_max_m: 120.0,
        relief: None,
        policy,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use site_model::parse_calls;

    use super::*;

    const HEADER: &str = "CallNumber,UnitID,AvailableDtTm,Location,Delay,CallDate";

    fn records(lines: &[&str]) -> Vec<DispatchRecord> {
        parse_calls(&format!("{HEADER}\n{}", lines.join("\n"))).expect("well-formed records")
    }

    fn check(report: &ReplayReport, calls: usize) {
        assert_eq!((report.calls, report.with_one_primary, report.closed), (calls, calls, calls), "{report}");
        assert!(report.lost.is_empty(), "{report}");
        assert!(report.response_min.least >= 0.0 && report.response_min.most.is_finite(), "{report}");
    }

    #[test]
    fn more_calls_at_once_than_units_are_all_served_one_after_the_other() {
        let lines = [
            r#"1,E01,01/11/2002 01:00:00 AM,"(37.7800, -122.4200)",2.5,2002-01-11"#,
            r#"2,E02,01/11/2002 01:00:00 AM,"(37.7900, -122.4100)",3.5,2002-01-11"#,
            r#"3,E01,01/11/2002 01:00:00 AM,"(37.7850, -122.4150)",1.5,2002-01-11"#,
            r#"4,E02,01/11/2002 01:00:01 AM,"(37.7700, -122.4300)",4.5,2002-01-11"#,
            r#"5,E01,null,"(37.7810, -122.4210)",4.5,2002-01-11"#,
        ];
        let report = replay_calls(&records(&lines)).expect("replayed");
        check(&report, 5);
        // Two units, four calls in the same second: somebody waits until a crew is free.
        assert!(report.response_min.most > ON_SCENE_MS as f64 / 60_000.0, "{report}");
        assert_eq!(replay_calls(&records(&lines)), Ok(report), "the same records give the same report");
    }

    #[test]
    fn what_cannot_be_replayed_is_said() {
        assert_eq!(replay_calls(&[]), Err(ReplayError::Nothing));
        let odd = records(&[r#"1,E/1,null,"(37.78, -122.42)",2.5,2002-01-11"#]);
        assert_eq!(replay_calls(&odd), Err(ReplayError::Unit("E/1".to_owned())));
    }

    #[test]
    fn three_hundred_real_dispatches_each_get_exactly_one_primary() {
        let checkout = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
        let beside = ["../shared/data", "../../shared/data"].map(|place| checkout.join(place));
        let set = std::env::var_os("SHARED_DATA").map(PathBuf::from);
        let path =
            set.into_iter().chain(beside).map(|folder| folder.join("calls/sf_fire_calls_300.csv")).find(|path| path.exists());
        let Some(path) = path else {
            eprintln!("SKIPPED: calls/sf_fire_calls_300.csv is not there; set SHARED_DATA to the folder of real data");
            return;
        };
        let records = parse_calls(&std::fs::read_to_string(path).expect("readable")).expect("real records");
        let report = replay_calls(&records).expect("replayed");
        println!("{report}");
        check(&report, 300);
    }
}
