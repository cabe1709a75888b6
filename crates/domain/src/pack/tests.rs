//! The shipped packs, and packs that are not.

use super::*;

#[test]
fn n_cat_the_shipped_packs_hold_seven_categories() {
    let packs = Packs::shipped().unwrap_or_else(|error| panic!("{error}"));
    let names: Vec<&str> = packs.categories.iter().map(|category| category.name.as_str()).collect();
    assert_eq!(names, ["食用农产品", "食品", "药品", "农业生产资料", "特种设备", "危险品", "稀土产品"]);
    let standard: BTreeSet<&str> = packs.stages.iter().map(|stage| stage.standard.as_str()).collect();
    assert_eq!(standard.len(), 8);
    for category in &packs.categories {
        assert!(!category.children.is_empty() && !category.fields.is_empty(), "{}", category.code);
        assert!(category.stages.len() > 3, "{}", category.code);
    }
    let weights: u32 = packs.formulas[0].indicators.iter().map(|indicator| indicator.weight).sum();
    assert_eq!(weights, 100);
    assert_eq!(packs.name_in("subject_state", "filed"), "已备案");
}

#[test]
fn n_cat_an_eighth_category_is_data() {
    let eighth = r#"
        version = "9"
        valid_from = "2026-01-01"
        [[stage]]
        code = "printing"
        name = "印制"
        standard = "processing"
        order = 25
        [[category]]
        code = "textbook"
        name = "中小学教材"
        order = 8
        stages = ["printing", "distribution", "use"]
        children = [{ code = "primary", name = "小学" }]
        fields = [{ code = "isbn", name = "书号", need = "must", stages = ["printing"] }]
    "#;
    let mut files = SHIPPED.to_vec();
    files.push(("textbook.toml", eighth));
    let packs = Packs::parse(&files).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(packs.categories.len(), 8);
    assert_eq!(packs.category("textbook").map(|category| category.stages.len()), Some(3));
}

#[test]
fn n_cat_errors_name_file_and_place() {
    let head = "version='1'\nvalid_from='2026-01-01'\n";
    for (text, place, what) in [
        ("version='1'\nvalid_from='2026-01-01'\n[[category]]\nnom='x'", "第 ", "nom"),
        ("version='1'\nvalid_from='gestern'", "第 2 行", "日期"),
        ("[[stage]]\ncode='a'\nname='a'\nstandard='b'\norder=1", "环节 a", "没有编码为 b"),
        ("[[role]]\ncode='a'\nname='a'\npermissions=[]\n[[role]]\ncode='a'\nname='b'\npermissions=[]", "角色", "重复"),
        ("[[category]]\ncode='a'\nname='a'\norder=1\nstages=['nowhere']", "类别 a", "nowhere"),
        ("[[indicator]]\ncode='a'\nname='a'\nweight=1\nnumerator='x'\ndenominator='records'", "指标", ""),
    ] {
        let text = if text.starts_with("version") { text.to_owned() } else { format!("{head}{text}") };
        let error = Packs::parse(&[("mine.toml", &text)]).expect_err(&text);
        assert_eq!(error.pack, "mine.toml");
        assert!(error.place.contains(place) && error.what.contains(what), "{error}");
    }
}

#[test]
fn g_6_9b_limits_follow_the_day_of_the_matter() {
    let packs = Packs::shipped().unwrap_or_else(|error| panic!("{error}"));
    let at: Timestamp = "2026-09-30T10:00:00+08:00".parse().expect("an instant");
    let due = packs.due("complaint_accept", at).expect("a shipped limit");
    assert_eq!(Day::of(due.plus_millis(-1)).to_string(), "2026-10-15");
    assert_eq!(packs.due("event_report", at), Some(at.plus_millis(24 * 3_600_000)));
    assert_eq!(packs.due("nothing", at), None);
}

#[test]
fn g_5_4_2_roles_allow_by_pattern_and_denials_win() {
    let role = Role {
        code: "r".into(),
        name: "r".into(),
        permissions: vec!["subject.*".into(), "event.read".into()],
        denied: vec!["subject.review".into()],
        parent: None,
        grants: None,
        second_factor: false,
        own_subject: false,
    };
    for (permission, allowed) in [
        ("subject.read", true),
        ("subject.review", false),
        ("event.read", true),
        ("event.write", false),
        ("subjects.read", false),
    ] {
        assert_eq!(role.allows(permission), allowed, "{permission}");
    }
}
