//! Reading editions of packs (数据包版本), trying one out, and publishing it to this node and every node below.
//!
//! Nothing is ever taken back: the text before, published again, is the undo. Rows: N-TIER, G-6.4.2a, G-5.4.3.

use serde::Serialize;
use suyuan_crypto::hash::{hex, sm3};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::division::Tier;
use suyuan_domain::fault::Fault;
use suyuan_domain::pack::difference::{Change, How, difference, table_label};
use suyuan_domain::pack::edition::{self, Edition, Shipped};
use suyuan_domain::pack::{PackFile, Subject};
use suyuan_domain::period::Day;
use suyuan_domain::record::kind;
use suyuan_security::context::{Denied, OpContext};
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::pack::{EditionHead, EditionRow, KeptEdition};

use super::{Counting, Texts, at_fault, refresh, tier_of};
use crate::record::{Route, draft};
use crate::{Node, Result, ServiceError, audit};

/// Longest reason for publishing, in characters.
const MAX_NOTE: usize = 500;

/// Most changes that a dry run lists.
const MOST_CHANGES: usize = 2_000;

/// Most editions of one pack that are listed, newest first.
const MOST_EDITIONS: usize = 200;

/// An edition as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditionView {
    /// Node that published it; empty for the shipped pack.
    pub node: String,
    /// Name of that node's division.
    pub node_name: String,
    /// Number at that node, from 1; 0 for the shipped pack.
    pub number: u64,
    /// Version as it is written in the text.
    pub version: String,
    /// First day of validity.
    pub valid_from: Day,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// Who published it.
    pub published_by: String,
    /// When it arrived here.
    pub arrived_at: Option<Timestamp>,
    /// Why it was published.
    pub note: String,
    /// SM3 of the text.
    pub sm3: String,
    /// `in_force`, `pending`, `superseded` or `left_out`.
    pub state: String,
    /// Name of the state.
    pub state_name: String,
    /// Why it was left out.
    pub reason: Option<String>,
}

/// A pack with what is in force of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackView {
    /// Name.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// `category`, `rule` or `pack`.
    pub about: Subject,
    /// Whether editions travel to the nodes below.
    pub travels: bool,
    /// Words for the rows that tiers below may add.
    pub open: Vec<String>,
    /// What is in force today, highest tier first.
    pub in_force: Vec<EditionView>,
    /// How many editions are not yet in force.
    pub pending: usize,
    /// How many cannot stand beside the tiers above.
    pub left_out: usize,
    /// Whether the asker may publish an edition of this node.
    pub may_publish: bool,
}

/// A pack with its history and the text from which a new edition begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackDetail {
    /// The pack.
    pub pack: PackView,
    /// Editions, newest first; the shipped pack last.
    pub editions: Vec<EditionView>,
    /// Text of this node's newest edition, or what a first one begins with.
    pub own_text: String,
    /// Number of this node's newest edition; 0 where there is none.
    pub base: u64,
}

/// An edition with its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditionText {
    /// The edition.
    pub edition: EditionView,
    /// The text as it was written.
    pub text: String,
}

/// What publishing a text would change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    /// Version of the text.
    pub version: String,
    /// First day of validity as it is written.
    pub valid_from: Day,
    /// Whether it would be in force at once.
    pub at_once: bool,
    /// Version that it is compared with: what this node would have in force on that day without it.
    pub against: Option<String>,
    /// Number of this node's newest edition, to be handed in with the text.
    pub base: u64,
    /// Rows added.
    pub added: usize,
    /// Rows changed.
    pub changed: usize,
    /// Rows removed.
    pub removed: usize,
    /// The first 2,000 rows that change.
    pub changes: Vec<Change>,
}

/// An edition as it is handed in.
#[derive(Clone, Debug)]
pub struct PublishIn {
    /// The text.
    pub text: String,
    /// Why.
    pub note: String,
    /// Number of this node's newest edition that the publisher saw; 0 for none.
    pub base: u64,
}

fn known(name: &str) -> Result<Shipped> {
    edition::shipped_pack(name).ok_or(ServiceError::NotFound("pack"))
}

const fn kind_of(about: Subject) -> Kind {
    match about {
        Subject::Category => Kind::Category,
        Subject::Rule => Kind::Rule,
        Subject::Pack => Kind::Pack,
    }
}

