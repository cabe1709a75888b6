//! A subject or merchant as it is handed in, by people, by systems, and what is filed of it. Rows: G-6.2.1a.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suyuan_service::subject::{BadRecord, Base, Licence, MERCHANT, SUBJECT, SubjectDoc, wgs84};
use utoipa::ToSchema;

use super::super::register::some;

/// Class of a subject (主体类型).
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SubjectClass {
    /// A firm, farm, market or shop.
    #[default]
    Subject,
    /// A merchant under a node (商户).
    Merchant,
}

impl SubjectClass {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Subject => SUBJECT,
            Self::Merchant => MERCHANT,
        }
    }
}

/// In which system a position is given (坐标系).
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Coordinates {
    /// WGS 84.
    Wgs84,
    /// CGCS2000, taken as equal to it.
    Cgcs2000,
    /// GCJ-02 of map services.
    Gcj02,
    /// BD-09.
    Bd09,
}

impl Coordinates {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Wgs84 => "wgs84",
            Self::Cgcs2000 => "cgcs2000",
            Self::Gcj02 => "gcj02",
            Self::Bd09 => "bd09",
        }
    }
}

/// A licence (许可证).
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LicenceForm {
    /// List `licence_kind`.
    kind: String,
    number: String,
    /// Last day, `YYYY-MM-DD`.
    #[serde(default)]
    expires: Option<String>,
    /// Whether there is no last day.
    #[serde(default)]
    long_term: bool,
}

/// A plot or farm (基地).
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaseForm {
    name: String,
    /// In mu (亩), a decimal number.
    #[serde(default)]
    area: Option<String>,
    /// Who is in charge; masked unless asked for in full.
    #[serde(default)]
    charge: Option<String>,
    /// Longitude, WGS 84.
    #[serde(default)]
    lon: Option<f64>,
    /// Latitude, WGS 84.
    #[serde(default)]
    lat: Option<f64>,
    #[serde(default)]
    products: Option<String>,
}

/// A bad record (不良记录).
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BadRecordForm {
    /// `YYYY-MM-DD`.
    day: String,
    text: String,
    #[serde(default)]
    source: Option<String>,
}

/// 追溯责任主体或商户 as it is handed in. Which fields are wanted of whom the metadata tell. `version` belongs to changes.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SubjectIn {
    /// Version that was read; for changes only.
    pub(super) version: Option<u64>,
    /// Whether it is kept as a draft and not handed in yet.
    pub(super) draft: bool,
    /// Whether the platform issues a code where none is given.
    issue_code: bool,
    class: Option<SubjectClass>,
    /// Code in trace events; the credit code where none is given.
    code: Option<String>,
    /// Name; masked for persons unless asked for in full.
    name: Option<String>,
    /// Unified social credit code.
    uscc: Option<String>,
    /// Identity number of a person who trades; masked unless asked for in full.
    id_no: Option<String>,
    /// Form of organisation, list `org_form`.
    org_form: Option<String>,
    /// What it does with goods, list `subject_role`.
    subject_role: Option<String>,
    /// Type of node, list `node_type`.
    node_type: Option<String>,
    /// Type of merchant, list `merchant_type`.
    merchant_type: Option<String>,
    /// Code of the node that a merchant trades at.
    parent: Option<String>,
    /// Category.
    category: Option<String>,
    /// Division.
    division: Option<String>,
    /// Address.
    address: Option<String>,
    /// Legal representative or head; masked unless asked for in full.
    legal_person: Option<String>,
    /// Identity number of that person; masked unless asked for in full.
    legal_id_no: Option<String>,
    /// Telephone of that person; masked unless asked for in full.
    legal_phone: Option<String>,
    /// Whom to ask; masked unless asked for in full.
    contact: Option<String>,
    /// Telephone, masked unless asked for in full.
    phone: Option<String>,
    /// E-mail, masked unless asked for in full.
    email: Option<String>,
    /// Fax.
    fax: Option<String>,
    /// First day of the licence to trade, `YYYY-MM-DD`.
    valid_from: Option<String>,
    /// Last day of the licence to trade, `YYYY-MM-DD`.
    valid_to: Option<String>,
    /// Output of a year, a decimal number.
    annual_output: Option<String>,
    /// Unit of the output.
    output_unit: Option<String>,
    /// Industry, GB/T 4754.
    industry: Option<String>,
    /// Identity code of the national platform for farm products, 24 characters.
    identity_code: Option<String>,
    /// Stages; the first is the main one.
    stages: Vec<String>,
    /// Second levels of the category.
    varieties: Vec<String>,
    /// Longitude.
    lon: Option<f64>,
    /// Latitude.
    lat: Option<f64>,
    /// System of the position, WGS 84 where none is given. It is converted once.
    coordinates: Option<Coordinates>,
    /// Whether the licence to trade has no last day.
    long_term: bool,
    licences: Vec<LicenceForm>,
    bases: Vec<BaseForm>,
    /// Written by reviewers.
    bad_records: Vec<BadRecordForm>,
    /// Further fields that the metadata name.
    extra: BTreeMap<String, String>,
}

