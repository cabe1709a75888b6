//! Reports in the console (报告): editions, files, schedule, sending and its results. Rows: G-5.4.4a, G-6.8.3.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Period;
use suyuan_service::evaluation::Begun;
use suyuan_service::report::{self, DeliveryOut, EditionOut, Format, Receiver, ScheduleIn, ScheduleOut};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::evaluation::answer::BegunOut;
use crate::document::Binary;
use crate::error::ApiResult;
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_reports, create_report))
        .routes(routes!(get_report_file))
        .routes(routes!(list_deliveries))
        .routes(routes!(send_report))
        .routes(routes!(resend_delivery))
        .routes(routes!(get_report_schedule, set_report_schedule))
}

/// A period to be reported on (报告周期).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportPeriodIn {
    /// `2026-10` or `2026Q4`.
    #[schema(value_type = String)]
    period: Period,
}

/// Who gets a report (收件人).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportReceiver {
    #[serde(default)]
    name: String,
    email: String,
}

impl From<ReportReceiver> for Receiver {
    fn from(receiver: ReportReceiver) -> Self {
        let ReportReceiver { name, email } = receiver;
        Self { name, email }
    }
}

/// To whom a report is sent; the receivers of the schedule where nobody is named.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportSendIn {
    #[serde(default)]
    receivers: Vec<ReportReceiver>,
}

/// When the monthly report is made and sent (报告计划).
#[derive(Debug, Deserialize, ToSchema)]
struct ReportScheduleIn {
    enabled: bool,
    /// Minute, hour, day, month, weekday, in Asia/Shanghai.
    cron: String,
    receivers: Vec<ReportReceiver>,
}

/// 查询报告
#[utoipa::path(get, path = "/reports", extensions(("x-permission" = json!("report.read"))), tag = "报告", params(Paging),
    responses((status = 200, body = Listing<answer::ReportEdition>)))]
async fn list_reports(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(paging): Find<Paging>,
) -> ApiResult<Json<Listing<EditionOut>>> {
    let listed = report::list(&state.node, &cx, paging.after_object()?, paging.limit()).await?;
    Ok(Json(Listing::of(listed, |row| row)))
}

/// 编制报告
#[utoipa::path(post, path = "/reports", extensions(("x-permission" = json!("report.create"))), tag = "报告", request_body = ReportPeriodIn,
    responses((status = 202, body = BegunOut)))]
async fn create_report(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<ReportPeriodIn>,
) -> ApiResult<(StatusCode, Json<Begun>)> {
    Ok((StatusCode::ACCEPTED, Json(report::request(&state.node, &cx, body.period).await?)))
}

/// 下载报告
#[utoipa::path(get, path = "/reports/{id}/{format}", extensions(("x-permission" = json!("report.read"))), tag = "报告",
    params(("id" = String, Path), ("format" = String, Path, description = "pdf、html 或 xlsx")),
    responses((status = 200, content(
        (Binary = "application/pdf"),
        (String = "text/html"),
        (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    ))))]
async fn get_report_file(
    State(state): State<AppState>,
    Console(cx): Console,
    At((id, format)): At<(ObjectId, Format)>,
) -> ApiResult<Response> {
    let drawn = report::draw(&state.node, &cx, id, format).await?;
    let place = if format == Format::Html { "inline" } else { "attachment" };
    let headers = [
        (header::CONTENT_TYPE, drawn.media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("{place}; filename=\"{}\"", drawn.name)),
    ];
    Ok((headers, drawn.bytes).into_response())
}

/// 查询报告发送情况
#[utoipa::path(get, path = "/reports/{id}/deliveries", extensions(("x-permission" = json!("report.read"))), tag = "报告", params(("id" = String, Path)),
    responses((status = 200, body = Listing<answer::ReportDelivery>)))]
