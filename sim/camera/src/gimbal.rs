//! The gimbal: holds the camera's direction against the aircraft's movements, within its joints' limits and with a motor's lag.

/// How fast a motor turns at most, degrees per second.
const RATE_DEG_S_MAX: f64 = 90.0;
/// A motor comes this close to its wish in this time to 63 %, seconds.
const LAG_S: f64 = 0.08;

/// How far the joints turn, degrees from the aircraft's own axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GimbalLimits {
    /// Lowest and highest pitch.
    pub pitch_deg: [f64; 2],
    /// Roll to either side.
    pub roll_deg: f64,
    /// Yaw to either side of the nose; 180 or more turns without end.
    pub yaw_deg: f64,
}

impl Default for GimbalLimits {
    /// A three-axis gimbal below a small aircraft.
    fn default() -> Self {
        Self { pitch_deg: [-110.0, 40.0], roll_deg: 35.0, yaw_deg: 180.0 }
    }
}

/// Attitude of the aircraft, degrees: roll right side down, pitch nose up, heading clockwise from north.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct AircraftAttitude {
    /// Roll.
    pub roll_deg: f64,
    /// Pitch.
    pub pitch_deg: f64,
    /// Heading.
    pub heading_deg: f64,
}

/// The direction the camera really has in the world, degrees.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GimbalAttitude {
    /// Elevation over the horizon.
    pub pitch_deg: f64,
    /// Clockwise from north.
    pub heading_deg: f64,
    /// Right side down; 0 while the gimbal holds.
    pub roll_deg: f64,
}

/// A stabilised gimbal.
#[derive(Debug, Clone, PartialEq)]
pub struct Gimbal {
    limits: GimbalLimits,
    /// Direction held in the world, relative to the heading for yaw.
    pitch_deg: f64,
    yaw_deg: f64,
    rates_deg_s: [f64; 2],
    attitude: GimbalAttitude,
}

impl Gimbal {
    /// Looking ahead.
    pub fn new(limits: GimbalLimits) -> Self {
        Self { limits, pitch_deg: 0.0, yaw_deg: 0.0, rates_deg_s: [0.0; 2], attitude: GimbalAttitude::default() }
    }

    /// Turns towards a wish for `dt_s`: pitch over the horizon and yaw from the nose, degrees. What is no number is no wish.
    pub fn step(&mut self, wish_pitch_deg: f64, wish_yaw_deg: f64, aircraft: &AircraftAttitude, dt_s: f64) {
        let pitch_rate = pursue(wish_pitch_deg - self.pitch_deg, self.rates_deg_s[0], dt_s);
        let yaw_rate = pursue(wrap_deg(wish_yaw_deg - self.yaw_deg), self.rates_deg_s[1], dt_s);
        self.rates_deg_s = [pitch_rate, yaw_rate];
        self.pitch_deg += pitch_rate * dt_s;
        self.yaw_deg = wrap_deg(self.yaw_deg + yaw_rate * dt_s);
        if self.limits.yaw_deg < 180.0 {
            self.yaw_deg = self.yaw_deg.clamp(-self.limits.yaw_deg, self.limits.yaw_deg);
        }
        self.hold(aircraft);
    }

    /// What the joints cannot take out of the aircraft's movements the camera makes as well.
    fn hold(&mut self, aircraft: &AircraftAttitude) {
        let (sin, cos) = self.yaw_deg.to_radians().sin_cos();
        // The aircraft's lean, seen along and across the camera's look.
        let lean_pitch = aircraft.pitch_deg * cos + aircraft.roll_deg * sin;
        let lean_roll = aircraft.roll_deg * cos - aircraft.pitch_deg * sin;
        let [low, high] = self.limits.pitch_deg;
        let joint_pitch = (self.pitch_deg - lean_pitch).clamp(low, high);
        let joint_roll = (-lean_roll).clamp(-self.limits.roll_deg, self.limits.roll_deg);
        self.attitude = GimbalAttitude {
            pitch_deg: joint_pitch + lean_pitch,
            heading_deg: (aircraft.heading_deg + self.yaw_deg).rem_euclid(360.0),
            roll_deg: joint_roll + lean_roll,
        };
    }

    /// Where the camera looks.
    pub fn attitude(&self) -> GimbalAttitude {
        self.attitude
    }

    /// Direction held: pitch over the horizon, yaw from the nose, degrees.
    pub fn held_deg(&self) -> (f64, f64) {
        (self.pitch_deg, self.yaw_deg)
    }

