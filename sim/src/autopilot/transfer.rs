//! The mission protocol seen from the aircraft: it asks for each item of an upload and answers requests of a download.

use super::plan::{ITEMS_MAX, Item};

/// An upload without an answer is asked for again after this time, microseconds (PX4: 250 ms).
pub(crate) const ASK_AGAIN_US: u64 = 250_000;
/// Repeated asks for one item before the upload is given up: 5 s in all (PX4's action timeout).
pub(crate) const ASKS_MAX: u32 = 20;
/// PX4 takes about this long to store an item and ask for the next, microseconds (flight.md 17).
pub(crate) const ITEM_US: u64 = 20_000;

/// Which of the three plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlanKind {
    Mission,
    Fence,
    Rally,
}

impl PlanKind {
    pub(crate) fn from_wire(kind: u8) -> Option<Self> {
        match kind {
            0 => Some(PlanKind::Mission),
            1 => Some(PlanKind::Fence),
            2 => Some(PlanKind::Rally),
            _ => None,
        }
    }

    pub(crate) fn to_wire(self) -> u8 {
        match self {
            PlanKind::Mission => 0,
            PlanKind::Fence => 1,
            PlanKind::Rally => 2,
        }
    }
}

/// An upload under way.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) kind: PlanKind,
    pub(crate) count: u16,
    pub(crate) items: Vec<Item>,
    pub(crate) client: (u8, u8),
    /// When to ask (again) for the next item.
    pub(crate) ask_at_us: u64,
    pub(crate) asks: u32,
    /// The client answered with MISSION_ITEM_INT, so MISSION_REQUEST_INT is used from now on.
    pub(crate) int_mode: bool,
}

impl Upload {
    /// `None` when the count is more than fits.
    pub(crate) fn new(kind: PlanKind, count: u16, client: (u8, u8), now_us: u64) -> Option<Self> {
        let fits = usize::from(count) <= ITEMS_MAX;
        fits.then(|| Self { kind, count, items: Vec::new(), client, ask_at_us: now_us, asks: 0, int_mode: false })
    }

    pub(crate) fn next_sequence(&self) -> u16 {
        self.items.len() as u16
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.items.len() >= usize::from(self.count)
    }
}
