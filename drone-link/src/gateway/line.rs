//! The line to a broker over MQTT 5: kept up, subscribed again after every loss. It carries bytes by topic and decides nothing; what
//! must not be lost is repeated by whoever says it.

use std::time::Duration;

use mqtt5::types::Message;
use mqtt5::{ConnectOptions, ConnectionEvent, MqttClient, PublishOptions, QoS, SubscribeOptions};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

/// Before a broker that cannot be reached is tried again.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// A broker that does not answer for so long is not there.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// Connecting and each publication may take so long; then the connection is made anew.
const PATIENCE: Duration = Duration::from_secs(5);
/// Messages on their way in and out; what finds no room is said again by its sender.
const QUEUE_MAX: usize = 256;

/// Which broker, and as whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerAddress {
    /// `mqtt://host:port` or `mqtts://host:port`.
    pub url: String,
    /// The name there, and the client id.
    pub user: String,
    /// A file with the password there; without it none is given.
    #[serde(default)]
    pub password_file: Option<std::path::PathBuf>,
}

impl BrokerAddress {
    /// Reads the password.
    pub fn login(self) -> std::io::Result<BrokerLogin> {
        let password = match &self.password_file {
            Some(path) => Some(std::fs::read_to_string(path)?.trim().to_owned()),
            None => None,
        };
        Ok(BrokerLogin { url: self.url, client_id: self.user.clone(), user: self.user, password })
    }
}

/// Which broker, and as whom, with the password itself.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerLogin {
    /// `mqtt://host:port` or `mqtts://host:port`.
    pub url: String,
    /// The name there.
    pub user: String,
    /// The session's name there; whoever comes with the same one takes it over.
    pub client_id: String,
    /// The password there, if any.
    pub password: Option<String>,
}

impl std::fmt::Debug for BrokerLogin {
    /// Without the password: what is debugged ends up in logs.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { url, user, client_id, password: _ } = self;
        formatter.debug_struct("BrokerLogin").field("url", url).field("user", user).field("client_id", client_id).finish()
    }
}

/// A message of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Carried {
    pub topic: String,
    pub payload: Vec<u8>,
    /// Kept by the broker for whoever comes later.
    pub retain: bool,
}

/// Our end of the line. The line ends when it is dropped.
#[derive(Debug)]
pub(super) struct Line {
    pub outgoing: mpsc::Sender<Carried>,
    pub incoming: mpsc::Receiver<Carried>,
    /// Counts the connections; 0 while there is none.
    pub connection: watch::Receiver<u64>,
}

impl Line {
    /// Starts connecting, and goes on until the line is dropped.
    pub fn start(login: BrokerLogin, filters: Vec<String>) -> Self {
        let (outgoing, to_send) = mpsc::channel(QUEUE_MAX);
        let (heard, incoming) = mpsc::channel(QUEUE_MAX);
        let (connected, connection) = watch::channel(0);
        tokio::spawn(Keeper { login, filters, to_send, heard, connected }.run());
        Self { outgoing, incoming, connection }
    }
}

struct Keeper {
    login: BrokerLogin,
    filters: Vec<String>,
    to_send: mpsc::Receiver<Carried>,
    heard: mpsc::Sender<Carried>,
    connected: watch::Sender<u64>,
}

impl Keeper {
    async fn run(mut self) {
        let mut count = 0;
        let mut told = false;
        while !self.heard.is_closed() {
            let (lost, mut losing) = watch::channel(false);
            match timeout(PATIENCE, self.connect(lost)).await {
                Ok(Ok(client)) => {
                    tracing::info!(url = %self.login.url, "connected to the MQTT broker");
                    told = false;
                    count += 1;
                    self.connected.send_replace(count);
                    self.carry(&client, &mut losing).await;
                    self.connected.send_replace(0);
                    // The connection may be gone already, or not answer any more.
                    let _ = timeout(PATIENCE, client.disconnect()).await;
                }
                failed => {
                    let error = failed
                        .map_or_else(|_| "no answer".to_owned(), |failed| failed.err().map_or_else(String::new, |e| e.to_string()));
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(url = %self.login.url, error, "no connection to the MQTT broker; trying again");
                    }
                }
            }
            tokio::time::sleep(RECONNECT_PAUSE).await;
        }
    }

    async fn connect(&self, lost: watch::Sender<bool>) -> mqtt5::Result<MqttClient> {
        let mut options = ConnectOptions::new(self.login.client_id.clone())
            // Nothing waits at the broker: an order of an hour ago must not come out of it.
            .with_clean_start(true)
            .with_keep_alive(KEEP_ALIVE)
            // We reconnect ourselves, with a fresh client, so that the subscriptions are surely there.
            .with_automatic_reconnect(false);
        if let Some(password) = &self.login.password {
            options = options.with_credentials(self.login.user.clone(), password.as_bytes());
        }
        let client = MqttClient::with_options(options);
        client
            .on_connection_event(move |event| {
                if matches!(event, ConnectionEvent::Disconnected { .. }) {
                    lost.send_replace(true);
                }
            })
            .await?;
        client.connect(&self.login.url).await?;
        for filter in &self.filters {
            let heard = self.heard.clone();
            let options = SubscribeOptions { qos: QoS::AtLeastOnce, ..SubscribeOptions::default() };
            let take = move |message: Message| {
                let carried = Carried { topic: message.topic, payload: message.payload, retain: message.retain };
                if heard.try_send(carried).is_err() {
                    tracing::debug!("a message found no room; its sender says it again");
                }
            };
            client.subscribe_with_options(filter.clone(), options, take).await?;
        }
        Ok(client)
    }

    /// Publishes until the connection is lost, or nobody needs it any more.
    async fn carry(&mut self, client: &MqttClient, losing: &mut watch::Receiver<bool>) {
        loop {
            let next = tokio::select! {
                _ = losing.changed() => return,
                next = self.to_send.recv() => next,
            };
            let Some(Carried { topic, payload, retain }) = next else { return };
            let options = PublishOptions { qos: QoS::AtMostOnce, retain, ..PublishOptions::default() };
            match timeout(PATIENCE, client.publish_with_options(topic, payload, options)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return tracing::warn!(%error, "could not publish; connecting anew"),
                Err(_) => return tracing::warn!("the MQTT broker does not answer; connecting anew"),
            }
        }
    }
}
