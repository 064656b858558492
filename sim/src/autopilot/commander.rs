//! Who is in charge and what follows from it: arming, mode changes, landing detection and failsafes.

use mavlink::dialects::ardupilotmega::MavSeverity;

use super::{Autopilot, FlightMode, guidance::ReturnPhase};
use crate::physics::Vector;

/// A ground station is there when it was heard within this time, microseconds.
const GROUND_STATION_TIMEOUT_US: u64 = 3_000_000;
/// Settled on the ground this long counts as landed, microseconds (PX4: three stages of about 0.35 s).
const LAND_DETECTION_US: u64 = 1_000_000;
/// Speeds below which a sinking aircraft is thought to stand, metres per second.
const STANDING_M_S: f64 = 0.25;
/// Higher than this over home it is not on its pad's ground whatever the speeds say, metres.
const TAKEN_OFF_M: f64 = 0.4;
/// Lean beyond which the attitude has failed, radians (FD_FAIL_R, 60°).
const ATTITUDE_FAILURE_RAD: f64 = 1.05;
/// The fence is looked at this often, microseconds.
const FENCE_US: u64 = 200_000;

/// MAV_RESULT of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted = 0,
    TemporarilyRejected = 1,
    Denied = 2,
    Unsupported = 3,
    Failed = 4,
}

/// How empty the battery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BatteryStage {
    Ok,
    Low,
    Critical,
    Emergency,
}

/// A failsafe that waits in hold before it acts.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pending {
    act_at_us: u64,
    mode: FlightMode,
}

/// The state that decisions are made on.
#[derive(Debug, Clone)]
pub(crate) struct Commander {
    pub(crate) armed: bool,
    pub(crate) landed: bool,
    pub(crate) mode: FlightMode,
    pub(crate) failsafe: bool,
    pub(crate) battery_stage: BatteryStage,
    pub(crate) ground_station_heard_us: Option<u64>,
    pub(crate) injected_refusal: Option<String>,
    /// The estimator has settled from this time on, microseconds since boot.
    ready_us: u64,
    armed_at_us: u64,
    landed_at_us: u64,
    settling_since_us: Option<u64>,
    stands_over_home_m: f64,
    tilted_since_us: Option<u64>,
    attitude_failed: bool,
    took_off: bool,
    link_lost: bool,
    position_lost: bool,
    compass_stale: bool,
    pending: Option<Pending>,
    /// What is left of COM_FAIL_ACT_T for the next failsafe, seconds; `None` is all of it.
    hold_left_s: Option<f64>,
    fence_checked_us: u64,
    fence_breached: bool,
}

impl Commander {
    pub(crate) fn new(ready_us: u64) -> Self {
        Self {
            armed: false,
            landed: true,
            mode: FlightMode::Hold,
            failsafe: false,
            battery_stage: BatteryStage::Ok,
            ground_station_heard_us: None,
            injected_refusal: None,
            ready_us,
            armed_at_us: 0,
            landed_at_us: 0,
            settling_since_us: None,
            stands_over_home_m: 0.0,
            tilted_since_us: None,
            attitude_failed: false,
            took_off: false,
            link_lost: false,
            position_lost: false,
            compass_stale: false,
            pending: None,
            hold_left_s: None,
            fence_checked_us: 0,
            fence_breached: false,
        }
    }
}

impl Autopilot {
    /// Runs at 50 Hz: notices what changed and acts on it.
    pub(super) fn supervise(&mut self) {
        self.detect_landing();
        self.watch_attitude();
        self.watch_compass();
        self.disarm_when_due();
        self.watch_battery();
        self.watch_position();
        self.watch_ground_station();
        self.watch_fence();
        self.carry_out_pending();
    }

