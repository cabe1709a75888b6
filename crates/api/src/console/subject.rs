//! 追溯责任主体与商户 on the wire: list, detail, registration, change, review, codes, likely doubles.
//! Rows: G-6.2.1a, G-6.2.1b, G-6.2.1c, G-6.2.2.

mod form;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_service::Node;
use suyuan_service::register::{self, Item};
use suyuan_service::subject::{self, SubjectDoc, code, similar};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::form::SubjectIn;
use self::form::{SubjectClass, SubjectFacts};
use super::register::{
    Detailed, FrameOut, ProposalOut, RegisterFind, RegisterPage, RegisterReviewIn, Shown, detail, page, review, shown,
    unmasked, wanted_version,
};
use crate::error::ApiResult;
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_subjects, create_subject))
        .routes(routes!(find_similar_subjects))
        .routes(routes!(preview_subject_code))
        .routes(routes!(get_subject, change_subject))
        .routes(routes!(unmask_subject))
        .routes(routes!(review_subject))
        .routes(routes!(recode_subject))
        .routes(routes!(link_subject))
        .routes(routes!(propose_subject))
        .routes(routes!(answer_subject_proposal))
}

type Detail = Detailed<SubjectOut, Option<SubjectFacts>>;

/// 追溯责任主体.
#[derive(Serialize, ToSchema)]
pub(super) struct SubjectOut {
    #[serde(flatten)]
    frame: FrameOut,
    #[serde(flatten)]
    doc: SubjectFacts,
    /// Name of the class.
    class_name: String,
    /// Name of the division.
    division_name: String,
    /// Name of the category.
    category_name: String,
    /// Name of the node that a merchant trades at.
    parent_name: Option<String>,
    /// Parent of the node that owns the entry.
    parent_node: Option<String>,
}

impl Shown for SubjectDoc {
    type Out = SubjectOut;
    type Facts = SubjectFacts;
    type Known = BTreeMap<String, String>;

    async fn known(node: &Node, scope: &Scope, items: &[Item<Self>]) -> ApiResult<Self::Known> {
        let parents: Vec<String> =
            items.iter().map(|item| item.doc.parent.clone()).filter(|code| !code.is_empty()).collect();
        Ok(subject::names(node, scope, parents).await?)
    }

    fn out(node: &Node, known: &Self::Known, item: Item<Self>) -> SubjectOut {
        let packs = node.packs();
        let category = packs.category(&item.doc.category);
        let parent_node = node.divisions.get(&item.origin_node).map(|division| division.parent.clone());
        SubjectOut {
            frame: FrameOut::of(node, &item),
            class_name: packs.name_in("subject_class", &item.doc.class).to_owned(),
            division_name: node.divisions.name(&item.doc.division).to_owned(),
            category_name: category.map_or_else(|| item.doc.category.clone(), |category| category.name.clone()),
            parent_name: known.get(&item.doc.parent).cloned(),
            parent_node: parent_node.filter(|code| !code.is_empty()),
            doc: item.doc.into(),
        }
    }
}

/// 查询追溯责任主体
#[utoipa::path(get, path = "/subjects", extensions(("x-permission" = json!("subject.read"))), tag = "追溯责任主体",
    params(RegisterFind, Paging), responses((status = 200, body = Listing<SubjectOut>)))]
async fn list_subjects(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<RegisterPage>,
) -> ApiResult<Json<Listing<SubjectOut>>> {
    page::<SubjectDoc>(&state.node, &cx, query).await
}

/// 登记追溯责任主体
#[utoipa::path(post, path = "/subjects", extensions(("x-permission" = json!("subject.create"))), tag = "追溯责任主体",
    request_body = SubjectIn, responses((status = 201, body = SubjectOut)))]
async fn create_subject(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<SubjectIn>,
) -> ApiResult<(StatusCode, Json<SubjectOut>)> {
    let item = match body.draft {
        true => register::create_draft(&state.node, &cx, SubjectDoc::from(body)).await?,
        false => register::create(&state.node, &cx, SubjectDoc::from(body)).await?,
    };
    Ok((StatusCode::CREATED, shown(&state.node, &cx, item).await?))
}

/// 追溯责任主体详情
#[utoipa::path(get, path = "/subjects/{id}", extensions(("x-permission" = json!("subject.read"))), tag = "追溯责任主体",
    params(("id" = String, Path)), responses((status = 200, body = Detailed<SubjectOut, Option<SubjectFacts>>)))]
async fn get_subject(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<Detail>> {
    detail::<SubjectDoc>(&state.node, &cx, id, &Default::default()).await
}

/// Why something is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubjectReasonIn {
    reason: String,
}

