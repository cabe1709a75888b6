// What belongs to an entry: related entries, trace events, its place, closed days and the whole history.
import { useQuery } from "@tanstack/react-query";
import { Button, Popconfirm } from "antd";
import { lazy, Suspense, type ReactNode } from "react";
import type { Closure, Page } from "@/api/types";
import { closuresQuery, type Noun } from "@/features/registers/api/registers";
import type { Entry, Row } from "@/features/registers/api/shapes";
import { http, queryString, type Query } from "@/lib/client";
import { dateTime, number, quantity } from "@/lib/format";
import { useCan } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { fieldLabels, registerText as t } from "@/locales/zh-CN/registers";
import { AppLink } from "@/ui/app-link";
import { DataTable } from "@/ui/data-table";
import { actionName, changesOf, ChangeText, latestFirst } from "@/ui/history-rail";
import { StateMark } from "@/ui/marks";
import { Panel } from "@/ui/page";
import { EmptyView, Loading } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

const PlaceMap = lazy(() =>
  import("@/features/registers/components/place-map").then((module) => ({ default: module.PlaceMap })),
);
/** Rows that a related list shows before the reader opens the whole of it. */
const FEW = 5;

interface Related<T> {
  title: string;
  resource: string;
  query: Query;
  href: string;
  permission: string;
  columns: { title: string; render: (row: T) => ReactNode }[];
  rowId: (row: T) => string;
  emptyText: string;
}
function RelatedList<T extends object>({
  title,
  resource,
  query,
  href,
  permission,
  columns,
  rowId,
  emptyText,
}: Related<T>) {
  const can = useCan();
  const params = { ...query, limit: FEW };
  const allowed = can(permission);
  const rows = useQuery({
    queryKey: ["list", resource, params],
    queryFn: ({ signal }) => http.get<Page<T>>(resource, params, signal),
    enabled: allowed,
  });
  if (!allowed) return null;
  const count = rows.data?.count;
  return (
    <Panel
      flush
      title={title}
      extra={
        <AppLink href={`${href}${queryString(query)}`}>
          {count ? t.allOf(number(count.value), count.exact) : common.view}
        </AppLink>
      }
    >
      <DataTable<T>
        size="small"
        query={rows}
        rowKey={rowId}
        dataSource={rows.data?.items ?? []}
        empty={{ text: emptyText }}
        scroll={{ x: "max-content" }}
        columns={columns.map((column, index) => ({
          key: String(index),
          title: column.title,
          render: (_: unknown, row: T) => column.render(row),
        }))}
      />
    </Panel>
  );
}
const entryColumns = (noun: string): Related<Row>["columns"] => [
  { title: common.name, render: (row) => <AppLink href={`/console/${noun}/${row.id}`}>{row.name}</AppLink> },
  { title: fieldLabels["code"] ?? "", render: (row) => <span className="code">{row.code}</span> },
  { title: common.state, render: (row) => <StateMark state={row.state} name={row.state_name} /> },
];
function EntryList({ noun, query, permission }: { noun: Noun; query: Query; permission: string }) {
  return (
    <RelatedList<Row>
      title={t[noun].title}
      resource={noun === "merchants" ? "/console/subjects" : `/console/${noun}`}
      query={query}
      href={`/console/${noun}`}
      permission={permission}
      columns={entryColumns(noun)}
      rowId={(row) => row.id}
      emptyText={t.noneRelated(t[noun].title)}
    />
  );
}

export function RelatedTab({ noun, row }: { noun: Noun; row: Row }) {
  if (noun === "products" || noun === "devices") {
    const owner = String(row["subject"] ?? "");
    return (
      <Panel title={fieldLabels["subject"]}>
        {owner ? (
          <AppLink href={`/console/subjects/${owner}`}>{String(row["subject_name"] ?? owner)}</AppLink>
        ) : (
          <EmptyView text={t.noOwner} />
        )}
      </Panel>
    );
  }
  return (
    <>
      {noun === "subjects" && (
        <EntryList noun="merchants" query={{ class: "merchant", parent: row.code }} permission="subject.read" />
      )}
      <EntryList noun="products" query={{ subject: row.code }} permission="product.read" />
      <EntryList noun="devices" query={{ subject: row.code }} permission="device.read" />
    </>
  );
}

