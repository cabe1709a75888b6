// Loaded data to GeoJSON sources: regions with their fill, flows as arcs, places as points, and the extent of it all.
import type { Feature, FeatureCollection, Geometry, LineString, Point, Position } from "geojson";
import type { Flow, MapPoints, MapValues } from "@/api/types";
import { number, unitName } from "@/lib/format";
import type { Scale } from "@/map/scale";

export interface RegionProperties {
  code: string;
  name: string;
  point?: [number, number] | string;
}
export type Regions = FeatureCollection<Geometry, RegionProperties>;
export type Box = [[number, number], [number, number]];
/** The extent that a national map must show: all islands of the South China Sea included. */
export const nationBox: Box = [
  [73, 3],
  [135.5, 54],
];

/** Regions with the properties that the layers read. */
export function paintRegions(regions: Regions, values: MapValues | undefined, scale: Scale): FeatureCollection {
  const byCode = new Map((values?.values ?? []).map((one) => [one.code, one]));
  return {
    type: "FeatureCollection",
    features: regions.features.map((region) => {
      const value = byCode.get(region.properties.code);
      return {
        ...region,
        id: Number(region.properties.code),
        properties: {
          ...region.properties,
          fill: scale.fill(value),
          value: value?.value ?? null,
          state: value?.state ?? "missing",
        },
      };
    }),
  };
}
/** An arc from place to place, bent to the left, so that two directions do not cover each other. */
export function arc(from: Position, to: Position, steps = 24): Position[] {
  const [ax = 0, ay = 0] = from;
  const [bx = 0, by = 0] = to;
  const cx = (ax + bx) / 2 - (by - ay) * 0.18;
  const cy = (ay + by) / 2 + (bx - ax) * 0.18;
  return Array.from({ length: steps + 1 }, (_, index) => {
    const t = index / steps;
    const s = 1 - t;
    return [s * s * ax + 2 * s * t * cx + t * t * bx, s * s * ay + 2 * s * t * cy + t * t * by];
  });
}
/** The flows that carry most, so that a map stays readable. */
export function strongest(flows: Flow[], most: number): Flow[] {
  const weight = (flow: Flow) => Number(flow.quantity ?? flow.events) || 0;
  return [...flows].sort((a, b) => weight(b) - weight(a)).slice(0, most);
}
export function flowLines(flows: Flow[]): FeatureCollection<LineString> {
  const weight = (flow: Flow) => Number(flow.quantity ?? flow.events) || 0;
  const most = Math.max(1, ...flows.map(weight));
  return {
    type: "FeatureCollection",
    features: flows.map((flow): Feature<LineString> => ({
      type: "Feature",
      geometry: { type: "LineString", coordinates: arc([flow.from.lon, flow.from.lat], [flow.to.lon, flow.to.lat]) },
      properties: {
        width: 0.8 + 4.2 * Math.sqrt(weight(flow) / most),
        text: `${flow.from.name} → ${flow.to.name}：${number(flow.quantity ?? flow.events)} ${flow.quantity ? unitName(flow.unit) : "条"}`,
      },
    })),
  };
}
export function flowEnds(flows: Flow[]): FeatureCollection<Point> {
  return {
    type: "FeatureCollection",
    features: flows.map((flow) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [flow.to.lon, flow.to.lat] },
      properties: { name: flow.to.name },
    })),
  };
}
export function pointMarks(points: MapPoints | undefined): FeatureCollection<Point> {
  return {
    type: "FeatureCollection",
    features: (points?.clusters ?? []).map((cluster) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [cluster.lon, cluster.lat] },
      properties: {
        count: cluster.count,
        radius: 3 + Math.min(15, Math.log2(cluster.count + 1) * 1.6),
        name: cluster.subject?.name ?? `${cluster.count} 家主体`,
        id: cluster.subject?.id ?? null,
      },
    })),
  };
}
/** The smallest box around all positions, or null where there are none. */
export function boxOf(collection: FeatureCollection): Box | null {
  const box = [Infinity, Infinity, -Infinity, -Infinity] as [number, number, number, number];
  const visit = (coordinates: unknown): void => {
    if (!Array.isArray(coordinates)) return;
    if (typeof coordinates[0] === "number") {
      const [x, y] = coordinates as [number, number];
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
      return;
    }
    for (const part of coordinates) visit(part);
  };
  for (const feature of collection.features)
    if (feature.geometry && "coordinates" in feature.geometry) visit(feature.geometry.coordinates);
  return Number.isFinite(box[0])
    ? [
        [box[0], box[1]],
        [box[2], box[3]],
      ]
    : null;
}
/** A box with room around it, at least a quarter of a degree, so that what is in it can be told by its surroundings. */
export function wider(box: Box | null): Box | null {
  if (!box) return null;
  const room = Math.max(0.25, (box[1][0] - box[0][0]) * 0.35, (box[1][1] - box[0][1]) * 0.35);
  return [
    [box[0][0] - room, box[0][1] - room],
    [box[1][0] + room, box[1][1] + room],
  ];
}
export const empty: FeatureCollection = { type: "FeatureCollection", features: [] };
