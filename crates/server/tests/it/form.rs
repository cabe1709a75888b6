//! Whether an answer has the form that the interface document names: every field there, no field beside, types and words.
//!
//! Reads the part of JSON Schema that the document uses; an unknown keyword fails, so that nothing is believed unread.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::caller::{Caller, Reply};

/// The interface document, and which of its operations have answered in their form.
pub struct Forms {
    document: Value,
    answered: BTreeSet<String>,
}

/// Keywords that say nothing about what is allowed, or that no test of a value can read.
const SILENT: [&str; 5] = ["description", "format", "minimum", "propertyNames", "default"];

impl Forms {
    /// The document as it is served.
    pub fn served() -> Self {
        let document = suyuan_api::openapi_json().expect("a document");
        Self { document: serde_json::from_str(&document).expect("JSON"), answered: BTreeSet::new() }
    }

    /// Sends, and gives the body of an answer that has its form.
    pub async fn send(&mut self, caller: &Caller, method: &str, path: &str, body: &Value) -> Value {
        let reply = caller.request(method, path, body).await;
        self.check(method, path, reply)
    }

    /// Reads, as [`Forms::send`].
    pub async fn get(&mut self, caller: &Caller, path: &str) -> Value {
        let reply = caller.get(path).await;
        self.check("get", path, reply)
    }

    /// Writes JSON, as [`Forms::send`].
    pub async fn post(&mut self, caller: &Caller, path: &str, body: &Value) -> Value {
        let reply = caller.post(path, body).await;
        self.check("post", path, reply)
    }

    /// The body of an answer that has its form.
    pub fn check(&mut self, method: &str, path: &str, reply: Reply) -> Value {
        let template = self.template(method, path);
        let responses = &self.document["paths"][&template][method]["responses"];
        let response = match responses.get(reply.status.to_string()) {
            Some(response) => response,
            None if reply.status >= 400 => &responses["default"],
            None => panic!("{method} {path}: no form for status {}: {}", reply.status, reply.body),
        };
        if let Some(content) = response["content"].as_object() {
            let json = content.iter().find(|(media, _)| media.contains("json")).map(|(_, content)| &content["schema"]);
            let schema = json.unwrap_or_else(|| panic!("{method} {path} is not JSON"));
            if let Err(fault) = self.fits(schema, &reply.body) {
                panic!("{method} {path} {}: {fault} in {}", reply.status, reply.body);
            }
            if reply.status < 400 {
                self.answered.insert(format!("{method} {template}"));
            }
        }
        reply.body
    }

