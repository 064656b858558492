//! Orders of payment windows: made before a payer goes to the provider, so that what comes back is held against what was asked for.

use parking_core::id::{ProxyId, SessionId};
use parking_core::model::Payer;
use parking_core::money::Money;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, database};

/// An order lies here for so long after it has run out, milliseconds: a page that comes back late is told what became of it.
const KEPT_AFTER_END_MS: i64 = 24 * 3_600_000;

/// What somebody is about to pay in the provider's window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentOrder {
    /// 128 random bits, hexadecimal; the provider's `orderId`.
    pub name: String,
    /// For which stay.
    pub session: SessionId,
    /// Who pays.
    pub by: Payer,
    /// How much.
    pub amount: Money,
    /// Where to send the receipt.
    pub phone: Option<String>,
    /// "ko" or "en".
    pub language: String,
    /// Until when it may be confirmed, milliseconds since 1970-01-01 UTC.
    pub expires_at_ms: i64,
}

/// The orders of one district.
#[derive(Debug, Clone)]
pub struct PaymentOrders {
    store: Store,
}

impl PaymentOrders {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Keeps an order before the payer hears of it.
    pub async fn put(&self, order: &PaymentOrder) -> Result<(), StoreError> {
        let mut writing = self.store.write().await?;
        sqlx::query(
            "INSERT INTO parking_order (district, name, session, proxy, amount, phone, language, expires_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(self.store.district().as_str())
        .bind(order.name.as_str())
        .bind(order.session.as_str())
        .bind(proxy_of(&order.by))
        .bind(order.amount.minor())
        .bind(order.phone.as_deref())
        .bind(order.language.as_str())
        .bind(order.expires_at_ms)
        .execute(writing.connection())
        .await
        .map_err(database("keeping an order to pay"))?;
        writing.commit().await
    }

    /// An order; `None` when there never was one or it is forgotten.
    pub async fn get(&self, name: &str) -> Result<Option<PaymentOrder>, StoreError> {
        let doing = database("reading an order to pay");
        let text = "SELECT name, session, proxy, amount, phone, language, expires_at_ms FROM parking_order \
                    WHERE district = $1 AND name = $2";
        let row = sqlx::query(text)
            .bind(self.store.district().as_str())
            .bind(name)
            .fetch_optional(self.store.pool())
            .await
            .map_err(&doing)?;
        // A damaged row is an order that nobody can pay, and no money moves by it.
        row.map_or(Ok(None), |row| read(&row).map_err(&doing))
    }

    /// Orders of a stay that have not run out, of one payer: others' do not count.
    pub async fn open_of(&self, session: &SessionId, by: &Payer, now_ms: i64) -> Result<i64, StoreError> {
        let doing = database("counting orders to pay");
        let text = "SELECT COUNT(*) AS open FROM parking_order \
                    WHERE district = $1 AND session = $2 AND expires_at_ms > $3 AND COALESCE(proxy, '') = $4";
        let row = sqlx::query(text)
            .bind(self.store.district().as_str())
            .bind(session.as_str())
            .bind(now_ms)
            // No code's name is empty.
            .bind(proxy_of(by).unwrap_or_default())
            .fetch_one(self.store.pool())
            .await
            .map_err(&doing)?;
        row.try_get("open").map_err(&doing)
    }

    /// Forgets orders that ran out a while ago.
    pub async fn erase_old(&self, now_ms: i64) -> Result<(), StoreError> {
        let mut writing = self.store.write().await?;
        sqlx::query("DELETE FROM parking_order WHERE district = $1 AND expires_at_ms < $2")
            .bind(self.store.district().as_str())
            .bind(now_ms.saturating_sub(KEPT_AFTER_END_MS))
            .execute(writing.connection())
            .await
            .map_err(database("erasing old orders to pay"))?;
        writing.commit().await
    }
}

fn proxy_of(by: &Payer) -> Option<&str> {
    match by {
        Payer::Driver => None,
        Payer::Proxy { proxy } => Some(proxy.as_str()),
    }
}

fn read(row: &AnyRow) -> Result<Option<PaymentOrder>, sqlx::Error> {
    let proxy: Option<String> = row.try_get("proxy")?;
    let by = match proxy.map(ProxyId::new) {
        None => Payer::Driver,
        Some(Ok(proxy)) => Payer::Proxy { proxy },
        Some(Err(_)) => return Ok(None),
    };
    let (session, amount) = (SessionId::new(row.try_get::<String, _>("session")?), Money::new(row.try_get("amount")?));
    let (Ok(session), Ok(amount)) = (session, amount) else { return Ok(None) };
    Ok(Some(PaymentOrder {
        name: row.try_get("name")?,
        session,
        by,
        amount,
        phone: row.try_get("phone")?,
        language: row.try_get("language")?,
        expires_at_ms: row.try_get("expires_at_ms")?,
    }))
}
