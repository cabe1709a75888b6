// Saving what a list shows: the whole answer as a table written by the node, or this page where the node writes none.
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Modal, Progress, Radio, Space, Tooltip } from "antd";
import { useState } from "react";
import type { ExportColumns, ExportJob, Page } from "@/api/types";
import { http, queryString, type Query } from "@/lib/client";
import { csvText, download } from "@/lib/csv";
import { dateTime, number } from "@/lib/format";
import { useCan } from "@/lib/session";
import { common, exportText as t } from "@/locales/zh-CN/common";
import { DataTable } from "@/ui/data-table";
import type { Column } from "@/ui/list-parts";
import { StateMark } from "@/ui/marks";
import { QueryView } from "@/ui/state-views";
import { errorText } from "@/ui/use-act";

interface Props<T> {
  title: string;
  columns: Column<T>[];
  rows: T[];
  /** The conditions that are shown. */
  query: Query;
  register?: string;
  /** An area drawn on the map, within which the rows lie. */
  shape?: object;
}
const running = (job: ExportJob | undefined) => job?.state === "waiting" || job?.state === "running";
/** How often the node is asked how far it is, in milliseconds. */
const LOOK = 1000;
const fileHref = (id: string) => `/api/v1/console/exports/${id}/file`;

function Recent() {
  const query = useQuery({
    queryKey: ["exports"],
    queryFn: ({ signal }) => http.get<Page<ExportJob>>("/console/exports", undefined, signal),
  });
  return (
    <DataTable<ExportJob>
      size="small"
      rowKey="id"
      query={query}
      dataSource={query.data?.items ?? []}
      scroll={{ y: 220 }}
      empty={{ text: t.noneYet }}
      columns={[
        { title: t.file, render: (_, row) => row.file_name },
        { title: t.rows, align: "right", render: (_, row) => (row.rows === null ? "—" : number(row.rows)) },
        { title: common.time, render: (_, row) => dateTime(row.created_at) },
        {
          title: common.state,
          render: (_, row) =>
            row.state === "done" ? (
              <a href={fileHref(row.id)} download>
                {t.download}
              </a>
            ) : (
              <StateMark state={row.state === "waiting" ? "queued" : row.state} name={t.states[row.state] ?? null} />
            ),
        },
      ]}
    />
  );
}

function Work({ id, onAgain }: { id: string; onAgain: () => void }) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["exports", id],
    queryFn: ({ signal }) => http.get<ExportJob>(`/console/exports/${id}`, undefined, signal),
    refetchInterval: ({ state }) => (running(state.data) ? LOOK : false),
  });
  const stop = () =>
    void http
      .post(`/console/exports/${id}/cancel`)
      .then(() => client.invalidateQueries({ queryKey: ["exports"] }))
      .catch(() => undefined);
  return (
    <QueryView query={query} height={160}>
      {(job) => (
        <div className="export-work" aria-live="polite">
          <Progress
            percent={job.total > 0 ? Math.floor((100 * job.done) / job.total) : job.state === "done" ? 100 : 0}
            status={job.state === "done" ? "success" : running(job) ? "active" : "exception"}
          />
          <p>
            {t.states[job.state] ?? job.state} · {number(job.done)} / {number(job.total)} {t.unit}
            {job.error && `：${job.error}`}
          </p>
          <Space>
            {job.state === "done" && (
              <Button type="primary" icon={<DownloadOutlined />} href={fileHref(job.id)} download>
                {t.downloadNow}
              </Button>
            )}
            {running(job) && <Button onClick={stop}>{t.stop}</Button>}
            <Button onClick={onAgain}>{t.again}</Button>
          </Space>
          {running(job) && <p className="soft">{t.goesOn}</p>}
        </div>
      )}
    </QueryView>
  );
}

function Wish<T>({
  props,
  register,
  onStarted,
}: {
  props: Props<T>;
  register: string;
  onStarted: (id: string) => void;
}) {
  const client = useQueryClient();
  const known = useQuery({
    queryKey: ["export-columns", register],
    queryFn: ({ signal }) => http.get<ExportColumns>("/console/exports/columns", { register }, signal),
    staleTime: Infinity,
  });
  const [format, setFormat] = useState<"xlsx" | "csv">("xlsx");
  const [chosen, setChosen] = useState<string[] | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  // What the list shows is what is proposed; names stand for codes where the node writes names.
  const shown = props.columns.flatMap((column) => [column.key, `${column.key}_name`]);
  const start = async (columns: string[]) => {
    setBusy(true);
    setError(null);
    try {
      const job = await http.post<ExportJob>("/console/exports", {
        register,
        format,
        query: queryString(props.query).slice(1),
        columns,
        ...(props.shape && { shape: props.shape }),
      });
      await client.invalidateQueries({ queryKey: ["exports"] });
      onStarted(job.id);
    } catch (cause) {
      setError(errorText(cause));
      setBusy(false);
    }
  };
  return (
    <QueryView query={known} height={160}>
      {({ columns }) => {
        const proposed = columns.filter((column) => shown.includes(column.code)).map((column) => column.code);
        const now =
          chosen ?? (proposed.length > 0 ? proposed : columns.filter((one) => one.default).map((one) => one.code));
        return (
          <>
            {error && <Alert type="error" showIcon title={error} style={{ marginBottom: 12 }} />}
            <p>{props.shape ? t.whatShape : t.what}</p>
            <div className="export-format">
              <Radio.Group
                value={format}
                onChange={(event) => setFormat(event.target.value as "xlsx" | "csv")}
                options={[
                  { value: "xlsx", label: t.xlsx },
                  { value: "csv", label: t.csv },
                ]}
              />
            </div>
            <Checkbox.Group
              className="column-choice wide"
              value={now}
              options={columns.map((column) => ({ value: column.code, label: column.name }))}
              onChange={setChosen}
            />
            <p style={{ marginTop: 12 }}>
              <Button type="primary" loading={busy} disabled={now.length === 0} onClick={() => void start(now)}>
                {t.start}
              </Button>
            </p>
          </>
        );
      }}
    </QueryView>
  );
}

export function ExportButton<T>(props: Props<T>) {
  const can = useCan();
  const [open, setOpen] = useState(false);
  const [job, setJob] = useState<string | null>(null);
  const { register, columns, rows, title } = props;
  if (!register) {
    const plain = (column: Column<T>, row: T): unknown =>
      column.text ? column.text(row) : (row as Record<string, unknown>)[column.key];
    const save = () =>
      download(
        `${title}.csv`,
        csvText(
          columns.map((column) => column.title),
          rows.map((row) => columns.map((column) => plain(column, row))),
        ),
      );
    return (
      <Tooltip title={t.pageHint}>
        <Button icon={<DownloadOutlined />} disabled={rows.length === 0} onClick={save}>
          {common.export}
        </Button>
      </Tooltip>
    );
  }
  if (!can(`${register}.export`)) return null;
  return (
    <>
      <Button icon={<DownloadOutlined />} onClick={() => setOpen(true)}>
        {t.button}
      </Button>
      <Modal
        open={open}
        footer={null}
        width={720}
        title={`${t.button}：${title}`}
        destroyOnHidden
        onCancel={() => setOpen(false)}
      >
        {job ? (
          <Work id={job} onAgain={() => setJob(null)} />
        ) : (
          <Wish props={props} register={register} onStarted={setJob} />
        )}
        <h3 className="modal-part">{t.recent}</h3>
        <Recent />
        <p className="soft">{t.kept}</p>
      </Modal>
    </>
  );
}
