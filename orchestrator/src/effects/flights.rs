//! Orders to aircraft, and what their links report.

use std::future::Future;
use std::pin::Pin;

use dispatch_core::effect::{Action, Effect};
use dispatch_core::event::{Actor, Event, Outcome};
use drone_link::{LinkError, LinkHandle, LinkReport};
use flight_types::{DroneId, DroneStatus, FlightCommand, FlightEvent, FlightFailure, MissionId};
use tokio::sync::mpsc;

use super::{Workshop, complete, done};
use crate::announced::Announcements;
use crate::engine::Engine;
use crate::live::Live;

/// The answer of [`DroneLinks::command`].
pub type LinkFuture<'a> = Pin<Box<dyn Future<Output = Result<(), LinkError>> + Send + 'a>>;

/// The links to aircraft, as the workers need them.
pub trait DroneLinks: Send + Sync {
    /// Gives an aircraft an order; done when its link has taken it.
    fn command<'a>(&'a self, drone: &'a DroneId, mission: &'a MissionId, command: FlightCommand) -> LinkFuture<'a>;
    /// The latest of one aircraft.
    fn status(&self, drone: &DroneId) -> Option<DroneStatus>;
}

impl DroneLinks for LinkHandle {
    fn command<'a>(&'a self, drone: &'a DroneId, mission: &'a MissionId, command: FlightCommand) -> LinkFuture<'a> {
        Box::pin(LinkHandle::command(self, drone, mission, command))
    }

    fn status(&self, drone: &DroneId) -> Option<DroneStatus> {
        LinkHandle::status(self, drone)
    }
}

/// Gives orders one after another, so that a recall never overtakes the flight that it ends.
pub(super) async fn carry_out(mut queue: mpsc::UnboundedReceiver<Effect>, workshop: Workshop) {
    while let Some(effect) = queue.recv().await {
        let Action::Command { drone, mission, command } = effect.action.clone() else { continue };
        let flying = matches!(command, FlightCommand::Fly { .. });
        let taken = workshop.links.command(&drone, &mission, command).await;
        let workshop = workshop.clone();
        match (taken, flying) {
            // A flight's order stays open; its end comes as a report of the link.
            (Ok(()), true) => workshop.engine.effect_finished(),
            (Err(error), true) => {
                tracing::error!(drone = %drone, mission = %mission, error = %error, "a flight could not be ordered");
                not_flown(&workshop.engine, drone, mission).await;
            }
            (Ok(()), false) => drop(tokio::spawn(async move { done(&workshop.engine, effect.id, Outcome::Done).await })),
            (Err(error), false) => {
                let outcome = Outcome::Failed { reason: error.to_string() };
                tokio::spawn(async move { done(&workshop.engine, effect.id, outcome).await });
            }
        }
    }
}

async fn not_flown(engine: &Engine, drone: DroneId, mission: MissionId) {
    let report = FlightEvent::Failed { failure: FlightFailure::NoAnswer, airborne: false };
    complete(engine, Actor::Drone { id: drone.clone() }, Event::Flight { drone, mission, report }).await;
    engine.effect_finished();
}

/// Carries what the links report to the engine, in order, their statuses to the live tables, and where cameras stream to the feeds.
/// Ends with the links.
pub async fn forward_reports(
    mut reports: mpsc::Receiver<LinkReport>,
    links: LinkHandle,
    engine: Engine,
    live: Live,
    cameras: Announcements,
) {
    while let Some(report) = reports.recv().await {
        match report {
            LinkReport::Flight { drone, mission, report } => {
                metrics::counter!("flight_reports").increment(1);
                complete(&engine, Actor::Drone { id: drone.clone() }, Event::Flight { drone, mission, report }).await;
            }
            LinkReport::StatusChanged { drone } => {
                if let Some(status) = links.status(&drone) {
                    let before = live.report_drone(status.clone(), engine.now_ms());
                    tell_if_ready(&engine, before.as_ref(), &status).await;
                    let short = engine.read(|core| core.charge_short(&status, engine.now_ms()));
                    if let Some(short) = short {
                        complete(&engine, Actor::Drone { id: drone }, short).await;
                    }
                }
            }
            LinkReport::Streams { drone, address, streams } => cameras.take(&drone, address.ip(), &streams),
            LinkReport::Track { drone, points } => live.fill_trail(&drone, &points, engine.now_ms()),
            LinkReport::Duplicate { drone, address } => {
                tracing::warn!(drone = %drone, address = %address, "a second address speaks for this aircraft; it is ignored");
            }
        }
    }
}

/// An aircraft that could not leave its pad a moment ago and can now: while a caller waits for one, the core is told.
async fn tell_if_ready(engine: &Engine, before: Option<&DroneStatus>, now: &DroneStatus) {
    let became_ready = engine.read(|core| {
        let was_ready = before.is_some_and(|before| core.is_ready(before));
        !was_ready && core.is_ready(now) && core.lacks_aircraft()
    });
    if became_ready {
        let drone = now.drone.clone();
        complete(engine, Actor::Drone { id: drone.clone() }, Event::AircraftReady { drone }).await;
    }
}
