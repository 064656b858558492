//! Load on the real server: its own process on loopback, a temporary data directory, SQLite, the embedded broker.
//!
//! `calls`: how long from a call, durable and acknowledged, to the offer at a terminal, while guards move. `ingest`: how many
//! position reports a second reach the index over MQTT, and whether each acknowledged one did. Both print what was lost, which must
//! be nothing, and end with an error otherwise. `cargo bench -p orchestrator --bench load` runs both as the goals have them;
//! `cargo bench -p orchestrator --bench load -- calls --help` shows what can be changed. Inputs come from seed 7.

mod calls;
mod http;
mod ingest;
mod people;
mod server;
mod spread;
mod watch;
mod wire;

use clap::{Parser, Subcommand};

/// Load on the real server.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Load>,
    /// Given by `cargo bench`; without it (`cargo test --benches`) nothing is measured.
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Load {
    /// Call accepted, offer published.
    Calls(calls::Options),
    /// Position reports over MQTT.
    Ingest(ingest::Options),
    /// A filter that names other benchmarks of the workspace.
    #[command(external_subcommand)]
    Other(Vec<String>),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if !arguments.bench {
        return Ok(());
    }
    match arguments.command {
        Some(Load::Calls(options)) => calls::run(&options).await,
        Some(Load::Ingest(options)) => ingest::run(&options).await,
        Some(Load::Other(filter)) => {
            println!("load: nothing of this name: {}", filter.join(" "));
            Ok(())
        }
        None => {
            calls::run(&calls::Options::parse_from(["calls"])).await?;
            ingest::run(&ingest::Options::parse_from(["ingest"])).await?;
            ingest::run(&ingest::Options::parse_from(["ingest", "--mosquitto"])).await
        }
    }
}
