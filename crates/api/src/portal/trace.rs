//! Looking a code up (追溯查询): for the portal as JSON, and as a page of plain HTML at `/q/{code}` that needs no script.
//!
//! Rows, G-6.9c, H-6.3.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Json};
use suyuan_domain::period::Day;
use suyuan_service::ServiceError;
use suyuan_service::lookup::Throttle;
use suyuan_service::trace::public::{self, PublicTrace, Step, Verdict};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::lookup;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Address, At};
use crate::state::AppState;

/// The route under `/api/v1/portal`.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(look_up_code)).layer(Extension(lookup::limits()))
}

/// The page at an address of its own.
pub(crate) fn pages() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show_code)).layer(Extension(lookup::limits()))
}

/// Looks a code up for an address, if it may ask again.
async fn look_up(state: &AppState, limits: &Throttle, address: &str, code: &str) -> Result<PublicTrace, ServiceError> {
    let now = state.node.now();
    limits.take(address, now)?;
    public::look_up(&state.node, code, now).await
}

/// 公众追溯查询
#[utoipa::path(get, path = "/trace/{code}", tag = "公众服务", params(("code" = String, Path, description = "追溯码")),
    responses((status = 200, body = answer::PublicTraceOut)))]
async fn look_up_code(
    State(state): State<AppState>,
    Extension(limits): Extension<Arc<Throttle>>,
    Address(address): Address,
    At(code): At<String>,
) -> ApiResult<Json<PublicTrace>> {
    Ok(Json(look_up(&state, &limits, &address, &code).await?))
}

/// 公众追溯查询（网页）
#[utoipa::path(get, path = "/q/{code}", tag = "公众服务", params(("code" = String, Path, description = "追溯码")),
    responses((status = 200, content_type = "text/html", body = String)))]
async fn show_code(
    State(state): State<AppState>,
    Extension(limits): Extension<Arc<Throttle>>,
    Address(address): Address,
    At(code): At<String>,
) -> Response {
    let platform = state.node.config.platform_name.clone();
    match look_up(&state, &limits, &address, &code).await {
        Ok(trace) => Html(page(&platform, &code, &body(&trace))).into_response(),
        Err(error) => {
            let (reason, advice) = match &error {
                ServiceError::Invalid(faults) => {
                    faults.first().map(|fault| (fault.reason.clone(), fault.advice.clone()))
                }
                ServiceError::TooMany { fault, .. } => Some((fault.reason.clone(), fault.advice.clone())),
                _ => None,
            }
            .unwrap_or_else(|| ("暂时无法查询".to_owned(), "请稍后再试".to_owned()));
            let (reason, advice) = (escape(&reason), escape(&advice));
            let text = format!("<section class=\"verdict unknown\"><h1>{reason}</h1><p>{advice}</p></section>");
            (ApiError::from(error).status(), Html(page(&platform, &code, &text))).into_response()
        }
    }
}

/// The Chinese name of a common unit of measure (计量单位); others stay as they were reported.
fn unit_name(unit: &str) -> &str {
    match unit {
        "kg" | "KGM" => "千克",
        "g" | "GRM" => "克",
        "t" | "TNE" => "吨",
        "L" | "LTR" => "升",
        "mL" | "ml" => "毫升",
        other => other,
    }
}

/// A text within HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

const STYLE: &str = "body{font:16px/1.6 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans SC',sans-serif;margin:0;color:#1b1f24;background:#fff}\
main{max-width:640px;margin:0 auto;padding:16px}header{background:#1F5FBF;color:#fff;padding:12px 16px}\
h1{font-size:22px;margin:.2em 0}h2{font-size:18px;border-bottom:1px solid #ddd;padding-bottom:4px}\
.verdict{border-left:6px solid #B7791F;background:#fdf8ee;padding:8px 12px;margin:12px 0}\
.complete{border-color:#1A7F37;background:#eef8f0}.unknown,.out_of_scope{border-color:#57606a;background:#f4f5f7}\
ol{padding-left:1.4em}li{margin:10px 0}.small{color:#57606a;font-size:14px}.bad{color:#C62828;font-weight:600}\
code{word-break:break-all}input{font-size:16px;padding:10px;width:60%}button,a.button{font-size:16px;min-height:44px;padding:8px 16px;\
background:#1F5FBF;color:#fff;border:0;border-radius:4px;text-decoration:none;display:inline-block;box-sizing:border-box}";

