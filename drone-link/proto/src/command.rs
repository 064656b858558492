//! Commands to the aircraft: repeated until answered, tied to their answers, never two of one kind at once.
//!
//! A COMMAND_ACK names only the command, not the order it answers. Autopilots answer in the order in which they hear, so every sending
//! waits for its own answer, and an answer belongs to the oldest that waits (ADR 200). It is a hint all the same: whoever gave an order
//! that shows in the aircraft's state (armed, mode, light) believes the state.

use std::collections::VecDeque;

use crate::LinkLimits;
use crate::cancellations::Cancellations;
use crate::dialect::{CommandKind, CommandSpec, Outgoing};

/// MAV_RESULT values.
const ACCEPTED: u8 = 0;
const TEMPORARILY_REJECTED: u8 = 1;
const IN_PROGRESS: u8 = 5;
const CANCELLED: u8 = 6;
/// Sendings whose answers are waited for at once; more are never under way. The oldest is forgotten first.
const AWAITED_MAX: usize = 64;

/// What an order is for. One order of each purpose exists at a time; a new one replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    Arming,
    Mode,
    Reposition,
    Speed,
    LookAt,
    LookAhead,
    Light,
    Brightness,
    Interval,
    Streams,
    Zoom,
    Gimbal,
    Version,
    Beat,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// No answer yet; being repeated.
    Open,
    /// Taken.
    Accepted {
        /// When.
        at_ms: u64,
    },
    /// Refused for now; being repeated more slowly.
    Postponed,
    /// Refused.
    Refused {
        /// MAV_RESULT.
        result: u8,
        /// When.
        at_ms: u64,
    },
    /// Nobody answered in time.
    Unanswered,
}

/// An order on its way.
#[derive(Debug, Clone)]
struct Order {
    number: u64,
    purpose: Purpose,
    spec: CommandSpec,
    answer: Answer,
    /// It was said that it is being worked on, and no verdict has come since.
    working: bool,
    sendings: u32,
    since_ms: u64,
    next_ms: u64,
}

/// One sending that has no answer yet, of an order that may have been replaced since.
#[derive(Debug, Clone, Copy)]
struct Awaited {
    order: u64,
    command: u16,
    component_id: u8,
    sent_ms: u64,
}

/// All orders on their way to one aircraft.
#[derive(Debug, Default)]
pub(crate) struct Commander {
    orders: Vec<Order>,
    given: u64,
    awaited: VecDeque<Awaited>,
    cancellations: Cancellations,
    round_trip_ms: Option<u64>,
}

impl Commander {
    /// Gives an order, in place of an earlier one of this purpose.
    pub fn order(&mut self, purpose: Purpose, spec: CommandSpec, now_ms: u64) {
        self.cancel(purpose);
        self.given += 1;
        let (number, answer) = (self.given, Answer::Open);
        self.orders.push(Order { number, purpose, spec, answer, working: false, sendings: 0, since_ms: now_ms, next_ms: now_ms });
    }

    /// How long a word and its answer take now; tells how late an answer may be.
    pub fn take_round_trip(&mut self, round_trip_ms: Option<f64>) {
        self.round_trip_ms = round_trip_ms.map(|trip_ms| trip_ms as u64);
    }

    /// Repeats this order no more, and takes it back where it is still being worked on.
    pub fn cancel(&mut self, purpose: Purpose) {
        self.withdraw(&[purpose]);
    }

    /// Repeats nothing any more that moves the aircraft.
    pub fn cancel_movements(&mut self) {
        self.withdraw(&[Purpose::Arming, Purpose::Mode, Purpose::Reposition]);
    }

    fn withdraw(&mut self, purposes: &[Purpose]) {
        // Arming and modes are ended when they show, before their last answer perhaps: that they are needed no more takes nothing back.
        let taken_back = |order: &Order| order.working && !matches!(order.purpose, Purpose::Arming | Purpose::Mode);
        for order in self.orders.extract_if(.., |order| purposes.contains(&order.purpose)).filter(taken_back) {
            self.cancellations.add(order.number, order.spec.kind, order.spec.component_id);
        }
    }

    /// The order of this purpose: since when, and how it was answered.
    pub fn answer(&self, purpose: Purpose) -> Option<(u64, Answer)> {
        self.orders.iter().find(|order| order.purpose == purpose).map(|order| (order.since_ms, order.answer))
    }

