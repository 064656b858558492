//! What each mode flies: a wished velocity and heading at 50 Hz, with speeds that can be braked in time.

use flight_types::GeoPoint;

use super::controller::Wish;
use super::{Autopilot, FlightMode, GUIDANCE_S};
use crate::physics::Vector;

/// Position loop (MPC_XY_P, MPC_Z_P), per second.
const POSITION_GAIN: f64 = 0.95;
/// Braking is planned with this share of the allowed acceleration; the rest is for wind and lag.
const BRAKING_SHARE: f64 = 0.7;
/// A target nearer than this is reached for the purposes of take-off and return, metres.
const NEAR_M: f64 = 1.0;
/// Below this height over home the aircraft sinks at landing speed, metres (MPC_LAND_ALT2).
const SLOW_SINK_M: f64 = 5.0;
/// Without a setpoint or a stick an unpiloted manual mode sinks this fast, metres per second (flight.md 22).
const UNPILOTED_SINK_M_S: f64 = 0.7;
/// Standing still this long while sinking is wished means ground; sooner it may be the beginning of the descent, seconds.
const SETTLED_S: f64 = 0.4;
/// Half opening of the return cone: nearer to home the climb is lower (RTL_CONE_ANG, 45°, so height equals distance).
const RETURN_CONE: f64 = 1.0;
/// A followed target is forgotten after this time, microseconds.
const FOLLOW_TIMEOUT_US: u64 = 3_000_000;
/// A followed target slower than this has no course, metres per second: it is followed from where the aircraft is.
const FOLLOW_COURSE_M_S: f64 = 0.5;
/// The heading turns towards the way only when that is at least this long, metres.
const HEADING_WAY_M: f64 = 2.0;

/// Where a return has got to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReturnPhase {
    Climb,
    Fly,
    Descend,
    Wait,
    Land,
}

/// A streamed setpoint of offboard mode; `None` parts are not controlled by it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Setpoint {
    pub(crate) position_m: Option<Vector>,
    pub(crate) velocity_m_s: Option<Vector>,
    pub(crate) heading_rad: Option<f64>,
    pub(crate) received_us: u64,
}

/// A circle to fly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Circle {
    pub(crate) centre_m: Vector,
    /// Negative turns counter-clockwise.
    pub(crate) radius_m: f64,
    pub(crate) speed_m_s: f64,
}

/// A target as FOLLOW_TARGET told it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FollowTarget {
    pub(crate) position_m: Vector,
    pub(crate) velocity_m_s: Vector,
    pub(crate) received_us: u64,
}

/// The goals of all modes.
#[derive(Debug, Clone)]
pub(crate) struct Guidance {
    /// Where the aircraft was armed.
    pub(crate) home_m: Vector,
    pub(crate) target_m: Vector,
    pub(crate) heading_rad: f64,
    /// Speed over ground as commanded; `None` is MPC_XY_CRUISE.
    pub(crate) speed_m_s: Option<f64>,
    pub(crate) region_of_interest: Option<(GeoPoint, f64)>,
    pub(crate) return_phase: ReturnPhase,
    pub(crate) return_goal_m: Vector,
    pub(crate) return_height_m: f64,
    pub(crate) wait_until_us: u64,
    pub(crate) setpoint: Option<Setpoint>,
    pub(crate) circle: Option<Circle>,
    pub(crate) follow: Option<FollowTarget>,
    velocity_m_s: Vector,
}

impl Default for Guidance {
    fn default() -> Self {
        Self {
            home_m: Vector::zeros(),
            target_m: Vector::zeros(),
            heading_rad: 0.0,
            speed_m_s: None,
            region_of_interest: None,
            return_phase: ReturnPhase::Climb,
            return_goal_m: Vector::zeros(),
            return_height_m: 0.0,
            wait_until_us: 0,
            setpoint: None,
            circle: None,
            follow: None,
            velocity_m_s: Vector::zeros(),
        }
    }
}

impl Guidance {
    pub(crate) fn offboard_fresh(&self, now_us: u64, timeout_us: u64) -> bool {
        self.setpoint.is_some_and(|setpoint| now_us.saturating_sub(setpoint.received_us) <= timeout_us)
    }
}

