//! Scripts: one command a line, words and numbers, and the story that comes of them.
//!
//! ```text
//! guard g1 60 [at 500 m] [to ann 30]     a guard on duty, seconds to any caller, metres away, seconds to one caller
//! call ann k1 [gps E,N acc [age s]] [address E,N acc | address ?] [last E,N age s] [home E,N] [silent] [drill]
//! moved ann E,N [acc m] [age s] · cancel ann safe · confirm ann duress · off g1 · on g1 · silent g1 · heard g1 · unreachable g1 · without-fix g1
//! received g1 · accept g1 · decline g1 · scene g1 · end g1 · backup g1 · acknowledge ann
//! wait 15 · clock -3600 · hold index · release index · site (from here on the town has a fence) · places ann (tells them)
//! ```

use dispatch_core::effect::Action;
use dispatch_core::event::{Actor, CodeVerdict, Event, Fix, GeocodedAddress, Role, Trigger};
use dispatch_core::model::{Incident, Place};
use flight_types::{AccountId, CallerId, GeoPoint, GuardId, LocalFrame};

use crate::world::{Terminal, World, at, site, town};

/// Plays the script and compares its story.
pub fn check(script: &str, story: expect_test::Expect) {
    story.assert_eq(&play(script));
}

/// Plays the script in a new world and tells the story.
pub fn play(script: &str) -> String {
    let mut world = World::new();
    let mut told = 0;
    let mut story = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        perform(&mut world, &mut Words::new(line));
        for (at_ms, effect) in &world.seen[told..] {
            if let Some(text) = tell(&effect.action) {
                story += &format!("{:>6.1} {text}\n", *at_ms as f64 / 1_000.0);
            }
        }
        if let Some(caller) = line.strip_prefix("places ") {
            let incident = world.core.incident(&world.incident_of(caller)).expect("an incident");
            story += &format!("       {caller} at {}\n", places(incident));
        }
        told = world.seen.len();
    }
    for incident in world.core.incidents() {
        story += &summary(incident);
    }
    story
}

fn summary(incident: &Incident) -> String {
    let mut line = format!("{} {}", incident.caller, word(&incident.state));
    line += &format!(" at {}", places(incident));
    for (role, guard) in [("primary", &incident.primary), ("backup", &incident.backup)] {
        line += &guard.as_ref().map(|guard| format!(" {role}={guard}")).unwrap_or_default();
    }
    let flags = [("escalated", incident.escalated), ("duress", incident.duress), ("shown_closed", incident.shown_closed)];
    for (name, _) in flags.iter().filter(|(_, on)| *on) {
        line += &format!(" {name}");
    }
    line + "\n"
}

/// The places served: source, accuracy, metres east of the middle of the town.
fn places(incident: &Incident) -> String {
    let frame = LocalFrame::new(town());
    let east_m = |place: &Place| frame.to_local(place.point).east_m + 0.0;
    let one = |place: &Place| format!("{} ±{:.0} m at {:.0}", word(&place.source), place.accuracy_m, east_m(place));
    format!("[{}]", incident.places.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// Plays the script and gives back the world as it is then.
pub fn run(script: &str) -> World {
    let mut world = World::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        perform(&mut world, &mut Words::new(line));
    }
    world
}

/// One effect in words; `None` for what the world answers by itself.
fn tell(action: &Action) -> Option<String> {
    match action {
        Action::SendOffer { offer } => {
            let role = if offer.backup { " as backup" } else { "" };
            Some(format!("offer to {}{role}: {:.0} s", offer.guard, offer.eta_s))
        }
        Action::NotifyGuard { guard, notice, .. } => Some(format!("{guard}: {}", word(notice))),
        Action::NotifyCaller { caller, notice, .. } => Some(format!("{caller}: {}", word(notice))),
        Action::NotifyContact { caller, .. } => Some(format!("contact of {caller}")),
        Action::AlertOperators { alert, .. } => Some(format!("operators: {}", word(alert))),
        Action::FindGuards { .. }
        | Action::CheckGuard { .. }
        | Action::FindDrones { .. }
        | Action::AskApproval { .. }
        | Action::Parking { .. }
        | Action::Command { .. } => None,
    }
}

/// A plain enum as its word, one with particulars as its word and their values.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value).expect("plain data") {
        serde_json::Value::String(word) => word,
        serde_json::Value::Object(fields) => {
            let tag = |key: &String| ["notice", "alert"].contains(&key.as_str());
            let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let head: String = fields.iter().filter(|(key, _)| tag(key)).map(|(_, value)| text(value)).collect();
            let rest: Vec<String> =
                fields.iter().filter(|(key, _)| !tag(key)).map(|(key, value)| format!("{key}={}", text(value))).collect();
            [vec![head], rest].concat().join(" ")
        }
        other => other.to_string(),
    }
}

