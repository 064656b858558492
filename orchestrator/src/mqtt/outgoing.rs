//! Publications on their way to the broker: in order on each topic, side by side on different ones.
//!
//! Each publication waits for the broker's acknowledgement. One after the other, a few thousand a second would be the end, and an
//! offer would wait for every line of every timeline before it. So what somebody must act on goes first, and waits for room however
//! long that takes; what only shows what happened comes after it, and is left out, and counted, when even that queue is full.

use std::hash::{DefaultHasher, Hash, Hasher};

use mqtt5::{MqttClient, PublishOptions, QoS};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::outbound::Publication;
use crate::limits;

/// Where publications are queued; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    lanes: Vec<Entrances>,
}

#[derive(Debug, Clone)]
struct Entrances {
    urgent: mpsc::Sender<Publication>,
    ordinary: mpsc::Sender<Publication>,
}

/// The publications of some topics, one after the other.
#[derive(Debug)]
pub(super) struct OutgoingLane {
    urgent: mpsc::Receiver<Publication>,
    ordinary: mpsc::Receiver<Publication>,
    /// Taken from the queue and not acknowledged yet: it waits for the next connection.
    waiting: Option<Publication>,
}

/// The queue and its lanes.
pub(super) fn outgoing() -> (Outgoing, Vec<OutgoingLane>) {
    let lane = |_| {
        let (urgent, urgent_queue) = mpsc::channel(limits::MQTT_OUTGOING_MAX / limits::MQTT_LANES);
        let (ordinary, ordinary_queue) = mpsc::channel(limits::MQTT_ORDINARY_MAX / limits::MQTT_LANES);
        (Entrances { urgent, ordinary }, OutgoingLane { urgent: urgent_queue, ordinary: ordinary_queue, waiting: None })
    };
    let (lanes, queues) = (0..limits::MQTT_LANES).map(lane).unzip();
    (Outgoing { lanes }, queues)
}

impl Outgoing {
    /// Queues a publication behind those of the same topic, waiting for room where somebody must act on it.
    pub async fn send(&self, publication: Publication) {
        let lane = &self.lanes[lane_of(&publication.topic, self.lanes.len())];
        // The queues are gone only while the server stops.
        if publication.urgent {
            let _ = lane.urgent.send(publication).await;
        } else if let Err(mpsc::error::TrySendError::Full(_)) = lane.ordinary.try_send(publication) {
            metrics::counter!("mqtt_publications_missed").increment(1);
        }
    }
}

impl OutgoingLane {
    /// Publishes until the connection is lost, which it tells the other lanes when it sees it first, or the server stops.
    pub async fn carry(&mut self, client: &MqttClient, lost: &CancellationToken, stop: &CancellationToken) {
        loop {
            if let Some(publication) = &self.waiting {
                tokio::select! {
                    published = publish(client, publication) => if let Err(error) = published {
                        tracing::warn!(topic = %publication.topic, error = %error, "could not publish; reconnecting");
                        return lost.cancel();
                    },
                    () = lost.cancelled() => return,
                }
                self.waiting = None;
            }
            tokio::select! {
                biased;
                () = lost.cancelled() => return,
                next = self.urgent.recv() => match next {
                    Some(publication) => self.waiting = Some(publication),
                    None => return,
                },
                next = self.ordinary.recv() => match next {
                    Some(publication) => self.waiting = Some(publication),
                    None => return,
                },
                () = stop.cancelled() => return self.flush(client).await,
            }
        }
    }

    /// What is queued when the server stops still goes out, if it goes out at once.
    async fn flush(&mut self, client: &MqttClient) {
        while let Ok(publication) = self.urgent.try_recv().or_else(|_| self.ordinary.try_recv()) {
            if let Err(error) = publish(client, &publication).await {
                tracing::warn!(topic = %publication.topic, error = %error, "could not publish while stopping");
                return;
            }
        }
    }
}

async fn publish(client: &MqttClient, publication: &Publication) -> mqtt5::Result<()> {
    let payload = serde_json::to_vec(&publication.payload).expect("a JSON value");
    let options = PublishOptions { qos: QoS::AtLeastOnce, retain: publication.retain, ..PublishOptions::default() };
    client.publish_with_options(publication.topic.clone(), payload, options).await.map(drop)
}

/// The lane of a topic, or of all topics of a device.
pub(super) fn lane_of(topic: &str, lanes: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    topic.hash(&mut hasher);
    usize::try_from(hasher.finish() % lanes as u64).unwrap_or(0)
}
