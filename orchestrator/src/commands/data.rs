//! Commands that read configuration and data: `check`, `replay`, `audit verify`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use dispatch_core::Core;
use site_model::Site;

use super::Data;
use crate::config::{Config, ProviderName};
use crate::evidence::{self, EvidenceVerdict, verify_evidence};
use crate::store::{ChainBreak, LogHead, Store, verify_audit};

/// Replays the log of a data directory.
pub async fn replay(data: &Data) -> anyhow::Result<ExitCode> {
    let store = Store::open_reading(&data.location(), data.district.clone()).await?;
    let mut core = Core::new(store.district().clone());
    let head = store.log().read(LogHead::start(), |entry| drop(core.step(entry))).await?;
    println!("entries={} state={}", head.seq, core.state_hash());
    Ok(ExitCode::SUCCESS)
}

/// Checks a configuration file and the site it names.
pub fn check(path: &Path) -> anyhow::Result<ExitCode> {
    let problem = match Config::load(path) {
        Ok(config) => match Site::load(&config.site) {
            Ok(site) => {
                println!("{}: fine", path.display());
                println!("site {} (district {}): {}", site.manifest.name, site.manifest.district, summary(&site));
                doubts(&config).iter().for_each(|doubt| println!("note: {doubt}"));
                return Ok(ExitCode::SUCCESS);
            }
            Err(error) => crate::engine::chain(&error),
        },
        Err(error) => crate::engine::chain(&error),
    };
    println!("{problem}");
    Ok(ExitCode::from(1))
}

/// What works, and should not be so on a real site.
fn doubts(config: &Config) -> Vec<&'static str> {
    let parking = &config.parking;
    let of_parking = [
        (parking.payments.provider == ProviderName::Sandbox, "parking.payments.provider is \"sandbox\": no money moves"),
        (
            parking.beacon_keys_file.is_none(),
            "parking.beacon_keys_file is missing: anybody can print a code that opens our page for another area",
        ),
    ];
    let found = of_parking.into_iter().filter(|(doubtful, _)| parking.file.is_some() && *doubtful);
    found.map(|(_, doubt)| doubt).collect()
}

fn summary(site: &Site) -> String {
    format!(
        "{} stations, {} drones, {} roads, {} addresses, {} buildings, {} lots, {} no-fly zones",
        site.manifest.stations.len(),
        site.drones().count(),
        site.roads.len(),
        site.addresses.len(),
        site.buildings.len(),
        site.lots.len(),
        site.no_fly.len(),
    )
}

/// Walks both chains, and checks the recordings against the audit trail.
pub async fn verify(data: &Data) -> anyhow::Result<ExitCode> {
    let store = Store::open_reading(&data.location(), data.district.clone()).await?;
    let log = store.log().verify().await.context("the log could not be read")?;
    let audit = verify_audit(&store).await.context("the audit trail could not be read")?;
    let recordings = verify_evidence(&store, &evidence::folder(&data.data)).await.context("the recordings could not be checked")?;
    let fine = [report("log", log), report("audit trail", audit), report_evidence(&recordings)];
    Ok(if fine == [true, true, true] { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn report_evidence(verdict: &EvidenceVerdict) -> bool {
    println!("recordings: {} intact, {} deleted by policy", verdict.intact, verdict.deleted);
    verdict.unsealed.iter().for_each(|line| println!("recordings: not sealed yet: {line}"));
    verdict.broken.iter().for_each(|line| println!("recordings: BROKEN: {line}"));
    verdict.broken.is_empty()
}

fn report(name: &str, verdict: Result<LogHead, ChainBreak>) -> bool {
    match &verdict {
        Ok(head) => println!("{name}: {} rows, unbroken, head {}", head.seq, if head.seq == 0 { "-" } else { &head.hash }),
        Err(broken) => println!("{name}: BROKEN at {broken}"),
    }
    verdict.is_ok()
}
