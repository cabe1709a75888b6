//! A person's own account (个人中心): contact, password, preferences, sessions, asking for deletion. Rows, H-6.5.

use suyuan_crypto::hash::hex;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_security::session::SessionState;
use suyuan_store::account::Account;
use suyuan_store::session::Session;

use super::role::Book;
use super::{AccountView, hashed, password_expires, password_faults, personal, set_password, sign_on, view, write};
use crate::{Node, Result, ServiceError, audit};

/// Longest preferences, in bytes.
const PREFERENCES_LIMIT: usize = 8_192;

/// Hexadecimal digits of a session's name in interfaces: part of the hash, which opens nothing.
const NAME_DIGITS: usize = 32;

/// A person's own account.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The account, nothing masked.
    pub account: AccountView,
    /// Whether the role asks for a second factor.
    pub second_factor_required: bool,
    /// Recovery codes that are left.
    pub recovery_left: u64,
    /// When the password has to be changed.
    pub password_expires_at: Option<Timestamp>,
}

async fn own(node: &Node, cx: &OpContext) -> Result<Account> {
    node.store.system_account(cx.actor.id).await?.ok_or(ServiceError::NotFound("account"))
}

/// One's own account.
///
/// # Errors
/// When it is gone.
pub async fn read(node: &Node, cx: &OpContext) -> Result<Profile> {
    let (book, account) = (Book::load(node).await?, own(node, cx).await?);
    Ok(Profile {
        second_factor_required: book.needs_second_factor(&account.role),
        recovery_left: node.store.recovery_codes_left(account.id).await?,
        password_expires_at: password_expires(node, &account),
        account: view(node, &book, account)?,
    })
}

/// Changes name, telephone or address.
///
/// # Errors
/// Faults `AUTH-0117` to `AUTH-0119`, or somebody else was first.
pub async fn change(
    node: &Node,
    cx: &OpContext,
    version: u64,
    (display_name, phone, email): (Option<String>, Option<String>, Option<String>),
) -> Result<Profile> {
    let before = own(node, cx).await?;
    if before.version != version {
        return Err(ServiceError::changed_meanwhile());
    }
    let mut person = personal::open(node, &before)?;
    person.display_name = display_name.unwrap_or(person.display_name);
    person.phone = phone.unwrap_or(person.phone);
    person.email = email.unwrap_or(person.email);
    let person = person.trimmed();
    let faults = person.faults();
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let tx = node.store.begin().await?;
    let mut after = before.clone();
    after.personal = Some(personal::seal(node, &tx, before.id, &person).await?);
    write(&tx, cx, "account.profile", &before, &mut after).await?;
    tx.commit().await?;
    read(node, cx).await
}

/// Sets what the screens remember for the person.
///
/// # Errors
/// When it is larger than 8 KB.
pub async fn prefer(node: &Node, cx: &OpContext, preferences: &serde_json::Value) -> Result<Profile> {
    let text = preferences.to_string();
    if !preferences.is_object() || text.len() > PREFERENCES_LIMIT {
        return Err(ServiceError::invalid("AUTH-0130", "preferences", "个人设置过大或格式不正确", "请不超过 8 KB"));
    }
    let before = own(node, cx).await?;
    let mut after = Account { preferences: text, ..before.clone() };
    let tx = node.store.begin().await?;
    write(&tx, cx, "account.preferences", &before, &mut after).await?;
    tx.commit().await?;
    read(node, cx).await
}

/// Changes one's own password and ends all other sessions.
///
/// # Errors
/// `AUTH-0101` for a wrong old one, which counts like a failed sign-in; faults `SEC-0111` to `SEC-0116` of the new one.
pub async fn change_password(node: &Node, cx: &OpContext, old: &str, new: &str) -> Result<()> {
    let before = sign_on::own_password(node, cx, old).await?;
    let faults = password_faults(node, &before, new).await?;
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let phc = hashed(node, new).await?;
    let tx = node.store.begin().await?;
    let mut after = before.clone();
    set_password(node, &tx, &mut after, phc).await?;
    write(&tx, cx, "account.password", &before, &mut after).await?;
    match cx.session {
        Some(mark) => tx.end_other_sessions(after.id, &mark.hash).await?,
        None => tx.end_sessions_of(after.id).await?,
    };
    Ok(tx.commit().await?)
}

/// The name of a session in interfaces.
#[must_use]
pub fn session_name(session: &Session) -> String {
    hex(&session.hash).chars().take(NAME_DIGITS).collect()
}

/// Sessions of an account that still hold, newest first.
pub(super) async fn live_sessions(node: &Node, account: ObjectId) -> Result<Vec<Session>> {
    let (rules, now) = (&node.config.sessions, node.now());
    let live = |session: &Session| rules.state(session.created_at, session.last_seen_at, now) == SessionState::Live;
    Ok(node.store.sessions_of(account).await?.into_iter().filter(live).collect())
}

/// One's own sessions, newest first.
///
/// # Errors
/// When the database is out of reach.
pub async fn sessions(node: &Node, cx: &OpContext) -> Result<Vec<Session>> {
    live_sessions(node, cx.actor.id).await
}

/// Ends one of one's own sessions.
///
/// # Errors
/// When there is none of this name.
pub async fn end_session(node: &Node, cx: &OpContext, name: &str) -> Result<()> {
    let own = node.store.sessions_of(cx.actor.id).await?;
    let session = own.iter().find(|session| session_name(session) == name).ok_or(ServiceError::NotFound("session"))?;
    let tx = node.store.begin().await?;
    tx.end_session(&session.hash).await?;
    audit::note(&tx, cx, "session.end", "account", &cx.actor.username, None, None).await?;
    Ok(tx.commit().await?)
}

/// Ends all of one's own sessions but the one that asks; gives how many.
///
/// # Errors
/// Without a session.
pub async fn end_others(node: &Node, cx: &OpContext) -> Result<u64> {
    let mark = cx.session.ok_or(ServiceError::NotFound("session"))?;
    let tx = node.store.begin().await?;
    let ended = tx.end_other_sessions(cx.actor.id, &mark.hash).await?;
    let after = serde_json::json!({ "ended": ended }).to_string();
    audit::note(&tx, cx, "session.end", "account", &cx.actor.username, None, Some(&after)).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Asks for the deletion of one's own account; a security administrator confirms it.
///
/// # Errors
/// `AUTH-0140` when the password was not shown lately.
pub async fn ask_deletion(node: &Node, cx: &OpContext) -> Result<Profile> {
    sign_on::confirmed(node, cx)?;
    mark(node, cx, "requested", "account.deletion.request").await
}

/// Takes the wish for deletion back.
///
/// # Errors
/// When it was confirmed already.
pub async fn withdraw_deletion(node: &Node, cx: &OpContext) -> Result<Profile> {
    mark(node, cx, "none", "account.deletion.withdraw").await
}

async fn mark(node: &Node, cx: &OpContext, state: &str, action: &str) -> Result<Profile> {
    let before = own(node, cx).await?;
    if before.deletion == "confirmed" {
        let fault = Fault::new("AUTH-0131", "", "注销已确认", "如需撤销，请联系安全管理员");
        return Err(ServiceError::Conflict(fault));
    }
    if before.deletion != state {
        let at = (state != "none").then_some(cx.now);
        let mut after = Account { deletion: state.to_owned(), deletion_at: at, ..before.clone() };
        let tx = node.store.begin().await?;
        write(&tx, cx, action, &before, &mut after).await?;
        tx.commit().await?;
    }
    read(node, cx).await
}
