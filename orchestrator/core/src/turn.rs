//! One turn of the loop: who acts, when, and the effects that come of it.

use crate::effect::{Action, Effect, EffectId};
use crate::event::Actor;

/// The longest deadline: a year.
const DELAY_MAX_MS: i64 = 366 * 24 * 3_600_000;

/// What a handler needs besides the state.
#[derive(Debug)]
pub(crate) struct Turn {
    /// The entry's sequence number; ids made in this turn derive from it.
    pub seq: u64,
    /// The core's time.
    pub now_ms: i64,
    /// Who acts: whoever brought the entry, or the system while passed deadlines fire.
    pub actor: Actor,
    effects: Vec<Effect>,
    names_made: u32,
}

impl Turn {
    pub fn new(seq: u64, now_ms: i64, actor: Actor) -> Self {
        Self { seq, now_ms, actor, effects: Vec::new(), names_made: 0 }
    }

    /// Orders an effect.
    pub fn order(&mut self, action: Action) -> EffectId {
        let index = u32::try_from(self.effects.len()).expect("fewer than 2^32 effects in a turn");
        let id = EffectId { seq: self.seq, index };
        self.effects.push(Effect { id, action });
        id
    }

    /// A deadline so far from now. Kept between a millisecond and a year, so that a careless policy neither spins nor overflows.
    pub fn after(&self, delay_ms: i64) -> i64 {
        self.now_ms + delay_ms.clamp(1, DELAY_MAX_MS)
    }

    /// A name never used before in this district: a prefix, the sequence number (padded, so that names sort by age), a counter
    /// within the turn.
    pub fn fresh_name(&mut self, prefix: &str) -> String {
        self.names_made += 1;
        match self.names_made {
            1 => format!("{prefix}-{:06}", self.seq),
            n => format!("{prefix}-{:06}.{n}", self.seq),
        }
    }

    pub fn into_effects(self) -> Vec<Effect> {
        self.effects
    }
}
