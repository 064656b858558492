//! Guards and callers as they behave: they see notices on their terminals, take their time, move, and answer.

use std::collections::{BTreeMap, VecDeque};

use dispatch_core::effect::{CallerNotice, GuardNotice, OfferNotice};
use dispatch_core::event::{Actor, CodeVerdict, Event, Fix, GeocodedAddress, GroundSpeed, Trigger};
use flight_types::{CallerId, GeoPoint, GuardId, IncidentId, Local, LocalFrame};
use rand_distr::{Distribution, Normal};
use rand_pcg::Pcg64;

use super::file::{Answer, CallerScript, Confirms, EastNorth, GuardScript};

/// How near a guard must be to say that they are with the caller, metres.
const ON_SCENE_M: f64 = 10.0;
/// How often terminals report positions, milliseconds.
const REPORT_INTERVAL_MS: u64 = 1_000;

/// A receiver's velocity is off by so much along each axis, metres per second: frequencies are measured to 0.1 m/s in the open, and a
/// phone in a hand swings.
const SPEED_NOISE_M_S: f64 = 0.3;
/// … and is the mean of so long, milliseconds.
const SPEED_OVER_MS: u64 = 1_000;
/// Who is slower has no heading, metres per second.
const HEADING_M_S_MIN: f64 = 0.4;

/// What a terminal sends to the server.
#[derive(Debug, Clone)]
pub(crate) enum Sent {
    /// Something for the log.
    Request(Actor, Box<Event>),
    /// A guard's position: live data, not logged.
    GuardPosition(GuardId, GeoPoint),
}

/// What a terminal shows.
#[derive(Debug, Clone)]
pub(crate) enum Shown {
    Offer(OfferNotice),
    GuardNotice(IncidentId, GuardNotice),
    /// Where the caller of a guard's incident is now.
    CallerAt(IncidentId, GeoPoint),
    /// The server has kept the call.
    CallKept(IncidentId),
    CallerNotice(IncidentId, CallerNotice),
}

/// A guard.
pub(crate) struct Guard {
    pub id: GuardId,
    pub script: GuardScript,
    pub at: Local,
    goes_to: Option<(IncidentId, Local)>,
    arrived: bool,
    to_do: BTreeMap<(u64, u64), Event>,
    planned: u64,
    reported_at_ms: Option<u64>,
}

impl Guard {
    pub fn new(script: GuardScript) -> anyhow::Result<Self> {
        Ok(Self {
            id: GuardId::new(&script.id)?,
            at: Local { east_m: script.at[0], north_m: script.at[1] },
            goes_to: None,
            arrived: false,
            to_do: BTreeMap::new(),
            planned: 0,
            reported_at_ms: None,
            script,
        })
    }

    fn actor(&self) -> Actor {
        Actor::Guard { id: self.id.clone() }
    }

    fn silent(&self, now_ms: u64) -> bool {
        self.script.silent_from_s.is_some_and(|from_s| from_s * 1_000.0 <= now_ms as f64)
    }

    /// The incident this guard believes to be theirs.
    pub fn incident(&self) -> Option<&IncidentId> {
        self.goes_to.as_ref().map(|(incident, _)| incident)
    }

    pub fn plan(&mut self, at_ms: u64, event: Event) {
        self.planned += 1;
        self.to_do.insert((at_ms, self.planned), event);
    }

    /// The terminal shows something.
    pub fn see(&mut self, shown: &Shown, now_ms: u64, frame: &LocalFrame) {
        if self.silent(now_ms) {
            return;
        }
        match shown {
            Shown::Offer(offer) => self.consider(offer, now_ms, frame),
            Shown::GuardNotice(incident, notice) => self.obey(incident, *notice),
            Shown::CallerAt(incident, point) => self.head_for(incident, frame.to_local(*point)),
            Shown::CallKept(_) | Shown::CallerNotice(..) => {}
        }
    }

    fn consider(&mut self, offer: &OfferNotice, now_ms: u64, frame: &LocalFrame) {
        self.plan(now_ms, Event::OfferReceived { offer: offer.offer.clone() });
        let answer_at_ms = now_ms + (self.script.after_s * 1_000.0) as u64;
        let answer = match self.script.answers {
            Answer::Accept => Event::OfferAccepted { offer: offer.offer.clone() },
            Answer::Decline => Event::OfferDeclined { offer: offer.offer.clone(), reason: Some("too far".to_owned()) },
            Answer::Ignore => return,
        };
        self.plan(answer_at_ms, answer);
        if self.goes_to.is_none() {
            self.goes_to = Some((offer.incident.clone(), frame.to_local(offer.place)));
            self.arrived = true; // they know the place, but set out only when told to
        }
    }

