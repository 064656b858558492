//! A program of an operator's that sees every offer as guards' terminals do: over MQTT, from the broker.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use mqtt5::{ConnectOptions, MqttClient, QoS, SubscribeOptions};
use serde::Deserialize;

use crate::people::{OBSERVER, token};
use crate::server::ROOT;

/// An offer as it was first seen.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Which.
    pub offer: String,
    /// To whom.
    pub guard: String,
    /// How soon the guard can be there, seconds.
    pub eta_s: f64,
    /// When the terminal had it.
    pub at: Instant,
}

/// Everything seen so far, by incident.
#[derive(Debug, Clone, Default)]
pub struct Offers(Arc<Mutex<BTreeMap<String, Vec<Seen>>>>);

impl Offers {
    /// Looks at all of them.
    pub fn read<R>(&self, look: impl FnOnce(&BTreeMap<String, Vec<Seen>>) -> R) -> R {
        look(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, offers: Vec<Offer>, at: Instant) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for Offer { offer, incident, guard, eta_s } in offers {
            let seen = all.entry(incident).or_default();
            if seen.iter().all(|known| known.offer != offer) {
                seen.push(Seen { offer, guard, eta_s, at });
            }
        }
    }
}

#[derive(Deserialize)]
struct Standing {
    offers: Vec<Offer>,
}

#[derive(Deserialize)]
struct Offer {
    offer: String,
    incident: String,
    guard: String,
    eta_s: f64,
}

/// Starts watching; ends with the client that is returned.
pub async fn watch(broker: SocketAddr) -> anyhow::Result<(MqttClient, Offers)> {
    let options = ConnectOptions::new(OBSERVER).with_credentials(OBSERVER, token(OBSERVER).into_bytes());
    let client = MqttClient::with_options(options);
    client.connect(&format!("mqtt://{broker}")).await?;
    let offers = Offers::default();
    let noted = offers.clone();
    let quality = SubscribeOptions { qos: QoS::AtLeastOnce, ..SubscribeOptions::default() };
    let take = move |message: mqtt5::types::Message| {
        let at = Instant::now();
        if let Ok(standing) = serde_json::from_slice::<Standing>(&message.payload) {
            noted.note(standing.offers, at);
        }
    };
    client.subscribe_with_options(format!("{ROOT}/guards/+/offers"), quality, take).await?;
    Ok((client, offers))
}
