//! The OpenAPI document as a whole (接口文档): its nouns, what each kind of caller has to show, the one error envelope, and
//! which fields of an answer are always there.
//!
//! An operation's own text stands at its handler, the form of its body at its noun. Rows: G-8, H-8, H-9.

use std::collections::{BTreeMap, BTreeSet};

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ArrayItems, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr,
    ResponseBuilder, Schema, SecurityRequirement, Tag,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::error::ErrorEnvelope;
use crate::gate;
use crate::session::COOKIE;
use crate::state::AppState;

/// Scheme: the cookie of a person who signed in.
const SESSION: &str = "session";
/// Scheme: the header that no other site can send.
const OWN_PAGE: &str = "own_page";
/// Scheme: the token of a connected system.
const TOKEN: &str = "token";

const INTRODUCTION: &str = "时间一律为 RFC 3339 格式的 UTC 时刻，数量为十进制文本，null 表示缺失。\
    列表按 limit、after 翻页，next 为 null 即到末页。出错时返回统一的错误信息：稳定的代码、中文说明、字段和处理建议。";

/// The nouns in the order in which a reader wants them, each with what it is about.
const TAGS: [(&str, &str); 31] = [
    ("登录", "登录、退出与当前用户。登录成功后以 Cookie 保持会话。"),
    ("总览", "驾驶舱的指标、趋势、排名与预警。"),
    ("一张图", "边界、指标着色、主体点位与流向。"),
    ("追溯责任主体", "主体的登记、变更与审核。"),
    ("产品", "产品的登记、变更与审核。"),
    ("追溯设备", "设备的登记、变更与审核。"),
    ("导入", "主体、产品、设备表格的模板、检查、导入与撤回。"),
    ("停业申报", "主体与接入系统停业日的申报与撤回。"),
    ("常用查询", "个人与同角色共用的查询条件和显示列。"),
    ("导出", "登记清单按查询条件导出为表格。"),
    ("统计分析", "主体、产品、设备和接入系统按环节、品种、区划、类型、时间的数量与占比。"),
    ("接入系统", "第三方追溯系统的登记、审核与接入令牌。"),
    ("数据采集", "表格上传、报送批次与未通过检查的记录。"),
    ("追溯查询", "追溯链条合成与追溯事件。"),
    ("异常数据", "异常数据的查询、汇总与核实。"),
    ("运行监测评价", "评价指标、排名与趋势。"),
    ("报告", "评价报告的编制、下载、计划与发送。"),
    ("上下级交换", "与上级、下级平台的连接状态、接入审批与回执。"),
    ("咨询投诉", "公众咨询投诉的受理、办理与答复。"),
    ("公告", "公告的起草、发布与撤回。"),
    ("数据包", "目录、规则、指标等数据包的版本、试算与下发。"),
    ("个人中心", "本人资料、口令、双因素、登录会话与注销申请。"),
    ("用户管理", "用户的建立、授权、停用、口令与双因素重置、注销。"),
    ("角色管理", "角色树、权限清单、生效预览与使用情况。"),
    ("审计日志", "操作留痕。"),
    ("基础字典", "类别、环节、规则、指标等字典与行政区划。"),
    ("统一登录", "与其他平台互认登录：应用客户端、授权与令牌（OpenID Connect），统一身份的绑定。"),
    ("公众服务", "公众追溯查询、咨询投诉与公告，不需要登录。"),
    ("数据报送", "接入系统以令牌报送主体、产品、设备、事件和心跳。"),
    ("EPCIS", "GS1 EPCIS 2.0 采集与查询接口，使用接入系统的令牌。"),
    ("节点交换", "节点之间的接口。报文本身由发送节点以 SM2 签名，签名即凭据，回执同样签名。"),
];

/// Bytes that are no text: a file (文件).
pub(crate) struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        let bytes =
            ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        RefOr::T(Schema::Object(bytes.build()))
    }
}

