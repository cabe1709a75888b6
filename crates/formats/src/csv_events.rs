//! Tables of events as CSV: one row an event, a Chinese heading, codes or Chinese names in the cells.
//!
//! UTF-8 with or without byte order mark; comma, semicolon or tab. Faults name row and column as the sender sees them.
//! Columns that are not known become further fields, by the metadata catalogue's names where it has them. Rows: G-8, A-6.

use std::collections::BTreeMap;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::{EventType, Inspection, Source, TraceEvent, UnitAmount};
use suyuan_domain::fault::Fault;
use suyuan_domain::pack::Packs;
use suyuan_domain::quantity::Quantity;

use crate::{EventDraft, Intake, Message, Row, clipped, too_many};

/// Columns of the template: heading, the member of the open interface, an example.
const COLUMNS: [(&str, &str, &str); 29] = [
    ("事件编号", "event_id", ""),
    ("事件类型", "type", "交易"),
    ("业务步骤", "biz_step", "出货"),
    ("产品类别", "category", "食用农产品"),
    ("追溯环节", "stage", "批发市场"),
    ("事件时间", "event_time", "2026-11-21 10:32"),
    ("主体码", "subject", "3702020010001"),
    ("主体名称", "subject_name", ""),
    ("交易对方主体码", "peer", "3702020020001"),
    ("交易对方名称", "peer_name", ""),
    ("进出方向", "direction", "出"),
    ("行政区划", "division", "370202"),
    ("产品码", "product", ""),
    ("产品名称", "product_name", "鲜猪肉"),
    ("批次号", "batch", "20261121-01"),
    ("投入追溯码", "inputs", "37020200100010000001"),
    ("产出追溯码", "outputs", ""),
    ("数量", "quantity", "120.5"),
    ("计量单位", "unit", "kg"),
    ("单价", "price", "18.5"),
    ("交易凭证号", "voucher", "37020200100010000009"),
    ("商户", "merchant", ""),
    ("检测项目", "inspection.item", ""),
    ("检测值", "inspection.value", ""),
    ("限值", "inspection.limit", ""),
    ("检测标准", "inspection.standard", ""),
    ("检测结论", "inspection.passed", ""),
    ("检测报告号", "inspection.report_no", ""),
    ("交易对方区划", "peer_division", ""),
];

const TYPES: [(&str, EventType); 10] = [
    ("对象", EventType::Object),
    ("聚合", EventType::Aggregation),
    ("交易", EventType::Transaction),
    ("转化", EventType::Transformation),
    ("关联", EventType::Association),
    ("object", EventType::Object),
    ("aggregation", EventType::Aggregation),
    ("transaction", EventType::Transaction),
    ("transformation", EventType::Transformation),
    ("association", EventType::Association),
];

/// The template to fill in: byte order mark, heading, one example.
#[must_use]
pub fn template() -> String {
    let line = |cells: Vec<&str>| cells.join(",") + "\r\n";
    let heading = line(COLUMNS.iter().map(|column| column.0).collect());
    let example = line(COLUMNS.iter().map(|column| column.2).collect());
    format!("\u{FEFF}{heading}{example}")
}

/// The heading under which the sender of a table knows a field of the open interface; `outputs[0].code` is 产出追溯码.
#[must_use]
pub fn column_of(field: &str) -> Option<&'static str> {
    let member = field.split('[').next().unwrap_or(field);
    COLUMNS.iter().find(|column| column.1 == member).map(|column| column.0)
}

