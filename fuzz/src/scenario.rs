//! A scenario's file with the site beside it, up to the core's configuration.

use std::path::Path;

use sim::scenario::Scenario;

/// Divides the scenario from its site in one input.
const BETWEEN: &str = "\n#### site\n";

/// Nothing panics on the way to a configuration, and every error names the file.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (text, site) = text.split_once(BETWEEN).unwrap_or((text, SITE));
    match Scenario::parse(Path::new("night.toml"), text, site) {
        Ok(scenario) => {
            let site = scenario.site_file.as_ref().expect("a scenario that was read has its site");
            if let Err(error) = site.config(&scenario.policy) {
                assert!(!error.to_string().is_empty(), "an error says what is wrong");
            }
        }
        Err(error) => assert!(error.to_string().starts_with("night.toml"), "{error}"),
    }
}

/// The site of most scenarios.
const SITE: &str = include_str!("../../tests/scenarios/sites/one-drone.toml");

/// Some scenarios that use every kind of entry.
pub fn seeds() -> Vec<Vec<u8>> {
    let scenarios = [
        include_str!("../../tests/scenarios/plain-escort.toml"),
        include_str!("../../tests/scenarios/two-calls-one-drone.toml"),
        include_str!("../../tests/scenarios/pilot-takes-over.toml"),
        include_str!("../../tests/scenarios/lossy-link.toml"),
    ];
    let with_site = [scenarios[0], BETWEEN, SITE].concat();
    scenarios.iter().map(|text| text.as_bytes().to_vec()).chain([with_site.into_bytes()]).collect()
}
