//! The one connection to ClickHouse, whichever engine answers: a server by URL or the embedded one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use clickhouse::{Client, Compression};
use tokio::sync::OnceCell;

use crate::error::{WarehouseError, WarehouseResult};
use crate::sql::Bound;

/// Settings of every request. Writes are answered when they are stored; durability itself (fsync) is a setting of the
/// tables. The rest keeps `FINAL` right: no condition on a changeable column may be tested before versions are merged.
/// Expressions are not compiled: compiled `least` and `greatest` of 128-bit numbers give wrong results in 26.7, from the
/// third execution of a text onward.
const SETTINGS: [(&str, &str); 7] = [
    ("async_insert", "0"),
    ("compile_expressions", "0"),
    ("optimize_move_to_prewhere_if_final", "0"),
    ("do_not_merge_across_partitions_select_final", "1"),
    ("use_skip_indexes_if_final", "1"),
    ("use_skip_indexes_if_final_exact_mode", "1"),
    ("max_partitions_per_insert_block", "2000"),
];

/// A database of the warehouse (数据仓库).
///
/// Cheap to clone. One process writes to a database at a time (the holder of the projector's lease); any number reads.
#[derive(Clone)]
pub struct Warehouse {
    shared: Arc<Shared>,
}

struct Shared {
    outside: Client,
    /// Keeps what it has learnt about the columns of tables, so that an insert asks only once.
    inside: Client,
    database: String,
    generations: OnceCell<Mutex<Generations>>,
    rebuild: tokio::sync::Mutex<()>,
}

/// Numbers that order marks and rebuilds of this database.
#[derive(Debug, Default)]
struct Generations {
    last: u64,
    under_way: BTreeSet<u64>,
}

impl std::fmt::Debug for Warehouse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Warehouse").field("database", &self.shared.database).finish_non_exhaustive()
    }
}

/// A generation whose facts are being written. Marks from it onward are not cleared while it lives.
pub(crate) struct UnderWay {
    warehouse: Warehouse,
    pub(crate) number: u64,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.warehouse.with_generations(|generations| generations.under_way.remove(&self.number));
    }
}

impl Warehouse {
    /// Connects to the ClickHouse HTTP interface at `url` as the user `default` with the password `key`.
    ///
    /// # Errors
    /// When `database` is not a plain name or the engine does not answer.
    pub async fn connect(url: &str, database: &str, key: &str) -> WarehouseResult<Self> {
        Self::connect_with(url, database, key, &[]).await
    }

    /// [`Warehouse::connect`] with further settings for every request, such as `session_timezone`.
    ///
    /// # Errors
    /// As [`Warehouse::connect`].
    pub async fn connect_with(
        url: &str,
        database: &str,
        key: &str,
        settings: &[(&str, &str)],
    ) -> WarehouseResult<Self> {
        check_name(database)?;
        let mut client = Client::default().with_url(url).with_user("default").with_compression(Compression::None);
        if !key.is_empty() {
            client = client.with_password(key);
        }
        for (name, value) in SETTINGS.iter().chain(settings) {
            client = client.with_setting(*name, *value);
        }
        client.query_raw("SELECT toUInt8(1)").fetch_one::<u8>().await?;
        let shared = Shared {
            inside: client.clone().with_database(database),
            outside: client,
            database: database.to_owned(),
            generations: OnceCell::new(),
            rebuild: tokio::sync::Mutex::new(()),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.shared.database
    }

    /// Whether the engine answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> WarehouseResult<()> {
        self.shared.outside.query_raw("SELECT toUInt8(1)").fetch_one::<u8>().await?;
        Ok(())
    }

    /// The client without a database.
    pub(crate) fn outside(&self) -> &Client {
        &self.shared.outside
    }

    /// The client of this database.
    pub(crate) fn client(&self) -> &Client {
        &self.shared.inside
    }

    /// Runs a query with its parameters and returns all rows.
    pub(crate) async fn fetch<T>(&self, bound: Bound) -> WarehouseResult<Vec<T>>
    where
        T: clickhouse::RowOwned + clickhouse::RowRead,
    {
        Ok(bound.into_query(self.client()).fetch_all::<T>().await?)
    }

    /// Runs a statement without rows.
    pub(crate) async fn execute(&self, bound: Bound) -> WarehouseResult<()> {
        Ok(bound.into_query(self.client()).execute().await?)
    }

    /// Only one rebuild runs at a time.
    pub(crate) async fn rebuild_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.shared.rebuild.lock().await
    }

    /// Begins a generation of writing.
    pub(crate) async fn begin_generation(&self) -> WarehouseResult<UnderWay> {
        self.load_generations().await?;
        let number = self
            .with_generations(|generations| {
                generations.last += 1;
                generations.under_way.insert(generations.last);
                generations.last
            })
            .unwrap_or_default();
        Ok(UnderWay { warehouse: self.clone(), number })
    }

    /// The number of a rebuild, above all that were given, and the first generation that is still being written.
    pub(crate) async fn rebuild_generation(&self) -> WarehouseResult<(u64, u64)> {
        self.load_generations().await?;
        let pair = self.with_generations(|generations| {
            generations.last += 1;
            let first = generations.under_way.first().copied().unwrap_or(generations.last);
            (generations.last, first)
        });
        Ok(pair.unwrap_or_default())
    }

    async fn load_generations(&self) -> WarehouseResult<()> {
        self.shared
            .generations
            .get_or_try_init(|| async {
                let sql = "SELECT max(generation) FROM (SELECT max(generation) AS generation FROM mark UNION ALL \
                           SELECT max(generation) FROM mark_done UNION ALL SELECT max(generation) FROM stat_day)";
                let last = self.client().query_raw(sql).fetch_one::<u64>().await?;
                Ok::<_, WarehouseError>(Mutex::new(Generations { last, under_way: BTreeSet::new() }))
            })
            .await?;
        Ok(())
    }

    fn with_generations<T>(&self, act: impl FnOnce(&mut Generations) -> T) -> Option<T> {
        let cell = self.shared.generations.get()?;
        Some(act(&mut cell.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn check_name(database: &str) -> WarehouseResult<()> {
    let plain = database.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let letter = database.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if plain && letter && database.len() <= 63 {
        Ok(())
    } else {
        Err(WarehouseError::DatabaseName(database.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_databases_are_plain() {
        for (name, good) in [("suyuan", true), ("node_370200", true), ("", false), ("a`b", false), ("1a", false)] {
            assert_eq!(check_name(name).is_ok(), good, "{name}");
        }
    }
}
