//! A fresh database per test, and the few shapes that all tests share.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Draft, Record, Stream};
use suyuan_store::Store;
use suyuan_store::head::Head;
use tempfile::TempDir;

/// What a test gives back.
pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// The variable that names a PostgreSQL server on which databases may be made.
const POSTGRES: &str = "SUYUAN_TEST_POSTGRES_URL";

/// A migrated, empty database of one test, and a connection beside the store to look behind it.
pub struct World {
    folder: TempDir,
    url: String,
    raw: DatabaseConnection,
}

/// Runs `body` on a fresh database of each kind that is there.
pub async fn on_both(body: impl AsyncFn(&World) -> Outcome) -> Outcome {
    on_sqlite(&body).await?;
    let Ok(server) = std::env::var(POSTGRES) else {
        eprintln!("skipped on PostgreSQL: {POSTGRES} is not set");
        return Ok(());
    };
    let name = database_name();
    let admin = connect(&server).await?;
    admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name}")).await?;
    make_database(&admin, &name).await?;
    let url = with_database(&server, &name);
    let world = World { folder: tempfile::tempdir()?, raw: connect(&url).await?, url };
    world.store("370200").await?.migrate().await?;
    body(&world).await.map_err(|error| format!("on PostgreSQL: {error}"))?;
    world.raw.close().await?;
    admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await?;
    Ok(())
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

    /// A folder of this name inside [`World::folder`].
    pub fn subfolder(&self, name: &str) -> Outcome<PathBuf> {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(path)
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

async fn connect(url: &str) -> Outcome<DatabaseConnection> {
    let mut options = ConnectOptions::new(url.to_owned());
    // One on SQLite: a second would not see at once which triggers the first has dropped.
    options.sqlx_logging(false).max_connections(if url.starts_with("sqlite:") { 1 } else { 2 });
    Ok(Database::connect(options).await?)
}

/// Makes a database whose texts sort as in life, not by bytes, where the server can do so.
async fn make_database(admin: &DatabaseConnection, name: &str) -> Outcome {
    let locale = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'zh-u-ka-shifted' LOCALE 'C'";
    if admin.execute_unprepared(&format!("CREATE DATABASE {name} {locale}")).await.is_err() {
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
    }
    Ok(())
}

fn database_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("suyuan_it_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The address of database `name` on the server that `url` names.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, ""), |(address, query)| (address, query));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority..].find('/').map_or(address.len(), |at| authority + at);
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{}/{name}{separator}{query}", &address[..end])
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
