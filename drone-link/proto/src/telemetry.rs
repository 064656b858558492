//! The latest that the aircraft said of itself.

use std::collections::BTreeMap;

use flight_types::{DroneStatus, GeoPoint, WindTold};

use crate::inbound::{GlobalPosition, Heard, Heartbeat};
use crate::profile::{Autopilot, Mode};
use crate::traffic::{self, Ours};

/// GPS_FIX_TYPE of a three-dimensional fix; smaller is not usable.
const FIX_3D: u8 = 3;
/// MAV_LANDED_STATE: on the ground.
const LANDED_ON_GROUND: u8 = 1;
/// MAV_LANDED_STATE: in the air, taking off, landing.
const LANDED_FLYING: [u8; 3] = [2, 3, 4];
/// Without a landed state, higher than this above home counts as in the air, metres.
const AIRBORNE_HEIGHT_M: f64 = 2.0;
/// The boot clock may go back this far by reordering; farther is a reboot.
const BOOT_CLOCK_BACK_MS: u32 = 3_000;

/// Fields are `None` until heard.
#[derive(Debug, Default, Clone)]
pub(crate) struct Telemetry {
    pub heartbeat: Option<Heartbeat>,
    pub heartbeat_ms: u64,
    pub position: Option<GeoPoint>,
    pub altitude_amsl_m: Option<f64>,
    pub height_m: Option<f64>,
    pub landed_state: Option<u8>,
    pub fix_type: Option<u8>,
    pub ready_to_arm: Option<bool>,
    /// The lowest of its batteries, per cent.
    pub battery_pct: Option<f64>,
    /// What each of its batteries told last, and when.
    batteries: BTreeMap<u8, (f64, u64)>,
    pub mission_item: Option<u16>,
    pub item_reached: Option<u16>,
    heading_deg: Option<f64>,
    roll_deg: Option<f64>,
    pitch_deg: Option<f64>,
    ground_speed_m_s: Option<f64>,
    climb_m_s: Option<f64>,
    battery_v: Option<f64>,
    time_left_s: Option<f64>,
    satellites: Option<u8>,
    /// How far mean sea level lies over the ellipsoid here, metres.
    geoid_m: Option<f64>,
    /// How far the altitude of a standard atmosphere lies over that above the sea today, metres, and when it was measured.
    pressure_over_amsl_m: Option<(f64, u64)>,
    wind: Option<(f64, f64)>,
    /// When the position was measured, by the aircraft's clock.
    pub position_boot_ms: Option<u32>,
    boot_ms: Option<u32>,
    /// When a word with the aircraft's clock was last heard: it alone tells whether the computer is still the one that took off.
    pub clock_heard_ms: u64,
    rebooted: bool,
}

/// A battery that has not been heard for so long is no longer on board, milliseconds: they are asked for every two seconds.
const BATTERY_AGE_MAX_MS: u64 = 30_000;
/// Batteries kept at most: no autopilot has more.
const BATTERIES_MAX: usize = 16;

/// The pressure of the air is measured anew before this, milliseconds: in a storm it changes by 1 hPa, 8 m, in that time.
const PRESSURE_AGE_MAX_MS: u64 = 600_000;

impl Telemetry {
    /// With several batteries the emptiest decides. Two that tell in turn would never be low for as long as is asked, or be the full one
    /// whenever somebody looks.
    fn take_battery(&mut self, id: u8, pct: Option<f64>, now_ms: u64) {
        let Some(pct) = pct else { return };
        self.batteries.retain(|_, (_, heard_ms)| now_ms.saturating_sub(*heard_ms) < BATTERY_AGE_MAX_MS);
        if self.batteries.len() < BATTERIES_MAX || self.batteries.contains_key(&id) {
            self.batteries.insert(id, (pct, now_ms));
        }
        self.battery_pct = self.batteries.values().map(|(pct, _)| *pct).reduce(f64::min);
    }

