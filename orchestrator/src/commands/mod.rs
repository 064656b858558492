//! The program's commands. Each prints its result on standard output and exits 0 when all is well, 1 when what it checked is not,
//! 2 when it could not do its work.

mod account;
mod beacon;
mod data;
mod export;
mod read;
mod survey;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use flight_types::{DistrictId, IncidentId};

use crate::config::Config;
use crate::crash::{CrashOrder, CrashPoint};
use crate::serve;
use crate::store::Location;

/// Emergency escort by guards and spotlight drones: the server and its tools.
#[derive(Debug, Parser)]
#[command(name = "orchestrator", version, after_help = "Example: orchestrator serve --config configs/dev.toml")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server until it is told to stop (SIGTERM or Ctrl-C; a second one stops it at once).
    #[command(after_help = "Example: orchestrator serve --config configs/dev.toml")]
    Serve {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// For tests: die at this point of a log entry's way, that of the first entry that says something new.
        #[arg(long, hide = true)]
        crash_at: Option<CrashPoint>,
        /// For tests: not at the first new entry but at this one.
        #[arg(long, hide = true, requires = "crash_at")]
        crash_seq: Option<u64>,
    },
    /// Replays a log and prints how many entries it has and the hash of the state they add up to.
    #[command(after_help = "Example: orchestrator replay --data var/dev\nentries=1204 state=8f0c…")]
    Replay {
        #[command(flatten)]
        data: Data,
    },
    /// Checks a configuration file and the site it names, and explains what is wrong.
    #[command(after_help = "Example: orchestrator check --config configs/site-example.toml")]
    Check {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// The audit chain.
    #[command(subcommand)]
    Audit(Audit),
    /// Writes one incident as a folder: report, record, timeline, log, notices, places, video with its track.
    #[command(after_help = "Example: orchestrator export inc-000042 --data var/dev --out inc-000042")]
    Export {
        /// Which incident.
        incident: IncidentId,
        #[command(flatten)]
        data: Data,
        /// The folder to make; it must not exist yet. Default: named like the incident.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Prints seconds and metres by road from one or several places to another.
    #[command(
        after_help = "Example: orchestrator eta --roads town.osm.pbf --from 37.505,126.957 --from 37.508,126.960 --to 37.51,126.96"
    )]
    Eta(tools::Eta),
    /// Reads beacons and other QR codes in pictures: file, text, corners, milliseconds.
    #[command(
        after_help = "Example: orchestrator read lot.jpg night.png --json\nExit code 1 when a file is not a picture; the others are read all the same."
    )]
    Read(read::Read),
    /// Beacons.
    #[command(subcommand)]
    Beacon(beacon::Beacon),
    /// Flight paths.
    #[command(subcommand)]
    Plan(tools::Plan),
    /// Sites.
    #[command(subcommand)]
    Site(tools::SiteCommand),
    /// Accounts.
    #[command(subcommand)]
    Account(account::Account),
}

#[derive(Debug, Subcommand)]
enum Audit {
    /// Checks that no row of the log or the audit trail was changed, removed or inserted, and no recording: names what was.
    #[command(after_help = "Example: orchestrator audit verify --data var/dev\nExit code 1 when a chain is broken.")]
    Verify {
        #[command(flatten)]
        data: Data,
    },
}

/// Which data to read.
#[derive(Debug, Clone, Args)]
pub struct Data {
    /// The data directory (`store.data_dir` of the configuration).
    #[arg(long)]
    data: PathBuf,
    /// The PostgreSQL database, when there is one (`store.database_url`).
    #[arg(long)]
    database: Option<String>,
    /// Which district, when the data holds several.
    #[arg(long)]
    district: Option<DistrictId>,
}

impl Data {
    fn location(&self) -> Location {
        Location::with_database(self.data.clone(), self.database.clone())
    }
}

/// Runs what the command line asks for.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve { config, crash_at, crash_seq } => {
            let crash = crash_at.map(|point| CrashOrder { point, seq: crash_seq });
            serve::run(Config { crash, ..Config::load(&config)? }).await
        }
        Command::Replay { data } => data::replay(&data).await,
        Command::Check { config } => data::check(&config),
        Command::Audit(Audit::Verify { data }) => data::verify(&data).await,
        Command::Export { incident, data, out } => {
            let out = out.unwrap_or_else(|| PathBuf::from(incident.as_str()));
            export::export(&data, &incident, &out).await
        }
        Command::Eta(eta) => eta.run(),
        Command::Beacon(command) => command.run(),
        Command::Read(pictures) => Ok(pictures.run()),
        Command::Plan(plan) => plan.run(),
        Command::Site(site) => site.run(),
        Command::Account(account) => account.run().await,
    }
}
