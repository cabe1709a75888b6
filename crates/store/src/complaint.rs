//! Complaints and enquiries of the public (咨询投诉): the head, its steps, its running numbers, and attached pictures.
//!
//! Names and telephone numbers stand here masked; what was written in full lies in sealed side-cars. Which step is allowed
//! is decided in `suyuan-service`. Rows: G-6.9b, G-10.4.

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::order_number;
use suyuan_domain::scope::{CodeRange, Scope};

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::filter::{Conditions, Page, page};
use crate::{Result, sql};

/// A complaint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// The object.
    pub object: ObjectId,
    /// Number told to the sender, such as `370200-20261121-000123-C`.
    pub number: String,
    /// `complaint`, `report`, `consult` or `suggestion`.
    pub kind: String,
    /// What the sender wrote.
    pub text: String,
    /// Trace code that it is about; empty for none.
    pub code: String,
    /// Name of the sender, masked.
    pub name: String,
    /// Telephone of the sender, masked.
    pub phone: String,
    /// Hash of number and last four digits; empty where no telephone was given. Stays on the node that took it.
    #[serde(default, skip_serializing)]
    pub phone_tail: String,
    /// Identifier of the picture; empty for none. Stays on the node that took it.
    #[serde(default, skip_serializing)]
    pub photo: Option<String>,
    /// Division whose business it is.
    pub division: String,
    /// Node that handles it.
    pub handler: String,
    /// `submitted`, `accepted`, `rejected`, `handling`, `answered` or `closed`.
    pub state: String,
    /// Node that took it.
    pub origin_node: String,
    /// Term of authority.
    pub term: u32,
    /// Version within the term; the number of its steps.
    pub version: u64,
    /// When it came.
    pub submitted_at: Timestamp,
    /// When the next decision is due.
    pub due_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
}

/// One step of a complaint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComplaintStep {
    /// Version of the complaint after the step.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// Who; empty for the sender.
    pub actor: String,
    /// On which node.
    pub node: String,
    /// What was done.
    pub action: String,
    /// State after it.
    pub state: String,
    /// What was said.
    pub text: String,
    /// Whether the sender may read it.
    pub public: bool,
}

/// What a list of complaints is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct ComplaintFilter {
    /// State.
    pub state: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// Divisions, as ranges.
    pub divisions: Option<Vec<CodeRange>>,
    /// Words in number, trace code or text.
    pub words: Option<String>,
}

/// A stored picture.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Attachment {
    /// Hexadecimal SM3 of its bytes, which is its name too.
    pub id: String,
    /// Media type.
    pub media_type: String,
    /// Size in bytes.
    pub bytes: i64,
}

#[derive(FromQueryResult)]
struct ComplaintRow {
    object: Vec<u8>,
    number: String,
    kind: String,
    text: String,
    code: String,
    name: String,
    phone: String,
    phone_tail: String,
    photo: Option<String>,
    division: String,
    handler: String,
    state: String,
    origin_node: String,
    term: i64,
    version: i64,
    submitted_at: i64,
    due_at: i64,
    closed_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct StepRow {
    version: i64,
    at: i64,
    actor: String,
    node: String,
    action: String,
    state: String,
    text: String,
    public: i64,
}

impl TryFrom<ComplaintRow> for Complaint {
    type Error = StoreError;

