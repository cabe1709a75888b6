//! The registers: subjects, products, devices and connected systems, each a document with the columns that lists need.
//!
//! One table serves the four kinds; what a document holds and which change is allowed is decided in `suyuan-service`.
//! Every change is a compare-and-set of (term, version) and leaves a row of history. Rows: G-6.2, G-6.3.2, G-6.7.

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::order_number;
use suyuan_domain::scope::{CodeRange, Scope};

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::filter::{Conditions, Page, page};
use crate::{Result, sql};

/// An entry of a register.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The object.
    pub object: ObjectId,
    /// Kind: `subject`, `product`, `device` or `access`.
    pub kind: String,
    /// Code of the object, unique within its kind.
    pub code: String,
    /// Name.
    pub name: String,
    /// Category; empty where it has none.
    pub category: String,
    /// Trace stage; empty where it has none.
    pub stage: String,
    /// Division.
    pub division: String,
    /// Code of the subject it belongs to; empty for subjects.
    pub subject: String,
    /// Type within the kind, such as a node type or device type.
    pub r#type: String,
    /// State of its life cycle.
    pub state: String,
    /// Node that owns it.
    pub origin_node: String,
    /// Term of authority.
    pub term: u32,
    /// Version within the term.
    pub version: u64,
    /// Longitude and latitude, WGS 84.
    pub place: Option<(f64, f64)>,
    /// The filed document, JSON.
    pub doc: String,
    /// A proposed document under review, JSON.
    pub proposal: Option<String>,
    /// When it was first filed.
    pub filed_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// One step of an entry's history.
#[derive(Clone, Debug, FromQueryResult)]
pub struct HistoryRow {
    /// Version after the step.
    pub version: i64,
    /// When, in milliseconds UTC.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// Why.
    pub reason: String,
    /// The document before.
    pub before_doc: Option<String>,
    /// The document after.
    pub after_doc: Option<String>,
}

/// Who changed an entry, how and why.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// Who.
    pub actor: &'a str,
    /// What was done.
    pub action: &'a str,
    /// Why; may be empty.
    pub reason: &'a str,
    /// The document before, for changes.
    pub before: Option<&'a str>,
}

/// What a list of entries is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct EntryFilter {
    /// Kind of the register.
    pub kind: String,
    /// Words in name or code, as grams of `suyuan_domain::search`; all must be present.
    pub grams: Vec<String>,
    /// Divisions, as ranges.
    pub divisions: Option<Vec<CodeRange>>,
    /// Category.
    pub category: Option<String>,
    /// Stage.
    pub stage: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Type within the kind.
    pub r#type: Option<String>,
    /// Subject that it belongs to.
    pub subject: Option<String>,
}

#[derive(FromQueryResult)]
struct EntryRow {
    object: Vec<u8>,
    kind: String,
    code: String,
    name: String,
    category: String,
    stage: String,
    division: String,
    subject: String,
    r#type: String,
    state: String,
    origin_node: String,
    term: i64,
    version: i64,
    lon: Option<f64>,
    lat: Option<f64>,
    doc: String,
    proposal: Option<String>,
    filed_at: Option<i64>,
    updated_at: i64,
}

