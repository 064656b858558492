//! One aircraft's link: takes datagrams, orders and time, gives datagrams and reports.

use std::collections::VecDeque;

use flight_types::{DroneStatus, FlightCommand, FlightEvent, FlightPhase, GeoPoint, LightState, LinkStatus, MissionId};

use crate::beat;
use crate::camera::Camera;
use crate::command::Purpose;
use crate::craft::Craft;
use crate::dialect::{self, AUTOPILOT_COMPONENT, Addresses, Asker, Outgoing};
use crate::disturbance::Disturbance;
use crate::flight::Flight;
use crate::frame::{Frame, frames};
use crate::gimbal::Gimbal;
use crate::identity::Identity;
use crate::inbound::{self, Addressee, Heard};
use crate::light::Light;
use crate::neighbours::Neighbour;
use crate::parameter_list::{NoParameters, Parameter, ParameterList};
use crate::signing::{Signing, SigningMemory};
use crate::streams::Streams;
use crate::supervision::{Freshness, LinkChange, Supervision};
use crate::timesync::TimeSync;
use crate::{LinkConfig, Output};

/// Outputs kept when nobody drains them; far more than one call makes.
const OUTPUTS_MAX: usize = 1_024;
/// How long the permission to arm holds: the aircraft asks when it is ordered to arm, and arms at once or not at all.
const ARM_GRANTED_S: u8 = 5;
/// The message that brings an aircraft its key is not acknowledged; twice is what other ground stations send.
const SET_UP_SENDINGS: usize = 2;

/// Why an aircraft is not given its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SetUpError {
    /// The link has no key.
    #[error("this link has no signing key")]
    NoKey,
    /// Somebody may be listening.
    #[error("a key is given only over a link that is marked as trusted: whoever hears it can fly the aircraft")]
    NotTrusted,
}

/// The link to one aircraft. Time is input: `now_ms` is any clock that does not run backwards.
#[derive(Debug)]
pub struct Link {
    config: LinkConfig,
    addresses: Addresses,
    craft: Craft,
    supervision: Supervision,
    disturbance: Disturbance,
    signing: Option<Signing>,
    timesync: TimeSync,
    streams: Streams,
    camera: Camera,
    gimbal: Gimbal,
    flight: Option<Flight>,
    outputs: VecDeque<Output>,
    sequence: u8,
    heartbeat_ms: u64,
    conduct_ms: u64,
    status_ms: u64,
    changed: bool,
    light_shown: LightState,
}

impl Link {
    /// A link that has heard nothing yet.
    pub fn new(config: LinkConfig, now_ms: u64) -> Self {
        let addresses = Addresses {
            own_system_id: config.own_system_id,
            own_component_id: config.own_component_id,
            target_system_id: config.system_id,
        };
        let mut craft = Craft::new(
            config.limits.clone(),
            Light::new(config.light, config.filming_signal),
            Identity::new(config.hardware.clone()),
        );
        craft.authorizer = config.arm_authorization.then_some(config.own_system_id);
        let signing = config.signing.clone().map(Signing::new);
        Self {
            config,
            addresses,
            craft,
            supervision: Supervision::default(),
            disturbance: Disturbance::default(),
            signing,
            timesync: TimeSync::default(),
            streams: Streams::default(),
            camera: Camera::default(),
            gimbal: Gimbal::default(),
            flight: None,
            outputs: VecDeque::new(),
            sequence: 0,
            heartbeat_ms: now_ms,
            conduct_ms: now_ms,
            status_ms: now_ms,
            changed: false,
            light_shown: LightState::Unknown,
        }
    }

    /// Takes one datagram as received. Frames of other systems, garbage and unknown messages are ignored; on a signed link, so are
    /// those that it does not vouch for.
    pub fn handle_datagram(&mut self, bytes: &[u8], now_ms: u64) {
        let mut readable = false;
        for frame in frames(bytes) {
            readable = true;
            if frame.system_id == self.config.system_id && self.is_admitted(&frame, now_ms) {
                self.handle_frame(&frame, now_ms);
            }
        }
        let news = if readable { None } else { self.disturbance.note(bytes, now_ms) };
        if let Some(news) = news {
            self.craft.texts.note(&news, now_ms);
            self.changed = true;
        }
        self.drive(now_ms);
    }

