//! A fresh database per test, and the few shapes that all tests share.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Draft, Record, Stream};
use suyuan_store::Store;
use suyuan_store::head::Head;
use suyuan_testkit::postgres::{PostgresDatabase, SERVER_VARIABLE};
use tempfile::TempDir;

/// What a test gives back.
pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// A migrated, empty database of one test, and a connection beside the store to look behind it.
pub struct World {
    folder: TempDir,
    url: String,
    raw: DatabaseConnection,
}

/// Runs `body` on a fresh database of each kind that is there.
pub async fn on_both(body: impl AsyncFn(&World) -> Outcome) -> Outcome {
    on_sqlite(&body).await?;
    let Some(database) = PostgresDatabase::create().await? else {
        eprintln!("skipped on PostgreSQL: {SERVER_VARIABLE} is not set");
        return Ok(());
    };
    let url = database.url();
    let world = World { folder: tempfile::tempdir()?, raw: connect(&url).await?, url };
    world.store("370200").await?.migrate().await?;
    body(&world).await.map_err(|error| format!("on PostgreSQL: {error}"))?;
    Ok(world.raw.close().await?)
}

/// Runs `body` on a fresh SQLite file.
pub async fn on_sqlite(body: impl AsyncFn(&World) -> Outcome) -> Outcome {
    let world = World::sqlite().await?;
    world.store("370200").await?.migrate().await?;
    body(&world).await.map_err(|error| format!("on SQLite: {error}").into())
}

impl World {
    /// An SQLite file without a schema.
    pub async fn sqlite() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite://{}", folder.path().join("node.db").display());
        let raw = connect(&format!("{url}?mode=rwc")).await?;
        Ok(Self { folder, url, raw })
    }

    /// A store of its own on this database, for the node with code `node`.
    pub async fn store(&self, node: &str) -> Outcome<Store> {
        Ok(Store::connect(&self.url, node).await?)
    }

    pub fn is_postgres(&self) -> bool {
        self.raw.get_database_backend() == DbBackend::Postgres
    }

    /// Folder for files beside the database; on SQLite also the database's own.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The connection beside the store.
    pub fn raw(&self) -> &DatabaseConnection {
        &self.raw
    }

    /// Runs statements past the store.
    pub async fn run(&self, sql: &str) -> Outcome {
        self.raw.execute_unprepared(sql).await?;
        Ok(())
    }

    /// One number, read past the store.
    pub async fn number(&self, sql: &str) -> Outcome<i64> {
        let row = self.raw.query_one_raw(Statement::from_string(self.raw.get_database_backend(), sql)).await?;
        Ok(row.ok_or("no row")?.try_get_by_index(0)?)
    }

    /// Runs the words of the database in use.
    pub async fn run_either(&self, sqlite: &str, postgres: &str) -> Outcome {
        self.run(if self.is_postgres() { postgres } else { sqlite }).await
    }

    /// From now on every `change` (such as `INSERT`) of `table` fails, as if the disk had.
    pub async fn break_table(&self, change: &str, table: &str) -> Outcome {
        self.run_either(
            &format!(
                "CREATE TRIGGER broken BEFORE {change} ON {table} BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END"
            ),
            &format!(
                "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'broken on purpose'; END $$; \
                 CREATE TRIGGER broken BEFORE {change} ON {table} FOR EACH ROW EXECUTE FUNCTION broken()"
            ),
        )
        .await
    }

    /// Ends [`World::break_table`].
    pub async fn mend_table(&self, table: &str) -> Outcome {
        self.run_either("DROP TRIGGER broken", &format!("DROP TRIGGER broken ON {table}; DROP FUNCTION broken()")).await
    }
}

pub async fn connect(url: &str) -> Outcome<DatabaseConnection> {
    let mut options = ConnectOptions::new(url.to_owned());
    // One on SQLite: a second would not see at once which triggers the first has dropped.
    options.sqlx_logging(false).max_connections(if url.starts_with("sqlite:") { 1 } else { 2 });
    Ok(Database::connect(options).await?)
}

/// The instant `n` milliseconds into 2026.
pub fn at(n: i64) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000 + n)
}

/// Object number `n`.
pub fn object(n: u64) -> ObjectId {
    let mut bytes = [0x70; 16];
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    ObjectId::from_bytes(bytes)
}

/// The stream called `name`.
pub fn stream(name: &str) -> Stream {
    name.parse().expect("a stream's name in a test")
}

/// A draft of object `n` for the stream called `to`; empty for a local one.
pub fn draft(kind: &str, n: u64, version: u64, to: &str, payload: impl Into<Vec<u8>>) -> Draft {
    Draft {
        kind: kind.to_owned(),
        object: object(n),
        part: String::new(),
        term: 1,
        version,
        at: at(0),
        stream: (!to.is_empty()).then(|| stream(to)),
        payload: payload.into(),
    }
}

/// Appends `drafts` in one transaction and, on PostgreSQL, sequences everything that waits.
pub async fn write(store: &Store, drafts: Vec<Draft>) -> Outcome {
    let mut tx = store.begin().await?;
    tx.append(drafts).await?;
    tx.commit().await?;
    sequence_all(store).await
}

/// Runs the sequencer until nothing waits.
pub async fn sequence_all(store: &Store) -> Outcome {
    while store.sequence_outbox(5000).await? > 0 {}
    Ok(())
}

/// The whole journal, in batches of `step`.
pub async fn whole_journal(store: &Store, step: usize) -> Outcome<Vec<Record>> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let batch = store.read_journal(records.last().map_or(0, |last| last.position), step).await?;
        if batch.is_empty() {
            return Ok(records);
        }
        records.extend(batch);
    }
}

/// Heads by origin and stream, of those streams that `of` accepts.
pub async fn heads(store: &Store, of: impl Fn(&Stream) -> bool) -> Outcome<BTreeMap<(String, String), Head>> {
    let heads = store.heads().await?.into_iter().filter(|head| of(&head.stream));
    Ok(heads.map(|head| ((head.node.clone(), head.stream.to_string()), head)).collect())
}
