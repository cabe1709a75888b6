//! Findings, complaints, notices, evaluations, reports: what their tables promise to the use cases.

use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::{CodeRange, Scope};
use suyuan_store::StoreError;
use suyuan_store::complaint::{Complaint, ComplaintFilter, ComplaintStep};
use suyuan_store::evaluation::{EvaluationFilter, EvaluationRow};
use suyuan_store::finding::{Finding, FindingFilter, RepeatKey};
use suyuan_store::notice::Notice;
use suyuan_store::report::{Edition, Receiver, ReportSchedule};

use crate::support::{Outcome, at, on_both};

fn object(number: u8) -> ObjectId {
    ObjectId::from_bytes([number; 16])
}

fn qingdao() -> Scope {
    Scope::of_divisions(vec![CodeRange { from: "370200".into(), to: "370299".into() }])
}

fn jinan() -> Scope {
    Scope::of_divisions(vec![CodeRange { from: "370100".into(), to: "370199".into() }])
}

fn finding(number: u8) -> Finding {
    Finding {
        object: object(number),
        rule: "voucher_repeated".into(),
        rule_version: 1,
        kind: "illegal_repetition".into(),
        severity: "normal".into(),
        period: "2026-11".into(),
        subject: "S".into(),
        system: "Y".into(),
        division: "370202".into(),
        category: "agri".into(),
        event: Some(object(200)),
        text: "凭证号重复".into(),
        value: Some("V1".into()),
        limit: None,
        state: "open".into(),
        origin_node: "370200".into(),
        term: 1,
        version: 1,
        found_at: at(i64::from(number)),
        due_at: Some(at(1_000)),
        closed_at: None,
        history: "[]".into(),
    }
}

#[tokio::test]
async fn g_6_4_2a_a_finding_is_kept_once() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let tx = store.begin().await?;
        let fresh = tx.add_findings(vec![finding(1), finding(2), finding(1)]).await?;
        assert_eq!(fresh.iter().map(|row| row.object).collect::<Vec<_>>(), [object(1), object(2)]);
        assert!(tx.add_findings(vec![finding(2)]).await?.is_empty());
        tx.commit().await?;
        assert_eq!(store.finding(&qingdao(), object(1)).await?, Some(finding(1)));
        assert_eq!(store.finding(&jinan(), object(1)).await?, None, "out of scope is absent");
        let page = store.findings(&qingdao(), &FindingFilter::default(), None, 1).await?;
        assert_eq!((page.items[0].object, page.more, page.count.value), (object(2), true, 2));
        let place = Some((page.items[0].found_at, page.items[0].object));
        let page = store.findings(&qingdao(), &FindingFilter::default(), place, 1).await?;
        assert_eq!((page.items[0].object, page.more), (object(1), false));
        assert_eq!(store.findings(&jinan(), &FindingFilter::default(), None, 9).await?.count.value, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_6_4_2b_two_reviewers_do_not_overwrite_each_other() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let confirmed = Finding { state: "confirmed".into(), version: 2, closed_at: Some(at(900)), ..finding(1) };
        let tx = store.begin().await?;
        tx.add_findings(vec![finding(1), finding(2)]).await?;
        tx.change_finding(&confirmed, (1, 1)).await?;
        tx.commit().await?;
        let tx = store.begin().await?;
        let late = tx.change_finding(&Finding { state: "dismissed".into(), ..confirmed.clone() }, (1, 1)).await;
        assert!(matches!(late, Err(StoreError::Conflict { .. })), "{late:?}");
        tx.rollback().await?;
        let tx = store.begin().await?;
        assert!(!tx.take_finding(finding(1)).await?, "an older version from elsewhere changes nothing");
        assert!(tx.take_finding(Finding { version: 3, state: "open".into(), ..confirmed.clone() }).await?);
        tx.rollback().await?;
        let handling = store.system_handling(at(0), at(2_000)).await?;
        let of_system = handling.get("Y").ok_or("no figures")?;
        assert_eq!((of_system.due, of_system.in_time, of_system.false_data), (2, 1, false));
        let counts = store.finding_counts(&qingdao(), &FindingFilter::default()).await?;
        let counts: Vec<_> = counts.iter().map(|row| (row.state.as_str(), row.total)).collect();
        assert_eq!(counts, [("confirmed", 1), ("open", 1)]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_6_4_2a_a_key_belongs_to_the_first_event_that_used_it() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let key = |hash: u8, event: u8| RepeatKey { rule: "r", hash: [hash; 32], event: object(event) };
        let tx = store.begin().await?;
        let first = tx.note_repeats(&[key(1, 1), key(2, 1), key(1, 1), key(1, 2)], at(1)).await?;
        assert_eq!(first, [None, None, None, Some(object(1))], "an event does not repeat itself");
        let later = tx.note_repeats(&[key(2, 3), key(3, 3)], at(2)).await?;
        assert_eq!(later, [Some(object(1)), None]);
        let mut series = tx.number_series(&[[7; 32]]).await?;
        assert!(series.is_empty());
        series.insert([7; 32], vec![-3, 12_000, i64::MAX]);
        tx.keep_number_series(&series, at(1)).await?;
        tx.keep_number_series(&series, at(2)).await?;
        assert_eq!(tx.number_series(&[[7; 32], [8; 32]]).await?, series);
        tx.commit().await?;
        Ok(())
    })
    .await
}

