//! Codes that people and firms use (编码): a registry of schemes as data, which of them a text may belong to, whether its
//! check character is right, and the nearest guess where it fits none.
//!
//! What is known of the thing behind a code belongs to the registers and to tracing. Layouts: `sql/reference/code_schemes.toml`.
//! Rows: G-5.4.4b, G-8.

mod digit;
mod gs1;

use serde::{Deserialize, Serialize};

pub use digit::Check;
pub use gs1::{Gs1Key, gs1_key};

/// What a code names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeKind {
    /// A subject or node (主体).
    Subject,
    /// A kind of product (产品).
    Product,
    /// A traceability unit: one thing, one batch or one voucher (追溯单元).
    Unit,
    /// A device (设备).
    Device,
    /// A licence or certificate (证照).
    Licence,
    /// A person.
    Person,
}

impl CodeKind {
    /// The member of an event where codes of this kind stand.
    const fn member(self) -> &'static str {
        match self {
            Self::Subject | Self::Person => "subject",
            Self::Product => "product",
            Self::Unit | Self::Device => "unit",
            Self::Licence => "licence",
        }
    }
}

/// Which characters a segment may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charset {
    /// 0–9.
    #[default]
    Digit,
    /// A–Z.
    Letter,
    /// 0–9 and A–Z.
    Alnum,
    /// The alphabet of the unified social credit code.
    Uscc,
    /// 0–9 and X.
    DigitX,
    /// 0–9 and the full stop.
    Dotted,
    /// Every visible character of ASCII.
    Visible,
    /// Characters outside ASCII.
    Chinese,
}

impl Charset {
    fn allows(self, c: char) -> bool {
        match self {
            Self::Digit => c.is_ascii_digit(),
            Self::Letter => c.is_ascii_uppercase(),
            Self::Alnum => c.is_ascii_digit() || c.is_ascii_uppercase(),
            Self::Uscc => digit::USCC_ALPHABET.contains(c),
            Self::DigitX => c.is_ascii_digit() || c == 'X',
            Self::Dotted => c.is_ascii_digit() || c == '.',
            Self::Visible => c.is_ascii_graphic(),
            Self::Chinese => !c.is_ascii(),
        }
    }
}

/// One part of a code, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// What the part says, in Chinese.
    pub name: String,
    /// Number of characters; the least number where `max` is given.
    pub len: usize,
    /// Greatest number of characters; only the last segment may have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<usize>,
    /// Characters allowed.
    #[serde(default)]
    pub set: Charset,
    /// The texts that the part must begin with one of; empty where anything goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Whether the part is a division code and must begin with a province.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub division: bool,
}

/// A scheme of codes (编码规则).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeScheme {
    /// Code of the scheme.
    pub code: String,
    /// Name of the scheme.
    pub name: String,
    /// What its codes name.
    pub kind: CodeKind,
    /// Layout of its codes.
    pub segments: Vec<Segment>,
    /// Algorithm of the last character.
    #[serde(default)]
    pub check: Check,
    /// How many leading characters the check leaves out, such as the letters of a licence.
    #[serde(default)]
    pub check_from: usize,
    /// Whether nothing else looks like a code of this scheme, so that a wrong check character is a mistake for sure.
    #[serde(default)]
    pub strict: bool,
    /// Members of an event (`subject`, `product`) where a wrong check character is a mistake for sure.
    #[serde(default)]
    pub strict_in: Vec<String>,
    /// Category that it is for; empty for all.
    #[serde(default)]
    pub category: String,
    /// Division where it is in force; empty for the whole country.
    #[serde(default)]
    pub region: String,
    /// First day of validity, `YYYY-MM-DD`; empty where it has always been valid.
    #[serde(default)]
    pub valid_from: String,
    /// Last day of validity; empty where there is none.
    #[serde(default)]
    pub valid_to: String,
    /// The standard that defines it.
    #[serde(default)]
    pub std_ref: String,
}

/// How a code's check character stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// The scheme has none.
    Without,
    /// It is right.
    Right,
    /// It is wrong.
    Wrong {
        /// The character that belongs there.
        expected: char,
        /// The character that stands there.
        found: char,
    },
}

/// One part of a code that was recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it says.
    pub name: String,
    /// Its characters.
    pub text: String,
}

/// A scheme that a code may belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// Code of the scheme.
    pub scheme: String,
    /// Name of the scheme.
    pub name: String,
    /// What the code names.
    pub kind: CodeKind,
    /// The parts of the code, in order.
    pub parts: Vec<Part>,
    /// How the check character stands.
    pub check: CheckOutcome,
    /// Whether a wrong check character is a mistake for sure.
    pub strict: bool,
}

/// The nearest scheme to a text that fits none, and what to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guess {
    /// Code of the scheme.
    pub scheme: String,
    /// What is wrong and what would be right, in Chinese.
    pub text: String,
}

/// The registry of schemes, in the order of the pack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeSchemes {
    schemes: Vec<CodeScheme>,
    provinces: Vec<String>,
}

