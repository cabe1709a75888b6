// 追溯记录: the list of events, each with its raw source.
import { useQuery } from "@tanstack/react-query";
import type { TraceEvent, TraceEventDetail } from "@/api/types";
import { http } from "@/lib/client";
import { quantity, systemName } from "@/lib/format";
import { useNames } from "@/lib/reference";
import { common } from "@/locales/zh-CN/common";
import { bizSteps, eventTypes, traceText as t } from "@/locales/zh-CN/trace";
import { AppLink } from "@/ui/app-link";
import { ListPage, type Column } from "@/ui/list-page";
import { When } from "@/ui/marks";
import { Facts, Panel } from "@/ui/page";
import { QueryView } from "@/ui/state-views";

function EventView({ id }: { id: string }) {
  const names = useNames();
  const query = useQuery({
    queryKey: ["event", id],
    queryFn: ({ signal }) => http.get<TraceEventDetail>(`/console/events/${encodeURIComponent(id)}`, undefined, signal),
  });
  return (
    <QueryView query={query}>
      {(row) => (
        <>
          <Panel title={common.facts}>
            <Facts
              columns={1}
              rows={[
                [t.type, eventTypes[row.type ?? ""] ?? row.type],
                [t.step, row.biz_step_name ?? bizSteps[row.biz_step ?? ""] ?? row.biz_step],
                [t.at, <When key="t" at={row.event_time} />],
                [t.recorded, <When key="r" at={row.recorded_at} />],
                [common.category, names.name("category", row.category)],
                [common.stage, names.name("stage", row.stage)],
                [
                  t.subject,
                  row.subject ? (
                    <AppLink key="s" href={`/console/subjects/${row.subject}`}>
                      {row.subject_name ?? row.subject}
                    </AppLink>
                  ) : null,
                ],
                [t.peer, row.peer_name],
                [t.product, row.product_name],
                [t.batch, row.batch],
                [t.quantity, quantity(row.quantity, row.unit)],
                [t.system, systemName(row)],
              ]}
            />
            {row.batch && (
              <p>
                <AppLink href={`/console/trace?code=${encodeURIComponent(row.batch)}`}>{t.traceThis}</AppLink>
              </p>
            )}
          </Panel>
          <Panel title={t.raw}>
            <pre className="raw">{typeof row.raw === "string" ? row.raw : JSON.stringify(row.raw ?? row, null, 2)}</pre>
          </Panel>
        </>
      )}
    </QueryView>
  );
}
export function EventsPage() {
  const names = useNames();
  const columns: Column<TraceEvent>[] = [
    { key: "event_time", title: t.at, fixed: true, render: (row) => <When at={row.event_time} /> },
    {
      key: "stage",
      title: common.stage,
      render: (row) => names.name("stage", row.stage),
      text: (row) => names.name("stage", row.stage),
    },
    {
      key: "biz_step",
      title: t.step,
      render: (row) => row.biz_step_name ?? bizSteps[row.biz_step ?? ""] ?? row.biz_step ?? "—",
    },
    { key: "subject_name", title: t.subject },
    { key: "peer_name", title: t.peer },
    { key: "product_name", title: t.product },
    { key: "batch", title: t.batch, render: (row) => (row.batch ? <span className="code">{row.batch}</span> : "—") },
    {
      key: "quantity",
      title: t.quantity,
      align: "right",
      render: (row) => <span className="figures">{quantity(row.quantity, row.unit)}</span>,
      text: (row) => row.quantity,
    },
    { key: "category", title: common.category, hidden: true, render: (row) => names.name("category", row.category) },
    { key: "system_name", title: t.system, hidden: true, render: (row) => systemName(row) || "—", text: systemName },
  ];
  const filters = [
    { key: "unit", label: t.unitCode, kind: "text" as const, width: 210 },
    { key: "batch", label: t.batch, kind: "text" as const, width: 190 },
    { key: "category", label: common.category, kind: "select" as const, options: names.options("category") },
    { key: "stage", label: common.stage, kind: "select" as const, options: names.options("stage") },
    { key: "from", label: t.from, kind: "date" as const, folded: true },
    { key: "to", label: t.to, kind: "date" as const, folded: true },
    { key: "subject", label: "主体编号", kind: "text" as const, folded: true },
    { key: "system", label: "接入系统编号", kind: "text" as const, folded: true },
  ];
  return (
    <ListPage<TraceEvent>
      title={t.eventsTitle}
      resource="/console/events"
      columns={columns}
      filters={filters}
      rowId={(row) => row.id}
      emptyHint={t.emptyHint}
      drawer={(id) => <EventView id={id} />}
    />
  );
}
