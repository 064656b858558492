//! Links to aircraft of stations far away, for whoever would else start a hub: the same handle, the same reports. It carries out what
//! `desk` decides, one for each station.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use flight_types::{DistrictId, DroneId, DroneStatus, StationId};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::line::{Carried, Line};
use super::run::unix_ms;
use super::topics::Topics;
use super::{BrokerLogin, Desk, DeskOutput, Message, Order, Report};
use crate::hub::{Errand, ORDERS_MAX, PENDING_MAX, REPORTS_MAX};
use crate::{LinkError, LinkHandle, LinkReport};

/// Between two looks at which stations are silent.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Which stations, and which broker.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteSettings {
    /// The broker.
    pub broker: BrokerLogin,
    /// The first level of every topic.
    pub prefix: String,
    /// The district.
    pub district: DistrictId,
    /// The stations with their aircraft.
    pub stations: BTreeMap<StationId, Vec<DroneId>>,
}

/// Starts links to aircraft behind gateways.
#[derive(Debug)]
pub struct RemoteLinks;

impl RemoteLinks {
    /// Starts connecting; goes on until the last handle is dropped.
    pub fn start(settings: RemoteSettings) -> (LinkHandle, mpsc::Receiver<LinkReport>) {
        let topics: BTreeMap<StationId, Topics> = settings
            .stations
            .keys()
            .map(|station| (station.clone(), Topics::new(&settings.prefix, &settings.district, station)))
            .collect();
        let filters = topics.values().flat_map(|topics| [topics.reports(), topics.state()]).collect();
        let line = Line::start(settings.broker, filters);
        let homes: BTreeMap<DroneId, StationId> = settings
            .stations
            .iter()
            .flat_map(|(station, drones)| drones.iter().map(|drone| (drone.clone(), station.clone())))
            .collect();
        let start = Instant::now();
        let desks = topics.into_iter().map(|(station, topics)| (station, (Desk::new(unix_ms(), 0), topics))).collect();
        let (reports, report_receiver) = mpsc::channel(REPORTS_MAX);
        let (order_sender, orders) = mpsc::channel(ORDERS_MAX);
        let unheard = homes.keys().map(|drone| (drone.clone(), DroneStatus::unheard(drone.clone()))).collect();
        let (statuses, statuses_seen) = watch::channel(unheard);
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let office = Office { desks, homes, line, start, reports, pending: VecDeque::new(), statuses };
        tokio::spawn(office.run(orders));
        (LinkHandle::new(nowhere, order_sender, statuses_seen), report_receiver)
    }
}

struct Office {
    desks: BTreeMap<StationId, (Desk, Topics)>,
    homes: BTreeMap<DroneId, StationId>,
    line: Line,
    start: Instant,
    reports: mpsc::Sender<LinkReport>,
    /// Reports on their way to an owner who is behind. The office never waits for its owner, who may be waiting for the office.
    pending: VecDeque<LinkReport>,
    statuses: watch::Sender<BTreeMap<DroneId, DroneStatus>>,
}

impl Office {
    async fn run(mut self, mut orders: mpsc::Receiver<Errand>) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let due_ms = self.desks.values().map(|(desk, _)| desk.next_timeout_ms()).min().unwrap_or(u64::MAX);
            let due = self.start + Duration::from_millis(due_ms.min(self.now_ms() + 1_000));
            tokio::select! {
                errand = orders.recv() => match errand {
                    Some(Errand::Command { drone, mission, command, answer }) => {
                        let result = self.command(Order { drone, mission, command });
                        // The one who asked may have gone; the order stands.
                        let _ = answer.send(result);
                    }
                    Some(Errand::SetUpSigning { drone, answer }) => {
                        let reason = "a key is given at the station, with `drone-link give-key`".to_owned();
                        // As above.
                        let _ = answer.send(Err(LinkError::Settings { drone, reason }));
                    }
                    Some(Errand::Shutdown { done }) => {
                        // As above.
                        let _ = done.send(());
                        return;
                    }
                    None => return,
                },
                Some(carried) = self.line.incoming.recv() => self.take(&carried),
                changed = self.line.connection.changed() => {
                    if changed.is_ok() && *self.line.connection.borrow_and_update() > 0 {
                        let now_ms = self.now_ms();
                        self.desks.values_mut().for_each(|(desk, _)| desk.line_renewed(now_ms));
                    }
                }
                _ = look.tick() => self.mark_silent(),
                () = tokio::time::sleep_until(due) => {
                    let now_ms = self.now_ms();
                    self.desks.values_mut().for_each(|(desk, _)| desk.handle_timeout(now_ms));
                }
            }
            self.carry_out();
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn command(&mut self, order: Order) -> Result<(), LinkError> {
        let now_ms = self.now_ms();
        let desk = self.homes.get(&order.drone).and_then(|station| self.desks.get_mut(station));
        let Some((desk, _)) = desk else { return Err(LinkError::UnknownDrone(order.drone)) };
        let drone = order.drone.clone();
        desk.command(order, now_ms).map_err(|full| LinkError::Settings { drone, reason: full.to_string() })
    }