    /// How fast it turns in pitch and yaw, degrees per second.
    pub fn rates_deg_s(&self) -> [f64; 2] {
        self.rates_deg_s
    }
}

/// The next rate of a motor that is this far off.
fn pursue(off_deg: f64, rate_deg_s: f64, dt_s: f64) -> f64 {
    if !off_deg.is_finite() {
        return 0.0;
    }
    let wish = (off_deg / (2.0 * LAG_S)).clamp(-RATE_DEG_S_MAX, RATE_DEG_S_MAX);
    rate_deg_s + (wish - rate_deg_s) * (dt_s / (LAG_S / 2.0)).min(1.0)
}

fn wrap_deg(angle: f64) -> f64 {
    (angle + 180.0).rem_euclid(360.0) - 180.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP_S: f64 = 0.004;

    fn run(gimbal: &mut Gimbal, wish: (f64, f64), aircraft: AircraftAttitude, for_s: f64) {
        for _ in 0..(for_s / STEP_S) as usize {
            gimbal.step(wish.0, wish.1, &aircraft, STEP_S);
        }
    }

    #[test]
    fn takes_time_and_arrives() {
        let mut gimbal = Gimbal::new(GimbalLimits::default());
        run(&mut gimbal, (-60.0, 170.0), AircraftAttitude::default(), 0.3);
        let after = gimbal.attitude();
        assert!((-28.0..-5.0).contains(&after.pitch_deg), "{after:?}");
        run(&mut gimbal, (-60.0, 170.0), AircraftAttitude::default(), 3.0);
        let there = gimbal.attitude();
        assert!((there.pitch_deg + 60.0).abs() < 0.05 && (there.heading_deg - 170.0).abs() < 0.05, "{there:?}");
    }

    #[test]
    fn holds_level_until_a_joint_is_at_its_end() {
        let mut gimbal = Gimbal::new(GimbalLimits::default());
        run(&mut gimbal, (-30.0, 0.0), AircraftAttitude { roll_deg: 20.0, pitch_deg: -15.0, heading_deg: 90.0 }, 2.0);
        let held = gimbal.attitude();
        assert!(
            held.roll_deg.abs() < 1e-9 && (held.pitch_deg + 30.0).abs() < 0.05 && (held.heading_deg - 90.0).abs() < 0.05,
            "{held:?}"
        );
        run(&mut gimbal, (-30.0, 0.0), AircraftAttitude { roll_deg: 50.0, pitch_deg: 0.0, heading_deg: 90.0 }, 0.1);
        assert!((gimbal.attitude().roll_deg - 15.0).abs() < 1e-9, "{:?}", gimbal.attitude());
    }

    /// A camera that is to look up from an aircraft that pitches down, and one whose joint does not turn all the way round.
    #[test]
    fn stops_where_pitch_and_yaw_joints_end() {
        let limits = GimbalLimits { yaw_deg: 120.0, ..GimbalLimits::default() };
        let mut gimbal = Gimbal::new(limits);
        run(&mut gimbal, (60.0, 170.0), AircraftAttitude::default(), 4.0);
        assert!((gimbal.attitude().pitch_deg - 40.0).abs() < 1e-9, "{:?}", gimbal.attitude());
        assert!((gimbal.attitude().heading_deg - 120.0).abs() < 1e-9, "{:?}", gimbal.attitude());
        run(&mut gimbal, (60.0, 0.0), AircraftAttitude { pitch_deg: -25.0, ..AircraftAttitude::default() }, 4.0);
        assert!(
            (gimbal.attitude().pitch_deg - 15.0).abs() < 0.05,
            "the joint's end leans with the aircraft: {:?}",
            gimbal.attitude()
        );
        run(&mut gimbal, (-120.0, -170.0), AircraftAttitude::default(), 6.0);
        assert!((gimbal.attitude().pitch_deg + 110.0).abs() < 1e-9, "{:?}", gimbal.attitude());
    }

    #[test]
    fn takes_the_short_way_round() {
        let mut gimbal = Gimbal::new(GimbalLimits::default());
        run(&mut gimbal, (0.0, 170.0), AircraftAttitude::default(), 4.0);
        run(&mut gimbal, (0.0, -170.0), AircraftAttitude::default(), 0.6);
        let heading = gimbal.attitude().heading_deg;
        assert!((175.0..191.0).contains(&heading), "{heading}");
    }
}
