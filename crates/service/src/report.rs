//! Reports (报告): freezing a numbered edition, drawing it on demand, its schedule, and one delivery for each receiver.
//!
//! What is sent is what is shown: figures are frozen once, then drawn. Mail itself is the work of `suyuan-jobs`.
//! Rows: G-5.4.4a, G-6.8.3.

mod cron;
mod delivery;
mod freeze;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use suyuan_crypto::hash::sm3;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::{Day, Period};
use suyuan_domain::scope::Scope;
use suyuan_reports::{EvaluationEdition, Fonts, render_html, render_pdf, render_xlsx};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::job::NewJob;
use suyuan_store::report::{Edition, ReportSchedule};

use crate::evaluation::{self, Begun};
use crate::listing::Listed;
use crate::{Node, Result, ServiceError, audit};

pub use cron::{Cron, CronError};
pub use delivery::{DeliveryOut, Parcel, delivered, deliveries, parcel, resend, send, send_to, undelivered};
pub(crate) use freeze::minute;
pub use suyuan_store::report::Receiver;

/// Kind of the monthly report, and of its schedule.
pub const EVALUATION: &str = "evaluation";

/// Kind of the job that freezes an edition.
pub const MONTHLY_JOB: &str = "report.monthly";

/// Kind of the job that delivers one copy.
pub const DELIVER_JOB: &str = "mail.deliver";

/// Tries of one delivery before it is given up.
pub const DELIVERY_TRIES: u32 = 8;

/// Receivers of one sending.
const MOST_RECEIVERS: usize = 200;

/// Payload of [`MONTHLY_JOB`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthlyJob {
    /// The period.
    pub period: Period,
    /// Whether to send it to the receivers of the schedule; so it is unless somebody asked for the edition alone.
    #[serde(default = "yes")]
    pub send: bool,
}

const fn yes() -> bool {
    true
}

/// Payload of [`DELIVER_JOB`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverJob {
    /// Number of the delivery.
    pub delivery: i64,
}

/// Form of a drawn edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For printing.
    Pdf,
    /// For mails and screens.
    Html,
    /// For calculating.
    Xlsx,
}

impl Format {
    /// Media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Html => "text/html; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// Ending of file names.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Html => "html",
            Self::Xlsx => "xlsx",
        }
    }
}

/// An edition in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditionOut {
    /// Identity.
    pub id: ObjectId,
    /// Number.
    pub number: String,
    /// Title.
    pub title: String,
    /// Period.
    pub period: String,
    /// Issuing node.
    pub node: String,
    /// When it was frozen.
    pub created_at: Timestamp,
    /// Forms that can be had.
    pub formats: Vec<Format>,
    /// SM3 of its figures.
    pub hash: String,
}

/// The schedule as it is written.
#[derive(Clone, Debug, Deserialize)]
pub struct ScheduleIn {
    /// Whether it runs.
    pub enabled: bool,
    /// Minute, hour, day, month, weekday.
    pub cron: String,
    /// Who gets it.
    pub receivers: Vec<Receiver>,
}

/// The schedule as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct ScheduleOut {
    /// Whether it runs.
    pub enabled: bool,
    /// Minute, hour, day, month, weekday.
    pub cron: String,
    /// Who gets it.
    pub receivers: Vec<Receiver>,
    /// When it runs next.
    pub next_at: Option<Timestamp>,
}

/// Computes and freezes the report of a period. The same figures are not frozen twice: the edition that has them is given.
///
/// # Errors
/// When the store or the warehouse is out of reach.
pub async fn monthly(node: &Node, period: Period) -> Result<ObjectId> {
    evaluation::compute(node, period).await?;
    let now = node.now();
    let mut frozen = freeze::edition(node, period, now).await?;
    let hash = figures_hash(&frozen)?;
    let tx = node.store.begin().await?;
    let last = tx.last_edition(EVALUATION, &period.to_string()).await?;
    if let Some(last) = last.as_ref().filter(|last| last.frozen_hash == hash) {
        return Ok(last.id);
    }
    let running = last.as_ref().and_then(|last| last.number.rsplit('-').next()?.parse::<u32>().ok()).unwrap_or(0) + 1;
    frozen.number = format!("{}-{}-{running:02}", node.code(), period.to_string().replace('-', ""));
    let edition = Edition {
        id: node.mint(),
        number: frozen.number.clone(),
        kind: EVALUATION.to_owned(),
        title: frozen.title.clone(),
        period: period.to_string(),
        division: node.code().to_owned(),
        frozen: serde_json::to_string(&frozen)?,
        frozen_hash: hash,
        created_at: now,
    };
    tx.add_edition(&edition).await?;
    tx.commit().await?;
    Ok(edition.id)
}

