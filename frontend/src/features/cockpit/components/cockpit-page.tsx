// 总览: the wall screen. Every tile leads to its list with the same scope and period.
import { ExpandOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Segmented, Select } from "antd";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import type { Cockpit } from "@/api/types";
import { Chart } from "@/charts/chart";
import { darkGround, stageOption, trendOption } from "@/charts/options";
import { cockpitQuery, useCockpitStream } from "@/features/cockpit/api/cockpit";
import { ExchangeTile, FiguresRow, Ranking, rankingTitle, Warnings } from "@/features/cockpit/components/tiles";
import { dateTime } from "@/lib/format";
import { stringifySearch, useGo, useUrl } from "@/lib/nav";
import { divisionQuery, useNames } from "@/lib/reference";
import { useMe } from "@/lib/session";
import { cockpitText as t } from "@/locales/zh-CN/cockpit";
import { mapText } from "@/locales/zh-CN/map";
import { flowsQuery, pointsQuery, valuesQuery, type Metric } from "@/map/loaders";
import { strongest } from "@/map/layers/build";
import { RegionMap } from "@/map/region-map";
import { AppLink } from "@/ui/app-link";
import { DivisionSelect } from "@/ui/division-select";
import { ErrorView, Loading } from "@/ui/state-views";
import "./cockpit.css";

const metrics: Metric[] = ["reporting_rate", "score", "findings"];
const isMetric = (value: string | undefined): value is Metric => metrics.includes(value as Metric);

function Tile({
  title,
  href,
  area,
  extra,
  children,
}: {
  title: ReactNode;
  href?: string;
  area: string;
  extra?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={`tile tile-${area}`} style={{ gridArea: area }}>
      <div className="tile-head">
        <h2>{href ? <AppLink href={href}>{title} ›</AppLink> : title}</h2>
        {extra}
      </div>
      <div className="tile-body">{children}</div>
    </section>
  );
}

function Now() {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 15_000);
    return () => clearInterval(timer);
  }, []);
  return <span className="figures">{dateTime(now.toISOString())}</span>;
}

function MapTile({
  data,
  division,
  metric,
  setMetric,
  pick,
  up,
  category,
}: {
  data: Cockpit;
  division: string;
  metric: Metric;
  setMetric: (metric: Metric) => void;
  pick: (code: string) => void;
  up: (() => void) | undefined;
  category: string | undefined;
}) {
  const go = useGo();
  const county = !division.endsWith("00");
  const values = useQuery({
    ...valuesQuery(division, metric, category),
    enabled: !county && metric !== data.map.metric,
    placeholderData: keepPreviousData,
  });
  const points = useQuery({ ...pointsQuery(division, 7), placeholderData: keepPreviousData });
  const flows = useQuery({ ...flowsQuery(division, 1), placeholderData: keepPreviousData });
  const allFlows = flows.data?.flows;
  const shownFlows = useMemo(() => allFlows && strongest(allFlows, 40), [allFlows]);
  const extra = (
    <span className="tile-tools">
      {up && (
        <Button size="small" onClick={up}>
          {mapText.up}
        </Button>
      )}
      <Segmented
        size="small"
        value={metric}
        options={metrics.map((one) => ({ value: one, label: mapText.metrics[one] }))}
        onChange={(next) => setMetric(next as Metric)}
      />
    </span>
  );
  return (
    <Tile
      area="map"
      title={`${data.scope.division_name} · ${mapText.metrics[metric]}`}
      href={`/console/map${stringifySearch({ division, metric })}`}
      extra={extra}
    >
      <RegionMap
        dark
        parent={data.map.parent}
        metric={metric}
        values={metric === data.map.metric ? data.map : values.data}
        points={points.data}
        flows={shownFlows}
        onPick={pick}
        onSubject={(id) => go(`/console/subjects/${id}`)}
      />
    </Tile>
  );
}

