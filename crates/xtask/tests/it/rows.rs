//! Requirement rows: a row that `docs/requirements-met.toml` says is met has a test named after it, and every row
//! that is named anywhere exists in `docs/requirements-rows.txt`. Whether the test proves the row is left to review.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::files::{TextFile, root, text_files};

/// The part of a test's name that stands for a row: `G-6.5.3a` is `g_6_5_3a_`.
fn prefix(row: &str) -> String {
    let mut name = row.to_lowercase().replace(['-', '.'], "_");
    name.push('_');
    name
}

fn known_rows() -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/requirements-rows.txt")).expect("the list of rows can be read");
    text.lines().map(str::to_owned).collect()
}

fn met_rows() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("docs/requirements-met.toml")).expect("the list of met rows can be read");
    let document: BTreeMap<String, BTreeMap<String, String>> =
        toml::from_str(&text).expect("the list of met rows is TOML with notes");
    document.get("met").cloned().unwrap_or_default()
}

/// Names of tests: functions in Rust, titles in TypeScript.
fn test_names(file: &TextFile) -> Vec<String> {
    let starts: &[&str] = if file.path.ends_with(".rs") {
        &["fn "]
    } else if [".spec.ts", ".test.ts", ".test.tsx"].iter().any(|end| file.path.ends_with(end)) {
        &["\"", "'", "`"]
    } else {
        &[]
    };
    starts
        .iter()
        .flat_map(|start| file.text.match_indices(start).map(|(at, _)| at + start.len()))
        .map(|at| identifier(&file.text[at..]))
        .filter(|name| name.contains('_'))
        .collect()
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// The row a test is named after: the longest that fits, as `g_6_7_1_x` proves G-6.7.1 and not G-6.7.
fn row_of<'a>(name: &str, rows: &'a [String]) -> Option<&'a String> {
    rows.iter().filter(|row| name.starts_with(&prefix(row))).max_by_key(|row| row.len())
}

#[test]
fn every_row_that_is_met_has_a_test_named_after_it() {
    let rows = known_rows();
    let tested: BTreeSet<String> =
        text_files().iter().flat_map(test_names).filter_map(|name| row_of(&name, &rows).cloned()).collect();
    let missing: Vec<String> = met_rows()
        .into_keys()
        .filter(|row| !tested.contains(row))
        .map(|row| format!("{row}: no test begins with `{}`", prefix(&row)))
        .collect();
    assert!(missing.is_empty(), "said to be met but not tested:\n  {}", missing.join("\n  "));
}

#[test]
fn every_row_that_is_met_exists_and_has_a_note() {
    let rows = known_rows();
    for (row, note) in met_rows() {
        assert!(rows.contains(&row), "{row} is not in docs/requirements-rows.txt");
        assert!(!note.trim().is_empty(), "{row} needs a note on how it is met");
    }
}

#[test]
fn the_list_of_rows_is_complete_in_form() {
    let rows = known_rows();
    let distinct: BTreeSet<&String> = rows.iter().collect();
    assert_eq!(rows.len(), distinct.len(), "a row is listed twice");
    let prefixes: BTreeSet<String> = rows.iter().map(|row| prefix(row)).collect();
    assert_eq!(rows.len(), prefixes.len(), "two rows have the same prefix");
    for row in &rows {
        let good = row.split_once('-').is_some_and(|(source, clause)| {
            ["G", "N", "A", "H", "D"].contains(&source)
                && clause.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
                && !clause.is_empty()
        });
        assert!(good, "{row} is not an identifier of a row");
    }
}

#[test]
fn a_test_counts_for_the_longest_row_that_fits() {
    let rows = ["G-6.7".to_owned(), "G-6.7.1".to_owned(), "G-6.5.3a".to_owned()];
    let row = |name: &str| row_of(name, &rows).map(String::as_str);
    assert_eq!(row("g_6_7_1_plan_is_kept"), Some("G-6.7.1"));
    assert_eq!(row("g_6_7_everything"), Some("G-6.7"));
    assert_eq!(row("g_6_5_3a_chain"), Some("G-6.5.3a"));
    assert_eq!(row("g_6_5_3ab_chain"), None);
}

#[test]
fn names_are_found_in_both_languages() {
    let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned() };
    let rust = file("a.rs", "#[test]\nasync fn g_1_x() {}");
    assert_eq!(test_names(&rust), ["g_1_x"]);
    let typescript = file("a.spec.ts", "test(\n  'g_1_x a person sees it', async () => {})");
    assert_eq!(test_names(&typescript), ["g_1_x"]);
    assert!(test_names(&file("a.ts", "'g_1_x'")).is_empty());
}
