//! The scenario file: TOML, unknown keys refused, places in metres east and north of the site's origin.

use std::collections::BTreeMap;
use std::path::Path;

use flight_types::RallyPointId;
use serde::Deserialize;

use super::light::LightPromise;
use super::site::SiteFile;

/// Why a scenario cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be opened.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML, or not this shape; the message names line and key.
    #[error("{path}: {source}")]
    Parse {
        /// Which file.
        path: String,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// It names somebody who is not in it, or a place that is none.
    #[error("{path}: {reason}")]
    Sense {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
}

/// Metres east and north of the site's origin.
pub type EastNorth = [f64; 2];

/// A scenario as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its title, one line.
    pub name: String,
    /// What it shows, for readers.
    pub about: String,
    /// Virtual time it runs at most, seconds.
    pub for_s: f64,
    /// The site: a file beside the scenario.
    pub site: String,
    /// The site's contents, filled in when the file is read.
    #[serde(skip)]
    pub site_file: Option<SiteFile>,
    /// Changes to the site's policy, by key.
    #[serde(default)]
    pub policy: toml::Table,
    /// Mean wind, metres per second.
    #[serde(default)]
    pub wind_m_s: f64,
    /// Direction the wind comes from, degrees.
    #[serde(default)]
    pub wind_from_deg: f64,
    /// Temperature of the air and of the packs at the start, degrees Celsius.
    #[serde(default = "warm")]
    pub air_temperature_c: f64,
    /// Every radio link to an aircraft, unless a step changes it.
    #[serde(default)]
    pub link: LinkQuality,
    /// The network between terminals and server.
    #[serde(default)]
    pub terminals: LinkQuality,
    /// Guards.
    #[serde(default)]
    pub guards: Vec<GuardScript>,
    /// Callers.
    #[serde(default)]
    pub callers: Vec<CallerScript>,
    /// The operator, when anybody is at the desk.
    #[serde(default)]
    pub operator: Option<OperatorScript>,
    /// What happens when.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What must be seen in the timeline.
    #[serde(default)]
    pub expect: Vec<Expectation>,
    /// What operators and pilots must read in an incident's timeline.
    #[serde(default)]
    pub shown: Vec<Shown>,
    /// What must be true of the light on a caller.
    #[serde(default)]
    pub light: Vec<LightPromise>,
    /// The server is killed right after this entry is durable, before anything is done about it, and is back two seconds later.
    #[serde(default)]
    pub kill_after_entry: Option<u64>,
    /// Invariants that this scenario breaks on purpose, by name, each a comment away from its reason.
    #[serde(default)]
    pub allow: Vec<String>,
}

/// How good a network is.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinkQuality {
    /// Share of messages lost, per cent.
    pub loss_pct: f64,
    /// Delay of each message, milliseconds.
    pub latency_ms: u64,
    /// Random delay on top, milliseconds; reorders messages.
    pub jitter_ms: u64,
    /// Share of messages that arrive twice, per cent.
    pub duplicate_pct: f64,
    /// Nothing passes when false.
    pub up: bool,
}

impl Default for LinkQuality {
    fn default() -> Self {
        Self { loss_pct: 0.0, latency_ms: 20, jitter_ms: 10, duplicate_pct: 0.0, up: true }
    }
}

/// A guard and how they behave.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardScript {
    /// Who.
    pub id: String,
    /// Where they start.
    pub at: EastNorth,
    /// What they do with an offer.
    #[serde(default)]
    pub answers: Answer,
    /// How long they take to answer, seconds.
    #[serde(default = "two_seconds")]
    pub after_s: f64,
    /// How fast they come, metres per second. 8 m/s is 29 km/h: a car in side streets.
    #[serde(default = "side_street_speed")]
    pub speed_m_s: f64,
    /// How long after arriving they say that it is over, seconds; absent means never.
    #[serde(default)]
    pub ends_after_s: Option<f64>,
    /// From when on the terminal is silent, seconds.
    #[serde(default)]
    pub silent_from_s: Option<f64>,
    /// On duty from the start.
    #[serde(default = "yes")]
    pub on_duty: bool,
}

/// What a guard does with an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Takes it.
    #[default]
    Accept,
    /// Refuses it.
    Decline,
    /// Does not answer.
    Ignore,
}

