//! An aircraft whose computer restarts in flight, over many moments and seeds: it fell, and is never told as landed, also over its own pad, and
//! also by a server that starts anew itself.

use std::path::Path;

use sim::scenario::{Expectation, Report, Scenario, run};

/// Virtual seconds: armed, off the ground over its pad, on its way out, on scene; the call comes at 8 s.
const MOMENTS_S: [f64; 12] = [11.0, 11.6, 12.2, 12.8, 13.4, 14.0, 15.0, 16.5, 18.0, 22.0, 35.0, 50.0];
const SEEDS: u64 = 6;
/// Long enough that it has come down and that whoever was killed has met it again.
const SEEN_FOR_S: f64 = 60.0;

fn scenario() -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios/reboot-in-flight.toml");
    let mut scenario = Scenario::read(&path).unwrap_or_else(|error| panic!("{error}"));
    let text = "[[expect]]\nline = \"d1 reached phase=landed\"\ntimes = 0\n[[expect]]\nline = \"d1 failed\"";
    let mut table: toml::Table = toml::from_str(text).expect("well-formed expectations");
    let expect: Vec<Expectation> = table.remove("expect").expect("expectations").try_into().expect("well-formed expectations");
    (scenario.expect, scenario.shown) = (expect, Vec::new());
    scenario
}

/// Every moment with every seed; further steps may be added beside the restart.
fn every_moment(beside: &str) -> Vec<(f64, u64, Report)> {
    let mut reports = Vec::new();
    for moment_s in MOMENTS_S {
        let mut scenario = scenario();
        for step in scenario.steps.iter_mut().filter(|step| step.at_s > 10.0) {
            step.at_s = moment_s;
        }
        let more: toml::Table = toml::from_str(&beside.replace("MOMENT", &format!("{moment_s:?}"))).expect("well-formed steps");
        for step in more.get("steps").and_then(toml::Value::as_array).into_iter().flatten() {
            scenario.steps.push(step.clone().try_into().expect("a well-formed step"));
        }
        scenario.for_s = moment_s + SEEN_FOR_S;
        reports.extend((1..=SEEDS).map(|seed| (moment_s, seed, run(&scenario, seed).expect("the scenario runs"))));
    }
    reports
}

fn hold(reports: &[(f64, u64, Report)]) {
    let broken = |report: &Report| {
        let wrong = report.verdicts.iter().filter_map(|verdict| Some(format!("{}: {}", verdict.expected, verdict.wrong.as_ref()?)));
        wrong.collect::<Vec<_>>().join("; ")
    };
    let wrong: Vec<String> = reports
        .iter()
        .map(|(moment_s, seed, report)| (format!("restart at {moment_s} s, seed {seed}"), broken(report)))
        .filter(|(_, broken)| !broken.is_empty())
        .map(|(what, broken)| format!("{what}: {broken}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), reports.len(), wrong.join("\n"));
}

#[test]
fn a_computer_that_restarts_in_flight_is_never_told_as_landed() {
    hold(&every_moment(""));
}

#[test]
fn nor_by_a_server_that_is_killed_in_the_same_moment() {
    hold(&every_moment("[[steps]]\nat_s = MOMENT\ndo = \"kill_server\"\nfor_s = 2"));
}
