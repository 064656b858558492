//! What is known of each guard, with those who are engaged kept apart: a search needs the hundreds who are, not the hundred
//! thousand who are known.

use std::collections::{BTreeMap, BTreeSet};

use flight_types::GuardId;
use serde::{Serialize, Serializer};

use crate::model::GuardRecord;

/// Every guard ever heard of. Records change only through [`Roster::edit`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Roster {
    records: BTreeMap<GuardId, GuardRecord>,
    /// Those with an incident or an open offer.
    engaged: BTreeSet<GuardId>,
}

impl Roster {
    /// One guard.
    pub fn get(&self, id: &GuardId) -> Option<&GuardRecord> {
        self.records.get(id)
    }

    /// Every guard, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&GuardId, &GuardRecord)> {
        self.records.iter()
    }

    /// Guards with an incident or an open offer, by id.
    pub fn engaged(&self) -> impl Iterator<Item = &GuardId> {
        self.engaged.iter()
    }

    /// Changes a guard's record, making it when it is new.
    pub fn edit<R>(&mut self, id: &GuardId, change: impl FnOnce(&mut GuardRecord) -> R) -> R {
        if !self.records.contains_key(id) {
            self.records.insert(id.clone(), GuardRecord::default());
        }
        let record = self.records.get_mut(id).expect("inserted above");
        let was_engaged = is_engaged(record);
        let result = change(record);
        match (was_engaged, is_engaged(record)) {
            (false, true) => drop(self.engaged.insert(id.clone())),
            (true, false) => drop(self.engaged.remove(id)),
            (true, true) | (false, false) => {}
        }
        result
    }
}

fn is_engaged(record: &GuardRecord) -> bool {
    record.incident.is_some() || !record.open_offers.is_empty()
}

impl Serialize for Roster {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.records.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use flight_types::{IncidentId, OfferId};

    use super::*;

    #[test]
    fn those_with_an_incident_or_an_offer_are_engaged_until_the_last_of_it_ends() {
        let guard = |name: &str| GuardId::new(name).expect("an id");
        let offer = OfferId::new("o1").expect("an id");
        let incident = IncidentId::new("i1").expect("an id");
        let mut roster = Roster::default();
        let names = |roster: &Roster| roster.engaged().map(GuardId::to_string).collect::<Vec<_>>().join(" ");
        roster.edit(&guard("idle"), |record| record.on_duty = true);
        roster.edit(&guard("asked"), |record| record.open_offers.insert(offer.clone()));
        roster.edit(&guard("sent"), |record| record.incident = Some(incident.clone()));
        assert_eq!(names(&roster), "asked sent");
        roster.edit(&guard("asked"), |record| record.incident = Some(incident));
        roster.edit(&guard("asked"), |record| record.open_offers.remove(&offer));
        assert_eq!(names(&roster), "asked sent");
        roster.edit(&guard("asked"), |record| record.incident = None);
        roster.edit(&guard("sent"), |record| record.incident = None);
        assert_eq!((names(&roster).as_str(), roster.iter().count()), ("", 3));
    }
}
