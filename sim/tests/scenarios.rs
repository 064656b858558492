//! Every scenario of `tests/scenarios`, each twice: it must show what it expects, and the same seed must give the same log.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sim::scenario::{LightOn, Scenario, random_scenario, run};

/// Random nights in every test run.
const NIGHTS: u64 = 1_000;
/// How many broken nights are told before the test gives up counting.
const TOLD_MAX: usize = 10;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios")
}

/// Does the work for every item on every core; what is not well comes back as text.
fn on_every_core<T: Sync>(items: &[T], work: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let next = Mutex::new(items.iter());
    let wrong = Mutex::new(Vec::new());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(item) = { next.lock().expect("no panic under the lock").next() } {
                    if let Some(text) = work(item) {
                        wrong.lock().expect("no panic under the lock").push(text);
                    }
                }
            });
        }
    });
    wrong.into_inner().expect("no panic under the lock")
}

fn scenario_files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("the folder of scenarios");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

#[test]
fn every_scenario_shows_what_it_expects_and_repeats_byte_for_byte() {
    let files = scenario_files();
    assert!(files.len() >= 25, "{} scenarios", files.len());
    let wrong = on_every_core(&files, |path| {
        let scenario = Scenario::read(path).unwrap_or_else(|error| panic!("{error}"));
        let first = run(&scenario, 1).expect("the scenario runs");
        let again = run(&scenario, 1).expect("the scenario runs");
        if first.log != again.log || first.text() != again.text() {
            return Some(format!("{}: the same seed gave another log", path.display()));
        }
        (!first.passed()).then(|| format!("{}\n{}", path.display(), first.text()))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Seeds over which the light on walking and running people is judged.
const WALKS: u64 = 40;

/// What the light over those seeds must show.
struct Wanted {
    scenario: &'static str,
    mean_pct_min: f64,
    share_pct_min: f64,
    /// Seeds at 95 % at least.
    good_min: usize,
    /// Height of the aircraft in the mean over all seeds, metres.
    height_m_max: f64,
}

/// The goal is 95 % of the time, and never within the stand-off of 8 m. Both hold on every seed where the terminal says how fast its owner
/// goes, as phones do; by places alone the first holds on the whole: what a filter over such fixes can know is no better (ADR 0160, 0161).
#[test]
fn the_light_holds_who_walks_and_who_runs_and_nobody_is_flown_over() {
    let wanted = |scenario, mean_pct_min, share_pct_min, good_min, height_m_max| Wanted {
        scenario,
        mean_pct_min,
        share_pct_min,
        good_min,
        height_m_max,
    };
    for wanted in [
        wanted("escort-walking", 99.0, 95.0, 40, 70.0),
        wanted("escort-running", 99.0, 95.0, 40, 70.0),
        // From a third of the height the circle is a third as wide.
        wanted("escort-walking-well-placed", 98.0, 95.0, 40, 35.0),
        wanted("escort-walking-untold", 97.0, 92.0, 38, 70.0),
        wanted("escort-turns-back", 99.0, 95.0, 40, 35.0),
        wanted("up-a-hill", 98.0, 95.0, 40, 40.0),
        wanted("escort-running-untold", 95.0, 88.0, 32, 70.0),
        wanted("escort-stop-and-go", 99.0, 95.0, 40, 60.0),
        wanted("escort-standing", 99.0, 95.0, 40, 35.0),
    ] {
        hold(&wanted);
    }
}

fn hold(wanted: &Wanted) {
    let name = wanted.scenario;
    let scenario = Scenario::read(&folder().join(format!("{name}.toml"))).unwrap_or_else(|error| panic!("{error}"));
    let seeds: Vec<u64> = (1..=WALKS).collect();
    let seen = Mutex::new(Vec::new());
    on_every_core(&seeds, |seed| {
        let mut lights = run(&scenario, *seed).expect("the scenario runs").lights;
        assert!(!lights.is_empty(), "{name}, seed {seed}: never lit");
        seen.lock().expect("no panic under the lock").push((*seed, lights.remove(0)));
        None
    });
    let seen = seen.into_inner().expect("no panic under the lock");
    for (seed, light) in &seen {
        let (share_pct, nearest_m) = (light.share_pct, light.nearest_m);
        assert!(nearest_m >= 8.0 && share_pct >= wanted.share_pct_min, "{name}, seed {seed}: {share_pct:.1} %, {nearest_m:.1} m");
    }
    let mean = |of: fn(&LightOn) -> f64| seen.iter().map(|(_, light)| of(light)).sum::<f64>() / WALKS as f64;
    let (mean_pct, height_m) = (mean(|light| light.share_pct), mean(|light| light.mean_height_m));
    let good = seen.iter().filter(|(_, light)| light.share_pct >= 95.0).count();
    assert!(
        mean_pct >= wanted.mean_pct_min && good >= wanted.good_min,
        "{name}: {mean_pct:.1} % in the mean, {good} seeds at 95 %"
    );
    assert!(height_m <= wanted.height_m_max, "{name}: {height_m:.1} m up in the mean");
}

#[test]
fn a_thousand_random_nights_keep_every_promise() {
    let text = std::fs::read_to_string(folder().join("sites/random-town.toml")).expect("the site of the random nights");
    let site = toml::from_str(&text).expect("a well-formed site");
    let seeds: Vec<u64> = (1..=NIGHTS).collect();
    let wrong = on_every_core(&seeds, |seed| {
        let report = run(&random_scenario(&site, *seed), *seed).expect("the night runs");
        let broken =
            report.verdicts.iter().filter_map(|verdict| Some(format!("{}: {}", verdict.expected, verdict.wrong.as_ref()?)));
        (!report.passed()).then(|| format!("seed {seed}: {}", broken.collect::<Vec<_>>().join("; ")))
    });
    assert!(wrong.is_empty(), "{} of {NIGHTS} nights:\n{}", wrong.len(), wrong[..wrong.len().min(TOLD_MAX)].join("\n"));
}

#[test]
fn killed_after_any_persisted_entry_the_escort_still_ends_well() {
    let scenario = Scenario::read(&folder().join("plain-escort.toml")).unwrap_or_else(|error| panic!("{error}"));
    let entries = run(&scenario, 1).expect("the scenario runs").entries;
    let kills: Vec<u64> = (1..=entries).collect();
    let wrong = on_every_core(&kills, |entry| {
        let killed = Scenario {
            kill_after_entry: Some(*entry),
            expect: essentials(),
            shown: Vec::new(),
            light: Vec::new(),
            ..scenario.clone()
        };
        let report = run(&killed, 1).expect("the scenario runs");
        (!report.passed()).then(|| format!("killed after entry {entry}\n{}", report.text()))
    });
    assert!(wrong.is_empty(), "{} of {entries}:\n{}", wrong.len(), wrong[..wrong.len().min(TOLD_MAX)].join("\n\n"));
}

/// What a kill may delay but never change.
fn essentials() -> Vec<sim::scenario::Expectation> {
    let text = r#"
        [[expect]]
        line = "assigned_primary"
        times = 1
        [[expect]]
        line = "d1 seen armed"
        times = 1
        [[expect]]
        line = "d1 light state=lit"
        [[expect]]
        line = "incident of c1: closed"
        times = 1
        [[expect]]
        line = "d1 seen disarmed"
        times = 1
    "#;
    let mut table: toml::Table = toml::from_str(text).expect("well-formed expectations");
    table.remove("expect").expect("expectations").try_into().expect("well-formed expectations")
}
