//! A database of its own for every test, and facts to fill it with.
//!
//! `SUYUAN_CLICKHOUSE_URL` (and `SUYUAN_CLICKHOUSE_KEY`) name a server to run the same tests against; otherwise the
//! embedded engine is started in a process of its own.

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;

use suyuan_domain::clock::{SeededChance, Timestamp};
use suyuan_domain::event::{EventType, Source, TraceEvent, UnitAmount};
use suyuan_domain::id::ObjectId;
use suyuan_domain::quantity::Quantity;
use suyuan_warehouse::engine::EngineProcess;
use suyuan_warehouse::{EventFact, FactKey, Quality, Warehouse};
use tempfile::TempDir;

pub type Outcome = Result<(), Box<dyn Error>>;

/// The engine of one test.
pub struct Place {
    url: String,
    key: String,
    _engine: Option<(EngineProcess, TempDir)>,
}

impl Place {
    /// Starts the engine, or takes the server that is given.
    pub async fn open() -> Result<Self, Box<dyn Error>> {
        if let Ok(url) = std::env::var("SUYUAN_CLICKHOUSE_URL") {
            let key = std::env::var("SUYUAN_CLICKHOUSE_KEY").unwrap_or_default();
            return Ok(Self { url, key, _engine: None });
        }
        let data = tempfile::tempdir()?;
        let arguments = ["engine::engine_child", "--exact", "--nocapture"].map(OsString::from);
        let environment = [(OsString::from("SUYUAN_TEST_ENGINE_DATA"), data.path().into())];
        let process = EngineProcess::spawn(&std::env::current_exe()?, &arguments, &environment).await?;
        Ok(Self { url: process.url(), key: "0123456789abcdef".to_owned(), _engine: Some((process, data)) })
    }

    /// A connection to the database `name`, as a program that has just started has it.
    pub async fn connect(&self, name: &str, time_zone: &str) -> Result<Warehouse, Box<dyn Error>> {
        let settings = [("session_timezone", time_zone)];
        Ok(Warehouse::connect_with(&self.url, name, &self.key, &settings).await?)
    }

    /// A prepared database `name`.
    pub async fn warehouse(&self, name: &str) -> Result<Warehouse, Box<dyn Error>> {
        self.run("default", &format!("DROP DATABASE IF EXISTS {name}")).await?;
        let warehouse = self.connect(name, "UTC").await?;
        warehouse.migrate().await?;
        Ok(warehouse)
    }

    /// Runs a statement of a test beside the library.
    pub async fn run(&self, database: &str, sql: &str) -> Outcome {
        Ok(self.client(database).query_raw(sql).execute().await?)
    }

    /// A number that a statement of a test returns.
    pub async fn number(&self, database: &str, sql: &str) -> Result<u64, Box<dyn Error>> {
        Ok(self.client(database).query_raw(sql).fetch_one::<u64>().await?)
    }

    fn client(&self, database: &str) -> clickhouse::Client {
        clickhouse::Client::default()
            .with_url(&self.url)
            .with_user("default")
            .with_password(&self.key)
            .with_database(database)
            .with_compression(clickhouse::Compression::None)
    }
}

/// An instant written as text.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant of a test is well formed")
}

/// An object that was accepted at this instant.
pub fn object(accepted: Timestamp, seed: u64) -> ObjectId {
    ObjectId::mint(accepted, &SeededChance::new(seed))
}

/// Units without amounts.
pub fn units(codes: &[&str]) -> Vec<UnitAmount> {
    codes.iter().map(|code| UnitAmount { code: (*code).to_owned(), quantity: None, unit: String::new() }).collect()
}

/// A sale of a pig's carcass in Qingdao to a subject in Jinan, on a day in November 2026.
pub fn sale(seed: u64) -> EventFact {
    let event_time = at("2026-11-10T09:00:00+08:00");
    let received_at = at("2026-11-10T10:00:00+08:00");
    let event = TraceEvent {
        event_id: Some(format!("urn:event:{seed}")),
        event_type: EventType::Transaction,
        biz_step: "shipping".into(),
        category: "agri".into(),
        stage: "slaughter".into(),
        event_time,
        received_at,
        division: "370202".into(),
        subject: "A".into(),
        subject_name: "青岛甲屠宰场".into(),
        peer_subject: "B".into(),
        peer_name: "济南乙市场".into(),
        peer_division: "370102".into(),
        inbound: false,
        product: "pork".into(),
        product_name: "白条猪".into(),
        batch: format!("批-{seed}"),
        inputs: units(&[&format!("u{seed}")]),
        outputs: units(&[&format!("t{seed}")]),
        quantity: Some(Quantity::from_milli(80_500)),
        unit: "kg".into(),
        price: Some(Quantity::from_milli(20_000)),
        voucher: format!("V{seed}"),
        merchant: "丙".into(),
        inspection: None,
        error_declaration: None,
        fields: BTreeMap::new(),
        source: Source { system: "sys1".into(), message: format!("m{seed}"), row: 0, format: "json".into() },
    };
    let payload = serde_json::to_vec(&event).expect("an event can be written as JSON");
    EventFact {
        key: FactKey {
            object: object(received_at, seed),
            term: 1,
            version: 1,
            origin_node: "370200".into(),
            withdrawn: false,
        },
        event,
        payload,
        voided_by: None,
        quality: Quality {
            late: false,
            needs_upstream: true,
            upstream_known: seed.is_multiple_of(2),
            mandatory_total: 10,
            mandatory_filled: 9,
        },
    }
}

/// The next version of a fact.
pub fn next(fact: &EventFact) -> EventFact {
    let mut next = fact.clone();
    next.key.version += 1;
    next
}

/// Rebuilds until nothing is marked.
pub async fn settle(warehouse: &Warehouse) -> Outcome {
    while warehouse.rebuild_marked(1_000).await? > 0 {}
    Ok(())
}
