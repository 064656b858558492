//! The MQTT broker inside the server, for sites that run none of their own.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use flight_types::StationId;
use mqtt5::broker::auth::{AuthProvider, AuthResult};
use mqtt5::broker::config::{StorageBackend, StorageConfig, WebSocketConfig};
use mqtt5::broker::server::BrokerShutdownHandle;
use mqtt5::broker::{BrokerConfig, MqttBroker};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::protocol::v5::reason_codes::ReasonCode;
use tokio::task::JoinHandle;

use super::access::{Identities, Identity};
use super::connections::Connections;
use super::topics::Topics;
use crate::limits;

/// The name under which the server is a client of its own broker. No device can take it: it holds a character that ids cannot.
pub(crate) const SERVER_USER: &str = "server:";
/// A station's gateway signs in as this and its station's id. No device can take such a name either.
const GATEWAY_USER: &str = "station:";

/// Why the broker did not start.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The library's own words: an address in use, a storage folder that cannot be written.
    #[error("the MQTT broker cannot start on {bind}: {reason}")]
    Start {
        /// Where it should listen.
        bind: SocketAddr,
        /// Why not.
        reason: String,
    },
}

/// How to run the broker.
pub struct BrokerSettings {
    /// Where to listen.
    pub bind: SocketAddr,
    /// Where to take MQTT over WebSocket, if at all.
    pub websocket_bind: Option<SocketAddr>,
    /// Where sessions and retained messages are kept.
    pub storage_dir: PathBuf,
    /// Clients at once.
    pub clients_max: usize,
    /// Which topics there are.
    pub topics: Topics,
    /// Who may connect.
    pub identities: Arc<dyn Identities>,
    /// The server's own password, made anew at each start.
    pub server_secret: String,
    /// The passwords of stations' gateways.
    pub gateways: BTreeMap<StationId, String>,
}

/// A running broker.
pub struct EmbeddedBroker {
    addr: SocketAddr,
    handle: BrokerShutdownHandle,
    join: JoinHandle<()>,
    following: JoinHandle<()>,
}

impl EmbeddedBroker {
    /// Starts listening.
    pub async fn start(settings: BrokerSettings) -> Result<Self, BrokerError> {
        let bind = settings.bind;
        let failed = |reason: String| BrokerError::Start { bind, reason };
        let connections = Arc::new(Connections::default());
        let door = Door {
            topics: settings.topics.clone(),
            identities: settings.identities.clone(),
            secret: settings.server_secret.clone(),
            gateways: settings.gateways.clone(),
            connections: connections.clone(),
        };
        let revocations = settings.identities.revocations();
        let mut broker = MqttBroker::with_config(config(&settings).with_event_handler(connections.clone()))
            .await
            .map_err(|error| failed(error.to_string()))?
            .with_auth_provider(Arc::new(door));
        connections.over(broker.router());
        let addr = broker.local_addr().ok_or_else(|| failed("it has no address".to_owned()))?;
        let handle = broker.shutdown_handle();
        let mut ready = broker.ready_receiver();
        let join = tokio::spawn(async move {
            if let Err(error) = broker.run().await {
                tracing::error!(error = %error, "the MQTT broker stopped");
            }
        });
        let waiting = tokio::time::timeout(limits::BROKER_START_MAX, ready.wait_for(|ready| *ready)).await;
        match waiting {
            Ok(Ok(_)) => Ok(Self { addr, handle, join, following: tokio::spawn(connections.follow(revocations)) }),
            Ok(Err(_)) | Err(_) => Err(failed("it did not become ready".to_owned())),
        }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops it; sessions and retained messages stay on disk.
    pub async fn stop(self) {
        self.handle.shutdown();
        self.following.abort();
        if tokio::time::timeout(limits::BROKER_STOP_MAX, self.join).await.is_err() {
            tracing::warn!("the MQTT broker took too long to stop");
        }
    }
}

fn config(settings: &BrokerSettings) -> BrokerConfig {
    let storage = StorageConfig::new().with_backend(StorageBackend::File).with_base_dir(settings.storage_dir.clone());
    let config = BrokerConfig::default()
        .with_bind_address(settings.bind)
        .with_max_clients(settings.clients_max)
        .with_max_packet_size(limits::MQTT_PACKET_BYTES_MAX)
        .with_session_expiry(Duration::from_secs(u64::from(limits::MQTT_SESSION_S)))
        // Broker figures under $SYS are for nobody that connects here.
        .with_sys_topics_enabled(false)
        .with_storage(storage);
    match settings.websocket_bind {
        Some(bind) => config.with_websocket(WebSocketConfig::new().with_bind_address(bind).with_path("/mqtt").with_tls(false)),
        None => config,
    }
}

/// Who comes in and what they may do.
struct Door {
    topics: Topics,
    identities: Arc<dyn Identities>,
    secret: String,
    gateways: BTreeMap<StationId, String>,
    connections: Arc<Connections>,
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl Door {
    async fn identity(&self, user: &str, secret: &str) -> Option<Identity> {
        if user == SERVER_USER {
            return (secret == self.secret).then_some(Identity::Server);
        }
        if let Some(station) = user.strip_prefix(GATEWAY_USER) {
            let (station, wanted) = self.gateways.iter().find(|(known, _)| known.as_str() == station)?;
            return (secret == wanted).then(|| Identity::Station(station.clone()));
        }
        self.identities.authenticate(user, secret).await
    }
}

impl AuthProvider for Door {
    fn authenticate<'a>(&'a self, connect: &'a ConnectPacket, from: SocketAddr) -> Answer<'a, mqtt5::Result<AuthResult>> {
        Box::pin(async move {
            let user = connect.username.as_deref().unwrap_or_default();
            let secret = connect.password.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
            if !fits(&connect.client_id, user) {
                return Ok(AuthResult::fail_with_reason(
                    ReasonCode::ClientIdentifierNotValid,
                    "the client id must be the user name, or begin with it and a hyphen",
                ));
            }
            self.connections.asks(&connect.client_id);
            match self.identity(user, secret).await {
                Some(identity) => Ok(AuthResult::success_with_user(identity.word())),
                None => {
                    self.connections.answered(&connect.client_id);
                    metrics::counter!("mqtt_sign_ins_refused").increment(1);
                    tracing::warn!(user = %user.escape_debug(), from = %from, "MQTT sign-in refused");
                    Ok(AuthResult::fail(ReasonCode::BadUsernameOrPassword))
                }
            }
        })
    }

    fn authorize_publish<'a>(&'a self, _client: &str, user: Option<&'a str>, topic: &'a str) -> Answer<'a, bool> {
        let allowed = user.and_then(Identity::from_word).is_some_and(|who| who.may_publish(&self.topics, topic));
        Box::pin(std::future::ready(allowed))
    }

    fn authorize_subscribe<'a>(&'a self, _client: &str, user: Option<&'a str>, filter: &'a str) -> Answer<'a, bool> {
        let allowed = user.and_then(Identity::from_word).is_some_and(|who| who.may_subscribe(&self.topics, filter));
        Box::pin(std::future::ready(allowed))
    }
}

/// A client id names a session, and whoever comes with it takes the session over: nobody may come with another's. An empty one
/// is given a name by the broker.
fn fits(client_id: &str, user: &str) -> bool {
    let rest = client_id.strip_prefix(user).filter(|_| !user.is_empty());
    client_id.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
