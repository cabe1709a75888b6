//! What a record from another node changes here besides the journal.
//!
//! A record that cannot be applied is a fault of that record, never of the batch: it is set aside and the rest go on.
//! Kinds that this version does not know are kept and relayed, nothing else.

use suyuan_crypto::sign::VerifyingKey;
use suyuan_domain::fault::Fault;
use suyuan_domain::record::{Record, kind};
use suyuan_store::Tx;

use crate::payload::{EventBody, IntakeBody};
use crate::{Node, Result, audit, closure, complaint, disclosure, evaluation, lookup, pack, quality, register};

/// Applies one record. Gives what is wrong with it, if something is.
///
/// # Errors
/// When the node itself is at fault; the whole batch is then refused and comes again.
pub async fn record(node: &Node, tx: &mut Tx, record: &Record) -> Result<Option<Fault>> {
    match record.kind.as_str() {
        kind::EVENT => Ok(readable::<EventBody>(record)),
        kind::INTAKE => Ok(readable::<IntakeBody>(record)),
        kind::LOOKUP_HOUR => lookup::take(node, tx, record).await,
        kind::SUBJECT | kind::PRODUCT | kind::DEVICE | kind::ACCESS => register::take(node, tx, record).await,
        kind::CLAIM => register::take_claim(node, tx, record).await,
        kind::NOTE => register::take_note(tx, record).await,
        kind::CLOSURE => closure::take(node, tx, record).await,
        kind::FINDING => quality::take(node, tx, record).await,
        kind::COMPLAINT => complaint::take(node, tx, record).await,
        kind::NOTICE => disclosure::take(node, tx, record).await,
        kind::PACK => pack::take(node, tx, record).await,
        kind::EVALUATION | kind::GRADE => evaluation::take(node, tx, record).await,
        kind::AUDIT_HEAD => audit_head(node, tx, record).await,
        _ => Ok(None),
    }
}

/// The end of a lower node's audit trail; of a direct child its signature is checked, of others the chain that relays it.
async fn audit_head(node: &Node, tx: &Tx, record: &Record) -> Result<Option<Fault>> {
    let origin = record.origin.as_ref().map(|origin| origin.node.as_str()).unwrap_or_default();
    let peer = node.store.peer(origin).await?;
    let key = peer.map(|peer| VerifyingKey::from_spki_pem(&peer.public_key)).transpose()?;
    audit::head::take(tx, record, key.as_ref()).await
}

/// The fault of a record whose bytes are not the form of its kind.
#[must_use]
pub fn unreadable(error: &serde_json::Error) -> Fault {
    let reason = format!("记录内容无法解析（第 {} 行第 {} 列）", error.line(), error.column());
    Fault::new("XCH-0401", "payload", reason, "请在来源节点修正该记录后重报")
}

fn readable<T: serde::de::DeserializeOwned>(record: &Record) -> Option<Fault> {
    serde_json::from_slice::<T>(&record.payload).err().map(|error| unreadable(&error))
}
