// What the node in memory holds of subjects, products, devices, systems and events, and what it says about them.
import * as data from "./mock-data.ts";
import { decide, failed, filtered, ok, pageOf, type Answer, type Request } from "./mock-answer.ts";

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

/** The registers of one node: their rows, and the answer to a call about one of them. */
export function makeEntries() {
  const subjects = structuredClone(data.subjects);
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
  /** An answer about a register, or nothing where the call is about something else. */
  const register = ([noun = "", id, tail]: string[], request: Request): Answer | null => {
    const rows = registers[noun];
    if (!rows) return null;
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
  return { subjects, systems, events, register };
}
export type Entries = ReturnType<typeof makeEntries>;
