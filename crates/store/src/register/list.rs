//! Lists of registers (登记查询): conditions, orders, pages by keyset, and counts, over the narrow rows. How these are read is
//! left to [`super::plan`]. Rows: G-6.2.2a, G-6.2.2b.

use sea_orm::{QueryResult, Value};
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::{CodeRange, Scope};
use suyuan_domain::search::term::{Word, register_number};

use super::{COLUMNS, Entry, EntryRow};
use crate::db::Store;
use crate::filter::{COUNT_LIMIT, Conditions, Count, Page};
use crate::{Result, sql};

/// A column that lists are narrowed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Category.
    Category,
    /// State of the life cycle.
    State,
    /// Type within the register.
    Type,
    /// Class of a subject.
    Class,
    /// Form of organisation.
    OrgForm,
    /// Type of a merchant.
    MerchantType,
    /// Node of a merchant.
    Parent,
    /// Subject that it belongs to.
    Subject,
    /// Node that owns the entry.
    Origin,
    /// Division itself, without what lies below.
    Division,
}

impl Column {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Category => "k.category",
            Self::State => "k.state",
            Self::Type => "k.type",
            Self::Class => "k.class",
            Self::OrgForm => "k.org_form",
            Self::MerchantType => "k.merchant_type",
            Self::Parent => "k.parent",
            Self::Subject => "k.subject",
            Self::Origin => "k.origin_node",
            Self::Division => "k.division",
        }
    }
}

/// What a list of entries is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct EntryFilter {
    /// Kind of the register.
    pub kind: String,
    /// Words, of which all must be present.
    pub words: Vec<Word>,
    /// Divisions, as ranges.
    pub divisions: Option<Vec<CodeRange>>,
    /// Columns with the values of which one must be there; empty texts are values as well.
    pub equal: Vec<(Column, Vec<String>)>,
    /// Many-valued properties (`stage`, `variety`) with the values of which one must be among them; an empty one asks for
    /// entries without any.
    pub facets: Vec<(String, Vec<String>)>,
    /// What the code begins with.
    pub code: Option<String>,
    /// First filed from this moment to before that one, milliseconds UTC.
    pub filed: (Option<i64>, Option<i64>),
    /// Registered from this moment to before that one, milliseconds UTC.
    pub registered: (Option<i64>, Option<i64>),
    /// Whether another entry holds its code.
    pub conflict: Option<bool>,
    /// Whether it has a position.
    pub placed: Option<bool>,
    /// Cells in one of which it must lie, as ranges of finest cells; `None` is anywhere.
    pub cells: Option<Vec<(i64, i64)>>,
}

/// In which order a list comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Last arrived at this node first.
    #[default]
    Newest,
    /// By the spelling of the name.
    Name,
    /// By code.
    Code,
    /// Last filed first; what was never filed comes last.
    Filed,
}

impl Order {
    const fn column(self) -> &'static str {
        match self {
            Self::Newest => "k.no",
            Self::Name => "k.sort_key",
            Self::Code => "k.code",
            Self::Filed => "k.filed_at",
        }
    }

    const fn falls(self) -> bool {
        matches!(self, Self::Newest | Self::Filed)
    }

    const fn word(self) -> &'static str {
        if self.falls() { "DESC" } else { "ASC" }
    }
}

/// Where the order of rows comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sorting {
    /// From an index in this order, as long as a page needs.
    Given,
    /// From sorting what the conditions find.
    Made,
}

impl Sorting {
    /// The column to sort by, written so that no index serves where sorting is wanted.
    fn text(self, order: Order) -> String {
        match (self, order) {
            (Self::Given, _) => order.column().to_owned(),
            (Self::Made, Order::Newest | Order::Filed) => format!("{} + 0", order.column()),
            (Self::Made, Order::Name | Order::Code) => format!("{} || ''", order.column()),
        }
    }
}

/// The row behind which a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Number of the row.
    pub no: i64,
    /// Its value of the column that the list is ordered by; empty for [`Order::Newest`].
    pub key: String,
}

/// An entry of a page with the place of its row in the list.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its place.
    pub behind: Behind,
    /// The entry.
    pub entry: Entry,
}

