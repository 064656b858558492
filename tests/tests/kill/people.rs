//! The people of the incident with their phones, which ask again until they get an answer, whoever dies meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Method;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::record::has_reached;
use crate::world::{PASSWORD, World};

/// How often a phone reports and looks.
const TICK: Duration = Duration::from_millis(250);
/// A phone gives up on a request after this, and asks again.
const REQUEST_LIMIT: Duration = Duration::from_secs(5);
/// The longest wait for an incident to come as far as a test wants it.
const PATIENCE: Duration = Duration::from_secs(120);
/// The caller stands in the market street, a quarter kilometre from the launch station; the guards are round the corner.
const CALLER: (f64, f64) = (36.5461, 127.9091);
const GUARDS: [(&str, (f64, f64)); 2] = [("guard-1", (36.5464, 127.9081)), ("guard-2", (36.5462, 127.9101))];
/// The caller's code.
const SAFE_CODE: &str = "4711";
/// The one press of this test.
const PRESS: &str = "the-one-press";

/// Paths of the requests that the server has taken: after any death the log must hold them.
type Acknowledged = Arc<Mutex<Vec<String>>>;

/// One person's way to the server.
#[derive(Clone)]
struct Phone {
    http: reqwest::Client,
    url: String,
    credential: Credential,
    acknowledged: Acknowledged,
}

#[derive(Clone)]
enum Credential {
    None,
    Cookie(String),
    Token(String),
}

/// A caller, two guards and an operator, who live until they go home.
pub struct Phones {
    operator: Phone,
    call: Arc<Mutex<Option<String>>>,
    acknowledged: Acknowledged,
    /// The guards do not say that it is over.
    help_goes_on: Arc<AtomicBool>,
    people: JoinSet<()>,
}

impl Phones {
    /// Everybody signs in and goes on duty, in the first life of the server. When it has ended, they live by themselves: the caller
    /// presses as soon as anybody answers.
    pub async fn start(world: &World) -> Self {
        // An error only says that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let serving = world.serve_first().await;
        let anonymous = Phone::new(world.url());
        let (operator, caller) = (anonymous.sign_in("operator").await, anonymous.register().await);
        let mut guards = Vec::new();
        for (name, place) in GUARDS {
            let phone = anonymous.sign_in(name).await;
            phone.post("/guards/me/duty", json!({"on_duty": true})).await.expect("on duty");
            guards.push((phone, place));
        }
        assert_eq!(serving.stop().await, Some(0), "{}", world.log_tail());
        let (call, mut people) = (Arc::new(Mutex::new(None)), JoinSet::new());
        people.spawn(live_as_caller(caller, call.clone()));
        let help_goes_on = Arc::new(AtomicBool::new(false));
        for (phone, at) in guards {
            people.spawn(live_as_guard(Guard { phone, at, shown: None, help_goes_on: help_goes_on.clone() }));
        }
        Self { operator, call, acknowledged: anonymous.acknowledged, help_goes_on, people }
    }

    /// Whether the guards stay with the caller though an aircraft is there, too.
    pub fn let_help_go_on(&self, on: bool) {
        self.help_goes_on.store(on, Ordering::SeqCst);
    }

    /// The incident, once the caller's phone has been told its id.
    pub fn call(&self) -> Option<String> {
        self.call.lock().expect("nobody panics with it").clone()
    }

    /// Every request of theirs that the server has taken.
    pub fn acknowledged(&self) -> Vec<String> {
        self.acknowledged.lock().expect("nobody panics with it").clone()
    }

