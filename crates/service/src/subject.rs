//! Subjects (追溯责任主体): what is registered of a firm, farm, market or shop and of the merchants (商户) under a node, and when
//! it is right. Rows: G-6.2.1a, G-6.2.1b, G-6.2.2, H-6.2.
//!
//! Which fields are wanted of whom is data of the pack `metadata.toml`; here stands what fields mean together. Codes that
//! the platform issues stand in [`code`], likely doubles in [`similar`].

pub mod code;
mod part;
pub mod similar;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::kind;
use suyuan_domain::scope::Scope;
use suyuan_domain::search::{mask_id, mask_name, mask_phone};
use suyuan_gis::coordinates::to_wgs84;
use suyuan_security::policy::Kind;
use suyuan_store::Tx;

use crate::Result;
use crate::node::Node;
use crate::register::field::{Faults, tidy_code, tidy_text};
use crate::register::{self, Columns, Document, State};

pub use crate::register::within;
pub use part::{BadRecord, Base, Licence};

/// Class of firms and nodes.
pub const SUBJECT: &str = "subject";
/// Class of merchants under a node (商户).
pub const MERCHANT: &str = "merchant";

/// What is registered of a subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubjectDoc {
    /// Class, [`SUBJECT`] or [`MERCHANT`].
    pub class: String,
    /// Code used in trace events; the credit code where none was given.
    pub code: String,
    /// Name.
    pub name: String,
    /// Unified social credit code (统一社会信用代码); may be empty.
    pub uscc: String,
    /// Identity number of a person who trades (身份证号); may be empty.
    pub id_no: String,
    /// Form of organisation, list `org_form`.
    pub org_form: String,
    /// What it does with goods (经营类别), list `subject_role`.
    pub subject_role: String,
    /// Type of node, list `node_type`.
    pub node_type: String,
    /// Type of merchant (经营者类型), list `merchant_type`.
    pub merchant_type: String,
    /// Code of the node that a merchant trades at (所在节点).
    pub parent: String,
    /// Category.
    pub category: String,
    /// Stages; the first is the main one.
    pub stages: Vec<String>,
    /// Second levels of the category that it trades in (品种).
    pub varieties: Vec<String>,
    /// Division.
    pub division: String,
    /// Address.
    pub address: String,
    /// Longitude, WGS 84.
    pub lon: Option<f64>,
    /// Latitude, WGS 84.
    pub lat: Option<f64>,
    /// Legal representative or head (法定代表人).
    pub legal_person: String,
    /// Identity number of that person.
    pub legal_id_no: String,
    /// Telephone of that person.
    pub legal_phone: String,
    /// Whom to ask.
    pub contact: String,
    /// Telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
    /// Fax.
    pub fax: String,
    /// First day of the licence to trade, `YYYY-MM-DD`; may be empty.
    pub valid_from: String,
    /// Last day; may be empty.
    pub valid_to: String,
    /// Whether there is no last day (长期).
    pub long_term: bool,
    /// Output of a year, a decimal number; may be empty.
    pub annual_output: String,
    /// Unit of the output.
    pub output_unit: String,
    /// Industry, GB/T 4754; may be empty.
    pub industry: String,
    /// Licences (许可证).
    pub licences: Vec<Licence>,
    /// Plots and farms (基地).
    pub bases: Vec<Base>,
    /// Bad records (不良记录); written by reviewers.
    pub bad_records: Vec<BadRecord>,
    /// Identity code of the national platform for farm products (主体身份码); may be empty.
    pub identity_code: String,
    /// Whether the platform is to issue a code where none is given.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub issue_code: bool,
    /// Further fields that packs define.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

impl Default for SubjectDoc {
    fn default() -> Self {
        Self {
            class: SUBJECT.to_owned(),
            code: String::new(),
            name: String::new(),
            uscc: String::new(),
            id_no: String::new(),
            org_form: String::new(),
            subject_role: String::new(),
            node_type: String::new(),
            merchant_type: String::new(),
            parent: String::new(),
            category: String::new(),
            stages: Vec::new(),
            varieties: Vec::new(),
            division: String::new(),
            address: String::new(),
            lon: None,
            lat: None,
            legal_person: String::new(),
            legal_id_no: String::new(),
            legal_phone: String::new(),
            contact: String::new(),
            phone: String::new(),
            email: String::new(),
            fax: String::new(),
            valid_from: String::new(),
            valid_to: String::new(),
            long_term: false,
            annual_output: String::new(),
            output_unit: String::new(),
            industry: String::new(),
            licences: Vec::new(),
            bases: Vec::new(),
            bad_records: Vec::new(),
            identity_code: String::new(),
            issue_code: false,
            extra: BTreeMap::new(),
        }
    }
}

impl SubjectDoc {
    fn is_person(&self) -> bool {
        self.org_form == "person"
    }

    /// Whether it is a merchant under a node.
    #[must_use]
    pub fn is_merchant(&self) -> bool {
        self.class == MERCHANT
    }