/// The words of a line, taken one by one.
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn new(line: &'a str) -> Self {
        Self(line.split_whitespace().rev().collect())
    }

    fn next(&mut self) -> &'a str {
        self.0.pop().unwrap_or_else(|| panic!("the line ends too early"))
    }

    fn number(&mut self) -> f64 {
        let word = self.next();
        word.parse().unwrap_or_else(|_| panic!("{word} is not a number"))
    }

    /// Takes the word when it is the next one.
    fn has(&mut self, word: &str) -> bool {
        let found = self.0.last() == Some(&word);
        if found {
            self.0.pop();
        }
        found
    }

    fn number_after(&mut self, word: &str) -> Option<f64> {
        self.has(word).then(|| self.number())
    }

    fn place(&mut self) -> GeoPoint {
        let word = self.next();
        let (east, north) = word.split_once(',').unwrap_or_else(|| panic!("{word} is not a place"));
        at(east.parse().expect("metres east"), north.parse().expect("metres north"))
    }
}

fn guard_id(name: &str) -> GuardId {
    GuardId::new(name).expect("an id")
}

fn perform(world: &mut World, words: &mut Words<'_>) {
    match words.next() {
        "guard" => new_guard(world, words),
        "off" => duty(world, words.next(), false),
        "on" => duty(world, words.next(), true),
        "silent" => {
            let now_ms = world.clock_ms;
            world.terminals.get_mut(&guard_id(words.next())).expect("a guard").silent_since_ms = Some(now_ms);
        }
        "without-fix" => world.terminals.get_mut(&guard_id(words.next())).expect("a guard").without_fix = true,
        "unreachable" => world.terminals.get_mut(&guard_id(words.next())).expect("a guard").unreachable = true,
        "heard" => world.terminals.get_mut(&guard_id(words.next())).expect("a guard").silent_since_ms = None,
        "call" => call(world, words),
        "moved" => moved(world, words),
        "cancel" => code(world, words, |incident, verdict| Event::CancelRequested { incident, verdict }),
        "confirm" => code(world, words, |incident, verdict| Event::ConfirmationGiven { incident, verdict }),
        "received" => answer(world, words.next(), |offer| Event::OfferReceived { offer }),
        "accept" => answer(world, words.next(), |offer| Event::OfferAccepted { offer }),
        "decline" => answer(world, words.next(), |offer| Event::OfferDeclined { offer, reason: None }),
        "scene" => on_incident(world, words.next(), |incident, guard| Event::GuardOnScene { incident, guard }),
        "end" => on_incident(world, words.next(), |incident, guard| Event::SituationEnded { incident, guard }),
        "backup" => on_incident(world, words.next(), |incident, guard| Event::BackupRequested { incident, guard }),
        "acknowledge" => {
            let incident = world.incident_of(words.next());
            world.put(operator(), Event::EscalationAcknowledged { incident });
        }
        "wait" => world.wait((words.number() * 1_000.0) as i64),
        "clock" => world.clock_ms += (words.number() * 1_000.0) as i64,
        "site" => {
            let configured = Event::Configured { code_version: "test".to_owned(), site: Box::new(site()) };
            world.put(Actor::System, configured);
        }
        "places" => {}
        "hold" => world.index_held = true,
        "release" => world.release_index(),
        other => panic!("no such command: {other}"),
    }
}

