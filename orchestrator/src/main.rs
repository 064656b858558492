//! The `orchestrator` program: reads the command line, hands over to the library, reports errors with their whole chain.

use std::process::ExitCode;

use clap::Parser;
use orchestrator::commands::{self, Cli};

#[tokio::main]
async fn main() -> ExitCode {
    match commands::run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("orchestrator: {error:#}");
            ExitCode::from(2)
        }
    }
}
