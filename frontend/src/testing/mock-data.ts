// Invented data of one province, the same on every run, in the shapes of the contract.
import type {
  Account,
  Cockpit,
  Complaint,
  Division,
  Evaluations,
  Exchange,
  Finding,
  Me,
  NodeInfo,
  Notice,
  Reference,
  Subject,
} from "@/api/types";

export const NOW = "2026-11-21T02:32:00Z";
const start = Date.parse(NOW);
export const ago = (minutes: number) => new Date(start - minutes * 60_000).toISOString().replace(".000Z", "Z");

/** A sequence of numbers in [0, 1) that is the same on every run. */
export function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

export const node: NodeInfo = {
  code: "370000",
  name: "山东省平台",
  tier: "province",
  tier_label: "省级",
  division: "370000",
  division_name: "山东省",
  platform_name: "山东省重要产品追溯管理平台",
  parent: { code: "000000", name: "国家平台" },
  version: "0.1.0",
};
const account: Account = {
  id: "u-1",
  username: "shandong",
  display_name: "王建国",
  role: "regulator",
  role_name: "监管人员",
  division: "370000",
  division_name: "山东省",
  permissions: ["*"],
  categories: null,
  subject: null,
  preferences: {},
};
export const me: Me = {
  account,
  node,
  divisions_in_scope_root: "370000",
  now: NOW,
  idle_ends_at: ago(-30),
  ends_at: ago(-720),
  password_expires_at: null,
  recovery_codes: null,
  second_factor: false,
};

const cityNames: [string, string, number, number][] = [
  ["370100", "济南市", 117.1, 36.7],
  ["370200", "青岛市", 120.3, 36.3],
  ["370300", "淄博市", 118.05, 36.8],
  ["370400", "枣庄市", 117.3, 34.85],
  ["370500", "东营市", 118.6, 37.5],
  ["370600", "烟台市", 121.0, 37.3],
  ["370700", "潍坊市", 119.1, 36.6],
  ["370800", "济宁市", 116.6, 35.4],
  ["370900", "泰安市", 117.0, 36.1],
  ["371000", "威海市", 122.1, 37.2],
  ["371100", "日照市", 119.2, 35.5],
  ["371300", "临沂市", 118.3, 35.2],
  ["371400", "德州市", 116.6, 37.3],
  ["371500", "聊城市", 115.9, 36.4],
  ["371600", "滨州市", 117.8, 37.5],
  ["371700", "菏泽市", 115.5, 35.2],
];
export const cities: Division[] = cityNames.map(([code, name, lon, lat]) => ({
  code,
  name,
  short: name.slice(0, -1),
  tier: "city",
  has_children: true,
  lon,
  lat,
}));