/// Publishing binds the whole node, so an account of a part of it may not.
fn authorize(node: &Node, cx: &OpContext, about: Subject) -> Result<()> {
    let kind = kind_of(about);
    cx.authorize(Action::Publish, kind)?;
    if node.divisions.is_within(node.code(), &cx.division) {
        Ok(())
    } else {
        Err(Denied { kind, action: Action::Publish }.into())
    }
}

/// Everything that is kept, with what is in force today.
struct Desk {
    kept: Vec<KeptEdition>,
    states: std::collections::BTreeMap<i64, (&'static str, Option<String>)>,
}

impl Desk {
    async fn of(node: &Node) -> Result<Self> {
        // What is told to be in force is in force: an edition that has just been stored is taken up first.
        refresh(node).await?;
        let kept = node.store.pack_editions().await?;
        let counting = Counting::of(node, kept.clone(), Texts::Store(&node.store)).await?;
        let today = Day::of(node.now());
        let found = edition::in_force(&counting.editions, today).map_err(|error| at_fault(&error))?;
        let mut states = std::collections::BTreeMap::new();
        for (place, row) in counting.rows.iter().enumerate() {
            let same = |other: &&KeptEdition| other.head.node == row.head.node && other.head.name == row.head.name;
            let begun = |other: &&KeptEdition| other.head.valid_from <= today;
            let newest = counting.rows.iter().filter(same).filter(begun).map(|other| other.head.valid_from).max();
            let state = match found.left_out.get(&place) {
                Some(fault) => ("left_out", Some(fault.reason.clone())),
                None if row.head.valid_from > today => ("pending", None),
                None if newest == Some(row.head.valid_from) => ("in_force", None),
                None => ("superseded", None),
            };
            states.insert(row.id, state);
        }
        let unread = counting.unread.iter().map(|(row, fault)| (row.id, ("left_out", Some(fault.reason.clone()))));
        states.extend(unread);
        Ok(Self { kept, states })
    }

    fn view(&self, node: &Node, row: &KeptEdition) -> EditionView {
        let (state, reason) = self.states.get(&row.id).cloned().unwrap_or(("superseded", None));
        let EditionHead { number, version, valid_from, sm3, note, published_at, published_by, .. } = row.head.clone();
        EditionView {
            node_name: node.divisions.name(&row.head.node).to_owned(),
            node: row.head.node.clone(),
            number,
            version,
            valid_from,
            published_at: Some(published_at),
            published_by,
            arrived_at: Some(row.arrived_at),
            note,
            sm3,
            state: state.to_owned(),
            state_name: state_name(state).to_owned(),
            reason,
        }
    }

    /// All editions of a pack, newest first, the shipped one last.
    fn editions(&self, node: &Node, pack: &Shipped) -> Vec<EditionView> {
        let own = self.kept.iter().rev().filter(|row| row.head.name == pack.name).take(MOST_EDITIONS);
        let mut views: Vec<EditionView> = own.map(|row| self.view(node, row)).collect();
        let national = |view: &EditionView| tier_of(node, &view.node) == Tier::Nation && view.state == "in_force";
        let state = if views.iter().any(national) { "superseded" } else { "in_force" };
        views.push(shipped_view(pack, state));
        views
    }

    fn pack(&self, node: &Node, cx: &OpContext, pack: &Shipped) -> PackView {
        let editions = self.editions(node, pack);
        let count = |state: &str| editions.iter().filter(|view| view.state == state).count();
        let mut in_force: Vec<EditionView> = editions.iter().filter(|view| view.state == "in_force").cloned().collect();
        in_force.sort_by_key(|view| (view.number > 0).then(|| tier_of(node, &view.node)));
        PackView {
            name: pack.name.to_owned(),
            title: pack.file.title.clone(),
            about: pack.file.about,
            travels: pack.file.travels,
            open: pack.file.local.iter().map(|table| table_label(table).to_owned()).collect(),
            pending: count("pending"),
            left_out: count("left_out"),
            in_force,
            may_publish: pack.file.travels && authorize(node, cx, pack.file.about).is_ok(),
        }
    }
}

fn state_name(state: &str) -> &'static str {
    match state {
        "in_force" => "生效中",
        "pending" => "待生效",
        "left_out" => "未采用",
        _ => "已被替代",
    }
}

