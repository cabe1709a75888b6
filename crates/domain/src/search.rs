//! Search keys for names, and masks for what a viewer may not read in full.
//!
//! How a name becomes keys and a query asks for them belongs to [`term`], how a name is spelled to [`spelling`].
//! Rows: G-6.2.2b, G-10.4 (masking).

use std::collections::BTreeSet;

pub mod spelling;
pub mod term;

/// A text as it is compared: half-width, small letters, only letters, digits and Chinese characters.
#[must_use]
pub fn normalise(text: &str) -> String {
    text.chars()
        .map(|c| match u32::from(c) {
            wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
            _ => c,
        })
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The pieces by which names are compared for likeness: every character and every two neighbours, without doubles.
#[must_use]
pub fn grams(name: &str) -> BTreeSet<String> {
    let characters: Vec<char> = normalise(name).chars().take(200).collect();
    let ones = characters.iter().map(char::to_string);
    ones.chain(characters.windows(2).map(|pair| pair.iter().collect())).collect()
}

/// A telephone number with all but the first three and last four digits hidden.
#[must_use]
pub fn mask_phone(phone: &str) -> String {
    masked(phone, 3, 4)
}

/// A person's name with all but the family name hidden.
#[must_use]
pub fn mask_name(name: &str) -> String {
    masked(name, 1, 0)
}

/// The number of a paper of identity with all but the first three and last four characters hidden.
#[must_use]
pub fn mask_id(id: &str) -> String {
    masked(id, 3, 4)
}

/// `text` with stars but for `front` characters before and `back` behind; all stars where that would show half or more.
fn masked(text: &str, front: usize, back: usize) -> String {
    let count = text.chars().count();
    if count <= 1 || (front + back) * 3 > count * 2 {
        return "*".repeat(count);
    }
    let shows = |i: usize| i < front || i + back >= count;
    text.chars().enumerate().map(|(i, c)| if shows(i) { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_1a_pieces_of_a_name_are_its_characters_and_pairs() {
        let pieces = grams("青岛（ＡＢ）");
        for piece in ["青", "岛", "青岛", "岛a", "ab", "b"] {
            assert!(pieces.contains(piece), "{piece}");
        }
        assert!(!pieces.contains("（") && grams("").is_empty());
    }

    #[test]
    fn g_10_4_masks_hide_what_identifies() {
        for (masked, expected) in [
            (mask_phone("13812345678"), "138****5678"),
            (mask_phone("5678"), "****"),
            (mask_name("王小明"), "王**"),
            (mask_name("李四"), "李*"),
            (mask_name("赵"), "*"),
            (mask_id("11010519491231002X"), "110***********002X"),
            (mask_phone(""), ""),
        ] {
            assert_eq!(masked, expected);
        }
    }
}
