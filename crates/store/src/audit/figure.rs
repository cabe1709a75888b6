//! Figures over the audit trail (审计统计): what occurs in it, how much of it, and what is out of the ordinary by number.
//! Thresholds and words belong to `suyuan-service`. Rows: G-5.4.3, H-6.5.

use sea_orm::FromQueryResult;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::scope::Scope;

use super::AuditFilter;
use crate::db::Store;
use crate::filter::Conditions;
use crate::{Result, sql};

/// Milliseconds by which a day in China begins before one in UTC.
const OFFSET: i64 = 28_800_000;
const DAY: i64 = 86_400_000;

/// Most different values of a column that are listed.
const MOST_VALUES: usize = 500;

/// A column of which the values are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// What was done.
    Action,
    /// Kind of the object.
    ObjectKind,
}

impl Column {
    const fn name(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::ObjectKind => "object_kind",
        }
    }
}

/// How often something was done, by how it ended.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Tally {
    /// Days since 1970 in China; 0 where days were not told apart.
    pub day: i64,
    /// Who; empty where people were not told apart.
    pub actor: String,
    /// Role; empty as well.
    pub role: String,
    /// What was done; empty as well.
    pub action: String,
    /// How it ended.
    pub result: String,
    /// How often.
    pub count: i64,
    /// When it was last done, in milliseconds.
    pub last_at: i64,
}

/// What is told apart in a tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Days.
    Day,
    /// People.
    Actor,
    /// What was done.
    Action,
    /// What people did on each day.
    ActorDayAction,
    /// People on each day, of what was done at night: before 6 and from 22 o'clock.
    ActorNight,
}

impl By {
    /// The columns, and a condition.
    fn parts(self) -> (String, String, &'static str, &'static str) {
        let day = format!("(at + {OFFSET}) / {DAY}");
        let none = || "''".to_owned();
        let none_day = || "CAST(0 AS BIGINT)".to_owned();
        let clock = "((at + 28800000) % 86400000 < 21600000 OR (at + 28800000) % 86400000 >= 79200000)";
        match self {
            Self::Day => (day, none(), "''", ""),
            Self::Actor => (none_day(), "actor".to_owned(), "''", ""),
            Self::Action => (none_day(), none(), "action", ""),
            Self::ActorDayAction => (day, "actor".to_owned(), "action", ""),
            Self::ActorNight => (day, "actor".to_owned(), "''", clock),
        }
    }
}

impl Store {
    /// The values that a column has, in their order; a look at the index for each, none at the rows.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn audit_values(&self, column: Column) -> Result<Vec<String>> {
        let name = column.name();
        let text = format!("SELECT {name} FROM audit WHERE {name} > ? ORDER BY {name} LIMIT 1");
        let mut values: Vec<String> = Vec::new();
        let mut last = String::new();
        while values.len() < MOST_VALUES {
            let next: Option<String> = sql::scalar(self.reader(), &text, vec![last.as_str().into()]).await?;
            let Some(next) = next else { break };
            last.clone_from(&next);
            values.push(next);
        }
        Ok(values)
    }

    /// How many rows there are, counted by place: the last one that was given.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn audit_count(&self) -> Result<u64> {
        let text = "SELECT value FROM counter WHERE name = 'audit'";
        Ok(sql::scalar::<_, i64>(self.reader(), text, vec![]).await?.map_or(0, sql::uint))
    }

    /// How often something was done from one moment to another, at most `limit` lines, the most frequent first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn audit_tally(
        &self,
        scope: &Scope,
        (from, to): (Timestamp, Timestamp),
        by: By,
        limit: u64,
    ) -> Result<Vec<Tally>> {
        let (day, actor, action, extra) = by.parts();
        let role = if actor == "actor" { "role" } else { "''" };
        let filter = AuditFilter { from: Some(from), to: Some(to), ..AuditFilter::default() };
        let mut conditions: Conditions = filter.conditions(scope);
        if !extra.is_empty() {
            conditions.push(extra, vec![]);
        }
        let (filter, mut bound) = conditions.done();
        bound.push(sql::int(limit));
        let text = format!(
            "SELECT day, actor, role, action, result, COUNT(*) AS count, MAX(at) AS last_at FROM (\
             SELECT {day} AS day, {actor} AS actor, {role} AS role, {action} AS action, result, at FROM audit{filter}\
             ) told GROUP BY day, actor, role, action, result ORDER BY count DESC, day, actor, action LIMIT ?"
        );
        sql::all(self.reader(), &text, bound).await
    }
}
