// The subjects of a list on the map: clusters, colours by division, areas drawn by hand, and distances.
import {
  AimOutlined,
  BorderOutlined,
  ColumnWidthOutlined,
  GatewayOutlined,
  RadiusSettingOutlined,
} from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, InputNumber, Segmented, Space } from "antd";
import type { Position } from "geojson";
import type { Map as GlMap } from "maplibre-gl";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import type { MapPoints, MapValues } from "@/api/types";
import { AreaList } from "@/features/registers/components/area-list";
import { http, type Query } from "@/lib/client";
import { number } from "@/lib/format";
import { useUrl } from "@/lib/nav";
import { aboveOf, divisionQuery } from "@/lib/reference";
import { useMe } from "@/lib/session";
import { mapText as t } from "@/locales/zh-CN/map";
import { length, lengthText, showDrawn, useDrawing, type Tool } from "@/map/drawing";
import { RegionMap } from "@/map/region-map";
import { parseShape, RADIUS, shapeFeatures, shapeOf, shapeText } from "@/map/shape";
import { parseAt, useCounts, useViewport } from "@/map/viewport";

const tools: { value: Tool; label: string; icon: ReactNode }[] = [
  { value: "box", label: t.box, icon: <BorderOutlined /> },
  { value: "polygon", label: t.polygon, icon: <GatewayOutlined /> },
  { value: "circle", label: t.circle, icon: <RadiusSettingOutlined /> },
  { value: "distance", label: t.distance, icon: <ColumnWidthOutlined /> },
];

export function SubjectMap({ query }: { query: Query }) {
  const me = useMe();
  const [search, patch] = useUrl();
  const [map, setMap] = useState<GlMap | null>(null);
  const [tool, setTool] = useState<Tool | null>(null);
  const [line, setLine] = useState<Position[]>([]);
  const division = search["division"] ?? me.divisions_in_scope_root;
  const here = useQuery(divisionQuery(division));
  // The map of a division shows those below it; the lowest tier is shown inside the one above.
  const inner = here.data && !here.data.has_children ? (aboveOf(here.data) ?? division) : division;
  const parent = inner === "100000" ? "000000" : inner;
  const conditions: Query = { ...query, sort: undefined, division };
  const viewport = useViewport(map);
  const values = useQuery({
    queryKey: ["map", "values", "subjects", conditions],
    queryFn: ({ signal }) => http.get<MapValues>("/console/map/values", { ...conditions, metric: "subjects" }, signal),
    placeholderData: keepPreviousData,
  });
  const points = useQuery({
    queryKey: ["map", "points", conditions, viewport?.zoom, viewport?.bbox],
    queryFn: ({ signal }) =>
      http.get<MapPoints>("/console/map/points", { ...conditions, zoom: viewport?.zoom, bbox: viewport?.bbox }, signal),
    enabled: viewport !== null,
    placeholderData: keepPreviousData,
  });
  useCounts(map, points.data);
  // The extent of the link is where the map begins; afterwards the map moves the link.
  const [begin] = useState(() => parseAt(search["at"]));
  const at = viewport?.at;
  useEffect(() => {
    if (at) patch({ at }, true);
  }, [at, patch]);
  const shape = useMemo(() => parseShape(search["shape"]), [search]);
  const drawn = search["shape"];
  useEffect(() => {
    if (!tool && line.length === 0) showDrawn(map, shapeFeatures(parseShape(drawn)));
  }, [map, drawn, tool, line]);
  useDrawing(map, tool, {
    onCorners: setLine,
    onStop: () => {
      setTool(null);
      setLine([]);
    },
    onDone: (corners) => {
      if (tool === "distance") {
        setLine(corners);
        setTool(null);
        return;
      }
      const made = tool && shapeOf(tool, corners);
      setTool(null);
      setLine([]);
      if (made) patch({ shape: shapeText(made) });
    },
  });
  const clear = () => {
    setTool(null);
    setLine([]);
    patch({ shape: undefined });
  };
  const total = (points.data as (MapPoints & { total?: number }) | undefined)?.total;
  return (
    <div className="subject-map">
      <div className="subject-map-main">
        <div className="map-tools" role="toolbar" aria-label={t.tools}>
          <Space wrap>
            <Segmented
              value={tool ?? ("none" as Tool)}
              options={[{ value: "none" as Tool, label: t.stopTool, icon: <AimOutlined /> }, ...tools]}
              onChange={(next) => {
                setLine([]);
                setTool(next === ("none" as Tool) ? null : next);
              }}
            />
            {shape?.kind === "circle" && (
              <InputNumber
                aria-label={t.radius}
                prefix={t.radius}
                min={RADIUS.least}
                max={RADIUS.most}
                step={1}
                style={{ width: 180 }}
                value={shape.km}
                onChange={(km) => km && patch({ shape: shapeText({ ...shape, km }) }, true)}
              />
            )}
            {(shape || line.length > 0) && <Button onClick={clear}>{t.clearShape}</Button>}
            <span className="soft" aria-live="polite">
              {tool ? t.hints[tool] : total === undefined ? t.unplacedNote : t.inView(number(total))}
              {line.length > 1 && (tool === "distance" || !tool) && (
                <strong className="figures"> {t.length(lengthText(length(line)))}</strong>
              )}
            </span>
          </Space>
        </div>
        <div className="subject-map-canvas">
          <RegionMap
            parent={parent}
            metric="subjects"
            values={values.data}
            points={points.data}
            focus={begin}
            quiet
            drawing={tool !== null}
            onMap={setMap}
            onPick={(code) => patch({ division: code, at: undefined, after: undefined, page: undefined })}
            onSubject={(id) => patch({ record: id })}
          />
        </div>
      </div>
      <AreaList query={conditions} shape={shape} />
    </div>
  );
}
