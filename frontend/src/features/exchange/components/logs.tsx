// What is kept of the exchange: receipts of both sides, and records that could not be applied.
import type { Poison, Receipt } from "@/api/types";
import { dateTime, number } from "@/lib/format";
import { common } from "@/locales/zh-CN/common";
import { exchangeText as t } from "@/locales/zh-CN/exchange";
import { DataTable } from "@/ui/data-table";
import { StateMark } from "@/ui/marks";

export function Receipts({ rows, name }: { rows: Receipt[]; name: (code: string) => string }) {
  return (
    <DataTable<Receipt>
      size="small"
      rowKey={(row) => `${row.at}-${row.peer}-${row.class}-${row.from_position}`}
      dataSource={rows}
      pagination={{ pageSize: 50, hideOnSinglePage: true }}
      scroll={{ x: "max-content" }}
      empty={{ text: t.noReceipts }}
      columns={[
        { title: common.time, render: (_, row) => dateTime(row.at) },
        { title: t.peer, render: (_, row) => name(row.peer) },
        {
          title: t.direction,
          render: (_, row) =>
            row.direction === "up" ? `↑ ${t.up}` : row.direction === "down" ? `↓ ${t.down}` : row.direction,
        },
        {
          title: t.range,
          render: (_, row) => (
            <span className="figures">
              {number(row.from_position)} – {number(row.to_position)}
            </span>
          ),
        },
        { title: t.records, align: "right", render: (_, row) => number(row.records) },
        { title: t.hash, render: (_, row) => <span className="code">{row.hash.slice(0, 16)}</span> },
        {
          title: common.state,
          render: (_, row) => <StateMark state={row.state === "confirmed" ? "verified" : row.state} />,
        },
      ]}
    />
  );
}

export function Poisoned({ rows }: { rows: Poison[] }) {
  return (
    <DataTable<Poison>
      size="small"
      rowKey="id"
      dataSource={rows}
      scroll={{ x: "max-content" }}
      empty={{ text: t.noPoison }}
      columns={[
        { title: common.time, render: (_, row) => dateTime(row.at) },
        { title: t.kind, dataIndex: "kind" },
        { title: t.origin, render: (_, row) => `${row.origin} #${row.seq}` },
        { title: t.reason, render: (_, row) => <span className="wide-text">{row.reason}</span> },
        { title: t.advice, render: (_, row) => <span className="wide-text">{row.advice ?? "—"}</span> },
        { title: t.code, render: (_, row) => <span className="code">{row.code}</span> },
      ]}
    />
  );
}
