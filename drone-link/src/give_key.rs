//! Makes signing keys, and gives one to an aircraft over a line that nobody else hears.

use std::io::Write;
use std::path::Path;

use drone_link_proto::{EndpointRole, LinkConfig};

use crate::one_link::{OneLink, PATIENCE, config_of};
use crate::{EndpointSpec, LinkError, read_key};

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
    let config = LinkConfig { trusted: true, ..config_of(system_id, Some(read_key(key_file)?))? };
    let mut met = OneLink::meet(config, over, EndpointRole::KeyKeeper).await?;
    met.link.set_up_signing(met.now_ms())?;
    if !met.until(PATIENCE, |link, now_ms| link.status(now_ms).link.signing.is_some_and(|signing| signing.verified)).await {
        let reason =
            "it was given the key, but its frames do not come signed; is signing switched off there, or has it another key?";
        return Err(LinkError::Settings { drone: met.drone, reason: reason.to_owned() });
    }
    Ok(())
}