interface EventRow {
  id: string;
  event_time: string;
  biz_step: string;
  product_name?: string | null;
  batch?: string | null;
  quantity?: string | null;
  unit?: string | null;
  peer_name?: string | null;
}
export function TracesTab({ row, bizStep }: { row: Row; bizStep: (code: string) => string }) {
  return (
    <RelatedList<EventRow>
      title={common.traces}
      resource="/console/events"
      query={{ subject: row.code }}
      href="/console/events"
      permission="event.read"
      rowId={(event) => event.id}
      emptyText={t.noEvents}
      columns={[
        { title: common.time, render: (event) => dateTime(event.event_time) },
        { title: t.step, render: (event) => bizStep(event.biz_step) },
        { title: t.products.title, render: (event) => event.product_name ?? "—" },
        {
          title: t.batch,
          render: (event) =>
            event.batch ? (
              <AppLink className="code" href={`/console/trace?code=${encodeURIComponent(event.batch)}`}>
                {event.batch}
              </AppLink>
            ) : (
              "—"
            ),
        },
        { title: t.quantity, render: (event) => quantity(event.quantity, event.unit) },
        { title: t.peer, render: (event) => event.peer_name ?? "—" },
      ]}
    />
  );
}

export function MapTab({ row }: { row: Row }) {
  const lon = row["lon"];
  const lat = row["lat"];
  if (typeof lon !== "number" || typeof lat !== "number") return <EmptyView text={t.noPlace} hint={t.noPlaceHint} />;
  return (
    <Suspense fallback={<Loading height={420} />}>
      <PlaceMap lon={lon} lat={lat} name={row.name} division={String(row["division"] ?? "")} />
    </Suspense>
  );
}

export function ClosuresPanel({ row, onTouched }: { row: Row; onTouched: () => Promise<unknown> }) {
  const can = useCan();
  const { act, busy } = useAct();
  const query = useQuery(closuresQuery(row.code, true));
  const withdraw = (closure: Closure) =>
    void act(
      () => http.post(`/console/closures/${closure.id}/withdraw`, { reason: t.closureWithdrawn }).then(onTouched),
      common.done,
    );
  if (!query.isError && !query.data?.items.length) return null;
  return (
    <Panel flush title={t.closures}>
      <DataTable<Closure>
        size="small"
        query={query}
        rowKey="id"
        dataSource={query.data?.items ?? []}
        columns={[
          { title: t.closureDays, render: (_, one) => <span className="figures">{`${one.from} 至 ${one.to}`}</span> },
          { title: common.reason, render: (_, one) => one.reason },
          {
            title: common.state,
            render: (_, one) => <StateMark state={one.state} name={t.closureStates[one.state] ?? null} />,
          },
          {
            title: common.actions,
            render: (_, one) =>
              one.state === "declared" && can("subject.update") ? (
                <Popconfirm title={t.closureAsk} onConfirm={() => withdraw(one)}>
                  <Button size="small" type="link" loading={busy}>
                    {t.closureWithdraw}
                  </Button>
                </Popconfirm>
              ) : (
                "—"
              ),
          },
        ]}
      />
    </Panel>
  );
}

export function HistoryTab({ row, shown }: { row: Entry; shown: (field: string, value: unknown) => string }) {
  return (
    <DataTable
      size="small"
      rowKey={(line) => `${line.version}-${line.at}`}
      dataSource={latestFirst(row.history)}
      empty={{ text: common.historyEmpty }}
      columns={[
        { title: common.time, render: (_, line) => dateTime(line.at) },
        { title: common.actions, render: (_, line) => actionName(line.action) },
        { title: common.actor, render: (_, line) => line.actor || "—" },
        {
          title: t.changes,
          render: (_, line) => {
            const changes = changesOf(line, fieldLabels, shown);
            return changes.length > 0
              ? changes.map((change) => <ChangeText key={change.field} change={change} />)
              : "—";
          },
        },
        { title: common.reason, render: (_, line) => line.reason ?? "—" },
      ]}
    />
  );
}
