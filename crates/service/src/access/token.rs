//! Tokens of connected systems (接入令牌): several for a system, each with a name, what it opens, an end, and when it was used
//! last. Known by their hash only and shown once. Rows: G-6.7.2, H-8.

use serde::Serialize;
use suyuan_crypto::token;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::access::token::{NewToken, TokenRow};
use suyuan_store::register::Entry;

use crate::node::Node;
use crate::register::State;
use crate::{Result, ServiceError, account, audit};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Days for which a token is valid unless asked otherwise.
pub const VALID_DAYS: u32 = 365;
/// Most days for which a token is valid.
const MOST_DAYS: u32 = 730;
/// Hours for which the old token works beside the new one unless asked otherwise.
pub const OVERLAP_HOURS: u32 = 24;
/// Most hours of overlap.
const MOST_OVERLAP: u32 = 168;
/// Most tokens of a system that work at the same time.
const MOST_TOKENS: usize = 20;

/// What a token opens (令牌用途).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenScope {
    /// Reporting events and registers (数据报送).
    Report,
    /// Signs of life (心跳).
    Heartbeat,
    /// Asking back what was reported (查询).
    Query,
    /// Adding to the audit trail and reading one's own rows (审计日志).
    Audit,
}

impl TokenScope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Report, Self::Heartbeat, Self::Query, Self::Audit];

    /// The word in interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Heartbeat => "heartbeat",
            Self::Query => "query",
            Self::Audit => "audit",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A token as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenView {
    /// Number on this node.
    pub number: i64,
    /// Name.
    pub name: String,
    /// Last four characters.
    pub hint: String,
    /// What it opens.
    pub scopes: Vec<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Who issued it.
    pub issued_by: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// From where it was last used.
    pub last_address: Option<String>,
    /// `active`, `ending`, `expired` or `revoked`.
    pub state: &'static str,
    /// Name of the state.
    pub state_name: &'static str,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Whether a token opens anything at a moment.
#[must_use]
pub fn is_valid(row: &TokenRow, now: Timestamp) -> bool {
    row.revoked_at.is_none() && row.ends_at.is_none_or(|end| end > now.millis())
}

/// From how long before its end a token counts as ending, in milliseconds; its end is announced then.
pub(super) const ENDING: i64 = 14 * DAY;

impl TokenView {
    pub(super) fn of(row: TokenRow, now: Timestamp) -> Self {
        let ending = row.ends_at.is_some_and(|end| end - now.millis() <= ENDING);
        let (state, state_name) = match (row.revoked_at.is_some(), is_valid(&row, now), ending) {
            (true, ..) => ("revoked", "已吊销"),
            (_, false, _) => ("expired", "已过期"),
            (_, _, true) => ("ending", "即将到期"),
            _ => ("active", "有效"),
        };
        Self {
            number: row.id,
            name: row.name,
            hint: row.hint,
            scopes: row.scopes.split(' ').map(str::to_owned).collect(),
            issued_at: Timestamp::from_millis(row.issued_at),
            issued_by: row.issued_by,
            expires_at: row.ends_at.map(Timestamp::from_millis),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
            last_address: Some(row.last_address).filter(|address| !address.is_empty()),
            state,
            state_name,
            revoked_at: row.revoked_at.map(Timestamp::from_millis),
        }
    }
}

/// A new token with its text, which is kept nowhere.
#[derive(Clone)]
pub struct Issued {
    /// The text.
    pub token: String,
    /// The token.
    pub row: TokenView,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("row", &self.row).finish_non_exhaustive()
    }
}

/// What a token is to be.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Name.
    pub name: String,
    /// What it opens.
    pub scopes: Vec<TokenScope>,
    /// Days for which it is valid.
    pub valid_days: u32,
}

