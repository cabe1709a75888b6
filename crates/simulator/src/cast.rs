//! Subjects, the systems that report for them, products and devices: who they are and where.

use serde_json::json;
use suyuan_domain::code::Check;
use suyuan_domain::division::{Division, Divisions};

use crate::dice::Dice;
use crate::roles::{CHAINS, ROLES};
use crate::{Plan, Registration, WorldError};

/// A subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Thirteen-digit subject code.
    pub code: String,
    /// Unified social credit code.
    pub uscc: String,
    /// Name.
    pub name: String,
    /// Code of its county.
    pub division: String,
    /// Code of its node, the city.
    pub node: String,
    /// Category.
    pub category: String,
    /// Stage.
    pub stage: String,
    /// Longitude in millionths of a degree.
    pub lon: i64,
    /// Latitude in millionths of a degree.
    pub lat: i64,
    /// Contact person, invented.
    pub contact: String,
    /// Telephone, invented.
    pub phone: String,
    /// Place of its system in the list of systems.
    pub system: usize,
    pub(crate) role: usize,
}

/// How good a system is, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    /// Days without any report.
    pub(crate) silent: u32,
    /// Events reported more than a day late.
    pub(crate) late: u32,
    /// Refused rows beside good ones.
    pub(crate) bad: u32,
    /// Fields left empty.
    pub(crate) missing: u32,
    /// Receipts without an upstream beside good ones.
    pub(crate) unlinked: u32,
}

/// Excellent, good, passing, failing.
const PROFILES: [Profile; 4] = [
    Profile { silent: 0, late: 10, bad: 5, missing: 30, unlinked: 10 },
    Profile { silent: 90, late: 110, bad: 60, missing: 200, unlinked: 130 },
    Profile { silent: 270, late: 250, bad: 150, missing: 400, unlinked: 300 },
    Profile { silent: 600, late: 600, bad: 400, missing: 700, unlinked: 600 },
];
const MIX: [usize; 10] = [0, 1, 0, 2, 1, 0, 3, 0, 1, 2];

/// A connected system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Code of its node.
    pub node: String,
    /// Category.
    pub category: String,
    /// Stage.
    pub stage: String,
    /// Places of its subjects in the list of subjects.
    pub subjects: Vec<usize>,
    pub(crate) profile: Profile,
}

/// Everybody.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) systems: Vec<System>,
    /// Subjects by city and role.
    pub(crate) by_role: Vec<Vec<Vec<usize>>>,
}

const FIRMS: [&str; 24] = [
    "惠民", "绿源", "鲁丰", "海润", "金穗", "同福", "众鑫", "康盛", "瑞祥", "泰和", "恒信", "华阳", "东岳", "春雨",
    "和顺", "永兴", "广源", "盛达", "丰泽", "明泰", "安邦", "德润", "裕丰", "齐正",
];
const MORE: [&str; 16] = ["", "兴", "佳", "新", "宏", "益", "嘉", "远", "航", "昌", "利", "源", "成", "信", "安", "晟"];
const FAMILY: [&str; 12] = ["王", "李", "张", "刘", "陈", "杨", "孙", "赵", "周", "徐", "于", "姜"];
const GIVEN: [&str; 12] =
    ["建国", "海涛", "秀英", "晓明", "丽华", "志强", "玉兰", "文博", "国栋", "春梅", "振东", "雪梅"];

impl Cast {
    pub(crate) fn assemble(plan: &Plan, divisions: &Divisions, dice: &mut Dice) -> Result<Self, WorldError> {
        let mut cast = Self { subjects: Vec::new(), systems: Vec::new(), by_role: Vec::new() };
        let per_city = plan.size.subjects / plan.nodes.len();
        for node in &plan.nodes {
            let counties: Vec<&Division> =
                divisions.children(node).into_iter().filter(|county| county.point.is_some()).collect();
            if counties.is_empty() {
                return Err(WorldError::Node(node.clone()));
            }
            cast.city(node, divisions.get(node), &counties, per_city, dice);
        }
        Ok(cast)
    }

