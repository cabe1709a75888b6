//! What a person lets an application know (授权): the request that the application sends the browser with, the answer of the
//! person, and the code that goes back.
//!
//! The session's cookie is never sent along from another site, so the request is kept here and answered from our own page.
//! Rows: H-9.4.

use serde::{Deserialize, Serialize};
use suyuan_crypto::token::{new_token, token_hash};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_security::openid::is_verifier;
use suyuan_store::openid::{ClientRow, GrantRow, TokenRow};

use super::client::{ACTIVE, texts};
use super::{SCOPES, issuer, with_query};
use crate::{Node, Result, ServiceError, audit};

/// For how long a request waits for the person, in milliseconds.
const WAITS: i64 = 10 * 60_000;
/// For how long a code may be redeemed, in milliseconds.
const CODE_HOLDS: i64 = 60_000;
/// Longest mark of an application, in bytes.
const LONGEST: usize = 1_000;

/// What the application sent, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Has to be `code`.
    pub response_type: String,
    /// The application.
    pub client_id: String,
    /// Where the browser is to be sent back to.
    pub redirect_uri: String,
    /// What is wanted, with blanks between.
    pub scope: String,
    /// Comes back with the answer.
    pub state: String,
    /// Comes back in the ID token.
    pub nonce: String,
    /// S256 of the code verifier.
    pub code_challenge: String,
    /// Has to be `S256`.
    pub code_challenge_method: String,
    /// `none`, `login`, `consent`.
    pub prompt: String,
    /// Seconds since the person showed who he is, at most.
    pub max_age: String,
    /// Has to be `query` or empty.
    pub response_mode: String,
    /// Not supported.
    pub request: String,
    /// Not supported.
    pub request_uri: String,
}

/// What is kept of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    state: String,
    pub(super) nonce: String,
    pub(super) challenge: String,
    asked_at: Timestamp,
    anew: bool,
    asks: bool,
    max_age: Option<i64>,
    #[serde(default)]
    pub(super) auth_time: Timestamp,
    #[serde(default)]
    pub(super) second_factor: bool,
}

/// Where the browser goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// To our own page, to answer this request.
    Page(ObjectId),
    /// Back to the application.
    Back(String),
}

/// The answer to a request that cannot be sent back, because nobody knows where that is.
fn stranger(code: &str, field: &str, reason: &str) -> ServiceError {
    ServiceError::invalid(code, field, reason, "请联系该应用的管理单位核对登记信息")
}

/// Takes the request of an application.
///
/// # Errors
/// `OID-0201` for an unknown application and `OID-0202` for an address that is not registered: such requests are never
/// answered by sending the browser anywhere. `AUTH-0107` for too many of one address.
pub async fn begin(node: &Node, asked: &Asked, address: &str) -> Result<Next> {
    node.sign_ons.admit(&node.config.sign_on, address, node.now())?;
    let client = node.store.system_openid_client(&asked.client_id).await?.filter(|client| client.state == ACTIVE);
    let client = client.ok_or_else(|| stranger("OID-0201", "client_id", "该应用未登记或已停用"))?;
    if !texts(&client.redirect_uris).contains(&asked.redirect_uri) {
        return Err(stranger("OID-0202", "redirect_uri", "回跳地址未登记"));
    }
    let body = match read(&client, asked, node.now()) {
        Ok(body) => body,
        Err((error, text)) => {
            let pairs =
                [("error", error), ("error_description", text), ("state", kept_state(asked)), ("iss", issuer(node))];
            return Ok(Next::Back(with_query(&asked.redirect_uri, &pairs)));
        }
    };
    let (id, until) = (node.mint(), node.now().plus_millis(WAITS));
    let tx = node.store.begin().await?;
    tx.keep_openid_request(id, &client.id, &serde_json::to_string(&body)?, until).await?;
    tx.commit().await?;
    Ok(Next::Page(id))
}

fn kept_state(asked: &Asked) -> &str {
    if asked.state.len() <= LONGEST { &asked.state } else { "" }
}

fn read(client: &ClientRow, asked: &Asked, now: Timestamp) -> std::result::Result<Body, (&'static str, &'static str)> {
    if asked.response_type != "code" {
        return Err(("unsupported_response_type", "only response_type=code"));
    }
    if !asked.request.is_empty() || !asked.request_uri.is_empty() {
        return Err(("request_not_supported", "request objects are not supported"));
    }
    if !matches!(asked.response_mode.as_str(), "" | "query") {
        return Err(("invalid_request", "only response_mode=query"));
    }
    if asked.code_challenge_method != "S256" || asked.code_challenge.len() != 43 || !is_verifier(&asked.code_challenge)
    {
        return Err(("invalid_request", "code_challenge with S256 is required"));
    }
    if asked.state.len() > LONGEST || asked.nonce.len() > LONGEST {
        return Err(("invalid_request", "state or nonce is too long"));
    }
    let may = texts(&client.scopes);
    let wanted: Vec<&str> = asked.scope.split(' ').collect();
    if !wanted.contains(&"openid") {
        return Err(("invalid_scope", "scope openid is required"));
    }
    if asked.prompt == "none" {
        return Err(("interaction_required", "the person answers on our own page"));
    }
    let max_age = (!asked.max_age.is_empty()).then(|| asked.max_age.parse::<u32>());
    let max_age = max_age.transpose().map_err(|_| ("invalid_request", "max_age is no number"))?;
    Ok(Body {
        redirect_uri: asked.redirect_uri.clone(),
        scopes: may.into_iter().filter(|scope| wanted.contains(&scope.as_str())).collect(),
        state: asked.state.clone(),
        nonce: asked.nonce.clone(),
        challenge: asked.code_challenge.clone(),
        asked_at: now,
        anew: asked.prompt.split(' ').any(|word| word == "login"),
        asks: asked.prompt.split(' ').any(|word| word == "consent"),
        max_age: max_age.map(i64::from),
        auth_time: now,
        second_factor: false,
    })
}

