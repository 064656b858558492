//! The RTSP server: one listener for every camera, `rtsp://HOST:PORT/NAME/main` and `…/NAME/sub`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::answer::{self, Transport};
use crate::limits::{CONNECTIONS_MAX, IDLE_MAX};
use crate::player::{self, Way, Writer};
use crate::request::{Request, take_request};
use crate::rtp::Packetizer;
use crate::stream::{CameraStream, Which};

/// The server could not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve RTSP on {bind}")]
pub struct ServeError {
    bind: SocketAddr,
    #[source]
    source: std::io::Error,
}

type Cameras = Arc<BTreeMap<String, CameraStream>>;

/// A running server; it stops when dropped.
#[derive(Debug)]
pub struct RtspServer {
    address: SocketAddr,
    /// Until when its cameras have no power.
    dark_until: watch::Sender<Option<Instant>>,
    task: JoinHandle<()>,
}

impl RtspServer {
    /// Serves these cameras by name. Port 0 takes any that is free.
    pub async fn start(bind: SocketAddr, cameras: BTreeMap<String, CameraStream>) -> Result<Self, ServeError> {
        let failed = |source| ServeError { bind, source };
        let listener = TcpListener::bind(bind).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (dark_until, dark) = watch::channel(None);
        let task = tokio::spawn(accept(listener, Arc::new(cameras), dark));
        Ok(Self { address, dark_until, task })
    }

    /// The cameras lose their power for so long: every connection breaks off, and no new one is answered.
    pub fn lose_power(&self, for_: Duration) {
        self.dark_until.send_replace(Some(Instant::now() + for_));
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for RtspServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, cameras: Cameras, mut dark: watch::Receiver<Option<Instant>>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // Connections end with the server, as when a camera loses its power.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
            Ok(()) = dark.changed() => {
                connections.abort_all();
                continue;
            }
        };
        if dark.borrow().is_some_and(|until| Instant::now() < until) {
            continue;
        }
        let Ok(place) = places.clone().try_acquire_owned() else {
            tracing::warn!("more than {CONNECTIONS_MAX} RTSP connections; one is refused");
            continue;
        };
        let cameras = cameras.clone();
        connections.spawn(async move {
            if let Err(error) = Connection::serve(stream, &cameras).await {
                tracing::debug!(error = %error, "an RTSP connection ended");
            }
            drop(place);
        });
    }
}

struct Connection<'a> {
    cameras: &'a Cameras,
    writer: Writer,
    addresses: (SocketAddr, SocketAddr),
    prepared: Option<(CameraStream, Which, Way)>,
    playing: Option<JoinHandle<()>>,
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        if let Some(playing) = self.playing.take() {
            playing.abort();
        }
    }
}

impl<'a> Connection<'a> {
    async fn serve(stream: TcpStream, cameras: &'a Cameras) -> Ended {
        stream.set_nodelay(true)?;
        let addresses = (stream.local_addr()?, stream.peer_addr()?);
        let (reader, writer) = stream.into_split();
        let writer = Arc::new(Mutex::new(writer));
        let mut connection = Self { cameras, writer, addresses, prepared: None, playing: None };
        connection.converse(reader).await
    }

    async fn converse(&mut self, mut reader: OwnedReadHalf) -> Ended {
        let mut buffer = Vec::new();
        loop {
            while let Some(request) = take_request(&mut buffer)? {
                let teardown = request.method == "TEARDOWN";
                let text = self.answer(&request).await?;
                self.writer.lock().await.write_all(text.as_bytes()).await?;
                if teardown {
                    return Ok(());
                }
                self.begin_playing(&request);
            }
            let read = timeout(IDLE_MAX, reader.read_buf(&mut buffer)).await;
            match read {
                Ok(Ok(0)) => return Ok(()),
                Ok(read) => drop(read?),
                // Whoever takes pictures over this connection is there, even in silence.
                Err(_) if self.playing.as_ref().is_some_and(|playing| !playing.is_finished()) => {}
                Err(_) => return Ok(()),
            }
        }
    }

    async fn answer(&mut self, request: &Request) -> Ended<String> {
        Ok(match request.method.as_str() {
            "OPTIONS" => {
                answer::ok(request, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN\r\n", "")
            }
            "DESCRIBE" => match self.stream(request) {
                Some((camera, which)) => {
                    let base = format!("Content-Base: {}/\r\nContent-Type: application/sdp\r\n", request.url.trim_end_matches('/'));
                    answer::ok(request, &base, &answer::description(camera.parameter_sets(which)))
                }
                None => answer::failed(request, "404 Not Found"),
            },
            "SETUP" => self.set_up(request).await?,
            "PLAY" if self.prepared.is_some() => answer::ok(request, &format!("{}Range: npt=0-\r\n", answer::session()), ""),
            "PLAY" => answer::failed(request, "455 Method Not Valid in This State"),
            "GET_PARAMETER" | "SET_PARAMETER" | "TEARDOWN" => answer::ok(request, &answer::session(), ""),
            _ => answer::failed(request, "501 Not Implemented"),
        })
    }

    async fn set_up(&mut self, request: &Request) -> Ended<String> {
        let Some((camera, which)) = self.stream(request) else { return Ok(answer::failed(request, "404 Not Found")) };
        let Some(wanted): Option<Transport> = answer::transport(&request.transport) else {
            return Ok(answer::failed(request, "461 Unsupported Transport"));
        };
        let way = Way::open(wanted, &self.writer, self.addresses.0.ip(), self.addresses.1.ip()).await?;
        let headers = format!("{}{}", way.header()?, answer::session());
        self.prepared = Some((camera, which, way));
        Ok(answer::ok(request, &headers, ""))
    }

    /// After the answer to PLAY has left: pictures must not overtake it.
    fn begin_playing(&mut self, request: &Request) {
        if request.method != "PLAY" {
            return;
        }
        let Some((camera, which, way)) = self.prepared.take() else { return };
        let Some(pictures) = camera.play(which) else {
            return tracing::warn!(url = %request.url, "too many players; one gets no pictures");
        };
        let packetizer = Packetizer::new(u32::from(self.addresses.1.port()) << 8 | 1);
        self.playing = Some(tokio::spawn(player::play(way, packetizer, pictures)));
    }

    fn stream(&self, request: &Request) -> Option<(CameraStream, Which)> {
        let mut parts = request.path().split('/');
        let camera = self.cameras.get(parts.next()?)?.clone();
        match parts.next() {
            Some("main") | None => Some((camera, Which::Main)),
            Some("sub") => Some((camera, Which::Sub)),
            Some(_) => None,
        }
    }
}

/// How a connection ends: the fault of either side is only worth a line in the debug log.
type Ended<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
