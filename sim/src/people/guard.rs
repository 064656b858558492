//! A guard with a phone: patrols the streets, takes offers, drives to the caller, says when it is over.

use std::time::Duration;

use flight_types::GeoPoint;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::{Value, json};
use sim_camera::PersonRole;
use site_model::{RoadTimes, Site};

use super::client::Client;
use super::play::{PeopleOptions, wall_ms};
use super::whereabouts::Whereabouts;

/// How often the phone reports and looks, as the real page does.
const TICK: Duration = Duration::from_millis(500);
/// Patrol speed, metres per second: 22 km/h, looking around.
const PATROL_M_S: f64 = 6.0;
/// Speed to a caller, metres per second: 36 km/h in side streets at night.
const RESPONSE_M_S: f64 = 10.0;
/// Near enough to see the caller, metres.
const ON_SCENE_M: f64 = 12.0;
/// Seconds with the caller before the guard says that it is over.
const WITH_CALLER_S: f64 = 20.0;
/// Seconds to take a phone out and press "accept".
const ANSWER_S: f64 = 2.0;

/// Where a guard is in a job.
enum Job {
    Patrol,
    Answering { offer: String, since_ms: i64 },
    Driving { incident: String },
    OnScene { incident: String, since_ms: i64 },
    Done { incident: String },
}

pub(crate) struct Guard<'a> {
    name: String,
    client: Client,
    site: &'a Site,
    roads: &'a RoadTimes,
    random: Pcg64,
    at: GeoPoint,
    way: Vec<GeoPoint>,
    way_to: Option<GeoPoint>,
    job: Job,
    speed: f64,
    whereabouts: Whereabouts,
}

