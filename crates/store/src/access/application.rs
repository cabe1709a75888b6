//! Applications for access (接入申请) and their steps. They stay on the node that took them; what follows from one, the
//! connected system, is an entry of the register.

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::{CodeRange, Scope};

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::filter::{Conditions, Page, page};
use crate::{Result, sql};

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The object.
    pub object: ObjectId,
    /// Number told to the applicant, such as `370200-20261121-000012-J`.
    pub number: String,
    /// Hash of the code with which the applicant follows it.
    pub query_hash: [u8; 32],
    /// Name of the system.
    pub name: String,
    /// Who runs it.
    pub operator: String,
    /// Category.
    pub category: String,
    /// Stage.
    pub stage: String,
    /// Division.
    pub division: String,
    /// `submitted`, `reviewing`, `returned`, `rejected`, `withdrawn` or `filed`.
    pub state: String,
    /// The form as it was sent, JSON.
    pub doc: String,
    /// Code of the connected system that it led to; empty before filing.
    pub system: String,
    /// Filing number (备案号); empty before filing.
    pub filing_no: String,
    /// Version; the number of its steps.
    pub version: u64,
    /// When it came first.
    pub submitted_at: Timestamp,
    /// When the next decision is due; `None` where none is.
    pub due_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A step of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationStep {
    /// Version after the step.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// Who; empty for the applicant.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// State after it.
    pub state: String,
    /// What was said.
    pub text: String,
}

/// What a list of applications is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct ApplicationFilter {
    /// State.
    pub state: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Divisions, as ranges.
    pub divisions: Option<Vec<CodeRange>>,
    /// Words in number, name or operator.
    pub words: Option<String>,
}

#[derive(FromQueryResult)]
struct ApplicationRow {
    object: Vec<u8>,
    number: String,
    query_hash: Vec<u8>,
    name: String,
    operator: String,
    category: String,
    stage: String,
    division: String,
    state: String,
    doc: String,
    system: String,
    filing_no: String,
    version: i64,
    submitted_at: i64,
    due_at: Option<i64>,
    updated_at: i64,
}

impl TryFrom<ApplicationRow> for Application {
    type Error = StoreError;