    /// Why the aircraft would not arm now; `None` when it would.
    pub(super) fn arming_obstacle(&self) -> Option<String> {
        if self.now_us < self.commander.ready_us {
            return Some("Preflight Fail: ekf2 missing data".to_owned());
        }
        if let Some(reason) = &self.commander.injected_refusal {
            return Some(reason.clone());
        }
        if !self.estimator.has_position(self.now_us) {
            return Some("Preflight Fail: GPS fix too low".to_owned());
        }
        if self.estimator.compass_is_stale() {
            return Some("Preflight Fail: No valid data from Compass 0".to_owned());
        }
        if self.commander.battery_stage >= BatteryStage::Critical {
            return Some("Preflight Fail: low battery".to_owned());
        }
        let (roll, pitch) = self.estimator.roll_pitch_rad();
        if roll.abs().max(pitch.abs()) > ATTITUDE_FAILURE_RAD {
            return Some("Preflight Fail: attitude failure (roll)".to_owned());
        }
        if self.params.integer("NAV_DLL_ACT") > 0 && !self.ground_station_present() {
            return Some("Preflight Fail: No connection to the ground control station".to_owned());
        }
        None
    }

    pub(super) fn ground_station_present(&self) -> bool {
        let heard = self.commander.ground_station_heard_us;
        heard.is_some_and(|at| self.now_us.saturating_sub(at) < GROUND_STATION_TIMEOUT_US)
    }

    /// Arms when nothing stands against it.
    pub(super) fn arm(&mut self) -> Verdict {
        if self.commander.armed {
            return Verdict::Accepted;
        }
        if let Some(obstacle) = self.arming_obstacle() {
            self.say(MavSeverity::MAV_SEVERITY_CRITICAL, "Arming denied: Resolve system health failures first");
            self.say(MavSeverity::MAV_SEVERITY_CRITICAL, &obstacle);
            return Verdict::TemporarilyRejected;
        }
        self.controller.reset();
        self.guidance.home_m = self.estimator.position_m;
        self.telemetry.send_home_soon();
        if matches!(self.commander.mode, FlightMode::Land | FlightMode::Return | FlightMode::Descend) {
            self.commander.mode = FlightMode::Hold;
        }
        self.commander.armed = true;
        self.commander.armed_at_us = self.now_us;
        self.commander.took_off = false;
        self.commander.stands_over_home_m = 0.0;
        self.commander.failsafe = false;
        self.commander.fence_breached = false;
        self.say(MavSeverity::MAV_SEVERITY_INFO, "Armed by external command");
        if self.commander.mode == FlightMode::Mission {
            // Mission mode was there before: arming is what it waited for.
            self.begin_mission();
        }
        Verdict::Accepted
    }

    /// Disarms on the ground, or anywhere when forced.
    pub(super) fn disarm(&mut self, forced: bool, why: &str) -> Verdict {
        if self.commander.armed && !self.commander.landed && !forced {
            self.say(MavSeverity::MAV_SEVERITY_CRITICAL, "Disarming denied: not landed");
            return Verdict::TemporarilyRejected;
        }
        if self.commander.armed {
            self.commander.armed = false;
            self.commander.pending = None;
            self.controller.reset();
            self.say(MavSeverity::MAV_SEVERITY_INFO, why);
            self.finish_mission_on_ground();
        }
        Verdict::Accepted
    }

    /// Changes the mode when it can be flown; says why when not.
    pub(super) fn enter(&mut self, mode: FlightMode) -> Verdict {
        if mode.needs_position() && self.now_us < self.commander.ready_us {
            return Verdict::TemporarilyRejected;
        }
        let located = !mode.needs_position() || self.estimator.has_position(self.now_us);
        let flyable = mode != FlightMode::Mission || self.run.is_flyable();
        let streamed = mode != FlightMode::Offboard || self.guidance.offboard_fresh(self.now_us, self.offboard_timeout_us());
        if !located || !flyable || !streamed {
            if !flyable {
                let reason = self.run.obstacle().to_owned();
                self.say(MavSeverity::MAV_SEVERITY_CRITICAL, &reason);
            }
            let text = format!("Switching to mode '{}' is currently not possible", mode.name());
            self.say(MavSeverity::MAV_SEVERITY_CRITICAL, &text);
            return Verdict::TemporarilyRejected;
        }
        self.switch(mode);
        Verdict::Accepted
    }

