//! The aircraft's gimbal by protocol v2, as far as a link cares: whether the autopilot manages one, where it looks, and who may turn it.
//! Asks until it is told. An aircraft on a flight of ours is to look where that flight says, so control is taken from whoever had it;
//! not while a pilot flies.

use crate::command::{Answer, Commander, Purpose, floats};
use crate::dialect::{AUTOPILOT_COMPONENT, CommandKind, id};

/// Between two questions, and between two attempts to take control.
const ASK_AGAIN_MS: u64 = 3_000;
/// Questions to an autopilot that answers nothing; one that manages no gimbal often does just that.
const ASKS_MAX: u32 = 5;
/// Between two words of where it looks, microseconds.
const LOOK_INTERVAL_US: f32 = 500_000.0;
/// DO_GIMBAL_MANAGER_CONFIGURE: control for the sender; what is not named stays as it is.
const TO_SENDER: f32 = -2.0;
const LEAVE: f32 = -1.0;

/// Where a gimbal looks (GIMBAL_DEVICE_ATTITUDE_STATUS).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    /// Over the horizon, degrees.
    pub pitch_deg: f64,
    /// To the right, degrees: of north, or of the nose.
    pub yaw_deg: f64,
    /// The yaw is counted from the nose.
    pub from_nose: bool,
}

impl Look {
    /// From a quaternion w, x, y, z; `None` when it is none.
    pub fn of(q: [f32; 4], from_nose: bool) -> Option<Self> {
        let [w, x, y, z] = q.map(f64::from);
        let length = (w * w + x * x + y * y + z * z).sqrt();
        if !(0.5..=2.0).contains(&length) {
            return None;
        }
        let [w, x, y, z] = [w, x, y, z].map(|part| part / length);
        let pitch_deg = (2.0 * (w * y - z * x)).clamp(-1.0, 1.0).asin().to_degrees();
        let yaw_deg = (2.0 * (w * z + x * y)).atan2(1.0 - 2.0 * (y * y + z * z)).to_degrees();
        Some(Self { pitch_deg, yaw_deg, from_nose })
    }

    /// Clockwise from north, degrees; `None` while the nose's heading is needed and not known.
    pub fn heading_deg(&self, nose_deg: Option<f64>) -> Option<f64> {
        let from_deg = if self.from_nose { nose_deg? } else { 0.0 };
        Some((from_deg + self.yaw_deg).rem_euclid(360.0))
    }
}

/// What the autopilot told of its gimbal.
#[derive(Debug, Default)]
pub(crate) struct Gimbal {
    device: Option<u8>,
    /// System and component in control; 0/0 is nobody.
    primary: Option<(u8, u8)>,
    look: Option<Look>,
    asks: u32,
    ask_ms: u64,
    /// Its attitude was asked for.
    watched: bool,
    refused: bool,
}

impl Gimbal {
    /// The aircraft is new or restarted.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// The autopilot manages this gimbal. The first one counts.
    pub fn take_manager(&mut self, device: u8) {
        self.device.get_or_insert(device);
    }

    /// Who is in control of a gimbal.
    pub fn take_control(&mut self, device: u8, primary: (u8, u8)) {
        if self.device == Some(device) {
            self.primary = Some(primary);
        }
    }

    /// Where a gimbal looks. One that gives no number is the only one.
    pub fn take_look(&mut self, device: u8, look: Look) {
        if device == 0 || self.device.is_none_or(|known| known == device) {
            self.look = Some(look);
        }
    }

    /// Where it looks, as far as known.
    pub fn look(&self) -> Option<Look> {
        self.look
    }

    /// Asks and orders what is due; `flown` says that the gimbal is to follow a flight of ours.
    pub fn drive(&mut self, own: (u8, u8), flown: bool, commander: &mut Commander, now_ms: u64) {
        let waits = |(_, answer)| matches!(answer, Answer::Open | Answer::Postponed);
        if commander.answer(Purpose::Gimbal).is_some_and(waits) {
            return;
        }
        if self.device.is_none() {
            return self.ask(commander, now_ms);
        }
        if !self.watched {
            self.watched = true;
            let params = [id::GIMBAL_DEVICE_ATTITUDE_STATUS as f32, LOOK_INTERVAL_US, 0.0, 0.0, 0.0, 0.0, 0.0];
            return commander.order(Purpose::Gimbal, floats(CommandKind::MessageInterval, AUTOPILOT_COMPONENT, params), now_ms);
        }
        let is_others = self.primary.is_some_and(|primary| primary != own);
        if flown && is_others && self.ask_ms <= now_ms {
            self.ask_ms = now_ms + ASK_AGAIN_MS;
            let device = f32::from(self.device.unwrap_or_default());
            let params = [TO_SENDER, TO_SENDER, LEAVE, LEAVE, 0.0, 0.0, device];
            commander.order(Purpose::Gimbal, floats(CommandKind::ConfigureGimbal, AUTOPILOT_COMPONENT, params), now_ms);
        }
    }

