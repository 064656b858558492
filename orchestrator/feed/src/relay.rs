//! The socket round [`Viewers`]: one UDP socket for all, and a subscription for each stream that somebody watches. A thin shell.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use flight_types::{AccountId, DroneId};
use futures_util::FutureExt;
use tokio::net::UdpSocket;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::limits::{COMMANDS_WAITING_MAX, DATAGRAM_BYTES_MAX, DATAGRAMS_AT_ONCE_MAX, PICTURES_WAITING_MAX};
use crate::source::{Feeds, Subscription};
use crate::unit::AccessUnit;
use crate::viewers::{AdmitError, Ended, StreamKey, ViewerId, Viewers};

/// Where the relay listens and how peers reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelaySettings {
    /// The one UDP socket.
    pub bind: SocketAddr,
    /// Addresses under which viewers reach it, when that is not where it listens: behind a router, or on all interfaces.
    pub advertised: Vec<SocketAddr>,
}

/// The relay could not start, or has stopped.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The socket.
    #[error("cannot send pictures from {bind}")]
    Bind {
        /// Where.
        bind: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It has stopped.
    #[error("no pictures are sent any more")]
    Stopped,
    /// The offer.
    #[error(transparent)]
    Admit(#[from] AdmitError),
}

enum Command {
    Admit { account: AccountId, drone: DroneId, offer: String, answer: oneshot::Sender<Result<(ViewerId, String), AdmitError>> },
    Candidate { viewer: ViewerId, text: String, answer: oneshot::Sender<Result<(), AdmitError>> },
    End { viewer: ViewerId },
    Count { answer: oneshot::Sender<(usize, usize)> },
}

/// Sends pictures to viewers; cheap to clone. It ends with its last handle.
#[derive(Debug, Clone)]
pub struct Relay {
    commands: mpsc::Sender<Command>,
    ended: broadcast::Sender<(ViewerId, Ended)>,
    address: SocketAddr,
    _task: Arc<Task>,
}

#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Relay {
    /// Opens the socket.
    pub async fn start(settings: RelaySettings, feeds: Feeds) -> Result<Self, RelayError> {
        let failed = |source| RelayError::Bind { bind: settings.bind, source };
        let socket = UdpSocket::bind(settings.bind).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let advertised = if settings.advertised.is_empty() { vec![address] } else { settings.advertised };
        let (commands, queue) = mpsc::channel(COMMANDS_WAITING_MAX);
        let ended = broadcast::Sender::new(COMMANDS_WAITING_MAX);
        let (pictures, waiting) = mpsc::channel(PICTURES_WAITING_MAX);
        let shell = Shell {
            socket: Arc::new(socket),
            viewers: Viewers::new(address, advertised),
            feeds,
            carriers: BTreeMap::new(),
            pictures,
            ended: ended.clone(),
        };
        let task = tokio::spawn(shell.run(queue, waiting));
        Ok(Self { commands, ended, address, _task: Arc::new(Task(task)) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers an offer. Whoever calls has made sure that the account may see this aircraft's picture.
    pub async fn admit(&self, account: AccountId, drone: DroneId, offer: String) -> Result<(ViewerId, String), RelayError> {
        let (answer, answered) = oneshot::channel();
        self.command(Command::Admit { account, drone, offer, answer }).await?;
        Ok(answered.await.map_err(|_| RelayError::Stopped)??)
    }

    /// Adds a candidate that a viewer found later.
    pub async fn candidate(&self, viewer: ViewerId, text: String) -> Result<(), RelayError> {
        let (answer, answered) = oneshot::channel();
        self.command(Command::Candidate { viewer, text, answer }).await?;
        Ok(answered.await.map_err(|_| RelayError::Stopped)??)
    }

    /// Ends a viewing; one that is over already stays so.
    pub async fn end(&self, viewer: ViewerId) -> Result<(), RelayError> {
        self.command(Command::End { viewer }).await
    }

    /// How many viewings there are, and how many of them are connected.
    pub async fn count(&self) -> Result<(usize, usize), RelayError> {
        let (answer, answered) = oneshot::channel();
        self.command(Command::Count { answer }).await?;
        answered.await.map_err(|_| RelayError::Stopped)
    }

    /// Viewings that end from now on.
    pub fn ended(&self) -> broadcast::Receiver<(ViewerId, Ended)> {
        self.ended.subscribe()
    }

    async fn command(&self, command: Command) -> Result<(), RelayError> {
        self.commands.send(command).await.map_err(|_| RelayError::Stopped)
    }
}

struct Shell {
    socket: Arc<UdpSocket>,
    viewers: Viewers,
    feeds: Feeds,
    carriers: BTreeMap<StreamKey, JoinHandle<()>>,
    pictures: mpsc::Sender<(StreamKey, Arc<AccessUnit>)>,
    ended: broadcast::Sender<(ViewerId, Ended)>,
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.carriers.values().for_each(JoinHandle::abort);
    }
}

impl Shell {
    /// Until the last handle is gone. A fault of ours in here must not take the pictures of every incident with it: viewers begin anew.
    async fn run(mut self, mut commands: mpsc::Receiver<Command>, mut pictures: mpsc::Receiver<(StreamKey, Arc<AccessUnit>)>) {
        while AssertUnwindSafe(self.serve(&mut commands, &mut pictures)).catch_unwind().await.is_err() {
            tracing::error!("the sending of pictures failed; every viewer begins anew");
            metrics::counter!("feed_relay_failures").increment(1);
            self.viewers = self.viewers.emptied();
        }
    }

    async fn serve(&mut self, commands: &mut mpsc::Receiver<Command>, pictures: &mut mpsc::Receiver<(StreamKey, Arc<AccessUnit>)>) {
        let socket = self.socket.clone();
        loop {
            let until = tokio::time::Instant::from_std(self.viewers.timeout(Instant::now()));
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => return,
                },
                Some((stream, unit)) = pictures.recv() => self.viewers.picture(&stream, &unit, Instant::now()),
                readable = socket.readable() => if readable.is_ok() { self.receive(&socket) },
                () = tokio::time::sleep_until(until) => self.viewers.time(Instant::now()),
            }
            self.send(&socket).await;
            self.carry_what_is_watched();
            for ended in self.viewers.ended() {
                tracing::debug!(viewer = %ended.0, why = ?ended.1, "a viewing ended");
                // Nobody listening is fine.
                let _ = self.ended.send(ended);
            }
        }
    }

    fn command(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Admit { account, drone, offer, answer } => {
                let admitted = self.viewers.admit(&account, &drone, self.feeds.has_sub(&drone), &offer, now);
                // Whoever asked may have given up; the viewing then runs out by itself.
                let _ = answer.send(admitted);
            }
            Command::Candidate { viewer, text, answer } => drop(answer.send(self.viewers.candidate(&viewer, &text, now))),
            Command::End { viewer } => self.viewers.end(&viewer),
            Command::Count { answer } => drop(answer.send(self.viewers.count())),
        }
    }

    fn receive(&mut self, socket: &UdpSocket) {
        let mut buffer = [0; DATAGRAM_BYTES_MAX];
        for _ in 0..DATAGRAMS_AT_ONCE_MAX {
            match socket.try_recv_from(&mut buffer) {
                Ok((length, from)) => self.viewers.receive(from, &buffer[..length], Instant::now()),
                // Nothing more, or the echo of a datagram that could not be delivered.
                Err(_) => return,
            }
        }
    }

    async fn send(&mut self, socket: &UdpSocket) {
        for (to, datagram) in self.viewers.transmits() {
            // A datagram that cannot be sent is a lost one; the protocol repeats what matters.
            let _ = socket.send_to(&datagram, to).await;
        }
    }

    fn carry_what_is_watched(&mut self) {
        let watched = self.viewers.streams();
        self.carriers.retain(|stream, carrier| {
            let keep = watched.contains(stream) && !carrier.is_finished();
            if !keep {
                carrier.abort();
            }
            keep
        });
        for stream in watched {
            if !self.carriers.contains_key(&stream)
                && let Some(source) = self.feeds.source(&stream.0, stream.1)
            {
                let carrier = carry(stream.clone(), source.subscribe(), self.pictures.clone());
                self.carriers.insert(stream, tokio::spawn(carrier));
            }
        }
        metrics::gauge!("feed_viewers").set(self.viewers.count().0 as f64);
    }
}

async fn carry(stream: StreamKey, mut pictures: Subscription, to: mpsc::Sender<(StreamKey, Arc<AccessUnit>)>) {
    while let Some(unit) = pictures.next().await {
        if to.send((stream.clone(), unit)).await.is_err() {
            return;
        }
    }
}