    /// Takes what the autopilot said of its state.
    pub fn take(&mut self, heard: &Heard, now_ms: u64) {
        match heard {
            Heard::Heartbeat(heartbeat) => {
                self.heartbeat = Some(*heartbeat);
                self.heartbeat_ms = now_ms;
            }
            Heard::SysStatus { prearm, sensors_healthy, battery_v, battery_pct } => {
                let unsaid = match self.autopilot() {
                    // PX4 says only that it is ready: silence is a no. A missing transmitter alone keeps its sensors unhealthy.
                    Autopilot::Px4 => false,
                    Autopilot::ArduPilot => *sensors_healthy,
                };
                self.ready_to_arm = Some(prearm.unwrap_or(unsaid));
                self.battery_v = battery_v.or(self.battery_v);
                if self.batteries.is_empty() {
                    self.battery_pct = battery_pct.or(self.battery_pct);
                }
            }
            Heard::GpsRaw { fix_type, satellites, geoid_m } => {
                self.fix_type = Some(*fix_type);
                self.satellites = *satellites;
                if *fix_type >= FIX_3D {
                    self.geoid_m = geoid_m.filter(|geoid_m| traffic::GEOID_M.contains(geoid_m));
                }
            }
            Heard::Pressure { hpa } => self.take_pressure(*hpa, now_ms),
            Heard::Attitude { boot_ms, roll_rad, pitch_rad, .. } => {
                self.look_at_boot_clock(*boot_ms, now_ms);
                self.roll_deg = finite_deg(*roll_rad).or(self.roll_deg);
                self.pitch_deg = finite_deg(*pitch_rad).or(self.pitch_deg);
            }
            Heard::GlobalPosition(position) => self.take_position(position, now_ms),
            Heard::MissionCurrent { seq } => self.mission_item = Some(self.item_of_ours(*seq)),
            Heard::MissionItemReached { seq } => self.item_reached = Some(self.item_of_ours(*seq)),
            Heard::Battery { id, pct, time_left_s } => {
                self.take_battery(*id, *pct, now_ms);
                self.time_left_s = *time_left_s;
            }
            Heard::Wind { from_deg, speed_m_s } => self.wind = Some((*from_deg, *speed_m_s)),
            Heard::ExtendedState { landed_state } => self.landed_state = Some(*landed_state),
            Heard::MissionCount { .. }
            | Heard::MissionRequest { .. }
            | Heard::MissionItem { .. }
            | Heard::MissionAck { .. }
            | Heard::Parameter(_)
            | Heard::CommandAck { .. }
            | Heard::Text { .. }
            | Heard::Illuminator { .. }
            | Heard::Version { .. }
            | Heard::GimbalManager { .. }
            | Heard::GimbalControl { .. }
            | Heard::GimbalLook { .. }
            | Heard::TimeSync { .. }
            | Heard::ArmAuthorizationAsked { .. }
            | Heard::Event(_)
            | Heard::EventSequence { .. }
            | Heard::EventGone { .. }
            | Heard::VideoStream { .. }
            | Heard::Camera(_)
            | Heard::Traffic(_)
            | Heard::Other => {}
        }
    }

    fn take_position(&mut self, heard: &GlobalPosition, now_ms: u64) {
        self.look_at_boot_clock(heard.boot_ms, now_ms);
        // 0/0 is what an estimator without a position sends.
        let somewhere = heard.lat_deg != 0.0 || heard.lon_deg != 0.0;
        if let (true, Ok(position)) = (somewhere, GeoPoint::new(heard.lat_deg, heard.lon_deg)) {
            self.position = Some(position);
            self.position_boot_ms = Some(heard.boot_ms);
        }
        self.altitude_amsl_m = Some(heard.altitude_amsl_m);
        self.height_m = Some(heard.height_m);
        self.heading_deg = heard.heading_deg.or(self.heading_deg);
        self.ground_speed_m_s = Some(heard.north_m_s.hypot(heard.east_m_s));
        self.climb_m_s = Some(-heard.down_m_s);
    }

    fn take_pressure(&mut self, hpa: f64, now_ms: u64) {
        let Some((amsl_m, pressure_altitude_m)) = self.altitude_amsl_m.zip(traffic::pressure_altitude_m(hpa)) else { return };
        self.pressure_over_amsl_m = Some((pressure_altitude_m - amsl_m, now_ms));
    }

    /// The wind that it tells, once it has told one.
    pub fn wind(&self) -> Option<WindTold> {
        self.wind.map(|(from_deg, speed_m_s)| WindTold { from_deg, speed_m_s })
    }