export const reference: Reference = {
  categories: [
    {
      code: "pork",
      name: "猪肉",
      stages: ["farming", "slaughter", "wholesale", "retail"],
      children: [{ code: "pork.carcass", name: "白条肉" }],
    },
    {
      code: "vegetable",
      name: "蔬菜",
      stages: ["planting", "wholesale", "retail"],
      children: [{ code: "vegetable.leaf", name: "叶菜" }],
    },
    { code: "aquatic", name: "水产品", stages: ["farming", "wholesale", "retail"], children: [] },
    { code: "herb", name: "中药材", stages: ["planting", "processing", "retail"], children: [] },
    { code: "liquor", name: "酒类", stages: ["processing", "wholesale", "retail"], children: [] },
  ],
  stages: [
    ["planting", "种植"],
    ["farming", "养殖"],
    ["slaughter", "屠宰"],
    ["processing", "加工"],
    ["wholesale", "批发"],
    ["retail", "零售"],
    ["catering", "餐饮"],
  ].map(([code = "", name = ""], order) => ({ code, name, order })),
  rules: [
    ["R01", "重复上报", "duplicate"],
    ["R02", "数量超出阈值", "threshold"],
    ["R03", "时间先后颠倒", "standard"],
    ["R04", "连续未报送", "silence"],
    ["R05", "检测不合格", "standard"],
  ].map(([code = "", name = "", kind = ""]) => ({ code, name, kind })),
  indicators: [
    ["reporting", "数据报送率", "%", "25"],
    ["linkage", "上下环节贯通率", "%", "15"],
    ["quality", "数据合格率", "%", "20"],
    ["timeliness", "报送及时率", "%", "15"],
    ["activity", "商户活跃度", "%", "15"],
    ["operation", "日常运维得分", "分", "10"],
  ].map(([code = "", name = "", unit = "", weight = ""]) => ({ code, name, unit, weight, description: "" })),
  grades: [
    { code: "excellent", name: "优秀", symbol: "●", colour: "#1A7F37", from: "90" },
    { code: "good", name: "良好", symbol: "▲", colour: "#1F5FBF", from: "80" },
    { code: "pass", name: "达标", symbol: "■", colour: "#B7791F", from: "60" },
    { code: "fail", name: "不达标", symbol: "▼", colour: "#C62828", from: "0" },
  ],
  roles: [
    ["admin", "系统管理员"],
    ["regulator", "监管人员"],
    ["auditor", "审计人员"],
  ].map(([code = "", name = ""]) => ({ code, name })),
  subject_states: [
    ["submitted", "待审核"],
    ["filed", "已备案"],
    ["returned", "已退回"],
    ["changing", "变更待审"],
    ["suspended", "已暂停"],
    ["revoked", "已注销"],
  ].map(([code = "", name = ""]) => ({ code, name })),
  system_states: [
    ["submitted", "待审核"],
    ["filed", "已备案"],
    ["suspended", "已停用"],
  ].map(([code = "", name = ""]) => ({ code, name })),
  device_types: [
    ["scale", "追溯秤"],
    ["scanner", "扫码枪"],
    ["tester", "检测仪"],
  ].map(([code = "", name = ""]) => ({ code, name })),
  biz_steps: [
    ["selling", "销售"],
    ["slaughtering", "屠宰"],
  ].map(([code = "", name = ""]) => ({ code, name })),
  finding_states: [
    ["open", "待核实"],
    ["confirmed", "已确认"],
    ["dismissed", "已排除"],
    ["returned", "已退回"],
  ].map(([code = "", name = ""]) => ({ code, name })),
  rule_kinds: [],
  complaint_kinds: [],
  node_types: [
    ["farm", "养殖企业"],
    ["slaughterhouse", "屠宰企业"],
    ["wholesale_market", "批发市场"],
    ["supermarket", "超市"],
    ["farmers_market", "农贸市场"],
  ].map(([code = "", name = ""]) => ({ code, name })),
  org_forms: [
    ["enterprise", "企业"],
    ["cooperative", "合作社"],
    ["individual", "个体工商户"],
  ].map(([code = "", name = ""]) => ({ code, name })),
};

const gradeOf = (score: number): string =>
  score >= 90 ? "excellent" : score >= 80 ? "good" : score >= 60 ? "pass" : "fail";

const gradeName = (code: string) => reference.grades.find((grade) => grade.code === code)?.name ?? code;