    fn try_from(row: ComplaintRow) -> Result<Self> {
        Ok(Self {
            object: sql::object(&row.object)?,
            number: row.number,
            kind: row.kind,
            text: row.text,
            code: row.code,
            name: row.name,
            phone: row.phone,
            phone_tail: row.phone_tail,
            photo: row.photo,
            division: row.division,
            handler: row.handler,
            state: row.state,
            origin_node: row.origin_node,
            term: u32::try_from(row.term).unwrap_or(1),
            version: sql::uint(row.version),
            submitted_at: Timestamp::from_millis(row.submitted_at),
            due_at: Timestamp::from_millis(row.due_at),
            closed_at: row.closed_at.map(Timestamp::from_millis),
        })
    }
}

impl From<StepRow> for ComplaintStep {
    fn from(row: StepRow) -> Self {
        Self {
            version: sql::uint(row.version),
            at: Timestamp::from_millis(row.at),
            actor: row.actor,
            node: row.node,
            action: row.action,
            state: row.state,
            text: row.text,
            public: row.public != 0,
        }
    }
}

const COLUMNS: &str = "object, number, kind, text, code, name, phone, phone_tail, photo, division, handler, state, \
                       origin_node, term, version, submitted_at, due_at, closed_at";

async fn by_object<C: ConnectionTrait>(db: &C, object: ObjectId) -> Result<Option<Complaint>> {
    let text = format!("SELECT {COLUMNS} FROM complaint WHERE object = ?");
    let row: Option<ComplaintRow> = sql::one(db, &text, vec![sql::id(object)]).await?;
    row.map(Complaint::try_from).transpose()
}

async fn steps_of<C: ConnectionTrait>(db: &C, object: ObjectId) -> Result<Vec<ComplaintStep>> {
    let text = "SELECT version, at, actor, node, action, state, text, public FROM complaint_step WHERE complaint = ? \
                ORDER BY version";
    let rows: Vec<StepRow> = sql::all(db, text, vec![sql::id(object)]).await?;
    Ok(rows.into_iter().map(ComplaintStep::from).collect())
}

/// Complaints are the regulators' business: a firm sees none, not even those about its own goods.
fn in_scope(scope: &Scope, complaint: &Complaint) -> bool {
    scope.subject.is_none() && scope.covers_division(&complaint.division)
}

fn values(complaint: &Complaint) -> Vec<Value> {
    vec![
        sql::id(complaint.object),
        complaint.number.as_str().into(),
        complaint.kind.as_str().into(),
        complaint.text.as_str().into(),
        complaint.code.as_str().into(),
        complaint.name.as_str().into(),
        complaint.phone.as_str().into(),
        complaint.phone_tail.as_str().into(),
        complaint.photo.clone().into(),
        complaint.division.as_str().into(),
        complaint.handler.as_str().into(),
        complaint.state.as_str().into(),
        complaint.origin_node.as_str().into(),
        i64::from(complaint.term).into(),
        sql::int(complaint.version),
        complaint.submitted_at.millis().into(),
        complaint.due_at.millis().into(),
        complaint.closed_at.map(Timestamp::millis).into(),
    ]
}

impl Tx {
    /// The next running number of `series`, from 1.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn next_number(&self, series: &str) -> Result<u64> {
        let text = "INSERT INTO counter (name, value) VALUES (?, 1) \
                    ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value";
        let value: Option<i64> = sql::scalar(self.db(), text, vec![series.into()]).await?;
        value.map(sql::uint).ok_or_else(|| StoreError::damaged("counter", series))
    }

    /// Adds a complaint with its first step.
    ///
    /// # Errors
    /// When the number is taken or the database refuses.
    pub async fn add_complaint(&self, complaint: &Complaint, steps: &[ComplaintStep]) -> Result<()> {
        let marks = vec!["?"; 18].join(",");
        let text = format!("INSERT INTO complaint ({COLUMNS}) VALUES ({marks})");
        sql::execute(self.db(), &text, values(complaint)).await?;
        self.write_steps(complaint.object, steps).await
    }

    /// Moves a complaint on whose stored order is `expected` (term, version), with what was done.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it first.
    pub async fn change_complaint(
        &self,
        complaint: &Complaint,
        expected: (u32, u64),
        steps: &[ComplaintStep],
    ) -> Result<()> {
        let text = "UPDATE complaint SET handler = ?, state = ?, term = ?, version = ?, due_at = ?, closed_at = ? \
                    WHERE object = ? AND term = ? AND version = ?";
        let bound = vec![
            complaint.handler.as_str().into(),
            complaint.state.as_str().into(),
            i64::from(complaint.term).into(),
            sql::int(complaint.version),
            complaint.due_at.millis().into(),
            complaint.closed_at.map(Timestamp::millis).into(),
            sql::id(complaint.object),
            i64::from(expected.0).into(),
            sql::int(expected.1),
        ];
        if sql::execute(self.db(), text, bound).await? != 1 {
            return Err(StoreError::Conflict { what: "complaint" });
        }
        self.write_steps(complaint.object, steps).await
    }

