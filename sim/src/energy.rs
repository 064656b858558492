//! `sim energy`: flies escorts in virtual time, fits the core's energy model to what they took, and holds predictions against it.
//!
//! The fit uses what a meter on board tells (volts, amperes, charge, speed through the air), so that a real aircraft's logs could take
//! the place of the simulation.

use std::path::Path;

use anyhow::{Context, ensure};
use dispatch_core::config::{DroneConfig, SiteConfig};
use dispatch_core::energy::{Leg, PowerCurve, Trip, Wind, taken_pct};
use flight_types::{GeoPoint, Scene};
use nalgebra::{SMatrix, SVector};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::Truth;
use crate::physics::Environment;
use crate::scenario::{Flown, Scenario, run};

/// What the power depends on: a constant, two powers of the airspeed, climb, descent, light.
const TERMS: usize = 6;
/// Nearer to the ground than this it carries part of the weight, metres.
const HEIGHT_MIN_M: f64 = 1.0;

/// One second of a flight, as a meter on board sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Along the ground through the mean wind, metres per second.
    pub airspeed_m_s: f64,
    /// Upwards, metres per second.
    pub climb_m_s: f64,
    /// Of full brightness, 0..1.
    pub light: f64,
    /// From the pack, watts.
    pub power_w: f64,
    /// Charge, 0..1.
    pub charge: f64,
    /// Over the ground, metres.
    pub height_m: f64,
}

impl Sample {
    /// Reads the meters.
    pub fn of(truth: &Truth, environment: &Environment) -> Self {
        let [north, east, down] = truth.velocity_m_s;
        Self {
            airspeed_m_s: (north - environment.wind_north_m_s).hypot(east - environment.wind_east_m_s),
            climb_m_s: -down,
            light: truth.light,
            power_w: truth.battery_v * truth.current_a,
            charge: truth.battery_pct / 100.0,
            height_m: truth.height_m,
        }
    }

    fn terms(&self) -> SVector<f64, TERMS> {
        let v = self.airspeed_m_s;
        SVector::from([1.0, v * v, v * v * v, self.climb_m_s.max(0.0), (-self.climb_m_s).max(0.0), self.light])
    }
}

/// The model as fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Power of hovering in still air with the light off, watts.
    pub hover_w: f64,
    /// Hover time on a full charge, seconds.
    pub endurance_s: f64,
    /// What flying costs over that.
    pub curve: PowerCurve,
    /// Seconds that were fitted.
    pub samples: usize,
    /// Root mean square of what is left of the power, as a share of the hover power, per cent.
    pub rms_pct: f64,
}

/// Least squares over all seconds of these flights; `None` when they do not tell all terms apart.
pub fn fit(flights: &[Flown]) -> Option<Fit> {
    let seconds = || flights.iter().flat_map(|flown| &flown.samples).filter(|sample| sample.height_m > HEIGHT_MIN_M);
    let (mut normal, mut right) = (SMatrix::<f64, TERMS, TERMS>::zeros(), SVector::<f64, TERMS>::zeros());
    for sample in seconds() {
        let terms = sample.terms();
        normal += terms * terms.transpose();
        right += terms * sample.power_w;
    }
    let watts = normal.cholesky()?.solve(&right);
    let hover_w = watts[0];
    let left: f64 = seconds().map(|sample| (sample.power_w - watts.dot(&sample.terms())).powi(2)).sum();
    let samples = seconds().count();
    let (endurance_s, falling) = fit_charge(flights, &watts)?;
    let share = |term: usize| watts[term] / hover_w;
    let curve =
        PowerCurve { airspeed_2: share(1), airspeed_3: share(2), climb: share(3), descent: share(4), light: share(5), falling };
    let rms_pct = 100.0 * (left / samples.max(1) as f64).sqrt() / hover_w;
    Some(Fit { hover_w, endurance_s, curve, samples, rms_pct })
}

/// How fast charge goes for the model's power, as a straight line over the charge: the hover time at a rate of one, and its slope.
fn fit_charge(flights: &[Flown], watts: &SVector<f64, TERMS>) -> Option<(f64, f64)> {
    let (mut count, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for pair in flights.iter().flat_map(|flown| flown.samples.windows(2)) {
        let hover = watts.dot(&pair[1].terms()) / watts[0];
        let (below_half, rate) = (0.5 - (pair[0].charge + pair[1].charge) / 2.0, (pair[0].charge - pair[1].charge) / hover);
        (count, x, y, xx, xy) = (count + 1.0, x + below_half, y + rate, xx + below_half * below_half, xy + below_half * rate);
    }
    let slope = (count * xy - x * y) / (count * xx - x * x);
    let at_half = (y - slope * x) / count;
    (at_half > 0.0 && slope.is_finite()).then(|| (1.0 / at_half, slope / at_half))
}

/// What a flight should have taken by the model, per cent: its plan, its wind, how long it stayed and how low it came.
pub fn predicted_pct(flown: &Flown, drone: &DroneConfig, wind: Wind) -> Option<f64> {
    let Scene::Escort { height_m, .. } = flown.plan.scene else { return None };
    let height_m = flown.low_m.map_or(height_m, |low_m| low_m.min(height_m));
    let scene = *flown.plan.outbound.last()?;
    // On scene is reported over the scene, before the descent to it.
    let down_s = (flown.plan.transit_height_m - height_m).abs() / drone.descent_speed_m_s;
    let trip = Trip {
        outbound: legs(flown.plan.home, &flown.plan.outbound),
        path: Vec::new(),
        path_speed_m_s: flown.plan.transit_speed_m_s,
        homeward: legs(scene, &flown.plan.homeward),
        transit_height_m: flown.plan.transit_height_m,
        scene_height_m: height_m,
        start_height_m: 0.0,
        pad_height_m: 0.0,
        rise_and_fall_m: (0.0, 0.0),
        stay_s: (flown.stay_s? - down_s).max(0.0),
        lit: true,
    };
    Some(taken_pct(drone, dispatch_core::energy::cost(drone, &trip, wind).hover_s, flown.begin_pct))
}

fn legs(start: GeoPoint, corners: &[GeoPoint]) -> Vec<Leg> {
    let starts = std::iter::once(&start).chain(corners);
    starts.zip(corners).map(|(from, to)| Leg { length_m: from.distance_m(to), bearing_deg: from.bearing_deg(to) }).collect()
}

/// One flight and its prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// The seed that it was drawn from.
    pub seed: u64,
    /// Taken, per cent of a full charge.
    pub taken_pct: f64,
    /// Predicted, per cent.
    pub predicted_pct: f64,
    /// Mean wind, metres per second.
    pub wind_m_s: f64,
}