export function cockpit(days: number): Cockpit {
  const random = sequence(7);
  const scores = cities.map((city, index) => ({
    city,
    score: index === 4 ? null : index === 1 ? 94.2 : Math.round((96 - index * 2.6 - random() * 4) * 10) / 10,
  }));
  const ranked = [...scores].sort((a, b) => (b.score ?? -1) - (a.score ?? -1));
  return {
    scope: { division: "370000", division_name: "山东省", category: null, category_name: null },
    position: 9381,
    as_of: NOW,
    data_until: ago(1),
    figures: [
      {
        key: "subjects",
        label: "主体",
        value: "12408",
        unit: "家",
        change: "1.2",
        state: "value",
        link: "/console/subjects?state=filed",
      },
      {
        key: "systems",
        label: "接入系统",
        value: "214",
        unit: "个",
        change: "0",
        state: "value",
        link: "/console/systems",
      },
      {
        key: "online_rate",
        label: "在线率",
        value: "98.6",
        unit: "%",
        change: "-0.4",
        state: "value",
        link: "/console/systems?state=offline",
      },
      {
        key: "events_today",
        label: "今日追溯记录",
        value: "1284000",
        unit: "条",
        change: "3.5",
        state: "value",
        link: "/console/events",
      },
      {
        key: "reporting_rate",
        label: "报送率",
        value: "97.1",
        unit: "%",
        change: "0.6",
        state: "value",
        link: "/console/evaluations",
      },
      {
        key: "findings_open",
        label: "异常待处理",
        value: "36",
        unit: "条",
        change: "-12",
        state: "value",
        link: "/console/findings?state=open",
      },
      {
        key: "complaints_open",
        label: "投诉在办",
        value: "0",
        unit: "件",
        change: null,
        state: "zero",
        link: "/console/complaints",
      },
      {
        key: "lookups_today",
        label: "今日公众查询",
        value: null,
        unit: "次",
        change: null,
        state: "missing",
        link: "/console/events",
      },
    ],
    trend: Array.from({ length: days }, (_, index) => {
      const events = Math.round(900_000 + 250_000 * Math.sin(index / 3.4) + random() * 90_000 + index * 7000);
      return {
        date: new Date(start - (days - 1 - index) * 86_400_000).toISOString().slice(0, 10),
        events,
        received: Math.round(events * 1.02),
        rejected: Math.round(events * (0.004 + random() * 0.012)),
      };
    }),
    ranking: ranked.map(({ city, score }, index) => ({
      rank: index + 1,
      code: city.code,
      name: city.name,
      kind: "division",
      score: score === null ? null : String(score),
      grade: score === null ? null : gradeOf(score),
      change: score === null ? null : String(Math.round((random() - 0.5) * 40) / 10),
    })),
    warnings: [
      ["silence", "济宁兖州农贸市场 2 日未报送", "high"],
      ["inspection", "潍坊寿光批次 SG20261120-07 检测不合格：毒死蜱", "high"],
      ["threshold", "临沂某屠宰企业日屠宰量超过备案产能 180%", "normal"],
      ["duplicate", "烟台接入系统 YT-0031 重复上报 214 条", "normal"],
      ["exchange", "菏泽市平台交换落后 1,204 条", "high"],
      ["complaint", "投诉 20261119-0021 还有 1 日到期", "normal"],
      ["time", "青岛城阳批发市场 37 条记录时间早于上一环节", "normal"],
      ["silence", "东营市平台 1 日未报送", "high"],
      ["license", "德州 12 家商户证照 30 日内到期", "normal"],
    ].map(([kind = "", text = "", severity = ""], index) => ({
      at: ago(index * 7 + 1),
      kind,
      text,
      severity: severity as "high" | "normal",
      link: "/console/findings?state=open",
    })),
    stages: [
      ["planting", "种植", 148_200, "99.2"],
      ["farming", "养殖", 96_400, "98.0"],
      ["slaughter", "屠宰", 61_800, "97.4"],
      ["processing", "加工", 84_000, "93.1"],
      ["wholesale", "批发", 412_000, "91.8"],
      ["retail", "零售", 481_600, "84.5"],
      ["catering", "餐饮", 0, null],
    ].map(([stage, name, events, rate]) => ({
      stage: stage as string,
      name: name as string,
      events: events as number,
      link_rate: rate as string | null,
    })),
    exchange: {
      parent: {
        code: "000000",
        name: "国家平台",
        state: "in_step",
        records_behind: 0,
        seconds_behind: 4,
        last_receipt_at: ago(1),
      },
      children: cities.slice(0, 8).map((city, index) => ({
        code: city.code,
        name: `${city.short}平台`,
        state: index === 4 ? "broken" : index === 7 ? "behind" : "in_step",
        records_behind: index === 7 ? 1204 : index === 4 ? 88_120 : 0,
        seconds_behind: index === 7 ? 930 : index === 4 ? 90_400 : 6,
        last_seen_at: ago(index === 4 ? 1500 : 1),
      })),
    },
    map: { parent: "370000", metric: "reporting_rate", values: values("370000", "reporting_rate").values },
  };
}

export function values(parent: string, metric: string, codes: string[] = cities.map((city) => city.code)) {
  const random = sequence(metric.length * 31 + Number(parent.slice(0, 4)));
  return {
    parent,
    metric,
    values: codes.map((code, index) => {
      const roll = random();
      if (codes.length > 6 && index === 4) return { code, value: null, state: "not_connected" as const };
      if (codes.length > 6 && index === 13) return { code, value: null, state: "missing" as const };
      if (codes.length > 6 && index === 9) return { code, value: "0", state: "zero" as const };
      const value =
        metric === "subjects" || metric === "events"
          ? Math.round(200 + roll * 1800)
          : metric === "findings"
            ? Math.round(roll * 20)
            : Math.round((78 + roll * 21) * 10) / 10;
      return { code, value: String(value), state: "value" as const };
    }),
  };
}