fn complaint() -> Complaint {
    Complaint {
        object: object(1),
        number: "370200-20261121-000001-C".into(),
        kind: "complaint".into(),
        text: "买到变质猪肉".into(),
        code: "X".into(),
        name: "王**".into(),
        phone: "138****5678".into(),
        phone_tail: "hash".into(),
        photo: Some("ab".into()),
        division: "370200".into(),
        handler: "370200".into(),
        state: "submitted".into(),
        origin_node: "370200".into(),
        term: 1,
        version: 1,
        submitted_at: at(1),
        due_at: at(9),
        closed_at: None,
    }
}

fn step(version: u64, state: &str) -> ComplaintStep {
    ComplaintStep {
        version,
        at: at(5),
        actor: String::new(),
        node: "370200".into(),
        action: "step".into(),
        state: state.into(),
        text: "已提交".into(),
        public: true,
    }
}

#[tokio::test]
async fn g_6_9b_a_complaint_goes_its_way_and_a_relayed_one_only_forward() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let steps = [step(1, "submitted"), step(2, "accepted")];
        let tx = store.begin().await?;
        assert_eq!((tx.next_number("a").await?, tx.next_number("a").await?, tx.next_number("b").await?), (1, 2, 1));
        tx.add_complaint(&complaint(), &steps[..1]).await?;
        let accepted = Complaint { state: "accepted".into(), version: 2, ..complaint() };
        tx.change_complaint(&accepted, (1, 1), &steps).await?;
        let late = tx.change_complaint(&accepted, (1, 1), &steps).await;
        assert!(matches!(late, Err(StoreError::Conflict { .. })));
        assert!(!tx.take_complaint(&complaint(), &steps[..1]).await?);
        tx.commit().await?;
        let found = store.system_complaint_by_number(&complaint().number).await?.ok_or("absent")?;
        assert_eq!(found, (accepted, steps.to_vec()));
        assert!(store.complaint(&jinan(), object(1)).await?.is_none());
        let firm = Scope { subject: Some("S".into()), ..qingdao() };
        assert!(store.complaint(&firm, object(1)).await?.is_none(), "firms see no complaints");
        assert_eq!(store.complaints(&firm, &ComplaintFilter::default(), None, 9).await?.count.value, 0);
        assert_eq!(store.complaints(&qingdao(), &ComplaintFilter::default(), None, 9).await?.count.value, 1);
        Ok(())
    })
    .await
}

#[test]
fn g_10_4_what_travels_names_neither_the_picture_nor_the_telephone() -> Outcome {
    let json = serde_json::to_string(&complaint())?;
    assert!(!json.contains("phone_tail") && !json.contains("photo"), "{json}");
    let back: Complaint = serde_json::from_str(&json)?;
    assert_eq!((back.phone_tail, back.photo), (String::new(), None));
    Ok(())
}

