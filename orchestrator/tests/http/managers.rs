//! Managers of some lots: every route of a manager, asked for a lot that is theirs and for one that is not.

use std::collections::BTreeSet;

use dispatch_core::event::{Actor, Event, Role};
use flight_types::{AccountId, SurveyId};
use futures_util::{SinkExt, StreamExt};
use orchestrator::access::roles::word;
use orchestrator::access::rules::{LotOf, RULES, Rule};
use orchestrator::access::{NewAccount, OwnLots};
use parking_core::config::ParkingConfig;
use parking_core::event::ParkingEvent;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::live::{connect, next};
use crate::world::{PASSWORD, World, answer, soon};

/// Two lots with an area and a camera each; the camera's token is "demo-camera-out".
const PARKING: &str = r#"
[[lots]]
id = "lot-1"
name = "East"
tariff = { name = "flat", version = 1 }
[[lots]]
id = "west"
name = "West"
tariff = { name = "flat", version = 1 }
[[areas]]
id = "A1"
lot = "lot-1"
name = "A1"
place = "1 Market Street"
[[areas]]
id = "W1"
lot = "west"
name = "W1"
place = "2 Market Street"
[[tariffs]]
key = { name = "flat", version = 1 }
currency = "KRW"
utc_offset_min = 540
base = { minutes = 1440, fee = 50000 }
day = { step_minutes = 60, step_fee = 1000 }
[[cameras]]
id = "out-1"
area = "A1"
direction = "exit"
token_sha256 = "c1b5720d58b48949844c7b1c6b900b419bdf1568ee3f196f7f2ad2d0a3611983"
[[cameras]]
id = "out-w"
area = "W1"
direction = "exit"
token_sha256 = "c1b5720d58b48949844c7b1c6b900b419bdf1568ee3f196f7f2ad2d0a3611983"
"#;

/// A server with a stay and a review on each of two lots, and beside the manager of all a manager of each of them, and one of none.
struct TwoLots {
    world: World,
    stay_of_east: String,
    review_of_east: String,
}

impl TwoLots {
    async fn new() -> Self {
        let mut world = World::new().await;
        let config: ParkingConfig = toml::from_str(PARKING).expect("a parking file");
        let change = Box::new(ParkingEvent::Configured { config: Box::new(config), stays_keep_permits: true });
        world.engine.submit(Actor::System, Event::Parking { change }).await.expect("taken");
        for (name, lots) in [("of-east", only(&["lot-1"])), ("of-west", only(&["west"])), ("of-none", only(&[]))] {
            let id = AccountId::new(name).expect("an id");
            let new =
                NewAccount { id: id.clone(), name: name.to_owned(), role: Role::Manager, lots, password: PASSWORD.to_owned() };
            world.access.add_account(new).await.expect("an account");
            world.tokens.insert(name, world.access.issue_account_token(&id).await.expect("a token").reveal().to_owned());
        }
        for (area, plate, camera) in [("A1", "12가3456", "out-1"), ("W1", "34나5678", "out-w")] {
            let entry = json!({"area": area, "plate": plate, "phone": "010-1234-5678", "language": "en"});
            let (status, entry) = world.post("", "/parking/entries", entry).await;
            assert_eq!(status, StatusCode::CREATED, "{entry}");
            let now_ms = world.clock.now_ms();
            let read = json!({"id": "1", "plate": "77너1000", "confidence_pct": 55, "at_ms": now_ms});
            let reads = json!({"reads": [read], "sent_at_ms": now_ms});
            let sent = world.request("", Method::POST, &format!("/cctv/{camera}/reads")).header("Camera-Token", "demo-camera-out");
            assert_eq!(answer(sent.json(&reads)).await.0, StatusCode::ACCEPTED);
        }
        let (_, stays) = world.get("manager", "/parking/sessions?lot=lot-1").await;
        let (_, reviews) = world.get("manager", "/parking/reviews").await;
        let of_east = reviews.as_array().expect("a list").iter().find(|review| review["lot"] == "lot-1");
        let review_of_east =
            of_east.unwrap_or_else(|| panic!("a review of the east in {reviews}"))["id"].as_str().expect("an id").to_owned();
        let stay_of_east = stays[0]["id"].as_str().unwrap_or_else(|| panic!("a stay, not {stays}")).to_owned();
        Self { world, stay_of_east, review_of_east }
    }

