//! Spellings of Chinese names in letters (汉语拼音), as people type them: readings without tones, and the syllables that a
//! run of letters may stand for. Which names are found by them is decided in [`super::term`]. Rows: G-6.2.2b.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use pinyin::ToPinyin;

/// Characters whose second reading is as usual in names of places and firms as the first.
const MORE_READINGS: &[(char, &[&str])] = &[
    ('重', &["zhong", "chong"]),
    ('长', &["chang", "zhang"]),
    ('行', &["hang", "xing"]),
    ('乐', &["le", "yue"]),
    ('厦', &["sha", "xia"]),
    ('都', &["du", "dou"]),
    ('单', &["dan", "shan"]),
    ('朝', &["chao", "zhao"]),
    ('曾', &["zeng", "ceng"]),
    ('盛', &["sheng", "cheng"]),
    ('会', &["hui", "kuai"]),
    ('大', &["da", "dai"]),
    ('蚌', &["bang", "beng"]),
    ('番', &["fan", "pan"]),
    ('六', &["liu", "lu"]),
    ('阿', &["a", "e"]),
    ('燕', &["yan"]),
    ('仇', &["chou", "qiu"]),
    ('解', &["jie", "xie"]),
    ('查', &["cha", "zha"]),
    ('种', &["zhong", "chong"]),
    ('葛', &["ge"]),
    ('仔', &["zai", "zi"]),
    ('藏', &["cang", "zang"]),
    ('泊', &["bo", "po"]),
    ('莘', &["shen", "xin"]),
    ('莞', &["guan", "wan"]),
    ('铅', &["qian", "yan"]),
    ('牟', &["mou", "mu"]),
    ('隆', &["long"]),
    ('调', &["diao", "tiao"]),
    ('车', &["che", "ju"]),
    ('食', &["shi"]),
    ('谷', &["gu", "yu"]),
    ('沈', &["shen"]),
    ('石', &["shi", "dan"]),
];

/// Letters of the longest syllable.
const LONGEST: usize = 6;
/// Ways to cut one run of letters that are followed.
const MOST_CUTS: usize = 6;

static SYLLABLES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let common = '\u{4e00}'..='\u{9fa5}';
    let mut all: BTreeSet<String> = common.filter_map(|c| c.to_pinyin()).map(|p| letters(p.plain())).collect();
    all.extend(MORE_READINGS.iter().flat_map(|(_, readings)| readings.iter().map(|r| (*r).to_owned())));
    all
});

/// A syllable as it is typed: `ü` is written `v`.
fn letters(plain: &str) -> String {
    plain.chars().map(|c| if c == 'ü' { 'v' } else { c }).filter(char::is_ascii_lowercase).collect()
}

/// The usual readings of a character, the commonest first; a small Latin letter reads as itself, all else has none.
#[must_use]
pub fn readings(c: char) -> Vec<String> {
    if c.is_ascii_lowercase() {
        return vec![c.to_string()];
    }
    if let Some((_, more)) = MORE_READINGS.iter().find(|(known, _)| *known == c) {
        return more.iter().map(|reading| (*reading).to_owned()).collect();
    }
    c.to_pinyin().map(|found| letters(found.plain())).filter(|text| !text.is_empty()).into_iter().collect()
}

/// A key that sorts names as a Chinese reader looks them up: by the spelling of each character. At most 96 bytes.
#[must_use]
pub fn sort_key(name: &str) -> String {
    let mut key = String::new();
    for c in super::normalise(name).chars() {
        let next = readings(c).into_iter().next().unwrap_or_else(|| c.to_string());
        if key.len() + next.len() + 1 > 96 {
            break;
        }
        key.push_str(&next);
        if !c.is_ascii() {
            key.push(' ');
        }
    }
    key
}

/// The ways to read small letters as syllables; in each the last syllable may be unfinished, which the flag says.
#[must_use]
pub fn cut(letters: &str) -> Vec<(Vec<&str>, bool)> {
    let mut found = Vec::new();
    if letters.len() > 1 && letters.bytes().all(|b| b.is_ascii_lowercase()) {
        follow(letters, &mut Vec::new(), &mut found);
    }
    found
}

fn follow<'a>(rest: &'a str, done: &mut Vec<&'a str>, found: &mut Vec<(Vec<&'a str>, bool)>) {
    if found.len() >= MOST_CUTS {
        return;
    }
    if rest.is_empty() {
        found.push((done.clone(), true));
        return;
    }
    let mut whole = false;
    for length in (1..=LONGEST.min(rest.len())).rev() {
        let (syllable, behind) = rest.split_at(length);
        if SYLLABLES.contains(syllable) {
            whole |= behind.is_empty();
            done.push(syllable);
            follow(behind, done, found);
            done.pop();
        }
    }
    if !whole && !done.is_empty() && begins_a_syllable(rest) && found.len() < MOST_CUTS {
        done.push(rest);
        found.push((done.clone(), false));
        done.pop();
    }
}

fn begins_a_syllable(text: &str) -> bool {
    SYLLABLES.range(text.to_owned()..).next().is_some_and(|syllable| syllable.starts_with(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_2b_names_are_spelled_as_people_type_them() {
        assert_eq!(readings('青'), ["qing"]);
        assert_eq!(readings('重'), ["zhong", "chong"]);
        assert_eq!(readings('绿'), ["lv"]);
        assert_eq!(readings('b'), ["b"]);
        assert!(readings('7').is_empty());
        assert_eq!(sort_key("青岛AB厂"), "qing dao abchang ");
        assert!(sort_key(&"青".repeat(500)).len() <= 96);
    }

    #[test]
    fn g_6_2_2b_letters_are_cut_into_syllables_in_every_way() {
        assert!(cut("qingdao").contains(&(vec!["qing", "dao"], true)));
        assert!(cut("xian").contains(&(vec!["xi", "an"], true)) && cut("xian").contains(&(vec!["xian"], true)));
        assert!(cut("qingd").contains(&(vec!["qing", "d"], false)));
        assert!(cut("qdrl").is_empty());
        assert!(cut("q1").is_empty() && cut("").is_empty());
        assert!(cut(&"a".repeat(50)).len() <= MOST_CUTS);
    }
}
