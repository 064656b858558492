//! `account add`: the first administrator of a site, before anybody can sign in.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use dispatch_core::event::{Actor, Role};
use flight_types::{AccountId, LotId};
use site_model::Site;

use crate::access::{Access, NewAccount, OwnLots, roles};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{AuditOutcome, AuditRecord, AuditTrail, Location, Store};

/// Accounts.
#[derive(Debug, Subcommand)]
pub enum Account {
    /// Adds an account; the password is read from standard input. The server must be stopped: it has the data directory.
    #[command(
        after_help = "Example: orchestrator account add --config configs/dev.toml --id kim --name Kim --role admin < password.txt"
    )]
    Add {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
        /// The name to sign in with.
        #[arg(long)]
        id: AccountId,
        /// As shown.
        #[arg(long)]
        name: String,
        /// guard, operator, pilot, manager or admin.
        #[arg(long, value_parser = role)]
        role: Role,
        /// A lot of a manager, once for each; without any, and without --no-lots, every lot.
        #[arg(long = "lot")]
        lots: Vec<LotId>,
        /// A manager of no lot yet.
        #[arg(long, conflicts_with = "lots")]
        no_lots: bool,
        /// Also print a device token for the account.
        #[arg(long)]
        token: bool,
    },
}

fn role(text: &str) -> Result<Role, String> {
    match roles::from_word(text) {
        Some(Role::Caller) | None => Err("guard, operator, pilot, manager or admin; callers register themselves".to_owned()),
        Some(role) => Ok(role),
    }
}

impl Account {
    /// Adds the account and says so.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Add { config, id, name, role, lots, no_lots, token } = self;
        let config = Config::load(&config)?;
        let site = Site::load(&config.site)?;
        let location = Location::with_database(config.store.data_dir.clone(), config.store.database_url.clone());
        let store = Store::open(&location, site.manifest.district.clone()).await?;
        let clock = Clock::system(0);
        let access = Access::open(store.clone(), clock.clone()).await?;
        let audit = AuditTrail::start(&store, clock).await?;
        let named = (no_lots || !lots.is_empty()).then(|| BTreeSet::from_iter(lots));
        let lots = OwnLots::from(named);
        let bound_to = lots.to_string();
        access.add_account(NewAccount { id: id.clone(), name, role, lots, password: password()? }).await?;
        let record = AuditRecord::new(Some(Actor::System), "account_added", id.as_str(), AuditOutcome::Done);
        audit.record(record.with("role", roles::word(role)).with("lots", bound_to).with("by", "command line")).await?;
        println!("account {id} ({}) added", roles::word(role));
        if token {
            println!("token {}", access.issue_account_token(&id).await?.reveal());
        }
        store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

fn password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(1_024).read_to_string(&mut text).context("the password is read from standard input")?;
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        bail!("the password is empty; give it on standard input");
    }
    Ok(text.to_owned())
}
