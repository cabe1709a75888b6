//! Words and rules of complaints: kinds, states, which step leads where, and what must not travel upward in plain.

use serde::{Deserialize, Serialize};

/// What a sender wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComplaintKind {
    /// A complaint for oneself (投诉).
    Complaint,
    /// A report of wrongdoing (举报).
    Report,
    /// A question (咨询).
    Consult,
    /// A suggestion (建议).
    Suggestion,
}

impl ComplaintKind {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::Report => "report",
            Self::Consult => "consult",
            Self::Suggestion => "suggestion",
        }
    }

    /// The time limit for the first decision.
    pub(super) const fn first_limit(self) -> &'static str {
        match self {
            Self::Complaint | Self::Report => "complaint_accept",
            Self::Consult | Self::Suggestion => "consult_answer",
        }
    }
}

/// The time limit that runs once a matter was accepted.
pub(super) fn next_limit(kind: &str) -> &'static str {
    match kind {
        "complaint" => "complaint_end",
        "report" => "report_check",
        _ => "consult_answer",
    }
}

/// A step of whoever handles a complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepAction {
    /// Take it on (受理).
    Accept,
    /// Refuse it, with the ground (不予受理).
    Reject,
    /// Pass it to whoever is responsible and go on (转办).
    Transfer,
    /// Answer (答复).
    Answer,
    /// End it (办结).
    Close,
}

impl StepAction {
    /// All steps in their usual order.
    pub const ALL: [Self; 5] = [Self::Accept, Self::Reject, Self::Transfer, Self::Answer, Self::Close];

    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Transfer => "transfer",
            Self::Answer => "answer",
            Self::Close => "close",
        }
    }

    /// The state that the step leads to from `state`; `None` where it is not allowed.
    #[must_use]
    pub fn from(self, state: &str) -> Option<&'static str> {
        match (self, state) {
            (Self::Accept, "submitted") => Some("accepted"),
            (Self::Reject, "submitted") => Some("rejected"),
            (Self::Transfer, "accepted" | "handling") => Some("handling"),
            (Self::Answer, "accepted" | "handling" | "answered") => Some("answered"),
            (Self::Close, "answered") => Some("closed"),
            _ => None,
        }
    }

    /// What the sender reads where the handler wrote nothing; `None` where something must be written.
    pub(super) const fn default_text(self) -> Option<&'static str> {
        match self {
            Self::Accept => Some("已受理，正在办理"),
            Self::Close => Some("已办结"),
            Self::Reject | Self::Transfer | Self::Answer => None,
        }
    }
}

/// The name of a state for people.
#[must_use]
pub fn state_name(state: &str) -> &str {
    match state {
        "submitted" => "待受理",
        "accepted" => "已受理",
        "rejected" => "不予受理",
        "handling" => "办理中",
        "answered" => "已答复",
        "closed" => "已办结",
        other => other,
    }
}

/// Whether nobody has to do anything any more.
#[must_use]
pub fn is_ended(state: &str) -> bool {
    matches!(state, "rejected" | "closed")
}

/// `text` with telephone and identity numbers hidden. Longer digit strings, such as trace codes, are left alone.
#[must_use]
pub fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        let papers = run.len() == 17 && matches!(c, 'x' | 'X');
        if c.is_ascii_digit() || papers {
            run.push(c);
        } else {
            push_run(&mut out, &run);
            run.clear();
            out.push(c);
        }
    }
    push_run(&mut out, &run);
    out
}

fn push_run(out: &mut String, run: &str) {
    let mobile = run.len() == 11 && run.starts_with('1');
    if mobile || run.len() == 18 {
        out.push_str(&"*".repeat(run.len()));
    } else {
        out.push_str(run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_9b_steps_go_one_way() {
        let reachable = |state: &str| -> Vec<&str> {
            StepAction::ALL.into_iter().filter_map(|action| action.from(state)).collect()
        };
        for (state, next) in [
            ("submitted", vec!["accepted", "rejected"]),
            ("accepted", vec!["handling", "answered"]),
            ("handling", vec!["handling", "answered"]),
            ("answered", vec!["answered", "closed"]),
            ("rejected", vec![]),
            ("closed", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(reachable(state), next, "{state}");
        }
    }

    #[test]
    fn g_10_4_numbers_of_persons_do_not_travel() {
        for (text, expected) in [
            ("请回电13812345678。", "请回电***********。"),
            ("身份证11010519491231002X", "身份证******************"),
            ("追溯码 37020020261121000123", "追溯码 37020020261121000123"),
            ("买了12斤", "买了12斤"),
        ] {
            assert_eq!(without_numbers(text), expected);
        }
    }
}
