//! What the vehicle does that it is commanded to.

use mavlink::dialects::ardupilotmega::*;

use super::{HOLD, ILLUMINATOR, LOOKING_AT_SOMEBODY_DEG, MISSION, Vehicle, arducopter};

impl Vehicle {
    /// What anybody's order to arm leads to on an aircraft that asks first.
    pub fn ask_to_arm(&mut self) {
        self.asked_ms = Some(self.now_ms);
        self.send(&MavMessage::COMMAND_LONG(COMMAND_LONG_DATA {
            param1: f32::from(self.system_id),
            command: MavCmd::MAV_CMD_ARM_AUTHORIZATION_REQUEST,
            target_system: 255,
            target_component: 0,
            ..Default::default()
        }));
    }

    pub(super) fn take_authorization(&mut self, ack: &COMMAND_ACK_DATA) {
        let asked_ms = self.asked_ms.take().filter(|asked_ms| self.now_ms < asked_ms + 1_000);
        if ack.command != MavCmd::MAV_CMD_ARM_AUTHORIZATION_REQUEST || asked_ms.is_none() {
            return;
        }
        if ack.result == MavResult::MAV_RESULT_ACCEPTED && ack.progress > 0 {
            self.start_motors();
        } else {
            self.say("Arming denied: not authorized");
        }
    }

    fn ack(&mut self, command: MavCmd, result: MavResult) {
        self.acks += 1;
        if self.drops_acks && self.acks % 2 == 1 {
            return;
        }
        self.send(&MavMessage::COMMAND_ACK(ack_data(command, result)));
    }

    pub(super) fn command_long(&mut self, command: &COMMAND_LONG_DATA) {
        self.commands.push(command.command);
        if command.target_component == ILLUMINATOR {
            return self.illuminator_command(command);
        }
        let result = match command.command {
            MavCmd::MAV_CMD_COMPONENT_ARM_DISARM if command.param1 == 1.0 => self.arm(),
            MavCmd::MAV_CMD_COMPONENT_ARM_DISARM => self.disarm(),
            MavCmd::MAV_CMD_DO_SET_MODE if self.ardupilot => return self.order_mode(arducopter::mode_of(command.param2)),
            MavCmd::MAV_CMD_DO_SET_MODE => return self.order_mode(command.param3 as u8),
            MavCmd::MAV_CMD_DO_SET_SERVO if self.ardupilot => {
                self.servos.push((command.param1, command.param2));
                MavResult::MAV_RESULT_ACCEPTED
            }
            MavCmd::MAV_CMD_DO_SET_RELAY if self.ardupilot => {
                self.relays.push((command.param1, command.param2));
                MavResult::MAV_RESULT_ACCEPTED
            }
            MavCmd::MAV_CMD_REQUEST_MESSAGE if command.param1 == 0.0 => {
                self.heartbeat();
                MavResult::MAV_RESULT_ACCEPTED
            }
            MavCmd::MAV_CMD_REQUEST_MESSAGE if command.param1 == 148.0 => {
                self.send(&MavMessage::AUTOPILOT_VERSION(AUTOPILOT_VERSION_DATA {
                    uid: self.hardware,
                    flight_sw_version: u32::from_be_bytes(if self.ardupilot { [4, 6, 3, 255] } else { [1, 16, 0, 255] }),
                    ..Default::default()
                }));
                MavResult::MAV_RESULT_ACCEPTED
            }
            MavCmd::MAV_CMD_DO_CHANGE_SPEED => {
                self.ordered_speed_m_s = f64::from(command.param2);
                MavResult::MAV_RESULT_ACCEPTED
            }
            MavCmd::MAV_CMD_SET_MESSAGE_INTERVAL => MavResult::MAV_RESULT_ACCEPTED,
            MavCmd::MAV_CMD_DO_SET_ROI_NONE => {
                self.camera_pitch_deg = 0.0;
                MavResult::MAV_RESULT_ACCEPTED
            }
            MavCmd::MAV_CMD_DO_SET_ACTUATOR => {
                self.actuators.push(command.param1);
                MavResult::MAV_RESULT_ACCEPTED
            }
            _ => MavResult::MAV_RESULT_UNSUPPORTED,
        };
        self.ack(command.command, result);
    }

