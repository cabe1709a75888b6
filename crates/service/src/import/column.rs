//! Columns of a table and fields of a register: which fields there are, and which head means which.

use std::collections::BTreeMap;

use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::pack::Named;
use suyuan_domain::pack::metadata::{Editor, Meta, MetaColumn, Obligation, Shape};
use suyuan_domain::search::normalise;
use suyuan_security::context::OpContext;
use suyuan_security::policy::Action;

use super::{ImportView, Sheet, State, Target, own, view};
use crate::node::Node;
use crate::{Result, ServiceError};

/// Heads of the columns that a report adds; a mended report is uploaded as it is.
pub(super) const RESULTS: [&str; 4] = ["导入结果", "错误编码", "原因", "建议"];

/// Rows above the head at most, such as a title.
pub(super) const ABOVE: usize = 10;

/// What marks a row of hints below the head.
pub(super) const HINT: &str = "填写说明：";

/// A field that a column may stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The field.
    pub code: String,
    /// Its name, the head of its column.
    pub name: String,
    /// What it holds.
    pub shape: Shape,
    /// List of its values; empty where there is none.
    pub list: String,
    /// What may be chosen; empty for free values and for divisions.
    pub options: Vec<Named>,
    /// How much it is wanted.
    pub need: Obligation,
    /// What to write.
    pub hint: String,
    /// A value that would be right.
    pub example: String,
    /// Other heads.
    pub synonyms: Vec<String>,
    /// Whether it is about a person.
    pub personal: bool,
    /// Columns of a field that is a table.
    pub parts: Vec<MetaColumn>,
    /// Standard or regulation behind it.
    pub std_ref: String,
}

/// Longitude and latitude are columns of their own.
const PLACE: [(&str, &str, &str, &str); 2] =
    [("lon", "经度", "longitude", "120.3826"), ("lat", "纬度", "latitude", "36.0671")];

/// The fields of a target that the actor may fill in on this node, in the order of the pack.
#[must_use]
pub(super) fn columns(node: &Node, cx: &OpContext, target: &Target) -> Vec<Column> {
    let packs = node.packs();
    let reviews = cx.may(Action::Review, target.register.policy());
    let mut columns = Vec::new();
    for meta in packs.meta(target.register.entity(), &target.class, &target.category) {
        let field = meta.field;
        let here = field.tiers.is_empty() || field.tiers.contains(&node.config.tier);
        // The class is chosen before the upload, never by a cell.
        if !here || field.code == "class" || (field.by == Editor::Reviewer && !reviews) {
            continue;
        }
        let options = packs.options(&field.list, &target.category);
        if field.shape == Shape::Place {
            columns.extend(PLACE.iter().map(|(code, name, synonym, example)| Column {
                code: (*code).to_owned(),
                name: (*name).to_owned(),
                synonyms: vec![(*synonym).to_owned(), format!("{}{name}", field.name)],
                example: (*example).to_owned(),
                hint: "十进制度，WGS 84 坐标".to_owned(),
                ..of(&meta, Vec::new())
            }));
        } else {
            columns.push(of(&meta, options));
        }
    }
    columns
}

fn of(meta: &Meta<'_>, options: Vec<Named>) -> Column {
    let field = meta.field;
    Column {
        code: field.code.clone(),
        name: field.name.clone(),
        shape: if field.shape == Shape::Place { Shape::Number } else { field.shape },
        list: field.list.clone(),
        options,
        need: meta.need,
        hint: field.hint.clone(),
        example: field.example.clone(),
        synonyms: field.synonyms.clone(),
        personal: field.personal,
        parts: field.columns.clone(),
        std_ref: field.std_ref.clone(),
    }
}

/// A head as it is compared: without signs, blanks and the words that mark what must be filled in.
fn key(head: &str) -> String {
    let plain = normalise(head);
    let shorter = ["条件必填", "必填", "选填", "应填"].iter().find_map(|word| plain.strip_suffix(word));
    shorter.map(str::to_owned).unwrap_or(plain)
}

/// The heads that each field is known by.
pub(super) struct Heads(BTreeMap<String, String>);

impl Heads {
    pub(super) fn new(columns: &[Column]) -> Self {
        let mut known = BTreeMap::new();
        // A name is stronger than a synonym or a code.
        for column in columns {
            for synonym in &column.synonyms {
                known.entry(key(synonym)).or_insert_with(|| column.code.clone());
            }
            known.entry(key(&column.code)).or_insert_with(|| column.code.clone());
        }
        known.extend(columns.iter().map(|column| (key(&column.name), column.code.clone())));
        Self(known)
    }

