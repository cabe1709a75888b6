//! Automatic warnings about connected systems (自动预警): silence, indicators below their thresholds, failing requests, tokens
//! that end. Looked for every hour; told once to the contact of the system and to the reviewers, and once more when it is
//! over. Rows: G-6.7.1.

use std::collections::BTreeMap;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::pack::Packs;
use suyuan_domain::period::Day;
use suyuan_domain::record::kind;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::access::token::TokenRow;
use suyuan_store::access::watch::WarningRow;
use suyuan_store::job::NewJob;

use super::AccessDoc;
use super::monitor::{self, Known, Watched, percent};
use super::token::{ENDING, is_valid};
use crate::device::{Calibration, DeviceDoc};
use crate::letter::{self, Reader};
use crate::node::Node;
use crate::register::{self, State};
use crate::{Result, ServiceError};

/// Kind of the job that looks for warnings.
pub const WATCH_JOB: &str = "access.watch";

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Requests of a day before their failures mean something.
const LEAST_REQUESTS: u64 = 20;
/// For how long data of trials are kept, in milliseconds.
const TRIALS_KEPT: i64 = 90 * DAY;
/// Rows of trials that are deleted at once.
const PIECE: u64 = 10_000;
/// For how many days use is kept.
const USES_KEPT: i64 = 400;

/// Something that is wrong with a system now.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wrong {
    kind: &'static str,
    code: String,
    text: String,
    value: Option<String>,
    limit: Option<String>,
}

/// Asks for the hour's look, once.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue(node: &Node) -> Result<()> {
    let now = node.now();
    let job = NewJob {
        kind: WATCH_JOB.to_owned(),
        unique_key: Some(format!("{WATCH_JOB}/{}", now.millis().div_euclid(HOUR))),
        payload: "{}".to_owned(),
        run_at: now,
        max_attempts: 3,
        actor: None,
    };
    let tx = node.store.begin().await?;
    tx.enqueue(job, now).await?;
    Ok(tx.commit().await?)
}

/// Looks at every system of this node: opens and closes warnings, tells of both, and forgets what was kept long enough.
///
/// # Errors
/// When the database is out of reach. What was told stays told.
pub async fn run(node: &Node) -> Result<()> {
    let now = node.now();
    let packs = node.packs();
    let known = Known::of(node, now).await?;
    let calibrations = calibrations(node, Day::of(now)).await?;
    for entry in node.store.system_entries(kind::ACCESS).await? {
        if entry.origin_node != node.code() {
            continue;
        }
        let row = monitor::watched(node, &packs, &known, &entry, now)?;
        let wrong = if monitor::is_warned_about(&row) {
            let tokens = node.store.tokens_of(&entry.code).await?;
            let mut wrong = all_wrong(&packs, &row, &tokens, now);
            wrong.extend(calibrations.get(&entry.code).into_iter().flatten().cloned());
            wrong
        } else {
            Vec::new()
        };
        settle(node, &row, wrong, now).await?;
    }
    while node.store.expire_trials(now.plus_millis(-TRIALS_KEPT), PIECE).await? >= PIECE {}
    node.store.forget_uses(Day::of(now).plus(-USES_KEPT)).await?;
    Ok(())
}

fn all_wrong(packs: &Packs, row: &Watched, tokens: &[TokenRow], now: Timestamp) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if let (Some(hours), Some(why)) = (row.silent_hours(now), &row.why) {
        let limit = packs.silence_hours(&row.doc.stage);
        wrong.push(Wrong {
            kind: "silent",
            code: String::new(),
            text: format!("已 {hours} 小时没有报送数据：{why}"),
            value: Some(hours.to_string()),
            limit: Some(limit.to_string()),
        });
    }
    let low = row.indicators.iter().filter(|_| monitor::is_evaluated(row)).filter(|one| one.is_kept() == Some(false));
    for indicator in low {
        let (value, limit) = (indicator.value.map(percent), indicator.threshold.map(percent));
        let (shown, least) = (value.clone().unwrap_or_default(), limit.clone().unwrap_or_default());
        wrong.push(Wrong {
            kind: "indicator",
            code: indicator.code.clone(),
            text: format!("{}为 {shown}，低于预警阈值 {least}", indicator.name),
            value,
            limit,
        });
    }
    wrong.extend(failing(packs, row));
    wrong.extend(tokens.iter().filter_map(|token| ending(token, tokens, now)));
    wrong
}

/// Devices whose calibration ends or is over, by the system that they report through.
async fn calibrations(node: &Node, today: Day) -> Result<BTreeMap<String, Vec<Wrong>>> {
    let mut found: BTreeMap<String, Vec<Wrong>> = BTreeMap::new();
    for entry in node.store.system_entries(kind::DEVICE).await? {
        if entry.origin_node != node.code() || !State::parse(&entry.state).is_some_and(State::is_live) {
            continue;
        }
        let doc: DeviceDoc = serde_json::from_str(&entry.doc)?;
        let word = match doc.calibration(today) {
            Some(Calibration::Soon) => "即将到期",
            Some(Calibration::Expired) => "已过期",
            Some(Calibration::Ok) | None => continue,
        };
        if doc.system.is_empty() {
            continue;
        }
        let wrong = Wrong {
            kind: "calibration",
            code: entry.code,
            text: format!("设备“{}”的检定有效期 {} {word}", entry.name, doc.calibrated_until),
            value: Some(doc.calibrated_until),
            limit: None,
        };
        found.entry(doc.system).or_default().push(wrong);
    }
    Ok(found)
}