    /// Waits until the incident looks as wanted to the operator, or is over with everything landed; returns its id.
    pub async fn until_over_or(&self, wanted: impl Fn(&Value) -> bool) -> String {
        let look = async {
            let mut ticks = tokio::time::interval(TICK);
            loop {
                ticks.tick().await;
                let Some(id) = self.call() else { continue };
                let Ok(view) = self.operator.get(&format!("/incidents/{id}")).await else { continue };
                if wanted(&view) || (view["incident"]["state"] == "closed" && has_reached(&view, "landed")) {
                    return id;
                }
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("the incident gets on in time")
    }

    /// How many incidents the operator sees.
    pub async fn incidents(&self) -> usize {
        let incidents = self.operator.get("/incidents").await.expect("the server is up");
        incidents.as_array().expect("a list").len()
    }

    /// Everybody puts the phone away.
    pub fn go_home(&mut self) {
        self.people.abort_all();
    }
}

impl Phone {
    fn new(url: String) -> Self {
        let http = reqwest::Client::builder().timeout(REQUEST_LIMIT).build().expect("an HTTP client");
        Self { http, url, credential: Credential::None, acknowledged: Acknowledged::default() }
    }

    async fn sign_in(&self, name: &str) -> Self {
        let body = json!({"name": name, "password": PASSWORD});
        let response = self.http.post(format!("{}/session", self.url)).json(&body).send().await.expect("the server is up");
        let cookie = response.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).unwrap_or_else(|| panic!("{name} cannot sign in"));
        Self { credential: Credential::Cookie(cookie.to_owned()), ..self.clone() }
    }

    async fn register(&self) -> Self {
        let person = json!({
            "name": "Kim Ha-neul", "phone": "+82 10-0000-0000", "consent": true, "safe_code": SAFE_CODE, "duress_code": "9922",
        });
        let answer = self.post("/callers", person).await.expect("registered");
        Self { credential: Credential::Token(answer["token"].as_str().expect("a token").to_owned()), ..self.clone() }
    }

    async fn get(&self, path: &str) -> reqwest::Result<Value> {
        self.ask(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> reqwest::Result<Value> {
        let answer = self.ask(Method::POST, path, Some(body)).await?;
        self.acknowledged.lock().expect("nobody panics with it").push(path.to_owned());
        Ok(answer)
    }

    /// An answer without a body is null; a refusal is an error like a dead server: the phone looks again and decides anew.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).header("Idempotency-Key", PRESS);
        request = match &self.credential {
            Credential::None => request,
            Credential::Cookie(cookie) => request.header(COOKIE, cookie),
            Credential::Token(token) => request.bearer_auth(token),
        };
        if let Some(body) = body {
            request = request.json(&body);
        }
        let text = request.send().await?.error_for_status()?.text().await?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

fn fix((lat, lon): (f64, f64)) -> Value {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    json!({"lat": lat, "lon": lon, "accuracy_m": 5.0, "at": since_1970.as_millis() as i64})
}

async fn live_as_caller(phone: Phone, call: Arc<Mutex<Option<String>>>) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        // An error is a dead or starting server, or one that decided otherwise meanwhile: the next look tells.
        let _ = caller_looks(&phone, &call).await;
    }
}

async fn caller_looks(phone: &Phone, call: &Mutex<Option<String>>) -> reqwest::Result<()> {
    let known = call.lock().expect("nobody panics with it").clone();
    let Some(id) = known else {
        let answer = phone.post("/calls", json!({"trigger": "hold", "position": fix(CALLER)})).await?;
        *call.lock().expect("nobody panics with it") = answer["incident_id"].as_str().map(str::to_owned);
        return Ok(());
    };
    let view = phone.get("/calls/current").await?;
    if view["incident"]["state"] == "awaiting_confirmation" {
        phone.post(&format!("/incidents/{id}/confirmation"), json!({"code": SAFE_CODE})).await?;
    }
    Ok(())
}

async fn live_as_guard(mut guard: Guard) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        // As with the caller.
        let _ = guard.looks().await;
    }
}

struct Guard {
    phone: Phone,
    at: (f64, f64),
    /// The offer on the screen, whose receipt was taken.
    shown: Option<String>,
    help_goes_on: Arc<AtomicBool>,
}

impl Guard {
    async fn looks(&mut self) -> reqwest::Result<()> {
        self.phone.post("/guards/me/position", fix(self.at)).await?;
        let me = self.phone.get("/guards/me").await?;
        if let Some(offer) = me["offers"][0]["offer"].as_str() {
            return self.answer(offer).await;
        }
        let view = &me["incident"];
        match view["incident"]["id"].as_str() {
            Some(id) if view["incident"]["primary"] == me["guard"]["id"] => self.help(id, view).await,
            Some(_) | None => Ok(()),
        }
    }

    async fn answer(&mut self, offer: &str) -> reqwest::Result<()> {
        if self.shown.as_deref() != Some(offer) {
            self.phone.post(&format!("/offers/{offer}/received"), json!({})).await?;
            self.shown = Some(offer.to_owned());
        }
        self.phone.post(&format!("/offers/{offer}/accept"), json!({})).await.map(drop)
    }

    /// They are there at once, and say that it is over only when an aircraft has been there too: its whole flight is to lie within
    /// the incident.
    async fn help(&mut self, id: &str, view: &Value) -> reqwest::Result<()> {
        self.at = CALLER;
        let word = match view["incident"]["state"].as_str() {
            Some("assigned") => "on-scene",
            Some("on_scene") if has_reached(view, "on_scene") && !self.help_goes_on.load(Ordering::SeqCst) => "situation-end",
            Some(_) | None => return Ok(()),
        };
        self.phone.post(&format!("/incidents/{id}/{word}"), json!({})).await.map(drop)
    }
}
