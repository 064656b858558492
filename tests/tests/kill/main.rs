//! One call for help through the real server, which dies again and again, after one new entry of its log at best and a handful at
//! most, beside simulated aircraft and phones that know nothing of it. Whatever was promised before a death must hold after it.

mod people;
mod record;
mod tlog;
mod world;

use std::time::{Duration, Instant};

use people::Phones;
use record::Record;
use tokio::sync::Mutex;
use world::{Serving, World};

/// Both tests run aircraft faster than real time; side by side they would starve each other on a small machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
/// Lives of the server that one incident may take. It takes some fifty; far more means that it no longer gets on.
const LIVES_MAX: u32 = 300;
/// Every start of a server repeats something: standing orders are given and reported done again, an aircraft's light is read again.
/// A life that brought the incident no further gets one entry more the next time, up to so many.
const REPEATS_MAX: u64 = 6;
/// How long all these lives may take together.
const ALL_LIVES: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_survives_a_server_that_dies_every_few_entries() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let world = World::start();
    let mut phones = Phones::start(&world).await;
    let begun = Instant::now();
    let (mut lives, mut repeats, mut known) = (0, 0, None);
    let mut stages = Vec::new();
    let incident = loop {
        lives += 1;
        assert!(lives <= LIVES_MAX && begun.elapsed() < ALL_LIVES, "{lives} lives: {known:#?}\n{}", world.log_tail());
        // The first new entry of every life is `Configured`; the one after it is a step, unless it repeats what was known.
        let dies_at = world.entries().await + 2 + repeats;
        let point = if lives % 2 == 1 { "--crash-after-durable" } else { "--crash-after-dispatch" };
        let reached = world.live_until_death(point, dies_at).await;
        assert!(!reached || world.entries().await >= dies_at, "life {lives} lost what it had made durable");
        let Some(incident) = phones.call() else { continue };
        let record = world.record(&incident).await;
        record.assert_holds();
        if record.is_over() {
            break incident;
        }
        let now = Some(record.progress());
        stages.push(record.stage());
        repeats = if now == known { (repeats + 1).min(REPEATS_MAX) } else { 0 };
        known = now;
    };
    let last = world.serve().await;
    end_the_night(&mut phones, last).await;
    assert_all_went_well(&world, &incident).await;
    stages.dedup();
    println!("it died in {}", stages.join(", "));
    println!("{lives} lives, {} entries, {:.0} s", world.entries().await, begun.elapsed().as_secs_f64());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_told_to_stop_in_flight_ends_in_order_and_its_successor_takes_the_aircraft_over() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let world = World::start();
    let mut phones = Phones::start(&world).await;
    let first = world.serve().await;
    let incident = phones.until_over_or(|view| record::has_reached(view, "airborne")).await;
    assert_eq!(first.stop().await, Some(0), "{}", world.log_tail());
    assert!(!world.record(&incident).await.is_over(), "it was told to stop in flight");

    let second = world.serve().await;
    phones.until_over_or(|_| false).await;
    end_the_night(&mut phones, second).await;
    assert_all_went_well(&world, &incident).await;
}

async fn end_the_night(phones: &mut Phones, serving: Serving) {
    assert_eq!(phones.incidents().await, 1, "one press, one incident");
    phones.go_home();
    assert_eq!(serving.stop().await, Some(0), "it ends in order when it is told to stop");
}

/// What must be true in the end, however often the server died on the way.
async fn assert_all_went_well(world: &World, incident: &str) {
    let record: Record = world.record(incident).await;
    record.assert_holds();
    record.assert_ended_well();
    assert_eq!(tlog::times_armed(&world.tlogs()), 1, "the aircraft themselves tell how often their motors were started");
    assert!(world.tool(&["audit", "verify"]).await.status.success(), "the chains are unbroken");
    let replays = [world.tool(&["replay"]).await.stdout, world.tool(&["replay"]).await.stdout];
    assert_eq!(replays[0], replays[1], "the log always adds up to the same state");
}