impl Autopilot {
    /// The wish of the present mode.
    pub(super) fn guide(&mut self) -> Wish {
        if !self.commander.armed {
            self.guidance.velocity_m_s = Vector::zeros();
            self.guidance.heading_rad = self.estimator.heading_rad();
            return self.wish_of(Vector::zeros(), false);
        }
        let velocity = match self.commander.mode {
            FlightMode::Takeoff => self.fly_take_off(),
            FlightMode::Hold | FlightMode::Position => self.fly_hold(),
            FlightMode::Mission => self.fly_mission(),
            FlightMode::Return => self.fly_return(),
            FlightMode::Land => self.fly_landing(),
            FlightMode::Follow => self.fly_follow(),
            FlightMode::Orbit => self.fly_orbit(),
            FlightMode::Offboard => self.fly_offboard(),
            FlightMode::Altitude => return self.wish_of(Vector::zeros(), true),
            FlightMode::Manual | FlightMode::Descend => {
                return self.wish_of(Vector::new(0.0, 0.0, UNPILOTED_SINK_M_S), true);
            }
        };
        let smooth = self.smooth(velocity);
        self.look_at_region_of_interest();
        self.wish_of(smooth, false)
    }

    fn wish_of(&self, velocity_m_s: Vector, level_only: bool) -> Wish {
        Wish { velocity_m_s, heading_rad: self.guidance.heading_rad, level_only, thrust_share: self.thrust_share() }
    }

    /// Waiting on the ground the rotors idle; settling, the thrust fades so that the aircraft does not hop.
    fn thrust_share(&self) -> f64 {
        if self.commander.landed && !self.wants_to_climb() {
            return 0.0;
        }
        (1.0 - 2.0 * (self.settling_s() - SETTLED_S)).clamp(0.0, 1.0)
    }

    fn wants_to_climb(&self) -> bool {
        let target_higher = self.guidance.target_m.z < self.estimator.position_m.z - 0.5;
        match self.commander.mode {
            FlightMode::Takeoff => target_higher,
            FlightMode::Mission => self.run.is_under_way() && target_higher,
            FlightMode::Offboard => self.guidance.setpoint.is_some_and(|s| {
                s.velocity_m_s.is_some_and(|v| v.z < -0.1) || s.position_m.is_some_and(|p| p.z < self.estimator.position_m.z - 0.5)
            }),
            FlightMode::Hold
            | FlightMode::Position
            | FlightMode::Altitude
            | FlightMode::Manual
            | FlightMode::Return
            | FlightMode::Land
            | FlightMode::Descend
            | FlightMode::Follow
            | FlightMode::Orbit => false,
        }
    }

    /// Stops where braking ends and stays there.
    pub(super) fn stop_here(&mut self) {
        let speed = self.estimator.velocity_m_s;
        let brake_m_s2 = self.params.fast.acceleration_m_s2 * BRAKING_SHARE;
        let way_m = speed.x.hypot(speed.y) / (2.0 * brake_m_s2);
        self.guidance.target_m = self.estimator.position_m + Vector::new(speed.x * way_m, speed.y * way_m, speed.z * 0.3);
        self.guidance.heading_rad = self.estimator.heading_rad();
    }

    /// Aims at `altitude_amsl_m` above the present place; the default is MIS_TAKEOFF_ALT over home.
    pub(super) fn begin_take_off(&mut self, altitude_amsl_m: Option<f64>) {
        let home = if self.commander.armed { self.guidance.home_m } else { self.estimator.position_m };
        let lowest_z = home.z - self.params.number("MIS_TAKEOFF_ALT");
        let z = altitude_amsl_m.map_or(lowest_z, |altitude| self.origin_amsl_m - altitude);
        self.guidance.target_m = self.estimator.position_m;
        self.guidance.target_m.z = z;
        self.guidance.heading_rad = self.estimator.heading_rad();
    }

    fn fly_take_off(&mut self) -> Vector {
        let target = self.guidance.target_m;
        if !self.commander.landed && (target.z - self.estimator.position_m.z).abs() < NEAR_M * 0.5 {
            self.commander.mode = FlightMode::Hold;
        }
        self.approach(target, self.cruise_m_s(), self.params.fast.take_off_m_s, self.params.fast.sink_m_s)
    }

    fn fly_hold(&mut self) -> Vector {
        self.fly_to(self.guidance.target_m)
    }

