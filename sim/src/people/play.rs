//! The play: everybody on stage, one escort or one after another, and its verdict.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use flight_types::GeoPoint;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::Value;
use site_model::{RoadTimes, Site};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::caller::Caller;
use super::client::Client;
use super::diverted::divert;
use super::followed::Followed;
use super::guard::Guard;
use super::operator::Operator;
use super::over_ground::OverGround;
use super::verdict::{all_landed, is_on_scene, judge};

/// How often a waiting play looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Between two escorts of an endless play.
const BETWEEN: Duration = Duration::from_secs(20);
/// How far the caller is from the first station, metres.
const CALLER_DISTANCE_M: std::ops::Range<f64> = 300.0..600.0;

/// What `sim people` needs to know.
#[derive(Debug, Clone, clap::Args)]
pub struct PeopleOptions {
    /// The server, for example http://127.0.0.1:8080
    #[arg(long)]
    pub server: String,
    /// The site's folder: guards drive along its roads.
    #[arg(long)]
    pub site: PathBuf,
    /// Guards to play, by account name.
    #[arg(long, value_delimiter = ',', default_value = "guard-1,guard-2,guard-3")]
    pub guards: Vec<String>,
    /// The operator to play, by account name.
    #[arg(long, default_value = "operator")]
    pub operator: String,
    /// Password of all of them; the demo's is no secret.
    #[arg(long, default_value = "demo-only")]
    pub password: String,
    /// Seconds the operator takes to let a waiting launch go.
    #[arg(long, default_value_t = 4.0)]
    pub approve_after_s: f64,
    /// One escort, then exit: 0 when it went as it must.
    #[arg(long)]
    pub once: bool,
    /// End when the aircraft is on scene: what becomes of it then is for somebody else to see.
    #[arg(long, requires = "once")]
    pub until_on_scene: bool,
    /// The same, and when the caller has gone so far since, metres
    #[arg(long, requires = "until_on_scene", default_value_t = 0.0)]
    pub and_walked_m: f64,
    /// From the scene the operator sends the aircraft to this rally point instead of its pad; end when it stands there.
    #[arg(long, requires = "once", conflicts_with = "until_on_scene")]
    pub divert_to: Option<String>,
    /// Give up after so many seconds.
    #[arg(long = "for")]
    pub for_s: Option<f64>,
    /// How many times faster than in life guards move.
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// The aircraft's light cannot be read back: that it was commanded is all that can be asked for.
    #[arg(long)]
    pub light_without_read_back: bool,
    /// Seconds before the first call: aircraft need satellites, and some minutes of a real autopilot's start
    #[arg(long, default_value_t = 5.0)]
    pub settle_s: f64,
    /// Where the aircraft's cameras hear by UDP who is where (`sim fly --people`)
    #[arg(long)]
    pub cameras: Option<std::net::SocketAddr>,
    /// Where the caller stands and which way the guards patrol.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
}

/// Wall time, milliseconds since 1970-01-01 UTC: phones stamp their fixes with it.
pub(crate) fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Plays until the verdict, the time limit, or for ever.
pub async fn play(options: PeopleOptions) -> anyhow::Result<()> {
    let limit = options.for_s.map(Duration::from_secs_f64);
    let playing = play_all(&options);
    match limit {
        Some(limit) => match tokio::time::timeout(limit, playing).await {
            Ok(verdict) => verdict,
            Err(_) if options.once => bail!("the escort was not over within {} s", limit.as_secs()),
            Err(_) => Ok(()),
        },
        None => playing.await,
    }
}

async fn play_all(options: &PeopleOptions) -> anyhow::Result<()> {
    let site = Site::load(&options.site).context("the site cannot be read")?;
    let roads = RoadTimes::build(&site.roads);
    until_ready(options).await?;
    let watcher = Operator::start(options).await?;
    let actors = async {
        let mut guards = Vec::new();
        for (number, name) in options.guards.iter().enumerate() {
            guards.push(Guard::start(options, name, &site, &roads, options.seed + number as u64).await?.live());
        }
        futures_util::future::join_all(guards).await;
        anyhow::Ok(())
    };
    let mut desk = JoinSet::new();
    desk.spawn(Operator::start(options).await?.live());
    tokio::select! {
        ended = actors => ended.and_then(|()| bail!("the guards went home")),
        verdict = escorts(options, &site, &roads, &watcher) => verdict,
    }
}

