//! One aircraft's link over one endpoint, for programs that ask something and end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use drone_link_proto::{EndpointRole, Link, LinkConfig, Output, SigningConfig, SigningKey, UnsignedFrames, signing_time};
use flight_types::DroneId;
use tokio::time::Instant;

use crate::{EndpointSpec, LinkError, Plug, Routing, Switchboard};

/// How long the aircraft may take to be heard: ten of its heartbeats.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at the link when nothing is heard.
const LOOK: Duration = Duration::from_millis(100);

/// A link of its own, from when the aircraft is heard.
pub(crate) struct OneLink {
    pub drone: DroneId,
    pub link: Link,
    plug: Plug,
    _routing: Routing,
    start: Instant,
}

/// The link to whoever has this system id; with a key its frames are signed, and unsigned ones taken.
pub(crate) fn config_of(system_id: u8, key: Option<SigningKey>) -> Result<LinkConfig, LinkError> {
    let drone = DroneId::new(format!("system-{system_id}"))
        .map_err(|error| LinkError::Io { what: "this system id".to_owned(), source: std::io::Error::other(error.to_string()) })?;
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let signed = |key| SigningConfig { unsigned: UnsignedFrames::Taken, ..SigningConfig::new(key, signing_time(since_1970)) };
    Ok(LinkConfig { signing: key.map(signed), ..LinkConfig::new(drone, system_id) })
}

impl OneLink {
    /// Opens the endpoint and waits until the aircraft is heard.
    pub async fn meet(config: LinkConfig, over: &EndpointSpec, role: EndpointRole) -> Result<Self, LinkError> {
        let drone = config.drone.clone();
        let board = Switchboard::default();
        let plug = board.open(role);
        let mut routing = Routing::new(board);
        routing.open(over, EndpointRole::Full).await?;
        let mut met = Self { drone, link: Link::new(config, 0), plug, _routing: routing, start: Instant::now() };
        if met.until(PATIENCE, |link, now_ms| link.status(now_ms).link.connected).await {
            return Ok(met);
        }
        Err(LinkError::Settings { drone: met.drone, reason: format!("nothing is heard of it over {over}") })
    }

    /// The link's clock.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Runs the link until it is so, or the time is over; returns whether it is so.
    pub async fn until(&mut self, limit: Duration, wanted: impl Fn(&Link, u64) -> bool) -> bool {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            while let Some(output) = self.link.poll_output() {
                if let Output::Transmit(frame) = output {
                    self.plug.receive_datagram(&frame);
                }
            }
            if wanted(&self.link, self.now_ms()) {
                return true;
            }
            match tokio::time::timeout(LOOK, self.plug.frames()).await {
                Ok(frames) => {
                    let now_ms = self.now_ms();
                    frames.iter().for_each(|frame| self.link.handle_datagram(frame, now_ms));
                }
                Err(_) => self.link.handle_timeout(self.now_ms()),
            }
        }
        false
    }
}
