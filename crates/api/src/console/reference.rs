//! Categories, stages, rules, indicators, grades, roles and divisions for menus and forms (基础字典、行政区划).
//! Rows: N-CAT, G-6.3.1.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use suyuan_domain::division::{Division, NATION, Tier};
use suyuan_domain::pack::{Named, Packs};
use suyuan_domain::period::Day;
use suyuan_service::Node;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, ApiResult, ErrorEnvelope};
use crate::extract::{At, Console, Find};
use crate::portal::node::NodeTier;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_reference)).routes(routes!(list_divisions)).routes(routes!(get_division))
}

/// A code with its name.
#[derive(Serialize, ToSchema)]
struct NamedOut {
    code: String,
    name: String,
}

/// A category (产品类别).
#[derive(Serialize, ToSchema)]
struct CategoryOut {
    code: String,
    name: String,
    /// Codes of its stages, in the order of the chain.
    stages: Vec<String>,
    children: Vec<NamedOut>,
}

/// A stage (追溯环节).
#[derive(Serialize, ToSchema)]
struct StageOut {
    code: String,
    name: String,
    order: u32,
}

/// An outlier rule (异常规则).
#[derive(Serialize, ToSchema)]
struct RuleOut {
    code: String,
    name: String,
    kind: String,
}

/// An indicator (评价指标).
#[derive(Serialize, ToSchema)]
struct IndicatorOut {
    code: String,
    name: String,
    unit: String,
    weight: String,
    description: String,
}

/// A grade (评价等级).
#[derive(Serialize, ToSchema)]
struct GradeOut {
    code: String,
    name: String,
    symbol: String,
    colour: String,
    /// Lowest score, inclusive.
    from: String,
}

/// Everything that menus and forms offer (基础字典).
#[derive(Serialize, ToSchema)]
struct ReferenceOut {
    categories: Vec<CategoryOut>,
    stages: Vec<StageOut>,
    rules: Vec<RuleOut>,
    indicators: Vec<IndicatorOut>,
    grades: Vec<GradeOut>,
    roles: Vec<NamedOut>,
    subject_states: Vec<NamedOut>,
    system_states: Vec<NamedOut>,
    node_types: Vec<NamedOut>,
    org_forms: Vec<NamedOut>,
    device_types: Vec<NamedOut>,
    biz_steps: Vec<NamedOut>,
    rule_kinds: Vec<NamedOut>,
    finding_states: Vec<NamedOut>,
    complaint_kinds: Vec<NamedOut>,
}

fn named(named: &Named) -> NamedOut {
    NamedOut { code: named.code.clone(), name: named.name.clone() }
}

fn list(packs: &Packs, name: &str) -> Vec<NamedOut> {
    packs.list(name).map(|entry| NamedOut { code: entry.code.clone(), name: entry.name.clone() }).collect()
}

/// A score in hundredths of a point as people write it.
fn points(hundredths: u32) -> String {
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:02}") }
}

fn reference(node: &Node) -> ReferenceOut {
    let packs = &node.packs();
    let formula = packs.formula(Day::of(node.now()));
    let categories = packs.categories.iter().map(|category| CategoryOut {
        code: category.code.clone(),
        name: category.name.clone(),
        stages: category.stages.clone(),
        children: category.children.iter().map(named).collect(),
    });
    let stage = |stage: &suyuan_domain::pack::Stage| StageOut {
        code: stage.code.clone(),
        name: stage.name.clone(),
        order: stage.order,
    };
    let rules = packs.rules.iter().map(|rule| RuleOut {
        code: rule.code.clone(),
        name: rule.name.clone(),
        kind: rule.kind.as_str().to_owned(),
    });
    let indicators = formula.into_iter().flat_map(|formula| &formula.indicators).map(|indicator| IndicatorOut {
        code: indicator.code.clone(),
        name: indicator.name.clone(),
        unit: "%".to_owned(),
        weight: indicator.weight.to_string(),
        description: indicator.description.clone(),
    });
    let grades = formula.into_iter().flat_map(|formula| &formula.grades).map(|grade| GradeOut {
        code: grade.code.clone(),
        name: grade.name.clone(),
        symbol: grade.symbol.clone(),
        colour: grade.colour.clone(),
        from: points(grade.from),
    });
    let roles = packs.roles.iter().map(|role| NamedOut { code: role.code.clone(), name: role.name.clone() });
    ReferenceOut {
        categories: categories.collect(),
        stages: packs.stages.iter().map(stage).collect(),
        rules: rules.collect(),
        indicators: indicators.collect(),
        grades: grades.collect(),
        roles: roles.collect(),
        subject_states: list(packs, "subject_state"),
        system_states: list(packs, "system_state"),
        node_types: list(packs, "node_type"),
        org_forms: list(packs, "org_form"),
        device_types: list(packs, "device_type"),
        biz_steps: list(packs, "biz_step"),
        rule_kinds: list(packs, "rule_kind"),
        finding_states: list(packs, "finding_state"),
        complaint_kinds: list(packs, "complaint_kind"),
    }
}

