//! One call for help through the real server, which dies at every single entry of its log, beside simulated aircraft and phones that
//! know nothing of it. Whatever was promised before a death must hold after it, also where a gateway stands between server and
//! aircraft.

mod evidence;
mod log;
mod people;
mod record;
mod tlog;
mod world;

use std::time::{Duration, Instant};

use log::Log;
use people::Phones;
use record::Record;
use world::{Serving, World};

/// Lives of the server that one incident may take. It takes some hundred; far more means that it no longer gets on.
const LIVES_MAX: usize = 500;
/// How long all these lives may take together.
const ALL_LIVES: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_survives_a_server_that_dies_at_every_entry_once_it_is_durable() {
    die_at_every_entry(&["durable"]).await;
}

/// A life that dies before it can say what it did is followed by one that says it, and dies when what follows from it has been ordered.
#[tokio::test(flavor = "multi_thread")]
async fn an_incident_survives_a_server_that_dies_before_and_after_every_entry() {
    die_at_every_entry(&["before-append", "dispatched"]).await;
}

/// Plays an incident through a server whose lives end at these points, over and over, each at one new entry.
async fn die_at_every_entry(points: &[&str]) {
    let world = World::start();
    let mut phones = Phones::start(&world).await;
    let from = Log::read(&world.data()).await.length();
    let begun = Instant::now();
    let (mut lives, mut stages) = (0, Vec::new());
    let (incident, log) = loop {
        for point in points {
            world.live_until_death(point).await;
            lives += 1;
        }
        let log = Log::read(&world.data()).await;
        log.assert_holds(&phones.acknowledged());
        assert!(lives <= LIVES_MAX && begun.elapsed() < ALL_LIVES, "{lives} lives: {stages:#?}\n{}", world.log_tail());
        let Some(incident) = phones.call() else { continue };
        let record = log.record(&incident);
        record.assert_holds();
        stages.push(record.stage());
        if record.is_over() && log.is_at_rest() {
            break (incident, log);
        }
    };
    let entries = log.assert_died_at_every_entry(from, points, lives);
    let last = world.serve().await;
    end_the_night(&mut phones, last).await;
    assert_all_went_well(&world, &incident).await;
    println!(
        "{lives} lives died {} for {} entries in {:.0} s: {}",
        points.join(" and "),
        entries.len(),
        begun.elapsed().as_secs_f64(),
        entries.join(", ")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_told_to_stop_in_flight_ends_in_order_and_its_successor_takes_the_aircraft_over() {
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

/// The broker is the server's own and dies with it.
#[tokio::test(flavor = "multi_thread")]
async fn behind_a_gateway_an_incident_survives_server_broker_and_gateway_killed_in_flight() {
    let mut world = World::far();
    let mut phones = Phones::start(&world).await;
    let first = world.serve().await;
    let incident = phones.until_over_or(|view| record::has_reached(view, "armed")).await;
    first.kill().await;
    let second = world.serve().await;
    phones.until_over_or(|view| record::has_reached(view, "airborne")).await;
    world.kill_gateway_and_start_another().await;
    phones.until_over_or(|_| false).await;
    end_the_night(&mut phones, second).await;
    assert_all_went_well(&world, &incident).await;
}

/// kill -9 in the middle of a recording. What was written plays, the next life seals it, and whoever changes it is found out.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_survives_a_server_that_is_killed_while_it_records() {
    let world = World::filming();
    let mut phones = Phones::start(&world).await;
    phones.let_help_go_on(true);
    let first = world.serve().await;
    let incident = phones.until_over_or(|view| record::has_reached(view, "on_scene")).await;
    let recording = evidence::grown(&world.data(), &incident, 0).await;
    first.kill().await;
    let killed = evidence::pictures(&recording);
    assert!(0 < killed, "what was written before the death plays");

    let second = world.serve().await;
    evidence::grown(&world.data(), &incident, 1).await;
    phones.let_help_go_on(false);
    phones.until_over_or(|_| false).await;
    end_the_night(&mut phones, second).await;
    assert_all_went_well(&world, &incident).await;
    assert_eq!(evidence::pictures(&recording), killed, "nobody wrote into it any more");
    evidence::assert_a_change_is_told(&world, &recording).await;
    evidence::assert_exported(&world, &incident).await;
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
