// 监测评价: grades of a period, how they are spread, and for each row its indicators and trend.
import { useQuery } from "@tanstack/react-query";
import { Button, Drawer, Segmented, Select, Space, Tag } from "antd";
import { useMemo, useState } from "react";
import type { EvaluationRow, Evaluations, ScoreTrend } from "@/api/types";
import { Chart } from "@/charts/chart";
import { distributionOption, lightGround, scoreOption } from "@/charts/options";
import { http } from "@/lib/client";
import { csvText, download } from "@/lib/csv";
import { dateTime, number } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { gradeMark } from "@/lib/palette";
import { useNames } from "@/lib/reference";
import { useCan, useMe } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { evaluationText as t } from "@/locales/zh-CN/evaluation";
import { DataTable } from "@/ui/data-table";
import { GradeMark, Missing } from "@/ui/marks";
import { PageHead, Panel } from "@/ui/page";
import { EmptyView, QueryView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

const signed = (value: string | null) =>
  value === null ? (
    <Missing reason="上期没有得分" />
  ) : (
    <span className="figures">
      {Number(value) > 0 ? "▲" : Number(value) < 0 ? "▼" : ""}
      {value.replace(/^[+-]/, "")}
    </span>
  );

/**
 * What was reached of the whole. Some indicators count faults above the line and score one minus the share: there the
 * rest is shown, so that the two numbers always give the value beside them.
 */
function reached(one: EvaluationRow["indicators"][number]): number {
  const [part, whole] = [Number(one.numerator), Number(one.denominator)];
  const off = (given: number) => Math.abs((100 * given) / whole - Number(one.value));
  return off(whole - part) < off(part) ? whole - part : part;
}

function Row({ row }: { row: EvaluationRow }) {
  const trend = useQuery({
    queryKey: ["evaluation", "trend", row.code],
    queryFn: ({ signal }) =>
      http.get<ScoreTrend>(`/console/evaluations/${encodeURIComponent(row.code)}/trend`, undefined, signal),
  });
  const option = useMemo(() => (trend.data ? scoreOption(trend.data.points, lightGround) : null), [trend.data]);
  return (
    <>
      <div className="record-head" style={{ marginBottom: 12 }}>
        <h2 style={{ margin: 0 }}>{row.name}</h2>
        <GradeMark grade={row.grade} />
        <strong className="figures" style={{ fontSize: 22 }}>
          {row.score ?? t.notEvaluated}
        </strong>
        {row.rank !== null && (
          <span className="soft">
            {row.kind === "system" ? t.rankInStage : t.rank} {row.rank}
          </span>
        )}
        {row.veto && (
          <Tag color="red">
            ▼ {t.veto}：{row.veto}
          </Tag>
        )}
      </div>
      <Panel flush title={t.indicators}>
        <DataTable
          size="small"
          rowKey="code"
          pagination={false}
          dataSource={row.indicators}
          columns={[
            { title: t.name, dataIndex: "name" },
            {
              title: t.value,
              align: "right",
              render: (_, one) =>
                !one.applicable ? (
                  <Tag>{t.notApplicable}</Tag>
                ) : one.value === null ? (
                  <Missing reason="没有收到数据" />
                ) : (
                  <span className="figures">
                    {number(one.value)}
                    {one.unit}
                  </span>
                ),
            },
            {
              title: t.basis,
              align: "right",
              render: (_, one) =>
                one.applicable && one.denominator ? (
                  <span className="soft figures">
                    {number(reached(one))} / {number(one.denominator)}
                  </span>
                ) : (
                  "—"
                ),
            },
            { title: t.weight, align: "right", render: (_, one) => number(one.weight) },
            { title: t.points, align: "right", render: (_, one) => (one.applicable ? number(one.score) : "—") },
          ]}
        />
      </Panel>
      <Panel title={t.trend}>
        <QueryView query={trend} height={220}>
          {() => option && <Chart option={option} label={t.trend} height={220} />}
        </QueryView>
      </Panel>
    </>
  );
}

function Found({ data }: { data: Evaluations }) {
  const [search, patch] = useUrl();
  const option = useMemo(() => distributionOption(data.distribution, lightGround), [data.distribution]);
  const shown = data.rows
    .filter((row) => !search["grade"] || row.grade === search["grade"])
    .sort((a, b) => Number(b.score ?? -1) - Number(a.score ?? -1));
  const row = data.rows.find((one) => one.code === search["record"]);
  const save = () =>
    download(
      `${t.title}-${data.period}.csv`,
      csvText(
        [t.rank, t.name, t.score, t.grade, t.change, ...(data.rows[0]?.indicators.map((one) => one.name) ?? [])],
        shown.map((one) => [
          one.rank,
          one.name,
          one.score,
          one.grade && gradeMark(one.grade).name,
          one.change,
          ...one.indicators.map((indicator) => indicator.value),
        ]),
      ),
    );
  const heads = data.rows[0]?.indicators ?? [];
  const systems = data.rows[0]?.kind === "system";
  return (
    <div className="with-aside">
      <section className="panel">
        <div className="list-bar">
          <span className="soft">
            {common.count(number(shown.length), true)}　{t.formula} {data.formula_version} ·{" "}
            {t.state[data.state] ?? data.state} · {t.computed} {dateTime(data.computed_at)}
          </span>
          <Button onClick={save}>{common.export}</Button>
        </div>
        <DataTable<EvaluationRow>
          size="middle"
          rowKey="code"
          dataSource={shown}
          pagination={{ pageSize: 50, hideOnSinglePage: true }}
          scroll={{ x: "max-content" }}
          rowClassName={(one) => (one.code === row?.code ? "row-open" : "row-link")}
          onRow={(one) => ({
            onClick: () => patch({ record: one.code }),
            tabIndex: 0,
            onKeyDown: (event) => {
              if (event.key === "Enter") patch({ record: one.code });
            },
          })}
          columns={[
            {
              title: systems ? t.rankInStage : t.rank,
              width: systems ? 104 : 64,
              align: "right",
              render: (_, one) => <span className="figures">{one.rank ?? "—"}</span>,
            },
            { title: t.name, render: (_, one) => <strong>{one.name}</strong> },
            ...(data.rows.some((one) => one.stage_name)
              ? [{ title: common.stage, render: (_: unknown, one: EvaluationRow) => one.stage_name ?? "—" }]
              : []),
            { title: t.grade, render: (_, one) => <GradeMark grade={one.grade} /> },
            {
              title: t.score,
              align: "right",
              render: (_, one) =>
                one.score === null ? <Missing reason={t.notEvaluated} /> : <b className="figures">{one.score}</b>,
            },
            { title: t.change, align: "right", render: (_, one) => signed(one.change) },
            ...heads.slice(0, 4).map((head, index) => ({
              title: head.name,
              align: "right" as const,
              render: (_: unknown, one: EvaluationRow) => {
                const cell = one.indicators[index];
                return cell?.applicable && cell.value !== null ? (
                  <span className="figures">
                    {number(cell.value)}
                    {cell.unit}
                  </span>
                ) : (
                  <Missing reason={cell?.applicable === false ? t.notApplicable : "没有收到数据"} />
                );
              },
            })),
          ]}
        />
      </section>
      <Panel title={t.distribution}>
        <Chart
          option={option}
          label={t.distribution}
          height={180}
          onPick={(index) => {
            const grade = data.distribution[index]?.grade;
            patch({ grade: search["grade"] === grade ? undefined : grade });
          }}
        />
        {search["grade"] && (
          <Button type="link" onClick={() => patch({ grade: undefined })}>
            {common.clearFilters}
          </Button>
        )}
      </Panel>
      <Drawer
        open={row !== undefined}
        onClose={() => patch({ record: undefined })}
        size={720}
        title={t.title}
        destroyOnHidden
      >
        {row && <Row row={row} />}
      </Drawer>
    </div>
  );
}

/** What the tier above gave to this node (上级评定). */
function FromAbove({ row, period }: { row: EvaluationRow; period: string }) {
  const me = useMe();
  const [open, setOpen] = useState(false);
  const giver = row.node === me.node.parent?.code ? me.node.parent?.name : row.node;
  return (
    <Panel title={`${t.fromAbove} · ${period}`}>
      <Space wrap>
        <strong>{row.name}</strong>
        <GradeMark grade={row.grade} />
        <strong className="figures">{row.score ?? t.notEvaluated}</strong>
        {row.rank !== null && (
          <span className="soft">
            {t.rank} {row.rank}
          </span>
        )}
        <span className="soft">
          {t.change} {signed(row.change)}
        </span>
        {giver && <span className="soft">{t.fromAboveNote(giver)}</span>}
        <Button size="small" onClick={() => setOpen(true)}>
          {t.details}
        </Button>
      </Space>
      <Drawer open={open} onClose={() => setOpen(false)} size={720} title={t.fromAbove} destroyOnHidden>
        <Row row={row} />
      </Drawer>
    </Panel>
  );
}

export function EvaluationPage() {
  const [search, patch] = useUrl();
  const names = useNames();
  const can = useCan();
  const { busy, act } = useAct();
  const me = useMe();
  const usual = me.node.tier === "city" || me.node.tier === "county" ? "system" : "division";
  const kind = search["kind"] === "system" || search["kind"] === "division" ? search["kind"] : usual;
  const params = { period: search["period"], stage: search["stage"], kind, division: search["division"] };
  const query = useQuery({
    queryKey: ["evaluation", params],
    queryFn: ({ signal }) => http.get<Evaluations>("/console/evaluations", params, signal),
  });
  const data = query.data;
  return (
    <>
      <PageHead
        title={t.title}
        extra={
          can("evaluation.compute") &&
          data && (
            <Button
              loading={busy}
              onClick={() =>
                void act(() => http.post("/console/evaluations/compute", { period: data.period }), t.computeStarted, [
                  ["evaluation"],
                ])
              }
            >
              {t.compute}
            </Button>
          )
        }
      />
      <div className="filter-bar">
        <Space wrap>
          <Segmented
            value={kind}
            options={[
              { value: "division", label: t.division },
              { value: "system", label: t.system },
            ]}
            onChange={(next) => patch({ kind: next === usual ? undefined : String(next), record: undefined })}
          />
          <Select
            style={{ width: 130 }}
            value={data?.period ?? search["period"] ?? null}
            options={(data?.periods ?? []).map((value) => ({ value, label: value }))}
            onChange={(value: string) => patch({ period: value, record: undefined })}
            aria-label={t.period}
          />
          <Select
            style={{ width: 130 }}
            allowClear
            placeholder={common.stage}
            value={search["stage"] ?? null}
            options={names.options("stage")}
            onChange={(value: string | null) => patch({ stage: value ?? undefined, record: undefined })}
            aria-label={common.stage}
          />
        </Space>
      </div>
      {data?.from_above && <FromAbove row={data.from_above} period={data.period_name ?? data.period} />}
      <QueryView
        query={query}
        isEmpty={(one) => one.rows.length === 0}
        empty={
          <Panel>
            <EmptyView text={t.empty} hint={t.emptyHint} />
          </Panel>
        }
      >
        {(one) => <Found data={one} />}
      </QueryView>
    </>
  );
}
