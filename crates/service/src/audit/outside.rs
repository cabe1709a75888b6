//! The audit trail for other applications (外部应用审计): a connected application adds what its users did and reads it again.
//!
//! Its rows carry the name of the application before the name of its user, so none passes for one of ours; the moment of the
//! row is ours, the application's own stands beside it. A message is taken once. Rows: G-5.4.3c.

use serde_json::json;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_store::audit::AuditEntry;
use suyuan_store::audit::outside::OutsideRow;

use super::redacted;
use crate::access::SystemIdentity;
use crate::listing::Listed;
use crate::{Node, Result, ServiceError};

/// Most rows of one message.
pub const MOST_ROWS: usize = 1_000;
/// How far ahead of ours an application's clock may be, in milliseconds.
const AHEAD: i64 = 10 * 60_000;

/// What a user of an application did.
#[derive(Clone, Debug, Default)]
pub struct OutsideEntry {
    /// The application's own identifier.
    pub message_id: String,
    /// When it happened.
    pub at: Timestamp,
    /// Name of the user within the application.
    pub user: String,
    /// What was done, such as `order.approve`.
    pub action: String,
    /// Kind of the object.
    pub object_kind: String,
    /// The object.
    pub object_id: String,
    /// `ok`, `denied` or `failed`.
    pub result: String,
    /// Network address of the user; may be empty.
    pub address: String,
    /// Why; may be empty.
    pub reason: String,
    /// What was before.
    pub before: Option<String>,
    /// What is after.
    pub after: Option<String>,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is row `0` of the trail.
    Accepted(u64),
    /// It was row `0` before.
    Repeated(u64),
    /// It has this fault.
    Rejected(Fault),
}

/// Takes entries of an application; one with a fault does not hinder the rest.
///
/// # Errors
/// `AUD-0201` for none or too many at once, or when the database refuses.
pub async fn report(
    node: &Node,
    system: &SystemIdentity,
    entries: &[OutsideEntry],
    request_id: &str,
) -> Result<Vec<Taken>> {
    if entries.is_empty() || entries.len() > MOST_ROWS {
        let reason = format!("一次应报送 1 至 {MOST_ROWS} 条");
        return Err(ServiceError::invalid("AUD-0201", "entries", reason, "请分批报送"));
    }
    let now = node.now();
    let ids: Vec<&str> = entries.iter().map(|entry| entry.message_id.as_str()).collect();
    let tx = node.store.begin().await?;
    let mut known = tx.audit_messages(&system.code, &ids).await?;
    let mut taken = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Some(seq) = known.get(&entry.message_id) {
            taken.push(Taken::Repeated(*seq));
            continue;
        }
        if let Some(fault) = fault(entry, now) {
            taken.push(Taken::Rejected(fault));
            continue;
        }
        let row = row(system, entry, now, request_id);
        let seq = tx.audit_outside(&system.code, &entry.message_id, entry.at, &row).await?;
        known.insert(entry.message_id.clone(), seq);
        taken.push(Taken::Accepted(seq));
    }
    tx.commit().await?;
    Ok(taken)
}

fn row(system: &SystemIdentity, entry: &OutsideEntry, now: Timestamp, request_id: &str) -> AuditEntry {
    let after = json!({ "occurred_at": entry.at, "after": entry.after.as_deref().map(redacted) });
    AuditEntry {
        at: now,
        actor: format!("app:{}/{}", system.code, entry.user),
        role: "app".to_owned(),
        division: system.division.clone(),
        address: entry.address.clone(),
        action: entry.action.clone(),
        object_kind: entry.object_kind.clone(),
        object_id: redacted(&entry.object_id),
        result: entry.result.clone(),
        reason: redacted(&entry.reason),
        before: entry.before.as_deref().map(redacted),
        after: Some(after.to_string()),
        request_id: request_id.to_owned(),
    }
}

