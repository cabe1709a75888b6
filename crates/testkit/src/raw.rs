//! Statements past the store: what somebody with the rights of the database could do behind the platform's back.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbErr};

/// Runs statements on the database at `url`, one after the other.
///
/// # Errors
/// When the database is out of reach or refuses one.
pub async fn run(url: &str, statements: &[&str]) -> Result<(), DbErr> {
    let mut options = ConnectOptions::new(url.to_owned());
    options.sqlx_logging(false).max_connections(1);
    let database = Database::connect(options).await?;
    for statement in statements {
        database.execute_unprepared(statement).await?;
    }
    database.close().await
}