/// SM3 of the figures, whatever number they got and whenever they were frozen.
fn figures_hash(edition: &EvaluationEdition) -> Result<[u8; 32]> {
    let blank = String::new;
    let figures = EvaluationEdition { number: blank(), generated_at: blank(), data_until: blank(), ..edition.clone() };
    Ok(sm3(&serde_json::to_vec(&figures)?))
}

/// Does the work of one [`MONTHLY_JOB`].
///
/// # Errors
/// When the payload cannot be read, or the work fails; repeating it is harmless.
pub async fn run(node: &Node, payload: &str) -> Result<ObjectId> {
    let job: MonthlyJob = serde_json::from_str(payload)?;
    let edition = monthly(node, job.period).await?;
    let schedule = node.store.report_schedule(EVALUATION).await?;
    if let Some(schedule) = schedule.filter(|schedule| job.send && !schedule.receivers.is_empty())
        && node.store.deliveries(edition).await?.is_empty()
    {
        send(node, edition, &schedule.receivers).await?;
    }
    Ok(edition)
}

/// Asks for the report of a period.
///
/// # Errors
/// Without permission, or for a period that has not begun.
pub async fn request(node: &Node, cx: &OpContext, period: Period) -> Result<Begun> {
    cx.authorize(Action::Create, Kind::Report)?;
    if period.first() > Day::of(cx.now) {
        let reason = format!("{}尚未开始", period.label());
        return Err(ServiceError::invalid("RPT-0101", "period", reason, "请选择已开始的周期"));
    }
    evaluation::begin(node, cx, MONTHLY_JOB, &MonthlyJob { period, send: false }, "report.create", &period.to_string())
        .await
}

/// A page of editions, newest first.
///
/// # Errors
/// Without permission, or when the database is out of reach.
pub async fn list(node: &Node, cx: &OpContext, after: Option<ObjectId>, limit: usize) -> Result<Listed<EditionOut>> {
    cx.authorize(Action::Read, Kind::Report)?;
    let page = node.store.editions(&cx.scope, after, limit).await?;
    let mut formats = vec![Format::Pdf, Format::Html, Format::Xlsx];
    formats.retain(|format| *format != Format::Pdf || node.config.fonts_dir.is_some());
    Ok(Listed::of_page(page, |row| row.id.to_string()).map(|row| EditionOut {
        id: row.id,
        number: row.number,
        title: row.title,
        period: row.period,
        node: node.code().to_owned(),
        created_at: row.created_at,
        formats: formats.clone(),
        hash: suyuan_crypto::hash::hex(&row.frozen_hash),
    }))
}

async fn visible(node: &Node, scope: &Scope, id: ObjectId) -> Result<Edition> {
    node.store.edition(scope, id).await?.ok_or(ServiceError::NotFound("report"))
}

/// A drawn edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Name for the file.
    pub name: String,
    /// Media type.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Draws an edition for a reader.
///
/// # Errors
/// Without permission, when it is absent or out of scope, or cannot be drawn.
pub async fn draw(node: &Node, cx: &OpContext, id: ObjectId, format: Format) -> Result<Drawn> {
    cx.authorize(Action::Read, Kind::Report)?;
    let edition = visible(node, &cx.scope, id).await?;
    let drawn = drawn(node, &edition, format).await?;
    let tx = node.store.begin().await?;
    audit::note(&tx, cx, "report.download", "report", &edition.number, None, Some(format.extension())).await?;
    tx.commit().await?;
    Ok(drawn)
}

/// Draws an edition in one form. The same edition gives the same bytes.
///
/// # Errors
/// When there is no font for a PDF, or the drawing fails.
pub async fn drawn(node: &Node, edition: &Edition, format: Format) -> Result<Drawn> {
    let mut frozen: EvaluationEdition = serde_json::from_str(&edition.frozen)?;
    if let Some(map) = &mut frozen.map {
        match node.boundaries.children_geojson(boundary_of(node)) {
            Ok(boundaries) => {
                map.boundaries_geojson = boundaries;
                map.lines_geojson = boundary_of(node).is_none().then(|| node.boundaries.lines_geojson());
            }
            Err(_) => frozen.map = None,
        }
    }
    let fonts_dir = node.config.fonts_dir.clone();
    let failed = |error: &dyn std::fmt::Display| ServiceError::Unavailable(error.to_string());
    let drawing = tokio::task::spawn_blocking(move || draw_blocking(&frozen, format, fonts_dir));
    let bytes = drawing.await.map_err(|error| failed(&error))??;
    let name = format!("{}.{}", edition.number, format.extension());
    Ok(Drawn { name, media_type: format.media_type(), bytes })
}

