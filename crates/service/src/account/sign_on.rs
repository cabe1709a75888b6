//! Signing in and out (登录、退出) and the session of a request.
//!
//! A sign-in goes by steps: name and password, second factor, another password where one is due, setting up a second factor
//! where the role asks for it. Between them the browser holds a ticket and no session; the session begins with the last
//! step under a token that nobody has seen before. Rows: G-5.4.2, A-6.1, H-9.

use serde::{Deserialize, Serialize};
use suyuan_crypto::hash::sm3;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_security::context::{ActorKind, OpContext, SessionMark};
use suyuan_security::password::{CLASSES, MAX_BYTES, MIN_CHARS, REMEMBERED, Verdict};
use suyuan_security::session::{SessionState, lookup_hash, new_session};
use suyuan_security::throttle::{Admission, Failures, LoginRules};
use suyuan_store::Tx;
use suyuan_store::account::{Account, folded};
use suyuan_store::session::Session;
use zeroize::Zeroizing;

use super::captcha::{self, Answer};
use super::role::Book;
use super::ticket::{self, Ticket};
use super::{
    AccountView, at_fault, context, factor, gate, hashed, is_password, is_usable, password_expires, password_faults,
    set_password, view,
};
use crate::{Node, Result, ServiceError, audit};

const PURPOSE: &str = "sign-in";
/// For how long a step may be finished, in milliseconds.
const STEP_HOLDS: i64 = 5 * 60_000;
/// Longest name of a browser that is kept, in characters.
const AGENT_LIMIT: usize = 200;

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Network address; empty where it is unknown.
    pub address: String,
    /// What the browser calls itself; may be empty.
    pub agent: String,
    /// Joins answer, audit and log.
    pub request_id: String,
}

impl Origin {
    /// A request from `address`.
    #[must_use]
    pub fn of(address: &str, request_id: &str) -> Self {
        Self { address: address.to_owned(), agent: String::new(), request_id: request_id.to_owned() }
    }
}

/// A session that has begun.
pub struct SignedIn {
    /// For the cookie; kept nowhere.
    pub token: String,
    /// Whose session.
    pub account: AccountView,
    /// The context of its first request.
    pub cx: OpContext,
    /// Recovery codes that were just made, to be shown once; mostly none.
    pub recovery_codes: Vec<String>,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("account", &self.account.username).finish_non_exhaustive()
    }
}

/// What is still to be done before the session begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A code of the second factor.
    SecondFactor,
    /// Another password.
    ChangePassword,
    /// Setting up a second factor.
    EnrolSecondFactor,
}

impl Step {
    /// The word in interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::ChangePassword => "change_password",
            Self::EnrolSecondFactor => "enrol_second_factor",
        }
    }
}

/// A step that is still to be done.
pub struct PendingStep {
    /// Which.
    pub step: Step,
    /// Brought back with it.
    pub ticket: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// Whose sign-in it is.
    pub username: String,
    /// Recovery codes that were just made, to be shown once; mostly none.
    pub recovery_codes: Vec<String>,
}

impl std::fmt::Debug for PendingStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingStep").field("step", &self.step).finish_non_exhaustive()
    }
}

/// How far a sign-in has come.
#[derive(Debug)]
pub enum SignInStep {
    /// The session has begun.
    Done(Box<SignedIn>),
    /// Something is still to be done.
    Pending(PendingStep),
}

/// What a ticket says: whose sign-in, under which password, what is next, and what was shown already.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Progress {
    account: ObjectId,
    stamp: [u8; 8],
    pub(super) step: Step,
    factor: bool,
}

fn stamp(account: &Account) -> [u8; 8] {
    let hash = sm3(account.password.as_bytes());
    std::array::from_fn(|place| hash[place])
}

pub(super) fn wrong() -> ServiceError {
    let advice = "请核对后重试，连续 5 次失败将锁定 30 分钟";
    ServiceError::Unauthenticated(Fault::new("AUTH-0101", "password", "用户名或密码不正确", advice))
}

fn over() -> ServiceError {
    ServiceError::Unauthenticated(Fault::new("AUTH-0120", "ticket", "登录步骤已失效", "请从输入用户名和密码重新开始"))
}

fn wrong_code() -> ServiceError {
    let advice = "请核对手机时间，等待下一个验证码或使用恢复码";
    ServiceError::Unauthenticated(Fault::new("AUTH-0121", "code", "验证码不正确或已经用过", advice))
}

fn unusable(reason: &str) -> ServiceError {
    ServiceError::Unauthenticated(Fault::new("AUTH-0103", "username", reason, "请联系安全管理员"))
}

