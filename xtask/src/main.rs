//! The project's own commands: `cargo xtask demo | test | lint | bench`.
//!
//! Each installs what it needs first, says what it does while it does it, and ends with a non-zero exit code when something
//! failed.

mod alone;
mod bench;
mod demo;
mod fuzz;
mod hill;
mod lint;
mod needs;
mod process;
mod real_autopilots;
mod test;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, plays, tests and measures the whole product")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts everything on this machine and plays an escort. Example: cargo xtask demo --headless --for 240
    Demo(demo::Options),
    /// Runs every test, installing what the tests need. Example: cargo xtask test
    Test(test::Options),
    /// Formatting, lints, licences of the web app's packages. Example: cargo xtask lint
    Lint,
    /// Throws inputs at every parser, guided by coverage. Example: cargo xtask fuzz geojson --for 600
    Fuzz(fuzz::Options),
    /// Benchmarks beside their peers. Example: cargo xtask bench
    Bench(bench::Options),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Lint => lint::run(),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Bench(options) => bench::run(&options),
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).unwrap_or(here)
}
