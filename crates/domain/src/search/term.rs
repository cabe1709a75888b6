//! Terms (检索词元): the numbers under which an entry of a register is filed for searching, and the ranges of numbers that
//! a query asks for.
//!
//! One number holds what sort of term it is, the register, and the piece itself: two neighbouring characters of the name,
//! two neighbouring syllables of its spelling, three neighbouring initials, three neighbouring signs of the code, or a
//! many-valued property (facet).
//! A piece is laid out so that its beginning is a range: one character, one syllable or two initials need no terms of
//! their own. Rows: G-6.2.2a, G-6.2.2b.

use std::collections::BTreeSet;

use super::normalise;
use super::spelling::{cut, readings};
use crate::record::kind;

/// Characters of a name that are filed.
const LONGEST_NAME: usize = 200;
/// Signs of a code that are filed.
const LONGEST_CODE: usize = 64;
/// Characters of a query that are looked at.
const LONGEST_QUERY: usize = 50;

const PIECE_BITS: u32 = 57;
const NAME: i64 = 1;
const CODE: i64 = 2;
const SPELLING: i64 = 3;
const FACET: i64 = 4;
const INITIALS: i64 = 5;

/// Terms from one number to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First term.
    pub from: i64,
    /// Last term.
    pub to: i64,
}

impl Span {
    const fn one(term: i64) -> Self {
        Self { from: term, to: term }
    }
}

/// An entry meets it with a term in one of these ranges.
pub type Need = Vec<Span>;

/// A word of a query. Terms are quick and let a little too much through; the texts prove it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// The word as names and codes are compared.
    pub text: String,
    /// Where it is looked for.
    pub field: Field,
    /// Ways to read the word: an entry that has it meets all needs of one of them.
    pub readings: Vec<Vec<Need>>,
    /// Its spellings as they stand in a spelled name: a space before each syllable and behind a whole last one.
    pub spellings: Vec<String>,
}

impl Word {
    /// Whether an entry with its one term has the word for certain, so that no text need prove it: two neighbouring
    /// characters of a name.
    #[must_use]
    pub fn is_told_by_its_term(&self) -> bool {
        self.text.chars().count() == 2 && matches!(self.readings.as_slice(), [needs] if needs.len() == 1)
    }
}

/// Where a word is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Field {
    /// In the name.
    #[default]
    Name,
    /// In the name or in the code.
    NameOrCode,
}

/// The number of a register within terms and keys; 0 for anything else.
#[must_use]
pub fn register_number(register: &str) -> i64 {
    match register {
        kind::SUBJECT => 1,
        kind::PRODUCT => 2,
        kind::DEVICE => 3,
        kind::ACCESS => 4,
        _ => 0,
    }
}

fn term(sort: i64, register: i64, piece: i64) -> i64 {
    (sort << (PIECE_BITS + 3)) | (register << PIECE_BITS) | (piece & ((1 << PIECE_BITS) - 1))
}

fn pair(first: char, second: Option<char>) -> i64 {
    (i64::from(u32::from(first)) << 21) | second.map_or(0, |c| i64::from(u32::from(c)))
}

fn initial(syllable: &str) -> i64 {
    syllable.bytes().next().map_or(0, |b| i64::from(b.wrapping_sub(b'a')) + 1)
}

/// Twelve bits that hardly two syllables with the same initial share.
fn rest(syllable: &str) -> i64 {
    let hash = syllable.bytes().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193));
    i64::from((hash ^ (hash >> 16)) & 0xfff)
}

/// Two initials, then what follows them: initials alone are a range.
fn syllables(first: &str, second: &str) -> i64 {
    let initials = (initial(first) << 5) | initial(second);
    (initials << 24) | (rest(first) << 12) | if second.is_empty() { 0 } else { rest(second) }
}

/// Three initials.
fn initials(three: &[i64]) -> i64 {
    three.iter().fold(0, |piece, initial| (piece << 5) | initial)
}

fn triple(signs: &[char]) -> i64 {
    signs.iter().fold(0, |piece, c| (piece << 21) | i64::from(u32::from(*c))) & ((1 << PIECE_BITS) - 1)
}

