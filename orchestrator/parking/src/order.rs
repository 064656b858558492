//! What the parking core orders. Workers carry orders out, idempotent by the ids in them.

use serde::{Deserialize, Serialize};

use crate::id::{AreaId, PaymentId, PrivateRef, RefundId, SessionId};
use crate::money::Money;

/// One order to a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// Ask the provider whether the instrument is good for the amount. Nothing is taken.
    Authorise {
        /// The idempotency key.
        payment: PaymentId,
        /// The provider's token.
        instrument: PrivateRef,
        /// How much.
        amount: Money,
    },
    /// Take the money.
    Capture {
        /// The idempotency key.
        payment: PaymentId,
        /// The provider's token.
        instrument: PrivateRef,
        /// How much.
        amount: Money,
    },
    /// Give money back.
    Refund {
        /// The idempotency key.
        refund: RefundId,
        /// Of which payment.
        payment: PaymentId,
        /// The provider's token.
        instrument: PrivateRef,
        /// How much.
        amount: Money,
    },
    /// Tell somebody by telephone.
    Tell {
        /// Whom.
        to: PrivateRef,
        /// What.
        message: ParkingMessage,
    },
}

/// What drivers and payers are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum ParkingMessage {
    /// The entry is complete.
    EntryComplete {
        /// The stay.
        session: SessionId,
        /// Where.
        area: AreaId,
        /// The plate, masked: messages are read over shoulders.
        plate: String,
        /// Since when, milliseconds since 1970-01-01 UTC.
        entered_at_ms: i64,
    },
    /// The car has left.
    ExitComplete {
        /// The stay.
        session: SessionId,
        /// The plate, masked.
        plate: String,
        /// What the stay cost.
        fee: Money,
        /// What is still due.
        due: Money,
    },
    /// Somebody has paid a part or all of your fee.
    PaidForYou {
        /// The stay.
        session: SessionId,
        /// How much.
        amount: Money,
        /// What is still due as of now.
        due: Money,
    },
    /// Somebody tried to pay for you, and it did not go through.
    NotPaidForYou {
        /// The stay.
        session: SessionId,
        /// How much.
        amount: Money,
        /// What is due as of now.
        due: Money,
        /// It is being charged to the registered instrument.
        charged: bool,
    },
    /// You have paid.
    Receipt {
        /// The payment.
        payment: PaymentId,
        /// The plate, masked.
        plate: String,
        /// How much.
        amount: Money,
    },
    /// A payment did not go through.
    Declined {
        /// The payment.
        payment: PaymentId,
        /// How much.
        amount: Money,
    },
    /// Money has come back to you.
    Refunded {
        /// The payment.
        payment: PaymentId,
        /// How much.
        amount: Money,
    },
    /// A payment was taken back by the payer's bank; the fee is due again.
    Reversed {
        /// The stay.
        session: SessionId,
        /// How much.
        amount: Money,
        /// What is due now.
        due: Money,
    },
}
