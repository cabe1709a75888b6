// Self-tests of a system: the newest clause by clause, and what has changed since the one before.
import { UploadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Select, Space, Upload } from "antd";
import { useState } from "react";
import type { SelftestRun } from "@/api/access";
import type { Page } from "@/api/types";
import { http } from "@/lib/client";
import { dateTime } from "@/lib/format";
import { samplesOf } from "@/lib/samples";
import { useCan } from "@/lib/session";
import { selftestText as t } from "@/locales/zh-CN/access";
import { clauseText } from "@/locales/zh-CN/join";
import { Clauses } from "@/ui/clauses";
import { EmptyView, QueryView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

/** How many clauses passed newly, and how many no more, between two runs. */
export function compared(run: SelftestRun, before: SelftestRun): { better: number; worse: number } {
  const old = new Map(before.clauses.map((clause) => [clause.code, clause.state]));
  const turned = (from: boolean) =>
    run.clauses.filter((clause) => {
      const then = old.get(clause.code);
      return then !== undefined && (then === "passed") === from && (clause.state === "passed") !== from;
    }).length;
  return { better: turned(false), worse: turned(true) };
}
function Comparison({ run, before }: { run: SelftestRun; before: SelftestRun }) {
  const { better, worse } = compared(run, before);
  const words = [...(better > 0 ? [t.better(better)] : []), ...(worse > 0 ? [t.worse(worse)] : [])];
  return (
    <p className="soft">
      {t.compare(before.number)}：{words.join("，") || t.same}
    </p>
  );
}
function Trial({ id }: { id: string }) {
  const { act, busy } = useAct();
  const [files, setFiles] = useState<File[]>([]);
  const [fault, setFault] = useState<string | null>(null);
  const start = async () => {
    setFault(null);
    try {
      const samples = await samplesOf(files);
      await act(() => http.post<SelftestRun>(`/console/systems/${id}/selftest`, { samples }), undefined, [
        ["system", id],
      ]);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div style={{ marginBottom: 16 }}>
      <p className="soft">{t.note}</p>
      <Space wrap>
        <Upload
          multiple
          accept=".json,.xml,.csv,application/json,text/csv,text/xml"
          beforeUpload={(file) => {
            setFiles((old) => [...old, file]);
            return false;
          }}
          onRemove={(gone) => setFiles((old) => old.filter((file) => file.name !== gone.name))}
        >
          <Button icon={<UploadOutlined />}>{t.choose}</Button>
        </Upload>
        <Button type="primary" loading={busy} onClick={() => void start()}>
          {t.run}
        </Button>
      </Space>
      {fault && <Alert type="error" showIcon title={fault} style={{ marginTop: 12 }} />}
    </div>
  );
}
function Runs({ id, runs }: { id: string; runs: SelftestRun[] }) {
  const [shown, setShown] = useState<number | null>(null);
  const at = Math.max(
    0,
    runs.findIndex((run) => run.number === shown),
  );
  const run = runs[at];
  const before = runs[at + 1];
  if (!run) return null;
  return (
    <>
      <Space wrap>
        <Select
          aria-label={t.runs}
          style={{ width: 280 }}
          value={run.number}
          onChange={setShown}
          options={runs.map((one) => ({ value: one.number, label: clauseText.run(one.number, dateTime(one.at)) }))}
        />
        <span className="soft">
          {t.by} {run.by}
        </span>
        {(["xlsx", "html", "csv"] as const).map((format) => (
          <a key={format} href={`/api/v1/console/systems/${id}/selftest/${run.number}/file?format=${format}`} download>
            {t.download} {format.toUpperCase()}
          </a>
        ))}
      </Space>
      {before && <Comparison run={run} before={before} />}
      <Clauses run={run} />
    </>
  );
}
export function SelftestTab({ id }: { id: string }) {
  const can = useCan();
  const query = useQuery({
    queryKey: ["system", id, "selftest"],
    queryFn: ({ signal }) => http.get<Page<SelftestRun>>(`/console/systems/${id}/selftest`, undefined, signal),
  });
  return (
    <>
      {can("access.review") && <Trial id={id} />}
      <QueryView
        query={query}
        isEmpty={(page) => !page.items?.length}
        empty={<EmptyView text={t.none} hint={t.noneHint} />}
      >
        {(page) => <Runs id={id} runs={page.items} />}
      </QueryView>
    </>
  );
}
