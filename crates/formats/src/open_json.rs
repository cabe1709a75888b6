//! The body of `POST /open/v1/events`: `{"message_id": …, "events": […]}`, or a bare array of events.
//!
//! A body that is no JSON is one fault; a row that is wrong leaves the others alone. Members that are not known are kept
//! as further fields. Rows: G-8, H-7.2.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use suyuan_domain::event::{EventType, Inspection, Source, TraceEvent, UnitAmount};
use suyuan_domain::fault::Fault;
use suyuan_domain::quantity::Quantity;

use crate::{EventDraft, Intake, Message, Row, clipped, too_many};

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    message_id: Option<String>,
    events: Vec<Box<RawValue>>,
}

/// Reads a body.
///
/// # Errors
/// When the body is not JSON of that shape, or has too many rows.
pub fn parse(body: &[u8], intake: &Intake<'_>) -> Result<Message, Fault> {
    let envelope = envelope(body)?;
    if envelope.events.len() > intake.max_rows {
        return Err(too_many(envelope.events.len(), intake.max_rows));
    }
    let message_id = envelope.message_id.filter(|id| !id.is_empty()).unwrap_or_else(|| intake.message.to_owned());
    let mut message = Message { message_id, rows: Vec::new(), raw: Vec::new() };
    for (i, raw) in envelope.events.iter().enumerate() {
        let source = Source {
            system: intake.system.to_owned(),
            message: message.message_id.clone(),
            row: u32::try_from(i).unwrap_or(u32::MAX),
            format: "json".to_owned(),
        };
        message.rows.push(row(raw.get(), source, intake));
        message.raw.push(clipped(raw.get()));
    }
    Ok(message)
}

fn envelope(body: &[u8]) -> Result<Envelope, Fault> {
    let is_array = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let parsed = if is_array {
        serde_json::from_slice(body).map(|events| Envelope { message_id: None, events })
    } else {
        serde_json::from_slice(body)
    };
    parsed.map_err(|error| {
        let place = format!("第 {} 行第 {} 列", error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => Fault::new(
                "FMT-0102",
                "events",
                format!("报文结构不正确（{place}）"),
                "报文应为 {\"message_id\":\"…\",\"events\":[…]}",
            ),
            serde_json::error::Category::Eof => {
                Fault::new("FMT-0101", "", format!("JSON 在{place}处中断"), "请确认报文完整后重新发送")
            }
            _ => Fault::new(
                "FMT-0101",
                "",
                format!("不是合法的 JSON（{place}）"),
                "请检查引号、逗号与括号，编码应为 UTF-8",
            ),
        }
    })
}

fn row(raw: &str, source: Source, intake: &Intake<'_>) -> Row {
    let members = match serde_json::from_str::<Value>(raw) {
        Ok(Value::Object(members)) => members,
        Ok(_) => {
            return Err(vec![Fault::new("FMT-0102", "", "事件应为 JSON 对象", "请参照接口文档填写")]);
        }
        Err(_) => {
            return Err(vec![Fault::new("FMT-0102", "", "事件不是合法的 JSON", "请检查嵌套层数与数字范围")]);
        }
    };
    let mut reader = Reader { members, faults: Vec::new() };
    let event = event(&mut reader, source, intake);
    match (event, reader.faults.is_empty()) {
        (Some(event), true) => Ok(EventDraft { event, original: None }),
        _ => Err(reader.faults),
    }
}

fn event(reader: &mut Reader, source: Source, intake: &Intake<'_>) -> Option<TraceEvent> {
    let defaults = intake.defaults;
    let event_type = reader.event_type();
    let event_time = reader.time("event_time");
    let or = |text: String, default: &String| {
        if text.is_empty() { default.clone() } else { text }
    };
    let inbound = match reader.text("direction").as_str() {
        "in" => true,
        "out" | "" => false,
        other => {
            let reason = format!("进出方向“{}”不正确", other.chars().take(20).collect::<String>());
            reader.fault("FMT-0106", "direction", reason, "应为 in（进）或 out（出）");
            false
        }
    };
    let mut event = TraceEvent {
        event_id: Some(reader.text("event_id")).filter(|id| !id.is_empty()),
        event_type: event_type.unwrap_or(EventType::Object),
        biz_step: reader.text("biz_step"),
        category: or(reader.text("category"), &defaults.category),
        stage: or(reader.text("stage"), &defaults.stage),
        event_time: event_time.unwrap_or_default(),
        received_at: intake.now,
        division: or(reader.text("division"), &defaults.division),
        subject: or(reader.text("subject"), &defaults.subject),
        subject_name: reader.text("subject_name"),
        peer_subject: reader.text("peer"),
        peer_name: reader.text("peer_name"),
        peer_division: reader.text("peer_division"),
        inbound,
        product: reader.text("product"),
        product_name: reader.text("product_name"),
        batch: reader.text("batch"),
        inputs: reader.units("inputs"),
        outputs: reader.units("outputs"),
        quantity: reader.quantity("quantity"),
        unit: reader.text("unit"),
        price: reader.quantity("price"),
        voucher: reader.text("voucher"),
        merchant: reader.text("merchant"),
        inspection: reader.inspection(),
        error_declaration: None,
        fields: BTreeMap::new(),
        source,
    };
    event.fields = reader.rest();
    event_type.and(event_time).map(|_| event)
}