impl ToSchema for Binary {}

/// Who calls an interface, and with that what has to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Anybody (公众); nothing is asked for.
    Anybody,
    /// A person who signed in (监管端用户); writes also carry the header.
    Person,
    /// A connected system (接入系统) with its token.
    System,
    /// Another node (上下级节点); its signature is part of the body, so HTTP carries nothing.
    Node,
}

impl Caller {
    fn shows(self, writes: bool) -> Vec<SecurityRequirement> {
        let none = [""; 0];
        match (self, writes) {
            (Self::Anybody | Self::Node, _) => Vec::new(),
            (Self::Person, false) => vec![SecurityRequirement::new(SESSION, none)],
            (Self::Person, true) => vec![SecurityRequirement::new(SESSION, none).add(OWN_PAGE, none)],
            (Self::System, _) => vec![SecurityRequirement::new(TOKEN, none)],
        }
    }

    /// What stands for a permission where there is one and the same for all operations.
    fn permission(self) -> Option<&'static str> {
        match self {
            Self::Anybody => Some(gate::PUBLIC),
            Self::Person => None,
            Self::System => Some(gate::SYSTEM),
            Self::Node => Some(gate::NODE),
        }
    }
}

/// `routes` with what their caller has to show and which permission he needs, except at operations that say it themselves.
pub(crate) fn called_by(caller: Caller, mut routes: OpenApiRouter<AppState>) -> OpenApiRouter<AppState> {
    for item in routes.get_openapi_mut().paths.paths.values_mut() {
        for (writes, operation) in operations(item) {
            operation.security.get_or_insert_with(|| caller.shows(writes));
            if let Some(word) = caller.permission() {
                let extensions = operation.extensions.get_or_insert_default();
                extensions.entry(gate::PERMISSION.to_owned()).or_insert_with(|| word.into());
            }
        }
    }
    routes
}

/// The operations of an address, each with whether it writes.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let reading = get.iter_mut().map(|operation| (false, operation));
    reading.chain([put, post, delete, patch].into_iter().flatten().map(|operation| (true, operation)))
}

/// The document before any operation is in it.
pub(crate) fn empty() -> OpenApi {
    let info = InfoBuilder::new()
        .title("重要产品追溯管理平台接口")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(INTRODUCTION))
        .build();
    let tag = |(name, about): (&str, &str)| -> Tag { TagBuilder::new().name(name).description(Some(about)).build() };
    OpenApiBuilder::new().info(info).tags(Some(TAGS.map(tag))).components(Some(components())).build()
}

fn components() -> Components {
    let mut parts = Vec::new();
    ErrorEnvelope::schemas(&mut parts);
    let key = |name: &str, about: &str| ApiKeyValue::with_description(name, about);
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("平台签发的接入令牌")).build();
    ComponentsBuilder::new()
        .schema(ErrorEnvelope::name(), ErrorEnvelope::schema())
        .schemas_from_iter(parts)
        .security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(key(COOKIE, "登录后由平台设置的会话 Cookie"))))
        .security_scheme(
            OWN_PAGE,
            SecurityScheme::ApiKey(ApiKey::Header(key("X-Suyuan", "固定为 1；写操作必须带上，其他网站无法发送"))),
        )
        .security_scheme(TOKEN, SecurityScheme::Http(token))
        .build()
}

/// Adds to the whole document what holds everywhere: any operation may answer with the error envelope, and a field of an
/// answer that may be `null` is there all the same.
pub(crate) fn complete(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            let responses = &mut operation.responses.responses;
            for (status, response) in responses.iter_mut() {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    meaning(status).clone_into(&mut response.description);
                }
            }
            responses.entry("default".to_owned()).or_insert_with(|| RefOr::T(refusal()));
        }
    }
    let sent = sent(document);
    let Some(components) = document.components.as_mut() else { return };
    for (name, schema) in &mut components.schemas {
        if !sent.contains(name) {
            require_nullable(schema);
        }
    }
}

