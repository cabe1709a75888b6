//! Disclosure (信息披露): notices written here, published to the public of this node and of every node below it.
//!
//! A notice belongs to the node that wrote it; nodes below show it and cannot change it. Rows: G-6.9a.

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Record, kind};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::notice::Notice;

use crate::listing::Listed;
use crate::quality::{cursor, misplaced, read_cursor};
use crate::record::{Route, draft};
use crate::{Node, Result, ServiceError, audit};

/// A notice as it is written.
#[derive(Clone, Debug, Deserialize)]
pub struct NoticeIn {
    /// Title.
    pub title: String,
    /// Kind: `notice`, `policy`, `standard`, `news`, `recall`.
    #[serde(default)]
    pub kind: String,
    /// Text.
    pub body: String,
    /// Version that the writer saw; for changes.
    #[serde(default)]
    pub version: Option<u64>,
}

/// A notice as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoticeOut {
    /// Identity.
    pub id: ObjectId,
    /// Title.
    pub title: String,
    /// Kind.
    pub kind: String,
    /// Name of the kind.
    pub kind_name: String,
    /// Text.
    pub body: String,
    /// State.
    pub state: String,
    /// Name of the state.
    pub state_name: String,
    /// Node that wrote it.
    pub origin_node: String,
    /// Name of that node's division.
    pub origin_name: String,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Version.
    pub version: u64,
}

/// Which page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NoticeQuery {
    /// State; the public always sees what is published.
    pub state: Option<String>,
    /// Words in title or text.
    pub q: Option<String>,
    /// Cursor.
    pub after: Option<String>,
    /// Rows, 1 to 200.
    pub limit: Option<usize>,
}

const KINDS: [(&str, &str); 5] = [
    ("notice", "通知公告"),
    ("policy", "政策法规"),
    ("standard", "标准规范"),
    ("news", "工作动态"),
    ("recall", "召回信息"),
];

fn out(node: &Node, notice: Notice) -> NoticeOut {
    let kind_name = KINDS.iter().find(|(code, _)| *code == notice.kind).map_or("通知公告", |(_, name)| name);
    let state_name = match notice.state.as_str() {
        "published" => "已发布",
        "withdrawn" => "已撤回",
        _ => "草稿",
    };
    NoticeOut {
        id: notice.object,
        title: notice.title,
        kind: notice.kind,
        kind_name: kind_name.to_owned(),
        body: notice.body,
        state: notice.state,
        state_name: state_name.to_owned(),
        origin_name: node.divisions.name(&notice.origin_node).to_owned(),
        origin_node: notice.origin_node,
        published_at: notice.published_at,
        updated_at: notice.updated_at,
        version: notice.version,
    }
}

fn checked(input: &NoticeIn) -> Result<(String, String, String)> {
    let (title, body, kind) = (input.title.trim(), input.body.trim(), input.kind.trim());
    let kind = if kind.is_empty() { "notice" } else { kind };
    let mut faults = Vec::new();
    if title.is_empty() || title.chars().count() > 100 {
        faults.push(Fault::new("NTC-0101", "title", "标题应为 1 至 100 字", "请修改标题"));
    }
    if body.is_empty() || body.chars().count() > 20_000 {
        faults.push(Fault::new("NTC-0102", "body", "正文应为 1 至 20000 字", "请修改正文"));
    }
    if !KINDS.iter().any(|(code, _)| *code == kind) {
        faults.push(Fault::new("NTC-0103", "kind", format!("没有类型 {kind}"), "请从列表中选择类型"));
    }
    if faults.is_empty() {
        Ok((title.to_owned(), body.to_owned(), kind.to_owned()))
    } else {
        Err(ServiceError::Invalid(faults))
    }
}

async fn page(node: &Node, query: &NoticeQuery, state: Option<&str>) -> Result<Listed<NoticeOut>> {
    let after = query.after.as_deref().and_then(read_cursor);
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let found = node.store.notices(state, query.q.as_deref(), after, limit).await?;
    Ok(Listed::of_page(found, |row| cursor(row.updated_at, row.object)).map(|row| out(node, row)))
}

/// What the public reads: own notices and those of the tiers above.
///
/// # Errors
/// When the database is out of reach.
pub async fn published(node: &Node, query: &NoticeQuery) -> Result<Listed<NoticeOut>> {
    page(node, query, Some("published")).await
}

/// A page of notices in every state.
///
/// # Errors
/// Without permission, or when the database is out of reach.
pub async fn list(node: &Node, cx: &OpContext, query: &NoticeQuery) -> Result<Listed<NoticeOut>> {
    cx.authorize(Action::Read, Kind::Notice)?;
    page(node, query, query.state.as_deref()).await
}

