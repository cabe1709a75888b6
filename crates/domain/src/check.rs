//! Checking a trace event against packs, divisions and the clock: what is wrong with it, and how good it is.
//!
//! Runs at the origin on arrival, for every outside form alike. Paths of fields are those of the open interface; the
//! readers of `suyuan-formats` translate them for tables. Whether the subject is registered and whether the event came
//! before belongs to `suyuan-service`. Rows: G-8, G-6.4.2a, N-CAT, G-6.8.1 (completeness, timeliness).

use crate::clock::Timestamp;
use crate::code::CheckOutcome;
use crate::division::Divisions;
use crate::event::{EventType, TraceEvent, UnitAmount};
use crate::fault::Fault;
use crate::pack::{Category, Field, FieldType, Need, Packs};
use crate::period::Day;
use crate::quantity::Quantity;

/// How far an event may go; what a node sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckLimits {
    /// Milliseconds that an event may lie in the future, for clocks that run fast.
    pub future_millis: i64,
    /// Milliseconds that an event may lie in the past.
    pub past_millis: i64,
    /// Units that one event may name.
    pub units: usize,
    /// Characters of one text.
    pub text: usize,
    /// Further fields of one event.
    pub fields: usize,
}

impl Default for CheckLimits {
    /// Ten minutes ahead, three years back, 10,000 units, texts of 500 characters, 200 further fields.
    fn default() -> Self {
        Self { future_millis: 600_000, past_millis: 3 * 366 * 86_400_000, units: 10_000, text: 500, fields: 200 }
    }
}

/// What the event adds to the counts of its system's quality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// Mandatory fields that apply to it.
    pub mandatory_total: u32,
    /// Of them, filled.
    pub mandatory_filled: u32,
    /// Whether it brings goods in, so that an upstream must be known.
    pub needs_upstream: bool,
    /// Whether it came after the time limit for reporting.
    pub late: bool,
}

/// The outcome of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong; the event is accepted only when there is nothing.
    pub faults: Vec<Fault>,
    /// What it adds to the quality of its system.
    pub quality: Quality,
}

/// Checks `event` as received at `now`.
#[must_use]
pub fn check(
    event: &TraceEvent,
    packs: &Packs,
    divisions: &Divisions,
    limits: &CheckLimits,
    now: Timestamp,
) -> Checked {
    let mut faults = Vec::new();
    let category = category(event, packs, &mut faults);
    places(event, divisions, &mut faults);
    if event.error_declaration.is_none() {
        times(event, limits, now, &mut faults);
        amounts(event, limits, &mut faults);
    }
    codes(event, packs, &mut faults);
    texts(event, limits, &mut faults);
    let mut quality = Quality {
        needs_upstream: event.inbound
            && !event.inputs.is_empty()
            && packs.stage(&event.stage).is_some_and(|stage| !stage.source),
        late: packs.due("event_report", event.event_time).is_some_and(|due| now > due),
        ..Quality::default()
    };
    if let Some(category) = category {
        fields(event, category, &mut quality, &mut faults);
    }
    Checked { faults, quality }
}

fn category<'a>(event: &TraceEvent, packs: &'a Packs, faults: &mut Vec<Fault>) -> Option<&'a Category> {
    let category = packs.category(&event.category);
    if category.is_none() {
        let reason = format!("没有编码为“{}”的产品类别", brief(&event.category));
        faults.push(Fault::new("EVT-0101", "category", reason, "请填写产品类别编码，如 agri、food、drug"));
    }
    match (packs.stage(&event.stage), category) {
        (None, _) => {
            let reason = format!("没有编码为“{}”的追溯环节", brief(&event.stage));
            faults.push(Fault::new(
                "EVT-0102",
                "stage",
                reason,
                "请填写追溯环节编码，如 farming、slaughter、wholesale",
            ));
        }
        (Some(stage), Some(category)) if !category.stages.contains(&event.stage) => {
            let reason = format!("{}没有“{}”环节", category.name, stage.name);
            let advice = format!("请从该类别的环节中选择：{}", category.stages.join("、"));
            faults.push(Fault::new("EVT-0103", "stage", reason, advice));
        }
        _ => {}
    }
    category
}

fn places(event: &TraceEvent, divisions: &Divisions, faults: &mut Vec<Fault>) {
    if divisions.get(&event.division).is_none() {
        let reason = format!("没有代码为“{}”的行政区划", brief(&event.division));
        faults.push(Fault::new("EVT-0104", "division", reason, "请填写六位行政区划代码（GB/T 2260），如 370202"));
    }
    if event.subject.trim().is_empty() {
        faults.push(Fault::new("EVT-0114", "subject", "缺少追溯责任主体", "请填写主体码或统一社会信用代码"));
    }
    if !event.peer_subject.is_empty() && event.peer_subject == event.subject {
        faults.push(Fault::new(
            "EVT-0116",
            "peer",
            "交易对方与本方相同",
            "请填写交易对方的主体码；本方内部流转不填交易对方",
        ));
    }
}

