// What the node in memory says about people: signing in, own profile, accounts, roles, applications, audit.
import type { AccountOut, AuditEntry, ClientRow, RoleOut } from "@/api/people";
import { ago, me } from "./mock-data.ts";
import { list, ok, type Answer, type Request } from "./mock-answer.ts";

const actions = [
  ["read", "查看"],
  ["create", "新增"],
  ["update", "修改"],
  ["review", "审核"],
  ["export", "导出"],
  ["unmask", "查看完整信息"],
] as const;
const kinds = [
  ["subject", "追溯主体"],
  ["product", "产品"],
  ["access", "接入系统"],
  ["finding", "异常数据"],
  ["report", "报告"],
  ["audit", "审计"],
] as const;
export const permissionWords = {
  kinds: kinds.map(([kind, label]) => ({ kind, label })),
  actions: actions.map(([action, label]) => ({ action, label })),
  grantable: kinds.flatMap(([kind]) => actions.map(([action]) => `${kind}.${action}`)),
};
const words = (permission: string) => {
  const [kind = "", action = ""] = permission.split(".");
  return {
    permission,
    kind_label: kinds.find(([one]) => one === kind)?.[1] ?? kind,
    action_label: actions.find(([one]) => one === action)?.[1] ?? action,
  };
};
const role = (part: Partial<RoleOut>): RoleOut => ({
  code: "supervisor",
  name: "监管人员",
  parent: null,
  parent_name: null,
  allow: ["subject.*", "product.read", "finding.*"],
  deny: [],
  grants: null,
  note: "",
  shipped: true,
  second_factor: "optional",
  second_factor_inherited: false,
  own_subject: false,
  users: 3,
  children: 1,
  depth: 0,
  permissions: ["subject.read", "subject.create", "product.read", "finding.read"],
  version: 1,
  updated_at: null,
  updated_by: null,
  ...part,
});
export const roles: RoleOut[] = [
  role({ code: "system_admin", name: "系统管理员", allow: ["access.*"], users: 1, children: 0 }),
  role({ code: "security_admin", name: "安全管理员", allow: [], users: 1, children: 0, second_factor: "required" }),
  role({ code: "auditor", name: "审计员", allow: ["audit.*"], users: 1, children: 0 }),
  role({}),
  role({
    code: "market_inspector",
    name: "市场巡查员",
    parent: "supervisor",
    parent_name: "监管人员",
    allow: ["report.read"],
    deny: ["subject.unmask"],
    shipped: false,
    users: 0,
    children: 0,
    depth: 1,
    version: 4,
  }),
];
export const account = (part: Partial<AccountOut>): AccountOut => ({
  id: "u-9",
  username: "zhao",
  display_name: "赵审",
  phone: "139****1234",
  email: "z***@example.gov.cn",
  role: "auditor",
  role_name: "审计员",
  division: "370000",
  division_name: "山东省",
  categories: null,
  subject: null,
  state: "active",
  disabled: false,
  locked_until: null,
  valid_until: null,
  must_change: false,
  second_factor: true,
  deletion: "none",
  erase_at: null,
  last_sign_in_at: ago(30),
  version: 4,
  created_at: ago(90_000),
  updated_at: ago(4000),
  ...part,
});
const accounts = [
  account({
    id: "u-1",
    username: "regulator",
    display_name: "王建国",
    role: "supervisor",
    role_name: "监管人员",
    second_factor: false,
  }),
  account({}),
  account({ id: "u-3", username: "liqiang", display_name: "李强", locked_until: ago(-20), second_factor: false }),
  account({
    id: "u-4",
    username: "old",
    display_name: "周平",
    state: "disabled",
    disabled: true,

    deletion: "confirmed",
    erase_at: ago(-9000),
    last_sign_in_at: null,
  }),
];
const sessions = [
  {
    id: "s-1",
    begun_at: ago(50),
    last_seen_at: ago(0),
    ends_at: ago(-400),
    address: "10.1.2.3",
    agent: "Mozilla/5.0",
    device: "Windows 上的 Chrome",
    second_factor: true,
    current: true,
  },
  {
    id: "s-2",
    begun_at: ago(500),
    last_seen_at: ago(30),
    ends_at: ago(-100),
    address: "10.1.9.8",
    agent: "Mozilla/5.0",
    device: "Android 上的浏览器",
    second_factor: false,
    current: false,
  },
];
const picture =
  "data:image/svg+xml;utf8," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h3v3H0zM5 0h3v3H5zM0 5h3v3H0zM4 4h1v1H4zM6 5h1v2H6z"/></svg>',
  );
