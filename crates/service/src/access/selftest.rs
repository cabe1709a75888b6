//! The self-test of a joining system (接入自测): samples of what it will send are checked as in earnest and told clause by
//! clause. Nothing of a sample is stored but the result; the clauses are data of a pack. Rows: G-6.7.2.

mod clause;
pub mod file;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use suyuan_crypto::hash::sm3;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::access::trial::SelftestRow;

use self::clause::{Shown, judge};
use super::{AccessDoc, SystemIdentity};
use crate::capture::{Reporter, forms, trial};
use crate::node::Node;
use crate::{Result, ServiceError, audit};

/// Most samples of a run.
const MOST_SAMPLES: usize = 20;
/// Most runs that are listed.
const LISTED: usize = 50;

/// Outside form of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleFormat {
    /// The open JSON interface.
    Json,
    /// EPCIS 2.0 in JSON.
    Epcis,
    /// A table.
    Csv,
}

/// A sample as it was handed in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Outside form.
    pub format: SampleFormat,
    /// The message: a JSON object, or its text.
    pub body: Value,
}

/// What a clause rests on: a row, or what was seen of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Sample, from 1.
    pub sample: usize,
    /// Row within it, from 1; `None` for the whole sample.
    pub row: Option<usize>,
    /// Code of the fault.
    pub code: Option<String>,
    /// Path of the field.
    pub field: Option<String>,
    /// What was seen.
    pub text: String,
}

/// How a clause stands (条款结论).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClauseState {
    /// The samples show that it is kept.
    Passed,
    /// The samples break it.
    Failed,
    /// The samples do not show it.
    NotShown,
}

impl ClauseState {
    const fn label(self) -> &'static str {
        match self {
            Self::Passed => "通过",
            Self::Failed => "未通过",
            Self::NotShown => "未体现",
        }
    }
}

/// The result for a clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClauseResult {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Whether going live asks for it.
    pub must: bool,
    /// How it stands.
    pub state: ClauseState,
    /// The word for it.
    pub state_name: String,
    /// Why.
    pub reason: String,
    /// What to do; empty where nothing is to be done.
    pub advice: String,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
}

/// A run of the self-test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelftestRun {
    /// Number on this node.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Who ran it.
    pub by: String,
    /// Version of the clauses.
    pub catalogue_version: String,
    /// Clauses that are kept.
    pub passed: usize,
    /// Clauses that are broken.
    pub failed: usize,
    /// Clauses that were not shown.
    pub not_shown: usize,
    /// Whether every clause is kept that going live asks for.
    pub ready: bool,
    /// The clauses in the order of the pack.
    pub clauses: Vec<ClauseResult>,
}

/// For whom a run is made.
#[derive(Clone, Debug)]
pub(super) struct Tested<'a> {
    /// Code of the system or number of the application.
    pub(super) owner: &'a str,
    /// Who runs it.
    pub(super) actor: &'a str,
    /// What fills in where a sample says nothing.
    pub(super) reporter: Reporter,
    /// Subject that fills in.
    pub(super) subject: &'a str,
    /// Last characters of the token that was shown; `None` for an upload by hand.
    pub(super) token: Option<&'a str>,
}

/// Runs the self-test for a connected system that shows its token.
///
/// # Errors
/// For samples that are no samples, or when the database refuses.
pub async fn by_system(node: &Node, system: &SystemIdentity, samples: Vec<Sample>) -> Result<SelftestRun> {
    let tested = Tested {
        owner: &system.code,
        actor: &system.code,
        reporter: Reporter::from(system),
        subject: &system.subject,
        token: Some(&system.hint),
    };
    run(node, &tested, samples, None).await
}

/// Runs the self-test for a connected system with samples that a regulator hands in.
///
/// # Errors
/// As [`by_system`]; without permission, or when there is no such system in the scope.
pub async fn by_hand(node: &Node, cx: &OpContext, id: ObjectId, samples: Vec<Sample>) -> Result<SelftestRun> {
    cx.authorize(Action::Review, Kind::Access)?;
    let entry = node.store.entry(&cx.scope, kind::ACCESS, id).await?.ok_or(ServiceError::NotFound(kind::ACCESS))?;
    let tested = Tested {
        owner: &entry.code,
        actor: &cx.actor.username,
        reporter: Reporter {
            system: entry.code.clone(),
            division: entry.division.clone(),
            category: entry.category.clone(),
            stage: entry.stage.clone(),
        },
        subject: &entry.subject,
        token: None,
    };
    run(node, &tested, samples, Some(cx)).await
}

