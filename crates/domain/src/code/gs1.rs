//! The GS1 key inside an address (Digital Link), an element string or an EPC URN.
//!
//! Only what tracing needs: the primary key with batch and serial. Full parsing of application identifiers belongs to
//! `suyuan-formats`. Rows: G-5.4.4b, G-8.

use super::digit::Check;

/// A GS1 key with what qualifies it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gs1Key {
    /// Application identifier of the key: `01` product, `00` logistic unit, `414` place, `8006` part.
    pub ai: String,
    /// The key, 14 digits for products.
    pub key: String,
    /// Batch (AI 10); empty where there is none.
    pub batch: String,
    /// Serial number (AI 21); empty where there is none.
    pub serial: String,
}

impl Gs1Key {
    /// Whether the key's check digit is right; keys that are not plain digits have none.
    #[must_use]
    pub fn check_digit_is_right(&self) -> bool {
        let Some(last) = self.key.chars().next_back() else {
            return false;
        };
        Check::Mod10.character(&self.key[..self.key.len() - last.len_utf8()]).is_none_or(|expected| expected == last)
    }
}

/// The GS1 key in `code`; `None` where there is none.
#[must_use]
pub fn gs1_key(code: &str) -> Option<Gs1Key> {
    if let Some(rest) = code.strip_prefix("urn:epc:id:").or_else(|| code.strip_prefix("urn:epc:class:")) {
        return urn(rest);
    }
    if code.starts_with('(') {
        return elements(code);
    }
    let (_, rest) = code.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let parts: Vec<&str> = path.split('/').collect();
    let mut key = Gs1Key::default();
    for pair in parts.windows(2) {
        assign(&mut key, pair[0], pair[1]);
    }
    (!key.key.is_empty()).then_some(key)
}

fn assign(key: &mut Gs1Key, ai: &str, value: &str) {
    match ai {
        "01" | "00" | "414" | "8006" | "8004" if key.key.is_empty() && !value.is_empty() => {
            ai.clone_into(&mut key.ai);
            key.key = if ai == "01" { format!("{value:0>14}") } else { value.to_owned() };
        }
        "10" if !key.key.is_empty() => value.clone_into(&mut key.batch),
        "21" if !key.key.is_empty() => value.clone_into(&mut key.serial),
        _ => {}
    }
}

fn elements(code: &str) -> Option<Gs1Key> {
    let mut key = Gs1Key::default();
    for element in code.split('(').skip(1) {
        let (ai, value) = element.split_once(')')?;
        assign(&mut key, ai, value);
    }
    (!key.key.is_empty()).then_some(key)
}

fn urn(rest: &str) -> Option<Gs1Key> {
    let (scheme, body) = rest.split_once(':')?;
    let parts: Vec<&str> = body.split('.').collect();
    let whole = |company: &str, reference: &str| {
        let (indicator, item) = reference.split_at_checked(1)?;
        let digits = format!("{indicator}{company}{item}");
        Check::Mod10.character(&digits).map(|check| format!("{digits}{check}"))
    };
    match (scheme, parts.as_slice()) {
        ("sgtin", [company, reference, serial @ ..]) => Some(Gs1Key {
            ai: "01".to_owned(),
            key: whole(company, reference)?,
            batch: String::new(),
            serial: serial.join("."),
        }),
        ("lgtin", [company, reference, lot @ ..]) => Some(Gs1Key {
            ai: "01".to_owned(),
            key: whole(company, reference)?,
            batch: lot.join("."),
            serial: String::new(),
        }),
        ("sscc", [company, reference]) => {
            Some(Gs1Key { ai: "00".to_owned(), key: whole(company, reference)?, ..Gs1Key::default() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_5_4_4b_the_same_key_is_found_in_every_syntax() {
        for code in [
            "https://id.gs1.org/01/06901234567892/10/B7/21/S2?15=261231",
            "https://trace.example.cn/a/01/6901234567892/10/B7/21/S2",
            "(01)06901234567892(10)B7(21)S2",
        ] {
            let key = gs1_key(code).expect(code);
            assert_eq!((key.key.as_str(), key.batch.as_str(), key.serial.as_str()), ("06901234567892", "B7", "S2"));
            assert!(key.check_digit_is_right());
        }
        let key = gs1_key("urn:epc:id:sgtin:0614141.107346.2017").expect("a URN of a product");
        assert_eq!((key.key.as_str(), key.serial.as_str()), ("10614141073464", "2017"));
    }

    #[test]
    fn g_5_4_4b_other_texts_hold_no_key() {
        for code in
            ["", "6901234567892", "https://example.cn/", "(01", "(01)", "urn:epc:id:sgtin:", "urn:epc:id:sgtin:é.é"]
        {
            assert_eq!(gs1_key(code), None, "{code}");
        }
        assert!(!gs1_key("(01)06901234567893").expect("a key").check_digit_is_right());
    }
}