/// What a status of success means, where the operation has nothing more to say about it.
fn meaning(status: &str) -> &'static str {
    match status {
        "201" => "已建立",
        "202" => "已受理",
        "204" => "已完成，没有内容",
        _ => "成功",
    }
}

fn refusal() -> utoipa::openapi::Response {
    let envelope = Ref::from_schema_name(ErrorEnvelope::name());
    let content = ContentBuilder::new().schema(Some(envelope)).build();
    ResponseBuilder::new().description("错误信息").content("application/json", content).build()
}

/// Names of the schemas that callers send. There, what may be `null` may be left out as well.
fn sent(document: &mut OpenApi) -> BTreeSet<String> {
    let mut waiting = Vec::new();
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            let Some(RefOr::T(body)) = &operation.request_body else { continue };
            let schemas = body.content.values().filter_map(|content| match content {
                RefOr::T(content) => content.schema.as_ref(),
                RefOr::Ref(_) => None,
            });
            schemas.for_each(|schema| named_in(schema, &mut waiting));
        }
    }
    let known = document.components.as_ref().map(|components| &components.schemas);
    let known: BTreeMap<&String, &RefOr<Schema>> = known.into_iter().flatten().collect();
    let mut sent = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if let Some(schema) = known.get(&name)
            && sent.insert(name)
        {
            named_in(schema, &mut waiting);
        }
    }
    sent
}

/// Adds the names that `schema` refers to.
fn named_in(schema: &RefOr<Schema>, names: &mut Vec<String>) {
    match schema {
        RefOr::Ref(reference) => names.extend(reference.ref_location.rsplit('/').next().map(str::to_owned)),
        RefOr::T(Schema::Object(object)) => object.properties.values().for_each(|part| named_in(part, names)),
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(item) = &array.items {
                named_in(item, names);
            }
        }
        RefOr::T(Schema::AllOf(all)) => all.items.iter().for_each(|part| named_in(part, names)),
        RefOr::T(Schema::OneOf(one)) => one.items.iter().for_each(|part| named_in(part, names)),
        RefOr::T(_) => {}
    }
}

/// Makes fields that may be `null` required, here and in everything nested.
fn require_nullable(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            for (name, part) in &mut object.properties {
                if is_nullable(part) && !object.required.contains(name) {
                    object.required.push(name.clone());
                }
                require_nullable(part);
            }
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(item) = &mut array.items {
                require_nullable(item);
            }
        }
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(require_nullable),
        RefOr::T(Schema::OneOf(one)) => one.items.iter_mut().for_each(require_nullable),
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
}

