// The trail in figures: what was done by day and by whom, and what is out of the ordinary.
import { useQuery } from "@tanstack/react-query";
import { DatePicker } from "antd";
import dayjs from "dayjs";
import { useMemo } from "react";
import type { AuditStatistics } from "@/api/people";
import { Chart } from "@/charts/chart";
import { lightGround, stackedDays } from "@/charts/options";
import { http } from "@/lib/client";
import { date, number } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { actorText, auditText as t } from "@/locales/zh-CN/audit";
import { AppLink } from "@/ui/app-link";
import { DataTable } from "@/ui/data-table";
import { StateMark, When } from "@/ui/marks";
import { Panel } from "@/ui/page";
import { EmptyView, QueryView } from "@/ui/state-views";

type Unusual = AuditStatistics["unusual"][number];
const instant = (day: string, end: boolean) => new Date(`${day}T${end ? "23:59:59" : "00:00:00"}+08:00`).toISOString();

/** Every day of the period, those without a row as well. */
export function everyDay({ from, to, days }: Pick<AuditStatistics, "from" | "to" | "days">): AuditStatistics["days"] {
  const known = new Map(days.map((day) => [day.day, day]));
  const last = date(to);
  const all: AuditStatistics["days"] = [];
  for (let day = dayjs(date(from)); day.format("YYYY-MM-DD") <= last; day = day.add(1, "day")) {
    const name = day.format("YYYY-MM-DD");
    all.push(known.get(name) ?? { day: name, ok: 0, denied: 0, failed: 0 });
  }
  return all;
}
function Days({ days }: { days: AuditStatistics["days"] }) {
  const option = useMemo(
    () =>
      stackedDays(
        days.map((day) => day.day),
        [
          { name: t.results.ok, values: days.map((day) => day.ok), colour: lightGround.primary },
          { name: t.results.denied, values: days.map((day) => day.denied), colour: "#B7791F" },
          { name: t.results.failed, values: days.map((day) => day.failed), colour: lightGround.bad },
        ],
        lightGround,
        t.unit,
      ),
    [days],
  );
  return <Chart option={option} label={t.byDay} height={240} />;
}
/** The rows behind an unusual find. */
const behind = (row: Unusual) => `/console/audit?actor=${encodeURIComponent(row.actor)}&from=${row.day}&to=${row.day}`;

function Body({ data }: { data: AuditStatistics }) {
  return (
    <>
      <Panel title={t.unusual} extra={<span className="soft">{t.unusualNote}</span>} flush>
        <DataTable<Unusual>
          rowKey={(row) => `${row.kind}-${row.actor}-${row.day}`}
          size="small"
          dataSource={data.unusual}
          empty={{ text: t.unusualNone }}
          columns={[
            { title: t.kind, render: (_, row) => <StateMark state="suspended" name={row.kind_name} /> },
            { title: t.actor, render: (_, row) => actorText(row.actor) },
            { title: t.day, dataIndex: "day" },
            { title: t.times, align: "right", render: (_, row) => number(row.count) },
            { title: t.what, dataIndex: "text" },
            { title: "", render: (_, row) => <AppLink href={behind(row)}>{t.see}</AppLink> },
          ]}
        />
      </Panel>
      <Panel title={t.byDay} extra={<span className="soft">{t.total(number(data.total))}</span>}>
        {data.days.length > 0 ? <Days days={everyDay(data)} /> : <EmptyView />}
      </Panel>
      <div className="two">
        <Panel title={t.byActor} flush>
          <DataTable<AuditStatistics["actors"][number]>
            rowKey={(row) => `${row.actor}-${row.role}`}
            size="small"
            dataSource={data.actors}
            columns={[
              {
                title: t.actor,
                render: (_, row) => (
                  <AppLink href={`/console/audit?actor=${encodeURIComponent(row.actor)}`}>
                    {actorText(row.actor)}
                  </AppLink>
                ),
              },
              { title: t.role, dataIndex: "role_name" },
              { title: t.results.ok, align: "right", render: (_, row) => number(row.ok) },
              { title: t.results.denied, align: "right", render: (_, row) => number(row.denied) },
              { title: t.results.failed, align: "right", render: (_, row) => number(row.failed) },
              { title: t.lastAt, render: (_, row) => <When at={row.last_at} /> },
            ]}
          />
        </Panel>
        <Panel title={t.byAction} flush>
          <DataTable<AuditStatistics["actions"][number]>
            rowKey="action"
            size="small"
            dataSource={data.actions}
            columns={[
              {
                title: t.action,
                render: (_, row) => (
                  <AppLink href={`/console/audit?action=${encodeURIComponent(row.action)}`}>{row.action_name}</AppLink>
                ),
              },
              { title: t.times, align: "right", render: (_, row) => number(row.count) },
            ]}
          />
        </Panel>
      </div>
    </>
  );
}

export function Statistics() {
  const [search, patch] = useUrl();
  const from = search["from"];
  const to = search["to"];
  const query = useQuery({
    queryKey: ["audit", "statistics", from, to],
    queryFn: ({ signal }) =>
      http.get<AuditStatistics>(
        "/console/audit/statistics",
        { from: from && instant(from, false), to: to && instant(to, true) },
        signal,
      ),
  });
  return (
    <>
      <div style={{ marginBottom: 12 }}>
        <DatePicker.RangePicker
          aria-label={t.period}
          value={from && to ? [dayjs(from), dayjs(to)] : null}
          maxDate={dayjs()}
          onChange={(range) => patch({ from: range?.[0]?.format("YYYY-MM-DD"), to: range?.[1]?.format("YYYY-MM-DD") })}
        />{" "}
        <span className="soft">{t.periodNote}</span>
      </div>
      <QueryView query={query} isEmpty={(data) => !data.days} empty={<EmptyView hint={t.emptyHint} />}>
        {(data) => <Body data={data} />}
      </QueryView>
    </>
  );
}
