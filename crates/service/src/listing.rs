//! Lists: a page with the cursor for the next one, and the conditions of registers. Which rows and in which order is the
//! finder's matter.

mod cursor;
mod find;

use suyuan_store::filter::Page;

pub use cursor::Asked;
pub use find::{BLANK, Find};

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// Rows of the page.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end. Opaque to whoever asks.
    pub next: Option<String>,
    /// Rows of all pages, at most 10,000.
    pub count: u64,
    /// Whether there are no more than that.
    pub exact: bool,
}

impl<T> Listed<T> {
    /// The page that the store gave; `cursor` names the row behind which the next page begins.
    pub fn of_page(page: Page<T>, cursor: impl Fn(&T) -> String) -> Self {
        let next = page.items.last().filter(|_| page.more).map(cursor);
        Self { items: page.items, next, count: page.count.value, exact: page.count.exact }
    }

    /// The same page of other things.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Listed<U> {
        Listed { items: self.items.into_iter().map(f).collect(), next: self.next, count: self.count, exact: self.exact }
    }
}
