// Upload of a table: choose, dry run, see each row, then go.
import { DownloadOutlined, InboxOutlined } from "@ant-design/icons";
import { Alert, App, Button, Checkbox, Space, Steps, Upload } from "antd";
import { useState } from "react";
import type { CsvResult } from "@/api/types";
import { http } from "@/lib/client";
import { csvText, download } from "@/lib/csv";
import { number } from "@/lib/format";
import { captureText as t } from "@/locales/zh-CN/capture";
import { DataTable } from "@/ui/data-table";
import { StateMark } from "@/ui/marks";
import { Panel } from "@/ui/page";
import { useAct } from "@/ui/use-act";

/** The largest upload that the node takes, in bytes. */
const LIMIT = 16 * 1024 * 1024;

type Row = CsvResult["rows"][number];
/** The node counts rows of a message from 0, people count from 1. */
const place = (row: Row) => row.row + 1;
const faultText = (row: Row) =>
  row.faults
    .map(
      (fault) =>
        `${fault.field ? `${t.fields[fault.field] ?? fault.field}：` : ""}${fault.reason}${fault.advice ? `。${fault.advice}` : ""}（${fault.code}）`,
    )
    .join("；");

function Rows({ result }: { result: CsvResult }) {
  const [bad, setBad] = useState(false);
  const rows = bad ? result.rows.filter((row) => row.status === "rejected") : result.rows;
  const save = () =>
    download(
      `逐行结果-${result.message_id}.csv`,
      csvText(
        [t.row, t.state, t.rowId, t.fault],
        result.rows.map((row) => [place(row), row.status, row.id, faultText(row)]),
      ),
    );
  return (
    <>
      <Space style={{ margin: "12px 0", display: "flex" }}>
        <Checkbox checked={bad} onChange={(event) => setBad(event.target.checked)}>
          {t.onlyBad}
        </Checkbox>
        <Button icon={<DownloadOutlined />} onClick={save}>
          {t.report}
        </Button>
      </Space>
      <DataTable
        size="small"
        rowKey="row"
        dataSource={rows}
        pagination={{ pageSize: 50, hideOnSinglePage: true }}
        columns={[
          { title: t.row, render: (_, row) => place(row), width: 80, align: "right" },
          {
            title: t.state,
            width: 110,
            render: (_, row) => (
              <StateMark
                state={row.status === "rejected" ? "failed" : row.status}
                name={{ accepted: "可接收", rejected: "退回", duplicate: "重复" }[row.status]}
              />
            ),
          },
          { title: t.fault, render: (_, row) => faultText(row) || "—" },
          { title: t.rowId, width: 220, render: (_, row) => <span className="code">{row.id ?? "—"}</span> },
        ]}
      />
    </>
  );
}

export function CsvUpload() {
  const { busy, act } = useAct();
  const { message } = App.useApp();
  const [file, setFile] = useState<File | null>(null);
  const [result, setResult] = useState<CsvResult | null>(null);
  const [done, setDone] = useState(false);
  const send = (chosen: File, dryRun: boolean) =>
    act(
      async () => {
        const form = new FormData();
        form.set("file", chosen);
        form.set("dry_run", String(dryRun));
        setResult(await http.post<CsvResult>("/console/capture/csv", form));
        setDone(!dryRun);
      },
      dryRun ? "" : t.done,
      dryRun
        ? []
        : [
            ["list", "/console/capture/batches"],
            ["list", "/console/capture/rejects"],
          ],
    );
  const reset = () => {
    setFile(null);
    setResult(null);
    setDone(false);
  };
  return (
    <Panel>
      <Steps
        size="small"
        current={done ? 3 : result ? 2 : file ? 1 : 0}
        items={t.steps.map((title) => ({ title }))}
        style={{ marginBottom: 16 }}
      />
      <Space wrap style={{ marginBottom: 12 }}>
        <Button icon={<DownloadOutlined />} href="/api/v1/console/capture/template.csv">
          {t.template}
        </Button>
      </Space>
      {!result && (
        <Upload.Dragger
          accept=".csv,text/csv"
          maxCount={1}
          showUploadList={false}
          beforeUpload={(chosen) => {
            if (chosen.size > LIMIT) {
              message.error(t.tooLarge);
              return false;
            }
            setFile(chosen);
            void send(chosen, true);
            return false;
          }}
          disabled={busy}
        >
          <p style={{ fontSize: 40, color: "#1F5FBF", margin: 0 }}>
            <InboxOutlined />
          </p>
          <p>{file ? file.name : t.drop}</p>
          <p className="soft">{t.dropHint}</p>
        </Upload.Dragger>
      )}
      {result && (
        <>
          <Alert
            showIcon
            type={done ? "success" : result.rejected > 0 ? "warning" : "info"}
            title={`${file?.name ?? ""}　${t.result(number(result.received), number(result.accepted), number(result.rejected))}`}
            description={!done && result.rejected > 0 ? t.fix : undefined}
          />
          <Space style={{ marginTop: 12 }}>
            {!done && file && (
              <Button
                type="primary"
                loading={busy}
                disabled={result.accepted === 0}
                onClick={() => void send(file, false)}
              >
                {t.commit}
              </Button>
            )}
            <Button onClick={reset}>{t.again}</Button>
          </Space>
          <Rows result={result} />
        </>
      )}
    </Panel>
  );
}