async fn list_deliveries(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<Listing<DeliveryOut>>> {
    Ok(Json(Listing::whole(report::deliveries(&state.node, &cx, id).await?)))
}

/// 发送报告
#[utoipa::path(post, path = "/reports/{id}/send", extensions(("x-permission" = json!("report.send"))), tag = "报告", params(("id" = String, Path)), request_body = ReportSendIn,
    responses((status = 202, body = Listing<answer::ReportDelivery>)))]
async fn send_report(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<ReportSendIn>,
) -> ApiResult<(StatusCode, Json<Listing<DeliveryOut>>)> {
    let receivers = body.receivers.into_iter().map(Receiver::from).collect();
    let queued = report::send_to(&state.node, &cx, id, receivers).await?;
    Ok((StatusCode::ACCEPTED, Json(Listing::whole(queued))))
}

/// 重新发送
#[utoipa::path(post, path = "/deliveries/{id}/resend", extensions(("x-permission" = json!("report.send"))), tag = "报告", params(("id" = i64, Path)),
    responses((status = 202, body = answer::ReportDelivery)))]
async fn resend_delivery(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<i64>,
) -> ApiResult<(StatusCode, Json<DeliveryOut>)> {
    Ok((StatusCode::ACCEPTED, Json(report::resend(&state.node, &cx, id).await?)))
}

/// 查询报告计划
#[utoipa::path(get, path = "/report-schedule", extensions(("x-permission" = json!("report.read"))), tag = "报告",
    responses((status = 200, body = answer::ReportSchedule)))]
async fn get_report_schedule(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<ScheduleOut>> {
    Ok(Json(report::schedule(&state.node, &cx).await?))
}

/// 设置报告计划
#[utoipa::path(put, path = "/report-schedule", extensions(("x-permission" = json!("report.update"))), tag = "报告", request_body = ReportScheduleIn,
    responses((status = 200, body = answer::ReportSchedule)))]
async fn set_report_schedule(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<ReportScheduleIn>,
) -> ApiResult<Json<ScheduleOut>> {
    let ReportScheduleIn { enabled, cron, receivers } = body;
    let input = ScheduleIn { enabled, cron, receivers: receivers.into_iter().map(Receiver::from).collect() };
    Ok(Json(report::set_schedule(&state.node, &cx, &input).await?))
}

/// The form of the answers, for the OpenAPI document.
mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases answer; nobody makes one")]

    use utoipa::ToSchema;

    /// A form of a report.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum ReportFormat {
        Pdf,
        Html,
        Xlsx,
    }

    /// A frozen report (报告).
    #[derive(ToSchema)]
    pub(super) struct ReportEdition {
        #[schema(format = "uuid")]
        id: String,
        number: String,
        title: String,
        period: String,
        /// Issuing node.
        node: String,
        #[schema(format = DateTime)]
        created_at: String,
        /// Forms that can be had.
        formats: Vec<ReportFormat>,
        /// SM3 of its figures.
        hash: String,
    }

    /// How far a mail is.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum DeliveryState {
        Queued,
        Sent,
        Failed,
    }

    /// A report on its way to somebody (发送情况).
    #[derive(ToSchema)]
    pub(super) struct ReportDelivery {
        id: i64,
        receiver: String,
        email: String,
        state: DeliveryState,
        state_name: String,
        attempts: u64,
        last_error: Option<String>,
        /// When it was sent, or asked for.
        #[schema(format = DateTime)]
        at: String,
        message_id: String,
    }

    /// Who gets it (收件人).
    #[derive(ToSchema)]
    struct ReceiverOut {
        name: String,
        email: String,
    }

    /// When the monthly report is made and sent (报告计划).
    #[derive(ToSchema)]
    pub(super) struct ReportSchedule {
        enabled: bool,
        /// Minute, hour, day, month, weekday, in Asia/Shanghai.
        cron: String,
        receivers: Vec<ReceiverOut>,
        #[schema(format = DateTime)]
        next_at: Option<String>,
    }
}
