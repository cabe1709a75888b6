// What the node in memory says about connected systems and the catalogue of products.
import type { ApplicationDetail, Catalogue, JoinFollowed, MonitorRow, SelftestRun } from "@/api/access";
import { ago, cities, reference } from "./mock-data.ts";
import { list, ok, type Answer, type Request } from "./mock-answer.ts";

export const run: SelftestRun = {
  number: 2,
  at: ago(300),
  by: "申请方",
  catalogue_version: "2026.1",
  passed: 2,
  failed: 1,
  not_shown: 1,
  ready: false,
  clauses: [
    {
      code: "ST-01",
      name: "传输与认证",
      must: true,
      state: "passed",
      state_name: "通过",
      reason: "",
      advice: "",
      evidence: [],
    },
    {
      code: "ST-02",
      name: "报文格式",
      must: true,
      state: "passed",
      state_name: "通过",
      reason: "",
      advice: "",
      evidence: [],
    },
    {
      code: "ST-04",
      name: "编码与校验位",
      must: true,
      state: "failed",
      state_name: "未通过",
      reason: "1 行的统一社会信用代码校验位不正确",
      advice: "按 GB 32100 计算第 18 位",
      evidence: [{ sample: 1, row: 3, code: "EVT-0109", field: "subject", text: "应为 3，填写为 5" }],
    },
    {
      code: "ST-08",
      name: "重复报送",
      must: false,
      state: "not_shown",
      state_name: "未体现",
      reason: "样例中没有重复的事件",
      advice: "同一事件再报一次",
      evidence: [],
    },
  ],
};
const form = {
  name: "城阳生猪屠宰追溯系统",
  operator: "青岛某某食品有限公司",
  uscc: "91370200MA3C00001X",
  category: "pork",
  stage: "slaughter",
  division: "370100",
  subjects: ["91370200MA3C00001X"],
  subject_list: null,
  url: null,
  contact: "张敏",
  phone: "139****8888",
  email: null,
  purpose: "报送屠宰出场数据",
  daily_volume: 1200,
  protocol: "json",
  funding: null,
};
const application = (index: number): ApplicationDetail => ({
  id: `ap-${index}`,
  number: `JR370000-2026-${String(index + 1).padStart(4, "0")}`,
  name: form.name,
  operator: form.operator,
  category: "pork",
  category_name: "猪肉",
  stage: "slaughter",
  stage_name: "屠宰",
  division: "370100",
  division_name: "济南市",
  state: ["submitted", "reviewing", "filed", "returned"][index % 4] ?? "",
  state_name: ["已申请", "审核中", "已备案", "已退回"][index % 4] ?? "",
  submitted_at: ago(index * 900),
  due_at: index % 4 < 2 ? ago(index === 1 ? 60 : -9000) : null,
  overdue: index === 1,
  system_code: index % 4 === 2 ? "YX0001" : null,
  system_id: index % 4 === 2 ? "sys-1" : null,
  version: 1,
  form,
  filing_no: index % 4 === 2 ? "鲁溯备 2026-0001" : null,
  steps: [{ at: ago(index * 900), actor: null, action: "submit", state: "submitted", state_name: "已申请", text: "" }],
  decisions: index % 4 === 0 ? ["accept", "return", "reject"] : index % 4 === 1 ? ["file", "return", "reject"] : [],
  selftest: index % 2 === 0 ? run : null,
});
const applications = Array.from({ length: 8 }, (_, index) => application(index));
export const followed: JoinFollowed = {
  ...applications[3],
  ...form,
  number: "JR370000-2026-0004",
  category_name: "猪肉",
  stage_name: "屠宰",
  division_name: "济南市",
  submitted_at: ago(900),
  due_at: null,
  overdue: false,
  state: "returned",
  state_name: "已退回",
  next: "请按退回理由修改后再次提交。",
  filing_no: null,
  system_code: null,
  form,
  version: 2,
  may_amend: true,
  may_withdraw: true,
  may_test: true,
  steps: [
    { at: ago(900), state: "submitted", state_name: "已申请", text: "", action: "submit", actor: null },
    {
      at: ago(300),
      state: "returned",
      state_name: "已退回",
      text: "请补充预计数据量",
      action: "return",
      actor: "王建国",
    },
  ],
  selftest: run,
};
const tokens = [
  {
    number: 1,
    name: "报送程序",
    hint: "7f3a",
    scopes: ["report", "heartbeat"],
    issued_at: ago(90_000),
    issued_by: "regulator",
    expires_at: ago(-400_000),
    last_used_at: ago(3),
    last_address: "10.3.4.5",
    state: "active",
    state_name: "有效",
    revoked_at: null,
  },
  {
    number: 2,
    name: "查验终端",
    hint: "11c0",
    scopes: ["query"],
    issued_at: ago(190_000),
    issued_by: "regulator",
    expires_at: ago(-1000),
    last_used_at: null,
    last_address: null,
    state: "ending",
    state_name: "即将失效",
    revoked_at: null,
  },
];
const quota = {
  requests_per_minute: null,
  rows_per_day: 500_000,
  body_bytes: null,
  allow: ["10.0.0.0/8"],
  defaults: { requests_per_minute: 600, rows_per_day: 200_000, body_bytes: 8_388_608 },
  today: { requests: 4210, rows: 128_011, refused: 3, bytes: 9_120_334 },
  version: 1,
};
const warning = {
  number: 7,
  system: "YX0002",
  system_name: "济南市肉菜流通追溯系统",
  kind: "silent",
  code: "ACC-SILENT",
  text: "已 53 小时未报送，超过 48 小时",
  value: "53",
  limit: "48",
  opened_at: ago(300),
  closed_at: null,
};
const monitor = (index: number): MonitorRow => ({
  id: `sys-${index + 1}`,
  code: `YX${String(index + 1).padStart(4, "0")}`,
  name: `${cities[index]?.name ?? ""}肉菜流通追溯系统`,
  operator: "某某信息技术有限公司",
  funding: index % 2 === 0 ? "state" : "market",
  category: "pork",
  category_name: "猪肉",
  stage: "wholesale",
  stage_name: "批发",
  division: cities[index]?.code ?? "",
  division_name: cities[index]?.name ?? "",
  status: index === 2 ? "trial" : "live",
  status_name: index === 2 ? "试运行" : "正式运行",
  origin_node: "370000",
  online: index !== 1,
  last_report_at: ago(index === 1 ? 3180 : index * 9),
  last_seen_at: ago(index * 9),
  silent_since: index === 1 ? ago(3180) : null,
  silent_hours: index === 1 ? 53 : null,
  why: index === 1 ? "最后一次请求因凭证到期被拒绝" : null,
  period: "2026-11",
  indicators: [
    { code: "rate", name: "数据报送率", value: index === 1 ? "71.2" : "97.4", threshold: "90", ok: index !== 1 },
    {
      code: "active",
      name: "商户活跃度",
      value: index === 3 ? null : "88.0",
      threshold: "80",
      ok: index === 3 ? null : true,
    },
  ],
  today: {
    requests: 410 - index,
    rows: 12_000 - index * 31,
    errors: { system: 0, auth: index === 1 ? 12 : 0, data: index, large: 0 },
    refused: 0,
    mean_ms: 42,
  },
  warnings: index === 1 ? [warning as MonitorRow["warnings"][number]] : [],
});
const monitors = Array.from({ length: 9 }, (_, index) => monitor(index));
const local = {
  national: false,
  origin: "370000",
  origin_name: "山东省",
  successor: null,
  retired: false,
  children: [],
};
const catalogue: Catalogue = {
  versions: [{ pack: "categories.toml", version: "2026.1", valid_from: "2026-01-01" }],
  may_add: true,
  code_start: "370000_",
  categories: reference.categories.map((category, order) => ({
    code: category.code,
    name: category.name,
    taken_in: order < 3,
    may_switch: true,
    children: category.children.map((child, index) => ({
      ...local,
      code: child.code,
      name: child.name,
      level: 2,
      national: true,
      origin: "000000",
      origin_name: "国家",
      valid_from: "2026-01-01",
      valid_to: null,
      children: [
        {
          ...local,
          code: `370000_black${index}`,
          name: "莱芜黑猪白条",
          level: 3,
          valid_from: "2026-06-01",
          valid_to: null,
        },
        {
          ...local,
          code: `370000_old${index}`,
          name: "旧分类",
          level: 3,
          valid_from: "2026-01-01",
          valid_to: "2026-10-31",
          successor: child.code,
          retired: true,
        },
      ],
    })),
  })),
};

