//! Products (产品): what is registered of them, and when it is right. Rows: G-6.3.2.

use serde::{Deserialize, Serialize};
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_security::policy::Kind;

use crate::node::Node;
use crate::register::field::{Faults, tidy_code, tidy_text};
use crate::register::{self, Columns, Document, Item};
use crate::{Result, ServiceError};

/// Longest shelf life, in days.
const LONGEST_LIFE: u32 = 36_500;

/// What is registered of a product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductDoc {
    /// Code; the bar code where none was given.
    pub code: String,
    /// Name.
    pub name: String,
    /// Bar code (商品条码); may be empty.
    pub gtin: String,
    /// Category.
    pub category: String,
    /// Second level of the category; may be empty.
    pub subcategory: String,
    /// Specification, such as 500g/袋.
    pub spec: String,
    /// Unit of measure.
    pub unit: String,
    /// Shelf life in days.
    pub shelf_life_days: Option<u32>,
    /// Code of the subject that makes or sells it.
    pub subject: String,
    /// Division of the subject; filled in from its registration.
    pub division: String,
}

impl Document for ProductDoc {
    const KIND: &'static str = kind::PRODUCT;
    const POLICY: Kind = Kind::Product;
    const LETTERS: &'static str = "PROD";
    const STATES: &'static str = "subject_state";

    fn tidy(&mut self, _node: &Node, _fresh: ObjectId) {
        for code in [&mut self.code, &mut self.gtin, &mut self.subject] {
            tidy_code(code);
        }
        for text in [&mut self.name, &mut self.spec, &mut self.unit] {
            tidy_text(text);
        }
        if self.code.is_empty() {
            self.code.clone_from(&self.gtin);
        }
    }

    fn faults(&self, node: &Node) -> Vec<Fault> {
        let mut faults = Faults::new(Self::LETTERS, node);
        if self.code.is_empty() {
            faults.add("0104", "gtin", "缺少商品条码和产品编码", "请至少填写其中一项");
        } else {
            faults.code(&self.code);
        }
        faults.gtin(&self.gtin);
        faults.required("name", "产品名称", &self.name);
        faults.category(&self.category);
        let packs = node.packs();
        if let Some(category) = packs.category(&self.category) {
            let known =
                self.subcategory.is_empty() || category.children.iter().any(|child| child.code == self.subcategory);
            if !known {
                let reason = format!("{}没有二级类别 {}", category.name, self.subcategory);
                faults.add("0121", "subcategory", reason, "请从产品目录中选择");
            }
        }
        faults.text("spec", "规格", &self.spec);
        faults.text("unit", "计量单位", &self.unit);
        if self.shelf_life_days.is_some_and(|days| days > LONGEST_LIFE) {
            faults.add("0122", "shelf_life_days", "保质期过长", "请以天为单位填写");
        }
        faults.required("subject", "责任主体", &self.subject);
        faults.division(&self.division);
        faults.done()
    }

    fn columns(&self) -> Columns {
        Columns {
            code: self.code.clone(),
            name: self.name.clone(),
            category: self.category.clone(),
            stage: String::new(),
            division: self.division.clone(),
            subject: self.subject.clone(),
            r#type: self.subcategory.clone(),
            place: None,
        }
    }

    fn masked(&self) -> Self {
        self.clone()
    }
}

/// Fills in the division of the subject, which must be registered.
async fn placed(node: &Node, mut doc: ProductDoc) -> Result<ProductDoc> {
    tidy_code(&mut doc.subject);
    let Some(subject) = node.store.system_entry_by_code(kind::SUBJECT, &doc.subject).await? else {
        let reason = format!("责任主体 {} 尚未登记", doc.subject);
        return Err(ServiceError::invalid("PROD-0123", "subject", reason, "请先登记责任主体"));
    };
    doc.division = subject.division;
    Ok(doc)
}

/// Registers a product of a registered subject.
///
/// # Errors
/// As [`register::create`], or when the subject is not registered.
pub async fn create(node: &Node, cx: &OpContext, doc: ProductDoc) -> Result<Item<ProductDoc>> {
    cx.authorize(suyuan_security::policy::Action::Create, Kind::Product)?;
    let doc = placed(node, doc).await?;
    register::create(node, cx, doc).await
}

/// Changes a product.
///
/// # Errors
/// As [`register::change`], or when the subject is not registered.
pub async fn change(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    version: u64,
    doc: ProductDoc,
) -> Result<Item<ProductDoc>> {
    cx.authorize(suyuan_security::policy::Action::Update, Kind::Product)?;
    let doc = placed(node, doc).await?;
    register::change(node, cx, id, version, doc).await
}

/// A reported product in the division of its subject, or of the system where the subject is not registered yet.
///
/// # Errors
/// When the database is out of reach.
pub async fn reported(node: &Node, mut doc: ProductDoc, fallback: &str) -> Result<ProductDoc> {
    tidy_code(&mut doc.subject);
    let subject = node.store.system_entry_by_code(kind::SUBJECT, &doc.subject).await?;
    doc.division = subject.map_or_else(|| fallback.to_owned(), |subject| subject.division);
    Ok(doc)
}