const enrolment = { secret: "GEZDGNBVGY3TQOJQGEZDGNBV", uri: "otpauth://totp/x", qr: picture };
const codes = Array.from({ length: 10 }, (_, index) => `ABCD${index}-FGHJ${index}`);
const own = () => ({
  ...accounts[0],
  preferences: {},
  password_at: ago(60_000),
  password_expires_at: null,
  second_factor: { enabled: false, required: false, recovery_left: 0 },
  deletion: { state: "none", requested_at: null, erase_at: null },
  last_sign_in_address: "10.1.2.3",
});
const grants = (from: RoleOut) =>
  from.permissions.map((permission) => ({
    ...words(permission),
    role: from.code,
    role_name: from.name,
    effect: "allow",
  }));
const rights = (asked: string | null) => ({
  line: [
    { code: "market_inspector", name: "市场巡查员" },
    { code: "supervisor", name: "监管人员" },
  ],
  permissions: [
    ...grants(roles[3] as RoleOut),
    { ...words("report.read"), role: "market_inspector", role_name: "市场巡查员", effect: "allow" },
    { ...words("subject.unmask"), role: "market_inspector", role_name: "市场巡查员", effect: "deny" },
  ],
  scope: { division: "370000", division_name: "山东省", categories: null, subject: null },
  asked: asked && {
    permission: asked,
    allowed: asked === "subject.read",
    because:
      asked === "subject.read"
        ? "角色“市场巡查员”继承“监管人员”，后者允许“追溯主体·查看”；数据限于山东省及下级。"
        : "没有任何上级角色允许这项操作。",
  },
});
export const client: ClientRow = {
  client_id: "c-8f1a",
  name: "市场监管综合平台",
  kind: "confidential",
  redirect_uris: ["https://market.example.gov.cn/callback"],
  logout_uris: [],
  scopes: ["openid", "profile"],
  consent: false,
  state: "active",
  secret_hint: "7f3a",
  version: 1,
  created_at: ago(9000),
  updated_at: ago(900),
};
const clientOptions = {
  scopes: [
    { code: "openid", name: "账号标识" },
    { code: "profile", name: "姓名和角色" },
  ],
  kinds: [
    { code: "confidential", name: "服务端应用" },
    { code: "public", name: "公共应用" },
  ],
  issuer: "https://suyuan.example.gov.cn",
  discovery: "https://suyuan.example.gov.cn/.well-known/openid-configuration",
};
const entry = (index: number): AuditEntry => ({
  seq: 900 - index,
  at: ago(index * 4),
  actor: "regulator",
  role: "supervisor",
  role_name: "监管人员",
  division: "370000",
  division_name: "山东省",
  address: "10.1.2.3",
  action: ["subject.approve", "session.sign_in", "finding.dismiss"][index % 3] ?? "",
  action_name: ["追溯主体·批准", "登录", "异常数据·排除"][index % 3] ?? "",
  object_kind: "subject",
  object_kind_name: "追溯主体",
  object_id: `s-${index}`,
  result: index % 11 === 7 ? "denied" : "ok",
  result_name: index % 11 === 7 ? "拒绝" : "成功",
  reason: index % 3 === 2 ? "已电话核实" : null,
  before: null,
  after: null,
  changes: index % 3 === 0 ? [{ field: "state", name: "状态", before: "待审核", after: "已备案" }] : [],
  request_id: `01JD${index}`,
  hash: "5f1c9a7e2b8d40c6a1e3".repeat(3),
});
const day = (index: number) => ago(index * 1440).slice(0, 10);
const statistics = {
  from: ago(43_200),
  to: ago(0),
  total: 4821,
  days: Array.from({ length: 30 }, (_, index) => ({
    day: day(29 - index),
    ok: 120 + ((index * 37) % 60),
    denied: index % 5,
    failed: index % 3,
  })),
  actors: [
    { actor: "regulator", role: "supervisor", role_name: "监管人员", ok: 2100, denied: 4, failed: 2, last_at: ago(4) },
  ],
  actions: [{ action: "session.sign_in", action_name: "登录", count: 812 }],
  unusual: [
    {
      kind: "night",
      kind_name: "夜间操作",
      actor: "liqiang",
      day: day(2),
      count: 37,
      text: "23:00 至次日 5:00 有 37 次操作",
    },
  ],
};
const integrity = {
  checked_at: ago(600),
  checked_to: 880,
  checked_rows: 880,
  fault: null,
  total: 900,
  heads: [
    {
      node: "370000",
      day: day(1),
      first_seq: 801,
      last_seq: 880,
      count: 80,
      hash: "ab".repeat(32),
      previous: "00".repeat(32),
      at: ago(600),
      signed: "",
    },
  ],
  children: [{ node: "370200", node_name: "青岛市", day: day(1), last_seq: 431, at: ago(590) }],
};
const auditOptions = {
  actions: [{ code: "session.sign_in", name: "登录" }],
  object_kinds: [{ code: "subject", name: "追溯主体" }],
  results: [
    { code: "ok", name: "成功" },
    { code: "denied", name: "拒绝" },
    { code: "failed", name: "失败" },
  ],
  roles: roles.map((one) => ({ code: one.code, name: one.name })),
};

