//! Why somebody may do something (权限说明): the line of the role, each permission with where it comes from, the data.
//! Rows: G-5.4.2, G-5.4.3b.

use std::collections::BTreeSet;

use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind, parse_permission};

use super::role::{Book, Explained, explained};
use super::{is_usable, keep};
use crate::{Node, Result, ServiceError};

/// What an account may do, on what data, and why.
#[derive(Clone, Debug)]
pub struct Rights {
    /// Codes and names of the role and its ancestors.
    pub line: Vec<(String, String)>,
    /// Every permission that the line grants or forbids.
    pub permissions: Vec<Explained>,
    /// Division with what lies below.
    pub division: String,
    /// Its name.
    pub division_name: String,
    /// Categories; `None` for all.
    pub categories: Option<BTreeSet<String>>,
    /// The subject that the account acts for; empty for none.
    pub subject: String,
    /// The answer to a question about one permission.
    pub asked: Option<Asked>,
}

/// Whether one permission is had, and why.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The permission.
    pub permission: String,
    /// Whether it is had.
    pub allowed: bool,
    /// Why, in Chinese.
    pub because: String,
}

/// What an account may do and why; with a `question` such as `subject.review` also whether it may do that.
///
/// # Errors
/// When the actor may not see the account, or the question is no permission (`ROLE-0103`).
pub async fn of(node: &Node, cx: &OpContext, id: ObjectId, question: Option<&str>) -> Result<Rights> {
    let account = keep::one_plain(node, cx, id).await?;
    let book = Book::load(node).await?;
    let set = book.policy_set().map_err(|error| ServiceError::Internal(error.to_string()))?;
    let permissions = explained(&book, &set, &account.role);
    let usable = is_usable(&account, cx.now);
    let asked = match question {
        None => None,
        Some(text) => {
            let wrong = |_| ServiceError::invalid("ROLE-0103", "permission", "没有这个权限", "请从权限列表中选择");
            let (kind, action) = parse_permission(text).map_err(wrong)?;
            let allowed = usable && cx.policy.allows(&account.role, kind, action);
            let because = reason(&book, &permissions, &account.role, (kind, action), usable);
            Some(Asked { permission: text.to_owned(), allowed, because })
        }
    };
    Ok(Rights {
        line: book.line(&account.role).map(|role| (role.code.clone(), role.name.clone())).collect(),
        permissions,
        division_name: node.divisions.name(&account.division).to_owned(),
        division: account.division,
        categories: account.categories,
        subject: account.subject,
        asked,
    })
}

fn reason(book: &Book, permissions: &[Explained], role: &str, (kind, action): (Kind, Action), usable: bool) -> String {
    if !usable {
        return "账号已停用或不在有效期内".to_owned();
    }
    let text = suyuan_security::policy::permission(kind, action);
    let own = book.name(role);
    match permissions.iter().find(|one| one.permission == text) {
        None => format!("角色“{own}”及其上级角色都没有授予“{}·{}”", kind.label(), action.label()),
        Some(one) if one.allowed && one.role == role => format!("角色“{own}”直接授予"),
        Some(one) if one.allowed => format!("角色“{own}”继承自上级角色“{}”", one.role_name),
        Some(one) if one.role == role => format!("角色“{own}”明确禁止（禁止优先于授予）"),
        Some(one) => format!("上级角色“{}”明确禁止（禁止优先于授予）", one.role_name),
    }
}
