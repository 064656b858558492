//! Binds, serves, drains.

use std::io;
use std::net::{SocketAddr, TcpListener};

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use tokio::task::JoinHandle;

use super::app::App;
use super::limits::DRAIN_TIME;

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Passwords and positions would travel in the clear.
    #[error("{0} is not a loopback address: plain HTTP is for this machine only; configure TLS")]
    PlainBeyondLoopback(SocketAddr),
    /// The address cannot be used.
    #[error("cannot listen on {address}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    app_stopping: tokio_util::sync::CancellationToken,
    handle: Handle<SocketAddr>,
    join: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Listens on `address` (port 0 picks a free one) and serves, over TLS when given.
    pub async fn start(app: App, address: SocketAddr, tls: Option<RustlsConfig>) -> Result<Self, ServeError> {
        if tls.is_none() && !address.ip().is_loopback() {
            return Err(ServeError::PlainBeyondLoopback(address));
        }
        let bind = |source| ServeError::Bind { address, source };
        let listener = TcpListener::bind(address).map_err(bind)?;
        listener.set_nonblocking(true).map_err(bind)?;
        let bound = listener.local_addr().map_err(bind)?;
        let (handle, app_stopping) = (Handle::new(), app.stopping().clone());
        let service = super::router(app).into_make_service_with_connect_info::<SocketAddr>();
        let join = match tls {
            Some(tls) => {
                let server = axum_server::from_tcp_rustls(listener, tls).map_err(bind)?.handle(handle.clone());
                tokio::spawn(server.serve(service))
            }
            None => {
                let server = axum_server::from_tcp(listener).map_err(bind)?.handle(handle.clone());
                tokio::spawn(server.serve(service))
            }
        };
        Ok(Self { address: bound, app_stopping, handle, join })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no new connections, lets requests under way finish, closes the live ones with a reason.
    pub async fn stop(self) {
        self.app_stopping.cancel();
        self.handle.graceful_shutdown(Some(DRAIN_TIME));
        match self.join.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the HTTP server ended with an error"),
            Err(error) => tracing::error!(%error, "the HTTP server ended by a panic"),
        }
    }
}
