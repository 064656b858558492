//! The storage port: one SQL text on SQLite (the default, a file) and on PostgreSQL.
//!
//! Everything carries its district, so that several servers can share a database later without a new shape. Writers take turns
//! in-process ([`Store::write`]), because SQLite lets one writer in at a time and its own waiting is coarser than ours.

mod audit;
mod layouts;
mod lease;
mod location;
mod log;
mod migrations;
mod notice;
mod orders;
mod private;

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use flight_types::DistrictId;
use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{Any, AnyConnection, AnyPool, Executor, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};

pub use audit::{AuditNote, AuditRecord, AuditTrail, Outcome as AuditOutcome, notes as audit_notes, verify as verify_audit};
pub use layouts::{KeptLayout, KeptVersion, Layouts, VERSIONS_KEPT};
pub use lease::Lease;
pub use location::{DATABASE_FILE, Location};
pub use log::{ChainBreak, Log, LogHead};
pub use notice::{NoticeRow, Outbox, Recipient};
pub use orders::{PaymentOrder, PaymentOrders};
pub use private::{PrivateCard, PrivateCards};

use crate::limits;

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or was away.
    #[error("the database failed while {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// The database's own words.
        #[source]
        source: sqlx::Error,
    },
    /// The tables could not be brought up to date.
    #[error("the database's tables could not be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A file or directory of the data directory.
    #[error("cannot use {path}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process has the data directory.
    #[error("{path} is in use by another orchestrator; stop that one first, or name another data directory")]
    InUse {
        /// The lock file.
        path: String,
    },
    /// Another server owns the district.
    #[error("district {district} is owned by {owner} for another {for_ms} ms")]
    LeaseHeld {
        /// Which district.
        district: DistrictId,
        /// Who owns it.
        owner: String,
        /// Until its lease runs out.
        for_ms: i64,
    },
    /// A row that is not what was written.
    #[error("row {seq} of {table} of district {district} cannot be read: {reason}")]
    Unreadable {
        /// Which table.
        table: &'static str,
        /// Whose.
        district: DistrictId,
        /// Which row.
        seq: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The data directory holds several districts and none was named.
    #[error("the data holds {} districts ({}); name one with --district", .0.len(), .0.join(", "))]
    WhichDistrict(Vec<String>),
    /// The part that writes has ended.
    #[error("the store is closed")]
    Closed,
}

/// Turns a database error into ours with what was being done.
pub fn database(doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |source| StoreError::Database { doing, source }
}

/// Which database it is; SQL texts are the same, waiting for a turn is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file in the data directory.
    Sqlite,
    /// A server.
    Postgres,
}

/// An open database, shared by all parts of one server.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
    // SQLite only: commits without a flush of their own; see [`Store::write_behind`].
    behind: Option<AnyPool>,
    backend: Backend,
    district: DistrictId,
    turn: Arc<Mutex<()>>,
    // Held until the store is closed or its last handle is gone: another process is refused until then.
    lock: Arc<std::sync::Mutex<Option<File>>>,
}

impl Store {
    /// Opens for a server: locks the data directory, makes the tables. One process per data directory.
    pub async fn open(location: &Location, district: DistrictId) -> Result<Self, StoreError> {
        let lock = location.lock().await?;
        let (url, backend) = (location.url(location::Access::Write), location.backend());
        let pool = connect(&url, backend, Flush::AtCommit).await?;
        migrations::migrator().run(&pool).await?;
        let behind = match backend {
            Backend::Sqlite => Some(connect(&url, backend, Flush::WithTheNext).await?),
            Backend::Postgres => None,
        };
        Ok(Self { behind, ..Self::over(pool, backend, district, Some(lock)) })
    }

    /// Opens for reading only, beside a running server if need be. Without a named district, the data must hold exactly one.
    pub async fn open_reading(location: &Location, district: Option<DistrictId>) -> Result<Self, StoreError> {
        location.must_exist()?;
        let pool = connect(&location.url(location::Access::Read), location.backend(), Flush::AtCommit).await?;
        let district = match district {
            Some(district) => district,
            None => only_district(&pool).await?,
        };
        Ok(Self::over(pool, location.backend(), district, None))
    }

    fn over(pool: AnyPool, backend: Backend, district: DistrictId, lock: Option<File>) -> Self {
        Self { pool, behind: None, backend, district, turn: Arc::new(Mutex::new(())), lock: Arc::new(std::sync::Mutex::new(lock)) }
    }

