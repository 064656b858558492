//! Lists over a line that fails: a transfer goes on at the item that is missing. Counted in messages that reach the aircraft.

#![allow(deprecated, reason = "the definitions deprecate what PX4 speaks")]

mod support;

use flight_types::FlightPhase;
use mavlink::dialects::ardupilotmega::MavMissionType;
use support::vehicle::Word;
use support::*;

const MISSION: MavMissionType = MavMissionType::MAV_MISSION_TYPE_MISSION;
/// Corners of the way out; with the rest of a mission the list has four more items.
const CORNERS: usize = 40;
/// Delays of a radio: an exchange takes a tenth of a second.
const SLOW: Weather = Weather { loss_pct: 0, duplicate_pct: 0, delay_min_ms: 50, delay_max_ms: 50 };

/// A long way out, back and forth in the fence, clear of the zone.
fn long_plan() -> flight_types::FlightPlan {
    let mut plan = plan("m");
    let zigzag = (0..CORNERS - 3).map(|index| at(if index % 2 == 0 { -200.0 } else { 0.0 }, 80.0 + 10.0 * index as f64));
    let end = [at(0.0, 80.0), at(190.0, 80.0), at(190.0, 0.0)];
    plan.outbound = zigzag.chain(end).collect();
    plan
}

/// How often each number of the mission came in words of this kind.
fn counts(world: &World, word: Word) -> Vec<usize> {
    let of = |seq: u16| world.vehicle.transfers.iter().filter(|heard| **heard == (word, MISSION, seq)).count();
    let all = world.vehicle.transfers.iter().filter(|(heard, list, _)| (*heard, *list) == (word, MISSION)).map(|(.., seq)| *seq);
    (0..=all.max().unwrap_or(0)).map(of).collect()
}

/// Runs until the aircraft has heard this word about the mission, then loses everything for so long, then nothing.
fn cut_at(word: Word, seq: u16, cut_ms: u64) -> World {
    let mut world = World::new(3, SLOW);
    world.command("m", fly(long_plan(), FlightPhase::Ordered));
    while !world.vehicle.transfers.contains(&(word, MISSION, seq)) {
        world.tick();
    }
    world.weather.loss_pct = 100;
    world.run(cut_ms);
    world.weather.loss_pct = 0;
    world.run_until_phase(60_000, FlightPhase::Uploaded);
    world
}

#[test]
fn an_upload_goes_on_at_the_item_that_is_missing() {
    for seq in [1, 20, 42] {
        let world = cut_at(Word::Item, seq, 3_000);
        let items = world.vehicle.mission.len();
        let given = counts(&world, Word::Item);
        assert_eq!(given.len(), items);
        let once = given.iter().filter(|times| **times == 1).count();
        assert!(once >= items - 2 && given.iter().all(|times| *times <= 2), "cut at {seq}: {given:?}");
        assert_eq!(world.vehicle.transfers.iter().filter(|heard| **heard == (Word::Count, MISSION, items as u16)).count(), 1);
        assert!(counts(&world, Word::AskItem).iter().all(|times| *times == 1), "read back once");
    }
}

/// Autopilots give a transfer up after five seconds of silence and ask from the first item then.
#[test]
fn after_the_aircraft_gave_it_up_an_upload_is_offered_once_more() {
    let world = cut_at(Word::Item, 20, 8_000);
    let (items, given) = (world.vehicle.mission.len(), counts(&world, Word::Item));
    assert_eq!(given.len(), items);
    // What was asked for last is given again until it is clear that nobody asks any more.
    assert!(given[..20].iter().all(|times| *times == 2) && given[20] <= 12, "{given:?}");
    assert!(given[22..].iter().all(|times| *times == 1), "{given:?}");
}

#[test]
fn a_read_back_goes_on_at_the_item_that_is_missing() {
    for (seq, cut_ms) in [(0, 3_000), (20, 3_000), (20, 10_000), (43, 10_000)] {
        let world = cut_at(Word::AskItem, seq, cut_ms);
        let asked = counts(&world, Word::AskItem);
        let once = asked.iter().filter(|times| **times == 1).count();
        assert!(once >= asked.len() - 2 && asked.iter().all(|times| *times <= 2), "cut at {seq}: {asked:?}");
        assert_eq!(world.vehicle.transfers.iter().filter(|(word, list, _)| (*word, *list) == (Word::AskList, MISSION)).count(), 1);
        assert!(counts(&world, Word::Item).iter().all(|times| *times == 1), "not uploaded again");
    }
}

/// With a third lost each way an exchange takes 1 / 0.49 = 2.04 tries in the mean, of which 0.7 arrive: 1.43 messages an item each way. A transfer
/// that began anew would take half a list more each time.
#[test]
fn with_a_third_of_all_datagrams_lost_no_item_is_sent_much_more_often_than_losses_ask() {
    const SEEDS: u64 = 40;
    let (mut heard, mut needed) = (0, 0);
    for seed in 0..SEEDS {
        let mut world = World::new(seed, Weather { loss_pct: 30, ..SLOW });
        world.command("m", fly(long_plan(), FlightPhase::Ordered));
        world.run_until_phase(240_000, FlightPhase::Uploaded);
        let (given, asked) = (counts(&world, Word::Item), counts(&world, Word::AskItem));
        heard += given.iter().chain(&asked).sum::<usize>();
        needed += 2 * world.vehicle.mission.len();
    }
    let each = heard as f64 / needed as f64;
    println!("{each:.2} messages an item");
    assert!((1.0..1.6).contains(&each), "{each:.2} messages arrive for each that is needed");
}
