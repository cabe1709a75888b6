//! Notices for the public (公告). Rows: G-6.9a, G-6.9c.

use axum::Json;
use axum::extract::State;
use suyuan_service::disclosure::{self, NoticeOut, NoticeQuery};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::console::notice::answer::NoticeRow;
use crate::error::ApiResult;
use crate::extract::Find;
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read_notices))
}

/// 查看公告
#[utoipa::path(get, path = "/notices", tag = "公众服务", params(Paging),
    responses((status = 200, body = Listing<NoticeRow>)))]
async fn read_notices(
    State(state): State<AppState>,
    Find(paging): Find<Paging>,
) -> ApiResult<Json<Listing<NoticeOut>>> {
    let limit = Some(paging.limit());
    let query = NoticeQuery { after: paging.after, limit, ..NoticeQuery::default() };
    Ok(Json(Listing::of(disclosure::published(&state.node, &query).await?, |row| row)))
}