fn shipped_view(pack: &Shipped, state: &str) -> EditionView {
    EditionView {
        node: String::new(),
        node_name: "随程序提供".to_owned(),
        number: 0,
        version: pack.file.version.clone(),
        valid_from: pack.file.valid_from,
        published_at: None,
        published_by: String::new(),
        arrived_at: None,
        note: String::new(),
        sm3: hex(&sm3(pack.text.as_bytes())),
        state: state.to_owned(),
        state_name: state_name(state).to_owned(),
        reason: None,
    }
}

/// All packs with what is in force.
///
/// # Errors
/// Without permission, or when the database is out of reach.
pub async fn list(node: &Node, cx: &OpContext) -> Result<Vec<PackView>> {
    cx.authorize(Action::Read, Kind::Pack)?;
    let desk = Desk::of(node).await?;
    Ok(edition::shipped().iter().map(|pack| desk.pack(node, cx, pack)).collect())
}

/// One pack with its history.
///
/// # Errors
/// Without permission, or when there is no such pack.
pub async fn get(node: &Node, cx: &OpContext, name: &str) -> Result<PackDetail> {
    cx.authorize(Action::Read, Kind::Pack)?;
    let pack = known(name)?;
    let desk = Desk::of(node).await?;
    let newest = newest_own(node, &desk.kept, name);
    let own_text = match newest {
        Some(row) => node.store.pack_text(row.id).await?.unwrap_or_default(),
        None if node.config.tier == Tier::Nation => pack.text.to_owned(),
        None => beginning(&pack, Day::of(cx.now)),
    };
    Ok(PackDetail {
        base: newest.map_or(0, |row| row.head.number),
        own_text,
        editions: desk.editions(node, &pack),
        pack: desk.pack(node, cx, &pack),
    })
}

/// What a first edition of a node below the nation begins with.
fn beginning(pack: &Shipped, today: Day) -> String {
    let open: Vec<String> = pack.file.local.iter().map(|table| format!("{table}（{}）", table_label(table))).collect();
    let open = if open.is_empty() { "无".to_owned() } else { open.join("、") };
    format!(
        "# {}：只写本地新增的行。上级开放的表：{open}\nversion = \"1\"\nvalid_from = \"{today}\"\n",
        pack.file.title
    )
}

/// One edition with its text; an empty node or number 0 is the shipped pack.
///
/// # Errors
/// Without permission, or when there is no such edition.
pub async fn text(node: &Node, cx: &OpContext, name: &str, publisher: &str, number: u64) -> Result<EditionText> {
    cx.authorize(Action::Read, Kind::Pack)?;
    let pack = known(name)?;
    let desk = Desk::of(node).await?;
    if number == 0 {
        let edition = desk.editions(node, &pack).pop().ok_or(ServiceError::NotFound("edition"))?;
        return Ok(EditionText { edition, text: pack.text.to_owned() });
    }
    let same = |row: &&KeptEdition| (row.head.name.as_str(), row.head.node.as_str()) == (name, publisher);
    let row = desk.kept.iter().filter(same).find(|row| row.head.number == number);
    let row = row.ok_or(ServiceError::NotFound("edition"))?;
    let text = node.store.pack_text(row.id).await?.ok_or(ServiceError::NotFound("edition"))?;
    Ok(EditionText { edition: desk.view(node, row), text })
}

fn newest_own<'a>(node: &Node, kept: &'a [KeptEdition], name: &str) -> Option<&'a KeptEdition> {
    kept.iter().rfind(|row| row.head.node == node.code() && row.head.name == name)
}

/// Tries a text out: what it would change, without changing anything.
///
/// # Errors
/// Without permission, when there is no such pack, or for a text with faults.
pub async fn preview(node: &Node, cx: &OpContext, name: &str, text: &str) -> Result<Preview> {
    authorize(node, cx, known(name)?.file.about)?;
    let kept = node.store.pack_editions().await?;
    Ok(checked(node, kept, name, text, cx.now, Texts::Store(&node.store)).await?.1)
}

