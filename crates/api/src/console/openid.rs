//! Administration of sign-on across platforms (统一登录管理): applications, requests that wait for a person's answer, links of
//! outside identities. Rows: H-9.4, G-5.4.2.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum_extra::extract::CookieJar;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_service::openid::client::{self, ClientChange, ClientView, NewClient};
use suyuan_service::openid::partner::{self, LinkView};
use suyuan_service::openid::{SCOPES, authorize, issuer};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::wanted_version;
use crate::error::ApiResult;
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::oidc::browser_cookie;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_clients, create_client))
        .routes(routes!(client_options))
        .routes(routes!(change_client))
        .routes(routes!(issue_client_secret))
        .routes(routes!(disable_client))
        .routes(routes!(enable_client))
        .routes(routes!(get_authorization, answer_authorization))
        .routes(routes!(list_own_identities, begin_identity))
        .routes(routes!(unlink_own_identity))
        .routes(routes!(list_identities, link_identity))
        .routes(routes!(unlink_identity))
}

/// An application whose users sign in here (应用客户端).
#[derive(Serialize, ToSchema)]
struct OpenIdClientOut {
    client_id: String,
    name: String,
    /// `confidential` or `public`.
    kind: String,
    redirect_uris: Vec<String>,
    logout_uris: Vec<String>,
    scopes: Vec<String>,
    /// Whether the person is asked.
    consent: bool,
    /// `active` or `disabled`.
    state: String,
    /// Last characters of the secret.
    secret_hint: Option<String>,
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<ClientView> for OpenIdClientOut {
    fn from(view: ClientView) -> Self {
        Self {
            client_id: view.client_id,
            name: view.name,
            kind: view.kind.to_owned(),
            redirect_uris: view.redirect_uris,
            logout_uris: view.logout_uris,
            scopes: view.scopes,
            consent: view.consent,
            state: view.state,
            secret_hint: view.secret_hint,
            version: view.version,
            created_at: view.created_at,
            updated_at: view.updated_at,
        }
    }
}

/// An application to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenIdClientIn {
    name: String,
    /// `confidential` or `public`.
    kind: String,
    redirect_uris: Vec<String>,
    #[serde(default)]
    logout_uris: Vec<String>,
    scopes: Vec<String>,
    #[serde(default)]
    consent: bool,
}

/// An application that was just registered.
#[derive(Serialize, ToSchema)]
struct OpenIdClientMade {
    client: OpenIdClientOut,
    /// Shown once; `null` for a public application.
    secret: Option<String>,
}

/// What is to be changed of an application.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenIdClientPatch {
    #[serde(default)]
    version: Option<u64>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    redirect_uris: Option<Vec<String>>,
    #[serde(default)]
    logout_uris: Option<Vec<String>>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    consent: Option<bool>,
}

/// Which applications.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OpenIdClientFind {
    /// Words in the name or identifier.
    q: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

/// 查询应用客户端
#[utoipa::path(get, path = "/clients", extensions(("x-permission" = json!("client.read"))), tag = "统一登录", params(OpenIdClientFind, Paging),
    responses((status = 200, body = Listing<OpenIdClientOut>)))]
async fn list_clients(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<OpenIdClientFind>,
) -> ApiResult<Json<Listing<OpenIdClientOut>>> {
    let OpenIdClientFind { q, paging } = find;
    let after = paging.after.as_deref().filter(|after| !after.is_empty());
    let listed = client::list(&state.node, &cx, q.as_deref(), after, paging.limit()).await?;
    Ok(Json(Listing::of(listed, OpenIdClientOut::from)))
}

/// 登记应用客户端
#[utoipa::path(post, path = "/clients", extensions(("x-permission" = json!("client.create"))), tag = "统一登录", request_body = OpenIdClientIn,
    responses((status = 201, body = OpenIdClientMade)))]
async fn create_client(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<OpenIdClientIn>,
) -> ApiResult<(StatusCode, Json<OpenIdClientMade>)> {
    let OpenIdClientIn { name, kind, redirect_uris, logout_uris, scopes, consent } = body;
    let new = NewClient { name, kind, redirect_uris, logout_uris, scopes, consent };
    let (client, secret) = client::create(&state.node, &cx, new).await?;
    Ok((StatusCode::CREATED, Json(OpenIdClientMade { client: client.into(), secret })))
}

/// A code with its words.
#[derive(Serialize, ToSchema)]
struct OpenIdWordOut {
    code: String,
    name: String,
}

impl From<(&str, &str)> for OpenIdWordOut {
    fn from((code, name): (&str, &str)) -> Self {
        Self { code: code.to_owned(), name: name.to_owned() }
    }
}

