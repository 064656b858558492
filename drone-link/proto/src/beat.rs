//! Asks the aircraft to show itself at once after it took an order whose effect its heartbeat shows.
//!
//! PX4 and ArduPilot beat once a second, so that arming and a mode are seen half a second late on average and a whole one at worst, on
//! the way to a person who waits. Both send any message once when asked by MAV_CMD_REQUEST_MESSAGE (mavlink.io, commands; PX4 1.16
//! `mavlink_receiver.cpp`, ArduPilot 4.6 `GCS_Common.cpp`), the heartbeat too. One that refuses is seen with its next beat, as before.

use crate::command::{Answer, Commander, Purpose, floats};
use crate::dialect::{AUTOPILOT_COMPONENT, CommandKind, id};

/// Asks once for each acceptance that no heartbeat has come after.
pub(crate) fn ask(heartbeat_ms: u64, commander: &mut Commander, now_ms: u64) {
    let accepted = [Purpose::Arming, Purpose::Mode].into_iter().filter_map(|purpose| match commander.answer(purpose) {
        Some((_, Answer::Accepted { at_ms })) => Some(at_ms),
        Some((_, Answer::Open | Answer::Postponed | Answer::Refused { .. } | Answer::Unanswered)) | None => None,
    });
    let Some(at_ms) = accepted.max().filter(|at_ms| *at_ms > heartbeat_ms) else { return };
    if commander.answer(Purpose::Beat).is_none_or(|(asked_ms, _)| asked_ms < at_ms) {
        let params = [id::HEARTBEAT as f32, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        commander.order(Purpose::Beat, floats(CommandKind::RequestMessage, AUTOPILOT_COMPONENT, params), now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkLimits;
    use crate::dialect::Outgoing;

    fn asked(commander: &mut Commander, now_ms: u64) -> usize {
        let limits = LinkLimits::default();
        let mut sent = Vec::new();
        commander.handle_timeout(&limits, now_ms, &mut |outgoing| sent.push(outgoing));
        let beats =
            |outgoing: &&Outgoing| matches!(outgoing, Outgoing::Command { spec, .. } if spec.kind == CommandKind::RequestMessage);
        sent.iter().filter(beats).count()
    }

    #[test]
    fn a_heartbeat_is_asked_for_once_after_an_order_that_was_taken() {
        let (mut commander, limits) = (Commander::default(), LinkLimits::default());
        let arm = floats(CommandKind::ArmDisarm, AUTOPILOT_COMPONENT, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        commander.order(Purpose::Arming, arm, 0);
        ask(0, &mut commander, 0);
        assert_eq!(asked(&mut commander, 0), 0, "not taken yet");
        commander.handle_ack(CommandKind::ArmDisarm.number(), AUTOPILOT_COMPONENT, 0, &limits, 100);
        ask(0, &mut commander, 100);
        assert_eq!(asked(&mut commander, 100), 1);
        commander.handle_ack(CommandKind::RequestMessage.number(), AUTOPILOT_COMPONENT, 0, &limits, 150);
        ask(0, &mut commander, 200);
        assert_eq!(asked(&mut commander, 5_000), 0, "once for one acceptance");
        commander.cancel(Purpose::Beat);
        ask(150, &mut commander, 200);
        assert_eq!(asked(&mut commander, 200), 0, "a heartbeat came after it");
        ask(0, &mut commander, 200);
        assert_eq!(asked(&mut commander, 200), 1, "and without it, it is asked for");
    }
}