#[tokio::test]
async fn g_6_9a_a_notice_is_changed_by_version() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let notice = Notice {
            object: object(1),
            title: "通知".into(),
            kind: "notice".into(),
            body: "正文".into(),
            state: "draft".into(),
            origin_node: "370000".into(),
            version: 1,
            published_at: None,
            updated_at: at(1),
        };
        let published = Notice { state: "published".into(), version: 2, published_at: Some(at(3)), ..notice.clone() };
        let tx = store.begin().await?;
        tx.write_notice(&notice, 0).await?;
        assert!(matches!(tx.write_notice(&notice, 0).await, Err(StoreError::Conflict { .. })));
        assert!(tx.take_notice(&published).await?);
        assert!(!tx.take_notice(&published).await?, "the same again changes nothing");
        tx.commit().await?;
        assert_eq!(store.notice(object(1)).await?, Some(published));
        assert_eq!(store.notices(Some("published"), None, None, 9).await?.items.len(), 1);
        assert_eq!(store.notices(Some("draft"), None, None, 9).await?.items.len(), 0);
        Ok(())
    })
    .await
}

fn evaluation(code: &str, version: u64) -> EvaluationRow {
    EvaluationRow {
        node: "370200".into(),
        period: "2026-10".into(),
        kind: "system".into(),
        code: code.into(),
        object: object(1),
        name: "系统".into(),
        stage: "market".into(),
        division: "370202".into(),
        score: Some(9_420),
        grade: Some("excellent".into()),
        rank: Some(1),
        formula: "2026.1".into(),
        inputs: "{}".into(),
        result: "{}".into(),
        version,
        computed_at: at(1),
    }
}

#[tokio::test]
async fn g_6_8_1_a_later_result_replaces_an_earlier_one() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let tx = store.begin().await?;
        assert!(tx.keep_evaluation(&evaluation("a", 2)).await?);
        assert!(!tx.keep_evaluation(&EvaluationRow { score: None, ..evaluation("a", 1) }).await?);
        let later = EvaluationRow { score: None, rank: None, grade: None, ..evaluation("a", 3) };
        assert!(tx.keep_evaluation(&later).await?);
        assert!(tx.keep_evaluation(&evaluation("b", 1)).await?);
        tx.commit().await?;
        let filter = EvaluationFilter { period: Some("2026-10".into()), ..EvaluationFilter::default() };
        let rows = store.evaluations(&qingdao(), &filter).await?;
        assert_eq!(rows, [evaluation("b", 1), later], "those without a rank stand behind");
        assert!(store.evaluations(&jinan(), &filter).await?.is_empty());
        assert_eq!(store.evaluated_periods(9).await?, ["2026-10"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_6_8_3_deliveries_and_schedules_keep_their_state() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let edition = Edition {
            id: object(1),
            number: "370200-202610-01".into(),
            kind: "evaluation".into(),
            title: "报告".into(),
            period: "2026-10".into(),
            division: "370200".into(),
            frozen: "{}".into(),
            frozen_hash: [3; 32],
            created_at: at(1),
        };
        let receiver = Receiver { name: "张三".into(), email: "a@b.cn".into() };
        let tx = store.begin().await?;
        tx.add_edition(&edition).await?;
        assert_eq!(tx.last_edition("evaluation", "2026-10").await?, Some(edition.clone()));
        let id = tx.add_delivery(object(1), &receiver, |id| format!("<{id}@x>"), at(2)).await?;
        tx.note_delivery(id, "queued", Some("暂不接收"), None).await?;
        assert!(!tx.requeue_delivery(id).await?, "it waits already");
        tx.note_delivery(id, "sent", None, Some(at(7))).await?;
        tx.commit().await?;
        let sent = store.system_delivery(id).await?.ok_or("absent")?;
        assert_eq!((sent.state.as_str(), sent.attempts, sent.sent_at), ("sent", 2, Some(at(7))));
        assert_eq!((sent.message_id, sent.last_error), (format!("<{id}@x>"), None));
        assert_eq!(store.deliveries(object(1)).await?.len(), 1);
        assert_eq!(store.edition(&jinan(), object(1)).await?, None);
        assert_eq!(store.editions(&qingdao(), None, 9).await?.items, [edition]);

        let schedule = ReportSchedule {
            kind: "evaluation".into(),
            enabled: true,
            cron: "0 8 1 * *".into(),
            receivers: vec![receiver],
            last_due: None,
            version: 1,
        };
        let tx = store.begin().await?;
        assert!(tx.requeue_delivery(id).await?);
        tx.keep_report_schedule(&schedule).await?;
        assert!(matches!(tx.keep_report_schedule(&schedule).await, Err(StoreError::Conflict { .. })));
        tx.commit().await?;
        assert_eq!(store.report_schedule("evaluation").await?, Some(schedule));
        Ok(())
    })
    .await
}
