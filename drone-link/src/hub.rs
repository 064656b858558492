//! One UDP socket for all aircraft: who is heard from where, whose bytes they are, and when each link wants its clock.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use drone_link_proto::{AnnouncedStream, Link, LinkConfig, NoParameters, Output, SetUpError, is_secret, sender};
use flight_types::{DroneId, DroneStatus, FlightCommand, FlightEvent, MissionId};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::gateway::TrackPoint;
use crate::peers::{Peers, Verdict};
use crate::signing_files::MemoryFile;
use crate::tlog::Tlog;
use crate::{EndpointRole, EndpointSpec, Plug, Routing, Switchboard};

/// Reports in the owner's queue.
pub(crate) const REPORTS_MAX: usize = 256;
/// Reports kept for an owner who is behind; they are transitions and few, so this many mean that nobody reads.
pub(crate) const PENDING_MAX: usize = 4_096;
/// Orders waiting for the hub; more means that the hub is not running.
pub(crate) const ORDERS_MAX: usize = 64;
/// The longest datagram that is read; longer ones are cut and then fail their checksum.
const DATAGRAM_LENGTH_MAX: usize = 4_096;
/// Sleep when no link has a timeout.
const IDLE: Duration = Duration::from_secs(1);
/// Between two savings of what signed links must remember; the protocol asks for one a minute at least.
const MEMORY_SAVED_EVERY_MS: u64 = 20_000;

/// What the hub tells its owner.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkReport {
    /// An aircraft's flight.
    Flight {
        /// Which aircraft.
        drone: DroneId,
        /// Which flight.
        mission: MissionId,
        /// What happened.
        report: FlightEvent,
    },
    /// Something new in `LinkHandle::status`; left out while the owner is behind.
    StatusChanged {
        /// Of which aircraft.
        drone: DroneId,
    },
    /// Its camera says where its pictures stream. Whoever connects there must judge the addresses first.
    Streams {
        /// Which aircraft.
        drone: DroneId,
        /// Where the aircraft is heard from.
        address: SocketAddr,
        /// All of them.
        streams: Vec<AnnouncedStream>,
    },
    /// Where an aircraft behind a gateway was while its station was not heard, oldest first.
    Track {
        /// Which aircraft.
        drone: DroneId,
        /// The places.
        points: Vec<TrackPoint>,
    },
    /// A second address speaks with the system id of this aircraft; it is ignored.
    Duplicate {
        /// Which aircraft.
        drone: DroneId,
        /// From where.
        address: SocketAddr,
    },
}

