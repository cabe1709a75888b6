// Whether the trail is whole: how far it was walked, the signed heads of the days, what lower nodes have sent of theirs.
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Space } from "antd";
import type { AuditHead, AuditIntegrity } from "@/api/people";
import { http } from "@/lib/client";
import { download } from "@/lib/csv";
import { dateTime, number } from "@/lib/format";
import { auditText as t } from "@/locales/zh-CN/audit";
import { DataTable } from "@/ui/data-table";
import { When } from "@/ui/marks";
import { Panel } from "@/ui/page";
import { QueryView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

const query = {
  queryKey: ["audit", "integrity"],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    http.get<AuditIntegrity>("/console/audit/integrity", undefined, signal),
};

/** One line under the title: how far the trail is proved. */
export function IntegrityLine() {
  const { data } = useQuery(query);
  if (!data) return null;
  if (data.fault) return <span className="integrity-bad">▼ {t.broken(data.fault)}</span>;
  return data.checked_at ? (
    <span>
      <span style={{ color: "var(--success)" }}>✓</span> {t.checked(number(data.checked_to), dateTime(data.checked_at))}
    </span>
  ) : (
    <span>○ {t.unchecked}</span>
  );
}

function Heads({ heads }: { heads: AuditHead[] }) {
  return (
    <DataTable<AuditHead>
      rowKey="day"
      size="small"
      dataSource={heads}
      scroll={{ x: "max-content" }}
      empty={{ text: t.noHeads, hint: t.headsHint }}
      columns={[
        { title: t.day, dataIndex: "day" },
        { title: t.firstSeq, align: "right", render: (_, row) => number(row.first_seq) },
        { title: t.lastSeq, align: "right", render: (_, row) => number(row.last_seq) },
        { title: t.count, align: "right", render: (_, row) => number(row.count) },
        { title: t.signedAt, render: (_, row) => <When at={row.at} /> },
        {
          title: t.hash,
          render: (_, row) => (
            <span className="code" title={row.hash}>
              {row.hash.slice(0, 16)}…
            </span>
          ),
        },
      ]}
    />
  );
}

export function Integrity() {
  const result = useQuery(query);
  const { act, busy } = useAct();
  const save = () =>
    void act(async () => {
      const heads = await http.get<object>("/console/audit/heads", { limit: 200 });
      download("审计日头.json", JSON.stringify(heads, null, 2), "application/json");
    }, "");
  return (
    <QueryView query={result} isEmpty={(data) => !data.heads}>
      {(data) => (
        <>
          <Alert
            style={{ marginBottom: 16 }}
            showIcon
            type={data.fault ? "error" : data.checked_at ? "success" : "info"}
            title={
              data.fault ? t.broken(data.fault) : data.checked_at ? t.whole(number(data.checked_rows)) : t.unchecked
            }
            description={
              <>
                {data.checked_at && <div>{t.checked(number(data.checked_to), dateTime(data.checked_at))}</div>}
                <div>{t.rowsNow(number(data.total))}</div>
                {data.fault && <div>{t.faultAdvice}</div>}
              </>
            }
            action={
              <Button
                loading={busy}
                onClick={() =>
                  void act(() => http.post("/console/audit/integrity"), t.walking, [["audit", "integrity"]])
                }
              >
                {t.walk}
              </Button>
            }
          />
          <Panel
            title={t.heads}
            flush
            extra={
              <Space>
                <span className="soft">{t.headsNote}</span>
                <Button size="small" icon={<DownloadOutlined />} disabled={data.heads.length === 0} onClick={save}>
                  {t.saveHeads}
                </Button>
              </Space>
            }
          >
            <Heads heads={data.heads} />
          </Panel>
          <Panel title={t.children} flush>
            <DataTable<AuditIntegrity["children"][number]>
              rowKey="node"
              size="small"
              dataSource={data.children}
              empty={{ text: t.noChildren }}
              columns={[
                { title: t.node, render: (_, row) => `${row.node_name}（${row.node}）` },
                { title: t.day, dataIndex: "day" },
                { title: t.lastSeq, align: "right", render: (_, row) => number(row.last_seq) },
                { title: t.arrived, render: (_, row) => <When at={row.at} /> },
              ]}
            />
          </Panel>
        </>
      )}
    </QueryView>
  );
}