/// 查看追溯责任主体完整信息
#[utoipa::path(post, path = "/subjects/{id}/unmask", extensions(("x-permission" = json!("subject.unmask"))), tag = "追溯责任主体",
    params(("id" = String, Path)), request_body = SubjectReasonIn,
    responses((status = 200, body = Detailed<SubjectOut, Option<SubjectFacts>>)))]
async fn unmask_subject(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<SubjectReasonIn>,
) -> ApiResult<Json<Detail>> {
    unmasked::<SubjectDoc>(&state.node, &cx, id, &body.reason).await
}

/// 变更追溯责任主体
#[utoipa::path(put, path = "/subjects/{id}", extensions(("x-permission" = json!("subject.update"))), tag = "追溯责任主体",
    params(("id" = String, Path)), request_body = SubjectIn, responses((status = 200, body = SubjectOut)))]
async fn change_subject(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<SubjectIn>,
) -> ApiResult<Json<SubjectOut>> {
    let version = wanted_version(body.version)?;
    let item = match body.draft {
        true => register::change_draft(&state.node, &cx, id, version, SubjectDoc::from(body)).await?,
        false => register::change(&state.node, &cx, id, version, SubjectDoc::from(body)).await?,
    };
    shown(&state.node, &cx, item).await
}

/// 审核追溯责任主体
#[utoipa::path(post, path = "/subjects/{id}/review", extensions(("x-permission" = json!("subject.update|subject.review|subject.revoke"))), tag = "追溯责任主体", params(("id" = String, Path)),
    request_body = RegisterReviewIn, responses((status = 200, body = SubjectOut)))]
async fn review_subject(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<RegisterReviewIn>,
) -> ApiResult<Json<SubjectOut>> {
    review::<SubjectDoc>(&state.node, &cx, id, body).await
}

/// Another code for a subject (修改编码).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubjectRecodeIn {
    /// Version that was looked at.
    version: u64,
    code: String,
    reason: String,
}

/// 修改追溯责任主体编码
#[utoipa::path(post, path = "/subjects/{id}/recode", extensions(("x-permission" = json!("subject.update"))), tag = "追溯责任主体",
    params(("id" = String, Path)), request_body = SubjectRecodeIn, responses((status = 200, body = SubjectOut)))]
async fn recode_subject(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<SubjectRecodeIn>,
) -> ApiResult<Json<SubjectOut>> {
    let item = register::recode::<SubjectDoc>(&state.node, &cx, (id, body.version), &body.code, &body.reason).await?;
    shown(&state.node, &cx, item).await
}

/// That a subject is the same as the one that holds its code (认定为同一主体).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubjectLinkIn {
    /// Version that was looked at.
    version: u64,
    reason: String,
}

/// 认定为同一主体
#[utoipa::path(post, path = "/subjects/{id}/same-as", extensions(("x-permission" = json!("subject.review"))), tag = "追溯责任主体",
    params(("id" = String, Path)), request_body = SubjectLinkIn, responses((status = 200, body = SubjectOut)))]
async fn link_subject(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<SubjectLinkIn>,
) -> ApiResult<Json<SubjectOut>> {
    let item = register::link::<SubjectDoc>(&state.node, &cx, (id, body.version), &body.reason).await?;
    shown(&state.node, &cx, item).await
}

/// A correction of an entry that a node below owns (更正建议).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubjectProposalIn {
    /// New values by field; none for a remark.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    changes: serde_json::Map<String, serde_json::Value>,
    reason: String,
}

/// 提出更正建议
#[utoipa::path(post, path = "/subjects/{id}/proposals", extensions(("x-permission" = json!("subject.review"))), tag = "追溯责任主体",
    params(("id" = String, Path)), request_body = SubjectProposalIn, responses((status = 201, body = ProposalOut)))]
async fn propose_subject(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<SubjectProposalIn>,
) -> ApiResult<(StatusCode, Json<ProposalOut>)> {
    let note = register::propose::<SubjectDoc>(&state.node, &cx, id, body.changes, &body.reason).await?;
    Ok((StatusCode::CREATED, Json(ProposalOut::of(&state.node, note))))
}

/// What the owner says to a proposed correction (答复更正建议).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubjectAnswerIn {
    /// Whether it is taken over, as a change under review.
    accept: bool,
    /// Why; needed to decline.
    #[serde(default)]
    reason: Option<String>,
}

/// 答复更正建议
#[utoipa::path(post, path = "/subjects/{id}/proposals/{proposal}/decision", extensions(("x-permission" = json!("subject.review"))), tag = "追溯责任主体",
    params(("id" = String, Path), ("proposal" = String, Path)), request_body = SubjectAnswerIn, responses((status = 200, body = ProposalOut)))]
