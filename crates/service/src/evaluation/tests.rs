//! Tests of evaluating and ranking candidates.

use super::*;
use suyuan_domain::pack::Packs;

fn candidate(code: &str, stage: &str, days: u64) -> Candidate {
    let inputs = Inputs { days_due: 30, days_with_upload: days, received: 100, records: 100, ..Inputs::default() };
    Candidate { code: code.into(), name: code.into(), stage: stage.into(), division: "370202".into(), inputs }
}

fn rows() -> (Packs, Vec<EvaluationRow>) {
    let packs = Packs::shipped().expect("the shipped packs");
    let period: Period = "2026-10".parse().expect("a period");
    let place = Place { node: "370200", period, kind: "system", now: Timestamp::from_millis(1) };
    let candidates = vec![
        candidate("a", "market", 30),
        candidate("b", "market", 3),
        candidate("c", "slaughter", 15),
        Candidate { inputs: Inputs::default(), ..candidate("d", "slaughter", 0) },
        Candidate { inputs: Inputs { days_due: 30, ..Inputs::default() }, ..candidate("e", "slaughter", 0) },
    ];
    let rows = evaluated(packs.formula(period.last()).expect("a formula"), &candidates, &place).expect("results");
    (packs, rows)
}

#[test]
fn g_6_8_2a_ranks_are_within_the_stage() {
    let (_, rows) = rows();
    let ranks: Vec<_> = rows.iter().map(|row| (row.code.as_str(), row.rank)).collect();
    assert_eq!(ranks, [("a", Some(1)), ("b", Some(2)), ("c", Some(1)), ("d", None), ("e", Some(2))]);
}

#[test]
fn g_6_8_1_zero_denominators_are_not_applicable_and_silence_is_a_veto() {
    let (_, rows) = rows();
    assert_eq!((rows[3].score, rows[3].grade.as_deref()), (None, None));
    let silent: Evaluation = serde_json::from_str(&rows[4].result).expect("a result");
    assert_eq!((rows[4].score, rows[4].grade.as_deref()), (Some(0), Some("fail")));
    assert!(silent.veto.is_some());
}

#[test]
fn g_6_8_1_a_result_follows_from_its_own_inputs() {
    let (packs, mut rows) = rows();
    for row in &rows {
        assert_eq!(recomputes(&packs.formulas, row), Some(true), "{}", row.code);
    }
    rows[0].inputs = rows[1].inputs.clone();
    assert_eq!(recomputes(&packs.formulas, &rows[0]), Some(false));
    rows[1].formula = "1999".into();
    assert_eq!(recomputes(&packs.formulas, &rows[1]), None);
}

#[test]
fn g_6_8_1_only_what_says_something_new_is_kept_again() {
    let (_, rows) = rows();
    let later = EvaluationRow { computed_at: Timestamp::from_millis(9), version: 3, ..rows[0].clone() };
    assert!(same(&rows[0], &later));
    assert!(!same(&rows[0], &EvaluationRow { rank: Some(2), ..rows[0].clone() }));
}

#[test]
fn g_6_8_2b_changes_carry_their_sign() {
    assert_eq!(change_text(Some(9_420), Some(9_300)).as_deref(), Some("+1.20"));
    assert_eq!(change_text(Some(8_000), Some(8_050)).as_deref(), Some("-0.50"));
    assert_eq!(change_text(Some(8_000), Some(8_000)).as_deref(), Some("+0.00"));
    assert_eq!(change_text(None, Some(8_000)), None);
}