fn page(platform: &str, code: &str, body: &str) -> String {
    let (platform, code) = (escape(platform), escape(code));
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         <title>{code} 追溯查询 - {platform}</title><style>{STYLE}</style></head>\
         <body><header>{platform}</header><main><p>追溯码 <code>{code}</code></p>{body}\
         <p class=\"small\"><a href=\"/\">返回首页，查询其他追溯码</a></p></main></body></html>"
    )
}

fn body(trace: &PublicTrace) -> String {
    let class = match trace.verdict {
        Verdict::Complete => "complete",
        Verdict::Gaps => "gaps",
        Verdict::OutOfScope => "out_of_scope",
        Verdict::Unknown => "unknown",
    };
    let mut html = format!("<section class=\"verdict {class}\"><h1>{}</h1>", escape(&trace.verdict_text));
    if let Some(advice) = &trace.advice {
        put(&mut html, format_args!("<p>{}</p>", escape(advice)));
    }
    html.push_str("</section>");
    if let Some(product) = &trace.product {
        put(&mut html, format_args!("<h2>{}</h2><p>{}", escape(&product.name), escape(&product.category_name)));
        if let Some(batch) = &product.batch {
            put(&mut html, format_args!("<br>批次 {}", escape(batch)));
        }
        if let Some(producer) = &product.producer {
            put(&mut html, format_args!("<br>{}", escape(producer)));
        }
        html.push_str("</p>");
    }
    if let Some(lookups) = &trace.lookups {
        put(&mut html, format_args!("<p class=\"small\">本码第 {} 次查询", lookups.count));
        if let Some(first) = lookups.first_at.filter(|_| lookups.count > 1) {
            put(&mut html, format_args!("，首次查询于 {}", Day::of(first)));
        }
        html.push_str("</p>");
    }
    if !trace.path.is_empty() {
        html.push_str("<h2>追溯路径</h2><ol>");
        trace.path.iter().for_each(|step| station(&mut html, step));
        html.push_str("</ol>");
    }
    if !trace.missing.is_empty() {
        html.push_str("<h2>缺少的环节</h2><ul>");
        for missing in &trace.missing {
            let advice = missing.advice.as_deref().unwrap_or_default();
            put(
                &mut html,
                format_args!(
                    "<li><b>{}</b>：{}<br><span class=\"small\">{}</span></li>",
                    escape(&missing.stage_name),
                    escape(&missing.why),
                    escape(advice)
                ),
            );
        }
        html.push_str("</ul>");
    }
    put(
        &mut html,
        format_args!("<p><a class=\"button\" href=\"/complaint?code={}\">带码投诉举报</a></p>", percent(&trace.code)),
    );
    html
}

fn station(html: &mut String, step: &Step) {
    put(
        html,
        format_args!("<li><b>{}</b> {}<br>{}", escape(&step.stage_name), Day::of(step.at), escape(&step.subject_name)),
    );
    if let Some(division) = &step.division_name {
        put(html, format_args!("<br><span class=\"small\">{}</span>", escape(division)));
    }
    put(html, format_args!("<br>{}", escape(&step.biz_step_name)));
    if let Some(quantity) = &step.quantity {
        put(
            html,
            format_args!(" {} {}", escape(quantity), escape(unit_name(step.unit.as_deref().unwrap_or_default()))),
        );
    }
    if let Some(test) = &step.inspection {
        let (class, word) = match test.passed {
            Some(true) => ("", "合格"),
            Some(false) => ("bad", "不合格"),
            None => ("", "未检"),
        };
        put(html, format_args!("<br>{}：<span class=\"{class}\">{word}</span>", escape(&test.item)));
    }
    html.push_str("</li>");
}

/// Appends.
fn put(html: &mut String, text: std::fmt::Arguments<'_>) {
    html.write_fmt(text).unwrap_or_default();
}

/// A text within an address.
fn percent(text: &str) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    let mut encoded = String::new();
    for byte in text.as_bytes() {
        if plain(byte) { encoded.push(char::from(*byte)) } else { put(&mut encoded, format_args!("%{byte:02X}")) }
    }
    encoded
}

