//! What is done every now and then: settling old notices, erasing old private cards, writing callers' positions down.

use std::collections::BTreeSet;

use flight_types::CallerId;
use sqlx::Row;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use dispatch_core::event::Fix;
use flight_types::GeoPoint;

use crate::clock::Clock;
use crate::effects::Notices;
use crate::engine::chain;
use crate::limits;
use crate::live::{Live, LiveChange};
use crate::store::{PaymentOrders, PrivateCards, Store, StoreError, database};

/// Fills the live table with the callers' positions as last written down.
pub async fn load_caller_positions(store: &Store, live: &Live) -> Result<(), StoreError> {
    let doing = "reading callers' positions";
    let rows = sqlx::query("SELECT caller, lat_deg, lon_deg, accuracy_m, at_ms FROM caller_position WHERE district = $1")
        .bind(store.district().as_str())
        .fetch_all(store.pool())
        .await
        .map_err(database(doing))?;
    for row in rows {
        let caller: String = row.try_get("caller").map_err(database(doing))?;
        let (lat_deg, lon_deg) =
            (row.try_get("lat_deg").map_err(database(doing))?, row.try_get("lon_deg").map_err(database(doing))?);
        let accuracy_m = row.try_get("accuracy_m").map_err(database(doing))?;
        let at_ms = row.try_get("at_ms").map_err(database(doing))?;
        // A damaged row costs one last known position, not the start of the server.
        if let (Ok(caller), Ok(point)) = (CallerId::new(caller), GeoPoint::new(lat_deg, lon_deg)) {
            live.report_caller(&caller, Fix { point, accuracy_m, at_ms, speed: None });
        }
    }
    Ok(())
}

/// Starts the housekeeping; aborted at shutdown.
pub fn start(store: Store, live: Live, notices: Notices, clock: Clock) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::join!(
            tidy_notices(notices),
            erase_private_cards(store.private_cards(), store.payment_orders(), clock),
            write_positions(store, live)
        );
    })
}

async fn erase_private_cards(cards: PrivateCards, orders: PaymentOrders, clock: Clock) {
    let mut every = tokio::time::interval(limits::PRIVATE_CARDS_ERASING);
    loop {
        every.tick().await;
        if let Err(error) = cards.erase_old(clock.now_ms()).await {
            tracing::warn!(error = %chain(&error), "old private cards of parking could not be erased");
        }
        if let Err(error) = orders.erase_old(clock.now_ms()).await {
            tracing::warn!(error = %chain(&error), "old orders to pay could not be erased");
        }
    }
}

async fn tidy_notices(notices: Notices) {
    let mut every = tokio::time::interval(limits::OUTBOX_TIDYING);
    loop {
        every.tick().await;
        if let Err(error) = notices.tidy().await {
            tracing::warn!(error = %chain(&error), "old notices could not be settled");
        }
    }
}

async fn write_positions(store: Store, live: Live) {
    let mut changes = live.subscribe();
    let mut changed: BTreeSet<CallerId> = BTreeSet::new();
    let mut every = tokio::time::interval(limits::CALLER_POSITIONS_WRITING);
    loop {
        tokio::select! {
            change = changes.recv() => match change {
                Ok(LiveChange::Caller(caller)) => drop(changed.insert(caller)),
                // A missed position is written with the caller's next one.
                Ok(LiveChange::Guard(_) | LiveChange::Drone(_)) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            _ = every.tick() => {
                if let Err(error) = write(&store, &live, &changed).await {
                    tracing::warn!(error = %chain(&error), "callers' positions could not be written down");
                }
                changed.clear();
            }
        }
    }
}

async fn write(store: &Store, live: &Live, changed: &BTreeSet<CallerId>) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    let mut writing = store.write().await?;
    for caller in changed {
        let Some(fix) = live.caller(caller) else { continue };
        sqlx::query(
            "INSERT INTO caller_position (district, caller, lat_deg, lon_deg, accuracy_m, at_ms) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (district, caller) DO UPDATE SET lat_deg = excluded.lat_deg, lon_deg = excluded.lon_deg, \
             accuracy_m = excluded.accuracy_m, at_ms = excluded.at_ms",
        )
        .bind(store.district().as_str())
        .bind(caller.as_str())
        .bind(fix.point.lat_deg())
        .bind(fix.point.lon_deg())
        .bind(fix.accuracy_m)
        .bind(fix.at_ms)
        .execute(writing.connection())
        .await
        .map_err(database("writing a caller's position"))?;
    }
    writing.commit().await
}