/// Why the hub refuses or stops.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The socket or the log folder could not be opened.
    #[error("the link cannot use {what}")]
    Io {
        /// What was tried.
        what: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The aircraft was not given its key.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// Its parameters were not read.
    #[error(transparent)]
    Parameters(#[from] NoParameters),
    /// The settings of an aircraft's link make no sense.
    #[error("settings of aircraft {drone}: {reason}")]
    Settings {
        /// Which aircraft.
        drone: DroneId,
        /// What is wrong.
        reason: String,
    },
    /// Two aircraft with one id or one system id.
    #[error("two aircraft share {0}")]
    Shared(String),
    /// No such aircraft.
    #[error("no link to aircraft {0}")]
    UnknownDrone(DroneId),
    /// The hub has stopped.
    #[error("the link has stopped")]
    Stopped,
}

/// Where a hub keeps files, and who looks on.
#[derive(Debug, Clone, Default)]
pub struct HubOptions {
    /// Gets one `.tlog` per aircraft, named by its id; logs are appended to. `None` keeps none.
    pub tlog: Option<PathBuf>,
    /// Gets what signed links must remember over a restart. Without it, the last minute before a restart could be replayed.
    pub signing: Option<PathBuf>,
    /// Ground stations beside us: they see what the aircraft say and may ask them, and fly one while its pilot has control.
    pub watchers: Vec<EndpointSpec>,
}

/// Starts hubs.
#[derive(Debug)]
pub struct LinkHub;

impl LinkHub {
    /// Binds the socket and starts carrying.
    pub async fn start(
        bind: SocketAddr,
        links: Vec<LinkConfig>,
        options: HubOptions,
    ) -> Result<(LinkHandle, mpsc::Receiver<LinkReport>), LinkError> {
        refuse_shared(&links)?;
        let failed = |what: String| move |source| LinkError::Io { what, source };
        let socket = UdpSocket::bind(bind).await.map_err(failed(format!("address {bind}")))?;
        let local_addr = socket.local_addr().map_err(failed(format!("address {bind}")))?;
        let (report_sender, report_receiver) = mpsc::channel(REPORTS_MAX);
        let (order_sender, orders) = mpsc::channel(ORDERS_MAX);
        let (statuses_sender, statuses) = watch::channel(BTreeMap::new());
        let carriers = carriers(links, &options)?;
        let hub = Hub {
            socket,
            carriers,
            start: Instant::now(),
            reports: report_sender,
            pending: VecDeque::new(),
            statuses: statuses_sender,
            gallery: Gallery::open(&options.watchers).await?,
        };
        hub.publish_all();
        tokio::spawn(hub.run(orders));
        Ok((LinkHandle::new(local_addr, order_sender, statuses), report_receiver))
    }
}

fn refuse_shared(links: &[LinkConfig]) -> Result<(), LinkError> {
    for (i, link) in links.iter().enumerate() {
        for other in &links[..i] {
            if other.drone == link.drone {
                return Err(LinkError::Shared(format!("the id {}", link.drone)));
            }
            if other.system_id == link.system_id {
                return Err(LinkError::Shared(format!("the system id {}", link.system_id)));
            }
        }
    }
    Ok(())
}

fn carriers(links: Vec<LinkConfig>, folders: &HubOptions) -> Result<BTreeMap<u8, Carrier>, LinkError> {
    links.into_iter().map(|config| Ok((config.system_id, carrier(config, folders)?))).collect()
}

fn carrier(mut config: LinkConfig, folders: &HubOptions) -> Result<Carrier, LinkError> {
    let failed = |dir: &PathBuf| {
        let what = format!("folder {}", dir.display());
        move |source| LinkError::Io { what, source }
    };
    let drone = config.drone.clone();
    let tlog = folders.tlog.as_ref().map(|dir| Tlog::open(dir, &drone).map_err(failed(dir))).transpose()?;
    let mut memory = None;
    if let (Some(signing), Some(dir)) = (&mut config.signing, &folders.signing) {
        let (file, remembered) = MemoryFile::open(dir, &drone).map_err(failed(dir))?;
        signing.memory = remembered;
        memory = Some(file);
    }
    let peers = Peers::new(config.limits.silence_max_ms);
    Ok(Carrier { drone, link: Link::new(config, 0), peers, tlog, memory, memory_due_ms: 0, handed_over: false })
}

/// An order on its way to the hub.
pub(crate) enum Errand {
    Command { drone: DroneId, mission: MissionId, command: FlightCommand, answer: oneshot::Sender<Result<(), LinkError>> },
    SetUpSigning { drone: DroneId, answer: oneshot::Sender<Result<(), LinkError>> },
    Shutdown { done: oneshot::Sender<()> },
}

/// Gives orders to running links. Cheap to clone; the hub stops when the last one is dropped.
#[derive(Debug, Clone)]
pub struct LinkHandle {
    local_addr: SocketAddr,
    orders: mpsc::Sender<Errand>,
    statuses: Arc<watch::Receiver<BTreeMap<DroneId, DroneStatus>>>,
}

impl LinkHandle {
    /// The handle of whoever takes these orders and tells these statuses.
    pub(crate) fn new(
        local_addr: SocketAddr,
        orders: mpsc::Sender<Errand>,
        statuses: watch::Receiver<BTreeMap<DroneId, DroneStatus>>,
    ) -> Self {
        Self { local_addr, orders, statuses: Arc::new(statuses) }
    }

    /// Gives an aircraft's link an order; returns when the link has taken it, not when the aircraft has.
    pub async fn command(&self, drone: &DroneId, mission: &MissionId, command: FlightCommand) -> Result<(), LinkError> {
        let (answer, answered) = oneshot::channel();
        let order = Errand::Command { drone: drone.clone(), mission: mission.clone(), command, answer };
        self.orders.send(order).await.map_err(|_| LinkError::Stopped)?;
        answered.await.map_err(|_| LinkError::Stopped)?
    }

    /// Gives an aircraft the key of its link, on a person's word. There is no acknowledgement: that its frames come signed shows it.
    pub async fn set_up_signing(&self, drone: &DroneId) -> Result<(), LinkError> {
        let (answer, answered) = oneshot::channel();
        self.orders.send(Errand::SetUpSigning { drone: drone.clone(), answer }).await.map_err(|_| LinkError::Stopped)?;
        answered.await.map_err(|_| LinkError::Stopped)?
    }

    /// The latest of one aircraft, at most a fraction of a second old.
    pub fn status(&self, drone: &DroneId) -> Option<DroneStatus> {
        self.statuses.borrow().get(drone).cloned()
    }

    /// Waits until the latest of one aircraft is so.
    pub async fn until(&self, drone: &DroneId, wanted: impl Fn(&DroneStatus) -> bool) -> Result<DroneStatus, LinkError> {
        let mut statuses = (*self.statuses).clone();
        let fitting = statuses.wait_for(|statuses| statuses.get(drone).is_some_and(&wanted)).await;
        let fitting = fitting.map_err(|_| LinkError::Stopped)?;
        fitting.get(drone).cloned().ok_or_else(|| LinkError::UnknownDrone(drone.clone()))
    }

    /// The latest of every aircraft, in the order of their ids.
    pub fn statuses(&self) -> Vec<DroneStatus> {
        self.statuses.borrow().values().cloned().collect()
    }

    /// Where the hub listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Stops the hub and closes its logs. Aircraft go on by themselves.
    pub async fn shutdown(&self) {
        let (done, finished) = oneshot::channel();
        if self.orders.send(Errand::Shutdown { done }).await.is_ok() {
            // An error means that the hub has stopped already, which is what was wanted.
            let _ = finished.await;
        }
    }
}

/// One aircraft's link with its address and log.
struct Carrier {
    drone: DroneId,
    link: Link,
    peers: Peers,
    tlog: Option<Tlog>,
    memory: Option<MemoryFile>,
    memory_due_ms: u64,
    /// Whether those who look on may fly it.
    handed_over: bool,
}

impl Carrier {
    fn remember(&mut self) {
        if let (Some(file), Some(memory)) = (&mut self.memory, self.link.signing_memory()) {
            file.save(memory);
        }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.remember();
    }
}

/// What the hub woke up for.
enum Wake {
    Datagram(usize, SocketAddr),
    Order(Errand),
    /// The last handle was dropped.
    Stop,
    Timeout,
    /// Whoever looks on says something to aircraft.
    Watched(Vec<Arc<[u8]>>),
    /// The owner takes a report.
    Room(mpsc::OwnedPermit<LinkReport>),
    /// The owner takes no more reports.
    Unread,
}

struct Hub {
    socket: UdpSocket,
    /// By system id.
    carriers: BTreeMap<u8, Carrier>,
    start: Instant,
    reports: mpsc::Sender<LinkReport>,
    /// Reports on their way to an owner who is behind. The hub never waits for its owner, who may be waiting for the hub.
    pending: VecDeque<LinkReport>,
    statuses: watch::Sender<BTreeMap<DroneId, DroneStatus>>,
    gallery: Option<Gallery>,
}

/// Whoever looks on, and the aircraft's side of what they hear and say.
struct Gallery {
    board: Switchboard,
    aircraft: Plug,
    _routing: Routing,
}

impl Gallery {
    async fn open(watchers: &[EndpointSpec]) -> Result<Option<Self>, LinkError> {
        if watchers.is_empty() {
            return Ok(None);
        }
        let board = Switchboard::default();
        let aircraft = board.open(EndpointRole::Full);
        let mut routing = Routing::new(board.clone());
        for spec in watchers {
            let local = routing.open(spec, EndpointRole::Watcher).await?;
            tracing::info!(%spec, local = local.map(|address| address.to_string()), "a ground station may look on");
        }
        Ok(Some(Self { board, aircraft, _routing: routing }))
    }
}

impl Hub {
    async fn run(mut self, mut orders: mpsc::Receiver<Errand>) {
        let mut buffer = vec![0; DATAGRAM_LENGTH_MAX];
        loop {
            match self.wait(&mut orders, &mut buffer).await {
                Wake::Datagram(length, address) => self.take_datagram(&buffer[..length], address).await,
                Wake::Order(Errand::Command { drone, mission, command, answer }) => {
                    let result = self.command(drone, &mission, command).await;
                    // The one who asked may have gone; the order stands.
                    let _ = answer.send(result);
                }
                Wake::Order(Errand::SetUpSigning { drone, answer }) => {
                    let result = self.set_up_signing(drone).await;
                    // As above.
                    let _ = answer.send(result);
                }
                Wake::Order(Errand::Shutdown { done }) => {
                    drop(self);
                    let _ = done.send(());
                    return;
                }
                Wake::Stop => return,
                Wake::Timeout => self.take_timeouts().await,
                Wake::Watched(frames) => self.pass_on(&frames).await,
                Wake::Room(permit) => {
                    if let Some(report) = self.pending.pop_front() {
                        permit.send(report);
                    }
                }
                // Nobody reads any more; the aircraft are still to be commanded.
                Wake::Unread => self.pending.clear(),
            }
        }
    }

    /// Waits for whatever comes first.
    async fn wait(&self, orders: &mut mpsc::Receiver<Errand>, buffer: &mut [u8]) -> Wake {
        let room = self.reports.clone().reserve_owned();
        tokio::select! {
            permit = room, if !self.pending.is_empty() => permit.map_or(Wake::Unread, Wake::Room),
            received = self.socket.recv_from(buffer) => match received {
                Ok((length, address)) => Wake::Datagram(length, address),
                Err(error) => {
                    // A peer that is gone answers a datagram with an error; it says nothing about the others.
                    tracing::debug!(%error, "receiving failed");
                    Wake::Timeout
                }
            },
            frames = self.watched() => Wake::Watched(frames),
            order = orders.recv() => order.map_or(Wake::Stop, Wake::Order),
            () = tokio::time::sleep_until(self.next_due()) => Wake::Timeout,
        }
    }

    /// What passes from whoever looks on; never anything without them.
    async fn watched(&self) -> Vec<Arc<[u8]>> {
        match &self.gallery {
            Some(gallery) => gallery.aircraft.frames().await,
            None => std::future::pending().await,
        }
    }

    /// Byte for byte to the aircraft that each is for.
    async fn pass_on(&mut self, frames: &[Arc<[u8]>]) {
        let Some(gallery) = &self.gallery else { return };
        for frame in frames {
            let target = gallery.board.target_system(frame);
            for (_, carrier) in self.carriers.iter_mut().filter(|(system_id, _)| target == 0 || target == **system_id) {
                transmit(&self.socket, carrier, frame).await;
            }
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn next_due(&self) -> Instant {
        let due_ms = self.carriers.values().filter_map(|carrier| carrier.link.next_timeout_ms()).min();
        due_ms.map_or_else(|| Instant::now() + IDLE, |due_ms| self.start + Duration::from_millis(due_ms))
    }

    async fn take_datagram(&mut self, datagram: &[u8], address: SocketAddr) {
        let now_ms = self.now_ms();
        let Some(from) = sender(datagram) else { return self.take_unreadable(datagram, address, now_ms).await };
        let Some(carrier) = self.carriers.get_mut(&from.system_id) else { return };
        if !carrier.link.vouches_for(datagram, now_ms) {
            // Says nothing about where the aircraft is. The link looks at each frame and counts what it refuses.
            carrier.link.handle_datagram(datagram, now_ms);
            return self.drain(from.system_id, now_ms).await;
        }
        match carrier.peers.judge(address, from.autopilot_heartbeat, now_ms) {
            Verdict::Ours => {
                if let Some(tlog) = &mut carrier.tlog {
                    tlog.write_frames(datagram, from.system_id);
                }
                carrier.link.handle_datagram(datagram, now_ms);
                if let Some(gallery) = &self.gallery {
                    gallery.aircraft.receive_datagram(datagram);
                }
                self.drain(from.system_id, now_ms).await;
            }
            Verdict::Unknown => {}
            Verdict::Rival { news } => {
                carrier.link.rival_heard(&format!("{address} uses system id {} as well", from.system_id), now_ms);
                if news {
                    let report = LinkReport::Duplicate { drone: carrier.drone.clone(), address };
                    tracing::warn!(drone = %carrier.drone, %address, "a second sender uses this system id");
                    self.report(report);
                }
            }
        }
    }

    /// Data that is no frame, from where aircraft are heard: their links tell when it becomes too much. From elsewhere it is nobody's.
    async fn take_unreadable(&mut self, datagram: &[u8], address: SocketAddr, now_ms: u64) {
        let heard_there = |carrier: &Carrier| carrier.peers.address() == Some(address);
        let systems: Vec<u8> = self.carriers.iter().filter(|(_, carrier)| heard_there(carrier)).map(|(id, _)| *id).collect();
        for system_id in systems {
            if let Some(carrier) = self.carriers.get_mut(&system_id) {
                carrier.link.handle_datagram(datagram, now_ms);
            }
            self.drain(system_id, now_ms).await;
        }
    }

    async fn take_timeouts(&mut self) {
        let now_ms = self.now_ms();
        let due = |carrier: &Carrier| carrier.link.next_timeout_ms().is_some_and(|due_ms| due_ms <= now_ms);
        let systems: Vec<u8> = self.carriers.iter().filter(|(_, carrier)| due(carrier)).map(|(id, _)| *id).collect();
        for system_id in systems {
            let others = || self.carriers.iter().filter(|(id, _)| **id != system_id).map(|(_, other)| &other.link);
            let flying = others().filter_map(Link::neighbour).collect();
            let taken = others().filter_map(Link::takes).collect();
            if let Some(carrier) = self.carriers.get_mut(&system_id) {
                carrier.link.take_neighbours(flying, taken);
                carrier.link.handle_timeout(now_ms);
            }
            self.drain(system_id, now_ms).await;
        }
    }

    async fn command(&mut self, drone: DroneId, mission: &MissionId, command: FlightCommand) -> Result<(), LinkError> {
        let now_ms = self.now_ms();
        let found = self.carriers.iter_mut().find(|(_, carrier)| carrier.drone == drone);
        let Some((system_id, carrier)) = found else { return Err(LinkError::UnknownDrone(drone)) };
        let system_id = *system_id;
        carrier.link.command(mission, command, now_ms);
        self.drain(system_id, now_ms).await;
        Ok(())
    }

    async fn set_up_signing(&mut self, drone: DroneId) -> Result<(), LinkError> {
        let now_ms = self.now_ms();
        let found = self.carriers.iter_mut().find(|(_, carrier)| carrier.drone == drone);
        let Some((system_id, carrier)) = found else { return Err(LinkError::UnknownDrone(drone)) };
        let system_id = *system_id;
        carrier.link.set_up_signing(now_ms)?;
        self.drain(system_id, now_ms).await;
        Ok(())
    }

    /// Carries out what a link wants, until it wants nothing.
    async fn drain(&mut self, system_id: u8, now_ms: u64) {
        let Some(carrier) = self.carriers.get_mut(&system_id) else { return };
        if carrier.memory_due_ms <= now_ms {
            carrier.memory_due_ms = now_ms + MEMORY_SAVED_EVERY_MS;
            carrier.remember();
        }
        let mut reports = Vec::new();
        while let Some(output) = carrier.link.poll_output() {
            match output {
                Output::Transmit(bytes) => transmit(&self.socket, carrier, &bytes).await,
                Output::Report { mission, report } => {
                    reports.push(LinkReport::Flight { drone: carrier.drone.clone(), mission, report });
                }
                Output::StreamsAnnounced(streams) => {
                    if let Some(address) = carrier.peers.address() {
                        reports.push(LinkReport::Streams { drone: carrier.drone.clone(), address, streams });
                    }
                }
                Output::StatusChanged => reports.push(LinkReport::StatusChanged { drone: carrier.drone.clone() }),
            }
        }
        let (drone, status) = (carrier.drone.clone(), carrier.link.status(now_ms));
        if let Some(gallery) = self.gallery.as_ref().filter(|_| carrier.handed_over != status.pilot_in_control) {
            carrier.handed_over = status.pilot_in_control;
            gallery.board.hand_over(system_id, status.pilot_in_control);
        }
        self.statuses.send_modify(|statuses| {
            statuses.insert(drone, status);
        });
        for report in reports {
            self.report(report);
        }
    }

    /// A change of status may be left out, the next one tells as much; anything else is kept in order.
    fn report(&mut self, report: LinkReport) {
        let optional = matches!(report, LinkReport::StatusChanged { .. });
        let behind = !self.pending.is_empty() || self.reports.capacity() == 0;
        if optional && behind {
            return;
        }
        if self.pending.len() >= PENDING_MAX {
            tracing::error!(?report, "nobody takes the link's reports; one is lost");
            return;
        }
        self.pending.push_back(report);
    }

    fn publish_all(&self) {
        let now_ms = self.now_ms();
        self.statuses.send_modify(|statuses| {
            statuses.extend(self.carriers.values().map(|carrier| (carrier.drone.clone(), carrier.link.status(now_ms))));
        });
    }
}

/// Sends to the aircraft once its address is known. A full or unreachable line loses the datagram; the link repeats.
async fn transmit(socket: &UdpSocket, carrier: &mut Carrier, bytes: &[u8]) {
    let Some(address) = carrier.peers.address() else { return };
    // Logs are copied and shown; a key must not lie in one.
    if let Some(tlog) = carrier.tlog.as_mut().filter(|_| !is_secret(bytes)) {
        tlog.write(bytes);
    }
    if let Err(error) = socket.send_to(bytes, address).await {
        tracing::debug!(drone = %carrier.drone, %address, %error, "sending failed");
    }
}
