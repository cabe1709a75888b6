//! The life cycle of an entry as a table: which step leads from which state to which.

use suyuan_security::policy::Action;

/// State of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Being written, not handed in (草稿).
    Draft,
    /// Handed in, waits for review (待审核).
    Submitted,
    /// Sent back to be mended (已退回).
    Returned,
    /// Filed and in force (已备案).
    Filed,
    /// Filed, with a change under review (变更待审核).
    Changing,
    /// Out of force for a time (已停用).
    Suspended,
    /// Out of force for good (已撤销).
    Revoked,
    /// Withdrawn by whoever handed it in (已取消).
    Cancelled,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Hand in (提交).
    Submit,
    /// Approve (通过).
    Approve,
    /// Send back (退回).
    Return,
    /// Change the document (变更).
    Change,
    /// Put out of force for a time (停用).
    Suspend,
    /// Put in force again (恢复).
    Resume,
    /// Put out of force for good (撤销).
    Revoke,
    /// Give up what was not filed yet (取消).
    Cancel,
    /// Take back a change under review (撤回变更).
    Withdraw,
}

/// A decision on an entry.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Version that was looked at.
    pub version: u64,
    /// The step.
    pub verb: Verb,
    /// Why; may be empty where no reason is needed.
    pub reason: String,
}

/// The life cycle.
const STEPS: &[(State, Verb, State)] = &[
    (State::Draft, Verb::Submit, State::Submitted),
    (State::Draft, Verb::Change, State::Draft),
    (State::Draft, Verb::Cancel, State::Cancelled),
    (State::Submitted, Verb::Approve, State::Filed),
    (State::Submitted, Verb::Return, State::Returned),
    (State::Submitted, Verb::Change, State::Submitted),
    (State::Submitted, Verb::Cancel, State::Cancelled),
    (State::Returned, Verb::Submit, State::Submitted),
    (State::Returned, Verb::Change, State::Submitted),
    (State::Returned, Verb::Cancel, State::Cancelled),
    (State::Filed, Verb::Change, State::Changing),
    (State::Filed, Verb::Suspend, State::Suspended),
    (State::Filed, Verb::Revoke, State::Revoked),
    (State::Changing, Verb::Approve, State::Filed),
    (State::Changing, Verb::Return, State::Filed),
    (State::Changing, Verb::Change, State::Changing),
    (State::Changing, Verb::Withdraw, State::Filed),
    (State::Changing, Verb::Suspend, State::Suspended),
    (State::Changing, Verb::Revoke, State::Revoked),
    (State::Suspended, Verb::Resume, State::Filed),
    (State::Suspended, Verb::Revoke, State::Revoked),
];

impl State {
    const ALL: [Self; 8] = [
        Self::Draft,
        Self::Submitted,
        Self::Returned,
        Self::Filed,
        Self::Changing,
        Self::Suspended,
        Self::Revoked,
        Self::Cancelled,
    ];

    /// The word in databases and interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Returned => "returned",
            Self::Filed => "filed",
            Self::Changing => "changing",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Cancelled => "cancelled",
        }
    }

    /// The Chinese word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Submitted => "待审核",
            Self::Returned => "已退回",
            Self::Filed => "已备案",
            Self::Changing => "变更待审核",
            Self::Suspended => "已停用",
            Self::Revoked => "已撤销",
            Self::Cancelled => "已取消",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// The state after a step; `None` where the step is not allowed.
    #[must_use]
    pub fn after(self, verb: Verb) -> Option<Self> {
        STEPS.iter().find(|(from, step, _)| *from == self && *step == verb).map(|(_, _, to)| *to)
    }

    /// The steps that are allowed.
    pub fn verbs(self) -> impl Iterator<Item = Verb> {
        STEPS.iter().filter(move |(from, _, _)| *from == self).map(|(_, verb, _)| *verb)
    }

    /// Whether what is registered is in force.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Filed | Self::Changing)
    }

    /// Whether an entry in this state claims its code: it was handed in and is not over.
    #[must_use]
    pub const fn claims(self) -> bool {
        !matches!(self, Self::Draft | Self::Revoked | Self::Cancelled)
    }
}

impl Verb {
    const ALL: [Self; 9] = [
        Self::Submit,
        Self::Approve,
        Self::Return,
        Self::Change,
        Self::Suspend,
        Self::Resume,
        Self::Revoke,
        Self::Cancel,
        Self::Withdraw,
    ];

    /// The word in interfaces and the history.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Approve => "approve",
            Self::Return => "return",
            Self::Change => "change",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Revoke => "revoke",
            Self::Cancel => "cancel",
            Self::Withdraw => "withdraw",
        }
    }

    /// The Chinese word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Submit => "提交",
            Self::Approve => "通过",
            Self::Return => "退回",
            Self::Change => "变更",
            Self::Suspend => "停用",
            Self::Resume => "恢复",
            Self::Revoke => "撤销",
            Self::Cancel => "取消",
            Self::Withdraw => "撤回变更",
        }
    }

    /// Reads the word of a decision; changing is not one.
    #[must_use]
    pub fn parse_decision(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == text && *verb != Self::Change)
    }

    /// What the actor must be allowed.
    #[must_use]
    pub const fn permission(self) -> Action {
        match self {
            Self::Submit | Self::Change | Self::Cancel | Self::Withdraw => Action::Update,
            Self::Approve | Self::Return | Self::Suspend | Self::Resume => Action::Review,
            Self::Revoke => Action::Revoke,
        }
    }

    /// Whether it has to be justified.
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::Return | Self::Suspend | Self::Revoke)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_1_the_life_cycle_has_no_way_back_from_the_end() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
            let ended = matches!(state, State::Revoked | State::Cancelled);
            assert_eq!(state.verbs().next().is_none(), ended, "{state:?}");
        }
        assert_eq!(State::parse("live"), None);
    }

    #[test]
    fn g_6_2_1_only_a_review_files_an_entry() {
        for (from, verb, to) in STEPS {
            if *to == State::Filed && *verb != Verb::Withdraw {
                assert_eq!(verb.permission(), Action::Review, "{from:?} {verb:?}");
            }
        }
        assert_eq!(State::Filed.after(Verb::Change), Some(State::Changing), "a change of a filed entry is reviewed");
        assert_eq!(State::Changing.after(Verb::Return), Some(State::Filed), "what was filed stays in force");
        assert_eq!(State::Changing.after(Verb::Withdraw), Some(State::Filed), "what was filed stays in force");
        assert_eq!(State::Submitted.after(Verb::Withdraw), None);
        assert_eq!(State::Submitted.after(Verb::Resume), None);
        assert_eq!(Verb::parse_decision("change"), None);
        assert_eq!(Verb::parse_decision("approve"), Some(Verb::Approve));
    }
}
