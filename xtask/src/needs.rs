//! What must be on the machine, and how it gets there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{exists, run, run_command};

/// Debian packages, each with a file that shows it is there, and why it is needed.
type Packages = &'static [(&'static str, &'static str, &'static str)];

/// What building the product takes besides Rust, Node.js and a C compiler.
const BUILD_PACKAGES: Packages = &[
    ("g++", "/usr/bin/g++", "the H.264 encoder, the reader of codes and the runtime of the fuzz targets are C++"),
    ("cmake", "/usr/bin/cmake", "builds the reader of codes"),
    ("make", "/usr/bin/make", "CMake's own builder"),
];

/// What the tests take besides.
const TEST_PACKAGES: Packages = &[
    ("chromium", "/usr/bin/chromium", "a real browser plays the escort through the pages"),
    ("mosquitto", "/usr/sbin/mosquitto", "a broker that nobody here wrote"),
    ("mosquitto-clients", "/usr/bin/mosquitto_pub", "MQTT clients that nobody here wrote"),
    ("fonts-noto-cjk", "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "Korean in the screenshots"),
    ("postgresql", "/usr/lib/postgresql", "the storage port runs on it too"),
    ("ffmpeg", "/usr/bin/ffprobe", "players and recordings judged by what nobody here wrote"),
    ("poppler-utils", "/usr/bin/pdftoppm", "beacon sheets are read back from their PDF as a printer's program draws it"),
    ("coturn", "/usr/bin/turnserver", "a TURN server that nobody here wrote, for viewers behind strict firewalls"),
    ("nasm", "/usr/bin/nasm", "without it the H.264 encoder is built three times slower"),
    ("python3-venv", "/usr/bin/python3", "independent MAVLink clients"),
];

/// Installs what building needs and is not there. A program anywhere on the path will do: not every machine is a Debian.
pub fn build_packages() -> anyhow::Result<()> {
    install(BUILD_PACKAGES.iter().filter(|(_, shown_by, _)| !Path::new(shown_by).exists() && !is_on_path(shown_by)))
}

/// Installs the Debian packages that building and the tests need and that are not there.
pub fn test_packages() -> anyhow::Result<()> {
    install(BUILD_PACKAGES.iter().chain(TEST_PACKAGES).filter(|(_, shown_by, _)| !Path::new(shown_by).exists()))
}

fn is_on_path(shown_by: &str) -> bool {
    Path::new(shown_by).file_name().and_then(|name| name.to_str()).is_some_and(exists)
}

fn install<'a>(missing: impl Iterator<Item = &'a (&'static str, &'static str, &'static str)>) -> anyhow::Result<()> {
    let missing: Vec<&str> = missing
        .map(|(package, _, why)| {
            eprintln!("needs {package}: {why}");
            *package
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !exists("apt-get") {
        bail!("please install by hand (no apt-get here): {}", missing.join(" "));
    }
    let as_root: &[&str] = if is_root()? { &[] } else { &["sudo"] };
    let here = crate::root();
    run(&here, &[as_root, &["apt-get", "update", "-qq"]].concat())?;
    let install = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", "--no-install-recommends"];
    run(&here, &[as_root, &install, missing.as_slice()].concat())
}

fn is_root() -> anyhow::Result<bool> {
    let output = Command::new("id").arg("-u").output().context("could not run id")?;
    Ok(output.stdout.trim_ascii() == b"0")
}

/// The Python environment with the independent MAVLink clients, made when missing or outdated; returns its interpreter.
pub fn python_clients() -> anyhow::Result<PathBuf> {
    let root = crate::root();
    let wanted = root.join("sim/tests/python/requirements.txt");
    let environment = root.join(".venv");
    let python = environment.join("bin/python");
    let stamp = environment.join("requirements.txt");
    let list = std::fs::read(&wanted).with_context(|| format!("could not read {}", wanted.display()))?;
    if python.exists() && std::fs::read(&stamp).is_ok_and(|installed| installed == list) {
        return Ok(python);
    }
    let path = |path: &Path| path.display().to_string();
    run(&root, &["python3", "-m", "venv", "--clear", &path(&environment)])?;
    run(&root, &[&path(&python), "-m", "pip", "install", "--quiet", "--requirement", &path(&wanted)])?;
    std::fs::copy(&wanted, &stamp).context("could not note what was installed")?;
    Ok(python)
}

/// The web app's packages, as its lock file names them.
pub fn web_packages() -> anyhow::Result<()> {
    let ui = crate::root().join("orchestrator/ui");
    if !exists("npm") {
        bail!("the web app is built with npm: please install Node.js 20 or later");
    }
    let lock = ui.join("package-lock.json");
    let stamp = ui.join("node_modules/.package-lock.json");
    let fresh = match (lock.metadata(), stamp.metadata()) {
        (Ok(lock), Ok(stamp)) => stamp.modified()? >= lock.modified()?,
        _ => false,
    };
    if fresh {
        return Ok(());
    }
    run_command(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&ui))
}
