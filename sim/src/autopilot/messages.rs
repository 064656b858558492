//! The messages of the streams, filled from the estimate and the commander's state.
#![expect(deprecated, reason = "PX4 1.16 still answers PROTOCOL_VERSION, and clients still ask")]

use mavlink::dialects::ardupilotmega as dialect;
use mavlink::dialects::ardupilotmega::{
    ALTITUDE_DATA, ATTITUDE_DATA, ATTITUDE_QUATERNION_DATA, AUTOPILOT_VERSION_DATA, BATTERY_STATUS_DATA, ESTIMATOR_STATUS_DATA,
    EXTENDED_SYS_STATE_DATA, GIMBAL_DEVICE_ATTITUDE_STATUS_DATA, GIMBAL_MANAGER_INFORMATION_DATA, GIMBAL_MANAGER_STATUS_DATA,
    GLOBAL_POSITION_INT_DATA, GPS_RAW_INT_DATA, HOME_POSITION_DATA, LOCAL_POSITION_NED_DATA, MISSION_CURRENT_DATA,
    PROTOCOL_VERSION_DATA, SYS_STATUS_DATA, SYSTEM_TIME_DATA, VFR_HUD_DATA, WIND_COV_DATA,
};

use super::commander::BatteryStage;
use super::telemetry::Topic;
use super::wire::{self, AUTOPILOT_COMPONENT, PayloadWriter};
use super::{Autopilot, FlightMode};

/// MAV_TYPE_QUADROTOR, MAV_AUTOPILOT_PX4 and the protocol version, as HEARTBEAT carries them.
const QUADROTOR: u8 = 2;
const PX4: u8 = 12;
const HEARTBEAT_VERSION: u8 = 3;
const ARMED: u8 = 128;
/// MAV_STATE values.
const STANDBY: u8 = 3;
const ACTIVE: u8 = 4;
const CRITICAL: u8 = 5;
const BOOT: u8 = 1;

/// Bits of SYS_STATUS that this aircraft has.
const GYROSCOPE: u32 = 0x01;
const ACCELEROMETER: u32 = 0x02;
const COMPASS: u32 = 0x04;
const PRESSURE: u32 = 0x08;
const GPS: u32 = 0x20;
const MOTORS: u32 = 0x8000;
const AHRS: u32 = 0x20_0000;
const BATTERY: u32 = 0x200_0000;
const PREARM: u32 = 0x1000_0000;
const TRANSMITTER: u32 = 0x1_0000;
/// ESTIMATOR_STATUS flags: attitude, velocities, relative and absolute positions, vertical.
const ESTIMATE_WITHOUT_PLACE: u16 = 0b0010_0101;
const ESTIMATE_WITH_PLACE: u16 = 0b0011_1111;
/// Version 1.16.0 as AUTOPILOT_VERSION writes it: the behaviour that this autopilot was made after.
const VERSION: u32 = (1 << 24) | (16 << 16) | 0xFF;
/// A time in 2025 that virtual time counts from, microseconds since 1970; a simulated GPS must give some date.
const EPOCH_US: u64 = 1_750_000_000_000_000;
/// Flight time is estimated from the current and this much usable charge.
const PACK_AH: f64 = 5.2;
/// The gimbal is the autopilot's own first one.
const GIMBAL_DEVICE: u8 = 1;