/// Whoever tries to sign in, for the audit trail.
fn stranger(node: &Node, username: &str, origin: &Origin) -> OpContext {
    let mut cx = node.own_context(username);
    cx.actor.kind = ActorKind::Person;
    cx.address.clone_from(&origin.address);
    cx.request_id.clone_from(&origin.request_id);
    cx
}

fn failures(account: &Account) -> Failures {
    Failures { count: account.failures, last: account.failed_at, locked_until: account.locked_until }
}

fn locked(until: Timestamp, now: Timestamp) -> ServiceError {
    let text = Admission::Locked { until }.text(now).unwrap_or_default();
    let seconds = u64::try_from((until.millis() - now.millis()) / 1000 + 1).unwrap_or(1);
    let fault = Fault::new("AUTH-0102", "username", text, "如非本人操作，请立即联系安全管理员");
    ServiceError::TooMany { retry_after: seconds, fault }
}

fn refuse_locked(failures: &Failures, now: Timestamp) -> Result<()> {
    match LoginRules::default().admit(failures, now) {
        Admission::Locked { until } => Err(locked(until, now)),
        Admission::Allowed { .. } => Ok(()),
    }
}

/// Counts a failure against the name and the address, and writes it into the trail.
async fn note_failure(node: &Node, cx: &OpContext, account: Option<&Account>, reason: &str) -> Result<()> {
    let (now, name) = (node.now(), cx.actor.username.as_str());
    node.sign_ons.note_failure(name, &cx.address, now);
    let tx = node.store.begin().await?;
    match account {
        Some(account) => {
            // Read anew: of several failures at once, each counts.
            let current = tx.system_account(account.id).await?.unwrap_or_else(|| account.clone());
            let after = LoginRules::default().after_failure(&failures(&current), now);
            tx.note_failures(account.id, after.count, after.locked_until, now).await?;
        }
        None => node.sign_ons.note_stranger(name, now),
    }
    audit::note_outcome(&tx, cx, ("session.sign_in", "account", name), "failed", reason).await?;
    Ok(tx.commit().await?)
}

/// The form of passwords on this node.
#[derive(Clone, Copy, Debug)]
pub struct PasswordForm {
    /// Fewest characters.
    pub min_chars: usize,
    /// Most characters that are sure to fit.
    pub max_chars: usize,
    /// Of capital letters, small letters, digits and signs, how many sorts there must be.
    pub classes: usize,
    /// How many passwords of before may not come again.
    pub remembered: usize,
    /// For how many days a password holds; `None` for ever.
    pub days: Option<u32>,
}

/// The form of passwords on this node, for the pages.
#[must_use]
pub fn password_form(node: &Node) -> PasswordForm {
    PasswordForm {
        min_chars: MIN_CHARS,
        max_chars: MAX_BYTES / 4,
        classes: CLASSES,
        remembered: REMEMBERED,
        days: node.config.sign_on.password_days,
    }
}

/// Whether a captcha must be solved before the next try from this address.
#[must_use]
pub fn wants_captcha(node: &Node, origin: &Origin) -> bool {
    node.sign_ons.wants_captcha(&node.config.sign_on, "", &origin.address, node.now())
}

/// Begins a sign-in with name and password.
///
/// # Errors
/// `AUTH-0101` wrong, `AUTH-0102` locked, `AUTH-0103` not usable, `AUTH-0105` or `AUTH-0106` for the captcha, `AUTH-0107`
/// for too many tries.
pub async fn sign_in(
    node: &Node,
    origin: &Origin,
    username: &str,
    password: String,
    answer: Option<&Answer>,
) -> Result<SignInStep> {
    let (now, rules) = (node.now(), &node.config.sign_on);
    let password = Zeroizing::new(password);
    node.sign_ons.admit(rules, &origin.address, now)?;
    if username.len() > 256 || password.len() > MAX_BYTES {
        return Err(wrong());
    }
    let name = folded(username);
    let mut cx = stranger(node, &name, origin);
    let found = node.store.system_account_by_name(&name).await?;
    let failed = found.as_ref().map_or_else(|| node.sign_ons.stranger(&name), failures);
    refuse_locked(&failed, now)?;
    let left = match LoginRules::default().admit(&failed, now) {
        Admission::Allowed { left } => left,
        Admission::Locked { .. } => 0,
    };
    let many = LoginRules::default().max_failures.saturating_sub(left) >= rules.captcha_after;
    if many || node.sign_ons.wants_captcha(rules, &name, &origin.address, now) {
        captcha::check(node, answer).await?;
    }
    let stored = found.as_ref().map(|account| account.password.clone());
    let verdict = gate()?.verify(stored, password.clone()).await.map_err(at_fault)?;
    let Some(mut account) = found.clone().filter(|_| verdict != Verdict::Wrong) else {
        note_failure(node, &cx, found.as_ref(), "用户名或密码不正确").await?;
        return Err(wrong());
    };
    cx.actor.role.clone_from(&account.role);
    cx.division.clone_from(&account.division);
    admit_usable(node, &cx, &account).await?;
    node.sign_ons.note_success(&name);
    if verdict == Verdict::OkNeedsRehash {
        account = rehashed(node, account, &password).await?;
    }
    next(node, origin, &account, false, Vec::new()).await
}