/** What `GET /session` says beside the account. */
export const sessionMore = () => {
  const later = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  return {
    idle_ends_at: later(30),
    ends_at: later(480),
    now: later(0),
    second_factor: false,
    recovery_codes: null,
    password_expires_at: null,
  };
};
/** Answers of the own profile; null where another part has to answer. */
export function ownCall([noun = "", id]: string[], request: Request): Answer {
  if (noun === "sessions") return request.method === "GET" ? list(sessions) : ok(null, 204);
  if (noun === "second-factor") {
    if (id === "confirm" || id === "recovery-codes") return ok({ recovery_codes: codes });
    return request.method === "DELETE" ? ok(null, 204) : ok(enrolment);
  }
  if (noun === "password") return ok(null, 204);
  return ok(own());
}
/** Answers about accounts, roles, applications and the trail; null where another part has to answer. */
export function peopleCall([noun = "", id, tail]: string[], request: Request): Answer | null {
  const get = request.method === "GET";
  switch (noun) {
    case "permissions":
      return ok(permissionWords);
    case "roles":
      if (id === "preview") return ok({ permissions: grants(roles[3] as RoleOut), problems: [] });
      if (tail === "uses")
        return ok({
          account_count: 1,
          accounts: [{ username: "zhangmin", display_name: "张敏" }],
          children: [],
        });
      return get && !id ? list(roles) : ok(roles[4]);
    case "accounts": {
      if (!id) return get ? list(accounts) : ok({ ...accounts[1], one_time_password: "Kx7-92mq-Tz4w" }, 201);
      if (tail === "rights") return ok(rights(request.query.get("permission")));
      if (tail === "sessions") return list(sessions);
      if (tail === "identities") return list([]);
      if (tail === "history")
        return list([
          {
            seq: 1,
            at: ago(4000),
            actor: "security",
            action: "account.update",
            action_name: "用户 · 修改",
            result: "ok",
            before: "角色 监管人员",
            after: "角色 审计员",
          },
        ]);
      if (tail === "reset-password") return ok({ one_time_password: "Kx7-92mq-Tz4w", valid_until: ago(-1440) });
      return ok(accounts.find((one) => one.id === id) ?? accounts[1]);
    }
    case "clients":
      if (id === "options") return ok(clientOptions);
      if (tail === "secret") return ok({ secret: "sk_2f9a" });
      return id ? ok(client) : get ? list([client]) : ok({ client, secret: "sk_2f9a" }, 201);
    case "identities":
      return get ? list([]) : ok({ location: "/console/profile?linked=1" });
    case "authorizations":
      return get
        ? ok({
            client_id: client.client_id,
            client_name: client.name,
            scopes: clientOptions.scopes,
            needs_consent: true,
            expires_at: ago(-10),
          })
        : ok({ location: "/console" });
    case "audit":
      if (id === "options") return ok(auditOptions);
      if (id === "statistics") return ok(statistics);
      if (id === "integrity") return get ? ok(integrity) : ok({ job: "j-9" }, 202);
      if (id === "heads") return list(integrity.heads);
      return list(Array.from({ length: 70 }, (_, index) => entry(index)));
    default:
      return null;
  }
}
export const signOn = {
  options: { captcha: false, password: { min_chars: 12, max_chars: 128, classes: 3, remembered: 5, days: null } },
  captcha: (kind: string | null) => ({
    id: `cap-${Math.random()}`,
    kind: kind ?? "picture",
    picture: kind === "question" ? null : picture,
    question: kind === "question" ? "请计算：七加五等于几？" : null,
    expires_at: ago(-3),
  }),
  enrolment: { ...enrolment, ticket: "t-2" },
  me,
  codes,
};
