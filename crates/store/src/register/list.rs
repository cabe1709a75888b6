//! Lists of registers (登记查询): conditions, orders, pages by keyset, and counts, over the narrow rows.
//!
//! A query is planned by what is rarest in it: a rare piece of a name or a rare stage leads, anything else is proved on
//! the row. The plan changes the time that a query takes, never what it finds. Rows: G-6.2.2a, G-6.2.2b.

use sea_orm::{QueryResult, Value};
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::{CodeRange, Scope};
use suyuan_domain::search::term::{self, Need, Span, Word, register_number};

use super::key::facet_word;
use super::{COLUMNS, Entry, EntryRow};
use crate::db::Store;
use crate::filter::{COUNT_LIMIT, Conditions, Count, Page};
use crate::{Result, sql};

/// Rows up to which a term leads a query.
const RARE: i64 = 20_000;

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
            (Self::Given, _) | (_, Order::Newest) => order.column().to_owned(),
            (Self::Made, Order::Filed) => format!("{} + 0", order.column()),
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

/// From which rows a query reads, with its conditions.
pub(super) struct Plan {
    pub(super) from: &'static str,
    pub(super) conditions: Conditions,
    /// Whether rows come from the terms, in their order.
    led: bool,
}

impl Plan {
    /// `FROM … WHERE …` with the values.
    pub(super) fn done(self) -> (String, Vec<Value>) {
        let (filter, values) = self.conditions.done();
        (format!("{}{filter}", self.from), values)
    }
}