    fn ask(&mut self, commander: &mut Commander, now_ms: u64) {
        self.refused |= matches!(commander.answer(Purpose::Gimbal), Some((_, Answer::Refused { .. })));
        if self.refused || self.asks >= ASKS_MAX || now_ms < self.ask_ms {
            return;
        }
        self.asks += 1;
        self.ask_ms = now_ms + ASK_AGAIN_MS;
        let params = [id::GIMBAL_MANAGER_INFORMATION as f32, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        commander.order(Purpose::Gimbal, floats(CommandKind::RequestMessage, AUTOPILOT_COMPONENT, params), now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkLimits;
    use crate::dialect::{CommandSpec, Outgoing, Params};

    const OWN: (u8, u8) = (255, 190);
    const OTHER: (u8, u8) = (254, 190);
    const ACCEPTED: u8 = 0;
    /// MAV_RESULT_UNSUPPORTED.
    const UNSUPPORTED: u8 = 3;

    /// Kinds of the orders in so many seconds, each answered with `result`, and their first parameters.
    fn ordered(gimbal: &mut Gimbal, flown: bool, result: u8, seconds: u64) -> Vec<(CommandKind, f32)> {
        let (mut commander, limits, mut orders) = (Commander::default(), LinkLimits::default(), Vec::new());
        for now_ms in (0..seconds * 1_000).step_by(100) {
            gimbal.drive(OWN, flown, &mut commander, now_ms);
            let mut sent = Vec::new();
            commander.handle_timeout(&limits, now_ms, &mut |outgoing| {
                if let Outgoing::Command { spec: CommandSpec { kind, params: Params::Floats(params), .. }, .. } = outgoing {
                    sent.push((kind, params[0]));
                }
            });
            for (kind, _) in &sent {
                commander.handle_ack(kind.number(), AUTOPILOT_COMPONENT, result, &limits, now_ms);
            }
            orders.extend(sent);
        }
        orders
    }

    #[test]
    fn a_manager_is_asked_for_a_few_times_and_one_that_refuses_once() {
        let question = (CommandKind::RequestMessage, 280.0);
        assert_eq!(ordered(&mut Gimbal::default(), true, ACCEPTED, 60), [question; ASKS_MAX as usize]);
        assert_eq!(ordered(&mut Gimbal::default(), true, UNSUPPORTED, 60), [question]);
    }

    #[test]
    fn control_is_taken_from_whoever_has_it_while_a_flight_of_ours_is_flown() {
        let mut gimbal = Gimbal::default();
        gimbal.take_control(1, OTHER);
        gimbal.take_manager(1);
        let watch = (CommandKind::MessageInterval, 285.0);
        assert_eq!(ordered(&mut gimbal, true, ACCEPTED, 10), [watch], "nothing is known of who is in control");
        gimbal.take_control(2, OTHER);
        gimbal.take_control(1, OWN);
        assert_eq!(ordered(&mut gimbal, true, ACCEPTED, 10), []);
        gimbal.take_control(1, OTHER);
        assert_eq!(ordered(&mut gimbal, false, ACCEPTED, 10), [], "a pilot flies");
        let take = (CommandKind::ConfigureGimbal, TO_SENDER);
        assert_eq!(ordered(&mut gimbal, true, ACCEPTED, 3), [take]);
        gimbal.restart();
        assert_eq!(ordered(&mut gimbal, true, UNSUPPORTED, 10).len(), 1, "it is asked anew");
    }

    #[test]
    fn looks_are_read_from_the_nose_and_from_north_and_nonsense_is_none() {
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin_cos();
        // 90 degrees to the right, then 60 down.
        let ((sin_yaw, cos_yaw), (sin_pitch, cos_pitch)) = (half(90.0), half(-60.0));
        let q = [cos_yaw * cos_pitch, -sin_yaw * sin_pitch, cos_yaw * sin_pitch, sin_yaw * cos_pitch].map(|part| part as f32);
        let look = Look::of(q, true).expect("a quaternion");
        assert!((look.pitch_deg + 60.0).abs() < 1e-4 && (look.yaw_deg - 90.0).abs() < 1e-4, "{look:?}");
        assert_eq!(look.heading_deg(None), None);
        assert!((look.heading_deg(Some(300.0)).expect("known") - 30.0).abs() < 1e-4);
        assert!((Look { from_nose: false, ..look }.heading_deg(None).expect("of north") - 90.0).abs() < 1e-4);
        for nonsense in [[0.0; 4], [f32::NAN, 0.0, 0.0, 1.0], [9.0, 9.0, 9.0, 9.0]] {
            assert_eq!(Look::of(nonsense, true), None);
        }
        let mut gimbal = Gimbal::default();
        gimbal.take_manager(1);
        gimbal.take_look(2, look);
        assert_eq!(gimbal.look(), None, "another gimbal's");
        gimbal.take_look(1, look);
        assert_eq!(gimbal.look(), Some(look));
    }
}
