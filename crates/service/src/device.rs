//! Devices (追溯设备): scales, terminals, scanners, gateways, thermometers, and when they were last heard of.
//! Rows: G-6.7.4.

pub mod state;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::record::kind;
use suyuan_domain::scope::Scope;
use suyuan_security::policy::Kind;
use suyuan_store::Tx;
use suyuan_store::register::Entry;

use crate::Result;
use crate::access::AccessDoc;
use crate::node::Node;
use crate::register::field::{Faults, mac, tidy_code, tidy_text};
use crate::register::{Columns, Document, State};

/// A device counts as on line this long after its last sign of life, in milliseconds.
const ONLINE: i64 = 15 * 60_000;

/// What is registered of a device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceDoc {
    /// Code; the serial number where none was given.
    pub code: String,
    /// Name.
    pub name: String,
    /// Type, list `device_type`.
    pub device_type: String,
    /// Model.
    pub model: String,
    /// Hardware address (MAC 地址); may be empty.
    pub mac: String,
    /// Serial number.
    pub serial: String,
    /// Code of the subject that uses it.
    pub subject: String,
    /// Division.
    pub division: String,
    /// Category of the subject or system that it belongs to, which decides who sees it; filled in from their registration.
    pub category: String,
    /// Maker; may be empty.
    pub maker: String,
    /// Code of the connected system that it reports through; may be empty.
    pub system: String,
    /// Where it stands, in words; may be empty.
    pub place: String,
    /// Longitude, WGS 84.
    pub lon: Option<f64>,
    /// Latitude, WGS 84.
    pub lat: Option<f64>,
    /// Day of its installation, `YYYY-MM-DD`; may be empty.
    pub installed_on: String,
    /// Last day of its calibration (检定有效期), `YYYY-MM-DD`; may be empty.
    pub calibrated_until: String,
}

/// How a calibration stands (检定状态).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calibration {
    /// In force.
    Ok,
    /// It ends within thirty days.
    Soon,
    /// It is over.
    Expired,
}

impl Calibration {
    /// The word in interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Soon => "soon",
            Self::Expired => "expired",
        }
    }
}

impl DeviceDoc {
    /// How its calibration stands on a day; `None` where no last day is known.
    #[must_use]
    pub fn calibration(&self, today: Day) -> Option<Calibration> {
        let until: Day = self.calibrated_until.parse().ok()?;
        Some(match today.days_until(until) {
            ..0 => Calibration::Expired,
            0..30 => Calibration::Soon,
            _ => Calibration::Ok,
        })
    }
}

impl Document for DeviceDoc {
    const KIND: &'static str = kind::DEVICE;
    const POLICY: Kind = Kind::Device;
    const LETTERS: &'static str = "DEV";
    const STATES: &'static str = "subject_state";

    fn tidy(&mut self, _node: &Node, _fresh: ObjectId) {
        for code in [&mut self.code, &mut self.serial, &mut self.subject, &mut self.system] {
            tidy_code(code);
        }
        for text in [
            &mut self.name,
            &mut self.model,
            &mut self.division,
            &mut self.mac,
            &mut self.maker,
            &mut self.place,
            &mut self.installed_on,
            &mut self.calibrated_until,
        ] {
            tidy_text(text);
        }
        if let Some(usual) = mac(&self.mac) {
            self.mac = usual;
        }
        if self.code.is_empty() {
            self.code.clone_from(&self.serial);
        }
    }

    fn faults(&self, node: &Node) -> Vec<Fault> {
        let mut faults = Faults::new(Self::LETTERS, node);
        if self.code.is_empty() {
            faults.add("0104", "code", "缺少设备编码和序列号", "请至少填写其中一项");
        } else {
            faults.code(&self.code);
        }
        faults.required("name", "设备名称", &self.name);
        faults.required("device_type", "设备类型", &self.device_type);
        faults.listed("device_type", "device_type", "设备类型", &self.device_type);
        faults.text("model", "型号", &self.model);
        faults.text("serial", "序列号", &self.serial);
        faults.mac(&self.mac);
        faults.division(&self.division);
        faults.text("maker", "生产厂家", &self.maker);
        faults.text("place", "安装位置", &self.place);
        faults.place(self.lon, self.lat);
        for (field, name, value) in [
            ("installed_on", "安装日期", &self.installed_on),
            ("calibrated_until", "检定有效期", &self.calibrated_until),
        ] {
            if !value.is_empty() && value.parse::<Day>().is_err() {
                faults.add("0121", field, format!("{name}不正确"), "请填写如 2026-11-21 的日期");
            }
        }
        faults.done()
    }

