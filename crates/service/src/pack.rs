//! Packs (数据包) on a running node: the snapshot that every engine reads, and editions that arrive from above.
//!
//! What editions may say and which are in force is decided in [`suyuan_domain::pack::edition`]; publishing and reading
//! them stands in [`publish`]. Rows: N-TIER, N-CAT, G-6.4.2a.

pub mod publish;

use std::sync::{Arc, PoisonError, RwLock};

use suyuan_crypto::hash::{hex, sm3};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::division::Tier;
use suyuan_domain::fault::Fault;
use suyuan_domain::pack::edition::{self, Edition};
use suyuan_domain::pack::{PackError, Packs};
use suyuan_domain::period::Day;
use suyuan_domain::record::Record;
use suyuan_store::pack::{EditionRow, KeptEdition};
use suyuan_store::{Store, Tx};

use crate::quality::misplaced;
use crate::{Node, Result, ServiceError};

/// What is in force now, and from which later days other packs are.
#[derive(Debug)]
struct Timetable {
    now: Arc<Packs>,
    later: Vec<(Day, Arc<Packs>)>,
    /// Last edition that it was made from.
    last: i64,
}

/// The packs in force on this node, shared by all requests and swapped whole.
#[derive(Clone, Debug)]
pub struct SharedPacks {
    current: Arc<RwLock<Arc<Timetable>>>,
    loading: Arc<tokio::sync::Mutex<()>>,
}

impl SharedPacks {
    /// Starts with `packs`.
    #[must_use]
    pub fn new(packs: Arc<Packs>) -> Self {
        let table = Timetable { now: packs, later: Vec::new(), last: 0 };
        Self { current: Arc::new(RwLock::new(Arc::new(table))), loading: Arc::default() }
    }

    fn table(&self) -> Arc<Timetable> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The packs in force at `now`; a piece of work keeps the ones it began with.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Arc<Packs> {
        let table = self.table();
        if table.later.is_empty() {
            return Arc::clone(&table.now);
        }
        let today = Day::of(now);
        let begun = table.later.iter().rev().find(|(day, _)| *day <= today);
        Arc::clone(begun.map_or(&table.now, |(_, packs)| packs))
    }

    fn replace(&self, table: Timetable) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
    }
}

/// Puts the stored editions in force, when others are stored than those in force. Says whether it was so.
///
/// Called after every commit that stores one, at the start, and now and then, for what another process has stored.
///
/// # Errors
/// When the store is out of reach; what was in force stays.
pub async fn refresh(node: &Node) -> Result<bool> {
    let _one_at_a_time = node.shared_packs.loading.lock().await;
    let last = node.store.last_pack_edition().await?;
    if last == node.shared_packs.table().last {
        return Ok(false);
    }
    let kept = node.store.pack_editions().await?;
    let last = kept.last().map_or(0, |row| row.id);
    let counting = Counting::of(node, kept, Texts::Store(&node.store)).await?;
    for (row, fault) in &counting.unread {
        tracing::warn!(pack = row.head.name, number = row.head.number, code = fault.code, "an edition cannot be read");
    }
    let today = Day::of(node.now());
    let in_force = |day| edition::in_force(&counting.editions, day).map_err(|error| at_fault(&error));
    let turns = edition::turns(&counting.editions, today);
    let later: Result<Vec<_>> = turns.into_iter().map(|day| Ok((day, Arc::new(in_force(day)?.packs)))).collect();
    let table = Timetable { now: Arc::new(in_force(today)?.packs), later: later?, last };
    node.shared_packs.replace(table);
    tracing::info!(last, "packs in force");
    Ok(true)
}

fn at_fault(error: &PackError) -> ServiceError {
    ServiceError::Internal(error.to_string())
}

/// Tier of a node that publishes.
fn tier_of(node: &Node, code: &str) -> Tier {
    node.divisions.get(code).map_or(Tier::County, |division| division.tier)
}

