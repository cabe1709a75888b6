//! The gate before the operations of people (接口权限): which permission each asks for, read from the document that
//! describes it, so that what is written there is what is enforced.
//!
//! An operation that names no permission lets nobody in. A permission alone shows no data yet: the use cases ask again, for
//! the object in question and within the actor's scope. Rows: G-5.4.2, G-5.4.3b, H-9.

use std::collections::HashMap;

use axum::http::Method;
use suyuan_service::{Action, Denied, Kind, OpContext, permission};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{HttpMethod, OpenApi, PathItem};

use crate::error::ApiError;

/// Where an operation names its permission: `kind.action`, several joined by `|` of which one is enough, or one of the
/// words below for operations that ask for none.
pub(crate) const PERMISSION: &str = "x-permission";
/// Word: anybody (公众).
pub(crate) const PUBLIC: &str = "public";
/// Word: whoever has signed in, for things of his own.
pub(crate) const SESSION: &str = "session";
/// Word: a connected system with its token.
pub(crate) const SYSTEM: &str = "system";
/// Word: a node by its signature.
pub(crate) const NODE: &str = "node";

/// What an operation asks of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Need {
    /// To have signed in.
    Session,
    /// One of these permissions.
    OneOf(Vec<(Kind, Action)>),
}

impl Need {
    /// Reads the words of a document; `None` for anything that is neither a permission nor [`SESSION`].
    fn parse(text: &str) -> Option<Self> {
        if text == SESSION {
            return Some(Self::Session);
        }
        let all: Result<Vec<_>, _> = text.split('|').map(permission).collect();
        all.ok().map(Self::OneOf)
    }
}

/// The permissions of all operations.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    needs: HashMap<String, Vec<(Method, Need)>>,
}

/// The operations of an address with their methods.
pub(crate) fn operations(item: &PathItem) -> impl Iterator<Item = (HttpMethod, &Operation)> {
    let all = [
        (HttpMethod::Get, &item.get),
        (HttpMethod::Put, &item.put),
        (HttpMethod::Post, &item.post),
        (HttpMethod::Delete, &item.delete),
        (HttpMethod::Patch, &item.patch),
    ];
    all.into_iter().filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}

/// The method as axum names it.
fn plain(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Put => Method::PUT,
        HttpMethod::Post => Method::POST,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Patch => Method::PATCH,
        _ => Method::GET,
    }
}

impl Gate {
    /// The gate for the operations of a document.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let mut needs: HashMap<_, Vec<_>> = HashMap::new();
        for (path, item) in &document.paths.paths {
            for (method, operation) in operations(item) {
                let words =
                    operation.extensions.as_ref().and_then(|all| all.get(PERMISSION)).and_then(|one| one.as_str());
                if let Some(need) = words.and_then(Need::parse) {
                    needs.entry(path.clone()).or_default().push((plain(&method), need));
                }
            }
        }
        Self { needs }
    }

    /// Lets the actor through to the operation at the address `path` of the document, or not.
    ///
    /// # Errors
    /// 403 without the permission, and for operations that name none.
    pub(crate) fn pass(&self, method: &Method, path: &str, cx: &OpContext) -> Result<(), ApiError> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let here = self.needs.get(path).and_then(|all| all.iter().find(|(asked, _)| asked == method));
        match here.map(|(_, need)| need) {
            Some(Need::Session) => Ok(()),
            Some(Need::OneOf(all)) if all.iter().any(|(kind, action)| cx.may(*action, *kind)) => Ok(()),
            Some(Need::OneOf(all)) => Err(refused(all.first().copied())),
            None => {
                tracing::error!(%method, path, "an operation names no permission");
                Err(refused(None))
            }
        }
    }
}

fn refused(asked: Option<(Kind, Action)>) -> ApiError {
    let (kind, action) = asked.unwrap_or((Kind::Setting, Action::Update));
    Denied { kind, action }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_5_4_3b_a_permission_is_read_or_lets_nobody_in() {
        assert_eq!(Need::parse("session"), Some(Need::Session));
        assert_eq!(Need::parse("subject.read"), Some(Need::OneOf(vec![(Kind::Subject, Action::Read)])));
        assert_eq!(
            Need::parse("account.update|account.authorise"),
            Some(Need::OneOf(vec![(Kind::Account, Action::Update), (Kind::Account, Action::Authorise)]))
        );
        for text in ["", "subject", "subject.", "subject.fly", "subject.read|", "public", "*"] {
            assert_eq!(Need::parse(text), None, "{text}");
        }
    }

    #[test]
    fn g_5_4_3b_every_operation_of_the_document_names_what_it_asks_for() {
        let document = crate::app::document();
        for (path, item) in &document.paths.paths {
            for (method, operation) in operations(item) {
                let extension = operation.extensions.as_ref().and_then(|all| all.get(PERMISSION));
                let words = extension.and_then(|one| one.as_str()).unwrap_or_default();
                let known = [PUBLIC, SYSTEM, NODE].contains(&words) || Need::parse(words).is_some();
                assert!(known, "{} {path} says “{words}”", plain(&method));
                let for_people = path.starts_with("/api/v1/console/");
                assert!(!for_people || Need::parse(words).is_some(), "{} {path} says “{words}”", plain(&method));
            }
        }
    }
}