async fn answer_subject_proposal(
    State(state): State<AppState>,
    Console(cx): Console,
    At((id, proposal)): At<(ObjectId, ObjectId)>,
    In(body): In<SubjectAnswerIn>,
) -> ApiResult<Json<ProposalOut>> {
    let why = body.reason.unwrap_or_default();
    let note = register::answer::<SubjectDoc>(&state.node, &cx, (id, proposal), body.accept, &why).await?;
    Ok(Json(ProposalOut::of(&state.node, note)))
}

/// What is about to be registered, as far as it is known (登记前查重).
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct SimilarIn {
    class: Option<SubjectClass>,
    name: Option<String>,
    code: Option<String>,
    uscc: Option<String>,
    phone: Option<String>,
    division: Option<String>,
    /// Longitude, WGS 84.
    lon: Option<f64>,
    /// Latitude, WGS 84.
    lat: Option<f64>,
    /// The entry itself, where it is registered already.
    id: Option<String>,
}

/// Why an entry is likely the same (相似原因).
#[derive(Serialize, ToSchema)]
struct LikenessOut {
    /// `code`, `uscc`, `phone`, `name` or `place`.
    kind: &'static str,
    text: String,
}

/// An entry that is likely the same (疑似重复).
#[derive(Serialize, ToSchema)]
struct AlikeOut {
    id: String,
    code: String,
    name: String,
    division: String,
    division_name: String,
    address: Option<String>,
    state: String,
    state_name: String,
    /// 0 to 100.
    score: u32,
    reasons: Vec<LikenessOut>,
}

/// Entries that are likely the same (疑似重复).
#[derive(Serialize, ToSchema)]
struct SimilarOut {
    /// At most ten, most likely first.
    items: Vec<AlikeOut>,
    /// Whether an entry outside of the scope has the same code.
    outside: bool,
    outside_text: Option<&'static str>,
}

/// 登记前查重
#[utoipa::path(post, path = "/subjects/similar", extensions(("x-permission" = json!("subject.read"))), tag = "追溯责任主体",
    request_body = SimilarIn, responses((status = 200, body = SimilarOut)))]
async fn find_similar_subjects(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<SimilarIn>,
) -> ApiResult<Json<SimilarOut>> {
    let sought = similar::Sought {
        class: body.class.unwrap_or_default().as_str().to_owned(),
        name: body.name.unwrap_or_default(),
        code: body.code.unwrap_or_default(),
        uscc: body.uscc.unwrap_or_default(),
        phone: body.phone.unwrap_or_default(),
        division: body.division.unwrap_or_default(),
        place: body.lon.zip(body.lat),
        id: body.id.and_then(|id| id.parse().ok()),
    };
    let found = similar::similar(&state.node, &cx, sought).await?;
    let packs = state.node.packs();
    let out = |alike: similar::Alike| AlikeOut {
        id: alike.entry.object.to_string(),
        division_name: state.node.divisions.name(&alike.entry.division).to_owned(),
        state_name: packs.name_in("subject_state", &alike.entry.state).to_owned(),
        code: alike.entry.code,
        name: alike.entry.name,
        division: alike.entry.division,
        address: Some(alike.doc.address).filter(|text| !text.is_empty()),
        state: alike.entry.state,
        score: alike.score,
        reasons: alike.reasons.into_iter().map(|reason| LikenessOut { kind: reason.kind, text: reason.text }).collect(),
    };
    Ok(Json(SimilarOut {
        items: found.items.into_iter().map(out).collect(),
        outside: found.outside,
        outside_text: found.outside.then_some("辖区外已有同码登记"),
    }))
}

/// For whom a code is wanted (编码预览).
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct SubjectCodeIn {
    class: Option<SubjectClass>,
    division: Option<String>,
    /// Code of the node that a merchant trades at.
    parent: Option<String>,
}

/// The code that the platform would issue now (编码预览). It is not kept.
#[derive(Serialize, ToSchema)]
struct SubjectCodeOut {
    code: String,
}

/// 预览平台编码
#[utoipa::path(post, path = "/subjects/code", extensions(("x-permission" = json!("subject.create"))), tag = "追溯责任主体",
    request_body = SubjectCodeIn, responses((status = 200, body = SubjectCodeOut)))]
async fn preview_subject_code(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<SubjectCodeIn>,
) -> ApiResult<Json<SubjectCodeOut>> {
    let doc = SubjectDoc {
        class: body.class.unwrap_or_default().as_str().to_owned(),
        division: body.division.unwrap_or_default(),
        parent: body.parent.unwrap_or_default(),
        ..SubjectDoc::default()
    };
    Ok(Json(SubjectCodeOut { code: code::preview(&state.node, &cx, &doc).await? }))
}
