//! Signing in with an outside provider (统一身份登录) and the links of its identities to accounts.
//!
//! An account is found by an explicit link only, never by a name or an address that the provider tells: a link is made by the
//! person after signing in with the password, or by a security administrator. Rows: H-9.4, A-6.1.

use serde::{Deserialize, Serialize};
use suyuan_crypto::hash::constant_time_eq;
use suyuan_crypto::seal::{open, place, seal};
use suyuan_crypto::token::{new_token, token_hash};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_exchange::openid::{self as protocol, Identity, Marks, OpenIdError, Provider};
use suyuan_security::context::{ActorKind, OpContext};
use suyuan_security::policy::{Action, Kind};
use suyuan_store::openid::IdentityRow;

use super::{PartnerSettings, issuer};
use crate::account::{Origin, SignInStep, confirmed, sign_in_linked};
use crate::{Node, Result, ServiceError, audit};

/// For how long the browser may stay with the provider, in milliseconds.
const WAITS: i64 = 10 * 60_000;
/// Longest subject of a provider (OpenID Connect Core 2), in characters.
const SUBJECT_LIMIT: usize = 255;
/// Where the browser goes when nothing else was asked for.
const HOME: &str = "/console";
/// The page on which links are made.
const PROFILE: &str = "/console/profile";

/// What can keep somebody from signing in, with the words for people: code, what, what to do.
pub const TROUBLES: [(&str, &str, &str); 8] = [
    ("OID-0101", "本次登录已过期，或不是在同一浏览器中发起的", "请返回登录页重新点击登录"),
    ("OID-0102", "统一身份平台拒绝了登录", "请重新登录；仍不成功时请联系统一身份平台的管理单位"),
    ("OID-0103", "统一身份平台无法访问", "请稍后再试，或使用用户名和口令登录"),
    ("OID-0104", "统一身份平台返回的身份令牌无效", "请将时间和本提示告知系统管理员"),
    (
        "OID-0105",
        "该统一身份尚未绑定本平台的账号",
        "请先用用户名和口令登录，在个人中心绑定统一身份，或联系安全管理员绑定",
    ),
    ("OID-0106", "绑定的账号已停用或不能登录", "请联系安全管理员"),
    ("OID-0107", "未配置统一身份登录", "请使用用户名和口令登录"),
    ("OID-0108", "该统一身份已绑定账号", "请先解除原有绑定"),
];

fn trouble(code: &str) -> Fault {
    let (code, reason, advice) = TROUBLES.iter().find(|(known, _, _)| *known == code).unwrap_or(&TROUBLES[1]);
    Fault::new(*code, "", *reason, *advice)
}

/// What is remembered while the browser is with the provider.
#[derive(Serialize, Deserialize)]
struct Pending {
    nonce: String,
    verifier: String,
    back: String,
    /// For whom a link is made; `None` for signing in.
    link: Option<(ObjectId, String)>,
}

/// A sign-in that has begun.
pub struct Begun {
    /// Where the browser goes.
    pub location: String,
    /// Stays in the browser and shows that it is the same one that comes back.
    pub browser: String,
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Begun(..)")
    }
}

fn settings(node: &Node) -> Result<&PartnerSettings> {
    node.config.openid.as_ref().ok_or_else(|| ServiceError::Conflict(trouble("OID-0107")))
}

fn provider(node: &Node, settings: &PartnerSettings) -> Provider {
    Provider {
        issuer: settings.issuer.clone(),
        client_id: settings.client_id.clone(),
        secret: settings.secret.clone(),
        redirect_uri: format!("{}/oidc/callback", issuer(node)),
    }
}

/// Where the browser goes after signing in: an own page, never another site.
fn own_path(back: &str) -> &str {
    let own = back.starts_with('/') && !back.starts_with("//") && !back.starts_with("/\\") && back.len() <= 500;
    if own && !back.chars().any(|c| c.is_control() || c == '\\') { back } else { HOME }
}

/// Begins a sign-in; afterwards the browser goes to `back`.
///
/// # Errors
/// `OID-0107` where no provider is configured, `OID-0103` when it does not answer, `AUTH-0107` for too many of one address.
pub async fn begin(node: &Node, back: &str, origin: &Origin) -> Result<Begun> {
    settings(node)?;
    node.sign_ons.admit(&node.config.sign_on, &origin.address, node.now())?;
    start(node, own_path(back), None).await
}