/// A scheme of the pack cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeSchemesError {
    /// A scheme has no segment or far too many, or a segment of no length, of far too great a length, or of varying length
    /// before the end.
    #[error("编码规则 {0} 的分段不正确")]
    Segments(String),
}

/// Most characters that a segment must have.
const LONGEST_SEGMENT: usize = 1_000;

/// Most segments of a scheme.
const MOST_SEGMENTS: usize = 100;

impl CodeSchemes {
    /// A registry of these schemes; `provinces` are the two digits that a division code begins with.
    ///
    /// # Errors
    /// When a scheme cannot work.
    pub fn new(schemes: Vec<CodeScheme>, provinces: Vec<String>) -> Result<Self, CodeSchemesError> {
        for scheme in &schemes {
            let last = scheme.segments.len().saturating_sub(1);
            let sound = |(i, s): (usize, &Segment)| {
                s.max.map_or(s.len > 0, |max| i == last && max >= s.len && max > 0) && s.len <= LONGEST_SEGMENT
            };
            if scheme.segments.is_empty() || last >= MOST_SEGMENTS || !scheme.segments.iter().enumerate().all(sound) {
                return Err(CodeSchemesError::Segments(scheme.code.clone()));
            }
        }
        Ok(Self { schemes, provinces })
    }

    /// All schemes.
    #[must_use]
    pub fn all(&self) -> &[CodeScheme] {
        &self.schemes
    }

    /// The scheme with this code.
    #[must_use]
    pub fn get(&self, scheme: &str) -> Option<&CodeScheme> {
        self.schemes.iter().find(|s| s.code == scheme)
    }

    /// Every scheme whose layout `code` has: right check characters first, then schemes without one, then wrong ones;
    /// within that in the order of the pack.
    #[must_use]
    pub fn resolve(&self, code: &str) -> Vec<Match> {
        let code = normalise(code);
        let mut matches: Vec<Match> = self.schemes.iter().filter_map(|scheme| self.fit(scheme, &code)).collect();
        matches.sort_by_key(|found| match found.check {
            CheckOutcome::Right => 0,
            CheckOutcome::Without => 1,
            CheckOutcome::Wrong { .. } => 2,
        });
        matches
    }

    /// Whether `code` is a code of `scheme` with a right check character or none.
    #[must_use]
    pub fn is_valid(&self, scheme: &str, code: &str) -> bool {
        let found = self.get(scheme).and_then(|s| self.fit(s, &normalise(code)));
        found.is_some_and(|found| !matches!(found.check, CheckOutcome::Wrong { .. }))
    }

    /// What is wrong with the check character of `code` standing in `member` of an event, for sure: nothing that it may
    /// be there is right, and a scheme strict there calls it wrong.
    #[must_use]
    pub fn mistake(&self, member: &str, code: &str) -> Option<Match> {
        let matches = self.resolve(code);
        let claims = |found: &Match| {
            let scheme = self.get(&found.scheme);
            found.strict || scheme.is_some_and(|scheme| scheme.strict_in.iter().any(|claimed| claimed == member))
        };
        let fits = |found: &Match| {
            found.check == CheckOutcome::Right
                || (found.check == CheckOutcome::Without && member == found.kind.member())
        };
        if matches.iter().any(fits) {
            return None;
        }
        matches.into_iter().find(|found| claims(found) && matches!(found.check, CheckOutcome::Wrong { .. }))
    }

    /// What is wrong with `code` measured by the nearest scheme; `None` where it fits one, or is near to none.
    #[must_use]
    pub fn explain(&self, code: &str) -> Option<Guess> {
        let code = normalise(code);
        let matches = self.resolve(&code);
        match matches.first() {
            Some(Match { check: CheckOutcome::Wrong { expected, found }, scheme, name, .. }) => {
                let text = format!("最接近「{name}」：校验位应为 {expected}，填写为 {found}");
                Some(Guess { scheme: scheme.clone(), text })
            }
            Some(_) => None,
            None => {
                let near = self.schemes.iter().filter_map(|scheme| Some((self.distance(scheme, &code)?, scheme)));
                near.min_by_key(|((cost, _), _)| *cost).map(|((_, text), scheme)| Guess {
                    scheme: scheme.code.clone(),
                    text: format!("最接近「{}」：{text}", scheme.name),
                })
            }
        }
    }

    fn fit(&self, scheme: &CodeScheme, code: &str) -> Option<Match> {
        let texts = self.segments_of(scheme, code)?;
        let characters: Vec<char> = code.chars().collect();
        let part = |(segment, text): (&Segment, &str)| Part { name: segment.name.clone(), text: text.to_owned() };
        Some(Match {
            scheme: scheme.code.clone(),
            name: scheme.name.clone(),
            kind: scheme.kind,
            parts: scheme.segments.iter().zip(texts).map(part).collect(),
            check: outcome(scheme, &characters),
            strict: scheme.strict,
        })
    }

