//! Benchmarks, in release, beside their peers where those are libraries.

use crate::process::{self, cargo};

/// Which benchmarks.
#[derive(clap::Args)]
pub struct Options {
    /// Only benchmarks whose name contains this.
    filter: Option<String>,
}

/// Runs every benchmark target of the workspace.
pub fn run(options: &Options) -> anyhow::Result<()> {
    crate::needs::build_packages()?;
    let cargo = cargo();
    let mut line = vec![cargo.as_str(), "bench", "--workspace", "--benches", "--"];
    line.extend(options.filter.as_deref());
    process::run(&crate::root(), &line)
}
