//! Callers and guards as a site has them, written into the data directory before the server starts.
//!
//! They are not registered over HTTP: a registration is slow on purpose (Argon2id), and a hundred thousand of them would take the
//! better part of an hour. The rows are those that a registration leaves; the log is that of guards who came on duty yesterday.

use std::path::Path;

use dispatch_core::event::{Actor, Entry, Event};
use flight_types::{DistrictId, GuardId};
use orchestrator::store::{Location, LogHead, Store};
use sha2::{Digest, Sha256};

/// The program that watches, as an operator's.
pub const OBSERVER: &str = "observer";
/// A hash that no password fits.
const NO_PASSWORD: &str = "!";
/// Entries in one transaction, as the server would write them.
const ENTRIES_PER_COMMIT: usize = 128;
/// When they registered, milliseconds since 1970-01-01 UTC.
const YESTERDAY_MS: i64 = 1_700_000_000_000;

/// A guard's id.
pub fn guard_name(number: usize) -> String {
    format!("guard-{number:06}")
}

/// A caller's id.
pub fn caller_name(number: usize) -> String {
    format!("caller-{number:06}")
}

/// A device's token, by whose it is. A real one is random; the server cannot tell.
pub fn token(name: &str) -> String {
    format!("token-of-{name}")
}

/// Writes them all.
pub async fn settle(data: &Path, district: &str, guards: usize, callers: usize) -> anyhow::Result<()> {
    let store = Store::open(&Location::directory(data), DistrictId::new(district)?).await?;
    let mut writing = store.write().await?;
    for number in 0..=guards {
        let (name, role) = if number == guards { (OBSERVER.to_owned(), "operator") } else { (guard_name(number), "guard") };
        sqlx::query("INSERT INTO accounts (id, name, role, password_hash, created_at_ms) VALUES ($1, $1, $2, $3, $4)")
            .bind(&name)
            .bind(role)
            .bind(NO_PASSWORD)
            .bind(YESTERDAY_MS)
            .execute(writing.connection())
            .await?;
        insert_token(&mut writing, &name, role).await?;
    }
    for number in 0..callers {
        insert_caller(&mut writing, number).await?;
    }
    writing.commit().await?;
    go_on_duty(&store, guards).await?;
    store.close().await;
    Ok(())
}

async fn insert_token(writing: &mut orchestrator::store::Writing, name: &str, role: &str) -> anyhow::Result<()> {
    sqlx::query("INSERT INTO device_tokens (token_hash, owner, role, created_at_ms) VALUES ($1, $2, $3, $4)")
        .bind(hex::encode(Sha256::digest(token(name))))
        .bind(name)
        .bind(role)
        .bind(YESTERDAY_MS)
        .execute(writing.connection())
        .await?;
    Ok(())
}

async fn insert_caller(writing: &mut orchestrator::store::Writing, number: usize) -> anyhow::Result<()> {
    let name = caller_name(number);
    let text = "INSERT INTO callers (id, identification_code, safe_code_hash, duress_code_hash, consent_at_ms, created_at_ms) \
                VALUES ($1, $1, $2, $2, $3, $3)";
    sqlx::query(text).bind(&name).bind(NO_PASSWORD).bind(YESTERDAY_MS).execute(writing.connection()).await?;
    sqlx::query("INSERT INTO caller_details (caller, name, phone, language) VALUES ($1, $1, '+82 2 123 4567', 'ko')")
        .bind(&name)
        .execute(writing.connection())
        .await?;
    insert_token(writing, &name, "caller").await
}

async fn go_on_duty(store: &Store, guards: usize) -> anyhow::Result<()> {
    let log = store.log();
    let mut head = LogHead::start();
    let numbers: Vec<usize> = (0..guards).collect();
    for batch in numbers.chunks(ENTRIES_PER_COMMIT) {
        let entries: Result<Vec<Entry>, anyhow::Error> = batch
            .iter()
            .map(|number| {
                let guard = GuardId::new(guard_name(*number))?;
                let (seq, district) = (*number as u64 + 1, store.district().clone());
                let actor = Actor::Guard { id: guard.clone() };
                Ok(Entry { seq, at_ms: YESTERDAY_MS, district, actor, event: Event::GuardDutyChanged { guard, on_duty: true } })
            })
            .collect();
        head = log.append(&head, &entries?).await?;
    }
    Ok(())
}
