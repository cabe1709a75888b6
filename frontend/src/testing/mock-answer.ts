// How the node in memory is asked and answers: requests, answers, pages of lists, decisions on a row.
import type { Page } from "@/api/types";

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

export const ok = (body: unknown, status = 200): Answer => ({ status, body });
/** A whole list on one page. */
export const list = (items: unknown[]) => ok({ items, next: null, count: { value: items.length, exact: true } });
export const failed = (status: number, code: string, message: string, advice: string): Answer => ({
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
/** The rows that the conditions of a list leave. */
export function filtered<T extends object>(rows: T[], query: URLSearchParams): T[] {
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
/** Carries out a decision, where the row is still the one that was looked at. */
export const decide = (row: { state: string; state_name?: string; version: number }, body: unknown): Answer => {
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