/// The nation's boundaries have no code of their own here.
fn boundary_of(node: &Node) -> Option<&str> {
    (node.code() != suyuan_domain::division::NATION).then(|| node.code())
}

fn draw_blocking(edition: &EvaluationEdition, format: Format, fonts_dir: Option<PathBuf>) -> Result<Vec<u8>> {
    let failed = |error: suyuan_reports::ReportError| ServiceError::Unavailable(error.to_string());
    match format {
        Format::Html => Ok(render_html(edition).into_bytes()),
        Format::Xlsx => render_xlsx(edition).map_err(failed),
        Format::Pdf => {
            let missing = || {
                let advice = "请先使用 HTML 或 XLSX，或联系系统管理员安装字体";
                ServiceError::Conflict(Fault::new("RPT-0202", "", "未安装报告字体，无法生成 PDF", advice))
            };
            let fonts = fonts(fonts_dir.ok_or_else(missing)?)?;
            render_pdf(edition, &fonts).map_err(failed)
        }
    }
}

/// Fonts by folder: 20 MB that are read once.
fn fonts(folder: PathBuf) -> Result<Arc<Fonts>> {
    static LOADED: LazyLock<Mutex<HashMap<PathBuf, Arc<Fonts>>>> = LazyLock::new(Mutex::default);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(fonts) = loaded.get(&folder) {
        return Ok(fonts.clone());
    }
    let fonts = Arc::new(Fonts::load(&folder).map_err(|error| ServiceError::Unavailable(error.to_string()))?);
    loaded.insert(folder, fonts.clone());
    Ok(fonts)
}

fn checked(receivers: &[Receiver]) -> Result<Vec<Receiver>> {
    let mut faults = Vec::new();
    if receivers.len() > MOST_RECEIVERS {
        faults.push(Fault::new("RPT-0102", "receivers", format!("收件人超过 {MOST_RECEIVERS} 个"), "请分批发送"));
    }
    let trimmed =
        |receiver: &Receiver| Receiver { name: receiver.name.trim().into(), email: receiver.email.trim().into() };
    let receivers: Vec<Receiver> = receivers.iter().map(trimmed).collect();
    for (index, receiver) in receivers.iter().enumerate() {
        if !is_address(&receiver.email) {
            let reason = format!("邮箱地址“{}”不正确", receiver.email);
            faults.push(Fault::new("RPT-0103", format!("receivers[{index}].email"), reason, "请核对后重新填写"));
        }
        if receiver.name.chars().count() > 50 || receiver.name.chars().any(char::is_control) {
            faults.push(Fault::new(
                "RPT-0104",
                format!("receivers[{index}].name"),
                "收件人姓名不正确",
                "请填写不超过 50 字的姓名",
            ));
        }
    }
    if faults.is_empty() { Ok(receivers) } else { Err(ServiceError::Invalid(faults)) }
}

/// Whether mail can be addressed to it: one @ between two parts, nothing that could end a header.
fn is_address(text: &str) -> bool {
    let plain = |c: char| {
        c.is_ascii_graphic() && !matches!(c, '<' | '>' | ',' | ';' | '"' | '(' | ')' | '\\' | '[' | ']' | ':')
    };
    let Some((local, domain)) = text.split_once('@') else { return false };
    let label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    text.len() <= 254
        && !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with('.')
        && local.chars().all(plain)
        && domain.split('.').all(label)
}

/// The schedule until somebody sets another: eight o'clock on the first of the month, off.
fn unset() -> ReportSchedule {
    ReportSchedule {
        kind: EVALUATION.to_owned(),
        enabled: false,
        cron: "0 8 1 * *".to_owned(),
        receivers: Vec::new(),
        last_due: None,
        version: 0,
    }
}

fn schedule_out(schedule: ReportSchedule, now: Timestamp) -> ScheduleOut {
    let next = schedule.cron.parse::<Cron>().ok().and_then(|cron| cron.next_after(now));
    ScheduleOut {
        next_at: next.filter(|_| schedule.enabled),
        enabled: schedule.enabled,
        cron: schedule.cron,
        receivers: schedule.receivers,
    }
}

/// The schedule of the monthly report.
///
/// # Errors
/// Without permission, or when the database is out of reach.
pub async fn schedule(node: &Node, cx: &OpContext) -> Result<ScheduleOut> {
    cx.authorize(Action::Read, Kind::Report)?;
    let schedule = node.store.report_schedule(EVALUATION).await?.unwrap_or_else(unset);
    Ok(schedule_out(schedule, cx.now))
}

