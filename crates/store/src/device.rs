//! What devices tell of themselves (设备状态): firmware, battery, faults, and on which days they were heard of. Rows: G-6.7.4.

use std::collections::BTreeMap;

use sea_orm::{FromQueryResult, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::period::Day;

use crate::db::{Store, Tx};
use crate::{Result, sql};

/// What a device told of itself last.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct DeviceState {
    /// Code of the device.
    pub code: String,
    /// Version of its program; empty where it never said.
    pub firmware: String,
    /// Charge in per cent; `None` where it never said.
    pub battery: Option<i64>,
}

/// A fault of a device. Times are milliseconds UTC.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct DeviceFault {
    /// Number on this node.
    pub id: i64,
    /// Code of the device.
    pub device: String,
    /// The device's own code of the fault.
    pub code: String,
    /// When it was told first.
    pub opened_at: i64,
    /// When it was told last.
    pub last_at: i64,
    /// When it was over.
    pub closed_at: Option<i64>,
    /// Who closed it; empty where the device told so itself.
    pub closed_by: String,
    /// Why.
    pub reason: String,
}

const FAULT: &str = "id, device, code, opened_at, last_at, closed_at, closed_by, reason";

impl Tx {
    /// Keeps what a device told of itself; what it left out stays.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_device_state(
        &self,
        device: &str,
        firmware: Option<&str>,
        battery: Option<u8>,
        now: Timestamp,
    ) -> Result<()> {
        let text = "INSERT INTO device_state (code, firmware, battery, at) VALUES (?, ?, ?, ?) ON CONFLICT (code) DO UPDATE SET \
                    firmware = CASE WHEN excluded.firmware = '' THEN device_state.firmware ELSE excluded.firmware END, \
                    battery = COALESCE(excluded.battery, device_state.battery), at = excluded.at";
        let battery = battery.map(i64::from);
        let bound = vec![device.into(), firmware.unwrap_or_default().into(), battery.into(), now.millis().into()];
        sql::execute(self.db(), text, bound).await?;
        let day = "INSERT INTO device_day (device, day) VALUES (?, ?) ON CONFLICT (device, day) DO NOTHING";
        sql::execute(self.db(), day, vec![device.into(), Day::of(now).to_string().into()]).await?;
        Ok(())
    }

    /// Brings the open faults of a device in line with those that it tells of now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_device_faults(&self, device: &str, codes: &[String], now: Timestamp) -> Result<()> {
        let open: Vec<DeviceFault> = sql::all(
            self.db(),
            &format!("SELECT {FAULT} FROM device_fault WHERE device = ? AND closed_at IS NULL"),
            vec![device.into()],
        )
        .await?;
        for fault in &open {
            let (text, at) = if codes.contains(&fault.code) {
                ("UPDATE device_fault SET last_at = ? WHERE id = ?", now.millis())
            } else {
                ("UPDATE device_fault SET closed_at = ? WHERE id = ?", now.millis())
            };
            sql::execute(self.db(), text, vec![at.into(), fault.id.into()]).await?;
        }
        for code in codes.iter().filter(|code| !open.iter().any(|fault| fault.code == **code)) {
            let text = "INSERT INTO device_fault (device, code, opened_at, last_at, closed_by, reason) \
                        VALUES (?, ?, ?, ?, '', '')";
            let bound = vec![device.into(), code.as_str().into(), now.millis().into(), now.millis().into()];
            sql::execute(self.db(), text, bound).await?;
        }
        Ok(())
    }

    /// Closes a fault of a device by hand. Says whether it was open.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn close_device_fault(
        &self,
        (device, id): (&str, i64),
        (by, reason): (&str, &str),
        now: Timestamp,
    ) -> Result<bool> {
        let text = "UPDATE device_fault SET closed_at = ?, closed_by = ?, reason = ? \
                    WHERE id = ? AND device = ? AND closed_at IS NULL";
        let bound = vec![now.millis().into(), by.into(), reason.into(), id.into(), device.into()];
        Ok(sql::execute(self.db(), text, bound).await? == 1)
    }
}

impl Store {
    /// What these devices told of themselves last, by code.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn device_states(&self, codes: &[String]) -> Result<BTreeMap<String, DeviceState>> {
        let mut found = BTreeMap::new();
        for chunk in codes.chunks(400) {
            let marks = vec!["?"; chunk.len()].join(",");
            let text = format!("SELECT code, firmware, battery FROM device_state WHERE code IN ({marks})");
            let bound: Vec<Value> = chunk.iter().map(|code| code.as_str().into()).collect();
            let rows: Vec<DeviceState> = sql::all(self.reader(), &text, bound).await?;
            found.extend(rows.into_iter().map(|row| (row.code.clone(), row)));
        }
        Ok(found)
    }

    /// How many open faults these devices have, by code; devices without are left out.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn open_device_faults(&self, codes: &[String]) -> Result<BTreeMap<String, u64>> {
        let mut found = BTreeMap::new();
        for chunk in codes.chunks(400) {
            let marks = vec!["?"; chunk.len()].join(",");
            let text = format!(
                "SELECT device, COUNT(*) FROM device_fault WHERE closed_at IS NULL AND device IN ({marks}) GROUP BY device"
            );
            let bound: Vec<Value> = chunk.iter().map(|code| code.as_str().into()).collect();
            for row in sql::rows(self.reader(), &text, bound).await? {
                found.insert(row.try_get_by_index(0)?, sql::uint(row.try_get_by_index(1)?));
            }
        }
        Ok(found)
    }

    /// The newest faults of a device, newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn device_faults(&self, device: &str, limit: usize) -> Result<Vec<DeviceFault>> {
        let text = format!("SELECT {FAULT} FROM device_fault WHERE device = ? ORDER BY id DESC LIMIT ?");
        sql::all(self.reader(), &text, vec![device.into(), sql::int(limit as u64)]).await
    }

    /// On how many days from `first` to `last` devices were heard of, by code.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn device_days(&self, first: Day, last: Day) -> Result<BTreeMap<String, u64>> {
        let text = "SELECT device, COUNT(*) FROM device_day WHERE day >= ? AND day <= ? GROUP BY device";
        let bound = vec![first.to_string().into(), last.to_string().into()];
        let rows = sql::rows(self.reader(), text, bound).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, sql::uint(row.try_get_by_index(1)?)))).collect()
    }
}
