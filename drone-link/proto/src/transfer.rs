//! Mission, fence and rally transfers: upload with read-back, and download. Lost, repeated and late messages are survived.
//!
//! The read-back decides, not the acknowledgement: an upload whose last answer was lost is looked at before it is repeated.

use crate::LinkLimits;
use crate::dialect::{Item, ItemKind, ListKind, Outgoing};
use crate::inbound::{Addressee, Heard, RawItem};

/// The longest list that is read back; more than any plan of ours, so that a foreign list cannot fill the memory.
const ITEMS_MAX: u16 = 512;
/// MAV_MISSION_RESULT: accepted.
const RESULT_ACCEPTED: u8 = 0;
/// Coordinates may differ this much, 1e-7 degrees: autopilots keep them as floating numbers and round. 20 are 0.2 m.
const COORDINATE_TOLERANCE: i64 = 20;
/// Heights may differ this much, metres.
const HEIGHT_TOLERANCE_M: f32 = 0.05;
/// Parameters may differ this much.
const PARAM_TOLERANCE: f32 = 0.01;

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// On board and read back equal.
    Uploaded,
    /// What is on board.
    Downloaded(Vec<RawItem>),
    /// Given up.
    Failed(String),
}

/// Where a transfer stands.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// Offering our list; `asked` is the highest item the aircraft asked for.
    Offer {
        asked: Option<u16>,
    },
    /// Asking for its list.
    AskCount,
    /// Reading item by item.
    Read {
        count: u16,
        items: Vec<RawItem>,
    },
    Ended(Outcome),
}

/// One transfer of one list.
#[derive(Debug, Clone)]
pub(crate) struct Transfer {
    list: ListKind,
    /// Ours; `None` only reads.
    items: Option<Vec<Item>>,
    /// Items at the front that are the autopilot's own (its home): given as anything, not compared, not handed on.
    leading: usize,
    step: Step,
    sendings: u32,
    starts: u32,
    next_ms: u64,
    /// Why the last start failed.
    trouble: String,
}

impl Transfer {
    /// Puts the items on board and reads them back.
    pub fn upload(list: ListKind, items: Vec<Item>, leading: u16, now_ms: u64) -> Self {
        let own = items.first().copied().into_iter().cycle().take(usize::from(leading));
        let items = own.chain(items.iter().copied()).collect();
        Self::new(list, Some(items), leading, Step::Offer { asked: None }, now_ms)
    }

    /// Reads what is on board.
    pub fn download(list: ListKind, leading: u16, now_ms: u64) -> Self {
        Self::new(list, None, leading, Step::AskCount, now_ms)
    }

    fn new(list: ListKind, items: Option<Vec<Item>>, leading: u16, step: Step, now_ms: u64) -> Self {
        Self {
            list,
            items,
            leading: usize::from(leading),
            step,
            sendings: 0,
            starts: 1,
            next_ms: now_ms,
            trouble: "no answer".to_owned(),
        }
    }

