//! The registers: subjects, products, devices and connected systems, each a document with the columns that lists need.
//!
//! One table serves the four kinds; what a document holds and which change is allowed is decided in `suyuan-service`.
//! Every change is a compare-and-set of (term, version) and leaves a row of history. Rows: G-6.2, G-6.3.2, G-6.7.

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::order_number;
use suyuan_domain::scope::Scope;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::{Result, sql};

mod claim;
mod code;
mod group;
mod key;
mod list;
mod note;
mod plan;

pub use claim::{Claimant, Ruling};
pub use code::Near;
pub use group::{CellRow, Group, Position, Tally, facet_values};
pub use list::{Behind, Column, EntryFilter, Found, Order};
pub use note::Note;

/// An entry of a register.
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// Class within the kind: `subject` or `merchant`; empty for other kinds.
    pub class: String,
    /// Form of organisation; empty where it has none.
    pub org_form: String,
    /// Code of the node that a merchant belongs to; empty for others.
    pub parent: String,
    /// Type of a merchant; empty for others.
    pub merchant_type: String,
    /// How much of what is wanted is filled in, 0 to 100.
    pub completeness: u32,
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
    /// When it was first written down.
    pub created_at: Timestamp,
    /// The entry that holds its code, where another one does.
    pub rival: Option<ObjectId>,
    /// The entry that it is the same as, where somebody said so.
    pub same_as: Option<ObjectId>,
    /// Many-valued search keys as (facet, value), such as (`stage`, `farming`). Written with the entry, never read back.
    pub facets: Vec<(String, String)>,
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
    class: String,
    org_form: String,
    parent: String,
    merchant_type: String,
    completeness: i64,
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
    created_at: i64,
    rival: Option<Vec<u8>>,
    same_as: Option<Vec<u8>>,
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
            class: row.class,
            org_form: row.org_form,
            parent: row.parent,
            merchant_type: row.merchant_type,
            completeness: u32::try_from(row.completeness).unwrap_or(0),
            state: row.state,
            origin_node: row.origin_node,
            term: u32::try_from(row.term).unwrap_or(1),
            version: sql::uint(row.version),
            place: row.lon.zip(row.lat),
            doc: row.doc,
            proposal: row.proposal,
            filed_at: row.filed_at.map(Timestamp::from_millis),
            updated_at: Timestamp::from_millis(row.updated_at),
            created_at: Timestamp::from_millis(row.created_at),
            rival: row.rival.as_deref().map(sql::object).transpose()?,
            same_as: row.same_as.as_deref().map(sql::object).transpose()?,
            facets: Vec::new(),
        })
    }
}

const COLUMNS: &str = "object, kind, code, name, category, stage, division, subject, type, class, org_form, parent, \
                       merchant_type, completeness, state, origin_node, term, version, lon, lat, doc, proposal, \
                       filed_at, updated_at, created_at, rival, same_as";

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
        entry.class.as_str().into(),
        entry.org_form.as_str().into(),
        entry.parent.as_str().into(),
        entry.merchant_type.as_str().into(),
        i64::from(entry.completeness).into(),
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
        entry.created_at.millis().into(),
        entry.rival.map(|object| object.as_bytes().to_vec()).into(),
        entry.same_as.map(|object| object.as_bytes().to_vec()).into(),
    ]
}

/// Which of the entries with one code it stands for: the one that holds it, before those that lost it, were never handed
/// in, or are over.
const HOLDER_FIRST: &str = "CASE WHEN state IN ('draft', 'cancelled', 'revoked') THEN 2 \
                            WHEN rival IS NOT NULL THEN 1 ELSE 0 END, object";

async fn by_code<C: ConnectionTrait>(db: &C, kind: &str, code: &str) -> Result<Option<Entry>> {
    let text = format!("SELECT {COLUMNS} FROM register WHERE kind = ? AND code = ? ORDER BY {HOLDER_FIRST} LIMIT 1");
    let row: Option<EntryRow> = sql::one(db, &text, vec![kind.into(), code.into()]).await?;
    row.map(Entry::try_from).transpose()
}

async fn by_object<C: ConnectionTrait>(db: &C, object: ObjectId) -> Result<Option<Entry>> {
    let text = format!("SELECT {COLUMNS} FROM register WHERE object = ?");
    let row: Option<EntryRow> = sql::one(db, &text, vec![sql::id(object)]).await?;
    row.map(Entry::try_from).transpose()
}