    /// The field of each head; of two heads of one field the first has it.
    pub(super) fn matched<'h>(&self, heads: impl Iterator<Item = &'h str>) -> Vec<Option<String>> {
        let mut taken = Vec::new();
        heads
            .map(|head| {
                let field = self.0.get(&key(head)).filter(|_| !head.is_empty())?;
                if taken.contains(field) {
                    return None;
                }
                taken.push(field.clone());
                Some(field.clone())
            })
            .collect()
    }
}

/// What of a sheet is imported, chosen by a person.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Sheet, from 0.
    pub sheet: usize,
    /// Whether it is imported.
    pub used: bool,
    /// The field of each column.
    pub fields: Vec<Option<String>>,
}

/// Sets which columns are imported as which fields; what was checked has to be checked again.
///
/// # Errors
/// `IMP-0112` once rows are entered, `IMP-0114` for columns that do not exist or fields that are named twice.
pub async fn choose(node: &Node, cx: &OpContext, id: ObjectId, chosen: Vec<Chosen>) -> Result<ImportView> {
    let mut run = own(node, cx, id).await?;
    if !matches!(State::parse(&run.state)?, State::Ready | State::Checked) {
        let fault = Fault::new("IMP-0112", "sheets", "导入已经开始，不能再调整列", "如需调整请取消后重新上传");
        return Err(ServiceError::Conflict(fault));
    }
    let known = columns(node, cx, &Target::of(&run)?);
    let mut sheets: Vec<Sheet> = serde_json::from_str(&run.sheets)?;
    let wrong = |reason: String| ServiceError::invalid("IMP-0114", "sheets", reason, "请刷新后重新对应列");
    for choice in chosen {
        let sheet = sheets.get_mut(choice.sheet).ok_or_else(|| wrong("没有这个工作表".to_owned()))?;
        if choice.fields.len() != sheet.heads.len() {
            return Err(wrong(format!("工作表“{}”有 {} 列", sheet.name, sheet.heads.len())));
        }
        let named: Vec<&String> = choice.fields.iter().flatten().collect();
        for (at, field) in named.iter().enumerate() {
            let Some(column) = known.iter().find(|column| column.code == **field) else {
                return Err(wrong(format!("没有字段 {field}")));
            };
            if named.iter().take(at).any(|earlier| earlier == field) {
                return Err(wrong(format!("两列都对应“{}”", column.name)));
            }
        }
        sheet.used = choice.used;
        sheet.fields = choice.fields;
    }
    run.sheets = serde_json::to_string(&sheets)?;
    State::Ready.as_str().clone_into(&mut run.state);
    let tx = node.store.begin().await?;
    tx.reset_import_rows(id).await?;
    tx.change_import(&run, Some(0)).await?;
    tx.commit().await?;
    let run = own(node, cx, id).await?;
    view(node, cx, run).await
}

/// Names of the fields that must be filled in and have no column; what follows from elsewhere is not among them.
#[must_use]
pub fn missing(columns: &[Column], sheet: &Sheet, target_category: &str) -> Vec<String> {
    let has = |code: &str| sheet.fields.iter().flatten().any(|field| field == code);
    let given = |code: &str| code == "category" && !target_category.is_empty();
    let wanted = columns.iter().filter(|column| column.need == Obligation::Must);
    wanted.filter(|column| !has(&column.code) && !given(&column.code)).map(|column| column.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(code: &str, name: &str, synonyms: &[&str]) -> Column {
        Column {
            code: code.to_owned(),
            name: name.to_owned(),
            shape: Shape::Text,
            list: String::new(),
            options: Vec::new(),
            need: Obligation::May,
            hint: String::new(),
            example: String::new(),
            synonyms: synonyms.iter().map(|text| (*text).to_owned()).collect(),
            personal: false,
            parts: Vec::new(),
            std_ref: String::new(),
        }
    }

    #[test]
    fn g_6_2_1a_heads_are_known_by_name_synonym_and_code_whatever_their_dress() {
        let columns = [
            column("name", "名称", &["主体名称", "企业名称"]),
            column("uscc", "统一社会信用代码", &["信用代码", "营业执照号"]),
            column("phone", "联系电话", &["电话"]),
        ];
        let heads = ["企业名称（必填）", "统一社会信用代码 *", " ＵＳＣＣ", "电话", "备注", "", "名称"];
        let matched = Heads::new(&columns).matched(heads.into_iter());
        let texts: Vec<&str> = matched.iter().map(|field| field.as_deref().unwrap_or("-")).collect();
        assert_eq!(texts, ["name", "uscc", "-", "phone", "-", "-", "-"]);
    }
}
