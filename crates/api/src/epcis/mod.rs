//! EPCIS 2.0 capture and query for connected systems of the GS1 world. Rows: G-8, H-6.2.

mod capture;
mod query;

use std::collections::BTreeMap;

use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Routes under `/epcis/v2`.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(capture::routes()).merge(query::routes())
}

/// An `EPCISDocument` or `EPCISQueryDocument` as the standard defines it (GS1 EPCIS 2.0, JSON-LD).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a document that is passed on as it was written; nobody makes one")]
struct EpcisDocument {
    /// Addresses and prefixes by which names are understood.
    #[serde(rename = "@context")]
    context: serde_json::Value,
    r#type: String,
    #[serde(rename = "schemaVersion")]
    schema_version: String,
    #[serde(rename = "creationDate")]
    #[schema(format = DateTime)]
    creation_date: String,
    /// The events.
    #[serde(rename = "epcisBody")]
    body: BTreeMap<String, serde_json::Value>,
}