    /// Speed of automatic flight, metres per second.
    pub(super) fn cruise_m_s(&self) -> f64 {
        self.guidance.speed_m_s.unwrap_or(self.params.fast.cruise_m_s).min(self.params.fast.speed_max_m_s)
    }

    /// The velocity towards a target at cruise speed.
    pub(super) fn fly_to(&self, target_m: Vector) -> Vector {
        self.fly_straight(target_m, 0.0)
    }

    /// The velocity to a place of a mission, straight in space (PX4 PositionSmoothing::_generateVelocitySetpoint): whichever of the two speeds would
    /// leave the line is lowered with the other. A corner with `beyond_m` of straight way behind it need not be stopped at.
    pub(super) fn fly_straight(&self, target_m: Vector, beyond_m: f64) -> Vector {
        let way = target_m - self.estimator.position_m;
        let fast = &self.params.fast;
        let distance_m = way.x.hypot(way.y);
        let along_m_s = braking_speed(distance_m + beyond_m, fast.acceleration_m_s2).min(self.cruise_m_s());
        let limit_m_s = if way.z < 0.0 { fast.climb_m_s } else { fast.sink_m_s };
        let braked_m_s = braking_speed(way.z.abs(), fast.climb_acceleration_m_s2);
        let upright_m_s = if beyond_m > 0.0 { limit_m_s } else { braked_m_s.min(limit_m_s) };
        let straight = way.try_normalize(1e-3).unwrap_or_else(Vector::zeros) * along_m_s.hypot(upright_m_s);
        let lowered = held_to(straight, straight.x.hypot(straight.y), along_m_s, Vector::new(1.0, 1.0, 0.0));
        held_to(lowered, lowered.z.abs(), upright_m_s, Vector::new(0.0, 0.0, 1.0))
    }

    fn approach(&self, target_m: Vector, speed_m_s: f64, climb_m_s: f64, sink_m_s: f64) -> Vector {
        let way = target_m - self.estimator.position_m;
        let distance = way.x.hypot(way.y);
        let speed = braking_speed(distance, self.params.fast.acceleration_m_s2).min(speed_m_s);
        let vertical = braking_speed(way.z.abs(), self.params.fast.climb_acceleration_m_s2) * way.z.signum();
        let scale = if distance > 1e-3 { speed / distance } else { 0.0 };
        Vector::new(way.x * scale, way.y * scale, vertical.clamp(-climb_m_s, sink_m_s))
    }

    /// Holds the change of the wished velocity to the allowed accelerations.
    fn smooth(&mut self, wished: Vector) -> Vector {
        let fast = self.params.fast;
        let now = &mut self.guidance.velocity_m_s;
        let change = wished - *now;
        let lateral = change.x.hypot(change.y);
        let lateral_max = fast.acceleration_m_s2 * GUIDANCE_S;
        let scale = if lateral > lateral_max { lateral_max / lateral } else { 1.0 };
        now.x += change.x * scale;
        now.y += change.y * scale;
        now.z += change.z.clamp(-fast.climb_acceleration_m_s2 * GUIDANCE_S, fast.sink_acceleration_m_s2 * GUIDANCE_S);
        *now
    }

    /// Turns the nose along the way when that is long enough to have a direction.
    pub(super) fn head_along(&mut self, target_m: Vector) {
        let way = target_m - self.estimator.position_m;
        if way.x.hypot(way.y) > HEADING_WAY_M {
            self.guidance.heading_rad = way.y.atan2(way.x);
        }
    }

    fn look_at_region_of_interest(&mut self) {
        if let Some((point, altitude_amsl_m)) = self.guidance.region_of_interest {
            let target = self.to_local(point, altitude_amsl_m);
            self.head_along(target);
        }
    }

