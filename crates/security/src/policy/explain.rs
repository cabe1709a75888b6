//! Where permissions come from (权限来源): which role of a line grants or forbids what, whether a role joins two powers, and
//! whether one set of permissions lies inside another.
//!
//! For people who look at roles and for checks before a role is saved; requests are answered by [`super::PolicySnapshot`].

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Effect, Kind, PolicyError, PolicySet, PolicySnapshot, expand, permission};

/// Permissions, spelled out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(BTreeSet<(Kind, Action)>);

impl Permissions {
    /// What these texts stand for, such as `subject.*`.
    ///
    /// # Errors
    /// [`PolicyError::Permission`] for a text that is no permission; `role` names whose it is.
    pub fn parse(role: &str, texts: &[String]) -> Result<Self, PolicyError> {
        let mut all = BTreeSet::new();
        for text in texts {
            let wrong = || PolicyError::Permission { role: role.to_owned(), permission: text.clone() };
            all.extend(expand(text).ok_or_else(wrong)?);
        }
        Ok(Self(all))
    }

    /// What a role may do under a policy.
    #[must_use]
    pub fn of(policy: &PolicySnapshot, role: &str) -> Self {
        let every = Kind::ALL.iter().flat_map(|kind| Action::ALL.iter().map(|action| (*kind, *action)));
        Self(every.filter(|(kind, action)| policy.allows(role, *kind, *action)).collect())
    }

    /// The first permission that is not among `others`; `None` when all are.
    #[must_use]
    pub fn beyond(&self, others: &Self) -> Option<String> {
        self.0.difference(&others.0).next().map(|(kind, action)| permission(*kind, *action))
    }

    /// As `kind.action`, in the order of the words.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|(kind, action)| permission(*kind, *action)).collect()
    }

    /// Whether they belong to more than one of the three powers: opening accounts, giving rights, reading the trail.
    #[must_use]
    pub fn join_powers(&self) -> bool {
        let powers: BTreeSet<u8> = self.0.iter().filter_map(|(kind, action)| power(*kind, *action)).collect();
        powers.len() > 1
    }
}

/// Which of the three powers a permission belongs to; `None` for all that is not about people and rights.
fn power(kind: Kind, action: Action) -> Option<u8> {
    match (kind, action) {
        (Kind::Account, Action::Create | Action::Update | Action::Delete) => Some(0),
        (Kind::Account, Action::Authorise)
        | (Kind::Role, Action::Create | Action::Update | Action::Delete | Action::Authorise) => Some(1),
        (Kind::Audit, _) => Some(2),
        _ => None,
    }
}

/// One permission of a role with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// On what.
    pub kind: Kind,
    /// What.
    pub action: Action,
    /// The nearest role of the line that says so.
    pub role: String,
    /// Granted or forbidden.
    pub effect: Effect,
}

impl PolicySet {
    /// The role and its ancestors, nearest first; stops where a cycle would begin.
    #[must_use]
    pub fn line<'a>(&'a self, role: &'a str) -> Vec<&'a str> {
        let mut line = vec![role];
        while let Some((_, parent)) = self.parents.iter().find(|(child, _)| Some(&child.as_str()) == line.last()) {
            if line.contains(&parent.as_str()) {
                break;
            }
            line.push(parent);
        }
        line
    }

    /// Everything that the line of a role says, each pair once: a ban counts before any grant.
    #[must_use]
    pub fn origins(&self, role: &str) -> Vec<Origin> {
        let line = self.line(role);
        let mut found: BTreeMap<(Kind, Action), (Effect, &str)> = BTreeMap::new();
        for ancestor in line {
            for row in self.rows.iter().filter(|row| row.role == ancestor) {
                let entry = found.entry((row.kind, row.action)).or_insert((row.effect, ancestor));
                if entry.0 == Effect::Allow && row.effect == Effect::Deny {
                    *entry = (Effect::Deny, ancestor);
                }
            }
        }
        let origin = |((kind, action), (effect, role)): ((Kind, Action), (Effect, &str))| Origin {
            kind,
            action,
            role: role.to_owned(),
            effect,
        };
        found.into_iter().map(origin).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{RoleRules, compile};
    use super::*;

    fn rules(code: &str, parent: Option<&str>, allow: &[&str], deny: &[&str]) -> RoleRules {
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
        RoleRules { code: code.into(), parent: parent.map(str::to_owned), allow: texts(allow), deny: texts(deny) }
    }

    #[tokio::test]
    async fn g_5_4_3b_each_permission_says_where_it_comes_from() {
        let all = [
            rules("province", None, &["subject.read", "subject.review", "product.read"], &[]),
            rules("city", Some("province"), &["device.read"], &["subject.review"]),
        ];
        let set = PolicySet::from_roles(&all).expect("known words");
        assert_eq!(set.line("city"), ["city", "province"]);
        let origins = set.origins("city");
        let of = |kind, action| {
            let found = origins.iter().find(|origin| (origin.kind, origin.action) == (kind, action));
            found.map(|origin| (origin.role.as_str(), origin.effect))
        };
        assert_eq!(of(Kind::Subject, Action::Read), Some(("province", Effect::Allow)));
        assert_eq!(of(Kind::Subject, Action::Review), Some(("city", Effect::Deny)));
        assert_eq!(of(Kind::Device, Action::Read), Some(("city", Effect::Allow)));
        assert_eq!(of(Kind::Device, Action::Create), None);
        let policy = compile(&set).await.expect("a policy");
        let granted: Vec<String> = origins
            .iter()
            .filter(|origin| origin.effect == Effect::Allow)
            .map(|origin| permission(origin.kind, origin.action))
            .collect();
        assert_eq!(granted, Permissions::of(&policy, "city").texts(), "what is explained is what is in force");
    }

    #[test]
    fn g_5_4_3b_no_set_joins_two_powers_and_subsets_are_seen() {
        let of = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            Permissions::parse("r", &texts).expect("known words")
        };
        assert!(of(&["account.create", "account.authorise"]).join_powers());
        assert!(of(&["role.create", "audit.read"]).join_powers());
        assert!(of(&["*"]).join_powers());
        assert!(!of(&["account.read", "account.disable", "account.authorise", "role.*", "subject.*"]).join_powers());
        assert_eq!(of(&["subject.read"]).beyond(&of(&["subject.*"])), None);
        assert_eq!(of(&["subject.write"]).beyond(&of(&["subject.create"])).as_deref(), Some("subject.update"));
        assert!(Permissions::parse("r", &["subject.fly".to_owned()]).is_err());
    }

    #[test]
    fn g_5_4_3b_a_cycle_does_not_hang_the_explanation() {
        let set =
            PolicySet::from_roles(&[rules("a", Some("b"), &["subject.read"], &[]), rules("b", Some("a"), &[], &[])]);
        assert_eq!(set.expect("known words").line("a"), ["a", "b"]);
    }
}
