//! Quotas of connected systems (配额): requests in a minute, rows in a day, size of a body, and from which networks a system
//! may call. Defaults are data of the packs. Rows: G-6.7.2.

use std::net::IpAddr;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::access::token::QuotaRow;
use suyuan_store::access::usage::DayUse;
use suyuan_store::register::Entry;

use super::{SystemIdentity, meter};
use crate::node::Node;
use crate::{Result, ServiceError, audit};

/// Most networks of a system.
const MOST_NETWORKS: usize = 50;
/// Largest quota that can be set.
const LARGEST: u64 = 1_000_000_000;

/// A network of addresses, such as `10.1.0.0/16` or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

/// An address as one number of its family's width; addresses of the old family within the new one count as old.
fn number(address: IpAddr) -> (bool, u128) {
    match address.to_canonical() {
        IpAddr::V4(old) => (false, u128::from(u32::from(old)) << 96),
        IpAddr::V6(new) => (true, u128::from(new)),
    }
}

impl Network {
    /// Reads `address/bits`, or an address alone.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.trim().split_once('/').map_or((text.trim(), None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        (bits <= most).then_some(Self { address, bits })
    }

    /// Whether an address lies in it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        let ((new, own), (other_new, other)) = (number(self.address), number(address));
        let mask = if self.bits == 0 { 0 } else { u128::MAX << (128 - self.bits) };
        new == other_new && own & mask == other & mask
    }
}

/// What a system may use now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Requests in a minute; `None` for no limit.
    pub requests_per_minute: Option<u64>,
    /// Rows in a day; `None` for no limit.
    pub rows_per_day: Option<u64>,
    /// Bytes of a body; `None` for the platform's own limit.
    pub body_bytes: Option<u64>,
    /// Networks from which it may call; empty for any.
    pub allow: Vec<Network>,
}

/// The quota of a system as it is shown and set; `None` for the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaView {
    /// Requests in a minute.
    pub requests_per_minute: Option<u64>,
    /// Rows in a day.
    pub rows_per_day: Option<u64>,
    /// Bytes of a body.
    pub body_bytes: Option<u64>,
    /// Networks, as written.
    pub allow: Vec<String>,
    /// Version; 0 where nothing was set.
    pub version: u64,
    /// What holds where nothing is set.
    pub defaults: [Option<u64>; 3],
    /// What was used today.
    pub today: DayUse,
}

fn count(value: Option<i64>) -> Option<u64> {
    value.and_then(|value| u64::try_from(value).ok())
}

