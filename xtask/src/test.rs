//! Every test, on a fresh clone of a fresh machine.

use std::process::Command;

use crate::process::{self, cargo};
use crate::real_autopilots::{self, Autopilot};

/// How much to run.
#[derive(clap::Args)]
pub struct Options {
    /// Leave out the tests in the browser.
    #[arg(long)]
    no_browser: bool,
    /// Only the plays in the browser, the picture held to its goals; wants a machine that is not busy.
    #[arg(long)]
    picture: bool,
    /// Only the escort with real PX4, whose program PX4_BIN names (docs/autopilots.md).
    #[arg(long)]
    px4: bool,
    /// Only the escort with real ArduCopter, whose program ARDUCOPTER_BIN names (docs/autopilots.md).
    #[arg(long)]
    ardupilot: bool,
}

/// Installs what the tests need, then runs them: Rust first, then the same few inputs at every parser, the web app's
/// own, the browser's.
pub fn run(options: &Options) -> anyhow::Result<()> {
    if options.px4 || options.ardupilot {
        return with_real_autopilots(options);
    }
    let root = crate::root();
    if options.picture {
        crate::needs::test_packages()?;
        crate::needs::web_packages()?;
        process::run(&root, &[&cargo(), "build", "--workspace", "--bins", "--quiet"])?;
        return crate::demo::play_in_browser(true);
    }
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
    // What only a server that is built for it can do.
    process::run(
        &root,
        &[&cargo(), "test", "--package", "orchestrator", "--features", "onnx", "--lib", "--quiet", "surveys::judge"],
    )?;
    crate::fuzz::briefly()?;
    for autopilot in [Autopilot::Px4, Autopilot::ArduCopter] {
        real_autopilots::say_left_out(autopilot);
    }
    let ui = root.join("orchestrator/ui");
    process::run(&ui, &["npm", "run", "--silent", "test"])?;
    if options.no_browser {
        eprintln!("left out: the escort in the browser");
        return Ok(());
    }
    crate::demo::play_in_browser(false)
}

fn with_real_autopilots(options: &Options) -> anyhow::Result<()> {
    if options.px4 {
        real_autopilots::fly(Autopilot::Px4)?;
    }
    if options.ardupilot {
        real_autopilots::fly(Autopilot::ArduCopter)?;
    }
    Ok(())
}