    async fn complete(&mut self, node: &Node, tx: &Tx, scope: &Scope, stored: Option<&Self>) -> Result<Vec<Fault>> {
        let mut faults = Faults::new(Self::LETTERS, node);
        self.category.clear();
        // A firm's device reports through its own system, or through one that reports for it.
        let around = Scope { subject: None, ..scope.clone() };
        let system = tx.system_entry_by_code(kind::ACCESS, &self.system).await?.filter(|system| {
            let own = scope.subject.as_ref();
            stored.is_some_and(|stored| stored.system == self.system)
                || system.is_in(&around) && own.is_none_or(|own| *own == system.subject || reports_for(system, own))
        });
        let subject = tx.system_entry_by_code(kind::SUBJECT, &self.subject).await?;
        let subject = subject
            .filter(|subject| stored.is_some_and(|stored| stored.subject == self.subject) || subject.is_in(scope));
        for owner in [subject.as_ref(), system.as_ref()].into_iter().flatten() {
            if self.category.is_empty() {
                self.category.clone_from(&owner.category);
            }
        }
        if !self.system.is_empty() && system.is_none() {
            let reason = format!("接入系统 {} 尚未登记", self.system);
            faults.add("0123", "system", reason, "请先登记接入系统，或不填");
        }
        if !self.mac.is_empty() {
            for object in tx.system_objects_of_facet(Self::KIND, "mac", &self.mac).await? {
                let other = tx.system_entry(object).await?;
                let live = |entry: &Entry| State::parse(&entry.state).is_some_and(State::is_live);
                if other.filter(live).is_some_and(|entry| entry.code != self.code) {
                    let reason = format!("MAC 地址 {} 已登记在另一台设备上", self.mac);
                    faults.add("0124", "mac", reason, "请核对设备铭牌；更换设备请先停用原登记");
                    break;
                }
            }
        }
        Ok(faults.done())
    }

    fn columns(&self) -> Columns {
        Columns {
            code: self.code.clone(),
            name: self.name.clone(),
            category: self.category.clone(),
            stage: String::new(),
            division: self.division.clone(),
            subject: self.subject.clone(),
            r#type: self.device_type.clone(),
            place: self.lon.zip(self.lat),
            facets: facets(&self.mac),
            ..Columns::default()
        }
    }

    fn masked(&self) -> Self {
        self.clone()
    }
}

/// Whether a connected system reports for this subject.
fn reports_for(system: &Entry, subject: &str) -> bool {
    let doc = serde_json::from_str::<AccessDoc>(&system.doc);
    doc.is_ok_and(|doc| doc.subjects.iter().any(|code| code == subject))
}

/// The hardware address as a search key, by which a second device of the same address is found.
fn facets(mac: &str) -> Vec<(String, String)> {
    if mac.is_empty() { Vec::new() } else { vec![("mac".to_owned(), mac.to_owned())] }
}

/// When devices were last heard of, by code.
///
/// # Errors
/// When the database is out of reach.
pub async fn last_seen(node: &Node) -> Result<BTreeMap<String, Timestamp>> {
    let rows = node.store.activities(kind::DEVICE).await?;
    let seen = rows.into_iter().filter_map(|row| Some((row.code, Timestamp::from_millis(row.last_seen_at?))));
    Ok(seen.collect())
}

/// Whether a device last heard of then is on line.
#[must_use]
pub fn is_online(last_seen: Option<Timestamp>, now: Timestamp) -> bool {
    last_seen.is_some_and(|at| now.millis() - at.millis() <= ONLINE)
}
