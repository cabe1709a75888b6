//! What an application is given for a code (令牌): access tokens, ID tokens, refresh tokens that change with every use, and what
//! they tell of the person.
//!
//! A token holds only as long as the session in which it was granted: signing out, disabling the account or the application
//! ends it at once. A code or refresh token that comes a second time ends everything that was given for it. Rows: H-9.4.

use serde::Serialize;
use suyuan_crypto::hash::constant_time_eq;
use suyuan_crypto::token::{new_token, token_hash};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_security::openid::{Claims, NamedKey, Organization, challenge, hinted, id_token};
use suyuan_security::session::SessionState;
use suyuan_store::Tx;
use suyuan_store::account::Account;
use suyuan_store::openid::{ClientRow, GrantRow, TokenRow};

use super::authorize::Body;
use super::client::{ACTIVE, texts};
use super::{issuer, key, with_query};
use crate::account::{self, is_usable};
use crate::{Node, OpContext, ServiceError, audit};

/// For how long an ID token holds, in milliseconds.
pub(super) const ID_TOKEN_HOLDS: i64 = 10 * 60_000;
/// For how long an access token holds, in milliseconds.
const ACCESS_HOLDS: i64 = 10 * 60_000;
/// Longest token text that is looked up.
const TOKEN_LIMIT: usize = 128;

/// Why nothing is given, in the words of RFC 6749.
#[derive(Debug)]
pub enum GrantError {
    /// A parameter is missing or stands twice.
    Request(&'static str),
    /// The application is unknown, disabled, or its secret is wrong.
    Client,
    /// The code or refresh token is unknown, over, used, or of another application.
    Grant,
    /// The application may not do this.
    Unauthorized,
    /// Another way of asking than the two that are known.
    Type,
    /// The access token does not hold.
    Token,
    /// The node itself.
    Server(ServiceError),
}

impl GrantError {
    /// The code of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Request(_) => "invalid_request",
            Self::Client => "invalid_client",
            Self::Grant => "invalid_grant",
            Self::Unauthorized => "unauthorized_client",
            Self::Type => "unsupported_grant_type",
            Self::Token => "invalid_token",
            Self::Server(_) => "server_error",
        }
    }

    /// What is wrong, for the makers of the application.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        match self {
            Self::Request(text) => text,
            Self::Client => "应用未登记、已停用或密钥不正确",
            Self::Grant => "授权码或续期令牌无效、已过期或已使用",
            Self::Unauthorized => "该应用不能这样请求",
            Self::Type => "仅支持 authorization_code 和 refresh_token",
            Self::Token => "访问令牌无效或已失效",
            Self::Server(_) => "系统内部错误，请稍后再试",
        }
    }
}

impl<E: Into<ServiceError>> From<E> for GrantError {
    fn from(error: E) -> Self {
        Self::Server(error.into())
    }
}

type Result<T> = std::result::Result<T, GrantError>;

/// How an application says which one it is.
#[derive(Clone, Default)]
pub struct ClientAuth {
    /// Its name in the protocol.
    pub id: String,
    /// Its secret.
    pub secret: Option<String>,
    /// Where the request comes from.
    pub address: String,
    /// Joins answer, audit and log.
    pub request_id: String,
}

impl std::fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientAuth").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What an application asks for at the token address.
#[derive(Clone, Default)]
pub struct TokenAsked {
    /// `authorization_code` or `refresh_token`.
    pub grant_type: String,
    /// The code.
    pub code: String,
    /// As in the request for the code.
    pub redirect_uri: String,
    /// Whose S256 was in the request for the code.
    pub code_verifier: String,
    /// The refresh token.
    pub refresh_token: String,
}

/// What it is given.
#[derive(Serialize)]
pub struct TokenGiven {
    /// For asking about the person.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds for which the access token holds.
    pub expires_in: i64,
    /// Says who the person is.
    pub id_token: String,
    /// For the next access token, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What may be known.
    pub scope: String,
}

/// The context of an application's own request.
fn context(node: &Node, auth: &ClientAuth) -> OpContext {
    let mut cx = node.own_context(&format!("app:{}", auth.id.chars().take(64).collect::<String>()));
    cx.address.clone_from(&auth.address);
    cx.request_id.clone_from(&auth.request_id);
    "app".clone_into(&mut cx.actor.role);
    cx
}

