//! The form of an application, when it is right, and how it is kept: telephone and mail address sealed under the node's
//! key, masks of them in plain. Rows: G-6.7.2, G-10.4.

use serde::{Deserialize, Serialize};
use suyuan_crypto::seal;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;

use crate::Result;
use crate::access::AccessDoc;
use crate::node::Node;
use crate::register::Document;

/// Most rows that can be expected in a day.
const MOST_ROWS: u64 = 1_000_000_000;
/// Longest list of subjects as text, in characters.
const LONGEST_LIST: usize = 20_000;

/// What an applicant fills in (接入申请表).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    /// Name of the system.
    pub name: String,
    /// Who runs it.
    pub operator: String,
    /// Unified social credit code of who runs it.
    pub uscc: String,
    /// Category that it will report.
    pub category: String,
    /// Stage that it will report.
    pub stage: String,
    /// Division.
    pub division: String,
    /// Codes of the subjects it reports for, where known.
    pub subjects: Vec<String>,
    /// The same in words, where codes are not known.
    pub subject_list: String,
    /// Address of the system; may be empty.
    pub url: String,
    /// Whom to ask.
    pub contact: String,
    /// Telephone.
    pub phone: String,
    /// Mail address; may be empty.
    pub email: String,
    /// What it is for.
    pub purpose: String,
    /// Rows that it expects to send in a day.
    pub daily_volume: u64,
    /// Outside form, list `access_protocol`.
    pub protocol: String,
    /// With whose money it was built, list `access_funding`; may be empty.
    pub funding: String,
}

impl From<Form> for AccessDoc {
    fn from(form: Form) -> Self {
        Self {
            name: form.name,
            operator: form.operator,
            uscc: form.uscc,
            category: form.category,
            stage: form.stage,
            division: form.division,
            subjects: form.subjects,
            url: form.url,
            contact: form.contact,
            phone: form.phone,
            email: form.email,
            purpose: form.purpose,
            daily_volume: Some(form.daily_volume),
            protocol: form.protocol,
            funding: form.funding,
            ..Self::default()
        }
    }
}

impl Form {
    /// The form in its usual form, as it is kept.
    #[must_use]
    pub(super) fn tidied(self, node: &Node) -> Self {
        let (subject_list, daily_volume) = (self.subject_list.trim().to_owned(), self.daily_volume);
        let mut doc = AccessDoc::from(self);
        doc.tidy(node, ObjectId::default());
        Self {
            name: doc.name,
            operator: doc.operator,
            uscc: doc.uscc,
            category: doc.category,
            stage: doc.stage,
            division: doc.division,
            subjects: doc.subjects,
            subject_list,
            url: doc.url,
            contact: doc.contact,
            phone: doc.phone,
            email: doc.email,
            purpose: doc.purpose,
            daily_volume,
            protocol: doc.protocol,
            funding: doc.funding,
        }
    }

    /// What is wrong with a tidied form: everything that would be wrong with the system that is made of it, and what is
    /// only asked of applicants.
    pub(super) fn faults(&self, node: &Node) -> Vec<Fault> {
        let system = AccessDoc { code: "NEW".to_owned(), ..AccessDoc::from(self.clone()) };
        let relettered = |fault: Fault| Fault { code: fault.code.replacen("ACC-", "JOIN-", 1), ..fault };
        let mut faults: Vec<Fault> = system.faults(node).into_iter().map(relettered).collect();
        for (field, name, value) in [
            ("uscc", "统一社会信用代码", &self.uscc),
            ("contact", "联系人", &self.contact),
            ("phone", "联系电话", &self.phone),
            ("purpose", "接入用途", &self.purpose),
            ("protocol", "报送方式", &self.protocol),
        ] {
            if value.is_empty() {
                faults.push(Fault::new("JOIN-0101", field, format!("缺少{name}"), "请填写"));
            }
        }
        if self.phone.contains('*') || self.email.contains('*') {
            let (field, name) =
                if self.phone.contains('*') { ("phone", "联系电话") } else { ("email", "电子邮箱") };
            faults.push(Fault::new("JOIN-0129", field, format!("{name}被隐去了一部分"), "请填写完整"));
        }
        let packs = node.packs();
        if let Some(category) = packs.category(&self.category).filter(|found| !packs.takes_in(&found.code)) {
            let reason = format!("本地区未纳入“{}”", category.name);
            faults.push(Fault::new("JOIN-0128", "category", reason, "请选择本地区纳入管理的产品类别"));
        }
        if self.daily_volume == 0 || self.daily_volume > MOST_ROWS {
            let advice = "请填写预计每日报送的记录数";
            faults.push(Fault::new("JOIN-0123", "daily_volume", "预计日报送量应大于零", advice));
        }
        if self.subject_list.chars().count() > LONGEST_LIST {
            faults.push(Fault::new("JOIN-0124", "subject_list", "代报主体名单过长", "请控制在 20000 字以内"));
        }
        if node.divisions.get(&self.division).is_some() && !node.divisions.is_within(&self.division, node.code()) {
            let reason = format!("区划不在{}的辖区内", node.divisions.name(node.code()));
            faults.push(Fault::new("JOIN-0125", "division", reason, "请向该行政区划所属的平台申请"));
        }
        faults
    }

    /// The form without full telephone number and mail address.
    #[must_use]
    pub(super) fn masked(self) -> Self {
        let shown = AccessDoc::from(self.clone()).masked();
        Self { phone: shown.phone, email: shown.email, ..self }
    }
}

/// A form at rest.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// With masks in place of what is sealed.
    #[serde(flatten)]
    form: Form,
    /// The sealed values in hexadecimal; empty in rows of versions that did not seal.
    #[serde(default)]
    sealed: String,
}

/// What is sealed of a form.
#[derive(Serialize, Deserialize)]
struct Personal {
    phone: String,
    email: String,
}

fn place(application: ObjectId) -> Vec<u8> {
    seal::place(&["application", "form", &application.to_string()])
}

/// The form of an application as it is kept.
///
/// # Errors
/// When the random source refuses.
pub(super) fn kept(node: &Node, application: ObjectId, form: Form) -> Result<String> {
    let plain = serde_json::to_vec(&Personal { phone: form.phone.clone(), email: form.email.clone() })?;
    let sealed = seal::seal(&node.sealing_key, &place(application), &plain, &*node.entropy)?;
    Ok(serde_json::to_string(&Kept { form: form.masked(), sealed: hex::encode(sealed) })?)
}

/// The form of an application in full.
///
/// # Errors
/// When the kept text is damaged, or sealed by another node.
pub(super) fn opened(node: &Node, application: ObjectId, text: &str) -> Result<Form> {
    let Kept { form, sealed } = serde_json::from_str(text)?;
    if sealed.is_empty() {
        return Ok(form);
    }
    let bytes = hex::decode(sealed).map_err(|_| suyuan_crypto::CryptoError::Open)?;
    let Personal { phone, email } =
        serde_json::from_slice(&seal::open(&node.sealing_key, &place(application), &bytes)?)?;
    Ok(Form { phone, email, ..form })
}
