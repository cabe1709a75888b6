//! Closed days (停业申报): a subject or connected system says beforehand when it does not trade, so that nothing is due on those
//! days. Declared in the console or by the system itself, taken back the same way, told to the tiers above.
//! Rows: G-6.7.1, G-6.8.1.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::record::{Draft, Record, kind};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
pub use suyuan_store::closure::Closure;
use suyuan_store::register::Entry;

use crate::access::SystemIdentity;
use crate::listing::Listed;
use crate::node::Node;
use crate::record::{self, Route};
use crate::register::reason;
use crate::{Result, ServiceError, audit, sync};

/// Most days of one declaration.
const LONGEST: i64 = 366;
/// How many days back a regulator may declare what was told too late.
const LATE: i64 = 7;

/// A declaration as it is handed in.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Register of what is closed: `subject` or `access`.
    pub kind: String,
    /// Its code.
    pub code: String,
    /// First day, `YYYY-MM-DD`.
    pub from: String,
    /// Last day, `YYYY-MM-DD`.
    pub to: String,
    /// Why.
    pub reason: String,
}

/// A declaration as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ClosureBody {
    register: String,
    code: String,
    name: String,
    division: String,
    #[serde(default)]
    category: String,
    from: Day,
    to: Day,
    reason: String,
    state: String,
    actor: String,
}

fn draft(closure: &Closure) -> Result<Draft> {
    let body = ClosureBody {
        register: closure.kind.clone(),
        code: closure.code.clone(),
        name: closure.name.clone(),
        division: closure.division.clone(),
        category: closure.category.clone(),
        from: closure.from,
        to: closure.to,
        reason: closure.reason.clone(),
        state: closure.state.clone(),
        actor: closure.actor.clone(),
    };
    record::draft(kind::CLOSURE, closure.object, (1, closure.version), closure.at, Route::Up, &body)
}

fn policy(register: &str) -> Result<Kind> {
    match register {
        "subject" => Ok(Kind::Subject),
        "access" => Ok(Kind::Access),
        other => {
            let reason = format!("不能为“{other}”申报停业");
            Err(ServiceError::invalid("CLS-0101", "kind", reason, "请选择主体或接入系统"))
        }
    }
}

/// The days of a declaration.
fn days(from: &str, to: &str, today: Day, late: i64) -> Result<(Day, Day)> {
    let day = |text: &str, field: &str| {
        text.trim()
            .parse::<Day>()
            .map_err(|_| ServiceError::invalid("CLS-0102", field, "日期不正确", "请按 2026-01-31 的格式填写"))
    };
    let (first, last) = (day(from, "from")?, day(to, "to")?);
    if last < first {
        return Err(ServiceError::invalid("CLS-0103", "to", "结束日早于开始日", "请核对停业日期"));
    }
    if first.days_until(last) >= LONGEST {
        return Err(ServiceError::invalid(
            "CLS-0103",
            "to",
            format!("一次最多申报 {LONGEST} 天"),
            "请分次申报，或办理停用",
        ));
    }
    if first < today.plus(-late) {
        let reason = if late == 0 {
            "不能申报已过去的日期".to_owned()
        } else {
            format!("最早可补报 {late} 天前的停业")
        };
        return Err(ServiceError::invalid("CLS-0104", "from", reason, "请从今天或之后的日期开始申报"));
    }
    Ok((first, last))
}

/// Declares closed days of an entry that this node owns.
///
/// # Errors
/// When the actor may not change the entry, there is none in the scope, it is another node's, or the days are wrong.
pub async fn declare(node: &Node, cx: &OpContext, declared: Declared) -> Result<Closure> {
    cx.authorize(Action::Update, policy(&declared.kind)?)?;
    let entry = node.store.system_entry_by_code(&declared.kind, declared.code.trim()).await?;
    let entry = entry.filter(|entry| entry.is_in(&cx.scope)).ok_or(ServiceError::NotFound("subject"))?;
    if entry.origin_node != node.code() {
        let owner = node.divisions.name(&entry.origin_node);
        let fault = Fault::new("REG-0902", "", format!("该登记由{owner}节点管理"), "请在该节点办理，或联系其管理人员");
        return Err(ServiceError::Conflict(fault));
    }
    let (from, to) = days(&declared.from, &declared.to, Day::of(cx.now), LATE)?;
    let why = reason(&declared.reason, Some("停业申报"))?;
    let closure = new(node, cx, &entry, (from, to), why);
    let mut tx = node.store.begin().await?;
    keep(&mut tx, cx, &closure, "closure.declare").await?;
    tx.commit().await?;
    Ok(closure)
}