impl Autopilot {
    /// Sends one message of a topic now.
    pub(super) fn transmit(&mut self, topic: Topic) {
        match topic {
            Topic::Heartbeat => self.transmit_heartbeat(),
            Topic::SysStatus => self.out.send(AUTOPILOT_COMPONENT, &self.sys_status()),
            Topic::SystemTime => {
                let message = SYSTEM_TIME_DATA { time_unix_usec: EPOCH_US + self.now_us, time_boot_ms: self.boot_ms() };
                self.out.send(AUTOPILOT_COMPONENT, &message);
            }
            Topic::GpsRaw => self.out.send(AUTOPILOT_COMPONENT, &self.gps_raw()),
            Topic::Attitude => self.out.send(AUTOPILOT_COMPONENT, &self.attitude()),
            Topic::AttitudeQuaternion => self.out.send(AUTOPILOT_COMPONENT, &self.attitude_quaternion()),
            Topic::LocalPosition => self.out.send(AUTOPILOT_COMPONENT, &self.local_position()),
            Topic::GlobalPosition => {
                // Without a place there is nothing to say.
                if self.estimator.last_fix_us.is_some() {
                    self.out.send(AUTOPILOT_COMPONENT, &self.global_position());
                }
            }
            Topic::MissionCurrent => self.out.send(AUTOPILOT_COMPONENT, &self.mission_current()),
            Topic::VfrHud => self.out.send(AUTOPILOT_COMPONENT, &self.vfr_hud()),
            Topic::Altitude => self.out.send(AUTOPILOT_COMPONENT, &self.altitude()),
            Topic::BatteryStatus => self.out.send(AUTOPILOT_COMPONENT, &self.battery_status()),
            Topic::HomePosition => {
                if self.estimator.last_fix_us.is_some() {
                    self.out.send(AUTOPILOT_COMPONENT, &self.home_position());
                }
            }
            Topic::ExtendedSysState => self.out.send(AUTOPILOT_COMPONENT, &self.extended_sys_state()),
            Topic::EstimatorStatus => self.out.send(AUTOPILOT_COMPONENT, &self.estimator_status()),
            Topic::Wind => self.out.send(AUTOPILOT_COMPONENT, &self.wind()),
            Topic::AutopilotVersion => self.out.send(AUTOPILOT_COMPONENT, &self.version()),
            Topic::ProtocolVersion => self.out.send(AUTOPILOT_COMPONENT, &protocol_version()),
            Topic::GimbalManagerInformation | Topic::GimbalManagerStatus | Topic::GimbalAttitude => {
                if self.has_gimbal_manager() {
                    self.transmit_gimbal(topic);
                }
            }
        }
    }

    fn boot_ms(&self) -> u32 {
        (self.now_us / 1_000) as u32
    }

    fn transmit_heartbeat(&mut self) {
        let c = &self.commander;
        let base_mode = c.mode.base_mode() | if c.armed { ARMED } else { 0 };
        let state = if c.failsafe && c.armed {
            CRITICAL
        } else if c.armed {
            ACTIVE
        } else if self.estimator.last_fix_us.is_none() {
            BOOT
        } else {
            STANDBY
        };
        let payload =
            PayloadWriter::default().u32(c.mode.custom_mode()).u8(QUADROTOR).u8(PX4).u8(base_mode).u8(state).u8(HEARTBEAT_VERSION);
        self.out.send_raw(AUTOPILOT_COMPONENT, wire::HEARTBEAT, payload.bytes());
    }

    fn sys_status(&self) -> SYS_STATUS_DATA {
        let present = GYROSCOPE | ACCELEROMETER | COMPASS | PRESSURE | GPS | MOTORS | AHRS | BATTERY;
        // As on PX4: readiness is told among the healthy ones only, and a transmitter that is not there is enabled and unhealthy.
        let mut health = present | PREARM;
        if !self.estimator.has_position(self.now_us) {
            health &= !(GPS | AHRS);
        }
        if self.estimator.compass_is_stale() {
            health &= !COMPASS;
        }
        if self.arming_obstacle().is_some() {
            health &= !PREARM;
        }
        let sensors = dialect::MavSysStatusSensor::from_bits_retain;
        let none = dialect::MavSysStatusSensorExtended::from_bits_retain(0);
        SYS_STATUS_DATA {
            onboard_control_sensors_present: sensors(present),
            onboard_control_sensors_enabled: sensors(present | TRANSMITTER),
            onboard_control_sensors_health: sensors(health),
            load: 300,
            voltage_battery: (self.power.voltage_v * 1e3) as u16,
            current_battery: (self.power.current_a * 1e2) as i16,
            drop_rate_comm: 0,
            errors_comm: 0,
            errors_count1: 0,
            errors_count2: 0,
            errors_count3: 0,
            errors_count4: 0,
            battery_remaining: self.remaining_pct(),
            onboard_control_sensors_present_extended: none,
            onboard_control_sensors_enabled_extended: none,
            onboard_control_sensors_health_extended: none,
        }
    }

    fn remaining_pct(&self) -> i8 {
        (self.power.charge * 100.0).ceil().clamp(0.0, 100.0) as i8
    }

