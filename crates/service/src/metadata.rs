//! Metadata as forms need them (元数据): the fields of a register for one class and category, with what may be chosen and whether
//! this person on this node may fill them in. Rows: G-6.2.1a, G-6.2.1c, H-6.2, N-CAT.

use suyuan_domain::pack::metadata::{Editor, MetaField, Obligation};
use suyuan_domain::pack::{Named, PackVersion};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};

use crate::node::Node;
use crate::{Result, ServiceError};

/// Longest list that is sent along.
const MOST_OPTIONS: usize = 500;

/// Groups of forms in their order.
const GROUPS: [(&str, &str); 6] = [
    ("basic", "基本信息"),
    ("licence", "证照与期限"),
    ("legal", "法定代表人"),
    ("contact", "联系方式"),
    ("place", "地址与位置"),
    ("business", "经营情况"),
];

/// A field with what a form needs beside it.
#[derive(Clone, Debug)]
pub struct FieldView {
    /// The field.
    pub field: MetaField,
    /// How much it is wanted.
    pub need: Obligation,
    /// Whether this person on this node may fill it in.
    pub editable: bool,
    /// What may be chosen; empty where anything goes.
    pub options: Vec<Named>,
    /// What may be chosen in each column of a table.
    pub column_options: Vec<Vec<Named>>,
}

/// The fields of a register.
#[derive(Clone, Debug)]
pub struct MetadataView {
    /// Versions of the pack that are in force together.
    pub version: String,
    /// Groups that have fields, in their order.
    pub groups: Vec<Named>,
    /// The fields in the order of the pack.
    pub fields: Vec<FieldView>,
}

/// The fields of `entity` (`subject`, `product`, `device`) for a class and category.
///
/// # Errors
/// When the actor may not read what forms offer, or there is no such entity (`MTA-0101`).
pub fn fields(node: &Node, cx: &OpContext, entity: &str, class: &str, category: &str) -> Result<MetadataView> {
    cx.authorize(Action::Read, Kind::Reference)?;
    let kind = match entity {
        "subject" => Kind::Subject,
        "product" => Kind::Product,
        "device" => Kind::Device,
        other => {
            let reason = format!("没有“{other}”的元数据");
            return Err(ServiceError::invalid("MTA-0101", "entity", reason, "请填写 subject、product 或 device"));
        }
    };
    let packs = node.packs();
    let class = if class.is_empty() { entity } else { class };
    let options = |list: &str| match list {
        "" => Vec::new(),
        list => packs.options(list, category).into_iter().take(MOST_OPTIONS).collect(),
    };
    let view = |field: &MetaField, need| FieldView {
        need,
        editable: (field.tiers.is_empty() || field.tiers.contains(&node.config.tier))
            && (field.by == Editor::Anyone || cx.may(Action::Review, kind)),
        options: options(&field.list),
        column_options: field.columns.iter().map(|column| options(&column.list)).collect(),
        field: field.clone(),
    };
    let fields: Vec<FieldView> =
        packs.meta(entity, class, category).into_iter().map(|meta| view(meta.field, meta.need)).collect();
    let used = |group: &&(&str, &str)| fields.iter().any(|view| view.field.group == group.0);
    let groups =
        GROUPS.iter().filter(used).map(|(code, name)| Named { code: (*code).to_owned(), name: (*name).to_owned() });
    let of = |version: &&PackVersion| version.name == "metadata.toml";
    let versions: Vec<&str> = packs.versions.iter().filter(of).map(|version| version.version.as_str()).collect();
    Ok(MetadataView { version: versions.join(" + "), groups: groups.collect(), fields })
}
