//! Judging events as they arrive, inside the transaction that stores them.
//!
//! Everything a rule has to know is fetched for the whole batch at once: keys that occurred before, and a short series of
//! earlier numbers. Rules about the other side of a unit need what other nodes know and are not judged here.

use std::collections::{BTreeMap, BTreeSet};

use suyuan_crypto::hash::{Digest, sm3_parts};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::TraceEvent;
use suyuan_domain::id::ObjectId;
use suyuan_domain::outlier::{Facts, Flag, Lookup, Rule, Test, Verdict, evaluate, finding_material, metric};
use suyuan_domain::pack::Packs;
use suyuan_domain::period::{Day, Period};
use suyuan_domain::quantity::Quantity;
use suyuan_domain::record::{Draft, kind};
use suyuan_store::Tx;
use suyuan_store::finding::{Finding, RepeatKey};

use super::{OPEN, ReviewStep};
use crate::record::{Route, draft};
use crate::{Node, Result};

/// Findings of one batch at most; a sender who is wrong throughout is told by these as well as by more.
const MOST: usize = 2_000;

/// Judges events that a connected system has just reported, keeps the findings, and gives their journal records.
///
/// # Errors
/// When the database refuses.
pub async fn on_arrival(node: &Node, tx: &Tx, accepted: &[(ObjectId, &TraceEvent)]) -> Result<Vec<Draft>> {
    let now = node.now();
    let findings = judge_with(&node.packs(), tx, accepted, now, node.code()).await?;
    let fresh = tx.add_findings(findings).await?;
    fresh
        .iter()
        .map(|finding| {
            let order = (finding.term, finding.version);
            draft(kind::FINDING, finding.object, order, now, Route::Up, finding)
        })
        .collect()
}

/// What the rules say of events, without storing findings. The memory of keys and numbers moves on.
///
/// # Errors
/// When the database refuses.
pub async fn judge(node: &Node, tx: &Tx, events: &[(ObjectId, TraceEvent)]) -> Result<Vec<Finding>> {
    let borrowed: Vec<(ObjectId, &TraceEvent)> = events.iter().map(|(object, event)| (*object, event)).collect();
    judge_with(&node.packs(), tx, &borrowed, node.now(), node.code()).await
}

/// One rule that is for one event, with what it has to know.
struct Case<'a> {
    rule: &'a Rule,
    object: ObjectId,
    event: &'a TraceEvent,
    needs: Vec<Lookup>,
}

pub(super) async fn judge_with(
    packs: &Packs,
    tx: &Tx,
    events: &[(ObjectId, &TraceEvent)],
    now: Timestamp,
    node: &str,
) -> Result<Vec<Finding>> {
    let cases = cases(&packs.rules, events);
    let repeats = repeats(tx, &cases, now).await?;
    let mut memory = Memory::of(tx, &cases).await?;
    let mut findings = Vec::new();
    for (case, repeated) in cases.iter().zip(repeats) {
        let facts = facts(case, &repeated, &memory);
        let verdict = evaluate(case.rule, case.event, &facts);
        memory.note(case);
        if let Verdict::Flagged(flag) = verdict
            && findings.len() < MOST
        {
            findings.push(finding(packs, case, flag, now, node)?);
        }
    }
    memory.keep(tx, now).await?;
    Ok(findings)
}

