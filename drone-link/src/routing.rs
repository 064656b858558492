//! The router over real sockets and serial lines: what is read goes in, what waits goes out. It decides nothing; that is
//! `drone_link_proto::Router`.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use drone_link_proto::{EndpointCounts, EndpointId, EndpointRole, Router};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::serial::SerialLine;
use crate::{EndpointSpec, LinkError};

/// Bytes read at once.
const READ_BYTES: usize = 16 * 1024;
/// Frames taken from a queue at once; on a stream they leave in one piece.
const WRITE_FRAMES: usize = 256;
/// Before a connection or device that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Senders on one listening UDP socket; more come from somebody who makes up addresses.
const SENDERS_MAX: usize = 32;
/// A sender that was silent for so long makes room for another.
const SENDER_SILENCE: Duration = Duration::from_secs(60);
/// Connections to one listening TCP socket.
const CONNECTIONS_MAX: usize = 32;

/// The router with whoever waits for it.
#[derive(Debug)]
struct State {
    router: Router,
    waiting: BTreeMap<EndpointId, Arc<Notify>>,
}

/// A router that runs. Cheap to clone; it ends with its [`Routing`].
#[derive(Debug, Clone)]
pub struct Switchboard {
    state: Arc<Mutex<State>>,
    start: Instant,
}

impl Default for Switchboard {
    fn default() -> Self {
        let state = State { router: Router::new(), waiting: BTreeMap::new() };
        Self { state: Arc::new(Mutex::new(state)), start: Instant::now() }
    }
}

impl Switchboard {
    /// Nothing panics while it holds the lock; if something did, counts may be off by one, frames are whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A new endpoint, with what tells that frames wait for it.
    pub fn open(&self, role: EndpointRole) -> Plug {
        let mut state = self.state();
        let (id, waiting) = (state.router.open(role), Arc::new(Notify::new()));
        state.waiting.insert(id, waiting.clone());
        Plug { board: self.clone(), id, waiting }
    }

    /// What happened at every endpoint so far.
    pub fn counts(&self) -> Vec<(EndpointId, EndpointCounts)> {
        self.state().router.all_counts()
    }

    /// The system that a whole frame is for; 0 is everybody.
    pub fn target_system(&self, frame: &[u8]) -> u8 {
        self.state().router.target_system(frame)
    }

    /// Gives the control of an aircraft to whoever watches, or takes it back.
    pub fn hand_over(&self, system_id: u8, given: bool) {
        self.state().router.hand_over(system_id, given);
    }
}

/// One endpoint of a switchboard; closed when dropped.
#[derive(Debug)]
pub struct Plug {
    board: Switchboard,
    id: EndpointId,
    waiting: Arc<Notify>,
}

impl Drop for Plug {
    fn drop(&mut self) {
        let mut state = self.board.state();
        state.router.close(self.id);
        state.waiting.remove(&self.id);
    }
}

impl Plug {
    /// Takes bytes of a stream from this endpoint.
    pub fn receive(&self, bytes: &[u8]) {
        let now_ms = self.board.now_ms();
        let mut state = self.board.state();
        let reached = state.router.receive(self.id, bytes, now_ms);
        reached.iter().filter_map(|id| state.waiting.get(id)).for_each(|waiting| waiting.notify_one());
    }

    /// Takes a datagram from this endpoint.
    pub fn receive_datagram(&self, bytes: &[u8]) {
        let now_ms = self.board.now_ms();
        let mut state = self.board.state();
        let reached = state.router.receive_datagram(self.id, bytes, now_ms);
        reached.iter().filter_map(|id| state.waiting.get(id)).for_each(|waiting| waiting.notify_one());
    }

    /// Waits for frames that are to be sent here. Nothing is lost when the waiting is given up.
    pub async fn frames(&self) -> Vec<Arc<[u8]>> {
        loop {
            let frames = self.board.state().router.take_waiting(self.id, WRITE_FRAMES);
            if !frames.is_empty() {
                return frames;
            }
            self.waiting.notified().await;
        }
    }

    /// What happened here so far.
    pub fn counts(&self) -> EndpointCounts {
        self.board.state().router.counts(self.id).unwrap_or_default()
    }
}

/// Endpoints that are carried until this is dropped.
#[derive(Debug)]
pub struct Routing {
    board: Switchboard,
    tasks: JoinSet<()>,
}

impl Routing {
    /// Carries nothing yet.
    pub fn new(board: Switchboard) -> Self {
        Self { board, tasks: JoinSet::new() }
    }

