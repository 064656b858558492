//! Which incidents and aircraft an entry may have changed.

use std::collections::BTreeSet;

use dispatch_core::Core;
use dispatch_core::effect::Action;
use dispatch_core::event::Event;
use dispatch_core::model::Purpose;
use flight_types::{DroneId, IncidentId, MissionId, OfferId};

use crate::engine::Stepped;
use crate::http::views::incident_of_drone;

/// What an entry may have changed. Too much is harmless, too little would leave a page behind.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    pub incidents: BTreeSet<IncidentId>,
    pub drones: BTreeSet<DroneId>,
}

impl Changed {
    /// By what the entry names, by what was ordered, and by whose timeline got a line: a deadline that fired with it
    /// is named by neither.
    pub fn by(core: &Core, step: &Stepped) -> Self {
        let mut changed = Self::default();
        changed.by_event(core, &step.entry.event);
        for effect in &step.effects {
            changed.by_action(core, &effect.action);
        }
        changed.incidents.extend(step.touched.iter().cloned());
        changed
    }

    fn by_event(&mut self, core: &Core, event: &Event) {
        match event {
            Event::Configured { .. }
            | Event::TimePassed
            | Event::EffectDone { .. }
            | Event::GuardDutyChanged { .. }
            | Event::GuardSeen { .. }
            | Event::DronesFound { .. }
            | Event::AircraftReady { .. }
            | Event::ChargeShort { .. }
            | Event::Parking { .. }
            | Event::SurveyRequested { .. }
            | Event::SurveyCancelled { .. }
            | Event::SurveyReported { .. }
            | Event::FindingAcknowledged { .. }
            | Event::FindingFixed { .. } => {}
            Event::CallRaised { caller, key, .. } => {
                self.incidents.extend(core.incident_by_key(caller, key).map(|incident| incident.id.clone()));
            }
            Event::CallerMoved { incident, .. }
            | Event::CancelRequested { incident, .. }
            | Event::ConfirmationGiven { incident, .. }
            | Event::GuardOnScene { incident, .. }
            | Event::BackupRequested { incident, .. }
            | Event::SituationEnded { incident, .. }
            | Event::RecordingFailed { incident, .. }
            | Event::EscalationAcknowledged { incident } => self.incident(incident),
            Event::GuardsFound { found, .. } => found.iter().for_each(|near| self.incident(&near.incident)),
            Event::OfferReceived { offer } | Event::OfferAccepted { offer } | Event::OfferDeclined { offer, .. } => {
                self.offer(core, offer)
            }
            Event::LaunchApproved { mission } | Event::LaunchDenied { mission, .. } => self.mission(core, mission),
            Event::RecallRequested { drone, .. }
            | Event::HoldRequested { drone }
            | Event::ContinueRequested { drone }
            | Event::LandRequested { drone }
            | Event::ControlTaken { drone, .. }
            | Event::ControlReleased { drone, .. }
            | Event::LightRequested { drone, .. } => self.drone(core, drone),
            Event::Flight { drone, mission, .. } => {
                self.drone(core, drone);
                self.mission(core, mission);
            }
        }
    }

    fn by_action(&mut self, core: &Core, action: &Action) {
        match action {
            Action::FindGuards { searches } => searches.iter().for_each(|search| self.incident(&search.incident)),
            Action::SendOffer { offer } => self.incident(&offer.incident),
            Action::NotifyGuard { incident, .. }
            | Action::NotifyCaller { incident, .. }
            | Action::NotifyContact { incident, .. }
            | Action::CheckGuard { incident, .. } => self.incident(incident),
            Action::AlertOperators { incident, .. } | Action::FindDrones { incident } => self.incidents.extend(incident.clone()),
            Action::Parking { .. } => {}
            Action::AskApproval { mission, drone, .. } | Action::Command { mission, drone, .. } => {
                self.drone(core, drone);
                self.mission(core, mission);
            }
        }
    }

    fn incident(&mut self, id: &IncidentId) {
        self.incidents.insert(id.clone());
    }

    fn offer(&mut self, core: &Core, id: &OfferId) {
        self.incidents.extend(core.offer(id).map(|offer| offer.incident.clone()));
    }

    fn mission(&mut self, core: &Core, id: &MissionId) {
        let Some(mission) = core.mission(id) else { return };
        self.drones.insert(mission.drone.clone());
        match &mission.purpose {
            Purpose::Escort { incident } => self.incident(incident),
            Purpose::Survey { .. } => {}
        }
    }

    fn drone(&mut self, core: &Core, id: &DroneId) {
        self.drones.insert(id.clone());
        self.incidents.extend(incident_of_drone(core, id));
    }
}