/// Declares closed days of the connected system that asks.
///
/// # Errors
/// When the days are wrong or lie in the past.
pub async fn report(
    node: &Node,
    system: &SystemIdentity,
    (address, request_id): (&str, &str),
    declared: &Declared,
) -> Result<Closure> {
    let cx = system.context(node, address, request_id);
    let unknown = ServiceError::NotFound("system");
    let entry = node.store.system_entry_by_code(kind::ACCESS, &system.code).await?.ok_or(unknown)?;
    let days = days(&declared.from, &declared.to, Day::of(cx.now), 0)?;
    let why = reason(&declared.reason, Some("停业申报"))?;
    let closure = new(node, &cx, &entry, days, why);
    let mut tx = node.store.begin().await?;
    keep(&mut tx, &cx, &closure, "closure.declare").await?;
    tx.commit().await?;
    Ok(closure)
}

fn new(node: &Node, cx: &OpContext, entry: &Entry, (from, to): (Day, Day), why: &str) -> Closure {
    Closure {
        object: node.mint(),
        kind: entry.kind.clone(),
        code: entry.code.clone(),
        name: entry.name.clone(),
        division: entry.division.clone(),
        category: entry.category.clone(),
        from,
        to,
        reason: why.to_owned(),
        state: "declared".to_owned(),
        actor: cx.actor.username.clone(),
        origin_node: node.code().to_owned(),
        version: 1,
        at: cx.now,
    }
}

async fn keep(tx: &mut Tx, cx: &OpContext, closure: &Closure, action: &str) -> Result<()> {
    if !tx.keep_closure(closure).await? {
        return Err(ServiceError::changed_meanwhile());
    }
    tx.append(vec![draft(closure)?]).await?;
    let text = serde_json::json!({ "from": closure.from, "to": closure.to, "reason": closure.reason });
    audit::note(tx, cx, action, &closure.kind, &closure.code, None, Some(&text.to_string())).await
}

/// Takes a declaration back; days that are over stay closed.
///
/// # Errors
/// When the actor may not, there is no such declaration in the scope, it is another node's, or was taken back already.
pub async fn withdraw(node: &Node, cx: &OpContext, id: ObjectId, why: &str) -> Result<Closure> {
    let mut tx = node.store.begin().await?;
    let absent = || ServiceError::NotFound("closure");
    let before = tx.closure(id).await?.ok_or_else(absent)?;
    cx.authorize(Action::Update, policy(&before.kind)?)?;
    let seen = cx.scope.covers_division(&before.division)
        && (before.category.is_empty() || cx.scope.covers_category(&before.category))
        && cx.scope.subject.as_ref().is_none_or(|own| before.kind == "subject" && *own == before.code);
    if !seen {
        return Err(absent());
    }
    let today = Day::of(cx.now);
    if before.state != "declared" || before.origin_node != node.code() || before.to < today {
        let fault = Fault::new("CLS-0105", "", "该停业申报不能撤回", "已撤回、已结束或由其他节点申报的不能撤回");
        return Err(ServiceError::Conflict(fault));
    }
    let why = reason(why, Some("撤回停业申报"))?;
    let begun = before.from < today;
    let state = if begun { "declared" } else { "withdrawn" }.to_owned();
    let to = if begun { today.plus(-1) } else { before.to };
    let text = format!("{}（撤回：{why}）", before.reason);
    let actor = cx.actor.username.clone();
    let after = Closure { state, to, reason: text, actor, version: before.version + 1, at: cx.now, ..before };
    keep(&mut tx, cx, &after, "closure.withdraw").await?;
    tx.commit().await?;
    Ok(after)
}

