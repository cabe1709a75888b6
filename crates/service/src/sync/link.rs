//! How a link is set by people (链路设置): rate, batch size, hours of the day, holds. The sender reads it before every batch, so
//! a change counts from the next one on; the urgent class always passes. Rows: A-8.

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::period::Day;
use suyuan_domain::record::Class;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::link::LinkRow;

use super::BATCH_RECORDS;
use crate::{Node, Result, ServiceError, audit};

/// Highest rate that can be set, in records a second.
const MOST_RATE: u64 = 1_000_000;

/// Windows of one link at most.
const MOST_WINDOWS: usize = 12;

/// Characters of a reason.
const MOST_REASON: usize = 200;

const MINUTE: i64 = 60_000;
const DAY_MINUTES: u16 = 1440;

/// Hours in which a class is sent, every day, in China standard time. One that ends before it begins goes over midnight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// `normal` or `bulk`.
    pub class: Class,
    /// Beginning, as 22:00.
    pub from: String,
    /// End, as 06:00; not part of it.
    pub to: String,
}

impl Window {
    /// Minutes of the day of beginning and end.
    fn minutes(&self) -> Option<(u16, u16)> {
        Some((minute(&self.from)?, minute(&self.to)?))
    }

    fn is_open(&self, at: u16) -> bool {
        self.minutes().is_none_or(|(from, to)| if from < to { (from..to).contains(&at) } else { at >= from || at < to })
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let is_number = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY_MINUTES).then_some(total)
}

/// How a link is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Records in a second at most; `None` without a limit.
    pub rate: Option<u64>,
    /// Records in a batch at most.
    pub batch: u64,
    /// Hours of classes; a class without any is sent at all hours.
    pub windows: Vec<Window>,
    /// Classes that are held back.
    pub held: Vec<Class>,
    /// Why.
    pub reason: String,
    /// Since when.
    pub held_at: Option<Timestamp>,
    /// By whom.
    pub held_by: String,
    /// Grows with every change.
    pub version: i64,
    /// When the next batch under the rate may go.
    #[serde(skip)]
    pub next_at: Timestamp,
}

/// Why a class is not sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// A person holds it back.
    Held,
    /// Outside its hours; they begin at this moment.
    Hours(Timestamp),
    /// The rate is used up until this moment.
    Rate(Timestamp),
}

impl Settings {
    fn of(row: &LinkRow) -> Self {
        let count = |number: i64| u64::try_from(number).ok();
        Self {
            rate: row.rate.and_then(count),
            batch: row.batch.and_then(count).unwrap_or(BATCH_RECORDS as u64),
            windows: serde_json::from_str(&row.windows).unwrap_or_default(),
            held: row.held.split(',').filter_map(|word| word.parse().ok()).collect(),
            reason: row.reason.clone(),
            held_at: row.held_at.map(Timestamp::from_millis),
            held_by: row.held_by.clone(),
            version: row.version,
            next_at: Timestamp::from_millis(row.next_at),
        }
    }

    /// How the link to a peer is set.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn read(node: &Node, peer: &str) -> Result<Self> {
        Ok(Self::of(&node.store.link(peer).await?))
    }

    /// Why a class has to wait at `now`; `None` where it may go.
    #[must_use]
    pub fn wait(&self, class: Class, now: Timestamp) -> Option<Wait> {
        if class == Class::Urgent {
            return None;
        }
        if self.held.contains(&class) {
            return Some(Wait::Held);
        }
        if let Some(opens) = self.opens(class, now) {
            return Some(Wait::Hours(opens));
        }
        (self.rate.is_some() && now < self.next_at).then_some(Wait::Rate(self.next_at))
    }

    /// When the hours of a class begin, if they are not now.
    fn opens(&self, class: Class, now: Timestamp) -> Option<Timestamp> {
        let today = Day::of(now).start();
        let at = u16::try_from((now.millis() - today.millis()) / MINUTE).unwrap_or(0);
        let windows: Vec<&Window> = self.windows.iter().filter(|window| window.class == class).collect();
        if windows.is_empty() || windows.iter().any(|window| window.is_open(at)) {
            return None;
        }
        let begins = |window: &&Window| {
            let (from, _) = window.minutes()?;
            let days = if from > at { 0 } else { i64::from(DAY_MINUTES) };
            Some(today.plus_millis((i64::from(from) + days) * MINUTE))
        };
        windows.iter().filter_map(begins).min()
    }

    /// Records in one batch of a class. Under a rate no batch holds more than a second's worth, so that the line is used
    /// evenly.
    #[must_use]
    pub fn records(&self, class: Class) -> usize {
        let most = match (class, self.rate) {
            (Class::Urgent, _) => BATCH_RECORDS as u64,
            (_, Some(rate)) => self.batch.min(rate),
            (_, None) => self.batch,
        };
        usize::try_from(most).unwrap_or(BATCH_RECORDS).clamp(1, BATCH_RECORDS)
    }

    /// For how long, in milliseconds, a sent batch uses up the rate; `None` where none is counted.
    #[must_use]
    pub fn uses_up(&self, class: Class, records: u64) -> Option<i64> {
        let rate = self.rate.filter(|_| class != Class::Urgent)?;
        i64::try_from(records.saturating_mul(1000).div_ceil(rate.max(1))).ok()
    }
}