/// Too many of the day's requests failed.
fn failing(packs: &Packs, row: &Watched) -> Option<Wrong> {
    let used = &row.today;
    let least = u64::try_from(packs.threshold("request_errors", &row.doc.stage)?).ok()?;
    let failed = used.error_system + used.error_auth + used.error_data + used.error_large;
    if used.requests < LEAST_REQUESTS || (used.requests - failed.min(used.requests)) * 10_000 >= least * used.requests {
        return None;
    }
    let share = (used.requests - failed.min(used.requests)) * 10_000 / used.requests;
    let text = format!(
        "今日 {} 次请求中有 {failed} 次出错：系统 {}、认证 {}、数据 {}、数据量过大 {}",
        used.requests, used.error_system, used.error_auth, used.error_data, used.error_large
    );
    let shown = |share: u64| u32::try_from(share).ok().map(percent);
    Some(Wrong { kind: "errors", code: String::new(), text, value: shown(share), limit: shown(least) })
}

/// A token in force ends soon, and no newer one of its name takes its place.
fn ending(token: &TokenRow, all: &[TokenRow], now: Timestamp) -> Option<Wrong> {
    let end = token.ends_at?;
    let replaced = all.iter().any(|other| other.id > token.id && other.name == token.name && is_valid(other, now));
    if !is_valid(token, now) || replaced || end - now.millis() > ENDING {
        return None;
    }
    let day = Day::of(Timestamp::from_millis(end)).to_string();
    Some(Wrong {
        kind: "token",
        code: token.id.to_string(),
        text: format!("令牌“{}”（尾号 {}）将于 {day} 到期，请及时轮换", token.name, token.hint),
        value: Some(day),
        limit: None,
    })
}

/// Brings the open warnings of a system in line with what is wrong now, and tells of what changed.
async fn settle(node: &Node, row: &Watched, wrong: Vec<Wrong>, now: Timestamp) -> Result<()> {
    let open: BTreeMap<(&str, &str), &WarningRow> =
        row.warnings.iter().map(|warning| ((warning.kind.as_str(), warning.code.as_str()), warning)).collect();
    let still: Vec<(&str, &str)> = wrong.iter().map(|one| (one.kind, one.code.as_str())).collect();
    let over: Vec<&WarningRow> =
        open.iter().filter(|(key, _)| !still.contains(key)).map(|(_, warning)| *warning).collect();
    let fresh: Vec<&Wrong> = wrong.iter().filter(|one| !open.contains_key(&(one.kind, one.code.as_str()))).collect();
    if over.is_empty() && fresh.is_empty() {
        return Ok(());
    }
    let mut readers =
        letter::readers(node, (Action::Review, Kind::Access), (&row.doc.division, &row.doc.category)).await?;
    if let Some(entry) = node.store.system_entry(row.id).await? {
        let doc: AccessDoc = register::opened(node, entry.object, &entry.doc).await?;
        readers.insert(0, Reader::outside(&doc.contact, &doc.email));
    }
    let tx = node.store.begin().await?;
    for one in fresh {
        let warning = WarningRow {
            id: 0,
            system: row.doc.code.clone(),
            kind: one.kind.to_owned(),
            code: one.code.clone(),
            text: one.text.clone(),
            value: one.value.clone(),
            limit_value: one.limit.clone(),
            opened_at: now.millis(),
            closed_at: None,
        };
        if tx.open_warning(&warning).await? {
            tell(node, &tx, row, &readers, ("接入预警", &one.text), (one.kind, &one.code, "open"), now).await?;
        }
    }
    for warning in over {
        let closed = tx.close_warning(warning.id, now).await?;
        // A token that was replaced and a scale that was calibrated are known to whoever did it.
        if closed && !matches!(warning.kind.as_str(), "token" | "calibration") {
            let text = format!("此前的预警已恢复：{}", warning.text);
            tell(node, &tx, row, &readers, ("接入预警恢复", &text), (&warning.kind, &warning.code, "over"), now)
                .await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Tells the readers: the contact of the system and the reviewers.
async fn tell(
    node: &Node,
    tx: &Tx,
    row: &Watched,
    readers: &[Reader],
    (noun, text): (&str, &str),
    (kind, code, turn): (&str, &str, &str),
    now: Timestamp,
) -> std::result::Result<(), ServiceError> {
    let subject = format!("{noun}：{}", row.doc.name);
    let body = format!("{}（{}）\n{text}\n请在平台“接入监控”查看详情。", row.doc.name, row.doc.code);
    let key = format!("watch/{}/{kind}.{code}/{turn}/{}", row.doc.code, now.millis());
    for reader in readers {
        letter::post(node, tx, reader.clone(), (&subject, &body), &key, now).await?;
    }
    Ok(())
}
