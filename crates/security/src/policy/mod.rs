//! Permissions (权限): roles × kinds × actions, denied unless allowed.
//!
//! Rows are data. [`PolicySet`] is what somebody wants, [`PolicySnapshot`] what is in force: [`compile`] validates the rows,
//! loads them into casbin and turns them into a map, because asking casbin costs a scan of all rows. [`SharedPolicy`] swaps
//! snapshots whole and keeps the old one when a new one is refused. Which data an actor sees is `Scope`, not policy.
//! Rows: G-5.4.2, G-5.4.3b, H-6.5, H-9.

mod compile;
mod explain;
mod powers;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use suyuan_domain::pack::Role;

pub use compile::{MODEL, compile, enforcer};
pub use explain::{Origin, Permissions};
pub use powers::{AUDITOR, POWERS, SECURITY_ADMIN, SYSTEM_ADMIN, denials};
pub use words::{Action, Kind, UnknownWord};

/// Longest chain of roles, from a role to its furthest parent.
pub const MAX_DEPTH: usize = 6;

/// Why a policy was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// There is no allowing row at all, or no role.
    #[error("权限策略为空，已保留原策略")]
    Empty,
    /// The code of a role is not made of small letters, digits and `_`, or is too long.
    #[error("角色代码“{0}”不正确，应为不超过 64 位的小写字母、数字和下划线")]
    RoleCode(String),
    /// Two roles have the same code, or a role has two parents.
    #[error("角色“{0}”重复")]
    Duplicate(String),
    /// A row or a parent names a role that does not exist.
    #[error("角色“{0}”不存在")]
    UnknownRole(String),
    /// A role is its own ancestor.
    #[error("角色“{0}”的上级形成循环")]
    Cycle(String),
    /// A chain of roles is longer than [`MAX_DEPTH`].
    #[error("角色“{0}”的继承层数超过 {MAX_DEPTH} 层")]
    Depth(String),
    /// A role would join two of the three powers.
    #[error("角色“{0}”同时继承了系统、安全、审计三类管理员中的两类，三权必须分立")]
    Powers(String),
    /// A permission is not written `kind.action` with known words.
    #[error("角色“{role}”的权限“{permission}”不正确，应为“资源.操作”，如 subject.read")]
    Permission {
        /// The role in question.
        role: String,
        /// What was written.
        permission: String,
    },
    /// Casbin refused the rows or judges them differently.
    #[error("权限策略未通过校验：{0}")]
    Refused(String),
}

/// Whether a row grants or forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Grants, unless another row forbids.
    Allow,
    /// Forbids, whatever other rows grant.
    Deny,
}

impl Effect {
    /// The word in policy rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// One row of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyRow {
    /// Code of the role.
    pub role: String,
    /// On what.
    pub kind: Kind,
    /// What.
    pub action: Action,
    /// Granted or forbidden.
    pub effect: Effect,
}

/// One role as the pack of roles and the form of a role write it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleRules {
    /// Code of the role.
    pub code: String,
    /// Role whose permissions it inherits.
    pub parent: Option<String>,
    /// Granted permissions such as `subject.read`; `subject.*` is every action, `subject.write` create and update, `*`
    /// everything.
    pub allow: Vec<String>,
    /// Forbidden permissions, in the same form.
    pub deny: Vec<String>,
}

impl From<&Role> for RoleRules {
    fn from(role: &Role) -> Self {
        Self {
            code: role.code.clone(),
            parent: role.parent.clone(),
            allow: role.permissions.clone(),
            deny: role.denied.clone(),
        }
    }
}

/// A whole policy, not validated yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySet {
    /// Codes of all roles.
    pub roles: Vec<String>,
    /// The rows.
    pub rows: Vec<PolicyRow>,
    /// (role, parent) pairs; a role inherits the grants and the bans of its parent.
    pub parents: Vec<(String, String)>,
}

