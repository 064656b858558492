//! Parameters of the aircraft: read by name, set where a flight needs it, believed by what is read back.
//!
//! PX4 sends an integer as its four bytes in the place of the float; ArduPilot sends it as a float of that value. Neither
//! answers for a name that it does not know, nor (PX4) for a value of the wrong type.

use crate::LinkLimits;
use crate::dialect::Outgoing;
use crate::inbound::RawParameter;
use crate::profile::Autopilot;

/// Values may differ this much by their way through a float, as a share.
const TOLERANCE: f64 = 1e-5;
/// MAV_PARAM_TYPE of a 32-bit float; every other of a 32-bit parameter is an integer.
const TYPE_REAL32: u8 = 9;
/// MAV_PARAM_TYPE of a signed 32-bit integer.
const TYPE_INT32: u8 = 6;

/// What must be so of one parameter before a flight.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Demand {
    pub name: &'static str,
    pub rule: Rule,
    /// Why, in words for an operator; follows "NAME is VALUE: ".
    pub reason: &'static str,
}

/// How a value is judged.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rule {
    /// It is set to this where it differs.
    Set(f64),
    /// These bits are set and those cleared where they are not so; the others stay.
    Bits {
        /// To be set.
        on: u32,
        /// To be clear.
        off: u32,
    },
    /// It must be one of these; nobody but the owner of the aircraft changes it.
    OneOf(&'static [f64]),
    /// It must be within these bounds.
    Within(f64, f64),
    /// It is set to this where it differs; an aircraft that does not know it, or does not take it, flies all the same, and that is told.
    Wish(f64),
}

/// A wish is sent so often, over four seconds: on a line that loses a third of all messages an answer comes with 97 of 100.
const WISH_SENDS_MAX: u32 = 5;
/// Who was silent about one wish is asked once about the next: they do not know them, and somebody waits for the flight.
const NEXT_WISH_SENDS_MAX: u32 = 1;

impl Rule {
    /// Whether it changes the aircraft.
    pub fn sets(&self) -> bool {
        match self {
            Self::Set(_) | Self::Bits { .. } | Self::Wish(_) => true,
            Self::OneOf(_) | Self::Within(..) => false,
        }
    }

    /// The value to set in place of this one.
    fn better(&self, value: f64) -> Option<f64> {
        match self {
            Self::Set(wanted) | Self::Wish(wanted) => Some(*wanted),
            Self::Bits { on, off } => Some(f64::from((value.max(0.0) as u32 | on) & !off)),
            Self::OneOf(_) | Self::Within(..) => None,
        }
    }

    fn holds(&self, value: f64) -> bool {
        let near = |wanted: f64| (value - wanted).abs() <= TOLERANCE * wanted.abs().max(1.0);
        match self {
            Self::Set(wanted) | Self::Wish(wanted) => near(*wanted),
            Self::Bits { on, off } => value.max(0.0) as u32 & (on | off) == *on,
            Self::OneOf(values) => values.iter().any(|wanted| near(*wanted)),
            Self::Within(least, most) => (*least..=*most).contains(&value),
        }
    }
}

/// How the demands were met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All that must hold does, as read back; these wishes were not met, one sentence each.
    Met(Vec<String>),
    /// These do not; one sentence each.
    Unmet(Vec<String>),
}

/// Where one demand stands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Read,
    /// Ordered, and waiting for the echo that shows it. The type is that of the aircraft's own answer.
    Write {
        value: f64,
        kind: u8,
    },
}

/// One run through the demands.
#[derive(Debug, Clone)]
pub(crate) struct Inquiry {
    autopilot: Autopilot,
    demands: Vec<Demand>,
    at: usize,
    step: Step,
    sendings: u32,
    next_ms: u64,
    unmet: Vec<String>,
    wishes: Vec<String>,
}

impl Inquiry {
    pub fn new(autopilot: Autopilot, demands: Vec<Demand>, now_ms: u64) -> Self {
        Self { autopilot, demands, at: 0, step: Step::Read, sendings: 0, next_ms: now_ms, unmet: Vec::new(), wishes: Vec::new() }
    }

    /// The end, once there is one.
    pub fn outcome(&self) -> Option<Outcome> {
        let over = self.at >= self.demands.len();
        over.then(|| if self.unmet.is_empty() { Outcome::Met(self.wishes.clone()) } else { Outcome::Unmet(self.unmet.clone()) })
    }