    fn is_admitted(&mut self, frame: &Frame, now_ms: u64) -> bool {
        let Some(signing) = &mut self.signing else { return true };
        let admitted = signing.admit(frame, now_ms);
        self.changed |= !admitted;
        admitted
    }

    /// Whether this datagram may tell where the aircraft is to be reached: always without a key, with one only when its first frame is
    /// rightly signed. Nothing is remembered.
    pub fn vouches_for(&self, datagram: &[u8], now_ms: u64) -> bool {
        let Some(signing) = &self.signing else { return true };
        let first = frames(datagram).find(|frame| frame.system_id == self.config.system_id);
        first.is_some_and(|frame| signing.judge(&frame, now_ms).is_ok())
    }

    /// Gives the aircraft the key of this link, on a person's word and over a trusted link only.
    pub fn set_up_signing(&mut self, now_ms: u64) -> Result<(), SetUpError> {
        let Some(signing) = &self.signing else { return Err(SetUpError::NoKey) };
        if !self.config.trusted {
            return Err(SetUpError::NotTrusted);
        }
        let message = Outgoing::SetUpSigning { key: signing.key().bytes(), time: signing.clock(now_ms) };
        for _ in 0..SET_UP_SENDINGS {
            // Without a signature: the aircraft has no key yet.
            let bytes = self.encode(&message);
            self.push(Output::Transmit(bytes));
        }
        Ok(())
    }

    /// Asks the aircraft for all its parameters, from the beginning; `parameters` tells what came of it.
    pub fn read_parameters(&mut self, now_ms: u64) {
        self.craft.parameter_list = Some(ParameterList::new(self.craft.telemetry.autopilot(), now_ms));
        self.drive(now_ms);
    }

    /// The aircraft's parameters by name, once they were read or could not be.
    pub fn parameters(&self) -> Option<&Result<Vec<Parameter>, NoParameters>> {
        self.craft.parameter_list.as_ref().and_then(ParameterList::outcome)
    }

    /// What the shell must keep over a restart of a signed link: at least once a minute, and at the end.
    pub fn signing_memory(&self) -> Option<SigningMemory> {
        self.signing.as_ref().map(Signing::memory)
    }

    /// Takes an order. Repeating an order is harmless. Orders for another flight than the current one are ignored, but
    /// `Fly` starts a new flight: at once in the air when this link's own flight is there.
    pub fn command(&mut self, mission: &MissionId, command: FlightCommand, now_ms: u64) {
        match (&mut self.flight, command) {
            (Some(flight), command) if flight.mission == *mission => flight.command(command, &mut self.craft, now_ms),
            (before, FlightCommand::Fly { plan, reached }) if plan.mission == *mission => {
                let airborne = before.as_ref().is_some_and(|flight| !flight.is_over() && flight.is_airborne(&self.craft));
                self.craft.transfer = None;
                self.craft.commander.cancel_movements();
                self.craft.traffic.tell_anew();
                self.flight = Some(Flight::new(*plan, reached, airborne, now_ms));
            }
            (_, _) => {}
        }
        self.drive(now_ms);
    }

    /// Another sender uses this aircraft's system id; while it is heard nothing is launched.
    pub fn rival_heard(&mut self, reason: &str, now_ms: u64) {
        self.craft.rival = Some((reason.to_owned(), now_ms));
    }

    /// To be called when `next_timeout_ms` has come.
    pub fn handle_timeout(&mut self, now_ms: u64) {
        self.drive(now_ms);
    }

    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When `handle_timeout` wants to be called at the latest.
    pub fn next_timeout_ms(&self) -> Option<u64> {
        let transfer = self.craft.transfer.as_ref().and_then(|transfer| transfer.next_timeout_ms());
        let inquiry = self.craft.inquiry.as_ref().and_then(|inquiry| inquiry.next_timeout_ms());
        let list = self.craft.parameter_list.as_ref().and_then(|list| list.next_timeout_ms());
        let commands = self.craft.commander.next_timeout_ms();
        let rally = self.craft.rally.next_timeout_ms();
        let due = [Some(self.heartbeat_ms), Some(self.conduct_ms), commands, transfer, inquiry, list, rally];
        due.into_iter().flatten().min()
    }