/** Answers of the public pages; null where another part has to answer. */
export function joinCall([noun = "", id, tail]: string[], request: Request): Answer | null {
  if (noun === "reference")
    return ok({
      categories: reference.categories.map((category) => ({
        code: category.code,
        name: category.name,
        stages: category.stages.map(
          (code) => reference.stages.find((stage) => stage.code === code) ?? { code, name: code },
        ),
      })),
      divisions: [
        { code: "370000", name: "山东省" },
        ...cities.map(({ code, name }) => ({ code, name })),
        { code: "370102", name: "历下区" },
      ],
      protocols: [
        { code: "json", name: "JSON" },
        { code: "epcis", name: "EPCIS" },
        { code: "csv", name: "CSV" },
      ],
    });
  if (noun !== "applications") return null;
  const sent = request.body as { operator?: string; captcha?: { answer: string } } | null;
  if (!id && sent?.operator?.includes("第四份") && sent.captcha?.answer !== "十二") {
    const reason = sent.captcha ? "验证码不正确或已失效" : "请输入验证码";
    const code = sent.captcha ? "AUTH-0106" : "AUTH-0105";
    const fault = { code, field: "captcha", reason, advice: "请按图片或问题填写验证码后重试" };
    return { status: 400, body: { error: { ...fault, message: reason, request_id: "r", faults: [fault] } } };
  }
  if (!id) return ok({ number: "JR370000-2026-0009", query_code: "K7XM2Q9TWA4Z", due_at: ago(-14_400) }, 201);
  if (tail === "selftest") return ok(run);
  if (tail === "withdraw")
    return ok({
      ...followed,
      state: "withdrawn",
      state_name: "已撤回",
      may_amend: false,
      may_withdraw: false,
      may_test: false,
    });
  if (request.method === "PUT") return ok({ ...followed, state: "submitted", state_name: "已申请", version: 3 });
  return request.query.get("query_code") === "bad"
    ? {
        status: 404,
        body: {
          error: { code: "JOIN-0404", message: "没有找到", advice: "", field: null, request_id: "", faults: [] },
        },
      }
    : ok(followed);
}
/** Answers of the console; null where another part has to answer. */
export function accessCall([noun = "", id, tail, more]: string[], request: Request): Answer | null {
  if (noun === "applications") {
    const row = applications.find((one) => one.id === id);
    if (!id) return list(applications);
    if (tail === "review" && row)
      Object.assign(row, {
        state: "reviewing",
        state_name: "审核中",
        decisions: ["file", "return", "reject"],
        version: row.version + 1,
      });
    return ok(row);
  }
  if (noun === "catalogue") {
    if (!id) return ok(catalogue);
    if (tail === "use")
      return ok({
        products: 12,
        subjects: 4,
        systems: 2,
        events: 10000,
        events_exact: false,
        position: 34512,
        examples: [{ kind: "product", code: "P1", name: "鲜猪肉（白条）" }],
      });
    if (more === "switch")
      return ok({
        subjects: 12,
        products: 30,
        systems: 2,
        events: 48,
        events_exact: true,
        position: 34512,
        examples: [],
        rules: ["MEAT-01 重复报送"],
        text: ["不再纳入后，新的登记不能选择这个品类，已有数据保留。"],
      });
    return ok({ version: "2026.2" }, 201);
  }
  if (noun !== "systems") return null;
  if (id === "monitor")
    return ok({
      items: monitors,
      summary: { total: 9, online: 8, silent: 1, warning: 1, trial: 1, state_funded: 5, market: 4 },
    });
  if (tail === "tokens")
    return request.method === "GET" ? list(tokens) : ok({ token: "sy_5f1c9a7e2b8d40c6a1e3", row: tokens[0] }, 201);
  if (tail === "quota") return ok(quota);
  if (tail === "selftest")
    return request.method === "GET"
      ? list([run, { ...run, number: 1, clauses: run.clauses.map((clause) => ({ ...clause, state: "failed" })) }])
      : ok(run);
  if (tail === "monitor")
    return ok({
      ...monitors[1],
      days: Array.from({ length: 30 }, (_, index) => ({
        day: ago((29 - index) * 1440).slice(0, 10),
        requests: 40,
        rows: 900 + index,
        accepted: 880 + index * 3,
        rejected: index % 6,
        errors: { system: 0, auth: 0, data: 0, large: 0 },
        refused: 0,
        mean_ms: 40,
      })),
      history: [warning, { ...warning, number: 3, closed_at: ago(9000), opened_at: ago(12_000) }],
    });
  return null;
}
