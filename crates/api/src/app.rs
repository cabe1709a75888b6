//! The whole application: routers by audience, the layers round them, the document that describes them.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use suyuan_service::Node;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::config::ApiConfig;
use crate::document::{self, Caller, called_by};
use crate::gate::Gate;
use crate::state::AppState;
use crate::{assets, console, epcis, exchange, layers, oidc, open, operation, own, portal, session};

/// Largest body, in bytes.
pub(crate) const BODY_LIMIT: usize = 16 << 20;
/// How long answers under way may take once the server stops.
const PATIENCE: Duration = Duration::from_secs(5);

fn described() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(document::empty())
        .nest("/api/v1/portal", called_by(Caller::Anybody, portal::routes()))
        .nest("/api/v1/console", called_by(Caller::Person, console::routes()))
        .nest("/open/v1", called_by(Caller::System, open::routes()))
        .nest("/epcis/v2", called_by(Caller::System, epcis::routes()))
        .nest("/exchange/v1", called_by(Caller::Node, exchange::routes()))
        .merge(called_by(Caller::Person, session::routes()))
        .merge(called_by(Caller::Person, own::routes()))
        .merge(called_by(Caller::Anybody, portal::pages()))
        .merge(called_by(Caller::Anybody, oidc::routes()))
}

fn described_parts() -> (Router<AppState>, OpenApi) {
    let (routes, mut openapi) = described().split_for_parts();
    document::complete(&mut openapi);
    (routes, openapi)
}

/// The OpenAPI document.
#[cfg(test)]
pub(crate) fn document() -> OpenApi {
    described_parts().1
}

/// The OpenAPI document, indented.
///
/// # Errors
/// Never in practice: it is made of texts.
pub fn openapi_json() -> Result<String, serde_json::Error> {
    described_parts().1.to_pretty_json()
}

/// The application for `node`. `stop` turns true when the server stops.
fn application(node: Arc<Node>, config: ApiConfig, stop: watch::Receiver<bool>) -> Router {
    let (routes, openapi) = described_parts();
    let document: Arc<str> = openapi.to_json().unwrap_or_default().into();
    let demo = config.demo_clock.is_some();
    let state = AppState::new(node, config, Gate::of(&openapi), stop);
    let text = move || {
        let document = Arc::clone(&document);
        async move { ([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response() }
    };
    routes
        .route("/api/openapi.json", get(text))
        .merge(operation::routes(demo))
        .fallback(assets::fallback)
        .layer(axum::middleware::from_fn_with_state(state.clone(), open::admission::around))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(axum::middleware::from_fn_with_state(state.clone(), layers::around))
        .layer(CompressionLayer::new())
        .with_state(state)
}

/// The application for `node`, for tests that call it without a socket.
pub fn router(node: Arc<Node>) -> Router {
    let (_, stop) = watch::channel(false);
    application(node, ApiConfig::default(), stop)
}

/// Serves `node` at `listener` until `shutdown` ends, then lets answers under way finish for a few seconds.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    node: Arc<Node>,
    config: ApiConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, stopped) = watch::channel(false);
    let app = application(node, config, stopped.clone());
    let signal = async move {
        shutdown.await;
        stopping.send_replace(true);
    };
    let mut overdue = stopped;
    let limit = async move {
        drop(overdue.wait_for(|stopped| *stopped).await);
        tokio::time::sleep(PATIENCE).await;
    };
    let serving = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    tokio::select! {
        served = serving.with_graceful_shutdown(signal).into_future() => served,
        () = limit => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn h_8_the_document_has_every_operation_once_and_a_guarded_console() {
        let document: serde_json::Value = serde_json::from_str(&openapi_json().expect("a document")).expect("JSON");
        let mut ids = BTreeSet::new();
        let paths = document["paths"].as_object().expect("paths");
        assert!(paths.len() > 20, "{}", paths.len());
        for (path, item) in paths {
            for (method, operation) in item.as_object().expect("an item") {
                let id = operation["operationId"].as_str().expect("an id");
                assert!(ids.insert(id.to_owned()), "operation id {id} stands twice ({method} {path})");
                assert!(operation["responses"].is_object(), "{path}");
            }
        }
    }
}
