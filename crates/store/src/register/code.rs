//! Codes that the platform issues, and entries near to one that is about to be registered. Rows: G-6.2.1a, G-6.2.1b.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, Value};
use suyuan_domain::id::ObjectId;

use super::{COLUMNS, Entry, EntryRow};
use crate::db::{Store, Tx};
use crate::{Result, sql};

/// What another entry may have in common with one that is looked for.
#[derive(Clone, Debug, Default)]
pub struct Near<'a> {
    /// Kind of the register.
    pub kind: &'a str,
    /// Codes.
    pub codes: Vec<&'a str>,
    /// Facets as (facet, value).
    pub facets: Vec<(&'a str, &'a str)>,
    /// Terms of the name, see `suyuan_domain::search::term`.
    pub terms: Vec<i64>,
    /// Longitude and latitude.
    pub place: Option<(f64, f64)>,
    /// Half the side of the square around the place, in degrees of longitude and latitude.
    pub reach: (f64, f64),
}

/// Entries of one reason that are looked at.
const MOST: u64 = 40;

impl Tx {
    /// The next serial number of `prefix`, from 1; numbers are never given twice.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn next_serial(&self, prefix: &str) -> Result<u64> {
        let text = "INSERT INTO code_serial (prefix, last) VALUES (?, 1) \
                    ON CONFLICT (prefix) DO UPDATE SET last = code_serial.last + 1 RETURNING last";
        let last: Option<i64> = sql::scalar(self.db(), text, vec![prefix.into()]).await?;
        Ok(sql::uint(last.unwrap_or(1)))
    }

    /// Objects with this value of a facet, as this transaction sees them.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_objects_of_facet(&self, kind: &str, facet: &str, value: &str) -> Result<Vec<ObjectId>> {
        objects_of_facet(self.db(), kind, facet, value).await
    }
}

async fn objects_of_facet<C: ConnectionTrait>(db: &C, kind: &str, facet: &str, value: &str) -> Result<Vec<ObjectId>> {
    let text = format!("SELECT object FROM register_facet WHERE kind = ? AND facet = ? AND value = ? LIMIT {MOST}");
    let rows = sql::rows(db, &text, vec![kind.into(), facet.into(), value.into()]).await?;
    rows.iter().map(|row| sql::object(&row.try_get_by_index::<Vec<u8>>(0)?)).collect()
}

impl Store {
    /// The serial number of `prefix` that was given last; 0 where none was.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn last_serial(&self, prefix: &str) -> Result<u64> {
        let text = "SELECT last FROM code_serial WHERE prefix = ?";
        let last: Option<i64> = sql::scalar(self.reader(), text, vec![prefix.into()]).await?;
        Ok(sql::uint(last.unwrap_or(0)))
    }

    /// Objects with this value of a facet.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_objects_of_facet(&self, kind: &str, facet: &str, value: &str) -> Result<Vec<ObjectId>> {
        objects_of_facet(self.reader(), kind, facet, value).await
    }

    /// Whether this node was told that an entry of another node claims the code.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn is_claimed_elsewhere(&self, kind: &str, code: &str) -> Result<bool> {
        let text = "SELECT COUNT(*) FROM register_claim WHERE kind = ? AND code = ? AND live = 1";
        let count: Option<i64> = sql::scalar(self.reader(), text, vec![kind.into(), code.into()]).await?;
        Ok(count.unwrap_or(0) > 0)
    }

    /// Entries that have something in common with `near`, whatever their scope, each once. Drafts and what was cancelled
    /// are left out.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_entries_near(&self, near: &Near<'_>) -> Result<Vec<Entry>> {
        let mut found: BTreeMap<ObjectId, Entry> = BTreeMap::new();
        let mut add = |rows: Vec<Entry>| found.extend(rows.into_iter().map(|entry| (entry.object, entry)));
        if !near.codes.is_empty() {
            let marks = vec!["?"; near.codes.len()].join(",");
            let codes = near.codes.iter().map(|code| Value::from(*code)).collect();
            add(self.alike(near.kind, &format!("code IN ({marks})"), codes, "object").await?);
        }
        for (facet, value) in &near.facets {
            let text = "object IN (SELECT object FROM register_facet WHERE kind = ? AND facet = ? AND value = ?)";
            add(self
                .alike(near.kind, text, vec![near.kind.into(), (*facet).into(), (*value).into()], "object")
                .await?);
        }
        if let Some((lon, lat)) = near.place {
            let values = vec![
                (lat - near.reach.1).into(),
                (lat + near.reach.1).into(),
                (lon - near.reach.0).into(),
                (lon + near.reach.0).into(),
            ];
            add(self.alike(near.kind, "lat BETWEEN ? AND ? AND lon BETWEEN ? AND ?", values, "object").await?);
        }
        if !near.terms.is_empty() {
            let marks = vec!["?"; near.terms.len()].join(",");
            let values: Vec<Value> = near.terms.iter().map(|term| Value::from(*term)).collect();
            let text = format!(
                "object IN (SELECT k.object FROM register_key k JOIN (SELECT no, COUNT(*) AS hits FROM register_term \
                 WHERE term IN ({marks}) GROUP BY no ORDER BY hits DESC, no LIMIT {MOST}) t ON t.no = k.no)"
            );
            add(self.alike(near.kind, &text, values, "object").await?);
        }
        Ok(found.into_values().collect())
    }

    async fn alike(&self, kind: &str, condition: &str, values: Vec<Value>, order: &str) -> Result<Vec<Entry>> {
        let text = format!(
            "SELECT {COLUMNS} FROM register WHERE kind = ? AND state NOT IN ('draft', 'cancelled') AND {condition} \
             ORDER BY {order} LIMIT {MOST}"
        );
        let mut bound: Vec<Value> = vec![kind.into()];
        bound.extend(values);
        let rows: Vec<EntryRow> = sql::all(self.reader(), &text, bound).await?;
        rows.into_iter().map(Entry::try_from).collect()
    }

    /// How many entries in force belong to the nodes with these codes, all together: for merchants under markets.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_merchants_under(&self, parents: &[String]) -> Result<u64> {
        let mut count = 0;
        for chunk in parents.chunks(500) {
            let marks = vec!["?"; chunk.len()].join(",");
            let text = format!(
                "SELECT COUNT(*) FROM register WHERE kind = 'subject' AND parent IN ({marks}) AND class = 'merchant' \
                 AND state IN ('filed', 'changing')"
            );
            let values = chunk.iter().map(|code| Value::from(code.as_str())).collect();
            count += sql::uint(sql::scalar(self.reader(), &text, values).await?.unwrap_or(0));
        }
        Ok(count)
    }
}
