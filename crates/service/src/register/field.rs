//! Checks of single fields that the documents of the registers share. Faults are collected; each names its field.

use suyuan_domain::code::{Check, gs1_key, normalise};
use suyuan_domain::fault::Fault;

use crate::node::Node;

/// Longest name or address, in characters.
const LONG: usize = 200;

/// Collects the faults of one document.
pub(crate) struct Faults<'a> {
    letters: &'static str,
    node: &'a Node,
    found: Vec<Fault>,
}

impl<'a> Faults<'a> {
    /// None yet. `letters` stand before the number of each code.
    pub(crate) fn new(letters: &'static str, node: &'a Node) -> Self {
        Self { letters, node, found: Vec::new() }
    }

    /// Everything found.
    pub(crate) fn done(self) -> Vec<Fault> {
        self.found
    }

    /// Adds a fault.
    pub(crate) fn add(&mut self, number: &str, field: &str, reason: impl Into<String>, advice: &str) {
        self.found.push(Fault::new(format!("{}-{number}", self.letters), field, reason, advice));
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, field: &str, name: &str, value: &str) {
        if value.is_empty() {
            self.add("0101", field, format!("缺少{name}"), "请填写");
        }
        self.text(field, name, value);
    }

    /// A text of bounded length without control characters.
    pub(crate) fn text(&mut self, field: &str, name: &str, value: &str) {
        if value.chars().count() > LONG {
            self.add("0111", field, format!("{name}超过 {LONG} 字"), "请缩短");
        }
        if value.chars().any(char::is_control) {
            self.add("0112", field, format!("{name}含有控制字符"), "请删除换行、制表等不可见字符");
        }
    }

    /// A code: letters, digits and a few signs, 1 to 64 characters.
    pub(crate) fn code(&mut self, value: &str) {
        let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if value.is_empty() || value.len() > 64 || !plain {
            self.add(
                "0103",
                "code",
                format!("编码“{}”不正确", value.chars().take(64).collect::<String>()),
                "请使用 1 至 64 位字母、数字或 - _ .",
            );
        }
    }

    /// A unified social credit code, if there is one.
    pub(crate) fn uscc(&mut self, value: &str) {
        if let Some(reason) = uscc_fault(value) {
            self.add("0102", "uscc", reason, "请核对营业执照");
        }
    }

    /// A bar code, if there is one.
    pub(crate) fn gtin(&mut self, value: &str) {
        if let Some(reason) = gtin_fault(value) {
            self.add("0102", "gtin", reason, "请核对商品条码");
        }
    }

    /// A hardware address, if there is one.
    pub(crate) fn mac(&mut self, value: &str) {
        if !value.is_empty() && mac(value).is_none() {
            self.add("0102", "mac", format!("MAC 地址“{value}”不正确"), "请填写 12 位十六进制数，如 02:1A:2B:3C:4D:5E");
        }
    }

    /// A telephone number, if there is one.
    pub(crate) fn phone(&mut self, value: &str) {
        let digits = value.chars().filter(char::is_ascii_digit).count();
        let plain = value.chars().all(|c| c.is_ascii_digit() || "+-() *".contains(c));
        if !value.is_empty()
            && (!plain || value.len() > 24 || !(3..=15).contains(&(digits + value.matches('*').count())))
        {
            self.add("0113", "phone", "联系电话不正确", "请填写手机号码或带区号的固定电话");
        }
    }

    /// A division that must exist.
    pub(crate) fn division(&mut self, value: &str) {
        if self.node.divisions.get(value).is_none() {
            self.add("0114", "division", format!("没有行政区划 {value}"), "请填写六位行政区划代码");
        }
    }

    /// A category that must exist.
    pub(crate) fn category(&mut self, value: &str) {
        if self.node.packs().category(value).is_none() {
            self.add("0115", "category", format!("没有产品类别 {value}"), "请从产品目录中选择");
        }
    }

    /// A stage that must exist and belong to the category, where that is known.
    pub(crate) fn stage(&mut self, field: &str, category: &str, value: &str) {
        if self.node.packs().stage(value).is_none() {
            self.add("0116", field, format!("没有追溯环节 {value}"), "请从追溯环节列表中选择");
            return;
        }
        let outside =
            self.node.packs().category(category).is_some_and(|found| !found.stages.iter().any(|stage| stage == value));
        if outside {
            let (category, stage) = (self.category_name(category), self.stage_name(value));
            self.add("0117", field, format!("{category}没有“{stage}”环节"), "请选择该类别的追溯环节");
        }
    }

    /// A code of one of the lists of the packs, if there is one.
    pub(crate) fn listed(&mut self, list: &str, field: &str, name: &str, value: &str) {
        if !value.is_empty() && !self.node.packs().list(list).any(|entry| entry.code == value) {
            self.add("0118", field, format!("没有{name} {value}"), "请从列表中选择");
        }
    }

