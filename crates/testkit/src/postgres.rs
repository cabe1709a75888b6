//! A PostgreSQL database of one test's own on a server that the environment names, dropped when the test lets go of it.
//!
//! Starting the server belongs to whoever runs the tests.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr};

/// The variable that names a PostgreSQL server on which databases may be made.
pub const SERVER_VARIABLE: &str = "SUYUAN_TEST_POSTGRES_URL";

/// A database of one test.
#[derive(Debug)]
pub struct PostgresDatabase {
    server: String,
    name: String,
}

impl PostgresDatabase {
    /// Makes an empty database on the server that [`SERVER_VARIABLE`] names; `None` where it names none.
    ///
    /// # Errors
    /// When the server is out of reach or refuses.
    pub async fn create() -> Result<Option<Self>, DbErr> {
        let Ok(server) = std::env::var(SERVER_VARIABLE) else { return Ok(None) };
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("suyuan_it_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let admin = connect(&server).await?;
        admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name}")).await?;
        make(&admin, &name).await?;
        admin.close().await?;
        Ok(Some(Self { server, name }))
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let (server, name) = (std::mem::take(&mut self.server), std::mem::take(&mut self.name));
        // A thread and a runtime of its own: those of the test may be the ones that are just ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(forget(&server, &name)).map_err(std::io::Error::other)
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            eprintln!("a test database was left behind on the PostgreSQL server");
        }
    }
}

async fn forget(server: &str, name: &str) -> Result<(), DbErr> {
    let admin = connect(server).await?;
    admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    admin.close().await
}

async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url.to_owned());
    options.sqlx_logging(false).max_connections(1);
    Database::connect(options).await
}

/// Makes a database whose texts sort as in life, not by bytes, where the server can do so.
async fn make(admin: &DatabaseConnection, name: &str) -> Result<(), DbErr> {
    let locale = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'zh-u-ka-shifted' LOCALE 'C'";
    if admin.execute_unprepared(&format!("CREATE DATABASE {name} {locale}")).await.is_err() {
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
    }
    Ok(())
}

/// The address of database `name` on the server that `url` names.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, ""), |(address, query)| (address, query));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority..].find('/').map_or(address.len(), |at| authority + at);
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{}/{name}{separator}{query}", &address[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_replaces_the_servers_own_database_and_nothing_else() {
        for (url, wanted) in [
            ("postgres://u@h:5/postgres", "postgres://u@h:5/x"),
            ("postgres://u@h:5", "postgres://u@h:5/x"),
            ("postgres://u@h/p?sslmode=disable", "postgres://u@h/x?sslmode=disable"),
        ] {
            assert_eq!(with_database(url, "x"), wanted);
        }
    }
}
