//! All parameters of an aircraft. It tells them in a row; what was lost on the way is asked for by its number.

use std::collections::BTreeMap;

use crate::LinkLimits;
use crate::dialect::Outgoing;
use crate::inbound::RawParameter;
use crate::parameters::{decode, wait_ms};
use crate::profile::Autopilot;

/// Parameters that are taken; PX4 and ArduCopter have 900 to 1,400. More would fill the memory.
const PARAMETERS_MAX: u16 = 8_192;
/// Numbers asked for at a time: more would fill a radio's queue and be lost again.
const ASKED_AT_ONCE: usize = 16;
/// While values come, those that are missing may still be on their way, milliseconds.
const QUIET_MS: u64 = 500;

/// One parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value; integers too.
    pub value: f64,
}

/// Why there is no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoParameters {
    /// No value came.
    #[error("the aircraft tells no parameters")]
    Silent,
    /// Some never came.
    #[error("{heard} of {count} parameters came, and no more")]
    Incomplete {
        /// So many came.
        heard: u16,
        /// So many there are.
        count: u16,
    },
    /// It says that it has more than anybody has.
    #[error("the aircraft speaks of {0} parameters")]
    TooMany(u16),
}

/// One download.
#[derive(Debug)]
pub(crate) struct ParameterList {
    autopilot: Autopilot,
    count: Option<u16>,
    heard: BTreeMap<u16, Parameter>,
    sendings: u32,
    next_ms: u64,
    end: Option<Result<Vec<Parameter>, NoParameters>>,
}

impl ParameterList {
    pub fn new(autopilot: Autopilot, now_ms: u64) -> Self {
        Self { autopilot, count: None, heard: BTreeMap::new(), sendings: 0, next_ms: now_ms, end: None }
    }

    /// The end, once there is one; by name.
    pub fn outcome(&self) -> Option<&Result<Vec<Parameter>, NoParameters>> {
        self.end.as_ref()
    }

    /// Takes a PARAM_VALUE. One that answers a question by name may have no number and is not counted.
    pub fn handle(&mut self, raw: &RawParameter, now_ms: u64) {
        if self.end.is_some() || raw.index >= raw.count {
            return;
        }
        if raw.count > PARAMETERS_MAX {
            self.end = Some(Err(NoParameters::TooMany(raw.count)));
            return;
        }
        // A count that grows: parameters appear when what they belong to is switched on. What is known keeps its number.
        let count = *self.count.insert(raw.count);
        let parameter = Parameter { name: raw.name.clone(), value: decode(self.autopilot, raw) };
        if self.heard.insert(raw.index, parameter).is_none() {
            self.sendings = 0;
        }
        self.next_ms = now_ms + QUIET_MS;
        if self.heard.len() >= usize::from(count) {
            let mut all: Vec<Parameter> = std::mem::take(&mut self.heard).into_values().collect();
            all.sort_by(|a, b| a.name.cmp(&b.name));
            self.end = Some(Ok(all));
        }
    }

    /// Asks for all, or for some that are missing; gives up when that was done often enough without a new one.
    pub fn handle_timeout(&mut self, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        if self.end.is_some() || now_ms < self.next_ms {
            return;
        }
        if self.sendings >= limits.transfer_sends_max {
            let heard = u16::try_from(self.heard.len()).unwrap_or(u16::MAX);
            let why = self.count.map_or(NoParameters::Silent, |count| NoParameters::Incomplete { heard, count });
            self.end = Some(Err(why));
            return;
        }
        match self.count {
            None => send(Outgoing::ParameterList),
            Some(count) => {
                let missing = (0..count).filter(|index| !self.heard.contains_key(index));
                missing.take(ASKED_AT_ONCE).for_each(|index| send(Outgoing::ParameterAt { index }));
            }
        }
        self.sendings += 1;
        self.next_ms = now_ms + wait_ms(self.sendings, limits).max(QUIET_MS);
    }

    /// When something is due.
    pub fn next_timeout_ms(&self) -> Option<u64> {
        self.end.is_none().then_some(self.next_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(index: u16, count: u16) -> RawParameter {
        RawParameter { name: format!("P{:03}", 999 - index), value: f32::from(index), kind: 9, count, index }
    }

    /// What a list sends by itself until it ends, when nobody answers any more.
    fn sent_until_the_end(list: &mut ParameterList) -> Vec<Outgoing> {
        let (limits, mut sent) = (LinkLimits::default(), Vec::new());
        while let Some(at_ms) = list.next_timeout_ms() {
            list.handle_timeout(&limits, at_ms, &mut |outgoing| sent.push(outgoing));
        }
        sent
    }

    #[test]
    fn only_what_was_lost_is_asked_for_again() {
        let mut list = ParameterList::new(Autopilot::ArduPilot, 0);
        for index in (0..100).filter(|index| index % 25 != 3) {
            list.handle(&raw(index, 100), 10);
        }
        let mut asked = Vec::new();
        list.handle_timeout(&LinkLimits::default(), 10 + QUIET_MS, &mut |outgoing| asked.push(outgoing));
        assert_eq!(asked, [3, 28, 53, 78].map(|index| Outgoing::ParameterAt { index }));
        for index in [3, 28, 53, 78] {
            list.handle(&raw(index, 100), 700);
        }
        let Some(Ok(all)) = list.outcome() else { panic!("complete") };
        assert_eq!((all.len(), all[0].name.as_str(), all[0].value), (100, "P900", 99.0), "by name");
    }

    #[test]
    fn silence_gaps_and_absurd_counts_end_it() {
        let sends = LinkLimits::default().transfer_sends_max as usize;
        let mut silent = ParameterList::new(Autopilot::Px4, 0);
        assert_eq!(sent_until_the_end(&mut silent), vec![Outgoing::ParameterList; sends]);
        assert_eq!(silent.outcome(), Some(&Err(NoParameters::Silent)));
        let mut cut = ParameterList::new(Autopilot::Px4, 0);
        cut.handle(&raw(0, 2), 0);
        assert_eq!(sent_until_the_end(&mut cut), vec![Outgoing::ParameterAt { index: 1 }; sends]);
        assert_eq!(cut.outcome(), Some(&Err(NoParameters::Incomplete { heard: 1, count: 2 })));
        let mut absurd = ParameterList::new(Autopilot::Px4, 0);
        absurd.handle(&RawParameter { index: u16::MAX, ..raw(0, 4) }, 0);
        assert_eq!(absurd.outcome(), None, "a value without a number");
        absurd.handle(&raw(0, u16::MAX), 0);
        assert_eq!(absurd.outcome(), Some(&Err(NoParameters::TooMany(u16::MAX))));
    }
}
