//! Reads all parameters of an aircraft: to look at, and to keep beside it.

use std::path::Path;
use std::time::Duration;

use drone_link_proto::{EndpointRole, NoParameters, Parameter};

use crate::one_link::{OneLink, config_of};
use crate::{EndpointSpec, LinkError, read_key};

/// How long it may take: a thousand parameters over a radio of 57,600 baud take half a minute.
const LIMIT: Duration = Duration::from_secs(180);

/// All parameters of the aircraft with this system id, by name.
pub async fn read_parameters(over: &EndpointSpec, system_id: u8, key_file: Option<&Path>) -> Result<Vec<Parameter>, LinkError> {
    let config = config_of(system_id, key_file.map(read_key).transpose()?)?;
    let mut met = OneLink::meet(config, over, EndpointRole::Full).await?;
    met.link.read_parameters(met.now_ms());
    met.until(LIMIT, |link, _| link.parameters().is_some()).await;
    Ok(met.link.parameters().cloned().unwrap_or(Err(NoParameters::Silent))?)
}