    fn texts(&mut self) -> [&mut String; 24] {
        [
            &mut self.class,
            &mut self.name,
            &mut self.org_form,
            &mut self.subject_role,
            &mut self.node_type,
            &mut self.merchant_type,
            &mut self.category,
            &mut self.division,
            &mut self.address,
            &mut self.legal_person,
            &mut self.legal_id_no,
            &mut self.legal_phone,
            &mut self.contact,
            &mut self.phone,
            &mut self.email,
            &mut self.fax,
            &mut self.valid_from,
            &mut self.valid_to,
            &mut self.annual_output,
            &mut self.output_unit,
            &mut self.industry,
            &mut self.id_no,
            &mut self.identity_code,
            &mut self.parent,
        ]
    }

    fn codes(&self, faults: &mut Faults<'_>) {
        if !self.code.is_empty() {
            faults.code(&self.code);
        } else if !self.issue_code && !self.is_merchant() {
            faults.add("0104", "uscc", "缺少统一社会信用代码和主体编码", "请至少填写其中一项，或由平台编码");
        }
        faults.uscc(&self.uscc);
        if self.is_merchant()
            && let (Some(node), 13) = (code::node_code(&self.parent), self.code.len())
            && code::is_digits(&self.code)
            && !self.code.starts_with(node)
        {
            let reason = format!("商户编码应以所在节点的编码 {node} 开头");
            faults.add("0131", "code", reason, "请核对编码，或不填写而由平台编码");
        }
        if !self.identity_code.is_empty() && !self.is_identity_code() {
            let reason = "农产品主体身份码应为 24 位：主体类别 1 位、信用代码或证件号 18 位、用户流水 5 位";
            faults.add("0132", "identity_code", reason, "请核对身份码");
        }
    }

    fn is_identity_code(&self) -> bool {
        let plain = self.identity_code.replace('.', "");
        plain.len() == 24 && plain.is_ascii() && matches!(plain.as_bytes().first(), Some(b'0'..=b'3'))
    }

    fn dates(&self, faults: &mut Faults<'_>) {
        if !self.valid_from.is_empty() && !self.valid_to.is_empty() && self.valid_from > self.valid_to {
            faults.add("0133", "valid_to", "营业期限止早于起", "请核对营业期限");
        }
        if self.long_term && !self.valid_to.is_empty() {
            faults.add("0133", "valid_to", "已勾选长期，不能再填营业期限止", "请二选一");
        }
    }

    fn industry_fault(&self, faults: &mut Faults<'_>) {
        let mut characters = self.industry.chars();
        let right = match characters.next() {
            None => true,
            Some(letter) => {
                let rest = characters.as_str();
                letter.is_ascii_uppercase() && letter <= 'T' && matches!(rest.len(), 0 | 2..=4) && code::is_digits(rest)
            }
        };
        if !right {
            let advice = "请填写 GB/T 4754 的门类字母，或字母加 2 至 4 位数字，如 A014";
            faults.add("0134", "industry", "所属行业代码不正确", advice);
        }
    }
}

impl Document for SubjectDoc {
    const KIND: &'static str = kind::SUBJECT;
    const POLICY: Kind = Kind::Subject;
    const LETTERS: &'static str = "SUBJ";
    const STATES: &'static str = "subject_state";
    const SEALED: bool = true;

    fn tidy(&mut self, node: &Node, _fresh: ObjectId) {
        for text in self.texts() {
            tidy_text(text);
        }
        for code in [&mut self.code, &mut self.uscc, &mut self.parent, &mut self.id_no, &mut self.legal_id_no] {
            tidy_code(code);
        }
        for code in [&mut self.identity_code, &mut self.industry] {
            tidy_code(code);
        }
        if self.class.is_empty() {
            self.class = if self.parent.is_empty() { SUBJECT } else { MERCHANT }.to_owned();
        }
        if self.code.is_empty() && !self.issue_code {
            self.code.clone_from(&self.uscc);
        }
        part::tidy(self);
        if self.stages.is_empty() {
            let packs = node.packs();
            let implied = packs.list("node_type").find(|entry| entry.code == self.node_type);
            self.stages.extend(implied.map(|entry| entry.stage.clone()).filter(|stage| !stage.is_empty()));
        }
    }

    fn faults(&self, node: &Node) -> Vec<Fault> {
        let mut faults = Faults::new(Self::LETTERS, node);
        faults.listed("subject_class", "class", "类型", &self.class);
        self.codes(&mut faults);
        faults.required("name", "名称", &self.name);
        faults.category(&self.category);
        if self.stages.is_empty() {
            faults.add("0101", "stages", "缺少追溯环节", "请至少选择一个环节");
        }
        for stage in &self.stages {
            faults.stage("stages", &self.category, stage);
        }
        faults.division(&self.division);
        faults.place(self.lon, self.lat);
        self.dates(&mut faults);
        self.industry_fault(&mut faults);
        part::licence_faults(&self.licences, node, &mut faults);
        part::base_faults(&self.bases, &mut faults);
        faults.done()
    }