impl Trial {
    /// How far off the prediction is, per cent of what was taken.
    pub fn off_pct(&self) -> f64 {
        100.0 * (self.predicted_pct / self.taken_pct - 1.0)
    }
}

/// An escort drawn from a seed: a caller somewhere in the town, a wind up to seven metres a second, a guard who takes their time.
pub fn escort(seed: u64) -> anyhow::Result<Scenario> {
    let mut random = Pcg64::seed_from_u64(seed ^ 0xe4e2);
    let place = |random: &mut Pcg64| [random.random_range(-600.0..600.0), random.random_range(-600.0..300.0)];
    let [east, north] = place(&mut random);
    let stay_s: f64 = random.random_range(120.0..500.0);
    let (wind, from) = (random.random_range(0.0..7.0), random.random_range(0.0..360.0));
    let text = format!(
        "name = 'energy {seed}'\nabout = 'an escort for its consumption'\nfor_s = 900\nsite = ''\n\
         wind_m_s = {wind:.3}\nwind_from_deg = {from:.1}\n\
         [[guards]]\nid = 'g1'\nat = [{:.1}, {north:.1}]\nends_after_s = {stay_s:.1}\n\
         [[callers]]\nid = 'c1'\nat = [{east:.1}, {north:.1}]\n\
         [[steps]]\nat_s = 8\ndo = 'call'\nwho = 'c1'\n",
        east + 30.0
    );
    Ok(Scenario::parse(Path::new("energy"), &text, SITE)?)
}

/// One station, one aircraft.
const SITE: &str = "name = 'energy'\norigin = { lat = 37.5, lon = 127.0 }\nground_amsl_m = 30.0\n\
    fence = [[-900, -900], [900, -900], [900, 900], [-900, 900]]\nfence_height_max_m = 110.0\n\
    [[stations]]\nid = 'north'\nat = [0, 400]\napproval = { by = 'automatic' }\n\
    drones = [{ id = 'd1', system_id = 1, at = [0, 400], illuminator = true }]\n";

/// Flies one of them.
pub fn fly(seed: u64) -> anyhow::Result<(Scenario, Vec<Flown>)> {
    let scenario = escort(seed)?;
    let report = run(&scenario, seed)?;
    Ok((scenario, report.flown))
}

/// Holds the model in use against one flight; `None` when it did not reach its scene.
pub fn trial(seed: u64) -> anyhow::Result<Option<Trial>> {
    let (scenario, flown) = fly(seed)?;
    let site: SiteConfig = scenario.site_file.as_ref().context("a site")?.config(&scenario.policy)?;
    let drone = site.stations.first().and_then(|station| station.drones.first()).context("an aircraft")?;
    let wind = Wind { speed_m_s: scenario.wind_m_s, from_deg: Some(scenario.wind_from_deg) };
    let predicted = |flown: &Flown| Some((flown.begin_pct - flown.end_pct, predicted_pct(flown, drone, wind)?));
    let first = flown.first().and_then(predicted);
    Ok(first.map(|(taken_pct, predicted_pct)| Trial { seed, taken_pct, predicted_pct, wind_m_s: scenario.wind_m_s }))
}

/// What `sim energy` needs to know.
#[derive(Debug, Clone, clap::Args)]
pub struct EnergyOptions {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Flights that are fitted, and as many that are predicted
    #[arg(long, default_value_t = 50)]
    pub count: u64,
}

/// Fits the model to flights and prints it, then holds the one in use against as many others.
pub fn energy_command(options: &EnergyOptions) -> anyhow::Result<()> {
    ensure!(options.count > 0, "at least one flight");
    let mut flights = Vec::new();
    for seed in options.seed..options.seed + options.count {
        flights.extend(fly(seed)?.1);
    }
    let fit = fit(&flights).context("these flights do not tell the terms apart")?;
    println!("seed={} count={} seconds={}", options.seed, options.count, fit.samples);
    println!("hover {:.1} W, endurance {:.0} s, left over {:.1} %", fit.hover_w, fit.endurance_s, fit.rms_pct);
    println!("{:#?}", fit.curve);
    let mut worst_pct: f64 = 0.0;
    for seed in options.seed + options.count..options.seed + 2 * options.count {
        let Some(trial) = trial(seed)? else { continue };
        worst_pct = worst_pct.max(trial.off_pct().abs());
        println!(
            "flight {seed}: wind {:.1} m/s, took {:.2} %, predicted {:.2} %, off by {:+.1} %",
            trial.wind_m_s,
            trial.taken_pct,
            trial.predicted_pct,
            trial.off_pct()
        );
    }
    println!("the worst prediction is off by {worst_pct:.1} %");
    Ok(())
}