/// A caller and how they behave.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerScript {
    /// Who.
    pub id: String,
    /// Where they are.
    pub at: EastNorth,
    /// Where they walk after calling.
    #[serde(default)]
    pub walks: Vec<EastNorth>,
    /// How fast, metres per second.
    #[serde(default = "walking_speed")]
    pub speed_m_s: f64,
    /// The terminal gets a satellite fix.
    #[serde(default = "yes")]
    pub has_gps: bool,
    /// Standard deviation of the terminal's fixes along each axis, metres; also what it claims as its accuracy.
    #[serde(default = "phone_accuracy")]
    pub gps_accuracy_m: f64,
    /// They stand so long at every corner before they go on, seconds.
    #[serde(default)]
    pub rests_s: f64,
    /// The terminal says with every fix how fast they go, and where to: their mean velocity of the last second, off by 0.3 m/s along each axis.
    #[serde(default)]
    pub says_speed: bool,
    /// How long an error of the fixes lasts, seconds: a first-order Gauss-Markov process of this time. 0: every fix errs anew.
    #[serde(default)]
    pub gps_error_lasts_s: f64,
    /// The terminal has no fix for this long, seconds, once in each time of `drop_out_every_s`.
    #[serde(default)]
    pub drop_out_s: f64,
    /// From one drop-out of the fixes to the next, seconds.
    #[serde(default = "half_a_minute")]
    pub drop_out_every_s: f64,
    /// An address that the gazetteer puts here.
    #[serde(default)]
    pub address_at: Option<EastNorth>,
    /// A registered home that the gazetteer puts here.
    #[serde(default)]
    pub home_at: Option<EastNorth>,
    /// What they answer to "are you safe?".
    #[serde(default)]
    pub confirms: Confirms,
    /// How long they take, seconds.
    #[serde(default = "five_seconds")]
    pub confirms_after_s: f64,
    /// From when on the phone is dead, seconds.
    #[serde(default)]
    pub dead_from_s: Option<f64>,
    /// Until when it is dead, seconds.
    #[serde(default)]
    pub dead_until_s: Option<f64>,
}

/// What a caller answers to "are you safe?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirms {
    /// The right code.
    #[default]
    Safe,
    /// The duress code.
    Duress,
    /// A wrong code first, then the right one.
    WrongThenSafe,
    /// Wrong codes only.
    Wrong,
    /// Nothing.
    Never,
    /// Nothing at the first question, the right code at the second.
    SecondAsk,
}

/// The operator's habits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorScript {
    /// What they say to a launch.
    pub launches: LaunchAnswer,
    /// How long they take, seconds.
    #[serde(default = "five_seconds")]
    pub after_s: f64,
}

/// What an operator says to a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaunchAnswer {
    /// Go.
    Approve,
    /// No.
    Deny,
    /// Nothing.
    Silent,
}

/// One thing that happens at a time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When, seconds of virtual time.
    pub at_s: f64,
    /// What.
    #[serde(rename = "do")]
    pub what: Deed,
    /// On which aircraft.
    #[serde(default)]
    pub drone: Option<String>,
    /// By or about whom.
    #[serde(default)]
    pub who: Option<String>,
    /// For how long, seconds.
    #[serde(default)]
    pub for_s: Option<f64>,
    /// A figure: per cent, seconds, metres; the deed says which.
    #[serde(default)]
    pub value: Option<f64>,
    /// The name of a parameter of the autopilot.
    #[serde(default)]
    pub parameter: Option<String>,
    /// Where an aircraft is to be recalled to instead of its pad.
    #[serde(default)]
    pub rally_point: Option<RallyPointId>,
    /// Corners of a survey, or the place something jumps to.
    #[serde(default)]
    pub corners: Vec<EastNorth>,
    /// How a survey is flown; absent, as a transit and on one battery.
    #[serde(default)]
    pub pass: Option<SurveyPass>,
    /// What else is so of somebody else's aircraft; absent, it flies level and its height is as it tells it.
    #[serde(default)]
    pub intruder: IntruderSays,
}

/// How somebody else's aircraft climbs, and how it tells its height.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntruderSays {
    /// Its height over the ground at its last corner, metres; absent, that at the first.
    #[serde(default)]
    pub to_m: Option<f64>,
    /// By its altimeter, not by satellites.
    #[serde(default)]
    pub by_pressure: bool,
    /// What it tells lies so far over its true height, metres: today's pressure, or the ellipsoid.
    #[serde(default)]
    pub told_over_m: f64,
}

