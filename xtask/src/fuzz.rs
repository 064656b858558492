//! Fuzzing: builds the driver with counters in our own crates, and throws inputs at the targets.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{self, built, cargo};

/// The program with the targets and the runtime, under the folder of built programs.
const DRIVER: &str = "examples/drive";
/// Inputs of the brief runs come from this, so that a failure comes again.
const SEED: u32 = 1;
/// One input may take so long, seconds: the slowest target flies a whole flight in one.
const INPUT_S_MAX: u32 = 20;
/// Memory of a target, megabytes; more means that an input makes a parser hoard.
const MEMORY_MB_MAX: u32 = 2_048;
/// Length of an input, bytes: some hundred entries of a log.
const INPUT_BYTES_MAX: u32 = 65_536;

/// What to throw at what.
#[derive(clap::Args)]
pub struct Options {
    /// One target only; without it, each after the other.
    target: Option<String>,
    /// Seconds for each target.
    #[arg(long = "for", default_value_t = 60)]
    for_s: u32,
    /// The short run in place of it: the same inputs each time, fewer of them.
    #[arg(long, conflicts_with = "for_s")]
    brief: bool,
    /// One input in place of them: a file that an earlier run has kept.
    #[arg(long, requires = "target", conflicts_with_all = ["for_s", "brief"])]
    input: Option<PathBuf>,
}

/// How long the inputs are thrown.
enum Run<'a> {
    Brief,
    Long { for_s: u32 },
    Once { input: &'a Path },
}

/// Builds the driver and throws inputs at the chosen targets.
pub fn run(options: &Options) -> anyhow::Result<()> {
    crate::needs::test_packages()?;
    let bench = Bench::build()?;
    let run = match &options.input {
        Some(input) => Run::Once { input },
        None if options.brief => Run::Brief,
        None => Run::Long { for_s: options.for_s },
    };
    bench.targets(options.target.as_deref())?.into_iter().try_for_each(|target| bench.throw(target, &run))
}

/// The same inputs each time at every target, for the test command.
pub fn briefly() -> anyhow::Result<()> {
    let bench = Bench::build()?;
    bench.targets.iter().try_for_each(|target| bench.throw(target, &Run::Brief))
}

/// A target as the program tells of it.
struct Target {
    name: String,
    brief_runs: u32,
}

/// The built driver with its seeds.
struct Bench {
    folder: PathBuf,
    targets: Vec<Target>,
}

impl Bench {
    fn build() -> anyhow::Result<Self> {
        let root = crate::root();
        let debug = built(DRIVER);
        let folder = debug.ancestors().nth(3).context("a target folder")?.join("fuzz");
        let mut build = Command::new(cargo());
        build
            .args(["build", "--quiet", "--workspace", "--example", "drive", "--features", "fuzz/driver"])
            .env("RUSTC_WORKSPACE_WRAPPER", root.join("fuzz/rustc-with-counters"))
            .env("FUZZ_RUNTIME", runtime(&root, &folder)?)
            .current_dir(&root);
        process::run_command(&mut build)?;
        let mut write = Command::new(built(DRIVER));
        let listed = write.env("FUZZ_SEEDS", folder.join("seeds")).output().context("could not write the seeds")?;
        if !listed.status.success() {
            bail!("could not write the seeds: {}", String::from_utf8_lossy(&listed.stderr));
        }
        Ok(Self { folder, targets: targets(&String::from_utf8(listed.stdout)?) })
    }

    /// One of them, or all.
    fn targets(&self, name: Option<&str>) -> anyhow::Result<Vec<&Target>> {
        let chosen: Vec<&Target> = self.targets.iter().filter(|target| name.is_none_or(|name| name == target.name)).collect();
        if chosen.is_empty() {
            let names: Vec<&str> = self.targets.iter().map(|target| target.name.as_str()).collect();
            bail!("there is no such target; there are {}", names.join(", "));
        }
        Ok(chosen)
    }

