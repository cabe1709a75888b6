// How one system has reported: silence and its reason, indicators against thresholds, thirty days, warnings.
import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { useMemo } from "react";
import type { MonitorDetail, MonitorRow, SystemWarning } from "@/api/access";
import { Chart } from "@/charts/chart";
import { lightGround, stackedDays } from "@/charts/options";
import { http } from "@/lib/client";
import { dateTime, number } from "@/lib/format";
import { monitorText as t } from "@/locales/zh-CN/access";
import { common } from "@/locales/zh-CN/common";
import { DataTable } from "@/ui/data-table";
import { Missing, StateMark } from "@/ui/marks";
import { EmptyView, QueryView } from "@/ui/state-views";
import "./access.css";

export function Silence({ row }: { row: MonitorRow }) {
  if (!row.silent_since && !row.why) return null;
  return (
    <Alert
      type={row.silent_since ? "warning" : "info"}
      showIcon
      style={{ marginBottom: 12 }}
      title={row.silent_since ? t.since(dateTime(row.silent_since), number(row.silent_hours)) : row.why}
      {...(row.silent_since && { description: row.why })}
    />
  );
}
/** Each indicator with its threshold, and whether it is kept. */
export function Indicators({ row, short = false }: { row: MonitorRow; short?: boolean }) {
  const shown = short ? row.indicators.filter((one) => one.value !== null) : row.indicators;
  if (shown.length === 0) return <Missing reason={t.noValue} />;
  return (
    <ul className={short ? "indicators" : "indicators wide"}>
      {shown.map((one) => (
        <li key={one.code} className={one.ok === false ? "bad" : ""}>
          <span aria-hidden="true">{one.ok === null ? "○" : one.ok ? "●" : "▼"}</span> {one.name}{" "}
          {one.value === null ? <Missing reason={t.noValue} /> : <span className="figures">{one.value}%</span>}
          {one.threshold !== null && <small className="soft"> / {one.threshold}%</small>}
        </li>
      ))}
    </ul>
  );
}
function Trend({ days }: { days: MonitorDetail["days"] }) {
  const option = useMemo(
    () =>
      stackedDays(
        days.map((day) => day.day),
        [
          { name: t.accepted, values: days.map((day) => day.accepted), colour: lightGround.primary },
          { name: t.rejected, values: days.map((day) => day.rejected), colour: lightGround.bad },
        ],
        lightGround,
        "行",
      ),
    [days],
  );
  return <Chart option={option} label={t.trend} height={220} />;
}
export function Warnings({ rows, named = false }: { rows: SystemWarning[]; named?: boolean }) {
  return (
    <DataTable<SystemWarning>
      rowKey="number"
      size="small"
      dataSource={rows}
      empty={{ text: t.noHistory }}
      columns={[
        ...(named ? [{ title: t.system, dataIndex: "system_name" }] : []),
        { title: t.warnings, render: (_, row) => t.kinds[row.kind] ?? row.kind },
        { title: t.why, dataIndex: "text" },
        { title: common.time, render: (_, row) => dateTime(row.opened_at) },
        {
          title: common.state,
          render: (_, row) =>
            row.closed_at ? (
              <StateMark state="closed" name={t.closed(dateTime(row.closed_at))} />
            ) : (
              <StateMark state="confirmed" name={t.open} />
            ),
        },
      ]}
    />
  );
}
/** A figure with its unit beside it in small letters. */
export const Amount = ({ value, unit }: { value: number; unit: string }) => (
  <>
    {number(value)} <small>{unit}</small>
  </>
);
function Today({ row }: { row: MonitorDetail }) {
  const { today } = row;
  const { times, rows, ms } = t.units;
  const figures: [string, number | null, string][] = [
    [t.requests, today.requests, times],
    [t.rows, today.rows, rows],
    ...Object.entries(t.errorKinds).map(([kind, label]): [string, number, string] => [
      `${t.errors}·${label}`,
      today.errors[kind as keyof typeof today.errors],
      times,
    ]),
    [t.refused, today.refused, times],
    [t.mean, today.mean_ms, ms],
  ];
  return (
    <div className="cards narrow">
      {figures.map(([label, value, unit]) => (
        <div key={label} className="stat">
          <b>{value === null ? <Missing reason={t.noValue} /> : <Amount value={value} unit={unit} />}</b>
          <span>
            {t.today}
            {label}
          </span>
        </div>
      ))}
    </div>
  );
}
export function MonitorTab({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ["system", id, "monitor"],
    queryFn: ({ signal }) => http.get<MonitorDetail>(`/console/systems/${id}/monitor`, undefined, signal),
  });
  return (
    <QueryView query={query} isEmpty={(row) => !row.indicators}>
      {(row) => (
        <>
          <Silence row={row} />
          <Today row={row} />
          <h3>
            {t.indicators} {row.period && <small className="soft">{row.period}</small>}
          </h3>
          <Indicators row={row} />
          <h3>{t.trend}</h3>
          {row.days.some((day) => day.rows > 0) ? <Trend days={row.days} /> : <EmptyView text={t.noDays} />}
          <h3>{t.history}</h3>
          <Warnings rows={row.history} />
        </>
      )}
    </QueryView>
  );
}
