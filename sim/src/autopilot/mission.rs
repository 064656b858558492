//! Flying the uploaded mission: item by item, with what PX4 says on the way.

use mavlink::dialects::ardupilotmega::{MISSION_ITEM_REACHED_DATA, MavSeverity, MissionState};

use super::plan::{Item, command};
use super::wire::AUTOPILOT_COMPONENT;
use super::{Autopilot, FlightMode};
use crate::physics::Vector;

/// MISSION_ITEM_REACHED is repeated at this pace, microseconds (flight.md 20).
const REPEAT_US: u64 = 1_000_000;
/// Actions carried out in one guidance step; a mission of jumps must not stall the aircraft.
const ACTIONS_MAX: usize = 20;
/// Waypoints farther apart than this make a mission infeasible, metres (MIS_DIST_WPS is off; this guards typing errors).
const LEG_MAX_M: f64 = 50_000.0;
/// A corner that turns less than this is flown through at speed: cosine of 25°.
const STRAIGHT_COSINE: f64 = 0.906;

/// How far the mission has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct MissionRun {
    pub(crate) current: usize,
    obstacle: Option<String>,
    count: usize,
    finished: bool,
    under_way: bool,
    /// The aircraft must first climb straight up to this depth before it goes anywhere.
    climb_to_z: Option<f64>,
    wait_until_us: Option<u64>,
    jumps_done: Vec<(usize, u32)>,
    reached: Option<u16>,
    repeated_us: u64,
    landing: bool,
    returning: Option<Homeward>,
}

/// How return mode follows the mission (RTL_TYPE 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Homeward {
    /// On to its landing.
    Onward,
    /// Back to its take-off: it has no landing.
    Backward,
    /// That was the last place: over home, and down.
    Down,
}

impl MissionRun {
    /// There is a mission and it can be flown.
    pub(crate) fn is_flyable(&self) -> bool {
        self.count > 0 && self.obstacle.is_none()
    }

    /// Why not.
    pub(crate) fn obstacle(&self) -> &str {
        self.obstacle.as_deref().unwrap_or("Mission rejected: no valid mission available")
    }

    /// Return mode follows it.
    pub(crate) fn is_returning(&self) -> bool {
        self.returning.is_some()
    }

    pub(crate) fn is_under_way(&self) -> bool {
        self.under_way && !self.landing
    }

    /// MISSION_CURRENT.mission_state.
    pub(crate) fn state(&self, mode: FlightMode, armed: bool) -> MissionState {
        if self.count == 0 {
            MissionState::MISSION_STATE_NO_MISSION
        } else if self.finished {
            MissionState::MISSION_STATE_COMPLETE
        } else if mode == FlightMode::Mission && armed {
            MissionState::MISSION_STATE_ACTIVE
        } else if self.under_way {
            MissionState::MISSION_STATE_PAUSED
        } else {
            MissionState::MISSION_STATE_NOT_STARTED
        }
    }
}

impl Autopilot {
    /// A mission was uploaded or cleared: start over with it.
    pub(super) fn adopt_mission(&mut self, items: Vec<Item>) {
        self.plans.mission = items;
        self.plans.mission_id += 1;
        // Re-upload in mid-mission is accepted and flown from its start (flight.md 20).
        self.run = MissionRun::default();
        self.check_mission();
        if self.commander.mode == FlightMode::Mission && self.commander.armed {
            if self.run.is_flyable() { self.begin_mission() } else { self.switch(FlightMode::Hold) }
        }
    }

    /// Checks feasibility against the fence and plain sense; says what is wrong (flight.md 19).
    pub(super) fn check_mission(&mut self) {
        self.run.count = self.plans.mission.len();
        self.run.obstacle = self.mission_obstacle();
        if let Some(text) = self.run.obstacle.clone() {
            self.say(MavSeverity::MAV_SEVERITY_CRITICAL, &text);
        }
    }

    fn mission_obstacle(&self) -> Option<String> {
        let mut last: Option<Vector> = None;
        for (index, item) in self.plans.mission.iter().enumerate() {
            let Some(place) = item.place().filter(|_| item.is_navigation()) else { continue };
            let position = self.item_position(item, place);
            // Polygons, circles and the limits by parameter (PX4 navigator/mission_feasibility_checker.cpp, checkMissionAgainstGeofence).
            if !self.fence_allows(position) {
                return Some(format!("Geofence violation for waypoint {}", index + 1));
            }
            let from = last.unwrap_or(self.estimator.position_m);
            if (position.x - from.x).hypot(position.y - from.y) > LEG_MAX_M {
                return Some(format!("Mission rejected: waypoint {} is too far away", index + 1));
            }
            last = Some(position);
        }
        None
    }