    /// Runs one target. An input that breaks it lies in `target/fuzz/broken`, and the error says how to throw it again.
    fn throw(&self, target: &Target, run: &Run) -> anyhow::Result<()> {
        let mut driver = self.driver(target)?;
        match run {
            Run::Once { input } => drop(driver.arg(std::path::absolute(input)?)),
            // What was found worth keeping is the beginning of the next long run.
            Run::Long { for_s } => {
                driver.args([format!("-max_total_time={for_s}"), "-print_final_stats=1".to_owned()]);
                driver.args(self.corpora(target, "corpus")?);
            }
            // It begins from the seeds alone, so that it is the same each time; what was compared would bring in addresses, which are
            // others in every process.
            Run::Brief => {
                let _ = std::fs::remove_dir_all(self.folder.join("brief").join(&target.name));
                driver.args([format!("-runs={}", target.brief_runs), format!("-seed={SEED}"), "-use_cmp=0".to_owned()]);
                driver.args(self.corpora(target, "brief")?);
            }
        }
        let output = driver.output().context("could not start the driver")?;
        let text = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!("{} is broken by an input:\n{}\n{}", target.name, last_lines(&text, 60), again(target, run, &text));
        }
        let summary = text.lines().filter(|line| line.contains("DONE") || line.starts_with("stat::average")).collect::<Vec<_>>();
        eprintln!("    fuzz {}: {}", target.name, summary.join(" ").split_whitespace().collect::<Vec<_>>().join(" "));
        Ok(())
    }

    fn driver(&self, target: &Target) -> anyhow::Result<Command> {
        let broken = self.made("broken")?;
        let mut driver = Command::new(built(DRIVER));
        driver
            .env("FUZZ_TARGET", &target.name)
            .arg(format!("-artifact_prefix={}/{}-", broken.display(), target.name))
            .args([format!("-timeout={INPUT_S_MAX}"), format!("-rss_limit_mb={MEMORY_MB_MAX}")])
            .arg(format!("-max_len={INPUT_BYTES_MAX}"))
            .current_dir(&self.folder);
        Ok(driver)
    }

    /// Where new inputs are kept, and the seeds.
    fn corpora(&self, target: &Target, kept: &str) -> anyhow::Result<[PathBuf; 2]> {
        Ok([self.made(&format!("{kept}/{}", target.name))?, self.folder.join("seeds").join(&target.name)])
    }

    fn made(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
        Ok(folder)
    }
}

/// How to throw the input again that broke the target.
fn again(target: &Target, run: &Run, text: &str) -> String {
    let input = match run {
        Run::Once { input } => input.display().to_string(),
        Run::Brief | Run::Long { .. } => match text.lines().find_map(|line| line.split("Test unit written to ").nth(1)) {
            Some(path) => path.to_owned(),
            None => return "no input was kept: the driver itself failed".to_owned(),
        },
    };
    format!("the input: {input}\nagain: cargo xtask fuzz {} --input {input}", target.name)
}

/// Compiles libFuzzer, once; returns its library.
fn runtime(root: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let target = folder.join("runtime");
    let manifest = root.join("fuzz/runtime/Cargo.toml").display().to_string();
    let line = [&cargo(), "build", "--quiet", "--locked", "--release", "--manifest-path", &manifest, "--target-dir"];
    process::run(root, &[line.as_slice(), &[&target.display().to_string()]].concat())?;
    let outputs = std::fs::read_dir(target.join("release/build")).context("the runtime's build")?;
    let mut libraries = outputs.filter_map(|entry| Some(entry.ok()?.path().join("out/libfuzzer.a"))).filter(|path| path.exists());
    libraries.next().context("the runtime has no library")
}

fn targets(listed: &str) -> Vec<Target> {
    let target = |line: &str| {
        let (name, runs) = line.split_once(' ')?;
        Some(Target { name: name.to_owned(), brief_runs: runs.parse().ok()? })
    };
    listed.lines().filter_map(target).collect()
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
