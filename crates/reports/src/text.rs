//! Text from data, made harmless and breakable before it is drawn.
//!
//! Control characters and direction overrides could hide or reorder what a reader sees, and are not allowed in XML;
//! they never reach an output. Escaping for XML and HTML lives here too. Serves G-6.8.3.

use serde_json::Value;

/// Runs of Latin letters and digits longer than this get invisible break points. It is longer than any code, because the
/// break points would be copied with it; what is too long for a column is the template's business.
const LONGEST_UNBROKEN_RUN: usize = 64;

/// Replaces control characters by spaces (line feeds stay) and drops direction overrides.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .filter(
            |c| !matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'),
        )
        .map(|c| match c {
            '\n' => '\n',
            c if c.is_control() => ' ',
            '\u{FFFE}' | '\u{FFFF}' => ' ',
            c => c,
        })
        .collect()
}

/// Escapes text for the content and the double-quoted attributes of XML and HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Cleans every string of a JSON value and makes long runs breakable.
pub(crate) fn clean_json(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(breakable(&clean(&text))),
        Value::Array(items) => Value::Array(items.into_iter().map(clean_json).collect()),
        Value::Object(map) => Value::Object(map.into_iter().map(|(k, v)| (k, clean_json(v))).collect()),
        other => other,
    }
}

/// Inserts zero-width spaces into long runs without a natural break. Ordinary names and all codes stay as they are.
fn breakable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = 0;
    for c in text.chars() {
        let breaks_anyway = c.is_whitespace() || !c.is_ascii() || c == '-';
        run = if breaks_anyway { 0 } else { run + 1 };
        if run > LONGEST_UNBROKEN_RUN {
            out.push('\u{200B}');
            run = 1;
        }
        out.push(c);
    }
    out
}

/// A count with thousands separators.
pub(crate) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share of a whole in percent with one decimal; `—` when the whole is zero.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "—".to_owned();
    }
    let rounded = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole);
    // Almost all is not all: 100.0% is kept for what is complete.
    let permille = if part < whole { rounded.min(999) } else { rounded };
    format!("{}.{}%", permille / 10, permille % 10)
}

/// A number as short as possible with at most two decimals.
pub(crate) fn number(value: f64) -> String {
    let fixed = format!("{value:.2}");
    let short = fixed.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0" } else { short }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_direction_overrides_never_reach_an_output() {
        assert_eq!(clean("甲\u{0}乙\u{202E}丙\n丁"), "甲 乙丙\n丁");
        assert_eq!(escape("<a b=\"'\">&\u{8}"), "&lt;a b=&quot;&#39;&quot;&gt;&amp; ");
    }

    #[test]
    fn long_runs_become_breakable_and_ordinary_text_stays() {
        assert_eq!(breakable("91370200MA3C4D5E6F"), "91370200MA3C4D5E6F");
        assert_eq!(breakable("青岛市某批发市场有限公司"), "青岛市某批发市场有限公司");
        assert_eq!(breakable(&"a".repeat(150)).matches('\u{200B}').count(), 2);
    }

    #[test]
    fn numbers_are_written_as_readers_expect() {
        let counts = [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")];
        for (count, expected) in counts {
            assert_eq!(thousands(count), expected);
        }
        assert_eq!(percent(1, 3), "33.3%");
        assert_eq!(percent(99_999, 100_000), "99.9%");
        assert_eq!(percent(0, 0), "—");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.0%");
        assert_eq!(number(94.20), "94.2");
        assert_eq!(number(-0.001), "0");
        assert_eq!(number(100.0), "100");
    }
}
