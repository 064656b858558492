//! Publications on their way to the broker: in order on each topic, side by side on different ones.
//!
//! Each publication waits for the broker's acknowledgement. One after the other, a few thousand a second would be the end, and an
//! offer would wait for every line of every timeline before it. So what somebody must act on goes first, and waits for room however
//! long that takes; what only shows what happened comes after it, and is left out, and counted, when even that queue is full.
//!
//! What the broker is to keep for latecomers is sent twice: at once to whoever is there, and then, the newest of each topic only, to be
//! kept. A broker flushes what it keeps to its disk, one file after the other, and no offer may wait for that.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use mqtt5::{MqttClient, PublishOptions, QoS};
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};
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
    /// What the broker is still to keep, by topic.
    to_keep: BTreeMap<String, Value>,
}

/// The queue and its lanes.
pub(super) fn outgoing() -> (Outgoing, Vec<OutgoingLane>) {
    let lane = |_| {
        let (urgent, urgent_queue) = mpsc::channel(limits::MQTT_OUTGOING_MAX / limits::MQTT_OUTGOING_LANES);
        let (ordinary, ordinary_queue) = mpsc::channel(limits::MQTT_ORDINARY_MAX / limits::MQTT_OUTGOING_LANES);
        (
            Entrances { urgent, ordinary },
            OutgoingLane { urgent: urgent_queue, ordinary: ordinary_queue, waiting: None, to_keep: BTreeMap::new() },
        )
    };
    let (lanes, queues) = (0..limits::MQTT_OUTGOING_LANES).map(lane).unzip();
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
    /// Publishes until the connection is lost, which it tells the other lanes when it sees it first, or the server stops. A permit of
    /// `keepers` is needed to have something kept.
    pub async fn carry(&mut self, client: &MqttClient, keepers: &Semaphore, lost: &CancellationToken, stop: &CancellationToken) {
        loop {
            if self.waiting.is_some() && !self.until_lost(self.publish_waiting(client), lost).await {
                return;
            }
            self.note_published();
            tokio::select! {
                biased;
                () = lost.cancelled() => return,
                next = self.urgent.recv() => match next {
                    Some(publication) => self.waiting = Some(publication),
                    None => return,
                },
                Ok(_permit) = keepers.acquire(), if !self.to_keep.is_empty() => {
                    if !self.until_lost(self.keep_one(client), lost).await {
                        return;
                    }
                    self.to_keep.pop_first();
                }
                next = self.ordinary.recv() => match next {
                    Some(publication) => self.waiting = Some(publication),
                    None => return,
                },
                () = stop.cancelled() => return self.flush(client).await,
            }
        }
    }

    /// Whether it went out before the connection was lost.
    async fn until_lost(&self, publishing: impl Future<Output = mqtt5::Result<()>>, lost: &CancellationToken) -> bool {
        tokio::select! {
            published = publishing => match published {
                Ok(()) => true,
                Err(error) => {
                    tracing::warn!(error = %error, "could not publish; reconnecting");
                    lost.cancel();
                    false
                }
            },
            () = lost.cancelled() => false,
        }
    }

    async fn publish_waiting(&self, client: &MqttClient) -> mqtt5::Result<()> {
        match &self.waiting {
            Some(publication) => publish(client, &publication.topic, &publication.payload, false).await,
            None => Ok(()),
        }
    }

    async fn keep_one(&self, client: &MqttClient) -> mqtt5::Result<()> {
        match self.to_keep.first_key_value() {
            Some((topic, payload)) => publish(client, topic, payload, true).await,
            None => Ok(()),
        }
    }

    /// What was waiting is out; what is to be kept as well takes the place of what was to be kept before.
    fn note_published(&mut self) {
        if let Some(publication) = self.waiting.take().filter(|publication| publication.retain) {
            self.to_keep.insert(publication.topic, publication.payload);
        }
    }

    /// What is queued when the server stops still goes out, if it goes out at once.
    async fn flush(&mut self, client: &MqttClient) {
        while let Ok(publication) = self.urgent.try_recv().or_else(|_| self.ordinary.try_recv()) {
            self.waiting = Some(publication);
            if self.publish_waiting(client).await.is_err() {
                return tracing::warn!("could not publish while stopping");
            }
            self.note_published();
        }
        while !self.to_keep.is_empty() {
            if self.keep_one(client).await.is_err() {
                return tracing::warn!("could not publish while stopping");
            }
            self.to_keep.pop_first();
        }
    }
}

async fn publish(client: &MqttClient, topic: &str, payload: &Value, retain: bool) -> mqtt5::Result<()> {
    let payload = serde_json::to_vec(payload).expect("a JSON value");
    let options = PublishOptions { qos: QoS::AtLeastOnce, retain, ..PublishOptions::default() };
    client.publish_with_options(topic.to_owned(), payload, options).await.map(drop)
}

/// The lane of a topic, or of all topics of a device.
pub(super) fn lane_of(topic: &str, lanes: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    topic.hash(&mut hasher);
    usize::try_from(hasher.finish() % lanes as u64).unwrap_or(0)
}
