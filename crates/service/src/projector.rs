//! The projector: follows the journal and writes what it says into the warehouse, each step harmless when repeated.
//!
//! Which records are projected is decided here; how, in `suyuan-warehouse`; when, in `suyuan-jobs`. Records set aside and
//! kinds that this version does not know are passed over and stay in the journal for a later rebuild.

use std::collections::{HashMap, HashSet};

use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Record, kind};
use suyuan_warehouse::{EventFact, FactKey, IntakeFact, LookupFact};

use crate::payload::{EventBody, IntakeBody, LookupHourBody, QualityBody};
use crate::{Node, Result};

/// Name of the projector's cursor.
pub const READER: &str = "projector";

/// Records in one round at most. A round is full only under a flood or after an outage, and then few large inserts leave the
/// processors to capture; otherwise it holds what came in since the last.
pub const ROUND: usize = 20_000;

/// Buckets of statistics rebuilt in one go.
const BUCKETS: u64 = 20_000;

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Records read from the journal.
    pub read: usize,
    /// Position up to which the warehouse now knows the journal.
    pub position: u64,
}

/// Projects the next records of the journal, then moves the cursor.
///
/// # Errors
/// When the store or the warehouse is out of reach; the next round repeats what was begun.
pub async fn round(node: &Node) -> Result<Round> {
    let after = node.store.cursor(READER).await?;
    let records = node.store.read_journal(after, ROUND).await?;
    let Some(last) = records.last() else { return Ok(Round { read: 0, position: after }) };
    let position = last.position;
    project(node, &records).await?;
    let tx = node.store.begin().await?;
    tx.move_cursor(READER, position, node.now()).await?;
    tx.commit().await?;
    Ok(Round { read: records.len(), position })
}

/// Rebuilds statistics of changed buckets. Says how many are done. Where none was left, the figures are known to be those
/// of everything projected before, and [`Node::figures`] says so.
///
/// # Errors
/// When the warehouse is out of reach; the buckets stay marked.
pub async fn rebuild(node: &Node) -> Result<usize> {
    let projected = node.store.cursor(READER).await?;
    let done = node.warehouse.rebuild_marked(BUCKETS).await?;
    if done == 0 {
        node.figures.send_if_modified(|known| {
            let newer = projected > *known;
            *known = projected.max(*known);
            newer
        });
    }
    Ok(done)
}

async fn project(node: &Node, records: &[Record]) -> Result<()> {
    let mut events = Vec::new();
    let mut intakes = Vec::new();
    let mut lookups = Vec::new();
    for record in records.iter().filter(|record| record.verdict.is_none()) {
        let key = FactKey::of(record, node.code());
        match record.kind.as_str() {
            kind::EVENT => events.extend(event_fact(key, record)),
            kind::INTAKE => intakes.extend(intake_fact(key, record)),
            kind::LOOKUP_HOUR => lookups.extend(lookup_fact(key, record)),
            _ => {}
        }
    }
    resolve_upstream(node, &mut events).await?;
    let facts: Vec<EventFact> = events.into_iter().map(|(fact, _)| fact).collect();
    node.warehouse.project(&facts).await?;
    if !intakes.is_empty() {
        node.warehouse.project_intake(&intakes).await?;
    }
    if !lookups.is_empty() {
        node.warehouse.project_lookups(&lookups).await?;
    }
    Ok(())
}

/// Finds out for inbound records whether another event, of this round or before it, brought forth what they name.
async fn resolve_upstream(node: &Node, events: &mut [(EventFact, QualityBody)]) -> Result<()> {
    let asked: HashSet<String> = events
        .iter()
        .filter(|(_, quality)| quality.needs_upstream)
        .flat_map(|(fact, _)| fact.event.inputs.iter().map(|unit| unit.code.clone()))
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let asked: Vec<String> = asked.into_iter().collect();
    let mut known: HashMap<String, Vec<ObjectId>> = node.warehouse.system_unit_events(&asked).await?;
    for (fact, _) in events.iter() {
        for unit in &fact.event.outputs {
            known.entry(unit.code.clone()).or_default().push(fact.key.object);
        }
    }
    for (fact, quality) in events.iter_mut().filter(|(_, quality)| quality.needs_upstream) {
        let own = fact.key.object;
        let by_another = |code: &String| known.get(code).is_some_and(|events| events.iter().any(|event| *event != own));
        let resolved = !fact.event.inputs.is_empty() && fact.event.inputs.iter().all(|unit| by_another(&unit.code));
        fact.quality = quality.with_upstream(resolved);
    }
    Ok(())
}

fn event_fact(key: FactKey, record: &Record) -> Option<(EventFact, QualityBody)> {
    let body: EventBody = serde_json::from_slice(&record.payload).ok()?;
    let fact = EventFact {
        key,
        event: body.event,
        payload: record.payload.clone(),
        voided_by: body.voided_by,
        quality: body.quality.with_upstream(false),
    };
    Some((fact, body.quality))
}

fn intake_fact(key: FactKey, record: &Record) -> Option<IntakeFact> {
    let body: IntakeBody = serde_json::from_slice(&record.payload).ok()?;
    let IntakeBody {
        system,
        message,
        format: _,
        received_at,
        division,
        category,
        stage,
        received,
        accepted,
        rejected,
        duplicate,
        rejects,
    } = body;
    Some(IntakeFact {
        key,
        system,
        message,
        received_at,
        division,
        category,
        stage,
        received,
        accepted,
        rejected,
        duplicate,
        rejects,
    })
}

fn lookup_fact(key: FactKey, record: &Record) -> Option<LookupFact> {
    let body: LookupHourBody = serde_json::from_slice(&record.payload).ok()?;
    let LookupHourBody { hour, division, category, outcome, lookups } = body;
    Some(LookupFact {
        key,
        hour,
        division,
        category,
        subject_type: String::new(),
        product: String::new(),
        outcome,
        lookups,
    })
}
