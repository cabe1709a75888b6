//! Which node this is (节点信息). Rows: N-TIER.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use suyuan_service::reference::NodeView;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_node))
}

/// A node as everybody may see it (节点).
#[derive(Serialize, ToSchema)]
pub(crate) struct NodeOut {
    code: String,
    name: String,
    #[schema(value_type = NodeTier)]
    tier: String,
    tier_label: String,
    division: String,
    division_name: String,
    platform_name: String,
    parent: Option<NodeName>,
    version: String,
}

/// A tier of administration (层级).
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the use case's own words; nobody makes one")]
pub(crate) enum NodeTier {
    Nation,
    Province,
    City,
    County,
}

/// Code and name of another node.
#[derive(Serialize, ToSchema)]
pub(crate) struct NodeName {
    code: String,
    name: String,
}

impl From<NodeView> for NodeOut {
    fn from(view: NodeView) -> Self {
        Self {
            division: view.code.clone(),
            division_name: view.name.clone(),
            code: view.code,
            name: view.name,
            tier: view.tier.to_owned(),
            tier_label: view.tier_label.to_owned(),
            platform_name: view.platform_name,
            parent: view.parent.map(|(code, name)| NodeName { code, name }),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// 节点信息
#[utoipa::path(get, path = "/node", tag = "公众服务", responses((status = 200, body = NodeOut)))]
async fn get_node(State(state): State<AppState>) -> Json<NodeOut> {
    Json(state.node.view().into())
}
