//! The history of an entry: every step with the documents before and after it, masked, and what changed field by field.
//! Rows: G-6.2.1c, H-6.2.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::pack::Packs;

use super::Document;
use crate::Result;
use crate::node::Node;

/// A step of an entry's history.
#[derive(Clone, Debug)]
pub struct Past {
    /// Version after the step.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// Why; may be empty.
    pub reason: String,
    /// The document before, for changes.
    pub before: Option<Value>,
    /// The document after.
    pub after: Option<Value>,
    /// What changed.
    pub changes: Vec<FieldChange>,
}

/// A field that differs between two documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Member of the document.
    pub field: String,
    /// Name for people.
    pub name: String,
    /// What it said, for people; `None` where it was empty.
    pub before: Option<String>,
    /// What it says.
    pub after: Option<String>,
}

/// The history of an entry, oldest step first.
pub(super) async fn history<D: Document>(node: &Node, id: ObjectId) -> Result<Vec<Past>> {
    const VERSIONS: i64 = (1 << 40) - 1;
    let rows = node.store.entry_history(id).await?;
    let packs = node.packs();
    let document = |text: Option<String>| -> Result<Option<Value>> {
        let doc: Option<D> = text.as_deref().map(serde_json::from_str).transpose()?;
        Ok(doc.map(|doc| serde_json::to_value(doc.masked())).transpose()?)
    };
    rows.into_iter()
        .map(|row| {
            let (before, after) = (document(row.before_doc)?, document(row.after_doc)?);
            let changes = match (&before, &after) {
                (Some(before), Some(after)) => changes(&packs, D::KIND, before, after),
                _ => Vec::new(),
            };
            Ok(Past {
                // History is ordered across terms; people count within one.
                version: u64::try_from(row.version & VERSIONS).unwrap_or(0),
                at: Timestamp::from_millis(row.at),
                actor: row.actor,
                action: row.action,
                reason: row.reason,
                before,
                after,
                changes,
            })
        })
        .collect()
}

/// What differs between two documents, in the order of the metadata; other members after them.
pub(super) fn changes(packs: &Packs, entity: &str, before: &Value, after: &Value) -> Vec<FieldChange> {
    let (old, new) = (flat(before), flat(after));
    let fields: Vec<_> = packs.metadata.iter().filter(|field| field.entity == entity).collect();
    let mut codes: Vec<&String> = old.keys().chain(new.keys()).collect();
    let place = |code: &str| fields.iter().position(|field| field.code == code).unwrap_or(usize::MAX);
    codes.sort_by(|a, b| (place(a), a).cmp(&(place(b), b)));
    codes.dedup();
    let text = |value: Option<&Value>| value.map(shown).filter(|text| !text.is_empty());
    codes
        .into_iter()
        .filter(|code| old.get(*code) != new.get(*code))
        .map(|code| FieldChange {
            field: code.clone(),
            name: fields
                .iter()
                .find(|field| field.code == *code)
                .map_or_else(|| other_name(code), |field| field.name.clone()),
            before: text(old.get(code)),
            after: text(new.get(code)),
        })
        .filter(|change| change.before != change.after)
        .collect()
}

fn other_name(code: &str) -> String {
    match code {
        "lon" => "经度".to_owned(),
        "lat" => "纬度".to_owned(),
        "class" => "类型".to_owned(),
        other => other.to_owned(),
    }
}

/// Members of a document, further fields beside the others.
fn flat(document: &Value) -> BTreeMap<String, Value> {
    let members =
        |value: Option<&Value>| -> Map<String, Value> { value.and_then(Value::as_object).cloned().unwrap_or_default() };
    let mut all: BTreeMap<String, Value> =
        members(Some(document)).into_iter().filter(|(key, _)| key != "extra").collect();
    all.extend(members(document.get("extra")));
    all
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(yes) => if *yes { "是" } else { "否" }.to_owned(),
        Value::Array(items) => items.iter().map(shown).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("、"),
        Value::Object(members) => {
            members.values().map(shown).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
        }
        number @ Value::Number(_) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn g_6_2_1c_a_step_names_the_fields_that_it_changes() {
        let packs = Packs::shipped().expect("shipped packs");
        let before = json!({ "name": "甲", "stages": ["farming"], "lon": 120.1, "extra": {}, "phone": "177****1234" });
        let after = json!({
            "name": "乙", "stages": ["farming", "retail"], "lon": 120.1, "extra": { "greenhouses": "3" },
            "phone": "177****1234",
        });
        let told: Vec<_> = changes(&packs, "subject", &before, &after)
            .into_iter()
            .map(|change| {
                (change.field, change.name, change.before.unwrap_or_default(), change.after.unwrap_or_default())
            })
            .collect();
        let text = |parts: [&str; 4]| {
            let [field, name, before, after] = parts.map(str::to_owned);
            (field, name, before, after)
        };
        assert_eq!(
            told,
            [
                text(["name", "名称", "甲", "乙"]),
                text(["stages", "追溯环节", "farming", "farming、retail"]),
                text(["greenhouses", "greenhouses", "", "3"]),
            ]
        );
    }
}
