//! Identifiers of parking; the same words as everywhere: safe in a URL, a topic and a file name.

use flight_types::LotId;
use serde::{Deserialize, Serialize};

pub use flight_types::IdError;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes the text when it is a well-formed identifier.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                // One rule for every identifier of the product.
                LotId::new(text).map(|id| Self(id.into()))
            }

            /// The identifier as it is written everywhere.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A name derived from the entry that made it: a prefix, the sequence number (padded, so that names sort by age), a
            /// counter within the entry.
            #[allow(dead_code, reason = "some identifiers only ever come from outside")]
            pub(crate) fn made(prefix: &str, seq: u64, count: u32) -> Self {
                match count {
                    1 => Self(format!("{prefix}-{seq:06}")),
                    n => Self(format!("{prefix}-{seq:06}.{n}")),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

identifier!(
    /// A part of a lot with a code of its own: what a beacon names.
    AreaId
);
identifier!(
    /// One car's stay.
    SessionId
);
identifier!(
    /// One try to pay.
    PaymentId
);
identifier!(
    /// Money on its way back.
    RefundId
);
identifier!(
    /// Leave for one stranger to pay.
    ProxyId
);
identifier!(
    /// A fixed camera.
    CameraId
);
identifier!(
    /// Something for a person to look at.
    ReviewId
);
identifier!(
    /// Names what must not be in a log that is kept for ever: a telephone number, a payment provider's token. The shell keeps it
    /// beside the log and can erase it.
    PrivateRef
);