async fn authenticate(node: &Node, auth: &ClientAuth) -> Result<ClientRow> {
    let client = node.store.system_openid_client(&auth.id).await?;
    let proved = client.filter(|client| {
        let secret = match (&client.secret, &auth.secret) {
            (Some(kept), Some(told)) => told.len() <= TOKEN_LIMIT && constant_time_eq(kept, &token_hash(told)),
            (None, None) => true,
            _ => false,
        };
        secret && client.state == ACTIVE
    });
    if proved.is_none() {
        let place = ("client.authenticate", "client", auth.id.as_str());
        audit::guard::bounded(node, &context(node, auth), place, "failed", "应用未登记、已停用或密钥不正确").await?;
    }
    proved.ok_or(GrantError::Client)
}

/// A grant that holds, with the person and what was asked for.
struct Live {
    grant: GrantRow,
    body: Body,
    account: Account,
}

/// The grant, if nothing has ended it: neither the application nor the session nor the account.
async fn live(node: &Node, id: ObjectId) -> Result<Option<Live>> {
    let now = node.now();
    let Some(grant) = node.store.system_openid_grant(id).await? else { return Ok(None) };
    if grant.ended_at.is_some() || grant.ends_at <= now {
        return Ok(None);
    }
    let client = node.store.system_openid_client(&grant.client).await?;
    let session = node.store.system_session(&grant.session).await?;
    let rules = &node.config.sessions;
    let holds =
        session.is_some_and(|session| rules.state(session.created_at, session.last_seen_at, now) == SessionState::Live);
    let account = node.store.system_account(grant.account).await?.filter(|account| is_usable(account, now));
    match (client.filter(|client| client.state == ACTIVE), holds, account) {
        (Some(_), true, Some(account)) => {
            let body = serde_json::from_str(&grant.body).map_err(ServiceError::from)?;
            Ok(Some(Live { grant, body, account }))
        }
        _ => Ok(None),
    }
}

/// Gives tokens for a code or refresh token.
///
/// # Errors
/// What is wrong, in the words of RFC 6749.
pub async fn token(node: &Node, auth: &ClientAuth, asked: &TokenAsked) -> Result<TokenGiven> {
    let client = authenticate(node, auth).await?;
    let (kind, text) = match asked.grant_type.as_str() {
        "authorization_code" => ("code", &asked.code),
        "refresh_token" => ("refresh", &asked.refresh_token),
        "" => return Err(GrantError::Request("缺少 grant_type")),
        _ => return Err(GrantError::Type),
    };
    if text.is_empty() || text.len() > TOKEN_LIMIT {
        return Err(GrantError::Grant);
    }
    let digest = token_hash(text);
    let row = node.store.system_openid_token(&digest).await?.filter(|row| row.kind == kind);
    let row = row.ok_or(GrantError::Grant)?;
    let owner = node.store.system_openid_grant(row.issue).await?.filter(|grant| grant.client == client.id);
    let owner = owner.ok_or(GrantError::Grant)?;
    let cx = context(node, auth);
    if row.used_at.is_some() {
        return replayed(node, &cx, &owner).await;
    }
    if row.expires_at <= node.now() {
        return Err(GrantError::Grant);
    }
    let live = live(node, row.issue).await?.ok_or(GrantError::Grant)?;
    // Before the transaction: a first key is kept in one of its own.
    let key = key::signing(node).await?;
    let tx = node.store.begin().await?;
    if !tx.use_openid_token(&digest, node.now()).await? {
        tx.rollback().await?;
        return replayed(node, &cx, &owner).await;
    }
    let fits = kind == "refresh"
        || (live.body.redirect_uri == asked.redirect_uri
            && challenge(&asked.code_verifier)
                .is_some_and(|told| constant_time_eq(told.as_bytes(), live.body.challenge.as_bytes())));
    if !fits {
        // The code is used up all the same: whoever has it does not have the verifier.
        tx.end_openid_grant(owner.id, node.now()).await?;
        let place = ("grant.exchange", "client", client.id.as_str());
        audit::note_outcome(&tx, &cx, place, "failed", "回跳地址或校验码不符").await?;
        tx.commit().await?;
        return Err(GrantError::Grant);
    }
    let given = give(node, &tx, &live, &key, kind == "code").await?;
    let action = if kind == "code" { "grant.exchange" } else { "grant.refresh" };
    audit::note(&tx, &cx, action, "account", &live.account.username, None, None).await?;
    tx.commit().await?;
    Ok(given)
}