export function CockpitPage({ menu }: { menu: ReactNode }) {
  const me = useMe();
  const names = useNames();
  const [search, patch] = useUrl();
  const days = [7, 30, 90].includes(Number(search["days"])) ? Number(search["days"]) : 30;
  const scope = { division: search["division"], category: search["category"], days };
  const division = scope.division ?? me.account.division;
  const metric = isMetric(search["metric"]) ? search["metric"] : "reporting_rate";
  const live = useCockpitStream();
  const query = useQuery({
    ...cockpitQuery(scope),
    placeholderData: keepPreviousData,
    refetchInterval: live ? 60_000 : 10_000,
  });
  const place = useQuery({ ...divisionQuery(division), enabled: division !== me.divisions_in_scope_root });
  const steps = place.data?.path.map((step) => step.code) ?? [];
  const parent = steps.at(steps.at(-1) === division ? -2 : -1);
  const carry = stringifySearch({ division: scope.division, category: scope.category });
  const data = query.data;
  const trendData = data?.trend;
  const stageData = data?.stages;
  const trend = useMemo(() => (trendData ? trendOption(trendData, darkGround) : null), [trendData]);
  const stages = useMemo(() => (stageData ? stageOption(stageData, darkGround) : null), [stageData]);
  const go = useGo();
  const full = () =>
    void (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.());
  const pick = (code: string) => patch({ division: code });
  const up =
    division === me.divisions_in_scope_root
      ? undefined
      : () => patch({ division: parent === me.divisions_in_scope_root ? undefined : parent });
  const tier = place.data?.tier ?? me.node.tier;
  return (
    <main className="cockpit">
      <header className="cockpit-head">
        <div className="cockpit-left">
          {menu}
          <DivisionSelect
            root={me.divisions_in_scope_root}
            rootName={me.account.division_name}
            value={scope.division}
            onChange={(code) => patch({ division: code })}
            width={150}
          />
          <Select
            style={{ width: 110 }}
            value={scope.category ?? ""}
            options={[{ value: "", label: t.allCategories }, ...names.options("category")]}
            onChange={(code) => patch({ category: code || undefined })}
            aria-label="品类"
          />
          <Select
            style={{ width: 112 }}
            value={days}
            options={[7, 30, 90].map((value) => ({ value, label: t.days(value) }))}
            onChange={(value) => patch({ days: String(value) })}
            aria-label="时段"
          />
        </div>
        <h1>{me.node.platform_name}</h1>
        <div className="cockpit-right">
          <Now />
          <span className="soft">
            {t.until} {dateTime(data?.data_until)}
          </span>
          <span className={live ? "live on" : "live"}>{live ? t.live : t.polling}</span>
          <Button type="text" icon={<ExpandOutlined />} onClick={full} aria-label={t.full} />
        </div>
      </header>
      {!data || !trend || !stages ? (
        query.isError ? (
          <ErrorView error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Loading height={600} />
        )
      ) : (
        <>
          <FiguresRow figures={data.figures} />
          <div className="cockpit-grid">
            <Tile area="rank" title={rankingTitle(data.ranking, tier)} href={`/console/evaluations${carry}`}>
              <Ranking
                rows={data.ranking}
                onPick={(row) =>
                  row.kind === "division" ? pick(row.code) : go(`/console/evaluations?record=${row.code}`)
                }
              />
            </Tile>
            <MapTile
              data={data}
              division={division}
              metric={metric}
              setMetric={(next) => patch({ metric: next === "reporting_rate" ? undefined : next }, true)}
              pick={pick}
              up={up}
              category={scope.category}
            />
            <Tile
              area="warn"
              title={t.warnings}
              href={`/console/findings${stringifySearch({ state: "open", division: scope.division })}`}
            >
              <Warnings rows={data.warnings} />
            </Tile>
            <Tile area="trend" title={t.trend(days)} href={`/console/events${carry}`}>
              <Chart option={trend} label={t.trend(days)} />
            </Tile>
            <Tile area="stage" title={t.stages} href={`/console/events${carry}`}>
              <Chart
                option={stages}
                label={t.stages}
                onPick={(index) =>
                  go(`/console/events${stringifySearch({ ...search, stage: data.stages[index]?.stage })}`)
                }
              />
            </Tile>
            <Tile area="sync" title={t.exchange} href="/console/exchange">
              <ExchangeTile exchange={data.exchange} />
            </Tile>
          </div>
        </>
      )}
    </main>
  );
}