impl From<SubjectIn> for SubjectDoc {
    fn from(body: SubjectIn) -> Self {
        let system = body.coordinates.unwrap_or(Coordinates::Wgs84).as_str();
        let place = body.lon.zip(body.lat).map(|place| wgs84(system, place));
        let class = body.class.map(SubjectClass::as_str).unwrap_or_default();
        Self {
            class: class.to_owned(),
            issue_code: body.issue_code,
            code: body.code.unwrap_or_default(),
            name: body.name.unwrap_or_default(),
            uscc: body.uscc.unwrap_or_default(),
            id_no: body.id_no.unwrap_or_default(),
            org_form: body.org_form.unwrap_or_default(),
            subject_role: body.subject_role.unwrap_or_default(),
            node_type: body.node_type.unwrap_or_default(),
            merchant_type: body.merchant_type.unwrap_or_default(),
            parent: body.parent.unwrap_or_default(),
            category: body.category.unwrap_or_default(),
            division: body.division.unwrap_or_default(),
            address: body.address.unwrap_or_default(),
            legal_person: body.legal_person.unwrap_or_default(),
            legal_id_no: body.legal_id_no.unwrap_or_default(),
            legal_phone: body.legal_phone.unwrap_or_default(),
            contact: body.contact.unwrap_or_default(),
            phone: body.phone.unwrap_or_default(),
            email: body.email.unwrap_or_default(),
            fax: body.fax.unwrap_or_default(),
            valid_from: body.valid_from.unwrap_or_default(),
            valid_to: body.valid_to.unwrap_or_default(),
            annual_output: body.annual_output.unwrap_or_default(),
            output_unit: body.output_unit.unwrap_or_default(),
            industry: body.industry.unwrap_or_default(),
            identity_code: body.identity_code.unwrap_or_default(),
            stages: body.stages,
            varieties: body.varieties,
            lon: place.map_or(body.lon, |place| Some(place.0)),
            lat: place.map_or(body.lat, |place| Some(place.1)),
            long_term: body.long_term,
            licences: body.licences.into_iter().map(Licence::from).collect(),
            bases: body.bases.into_iter().map(Base::from).collect(),
            bad_records: body.bad_records.into_iter().map(BadRecord::from).collect(),
            extra: body.extra,
        }
    }
}