/// Runs the self-test and keeps its result.
pub(super) async fn run(
    node: &Node,
    tested: &Tested<'_>,
    samples: Vec<Sample>,
    cx: Option<&OpContext>,
) -> Result<SelftestRun> {
    if samples.is_empty() || samples.len() > MOST_SAMPLES {
        let reason = format!("样例应为 1 至 {MOST_SAMPLES} 个");
        return Err(ServiceError::invalid("TST-0101", "samples", reason, "请放入将要报送的报文样例"));
    }
    let shown: Vec<Shown> = samples.iter().map(|sample| shown(node, tested, sample)).collect();
    let packs = node.packs();
    let clauses: Vec<ClauseResult> = packs.clauses.iter().map(|clause| judge(clause, &shown, tested.token)).collect();
    let version = packs.versions.iter().rfind(|pack| pack.name == "access.toml");
    let count = |state| clauses.iter().filter(|clause| clause.state == state).count();
    let mut run = SelftestRun {
        number: 0,
        at: node.now(),
        by: tested.actor.to_owned(),
        catalogue_version: version.map(|pack| pack.version.clone()).unwrap_or_default(),
        passed: count(ClauseState::Passed),
        failed: count(ClauseState::Failed),
        not_shown: count(ClauseState::NotShown),
        ready: clauses.iter().all(|clause| !clause.must || clause.state == ClauseState::Passed),
        clauses,
    };
    let row = SelftestRow {
        id: 0,
        owner: tested.owner.to_owned(),
        at: run.at.millis(),
        actor: run.by.clone(),
        catalogue: run.catalogue_version.clone(),
        ready: i64::from(run.ready),
        result: serde_json::to_string(&run)?,
    };
    let tx = node.store.begin().await?;
    run.number = tx.keep_selftest(&row).await?;
    if let Some(cx) = cx {
        let told = format!("通过 {}，未通过 {}，未体现 {}", run.passed, run.failed, run.not_shown);
        audit::note(&tx, cx, "access.selftest", kind::ACCESS, tested.owner, None, Some(&told)).await?;
    }
    tx.commit().await?;
    Ok(run)
}

/// A sample, read and checked as in earnest.
fn shown(node: &Node, tested: &Tested<'_>, sample: &Sample) -> Shown {
    let bytes = match &sample.body {
        Value::String(text) => text.clone().into_bytes(),
        other => serde_json::to_vec(other).unwrap_or_default(),
    };
    let mut shown = Shown { bytes: bytes.len(), hash: sm3(&bytes), ..Shown::default() };
    let read = forms::sample(node, &tested.reporter, tested.subject, sample.format, &bytes);
    let message = match read {
        Ok(message) => message,
        Err(error) => {
            shown.faults = faults_of(error);
            return shown;
        }
    };
    shown.message.clone_from(&message.id);
    shown.named = message.rows.iter().map(|row| event_id(&row.raw)).collect();
    match trial::look(node, &tested.reporter, message) {
        Ok(rows) => shown.rows = rows,
        Err(error) => shown.faults = faults_of(error),
    }
    shown
}

fn faults_of(error: ServiceError) -> Vec<Fault> {
    match error {
        ServiceError::Invalid(faults) => faults,
        ServiceError::Conflict(fault) | ServiceError::TooLarge(fault) => vec![fault],
        _ => vec![Fault::new("FMT-0100", "", "样例无法读取", "请对照接口文档核对")],
    }
}

/// The sender's identifier of a row, where its text is JSON.
fn event_id(raw: &str) -> Option<String> {
    let value: Value = serde_json::from_str(raw).ok()?;
    ["event_id", "eventID"].into_iter().find_map(|name| Some(value.get(name)?.as_str()?.to_owned()))
}

pub(super) fn stored(row: &SelftestRow) -> Result<SelftestRun> {
    let mut run: SelftestRun = serde_json::from_str(&row.result)?;
    run.number = row.id;
    Ok(run)
}

/// The owners under whose names runs of a system may stand.
fn owners(doc: &AccessDoc) -> Vec<&str> {
    let mut owners = vec![doc.code.as_str()];
    if !doc.application.is_empty() {
        owners.push(&doc.application);
    }
    owners
}

/// Whether the last run of a system kept everything that going live asks for.
pub(super) async fn is_ready(node: &Node, doc: &AccessDoc) -> Result<bool> {
    let last = node.store.selftests(&owners(doc), 1).await?;
    Ok(last.first().is_some_and(|run| run.ready == 1))
}

async fn doc_of(node: &Node, cx: &OpContext, id: ObjectId) -> Result<AccessDoc> {
    cx.authorize(Action::Read, Kind::Access)?;
    let entry = node.store.entry(&cx.scope, kind::ACCESS, id).await?.ok_or(ServiceError::NotFound(kind::ACCESS))?;
    Ok(serde_json::from_str(&entry.doc)?)
}

/// The runs of a system, newest first.
///
/// # Errors
/// Without permission, or when there is no such system in the scope.
pub async fn list(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Vec<SelftestRun>> {
    let doc = doc_of(node, cx, id).await?;
    node.store.selftests(&owners(&doc), LISTED).await?.iter().map(stored).collect()
}

/// One run of a system, with the name of the system.
///
/// # Errors
/// As [`list`], or when there is no such run.
pub async fn get(node: &Node, cx: &OpContext, id: ObjectId, number: i64) -> Result<(String, SelftestRun)> {
    let doc = doc_of(node, cx, id).await?;
    let runs = node.store.selftests(&owners(&doc), LISTED).await?;
    let row = runs.into_iter().find(|row| row.id == number).ok_or(ServiceError::NotFound("该次自测"))?;
    Ok((doc.name, stored(&row)?))
}