    async fn complete(&mut self, node: &Node, tx: &Tx, scope: &Scope, stored: Option<&Self>) -> Result<Vec<Fault>> {
        let mut faults = Faults::new(Self::LETTERS, node);
        if self.is_merchant() {
            let known = stored.is_some_and(|stored| stored.parent == self.parent);
            let around = if known { &Scope::everything() } else { scope };
            self.under_its_node(tx, around, &mut faults).await?;
        } else if !self.parent.is_empty() {
            faults.add("0135", "parent", "只有商户填写所在节点", "请将类型改为商户，或清空所在节点");
        }
        let faults = faults.done();
        if faults.is_empty() && self.code.is_empty() && (self.issue_code || self.is_merchant()) {
            match code::issue(tx, self).await? {
                Ok(code) => self.code = code,
                Err(fault) => return Ok(vec![fault]),
            }
        }
        self.issue_code = false;
        Ok(faults)
    }

    fn columns(&self) -> Columns {
        let facet = |name: &str, value: &String| (name.to_owned(), value.clone());
        let mut facets: Vec<(String, String)> = self.stages.iter().map(|stage| facet("stage", stage)).collect();
        facets.extend(self.varieties.iter().map(|variety| facet("variety", variety)));
        facets.extend(self.licences.iter().map(|licence| facet("licence", &licence.number)));
        facets.push(facet("uscc", &self.uscc));
        Columns {
            code: self.code.clone(),
            name: self.name.clone(),
            category: self.category.clone(),
            stage: self.stages.first().cloned().unwrap_or_default(),
            division: self.division.clone(),
            // Who acts for a market sees the merchants under it.
            subject: self.parent.clone(),
            r#type: self.node_type.clone(),
            place: self.lon.zip(self.lat),
            class: self.class.clone(),
            org_form: self.org_form.clone(),
            parent: self.parent.clone(),
            merchant_type: self.merchant_type.clone(),
            facets,
        }
    }

    fn masked(&self) -> Self {
        let hide = |name: &String| if self.is_person() { mask_name(name) } else { name.clone() };
        Self {
            name: hide(&self.name),
            contact: mask_name(&self.contact),
            phone: mask_phone(&self.phone),
            email: mask_email(&self.email),
            id_no: mask_id(&self.id_no),
            legal_person: mask_name(&self.legal_person),
            legal_id_no: mask_id(&self.legal_id_no),
            legal_phone: mask_phone(&self.legal_phone),
            bases: self.bases.iter().map(|base| Base { charge: mask_name(&base.charge), ..base.clone() }).collect(),
            ..self.clone()
        }
    }
}

impl SubjectDoc {
    /// A merchant's node must be on file; what the merchant does not say of place and stage is that of the node.
    async fn under_its_node(&mut self, tx: &Tx, scope: &Scope, faults: &mut Faults<'_>) -> Result<()> {
        if self.parent.is_empty() {
            return Ok(());
        }
        // A merchant who files for himself stands under a market that is not his; a market files those under itself.
        let own = scope.subject.clone().filter(|own| *own != self.code);
        let around = Scope { subject: own, ..scope.clone() };
        let parent = tx.system_entry_by_code(kind::SUBJECT, &self.parent).await?;
        let Some(parent) = parent.filter(|parent| parent.is_in(&around)) else {
            let reason = format!("所在节点 {} 尚未登记", self.parent);
            faults.add("0136", "parent", reason, "请先登记该节点，或核对节点编码");
            return Ok(());
        };
        if parent.class == MERCHANT {
            faults.add("0136", "parent", "所在节点是商户", "请填写市场、超市等节点的编码");
        } else if !State::parse(&parent.state).is_some_and(State::is_live) {
            faults.add("0137", "parent", "所在节点尚未备案，或已停用", "请待节点备案后再登记商户");
        }
        if self.division.is_empty() {
            self.division = parent.division;
        }
        if self.stages.is_empty() && !parent.stage.is_empty() {
            self.stages.push(parent.stage);
        }
        if self.category.is_empty() {
            self.category = parent.category;
        }
        Ok(())
    }
}

/// An address for e-mail of which only the first character and the host are shown.
fn mask_email(text: &str) -> String {
    match text.rsplit_once('@') {
        None => "*".repeat(text.chars().count()),
        Some((name, host)) => {
            let first: String = name.chars().take(1).collect();
            format!("{first}***@{host}")
        }
    }
}

/// A position in WGS 84, of one given in `system` (`gcj02`, `bd09`, …). What is no position stays as it is, for the check to
/// find.
#[must_use]
pub fn wgs84(system: &str, place: (f64, f64)) -> (f64, f64) {
    let converted = system.parse().and_then(|system| to_wgs84(system, place.0, place.1));
    converted.unwrap_or(place)
}

/// Names of subjects by code, for naming what a row belongs to. Codes that are unknown or outside of `scope` are left out.
///
/// # Errors
/// When the database is out of reach.
pub async fn names(node: &Node, scope: &Scope, codes: Vec<String>) -> Result<BTreeMap<String, String>> {
    register::names(node, scope, kind::SUBJECT, codes).await
}

#[cfg(test)]
mod tests;