    /// The latest that is known of the aircraft.
    pub fn status(&self, now_ms: u64) -> DroneStatus {
        let mut status = DroneStatus::unheard(self.config.drone.clone());
        self.craft.telemetry.fill(&mut status);
        status.link = LinkStatus {
            connected: self.supervision.connected(),
            silence_ms: self.supervision.silence_ms(now_ms),
            loss_pct: self.supervision.sequence.loss_pct(now_ms),
            round_trip_ms: self.timesync.round_trip_ms(),
            signing: self.signing.as_ref().map(Signing::status),
        };
        status.hardware = self.craft.identity.shown(now_ms);
        let name = self.craft.telemetry.autopilot().name();
        status.autopilot = self.craft.identity.software().map(|version| format!("{name} {version}"));
        let look = self.gimbal.look();
        status.camera_pitch_deg = look.map(|look| look.pitch_deg);
        status.camera_heading_deg = look.and_then(|look| look.heading_deg(status.heading_deg));
        let measured_ms = self.craft.telemetry.position_boot_ms.and_then(|boot_ms| self.timesync.ours_ms(boot_ms));
        status.position_age_ms = measured_ms.map(|measured_ms| now_ms.saturating_sub(measured_ms));
        status.light = self.craft.light.state();
        status.warnings = self.craft.texts.warnings();
        let current = self.flight.as_ref().filter(|flight| !flight.is_over());
        status.mission = current.map(|flight| flight.mission.clone());
        status.pilot_in_control = current.is_some_and(Flight::is_yielded);
        status
    }

    fn handle_frame(&mut self, frame: &Frame, now_ms: u64) {
        let heard = inbound::read(frame);
        if let Heard::Traffic(vehicle) = &heard {
            self.craft.traffic.take(vehicle, now_ms);
        }
        if frame.component_id == AUTOPILOT_COMPONENT {
            self.handle_autopilot(frame, &heard, now_ms);
        } else {
            self.handle_component(frame.component_id, &heard, now_ms);
        }
    }

    /// A state that was overtaken by a newer one is dropped; answers count however late, but only once.
    fn handle_autopilot(&mut self, frame: &Frame, heard: &Heard, now_ms: u64) {
        let freshness = self.supervision.sequence.judge(frame.sequence, frame.message_id, now_ms);
        let foreign = matches!(heard, Heard::Heartbeat(heartbeat) if !heartbeat.is_autopilot());
        if freshness == Freshness::Repeated || foreign {
            return;
        }
        let change = self.supervision.heard(now_ms);
        self.link_changed(change, now_ms);
        if freshness == Freshness::Newest {
            self.craft.telemetry.take(heard, now_ms);
        }
        self.handle_answer(heard, now_ms);
        self.changed = true;
    }

    fn handle_answer(&mut self, heard: &Heard, now_ms: u64) {
        let own = self.own();
        match heard {
            Heard::CommandAck { command, result, to } if to.includes(own.system_id, own.component_id) => {
                self.craft.commander.handle_ack(*command, AUTOPILOT_COMPONENT, *result, &self.config.limits, now_ms);
            }
            Heard::Text { severity, text, id, chunk } => {
                self.craft.texts.take(*severity, text.clone(), *id, *chunk, now_ms);
            }
            Heard::Parameter(parameter) => {
                let mut sent = Vec::new();
                if let Some(list) = &mut self.craft.parameter_list {
                    list.handle(parameter, now_ms);
                }
                if let Some(inquiry) = &mut self.craft.inquiry {
                    inquiry.handle(parameter, &self.config.limits, now_ms, &mut |outgoing| sent.push(outgoing));
                }
                self.send_all(sent, now_ms);
            }
            Heard::Illuminator { enabled, error_status } => {
                self.craft.light.take_status(AUTOPILOT_COMPONENT, *enabled, *error_status);
            }
            Heard::MissionRequest { .. } | Heard::MissionAck { .. } | Heard::MissionCount { .. } | Heard::MissionItem { .. } => {
                let mut sent = Vec::new();
                if let Some(transfer) = &mut self.craft.transfer {
                    transfer.handle(heard, own, &self.config.limits, now_ms, &mut |outgoing| sent.push(outgoing));
                }
                self.craft.rally.handle(heard, own, &self.config.limits, now_ms, &mut |outgoing| sent.push(outgoing));
                self.send_all(sent, now_ms);
            }
            _ => self.handle_housekeeping(heard, now_ms),
        }
    }