/// Refuses whoever showed the right password of an account that may not be used.
async fn admit_usable(node: &Node, cx: &OpContext, account: &Account) -> Result<()> {
    let now = node.now();
    let reason = if !is_usable(account, now) {
        if account.state == super::ACTIVE { "账号已过有效期" } else { "账号已停用" }
    } else if account.password_until.is_some_and(|until| until <= now) {
        "一次性口令已过期"
    } else {
        return Ok(());
    };
    let tx = node.store.begin().await?;
    audit::note_outcome(&tx, cx, ("session.sign_in", "account", &account.username), "denied", reason).await?;
    tx.commit().await?;
    Err(unusable(reason))
}

async fn rehashed(node: &Node, account: Account, password: &str) -> Result<Account> {
    let newer = Account { password: hashed(node, password).await?, version: account.version + 1, ..account.clone() };
    let tx = node.store.begin().await?;
    tx.change_account(&newer, account.version).await?;
    tx.commit().await?;
    Ok(newer)
}

/// A session for an account that was proved elsewhere, such as by an outside identity provider. The local second factor is
/// asked for all the same unless `factor_done`.
///
/// # Errors
/// `AUTH-0103` when the account may not be used, `AUTH-0102` while it is locked.
pub async fn sign_in_linked(node: &Node, id: ObjectId, factor_done: bool, origin: &Origin) -> Result<SignInStep> {
    let account = node.store.system_account(id).await?.ok_or_else(|| unusable("账号不存在"))?;
    refuse_locked(&failures(&account), node.now())?;
    let cx = context(node, &account, origin, None)?;
    admit_usable(node, &cx, &account).await?;
    next(node, origin, &account, factor_done, Vec::new()).await
}

/// The next step of a sign-in, or the session.
async fn next(
    node: &Node,
    origin: &Origin,
    account: &Account,
    factor_done: bool,
    codes: Vec<String>,
) -> Result<SignInStep> {
    let book = Book::load(node).await?;
    let expired = password_expires(node, account).is_some_and(|until| until <= node.now());
    let step = if account.totp.is_some() && !factor_done {
        Step::SecondFactor
    } else if account.must_change || expired {
        Step::ChangePassword
    } else if account.totp.is_none() && !factor_done && book.needs_second_factor(&account.role) {
        Step::EnrolSecondFactor
    } else {
        return begin(node, origin, &book, account, factor_done, codes).await;
    };
    let progress = Progress { account: account.id, stamp: stamp(account), step, factor: factor_done };
    let (ticket, expires_at) = ticket::issue(node, PURPOSE, progress, STEP_HOLDS)?;
    Ok(SignInStep::Pending(PendingStep {
        step,
        ticket,
        expires_at,
        username: account.username.clone(),
        recovery_codes: codes,
    }))
}

async fn begin(
    node: &Node,
    origin: &Origin,
    book: &Book,
    account: &Account,
    second_factor: bool,
    recovery_codes: Vec<String>,
) -> Result<SignInStep> {
    let now = node.now();
    let made = new_session(&*node.entropy).map_err(at_fault)?;
    let mark = SessionMark { hash: made.hash, confirmed_at: now, second_factor };
    let cx = context(node, account, origin, Some(mark))?;
    let tx = node.store.begin().await?;
    tx.add_session(&Session {
        hash: made.hash,
        account: account.id,
        created_at: now,
        last_seen_at: now,
        expires_at: node.config.sessions.ends_at(now),
        address: origin.address.clone(),
        agent: origin.agent.chars().filter(|c| !c.is_control()).take(AGENT_LIMIT).collect(),
        confirmed_at: now,
        second_factor,
    })
    .await?;
    tx.note_sign_in(account.id, &origin.address, now).await?;
    audit::note(&tx, &cx, "session.sign_in", "account", &account.username, None, None).await?;
    tx.commit().await?;
    let account = view(node, book, account.clone())?;
    Ok(SignInStep::Done(Box::new(SignedIn { token: made.token, account, cx, recovery_codes })))
}

