//! EPCIS 2.0 query interface: the events as their sender wrote them. Rows: G-8, G-5.4.4b.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use suyuan_domain::clock::Timestamp;
use suyuan_service::epcis::{self, Query};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::EpcisDocument;
use crate::error::{ApiError, ApiResult};
use crate::extract::{At, Find, System};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(query_epcis_events)).routes(routes!(get_epcis_event))
}

/// The standard's parameters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EpcisQuery {
    #[serde(rename = "eventType")]
    event_type: Option<String>,
    #[serde(rename = "MATCH_anyEPC")]
    match_any_epc: Option<String>,
    #[serde(rename = "GE_eventTime")]
    ge_event_time: Option<String>,
    #[serde(rename = "LT_eventTime")]
    lt_event_time: Option<String>,
    #[serde(rename = "EQ_bizStep")]
    eq_biz_step: Option<String>,
    #[serde(rename = "eventID", alias = "EQ_eventID")]
    event_id: Option<String>,
    #[serde(rename = "perPage")]
    per_page: Option<String>,
    #[serde(rename = "nextPageToken")]
    next_page_token: Option<String>,
}

fn instant(name: &str, text: Option<&str>) -> ApiResult<Option<Timestamp>> {
    let wrong = |_| {
        ApiError::bad_request("EPC-0202", name, "时间格式不正确", "请使用 RFC 3339 格式，如 2026-11-21T10:32:00+08:00")
    };
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

/// EPCIS 事件查询
#[utoipa::path(get, path = "/events", tag = "EPCIS", params(EpcisQuery),
    responses((status = 200, body = EpcisDocument, content_type = "application/ld+json")))]
async fn query_epcis_events(
    State(state): State<AppState>,
    System(system): System,
    Find(query): Find<EpcisQuery>,
) -> ApiResult<Response> {
    let per_page = match query.per_page.as_deref().map(str::parse::<u32>) {
        None => 30,
        Some(Ok(count)) if (1..=1000).contains(&count) => count,
        Some(_) => {
            return Err(ApiError::bad_request("EPC-0203", "perPage", "每页条数不正确", "请填写 1 到 1000 的整数"));
        }
    };
    let wanted = Query {
        from: instant("GE_eventTime", query.ge_event_time.as_deref())?,
        before: instant("LT_eventTime", query.lt_event_time.as_deref())?,
        event_type: query.event_type,
        any_epc: query.match_any_epc,
        biz_step: query.eq_biz_step,
        event_id: query.event_id,
        per_page,
        next: query.next_page_token,
    };
    let found = epcis::events(&state.node, &system, wanted).await?;
    let mut response = ([(header::CONTENT_TYPE, "application/ld+json")], found.document).into_response();
    if let Some(token) = found.next
        && let Ok(link) = format!("</epcis/v2/events?nextPageToken={token}&perPage={per_page}>; rel=\"next\"").parse()
    {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// EPCIS 单个事件
#[utoipa::path(get, path = "/events/{id}", tag = "EPCIS", params(("id" = String, Path)),
    responses((status = 200, body = EpcisDocument, content_type = "application/ld+json")))]
async fn get_epcis_event(
    State(state): State<AppState>,
    System(system): System,
    At(id): At<String>,
) -> ApiResult<Response> {
    let wanted = Query { event_id: Some(id), per_page: 1, ..Query::default() };
    let found = epcis::events(&state.node, &system, wanted).await?;
    if found.events == 0 {
        return Err(ApiError::not_found("该追溯事件"));
    }
    Ok(([(header::CONTENT_TYPE, "application/ld+json")], found.document).into_response())
}
