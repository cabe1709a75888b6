//! Who holds a code, on a running node: marks entries that bear the code of another, and tells their owners.
//!
//! Every node decides by the same rule ([`suyuan_domain::claim`]) over what it knows. The lowest node that sees both
//! entries tells the owner of the one that lost, by a record that everybody on the way takes in as well.
//! Rows: G-6.2.1b.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use suyuan_domain::claim::{Claim, Claims};
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Draft, Record, kind};
use suyuan_store::Tx;
use suyuan_store::register::{Claimant, Entry, Ruling};

use super::State;
use crate::node::Node;
use crate::record::{self, Route};
use crate::{Result, sync};

/// A claim as it is told downward. The object of the record is the entry that claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimBody {
    /// Kind of the register.
    pub register: String,
    /// The code.
    pub code: String,
    /// Name of the entry.
    pub name: String,
    /// Node that owns it.
    pub node: String,
    /// Whether it claims the code; `false` takes an earlier word back.
    pub live: bool,
}

/// The entry that holds a code which another one bears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rival {
    /// The entry, where this node has it.
    pub id: Option<ObjectId>,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Node that owns it.
    pub node: String,
}

fn claims(entry: &Entry) -> bool {
    State::parse(&entry.state).is_some_and(State::claims) && !entry.code.is_empty()
}

/// Decides anew who holds `codes`, after entries with them were written in this transaction.
pub(crate) async fn settle(node: &Node, tx: &mut Tx, register: &str, codes: &[&str]) -> Result<()> {
    let codes: BTreeSet<&str> = codes.iter().copied().filter(|code| !code.is_empty()).collect();
    for code in codes {
        tx.lock_code(register, code).await?;
        let entries = tx.system_entries_of_code(register, code).await?;
        let told = tx.rulings(register, code).await?;
        let foreign = tx.claims_on(register, code).await?;
        if entries.len() + foreign.len() < 2 && told.is_empty() && entries.iter().all(|entry| entry.rival.is_none()) {
            continue;
        }
        let holder = holder(&entries, &foreign);
        for entry in &entries {
            let rival = holder.filter(|holder| claims(entry) && *holder != entry.object);
            if rival != entry.rival {
                tx.set_rival(entry.object, rival).await?;
            }
        }
        tell(node, tx, (register, code), &entries, holder, &told).await?;
    }
    Ok(())
}

fn holder(entries: &[Entry], foreign: &[Claimant]) -> Option<ObjectId> {
    let own = entries.iter().map(|entry| Claim { object: entry.object, order: entry.order(), live: claims(entry) });
    // Of an entry that this node has, its own state is the newest word.
    let here = |claim: &&Claimant| entries.iter().all(|entry| entry.object != claim.object);
    let other = foreign.iter().filter(here);
    let other = other.map(|claim| Claim { object: claim.object, order: claim.order, live: claim.live });
    own.chain(other).collect::<Claims>().holder()
}

/// Tells the owners below: those that lost to an entry of another branch, and those to whom an entry was named that lets go.
async fn tell(
    node: &Node,
    tx: &mut Tx,
    (register, code): (&str, &str),
    entries: &[Entry],
    holder: Option<ObjectId>,
    told: &[Ruling],
) -> Result<()> {
    let children: Vec<String> = tx.peers("child").await?.into_iter().map(|peer| peer.code).collect();
    let mut words: Vec<Ruling> = Vec::new();
    if let Some(winner) = entries.iter().find(|entry| Some(entry.object) == holder) {
        for loser in entries.iter().filter(|entry| claims(entry) && entry.object != winner.object) {
            let ruling = Ruling { object: winner.object, node: loser.origin_node.clone(), live: true };
            let here = loser.origin_node != node.code()
                && branch(node, &children, &loser.origin_node) != branch(node, &children, &winner.origin_node);
            if here && !told.contains(&ruling) && !words.contains(&ruling) {
                words.push(ruling);
            }
        }
    }
    for ruling in told.iter().filter(|ruling| ruling.live) {
        let stands = entries.iter().any(|entry| entry.object == ruling.object && claims(entry));
        if !stands {
            words.push(Ruling { live: false, ..ruling.clone() });
        }
    }
    for ruling in words {
        if let Some(draft) = word(tx, (register, code), &ruling, node).await? {
            tx.append(vec![draft]).await?;
            tx.keep_ruling(register, code, &ruling).await?;
        }
    }
    Ok(())
}

/// The child of this node below which `owner` lies; the owner itself where there is none.
fn branch<'a>(node: &Node, children: &'a [String], owner: &'a str) -> &'a str {
    children.iter().find(|child| node.divisions.is_within(owner, child)).map_or(owner, String::as_str)
}

async fn word(tx: &Tx, (register, code): (&str, &str), ruling: &Ruling, node: &Node) -> Result<Option<Draft>> {
    let Some(entry) = tx.system_entry(ruling.object).await? else { return Ok(None) };
    let body = ClaimBody {
        register: register.to_owned(),
        code: code.to_owned(),
        name: entry.name.clone(),
        node: entry.origin_node.clone(),
        live: ruling.live,
    };
    let route = Route::To(ruling.node.clone());
    let order = (entry.term, entry.version);
    let mut draft = record::draft(kind::CLAIM, ruling.object, order, node.now(), route, &body)?;
    draft.part = format!("{}/{code}", ruling.node);
    Ok(Some(draft))
}

/// Takes in who holds a code, as a tier above tells it; gives what is wrong with a record that has to be set aside.
///
/// # Errors
/// When the database refuses.
pub async fn take(node: &Node, tx: &mut Tx, record: &Record) -> Result<Option<Fault>> {
    let body = match serde_json::from_slice::<ClaimBody>(&record.payload) {
        Ok(body) => body,
        Err(error) => return Ok(Some(sync::apply::unreadable(&error))),
    };
    if record.origin.as_ref().is_some_and(|origin| origin.stream.is_up()) {
        let fault = Fault::new("REG-0914", "", "编码归属只能由上级节点告知", "请核对记录的来源");
        return Ok(Some(fault));
    }
    let claim = Claimant {
        object: record.object,
        kind: body.register.clone(),
        code: body.code.clone(),
        name: body.name,
        node: body.node,
        order: record.order(),
        live: body.live,
    };
    tx.keep_claim(&claim).await?;
    settle(node, tx, &body.register, &[&body.code]).await?;
    Ok(None)
}

/// The entry that holds the code of `entry`, where that is another one.
///
/// # Errors
/// When the database is out of reach.
pub async fn rival(node: &Node, entry: &Entry) -> Result<Option<Rival>> {
    let Some(object) = entry.rival else { return Ok(None) };
    if let Some(other) = node.store.system_entry(object).await? {
        let (code, name) = (other.code, other.name);
        return Ok(Some(Rival { id: Some(object), code, name, node: other.origin_node }));
    }
    let claim = node.store.claim(object, &entry.code).await?;
    Ok(claim.map(|claim| Rival { id: None, code: claim.code, name: claim.name, node: claim.node }))
}