/// How a survey is flown.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurveyPass {
    /// Height over the pad, metres.
    pub height_m: f64,
    /// Speed over ground, metres per second.
    pub speed_m_s: f64,
    /// Where the nose points all along, degrees clockwise from north; absent, along each leg.
    #[serde(default)]
    pub heading_deg: Option<f64>,
    /// The corners at which another sortie begins.
    #[serde(default)]
    pub begins: Vec<usize>,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// `who` calls.
    Call,
    /// `who` calls silently.
    CallSilently,
    /// `who` calls as an exercise.
    CallAsDrill,
    /// `who` presses the same call five times.
    CallFiveTimes,
    /// `who` takes the call back with the right code.
    Cancel,
    /// `who` takes the call back with the duress code.
    CancelUnderDuress,
    /// `who` goes on duty.
    GoOnDuty,
    /// `who` goes off duty.
    GoOffDuty,
    /// `who` asks for backup.
    AskBackup,
    /// `who` says that it is over, whatever they see.
    EndFalsely,
    /// An operator calls `drone` home.
    Recall,
    /// An operator holds `drone`.
    Hold,
    /// An operator lets `drone` go on.
    Continue,
    /// An operator lands `drone`.
    Land,
    /// A pilot takes `drone`.
    TakeControl,
    /// The pilot gives `drone` back.
    ReleaseControl,
    /// An operator acknowledges `who`'s escalation.
    Acknowledge,
    /// A manager asks for a survey of `corners`.
    Survey,
    /// `drone` loses its satellites, for `for_s` or for good.
    GpsLost,
    /// `drone`'s battery falls to `value` per cent.
    BatteryFalls,
    /// `drone` refuses to arm.
    RefuseArming,
    /// `drone`'s light dies.
    LightDies,
    /// `drone` loses a motor.
    MotorLost,
    /// `drone`'s autopilot starts anew.
    Reboot,
    /// `drone`'s compass repeats one heading, for `for_s` or for good.
    CompassSticks,
    /// Somebody else sets `parameter` of `drone` to `value`.
    SetParameter,
    /// Broken, cut, oversized and senseless frames reach both ends of `drone`'s link, for `for_s`.
    CraftedFrames,
    /// `drone`'s link goes down for `for_s`.
    LinkDown,
    /// `drone`'s link loses `value` per cent for `for_s`.
    LinkLossy,
    /// The network of the terminals goes down for `for_s`.
    BrokerDown,
    /// The server is killed and back after `for_s`.
    KillServer,
    /// The server's wall clock jumps by `value` seconds.
    ClockJump,
    /// Somebody else's aircraft flies from the first of `corners` to the last in `for_s`, `value` metres over the ground.
    Intruder,
    /// The mean wind becomes `value` metres per second.
    Wind,
}

/// What must be seen.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// A part of a timeline line.
    pub line: String,
    /// Not before, seconds.
    #[serde(default)]
    pub from_s: Option<f64>,
    /// Not after, seconds.
    #[serde(default)]
    pub until_s: Option<f64>,
    /// Exactly so often; absent means at least once. 0: never.
    #[serde(default)]
    pub times: Option<usize>,
}

/// A line of an incident's timeline as the pages show it. The run must make it; that the pages say it in these words, in both languages, is
/// tested with the pages (`orchestrator/ui/test/shown.test.ts`), which read the same file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// The word of the timeline.
    pub what: String,
    /// Its particulars, or the parts of them that matter.
    pub detail: BTreeMap<String, String>,
    /// The English page's sentence for them.
    pub en: String,
    /// The Korean page's.
    pub ko: String,
}

fn two_seconds() -> f64 {
    2.0
}
fn five_seconds() -> f64 {
    5.0
}
fn warm() -> f64 {
    crate::physics::WARM_C
}
fn half_a_minute() -> f64 {
    30.0
}
fn side_street_speed() -> f64 {
    8.0
}
fn walking_speed() -> f64 {
    1.4
}
fn phone_accuracy() -> f64 {
    5.0
}
fn yes() -> bool {
    true
}

impl Scenario {
    /// Reads a scenario and the site beside it.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let mut scenario: Scenario = parse_toml(path, &read_text(path)?)?;
        let site_path = path.with_file_name(&scenario.site);
        let site = read_text(&site_path)?;
        scenario.take_site(path, &site_path, &site)?;
        Ok(scenario)
    }

    /// Reads a scenario's text with its site's; errors name both as `path`.
    pub fn parse(path: &Path, text: &str, site: &str) -> Result<Self, ScenarioError> {
        let mut scenario: Scenario = parse_toml(path, text)?;
        scenario.take_site(path, path, site)?;
        Ok(scenario)
    }

    fn take_site(&mut self, path: &Path, site_path: &Path, site: &str) -> Result<(), ScenarioError> {
        self.site_file = Some(parse_toml(site_path, site)?);
        self.check().map_err(|reason| ScenarioError::Sense { path: path.display().to_string(), reason })
    }

    fn check(&self) -> Result<(), String> {
        if !(self.for_s > 0.0 && self.for_s <= super::run::RUN_S_MAX) {
            return Err(format!("for_s must lie between 0 and {}", super::run::RUN_S_MAX));
        }
        let drones: Vec<&str> = self.site_file.iter().flat_map(SiteFile::drone_ids).collect();
        let people: Vec<&str> =
            self.guards.iter().map(|g| g.id.as_str()).chain(self.callers.iter().map(|c| c.id.as_str())).collect();
        for step in &self.steps {
            if let Some(drone) = step.drone.as_deref().filter(|drone| !drones.contains(drone)) {
                return Err(format!("step at {} s: there is no drone {drone:?} at this site", step.at_s));
            }
            if let Some(who) = step.who.as_deref().filter(|who| !people.contains(who)) {
                return Err(format!("step at {} s: nobody here is called {who:?}", step.at_s));
            }
        }
        Ok(())
    }
}

fn read_text(path: &Path) -> Result<String, ScenarioError> {
    std::fs::read_to_string(path).map_err(|source| ScenarioError::Read { path: path.display().to_string(), source })
}

fn parse_toml<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, ScenarioError> {
    toml::from_str(text).map_err(|source| ScenarioError::Parse { path: path.display().to_string(), source: Box::new(source) })
}