/// What a list of declarations is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct ClosureQuery {
    /// Register, `subject` or `access`; both where none is given and both may be read.
    pub kind: Option<String>,
    /// Code of what is closed.
    pub code: Option<String>,
    /// Behind which declaration.
    pub after: Option<ObjectId>,
    /// Rows of the page.
    pub limit: usize,
}

/// A page of declarations, newest first.
///
/// # Errors
/// When the actor may not read the register.
pub async fn list(node: &Node, cx: &OpContext, query: &ClosureQuery) -> Result<Listed<Closure>> {
    let asked = query.kind.as_deref().filter(|kind| !kind.is_empty());
    let of = match asked {
        Some(register) => {
            cx.authorize(Action::Read, policy(register)?)?;
            Some(register)
        }
        None if cx.may(Action::Read, Kind::Access) && cx.may(Action::Read, Kind::Subject) => None,
        None => {
            cx.authorize(Action::Read, Kind::Subject)?;
            Some("subject")
        }
    };
    let page = node.store.closures(&cx.scope, (of, query.code.as_deref()), query.after, query.limit).await?;
    Ok(Listed::of_page(page, |closure| closure.object.to_string()))
}

/// Takes in a declaration that a lower node relayed; gives what is wrong with a record that has to be set aside.
///
/// # Errors
/// When the database refuses.
pub async fn take(node: &Node, tx: &Tx, record: &Record) -> Result<Option<Fault>> {
    let body = match serde_json::from_slice::<ClosureBody>(&record.payload) {
        Ok(body) => body,
        Err(error) => return Ok(Some(sync::apply::unreadable(&error))),
    };
    let closure = Closure {
        object: record.object,
        kind: body.register,
        code: body.code,
        name: body.name,
        division: body.division,
        category: body.category,
        from: body.from,
        to: body.to,
        reason: body.reason,
        state: body.state,
        actor: body.actor,
        origin_node: record.origin.as_ref().map_or(node.code(), |origin| origin.node.as_str()).to_owned(),
        version: record.version,
        at: record.at,
    };
    tx.keep_closure(&closure).await?;
    Ok(None)
}

/// Closed days from `first` to `last`, by code of the register `kind`.
///
/// # Errors
/// When the database is out of reach.
pub async fn closed_days(node: &Node, kind: &str, first: Day, last: Day) -> Result<BTreeMap<String, BTreeSet<Day>>> {
    let mut closed: BTreeMap<String, BTreeSet<Day>> = BTreeMap::new();
    for closure in node.store.system_closures(kind, None, first, last).await? {
        let (from, to) = (closure.from.max(first), closure.to.min(last));
        let days = (0..=from.days_until(to)).map(|offset| from.plus(offset));
        closed.entry(closure.code).or_default().extend(days);
    }
    Ok(closed)
}

/// The declaration that closes an entry today.
///
/// # Errors
/// When the database is out of reach.
pub async fn today(node: &Node, kind: &str, code: &str) -> Result<Option<Closure>> {
    let day = Day::of(node.now());
    Ok(node.store.system_closures(kind, Some(code), day, day).await?.pop())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_8_1_closed_days_are_told_beforehand_or_soon_after() {
        let today: Day = "2026-11-21".parse().expect("a day");
        for (from, to, late, code) in [
            ("2026-11-21", "2026-11-21", 0, ""),
            ("2026-11-20", "2026-11-22", 0, "CLS-0104"),
            ("2026-11-14", "2026-11-22", 7, ""),
            ("2026-11-13", "2026-11-22", 7, "CLS-0104"),
            ("2026-11-25", "2026-11-24", 0, "CLS-0103"),
            ("2026-11-25", "2027-11-26", 0, "CLS-0103"),
            ("morgen", "2026-11-24", 0, "CLS-0102"),
        ] {
            let told = match days(from, to, today, late) {
                Ok(_) => String::new(),
                Err(ServiceError::Invalid(faults)) => faults[0].code.clone(),
                Err(other) => panic!("{other}"),
            };
            assert_eq!(told, code, "{from} {to}");
        }
    }
}
