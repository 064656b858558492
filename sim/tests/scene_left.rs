//! The time that an escort is said to have left on scene, against when it leaves.

use flight_types::{DroneId, DroneStatus, FlightPhase};
use sim::scenario::{Scenario, run_watched};

/// Nobody comes, nobody relieves: the aircraft stays until its charge calls it home.
const ALONE: &str = r#"
    name = "alone"
    about = "one aircraft until it must leave"
    for_s = 1800
    site = "one-drone.toml"
    [[callers]]
    id = "c1"
    at = [0, 0]
    [[steps]]
    at_s = 8
    do = "call"
    who = "c1"
"#;
/// Between two looks, milliseconds.
const LOOK_MS: u64 = 60_000;
/// What a prediction may be short by: this share of what is left, as of consumption on whole flights, …
const SHORT_SHARE: f64 = 0.05;
/// … and seconds: it counts down to when the aircraft must leave to be home with its reserve, and left alone it stays until its link
/// calls it home at 25 %, which is half a minute later here.
const SHORT_S: f64 = 50.0;
/// It never says more than is true, but for the noise of the charge as told, seconds.
const OVER_S: f64 = 5.0;

#[test]
fn the_time_left_on_scene_counts_down_to_when_it_leaves() {
    let mut scenario: Scenario = toml::from_str(ALONE).expect("a well-formed scenario");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios/sites/one-drone.toml");
    let site = std::fs::read_to_string(folder).expect("the site of one aircraft");
    scenario.site_file = Some(toml::from_str(&site).expect("a well-formed site"));
    let drone = DroneId::new("d1").expect("an id");
    let (mut said, mut left_ms) = (Vec::new(), None);
    run_watched(&scenario, 1, |seen| {
        let Some((core, (_, truth))) = seen.core.zip(seen.aircraft().find(|(id, _)| **id == drone)) else { return };
        let Some(mission) = core.mission_of(&drone) else { return };
        if mission.recalled && left_ms.is_none() {
            left_ms = Some(seen.now_ms);
        }
        let status = DroneStatus {
            position: Some(truth.position),
            height_m: Some(truth.height_m),
            battery_pct: Some(truth.battery_pct),
            wind_m_s: Some(0.0),
            ..DroneStatus::unheard(drone.clone())
        };
        let told = core.scene_left_s(&status);
        assert_eq!(told.is_some(), mission.phase == Some(FlightPhase::OnScene) && !mission.recalled && !mission.ended);
        if let Some(told_s) = told.filter(|_| seen.now_ms % LOOK_MS == 0) {
            said.push((seen.now_ms, told_s));
        }
    })
    .expect("the scenario runs");
    let left_ms = left_ms.expect("it left in the end");
    assert!(said.len() >= 10, "{said:?}");
    for (at_ms, told_s) in &said {
        let true_s = (left_ms - at_ms) as f64 / 1_000.0;
        let short_s = true_s - told_s;
        assert!((-OVER_S..=SHORT_SHARE * true_s + SHORT_S).contains(&short_s), "{told_s:.0} s told, {true_s:.0} s true: {said:?}");
    }
    assert!(said.windows(2).all(|pair| pair[1].1 < pair[0].1), "it counts down: {said:?}");
}

/// The pad is 1.6 km from the caller, and the way home lies straight against more wind than most nights have.
const FAR_SITE: &str = r#"
    name = "far from the pad"
    origin = { lat = 37.5000, lon = 127.0000 }
    ground_amsl_m = 30.0
    fence = [[-900, -900], [900, -900], [900, 900], [-900, 900]]
    fence_height_max_m = 110.0
    [[stations]]
    id = "north"
    at = [0, 850]
    approval = { by = "automatic" }
    drones = [{ id = "d1", system_id = 1, at = [0, 850], illuminator = true }]
"#;
/// What the model of consumption may be wrong by, per cent of a full charge: 5 % of what a way home like this takes, and the charge as told.
const LANDED_SHORT_PCT: f64 = 2.0;
/// It has landed when it stands here: one that falls on its way home is on the ground too, with more left.
const PAD_M: f64 = 5.0;

#[test]
fn far_off_and_against_the_wind_it_leaves_in_time_to_land_with_its_reserve() {
    let mut scenario: Scenario = toml::from_str(ALONE).expect("a well-formed scenario");
    scenario.site_file = Some(toml::from_str(FAR_SITE).expect("a well-formed site"));
    scenario.callers[0].at = [0.0, -750.0];
    (scenario.wind_m_s, scenario.wind_from_deg) = (8.5, 0.0);
    let drone = DroneId::new("d1").expect("an id");
    let (mut stayed, mut left_pct, mut landed, mut reserve_pct) = (false, None, None, 0.0);
    run_watched(&scenario, 3, |seen| {
        let Some((core, (_, truth))) = seen.core.zip(seen.aircraft().find(|(id, _)| **id == drone)) else { return };
        reserve_pct = core.site().map_or(0.0, |site| site.policy.battery_reserve_pct);
        let Some(mission) = core.missions().next() else { return };
        stayed |= mission.phase == Some(FlightPhase::OnScene);
        if stayed && mission.recalled && left_pct.is_none() {
            left_pct = Some(truth.battery_pct);
        }
        if stayed && truth.on_ground && landed.is_none() {
            let off_pad_m = core.site().map(|site| site.stations[0].drones[0].pad.distance_m(&truth.position));
            landed = off_pad_m.map(|off_m| (truth.battery_pct, off_m));
        }
    })
    .expect("the scenario runs");
    let (left_pct, (landed_pct, off_pad_m)) = (left_pct.expect("it left"), landed.expect("it landed"));
    println!("left with {left_pct:.1} %, landed with {landed_pct:.1} %, {off_pad_m:.1} m off its pad, reserve {reserve_pct} %");
    assert!(off_pad_m < PAD_M, "on the ground {off_pad_m:.0} m from its pad");
    assert!(left_pct > 30.0, "at the charge at which every flight ends it would have been too late: {left_pct:.1} %");
    assert!(landed_pct >= reserve_pct - LANDED_SHORT_PCT, "landed with {landed_pct:.1} %");
}