    fn obey(&mut self, incident: &IncidentId, notice: GuardNotice) {
        let theirs = self.incident() == Some(incident);
        match notice {
            GuardNotice::AssignedPrimary | GuardNotice::AssignedBackup | GuardNotice::PromotedToPrimary | GuardNotice::Reopened => {
                if theirs {
                    self.arrived = false;
                }
            }
            GuardNotice::StandDown | GuardNotice::Cancelled | GuardNotice::Closed => {
                if theirs {
                    self.goes_to = None;
                    self.to_do.retain(|_, event| !matches!(event, Event::SituationEnded { .. }));
                }
            }
            GuardNotice::Duress => {}
        }
    }

    fn head_for(&mut self, incident: &IncidentId, place: Local) {
        if let Some((theirs, target)) = &mut self.goes_to
            && theirs == incident
        {
            *target = place;
        }
    }

    /// Moves, answers, reports.
    pub fn live(&mut self, now_ms: u64, step_ms: u64, frame: &LocalFrame) -> Vec<Sent> {
        self.walk(now_ms, step_ms);
        let mut sent = Vec::new();
        while let Some(entry) = self.to_do.first_entry().filter(|entry| entry.key().0 <= now_ms) {
            let event = entry.remove();
            sent.push(Sent::Request(self.actor(), Box::new(event)));
        }
        if self.reported_at_ms.is_none_or(|at_ms| at_ms + REPORT_INTERVAL_MS <= now_ms) {
            self.reported_at_ms = Some(now_ms);
            sent.push(Sent::GuardPosition(self.id.clone(), frame.to_geo(self.at)));
        }
        if self.silent(now_ms) { Vec::new() } else { sent }
    }

    fn walk(&mut self, now_ms: u64, step_ms: u64) {
        let Some((incident, target)) = self.goes_to.clone() else { return };
        if self.arrived {
            return;
        }
        self.at = towards(self.at, target, self.script.speed_m_s * step_ms as f64 / 1_000.0);
        if self.at.distance_m(&target) <= ON_SCENE_M {
            self.arrived = true;
            let guard = self.id.clone();
            self.plan(now_ms, Event::GuardOnScene { incident: incident.clone(), guard: guard.clone() });
            if let Some(after_s) = self.script.ends_after_s {
                self.plan(now_ms + (after_s * 1_000.0) as u64, Event::SituationEnded { incident, guard });
            }
        }
    }
}

/// A caller.
pub(crate) struct Caller {
    pub id: CallerId,
    pub script: CallerScript,
    pub at: Local,
    pub incident: Option<IncidentId>,
    /// When the first call was made.
    pub called_ms: Option<u64>,
    walks: Vec<EastNorth>,
    calls: u32,
    asked: u32,
    answered_wrong: bool,
    to_do: BTreeMap<(u64, u64), Event>,
    planned: u64,
    reported_at_ms: Option<u64>,
    walking: bool,
    /// Standing at a corner for so much longer, milliseconds.
    rest_ms: u64,
    /// Where they were at each step of the last second, oldest first.
    trail: VecDeque<Local>,
    /// By how much the latest fix was off, and when it was taken.
    erred: Option<(Local, i64)>,
}

impl Caller {
    pub fn new(script: CallerScript) -> anyhow::Result<Self> {
        Ok(Self {
            id: CallerId::new(&script.id)?,
            at: Local { east_m: script.at[0], north_m: script.at[1] },
            incident: None,
            called_ms: None,
            walks: script.walks.iter().rev().copied().collect(),
            calls: 0,
            asked: 0,
            answered_wrong: false,
            to_do: BTreeMap::new(),
            planned: 0,
            reported_at_ms: None,
            walking: false,
            rest_ms: 0,
            trail: VecDeque::new(),
            erred: None,
            script,
        })
    }

    /// Whether the phone is off.
    pub fn is_dead(&self, now_ms: u64) -> bool {
        let now_s = now_ms as f64 / 1_000.0;
        let from = self.script.dead_from_s.is_some_and(|from_s| from_s <= now_s);
        from && self.script.dead_until_s.is_none_or(|until_s| now_s < until_s)
    }

