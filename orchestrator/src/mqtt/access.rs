//! Who may publish and subscribe where: the same identities as over HTTP.

use std::future::Future;
use std::pin::Pin;

use flight_types::{CallerId, GuardId, StationId};

use super::topics::{Parts, Topics};
use crate::access::Owner;

/// Who a device or person turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The server itself, as a client of its own or of a configured broker.
    Server,
    /// A guard's terminal.
    Guard(GuardId),
    /// A caller's terminal.
    Caller(CallerId),
    /// A launch station's gateway.
    Station(StationId),
    /// An operator's or pilot's program: reads everything, writes nothing.
    Observer(String),
}

/// The answer of [`Identities::authenticate`].
pub type Authenticating<'a> = Pin<Box<dyn Future<Output = Option<Identity>> + Send + 'a>>;

/// Finds out who knocks. Backed by the accounts and device tokens of `access`.
pub trait Identities: Send + Sync + 'static {
    /// Whoever has this name and secret; `None` when nobody has. For a device the name is its id and the secret its token.
    fn authenticate<'a>(&'a self, user: &'a str, secret: &'a str) -> Authenticating<'a>;
    /// Whose credentials are revoked, from now on.
    fn revocations(&self) -> tokio::sync::broadcast::Receiver<Owner>;
}

impl Identity {
    /// The identity as the broker carries it from authentication to each message.
    pub(super) fn word(&self) -> String {
        match self {
            Self::Server => "server:".to_owned(),
            Self::Guard(id) => format!("guard:{id}"),
            Self::Caller(id) => format!("caller:{id}"),
            Self::Station(id) => format!("station:{id}"),
            Self::Observer(name) => format!("observer:{name}"),
        }
    }

    /// The inverse of [`Identity::word`].
    pub(super) fn from_word(word: &str) -> Option<Self> {
        let (kind, id) = word.split_once(':')?;
        match kind {
            "server" => Some(Self::Server),
            "guard" => GuardId::new(id).ok().map(Self::Guard),
            "caller" => CallerId::new(id).ok().map(Self::Caller),
            "station" => StationId::new(id).ok().map(Self::Station),
            "observer" => Some(Self::Observer(id.to_owned())),
            _ => None,
        }
    }

    /// Whether it may publish there. A topic that is not named here is nobody's but the server's.
    pub fn may_publish(&self, topics: &Topics, topic: &str) -> bool {
        let Some(parts) = topics.parts(topic) else { return *self == Self::Server };
        match self {
            Self::Server => true,
            Self::Guard(id) => {
                parts.kind == "guards" && parts.id == id.as_str() && matches!(parts.what, "position" | "presence" | "replies")
            }
            Self::Caller(id) => {
                parts.kind == "callers" && parts.id == id.as_str() && matches!(parts.what, "calls" | "position" | "replies")
            }
            Self::Station(id) => parts.kind == "stations" && parts.id == id.as_str() && matches!(parts.what, "state" | "reports"),
            Self::Observer(_) => false,
        }
    }

    /// Whether it may subscribe with this filter. Replies of callers hold their codes and are read by the server only; shared
    /// subscriptions would take messages from others and are the server's too.
    pub fn may_subscribe(&self, topics: &Topics, filter: &str) -> bool {
        let Some(parts) = topics.parts(filter) else { return *self == Self::Server };
        match self {
            Self::Server => true,
            Self::Guard(id) => own(&parts, "guards", id.as_str()),
            Self::Caller(id) => own(&parts, "callers", id.as_str()),
            Self::Station(id) => own(&parts, "stations", id.as_str()) || parts.kind == "drones",
            Self::Observer(name) => {
                matches!(parts.kind, "drones" | "incidents" | "stations" | "guards") || own(&parts, "errors", name)
            }
        }
    }
}

fn own(parts: &Parts<'_>, kind: &str, id: &str) -> bool {
    (parts.kind == kind || parts.kind == "errors") && parts.id == id
}

#[cfg(test)]
mod tests {
    use flight_types::DistrictId;

    use super::*;

    #[test]
    fn everybody_reaches_their_own_topics_and_no_others() {
        let topics = Topics::new("escort", &DistrictId::new("demo").expect("an id"));
        let guard = Identity::Guard(GuardId::new("g1").expect("an id"));
        let caller = Identity::Caller(CallerId::new("c1").expect("an id"));
        let station = Identity::Station(StationId::new("s1").expect("an id"));
        let observer = Identity::Observer("op".to_owned());
        // (topic or filter, who may publish, who may subscribe), out of g(uard) c(aller) s(tation) o(bserver).
        let cases = [
            ("escort/demo/guards/g1/position", "g", "go"),
            ("escort/demo/guards/g1/replies", "g", "go"),
            ("escort/demo/guards/g1/presence", "g", "go"),
            ("escort/demo/guards/g1/offers", "", "go"),
            ("escort/demo/guards/g1/#", "", "go"),
            ("escort/demo/guards/g2/position", "", "o"),
            ("escort/demo/guards/+/offers", "", "o"),
            ("escort/demo/guards/g1", "", "go"),
            ("escort/demo/callers/c1/calls", "c", "c"),
            ("escort/demo/callers/c1/replies", "c", "c"),
            ("escort/demo/callers/c1/status", "", "c"),
            ("escort/demo/callers/+/replies", "", ""),
            ("escort/demo/callers/#", "", ""),
            ("escort/demo/+/c1/replies", "", ""),
            ("escort/demo/#", "", ""),
            ("escort/+/guards/g1/offers", "", ""),
            ("escort/other/guards/g1/position", "", ""),
            ("escort/demo/errors/g1", "", "g"),
            ("escort/demo/errors/c1", "", "c"),
            ("escort/demo/errors/op", "", "o"),
            ("escort/demo/drones/+/state", "", "so"),
            ("escort/demo/stations/s1/state", "s", "so"),
            ("escort/demo/stations/s1/reports", "s", "so"),
            ("escort/demo/stations/s1/orders", "", "so"),
            ("escort/demo/incidents/i1/events", "", "o"),
            ("#", "", ""),
            ("$SYS/#", "", ""),
            ("$share/x/escort/demo/guards/g1/offers", "", ""),
        ];
        for (topic, publish, subscribe) in cases {
            for (letter, who) in [("g", &guard), ("c", &caller), ("s", &station), ("o", &observer)] {
                assert_eq!(who.may_publish(&topics, topic), publish.contains(letter), "{letter} publishes to {topic}");
                assert_eq!(who.may_subscribe(&topics, topic), subscribe.contains(letter), "{letter} subscribes to {topic}");
                assert_eq!(Identity::from_word(&who.word()).as_ref(), Some(who));
            }
            assert!(Identity::Server.may_publish(&topics, topic) && Identity::Server.may_subscribe(&topics, topic));
        }
    }
}
