//! The server's log between two of its lives, read as the next one will read it.

use std::path::Path;

use dispatch_core::Core;
use dispatch_core::event::{Entry, Event};
use flight_types::IncidentId;
use orchestrator::store::{Location, LogHead, Store};
use serde_json::{Value, json};

use crate::record::Record;

/// Every entry, and what they add up to.
pub struct Log {
    entries: Vec<Entry>,
    core: Core,
}

impl Log {
    /// Reads it; no server may run meanwhile.
    pub async fn read(data: &Path) -> Self {
        let store = Store::open_reading(&Location::directory(data), None).await.expect("the store opens");
        let (mut core, mut entries) = (Core::new(store.district().clone()), Vec::new());
        let mut take = |entry: &Entry| {
            drop(core.step(entry));
            entries.push(entry.clone());
        };
        store.log().read(LogHead::start(), &mut take).await.expect("the log can be read");
        Self { entries, core }
    }

    /// How many entries there are.
    pub fn length(&self) -> usize {
        self.entries.len()
    }

    /// The incident as it stands.
    pub fn record(&self, id: &str) -> Record {
        let id = IncidentId::new(id).expect("an id");
        let incident = self.core.incident(&id).unwrap_or_else(|| panic!("{id} was acknowledged and is lost"));
        let offers: Vec<_> = incident.offers.iter().filter_map(|id| self.core.offer(id)).collect();
        let missions: Vec<_> = incident.missions.iter().filter_map(|id| self.core.mission(id)).collect();
        Record(json!({"incident": incident, "offers": offers, "missions": missions}))
    }

    /// Nothing is left to do: no order is open, no deadline is to come.
    pub fn is_at_rest(&self) -> bool {
        self.core.outstanding().is_empty() && self.core.next_deadline_ms().is_none()
    }

    /// What was told to be taken is there.
    pub fn assert_holds(&self, acknowledged: &[String]) {
        let written: Vec<Value> = self.entries.iter().map(|entry| json!(entry.event)).collect();
        for path in acknowledged {
            let Some((name, key, id)) = entry_of(path) else { continue };
            let is_it = |event: &Value| event["event"] == name && id.is_none_or(|id| event[key] == id);
            assert!(written.iter().any(is_it), "{path} was acknowledged and is not in the log");
        }
    }

    /// The entries of each life since the log had `from` entries. Each life begins with `Configured`.
    fn lives(&self, from: usize) -> impl Iterator<Item = &[Entry]> {
        let begins = |entry: &Entry| matches!(entry.event, Event::Configured { .. });
        let starts = (from..self.entries.len()).filter(move |&index| begins(&self.entries[index]));
        starts.map(move |start| {
            let length = self.entries[start + 1..].iter().position(begins);
            &self.entries[start..length.map_or(self.entries.len(), |length| start + 1 + length)]
        })
    }

    /// Whether an entry says something that none before it said. The server judges the same in order to die; this is the test's own
    /// judgement.
    fn is_new(&self, entry: &Entry) -> bool {
        let before = &self.entries[..usize::try_from(entry.seq).expect("an index") - 1];
        match &entry.event {
            Event::Configured { .. } => false,
            Event::TimePassed => true,
            event => !before.iter().any(|earlier| earlier.actor == entry.actor && earlier.event == *event),
        }
    }

    /// Since the log had `from` entries, one life after the other died at these points, over and over: before it had appended anything
    /// new, or with its first new entry as the last of its life. So no entry was survived. Returns the new ones, in words.
    pub fn assert_died_at_every_entry(&self, from: usize, points: &[&str], lives: usize) -> Vec<String> {
        assert_eq!(self.lives(from).count(), lives, "each life has begun");
        let mut all_new = Vec::new();
        for (life, point) in self.lives(from).zip(points.iter().cycle()) {
            let new: Vec<&Entry> = life.iter().filter(|entry| self.is_new(entry)).collect();
            match *point {
                "before-append" => assert!(new.is_empty(), "a life that was to die before it wrote: {new:#?}"),
                _ => assert!(new.len() == 1 && life.last() == new.last().copied(), "a life that was to die {point}: {new:#?}"),
            }
            all_new.extend(new.into_iter().map(in_words));
        }
        all_new
    }
}

/// What happened, without its figures.
fn in_words(entry: &Entry) -> String {
    let event = json!(entry.event);
    let name = event["event"].as_str().expect("a name");
    let Event::Flight { report, .. } = &entry.event else { return name.to_owned() };
    let report = json!(report);
    let words = report.as_object().into_iter().flat_map(|fields| fields.values()).filter_map(Value::as_str);
    format!("{name} {}", words.collect::<Vec<_>>().join(" "))
}

/// The entry that a request becomes: its name, and the field that names what the path names.
fn entry_of(path: &str) -> Option<(&'static str, &'static str, Option<&str>)> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts[..] {
        ["calls"] => Some(("call_raised", "", None)),
        ["guards", "me", "duty"] => Some(("guard_duty_changed", "", None)),
        ["offers", id, "received"] => Some(("offer_received", "offer", Some(id))),
        ["offers", id, "accept"] => Some(("offer_accepted", "offer", Some(id))),
        ["incidents", id, "on-scene"] => Some(("guard_on_scene", "incident", Some(id))),
        ["incidents", id, "situation-end"] => Some(("situation_ended", "incident", Some(id))),
        ["incidents", id, "confirmation"] => Some(("confirmation_given", "incident", Some(id))),
        ["callers"] | ["guards", "me", "position"] => None,
        _ => panic!("{path} becomes no entry that this test knows"),
    }
}