    /// Takes a COMMAND_ACK from a component.
    pub fn handle_ack(&mut self, command: u16, component_id: u8, result: u8, limits: &LinkLimits, now_ms: u64) {
        let answered = self.answered(command, component_id, result == IN_PROGRESS, limits, now_ms);
        if let Some(number) = answered.filter(|_| result != IN_PROGRESS) {
            self.cancellations.answered(number);
        }
        let fits = |order: &&mut Order| match answered {
            Some(number) => order.number == number,
            // A second verdict, or a very late one; that something was cancelled is said of what was worked on.
            None => {
                let heard = order.sendings > 0 && (order.working || result != CANCELLED);
                order.spec.kind.number() == command && order.spec.component_id == component_id && heard
            }
        };
        let Some(order) = self.orders.iter_mut().find(fits) else { return };
        order.working = result == IN_PROGRESS;
        match result {
            IN_PROGRESS => {
                // Taken and being worked on: no repeat before it has had its time.
                order.next_ms = now_ms + limits.command_limit_ms / 2;
            }
            ACCEPTED => order.answer = Answer::Accepted { at_ms: now_ms },
            TEMPORARILY_REJECTED => {
                order.answer = Answer::Postponed;
                order.next_ms = now_ms + limits.rejected_wait_ms;
            }
            // PX4 accepts a mode at once and refuses it a moment later, so a refusal counts after an acceptance too.
            _ => order.answer = Answer::Refused { result, at_ms: now_ms },
        }
    }

    /// The order whose sending this answers: the oldest that waits. One that works on it answers again.
    fn answered(&mut self, command: u16, component_id: u8, again: bool, limits: &LinkLimits, now_ms: u64) -> Option<u64> {
        let late_ms = self.late_ms(limits);
        self.awaited.retain(|awaited| now_ms.saturating_sub(awaited.sent_ms) < late_ms);
        let oldest = self.awaited.iter().position(|awaited| awaited.command == command && awaited.component_id == component_id)?;
        if !again {
            return self.awaited.remove(oldest).map(|awaited| awaited.order);
        }
        let awaited = self.awaited.get_mut(oldest)?;
        // Its verdict may be late by as much again.
        awaited.sent_ms = now_ms;
        Some(awaited.order)
    }

    /// A sending that has no answer after so long was lost. Not before its repeat, and not before two round trips; where the round trip is not
    /// known, the longest wait between two sendings. Longer, and a lost one would swallow the answer to the next order for nothing.
    fn late_ms(&self, limits: &LinkLimits) -> u64 {
        self.round_trip_ms.map_or(limits.ack_wait_max_ms, |trip_ms| (2 * trip_ms).max(limits.ack_wait_ms))
    }

    /// Sends what is due.
    pub fn handle_timeout(&mut self, limits: &LinkLimits, now_ms: u64, send: &mut dyn FnMut(Outgoing)) {
        // Before the orders: what takes the place of another comes after its end.
        self.cancellations.handle_timeout(limits, now_ms, send);
        for order in &mut self.orders {
            if now_ms < order.next_ms || !order.is_repeated() {
                continue;
            }
            let unanswered = order.answer == Answer::Open && now_ms.saturating_sub(order.since_ms) >= limits.command_limit_ms;
            if unanswered {
                order.answer = Answer::Unanswered;
                continue;
            }
            let confirmation = u8::try_from(order.sendings).unwrap_or(u8::MAX);
            send(Outgoing::Command { spec: order.spec, confirmation });
            order.next_ms = now_ms + wait_ms(order.sendings, limits);
            order.sendings += 1;
            if self.awaited.len() >= AWAITED_MAX {
                self.awaited.pop_front();
            }
            let (command, component_id) = (order.spec.kind.number(), order.spec.component_id);
            self.awaited.push_back(Awaited { order: order.number, command, component_id, sent_ms: now_ms });
        }
    }

    /// When something is due.
    pub fn next_timeout_ms(&self) -> Option<u64> {
        let orders = self.orders.iter().filter(|order| order.is_repeated()).map(|order| order.next_ms);
        orders.chain(self.cancellations.next_timeout_ms()).min()
    }
}

