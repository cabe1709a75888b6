// Every page of the console, as the router knows them, shows what happened: no permission, a fault with its code, nothing
// there, or that it is still loading. A page that is added is called here by itself.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { makeRouter } from "@/app/router";
import type { Answer, Request } from "@/testing/mock-answer";
import { makeMockNode } from "@/testing/mock-node";

/** Addresses of pages that ask for nothing before something is chosen. */
const chosen: Record<string, string> = {
  "/console/trace": "/console/trace?code=LF20261118-1",
  "/console/capture": "/console/capture?tab=rejects",
  "/console/search": "/console/search?q=青岛",
};
/** What a page needs before it can ask for its own matter. */
const ground = [
  /\/session$/,
  /\/portal\/node$/,
  /\/console\/reference$/,
  /\/console\/divisions/,
  /\/console\/findings\/summary$/,
  /\/console\/map\/(lines|\d+)$/,
  /\/console\/views$/,
];
const router = makeRouter(new QueryClient());
const paths = Object.keys(router.routesByPath).filter(
  (path) => path.startsWith("/console") && path !== "/console/login" && path !== "/console",
);
const refusal = (status: number, code: string, message: string): Answer => ({
  status,
  body: { error: { code, message, advice: "请稍后再试", field: null, request_id: "r-1", faults: [] } },
});
const nothing: Answer = { status: 200, body: { items: [], next: null, count: { value: 0, exact: true } } };

/** Opens a page of the whole application while the node answers everything but the ground in one way. */
async function open(path: string, answer: (request: Request) => Answer | "never" | null) {
  const node = makeMockNode({ signedIn: true });
  vi.stubGlobal("fetch", async (input: string, init: RequestInit = {}) => {
    const url = new URL(input, "http://localhost");
    const request: Request = {
      method: init.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      body: typeof init.body === "string" ? JSON.parse(init.body) : null,
    };
    const isGround = ground.some((one) => one.test(url.pathname));
    const given = isGround ? null : answer(request);
    if (given === "never") return new Promise<Response>(() => undefined);
    const { status, body } = given ?? node(request);
    return new Response(status === 204 ? null : JSON.stringify(body), { status });
  });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const app = makeRouter(client);
  const address = chosen[path] ?? path.replace(/\$\w+/g, "0198f0a0-0000-7000-8000-000000000001");
  app.update({ ...app.options, history: createMemoryHistory({ initialEntries: [address] }) } as never);
  await app.load();
  return render(
    <QueryClientProvider client={client}>
      <RouterProvider router={app as never} />
    </QueryClientProvider>,
  );
}
const main = () => document.querySelector("#main") ?? document.body;

describe("n_acc_pages_say_what_happened", () => {
  afterEach(cleanup);
  it("knows the pages of the console", () => {
    expect(paths.length).toBeGreaterThan(20);
  });
  it.each(paths)(
    "%s without permission",
    async (path) => {
      await open(path, () => refusal(403, "AUTH-0403", "没有权限查看"));
      expect((await screen.findAllByText("没有权限", {}, { timeout: 8000 })).length).toBeGreaterThan(0);
    },
    20_000,
  );
  it.each(paths)(
    "%s with a fault",
    async (path) => {
      await open(path, () => refusal(500, "STOR-0500", "数据库忙"));
      await waitFor(() => expect(main().textContent).toContain("STOR-0500"), { timeout: 8000 });
      expect(main().textContent).toContain("数据库忙");
    },
    20_000,
  );
  it.each(paths)(
    "%s while loading",
    async (path) => {
      await open(path, () => "never");
      await waitFor(
        () =>
          expect(
            main().querySelector('[role="status"], .ant-spin-spinning, .ant-spin, .ant-skeleton, [aria-busy="true"]'),
          ).not.toBeNull(),
        { timeout: 8000 },
      );
    },
    20_000,
  );
  it.each(paths.filter((path) => !path.includes("$")))(
    "%s with nothing there",
    async (path) => {
      await open(path, (request) => (request.method === "GET" && isList(request.path) ? nothing : null));
      await waitFor(() => expect(main().querySelector("h1, .ant-empty, .ant-result, table")).not.toBeNull(), {
        timeout: 8000,
      });
      expect(main().textContent).not.toContain("出错");
    },
    20_000,
  );
});
/** Answers that are pages of rows: what an empty node gives. */
function isList(path: string): boolean {
  return /\/console\/(subjects|products|devices|systems|events|findings|complaints|notices|accounts|audit|imports|applications|exports|closures)$/.test(
    path,
  );
}
