//! Editions to render, and the fonts to render them with.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use suyuan_reports::{
    AnomalyRow, EvaluationEdition, EvaluationRow, Figure, Fonts, GradeCount, MapFigure, MapValue, TrendPoint,
};

/// Text that would do harm if it were read as markup, a formula or a script.
pub const HOSTILE: &str = "#panic() *粗* $x$ `c` <script>alert(1)</script> =1+1 &amp; \\ @ref 「”";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The fonts, read once for all tests.
pub fn fonts() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| {
        let dir = std::env::var_os("SUYUAN_FONTS_DIR").map_or_else(|| workspace().join(".cache/fonts"), PathBuf::from);
        Fonts::load(&dir).expect("install the report fonts with `cargo xtask setup`, or set SUYUAN_FONTS_DIR")
    })
}

/// Leaves a rendered file for a person to look at, when asked to.
pub fn keep(name: &str, bytes: &[u8]) {
    if let Some(dir) = std::env::var_os("SUYUAN_KEEP_REPORTS") {
        std::fs::write(Path::new(&dir).join(name), bytes).expect("SUYUAN_KEEP_REPORTS is a writable directory");
    }
}

/// An edition of a city with a given number of connected systems and a map of provinces.
pub fn edition(rows: u32) -> EvaluationEdition {
    EvaluationEdition {
        number: "370000-202610-01".to_owned(),
        title: "山东省重要产品追溯体系监测评价报告".to_owned(),
        node_name: "山东省重要产品追溯管理平台".to_owned(),
        node_code: "370000".to_owned(),
        period: "2026年10月".to_owned(),
        generated_at: "2026-11-01 08:00".to_owned(),
        data_until: "2026-10-31 24:00".to_owned(),
        formula_version: "评价公式 第3版".to_owned(),
        summary: summary(),
        grades: [("优秀", 62), ("良好", 98), ("达标", 41), ("不达标", 13), ("不适用", 2)]
            .map(|(grade, count)| GradeCount { grade: grade.to_owned(), count })
            .into(),
        rows: (1..=rows).map(row).collect(),
        indicator_names: ["数据报送率", "数据合格率", "上下环节贯通率", "商户活跃度", "在线率", "异常处理率", "响应及时率", "记录完整率", "主体备案率"]
            .map(str::to_owned)
            .into(),
        trend: trend(),
        map: Some(map()),
        anomalies: [("单日报送量突降超过阈值", 1204, 1190), ("检测结果缺失", 88, 80), ("进销重量不平衡", 36, 0)]
            .map(|(rule, count, handled)| AnomalyRow { rule: rule.to_owned(), count, handled })
            .into(),
        notes: vec![
            "参评范围：报告期内处于接入状态满 15 天的追溯子系统。".to_owned(),
            "数据报送率 = 实际报送天数 / 应报送天数，节假日按数据字典中的日历扣除。".to_owned(),
        ],
        advice: vec![
            "督促 13 个不达标系统在 10 个工作日内整改，重点核查单日报送量突降的原因，并由所在市主管部门逐一回访，回访结果随下期报告上报。".to_owned(),
            "对连续两期名次下降的系统开展一次现场运维检查。".to_owned(),
        ],
    }
}

fn summary() -> Vec<Figure> {
    [
        ("追溯主体", "12,408", "家", Some("▲1.2%")),
        ("接入系统", "216", "个", Some("+4")),
        ("本期追溯记录", "3,984.6", "万条", Some("▼0.8%")),
        ("数据报送率", "97.1", "%", Some("+0.6")),
        ("平均得分", "84.3", "分", Some("+1.1")),
        ("待处理异常", "36", "条", None),
    ]
    .map(|(label, value, unit, change)| Figure {
        label: label.to_owned(),
        value: value.to_owned(),
        unit: unit.to_owned(),
        change: change.map(str::to_owned),
    })
    .into()
}

fn row(rank: u32) -> EvaluationRow {
    let grades = ["优秀", "良好", "达标", "不达标"];
    let grade = grades[usize::try_from(rank % 40 / 10).unwrap_or(0)];
    let name = if rank.is_multiple_of(17) {
        format!(
            "第{rank}号特别长的名称示范市城市建设投资集团农产品冷链物流批发交易中心有限责任公司西城区分公司追溯子系统"
        )
    } else {
        format!("示范市第{rank}农产品批发市场")
    };
    EvaluationRow {
        rank,
        name,
        code: format!("91370200MA{:08}", 10_000_000 + rank),
        stage: ["批发", "屠宰", "零售（含超市）"][usize::try_from(rank % 3).unwrap_or(0)].to_owned(),
        score: if rank.is_multiple_of(50) {
            "不适用".to_owned()
        } else {
            format!("{}.{}", 99 - rank % 60, rank % 10)
        },
        grade: grade.to_owned(),
        change: (!rank.is_multiple_of(7)).then(|| format!("+{}", rank % 5)),
        indicators: (0..8).map(|i| format!("{}.{}", 99 - (rank + i) % 40, i)).collect(),
    }
}

fn trend() -> Vec<TrendPoint> {
    let values = [Some(78.2), Some(79.0), None, Some(80.6), Some(82.0), Some(81.4), Some(83.2), Some(84.3)];
    (3..).zip(values).map(|(month, value)| TrendPoint { label: format!("2026-{month:02}"), value }).collect()
}

fn map() -> MapFigure {
    let read = |name: &str| {
        std::fs::read_to_string(workspace().join("gis").join(name)).expect("the boundary set is part of the repository")
    };
    let mut values: Vec<(String, MapValue)> =
        ["11", "12", "13", "21", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44", "46", "51", "71"]
            .iter()
            .zip(0_u32..)
            .map(|(code, i)| (format!("{code}0000"), MapValue::Value(60.0 + 2.1 * f64::from(i))))
            .collect();
    values.push(("150000".to_owned(), MapValue::Zero));
    values.push(("650000".to_owned(), MapValue::Missing));
    values.push(("620000".to_owned(), MapValue::Missing));
    MapFigure {
        boundaries_geojson: read("province.geojson"),
        values,
        legend: "平均得分（分）".to_owned(),
        lines_geojson: Some(read("lines.geojson")),
    }
}