/// Reads a table.
///
/// # Errors
/// When the text is not UTF-8, has no heading of the template, or too many rows.
pub fn parse(bytes: &[u8], packs: &Packs, intake: &Intake<'_>) -> Result<Message, Fault> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Fault::new("FMT-0201", "", "文件编码不是 UTF-8", "请另存为“CSV UTF-8（逗号分隔）”后重新上传"))?;
    let text = text.trim_start_matches('\u{FEFF}');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .has_headers(true)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let heading = reader.headers().map_err(|_| no_heading())?.clone();
    let table = Table { members: heading.iter().map(|name| member(name, packs)).collect(), packs, intake };
    if !table.members.iter().any(|member| member == "event_time") {
        return Err(no_heading());
    }
    let mut message = Message { message_id: intake.message.to_owned(), rows: Vec::new(), raw: Vec::new() };
    for record in reader.records() {
        let Ok(record) = record else {
            message.rows.push(Err(vec![Fault::new("FMT-0203", "", "该行无法读取", "请检查引号是否成对")]));
            message.raw.push(String::new());
            continue;
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        if message.rows.len() >= intake.max_rows {
            return Err(too_many(message.rows.len() + 1, intake.max_rows));
        }
        let number = u32::try_from(message.rows.len()).unwrap_or(u32::MAX);
        message.rows.push(table.row(&record, &heading, number));
        message.raw.push(clipped(&record.iter().collect::<Vec<_>>().join(",")));
    }
    Ok(message)
}

fn no_heading() -> Fault {
    Fault::new("FMT-0202", "", "没有找到表头，至少应有“事件时间”一列", "请下载模板，在表头下方填写后上传")
}

/// The character that stands most often in the heading.
fn delimiter(text: &str) -> u8 {
    let heading = text.lines().next().unwrap_or_default();
    let count = |c: u8| heading.bytes().filter(|b| *b == c).count();
    [b',', b';', b'\t'].into_iter().max_by_key(|c| (count(*c), *c == b',')).unwrap_or(b',')
}

/// The member or further field behind a heading.
fn member(name: &str, packs: &Packs) -> String {
    let name = name.trim().trim_start_matches('\u{FEFF}');
    if let Some(column) = COLUMNS.iter().find(|column| column.0 == name || column.1 == name) {
        return column.1.to_owned();
    }
    let mut fields = packs.categories.iter().flat_map(|category| &category.fields);
    let field = fields.find(|field| field.name == name || field.code == name);
    format!("fields.{}", field.map_or(name, |field| field.code.as_str()))
}

struct Table<'a> {
    members: Vec<String>,
    packs: &'a Packs,
    intake: &'a Intake<'a>,
}

struct Cells<'a> {
    values: BTreeMap<&'a str, &'a str>,
    faults: Vec<Fault>,
}

impl Cells<'_> {
    fn text(&self, member: &str) -> String {
        self.values.get(member).map(|text| (*text).to_owned()).unwrap_or_default()
    }

    fn fault(&mut self, member: &str, reason: String, advice: &str) {
        self.faults.push(Fault::new("FMT-0204", column_of(member).unwrap_or(member), reason, advice));
    }

    fn quantity(&mut self, member: &str) -> Option<Quantity> {
        let text = self.text(member).replace(',', "");
        if text.is_empty() {
            return None;
        }
        let parsed = text.parse();
        if parsed.is_err() {
            self.fault(member, format!("“{text}”不是数字"), "应为最多三位小数的数字，如 12.5");
        }
        parsed.ok()
    }

    fn one_of<T: Copy>(&mut self, member: &str, known: &[(&str, T)]) -> Option<T> {
        let text = self.text(member);
        if text.is_empty() {
            return None;
        }
        let found = known.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            self.fault(member, format!("“{text}”不正确"), &format!("可填：{}", words.join("、")));
        }
        found
    }
}

