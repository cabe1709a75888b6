//! Accounts and sessions (用户、登录): signing in and out, whose request it is, keeping accounts.
//!
//! Passwords are hashed behind one gate for the process, so that many logins cannot take all memory. An account of a firm
//! is named like the code of its subject. Rows: G-5.4.2, G-5.4.3, A-6.1, H-9.

use std::sync::OnceLock;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::division::NATION;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_security::SecurityError;
use suyuan_security::context::{Actor, ActorKind, OpContext};
use suyuan_security::password::{Cost, Gate, Hasher, MAX_BYTES, Verdict};
use suyuan_security::policy::{Action, Kind, PolicySet, RoleRules};
use suyuan_security::session::{SessionState, lookup_hash, new_session};
use suyuan_security::throttle::{Admission, Failures, LoginRules};
use suyuan_store::Tx;
use suyuan_store::account::{Account, folded};
use suyuan_store::session::Session;
use zeroize::Zeroizing;

use crate::listing::Listed;
use crate::node::Node;
use crate::{Result, ServiceError, audit};

pub use suyuan_security::password::password_rules;

/// Passwords hashed at the same time in this process; each takes 19 MiB.
const HASHES_AT_ONCE: usize = 4;
/// Role of firms' users.
const FIRM: &str = "firm";
const ACTIVE: &str = "active";
const DISABLED: &str = "disabled";

/// An account to be made.
#[derive(Clone)]
pub struct NewAccount {
    /// Name for signing in.
    pub username: String,
    /// Name for people.
    pub display_name: String,
    /// The password.
    pub password: String,
    /// Code of the role.
    pub role: String,
    /// Division whose subtree the account sees.
    pub division: String,
    /// Address for mail; may be empty.
    pub email: String,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount").field("username", &self.username).field("role", &self.role).finish_non_exhaustive()
    }
}

/// What may be changed of an account.
#[derive(Clone, Default)]
pub struct AccountChange {
    /// Name for people.
    pub display_name: Option<String>,
    /// Code of the role.
    pub role: Option<String>,
    /// Division.
    pub division: Option<String>,
    /// Address for mail.
    pub email: Option<String>,
    /// A new password.
    pub password: Option<String>,
}

impl std::fmt::Debug for AccountChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountChange").field("role", &self.role).finish_non_exhaustive()
    }
}

/// An account as administrators see it.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// The account.
    pub id: ObjectId,
    /// Name for signing in.
    pub username: String,
    /// Name for people.
    pub display_name: String,
    /// Code of the role.
    pub role: String,
    /// Name of the role.
    pub role_name: String,
    /// Division.
    pub division: String,
    /// Name of the division.
    pub division_name: String,
    /// Address for mail.
    pub email: String,
    /// `active` or `disabled`.
    pub state: String,
    /// Until when logins are refused after failures.
    pub locked_until: Option<Timestamp>,
    /// Version.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A session that has begun.
pub struct SignedIn {
    /// For the cookie; kept nowhere.
    pub token: String,
    /// Whose session.
    pub account: AccountView,
    /// What the role may do.
    pub permissions: Vec<String>,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("account", &self.account.username).finish_non_exhaustive()
    }
}

