//! From errors to answers: the only place with status codes and the envelope. Internals go to the log with the request id.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use suyuan_domain::fault::Fault;

use suyuan_service::{Denied, ServiceError};
use utoipa::ToSchema;

use crate::layers::request_id;

/// An answer that tells what was wrong.
#[derive(Debug)]
pub struct ApiError(Box<Told>);

#[derive(Debug)]
struct Told {
    status: StatusCode,
    code: String,
    message: String,
    field: Option<String>,
    advice: String,
    faults: Vec<Fault>,
    retry_after: Option<u64>,
    denied: Option<Denied>,
}

/// What was wrong, beside the answer, for whoever stands round the handlers.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// Stable code.
    pub(crate) code: String,
    /// The permission that was missing.
    pub(crate) denied: Option<Denied>,
}

/// Result of a handler.
pub type ApiResult<T> = Result<T, ApiError>;

/// What was wrong with the request (错误信息).
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorEnvelope {
    error: ErrorBody,
}

/// The parts of an error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// Stable code: letters for the noun, four digits.
    code: String,
    /// What was wrong, in Chinese.
    message: String,
    /// The field in question; `null` for the whole request.
    field: Option<String>,
    /// What to do, in Chinese.
    advice: String,
    /// Joins the answer with the log and the audit trail.
    request_id: String,
    /// Every fault of the input.
    faults: Vec<FaultOut>,
}

/// One fault of the input.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FaultOut {
    /// Stable code.
    pub code: String,
    /// Path of the field; empty for the whole row.
    pub field: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub advice: String,
}

impl From<Fault> for FaultOut {
    fn from(fault: Fault) -> Self {
        let Fault { code, field, reason, advice } = fault;
        Self { code, field, reason, advice }
    }
}

impl ApiError {
    /// An answer with one fault.
    pub(crate) fn of(status: StatusCode, fault: Fault) -> Self {
        let Fault { code, field, reason, advice } = fault;
        let field = Some(field).filter(|field| !field.is_empty());
        Self(Box::new(Told {
            status,
            code,
            message: reason,
            field,
            advice,
            faults: Vec::new(),
            retry_after: None,
            denied: None,
        }))
    }

    /// 400 with one fault.
    #[must_use]
    pub fn bad_request(code: &str, field: &str, reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, Fault::new(code, field, reason, advice))
    }

    /// 404 for what there is no address of.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        let reason = format!("没有找到{what}，或不在您的管辖范围内");
        Self::of(StatusCode::NOT_FOUND, Fault::new("SYS-0404", "", reason, "请核对后重试"))
    }

    /// 500; the cause is already in the log.
    pub(crate) fn internal() -> Self {
        let advice = "请稍后再试；仍不成功时请将请求编号告知系统管理员";
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, Fault::new("SYS-0500", "", "系统内部错误", advice))
    }

    fn many(faults: Vec<Fault>) -> Self {
        let first = faults.first().cloned().unwrap_or_else(|| Fault::new("REQ-0100", "", "输入不正确", "请检查后重试"));
        let mut error = Self::of(StatusCode::BAD_REQUEST, first);
        error.0.faults = faults;
        error
    }

    fn again_in(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// The error as a fault of one row.
    pub(crate) fn fault(self) -> Fault {
        let told = *self.0;
        Fault::new(told.code, told.field.unwrap_or_default(), told.message, told.advice)
    }

    /// Status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        let fault = Fault::new(Denied::CODE, "", denied.to_string(), "如有需要请联系管理员授权");
        let mut error = Self::of(StatusCode::FORBIDDEN, fault);
        error.0.denied = Some(denied);
        error
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Unauthenticated(fault) => Self::of(StatusCode::UNAUTHORIZED, fault),
            ServiceError::Denied(denied) => denied.into(),
            ServiceError::Forbidden(fault) => Self::of(StatusCode::FORBIDDEN, fault),
            ServiceError::NotFound(what) => Self::not_found(noun(what)),
            ServiceError::Invalid(faults) => Self::many(faults),
            ServiceError::Conflict(fault) => Self::of(StatusCode::CONFLICT, fault),
            ServiceError::TooMany { retry_after, fault } => {
                Self::of(StatusCode::TOO_MANY_REQUESTS, fault).again_in(retry_after)
            }
            ServiceError::TooLarge(fault) => Self::of(StatusCode::PAYLOAD_TOO_LARGE, fault),
            ServiceError::Unavailable(why) => {
                tracing::warn!(request_id = request_id(), why, "unavailable");
                let fault = Fault::new("SYS-0503", "", "所需服务暂时不可用", "请稍后再试");
                Self::of(StatusCode::SERVICE_UNAVAILABLE, fault).again_in(5)
            }
            other => {
                tracing::error!(request_id = request_id(), error = %other, "request failed");
                Self::internal()
            }
        }
    }
}

/// The Chinese word for a noun of the use cases, where they name it in English.
fn noun(what: &'static str) -> &'static str {
    match what {
        "subject" => "该责任主体",
        "product" => "该产品",
        "device" => "该设备",
        "access" | "system" => "该接入系统",
        "account" => "该用户",
        "division" => "该行政区划",
        "event" => "该追溯事件",
        "finding" => "该异常数据",
        "report" => "该报告",
        "complaint" => "该受理单",
        "notice" => "该公告",
        "node" => "该节点",
        "job" => "该任务",
        other if !other.is_ascii() => other,
        _ => "该记录",
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let told = *self.0;
        let refusal = Refusal { code: told.code.clone(), denied: told.denied };
        let body = ErrorBody {
            code: told.code,
            message: told.message,
            field: told.field,
            advice: told.advice,
            request_id: request_id(),
            faults: told.faults.into_iter().map(FaultOut::from).collect(),
        };
        let mut response = (told.status, Json(ErrorEnvelope { error: body })).into_response();
        response.extensions_mut().insert(refusal);
        if let Some(seconds) = told.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
