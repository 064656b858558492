//! The simulator's command line.

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
    /// Run a scenario in virtual time, for example: sim run tests/scenarios/plain-escort.toml --seed 3
    Run(sim::scenario::RunOptions),
    /// Play random nights, for example: sim nights tests/scenarios/sites/random-town.toml --count 100
    Nights(sim::scenario::NightsOptions),
    /// Play guards, a caller and an operator on a running server, for example:
    /// sim people --server http://127.0.0.1:8080 --site configs/demo-site --once
    People(sim::people::PeopleOptions),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Fly(arguments) => sim::fly::run(&arguments),
        Command::Run(options) => sim::scenario::run_command(&options),
        Command::Nights(options) => sim::scenario::nights_command(&options),
        Command::People(options) => sim::people::run_command(options),
    }
}