/// What can be chosen for an application, and what it has to be told.
#[derive(Serialize, ToSchema)]
struct OpenIdOptionsOut {
    scopes: Vec<OpenIdWordOut>,
    kinds: Vec<OpenIdWordOut>,
    /// Address of this provider.
    issuer: String,
    /// Its document of discovery.
    discovery: String,
}

/// 应用客户端选项
#[utoipa::path(get, path = "/clients/options", extensions(("x-permission" = json!("client.read"))), tag = "统一登录",
    responses((status = 200, body = OpenIdOptionsOut)))]
async fn client_options(State(state): State<AppState>, Console(_cx): Console) -> Json<OpenIdOptionsOut> {
    let issuer = issuer(&state.node).to_owned();
    Json(OpenIdOptionsOut {
        scopes: SCOPES.map(OpenIdWordOut::from).into(),
        kinds: [("confidential", "有密钥（服务端应用）"), ("public", "无密钥（浏览器或移动应用）")]
            .map(OpenIdWordOut::from)
            .into(),
        discovery: format!("{issuer}/.well-known/openid-configuration"),
        issuer,
    })
}

/// 修改应用客户端
#[utoipa::path(put, path = "/clients/{client_id}", extensions(("x-permission" = json!("client.update"))), tag = "统一登录", params(("client_id" = String, Path)), request_body = OpenIdClientPatch,
    responses((status = 200, body = OpenIdClientOut)))]
async fn change_client(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<String>,
    In(body): In<OpenIdClientPatch>,
) -> ApiResult<Json<OpenIdClientOut>> {
    let OpenIdClientPatch { version, name, redirect_uris, logout_uris, scopes, consent } = body;
    let version = wanted_version(version)?;
    let change = ClientChange { name, redirect_uris, logout_uris, scopes, consent };
    Ok(Json(client::change(&state.node, &cx, &id, version, change).await?.into()))
}

/// A new secret.
#[derive(Serialize, ToSchema)]
struct OpenIdSecretOut {
    /// Shown once.
    secret: String,
}

/// 更换应用客户端密钥
#[utoipa::path(post, path = "/clients/{client_id}/secret", extensions(("x-permission" = json!("client.issue"))), tag = "统一登录", params(("client_id" = String, Path)),
    responses((status = 200, body = OpenIdSecretOut)))]
async fn issue_client_secret(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<String>,
) -> ApiResult<Json<OpenIdSecretOut>> {
    Ok(Json(OpenIdSecretOut { secret: client::issue(&state.node, &cx, &id).await? }))
}

/// 停用应用客户端
#[utoipa::path(post, path = "/clients/{client_id}/disable", extensions(("x-permission" = json!("client.disable"))), tag = "统一登录", params(("client_id" = String, Path)),
    responses((status = 200, body = OpenIdClientOut)))]
async fn disable_client(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<String>,
) -> ApiResult<Json<OpenIdClientOut>> {
    Ok(Json(client::disable(&state.node, &cx, &id).await?.into()))
}

/// 启用应用客户端
#[utoipa::path(post, path = "/clients/{client_id}/enable", extensions(("x-permission" = json!("client.update"))), tag = "统一登录", params(("client_id" = String, Path)),
    responses((status = 200, body = OpenIdClientOut)))]
async fn enable_client(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<String>,
) -> ApiResult<Json<OpenIdClientOut>> {
    Ok(Json(client::enable(&state.node, &cx, &id).await?.into()))
}

/// A request of an application that waits for the person (登录授权请求).
#[derive(Serialize, ToSchema)]
struct AuthorizationOut {
    client_id: String,
    client_name: String,
    /// What the application would know.
    scopes: Vec<OpenIdWordOut>,
    /// Whether the person has to agree; otherwise the page answers at once.
    needs_consent: bool,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// 查看登录授权请求
#[utoipa::path(get, path = "/authorizations/{id}", extensions(("x-permission" = json!("session"))), tag = "统一登录", params(("id" = String, Path)),
    responses((status = 200, body = AuthorizationOut)))]
async fn get_authorization(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<AuthorizationOut>> {
    let request = authorize::show(&state.node, &cx, id).await?;
    Ok(Json(AuthorizationOut {
        client_id: request.client_id,
        client_name: request.client_name,
        scopes: request.scopes.into_iter().map(|(code, name)| OpenIdWordOut { code, name }).collect(),
        needs_consent: request.needs_consent,
        expires_at: request.expires_at,
    }))
}

/// The person's answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AuthorizationAnswer {
    approve: bool,
}