/// An operator at the desk.
pub fn operator() -> Actor {
    Actor::Account { id: AccountId::new("olga").expect("an id"), role: Role::Operator }
}

fn new_guard(world: &mut World, words: &mut Words<'_>) {
    let name = words.next();
    let mut terminal = Terminal {
        eta_s: words.number(),
        eta_to: Default::default(),
        distance_m: 100.0,
        silent_since_ms: None,
        unreachable: false,
        without_fix: false,
    };
    if let Some(distance_m) = words.number_after("at") {
        terminal.distance_m = distance_m;
        words.has("m");
    }
    while words.has("to") {
        let caller = words.next().to_owned();
        terminal.eta_to.insert(caller, words.number());
    }
    world.terminals.insert(guard_id(name), terminal);
    duty(world, name, true);
}

fn duty(world: &mut World, name: &str, on_duty: bool) {
    let guard = guard_id(name);
    world.put(Actor::Guard { id: guard.clone() }, Event::GuardDutyChanged { guard, on_duty });
}

fn call(world: &mut World, words: &mut Words<'_>) {
    let caller = CallerId::new(words.next()).expect("an id");
    let key = words.next().to_owned();
    let now_ms = world.clock_ms;
    let gps = words.has("gps").then(|| fix(words, now_ms));
    let address = words.has("address").then(|| given_address(words));
    let last_known = words.has("last").then(|| fix(words, now_ms));
    let home = words.has("home").then(|| given_address(words));
    let (silent, drill) = (words.has("silent"), words.has("drill"));
    let actor = Actor::Caller { id: caller.clone() };
    let trigger = Trigger::Hold;
    world.put(actor, Event::CallRaised { caller, key, trigger, silent, drill, gps, address, last_known, home });
}

fn fix(words: &mut Words<'_>, now_ms: i64) -> Fix {
    let point = words.place();
    let accuracy_m = words.number_after("acc").unwrap_or(10.0);
    let age_s = words.number_after("age").unwrap_or(0.0);
    Fix { point, accuracy_m, at_ms: now_ms - (age_s * 1_000.0) as i64, speed: None }
}

fn given_address(words: &mut Words<'_>) -> GeocodedAddress {
    let point = if words.has("?") { None } else { Some(words.place()) };
    let accuracy_m = words.number_after("acc").unwrap_or(30.0);
    GeocodedAddress { text: "Long Street 1".to_owned(), point, accuracy_m }
}

fn moved(world: &mut World, words: &mut Words<'_>) {
    let caller = words.next();
    let incident = world.incident_of(caller);
    let fix = fix(words, world.clock_ms);
    world.put(Actor::Caller { id: CallerId::new(caller).expect("an id") }, Event::CallerMoved { incident, fix });
}

fn code(world: &mut World, words: &mut Words<'_>, event: impl Fn(flight_types::IncidentId, CodeVerdict) -> Event) {
    let caller = words.next();
    let verdict = match words.next() {
        "safe" => CodeVerdict::Safe,
        "duress" => CodeVerdict::Duress,
        "wrong" => CodeVerdict::Wrong,
        other => panic!("no such code: {other}"),
    };
    let incident = if words.has("first") { world.first_incident_of(caller) } else { world.incident_of(caller) };
    let event = event(incident, verdict);
    world.put(Actor::Caller { id: CallerId::new(caller).expect("an id") }, event);
}

fn answer(world: &mut World, guard: &str, event: impl Fn(flight_types::OfferId) -> Event) {
    let event = event(world.offer_of(guard));
    world.put(Actor::Guard { id: guard_id(guard) }, event);
}

fn on_incident(world: &mut World, guard: &str, event: impl Fn(flight_types::IncidentId, GuardId) -> Event) {
    let event = event(world.incident_of_guard(guard), guard_id(guard));
    world.put(Actor::Guard { id: guard_id(guard) }, event);
}
