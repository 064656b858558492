//! Identifiers: short printable words that are safe in a URL, an MQTT topic and a file name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest identifier, in bytes; keeps topics, log rows and pages bounded.
pub const ID_LENGTH_MAX: usize = 64;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Empty, or longer than [`ID_LENGTH_MAX`].
    #[error("an identifier has 1 to {ID_LENGTH_MAX} characters, this one has {0}")]
    Length(usize),
    /// A character that would change the meaning of a topic, a path or a URL.
    #[error("an identifier has letters, digits, '-', '_' and '.', not {0:?}")]
    Character(char),
}

fn checked(text: String) -> Result<String, IdError> {
    if text.is_empty() || text.len() > ID_LENGTH_MAX {
        return Err(IdError::Length(text.len()));
    }
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || "-_.".contains(*c))) {
        Some(wrong) => Err(IdError::Character(wrong)),
        None => Ok(text),
    }
}

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
                checked(text.into()).map(Self)
            }

            /// The identifier as it is written everywhere.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
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
    /// One ordered log with one owner at a time: a town, a campus.
    DistrictId
);
identifier!(
    /// A launch station with pads.
    StationId
);
identifier!(
    /// One aircraft.
    DroneId
);
identifier!(
    /// A guard, and with it the dispatch terminal in the guard's hand.
    GuardId
);
identifier!(
    /// A registered caller, and with it the caller's terminal.
    CallerId
);
identifier!(
    /// A person who signs in: operator, pilot, manager, administrator.
    AccountId
);
identifier!(
    /// One call for help and all that follows from it.
    IncidentId
);
identifier!(
    /// One question to one guard: can you take this incident?
    OfferId
);
identifier!(
    /// One flight of one aircraft with one purpose; also called a launch while it waits for approval.
    MissionId
);
identifier!(
    /// A no-fly zone.
    ZoneId
);
identifier!(
    /// A rally point of a site: a place where an aircraft may land instead of on its pad.
    RallyPointId
);
identifier!(
    /// A parking lot.
    LotId
);
identifier!(
    /// A survey of a lot.
    SurveyId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_refuse_what_would_break_a_topic_or_a_path() {
        for wrong in ["", "a/b", "a+", "#", "a b", "é", "a\n"] {
            assert!(DroneId::new(wrong).is_err(), "{wrong:?}");
        }
        assert!(DroneId::new("x".repeat(ID_LENGTH_MAX + 1)).is_err());
        assert_eq!(DroneId::new("d-1.a_B").map(String::from), Ok("d-1.a_B".to_owned()));
        assert!(serde_json_like("a/b").is_err());
    }

    fn serde_json_like(text: &str) -> Result<DroneId, serde::de::value::Error> {
        use serde::de::IntoDeserializer;
        DroneId::deserialize(text.to_owned().into_deserializer())
    }
}
