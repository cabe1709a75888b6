//! Tests of rules on arrival and of the review.

use super::arrival::finding_id;
use super::*;
use suyuan_domain::period::Period;

fn finding() -> Finding {
    Finding {
        object: ObjectId::from_bytes([1; 16]),
        rule: "voucher_repeated".into(),
        rule_version: 1,
        kind: "illegal_repetition".into(),
        severity: "normal".into(),
        period: "2026-11".into(),
        subject: "S".into(),
        system: "Y".into(),
        division: "370202".into(),
        category: "agri".into(),
        event: None,
        text: "重复".into(),
        value: None,
        limit: None,
        state: OPEN.into(),
        origin_node: "370200".into(),
        term: 1,
        version: 1,
        found_at: Timestamp::from_millis(1),
        due_at: None,
        closed_at: None,
        history: "[]".into(),
    }
}

fn conflict(result: Result<Finding>) -> String {
    match result {
        Err(ServiceError::Conflict(fault)) => fault.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn g_6_4_2b_a_review_leaves_its_step_and_closes() {
    let now = Timestamp::from_millis(9);
    let returned = reviewed("370200", &finding(), Decision::Return, "请核对", "张三", now).expect("allowed");
    assert_eq!((returned.state.as_str(), returned.version, returned.closed_at), ("returned", 2, None));
    let confirmed = reviewed("370200", &returned, Decision::Confirm, "", "李四", now).expect("allowed");
    assert_eq!((confirmed.state.as_str(), confirmed.version, confirmed.closed_at), ("confirmed", 3, Some(now)));
    let history: Vec<ReviewStep> = serde_json::from_str(&confirmed.history).expect("a history");
    let told: Vec<_> = history.iter().map(|step| (step.action.as_str(), step.actor.as_str())).collect();
    assert_eq!(told, [("return", "张三"), ("confirm", "李四")]);
    assert_eq!(conflict(reviewed("370200", &confirmed, Decision::Dismiss, "x", "a", now)), "FND-0202");
}

#[test]
fn g_6_4_2b_an_upper_tier_does_not_review_what_a_lower_one_found() {
    let result = reviewed("370000", &finding(), Decision::Confirm, "", "a", Timestamp::from_millis(9));
    assert_eq!(conflict(result), "FND-0201");
}

#[test]
fn g_6_4_2a_a_finding_is_known_by_rule_objects_and_period() {
    let period: Period = "2026-11".parse().expect("a period");
    let objects = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let id = finding_id("r", &objects(&["b", "a"]), period);
    assert_eq!(id, finding_id("r", &objects(&["a", "b", "a"]), period));
    assert_ne!(id, finding_id("r", &objects(&["a", "c"]), period));
    assert_ne!(id, finding_id("q", &objects(&["b", "a"]), period));
    assert_ne!(id, finding_id("r", &objects(&["b", "a"]), period.previous()));
    assert_eq!(id.minted_at(), period.start());
    assert_eq!(id.to_uuid().get_version_num(), 7);
}

#[test]
fn g_6_4_2b_a_cursor_is_read_back_and_nothing_else_is_one() {
    let (at, object) = (Timestamp::from_millis(1_790_000_000_123), ObjectId::from_bytes([7; 16]));
    assert_eq!(read_cursor(&cursor(at, object)), Some((at, object)));
    for text in ["", ".", "1.", "x.y", "12"] {
        assert_eq!(read_cursor(text), None, "{text}");
    }
}

mod on_arrival {
    use super::*;
    use crate::quality::arrival::judge_with;
    use suyuan_domain::event::{EventType, Inspection, Source, TraceEvent, UnitAmount};
    use suyuan_domain::pack::Packs;
    use suyuan_domain::quantity::Quantity;
    use suyuan_store::Store;

    fn sale(voucher: &str, kilograms: &str) -> TraceEvent {
        let at: Timestamp = "2026-11-20T02:00:00Z".parse().expect("an instant");
        let quantity: Quantity = kilograms.parse().expect("a quantity");
        TraceEvent {
            event_id: None,
            event_type: EventType::Transaction,
            biz_step: "shipping".into(),
            category: "agri".into(),
            stage: "wholesale".into(),
            event_time: at,
            received_at: at,
            division: "370202".into(),
            subject: "S1".into(),
            subject_name: String::new(),
            peer_subject: "S2".into(),
            peer_name: String::new(),
            peer_division: String::new(),
            inbound: false,
            product: "P".into(),
            product_name: String::new(),
            batch: String::new(),
            inputs: vec![UnitAmount { code: "u".into(), quantity: None, unit: String::new() }],
            outputs: vec![],
            quantity: Some(quantity),
            unit: "kg".into(),
            price: None,
            voucher: voucher.into(),
            merchant: String::new(),
            inspection: None,
            error_declaration: None,
            fields: std::collections::BTreeMap::new(),
            source: Source { system: "Y".into(), ..Source::default() },
        }
    }

    /// What is found in batches of events that arrive one after the other: rule, text and place in the batch.
    async fn arrive(batches: &[Vec<TraceEvent>]) -> Vec<Vec<(String, u8)>> {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("node.db").display());
        let store = Store::connect(&url, "370200").await.expect("a store");
        store.migrate().await.expect("a schema");
        let packs = Packs::shipped().expect("the shipped packs");
        let now: Timestamp = "2026-11-21T02:00:00Z".parse().expect("an instant");
        let mut number = 0u8;
        let mut found = Vec::new();
        for batch in batches {
            let mut events = Vec::new();
            for event in batch {
                number += 1;
                events.push((ObjectId::from_bytes([number; 16]), event));
            }
            let tx = store.begin().await.expect("a transaction");
            let findings = judge_with(&packs, &tx, &events, now, "370200").await.expect("judged");
            let fresh = tx.add_findings(findings).await.expect("kept");
            tx.commit().await.expect("committed");
            let place = |finding: &Finding| finding.event.map_or(0, |event| event.as_bytes()[0]);
            found.push(fresh.iter().map(|finding| (finding.rule.clone(), place(finding))).collect());
        }
        found
    }

    #[tokio::test]
    async fn g_6_4_2a_a_voucher_used_again_is_one_finding_however_often() {
        let other = TraceEvent { subject: "S9".into(), ..sale("V1", "10") };
        let batches = [vec![sale("V1", "10"), sale("V2", "10")], vec![other, sale("V1", "10")], vec![sale("V1", "10")]];
        let found = arrive(&batches).await;
        assert_eq!(found, [vec![], vec![("voucher_repeated".to_owned(), 4)], vec![]]);
    }

    #[tokio::test]
    async fn g_6_4_2a_a_thousandfold_quantity_is_found_also_within_one_batch() {
        let mut batch: Vec<TraceEvent> = (0..7).map(|i| sale(&format!("V{i}"), "10")).collect();
        batch.push(sale("V8", "10000"));
        let found = arrive(&[batch, vec![sale("V9", "11"), sale("V10", "20000")]]).await;
        let expected = |place| ("quantity_outlier".to_owned(), place);
        assert_eq!(found, [vec![expected(8)], vec![expected(10)]]);
    }

    #[tokio::test]
    async fn g_6_4_2a_a_failed_test_is_found() {
        let inspection = Inspection {
            item: "氯霉素".into(),
            value: None,
            limit: None,
            standard: String::new(),
            passed: Some(false),
            report_no: String::new(),
        };
        let failed = TraceEvent { inspection: Some(inspection), ..sale("V1", "10") };
        assert_eq!(arrive(&[vec![failed]]).await, [vec![("inspection_failed".to_owned(), 1)]]);
    }
}
