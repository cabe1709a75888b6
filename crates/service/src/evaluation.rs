//! Operating evaluation (运行监测评价): computing it for what is connected, keeping it with its inputs, showing it.
//!
//! A city or county scores its connected systems; a province and the nation grade the divisions directly below from their
//! systems' facts, and the grade goes down to who was graded (上级评定). Formula and grades are data of a pack.
//! Rows: G-6.8, G-6.8.1, G-6.8.2a, G-6.8.2b.

mod inputs;
mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::division::Tier;
use suyuan_domain::evaluation::{Evaluation, Formula, Inputs, rank};
use suyuan_domain::fault::Fault;
use suyuan_domain::pack::Packs;
use suyuan_domain::period::{Day, Period};
use suyuan_domain::record::{Record, kind};
use suyuan_domain::scope::Scope;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::evaluation::{EvaluationFilter, EvaluationRow};
use suyuan_store::job::NewJob;

use crate::quality::misplaced;
use crate::record::{Route, draft};
use crate::{Node, Result, ServiceError, audit};

pub(crate) use view::change_text;
pub use view::{
    EvaluationList, EvaluationOut, EvaluationQuery, GradeCount, IndicatorOut, TrendOut, TrendPoint, TrendQuery, list,
    trend,
};

/// Kind of the job that computes a period.
pub const COMPUTE_JOB: &str = "evaluation.compute";

/// Payload of [`COMPUTE_JOB`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComputeJob {
    /// The period.
    pub period: Period,
}

/// A job that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Begun {
    /// Its number.
    pub job: Option<i64>,
}

/// What this node evaluates.
#[must_use]
pub fn kind_of(tier: Tier) -> &'static str {
    match tier {
        Tier::Nation | Tier::Province => "division",
        Tier::City | Tier::County => "system",
    }
}

/// Who is evaluated, before ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    code: String,
    name: String,
    stage: String,
    division: String,
    inputs: Inputs,
}

/// Computes a period anew and keeps what changed. Called again with the same facts, it changes nothing.
///
/// # Errors
/// When no formula is in force, or the store or the warehouse is out of reach.
pub async fn compute(node: &Node, period: Period) -> Result<()> {
    let now = node.now();
    let packs = node.packs();
    let formula = formula(&packs, period)?;
    let systems = inputs::count(node, period, now).await?;
    let kind = kind_of(node.config.tier);
    let candidates = if kind == "division" { by_division(node, &systems) } else { by_system(systems) };
    let known = EvaluationFilter {
        period: Some(period.to_string()),
        kind: Some(kind.to_owned()),
        node: Some(node.code().to_owned()),
        ..EvaluationFilter::default()
    };
    let known = node.store.evaluations(&Scope::everything(), &known).await?;
    let known: BTreeMap<String, EvaluationRow> = known.into_iter().map(|row| (row.code.clone(), row)).collect();
    let rows = evaluated(formula, &candidates, &Place { node: node.code(), period, kind, now })?;
    let mut tx = node.store.begin().await?;
    let mut drafts = Vec::new();
    for mut row in rows {
        match known.get(&row.code) {
            Some(old) if same(old, &row) => continue,
            Some(old) => (row.object, row.version) = (old.object, old.version + 1),
            None => (row.object, row.version) = (node.mint(), 1),
        }
        tx.keep_evaluation(&row).await?;
        let order = (1, row.version);
        drafts.push(draft(kind::EVALUATION, row.object, order, now, Route::Up, &row)?);
        if row.kind == "division" {
            drafts.push(draft(kind::GRADE, row.object, order, now, Route::To(row.code.clone()), &row)?);
        }
    }
    if !drafts.is_empty() {
        let told = serde_json::json!({ "count": drafts.len() }).to_string();
        let cx = node.own_context(COMPUTE_JOB);
        audit::note(&tx, &cx, "evaluation.compute", "evaluation", &period.to_string(), None, Some(&told)).await?;
    }
    tx.append(drafts).await?;
    tx.commit().await?;
    Ok(())
}

fn formula(packs: &Packs, period: Period) -> Result<&Formula> {
    packs.formula(period.last()).ok_or_else(|| ServiceError::Internal("no evaluation formula".into()))
}

fn by_system(systems: Vec<inputs::Counted>) -> Vec<Candidate> {
    let candidate = |inputs::Counted { entry, inputs }| Candidate {
        code: entry.code,
        name: entry.name,
        stage: entry.stage,
        division: entry.division,
        inputs,
    };
    systems.into_iter().map(candidate).collect()
}

/// The divisions directly below that have connected systems, each with the sum of its systems' inputs.
fn by_division(node: &Node, systems: &[inputs::Counted]) -> Vec<Candidate> {
    let children = node.divisions.children(node.code());
    let mut candidates = Vec::new();
    for child in children {
        let ranges = node.divisions.subtree(&child.code);
        let below = |system: &&inputs::Counted| ranges.iter().any(|range| range.covers(&system.entry.division));
        let parts: Vec<&Inputs> = systems.iter().filter(below).map(|system| &system.inputs).collect();
        if parts.is_empty() {
            continue;
        }
        candidates.push(Candidate {
            code: child.code.clone(),
            name: child.name.clone(),
            stage: String::new(),
            division: child.code.clone(),
            inputs: Inputs::rolled_up(parts),
        });
    }
    candidates
}

