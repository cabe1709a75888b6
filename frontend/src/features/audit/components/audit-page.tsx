// 审计: who did what, when, from where, with what result.
import type { AuditRow } from "@/api/types";
import { auditText as t } from "@/locales/zh-CN/public";
import { ListPage, type Column } from "@/ui/list-page";
import { StateMark, When } from "@/ui/marks";

const columns: Column<AuditRow>[] = [
  { key: "seq", title: t.seq, fixed: true, align: "right" },
  { key: "at", title: t.at, render: (row) => <When at={row.at} /> },
  { key: "actor", title: t.actor },
  { key: "role", title: t.role },
  { key: "address", title: t.address, render: (row) => <span className="code">{row.address}</span> },
  { key: "action", title: t.action, render: (row) => <span className="code">{row.action}</span> },
  {
    key: "object_id",
    title: t.object,
    render: (row) => (
      <span className="code">
        {row.object_kind} {row.object_id}
      </span>
    ),
    text: (row) => `${row.object_kind} ${row.object_id}`,
  },
  { key: "result", title: t.result, render: (row) => <StateMark state={row.result} />, text: (row) => row.result },
  { key: "reason", title: t.reason },
  {
    key: "request_id",
    title: t.request,
    hidden: true,
    render: (row) => <span className="code">{row.request_id}</span>,
  },
];
export function AuditPage() {
  return (
    <ListPage<AuditRow>
      title={t.title}
      resource="/console/audit"
      columns={columns}
      rowId={(row) => String(row.seq)}
      filters={[
        { key: "actor", label: t.actor, kind: "text", width: 160 },
        { key: "action", label: t.action, kind: "text", width: 180 },
        { key: "from", label: t.from, kind: "date" },
        { key: "to", label: t.to, kind: "date" },
      ]}
    />
  );
}