/// Where texts of editions are read.
#[derive(Clone, Copy)]
enum Texts<'a> {
    Store(&'a Store),
    Tx(&'a Tx),
}

impl Texts<'_> {
    async fn read(self, id: i64) -> Result<String> {
        let text = match self {
            Self::Store(store) => store.pack_text(id).await?,
            Self::Tx(tx) => tx.pack_text(id).await?,
        };
        Ok(text.unwrap_or_default())
    }
}

/// The editions that count today or later, oldest first, with what they say.
struct Counting {
    /// As they lie here, beside [`Counting::editions`].
    rows: Vec<KeptEdition>,
    editions: Vec<Edition>,
    /// Those that this version of the program cannot read.
    unread: Vec<(KeptEdition, Fault)>,
}

impl Counting {
    async fn of(node: &Node, kept: Vec<KeptEdition>, texts: Texts<'_>) -> Result<Self> {
        let heads = kept.iter().map(|row| (tier_of(node, &row.head.node), row.head.name.as_str(), row.head.valid_from));
        let places = edition::counting(heads);
        let mut counting = Self { rows: Vec::new(), editions: Vec::new(), unread: Vec::new() };
        for (_, row) in kept.into_iter().enumerate().filter(|(place, _)| places.contains(place)) {
            let text = texts.read(row.id).await?;
            match Edition::read(&row.head.name, tier_of(node, &row.head.node), &text) {
                Ok(edition) => {
                    counting.editions.push(edition);
                    counting.rows.push(row);
                }
                Err(fault) => counting.unread.push((row, fault)),
            }
        }
        Ok(counting)
    }

    /// What is wrong with adding `new`, if something is.
    fn refuses(&self, new: Edition, today: Day) -> Result<Option<Fault>> {
        let mut editions = self.editions.clone();
        editions.push(new);
        edition::last_stands(&editions, today).map_err(|error| at_fault(&error))
    }
}

/// Takes in an edition of a tier above. Gives what is wrong with it, if something is; it is then in force nowhere here.
///
/// The snapshot is swapped by [`refresh`] after the commit.
///
/// # Errors
/// When the database refuses.
pub async fn take(node: &Node, tx: &Tx, record: &Record) -> Result<Option<Fault>> {
    let row: EditionRow = match serde_json::from_slice(&record.payload) {
        Ok(row) => row,
        Err(error) => return Ok(Some(crate::sync::apply::unreadable(&error))),
    };
    let origin = record.origin.as_ref().map(|origin| origin.node.as_str());
    if let Some(fault) = misplaced(record, row.head.object, (1, row.head.number), origin, &row.head.node) {
        return Ok(Some(fault));
    }
    let edition = match readable(node, &row) {
        Ok(edition) => edition,
        Err(fault) => return Ok(Some(fault)),
    };
    let kept = tx.pack_editions().await?;
    let same = |old: &&KeptEdition| old.head.node == row.head.node && old.head.name == row.head.name;
    if kept.iter().filter(same).any(|old| old.head.number >= row.head.number) {
        return Ok(None);
    }
    let counting = Counting::of(node, kept, Texts::Tx(tx)).await?;
    let fault = counting.refuses(edition, Day::of(node.now()))?;
    if fault.is_none() {
        tx.keep_pack_edition(&row, node.now()).await?;
    }
    Ok(fault)
}

fn readable(node: &Node, row: &EditionRow) -> std::result::Result<Edition, Fault> {
    let head = &row.head;
    if head.node == node.code() || !node.divisions.is_within(node.code(), &head.node) {
        let reason = format!("发布节点 {} 不是本节点的上级", head.node);
        return Err(Fault::new("PCK-0301", "node", reason, "请由上级平台发布数据包"));
    }
    let edition = Edition::read(&head.name, tier_of(node, &head.node), &row.text)?;
    let stated = (&head.version, head.valid_from, &head.sm3);
    if stated != (&edition.file.version, edition.file.valid_from, &hex(&sm3(row.text.as_bytes()))) {
        let reason = "数据包的版本、生效日期或摘要与内容不一致";
        return Err(Fault::new("PCK-0302", "text", reason, "请由发布节点重新发布"));
    }
    Ok(edition)
}
