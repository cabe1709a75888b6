// A node in memory that answers as the contract says; used by the development server and by tests.
import type { Complaint, Notice, Page } from "@/api/types";
import * as data from "./mock-data.ts";
import * as book from "./mock-registers.ts";
import { accessCall, joinCall } from "./mock-access.ts";
import { ownCall, peopleCall, sessionMore, signOn } from "./mock-people.ts";
import { chain, publicTrace } from "./mock-trace.ts";

export interface Request {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
}
export interface Answer {
  status: number;
  body: unknown;
}

const ok = (body: unknown, status = 200): Answer => ({ status, body });
const failed = (status: number, code: string, message: string, advice: string): Answer => ({
  status,
  body: { error: { code, message, advice, field: null, request_id: "01JD-MOCK", faults: [] } },
});

/** One keyset page of a list; the cursor is the index of the first row. */
export function pageOf<T>(rows: T[], query: URLSearchParams): Page<T> {
  const limit = Math.min(200, Number(query.get("limit")) || 50);
  const from = Number(query.get("after")) || 0;
  const next = from + limit < rows.length ? String(from + limit) : null;
  return { items: rows.slice(from, from + limit), next, count: { value: rows.length, exact: true } };
}
function filtered<T extends object>(rows: T[], query: URLSearchParams): T[] {
  const keys = ["category", "state", "rule", "type", "kind"];
  return rows.filter((row) => {
    const record = row as Record<string, unknown>;
    const text = query.get("q");
    if (text && !JSON.stringify(row).includes(text)) return false;
    const division = query.get("division");
    const stem = division?.replace(/(00)+$/, "") ?? "";
    if (division && typeof record["division"] === "string" && !record["division"].startsWith(stem)) return false;
    return keys.every(
      (key) => !query.get(key) || record[key] === undefined || query.get(key)?.split(",").includes(String(record[key])),
    );
  });
}