/// Where the browser goes.
#[derive(Serialize, ToSchema)]
struct BrowserGoes {
    location: String,
}

/// 答复登录授权请求
#[utoipa::path(post, path = "/authorizations/{id}", extensions(("x-permission" = json!("session"))), tag = "统一登录", params(("id" = String, Path)), request_body = AuthorizationAnswer,
    responses((status = 200, body = BrowserGoes)))]
async fn answer_authorization(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<AuthorizationAnswer>,
) -> ApiResult<Json<BrowserGoes>> {
    let location = authorize::answer(&state.node, &cx, id, body.approve).await?;
    Ok(Json(BrowserGoes { location }))
}

/// A link of an outside identity to an account (统一身份绑定).
#[derive(Serialize, ToSchema)]
struct IdentityOut {
    id: String,
    issuer: String,
    issuer_name: String,
    /// Masked.
    subject: String,
    #[schema(value_type = String, format = DateTime)]
    linked_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
}

impl From<LinkView> for IdentityOut {
    fn from(view: LinkView) -> Self {
        let LinkView { id, issuer, issuer_name, subject, linked_at, last_used_at } = view;
        Self { id: id.to_string(), issuer, issuer_name, subject, linked_at, last_used_at }
    }
}

fn whole(links: Vec<LinkView>) -> Json<Listing<IdentityOut>> {
    Json(Listing::whole(links.into_iter().map(IdentityOut::from).collect()))
}

/// 查询本人绑定的统一身份
#[utoipa::path(get, path = "/identities", extensions(("x-permission" = json!("session"))), tag = "统一登录",
    responses((status = 200, body = Listing<IdentityOut>)))]
async fn list_own_identities(
    State(state): State<AppState>,
    Console(cx): Console,
) -> ApiResult<Json<Listing<IdentityOut>>> {
    Ok(whole(partner::own(&state.node, &cx).await?))
}

/// 绑定统一身份
#[utoipa::path(post, path = "/identities", extensions(("x-permission" = json!("session"))), tag = "统一登录",
    responses((status = 200, body = BrowserGoes)))]
async fn begin_identity(
    State(state): State<AppState>,
    Console(cx): Console,
    jar: CookieJar,
) -> ApiResult<(CookieJar, Json<BrowserGoes>)> {
    let begun = partner::begin_link(&state.node, &cx).await?;
    Ok((jar.add(browser_cookie(&state, begun.browser)), Json(BrowserGoes { location: begun.location })))
}

/// 解除本人的统一身份绑定
#[utoipa::path(delete, path = "/identities/{id}", extensions(("x-permission" = json!("session"))), tag = "统一登录", params(("id" = String, Path)),
    responses((status = 204)))]
async fn unlink_own_identity(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<StatusCode> {
    partner::unlink_own(&state.node, &cx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 查询用户绑定的统一身份
#[utoipa::path(get, path = "/accounts/{account}/identities", extensions(("x-permission" = json!("account.authorise"))), tag = "统一登录", params(("account" = String, Path)),
    responses((status = 200, body = Listing<IdentityOut>)))]
async fn list_identities(
    State(state): State<AppState>,
    Console(cx): Console,
    At(account): At<ObjectId>,
) -> ApiResult<Json<Listing<IdentityOut>>> {
    Ok(whole(partner::of_account(&state.node, &cx, account).await?))
}

/// An identity to be linked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IdentityIn {
    /// The provider's identifier of the person (`sub`).
    subject: String,
}

/// 为用户绑定统一身份
#[utoipa::path(post, path = "/accounts/{account}/identities", extensions(("x-permission" = json!("account.authorise"))), tag = "统一登录", params(("account" = String, Path)), request_body = IdentityIn,
    responses((status = 201, body = IdentityOut)))]
async fn link_identity(
    State(state): State<AppState>,
    Console(cx): Console,
    At(account): At<ObjectId>,
    In(body): In<IdentityIn>,
) -> ApiResult<(StatusCode, Json<IdentityOut>)> {
    let link = partner::link(&state.node, &cx, account, &body.subject).await?;
    Ok((StatusCode::CREATED, Json(link.into())))
}

/// 解除用户的统一身份绑定
#[utoipa::path(delete, path = "/accounts/{account}/identities/{id}", extensions(("x-permission" = json!("account.authorise"))), tag = "统一登录", params(("account" = String, Path), ("id" = String, Path)),
    responses((status = 204)))]
async fn unlink_identity(
    State(state): State<AppState>,
    Console(cx): Console,
    At((account, id)): At<(ObjectId, ObjectId)>,
) -> ApiResult<StatusCode> {
    partner::unlink(&state.node, &cx, account, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