/// Where and when something is evaluated.
struct Place<'a> {
    node: &'a str,
    period: Period,
    kind: &'a str,
    now: Timestamp,
}

/// Results with their ranks within their stage. Identity and version are given later.
fn evaluated(formula: &Formula, candidates: &[Candidate], place: &Place<'_>) -> Result<Vec<EvaluationRow>> {
    let results: Vec<Evaluation> = candidates.iter().map(|candidate| formula.evaluate(&candidate.inputs)).collect();
    let mut ranks: BTreeMap<&str, Option<u32>> = BTreeMap::new();
    let stages: std::collections::BTreeSet<&str> =
        candidates.iter().map(|candidate| candidate.stage.as_str()).collect();
    for stage in stages {
        let of_stage = candidates.iter().zip(&results).filter(|(candidate, _)| candidate.stage == stage);
        for ranked in rank(of_stage.map(|(candidate, result)| (candidate.code.as_str(), result))) {
            ranks.insert(ranked.code, ranked.rank.and_then(|rank| u32::try_from(rank).ok()));
        }
    }
    let row = |(candidate, result): (&Candidate, &Evaluation)| {
        Ok(EvaluationRow {
            node: place.node.to_owned(),
            period: place.period.to_string(),
            kind: place.kind.to_owned(),
            code: candidate.code.clone(),
            object: suyuan_domain::id::ObjectId::default(),
            name: candidate.name.clone(),
            stage: candidate.stage.clone(),
            division: candidate.division.clone(),
            score: result.score,
            grade: result.grade.clone(),
            rank: ranks.get(candidate.code.as_str()).copied().flatten(),
            formula: result.formula_version.clone(),
            inputs: serde_json::to_string(&result.inputs)?,
            result: serde_json::to_string(result)?,
            version: 0,
            computed_at: place.now,
        })
    };
    candidates.iter().zip(&results).map(row).collect()
}

/// Whether a result says the same as before, whenever it was computed.
fn same(old: &EvaluationRow, new: &EvaluationRow) -> bool {
    (&old.result, &old.name, &old.stage, &old.division, old.rank)
        == (&new.result, &new.name, &new.stage, &new.division, new.rank)
}

/// Whether a stored result follows from its own inputs and the formula that it names. `None` where this version does not
/// have that formula any more, or the row cannot be read.
#[must_use]
pub fn recomputes(formulas: &[Formula], row: &EvaluationRow) -> Option<bool> {
    let formula = formulas.iter().find(|formula| formula.version == row.formula)?;
    let inputs: Inputs = serde_json::from_str(&row.inputs).ok()?;
    let stored: Evaluation = serde_json::from_str(&row.result).ok()?;
    Some(formula.evaluate(&inputs) == stored && stored.score == row.score && stored.grade == row.grade)
}

/// Asks for a period to be computed.
///
/// # Errors
/// Without permission, or for a period that has not begun.
pub async fn request(node: &Node, cx: &OpContext, period: Period) -> Result<Begun> {
    cx.authorize(Action::Compute, Kind::Evaluation)?;
    if period.first() > Day::of(cx.now) {
        let advice = "请选择已开始的周期";
        return Err(ServiceError::invalid("EVA-0101", "period", format!("{}尚未开始", period.label()), advice));
    }
    begin(node, cx, COMPUTE_JOB, &ComputeJob { period }, "evaluation.compute", &period.to_string()).await
}

/// Writes a job that somebody asked for, with its audit row, and gives its number.
pub(crate) async fn begin<T: Serialize>(
    node: &Node,
    cx: &OpContext,
    job: &str,
    payload: &T,
    action: &str,
    object: &str,
) -> Result<Begun> {
    let tx = node.store.begin().await?;
    let new = NewJob {
        kind: job.to_owned(),
        unique_key: Some(format!("{job}:{object}:{}", cx.request_id)),
        payload: serde_json::to_string(payload)?,
        run_at: cx.now,
        max_attempts: 5,
        actor: Some(cx.actor.username.clone()),
    };
    tx.enqueue(new, cx.now).await?;
    audit::note(&tx, cx, action, "job", object, None, None).await?;
    tx.commit().await?;
    let newest = node.store.jobs_of(&cx.actor.username, 1).await?;
    Ok(Begun { job: newest.first().map(|job| job.id) })
}

/// Takes in a result of a lower node, or the grade that the tier above gave. Says what is wrong with it, if something is.
///
/// # Errors
/// When the database refuses.
pub async fn take(node: &Node, tx: &Tx, record: &Record) -> Result<Option<Fault>> {
    let row: EvaluationRow = match serde_json::from_slice(&record.payload) {
        Ok(row) => row,
        Err(error) => return Ok(Some(crate::sync::apply::unreadable(&error))),
    };
    let origin = record.origin.as_ref().map(|origin| origin.node.as_str());
    if let Some(fault) = misplaced(record, row.object, (1, row.version), origin, &row.node) {
        return Ok(Some(fault));
    }
    if row.node == node.code() {
        return Ok(None);
    }
    tx.keep_evaluation(&row).await?;
    Ok(None)
}

#[cfg(test)]
mod tests;