/** A fresh node with its own copy of the data. */
export function makeMockNode(options: { signedIn?: boolean } = {}): (request: Request) => Answer {
  let signedIn = options.signedIn ?? false;
  const subjects = structuredClone(data.subjects);
  const findings = structuredClone(data.findings);
  const complaints = structuredClone(data.complaints);
  const exchange = structuredClone(data.exchange);
  const notices = structuredClone(data.notices);
  const products = subjects.slice(0, 60).map((subject, index) => ({
    id: `p-${index + 1}`,
    code: `3700P${String(index + 1).padStart(6, "0")}`,
    name: ["鲜猪肉（白条）", "大白菜", "鲈鱼", "金银花", "浓香白酒"][index % 5],
    gtin: index % 4 === 1 ? null : `69012345${String(10_000 + index)}`,
    category: subject.category,
    subcategory: null,
    spec: ["半片", "千克", "500 克/盒"][index % 3],
    unit: "千克",
    shelf_life_days: [3, 5, 180][index % 3],
    subject: subject.code,
    subject_name: subject.name,
    state: subject.state,
    version: 1,
    updated_at: subject.updated_at,
  }));
  const devices = subjects.slice(0, 48).map((subject, index) => ({
    id: `d-${index + 1}`,
    code: `D${String(index + 1).padStart(6, "0")}`,
    name: `${index + 1} 号追溯秤`,
    device_type: ["scale", "scanner", "tester"][index % 3],
    model: "ZS-200",
    mac: "00:1A:2B:3C:4D:5E",
    serial: `SN${20_260_000 + index}`,
    subject: subject.code,
    division: subject.division,
    state: "filed",
    last_seen_at: index % 7 === 3 ? null : data.ago(index * 9),
    online: index % 7 !== 3,
    version: 1,
    updated_at: subject.updated_at,
  }));
  const systems = subjects.slice(0, 30).map((subject, index) => ({
    id: `sys-${index + 1}`,
    code: `YX${String(index + 1).padStart(4, "0")}`,
    name: `${subject.division_name}肉菜流通追溯系统`,
    operator: subject.name,
    category: subject.category,
    stage: subject.stages[0] ?? "",
    division: subject.division,
    subject: subject.id,
    url: "https://system.example.cn",
    contact: "张敏",
    phone: "137****8888",
    state: index % 9 === 0 ? "submitted" : "filed",
    token_hint: "…7f3a",
    last_report_at: index % 8 === 5 ? null : data.ago(index * 17),
    online: index % 8 !== 5,
    events_total: 1_200_000 - index * 31_007,
    version: 1,
    updated_at: subject.updated_at,
  }));
  const events = Array.from({ length: 90 }, (_, index) => ({
    id: `ev-${index + 1}`,
    type: "transaction",
    biz_step: "selling",
    category: subjects[index]?.category,
    stage: subjects[index]?.stages[0],
    event_time: data.ago(index * 3),
    recorded_at: data.ago(index * 3 - 1),
    subject: subjects[index]?.id,
    subject_name: subjects[index]?.name,
    peer_name: subjects[index + 1]?.name,
    product_name: "鲜猪肉（白条）",
    batch: `LF20261118-${index}`,
    quantity: String(120 + index),
    unit: "千克",
    system_name: "济南市肉菜流通追溯系统",
    division: subjects[index]?.division,
  }));
  const registers: Record<string, { id: string; state: string; version: number; state_name?: string }[]> = {
    subjects,
    products,
    devices,
    systems,
  };
  const history = (row: object) => [
    {
      version: 2,
      at: data.ago(300),
      actor: "王建国",
      action: "approve",
      reason: null,
      before: { state: "submitted", address: "解放路 1 号" },
      after: { state: "filed", address: "解放路 2 号" },
    },
    { version: 1, at: data.ago(3000), actor: "李强", action: "create", reason: null, before: null, after: { ...row } },
  ];
  const decide = (row: { state: string; state_name?: string; version: number }, body: unknown): Answer => {
    const { version, decision } = body as { version: number; decision: string };
    if (version !== row.version) return failed(409, "GEN-0409", "内容已被他人修改", "请刷新后重新操作");
    row.state =
      (
        {
          approve: "filed",
          return: "returned",
          suspend: "suspended",
          resume: "filed",
          revoke: "revoked",
          confirm: "confirmed",
          dismiss: "dismissed",
        } as Record<string, string>
      )[decision] ?? row.state;
    row.state_name =
      (
        {
          filed: "已备案",
          returned: "已退回",
          suspended: "已暂停",
          revoked: "已注销",
          confirmed: "已确认",
          dismissed: "已排除",
        } as Record<string, string>
      )[row.state] ?? row.state;
    row.version += 1;
    return ok(row);
  };
  const register = (noun: string, id: string | undefined, tail: string | undefined, request: Request): Answer => {
    const rows = registers[noun] ?? [];
    if (!id) {
      if (request.method === "GET") return ok(pageOf(filtered(rows, request.query), request.query));
      const row = {
        ...(rows[0] as object),
        ...(request.body as object),
        id: `new-${rows.length}`,
        code: "370000040099999",
        state: "submitted",
        state_name: "待审核",
        version: 1,
      };
      rows.unshift(row);
      return ok(row, 201);
    }
    const row = rows.find((one) => one.id === id);
    if (!row) return failed(404, "SUBJ-0404", "没有找到，或不在您的管辖范围内", "请核对编号与区划");
    if (tail === "review") return decide(row, request.body);
    if (tail === "token") return ok({ token: "sy_5f1c9a7e2b8d40c6a1e3" });
    if (request.method === "PUT")
      return ok(
        Object.assign(row, request.body, { state: "changing", state_name: "变更待审", version: row.version + 1 }),
      );
    const actions =
      row.state === "filed"
        ? ["change", "suspend", "revoke"]
        : row.state === "suspended"
          ? ["resume", "revoke"]
          : ["approve", "return", "change"];
    return ok({ ...row, actions, history: history(row) });
  };
  const finding = (id: string | undefined, tail: string | undefined, request: Request): Answer => {
    if (!id) return ok(pageOf(filtered(findings, request.query), request.query));
    if (id === "summary") {
      const byRule = data.reference.rules.map((rule) => ({
        rule: rule.code,
        name: rule.name,
        open: findings.filter((one) => one.rule === rule.code && one.state === "open").length,
        handled: findings.filter((one) => one.rule === rule.code && one.state !== "open").length,
      }));
      return ok({ by_rule: byRule, by_state: [] });
    }
    const row = findings.find((one) => one.id === id);
    if (!row) return failed(404, "QUAL-0404", "没有找到这条异常", "它可能已被处理");
    if (tail === "review") return decide(row, request.body);
    return ok({
      ...row,
      event: events[0],
      raw: { event: '{"event_id":"ev-1","biz_step":"selling","quantity":"18600"}' },
      history: [],
    });
  };
  const complaint = (id: string | undefined, tail: string | undefined, request: Request): Answer => {
    if (!id) return ok(pageOf(filtered(complaints, request.query), request.query));
    const row = complaints.find((one) => one.id === id);
    if (!row) return failed(404, "COMP-0404", "没有找到", "请核对编号");
    if (tail === "steps") {
      row.state =
        (
          {
            accept: "accepted",
            reject: "rejected",
            answer: "answered",
            close: "closed",
            transfer: "handling",
          } as Record<string, Complaint["state"]>
        )[(request.body as { action: string }).action] ?? row.state;
      row.state_name =
        (
          {
            accepted: "办理中",
            rejected: "不予受理",
            answered: "已答复",
            closed: "已办结",
            transferred: "已转办",
          } as Record<string, string>
        )[row.state] ?? row.state;
      row.version += 1;
    }
    return ok({
      ...row,
      steps: [
        { at: row.submitted_at, state: "submitted", state_name: "已提交", text: row.text },
        { at: data.ago(30), state: "accepted", state_name: "已受理", text: "已转济南市局核实" },
      ],
      photos: [],
    });
  };
  const portal = (rest: string[], request: Request): Answer => {
    if (rest[0] === "node") return ok(data.node);
    if (rest[0] === "sign-on") return ok({ openid: { name: "省统一身份认证", start: "/oidc/sign-in" } });
    const join = joinCall(rest, request);
    if (join) return join;
    if (rest[0] === "notices")
      return ok(
        pageOf(
          notices.filter((notice) => notice.state === "published"),
          request.query,
        ),
      );
    if (rest[0] === "trace") return ok(publicTrace(decodeURIComponent(rest[1] ?? "")));
    if (rest[0] === "complaints" && request.method === "POST")
      return ok({ number: "2026112100031", due_at: data.ago(-10_080) }, 201);
    if (request.query.get("phone_tail") !== "1234")
      return failed(404, "COMP-0404", "编号与手机号后四位不一致", "请核对受理短信中的编号");
    const row = complaints[0];
    return ok({
      ...row,
      number: rest[1],
      steps: [
        { at: data.ago(2000), state: "submitted", state_name: "已提交", text: null },
        { at: data.ago(900), state: "accepted", state_name: "已受理", text: "已转属地核实，预计 3 个工作日答复" },
      ],
    });
  };
  const session = (request: Request, step: string | undefined): Answer => {
    if (step === "options") return ok(signOn.options);
    if (step === "captcha") return ok(signOn.captcha(request.query.get("kind")));
    if (step === "confirm") return ok(null, 204);
    if (step === "enrolment") return ok(signOn.enrolment);
    if (request.method === "POST") {
      if ((request.body as { password?: string }).password === "wrong")
        return failed(401, "AUTH-0101", "账号或密码不正确", "还可再试 4 次");
      signedIn = true;
    }
    if (request.method === "DELETE") return ok(null, 204);
    return signedIn ? ok({ ...data.me, ...sessionMore() }) : failed(401, "AUTH-0001", "尚未登录", "请先登录");
  };
  const views: { id: string; own: boolean; default: boolean; [field: string]: unknown }[] = [];
  const viewCall = (id: string | undefined, request: Request): Answer => {
    if (request.method === "GET")
      return ok({
        items: views.filter((view) => view["list"] === request.query.get("list")),
        next: null,
        count: { value: views.length, exact: true },
      });
    const at = views.findIndex((view) => view.id === id);
    if (request.method === "DELETE") {
      views.splice(at, 1);
      return ok(null, 204);
    }
    const view = {
      default: false,
      ...(request.body as object),
      id: id ?? `v-${views.length + 1}`,
      own: true,
      owner: "王建国",
      updated_at: data.NOW,
    };
    if (at >= 0) views[at] = view;
    else views.push(view);
    return ok(view, 201);
  };
  const consoleCall = (rest: string[], request: Request): Answer => {
    const [noun = "", id, tail] = rest;
    const other = accessCall(rest, request) ?? peopleCall(rest, request);
    if (other) return other;
    if (noun === "subjects" && id === "similar") return ok({ items: [], outside: false, outside_text: null });
    if (noun in registers) return register(noun, id, tail, request);
    switch (noun) {
      case "reference":
        return ok(data.reference);
      case "divisions": {
        if (!id)
          return ok({
            items:
              request.query.get("parent") === "370000"
                ? data.cities
                : [
                    {
                      code: `${(request.query.get("parent") ?? "").slice(0, 4)}02`,
                      name: "市辖区",
                      short: "市辖区",
                      tier: "county",
                      has_children: false,
                      lon: 117,
                      lat: 36,
                    },
                  ],
          });
        const city = data.cities.find((one) => one.code === id) ?? {
          code: id,
          name: id === "370000" ? "山东省" : "市辖区",
          short: "山东",
          tier: "province",
          has_children: true,
          lon: 118,
          lat: 36,
        };
        return ok({
          ...city,
          path: [
            { code: "370000", name: "山东省" },
            ...(id === "370000" ? [] : [{ code: city.code, name: city.name }]),
          ],
        });
      }
      case "metadata":
        return ok(
          book.metadata(
            request.query.get("entity") ?? "subject",
            request.query.get("class") ?? "subject",
            request.query.get("category"),
            data.reference,
          ),
        );
      case "views":
        return viewCall(id, request);
      case "closures":
        return ok({ items: [], next: null, count: { value: 0, exact: true } });
      case "exports":
        if (id === "columns") return ok(book.exportColumns);
        return id || request.method === "POST" ? ok(book.exportJob) : ok(pageOf([book.exportJob], request.query));
      case "analysis":
        return ok(book.analysis(request.query.get("by") ?? "stage", request.query.get("then"), data.reference.stages));
      case "cockpit":
        return ok(data.cockpit(Number(request.query.get("days")) || 30));
      case "map": {
        if (id === "values")
          return ok(
            data.values(
              request.query.get("division") ?? "370000",
              request.query.get("metric") ?? "reporting_rate",
              request.query.get("codes")?.split(",") ?? undefined,
            ),
          );
        if (id === "points")
          return ok({
            clusters: data.cities.map((city, index) => ({
              lon: city.lon,
              lat: city.lat,
              count: index % 5 === 2 ? 1 : 40 + index * 23,
              subject: index % 5 === 2 ? { id: "s-3", code: "370300", name: "淄博批发市场", stage: "wholesale" } : null,
            })),
          });
        if (id === "select") return ok(book.area(subjects));
        if (id === "flows") return ok({ flows: chain("x").flows });
        return failed(404, "MAP-0404", "没有这一层边界", "");
      }
      case "capture":
        if (id === "csv")
          return ok({
            message_id: "m-1",
            received: 4,
            accepted: 2,
            rejected: 1,
            rows: [
              { row: 2, status: "accepted", id: "ev-901", faults: [] },
              {
                row: 3,
                status: "rejected",
                id: null,
                faults: [
                  {
                    code: "CAPT-0203",
                    field: "event_time",
                    reason: "时间晚于当前时间",
                    advice: "请核对采集设备的时钟",
                  },
                ],
              },
              { row: 4, status: "duplicate", id: "ev-17", faults: [] },
              { row: 5, status: "accepted", id: "ev-902", faults: [] },
            ],
          });
        if (id === "batches")
          return ok(
            pageOf(
              systems.map((system, index) => ({
                message_id: `m-${index + 100}`,
                system: system.id,
                system_name: system.name,
                format: ["json", "csv", "epcis"][index % 3],
                received_at: data.ago(index * 14),
                received: 500,
                accepted: 500 - (index % 4) * 3,
                rejected: (index % 4) * 3,
              })),
              request.query,
            ),
          );
        return ok(
          pageOf(
            systems.map((system, index) => ({
              id: `r-${index}`,
              at: data.ago(index * 21),
              system: system.id,
              system_name: system.name,
              message_id: `m-${index + 100}`,
              row: index + 2,
              code: "CAPT-0203",
              field: "event_time",
              reason: "时间晚于当前时间",
              advice: "请核对采集设备的时钟",
              raw: '{"event_time":"2027-01-01T00:00:00Z"}',
            })),
            request.query,
          ),
        );
      case "findings":
        return finding(id, tail, request);
      case "trace":
        return request.query.get("code") === "none"
          ? failed(404, "TRACE-0404", "没有查到这个追溯码的记录", "请核对编码，或改用批次、凭证号查询")
          : ok(chain(request.query.get("code") ?? ""));
      case "events":
        return id
          ? ok({ ...events.find((event) => event.id === id), raw: '{"event_id":"ev-1"}' })
          : ok(pageOf(filtered(events, request.query), request.query));
      case "evaluations":
        return tail === "trend"
          ? ok({
              code: id,
              name: id,
              points: ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10"].map((period, index) => ({
                period,
                score: index === 2 ? null : String(82 + index * 2.1),
                grade: index === 2 ? null : index > 3 ? "excellent" : "good",
                rank: 6 - index,
                of: 16,
              })),
            })
          : request.method === "POST"
            ? ok({ job: "j-1" }, 202)
            : ok(data.evaluations(request.query.get("period") ?? "2026-10", request.query.get("kind") ?? "division"));
      case "reports":
        if (tail === "deliveries")
          return ok(
            pageOf(
              [
                {
                  id: "dl-1",
                  receiver: "济南市商务局",
                  email: "jn@example.gov.cn",
                  state: "sent",
                  attempts: 1,
                  last_error: null,
                  at: data.ago(100),
                },
                {
                  id: "dl-2",
                  receiver: "青岛市商务局",
                  email: "qd@example.gov.cn",
                  state: "failed",
                  attempts: 7,
                  last_error: "收件服务器拒收：邮箱已满",
                  at: data.ago(90),
                },
              ],
              request.query,
            ),
          );
        if (request.method === "POST") return ok({ job: "j-2" }, 202);
        return ok(
          pageOf(
            ["2026-10", "2026-09", "2026-08"].map((period, index) => ({
              id: `rep-${index + 1}`,
              number: `鲁追评〔2026〕${10 - index}号`,
              title: `${period.replace("-", " 年 ")} 月运行监测评价报告`,
              period,
              node: "370000",
              created_at: data.ago(20_000 + index * 43_000),
              formats: ["pdf", "html", "xlsx"],
            })),
            request.query,
          ),
        );
      case "report-schedule":
        return ok(
          request.method === "PUT"
            ? request.body
            : {
                enabled: true,
                cron: "0 9 2 * *",
                receivers: [
                  { name: "济南市商务局", email: "jn@example.gov.cn" },
                  { name: "青岛市商务局", email: "qd@example.gov.cn" },
                ],
                next_at: "2026-12-02T01:00:00Z",
              },
        );
      case "deliveries":
        return ok({}, 202);
      case "exchange": {
        const child = exchange.children.find((one) => one.code === tail);
        if (child) Object.assign(child, { state: rest[3] === "approve" ? "approved" : "revoked", link_state: "none" });
        return ok(exchange);
      }
      case "complaints":
        return complaint(id, tail, request);
      case "notices": {
        if (request.method === "GET") return ok(pageOf(notices, request.query));
        if (id && request.method === "PUT")
          Object.assign(notices.find((one) => one.id === id) ?? {}, request.body as object);
        else if (!id)
          notices.unshift(
            data.notice({
              ...(request.body as Pick<Notice, "title" | "kind" | "body">),
              id: `n-${notices.length + 1}`,
            }),
          );
        else
          Object.assign(
            notices.find((one) => one.id === id) ?? {},
            tail === "publish" ? { state: "published", published_at: data.NOW } : { state: "withdrawn" },
          );
        return ok(notices[0]);
      }
      default:
        return failed(404, "GEN-0404", "没有这个接口", "");
    }
  };
  return (request) => {
    const [area, ...rest] = request.path.replace(/^\/api\/v1\//, "").split("/");
    if (area === "portal") return portal(rest, request);
    if (area === "session") return session(request, rest[0]);
    if (!signedIn) return failed(401, "AUTH-0001", "尚未登录", "请先登录");
    return area === "own" ? ownCall(rest, request) : consoleCall(rest, request);
  };
}
