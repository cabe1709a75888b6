// Cache of what the node said; a lost session leads to the login page and back.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/lib/client";

/** Address of the login page that returns to the given address afterwards. */
export function loginHref(back: string): string {
  return back.startsWith("/console/login") ? back : `/console/login?back=${encodeURIComponent(back)}`;
}

export function makeQueryClient(go: (href: string) => void): QueryClient {
  const lost = (error: unknown) => {
    const here = window.location.pathname + window.location.search;
    if (
      error instanceof ApiError &&
      error.status === 401 &&
      here.startsWith("/console") &&
      !here.startsWith("/console/login")
    )
      go(loginHref(here));
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError: lost }),
    mutationCache: new MutationCache({ onError: lost }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: false,
        retry: (count, error) => !(error instanceof ApiError && error.status >= 400 && error.status < 500) && count < 2,
      },
    },
  });
}
