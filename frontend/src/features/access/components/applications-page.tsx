// 接入申请: the queue of applications, and the review of one.
import type { ApplicationRow } from "@/api/access";
import { ApplicationView } from "@/features/access/components/application-view";
import { applicationMark } from "@/features/access/marks";
import { dueDay } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { useNames } from "@/lib/reference";
import { applicationText as t } from "@/locales/zh-CN/access";
import { ListPage, type Column } from "@/ui/list-page";
import { StateMark, When } from "@/ui/marks";

export function ApplicationsPage() {
  const names = useNames();
  const [, patch] = useUrl();
  const columns: Column<ApplicationRow>[] = [
    { key: "number", title: t.number, fixed: true, render: (row) => <span className="code">{row.number}</span> },
    { key: "name", title: t.name },
    { key: "operator", title: t.operator },
    { key: "category_name", title: t.category },
    { key: "stage_name", title: t.stage },
    { key: "division_name", title: t.division },
    {
      key: "state",
      title: t.state,
      render: (row) => <StateMark state={applicationMark(row.state)} name={row.state_name} />,
      text: (row) => row.state_name,
    },
    {
      key: "submitted_at",
      title: t.submitted,
      render: (row) => <When at={row.submitted_at} />,
      text: (row) => row.submitted_at,
    },
    {
      key: "due_at",
      title: t.due,
      render: (row) =>
        row.due_at ? (
          <>
            {dueDay(row.due_at)} {row.overdue && <StateMark state="failed" name={t.overdue} />}
          </>
        ) : (
          "—"
        ),
      text: (row) => row.due_at,
    },
  ];
  const step = (rows: ApplicationRow[], id: string, by: number) => {
    const other = rows[rows.findIndex((row) => row.id === id) + by];
    return other ? () => patch({ record: other.id }, true) : undefined;
  };
  return (
    <ListPage<ApplicationRow>
      title={t.title}
      resource="/console/applications"
      columns={columns}
      rowId={(row) => row.id}
      emptyHint={t.emptyHint}
      drawerWidth={900}
      filters={[
        { key: "q", label: t.search, kind: "text" },
        {
          key: "state",
          label: t.state,
          kind: "select",
          options: Object.entries(t.states).map(([value, label]) => ({ value, label })),
        },
        { key: "category", label: t.category, kind: "select", options: names.options("category") },
      ]}
      drawer={(id, rows) => <ApplicationView id={id} onNext={step(rows, id, 1)} onPrevious={step(rows, id, -1)} />}
    />
  );
}