    /// The route's path about the lot in the east; what else it names does not exist.
    fn path_of_east(&self, rule: &Rule) -> String {
        let id = match rule.lot {
            LotOf::Path => "lot-1",
            LotOf::Stay => &self.stay_of_east,
            LotOf::Review => &self.review_of_east,
            LotOf::None | LotOf::Shown | LotOf::New => "none-such",
        };
        let path = rule.path.replace("{id}", id);
        ["{survey}", "{picture}", "{number}", "{beacon}"].iter().fold(path, |path, name| path.replace(name, "none-such"))
    }

    async fn asked(&self, who: &str, rule: &Rule) -> (StatusCode, Value) {
        let method: Method = rule.method.parse().expect("a method");
        answer(self.world.request(who, method, &self.path_of_east(rule))).await
    }
}

fn only(lots: &[&str]) -> OwnLots {
    OwnLots::Only(lots.iter().map(|lot| flight_types::LotId::new(*lot).expect("an id")).collect())
}

fn managers_rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(|rule| rule.allowed.takes(Some(Role::Manager)) && !rule.allowed.takes(None))
}

/// Answered pings after which a stream has said whatever it had to say: it answers one each time it has looked, in a random order, at
/// what there is to tell.
const LOOKS: usize = 20;

/// Streams say nothing of lots, so that lots hold for them without being asked; who adds it there must bind it first.
#[tokio::test]
async fn a_managers_stream_tells_of_no_lot() {
    let TwoLots { world, stay_of_east, .. } = TwoLots::new().await;
    let mut streams = Vec::new();
    for who in ["of-west", "of-none", "manager"] {
        let mut socket = connect(&world, who, "").await.expect("a stream");
        assert_eq!(next(&mut socket).await["type"], "hello");
        streams.push((who, socket));
    }
    let (status, asked) = world.post("of-east", "/lots/lot-1/surveys", json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
    let survey = SurveyId::new(asked["survey"].as_str().expect("its name")).expect("an id");
    let report = Box::new(crate::surveys::report(&format!("{survey}/000001")));
    world.engine.report(Actor::System, Event::SurveyReported { survey, report }).await.expect("the report is taken");
    assert_eq!(world.post("of-east", "/lots/lot-1/findings/1/acknowledge", json!({})).await.0, StatusCode::NO_CONTENT);
    let (status, body) = world.post("of-east", &format!("/parking/sessions/{stay_of_east}/close"), json!({})).await;
    assert!(status.is_success(), "{status} {body}");
    for (who, mut socket) in streams {
        for _ in 0..LOOKS {
            socket.send(Message::Ping(Vec::new().into())).await.expect("a ping");
            let answered = soon("a pong", socket.next()).await;
            assert!(matches!(answered, Some(Ok(Message::Pong(_)))), "{who} is told {answered:?}");
        }
    }
}

/// Written down apart from the table of rules: a new route of managers is about a lot until somebody says here that it is not.
const ABOUT_NO_LOT: &[(&str, &str)] = &[
    ("GET", "/api/v1/session"),
    ("DELETE", "/api/v1/session"),
    ("POST", "/api/v1/session/password"),
    ("GET", "/api/v1/site"),
    ("GET", "/api/v1/site/map"),
    ("POST", "/api/v1/site/address"),
    ("GET", "/api/v1/devices"),
    ("DELETE", "/api/v1/devices"),
    ("DELETE", "/api/v1/devices/{id}"),
    ("GET", "/api/v1/guards/terminals"),
    ("DELETE", "/api/v1/guards/{id}/terminals"),
    ("DELETE", "/api/v1/guards/{id}/terminals/{terminal}"),
    ("GET", "/api/v1/live"),
];

#[test]
fn every_route_of_managers_says_which_lot_it_is_about() {
    let about_none: BTreeSet<_> =
        managers_rules().filter(|rule| rule.lot == LotOf::None).map(|rule| (rule.method, rule.path)).collect();
    assert_eq!(about_none, ABOUT_NO_LOT.iter().copied().collect());
    for rule in managers_rules().filter(|rule| matches!(rule.lot, LotOf::Path | LotOf::Stay | LotOf::Review)) {
        assert!(rule.path.contains("{id}"), "{} {}", rule.method, rule.path);
    }
}

/// Those who may change nothing ask first: the manager of the east really closes a stay and decides a review.
#[tokio::test]
async fn a_manager_gets_at_no_lot_but_their_own() {
    let lots = TwoLots::new().await;
    let about_one = || managers_rules().filter(|rule| !matches!(rule.lot, LotOf::None | LotOf::Shown));
    assert!(about_one().count() > 20, "there is nothing to ask");
    for (who, refused) in [("of-west", true), ("of-none", true), ("of-east", false), ("manager", false)] {
        for rule in about_one() {
            let (status, body) = lots.asked(who, rule).await;
            let is_refused = (status, &body["type"]) == (StatusCode::FORBIDDEN, &json!("/problems/other-lot"));
            let expected = refused || (rule.lot == LotOf::New && who != "manager");
            assert_eq!(is_refused, expected, "{who} {} {}: {status} {body}", rule.method, rule.path);
        }
    }
    for rule in about_one().filter(|rule| rule.allowed.takes(Some(Role::Operator))) {
        let (status, _) = lots.asked("operator", rule).await;
        assert_ne!(status, StatusCode::FORBIDDEN, "{} {} for an {}", rule.method, rule.path, word(Role::Operator));
    }
}

#[tokio::test]
async fn a_lot_in_other_spelling_and_one_that_nobody_knows_are_not_theirs() {
    let lots = TwoLots::new().await;
    for path in ["/lots/lot%2D1", "/lots/lot%2d1/findings", "/lots/none-such", "/lots/%20", "/parking/sessions?lot=lot-1"] {
        let (status, body) = lots.world.get("of-west", path).await;
        assert_eq!((status, &body["type"]), (StatusCode::FORBIDDEN, &json!("/problems/other-lot")), "{path}");
    }
    assert_eq!(lots.world.get("of-east", "/lots/lot%2D1").await.0, StatusCode::OK);
}

/// The ids of lots that an answer is about.
async fn shown(world: &World, who: &str, path: &str, field: &str) -> Vec<String> {
    let (status, body) = world.get(who, path).await;
    assert_eq!(status, StatusCode::OK, "{who} {path}: {body}");
    body.as_array().expect("a list").iter().map(|item| item[field].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn lists_show_a_managers_own_lots() {
    let TwoLots { world, .. } = TwoLots::new().await;
    let lists = [("/parking/lots", "id"), ("/parking/sessions", "lot"), ("/parking/reviews", "lot")];
    for (path, field) in lists {
        assert_eq!(shown(&world, "manager", path, field).await, ["lot-1", "west"], "{path}");
        assert_eq!(shown(&world, "of-east", path, field).await, ["lot-1"], "{path}");
        assert_eq!(shown(&world, "of-west", path, field).await, ["west"], "{path}");
        assert_eq!(shown(&world, "of-none", path, field).await, Vec::<String>::new(), "{path}");
    }
    assert_eq!(shown(&world, "of-east", "/lots", "id").await, ["lot-1"]);
    for who in ["of-west", "of-none"] {
        assert_eq!(shown(&world, who, "/lots", "id").await, Vec::<String>::new(), "{who}");
    }
    assert_eq!(shown(&world, "operator", "/lots", "id").await, ["lot-1"]);
    let asked: BTreeSet<_> = managers_rules().filter(|rule| rule.lot == LotOf::Shown).map(|rule| rule.path).collect();
    assert_eq!(asked.len(), lists.len() + 1, "a list is not looked at here: {asked:?}");
}

#[tokio::test]
async fn other_lots_hold_for_the_next_request() {
    let TwoLots { world, .. } = TwoLots::new().await;
    let put = async |id: &str, lots: Value| {
        answer(world.request("admin", Method::PUT, &format!("/accounts/{id}/lots")).json(&json!({"lots": lots}))).await
    };
    // Known by its token from here on; a browser beside it.
    assert_eq!(world.get("of-east", "/lots/lot-1").await.0, StatusCode::OK);
    let signing_in = world.request("", Method::POST, "/session").json(&json!({"name": "of-east", "password": PASSWORD}));
    let signed_in = signing_in.send().await.expect("an answer");
    let cookie = signed_in.headers()["set-cookie"].to_str().expect("a text").split(';').next().expect("a pair").to_owned();
    let signed_in: Value = signed_in.json().await.expect("JSON");
    assert_eq!(signed_in["account"]["lots"], json!(["lot-1"]));
    let seen_in_browser = async || {
        let request = world.request("", Method::GET, "/lots/lot-1").header("Cookie", &cookie);
        request.send().await.expect("an answer").status()
    };
    assert_eq!(seen_in_browser().await, StatusCode::OK);

    let (status, account) = put("of-east", json!(["west"])).await;
    assert_eq!((status, &account["lots"]), (StatusCode::OK, &json!(["west"])), "{account}");
    assert_eq!(world.get("of-east", "/lots/lot-1").await.0, StatusCode::FORBIDDEN);
    assert_eq!(seen_in_browser().await, StatusCode::FORBIDDEN);
    assert_eq!(shown(&world, "of-east", "/parking/sessions", "lot").await, ["west"]);
    assert_eq!(put("of-east", Value::Null).await.1.get("lots"), None, "every lot");
    assert_eq!(world.get("of-east", "/lots/lot-1").await.0, StatusCode::OK);
    assert_eq!(seen_in_browser().await, StatusCode::OK);
    assert_eq!(put("of-east", json!([])).await.1["lots"], json!([]), "no lot at all");
    assert_eq!(world.get("of-east", "/lots/lot-1").await.0, StatusCode::FORBIDDEN);
    assert_eq!(seen_in_browser().await, StatusCode::FORBIDDEN);
    assert_eq!(shown(&world, "of-east", "/parking/sessions", "lot").await, Vec::<String>::new());
}

#[tokio::test]
async fn lots_are_said_and_not_left_out_by_oversight() {
    let TwoLots { world, .. } = TwoLots::new().await;
    let put_body = async |id: &str, body: Value| {
        answer(world.request("admin", Method::PUT, &format!("/accounts/{id}/lots")).json(&body)).await
    };
    let put = async |id: &str, lots: Value| put_body(id, json!({"lots": lots})).await;
    for nothing_said in [json!({}), json!({"lot": ["west"]}), json!({"lots": "west"})] {
        let (status, body) = put_body("of-east", nothing_said.clone()).await;
        assert!(status.is_client_error(), "{nothing_said}: {status} {body}");
    }
    assert_eq!(world.get("of-east", "/lots/lot-1").await.0, StatusCode::OK, "as before");
    assert_eq!(world.get("of-east", "/lots/none-such").await.0, StatusCode::FORBIDDEN, "as before");
    assert_eq!(put("operator", json!([])).await.0, StatusCode::UNPROCESSABLE_ENTITY, "only managers have no lots");

    assert_eq!(put("of-east", json!(["wset"])).await.0, StatusCode::UNPROCESSABLE_ENTITY, "a slip of the pen");
    assert_eq!(put("operator", json!(["west"])).await.0, StatusCode::UNPROCESSABLE_ENTITY, "only managers are bound");
    assert_eq!(put("none-such", Value::Null).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_new_manager_has_some_lots_none_or_all() {
    let TwoLots { world, .. } = TwoLots::new().await;
    let new = |id: &str, role: &str| json!({"id": id, "name": "New", "role": role, "password": "long enough"});
    let with = |id: &str, role: &str, lots: Value| {
        let mut new = new(id, role);
        new["lots"] = lots;
        new
    };
    for refused in [
        with("new", "guard", json!(["west"])),
        with("new", "admin", json!([])),
        with("new", "manager", json!(["wset"])),
        with("new", "manager", json!(["west", "wset"])),
    ] {
        let (status, body) = world.post("admin", "/accounts", refused.clone()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}: {body}");
    }
    let made = [
        (new("of-all", "manager"), None),
        (with("of-all-said", "manager", Value::Null), None),
        (with("of-one", "manager", json!(["west"])), Some(json!(["west"]))),
        (with("of-no-lot", "manager", json!([])), Some(json!([]))),
        (with("guard-9", "guard", Value::Null), None),
    ];
    for (new, lots) in made {
        let (status, made) = world.post("admin", "/accounts", new.clone()).await;
        assert_eq!((status, made.get("lots")), (StatusCode::CREATED, lots.as_ref()), "{new}");
        let (_, all) = world.get("admin", "/accounts").await;
        assert!(all.as_array().is_some_and(|all| all.contains(&made)), "{all}");
    }
    let (status, names) = world.get("admin", "/site/lots").await;
    assert_eq!(status, StatusCode::OK);
    let ids: Vec<_> = names.as_array().expect("a list").iter().map(|lot| lot["id"].clone()).collect();
    assert_eq!(ids, [json!("lot-1"), json!("west")], "lot-1 is drawn and has prices, west has prices only: {names}");
}
