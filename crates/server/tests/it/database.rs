//! The relational database of one node under test: an SQLite file in its folder, or a PostgreSQL database of its own that
//! goes with it. `SUYUAN_TEST_DATABASE` says which; the suite runs all tests on both.

use std::path::Path;

use suyuan_testkit::postgres::{PostgresDatabase, SERVER_VARIABLE};

/// The database of one node.
pub struct NodeDatabase {
    /// Its address, as configuration has it.
    pub url: String,
    _postgres: Option<PostgresDatabase>,
}

impl NodeDatabase {
    /// An empty database for the node whose files lie in `folder`.
    pub async fn for_node(folder: &Path) -> Self {
        match std::env::var("SUYUAN_TEST_DATABASE").as_deref() {
            Err(_) | Ok("" | "sqlite") => {
                Self { url: format!("sqlite://{}", folder.join("node.db").display()), _postgres: None }
            }
            Ok("postgres") => {
                let made = PostgresDatabase::create().await.expect("a database on the PostgreSQL server");
                let made = made.unwrap_or_else(|| panic!("{SERVER_VARIABLE} names no PostgreSQL server"));
                Self { url: made.url(), _postgres: Some(made) }
            }
            Ok(other) => panic!("SUYUAN_TEST_DATABASE is neither sqlite nor postgres: {other}"),
        }
    }
}
