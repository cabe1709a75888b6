//! Look-ups by the public (公众查询行为): how often each code was asked for, and sums by hour that travel upward.
//!
//! Only codes that the platform knows are counted one by one, so that guessing fills no table. What was answered and how
//! often one address may ask belong to `suyuan-service`. Rows: G-6.6.2, H-6.3.

use sea_orm::FromQueryResult;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::scope::Scope;

use crate::db::{Store, Tx};
use crate::filter::Conditions;
use crate::{Result, sql};

/// How often a code was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupCount {
    /// Times, this one included.
    pub total: u64,
    /// When it was asked for first.
    pub first_at: Timestamp,
}

/// Look-ups within one hour.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct LookupHour {
    /// Node that was asked.
    pub node: String,
    /// Begin of the hour, milliseconds UTC.
    pub hour: i64,
    /// Division from which was asked, or of the node where that is unknown.
    pub division: String,
    /// Category of the product; empty where nothing was found.
    pub category: String,
    /// Look-ups.
    pub total: i64,
    /// How many found something.
    pub found: i64,
}

impl Tx {
    /// Counts one look-up of a code and gives its new count.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn count_lookup(&self, code: &str, now: Timestamp) -> Result<LookupCount> {
        let text = "INSERT INTO lookup (code, total, first_at, last_at) VALUES (?, 1, ?, ?) \
                    ON CONFLICT (code) DO UPDATE SET total = lookup.total + 1, last_at = excluded.last_at \
                    RETURNING total, first_at";
        let row = sql::row(self.db(), text, vec![code.into(), now.millis().into(), now.millis().into()]).await?;
        let Some(row) = row else { return Ok(LookupCount { total: 1, first_at: now }) };
        Ok(LookupCount {
            total: sql::uint(row.try_get_by_index(0)?),
            first_at: Timestamp::from_millis(row.try_get_by_index(1)?),
        })
    }

    /// Adds to the sums of an hour.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_lookups(&self, sum: &LookupHour) -> Result<()> {
        self.write_lookups(
            sum,
            "total = lookup_hour.total + excluded.total, found = lookup_hour.found + excluded.found",
        )
        .await
    }

    /// Sets the sums of an hour, as another node reports them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_lookups(&self, sum: &LookupHour) -> Result<()> {
        self.write_lookups(sum, "total = excluded.total, found = excluded.found").await
    }

    async fn write_lookups(&self, sum: &LookupHour, change: &str) -> Result<()> {
        let text = format!(
            "INSERT INTO lookup_hour (node, hour, division, category, total, found) VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT (node, hour, division, category) DO UPDATE SET {change}"
        );
        let values = vec![
            sum.node.as_str().into(),
            sum.hour.into(),
            sum.division.as_str().into(),
            sum.category.as_str().into(),
            sum.total.into(),
            sum.found.into(),
        ];
        sql::execute(self.db(), &text, values).await?;
        Ok(())
    }

    /// The sums of a node for the hours that begin from `from` on and before `before`, in order.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn lookup_hours(&self, node: &str, from: Timestamp, before: Timestamp) -> Result<Vec<LookupHour>> {
        let text = "SELECT node, hour, division, category, total, found FROM lookup_hour \
                    WHERE node = ? AND hour >= ? AND hour < ? ORDER BY hour, division, category";
        sql::all(self.db(), text, vec![node.into(), from.millis().into(), before.millis().into()]).await
    }
}

impl Store {
    /// How often a code was asked for; `None` where it never was.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn lookup_count(&self, code: &str) -> Result<Option<LookupCount>> {
        let text = "SELECT total, first_at FROM lookup WHERE code = ?";
        let Some(row) = sql::row(self.reader(), text, vec![code.into()]).await? else { return Ok(None) };
        Ok(Some(LookupCount {
            total: sql::uint(row.try_get_by_index(0)?),
            first_at: Timestamp::from_millis(row.try_get_by_index(1)?),
        }))
    }

    /// Look-ups in the scope, and how many found something, in hours that begin from `from` on and before `before`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn lookups(&self, scope: &Scope, from: Timestamp, before: Timestamp) -> Result<(u64, u64)> {
        let mut conditions = Conditions::in_scope(scope, "division", Some("category"));
        conditions.push("hour >= ? AND hour < ?", vec![from.millis().into(), before.millis().into()]);
        let (filter, values) = conditions.done();
        let text = format!(
            "SELECT CAST(COALESCE(SUM(total), 0) AS BIGINT), CAST(COALESCE(SUM(found), 0) AS BIGINT) FROM lookup_hour{filter}"
        );
        let Some(row) = sql::row(self.reader(), &text, values).await? else { return Ok((0, 0)) };
        Ok((sql::uint(row.try_get_by_index(0)?), sql::uint(row.try_get_by_index(1)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use suyuan_domain::scope::CodeRange;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_millis(hour * 3_600_000)
    }

    fn sum(node: &str, hour: i64, category: &str, total: i64) -> LookupHour {
        let found = if category.is_empty() { 0 } else { total };
        LookupHour {
            node: node.into(),
            hour: at(hour).millis(),
            division: node.into(),
            category: category.into(),
            total,
            found,
        }
    }

    #[tokio::test]
    async fn g_6_6_2_look_ups_are_counted_by_code_and_hour_and_a_childs_sums_replace() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite://{}", folder.path().join("node.db").display());
        let store = Store::connect(&url, "370000").await?;
        store.migrate().await?;
        let tx = store.begin().await?;
        assert_eq!(tx.count_lookup("u1", at(1)).await?, LookupCount { total: 1, first_at: at(1) });
        assert_eq!(tx.count_lookup("u1", at(2)).await?, LookupCount { total: 2, first_at: at(1) });
        for one in [sum("370000", 5, "agri", 1), sum("370000", 5, "agri", 1), sum("370000", 6, "", 1)] {
            tx.add_lookups(&one).await?;
        }
        for relayed in [sum("370200", 5, "agri", 7), sum("370200", 5, "agri", 9)] {
            tx.take_lookups(&relayed).await?;
        }
        assert_eq!(tx.lookup_hours("370000", at(5), at(6)).await?, [sum("370000", 5, "agri", 2)]);
        tx.commit().await?;
        assert_eq!(store.lookup_count("u1").await?.map(|count| count.total), Some(2));
        assert_eq!(store.lookup_count("u2").await?, None);
        assert_eq!(store.lookups(&Scope::everything(), at(5), at(7)).await?, (12, 11));
        let city = Scope::of_divisions(vec![CodeRange { from: "370200".into(), to: "370299".into() }]);
        assert_eq!(store.lookups(&city, at(0), at(24)).await?, (9, 9));
        assert_eq!(store.lookups(&city, at(6), at(24)).await?, (0, 0));
        Ok(())
    }
}
