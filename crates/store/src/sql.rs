//! Statements with bound values, written once for both databases.
//!
//! Placeholders are `?` and become `$1`… on PostgreSQL. Values are always bound, never formatted in.

use sea_orm::{ConnectionTrait, DbBackend, ExecResult, FromQueryResult, QueryResult, Statement, TryGetable, Value};
use suyuan_domain::id::ObjectId;

use crate::Result;
use crate::error::StoreError;

/// Turns `?` into the placeholders of `backend`. The crate's statements hold no literal question mark.
pub fn statement(backend: DbBackend, sql: &str, values: Vec<Value>) -> Statement {
    if backend != DbBackend::Postgres {
        return Statement::from_sql_and_values(backend, sql, values);
    }
    let mut text = String::with_capacity(sql.len() + 16);
    for (number, part) in sql.split('?').enumerate() {
        if number > 0 {
            text.push('$');
            text.push_str(&number.to_string());
        }
        text.push_str(part);
    }
    Statement::from_sql_and_values(backend, text, values)
}

/// Runs a statement and says how many rows it touched.
pub async fn execute<C: ConnectionTrait>(db: &C, sql: &str, values: Vec<Value>) -> Result<u64> {
    let done: ExecResult = db.execute_raw(statement(db.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected())
}

/// All rows of a query.
pub async fn rows<C: ConnectionTrait>(db: &C, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
    Ok(db.query_all_raw(statement(db.get_database_backend(), sql, values)).await?)
}

/// The first row of a query.
pub async fn row<C: ConnectionTrait>(db: &C, sql: &str, values: Vec<Value>) -> Result<Option<QueryResult>> {
    Ok(db.query_one_raw(statement(db.get_database_backend(), sql, values)).await?)
}

/// The first column of the first row.
pub async fn scalar<C: ConnectionTrait, T: TryGetable>(db: &C, sql: &str, values: Vec<Value>) -> Result<Option<T>> {
    match row(db, sql, values).await? {
        Some(row) => Ok(Some(row.try_get_by_index(0)?)),
        None => Ok(None),
    }
}

/// All rows of a query as `T`, whose fields are named like the columns.
pub async fn all<C: ConnectionTrait, T: FromQueryResult>(db: &C, sql: &str, values: Vec<Value>) -> Result<Vec<T>> {
    rows(db, sql, values).await?.iter().map(|row| T::from_query_result(row, "").map_err(StoreError::from)).collect()
}

/// The first row of a query as `T`.
pub async fn one<C: ConnectionTrait, T: FromQueryResult>(db: &C, sql: &str, values: Vec<Value>) -> Result<Option<T>> {
    match row(db, sql, values).await? {
        Some(row) => Ok(Some(T::from_query_result(&row, "")?)),
        None => Ok(None),
    }
}

/// Sizes of multi-row statements: few, so that each is prepared once and kept.
const SIZES: [usize; 4] = [256, 32, 4, 1];

/// Inserts many rows of `width` values each; `head` is everything before the first row, `tail` all behind the last.
pub async fn insert_many<C: ConnectionTrait>(
    db: &C,
    head: &str,
    width: usize,
    mut values: Vec<Value>,
    tail: &str,
) -> Result<u64> {
    let row = format!("({})", vec!["?"; width].join(","));
    let mut inserted = 0;
    let mut rest = values.drain(..);
    let mut left = rest.len() / width.max(1);
    for size in SIZES {
        if left < size {
            continue;
        }
        let sql = format!("{head} {} {tail}", vec![row.as_str(); size].join(","));
        while left >= size {
            let chunk: Vec<Value> = rest.by_ref().take(size * width).collect();
            inserted += execute(db, &sql, chunk).await?;
            left -= size;
        }
    }
    Ok(inserted)
}

/// A count or number as the databases have it. Counts never pass 2⁶³.
pub fn int(value: u64) -> Value {
    i64::try_from(value).unwrap_or(i64::MAX).into()
}

/// A stored number as a count.
pub fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// An object id as a bound value.
pub fn id(object: ObjectId) -> Value {
    object.as_bytes().to_vec().into()
}

/// A stored object id.
pub fn object(bytes: &[u8]) -> Result<ObjectId> {
    ObjectId::from_slice(bytes).map_err(|error| StoreError::damaged("object id", error.to_string()))
}

/// A stored hash.
pub fn digest(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| StoreError::damaged("hash", format!("{} bytes", bytes.len())))
}