impl Table<'_> {
    fn row(&self, record: &csv::StringRecord, heading: &csv::StringRecord, number: u32) -> Row {
        if record.len() > self.members.len() {
            let reason = format!("该行有 {} 格，表头只有 {} 列", record.len(), heading.len());
            return Err(vec![Fault::new("FMT-0203", "", reason, "内容含逗号时请用双引号括起")]);
        }
        let filled = self.members.iter().map(String::as_str).zip(record.iter()).filter(|(_, text)| !text.is_empty());
        let mut cells = Cells { values: filled.collect(), faults: Vec::new() };
        let event = self.event(&mut cells, number);
        if cells.faults.is_empty() { Ok(EventDraft { event, original: None }) } else { Err(cells.faults) }
    }

    fn event(&self, cells: &mut Cells<'_>, number: u32) -> TraceEvent {
        let defaults = self.intake.defaults;
        let or = |text: String, default: &String| {
            if text.is_empty() { default.clone() } else { text }
        };
        let category = or(cells.text("category"), &defaults.category);
        let stage = or(cells.text("stage"), &defaults.stage);
        let category =
            self.packs.categories.iter().find(|row| row.name == category).map_or(category, |row| row.code.clone());
        let stage = self.packs.stages.iter().find(|row| row.name == stage).map_or(stage, |row| row.code.clone());
        let step = cells.text("biz_step");
        let step = self.packs.list("biz_step").find(|row| row.name == step).map_or(step, |row| row.code.clone());
        let inputs = units(&cells.text("inputs"));
        let outputs = units(&cells.text("outputs"));
        let guessed =
            if inputs.is_empty() || outputs.is_empty() { EventType::Object } else { EventType::Transformation };
        let guessed = if cells.text("peer").is_empty() { guessed } else { EventType::Transaction };
        TraceEvent {
            event_id: Some(cells.text("event_id")).filter(|id| !id.is_empty()),
            event_type: cells.one_of("type", &TYPES).unwrap_or(guessed),
            biz_step: step,
            category,
            stage,
            event_time: time(cells),
            received_at: self.intake.now,
            division: or(cells.text("division"), &defaults.division),
            subject: or(cells.text("subject"), &defaults.subject),
            subject_name: cells.text("subject_name"),
            peer_subject: cells.text("peer"),
            peer_name: cells.text("peer_name"),
            peer_division: cells.text("peer_division"),
            inbound: cells
                .one_of("direction", &[("进", true), ("出", false), ("in", true), ("out", false)])
                .unwrap_or(false),
            product: cells.text("product"),
            product_name: cells.text("product_name"),
            batch: cells.text("batch"),
            inputs,
            outputs,
            quantity: cells.quantity("quantity"),
            unit: cells.text("unit"),
            price: cells.quantity("price"),
            voucher: cells.text("voucher"),
            merchant: cells.text("merchant"),
            inspection: inspection(cells),
            error_declaration: None,
            fields: further(cells),
            source: Source {
                system: self.intake.system.to_owned(),
                message: self.intake.message.to_owned(),
                row: number,
                format: "csv".to_owned(),
            },
        }
    }
}

fn units(text: &str) -> Vec<UnitAmount> {
    text.split([';', '；', '、', ' ', '\n'])
        .filter(|code| !code.is_empty())
        .map(|code| UnitAmount { code: code.to_owned(), quantity: None, unit: String::new() })
        .collect()
}

fn further(cells: &Cells<'_>) -> BTreeMap<String, serde_json::Value> {
    let fields = cells.values.iter().filter_map(|(member, text)| Some((member.strip_prefix("fields.")?, *text)));
    fields.map(|(key, text)| (key.to_owned(), text.into())).collect()
}

fn inspection(cells: &mut Cells<'_>) -> Option<Inspection> {
    let passed =
        cells.one_of("inspection.passed", &[("合格", Some(true)), ("不合格", Some(false)), ("未检", None)]).flatten();
    let (item, value) = (cells.text("inspection.item"), cells.quantity("inspection.value"));
    let limit = cells.quantity("inspection.limit");
    (!item.is_empty() || value.is_some() || passed.is_some()).then(|| Inspection {
        item,
        value,
        limit,
        standard: cells.text("inspection.standard"),
        passed,
        report_no: cells.text("inspection.report_no"),
    })
}

