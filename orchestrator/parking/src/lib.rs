//! Decides what parking costs, who has paid, and what a person must look at.
//!
//! Pure: [`Parking::step`] takes what is already durable and returns orders; time and ids come in with the entry, so the same
//! entries give the same state on any machine. No input or output, no clock, no floating-point money, no telephone number and no
//! card: those stay beside the log under a [`PrivateRef`](id::PrivateRef), where they can be erased.
//!
//! Reading order: the vocabulary (`money`, `calendar`, `plate`, `tariff`, `id`, `config`, `model`, `event`, `order`), the loop
//! (`book`), then what is decided, in the order of a stay.

pub mod calendar;
pub mod limits;
pub mod money;
pub mod plate;
pub mod tariff;

pub mod config;
pub mod event;
pub mod id;
pub mod model;
pub mod order;

mod book;
mod refusal;
mod state;
mod totals;

mod cctv;
mod payment;
mod proxy;
mod stay;

mod ledger;
mod statement;

pub use book::{Owed, Parking, ProxyView};
pub use ledger::{Account, Ledger, LedgerError, Line, Transaction, TransactionKind};
pub use refusal::{ProxyEnd, Refusal};
pub use totals::LotTotals;
