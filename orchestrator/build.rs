//! Builds the web app with npm and leaves it where `src/http/ui.rs` puts it into the binary.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What the web app is made from. Files that appear later are noticed through their folder.
const SOURCES: &[&str] = &[
    "ui/src",
    "ui/public",
    "ui/index.html",
    "ui/package.json",
    "ui/package-lock.json",
    "ui/vite.config.ts",
    "ui/svelte.config.js",
    "ui/tsconfig.json",
];

fn main() {
    for source in SOURCES.iter().filter(|source| Path::new(source).exists()) {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=ORCHESTRATOR_SKIP_UI");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names an output folder")).join("ui");
    fs::create_dir_all(&out).expect("the output folder can be made");
    if env::var_os("ORCHESTRATOR_SKIP_UI").is_some() {
        println!("cargo::warning=the web app is left out because ORCHESTRATOR_SKIP_UI is set");
        placeholder(&out);
        return;
    }
    if !Path::new("ui/package.json").exists() {
        println!("cargo::warning=the web app's sources are not here; the server is built without it");
        placeholder(&out);
        return;
    }
    build(&out);
}

/// A page that says what is missing.
fn placeholder(out: &Path) {
    clear(out);
    let page = "<!doctype html><title>No web app</title><p>This server was built without its web app.</p>";
    fs::write(out.join("index.html"), page).expect("the placeholder can be written");
}

fn build(out: &Path) {
    // npm leaves this file when it is done; it is older than the lock file when the lock file has changed since.
    let installed = modified("ui/node_modules/.package-lock.json");
    if installed.is_none() || installed < modified("ui/package-lock.json") {
        npm(&["ci", "--no-audit", "--no-fund"]);
    }
    let out = out.to_str().expect("the output folder has a readable name");
    npm(&["exec", "--", "vite", "build", "--emptyOutDir", "--outDir", out]);
}

fn npm(arguments: &[&str]) {
    let outcome = Command::new("npm").args(arguments).current_dir("ui").env("NO_COLOR", "1").output();
    let help = "install Node.js with npm, or set ORCHESTRATOR_SKIP_UI=1 to build without the web app";
    let output = outcome.unwrap_or_else(|error| panic!("npm could not be started ({error}); {help}"));
    if !output.status.success() {
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        panic!("npm {} failed; {help}\n{said}\n{complained}", arguments.join(" "));
    }
}

fn modified(path: &str) -> Option<std::time::SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

fn clear(out: &Path) {
    fs::remove_dir_all(out).and_then(|()| fs::create_dir_all(out)).expect("the output folder can be cleared");
}
