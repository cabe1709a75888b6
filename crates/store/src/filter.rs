//! Conditions of lists, bound one by one: the scope first, then what the user asked for.

use sea_orm::Value;
use suyuan_domain::scope::{CodeRange, Scope};

/// Characters of a search that are looked at.
const MOST_WORDS: usize = 50;

/// The conditions of a query, joined with AND.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    texts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// Rows whose `division` and `category` columns lie in `scope`. An empty category column belongs to no category and
    /// is visible to whoever sees the division.
    pub(crate) fn in_scope(scope: &Scope, division: &str, category: Option<&str>) -> Self {
        let mut conditions = Self::default();
        conditions.and_scope(scope, division, category);
        conditions
    }

    /// Adds the conditions of [`Conditions::in_scope`].
    pub(crate) fn and_scope(&mut self, scope: &Scope, division: &str, category: Option<&str>) {
        if let Some(ranges) = &scope.divisions {
            self.in_ranges(division, ranges);
        }
        if let (Some(column), Some(categories)) = (category, &scope.categories) {
            let marks = vec!["?"; categories.len() + 1].join(",");
            let mut values: Vec<Value> = categories.iter().map(|c| c.as_str().into()).collect();
            values.push("".into());
            self.push(format!("{column} IN ({marks})"), values);
        }
    }

    /// Adds that `column` names a connected system of the categories and of the subject of `scope`, or that `else_` holds.
    pub(crate) fn of_systems(&mut self, scope: &Scope, column: &str, else_: (&str, Vec<Value>)) {
        let mut inner = Self::default();
        inner.push("kind = 'access'", vec![]);
        if let Some(categories) = &scope.categories {
            inner.one_of("category", &categories.iter().cloned().collect::<Vec<_>>());
        }
        if let Some(own) = &scope.subject {
            inner.push("subject = ?", vec![own.as_str().into()]);
        }
        if inner.texts.len() > 1 {
            let (text, mut values) = else_;
            let (filter, more) = inner.done();
            values.extend(more);
            self.push(format!("({text} OR {column} IN (SELECT code FROM register{filter}))"), values);
        }
    }

    /// Adds that `column` has one of `values`; nothing is found where there are none.
    pub(crate) fn one_of(&mut self, column: &str, values: &[String]) {
        match values {
            [] => self.push("1 = 0", vec![]),
            [one] => self.push(format!("{column} = ?"), vec![one.as_str().into()]),
            more => {
                let marks = vec!["?"; more.len()].join(",");
                let values = more.iter().map(|value| value.as_str().into()).collect();
                self.push(format!("{column} IN ({marks})"), values);
            }
        }
    }

    /// Adds that the number in `column` is not before the first and is before the second bound.
    pub(crate) fn between(&mut self, column: &str, bounds: (Option<i64>, Option<i64>)) {
        if let Some(from) = bounds.0 {
            self.push(format!("{column} >= ?"), vec![from.into()]);
        }
        if let Some(to) = bounds.1 {
            self.push(format!("{column} < ?"), vec![to.into()]);
        }
    }

    /// Adds that the number in `column` lies in one of `ranges`, both ends included.
    pub(crate) fn in_numbers(&mut self, column: &str, ranges: &[(i64, i64)]) {
        if ranges.is_empty() {
            self.push("1 = 0", vec![]);
            return;
        }
        let text = vec![format!("({column} >= ? AND {column} <= ?)"); ranges.len()].join(" OR ");
        self.push(format!("({text})"), ranges.iter().flat_map(|(from, to)| [(*from).into(), (*to).into()]).collect());
    }

    /// Adds all conditions of another list.
    pub(crate) fn join(&mut self, other: Self) {
        self.texts.extend(other.texts);
        self.values.extend(other.values);
    }

    /// Rows whose `column` lies in one of `ranges`; none where there are no ranges.
    pub(crate) fn in_ranges(&mut self, column: &str, ranges: &[CodeRange]) {
        if ranges.is_empty() {
            self.push("1 = 0".to_owned(), vec![]);
            return;
        }
        let text = vec![format!("({column} >= ? AND {column} <= ?)"); ranges.len()].join(" OR ");
        let values = ranges.iter().flat_map(|r| [r.from.as_str().into(), r.to.as_str().into()]).collect();
        self.push(format!("({text})"), values);
    }

    /// Adds a condition with its bound values.
    pub(crate) fn push(&mut self, text: impl Into<String>, values: Vec<Value>) {
        self.texts.push(text.into());
        self.values.extend(values);
    }

    /// Adds `column = value` where a value is given.
    pub(crate) fn equal(&mut self, column: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.push(format!("{column} = ?"), vec![value.into()]);
        }
    }

    /// Adds that one of `columns` holds `words`, whatever the case of Latin letters; nothing where there are no words.
    /// No index helps: for tables that people write row by row.
    pub(crate) fn contain(&mut self, columns: &[&str], words: Option<&str>) {
        let words = words.unwrap_or_default().trim();
        if words.is_empty() {
            return;
        }
        let letters = words.chars().filter(|c| !c.is_control()).take(MOST_WORDS);
        let words: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        let pattern = format!("%{}%", plain(&words));
        let texts: Vec<String> = columns.iter().map(|column| format!("LOWER({column}) LIKE ? ESCAPE '\\'")).collect();
        self.push(format!("({})", texts.join(" OR ")), vec![pattern.into(); columns.len()]);
    }

    /// `WHERE …` with the values in their order.
    pub(crate) fn done(self) -> (String, Vec<Value>) {
        if self.texts.is_empty() {
            return (String::new(), self.values);
        }
        (format!(" WHERE {}", self.texts.join(" AND ")), self.values)
    }
}