fn fault(entry: &OutsideEntry, now: Timestamp) -> Option<Fault> {
    let length = |text: &str| text.chars().count();
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.')
    };
    let plain = |text: &str| !text.chars().any(char::is_control);
    let check = |holds: bool, field: &str, reason: &str| {
        (!holds).then(|| Fault::new("AUD-0202", field, reason, "请对照接口文档核对后重报该条"))
    };
    let texts = [&entry.message_id, &entry.user, &entry.object_kind, &entry.object_id, &entry.address];
    let within = |text: &str, most: usize| !text.is_empty() && length(text) <= most;
    let doc = |text: &Option<String>| text.as_ref().is_none_or(|text| length(text) <= 4_000);
    check(within(&entry.message_id, 64), "message_id", "消息编号应为 1 至 64 个字符")
        .or_else(|| check(within(&entry.user, 64), "user", "用户应为 1 至 64 个字符"))
        .or_else(|| {
            let holds = word(&entry.action) && entry.action.len() <= 64;
            check(holds, "action", "操作应为不超过 64 位的小写字母、数字、下划线和点")
        })
        .or_else(|| check(within(&entry.object_kind, 40), "object_kind", "对象类型应为 1 至 40 个字符"))
        .or_else(|| check(length(&entry.object_id) <= 200, "object_id", "对象不能超过 200 个字符"))
        .or_else(|| {
            let holds = matches!(entry.result.as_str(), "ok" | "denied" | "failed");
            check(holds, "result", "结果应为 ok、denied 或 failed")
        })
        .or_else(|| check(length(&entry.address) <= 64, "address", "地址不能超过 64 个字符"))
        .or_else(|| check(length(&entry.reason) <= 500, "reason", "原因不能超过 500 个字符"))
        .or_else(|| check(doc(&entry.before) && doc(&entry.after), "after", "变更前后内容各不能超过 4000 个字符"))
        .or_else(|| check(texts.iter().all(|text| plain(text)), "user", "文本中不能有控制字符"))
        .or_else(|| check(entry.at.millis() <= now.millis() + AHEAD, "at", "发生时间晚于平台时间"))
}

/// A page of an application's own rows, oldest first.
///
/// # Errors
/// When the database is out of reach.
pub async fn own(
    node: &Node,
    system: &SystemIdentity,
    time: (Option<Timestamp>, Option<Timestamp>),
    action: Option<&str>,
    after: Option<i64>,
    limit: usize,
) -> Result<Listed<OutsideRow>> {
    let page = node.store.system_audit_outside(&system.code, time, action, after, limit).await?;
    Ok(Listed::of_page(page, |row| row.row.seq.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_5_4_3c_entries_of_applications_are_checked_field_by_field() {
        let good = OutsideEntry {
            message_id: "M-1".to_owned(),
            user: "张三".to_owned(),
            action: "order.approve".to_owned(),
            object_kind: "订单".to_owned(),
            result: "ok".to_owned(),
            ..OutsideEntry::default()
        };
        let now = Timestamp::from_millis(0);
        assert_eq!(fault(&good, now), None);
        let field = |entry: OutsideEntry| fault(&entry, now).map(|fault| fault.field);
        for (entry, expected) in [
            (OutsideEntry { message_id: String::new(), ..good.clone() }, "message_id"),
            (OutsideEntry { user: "甲".repeat(65), ..good.clone() }, "user"),
            (OutsideEntry { user: "a\u{7}".to_owned(), ..good.clone() }, "user"),
            (OutsideEntry { action: "Session.sign_in".to_owned(), ..good.clone() }, "action"),
            (OutsideEntry { result: "maybe".to_owned(), ..good.clone() }, "result"),
            (OutsideEntry { after: Some("x".repeat(4_001)), ..good.clone() }, "after"),
            (OutsideEntry { at: Timestamp::from_millis(AHEAD + 1), ..good.clone() }, "at"),
        ] {
            assert_eq!(field(entry).as_deref(), Some(expected));
        }
    }
}
