// What a map asks the node for.
import { queryOptions } from "@tanstack/react-query";
import type { FeatureCollection } from "geojson";
import type { MapFlows, MapPoints, MapValues } from "@/api/types";
import { http } from "@/lib/client";
import type { Regions } from "@/map/layers/build";

export type Metric = "reporting_rate" | "score" | "findings" | "events" | "subjects";
export const regionsQuery = (parent: string) =>
  queryOptions({
    queryKey: ["map", "regions", parent],
    queryFn: ({ signal }) => http.get<Regions>(`/console/map/${parent}`, undefined, signal),
    staleTime: Infinity,
  });
export const linesQuery = queryOptions({
  queryKey: ["map", "lines"],
  queryFn: ({ signal }) => http.get<FeatureCollection>("/console/map/lines", undefined, signal),
  staleTime: Infinity,
});
export const valuesQuery = (division: string, metric: Metric, category: string | undefined) =>
  queryOptions({
    queryKey: ["map", "values", division, metric, category],
    queryFn: ({ signal }) => http.get<MapValues>("/console/map/values", { division, metric, category }, signal),
  });
export const pointsQuery = (division: string, zoom: number) =>
  queryOptions({
    queryKey: ["map", "points", division, zoom],
    queryFn: ({ signal }) => http.get<MapPoints>("/console/map/points", { division, zoom }, signal),
  });
export const flowsQuery = (division: string, days: number) =>
  queryOptions({
    queryKey: ["map", "flows", division, days],
    queryFn: ({ signal }) => http.get<MapFlows>("/console/map/flows", { division, days }, signal),
  });
