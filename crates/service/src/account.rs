//! Accounts, roles and sessions (用户、角色、登录): who may come in, whose request it is, and who keeps all that.
//!
//! Signing in stands in [`sign_on`], administrators' work in [`keep`], a person's own things in [`profile`], second factors
//! in [`factor`], roles in [`role`], why somebody may do something in [`rights`], deleting and erasing in [`erase`].
//! Passwords are hashed behind one gate for the process, so that many logins cannot take all memory. Names, telephones and
//! addresses of people are sealed under a key per person and opened here. Rows: G-5.4.2, G-5.4.3a, G-5.4.3b, A-6.1, H-6.5,
//! H-9.

pub mod captcha;
pub mod erase;
pub mod factor;
pub mod guard;
pub mod keep;
pub(crate) mod personal;
pub mod profile;
pub mod rights;
pub mod role;
pub mod sign_on;
mod ticket;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::division::NATION;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_security::SecurityError;
use suyuan_security::context::{Actor, ActorKind, OpContext, SessionMark};
use suyuan_security::password::{Cost, Gate, Hasher, REMEMBERED, Verdict};
use suyuan_store::Tx;
use suyuan_store::account::{Account, folded};
use zeroize::Zeroizing;

use crate::node::Node;
use crate::{Result, ServiceError, audit};

pub use guard::Guard;
pub use keep::{AccountChange, AccountQuery, Created, change, create, disable, enable, list};
pub use personal::Personal;
pub use role::load_policy;
pub use sign_on::{
    Origin, PendingStep, SignInStep, SignedIn, confirmed, session, session_quietly, sign_in, sign_in_linked, sign_out,
};
pub use suyuan_security::password::password_rules;
pub use suyuan_store::session::Session as StoredSession;

use personal::open;
use role::Book;

/// Passwords hashed at the same time in this process; each takes 19 MiB.
const HASHES_AT_ONCE: usize = 4;
/// State of an account that may be used.
pub(crate) const ACTIVE: &str = "active";
/// State of an account that may not be used.
pub(crate) const DISABLED: &str = "disabled";
/// State of an account whose person was erased.
pub(crate) const DELETED: &str = "deleted";

/// An account to be made.
#[derive(Clone, Default)]
pub struct NewAccount {
    /// Name for signing in.
    pub username: String,
    /// Name for people.
    pub display_name: String,
    /// The password; empty for one that is made and shown once.
    pub password: String,
    /// Code of the role.
    pub role: String,
    /// Division whose subtree the account sees.
    pub division: String,
    /// Categories that it sees; `None` for all.
    pub categories: Option<BTreeSet<String>>,
    /// Code of the subject that it acts for; empty for regulators.
    pub subject: String,
    /// Telephone; may be empty.
    pub phone: String,
    /// Address for mail; may be empty.
    pub email: String,
    /// Until when it may be used.
    pub valid_until: Option<Timestamp>,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount").field("username", &self.username).field("role", &self.role).finish_non_exhaustive()
    }
}

/// An account as administrators see it.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// The account.
    pub id: ObjectId,
    /// Name for signing in.
    pub username: String,
    /// Name, telephone and address; the latter two masked unless the reader may see them.
    pub personal: Personal,
    /// Code of the role.
    pub role: String,
    /// Name of the role.
    pub role_name: String,
    /// Division.
    pub division: String,
    /// Name of the division.
    pub division_name: String,
    /// Categories; `None` for all.
    pub categories: Option<BTreeSet<String>>,
    /// The subject that it acts for; empty for regulators.
    pub subject: String,
    /// `active`, `disabled` or `deleted`.
    pub state: String,
    /// Until when logins are refused after failures.
    pub locked_until: Option<Timestamp>,
    /// Until when it may be used.
    pub valid_until: Option<Timestamp>,
    /// Whether the next sign-in must set another password.
    pub must_change: bool,
    /// Whether there is a second factor.
    pub second_factor: bool,
    /// `none`, `requested` or `confirmed`.
    pub deletion: String,
    /// When the deletion was asked for.
    pub deletion_at: Option<Timestamp>,
    /// When the personal data are erased.
    pub erase_at: Option<Timestamp>,
    /// When the person last signed in, and from where.
    pub last_sign_in: Option<(Timestamp, String)>,
    /// Settings of the screens, a JSON object.
    pub preferences: String,
    /// When the password was set.
    pub password_at: Timestamp,
    /// Version.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

