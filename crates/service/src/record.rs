//! Drafts of journal records for the kinds of this version: one place that knows which stream a kind travels in.

use serde::Serialize;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Class, Draft, Stream};

use crate::Result;

/// Where a record goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// To every tier above.
    Up,
    /// To every node below.
    Below,
    /// To one node below.
    To(String),
    /// Nowhere.
    Local,
}

/// A draft whose payload is `body` as JSON; the class follows from the kind.
///
/// # Errors
/// When `body` cannot be written as JSON.
pub fn draft<T: Serialize>(
    kind: &str,
    object: ObjectId,
    (term, version): (u32, u64),
    at: Timestamp,
    route: Route,
    body: &T,
) -> Result<Draft> {
    let class = Class::of(kind);
    let stream = match route {
        Route::Up => Some(Stream::Up(class)),
        Route::Below => Some(Stream::Common(class)),
        Route::To(node) => Some(Stream::To(node, class)),
        Route::Local => None,
    };
    Ok(Draft {
        kind: kind.to_owned(),
        object,
        part: String::new(),
        term,
        version,
        at,
        stream,
        payload: serde_json::to_vec(body)?,
    })
}