    /// Takes a PARAM_VALUE of the autopilot.
    pub fn handle(&mut self, heard: &RawParameter, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        let Some(demand) = self.demands.get(self.at).filter(|demand| demand.name == heard.name) else { return };
        let value = decode(self.autopilot, heard);
        if demand.rule.holds(value) {
            return self.go_on(limits, now_ms, send);
        }
        match (demand.rule.better(value), self.step) {
            (Some(value), Step::Read) => {
                self.step = Step::Write { value, kind: heard.kind };
                self.restart(limits, now_ms, send);
            }
            // The answer to a question that was repeated before the order: the echo, or the next order, tells.
            (Some(_), Step::Write { .. }) => {}
            (None, _) => {
                self.unmet.push(format!("{} is {value}: {}", demand.name, demand.reason));
                self.go_on(limits, now_ms, send);
            }
        }
    }

    /// Sends what is due again, or gives this demand up.
    pub fn handle_timeout(&mut self, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        let Some(demand) = self.demands.get(self.at).filter(|_| self.next_ms <= now_ms) else { return };
        let is_wish = matches!(demand.rule, Rule::Wish(_));
        let sends_max = match (is_wish, self.wishes.is_empty()) {
            (true, true) => WISH_SENDS_MAX.min(limits.transfer_sends_max),
            (true, false) => NEXT_WISH_SENDS_MAX,
            (false, _) => limits.transfer_sends_max,
        };
        if self.sendings >= sends_max {
            let what = match self.step {
                Step::Read => "the aircraft does not tell it",
                Step::Write { .. } => "the aircraft does not take the value that the flight needs",
            };
            let told = format!("{}: {what} ({})", demand.name, demand.reason);
            if is_wish { &mut self.wishes } else { &mut self.unmet }.push(told);
            return self.go_on(limits, now_ms, send);
        }
        match self.step {
            Step::Write { value, kind } => {
                let (value, kind) = encode(self.autopilot, value, kind);
                send(Outgoing::ParameterSet { name: demand.name, value, kind });
            }
            Step::Read => send(Outgoing::ParameterRead { name: demand.name }),
        }
        self.sendings += 1;
        self.next_ms = now_ms + wait_ms(self.sendings, limits);
    }

    fn go_on(&mut self, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        self.at += 1;
        self.step = Step::Read;
        self.restart(limits, now_ms, send);
    }

    fn restart(&mut self, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        self.sendings = 0;
        self.next_ms = now_ms;
        self.handle_timeout(limits, now_ms, send);
    }

    /// When something is due.
    pub fn next_timeout_ms(&self) -> Option<u64> {
        self.outcome().is_none().then_some(self.next_ms)
    }
}

/// 300 ms, 450, 675 … as in the other transfers.
pub(crate) fn wait_ms(sendings: u32, limits: &LinkLimits) -> u64 {
    let mut wait_ms = limits.transfer_wait_ms;
    for _ in 1..sendings.min(8) {
        wait_ms += wait_ms / 2;
    }
    wait_ms.min(limits.transfer_wait_max_ms)
}

pub(crate) fn decode(autopilot: Autopilot, heard: &RawParameter) -> f64 {
    match (autopilot, heard.kind) {
        (Autopilot::Px4, kind) if kind != TYPE_REAL32 => f64::from(heard.value.to_bits() as i32),
        (Autopilot::Px4 | Autopilot::ArduPilot, _) => f64::from(heard.value),
    }
}