impl TryFrom<EntryRow> for Entry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self> {
        Ok(Self {
            object: sql::object(&row.object)?,
            kind: row.kind,
            code: row.code,
            name: row.name,
            category: row.category,
            stage: row.stage,
            division: row.division,
            subject: row.subject,
            r#type: row.r#type,
            state: row.state,
            origin_node: row.origin_node,
            term: u32::try_from(row.term).unwrap_or(1),
            version: sql::uint(row.version),
            place: row.lon.zip(row.lat),
            doc: row.doc,
            proposal: row.proposal,
            filed_at: row.filed_at.map(Timestamp::from_millis),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

const COLUMNS: &str = "object, kind, code, name, category, stage, division, subject, type, state, origin_node, term, \
                       version, lon, lat, doc, proposal, filed_at, updated_at";

fn values(entry: &Entry) -> Vec<Value> {
    vec![
        sql::id(entry.object),
        entry.kind.as_str().into(),
        entry.code.as_str().into(),
        entry.name.as_str().into(),
        entry.category.as_str().into(),
        entry.stage.as_str().into(),
        entry.division.as_str().into(),
        entry.subject.as_str().into(),
        entry.r#type.as_str().into(),
        entry.state.as_str().into(),
        entry.origin_node.as_str().into(),
        i64::from(entry.term).into(),
        sql::int(entry.version),
        entry.place.map(|(lon, _)| lon).into(),
        entry.place.map(|(_, lat)| lat).into(),
        entry.doc.as_str().into(),
        entry.proposal.clone().into(),
        entry.filed_at.map(Timestamp::millis).into(),
        entry.updated_at.millis().into(),
    ]
}

async fn by_code<C: ConnectionTrait>(db: &C, kind: &str, code: &str) -> Result<Option<Entry>> {
    let text = format!("SELECT {COLUMNS} FROM register WHERE kind = ? AND code = ? ORDER BY object LIMIT 1");
    let row: Option<EntryRow> = sql::one(db, &text, vec![kind.into(), code.into()]).await?;
    row.map(Entry::try_from).transpose()
}

async fn by_object<C: ConnectionTrait>(db: &C, object: ObjectId) -> Result<Option<Entry>> {
    let text = format!("SELECT {COLUMNS} FROM register WHERE object = ?");
    let row: Option<EntryRow> = sql::one(db, &text, vec![sql::id(object)]).await?;
    row.map(Entry::try_from).transpose()
}

impl Tx {
    /// Adds a new entry. `grams` are the search keys of its name and code.
    ///
    /// # Errors
    /// When the object is already there, or the database refuses.
    pub async fn add_entry(&self, entry: &Entry, grams: &[String], step: &Step<'_>) -> Result<()> {
        let marks = vec!["?"; 19].join(",");
        sql::execute(self.db(), &format!("INSERT INTO register ({COLUMNS}) VALUES ({marks})"), values(entry)).await?;
        self.replace_grams(entry, grams).await?;
        self.write_history(entry, step).await
    }

    /// Replaces an entry whose stored order is `expected` (term, version).
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it first.
    pub async fn change_entry(
        &self,
        entry: &Entry,
        expected: (u32, u64),
        grams: &[String],
        step: &Step<'_>,
    ) -> Result<()> {
        let text = "UPDATE register SET code = ?, name = ?, category = ?, stage = ?, division = ?, subject = ?, type = ?, \
                    state = ?, origin_node = ?, term = ?, version = ?, lon = ?, lat = ?, doc = ?, proposal = ?, \
                    filed_at = ?, updated_at = ? WHERE object = ? AND term = ? AND version = ?";
        let mut bound = values(entry).split_off(2);
        bound.extend([sql::id(entry.object), i64::from(expected.0).into(), sql::int(expected.1)]);
        if sql::execute(self.db(), text, bound).await? != 1 {
            return Err(StoreError::Conflict { what: "register" });
        }
        self.replace_grams(entry, grams).await?;
        self.write_history(entry, step).await
    }

    /// Takes in an entry from another node: new, or later than the one here by (term, version). Says whether it was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_entry(&self, entry: &Entry, grams: &[String], step: &Step<'_>) -> Result<bool> {
        match by_object(self.db(), entry.object).await? {
            None => self.add_entry(entry, grams, step).await?,
            Some(old) if order_number(old.term, old.version) < order_number(entry.term, entry.version) => {
                self.change_entry(entry, (old.term, old.version), grams, step).await?;
            }
            Some(_) => return Ok(false),
        }
        Ok(true)
    }

    async fn replace_grams(&self, entry: &Entry, grams: &[String]) -> Result<()> {
        sql::execute(self.db(), "DELETE FROM search_gram WHERE object = ?", vec![sql::id(entry.object)]).await?;
        let unique: std::collections::BTreeSet<&String> = grams.iter().collect();
        let values: Vec<Value> = unique
            .into_iter()
            .flat_map(|gram| [entry.kind.as_str().into(), gram.as_str().into(), sql::id(entry.object)])
            .collect();
        sql::insert_many(self.db(), "INSERT INTO search_gram (kind, gram, object) VALUES", 3, values, "").await?;
        Ok(())
    }

    async fn write_history(&self, entry: &Entry, step: &Step<'_>) -> Result<()> {
        let text = "INSERT INTO register_history (object, version, at, actor, action, reason, before_doc, after_doc) \
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (object, version) DO NOTHING";
        let bound = vec![
            sql::id(entry.object),
            sql::int(order_number(entry.term, entry.version)),
            entry.updated_at.millis().into(),
            step.actor.into(),
            step.action.into(),
            step.reason.into(),
            step.before.into(),
            entry.proposal.as_deref().unwrap_or(&entry.doc).into(),
        ];
        sql::execute(self.db(), text, bound).await?;
        Ok(())
    }

    /// The entry of `kind` with this code, whatever its scope: for checks within a use case.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_entry_by_code(&self, kind: &str, code: &str) -> Result<Option<Entry>> {
        by_code(self.db(), kind, code).await
    }

    /// The entry of this object, whatever its scope: for checks within a use case.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_entry(&self, object: ObjectId) -> Result<Option<Entry>> {
        by_object(self.db(), object).await
    }
}

