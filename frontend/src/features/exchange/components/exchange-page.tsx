// 上下级交换: state towards the parent, the children, receipts, and records that could not be applied.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Popconfirm, Space, Tabs } from "antd";
import type { Exchange, ExchangeChild, Poison, Receipt } from "@/api/types";
import { http } from "@/lib/client";
import { dateTime, duration, number } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { useCan } from "@/lib/session";
import { exchangeText as t } from "@/locales/zh-CN/evaluation";
import { DataTable } from "@/ui/data-table";
import { LinkMark, StateMark, When } from "@/ui/marks";
import { Facts, PageHead, Panel } from "@/ui/page";
import { EmptyView, QueryView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

const key = [["exchange"]];

function Parent({ exchange }: { exchange: Exchange }) {
  const { act, busy } = useAct();
  const can = useCan();
  const parent = exchange.parent;
  if (!parent) return <EmptyView text={t.noParent} />;
  const turn = (how: "pause" | "resume") =>
    void act(() => http.post(`/console/exchange/parent/${how}`), undefined, key);
  return (
    <>
      <Panel
        title={
          <Space>
            {parent.name}
            <LinkMark state={parent.state} />
          </Space>
        }
        extra={
          can("exchange.update") && (
            <Space>
              {!parent.paused && (
                <Button loading={busy} onClick={() => turn("pause")}>
                  {t.pause}
                </Button>
              )}
              {parent.paused && (
                <Button loading={busy} onClick={() => turn("resume")}>
                  {t.resume}
                </Button>
              )}
            </Space>
          )
        }
      >
        {parent.last_error && (
          <Alert type="error" showIcon title={`${t.lastError}：${parent.last_error}`} style={{ marginBottom: 12 }} />
        )}
        <Facts
          rows={[
            [
              t.url,
              <span key="u" className="code">
                {parent.url}
              </span>,
            ],
            [t.behind, `${number(parent.records_behind)} 条`],
            [t.lag, duration(parent.seconds_behind)],
            [t.lastReceipt, <When key="r" at={parent.last_receipt_at} />],
          ]}
        />
      </Panel>
      <Receipts
        title={t.recent}
        exchange={exchange}
        rows={exchange.receipts.filter((row) => row.peer === parent.code).slice(0, 10)}
      />
      {parent.streams.length > 0 && (
        <Panel flush title={t.streams}>
          <DataTable
            size="small"
            rowKey={(row) => `${row.stream}-${row.origin}`}
            pagination={false}
            dataSource={parent.streams}
            columns={[
              { title: t.stream, dataIndex: "stream" },
              { title: t.origin, dataIndex: "origin" },
              { title: t.seq, align: "right", render: (_, row) => number(row.seq) },
              { title: t.receipted, align: "right", render: (_, row) => number(row.receipted_seq) },
              {
                title: t.gap,
                align: "right",
                render: (_, row) => (
                  <span style={row.seq > row.receipted_seq ? { color: "#B7791F" } : {}}>
                    {number(row.seq - row.receipted_seq)}
                  </span>
                ),
              },
            ]}
          />
        </Panel>
      )}
    </>
  );
}
function Children({ rows }: { rows: ExchangeChild[] }) {
  const { act } = useAct();
  const can = useCan();
  const decide = (row: ExchangeChild, how: "approve" | "revoke") =>
    void act(() => http.post(`/console/exchange/children/${row.code}/${how}`), undefined, key);
  return (
    <Panel flush>
      <DataTable<ExchangeChild>
        size="middle"
        rowKey="code"
        pagination={false}
        dataSource={rows}
        scroll={{ x: "max-content" }}
        empty={{ text: t.noChildren }}
        columns={[
          {
            title: "平台",
            render: (_, row) => (
              <>
                <strong>{row.name}</strong> <span className="soft code">{row.code}</span>
              </>
            ),
          },
          { title: t.state, render: (_, row) => <StateMark state={row.state} /> },
          { title: t.link, render: (_, row) => <LinkMark state={row.link_state} /> },
          { title: t.applied, align: "right", render: (_, row) => number(row.applied_records) },
          { title: t.behind, align: "right", render: (_, row) => number(row.records_behind) },
          { title: t.lastBatch, render: (_, row) => <When at={row.last_batch_at} /> },
          {
            title: t.fingerprint,
            render: (_, row) => (
              <span className="code" title={t.fingerprintHint}>
                {row.fingerprint}
              </span>
            ),
          },
          { title: t.lastError, render: (_, row) => row.last_error ?? "—" },
          {
            title: "",
            render: (_, row) =>
              can("exchange.approve") &&
              (row.state === "requested" || row.state === "revoked" ? (
                <Popconfirm
                  title={t.fingerprintHint}
                  description={row.fingerprint}
                  onConfirm={() => decide(row, "approve")}
                >
                  <Button type={row.state === "requested" ? "primary" : "default"} size="small">
                    {t.approve}
                  </Button>
                </Popconfirm>
              ) : (
                <Popconfirm title={t.revokeAsk} onConfirm={() => decide(row, "revoke")}>
                  <Button size="small" danger>
                    {t.revoke}
                  </Button>
                </Popconfirm>
              )),
          },
        ]}
      />
    </Panel>
  );
}
function Receipts({ rows, exchange, title }: { rows: Receipt[]; exchange: Exchange; title?: string }) {
  const names = new Map([exchange.parent, ...exchange.children].flatMap((one) => (one ? [[one.code, one.name]] : [])));
  return (
    <Panel flush {...(title && { title })}>
      <DataTable<Receipt>
        size="small"
        rowKey={(row) => `${row.at}-${row.peer}-${row.from_position}`}
        dataSource={rows}
        pagination={{ pageSize: 50, hideOnSinglePage: true }}
        empty={{ text: t.noReceipts }}
        columns={[
          { title: "时间", render: (_, row) => dateTime(row.at) },
          { title: t.peer, render: (_, row) => names.get(row.peer) ?? row.peer },
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
            title: "状态",
            render: (_, row) => <StateMark state={row.state === "confirmed" ? "verified" : row.state} />,
          },
        ]}
      />
    </Panel>
  );
}
function Poisoned({ rows }: { rows: Poison[] }) {
  return (
    <Panel flush>
      <DataTable<Poison>
        size="small"
        rowKey="id"
        dataSource={rows}
        pagination={false}
        empty={{ text: t.noPoison }}
        columns={[
          { title: "时间", render: (_, row) => dateTime(row.at) },
          { title: t.kind, dataIndex: "kind" },
          { title: t.origin, render: (_, row) => `${row.origin} #${row.seq}` },
          { title: t.reason, dataIndex: "reason" },
          { title: t.advice, render: (_, row) => row.advice ?? "—" },
          { title: t.code, render: (_, row) => <span className="code">{row.code}</span> },
        ]}
      />
    </Panel>
  );
}
export function ExchangePage() {
  const [search, patch] = useUrl();
  const query = useQuery({
    queryKey: ["exchange"],
    queryFn: ({ signal }) => http.get<Exchange>("/console/exchange", undefined, signal),
    refetchInterval: 15_000,
  });
  return (
    <>
      <PageHead title={t.title} />
      <QueryView query={query}>
        {(exchange) => (
          <Tabs
            activeKey={search["tab"] ?? "parent"}
            onChange={(tab) => patch({ tab })}
            items={[
              { key: "parent", label: t.parent, children: <Parent exchange={exchange} /> },
              {
                key: "children",
                label: `${t.children} ${exchange.children.length}`,
                children: <Children rows={exchange.children} />,
              },
              {
                key: "receipts",
                label: t.receipts,
                children: <Receipts rows={exchange.receipts} exchange={exchange} />,
              },
              {
                key: "poison",
                label: `${t.poison} ${exchange.poison.length}`,
                children: <Poisoned rows={exchange.poison} />,
              },
            ]}
          />
        )}
      </QueryView>
    </>
  );
}
