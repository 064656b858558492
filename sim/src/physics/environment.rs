//! The air and the ground that all aircraft share, and the gusts that each meets by itself.

use std::fmt;
use std::sync::Arc;

use flight_types::GeoPoint;

use super::{Noise, Vector};

/// Air density of the standard atmosphere at sea level, kilograms per cubic metre (ISO 2533).
pub const AIR_DENSITY_KG_M3: f64 = 1.225;
/// Gust strength over mean wind near 30 m height: MIL-F-8785C gives σu = 0.1 W · 1.72 for low altitude.
pub const GUST_SHARE: f64 = 0.17;
/// Length of a gust along the wind at 30 m height, metres (MIL-F-8785C, Lu).
const GUST_LENGTH_M: f64 = 150.0;
/// Length of a vertical gust at 30 m height, metres (MIL-F-8785C, Lw = height).
const VERTICAL_GUST_LENGTH_M: f64 = 30.0;
/// Vertical gusts over horizontal ones at that height (the inverse of 1.72).
const VERTICAL_SHARE: f64 = 0.58;
/// Air moves past a hovering aircraft at least this fast for the purpose of gusts, metres per second.
const PASSING_SPEED_M_S_MIN: f64 = 1.0;

/// How high the ground is.
#[derive(Clone, Default)]
pub enum Ground {
    /// As high as each aircraft's own pad, everywhere.
    #[default]
    Level,
    /// Altitude above mean sea level by place, metres.
    Terrain(Arc<dyn Fn(GeoPoint) -> f64 + Send + Sync>),
}

impl fmt::Debug for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ground::Level => "Level",
            Ground::Terrain(_) => "Terrain",
        })
    }
}

/// Weather and ground around the aircraft.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Mean speed of the air towards north, metres per second.
    pub wind_north_m_s: f64,
    /// Mean speed of the air towards east, metres per second.
    pub wind_east_m_s: f64,
    /// Standard deviation of the horizontal gusts, metres per second.
    pub gust_m_s: f64,
    /// Kilograms per cubic metre.
    pub air_density_kg_m3: f64,
    /// The ground.
    pub ground: Ground,
}

impl Default for Environment {
    /// Calm air of the standard atmosphere over level ground.
    fn default() -> Self {
        Self { wind_north_m_s: 0.0, wind_east_m_s: 0.0, gust_m_s: 0.0, air_density_kg_m3: AIR_DENSITY_KG_M3, ground: Ground::Level }
    }
}

impl Environment {
    /// Wind of `speed_m_s` from `from_deg` (0 = from the north) with the gusts that go with it.
    pub fn windy(speed_m_s: f64, from_deg: f64) -> Self {
        let towards = (from_deg + 180.0).to_radians();
        Self {
            wind_north_m_s: speed_m_s * towards.cos(),
            wind_east_m_s: speed_m_s * towards.sin(),
            gust_m_s: speed_m_s * GUST_SHARE,
            ..Self::default()
        }
    }

    /// The mean wind, world frame.
    pub fn mean_wind_m_s(&self) -> Vector {
        Vector::new(self.wind_north_m_s, self.wind_east_m_s, 0.0)
    }
}

/// Gusts as one aircraft meets them: each axis a first-order (Dryden longitudinal) process.
#[derive(Debug, Clone)]
pub struct Gusts {
    noise: Noise,
    gust_m_s: Vector,
}

impl Gusts {
    /// Starts calm.
    pub fn new(seed: u64) -> Self {
        Self { noise: Noise::new(seed), gust_m_s: Vector::zeros() }
    }

    /// The gust `dt_s` later for an aircraft through which air passes at `air_speed_m_s`.
    pub fn step(&mut self, environment: &Environment, air_speed_m_s: f64, dt_s: f64) -> Vector {
        if environment.gust_m_s <= 0.0 {
            self.gust_m_s = Vector::zeros();
            return self.gust_m_s;
        }
        let passing_m_s = air_speed_m_s.max(PASSING_SPEED_M_S_MIN);
        let horizontal = (-dt_s * passing_m_s / GUST_LENGTH_M).exp();
        let vertical = (-dt_s * passing_m_s / VERTICAL_GUST_LENGTH_M).exp();
        let sigma = environment.gust_m_s;
        self.gust_m_s.x = self.noise.wander(self.gust_m_s.x, horizontal, sigma);
        self.gust_m_s.y = self.noise.wander(self.gust_m_s.y, horizontal, sigma);
        self.gust_m_s.z = self.noise.wander(self.gust_m_s.z, vertical, sigma * VERTICAL_SHARE);
        self.gust_m_s
    }
}