/// What a person wants of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The version that the person saw.
    pub version: i64,
    /// Records in a second at most; `None` without a limit.
    pub rate: Option<u64>,
    /// Records in a batch at most; `None` for the program's own size.
    pub batch: Option<u64>,
    /// Hours of classes.
    pub windows: Vec<Window>,
}

fn judge(wanted: &Wanted) -> Result<()> {
    let invalid =
        |code, field: &str, reason: &str, advice: &str| Err(ServiceError::invalid(code, field, reason, advice));
    if wanted.rate.is_some_and(|rate| !(1..=MOST_RATE).contains(&rate)) {
        return invalid("XCH-0501", "rate", "每秒记录数超出范围", "请填写 1 至 1000000，或留空表示不限");
    }
    if wanted.batch.is_some_and(|batch| !(1..=BATCH_RECORDS as u64).contains(&batch)) {
        return invalid("XCH-0502", "batch", "每批记录数超出范围", "请填写 1 至 5000，或留空使用默认值");
    }
    if wanted.windows.len() > MOST_WINDOWS {
        return invalid("XCH-0503", "windows", "时段过多", "最多可设 12 个时段");
    }
    for (index, window) in wanted.windows.iter().enumerate() {
        let field = format!("windows[{index}]");
        if window.class == Class::Urgent {
            return invalid("XCH-0504", &field, "紧急数据不受时段限制", "请选择一般或大批量");
        }
        if window.minutes().is_none_or(|(from, to)| from == to || from == DAY_MINUTES) {
            return invalid("XCH-0505", &field, "时段不正确", "请按 22:00 至 06:00 的形式填写，起止不能相同");
        }
    }
    Ok(())
}

fn reason_of(reason: &str) -> Result<String> {
    let reason = reason.trim();
    let count = reason.chars().count();
    if (1..=MOST_REASON).contains(&count) {
        return Ok(reason.to_owned());
    }
    Err(ServiceError::invalid("XCH-0506", "reason", "请说明原因", "原因为 1 至 200 字"))
}

/// Changes rate, batch size and hours of the link to a peer.
///
/// # Errors
/// When the actor may not, there is no such peer, a value is out of range, or somebody else changed it first.
pub async fn set(node: &Node, cx: &OpContext, peer: &str, wanted: Wanted) -> Result<Settings> {
    judge(&wanted)?;
    let windows = serde_json::to_string(&wanted.windows)?;
    change(node, cx, (peer, "settings"), |row| {
        if row.version != wanted.version {
            return Err(ServiceError::changed_meanwhile());
        }
        let number = |count: Option<u64>| count.and_then(|count| i64::try_from(count).ok());
        row.rate = number(wanted.rate);
        row.batch = number(wanted.batch);
        row.windows = windows;
        // What was counted under another rate does not count any more.
        row.next_at = 0;
        Ok(())
    })
    .await
}

/// Holds back classes of the link to a peer, with a reason; the urgent class cannot be held back.
///
/// # Errors
/// As [`set`].
pub async fn hold(node: &Node, cx: &OpContext, peer: &str, classes: &[Class], reason: &str) -> Result<Settings> {
    let reason = reason_of(reason)?;
    if classes.is_empty() || classes.contains(&Class::Urgent) {
        let advice = "请选择一般（normal）、大批量（bulk）或两者";
        return Err(ServiceError::invalid("XCH-0507", "classes", "紧急数据不能暂停", advice));
    }
    let now = cx.now.millis();
    change(node, cx, (peer, "pause"), |row| {
        let held = Class::ALL.into_iter().filter(|class| classes.contains(class)).map(Class::as_str);
        row.held = held.collect::<Vec<_>>().join(",");
        row.reason = reason;
        row.held_at = Some(now);
        row.held_by = cx.actor.username.clone();
        Ok(())
    })
    .await
}

/// Lets everything pass again.
///
/// # Errors
/// As [`set`].
pub async fn release(node: &Node, cx: &OpContext, peer: &str) -> Result<Settings> {
    change(node, cx, (peer, "resume"), |row| {
        row.held = String::new();
        row.reason = String::new();
        row.held_at = None;
        row.held_by = String::new();
        Ok(())
    })
    .await
}

async fn change(
    node: &Node,
    cx: &OpContext,
    (peer, action): (&str, &str),
    alter: impl FnOnce(&mut LinkRow) -> Result<()>,
) -> Result<Settings> {
    cx.authorize(Action::Update, Kind::Exchange)?;
    let tx: Tx = node.store.begin().await?;
    tx.peer(peer).await?.ok_or(ServiceError::NotFound("交换链路"))?;
    let mut row = tx.link(peer).await?;
    let before = Settings::of(&row);
    alter(&mut row)?;
    row.version += 1;
    if !tx.keep_link(&row).await? {
        return Err(ServiceError::changed_meanwhile());
    }
    let after = Settings::of(&row);
    audit::note_change(&tx, cx, (action, "exchange", peer), Some(&before), Some(&after)).await?;
    tx.commit().await?;
    Ok(after)
}