    /// Changes the mode without asking; sets up what the mode needs.
    pub(super) fn switch(&mut self, mode: FlightMode) {
        let before = self.commander.mode;
        self.commander.mode = mode;
        self.commander.pending = None;
        match mode {
            FlightMode::Return => self.begin_return(before),
            FlightMode::Mission if before != FlightMode::Mission => self.begin_mission(),
            FlightMode::Hold | FlightMode::Position | FlightMode::Land | FlightMode::Offboard => self.stop_here(),
            FlightMode::Takeoff if before != FlightMode::Takeoff => self.begin_take_off(None),
            FlightMode::Takeoff
            | FlightMode::Mission
            | FlightMode::Manual
            | FlightMode::Altitude
            | FlightMode::Descend
            | FlightMode::Follow
            | FlightMode::Orbit => {}
        }
    }

    /// A pilot with a transmitter takes or changes the mode: always possible, never asked.
    pub(crate) fn pilot_switches(&mut self, mode: FlightMode) {
        self.commander.failsafe = false;
        self.switch(mode);
        self.say(MavSeverity::MAV_SEVERITY_INFO, "Pilot took over using sticks");
    }

    fn detect_landing(&mut self) {
        let c = &mut self.commander;
        if !c.armed {
            c.settling_since_us = None;
            return;
        }
        let speed = self.estimator.velocity_m_s;
        let risen_m = self.guidance.home_m.z - self.estimator.position_m.z;
        if c.landed {
            if risen_m - c.stands_over_home_m > TAKEN_OFF_M || speed.z < -0.5 && self.wish.thrust_share >= 1.0 {
                c.landed = false;
                c.took_off = true;
            }
            return;
        }
        let sinking = self.wish.velocity_m_s.z > 0.1;
        // Without a position the horizontal speed is a guess and must not keep the motors running on the ground.
        let still = speed.z.abs() < STANDING_M_S && (self.wish.level_only || speed.x.hypot(speed.y) < 1.5);
        if !(sinking && still) {
            c.settling_since_us = None;
            return;
        }
        let since = *c.settling_since_us.get_or_insert(self.now_us);
        if self.now_us - since >= LAND_DETECTION_US {
            c.landed = true;
            c.landed_at_us = self.now_us;
            c.settling_since_us = None;
            // On a slope above its pad it stands higher than a take-off from there would tell.
            c.stands_over_home_m = if risen_m > TAKEN_OFF_M { risen_m } else { 0.0 };
            self.say(MavSeverity::MAV_SEVERITY_INFO, "Landing detected");
        }
    }

    /// How long the aircraft has been settling on the ground, seconds; 0 in flight.
    pub(super) fn settling_s(&self) -> f64 {
        self.commander.settling_since_us.map_or(0.0, |since| (self.now_us - since) as f64 * 1e-6)
    }

    fn watch_attitude(&mut self) {
        let (roll, pitch) = self.estimator.roll_pitch_rad();
        if !self.commander.armed || roll.abs().max(pitch.abs()) < ATTITUDE_FAILURE_RAD {
            self.commander.tilted_since_us = None;
            return;
        }
        let since = *self.commander.tilted_since_us.get_or_insert(self.now_us);
        let tilted_us = self.now_us - since;
        if tilted_us > 300_000 && !self.commander.attitude_failed {
            self.commander.attitude_failed = true;
            self.commander.failsafe = true;
            self.say(MavSeverity::MAV_SEVERITY_EMERGENCY, "Attitude failure detected");
        }
        // Lying on its side with a still frame: the flight is over.
        if tilted_us > 3_000_000 && self.estimator.rates_rad_s.norm() < 0.5 {
            self.commander.landed = true;
            self.disarm(true, "Disarmed by failure detector");
        }
    }

    /// Without its compass the aircraft flies on by its gyroscopes and says so, in PX4's words (flight.md, being PX4's physics).
    fn watch_compass(&mut self) {
        let stale = self.estimator.compass_is_stale();
        if stale && !self.commander.compass_stale {
            self.say(MavSeverity::MAV_SEVERITY_EMERGENCY, "MAG #0 failed: STALE!");
        }
        self.commander.compass_stale = stale;
    }

