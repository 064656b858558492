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

/// The temperature at which packs are measured, degrees Celsius.
pub const WARM_C: f64 = 20.0;

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
    /// Of the air round the packs, degrees Celsius.
    pub temperature_c: f64,
    /// The ground.
    pub ground: Ground,
}

impl Default for Environment {
    /// Calm air of the standard atmosphere over level ground.
    fn default() -> Self {
        Self {
            wind_north_m_s: 0.0,
            wind_east_m_s: 0.0,
            gust_m_s: 0.0,
            air_density_kg_m3: AIR_DENSITY_KG_M3,
            temperature_c: WARM_C,
            ground: Ground::Level,
        }
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

/// Gusts as one aircraft meets them, after Dryden (MIL-F-8785C): along the mean wind a first-order process, across it and upwards
/// second-order ones.
///
/// The axes are those of the mean wind, which is where the air comes from to an aircraft that hovers; the turn of the axes with
/// an aircraft in fast transit is left out.
#[derive(Debug, Clone)]
pub struct Gusts {
    noise: Noise,
    along_m_s: f64,
    across: SecondOrder,
    up: SecondOrder,
}

impl Gusts {
    /// Starts calm.
    pub fn new(seed: u64) -> Self {
        Self { noise: Noise::new(seed), along_m_s: 0.0, across: SecondOrder::default(), up: SecondOrder::default() }
    }

    /// The gust `dt_s` later for an aircraft through which air passes at `air_speed_m_s`, world frame, metres per second.
    pub fn step(&mut self, environment: &Environment, air_speed_m_s: f64, dt_s: f64) -> Vector {
        if environment.gust_m_s <= 0.0 {
            (self.along_m_s, self.across, self.up) = (0.0, SecondOrder::default(), SecondOrder::default());
            return Vector::zeros();
        }
        let passing_m_s = air_speed_m_s.max(PASSING_SPEED_M_S_MIN);
        let (horizontal, vertical) = (dt_s * passing_m_s / GUST_LENGTH_M, dt_s * passing_m_s / VERTICAL_GUST_LENGTH_M);
        let sigma = environment.gust_m_s;
        self.along_m_s = self.noise.wander(self.along_m_s, (-horizontal).exp(), sigma);
        let across_m_s = self.across.step(&mut self.noise, horizontal, sigma);
        let down_m_s = self.up.step(&mut self.noise, vertical, sigma * VERTICAL_SHARE);
        let wind = environment.mean_wind_m_s();
        let along = if wind.norm() > 0.0 { wind.normalize() } else { Vector::x() };
        let across = Vector::new(-along.y, along.x, 0.0);
        along * self.along_m_s + across * across_m_s + Vector::new(0.0, 0.0, down_m_s)
    }
}

/// White noise through (1 + √3 T s) / (1 + T s)², stepped exactly: two first-order filters one after the other, `a` and `b`, with
/// √3 a + (1 − √3) b as the output. Its autocorrelation is σ² (1 − τ / 2T) exp(−τ / T).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct SecondOrder {
    a: f64,
    b: f64,
}

impl SecondOrder {
    /// The output after `times` of the time constant T.
    fn step(&mut self, noise: &mut Noise, times: f64, sigma: f64) -> f64 {
        let keep = (-times).exp();
        let lost = 1.0 - keep * keep * (1.0 + 2.0 * times);
        // Half of σ² is the variance of `a`; the covariance of what is new in `a` and `b` follows by integration.
        let variance = sigma * sigma / 2.0;
        let (aa, ab) = (variance * (1.0 - keep * keep), variance * lost / 2.0);
        let bb = variance * (lost - 2.0 * keep * keep * times * times) / 2.0;
        let new_a = noise.normal(aa.max(0.0).sqrt());
        let slope = if aa > 0.0 { ab / aa } else { 0.0 };
        let new_b = slope * new_a + noise.normal((bb - slope * ab).max(0.0).sqrt());
        self.b = keep * (self.b + times * self.a) + new_b;
        self.a = keep * self.a + new_a;
        3.0_f64.sqrt() * self.a + (1.0 - 3.0_f64.sqrt()) * self.b
    }
}
