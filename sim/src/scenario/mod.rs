//! Scenarios: a text file in, a timeline out, on one thread in virtual time with one seed.
//!
//! The real core and the real link code run against simulated aircraft, people and networks. Reading order: the file, the people
//! and networks of the world, the server in virtual time, the run that ties them together, what must always be true.

mod file;
mod site;

mod crafted;
mod network;
mod people;

mod server;

mod run;
mod step;

mod flown;
mod intruder;
mod invariant;
mod light;

mod expect;
mod random;

mod command;

pub use command::{NightsOptions, RunOptions, nights_command, run_command};
pub use expect::Verdict;
pub use file::{
    Answer, CallerScript, Confirms, Deed, Expectation, GuardScript, IntruderSays, LinkQuality, Scenario, ScenarioError, Shown,
    Step, SurveyPass,
};
pub use flown::Flown;
pub use intruder::NearestIntruder;
pub use light::{LightOn, LightPromise};
pub use random::random_scenario;
pub use run::{Line, Report, Snapshot, run, run_watched};
pub use site::SiteFile;
