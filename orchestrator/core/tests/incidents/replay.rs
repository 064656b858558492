//! The log and what must be given again after a restart.

use dispatch_core::Core;
use dispatch_core::effect::Action;
use dispatch_core::event::{Entry, Event};
use flight_types::{CallerId, DistrictId};

use crate::script::run;

const WHOLE: &str = "site
    guard g1 60
    guard g2 90
    call ann k1 gps 0,0 acc 12.5 address 470,0 acc 30
    call ben k1 home 30,0 silent
    accept g1
    accept g2
    moved ann 3.5,0
    scene g1
    backup g1
    guard g3 400 at 2500 m
    wait 20
    end g1
    confirm ann wrong
    confirm ann duress
    end g1
    confirm ann safe
    off g2
    acknowledge ben
    wait 200
";

#[test]
fn every_entry_survives_its_way_through_the_log() {
    let world = run(WHOLE);
    for entry in &world.log {
        let text = serde_json::to_string(entry).expect("an entry is plain data");
        let back: Entry = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(&back, entry, "{text}");
    }
    assert!(world.log.len() > 60, "the script has become too short to mean anything: {}", world.log.len());
}

#[test]
fn a_log_read_back_ends_in_the_same_state_after_every_entry() {
    let world = run(WHOLE);
    let mut first = Core::new(DistrictId::new("town").expect("an id"));
    let mut second = Core::new(DistrictId::new("town").expect("an id"));
    for entry in &world.log {
        let text = serde_json::to_string(entry).expect("an entry is plain data");
        assert_eq!(first.step(entry), second.step(&serde_json::from_str(&text).expect("an entry")));
        assert_eq!(first.state_hash(), second.state_hash(), "after entry {}", entry.seq);
    }
    assert_eq!(first.state_hash(), world.core.state_hash());
}

/// Orders that wait for their end after each command of the script, by kind.
fn outstanding_after(script: &str) -> Vec<String> {
    let world = run(script);
    let kind = |action: &Action| serde_json::to_value(action).expect("plain data")["action"].as_str().unwrap_or("?").to_owned();
    world.core.outstanding().iter().map(|effect| kind(&effect.action)).collect()
}

#[test]
fn orders_done_or_overtaken_are_not_given_again() {
    let asking = "guard g1 60\n hold index\n call ann k1 gps 0,0";
    assert_eq!(outstanding_after(asking), ["find_drones", "find_guards"]);
    assert_eq!(outstanding_after(&format!("{asking}\n release index")), ["find_drones"]);
    assert_eq!(outstanding_after(&format!("{asking}\n release index\n accept g1\n wait 35")), ["find_drones"]);
}

#[test]
fn an_offer_that_was_not_delivered_is_given_again_until_it_is_over() {
    let mut core = Core::new(DistrictId::new("town").expect("an id"));
    let world = run("guard g1 60\n call ann k1 gps 0,0\n accept g1");
    let is_offer = |action: &Action| matches!(action, Action::SendOffer { .. });
    let mut offers_after_each = Vec::new();
    for entry in world.log.iter().filter(|entry| !matches!(entry.event, Event::EffectDone { .. })) {
        core.step(entry);
        offers_after_each.push(core.outstanding().iter().filter(|effect| is_offer(&effect.action)).count());
    }
    assert_eq!(offers_after_each, [0, 0, 1, 0], "duty, call, candidates, acceptance");
}

#[test]
fn a_key_finds_its_incident() {
    let world = run("call ann k1 gps 0,0\n call ann k2\n confirm ann safe\n call ann k3 gps 0,0");
    let ann = CallerId::new("ann").expect("an id");
    let by_key = |key: &str| world.core.incident_by_key(&ann, key).map(|incident| incident.id.to_string());
    assert_eq!(by_key("k1"), by_key("k2"));
    assert_ne!(by_key("k1"), by_key("k3"));
    assert_eq!(by_key("k4"), None);
}

#[test]
fn what_is_long_over_is_forgotten_and_its_key_too() {
    let world = run("call ann k1 gps 0,0\n confirm ann safe\n wait 604801\n guard g1 60");
    assert_eq!(world.core.incidents().count(), 0);
    let ann = CallerId::new("ann").expect("an id");
    assert_eq!(world.core.incident_by_key(&ann, "k1"), None);
}

#[test]
fn a_clock_set_back_an_hour_delays_nothing() {
    let world = run("guard g1 60\n call ann k1 gps 0,0\n clock -3600\n moved ann 1,0\n wait 15.1");
    let offer = world.core.offer(&world.offer_of("g1")).expect("an offer");
    assert_eq!(offer.state, dispatch_core::model::OfferState::TimedOut);
}