/// Begins to link an outside identity to the account of the session.
///
/// # Errors
/// As [`begin`]; when the person has not shown the password lately.
pub async fn begin_link(node: &Node, cx: &OpContext) -> Result<Begun> {
    confirmed(node, cx)?;
    start(node, PROFILE, Some((cx.actor.id, cx.actor.username.clone()))).await
}

fn at_place(state: &[u8]) -> Vec<u8> {
    place(&["openid_pending", "sealed", &suyuan_crypto::hash::hex(state)])
}

async fn start(node: &Node, back: &str, link: Option<(ObjectId, String)>) -> Result<Begun> {
    let settings = settings(node)?;
    let token = || new_token(&*node.entropy);
    let (browser, marks) = (token()?, Marks { state: token()?, nonce: token()?, verifier: token()? });
    let location = protocol::begin(node.peers.http(), &provider(node, settings), &marks).await;
    let location = location.map_err(|error| refused(&error))?;
    let state = token_hash(&marks.state);
    let Marks { nonce, verifier, .. } = marks;
    let pending = serde_json::to_vec(&Pending { nonce, verifier, back: back.to_owned(), link })?;
    let sealed = seal(&node.sealing_key, &at_place(&state), &pending, &*node.entropy)?;
    let until = node.now().plus_millis(WAITS);
    let tx = node.store.begin().await?;
    tx.keep_openid_pending(&state, &token_hash(&browser), sealed, until).await?;
    tx.commit().await?;
    Ok(Begun { location, browser })
}

fn refused(error: &OpenIdError) -> ServiceError {
    tracing::warn!(error = %error, "sign-in with the outside provider");
    let code = match error {
        OpenIdError::Unreachable(_) => "OID-0103",
        OpenIdError::Refused(_) => "OID-0102",
        OpenIdError::Token(_) => "OID-0104",
    };
    ServiceError::Unauthenticated(trouble(code))
}

/// What the browser brings back.
#[derive(Clone, Default)]
pub struct Returned {
    /// The mark of the sign-in.
    pub state: String,
    /// The code; empty when the provider refused.
    pub code: String,
    /// Why the provider refused; mostly empty.
    pub error: String,
    /// Who answers, where the provider says so (RFC 9207).
    pub iss: String,
    /// What stayed in the browser.
    pub browser: String,
}

/// What comes of it.
#[derive(Debug)]
pub enum Arrived {
    /// The session has begun, or a step is missing; the browser goes to the path.
    SignedIn(Box<SignInStep>, String),
    /// The identity is linked; the browser goes to the path.
    Linked(String),
}

/// Finishes a sign-in or a link.
///
/// # Errors
/// One of [`TROUBLES`], with the path to which the browser goes.
pub async fn finish(
    node: &Node,
    returned: &Returned,
    origin: &Origin,
) -> std::result::Result<Arrived, (ServiceError, String)> {
    let at_login = |error: ServiceError| (error, "/login".to_owned());
    let pending = taken(node, returned).await.map_err(at_login)?;
    let back = if pending.link.is_some() { PROFILE } else { "/login" }.to_owned();
    match conclude(node, returned, origin, pending).await {
        Ok(arrived) => Ok(arrived),
        Err(error) => {
            note_failure(node, origin, &error).await.map_err(|error| (error, back.clone()))?;
            Err((error, back))
        }
    }
}

/// The sign-in that the browser comes back from. It is gone with this, whatever comes of it.
async fn taken(node: &Node, returned: &Returned) -> Result<Pending> {
    let none = || ServiceError::Unauthenticated(trouble("OID-0101"));
    if returned.state.len() > 128 || returned.browser.len() > 128 || returned.code.len() > 4_096 {
        return Err(none());
    }
    let state = token_hash(&returned.state);
    let tx = node.store.begin().await?;
    let found = tx.take_openid_pending(&state).await?;
    tx.commit().await?;
    let (browser, sealed, expires_at) = found.ok_or_else(none)?;
    if expires_at <= node.now() || !constant_time_eq(&browser, &token_hash(&returned.browser)) {
        return Err(none());
    }
    let plain = open(&node.sealing_key, &at_place(&state), &sealed)?;
    Ok(serde_json::from_slice(&plain)?)
}