    fn city(&mut self, node: &str, city: Option<&Division>, counties: &[&Division], size: usize, dice: &mut Dice) {
        let mut serials = vec![0_usize; counties.len()];
        let mut by_role = Vec::new();
        for (role, part) in ROLES.iter().enumerate() {
            let count = (size * part.share / 1_000).max(2);
            let mut members = Vec::with_capacity(count);
            for i in 0..count {
                let county = if i == 0 { dice.below(counties.len()) } else { (i * 7 + dice.below(3)) % counties.len() };
                serials[county] += 1;
                members.push(self.subjects.len());
                let subject = subject(self.subjects.len(), node, counties[county], serials[county], role, dice);
                self.subjects.push(subject);
            }
            self.systems_for(node, city, role, &members, dice);
            by_role.push(members);
        }
        self.by_role.push(by_role);
    }

    fn systems_for(&mut self, node: &str, city: Option<&Division>, role: usize, members: &[usize], dice: &mut Dice) {
        let part = &ROLES[role];
        let count = (members.len() / 8).clamp(1, 5);
        let short = city.map_or("", |city| city.short.as_str());
        for i in 0..count {
            let subjects: Vec<usize> = members.iter().copied().skip(i).step_by(count).collect();
            let place = self.systems.len();
            for subject in &subjects {
                self.subjects[*subject].system = place;
            }
            let name = if count == 1 {
                format!("{short}市{}", part.system)
            } else {
                let firm = FIRMS[dice.below(FIRMS.len())];
                format!("{short}市{firm}{}（{}）", part.system, i + 1)
            };
            self.systems.push(System {
                code: format!("{node}S{:03}", place % 1_000),
                name,
                node: node.to_owned(),
                category: part.category.to_owned(),
                stage: part.stage.to_owned(),
                subjects,
                profile: PROFILES[MIX[place % MIX.len()]],
            });
        }
    }

    pub(crate) fn registrations(&self) -> impl Iterator<Item = Registration> + '_ {
        let subjects = self.subjects.iter().map(subject_body);
        let products = self.subjects.iter().enumerate().flat_map(|(i, subject)| products(i, subject));
        let devices = self.subjects.iter().enumerate().filter_map(|(i, subject)| device(i, subject));
        let systems = self.systems.iter().map(|system| self.system_body(system));
        subjects.chain(products).chain(devices).chain(systems)
    }

    fn system_body(&self, system: &System) -> Registration {
        let first = system.subjects.first().and_then(|subject| self.subjects.get(*subject));
        let division = first.map_or(system.node.as_str(), |subject| subject.division.as_str());
        let codes: Vec<&str> = system.subjects.iter().map(|subject| self.subjects[*subject].code.as_str()).collect();
        let body = json!({
            "code": system.code, "name": system.name, "operator": first.map(|subject| &subject.name),
            "category": system.category, "stage": system.stage, "division": division,
            "subject": first.map(|subject| &subject.code), "subjects": codes, "url": "",
            "contact": first.map(|subject| &subject.contact), "phone": first.map(|subject| &subject.phone),
        });
        Registration { node: system.node.clone(), noun: "systems".into(), body }
    }
}

fn subject(index: usize, node: &str, county: &Division, serial: usize, role: usize, dice: &mut Dice) -> Subject {
    let part = &ROLES[role];
    let (lon, lat) = county.point.unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "degrees in millionths are far inside the range")]
    let micro = |degrees: f64| (degrees * 1_000_000.0) as i64;
    let firm = format!("{}{}", FIRMS[dice.below(FIRMS.len())], MORE[dice.below(MORE.len())]);
    let digits = dice.below(1_0000);
    Subject {
        code: format!("{}{:03}{:04}", county.code, 1 + serial / 20, serial % 20),
        uscc: uscc(&county.code, index, part.org_form),
        name: format!("{}{firm}{}", county.short, part.suffix),
        division: county.code.clone(),
        node: node.to_owned(),
        category: part.category.to_owned(),
        stage: part.stage.to_owned(),
        lon: micro(lon) + dice.between(-40_000, 40_000),
        lat: micro(lat) + dice.between(-30_000, 30_000),
        contact: format!("{}{}", FAMILY[dice.below(FAMILY.len())], GIVEN[dice.below(GIVEN.len())]),
        phone: format!("1770000{digits:04}"),
        system: 0,
        role,
    }
}

