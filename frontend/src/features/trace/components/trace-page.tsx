// 追溯查询: graph, flow table, flow map and gaps of one chain; choosing in one chooses in all.
import { DownloadOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Input, Segmented, Tag } from "antd";
import { useEffect, useState } from "react";
import type { Chain, ChainRow } from "@/api/types";
import { ChainGraph } from "@/features/trace/components/chain-graph";
import { layered, rowsOf, smallestMap, subjectText } from "@/features/trace/layered";
import { http } from "@/lib/client";
import { csvText, download } from "@/lib/csv";
import { dateTime, MISSING, number, unitName, withUnits } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { traceText as t } from "@/locales/zh-CN/trace";
import { RegionMap } from "@/map/region-map";
import { DataTable } from "@/ui/data-table";
import { AppLink } from "@/ui/app-link";
import { Missing, StateMark } from "@/ui/marks";
import { PageHead, Panel } from "@/ui/page";
import { EmptyView, QueryView } from "@/ui/state-views";
import "./trace.css";

type Direction = "both" | "up" | "down";
const amount = (value: string | null) =>
  value === null ? <Missing reason="没有上报数量" /> : <span className="figures">{number(value)}</span>;

function FlowTable({
  chain,
  chosen,
  onChoose,
}: {
  chain: Chain;
  chosen: string | undefined;
  onChoose: (id: string | undefined) => void;
}) {
  const nodeOf = (row: ChainRow) => chain.nodes.find((node) => node.subject === row.subject)?.id;
  const marked = chain.nodes.find((node) => node.id === chosen)?.subject;
  return (
    <DataTable<ChainRow>
      size="small"
      rowKey={(row) => `${row.subject}-${row.at ?? ""}-${row.basis}`}
      dataSource={chain.table}
      pagination={false}
      scroll={{ x: "max-content", y: 306 }}
      rowClassName={(row) => (row.subject === marked ? "row-open" : "row-link")}
      onRow={(row) => ({
        onClick: () => onChoose(nodeOf(row)),
        tabIndex: 0,
        onKeyDown: (event) => {
          if (event.key === "Enter") onChoose(nodeOf(row));
        },
      })}
      columns={[
        { title: t.subject, render: (_, row) => subjectText(row.subject_name) ?? row.subject },
        {
          title: t.state,
          render: (_, row) =>
            ["no_answer", "gap", "有缺口", "未答复"].includes(row.state) ? (
              <span style={{ color: "#C62828" }}>▼ {t.states[row.state] ?? row.state}</span>
            ) : (
              <StateMark state="ok" name={t.states[row.state] ?? row.state} />
            ),
        },
        { title: t.in, align: "right", render: (_, row) => amount(row.in) },
        { title: t.out, align: "right", render: (_, row) => amount(row.out) },
        { title: t.rest, align: "right", render: (_, row) => amount(row.rest) },
        { title: t.at, render: (_, row) => dateTime(row.at) },
        { title: t.contact, render: (_, row) => row.contact ?? MISSING },
        {
          title: t.basis,
          render: (_, row) => (
            <span className="one-line code" title={row.basis}>
              {row.basis}
            </span>
          ),
        },
      ]}
    />
  );
}
function Gaps({ chain, onChoose }: { chain: Chain; onChoose: (id: string) => void }) {
  const whose = (id: string) => {
    const node = chain.nodes.find((one) => one.id === id);
    return node ? `${subjectText(node.subject_name) ?? node.unit}（${node.unit}）` : "";
  };
  return (
    <ul className="gap-list">
      {chain.gaps.map((gap, index) => (
        <li key={index}>
          <button type="button" onClick={() => onChoose(gap.node)}>
            <Tag color="red">▼ {t.kinds[gap.kind] ?? gap.kind}</Tag>
            <strong>{whose(gap.node)}</strong> {withUnits(gap.text)}
            {gap.advice && <div className="soft">→ {gap.advice}</div>}
          </button>
        </li>
      ))}
    </ul>
  );
}
function Found({ chain }: { chain: Chain }) {
  const [search, patch] = useUrl();
  const chosen = search["node"];
  const choose = (id: string | undefined) => patch({ node: id }, true);
  const node = chain.nodes.find((one) => one.id === chosen);
  const focus = node && node.lon !== null && node.lat !== null ? { lon: node.lon, lat: node.lat, zoom: 8 } : undefined;
  const height = Math.min(760, 130 + 90 * rowsOf(layered(chain.nodes, chain.edges)));
  const save = () =>
    download(
      `流量流向-${chain.code}.csv`,
      csvText(
        [t.subject, t.contact, t.in, t.out, t.rest, t.at, t.basis, t.state],
        chain.table.map((row) => [
          row.subject_name,
          row.contact,
          row.in,
          row.out,
          row.rest,
          dateTime(row.at),
          row.basis,
          t.states[row.state] ?? row.state,
        ]),
      ),
    );
  return (
    <>
      <div className="trace-head">
        <strong>
          {chain.product
            ? `${chain.product.name}${chain.product.batch ? ` · ${chain.product.batch}` : ""}`
            : chain.code}
        </strong>
        {chain.product && <Tag>{chain.product.category_name}</Tag>}
        {chain.complete && chain.gaps.length === 0 ? (
          <StateMark state="ok" name={t.complete} />
        ) : (
          <Tag color="red">▼ {t.gaps(chain.gaps.length)}</Tag>
        )}
        <span className="soft">
          {t.asOf} {dateTime(chain.as_of)}
        </span>
        <span className="grow" />
        {node && (
          <span>
            {[subjectText(node.subject_name), node.stage_name].filter(Boolean).join(" · ")} · {t.in} {number(node.in)}{" "}
            {t.out} {number(node.out)} {t.rest} {number(node.rest)} {unitName(node.unit_of_measure)}
            {node.contact && ` · ${node.contact}`}
          </span>
        )}
      </div>
      {(chain.truncated || chain.hint) && (
        <Alert type="info" showIcon title={chain.hint ?? t.truncated} style={{ marginBottom: 12 }} />
      )}
      <Panel flush title={t.graph} extra={<span className="soft">{t.graphHint}</span>}>
        <div style={{ height }}>
          <ChainGraph chain={chain} chosen={chosen} onChoose={choose} />
        </div>
      </Panel>
      {chain.gaps.length > 0 && (
        <Panel title={`${t.gapList}（${number(chain.gaps.length)}）`}>
          <Gaps chain={chain} onChoose={choose} />
        </Panel>
      )}
      <div className="trace-grid">
        <Panel
          flush
          title={`${t.table}（${t.unit}：${unitName(chain.nodes.find((one) => one.unit_of_measure)?.unit_of_measure) || MISSING}）`}
          extra={
            <Button size="small" icon={<DownloadOutlined />} onClick={save}>
              {t.export}
            </Button>
          }
        >
          <FlowTable chain={chain} chosen={chosen} onChoose={choose} />
        </Panel>
        <Panel flush title={t.map}>
          <div style={{ height: 348 }}>
            <RegionMap
              parent={smallestMap(chain.nodes.map((one) => one.division))}
              metric="events"
              values={undefined}
              flows={chain.flows}
              fitFlows
              focus={focus}
              legend={false}
            />
          </div>
        </Panel>
      </div>
    </>
  );
}
export function TracePage() {
  const [search, patch] = useUrl();
  const code = search["code"] ?? "";
  const direction = (["both", "up", "down"] as const).find((one) => one === search["direction"]) ?? "both";
  const [draft, setDraft] = useState(code);
  useEffect(() => setDraft(code), [code]);
  const query = useQuery({
    queryKey: ["trace", code, direction],
    enabled: code !== "",
    queryFn: ({ signal }) => http.get<Chain>("/console/trace", { code, direction, max_hops: 20 }, signal),
  });
  return (
    <>
      <PageHead title={t.title} />
      <div className="filter-bar">
        <div className="filter-row">
          <Input.Search
            style={{ maxWidth: 520 }}
            value={draft}
            placeholder={t.placeholder}
            aria-label={t.placeholder}
            enterButton={t.run}
            allowClear
            onChange={(event) => setDraft(event.target.value)}
            onSearch={(text) => patch({ code: text.trim() || undefined, node: undefined })}
          />
          <Segmented<Direction>
            value={direction}
            options={(["both", "up", "down"] as const).map((value) => ({ value, label: t.direction[value] }))}
            onChange={(next) => patch({ direction: next === "both" ? undefined : next, node: undefined })}
          />
        </div>
      </div>
      {code === "" ? (
        <Panel>
          <EmptyView
            text={t.hint}
            hint={t.hintFrom}
            action={<AppLink href="/console/events">{t.eventsTitle} ›</AppLink>}
          />
        </Panel>
      ) : (
        <QueryView
          query={query}
          isEmpty={(chain) => chain.nodes.length === 0}
          empty={
            <Alert
              type="info"
              showIcon
              title="没有查到这个编码的追溯记录"
              description="请核对编码，或改用批次、凭证号查询"
            />
          }
        >
          {(chain) => <Found chain={chain} />}
        </QueryView>
      )}
    </>
  );
}
