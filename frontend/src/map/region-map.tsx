// A map of the divisions below one division, with points and flows, drawn without any outside service.
import { useQuery } from "@tanstack/react-query";
import { Map as GlMap, Marker, Popup, setWorkerUrl, type GeoJSONSource, type MapMouseEvent } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import "maplibre-gl/dist/maplibre-gl.css";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Flow, MapPoints, MapValues } from "@/api/types";
import { ApiError } from "@/lib/client";
import { number } from "@/lib/format";
import { mapText } from "@/locales/zh-CN/map";
import {
  boxOf,
  empty,
  flowEnds,
  flowLines,
  nationBox,
  paintRegions,
  pointMarks,
  wider,
  type Box,
} from "@/map/layers/build";
import { Legend } from "@/map/legend";
import { linesQuery, regionsQuery, type Metric } from "@/map/loaders";
import { darkMap, lightMap, makeScale } from "@/map/scale";
import { tuck } from "@/map/labels";
import { hatchImage, offlineStyle } from "@/map/style";
import "./map.css";

setWorkerUrl(workerUrl);

interface Props {
  parent: string;
  metric: Metric;
  values: MapValues | undefined;
  points?: MapPoints | undefined;
  flows?: Flow[] | undefined;
  dark?: boolean;
  onPick?: (code: string) => void;
  onSubject?: (id: string) => void;
  focus?: { lon: number; lat: number; zoom: number } | undefined;
  legend?: boolean;
  /** Shows the part of the map where the flows are. */
  fitFlows?: boolean;
  /** Hands out the map once it is drawn, so that a page can lay its tools over it. */
  onMap?: (map: GlMap | null) => void;
  /** Names of divisions stand above their places, without values, so that what lies there can be read. */
  quiet?: boolean;
  /** While something is drawn on the map, clicks belong to the drawing. */
  drawing?: boolean;
}
export const isNation = (code: string): boolean => code === "000000" || code === "100000";

function labelPlace(point: [number, number] | string | undefined): [number, number] | null {
  const value: unknown = typeof point === "string" ? JSON.parse(point) : point;
  return Array.isArray(value) && value.length === 2 ? (value as [number, number]) : null;
}

function useGlMap(dark: boolean) {
  const place = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<GlMap | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!place.current) return;
    const ground = dark ? darkMap : lightMap;
    let made: GlMap;
    try {
      made = new GlMap({
        container: place.current,
        style: offlineStyle(ground),
        attributionControl: false,
        dragRotate: false,
        pitchWithRotate: false,
        renderWorldCopies: false,
        minZoom: 1.5,
        maxZoom: 13,
        fadeDuration: 0,
        canvasContextAttributes: { preserveDrawingBuffer: true },
      });
    } catch {
      setFailed(true);
      return;
    }
    made.touchZoomRotate.disableRotation();
    made.on("load", () => {
      const image = hatchImage(ground);
      if (image) made.addImage("hatch", image);
      setMap(made);
    });
    return () => {
      setMap(null);
      made.remove();
    };
  }, [dark]);
  return { place, map, failed };
}
const setData = (map: GlMap, source: string, data: GeoJSON.FeatureCollection) =>
  void map.getSource<GeoJSONSource>(source)?.setData(data);