impl EntryFilter {
    /// The conditions on columns.
    pub(super) fn plain(&self, scope: &Scope) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.push("k.register = ?", vec![register_number(&self.kind).into()]);
        conditions.and_scope(scope, "k.division", Some("k.category"));
        if let Some(own) = &scope.subject {
            let own = own.as_str();
            conditions.push("(k.code = ? OR k.subject = ?)", vec![own.into(), own.into()]);
        }
        if let Some(ranges) = &self.divisions {
            conditions.in_ranges("k.division", ranges);
        }
        for (column, values) in &self.equal {
            conditions.one_of(column.text(), values);
        }
        if let Some(code) = self.code.as_deref().filter(|code| !code.is_empty()) {
            // The greatest code that begins so; codes hold no character beyond.
            conditions.push("k.code >= ? AND k.code <= ?", vec![code.into(), format!("{code}\u{10ffff}").into()]);
        }
        conditions.between("k.filed_at", self.filed);
        if self.filed.0.is_none() && self.filed.1.is_some() {
            conditions.push("k.filed_at > 0", vec![]);
        }
        conditions.between("k.registered_at", self.registered);
        if let Some(conflict) = self.conflict {
            conditions.push("k.conflict = ?", vec![i64::from(conflict).into()]);
        }
        match (&self.cells, self.placed) {
            (Some(cells), _) => conditions.in_numbers("k.cell", cells),
            (None, Some(true)) => conditions.push("k.cell IS NOT NULL", vec![]),
            (None, Some(false)) => conditions.push("k.cell IS NULL", vec![]),
            (None, None) => {}
        }
        conditions
    }

    /// Whether an index holds one of the conditions.
    pub(super) fn is_indexed(&self, scope: &Scope) -> bool {
        scope.divisions.is_some()
            || scope.subject.is_some()
            || self.divisions.is_some()
            || !self.equal.is_empty()
            || self.code.is_some()
            || self.filed != (None, None)
            || self.registered != (None, None)
            || self.conflict == Some(true)
            || self.cells.is_some()
    }

    /// Whether something beside words and stages makes the list short.
    pub(super) fn is_narrow(&self, scope: &Scope) -> bool {
        let wide = |ranges: &Option<Vec<CodeRange>>| ranges.as_ref().is_none_or(|all| all.iter().any(spans_provinces));
        !(wide(&scope.divisions) && wide(&self.divisions))
            || scope.subject.is_some()
            || self.code.is_some()
            || self.cells.is_some()
            || self.conflict == Some(true)
            || self
                .equal
                .iter()
                .any(|(column, _)| matches!(column, Column::Parent | Column::Subject | Column::Division))
    }
}

fn spans_provinces(range: &CodeRange) -> bool {
    range.from.get(..2) != range.to.get(..2)
}

