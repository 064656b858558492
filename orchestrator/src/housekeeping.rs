//! What is done every now and then: settling old notices, erasing old private cards, writing callers' positions down.

use std::collections::BTreeSet;

use flight_types::CallerId;
use sqlx::Row;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use dispatch_core::event::Fix;
use flight_types::GeoPoint;

use crate::clock::Clock;
use parking_core::model::Method;

use crate::effects::Notices;
use crate::engine::{Engine, chain};
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
/// `keep_days`: for how long telephones and registered cards outlive the stay.
pub fn start(store: Store, live: Live, notices: Notices, engine: Engine, keep_days: u32) -> JoinHandle<()> {
    tokio::spawn(async move {
        let erasing = erase_private_cards(store.private_cards(), store.payment_orders(), engine.clock().clone());
        let forgetting = forget_people(engine, store.private_cards(), keep_days);
        tokio::join!(tidy_notices(notices), erasing, forgetting, write_positions(store, live));
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

/// Erases who parked, some days after a stay was over and settled.
async fn forget_people(engine: Engine, cards: PrivateCards, keep_days: u32) {
    let keep_ms = i64::from(keep_days) * 24 * 3_600_000;
    let mut every = tokio::time::interval(limits::PRIVATE_CARDS_ERASING);
    // What an earlier run erased is erased again, which changes nothing.
    let mut from_ms = i64::MIN;
    loop {
        every.tick().await;
        match forget_between(&engine, &cards, from_ms, engine.now_ms().saturating_sub(keep_ms)).await {
            Ok(until_ms) => from_ms = until_ms,
            Err(error) => tracing::warn!(error = %chain(&error), "telephones of settled stays could not be erased; trying again"),
        }
    }
}

/// Erases the people of stays that came to rest between two moments; answers up to when it has come.
pub async fn forget_between(engine: &Engine, cards: &PrivateCards, from_ms: i64, before_ms: i64) -> Result<i64, StoreError> {
    let mut from_ms = from_ms;
    loop {
        let (mut people, mut registered, mut last_ms) = (BTreeSet::new(), BTreeSet::new(), None);
        engine.read(|core| {
            let parking = core.parking();
            for (since_ms, session) in parking.at_rest(from_ms, before_ms).take(limits::STAYS_ERASED_AT_ONCE_MAX) {
                last_ms = Some(since_ms);
                people.extend(session.driver.clone());
                people.extend(parking.payments_of(&session.id).map(|payment| payment.instrument.clone()));
                if let Method::Registered { instrument } = &session.method {
                    registered.insert(instrument.clone());
                }
            }
        });
        let Some(last_ms) = last_ms else { return Ok(before_ms) };
        let (people, registered): (Vec<_>, Vec<_>) = (people.into_iter().collect(), registered.into_iter().collect());
        cards.erase_people(&people, &registered).await?;
        // Stays of the same millisecond that did not fit come again; more than a batch of one millisecond there never are.
        from_ms = if last_ms == from_ms { last_ms + 1 } else { last_ms };
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