fn encode(autopilot: Autopilot, value: f64, kind: u8) -> (f32, u8) {
    match autopilot {
        Autopilot::Px4 if kind != TYPE_REAL32 => (f32::from_bits(value as i32 as u32), TYPE_INT32),
        Autopilot::Px4 | Autopilot::ArduPilot => (value as f32, kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CEILING: Demand = Demand { name: "GF_MAX_VER_DIST", rule: Rule::Set(120.0), reason: "the ceiling" };
    const ACTION: Demand = Demand { name: "GF_ACTION", rule: Rule::OneOf(&[2.0, 3.0]), reason: "the fence would not hold it" };

    fn heard(name: &str, value: f32, kind: u8) -> RawParameter {
        RawParameter { name: name.to_owned(), value, kind, count: 2, index: 0 }
    }

    /// An inquiry, its aircraft's answers in order, and what it sent.
    fn run(autopilot: Autopilot, demands: &[Demand], answers: &[RawParameter]) -> (Option<Outcome>, Vec<Outgoing>) {
        let (limits, mut sent) = (LinkLimits::default(), Vec::new());
        let mut inquiry = Inquiry::new(autopilot, demands.to_vec(), 0);
        inquiry.handle_timeout(&limits, 0, &mut |outgoing| sent.push(outgoing));
        for answer in answers {
            inquiry.handle(answer, &limits, 10, &mut |outgoing| sent.push(outgoing));
        }
        (inquiry.outcome(), sent)
    }

    #[test]
    fn a_value_that_differs_is_set_and_believed_when_it_is_read_back() {
        let answers = [heard("GF_MAX_VER_DIST", 0.0, TYPE_REAL32), heard("GF_MAX_VER_DIST", 120.0, TYPE_REAL32)];
        let (outcome, sent) = run(Autopilot::Px4, &[CEILING], &answers);
        let set = Outgoing::ParameterSet { name: "GF_MAX_VER_DIST", value: 120.0, kind: TYPE_REAL32 };
        assert_eq!(sent, [Outgoing::ParameterRead { name: "GF_MAX_VER_DIST" }, set]);
        assert_eq!(outcome, Some(Outcome::Met(Vec::new())));
        assert_eq!(run(Autopilot::Px4, &[CEILING], &answers[..1]).0, None);
    }

    #[test]
    fn integers_travel_as_bytes_on_px4_and_as_numbers_on_ardupilot() {
        let bytes = |value: i32| f32::from_bits(value as u32);
        assert_eq!(run(Autopilot::Px4, &[ACTION], &[heard("GF_ACTION", bytes(3), TYPE_INT32)]).0, Some(Outcome::Met(Vec::new())));
        assert_eq!(run(Autopilot::ArduPilot, &[ACTION], &[heard("GF_ACTION", 3.0, 2)]).0, Some(Outcome::Met(Vec::new())));
        let refused = Outcome::Unmet(vec!["GF_ACTION is 0: the fence would not hold it".to_owned()]);
        assert_eq!(run(Autopilot::Px4, &[ACTION], &[heard("GF_ACTION", bytes(0), TYPE_INT32)]).0, Some(refused));
        assert_eq!(encode(Autopilot::Px4, 3.0, TYPE_INT32), (bytes(3), TYPE_INT32));
        assert_eq!(encode(Autopilot::ArduPilot, 3.0, 2), (3.0, 2));
    }

    #[test]
    fn a_wish_that_is_not_met_is_told_and_keeps_nobody_on_the_ground() {
        const WISH: Demand = Demand { name: "RTL_TYPE", rule: Rule::Wish(2.0), reason: "its own way home" };
        let limits = LinkLimits::default();
        let end = |answers: &[RawParameter]| {
            let mut inquiry = Inquiry::new(Autopilot::Px4, vec![WISH, CEILING], 0);
            inquiry.handle_timeout(&limits, 0, &mut |_| {});
            for answer in answers {
                inquiry.handle(answer, &limits, 10, &mut |_| {});
            }
            let mut last_ms = 0;
            while let Some(at_ms) = inquiry.next_timeout_ms() {
                inquiry.handle_timeout(&limits, at_ms, &mut |_| {});
                inquiry.handle(&heard("GF_MAX_VER_DIST", 120.0, TYPE_REAL32), &limits, at_ms, &mut |_| {});
                last_ms = at_ms;
            }
            (inquiry.outcome(), last_ms)
        };
        let (outcome, waited_ms) = end(&[]);
        assert_eq!(outcome, Some(Outcome::Met(vec!["RTL_TYPE: the aircraft does not tell it (its own way home)".to_owned()])));
        assert!(waited_ms < 4_000, "somebody waits: {waited_ms} ms");
        let bytes = |value: u32| f32::from_bits(value);
        let (outcome, _) = end(&[heard("RTL_TYPE", bytes(0), TYPE_INT32)]);
        assert_eq!(
            outcome,
            Some(Outcome::Met(vec![
                "RTL_TYPE: the aircraft does not take the value that the flight needs (its own way home)".to_owned()
            ]))
        );
        let (outcome, _) = end(&[heard("RTL_TYPE", bytes(0), TYPE_INT32), heard("RTL_TYPE", bytes(2), TYPE_INT32)]);
        assert_eq!(outcome, Some(Outcome::Met(Vec::new())));
    }

    #[test]
    fn silence_and_strangers_are_told() {
        let (limits, mut sent) = (LinkLimits::default(), 0);
        let mut inquiry = Inquiry::new(Autopilot::Px4, vec![CEILING], 0);
        inquiry.handle(&heard("SYS_AUTOSTART", 120.0, TYPE_REAL32), &limits, 0, &mut |_| sent += 1);
        while let Some(at_ms) = inquiry.next_timeout_ms() {
            inquiry.handle_timeout(&limits, at_ms, &mut |_| sent += 1);
        }
        assert_eq!(sent, limits.transfer_sends_max);
        let told = "GF_MAX_VER_DIST: the aircraft does not tell it (the ceiling)".to_owned();
        assert_eq!(inquiry.outcome(), Some(Outcome::Unmet(vec![told])));
    }
}
