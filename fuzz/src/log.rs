//! The log of a district: any lines that decode as entries, in any order, at any time.

use std::path::Path;

use dispatch_core::Core;
use dispatch_core::event::Entry;
use flight_types::DistrictId;
use sim::scenario::{Scenario, run as play};

/// Entries of one input; a whole escort has about a hundred.
const ENTRIES_MAX: usize = 300;

/// Whatever decodes as an entry is taken without a panic, and the same entries give the same state.
pub fn run(bytes: &[u8]) {
    let entries: Vec<Entry> = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let hashes = [state(&entries), state(&entries)];
    assert_eq!(hashes[0], hashes[1], "the same log, the same state");
}

/// District and place in the log are the log's own, which a shell reads from its keys.
fn state(entries: &[Entry]) -> String {
    let district = DistrictId::new("town").expect("an id");
    let mut core = Core::new(district.clone());
    for (seq, entry) in (1..).zip(entries.iter().take(ENTRIES_MAX)) {
        let entry = Entry { seq, district: district.clone(), ..entry.clone() };
        let admitted = core.admit(&entry.actor, &entry.event);
        let effects = core.step(&entry);
        assert!(admitted.is_ok() || effects.len() < 100, "a refused entry orders little");
        core.outstanding();
        core.next_deadline_ms();
    }
    core.state_hash()
}

/// The logs of scenarios as the real core wrote them, whole and in halves.
pub fn seeds() -> Vec<Vec<u8>> {
    let site = include_str!("../../tests/scenarios/sites/one-drone.toml");
    let scenarios = [
        include_str!("../../tests/scenarios/plain-escort.toml"),
        include_str!("../../tests/scenarios/operator-recalls.toml"),
        include_str!("../../tests/scenarios/duress.toml"),
    ];
    scenarios.iter().flat_map(|text| logs(text, site)).collect()
}

fn logs(scenario: &str, site: &str) -> [Vec<u8>; 2] {
    let scenario = Scenario::parse(Path::new("scenario"), scenario, site).expect("a scenario of ours");
    let report = play(&scenario, 1).expect("a scenario that runs");
    let half = report.log.lines().take(report.log.lines().count() / 2).collect::<Vec<_>>().join("\n");
    [report.log.into_bytes(), half.into_bytes()]
}