/// The term of a many-valued property, such as one of several stages.
#[must_use]
pub fn facet(register: &str, name: &str, value: &str) -> i64 {
    let bytes = name.bytes().chain([b'=']).chain(value.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    // Shifted, the number is below 2⁵⁷.
    term(FACET, register_number(register), i64::try_from(hash >> 8).unwrap_or(0))
}

/// All terms of an entry.
#[must_use]
pub fn terms(register: &str, name: &str, code: &str, facets: &[(String, String)]) -> BTreeSet<i64> {
    let number = register_number(register);
    let name: Vec<char> = normalise(name).chars().take(LONGEST_NAME).collect();
    let mut all = BTreeSet::new();
    for (at, c) in name.iter().enumerate() {
        all.insert(term(NAME, number, pair(*c, name.get(at + 1).copied())));
    }
    let spelled: Vec<Vec<String>> = name.iter().map(|c| readings(*c)).collect();
    for (at, firsts) in spelled.iter().enumerate() {
        let seconds = spelled.get(at + 1).filter(|seconds| !seconds.is_empty());
        for first in firsts {
            match seconds {
                None => {
                    all.insert(term(SPELLING, number, syllables(first, "")));
                }
                Some(seconds) => {
                    all.extend(seconds.iter().map(|second| term(SPELLING, number, syllables(first, second))));
                }
            }
        }
    }
    let begun: Vec<BTreeSet<i64>> = spelled.iter().map(|ways| ways.iter().map(|way| initial(way)).collect()).collect();
    for three in begun.windows(3) {
        let [first, second, third] = three else { continue };
        for a in first {
            for b in second {
                all.extend(third.iter().map(|c| term(INITIALS, number, initials(&[*a, *b, *c]))));
            }
        }
    }
    let code: Vec<char> = normalise(code).chars().take(LONGEST_CODE).collect();
    all.extend(code.windows(3).map(|signs| term(CODE, number, triple(signs))));
    all.extend(facets.iter().map(|(name, value)| facet(register, name, value)));
    all
}

/// The words of a query with the ways to read each. A word without a letter, digit or character is left out.
#[must_use]
pub fn words(register: &str, query: &str, field: Field) -> Vec<Word> {
    let number = register_number(register);
    let short: String = query.chars().take(LONGEST_QUERY).collect();
    let read = |word: &str| {
        let signs: Vec<char> = normalise(word).chars().collect();
        let mut readings = by_name(number, &signs);
        if field == Field::NameOrCode && signs.len() >= 3 {
            let needs = signs.windows(3).map(|signs| vec![Span::one(term(CODE, number, triple(signs)))]);
            readings.push(needs.collect());
        }
        let text: String = signs.iter().collect();
        let mut spellings = Vec::new();
        if signs.iter().all(char::is_ascii_lowercase) {
            readings.extend(by_spelling(number, &text));
            let spaced =
                |(parts, whole): (Vec<&str>, bool)| format!(" {}{}", parts.join(" "), if whole { " " } else { "" });
            spellings.extend(cut(&text).into_iter().map(spaced));
        }
        Word { text, field, readings, spellings }
    };
    short.split_whitespace().map(read).filter(|word| !word.readings.is_empty()).collect()
}

fn by_name(register: i64, signs: &[char]) -> Vec<Vec<Need>> {
    match signs {
        [] => vec![],
        [one] => {
            let from = term(NAME, register, pair(*one, None));
            vec![vec![vec![Span { from, to: from | 0x1f_ffff }]]]
        }
        more => {
            let exact = |two: &[char]| two.first().map(|c| pair(*c, two.get(1).copied()));
            let needs = more.windows(2).filter_map(exact);
            vec![needs.map(|piece| vec![Span::one(term(NAME, register, piece))]).collect()]
        }
    }
}

/// Spans of syllable pairs that begin with the bits of `piece` above `open`.
fn open_span(register: i64, piece: i64, open: u32) -> Span {
    let from = term(SPELLING, register, piece);
    Span { from, to: from | ((1 << open) - 1) }
}

fn by_spelling(register: i64, letters: &str) -> Vec<Vec<Need>> {
    let bytes = letters.as_bytes();
    let of = |b: u8| i64::from(b.wrapping_sub(b'a')) + 1;
    let mut readings: Vec<Vec<Need>> = Vec::new();
    match bytes {
        [] => return readings,
        [one] => readings.push(vec![vec![open_span(register, of(*one) << 29, 29)]]),
        [first, second] => readings.push(vec![vec![open_span(register, ((of(*first) << 5) | of(*second)) << 24, 24)]]),
        more => {
            let three = |three: &[u8]| initials(&three.iter().map(|b| of(*b)).collect::<Vec<i64>>());
            let needs = more.windows(3).map(|letters| vec![Span::one(term(INITIALS, register, three(letters)))]);
            readings.push(needs.collect());
        }
    }
    readings.extend(cut(letters).into_iter().map(|(parts, whole)| spelled(register, &parts, whole)));
    readings
}

/// The needs of syllables; of an unfinished last one only the initial counts.
fn spelled(register: i64, parts: &[&str], whole: bool) -> Vec<Need> {
    if let [one] = parts {
        let any_next = (0..=26).map(|next| (((initial(one) << 5) | next) << 24) | (rest(one) << 12));
        return vec![any_next.map(|piece| open_span(register, piece, 12)).collect()];
    }
    let last = parts.len() - 1;
    let need = |(at, two): (usize, &[&str])| {
        let (first, second) = (two.first()?, two.get(1)?);
        let unfinished = !whole && at + 1 == last;
        let open = (((initial(first) << 5) | initial(second)) << 24) | (rest(first) << 12);
        Some(vec![match unfinished {
            true => open_span(register, open, 12),
            false => Span::one(term(SPELLING, register, syllables(first, second))),
        }])
    };
    parts.windows(2).enumerate().filter_map(need).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, code: &str, query: &str) -> bool {
        let filed = terms(kind::SUBJECT, name, code, &[]);
        let meets = |need: &Need| need.iter().any(|span| filed.range(span.from..=span.to).next().is_some());
        let has = |word: &Word| word.readings.iter().any(|needs| needs.iter().all(meets));
        words(kind::SUBJECT, query, Field::NameOrCode).iter().all(has)
    }

    #[test]
    fn g_6_2_2b_a_name_is_found_by_any_part_spelling_or_initials() {
        let (name, code) = ("青岛（即墨）ＡＢ肉联厂", "91370200MA3C0001XX");
        for query in [
            "即墨",
            "青岛即墨",
            "ab",
            "AB肉",
            "厂",
            "（即墨）",
            "",
            "青岛 肉联",
            "肉联 青岛",
            "qingdao",
            "qingd",
            "qdjm",
            "qdjmabrlc",
            "rl",
            "roulian",
            "QingDao",
            "chang",
            "c",
            "lc",
            "q",
            "913702",
            "ma3c",
            "0001XX",
            "91370200MA3C0001XX",
            "岛",
        ] {
            assert!(found(name, code, query), "{query}");
        }
        for query in ["墨即", "济南", "青岛 济南", "qingtao", "jn", "913703", "x", "0002"] {
            assert!(!found(name, code, query), "{query}");
        }
    }

    #[test]
    fn g_6_2_2b_two_characters_of_a_name_need_no_other_proof() {
        let told = |query: &str| words(kind::SUBJECT, query, Field::NameOrCode).iter().all(Word::is_told_by_its_term);
        assert!(told("即墨") && told("青岛 肉联") && told("12"));
        for query in ["即", "即墨肉", "ab", "913702"] {
            assert!(!told(query), "{query}");
        }
    }

    #[test]
    fn g_6_2_2b_usual_second_readings_are_found_as_well() {
        for query in ["chongqing", "cq", "zq", "zhongqing"] {
            assert!(found("重庆肉联厂", "1", query), "{query}");
        }
        assert!(found("厦门市场", "1", "xiamen") && found("长春公司", "1", "cc"));
    }

    #[test]
    fn g_6_2_2a_terms_of_registers_and_facets_never_meet() {
        let mut all = BTreeSet::new();
        let facets = [("stage".to_owned(), "market".to_owned()), ("variety".to_owned(), "0101".to_owned())];
        let mut count = 0;
        for register in [kind::SUBJECT, kind::PRODUCT, kind::DEVICE, kind::ACCESS] {
            let own = terms(register, "青岛厂", "123456", &facets);
            assert!(own.iter().all(|term| *term > 0));
            count += own.len();
            all.extend(own);
        }
        assert_eq!(all.len(), count);
        assert!(terms(kind::SUBJECT, "", "", &facets).contains(&facet(kind::SUBJECT, "stage", "market")));
    }

    #[test]
    fn g_6_2_2b_any_text_is_a_query_of_bounded_size() {
        for text in ["\u{0}", "   ", "😀😀", &"a".repeat(10_000), &"青 ".repeat(5_000), "''--", "%_\\"] {
            let words = words(kind::SUBJECT, text, Field::NameOrCode);
            assert!(words.len() <= 50 && words.iter().all(|word| word.readings.len() <= 10), "{text}");
        }
    }
}
