// Shows a component inside the real router and cache, with the node in memory behind `fetch`.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render } from "@testing-library/react";
import { App, ConfigProvider } from "antd";
import zhCN from "antd/locale/zh_CN";
import type { ReactNode } from "react";
import { vi } from "vitest";
import { parseSearch, stringifySearch, type Search } from "@/lib/nav";
import type { Answer, Request } from "@/testing/mock-answer";
import { makeMockNode } from "@/testing/mock-node";

export interface Sent extends Request {
  answer: Answer;
}

/** Puts a node behind `fetch`; the returned list grows with every call. `intercept` may answer first. */
export function serveMockNode(intercept?: (request: Request) => Answer | null, signedIn = true): Sent[] {
  const node = makeMockNode({ signedIn });
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", async (input: string, init: RequestInit = {}) => {
    const url = new URL(input, "http://localhost");
    const text = typeof init.body === "string" ? init.body : null;
    const request: Request = {
      method: init.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      body: text === null ? (init.body ?? null) : JSON.parse(text),
    };
    const answer = intercept?.(request) ?? node(request);
    sent.push({ ...request, answer });
    return new Response(answer.status === 204 ? null : JSON.stringify(answer.body), {
      status: answer.status,
      headers: { "Content-Type": "application/json" },
    });
  });
  return sent;
}

/** Shows the element at an address and hands back the router, whose location is the state. */
export async function show(element: ReactNode, address = "/console/test") {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const root = createRootRoute({ validateSearch: (search: Record<string, unknown>): Search => search as Search });
  const page = createRoute({ getParentRoute: () => root, path: "$", component: () => <>{element}</> });
  const router = createRouter({
    routeTree: root.addChildren([page]),
    history: createMemoryHistory({ initialEntries: [address] }),
    parseSearch,
    stringifySearch,
  });
  await router.load();
  const view = render(
    <ConfigProvider locale={zhCN} theme={{ token: { motion: false } }}>
      <App>
        <QueryClientProvider client={client}>
          <RouterProvider router={router as never} />
        </QueryClientProvider>
      </App>
    </ConfigProvider>,
  );
  return { ...view, router, client };
}
