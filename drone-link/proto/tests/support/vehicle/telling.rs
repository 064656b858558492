//! What the vehicle tells about itself, unasked.

use mavlink::dialects::ardupilotmega::*;

use super::{Vehicle, arducopter, px4};

impl Vehicle {
    pub(super) fn stream(&mut self) {
        if self.every(1_000) {
            self.heartbeat();
            self.send(&MavMessage::MISSION_CURRENT(MISSION_CURRENT_DATA { seq: self.current, ..Default::default() }));
            self.sys_status();
            if self.has_illuminator {
                self.illuminator_status();
            }
            self.send(&MavMessage::GPS_RAW_INT(GPS_RAW_INT_DATA {
                fix_type: self.fix,
                satellites_visible: 14,
                ..Default::default()
            }));
        }
        if self.every(200) {
            self.global_position();
            let landed_state =
                if self.landed { MavLandedState::MAV_LANDED_STATE_ON_GROUND } else { MavLandedState::MAV_LANDED_STATE_IN_AIR };
            let vtol_state = MavVtolState::MAV_VTOL_STATE_UNDEFINED;
            self.send(&MavMessage::EXTENDED_SYS_STATE(EXTENDED_SYS_STATE_DATA { vtol_state, landed_state }));
        }
    }

    fn every(&self, period_ms: u64) -> bool {
        self.now_ms % period_ms < 20
    }

    pub(super) fn heartbeat(&mut self) {
        let armed = if self.armed { MavModeFlag::MAV_MODE_FLAG_SAFETY_ARMED } else { MavModeFlag::empty() };
        let (custom_mode, autopilot) = match self.ardupilot {
            true => (arducopter::custom_mode(self.mode), MavAutopilot::MAV_AUTOPILOT_ARDUPILOTMEGA),
            false => (px4::custom_mode(self.mode), MavAutopilot::MAV_AUTOPILOT_PX4),
        };
        self.send(&MavMessage::HEARTBEAT(HEARTBEAT_DATA {
            custom_mode,
            mavtype: MavType::MAV_TYPE_QUADROTOR,
            autopilot,
            base_mode: armed | MavModeFlag::MAV_MODE_FLAG_CUSTOM_MODE_ENABLED,
            system_status: MavState::MAV_STATE_STANDBY,
            mavlink_version: 3,
        }));
        if self.strange {
            // A type that the dialect does not know, with a right checksum.
            let bytes = self.out.last_mut().expect("just sent");
            bytes[10 + 4] = 250;
            let end = bytes.len() - 2;
            let checksum = mavlink::calculate_crc(&bytes[1..end], 50);
            bytes[end..].copy_from_slice(&checksum.to_le_bytes());
        }
    }

    fn sys_status(&mut self) {
        let prearm = MavSysStatusSensor::MAV_SYS_STATUS_PREARM_CHECK;
        let gps = MavSysStatusSensor::MAV_SYS_STATUS_SENSOR_GPS;
        let health = if self.healthy { gps | prearm } else { gps };
        // PX4: ready to arm is told among the healthy ones only; a missing transmitter is enabled and never healthy.
        self.send(&MavMessage::SYS_STATUS(SYS_STATUS_DATA {
            onboard_control_sensors_present: gps,
            onboard_control_sensors_enabled: gps | MavSysStatusSensor::MAV_SYS_STATUS_SENSOR_RC_RECEIVER,
            onboard_control_sensors_health: health,
            voltage_battery: 16_000,
            battery_remaining: self.battery_pct,
            ..Default::default()
        }));
        if let Some(second_pct) = self.second_battery_pct {
            let id = u8::from((self.now_ms / 1_000).is_multiple_of(2));
            let battery_remaining = if id == 1 { second_pct } else { self.battery_pct };
            self.send(&MavMessage::BATTERY_STATUS(BATTERY_STATUS_DATA { id, battery_remaining, ..Default::default() }));
        }
    }

    fn global_position(&mut self) {
        let position = self.position();
        self.send(&MavMessage::GLOBAL_POSITION_INT(GLOBAL_POSITION_INT_DATA {
            time_boot_ms: (self.clock_ns() / 1_000_000) as u32,
            lat: (position.lat_deg() * 1e7) as i32,
            lon: (position.lon_deg() * 1e7) as i32,
            alt: ((self.home_amsl_m + self.height_m) * 1e3) as i32,
            relative_alt: (self.height_m * 1e3) as i32,
            vx: 0,
            vy: 0,
            vz: 0,
            hdg: 9_000,
        }));
    }

    fn illuminator_status(&mut self) {
        let error_status = if self.light_broken { IlluminatorErrorFlags::all() } else { IlluminatorErrorFlags::empty() };
        let enable = u8::from(self.light_on && !self.light_broken);
        self.send_from_illuminator(&MavMessage::ILLUMINATOR_STATUS(ILLUMINATOR_STATUS_DATA {
            error_status,
            enable,
            uptime_ms: 1,
            mode: IlluminatorMode::DEFAULT,
            ..Default::default()
        }));
    }
}