/// What is registered of a subject or merchant (追溯责任主体).
#[derive(Serialize, ToSchema)]
pub(in crate::console) struct SubjectFacts {
    class: SubjectClass,
    /// Code in trace events; the credit code where none is given.
    code: String,
    /// Name; masked for persons unless asked for in full.
    name: String,
    /// Unified social credit code.
    uscc: Option<String>,
    /// Identity number of a person who trades; masked unless asked for in full.
    id_no: Option<String>,
    /// Form of organisation, list `org_form`.
    org_form: String,
    /// What it does with goods, list `subject_role`.
    subject_role: Option<String>,
    /// Type of node, list `node_type`.
    node_type: String,
    /// Type of merchant, list `merchant_type`.
    merchant_type: Option<String>,
    /// Code of the node that a merchant trades at.
    parent: Option<String>,
    /// Category.
    category: String,
    /// Division.
    division: String,
    /// Address.
    address: Option<String>,
    /// Legal representative or head; masked unless asked for in full.
    legal_person: Option<String>,
    /// Identity number of that person; masked unless asked for in full.
    legal_id_no: Option<String>,
    /// Telephone of that person; masked unless asked for in full.
    legal_phone: Option<String>,
    /// Whom to ask; masked unless asked for in full.
    contact: Option<String>,
    /// Telephone, masked unless asked for in full.
    phone: Option<String>,
    /// E-mail, masked unless asked for in full.
    email: Option<String>,
    /// Fax.
    fax: Option<String>,
    /// First day of the licence to trade, `YYYY-MM-DD`.
    valid_from: Option<String>,
    /// Last day of the licence to trade, `YYYY-MM-DD`.
    valid_to: Option<String>,
    /// Output of a year, a decimal number.
    annual_output: Option<String>,
    /// Unit of the output.
    output_unit: Option<String>,
    /// Industry, GB/T 4754.
    industry: Option<String>,
    /// Identity code of the national platform for farm products, 24 characters.
    identity_code: Option<String>,
    /// Stages; the first is the main one.
    stages: Vec<String>,
    /// Second levels of the category.
    varieties: Vec<String>,
    /// Longitude, WGS 84.
    lon: Option<f64>,
    /// Latitude, WGS 84.
    lat: Option<f64>,
    /// Whether the licence to trade has no last day.
    long_term: bool,
    licences: Vec<LicenceForm>,
    bases: Vec<BaseForm>,
    bad_records: Vec<BadRecordForm>,
    /// Further fields that the metadata name.
    extra: BTreeMap<String, String>,
}

impl From<SubjectDoc> for SubjectFacts {
    fn from(doc: SubjectDoc) -> Self {
        Self {
            class: if doc.is_merchant() { SubjectClass::Merchant } else { SubjectClass::Subject },
            code: doc.code,
            name: doc.name,
            uscc: some(doc.uscc),
            id_no: some(doc.id_no),
            org_form: doc.org_form,
            subject_role: some(doc.subject_role),
            node_type: doc.node_type,
            merchant_type: some(doc.merchant_type),
            parent: some(doc.parent),
            category: doc.category,
            division: doc.division,
            address: some(doc.address),
            legal_person: some(doc.legal_person),
            legal_id_no: some(doc.legal_id_no),
            legal_phone: some(doc.legal_phone),
            contact: some(doc.contact),
            phone: some(doc.phone),
            email: some(doc.email),
            fax: some(doc.fax),
            valid_from: some(doc.valid_from),
            valid_to: some(doc.valid_to),
            annual_output: some(doc.annual_output),
            output_unit: some(doc.output_unit),
            industry: some(doc.industry),
            identity_code: some(doc.identity_code),
            stages: doc.stages,
            varieties: doc.varieties,
            lon: doc.lon,
            lat: doc.lat,
            long_term: doc.long_term,
            licences: doc.licences.into_iter().map(LicenceForm::from).collect(),
            bases: doc.bases.into_iter().map(BaseForm::from).collect(),
            bad_records: doc.bad_records.into_iter().map(BadRecordForm::from).collect(),
            extra: doc.extra,
        }
    }
}

impl From<LicenceForm> for Licence {
    fn from(form: LicenceForm) -> Self {
        let LicenceForm { kind, number, expires, long_term } = form;
        Self { kind, number, expires: expires.unwrap_or_default(), long_term }
    }
}

impl From<Licence> for LicenceForm {
    fn from(licence: Licence) -> Self {
        let Licence { kind, number, expires, long_term } = licence;
        Self { kind, number, expires: some(expires), long_term }
    }
}

impl From<BaseForm> for Base {
    fn from(form: BaseForm) -> Self {
        let text = Option::unwrap_or_default;
        let BaseForm { name, area, charge, lon, lat, products } = form;
        Self { name, area: text(area), charge: text(charge), lon, lat, products: text(products) }
    }
}

impl From<Base> for BaseForm {
    fn from(base: Base) -> Self {
        let Base { name, area, charge, lon, lat, products } = base;
        Self { name, area: some(area), charge: some(charge), lon, lat, products: some(products) }
    }
}

impl From<BadRecordForm> for BadRecord {
    fn from(form: BadRecordForm) -> Self {
        let BadRecordForm { day, text, source } = form;
        Self { day, text, source: source.unwrap_or_default() }
    }
}

impl From<BadRecord> for BadRecordForm {
    fn from(record: BadRecord) -> Self {
        let BadRecord { day, text, source } = record;
        Self { day, text, source: some(source) }
    }
}