    /// The text of each segment, where all of them fit. Every code of every event is held against every scheme, so nothing
    /// is copied before it fits.
    fn segments_of<'c>(&self, scheme: &CodeScheme, code: &'c str) -> Option<Vec<&'c str>> {
        let mut left = code.chars().count();
        if left < scheme.segments.iter().map(|segment| segment.len).sum() {
            return None;
        }
        let mut rest = code;
        let mut texts = Vec::with_capacity(scheme.segments.len());
        for segment in &scheme.segments {
            let take = segment.max.map_or(segment.len, |max| left.min(max));
            if take < segment.len || take > left {
                return None;
            }
            let end = rest.char_indices().nth(take).map_or(rest.len(), |(at, _)| at);
            let (text, after) = rest.split_at(end);
            if !self.segment_fits(segment, text) {
                return None;
            }
            texts.push(text);
            (rest, left) = (after, left - take);
        }
        (left == 0).then_some(texts)
    }

    fn segment_fits(&self, segment: &Segment, text: &str) -> bool {
        text.chars().all(|c| segment.set.allows(c))
            && (segment.values.is_empty() || segment.values.iter().any(|value| text.starts_with(value.as_str())))
            && (!segment.division || self.provinces.iter().any(|province| text.starts_with(province.as_str())))
    }

    /// How far `code` is from `scheme`, and in what; `None` where they have nothing in common.
    fn distance(&self, scheme: &CodeScheme, code: &str) -> Option<(usize, String)> {
        if scheme.segments.iter().any(|segment| segment.max.is_some()) {
            return None;
        }
        let length: usize = scheme.segments.iter().map(|segment| segment.len).sum();
        let characters: Vec<char> = code.chars().collect();
        let missing = length.abs_diff(characters.len());
        if missing > 2 || length < 8 {
            return None;
        }
        let wrong = self.first_wrong(scheme, &characters);
        let common = wrong.unwrap_or(characters.len()).min(length);
        if missing > 0 {
            let word = if characters.len() < length { "少" } else { "多" };
            let vague = scheme.segments.iter().all(|segment| !segment.division && segment.values.is_empty());
            let cost = missing * 4 + (length - common.min(length)) * 2 + if vague { 8 } else { 0 };
            return (common * 2 >= length)
                .then(|| (cost, format!("应为 {length} 位，填写为 {} 位，{word} {missing} 位", characters.len())));
        }
        let at = wrong?;
        let rest_fits = self.first_wrong(scheme, &repaired(scheme, &characters, at)).is_none();
        (at >= 2 && (rest_fits || at * 2 >= length))
            .then(|| (5 + length - at, format!("第 {} 位“{}”不是该编码允许的字符", at + 1, characters[at])))
    }

    /// The first place where `characters` leave the layout.
    fn first_wrong(&self, scheme: &CodeScheme, characters: &[char]) -> Option<usize> {
        let mut at = 0;
        for segment in &scheme.segments {
            let end = (at + segment.len).min(characters.len());
            let text: String = characters[at..end].iter().collect();
            if let Some(offset) = text.chars().position(|c| !segment.set.allows(c)) {
                return Some(at + offset);
            }
            if end - at == segment.len && !self.segment_fits(segment, &text) {
                return Some(at);
            }
            at = end;
        }
        None
    }
}

/// `characters` with the one at `at` replaced by one that its segment allows.
fn repaired(scheme: &CodeScheme, characters: &[char], at: usize) -> Vec<char> {
    let mut fixed = characters.to_vec();
    let mut end = 0;
    for segment in &scheme.segments {
        end += segment.len;
        if at < end {
            fixed[at] = if segment.set == Charset::Letter { 'A' } else { '1' };
            break;
        }
    }
    fixed
}

fn outcome(scheme: &CodeScheme, characters: &[char]) -> CheckOutcome {
    let key: Vec<char> = match scheme.check {
        Check::Gs1 => {
            let text: String = characters.iter().collect();
            gs1_key(&text).map(|key| key.key.chars().collect()).unwrap_or_default()
        }
        _ => characters.iter().skip(scheme.check_from).copied().collect(),
    };
    let Some((found, body)) = key.split_last() else {
        return CheckOutcome::Without;
    };
    let body: String = body.iter().collect();
    match scheme.check.character(&body) {
        None => CheckOutcome::Without,
        Some(expected) if expected == *found => CheckOutcome::Right,
        Some(expected) => CheckOutcome::Wrong { expected, found: *found },
    }
}

/// A code as it is compared: half-width, without blanks, letters large; addresses and URNs keep their letters.
#[must_use]
pub fn normalise(code: &str) -> String {
    let plain: String = code
        .chars()
        .map(|c| match u32::from(c) {
            wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
            _ => c,
        })
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect();
    if plain.contains("://") || plain.starts_with("urn:") || plain.starts_with('(') {
        return plain;
    }
    plain.to_ascii_uppercase()
}

#[cfg(test)]
mod tests;
