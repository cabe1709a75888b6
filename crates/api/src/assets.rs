//! The built pages: hashed files are kept by browsers for ever, the page itself is asked for each time.

use std::path::Path;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use suyuan_domain::fault::Fault;
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};

use crate::error::ApiError;
use crate::state::AppState;

/// Addresses that never are pages.
const INTERFACES: [&str; 6] = ["/api/", "/open/", "/epcis/", "/exchange/", "/demo/", "/.well-known/"];

/// Addresses that always are pages.
const PAGES: [&str; 2] = ["/t/", "/console/"];

/// What is answered where no route fits.
pub(crate) async fn fallback(State(state): State<AppState>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reading || INTERFACES.iter().any(|prefix| path.starts_with(prefix)) {
        return ApiError::not_found("该地址").into_response();
    }
    match &state.config.frontend_dir {
        Some(dir) => file(dir, &path, request).await,
        None => ApiError::not_found("该页面").into_response(),
    }
}

async fn file(dir: &Path, path: &str, request: Request) -> Response {
    let hashed = path.starts_with("/assets/");
    // Codes in the address of a page may hold dots; elsewhere a dot names a file, and a missing picture must not be
    // answered with a page.
    let named = path.rsplit('/').next().unwrap_or_default().contains('.');
    let page = !named || PAGES.iter().any(|prefix| path.starts_with(prefix));
    let served = if page {
        ServeFile::new(dir.join("index.html")).oneshot(request).await.map(|response| response.map(Body::new))
    } else {
        ServeDir::new(dir).append_index_html_on_directories(false).oneshot(request).await.map(|r| r.map(Body::new))
    };
    let Ok(mut response) = served;
    if response.status() == StatusCode::NOT_FOUND {
        let fault = Fault::new("SYS-0404", "", "没有找到该文件", "请刷新页面");
        return ApiError::of(StatusCode::NOT_FOUND, fault).into_response();
    }
    let keep = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}
