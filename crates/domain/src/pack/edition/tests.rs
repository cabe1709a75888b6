//! Editions of several tiers side by side.

use super::*;

fn text(name: &str) -> &'static str {
    shipped_pack(name).expect(name).text
}

fn edition(name: &str, tier: Tier, text: &str) -> Edition {
    Edition::read(name, tier, text).unwrap_or_else(|fault| panic!("{fault}"))
}

fn day(text: &str) -> Day {
    text.parse().expect(text)
}

fn today() -> Day {
    day("2026-11-21")
}

/// The shipped rules with another upper limit of the cold chain.
fn rules(version: u32, valid_from: &str, limit: &str) -> String {
    let rule = format!("version = {version}\ntest = {{ by = \"range\", metric = \"field:temperature\"");
    text("rules.toml")
        .replace("version = \"2026.1\"", &format!("version = \"{version}\""))
        .replace("valid_from = \"2026-01-01\"", &format!("valid_from = \"{valid_from}\""))
        .replace("test = { by = \"range\", metric = \"field:temperature\"", &rule)
        .replace("max = \"25\"", &format!("max = \"{limit}\""))
}

fn local(rows: &str) -> String {
    format!("version = \"1\"\nvalid_from = \"2026-01-01\"\n{rows}")
}

fn version_on(editions: &[Edition], on: &str) -> Option<u32> {
    let found = in_force(editions, day(on)).expect("the shipped packs");
    found.packs.rule("temperature_range").map(|rule| rule.version)
}

#[test]
fn n_tier_the_newest_edition_counts_from_its_first_day_and_an_older_text_again_is_the_undo() {
    let nation = |version, from| edition("rules.toml", Tier::Nation, &rules(version, from, "8"));
    let editions = [nation(2, "2026-06-01"), nation(3, "2026-12-01")];
    assert_eq!(version_on(&editions, "2026-05-31"), Some(1));
    assert_eq!(version_on(&editions, "2026-06-01"), Some(2));
    assert_eq!(version_on(&editions, "2026-12-01"), Some(3));
    assert_eq!(turns(&editions, today()), BTreeSet::from([day("2026-12-01")]));
    let undone = [nation(2, "2026-06-01"), nation(3, "2026-12-01"), nation(2, "2026-06-01")];
    assert_eq!(version_on(&undone, "2026-12-01"), Some(2));
    assert_eq!(counting(heads(&undone)), BTreeSet::from([2]));
}

#[test]
fn g_6_8_1_a_new_formula_leaves_the_periods_before_it_alone() {
    let newer = text("indicators.toml")
        .replace("version = \"2026.1\"", "version = \"2027.1\"")
        .replace("valid_from = \"2026-01-01\"", "valid_from = \"2027-01-01\"")
        .replace("weight = 25", "weight = 30");
    let editions = [edition("indicators.toml", Tier::Nation, &newer)];
    let packs = in_force(&editions, today()).expect("packs").packs;
    let version = |on: &str| packs.formula(day(on)).map(|formula| formula.version.as_str());
    assert_eq!(version("2026-12-31"), Some("2026.1"));
    assert_eq!(version("2027-01-01"), Some("2027.1"));
}

#[test]
fn n_tier_a_tier_below_adds_beneath_and_nothing_else() {
    let categories = text("categories.toml");
    let cut = categories.rfind("[[category]]").expect("a last category");
    let added = local("[[child]]\ncategory = \"agri\"\ncode = \"sd_apple\"\nname = \"烟台苹果\"");
    for (name, text, refusal) in [
        ("categories.toml", added.clone(), None),
        ("categories.toml", categories.to_owned(), Some("PCK-0203")),
        ("categories.toml", categories[..cut].to_owned(), Some("PCK-0202")),
        ("categories.toml", categories.replace("食用农产品", "农产品"), Some("PCK-0201")),
        ("categories.toml", local("[[child]]\ncategory = \"agri\"\ncode = \"meat\"\nname = \"肉\""), Some("PCK-0201")),
        (
            "categories.toml",
            local("[[category]]\ncode = \"book\"\nname = \"图书\"\norder = 8\nstages = [\"sale\"]"),
            Some("PCK-0204"),
        ),
        ("categories.toml", local("[[child]]\ncategory = \"none\"\ncode = \"x\"\nname = \"x\""), Some("PCK-0104")),
        ("indicators.toml", text("indicators.toml").replace("\"reporting_rate\"", "\"rate\""), Some("PCK-0202")),
        ("rules.toml", local(""), None),
    ] {
        let found = last_stands(&[edition(name, Tier::Province, &text)], today()).expect("packs");
        assert_eq!(found.as_ref().map(|fault| fault.code.as_str()), refusal, "{found:?}");
    }
    let packs = in_force(&[edition("categories.toml", Tier::Province, &added)], today()).expect("packs").packs;
    let agri = packs.category("agri").expect("agri");
    assert!(agri.children.iter().any(|child| child.name == "烟台苹果") && agri.children.len() > 11);
}

