//! What uses a level of the product catalogue (目录使用情况): products, subjects and connected systems of the register. Rows:
//! G-6.3.1.

use sea_orm::Value;
use suyuan_domain::scope::Scope;

use crate::db::Store;
use crate::filter::Conditions;
use crate::{Result, sql};

/// One entry that uses a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Kind of the register.
    pub kind: String,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
}

/// What uses a level: how many entries of a register, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// How many.
    pub count: u64,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// States in which an entry uses nothing any more.
const ENDED: &str = "state NOT IN ('revoked', 'cancelled')";

impl Store {
    /// Codes of the products in `scope` of these levels of a category, at most `limit`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn catalogue_products(
        &self,
        scope: &Scope,
        category: &str,
        levels: &[String],
        limit: u64,
    ) -> Result<Vec<String>> {
        let mut conditions = Conditions::in_scope(scope, "division", Some("category"));
        conditions.equal("kind", Some("product"));
        conditions.equal("category", Some(category));
        conditions.one_of("type", levels);
        if let Some(own) = &scope.subject {
            conditions.push("(code = ? OR subject = ?)", vec![own.as_str().into(), own.as_str().into()]);
        }
        let (filter, values) = conditions.done();
        let text = format!("SELECT DISTINCT code FROM register{filter} ORDER BY code LIMIT {limit}");
        let rows = sql::rows(self.reader(), &text, values).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// The entries of a register in `scope` that use a category, or these levels of it where some are named: by their type,
    /// or by the facet `variety`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn catalogue_uses(
        &self,
        scope: &Scope,
        kind: &str,
        category: &str,
        levels: Option<&[String]>,
    ) -> Result<Uses> {
        let mut conditions = Conditions::in_scope(scope, "division", Some("category"));
        conditions.equal("kind", Some(kind));
        conditions.equal("category", Some(category));
        if let Some(own) = &scope.subject {
            conditions.push("(code = ? OR subject = ?)", vec![own.as_str().into(), own.as_str().into()]);
        }
        conditions.push(ENDED, vec![]);
        if let Some(levels) = levels {
            let marks = vec!["?"; levels.len().max(1)].join(",");
            let codes = || -> Vec<Value> {
                if levels.is_empty() {
                    vec!["".into()]
                } else {
                    levels.iter().map(|code| code.as_str().into()).collect()
                }
            };
            let text = format!(
                "(type IN ({marks}) OR object IN (SELECT object FROM register_facet WHERE kind = ? AND facet = 'variety' \
                 AND value IN ({marks})))"
            );
            let mut bound = codes();
            bound.push(kind.into());
            bound.extend(codes());
            conditions.push(text, bound);
        }
        let (filter, values) = conditions.done();
        let count: Option<i64> =
            sql::scalar(self.reader(), &format!("SELECT COUNT(*) FROM register{filter}"), values.clone()).await?;
        let text = format!("SELECT code, name FROM register{filter} ORDER BY object LIMIT 5");
        let rows = sql::rows(self.reader(), &text, values).await?;
        let example = |row: &sea_orm::QueryResult| -> Result<Example> {
            Ok(Example { kind: kind.to_owned(), code: row.try_get_by_index(0)?, name: row.try_get_by_index(1)? })
        };
        let examples = rows.iter().map(example).collect::<Result<_>>()?;
        Ok(Uses { count: count.map_or(0, sql::uint), examples })
    }
}
