//! Lists: parameters, pages and the opaque cursor between them.

use serde::{Deserialize, Serialize};
use suyuan_domain::id::ObjectId;
use suyuan_service::listing::Listed;
use utoipa::{IntoParams, ToSchema};

use crate::error::{ApiError, ApiResult};

/// Rows of a page unless asked otherwise.
const DEFAULT: usize = 50;
/// Most rows of a page.
const MOST: usize = 200;

/// Where a page begins and how long it is.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Rows of the page, 1 to 200.
    #[serde(default, deserialize_with = "number")]
    pub limit: Option<usize>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

/// A number of a query. Flattened query structs hand numbers over as text.
pub(crate) fn number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: std::str::FromStr,
{
    let text = Option::<String>::deserialize(deserializer)?;
    text.filter(|text| !text.is_empty())
        .map(|text| text.parse().map_err(|_| serde::de::Error::custom("应为数字")))
        .transpose()
}

impl Paging {
    /// Rows of the page.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(DEFAULT).clamp(1, MOST)
    }

    /// The object behind which the page begins.
    ///
    /// # Errors
    /// When the cursor was not one of ours.
    pub fn after_object(&self) -> ApiResult<Option<ObjectId>> {
        self.after_text().map(|text| text.parse().map_err(|_| wrong_cursor())).transpose()
    }

    /// The number behind which the page begins.
    ///
    /// # Errors
    /// When the cursor was not one of ours.
    pub fn after_number(&self) -> ApiResult<Option<i64>> {
        self.after_text().map(|text| text.parse().map_err(|_| wrong_cursor())).transpose()
    }

    fn after_text(&self) -> Option<&str> {
        self.after.as_deref().filter(|text| !text.is_empty())
    }
}

fn wrong_cursor() -> ApiError {
    ApiError::bad_request("REQ-0107", "after", "翻页位置不正确", "请从第一页重新查询")
}

/// How many rows a list has in all pages.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct CountOut {
    /// The number, at most 10,000.
    pub value: u64,
    /// Whether there are no more than that.
    pub exact: bool,
}

/// A page of a list (分页列表).
#[derive(Debug, Serialize, ToSchema)]
pub struct Listing<T> {
    /// Rows of the page.
    pub items: Vec<T>,
    /// Give it as `after` for the next page; `null` at the end.
    pub next: Option<String>,
    /// Rows of all pages.
    pub count: CountOut,
}

impl<T> Listing<T> {
    /// The page that a use case gave; its cursor is whatever the use case said.
    pub fn of<U>(listed: Listed<U>, f: impl FnMut(U) -> T) -> Self {
        Self {
            items: listed.items.into_iter().map(f).collect(),
            next: listed.next,
            count: CountOut { value: listed.count, exact: listed.exact },
        }
    }

    /// A whole list that needs no pages.
    pub fn whole(items: Vec<T>) -> Self {
        let value = items.len() as u64;
        Self { items, next: None, count: CountOut { value, exact: true } }
    }
}
