//! Statements with their parameters, and the conditions that a [`Scope`] becomes.
//!
//! No value is ever formatted into a statement: fragments are fixed texts with `{name:Type}` places, values travel as
//! parameters of the request.

use clickhouse::Client;
use clickhouse::query::Query;
use serde::Serialize;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::{CodeRange, Scope};

/// A value of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Text(String),
    Texts(Vec<String>),
    Int(i64),
    Uint(u64),
}

/// A statement with the values of its parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bound {
    sql: String,
    values: Vec<(&'static str, Value)>,
}

impl Bound {
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    /// Appends a fixed text.
    pub(crate) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Gives a parameter its value.
    pub(crate) fn set(&mut self, name: &'static str, value: Value) -> &mut Self {
        self.values.push((name, value));
        self
    }

    /// Gives a parameter a text.
    pub(crate) fn text(mut self, name: &'static str, value: &str) -> Self {
        self.set(name, Value::Text(value.to_owned()));
        self
    }

    /// Gives a parameter a list of texts.
    pub(crate) fn texts(mut self, name: &'static str, value: Vec<String>) -> Self {
        self.set(name, Value::Texts(value));
        self
    }

    /// Gives a parameter a number without sign.
    pub(crate) fn uint(mut self, name: &'static str, value: u64) -> Self {
        self.set(name, Value::Uint(value));
        self
    }

    /// Gives a parameter an instant, for `fromUnixTimestamp64Milli`.
    pub(crate) fn instant(mut self, name: &'static str, value: Timestamp) -> Self {
        self.set(name, Value::Int(value.millis()));
        self
    }

    /// Gives a parameter a list of identifiers, for [`IDS`].
    pub(crate) fn ids(self, name: &'static str, ids: &[ObjectId]) -> Self {
        self.texts(name, ids.iter().map(|id| hex::encode(id.as_bytes())).collect())
    }

    /// Gives the parameters of [`VISIBLE`], [`COUNTED_HERE`] and [`side_in_scope`] their values.
    pub(crate) fn scope(self, scope: &Scope) -> Self {
        let (from, to) = range_ends(scope.divisions.as_deref().unwrap_or_default());
        let categories = scope.categories.iter().flatten().cloned().collect();
        self.uint("scope_all_divisions", u64::from(scope.divisions.is_none()))
            .texts("scope_from", from)
            .texts("scope_to", to)
            .uint("scope_all_categories", u64::from(scope.categories.is_none()))
            .texts("scope_categories", categories)
            .uint("scope_all_subjects", u64::from(scope.subject.is_none()))
            .text("scope_subject", scope.subject.as_deref().unwrap_or_default())
    }

    pub(crate) fn into_query(self, client: &Client) -> Query {
        let query = client.query_raw(&self.sql);
        self.values.into_iter().fold(query, |query, (name, value)| query.param(name, value))
    }
}

/// First and last codes of ranges, as two lists of equal length.
pub(crate) fn range_ends(ranges: &[CodeRange]) -> (Vec<String>, Vec<String>) {
    ranges.iter().map(|range| (range.from.clone(), range.to.clone())).unzip()
}

/// A list of identifiers given by [`Bound::ids`] under the name `ids`.
pub(crate) const IDS: &str = "(SELECT toFixedString(unhex(arrayJoin({ids:Array(String)})), 16))";

/// The row's own division lies in the scope.
const OWN_DIVISION: &str = "({scope_all_divisions:UInt8} = 1 OR arrayExists((f, t) -> f <= division AND division <= t, \
     {scope_from:Array(String)}, {scope_to:Array(String)}))";

/// The division of the other side is known and lies in the scope.
const PEER_DIVISION: &str = "(peer_division != '' AND arrayExists((f, t) -> f <= peer_division AND peer_division <= t, \
     {scope_from:Array(String)}, {scope_to:Array(String)}))";

const CATEGORY: &str = "({scope_all_categories:UInt8} = 1 OR has({scope_categories:Array(String)}, category))";

/// The row may be shown: either side is in scope.
pub(crate) fn visible(up: &str, down: &str) -> String {
    format!(
        "({OWN_DIVISION} OR {PEER_DIVISION}) AND {CATEGORY} AND ({{scope_all_subjects:UInt8}} = 1 \
         OR {up} = {{scope_subject:String}} OR {down} = {{scope_subject:String}})"
    )
}

/// The row counts here: it happened in the scope. `subject` is the column of the doer, where the table has one.
pub(crate) fn counts_here(subject: Option<&str>) -> String {
    let own = subject.map_or_else(
        || "{scope_all_subjects:UInt8} = 1".to_owned(),
        |column| format!("({{scope_all_subjects:UInt8}} = 1 OR {column} = {{scope_subject:String}})"),
    );
    format!("{OWN_DIVISION} AND {CATEGORY} AND {own}")
}

/// Cuts values so that a chunk has at most `most` of them and stays below what a server takes as one parameter.
pub(crate) fn chunks<T>(values: &[T], most: usize, length: impl Fn(&T) -> usize) -> Vec<&[T]> {
    const BYTES: usize = 96 * 1024;
    let mut chunks = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, value) in values.iter().enumerate() {
        let size = 2 * length(value) + 3;
        if index > start && (index - start >= most || bytes + size > BYTES) {
            chunks.push(&values[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += size;
    }
    if start < values.len() {
        chunks.push(&values[start..]);
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_keep_every_value_in_order() {
        let values: Vec<usize> = (0..10_000).collect();
        for (most, length) in [(5_000, 1), (5_000, 100), (1, 1), (3, 1_000_000)] {
            let cut = chunks(&values, most, |_| length);
            assert!(cut.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= most));
            assert_eq!(cut.concat(), values);
        }
        assert!(chunks(&[] as &[usize], 5, |_| 1).is_empty());
    }
}
