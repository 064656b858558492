//! Parking inside the district's log: hands events to the parking core, and its orders to the workers.
//!
//! Decides nothing about money; what parking decides stands in `parking-core`.

use parking_core::event::{ParkingEvent, Stamp};

use crate::cause::Cause;
use crate::effect::{Action, OperatorAlert};
use crate::incident;
use crate::state::State;
use crate::turn::Turn;

/// An event of parking.
pub(crate) fn changed(state: &mut State, turn: &mut Turn, event: &ParkingEvent) {
    let stamp = Stamp { seq: turn.seq, at_ms: turn.now_ms };
    for order in state.parking.step(stamp, event) {
        turn.order(Action::Parking { order: Box::new(order) });
    }
}

/// An order of parking that could not be carried out is only ever a message: payments are asked about until the answer is known.
pub(crate) fn order_failed(state: &mut State, turn: &mut Turn, reason: &str) {
    let detail = Cause::ParkingUndelivered { why: reason.to_owned() };
    incident::alert(state, turn, None, OperatorAlert::DeliveryFailed { detail });
}
