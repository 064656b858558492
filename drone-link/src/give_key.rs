//! Makes signing keys, and gives one to an aircraft over a line that nobody else hears.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use drone_link_proto::{EndpointRole, Link, LinkConfig, Output, SigningConfig, UnsignedFrames, signing_time};
use flight_types::DroneId;
use tokio::time::Instant;

use crate::{EndpointSpec, LinkError, Plug, Routing, Switchboard, read_key};

/// How long the aircraft may take to be heard, and then to sign: ten of its heartbeats.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at the link when nothing is heard.
const LOOK: Duration = Duration::from_millis(100);

/// Makes a file with a new random key that only its owner may read. A file that is there is not touched.
pub fn make_key(path: &Path) -> std::io::Result<()> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    options.open(path)?.write_all(format!("{digits}\n").as_bytes())
}

/// Gives the aircraft the key and waits until its frames come signed with it.
pub async fn give_key(over: &EndpointSpec, system_id: u8, key_file: &Path) -> Result<(), LinkError> {
    let drone = DroneId::new(format!("system-{system_id}"))
        .map_err(|error| LinkError::Io { what: "this system id".to_owned(), source: std::io::Error::other(error.to_string()) })?;
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let signing =
        SigningConfig { unsigned: UnsignedFrames::Taken, ..SigningConfig::new(read_key(key_file)?, signing_time(since_1970)) };
    let config = LinkConfig { signing: Some(signing), trusted: true, ..LinkConfig::new(drone.clone(), system_id) };
    let board = Switchboard::default();
    let plug = board.open(EndpointRole::KeyKeeper);
    let mut routing = Routing::new(board);
    routing.open(over, EndpointRole::Full).await?;
    let mut giving = Giving { link: Link::new(config, 0), plug, start: Instant::now() };
    if !giving.until(|link, now_ms| link.status(now_ms).link.connected).await {
        return Err(LinkError::Settings { drone, reason: format!("nothing is heard of it over {over}") });
    }
    giving.link.set_up_signing(giving.now_ms())?;
    if !giving.until(|link, now_ms| link.status(now_ms).link.signing.is_some_and(|signing| signing.verified)).await {
        let reason =
            "it was given the key, but its frames do not come signed; is signing switched off there, or has it another key?";
        return Err(LinkError::Settings { drone, reason: reason.to_owned() });
    }
    Ok(())
}

struct Giving {
    link: Link,
    plug: Plug,
    start: Instant,
}

impl Giving {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Runs the link until it is so, or patience ends.
    async fn until(&mut self, wanted: impl Fn(&Link, u64) -> bool) -> bool {
        let end = Instant::now() + PATIENCE;
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
