//! An operator at the desk: lets waiting launches go after having had a look.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use super::play::{PeopleOptions, wall_ms};

const TICK: Duration = Duration::from_millis(500);

pub(crate) struct Operator {
    client: Client,
    approve_after_ms: i64,
}

impl Operator {
    pub async fn start(options: &PeopleOptions) -> anyhow::Result<Self> {
        let client = Client::sign_in(&options.server, &options.operator, &options.password).await?;
        Ok(Self { client, approve_after_ms: (options.approve_after_s * 1_000.0) as i64 })
    }

    /// The incident as an operator sees it.
    pub async fn incident(&self, id: &str) -> anyhow::Result<Value> {
        self.client.get(&format!("/incidents/{id}")).await
    }

    /// Every aircraft as an operator sees it.
    pub async fn fleet(&self) -> anyhow::Result<Value> {
        self.client.get("/drones").await
    }

    /// Sends an aircraft to a rally point instead of its pad.
    pub async fn divert(&self, drone: &str, rally_point: &str) -> anyhow::Result<()> {
        self.client.post(&format!("/drones/{drone}/rally"), &json!({"rally_point": rally_point})).await.map(drop)
    }

    /// Lets go what has waited long enough.
    pub async fn live(self) {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            if let Err(error) = self.tick().await {
                tracing::warn!("operator: {error:#}");
            }
        }
    }

    async fn tick(&self) -> anyhow::Result<()> {
        let open = self.client.get("/incidents?open=true").await?;
        let missions = open.as_array().into_iter().flatten().flat_map(|view| view["missions"].as_array().into_iter().flatten());
        for mission in missions.filter(|mission| mission["authority"]["authority"] == "waiting" && mission["ended"] == false) {
            let waited_ms = wall_ms() - mission["created_at_ms"].as_i64().unwrap_or_default();
            if let Some(id) = mission["id"].as_str().filter(|_| waited_ms >= self.approve_after_ms) {
                self.client.post(&format!("/launches/{id}/approve"), &json!({})).await?;
                println!("the operator lets {} go", mission["drone"].as_str().unwrap_or("a drone"));
            }
        }
        Ok(())
    }
}
