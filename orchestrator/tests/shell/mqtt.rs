//! MQTT with clients that are not ours: mosquitto's command-line programs, and mosquitto as the configured broker.

use std::process::Stdio;

use dispatch_core::event::Role;
use flight_types::{AccountId, DroneId, DroneStatus, GeoPoint, LinkStatus};
use orchestrator::access::Owner;
use orchestrator::live::LiveChange;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::fixture::{guard, soon};
use crate::server::Running;

const ROOT: &str = "escort/dalbit";

/// A subscriber that is surely subscribed.
struct Subscriber {
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Subscriber {
    async fn start(port: u16, user: &str, secret: &str, topic: &str) -> Self {
        // stdbuf: into a pipe, mosquitto_sub would keep its lines until it ends.
        let mut process = Command::new("stdbuf")
            .args(["-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", &port.to_string(), "-V", "5", "-d", "-q", "1"])
            .args(["-i", &format!("{user}-{}", topic.len()), "-u", user, "-P", secret, "-t", topic, "-F", "MESSAGE %t %p"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("mosquitto_sub is installed (apt install mosquitto-clients)");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let mut subscriber = Self { lines, _process: process };
        subscriber.subscribes().await;
        subscriber
    }

    /// Subscribes, at first or after it was cut off.
    async fn subscribes(&mut self) {
        soon("a subscription", async {
            while !self.lines.next_line().await.expect("readable").expect("mosquitto_sub goes on").starts_with("Subscribed") {}
        })
        .await;
    }

    /// Is let in no more.
    async fn gives_up(&mut self) {
        soon("the end of mosquitto_sub", async { while self.lines.next_line().await.expect("readable").is_some() {} }).await;
    }

    /// The next message whose topic ends so and whose payload fits.
    async fn next(&mut self, topic_end: &str, fits: impl Fn(&Value) -> bool) -> Value {
        soon(&format!("a message on …/{topic_end}"), async {
            loop {
                let line = self.lines.next_line().await.expect("readable").expect("mosquitto_sub goes on");
                let Some((topic, payload)) = line.strip_prefix("MESSAGE ").and_then(|line| line.split_once(' ')) else { continue };
                let payload: Value = serde_json::from_str(payload).unwrap_or(Value::Null);
                if topic.ends_with(topic_end) && fits(&payload) {
                    return payload;
                }
            }
        })
        .await
    }
}

/// Publishes one message; whether the broker took it.
async fn publish(port: u16, user: &str, secret: &str, topic: &str, payload: &str) -> bool {
    let publishing = Command::new("mosquitto_pub")
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-V", "5", "-q", "1", "-i", &format!("{user}-pub")])
        .args(["-u", user, "-P", secret, "-t", topic, "-m", payload])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    soon("mosquitto_pub ends", publishing).await.expect("mosquitto_pub is installed").success()
}

fn position(point: GeoPoint) -> Value {
    json!({ "lat": point.lat_deg(), "lon": point.lon_deg(), "accuracy_m": 5.0 })
}

/// Brings a guard on duty, by MQTT alone.
async fn on_duty(running: &Running, port: u16, (id, token): &(String, String), at: GeoPoint) {
    let mut answers = Subscriber::start(port, id, token, &format!("{ROOT}/guards/{id}/answers")).await;
    let replies = format!("{ROOT}/guards/{id}/replies");
    assert!(publish(port, id, token, &replies, r#"{"reply":"duty","on_duty":true}"#).await);
    answers.next("answers", |answer| answer["request"]["reply"] == "duty").await;
    let mut changes = running.server.parts().live.subscribe();
    assert!(publish(port, id, token, &format!("{ROOT}/guards/{id}/position"), &position(at).to_string()).await);
    let there = guard(id);
    soon("the position arrives", async { while changes.recv().await.expect("changes") != LiveChange::Guard(there.clone()) {} })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_over_mqtt_reaches_a_guard_who_accepts() {
    let running = Running::start("bind = \"127.0.0.1:0\"").await;
    soon("the bridge connects", running.server.mqtt_connected()).await;
    let port = running.broker_port();
    let g1 = running.guard("g1").await;
    let caller = running.caller().await;
    let (id, secret) = (caller.caller.as_str(), caller.token.reveal());
    let centre = running.server.parts().site.centre();
    on_duty(&running, port, &g1, centre.moved(90.0, 200.0)).await;

    let mut guard_sees = Subscriber::start(port, &g1.0, &g1.1, &format!("{ROOT}/guards/g1/#")).await;
    let mut caller_sees = Subscriber::start(port, id, secret, &format!("{ROOT}/callers/{id}/#")).await;
    let call = json!({ "key": "press-1", "trigger": "hold", "position": position(centre) }).to_string();
    let calls = format!("{ROOT}/callers/{id}/calls");
    assert!(publish(port, id, secret, &calls, &call).await);
    let first = caller_sees.next("answers", |answer| answer["status"] == 202).await;
    assert!(publish(port, id, secret, &calls, &call).await);
    let second = caller_sees.next("answers", |answer| answer["status"] == 202).await;
    assert_eq!(first["answer"]["incident_id"], second["answer"]["incident_id"], "the same press is the same incident");

    let offers = guard_sees.next("offers", |offers| offers["offers"][0].is_object()).await;
    assert_eq!(offers["offers"][0]["incident"], first["answer"]["incident_id"]);
    let accept = json!({ "reply": "accept", "offer": offers["offers"][0]["offer"] }).to_string();
    assert!(publish(port, &g1.0, &g1.1, &format!("{ROOT}/guards/g1/replies"), &accept).await);
    guard_sees.next("notices", |notice| notice["notice"] == "assigned_primary").await;
    caller_sees.next("status", |status| status["notice"]["notice"] == "guard_assigned").await;

    // The offer stands no more: a terminal that comes now sees an empty list, because it is retained.
    let mut late = Subscriber::start(port, &g1.0, &g1.1, &format!("{ROOT}/guards/g1/offers")).await;
    late.next("offers", |offers| offers["offers"] == json!([])).await;
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_without_a_position_is_heard() {
    let running = Running::start("bind = \"127.0.0.1:0\"").await;
    soon("the bridge connects", running.server.mqtt_connected()).await;
    let port = running.broker_port();
    let (id, token) = running.guard("g1").await;
    let live = running.server.parts().live.clone();
    let mut changes = live.subscribe();
    // (topic, payload): a sign of life, and a position that nobody can believe.
    for (what, payload) in [("presence", "{}"), ("position", r#"{"lat":91,"lon":1}"#)] {
        let before = live.guard(&guard("g1")).and_then(|known| known.heard_at_ms);
        assert!(publish(port, &id, &token, &format!("{ROOT}/guards/g1/{what}"), payload).await);
        soon("the guard is heard", changes.recv()).await.expect("a change");
        let known = live.guard(&guard("g1")).expect("the guard is known now");
        assert!(known.heard_at_ms > before, "{what}");
        assert_eq!((known.fix, known.position_at_ms), (None, None), "{what}");
    }
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_terminal_is_cut_off_at_once_and_the_owners_other_one_comes_back() {
    let running = Running::start("bind = \"127.0.0.1:0\"").await;
    soon("the bridge connects", running.server.mqtt_connected()).await;
    let (port, access) = (running.broker_port(), running.server.access());
    let (id, lost_token) = running.guard("g1").await;
    let account = AccountId::new("g1").expect("an id");
    let kept_token = access.issue_named_token(&account, "watch").await.expect("a token").reveal().to_owned();
    let mut lost = Subscriber::start(port, &id, &lost_token, &format!("{ROOT}/guards/g1/#")).await;
    let mut kept = Subscriber::start(port, &id, &kept_token, &format!("{ROOT}/guards/g1/answers")).await;
    let owner = Owner::new(account, Role::Guard);
    let devices = access.devices(&owner, Some(&lost_token)).await.expect("devices");
    let device = devices.into_iter().find(|device| device.is_asking).expect("the lost one");

    access.end_device(&owner, &device.id).await.expect("it is ended");

    // mosquitto_sub connects again by itself; refused, it gives up.
    lost.gives_up().await;
    let replies = format!("{ROOT}/guards/g1/replies");
    assert!(!publish(port, &id, &lost_token, &replies, r#"{"reply":"duty","on_duty":true}"#).await, "the lost token");
    kept.subscribes().await;
    assert!(publish(port, &id, &kept_token, &replies, r#"{"reply":"duty","on_duty":true}"#).await);
    kept.next("answers", |answer| answer["request"]["reply"] == "duty").await;
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_understood_is_answered_and_changes_nothing() {
    let running = Running::start("bind = \"127.0.0.1:0\"").await;
    soon("the bridge connects", running.server.mqtt_connected()).await;
    let port = running.broker_port();
    let (id, token) = running.guard("g1").await;
    let entries = running.server.parts().engine.read(dispatch_core::Core::last_seq);
    let mut errors = Subscriber::start(port, &id, &token, &format!("{ROOT}/errors/g1")).await;
    let long = format!(r#"{{"reply":"dance","steps":"{}"}}"#, "x".repeat(5_000));
    // (what is sent, what the problem must mention)
    let cases = [
        ("replies", "not json", "JSON"),
        ("replies", "[]", "reply"),
        ("replies", &long, "4096"),
        ("replies", r#"{"reply":"dance"}"#, "dance"),
        ("replies", r#"{"reply":"accept"}"#, "offer"),
        ("replies", r#"{"reply":"accept","offer":"a/b"}"#, "identifier"),
        ("replies", r#"{"reply":"accept","offer":"none"}"#, "none"),
        ("replies", r#"{"reply":"accept","offer":"o","extra":1}"#, "extra"),
        ("presence", r#"{"lat":1,"lon":1}"#, "lat"),
        ("position", r#"{"lat":"north","lon":1}"#, "north"),
        ("position", r#"{"lat":1e999,"lon":1}"#, "number"),
        ("position", r#"{"lat":91,"lon":1}"#, "outside"),
        ("position", r#"{"lat":0,"lon":0}"#, "km from the site"),
    ];
    for (what, payload, mentions) in cases {
        assert!(publish(port, &id, &token, &format!("{ROOT}/guards/g1/{what}"), payload).await);
        let error = errors.next("errors/g1", |_| true).await;
        assert!(error.to_string().contains(mentions), "{payload} gave {error}");
    }
    assert_eq!(running.server.parts().engine.read(dispatch_core::Core::last_seq), entries);
    running.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_other_peoples_topics_are_refused() {
    let running = Running::start("bind = \"127.0.0.1:0\"").await;
    soon("the bridge connects", running.server.mqtt_connected()).await;
    let port = running.broker_port();
    let (g1, token) = running.guard("g1").await;
    let (g2, other) = running.guard("g2").await;
    let at = position(running.server.parts().site.centre()).to_string();
    assert!(!publish(port, &g1, "wrong", &format!("{ROOT}/guards/g1/position"), &at).await, "a wrong token");
    assert!(!publish(port, &g1, &other, &format!("{ROOT}/guards/g1/position"), &at).await, "another's token");
    assert!(!publish(port, "nobody", &token, &format!("{ROOT}/guards/g1/position"), &at).await, "another name");
    publish(port, &g1, &token, &format!("{ROOT}/guards/g2/position"), &at).await;
    // What is sent after it arrives; what was refused has not arrived before.
    let mut changes = running.server.parts().live.subscribe();
    assert!(publish(port, &g2, &other, &format!("{ROOT}/guards/g2/replies"), r#"{"reply":"duty","on_duty":true}"#).await);
    soon("the reply arrives", changes.recv()).await.expect("a change");
    assert_eq!(running.server.parts().live.guard(&guard("g2")).and_then(|known| known.fix), None);
    running.server.stop().await;
}

/// mosquitto as the site's own broker.
struct Mosquitto {
    process: Child,
}

impl Mosquitto {
    async fn start(folder: &std::path::Path, port: u16) -> Self {
        let file = folder.join("mosquitto.conf");
        std::fs::write(&file, format!("listener {port} 127.0.0.1\nallow_anonymous true\n")).expect("written");
        let process = Command::new("mosquitto")
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("mosquitto is installed (apt install mosquitto)");
        soon("mosquitto listens", async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        Self { process }
    }

    async fn stop(mut self) {
        self.process.kill().await.expect("killed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_broker_may_go_and_come_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let broker = Mosquitto::start(folder.path(), port).await;
    let running = Running::start(&format!("broker_url = \"mqtt://127.0.0.1:{port}\"\nbroker_user = \"escort-server\"")).await;
    soon("the bridge connects", running.server.mqtt_connected()).await;
    let g1 = running.guard("g1").await;
    let centre = running.server.parts().site.centre();
    on_duty(&running, port, &g1, centre).await;

    broker.stop().await;
    soon("the loss shows", running.server.mqtt_lost()).await;
    let broker = Mosquitto::start(folder.path(), port).await;
    soon("the bridge connects again", running.server.mqtt_connected()).await;
    on_duty(&running, port, &g1, centre.moved(0.0, 50.0)).await;
    running.server.stop().await;
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stations_gateway_signs_in_with_its_own_password_and_speaks_for_its_own_aircraft_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let password = folder.path().join("password");
    std::fs::write(&password, "correct horse\n").expect("written");
    let gateways = format!("[[links.gateways]]\nstation = \"solhyang\"\npassword_file = {password:?}\n");
    let running = Running::start(&format!("bind = \"127.0.0.1:0\"\n{gateways}")).await;
    soon("the bridge connects", running.server.mqtt_connected()).await;
    let (port, user, secret) = (running.broker_port(), "station:solhyang", "correct horse");
    let state = format!("{ROOT}/stations/solhyang/state");
    assert!(!publish(port, user, "battery staple", &state, "[]").await, "another password");
    assert!(!publish(port, "station:yeokjeon", secret, &state, "[]").await, "a station without a gateway");
    let mut orders = Subscriber::start(port, user, secret, &format!("{ROOT}/stations/solhyang/orders")).await;
    orders.next("orders", |message| message["kind"] == "beat").await;

    let live = running.server.parts().live.clone();
    let mut changes = live.subscribe();
    let heard = |name: &str| DroneStatus {
        link: LinkStatus { connected: true, silence_ms: Some(100), ..LinkStatus::default() },
        ..DroneStatus::unheard(DroneId::new(name).expect("an id"))
    };
    // d3 belongs to another station; what this one says of it comes first and is not believed.
    let told = json!([heard("d3"), heard("d1")]).to_string();
    assert!(publish(port, user, secret, &state, &told).await);
    let d1 = DroneId::new("d1").expect("an id");
    soon("the aircraft's status", async {
        while !live.drone(&d1).is_some_and(|drone| drone.status.link.connected) {
            changes.recv().await.expect("the server runs");
        }
    })
    .await;
    let d3 = live.drone(&DroneId::new("d3").expect("an id"));
    assert!(!d3.is_some_and(|drone| drone.status.link.connected));
    running.server.stop().await;
}
