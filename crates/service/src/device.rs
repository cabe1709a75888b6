//! Devices (追溯设备): scales, terminals, scanners, gateways, thermometers, and when they were last heard of.
//! Rows: G-6.7.4.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::kind;
use suyuan_security::policy::Kind;

use crate::Result;
use crate::node::Node;
use crate::register::field::{Faults, mac, tidy_code, tidy_text};
use crate::register::{Columns, Document};

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
}

impl Document for DeviceDoc {
    const KIND: &'static str = kind::DEVICE;
    const POLICY: Kind = Kind::Device;
    const LETTERS: &'static str = "DEV";
    const STATES: &'static str = "subject_state";

    fn tidy(&mut self, _node: &Node, _fresh: ObjectId) {
        for code in [&mut self.code, &mut self.serial, &mut self.subject] {
            tidy_code(code);
        }
        for text in [&mut self.name, &mut self.model, &mut self.division, &mut self.mac] {
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
        faults.done()
    }

    fn columns(&self) -> Columns {
        Columns {
            code: self.code.clone(),
            name: self.name.clone(),
            category: String::new(),
            stage: String::new(),
            division: self.division.clone(),
            subject: self.subject.clone(),
            r#type: self.device_type.clone(),
            place: None,
        }
    }

    fn masked(&self) -> Self {
        self.clone()
    }
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
