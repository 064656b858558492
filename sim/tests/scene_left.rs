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