fn view(node: &Node, account: Account) -> AccountView {
    AccountView {
        role_name: node.packs().role(&account.role).map_or_else(|| account.role.clone(), |role| role.name.clone()),
        division_name: node.divisions.name(&account.division).to_owned(),
        id: account.id,
        username: account.username,
        display_name: account.display_name,
        role: account.role,
        division: account.division,
        email: account.email,
        state: account.state,
        locked_until: account.locked_until,
        version: account.version,
        created_at: account.created_at,
        updated_at: account.updated_at,
    }
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

async fn hashed(node: &Node, password: String) -> Result<String> {
    let entropy = std::sync::Arc::clone(&node.entropy);
    gate()?.hash(Zeroizing::new(password), entropy).await.map_err(at_fault)
}

/// Puts the roles of the packs in force.
///
/// # Errors
/// When the pack of roles is not a policy; the one before stays in force.
pub async fn load_policy(node: &Node) -> Result<()> {
    let roles: Vec<RoleRules> = node.packs().roles.iter().map(RoleRules::from).collect();
    let refused = |error: suyuan_security::policy::PolicyError| ServiceError::Internal(error.to_string());
    let set = PolicySet::from_roles(&roles).map_err(refused)?;
    node.policy.load(&set).await.map_err(refused)
}

/// Makes an account unless one of this name is there. For the first start and for operators at the machine.
///
/// # Errors
/// When the role or division does not exist, or the database refuses.
pub async fn ensure(node: &Node, new: NewAccount) -> Result<()> {
    if node.store.system_account_by_name(&new.username).await?.is_some() {
        return Ok(());
    }
    let faults = name_faults(node, &new.username, &new.role, &new.division);
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let username = new.username.clone();
    let account = made(node, new).await?;
    let tx = node.store.begin().await?;
    if tx.system_account_by_name(&username).await?.is_some() {
        return Ok(tx.rollback().await?);
    }
    tx.add_account(&account).await?;
    let cx = node.own_context("setup");
    audit::note(&tx, &cx, "account.create", "account", &account.username, None, Some(&account.role)).await?;
    Ok(tx.commit().await?)
}

async fn made(node: &Node, new: NewAccount) -> Result<Account> {
    let now = node.now();
    Ok(Account {
        id: node.mint(),
        username: folded(&new.username),
        display_name: new.display_name.trim().to_owned(),
        role: new.role,
        division: new.division,
        categories: None,
        password: hashed(node, new.password).await?,
        email: new.email.trim().to_owned(),
        state: ACTIVE.to_owned(),
        failures: 0,
        locked_until: None,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

fn name_faults(node: &Node, username: &str, role: &str, division: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let name = folded(username);
    let plain = name.chars().all(|c| c.is_alphanumeric() || "._-@".contains(c));
    if !plain || !(2..=64).contains(&name.chars().count()) {
        faults.push(Fault::new("AUTH-0110", "username", "用户名不正确", "请使用 2 至 64 位字母、数字或 . _ - @"));
    }
    if node.packs().role(role).is_none() {
        faults.push(Fault::new("AUTH-0111", "role", format!("没有角色 {role}"), "请从角色列表中选择"));
    }
    if division != NATION && node.divisions.get(division).is_none() {
        faults.push(Fault::new("AUTH-0112", "division", format!("没有行政区划 {division}"), "请从行政区划列表中选择"));
    }
    faults
}

fn wrong() -> ServiceError {
    let advice = "请核对后重试，连续 5 次失败将锁定 30 分钟";
    ServiceError::Unauthenticated(Fault::new("AUTH-0101", "password", "用户名或密码不正确", advice))
}

/// Whoever tries to sign in, for the audit trail.
fn stranger(node: &Node, username: &str, address: &str, request_id: &str) -> OpContext {
    let mut cx = node.own_context(username);
    cx.actor.kind = ActorKind::Person;
    address.clone_into(&mut cx.address);
    request_id.clone_into(&mut cx.request_id);
    cx
}

/// Begins a session.
///
/// # Errors
/// `AUTH-0101` for a wrong name or password, `AUTH-0102` while the account is locked, `AUTH-0103` for a disabled one.
pub async fn sign_in(
    node: &Node,
    username: &str,
    password: String,
    address: &str,
    request_id: &str,
) -> Result<SignedIn> {
    let now = node.now();
    let password = Zeroizing::new(password);
    if username.len() > 256 || password.len() > MAX_BYTES {
        return Err(wrong());
    }
    let mut cx = stranger(node, &folded(username), address, request_id);
    let found = node.store.system_account_by_name(username).await?;
    if let Some(Admission::Locked { until }) =
        found.as_ref().map(|account| LoginRules::default().admit(&failures(account), now))
    {
        return Err(locked(until, now));
    }
    let stored = found.as_ref().map(|account| account.password.clone());
    let verdict = gate()?.verify(stored, password.clone()).await.map_err(at_fault)?;
    let Some(account) = found.filter(|_| verdict != Verdict::Wrong) else {
        let tx = node.store.begin().await?;
        note_failure(&tx, &cx, now).await?;
        tx.commit().await?;
        return Err(wrong());
    };
    cx.actor.role.clone_from(&account.role);
    cx.division.clone_from(&account.division);
    if account.state != ACTIVE {
        let tx = node.store.begin().await?;
        audit::note_outcome(&tx, &cx, ("session.sign_in", "account", &account.username), "denied", "账号已停用")
            .await?;
        tx.commit().await?;
        return Err(ServiceError::Unauthenticated(Fault::new(
            "AUTH-0103",
            "username",
            "账号已停用",
            "请联系安全管理员",
        )));
    }
    let rehash = match verdict {
        Verdict::OkNeedsRehash => Some(hashed(node, password.to_string()).await?),
        _ => None,
    };
    let token = begin(node, &cx, &account, rehash).await?;
    let permissions = node.policy.current().permissions(&account.role);
    Ok(SignedIn { token, permissions, account: view(node, account) })
}

fn failures(account: &Account) -> Failures {
    let last = (account.failures > 0).then_some(account.updated_at);
    Failures { count: account.failures, last, locked_until: account.locked_until }
}

fn locked(until: Timestamp, now: Timestamp) -> ServiceError {
    let text = Admission::Locked { until }.text(now).unwrap_or_default();
    let seconds = u64::try_from((until.millis() - now.millis()) / 1000 + 1).unwrap_or(1);
    let fault = Fault::new("AUTH-0102", "username", text, "如非本人操作，请立即联系安全管理员");
    ServiceError::TooMany { retry_after: seconds, fault }
}

async fn note_failure(tx: &Tx, cx: &OpContext, now: Timestamp) -> Result<()> {
    if let Some(account) = tx.system_account_by_name(&cx.actor.username).await? {
        let after = LoginRules::default().after_failure(&failures(&account), now);
        tx.note_failures(account.id, after.count, after.locked_until, now).await?;
    }
    let object = ("session.sign_in", "account", cx.actor.username.as_str());
    audit::note_outcome(tx, cx, object, "failed", "用户名或密码不正确").await
}

async fn begin(node: &Node, cx: &OpContext, account: &Account, rehash: Option<String>) -> Result<String> {
    let now = node.now();
    let session = new_session(&*node.entropy).map_err(at_fault)?;
    let tx = node.store.begin().await?;
    tx.add_session(&Session {
        hash: session.hash,
        account: account.id,
        created_at: now,
        last_seen_at: now,
        expires_at: node.config.sessions.ends_at(now),
        address: cx.address.clone(),
    })
    .await?;
    if account.failures > 0 || account.locked_until.is_some() {
        tx.note_failures(account.id, 0, None, now).await?;
    }
    if let Some(password) = rehash {
        let newer =
            Account { password, failures: 0, locked_until: None, version: account.version + 1, ..account.clone() };
        tx.change_account(&newer, account.version).await?;
    }
    audit::note(&tx, cx, "session.sign_in", "account", &account.username, None, None).await?;
    tx.commit().await?;
    Ok(session.token)
}

/// Ends a session. An unknown token is no error.
///
/// # Errors
/// When the database refuses.
pub async fn sign_out(node: &Node, token: &str, address: &str, request_id: &str) -> Result<()> {
    let Some(hash) = lookup_hash(token) else { return Ok(()) };
    let Some(session) = node.store.system_session(&hash).await? else { return Ok(()) };
    let Some(account) = node.store.system_account(session.account).await? else { return Ok(()) };
    let cx = context(node, &account, address, request_id);
    let tx = node.store.begin().await?;
    if tx.end_session(&hash).await? {
        audit::note(&tx, &cx, "session.sign_out", "account", &account.username, None, None).await?;
    }
    Ok(tx.commit().await?)
}

fn not_signed_in(code: &str, reason: &str) -> ServiceError {
    ServiceError::Unauthenticated(Fault::new(code, "", reason, "请重新登录"))
}

/// Whose request it is.
///
/// # Errors
/// `AUTH-0104` without a session that holds.
pub async fn session(node: &Node, token: &str, address: &str, request_id: &str) -> Result<OpContext> {
    let none = || not_signed_in("AUTH-0104", "尚未登录或登录已失效");
    let hash = lookup_hash(token).ok_or_else(none)?;
    let session = node.store.system_session(&hash).await?.ok_or_else(none)?;
    let (rules, now) = (&node.config.sessions, node.now());
    let state = rules.state(session.created_at, session.last_seen_at, now);
    if state != SessionState::Live {
        let tx = node.store.begin().await?;
        tx.end_session(&hash).await?;
        tx.commit().await?;
        return Err(not_signed_in("AUTH-0104", state.text().unwrap_or("登录已失效")));
    }
    let account = node.store.system_account(session.account).await?.filter(|account| account.state == ACTIVE);
    let account = account.ok_or_else(none)?;
    if rules.should_touch(session.last_seen_at, now) {
        let tx = node.store.begin().await?;
        tx.touch_session(&hash, now).await?;
        tx.commit().await?;
    }
    Ok(context(node, &account, address, request_id))
}

fn context(node: &Node, account: &Account, address: &str, request_id: &str) -> OpContext {
    let divisions = (account.division != NATION).then(|| node.divisions.subtree(&account.division));
    let subject = (account.role == FIRM).then(|| account.username.to_uppercase());
    OpContext {
        actor: Actor {
            id: account.id,
            username: account.username.clone(),
            display_name: account.display_name.clone(),
            role: account.role.clone(),
            node: node.code().to_owned(),
            kind: ActorKind::Person,
        },
        scope: Scope { divisions, categories: account.categories.clone(), subject },
        division: account.division.clone(),
        address: address.to_owned(),
        request_id: request_id.to_owned(),
        now: node.now(),
        policy: node.policy.current(),
    }
}

/// The account of the session itself.
///
/// # Errors
/// When it is gone.
pub async fn own(node: &Node, cx: &OpContext) -> Result<AccountView> {
    let account = node.store.system_account(cx.actor.id).await?.ok_or(ServiceError::NotFound("account"))?;
    Ok(view(node, account))
}

/// A page of accounts, by name.
///
/// # Errors
/// When the actor may not see them.
pub async fn list(
    node: &Node,
    cx: &OpContext,
    words: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<Listed<AccountView>> {
    cx.authorize(Action::Read, Kind::Account)?;
    let page = node.store.accounts(&cx.scope, words, after, limit).await?;
    Ok(Listed::of_page(page, |account| account.username.clone()).map(|account| view(node, account)))
}

/// Makes an account. Whoever may not authorise hands it over disabled, to be enabled by a security administrator: nobody
/// gives himself another of the three powers.
///
/// # Errors
/// When the actor may not, the input has faults, or the name is taken (`AUTH-0114`).
pub async fn create(node: &Node, cx: &OpContext, new: NewAccount) -> Result<AccountView> {
    cx.authorize(Action::Create, Kind::Account)?;
    let mut faults = name_faults(node, &new.username, &new.role, &new.division);
    faults.extend(password_rules(&new.password, &new.username));
    faults.extend(outside(cx, &new.division));
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let mut account = made(node, new).await?;
    if !cx.may(Action::Authorise, Kind::Account) {
        DISABLED.clone_into(&mut account.state);
    }
    let tx = node.store.begin().await?;
    if tx.system_account_by_name(&account.username).await?.is_some() {
        return Err(ServiceError::invalid("AUTH-0114", "username", "用户名已被使用", "请换一个用户名"));
    }
    tx.add_account(&account).await?;
    audit::note(&tx, cx, "account.create", "account", &account.username, None, Some(&summary(&account))).await?;
    tx.commit().await?;
    Ok(view(node, account))
}

fn outside(cx: &OpContext, division: &str) -> Option<Fault> {
    let fault = Fault::new("AUTH-0113", "division", "行政区划不在您的管辖范围内", "请选择本辖区内的行政区划");
    (!cx.scope.covers_division(division)).then_some(fault)
}

fn summary(account: &Account) -> String {
    format!("{} {} {}", account.role, account.division, account.state)
}

/// Changes an account. A new role, division or password ends its sessions.
///
/// # Errors
/// When the actor may not (a new role, division or password needs the permission to authorise), or somebody else was
/// first.
pub async fn change(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    version: u64,
    change: AccountChange,
) -> Result<AccountView> {
    if !cx.may(Action::Authorise, Kind::Account) {
        cx.authorize(Action::Update, Kind::Account)?;
    }
    let before = in_scope(node, cx, id).await?;
    let differs = |wanted: &Option<String>, now: &String| wanted.as_ref().is_some_and(|wanted| wanted != now);
    let grants =
        differs(&change.role, &before.role) || differs(&change.division, &before.division) || change.password.is_some();
    if grants {
        cx.authorize(Action::Authorise, Kind::Account)?;
    }
    let keeps = differs(&change.display_name, &before.display_name) || differs(&change.email, &before.email);
    if keeps || !grants {
        cx.authorize(Action::Update, Kind::Account)?;
    }
    let mut after = before.clone();
    after.role = change.role.unwrap_or(after.role);
    after.division = change.division.unwrap_or(after.division);
    after.display_name = change.display_name.unwrap_or(after.display_name);
    after.email = change.email.unwrap_or(after.email);
    let mut faults = name_faults(node, &after.username, &after.role, &after.division);
    faults.extend(outside(cx, &after.division));
    if let Some(password) = &change.password {
        faults.extend(password_rules(password, &after.username));
    }
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let ends = after.role != before.role || after.division != before.division || change.password.is_some();
    if let Some(password) = change.password {
        after.password = hashed(node, password).await?;
    }
    settle(node, cx, "account.update", &before, after, version, ends).await
}

/// Disables an account and ends its sessions.
///
/// # Errors
/// When the actor may not, it is the actor's own, or somebody else was first.
pub async fn disable(node: &Node, cx: &OpContext, id: ObjectId) -> Result<AccountView> {
    cx.authorize(Action::Disable, Kind::Account)?;
    if id == cx.actor.id {
        return Err(ServiceError::Conflict(Fault::new("AUTH-0115", "", "不能停用自己的账号", "请由其他管理员办理")));
    }
    let before = in_scope(node, cx, id).await?;
    let after = Account { state: DISABLED.to_owned(), ..before.clone() };
    let version = before.version;
    settle(node, cx, "account.disable", &before, after, version, true).await
}

/// Enables an account again and lifts its lock.
///
/// # Errors
/// When the actor may not, or somebody else was first.
pub async fn enable(node: &Node, cx: &OpContext, id: ObjectId) -> Result<AccountView> {
    cx.authorize(Action::Authorise, Kind::Account)?;
    let before = in_scope(node, cx, id).await?;
    let after = Account { state: ACTIVE.to_owned(), failures: 0, locked_until: None, ..before.clone() };
    let version = before.version;
    settle(node, cx, "account.enable", &before, after, version, false).await
}

async fn in_scope(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Account> {
    let account = node.store.system_account(id).await?;
    account.filter(|account| cx.scope.covers_division(&account.division)).ok_or(ServiceError::NotFound("account"))
}

async fn settle(
    node: &Node,
    cx: &OpContext,
    action: &str,
    before: &Account,
    mut after: Account,
    expected: u64,
    ends_sessions: bool,
) -> Result<AccountView> {
    after.version = expected + 1;
    after.updated_at = cx.now;
    let tx = node.store.begin().await?;
    tx.change_account(&after, expected).await?;
    if ends_sessions {
        tx.end_sessions_of(after.id).await?;
    }
    let (old, new) = (summary(before), summary(&after));
    audit::note(&tx, cx, action, "account", &after.username, Some(&old), Some(&new)).await?;
    tx.commit().await?;
    Ok(view(node, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use suyuan_domain::pack::Packs;
    use suyuan_security::policy::compile;

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
            (FIRM, Kind::Subject, Action::Create, true),
            (FIRM, Kind::Subject, Action::Review, false),
            ("", Kind::Subject, Action::Read, false),
        ] {
            assert_eq!(policy.allows(role, kind, action), allowed, "{role} {kind}.{action}");
        }
    }

    #[test]
    fn h_9_texts_of_refusal_do_not_tell_whether_the_name_exists() {
        let ServiceError::Unauthenticated(fault) = wrong() else { panic!("another error") };
        assert_eq!((fault.code.as_str(), fault.reason.as_str()), ("AUTH-0101", "用户名或密码不正确"));
    }
}