impl Store {
    /// The entry of this object, if it lies in `scope`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn entry(&self, scope: &Scope, kind: &str, object: ObjectId) -> Result<Option<Entry>> {
        let entry = by_object(self.reader(), object).await?;
        Ok(entry.filter(|entry| entry.kind == kind && in_scope(scope, entry)))
    }

    /// The entry with this code, whatever its scope: for intake and for naming what a figure speaks of.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_entry_by_code(&self, kind: &str, code: &str) -> Result<Option<Entry>> {
        by_code(self.reader(), kind, code).await
    }

    /// All entries of a kind, for the node's own computations.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_entries(&self, kind: &str) -> Result<Vec<Entry>> {
        let text = format!("SELECT {COLUMNS} FROM register WHERE kind = ? ORDER BY code");
        let rows: Vec<EntryRow> = sql::all(self.reader(), &text, vec![kind.into()]).await?;
        rows.into_iter().map(Entry::try_from).collect()
    }

    /// Entries with these codes, whatever their scope, for naming what stands in a chain.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_entries_by_codes(&self, kind: &str, codes: &[String]) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        for chunk in codes.chunks(500) {
            let marks = vec!["?"; chunk.len()].join(",");
            let text = format!("SELECT {COLUMNS} FROM register WHERE kind = ? AND code IN ({marks})");
            let mut bound: Vec<Value> = vec![kind.into()];
            bound.extend(chunk.iter().map(|code| Value::from(code.as_str())));
            let rows: Vec<EntryRow> = sql::all(self.reader(), &text, bound).await?;
            for row in rows {
                found.push(Entry::try_from(row)?);
            }
        }
        Ok(found)
    }

    /// A page of entries, newest first, behind the object `after`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn entries(
        &self,
        scope: &Scope,
        filter: &EntryFilter,
        after: Option<ObjectId>,
        limit: usize,
    ) -> Result<Page<Entry>> {
        let conditions = entry_conditions(scope, filter);
        let keyset = after.map(|object| ("object < ?", vec![sql::id(object)]));
        let rows: Page<EntryRow> =
            page(self.reader(), COLUMNS, "register", conditions, keyset, "object DESC", limit).await?;
        let Page { items, more, count } = rows;
        let items = items.into_iter().map(Entry::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page { items, more, count })
    }

    /// How many entries there are, by division.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn entry_counts(&self, scope: &Scope, filter: &EntryFilter) -> Result<Vec<(String, u64)>> {
        let (filter, values) = entry_conditions(scope, filter).done();
        let text = format!("SELECT division, COUNT(*) FROM register{filter} GROUP BY division ORDER BY division");
        let rows = sql::rows(self.reader(), &text, values).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, sql::uint(row.try_get_by_index(1)?)))).collect()
    }

    /// The history of an object, oldest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn entry_history(&self, object: ObjectId) -> Result<Vec<HistoryRow>> {
        let text = "SELECT version, at, actor, action, reason, before_doc, after_doc FROM register_history \
                    WHERE object = ? ORDER BY version";
        sql::all(self.reader(), text, vec![sql::id(object)]).await
    }
}

fn in_scope(scope: &Scope, entry: &Entry) -> bool {
    scope.covers_division(&entry.division)
        && (entry.category.is_empty() || scope.covers_category(&entry.category))
        && scope.subject.as_ref().is_none_or(|own| *own == entry.code || *own == entry.subject)
}

fn entry_conditions(scope: &Scope, filter: &EntryFilter) -> Conditions {
    let mut conditions = Conditions::in_scope(scope, "division", Some("category"));
    conditions.equal("kind", Some(&filter.kind));
    if let Some(ranges) = &filter.divisions {
        conditions.in_ranges("division", ranges);
    }
    if let Some(own) = &scope.subject {
        conditions.push("(code = ? OR subject = ?)", vec![own.as_str().into(), own.as_str().into()]);
    }
    conditions.equal("category", filter.category.as_deref());
    conditions.equal("stage", filter.stage.as_deref());
    conditions.equal("state", filter.state.as_deref());
    conditions.equal("type", filter.r#type.as_deref());
    conditions.equal("subject", filter.subject.as_deref());
    for gram in &filter.grams {
        conditions.push(
            "object IN (SELECT object FROM search_gram WHERE kind = ? AND gram = ?)",
            vec![filter.kind.as_str().into(), gram.as_str().into()],
        );
    }
    conditions
}
