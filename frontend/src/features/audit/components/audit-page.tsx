// 审计: who did what, when, from where, with what result.
import type { AuditRow } from "@/api/types";
import { useNames } from "@/lib/reference";
import { auditKinds, auditText as t, auditVerbs } from "@/locales/zh-CN/audit";
import { ListPage, type Column } from "@/ui/list-page";
import { StateMark, When } from "@/ui/marks";

/** What was done, in words: `subject.approve` is 追溯主体 · 批准; a word that is not listed stays as it is. */
export function actionText(action: string, kind: string): string {
  const [noun, verb] = action.includes(".") ? (action.split(".", 2) as [string, string]) : [kind, action];
  if (noun === "session") return auditVerbs[verb] ?? verb;
  return `${auditKinds[noun] ?? noun} · ${auditVerbs[verb] ?? verb}`;
}
const objectText = (row: AuditRow) =>
  `${auditKinds[row.object_kind ?? ""] ?? row.object_kind ?? ""} ${row.object_id ?? ""}`.trim();

export function AuditPage() {
  const names = useNames();
  const role = (row: AuditRow) => (row.role ? names.name("role", row.role) : "系统");
  const columns: Column<AuditRow>[] = [
    { key: "seq", title: t.seq, fixed: true, align: "right" },
    { key: "at", title: t.at, render: (row) => <When at={row.at} /> },
    { key: "actor", title: t.actor },
    { key: "role", title: t.role, render: role, text: role },
    { key: "address", title: t.address, render: (row) => <span className="code">{row.address || "—"}</span> },
    {
      key: "action",
      title: t.action,
      render: (row) => <span title={row.action}>{actionText(row.action, row.object_kind ?? "")}</span>,
      text: (row) => actionText(row.action, row.object_kind ?? ""),
    },
    { key: "object_id", title: t.object, render: objectText, text: objectText },
    { key: "result", title: t.result, render: (row) => <StateMark state={row.result} />, text: (row) => row.result },
    { key: "reason", title: t.reason },
    {
      key: "request_id",
      title: t.request,
      hidden: true,
      render: (row) => <span className="code">{row.request_id}</span>,
    },
  ];
  return (
    <ListPage<AuditRow>
      title={t.title}
      resource="/console/audit"
      columns={columns}
      rowId={(row) => String(row.seq)}
      emptyHint={t.emptyHint}
      filters={[
        { key: "actor", label: t.actor, kind: "text", width: 160 },
        { key: "action", label: t.action, kind: "select", width: 200, options: actionOptions },
        { key: "from", label: t.from, kind: "date" },
        { key: "to", label: t.to, kind: "date" },
      ]}
    />
  );
}
const registers = ["subject", "product", "device", "access"];
const acts = [
  "session.sign_in",
  "session.sign_out",
  ...registers.flatMap((noun) =>
    ["submit", "change", "approve", "return", "suspend", "resume", "revoke"].map((verb) => `${noun}.${verb}`),
  ),
  "access.issue_token",
  ...["confirm", "dismiss", "return"].map((verb) => `finding.${verb}`),
  ...["accept", "reject", "answer", "transfer", "close"].map((verb) => `complaint.${verb}`),
  ...["create", "update", "publish", "withdraw"].map((verb) => `notice.${verb}`),
  ...["create", "schedule", "send", "resend"].map((verb) => `report.${verb}`),
  "evaluation.compute",
  "pack.publish",
  ...["create", "update", "enable", "disable"].map((verb) => `account.${verb}`),
];
const actionOptions = acts.map((action) => ({ value: action, label: actionText(action, "") }));
