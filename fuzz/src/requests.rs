//! Bodies of HTTP requests, each shape of them.

use flight_types::GeoPoint;
use orchestrator::http::Belief;
use orchestrator::http::shapes::SHAPES;

/// The first byte chooses the shape. What is refused is the asker's mistake, never the server's.
pub fn run(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else { return };
    let (name, read) = SHAPES[usize::from(*kind) % SHAPES.len()];
    let belief = Belief { centre: GeoPoint::new(37.5, 127.0).expect("a place"), now_ms: 1_700_000_000_000 };
    if let Err(problem) = read(body, &belief) {
        assert!((400..500).contains(&problem.status) && !problem.detail.is_empty(), "{name}: {problem:?}");
    }
}

/// One body that is taken for each shape.
pub fn seeds() -> Vec<Vec<u8>> {
    let bodies = SHAPES.iter().enumerate().filter_map(|(index, (name, _))| Some([vec![index as u8], body(name)?.into()].concat()));
    bodies.collect()
}

fn body(name: &str) -> Option<&'static str> {
    Some(match name {
        "calls" => {
            r#"{"trigger":"hold","position":{"lat":37.5,"lon":127.0,"accuracy_m":5,"at":1700000000000},"address":"1 Main St","silent":true,"drill":false}"#
        }
        "callers" => {
            r#"{"name":"Kim","phone":"+82 10-0000-0000","home_address":"1 Main St","emergency_contact":{"name":"Lee","phone":"+82 10-0000-0001"},"consent":true,"safe_code":"4711","duress_code":"9922","language":"ko"}"#
        }
        "callers/terminal" => r#"{"identification_code":"2222-2222","safe_code":"4711"}"#,
        "position" => r#"{"lat":37.5,"lon":127.0,"accuracy_m":5.0,"at":1700000000000}"#,
        "cancel" => r#"{"code":"4711"}"#,
        "decline" => r#"{"reason":"too far"}"#,
        "duty" => r#"{"on_duty":true}"#,
        "control" => r#"{"action":"take"}"#,
        "light" => r#"{"on":true,"brightness_pct":80}"#,
        "accounts" => r#"{"id":"guard-9","name":"Park","role":"guard","password":"long-enough"}"#,
        "accounts/device-token" => r#"{"name":"radio of car 3"}"#,
        "session" => r#"{"name":"operator","password":"long-enough"}"#,
        "session/password" => r#"{"password":"long-enough","new_password":"longer-still"}"#,
        "identify" => "2222-2222",
        _ => return None,
    })
}
