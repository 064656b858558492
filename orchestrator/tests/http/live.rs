//! The live stream: first what is, then what changes, and to each only what is theirs.

use std::collections::BTreeSet;

use dispatch_core::event::Fix;
use flight_types::{DroneId, DroneStatus, GuardId};
use futures_util::{SinkExt, StreamExt};
use orchestrator::http::limits::LIVE_SEND_MAX;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::world::{World, centre, soon};

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What a page that does not read takes in before its network is full, bytes.
const NARROW_BYTES: u32 = 4 * 1024;
/// Guards who move at once: some hundred kilobytes for every page, so that a few moves fill whatever the system holds for it.
const GUARDS: usize = 2_000;

pub async fn connect(world: &World, who: &str, query: &str) -> Result<Socket, Error> {
    tokio_tungstenite::connect_async(request(world, who, query)).await.map(|(socket, _)| socket)
}

fn request(world: &World, who: &str, query: &str) -> Request {
    let url = format!("{}/api/v1/live{query}", world.base.replace("http", "ws"));
    let mut request = url.into_client_request().expect("a request");
    if let Some(token) = world.token(who) {
        let protocols = format!("bearer, {token}").parse().expect("a header");
        request.headers_mut().insert("sec-websocket-protocol", protocols);
    }
    request
}

/// A page on a machine that keeps only a few kilobytes of what arrives until somebody reads it.
async fn connect_narrow(world: &World, who: &str) -> WebSocketStream<TcpStream> {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(NARROW_BYTES).expect("a small buffer");
    let address = world.base.trim_start_matches("http://").parse().expect("an address");
    let stream = socket.connect(address).await.expect("connected");
    tokio_tungstenite::client_async(request(world, who, ""), stream).await.expect("a stream").0
}

