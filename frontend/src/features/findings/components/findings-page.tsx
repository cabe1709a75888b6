// 异常数据: the list of findings with the counts per rule, and the review with keys.
import { useQuery } from "@tanstack/react-query";
import type { Finding, FindingSummary } from "@/api/types";
import { FindingReview } from "@/features/findings/components/finding-review";
import { http } from "@/lib/client";
import { dueDay, number, systemName } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { useNames } from "@/lib/reference";
import { common } from "@/locales/zh-CN/common";
import { findingText as t } from "@/locales/zh-CN/findings";
import { ListPage, type Column } from "@/ui/list-page";
import { StateMark, When } from "@/ui/marks";

const columns: Column<Finding>[] = [
  { key: "text", title: t.text, fixed: true, render: (row) => <span className="wide-text">{row.text}</span> },
  { key: "rule_name", title: t.rule },
  {
    key: "severity",
    title: t.severity,
    render: (row) =>
      row.severity === "high" ? <span style={{ color: "#C62828" }}>▼ {t.high}</span> : <span>■ {t.normal}</span>,
    text: (row) => (row.severity === "high" ? t.high : t.normal),
  },
  { key: "subject_name", title: t.subject },
  { key: "system_name", title: t.system, hidden: true, render: (row) => systemName(row) || "—", text: systemName },
  { key: "division_name", title: common.division },
  { key: "value", title: t.value, align: "right", hidden: true },
  { key: "limit", title: t.limit, align: "right", hidden: true },
  {
    key: "state",
    title: common.state,
    render: (row) => <StateMark state={row.state} name={row.state_name} />,
    text: (row) => row.state_name,
  },
  { key: "found_at", title: t.foundAt, render: (row) => <When at={row.found_at} /> },
  {
    key: "due_at",
    title: t.dueAt,
    hidden: true,
    render: (row) => dueDay(row.due_at),
    text: (row) => dueDay(row.due_at),
  },
];

function Summary() {
  const [search, patch] = useUrl();
  const query = useQuery({
    queryKey: ["findings-summary"],
    queryFn: ({ signal }) => http.get<FindingSummary>("/console/findings/summary", undefined, signal),
  });
  if (!query.data) return null;
  return (
    <div className="cards">
      {query.data.by_rule.map((rule) => (
        <button
          key={rule.rule}
          type="button"
          className="stat"
          aria-pressed={search["rule"] === rule.rule}
          onClick={() =>
            patch({ rule: search["rule"] === rule.rule ? undefined : rule.rule, after: undefined, page: undefined })
          }
        >
          <span>{rule.name}</span>
          <b>{number(rule.open)}</b>
          <span>
            {t.open} · {t.handled} {number(rule.handled)}
          </span>
        </button>
      ))}
    </div>
  );
}

export function FindingsPage() {
  const names = useNames();
  const [, patch] = useUrl();
  const filters = [
    { key: "state", label: common.state, kind: "select" as const, options: names.options("finding_state") },
    { key: "rule", label: t.rule, kind: "select" as const, options: names.options("rule") },
    { key: "subject", label: t.subjectCode, kind: "text" as const, folded: true },
    { key: "system", label: t.system, kind: "text" as const, folded: true },
  ];
  const step = (rows: Finding[], id: string, by: number) => {
    const other = rows[rows.findIndex((row) => row.id === id) + by];
    return other ? () => patch({ record: other.id }, true) : undefined;
  };
  return (
    <ListPage<Finding>
      title={t.title}
      resource="/console/findings"
      columns={columns}
      filters={filters}
      rowId={(row) => row.id}
      emptyHint={t.emptyHint}
      above={<Summary />}
      drawerWidth={980}
      drawer={(id, rows) => <FindingReview id={id} onNext={step(rows, id, 1)} onPrevious={step(rows, id, -1)} />}
    />
  );
}