    fn battery_status(&self) -> BATTERY_STATUS_DATA {
        const CELLS: usize = 4;
        let cell_mv = (self.power.voltage_v * 1e3 / CELLS as f64) as u16;
        let left_s = if self.power.current_a > 0.1 { self.power.charge * PACK_AH * 3600.0 / self.power.current_a } else { 0.0 };
        let charge_state = match self.commander.battery_stage {
            BatteryStage::Ok => dialect::MavBatteryChargeState::MAV_BATTERY_CHARGE_STATE_OK,
            BatteryStage::Low => dialect::MavBatteryChargeState::MAV_BATTERY_CHARGE_STATE_LOW,
            BatteryStage::Critical => dialect::MavBatteryChargeState::MAV_BATTERY_CHARGE_STATE_CRITICAL,
            BatteryStage::Emergency => dialect::MavBatteryChargeState::MAV_BATTERY_CHARGE_STATE_EMERGENCY,
        };
        BATTERY_STATUS_DATA {
            current_consumed: (self.power.consumed_ah * 1e3) as i32,
            energy_consumed: -1,
            temperature: i16::MAX,
            voltages: std::array::from_fn(|i| if i < CELLS { cell_mv } else { u16::MAX }),
            current_battery: (self.power.current_a * 1e2) as i16,
            id: 0,
            battery_function: dialect::MavBatteryFunction::MAV_BATTERY_FUNCTION_ALL,
            mavtype: dialect::MavBatteryType::MAV_BATTERY_TYPE_LIPO,
            battery_remaining: self.remaining_pct(),
            time_remaining: left_s as i32,
            charge_state,
            voltages_ext: [0; 4],
            mode: dialect::MavBatteryMode::MAV_BATTERY_MODE_UNKNOWN,
            fault_bitmask: dialect::MavBatteryFault::from_bits_retain(0),
        }
    }

    fn gps_raw(&self) -> GPS_RAW_INT_DATA {
        let fix = self.estimator.last_fix.filter(|_| self.satellites >= 4);
        let position = fix.map_or(self.estimator.position_m, |fix| fix.position_m);
        let speed = fix.map_or_else(crate::physics::Vector::zeros, |fix| fix.velocity_m_s);
        let place = self.to_geo(position);
        let altitude_mm = ((self.origin_amsl_m - position.z) * 1e3) as i32;
        let course_cdeg = (speed.y.atan2(speed.x).to_degrees().rem_euclid(360.0) * 1e2) as u16;
        GPS_RAW_INT_DATA {
            time_usec: self.now_us,
            lat: degrees_e7(place.lat_deg()),
            lon: degrees_e7(place.lon_deg()),
            alt: altitude_mm,
            eph: if fix.is_some() { 70 } else { u16::MAX },
            epv: if fix.is_some() { 100 } else { u16::MAX },
            vel: (speed.x.hypot(speed.y) * 1e2) as u16,
            cog: course_cdeg,
            fix_type: if fix.is_some() {
                dialect::GpsFixType::GPS_FIX_TYPE_3D_FIX
            } else {
                dialect::GpsFixType::GPS_FIX_TYPE_NO_FIX
            },
            satellites_visible: self.satellites,
            alt_ellipsoid: altitude_mm,
            h_acc: 700,
            v_acc: 1_000,
            vel_acc: 100,
            hdg_acc: 0,
            yaw: 0,
        }
    }

    fn attitude(&self) -> ATTITUDE_DATA {
        let (roll, pitch) = self.estimator.roll_pitch_rad();
        let rates = self.estimator.rates_rad_s;
        ATTITUDE_DATA {
            time_boot_ms: self.boot_ms(),
            roll: roll as f32,
            pitch: pitch as f32,
            yaw: self.estimator.heading_rad() as f32,
            rollspeed: rates.x as f32,
            pitchspeed: rates.y as f32,
            yawspeed: rates.z as f32,
        }
    }

    fn attitude_quaternion(&self) -> ATTITUDE_QUATERNION_DATA {
        let (q, rates) = (self.estimator.attitude, self.estimator.rates_rad_s);
        ATTITUDE_QUATERNION_DATA {
            time_boot_ms: self.boot_ms(),
            q1: q.w as f32,
            q2: q.i as f32,
            q3: q.j as f32,
            q4: q.k as f32,
            rollspeed: rates.x as f32,
            pitchspeed: rates.y as f32,
            yawspeed: rates.z as f32,
            repr_offset_q: [1.0, 0.0, 0.0, 0.0],
        }
    }

    fn local_position(&self) -> LOCAL_POSITION_NED_DATA {
        let (p, v) = (self.estimator.position_m, self.estimator.velocity_m_s);
        LOCAL_POSITION_NED_DATA {
            time_boot_ms: self.boot_ms(),
            x: p.x as f32,
            y: p.y as f32,
            z: p.z as f32,
            vx: v.x as f32,
            vy: v.y as f32,
            vz: v.z as f32,
        }
    }

    fn height_over_home_m(&self) -> f64 {
        self.guidance.home_m.z - self.estimator.position_m.z
    }

