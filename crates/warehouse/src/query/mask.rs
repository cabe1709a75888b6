//! Masking the side that lies outside the scope: its name in columns and in the origin's bytes.
//!
//! Codes stay, because chains are walked by them; sealed fields are commitments in the bytes already. Rows: G-5.4.3b.

use serde_json::Value;
use suyuan_domain::scope::Scope;

/// What stands in place of a masked name.
pub const MASK: &str = "***";

/// Which sides of a fact are hidden from a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hidden {
    pub own: bool,
    pub peer: bool,
}

impl Hidden {
    /// A side whose division is unknown has nothing to hide behind and is shown.
    pub(super) fn from(scope: &Scope, division: &str, peer_division: &str) -> Self {
        Self {
            own: !scope.covers_division(division),
            peer: !peer_division.is_empty() && !scope.covers_division(peer_division),
        }
    }

    const fn any(self) -> bool {
        self.own || self.peer
    }
}

/// The name, or the mask where the side is hidden and has a name.
pub(super) fn name(name: String, hidden: bool) -> String {
    if hidden && !name.is_empty() { MASK.to_owned() } else { name }
}

/// The origin's bytes without the names of hidden sides. Bytes that cannot be read are withheld altogether; further
/// metadata belongs to the doer and is left out where the doer is hidden.
pub(super) fn payload(bytes: Vec<u8>, hidden: Hidden) -> Vec<u8> {
    if !hidden.any() {
        return bytes;
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else {
        return Vec::new();
    };
    hide(&mut value, hidden, 0);
    serde_json::to_vec(&value).unwrap_or_default()
}

fn hide(value: &mut Value, hidden: Hidden, depth: usize) {
    const DEEPEST: usize = 64;
    match value {
        Value::Object(fields) if depth < DEEPEST => {
            if hidden.own {
                fields.remove("fields");
            }
            for (key, inner) in fields.iter_mut() {
                let masked = match key.as_str() {
                    "subject_name" | "merchant" => hidden.own,
                    "peer_name" => hidden.peer,
                    _ => false,
                };
                if masked {
                    *inner = Value::String(MASK.to_owned());
                } else {
                    hide(inner, hidden, depth + 1);
                }
            }
        }
        Value::Array(items) if depth < DEEPEST => items.iter_mut().for_each(|item| hide(item, hidden, depth + 1)),
        Value::Object(_) | Value::Array(_) => *value = Value::Null,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &str, own: bool, peer: bool, expected: &str) {
        let masked = payload(bytes.as_bytes().to_vec(), Hidden { own, peer });
        assert_eq!(String::from_utf8(masked).as_deref(), Ok(expected));
    }

    #[test]
    fn g_5_4_3b_names_of_the_other_side_are_masked_in_the_bytes() {
        let bytes = r#"{"peer_name":"乙","subject_name":"甲","fields":{"司机":"丙"},"batch":"?"}"#;
        check(bytes, false, false, bytes);
        check(bytes, false, true, r#"{"batch":"?","fields":{"司机":"丙"},"peer_name":"***","subject_name":"甲"}"#);
        check(bytes, true, false, r#"{"batch":"?","peer_name":"乙","subject_name":"***"}"#);
        check(r#"[{"event":{"peer_name":"乙"}}]"#, false, true, r#"[{"event":{"peer_name":"***"}}]"#);
        check("no json 乙", false, true, "");
    }
}