impl Store {
    /// A page of entries in this order, behind the row `behind`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn entries(
        &self,
        scope: &Scope,
        filter: &EntryFilter,
        order: Order,
        behind: Option<&Behind>,
        limit: usize,
    ) -> Result<Page<Found>> {
        let page = (behind, limit + 1);
        let (count, rows) = if order == Order::Newest && filter.cells.is_none() {
            let count = self.count_entries(scope, filter);
            tokio::try_join!(count, self.rows(scope, filter, order, Sorting::Given, page))?
        } else if behind.is_none() && (!filter.words.is_empty() || !filter.facets.is_empty()) {
            match self.counted_rows(scope, filter, order, limit + 1).await? {
                Some(counted) => counted,
                None => {
                    let count = self.count_entries(scope, filter).await?;
                    (count, self.rows(scope, filter, order, Sorting::Given, page).await?)
                }
            }
        } else {
            let count = self.count_entries(scope, filter).await?;
            // Few rows are found by their conditions and sorted; an index in the right order would be read to its end.
            let sorting = if count.exact { Sorting::Made } else { Sorting::Given };
            (count, self.rows(scope, filter, order, sorting, page).await?)
        };
        let more = rows.len() > limit;
        let places: Vec<(Vec<u8>, Behind)> = rows.into_iter().take(limit).collect();
        let items = self.entries_at(places).await?;
        Ok(Page { items, more, count })
    }

    /// Entries in this order behind the row `behind`, without counting them.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn entries_behind(
        &self,
        scope: &Scope,
        filter: &EntryFilter,
        order: Order,
        behind: Option<&Behind>,
        limit: usize,
    ) -> Result<Vec<Found>> {
        let places = self.rows(scope, filter, order, Sorting::Given, (behind, limit)).await?;
        self.entries_at(places).await
    }

    /// How many entries there are, exact up to the limit of counts.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn count_entries(&self, scope: &Scope, filter: &EntryFilter) -> Result<Count> {
        Ok(Count::of(self.count_up_to(scope, filter, COUNT_LIMIT + 1).await?))
    }

    /// How many entries there are, at most `most`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn count_up_to(&self, scope: &Scope, filter: &EntryFilter, most: u64) -> Result<u64> {
        let Some(plan) = self.plan(scope, filter, Order::Newest).await? else { return Ok(0) };
        let (source, mut values) = plan.done();
        values.push(sql::int(most));
        let text = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {source} LIMIT ?) counted");
        Ok(sql::uint(sql::scalar(self.reader(), &text, values).await?.unwrap_or(0)))
    }

    async fn rows(
        &self,
        scope: &Scope,
        filter: &EntryFilter,
        order: Order,
        sorting: Sorting,
        (behind, limit): (Option<&Behind>, usize),
    ) -> Result<Vec<(Vec<u8>, Behind)>> {
        let Some(mut plan) = self.plan(scope, filter, order).await? else { return Ok(Vec::new()) };
        let (column, sign, word) = (order.column(), if order.falls() { "<" } else { ">" }, order.word());
        let no = if plan.led { "t.no" } else { "k.no" };
        if let Some(behind) = behind {
            let key: Value = match order {
                Order::Newest => behind.no.into(),
                Order::Filed => behind.key.parse::<i64>().unwrap_or(0).into(),
                Order::Name | Order::Code => behind.key.as_str().into(),
            };
            match order {
                Order::Newest => plan.conditions.push(format!("{no} < ?"), vec![key]),
                _ => plan.conditions.push(format!("({column}, k.no) {sign} (?, ?)"), vec![key, behind.no.into()]),
            }
        }
        let sorted = match order {
            Order::Newest if plan.led || sorting == Sorting::Given => format!("{no} DESC"),
            Order::Newest => format!("{} DESC", sorting.text(order)),
            _ => format!("{} {word}, k.no {word}", sorting.text(order)),
        };
        let (source, mut values) = plan.done();
        values.push(sql::int(limit as u64));
        let text = format!("SELECT k.object, k.no, {column} FROM {source} ORDER BY {sorted} LIMIT ?");
        let rows = sql::rows(self.reader(), &text, values).await?;
        rows.iter().map(|row| placed(row, order)).collect()
    }

    /// The first rows in this order and how many there are, from one look at what the conditions find; `None` where there
    /// are none or more than are counted.
    async fn counted_rows(
        &self,
        scope: &Scope,
        filter: &EntryFilter,
        order: Order,
        limit: usize,
    ) -> Result<Option<(Count, Vec<(Vec<u8>, Behind)>)>> {
        let Some(plan) = self.plan(scope, filter, order).await? else { return Ok(Some((Count::of(0), Vec::new()))) };
        let (source, mut values) = plan.done();
        values.extend([sql::int(COUNT_LIMIT + 1), sql::int(COUNT_LIMIT), sql::int(limit as u64)]);
        let (column, word) = (order.column(), order.word());
        let text = format!(
            "WITH found AS MATERIALIZED (SELECT k.no AS no FROM {source} LIMIT ?) \
             SELECT k.object, k.no, {column}, (SELECT COUNT(*) FROM found) FROM found CROSS JOIN register_key k \
             WHERE k.no = found.no AND (SELECT COUNT(*) FROM found) <= ? ORDER BY {column} {word}, k.no {word} LIMIT ?"
        );
        let rows = sql::rows(self.reader(), &text, values).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let count = Count::of(sql::uint(first.try_get_by_index::<i64>(3)?));
        Ok(Some((count, rows.iter().map(|row| placed(row, order)).collect::<Result<_>>()?)))
    }

    /// The entries at these places, in their order; what was removed meanwhile is left out.
    async fn entries_at(&self, places: Vec<(Vec<u8>, Behind)>) -> Result<Vec<Found>> {
        let mut entries = std::collections::HashMap::new();
        for chunk in places.chunks(200) {
            let marks = vec!["?"; chunk.len()].join(",");
            let text = format!("SELECT {COLUMNS} FROM register WHERE object IN ({marks})");
            let values = chunk.iter().map(|(object, _)| Value::from(object.clone())).collect();
            let rows: Vec<EntryRow> = sql::all(self.reader(), &text, values).await?;
            for row in rows {
                let entry = Entry::try_from(row)?;
                entries.insert(entry.object.as_bytes().to_vec(), entry);
            }
        }
        let found = |(object, behind)| entries.remove(&object).map(|entry| Found { behind, entry });
        Ok(places.into_iter().filter_map(found).collect())
    }

    /// Entries of a register by their objects, in no order, if they lie in `scope`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn entries_of(&self, scope: &Scope, kind: &str, objects: &[ObjectId]) -> Result<Vec<Entry>> {
        let place = |object: &ObjectId| (object.as_bytes().to_vec(), Behind { no: 0, key: String::new() });
        let found = self.entries_at(objects.iter().map(place).collect()).await?;
        let seen = |entry: &Entry| entry.kind == kind && entry.is_in(scope);
        Ok(found.into_iter().map(|found| found.entry).filter(seen).collect())
    }
}

fn placed(row: &QueryResult, order: Order) -> Result<(Vec<u8>, Behind)> {
    let key = match order {
        Order::Newest => String::new(),
        Order::Filed => row.try_get_by_index::<i64>(2)?.to_string(),
        Order::Name | Order::Code => row.try_get_by_index(2)?,
    };
    Ok((row.try_get_by_index(0)?, Behind { no: row.try_get_by_index(1)?, key }))
}
