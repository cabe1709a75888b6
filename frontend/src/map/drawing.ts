// Drawing on a map: a box, a polygon or a measured line, by mouse or touch, ended with a double click or Enter.
import type { Feature, FeatureCollection, Position } from "geojson";
import type { GeoJSONSource, Map as GlMap, MapMouseEvent } from "maplibre-gl";
import { useEffect, useRef } from "react";

export type Tool = "box" | "polygon" | "circle" | "distance";
/** The most corners that the node takes. */
export const MOST_CORNERS = 1000;
const EARTH_METRES = 6_371_008.8;

/** Metres over the ground along a line. */
export function length(line: Position[]): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  return line.slice(1).reduce((sum, [lon = 0, lat = 0], index) => {
    const [fromLon = 0, fromLat = 0] = line[index] ?? [];
    const half =
      Math.sin(radians(lat - fromLat) / 2) ** 2 +
      Math.cos(radians(fromLat)) * Math.cos(radians(lat)) * Math.sin(radians(lon - fromLon) / 2) ** 2;
    return sum + 2 * EARTH_METRES * Math.asin(Math.min(1, Math.sqrt(half)));
  }, 0);
}
/** `850 米` or `12.4 千米`. */
export function lengthText(metres: number): string {
  return metres < 1000 ? `${Math.round(metres)} 米` : `${(metres / 1000).toFixed(1)} 千米`;
}
/** The ring around a box given by two opposite corners, closed. */
export function boxRing([ax = 0, ay = 0]: Position, [bx = 0, by = 0]: Position): Position[] {
  const [west, east, south, north] = [Math.min(ax, bx), Math.max(ax, bx), Math.min(ay, by), Math.max(ay, by)];
  return [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
}

/** What is shown while and after drawing: corners, the line between them, and the area where there is one. */
export function drawnShape(tool: Tool, corners: Position[]): FeatureCollection {
  const ring =
    tool === "box" && corners.length === 2
      ? boxRing(corners[0] as Position, corners[1] as Position)
      : tool === "polygon" && corners.length > 2
        ? [...corners, corners[0] as Position]
        : null;
  const features: Feature[] = corners.map((coordinates) => ({
    type: "Feature",
    properties: {},
    geometry: { type: "Point", coordinates },
  }));
  if (ring) features.unshift({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } });
  else if (corners.length > 1)
    features.unshift({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: corners } });
  return { type: "FeatureCollection", features };
}

/** Corners that make a whole. */
const least: Record<Tool, number> = { box: 2, polygon: 3, circle: 1, distance: 2 };

/** A closed ring around a place, close enough to a circle to be drawn. */
export function circleRing([lon = 0, lat = 0]: Position, metres: number, steps = 64): Position[] {
  const up = (metres / EARTH_METRES) * (180 / Math.PI);
  const across = up / Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  return Array.from({ length: steps + 1 }, (_, index) => {
    const angle = (2 * Math.PI * index) / steps;
    return [lon + across * Math.cos(angle), lat + up * Math.sin(angle)];
  });
}

interface Wishes {
  /** The corners so far, whenever they change. */
  onCorners: (corners: Position[]) => void;
  /** A finished ring (closed) or line. */
  onDone: (corners: Position[]) => void;
  onStop: () => void;
}

/** Lets the user draw with a tool; nothing happens without one. */
export function useDrawing(map: GlMap | null, tool: Tool | null, wishes: Wishes): void {
  const latest = useRef(wishes);
  useEffect(() => {
    latest.current = wishes;
  });
  useEffect(() => {
    if (!map || !tool) return;
    let corners: Position[] = [];
    const show = (some: Position[]) => {
      void map.getSource<GeoJSONSource>("drawn")?.setData(drawnShape(tool, some));
      latest.current.onCorners(some);
    };
    const done = () => {
      if (corners.length < least[tool]) return;
      latest.current.onDone(
        tool === "box"
          ? boxRing(corners[0] as Position, corners[1] as Position)
          : tool === "polygon"
            ? [...corners, corners[0] as Position]
            : corners,
      );
      corners = [];
    };
    const at = (event: MapMouseEvent): Position => [event.lngLat.lng, event.lngLat.lat];
    const click = (event: MapMouseEvent) => {
      const point = at(event);
      const last = corners.at(-1);
      const same =
        last && Math.abs((last[0] ?? 0) - (point[0] ?? 0)) + Math.abs((last[1] ?? 0) - (point[1] ?? 0)) < 1e-9;
      if (!same && corners.length < MOST_CORNERS) corners = [...corners, point];
      show(corners);
      if ((tool === "box" && corners.length === 2) || tool === "circle") done();
    };
    const move = (event: MapMouseEvent) => {
      if (corners.length > 0) show([...corners, at(event)]);
    };
    const finish = (event: MapMouseEvent) => {
      event.preventDefault();
      show(corners);
      done();
    };
    const key = (event: KeyboardEvent) => {
      if (event.key === "Enter" && corners.length > 1) done();
      else if (event.key === "Backspace" && corners.length > 0) show((corners = corners.slice(0, -1)));
      else if (event.key === "Escape") latest.current.onStop();
      else return;
      event.preventDefault();
    };
    show([]);
    const canvas = map.getCanvas();
    canvas.style.cursor = "crosshair";
    map.doubleClickZoom.disable();
    map.on("click", click);
    map.on("mousemove", move);
    map.on("dblclick", finish);
    window.addEventListener("keydown", key);
    return () => {
      canvas.style.cursor = "";
      map.doubleClickZoom.enable();
      map.off("click", click);
      map.off("mousemove", move);
      map.off("dblclick", finish);
      window.removeEventListener("keydown", key);
    };
  }, [map, tool]);
}
/** Shows a finished shape, or takes it away. */
export function showDrawn(map: GlMap | null, shape: FeatureCollection): void {
  void map?.getSource<GeoJSONSource>("drawn")?.setData(shape);
}