async fn until_ready(options: &PeopleOptions) -> anyhow::Result<()> {
    let client = Client::anonymous(&options.server)?;
    while !client.ready().await {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

async fn escorts(options: &PeopleOptions, site: &Site, roads: &RoadTimes, watcher: &Operator) -> anyhow::Result<()> {
    let mut random = Pcg64::seed_from_u64(options.seed);
    loop {
        tokio::time::sleep(Duration::from_secs_f64(options.settle_s)).await;
        let Some((view, Watched { followed, over_ground })) = escort(options, site, roads, watcher, &mut random).await? else {
            return Ok(());
        };
        let mut escort = judge(&view, if options.light_without_read_back { "commanded" } else { "lit" });
        escort.wrong.extend(followed.wrong());
        escort.wrong.extend(over_ground.wrong());
        for (name, seconds) in &escort.figures {
            println!("{name:<26} {seconds:7.1} s");
        }
        if let Some(time) = &escort.time {
            println!("{time}");
        }
        for text in followed.text().into_iter().chain(over_ground.text()) {
            println!("{text}");
        }
        if options.once {
            return match escort.wrong.as_slice() {
                [] => Ok(()),
                wrong => bail!("the escort went wrong: {}", wrong.join("; ")),
            };
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

/// What was seen of the aircraft of an escort.
struct Watched<'a> {
    followed: Followed,
    over_ground: OverGround<'a>,
}

async fn escort<'a>(
    options: &PeopleOptions,
    site: &'a Site,
    roads: &RoadTimes,
    watcher: &Operator,
    random: &mut Pcg64,
) -> anyhow::Result<Option<(Value, Watched<'a>)>> {
    let caller = Caller::register(options, "김하늘 (demo)", caller_way(site, roads, random)?).await?;
    let incident = caller.call().await?;
    println!("a call: {incident}");
    let true_place = caller.true_place();
    let mut watched = Watched { followed: Followed::default(), over_ground: OverGround::new(site) };
    if let Some(elsewhere) = &options.divert_to {
        // Whatever becomes of the incident meanwhile.
        let (_, stands) = tokio::join!(caller.live(&incident), divert(watcher, site, &incident, elsewhere));
        return stands.map(|()| None);
    }
    let state = tokio::select! {
        state = caller.live(&incident) => state?,
        never = watch_aircraft(watcher, &incident, &true_place, &mut watched) => match never {},
        seen = until_on_scene(watcher, &incident, &true_place, options.and_walked_m), if options.until_on_scene => {
            return seen.map(|()| None);
        }
    };
    println!("for the caller the incident is {state}");
    loop {
        let view = watcher.incident(&incident).await?;
        if all_landed(&view) {
            return Ok(Some((view, watched)));
        }
        watched.over_ground.look(&watcher.fleet().await?, &incident);
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Looks where caller and aircraft are, for as long as somebody wants to know.
async fn watch_aircraft(
    watcher: &Operator,
    incident: &str,
    true_place: &watch::Receiver<GeoPoint>,
    watched: &mut Watched<'_>,
) -> std::convert::Infallible {
    let mut looks = tokio::time::interval(LOOK_AGAIN);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        match watcher.fleet().await {
            Ok(fleet) => {
                watched.followed.look(&fleet, incident, *true_place.borrow());
                watched.over_ground.look(&fleet, incident);
            }
            Err(error) => tracing::warn!("the fleet could not be looked at: {error:#}"),
        }
    }
}

async fn until_on_scene(
    watcher: &Operator,
    incident: &str,
    true_place: &watch::Receiver<GeoPoint>,
    and_walked_m: f64,
) -> anyhow::Result<()> {
    while !is_on_scene(&watcher.incident(incident).await?) {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    println!("an aircraft is on scene");
    let begun = *true_place.borrow();
    while true_place.borrow().distance_m(&begun) < and_walked_m {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

/// A street corner at some distance from the first station, and a walk from there.
fn caller_way(site: &Site, roads: &RoadTimes, random: &mut Pcg64) -> anyhow::Result<Vec<GeoPoint>> {
    let config = site.config();
    let station = config.stations.first().context("the site has no station")?.position;
    let corners: Vec<GeoPoint> = site.roads.iter().flat_map(|road| road.line.iter().copied()).collect();
    let near: Vec<GeoPoint> =
        corners.iter().copied().filter(|corner| CALLER_DISTANCE_M.contains(&corner.distance_m(&station))).collect();
    let from = if near.is_empty() { &corners } else { &near };
    anyhow::ensure!(!from.is_empty(), "the site has no roads");
    let start = from[random.random_range(0..from.len())];
    let goal = from[random.random_range(0..from.len())];
    let mut way = vec![start];
    way.extend(roads.route(start, goal).map(|route| route.line).unwrap_or_default());
    Ok(way)
}

/// The command: its own runtime, warnings on stderr.
pub fn run_command(options: PeopleOptions) -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::WARN).init();
    // An error only says that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(play(options))
}
