//! What an actor may see: a dated set of divisions × categories × the actor's own subject.
//!
//! Whether an action is allowed at all is permission and belongs to `suyuan-security`. Rows: G-5.4.2, G-5.4.3b, G-10.4.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// An inclusive range of six-digit division codes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CodeRange {
    /// First code of the range.
    pub from: String,
    /// Last code of the range.
    pub to: String,
}

impl CodeRange {
    /// Whether `code` lies in the range.
    #[must_use]
    pub fn covers(&self, code: &str) -> bool {
        self.from.as_str() <= code && code <= self.to.as_str()
    }
}

/// The data that an actor may see. Every finder takes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Divisions, as ranges of codes; `None` is every division.
    pub divisions: Option<Vec<CodeRange>>,
    /// Categories; `None` is every category.
    pub categories: Option<BTreeSet<String>>,
    /// Code of the one subject that a firm's user acts for; `None` for regulators.
    pub subject: Option<String>,
}

impl Scope {
    /// Everything: the node itself and the nation's administrators.
    #[must_use]
    pub const fn everything() -> Self {
        Self { divisions: None, categories: None, subject: None }
    }

    /// Every category of these divisions.
    #[must_use]
    pub const fn of_divisions(divisions: Vec<CodeRange>) -> Self {
        Self { divisions: Some(divisions), categories: None, subject: None }
    }

    /// Whether a thing in `division` is in the divisions of this scope.
    #[must_use]
    pub fn covers_division(&self, division: &str) -> bool {
        self.divisions.as_ref().is_none_or(|ranges| ranges.iter().any(|range| range.covers(division)))
    }

    /// Whether `category` is in this scope.
    #[must_use]
    pub fn covers_category(&self, category: &str) -> bool {
        self.categories.as_ref().is_none_or(|set| set.contains(category))
    }

    /// What tells the entries made by hand within this scope from those of others: empty for every category and subject.
    #[must_use]
    pub fn desk(&self) -> String {
        match (&self.subject, &self.categories) {
            (Some(own), _) => format!("/{own}"),
            (None, Some(set)) => format!("/{}", set.iter().map(String::as_str).collect::<Vec<_>>().join("+")),
            (None, None) => String::new(),
        }
    }

    /// This scope narrowed to `divisions`; what lies outside either is out.
    #[must_use]
    pub fn narrowed_to(&self, divisions: &[CodeRange]) -> Self {
        let ranges = match &self.divisions {
            None => divisions.to_vec(),
            Some(own) => own.iter().flat_map(|a| divisions.iter().filter_map(|b| overlap(a, b))).collect(),
        };
        Self { divisions: Some(ranges), ..self.clone() }
    }
}

fn overlap(a: &CodeRange, b: &CodeRange) -> Option<CodeRange> {
    let from = a.from.clone().max(b.from.clone());
    let to = a.to.clone().min(b.to.clone());
    (from <= to).then_some(CodeRange { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> CodeRange {
        CodeRange { from: from.into(), to: to.into() }
    }

    #[test]
    fn g_5_4_3b_a_scope_covers_its_subtree_and_nothing_else() {
        let scope = Scope::of_divisions(vec![range("370100", "370199"), range("371202", "371202")]);
        for (code, covered) in [("370102", true), ("371202", true), ("371203", false), ("370200", false)] {
            assert_eq!(scope.covers_division(code), covered, "{code}");
        }
        assert!(Scope::everything().covers_division("110000"));
    }

    #[test]
    fn g_5_4_3b_narrowing_never_widens() {
        let scope = Scope::of_divisions(vec![range("370100", "370199")]);
        let narrowed = scope.narrowed_to(&[range("370000", "379999")]);
        assert_eq!(narrowed.divisions, Some(vec![range("370100", "370199")]));
        assert_eq!(scope.narrowed_to(&[range("440000", "449999")]).divisions, Some(vec![]));
        assert!(!scope.narrowed_to(&[range("440000", "449999")]).covers_division("370100"));
    }
}