/// Publishes a text as this node's newest edition of a pack: in force here after the commit, below on arrival.
///
/// # Errors
/// Without permission, when there is no such pack, for a text with faults, or when another edition was published since.
pub async fn publish(node: &Node, cx: &OpContext, name: &str, input: &PublishIn) -> Result<EditionView> {
    authorize(node, cx, known(name)?.file.about)?;
    if input.note.chars().count() > MAX_NOTE {
        let reason = format!("说明超过 {MAX_NOTE} 字");
        return Err(ServiceError::invalid("PCK-0111", "note", reason, "请缩短说明"));
    }
    let mut tx = node.store.begin().await?;
    let kept = tx.pack_editions().await?;
    let newest = newest_own(node, &kept, name).map(|row| row.head.clone());
    if newest.as_ref().map_or(0, |head| head.number) != input.base {
        return Err(ServiceError::changed_meanwhile());
    }
    let (file, _) = checked(node, kept, name, &input.text, cx.now, Texts::Tx(&tx)).await?;
    let head = EditionHead {
        object: newest.as_ref().map_or_else(|| node.mint(), |head| head.object),
        number: input.base + 1,
        name: name.to_owned(),
        node: node.code().to_owned(),
        version: file.version,
        valid_from: file.valid_from,
        sm3: hex(&sm3(input.text.as_bytes())),
        note: input.note.trim().to_owned(),
        published_at: cx.now,
        published_by: cx.actor.username.clone(),
    };
    let row = EditionRow { head, text: input.text.clone() };
    keep(&mut tx, cx, &row, newest.map(|head| head.version)).await?;
    tx.commit().await?;
    let desk = Desk::of(node).await?;
    let found = newest_own(node, &desk.kept, name).ok_or(ServiceError::NotFound("edition"))?;
    Ok(desk.view(node, found))
}

async fn keep(tx: &mut Tx, cx: &OpContext, row: &EditionRow, before: Option<String>) -> Result<()> {
    if !tx.keep_pack_edition(row, cx.now).await? {
        return Err(ServiceError::changed_meanwhile());
    }
    let head = &row.head;
    tx.append(vec![draft(kind::PACK, head.object, (1, head.number), cx.now, Route::Below, row)?]).await?;
    let after = format!("{} {}", head.version, head.sm3);
    audit::note(tx, cx, "pack.publish", "pack", &head.name, before.as_deref(), Some(&after)).await
}

/// Reads and judges a text, and says what it changes.
async fn checked(
    node: &Node,
    kept: Vec<KeptEdition>,
    name: &str,
    text: &str,
    now: Timestamp,
    texts: Texts<'_>,
) -> Result<(PackFile, Preview)> {
    let invalid = |fault: Fault| ServiceError::Invalid(vec![fault]);
    let pack = known(name)?;
    let tier = node.config.tier;
    let new = Edition::read(name, tier, text).map_err(invalid)?;
    let base = newest_own(node, &kept, name).map_or(0, |row| row.head.number);
    let mut own: Vec<(PackFile, String)> = Vec::new();
    if tier == Tier::Nation {
        own.push((pack.file.clone(), pack.text.to_owned()));
    }
    for row in kept.iter().filter(|row| row.head.node == node.code() && row.head.name == name) {
        let text = texts.read(row.id).await?;
        own.extend(PackFile::read(name, &text).ok().map(|file| (file, text)));
    }
    if own.last().is_some_and(|(_, newest)| newest == text) {
        let fault = Fault::new("PCK-0110", "text", "内容与本节点最新版本相同", "无需重复发布");
        return Err(invalid(fault));
    }
    let faults = edition::renamed(&new.file, &own.iter().map(|(file, _)| file).collect::<Vec<_>>());
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let heads = own.iter().map(|(file, _)| (tier, name, file.valid_from));
    let counting = edition::counting(heads);
    let mut against = own.iter().enumerate().filter(|(place, _)| counting.contains(place)).map(|(_, (file, _))| file);
    let against = against.rfind(|file| file.valid_from <= new.file.valid_from).cloned();
    let today = Day::of(now);
    if let Some(fault) = Counting::of(node, kept, texts).await?.refuses(new.clone(), today)? {
        return Err(invalid(fault));
    }
    let preview = told(against.as_ref(), &new.file, base, today);
    Ok((new.file, preview))
}

fn told(against: Option<&PackFile>, new: &PackFile, base: u64, today: Day) -> Preview {
    let mut changes = difference(against, new);
    let count = |how| changes.iter().filter(|change| change.how == how).count();
    let (added, changed, removed) = (count(How::Added), count(How::Changed), count(How::Removed));
    changes.truncate(MOST_CHANGES);
    Preview {
        version: new.version.clone(),
        valid_from: new.valid_from,
        at_once: new.valid_from <= today,
        against: against.map(|file| file.version.clone()),
        base,
        added,
        changed,
        removed,
        changes,
    }
}
