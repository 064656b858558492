//! Which parking lots a manager manages. Knows nothing of requests.

use std::collections::BTreeSet;
use std::fmt;

use flight_types::LotId;
use serde::{Deserialize, Serialize};

use super::AccessError;

/// The lots that an account manages. Written as a list, or as nothing for every lot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<BTreeSet<LotId>>", into = "Option<BTreeSet<LotId>>")]
pub enum OwnLots {
    /// Every lot of the site, those drawn later too.
    #[default]
    All,
    /// These and no other, whether or not the site has them just now. An empty list is no lot at all.
    Only(BTreeSet<LotId>),
}

impl OwnLots {
    /// Whether this lot is among them.
    pub fn has(&self, lot: &LotId) -> bool {
        match self {
            Self::All => true,
            Self::Only(lots) => lots.contains(lot),
        }
    }

    /// Whether every lot is, whatever its name.
    pub fn are_all(&self) -> bool {
        *self == Self::All
    }

    /// Their names; none when all are.
    pub fn named(&self) -> impl Iterator<Item = &LotId> {
        match self {
            Self::All => None,
            Self::Only(lots) => Some(lots),
        }
        .into_iter()
        .flatten()
    }

    /// As the database keeps them: nothing for every lot. Ids hold no spaces.
    pub(super) fn to_column(&self) -> Option<String> {
        (!self.are_all()).then(|| self.named().map(LotId::as_str).collect::<Vec<_>>().join(" "))
    }

    /// What cannot be read is an error: skipped, it would take lots from a manager without a word.
    pub(super) fn from_column(text: Option<&str>) -> Result<Self, AccessError> {
        let Some(text) = text else { return Ok(Self::All) };
        let damaged = |error: flight_types::IdError| AccessError::Damaged { what: "account's lots", detail: error.to_string() };
        let lots = text.split_ascii_whitespace().map(|id| LotId::new(id).map_err(damaged)).collect::<Result<BTreeSet<_>, _>>()?;
        Ok(Self::Only(lots))
    }
}

impl fmt::Display for OwnLots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("every lot"),
            Self::Only(lots) if lots.is_empty() => f.write_str("no lot"),
            Self::Only(lots) => f.write_str(&lots.iter().map(LotId::as_str).collect::<Vec<_>>().join(" ")),
        }
    }
}

impl From<Option<BTreeSet<LotId>>> for OwnLots {
    fn from(lots: Option<BTreeSet<LotId>>) -> Self {
        lots.map_or(Self::All, Self::Only)
    }
}

impl From<OwnLots> for Option<BTreeSet<LotId>> {
    fn from(lots: OwnLots) -> Self {
        match lots {
            OwnLots::All => None,
            OwnLots::Only(lots) => Some(lots),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(id: &str) -> LotId {
        LotId::new(id).expect("an id")
    }

    fn only(ids: &[&str]) -> OwnLots {
        OwnLots::Only(ids.iter().map(|id| lot(id)).collect())
    }

    #[test]
    fn kept_and_read_again() {
        for lots in [OwnLots::All, only(&[]), only(&["east"]), only(&["b", "a-1"])] {
            assert_eq!(OwnLots::from_column(lots.to_column().as_deref()).expect("readable"), lots);
            let text = serde_json::to_string(&lots).expect("plain data");
            assert_eq!(serde_json::from_str::<OwnLots>(&text).expect("readable"), lots, "{text}");
        }
    }

    #[test]
    fn no_lot_is_not_every_lot() {
        let (none, all) = (only(&[]), OwnLots::All);
        assert!(!none.has(&lot("east")) && !none.are_all() && all.has(&lot("east")));
        assert_ne!(none.to_column(), all.to_column());
        assert_eq!([none.to_string(), all.to_string(), only(&["b", "a"]).to_string()], ["no lot", "every lot", "a b"]);
    }

    #[test]
    fn a_damaged_list_is_an_error_and_not_every_lot() {
        assert!(OwnLots::from_column(Some("%")).is_err());
    }

    #[test]
    fn only_the_named_are_theirs() {
        let lots = only(&["east"]);
        assert!(lots.has(&lot("east")) && !lots.has(&lot("west")) && OwnLots::All.has(&lot("west")));
    }
}