    /// The end, once there is one.
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.step {
            Step::Ended(outcome) => Some(outcome),
            Step::Offer { .. } | Step::AskCount | Step::Read { .. } => None,
        }
    }

    /// Whether our list is being offered: what of it is on board, and whether the aircraft waits for more, is not known.
    pub fn is_offered(&self) -> bool {
        match self.step {
            Step::Offer { .. } => true,
            Step::AskCount | Step::Read { .. } | Step::Ended(_) => false,
        }
    }

    /// Takes a transfer message of the autopilot that is for us.
    pub fn handle(&mut self, heard: &Heard, own: Addressee, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        let ours = |to: &Addressee, kind: u8| to.includes(own.system_id, own.component_id) && kind == self.list.number();
        match heard {
            Heard::MissionRequest { seq, to, kind } if ours(to, *kind) => self.give(*seq, limits, now_ms, send),
            Heard::MissionAck { result, to, kind } if ours(to, *kind) => self.take_ack(*result, limits, now_ms),
            Heard::MissionCount { count, to, kind } if ours(to, *kind) => self.take_count(*count, now_ms, send),
            Heard::MissionItem { item, to, kind } if ours(to, *kind) => self.take_item(item, limits, now_ms, send),
            _ => {}
        }
    }

    /// The aircraft asks for an item of ours.
    fn give(&mut self, seq: u16, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        let (Step::Offer { asked }, Some(items)) = (&mut self.step, &self.items) else { return };
        let Some(item) = items.get(usize::from(seq)) else { return };
        // A repeated question does not renew our patience, or an aircraft that never hears us would be answered for ever.
        if asked.is_none_or(|before| seq > before) {
            *asked = Some(seq);
            self.sendings = 0;
        }
        send(Outgoing::MissionItem { list: self.list, seq, item: *item });
        self.next_ms = now_ms + self.wait_ms(limits);
    }

    fn asked_for_all(&self) -> bool {
        let Step::Offer { asked } = &self.step else { return false };
        // Of an empty list nothing is asked.
        asked.map_or(0, |asked| usize::from(asked) + 1) == self.items.as_ref().map_or(0, Vec::len)
    }

    fn take_ack(&mut self, result: u8, limits: &LinkLimits, now_ms: u64) {
        let Step::Offer { asked } = &self.step else { return };
        if self.asked_for_all() {
            // Accepted, or an answer to a repeated item after the end: the read-back tells.
            return self.go_to(Step::AskCount, now_ms);
        }
        if asked.is_none() && result == RESULT_ACCEPTED {
            // A late one of the transfer before.
            return;
        }
        self.trouble = format!("the aircraft refused the {} list (result {result})", self.word());
        self.start_again(limits, now_ms);
    }

    fn take_count(&mut self, count: u16, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        if self.step != Step::AskCount {
            return;
        }
        if count > ITEMS_MAX {
            let reason = format!("{count} items on board, more than {ITEMS_MAX}");
            return self.step = Step::Ended(Outcome::Failed(reason));
        }
        self.go_to(Step::Read { count, items: Vec::new() }, now_ms);
        if count == 0 {
            self.finish_reading(Vec::new(), now_ms, send);
        }
    }

    fn take_item(&mut self, item: &RawItem, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        let Step::Read { count, items } = &mut self.step else { return };
        if usize::from(item.seq) != items.len() {
            return;
        }
        items.push(*item);
        self.sendings = 0;
        self.next_ms = now_ms;
        if items.len() == usize::from(*count) {
            let items = std::mem::take(items);
            self.finish_reading(items, now_ms, send);
        } else {
            self.handle_timeout(limits, now_ms, send);
        }
    }

    fn finish_reading(&mut self, read: Vec<RawItem>, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        send(Outgoing::MissionAck { list: self.list });
        let Some(items) = &self.items else {
            let read = read.into_iter().skip(self.leading).collect();
            return self.step = Step::Ended(Outcome::Downloaded(read));
        };
        match first_difference(items, &read, self.leading) {
            None => self.step = Step::Ended(Outcome::Uploaded),
            Some(difference) => {
                self.trouble = format!("the {} list read back different: {difference}", self.word());
                self.restart(now_ms);
            }
        }
    }

    /// Sends what is due again, or starts again when that was done often enough.
    pub fn handle_timeout(&mut self, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        if self.outcome().is_some() || now_ms < self.next_ms {
            return;
        }
        if self.starts > limits.transfer_starts_max {
            return self.step = Step::Ended(Outcome::Failed(self.trouble.clone()));
        }
        if self.sendings >= limits.transfer_sends_max {
            return self.start_again(limits, now_ms);
        }
        let list = self.list;
        match &self.step {
            Step::Offer { asked } => self.repeat_offer(*asked, send),
            Step::AskCount => send(Outgoing::MissionRequestList { list }),
            Step::Read { items, .. } => {
                let seq = u16::try_from(items.len()).unwrap_or(u16::MAX);
                send(Outgoing::MissionRequest { list, seq });
            }
            Step::Ended(_) => {}
        }
        self.next_ms = now_ms + self.wait_ms(limits);
        self.sendings += 1;
    }

    /// Nothing asked yet: offer again. Something asked: give the last again.
    fn repeat_offer(&self, asked: Option<u16>, send: &mut dyn FnMut(Outgoing)) {
        let items = self.items.as_deref().unwrap_or_default();
        match asked.and_then(|seq| items.get(usize::from(seq)).map(|item| (seq, *item))) {
            Some((seq, item)) => send(Outgoing::MissionItem { list: self.list, seq, item }),
            None => {
                let count = u16::try_from(items.len()).unwrap_or(u16::MAX);
                send(Outgoing::MissionCount { list: self.list, count });
            }
        }
    }

    /// Silence: when everything was asked for, only the last answer may be missing, so look first.
    fn start_again(&mut self, limits: &LinkLimits, now_ms: u64) {
        if self.asked_for_all() {
            return self.go_to(Step::AskCount, now_ms);
        }
        self.restart(now_ms);
        // The aircraft may still be in the transfer that failed; PX4 leaves it after its own timeout.
        self.next_ms = now_ms + limits.transfer_wait_ms;
    }

    fn restart(&mut self, now_ms: u64) {
        self.starts += 1;
        let step = if self.items.is_some() { Step::Offer { asked: None } } else { Step::AskCount };
        self.go_to(step, now_ms);
    }

    fn go_to(&mut self, step: Step, now_ms: u64) {
        self.step = step;
        self.sendings = 0;
        self.next_ms = now_ms;
    }

    fn wait_ms(&self, limits: &LinkLimits) -> u64 {
        let mut wait_ms = limits.transfer_wait_ms;
        for _ in 0..self.sendings.min(8) {
            wait_ms += wait_ms / 2;
        }
        wait_ms.min(limits.transfer_wait_max_ms)
    }

    fn word(&self) -> &'static str {
        match self.list {
            ListKind::Mission => "mission",
            ListKind::Fence => "fence",
            ListKind::Rally => "rally",
        }
    }

    /// When something is due.
    pub fn next_timeout_ms(&self) -> Option<u64> {
        self.outcome().is_none().then_some(self.next_ms)
    }
}

