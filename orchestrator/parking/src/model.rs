//! What shells may read: sessions, payments, refunds, proxies, reviews.

use std::collections::BTreeSet;

use flight_types::LotId;
use serde::{Deserialize, Serialize};

use crate::event::{GateFrame, PlateRead};
use crate::id::{AreaId, PaymentId, PrivateRef, ProxyId, RefundId, ReviewId, SessionId};
use crate::money::Money;
use crate::plate::Plate;
use crate::tariff::{Fee, Permit, TariffKey};

/// How a session began or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// The driver, over the code of the area.
    Driver,
    /// A camera.
    Camera,
    /// The lot's manager.
    Manager,
}

/// How a driver means to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "pays", rename_all = "snake_case")]
pub enum Method {
    /// By the page, before or after the exit, or through somebody else.
    ByPage,
    /// What is due at the exit is charged to a registered instrument.
    Registered {
        /// The provider's token, kept beside the log.
        instrument: PrivateRef,
    },
}

/// One car's stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// Where.
    pub area: AreaId,
    /// Of which lot.
    pub lot: LotId,
    /// Whose car.
    pub plate: Plate,
    /// Whom to tell; `None` until a driver has registered.
    pub driver: Option<PrivateRef>,
    /// SHA-256 of the secret that the driver's page proves itself with.
    pub secret_sha256: Option<String>,
    /// How the driver pays.
    pub method: Method,
    /// How it began.
    pub began_by: Means,
    /// When the car came in, milliseconds since 1970-01-01 UTC: the scan, or the camera's sight shortly before it.
    pub entered_at_ms: i64,
    /// A camera saw the car come in.
    pub seen_entering: bool,
    /// How sure the camera was that began it, per cent; 100 when a person typed the plate.
    pub plate_confidence_pct: u8,
    /// Until when the driver means to stay.
    pub planned_until_ms: Option<i64>,
    /// The tariff as it was at the entry.
    pub tariff: TariffKey,
    /// What the car's owner has subscribed to.
    pub permit: StayPermit,
    /// Minutes of this car's stays shortly before, which have used up free ones.
    pub minutes_before: i64,
    /// Set at the exit.
    pub exit: Option<Exit>,
    /// Captured so far.
    pub paid: Money,
    /// Of that, given back or taken back.
    pub returned: Money,
    /// Held for payments under way: nobody else can pay it meanwhile.
    pub reserved: Money,
    /// On its way back.
    pub returning: Money,
    /// Of that, what came by a code that had paid already: it pays for nothing.
    pub surplus: Money,
    /// Payments that the driver has asked for.
    pub own_tries: u32,
    /// Payments that others have asked for.
    pub others_tries: u32,
    /// What the manager has remitted of the fee.
    pub remitted: Money,
    /// The keys under which that was asked.
    pub remission_keys: BTreeSet<String>,
}

/// Which permit a stay is priced with: the one that held when the car came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StayPermit {
    /// The configuration's: it has not changed since.
    AsConfigured,
    /// The one that held before it changed, if any did.
    Kept(Option<Permit>),
}

/// The end of a stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exit {
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// By whom it was signalled.
    pub by: Means,
    /// What the stay cost.
    pub fee: Fee,
}

impl Session {
    /// Whether the car is still there.
    pub fn is_active(&self) -> bool {
        self.exit.is_none()
    }

    /// Paid and not given back.
    pub fn net_paid(&self) -> Money {
        self.paid.less(self.returned)
    }

    /// What of it pays for the stay.
    pub fn counted(&self) -> Money {
        self.net_paid().less(self.surplus)
    }
}

/// Who pays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Payer {
    /// The driver.
    Driver,
    /// Somebody else on the driver's behalf.
    Proxy {
        /// By which leave.
        proxy: ProxyId,
    },
}

/// Where a payment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PaymentState {
    /// The provider is asked whether the instrument is good for it.
    Authorising,
    /// The money is being taken.
    Capturing,
    /// The money is taken.
    Captured,
    /// No money was taken.
    Declined {
        /// Why, in the provider's words.
        reason: String,
    },
}

