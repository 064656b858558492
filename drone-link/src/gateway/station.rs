//! What a station's gateway decides, sans-IO: which orders of the server reach an aircraft, which reports are told, and what happens to
//! aircraft while the server is not heard. Orders, reports and time in; orders for the hub, messages and a state to keep out.

use std::collections::{BTreeMap, VecDeque};

use flight_types::{DroneId, DroneStatus, FlightCommand, FlightEvent, FlightFailure, FlightPhase, FlightPlan, MissionId};
use serde::{Deserialize, Serialize};

use super::exchange::{Inbox, Message, Outbox};
use super::kept::Kept;
use super::track::Unheard;
use super::{Order, Report};

/// A launch that is older when it arrives is not flown: by then the server has chosen another aircraft, or a person has.
pub const LAUNCH_AGE_MAX_MS: u64 = 30_000;
/// Between two signs of life.
const BEAT_MS: u64 = 1_000;

/// Without a sign of life for so long the server hears nothing of what is said: the ways of the aircraft are kept for it.
const UNHEARD_MS: u64 = 3 * BEAT_MS;

/// What happens to flights while the server is not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossPolicy {
    /// They go on to their scene and stay there with their light until the charge calls them home.
    #[default]
    Stay,
    /// They come home.
    Return,
}

/// How a station behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StationRules {
    /// While the server is not heard.
    pub loss: LossPolicy,
    /// Silence after which it counts as lost, milliseconds.
    pub silence_max_ms: u64,
}

impl Default for StationRules {
    /// A mobile line that changes its cell is silent for a few seconds.
    fn default() -> Self {
        Self { loss: LossPolicy::default(), silence_max_ms: 15_000 }
    }
}

/// Everything that must outlive a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StationState {
    inbox: Inbox,
    outbox: Outbox<Report>,
    flights: BTreeMap<DroneId, Kept>,
}

/// One thing for the shell to do, in this order. An order is given before it is kept as taken, and acknowledged after: a crash between
/// them gives it a second time, which is harmless, and never loses it.
#[derive(Debug, Clone, PartialEq)]
pub enum StationOutput {
    /// Keep the state of now, durably, before anything that follows.
    Keep,
    /// This report found no room; somebody should know.
    Lost(Report),
    /// Give the hub this order.
    Give(Order),
    /// Tell the server.
    Tell(Message<Report>),
}

/// A station's gateway.
#[derive(Debug)]
pub struct Station {
    rules: StationRules,
    state: StationState,
    heard_ms: u64,
    lost: bool,
    /// What a restart may lose: it lies in the logs as well.
    unheard: Unheard,
    beat_ms: u64,
    outputs: VecDeque<StationOutput>,
}

impl Station {
    /// A station that starts with what it kept, or with nothing; `stream` is the time in milliseconds since 1970. Flights that were
    /// under way are taken up again with all that holds for them: the hub adopts an aircraft in the air, and never launches it a second
    /// time.
    pub fn new(rules: StationRules, kept: Option<StationState>, stream: u64, now_ms: u64) -> Self {
        let fresh = || StationState { inbox: Inbox::default(), outbox: Outbox::new(stream), flights: BTreeMap::new() };
        let mut state = kept.unwrap_or_else(fresh);
        state.outbox = state.outbox.restored(now_ms);
        let again = state.flights.iter().flat_map(|(drone, kept)| {
            kept.orders().map(|command| Order { drone: drone.clone(), mission: kept.plan.mission.clone(), command })
        });
        let outputs = again.map(StationOutput::Give).collect();
        Self { rules, state, heard_ms: now_ms, lost: false, unheard: Unheard::default(), beat_ms: now_ms, outputs }
    }

    /// The state to keep.
    pub fn state(&self, now_ms: u64) -> StationState {
        StationState { outbox: self.state.outbox.kept(now_ms), ..self.state.clone() }
    }

    /// Whether the server counts as lost.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// The line to the server was made anew.
    pub fn line_renewed(&mut self, now_ms: u64) {
        self.state.outbox.send_again();
        self.handle_timeout(now_ms);
    }

    /// Takes a message of the server.
    pub fn handle_message(&mut self, message: Message<Order>, now_ms: u64) {
        self.heard_ms = now_ms;
        self.lost = false;
        for way in self.unheard.take(now_ms) {
            self.tell(way, now_ms);
        }
        match message {
            Message::Items { stream, oldest, items } => {
                let before = self.state.inbox;
                let orders = self.state.inbox.take(stream, oldest, items);
                for (order, age_ms) in orders {
                    self.take_order(order, age_ms, now_ms);
                }
                if self.state.inbox != before {
                    self.outputs.push_back(StationOutput::Keep);
                }
                // Repeated words are acknowledged again: the first acknowledgement may have been lost.
                self.outputs.push_back(StationOutput::Tell(self.state.inbox.taken()));
            }
            Message::Taken { stream, up_to } => {
                if self.state.outbox.acknowledge(stream, up_to) {
                    self.outputs.push_back(StationOutput::Keep);
                }
            }
            Message::Beat => {}
        }
        self.handle_timeout(now_ms);
    }

