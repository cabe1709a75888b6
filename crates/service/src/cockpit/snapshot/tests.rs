//! Tests of what a snapshot shows, on figures given by hand.

use super::*;

fn row(code: &str, score: Option<i64>) -> ScoreRow {
    ScoreRow { code: code.into(), name: code.into(), division: "370202".into(), score, grade: None, rank: None }
}

fn desk() -> Desk {
    Desk {
        subjects: Vec::new(),
        subjects_before: 0,
        systems: Vec::new(),
        activities: Vec::new(),
        findings: Vec::new(),
        newest: Vec::new(),
        subject_names: BTreeMap::new(),
        complaints: 0,
        lookups: (0, 0),
        scores: Scores::default(),
        parent: None,
        children: Vec::new(),
    }
}

fn facts() -> Facts {
    Facts {
        today: Figures::default(),
        by_day: Vec::new(),
        by_stage: Vec::new(),
        received: Vec::new(),
        last: BTreeMap::new(),
    }
}

fn system(code: &str, filed_at: i64) -> LiveSystem {
    LiveSystem { code: code.into(), name: code.into(), division: "370202".into(), filed_at: Some(filed_at) }
}

fn view() -> View {
    View { division: "370200".into(), scope: suyuan_domain::scope::Scope::everything(), category: Some("agri".into()) }
}

#[test]
fn g_6_8_2a_equal_scores_share_a_place_and_the_next_is_left_out() {
    let rows = [row("a", Some(9_000)), row("b", Some(9_000)), row("c", Some(8_950)), row("d", None)];
    let lines = ranked(&rows.iter().collect::<Vec<_>>(), &[row("c", Some(9_000)), row("a", None)], "system");
    assert_eq!(lines.iter().map(|line| line.rank).collect::<Vec<_>>(), [Some(1), Some(1), Some(3), None]);
    assert_eq!(lines[2].change.as_deref(), Some("-0.50"));
    assert_eq!(lines[0].change, None);
    assert_eq!(lines[0].score.as_deref(), Some("90.00"));
}

#[test]
fn g_6_7_a_node_without_anybody_shows_not_connected_and_not_zero() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let nobody = figures(&view(), &desk(), &facts(), &Reporting::default(), &BTreeMap::new(), now);
    assert_eq!(nobody.len(), 8);
    assert!(nobody.iter().all(|figure| figure.state == State::NotConnected && figure.value.is_none()));
    let some = Desk { systems: vec![system("s1", 0), system("s2", 0)], ..desk() };
    let heard = BTreeMap::from([
        ("s1".to_owned(), now.plus_millis(-DAY_MILLIS)),
        ("s2".to_owned(), now.plus_millis(-DAY_MILLIS - 1)),
    ]);
    let shown = figures(&view(), &some, &facts(), &Reporting::default(), &heard, now);
    let of =
        |key: &str| shown.iter().find(|figure| figure.key == key).map(|figure| (figure.value.as_deref(), figure.state));
    assert_eq!(of("systems"), Some((Some("2"), State::Value)));
    assert_eq!(of("online_rate"), Some((Some("50.0"), State::Value)));
    assert_eq!(of("events_today"), Some((Some("0"), State::Zero)));
    assert_eq!(of("reporting_rate"), Some((None, State::Missing)));
    assert!(shown.iter().all(|figure| figure.link.starts_with("/console/") && figure.link.contains("category=agri")));
}

#[test]
fn g_6_4_1a_systems_silent_for_two_days_are_warned_of_and_for_seven_loudly() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let old = now.millis() - 10 * DAY_MILLIS;
    let desk = Desk { systems: vec![system("fresh", old), system("late", old), system("never", old)], ..desk() };
    let heard = BTreeMap::from([
        ("fresh".to_owned(), now.plus_millis(-DAY_MILLIS)),
        ("late".to_owned(), now.plus_millis(-3 * DAY_MILLIS)),
    ]);
    let got: Vec<(String, &str)> = warnings(&desk, &heard, now).into_iter().map(|w| (w.text, w.severity)).collect();
    assert_eq!(got, [("late 3 日未报送".to_owned(), "normal"), ("never 10 日未报送".to_owned(), "high")]);
}

#[test]
fn g_6_4_1a_a_warning_says_whom_it_concerns() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let finding = |subject: &str| WarningRow {
        object: ObjectId::from_bytes([7; 16]).as_bytes().to_vec(),
        rule: "quantity_outlier".into(),
        kind: "outside_threshold".into(),
        severity: "normal".into(),
        text: "数量 9 偏离近期水平".into(),
        subject: subject.into(),
        found_at: now.millis(),
    };
    let desk = Desk {
        newest: vec![finding("s1"), finding("")],
        subject_names: BTreeMap::from([("s1".to_owned(), "甲屠宰厂".to_owned())]),
        ..desk()
    };
    let got: Vec<String> = warnings(&desk, &BTreeMap::new(), now).into_iter().map(|w| w.text).collect();
    assert_eq!(got, ["数量 9 偏离近期水平", "甲屠宰厂：数量 9 偏离近期水平"]);
}

#[test]
fn g_6_6_1a_the_trend_has_every_day_of_the_period() {
    let today: Day = "2026-11-21".parse().expect("a day");
    let mut facts = facts();
    facts.by_day = vec![(today.plus(-1), Figures { events: 7, ..Figures::default() })];
    facts.received =
        vec![("2026-11-21".into(), IntakeFigures { received: 5, rejected: 2, ..IntakeFigures::default() })];
    let days = trend(&facts, 3, today);
    let got: Vec<(String, u64, u64, u64)> =
        days.iter().map(|day| (day.date.to_string(), day.events, day.received, day.rejected)).collect();
    let expected = [("2026-11-19".into(), 0, 0, 0), ("2026-11-20".into(), 7, 0, 0), ("2026-11-21".into(), 0, 5, 2)];
    assert_eq!(got, expected);
}
