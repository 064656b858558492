//! The durable outbox: what people are told, kept until it no longer matters, so that a terminal that was away sees it.

use std::fmt;
use std::str::FromStr;

use dispatch_core::effect::{Action, EffectId};
use flight_types::{CallerId, GuardId, IncidentId};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, database};

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// A guard's terminal.
    Guard(GuardId),
    /// A caller's terminal.
    Caller(CallerId),
    /// The emergency contact of a caller.
    Contact(CallerId),
    /// Everybody at the launch stations.
    Operators,
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guard(id) => write!(f, "guard:{id}"),
            Self::Caller(id) => write!(f, "caller:{id}"),
            Self::Contact(id) => write!(f, "contact:{id}"),
            Self::Operators => f.write_str("operators"),
        }
    }
}

impl FromStr for Recipient {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} names no recipient");
        match text.split_once(':') {
            Some(("guard", id)) => GuardId::new(id).map(Self::Guard).map_err(|_| wrong()),
            Some(("caller", id)) => CallerId::new(id).map(Self::Caller).map_err(|_| wrong()),
            Some(("contact", id)) => CallerId::new(id).map(Self::Contact).map_err(|_| wrong()),
            None if text == "operators" => Ok(Self::Operators),
            Some(_) | None => Err(wrong()),
        }
    }
}

/// One notice as it lies in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeRow {
    /// The order that caused it; also its id towards terminals, which show a repeated one once.
    pub effect: EffectId,
    /// When it was queued, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// To whom.
    pub recipient: Recipient,
    /// About which incident.
    pub incident: Option<IncidentId>,
    /// The core's order, which says what to tell.
    pub action: Action,
}

/// The outbox of one district.
#[derive(Debug, Clone)]
pub struct Outbox {
    store: Store,
}

impl Outbox {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Keeps notices; one that is there already stays as it is. They are durable when the next entry of the log is: until an entry
    /// says that they were told, their effects are outstanding.
    pub async fn put(&self, notices: &[NoticeRow]) -> Result<(), StoreError> {
        let mut writing = self.store.write_behind().await?;
        for notice in notices {
            sqlx::query(
                "INSERT INTO notice (district, effect, at_ms, recipient, incident, body) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (district, effect) DO NOTHING",
            )
            .bind(self.store.district().as_str())
            .bind(notice.effect.to_string())
            .bind(notice.at_ms)
            .bind(notice.recipient.to_string())
            .bind(notice.incident.as_ref().map(IncidentId::as_str))
            .bind(serde_json::to_string(&notice.action).expect("an action is plain data"))
            .execute(writing.connection())
            .await
            .map_err(database("keeping a notice"))?;
        }
        writing.commit().await
    }

    /// The unsettled notices of a recipient, oldest first; of everybody when none is named.
    pub async fn open(&self, recipient: Option<&Recipient>) -> Result<Vec<NoticeRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT effect, at_ms, recipient, incident, body FROM notice \
             WHERE district = $1 AND settled = 0 AND (recipient = $2 OR $2 = '') ORDER BY at_ms, effect",
        )
        .bind(self.store.district().as_str())
        .bind(recipient.map(Recipient::to_string).unwrap_or_default())
        .fetch_all(self.store.pool())
        .await
        .map_err(database("reading notices"))?;
        rows.iter().map(|row| self.decoded(row)).collect()
    }

    /// Every notice about an incident, settled or not, oldest first.
    pub async fn of_incident(&self, incident: &IncidentId) -> Result<Vec<NoticeRow>, StoreError> {
        let text = "SELECT effect, at_ms, recipient, incident, body FROM notice WHERE district = $1 AND incident = $2 ORDER BY at_ms, effect";
        let rows = sqlx::query(text)
            .bind(self.store.district().as_str())
            .bind(incident.as_str())
            .fetch_all(self.store.pool())
            .await
            .map_err(database("reading notices"))?;
        rows.iter().map(|row| self.decoded(row)).collect()
    }

    /// Marks notices that need not be shown again.
    pub async fn settle(&self, effects: &[EffectId]) -> Result<(), StoreError> {
        if effects.is_empty() {
            return Ok(());
        }
        let mut writing = self.store.write().await?;
        for effect in effects {
            sqlx::query("UPDATE notice SET settled = 1 WHERE district = $1 AND effect = $2")
                .bind(self.store.district().as_str())
                .bind(effect.to_string())
                .execute(writing.connection())
                .await
                .map_err(database("settling a notice"))?;
        }
        writing.commit().await
    }

    fn decoded(&self, row: &AnyRow) -> Result<NoticeRow, StoreError> {
        let doing = database("reading notices");
        let effect: String = row.try_get("effect").map_err(&doing)?;
        let recipient: String = row.try_get("recipient").map_err(&doing)?;
        let incident: Option<String> = row.try_get("incident").map_err(&doing)?;
        let body: String = row.try_get("body").map_err(&doing)?;
        let at_ms = row.try_get("at_ms").map_err(&doing)?;
        let unreadable = |reason: String| StoreError::Unreadable {
            table: "notice",
            district: self.store.district().clone(),
            seq: parsed_effect(&effect).map_or(0, |id| id.seq),
            reason,
        };
        Ok(NoticeRow {
            effect: parsed_effect(&effect).ok_or_else(|| unreadable(format!("effect {effect:?}")))?,
            at_ms,
            recipient: recipient.parse().map_err(unreadable)?,
            incident: incident.map(IncidentId::new).transpose().map_err(|error| unreadable(error.to_string()))?,
            action: serde_json::from_str(&body).map_err(|error| unreadable(error.to_string()))?,
        })
    }
}

/// The inverse of an effect id's display.
pub fn parsed_effect(text: &str) -> Option<EffectId> {
    let (seq, index) = text.split_once('-')?;
    Some(EffectId { seq: seq.parse().ok()?, index: index.parse().ok()? })
}