    /// Goes to an item as MISSION_SET_CURRENT asks.
    pub(super) fn set_current_item(&mut self, sequence: u16) -> bool {
        if usize::from(sequence) >= self.plans.mission.len() {
            return false;
        }
        self.run.current = usize::from(sequence);
        self.run.finished = false;
        self.run.wait_until_us = None;
        self.run.landing = false;
        true
    }

    /// Mission mode was entered.
    pub(super) fn begin_mission(&mut self) {
        if self.run.finished {
            self.run.current = 0;
            self.run.finished = false;
            self.run.jumps_done.clear();
        }
        self.run.under_way = true;
        self.run.landing = false;
        self.run.returning = None;
        self.run.wait_until_us = None;
        self.stop_here();
        self.run.climb_to_z = if self.commander.landed { self.first_climb_z() } else { None };
        if let Some(z) = self.run.climb_to_z {
            self.guidance.target_m.z = z;
        }
    }

    /// From the ground the mission begins with a climb: to the first item's height, at least MIS_TAKEOFF_ALT.
    fn first_climb_z(&self) -> Option<f64> {
        let rest = self.plans.mission.get(self.run.current..)?;
        let first = rest.iter().find(|item| item.is_navigation())?;
        if matches!(first.command, command::RETURN | command::LAND | command::DELAY) {
            return None;
        }
        let lowest_z = self.ground_z() - self.params.number("MIS_TAKEOFF_ALT");
        Some(self.item_z(first).min(lowest_z))
    }

    fn ground_z(&self) -> f64 {
        if self.commander.armed { self.guidance.home_m.z } else { self.estimator.position_m.z }
    }

    fn item_z(&self, item: &Item) -> f64 {
        if item.is_relative() { self.ground_z() - f64::from(item.z) } else { self.origin_amsl_m - f64::from(item.z) }
    }

    fn item_position(&self, item: &Item, place: flight_types::GeoPoint) -> Vector {
        let mut position = self.to_local(place, 0.0);
        position.z = self.item_z(item);
        position
    }

    /// The velocity that the mission wishes now.
    pub(super) fn fly_mission(&mut self) -> Vector {
        self.repeat_reached();
        if let Some(z) = self.run.climb_to_z {
            if !self.commander.landed && self.estimator.position_m.z < z + self.params.number("NAV_MC_ALT_RAD") {
                self.run.climb_to_z = None;
                self.skip_take_off_item();
            }
            return self.climb_to(z);
        }
        for _ in 0..ACTIONS_MAX {
            let Some(item) = self.plans.mission.get(self.run.current).copied() else { return self.finish_mission() };
            if item.is_navigation() {
                return self.fly_item(&item);
            }
            self.act(&item);
        }
        self.fly_to(self.guidance.target_m)
    }

    /// Return mode begins. With RTL_TYPE 2 it follows the mission on to its landing, or back to its take-off when it has none: from the item that is flown
    /// to (or the one before it), or, from another mode, from the one that is nearest in space (PX4 navigator/rtl_mission_fast.cpp,
    /// rtl_mission_fast_reverse.cpp, mission_base.cpp setMissionToClosestItem).
    pub(super) fn begin_mission_return(&mut self, before: FlightMode) {
        self.run.returning = None;
        if self.params.integer("RTL_TYPE") != 2 || !self.run.is_flyable() {
            return;
        }
        let lands = self.plans.mission.iter().any(|item| item.command == command::LAND);
        self.run.returning = Some(if lands { Homeward::Onward } else { Homeward::Backward });
        (self.run.landing, self.run.wait_until_us, self.run.climb_to_z) = (false, None, None);
        match before {
            FlightMode::Mission if lands => {}
            FlightMode::Mission => self.run.current = self.run.current.saturating_sub(1),
            _ => self.run.current = self.nearest_item(),
        }
    }

