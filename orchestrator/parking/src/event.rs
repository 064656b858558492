//! What can happen in parking, as it is written into the district's log.

use serde::{Deserialize, Serialize};

use crate::config::ParkingConfig;
use crate::id::{AreaId, CameraId, PaymentId, PrivateRef, ProxyId, RefundId, ReviewId, SessionId};
use crate::model::{Means, Method, Payer};
use crate::money::Money;
use crate::plate::Plate;

/// Where in the log an event stands: its number and the core's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The entry's sequence number; ids derive from it.
    pub seq: u64,
    /// Milliseconds since 1970-01-01 UTC, never running backwards.
    pub at_ms: i64,
}

/// A fact or a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "parking", rename_all = "snake_case")]
pub enum ParkingEvent {
    /// The site's lots and tariffs, at start when they changed.
    Configured {
        /// What holds from now on.
        config: Box<ParkingConfig>,
        /// Cars that are parked keep the permits that held when they came in. Not so in logs from before this was decided.
        #[serde(default)]
        stays_keep_permits: bool,
    },
    /// A driver, or a manager for one, enters a car.
    Entered {
        /// Where: what the code on the ground says.
        area: AreaId,
        /// Which car.
        plate: Plate,
        /// Whom to tell.
        driver: Option<PrivateRef>,
        /// SHA-256 of the secret that the driver's page will prove itself with.
        secret_sha256: Option<String>,
        /// How the driver pays.
        method: Method,
        /// Who entered it.
        by: Means,
        /// How long the driver means to stay, minutes.
        planned_minutes: Option<i64>,
        /// One secret is one stay on a lot: the same with another plate sets the plate right. Not so in logs from before this was decided.
        #[serde(default)]
        secret_is_one_stay: bool,
    },
    /// The driver means to stay longer.
    Extended {
        /// Which stay.
        session: SessionId,
        /// By so many minutes.
        minutes: i64,
    },
    /// The car leaves, says the driver or the manager.
    Left {
        /// Which stay.
        session: SessionId,
        /// Who says so.
        by: Means,
    },
    /// The driver asks for leave for somebody else to pay.
    ProxyMade {
        /// For which stay.
        session: SessionId,
        /// SHA-256 of its token.
        token_sha256: String,
        /// How long it holds, milliseconds.
        life_ms: i64,
        /// Of the payments by it one stands: another that turns up late goes back in full. Not so in logs from before this was decided.
        #[serde(default)]
        pays_once: bool,
    },
    /// The driver takes it back.
    ProxyRevoked {
        /// Which.
        proxy: ProxyId,
    },
    /// Somebody pays.
    PaymentAsked {
        /// For which stay.
        session: SessionId,
        /// Who.
        by: Payer,
        /// How much.
        amount: Money,
        /// The provider's token, kept beside the log.
        instrument: PrivateRef,
        /// The token stands for one payment and never for a second, as with providers whose window makes one for each.
        #[serde(default)]
        single_use: bool,
        /// The asker's idempotency key: the same key is the same payment.
        key: String,
    },
    /// The payment provider answers an order, or reports by itself.
    Provider {
        /// About which payment.
        payment: PaymentId,
        /// What.
        report: ProviderReport,
    },
    /// The manager remits a part of the fee; what was paid above the rest goes back.
    Remitted {
        /// Of which stay.
        session: SessionId,
        /// How much.
        amount: Money,
        /// Why.
        reason: String,
        /// The asker's idempotency key: the same key of the same stay is the same remission.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// A camera read a plate.
    Seen {
        /// What it read.
        read: PlateRead,
    },
    /// A camera sent a picture of a car without having read its plate.
    Pictured {
        /// What it sent.
        frame: GateFrame,
    },
    /// A person has looked.
    Reviewed {
        /// At what.
        review: ReviewId,
        /// What they decided.
        decision: Decision,
    },
}

/// A picture of a car at a gate, kept beside the log until a person has read its plate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GateFrame {
    /// The camera's own name for it; a repeat is the same picture.
    pub id: String,
    /// Which camera.
    pub camera: CameraId,
    /// When it saw the car by its own clock, milliseconds since 1970-01-01 UTC.
    pub seen_at_ms: i64,
    /// By how much that clock was behind ours when the picture came, milliseconds, below zero when it was ahead; `None` when the camera
    /// did not say what time it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_behind_ms: Option<i64>,
}

/// What a payment provider says. Whatever order reports come in and however often, they add up to the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum ProviderReport {
    /// The instrument is good for the amount.
    Authorised,
    /// It is not, or the capture was refused for good.
    Declined {
        /// Why.
        reason: String,
    },
    /// The money is taken.
    Captured,
    /// A refund is done.
    Refunded {
        /// Which.
        refund: RefundId,
    },
    /// A refund is refused for good.
    RefundRefused {
        /// Which.
        refund: RefundId,
        /// Why.
        reason: String,
    },
    /// The provider's own account of the payment, from a webhook or a look-up: the money was taken, and so much of it has gone
    /// back in all, by our refunds and by reversals that we did not order.
    Standing {
        /// Gone back so far.
        returned_total: Money,
    },
}

/// One read of a plate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlateRead {
    /// The camera's name for it; a repeat is the same read.
    pub id: String,
    /// By which camera.
    pub camera: CameraId,
    /// What it read.
    pub plate: Plate,
    /// How sure it is, per cent.
    pub confidence_pct: u8,
    /// When it saw the car by its own clock, milliseconds since 1970-01-01 UTC.
    pub seen_at_ms: i64,
    /// By how much that clock was behind ours when the read came, milliseconds, below zero when it was ahead; `None` when the camera did
    /// not say what time it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_behind_ms: Option<i64>,
}

/// What a person decided on a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Nothing is to be done.
    Dismiss,
    /// The car was this one: the read counts as certain. For a refund: try again.
    Accept {
        /// The plate as the person reads it; `None` leaves it as read.
        plate: Option<Plate>,
        /// When the stay that was never ended, or goes on elsewhere, ended as the person reckons, milliseconds since 1970-01-01 UTC;
        /// `None`: when the camera saw the car.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended_at_ms: Option<i64>,
    },
}
