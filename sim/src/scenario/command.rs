//! `sim run` and `sim nights`: scenarios from the command line.

use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

use super::file::Scenario;
use super::random::random_scenario;
use super::run::{Report, run};
use super::site::SiteFile;

/// What `sim run` needs to know.
#[derive(Debug, Clone, clap::Args)]
pub struct RunOptions {
    /// The scenario, for example tests/scenarios/plain-escort.toml
    pub scenario: PathBuf,
    /// Everything random comes from it.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The report as one JSON document.
    #[arg(long)]
    pub json: bool,
    /// The log instead of the timeline, a JSON line for each entry.
    #[arg(long)]
    pub log: bool,
}

/// What `sim nights` needs to know.
#[derive(Debug, Clone, clap::Args)]
pub struct NightsOptions {
    /// The site on which the nights are played, for example tests/scenarios/sites/random-town.toml
    pub site: PathBuf,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many seeds.
    #[arg(long, default_value_t = 1)]
    pub count: u64,
}

/// Runs one scenario and prints what came of it; an error when anything expected was not seen.
pub fn run_command(options: &RunOptions) -> anyhow::Result<()> {
    let scenario = Scenario::read(&options.scenario)?;
    if !options.json {
        println!("seed={} commit={}", options.seed, commit());
    }
    let report = run(&scenario, options.seed)?;
    match (options.json, options.log) {
        (true, _) => println!("{}", serde_json::to_string(&report)?),
        (false, true) => println!("{}", report.log),
        (false, false) => print!("{}", report.text()),
    }
    judge(&report)
}

/// Plays random nights; one is told in full, of several only what went wrong.
pub fn nights_command(options: &NightsOptions) -> anyhow::Result<()> {
    let site: SiteFile = toml::from_str(&std::fs::read_to_string(&options.site)?)?;
    println!("seed={} count={} commit={}", options.seed, options.count, commit());
    let mut broken = 0;
    for seed in options.seed..options.seed.saturating_add(options.count) {
        let report = run(&random_scenario(&site, seed), seed)?;
        if options.count == 1 {
            print!("{}", report.text());
        }
        if !report.passed() {
            broken += 1;
            let wrong =
                report.verdicts.iter().filter_map(|verdict| Some(format!("{}: {}", verdict.expected, verdict.wrong.as_ref()?)));
            println!("seed {seed}: {}", wrong.collect::<Vec<_>>().join("; "));
        }
    }
    if broken > 0 {
        bail!("{broken} of {} nights broke a promise", options.count);
    }
    Ok(())
}

fn judge(report: &Report) -> anyhow::Result<()> {
    let wrong = report.verdicts.iter().filter(|verdict| verdict.wrong.is_some()).count();
    if wrong > 0 {
        bail!("{wrong} of {} expectations did not hold", report.verdicts.len());
    }
    Ok(())
}

/// The commit of the checkout one stands in, so that a printed failure can be played again.
fn commit() -> String {
    let asked = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output();
    match asked {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Ok(_) | Err(_) => "unknown".to_owned(),
    }
}
