//! The three powers (三权分立): system, security and audit administration exclude each other (GB/T 22239 8.1.5).
//!
//! The system administrator runs the node and opens accounts, the security administrator gives them rights, the auditor
//! reads what both did. Written as deny rows, so that no grant and no inheritance can join two of them.

use super::{Action, Effect, Kind, PolicyRow};

/// Code of the role of system administrators (系统管理员).
pub const SYSTEM_ADMIN: &str = "system_admin";
/// Code of the role of security administrators (安全管理员).
pub const SECURITY_ADMIN: &str = "security_admin";
/// Code of the role of auditors (审计管理员).
pub const AUDITOR: &str = "auditor";
/// The three powers.
pub const POWERS: [&str; 3] = [SYSTEM_ADMIN, SECURITY_ADMIN, AUDITOR];

/// The running of the node.
const RUNNING: &[Kind] = &[Kind::Job, Kind::Setting, Kind::Access, Kind::Category, Kind::Rule, Kind::Pack];

/// What else an auditor only looks at.
const OTHERS: &[Kind] = &[Kind::Account, Kind::Role, Kind::Exchange, Kind::Client];

/// Whether what belongs to the other two powers keeps `role` from this.
fn is_banned(role: &str, kind: Kind, action: Action) -> bool {
    let changes = action != Action::Read;
    let opens_accounts = matches!(action, Action::Create | Action::Update | Action::Delete);
    match role {
        SYSTEM_ADMIN => match kind {
            Kind::Audit => true,
            Kind::Role | Kind::Client => changes,
            Kind::Account => action == Action::Authorise,
            _ => false,
        },
        SECURITY_ADMIN => match kind {
            Kind::Audit => true,
            Kind::Account => opens_accounts,
            _ => changes && RUNNING.contains(&kind),
        },
        // Who judges what was done does nothing that could be judged.
        AUDITOR => changes && (RUNNING.contains(&kind) || OTHERS.contains(&kind)),
        _ => false,
    }
}

/// The bans of a role: what belongs to the other two powers; none for a role that is not one of [`POWERS`].
#[must_use]
pub fn denials(role: &str) -> Vec<PolicyRow> {
    if !POWERS.contains(&role) {
        return Vec::new();
    }
    let every = Kind::ALL.iter().flat_map(|kind| Action::ALL.iter().map(|action| (*kind, *action)));
    every
        .filter(|(kind, action)| is_banned(role, *kind, *action))
        .map(|(kind, action)| PolicyRow { role: role.to_owned(), kind, action, effect: Effect::Deny })
        .collect()
}
