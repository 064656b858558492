//! Double entry: every movement of money debits and credits the same amount, so all balances together are nothing, always.

use std::collections::BTreeMap;

use flight_types::LotId;
use serde::{Serialize, Serializer};

use crate::id::{PaymentId, SessionId};
use crate::money::Money;

/// Whose balance. Debits are positive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "account", rename_all = "snake_case")]
pub enum Account {
    /// What a stay owes; negative while more was paid than is due so far.
    Driver {
        /// Which stay.
        session: SessionId,
    },
    /// What a lot has earned; credits, so negative.
    Revenue {
        /// Which lot.
        lot: LotId,
    },
    /// What the payment provider holds for the lots.
    Provider,
}

/// Why money moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionKind {
    /// A stay ended and its fee is owed.
    Fee,
    /// The manager remitted a part.
    Remission,
    /// A payment was captured.
    Payment,
    /// A payment was given back on our order.
    Refund,
    /// A payment was taken back by the provider or a bank.
    Reversal,
}

/// One side of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Whose.
    #[serde(flatten)]
    pub account: Account,
    /// Debit positive, credit negative, minor units.
    pub amount: i64,
}

/// One movement of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transaction {
    /// Its number in the journal, from 1 without gaps.
    pub number: u64,
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Why.
    pub kind: TransactionKind,
    /// Of which lot.
    pub lot: LotId,
    /// For which stay.
    pub session: SessionId,
    /// By which payment.
    pub payment: Option<PaymentId>,
    /// The sides; their amounts add up to nothing.
    pub lines: Vec<Line>,
}

impl Transaction {
    /// What it adds to what the payment provider holds.
    pub fn at_provider(&self) -> i64 {
        self.lines.iter().filter(|line| line.account == Account::Provider).map(|line| line.amount).sum()
    }
}

/// Why a transaction was not posted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Debits and credits differ.
    #[error("debits and credits differ by {0}")]
    Unbalanced(i128),
    /// It moves nothing.
    #[error("a transaction has at least two sides")]
    Empty,
}

/// The books: balances, and the journal of the last months.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    #[serde(serialize_with = "as_pairs")]
    balances: BTreeMap<Account, i128>,
    journal: BTreeMap<u64, Transaction>,
    posted: u64,
}

fn as_pairs<S: Serializer>(map: &BTreeMap<Account, i128>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(map)
}

/// What a movement concerns.
#[derive(Debug, Clone)]
pub(crate) struct Concern {
    pub at_ms: i64,
    pub kind: TransactionKind,
    pub lot: LotId,
    pub session: SessionId,
    pub payment: Option<PaymentId>,
}

impl Ledger {
    /// Moves an amount from one account (credit) to another (debit). Nothing moves nothing.
    pub(crate) fn transfer(&mut self, concern: Concern, debit: Account, credit: Account, amount: Money) {
        if amount.is_zero() {
            return;
        }
        let lines = vec![Line { account: debit, amount: amount.minor() }, Line { account: credit, amount: -amount.minor() }];
        let Concern { at_ms, kind, lot, session, payment } = concern;
        let transaction = Transaction { number: self.posted + 1, at_ms, kind, lot, session, payment, lines };
        self.post(transaction).expect("the same amount on both sides balances");
    }

    /// Posts a transaction when it balances; nothing changes otherwise.
    pub fn post(&mut self, transaction: Transaction) -> Result<(), LedgerError> {
        if transaction.lines.len() < 2 {
            return Err(LedgerError::Empty);
        }
        let sum: i128 = transaction.lines.iter().map(|line| i128::from(line.amount)).sum();
        if sum != 0 {
            return Err(LedgerError::Unbalanced(sum));
        }
        for line in &transaction.lines {
            // 2^127 minor units cannot be reached by 64-bit amounts in any number of postings that a log can hold.
            let balance = self.balances.entry(line.account.clone()).or_default();
            *balance += i128::from(line.amount);
            if *balance == 0 {
                self.balances.remove(&line.account);
            }
        }
        self.posted += 1;
        self.journal.insert(transaction.number, transaction);
        debug_assert_eq!(self.out_of_balance(), 0, "the books balance after every posting");
        Ok(())
    }

    /// An account's balance; debits positive.
    pub fn balance(&self, account: &Account) -> i128 {
        self.balances.get(account).copied().unwrap_or_default()
    }

    /// The sum of all balances: nothing, or the books are wrong.
    pub fn out_of_balance(&self) -> i128 {
        self.balances.values().sum()
    }

    /// The journal from a moment on, oldest first. Numbers have no gaps and times never run backwards, so the place is found by halving.
    pub fn journal_from(&self, at_ms: i64) -> impl Iterator<Item = &Transaction> {
        let (mut low, mut high) = match (self.journal.first_key_value(), self.journal.last_key_value()) {
            (Some((first, _)), Some((last, _))) => (*first, *last + 1),
            (_, _) => (0, 0),
        };
        while low < high {
            let middle = low + (high - low) / 2;
            match self.journal.get(&middle).is_some_and(|transaction| transaction.at_ms < at_ms) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        self.journal.range(low..).map(|(_, transaction)| transaction)
    }

    /// The journal, oldest first.
    pub fn journal(&self) -> impl Iterator<Item = &Transaction> {
        self.journal.values()
    }

    /// Drops journal lines older than a moment, at most so many at once; the balances keep them.
    pub(crate) fn forget_before(&mut self, at_ms: i64, count_max: usize) {
        for _ in 0..count_max {
            match self.journal.first_entry() {
                Some(oldest) if oldest.get().at_ms < at_ms => drop(oldest.remove()),
                Some(_) | None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction(amounts: &[i64]) -> Transaction {
        let lot = LotId::new("east").expect("an id");
        let session = SessionId::new("ps-1").expect("an id");
        let account = |place: usize| if place == 0 { Account::Provider } else { Account::Revenue { lot: lot.clone() } };
        Transaction {
            number: 1,
            at_ms: 0,
            kind: TransactionKind::Payment,
            lot: lot.clone(),
            session,
            payment: None,
            lines: amounts.iter().enumerate().map(|(place, amount)| Line { account: account(place), amount: *amount }).collect(),
        }
    }

    #[test]
    fn only_what_balances_is_posted() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.post(transaction(&[])), Err(LedgerError::Empty));
        assert_eq!(ledger.post(transaction(&[5])), Err(LedgerError::Empty));
        assert_eq!(ledger.post(transaction(&[5, -4])), Err(LedgerError::Unbalanced(1)));
        assert_eq!(ledger.post(transaction(&[i64::MAX, i64::MAX])), Err(LedgerError::Unbalanced(2 * i128::from(i64::MAX))));
        assert_eq!(ledger, Ledger::default());
        assert_eq!(ledger.post(transaction(&[5, -3, -2])), Ok(()));
        assert_eq!((ledger.balance(&Account::Provider), ledger.out_of_balance()), (5, 0));
    }
}
