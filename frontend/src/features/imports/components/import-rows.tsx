// What is to be said about the rows: counts by reason as filters, then row by row.
import { DownloadOutlined, LeftOutlined, RightOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Segmented, Space, Tag } from "antd";
import { useState } from "react";
import type { ImportRow, ImportRun } from "@/api/types";
import { reportHref, rowsQuery } from "@/features/imports/api/imports";
import { number } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { importText as t } from "@/locales/zh-CN/imports";
import { DataTable } from "@/ui/data-table";
import { StateMark } from "@/ui/marks";
import { Panel } from "@/ui/page";

const order: (keyof ImportRun["counts"])[] = [
  "bad",
  "failed",
  "good",
  "created",
  "changed",
  "skipped",
  "withdrawn",
  "left",
  "waiting",
];

function Faults({ run, row }: { run: ImportRun; row: ImportRow }) {
  const name = (field: string | null | undefined) => run.columns.find((column) => column.code === field)?.name;
  if (row.faults.length === 0) return "—";
  return (
    <ul style={{ margin: 0, paddingInlineStart: 18 }}>
      {row.faults.map((fault, at) => (
        <li key={at}>
          {fault.warning && <Tag>{t.warning}</Tag>}
          {(fault.column ?? name(fault.field)) && <b>{fault.column ?? name(fault.field)}：</b>}
          {fault.reason}。{fault.advice}
          {fault.suggestion && <span className="soft">　{t.suggestion(fault.suggestion)}</span>}
          <span className="soft code">　{fault.code}</span>
        </li>
      ))}
    </ul>
  );
}

function Codes({
  run,
  chosen,
  onChoose,
}: {
  run: ImportRun;
  chosen: string | undefined;
  onChoose: (code?: string) => void;
}) {
  if (run.codes.length === 0) return null;
  return (
    <div role="group" aria-label={t.byCode} style={{ display: "flex", flexWrap: "wrap", gap: 8, marginBottom: 12 }}>
      {run.codes.map((code) => (
        <Button
          key={code.code}
          size="small"
          type={chosen === code.code ? "primary" : "default"}
          aria-pressed={chosen === code.code}
          onClick={() => onChoose(chosen === code.code ? undefined : code.code)}
          style={{ maxWidth: 360 }}
          title={code.text}
        >
          <span style={{ overflow: "hidden", textOverflow: "ellipsis" }}>
            {code.code} {code.text}
          </span>
          <span className="figures">（{number(code.count)}）</span>
        </Button>
      ))}
    </div>
  );
}

export function ImportRows({ run }: { run: ImportRun }) {
  const [search, patch] = useUrl();
  const present = order.filter((status) => run.counts[status] > 0);
  const chosen = order.find((one) => one === search["status"]);
  const status = search["status"] === "all" ? undefined : (chosen ?? present[0]);
  const code = search["code"];
  const [trail, setTrail] = useState<string[]>([]);
  const after = trail.at(-1);
  const query = useQuery({
    ...rowsQuery(run.id, `${run.state}/${run.place}`, { status, code, after }),
    placeholderData: keepPreviousData,
  });
  const show = (changes: Record<string, string | undefined>) => {
    setTrail([]);
    patch(changes, true);
  };
  const next = query.data?.next ?? null;
  const faulty = run.counts.bad + run.counts.failed > 0;
  return (
    <Panel
      title={t.checkResult}
      extra={
        <Space wrap>
          {faulty && (
            <Button icon={<DownloadOutlined />} href={reportHref(run.id, "xlsx", "bad")} title={t.reportHint}>
              {t.reportBad}
            </Button>
          )}
          <Button
            icon={<DownloadOutlined />}
            href={reportHref(run.id, run.total > 50_000 ? "csv" : "xlsx", "all")}
            disabled={present.length === 0}
          >
            {t.report}
          </Button>
        </Space>
      }
    >
      <Segmented
        style={{ marginBottom: 12 }}
        value={status ?? "all"}
        options={[
          ...present.map((one) => ({ value: one as string, label: `${t.statuses[one]} ${number(run.counts[one])}` })),
          { value: "all", label: t.all },
        ]}
        onChange={(value) => show({ status: value, code: undefined })}
      />
      <Codes run={run} chosen={code} onChoose={(next) => show({ code: next, status: next ? "all" : undefined })} />
      <DataTable<ImportRow>
        query={query}
        size="small"
        rowKey="seq"
        dataSource={query.data?.items ?? []}
        empty={{ text: present.length === 0 ? t.forgotten : t.noRows }}
        columns={[
          { title: t.row, width: 130, render: (_, row) => t.place(row.sheet, row.row) },
          {
            title: t.result,
            width: 120,
            render: (_, row) => (
              <StateMark
                state={row.status === "bad" ? "failed" : row.status === "good" ? "approved" : row.status}
                name={t.statuses[row.status]}
              />
            ),
          },
          { title: t.code, width: 190, render: (_, row) => <span className="code">{row.code ?? "—"}</span> },
          { title: t.reasons, render: (_, row) => <Faults run={run} row={row} /> },
        ]}
      />
      {(trail.length > 0 || next) && (
        <nav className="pager" aria-label="翻页">
          <Button disabled={trail.length === 0} icon={<LeftOutlined />} onClick={() => setTrail(trail.slice(0, -1))}>
            上一页
          </Button>
          <Button disabled={!next} onClick={() => next && setTrail([...trail, next])}>
            下一页
            <RightOutlined />
          </Button>
        </nav>
      )}
    </Panel>
  );
}
