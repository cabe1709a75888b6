//! The rule that decides between two versions of one part, as the tests' own plain statement of it.

use std::cmp::Reverse;

/// Who wrote which version of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub term: u32,
    pub version: u64,
    /// Node that opened the term.
    pub opener: String,
    /// Node that may write in the term.
    pub holder: String,
}

impl Claim {
    /// As text, for keeping it in a database.
    pub fn to_text(&self) -> String {
        format!("{}/{}/{}/{}", self.term, self.version, self.opener, self.holder)
    }

    /// Reads [`Claim::to_text`].
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let mut next = || parts.next();
        let (term, version) = (next()?.parse().ok()?, next()?.parse().ok()?);
        Some(Self { term, version, opener: next()?.to_owned(), holder: next()?.to_owned() })
    }

    /// Whether this claim stands against `other`: the later term; on equal terms the higher tier, then the smaller node
    /// code; in one term the later version.
    pub fn wins_over(&self, other: &Self) -> bool {
        self.rank() > other.rank()
    }

    /// Whether one term was opened twice: the loser is a conflict to be shown.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        self.term == other.term && self.opener != other.opener
    }

    fn rank(&self) -> (u32, Reverse<u8>, Reverse<&str>, u64) {
        (self.term, Reverse(tier(&self.opener)), Reverse(&self.opener), self.version)
    }
}

/// 1 for the nation, 2 for a province, 3 for a city, by the zeros at the end of the code.
fn tier(node: &str) -> u8 {
    match node {
        "000000" => 1,
        code if code.ends_with("0000") => 2,
        _ => 3,
    }
}

#[test]
fn d_shape_equal_terms_go_to_the_higher_tier_then_to_the_smaller_code() {
    let claim = |text: &str| Claim::from_text(text).expect("a claim in a test");
    for (winner, loser) in [
        ("2/1/370200/370200", "1/9/000000/370200"),
        ("1/1/370000/370200", "1/9/370100/370100"),
        ("1/1/000000/370200", "1/1/370000/370100"),
        ("1/1/370100/370100", "1/9/370200/370200"),
        ("1/3/370200/370200", "1/2/370200/370200"),
    ] {
        assert!(claim(winner).wins_over(&claim(loser)), "{winner} over {loser}");
        assert!(!claim(loser).wins_over(&claim(winner)), "{loser} over {winner}");
    }
    assert!(!claim("1/1/370200/370200").wins_over(&claim("1/1/370200/370200")));
    assert!(claim("2/1/370200/370200").conflicts_with(&claim("2/5/370100/370100")));
    assert!(!claim("2/1/370200/370200").conflicts_with(&claim("1/1/370100/370100")));
}
