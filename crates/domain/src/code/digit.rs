//! Check characters: the published algorithms, each as "which character belongs after this body".
//!
//! Which code uses which algorithm is data of the pack; see [`super::CodeSchemes`]. Sources: GB 32100-2015, GB 11714,
//! GB 11643, GB 12904 (GS1 mod 10), GB/T 17710 (ISO 7064 MOD 11,10). Rows: G-5.4.4b, G-8.

use serde::{Deserialize, Serialize};

/// The alphabet of the unified social credit code: no I, O, S, V, Z.
pub(super) const USCC_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// An algorithm for the last character of a code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The code has no check character.
    #[default]
    None,
    /// GB 32100-2015, 17 characters before it, weights 3ⁱ mod 31; position 17 is checked by [`Check::OrgCode`] too.
    Uscc,
    /// GB 11714, 8 characters before it, mod 11.
    OrgCode,
    /// GB 11643, 17 digits before it, mod 11.
    IdCard,
    /// GS1 mod 10 with weights 3 and 1 from the right.
    Mod10,
    /// ISO 7064 MOD 11,10.
    #[serde(rename = "mod11_10")]
    Mod11Ten,
    /// [`Check::Mod10`] of the GS1 key inside an address, element string or URN.
    Gs1,
}

impl Check {
    /// The check character that belongs after `body`; `None` where there is no algorithm or `body` has a character
    /// outside the algorithm's alphabet.
    #[must_use]
    pub fn character(self, body: &str) -> Option<char> {
        match self {
            Self::None => None,
            Self::Uscc => uscc(body),
            Self::OrgCode => org_code(body),
            Self::IdCard => id_card(body),
            Self::Mod10 | Self::Gs1 => mod10(body),
            Self::Mod11Ten => mod11_10(body),
        }
    }
}

fn digits(body: &str) -> Option<Vec<u32>> {
    body.chars().map(|c| c.to_digit(10)).collect()
}

fn uscc(body: &str) -> Option<char> {
    let mut weight = 1;
    let mut sum = 0;
    for c in body.chars() {
        sum += USCC_ALPHABET.find(c)? * weight % 31;
        weight = weight * 3 % 31;
    }
    USCC_ALPHABET.chars().nth((31 - sum % 31) % 31)
}

fn org_code(body: &str) -> Option<char> {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let mut sum = 0;
    for (c, weight) in body.chars().zip(WEIGHTS) {
        sum += c.to_digit(36)? * weight;
    }
    match 11 - sum % 11 {
        10 => Some('X'),
        11 => Some('0'),
        digit => char::from_digit(digit, 10),
    }
}

fn id_card(body: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits(body)?.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    "10X98765432".chars().nth((sum % 11) as usize)
}

fn mod10(body: &str) -> Option<char> {
    let digits = digits(body)?;
    let weighted = digits.iter().rev().enumerate().map(|(i, d)| if i % 2 == 0 { d * 3 } else { *d });
    let sum = weighted.fold(0, |sum, value| (sum + value) % 10);
    char::from_digit((10 - sum) % 10, 10)
}

fn mod11_10(body: &str) -> Option<char> {
    let mut product = 10;
    for digit in digits(body)? {
        let sum = (product + digit) % 10;
        product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    char::from_digit((11 - product) % 10, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_5_4_4b_check_characters_match_published_codes() {
        for (check, code) in [
            (Check::Uscc, "91350100M000100Y43"),
            (Check::Uscc, "915101007130545948"),
            (Check::Uscc, "91110000600037341L"),
            (Check::OrgCode, "M000100Y4"),
            (Check::IdCard, "11010519491231002X"),
            (Check::Mod10, "6901234567892"),
            (Check::Mod10, "6924561884074"),
            (Check::Mod10, "86904879000126"),
            (Check::Mod11Ten, "07945"),
            (Check::Mod11Ten, "10133018301234"),
        ] {
            let (body, last) = code.split_at(code.len() - 1);
            assert_eq!(check.character(body).map(String::from).as_deref(), Some(last), "{code}");
        }
    }

    #[test]
    fn g_5_4_4b_a_body_outside_the_alphabet_has_no_check_character() {
        assert_eq!(Check::Uscc.character("9135010OM000100Y4"), None);
        assert_eq!(Check::Mod10.character("69O"), None);
        assert_eq!(Check::None.character("1"), None);
        assert_eq!(Check::OrgCode.character("十"), None);
    }
}