impl Order {
    fn is_repeated(&self) -> bool {
        match self.answer {
            Answer::Open | Answer::Postponed => true,
            Answer::Accepted { .. } | Answer::Refused { .. } | Answer::Unanswered => false,
        }
    }
}

/// 700 ms, 1050, 1575, 2000, 2000 …
fn wait_ms(sendings: u32, limits: &LinkLimits) -> u64 {
    let mut wait_ms = limits.ack_wait_ms;
    for _ in 0..sendings.min(8) {
        wait_ms += wait_ms / 2;
    }
    wait_ms.min(limits.ack_wait_max_ms)
}

/// A command as seven floats to the autopilot.
pub(crate) fn floats(kind: CommandKind, component_id: u8, params: [f32; 7]) -> CommandSpec {
    CommandSpec { kind, component_id, params: crate::dialect::Params::Floats(params) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::AUTOPILOT_COMPONENT;

    const ARM: u16 = 400;

    fn armed_order() -> (Commander, LinkLimits) {
        let mut commander = Commander::default();
        let spec = floats(CommandKind::ArmDisarm, AUTOPILOT_COMPONENT, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        commander.order(Purpose::Arming, spec, 0);
        (commander, LinkLimits::default())
    }

    /// Lets time run and returns when something was sent.
    fn sent_at(commander: &mut Commander, limits: &LinkLimits, until_ms: u64) -> Vec<u64> {
        let mut times = Vec::new();
        while let Some(at) = commander.next_timeout_ms().filter(|at| *at <= until_ms) {
            commander.handle_timeout(limits, at, &mut |_| times.push(at));
        }
        times
    }

    #[test]
    fn an_unanswered_command_is_repeated_and_then_given_up() {
        let (mut commander, limits) = armed_order();
        assert_eq!(sent_at(&mut commander, &limits, 60_000), [0, 700, 1_750, 3_325, 5_325, 7_325, 9_325]);
        assert_eq!(commander.answer(Purpose::Arming).map(|(_, answer)| answer), Some(Answer::Unanswered));
    }

    #[test]
    fn an_answer_stops_the_repeats_and_a_postponement_slows_them() {
        let (mut commander, limits) = armed_order();
        assert_eq!(sent_at(&mut commander, &limits, 0), [0]);
        commander.handle_ack(ARM, AUTOPILOT_COMPONENT, TEMPORARILY_REJECTED, &limits, 100);
        assert_eq!(sent_at(&mut commander, &limits, 1_200), [1_100]);
        commander.handle_ack(ARM, AUTOPILOT_COMPONENT, ACCEPTED, &limits, 1_300);
        assert_eq!(sent_at(&mut commander, &limits, 60_000), [0; 0]);
    }

    #[test]
    fn answers_to_others_do_not_count() {
        let (mut commander, limits) = armed_order();
        // Not sent yet: this is the late answer to an earlier order.
        commander.handle_ack(ARM, AUTOPILOT_COMPONENT, ACCEPTED, &limits, 0);
        assert_eq!(sent_at(&mut commander, &limits, 0), [0]);
        commander.handle_ack(ARM, 154, ACCEPTED, &limits, 10);
        commander.handle_ack(176, AUTOPILOT_COMPONENT, ACCEPTED, &limits, 10);
        assert_eq!(commander.answer(Purpose::Arming).map(|(_, answer)| answer), Some(Answer::Open));
    }

    #[test]
    fn a_refusal_after_an_acceptance_counts() {
        let (mut commander, limits) = armed_order();
        sent_at(&mut commander, &limits, 0);
        commander.handle_ack(ARM, AUTOPILOT_COMPONENT, ACCEPTED, &limits, 10);
        commander.handle_ack(ARM, AUTOPILOT_COMPONENT, 2, &limits, 20);
        let refused = Answer::Refused { result: 2, at_ms: 20 };
        assert_eq!(commander.answer(Purpose::Arming).map(|(_, answer)| answer), Some(refused));
    }

    const REPOSITION: u16 = 192;
    const INTERVAL: u16 = 511;
    const DENIED: u8 = 2;

    fn give(commander: &mut Commander, purpose: Purpose, kind: CommandKind, at_ms: u64) {
        commander.order(purpose, floats(kind, AUTOPILOT_COMPONENT, [at_ms as f32, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), at_ms);
        commander.handle_timeout(&LinkLimits::default(), at_ms, &mut |_| {});
    }

    fn shown(commander: &Commander, purpose: Purpose) -> Option<Answer> {
        commander.answer(purpose).map(|(_, answer)| answer)
    }

    #[test]
    fn the_answer_to_a_replaced_order_is_not_the_new_ones() {
        for (purpose, kind, command) in [
            (Purpose::Reposition, CommandKind::Reposition, REPOSITION),
            (Purpose::Interval, CommandKind::MessageInterval, INTERVAL),
        ] {
            for (first, second) in [(ACCEPTED, DENIED), (DENIED, ACCEPTED)] {
                let (mut commander, limits) = (Commander::default(), LinkLimits::default());
                give(&mut commander, purpose, kind, 0);
                give(&mut commander, purpose, kind, 300);
                commander.handle_ack(command, AUTOPILOT_COMPONENT, first, &limits, 400);
                assert_eq!(shown(&commander, purpose), Some(Answer::Open), "the first one's answer");
                commander.handle_ack(command, AUTOPILOT_COMPONENT, second, &limits, 700);
                let expected = match second {
                    ACCEPTED => Answer::Accepted { at_ms: 700 },
                    result => Answer::Refused { result, at_ms: 700 },
                };
                assert_eq!(shown(&commander, purpose), Some(expected));
            }
        }
    }

    #[test]
    fn the_second_answer_to_a_repeated_order_is_not_the_next_ones() {
        let (mut commander, limits) = (Commander::default(), LinkLimits::default());
        commander.take_round_trip(Some(800.0));
        give(&mut commander, Purpose::Interval, CommandKind::MessageInterval, 0);
        commander.handle_timeout(&limits, 700, &mut |_| {});
        commander.handle_ack(INTERVAL, AUTOPILOT_COMPONENT, ACCEPTED, &limits, 800);
        give(&mut commander, Purpose::Interval, CommandKind::MessageInterval, 800);
        commander.handle_ack(INTERVAL, AUTOPILOT_COMPONENT, ACCEPTED, &limits, 1_500);
        assert_eq!(shown(&commander, Purpose::Interval), Some(Answer::Open));
        commander.handle_ack(INTERVAL, AUTOPILOT_COMPONENT, ACCEPTED, &limits, 1_600);
        assert_eq!(shown(&commander, Purpose::Interval), Some(Answer::Accepted { at_ms: 1_600 }));
    }

    #[test]
    fn a_sending_that_was_lost_costs_one_repeat_and_no_more() {
        let (mut commander, limits) = (Commander::default(), LinkLimits::default());
        commander.take_round_trip(Some(100.0));
        // The first is lost; its replacement's answer is taken for it, and the repeat's is the replacement's.
        give(&mut commander, Purpose::Reposition, CommandKind::Reposition, 0);
        give(&mut commander, Purpose::Reposition, CommandKind::Reposition, 500);
        commander.handle_ack(REPOSITION, AUTOPILOT_COMPONENT, ACCEPTED, &limits, 600);
        assert_eq!(shown(&commander, Purpose::Reposition), Some(Answer::Open));
        assert_eq!(sent_at(&mut commander, &limits, 1_200), [1_200]);
        commander.handle_ack(REPOSITION, AUTOPILOT_COMPONENT, ACCEPTED, &limits, 1_300);
        assert_eq!(shown(&commander, Purpose::Reposition), Some(Answer::Accepted { at_ms: 1_300 }));
        give(&mut commander, Purpose::Reposition, CommandKind::Reposition, 1_400);
        commander.handle_ack(REPOSITION, AUTOPILOT_COMPONENT, DENIED, &limits, 1_500);
        assert_eq!(shown(&commander, Purpose::Reposition), Some(Answer::Refused { result: DENIED, at_ms: 1_500 }));
    }

    #[test]
    fn what_is_being_worked_on_answers_again() {
        let (mut commander, limits) = (Commander::default(), LinkLimits::default());
        give(&mut commander, Purpose::Reposition, CommandKind::Reposition, 0);
        commander.handle_ack(REPOSITION, AUTOPILOT_COMPONENT, IN_PROGRESS, &limits, 100);
        give(&mut commander, Purpose::Reposition, CommandKind::Reposition, 200);
        commander.handle_ack(REPOSITION, AUTOPILOT_COMPONENT, DENIED, &limits, 300);
        assert_eq!(shown(&commander, Purpose::Reposition), Some(Answer::Open));
    }

    /// The commands that are cancelled and those that are sent, until a time.
    fn said(commander: &mut Commander, until_ms: u64) -> Vec<(u64, &'static str)> {
        let mut said = Vec::new();
        while let Some(at_ms) = commander.next_timeout_ms().map(|at_ms| at_ms.max(200)).filter(|at_ms| *at_ms <= until_ms) {
            commander.handle_timeout(&LinkLimits::default(), at_ms, &mut |outgoing| {
                let word = match outgoing {
                    Outgoing::CommandCancel { kind: CommandKind::Reposition, component_id: AUTOPILOT_COMPONENT } => "cancel",
                    Outgoing::Command { .. } => "order",
                    _ => "other",
                };
                said.push((at_ms, word));
            });
        }
        said
    }

    fn worked_on() -> (Commander, LinkLimits) {
        let (mut commander, limits) = (Commander::default(), LinkLimits::default());
        give(&mut commander, Purpose::Reposition, CommandKind::Reposition, 0);
        commander.handle_ack(REPOSITION, AUTOPILOT_COMPONENT, IN_PROGRESS, &limits, 100);
        (commander, limits)
    }

    #[test]
    fn an_order_that_is_being_worked_on_is_cancelled_when_it_is_taken_back() {
        let (mut commander, limits) = worked_on();
        commander.cancel(Purpose::Reposition);
        assert_eq!(said(&mut commander, 1_000), [(200, "cancel"), (900, "cancel")], "again, without an answer");
        commander.handle_ack(REPOSITION, AUTOPILOT_COMPONENT, CANCELLED, &limits, 1_000);
        assert_eq!(said(&mut commander, 60_000), [], "answered");
        let (mut commander, _) = worked_on();
        commander.cancel_movements();
        assert_eq!(said(&mut commander, 60_000).len(), 3, "three times to one who does not know it");
    }

    #[test]
    fn what_nobody_works_on_is_not_cancelled() {
        let (mut commander, limits) = (Commander::default(), LinkLimits::default());
        give(&mut commander, Purpose::Reposition, CommandKind::Reposition, 0);
        commander.cancel(Purpose::Reposition);
        assert_eq!(said(&mut commander, 60_000), []);
        let (mut commander, _) = worked_on();
        commander.handle_ack(REPOSITION, AUTOPILOT_COMPONENT, ACCEPTED, &limits, 150);
        commander.cancel(Purpose::Reposition);
        assert_eq!(said(&mut commander, 60_000), [], "it is done");
    }

    #[test]
    fn that_an_order_was_cancelled_is_no_verdict_on_the_one_in_its_place() {
        let (mut commander, limits) = worked_on();
        commander.order(
            Purpose::Reposition,
            floats(CommandKind::Reposition, AUTOPILOT_COMPONENT, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
            200,
        );
        assert_eq!(said(&mut commander, 200), [(200, "cancel"), (200, "order")]);
        commander.handle_ack(REPOSITION, AUTOPILOT_COMPONENT, CANCELLED, &limits, 300);
        assert_eq!(shown(&commander, Purpose::Reposition), Some(Answer::Open));
        commander.handle_ack(REPOSITION, AUTOPILOT_COMPONENT, ACCEPTED, &limits, 400);
        assert_eq!(shown(&commander, Purpose::Reposition), Some(Answer::Accepted { at_ms: 400 }));
        // Once more, long after everything that was awaited: nothing of ours is worked on.
        commander.handle_ack(REPOSITION, AUTOPILOT_COMPONENT, CANCELLED, &limits, 9_000);
        assert_eq!(shown(&commander, Purpose::Reposition), Some(Answer::Accepted { at_ms: 400 }));
    }

    #[test]
    fn an_order_that_somebody_else_cancelled_is_refused() {
        let (mut commander, limits) = worked_on();
        commander.handle_ack(REPOSITION, AUTOPILOT_COMPONENT, CANCELLED, &limits, 4_000);
        assert_eq!(shown(&commander, Purpose::Reposition), Some(Answer::Refused { result: CANCELLED, at_ms: 4_000 }));
    }
}