/// A request as the person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestView {
    /// The application.
    pub client_id: String,
    /// Its name.
    pub client_name: String,
    /// What it would know: code and words.
    pub scopes: Vec<(String, String)>,
    /// Whether the person has to agree; otherwise the page answers at once.
    pub needs_consent: bool,
    /// Until when it may be answered.
    pub expires_at: Timestamp,
}

async fn waiting(node: &Node, id: ObjectId) -> Result<(ClientRow, Body, Timestamp)> {
    let none = || ServiceError::NotFound("该登录请求");
    let (client, body, expires_at) = node.store.system_openid_request(id).await?.ok_or_else(none)?;
    if expires_at <= node.now() {
        return Err(none());
    }
    let client = node.store.system_openid_client(&client).await?.filter(|client| client.state == ACTIVE);
    Ok((client.ok_or_else(none)?, serde_json::from_str(&body)?, expires_at))
}

async fn needs_consent(node: &Node, cx: &OpContext, client: &ClientRow, body: &Body) -> Result<bool> {
    if !client.consent {
        return Ok(body.asks);
    }
    let given = node.store.system_openid_consent(cx.actor.id, &client.id).await?;
    let given = given.map(|scopes| texts(&scopes)).unwrap_or_default();
    Ok(body.asks || !body.scopes.iter().all(|scope| given.contains(scope)))
}

/// A request that waits for the person of the session.
///
/// # Errors
/// When it is unknown or over.
pub async fn show(node: &Node, cx: &OpContext, id: ObjectId) -> Result<RequestView> {
    let (client, body, expires_at) = waiting(node, id).await?;
    let needs_consent = needs_consent(node, cx, &client, &body).await?;
    let named = |scope: &String| {
        let words = SCOPES.iter().find(|(code, _)| code == scope).map_or(scope.as_str(), |(_, words)| *words);
        (scope.clone(), words.to_owned())
    };
    Ok(RequestView {
        scopes: body.scopes.iter().map(named).collect(),
        client_id: client.id,
        client_name: client.name,
        needs_consent,
        expires_at,
    })
}

/// The person's answer; gives where the browser goes.
///
/// # Errors
/// When the request is unknown, over or answered; `AUTH-0140` when the application wants the password shown anew.
pub async fn answer(node: &Node, cx: &OpContext, id: ObjectId, approve: bool) -> Result<String> {
    let (client, mut body, _) = waiting(node, id).await?;
    let none = || ServiceError::NotFound("该登录请求");
    let mark = cx.session.ok_or_else(none)?;
    let session = node.store.system_session(&mark.hash).await?.ok_or_else(none)?;
    let too_old = body.max_age.is_some_and(|most| cx.now.millis() - mark.confirmed_at.millis() > most * 1000);
    if approve && (too_old || (body.anew && mark.confirmed_at < body.asked_at)) {
        let fault = Fault::new("AUTH-0140", "password", "该应用要求重新确认身份", "请输入本人登录口令后继续");
        return Err(ServiceError::Forbidden(fault));
    }
    body.auth_time = mark.confirmed_at;
    body.second_factor = mark.second_factor;
    let tx = node.store.begin().await?;
    if !tx.end_openid_request(id).await? {
        return Err(none());
    }
    let told = serde_json::json!({ "client": client.id, "scopes": body.scopes }).to_string();
    if !approve {
        audit::note(&tx, cx, "grant.refuse", "client", &client.id, None, Some(&told)).await?;
        tx.commit().await?;
        let pairs = [("error", "access_denied"), ("state", body.state.as_str()), ("iss", issuer(node))];
        return Ok(with_query(&body.redirect_uri, &pairs));
    }
    let grant = GrantRow {
        id: node.mint(),
        client: client.id.clone(),
        account: cx.actor.id,
        session: mark.hash,
        body: serde_json::to_string(&body)?,
        created_at: cx.now,
        ends_at: session.expires_at,
        ended_at: None,
    };
    let code = new_token(&*node.entropy)?;
    let expires_at = cx.now.plus_millis(CODE_HOLDS);
    let row = TokenRow { kind: "code".to_owned(), issue: grant.id, expires_at, used_at: None };
    tx.add_openid_grant(&grant).await?;
    tx.add_openid_token(&token_hash(&code), &row).await?;
    if client.consent {
        tx.keep_openid_consent(cx.actor.id, &client.id, &serde_json::to_string(&body.scopes)?, cx.now).await?;
    }
    audit::note(&tx, cx, "grant.grant", "client", &client.id, None, Some(&told)).await?;
    tx.commit().await?;
    let pairs = [("code", code.as_str()), ("state", body.state.as_str()), ("iss", issuer(node))];
    Ok(with_query(&body.redirect_uri, &pairs))
}
