//! Reading the audit trail (审计查询): pages, what can be asked for, figures with what is out of the ordinary, and files.
//!
//! Rows show what changed field by field; what is stored stays as it is. Rows: G-5.4.3, H-6.5.

use std::collections::BTreeMap;

use serde_json::Value;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::period::Day;
use suyuan_reports::{Alignment, Column as SheetColumn, Section, Table, TabularEdition, render_tabular_xlsx};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::audit::figure::{By, Column, Tally};
use suyuan_store::audit::{AuditFilter, AuditRow};

use super::words;
use crate::account::role::Book;
use crate::listing::Listed;
use crate::node::Node;
use crate::register::within;
use crate::{Result, ServiceError};

/// Most rows of a file.
pub const MOST_EXPORTED: u64 = 100_000;
/// Rows read at once for a file.
const CHUNK: usize = 1_000;
/// Most changed fields that a row shows.
const MOST_CHANGES: usize = 100;
/// Longest time over which figures are given, in days.
const MOST_DAYS: i64 = 366;
/// Lines of a ranking.
const RANKING: usize = 20;
/// Lines read for a tally that is summed up here.
const TALLY: u64 = 20_000;

const DAY: i64 = 86_400_000;

/// On one day by one person: from how often on it is out of the ordinary.
const OFTEN: [(&str, &str, i64); 5] = [
    ("night", "夜间操作", 20),
    ("unmask", "频繁查看完整信息", 20),
    ("failures", "频繁失败", 10),
    ("denials", "频繁越权", 10),
    ("export", "频繁导出", 10),
];

/// What a list of the trail is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// First moment.
    pub from: Option<Timestamp>,
    /// Moment after the last.
    pub to: Option<Timestamp>,
    /// Who.
    pub actor: Option<String>,
    /// Role of who did it.
    pub role: Option<String>,
    /// What was done; a text that ends in a dot stands for a group.
    pub action: Option<String>,
    /// Kind of the object.
    pub object_kind: Option<String>,
    /// The object.
    pub object: Option<String>,
    /// How it ended.
    pub result: Option<String>,
    /// Network address.
    pub address: Option<String>,
    /// Words in the object, the reason, or what was before or after.
    pub words: Option<String>,
    /// Division of the actors, with what lies below.
    pub division: Option<String>,
    /// Before which place.
    pub after: Option<i64>,
    /// Rows of the page.
    pub limit: usize,
}

/// One field that a change touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Path of the field; empty where the row holds a word instead of a document.
    pub field: String,
    /// Its name.
    pub name: String,
    /// Before.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
}

/// A row of the trail with the words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditView {
    /// The row.
    pub row: AuditRow,
    /// Name of the role.
    pub role_name: String,
    /// Name of the division.
    pub division_name: String,
    /// Name of the action.
    pub action_name: String,
    /// Name of the kind of object.
    pub object_kind_name: String,
    /// Name of the result.
    pub result_name: String,
    /// What changed.
    pub changes: Vec<Change>,
}

fn view(node: &Node, book: &Book, row: AuditRow) -> AuditView {
    let entry = &row.entry;
    AuditView {
        role_name: role_name(book, &entry.role),
        division_name: node.divisions.name(&entry.division).to_owned(),
        action_name: words::action(&entry.action),
        object_kind_name: words::object_kind(&entry.object_kind),
        result_name: words::result(&entry.result).to_owned(),
        changes: changes(entry.before.as_deref(), entry.after.as_deref()),
        row,
    }
}

fn role_name(book: &Book, role: &str) -> String {
    match role {
        "" => "系统".to_owned(),
        "app" => "外部应用".to_owned(),
        role => book.name(role).to_owned(),
    }
}

