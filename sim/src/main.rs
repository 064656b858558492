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
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Fly(arguments) => sim::fly::run(&arguments),
    }
}
