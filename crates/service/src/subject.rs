//! Subjects (追溯责任主体): what is registered of a firm, farm, market or shop, and when it is right. Rows: G-6.2.1, G-6.2.2.

use serde::{Deserialize, Serialize};
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::kind;
use suyuan_domain::search::{mask_name, mask_phone};
use suyuan_security::policy::Kind;

use crate::node::Node;
use crate::register::field::{Faults, tidy_code, tidy_text};
use crate::register::{self, Columns, Document};

pub use crate::register::within;

/// What is registered of a subject.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubjectDoc {
    /// Code used in trace events; the credit code where none was given.
    pub code: String,
    /// Name.
    pub name: String,
    /// Unified social credit code (统一社会信用代码); may be empty.
    pub uscc: String,
    /// Form of organisation, list `org_form`.
    pub org_form: String,
    /// Type of node, list `node_type`.
    pub node_type: String,
    /// Category.
    pub category: String,
    /// Stages; the first is the main one.
    pub stages: Vec<String>,
    /// Division.
    pub division: String,
    /// Address.
    pub address: String,
    /// Longitude, WGS 84.
    pub lon: Option<f64>,
    /// Latitude, WGS 84.
    pub lat: Option<f64>,
    /// Whom to ask.
    pub contact: String,
    /// Telephone.
    pub phone: String,
}

impl SubjectDoc {
    fn is_person(&self) -> bool {
        self.org_form == "person"
    }
}

impl Document for SubjectDoc {
    const KIND: &'static str = kind::SUBJECT;
    const POLICY: Kind = Kind::Subject;
    const LETTERS: &'static str = "SUBJ";
    const STATES: &'static str = "subject_state";

    fn tidy(&mut self, node: &Node, _fresh: ObjectId) {
        tidy_code(&mut self.code);
        tidy_code(&mut self.uscc);
        for text in [&mut self.name, &mut self.address, &mut self.contact, &mut self.phone, &mut self.division] {
            tidy_text(text);
        }
        if self.code.is_empty() {
            self.code.clone_from(&self.uscc);
        }
        if self.stages.is_empty() {
            let packs = node.packs();
            let implied = packs.list("node_type").find(|entry| entry.code == self.node_type);
            self.stages.extend(implied.map(|entry| entry.stage.clone()).filter(|stage| !stage.is_empty()));
        }
    }

    fn faults(&self, node: &Node) -> Vec<Fault> {
        let mut faults = Faults::new(Self::LETTERS, node);
        if self.code.is_empty() {
            faults.add("0104", "uscc", "缺少统一社会信用代码和主体编码", "请至少填写其中一项");
        } else {
            faults.code(&self.code);
        }
        faults.uscc(&self.uscc);
        faults.required("name", "名称", &self.name);
        faults.listed("org_form", "org_form", "组织形式", &self.org_form);
        faults.listed("node_type", "node_type", "节点类型", &self.node_type);
        faults.category(&self.category);
        if self.stages.is_empty() {
            faults.add("0101", "stages", "缺少追溯环节", "请至少选择一个环节");
        }
        for stage in &self.stages {
            faults.stage("stages", &self.category, stage);
        }
        faults.division(&self.division);
        faults.text("address", "地址", &self.address);
        faults.text("contact", "联系人", &self.contact);
        faults.phone(&self.phone);
        faults.place(self.lon, self.lat);
        faults.done()
    }

    fn columns(&self) -> Columns {
        Columns {
            code: self.code.clone(),
            name: self.name.clone(),
            category: self.category.clone(),
            stage: self.stages.first().cloned().unwrap_or_default(),
            division: self.division.clone(),
            subject: String::new(),
            r#type: self.node_type.clone(),
            place: self.lon.zip(self.lat),
        }
    }

    fn masked(&self) -> Self {
        let contact = if self.is_person() { mask_name(&self.contact) } else { self.contact.clone() };
        Self { phone: mask_phone(&self.phone), contact, ..self.clone() }
    }
}

/// Names of subjects by code, for naming what a row belongs to. Unknown codes are left out.
///
/// # Errors
/// When the database is out of reach.
pub async fn names(node: &Node, codes: Vec<String>) -> crate::Result<std::collections::BTreeMap<String, String>> {
    register::names(node, kind::SUBJECT, codes).await
}
