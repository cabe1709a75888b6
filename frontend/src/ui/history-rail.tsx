// The life line of a record: who changed what, with the value before and after.
import { Timeline } from "antd";
import type { HistoryEntry } from "@/api/types";
import { dateTime } from "@/lib/format";
import { markOf } from "@/lib/palette";
import { actionNames, common } from "@/locales/zh-CN/common";

const shown = (field: string, text: string) => (field === "state" && text !== "—" ? markOf(text).name : text);
const hidden = new Set(["version", "updated_at", "id", "history", "actions"]);

/** The fields that differ, in the order of the newer value. */
export function differences(
  entry: Partial<Pick<HistoryEntry, "before" | "after">>,
): { field: string; before: string; after: string }[] {
  const { before, after } = entry;
  if (!after || !before) return [];
  const text = (value: unknown) =>
    value === null || value === undefined || value === ""
      ? "—"
      : typeof value === "object"
        ? JSON.stringify(value)
        : String(value);
  return Object.keys(after)
    .filter((field) => !hidden.has(field) && text(before[field]) !== text(after[field]))
    .map((field) => ({ field, before: shown(field, text(before[field])), after: shown(field, text(after[field])) }));
}

export function HistoryRail({
  history,
  labels,
}: {
  history: (Omit<HistoryEntry, "before" | "after"> & Partial<Pick<HistoryEntry, "before" | "after">>)[];
  labels: Record<string, string>;
}) {
  if (history.length === 0) return <p className="soft">{common.historyEmpty}</p>;
  return (
    <Timeline
      items={history.map((entry, index) => ({
        key: `${entry.version}-${index}`,
        content: (
          <div>
            <strong>{actionNames[entry.action] ?? entry.action}</strong>{" "}
            <span className="soft">
              {entry.actor && `${entry.actor} · `}
              {dateTime(entry.at)}
            </span>
            {entry.reason && (
              <div>
                {common.reason}：{entry.reason}
              </div>
            )}
            {differences(entry).map((row) => (
              <div key={row.field} className="difference">
                {labels[row.field] ?? row.field}：<del>{row.before}</del> → <ins>{row.after}</ins>
              </div>
            ))}
          </div>
        ),
      }))}
    />
  );
}
