//! Products (产品): what is registered of them, and when it is right. Rows: G-6.3.2.

use serde::{Deserialize, Serialize};
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::record::kind;
use suyuan_domain::scope::Scope;
use suyuan_security::context::OpContext;
use suyuan_security::policy::Kind;

use crate::node::Node;
use crate::register::field::{Faults, tidy_code, tidy_text};
use crate::register::{self, Columns, Document, Item, State};
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
    /// Level of the catalogue beneath the category, as deep as is known; may be empty.
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
    /// Other name; may be empty.
    pub alias: String,
    /// Brand (商标); may be empty.
    pub brand: String,
    /// Standard that it is made to (执行标准); may be empty.
    pub standard: String,
    /// Name of the producer where another subject sells it; may be empty.
    pub producer: String,
    /// Certificates (认证，三品一标等).
    pub certificates: Vec<Certificate>,
}

/// A certificate of a product (产品认证).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Certificate {
    /// Kind, list `product_certificate`.
    pub kind: String,
    /// Number.
    pub number: String,
    /// Last day, `YYYY-MM-DD`; empty for one without an end.
    pub expires: String,
}

/// Most certificates of a product.
const MOST_CERTIFICATES: usize = 50;

impl Document for ProductDoc {
    const KIND: &'static str = kind::PRODUCT;
    const POLICY: Kind = Kind::Product;
    const LETTERS: &'static str = "PROD";
    const STATES: &'static str = "subject_state";

    fn tidy(&mut self, _node: &Node, _fresh: ObjectId) {
        for code in [&mut self.code, &mut self.gtin, &mut self.subject] {
            tidy_code(code);
        }
        for text in [
            &mut self.name,
            &mut self.spec,
            &mut self.unit,
            &mut self.alias,
            &mut self.brand,
            &mut self.standard,
            &mut self.producer,
        ] {
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
        if let Some(category) = packs.category(&self.category)
            && !self.subcategory.is_empty()
            && packs.level(&category.code, &self.subcategory).is_none()
        {
            let reason = format!("{}的产品目录中没有 {}", category.name, self.subcategory);
            faults.add("0121", "subcategory", reason, "请从产品目录中选择");
        }
        faults.text("spec", "规格", &self.spec);
        faults.text("unit", "计量单位", &self.unit);
        if self.shelf_life_days.is_some_and(|days| days > LONGEST_LIFE) {
            faults.add("0122", "shelf_life_days", "保质期过长", "请以天为单位填写");
        }
        faults.required("subject", "责任主体", &self.subject);
        faults.division(&self.division);
        for (field, name, value) in [
            ("alias", "别名", &self.alias),
            ("brand", "商标", &self.brand),
            ("standard", "执行标准", &self.standard),
            ("producer", "生产者", &self.producer),
        ] {
            faults.text(field, name, value);
        }
        if self.certificates.len() > MOST_CERTIFICATES {
            faults.add("0124", "certificates", format!("认证超过 {MOST_CERTIFICATES} 项"), "请删去已失效的认证");
        }
        for (place, certificate) in self.certificates.iter().enumerate().take(MOST_CERTIFICATES) {
            let field = |member: &str| format!("certificates[{place}].{member}");
            faults.required(&field("kind"), "认证类型", &certificate.kind);
            faults.listed("product_certificate", &field("kind"), "认证类型", &certificate.kind);
            faults.required(&field("number"), "认证编号", &certificate.number);
            if !certificate.expires.is_empty() && certificate.expires.parse::<Day>().is_err() {
                faults.add("0125", &field("expires"), "认证有效期不正确", "请填写如 2026-11-21 的日期，长期有效的不填");
            }
        }
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
            ..Columns::default()
        }
    }

    fn masked(&self) -> Self {
        self.clone()
    }
}

/// Whether the level of the catalogue may be chosen today; one that was chosen before may stay.
fn chosen(node: &Node, doc: &ProductDoc, stored: Option<&ProductDoc>) -> Result<()> {
    let kept =
        stored.is_some_and(|stored| (&stored.category, &stored.subcategory) == (&doc.category, &doc.subcategory));
    let packs = node.packs();
    let today = Day::of(node.now());
    if kept || doc.subcategory.is_empty() || packs.level(&doc.category, &doc.subcategory).is_none() {
        return Ok(());
    }
    if packs.is_current(&doc.category, &doc.subcategory, today) {
        return Ok(());
    }
    let successor =
        packs.retired(&doc.category, &doc.subcategory).map(|row| row.successor.as_str()).unwrap_or_default();
    let advice = match packs.level(&doc.category, successor) {
        Some(level) => format!("请改用“{}”（{}）", level.name, level.code),
        None => "请从产品目录中选择在用的条目".to_owned(),
    };
    let reason = format!("目录条目 {} 未启用或已停用", doc.subcategory);
    Err(ServiceError::invalid("PROD-0126", "subcategory", reason, advice))
}

/// Fills in the division of the subject, which must be registered in `scope`.
///
/// # Errors
/// `PROD-0123` where it is not.
pub(crate) async fn placed(node: &Node, scope: &Scope, mut doc: ProductDoc) -> Result<ProductDoc> {
    tidy_code(&mut doc.subject);
    let subject = node.store.system_entry_by_code(kind::SUBJECT, &doc.subject).await?;
    let Some(subject) = subject.filter(|subject| subject.is_in(scope)) else {
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
    let doc = placed(node, &cx.scope, doc).await?;
    chosen(node, &doc, None)?;
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
    mut doc: ProductDoc,
) -> Result<Item<ProductDoc>> {
    cx.authorize(suyuan_security::policy::Action::Update, Kind::Product)?;
    let item = register::get::<ProductDoc>(node, cx, id).await?.item;
    let (stored, handed_in) = (item.doc, item.state != State::Draft.as_str());
    tidy_code(&mut doc.subject);
    // What was handed in with this subject keeps it, also where somebody else looks after the subject.
    let around = if handed_in && stored.subject == doc.subject { &Scope::everything() } else { &cx.scope };
    let doc = placed(node, around, doc).await?;
    chosen(node, &doc, Some(&stored))?;
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