    /// Where it is, as it is compared with other people's aircraft.
    pub fn for_traffic(&self, now_ms: u64) -> Option<Ours> {
        let (place, altitude_amsl_m) = self.position.zip(self.altitude_amsl_m)?;
        let fresh = |(_, heard_ms): &(f64, u64)| now_ms.saturating_sub(*heard_ms) < PRESSURE_AGE_MAX_MS;
        let pressure_over_amsl_m = self.pressure_over_amsl_m.filter(fresh).map(|(over_m, _)| over_m);
        Some(Ours { place, altitude_amsl_m, geoid_m: self.geoid_m, pressure_over_amsl_m })
    }

    fn look_at_boot_clock(&mut self, boot_ms: u32, now_ms: u64) {
        self.clock_heard_ms = now_ms;
        if self.boot_ms.is_some_and(|before| boot_ms.saturating_add(BOOT_CLOCK_BACK_MS) < before) {
            self.rebooted = true;
        }
        self.boot_ms = Some(boot_ms);
    }

    /// How long its computer has been running, as far as it told.
    pub fn up_ms(&self, now_ms: u64) -> Option<u64> {
        self.boot_ms.map(|boot_ms| u64::from(boot_ms) + now_ms.saturating_sub(self.clock_heard_ms))
    }

    /// Whether the aircraft restarted since this was last asked.
    pub fn take_reboot(&mut self) -> bool {
        std::mem::take(&mut self.rebooted)
    }

    /// Motors armed.
    pub fn armed(&self) -> Option<bool> {
        self.heartbeat.map(|heartbeat| heartbeat.armed)
    }

    /// The mode.
    pub fn mode(&self) -> Option<Mode> {
        self.heartbeat.map(|heartbeat| self.autopilot().mode(heartbeat.custom_mode))
    }

    /// Whose software it is; PX4's until heard.
    pub fn autopilot(&self) -> Autopilot {
        self.heartbeat.map(|heartbeat| Autopilot::of(heartbeat.autopilot)).unwrap_or_default()
    }

    /// The number of an item in our own list.
    fn item_of_ours(&self, seq: u16) -> u16 {
        seq.saturating_sub(self.autopilot().leading_items())
    }

    /// On the ground, as far as known.
    pub fn landed(&self) -> Option<bool> {
        match self.landed_state {
            Some(LANDED_ON_GROUND) => Some(true),
            Some(state) if LANDED_FLYING.contains(&state) => Some(false),
            Some(_) | None => match (self.armed()?, self.height_m) {
                (false, _) => Some(true),
                (true, Some(height_m)) => Some(height_m < AIRBORNE_HEIGHT_M),
                (true, None) => None,
            },
        }
    }

    /// A usable fix, as far as known.
    pub fn gps_ok(&self) -> Option<bool> {
        self.fix_type.map(|fix| fix >= FIX_3D)
    }

    /// Height of the aircraft's home above mean sea level, in the aircraft's own reference, metres.
    pub fn home_altitude_amsl_m(&self) -> Option<f64> {
        Some(self.altitude_amsl_m? - self.height_m?)
    }

    /// Writes what is known into a status.
    pub fn fill(&self, status: &mut DroneStatus) {
        status.position = self.position;
        status.altitude_amsl_m = self.altitude_amsl_m;
        status.height_m = self.height_m;
        status.heading_deg = self.heading_deg;
        status.roll_deg = self.roll_deg;
        status.pitch_deg = self.pitch_deg;
        status.ground_speed_m_s = self.ground_speed_m_s;
        status.climb_m_s = self.climb_m_s;
        status.battery_pct = self.battery_pct;
        status.battery_v = self.battery_v;
        status.time_left_s = self.time_left_s;
        status.armed = self.armed();
        status.landed = self.landed();
        status.mode = self.mode().map(|mode| mode.word().to_owned());
        status.satellites = self.satellites;
        status.gps_ok = self.gps_ok();
        status.health_ok = self.ready_to_arm;
        status.wind_from_deg = self.wind.map(|(from_deg, _)| from_deg);
        status.wind_m_s = self.wind.map(|(_, speed_m_s)| speed_m_s);
        status.mission_item = self.mission_item;
    }
}

fn finite_deg(angle_rad: f32) -> Option<f64> {
    angle_rad.is_finite().then(|| f64::from(angle_rad).to_degrees())
}
