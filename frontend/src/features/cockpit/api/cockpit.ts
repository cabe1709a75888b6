// The figures of the wall screen, kept fresh by the event stream or, where that fails, by asking again.
import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Cockpit } from "@/api/types";
import { http } from "@/lib/client";

export interface Scope {
  division: string | undefined;
  category: string | undefined;
  days: number;
}
export const cockpitQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ["cockpit", scope],
    queryFn: ({ signal }) => http.get<Cockpit>("/console/cockpit", { ...scope }, signal),
  });

/** Loads the cockpit again whenever the node says that something changed; true while the stream stands. */
export function useCockpitStream(): boolean {
  const client = useQueryClient();
  const [live, setLive] = useState(false);
  useEffect(() => {
    if (typeof EventSource === "undefined") return;
    const stream = new EventSource("/api/v1/console/cockpit/stream");
    stream.onopen = () => setLive(true);
    stream.onerror = () => setLive(false);
    stream.addEventListener("changed", () => void client.invalidateQueries({ queryKey: ["cockpit"] }));
    return () => stream.close();
  }, [client]);
  return live;
}
