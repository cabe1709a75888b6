//! The engine over the shipped fields and over fields of its own.

use serde_json::json;

use super::super::{Packs, SHIPPED};
use super::*;

fn packs() -> Packs {
    Packs::shipped().unwrap_or_else(|error| panic!("{error}"))
}

fn subject() -> Value {
    json!({
        "name": "青岛甲公司", "code": "370202001", "org_form": "company", "node_type": "farm", "category": "agri",
        "stages": ["farming"], "division": "370202", "address": "甲路 1 号", "phone": "",
    })
}

#[test]
fn h_6_2_every_field_of_the_shipped_pack_has_a_name_a_group_and_a_known_list() {
    let packs = packs();
    let groups = ["basic", "licence", "legal", "contact", "place", "business"];
    for entity in ["subject", "product", "device"] {
        let fields: Vec<_> = packs.metadata.iter().filter(|field| field.entity == entity).collect();
        assert!(fields.len() >= 8, "{entity}");
        for field in fields {
            assert!(!field.name.is_empty() && groups.contains(&field.group.as_str()), "{}", field.code);
            let list = !field.list.is_empty();
            assert!(!list || !packs.options(&field.list, "agri").is_empty(), "{} {}", field.code, field.list);
            for column in field.columns.iter().filter(|column| !column.list.is_empty()) {
                assert!(!packs.options(&column.list, "").is_empty(), "{} {}", field.code, column.code);
            }
        }
    }
}

#[test]
fn g_6_2_1a_what_a_class_and_a_category_must_have_is_data() {
    let packs = packs();
    let codes = |class: &str, category: &str, need: Obligation| -> Vec<String> {
        let metas = packs.meta("subject", class, category);
        metas.iter().filter(|meta| meta.need == need).map(|meta| meta.field.code.clone()).collect()
    };
    assert!(codes("merchant", "agri", Obligation::Must).contains(&"parent".to_owned()));
    assert!(!codes("merchant", "agri", Obligation::Must).contains(&"node_type".to_owned()));
    assert!(codes("subject", "agri", Obligation::Should).contains(&"address".to_owned()));
    assert!(codes("subject", "hazardous", Obligation::Must).contains(&"address".to_owned()));
    assert!(codes("subject", "food", Obligation::Should).contains(&"licences".to_owned()));
    let all: Vec<_> = packs.meta("subject", "subject", "food").iter().map(|meta| meta.field.code.as_str()).collect();
    for hidden in ["parent", "merchant_type", "bases", "identity_code"] {
        assert!(!all.contains(&hidden), "{hidden}");
    }
}

#[test]
fn g_6_2_1a_a_missing_field_refuses_or_counts_against_completeness() {
    let packs = packs();
    let whole = packs.check_document("subject", "subject", "agri", &subject());
    assert_eq!(whole.faults, []);
    assert!(whole.completeness.percent() < 100 && whole.completeness.missing.contains(&"phone".to_owned()));
    let mut without = subject();
    without["node_type"] = json!(" ");
    let checked = packs.check_document("subject", "subject", "agri", &without);
    assert_eq!(checked.faults.len(), 1, "{:?}", checked.faults);
    assert_eq!((checked.faults[0].number, checked.faults[0].field.as_str()), ("0101", "node_type"));
}

#[test]
fn g_6_2_1a_wrong_values_are_told_with_their_field() {
    let packs = packs();
    for (member, value, number, field) in [
        ("email", json!("nobody"), "0126", "email"),
        ("id_no", json!("110105194912310021"), "0125", "id_no"),
        ("legal_id_no", json!("11010519491231002X"), "", ""),
        ("legal_id_no", json!("110***********002X"), "", ""),
        ("valid_from", json!("2026-02-30"), "0127", "valid_from"),
        ("annual_output", json!("12,5"), "0128", "annual_output"),
        ("org_form", json!("club"), "0118", "org_form"),
        ("varieties", json!(["meat", "stone"]), "0118", "varieties"),
        ("phone", json!("12"), "0113", "phone"),
        ("name", json!("名".repeat(201)), "0111", "name"),
        ("name", json!("甲\n乙"), "0112", "name"),
        ("licences", json!([{ "kind": "food_production", "number": "" }]), "0101", "licences[0].number"),
        ("licences", json!([{ "kind": "x", "number": "1" }]), "0118", "licences[0].kind"),
        ("bad_records", json!(vec![json!({ "day": "2026-01-01", "text": "x" }); 101]), "0129", "bad_records"),
    ] {
        let mut document = subject();
        document[member] = value.clone();
        let faults = packs.check_document("subject", "subject", "agri", &document).faults;
        let told = faults.first().map_or(("", ""), |fault| (fault.number, fault.field.as_str()));
        assert_eq!(told, (number, field), "{member} {value}: {faults:?}");
    }
}

#[test]
fn n_cat_a_province_adds_a_field_of_its_own_and_must_have_it() {
    let own = r#"
        version = "9"
        valid_from = "2026-01-01"
        [[meta]]
        entity = "subject"
        code = "greenhouses"
        name = "大棚数量"
        group = "business"
        type = "integer"
        need = { default = "hidden", agri = "must" }
    "#;
    let mut files = SHIPPED.to_vec();
    files.push(("own.toml", own));
    let packs = Packs::parse(&files).unwrap_or_else(|error| panic!("{error}"));
    let mut document = subject();
    assert_eq!(packs.check_document("subject", "subject", "agri", &document).faults[0].field, "greenhouses");
    document["extra"] = json!({ "greenhouses": "12" });
    assert_eq!(packs.check_document("subject", "subject", "agri", &document).faults, []);
    document["extra"] = json!({ "greenhouses": "twelve" });
    assert_eq!(packs.check_document("subject", "subject", "agri", &document).faults[0].number, "0128");
    let other = packs.check_document("subject", "subject", "food", &document).faults;
    assert!(other.iter().all(|fault| fault.field != "greenhouses"), "{other:?}");
}
