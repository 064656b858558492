//! The pictures since the last key picture: what somebody who joins is shown at once. Bounded, and never called news when it is none.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::limits::{GROUP_AGE_MAX, GROUP_BYTES_MAX, GROUP_UNITS_MAX};
use crate::unit::AccessUnit;

/// One stream's group.
#[derive(Debug, Default)]
pub(crate) struct Group {
    units: VecDeque<Arc<AccessUnit>>,
    bytes: usize,
    /// When the newest picture came, kept here or not, and how much longer it was on its way than the quickest.
    newest: Option<(Instant, Duration)>,
    /// It outgrew its bound: whoever joins waits for the next key picture.
    overgrown: bool,
}

impl Group {
    /// The next picture of the stream. Nothing is kept before the first key picture.
    pub fn push(&mut self, unit: &Arc<AccessUnit>) {
        self.newest = Some((unit.arrived_at, unit.late));
        if unit.key {
            *self = Self { newest: self.newest, ..Self::default() };
        }
        if self.overgrown || (self.units.is_empty() && !unit.key) {
            return;
        }
        self.bytes += unit.annex_b.len();
        self.units.push_back(unit.clone());
        if GROUP_UNITS_MAX < self.units.len() || GROUP_BYTES_MAX < self.bytes {
            *self = Self { overgrown: true, newest: self.newest, ..Self::default() };
        }
    }

    /// Its pictures, the key picture first; none when it outgrew its bound.
    pub fn units(&self) -> impl ExactSizeIterator<Item = &Arc<AccessUnit>> {
        self.units.iter()
    }

    /// When the newest came.
    pub fn newest_at(&self) -> Option<Instant> {
        self.newest.map(|(at, _)| at)
    }

    /// How much longer the newest was on its way than the quickest.
    pub fn newest_late(&self) -> Duration {
        self.newest.map_or(Duration::ZERO, |(_, late)| late)
    }

    /// Whether it ends with what the camera sees now. The group of a camera that went away ends with what it saw last, however long
    /// ago that was, and a viewer would show it as live.
    pub fn is_fresh(&self, now: Instant) -> bool {
        self.newest_at().is_some_and(|at| now.saturating_duration_since(at) <= GROUP_AGE_MAX)
    }
}
