//! The server's connection to a broker: kept up, subscribed again after every loss, nothing acknowledged before it is done.

use std::sync::Arc;

use futures_util::future::join_all;
use mqtt5::packet::publish::PublishPacket;
use mqtt5::{AckToken, ConnectOptions, ConnectionEvent, MqttClient, QoS, SubscribeOptions};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::inbound::{Desk, Inbound};
use super::outbound::{Outbound, Publication};
use super::outgoing::{self, Outgoing, OutgoingLane};
use super::topics::Topics;
use crate::effects::Notices;
use crate::engine::Engine;
use crate::limits;
use crate::live::{Live, LiveChange};

/// Which broker, as whom, and what it connects.
pub struct BridgeSettings {
    /// `mqtt://host:port` or `mqtts://host:port`.
    pub url: String,
    /// The server's name there.
    pub user: String,
    /// The server's password there.
    pub secret: String,
    /// Which topics there are.
    pub topics: Topics,
    /// Takes what devices ask.
    pub desk: Arc<dyn Desk>,
}

/// What is published, and what arrives.
pub struct Bridge {
    settings: BridgeSettings,
    engine: Engine,
    live: Live,
    notices: Notices,
}

/// A running bridge.
pub struct BridgeTask {
    stop: CancellationToken,
    join: JoinHandle<()>,
    connected: watch::Receiver<bool>,
}

impl BridgeTask {
    /// Publishes what is queued, then leaves the broker.
    pub async fn stop(self) {
        self.stop.cancel();
        if tokio::time::timeout(limits::BRIDGE_STOP_MAX, self.join).await.is_err() {
            tracing::warn!("the MQTT bridge took too long to stop");
        }
    }

    /// Whether it is connected and subscribed; changes are seen by `changed`.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.connected.clone()
    }
}

/// A message that waits for its handling, and the acknowledgement that waits with it.
struct Arrived {
    topic: String,
    payload: Vec<u8>,
    token: AckToken,
}

impl Bridge {
    /// A bridge between the broker of `settings` and these parts.
    pub fn new(settings: BridgeSettings, engine: Engine, live: Live, notices: Notices) -> Self {
        Self { settings, engine, live, notices }
    }

    /// Starts connecting; goes on until stopped.
    pub fn start(self) -> BridgeTask {
        let stop = CancellationToken::new();
        let (connected, connection) = watch::channel(false);
        let (outgoing, outgoing_lanes) = outgoing::outgoing();
        tokio::spawn(observe(
            Outbound::new(self.settings.topics.clone()),
            self.engine.clone(),
            self.live.clone(),
            self.notices.clone(),
            outgoing.clone(),
        ));
        let inbound = Arc::new(Inbound {
            topics: self.settings.topics.clone(),
            engine: self.engine.clone(),
            live: self.live.clone(),
            desk: self.settings.desk.clone(),
        });
        let lanes = lanes(&inbound, &outgoing);
        let session = Session { settings: self.settings, lanes, connected };
        let join = tokio::spawn(session.keep_up(outgoing_lanes, stop.clone()));
        BridgeTask { stop, join, connected: connection }
    }
}

/// Messages of one device are handled in order, those of different devices side by side.
fn lanes(inbound: &Arc<Inbound>, outgoing: &Outgoing) -> Vec<mpsc::UnboundedSender<Arrived>> {
    let lane = |_| {
        // Bounded by the receive maximum: the broker sends no more until earlier messages are acknowledged.
        let (sender, mut arrivals) = mpsc::unbounded_channel::<Arrived>();
        let (inbound, outgoing) = (inbound.clone(), outgoing.clone());
        tokio::spawn(async move {
            while let Some(arrived) = arrivals.recv().await {
                let reply = inbound.handle(&arrived.topic, &arrived.payload).await;
                arrived.token.ack();
                if let Some(reply) = reply {
                    outgoing.send(Publication { topic: reply.topic, payload: reply.body, retain: false, urgent: true }).await;
                }
            }
        });
        sender
    };
    (0..limits::MQTT_LANES).map(lane).collect()
}

/// Watches what happens and queues what the broker must carry. After falling behind, everything that stands is published again.
async fn observe(mut outbound: Outbound, engine: Engine, live: Live, notices: Notices, outgoing: Outgoing) {
    let (mut steps, mut told, mut changes) = (engine.subscribe(), notices.subscribe(), live.subscribe());
    let mut missed = true;
    loop {
        if missed {
            publish_all(&outgoing, engine.read(|core| outbound.after_a_gap(core))).await;
            for notice in notices.pending().await.unwrap_or_default() {
                publish_all(&outgoing, engine.read(|core| outbound.notice(&notice, core))).await;
            }
        }
        let observed = tokio::select! {
            step = steps.recv() => received(step).map(|step| engine.read(|core| outbound.step(&step, core))),
            notice = told.recv() => received(notice).map(|notice| engine.read(|core| outbound.notice(&notice, core))),
            change = changes.recv() => match change {
                Ok(change) => Received::Value(changed(&mut outbound, &live, &change, engine.now_ms())),
                // Only aircraft are published from here, and each again with its next report, a moment later.
                Err(RecvError::Lagged(_)) => Received::Value(Vec::new()),
                Err(RecvError::Closed) => Received::Ended,
            },
        };
        missed = matches!(observed, Received::Missed);
        match observed {
            Received::Value(publications) => publish_all(&outgoing, publications).await,
            Received::Missed => {}
            Received::Ended => return,
        }
    }
}