const families = ["鲁丰", "泉城", "海润", "沂蒙", "金乡", "寿光", "泰山", "蓬莱", "黄河", "崂山", "微山湖", "莱阳"];
const trades = [
  "农业发展有限公司",
  "食品有限公司",
  "肉类加工有限公司",
  "农产品批发市场",
  "生鲜超市",
  "蔬菜专业合作社",
  "水产养殖有限公司",
];
/** Facts that nobody has written down. */
const unwritten = {
  annual_output: null,
  bad_records: [],
  bases: [],
  email: null,
  extra: {},
  fax: null,
  id_no: null,
  identity_code: null,
  industry: null,
  legal_id_no: null,
  legal_person: null,
  legal_phone: null,
  licences: [],
  long_term: false,
  merchant_type: null,
  output_unit: null,
  parent: null,
  subject_role: null,
  valid_from: null,
  valid_to: null,
  varieties: [],
};
export const subjects: Subject[] = Array.from({ length: 136 }, (_, index) => {
  const city = cities[index % cities.length] as Division;
  const random = sequence(index + 11);
  const state =
    index % 17 === 0
      ? "submitted"
      : index % 29 === 3
        ? "changing"
        : index % 31 === 5
          ? "returned"
          : index % 37 === 7
            ? "suspended"
            : "filed";
  const trade = trades[index % trades.length] as string;
  return {
    id: `s-${index + 1}`,
    code: `${city.code}04${String(index + 1).padStart(5, "0")}`,
    name: `${city.short}${families[(index * 5) % families.length]}${trade}`,
    uscc: index % 9 === 4 ? null : `91${city.code}MA3${String(100_000 + index * 7).slice(0, 6)}X${index % 10}`,
    org_form: ["enterprise", "cooperative", "individual"][index % 3] as string,
    node_type: ["farm", "slaughterhouse", "wholesale_market", "supermarket", "farmers_market"][index % 5] as string,
    category: ["pork", "vegetable", "aquatic", "herb", "liquor"][index % 5] as string,
    stages: [["farming"], ["slaughter", "processing"], ["wholesale"], ["retail"], ["retail"]][index % 5] as string[],
    division: city.code,
    division_name: city.name,
    address: `${city.name}解放路${index + 1}号`,
    lon: index % 11 === 3 ? null : (city.lon ?? 0) + random() * 0.5 - 0.25,
    lat: index % 11 === 3 ? null : (city.lat ?? 0) + random() * 0.4 - 0.2,
    contact: ["李强", "张敏", "刘洋", "陈静"][index % 4] as string,
    phone: `138****${String(1000 + index * 13).slice(-4)}`,
    ...unwritten,
    class: "subject" as const,
    class_name: "追溯主体",
    parent_name: null,
    completeness: 60 + ((index * 7) % 41),
    conflict: false,
    linked: false,
    created_at: ago(40_000 + index * 60),
    state,
    state_name: reference.subject_states.find((one) => one.code === state)?.name ?? state,
    filed_at: state === "submitted" ? null : ago(index * 900 + 4000),
    parent_node: null,
    category_name: reference.categories[index % 5]?.name ?? "",
    origin_node: city.code,
    origin_name: city.name,
    version: 1 + (index % 3),
    updated_at: ago(index * 60),
  };
});

const texts = [
  "同一凭证 PZ20261120-0451 在 2 个系统重复上报",
  "单次销售 18,600 千克，超过近 30 日最大值 3 倍",
  "批发时间早于屠宰时间 4 小时",
  "连续 2 日未报送，近 30 日平均每日 412 条",
  "毒死蜱 0.12 毫克/千克，限量 0.02",
];
export const findings: Finding[] = Array.from({ length: 58 }, (_, index) => {
  const rule = reference.rules[index % 5] ?? { code: "", name: "", kind: "" };
  const subject = subjects[index * 2] as Subject;
  const state =
    index % 7 === 6 ? "confirmed" : index % 11 === 10 ? "dismissed" : index % 13 === 12 ? "returned" : "open";
  return {
    id: `f-${index + 1}`,
    rule: rule.code,
    rule_name: rule.name,
    kind: rule.kind,
    severity: index % 5 === 4 ? "high" : "normal",
    period: "2026-11",
    subject: subject.id,
    subject_name: subject.name,
    system: "sys-1",
    system_name: `${subject.division_name}肉菜追溯系统`,
    division: subject.division,
    division_name: subject.division_name,
    object_id: `ev-${index + 1}`,
    rule_version: 1,
    overdue: false,
    actions: state === "open" ? ["confirm", "dismiss", "return"] : [],
    text: texts[index % 5] as string,
    value: index % 5 === 3 ? null : (["2", "18600", "-4", "0", "0.12"][index % 5] as string),
    limit: ["1", "6200", "0", "1", "0.02"][index % 5] as string,
    state,
    state_name: { open: "待核实", confirmed: "已确认", dismissed: "已排除", returned: "已退回" }[state],
    found_at: ago(index * 53 + 5),
    due_at: ago(index * 53 - 4320),
    version: 1,
    origin_node: subject.division,
  };
});

