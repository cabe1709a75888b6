//! Results of the operating evaluation (评价结果), own and relayed, and the grades given by the tier above.
//!
//! The formula belongs to `suyuan_domain::evaluation`, computing to `suyuan-service`. Rows: G-6.8.1, G-6.8.2a, G-6.8.2b.

use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::{CodeRange, Scope};

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::filter::Conditions;
use crate::{Result, sql};

/// The stored result of one evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationRow {
    /// Node that evaluated.
    pub node: String,
    /// Period.
    pub period: String,
    /// `system` or `division`.
    pub kind: String,
    /// Code of the system or division.
    pub code: String,
    /// The result as an object of the journal.
    pub object: ObjectId,
    /// Name of the system or division.
    pub name: String,
    /// Stage; empty for divisions.
    pub stage: String,
    /// Division.
    pub division: String,
    /// Hundredths of a point.
    pub score: Option<u32>,
    /// Code of the grade.
    pub grade: Option<String>,
    /// Place within its stage.
    pub rank: Option<u32>,
    /// Version of the formula.
    pub formula: String,
    /// What it was computed from, JSON.
    pub inputs: String,
    /// The whole result, JSON.
    pub result: String,
    /// Version, from 1.
    pub version: u64,
    /// When it was computed.
    pub computed_at: Timestamp,
}

/// What a list of results is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct EvaluationFilter {
    /// Period.
    pub period: Option<String>,
    /// First and last period of a trend, inclusive, as text of one form.
    pub between: Option<(String, String)>,
    /// `system` or `division`.
    pub kind: Option<String>,
    /// Stage.
    pub stage: Option<String>,
    /// Code of the one looked at.
    pub code: Option<String>,
    /// Node that evaluated.
    pub node: Option<String>,
    /// Divisions, as ranges.
    pub divisions: Option<Vec<CodeRange>>,
}

#[derive(FromQueryResult)]
struct Row {
    node: String,
    period: String,
    kind: String,
    code: String,
    object: Vec<u8>,
    name: String,
    stage: String,
    division: String,
    score: Option<i64>,
    grade: Option<String>,
    rank: Option<i64>,
    formula: String,
    inputs: String,
    result: String,
    version: i64,
    computed_at: i64,
}

impl TryFrom<Row> for EvaluationRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let small = |number: i64| u32::try_from(number).ok();
        Ok(Self {
            node: row.node,
            period: row.period,
            kind: row.kind,
            code: row.code,
            object: sql::object(&row.object)?,
            name: row.name,
            stage: row.stage,
            division: row.division,
            score: row.score.and_then(small),
            grade: row.grade,
            rank: row.rank.and_then(small),
            formula: row.formula,
            inputs: row.inputs,
            result: row.result,
            version: sql::uint(row.version),
            computed_at: Timestamp::from_millis(row.computed_at),
        })
    }
}

const COLUMNS: &str = "node, period, kind, code, object, name, stage, division, score, grade, rank, formula, inputs, result, \
                       version, computed_at";

impl Tx {
    /// Keeps a result. An older version of the same is replaced, a newer one stays. Says whether anything changed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_evaluation(&self, row: &EvaluationRow) -> Result<bool> {
        let marks = vec!["?"; 16].join(",");
        let text = format!(
            "INSERT INTO evaluation ({COLUMNS}) VALUES ({marks}) ON CONFLICT (node, period, kind, code) DO UPDATE SET \
             object = excluded.object, name = excluded.name, stage = excluded.stage, division = excluded.division, \
             score = excluded.score, grade = excluded.grade, rank = excluded.rank, formula = excluded.formula, \
             inputs = excluded.inputs, result = excluded.result, version = excluded.version, \
             computed_at = excluded.computed_at WHERE evaluation.version < excluded.version"
        );
        let bound = vec![
            row.node.as_str().into(),
            row.period.as_str().into(),
            row.kind.as_str().into(),
            row.code.as_str().into(),
            sql::id(row.object),
            row.name.as_str().into(),
            row.stage.as_str().into(),
            row.division.as_str().into(),
            row.score.map(i64::from).into(),
            row.grade.clone().into(),
            row.rank.map(i64::from).into(),
            row.formula.as_str().into(),
            row.inputs.as_str().into(),
            row.result.as_str().into(),
            sql::int(row.version),
            row.computed_at.millis().into(),
        ];
        Ok(sql::execute(self.db(), &text, bound).await? == 1)
    }
}

impl Store {
    /// Results that match, in the order of node, kind, stage, rank and code.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn evaluations(&self, scope: &Scope, filter: &EvaluationFilter) -> Result<Vec<EvaluationRow>> {
        let mut conditions = Conditions::in_scope(scope, "division", None);
        conditions.of_systems(scope, "code", ("kind <> 'system'", vec![]));
        if let Some(ranges) = &filter.divisions {
            conditions.in_ranges("division", ranges);
        }
        if let Some((from, to)) = &filter.between {
            conditions.push("period >= ? AND period <= ?", vec![from.as_str().into(), to.as_str().into()]);
        }
        for (column, value) in [
            ("period", &filter.period),
            ("kind", &filter.kind),
            ("stage", &filter.stage),
            ("code", &filter.code),
            ("node", &filter.node),
        ] {
            conditions.equal(column, value.as_deref());
        }
        let (filter, bound) = conditions.done();
        let text = format!(
            "SELECT {COLUMNS} FROM evaluation{filter} ORDER BY period, node, kind, stage, \
             CASE WHEN rank IS NULL THEN 1 ELSE 0 END, rank, code LIMIT 20000"
        );
        let rows: Vec<Row> = sql::all(self.reader(), &text, bound).await?;
        rows.into_iter().map(EvaluationRow::try_from).collect()
    }

    /// Periods for which there are results, latest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn evaluated_periods(&self, limit: u64) -> Result<Vec<String>> {
        let text = "SELECT DISTINCT period FROM evaluation ORDER BY period DESC LIMIT ?";
        let rows = sql::rows(self.reader(), text, vec![sql::int(limit)]).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }
}
