//! Identities that a token proved a moment ago, so that a hundred thousand terminals that report where they are do not cost as many
//! reads of the database. Decides nothing: an entry lives until a credential of its owner ends.
//!
//! Sound because the server alone writes these tables while it runs: it holds the data directory, and commands that change accounts
//! ask for a stopped server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Identity, Owner};

/// Tokens remembered at once, about 200 bytes each: those of every terminal of a large district. When there are more, all are read
/// again, which costs one read each.
const TOKENS_MAX: usize = 200_000;

/// What one token stands for.
#[derive(Debug, Clone)]
pub(super) struct KnownToken {
    pub identity: Identity,
    /// When its use was last written down.
    pub seen_at_ms: i64,
}

/// Tokens by digest; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownTokens {
    table: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    tokens: HashMap<String, KnownToken>,
    /// Grows whenever a credential ends: what was read before must not be remembered after.
    ends: u64,
}

impl KnownTokens {
    pub fn get(&self, token_hash: &str) -> Option<KnownToken> {
        self.table().tokens.get(token_hash).cloned()
    }

    /// To be asked before the database is, and shown when what it said is put in.
    pub fn ends(&self) -> u64 {
        self.table().ends
    }

    /// Remembers what the database said, unless a credential has ended since.
    pub fn put(&self, token_hash: String, known: KnownToken, ends: u64) {
        let mut table = self.table();
        if table.ends != ends {
            return;
        }
        if TOKENS_MAX <= table.tokens.len() {
            table.tokens.clear();
        }
        table.tokens.insert(token_hash, known);
    }

    /// Forgets all of an owner's tokens. Called after the end of a credential is in the database and before anybody hears of it.
    pub fn end(&self, owner: &Owner) {
        let mut table = self.table();
        table.ends += 1;
        table.tokens.retain(|_, known| Owner::new(known.identity.id.clone(), known.identity.role) != *owner);
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use dispatch_core::event::Role;
    use flight_types::AccountId;

    use super::super::{OwnLots, Via};
    use super::*;

    fn known(name: &str, role: Role) -> KnownToken {
        let id = AccountId::new(name).expect("an id");
        KnownToken { identity: Identity { id, name: name.to_owned(), role, lots: OwnLots::All, via: Via::Token }, seen_at_ms: 0 }
    }

    #[test]
    fn an_end_takes_the_owners_tokens_and_nobody_elses() {
        let tokens = KnownTokens::default();
        for (hash, name, role) in
            [("a", "kim", Role::Guard), ("b", "kim", Role::Guard), ("c", "lee", Role::Guard), ("d", "kim", Role::Caller)]
        {
            tokens.put(hash.to_owned(), known(name, role), tokens.ends());
        }
        tokens.end(&Owner::new(AccountId::new("kim").expect("an id"), Role::Guard));
        let left: Vec<&str> = ["a", "b", "c", "d"].into_iter().filter(|hash| tokens.get(hash).is_some()).collect();
        assert_eq!(left, ["c", "d"]);
    }

    #[test]
    fn what_was_read_before_an_end_is_not_remembered_after_it() {
        let tokens = KnownTokens::default();
        let before = tokens.ends();
        tokens.end(&Owner::new(AccountId::new("kim").expect("an id"), Role::Guard));
        tokens.put("a".to_owned(), known("kim", Role::Guard), before);
        assert!(tokens.get("a").is_none());
    }
}