    fn global_position(&self) -> GLOBAL_POSITION_INT_DATA {
        let place = self.to_geo(self.estimator.position_m);
        let v = self.estimator.velocity_m_s;
        GLOBAL_POSITION_INT_DATA {
            time_boot_ms: self.boot_ms(),
            lat: degrees_e7(place.lat_deg()),
            lon: degrees_e7(place.lon_deg()),
            alt: (self.altitude_amsl_m() * 1e3) as i32,
            relative_alt: (self.height_over_home_m() * 1e3) as i32,
            vx: (v.x * 1e2) as i16,
            vy: (v.y * 1e2) as i16,
            vz: (v.z * 1e2) as i16,
            hdg: (self.heading_deg() * 1e2) as u16,
        }
    }

    fn heading_deg(&self) -> f64 {
        self.estimator.heading_rad().to_degrees().rem_euclid(360.0)
    }

    fn mission_current(&self) -> MISSION_CURRENT_DATA {
        let count = self.plans.mission.len() as u16;
        MISSION_CURRENT_DATA {
            seq: (self.run.current as u16).min(count.saturating_sub(1)),
            // u16::MAX means that there is no mission.
            total: if count == 0 { u16::MAX } else { count },
            mission_state: self.run.state(self.commander.mode, self.commander.armed),
            mission_mode: if self.commander.mode == FlightMode::Mission { 1 } else { 2 },
            mission_id: self.plans.mission_id,
            fence_id: self.plans.fence_id,
            rally_points_id: self.plans.rally_id,
        }
    }

    fn vfr_hud(&self) -> VFR_HUD_DATA {
        let v = self.estimator.velocity_m_s;
        let ground_speed = v.x.hypot(v.y) as f32;
        VFR_HUD_DATA {
            airspeed: ground_speed,
            groundspeed: ground_speed,
            alt: self.altitude_amsl_m() as f32,
            climb: -v.z as f32,
            heading: self.heading_deg() as i16,
            throttle: (self.controller.throttle * 100.0) as u16,
        }
    }

    fn altitude(&self) -> ALTITUDE_DATA {
        ALTITUDE_DATA {
            time_usec: self.now_us,
            altitude_monotonic: self.altitude_amsl_m() as f32,
            altitude_amsl: self.altitude_amsl_m() as f32,
            altitude_local: -self.estimator.position_m.z as f32,
            altitude_relative: self.height_over_home_m() as f32,
            altitude_terrain: f32::NAN,
            bottom_clearance: f32::NAN,
        }
    }

    fn home_position(&self) -> HOME_POSITION_DATA {
        let home = self.guidance.home_m;
        let place = self.to_geo(home);
        HOME_POSITION_DATA {
            latitude: degrees_e7(place.lat_deg()),
            longitude: degrees_e7(place.lon_deg()),
            altitude: ((self.origin_amsl_m - home.z) * 1e3) as i32,
            x: home.x as f32,
            y: home.y as f32,
            z: home.z as f32,
            q: [1.0, 0.0, 0.0, 0.0],
            approach_x: 0.0,
            approach_y: 0.0,
            approach_z: 0.0,
            time_usec: self.now_us,
        }
    }

    fn extended_sys_state(&self) -> EXTENDED_SYS_STATE_DATA {
        use dialect::MavLandedState as Landed;
        let c = &self.commander;
        let descending = matches!(c.mode, FlightMode::Land | FlightMode::Descend);
        let landed_state = match (c.landed, c.mode) {
            (true, _) => Landed::MAV_LANDED_STATE_ON_GROUND,
            (false, FlightMode::Takeoff) => Landed::MAV_LANDED_STATE_TAKEOFF,
            (false, _) if descending => Landed::MAV_LANDED_STATE_LANDING,
            (false, _) => Landed::MAV_LANDED_STATE_IN_AIR,
        };
        EXTENDED_SYS_STATE_DATA { vtol_state: dialect::MavVtolState::MAV_VTOL_STATE_UNDEFINED, landed_state }
    }

    fn estimator_status(&self) -> ESTIMATOR_STATUS_DATA {
        let located = self.estimator.has_position(self.now_us);
        let flags = if located { ESTIMATE_WITH_PLACE } else { ESTIMATE_WITHOUT_PLACE };
        ESTIMATOR_STATUS_DATA {
            time_usec: self.now_us,
            vel_ratio: 0.1,
            pos_horiz_ratio: 0.1,
            pos_vert_ratio: 0.1,
            mag_ratio: 0.1,
            hagl_ratio: 0.0,
            tas_ratio: 0.0,
            pos_horiz_accuracy: if located { 0.7 } else { 100.0 },
            pos_vert_accuracy: 0.5,
            flags: dialect::EstimatorStatusFlags::from_bits_retain(flags),
        }
    }