/// Somebody else has the same code or refresh token: everything that was given for it ends.
async fn replayed(node: &Node, cx: &OpContext, grant: &GrantRow) -> Result<TokenGiven> {
    let tx = node.store.begin().await?;
    if tx.end_openid_grant(grant.id, node.now()).await? {
        let place = ("grant.replay", "client", grant.client.as_str());
        audit::note_outcome(&tx, cx, place, "failed", "授权码或续期令牌被重复使用，授权已终止").await?;
    }
    tx.commit().await?;
    Err(GrantError::Grant)
}

async fn give(node: &Node, tx: &Tx, live: &Live, key: &NamedKey, first: bool) -> Result<TokenGiven> {
    let now = node.now();
    let made = async |kind: &str, until: Timestamp| -> Result<String> {
        let text = new_token(&*node.entropy)?;
        let expires_at = until.min(live.grant.ends_at);
        let row = TokenRow { kind: kind.to_owned(), issue: live.grant.id, expires_at, used_at: None };
        tx.add_openid_token(&token_hash(&text), &row).await?;
        Ok(text)
    };
    let access_token = made("access", now.plus_millis(ACCESS_HOLDS)).await?;
    let refreshes = live.body.scopes.iter().any(|scope| scope == "offline_access");
    let refresh_token = if refreshes { Some(made("refresh", live.grant.ends_at).await?) } else { None };
    let mut claims = claims(node, live).await?;
    claims.audience.clone_from(&live.grant.client);
    claims.nonce = Some(live.body.nonce.clone()).filter(|nonce| first && !nonce.is_empty());
    let id_token =
        id_token(&claims, key, Some(&access_token)).map_err(|error| ServiceError::Internal(error.to_string()))?;
    let holds = ACCESS_HOLDS.min(live.grant.ends_at.millis() - now.millis());
    Ok(TokenGiven {
        access_token,
        token_type: "Bearer",
        expires_in: holds / 1000,
        id_token,
        refresh_token,
        scope: live.body.scopes.join(" "),
    })
}

/// What may be told of the person, by what was asked for.
async fn claims(node: &Node, live: &Live) -> Result<Claims> {
    let now = node.now();
    let has = |scope: &str| live.body.scopes.iter().any(|one| one == scope);
    let person = account::described(node, live.account.clone()).await?;
    let organization = Organization {
        division: Some(person.division.clone()),
        division_name: Some(person.division_name.clone()),
        role: Some(person.role.clone()),
        role_name: Some(person.role_name.clone()),
        categories: person.categories.clone().map(|codes| codes.into_iter().collect()),
    };
    let email = Some(person.personal.email).filter(|email| has("email") && !email.is_empty());
    Ok(Claims {
        issuer: issuer(node).to_owned(),
        subject: live.account.id.to_string(),
        name: Some(person.personal.display_name).filter(|_| has("profile")),
        username: Some(person.username).filter(|_| has("profile")),
        email,
        organization: if has("organization") { organization } else { Organization::default() },
        auth_time: live.body.auth_time,
        second_factor: live.body.second_factor,
        issued: now,
        expires: now.plus_millis(ID_TOKEN_HOLDS),
        ..Claims::default()
    })
}

async fn by_token(node: &Node, text: &str, kinds: &[&str]) -> Result<Option<(TokenRow, Live)>> {
    if text.is_empty() || text.len() > TOKEN_LIMIT {
        return Ok(None);
    }
    let row = node.store.system_openid_token(&token_hash(text)).await?;
    let holds =
        |row: &TokenRow| kinds.contains(&row.kind.as_str()) && row.used_at.is_none() && row.expires_at > node.now();
    let Some(row) = row.filter(holds) else { return Ok(None) };
    Ok(live(node, row.issue).await?.map(|live| (row, live)))
}

/// What an access token tells of the person now.
#[derive(Serialize)]
pub struct UserInfo {
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(flatten)]
    organization: Organization,
}