/// A credit code with right check characters and a body that is counted up, not taken from any register.
pub(crate) fn uscc(division: &str, index: usize, org_form: &str) -> String {
    let class = match org_form {
        "sole_trader" => "92",
        "cooperative" => "93",
        _ => "91",
    };
    let body = format!("MAM{:05}", index % 100_000);
    let organisation = Check::OrgCode.character(&body).unwrap_or('0');
    let front = format!("{class}{division}{body}{organisation}");
    let check = Check::Uscc.character(&front).unwrap_or('0');
    format!("{front}{check}")
}

fn degrees(micro: i64) -> serde_json::Value {
    let text = format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000);
    text.parse::<f64>().map_or(serde_json::Value::Null, |degrees| json!(degrees))
}

fn subject_body(subject: &Subject) -> Registration {
    let part = &ROLES[subject.role];
    let body = json!({
        "code": subject.code, "name": subject.name, "uscc": subject.uscc, "org_form": part.org_form,
        "node_type": part.node_type, "category": part.category, "stages": [part.stage],
        "division": subject.division, "address": format!("{}（演示地址）", subject.name),
        "lon": degrees(subject.lon), "lat": degrees(subject.lat),
        "contact": subject.contact, "phone": subject.phone,
    });
    Registration { node: subject.node.clone(), noun: "subjects".into(), body }
}

/// The code of what a role makes: a bar code of its own, the same for every subject of the role.
pub(crate) fn product_code(role: usize, changed: bool) -> String {
    let front = format!("6990{:02}{}00001", role % 100, u8::from(changed));
    Check::Mod10.character(&front).map_or(front.clone(), |check| format!("{front}{check}"))
}

fn products(index: usize, subject: &Subject) -> Vec<Registration> {
    let mut products = Vec::new();
    for chain in &CHAINS {
        for (i, step) in chain.steps.iter().enumerate() {
            let made = if i == 0 { Some(chain.product) } else { step.becomes.map(|(product, _)| product) };
            let Some(product) = made.filter(|_| step.role == ROLES[subject.role].code) else {
                continue;
            };
            let gtin = product_code(subject.role, i > 0);
            let body = json!({
                "code": format!("{gtin}-{index:05}"), "name": product.name, "gtin": gtin,
                "category": subject.category, "subcategory": product.subcategory, "spec": "", "unit": product.unit,
                "shelf_life_days": 30, "subject": subject.code,
            });
            let body = Registration { node: subject.node.clone(), noun: "products".into(), body };
            if !products.contains(&body) {
                products.push(body);
            }
        }
    }
    products
}

/// Markets have scales, shops have terminals, carriers of cold goods would have thermometers.
fn device(index: usize, subject: &Subject) -> Option<Registration> {
    let (kind, name, model) = match subject.stage.as_str() {
        "market" | "wholesale" => ("scale", "智能溯源秤", "ACS-30"),
        "supermarket" | "pharmacy" => ("terminal", "查询终端", "QT-21"),
        "slaughter" | "manufacturing" => ("scanner", "扫码设备", "SC-500"),
        _ => return None,
    };
    let body = json!({
        "code": format!("D{index:06}"), "name": name, "device_type": kind, "model": model,
        "mac": format!("02:00:00:{:02X}:{:02X}:{:02X}", index >> 16 & 255, index >> 8 & 255, index & 255),
        "serial": format!("SN{index:08}"), "subject": subject.code, "division": subject.division,
    });
    Some(Registration { node: subject.node.clone(), noun: "devices".into(), body })
}
