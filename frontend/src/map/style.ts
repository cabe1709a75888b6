// The offline style: a ground colour and sources of our own; no tiles, no fonts, no outside address.
import type { StyleSpecification } from "maplibre-gl";
import { empty } from "@/map/layers/build";
import type { MapGround } from "@/map/scale";

export function offlineStyle(ground: MapGround): StyleSpecification {
  const source = { type: "geojson" as const, data: empty };
  return {
    version: 8,
    sources: { regions: source, lines: source, flows: source, ends: source, points: source, drawn: source },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": ground.ground } },
      {
        id: "region-fill",
        type: "fill",
        source: "regions",
        paint: { "fill-color": ["get", "fill"], "fill-opacity": 0.95 },
      },
      {
        id: "region-hatch",
        type: "fill",
        source: "regions",
        filter: ["==", ["get", "state"], "not_connected"],
        paint: { "fill-pattern": "hatch" },
      },
      {
        id: "region-border",
        type: "line",
        source: "regions",
        paint: { "line-color": ground.border, "line-width": 0.8, "line-opacity": 0.8 },
      },
      {
        id: "region-hover",
        type: "line",
        source: "regions",
        filter: ["==", ["get", "code"], ""],
        paint: { "line-color": ground.outline, "line-width": 2.5 },
      },
      {
        id: "lines",
        type: "line",
        source: "lines",
        filter: ["==", ["get", "kind"], "dash"],
        paint: { "line-color": ground.dash, "line-width": 2 },
      },
      {
        id: "lines-other",
        type: "line",
        source: "lines",
        filter: ["!=", ["get", "kind"], "dash"],
        paint: { "line-color": ground.dash, "line-width": 1, "line-dasharray": [3, 2], "line-opacity": 0.7 },
      },
      {
        id: "flows",
        type: "line",
        source: "flows",
        layout: { "line-cap": "round" },
        paint: { "line-color": ground.flow, "line-width": ["get", "width"], "line-opacity": 0.55 },
      },
      {
        id: "ends",
        type: "circle",
        source: "ends",
        paint: {
          "circle-radius": 4,
          "circle-color": ground.flow,
          "circle-stroke-color": ground.ground,
          "circle-stroke-width": 1,
        },
      },
      {
        id: "points",
        type: "circle",
        source: "points",
        paint: {
          "circle-radius": ["get", "radius"],
          "circle-color": ground.point,
          "circle-opacity": 0.55,
          "circle-stroke-color": ground.point,
          "circle-stroke-width": 1,
        },
      },
      {
        id: "drawn-fill",
        type: "fill",
        source: "drawn",
        filter: ["==", ["geometry-type"], "Polygon"],
        paint: { "fill-color": ground.dash, "fill-opacity": 0.14 },
      },
      {
        id: "drawn-line",
        type: "line",
        source: "drawn",
        filter: ["!=", ["geometry-type"], "Point"],
        paint: { "line-color": ground.dash, "line-width": 2, "line-dasharray": [2, 1.5] },
      },
      {
        id: "drawn-corner",
        type: "circle",
        source: "drawn",
        filter: ["==", ["geometry-type"], "Point"],
        paint: {
          "circle-radius": 4,
          "circle-color": ground.ground,
          "circle-stroke-color": ground.dash,
          "circle-stroke-width": 2,
        },
      },
    ],
  };
}
/** The pattern of places that are not connected. */
export function hatchImage(ground: MapGround): { width: number; height: number; data: Uint8ClampedArray } | null {
  const size = 8;
  const canvas = document.createElement("canvas");
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.strokeStyle = ground.hatch;
  context.lineWidth = 1.5;
  for (const shift of [-size, 0, size]) {
    context.beginPath();
    context.moveTo(shift, size);
    context.lineTo(shift + size, 0);
    context.stroke();
  }
  return { width: size, height: size, data: context.getImageData(0, 0, size, size).data };
}