/// What an access token tells of the person now.
///
/// # Errors
/// [`GrantError::Token`] once it does not hold any more.
pub async fn user_info(node: &Node, token: &str) -> Result<UserInfo> {
    let (_, live) = by_token(node, token, &["access"]).await?.ok_or(GrantError::Token)?;
    let claims = claims(node, &live).await?;
    Ok(UserInfo {
        sub: claims.subject,
        name: claims.name,
        preferred_username: claims.username,
        email: claims.email,
        organization: claims.organization,
    })
}

/// Whether a token holds (RFC 7662).
#[derive(Serialize)]
pub struct Introspection {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
}

/// Whether a token of the asking application holds; of others nothing is said.
///
/// # Errors
/// [`GrantError::Client`], or [`GrantError::Unauthorized`] for an application without a secret.
pub async fn introspect(node: &Node, auth: &ClientAuth, token: &str) -> Result<Introspection> {
    let client = authenticate(node, auth).await?;
    if client.secret.is_none() {
        return Err(GrantError::Unauthorized);
    }
    let found = by_token(node, token, &["access", "refresh"]).await?;
    Ok(match found.filter(|(_, live)| live.grant.client == client.id) {
        None => Introspection { active: false, client_id: None, sub: None, scope: None, exp: None },
        Some((row, live)) => Introspection {
            active: true,
            client_id: Some(client.id),
            sub: Some(live.account.id.to_string()),
            scope: Some(live.body.scopes.join(" ")),
            exp: Some(row.expires_at.millis() / 1000),
        },
    })
}

/// Ends what a token of the asking application was given for (RFC 7009); an unknown token is no error.
///
/// # Errors
/// [`GrantError::Client`].
pub async fn revoke(node: &Node, auth: &ClientAuth, token: &str) -> Result<()> {
    let client = authenticate(node, auth).await?;
    if token.is_empty() || token.len() > TOKEN_LIMIT {
        return Ok(());
    }
    let Some(row) = node.store.system_openid_token(&token_hash(token)).await? else { return Ok(()) };
    let owner = node.store.system_openid_grant(row.issue).await?.filter(|grant| grant.client == client.id);
    let Some(grant) = owner else { return Ok(()) };
    let tx = node.store.begin().await?;
    if tx.end_openid_grant(grant.id, node.now()).await? {
        audit::note(&tx, &context(node, auth), "grant.end", "client", &client.id, None, None).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Signing out, as an application asks for it.
#[derive(Clone, Debug, Default)]
pub struct Leaving {
    /// An ID token of the person, expired or not.
    pub id_token_hint: String,
    /// The application.
    pub client_id: String,
    /// Where the browser is to be sent.
    pub post_logout_redirect_uri: String,
    /// Comes back with it.
    pub state: String,
}

/// Ends the sessions in which the person of the hint let the application in, and everything given in them; gives where the
/// browser goes: to a registered address, or to our own page. Without a hint of our own making nothing ends here.
///
/// # Errors
/// When the database refuses.
pub async fn leave(node: &Node, leaving: &Leaving, auth: &ClientAuth) -> crate::Result<String> {
    let own_page = "/login?signed_out=1".to_owned();
    let Some(client) = node.store.system_openid_client(&leaving.client_id).await? else { return Ok(own_page) };
    let keys = key::keys(node).await?;
    let Some(subject) = hinted(&leaving.id_token_hint, issuer(node), &client.id, &keys) else { return Ok(own_page) };
    if let Ok(account) = subject.parse::<ObjectId>() {
        let tx = node.store.begin().await?;
        let ended = tx.end_sessions_of_grants(&client.id, account).await?;
        if tx.end_openid_grants_for(&client.id, account, node.now()).await? > 0 {
            let told = serde_json::json!({ "sessions": ended }).to_string();
            audit::note(&tx, &context(node, auth), "session.sign_out", "account", &subject, None, Some(&told)).await?;
        }
        tx.commit().await?;
    }
    let known = texts(&client.logout_uris).contains(&leaving.post_logout_redirect_uri);
    Ok(if known { with_query(&leaving.post_logout_redirect_uri, &[("state", &leaving.state)]) } else { own_page })
}