    /// Wind as the lean that holds a place against it tells.
    fn wind(&self) -> WIND_COV_DATA {
        let wind = self.wind_estimate_m_s;
        WIND_COV_DATA {
            time_usec: self.now_us,
            wind_x: wind.x as f32,
            wind_y: wind.y as f32,
            wind_z: 0.0,
            var_horiz: 1.0,
            var_vert: 1.0,
            wind_alt: self.altitude_amsl_m() as f32,
            horiz_accuracy: 1.0,
            vert_accuracy: 1.0,
        }
    }

    fn version(&self) -> AUTOPILOT_VERSION_DATA {
        // Integer parameters bytewise, INT missions, commands, MAVLink 2, fence, rally, setpoints; no file transfer.
        const CAPABILITIES: u64 = 0x02 | 0x04 | 0x08 | 0x40 | 0x80 | 0x100 | 0x2000 | 0x4000 | 0x8000;
        AUTOPILOT_VERSION_DATA {
            capabilities: dialect::MavProtocolCapability::from_bits_retain(CAPABILITIES),
            uid: 0x5157 + self.params.integer("MAV_SYS_ID") as u64,
            flight_sw_version: VERSION,
            middleware_sw_version: VERSION,
            os_sw_version: 0,
            board_version: 0,
            vendor_id: 0,
            product_id: 0,
            flight_custom_version: [0; 8],
            middleware_custom_version: [0; 8],
            os_custom_version: [0; 8],
            uid2: [0; 18],
        }
    }

    fn transmit_gimbal(&mut self, topic: Topic) {
        let time_boot_ms = self.boot_ms();
        if topic == Topic::GimbalManagerInformation {
            let (low, high) = self.gimbal_range_rad();
            let message = GIMBAL_MANAGER_INFORMATION_DATA {
                time_boot_ms,
                // Pitch and yaw axes, pointing at a location.
                cap_flags: dialect::GimbalManagerCapFlags::from_bits_retain(0x20 | 0x100 | 0x2_0000),
                roll_min: 0.0,
                roll_max: 0.0,
                pitch_min: low as f32,
                pitch_max: high as f32,
                yaw_min: -std::f32::consts::PI,
                yaw_max: std::f32::consts::PI,
                gimbal_device_id: GIMBAL_DEVICE,
            };
            self.out.send(AUTOPILOT_COMPONENT, &message);
        } else if topic == Topic::GimbalManagerStatus {
            let message = GIMBAL_MANAGER_STATUS_DATA {
                time_boot_ms,
                flags: dialect::GimbalManagerFlags::from_bits_retain(0),
                gimbal_device_id: GIMBAL_DEVICE,
                primary_control_sysid: self.gimbal.primary.0,
                primary_control_compid: self.gimbal.primary.1,
                secondary_control_sysid: 0,
                secondary_control_compid: 0,
            };
            self.out.send(AUTOPILOT_COMPONENT, &message);
        } else {
            self.out.send(AUTOPILOT_COMPONENT, &self.gimbal_attitude());
        }
    }

    fn gimbal_attitude(&self) -> GIMBAL_DEVICE_ATTITUDE_STATUS_DATA {
        let (half_pitch, half_yaw) = (self.gimbal.pitch_rad / 2.0, self.gimbal.yaw_rad / 2.0);
        let (sp, cp, sy, cy) = (half_pitch.sin(), half_pitch.cos(), half_yaw.sin(), half_yaw.cos());
        GIMBAL_DEVICE_ATTITUDE_STATUS_DATA {
            time_boot_ms: self.boot_ms(),
            q: [(cy * cp) as f32, (-sy * sp) as f32, (cy * sp) as f32, (sy * cp) as f32],
            angular_velocity_x: 0.0,
            angular_velocity_y: self.gimbal.rates_rad_s[0] as f32,
            angular_velocity_z: self.gimbal.rates_rad_s[1] as f32,
            failure_flags: dialect::GimbalDeviceErrorFlags::from_bits_retain(0),
            // Yaw is given in the vehicle's frame.
            flags: dialect::GimbalDeviceFlags::from_bits_retain(0x20),
            target_system: 0,
            target_component: 0,
            delta_yaw: f32::NAN,
            delta_yaw_velocity: f32::NAN,
            gimbal_device_id: GIMBAL_DEVICE,
        }
    }
}

fn protocol_version() -> PROTOCOL_VERSION_DATA {
    PROTOCOL_VERSION_DATA {
        version: 200,
        min_version: 200,
        max_version: 200,
        spec_version_hash: [0; 8],
        library_version_hash: [0; 8],
    }
}

fn degrees_e7(degrees: f64) -> i32 {
    (degrees * 1e7).round() as i32
}