export function evaluations(period: string, kind: string): Evaluations {
  const random = sequence(period.length + kind.length * 17);
  const names =
    kind === "system"
      ? subjects.slice(0, 24).map((subject) => ({
          code: subject.code,
          name: `${subject.name.slice(0, 6)}追溯系统`,
          stage: subject.stages[0] ?? "",
          division: subject.division,
          division_name: subject.division_name,
        }))
      : cities.map((city) => ({
          code: city.code,
          name: city.name,
          stage: "",
          division: city.code,
          division_name: city.name,
        }));
  const rows = names
    .map((one, index) => {
      const score = index === 4 ? null : Math.round((98 - index * 1.9 - random() * 3) * 10) / 10;
      return {
        rank: index + 1,
        code: one.code,
        name: one.name,
        kind: kind as "system" | "division",
        stage: one.stage,
        stage_name: reference.stages.find((stage) => stage.code === one.stage)?.name ?? "",
        division: one.division,
        division_name: one.division_name,
        node: "370000",
        formula_version: "2026-1",
        veto: null,
        score: score === null ? null : String(score),
        grade: score === null ? null : gradeOf(score),
        grade_name: score === null ? null : gradeName(gradeOf(score)),
        change: score === null ? null : String(Math.round((random() - 0.5) * 60) / 10),
        indicators: reference.indicators.map((indicator, at) => ({
          code: indicator.code,
          name: indicator.name,
          value: score === null ? null : String(Math.min(100, Math.round((score + at) * 10) / 10)),
          unit: indicator.unit,
          score: score === null ? null : String(Math.round(score * Number(indicator.weight)) / 100),
          weight: Number(indicator.weight),
          numerator: 912,
          denominator: 960,
          applicable: at !== 4,
          warning: false,
        })),
      };
    })
    .sort((a, b) => Number(b.score ?? -1) - Number(a.score ?? -1))
    .map((row, index) => ({ ...row, rank: index + 1 }));
  return {
    period,
    period_name: period,
    kind: kind === "system" ? "system" : "division",
    not_applicable: rows.filter((row) => row.grade === null).length,
    from_above: null,
    formula_version: "2026-1",
    state: "final",
    computed_at: ago(600),
    periods: ["2026-11", "2026-10", "2026-09"],
    rows,
    distribution: ["excellent", "good", "pass", "fail"].map((grade) => ({
      grade,
      name: gradeName(grade),
      count: rows.filter((row) => row.grade === grade).length,
    })),
  };
}

export const exchange: Exchange = {
  parent: {
    code: "000000",
    name: "国家平台",
    url: "https://nation.example.gov.cn",
    state: "in_step",
    records_behind: 0,
    seconds_behind: 4,
    enrolment: "approved",
    fingerprint: "9c:41:0e:d2:5a:77:b3:18",
    paused: false,
    last_seen_at: ago(1),
    last_receipt_at: ago(1),
    last_error: null,
    streams: [
      { stream: "up/urgent", origin: "370000", seq: 12_408, receipted_seq: 12_408 },
      { stream: "up/normal", origin: "370000", seq: 310, receipted_seq: 310 },
      { stream: "up/bulk", origin: "370000", seq: 8_120_331, receipted_seq: 8_120_331 },
    ],
  },
  children: cities.slice(0, 9).map((city, index) => ({
    code: city.code,
    name: `${city.name}平台`,
    url: `https://p${city.code}.example.gov.cn`,
    state: index === 8 ? "requested" : "approved",
    link_state: index === 4 ? "broken" : index === 7 ? "behind" : index === 8 ? "none" : "in_step",
    enrolment: index === 8 ? "requested" : "approved",
    fingerprint: "3f:9a:c1:77:0b:5e:20:d4",
    paused: false,
    records_behind: index === 7 ? 1204 : 0,
    seconds_behind: index === 7 ? 930 : 0,
    last_seen_at: index === 8 ? null : ago(index === 4 ? 1500 : 1),
    last_receipt_at: index === 8 ? null : ago(index === 4 ? 1500 : 2),
    applied_records: index === 8 ? 0 : 480_000 - index * 31_000,
    last_batch_at: index === 8 ? null : ago(index === 4 ? 1500 : 2),
    last_error: index === 4 ? "连接被拒绝" : null,
  })),
  receipts: Array.from({ length: 8 }, (_, index) => ({
    at: ago(index * 11 + 1),
    peer: index % 3 === 0 ? "国家平台" : `${cities[index]?.name ?? ""}平台`,
    direction: index % 3 === 0 ? "up" : "down",
    class: "normal",
    from_position: 9000 - index * 50,
    to_position: 9050 - index * 50,
    records: 50,
    hash: `b2f0${index}c9e1d8…`,
    state: "confirmed",
  })),
  poison: [
    {
      id: 1,
      stream: "up/bulk",
      field: "unit",
      kind: "追溯记录",
      origin: "370800",
      seq: 88_121,
      code: "EXCH-0304",
      reason: "数量单位“筐”不在字典中",
      advice: "在数据字典登记换算或退回下级修正",
      at: ago(95),
    },
  ],
};

