//! Rally points on board. An autopilot that comes home by itself goes to the nearest one when that is nearer than its pad (PX4: RTL_TYPE 0,
//! ArduPilot: RTL), so an aircraft that stands idle is given those of its site, and those of somebody else are taken off, which is told.

use flight_types::RallyPoint;

use crate::LinkLimits;
use crate::dialect::{Item, ItemKind, ListKind, Outgoing};
use crate::inbound::{Addressee, Heard, RawItem};
use crate::items::coordinates;
use crate::transfer::{Outcome, Transfer, same};

/// Before an aircraft that did not tell, or kept, its rally points is asked again: some know none and are silent.
const AGAIN_MS: u64 = 600_000;

/// What is known of an aircraft's rally points.
#[derive(Debug, Default)]
pub(crate) struct Rally {
    transfer: Option<Transfer>,
    /// So many of somebody else lay there.
    foreign: usize,
    settled: bool,
    next_ms: u64,
}

impl Rally {
    /// The aircraft is new or restarted: look again.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// Takes a transfer message that is for us.
    pub fn handle(&mut self, heard: &Heard, own: Addressee, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        if let Some(transfer) = &mut self.transfer {
            transfer.handle(heard, own, limits, now_ms, send);
        }
    }

    /// Looks, and puts on board what is to be there, while the aircraft is idle: an autopilot carries one transfer at a time, and a flight's come
    /// first. Gives what an operator must know.
    pub fn drive(
        &mut self,
        idle: bool,
        site: &[RallyPoint],
        limits: &LinkLimits,
        now_ms: u64,
        send: &mut dyn FnMut(Outgoing),
    ) -> Option<String> {
        if !idle || self.settled || now_ms < self.next_ms {
            self.transfer = None;
            return None;
        }
        let transfer = self.transfer.get_or_insert_with(|| Transfer::download(ListKind::Rally, 0, now_ms));
        transfer.handle_timeout(limits, now_ms, send);
        let outcome = transfer.outcome()?.clone();
        self.transfer = None;
        match outcome {
            Outcome::Downloaded(found) => self.compare(&found, &items(site), now_ms),
            Outcome::Uploaded => {
                self.settled = true;
                let foreign = std::mem::take(&mut self.foreign);
                return (foreign > 0).then(|| format!("{foreign} rally points of somebody else were taken off the aircraft"));
            }
            Outcome::Failed(reason) => {
                self.next_ms = now_ms + AGAIN_MS;
                return self.missed(site, &reason);
            }
        }
        None
    }

    fn compare(&mut self, found: &[RawItem], ours: &[Item], now_ms: u64) {
        let is_ours = |raw: &&RawItem| ours.iter().any(|item| same(item, raw));
        self.foreign = found.iter().filter(|raw| !is_ours(raw)).count();
        self.settled = found.len() == ours.len() && ours.iter().zip(found).all(|(item, raw)| same(item, raw));
        if !self.settled {
            self.transfer = Some(Transfer::upload(ListKind::Rally, ours.to_vec(), 0, now_ms));
        }
    }

    /// An aircraft that tells nothing of rally points may know none: without any of ours that is no news.
    fn missed(&mut self, site: &[RallyPoint], reason: &str) -> Option<String> {
        let kept = std::mem::take(&mut self.foreign);
        if kept > 0 {
            return Some(format!("{kept} rally points of somebody else stay on board; by itself it may land there"));
        }
        (!site.is_empty()).then(|| format!("the site's rally points are not on board: {reason}"))
    }

    /// When something is due.
    pub fn next_timeout_ms(&self) -> Option<u64> {
        self.transfer.as_ref().and_then(Transfer::next_timeout_ms)
    }
}

/// As they lie on board: PX4 takes the height for the ground there, ArduPilot for the least height of a return, where its own setting is
/// higher. In whole metres, as ArduPilot keeps them.
fn items(site: &[RallyPoint]) -> Vec<Item> {
    let item = |point: &RallyPoint| {
        let (x, y) = coordinates(point.place);
        Item { kind: ItemKind::RallyPoint, params: [0.0; 4], x, y, z: point.ground_m.round() as f32 }
    };
    site.iter().map(item).collect()
}
