//! Cursors of lists (翻页位置): opaque to whoever asks, and good only for the conditions, the order and the scope that they
//! were made for, so that no page mixes two lists.

use suyuan_crypto::hash::sm3;
use suyuan_security::context::OpContext;
use suyuan_store::register::{Behind, EntryFilter, Order};

use super::Find;
use crate::node::Node;
use crate::{Result, ServiceError};

/// A list that was asked for: what the store is told, and how its cursors are marked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The filter for the store.
    pub filter: EntryFilter,
    /// The order.
    pub order: Order,
    mark: String,
}

impl Asked {
    /// The list of the register `kind` under these conditions; `beside` is what narrows it further, such as a shape.
    ///
    /// # Errors
    /// As [`Find::filter`].
    pub fn of(node: &Node, cx: &OpContext, kind: &str, find: &Find, beside: &str) -> Result<Self> {
        let (filter, order) = (find.filter(node, cx, kind)?, find.order()?);
        let text = format!("{kind}\n{}\n{beside}\n{}", find.query(), serde_json::to_string(&cx.scope)?);
        let mark = hex::encode(sm3(text.as_bytes()).get(..6).unwrap_or_default());
        Ok(Self { filter, order, mark })
    }

    /// The cursor of a row.
    #[must_use]
    pub fn cursor(&self, behind: &Behind) -> String {
        format!("{}.{}.{}", self.mark, behind.no, hex::encode(&behind.key))
    }

    /// The row behind which a page begins; `None` for the first page.
    ///
    /// # Errors
    /// `REQ-0107` for a cursor of another list, or none of ours.
    pub fn behind(&self, cursor: Option<&str>) -> Result<Option<Behind>> {
        let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
        self.read(cursor).map(Some).ok_or_else(|| {
            ServiceError::invalid(
                "REQ-0107",
                "after",
                "翻页位置与查询条件不符",
                "查询条件或排序已变化，请从第一页重新查询",
            )
        })
    }

    fn read(&self, cursor: &str) -> Option<Behind> {
        let mut parts = cursor.split('.');
        let (mark, no, key) = (parts.next()?, parts.next()?, parts.next()?);
        if mark != self.mark || parts.next().is_some() {
            return None;
        }
        let key = String::from_utf8(hex::decode(key).ok()?).ok()?;
        Some(Behind { no: no.parse().ok()?, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_2a_a_cursor_serves_its_own_list_only() {
        let list = |mark: &str| Asked { filter: EntryFilter::default(), order: Order::Name, mark: mark.to_owned() };
        let behind = Behind { no: 7, key: "qing dao ".to_owned() };
        let cursor = list("aa").cursor(&behind);
        assert_eq!(list("aa").behind(Some(&cursor)).ok().flatten(), Some(behind));
        assert_eq!(list("aa").behind(Some("")).ok().flatten(), None);
        for text in [cursor.as_str(), "", ".", "bb.7", "bb.x.00", "bb.7.zz", "bb.7.00.1", "é"] {
            assert!(text.is_empty() || list("bb").behind(Some(text)).is_err(), "{text}");
        }
    }
}
