//! The light on the caller as an onlooker sees it: when it came, how long it stayed on them, how near the aircraft was.
//!
//! Sees the truth of the world only: what the server believes does not count.

use std::collections::BTreeMap;

use dispatch_core::route::LIGHT_REACH_M;
use flight_types::{DroneId, FlightPhase, FlightPlan, GeoPoint, Local, LocalFrame, MissionId};
use serde::{Deserialize, Serialize};

use super::expect::Verdict;
use crate::Truth;
use crate::beam::{self, BEAM_DEG, LIT_MIN, PERSON_M, length_m};
use crate::time_to_light::{AIRBORNE, Limits, TimeToLight, bound_to_s};

/// From the half beam on the light falls to nothing here, degrees.
const DARK_DEG: f64 = 8.5;
/// … and to the half beam it is even so far, degrees.
const EVEN_DEG: f64 = 5.0;
/// The light's intensity at full brightness, candela: 10 lx on the ground 70 m off (ADR 160).
const FULL_CD: f64 = 49_000.0;
/// How often it is looked, milliseconds.
pub(super) const LOOK_MS: u64 = 100;
/// An aircraft that lights somebody is with them when it is nearer than this, metres; before, it is on its way.
const WITH_PERSON_M: f64 = 40.0;

/// Below this over a person's ground an aircraft keeps its stand-off, metres: transits are higher (60 m), scenes lower (20 m).
const LOW_M: f64 = 45.0;
/// Above this it is in the air, metres.
const FLYING_M: f64 = 1.0;

/// What a scenario promises about the light on one caller.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LightPromise {
    /// On whom.
    pub on: String,
    /// Least share of the time from the first light to the end of the incident, per cent.
    #[serde(default)]
    pub share_pct_min: Option<f64>,
    /// Longest time without light, seconds.
    #[serde(default)]
    pub dark_s_max: Option<f64>,
    /// Least distance along the ground between caller and lit aircraft, metres.
    #[serde(default)]
    pub nearest_m_min: Option<f64>,
    /// Least light on the caller in the mean, lux.
    #[serde(default)]
    pub lux_min: Option<f64>,
    /// Most of the kinematic bound that the first light may take.
    #[serde(default)]
    pub bound_ratio_max: Option<f64>,
    /// Longest from the call until the aircraft that lit first was in the air, seconds, without an operator's wait.
    #[serde(default)]
    pub airborne_s_max: Option<f64>,
    /// Least distance along the ground between the caller and any low aircraft, lit or dark, from the call to the end of the run, metres.
    #[serde(default)]
    pub low_m_min: Option<f64>,
}

/// The light on one caller over a whole run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LightOn {
    /// On whom.
    pub caller: String,
    /// From the first light until the incident ended, seconds.
    pub watched_s: f64,
    /// Share of that in which the lit circle was on the caller, per cent.
    pub share_pct: f64,
    /// Longest time without, seconds.
    pub dark_s: f64,
    /// Least distance along the ground between caller and lit aircraft, metres.
    pub nearest_m: f64,
    /// Least distance along the ground of any aircraft in the air below [`LOW_M`], lit or dark, also after the incident; infinite without one.
    pub low_m: f64,
    /// Light on the caller in the mean over that time, lux.
    pub mean_lux: f64,
    /// Height of the aircraft that was with them in the mean, metres over the ground.
    pub mean_height_m: f64,
    /// How the first light came about.
    pub time: Option<TimeToLight>,
}

/// The watch over one caller.
#[derive(Debug, Default)]
pub(super) struct LightWatch {
    first: Option<(u64, DroneId, Local)>,
    looks: u64,
    lit: u64,
    dark: u64,
    dark_longest: u64,
    nearest_m: Option<f64>,
    low_m: Option<f64>,
    lux: f64,
    heights: (u64, f64),
}