impl Wish {
    fn checked(mut self) -> Result<Self> {
        self.name = self.name.trim().to_owned();
        let length = self.name.chars().count();
        let fault = |code, field, reason: &str, advice: &str| Err(ServiceError::invalid(code, field, reason, advice));
        if !(1..=50).contains(&length) || self.name.chars().any(char::is_control) {
            return fault("ACC-0211", "name", "令牌名称应为 1 至 50 字", "请填写用途，如“生产环境报送”");
        }
        if self.scopes.is_empty() {
            return fault("ACC-0212", "scopes", "没有选择令牌用途", "请至少选择报送、心跳、查询、审计中的一项");
        }
        if !(1..=MOST_DAYS).contains(&self.valid_days) {
            return fault("ACC-0213", "valid_days", "有效天数应为 1 至 730", "请填写天数，到期前可轮换");
        }
        self.scopes.sort_unstable();
        self.scopes.dedup();
        Ok(self)
    }
}

/// The system whose tokens are kept now: in force and this node's.
async fn issuing(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Entry> {
    cx.authorize(Action::Issue, Kind::Access)?;
    let entry = node.store.entry(&cx.scope, kind::ACCESS, id).await?.ok_or(ServiceError::NotFound(kind::ACCESS))?;
    let live = State::parse(&entry.state).is_some_and(State::is_live);
    if entry.origin_node != node.code() || !live {
        let fault = Fault::new("ACC-0203", "", "该系统尚未接入本节点，不能签发令牌", "请先完成审核");
        return Err(ServiceError::Conflict(fault));
    }
    account::confirmed(node, cx)?;
    Ok(entry)
}

async fn add(node: &Node, tx: &Tx, cx: &OpContext, system: &str, wish: &Wish) -> Result<Issued> {
    let text = token::new_token(&*node.entropy)?;
    let hint = text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned();
    let words: Vec<&str> = wish.scopes.iter().map(|scope| scope.as_str()).collect();
    let scopes = words.join(" ");
    let ends_at = cx.now.plus_millis(i64::from(wish.valid_days) * DAY);
    let new = NewToken {
        system,
        name: &wish.name,
        hash: &token::token_hash(&text),
        hint: &hint,
        scopes: &scopes,
        issued_by: &cx.actor.username,
        ends_at: Some(ends_at),
    };
    let id = tx.add_token(&new, cx.now).await?;
    let told =
        serde_json::json!({ "number": id, "name": wish.name, "hint": hint, "scopes": words, "ends_at": ends_at });
    audit::note(tx, cx, "access.issue_token", kind::ACCESS, system, None, Some(&told.to_string())).await?;
    let row = TokenRow {
        id,
        system: system.to_owned(),
        name: wish.name.clone(),
        hint,
        scopes,
        issued_at: cx.now.millis(),
        issued_by: cx.actor.username.clone(),
        ends_at: Some(ends_at.millis()),
        revoked_at: None,
        last_used_at: None,
        last_address: String::new(),
    };
    Ok(Issued { token: text, row: TokenView::of(row, cx.now) })
}

/// Issues a further token.
///
/// # Errors
/// Without permission or confirmation, for a system that is not in force here, for a wish with faults, or beside 20 others.
pub async fn issue(node: &Node, cx: &OpContext, id: ObjectId, wish: Wish) -> Result<Issued> {
    let entry = issuing(node, cx, id).await?;
    let wish = wish.checked()?;
    let valid = node.store.tokens_of(&entry.code).await?.iter().filter(|row| is_valid(row, cx.now)).count();
    if valid >= MOST_TOKENS {
        let reason = format!("该系统已有 {valid} 个有效令牌");
        return Err(ServiceError::Conflict(Fault::new("ACC-0214", "", reason, "请先吊销不再使用的令牌")));
    }
    let tx = node.store.begin().await?;
    let issued = add(node, &tx, cx, &entry.code, &wish).await?;
    tx.commit().await?;
    Ok(issued)
}

/// Issues the one token of a system and revokes all others at once: for a token that was lost or seen by others.
///
/// # Errors
/// As [`issue`].
pub async fn replace_all(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Issued> {
    let entry = issuing(node, cx, id).await?;
    let wish = Wish { name: "默认令牌".to_owned(), scopes: TokenScope::ALL.to_vec(), valid_days: VALID_DAYS };
    let tx = node.store.begin().await?;
    tx.revoke_tokens(&entry.code, None, cx.now).await?;
    let issued = add(node, &tx, cx, &entry.code, &wish).await?;
    tx.commit().await?;
    Ok(issued)
}

async fn of_system(node: &Node, system: &str, number: i64) -> Result<TokenRow> {
    let mut rows = node.store.tokens_of(system).await?.into_iter();
    rows.find(|row| row.id == number).ok_or(ServiceError::NotFound("该令牌"))
}

/// Issues a token in the place of another, which goes on working for some hours so that the system can be switched over.
///
/// # Errors
/// As [`issue`]; `ACC-0215` for a token that does not work any more.
pub async fn rotate(
    node: &Node,
    cx: &OpContext,
    (id, number): (ObjectId, i64),
    overlap_hours: u32,
    valid_days: u32,
) -> Result<Issued> {
    let entry = issuing(node, cx, id).await?;
    let old = of_system(node, &entry.code, number).await?;
    if !is_valid(&old, cx.now) {
        let fault = Fault::new("ACC-0215", "", "该令牌已失效，不能轮换", "请直接签发新的令牌");
        return Err(ServiceError::Conflict(fault));
    }
    if overlap_hours > MOST_OVERLAP {
        let advice = "请填写旧令牌继续有效的小时数";
        return Err(ServiceError::invalid("ACC-0216", "overlap_hours", "重叠时间应为 0 至 168 小时", advice));
    }
    let scopes = old.scopes.split(' ').filter_map(TokenScope::parse).collect();
    let wish = Wish { name: old.name.clone(), scopes, valid_days }.checked()?;
    let tx = node.store.begin().await?;
    tx.end_token(old.id, cx.now.plus_millis(i64::from(overlap_hours) * HOUR)).await?;
    let issued = add(node, &tx, cx, &entry.code, &wish).await?;
    tx.commit().await?;
    Ok(issued)
}

/// Revokes a token at once.
///
/// # Errors
/// Without permission, or for a token that the system does not have.
pub async fn revoke(node: &Node, cx: &OpContext, (id, number): (ObjectId, i64), reason: &str) -> Result<TokenView> {
    cx.authorize(Action::Issue, Kind::Access)?;
    let entry = node.store.entry(&cx.scope, kind::ACCESS, id).await?.ok_or(ServiceError::NotFound(kind::ACCESS))?;
    of_system(node, &entry.code, number).await?;
    let tx = node.store.begin().await?;
    tx.revoke_tokens(&entry.code, Some(number), cx.now).await?;
    let told = serde_json::json!({ "number": number, "reason": reason.chars().take(500).collect::<String>() });
    audit::note(&tx, cx, "access.revoke_token", kind::ACCESS, &entry.code, None, Some(&told.to_string())).await?;
    tx.commit().await?;
    Ok(TokenView::of(of_system(node, &entry.code, number).await?, cx.now))
}

/// The tokens of a system, newest first.
///
/// # Errors
/// Without permission, or when there is no such system in the scope.
pub async fn list(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Vec<TokenView>> {
    cx.authorize(Action::Read, Kind::Access)?;
    let entry = node.store.entry(&cx.scope, kind::ACCESS, id).await?.ok_or(ServiceError::NotFound(kind::ACCESS))?;
    let rows = node.store.tokens_of(&entry.code).await?;
    Ok(rows.into_iter().map(|row| TokenView::of(row, cx.now)).collect())
}

/// Last characters of the newest working token of each of these systems.
///
/// # Errors
/// When the database is out of reach.
pub async fn hints(node: &Node, systems: &[String]) -> Result<std::collections::BTreeMap<String, String>> {
    Ok(node.store.token_hints(systems, node.now()).await?.into_iter().collect())
}
