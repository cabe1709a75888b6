//! Saved views of lists (常用查询): a person's own conditions and columns, one of them perhaps the default, some perhaps
//! shared with people of the same role at this node. They hold no data, so sharing one shows nobody more than his own
//! scope. Rows: G-6.2.2a.

use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_store::view::SavedView;

use crate::listing::Listed;
use crate::node::Node;
use crate::{Result, ServiceError};

/// Views of one list and person.
const MOST: u64 = 50;
/// Characters of a name.
const LONGEST_NAME: usize = 40;
/// Characters of a query string, and of the columns together.
const LONGEST_QUERY: usize = 4_000;
/// Columns of a view.
const MOST_COLUMNS: usize = 60;

/// A view as it is handed in.
#[derive(Clone, Debug, Default)]
pub struct ViewText {
    /// List that it is of.
    pub list: String,
    /// Name.
    pub name: String,
    /// Conditions as a query string.
    pub query: String,
    /// Columns; none for the usual ones.
    pub columns: Vec<String>,
    /// Whether the list opens with it.
    pub is_default: bool,
    /// Whether people of the same role see it.
    pub shared: bool,
}

/// A view as its reader sees it.
#[derive(Clone, Debug)]
pub struct View {
    /// The view.
    pub id: ObjectId,
    /// What it holds.
    pub text: ViewText,
    /// Whether it is the reader's own.
    pub own: bool,
    /// Whose it is.
    pub owner: String,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

fn view(cx: &OpContext, saved: SavedView) -> View {
    let own = saved.account == cx.actor.id;
    View {
        id: saved.id,
        text: ViewText {
            list: saved.list,
            name: saved.name,
            query: saved.query,
            columns: saved.columns.split(',').filter(|code| !code.is_empty()).map(str::to_owned).collect(),
            // Somebody else's default is none of the reader's.
            is_default: own && saved.is_default,
            shared: saved.shared,
        },
        own,
        owner: saved.owner,
        updated_at: saved.updated_at,
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 60 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

fn check(text: &ViewText) -> Result<()> {
    let mut faults = Vec::new();
    if !is_word(&text.list) {
        faults.push(Fault::new("VIEW-0101", "list", "列表名称不正确", "请从列表页保存"));
    }
    let length = text.name.trim().chars().count();
    if length == 0 || length > LONGEST_NAME || text.name.chars().any(char::is_control) {
        let advice = format!("请填写 1 至 {LONGEST_NAME} 个字的名称");
        faults.push(Fault::new("VIEW-0101", "name", "名称不正确", advice));
    }
    if text.query.chars().count() > LONGEST_QUERY || text.query.chars().any(char::is_control) {
        faults.push(Fault::new("VIEW-0101", "query", "查询条件过长或含有控制字符", "请减少查询条件"));
    }
    if text.columns.len() > MOST_COLUMNS || !text.columns.iter().all(|code| is_word(code)) {
        faults.push(Fault::new("VIEW-0101", "columns", "列不正确", "请从列表的列中选择"));
    }
    if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
}

fn saved(cx: &OpContext, id: ObjectId, text: ViewText) -> SavedView {
    SavedView {
        id,
        account: cx.actor.id,
        owner: cx.actor.username.clone(),
        role: cx.actor.role.clone(),
        list: text.list,
        name: text.name.trim().to_owned(),
        query: text.query,
        columns: text.columns.join(","),
        is_default: text.is_default,
        shared: text.shared,
        updated_at: cx.now,
    }
}

/// The views of a list that the person sees: own ones, then those shared within the role.
///
/// # Errors
/// When the database is out of reach.
pub async fn list(node: &Node, cx: &OpContext, list: &str) -> Result<Listed<View>> {
    let views = node.store.views(cx.actor.id, &cx.actor.role, list).await?;
    let items: Vec<View> = views.into_iter().map(|saved| view(cx, saved)).collect();
    Ok(Listed { count: items.len() as u64, items, next: None, exact: true })
}

/// Keeps a new view.
///
/// # Errors
/// `VIEW-0101` for a wrong field, `VIEW-0102` for a name that is taken, `VIEW-0103` for one view too many.
pub async fn create(node: &Node, cx: &OpContext, text: ViewText) -> Result<View> {
    check(&text)?;
    let new = saved(cx, node.mint(), text);
    let tx = node.store.begin().await?;
    let (count, same) = tx.views_named(cx.actor.id, &new.list, &new.name).await?;
    if same.is_some() {
        return Err(taken());
    }
    if count >= MOST {
        let reason = format!("每个列表最多保存 {MOST} 个常用查询");
        return Err(ServiceError::invalid("VIEW-0103", "name", reason, "请先删除不用的常用查询"));
    }
    tx.keep_view(&new).await?;
    tx.commit().await?;
    Ok(view(cx, new))
}

fn taken() -> ServiceError {
    ServiceError::Conflict(Fault::new("VIEW-0102", "name", "已有同名的常用查询", "请换一个名称，或修改原有的查询"))
}

/// Changes a view of the person's own; it stays with its list.
///
/// # Errors
/// As [`create`], and not found for a view that is not the person's own.
pub async fn change(node: &Node, cx: &OpContext, id: ObjectId, text: ViewText) -> Result<View> {
    check(&text)?;
    let tx = node.store.begin().await?;
    let old = tx.view(cx.actor.id, id).await?.ok_or(ServiceError::NotFound("view"))?;
    let changed = SavedView { list: old.list, ..saved(cx, id, text) };
    let (_, same) = tx.views_named(cx.actor.id, &changed.list, &changed.name).await?;
    if same.is_some_and(|same| same != id) {
        return Err(taken());
    }
    tx.keep_view(&changed).await?;
    tx.commit().await?;
    Ok(view(cx, changed))
}

/// Removes a view of the person's own.
///
/// # Errors
/// Not found for a view that is not the person's own.
pub async fn remove(node: &Node, cx: &OpContext, id: ObjectId) -> Result<()> {
    let tx = node.store.begin().await?;
    if !tx.drop_view(cx.actor.id, id).await? {
        return Err(ServiceError::NotFound("view"));
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_2a_a_view_with_wrong_fields_is_refused_field_by_field() {
        let right = ViewText { list: "subjects".into(), name: "待审核".into(), ..ViewText::default() };
        assert!(check(&right).is_ok());
        let wrong = ViewText {
            list: "a/b".into(),
            name: "  ".into(),
            query: "x".repeat(LONGEST_QUERY + 1),
            columns: vec!["na me".into()],
            ..ViewText::default()
        };
        let Err(ServiceError::Invalid(faults)) = check(&wrong) else { panic!("accepted") };
        assert_eq!(
            faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(),
            ["list", "name", "query", "columns"]
        );
    }
}
