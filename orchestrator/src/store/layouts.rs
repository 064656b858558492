//! Parking lots as managers drew them, in versions. Knows no geometry: a layout is a text here.

use flight_types::LotId;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, database};

/// Versions kept of one lot: whoever undoes goes back some steps, not years; the audit trail keeps who changed it and its digest.
pub const VERSIONS_KEPT: u64 = 200;

/// A layout as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLayout {
    /// Of which lot.
    pub lot: String,
    /// Counts up from 1.
    pub version: u64,
    /// When it was taken, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The account that drew it.
    pub drawn_by: String,
    /// GeoJSON.
    pub layout: String,
    /// Drawn from nothing: the site's file does not have the lot.
    pub made_here: bool,
}

/// A version without its layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptVersion {
    /// Counts up from 1.
    pub version: u64,
    /// When it was taken, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The account that drew it.
    pub drawn_by: String,
}

/// The layouts of one district.
#[derive(Debug, Clone)]
pub struct Layouts {
    store: Store,
}

impl Layouts {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// The latest layout of every lot that has one.
    pub async fn latest(&self) -> Result<Vec<KeptLayout>, StoreError> {
        let doing = database("reading the lots' layouts");
        let text = "SELECT lot, version, at_ms, drawn_by, layout, made_here FROM lot_layout AS this WHERE district = $1 AND version = \
                    (SELECT MAX(version) FROM lot_layout AS other WHERE other.district = this.district AND other.lot = this.lot)";
        let rows = sqlx::query(text).bind(self.store.district().as_str()).fetch_all(self.store.pool()).await.map_err(&doing)?;
        rows.iter().map(|row| kept(row).map_err(&doing)).collect()
    }

    /// One version of a lot.
    pub async fn get(&self, lot: &LotId, version: u64) -> Result<Option<KeptLayout>, StoreError> {
        let doing = database("reading a lot's layout");
        let text = "SELECT lot, version, at_ms, drawn_by, layout, made_here FROM lot_layout \
                    WHERE district = $1 AND lot = $2 AND version = $3";
        let row = sqlx::query(text)
            .bind(self.store.district().as_str())
            .bind(lot.as_str())
            .bind(i64::try_from(version).unwrap_or(i64::MAX))
            .fetch_optional(self.store.pool())
            .await
            .map_err(&doing)?;
        row.as_ref().map(|row| kept(row).map_err(&doing)).transpose()
    }

    /// The versions of a lot, latest first.
    pub async fn versions(&self, lot: &LotId) -> Result<Vec<KeptVersion>, StoreError> {
        let doing = database("listing a lot's versions");
        let text = "SELECT version, at_ms, drawn_by FROM lot_layout WHERE district = $1 AND lot = $2 ORDER BY version DESC";
        let rows = sqlx::query(text)
            .bind(self.store.district().as_str())
            .bind(lot.as_str())
            .fetch_all(self.store.pool())
            .await
            .map_err(&doing)?;
        let version = |row: &AnyRow| -> Result<KeptVersion, sqlx::Error> {
            Ok(KeptVersion { version: number(row)?, at_ms: row.try_get("at_ms")?, drawn_by: row.try_get("drawn_by")? })
        };
        rows.iter().map(|row| version(row).map_err(&doing)).collect()
    }

    /// Keeps a version; durable when this returns. A version that is there already, from another server, is an error.
    pub async fn put(&self, layout: &KeptLayout) -> Result<(), StoreError> {
        let mut writing = self.store.write().await?;
        let version = i64::try_from(layout.version).unwrap_or(i64::MAX);
        let kept_from = version.saturating_sub(i64::try_from(VERSIONS_KEPT).unwrap_or(i64::MAX));
        let text = "INSERT INTO lot_layout (district, lot, version, at_ms, drawn_by, layout, made_here) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7)";
        sqlx::query(text)
            .bind(self.store.district().as_str())
            .bind(layout.lot.as_str())
            .bind(version)
            .bind(layout.at_ms)
            .bind(layout.drawn_by.as_str())
            .bind(layout.layout.as_str())
            .bind(i64::from(layout.made_here))
            .execute(writing.connection())
            .await
            .map_err(database("keeping a lot's layout"))?;
        sqlx::query("DELETE FROM lot_layout WHERE district = $1 AND lot = $2 AND version <= $3")
            .bind(self.store.district().as_str())
            .bind(layout.lot.as_str())
            .bind(kept_from)
            .execute(writing.connection())
            .await
            .map_err(database("dropping old layouts"))?;
        writing.commit().await
    }
}

fn kept(row: &AnyRow) -> Result<KeptLayout, sqlx::Error> {
    Ok(KeptLayout {
        lot: row.try_get("lot")?,
        version: number(row)?,
        at_ms: row.try_get("at_ms")?,
        drawn_by: row.try_get("drawn_by")?,
        layout: row.try_get("layout")?,
        made_here: row.try_get::<i64, _>("made_here")? != 0,
    })
}

fn number(row: &AnyRow) -> Result<u64, sqlx::Error> {
    Ok(u64::try_from(row.try_get::<i64, _>("version")?).unwrap_or(0))
}