#[test]
fn n_tier_what_cannot_stand_beside_the_tier_above_gives_way() {
    let local = edition(
        "rules.toml",
        Tier::Province,
        &local(
            "[[rule]]\ncode = \"late\"\nname = \"本省规则\"\nkind = \"other\"\nseverity = \"normal\"\nstages = [\"catering\"]\ntest = { by = \"upstream\" }",
        ),
    );
    let national = text("rules.toml").to_owned()
        + "\n[[rule]]\ncode = \"late\"\nname = \"国家规则\"\nkind = \"other\"\nseverity = \"normal\"\ntest = { by = \"upstream\" }";
    let editions = [local.clone(), edition("rules.toml", Tier::Nation, &national.replace("2026.1", "2026.2"))];
    assert_eq!(last_stands(&editions, today()).expect("packs"), None);
    let found = in_force(&editions, today()).expect("packs");
    assert_eq!(found.packs.rule("late").map(|rule| rule.name.as_str()), Some("国家规则"));
    assert_eq!(found.left_out.get(&0).map(|fault| fault.code.as_str()), Some("PCK-0201"));
    assert_eq!(found.used, BTreeSet::from([1]));
}

#[test]
fn n_tier_editions_of_one_tier_may_need_each_other_but_none_may_lose_its_ground() {
    let stages = text("stages.toml").replace("2026.1", "2026.2").replace(
        "stage = [",
        "stage = [\n{ code = \"printing\", name = \"印制\", standard = \"processing\", order = 25 },",
    );
    let categories = text("categories.toml")
        .replace("2026.1", "2026.2")
        .replace("stages = [\"processing\", \"pack", "stages = [\"printing\", \"processing\", \"pack");
    let (stages, categories) =
        (edition("stages.toml", Tier::Nation, &stages), edition("categories.toml", Tier::Nation, &categories));
    let refused = last_stands(std::slice::from_ref(&categories), today()).expect("packs").expect("a fault");
    assert_eq!(refused.code, "PCK-0104", "{refused}");
    let both = [stages.clone(), categories.clone()];
    assert_eq!(last_stands(&both, today()).expect("packs"), None);
    let undo = [stages, categories, edition("stages.toml", Tier::Nation, text("stages.toml"))];
    let refused = last_stands(&undo, today()).expect("packs").expect("a fault");
    assert_eq!(refused.code, "PCK-0205", "{refused}");
}

#[test]
fn n_tier_a_version_names_one_content() {
    let read = |text: &str| PackFile::read("rules.toml", text).expect("a pack");
    let first = read(text("rules.toml"));
    let codes = |text: &str| renamed(&read(text), &[&first]).into_iter().map(|fault| fault.code).collect::<Vec<_>>();
    assert_eq!(codes(text("rules.toml")), [""; 0]);
    assert_eq!(codes(&rules(2, "2026-01-01", "8")), [""; 0]);
    assert_eq!(codes(&text("rules.toml").replace("2026.1", "2026.2").replace("\"25\"", "\"8\"")), ["PCK-0108"]);
    assert_eq!(codes(&rules(2, "2026-01-01", "8").replacen("\"2\"", "\"2026.1\"", 1)), ["PCK-0107"]);
}

#[test]
fn n_tier_a_text_that_is_not_the_pack_is_refused_with_its_place() {
    let rules = text("rules.toml");
    for (name, tier, text, code) in [
        ("people.toml", Tier::Nation, rules, "PCK-0101"),
        ("roles.toml", Tier::Nation, text("roles.toml"), "PCK-0102"),
        ("rules.toml", Tier::Nation, &"#".repeat(MAX_TEXT + 1), "PCK-0103"),
        ("rules.toml", Tier::Nation, "version = 7", "PCK-0104"),
        ("rules.toml", Tier::Nation, "version = \"\"\nvalid_from = \"2026-01-01\"", "PCK-0105"),
        ("rules.toml", Tier::Nation, text("stages.toml"), "PCK-0106"),
        ("rules.toml", Tier::Nation, "version = \"2\"\nvalid_from = \"2026-01-01\"", "PCK-0109"),
    ] {
        let fault = Edition::read(name, tier, text).expect_err(code);
        assert_eq!(fault.code, code, "{fault}");
    }
    assert_eq!(edition("rules.toml", Tier::City, rules).about(), Subject::Rule);
}

#[test]
fn n_tier_numbers_without_bounds_are_refused() {
    for (name, from, to) in [
        ("limits.toml", "amount = 24,", "amount = 4000000000,"),
        ("indicators.toml", "weight = 25", "weight = 4000000000"),
        ("indicators.toml", "#1a7f4b", "red;}"),
        ("rules.toml", "factor = 8", "factor = 4000000000"),
        ("rules.toml", "permille = 20", "permille = 4294967295"),
        ("code_schemes.toml", "len = 9,", "len = 9223372036854775807,"),
    ] {
        let changed = text(name).replacen(from, to, 1).replacen("2026.1", "2026.2", 1);
        assert_ne!(changed, text(name).replacen("2026.1", "2026.2", 1), "{name} has no {from}");
        let found = last_stands(&[edition(name, Tier::Nation, &changed)], today()).expect("packs");
        assert_eq!(found.map(|fault| fault.code).as_deref(), Some("PCK-0104"), "{name} with {to}");
    }
}
