//! Why a request is not taken: typed, with what the asker needs to know.

use crate::calendar::Day;
use crate::config::ConfigError;
use crate::limits;
use crate::money::{Money, MoneyError};
use crate::tariff::FeeError;

/// A request that makes no sense now, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such area, session, proxy, payment, review or camera.
    #[error("there is no {kind} {id}")]
    Unknown {
        /// Which kind.
        kind: &'static str,
        /// The id given.
        id: String,
    },
    /// The car is parked already.
    #[error("this car is parked already; end that stay first")]
    AlreadyParked,
    /// The stay is over.
    #[error("this stay is over")]
    Over,
    /// The stay goes on.
    #[error("this stay is not over yet")]
    NotOver,
    /// The lot's tariff is not there.
    #[error("this lot has no tariff")]
    NoTariff,
    /// An extension or plan out of range.
    #[error("a stay is planned or extended by 1 to {} minutes", limits::EXTENSION_MINUTES_MAX)]
    Minutes,
    /// Nothing, or more than is due.
    #[error("{asked} was offered, but {payable} can be paid now")]
    NotPayable {
        /// What was asked.
        asked: Money,
        /// What can be paid now.
        payable: Money,
    },
    /// The code has been used or tried too often, has expired or was taken back.
    #[error("this code cannot be paid with: {0}")]
    ProxySpent(ProxyEnd),
    /// The same key came with another amount or payer.
    #[error("this idempotency key was used for another payment")]
    KeyReused,
    /// The provider's token stands for one payment, and that one has been asked for.
    #[error("this payment token was used for another payment")]
    TokenUsed,
    /// A key or token of the wrong shape.
    #[error("{0}")]
    Malformed(&'static str),
    /// A bound is reached.
    #[error("too many {0} at once")]
    TooMany(&'static str),
    /// Lines of that day's journal may have been forgotten.
    #[error("the journal of {0} is no longer kept; the log has it")]
    Forgotten(Day),
    /// The stay has no price.
    #[error(transparent)]
    Fee(#[from] FeeError),
    /// A sum that is no amount.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A configuration that does not fit together.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Refusal {
    /// A stable name of the reason, for pages that say it in the reader's language.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown",
            Self::AlreadyParked => "already_parked",
            Self::Over => "over",
            Self::NotOver => "not_over",
            Self::NoTariff => "no_tariff",
            Self::Minutes => "minutes",
            Self::NotPayable { .. } => "not_payable",
            Self::ProxySpent(ProxyEnd::Expired) => "code_expired",
            Self::ProxySpent(ProxyEnd::Revoked) => "code_revoked",
            Self::ProxySpent(ProxyEnd::UnderWay) => "code_under_way",
            Self::ProxySpent(ProxyEnd::Used) => "code_used",
            Self::ProxySpent(ProxyEnd::TriedOut) => "code_tried_out",
            Self::KeyReused => "key_reused",
            Self::TokenUsed => "token_used",
            Self::Malformed(_) => "malformed",
            Self::TooMany(_) => "too_many",
            Self::Forgotten(_) => "forgotten",
            Self::Fee(_) | Self::Money(_) => "no_price",
            Self::Config(_) => "config",
        }
    }
}

/// Why a proxy token is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyEnd {
    /// Too late.
    #[error("it has expired")]
    Expired,
    /// The driver took it back.
    #[error("it was taken back")]
    Revoked,
    /// Somebody pays with it right now.
    #[error("a payment with it is under way")]
    UnderWay,
    /// Somebody has paid with it.
    #[error("it has been used")]
    Used,
    /// Too many tries came to nothing.
    #[error("too many payments with it came to nothing")]
    TriedOut,
}