/// 基础字典
#[utoipa::path(get, path = "/reference", extensions(("x-permission" = json!("reference.read"))), tag = "基础字典",
    responses((status = 200, body = ReferenceOut), (status = "default", body = ErrorEnvelope)))]
async fn get_reference(State(state): State<AppState>, Console(_cx): Console) -> Json<ReferenceOut> {
    Json(reference(&state.node))
}

/// Which divisions are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DivisionFind {
    /// The division above; the account's own where none is given.
    parent: Option<String>,
}

/// A division (行政区划).
#[derive(Serialize, ToSchema)]
struct DivisionOut {
    code: String,
    name: String,
    short: String,
    #[schema(value_type = NodeTier)]
    tier: String,
    has_children: bool,
    lon: Option<f64>,
    lat: Option<f64>,
}

/// Divisions directly below another.
#[derive(Serialize, ToSchema)]
struct DivisionsOut {
    items: Vec<DivisionOut>,
}

/// A division with its path.
#[derive(Serialize, ToSchema)]
struct DivisionDetail {
    #[serde(flatten)]
    division: DivisionOut,
    /// From the province down to the division.
    path: Vec<NamedOut>,
}

fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Nation => "nation",
        Tier::Province => "province",
        Tier::City => "city",
        Tier::County => "county",
    }
}

fn division(node: &Node, division: &Division) -> DivisionOut {
    DivisionOut {
        has_children: !node.divisions.children(&division.code).is_empty(),
        code: division.code.clone(),
        name: division.name.clone(),
        short: division.short.clone(),
        tier: tier(division.tier).to_owned(),
        lon: division.point.map(|(lon, _)| lon),
        lat: division.point.map(|(_, lat)| lat),
    }
}

/// 下级行政区划
#[utoipa::path(get, path = "/divisions", extensions(("x-permission" = json!("reference.read"))), tag = "基础字典", params(DivisionFind),
    responses((status = 200, body = DivisionsOut), (status = "default", body = ErrorEnvelope)))]
async fn list_divisions(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<DivisionFind>,
) -> Json<DivisionsOut> {
    let parent = find.parent.filter(|code| !code.is_empty()).unwrap_or_else(|| cx.division.clone());
    let below = state.node.divisions.children(&parent);
    Json(DivisionsOut { items: below.into_iter().map(|row| division(&state.node, row)).collect() })
}

/// 行政区划详情
#[utoipa::path(get, path = "/divisions/{code}", extensions(("x-permission" = json!("reference.read"))), tag = "基础字典", params(("code" = String, Path)),
    responses((status = 200, body = DivisionDetail), (status = "default", body = ErrorEnvelope)))]
async fn get_division(
    State(state): State<AppState>,
    Console(_cx): Console,
    At(code): At<String>,
) -> ApiResult<Json<DivisionDetail>> {
    let divisions = &state.node.divisions;
    let row = divisions.get(&code).ok_or_else(|| ApiError::not_found("该行政区划"))?;
    let above = divisions.get(NATION).filter(|nation| nation.code != row.code);
    let path = above.into_iter().chain(divisions.path(&code));
    Ok(Json(DivisionDetail {
        division: division(&state.node, row),
        path: path.map(|step| NamedOut { code: step.code.clone(), name: step.name.clone() }).collect(),
    }))
}

#[cfg(test)]
mod tests {
    #[test]
    fn g_6_8_1_scores_are_written_without_needless_zeros() {
        for (hundredths, text) in [(9_000, "90"), (0, "0"), (8_550, "85.50"), (5, "0.05")] {
            assert_eq!(super::points(hundredths), text);
        }
    }
}
