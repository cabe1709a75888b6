//! What devices tell of themselves and what follows from it: faults, online rate, silent devices. Rows: G-6.7.4.

use std::collections::BTreeMap;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::register::Entry;

use super::DeviceDoc;
use crate::access::SystemIdentity;
use crate::node::Node;
use crate::register::field::tidy_code;
use crate::register::{State, within};
use crate::{Result, ServiceError, audit};

pub use suyuan_store::device::{DeviceFault, DeviceState};

/// Most devices of one sign of life.
const MOST_DEVICES: usize = 1000;
/// Most faults that a device tells of at once, and their longest code.
const MOST_FAULTS: usize = 20;
const LONGEST_FAULT: usize = 40;
/// Most days of a rate.
const MOST_DAYS: i64 = 366;
/// Faults that are listed of a device.
const LISTED: usize = 200;
const HOUR: i64 = 3_600_000;

/// A sign of life of one device (设备心跳).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    /// Code of the device.
    pub code: String,
    /// Version of its program.
    pub firmware: Option<String>,
    /// Charge in per cent.
    pub battery: Option<u8>,
    /// Faults that it has now; `None` where it says nothing of them.
    pub faults: Option<Vec<String>>,
}

fn checked(beats: &[Beat]) -> Result<()> {
    if beats.len() > MOST_DEVICES {
        let fault = Fault::new("REQ-0110", "devices", format!("一次最多上报 {MOST_DEVICES} 台设备"), "请分批上报");
        return Err(ServiceError::TooLarge(fault));
    }
    let plain = |text: &String, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
    for (place, beat) in beats.iter().enumerate() {
        let fault = |field: &str, reason: &str, advice: &str| {
            Err(ServiceError::invalid("DEV-0201", &format!("devices[{place}].{field}"), reason, advice))
        };
        if beat.battery.is_some_and(|charge| charge > 100) {
            return fault("battery", "电量应为 0 至 100", "请填写百分数");
        }
        if beat.firmware.as_ref().is_some_and(|text| !plain(text, 100)) {
            return fault("firmware", "固件版本过长或含有不可见字符", "请控制在 100 字以内");
        }
        let odd = |codes: &Vec<String>| {
            codes.len() > MOST_FAULTS || codes.iter().any(|code| code.is_empty() || !plain(code, LONGEST_FAULT))
        };
        if beat.faults.as_ref().is_some_and(odd) {
            return fault("faults", "故障代码过多或不正确", "每台设备最多 20 个故障代码，每个不超过 40 字");
        }
    }
    Ok(())
}

/// Notes that a system and its devices are alive; gives how many devices were noted: those of this node that are not
/// registered for another system. Stays on this node.
///
/// # Errors
/// For beats with faults, or when the database refuses.
pub async fn heartbeat(node: &Node, system: &SystemIdentity, mut beats: Vec<Beat>) -> Result<usize> {
    checked(&beats)?;
    let now = node.now();
    beats.iter_mut().for_each(|beat| tidy_code(&mut beat.code));
    let codes: Vec<String> = beats.iter().map(|beat| beat.code.clone()).collect();
    let mut known: BTreeMap<String, Entry> = BTreeMap::new();
    for entry in node.store.system_entries_by_codes(kind::DEVICE, &codes).await? {
        let doc: DeviceDoc = serde_json::from_str(&entry.doc)?;
        let own = doc.system.is_empty() || doc.system == system.code;
        if own && entry.origin_node == node.code() {
            known.insert(entry.code.clone(), entry);
        }
    }
    let tx = node.store.begin().await?;
    tx.heard_of(kind::ACCESS, &system.code, None, now, 0).await?;
    for beat in beats.iter().filter(|beat| known.contains_key(&beat.code)) {
        tx.heard_of(kind::DEVICE, &beat.code, None, now, 0).await?;
        tx.keep_device_state(&beat.code, beat.firmware.as_deref(), beat.battery, now).await?;
        if let Some(faults) = &beat.faults {
            tx.keep_device_faults(&beat.code, faults, now).await?;
        }
    }
    tx.commit().await?;
    Ok(known.len())
}

/// What devices told of themselves last and how many open faults they have, by code.
///
/// # Errors
/// When the database is out of reach.
pub async fn of(node: &Node, codes: &[String]) -> Result<(BTreeMap<String, DeviceState>, BTreeMap<String, u64>)> {
    Ok((node.store.device_states(codes).await?, node.store.open_device_faults(codes).await?))
}

async fn entry(node: &Node, cx: &OpContext, id: ObjectId, action: Action) -> Result<Entry> {
    cx.authorize(action, Kind::Device)?;
    node.store.entry(&cx.scope, kind::DEVICE, id).await?.ok_or(ServiceError::NotFound(kind::DEVICE))
}

/// The faults of a device, newest first.
///
/// # Errors
/// Without permission, or when there is no such device in the scope.
pub async fn faults(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Vec<DeviceFault>> {
    let entry = entry(node, cx, id, Action::Read).await?;
    Ok(node.store.device_faults(&entry.code, LISTED).await?)
}

/// Closes a fault of a device by hand.
///
/// # Errors
/// Without permission or reason, or when the fault is not open.
pub async fn close_fault(
    node: &Node,
    cx: &OpContext,
    (id, number): (ObjectId, i64),
    reason: &str,
) -> Result<Vec<DeviceFault>> {
    let entry = entry(node, cx, id, Action::Update).await?;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(ServiceError::invalid("DEV-0202", "reason", "关闭故障需要说明处理情况", "请填写 500 字以内的说明"));
    }
    let tx = node.store.begin().await?;
    if !tx.close_device_fault((&entry.code, number), (&cx.actor.username, reason), cx.now).await? {
        let fault = Fault::new("DEV-0203", "", "该故障不存在或已关闭", "请刷新后查看");
        return Err(ServiceError::Conflict(fault));
    }
    let told = serde_json::json!({ "fault": number, "reason": reason }).to_string();
    audit::note(&tx, cx, "device.close_fault", kind::DEVICE, &entry.code, None, Some(&told)).await?;
    tx.commit().await?;
    Ok(node.store.device_faults(&entry.code, LISTED).await?)
}