fn cases<'a>(rules: &'a [Rule], events: &[(ObjectId, &'a TraceEvent)]) -> Vec<Case<'a>> {
    let here = |rule: &&Rule| !matches!(rule.test, Test::Upstream | Test::TimeOrder | Test::Balance { .. });
    let rules: Vec<&Rule> = rules.iter().filter(here).collect();
    events
        .iter()
        .flat_map(|(object, event)| {
            let covering = rules.iter().filter(|rule| rule.covers(event));
            covering.map(|rule| Case { rule, object: *object, event, needs: rule.needs(event) })
        })
        .collect()
}

fn hashed(parts: &[&str]) -> Digest {
    let lengths: Vec<[u8; 4]> =
        parts.iter().map(|part| u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes()).collect();
    let pieces: Vec<&[u8]> =
        parts.iter().zip(&lengths).flat_map(|(part, length)| [length.as_slice(), part.as_bytes()]).collect();
    sm3_parts(&pieces)
}

/// For each case and each of its keys, the other event that had the key first.
async fn repeats(tx: &Tx, cases: &[Case<'_>], now: Timestamp) -> Result<Vec<Vec<Option<ObjectId>>>> {
    let mut keys = Vec::new();
    for case in cases {
        for need in &case.needs {
            if let Lookup::SameKey { key, value } = need {
                // A voucher number is unique within its issuer, a unit or certificate everywhere.
                let issuer = if key == "voucher" { case.event.subject.as_str() } else { "" };
                keys.push(RepeatKey { rule: &case.rule.code, hash: hashed(&[key, issuer, value]), event: case.object });
            }
        }
    }
    let mut owners = tx.note_repeats(&keys, now).await?.into_iter();
    let asked = |case: &Case<'_>| case.needs.iter().filter(|need| matches!(need, Lookup::SameKey { .. })).count();
    Ok(cases.iter().map(|case| owners.by_ref().take(asked(case)).collect()).collect())
}

/// Short series of earlier numbers.
struct Memory {
    series: BTreeMap<Digest, Vec<i64>>,
    changed: BTreeSet<Digest>,
}

fn series_key(rule: &Rule, need: &Lookup) -> Option<(Digest, usize)> {
    let Lookup::History { subject, product, metric, window } = need else { return None };
    Some((hashed(&[&rule.code, subject, product, metric]), *window as usize))
}

impl Memory {
    async fn of(tx: &Tx, cases: &[Case<'_>]) -> Result<Self> {
        let keys: BTreeSet<Digest> = cases
            .iter()
            .flat_map(|case| case.needs.iter().filter_map(|need| series_key(case.rule, need)))
            .map(|(key, _)| key)
            .collect();
        let keys: Vec<Digest> = keys.into_iter().collect();
        Ok(Self { series: tx.number_series(&keys).await?, changed: BTreeSet::new() })
    }

    fn history(&self, rule: &Rule, need: &Lookup) -> Vec<Quantity> {
        let series = series_key(rule, need).and_then(|(key, _)| self.series.get(&key));
        series.map(|numbers| numbers.iter().map(|number| Quantity::from_milli(*number)).collect()).unwrap_or_default()
    }

    fn note(&mut self, case: &Case<'_>) {
        let Test::Robust { metric: name, .. } = &case.rule.test else { return };
        let Some(value) = metric(case.event, name) else { return };
        for (key, window) in case.needs.iter().filter_map(|need| series_key(case.rule, need)) {
            let series = self.series.entry(key).or_default();
            series.insert(0, value.milli());
            series.truncate(window);
            self.changed.insert(key);
        }
    }

    async fn keep(&self, tx: &Tx, now: Timestamp) -> Result<()> {
        let changed: BTreeMap<Digest, Vec<i64>> =
            self.changed.iter().filter_map(|key| Some((*key, self.series.get(key)?.clone()))).collect();
        Ok(tx.keep_number_series(&changed, now).await?)
    }
}

fn facts(case: &Case<'_>, repeated: &[Option<ObjectId>], memory: &Memory) -> Facts {
    let mut facts = Facts::default();
    let mut owners = repeated.iter();
    for need in &case.needs {
        match need {
            Lookup::SameKey { .. } => {
                let others = owners.next().copied().flatten().map(|owner| owner.to_string());
                facts.same.insert(need.clone(), others.into_iter().collect());
            }
            Lookup::History { .. } => {
                facts.history.insert(need.clone(), memory.history(case.rule, need));
            }
            Lookup::Unit { .. } => {}
        }
    }
    facts
}

fn finding(packs: &Packs, case: &Case<'_>, flag: Flag, now: Timestamp, node: &str) -> Result<Finding> {
    let Case { rule, object, event, .. } = case;
    let mut objects = flag.objects;
    match &rule.test {
        // What repeats is the key: its third use is the same matter as its second.
        Test::Repeated { key } if key == "voucher" => objects.push(event.subject.clone()),
        Test::Repeated { .. } => {}
        _ => objects.push(object.to_string()),
    }
    let period = Period::month_of(Day::of(event.event_time));
    let first = ReviewStep {
        version: 1,
        at: now,
        actor: String::new(),
        action: "found".to_owned(),
        state: OPEN.to_owned(),
        reason: String::new(),
    };
    Ok(Finding {
        object: finding_id(&rule.code, &objects, period),
        rule: rule.code.clone(),
        rule_version: rule.version,
        kind: rule.kind.as_str().to_owned(),
        severity: rule.severity.clone(),
        period: period.to_string(),
        subject: event.subject.clone(),
        system: event.source.system.clone(),
        division: event.division.clone(),
        category: event.category.clone(),
        event: Some(*object),
        text: flag.text,
        value: (!flag.value.is_empty()).then_some(flag.value),
        limit: (!flag.limit.is_empty()).then_some(flag.limit),
        state: OPEN.to_owned(),
        origin_node: node.to_owned(),
        term: 1,
        version: 1,
        found_at: now,
        due_at: packs.due("finding_handle", now),
        closed_at: None,
        history: serde_json::to_string(&[first])?,
    })
}

/// The identity of a finding: the begin of its period, so that its month can be read from it, then SM3 of rule, objects and
/// period, in the shape of an object id.
#[must_use]
pub(super) fn finding_id(rule: &str, objects: &[String], period: Period) -> ObjectId {
    let digest = sm3_parts(&[&finding_material(rule, objects, &period.to_string())]);
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    let millis = u64::try_from(period.start().millis()).unwrap_or(0).to_be_bytes();
    bytes[..6].copy_from_slice(&millis[2..]);
    bytes[6] = 0x70 | (bytes[6] & 0x0F);
    bytes[8] = 0x80 | (bytes[8] & 0x3F);
    ObjectId::from_bytes(bytes)
}
