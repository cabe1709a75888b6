// Colours and marks of grades and states, for antd, charts, maps and plain style sheets alike.
import type { FigureState, LinkState } from "@/api/types";

export const palette = {
  primary: "#1F5FBF",
  success: "#1A7F37",
  warning: "#B7791F",
  error: "#C62828",
  ink: "#1B2430",
  soft: "#5A6675",
  line: "#DDE3EA",
  ground: "#F3F5F8",
  night: "#0B1B33",
  nightPanel: "#10254A",
  nightLine: "#24416F",
  nightInk: "#E6EEFA",
  nightSoft: "#9DB2D1",
} as const;

export interface Mark {
  name: string;
  symbol: string;
  colour: string;
  light: string;
}

/** The tone in which a mark's word is written on light ground: the amber is too pale for small text. */
export const wordTone = (mark: Mark): string => (mark.colour === palette.warning ? "#86560F" : mark.colour);

const neutral = { colour: "#5A6675", light: "#9DB2D1" };

/** 优秀、良好、达标、不达标: a word, a shape and a colour each; `light` is for dark ground. */
export const grades: Record<string, Mark> = {
  excellent: { name: "优秀", symbol: "●", colour: "#1A7F37", light: "#5BD27C" },
  good: { name: "良好", symbol: "▲", colour: "#1F5FBF", light: "#6FA8FF" },
  pass: { name: "达标", symbol: "■", colour: "#B7791F", light: "#F0BC5E" },
  fail: { name: "不达标", symbol: "▼", colour: "#C62828", light: "#FF7B7B" },
};

/** The mark of a grade; grades are data of the node, and one that is new here is shown by its code. */
export const gradeMark = (code: string): Mark => grades[code] ?? { name: code, symbol: "◆", ...neutral };

export const links: Record<LinkState, Mark> = {
  in_step: { name: "同步", symbol: "●", colour: "#1A7F37", light: "#5BD27C" },
  behind: { name: "落后", symbol: "■", colour: "#B7791F", light: "#F0BC5E" },
  broken: { name: "中断", symbol: "▼", colour: "#C62828", light: "#FF7B7B" },
  none: { name: "未连接", symbol: "○", colour: "#5A6675", light: "#9DB2D1" },
};

const act = { colour: "#B7791F", light: "#F0BC5E" };
const well = { colour: "#1A7F37", light: "#5BD27C" };
const bad = { colour: "#C62828", light: "#FF7B7B" };
const move = { colour: "#1F5FBF", light: "#6FA8FF" };

/** States of records, findings, complaints, deliveries and peers, by their code. */
export const states: Record<string, Mark> = {
  draft: { name: "草稿", symbol: "○", ...neutral },
  submitted: { name: "待审核", symbol: "◆", ...act },
  filed: { name: "已备案", symbol: "●", ...well },
  approved: { name: "已通过", symbol: "●", ...well },
  changing: { name: "变更待审", symbol: "◐", ...act },
  returned: { name: "已退回", symbol: "↩", ...move },
  suspended: { name: "已暂停", symbol: "‖", ...act },
  cancelled: { name: "已取消", symbol: "✕", ...neutral },
  revoked: { name: "已注销", symbol: "✕", ...neutral },
  open: { name: "待核实", symbol: "◆", ...act },
  confirmed: { name: "已确认", symbol: "▼", ...bad },
  dismissed: { name: "已排除", symbol: "○", ...neutral },
  queued: { name: "等待发送", symbol: "◆", ...act },
  sent: { name: "已送达", symbol: "●", ...well },
  failed: { name: "失败", symbol: "▼", ...bad },
  requested: { name: "申请接入", symbol: "◆", ...act },
  handling: { name: "办理中", symbol: "◐", ...move },
  accepted: { name: "已受理", symbol: "◐", ...move },
  rejected: { name: "不予受理", symbol: "✕", ...neutral },
  answered: { name: "已答复", symbol: "●", ...well },
  transferred: { name: "已转办", symbol: "▶", ...move },
  closed: { name: "已办结", symbol: "○", ...neutral },
  received: { name: "已收到", symbol: "◆", ...act },
  published: { name: "已发布", symbol: "●", ...well },
  withdrawn: { name: "已撤回", symbol: "✕", ...neutral },
  duplicate: { name: "重复", symbol: "○", ...neutral },
  ok: { name: "成功", symbol: "●", ...well },
  success: { name: "成功", symbol: "●", ...well },
  denied: { name: "拒绝", symbol: "▼", ...bad },
  applied: { name: "已应用", symbol: "●", ...well },
  verified: { name: "已核对", symbol: "●", ...well },
  mismatch: { name: "不一致", symbol: "▼", ...bad },
  online: { name: "在线", symbol: "●", ...well },
  unheard: { name: "从未上线", symbol: "○", ...neutral },
  elsewhere: { name: "由所属平台监测", symbol: "◇", ...neutral },
  offline: { name: "离线", symbol: "▼", ...bad },
  enabled: { name: "启用", symbol: "●", ...well },
  active: { name: "启用", symbol: "●", ...well },
  disabled: { name: "停用", symbol: "✕", ...neutral },
  running: { name: "进行中", symbol: "◐", ...move },
  done: { name: "已完成", symbol: "●", ...well },
  in_force: { name: "生效中", symbol: "●", ...well },
  pending: { name: "待生效", symbol: "◆", ...act },
  superseded: { name: "已被替代", symbol: "○", ...neutral },
  expired: { name: "已过期", symbol: "▼", ...bad },
  soon: { name: "即将到期", symbol: "◆", ...act },
  declined: { name: "未采纳", symbol: "✕", ...neutral },
  declared: { name: "有效", symbol: "●", ...well },
  behind: { name: "落后", symbol: "■", ...act },
  left_out: { name: "未采用", symbol: "▼", ...bad },
};

/** The mark of a state; a state that is not listed keeps its own name. */
export function markOf(state: string, name?: string | null): Mark {
  const known = states[state];
  if (known) return name ? { ...known, name } : known;
  return { name: name ?? state, symbol: "○", ...neutral };
}

export const noData: Record<Exclude<FigureState, "value">, string> = {
  zero: "零",
  missing: "缺报",
  not_connected: "未接入",
};