    /// Home, or the rally point that is nearer than home (RTL_TYPE 0).
    pub(super) fn choose_return_goal(&mut self) {
        let here = self.estimator.position_m;
        let distance = |goal: &Vector| (goal.x - here.x).hypot(goal.y - here.y);
        let rally = self.plans.rally.iter().filter_map(|item| {
            let place = item.place()?;
            let altitude = if item.is_relative() { self.origin_amsl_m - self.guidance.home_m.z } else { 0.0 };
            let mut goal = self.to_local(place, f64::from(item.z) + altitude);
            // A rally point's height is where it is waited at; the landing there is as low as home.
            goal.z = self.guidance.home_m.z;
            Some(goal)
        });
        let goal = std::iter::once(self.guidance.home_m).chain(rally).min_by(|a, b| distance(a).total_cmp(&distance(b)));
        self.guidance.return_goal_m = goal.unwrap_or(self.guidance.home_m);
        let height_m = self.guidance.home_m.z - here.z;
        let wanted_m = self.params.number("RTL_RETURN_ALT");
        let cone_m = (distance(&self.guidance.return_goal_m) * RETURN_CONE).max(self.params.number("RTL_DESCEND_ALT"));
        self.guidance.return_height_m = height_m.max(wanted_m.min(cone_m));
    }

    fn fly_return(&mut self) -> Vector {
        if self.run.is_returning() {
            return self.fly_mission_home();
        }
        let goal = self.guidance.return_goal_m;
        let here = self.estimator.position_m;
        let high_z = self.guidance.home_m.z - self.guidance.return_height_m;
        let low_z = self.guidance.home_m.z - self.params.number("RTL_DESCEND_ALT");
        let distance = (goal.x - here.x).hypot(goal.y - here.y);
        match self.guidance.return_phase {
            ReturnPhase::Climb => {
                self.stop_target_at(high_z);
                if here.z < high_z + NEAR_M {
                    self.guidance.return_phase = ReturnPhase::Fly;
                }
                self.fly_to(self.guidance.target_m)
            }
            ReturnPhase::Fly => {
                let target = Vector::new(goal.x, goal.y, high_z);
                self.head_along(target);
                if distance < NEAR_M {
                    self.guidance.return_phase = ReturnPhase::Descend;
                }
                self.fly_to(target)
            }
            ReturnPhase::Descend => {
                if here.z > low_z - NEAR_M {
                    self.begin_wait_over_home(goal, low_z.max(here.z));
                }
                self.fly_to(Vector::new(goal.x, goal.y, low_z))
            }
            ReturnPhase::Wait => {
                if self.params.number("RTL_LAND_DELAY") >= 0.0 && self.now_us >= self.guidance.wait_until_us {
                    self.guidance.return_phase = ReturnPhase::Land;
                }
                self.fly_to(self.guidance.target_m)
            }
            ReturnPhase::Land => self.fly_landing(),
        }
    }

    fn stop_target_at(&mut self, z: f64) {
        // The climb goes straight up from where the return began to brake.
        if self.guidance.target_m.z != z {
            self.stop_here();
            self.guidance.target_m.z = z;
        }
    }

    fn begin_wait_over_home(&mut self, goal: Vector, z: f64) {
        self.guidance.return_phase = ReturnPhase::Wait;
        self.guidance.target_m = Vector::new(goal.x, goal.y, z);
        let delay_s = self.params.number("RTL_LAND_DELAY").max(0.0);
        self.guidance.wait_until_us = self.now_us + (delay_s * 1e6) as u64;
    }

    /// Straight down over the target, slower near the ground.
    pub(super) fn fly_landing(&mut self) -> Vector {
        let height_m = self.guidance.home_m.z - self.estimator.position_m.z;
        let slow = self.params.fast.landing_m_s;
        let sink = if height_m < SLOW_SINK_M { slow } else { self.params.fast.sink_m_s.max(slow) };
        let mut velocity = self.fly_to(self.guidance.target_m);
        velocity.z = sink;
        velocity
    }

    fn fly_follow(&mut self) -> Vector {
        let fresh = self.guidance.follow.filter(|target| self.now_us.saturating_sub(target.received_us) < FOLLOW_TIMEOUT_US);
        let Some(target) = fresh else { return self.fly_to(self.guidance.target_m) };
        let here = self.estimator.position_m;
        let age_s = (self.now_us - target.received_us) as f64 * 1e-6;
        let there = target.position_m + target.velocity_m_s * age_s;
        let away = Vector::new(here.x - there.x, here.y - there.y, 0.0);
        let bearing_rad = self.followed_from_rad(&target).unwrap_or(away.y.atan2(away.x));
        let mut goal = there + Vector::new(bearing_rad.cos(), bearing_rad.sin(), 0.0) * self.params.number("FLW_TGT_DST");
        goal.z = self.guidance.home_m.z - self.params.number("FLW_TGT_HT");
        self.guidance.target_m = goal;
        self.guidance.heading_rad = (-away.y).atan2(-away.x);
        self.fly_to(goal) + target.velocity_m_s
    }

