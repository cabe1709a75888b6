// What part of the world a map shows, kept in the link, and the counts that stand on clusters.
import { Marker, type Map as GlMap } from "maplibre-gl";
import { useEffect, useState } from "react";
import type { MapPoints } from "@/api/types";

export interface Viewport {
  zoom: number;
  /** West, south, east, north. */
  bbox: string;
  /** Longitude, latitude and zoom as they stand in the link. */
  at: string;
}
const short = (degrees: number) => degrees.toFixed(4);

export function viewportOf(map: GlMap): Viewport {
  const bounds = map.getBounds();
  const centre = map.getCenter();
  const zoom = map.getZoom();
  return {
    zoom: Math.round(zoom),
    bbox: [
      Math.max(-180, bounds.getWest()),
      Math.max(-90, bounds.getSouth()),
      Math.min(180, bounds.getEast()),
      Math.min(90, bounds.getNorth()),
    ]
      .map(short)
      .join(","),
    at: `${short(centre.lng)},${short(centre.lat)},${zoom.toFixed(1)}`,
  };
}
/** The part that is shown, after each movement. */
export function useViewport(map: GlMap | null): Viewport | null {
  const [viewport, setViewport] = useState<Viewport | null>(null);
  useEffect(() => {
    if (!map) return;
    const look = () => setViewport(viewportOf(map));
    look();
    map.on("moveend", look);
    return () => {
      map.off("moveend", look);
    };
  }, [map]);
  return viewport;
}
/** A place and zoom out of a link; nothing for nonsense. */
export function parseAt(text: string | undefined): { lon: number; lat: number; zoom: number } | undefined {
  const [lon, lat, zoom] = (text ?? "").split(",").map(Number);
  const good = [lon, lat, zoom].every((one) => one !== undefined && Number.isFinite(one));
  return good && text ? { lon: lon as number, lat: lat as number, zoom: zoom as number } : undefined;
}

/** Writes the number of entries on every cluster. */
export function useCounts(map: GlMap | null, points: MapPoints | undefined): void {
  useEffect(() => {
    if (!map) return;
    const markers = (points?.clusters ?? [])
      .filter((cluster) => cluster.count > 1)
      .map((cluster) => {
        const element = document.createElement("span");
        element.className = "map-count";
        element.textContent = cluster.count > 9999 ? `${(cluster.count / 10_000).toFixed(1)}万` : String(cluster.count);
        return new Marker({ element }).setLngLat([cluster.lon, cluster.lat]).addTo(map);
      });
    return () => {
      for (const marker of markers) marker.remove();
    };
  }, [map, points]);
}