fn changed(outbound: &mut Outbound, live: &Live, change: &LiveChange, now_ms: i64) -> Vec<Publication> {
    match change {
        LiveChange::Drone(drone) => live.drone(drone).and_then(|drone| outbound.drone(&drone, now_ms)).into_iter().collect(),
        LiveChange::Guard(_) | LiveChange::Caller(_) => Vec::new(),
    }
}

enum Received<T> {
    Value(T),
    Missed,
    Ended,
}

impl<T> Received<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Received<U> {
        match self {
            Self::Value(value) => Received::Value(change(value)),
            Self::Missed => Received::Missed,
            Self::Ended => Received::Ended,
        }
    }
}

fn received<T>(result: Result<T, RecvError>) -> Received<T> {
    match result {
        Ok(value) => Received::Value(value),
        Err(RecvError::Lagged(count)) => {
            metrics::counter!("mqtt_publications_missed").increment(count);
            tracing::warn!(count, "the MQTT bridge fell behind; what stands is published again");
            Received::Missed
        }
        Err(RecvError::Closed) => Received::Ended,
    }
}

async fn publish_all(outgoing: &Outgoing, publications: Vec<Publication>) {
    for publication in publications {
        outgoing.send(publication).await;
    }
}

struct Session {
    settings: BridgeSettings,
    lanes: Vec<mpsc::UnboundedSender<Arrived>>,
    connected: watch::Sender<bool>,
}

impl Session {
    async fn keep_up(self, mut outgoing: Vec<OutgoingLane>, stop: CancellationToken) {
        let keepers = Semaphore::new(limits::MQTT_KEEPERS);
        while !stop.is_cancelled() {
            let lost = CancellationToken::new();
            match self.connect(lost.clone()).await {
                Ok(client) => {
                    self.connected.send_replace(true);
                    // What could not be published waits in its lane for the next connection.
                    join_all(outgoing.iter_mut().map(|lane| lane.carry(&client, &keepers, &lost, &stop))).await;
                    self.connected.send_replace(false);
                    // The connection may be gone already.
                    let _ = client.disconnect().await;
                }
                Err(error) => {
                    tracing::warn!(url = %self.settings.url, error = %error, "no connection to the MQTT broker; trying again");
                    tokio::select! {
                        () = tokio::time::sleep(limits::MQTT_RECONNECT_PAUSE) => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        }
    }

    async fn connect(&self, lost: CancellationToken) -> mqtt5::Result<MqttClient> {
        let options = ConnectOptions::new(self.settings.user.clone())
            .with_credentials(self.settings.user.clone(), self.settings.secret.as_bytes())
            .with_clean_start(false)
            .with_resume_existing_session(true)
            .with_session_expiry_interval(limits::MQTT_SESSION_S)
            .with_receive_maximum(limits::MQTT_UNACKNOWLEDGED_MAX)
            .with_keep_alive(limits::MQTT_KEEP_ALIVE)
            .with_deferred_ack(true)
            // We reconnect ourselves, with a fresh client, so that the subscriptions are surely there.
            .with_automatic_reconnect(false);
        let client = MqttClient::with_options(options);
        client
            .on_connection_event(move |event| {
                if matches!(event, ConnectionEvent::Disconnected { .. }) {
                    lost.cancel();
                }
            })
            .await?;
        for filter in self.settings.topics.inbound() {
            client.register_ack_callback(filter, self.callback()).await?;
        }
        client.connect(&self.settings.url).await?;
        for filter in self.settings.topics.inbound() {
            let options = SubscribeOptions { qos: QoS::AtLeastOnce, ..SubscribeOptions::default() };
            client.subscribe_with_ack(filter, options, self.callback()).await?;
        }
        tracing::info!(url = %self.settings.url, "connected to the MQTT broker");
        Ok(client)
    }

    fn callback(&self) -> impl Fn(PublishPacket, AckToken) + Send + Sync + 'static {
        let lanes = self.lanes.clone();
        move |packet, token| {
            metrics::counter!("mqtt_messages_received").increment(1);
            let lane = lane_of(&packet.topic_name, lanes.len());
            // Of one that is too long only so much is kept that it is seen to be.
            let kept = packet.payload.len().min(limits::MQTT_DEVICE_MESSAGE_BYTES_MAX + 1);
            let arrived = Arrived { payload: packet.payload[..kept].to_vec(), topic: packet.topic_name, token };
            // A lane ends only with the process.
            let _ = lanes[lane].send(arrived);
        }
    }
}

/// The lane of a device: by everything but the last level, so that its position and its replies keep their order.
fn lane_of(topic: &str, lanes: usize) -> usize {
    let device = topic.rsplit_once('/').map_or(topic, |(device, _)| device);
    outgoing::lane_of(device, lanes)
}
