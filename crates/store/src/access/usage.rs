//! How much the connected systems use their interfaces, by day (接口使用量), and what intake answered, by day.

use std::collections::BTreeMap;

use sea_orm::FromQueryResult;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::period::Day;

use crate::db::Store;
use crate::{Result, sql};

/// The use of one system on one day. Counts of errors are requests, by what went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayUse {
    /// Requests.
    pub requests: u64,
    /// Rows that were sent.
    pub rows: u64,
    /// Bytes of bodies.
    pub bytes: u64,
    /// Requests refused by a quota.
    pub refused: u64,
    /// The platform was at fault (系统错误).
    pub error_system: u64,
    /// Token, address or permission (认证错误).
    pub error_auth: u64,
    /// What was sent is not of the form (数据错误).
    pub error_data: u64,
    /// Too much at once (数据量过大).
    pub error_large: u64,
    /// Milliseconds of all answers together.
    pub millis: u64,
}

impl DayUse {
    /// Adds what happened besides.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.refused += other.refused;
        self.error_system += other.error_system;
        self.error_auth += other.error_auth;
        self.error_data += other.error_data;
        self.error_large += other.error_large;
        self.millis += other.millis;
    }
}

#[derive(FromQueryResult)]
struct UseRow {
    system: String,
    day: String,
    requests: i64,
    row_count: i64,
    bytes: i64,
    refused: i64,
    error_system: i64,
    error_auth: i64,
    error_data: i64,
    error_large: i64,
    millis: i64,
}

impl UseRow {
    fn counts(&self) -> DayUse {
        DayUse {
            requests: sql::uint(self.requests),
            rows: sql::uint(self.row_count),
            bytes: sql::uint(self.bytes),
            refused: sql::uint(self.refused),
            error_system: sql::uint(self.error_system),
            error_auth: sql::uint(self.error_auth),
            error_data: sql::uint(self.error_data),
            error_large: sql::uint(self.error_large),
            millis: sql::uint(self.millis),
        }
    }
}

/// What intake answered a system on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Rows received.
    pub received: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Rows rejected.
    pub rejected: u64,
}

impl Store {
    /// Adds uses to what is kept, in one transaction.
    ///
    /// # Errors
    /// When the database refuses; then nothing was added.
    pub async fn add_use(&self, uses: &BTreeMap<(String, String), DayUse>) -> Result<()> {
        if uses.is_empty() {
            return Ok(());
        }
        let tx = self.begin().await?;
        let text = "INSERT INTO access_day (system, day, requests, row_count, bytes, refused, error_system, error_auth, \
                    error_data, error_large, millis) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
                    ON CONFLICT (system, day) DO UPDATE SET requests = access_day.requests + excluded.requests, \
                    row_count = access_day.row_count + excluded.row_count, bytes = access_day.bytes + excluded.bytes, \
                    refused = access_day.refused + excluded.refused, \
                    error_system = access_day.error_system + excluded.error_system, \
                    error_auth = access_day.error_auth + excluded.error_auth, \
                    error_data = access_day.error_data + excluded.error_data, \
                    error_large = access_day.error_large + excluded.error_large, \
                    millis = access_day.millis + excluded.millis";
        for ((system, day), one) in uses {
            let mut bound: Vec<sea_orm::Value> = vec![system.as_str().into(), day.as_str().into()];
            let counts = [
                one.requests,
                one.rows,
                one.bytes,
                one.refused,
                one.error_system,
                one.error_auth,
                one.error_data,
                one.error_large,
                one.millis,
            ];
            bound.extend(counts.map(sql::int));
            sql::execute(tx.db(), text, bound).await?;
        }
        tx.commit().await
    }

    /// The uses from a day on, of one system or of all, by system and day.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn uses_since(&self, system: Option<&str>, from: Day) -> Result<BTreeMap<(String, String), DayUse>> {
        let mut text =
            "SELECT system, day, requests, row_count, bytes, refused, error_system, error_auth, error_data, \
                        error_large, millis FROM access_day WHERE day >= ?"
                .to_owned();
        let mut bound: Vec<sea_orm::Value> = vec![from.to_string().into()];
        if let Some(system) = system {
            text.push_str(" AND system = ?");
            bound.push(system.into());
        }
        let rows: Vec<UseRow> = sql::all(self.reader(), &text, bound).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let counts = row.counts();
                ((row.system, row.day), counts)
            })
            .collect())
    }

    /// What intake answered a system since a moment, by day in Asia/Shanghai.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn answered_since(&self, system: &str, from: Timestamp) -> Result<BTreeMap<String, Answered>> {
        // Days begin at 16:00 UTC of the day before.
        const SHIFT: i64 = 8 * 3_600_000;
        const DAY: i64 = 86_400_000;
        let text = format!(
            "SELECT (at + {SHIFT}) / {DAY}, CAST(SUM(received) AS BIGINT), CAST(SUM(accepted) AS BIGINT), \
             CAST(SUM(rejected) AS BIGINT) FROM intake_batch WHERE system = ? AND at >= ? GROUP BY (at + {SHIFT}) / {DAY}"
        );
        let mut found = BTreeMap::new();
        for row in sql::rows(self.reader(), &text, vec![system.into(), from.millis().into()]).await? {
            let day: i64 = row.try_get_by_index(0)?;
            let day = Day::of(Timestamp::from_millis(day * DAY));
            let counts = Answered {
                received: sql::uint(row.try_get_by_index(1)?),
                accepted: sql::uint(row.try_get_by_index(2)?),
                rejected: sql::uint(row.try_get_by_index(3)?),
            };
            found.insert(day.to_string(), counts);
        }
        Ok(found)
    }

    /// Forgets uses before a day.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_uses(&self, before: Day) -> Result<()> {
        let tx = self.begin().await?;
        sql::execute(tx.db(), "DELETE FROM access_day WHERE day < ?", vec![before.to_string().into()]).await?;
        tx.commit().await
    }
}