    fn illuminator_command(&mut self, command: &COMMAND_LONG_DATA) {
        if !self.has_illuminator {
            return;
        }
        if command.command == MavCmd::MAV_CMD_ILLUMINATOR_ON_OFF {
            self.light_on = command.param1 == 1.0;
        }
        if command.command == MavCmd::MAV_CMD_DO_ILLUMINATOR_CONFIGURE {
            self.light_settings.push([command.param2, command.param3, command.param4]);
        }
        self.send_from_illuminator(&MavMessage::COMMAND_ACK(ack_data(command.command, MavResult::MAV_RESULT_ACCEPTED)));
    }

    fn arm(&mut self) -> MavResult {
        let heard = self.gcs_ms.is_some_and(|heard_ms| self.now_ms < heard_ms + 5_000);
        if self.now_ms < self.ready_ms || !heard {
            self.say(&self.refusal.clone());
            return MavResult::MAV_RESULT_TEMPORARILY_REJECTED;
        }
        if self.asks_before_arming && !self.armed {
            self.ask_to_arm();
            return MavResult::MAV_RESULT_IN_PROGRESS;
        }
        self.start_motors();
        MavResult::MAV_RESULT_ACCEPTED
    }

    fn start_motors(&mut self) {
        if !self.armed {
            self.arms += 1;
            self.armed_in = Some(self.mode);
            self.armed = true;
            self.armed_ms = self.now_ms;
        }
    }

    fn disarm(&mut self) -> MavResult {
        if !self.landed {
            self.disarms_in_air += 1;
            return MavResult::MAV_RESULT_TEMPORARILY_REJECTED;
        }
        self.armed = false;
        MavResult::MAV_RESULT_ACCEPTED
    }

    /// Acknowledged twice, as PX4 does.
    fn order_mode(&mut self, mode: u8) {
        self.modes_ordered.push(mode);
        self.ack(MavCmd::MAV_CMD_DO_SET_MODE, MavResult::MAV_RESULT_ACCEPTED);
        if mode == MISSION && (self.mission.is_empty() || self.infeasible) {
            self.say("Mission rejected: Geofence violation for waypoint 1");
            return self.ack(MavCmd::MAV_CMD_DO_SET_MODE, MavResult::MAV_RESULT_DENIED);
        }
        if mode != self.mode {
            self.set_mode(mode);
        }
        self.ack(MavCmd::MAV_CMD_DO_SET_MODE, MavResult::MAV_RESULT_ACCEPTED);
    }

    pub(super) fn command_int(&mut self, command: &COMMAND_INT_DATA) {
        self.commands.push(command.command);
        if command.command == MavCmd::MAV_CMD_DO_REPOSITION {
            assert_eq!(command.param2, 1.0, "the flag that changes the mode");
            if self.armed {
                let height_m = f64::from(command.z) - self.home_amsl_m;
                self.mode = HOLD;
                // The first of guided mode begins at its own speed, whatever it was told before.
                if self.ardupilot && !std::mem::replace(&mut self.repositioned, true) {
                    self.ordered_speed_m_s = arducopter::OWN_SPEED_M_S;
                }
                self.goal = Some((self.local(command.x, command.y), height_m));
            }
        }
        if command.command == MavCmd::MAV_CMD_DO_SET_ROI_LOCATION {
            self.camera_pitch_deg = LOOKING_AT_SOMEBODY_DEG;
        }
        self.ack(command.command, MavResult::MAV_RESULT_ACCEPTED);
    }
}

fn ack_data(command: MavCmd, result: MavResult) -> COMMAND_ACK_DATA {
    COMMAND_ACK_DATA { command, result, progress: 0, result_param2: 0, target_system: 255, target_component: 190 }
}