/// Sets the schedule of the monthly report. Due times before now are not made up for.
///
/// # Errors
/// Without permission, or for input with faults.
pub async fn set_schedule(node: &Node, cx: &OpContext, input: &ScheduleIn) -> Result<ScheduleOut> {
    cx.authorize(Action::Update, Kind::Report)?;
    let receivers = checked(&input.receivers)?;
    let cron: Cron = input
        .cron
        .parse()
        .map_err(|error: CronError| ServiceError::invalid("RPT-0106", "cron", error.to_string(), "请修改定时表达式"))?;
    if cron.next_after(cx.now).is_none() {
        let reason = "定时表达式指定的日期不存在";
        return Err(ServiceError::invalid("RPT-0107", "cron", reason, "请修改定时表达式"));
    }
    let tx = node.store.begin().await?;
    let before = tx.report_schedule(EVALUATION).await?.unwrap_or_else(unset);
    let after = ReportSchedule {
        enabled: input.enabled,
        cron: input.cron.trim().to_owned(),
        receivers,
        last_due: Some(cx.now),
        version: before.version + 1,
        ..before.clone()
    };
    tx.keep_report_schedule(&after).await?;
    audit::note(&tx, cx, "report.schedule", "report_schedule", EVALUATION, Some(&before.cron), Some(&after.cron))
        .await?;
    tx.commit().await?;
    Ok(schedule_out(after, cx.now))
}

/// Looks whether the schedule is due and, if so, only enqueues the report of the month before; once for all due times since
/// the last. Says whether it did.
///
/// # Errors
/// When the database is out of reach.
pub async fn tick(node: &Node) -> Result<bool> {
    let now = node.now();
    let tx = node.store.begin().await?;
    let Some(mut schedule) = tx.report_schedule(EVALUATION).await?.filter(|schedule| schedule.enabled) else {
        return Ok(false);
    };
    let Ok(cron) = schedule.cron.parse::<Cron>() else { return Ok(false) };
    let Some(due) = cron.last_due(schedule.last_due.unwrap_or(now), now) else { return Ok(false) };
    let payload = MonthlyJob { period: Period::month_of(Day::of(due)).previous(), send: true };
    let job = NewJob {
        kind: MONTHLY_JOB.to_owned(),
        unique_key: Some(format!("{MONTHLY_JOB}:{due}")),
        payload: serde_json::to_string(&payload)?,
        run_at: now,
        max_attempts: 8,
        actor: None,
    };
    let new = tx.enqueue(job, now).await?;
    schedule.last_due = Some(due);
    schedule.version += 1;
    tx.keep_report_schedule(&schedule).await?;
    tx.commit().await?;
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_8_3_only_what_mail_can_be_addressed_to_is_an_address() {
        for text in ["a@b.cn", "zhang.san@qingdao.gov.cn", "x_1+y@mail-1.example"] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "",
            "a",
            "@b.cn",
            "a@",
            "a@b..cn",
            "a b@c.cn",
            "a@b.cn\r\nBcc: x@y.cn",
            "<a@b.cn>",
            "a@b@c.cn",
            ".a@b.cn",
            "张三@b.cn",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn g_6_8_3_a_fault_names_the_receiver() {
        let receiver = |email: &str| Receiver { name: "张三".into(), email: email.into() };
        let faults = match checked(&[receiver("a@b.cn"), receiver("no")]) {
            Err(ServiceError::Invalid(faults)) => faults,
            other => panic!("{other:?}"),
        };
        assert_eq!(faults[0].field, "receivers[1].email");
    }

    #[test]
    fn g_6_8_3_the_same_figures_have_the_same_hash() {
        let edition = |number: &str, title: &str| EvaluationEdition {
            number: number.into(),
            title: title.into(),
            node_name: String::new(),
            node_code: "370200".into(),
            period: "2026年10月".into(),
            generated_at: number.into(),
            data_until: number.into(),
            formula_version: "2026.1".into(),
            summary: vec![],
            grades: vec![],
            rows: vec![],
            indicator_names: vec![],
            trend: vec![],
            map: None,
            anomalies: vec![],
            notes: vec![],
            advice: vec![],
        };
        let hash = |number: &str, title: &str| figures_hash(&edition(number, title)).expect("a hash");
        assert_eq!(hash("1", "a"), hash("2", "a"));
        assert_ne!(hash("1", "a"), hash("1", "b"));
    }
}