    /// What is neither state nor an answer to an order: who it is, what time it has, whether it may be armed, what it noted.
    fn handle_housekeeping(&mut self, heard: &Heard, now_ms: u64) {
        let own = self.own();
        let ours = |to: &Addressee| to.includes(own.system_id, own.component_id);
        match heard {
            Heard::Version { hardware, software } => self.craft.identity.take(hardware.clone(), *software, now_ms),
            Heard::TimeSync { asker_ns, responder_ns: 0, to } if ours(to) => {
                self.send_all(vec![TimeSync::answer(*asker_ns, AUTOPILOT_COMPONENT, now_ms)], now_ms);
            }
            Heard::TimeSync { asker_ns, responder_ns, to } if ours(to) => self.timesync.take(*asker_ns, *responder_ns, now_ms),
            Heard::ArmAuthorizationAsked { to } if ours(to) => self.authorize_arming(now_ms),
            Heard::GimbalManager { device } => self.gimbal.take_manager(*device),
            Heard::GimbalControl { device, primary } => self.gimbal.take_control(*device, *primary),
            Heard::GimbalLook { device, look } => self.gimbal.take_look(*device, *look),
            Heard::Event(event) => self.craft.events.take(event.clone(), now_ms),
            Heard::EventSequence { newest, reset } => self.craft.events.take_newest(*newest, *reset, now_ms),
            Heard::EventGone { sequence, oldest, to } if ours(to) => self.craft.events.take_gone(*sequence, *oldest, now_ms),
            _ => {}
        }
    }

    /// The aircraft asks whether somebody who orders it to arm may: only for a flight of ours, or for the pilot who has control of it.
    fn authorize_arming(&mut self, now_ms: u64) {
        let granted = self.flight.as_ref().is_some_and(Flight::may_arm);
        let to = Asker { system_id: self.addresses.target_system_id, component_id: AUTOPILOT_COMPONENT };
        self.send_all(vec![Outgoing::ArmAuthorization { granted_s: granted.then_some(ARM_GRANTED_S), to }], now_ms);
        if !granted {
            self.craft.texts.note("somebody wanted to arm the aircraft without a flight that was ordered; refused", now_ms);
        }
    }

    /// A light, a camera, a gimbal: it does not keep the link alive, the autopilot does.
    fn handle_component(&mut self, component_id: u8, heard: &Heard, now_ms: u64) {
        let own = self.own();
        match heard {
            Heard::Heartbeat(heartbeat) if heartbeat.is_illuminator() && self.craft.light.found(component_id) => {
                self.streams.restart();
            }
            Heard::Heartbeat(heartbeat) if heartbeat.is_camera() => self.camera.found(component_id),
            Heard::GimbalLook { device, look } => self.gimbal.take_look(*device, *look),
            Heard::Camera(lens) => self.camera.take_lens(component_id, *lens),
            Heard::VideoStream { count, stream } => self.camera.take(component_id, *count, stream.clone(), now_ms),
            Heard::Illuminator { enabled, error_status } => {
                self.craft.light.found(component_id);
                self.craft.light.take_status(component_id, *enabled, *error_status);
                self.changed = true;
            }
            Heard::CommandAck { command, result, to } if to.includes(own.system_id, own.component_id) => {
                self.craft.commander.handle_ack(*command, component_id, *result, &self.config.limits, now_ms);
            }
            _ => {}
        }
    }

    fn own(&self) -> Addressee {
        Addressee { system_id: self.addresses.own_system_id, component_id: self.addresses.own_component_id }
    }

    fn link_changed(&mut self, change: Option<LinkChange>, now_ms: u64) {
        let Some(change) = change else { return };
        self.craft.connected = self.supervision.connected();
        self.changed = true;
        match change {
            LinkChange::Found => self.ask_anew(),
            LinkChange::Lost => self.notice(FlightEvent::LinkLost),
            LinkChange::Regained => {
                self.ask_anew();
                self.craft.give_mode_time(now_ms);
                self.notice(FlightEvent::LinkRegained);
            }
        }
    }

