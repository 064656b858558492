//! Running other programs: with their output shown, and ended for certain when the command ends.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How long a child may take to end by itself after SIGTERM before it is killed: the server drains in a few seconds.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// Runs a program to its end in `folder`, its output shown; an error names the command line.
pub fn run(folder: &Path, line: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).current_dir(folder);
    run_command(&mut command)
}

/// The same for a prepared command.
pub fn run_command(command: &mut Command) -> anyhow::Result<()> {
    let shown = format!("{command:?}");
    forget_own_package(command);
    let started = Instant::now();
    let status = command.status().with_context(|| format!("could not start {shown}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    eprintln!("    {:.1} s  {shown}", started.elapsed().as_secs_f64());
    Ok(())
}

/// What cargo told us about this package must not reach another cargo: build scripts that look at it would run again.
fn forget_own_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name.as_ref());
        }
    }
}

/// The cargo that runs us.
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Where cargo puts what it builds with the dev profile.
pub fn built(program: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from);
    target.join("debug").join(program)
}

/// Whether a program can be found on the path.
pub fn exists(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// A child that is ended with its owner: SIGTERM, then, past the drain limit, SIGKILL.
pub struct Owned {
    name: &'static str,
    child: Child,
}

impl Owned {
    /// Starts a prepared command.
    pub fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Self> {
        let child = command.spawn().with_context(|| format!("could not start {name}: {command:?}"))?;
        Ok(Self { name, child })
    }

    /// The exit status when it has ended by itself.
    pub fn ended(&mut self) -> anyhow::Result<Option<std::process::ExitStatus>> {
        self.child.try_wait().with_context(|| format!("could not ask after {}", self.name))
    }

    /// Its name for messages.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // `kill` from coreutils spares an unsafe libc call; a failure here only means that the child has just ended.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let asked = Instant::now();
        while asked.elapsed() < DRAIN_LIMIT {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        eprintln!("{} did not end in {} s and is killed", self.name, DRAIN_LIMIT.as_secs());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