/// By what a rate is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Division.
    Division,
    /// Type of the device.
    Type,
    /// Subject that uses it.
    Subject,
}

/// The online rate of a group of devices (在线率).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Code of the group; empty for devices without one.
    pub code: String,
    /// Name of the group.
    pub name: String,
    /// Devices.
    pub devices: u64,
    /// Days on which they were heard of.
    pub online_days: u64,
    /// Days on which they should have been.
    pub due_days: u64,
}

/// The devices in force that the actor sees, of this node, where alone it is known when they were heard of.
async fn in_force(node: &Node, cx: &OpContext, division: Option<&str>) -> Result<Vec<Entry>> {
    cx.authorize(Action::Read, Kind::Device)?;
    let ranges = within(node, cx, division)?;
    let inside = |entry: &Entry| {
        ranges.as_ref().is_none_or(|ranges| ranges.iter().any(|range| range.covers(&entry.division)))
            && cx.scope.covers_division(&entry.division)
            && (entry.category.is_empty() || cx.scope.covers_category(&entry.category))
            && cx.scope.subject.as_ref().is_none_or(|own| *own == entry.subject)
    };
    let all = node.store.system_entries(kind::DEVICE).await?;
    let live = |entry: &Entry| State::parse(&entry.state).is_some_and(State::is_live);
    Ok(all.into_iter().filter(|entry| entry.origin_node == node.code() && live(entry) && inside(entry)).collect())
}

/// The online rate of devices by group over days, both included.
///
/// # Errors
/// Without permission, or for days the wrong way round or too many.
pub async fn rate(
    node: &Node,
    cx: &OpContext,
    (by, division): (By, Option<&str>),
    (first, last): (Day, Day),
) -> Result<Vec<Rate>> {
    if last < first || first.days_until(last) >= MOST_DAYS {
        let advice = "请选择一年以内的起止日期";
        return Err(ServiceError::invalid("DEV-0204", "from", "统计起止日期不正确", advice));
    }
    let entries = in_force(node, cx, division).await?;
    let heard = node.store.device_days(first, last).await?;
    let last = last.min(Day::of(cx.now));
    let mut rates: BTreeMap<String, Rate> = BTreeMap::new();
    for entry in &entries {
        let code = match by {
            By::Division => &entry.division,
            By::Type => &entry.r#type,
            By::Subject => &entry.subject,
        };
        let begun = entry.filed_at.map_or(last, Day::of).max(first);
        let due = u64::try_from(begun.days_until(last) + 1).unwrap_or(0);
        let zero = Rate { code: code.clone(), name: String::new(), devices: 0, online_days: 0, due_days: 0 };
        let rate = rates.entry(code.clone()).or_insert(zero);
        rate.devices += 1;
        rate.due_days += due;
        rate.online_days += heard.get(&entry.code).copied().unwrap_or(0).min(due);
    }
    named(node, cx, by, rates.into_values().collect()).await
}

async fn named(node: &Node, cx: &OpContext, by: By, mut rates: Vec<Rate>) -> Result<Vec<Rate>> {
    let subjects = match by {
        By::Subject => {
            let codes = rates.iter().map(|rate| rate.code.clone()).collect();
            crate::subject::names(node, &cx.scope, codes).await?
        }
        _ => BTreeMap::new(),
    };
    let packs = node.packs();
    for rate in &mut rates {
        let name = match by {
            By::Division => node.divisions.name(&rate.code),
            By::Type => packs.name_in("device_type", &rate.code),
            By::Subject => subjects.get(&rate.code).map_or(rate.code.as_str(), String::as_str),
        };
        rate.name = if rate.code.is_empty() { "未填写".to_owned() } else { name.to_owned() };
    }
    Ok(rates)
}

/// A device that is silent.
#[derive(Clone, Debug)]
pub struct Silent {
    /// The entry.
    pub entry: Entry,
    /// When it was heard of last; `None` for never.
    pub last_seen_at: Option<Timestamp>,
}

/// Devices in force that were not heard of for some hours, the longest silence first, at most 500.
///
/// # Errors
/// Without permission.
pub async fn silent(node: &Node, cx: &OpContext, division: Option<&str>, hours: u32) -> Result<Vec<Silent>> {
    let seen = super::last_seen(node).await?;
    let before = cx.now.plus_millis(-i64::from(hours.clamp(1, 24 * 366)) * HOUR);
    let rows = in_force(node, cx, division)
        .await?
        .into_iter()
        .map(|entry| Silent { last_seen_at: seen.get(&entry.code).copied(), entry });
    let mut rows: Vec<Silent> = rows.filter(|row| row.last_seen_at.is_none_or(|at| at < before)).collect();
    rows.sort_by_key(|row| (row.last_seen_at, row.entry.code.clone()));
    rows.truncate(500);
    Ok(rows)
}