    /// A place in or near China, if there is one.
    pub(crate) fn place(&mut self, lon: Option<f64>, lat: Option<f64>) {
        let (Some(lon), Some(lat)) = (lon, lat) else {
            if lon.is_some() != lat.is_some() {
                self.add("0119", "lon", "经度和纬度须同时填写", "请补充，或都不填");
            }
            return;
        };
        if !(73.0..=136.0).contains(&lon) || !(3.0..=54.0).contains(&lat) {
            self.add("0120", "lon", format!("坐标（{lon}，{lat}）不在我国范围内"), "请核对经纬度是否填反");
        }
    }

    fn category_name(&self, code: &str) -> String {
        self.node.packs().category(code).map_or_else(|| code.to_owned(), |category| category.name.clone())
    }

    fn stage_name(&self, code: &str) -> String {
        self.node.packs().stage(code).map_or_else(|| code.to_owned(), |stage| stage.name.clone())
    }
}

/// Blanks around and control characters do not belong to any text.
pub(crate) fn tidy_text(text: &mut String) {
    let trimmed = text.trim();
    if trimmed.len() != text.len() {
        *text = trimmed.to_owned();
    }
}

/// A code in its usual form.
pub(crate) fn tidy_code(code: &mut String) {
    *code = normalise(code);
}

/// What is wrong with a unified social credit code (GB 32100-2015); `None` for a right or missing one.
fn uscc_fault(value: &str) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    let count = value.chars().count();
    if count != 18 {
        return Some(format!("统一社会信用代码应为 18 位，填写为 {count} 位"));
    }
    let (body, found) = value.split_at_checked(17).filter(|_| value.is_ascii())?;
    match Check::Uscc.character(body) {
        None => Some("统一社会信用代码含有不允许的字符（不使用 I、O、S、V、Z）".to_owned()),
        Some(expected) if found.starts_with(expected) => None,
        Some(expected) => Some(format!("统一社会信用代码校验位不正确：应为 {expected}，填写为 {found}")),
    }
}

/// What is wrong with a bar code of 8, 12, 13 or 14 digits (GB 12904); `None` for a right or missing one.
fn gtin_fault(value: &str) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    let digits = gs1_key(value).map_or_else(|| value.to_owned(), |key| key.key);
    let count = digits.chars().count();
    if !matches!(count, 8 | 12 | 13 | 14) || !digits.chars().all(|c| c.is_ascii_digit()) {
        return Some(format!("商品条码应为 8、12、13 或 14 位数字，填写为 {count} 位"));
    }
    let (body, found) = digits.split_at(count - 1);
    let expected = Check::Mod10.character(body)?;
    (!found.starts_with(expected)).then(|| format!("商品条码校验位不正确：应为 {expected}，填写为 {found}"))
}

/// A hardware address as `02:1A:2B:3C:4D:5E`; `None` for anything else.
pub(crate) fn mac(value: &str) -> Option<String> {
    let digits: String = value.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    if digits.len() != 12 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let upper = digits.to_ascii_uppercase();
    let pairs: Vec<&str> = (0..6).filter_map(|i| upper.get(i * 2..i * 2 + 2)).collect();
    Some(pairs.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_1_a_wrong_credit_code_is_told_with_the_right_digit() {
        for (code, expected) in [
            ("91350100M000100Y43", None),
            ("", None),
            ("91350100M000100Y45", Some("统一社会信用代码校验位不正确：应为 3，填写为 5")),
            ("91350100M000100Y4", Some("统一社会信用代码应为 18 位，填写为 17 位")),
            ("9135010OM000100Y43", Some("统一社会信用代码含有不允许的字符（不使用 I、O、S、V、Z）")),
        ] {
            assert_eq!(uscc_fault(code).as_deref(), expected, "{code}");
        }
    }

    #[test]
    fn g_6_3_2_a_wrong_bar_code_is_told_with_the_right_digit() {
        for (code, right) in [
            ("6901234567892", true),
            ("06901234567892", true),
            ("", true),
            ("6901234567893", false),
            ("69012345", false),
            ("69O1234567892", false),
        ] {
            assert_eq!(gtin_fault(code).is_none(), right, "{code}");
        }
    }

    #[test]
    fn g_6_7_4_hardware_addresses_have_one_form() {
        for text in ["02:1a:2b:3c:4d:5e", "02-1A-2B-3C-4D-5E", "021a.2b3c.4d5e"] {
            assert_eq!(mac(text).as_deref(), Some("02:1A:2B:3C:4D:5E"), "{text}");
        }
        for text in ["", "02:1A:2B:3C:4D", "02:1A:2B:3C:4D:5G", "é2:1A:2B:3C:4D:5E"] {
            assert_eq!(mac(text), None, "{text}");
        }
    }
}