    fn take_order(&mut self, order: Order, age_ms: u64, now_ms: u64) {
        match &order.command {
            FlightCommand::Fly { reached: FlightPhase::Ordered, .. }
                if age_ms > LAUNCH_AGE_MAX_MS && self.flight(&order.drone, &order.mission).is_none() =>
            {
                return self.refuse_launch(order, now_ms);
            }
            FlightCommand::Fly { plan, reached } => self.keep_flight(&order.drone, plan, *reached, now_ms),
            FlightCommand::Escort { .. }
            | FlightCommand::Light { .. }
            | FlightCommand::Recall { .. }
            | FlightCommand::Hold
            | FlightCommand::GiveWay { .. }
            | FlightCommand::Continue
            | FlightCommand::Land
            | FlightCommand::YieldControl
            | FlightCommand::ResumeControl => {
                if let Some(kept) = self.flight(&order.drone, &order.mission) {
                    kept.take_order(&order.command);
                }
            }
        }
        self.outputs.push_back(StationOutput::Give(order));
    }

    /// A flight that this station looks after.
    fn flight(&mut self, drone: &DroneId, mission: &MissionId) -> Option<&mut Kept> {
        self.state.flights.get_mut(drone).filter(|kept| kept.plan.mission == *mission)
    }

    fn refuse_launch(&mut self, Order { drone, mission, .. }: Order, now_ms: u64) {
        let limit_s = u32::try_from(LAUNCH_AGE_MAX_MS / 1_000).unwrap_or(u32::MAX);
        let failure = FlightFailure::Timeout { step: "the order to launch on its way to the station".to_owned(), limit_s };
        let report = FlightEvent::Failed { failure, airborne: false };
        self.tell(Report::Flight { drone, mission, report }, now_ms);
    }

    /// A flight that is known already is ordered again by a server that was started anew. It may have died between taking a report and
    /// writing it down, so what was reached since and how things stand are told again; a server that knows it pays no attention.
    fn keep_flight(&mut self, drone: &DroneId, plan: &FlightPlan, reached: FlightPhase, now_ms: u64) {
        let Some(kept) = self.flight(drone, &plan.mission) else {
            self.state.flights.insert(drone.clone(), Kept::new(plan.clone(), reached));
            return;
        };
        let news: Vec<FlightEvent> = kept.news_since(reached).collect();
        kept.plan = plan.clone();
        kept.reached = kept.reached.max(reached);
        for report in news {
            self.tell(Report::Flight { drone: drone.clone(), mission: plan.mission.clone(), report }, now_ms);
        }
    }

    /// Takes what the hub reports.
    pub fn handle_report(&mut self, report: Report, now_ms: u64) {
        if let Report::Flight { drone, mission, report } = &report {
            self.follow(drone, mission, report);
        }
        self.tell(report, now_ms);
        self.handle_timeout(now_ms);
    }

    /// Takes the latest of an aircraft: whether what was lost before this run is there again, and where it is while nobody hears it.
    pub fn handle_status(&mut self, status: &DroneStatus, now_ms: u64) {
        if UNHEARD_MS <= now_ms.saturating_sub(self.heard_ms) && status.link.connected {
            self.unheard.note(status, now_ms);
        }
        let Some(kept) = self.state.flights.get(&status.drone) else { return };
        let mission = kept.plan.mission.clone();
        for report in kept.regained(status) {
            self.handle_report(Report::Flight { drone: status.drone.clone(), mission: mission.clone(), report }, now_ms);
        }
    }

    /// Keeps in step with a flight.
    fn follow(&mut self, drone: &DroneId, mission: &MissionId, report: &FlightEvent) {
        let Some(kept) = self.flight(drone, mission) else { return };
        kept.take_report(report);
        if matches!(report, FlightEvent::Reached { phase: FlightPhase::Landed } | FlightEvent::Failed { airborne: false, .. }) {
            self.state.flights.remove(drone);
        }
    }

    /// A report waits until the server has it.
    fn tell(&mut self, report: Report, now_ms: u64) {
        let pushed = self.state.outbox.push(report.clone(), |_| false, now_ms);
        self.outputs.push_back(if pushed.is_ok() { StationOutput::Keep } else { StationOutput::Lost(report) });
    }

    fn is_silent(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.heard_ms) >= self.rules.silence_max_ms
    }

    /// While nobody else can: calls home whom the rules or the charge call, whenever the charge said so.
    fn look_after(&mut self) {
        let returns = self.rules.loss == LossPolicy::Return;
        for (drone, kept) in &mut self.state.flights {
            if kept.ends_by_itself() || !(returns || kept.is_low()) {
                continue;
            }
            let command = kept.way_home();
            kept.take_order(&command);
            let order = Order { drone: drone.clone(), mission: kept.plan.mission.clone(), command };
            self.outputs.extend([StationOutput::Keep, StationOutput::Give(order)]);
        }
    }

    /// To be called when `next_timeout_ms` has come.
    pub fn handle_timeout(&mut self, now_ms: u64) {
        if self.is_silent(now_ms) {
            self.lost = true;
            self.look_after();
        }
        while let Some(message) = self.state.outbox.due(now_ms) {
            self.outputs.push_back(StationOutput::Tell(message));
        }
        if self.beat_ms <= now_ms {
            self.beat_ms = now_ms + BEAT_MS;
            self.outputs.push_back(StationOutput::Tell(Message::Beat));
        }
    }

    /// When `handle_timeout` wants to be called at the latest.
    pub fn next_timeout_ms(&self) -> u64 {
        self.beat_ms
    }

    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<StationOutput> {
        self.outputs.pop_front()
    }
}