    /// Opens an endpoint. Returns where it listens, or sends from; a device has no address.
    pub async fn open(&mut self, spec: &EndpointSpec, role: EndpointRole) -> Result<Option<SocketAddr>, LinkError> {
        let failed = |source| LinkError::Io { what: format!("endpoint {spec}"), source };
        let board = self.board.clone();
        match spec {
            EndpointSpec::UdpIn(address) => {
                let socket = UdpSocket::bind(address).await.map_err(failed)?;
                let local = socket.local_addr().map_err(failed)?;
                self.tasks.spawn(listen_udp(Arc::new(socket), board, role));
                Ok(Some(local))
            }
            EndpointSpec::UdpOut(address) => {
                let any: SocketAddr = if address.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
                let socket = UdpSocket::bind(any).await.map_err(failed)?;
                socket.connect(address).await.map_err(failed)?;
                let local = socket.local_addr().map_err(failed)?;
                let plug = board.open(role);
                self.tasks.spawn(async move { send_udp(socket, plug).await });
                Ok(Some(local))
            }
            EndpointSpec::TcpIn(address) => {
                let listener = TcpListener::bind(address).await.map_err(failed)?;
                let local = listener.local_addr().map_err(failed)?;
                self.tasks.spawn(listen_tcp(listener, board, role));
                Ok(Some(local))
            }
            EndpointSpec::TcpOut(address) => {
                let address = *address;
                self.tasks.spawn(keep_up(board, role, format!("{spec}"), move || async move {
                    let stream = TcpStream::connect(address).await?;
                    stream.set_nodelay(true)?;
                    Ok(stream)
                }));
                Ok(None)
            }
            EndpointSpec::Serial { path, baud } => {
                let (path, baud) = (path.clone(), *baud);
                self.tasks.spawn(keep_up(board, role, format!("{spec}"), move || {
                    let opened = SerialLine::open(&path, baud);
                    async move { opened }
                }));
                Ok(None)
            }
        }
    }
}

/// Opens a stream again and again, and carries it until it ends.
async fn keep_up<S, F>(board: Switchboard, role: EndpointRole, name: String, mut open: impl FnMut() -> F)
where
    S: AsyncRead + AsyncWrite + Send,
    F: Future<Output = io::Result<S>> + Send,
{
    let mut told = false;
    loop {
        match open().await {
            Ok(stream) => {
                tracing::info!(endpoint = %name, "open");
                let error = carry(stream, &board.open(role)).await;
                tracing::warn!(endpoint = %name, %error, "ended; trying again");
                told = false;
            }
            Err(error) if told => tracing::debug!(endpoint = %name, %error, "still not there"),
            Err(error) => {
                tracing::warn!(endpoint = %name, %error, "not there; trying again");
                told = true;
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Carries a stream until one of its ways ends; why it did.
async fn carry<S: AsyncRead + AsyncWrite>(stream: S, plug: &Plug) -> io::Error {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let reading = async {
        let mut buffer = vec![0; READ_BYTES];
        loop {
            match reader.read(&mut buffer).await {
                Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
                Ok(length) => plug.receive(&buffer[..length]),
                Err(error) => return error,
            }
        }
    };
    let writing = async {
        loop {
            if let Err(error) = writer.write_all(&plug.frames().await.concat()).await {
                return error;
            }
        }
    };
    tokio::select! {
        error = reading => error,
        error = writing => error,
    }
}

async fn listen_tcp(listener: TcpListener, board: Switchboard, role: EndpointRole) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, address)) if connections.len() < CONNECTIONS_MAX => {
                // Without it, small frames wait for each other; a line that cannot be told so still carries.
                let _ = stream.set_nodelay(true);
                let plug = board.open(role);
                connections.spawn(async move {
                    let error = carry(stream, &plug).await;
                    tracing::debug!(%address, %error, "a connection ended");
                });
            }
            Ok((_, address)) => tracing::warn!(%address, "refused: {CONNECTIONS_MAX} are connected"),
            Err(error) => {
                tracing::warn!(%error, "no connection could be taken");
                tokio::time::sleep(RETRY).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn send_udp(socket: UdpSocket, plug: Plug) {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        tokio::select! {
            received = socket.recv(&mut buffer) => match received {
                Ok(length) => plug.receive_datagram(&buffer[..length]),
                // Nobody is there yet. Whoever comes is sent to all the same.
                Err(error) => tracing::debug!(%error, "receiving failed"),
            },
            frames = plug.frames() => for frame in frames {
                if let Err(error) = socket.send(&frame).await {
                    tracing::debug!(%error, "sending failed");
                }
            },
        }
    }
}

/// One sender on a listening socket.
struct Heard {
    plug: Arc<Plug>,
    last: Instant,
    _writer: JoinSet<()>,
}

async fn listen_udp(socket: Arc<UdpSocket>, board: Switchboard, role: EndpointRole) {
    let mut senders: BTreeMap<SocketAddr, Heard> = BTreeMap::new();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let (length, address) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            Err(error) => {
                // A peer that is gone answers a datagram with an error; it says nothing about the others.
                tracing::debug!(%error, "receiving failed");
                continue;
            }
        };
        if !senders.contains_key(&address) {
            senders.retain(|_, heard| heard.last.elapsed() < SENDER_SILENCE);
            if senders.len() >= SENDERS_MAX {
                tracing::debug!(%address, "refused: {SENDERS_MAX} senders are heard");
                continue;
            }
            senders.insert(address, hear(&socket, &board, role, address));
        }
        if let Some(heard) = senders.get_mut(&address) {
            heard.last = Instant::now();
            heard.plug.receive_datagram(&buffer[..length]);
        }
    }
}

fn hear(socket: &Arc<UdpSocket>, board: &Switchboard, role: EndpointRole, address: SocketAddr) -> Heard {
    let plug = Arc::new(board.open(role));
    let mut writer = JoinSet::new();
    let (socket, waiting) = (socket.clone(), plug.clone());
    writer.spawn(async move {
        loop {
            for frame in waiting.frames().await {
                if let Err(error) = socket.send_to(&frame, address).await {
                    tracing::debug!(%address, %error, "sending failed");
                }
            }
        }
    });
    Heard { plug, last: Instant::now(), _writer: writer }
}