    /// Takes in a complaint of another node: new, or later than the one here. Says whether it was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_complaint(&self, complaint: &Complaint, steps: &[ComplaintStep]) -> Result<bool> {
        match by_object(self.db(), complaint.object).await? {
            None => self.add_complaint(complaint, steps).await?,
            Some(old) if order_number(old.term, old.version) < order_number(complaint.term, complaint.version) => {
                self.change_complaint(complaint, (old.term, old.version), steps).await?;
            }
            Some(_) => return Ok(false),
        }
        Ok(true)
    }

    async fn write_steps(&self, object: ObjectId, steps: &[ComplaintStep]) -> Result<()> {
        let bound = steps
            .iter()
            .flat_map(|step| {
                [
                    sql::id(object),
                    sql::int(step.version),
                    step.at.millis().into(),
                    step.actor.as_str().into(),
                    step.node.as_str().into(),
                    step.action.as_str().into(),
                    step.state.as_str().into(),
                    step.text.as_str().into(),
                    i64::from(step.public).into(),
                ]
            })
            .collect();
        let head =
            "INSERT INTO complaint_step (complaint, version, at, actor, node, action, state, text, public) VALUES";
        sql::insert_many(self.db(), head, 9, bound, "ON CONFLICT (complaint, version) DO NOTHING").await?;
        Ok(())
    }

    /// The complaint of this object with its steps, whatever its scope: for checks within a use case.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_complaint(&self, object: ObjectId) -> Result<Option<(Complaint, Vec<ComplaintStep>)>> {
        match by_object(self.db(), object).await? {
            Some(complaint) => Ok(Some((complaint, steps_of(self.db(), object).await?))),
            None => Ok(None),
        }
    }

    /// Notes that a picture lies beside the database. Doing it again changes nothing.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_attachment(&self, id: &str, media_type: &str, bytes: u64, now: Timestamp) -> Result<()> {
        let text = "INSERT INTO attachment (id, media_type, bytes, created_at) VALUES (?, ?, ?, ?) \
                    ON CONFLICT (id) DO NOTHING";
        let bound = vec![id.into(), media_type.into(), sql::int(bytes), now.millis().into()];
        sql::execute(self.db(), text, bound).await?;
        Ok(())
    }
}

impl Store {
    /// The complaint of this object with its steps, if it lies in `scope`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn complaint(&self, scope: &Scope, object: ObjectId) -> Result<Option<(Complaint, Vec<ComplaintStep>)>> {
        match by_object(self.reader(), object).await?.filter(|complaint| in_scope(scope, complaint)) {
            Some(complaint) => Ok(Some((complaint, steps_of(self.reader(), object).await?))),
            None => Ok(None),
        }
    }

    /// The complaint with this number and its steps: for the sender, who knows the number.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_complaint_by_number(&self, number: &str) -> Result<Option<(Complaint, Vec<ComplaintStep>)>> {
        let text = format!("SELECT {COLUMNS} FROM complaint WHERE number = ?");
        let row: Option<ComplaintRow> = sql::one(self.reader(), &text, vec![number.into()]).await?;
        match row.map(Complaint::try_from).transpose()? {
            Some(complaint) => {
                let steps = steps_of(self.reader(), complaint.object).await?;
                Ok(Some((complaint, steps)))
            }
            None => Ok(None),
        }
    }

    /// A page of complaints, newest first, behind the object `after`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn complaints(
        &self,
        scope: &Scope,
        filter: &ComplaintFilter,
        after: Option<ObjectId>,
        limit: usize,
    ) -> Result<Page<Complaint>> {
        let mut conditions = Conditions::in_scope(scope, "division", None);
        if scope.subject.is_some() {
            conditions.push("1 = 0", vec![]);
        }
        if let Some(ranges) = &filter.divisions {
            conditions.in_ranges("division", ranges);
        }
        conditions.equal("state", filter.state.as_deref());
        conditions.equal("kind", filter.kind.as_deref());
        conditions.contain(&["number", "code", "text"], filter.words.as_deref());
        let keyset = after.map(|object| ("object < ?", vec![sql::id(object)]));
        let rows: Page<ComplaintRow> =
            page(self.reader(), COLUMNS, "complaint", conditions, keyset, "object DESC", limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: items.into_iter().map(Complaint::try_from).collect::<Result<_>>()?, more, count })
    }

    /// A stored picture's media type and size.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_attachment(&self, id: &str) -> Result<Option<Attachment>> {
        sql::one(self.reader(), "SELECT id, media_type, bytes FROM attachment WHERE id = ?", vec![id.into()]).await
    }
}