/// Takes members out of an object one by one and notes what is wrong with them.
pub(crate) struct Reader {
    pub(crate) members: Map<String, Value>,
    pub(crate) faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, code: &str, field: &str, reason: impl Into<String>, advice: &str) {
        self.faults.push(Fault::new(code, field, reason, advice));
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.members.remove(key).filter(|value| !value.is_null())
    }

    /// Text, or a number as it was written; empty where there is none.
    fn text(&mut self, key: &str) -> String {
        let value = self.take(key);
        self.text_of(value, key)
    }

    fn text_of(&mut self, value: Option<Value>, path: &str) -> String {
        match value {
            None => String::new(),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => {
                self.fault("FMT-0104", path, "应为文字", "请用双引号括起");
                String::new()
            }
        }
    }

    fn event_type(&mut self) -> Option<EventType> {
        let text = self.text("type");
        let known = [
            EventType::Object,
            EventType::Aggregation,
            EventType::Transaction,
            EventType::Transformation,
            EventType::Association,
        ];
        let found = known.into_iter().find(|kind| kind.as_str() == text);
        if found.is_none() {
            let reason = if text.is_empty() { "缺少事件类型" } else { "事件类型不正确" };
            let advice = "应为 object、aggregation、transaction、transformation 或 association";
            self.fault(if text.is_empty() { "FMT-0105" } else { "FMT-0106" }, "type", reason, advice);
        }
        found
    }

    fn time(&mut self, key: &str) -> Option<suyuan_domain::clock::Timestamp> {
        let text = self.text(key);
        if text.is_empty() {
            self.fault("FMT-0105", key, "缺少事件时间", "请填写带时区的时间，如 2026-11-21T10:32:00+08:00");
            return None;
        }
        let parsed = text.parse();
        if parsed.is_err() {
            let reason = format!("时间“{}”格式不正确", text.chars().take(40).collect::<String>());
            self.fault("FMT-0106", key, reason, "请填写带时区的时间，如 2026-11-21T10:32:00+08:00");
        }
        parsed.ok()
    }

    fn quantity(&mut self, key: &str) -> Option<Quantity> {
        let value = self.take(key);
        self.quantity_of(value, key)
    }

    fn quantity_of(&mut self, value: Option<Value>, path: &str) -> Option<Quantity> {
        let text = match value? {
            Value::String(text) if text.trim().is_empty() => return None,
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let parsed = text.parse();
        if parsed.is_err() {
            self.fault("FMT-0106", path, "数量格式不正确", "应为最多三位小数的数字，如 12.5");
        }
        parsed.ok()
    }

    fn units(&mut self, key: &str) -> Vec<UnitAmount> {
        let items = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.fault(
                    "FMT-0104",
                    key,
                    "应为数组",
                    "请填写 [{\"code\":\"追溯码\",\"quantity\":\"1\",\"unit\":\"kg\"}]",
                );
                return Vec::new();
            }
        };
        let mut units = Vec::with_capacity(items.len().min(1_000));
        for (i, item) in items.into_iter().enumerate() {
            let path = |member: &str| format!("{key}[{i}]{member}");
            match item {
                Value::String(code) => units.push(UnitAmount { code, quantity: None, unit: String::new() }),
                Value::Object(mut members) => {
                    let mut member = |name: &str| members.remove(name).filter(|value| !value.is_null());
                    let (code, quantity, unit) = (member("code"), member("quantity"), member("unit"));
                    units.push(UnitAmount {
                        code: self.text_of(code, &path(".code")),
                        quantity: self.quantity_of(quantity, &path(".quantity")),
                        unit: self.text_of(unit, &path(".unit")),
                    });
                }
                _ => self.fault("FMT-0104", &path(""), "追溯单元应为对象", "请填写 {\"code\":\"追溯码\"}"),
            }
        }
        units
    }

    fn inspection(&mut self) -> Option<Inspection> {
        let mut members = match self.take("inspection")? {
            Value::Object(members) => members,
            _ => {
                self.fault(
                    "FMT-0104",
                    "inspection",
                    "检测信息应为对象",
                    "请填写 {\"item\":\"检测项目\",\"passed\":true}",
                );
                return None;
            }
        };
        let mut member = |name: &str| members.remove(name).filter(|value| !value.is_null());
        let (item, value, limit) = (member("item"), member("value"), member("limit"));
        let (standard, report_no, passed) = (member("standard"), member("report_no"), member("passed"));
        let passed = match passed {
            None => None,
            Some(Value::Bool(passed)) => Some(passed),
            Some(_) => {
                self.fault("FMT-0104", "inspection.passed", "检测结论应为 true 或 false", "未检测时不填");
                None
            }
        };
        Some(Inspection {
            item: self.text_of(item, "inspection.item"),
            value: self.quantity_of(value, "inspection.value"),
            limit: self.quantity_of(limit, "inspection.limit"),
            standard: self.text_of(standard, "inspection.standard"),
            passed,
            report_no: self.text_of(report_no, "inspection.report_no"),
        })
    }

    /// `fields`, and every member that nobody took.
    fn rest(&mut self) -> BTreeMap<String, Value> {
        let mut fields = match self.take("fields") {
            None => Map::new(),
            Some(Value::Object(fields)) => fields,
            Some(_) => {
                self.fault("FMT-0104", "fields", "扩展字段应为对象", "请填写 {\"字段\":\"值\"}");
                Map::new()
            }
        };
        fields.append(&mut self.members);
        fields.into_iter().filter(|(_, value)| !value.is_null()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Defaults;
    use suyuan_domain::clock::Timestamp;

    fn read(body: &str) -> Result<Message, Fault> {
        let defaults = Defaults {
            category: "agri".into(),
            stage: "market".into(),
            division: "370202".into(),
            subject: "S".into(),
        };
        let intake =
            Intake { now: Timestamp::from_millis(9), system: "sys", message: "m0", defaults: &defaults, max_rows: 3 };
        parse(body.as_bytes(), &intake)
    }

    const GOOD: &str = r#"{"event_id":"e1","type":"transaction","event_time":"2026-10-01T08:00:00+08:00","biz_step":"shipping",
        "peer":"P","direction":"out","inputs":[{"code":"u1","quantity":"12.5","unit":"kg"},"u2"],"outputs":[],
        "quantity":30,"price":"18.50","voucher":123,"inspection":{"item":"水分","value":0.5,"passed":true},
        "fields":{"vehicle":"鲁B12345"},"colour":"red","unit":null}"#;

    #[test]
    fn g_8_an_event_of_the_open_interface_is_read() {
        let message = read(&format!(r#"{{"message_id":"m1","events":[{GOOD}]}}"#)).expect("a message");
        let event = &message.rows[0].as_ref().expect("a good row").event;
        assert_eq!((message.message_id.as_str(), event.source.message.as_str(), event.source.row), ("m1", "m1", 0));
        assert_eq!((event.category.as_str(), event.stage.as_str(), event.subject.as_str()), ("agri", "market", "S"));
        assert_eq!(event.inputs[0].quantity, Some(Quantity::from_milli(12_500)));
        assert_eq!((event.inputs[1].code.as_str(), event.voucher.as_str()), ("u2", "123"));
        assert_eq!(event.fields.keys().collect::<Vec<_>>(), ["colour", "vehicle"]);
        assert_eq!(event.received_at, Timestamp::from_millis(9));
    }

    #[test]
    fn g_8_a_bad_row_leaves_the_others_alone() {
        let bad = r#"{"type":"move","event_time":"昨天","quantity":"many","inputs":{},"direction":"up","inspection":{"passed":"yes"}}"#;
        let message = read(&format!("[{GOOD},{bad},7]")).expect("a message");
        assert_eq!(message.message_id, "m0");
        assert!(message.rows[0].is_ok());
        let faults = message.rows[1].as_ref().expect_err("a bad row");
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["type", "event_time", "direction", "inputs", "quantity", "inspection.passed"]);
        assert_eq!(message.rows[2].as_ref().expect_err("no object")[0].code, "FMT-0102");
        assert_eq!(message.raw[2], "7");
    }

    #[test]
    fn g_8_a_body_that_is_no_json_is_one_clear_fault() {
        for (body, code) in [
            ("", "FMT-0101"),
            ("{", "FMT-0101"),
            ("{\"events\":[1,}", "FMT-0101"),
            ("{}", "FMT-0102"),
            ("{\"events\":1}", "FMT-0102"),
            ("7", "FMT-0102"),
            ("[1,2,3,4]", "FMT-0103"),
            ("[1] 2", "FMT-0101"),
        ] {
            assert_eq!(read(body).expect_err(body).code, code, "{body}");
        }
        let deep = format!("[{}{}]", "[".repeat(5_000), "]".repeat(5_000));
        assert!(read(&deep).is_err() || read(&deep).is_ok_and(|message| message.rows[0].is_err()));
    }
}