impl LightWatch {
    /// One look at who is low over the caller, whoever flies there and why; from the call on.
    pub fn look_up<'a>(&mut self, caller: Local, fleet: impl Iterator<Item = (&'a DroneId, Local, Truth)>) {
        let low = fleet.filter(|(_, _, truth)| (FLYING_M..LOW_M).contains(&truth.height_m));
        let nearest_m = low.map(|(_, at, _)| at.distance_m(&caller)).reduce(f64::min);
        self.low_m = self.low_m.into_iter().chain(nearest_m).reduce(f64::min);
    }

    /// One look; counted from the first light on.
    pub fn look<'a>(&mut self, caller: Local, fleet: impl Iterator<Item = (&'a DroneId, Local, Truth)>, now_ms: u64) {
        let mut lit_by = None;
        let (mut lux, mut height_m): (f64, Option<f64>) = (0.0, None);
        for (drone, at, truth) in fleet.filter(|(_, _, truth)| truth.light >= LIT_MIN) {
            let away_m = at.distance_m(&caller);
            if away_m < WITH_PERSON_M {
                self.nearest_m = Some(self.nearest_m.map_or(away_m, |nearest_m| nearest_m.min(away_m)));
                lux += lux_on(&truth, at, caller);
                height_m = Some(height_m.map_or(truth.height_m, |lowest_m| lowest_m.min(truth.height_m)));
            }
            if away_m <= LIGHT_REACH_M && off_beam_deg(&truth, at, caller) <= BEAM_DEG {
                lit_by.get_or_insert(drone);
            }
        }
        if let (None, Some(drone)) = (&self.first, lit_by) {
            self.first = Some((now_ms, drone.clone(), caller));
        }
        if self.first.is_some() {
            self.count(lit_by.is_some());
            self.lux += lux;
            self.heights = height_m.map_or(self.heights, |height_m| (self.heights.0 + 1, self.heights.1 + height_m));
        }
    }

    fn count(&mut self, lit: bool) {
        self.looks += 1;
        self.lit += u64::from(lit);
        self.dark = if lit { 0 } else { self.dark + 1 };
        self.dark_longest = self.dark_longest.max(self.dark);
    }

    /// What came of it; `None` when the caller was never lit.
    pub fn result(&self, caller: &str, called_ms: u64, flights: &Flights, frame: &LocalFrame) -> Option<LightOn> {
        let (first_ms, drone, lit_at) = self.first.as_ref()?;
        let seconds = |looks: u64| (looks * LOOK_MS) as f64 / 1_000.0;
        Some(LightOn {
            caller: caller.to_owned(),
            watched_s: seconds(self.looks),
            share_pct: 100.0 * self.lit as f64 / self.looks.max(1) as f64,
            dark_s: seconds(self.dark_longest),
            nearest_m: self.nearest_m.unwrap_or(f64::INFINITY),
            low_m: self.low_m.unwrap_or(f64::INFINITY),
            mean_lux: self.lux / self.looks.max(1) as f64,
            mean_height_m: self.heights.1 / self.heights.0.max(1) as f64,
            time: flights.time_to_light(drone, called_ms, *first_ms, frame.to_geo(*lit_at)),
        })
    }
}

/// How far the caller is off the middle of the aircraft's beam, degrees.
fn off_beam_deg(truth: &Truth, at: Local, caller: Local) -> f64 {
    beam::off_beam_deg(truth.camera_pitch_deg, truth.camera_heading_deg, way_to(truth, at, caller))
}

/// The light that falls on the caller, lux: even in the middle of the beam, half at its edge, nothing beyond.
fn lux_on(truth: &Truth, at: Local, caller: Local) -> f64 {
    let off_deg = off_beam_deg(truth, at, caller);
    let share = ((DARK_DEG - off_deg) / (DARK_DEG - EVEN_DEG)).clamp(0.0, 1.0);
    truth.light * share * FULL_CD / length_m(way_to(truth, at, caller)).powi(2)
}

fn way_to(truth: &Truth, at: Local, caller: Local) -> [f64; 3] {
    [caller.east_m - at.east_m, caller.north_m - at.north_m, PERSON_M - truth.height_m]
}

/// When each flight reached what, in the world's time.
#[derive(Debug, Default)]
pub(super) struct Flights {
    moments: BTreeMap<(DroneId, MissionId), Vec<(Moment, u64)>>,
    plans: BTreeMap<MissionId, FlightPlan>,
}

/// What a flight reaches on its way to the light, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    Decided,
    Ordered,
    Ready,
    Uploaded,
    Armed,
    Airborne,
    Level,
}

impl Moment {
    /// What the report of a phase shows, if anything on the way to the light.
    pub fn of(phase: FlightPhase) -> Option<Self> {
        match phase {
            FlightPhase::Ordered => Some(Self::Ordered),
            FlightPhase::PreflightPassed => Some(Self::Ready),
            FlightPhase::Uploaded => Some(Self::Uploaded),
            FlightPhase::Armed => Some(Self::Armed),
            FlightPhase::Airborne => Some(Self::Airborne),
            FlightPhase::OnScene | FlightPhase::Returning | FlightPhase::Landed => None,
        }
    }

    /// The name of the time that ends here.
    fn word(self) -> &'static str {
        match self {
            Self::Decided => "decision",
            Self::Ordered => "approval",
            Self::Ready => "preflight",
            Self::Uploaded => "upload",
            Self::Armed => "arming",
            Self::Airborne => AIRBORNE,
            Self::Level => "climb",
        }
    }
}

impl Flights {
    /// Notes the first time of a moment.
    pub fn note(&mut self, drone: &DroneId, mission: &MissionId, moment: Moment, now_ms: u64) {
        let moments = self.moments.entry((drone.clone(), mission.clone())).or_default();
        if moments.iter().all(|(noted, _)| *noted != moment) {
            moments.push((moment, now_ms));
        }
    }

    /// The flight's plan, which says how soon it can be there.
    pub fn plan(&mut self, plan: &FlightPlan) {
        if !self.plans.contains_key(&plan.mission) {
            self.plans.insert(plan.mission.clone(), plan.clone());
        }
    }

