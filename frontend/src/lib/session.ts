// Who is signed in and what the node allows him; buttons ask `can`, never a role name.
import { queryOptions, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import type { Me, NodeInfo } from "@/api/types";
import { http } from "@/lib/client";

export const nodeQuery = queryOptions({
  queryKey: ["node"],
  queryFn: ({ signal }) => http.get<NodeInfo>("/portal/node", undefined, signal),
  staleTime: Infinity,
});
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => http.get<Me>("/session", undefined, signal),
  staleTime: 5 * 60_000,
  retry: false,
});

/** The signed-in account; only below the console layout, which loads it first. */
export function useMe(): Me {
  return useSuspenseQuery(sessionQuery).data;
}
/** The permission test, false until the session is known. */
export function useCan(): (permission: string) => boolean {
  const { data } = useQuery(sessionQuery);
  return (permission) => data !== undefined && can(data, permission);
}
/** True when the node's list holds the permission itself, its whole noun, or everything. */
export function can(me: Me, permission: string): boolean {
  const held = me.account.permissions;
  const noun = permission.split(".")[0] ?? "";
  return held.includes(permission) || held.includes(`${noun}.*`) || held.includes("*");
}