impl PolicySet {
    /// The policy of these roles, with the bans that keep the three powers apart added (see [`denials`]).
    ///
    /// # Errors
    /// [`PolicyError::Permission`] for a permission that is not written in known words.
    pub fn from_roles(roles: &[RoleRules]) -> Result<Self, PolicyError> {
        let mut set = Self::default();
        for role in roles {
            set.roles.push(role.code.clone());
            set.parents.extend(role.parent.iter().map(|parent| (role.code.clone(), parent.clone())));
            for (permissions, effect) in [(&role.allow, Effect::Allow), (&role.deny, Effect::Deny)] {
                for permission in permissions {
                    let wrong = || PolicyError::Permission { role: role.code.clone(), permission: permission.clone() };
                    let pairs = expand(permission).ok_or_else(wrong)?;
                    set.rows.extend(pairs.into_iter().map(|(kind, action)| PolicyRow {
                        role: role.code.clone(),
                        kind,
                        action,
                        effect,
                    }));
                }
            }
            set.rows.extend(denials(&role.code));
        }
        set.rows.sort();
        set.rows.dedup();
        Ok(set)
    }
}

/// Reads one permission such as `subject.read`.
///
/// # Errors
/// [`UnknownWord`] when it is not a known kind, a dot and a known action.
pub fn parse_permission(text: &str) -> Result<(Kind, Action), UnknownWord> {
    let (kind, action) = text.split_once('.').ok_or_else(|| UnknownWord(text.to_owned()))?;
    Ok((Kind::parse(kind)?, Action::parse(action)?))
}

/// The text of a permission, such as `subject.read`.
#[must_use]
pub fn permission(kind: Kind, action: Action) -> String {
    format!("{}.{}", kind.as_str(), action.as_str())
}

/// The pairs that a permission of a role stands for.
fn expand(text: &str) -> Option<Vec<(Kind, Action)>> {
    let every = |kind: Kind| Action::ALL.iter().map(move |action| (kind, *action));
    if text == "*" {
        return Some(Kind::ALL.iter().copied().flat_map(every).collect());
    }
    match text.rsplit_once('.')? {
        (kind, "*") => Some(every(Kind::parse(kind).ok()?).collect()),
        (kind, "write") => {
            let kind = Kind::parse(kind).ok()?;
            Some(vec![(kind, Action::Create), (kind, Action::Update)])
        }
        _ => parse_permission(text).ok().map(|pair| vec![pair]),
    }
}

/// What one role may do: a bit per action for each kind.
type Grants = [u32; Kind::ALL.len()];

/// A policy in force: immutable, made by [`compile`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySnapshot {
    roles: BTreeMap<String, Grants>,
}

impl PolicySnapshot {
    /// The policy that allows nothing, in force before the first one is loaded.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Whether `role` may do `action` on `kind`. Unknown and empty roles may do nothing.
    #[must_use]
    pub fn allows(&self, role: &str, kind: Kind, action: Action) -> bool {
        self.roles.get(role).is_some_and(|grants| grants[kind as usize] & (1 << action as u32) != 0)
    }

    /// Everything `role` may do, as `kind.action`, in the order of the words.
    #[must_use]
    pub fn permissions(&self, role: &str) -> Vec<String> {
        let every = Kind::ALL.iter().flat_map(|kind| Action::ALL.iter().map(|action| (*kind, *action)));
        every
            .filter(|(kind, action)| self.allows(role, *kind, *action))
            .map(|(kind, action)| permission(kind, action))
            .collect()
    }

    /// Codes of all roles, in order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.keys().map(String::as_str)
    }

    /// Whether there is a role of this code.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.contains_key(role)
    }
}

/// The policy in force on this node, shared by all requests and swapped whole.
#[derive(Clone, Debug)]
pub struct SharedPolicy {
    current: Arc<RwLock<Arc<PolicySnapshot>>>,
}

impl Default for SharedPolicy {
    fn default() -> Self {
        Self::new(PolicySnapshot::nothing())
    }
}

impl SharedPolicy {
    /// Starts with `snapshot`.
    #[must_use]
    pub fn new(snapshot: PolicySnapshot) -> Self {
        Self { current: Arc::new(RwLock::new(Arc::new(snapshot))) }
    }

    /// The policy in force now; a request keeps the one it began with.
    #[must_use]
    pub fn current(&self) -> Arc<PolicySnapshot> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts `snapshot` in force.
    pub fn replace(&self, snapshot: PolicySnapshot) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }

    /// Compiles `set` and puts it in force.
    ///
    /// # Errors
    /// When the set is refused; the policy before stays in force.
    pub async fn load(&self, set: &PolicySet) -> Result<(), PolicyError> {
        self.replace(compile(set).await?);
        Ok(())
    }
}