/// Where a list on board differs from ours, behind its leading items, in something that changes the flight; `None` when it does not.
fn first_difference(items: &[Item], read: &[RawItem], leading: usize) -> Option<String> {
    if items.len() != read.len() {
        return Some(format!("{} items instead of {}", read.len(), items.len()));
    }
    let differing = items.iter().zip(read).skip(leading).position(|(item, raw)| !same(item, raw));
    differing.map(|seq| format!("item {seq}"))
}

/// Whether an item on board does what ours does. What an autopilot rounds or leaves out is not compared.
pub(crate) fn same(item: &Item, raw: &RawItem) -> bool {
    let near = |a: f32, b: f32| (a - b).abs() <= PARAM_TOLERANCE;
    let place = || {
        let close = |a: i32, b: i32| (i64::from(a) - i64::from(b)).abs() <= COORDINATE_TOLERANCE;
        close(item.x, raw.x) && close(item.y, raw.y)
    };
    let height = || (item.z - raw.z).abs() <= HEIGHT_TOLERANCE_M;
    let rest = match item.kind {
        ItemKind::TakeOff
        | ItemKind::LoiterUnlimited
        | ItemKind::Land
        | ItemKind::ReturnPathStart
        | ItemKind::LandStart
        | ItemKind::RallyPoint => place() && height(),
        ItemKind::Waypoint => place() && height() && near(item.params[0], raw.params[0]),
        ItemKind::PointCamera => near(item.params[0], raw.params[0]),
        ItemKind::ChangeSpeed => near(item.params[0], raw.params[0]) && near(item.params[1], raw.params[1]),
        ItemKind::FenceInclusion | ItemKind::FenceExclusion => place() && near(item.params[0], raw.params[0]),
    };
    item.kind.number() == raw.command && rest
}
