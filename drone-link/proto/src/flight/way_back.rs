//! The way back that an aircraft flies when it hears nobody any more, where it needs one of its own on board (ADR 254).
//!
//! It is put there in the air: nobody waits for it, while every item before a launch is waited for by somebody who called.

use flight_types::{FlightEvent, Scene};

use super::Flight;
use crate::craft::Craft;
use crate::dialect::{Item, ListKind};
use crate::items;

/// It is tried so often; each try is a whole transfer with repeats of its own.
const TRIES_MAX: u32 = 3;

/// Whether the way back lies on board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WayBack {
    /// Not yet; it was tried in vain so often.
    Missing { tries: u32 },
    /// It does, or none is needed, or nothing more is done about it.
    Settled,
}

impl Flight {
    /// Puts the way back behind the way out. What is flown stays as it is, item by item.
    pub(super) fn leave_way_back(&mut self, craft: &mut Craft, now_ms: u64) {
        let WayBack::Missing { tries } = self.way_back else { return };
        if !craft.telemetry.autopilot().needs_way_back() || !matches!(self.plan.scene, Scene::Escort { .. }) {
            return self.way_back = WayBack::Settled;
        }
        if craft.transfer.is_none() && !craft.connected {
            return;
        }
        let list = self.way_out_and_back(craft);
        let upload = craft.upload(ListKind::Mission, list, now_ms);
        self.way_back = match super::ground::load(craft, upload) {
            None => return,
            Some(Ok(())) => WayBack::Settled,
            Some(Err(_)) if tries + 1 < TRIES_MAX => WayBack::Missing { tries: tries + 1 },
            Some(Err(reason)) => {
                self.from_here.forget();
                let text = format!("without a link it would not come home by a legal way: {reason}");
                self.report(FlightEvent::Warning { text });
                WayBack::Settled
            }
        };
    }

    /// The whole list as it lies on board. The height on scene is the planned one, by which the list is known again after a restart.
    pub(super) fn way_out_and_back(&self, craft: &Craft) -> Vec<Item> {
        let mut plan = self.plan.clone();
        if let (Scene::Escort { height_m, .. }, Some(planned)) = (&mut plan.scene, self.planned) {
            *height_m = planned.height_m;
        }
        let mut list = self.way_out_of(&plan).items;
        if let (Some(first), Some(begun)) = (list.first_mut(), self.begun) {
            *first = begun;
        }
        if craft.telemetry.autopilot().needs_way_back() {
            list.extend(items::way_back(&plan));
        }
        list
    }
}