async fn conclude(node: &Node, returned: &Returned, origin: &Origin, pending: Pending) -> Result<Arrived> {
    let settings = settings(node)?;
    let mixed_up = !returned.iss.is_empty() && returned.iss != settings.issuer;
    if returned.code.is_empty() || !returned.error.is_empty() || mixed_up {
        return Err(ServiceError::Unauthenticated(trouble("OID-0102")));
    }
    let marks = Marks { state: returned.state.clone(), nonce: pending.nonce, verifier: pending.verifier };
    let provider = provider(node, settings);
    let found = protocol::finish(node.peers.http(), &provider, &marks, &returned.code, node.now()).await;
    let identity = found.map_err(|error| refused(&error))?;
    if let Some((account, username)) = pending.link {
        let mut cx = stranger(node, origin, &username);
        cx.actor.id = account;
        linked(node, &cx, account, &identity.issuer, &identity.subject).await?;
        return Ok(Arrived::Linked(pending.back));
    }
    signed_in(node, origin, settings, &identity, pending.back).await
}

async fn signed_in(
    node: &Node,
    origin: &Origin,
    settings: &PartnerSettings,
    identity: &Identity,
    back: String,
) -> Result<Arrived> {
    let link = node.store.system_identity(&identity.issuer, &identity.subject).await?;
    let link = link.ok_or_else(|| ServiceError::Unauthenticated(trouble("OID-0105")))?;
    let strong = settings.strong_acr.contains(&identity.acr);
    let step = sign_in_linked(node, link.account, strong, origin).await;
    let step = step.map_err(|error| match error {
        ServiceError::Unauthenticated(_) => ServiceError::Unauthenticated(trouble("OID-0106")),
        other => other,
    })?;
    let tx = node.store.begin().await?;
    tx.use_identity(link.id, node.now()).await?;
    tx.commit().await?;
    Ok(Arrived::SignedIn(Box::new(step), back))
}

fn stranger(node: &Node, origin: &Origin, username: &str) -> OpContext {
    let mut cx = node.own_context(username);
    cx.actor.kind = ActorKind::Person;
    cx.address.clone_from(&origin.address);
    cx.request_id.clone_from(&origin.request_id);
    cx
}

async fn note_failure(node: &Node, origin: &Origin, error: &ServiceError) -> Result<()> {
    let (ServiceError::Unauthenticated(fault) | ServiceError::Conflict(fault)) = error else { return Ok(()) };
    let cx = stranger(node, origin, "openid");
    let reason = format!("{} {}", fault.code, fault.reason);
    audit::guard::bounded(node, &cx, ("session.sign_in", "identity", ""), "failed", &reason).await
}

async fn linked(node: &Node, cx: &OpContext, account: ObjectId, issuer: &str, subject: &str) -> Result<IdentityRow> {
    let taken = || ServiceError::Conflict(trouble("OID-0108"));
    if node.store.system_identity(issuer, subject).await?.is_some() {
        return Err(taken());
    }
    let found = node.store.system_account(account).await?.ok_or(ServiceError::NotFound("account"))?;
    let link = IdentityRow {
        id: node.mint(),
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        account,
        linked_at: node.now(),
        linked_by: cx.actor.username.clone(),
        last_used_at: None,
    };
    let tx = node.store.begin().await?;
    tx.link_identity(&link).await.map_err(|error| if error.is_unique_violation() { taken() } else { error.into() })?;
    let told = serde_json::json!({ "issuer": issuer, "subject": masked(subject) }).to_string();
    audit::note(&tx, cx, "identity.link", "account", &found.username, None, Some(&told)).await?;
    tx.commit().await?;
    Ok(link)
}

/// A link as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkView {
    /// The link.
    pub id: ObjectId,
    /// The provider.
    pub issuer: String,
    /// Its name.
    pub issuer_name: String,
    /// The provider's identifier of the person, masked.
    pub subject: String,
    /// When it was made.
    pub linked_at: Timestamp,
    /// When somebody last signed in by it.
    pub last_used_at: Option<Timestamp>,
}

