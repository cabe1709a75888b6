// An area drawn on a map: as the node takes it, as it stands in the link, and as it is drawn again.
import type { FeatureCollection, Position } from "geojson";
import { circleRing, drawnShape, type Tool } from "@/map/drawing";

export type Shape =
  | { kind: "box"; box: [number, number, number, number] }
  | { kind: "polygon"; rings: Position[][] }
  | { kind: "circle"; center: [number, number]; km: number };
/** Radius that a new circle has, and the bounds that the node takes, in kilometres. */
export const RADIUS = { first: 5, least: 0.05, most: 500 } as const;

const round = (degrees: number | undefined) => Math.round((degrees ?? 0) * 1e5) / 1e5;

/** The shape of finished corners (closed ring). */
export function shapeOf(tool: Tool, ring: Position[]): Shape | null {
  if (tool === "box") {
    const lons = ring.map((point) => round(point[0]));
    const lats = ring.map((point) => round(point[1]));
    return { kind: "box", box: [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)] };
  }
  if (tool === "polygon") return { kind: "polygon", rings: [ring.map(([lon, lat]) => [round(lon), round(lat)])] };
  const centre = ring[0];
  if (tool === "circle" && centre)
    return { kind: "circle", center: [round(centre[0]), round(centre[1])], km: RADIUS.first };
  return null;
}
/** `box:w,s,e,n`, `polygon:lon,lat;lon,lat;…` or `circle:lon,lat,km`. */
export function shapeText(shape: Shape): string {
  if (shape.kind === "circle") return `circle:${[...shape.center, shape.km].join(",")}`;
  return shape.kind === "box"
    ? `box:${shape.box.join(",")}`
    : `polygon:${(shape.rings[0] ?? []).map((point) => point.join(",")).join(";")}`;
}
export function parseShape(text: string | undefined): Shape | null {
  const [kind, rest = ""] = (text ?? "").split(":");
  const points = rest.split(";").map((point) => point.split(",").map(Number));
  if (points.flat().some((one) => !Number.isFinite(one))) return null;
  const box = points[0];
  if (kind === "box" && box?.length === 4) return { kind, box: box as [number, number, number, number] };
  if (kind === "circle" && box?.length === 3) {
    const [lon = 0, lat = 0, km = 0] = box;
    return km >= RADIUS.least && km <= RADIUS.most ? { kind, center: [lon, lat], km } : null;
  }
  if (kind === "polygon" && points.length >= 4 && points.every((point) => point.length === 2))
    return { kind, rings: [points] };
  return null;
}
export function shapeFeatures(shape: Shape | null): FeatureCollection {
  if (!shape) return { type: "FeatureCollection", features: [] };
  if (shape.kind === "polygon") return drawnShape("polygon", (shape.rings[0] ?? []).slice(0, -1));
  if (shape.kind === "circle") {
    const { features } = drawnShape("polygon", circleRing(shape.center, shape.km * 1000).slice(0, -1));
    return { type: "FeatureCollection", features: features.filter((one) => one.geometry.type !== "Point") };
  }
  const [west, south, east, north] = shape.box;
  return drawnShape("box", [
    [west, south],
    [east, north],
  ]);
}