/// One try to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// Which; also the idempotency key towards the provider.
    pub id: PaymentId,
    /// For which stay.
    pub session: SessionId,
    /// Who pays.
    pub by: Payer,
    /// How much.
    pub amount: Money,
    /// The provider's token and the payer's telephone, kept beside the log.
    pub instrument: PrivateRef,
    /// The asker's idempotency key.
    pub key: String,
    /// Where it stands.
    #[serde(flatten)]
    pub state: PaymentState,
    /// Given back on our order.
    pub refunded: Money,
    /// Taken back by the provider or the payer's bank.
    pub reversed: Money,
    /// When it was asked for, milliseconds since 1970-01-01 UTC.
    pub asked_at_ms: i64,
    /// When it was captured or declined.
    pub settled_at_ms: Option<i64>,
    /// The entry that told of its capture: whose money came last goes back first.
    pub captured_seq: Option<u64>,
    /// A refund was refused for good: a person must look before another is tried.
    pub refund_blocked: bool,
    /// It turned up late, by a code that had paid already or was about to: it goes back in full, whatever is owed.
    pub surplus: bool,
}

impl Payment {
    /// What has come back of it.
    pub fn returned(&self) -> Money {
        // Both parts are below the amount itself, so the sum is an amount.
        self.refunded.plus(self.reversed).unwrap_or(self.amount)
    }
}

/// Money on its way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refund {
    /// Which; also the idempotency key towards the provider.
    pub id: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: RefundState,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Ordered.
    Ordered,
    /// Given back.
    Done,
    /// Refused by the provider for good.
    Failed,
}

/// Leave for one stranger to pay. Single-use: at most one payment succeeds by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proxy {
    /// Which.
    pub id: ProxyId,
    /// For which stay.
    pub session: SessionId,
    /// SHA-256 of the token; the token itself is only in the code that the driver shows.
    pub token_sha256: String,
    /// When it was made, milliseconds since 1970-01-01 UTC.
    pub made_at_ms: i64,
    /// Until when it may be used.
    pub expires_at_ms: i64,
    /// The driver has taken it back.
    pub revoked: bool,
    /// Of the payments by it one stands; not so of codes from before this was decided.
    pub pays_once: bool,
    /// The payment by it that stands, or else the latest.
    pub payment: Option<PaymentId>,
    /// Every try, oldest first.
    pub payments: Vec<PaymentId>,
}

/// Why a person must look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum ReviewReason {
    /// The camera was not sure enough.
    Unsure,
    /// The plate resembles these sessions' but is none of them.
    Alike {
        /// Which.
        sessions: Vec<SessionId>,
    },
    /// A car left of which no session is known.
    ExitWithoutSession,
    /// The car is parked elsewhere by our book.
    Elsewhere {
        /// The session.
        session: SessionId,
    },
    /// The car comes in again and its stay was never ended: it went out unseen, or it never left.
    StillParked {
        /// The session that goes on.
        session: SessionId,
    },
    /// The camera's clock is off.
    ClockWrong,
    /// The camera sent a picture: nobody has read its plate yet.
    Unread,
    /// A refund was refused by the provider.
    RefundFailed {
        /// Which.
        refund: RefundId,
        /// Of which payment.
        payment: PaymentId,
        /// Why.
        detail: String,
    },
}

impl ReviewReason {
    /// The stays that it may be about.
    pub fn sessions(&self) -> &[SessionId] {
        match self {
            Self::Alike { sessions } => sessions,
            Self::Elsewhere { session } | Self::StillParked { session } => std::slice::from_ref(session),
            Self::Unsure | Self::ExitWithoutSession | Self::ClockWrong | Self::Unread | Self::RefundFailed { .. } => &[],
        }
    }
}

/// Something for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Review {
    /// Which.
    pub id: ReviewId,
    /// Since when, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Of which lot.
    pub lot: LotId,
    /// Why.
    #[serde(flatten)]
    pub reason: ReviewReason,
    /// The camera's read, if it is about one.
    pub read: Option<PlateRead>,
    /// The camera's picture, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<GateFrame>,
}
