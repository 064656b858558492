//! Telephones and payment tokens of parking: beside the log, erasable. Never a card number.

use parking_core::id::PrivateRef;
use parking_core::limits::KEPT_MS;
use sqlx::Row;

use super::{Store, StoreError, database};

/// What a private reference stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateCard {
    /// Whom to tell.
    pub phone: Option<String>,
    /// "ko" or "en".
    pub language: String,
    /// The payment provider's token.
    pub instrument: Option<String>,
    /// The provider's name of the order that the token belongs to.
    pub order_name: Option<String>,
}

/// The private cards of one district.
#[derive(Debug, Clone)]
pub struct PrivateCards {
    store: Store,
}

impl PrivateCards {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Erases the cards whose payments can no longer come back.
    pub async fn erase_old(&self, now_ms: i64) -> Result<(), StoreError> {
        let mut writing = self.store.write().await?;
        sqlx::query("DELETE FROM parking_private WHERE district = $1 AND at_ms < $2")
            .bind(self.store.district().as_str())
            .bind(now_ms.saturating_sub(2 * KEPT_MS))
            .execute(writing.connection())
            .await
            .map_err(database("erasing old private cards"))?;
        writing.commit().await
    }

    /// Erases the telephones of these cards; of those that were registered for charging later, the token too. What is left names a
    /// payment at its provider, so that a bank's objection still finds it.
    pub async fn erase_people(&self, cards: &[PrivateRef], registered: &[PrivateRef]) -> Result<(), StoreError> {
        let doing = database("erasing telephones of settled stays");
        let mut writing = self.store.write().await?;
        let both = [
            ("UPDATE parking_private SET phone = NULL WHERE district = $1 AND reference = $2", cards),
            ("UPDATE parking_private SET phone = NULL, instrument = NULL WHERE district = $1 AND reference = $2", registered),
        ];
        for (text, references) in both {
            for reference in references {
                sqlx::query(text)
                    .bind(self.store.district().as_str())
                    .bind(reference.as_str())
                    .execute(writing.connection())
                    .await
                    .map_err(&doing)?;
            }
        }
        writing.commit().await
    }

    /// Keeps a card before the log speaks of it.
    pub async fn put(&self, reference: &PrivateRef, card: &PrivateCard, now_ms: i64) -> Result<(), StoreError> {
        let mut writing = self.store.write().await?;
        sqlx::query(
            "INSERT INTO parking_private (district, reference, phone, language, instrument, order_name, at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (district, reference) DO NOTHING",
        )
        .bind(self.store.district().as_str())
        .bind(reference.as_str())
        .bind(card.phone.as_deref())
        .bind(card.language.as_str())
        .bind(card.instrument.as_deref())
        .bind(card.order_name.as_deref())
        .bind(now_ms)
        .execute(writing.connection())
        .await
        .map_err(database("keeping a private card"))?;
        writing.commit().await
    }

    /// A card; `None` when it was erased.
    pub async fn get(&self, reference: &PrivateRef) -> Result<Option<PrivateCard>, StoreError> {
        let doing = database("reading a private card");
        let text = "SELECT phone, language, instrument, order_name FROM parking_private WHERE district = $1 AND reference = $2";
        let row = sqlx::query(text)
            .bind(self.store.district().as_str())
            .bind(reference.as_str())
            .fetch_optional(self.store.pool())
            .await
            .map_err(&doing)?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(PrivateCard {
            phone: row.try_get("phone").map_err(&doing)?,
            language: row.try_get("language").map_err(&doing)?,
            instrument: row.try_get("instrument").map_err(&doing)?,
            order_name: row.try_get("order_name").map_err(&doing)?,
        }))
    }
}
