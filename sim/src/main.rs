//! The simulator's command line.

use anyhow::Context;
use clap::{Parser, Subcommand};

/// Simulated aircraft and the world around them.
#[derive(Debug, Parser)]
#[command(name = "sim", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fly simulated aircraft for any MAVLink client, for example:
    /// sim fly --drones 2 --mavlink udpout:127.0.0.1:14550
    Fly(sim::fly::FlyArguments),
    /// Fly real PX4 autopilots on our physics, for example: sim px4 --drones 2 --wind 4
    Px4(sim::px4::Px4Arguments),
    /// Run a scenario in virtual time, for example: sim run tests/scenarios/plain-escort.toml --seed 3
    Run(sim::scenario::RunOptions),
    /// Play random nights, for example: sim nights tests/scenarios/sites/random-town.toml --count 100
    Nights(sim::scenario::NightsOptions),
    /// Fit the energy model to flights in virtual time and try it on others, for example: sim energy --count 50
    Energy(sim::energy::EnergyOptions),
    /// Play guards, a caller and an operator on a running server, for example:
    /// sim people --server http://127.0.0.1:8080 --site configs/demo-site --once
    People(sim::people::PeopleOptions),
    /// Take one picture of a site as an aircraft's camera would, for example:
    /// sim frame --site configs/demo-site --at 36.5462,127.9105,25 --pitch=-50 --hour 22 --light on --out night.png
    Frame(sim::picture::FrameOptions),
    /// Replay real dispatches in virtual time with their units as guards, for example:
    /// sim calls sf_fire_calls_300.csv
    Calls {
        /// Records as DataSF publishes them (CSV).
        file: std::path::PathBuf,
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Fly(arguments) => sim::fly::run(&arguments),
        Command::Px4(arguments) => sim::px4::run(&arguments),
        Command::Run(options) => sim::scenario::run_command(&options),
        Command::Nights(options) => sim::scenario::nights_command(&options),
        Command::Energy(options) => sim::energy::energy_command(&options),
        Command::People(options) => sim::people::run_command(options),
        Command::Frame(options) => sim::picture::frame_command(&options),
        Command::Calls { file, json } => calls(&file, json),
    }
}

fn calls(file: &std::path::Path, json: bool) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let records = site_model::parse_calls(&text).with_context(|| file.display().to_string())?;
    let report = sim::replay_calls(&records)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    anyhow::ensure!(report.lost.is_empty() && report.with_one_primary == report.calls, "not every call got exactly one guard");
    Ok(())
}
