//! Closed days (停业申报) of subjects and connected systems. Rows: G-6.7.1, G-6.8.1.

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::scope::Scope;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::filter::{Conditions, Page, page};
use crate::{Result, sql};

/// Days on which a subject or system is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// The declaration.
    pub object: ObjectId,
    /// Register of what is closed: `subject` or `access`.
    pub kind: String,
    /// Code of what is closed.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its division.
    pub division: String,
    /// Its category; may be empty.
    pub category: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Why.
    pub reason: String,
    /// `declared` or `withdrawn`.
    pub state: String,
    /// Who declared it.
    pub actor: String,
    /// Node where it was declared.
    pub origin_node: String,
    /// Version.
    pub version: u64,
    /// When it was declared or withdrawn.
    pub at: Timestamp,
}

#[derive(FromQueryResult)]
struct ClosureRow {
    object: Vec<u8>,
    kind: String,
    code: String,
    name: String,
    division: String,
    category: String,
    from_day: String,
    to_day: String,
    reason: String,
    state: String,
    actor: String,
    origin_node: String,
    version: i64,
    at: i64,
}

impl TryFrom<ClosureRow> for Closure {
    type Error = StoreError;

    fn try_from(row: ClosureRow) -> Result<Self> {
        let day = |text: &str| text.parse().map_err(|_| StoreError::damaged("closure", "day"));
        Ok(Self {
            object: sql::object(&row.object)?,
            kind: row.kind,
            code: row.code,
            name: row.name,
            division: row.division,
            category: row.category,
            from: day(&row.from_day)?,
            to: day(&row.to_day)?,
            reason: row.reason,
            state: row.state,
            actor: row.actor,
            origin_node: row.origin_node,
            version: sql::uint(row.version),
            at: Timestamp::from_millis(row.at),
        })
    }
}

const COLUMNS: &str =
    "object, kind, code, name, division, category, from_day, to_day, reason, state, actor, origin_node, version, at";

async fn by_object<C: ConnectionTrait>(db: &C, object: ObjectId) -> Result<Option<Closure>> {
    let text = format!("SELECT {COLUMNS} FROM closure WHERE object = ?");
    let row: Option<ClosureRow> = sql::one(db, &text, vec![sql::id(object)]).await?;
    row.map(Closure::try_from).transpose()
}

impl Tx {
    /// Keeps a declaration that is new or later than the one here. Says whether it was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_closure(&self, closure: &Closure) -> Result<bool> {
        let text = format!(
            "INSERT INTO closure ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (object) DO UPDATE SET from_day = excluded.from_day, to_day = excluded.to_day, \
             reason = excluded.reason, state = excluded.state, actor = excluded.actor, version = excluded.version, \
             at = excluded.at WHERE excluded.version > closure.version"
        );
        let values: Vec<Value> = vec![
            sql::id(closure.object),
            closure.kind.as_str().into(),
            closure.code.as_str().into(),
            closure.name.as_str().into(),
            closure.division.as_str().into(),
            closure.category.as_str().into(),
            closure.from.to_string().into(),
            closure.to.to_string().into(),
            closure.reason.as_str().into(),
            closure.state.as_str().into(),
            closure.actor.as_str().into(),
            closure.origin_node.as_str().into(),
            sql::int(closure.version),
            closure.at.millis().into(),
        ];
        Ok(sql::execute(self.db(), &text, values).await? == 1)
    }

    /// The declaration of this object.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn closure(&self, object: ObjectId) -> Result<Option<Closure>> {
        by_object(self.db(), object).await
    }
}

impl Store {
    /// A page of declarations, newest first, behind the object `after`; of one code where one is given.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn closures(
        &self,
        scope: &Scope,
        (kind, code): (Option<&str>, Option<&str>),
        after: Option<ObjectId>,
        limit: usize,
    ) -> Result<Page<Closure>> {
        let mut conditions = Conditions::in_scope(scope, "division", Some("category"));
        if let Some(own) = &scope.subject {
            conditions.push("(kind = 'subject' AND code = ?)", vec![own.as_str().into()]);
        }
        conditions.equal("kind", kind);
        conditions.equal("code", code);
        let keyset = after.map(|object| ("object < ?", vec![sql::id(object)]));
        let rows: Page<ClosureRow> =
            page(self.reader(), COLUMNS, "closure", conditions, keyset, "object DESC", limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: items.into_iter().map(Closure::try_from).collect::<Result<_>>()?, more, count })
    }

    /// Declarations of a register that stand and touch the days from `first` to `last`; of all codes, or of one.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_closures(&self, kind: &str, code: Option<&str>, first: Day, last: Day) -> Result<Vec<Closure>> {
        let mut values: Vec<Value> = vec![kind.into(), first.to_string().into(), last.to_string().into()];
        let one = code.map_or("", |_| " AND code = ?");
        values.extend(code.map(Value::from));
        let text = format!(
            "SELECT {COLUMNS} FROM closure WHERE kind = ? AND state = 'declared' AND to_day >= ? AND from_day <= ?{one} \
             ORDER BY object"
        );
        let rows: Vec<ClosureRow> = sql::all(self.reader(), &text, values).await?;
        rows.into_iter().map(Closure::try_from).collect()
    }
}