export function RegionMap({
  parent,
  metric,
  values,
  points,
  flows,
  dark = false,
  onPick,
  onSubject,
  focus,
  legend = true,
  fitFlows = false,
  onMap,
  drawing = false,
  quiet = false,
}: Props) {
  const ground = dark ? darkMap : lightMap;
  const { place, map, failed } = useGlMap(dark);
  const regions = useQuery(regionsQuery(parent));
  const lines = useQuery(linesQuery);
  const scale = useMemo(() => makeScale(values?.values ?? [], ground, metric === "findings"), [values, ground, metric]);
  const painted = useMemo(
    () => (regions.data ? paintRegions(regions.data, values, scale) : empty),
    [regions.data, values, scale],
  );
  const lowest = regions.error instanceof ApiError && regions.error.status === 404;
  // A text, so that fresh data with the same extent does not move the map under the reader's hand.
  const extent = useMemo(() => {
    const moved = fitFlows && flows?.length ? wider(boxOf(flowLines(flows))) : null;
    if (moved) return JSON.stringify(moved);
    if (isNation(parent)) return JSON.stringify(nationBox);
    if (regions.isLoading) return null;
    return JSON.stringify(boxOf(regions.data ?? empty) ?? boxOf(pointMarks(points)) ?? boxOf(flowLines(flows ?? [])));
  }, [parent, regions.data, regions.isLoading, points, flows, fitFlows]);
  const handlers = useRef({ onPick, onSubject, onMap, drawing });
  useEffect(() => {
    handlers.current = { onPick, onSubject, onMap, drawing };
  });
  useEffect(() => {
    handlers.current.onMap?.(map);
  }, [map]);

  useEffect(() => {
    if (map) setData(map, "regions", painted);
  }, [map, painted]);
  useEffect(() => {
    if (map && lines.data) setData(map, "lines", lines.data);
  }, [map, lines.data]);
  useEffect(() => {
    if (map) setData(map, "points", pointMarks(points));
  }, [map, points]);
  useEffect(() => {
    if (map) {
      setData(map, "flows", flowLines(flows ?? []));
      setData(map, "ends", flowEnds(flows ?? []));
    }
  }, [map, flows]);
  useEffect(() => {
    if (!map || !extent) return;
    const box = JSON.parse(extent) as Box | null;
    const fit = () => {
      if (focus) map.jumpTo({ center: [focus.lon, focus.lat], zoom: focus.zoom });
      else if (box)
        map.fitBounds(box, {
          maxZoom: 11,
          padding: { top: 14, bottom: 14, right: 14, left: legend ? 132 : 14 },
          animate: false,
        });
    };
    fit();
    map.on("resize", fit);
    return () => {
      map.off("resize", fit);
    };
  }, [map, extent, focus, legend]);
  useEffect(() => {
    if (!map || !regions.data) return;
    const crowded = regions.data.features.length > 24;
    const shown = new Map((values?.values ?? []).map((one) => [one.code, one]));
    const markers = regions.data.features.flatMap((region) => {
      const at = labelPlace(region.properties.point);
      if (!at) return [];
      const element = document.createElement("button");
      element.type = "button";
      element.className = `map-label ${dark ? "dark" : ""} ${crowded ? "small" : ""}`;
      const value = shown.get(region.properties.code);
      const text =
        value?.state === "value" || value?.state === "zero"
          ? `${number(value.value ?? "0")}${mapText.units[metric]}`
          : value?.state === "not_connected"
            ? mapText.notConnected
            : mapText.missing;
      element.textContent = region.properties.name;
      element.title = `${region.properties.name} ${mapText.metrics[metric]} ${text}`;
      if (!crowded && values && !quiet) {
        const small = document.createElement("small");
        small.textContent = value?.state === "missing" || !value ? "—" : text;
        element.append(small);
      }
      element.addEventListener("click", (event) => {
        event.stopPropagation();
        if (!handlers.current.drawing) handlers.current.onPick?.(region.properties.code);
      });
      return [new Marker({ element, offset: [0, quiet ? -20 : 0] }).setLngLat(at).addTo(map)];
    });
    const arrange = () => {
      const labels = markers.map((marker) => ({ element: marker.getElement(), at: map.project(marker.getLngLat()) }));
      const shapes = tuck(
        labels.map(({ element, at }) => ({
          x: at.x,
          y: at.y,
          letters: element.firstChild?.textContent?.length ?? 0,
          value: element.childElementCount > 0,
        })),
      );
      labels.forEach(({ element }, index) => {
        element.dataset["shown"] = shapes[index] ?? "all";
      });
    };
    arrange();
    map.on("moveend", arrange);
    return () => {
      map.off("moveend", arrange);
      for (const marker of markers) marker.remove();
    };
  }, [map, regions.data, values, metric, dark, quiet]);
  useEffect(() => {
    if (!map || !fitFlows) return;
    const places = new Map((flows ?? []).flatMap(({ from, to }) => [from, to]).map((one) => [one.code, one]));
    const named = [...places.values()].filter((one) => one.name !== "***");
    const markers = named.map((one) => {
      const element = document.createElement("span");
      element.className = `map-end ${dark ? "dark" : ""}`;
      element.textContent = one.name;
      return new Marker({ element, anchor: "top", offset: [0, 5] }).setLngLat([one.lon, one.lat]).addTo(map);
    });
    const arrange = () => {
      const shapes = tuck(
        markers.map((marker) => {
          const { x, y } = map.project(marker.getLngLat());
          return { x, y, letters: Math.min(13, marker.getElement().textContent?.length ?? 0), value: false };
        }),
      );
      markers.forEach((marker, index) => {
        marker.getElement().hidden = shapes[index] === "none";
      });
    };
    arrange();
    map.on("moveend", arrange);
    return () => {
      map.off("moveend", arrange);
      for (const marker of markers) marker.remove();
    };
  }, [map, flows, fitFlows, dark]);
  useEffect(() => {
    if (!map) return;
    const popup = new Popup({
      closeButton: false,
      closeOnClick: false,
      className: dark ? "map-popup dark" : "map-popup",
    });
    const over = (event: MapMouseEvent) => {
      if (handlers.current.drawing) return;
      const hit = map.queryRenderedFeatures(event.point, { layers: ["points", "flows", "region-fill"] })[0];
      map.getCanvas().style.cursor = hit ? "pointer" : "";
      map.setFilter("region-hover", [
        "==",
        ["get", "code"],
        hit?.layer.id === "region-fill" ? String(hit.properties["code"]) : "",
      ]);
      const text =
        hit?.layer.id === "points"
          ? String(hit.properties["name"])
          : hit?.layer.id === "flows"
            ? String(hit.properties["text"])
            : "";
      if (text) popup.setLngLat(event.lngLat).setText(text).addTo(map);
      else popup.remove();
    };
    const click = (event: MapMouseEvent) => {
      if (handlers.current.drawing) return;
      const hit = map.queryRenderedFeatures(event.point, { layers: ["points", "region-fill"] })[0];
      if (!hit) return;
      const id: unknown = hit.properties["id"];
      if (hit.layer.id === "points" && typeof id === "string") handlers.current.onSubject?.(id);
      else if (hit.layer.id === "points") map.easeTo({ center: event.lngLat, zoom: map.getZoom() + 1.5 });
      else handlers.current.onPick?.(String(hit.properties["code"]));
    };
    const leave = () => {
      popup.remove();
      map.setFilter("region-hover", ["==", ["get", "code"], ""]);
    };
    map.on("mouseout", leave);
    map.on("mousemove", over);
    map.on("click", click);
    return () => {
      map.off("mousemove", over);
      map.off("mouseout", leave);
      map.off("click", click);
      popup.remove();
    };
  }, [map, dark]);

  return (
    <div className={`region-map ${dark ? "dark" : ""}`}>
      {failed ? <p className="map-note">{mapText.noWebgl}</p> : <div ref={place} className="map-canvas" />}
      {regions.isError && (
        <p className={lowest ? "map-hint" : "map-note"}>{lowest ? mapText.lowest : regions.error.message}</p>
      )}
      {(regions.isLoading || (!map && !failed)) && (
        <p className="map-note" role="status">
          {mapText.loading}
        </p>
      )}
      {legend && values && (
        <Legend
          scale={scale}
          ground={ground}
          title={`${mapText.metrics[metric]}（${mapText.units[metric]}）`}
          points={(points?.clusters.length ?? 0) > 0}
          flows={(flows?.length ?? 0) > 0}
        />
      )}
      <span className="map-source">{mapText.source}</span>
    </div>
  );
}
