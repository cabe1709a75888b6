// 数据采集: upload with a dry run, the batches that came in, and what was rejected.
import { Tabs } from "antd";
import type { Batch, Reject } from "@/api/types";
import { CsvUpload } from "@/features/capture/components/csv-upload";
import { number, systemName } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { useCan } from "@/lib/session";
import { captureText as t } from "@/locales/zh-CN/capture";
import { ListPage, type Column } from "@/ui/list-page";
import { When } from "@/ui/marks";
import { PageHead, Facts } from "@/ui/page";

const count = (value: number, bad = false) => (
  <span className="figures" style={bad && value > 0 ? { color: "#C62828" } : {}}>
    {number(value)}
  </span>
);
const batches: Column<Batch>[] = [
  { key: "received_at", title: t.at, fixed: true, render: (row) => <When at={row.received_at} /> },
  {
    key: "system",
    title: "接入系统",
    render: (row) => systemName(row) || "—",
    text: systemName,
  },
  { key: "format", title: t.format, render: (row) => row.format.toUpperCase(), text: (row) => row.format },
  { key: "received", title: t.received, align: "right", render: (row) => count(row.received) },
  { key: "accepted", title: t.accepted, align: "right", render: (row) => count(row.accepted) },
  { key: "rejected", title: t.rejected, align: "right", render: (row) => count(row.rejected, true) },
  { key: "message_id", title: t.message, render: (row) => <span className="code">{row.message_id}</span> },
];
const rejects: Column<Reject>[] = [
  { key: "at", title: t.at, fixed: true, render: (row) => <When at={row.at} /> },
  {
    key: "system",
    title: "接入系统",
    render: (row) => systemName(row) || "—",
    text: systemName,
  },
  // The node counts rows of a message from 0, people count from 1.
  { key: "row", title: t.row, align: "right", render: (row) => row.row + 1, text: (row) => row.row + 1 },
  { key: "reason", title: t.reason, render: (row) => <span className="wide-text">{row.reason}</span> },
  {
    key: "field",
    title: t.field,
    render: (row) => t.fields[row.field] ?? (row.field || "—"),
    text: (row) => row.field,
  },
  { key: "advice", title: t.advice, render: (row) => <span className="wide-text">{row.advice || "—"}</span> },
  { key: "code", title: t.code, render: (row) => <span className="code">{row.code}</span> },
  { key: "message_id", title: t.message, hidden: true },
];
const filters = [{ key: "system", label: "接入系统编号", kind: "text" as const }];

export function CapturePage() {
  const [search, patch] = useUrl();
  const can = useCan();
  const tab = search["tab"] ?? (can("capture.create") ? "upload" : "batches");
  const rejected = (id: string, rows: Reject[]) => {
    const row = rows.find((one) => String(one.id) === id);
    return row ? (
      <>
        <Facts
          columns={1}
          rows={[
            [t.reason, row.reason],
            [t.advice, row.advice],
            [t.field, t.fields[row.field] ?? row.field],
            [t.code, row.code],
            [t.row, row.row + 1],
            [t.message, row.message_id],
          ]}
        />
        <h3>{t.raw}</h3>
        <pre className="raw">{row.raw}</pre>
      </>
    ) : null;
  };
  return (
    <>
      <PageHead title={t.title} />
      <Tabs
        activeKey={tab}
        onChange={(key) => patch({ tab: key, after: undefined, page: undefined, record: undefined })}
        destroyOnHidden
        items={[
          ...(can("capture.create") ? [{ key: "upload", label: t.upload, children: <CsvUpload /> }] : []),
          {
            key: "batches",
            label: t.batches,
            children: (
              <ListPage<Batch>
                bare
                title={t.batches}
                resource="/console/capture/batches"
                columns={batches}
                filters={filters}
                rowId={(row) => row.message_id}
                emptyHint="接入系统报送或上传表格后，批次会列在这里"
              />
            ),
          },
          {
            key: "rejects",
            label: t.rejects,
            children: (
              <ListPage<Reject>
                bare
                title={t.rejects}
                resource="/console/capture/rejects"
                columns={rejects}
                filters={filters}
                rowId={(row) => String(row.id)}
                drawer={rejected}
                emptyHint="没有退回的记录"
              />
            ),
          },
        ]}
      />
    </>
  );
}