    fn try_from(row: ApplicationRow) -> Result<Self> {
        Ok(Self {
            object: sql::object(&row.object)?,
            number: row.number,
            query_hash: sql::digest(&row.query_hash)?,
            name: row.name,
            operator: row.operator,
            category: row.category,
            stage: row.stage,
            division: row.division,
            state: row.state,
            doc: row.doc,
            system: row.system,
            filing_no: row.filing_no,
            version: sql::uint(row.version),
            submitted_at: Timestamp::from_millis(row.submitted_at),
            due_at: row.due_at.map(Timestamp::from_millis),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

const COLUMNS: &str = "object, number, query_hash, name, operator, category, stage, division, state, doc, system, \
                       filing_no, version, submitted_at, due_at, updated_at";

fn values(row: &Application) -> Vec<Value> {
    vec![
        sql::id(row.object),
        row.number.as_str().into(),
        row.query_hash.to_vec().into(),
        row.name.as_str().into(),
        row.operator.as_str().into(),
        row.category.as_str().into(),
        row.stage.as_str().into(),
        row.division.as_str().into(),
        row.state.as_str().into(),
        row.doc.as_str().into(),
        row.system.as_str().into(),
        row.filing_no.as_str().into(),
        sql::int(row.version),
        row.submitted_at.millis().into(),
        row.due_at.map(Timestamp::millis).into(),
        row.updated_at.millis().into(),
    ]
}

async fn one<C: ConnectionTrait>(db: &C, condition: &str, value: Value) -> Result<Option<Application>> {
    let text = format!("SELECT {COLUMNS} FROM access_application WHERE {condition}");
    let row: Option<ApplicationRow> = sql::one(db, &text, vec![value]).await?;
    row.map(Application::try_from).transpose()
}

impl Tx {
    /// Adds an application with its first step.
    ///
    /// # Errors
    /// When the number is taken or the database refuses.
    pub async fn add_application(&self, row: &Application, step: &ApplicationStep) -> Result<()> {
        let marks = vec!["?"; 16].join(",");
        let text = format!("INSERT INTO access_application ({COLUMNS}) VALUES ({marks})");
        sql::execute(self.db(), &text, values(row)).await?;
        self.add_application_step(row.object, step).await
    }

    /// Replaces an application whose stored version is `expected`, with what was done.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it first.
    pub async fn change_application(&self, row: &Application, expected: u64, step: &ApplicationStep) -> Result<()> {
        let text = "UPDATE access_application SET name = ?, operator = ?, category = ?, stage = ?, division = ?, state = ?, \
                    doc = ?, system = ?, filing_no = ?, version = ?, submitted_at = ?, due_at = ?, updated_at = ? \
                    WHERE object = ? AND version = ?";
        let mut bound = values(row).split_off(3);
        bound.extend([sql::id(row.object), sql::int(expected)]);
        if sql::execute(self.db(), text, bound).await? != 1 {
            return Err(StoreError::Conflict { what: "access_application" });
        }
        self.add_application_step(row.object, step).await
    }

    async fn add_application_step(&self, application: ObjectId, step: &ApplicationStep) -> Result<()> {
        let text = "INSERT INTO access_application_step (application, version, at, actor, action, state, text) \
                    VALUES (?, ?, ?, ?, ?, ?, ?)";
        let bound = vec![
            sql::id(application),
            sql::int(step.version),
            step.at.millis().into(),
            step.actor.as_str().into(),
            step.action.as_str().into(),
            step.state.as_str().into(),
            step.text.as_str().into(),
        ];
        sql::execute(self.db(), text, bound).await?;
        Ok(())
    }
}

impl Store {
    /// The application with this number, whatever its scope: for the applicant, who shows a code.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_application(&self, number: &str) -> Result<Option<Application>> {
        one(self.reader(), "number = ?", number.into()).await
    }

    /// The application that led to a connected system.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_application_of(&self, system: &str) -> Result<Option<Application>> {
        one(self.reader(), "system = ?", system.into()).await
    }

    /// This application, if it lies in `scope`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn application(&self, scope: &Scope, object: ObjectId) -> Result<Option<Application>> {
        let found = one(self.reader(), "object = ?", sql::id(object)).await?;
        Ok(found.filter(|row| scope.covers_division(&row.division) && scope.covers_category(&row.category)))
    }

    /// A page of applications, newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn applications(
        &self,
        scope: &Scope,
        filter: &ApplicationFilter,
        after: Option<ObjectId>,
        limit: usize,
    ) -> Result<Page<Application>> {
        let mut conditions = Conditions::in_scope(scope, "division", Some("category"));
        if let Some(ranges) = &filter.divisions {
            conditions.in_ranges("division", ranges);
        }
        conditions.equal("state", filter.state.as_deref());
        conditions.equal("category", filter.category.as_deref());
        conditions.contain(&["number", "name", "operator"], filter.words.as_deref());
        let keyset = after.map(|object| ("object < ?", vec![sql::id(object)]));
        let rows: Page<ApplicationRow> =
            page(self.reader(), COLUMNS, "access_application", conditions, keyset, "object DESC", limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: items.into_iter().map(Application::try_from).collect::<Result<_>>()?, more, count })
    }

    /// The steps of an application, oldest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn application_steps(&self, application: ObjectId) -> Result<Vec<ApplicationStep>> {
        #[derive(FromQueryResult)]
        struct Row {
            version: i64,
            at: i64,
            actor: String,
            action: String,
            state: String,
            text: String,
        }
        let text = "SELECT version, at, actor, action, state, text FROM access_application_step WHERE application = ? \
                    ORDER BY version";
        let rows: Vec<Row> = sql::all(self.reader(), text, vec![sql::id(application)]).await?;
        let step = |row: Row| ApplicationStep {
            version: sql::uint(row.version),
            at: Timestamp::from_millis(row.at),
            actor: row.actor,
            action: row.action,
            state: row.state,
            text: row.text,
        };
        Ok(rows.into_iter().map(step).collect())
    }
}