/// The form of the answers, for the OpenAPI document.
mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases answer; nobody makes one")]

    use utoipa::ToSchema;

    /// What the public is told about a code.
    #[derive(ToSchema)]
    pub(super) struct PublicTraceOut {
        code: String,
        verdict: PublicVerdict,
        verdict_text: String,
        advice: Option<String>,
        scheme: Option<PublicScheme>,
        product: Option<PublicProduct>,
        lookups: Option<PublicLookups>,
        recall: Option<PublicRecall>,
        path: Vec<PublicStep>,
        missing: Vec<PublicMissing>,
    }

    /// How a code stands (结论).
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum PublicVerdict {
        Complete,
        Gaps,
        OutOfScope,
        Unknown,
    }

    /// A scheme of codes.
    #[derive(ToSchema)]
    struct PublicScheme {
        code: String,
        name: String,
    }

    /// What a code stands for.
    #[derive(ToSchema)]
    struct PublicProduct {
        name: String,
        batch: Option<String>,
        category_name: String,
        producer: Option<String>,
    }

    /// How often the code was asked for.
    #[derive(ToSchema)]
    struct PublicLookups {
        count: u64,
        #[schema(format = DateTime)]
        first_at: Option<String>,
    }

    /// A recall (召回).
    #[derive(ToSchema)]
    struct PublicRecall {
        title: String,
        text: String,
        #[schema(format = DateTime)]
        at: String,
    }

    /// One station on the way.
    #[derive(ToSchema)]
    struct PublicStep {
        stage: String,
        stage_name: String,
        subject_name: String,
        division_name: Option<String>,
        #[schema(format = DateTime)]
        at: String,
        biz_step_name: String,
        quantity: Option<String>,
        unit: Option<String>,
        inspection: Option<PublicTest>,
    }

    /// A test.
    #[derive(ToSchema)]
    struct PublicTest {
        item: String,
        passed: Option<bool>,
    }

    /// A stage that is missing.
    #[derive(ToSchema)]
    struct PublicMissing {
        stage_name: String,
        why: String,
        advice: Option<String>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_3_3_the_page_cannot_be_made_to_run_what_a_code_says() {
        let code = "<script>alert('1')</script>\"&";
        let html = page("平台", code, "");
        assert!(!html.contains("<script>") && html.contains("&lt;script&gt;alert(&#39;1&#39;)"));
        assert_eq!(percent("鲁 1&"), "%E9%B2%81%201%26");
    }

    #[test]
    fn a_3_3_the_page_says_verdict_way_and_what_is_missing_without_script() {
        let trace = PublicTrace {
            code: "37020200000000000001".into(),
            verdict: Verdict::Gaps,
            verdict_text: "缺 1 个环节的信息".into(),
            advice: Some("可带码投诉举报".into()),
            scheme: None,
            product: Some(public::PublicProduct {
                name: "白条猪".into(),
                batch: Some("B1".into()),
                category_name: "食用农产品".into(),
                producer: Some("甲厂".into()),
            }),
            lookups: Some(public::Lookups { count: 3, first_at: "2026-11-20T16:00:00Z".parse().ok() }),
            recall: None,
            path: vec![Step {
                stage: "slaughter".into(),
                stage_name: "屠宰".into(),
                subject_name: "甲厂".into(),
                division_name: Some("山东省青岛市".into()),
                at: "2026-11-19T16:00:00Z".parse().unwrap_or_default(),
                biz_step_name: "屠宰".into(),
                quantity: Some("80.5".into()),
                unit: Some("kg".into()),
                inspection: Some(public::PublicInspection { item: "瘦肉精".into(), passed: Some(false) }),
            }],
            missing: vec![public::Missing {
                stage_name: "初级生产".into(),
                why: "没有上报进货来源".into(),
                advice: None,
            }],
        };
        let html = body(&trace);
        for part in [
            "缺 1 个环节",
            "第 3 次查询，首次查询于 2026-11-21",
            "2026-11-20",
            "80.5 千克",
            "不合格",
            "初级生产",
            "/complaint?code=37020200000000000001",
        ] {
            assert!(html.contains(part), "{part}");
        }
    }
}