    fn disarm_when_due(&mut self) {
        if !self.commander.armed || !self.commander.landed {
            return;
        }
        let (since_us, wait_s, why) = if self.commander.took_off {
            (self.commander.landed_at_us, self.params.number("COM_DISARM_LAND"), "Disarmed by landing")
        } else {
            (self.commander.armed_at_us, self.params.number("COM_DISARM_PRFLT"), "Disarmed by auto preflight disarming")
        };
        if wait_s > 0.0 && (self.now_us - since_us) as f64 * 1e-6 >= wait_s {
            self.disarm(false, why);
        }
    }

    fn watch_battery(&mut self) {
        let charge = self.power.charge;
        let stage = if charge <= self.params.number("BAT_EMERGEN_THR") {
            BatteryStage::Emergency
        } else if charge <= self.params.number("BAT_CRIT_THR") {
            BatteryStage::Critical
        } else if charge <= self.params.number("BAT_LOW_THR") {
            BatteryStage::Low
        } else {
            BatteryStage::Ok
        };
        let worse = stage > self.commander.battery_stage;
        self.commander.battery_stage = stage;
        if worse {
            self.react_to_battery(stage);
        }
    }

    fn react_to_battery(&mut self, stage: BatteryStage) {
        let flying = self.commander.armed && !self.commander.landed;
        let action = if flying { self.params.integer("COM_LOW_BAT_ACT") } else { 0 };
        match stage {
            BatteryStage::Ok => {}
            BatteryStage::Low => self.say(MavSeverity::MAV_SEVERITY_WARNING, "Low battery level"),
            BatteryStage::Critical => {
                self.say(MavSeverity::MAV_SEVERITY_CRITICAL, "Critical battery level, return soon");
                match action {
                    2 => self.fail_safely_into(FlightMode::Land),
                    3 => self.fail_safely_into(FlightMode::Return),
                    _ => {}
                }
            }
            BatteryStage::Emergency => {
                self.say(MavSeverity::MAV_SEVERITY_EMERGENCY, "Emergency battery level, land immediately");
                if matches!(action, 2 | 3) {
                    self.fail_safely_into(FlightMode::Land);
                }
            }
        }
    }

    /// A failsafe, unless the aircraft comes down already.
    fn fail_safely_into(&mut self, mode: FlightMode) {
        let comes_down = match self.commander.mode {
            FlightMode::Land | FlightMode::Descend => true,
            FlightMode::Return => mode == FlightMode::Return,
            _ => false,
        };
        if !comes_down {
            self.hold_then(mode);
        }
    }

    /// Holds for what is left of COM_FAIL_ACT_T, then goes into `mode`. One hold serves all that comes in it.
    fn hold_then(&mut self, mode: FlightMode) {
        self.commander.failsafe = true;
        let left_us = (self.commander.hold_left_s.unwrap_or(self.params.number("COM_FAIL_ACT_T")) * 1e6) as u64;
        let act_at_us = self.commander.pending.map_or(self.now_us + left_us, |pending| pending.act_at_us);
        self.switch(FlightMode::Hold);
        self.commander.pending = Some(Pending { act_at_us, mode });
    }

    /// The hold is used up while a failsafe waits and comes back four times as slowly: a second failsafe soon after one acts sooner (PX4
    /// commander/failsafe/framework.cpp, updateStartDelay).
    fn count_hold(&mut self) {
        const REGAINED_SHARE: f64 = 0.25;
        let whole_s = self.params.number("COM_FAIL_ACT_T");
        let left_s = self.commander.hold_left_s.unwrap_or(whole_s);
        let change_s = if self.commander.pending.is_some() { -super::GUIDANCE_S } else { super::GUIDANCE_S * REGAINED_SHARE };
        self.commander.hold_left_s = Some((left_s + change_s).clamp(0.0, whole_s));
    }

    fn carry_out_pending(&mut self) {
        self.count_hold();
        let Some(pending) = self.commander.pending else { return };
        if self.now_us < pending.act_at_us {
            return;
        }
        self.commander.pending = None;
        if self.commander.armed && !self.commander.landed {
            let text = format!("Failsafe activated: entering {}", pending.mode.name());
            self.say(MavSeverity::MAV_SEVERITY_CRITICAL, &text);
            self.switch(pending.mode);
        }
    }