impl EntryFilter {
    fn plain(&self, scope: &Scope) -> Conditions {
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
    fn is_indexed(&self, scope: &Scope) -> bool {
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
    fn is_narrow(&self, scope: &Scope) -> bool {
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

/// What might lead a query, with the number of its rows up to [`RARE`].
struct Lead {
    spans: Vec<Span>,
    rows: i64,
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
        let count = self.count_entries(scope, filter);
        let (count, rows) = if order == Order::Newest {
            tokio::try_join!(count, self.rows(scope, filter, order, Sorting::Given, (behind, limit + 1)))?
        } else {
            let count = count.await?;
            // Few rows are found by their conditions and sorted; an index in the right order would be read to its end.
            let sorting = if count.exact { Sorting::Made } else { Sorting::Given };
            (count, self.rows(scope, filter, order, sorting, (behind, limit + 1)).await?)
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
        let (column, sign, word) =
            (order.column(), if order.falls() { "<" } else { ">" }, if order.falls() { "DESC" } else { "ASC" });
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
            Order::Newest => format!("{no} DESC"),
            _ => format!("{} {word}, k.no {word}", sorting.text(order)),
        };
        let (source, mut values) = plan.done();
        values.push(sql::int(limit as u64));
        let text = format!("SELECT k.object, k.no, {column} FROM {source} ORDER BY {sorted} LIMIT ?");
        let rows = sql::rows(self.reader(), &text, values).await?;
        rows.iter().map(|row| placed(row, order)).collect()
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
        let seen = |entry: &Entry| entry.kind == kind && super::in_scope(scope, entry);
        Ok(found.into_iter().map(|found| found.entry).filter(seen).collect())
    }

    /// How the rows of a list are read; `None` where a word is nowhere at all.
    pub(super) async fn plan(&self, scope: &Scope, filter: &EntryFilter, order: Order) -> Result<Option<Plan>> {
        let mut conditions = filter.plain(scope);
        let mut best: Option<Lead> = None;
        let mut consider = |lead: Lead| {
            if best.as_ref().is_none_or(|best| lead.rows < best.rows) {
                best = Some(lead);
            }
        };
        for wanted in &filter.words {
            match self.leads(wanted).await?.as_slice() {
                [] => return Ok(None),
                [one] => consider(Lead { spans: one.spans.clone(), rows: one.rows }),
                several => consider(Lead {
                    spans: several.iter().flat_map(|lead| lead.spans.clone()).collect(),
                    rows: several.iter().map(|lead| lead.rows).sum(),
                }),
            }
            self.prove(&mut conditions, wanted);
        }
        for (facet, values) in &filter.facets {
            // An empty value asks for entries that have none, which no term knows.
            if values.iter().all(|value| !value.is_empty()) {
                let term = |value: &String| term::facet(&filter.kind, facet, value);
                let spans: Vec<Span> = values.iter().map(term).map(|term| Span { from: term, to: term }).collect();
                consider(Lead { rows: self.rows_of(&spans).await?, spans });
            }
            self.have(&mut conditions, facet, values);
        }
        let narrow = filter.is_narrow(scope);
        Ok(Some(match best {
            Some(Lead { spans, rows }) if rows < RARE || (!narrow && order == Order::Newest) => {
                lead(&spans, rows, conditions)
            }
            // SQLite would take any index that begins with the register, and read the rows in its order.
            _ if self.is_sqlite() && order == Order::Newest && !filter.is_indexed(scope) => {
                Plan { from: "register_key k INDEXED BY register_key_no", conditions, led: false }
            }
            _ => Plan { from: "register_key k", conditions, led: false },
        }))
    }

    /// For each way to read a word that some entry fits, its rarest need.
    async fn leads(&self, word: &Word) -> Result<Vec<Lead>> {
        let mut all = Vec::new();
        for needs in &word.readings {
            let mut rarest: Option<Lead> = None;
            for need in needs {
                let rows = self.rows_of(need).await?;
                if rarest.as_ref().is_none_or(|known| rows < known.rows) {
                    rarest = Some(Lead { spans: need.clone(), rows });
                }
                if rows == 0 {
                    break;
                }
            }
            all.extend(rarest.filter(|lead| lead.rows > 0));
        }
        Ok(all)
    }

    /// Rows of terms in one of these ranges, counted up to [`RARE`].
    async fn rows_of(&self, spans: &Need) -> Result<i64> {
        let (text, mut values) = in_spans("term", spans);
        values.push(RARE.into());
        let text = format!("SELECT COUNT(*) FROM (SELECT 1 FROM register_term WHERE {text} LIMIT ?) counted");
        Ok(sql::scalar(self.reader(), &text, values).await?.unwrap_or(0))
    }

    /// That `column` holds a bound text.
    fn position(&self, column: &str) -> String {
        format!("{}({column}, ?) > 0", if self.is_sqlite() { "instr" } else { "strpos" })
    }

    /// Adds that a row has one of the values of a many-valued property; an empty one stands for none at all.
    fn have(&self, conditions: &mut Conditions, facet: &str, values: &[String]) {
        let position = self.position("k.facets");
        let text = |value: &String| match value.is_empty() {
            true => position.replace("> 0", "= 0"),
            false => position.clone(),
        };
        let word = |value: &String| match value.is_empty() {
            true => Value::from(format!(" {facet}:")),
            false => Value::from(format!(" {} ", facet_word(facet, value))),
        };
        let texts: Vec<String> = values.iter().map(text).collect();
        let text = if texts.is_empty() { "1 = 0".to_owned() } else { format!("({})", texts.join(" OR ")) };
        conditions.push(text, values.iter().map(word).collect());
    }

    /// Adds that a row has the word.
    fn prove(&self, conditions: &mut Conditions, wanted: &Word) {
        let mut texts = vec![self.position("k.name")];
        let mut values: Vec<Value> = vec![wanted.text.as_str().into()];
        if wanted.field == term::Field::NameOrCode && wanted.text.chars().count() >= 3 {
            texts.push(self.position("k.code_text"));
            values.push(wanted.text.as_str().into());
        }
        if wanted.text.bytes().all(|b| b.is_ascii_lowercase()) {
            texts.push(self.position("k.initials"));
            values.push(wanted.text.as_str().into());
        }
        for spelling in &wanted.spellings {
            texts.push(self.position("k.spelling"));
            values.push(spelling.as_str().into());
        }
        conditions.push(format!("({})", texts.join(" OR ")), values);
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

/// The plan of a query that begins with terms. A single term gives each row once and in order, several do not.
fn lead(spans: &[Span], rows: i64, plain: Conditions) -> Plan {
    let single = matches!(spans, [span] if span.from == span.to);
    if !single && rows >= RARE {
        return Plan { from: "register_key k", conditions: plain, led: false };
    }
    let mut conditions = Conditions::default();
    if single {
        conditions.push("t.term = ?", spans.iter().map(|span| span.from.into()).collect());
        conditions.push("k.no = t.no", vec![]);
        conditions.join(plain);
        return Plan { from: "register_term t CROSS JOIN register_key k", conditions, led: true };
    }
    let (text, values) = in_spans("t.term", spans);
    conditions.push(format!("k.no IN (SELECT t.no FROM register_term t WHERE {text})"), values);
    conditions.join(plain);
    Plan { from: "register_key k", conditions, led: false }
}

fn in_spans(column: &str, spans: &[Span]) -> (String, Vec<Value>) {
    if spans.is_empty() {
        return ("1 = 0".to_owned(), vec![]);
    }
    let text = |span: &Span| match span.from == span.to {
        true => format!("{column} = ?"),
        false => format!("({column} >= ? AND {column} <= ?)"),
    };
    let values = |span: &Span| match span.from == span.to {
        true => vec![Value::from(span.from)],
        false => vec![span.from.into(), span.to.into()],
    };
    (format!("({})", spans.iter().map(text).collect::<Vec<_>>().join(" OR ")), spans.iter().flat_map(values).collect())
}
