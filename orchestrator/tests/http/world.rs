//! A server with one person of each role.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

use dispatch_core::config::{Approval, DroneConfig, OnSilence, Policy, SiteConfig, SiteRallyPoint, StationConfig};
use dispatch_core::effect::{Action, Effect};
use dispatch_core::event::{Actor, Event, GeocodedAddress, GuardCandidate, GuardsNear, Role};
use dispatch_core::survey::{Coverage, Pass, SurveyHow, SurveyKind, Unseen, UnseenReason};
use flight_types::{AccountId, DistrictId, DroneId, DroneStatus, GeoPoint, GuardId, Local, LocalFrame, LotId, Ring, StationId};
use orchestrator::access::{Access, NewAccount, RateLimit};
use orchestrator::clock::Clock;
use orchestrator::config::SurveysConfig;
use orchestrator::effects::Notices;
use orchestrator::engine::{EffectQueue, Engine, EngineTask, Opening};
use orchestrator::gate_frames::GateFrames;
use orchestrator::http::limits::RateLimits;
use orchestrator::http::{App, Parts, Pictures, PlainAreaCodes, Sending, Server, SiteView, TextMessages};
use orchestrator::live::Live;
use orchestrator::lots::Lots;
use orchestrator::payments::Sandbox;
use orchestrator::store::{AuditTrail, Location, Store};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use site_model::{FoundBy, Lot, Nearest};

use crate::contract;

pub const NOW_MS: i64 = 1_700_000_000_000;
pub const PASSWORD: &str = "correct horse battery";
/// Long before any test ends, and named so that a hanging test says what it waited for.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

pub fn centre() -> GeoPoint {
    GeoPoint::new(37.5, 127.0).expect("a test point")
}

pub struct World {
    pub base: String,
    pub client: reqwest::Client,
    pub clock: Clock,
    pub engine: Engine,
    pub access: Access,
    pub app: App,
    pub live: Live,
    pub store: Store,
    pub feeds: feed::Feeds,
    /// What is answered when the core asks for aircraft; while it is empty, nothing is.
    pub drones: Vec<DroneStatus>,
    pub effects: EffectQueue,
    pub messages: Arc<Outgoing>,
    pub tokens: BTreeMap<&'static str, String>,
    pub caller: Registered,
    _server: Server,
    _task: EngineTask,
    _folder: tempfile::TempDir,
}

#[derive(Debug, Clone)]
pub struct Registered {
    pub id: String,
    pub code: String,
    pub token: String,
    pub safe_code: String,
    pub duress_code: String,
}

/// The messages that would go to telephones.
#[derive(Default)]
pub struct Outgoing(Mutex<Vec<(String, String)>>);

impl Outgoing {
    pub fn last(&self) -> (String, String) {
        self.0.lock().expect("no test panics here").last().cloned().expect("a message was sent")
    }
}

impl TextMessages for Outgoing {
    fn send<'a>(&'a self, phone: &'a str, text: &'a str) -> Sending<'a> {
        self.0.lock().expect("no test panics here").push((phone.to_owned(), text.to_owned()));
        Box::pin(async { Ok(()) })
    }
}

struct Town;

impl SiteView for Town {
    fn geocode(&self, text: &str) -> GeocodedAddress {
        let point = text.contains("Main Street").then(|| centre().moved(90.0, 300.0));
        GeocodedAddress { text: text.to_owned(), point, accuracy_m: 20.0 }
    }
    fn nearest_address(&self, place: GeoPoint) -> Option<Nearest> {
        let distance_m = centre().distance_m(&place);
        (distance_m < 100.0).then(|| Nearest { text: "Main Street 1".to_owned(), distance_m, by: FoundBy::House })
    }
    fn map(&self) -> Value {
        json!({"type": "FeatureCollection", "features": []})
    }
    fn lot_frame(&self, lot: &LotId) -> Option<LocalFrame> {
        (lot.as_str() == "lot-1").then(|| LocalFrame::new(centre()))
    }
    fn plan_survey(&self, lot: &LotId, kind: SurveyKind, _site: &SiteConfig, _now_ms: i64) -> Result<Event, String> {
        let corners = vec![centre(), centre().moved(0.0, 50.0), centre().moved(45.0, 60.0)];
        let reason = UnseenReason::Zone { name: "School".to_owned() };
        let how = SurveyHow {
            kind,
            pass: Some(Pass { height_m: 15.0, speed_m_s: 1.0, heading_deg: None }),
            begins: vec![1],
            coverage: Some(Coverage { seen: 0.75, unseen: vec![Unseen { share: 0.25, reason }] }),
        };
        Ok(Event::SurveyRequested { lot: lot.clone(), corners, how })
    }
    fn centre(&self) -> GeoPoint {
        centre()
    }
}