    fn watch_position(&mut self) {
        let lost = self.now_us > self.commander.ready_us && !self.estimator.has_position(self.now_us);
        if lost == self.commander.position_lost {
            return;
        }
        self.commander.position_lost = lost;
        if !lost {
            self.say(MavSeverity::MAV_SEVERITY_INFO, "GPS fix regained");
            return;
        }
        self.say(MavSeverity::MAV_SEVERITY_CRITICAL, "GPS fix lost, position estimate invalid");
        let flying = self.commander.armed && !self.commander.landed;
        if flying && (self.commander.mode.needs_position() || self.commander.mode == FlightMode::Land) {
            self.commander.failsafe = true;
            self.say(MavSeverity::MAV_SEVERITY_CRITICAL, "Failsafe activated: blind land");
            self.switch(FlightMode::Descend);
        }
    }

    fn watch_ground_station(&mut self) {
        let Some(heard_us) = self.commander.ground_station_heard_us else { return };
        let wait_us = GROUND_STATION_TIMEOUT_US + (self.params.number("COM_DL_LOSS_T") * 1e6) as u64;
        let lost = self.now_us.saturating_sub(heard_us) > wait_us;
        if lost == self.commander.link_lost {
            return;
        }
        self.commander.link_lost = lost;
        if !lost {
            self.say(MavSeverity::MAV_SEVERITY_INFO, "GCS connection regained");
            return;
        }
        self.say(MavSeverity::MAV_SEVERITY_WARNING, "Connection to ground station lost");
        if !self.commander.armed || self.commander.landed {
            return;
        }
        match self.params.integer("NAV_DLL_ACT") {
            1 => self.switch(FlightMode::Hold),
            2 => self.hold_then(FlightMode::Return),
            3 => self.hold_then(FlightMode::Land),
            _ => {}
        }
    }

    fn watch_fence(&mut self) {
        if self.now_us.saturating_sub(self.commander.fence_checked_us) < FENCE_US {
            return;
        }
        self.commander.fence_checked_us = self.now_us;
        if !self.commander.armed || self.commander.landed || !self.estimator.has_position(self.now_us) {
            return;
        }
        let breached = !self.fence_allows(self.estimator.position_m);
        let fresh = breached && !self.commander.fence_breached;
        self.commander.fence_breached = breached;
        if !fresh {
            return;
        }
        self.react_to_breach(self.params.integer("GF_ACTION"));
    }

    /// Hold at once; return and landing after the hold that a pilot has to take over in (PX4 commander/failsafe/failsafe.cpp, fromGfActParam).
    fn react_to_breach(&mut self, action: i32) {
        if action == 0 {
            return;
        }
        self.say(MavSeverity::MAV_SEVERITY_WARNING, "Geofence violated");
        match action {
            2 if !matches!(self.commander.mode, FlightMode::Return | FlightMode::Land | FlightMode::Descend) => {
                self.commander.failsafe = true;
                self.switch(FlightMode::Hold);
            }
            3 => self.fail_safely_into(FlightMode::Return),
            5 => self.fail_safely_into(FlightMode::Land),
            _ => {}
        }
    }

    /// Whether fence polygons and the limits by parameter allow this position.
    pub(super) fn fence_allows(&self, position_m: Vector) -> bool {
        let from_home = position_m - self.guidance.home_m;
        let (far_max, high_max) = (self.params.number("GF_MAX_HOR_DIST"), self.params.number("GF_MAX_VER_DIST"));
        // A plan may touch the limit; its height came as a float of 32 bits.
        const ROUNDING_M: f64 = 0.01;
        let near = far_max <= 0.0 || from_home.x.hypot(from_home.y) <= far_max + ROUNDING_M;
        let low = high_max <= 0.0 || -from_home.z <= high_max + ROUNDING_M;
        near && low && (self.plans.fence.is_empty() || self.plans.fence.allows(self.to_geo(position_m)))
    }

    fn begin_return(&mut self, before: FlightMode) {
        self.begin_mission_return(before);
        self.guidance.return_phase = ReturnPhase::Climb;
        self.choose_return_goal();
    }

    fn offboard_timeout_us(&self) -> u64 {
        (self.params.number("COM_OF_LOSS_T") * 1e6) as u64
    }
}
