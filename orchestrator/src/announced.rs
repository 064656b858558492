//! Streams that aircraft announce over their links: which of them the server may play. The configuration wins over them.
//!
//! A link is heard over radio and not signed: whoever can speak there could otherwise make the server connect to any host that it
//! reaches. So an announced stream must lie on the host from which the aircraft itself is heard, or on one that `feeds.announced_hosts`
//! names. Never resolves a name.

use std::collections::BTreeSet;
use std::net::IpAddr;

use drone_link::AnnouncedStream;
use feed::{CameraUrls, Feeds};
use flight_types::DroneId;
use url::{Host, Url};

/// VIDEO_STREAM_TYPE of RTSP.
const KIND_RTSP: u8 = 0;
/// VIDEO_STREAM_ENCODING: nothing said, and H.264.
const ENCODINGS: [u8; 2] = [0, 1];
/// An address is no longer than MAVLink can carry; more than that did not come from there.
const URI_BYTES_MAX: usize = 160;

/// Why an announced stream is not played; for an operator, who can configure another address. Holds nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPlayed {
    /// There is none.
    #[error("it announces no stream")]
    None,
    /// Another kind of stream, or another scheme in the address.
    #[error("it is no RTSP stream: only addresses that begin with rtsp:// are played")]
    NotRtsp,
    /// No address.
    #[error("its address cannot be read")]
    Unreadable,
    /// A coding that browsers do not get.
    #[error("it is not H.264: set the camera's stream to H.264")]
    NotH264,
    /// A host that nobody named.
    #[error("it lies on {host}, but the aircraft is heard from {heard_from}: name that host in feeds.announced_hosts to allow it")]
    ForeignHost {
        /// Of the address.
        host: String,
        /// Of the aircraft.
        heard_from: IpAddr,
    },
}

/// The streams to play: the largest picture, and the smallest when that is another one. One bad stream among good ones is left out.
pub fn judge(streams: &[AnnouncedStream], heard_from: IpAddr, hosts: &[IpAddr]) -> Result<CameraUrls, NotPlayed> {
    let mut played = Vec::new();
    let mut refused = NotPlayed::None;
    for stream in streams {
        match url_of(stream, heard_from, hosts) {
            Ok(url) => played.push((u32::from(stream.width) * u32::from(stream.height), stream.number, url)),
            Err(why) => refused = why,
        }
    }
    // Of streams that do not say how large they are the first is the main one.
    played.sort_by_key(|(pixels, number, _)| (std::cmp::Reverse(*pixels), *number));
    let mut urls = played.into_iter().map(|(_, _, url)| url);
    let main = urls.next().ok_or(refused)?;
    let sub = urls.next_back().filter(|sub| *sub != main);
    Ok(CameraUrls { main, sub })
}

fn url_of(stream: &AnnouncedStream, heard_from: IpAddr, hosts: &[IpAddr]) -> Result<Url, NotPlayed> {
    if stream.kind != KIND_RTSP {
        return Err(NotPlayed::NotRtsp);
    }
    if !ENCODINGS.contains(&stream.encoding) {
        return Err(NotPlayed::NotH264);
    }
    if URI_BYTES_MAX < stream.uri.len() {
        return Err(NotPlayed::Unreadable);
    }
    let url: Url = stream.uri.parse().map_err(|_| NotPlayed::Unreadable)?;
    if url.scheme() != "rtsp" {
        return Err(NotPlayed::NotRtsp);
    }
    // Hosts of schemes that the web does not know are names to the parser, also when they are numbers.
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => return Err(NotPlayed::Unreadable),
    };
    let address: Option<IpAddr> = host.parse().ok();
    let known = |address: IpAddr| address.to_canonical() == heard_from.to_canonical() || hosts.contains(&address.to_canonical());
    if address.is_some_and(known) { Ok(url) } else { Err(NotPlayed::ForeignHost { host, heard_from }) }
}

/// Takes announced streams into service.
#[derive(Debug, Clone)]
pub struct Announcements {
    feeds: Feeds,
    /// Aircraft whose camera the configuration names.
    configured: BTreeSet<DroneId>,
    hosts: Vec<IpAddr>,
}

impl Announcements {
    /// Into these feeds, where the configuration has put its own cameras already.
    pub fn new(feeds: Feeds, hosts: Vec<IpAddr>) -> Self {
        let configured = feeds.drones().into_iter().collect();
        Self { feeds, configured, hosts }
    }

