//! The vehicle's movements: points that move, no physics.

use flight_types::{GeoPoint, Local};
use mavlink::dialects::ardupilotmega::*;

use super::{HOLD, LAND, MISSION, RETURN, SPEED_M_S, Vehicle};

const TICK_S: f64 = 0.02;
const CLIMB_M_S: f64 = 4.0;

impl Vehicle {
    pub(super) fn fly(&mut self) {
        match self.mode {
            MISSION => self.fly_mission(),
            RETURN => self.fly_return(),
            LAND => self.descend(),
            _ => {
                if let (Some((goal, height_m)), false) = (self.goal, self.landed) {
                    self.move_at(goal, height_m, self.ordered_speed_m_s);
                }
            }
        }
    }

    /// Heights of the waypoints on board, in their order.
    pub fn waypoint_heights_m(&self) -> Vec<f32> {
        self.mission.iter().filter(|item| item.command == MavCmd::MAV_CMD_NAV_WAYPOINT).map(|item| item.z).collect()
    }

    fn fly_mission(&mut self) {
        if self.ardupilot {
            // Item 0 is its home.
            self.current = self.current.max(1);
        }
        let Some(item) = self.mission.get(usize::from(self.current)).cloned() else { return };
        let goal = self.local(item.x, item.y);
        let height_m = f64::from(item.z);
        match item.command {
            MavCmd::MAV_CMD_NAV_TAKEOFF if self.landed => {
                self.landed = false;
                self.launches += 1;
            }
            MavCmd::MAV_CMD_NAV_TAKEOFF if self.move_to(self.place, height_m) => {
                self.reached();
            }
            MavCmd::MAV_CMD_DO_CHANGE_SPEED | MavCmd::MAV_CMD_DO_RETURN_PATH_START | MavCmd::MAV_CMD_DO_LAND_START => {
                self.current += 1;
            }
            MavCmd::MAV_CMD_DO_GIMBAL_MANAGER_PITCHYAW => {
                self.camera_pitch_deg = item.param1;
                self.current += 1;
            }
            MavCmd::MAV_CMD_NAV_WAYPOINT if !self.landed && self.move_to(goal, height_m) => {
                self.reached();
            }
            MavCmd::MAV_CMD_NAV_LOITER_UNLIM if !self.landed => {
                self.move_to(goal, height_m);
            }
            MavCmd::MAV_CMD_NAV_LAND if !self.landed => {
                if self.place.distance_m(&goal) > 0.5 {
                    self.move_to(goal, self.height_m);
                } else {
                    self.descend();
                }
            }
            _ => {}
        }
    }

    fn reached(&mut self) {
        let seq = self.current;
        self.send(&MavMessage::MISSION_ITEM_REACHED(MISSION_ITEM_REACHED_DATA { seq }));
        self.current += 1;
    }

    fn fly_return(&mut self) {
        if self.place.distance_m(&Local::default()) > 0.5 {
            self.move_to(Local::default(), self.height_m.max(30.0));
        } else {
            self.descend();
        }
    }

    fn descend(&mut self) {
        if self.landed {
            return;
        }
        self.height_m -= 2.0 * TICK_S;
        if self.height_m <= 0.0 {
            self.height_m = 0.0;
            self.landed = true;
            self.landed_ms = self.now_ms;
        }
    }

    /// Moves a tick towards the goal; whether it is there.
    fn move_to(&mut self, goal: Local, height_m: f64) -> bool {
        self.move_at(goal, height_m, SPEED_M_S)
    }

    fn move_at(&mut self, goal: Local, height_m: f64, speed_m_s: f64) -> bool {
        let distance_m = self.place.distance_m(&goal);
        let share = (speed_m_s * TICK_S / distance_m.max(1e-9)).min(1.0);
        self.place.east_m += (goal.east_m - self.place.east_m) * share;
        self.place.north_m += (goal.north_m - self.place.north_m) * share;
        self.height_m += (height_m - self.height_m).clamp(-CLIMB_M_S * TICK_S, CLIMB_M_S * TICK_S);
        distance_m < 0.5 && (self.height_m - height_m).abs() < 0.5
    }

    pub(super) fn local(&self, x: i32, y: i32) -> Local {
        let place = GeoPoint::new(f64::from(x) / 1e7, f64::from(y) / 1e7).expect("the link sends places");
        self.frame.to_local(place)
    }

    pub fn set_mode(&mut self, mode: u8) {
        self.mode = mode;
        self.repositioned = false;
        self.goal = (mode == HOLD).then_some((self.place, self.height_m));
    }
}
