//! What of a change may stand in the audit trail: only what differs, and nobody's telephone, papers or secrets.
//! Rows: G-10.4, H-6.5.

use serde_json::{Map, Value};
use suyuan_domain::search::{mask_id, mask_phone};

/// Parts of names of fields whose value is a secret.
const SECRETS: [&str; 5] = ["password", "secret", "token", "private_key", "recovery"];
/// Parts of names of fields that hold a telephone number.
const PHONES: [&str; 3] = ["phone", "mobile", "telephone"];
/// Parts of names of fields that hold the number of a paper.
const PAPERS: [&str; 3] = ["id_card", "id_number", "identity_number"];
/// Digits of a mobile telephone number.
const MOBILE: usize = 11;
/// Characters of a resident's number.
const RESIDENT: usize = 18;

/// `text` without what must not be kept: JSON field by field, anything else as words.
#[must_use]
pub fn redacted(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(mut value @ (Value::Object(_) | Value::Array(_))) => {
            mask(&mut value, "");
            value.to_string()
        }
        _ => in_words(text),
    }
}

fn mask(value: &mut Value, field: &str) {
    let named = |parts: &[&str]| parts.iter().any(|part| field.contains(part));
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, part)| mask(part, &name.to_lowercase())),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, field)),
        Value::String(text) if named(&SECRETS) => "***".clone_into(text),
        Value::String(text) if named(&PHONES) => *text = mask_phone(text),
        Value::String(text) if named(&PAPERS) => *text = mask_id(text),
        Value::String(text) => *text = in_words(text),
        _ => {}
    }
}

/// Masks numbers that stand alone in a text and can only be those of a mobile telephone or of a resident.
fn in_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().chain(std::iter::once('\n')) {
        if c.is_ascii_alphanumeric() {
            run.push(c);
            continue;
        }
        out.push_str(&masked_run(&run));
        run.clear();
        out.push(c);
    }
    out.pop();
    out
}

fn masked_run(run: &str) -> String {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if run.len() == MOBILE && digits(run) && run.starts_with('1') && !run.starts_with("10") {
        return mask_phone(run);
    }
    if run.len() == RESIDENT && is_resident(run) {
        return mask_id(run);
    }
    run.to_owned()
}

/// Whether the check character of a resident's number (GB 11643) fits: other codes of 18 characters rarely do.
fn is_resident(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let born_in_our_time = matches!(text.get(6..8), Some("19" | "20"));
    let sum: Option<u32> =
        text.chars().zip(WEIGHTS).map(|(c, weight)| c.to_digit(10).map(|digit| digit * weight)).sum();
    let last = text.bytes().last().map(|byte| byte.to_ascii_uppercase());
    born_in_our_time && sum.is_some_and(|sum| last == CHECKS.get(sum as usize % 11).copied())
}

/// Of two documents only the fields in which they differ, at any depth; a single one stays whole.
#[must_use]
pub fn difference(before: Option<Value>, after: Option<Value>) -> (Option<Value>, Option<Value>) {
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let (before, after) = apart(before, after);
            (Some(Value::Object(before)), Some(Value::Object(after)))
        }
        both => both,
    }
}

fn apart(before: Map<String, Value>, mut after: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let (mut old, mut new) = (Map::new(), Map::new());
    for (name, was) in before {
        match (was, after.remove(&name)) {
            (was, Some(is)) if was == is => {}
            (Value::Object(was), Some(Value::Object(is))) => {
                let (was, is) = apart(was, is);
                old.insert(name.clone(), Value::Object(was));
                new.insert(name, Value::Object(is));
            }
            (was, is) => {
                old.insert(name.clone(), was);
                if let Some(is) = is {
                    new.insert(name, is);
                }
            }
        }
    }
    new.extend(after);
    (old, new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn g_5_4_3c_no_telephone_paper_or_secret_stands_in_full_in_the_trail() {
        for (text, expected) in [
            ("张三 13812345678 已联系", "张三 138****5678 已联系"),
            ("11010519491231002X", "110***********002X"),
            ("3702000010001", "3702000010001"),
            ("91370200MA3C0001X2", "91370200MA3C0001X2"),
            ("A13812345678", "A13812345678"),
        ] {
            assert_eq!(redacted(text), expected);
        }
        let text = json!({
            "state": "active", "doc": { "phone": "053212345678", "contacts": ["13812345678"], "new_password": "geheim" }
        });
        let masked: Value = serde_json::from_str(&redacted(&text.to_string())).expect("JSON");
        assert_eq!(
            masked,
            json!({ "state": "active", "doc": { "phone": "053*****5678", "contacts": ["138****5678"], "new_password": "***" } })
        );
    }

    #[test]
    fn g_5_4_3c_only_what_differs_is_kept() {
        let before = json!({ "name": "甲", "state": "active", "place": { "lon": 1, "lat": 2 }, "gone": 1 });
        let after = json!({ "name": "乙", "state": "active", "place": { "lon": 1, "lat": 3 }, "new": 2 });
        let (old, new) = difference(Some(before), Some(after));
        assert_eq!(old, Some(json!({ "name": "甲", "place": { "lat": 2 }, "gone": 1 })));
        assert_eq!(new, Some(json!({ "name": "乙", "place": { "lat": 3 }, "new": 2 })));
        assert_eq!(difference(None, Some(json!(1))), (None, Some(json!(1))));
    }
}