/// One notice.
///
/// # Errors
/// Without permission, or when it is absent.
pub async fn get(node: &Node, cx: &OpContext, id: ObjectId) -> Result<NoticeOut> {
    cx.authorize(Action::Read, Kind::Notice)?;
    Ok(out(node, node.store.notice(id).await?.ok_or(ServiceError::NotFound("notice"))?))
}

/// Writes a new draft.
///
/// # Errors
/// Without permission, or for input with faults.
pub async fn create(node: &Node, cx: &OpContext, input: &NoticeIn) -> Result<NoticeOut> {
    cx.authorize(Action::Create, Kind::Notice)?;
    let (title, body, kind) = checked(input)?;
    let notice = Notice {
        object: node.mint(),
        title,
        kind,
        body,
        state: "draft".to_owned(),
        origin_node: node.code().to_owned(),
        version: 1,
        published_at: None,
        updated_at: cx.now,
    };
    let tx = node.store.begin().await?;
    tx.write_notice(&notice, 0).await?;
    audit::note(&tx, cx, "notice.create", "notice", &notice.object.to_string(), None, Some(&notice.title)).await?;
    tx.commit().await?;
    Ok(out(node, notice))
}

/// Changes a draft.
///
/// # Errors
/// Without permission, for input with faults, for what is published already or was changed meanwhile.
pub async fn change(node: &Node, cx: &OpContext, id: ObjectId, input: &NoticeIn) -> Result<NoticeOut> {
    cx.authorize(Action::Update, Kind::Notice)?;
    let (title, body, kind) = checked(input)?;
    let edit = |before: &Notice| {
        if input.version.is_some_and(|version| version != before.version) {
            return Err(ServiceError::changed_meanwhile());
        }
        expect_state(before, "draft", "只有草稿可以修改")?;
        Ok(Notice { title, body, kind, ..before.clone() })
    };
    step(node, cx, id, "notice.update", edit).await
}

/// Publishes a draft to the public of this node and of every node below.
///
/// # Errors
/// Without permission, or when it is no draft.
pub async fn publish(node: &Node, cx: &OpContext, id: ObjectId) -> Result<NoticeOut> {
    cx.authorize(Action::Publish, Kind::Notice)?;
    let edit = |before: &Notice| {
        expect_state(before, "draft", "只有草稿可以发布")?;
        Ok(Notice { state: "published".to_owned(), published_at: Some(cx.now), ..before.clone() })
    };
    step(node, cx, id, "notice.publish", edit).await
}

/// Withdraws what was published.
///
/// # Errors
/// Without permission, or when it is not published.
pub async fn withdraw(node: &Node, cx: &OpContext, id: ObjectId) -> Result<NoticeOut> {
    cx.authorize(Action::Publish, Kind::Notice)?;
    let edit = |before: &Notice| {
        expect_state(before, "published", "只有已发布的公告可以撤回")?;
        Ok(Notice { state: "withdrawn".to_owned(), ..before.clone() })
    };
    step(node, cx, id, "notice.withdraw", edit).await
}

fn expect_state(notice: &Notice, state: &str, reason: &str) -> Result<()> {
    if notice.state == state {
        return Ok(());
    }
    Err(ServiceError::Conflict(Fault::new("NTC-0201", "state", reason, "请刷新后重试")))
}

async fn step(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    action: &str,
    edit: impl FnOnce(&Notice) -> Result<Notice>,
) -> Result<NoticeOut> {
    let mut tx = node.store.begin().await?;
    let before = tx.notice(id).await?.ok_or(ServiceError::NotFound("notice"))?;
    if before.origin_node != node.code() {
        let fault = Fault::new("NTC-0202", "", "该公告由上级平台发布", "请联系发布平台");
        return Err(ServiceError::Conflict(fault));
    }
    let mut after = edit(&before)?;
    after.version = before.version + 1;
    after.updated_at = cx.now;
    tx.write_notice(&after, before.version).await?;
    if after.state != "draft" {
        tx.append(vec![draft(kind::NOTICE, id, (1, after.version), cx.now, Route::Below, &after)?]).await?;
    }
    audit::note(&tx, cx, action, "notice", &id.to_string(), Some(&before.state), Some(&after.state)).await?;
    tx.commit().await?;
    Ok(out(node, after))
}

/// Takes in a notice of a tier above. Gives what is wrong with the record, if something is.
///
/// # Errors
/// When the database refuses.
pub async fn take(_node: &Node, tx: &Tx, record: &Record) -> Result<Option<Fault>> {
    let notice: Notice = match serde_json::from_slice(&record.payload) {
        Ok(notice) => notice,
        Err(error) => return Ok(Some(crate::sync::apply::unreadable(&error))),
    };
    let origin = record.origin.as_ref().map(|origin| origin.node.as_str());
    if let Some(fault) = misplaced(record, notice.object, (1, notice.version), origin, &notice.origin_node) {
        return Ok(Some(fault));
    }
    tx.take_notice(&notice).await?;
    Ok(None)
}
