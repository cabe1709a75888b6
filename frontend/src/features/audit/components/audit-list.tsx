// The rows of the trail with their conditions, one row in full, and the file of what is shown.
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Dropdown, Space } from "antd";
import type { AuditEntry, AuditOptions } from "@/api/people";
import { http, queryString } from "@/lib/client";
import { saveBlob } from "@/lib/csv";
import { useUrl } from "@/lib/nav";
import { actorText, auditText as t, auditValue } from "@/locales/zh-CN/audit";
import { DataTable } from "@/ui/data-table";
import { conditions, type Filter } from "@/ui/filter-bar";
import { ListPage, type Column } from "@/ui/list-page";
import { StateMark, When } from "@/ui/marks";
import { Facts } from "@/ui/page";
import { EmptyView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

const choices = (rows: { code: string; name: string }[] | undefined) =>
  (rows ?? []).map((row) => ({ value: row.code, label: row.name }));

function useFilters(): Filter[] {
  const { data } = useQuery({
    queryKey: ["audit", "options"],
    queryFn: ({ signal }) => http.get<AuditOptions>("/console/audit/options", undefined, signal),
    staleTime: 60_000,
  });
  return [
    { key: "actor", label: t.actor, kind: "text", width: 150 },
    { key: "action", label: t.action, kind: "select", width: 200, options: choices(data?.actions) },
    { key: "from", to: "to", label: t.period, kind: "range", instants: true },
    { key: "result", label: t.result, kind: "select", options: choices(data?.results), width: 110 },
    { key: "q", label: t.text, kind: "text", folded: true },
    { key: "role", label: t.role, kind: "select", options: choices(data?.roles), folded: true },
    { key: "object_kind", label: t.objectKind, kind: "select", options: choices(data?.object_kinds), folded: true },
    { key: "object", label: t.objectId, kind: "text", folded: true },
    { key: "address", label: t.address, kind: "text", width: 160, folded: true },
  ];
}
const objectText = (row: AuditEntry) => `${row.object_kind_name} ${row.object_id}`.trim();

/** Before and after, part by part. */
function Changes({ row }: { row: AuditEntry }) {
  return (
    <DataTable<AuditEntry["changes"][number]>
      rowKey="field"
      size="small"
      dataSource={row.changes}
      empty={{ text: t.noChanges }}
      columns={[
        { title: t.field, render: (_, one) => <span title={one.field}>{one.name}</span> },
        {
          title: t.before,
          render: (_, one) => (one.before ? <del className="wide-text">{auditValue(one.before)}</del> : "—"),
        },
        {
          title: t.after,
          render: (_, one) =>
            one.after ? (
              <ins className="wide-text" style={{ textDecoration: "none" }}>
                {auditValue(one.after)}
              </ins>
            ) : (
              "—"
            ),
        },
      ]}
    />
  );
}
function Entry({ row }: { row: AuditEntry }) {
  return (
    <>
      <div className="record-head">
        <h2 style={{ margin: 0 }}>{row.action_name}</h2>
        <StateMark state={row.result} name={row.result_name} />
      </div>
      <div style={{ margin: "12px 0 20px" }}>
        <Facts
          columns={1}
          rows={[
            [t.seq, row.seq],
            [t.at, <When key="at" at={row.at} />],
            [t.actor, actorText(row.actor)],
            [t.role, row.role_name],
            [t.division, row.division_name],
            [
              t.address,
              <span key="a" className="code">
                {row.address || "—"}
              </span>,
            ],
            [t.object, objectText(row)],
            [t.reason, row.reason],
            [
              t.request,
              <span key="r" className="code">
                {row.request_id || "—"}
              </span>,
            ],
            [
              t.hash,
              <span key="h" className="code">
                {row.hash}
              </span>,
            ],
          ]}
        />
      </div>
      <h3>{t.changes}</h3>
      <Changes row={row} />
    </>
  );
}

export function AuditList() {
  const filters = useFilters();
  const columns: Column<AuditEntry>[] = [
    { key: "seq", title: t.seq, fixed: true, align: "right" },
    { key: "at", title: t.at, render: (row) => <When at={row.at} />, text: (row) => row.at },
    {
      key: "actor",
      title: t.actor,
      render: (row) => <span title={row.actor}>{actorText(row.actor)}</span>,
      text: (row) => actorText(row.actor),
    },
    { key: "role_name", title: t.role },
    {
      key: "address",
      title: t.address,
      render: (row) => (row.address ? <span className="code">{row.address}</span> : "—"),
    },
    {
      key: "action",
      title: t.action,
      render: (row) => <span title={row.action}>{row.action_name}</span>,
      text: (row) => row.action_name,
    },
    {
      key: "object_id",
      title: t.object,
      render: (row) => (
        <span className="one-line" title={objectText(row)}>
          {objectText(row) || "—"}
        </span>
      ),
      text: objectText,
    },
    {
      key: "result",
      title: t.result,
      render: (row) => <StateMark state={row.result} name={row.result_name} />,
      text: (row) => row.result_name,
    },
    {
      key: "changes",
      title: t.changes,
      render: (row) => (
        <span className="one-line" title={changed(row)}>
          {changed(row) || row.reason || "—"}
        </span>
      ),
      text: changed,
    },
    { key: "division_name", title: t.division, hidden: true },
    {
      key: "request_id",
      title: t.request,
      hidden: true,
      render: (row) => <span className="code">{row.request_id}</span>,
    },
  ];
  return (
    <ListPage<AuditEntry>
      bare
      title={t.title}
      resource="/console/audit"
      columns={columns}
      filters={filters}
      rowId={(row) => String(row.seq)}
      emptyHint={t.emptyHint}
      exports={false}
      drawer={(id, rows) => {
        const row = rows.find((one) => String(one.seq) === id);
        return row ? <Entry row={row} /> : <EmptyView text={t.elsewhere} />;
      }}
    />
  );
}
const changed = (row: AuditEntry) =>
  row.changes
    .map(({ name, before, after }) =>
      before === null || before === undefined
        ? `${name}：${auditValue(after ?? "—")}`
        : `${name}：${auditValue(before)} → ${auditValue(after ?? "—")}`,
    )
    .join("；");

/** The file holds what the conditions show, not only this page; taking it is written down as well. */
export function ExportMenu() {
  const filters = useFilters();
  const [search] = useUrl();
  const { act, busy } = useAct();
  const take = (format: "xlsx" | "csv") =>
    void act(
      async () => {
        const query = { ...conditions(filters, search), format };
        saveBlob(`${t.title}.${format}`, await http.file(`/console/audit/export${queryString(query)}`));
      },
      t.exported,
      [["list", "/console/audit"]],
    );
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          { key: "xlsx", label: "Excel（XLSX）", onClick: () => take("xlsx") },
          { key: "csv", label: "CSV", onClick: () => take("csv") },
        ],
      }}
    >
      <Button loading={busy} icon={<DownloadOutlined />}>
        <Space>{t.export}</Space>
      </Button>
    </Dropdown>
  );
}