    /// The aircraft's flight that was under way when the light came.
    fn time_to_light(&self, drone: &DroneId, called_ms: u64, lit_ms: u64, lit_at: GeoPoint) -> Option<TimeToLight> {
        let decided_ms = |moments: &[(Moment, u64)]| moments.first().map(|(_, at_ms)| *at_ms);
        let theirs = self.moments.iter().filter(|((flown, _), _)| flown == drone);
        let begun = theirs.filter(|(_, moments)| decided_ms(moments).is_some_and(|at_ms| at_ms <= lit_ms));
        let ((_, mission), moments) = begun.max_by_key(|(_, moments)| decided_ms(moments))?;
        let after_s = |at_ms: u64| (at_ms as f64 - called_ms as f64) / 1_000.0;
        let mut moments: Vec<(Moment, u64)> = moments.iter().copied().filter(|(_, at_ms)| *at_ms <= lit_ms).collect();
        moments.sort();
        let mut reached: Vec<(&'static str, f64)> =
            moments.iter().map(|(moment, at_ms)| (moment.word(), after_s(*at_ms))).collect();
        reached.push(("transit to light", after_s(lit_ms)));
        Some(TimeToLight {
            drone: drone.to_string(),
            reached,
            bound_s: bound_to_s(self.plans.get(mission)?, lit_at, &Limits::default()),
        })
    }
}

/// Where an aircraft is in the scenario's plane.
pub(super) fn place(truth: &Truth, frame: &LocalFrame) -> Local {
    frame.to_local(truth.position)
}

/// Judges the scenario's promises.
pub(super) fn judge(promise: &LightPromise, lights: &[LightOn]) -> Vec<Verdict> {
    let on = &promise.on;
    let Some(light) = lights.iter().find(|light| light.caller == *on) else {
        return vec![Verdict { expected: format!("light on {on}"), wrong: Some("never seen".to_owned()) }];
    };
    let airborne_s = light.time.as_ref().map_or(f64::INFINITY, TimeToLight::airborne_s);
    let ratio = light.time.as_ref().map_or(f64::INFINITY, TimeToLight::ratio);
    let least = |what: &str, limit: Option<f64>, found: f64| {
        let limit = limit?;
        Some((format!("light on {on}: {what} at least {limit}"), found, found >= limit))
    };
    let most = |what: &str, limit: Option<f64>, found: f64| {
        let limit = limit?;
        Some((format!("light on {on}: {what} at most {limit}"), found, found <= limit))
    };
    let judged = [
        least("per cent of the time", promise.share_pct_min, light.share_pct),
        most("seconds of dark", promise.dark_s_max, light.dark_s),
        least("metres away", promise.nearest_m_min, light.nearest_m),
        least("lux in the mean", promise.lux_min, light.mean_lux),
        most("times the bound", promise.bound_ratio_max, ratio),
        most("seconds to the air", promise.airborne_s_max, airborne_s),
        least("metres from anything low", promise.low_m_min, light.low_m),
    ];
    let verdict =
        |(expected, found, holds): (String, f64, bool)| Verdict { expected, wrong: (!holds).then(|| format!("{found:.2}")) };
    judged.into_iter().flatten().map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_counted_from_the_first_light_on() {
        let mut watch =
            LightWatch { first: Some((0, DroneId::new("d1").expect("an id"), Local::default())), ..LightWatch::default() };
        for lit in [true, true, false, false, true, false] {
            watch.count(lit);
        }
        let light = watch
            .result("c1", 0, &Flights::default(), &LocalFrame::new(GeoPoint::new(37.5, 127.0).expect("a place")))
            .expect("it was lit");
        assert!((light.share_pct - 50.0).abs() < 1e-9 && (light.dark_s - 0.2).abs() < 1e-9, "{light:?}");
    }

    #[test]
    fn a_promise_can_be_broken() {
        let light = LightOn {
            caller: "c1".to_owned(),
            watched_s: 10.0,
            share_pct: 94.0,
            dark_s: 1.0,
            nearest_m: 7.0,
            low_m: 6.5,
            mean_lux: 10.0,
            mean_height_m: 66.0,
            time: Some(TimeToLight {
                drone: "d1".to_owned(),
                reached: vec![("approval", 2.0), (AIRBORNE, 7.1), ("light", 50.0)],
                bound_s: 40.0,
            }),
        };
        let promise = "on = 'c1'\nshare_pct_min = 95\nnearest_m_min = 6\nbound_ratio_max = 1.15\nairborne_s_max = 5\nlow_m_min = 7";
        let promise: LightPromise = toml::from_str(promise).expect("one");
        let wrong: Vec<bool> = judge(&promise, &[light]).iter().map(|verdict| verdict.wrong.is_some()).collect();
        assert_eq!(wrong, [true, false, true, true, true], "5.1 s without the operator's two");
    }
}
