//! What a station keeps of a flight: enough for a link that is started anew to go on with it, and for a server that is started anew to
//! know of it. It gives no orders.

use flight_types::{DroneStatus, FlightCommand, FlightEvent, FlightPhase, FlightPlan, LightState};
use serde::{Deserialize, Serialize};

/// A flight that a station looks after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "KeptInFile")]
pub(super) struct Kept {
    pub plan: FlightPlan,
    pub reached: FlightPhase,
    /// Orders that hold though they were given, oldest first: at most one for each kind, by [`FlightCommand::voids`].
    standing: Vec<FlightCommand>,
    /// The last report of each [`Subject`], oldest first.
    told: Vec<FlightEvent>,
    /// Subjects of which the link of this run has told. Of the others it tells nothing while they are well again.
    #[serde(skip_serializing)]
    told_now: Vec<Subject>,
}

/// The same as it may lie in a file of an older gateway, which kept less.
#[derive(Deserialize)]
struct KeptInFile {
    plan: FlightPlan,
    reached: FlightPhase,
    #[serde(default)]
    standing: Vec<FlightCommand>,
    #[serde(default)]
    told: Vec<FlightEvent>,
    /// Called home by the plan's own way.
    #[serde(default)]
    recalled: bool,
    #[serde(default)]
    light: Option<LightState>,
}

impl From<KeptInFile> for Kept {
    fn from(file: KeptInFile) -> Self {
        let mut kept =
            Self { plan: file.plan, reached: file.reached, standing: file.standing, told: file.told, told_now: Vec::new() };
        if file.recalled {
            kept.take_order(&kept.way_home());
        }
        if let Some(state) = file.light {
            kept.take_report(&FlightEvent::Light { state });
        }
        kept
    }
}

/// What a report tells the state of, apart from how far the flight has come: the last one makes those before it void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Light,
    Link,
    Charge,
    Fix,
    Traffic,
    Path,
    Landing,
}

/// `None` for what only happened once. How a flight failed and in which mode it is says the link, when it is ordered to fly again.
fn subject(report: &FlightEvent) -> Option<Subject> {
    match report {
        FlightEvent::Light { .. } => Some(Subject::Light),
        FlightEvent::LinkLost | FlightEvent::LinkRegained => Some(Subject::Link),
        FlightEvent::BatteryLow { .. } => Some(Subject::Charge),
        FlightEvent::GpsLost | FlightEvent::GpsRegained => Some(Subject::Fix),
        FlightEvent::Intruder { .. } | FlightEvent::IntruderGone | FlightEvent::WaitsNoLonger { .. } => Some(Subject::Traffic),
        FlightEvent::Passed { .. } => Some(Subject::Path),
        FlightEvent::Diverted { .. } => Some(Subject::Landing),
        FlightEvent::Reached { .. }
        | FlightEvent::Failed { .. }
        | FlightEvent::ModeChanged { .. }
        | FlightEvent::Warning { .. } => None,
    }
}

impl Kept {
    /// A flight as ordered.
    pub fn new(plan: FlightPlan, reached: FlightPhase) -> Self {
        Self { plan, reached, standing: Vec::new(), told: Vec::new(), told_now: Vec::new() }
    }

    /// Remembers an order that was given, if a link that is started anew must hear it.
    pub fn take_order(&mut self, command: &FlightCommand) {
        self.standing.retain(|earlier| !command.voids(earlier));
        if command.stands() {
            self.standing.push(command.clone());
        }
    }

    /// Remembers what the link told.
    pub fn take_report(&mut self, report: &FlightEvent) {
        if let FlightEvent::Reached { phase } = report {
            self.reached = self.reached.max(*phase);
        }
        if let Some(about) = subject(report) {
            self.told.retain(|before| subject(before) != Some(about));
            self.told.push(report.clone());
            if !self.told_now.contains(&about) {
                self.told_now.push(about);
            }
        }
    }

    /// What was lost when the gateway stopped and is there now. The link of this run never saw it lost and says nothing.
    pub fn regained(&self, status: &DroneStatus) -> Vec<FlightEvent> {
        let of_before = |report: &&FlightEvent| subject(report).is_some_and(|about| !self.told_now.contains(&about));
        let regained = |report: &FlightEvent| match report {
            FlightEvent::LinkLost if status.link.connected => Some(FlightEvent::LinkRegained),
            FlightEvent::GpsLost if status.link.connected && status.gps_ok == Some(true) => Some(FlightEvent::GpsRegained),
            _ => None,
        };
        self.told.iter().filter(of_before).filter_map(regained).collect()
    }

    /// What a link that is started anew must hear.
    pub fn orders(&self) -> impl Iterator<Item = FlightCommand> {
        let fly = FlightCommand::Fly { plan: Box::new(self.plan.clone()), reached: self.reached };
        std::iter::once(fly).chain(self.standing.iter().cloned())
    }

    /// The order to come home by the way of the plan.
    pub fn way_home(&self) -> FlightCommand {
        FlightCommand::Recall { homeward: self.plan.homeward.clone(), rally: None }
    }

    /// It was told to come home, or down, and not to hold since.
    pub fn ends_by_itself(&self) -> bool {
        let called = |order: &FlightCommand| matches!(order, FlightCommand::Recall { .. } | FlightCommand::Land);
        self.standing.iter().any(called) && !self.standing.contains(&FlightCommand::Hold)
    }

    /// Its charge has said that it must come home.
    pub fn is_low(&self) -> bool {
        self.told.iter().any(|report| subject(report) == Some(Subject::Charge))
    }

    /// What a server that knows of this phase may not know.
    pub fn news_since(&self, reached: FlightPhase) -> impl Iterator<Item = FlightEvent> {
        let phase = Some(self.reached).filter(|phase| *phase > reached).map(|phase| FlightEvent::Reached { phase });
        phase.into_iter().chain(self.told.iter().cloned())
    }
}