pub async fn next(socket: &mut Socket) -> Value {
    loop {
        match soon("a message", socket.next()).await {
            Some(Ok(Message::Text(text))) => {
                let message = serde_json::from_str(&text).expect("JSON");
                crate::contract::check_live(&message);
                return message;
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("a message was expected, not {other:?}"),
        }
    }
}

/// The next message for which `wanted` says yes; the others before it are given to `check`.
async fn until(socket: &mut Socket, what: &str, mut seen: Vec<Value>, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    loop {
        let message = soon(what, next(socket)).await;
        let found = wanted(&message);
        seen.push(message);
        if found {
            return seen;
        }
    }
}

fn is_state(message: &Value, state: &str) -> bool {
    message["type"] == "incident" && message["view"]["incident"]["state"] == state
}

#[tokio::test]
async fn nobody_known_and_other_sites_get_no_stream() {
    let world = World::new().await;
    let status = |error: Error| match error {
        Error::Http(response) => response.status().as_u16(),
        other => panic!("an HTTP answer was expected, not {other}"),
    };
    assert_eq!(connect(&world, "", "").await.map(drop).map_err(status), Err(401));
    let plain = world.get("operator", "/live").await;
    assert_eq!(plain.0.as_u16(), 400, "{}", plain.1);
}

#[tokio::test]
async fn an_operator_sees_the_call_the_assignment_and_the_end() {
    let mut world = World::new().await;
    let mut socket = connect(&world, "operator", "").await.expect("a stream");
    let hello = next(&mut socket).await;
    assert_eq!((&hello["type"], &hello["account"]["role"]), (&json!("hello"), &json!("operator")));
    let incident = world.assigned().await;
    let seen = until(&mut socket, "the assignment", Vec::new(), |message| is_state(message, "assigned")).await;
    let last = seen.last().expect("a message");
    assert_eq!((&last["view"]["incident"]["id"], &last["view"]["incident"]["primary"]), (&json!(incident), &json!("g1")));
    assert_eq!(last["view"]["caller"]["name"], "Kim");
    let code = json!({"code": world.caller.safe_code});
    assert_eq!(world.post("caller", &format!("/incidents/{incident}/cancel"), code).await.0.as_u16(), 200);
    until(&mut socket, "the end", Vec::new(), |message| is_state(message, "cancelled")).await;
}

#[tokio::test]
async fn a_stream_resumes_with_what_changed() {
    let mut world = World::new().await;
    let mut socket = connect(&world, "operator", "").await.expect("a stream");
    let seq = next(&mut socket).await["seq"].as_u64().expect("a number");
    drop(socket);
    let incident = world.assigned().await;
    let code = json!({"code": world.caller.safe_code});
    assert_eq!(world.post("caller", &format!("/incidents/{incident}/cancel"), code).await.0.as_u16(), 200);
    let mut socket = connect(&world, "operator", &format!("?after={seq}")).await.expect("a stream");
    let (hello, first) = (next(&mut socket).await, next(&mut socket).await);
    assert!(is_state(&first, "cancelled") && first["seq"] == hello["seq"], "{first}");
    assert!(hello["seq"].as_u64() > Some(seq));
}

#[tokio::test]
async fn a_guard_gets_the_offer_then_the_incident_and_nothing_of_others() {
    let mut world = World::new().await;
    let mut first = connect(&world, "g1", "").await.expect("a stream");
    let mut second = connect(&world, "g2", "").await.expect("a stream");
    world.on_duty("g2").await;
    world.assigned().await;
    let offered = until(&mut first, "the offer", Vec::new(), |message| message["type"] == "offer").await;
    let offer = offered.last().expect("an offer")["offer"].clone();
    assert_eq!((&offer["guard"], &offer["place"]["lat"]), (&json!("g1"), &json!(37.5)));
    let seen = until(&mut first, "the incident", offered, |message| is_state(message, "assigned")).await;
    assert!(seen.iter().any(|message| message["type"] == "offer_gone" || message["type"] == "incident"));
    // g2 was asked as well and does not answer: an offer that comes and goes, no incident.
    world.advance(16_000).await;
    let seen = until(&mut second, "the end of the offer", Vec::new(), |message| message["type"] == "offer_gone").await;
    assert!(seen.iter().all(|message| message["type"] != "incident"), "{seen:?}");
    assert!(!json!(seen).to_string().contains("Kim"), "{seen:?}");
}

#[tokio::test]
async fn a_caller_sees_who_comes_and_under_duress_only_that_it_is_over() {
    let mut world = World::new().await;
    let mut socket = connect(&world, "caller", "").await.expect("a stream");
    let mut operator = connect(&world, "operator", "").await.expect("a stream");
    let mut stranger = connect(&world, &world.register("Lee").await.token, "").await.expect("a stream");
    let incident = world.assigned().await;
    let seen = until(&mut socket, "the assignment", Vec::new(), |message| is_state(message, "assigned")).await;
    let view = &seen.last().expect("a message")["view"];
    assert_eq!(view["guards"][0]["id"], "g1");
    assert!(view["incident"].get("timeline").is_none() && view["incident"].get("duress").is_none(), "{view}");
    let code = json!({"code": world.caller.duress_code});
    assert_eq!(world.post("caller", &format!("/incidents/{incident}/confirmation"), code).await.0.as_u16(), 200);
    until(&mut socket, "the apparent end", Vec::new(), |message| is_state(message, "closed")).await;
    until(&mut operator, "the alarm", Vec::new(), |message| message["view"]["incident"]["duress"] == true).await;
    // What the guard does now must not reach the caller's terminal; a marker tells when everything before it has arrived.
    assert_eq!(world.post("g1", &format!("/incidents/{incident}/on-scene"), Value::Null).await.0.as_u16(), 204);
    world.call("caller", "press-2").await;
    let seen = until(&mut socket, "the next call", Vec::new(), |message| !is_state(message, "closed")).await;
    let quiet = &seen[..seen.len() - 1];
    assert!(quiet.iter().all(|message| is_state(message, "closed")), "{quiet:?}");
    assert!(!json!(quiet).to_string().contains("g1"), "{quiet:?}");
    // The other caller has had the greeting and nothing else.
    assert_eq!(next(&mut stranger).await["type"], "hello");
    stranger.send(Message::Ping(Vec::new().into())).await.expect("a ping");
    let answered = soon("a pong", stranger.next()).await;
    assert!(matches!(answered, Some(Ok(Message::Pong(_)))), "{answered:?}");
}

#[tokio::test]
async fn aircraft_go_to_those_who_watch_at_most_five_times_a_second() {
    let world = World::new().await;
    let mut operator = connect(&world, "operator", "").await.expect("a stream");
    let mut manager = connect(&world, "manager", "").await.expect("a stream");
    until(&mut operator, "the aircraft as it is", Vec::new(), |message| message["type"] == "drone").await;
    assert_eq!(next(&mut manager).await["type"], "hello");
    let began = std::time::Instant::now();
    let mut status = DroneStatus::unheard(DroneId::new("d1").expect("an id"));
    const REPORTS: u32 = 500;
    for step in 0..=REPORTS {
        status.position = Some(centre().moved(90.0, f64::from(step)));
        world.live.report_drone(status.clone(), crate::world::NOW_MS);
        tokio::task::yield_now().await;
    }
    let last_lon = status.position.map(|point| point.lon_deg());
    let is_last = |message: &Value| message["drone"]["status"]["position"]["lon"].as_f64() == last_lon;
    let seen = until(&mut operator, "the last position", Vec::new(), is_last).await;
    let seen: Vec<&Value> = seen.iter().filter(|message| message["type"] == "drone").collect();
    let allowed = 2.0 + began.elapsed().as_secs_f64() * 5.0;
    assert!((seen.len() as f64) <= allowed, "{} messages where {allowed} are allowed", seen.len());
    manager.send(Message::Ping(Vec::new().into())).await.expect("a ping");
    let answered = soon("a pong", manager.next()).await;
    assert!(matches!(answered, Some(Ok(Message::Pong(_)))), "a manager sees no aircraft: {answered:?}");
}

#[tokio::test]
async fn positions_may_be_skipped_when_too_many_come_at_once() {
    let world = World::new().await;
    let mut socket = connect(&world, "operator", "").await.expect("a stream");
    assert_eq!(next(&mut socket).await["type"], "hello");
    let guard = GuardId::new("g1").expect("an id");
    // More changes at once than the stream's queue holds, without a pause in which its task could take one.
    let fix = Fix { point: centre(), accuracy_m: 5.0, at_ms: crate::world::NOW_MS, speed: None };
    for _ in 0..2 * orchestrator::limits::LIVE_CHANGES_BEHIND_MAX {
        world.live.report_guard(&guard, fix, crate::world::NOW_MS);
    }
    // Positions may be skipped: the newest is sent and the page stays.
    let seen =
        until(&mut socket, "the guard", Vec::new(), |message| message["type"] == "guard" && message["guard"]["id"] == "g1").await;
    assert!(seen.len() < 20, "{} messages", seen.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_does_not_read_is_cut_off_while_the_others_see_everything() {
    let world = World::new().await;
    let mut reader = connect(&world, "operator", "").await.expect("a stream");
    let mut deaf = connect_narrow(&world, "pilot").await;
    let guards: Vec<GuardId> = (0..GUARDS).map(|index| GuardId::new(format!("m{index}")).expect("an id")).collect();
    assert_eq!(world.app.live_pages(), 2);
    let mut moves = 0_u32;
    let cut_off = async {
        while world.app.live_pages() == 2 {
            moves += 1;
            // Each newer than the last: an old fix sent again moves nobody.
            let at_ms = crate::world::NOW_MS + i64::from(moves);
            let fix = Fix { point: centre().moved(90.0, f64::from(moves)), accuracy_m: 5.0, at_ms, speed: None };
            guards.iter().for_each(|guard| world.live.report_guard(guard, fix, crate::world::NOW_MS));
            // Every move arrives in full at the page that reads, also while the other one is stuck.
            let mut to_come: BTreeSet<&str> = guards.iter().map(GuardId::as_str).collect();
            while !to_come.is_empty() {
                let message = next(&mut reader).await;
                if message["guard"]["position"]["lon"].as_f64() == Some(fix.point.lon_deg()) {
                    to_come.remove(message["guard"]["id"].as_str().expect("an id"));
                }
            }
        }
    };
    // Before the server has to wait at all, the buffers of two sockets fill, megabytes whose size the kernel chooses; a busy machine
    // takes its time to write them.
    timeout(LIVE_SEND_MAX * 12, cut_off).await.expect("a page that takes nothing is cut off");
    // It gets what was on its way, then the end; and may come again.
    let kept = async {
        let mut kept = 0;
        while let Some(Ok(_)) = deaf.next().await {
            kept += 1;
        }
        kept
    };
    let kept = soon("the end", kept).await;
    assert!(kept < GUARDS * moves as usize, "{kept} messages of {moves} moves");
    let mut again = connect(&world, "pilot", "").await.expect("a stream");
    assert_eq!(next(&mut again).await["type"], "hello");
}