    /// Whatever the aircraft was asked for before, it may have forgotten, or be another one.
    fn ask_anew(&mut self) {
        self.streams.restart();
        self.camera.restart();
        self.gimbal.restart();
        self.timesync.restart();
        self.craft.events.restart();
        self.craft.identity.restart();
        self.craft.rally.restart();
        // A refusal of before must not answer the new questions.
        self.craft.commander.cancel(Purpose::Streams);
        self.craft.commander.cancel(Purpose::Zoom);
        self.craft.commander.cancel(Purpose::Gimbal);
        self.craft.commander.cancel(Purpose::Version);
        self.craft.commander.cancel(Purpose::Beat);
    }

    fn notice(&mut self, event: FlightEvent) {
        if let Some(flight) = &mut self.flight {
            flight.notice(event);
        }
    }

    /// Where this aircraft is, while it follows a person and is heard: what the links of our others want to know. One that leaves
    /// goes aside before it climbs, and is waited for by nobody from then on.
    pub fn neighbour(&self) -> Option<Neighbour> {
        let telemetry = &self.craft.telemetry;
        let flight = self.flight.as_ref().filter(|flight| self.craft.connected && flight.is_with_person(&self.craft))?;
        let (place, altitude_amsl_m) = telemetry.position.zip(telemetry.altitude_amsl_m)?;
        let bound_for_amsl_m = flight.bound_for_amsl_m(place, &self.craft).unwrap_or(altitude_amsl_m);
        Some(Neighbour { place, altitude_amsl_m, bound_for_amsl_m })
    }

    /// Where this aircraft stands, or is to come down at a rally point: there is no room for another one.
    pub fn takes(&self) -> Option<GeoPoint> {
        let stands = self.craft.telemetry.position.filter(|_| self.craft.telemetry.landed() == Some(true));
        self.flight.as_ref().and_then(Flight::makes_for_rally).or(stands)
    }

    /// Tells where our other aircraft are; from then on this one passes through none of them while it changes its height on scene. `taken` is where
    /// they stand or are to come down.
    pub fn take_neighbours(&mut self, others: Vec<Neighbour>, taken: Vec<GeoPoint>) {
        self.craft.neighbours = others;
        self.craft.taken = taken;
    }

    /// Everything that follows from what is known now.
    fn drive(&mut self, now_ms: u64) {
        let lost = self.supervision.handle_timeout(self.config.limits.silence_max_ms, now_ms);
        self.link_changed(lost, now_ms);
        self.beat(now_ms);
        self.notice_texts_and_light(now_ms);
        if let Some(flight) = &mut self.flight {
            flight.drive(&mut self.craft, now_ms);
        }
        self.conduct_ms = now_ms + self.config.limits.conduct_interval_ms;
        if self.craft.connected {
            let autopilot = self.craft.telemetry.autopilot();
            beat::ask(self.craft.telemetry.heartbeat_ms, &mut self.craft.commander, now_ms);
            self.streams.drive(autopilot, &mut self.craft.commander, self.craft.light.illuminator(), now_ms);
            self.camera.drive(&mut self.craft.commander, now_ms);
            self.camera.zoom(self.craft.sight, &mut self.craft.commander, now_ms);
            self.drive_gimbal(now_ms);
            self.ask_housekeeping(now_ms);
            self.craft.commander.take_round_trip(self.timesync.round_trip_ms());
            self.craft.light.drive(autopilot, &mut self.craft.commander, &self.config.limits, now_ms);
        }
        self.send_due(now_ms);
        self.report(now_ms);
    }

    /// Where there is no camera nobody cares where a gimbal looks.
    fn drive_gimbal(&mut self, now_ms: u64) {
        if !self.camera.is_found() {
            return;
        }
        let flown = self.flight.as_ref().is_some_and(|flight| !flight.is_over() && !flight.is_yielded());
        let own = self.own();
        self.gimbal.drive((own.system_id, own.component_id), flown, &mut self.craft.commander, now_ms);
    }

    fn ask_housekeeping(&mut self, now_ms: u64) {
        let mut questions: Vec<Outgoing> = self.craft.events.drive(now_ms).into_iter().collect();
        self.craft.identity.drive(&mut self.craft.commander, now_ms);
        questions.extend(self.timesync.drive(now_ms));
        self.send_all(questions, now_ms);
    }

