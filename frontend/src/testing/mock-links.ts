// Links of the exchange, in every state that one can have, and how they are set.
import type { Exchange, Link, LinkFault, LinkFlow, LinkSettings } from "@/api/types";
import { failed, ok, type Answer, type Request } from "./mock-answer.ts";
import { ago, NOW } from "./mock-data.ts";

type Class = "urgent" | "normal" | "bulk";
const CLASSES: Class[] = ["urgent", "normal", "bulk"];

const refused = (of: string): LinkFault => ({
  class: of,
  code: "XCH-0204",
  reason: "连接被拒绝",
  advice: "请检查网络、防火墙和对方服务是否运行；恢复后自动续传，无需补报",
  since: ago(1500),
  last_at: ago(1),
  times: 42,
});

function flow(link: Exchange["children"][number], to: string, of: Class, settings: LinkSettings): LinkFlow {
  const pending = link.code === "370700" && of === "bulk" ? 96 : settings.held.includes(of) ? 12 : 0;
  const isHeld = settings.held.includes(of);
  const fault = link.link_state === "broken" ? refused(of) : null;
  return {
    class: of,
    state: fault ? "broken" : pending === 0 ? "in_step" : isHeld ? "waiting" : "behind",
    pending,
    oldest_seconds: pending > 0 ? 930 : 0,
    wait: isHeld ? "held" : null,
    wait_until: null,
    last_receipt_at: link.last_receipt_at,
    last_receipt_records: 50,
    fault,
    chains: [
      {
        stream: `${to}/${of}`,
        origin: "370000",
        seq: 8000,
        confirmed_seq: 8000 - pending,
        confirmed_at: link.last_receipt_at,
        differs: false,
      },
    ],
  };
}

/** The links of a node, which keep how they are set and follow who is admitted. */
export function makeLinks(exchange: Exchange): (rest: string[], request: Request) => Answer {
  const kept = new Map<string, LinkSettings>();
  const settingsOf = (code: string): LinkSettings =>
    kept.get(code) ?? {
      rate: null,
      batch: 5000,
      windows: [],
      held: code === "370300" ? ["bulk"] : [],
      reason: code === "370300" ? "专线检修" : "",
      held_at: code === "370300" ? ago(95) : null,
      held_by: code === "370300" ? "admin" : "",
      version: 1,
    };
  const linkOf = (peer: Exchange["children"][number], role: "parent" | "child"): Link => {
    const settings = settingsOf(peer.code);
    const to = role === "parent" ? "up" : "down/common";
    return {
      code: peer.code,
      name: peer.name,
      url: peer.url,
      enrolment: peer.enrolment,
      fingerprint: peer.fingerprint,
      paused: settings.held.length > 0,
      records_behind: peer.records_behind,
      seconds_behind: peer.seconds_behind,
      last_seen_at: peer.last_seen_at,
      last_receipt_at: peer.last_receipt_at,
      last_error: peer.last_error,
      state: peer.link_state,
      role,
      settings,
      sending: peer.enrolment === "approved" ? CLASSES.map((of) => flow(peer, to, of, settings)) : [],
      receiving: [],
      reported_pending: role === "child" ? peer.records_behind : null,
      reported_oldest_at: peer.records_behind > 0 ? ago(15) : null,
    };
  };
  const all = (): Link[] => {
    const { parent, children } = exchange;
    const up = parent && { ...parent, link_state: parent.state, applied_records: 0, last_batch_at: null };
    return [...(up ? [linkOf(up, "parent")] : []), ...children.map((child) => linkOf(child, "child"))];
  };
  return ([code, verb], request) => {
    if (!code) return ok({ items: all() });
    const link = all().find((one) => one.code === code);
    if (!link) return failed(404, "SYS-0404", "交换链路不存在", "请核对平台代码");
    if (!verb) return ok(link);
    const before = link.settings;
    const change = (next: Partial<LinkSettings>) => {
      const after = { ...before, ...next, version: before.version + 1 };
      kept.set(code, after);
      return ok(after);
    };
    if (verb === "resume") return change({ held: [], reason: "", held_at: null, held_by: "" });
    if (verb === "pause") {
      const { classes, reason } = request.body as { classes: string[]; reason: string };
      return change({ held: classes, reason, held_at: NOW, held_by: "shandong" });
    }
    const { version, rate, batch, windows } = request.body as Omit<LinkSettings, "batch"> & { batch: number | null };
    return version === before.version
      ? change({ rate, batch: batch ?? 5000, windows })
      : failed(409, "SYS-0409", "内容已被他人修改", "请刷新后重新操作");
  };
}
