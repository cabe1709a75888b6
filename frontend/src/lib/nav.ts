// The link is the state: filters, page and chosen record live in the query string as plain texts.
import { useNavigate, useRouter, useRouterState } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";

export type Search = Record<string, string>;

/** Reads a query string; the last of several values with one name wins. */
export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text.replace(/^\?/, "")));
}
/** Writes a query string; empty values are dropped. */
export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") params.set(key, String(value));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

/** The query string, and a function that changes some of its entries (`undefined` removes one). */
export function useUrl(): [Search, (patch: Record<string, string | undefined>, replace?: boolean) => void] {
  const search = useRouterState({ select: (state) => state.location.search as Search });
  const navigate = useNavigate();
  const patch = useCallback(
    (changes: Record<string, string | undefined>, replace = false) => {
      void navigate({
        to: ".",
        replace,
        search: ((old: Search) => {
          const next: Search = {};
          for (const [key, value] of Object.entries({ ...old, ...changes })) if (value) next[key] = value;
          return next;
        }) as never,
      });
    },
    [navigate],
  );
  return [search, patch];
}

/** Path of the page that is shown, without its query string. */
export function usePath(): string {
  return useRouterState({ select: (state) => state.location.pathname });
}

/** Goes to an address of this application, as the node hands them out in `link` fields. */
export function useGo(): (href: string) => void {
  const router = useRouter();
  return useCallback((href: string) => router.history.push(href), [router]);
}

/** What stood behind the hash when the page was opened. It is handed over once and does not stay in the address. */
export function useHandedOver(): string {
  const router = useRouter();
  const [told] = useState(() => router.state.location.hash);
  useEffect(() => {
    const { hash, pathname, searchStr } = router.state.location;
    if (hash) router.history.replace(`${pathname}${searchStr}`);
  }, [router]);
  return told;
}