/// Opens a ticket of one of `steps` with the account as it is now.
async fn resumed(
    node: &Node,
    origin: &Origin,
    text: &str,
    steps: &[Step],
) -> Result<(Ticket<Progress>, Account, OpContext)> {
    let now = node.now();
    node.sign_ons.admit(&node.config.sign_on, &origin.address, now)?;
    let ticket = ticket::read::<Progress>(node, PURPOSE, text).filter(|ticket| steps.contains(&ticket.told.step));
    let ticket = ticket.ok_or_else(over)?;
    let account = node.store.system_account(ticket.told.account).await?;
    let same = |account: &Account| stamp(account) == ticket.told.stamp && is_usable(account, now);
    // A factor that was set up since must be shown and cannot be set up over.
    let meant = |account: &Account| ticket.told.step != Step::EnrolSecondFactor || account.totp.is_none();
    let account = account.filter(same).filter(meant).ok_or_else(over)?;
    refuse_locked(&failures(&account), now)?;
    let cx = context(node, &account, origin, None)?;
    Ok((ticket, account, cx))
}

/// Goes on with a code of the second factor or a recovery code; confirms the set-up while one is being set up.
///
/// # Errors
/// `AUTH-0120` when the ticket is over, `AUTH-0121` for a wrong or used code.
pub async fn second_factor(node: &Node, origin: &Origin, ticket: &str, code: &str) -> Result<SignInStep> {
    let steps = [Step::SecondFactor, Step::EnrolSecondFactor];
    let (ticket, mut account, cx) = resumed(node, origin, ticket, &steps).await?;
    let tx = node.store.begin().await?;
    let (right, codes) = if ticket.told.step == Step::SecondFactor {
        (factor::show(node, &tx, &account, code).await?, Vec::new())
    } else {
        match factor::settle(node, &tx, &cx, &account, code).await? {
            Some((changed, codes)) => {
                account = changed;
                (true, codes)
            }
            None => (false, Vec::new()),
        }
    };
    if !right {
        tx.rollback().await?;
        note_failure(node, &cx, Some(&account), "第二因素验证码不正确").await?;
        return Err(wrong_code());
    }
    if !ticket.spend(&tx).await? {
        tx.rollback().await?;
        return Err(over());
    }
    tx.commit().await?;
    next(node, origin, &account, true, codes).await
}

/// Begins to set up a second factor within a sign-in; the ticket stays the same.
///
/// # Errors
/// `AUTH-0120` when the ticket is over.
pub async fn enrol(node: &Node, origin: &Origin, ticket: &str) -> Result<factor::SetUp> {
    let (_, account, _) = resumed(node, origin, ticket, &[Step::EnrolSecondFactor]).await?;
    factor::prepare(node, &account).await
}

/// Goes on with another password.
///
/// # Errors
/// `AUTH-0120` when the ticket is over, faults `SEC-0111` to `SEC-0116` of the password.
pub async fn change_password(node: &Node, origin: &Origin, ticket: &str, password: &str) -> Result<SignInStep> {
    let (ticket, before, cx) = resumed(node, origin, ticket, &[Step::ChangePassword]).await?;
    let faults = password_faults(node, &before, password).await?;
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let phc = hashed(node, password).await?;
    let tx = node.store.begin().await?;
    if !ticket.spend(&tx).await? {
        tx.rollback().await?;
        return Err(over());
    }
    let mut after = before.clone();
    set_password(node, &tx, &mut after, phc).await?;
    super::write(&tx, &cx, "account.password", &before, &mut after).await?;
    tx.end_sessions_of(after.id).await?;
    tx.commit().await?;
    next(node, origin, &after, ticket.told.factor, Vec::new()).await
}

/// Ends a session. An unknown token is no error.
///
/// # Errors
/// When the database refuses.
pub async fn sign_out(node: &Node, token: &str, address: &str, request_id: &str) -> Result<()> {
    let Some(hash) = lookup_hash(token) else { return Ok(()) };
    let Some(session) = node.store.system_session(&hash).await? else { return Ok(()) };
    let Some(account) = node.store.system_account(session.account).await? else { return Ok(()) };
    let cx = context(node, &account, &Origin::of(address, request_id), None)?;
    let tx = node.store.begin().await?;
    if tx.end_session(&hash).await? {
        audit::note(&tx, &cx, "session.sign_out", "account", &account.username, None, None).await?;
    }
    Ok(tx.commit().await?)
}

