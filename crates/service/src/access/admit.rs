//! Who may call the interfaces of connected systems, and how much: token, purpose, network, state, quotas. Rows: G-6.7.2,
//! H-8, H-9.

use std::net::IpAddr;

use suyuan_crypto::token;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::record::kind;
use suyuan_store::access::token::TokenRow;
use suyuan_store::register::Entry;

use super::quota::{self, Quotas};
use super::token::{TokenScope, is_valid};
use super::{AccessDoc, Phase, SystemIdentity};
use crate::node::Node;
use crate::register::{Document, State};
use crate::{Result, ServiceError};

/// Longest token text that is looked up.
const TOKEN_LIMIT: usize = 128;
/// How often the last use of a token is written, in milliseconds.
const USE_NOTED: i64 = 60_000;

/// What is called for (调用).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Reporting, which only systems on trial or live may.
    Report,
    /// A sign of life.
    Heartbeat,
    /// Asking back.
    Query,
    /// Adding to the audit trail and reading one's own rows.
    Audit,
    /// The self-test, which every token opens from filing on.
    Selftest,
}

/// A call as it came.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Text of the token; empty where none was shown.
    pub token: &'a str,
    /// Network address of the caller.
    pub address: &'a str,
    /// What it is for.
    pub need: Need,
    /// Size of the body, where the caller says it.
    pub bytes: Option<u64>,
}

/// A call that was looked at: whose it is, if that is known, and whether it may go on.
#[derive(Debug)]
pub struct Admitted {
    /// Code of the system, where the token is one of ours.
    pub system: Option<String>,
    /// Largest body, in bytes.
    pub body_limit: Option<u64>,
    /// The system, or why not.
    pub outcome: Result<SystemIdentity>,
}

fn unknown() -> ServiceError {
    let advice = "请在请求头 Authorization 中填写 Bearer 和令牌，或重新签发";
    ServiceError::Unauthenticated(Fault::new("ACC-0201", "", "接入令牌缺失或无效", advice))
}

/// Looks at a call.
pub async fn admit(node: &Node, call: &Call<'_>) -> Admitted {
    let refused = |error| Admitted { system: None, body_limit: None, outcome: Err(error) };
    match known(node, call.token).await {
        Err(error) => refused(error),
        Ok((row, entry)) => {
            let quotas = match quota::of(node, &entry.code).await {
                Ok(quotas) => quotas,
                Err(error) => return refused(error),
            };
            let outcome = judged(node, call, &row, &entry, &quotas).await;
            Admitted { system: Some(entry.code), body_limit: quotas.body_bytes, outcome }
        }
    }
}

/// The token and the system that it belongs to.
async fn known(node: &Node, text: &str) -> Result<(TokenRow, Entry)> {
    if text.is_empty() || text.len() > TOKEN_LIMIT {
        return Err(unknown());
    }
    let row = node.store.system_token(&token::token_hash(text)).await?.ok_or_else(unknown)?;
    let entry = node.store.system_entry_by_code(kind::ACCESS, &row.system).await?.ok_or_else(unknown)?;
    Ok((row, entry))
}

async fn judged(
    node: &Node,
    call: &Call<'_>,
    row: &TokenRow,
    entry: &Entry,
    quotas: &Quotas,
) -> Result<SystemIdentity> {
    let now = node.now();
    if !is_valid(row, now) {
        return Err(unknown());
    }
    let doc: AccessDoc = serde_json::from_str(&entry.doc)?;
    in_force(node, call.need, entry, &doc)?;
    scope(call.need, row)?;
    network(call.address, quotas)?;
    note_use(node, row, call.address, now).await;
    sizes(node, call, &entry.code, quotas, now)?;
    Ok(SystemIdentity {
        id: entry.object,
        code: entry.code.clone(),
        name: entry.name.clone(),
        subject: entry.subject.clone(),
        category: entry.category.clone(),
        stage: entry.stage.clone(),
        division: entry.division.clone(),
        phase: doc.phase(),
        hint: row.hint.clone(),
    })
}

fn in_force(node: &Node, need: Need, entry: &Entry, doc: &AccessDoc) -> Result<()> {
    let packs = node.packs();
    let refused = |name: &str, advice: &str| {
        let reason = format!("接入系统当前状态为“{name}”，不能报送");
        Err(ServiceError::Unauthenticated(Fault::new("ACC-0202", "", reason, advice)))
    };
    if !State::parse(&entry.state).is_some_and(State::is_live) {
        return refused(packs.name_in(AccessDoc::STATES, &entry.state), "请联系监管部门");
    }
    if doc.phase() == Phase::Filed && need == Need::Report {
        let name = packs.name_in("access_status", Phase::Filed.as_str());
        return refused(name, "请先通过接入自测（POST /open/v1/selftest），再由监管部门转为试运行");
    }
    Ok(())
}

fn scope(need: Need, row: &TokenRow) -> Result<()> {
    let wanted = match need {
        Need::Report => TokenScope::Report,
        Need::Heartbeat => TokenScope::Heartbeat,
        Need::Query => TokenScope::Query,
        Need::Audit => TokenScope::Audit,
        Need::Selftest => return Ok(()),
    };
    if row.scopes.split(' ').any(|word| word == wanted.as_str()) {
        return Ok(());
    }
    let reason = "该令牌的用途不含此接口";
    Err(ServiceError::Forbidden(Fault::new("ACC-0204", "", reason, "请改用相应用途的令牌，或联系监管部门签发")))
}

fn network(address: &str, quotas: &Quotas) -> Result<()> {
    let from = address.parse::<IpAddr>().ok();
    let listed = |from: IpAddr| quotas.allow.iter().any(|network| network.holds(from));
    if quotas.allow.is_empty() || from.is_some_and(listed) {
        return Ok(());
    }
    let reason = "来源地址不在该系统的允许范围内";
    Err(ServiceError::Forbidden(Fault::new("ACC-0205", "", reason, "请从登记的网络地址访问，或联系监管部门变更")))
}

/// A use is noted once a minute; that it could not be noted keeps nobody from reporting.
async fn note_use(node: &Node, row: &TokenRow, address: &str, now: Timestamp) {
    let recent = row.last_used_at.is_some_and(|at| (now.millis() - at).abs() < USE_NOTED);
    if recent && row.last_address == address {
        return;
    }
    if let Err(error) = node.store.note_token_used(row.id, address, now).await {
        tracing::warn!(system = row.system, error = %error, "the use of a token could not be noted");
    }
}

fn sizes(node: &Node, call: &Call<'_>, system: &str, quotas: &Quotas, now: Timestamp) -> Result<()> {
    if let (Some(limit), Some(bytes)) = (quotas.body_bytes, call.bytes)
        && bytes > limit
    {
        let reason = format!("报文 {bytes} 字节，超过该系统的上限 {limit} 字节");
        return Err(ServiceError::TooLarge(Fault::new("ACC-0206", "", reason, "请分批报送")));
    }
    let Some(limit) = quotas.requests_per_minute else { return Ok(()) };
    let Some(retry_after) = node.meter.take_request(system, limit, now) else { return Ok(()) };
    let reason = format!("每分钟请求数超过该系统的上限 {limit} 次");
    let advice = format!("请 {retry_after} 秒后再试，并将多条记录合并在一个报文中报送");
    Err(ServiceError::TooMany { retry_after, fault: Fault::new("ACC-0207", "", reason, advice) })
}
