//! Which identifiers of a message are taken, and by what: in the relational store for some weeks, in the warehouse for
//! ever. Rows: G-8, H-6.2.

use std::collections::{BTreeMap, HashMap};

use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::TraceEvent;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::order_number;
use suyuan_store::Tx;

use super::{Prepared, PreparedRow};
use crate::housekeeping::EVENT_KEYS_KEPT;
use crate::{Node, Result};

/// An event that was reported before happened before that. Only events older than this are looked for in the warehouse: a
/// day less than identifiers are kept beside it, so that the two overlap.
const LONG_AGO: i64 = EVENT_KEYS_KEPT - 86_400_000;

/// What the identifiers of a message named before it: subject and identifier → event and version.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<(String, String), (ObjectId, u64)>);

/// Subject and identifier of the rows that have one.
fn named(rows: &[PreparedRow]) -> impl Iterator<Item = (&TraceEvent, &str)> {
    rows.iter().filter_map(|row| match row {
        PreparedRow::Good { body, .. } => Some((&body.event, body.event.event_id.as_deref()?)),
        PreparedRow::Bad { .. } => None,
    })
}

impl Known {
    /// What the warehouse knows of identifiers that may be forgotten elsewhere. Asked before the writer's transaction,
    /// which waits for nothing but the database.
    pub(super) async fn long_ago(node: &Node, system: &str, rows: &[PreparedRow], now: Timestamp) -> Result<Self> {
        let old: Vec<(&TraceEvent, &str)> =
            named(rows).filter(|(event, _)| event.event_time < now.plus_millis(-LONG_AGO)).collect();
        if old.is_empty() {
            return Ok(Self::default());
        }
        let ids: Vec<String> = old.iter().map(|(_, id)| (*id).to_owned()).collect();
        let mut found = HashMap::new();
        for key in node.warehouse.system_known_keys(&ids).await? {
            if key.system == system {
                // Terms come with a change of authority, which events do not have.
                let version = key.order.saturating_sub(order_number(1, 0));
                found.insert(key.event_id, (key.object, version));
            }
        }
        let known = old.into_iter().filter_map(|(event, id)| {
            let place = found.get(id)?;
            Some(((event.subject.clone(), id.to_owned()), *place))
        });
        Ok(Self(known.collect()))
    }

    /// What is known of the message's identifiers now.
    pub(super) async fn of(tx: &Tx, message: &Prepared) -> Result<Self> {
        let mut by_subject: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (event, id) in named(&message.rows) {
            by_subject.entry(&event.subject).or_default().push(id);
        }
        let mut known = message.long_known.0.clone();
        for (subject, ids) in by_subject {
            for key in tx.event_keys(subject, &ids).await? {
                known.insert((key.subject, key.event_id), (key.object, key.version));
            }
        }
        Ok(Self(known))
    }

    pub(super) fn find(&self, event: &TraceEvent) -> Option<(ObjectId, u64)> {
        let id = event.event_id.clone()?;
        self.0.get(&(event.subject.clone(), id)).copied()
    }

    pub(super) fn note(&mut self, event: &TraceEvent, object: ObjectId, version: u64) {
        if let Some(id) = event.event_id.clone() {
            self.0.insert((event.subject.clone(), id), (object, version));
        }
    }
}
