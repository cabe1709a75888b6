// How numbers, instants and quantities are written. Dates are shown in China standard time whatever the machine says.
import type { FigureState } from "@/api/types";

export const MISSING = "—";
const zone = "Asia/Shanghai";
const parts = new Intl.DateTimeFormat("en-CA", {
  timeZone: zone,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

function split(instant: string | null | undefined): Record<string, string> | null {
  if (!instant) return null;
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return null;
  return Object.fromEntries(parts.formatToParts(at).map((part) => [part.type, part.value]));
}

/** `2026-11-21 10:32`, or the missing sign. */
export function dateTime(instant: string | null | undefined): string {
  const p = split(instant);
  return p ? `${p["year"]}-${p["month"]}-${p["day"]} ${p["hour"]}:${p["minute"]}` : MISSING;
}
/** `2026-11-21`, or the missing sign. */
export function date(instant: string | null | undefined): string {
  const p = split(instant);
  return p ? `${p["year"]}-${p["month"]}-${p["day"]}` : MISSING;
}
/** `10:32`, or the missing sign. */
export function clock(instant: string | null | undefined): string {
  const p = split(instant);
  return p ? `${p["hour"]}:${p["minute"]}` : MISSING;
}

/** Decimal text with thousands separators; digits after the point stay as they came. */
export function number(value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === "") return MISSING;
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(String(value));
  if (!match) return String(value);
  const whole = (match[2] ?? "").replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return `${match[1] ?? ""}${whole}${match[3] ?? ""}`;
}

/** Short form with 万 and 亿, for the cockpit only. */
export function short(value: string | number | null | undefined): { text: string; scale: string } {
  if (value === null || value === undefined || value === "") return { text: MISSING, scale: "" };
  const figure = Number(value);
  if (!Number.isFinite(figure)) return { text: String(value), scale: "" };
  const size = Math.abs(figure);
  if (size >= 1e8) return { text: trim(figure / 1e8), scale: "亿" };
  if (size >= 1e5) return { text: trim(figure / 1e4), scale: "万" };
  return { text: number(String(value)), scale: "" };
}
function trim(figure: number): string {
  return figure.toFixed(Math.abs(figure) >= 100 ? 1 : 2).replace(/\.?0+$/, "");
}

const units: Record<string, string> = {
  kg: "千克",
  KGM: "千克",
  g: "克",
  GRM: "克",
  t: "吨",
  TNE: "吨",
  L: "升",
  LTR: "升",
  mL: "毫升",
  ml: "毫升",
  EA: "件",
  H87: "件",
};
/** Chinese name of a unit that came as a sign or as a UN/ECE code; other units stay as they are. */
export function unitName(unit: string | null | undefined): string {
  return unit ? (units[unit] ?? unit) : "";
}

/** A sentence of the node with its signs of units after numbers written out, as in `出 20 千克，大于进 12 千克`. */
export function withUnits(text: string): string {
  return text.replace(
    /(\d) (kg|g|t|L|mL|ml)(?![A-Za-z])/g,
    (_, digit: string, unit: string) => `${digit} ${unitName(unit)}`,
  );
}
/** The last day of a time limit: the node sets limits to the midnight after it. */
export function dueDay(instant: string | null | undefined): string {
  if (!instant) return MISSING;
  const at = new Date(instant).getTime();
  return Number.isNaN(at) ? MISSING : date(new Date(at - 1).toISOString());
}

/** Number and unit together, as in `1,250.5 千克`. */
export function quantity(value: string | null | undefined, unit: string | null | undefined): string {
  const text = number(value);
  return text === MISSING || !unit ? text : `${text} ${unitName(unit)}`;
}

/** A connected system by name, by code where it has no name here; uploads in the console carry a code of their own. */
export function systemName(row: { system?: string | null; system_name?: string | null }): string {
  if (row.system_name) return row.system_name;
  const upload = /^MANUAL-(\d+)(?:\/|$)/.exec(row.system ?? "");
  return upload ? `人工上传（${upload[1]}）` : (row.system ?? "");
}

/** Signed percentage against the period before, as in `▲1.2%`. */
export function change(value: string | null | undefined): string {
  if (value === null || value === undefined || value === "") return "";
  const figure = Number(value);
  if (!Number.isFinite(figure)) return "";
  if (figure === 0) return "持平";
  return `${figure > 0 ? "▲" : "▼"}${Math.abs(figure)}%`;
}

/** A duration in words: `36 秒`, `12 分钟`, `5 小时`, `3 天`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return MISSING;
  if (seconds < 60) return `${Math.round(seconds)} 秒`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} 分钟`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} 小时`;
  return `${Math.round(seconds / 86_400)} 天`;
}

/** What a figure shows in each of its four states, and why. */
export function figure(
  value: string | null,
  state: FigureState,
): { text: string; scale: string; reason: string | null } {
  switch (state) {
    case "not_connected":
      return { text: "未接入", scale: "", reason: "该区划或系统尚未接入本平台" };
    case "missing":
      return { text: MISSING, scale: "", reason: "本期没有收到数据" };
    case "zero":
      return { text: "0", scale: "", reason: null };
    case "value":
      return { ...short(value), reason: null };
  }
}
