//! Dies where a test wants it: at a given entry, or in every life of the server at the first entry that says something new.
//!
//! A test that starts the latter again and again over the same data sees it die at every entry of the log, one after another. Never
//! part of a site: without `serve --crash-at` nothing of this is made, and no configuration file can ask for it.

use std::collections::BTreeSet;

use clap::ValueEnum;
use dispatch_core::event::{Actor, Entry, Event};

/// At which point of an entry's way the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CrashPoint {
    /// Before it is written: what it reports was done, and nothing knows of it.
    BeforeAppend,
    /// On disk, and not taken by the core: whoever brought it was not answered.
    Durable,
    /// Taken by the core, and what the core ordered is with the workers.
    Dispatched,
}

/// Where a life is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrashOrder {
    /// At which point of the entry's way.
    pub point: CrashPoint,
    /// At which entry; `None`: at the first that says something new.
    pub seq: Option<u64>,
}

/// What a life must know to die at the right entry.
#[derive(Debug)]
pub(crate) struct Crash {
    order: CrashOrder,
    /// What the log said before this life.
    known: BTreeSet<String>,
}

impl Crash {
    /// Over an empty log.
    pub fn new(order: CrashOrder) -> Self {
        Self { order, known: BTreeSet::new() }
    }

    /// An entry of an earlier life.
    pub fn replayed(&mut self, entry: &Entry) {
        if may_repeat(&entry.event) {
            self.known.insert(said(&entry.actor, &entry.event));
        }
    }

    /// Dies when `entry` is the one and has come to this point of its way.
    pub fn at(&self, point: CrashPoint, entry: &Entry) {
        let is_it = match self.order.seq {
            Some(seq) => seq == entry.seq,
            None => self.is_new(entry),
        };
        if point == self.order.point && is_it {
            die();
        }
    }

    /// Every life begins with `Configured`. What a start repeats word for word (an order that stands given again and done again, a
    /// light read again) is known. That time passed is said in the same words each time and means another deadline.
    fn is_new(&self, entry: &Entry) -> bool {
        match &entry.event {
            Event::Configured { .. } => false,
            event => !may_repeat(event) || !self.known.contains(&said(&entry.actor, event)),
        }
    }
}

/// Whether the same words mean the same again.
fn may_repeat(event: &Event) -> bool {
    !matches!(event, Event::Configured { .. } | Event::TimePassed)
}

fn said(actor: &Actor, event: &Event) -> String {
    serde_json::to_string(&(actor, event)).expect("an entry is plain data")
}

/// As by `kill -9`: no destructor runs, nothing is flushed.
fn die() -> ! {
    std::process::abort()
}
