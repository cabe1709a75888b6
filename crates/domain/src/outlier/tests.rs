//! Tests of the outlier rules: each kind flags what it must and nothing else.

use super::*;
use crate::event::{EventType, Inspection, UnitAmount};
use crate::pack::Packs;
use crate::testing;

fn packs() -> Packs {
    Packs::shipped().expect("the shipped packs")
}

fn verdict(rule: &str, event: &TraceEvent, facts: &Facts) -> Verdict {
    evaluate(packs().rule(rule).expect(rule), event, facts)
}

fn is_flagged(rule: &str, event: &TraceEvent, facts: &Facts) -> bool {
    matches!(verdict(rule, event, facts), Verdict::Flagged(_))
}

fn sale() -> TraceEvent {
    let mut event = testing::event(EventType::Transaction, "shipping");
    event.voucher = "37020200100010000001".into();
    event.quantity = Some(Quantity::from_milli(100_000));
    event.inputs = vec![testing::unit("u1")];
    event
}

#[test]
fn g_6_4_2a_breaks_standard() {
    let test = |passed, value: Option<i64>, limit: Option<i64>| {
        let mut event = sale();
        event.inspection = Some(Inspection {
            item: "莱克多巴胺".into(),
            value: value.map(Quantity::from_milli),
            limit: limit.map(Quantity::from_milli),
            standard: String::new(),
            passed,
            report_no: String::new(),
        });
        is_flagged("inspection_failed", &event, &Facts::default())
    };
    assert!(test(Some(false), None, None));
    assert!(test(Some(true), Some(3), Some(2)), "the value decides, not the word");
    assert!(!test(Some(true), Some(2), Some(2)));
    assert!(!test(None, None, None));
    assert_eq!(verdict("inspection_failed", &sale(), &Facts::default()), Verdict::NotApplicable);

    let mut farm = sale();
    farm.fields.insert("inputs_used".into(), "吡虫啉、甲胺磷乳油".into());
    assert!(is_flagged("banned_input", &farm, &Facts::default()));
    farm.fields.insert("inputs_used".into(), "吡虫啉".into());
    assert_eq!(verdict("banned_input", &farm, &Facts::default()), Verdict::Normal);
}

#[test]
fn g_6_4_2a_illegal_repetition() {
    let event = sale();
    let packs = packs();
    let rule = packs.rule("voucher_repeated").expect("a shipped rule");
    let needs = rule.needs(&event);
    assert_eq!(needs, [Lookup::SameKey { key: "voucher".into(), value: event.voucher.clone() }]);
    assert_eq!(evaluate(rule, &event, &Facts::default()), Verdict::NotEvaluated("未能查询重复情况".into()));
    let mut facts = Facts::default();
    facts.same.insert(needs[0].clone(), vec![]);
    assert_eq!(evaluate(rule, &event, &facts), Verdict::Normal);
    facts.same.insert(needs[0].clone(), vec!["other".into()]);
    assert!(is_flagged("voucher_repeated", &event, &facts));

    let mut received = sale();
    received.inbound = true;
    assert_eq!(evaluate(rule, &received, &facts), Verdict::NotApplicable, "both sides quote one voucher");
}

#[test]
fn g_6_4_2a_outside_threshold() {
    let mut event = sale();
    let packs = packs();
    let rule = packs.rule("quantity_outlier").expect("a shipped rule");
    let needs = rule.needs(&event);
    let mut facts = Facts::default();
    facts.history.insert(needs[0].clone(), vec![Quantity::from_milli(95_000); 5]);
    assert_eq!(evaluate(rule, &event, &facts), Verdict::Normal);
    event.quantity = Some(Quantity::from_milli(95_000_000));
    let Verdict::Flagged(flag) = evaluate(rule, &event, &facts) else { panic!("not flagged") };
    assert!(flag.text.contains("中位数 95"), "{}", flag.text);
    facts.history.insert(needs[0].clone(), vec![]);
    assert!(matches!(evaluate(rule, &event, &facts), Verdict::NotEvaluated(_)));

    let mut ride = testing::event(EventType::Object, "transporting");
    ride.stage = "transport".into();
    ride.fields.insert("temperature".into(), serde_json::json!(31.5));
    assert!(is_flagged("temperature_range", &ride, &Facts::default()));
    ride.fields.insert("temperature".into(), "-18".into());
    assert_eq!(verdict("temperature_range", &ride, &Facts::default()), Verdict::Normal);
}

#[test]
fn g_6_4_2a_other_rules() {
    let mut event = sale();
    event.inbound = true;
    let lookup = Lookup::Unit { unit: "u1".into() };
    let facts = |unit: UnitFacts| Facts { units: [(lookup.clone(), unit)].into(), ..Facts::default() };
    assert!(is_flagged("upstream_unknown", &event, &facts(UnitFacts::default())));
    assert!(matches!(verdict("upstream_unknown", &event, &Facts::default()), Verdict::NotEvaluated(_)));
    let known = UnitFacts { known: true, ..UnitFacts::default() };
    assert_eq!(verdict("upstream_unknown", &event, &facts(known.clone())), Verdict::Normal);

    let later = UnitFacts { first_at: Some(event.event_time.plus_millis(1)), ..known.clone() };
    assert!(is_flagged("time_reversed", &event, &facts(later)));

    event.inbound = false;
    let amounts = |came_in, went_out| UnitFacts {
        came_in: Some(Quantity::from_milli(came_in)),
        went_out: Some(Quantity::from_milli(went_out)),
        ..known.clone()
    };
    assert!(is_flagged("more_out_than_in", &event, &facts(amounts(1_000, 1_021))));
    assert!(!is_flagged("more_out_than_in", &event, &facts(amounts(1_000, 1_020))));
}

#[test]
fn g_6_4_2a_a_finding_has_one_identity() {
    let material = |objects: &[&str]| {
        let objects: Vec<String> = objects.iter().map(|text| (*text).to_owned()).collect();
        finding_material("r", &objects, "2026-10-01")
    };
    assert_eq!(material(&["b", "a", "a"]), material(&["a", "b"]));
    assert_ne!(material(&["ab"]), material(&["a", "b"]));
}

#[test]
fn g_6_4_2a_rules_that_cannot_work_are_refused() {
    for test in [
        "{by='range',metric='quantity'}",
        "{by='robust',metric='quantity',factor=1,window=9}",
        "{by='repeated',key=''}",
    ] {
        let text = format!(
            "version='1'\nvalid_from='2026-01-01'\n[[rule]]\ncode='x'\nname='x'\nkind='other'\nseverity='high'\ntest={test}"
        );
        assert!(Packs::parse(&[("mine.toml", &text)]).is_err(), "{test}");
    }
    assert!(units_of(&sale()).contains(&"u1".to_owned()));
}

fn units_of(event: &TraceEvent) -> Vec<String> {
    event.inputs.iter().map(|UnitAmount { code, .. }| code.clone()).collect()
}
