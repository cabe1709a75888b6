//! Packs in the console (数据包): what is in force, history, dry run, publishing. Rows: N-TIER, G-6.4.2a.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_service::pack::publish::{self, EditionText, EditionView, PackDetail, PackView, Preview, PublishIn};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::extract::{At, Console, Find, In};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_packs))
        .routes(routes!(get_pack))
        .routes(routes!(get_pack_text))
        .routes(routes!(preview_pack))
        .routes(routes!(publish_pack))
}

/// All packs.
#[derive(Serialize)]
struct PackList {
    items: Vec<PackView>,
}

/// Which edition.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PackTextQuery {
    /// Node that published it; empty for the shipped pack.
    #[serde(default)]
    node: String,
    /// Number at that node; 0 for the shipped pack.
    #[serde(default)]
    number: u64,
}

/// A text to be tried out (数据包试算).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PackPreviewIn {
    /// TOML text of at most 512 KiB.
    text: String,
}

/// A text to be published (数据包发布).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PackPublishIn {
    /// TOML text of at most 512 KiB.
    text: String,
    /// Why, at most 500 characters.
    #[serde(default)]
    note: String,
    /// Number of this node's newest edition as the dry run gave it; 0 for none.
    base: u64,
}

/// 查询数据包
#[utoipa::path(get, path = "/packs", extensions(("x-permission" = json!("pack.read"))), tag = "数据包", responses((status = 200, body = answer::PackRows)))]
async fn list_packs(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<PackList>> {
    Ok(Json(PackList { items: publish::list(&state.node, &cx).await? }))
}

/// 数据包详情与版本历史
#[utoipa::path(get, path = "/packs/{name}", extensions(("x-permission" = json!("pack.read"))), tag = "数据包", params(("name" = String, Path)),
    responses((status = 200, body = answer::PackWithHistory)))]
async fn get_pack(
    State(state): State<AppState>,
    Console(cx): Console,
    At(name): At<String>,
) -> ApiResult<Json<PackDetail>> {
    Ok(Json(publish::get(&state.node, &cx, &name).await?))
}

/// 某一版本的原文
#[utoipa::path(get, path = "/packs/{name}/text", extensions(("x-permission" = json!("pack.read"))), tag = "数据包", params(("name" = String, Path), PackTextQuery),
    responses((status = 200, body = answer::PackEditionText)))]
async fn get_pack_text(
    State(state): State<AppState>,
    Console(cx): Console,
    At(name): At<String>,
    Find(query): Find<PackTextQuery>,
) -> ApiResult<Json<EditionText>> {
    Ok(Json(publish::text(&state.node, &cx, &name, &query.node, query.number).await?))
}

/// 试算：不发布，只列出与现行版本的差异
#[utoipa::path(post, path = "/packs/{name}/preview", extensions(("x-permission" = json!("pack.publish|category.publish|rule.publish"))), tag = "数据包", params(("name" = String, Path)),
    request_body = PackPreviewIn, responses((status = 200, body = answer::PackDifference)))]
async fn preview_pack(
    State(state): State<AppState>,
    Console(cx): Console,
    At(name): At<String>,
    In(body): In<PackPreviewIn>,
) -> ApiResult<Json<Preview>> {
    Ok(Json(publish::preview(&state.node, &cx, &name, &body.text).await?))
}

/// 发布数据包，向下级节点下发
#[utoipa::path(post, path = "/packs/{name}/publish", extensions(("x-permission" = json!("pack.publish|category.publish|rule.publish"))), tag = "数据包", params(("name" = String, Path)),
    request_body = PackPublishIn, responses((status = 201, body = answer::PackEdition)))]
async fn publish_pack(
    State(state): State<AppState>,
    Console(cx): Console,
    At(name): At<String>,
    In(body): In<PackPublishIn>,
) -> ApiResult<(StatusCode, Json<EditionView>)> {
    let PackPublishIn { text, note, base } = body;
    let edition = publish::publish(&state.node, &cx, &name, &PublishIn { text, note, base }).await?;
    Ok((StatusCode::CREATED, Json(edition)))
}

pub(crate) mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases answer; nobody makes one")]

    use utoipa::ToSchema;

    /// What a pack is about.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum PackSubject {
        Category,
        Rule,
        Pack,
    }

    /// How far an edition is.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum PackEditionState {
        InForce,
        Pending,
        Superseded,
        LeftOut,
    }

    /// How a row changes.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum PackChangeKind {
        Added,
        Changed,
        Removed,
    }

    /// An edition of a pack (数据包版本).
    #[derive(ToSchema)]
    pub(crate) struct PackEdition {
        /// Node that published it; empty for the shipped pack.
        node: String,
        node_name: String,
        /// Number at that node, from 1; 0 for the shipped pack.
        number: u64,
        version: String,
        #[schema(format = Date)]
        valid_from: String,
        #[schema(format = DateTime)]
        published_at: Option<String>,
        published_by: String,
        #[schema(format = DateTime)]
        arrived_at: Option<String>,
        note: String,
        /// SM3 of the text.
        sm3: String,
        state: PackEditionState,
        state_name: String,
        /// Why it was left out.
        reason: Option<String>,
    }

    /// A pack with what is in force of it (数据包).
    #[derive(ToSchema)]
    pub(crate) struct PackRow {
        name: String,
        title: String,
        about: PackSubject,
        /// Whether editions travel to the nodes below.
        travels: bool,
        /// Words for the rows that tiers below may add.
        open: Vec<String>,
        /// What is in force today, highest tier first.
        in_force: Vec<PackEdition>,
        /// Editions that are not yet in force.
        pending: u64,
        /// Editions that cannot stand beside the tiers above.
        left_out: u64,
        may_publish: bool,
    }

    /// All packs.
    #[derive(ToSchema)]
    pub(crate) struct PackRows {
        items: Vec<PackRow>,
    }

    /// A pack with its history.
    #[derive(ToSchema)]
    pub(crate) struct PackWithHistory {
        pack: PackRow,
        /// Editions, newest first; the shipped pack last.
        editions: Vec<PackEdition>,
        /// Text of this node's newest edition, or what a first one begins with.
        own_text: String,
        /// Number of this node's newest edition; 0 where there is none.
        base: u64,
    }

    /// An edition with its text.
    #[derive(ToSchema)]
    pub(crate) struct PackEditionText {
        edition: PackEdition,
        text: String,
    }

    /// One member of a row that changes.
    #[derive(ToSchema)]
    struct PackMemberChange {
        member: String,
        before: Option<String>,
        after: Option<String>,
    }

    /// One row that changes.
    #[derive(ToSchema)]
    struct PackChange {
        table: String,
        table_name: String,
        key: String,
        name: String,
        how: PackChangeKind,
        members: Vec<PackMemberChange>,
    }

    /// What publishing a text would change (差异).
    #[derive(ToSchema)]
    pub(crate) struct PackDifference {
        version: String,
        #[schema(format = Date)]
        valid_from: String,
        /// Whether it would be in force at once.
        at_once: bool,
        /// Version that it is compared with.
        against: Option<String>,
        /// Number of this node's newest edition, to be handed in with the text.
        base: u64,
        added: u64,
        changed: u64,
        removed: u64,
        /// The first 2,000 rows that change.
        changes: Vec<PackChange>,
    }
}
