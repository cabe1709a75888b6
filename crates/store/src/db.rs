//! The connection to the database and the one kind of transaction that writes.
//!
//! SQLite: one writing connection with immediate transactions and a pool of readers. PostgreSQL: one pool. Which of the
//! two it is follows from the URL; nothing above this crate can tell.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::{Connection, SqliteConnection};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use tokio::sync::{Notify, watch};

use crate::Result;
use crate::error::StoreError;
use crate::segment::Archive;

/// Records that may wait for the sealer before bulk batches of other nodes wait for it: four segments.
pub const UNSEALED: u64 = 32_768;

/// How long a batch waits for the sealer at most.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// A node's relational store.
#[derive(Clone, Debug)]
pub struct Store {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    node: Arc<str>,
    archive: Option<Arc<Archive>>,
    signals: Arc<Signals>,
}

/// Wakes those who wait for the journal.
#[derive(Debug)]
pub(crate) struct Signals {
    position: watch::Sender<u64>,
    outbox: Notify,
    /// Records that all readers have passed and no segment holds yet.
    unsealed: watch::Sender<u64>,
}

/// A writing transaction. Dropped without [`Tx::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct Tx {
    inner: DatabaseTransaction,
    node: Arc<str>,
    signals: Arc<Signals>,
    /// Last position that this transaction gave.
    pub(crate) appended: Option<u64>,
    /// Whether it left rows for the sequencer.
    pub(crate) waiting: bool,
}

impl Store {
    /// Opens the database at `url` (`sqlite://path` or `postgres://…`) for the node with code `node`.
    ///
    /// # Errors
    /// When the URL names another database or the database is out of reach.
    pub async fn connect(url: &str, node: &str) -> Result<Self> {
        let (reader, writer) = if url.starts_with("sqlite:") {
            (sqlite(url, 4, true).await?, sqlite(url, 1, false).await?)
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            // Apart, so that whoever reads beside an open transaction waits only for readers, never for other writers.
            (postgres(url, 8).await?, postgres(url, 20).await?)
        } else {
            return Err(StoreError::Configuration("database.url must begin with sqlite: or postgres:".into()));
        };
        let signals =
            Signals { position: watch::Sender::new(0), outbox: Notify::new(), unsealed: watch::Sender::new(0) };
        Ok(Self { reader, writer, node: node.into(), archive: None, signals: Arc::new(signals) })
    }

    /// The same store with the place of its sealed segments, without which none is written or read.
    #[must_use]
    pub fn with_archive(self, archive: Archive) -> Self {
        Self { archive: Some(Arc::new(archive)), ..self }
    }

    pub(crate) fn archive(&self) -> Result<&Arc<Archive>> {
        self.archive.as_ref().ok_or_else(|| StoreError::Configuration("no folder of segments".into()))
    }

    /// Code of the node whose store this is.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Begins a writing transaction.
    ///
    /// # Errors
    /// When the database is out of reach or another writer held it for longer than the busy time.
    pub async fn begin(&self) -> Result<Tx> {
        let options = TransactionOptions {
            sqlite_transaction_mode: self.is_sqlite().then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let inner = self.writer.begin_with_options(options).await?;
        Ok(Tx { inner, node: self.node.clone(), signals: self.signals.clone(), appended: None, waiting: false })
    }

    /// Follows the last position of the journal. The value may lag behind, it never runs ahead of what can be read.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.signals.position.subscribe()
    }

    /// The connection for reading.
    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// The connection for what no transaction may hold.
    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.writer.get_database_backend() == DbBackend::Sqlite
    }

    pub(crate) fn publish(&self, position: u64) {
        self.signals.publish(position);
    }

    pub(crate) fn note_unsealed(&self, records: u64) {
        self.signals.unsealed.send_replace(records);
    }

    /// Waits while more than [`UNSEALED`] records wait for the sealer, so that a flood of received ones does not grow the
    /// table for good. Not for longer than [`PATIENCE`]: a sealer that fails keeps nobody out.
    pub async fn keep_pace(&self) {
        let mut unsealed = self.signals.unsealed.subscribe();
        // Whether it came to pass or the time is over makes no difference here.
        let _over = tokio::time::timeout(PATIENCE, unsealed.wait_for(|records| *records <= UNSEALED)).await;
    }

    /// Waits until somebody committed outbox rows. Only PostgreSQL keeps any.
    pub async fn outbox_written(&self) {
        self.signals.outbox.notified().await;
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// When the database reports one.
    pub async fn close(self) -> Result<()> {
        self.reader.close().await?;
        self.writer.close().await?;
        Ok(())
    }

    /// Proves that the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.reader.ping().await?)
    }
}

impl Signals {
    fn publish(&self, position: u64) {
        self.position.send_if_modified(|known| {
            let newer = position > *known;
            *known = position.max(*known);
            newer
        });
    }
}

impl Tx {
    /// Commits, then wakes readers of the journal.
    ///
    /// # Errors
    /// When the database could not make it durable; then nothing of it happened.
    pub async fn commit(self) -> Result<()> {
        let Self { inner, signals, appended, waiting, .. } = self;
        inner.commit().await?;
        if waiting {
            signals.outbox.notify_one();
        }
        if let Some(position) = appended {
            signals.publish(position);
        }
        Ok(())
    }

    /// Gives everything back.
    ///
    /// # Errors
    /// When the connection is lost; the database then does it by itself.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.inner.rollback().await?)
    }

    /// Code of the node.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }

    pub(crate) fn db(&self) -> &DatabaseTransaction {
        &self.inner
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        use sea_orm::ConnectionTrait;
        self.inner.get_database_backend() == DbBackend::Sqlite
    }
}

fn quiet(options: &mut ConnectOptions) {
    options.sqlx_logging(false).record_stmt_in_spans(false);
}

async fn sqlite(url: &str, connections: u32, reading: bool) -> Result<DatabaseConnection> {
    let separator = if url.contains('?') { '&' } else { '?' };
    let mut options = ConnectOptions::new(format!("{url}{separator}mode=rwc"));
    quiet(&mut options);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(60))
        .test_before_acquire(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                .pragma("foreign_keys", "ON")
                .pragma("cache_size", "-65536")
                .pragma("temp_store", "MEMORY")
                .pragma("wal_autocheckpoint", "4000")
                // What a burst or a long reader made of the write-ahead log does not stay on the disk.
                .pragma("journal_size_limit", "67108864")
                // Zeros over what leaves a page that is written anyway; erasing a person does more, see `side_car`.
                .pragma("secure_delete", "FAST")
                .busy_timeout(Duration::from_secs(30));
            // Readers look at the pages where the system keeps them, instead of copying each one.
            if reading { sqlite.pragma("query_only", "ON").pragma("mmap_size", "2147418112") } else { sqlite }
        })
        .map_sqlx_sqlite_pool_opts(|pool| pool.before_acquire(|connection, _| Box::pin(at_rest(connection))));
    Ok(Database::connect(options).await?)
}

/// Whether a connection may be used again.
///
/// When COMMIT fails for want of space, SQLite ends the transaction by itself, the ROLLBACK that follows fails, and the
/// driver goes on counting one transaction too many: the next ones would be savepoints of one that nobody ever commits,
/// acknowledged and never kept. Such a connection is given up for a new one.
async fn at_rest(connection: &mut SqliteConnection) -> std::result::Result<bool, sea_orm::sqlx::Error> {
    Ok(!connection.is_in_transaction())
}

async fn postgres(url: &str, connections: u32) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url.to_owned());
    quiet(&mut options);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        .test_before_acquire(false);
    Ok(Database::connect(options).await?)
}