impl<'a> Guard<'a> {
    /// Signs in and goes on duty somewhere on the road network.
    pub async fn start(
        options: &PeopleOptions,
        name: &str,
        site: &'a Site,
        roads: &'a RoadTimes,
        seed: u64,
    ) -> anyhow::Result<Guard<'a>> {
        let client = Client::sign_in(&options.server, name, &options.password).await?;
        client.post("/guards/me/duty", &json!({"on_duty": true})).await?;
        let mut random = Pcg64::seed_from_u64(seed);
        let at = random_crossing(site, &mut random);
        Ok(Guard {
            name: name.to_owned(),
            client,
            site,
            roads,
            random,
            at,
            way: Vec::new(),
            way_to: None,
            job: Job::Patrol,
            speed: options.speed,
            whereabouts: Whereabouts::told_to(options.cameras)?,
        })
    }

    /// Lives until cancelled; a failed request is told and tried again with the next tick, as a phone does.
    pub async fn live(mut self) {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            if let Err(error) = self.tick().await {
                tracing::warn!(guard = self.name, "{error:#}");
            }
        }
    }

    async fn tick(&mut self) -> anyhow::Result<()> {
        self.drive();
        self.whereabouts.tell(&self.name, PersonRole::Guard, self.at);
        let fix = json!({"lat": self.at.lat_deg(), "lon": self.at.lon_deg(), "accuracy_m": 5.0, "at": wall_ms()});
        self.client.post("/guards/me/position", &fix).await?;
        let me = self.client.get("/guards/me").await?;
        self.decide(&me).await
    }

    async fn decide(&mut self, me: &Value) -> anyhow::Result<()> {
        let incident = &me["incident"]["incident"];
        let place = incident["places"][0]["point"].clone();
        let place: Option<GeoPoint> = serde_json::from_value(place).ok();
        match (&self.job, incident["id"].as_str()) {
            (Job::Patrol, None) => self.look_at_offers(me).await?,
            (Job::Answering { offer, since_ms }, None) => self.answer(&offer.clone(), *since_ms, me).await?,
            (Job::Patrol | Job::Answering { .. }, Some(incident)) => {
                println!("{} is on the way", self.name);
                self.job = Job::Driving { incident: incident.to_owned() };
            }
            (Job::Driving { .. } | Job::OnScene { .. } | Job::Done { .. }, None) => self.job = Job::Patrol,
            (Job::Driving { incident }, Some(_)) => self.approach(&incident.clone(), place).await?,
            (Job::OnScene { incident, since_ms }, Some(_)) => self.stay(&incident.clone(), *since_ms, place).await?,
            (Job::Done { incident }, Some(now)) if incident != now => self.job = Job::Patrol,
            (Job::Done { .. }, Some(_)) => {}
        }
        Ok(())
    }

    async fn look_at_offers(&mut self, me: &Value) -> anyhow::Result<()> {
        if let Some(offer) = me["offers"][0]["offer"].as_str() {
            self.client.post(&format!("/offers/{offer}/received"), &json!({})).await?;
            self.job = Job::Answering { offer: offer.to_owned(), since_ms: wall_ms() };
        }
        Ok(())
    }

    async fn answer(&mut self, offer: &str, since_ms: i64, me: &Value) -> anyhow::Result<()> {
        let still_open = me["offers"].as_array().is_some_and(|offers| offers.iter().any(|open| open["offer"] == offer));
        if !still_open {
            self.job = Job::Patrol;
        } else if elapsed_s(since_ms) >= ANSWER_S {
            self.client.post(&format!("/offers/{offer}/accept"), &json!({})).await?;
        }
        Ok(())
    }

    async fn approach(&mut self, incident: &str, place: Option<GeoPoint>) -> anyhow::Result<()> {
        let Some(place) = place else { return Ok(()) };
        self.head_for(place);
        if self.at.distance_m(&place) <= ON_SCENE_M {
            self.client.post(&format!("/incidents/{incident}/on-scene"), &json!({})).await?;
            println!("{} is with the caller", self.name);
            self.job = Job::OnScene { incident: incident.to_owned(), since_ms: wall_ms() };
        }
        Ok(())
    }

    async fn stay(&mut self, incident: &str, since_ms: i64, place: Option<GeoPoint>) -> anyhow::Result<()> {
        if let Some(place) = place {
            self.head_for(place);
        }
        if elapsed_s(since_ms) >= WITH_CALLER_S / self.speed {
            self.client.post(&format!("/incidents/{incident}/situation-end"), &json!({})).await?;
            println!("{} says that it is over; the caller is asked", self.name);
            self.job = Job::Done { incident: incident.to_owned() };
        }
        Ok(())
    }

    /// A way along the roads, and the last metres straight.
    fn head_for(&mut self, place: GeoPoint) {
        if self.way_to.is_some_and(|target| target.distance_m(&place) < 5.0) {
            return;
        }
        self.way = self.roads.route(self.at, place).map(|route| route.line).unwrap_or_default();
        self.way.push(place);
        self.way.reverse();
        self.way_to = Some(place);
    }

    fn drive(&mut self) {
        let patrolling = matches!(self.job, Job::Patrol | Job::Answering { .. });
        let speed_m_s = if patrolling { PATROL_M_S } else { RESPONSE_M_S } * self.speed;
        let mut left_m = speed_m_s * TICK.as_secs_f64();
        while let Some(next) = self.way.last().copied() {
            let distance_m = self.at.distance_m(&next);
            if distance_m > left_m {
                self.at = self.at.moved(self.at.bearing_deg(&next), left_m);
                return;
            }
            left_m -= distance_m;
            self.at = next;
            self.way.pop();
        }
        if patrolling {
            let next = random_crossing(self.site, &mut self.random);
            self.head_for(next);
        }
    }
}

fn elapsed_s(since_ms: i64) -> f64 {
    (wall_ms() - since_ms) as f64 / 1_000.0
}

/// Some corner of some road.
fn random_crossing(site: &Site, random: &mut Pcg64) -> GeoPoint {
    let corners: Vec<GeoPoint> = site.roads.iter().flat_map(|road| road.line.iter().copied()).collect();
    match corners.len() {
        0 => site.centre(),
        n => corners[random.random_range(0..n)],
    }
}
