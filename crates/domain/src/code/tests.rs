//! Tests of code schemes and check characters against published examples.

use super::*;

fn schemes() -> CodeSchemes {
    crate::pack::Packs::shipped().expect("the shipped packs").schemes
}

fn first(code: &str) -> Option<(String, CheckOutcome)> {
    schemes().resolve(code).into_iter().next().map(|found| (found.scheme, found.check))
}

#[test]
fn g_5_4_4b_codes_resolve_to_their_scheme() {
    use CheckOutcome::{Right, Without};
    for (code, scheme, check) in [
        ("91350100M000100Y43", "uscc", Right),
        (" 91350100m000100y43 ", "uscc", Right),
        ("９１３５０１００M000100Y43", "uscc", Right),
        ("11010519491231002X", "id_card", Right),
        ("6901234567892", "gtin13", Right),
        ("370600004", "node", Without),
        ("3706000040001", "subject13", Without),
        ("37060000400010000003", "trace20", Without),
        ("37068100000000000998", "trace20", Without),
        ("83412340000000000017", "drug_trace", Without),
        ("SC10133018301234", "sc_licence", Right),
        ("国药准字H20051234", "drug_approval", Without),
        ("1.2.156.326.8.1.3.0.0.1", "agri_oid", Without),
        ("88.111.100/PRODUCT_1", "industrial", Without),
        ("https://id.gs1.org/01/06901234567892/21/1", "digital_link", Right),
        ("https://example.cn/q/1", "digital_link", Without),
        ("urn:epc:id:sgtin:0614141.107346.2017", "epc_urn", Right),
    ] {
        assert_eq!(first(code), Some((scheme.to_owned(), check)), "{code}");
    }
}

#[test]
fn g_5_4_4b_parts_are_named() {
    let found = schemes().resolve("37060000400010000003").remove(0);
    let parts: Vec<&str> = found.parts.iter().map(|part| part.text.as_str()).collect();
    assert_eq!(parts, ["370600", "004", "0001", "0000003"]);
}

#[test]
fn g_5_4_4b_a_wrong_code_gets_the_nearest_guess() {
    let schemes = schemes();
    for (code, scheme, words) in [
        ("91350100M000100Y44", "uscc", "校验位应为 3，填写为 4"),
        ("3706000040001000003", "trace20", "少 1 位"),
        ("9135O100M000100Y43", "uscc", "第 5 位“O”"),
        ("6924561884075", "gtin13", "校验位应为 4，填写为 5"),
    ] {
        let guess = schemes.explain(code).unwrap_or_else(|| panic!("no guess for {code}"));
        assert_eq!(guess.scheme, scheme, "{code}: {}", guess.text);
        assert!(guess.text.contains(words), "{}", guess.text);
    }
    for code in ["91350100M000100Y43", "", "随便写的", "0"] {
        assert_eq!(schemes.explain(code), None, "{code}");
    }
}

#[test]
fn g_5_4_4b_no_text_can_break_the_registry() {
    let schemes = schemes();
    for code in
        ["é", "\u{0}", "𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷", &"9".repeat(5_000), "SC", "urn:", "(((", "国药准字"]
    {
        let _ = schemes.resolve(code);
        let _ = schemes.explain(code);
    }
}

#[test]
fn g_5_4_4b_a_scheme_that_cannot_work_is_refused() {
    let text = "version='1'\nvalid_from='2026-01-01'\n[[scheme]]\ncode='x'\nname='x'\nkind='unit'\n\
                segments=[{name='a',len=1,max=3},{name='b',len=1}]";
    let refused = crate::pack::Packs::parse(&[("mine.toml", text)]).expect_err("a scheme that cannot work");
    assert_eq!(refused.what, CodeSchemesError::Segments("x".into()).to_string());
}
