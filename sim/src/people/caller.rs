//! A caller: registers, presses, walks, answers "are you safe?" with the code.

use std::time::Duration;

use anyhow::Context;
use flight_types::GeoPoint;
use serde_json::{Value, json};
use sim_camera::PersonRole;
use tokio::sync::watch;

use super::client::Client;
use super::play::{PeopleOptions, wall_ms};
use super::whereabouts::Whereabouts;

/// How often the phone reports and looks.
const TICK: Duration = Duration::from_millis(500);
/// Walking speed, metres per second.
const WALK_M_S: f64 = 1.2;
/// Seconds to read the question and enter the code.
const CONFIRM_S: f64 = 4.0;

pub(crate) struct Caller {
    client: Client,
    safe_code: String,
    at: GeoPoint,
    way: Vec<GeoPoint>,
    asked_since_ms: Option<i64>,
    whereabouts: Whereabouts,
    true_place: watch::Sender<GeoPoint>,
}

impl Caller {
    /// Registers a new caller who stands at the first corner of `way` and will walk along the others.
    pub async fn register(options: &PeopleOptions, name: &str, way: Vec<GeoPoint>) -> anyhow::Result<Self> {
        let anonymous = Client::anonymous(&options.server)?;
        let person = json!({
            "name": name, "phone": "+82 10-0000-0000", "consent": true, "language": "ko",
            "safe_code": "4711", "duress_code": "9922",
        });
        let answer = anonymous.post("/callers", &person).await?;
        let token = answer["token"].as_str().context("no token for the caller's terminal")?;
        println!("{name} is registered, identification code {}", answer["identification_code"].as_str().unwrap_or("?"));
        let at = *way.first().context("the caller stands nowhere")?;
        let whereabouts = Whereabouts::told_to(options.cameras)?;
        let client = anonymous.with_token(token);
        Ok(Self {
            client,
            safe_code: "4711".to_owned(),
            at,
            way,
            asked_since_ms: None,
            whereabouts,
            true_place: watch::Sender::new(at),
        })
    }

    /// Where they truly are, whatever their phone says.
    pub fn true_place(&self) -> watch::Receiver<GeoPoint> {
        self.true_place.subscribe()
    }

    /// Presses the button; returns the incident once the server has it durably.
    pub async fn call(&self) -> anyhow::Result<String> {
        let body = json!({"trigger": "hold", "position": self.fix(), "silent": false});
        let answer = self.client.post_once("/calls", &format!("press-{}", wall_ms()), &body).await?;
        Ok(answer["incident_id"].as_str().context("no incident for the call")?.to_owned())
    }

    fn fix(&self) -> Value {
        json!({"lat": self.at.lat_deg(), "lon": self.at.lon_deg(), "accuracy_m": 5.0, "at": wall_ms()})
    }

    /// Walks and answers until the incident is over; returns its last state.
    pub async fn live(mut self, incident: &str) -> anyhow::Result<String> {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            match self.tick(incident).await {
                Ok(Some(state)) => return Ok(state),
                Ok(None) => {}
                Err(error) => tracing::warn!("caller: {error:#}"),
            }
        }
    }

    async fn tick(&mut self, incident: &str) -> anyhow::Result<Option<String>> {
        self.walk();
        self.true_place.send_replace(self.at);
        self.whereabouts.tell("caller", PersonRole::Caller, self.at);
        let view = self.client.get("/calls/current").await?;
        let Some(state) = view["incident"]["state"].as_str() else { return Ok(Some("over".to_owned())) };
        if matches!(state, "closed" | "cancelled") {
            return Ok(Some(state.to_owned()));
        }
        self.client.post(&format!("/incidents/{incident}/position"), &self.fix()).await?;
        if state == "awaiting_confirmation" {
            self.confirm(incident).await?;
        }
        Ok(None)
    }

    async fn confirm(&mut self, incident: &str) -> anyhow::Result<()> {
        let since_ms = *self.asked_since_ms.get_or_insert_with(wall_ms);
        if (wall_ms() - since_ms) as f64 >= CONFIRM_S * 1_000.0 {
            self.client.post(&format!("/incidents/{incident}/confirmation"), &json!({"code": self.safe_code})).await?;
            println!("the caller says, with the code, that they are safe");
        }
        Ok(())
    }

    fn walk(&mut self) {
        let Some(next) = self.way.first().copied() else { return };
        let step_m = WALK_M_S * TICK.as_secs_f64();
        if self.at.distance_m(&next) <= step_m {
            self.at = next;
            self.way.remove(0);
        } else {
            self.at = self.at.moved(self.at.bearing_deg(&next), step_m);
        }
    }
}