export const complaints: Complaint[] = Array.from({ length: 23 }, (_, index) => {
  const state = (["submitted", "accepted", "answered", "closed", "rejected"] as const)[index % 5] ?? "submitted";
  const kind = (["complaint", "report", "consult", "suggestion"] as const)[index % 4] ?? "complaint";
  return {
    id: `c-${index + 1}`,
    number: `2026${String(1120 - index)}${String(21 + index).padStart(4, "0")}`,
    kind,
    kind_name: { complaint: "投诉", report: "举报", consult: "咨询", suggestion: "建议" }[kind],
    state,
    state_name: { submitted: "待受理", accepted: "办理中", answered: "已答复", closed: "已办结", rejected: "不予受理" }[
      state
    ],
    has_photo: false,
    division: "370000",
    division_name: "山东省",
    handler: "370000",
    origin_node: "370000",
    overdue: false,
    actions: state === "submitted" ? ["accept", "reject"] : state === "accepted" ? ["transfer", "answer"] : [],
    submitted_at: ago(index * 700),
    due_at: ago(index * 700 - 10_080),
    text: [
      "扫码显示的产地与包装不一致，包装写济南，扫码显示青岛。",
      "购买的排骨有异味，追溯码查询显示已过保质期。",
      "请问散装蔬菜在哪里查询来源？",
      "建议追溯秤打印的小票字再大一些。",
    ][index % 4] as string,
    code: index % 3 === 2 ? "" : `37020012345${index}`,
    name: index % 2 === 0 ? "市*" : "",
    phone: "139****1234",
    version: 1,
  };
});
const noticeKinds = {
  notice: "通知公告",
  policy: "政策法规",
  standard: "标准规范",
  news: "工作动态",
  recall: "召回信息",
};
/** A notice of this node; only what differs is named. */
export const notice = (given: Partial<Notice> & Pick<Notice, "id" | "title" | "body">): Notice => ({
  kind: "notice",
  kind_name: noticeKinds[given.kind ?? "notice"],
  published_at: null,
  state: "draft",
  state_name: given.state === "published" ? "已发布" : "草稿",
  origin_node: "370000",
  origin_name: "山东省",
  updated_at: NOW,
  version: 1,
  ...given,
});
export const notices: Notice[] = [
  notice({
    id: "n-1",
    title: "关于开展冬季肉菜追溯专项检查的公告",
    kind: "notice",
    published_at: ago(1440),
    body: "自 2026 年 12 月 1 日起，对全省批发市场、农贸市场和连锁超市的追溯凭证开具情况进行检查。\n\n购买时请索取带追溯码的小票。",
    state: "published",
  }),
  notice({
    id: "n-2",
    title: "11 月第二期食用农产品抽检结果",
    kind: "news",
    published_at: ago(4320),
    body: "本期抽检 1,208 批次，不合格 6 批次，均已下架封存。",
    state: "published",
  }),
  notice({
    id: "n-3",
    title: "怎样查询商品的来源",
    kind: "policy",
    published_at: ago(9000),
    body: "扫描商品包装、秤签或小票上的追溯码，或在首页输入编码，即可看到经过的每个环节。",
    state: "published",
  }),
  notice({
    id: "n-4",
    title: "春节保供追溯工作安排（草稿）",
    kind: "notice",
    published_at: null,
    body: "待定稿。",
    state: "draft",
  }),
];