fn changes(before: Option<&str>, after: Option<&str>) -> Vec<Change> {
    let document = |text: Option<&str>| {
        text.and_then(|text| serde_json::from_str::<Value>(text).ok())
            .filter(|value| value.is_object() || value.is_array())
    };
    if before.is_none() && after.is_none() {
        return Vec::new();
    }
    let (old, new) = (document(before), document(after));
    if (before.is_some() && old.is_none()) || (after.is_some() && new.is_none()) {
        let name = "内容".to_owned();
        let (before, after) = (before.map(str::to_owned), after.map(str::to_owned));
        return vec![Change { field: String::new(), name, before, after }];
    }
    let mut fields: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
    flatten(old.as_ref(), "", &mut |path, text| fields.entry(path).or_default().0 = Some(text));
    flatten(new.as_ref(), "", &mut |path, text| fields.entry(path).or_default().1 = Some(text));
    let differing = fields.into_iter().filter(|(_, (before, after))| before != after).take(MOST_CHANGES);
    differing.map(|(field, (before, after))| Change { name: words::field(&field), field, before, after }).collect()
}

fn flatten(value: Option<&Value>, path: &str, tell: &mut dyn FnMut(String, String)) {
    let join = |part: &str| if path.is_empty() { part.to_owned() } else { format!("{path}.{part}") };
    match value {
        None | Some(Value::Null) => {}
        Some(Value::Object(fields)) => fields.iter().for_each(|(name, part)| flatten(Some(part), &join(name), tell)),
        Some(Value::String(text)) => tell(path.to_owned(), text.clone()),
        Some(other) => tell(path.to_owned(), other.to_string()),
    }
}

fn filter(node: &Node, cx: &OpContext, query: AuditQuery) -> Result<AuditFilter> {
    let divisions = within(node, cx, query.division.as_deref())?;
    Ok(AuditFilter {
        from: query.from,
        to: query.to,
        actor: query.actor,
        role: query.role,
        action: query.action,
        object_kind: query.object_kind,
        object: query.object,
        result: query.result,
        address: query.address,
        words: query.words,
        divisions,
    })
}

/// A page of the trail, newest first.
///
/// # Errors
/// When the actor may not read it, or the database is out of reach.
pub async fn list(node: &Node, cx: &OpContext, query: AuditQuery) -> Result<Listed<AuditView>> {
    cx.authorize(Action::Read, Kind::Audit)?;
    let (after, limit) = (query.after, query.limit);
    let filter = filter(node, cx, query)?;
    let page = node.store.audit_rows(&cx.scope, &filter, after, limit).await?;
    let book = Book::load(node).await?;
    Ok(Listed::of_page(page, |row| row.seq.to_string()).map(|row| view(node, &book, row)))
}

/// What can be asked for: code and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Actions that occur.
    pub actions: Vec<(String, String)>,
    /// Kinds of objects that occur.
    pub object_kinds: Vec<(String, String)>,
    /// Results.
    pub results: Vec<(String, String)>,
    /// Roles.
    pub roles: Vec<(String, String)>,
}

/// What can be asked for.
///
/// # Errors
/// When the actor may not read the trail, or the database is out of reach.
pub async fn options(node: &Node, cx: &OpContext) -> Result<Options> {
    cx.authorize(Action::Read, Kind::Audit)?;
    let actions = node.store.audit_values(Column::Action).await?;
    let kinds = node.store.audit_values(Column::ObjectKind).await?;
    let named = |code: String, name: fn(&str) -> String| {
        let name = name(&code);
        (code, name)
    };
    let results = ["ok", "denied", "failed"].map(|code| (code.to_owned(), words::result(code).to_owned()));
    let book = Book::load(node).await?;
    let mut roles: Vec<(String, String)> =
        book.tree().into_iter().map(|(role, _)| (role.code.clone(), role.name.clone())).collect();
    roles.push(("app".to_owned(), role_name(&book, "app")));
    Ok(Options {
        actions: actions.into_iter().map(|code| named(code, words::action)).collect(),
        object_kinds: kinds.into_iter().map(|code| named(code, words::object_kind)).collect(),
        results: results.to_vec(),
        roles,
    })
}

/// How often something was done, by how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Done.
    pub ok: u64,
    /// Refused for want of a permission.
    pub denied: u64,
    /// Failed for another reason.
    pub failed: u64,
}

impl Counts {
    fn add(&mut self, tally: &Tally) {
        let count = u64::try_from(tally.count).unwrap_or(0);
        match tally.result.as_str() {
            "denied" => self.denied += count,
            "failed" => self.failed += count,
            _ => self.ok += count,
        }
    }

    /// All together.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.ok + self.denied + self.failed
    }
}

