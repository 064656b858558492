//! What devices publish: topic and payload.

use flight_types::DistrictId;
use orchestrator::mqtt::access::Identity;
use orchestrator::mqtt::{Request, Topics};

use crate::bytes::Bytes;

/// Levels under `/api/v1` of the paths that a message may become.
const LEVELS_MAX: usize = 3;

/// A message becomes a request of the one whose topic it is, who may publish there, and of a path that no id can bend.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let Some(topic) = bytes.block().and_then(|topic| std::str::from_utf8(topic).ok()) else { return };
    let topics = Topics::new("escort", &DistrictId::new("town").expect("an id"));
    let Some(parts) = topics.parts(topic) else { return };
    let Ok(request) = Request::read(&parts, bytes.0) else { return };
    let who = match request {
        Request::GuardPosition { guard, .. } | Request::GuardPresence { guard } => Identity::Guard(guard),
        Request::CallerPosition { caller, .. } => Identity::Caller(caller),
        Request::Ask { ask, shown } => {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
            assert!(ask.path.starts_with('/') && ask.path.chars().all(plain), "{:?}", ask.path);
            assert!(ask.path[1..].split('/').count() <= LEVELS_MAX, "{:?}", ask.path);
            assert!(parts.what != "replies" || parts.kind != "callers" || shown.get("code").is_none(), "a code travels back");
            ask.who
        }
    };
    assert!(who.may_publish(&topics, topic), "{who:?} may not publish to {topic:?}");
}

/// One message of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let messages = [
        ("escort/town/guards/g1/position", r#"{"lat":37.5,"lon":127.0,"accuracy_m":5,"at":1700000000000}"#),
        ("escort/town/guards/g1/presence", "{}"),
        ("escort/town/guards/g1/replies", r#"{"reply":"accept","offer":"o-1"}"#),
        ("escort/town/guards/g1/replies", r#"{"reply":"decline","offer":"o-1","reason":"far"}"#),
        ("escort/town/guards/g1/replies", r#"{"reply":"on_scene","incident":"i-1"}"#),
        ("escort/town/guards/g1/replies", r#"{"reply":"duty","on_duty":true}"#),
        ("escort/town/callers/c1/calls", r#"{"key":"k","trigger":"device","position":{"lat":37.5,"lon":127.0}}"#),
        ("escort/town/callers/c1/position", r#"{"lat":37.5,"lon":127.0}"#),
        ("escort/town/callers/c1/replies", r#"{"reply":"confirmation","incident":"i-1","code":"4711"}"#),
        ("escort/other/callers/c1/replies", "{}"),
    ];
    let seed = |(topic, payload): &(&str, &str)| [&[topic.len() as u8], topic.as_bytes(), payload.as_bytes()].concat();
    messages.iter().map(seed).collect()
}