    fn beat(&mut self, now_ms: u64) {
        if now_ms < self.heartbeat_ms {
            return;
        }
        self.heartbeat_ms = now_ms + self.config.limits.heartbeat_interval_ms;
        self.send_all(vec![Outgoing::Heartbeat], now_ms);
    }

    fn notice_texts_and_light(&mut self, now_ms: u64) {
        self.craft.texts.handle_timeout(now_ms);
        while let Some(text) = self.craft.texts.next_fresh() {
            if text.is_warning() {
                self.notice(FlightEvent::Warning { text: text.text });
            }
        }
        if self.craft.telemetry.take_reboot() {
            self.ask_anew();
            if let Some(flight) = &mut self.flight {
                flight.note_restart();
            }
            self.notice(FlightEvent::Warning { text: "the aircraft's computer restarted".to_owned() });
        }
        let state = self.craft.light.state();
        if state != self.light_shown {
            self.light_shown = state;
            self.changed = true;
            self.notice(FlightEvent::Light { state });
        }
    }

    /// Whether the aircraft stands on the ground and nothing is wanted of it.
    fn is_idle(&self) -> bool {
        let flying = self.flight.as_ref().is_some_and(|flight| !flight.is_over());
        let stands = self.craft.telemetry.landed() == Some(true) && self.craft.telemetry.armed() == Some(false);
        self.craft.connected && stands && !flying && self.craft.transfer.is_none()
    }

    fn send_due(&mut self, now_ms: u64) {
        let mut sent = Vec::new();
        let mut send = |outgoing| sent.push(outgoing);
        self.craft.commander.handle_timeout(&self.config.limits, now_ms, &mut send);
        if let Some(transfer) = &mut self.craft.transfer {
            transfer.handle_timeout(&self.config.limits, now_ms, &mut send);
        }
        if let Some(inquiry) = &mut self.craft.inquiry {
            inquiry.handle_timeout(&self.config.limits, now_ms, &mut send);
        }
        if let Some(list) = &mut self.craft.parameter_list {
            list.handle_timeout(&self.config.limits, now_ms, &mut send);
        }
        let idle = self.is_idle();
        if let Some(news) = self.craft.rally.drive(idle, &self.config.rally_points, &self.config.limits, now_ms, &mut send) {
            self.craft.texts.note(&news, now_ms);
        }
        if let Some(seq) = self.craft.set_current.take() {
            let seq = seq + self.craft.telemetry.autopilot().leading_items();
            send(Outgoing::MissionSetCurrent { seq });
        }
        self.send_all(sent, now_ms);
    }

    fn send_all(&mut self, outgoing: Vec<Outgoing>, now_ms: u64) {
        for message in outgoing {
            let bytes = self.encode(&message);
            let bytes = match &mut self.signing {
                Some(signing) => signing.sign(bytes, now_ms),
                None => bytes,
            };
            self.push(Output::Transmit(bytes));
        }
    }

    fn encode(&mut self, message: &Outgoing) -> Vec<u8> {
        let bytes = dialect::encode(self.addresses, self.sequence, message);
        self.sequence = self.sequence.wrapping_add(1);
        bytes
    }

    fn report(&mut self, now_ms: u64) {
        if let Some(flight) = &mut self.flight {
            let mission = flight.mission.clone();
            for report in flight.take_events() {
                self.changed |= matches!(report, FlightEvent::Reached { phase: FlightPhase::Landed });
                self.push(Output::Report { mission: mission.clone(), report });
            }
        }
        if let Some(streams) = self.camera.news() {
            self.push(Output::StreamsAnnounced(streams));
        }
        if self.changed && now_ms >= self.status_ms {
            self.changed = false;
            self.status_ms = now_ms + self.config.limits.status_interval_ms;
            self.push(Output::StatusChanged);
        }
    }

    /// Nobody drains: datagrams are dropped like on any full line, reports never.
    fn push(&mut self, output: Output) {
        if self.outputs.len() >= OUTPUTS_MAX {
            self.outputs.retain(|kept| matches!(kept, Output::Report { .. } | Output::StreamsAnnounced(_)));
        }
        self.outputs.push_back(output);
    }
}
