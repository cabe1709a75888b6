//! Signing in with an outside OpenID provider (统一身份登录): where the browser is sent, and what comes of the code that it
//! brings back. Discovery, forms and the checks of the ID token come from the `openidconnect` crate, its requests go through
//! the one outgoing client, which reaches only the origins that configuration names.
//!
//! Nothing is kept here: state, nonce and code verifier are handed in, and which account a person has is decided in
//! `suyuan-service`. Rows: H-9.4.

use std::collections::BTreeSet;
use std::future::Future;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::http::{Response, header};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    TokenResponse,
};
use suyuan_domain::clock::Timestamp;

use crate::client::{ClientError, HttpClient, Outgoing};

/// Most bytes of an answer of a provider.
const MOST_BYTES: usize = 1 << 20;
/// How far a provider's clock may be ahead of ours, in milliseconds.
const AHEAD: i64 = 2 * 60_000;
/// How long ago an ID token may have been made, in milliseconds.
const OLDEST: i64 = 10 * 60_000;
/// Form of a body.
const FORM: &str = "application/x-www-form-urlencoded";

/// A provider as configuration names it.
#[derive(Clone)]
pub struct Provider {
    /// Its address; the document of discovery lies below it.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; `None` for a public client.
    pub secret: Option<String>,
    /// Where the browser comes back to.
    pub redirect_uri: String,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// What one sign-in is recognised by. Each is random and used once.
#[derive(Clone, Default)]
pub struct Marks {
    /// Comes back with the code.
    pub state: String,
    /// Comes back within the ID token.
    pub nonce: String,
    /// Proves that who redeems the code has begun the sign-in; 43 to 128 characters.
    pub verifier: String,
}

impl std::fmt::Debug for Marks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Marks(..)")
    }
}

/// Who signed in, as the provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// The provider's own identifier of the person; never a name or an address.
    pub subject: String,
    /// How surely the provider knows; empty when it does not say.
    pub acr: String,
}

/// Why a sign-in came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenIdError {
    /// The provider does not answer, or not as one.
    #[error("统一身份平台无法访问：{0}")]
    Unreachable(String),
    /// The provider does not take the code.
    #[error("统一身份平台拒绝了登录：{0}")]
    Refused(String),
    /// The ID token is not what it should be.
    #[error("统一身份平台的身份令牌无效：{0}")]
    Token(String),
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Carries a request of the protocol through the one client.
async fn carry(http: HttpClient, request: HttpRequest) -> Result<HttpResponse, ClientError> {
    let address = request.uri().to_string();
    let text =
        |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut headers = Vec::new();
    if let Some(value) = text(header::AUTHORIZATION) {
        headers.push(("authorization", value));
    }
    let posts = request.method() == openidconnect::http::Method::POST;
    let body = posts.then(|| (FORM, request.into_body().into()));
    let outgoing = Outgoing { body, headers, max_response: Some(MOST_BYTES), ..Outgoing::default() };
    let incoming = http.send(&address, outgoing).await?;
    Response::builder()
        .status(incoming.status)
        .header(header::CONTENT_TYPE, incoming.content_type)
        .body(incoming.body)
        .map_err(|_| ClientError::Broken(address))
}

fn carrier(
    http: &HttpClient,
) -> impl Fn(HttpRequest) -> std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, ClientError>> + Send>> + Sync + use<>
{
    let http = http.clone();
    move |request| Box::pin(carry(http.clone(), request))
}

fn unusable(error: impl std::fmt::Display) -> OpenIdError {
    OpenIdError::Unreachable(error.to_string())
}

async fn discovered(http: &HttpClient, provider: &Provider) -> Result<Client, OpenIdError> {
    let issuer = IssuerUrl::new(provider.issuer.clone()).map_err(unusable)?;
    let carrier = carrier(http);
    let metadata = CoreProviderMetadata::discover_async(issuer, &carrier).await.map_err(unusable)?;
    let secret = provider.secret.clone().map(ClientSecret::new);
    let redirect = RedirectUrl::new(provider.redirect_uri.clone()).map_err(unusable)?;
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(provider.client_id.clone()), secret);
    Ok(client.set_redirect_uri(redirect))
}

/// Where the browser is to be sent.
///
/// # Errors
/// [`OpenIdError::Unreachable`] when the provider does not say.
pub async fn begin(http: &HttpClient, provider: &Provider, marks: &Marks) -> Result<String, OpenIdError> {
    if !(43..=128).contains(&marks.verifier.len()) {
        return Err(OpenIdError::Unreachable("verifier".to_owned()));
    }
    let client = discovered(http, provider).await?;
    let (state, nonce) = (CsrfToken::new(marks.state.clone()), Nonce::new(marks.nonce.clone()));
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(marks.verifier.clone()));
    let (address, _, _) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    Ok(address.to_string())
}

/// Redeems a code and proves the ID token that comes for it, at the moment `now`.
///
/// # Errors
/// [`OpenIdError::Refused`] when the provider does not take the code, [`OpenIdError::Token`] for a token of another issuer,
/// audience, key, algorithm, nonce or time.
pub async fn finish(
    http: &HttpClient,
    provider: &Provider,
    marks: &Marks,
    code: &str,
    now: Timestamp,
) -> Result<Identity, OpenIdError> {
    let client = discovered(http, provider).await?;
    let carrier = carrier(http);
    let request = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(unusable)?;
    let request = request.set_pkce_verifier(PkceCodeVerifier::new(marks.verifier.clone()));
    let answer = request.request_async(&carrier).await.map_err(|error| match error {
        RequestTokenError::Request(ClientError::Refused { status, .. }) => OpenIdError::Refused(status.to_string()),
        RequestTokenError::ServerResponse(response) => OpenIdError::Refused(response.error().to_string()),
        other => unusable(other),
    })?;
    prove(&client, provider, marks, &answer, now)
}

fn prove(
    client: &Client,
    provider: &Provider,
    marks: &Marks,
    answer: &CoreTokenResponse,
    now: Timestamp,
) -> Result<Identity, OpenIdError> {
    let wrong = |why: String| OpenIdError::Token(why);
    let token = answer.id_token().ok_or_else(|| wrong("没有身份令牌".to_owned()))?;
    // Only keys that the provider alone has: no shared secret, and never "none".
    let algorithms = [
        CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        CoreJwsSigningAlgorithm::EdDsa,
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
        CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        CoreJwsSigningAlgorithm::RsaSsaPssSha384,
        CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    ];
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs(algorithms)
        .set_time_fn(move || now.to_utc())
        .set_issue_time_verifier_fn(move |issued| {
            let age = now.millis() - issued.timestamp_millis();
            if (-AHEAD..=OLDEST).contains(&age) { Ok(()) } else { Err("issued at another time".to_owned()) }
        });
    let nonce = Nonce::new(marks.nonce.clone());
    let claims = token.claims(&verifier, &nonce).map_err(|error| wrong(error.to_string()))?;
    if claims.authorized_party().is_some_and(|party| party.as_str() != provider.client_id) {
        return Err(wrong("azp".to_owned()));
    }
    let audiences: BTreeSet<&str> = claims.audiences().iter().map(|audience| audience.as_str()).collect();
    if audiences != BTreeSet::from([provider.client_id.as_str()]) {
        return Err(wrong("aud".to_owned()));
    }
    Ok(Identity {
        issuer: provider.issuer.clone(),
        subject: claims.subject().to_string(),
        acr: claims.auth_context_ref().map(|acr| acr.to_string()).unwrap_or_default(),
    })
}
