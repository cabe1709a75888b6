//! Values for the tests of this crate.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::event::{EventType, Source, TraceEvent, UnitAmount};

/// 2026-10-15T12:00:00+08:00.
pub const NOON: Timestamp = Timestamp::from_millis(1_792_036_800_000);

/// An event of a wholesale market at [`NOON`] with nothing more than it must have.
pub fn event(event_type: EventType, biz_step: &str) -> TraceEvent {
    TraceEvent {
        event_id: None,
        event_type,
        biz_step: biz_step.into(),
        category: "agri".into(),
        stage: "wholesale".into(),
        event_time: NOON,
        received_at: NOON,
        division: "370202".into(),
        subject: "3702020010001".into(),
        subject_name: String::new(),
        peer_subject: String::new(),
        peer_name: String::new(),
        peer_division: String::new(),
        inbound: false,
        product: String::new(),
        product_name: "鲜猪肉".into(),
        batch: String::new(),
        inputs: vec![],
        outputs: vec![],
        quantity: None,
        unit: "kg".into(),
        price: None,
        voucher: String::new(),
        merchant: String::new(),
        inspection: None,
        error_declaration: None,
        fields: BTreeMap::new(),
        source: Source::default(),
    }
}

/// A unit without an amount.
pub fn unit(code: &str) -> UnitAmount {
    UnitAmount { code: code.into(), quantity: None, unit: String::new() }
}