    fn nearest_item(&self) -> usize {
        let here = self.estimator.position_m;
        let placed = self.plans.mission.iter().enumerate().filter(|(_, item)| item.is_navigation());
        let off_m = placed.filter_map(|(index, item)| Some((index, (self.item_position(item, item.place()?) - here).norm())));
        off_m.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(index, _)| index)
    }

    /// Only places count on this way: every one but the landing is flown through, and what lies between them is left out.
    pub(super) fn fly_mission_home(&mut self) -> Vector {
        self.repeat_reached();
        let is_place = |item: &Item| item.is_navigation() && item.command != command::DELAY;
        let places = self.plans.mission.iter().enumerate().filter(|(_, item)| is_place(item)).map(|(index, _)| index);
        let current = match self.run.returning {
            Some(Homeward::Onward) => places.filter(|index| *index >= self.run.current).min(),
            Some(Homeward::Backward) => places.filter(|index| *index <= self.run.current).max(),
            Some(Homeward::Down) | None => None,
        };
        let Some((current, item)) = current.and_then(|index| Some((index, *self.plans.mission.get(index)?))) else {
            self.run.returning = Some(Homeward::Down);
            return self.land_at(Some(self.guidance.home_m));
        };
        self.run.current = current;
        if item.command == command::LAND { self.fly_landing_item(&item) } else { self.fly_waypoint(&item) }
    }

    fn climb_to(&mut self, z: f64) -> Vector {
        self.guidance.target_m.z = z;
        let mut velocity = self.fly_to(self.guidance.target_m);
        velocity.z = velocity.z.max(-self.params.fast.take_off_m_s);
        velocity
    }

    fn skip_take_off_item(&mut self) {
        let at_take_off = self.plans.mission.get(self.run.current).is_some_and(|item| item.command == command::TAKEOFF);
        if at_take_off {
            self.reach_item();
        }
    }

    fn fly_item(&mut self, item: &Item) -> Vector {
        match item.command {
            command::RETURN => {
                self.reach_item();
                self.run.finished = true;
                self.switch(FlightMode::Return);
                self.fly_to(self.guidance.target_m)
            }
            command::LAND => self.fly_landing_item(item),
            command::DELAY => {
                self.wait_then_go_on(f64::from(item.params[0]));
                self.fly_to(self.guidance.target_m)
            }
            _ => self.fly_waypoint(item),
        }
    }

    fn fly_waypoint(&mut self, item: &Item) -> Vector {
        let mut target = self.guidance.target_m;
        if let Some(place) = item.place() {
            target = self.item_position(item, place);
        }
        target.z = self.item_z(item);
        if target != self.guidance.target_m {
            self.guidance.target_m = target;
            self.run.wait_until_us = None;
        }
        self.turn_for(item, target);
        let here = self.estimator.position_m;
        let off_m = (target.x - here.x).hypot(target.y - here.y);
        let at_height = (target.z - here.z).abs() < self.params.number("NAV_MC_ALT_RAD").max(0.3);
        if item.command == command::LOITER_UNLIMITED && !self.run.is_returning() {
            return self.fly_straight(target, 0.0);
        }
        let waits = !self.run.is_returning() && (item.command == command::LOITER_TIME || item.params[0] > 0.0);
        if (off_m < self.acceptance_m(item) && at_height) || self.run.wait_until_us.is_some() {
            let hold_s = if item.command == command::TAKEOFF || !waits { 0.0 } else { f64::from(item.params[0]).max(0.0) };
            self.wait_then_go_on(hold_s);
        }
        self.fly_straight(target, if waits { 0.0 } else { self.way_beyond_m(target) })
    }

    fn acceptance_m(&self, item: &Item) -> f64 {
        let given = f64::from(item.params[1]);
        let set = item.command == command::WAYPOINT && given.is_finite() && given > 0.0;
        if set { given } else { self.params.number("NAV_ACC_RAD") }
    }

    /// Heading of the item, or along the way.
    fn turn_for(&mut self, item: &Item, target: Vector) {
        let heading_deg = f64::from(item.params[3]);
        if heading_deg.is_finite() && item.command != command::TAKEOFF {
            self.guidance.heading_rad = heading_deg.to_radians();
        } else {
            self.head_along(target);
        }
    }

    /// Straight way that follows the present waypoint, metres; 0 where the aircraft must turn or stop.
    fn way_beyond_m(&self, target: Vector) -> f64 {
        let rest = self.plans.mission.get(self.run.current + 1..).unwrap_or(&[]);
        let Some(next) = rest.iter().find(|item| item.is_navigation() && item.command == command::WAYPOINT) else { return 0.0 };
        let Some(place) = next.place() else { return 0.0 };
        let there = self.item_position(next, place);
        let (leg, way) = (there - target, target - self.estimator.position_m);
        let (leg_m, way_m) = (leg.x.hypot(leg.y), way.x.hypot(way.y));
        if leg_m < 0.1 || way_m < 0.1 {
            return leg_m;
        }
        let cosine = (leg.x * way.x + leg.y * way.y) / (leg_m * way_m);
        if cosine > STRAIGHT_COSINE { leg_m } else { 0.0 }
    }

    fn fly_landing_item(&mut self, item: &Item) -> Vector {
        let above = item.place().map(|place| self.item_position(item, place));
        self.land_at(above)
    }

    /// Over the place, and down.
    fn land_at(&mut self, above: Option<Vector>) -> Vector {
        if let Some(above) = above {
            let here = self.estimator.position_m;
            if !self.run.landing && (above.x - here.x).hypot(above.y - here.y) > 1.0 {
                let target = Vector::new(above.x, above.y, self.guidance.target_m.z.min(here.z));
                self.guidance.target_m = target;
                self.head_along(target);
                return self.fly_to(target);
            }
            self.guidance.target_m = above;
        }
        self.run.landing = true;
        self.fly_landing()
    }

    fn wait_then_go_on(&mut self, hold_s: f64) {
        let until = *self.run.wait_until_us.get_or_insert(self.now_us + (hold_s * 1e6) as u64);
        if self.now_us >= until {
            self.run.wait_until_us = None;
            self.reach_item();
        }
    }

    fn act(&mut self, item: &Item) {
        match item.command {
            command::CHANGE_SPEED if item.params[1] > 0.0 => self.guidance.speed_m_s = Some(f64::from(item.params[1])),
            command::SET_ACTUATOR => self.set_actuators(&item.params),
            command::ROI_LOCATION | command::ROI => {
                let altitude = self.origin_amsl_m - self.item_z(item);
                self.guidance.region_of_interest = item.place().map(|place| (place, altitude));
            }
            command::ROI_NONE => self.look_ahead(),
            command::GIMBAL_PITCH_YAW => self.mission_points_gimbal(f64::from(item.params[0]), f64::from(item.params[1])),
            command::JUMP if self.jump(item) => {
                return;
            }
            _ => {}
        }
        self.reach_item();
    }

    /// Goes back to another item, a limited number of times.
    fn jump(&mut self, item: &Item) -> bool {
        let (goal, repeats) = (item.params[0] as usize, item.params[1] as u32);
        let here = self.run.current;
        let done = match self.run.jumps_done.iter_mut().find(|(index, _)| *index == here) {
            Some((_, done)) => done,
            None => {
                self.run.jumps_done.push((here, 0));
                match self.run.jumps_done.last_mut() {
                    Some((_, done)) => done,
                    None => return false,
                }
            }
        };
        if *done >= repeats || goal >= self.plans.mission.len() {
            return false;
        }
        *done += 1;
        self.run.current = goal;
        true
    }

    fn reach_item(&mut self) {
        self.run.reached = Some(self.run.current as u16);
        self.run.repeated_us = 0;
        match (self.run.returning, self.run.current.checked_sub(1)) {
            (Some(Homeward::Backward), Some(before)) => self.run.current = before,
            (Some(Homeward::Backward), None) => self.run.returning = Some(Homeward::Down),
            (Some(Homeward::Onward | Homeward::Down) | None, _) => self.run.current += 1,
        }
        self.repeat_reached();
        self.telemetry.send_mission_current_soon();
    }

    fn repeat_reached(&mut self) {
        let Some(seq) = self.run.reached else { return };
        if self.run.repeated_us != 0 && self.now_us < self.run.repeated_us + REPEAT_US {
            return;
        }
        self.run.repeated_us = self.now_us;
        self.out.send(AUTOPILOT_COMPONENT, &MISSION_ITEM_REACHED_DATA { seq });
    }

    fn finish_mission(&mut self) -> Vector {
        self.run.finished = true;
        self.run.under_way = false;
        self.run.current = self.plans.mission.len().saturating_sub(1);
        self.say(MavSeverity::MAV_SEVERITY_INFO, "Mission finished, loitering");
        let target = self.guidance.target_m;
        self.switch(FlightMode::Hold);
        self.guidance.target_m = target;
        self.fly_to(target)
    }

    /// Disarmed: a mission that ended with its landing item is complete.
    pub(super) fn finish_mission_on_ground(&mut self) {
        if self.commander.mode == FlightMode::Mission {
            if self.run.landing {
                self.reach_item();
                self.run.finished = true;
                self.run.current = self.plans.mission.len().saturating_sub(1);
            }
            self.run.under_way = false;
            self.commander.mode = FlightMode::Hold;
        }
    }
}