impl Tx {
    /// Adds a new entry.
    ///
    /// # Errors
    /// When the object is already there, or the database refuses.
    pub async fn add_entry(&self, entry: &Entry, step: &Step<'_>) -> Result<()> {
        let marks = vec!["?"; values(entry).len()].join(",");
        sql::execute(self.db(), &format!("INSERT INTO register ({COLUMNS}) VALUES ({marks})"), values(entry)).await?;
        self.replace_facets(entry).await?;
        self.index_entry(entry).await?;
        self.write_history(entry, step).await
    }

    /// Replaces an entry whose stored order is `expected` (term, version).
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it first.
    pub async fn change_entry(&self, entry: &Entry, expected: (u32, u64), step: &Step<'_>) -> Result<()> {
        let text = "UPDATE register SET code = ?, name = ?, category = ?, stage = ?, division = ?, subject = ?, type = ?, \
                    class = ?, org_form = ?, parent = ?, merchant_type = ?, completeness = ?, state = ?, \
                    origin_node = ?, term = ?, version = ?, lon = ?, lat = ?, doc = ?, proposal = ?, filed_at = ?, \
                    updated_at = ?, created_at = ?, rival = ?, same_as = ? \
                    WHERE object = ? AND term = ? AND version = ?";
        let mut bound = values(entry).split_off(2);
        bound.extend([sql::id(entry.object), i64::from(expected.0).into(), sql::int(expected.1)]);
        if sql::execute(self.db(), text, bound).await? != 1 {
            return Err(StoreError::Conflict { what: "register" });
        }
        self.replace_facets(entry).await?;
        self.index_entry(entry).await?;
        self.write_history(entry, step).await
    }

    /// Takes in an entry from another node: new, or later than the one here by (term, version). Says whether it was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_entry(&self, entry: &Entry, step: &Step<'_>) -> Result<bool> {
        match by_object(self.db(), entry.object).await? {
            None => self.add_entry(entry, step).await?,
            Some(old) if order_number(old.term, old.version) < order_number(entry.term, entry.version) => {
                self.change_entry(entry, (old.term, old.version), step).await?;
            }
            Some(_) => return Ok(false),
        }
        Ok(true)
    }

    async fn replace_facets(&self, entry: &Entry) -> Result<()> {
        sql::execute(self.db(), "DELETE FROM register_facet WHERE object = ?", vec![sql::id(entry.object)]).await?;
        let unique: std::collections::BTreeSet<&(String, String)> = entry.facets.iter().collect();
        let values: Vec<Value> = unique
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .flat_map(|(facet, value)| {
                [entry.kind.as_str().into(), facet.as_str().into(), value.as_str().into(), sql::id(entry.object)]
            })
            .collect();
        let head = "INSERT INTO register_facet (kind, facet, value, object) VALUES";
        sql::insert_many(self.db(), head, 4, values, "").await?;
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
        Ok(entry.filter(|entry| entry.kind == kind && entry.is_in(scope)))
    }

    /// The entry with this code, whatever its scope: for intake and for naming what a figure speaks of.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_entry_by_code(&self, kind: &str, code: &str) -> Result<Option<Entry>> {
        by_code(self.reader(), kind, code).await
    }

    /// The entry of this object, whatever its scope: for naming it.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_entry(&self, object: ObjectId) -> Result<Option<Entry>> {
        by_object(self.reader(), object).await
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
            // The holder of a code last, so that it stays where entries are collected by code.
            let text = format!(
                "SELECT {COLUMNS} FROM register WHERE kind = ? AND code IN ({marks}) ORDER BY code, \
                 CASE WHEN state IN ('draft', 'cancelled', 'revoked') THEN 0 WHEN rival IS NOT NULL THEN 1 ELSE 2 END, \
                 object DESC"
            );
            let mut bound: Vec<Value> = vec![kind.into()];
            bound.extend(chunk.iter().map(|code| Value::from(code.as_str())));
            let rows: Vec<EntryRow> = sql::all(self.reader(), &text, bound).await?;
            for row in rows {
                found.push(Entry::try_from(row)?);
            }
        }
        Ok(found)
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

impl Entry {
    /// Whether it lies in a scope: by division, by category where it has one, and for whoever acts for one subject, by that.
    #[must_use]
    pub fn is_in(&self, scope: &Scope) -> bool {
        scope.covers_division(&self.division)
            && (self.category.is_empty() || scope.covers_category(&self.category))
            && scope.subject.as_ref().is_none_or(|own| *own == self.code || *own == self.subject)
    }
}
