//! Sums over lists of registers (登记汇总): counts by column, clusters of positions, and the positions themselves.
//!
//! The same conditions as in [`super::list`], so that a figure and the list behind it never differ. What a figure means is
//! decided in `suyuan-service`. Rows: G-6.2.2a, G-6.2.3.

use sea_orm::FromQueryResult;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;

use super::list::{Column, EntryFilter, Order};
use crate::db::Store;
use crate::{Result, sql};

/// Milliseconds by which China is ahead of UTC.
const AHEAD: i64 = 8 * 3_600_000;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// By what entries are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The values of a column.
    Of(Column),
    /// The day of registration in China, as a number of days since 1970-01-01.
    Day,
    /// The many-valued properties as one text, see [`facet_values`].
    Facets,
}

impl Group {
    fn text(self) -> String {
        match self {
            Self::Of(column) => column.text().to_owned(),
            Self::Day => format!("CAST((k.registered_at + {AHEAD}) / {DAY} AS TEXT)"),
            Self::Facets => "k.facets".to_owned(),
        }
    }
}

/// The values of one property in a text of [`Group::Facets`].
#[must_use]
pub fn facet_values<'a>(facets: &'a str, name: &str) -> Vec<&'a str> {
    let own = |word: &'a str| word.split_once(':').filter(|(facet, _)| *facet == name).map(|(_, value)| value);
    facets.split_whitespace().filter_map(own).collect()
}

/// How many entries have these values.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Tally {
    /// The value of the first group.
    pub first: String,
    /// The value of the second; empty where there is none.
    pub second: String,
    /// Number of entries.
    pub count: i64,
}

/// Entries in one cell.
#[derive(Clone, Copy, Debug, PartialEq, FromQueryResult)]
pub struct CellRow {
    /// The finest cell divided by the divisor that was asked for.
    pub cell: i64,
    /// Number of entries.
    pub count: i64,
    /// Mean longitude.
    pub lon: f64,
    /// Mean latitude.
    pub lat: f64,
    /// One of them.
    pub no: i64,
}

/// Where an entry is, with what sums over a selection need.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The object.
    pub object: ObjectId,
    /// Longitude.
    pub lon: f64,
    /// Latitude.
    pub lat: f64,
    /// State.
    pub state: String,
    /// Category.
    pub category: String,
    /// Division.
    pub division: String,
}

#[derive(FromQueryResult)]
struct PositionRow {
    no: i64,
    object: Vec<u8>,
    lon: f64,
    lat: f64,
    state: String,
    category: String,
    division: String,
}

/// The filter for what has a position, once for each range of cells: several ranges in one query would keep the database
/// from reading its index alone.
fn parts(filter: &EntryFilter) -> Vec<EntryFilter> {
    let placed = EntryFilter { placed: Some(true), ..filter.clone() };
    match &filter.cells {
        None => vec![placed],
        Some(ranges) => {
            ranges.iter().map(|range| EntryFilter { cells: Some(vec![*range]), ..placed.clone() }).collect()
        }
    }
}

impl Store {
    /// How many entries there are for each value of `first`, or for each pair of values where a second group is given.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn tally(
        &self,
        scope: &Scope,
        filter: &EntryFilter,
        first: Group,
        second: Option<Group>,
    ) -> Result<Vec<Tally>> {
        let Some(plan) = self.plan(scope, filter, Order::Name).await? else { return Ok(Vec::new()) };
        let (source, values) = plan.done();
        let text = match second {
            None => {
                format!("SELECT {0} AS first, '' AS second, COUNT(*) AS count FROM {source} GROUP BY {0}", first.text())
            }
            Some(second) => format!(
                "SELECT {0} AS first, {1} AS second, COUNT(*) AS count FROM {source} GROUP BY {0}, {1}",
                first.text(),
                second.text()
            ),
        };
        sql::all(self.reader(), &text, values).await
    }

    /// Entries with a position by cell; `divisor` is that of a zoom, see `suyuan_domain::cell`, and the filter's cells are
    /// whole ones of that zoom.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn cells(&self, scope: &Scope, filter: &EntryFilter, divisor: i64) -> Result<Vec<CellRow>> {
        let mut all = Vec::new();
        for part in parts(filter) {
            all.extend(self.cells_of(scope, &part, divisor).await?);
        }
        Ok(all)
    }

    async fn cells_of(&self, scope: &Scope, filter: &EntryFilter, divisor: i64) -> Result<Vec<CellRow>> {
        let Some(plan) = self.plan(scope, filter, Order::Name).await? else { return Ok(Vec::new()) };
        let (source, values) = plan.done();
        // A number of the program's own: bound, it would keep the database from seeing that it divides by a constant.
        let cell = format!("k.cell / {}", divisor.max(1));
        let text = format!(
            "SELECT {cell} AS cell, COUNT(*) AS count, AVG(k.lon) AS lon, AVG(k.lat) AS lat, MIN(k.no) AS no \
             FROM {source} GROUP BY {cell}"
        );
        sql::all(self.reader(), &text, values).await
    }

    /// Entries with a position by division, each at the mean of its own: what a map of the whole country is made of. One
    /// index holds everything that this reads.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn divisions_placed(&self, scope: &Scope, filter: &EntryFilter) -> Result<Vec<CellRow>> {
        let Some(mut plan) = self.plan(scope, filter, Order::Name).await? else { return Ok(Vec::new()) };
        plan.conditions.push("k.lon IS NOT NULL", vec![]);
        let (source, values) = plan.done();
        let text = format!(
            "SELECT CAST(0 AS BIGINT) AS cell, COUNT(*) AS count, AVG(k.lon) AS lon, AVG(k.lat) AS lat, MIN(k.no) AS no \
             FROM {source} GROUP BY k.division"
        );
        sql::all(self.reader(), &text, values).await
    }

    /// Objects of these rows.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn objects_at(&self, rows: &[i64]) -> Result<Vec<(i64, ObjectId)>> {
        let mut all = Vec::new();
        for chunk in rows.chunks(500) {
            let marks = vec!["?"; chunk.len()].join(",");
            let text = format!("SELECT no, object FROM register_key WHERE no IN ({marks})");
            let values = chunk.iter().map(|no| (*no).into()).collect();
            for row in sql::rows(self.reader(), &text, values).await? {
                let object: Vec<u8> = row.try_get_by_index(1)?;
                all.push((row.try_get_by_index(0)?, sql::object(&object)?));
            }
        }
        Ok(all)
    }

    /// The positions of entries, last arrived first, at most `most`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn positions(&self, scope: &Scope, filter: &EntryFilter, most: u64) -> Result<Vec<Position>> {
        let mut rows: Vec<PositionRow> = Vec::new();
        for part in parts(filter) {
            let Some(plan) = self.plan(scope, &part, Order::Name).await? else { continue };
            let (source, mut values) = plan.done();
            values.push(sql::int(most.saturating_sub(rows.len() as u64)));
            let text =
                format!("SELECT k.no, k.object, k.lon, k.lat, k.state, k.category, k.division FROM {source} LIMIT ?");
            rows.extend(sql::all::<_, PositionRow>(self.reader(), &text, values).await?);
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.no));
        let position = |row: PositionRow| {
            Ok(Position {
                object: sql::object(&row.object)?,
                lon: row.lon,
                lat: row.lat,
                state: row.state,
                category: row.category,
                division: row.division,
            })
        };
        rows.into_iter().map(position).collect()
    }
}