    /// An aircraft told of its streams.
    pub fn take(&self, drone: &DroneId, heard_from: IpAddr, streams: &[AnnouncedStream]) {
        if self.configured.contains(drone) {
            return;
        }
        match judge(streams, heard_from, &self.hosts) {
            Ok(urls) => {
                tracing::info!(drone = %drone, small = urls.sub.is_some(), "the aircraft announces its camera's stream");
                self.feeds.set(drone, urls);
            }
            Err(reason) => tracing::warn!(drone = %drone, %reason, "the camera that the aircraft announces is not played"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEARD_FROM: &str = "10.0.0.7";

    fn stream(number: u8, width: u16, uri: &str) -> AnnouncedStream {
        AnnouncedStream { number, kind: KIND_RTSP, encoding: 1, width, height: width / 16 * 9, uri: uri.to_owned() }
    }

    fn judged(streams: &[AnnouncedStream]) -> Result<(String, Option<String>), NotPlayed> {
        let hosts = ["10.0.0.99".parse().expect("an address")];
        let urls = judge(streams, HEARD_FROM.parse().expect("an address"), &hosts)?;
        Ok((urls.main.into(), urls.sub.map(Into::into)))
    }

    #[test]
    fn the_largest_is_the_main_stream_and_the_smallest_the_other() {
        let (large, middle, small) =
            (stream(3, 1_280, "rtsp://10.0.0.7/l"), stream(1, 960, "rtsp://10.0.0.7/m"), stream(2, 640, "rtsp://10.0.0.7/s"));
        let both = Ok(("rtsp://10.0.0.7/l".to_owned(), Some("rtsp://10.0.0.7/s".to_owned())));
        assert_eq!(judged(&[middle, small, large.clone()]), both);
        assert_eq!(judged(&[large.clone(), large]), Ok(("rtsp://10.0.0.7/l".to_owned(), None)));
        let silent = [stream(2, 0, "rtsp://10.0.0.99:8554/b"), stream(1, 0, "rtsp://u:p@10.0.0.7/a#udp")];
        let first = Ok(("rtsp://u:p@10.0.0.7/a#udp".to_owned(), Some("rtsp://10.0.0.99:8554/b".to_owned())));
        assert_eq!(judged(&silent), first, "of streams without a size the first is the main one");
    }

    #[test]
    fn what_must_not_be_played_is_refused_in_words() {
        let foreign =
            |host: &str| Err(NotPlayed::ForeignHost { host: host.to_owned(), heard_from: HEARD_FROM.parse().expect("an address") });
        let cases = [
            ("http://10.0.0.7/x", Err(NotPlayed::NotRtsp)),
            ("file:///etc/passwd", Err(NotPlayed::NotRtsp)),
            ("", Err(NotPlayed::Unreadable)),
            ("rtsp:///x", Err(NotPlayed::Unreadable)),
            ("rtsp://10.0.0.8/x", foreign("10.0.0.8")),
            ("rtsp://camera.example/x", foreign("camera.example")),
            ("rtsp://10.0.0.7.example/x", foreign("10.0.0.7.example")),
            ("rtsp://10.0.0.7@127.0.0.1/x", foreign("127.0.0.1")),
            ("rtsp://0x0a000007/x", foreign("0x0a000007")),
            ("rtsp://[::1]/x", foreign("::1")),
            ("rtsp://[::ffff:10.0.0.7]/x", Ok(())),
        ];
        for (uri, wanted) in cases {
            assert_eq!(judged(&[stream(1, 640, uri)]).map(drop), wanted, "{uri}");
        }
        let long = format!("rtsp://10.0.0.7/{}", "x".repeat(URI_BYTES_MAX));
        assert_eq!(judged(&[stream(1, 640, &long)]), Err(NotPlayed::Unreadable));
        let h265 = AnnouncedStream { encoding: 2, ..stream(1, 640, "rtsp://10.0.0.7/x") };
        let udp = AnnouncedStream { kind: 1, ..stream(1, 640, "5600") };
        assert_eq!(judged(std::slice::from_ref(&h265)), Err(NotPlayed::NotH264));
        assert_eq!(judged(&[udp]), Err(NotPlayed::NotRtsp));
        assert_eq!(judged(&[]), Err(NotPlayed::None));
        assert!(judged(&[h265, stream(2, 320, "rtsp://10.0.0.7/y")]).is_ok(), "a bad one spoils no good one");
    }

    #[tokio::test]
    async fn the_configuration_wins() {
        let feeds = Feeds::default();
        let drone = |name: &str| DroneId::new(name).expect("an id");
        let own: Url = "rtsp://192.0.2.1/own".parse().expect("an address");
        feeds.set(&drone("d1"), CameraUrls { main: own, sub: None });
        let announcements = Announcements::new(feeds.clone(), Vec::new());
        let heard_from = HEARD_FROM.parse().expect("an address");
        let streams = [stream(1, 1_280, "rtsp://10.0.0.7/l"), stream(2, 640, "rtsp://10.0.0.7/s")];
        announcements.take(&drone("d1"), heard_from, &streams);
        announcements.take(&drone("d2"), heard_from, &streams);
        announcements.take(&drone("d3"), heard_from, &[]);
        assert_eq!(feeds.drones(), [drone("d1"), drone("d2")]);
        assert_eq!((feeds.has_sub(&drone("d1")), feeds.has_sub(&drone("d2"))), (false, true));
    }
}
