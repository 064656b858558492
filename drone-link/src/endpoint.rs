//! Where MAVLink comes from and goes to, as people write it: `udpin:0.0.0.0:14550`, `udpout:10.0.0.7:14550`, `tcpin:0.0.0.0:5760`,
//! `tcpout:10.0.0.7:5760`, `serial:/dev/ttyACM0:57600`. The words are those of other MAVLink programs.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A speed that radios come with.
const BAUD_DEFAULT: u32 = 57_600;

/// One way to or from somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EndpointSpec {
    /// Listens; whoever sends is answered.
    UdpIn(SocketAddr),
    /// Sends there, and takes what comes back.
    UdpOut(SocketAddr),
    /// Listens for connections.
    TcpIn(SocketAddr),
    /// Connects, again and again.
    TcpOut(SocketAddr),
    /// A cable or radio.
    Serial {
        /// The device.
        path: String,
        /// Its speed, bits per second.
        baud: u32,
    },
}

/// A text that names no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no endpoint: write udpin:ADDRESS:PORT, udpout:…, tcpin:…, tcpout:… or serial:DEVICE:BAUD")]
pub struct NoEndpoint(String);

impl FromStr for EndpointSpec {
    type Err = NoEndpoint;

    fn from_str(text: &str) -> Result<Self, NoEndpoint> {
        let wrong = || NoEndpoint(text.to_owned());
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        let address = || rest.parse().map_err(|_| wrong());
        match kind {
            "udpin" => Ok(Self::UdpIn(address()?)),
            "udpout" => Ok(Self::UdpOut(address()?)),
            "tcpin" => Ok(Self::TcpIn(address()?)),
            "tcpout" => Ok(Self::TcpOut(address()?)),
            "serial" if !rest.is_empty() => {
                let (path, baud) = rest.rsplit_once(':').unwrap_or((rest, ""));
                let baud = if baud.is_empty() { BAUD_DEFAULT } else { baud.parse().map_err(|_| wrong())? };
                Ok(Self::Serial { path: path.to_owned(), baud })
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for EndpointSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UdpIn(address) => write!(formatter, "udpin:{address}"),
            Self::UdpOut(address) => write!(formatter, "udpout:{address}"),
            Self::TcpIn(address) => write!(formatter, "tcpin:{address}"),
            Self::TcpOut(address) => write!(formatter, "tcpout:{address}"),
            Self::Serial { path, baud } => write!(formatter, "serial:{path}:{baud}"),
        }
    }
}

impl From<EndpointSpec> for String {
    fn from(spec: EndpointSpec) -> Self {
        spec.to_string()
    }
}

impl TryFrom<String> for EndpointSpec {
    type Error = NoEndpoint;

    fn try_from(text: String) -> Result<Self, NoEndpoint> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_as_they_are_written() {
        for text in
            ["udpin:0.0.0.0:14550", "udpout:[::1]:14550", "tcpin:127.0.0.1:0", "tcpout:10.0.0.7:5760", "serial:/dev/ttyACM0:921600"]
        {
            assert_eq!(text.parse::<EndpointSpec>().map(|spec| spec.to_string()), Ok(text.to_owned()));
        }
        let radio = "serial:/dev/ttyUSB0".parse();
        assert_eq!(radio, Ok(EndpointSpec::Serial { path: "/dev/ttyUSB0".to_owned(), baud: BAUD_DEFAULT }));
        for text in ["", "udpin", "udpin:14550", "udp:127.0.0.1:1", "tcpout:somewhere:1", "serial:", "serial:/dev/x:fast"] {
            assert_eq!(text.parse::<EndpointSpec>(), Err(NoEndpoint(text.to_owned())));
        }
    }
}