    /// FLW_TGT_FA: from the target's course clockwise; `None` for a target that stands.
    fn followed_from_rad(&self, target: &FollowTarget) -> Option<f64> {
        let velocity = target.velocity_m_s;
        let course_rad = velocity.y.atan2(velocity.x);
        (velocity.x.hypot(velocity.y) >= FOLLOW_COURSE_M_S).then(|| course_rad + self.params.number("FLW_TGT_FA").to_radians())
    }

    fn fly_orbit(&mut self) -> Vector {
        let Some(circle) = self.guidance.circle else { return self.fly_hold() };
        let here = self.estimator.position_m;
        let out = Vector::new(here.x - circle.centre_m.x, here.y - circle.centre_m.y, 0.0);
        let distance = out.norm().max(0.1);
        let outward = out / distance;
        let turn = circle.radius_m.signum();
        let along = Vector::new(-outward.y, outward.x, 0.0) * (circle.speed_m_s * turn);
        let mut velocity = along + outward * ((circle.radius_m.abs() - distance) * POSITION_GAIN).clamp(-5.0, 5.0);
        velocity.z = self.fly_to(circle.centre_m).z;
        self.guidance.heading_rad = (-outward.y).atan2(-outward.x);
        velocity
    }

    fn fly_offboard(&mut self) -> Vector {
        let timeout_us = (self.params.number("COM_OF_LOSS_T") * 1e6) as u64;
        let Some(setpoint) = self.guidance.setpoint.filter(|_| self.guidance.offboard_fresh(self.now_us, timeout_us)) else {
            return self.lose_offboard();
        };
        if let Some(heading_rad) = setpoint.heading_rad {
            self.guidance.heading_rad = heading_rad;
        }
        let toward = setpoint.position_m.map_or(Vector::zeros(), |target| self.fly_to(target));
        toward + setpoint.velocity_m_s.unwrap_or_else(Vector::zeros)
    }

    /// Nobody streams setpoints. By default a manual mode without a pilot, which sinks (flight.md 22); the other choices of COM_OBL_RC_ACT
    /// act at once, without the hold of other failsafes (PX4 commander/failsafe/failsafe.cpp, fromOffboardLossActParam and checkStateAndMode).
    fn lose_offboard(&mut self) -> Vector {
        self.say(mavlink::dialects::ardupilotmega::MavSeverity::MAV_SEVERITY_CRITICAL, "No offboard signal, failsafe activated");
        self.commander.failsafe = true;
        self.switch(match self.params.integer("COM_OBL_RC_ACT") {
            3 => FlightMode::Return,
            4 => FlightMode::Land,
            5 => FlightMode::Hold,
            _ => FlightMode::Manual,
        });
        Vector::zeros()
    }
}

/// Lowers all of a velocity so that a part of it is no faster than allowed; what is slow anyway only in that part, so as not to stop the rest
/// (PX4 TrajectoryConstraints.hpp, clampToXYNorm and clampToZNorm with an accuracy of 0.5 m/s).
fn held_to(velocity: Vector, part_m_s: f64, most_m_s: f64, part: Vector) -> Vector {
    const SLOW_M_S: f64 = 0.5;
    if part_m_s <= most_m_s {
        return velocity;
    }
    let scale = most_m_s / part_m_s;
    if most_m_s < SLOW_M_S && part_m_s < SLOW_M_S {
        return velocity.component_mul(&part.map(|held| if held > 0.0 { scale } else { 1.0 }));
    }
    velocity * scale
}

/// The speed from which `distance_m` suffices to stop: linear close by, then constant deceleration.
fn braking_speed(distance_m: f64, acceleration_m_s2: f64) -> f64 {
    let brake_m_s2 = acceleration_m_s2 * BRAKING_SHARE;
    let linear_m = brake_m_s2 / (POSITION_GAIN * POSITION_GAIN);
    if distance_m < linear_m { distance_m * POSITION_GAIN } else { (2.0 * brake_m_s2 * (distance_m - linear_m / 2.0)).sqrt() }
}
