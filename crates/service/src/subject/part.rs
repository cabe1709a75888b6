//! Parts of a subject's document that are lists: licences, bases, bad records; their usual form and what is wrong with them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use suyuan_domain::code::{CheckOutcome, CodeKind};

use super::SubjectDoc;
use crate::node::Node;
use crate::register::field::{Faults, tidy_code, tidy_text};

/// A licence (许可证).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Licence {
    /// Kind, list `licence_kind`.
    pub kind: String,
    /// Number.
    pub number: String,
    /// Last day, `YYYY-MM-DD`; may be empty.
    pub expires: String,
    /// Whether there is no last day.
    pub long_term: bool,
}

/// A plot or farm (基地).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Base {
    /// Name.
    pub name: String,
    /// Area in mu (亩), a decimal number; may be empty.
    pub area: String,
    /// Who is in charge.
    pub charge: String,
    /// Longitude, WGS 84.
    pub lon: Option<f64>,
    /// Latitude, WGS 84.
    pub lat: Option<f64>,
    /// What is grown or kept there.
    pub products: String,
}

/// A bad record (不良记录).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BadRecord {
    /// Day, `YYYY-MM-DD`.
    pub day: String,
    /// What happened.
    pub text: String,
    /// Who found it.
    pub source: String,
}

/// The lists in their usual form: trimmed, empty rows and doubles gone.
pub(super) fn tidy(doc: &mut SubjectDoc) {
    for list in [&mut doc.stages, &mut doc.varieties] {
        list.iter_mut().for_each(tidy_text);
        let mut seen = BTreeSet::new();
        list.retain(|value| !value.is_empty() && seen.insert(value.clone()));
    }
    for licence in &mut doc.licences {
        tidy_code(&mut licence.number);
        tidy_text(&mut licence.kind);
        tidy_text(&mut licence.expires);
    }
    doc.licences.retain(|licence| *licence != Licence::default());
    for base in &mut doc.bases {
        for text in [&mut base.name, &mut base.area, &mut base.charge, &mut base.products] {
            tidy_text(text);
        }
    }
    doc.bases.retain(|base| *base != Base::default());
    for record in &mut doc.bad_records {
        for text in [&mut record.day, &mut record.text, &mut record.source] {
            tidy_text(text);
        }
    }
    doc.bad_records.retain(|record| *record != BadRecord::default());
    doc.extra.values_mut().for_each(tidy_text);
    doc.extra.retain(|_, value| !value.is_empty());
}

/// Numbers with a wrong check digit, by the code schemes of licences.
pub(super) fn licence_faults(licences: &[Licence], node: &Node, faults: &mut Faults<'_>) {
    let packs = node.packs();
    for (row, licence) in licences.iter().enumerate() {
        let field = format!("licences[{row}].number");
        let found = packs.schemes.resolve(&licence.number).into_iter().find(|found| found.kind == CodeKind::Licence);
        if let Some(found) = found
            && let CheckOutcome::Wrong { expected, found: stands } = found.check
        {
            let reason = format!("{}校验位不正确：应为 {expected}，填写为 {stands}", found.name);
            faults.add("0102", &field, reason, "请核对许可证");
        }
    }
}

/// Places outside of the country.
pub(super) fn base_faults(bases: &[Base], faults: &mut Faults<'_>) {
    for base in bases {
        faults.place(base.lon, base.lat);
    }
}