fn masked(subject: &str) -> String {
    suyuan_domain::search::mask_id(subject)
}

fn view(node: &Node, link: IdentityRow) -> LinkView {
    let known = node.config.openid.as_ref().filter(|settings| settings.issuer == link.issuer);
    LinkView {
        id: link.id,
        issuer_name: known.map_or_else(|| link.issuer.clone(), |settings| settings.name.clone()),
        subject: masked(&link.subject),
        issuer: link.issuer,
        linked_at: link.linked_at,
        last_used_at: link.last_used_at,
    }
}

/// The links of the account of the session.
///
/// # Errors
/// When the database is out of reach.
pub async fn own(node: &Node, cx: &OpContext) -> Result<Vec<LinkView>> {
    let links = node.store.system_identities_of(cx.actor.id).await?;
    Ok(links.into_iter().map(|link| view(node, link)).collect())
}

/// Takes a link of the account of the session away.
///
/// # Errors
/// When there is none, or the person has not shown the password lately.
pub async fn unlink_own(node: &Node, cx: &OpContext, id: ObjectId) -> Result<()> {
    confirmed(node, cx)?;
    unlinked(node, cx, cx.actor.id, &cx.actor.username, id).await
}

async fn unlinked(node: &Node, cx: &OpContext, account: ObjectId, username: &str, id: ObjectId) -> Result<()> {
    let tx = node.store.begin().await?;
    if !tx.unlink_identity(account, id).await? {
        return Err(ServiceError::NotFound("该绑定"));
    }
    audit::note(&tx, cx, "identity.unlink", "account", username, None, None).await?;
    Ok(tx.commit().await?)
}

/// The name of an account that the actor may authorise.
async fn in_scope(node: &Node, cx: &OpContext, account: ObjectId) -> Result<String> {
    cx.authorize(Action::Authorise, Kind::Account)?;
    let found = node.store.system_account(account).await?;
    let found = found.filter(|account| cx.scope.covers_division(&account.division));
    Ok(found.ok_or(ServiceError::NotFound("account"))?.username)
}

/// The links of an account, for a security administrator.
///
/// # Errors
/// When the actor may not, or the account is out of scope.
pub async fn of_account(node: &Node, cx: &OpContext, account: ObjectId) -> Result<Vec<LinkView>> {
    in_scope(node, cx, account).await?;
    let links = node.store.system_identities_of(account).await?;
    Ok(links.into_iter().map(|link| view(node, link)).collect())
}

/// Links an identity of the configured provider to an account, for a security administrator.
///
/// # Errors
/// When the actor may not, the account is out of scope, or the identity is linked (`OID-0108`).
pub async fn link(node: &Node, cx: &OpContext, account: ObjectId, subject: &str) -> Result<LinkView> {
    in_scope(node, cx, account).await?;
    confirmed(node, cx)?;
    let issuer = settings(node)?.issuer.clone();
    let subject = subject.trim();
    let plain = !subject.chars().any(char::is_control) && subject.chars().count() <= SUBJECT_LIMIT;
    if subject.is_empty() || !plain {
        let advice = "请填写统一身份平台给出的用户唯一标识（sub），不超过 255 个字符";
        return Err(ServiceError::invalid("OID-0109", "subject", "统一身份标识不正确", advice));
    }
    Ok(view(node, linked(node, cx, account, &issuer, subject).await?))
}

/// Takes a link of an account away, for a security administrator.
///
/// # Errors
/// When the actor may not, or there is none.
pub async fn unlink(node: &Node, cx: &OpContext, account: ObjectId, id: ObjectId) -> Result<()> {
    let username = in_scope(node, cx, account).await?;
    unlinked(node, cx, account, &username, id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_9_4_nobody_is_sent_to_another_site_after_signing_in() {
        for (back, expected) in [
            ("/console/subjects?q=1", "/console/subjects?q=1"),
            ("//evil.example.cn", HOME),
            ("/\\evil.example.cn", HOME),
            ("/a\\b", HOME),
            ("https://evil.example.cn", HOME),
            ("", HOME),
        ] {
            assert_eq!(own_path(back), expected);
        }
    }
}
