//! The tables, built in from `migrations/*.sql` and brought up to date when a server opens its store.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Every migration in order. A file that was released is never changed again; a new one is added.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "log", include_str!("../../migrations/0001_log.sql")),
    (2, "notice", include_str!("../../migrations/0002_notice.sql")),
    (10, "identities", include_str!("../../migrations/0010_identities.sql")),
    (40, "parking", include_str!("../../migrations/0040_parking.sql")),
    (67, "devices", include_str!("../../migrations/0067_devices.sql")),
    (112, "parking_order", include_str!("../../migrations/0112_parking_order.sql")),
    (120, "lot_layout", include_str!("../../migrations/0120_lot_layout.sql")),
    (121, "lot_made_here", include_str!("../../migrations/0121_lot_made_here.sql")),
    (260, "account_lots", include_str!("../../migrations/0260_account_lots.sql")),
];

/// What brings a database's tables up to date.
pub(super) fn migrator() -> Migrator {
    let all = MIGRATIONS.iter().map(|(version, name, text)| {
        Migration::new(*version, Cow::Borrowed(*name), MigrationType::Simple, text.into_sql_str(), false)
    });
    Migrator::with_migrations(all.collect())
}