fn view(node: &Node, book: &Book, account: Account) -> Result<AccountView> {
    Ok(AccountView {
        personal: open(node, &account)?,
        role_name: book.name(&account.role).to_owned(),
        division_name: node.divisions.name(&account.division).to_owned(),
        id: account.id,
        username: account.username,
        role: account.role,
        division: account.division,
        categories: account.categories,
        subject: account.subject,
        state: account.state,
        locked_until: account.locked_until,
        valid_until: account.valid_until,
        must_change: account.must_change,
        second_factor: account.totp.is_some(),
        deletion: account.deletion,
        deletion_at: account.deletion_at,
        erase_at: account.erase_at,
        last_sign_in: account.last_sign_in_at.map(|at| (at, account.last_sign_in_address)),
        preferences: account.preferences,
        password_at: account.password_at,
        version: account.version,
        created_at: account.created_at,
        updated_at: account.updated_at,
    })
}

/// What stands in the audit trail of an account: nothing that tells who the person is.
#[derive(serde::Serialize)]
struct Told<'a> {
    role: &'a str,
    division: &'a str,
    categories: &'a Option<BTreeSet<String>>,
    subject: &'a str,
    state: &'a str,
    valid_until: Option<Timestamp>,
    must_change: bool,
    second_factor: bool,
    deletion: &'a str,
    erase_at: Option<Timestamp>,
}

impl<'a> From<&'a Account> for Told<'a> {
    fn from(account: &'a Account) -> Self {
        Self {
            role: &account.role,
            division: &account.division,
            categories: &account.categories,
            subject: &account.subject,
            state: &account.state,
            valid_until: account.valid_until,
            must_change: account.must_change,
            second_factor: account.totp.is_some(),
            deletion: &account.deletion,
            erase_at: account.erase_at,
        }
    }
}

/// Stores a changed account with its row of the trail, in the given transaction.
async fn write(tx: &Tx, cx: &OpContext, action: &str, before: &Account, after: &mut Account) -> Result<()> {
    after.version = before.version + 1;
    after.updated_at = cx.now;
    tx.change_account(after, before.version).await?;
    let object = (action, "account", before.username.as_str());
    audit::note_change(tx, cx, object, Some(&Told::from(before)), Some(&Told::from(&*after))).await
}

