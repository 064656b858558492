//! What must be true after every single entry, whatever came before.

use std::collections::BTreeMap;

use dispatch_core::Core;
use dispatch_core::model::{IncidentState, OfferState};
use flight_types::{GuardId, IncidentId, OfferId};

/// Panics with the incident when something is true that must never be.
pub fn check(core: &Core) {
    let mut bound: BTreeMap<GuardId, IncidentId> = BTreeMap::new();
    let mut open_callers = BTreeMap::new();
    let mut asked: BTreeMap<GuardId, OfferId> = BTreeMap::new();
    for incident in core.incidents() {
        assert!(incident.primary.is_none() || incident.primary != incident.backup, "{incident:?}");
        let primaries =
            incident.offers.iter().filter_map(|offer| core.offer(offer)).filter(|offer| offer.state == OfferState::Primary);
        assert!(primaries.count() <= 1, "two primaries: {incident:?}");
        let ended = matches!(incident.state, IncidentState::Closed | IncidentState::Cancelled);
        assert_eq!(ended, incident.ended_at_ms.is_some(), "{incident:?}");
        if ended {
            continue;
        }
        let other = open_callers.insert(incident.caller.clone(), incident.id.clone());
        assert_eq!(other, None, "two open incidents of one caller");
        let open_offers = incident.offers.iter().filter_map(|offer| core.offer(offer)).filter(|offer| is_open(offer.state));
        for offer in open_offers {
            let other = asked.insert(offer.guard.clone(), offer.id.clone());
            assert_eq!(other, None, "guard {} is asked twice", offer.guard);
        }
        for guard in incident.primary.iter().chain(&incident.backup) {
            let other = bound.insert(guard.clone(), incident.id.clone());
            assert_eq!(other, None, "guard {guard} is in two places");
            assert!(!asked.contains_key(guard), "guard {guard} is assigned and asked");
            assert_eq!(core.guard(guard).and_then(|record| record.incident.as_ref()), Some(&incident.id));
        }
    }
}

fn is_open(state: OfferState) -> bool {
    matches!(state, OfferState::Sent | OfferState::Received | OfferState::Accepted)
}