    /// Whose rows this server reads and writes.
    pub fn district(&self) -> &DistrictId {
        &self.district
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// For reading: `sqlx::query(…).fetch_all(store.pool())`.
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Begins a transaction that may write, waiting for its turn where the database takes one writer at a time.
    pub async fn write(&self) -> Result<Writing, StoreError> {
        self.begin(&self.pool).await
    }

    /// The same for what is acknowledged by nothing but a later commit of [`Store::write`]: with SQLite its own commit does not wait
    /// for the disk. The write-ahead log is one file, read after a crash up to its first damaged page: what was committed later
    /// is there only when this is there too.
    pub async fn write_behind(&self) -> Result<Writing, StoreError> {
        self.begin(self.behind.as_ref().unwrap_or(&self.pool)).await
    }

    async fn begin(&self, pool: &AnyPool) -> Result<Writing, StoreError> {
        let turn = match self.backend {
            Backend::Sqlite => Some(self.turn.clone().lock_owned().await),
            Backend::Postgres => None,
        };
        let transaction = pool.begin().await.map_err(database("beginning a transaction"))?;
        Ok(Writing { transaction, _turn: turn })
    }

    /// Telephones and payment tokens of parking.
    pub fn private_cards(&self) -> PrivateCards {
        PrivateCards::new(self.clone())
    }

    /// Orders of payment windows.
    pub fn payment_orders(&self) -> PaymentOrders {
        PaymentOrders::new(self.clone())
    }

    /// Parking lots as managers drew them.
    pub fn layouts(&self) -> Layouts {
        Layouts::new(self.clone())
    }

    /// The district's log.
    pub fn log(&self) -> Log {
        Log::new(self.clone())
    }

    /// The durable outbox of notices.
    pub fn outbox(&self) -> Outbox {
        Outbox::new(self.clone())
    }

    /// Closes the connections after their last statement; SQLite then folds its write-ahead log into the file.
    pub async fn close(&self) {
        if let Some(behind) = &self.behind {
            behind.close().await;
        }
        self.pool.close().await;
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// A transaction that may write. Dropped without [`Writing::commit`], it changes nothing.
#[derive(Debug)]
pub struct Writing {
    transaction: Transaction<'static, Any>,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Writing {
    /// For `query.execute(writing.connection())`.
    pub fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    /// Makes everything durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await.map_err(database("committing a transaction"))
    }
}

/// When a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flush {
    /// Itself.
    AtCommit,
    /// Only with the next commit that does.
    WithTheNext,
}

async fn connect(url: &str, backend: Backend, flush: Flush) -> Result<AnyPool, StoreError> {
    install_default_drivers();
    let connections = match flush {
        Flush::AtCommit => limits::DATABASE_CONNECTIONS_MAX,
        // Writers take turns anyway.
        Flush::WithTheNext => 1,
    };
    AnyPoolOptions::new()
        .max_connections(connections)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                match backend {
                    Backend::Sqlite => prepare_sqlite(connection, flush).await,
                    Backend::Postgres => Ok(()),
                }
            })
        })
        .connect(url)
        .await
        .map_err(database("connecting"))
}

async fn prepare_sqlite(connection: &mut AnyConnection, flush: Flush) -> Result<(), sqlx::Error> {
    connection.execute("PRAGMA journal_mode = WAL").await?;
    // FULL flushes the write-ahead log at every commit: an acknowledged call survives a power cut, not only a crash. NORMAL
    // leaves that to the next commit that does.
    let synchronous = match flush {
        Flush::AtCommit => "PRAGMA synchronous = FULL",
        Flush::WithTheNext => "PRAGMA synchronous = NORMAL",
    };
    connection.execute(synchronous).await?;
    connection.execute("PRAGMA foreign_keys = ON").await?;
    let busy = format!("PRAGMA busy_timeout = {}", limits::SQLITE_BUSY_TIMEOUT_MS);
    connection.execute(sqlx::AssertSqlSafe(busy)).await?;
    Ok(())
}

async fn only_district(pool: &AnyPool) -> Result<DistrictId, StoreError> {
    let names: Vec<String> = sqlx::query_scalar("SELECT DISTINCT district FROM log_entry ORDER BY district")
        .fetch_all(pool)
        .await
        .map_err(database("listing districts"))?;
    match names.as_slice() {
        [name] => DistrictId::new(name.clone()).map_err(|_| StoreError::WhichDistrict(names)),
        _ => Err(StoreError::WhichDistrict(names)),
    }
}

/// Tries to lock a data directory before it counts as in use, and the pause between them: a process that is just ending, or
/// another that is between fork and exec, holds a lock for some milliseconds more.
const LOCK_TRIES: u32 = 40;
const LOCK_PAUSE: std::time::Duration = std::time::Duration::from_millis(25);

/// Takes the lock of a data directory, patiently.
async fn lock_patiently(directory: &Path) -> Result<File, StoreError> {
    for _ in 1..LOCK_TRIES {
        match lock_file(directory) {
            Err(StoreError::InUse { .. }) => tokio::time::sleep(LOCK_PAUSE).await,
            taken_or_broken => return taken_or_broken,
        }
    }
    lock_file(directory)
}

/// The file that keeps a second process out of a data directory.
fn lock_file(directory: &Path) -> Result<File, StoreError> {
    let path = directory.join("orchestrator.lock");
    let io = |source| StoreError::Io { path: path.display().to_string(), source };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.display().to_string() }),
        Err(std::fs::TryLockError::Error(source)) => Err(io(source)),
    }
}