fn is_nullable(schema: &RefOr<Schema>) -> bool {
    let null = |kind: &SchemaType| match kind {
        SchemaType::Type(kind) => *kind == Type::Null,
        SchemaType::Array(kinds) => kinds.contains(&Type::Null),
        SchemaType::AnyValue => true,
    };
    match schema {
        RefOr::T(Schema::Object(object)) => null(&object.schema_type),
        RefOr::T(Schema::Array(array)) => null(&array.schema_type),
        RefOr::T(Schema::OneOf(one)) => one.items.iter().any(is_nullable),
        RefOr::T(_) | RefOr::Ref(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn document() -> Value {
        serde_json::from_str(&crate::openapi_json().expect("a document")).expect("JSON")
    }

    fn each(document: &Value, mut look: impl FnMut(&str, &str, &Value)) {
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("an item") {
                look(path, method, operation);
            }
        }
    }

    #[test]
    fn h_9_every_operation_says_what_its_caller_has_to_show() {
        let document = document();
        let schemes = document["components"]["securitySchemes"].as_object().expect("schemes");
        assert_eq!(schemes.keys().map(String::as_str).collect::<Vec<_>>(), [OWN_PAGE, SESSION, TOKEN]);
        let mut seen = BTreeMap::new();
        each(&document, |path, method, operation| {
            let shown = operation["security"].as_array().unwrap_or_else(|| panic!("{method} {path} says nothing"));
            let shown: Vec<&str> =
                shown.iter().flat_map(|one| one.as_object().expect("names").keys()).map(String::as_str).collect();
            let words = operation[gate::PERMISSION].as_str().unwrap_or_default();
            let expected: &[&str] = match (words, method) {
                // Pages send the header already when they begin a session; ending one is never refused.
                ("public", "post") if path.starts_with("/api/v1/session") => &[OWN_PAGE],
                ("public", "delete") => &[OWN_PAGE, SESSION],
                ("public" | "node", _) => &[],
                ("system", _) => &[TOKEN],
                (_, "get") => &[SESSION],
                _ => &[OWN_PAGE, SESSION],
            };
            assert_eq!(shown, expected, "{method} {path}");
            *seen.entry(shown.len()).or_insert(0) += 1;
        });
        assert_eq!(seen.len(), 3, "{seen:?}");
    }

    #[test]
    fn h_8_every_operation_has_a_chinese_noun_and_summary_and_the_error_envelope() {
        let document = document();
        let nouns: BTreeSet<&str> = TAGS.iter().map(|(name, _)| *name).collect();
        let mut used = BTreeSet::new();
        each(&document, |path, method, operation| {
            let noun = operation["tags"][0].as_str().unwrap_or_default();
            assert!(nouns.contains(noun), "{method} {path}: {noun}");
            used.insert(noun.to_owned());
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_ascii()), "{method} {path}");
            let error = &operation["responses"]["default"]["content"]["application/json"]["schema"]["$ref"];
            assert_eq!(error, "#/components/schemas/ErrorEnvelope", "{method} {path}");
        });
        assert_eq!(used.len(), nouns.len(), "a noun without operations");
    }

    #[test]
    fn h_8_every_answer_has_a_form() {
        let document = document();
        let mut untyped = Vec::new();
        each(&document, |path, method, operation| {
            for (status, response) in operation["responses"].as_object().expect("responses") {
                assert!(
                    response["description"].as_str().is_some_and(|text| !text.is_empty()),
                    "{method} {path} {status}"
                );
                let content = response["content"].as_object();
                if status == "204" {
                    assert!(content.is_none(), "{method} {path} has nothing to say");
                } else if !content.is_some_and(|content| content.values().all(|one| is_typed(&one["schema"]))) {
                    untyped.push(format!("{method} {path} {status}"));
                }
            }
        });
        assert_eq!(untyped, Vec::<String>::new());
    }

    fn is_typed(schema: &Value) -> bool {
        schema["$ref"].is_string() || schema["type"] == "string" || schema["contentMediaType"].is_string()
    }

    #[test]
    fn h_8_every_name_that_is_referred_to_exists_and_no_two_forms_share_one() {
        let document = document();
        let known = document["components"]["schemas"].as_object().expect("schemas");
        let text = document.to_string();
        for part in text.split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().expect("a name");
            assert!(known.contains_key(name), "{name}");
        }
        // A second form of one name would silently take the place of the first.
        let mut names = BTreeSet::new();
        for source in sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            for part in source.split("ToSchema)]").skip(1) {
                let mut words = part
                    .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .skip_while(|word| !matches!(*word, "struct" | "enum"));
                let name = words.nth(1).expect("a name").to_owned();
                assert!(names.insert(name.clone()), "two forms are called {name}");
            }
        }
        assert!(names.len() > 100, "{}", names.len());
    }

    fn sources(folder: &std::path::Path) -> Vec<String> {
        let mut sources = Vec::new();
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources.extend(self::sources(&path));
            } else if path.file_name().is_some_and(|name| name != "document.rs") {
                sources.push(std::fs::read_to_string(path).expect("a source"));
            }
        }
        sources
    }
}