fn networks(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

/// What a system may use now.
///
/// # Errors
/// When the database is out of reach.
pub(super) async fn of(node: &Node, system: &str) -> Result<Quotas> {
    let row = node.store.quota_of(system).await?.unwrap_or_default();
    let packs = node.packs();
    Ok(Quotas {
        requests_per_minute: count(row.requests_per_minute).or_else(|| packs.quota("requests_per_minute")),
        rows_per_day: count(row.rows_per_day).or_else(|| packs.quota("rows_per_day")),
        body_bytes: count(row.body_bytes).or_else(|| packs.quota("body_bytes")),
        allow: networks(&row.allow_list).iter().filter_map(|text| Network::parse(text)).collect(),
    })
}

/// Counts the rows of a message against the day's quota.
///
/// # Errors
/// `ACC-0208` where the message would pass it; nothing is counted then.
pub async fn take_rows(node: &Node, system: &SystemIdentity, rows: usize) -> Result<()> {
    let now = node.now();
    let rows = rows as u64;
    if let Some(limit) = of(node, &system.code).await?.rows_per_day {
        let sent = meter::rows_today(node, &system.code, now).await?;
        if sent + rows > limit {
            return Err(used_up(sent, rows, limit, now));
        }
    }
    node.meter.note_rows(&system.code, rows, now);
    Ok(())
}

fn used_up(sent: u64, rows: u64, limit: u64, now: Timestamp) -> ServiceError {
    let left = Day::of(now).end().millis() - now.millis();
    let retry_after = u64::try_from(left).unwrap_or(0).div_ceil(1000).max(1);
    let reason = format!("今日已报送 {sent} 条，本报文 {rows} 条，超过该系统每日上限 {limit} 条");
    let advice = "请于次日继续报送；如业务量确已增加，请联系监管部门调整配额";
    ServiceError::TooMany { retry_after, fault: Fault::new("ACC-0208", "", reason, advice) }
}

async fn system(node: &Node, cx: &OpContext, id: ObjectId, action: Action) -> Result<Entry> {
    cx.authorize(action, Kind::Access)?;
    node.store.entry(&cx.scope, kind::ACCESS, id).await?.ok_or(ServiceError::NotFound(kind::ACCESS))
}

async fn view(node: &Node, entry: &Entry) -> Result<QuotaView> {
    meter::flush(node).await?;
    let today = Day::of(node.now());
    let row = node.store.quota_of(&entry.code).await?.unwrap_or_default();
    let uses = node.store.uses_since(Some(&entry.code), today).await?;
    let packs = node.packs();
    Ok(QuotaView {
        requests_per_minute: count(row.requests_per_minute),
        rows_per_day: count(row.rows_per_day),
        body_bytes: count(row.body_bytes),
        allow: networks(&row.allow_list),
        version: u64::try_from(row.version).unwrap_or(0),
        defaults: suyuan_domain::pack::access::QUOTAS.map(|code| packs.quota(code)),
        today: uses.get(&(entry.code.clone(), today.to_string())).copied().unwrap_or_default(),
    })
}

/// The quota of a system and what it used today.
///
/// # Errors
/// Without permission, or when there is no such system in the scope.
pub async fn get(node: &Node, cx: &OpContext, id: ObjectId) -> Result<QuotaView> {
    let entry = system(node, cx, id, Action::Read).await?;
    view(node, &entry).await
}

/// Sets the quota of a system of this node.
///
/// # Errors
/// Without permission, for values with faults, or when somebody else was first.
pub async fn set(node: &Node, cx: &OpContext, id: ObjectId, wish: QuotaView) -> Result<QuotaView> {
    let entry = system(node, cx, id, Action::Update).await?;
    if entry.origin_node != node.code() {
        let fault = Fault::new("ACC-0209", "", "该系统由其他节点接入，不能在此设置配额", "请在接入该系统的节点设置");
        return Err(ServiceError::Conflict(fault));
    }
    let wish = checked(wish)?;
    let stored = |value: Option<u64>| value.and_then(|value| i64::try_from(value).ok());
    let row = QuotaRow {
        requests_per_minute: stored(wish.requests_per_minute),
        rows_per_day: stored(wish.rows_per_day),
        body_bytes: stored(wish.body_bytes),
        allow_list: serde_json::to_string(&wish.allow)?,
        version: 0,
    };
    let before = node.store.quota_of(&entry.code).await?;
    let told = |row: &QuotaRow| {
        serde_json::json!({
            "requests_per_minute": row.requests_per_minute, "rows_per_day": row.rows_per_day,
            "body_bytes": row.body_bytes, "allow": row.allow_list,
        })
        .to_string()
    };
    let tx = node.store.begin().await?;
    tx.keep_quota(&entry.code, &row, i64::try_from(wish.version).unwrap_or(0)).await?;
    let before = before.as_ref().map(told);
    audit::note(&tx, cx, "access.quota", kind::ACCESS, &entry.code, before.as_deref(), Some(&told(&row))).await?;
    tx.commit().await?;
    view(node, &entry).await
}

fn checked(mut wish: QuotaView) -> Result<QuotaView> {
    let mut faults = Vec::new();
    let named = [
        ("requests_per_minute", wish.requests_per_minute),
        ("rows_per_day", wish.rows_per_day),
        ("body_bytes", wish.body_bytes),
    ];
    for (field, value) in named {
        if value.is_some_and(|value| value == 0 || value > LARGEST) {
            faults.push(Fault::new("ACC-0221", field, "配额应为 1 至 1000000000", "请填写数字，留空为默认值"));
        }
    }
    wish.allow = wish.allow.iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect();
    if wish.allow.len() > MOST_NETWORKS {
        faults.push(Fault::new("ACC-0222", "allow", format!("网络地址超过 {MOST_NETWORKS} 个"), "请合并为网段"));
    }
    if let Some(text) = wish.allow.iter().find(|text| Network::parse(text).is_none()) {
        let shown: String = text.chars().take(60).collect();
        let advice = "请填写如 10.1.0.0/16 或 10.1.2.3 的地址";
        faults.push(Fault::new("ACC-0223", "allow", format!("网络地址“{shown}”不正确"), advice));
    }
    if faults.is_empty() { Ok(wish) } else { Err(ServiceError::Invalid(faults)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_7_2_a_network_holds_its_addresses_and_no_others() {
        for (network, address, holds) in [
            ("10.1.0.0/16", "10.1.255.3", true),
            ("10.1.0.0/16", "10.2.0.1", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("10.1.0.0/16", "::ffff:10.1.0.9", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("::/0", "10.1.2.3", false),
        ] {
            let network = Network::parse(network).expect("a network");
            assert_eq!(network.holds(address.parse().expect("an address")), holds, "{network:?} {address}");
        }
        for text in ["", "10.1.0.0/33", "10.1/16", "网络", "10.1.0.0/x"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