    pub fn plan(&mut self, at_ms: u64, event: Event) {
        self.planned += 1;
        self.to_do.insert((at_ms, self.planned), event);
    }

    /// Presses the button: `presses` messages with one key.
    pub fn call(&mut self, now_ms: u64, wall_ms: i64, mode: CallMode, frame: &LocalFrame, random: &mut Pcg64) {
        self.calls += 1;
        self.called_ms.get_or_insert(now_ms);
        self.walking = true;
        let event = Event::CallRaised {
            caller: self.id.clone(),
            key: format!("press-{}", self.calls),
            trigger: Trigger::Hold,
            silent: mode.silent,
            drill: mode.drill,
            gps: self.fix(wall_ms, frame, random),
            address: self.script.address_at.map(|at| known_address("12 Scenario Street", at, frame)),
            last_known: None,
            home: self.script.home_at.map(|at| known_address("home", at, frame)),
        };
        for _ in 0..mode.presses {
            self.plan(now_ms, event.clone());
        }
    }

    fn fix(&mut self, wall_ms: i64, frame: &LocalFrame, random: &mut Pcg64) -> Option<Fix> {
        if !self.script.has_gps {
            return None;
        }
        let accuracy_m = self.script.gps_accuracy_m;
        // A zero deviation is a perfect terminal; the distribution takes it, so it cannot fail for finite values.
        let noise = Normal::new(0.0, accuracy_m.max(0.0)).ok()?;
        let kept = self.erred.map_or(0.0, |(_, before_ms)| self.error_kept(wall_ms - before_ms));
        let before = self.erred.map_or(Local::default(), |(error, _)| error);
        let mut error = |before_m: f64| kept * before_m + (1.0 - kept * kept).sqrt() * noise.sample(random);
        let error = Local { east_m: error(before.east_m), north_m: error(before.north_m) };
        self.erred = Some((error, wall_ms));
        let seen = Local { east_m: self.at.east_m + error.east_m, north_m: self.at.north_m + error.north_m };
        let speed = if self.script.says_speed { self.speed(random) } else { None };
        Some(Fix { point: frame.to_geo(seen), accuracy_m, at_ms: wall_ms, speed })
    }

    /// What a receiver measures: the mean velocity of the last second; no heading from somebody who stands.
    fn speed(&self, random: &mut Pcg64) -> Option<GroundSpeed> {
        let noise = Normal::new(0.0, SPEED_NOISE_M_S).ok()?;
        let before = self.trail.front().copied().unwrap_or(self.at);
        let (east_m, north_m) = (self.at.east_m - before.east_m, self.at.north_m - before.north_m);
        let (east_m_s, north_m_s) = (east_m + noise.sample(random), north_m + noise.sample(random));
        let speed_m_s = east_m_s.hypot(north_m_s);
        let heading_deg = (speed_m_s >= HEADING_M_S_MIN).then(|| east_m_s.atan2(north_m_s).to_degrees().rem_euclid(360.0));
        Some(GroundSpeed { speed_m_s, heading_deg })
    }

    /// The share of an error that is left after so long.
    fn error_kept(&self, passed_ms: i64) -> f64 {
        let lasts_s = self.script.gps_error_lasts_s;
        if lasts_s > 0.0 { (-(passed_ms as f64) / 1_000.0 / lasts_s).exp() } else { 0.0 }
    }

    /// The terminal shows something.
    pub fn see(&mut self, shown: &Shown, now_ms: u64) {
        match shown {
            Shown::CallKept(incident) => self.incident = Some(incident.clone()),
            Shown::CallerNotice(incident, CallerNotice::AskConfirmation { ask }) => {
                self.consider_confirming(incident, *ask, now_ms)
            }
            Shown::CallerNotice(incident, CallerNotice::CodeWrong { .. }) => self.try_again(incident, now_ms),
            Shown::CallerNotice(_, CallerNotice::Closed | CallerNotice::Cancelled) => self.incident = None,
            Shown::CallerNotice(..) | Shown::Offer(_) | Shown::GuardNotice(..) | Shown::CallerAt(..) => {}
        }
    }

