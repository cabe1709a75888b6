//! The three powers (三权分立): system, security and audit administration exclude each other (GB/T 22239 8.1.5).
//!
//! Written as deny rows, so that no grant and no inheritance can join two of them.

use super::{Action, Effect, Kind, PolicyRow};

/// Code of the role of system administrators (系统管理员).
pub const SYSTEM_ADMIN: &str = "system_admin";
/// Code of the role of security administrators (安全管理员).
pub const SECURITY_ADMIN: &str = "security_admin";
/// Code of the role of audit administrators (审计管理员).
pub const AUDIT_ADMIN: &str = "audit_admin";
/// The three powers.
pub const POWERS: [&str; 3] = [SYSTEM_ADMIN, SECURITY_ADMIN, AUDIT_ADMIN];

/// The running of the node: only the system administrator changes it, the others may look.
const SYSTEM_KINDS: &[Kind] = &[Kind::Job, Kind::Setting, Kind::Exchange, Kind::Access];
/// Who may do what: only the security administrator changes it, the others may look.
const SECURITY_KINDS: &[Kind] = &[Kind::Account, Kind::Role];
/// The audit log: nobody of the other two sees or exports it.
const AUDIT_KINDS: &[Kind] = &[Kind::Audit];

/// The bans of a role: what belongs to the other two powers; none for a role that is not one of [`POWERS`].
#[must_use]
pub fn denials(role: &str) -> Vec<PolicyRow> {
    let changes = |kinds: &'static [Kind]| pairs(kinds, |action| action != Action::Read);
    let everything = |kinds: &'static [Kind]| pairs(kinds, |_| true);
    let banned = match role {
        SYSTEM_ADMIN => [changes(SECURITY_KINDS), everything(AUDIT_KINDS)].concat(),
        SECURITY_ADMIN => [changes(SYSTEM_KINDS), everything(AUDIT_KINDS)].concat(),
        AUDIT_ADMIN => [changes(SYSTEM_KINDS), changes(SECURITY_KINDS)].concat(),
        _ => Vec::new(),
    };
    let row = |(kind, action)| PolicyRow {
        role: role.to_owned(),
        kind,
        action,
        effect: Effect::Deny,
    };
    banned.into_iter().map(row).collect()
}

fn pairs(kinds: &[Kind], banned: impl Fn(Action) -> bool) -> Vec<(Kind, Action)> {
    let actions: Vec<Action> = Action::ALL
        .iter()
        .copied()
        .filter(|action| banned(*action))
        .collect();
    kinds
        .iter()
        .flat_map(|kind| actions.iter().map(|action| (*kind, *action)))
        .collect()
}