    /// Operations that answer with JSON and were not asked yet.
    pub fn silent(&self) -> Vec<String> {
        let mut silent = Vec::new();
        for (path, item) in self.document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let responses = operation["responses"].as_object().expect("responses");
                let success = responses.iter().filter(|(status, _)| status.starts_with('2'));
                let mut media = success.filter_map(|(_, response)| response["content"].as_object()).flat_map(Map::keys);
                let name = format!("{method} {path}");
                if media.any(|media| media.contains("json")) && !self.answered.contains(&name) {
                    silent.push(name);
                }
            }
        }
        silent
    }

    /// The address in the document that `path` belongs to; fixed words before parameters.
    fn template(&self, method: &str, path: &str) -> String {
        let parts: Vec<&str> = path.split('?').next().unwrap_or_default().split('/').collect();
        let paths = self.document["paths"].as_object().expect("paths").iter();
        let fits = |template: &&String| {
            let wanted: Vec<&str> = template.split('/').collect();
            wanted.len() == parts.len() && wanted.iter().zip(&parts).all(|(w, p)| w.starts_with('{') || w == p)
        };
        let known = paths.filter(|(_, item)| item[method].is_object()).map(|(template, _)| template).filter(fits);
        known.min_by_key(|template| template.matches('{').count()).unwrap_or_else(|| panic!("{method} {path}")).clone()
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(name) => &self.document["components"]["schemas"][name.rsplit('/').next().unwrap_or_default()],
            None => schema,
        }
    }

    fn fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let schema = self.resolved(schema).as_object().ok_or("no form")?;
        if let Some(one) = schema.get("oneOf").and_then(Value::as_array) {
            let faults: Vec<String> = one.iter().filter_map(|schema| self.fits(schema, value).err()).collect();
            return if faults.len() < one.len() { Ok(()) } else { Err(faults.join(" | ")) };
        }
        let mut fields = Fields::default();
        if self.gather(&Value::Object(schema.clone()), &mut fields) {
            return match schema.get("type") {
                Some(kind) if !value.is_object() => fit_type(kind, value),
                _ => self.fit_object(&fields, value),
            };
        }
        for keyword in schema.keys().filter(|keyword| !SILENT.contains(&keyword.as_str())) {
            match keyword.as_str() {
                "type" => fit_type(&schema["type"], value)?,
                "enum" if !schema["enum"].as_array().is_some_and(|words| words.contains(value)) => {
                    return Err(format!("{value} is none of {}", schema["enum"]));
                }
                "items" => {
                    for item in value.as_array().into_iter().flatten() {
                        self.fits(&schema["items"], item)?;
                    }
                }
                "enum" | "additionalProperties" => {}
                other => return Err(format!("the keyword {other} is not read here")),
            }
        }
        Ok(())
    }

    /// Collects what an object may and must have; `false` where the form is not one of an object with named fields.
    fn gather(&self, schema: &Value, fields: &mut Fields) -> bool {
        let schema = self.resolved(schema);
        if let Some(all) = schema["allOf"].as_array() {
            // Every part is gathered, also behind the first with named fields.
            let named = all.iter().filter(|part| self.gather(part, fields)).count();
            return named > 0;
        }
        let names = |key: &str| schema[key].as_array().into_iter().flatten().filter_map(Value::as_str);
        fields.required.extend(names("required").map(str::to_owned));
        for (name, part) in schema["properties"].as_object().into_iter().flatten() {
            fields.known.insert(name.clone(), part.clone());
        }
        schema["properties"].is_object()
    }

    fn fit_object(&self, fields: &Fields, value: &Value) -> Result<(), String> {
        let object = value.as_object().ok_or("not an object")?;
        if let Some(missing) = fields.required.iter().find(|name| !object.contains_key(*name)) {
            return Err(format!("{missing} is missing"));
        }
        for (name, part) in object {
            let schema = fields.known.get(name).ok_or_else(|| format!("{name} is not in the document"))?;
            self.fits(schema, part).map_err(|fault| format!("{name}: {fault}"))?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Fields {
    known: BTreeMap<String, Value>,
    required: BTreeSet<String>,
}

fn fit_type(kind: &Value, value: &Value) -> Result<(), String> {
    let is = |kind: &Value| match kind.as_str() {
        Some("null") => value.is_null(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    };
    let fits = kind.as_array().map_or_else(|| is(kind), |kinds| kinds.iter().any(is));
    if fits { Ok(()) } else { Err(format!("{value} is not {kind}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn h_8_what_differs_from_its_form_is_seen() {
        let part =
            json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": ["string", "null"] } } });
        let whole = json!({ "allOf": [{ "$ref": "#/components/schemas/Part" },
            { "type": "object", "properties": { "b": { "type": "array", "items": { "type": "integer" } } } }] });
        let document = json!({ "components": { "schemas": { "Part": part } } });
        let forms = Forms { document, answered: BTreeSet::new() };
        for (value, right) in [
            (json!({ "a": null }), true),
            (json!({ "a": "x", "b": [1, 2] }), true),
            (json!({}), false),
            (json!({ "a": 1 }), false),
            (json!({ "a": "x", "b": ["1"] }), false),
            (json!({ "a": "x", "c": 1 }), false),
            (json!([]), false),
        ] {
            assert_eq!(forms.fits(&whole, &value).is_ok(), right, "{value}");
        }
    }
}