fn id<T: TryFrom<String>>(text: &str) -> T {
    T::try_from(text.to_owned()).unwrap_or_else(|_| panic!("{text:?} is an id"))
}

fn site() -> SiteConfig {
    let pad = centre().moved(270.0, 800.0);
    let drone = DroneConfig {
        id: id::<DroneId>("d1"),
        pad,
        cruise_speed_m_s: 12.0,
        climb_speed_m_s: 3.0,
        descent_speed_m_s: 2.0,
        endurance_s: 1500.0,
        power: dispatch_core::energy::PowerCurve::default(),
        wind_max_m_s: 10.0,
        has_light: true,
    };
    let station = StationConfig {
        id: id::<StationId>("s1"),
        name: "West station".to_owned(),
        position: pad,
        ground_amsl_m: 30.0,
        approval: Approval::Operator { limit_ms: 30_000, on_silence: OnSilence::Deny },
        drones: vec![drone],
    };
    let corners = [45.0, 135.0, 225.0, 315.0].map(|bearing| centre().moved(bearing, 5_000.0));
    SiteConfig {
        name: "Test town".to_owned(),
        stations: vec![station],
        no_fly_zones: Vec::new(),
        obstacles: Vec::new(),
        rally_points: vec![SiteRallyPoint {
            id: id("yard"),
            name: "The yard".to_owned(),
            position: centre().moved(180.0, 300.0),
            ground_amsl_m: 30.0,
        }],
        fence: Ring::new(corners.to_vec()).expect("four corners"),
        fence_height_max_m: 120.0,
        relief: None,
        policy: Policy::default(),
    }
}

/// A lot of 60 m by 30 m with one area, two bays and a beacon, as its file would say it.
pub fn lot_json() -> Value {
    let at = |east_m: f64, north_m: f64| {
        let place = LocalFrame::new(centre()).to_geo(Local { east_m, north_m });
        json!([place.lon_deg(), place.lat_deg()])
    };
    let square = |west: f64, south: f64, width: f64, height: f64| {
        let corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height), (0.0, 0.0)];
        let ring = corners.map(|(east, north)| at(west + east, south + north));
        json!({"type": "Polygon", "coordinates": [ring]})
    };
    let feature = |id: &str, geometry: Value, properties: Value| json!({"type": "Feature", "id": id, "geometry": geometry, "properties": properties});
    let bay = json!({"kind": "bay", "area": "A1", "heading_deg": 0.0});
    let beacon = json!({
        "kind": "beacon", "area": "A1", "height_m": 0.9, "heading_deg": 0.0, "tilt_deg": 0.0, "module_mm": 33.0, "state": "mounted",
    });
    json!({"type": "FeatureCollection", "features": [
        feature("lot-1", square(0.0, 0.0, 60.0, 30.0), json!({"kind": "lot", "name": "East"})),
        feature("A1", square(0.0, 0.0, 30.0, 30.0), json!({"kind": "area", "lot": "lot-1", "name": "A1"})),
        feature("A1-01", square(5.0, 20.0, 2.5, 5.0), bay.clone()),
        feature("A1-02", square(7.5, 20.0, 2.5, 5.0), bay),
        feature("A1-beacon", json!({"type": "Point", "coordinates": at(15.0, 10.0)}), beacon),
    ]})
}

fn lot() -> Lot {
    Lot::from_geojson(lot_json().to_string(), centre()).expect("a lot")
}