fn times(event: &TraceEvent, limits: &CheckLimits, now: Timestamp, faults: &mut Vec<Fault>) {
    let at = event.event_time;
    if at > now.plus_millis(limits.future_millis) {
        let reason = format!("事件时间 {at} 晚于当前时间 {now}");
        faults.push(Fault::new(
            "EVT-0105",
            "event_time",
            reason,
            "请核对设备时钟与时区，时间须带时区，如 2026-11-21T10:32:00+08:00",
        ));
    }
    if at < now.plus_millis(-limits.past_millis) {
        let days = limits.past_millis / 86_400_000;
        let reason = format!("事件时间 {at} 已超过 {days} 天");
        faults.push(Fault::new("EVT-0106", "event_time", reason, "请核对年份；历史数据请联系平台管理员导入"));
    }
}

fn amounts(event: &TraceEvent, limits: &CheckLimits, faults: &mut Vec<Fault>) {
    let count = event.inputs.len() + event.outputs.len();
    if count == 0 {
        faults.push(Fault::new("EVT-0108", "inputs", "没有追溯单元", "请在 inputs 或 outputs 中填写至少一个追溯码"));
    } else if count > limits.units {
        let reason = format!("追溯单元 {count} 个，超过上限 {} 个", limits.units);
        faults.push(Fault::new("EVT-0111", "inputs", reason, "请拆成多条事件报送"));
        return;
    }
    let mut amount = |path: String, quantity: Option<Quantity>| {
        if let Some(quantity) = quantity.filter(|quantity| quantity.milli() <= 0) {
            let reason = format!("数量 {quantity} 不大于零");
            faults.push(Fault::new("EVT-0107", path, reason, "请填写大于零的数量；退货请另报退货事件"));
        }
    };
    amount("quantity".into(), event.quantity);
    for (side, units) in [("inputs", &event.inputs), ("outputs", &event.outputs)] {
        for (i, unit) in units.iter().enumerate() {
            amount(format!("{side}[{i}].quantity"), unit.quantity);
        }
    }
    if event.price.is_some_and(Quantity::is_negative) {
        faults.push(Fault::new("EVT-0117", "price", "单价为负数", "请填写不小于零的单价"));
    }
    for (side, units) in [("inputs", &event.inputs), ("outputs", &event.outputs)] {
        if let Some(i) = units.iter().position(|unit| unit.code.trim().is_empty()) {
            faults.push(Fault::new(
                "EVT-0108",
                format!("{side}[{i}].code"),
                "追溯码为空",
                "请填写追溯码、批次码或商品条码",
            ));
        }
    }
}

fn codes(event: &TraceEvent, packs: &Packs, faults: &mut Vec<Fault>) {
    let mut member = |path: String, member: &str, code: &str| {
        let Some(found) = packs.schemes.mistake(member, code) else {
            return;
        };
        let CheckOutcome::Wrong { expected, found: stands } = found.check else {
            return;
        };
        let reason = format!("{}校验位不正确：应为 {expected}，填写为 {stands}", found.name);
        faults.push(Fault::new("EVT-0109", path, reason, "请核对是否抄录有误"));
    };
    member("subject".into(), "subject", &event.subject);
    member("peer".into(), "subject", &event.peer_subject);
    member("product".into(), "product", &event.product);
    for (side, units) in [("inputs", &event.inputs), ("outputs", &event.outputs)] {
        for (i, unit) in units.iter().enumerate().take(100) {
            member(format!("{side}[{i}].code"), "unit", &unit.code);
        }
    }
}