fn not_signed_in(code: &str, reason: &str) -> ServiceError {
    ServiceError::Unauthenticated(Fault::new(code, "", reason, "请重新登录"))
}

/// Whose request it is; the session goes on from now.
///
/// # Errors
/// `AUTH-0104` without a session that holds.
pub async fn session(node: &Node, token: &str, address: &str, request_id: &str) -> Result<OpContext> {
    resume(node, token, &Origin::of(address, request_id), true).await
}

/// Whose request it is, without prolonging the session: for what a page asks by itself.
///
/// # Errors
/// As [`session`].
pub async fn session_quietly(node: &Node, token: &str, address: &str, request_id: &str) -> Result<OpContext> {
    resume(node, token, &Origin::of(address, request_id), false).await
}

async fn resume(node: &Node, token: &str, origin: &Origin, prolong: bool) -> Result<OpContext> {
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
    let account = node.store.system_account(session.account).await?.filter(|account| is_usable(account, now));
    let account = account.ok_or_else(none)?;
    if prolong && rules.should_touch(session.last_seen_at, now) {
        let tx = node.store.begin().await?;
        tx.touch_session(&hash, now).await?;
        tx.commit().await?;
    }
    let mark = SessionMark { hash, confirmed_at: session.confirmed_at, second_factor: session.second_factor };
    context(node, &account, origin, Some(mark))
}

/// Asks that the person has shown the password lately: before what is delicate.
///
/// # Errors
/// `AUTH-0140`, upon which the screens ask for the password and try again.
pub fn confirmed(node: &Node, cx: &OpContext) -> Result<()> {
    let lately = |mark: SessionMark| node.config.sessions.is_confirmed(mark.confirmed_at, cx.now);
    if cx.actor.kind == ActorKind::Job || cx.session.is_some_and(lately) {
        return Ok(());
    }
    let fault = Fault::new("AUTH-0140", "password", "该操作需要再次输入口令确认身份", "请输入本人登录口令后继续");
    Err(ServiceError::Forbidden(fault))
}

/// Takes the password of the person of a session; counts a wrong one like a failed sign-in.
///
/// # Errors
/// `AUTH-0101` for a wrong password, `AUTH-0102` when the account is locked.
pub(super) async fn own_password(node: &Node, cx: &OpContext, password: &str) -> Result<Account> {
    node.sign_ons.admit(&node.config.sign_on, &cx.address, cx.now)?;
    let account = node.store.system_account(cx.actor.id).await?.ok_or(ServiceError::NotFound("account"))?;
    refuse_locked(&failures(&account), cx.now)?;
    if password.len() > MAX_BYTES || !is_password(&account.password, password).await? {
        note_failure(node, cx, Some(&account), "口令确认失败").await?;
        return Err(wrong());
    }
    Ok(account)
}

/// Shows the password again within a session.
///
/// # Errors
/// As for signing in with a wrong password; `AUTH-0104` without a session.
pub async fn confirm(node: &Node, cx: &OpContext, password: &str) -> Result<()> {
    let Some(mark) = cx.session else { return Err(not_signed_in("AUTH-0104", "尚未登录或登录已失效")) };
    let account = own_password(node, cx, password).await?;
    let tx = node.store.begin().await?;
    tx.confirm_session(&mark.hash, node.now()).await?;
    if account.failures > 0 {
        tx.note_failures(account.id, 0, None, node.now()).await?;
    }
    audit::note(&tx, cx, "session.confirm", "account", &account.username, None, None).await?;
    Ok(tx.commit().await?)
}

/// When the session of the request ends: by idleness, and at the latest.
///
/// # Errors
/// `AUTH-0104` when it is gone.
pub async fn ends(node: &Node, cx: &OpContext) -> Result<(Timestamp, Timestamp)> {
    let none = || not_signed_in("AUTH-0104", "尚未登录或登录已失效");
    let mark = cx.session.ok_or_else(none)?;
    let session = node.store.system_session(&mark.hash).await?.ok_or_else(none)?;
    let rules = &node.config.sessions;
    Ok((rules.idle_ends_at(session.last_seen_at), rules.ends_at(session.created_at)))
}

/// Ends every session of an account, with a row of the trail when there were any.
pub(super) async fn end_all(tx: &Tx, cx: &OpContext, account: &Account) -> Result<u64> {
    let ended = tx.end_sessions_of(account.id).await?;
    if ended > 0 {
        let after = serde_json::json!({ "ended": ended }).to_string();
        audit::note(tx, cx, "session.end", "account", &account.username, None, Some(&after)).await?;
    }
    Ok(ended)
}