fn gate() -> Result<Gate> {
    static GATE: OnceLock<Gate> = OnceLock::new();
    if let Some(gate) = GATE.get() {
        return Ok(gate.clone());
    }
    let made = Gate::new(Hasher::new(Cost::default()).map_err(at_fault)?, HASHES_AT_ONCE);
    Ok(GATE.get_or_init(|| made).clone())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn at_fault(error: SecurityError) -> ServiceError {
    ServiceError::Internal(format!("{} {error}", error.code()))
}

async fn hashed(node: &Node, password: &str) -> Result<String> {
    let entropy = std::sync::Arc::clone(&node.entropy);
    gate()?.hash(Zeroizing::new(password.to_owned()), entropy).await.map_err(at_fault)
}

async fn is_password(stored: &str, password: &str) -> Result<bool> {
    let verdict = gate()?.verify(Some(stored.to_owned()), Zeroizing::new(password.to_owned())).await;
    Ok(verdict.map_err(at_fault)? != Verdict::Wrong)
}

/// Everything that keeps a person from having this password, former ones included.
async fn password_faults(node: &Node, account: &Account, password: &str) -> Result<Vec<Fault>> {
    let mut faults = password_rules(password, &account.username);
    if !faults.is_empty() {
        return Ok(faults);
    }
    let mut former = node.store.former_passwords(account.id).await?;
    former.insert(0, account.password.clone());
    for stored in former.iter().take(REMEMBERED) {
        if is_password(stored, password).await? {
            let reason = format!("不能使用最近 {REMEMBERED} 次用过的口令");
            faults.push(Fault::new("SEC-0116", "password", reason, "请换一个没有用过的口令"));
            break;
        }
    }
    Ok(faults)
}

/// Puts a new password on an account that is about to be stored, and remembers the one before.
async fn set_password(node: &Node, tx: &Tx, account: &mut Account, phc: String) -> Result<()> {
    let now = node.now();
    tx.remember_password(account.id, &account.password, REMEMBERED - 1, now).await?;
    account.password = phc;
    account.password_at = now;
    account.password_until = None;
    account.must_change = false;
    Ok(())
}

/// When a password has to be changed at the latest; `None` where passwords hold for ever.
fn password_expires(node: &Node, account: &Account) -> Option<Timestamp> {
    let days = node.config.sign_on.password_days?;
    Some(account.password_at.plus_millis(i64::from(days) * 86_400_000))
}

/// Whether an account may be used at `now`: it is active and its time is not over.
#[must_use]
pub fn is_usable(account: &Account, now: Timestamp) -> bool {
    account.state == ACTIVE && account.valid_until.is_none_or(|until| now < until)
}

/// Makes an account unless one of this name is there. For the first start and for operators at the machine.
///
/// # Errors
/// When the role or division does not exist, or the database refuses.
pub async fn ensure(node: &Node, mut new: NewAccount) -> Result<()> {
    if node.store.system_account_by_name(&new.username).await?.is_some() {
        return Ok(());
    }
    let book = Book::load(node).await?;
    let mut faults = name_faults(&new.username);
    faults.extend(place_faults(node, &book, &new.role, &new.division));
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    if book.own_subject(&new.role) && new.subject.is_empty() {
        new.subject = new.username.to_uppercase();
    }
    let password = hashed(node, &new.password).await?;
    let tx = node.store.begin().await?;
    if tx.system_account_by_name(&new.username).await?.is_some() {
        return Ok(tx.rollback().await?);
    }
    let account = made(node, &tx, new, password).await?;
    tx.add_account(&account).await?;
    let cx = node.own_context("setup");
    let object = ("account.create", "account", account.username.as_str());
    audit::note_change(&tx, &cx, object, None::<&Told<'_>>, Some(&Told::from(&account))).await?;
    Ok(tx.commit().await?)
}

async fn made(node: &Node, tx: &Tx, new: NewAccount, password: String) -> Result<Account> {
    let (now, id) = (node.now(), node.mint());
    let personal = Personal { display_name: new.display_name, phone: new.phone, email: new.email }.trimmed();
    Ok(Account {
        id,
        username: folded(&new.username),
        personal: Some(personal::seal(node, tx, id, &personal).await?),
        person_key: None,
        role: new.role,
        division: new.division,
        categories: new.categories,
        subject: new.subject,
        valid_until: new.valid_until,
        password,
        password_at: now,
        password_until: None,
        must_change: false,
        state: ACTIVE.to_owned(),
        failures: 0,
        failed_at: None,
        locked_until: None,
        totp: None,
        totp_new: None,
        totp_step: 0,
        deletion: "none".to_owned(),
        deletion_at: None,
        erase_at: None,
        preferences: "{}".to_owned(),
        last_sign_in_at: None,
        last_sign_in_address: String::new(),
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

fn name_faults(username: &str) -> Vec<Fault> {
    let name = folded(username);
    let plain = name.chars().all(|c| c.is_alphanumeric() || "._-@".contains(c));
    // Names of erased people stay theirs.
    if plain && (2..=64).contains(&name.chars().count()) && !name.starts_with(erase::NAMELESS) {
        return Vec::new();
    }
    vec![Fault::new("AUTH-0110", "username", "用户名不正确", "请使用 2 至 64 位字母、数字或 . _ - @")]
}

fn place_faults(node: &Node, book: &Book, role: &str, division: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if book.get(role).is_none() {
        faults.push(Fault::new("AUTH-0111", "role", format!("没有角色 {role}"), "请从角色列表中选择"));
    }
    if division != NATION && node.divisions.get(division).is_none() {
        faults.push(Fault::new("AUTH-0112", "division", format!("没有行政区划 {division}"), "请从行政区划列表中选择"));
    }
    faults
}

/// The context of an account for work that it asked for earlier, with its rights of now.
///
/// # Errors
/// Not found for an account that is not in use any more.
pub(crate) async fn acting(node: &Node, id: ObjectId, address: &str, request_id: &str) -> Result<OpContext> {
    let account = node.store.system_account(id).await?.filter(|account| is_usable(account, node.now()));
    let account = account.ok_or(ServiceError::NotFound("account"))?;
    context(node, &account, &Origin::of(address, request_id), None)
}

fn context(node: &Node, account: &Account, origin: &Origin, session: Option<SessionMark>) -> Result<OpContext> {
    let divisions = (account.division != NATION).then(|| node.divisions.subtree(&account.division));
    let subject = Some(account.subject.clone()).filter(|subject| !subject.is_empty());
    Ok(OpContext {
        actor: Actor {
            id: account.id,
            username: account.username.clone(),
            display_name: open(node, account)?.display_name,
            role: account.role.clone(),
            node: node.code().to_owned(),
            kind: ActorKind::Person,
        },
        scope: Scope { divisions, categories: account.categories.clone(), subject },
        division: account.division.clone(),
        address: origin.address.clone(),
        request_id: origin.request_id.clone(),
        now: node.now(),
        policy: node.policy.current(),
        session,
    })
}

/// The account of the session itself.
///
/// # Errors
/// When it is gone.
pub async fn own(node: &Node, cx: &OpContext) -> Result<AccountView> {
    let account = node.store.system_account(cx.actor.id).await?.ok_or(ServiceError::NotFound("account"))?;
    view(node, &Book::load(node).await?, account)
}

/// An account as the use cases of other modules see it: with names of role and division, and personal data in full.
pub(crate) async fn described(node: &Node, account: Account) -> Result<AccountView> {
    view(node, &Book::load(node).await?, account)
}

/// Makes ready what earlier versions have left: names and addresses that are not sealed yet.
///
/// # Errors
/// When the database refuses.
pub async fn prepare(node: &Node) -> Result<()> {
    personal::seal_plain(node).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use suyuan_domain::pack::Packs;
    use suyuan_security::policy::{Action, Kind, PolicySet, RoleRules, compile};

    #[tokio::test]
    async fn g_5_4_3b_the_roles_of_the_packs_are_a_policy_with_three_powers() {
        let packs = Packs::shipped().expect("shipped packs");
        let roles: Vec<RoleRules> = packs.roles.iter().map(RoleRules::from).collect();
        let set = PolicySet::from_roles(&roles).expect("every word of the pack is known");
        let policy = compile(&set).await.expect("a policy");
        for (role, kind, action, allowed) in [
            ("supervisor", Kind::Subject, Action::Review, true),
            ("supervisor", Kind::Access, Action::Issue, true),
            ("supervisor", Kind::Audit, Action::Read, false),
            ("supervisor", Kind::Account, Action::Create, false),
            ("auditor", Kind::Audit, Action::Read, true),
            ("auditor", Kind::Account, Action::Update, false),
            ("system_admin", Kind::Account, Action::Create, true),
            ("system_admin", Kind::Account, Action::Authorise, false),
            ("system_admin", Kind::Audit, Action::Read, false),
            ("security_admin", Kind::Account, Action::Authorise, true),
            ("security_admin", Kind::Account, Action::Create, false),
            ("director", Kind::Subject, Action::Update, false),
            ("firm", Kind::Subject, Action::Create, true),
            ("firm", Kind::Subject, Action::Review, false),
            ("", Kind::Subject, Action::Read, false),
        ] {
            assert_eq!(policy.allows(role, kind, action), allowed, "{role} {kind}.{action}");
        }
        for role in policy.roles() {
            let permissions = suyuan_security::policy::Permissions::of(&policy, role);
            assert!(!permissions.join_powers(), "{role} joins two powers");
        }
    }

    #[test]
    fn h_9_names_of_erased_people_cannot_be_taken() {
        assert!(name_faults("deleted-0123").iter().any(|fault| fault.code == "AUTH-0110"));
        assert!(name_faults("zhang.wei").is_empty());
        assert!(!name_faults("a b").is_empty() && !name_faults("a").is_empty());
    }
}
