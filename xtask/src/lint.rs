//! Formatting and lints, for Rust and for the web app.

use crate::process::{self, cargo};

/// Formatting, clippy without warnings, and the web app's type check.
pub fn run() -> anyhow::Result<()> {
    let root = crate::root();
    process::run(&root, &[&cargo(), "fmt", "--all", "--check"])?;
    crate::needs::build_packages()?;
    crate::needs::web_packages()?;
    process::run(&root, &[&cargo(), "clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"])?;
    let with_models =
        ["clippy", "--package", "orchestrator", "--features", "onnx", "--lib", "--tests", "--quiet", "--", "--deny", "warnings"];
    process::run(&root, &[&[cargo().as_str()], &with_models[..]].concat())?;
    process::run(&root.join("orchestrator/ui"), &["npm", "run", "--silent", "check"])
}
