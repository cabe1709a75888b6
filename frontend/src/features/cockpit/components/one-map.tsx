// 一张图: the same map on a light ground with switchable layers, and the values as a table.
import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Segmented, Space } from "antd";
import { useMemo } from "react";
import type { MapValue } from "@/api/types";
import { useGo, useUrl } from "@/lib/nav";
import { divisionQuery } from "@/lib/reference";
import { useMe } from "@/lib/session";
import { cockpitText as t } from "@/locales/zh-CN/cockpit";
import { common } from "@/locales/zh-CN/common";
import { mapText } from "@/locales/zh-CN/map";
import { flowsQuery, pointsQuery, regionsQuery, valuesQuery, type Metric } from "@/map/loaders";
import { strongest } from "@/map/layers/build";
import { mapPicture } from "@/map/picture";
import { RegionMap } from "@/map/region-map";
import { DataTable } from "@/ui/data-table";
import { FigureText } from "@/ui/marks";
import { PageHead, Panel } from "@/ui/page";

const metrics = Object.keys(mapText.metrics) as Metric[];

async function savePng(name: string): Promise<void> {
  const map = document.querySelector(".region-map");
  const blob = map && (await mapPicture(map, "#ffffff"));
  if (!blob) return;
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(blob);
  anchor.download = `${name}.png`;
  anchor.click();
  URL.revokeObjectURL(anchor.href);
}

export function OneMapPage() {
  const me = useMe();
  const go = useGo();
  const [search, patch] = useUrl();
  const division = search["division"] ?? me.account.division;
  const metric = metrics.find((one) => one === search["metric"]) ?? "reporting_rate";
  const layers = (search["layers"] ?? "points,flows").split(",");
  const parent = division === "100000" ? "000000" : division;
  const regions = useQuery(regionsQuery(parent));
  const values = useQuery(valuesQuery(division, metric, search["category"]));
  const points = useQuery({ ...pointsQuery(division, 7), enabled: layers.includes("points") });
  const flows = useQuery({ ...flowsQuery(division, 30), enabled: layers.includes("flows") });
  const allFlows = flows.data?.flows;
  const shownFlows = useMemo(() => allFlows && strongest(allFlows, 60), [allFlows]);
  const here = useQuery(divisionQuery(division));
  const steps = here.data?.path.map((step) => step.code) ?? [];
  const up = steps.at(steps.at(-1) === division ? -2 : -1);
  const names = new Map(
    (regions.data?.features ?? []).map((region) => [region.properties.code, region.properties.name]),
  );
  const focus =
    search["lon"] && search["lat"]
      ? { lon: Number(search["lon"]), lat: Number(search["lat"]), zoom: Number(search["zoom"] ?? 9) }
      : undefined;
  const extra = (
    <Space wrap>
      {division !== me.divisions_in_scope_root && up && (
        <Button onClick={() => patch({ division: up === me.divisions_in_scope_root ? undefined : up })}>
          {mapText.up}
        </Button>
      )}
      <Segmented
        value={metric}
        options={metrics.map((one) => ({ value: one, label: mapText.metrics[one] }))}
        onChange={(next) => patch({ metric: String(next) }, true)}
      />
      <Checkbox.Group
        value={layers}
        options={[
          { value: "points", label: mapText.points },
          { value: "flows", label: mapText.flows },
        ]}
        onChange={(next) => patch({ layers: next.length > 0 ? next.join(",") : "none" }, true)}
      />
      <Button onClick={() => void savePng(`${here.data?.name ?? t.mapTitle}-${mapText.metrics[metric]}`)}>
        {mapText.print}
      </Button>
    </Space>
  );
  return (
    <>
      <PageHead title={t.mapTitle} note={here.data?.name} extra={extra} />
      <div className="with-aside wide">
        <Panel flush>
          <div style={{ height: "calc(100vh - 172px)", minHeight: 480 }}>
            <RegionMap
              parent={parent}
              metric={metric}
              values={values.data}
              points={layers.includes("points") ? points.data : undefined}
              flows={layers.includes("flows") ? shownFlows : undefined}
              focus={focus}
              onPick={(code) => patch({ division: code, lon: undefined, lat: undefined })}
              onSubject={(id) => go(`/console/subjects/${id}`)}
            />
          </div>
        </Panel>
        <Panel flush title={`${t.list} · ${mapText.metrics[metric]}`}>
          <DataTable<MapValue>
            size="small"
            rowKey="code"
            pagination={false}
            scroll={{ y: "calc(100vh - 262px)" }}
            query={values}
            dataSource={values.data?.values ?? []}
            onRow={(row) => ({ onClick: () => patch({ division: row.code }), className: "row-link" })}
            columns={[
              { title: common.division, render: (_, row) => names.get(row.code) ?? row.code },
              {
                title: mapText.metrics[metric],
                align: "right",
                render: (_, row) => <FigureText value={row.value} state={row.state} unit={mapText.units[metric]} />,
              },
            ]}
          />
        </Panel>
      </div>
    </>
  );
}