/// RFC 3339, or the way tables write it, taken as China's time: `2026-11-21 10:32`, `2026/11/21 10:32:05`, `2026-11-21`.
fn time(cells: &mut Cells<'_>) -> Timestamp {
    let text = cells.text("event_time");
    if let Ok(at) = text.parse() {
        return at;
    }
    let plain = text.replace('/', "-").replace('T', " ");
    let (day, clock) = plain.split_once(' ').unwrap_or((&plain, "00:00"));
    let padded: Vec<String> = day.split('-').map(|part| format!("{part:0>2}")).collect();
    let seconds = if clock.matches(':').count() == 1 { ":00" } else { "" };
    let rfc = format!("{}T{clock:0>5}{seconds}+08:00", padded.join("-"));
    match rfc.parse() {
        Ok(at) => at,
        Err(_) => {
            let reason = if text.is_empty() {
                "缺少事件时间".to_owned()
            } else {
                format!("时间“{text}”格式不正确")
            };
            cells.fault("event_time", reason, "应如 2026-11-21 10:32");
            Timestamp::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Defaults;

    fn read(text: &[u8]) -> Result<Message, Fault> {
        let defaults = Defaults {
            category: "agri".into(),
            stage: "market".into(),
            division: "370202".into(),
            subject: "S".into(),
        };
        let intake =
            Intake { now: Timestamp::from_millis(9), system: "sys", message: "m0", defaults: &defaults, max_rows: 5 };
        parse(text, &Packs::shipped().expect("the shipped packs"), &intake)
    }

    #[test]
    fn g_8_the_template_reads_itself() {
        let text = template();
        assert!(text.starts_with("\u{FEFF}事件编号,"));
        let message = read(text.as_bytes()).expect("a table");
        let event = &message.rows[0].as_ref().expect("a good row").event;
        assert_eq!(
            (event.category.as_str(), event.stage.as_str(), event.biz_step.as_str()),
            ("agri", "wholesale", "shipping")
        );
        assert_eq!(event.event_type, EventType::Transaction);
        assert_eq!(event.event_time.to_string(), "2026-11-21T02:32:00.000Z");
        assert_eq!(event.quantity, Some(Quantity::from_milli(120_500)));
    }

    #[test]
    fn g_8_tables_come_with_other_delimiters_orders_and_columns() {
        let text = "投入追溯码;事件时间;动物产品检疫合格证号;备注\n\"a;b\";2026/1/5 9:05;Q1;说明\n\n";
        let message = read(text.as_bytes()).expect("a table");
        assert_eq!(message.rows.len(), 1);
        let event = &message.rows[0].as_ref().expect("a good row").event;
        assert_eq!(event.inputs.len(), 2);
        assert_eq!(event.event_time.to_string(), "2026-01-05T01:05:00.000Z");
        assert_eq!(event.fields.keys().collect::<Vec<_>>(), ["quarantine_certificate", "备注"]);
    }

    #[test]
    fn g_8_faults_name_the_column() {
        let text =
            "事件时间,数量,事件类型,进出方向\n昨天,许多,搬,上\n2026-11-21 10:32,1,交易,进\n2026-11-21,1,交易,进,多";
        let message = read(text.as_bytes()).expect("a table");
        let faults = message.rows[0].as_ref().expect_err("a bad row");
        let mut columns: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        columns.sort_unstable();
        assert_eq!(columns, ["事件时间", "事件类型", "数量", "进出方向"]);
        assert!(message.rows[1].is_ok());
        assert_eq!(message.rows[2].as_ref().expect_err("too many cells")[0].code, "FMT-0203");
        assert_eq!(column_of("outputs[3].quantity"), Some("产出追溯码"));
    }

    #[test]
    fn g_8_files_that_are_no_table_are_refused() {
        for (bytes, code) in [
            (&b""[..], "FMT-0202"),
            (b"a,b\n1,2", "FMT-0202"),
            (b"\xCA\xC2\xBC\xFE", "FMT-0201"),
            (b"\xFF\xFE", "FMT-0201"),
        ] {
            assert_eq!(read(bytes).expect_err("no table").code, code);
        }
        let long = format!("事件时间\n{}", "2026-11-21\n".repeat(6));
        assert_eq!(read(long.as_bytes()).expect_err("too long").code, "FMT-0103");
    }
}