    fn consider_confirming(&mut self, incident: &IncidentId, ask: u32, now_ms: u64) {
        if ask <= self.asked {
            return; // the same question, delivered twice
        }
        self.asked = ask;
        let verdict = match (self.script.confirms, ask) {
            (Confirms::Safe, _) => CodeVerdict::Safe,
            (Confirms::Duress, _) => CodeVerdict::Duress,
            (Confirms::WrongThenSafe | Confirms::Wrong, _) => CodeVerdict::Wrong,
            (Confirms::SecondAsk, 2..) => CodeVerdict::Safe,
            (Confirms::SecondAsk | Confirms::Never, _) => return,
        };
        self.answer(incident, verdict, now_ms);
    }

    fn try_again(&mut self, incident: &IncidentId, now_ms: u64) {
        match self.script.confirms {
            Confirms::WrongThenSafe if !self.answered_wrong => {
                self.answered_wrong = true;
                self.answer(incident, CodeVerdict::Safe, now_ms);
            }
            Confirms::Wrong => self.answer(incident, CodeVerdict::Wrong, now_ms),
            Confirms::WrongThenSafe | Confirms::Safe | Confirms::Duress | Confirms::Never | Confirms::SecondAsk => {}
        }
    }

    fn answer(&mut self, incident: &IncidentId, verdict: CodeVerdict, now_ms: u64) {
        let at_ms = now_ms + (self.script.confirms_after_s * 1_000.0) as u64;
        self.plan(at_ms, Event::ConfirmationGiven { incident: incident.clone(), verdict });
    }

    /// Walks, answers, reports.
    pub fn live(&mut self, now_ms: u64, step_ms: u64, wall_ms: i64, frame: &LocalFrame, random: &mut Pcg64) -> Vec<Sent> {
        self.trail.push_back(self.at);
        if self.trail.len() as u64 * step_ms > SPEED_OVER_MS {
            self.trail.pop_front();
        }
        self.walk(step_ms);
        if self.is_dead(now_ms) {
            return Vec::new();
        }
        let due = self.reported_at_ms.is_none_or(|at_ms| at_ms + REPORT_INTERVAL_MS <= now_ms);
        if let Some(incident) = self.incident.clone().filter(|_| due) {
            self.reported_at_ms = Some(now_ms);
            let fix = if self.drops_out(now_ms) { None } else { self.fix(wall_ms, frame, random) };
            if let Some(fix) = fix {
                self.plan(now_ms, Event::CallerMoved { incident, fix });
            }
        }
        let mut sent = Vec::new();
        while let Some(entry) = self.to_do.first_entry().filter(|entry| entry.key().0 <= now_ms) {
            let event = entry.remove();
            sent.push(Sent::Request(Actor::Caller { id: self.id.clone() }, Box::new(event)));
        }
        sent
    }

    /// Whether the terminal has no fix at the moment.
    fn drops_out(&self, now_ms: u64) -> bool {
        let (every_ms, for_ms) = ((self.script.drop_out_every_s * 1_000.0) as u64, (self.script.drop_out_s * 1_000.0) as u64);
        now_ms % every_ms.max(1) < for_ms
    }

    fn walk(&mut self, step_ms: u64) {
        if self.rest_ms > 0 {
            self.rest_ms = self.rest_ms.saturating_sub(step_ms);
            return;
        }
        let Some(next) = self.walks.last().filter(|_| self.walking) else { return };
        let target = Local { east_m: next[0], north_m: next[1] };
        self.at = towards(self.at, target, self.script.speed_m_s * step_ms as f64 / 1_000.0);
        if self.at.distance_m(&target) < 0.01 {
            self.walks.pop();
            self.rest_ms = (self.script.rests_s * 1_000.0) as u64;
        }
    }
}

/// How a call is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallMode {
    pub silent: bool,
    pub drill: bool,
    pub presses: u32,
}

fn known_address(text: &str, at: EastNorth, frame: &LocalFrame) -> GeocodedAddress {
    let point = frame.to_geo(Local { east_m: at[0], north_m: at[1] });
    GeocodedAddress { text: text.to_owned(), point: Some(point), accuracy_m: 20.0 }
}

fn towards(from: Local, to: Local, step_m: f64) -> Local {
    let distance_m = from.distance_m(&to);
    if distance_m <= step_m {
        return to;
    }
    let share = step_m / distance_m;
    Local { east_m: from.east_m + (to.east_m - from.east_m) * share, north_m: from.north_m + (to.north_m - from.north_m) * share }
}
