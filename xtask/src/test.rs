//! Every test, on a fresh clone of a fresh machine.

use std::process::Command;

use crate::process::{self, cargo};

/// How much to run.
#[derive(clap::Args)]
pub struct Options {
    /// Leave out the tests in the browser.
    #[arg(long)]
    no_browser: bool,
}

/// Installs what the tests need, then runs them: Rust first, then the web app's own, then the browser's.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let root = crate::root();
    crate::needs::test_packages()?;
    let python = crate::needs::python_clients()?;
    crate::needs::web_packages()?;
    // The programs are built first: end-to-end tests start them as a site would.
    process::run(&root, &[&cargo(), "build", "--workspace", "--lib", "--bins", "--tests", "--quiet"])?;
    let mut tests = Command::new(cargo());
    tests
        .args(["test", "--workspace", "--lib", "--bins", "--tests", "--quiet", "--no-fail-fast"])
        .env("SIM_PYTHON", &python)
        .current_dir(&root);
    process::run_command(&mut tests)?;
    let ui = root.join("orchestrator/ui");
    process::run(&ui, &["npm", "run", "--silent", "test"])?;
    if options.no_browser {
        eprintln!("left out: the escort in the browser");
        return Ok(());
    }
    crate::demo::play_in_browser()
}