    fn take(&mut self, carried: &Carried) {
        let now_ms = self.now_ms();
        let found = self.desks.iter_mut().find(|(_, (_, topics))| [topics.reports(), topics.state()].contains(&carried.topic));
        let Some((station, (desk, topics))) = found else { return };
        if carried.topic == topics.reports() {
            match serde_json::from_slice::<Message<Report>>(&carried.payload) {
                Ok(message) => desk.handle_message(message, now_ms),
                Err(error) => tracing::warn!(%station, %error, "a message of a station that makes no sense"),
            }
            return;
        }
        let station = station.clone();
        match serde_json::from_slice::<Vec<DroneStatus>>(&carried.payload) {
            Ok(statuses) => self.take_statuses(&station, statuses),
            Err(error) => tracing::warn!(%station, %error, "statuses of a station that make no sense"),
        }
    }

    /// A station speaks for its own aircraft only.
    fn take_statuses(&mut self, station: &StationId, told: Vec<DroneStatus>) {
        for status in told.into_iter().filter(|status| self.homes.get(&status.drone) == Some(station)) {
            let drone = status.drone.clone();
            self.statuses.send_modify(|statuses| {
                statuses.insert(drone.clone(), status);
            });
            // Whoever is behind reads the next one.
            let _ = self.reports.try_send(LinkReport::StatusChanged { drone });
        }
    }

    /// Aircraft of a station that is not heard are not heard.
    fn mark_silent(&mut self) {
        let now_ms = self.now_ms();
        for (drone, station) in &self.homes {
            let silence_ms = self.desks.get(station).and_then(|(desk, _)| desk.silence_ms(now_ms));
            let Some(silence_ms) = silence_ms else { continue };
            let mut news = false;
            self.statuses.send_modify(|statuses| {
                if let Some(status) = statuses.get_mut(drone).filter(|status| status.link.silence_ms.is_some()) {
                    news = std::mem::replace(&mut status.link.connected, false);
                    status.link.silence_ms = Some(silence_ms);
                }
            });
            if news {
                // As above.
                let _ = self.reports.try_send(LinkReport::StatusChanged { drone: drone.clone() });
            }
        }
    }

    fn carry_out(&mut self) {
        for (desk, topics) in self.desks.values_mut() {
            while let Some(output) = desk.poll_output() {
                match output {
                    DeskOutput::Tell(message) => {
                        let payload = serde_json::to_vec(&message).expect("a message is plain data");
                        // Whatever finds no room is said again.
                        let _ = self.line.outgoing.try_send(Carried { topic: topics.orders(), payload, retain: false });
                    }
                    DeskOutput::Report(report) if self.pending.len() < PENDING_MAX => self.pending.push_back(report.into()),
                    DeskOutput::Report(report) => tracing::error!(?report, "nobody takes the links' reports; one is lost"),
                }
            }
        }
        while let Some(report) = self.pending.pop_front() {
            if let Err(mpsc::error::TrySendError::Full(report)) = self.reports.try_send(report) {
                // The next look tries again.
                return self.pending.push_front(report);
            }
        }
    }
}

impl From<Report> for LinkReport {
    fn from(report: Report) -> Self {
        match report {
            Report::Flight { drone, mission, report } => Self::Flight { drone, mission, report },
            Report::Streams { drone, address, streams } => {
                Self::Streams { drone, address, streams: streams.into_iter().map(Into::into).collect() }
            }
            Report::Track { drone, points } => Self::Track { drone, points },
            Report::Duplicate { drone, address } => Self::Duplicate { drone, address },
        }
    }
}