/// So many that no test meets a limit it does not ask for.
pub fn generous() -> RateLimits {
    let limit = RateLimit { burst: 100_000, per_minute: 100_000 };
    RateLimits {
        registration: limit,
        sign_in: limit,
        code: limit,
        call: limit,
        parking: limit,
        webhook: limit,
        looks: limit,
        request: limit,
        crowd: limit,
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with_rates(generous()).await
    }

    pub async fn with_rates(rates: RateLimits) -> Self {
        Self::with(rates, &SurveysConfig::default()).await
    }

    pub async fn with(rates: RateLimits, surveys: &SurveysConfig) -> Self {
        // Only the first test of the process may set it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::manual(NOW_MS);
        let district: DistrictId = id("town");
        let store = Store::open(&Location::directory(folder.path()), district.clone()).await.expect("a store");
        let store_of_test = store.clone();
        let opening = Opening { code_version: "test".to_owned(), site: site(), crash: None };
        let live = Live::new(centre());
        let (engine, task, effects) = Engine::start(&store, clock.clone(), &live, opening).await.expect("an engine");
        let access = Access::open(store.clone(), clock.clone()).await.expect("access");
        let messages = Arc::new(Outgoing::default());
        let feeds = feed::Feeds::default();
        let settings = feed::RelaySettings { bind: ([127, 0, 0, 1], 0).into(), advertised: Vec::new() };
        let relay = feed::Relay::start(settings, feeds.clone()).await.expect("a socket");
        let parts = Parts {
            pictures: Some(Pictures::new(feeds.clone(), relay, Vec::new())),
            access: access.clone(),
            engine: engine.clone(),
            live: live.clone(),
            notices: Notices::new(store.outbox(), engine.clone()),
            audit: AuditTrail::start(&store, clock.clone()).await.expect("an audit trail"),
            site: Arc::new(Town),
            lots: Lots::open(&[lot()], centre(), store.layouts()).await.expect("lots"),
            sheets_for: orchestrator::surveys::sheets_for(surveys),
            messages: messages.clone(),
            payments: Arc::new(Sandbox::default()),
            private: store.private_cards(),
            orders: store.payment_orders(),
            area_codes: Arc::new(PlainAreaCodes),
            parking_file: None,
            public_url: None,
            district,
            surveys_dir: Some(folder.path().join("surveys")),
            gate_frames: Some(GateFrames::open(folder.path(), [].iter()).expect("a folder")),
            tlog_dir: None,
            metrics: None,
            rates,
            tls: false,
        };
        let app = App::new(parts);
        let server = Server::start(app.clone(), "127.0.0.1:0".parse().expect("an address"), None).await.expect("a server");
        let base = format!("http://{}", server.address());
        let client = reqwest::Client::new();
        let nobody = Registered {
            id: String::new(),
            code: String::new(),
            token: String::new(),
            safe_code: String::new(),
            duress_code: String::new(),
        };
        let mut world = Self {
            base,
            client,
            clock,
            engine,
            access,
            app,
            live,
            store: store_of_test,
            feeds,
            drones: Vec::new(),
            effects,
            messages,
            tokens: BTreeMap::new(),
            caller: nobody,
            _server: server,
            _task: task,
            _folder: folder,
        };
        world.people().await;
        world
    }

    async fn people(&mut self) {
        for (name, role) in [
            ("g1", Role::Guard),
            ("g2", Role::Guard),
            ("operator", Role::Operator),
            ("pilot", Role::Pilot),
            ("manager", Role::Manager),
            ("admin", Role::Admin),
        ] {
            let account = NewAccount {
                id: id::<AccountId>(name),
                name: format!("The {name}"),
                role,
                lots: orchestrator::access::OwnLots::All,
                password: PASSWORD.to_owned(),
            };
            self.access.add_account(account).await.expect("a new account");
            let token = self.access.issue_account_token(&id(name)).await.expect("a token");
            self.tokens.insert(name, token.reveal().to_owned());
        }
        self.caller = self.register("Kim").await;
        self.tokens.insert("caller", self.caller.token.clone());
    }

    pub async fn register(&self, name: &str) -> Registered {
        let body = json!({"name": name, "phone": "+82 2 123 4567", "consent": true, "home_address": "1 Main Street"});
        let answer = self.post("", "/callers", body).await;
        assert_eq!(answer.0, StatusCode::CREATED, "{}", answer.1);
        let text = |field: &str| answer.1[field].as_str().expect("a text").to_owned();
        Registered {
            id: text("caller"),
            code: text("identification_code"),
            token: text("token"),
            safe_code: text("safe_code"),
            duress_code: text("duress_code"),
        }
    }

    /// The token of a person: one of the names above, a token itself, or nobody.
    pub fn token<'a>(&'a self, who: &'a str) -> Option<&'a str> {
        if who.is_empty() { None } else { Some(self.tokens.get(who).map_or(who, String::as_str)) }
    }

    pub fn request(&self, who: &str, method: Method, path: &str) -> reqwest::RequestBuilder {
        let path =
            if path.starts_with("/api/") || path.ends_with('z') || path == "/metrics" || path == "/openapi.json" || path == "/" {
                path.to_owned()
            } else {
                format!("/api/v1{path}")
            };
        let request = self.client.request(method, format!("{}{path}", self.base)).timeout(PATIENCE);
        match self.token(who) {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn post(&self, who: &str, path: &str, body: Value) -> (StatusCode, Value) {
        answer(self.request(who, Method::POST, path).json(&body)).await
    }

    pub async fn get(&self, who: &str, path: &str) -> (StatusCode, Value) {
        answer(self.request(who, Method::GET, path)).await
    }

    /// A call at the centre with this key; its incident.
    pub async fn call(&self, who: &str, key: &str) -> String {
        let position = json!({"lat": 37.5, "lon": 127.0, "accuracy_m": 5, "at": self.clock.now_ms()});
        let request = self.request(who, Method::POST, "/calls").header("Idempotency-Key", key);
        let (status, answer) = answer(request.json(&json!({"trigger": "hold", "position": position}))).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        assert_eq!(answer["warnings"], json!([]));
        answer["incident_id"].as_str().expect("an id").to_owned()
    }

    /// Plays the workers that find guards, until nothing is ordered any more: g1 is near, g2 a little farther.
    pub async fn find_guards(&mut self) {
        while let Ok(Effect { id: effect, action }) = self.effects.try_recv() {
            if matches!(action, Action::FindDrones { .. }) && !self.drones.is_empty() {
                let event = Event::DronesFound { effect, drones: self.drones.clone() };
                self.engine.report(Actor::System, event).await.expect("an answer is taken");
            }
            let Action::FindGuards { searches } = action else { continue };
            let found = searches.into_iter().map(|search| {
                let near = |may_ask: &dyn Fn(&GuardId) -> bool| {
                    let both = ["g1", "g2"].into_iter().enumerate().map(|(n, name)| candidate(name, n as f64));
                    both.filter(|one| may_ask(&one.guard)).take(search.count_max).collect()
                };
                let candidates = self.engine.read(|core| core.nearest_askable(&search, near));
                GuardsNear { incident: search.incident, candidates }
            });
            let event = Event::GuardsFound { effect, found: found.collect() };
            self.engine.report(Actor::System, event).await.expect("an answer is taken");
        }
    }

    /// On duty and at a place.
    pub async fn on_duty(&self, guard: &str) {
        assert_eq!(self.post(guard, "/guards/me/duty", json!({"on_duty": true})).await.0, StatusCode::NO_CONTENT);
        let position = json!({"lat": 37.501, "lon": 127.0, "accuracy_m": 5});
        assert_eq!(self.post(guard, "/guards/me/position", position).await.0, StatusCode::NO_CONTENT);
    }

    /// A call that g1 has taken; the incident.
    pub async fn assigned(&mut self) -> String {
        self.on_duty("g1").await;
        let incident = self.call("caller", "press-1").await;
        self.find_guards().await;
        let (_, me) = self.get("g1", "/guards/me").await;
        let offer = me["offers"][0]["offer"].as_str().unwrap_or_else(|| panic!("an offer, not {me}")).to_owned();
        assert_eq!(self.post("g1", &format!("/offers/{offer}/accept"), Value::Null).await.0, StatusCode::NO_CONTENT);
        // Past the photo-finish, should there be one.
        self.advance(2_000).await;
        incident
    }

    /// Moves the clock and lets the core see it.
    pub async fn advance(&self, by_ms: i64) {
        self.clock.advance(by_ms);
        self.engine.report(Actor::System, Event::TimePassed).await.expect("time passes");
    }
}

fn candidate(name: &str, n: f64) -> GuardCandidate {
    GuardCandidate {
        guard: id::<GuardId>(name),
        position: centre().moved(0.0, 200.0 + 100.0 * n),
        position_age_ms: 1_000,
        distance_m: 200.0 + 100.0 * n,
        eta_s: 60.0 + 30.0 * n,
        eta_by: dispatch_core::event::EtaSource::Ruler,
    }
}

/// What comes back, held against the OpenAPI document: every answer in every test here is as it is documented.
pub async fn answer(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let (client, request) = request.build_split();
    let request = request.expect("a request");
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let response = client.execute(request).await.expect("an answer");
    let status = response.status();
    let text = response.text().await.expect("a body");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    contract::check(&method, &path, status, &body);
    (status, body)
}

/// Waits for something that a bug would keep from coming.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not come"))
}