fn texts(event: &TraceEvent, limits: &CheckLimits, faults: &mut Vec<Fault>) {
    let mut text = |path: &str, text: &str| {
        if text.chars().count() > limits.text {
            let reason = format!("文字超过 {} 个字符", limits.text);
            faults.push(Fault::new("EVT-0112", path, reason, "请缩短后重新报送"));
        }
        if text.chars().any(|c| c.is_control() || c == '\u{FFFD}') {
            faults.push(Fault::new("EVT-0113", path, "含有控制字符或乱码", "请检查文件编码，应为 UTF-8"));
        }
    };
    text("event_id", event.event_id.as_deref().unwrap_or_default());
    for (path, value) in [
        ("biz_step", &event.biz_step),
        ("subject", &event.subject),
        ("subject_name", &event.subject_name),
        ("peer", &event.peer_subject),
        ("peer_name", &event.peer_name),
        ("product", &event.product),
        ("product_name", &event.product_name),
        ("batch", &event.batch),
        ("unit", &event.unit),
        ("voucher", &event.voucher),
        ("merchant", &event.merchant),
    ] {
        text(path, value);
    }
    if let Some(inspection) = &event.inspection {
        text("inspection.item", &inspection.item);
        text("inspection.standard", &inspection.standard);
        text("inspection.report_no", &inspection.report_no);
    }
    let long = |unit: &UnitAmount| unit.code.len() > limits.text || unit.code.chars().any(char::is_control);
    for (path, units) in [("inputs", &event.inputs), ("outputs", &event.outputs)] {
        for unit in units.iter().filter(|unit| long(unit)).take(3) {
            text(path, &unit.code);
        }
    }
    for (key, value) in &event.fields {
        if let serde_json::Value::String(value) = value {
            text(&format!("fields.{key}"), value);
        }
    }
    if event.fields.len() > limits.fields {
        let reason = format!("扩展字段 {} 个，超过上限 {} 个", event.fields.len(), limits.fields);
        faults.push(Fault::new("EVT-0112", "fields", reason, "请只报送目录规定的字段"));
    }
}

/// Whether the metadata of goods apply: something came out or changed hands. A mere look or test has no amounts.
fn is_about_goods(event: &TraceEvent) -> bool {
    let changes = matches!(event.event_type, EventType::Transaction | EventType::Transformation);
    event.error_declaration.is_none() && (changes || !event.outputs.is_empty() || !event.peer_subject.is_empty())
}

fn fields(event: &TraceEvent, category: &Category, quality: &mut Quality, faults: &mut Vec<Fault>) {
    let here = |field: &&Field| field.stages.is_empty() || field.stages.contains(&event.stage);
    for field in category.fields.iter().filter(here) {
        if let Some(reason) = mistyped(event, field) {
            let path = format!("fields.{}", field.code);
            faults.push(Fault::new("EVT-0115", path, reason, "请按元数据目录规定的格式填写"));
        }
        if field.need == Need::May || !is_about_goods(event) {
            continue;
        }
        quality.mandatory_total += 1;
        if is_filled(event, &field.code) {
            quality.mandatory_filled += 1;
        } else if field.need == Need::Must && event.source.format != "epcis" {
            let reason = format!("缺少必填项“{}”", field.name);
            let path = if is_member(&field.code) { field.code.clone() } else { format!("fields.{}", field.code) };
            faults.push(Fault::new("EVT-0110", path, reason, "请补充后重新报送"));
        }
    }
}

fn is_member(code: &str) -> bool {
    ["product", "product_name", "batch", "quantity", "voucher", "price", "peer", "merchant", "inspection"]
        .contains(&code)
}

fn is_filled(event: &TraceEvent, code: &str) -> bool {
    let units = || event.outputs.iter().chain(&event.inputs);
    match code {
        "product" | "product_name" => !event.product_name.is_empty() || !event.product.is_empty(),
        "batch" => !event.batch.is_empty(),
        "quantity" => event.quantity.is_some() || units().any(|unit| unit.quantity.is_some()),
        "voucher" => !event.voucher.is_empty(),
        "price" => event.price.is_some(),
        "peer" => !event.peer_subject.is_empty(),
        "merchant" => !event.merchant.is_empty(),
        "inspection" => event.inspection.is_some(),
        _ => match event.fields.get(code) {
            None | Some(serde_json::Value::Null) => false,
            Some(serde_json::Value::String(text)) => !text.trim().is_empty(),
            Some(_) => true,
        },
    }
}

fn mistyped(event: &TraceEvent, field: &Field) -> Option<String> {
    let value = event.fields.get(&field.code).filter(|value| !value.is_null())?;
    let text = value.as_str();
    let fits = match field.kind {
        FieldType::Text => text.is_some() || value.is_number() || value.is_array(),
        FieldType::Number => {
            value.is_number() || text.is_some_and(|text| text.is_empty() || text.parse::<Quantity>().is_ok())
        }
        FieldType::Date => {
            text.is_some_and(|text| text.is_empty() || text.parse::<Day>().is_ok() || text.parse::<Timestamp>().is_ok())
        }
        FieldType::Flag => value.is_boolean(),
    };
    let wanted = match field.kind {
        FieldType::Text => "文字",
        FieldType::Number => "数字",
        FieldType::Date => "日期（如 2026-11-21）",
        FieldType::Flag => "true 或 false",
    };
    (!fits).then(|| format!("“{}”应为{wanted}", field.name))
}

/// The beginning of a text of the sender, for quoting it.
fn brief(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(30).collect()
}

#[cfg(test)]
mod tests;
