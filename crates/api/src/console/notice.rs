//! Notices in the console (公告): write, publish, withdraw. Rows: G-6.9a.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use suyuan_domain::id::ObjectId;
use suyuan_service::disclosure::{self, NoticeIn, NoticeOut, NoticeQuery};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_notices, create_notice))
        .routes(routes!(get_notice, change_notice))
        .routes(routes!(publish_notice))
        .routes(routes!(withdraw_notice))
}

/// Which notices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct NoticeListQuery {
    /// `draft`, `published` or `withdrawn`.
    state: Option<String>,
    /// Words in title or text.
    q: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

/// A notice as it is written (公告).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoticeBody {
    title: String,
    /// `notice`, `policy`, `standard`, `news` or `recall`.
    #[serde(default)]
    kind: String,
    body: String,
    /// Version that was shown, for changes.
    #[serde(default)]
    version: Option<u64>,
}

impl From<NoticeBody> for NoticeIn {
    fn from(input: NoticeBody) -> Self {
        let NoticeBody { title, kind, body, version } = input;
        Self { title, kind, body, version }
    }
}

/// 查询公告
#[utoipa::path(get, path = "/notices", extensions(("x-permission" = json!("notice.read"))), tag = "公告", params(NoticeListQuery, Paging),
    responses((status = 200, body = Listing<answer::NoticeRow>)))]
async fn list_notices(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<NoticeListQuery>,
) -> ApiResult<Json<Listing<NoticeOut>>> {
    let limit = Some(query.paging.limit());
    let query = NoticeQuery { state: query.state, q: query.q, after: query.paging.after, limit };
    Ok(Json(Listing::of(disclosure::list(&state.node, &cx, &query).await?, |row| row)))
}

/// 起草公告
#[utoipa::path(post, path = "/notices", extensions(("x-permission" = json!("notice.create"))), tag = "公告", request_body = NoticeBody,
    responses((status = 201, body = answer::NoticeRow)))]
async fn create_notice(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<NoticeBody>,
) -> ApiResult<(StatusCode, Json<NoticeOut>)> {
    Ok((StatusCode::CREATED, Json(disclosure::create(&state.node, &cx, &body.into()).await?)))
}

/// 公告详情
#[utoipa::path(get, path = "/notices/{id}", extensions(("x-permission" = json!("notice.read"))), tag = "公告", params(("id" = String, Path)),
    responses((status = 200, body = answer::NoticeRow)))]
async fn get_notice(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<NoticeOut>> {
    Ok(Json(disclosure::get(&state.node, &cx, id).await?))
}

/// 修改公告草稿
#[utoipa::path(put, path = "/notices/{id}", extensions(("x-permission" = json!("notice.update"))), tag = "公告", params(("id" = String, Path)), request_body = NoticeBody,
    responses((status = 200, body = answer::NoticeRow)))]
async fn change_notice(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<NoticeBody>,
) -> ApiResult<Json<NoticeOut>> {
    Ok(Json(disclosure::change(&state.node, &cx, id, &body.into()).await?))
}

/// 发布公告
#[utoipa::path(post, path = "/notices/{id}/publish", extensions(("x-permission" = json!("notice.publish"))), tag = "公告", params(("id" = String, Path)),
    responses((status = 200, body = answer::NoticeRow)))]
async fn publish_notice(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<NoticeOut>> {
    Ok(Json(disclosure::publish(&state.node, &cx, id).await?))
}

/// 撤回公告
#[utoipa::path(post, path = "/notices/{id}/withdraw", extensions(("x-permission" = json!("notice.publish"))), tag = "公告", params(("id" = String, Path)),
    responses((status = 200, body = answer::NoticeRow)))]
async fn withdraw_notice(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<NoticeOut>> {
    Ok(Json(disclosure::withdraw(&state.node, &cx, id).await?))
}

/// The form of the answers, for the OpenAPI document.
pub(crate) mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases answer; nobody makes one")]

    use utoipa::ToSchema;

    /// What a notice is about (公告类型).
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum NoticeKind {
        Notice,
        Policy,
        Standard,
        News,
        Recall,
    }

    /// How far a notice is.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum NoticeState {
        Draft,
        Published,
        Withdrawn,
    }

    /// A notice (公告).
    #[derive(ToSchema)]
    pub(crate) struct NoticeRow {
        #[schema(format = "uuid")]
        id: String,
        title: String,
        kind: NoticeKind,
        kind_name: String,
        body: String,
        state: NoticeState,
        state_name: String,
        /// Node that wrote it; only there is it changed.
        origin_node: String,
        origin_name: String,
        #[schema(format = DateTime)]
        published_at: Option<String>,
        #[schema(format = DateTime)]
        updated_at: String,
        version: u64,
    }
}