/// A text as part of a pattern, in which every letter stands for itself.
fn plain(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// A pattern for texts that begin and end so.
pub(crate) fn like_end(begin: &str, end: &str) -> String {
    format!("{}%{}", plain(begin), plain(end))
}

/// A count that is exact up to [`COUNT_LIMIT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The number of rows, at most [`COUNT_LIMIT`].
    pub value: u64,
    /// Whether there are no more than that.
    pub exact: bool,
}

/// Where counting stops.
pub const COUNT_LIMIT: u64 = 10_000;

impl Count {
    pub(crate) fn of(counted: u64) -> Self {
        Self { value: counted.min(COUNT_LIMIT), exact: counted <= COUNT_LIMIT }
    }
}

/// A page of a list in a stable order.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Rows of the page.
    pub items: Vec<T>,
    /// Whether rows follow.
    pub more: bool,
    /// How many rows there are in all pages.
    pub count: Count,
}

impl<T> Page<T> {
    /// The same page of other things.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), more: self.more, count: self.count }
    }
}

/// Runs `SELECT columns FROM table WHERE conditions AND keyset ORDER BY order LIMIT limit` and counts the whole list.
pub(crate) async fn page<C, T>(
    db: &C,
    select: &str,
    table: &str,
    conditions: Conditions,
    keyset: Option<(&str, Vec<Value>)>,
    order: &str,
    limit: usize,
) -> crate::Result<Page<T>>
where
    C: sea_orm::ConnectionTrait,
    T: sea_orm::FromQueryResult,
{
    let (mut filter, mut values) = conditions.done();
    let counting = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {table}{filter} LIMIT {}) counted", COUNT_LIMIT + 1);
    let counted: i64 = crate::sql::scalar(db, &counting, values.clone()).await?.unwrap_or(0);
    if let Some((text, more)) = keyset {
        filter.push_str(if filter.is_empty() { " WHERE " } else { " AND " });
        filter.push_str(text);
        values.extend(more);
    }
    values.push(crate::sql::int(limit as u64 + 1));
    let text = format!("SELECT {select} FROM {table}{filter} ORDER BY {order} LIMIT ?");
    let mut items: Vec<T> = crate::sql::all(db, &text, values).await?;
    let more = items.len() > limit;
    items.truncate(limit);
    Ok(Page { items, more, count: Count::of(crate::sql::uint(counted)) })
}
