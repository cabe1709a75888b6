// The life line of a record: who changed what, with the value before and after.
import { Timeline } from "antd";
import { dateTime } from "@/lib/format";
import { markOf } from "@/lib/palette";
import { actionNames, common } from "@/locales/zh-CN/common";

export interface Change {
  field: string;
  before: string;
  after: string;
}
type Values = Record<string, unknown>;
/** One line of a history; the node names the changes, or gives the values before and after. */
export interface HistoryLine {
  version: number;
  at: string;
  actor: string;
  action: string;
  reason?: string | null;
  before?: Values | null;
  after?: Values | null;
  changes?: { field: string; name: string; before: string | null; after: string | null }[];
}
type Shown = (field: string, value: unknown) => string;

const hidden = new Set(["version", "updated_at", "id", "history", "actions"]);
const words: Shown = (field, value) => {
  if (value === null || value === undefined || value === "") return "—";
  if (field === "state") return markOf(String(value)).name;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};

/** The fields that differ, in the order of the newer value. */
export function differences(
  { before, after }: { before?: Values | null; after?: Values | null },
  shown: Shown = words,
): Change[] {
  if (!after || !before) return [];
  return Object.keys(after)
    .filter((field) => !hidden.has(field) && words(field, before[field]) !== words(field, after[field]))
    .map((field) => ({ field, before: shown(field, before[field]), after: shown(field, after[field]) }));
}
/** What one step changed, in words. */
export function changesOf(line: HistoryLine, labels: Record<string, string>, shown: Shown = words): Change[] {
  const told = line.changes
    ? line.changes.map((one) => ({
        field: one.name,
        before: shown(one.field, one.before),
        after: shown(one.field, one.after),
      }))
    : differences(line, shown).map((one) => ({ ...one, field: labels[one.field] ?? one.field }));
  return told;
}
export const actionName = (action: string): string => actionNames[action] ?? action;

export function ChangeText({ change }: { change: Change }) {
  return (
    <div className="difference">
      {change.field}：<del>{change.before}</del> → <ins>{change.after}</ins>
    </div>
  );
}

/** The latest step first, whatever the node's order. */
export const latestFirst = <T extends { at: string; version: number }>(history: T[]): T[] =>
  [...history].sort((a, b) => b.at.localeCompare(a.at) || b.version - a.version);

export function HistoryRail({
  history,
  labels,
  shown,
}: {
  history: HistoryLine[];
  labels: Record<string, string>;
  shown?: Shown;
}) {
  if (history.length === 0) return <p className="soft">{common.historyEmpty}</p>;
  return (
    <Timeline
      items={latestFirst(history).map((entry, index) => ({
        key: `${entry.version}-${index}`,
        content: (
          <div>
            <strong>{actionName(entry.action)}</strong>{" "}
            <span className="soft">
              {entry.actor && `${entry.actor} · `}
              {dateTime(entry.at)}
            </span>
            {entry.reason && (
              <div>
                {common.reason}：{entry.reason}
              </div>
            )}
            {changesOf(entry, labels, shown).map((change) => (
              <ChangeText key={change.field} change={change} />
            ))}
          </div>
        ),
      }))}
    />
  );
}