/// One of the busiest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorFigure {
    /// Who.
    pub actor: String,
    /// Role.
    pub role: String,
    /// Name of the role.
    pub role_name: String,
    /// How often.
    pub counts: Counts,
    /// When last.
    pub last_at: Timestamp,
}

/// Something out of the ordinary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusual {
    /// Sort.
    pub kind: &'static str,
    /// Name of the sort.
    pub kind_name: &'static str,
    /// Who.
    pub actor: String,
    /// The day.
    pub day: Day,
    /// How often.
    pub count: u64,
    /// One sentence.
    pub text: String,
}

/// Figures over a time.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// First moment.
    pub from: Timestamp,
    /// Moment after the last.
    pub to: Timestamp,
    /// Rows in all.
    pub total: u64,
    /// By day, oldest first.
    pub days: Vec<(Day, Counts)>,
    /// The busiest.
    pub actors: Vec<ActorFigure>,
    /// What was done most often: code, name, how often.
    pub actions: Vec<(String, String, u64)>,
    /// What is out of the ordinary, most frequent first.
    pub unusual: Vec<Unusual>,
}

fn day_of(number: i64) -> Day {
    Day::of(Timestamp::from_millis(number.saturating_mul(DAY)))
}

/// Figures over a time: the last 30 days unless said otherwise.
///
/// # Errors
/// `AUD-0101` for a time that ends before it begins or is too long; when the actor may not read the trail.
pub async fn statistics(
    node: &Node,
    cx: &OpContext,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Result<Statistics> {
    cx.authorize(Action::Read, Kind::Audit)?;
    let to = to.unwrap_or(cx.now.plus_millis(1));
    let from = from.unwrap_or_else(|| to.plus_millis(-30 * DAY));
    if from >= to || to.millis() - from.millis() > MOST_DAYS * DAY {
        let advice = "请选择不超过 366 天的时间范围，且开始早于结束";
        return Err(ServiceError::invalid("AUD-0101", "from", "时间范围不正确", advice));
    }
    let tally = |by: By| node.store.audit_tally(&cx.scope, (from, to), by, TALLY);
    let mut days: BTreeMap<Day, Counts> = BTreeMap::new();
    for line in tally(By::Day).await? {
        days.entry(day_of(line.day)).or_default().add(&line);
    }
    let actors = actors(&Book::load(node).await?, &tally(By::Actor).await?);
    let mut actions: BTreeMap<String, u64> = BTreeMap::new();
    for line in tally(By::Action).await? {
        *actions.entry(line.action.clone()).or_default() += u64::try_from(line.count).unwrap_or(0);
    }
    let mut actions: Vec<(String, String, u64)> =
        actions.into_iter().map(|(code, count)| (code.clone(), words::action(&code), count)).collect();
    actions.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
    actions.truncate(RANKING);
    let unusual = unusual(&tally(By::ActorDayAction).await?, &tally(By::ActorNight).await?);
    let total = days.values().map(Counts::total).sum();
    Ok(Statistics { from, to, total, days: days.into_iter().collect(), actors, actions, unusual })
}

fn actors(book: &Book, lines: &[Tally]) -> Vec<ActorFigure> {
    let mut by_actor: BTreeMap<(String, String), (Counts, i64)> = BTreeMap::new();
    for line in lines {
        let (counts, last) = by_actor.entry((line.actor.clone(), line.role.clone())).or_default();
        counts.add(line);
        *last = line.last_at.max(*last);
    }
    let figure = |((actor, role), (counts, last)): ((String, String), (Counts, i64))| ActorFigure {
        role_name: role_name(book, &role),
        actor,
        role,
        counts,
        last_at: Timestamp::from_millis(last),
    };
    let mut figures: Vec<ActorFigure> = by_actor.into_iter().map(figure).collect();
    figures.sort_by_key(|figure| std::cmp::Reverse(figure.counts.total()));
    figures.truncate(RANKING);
    figures
}

/// What is out of the ordinary. The node's own work has no role and never is.
fn unusual(lines: &[Tally], nights: &[Tally]) -> Vec<Unusual> {
    let mut sums: BTreeMap<(&'static str, &str, i64), i64> = BTreeMap::new();
    let people = |line: &&Tally| !line.role.is_empty();
    for line in nights.iter().filter(people) {
        *sums.entry(("night", &line.actor, line.day)).or_default() += line.count;
    }
    for line in lines.iter().filter(people) {
        let mut add = |kind| *sums.entry((kind, line.actor.as_str(), line.day)).or_default() += line.count;
        match line.result.as_str() {
            "denied" => add("denials"),
            "failed" => add("failures"),
            _ if line.action.ends_with(".unmask") || line.action.ends_with(".read_personal") => add("unmask"),
            _ if line.action.ends_with(".export") => add("export"),
            _ => {}
        }
    }
    let mut found: Vec<Unusual> = sums.into_iter().filter_map(|(key, count)| remark(key, count)).collect();
    found.sort_by_key(|one| (std::cmp::Reverse(one.day), std::cmp::Reverse(one.count)));
    found.truncate(100);
    found
}

fn remark((kind, actor, day): (&'static str, &str, i64), count: i64) -> Option<Unusual> {
    let (_, kind_name, least) = OFTEN.iter().find(|(code, _, _)| *code == kind)?;
    let day = day_of(day);
    let text = format!("{actor} 在 {day} {kind_name} {count} 次");
    let count = u64::try_from(count).ok().filter(|_| count >= *least)?;
    Some(Unusual { kind, kind_name, actor: actor.to_owned(), day, count, text })
}

/// In which form a file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A workbook.
    Xlsx,
    /// Values with commas between, for other programs.
    Csv,
}

/// A file of rows.
#[derive(Debug)]
pub struct Exported {
    /// Name of the file.
    pub name: String,
    /// Media type.
    pub media_type: &'static str,
    /// Content.
    pub bytes: Vec<u8>,
}

const HEADS: [&str; 15] = [
    "序号",
    "时间",
    "操作人",
    "角色",
    "行政区划",
    "地址",
    "操作代码",
    "操作",
    "对象类型",
    "对象",
    "结果",
    "原因",
    "变更前",
    "变更后",
    "杂凑值",
];

fn cells(view: &AuditView) -> Vec<String> {
    let entry = &view.row.entry;
    vec![
        view.row.seq.to_string(),
        china_time(entry.at),
        entry.actor.clone(),
        view.role_name.clone(),
        view.division_name.clone(),
        entry.address.clone(),
        entry.action.clone(),
        view.action_name.clone(),
        view.object_kind_name.clone(),
        entry.object_id.clone(),
        view.result_name.clone(),
        entry.reason.clone(),
        entry.before.clone().unwrap_or_default(),
        entry.after.clone().unwrap_or_default(),
        suyuan_crypto::hash::hex(&view.row.hash),
    ]
}

/// A moment as people in China write it, to the second.
fn china_time(at: Timestamp) -> String {
    let day = Day::of(at);
    let seconds = (at.millis() - day.start().millis()) / 1000;
    format!("{day} {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A file of exactly the rows that the list shows; leaves a row itself.
///
/// # Errors
/// `AUD-0103` for more rows than a file takes; when the actor may not export the trail.
pub async fn export(node: &Node, cx: &OpContext, query: AuditQuery, form: Form) -> Result<Exported> {
    cx.authorize(Action::Export, Kind::Audit)?;
    let asked = format!("{:?}", AuditQuery { limit: 0, after: None, ..query.clone() });
    let filter = filter(node, cx, query)?;
    let book = Book::load(node).await?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut before = None;
    loop {
        let page = node.store.audit_rows(&cx.scope, &filter, before, CHUNK).await?;
        before = page.items.last().map(|row| i64::try_from(row.seq).unwrap_or(i64::MAX));
        rows.extend(page.items.into_iter().map(|row| cells(&view(node, &book, row))));
        if rows.len() as u64 > MOST_EXPORTED {
            let fault =
                Fault::new("AUD-0103", "from", "记录超过 10 万条，不能一次导出", "请缩小时间范围或增加条件后分次导出");
            return Err(ServiceError::Invalid(vec![fault]));
        }
        if !page.more {
            break;
        }
    }
    let tx = node.store.begin().await?;
    let after = serde_json::json!({ "count": rows.len(), "asked": asked }).to_string();
    super::note(&tx, cx, "audit.export", "audit", "", None, Some(&after)).await?;
    tx.commit().await?;
    written(node, cx.now, rows, form)
}

fn written(node: &Node, now: Timestamp, rows: Vec<Vec<String>>, form: Form) -> Result<Exported> {
    let stem = format!("audit-{}-{}", node.code(), Day::of(now));
    Ok(match form {
        Form::Csv => Exported { name: format!("{stem}.csv"), media_type: "text/csv; charset=utf-8", bytes: csv(&rows) },
        Form::Xlsx => Exported {
            name: format!("{stem}.xlsx"),
            media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            bytes: workbook(node, now, &stem, rows)?,
        },
    })
}

fn workbook(node: &Node, now: Timestamp, number: &str, rows: Vec<Vec<String>>) -> Result<Vec<u8>> {
    let column = |name: &str| SheetColumn { name: name.to_owned(), share: 1, alignment: Alignment::Text };
    let moment: String = china_time(now).chars().take(16).collect();
    let edition = TabularEdition {
        number: number.to_owned(),
        title: "审计日志".to_owned(),
        node_name: node.config.platform_name.clone(),
        node_code: node.code().to_owned(),
        period: Day::of(now).to_string(),
        generated_at: moment.clone(),
        data_until: moment,
        sections: vec![Section {
            heading: "审计日志".to_owned(),
            paragraphs: vec![format!("共 {} 条，按时间由近到远排列。", rows.len())],
            table: Some(Table { columns: HEADS.map(column).to_vec(), rows }),
        }],
        notes: vec!["杂凑值按 SM3 逐条相连，可用 suyuan verify audit 校验。".to_owned()],
    };
    render_tabular_xlsx(&edition).map_err(|error| ServiceError::Internal(error.to_string()))
}

/// Rows with commas between; a text that a spreadsheet would take for a formula gets an apostrophe in front.
fn csv(rows: &[Vec<String>]) -> Vec<u8> {
    let mut out = String::from("\u{feff}");
    let heads: Vec<String> = HEADS.iter().map(|head| (*head).to_owned()).collect();
    for row in std::iter::once(&heads).chain(rows) {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out.into_bytes()
}

fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_5_4_3c_a_change_is_shown_field_by_field() {
        let change = |field: &str, name: &str, before: Option<&str>, after: Option<&str>| Change {
            field: field.to_owned(),
            name: name.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        let before = r#"{"state":"active","doc":{"name":"甲","phone":"1"}}"#;
        let after = r#"{"state":"active","doc":{"name":"乙","count":2}}"#;
        assert_eq!(
            changes(Some(before), Some(after)),
            [
                change("doc.count", "数量", None, Some("2")),
                change("doc.name", "名称", Some("甲"), Some("乙")),
                change("doc.phone", "电话", Some("1"), None),
            ]
        );
        assert_eq!(changes(Some("draft"), Some("active")), [change("", "内容", Some("draft"), Some("active"))]);
        assert_eq!(changes(None, None), []);
    }

    #[test]
    fn g_5_4_3c_a_cell_is_never_a_formula() {
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("说\"好\""), "\"说\"\"好\"\"\"");
    }

    #[test]
    fn g_5_4_3c_what_is_out_of_the_ordinary_is_told_and_jobs_are_not() {
        let line = |role: &str, action: &str, result: &str, count| Tally {
            day: 20_000,
            actor: "甲".to_owned(),
            role: role.to_owned(),
            action: action.to_owned(),
            result: result.to_owned(),
            count,
            last_at: 0,
        };
        let lines = [
            line("supervisor", "subject.unmask", "ok", 19),
            line("supervisor", "device.unmask", "ok", 1),
            line("supervisor", "session.sign_in", "failed", 9),
            line("", "session.sign_in", "failed", 90),
            line("supervisor", "audit.export", "ok", 10),
        ];
        let kinds: Vec<&str> = unusual(&lines, &[line("", "", "ok", 900)]).iter().map(|one| one.kind).collect();
        assert_eq!(kinds, ["unmask", "export"]);
        assert_eq!(unusual(&[], &[line("supervisor", "", "ok", 20)])[0].text, "甲 在 2024-10-04 夜间操作 20 次");
    }
}
