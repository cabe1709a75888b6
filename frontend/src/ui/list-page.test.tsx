import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Subject } from "@/api/types";
import { ListPage, type Column } from "@/ui/list-page";
import { serveMockNode, show } from "@/testing/render";

const columns: Column<Subject>[] = [
  { key: "name", title: "名称", fixed: true },
  { key: "code", title: "编码" },
];
const page = (
  <ListPage<Subject>
    title="追溯主体"
    resource="/console/subjects"
    columns={columns}
    rowId={(row) => row.id}
    emptyHint="可点击登记"
    filters={[{ key: "q", label: "关键词", kind: "text" }]}
    drawer={(id) => <p>记录 {id}</p>}
    recordHref={(id) => `/console/subjects/${id}`}
  />
);
const lists = (sent: ReturnType<typeof serveMockNode>) => sent.filter((one) => one.path.endsWith("/console/subjects"));

describe("g_6_2_2a_the_list_page", () => {
  it("reads its conditions from the link and writes them back", async () => {
    const sent = serveMockNode();
    const { router } = await show(page, "/console/subjects?division=370200&limit=20");
    expect(await screen.findByText(/^共 \d+ 条$/)).toBeInTheDocument();
    expect(lists(sent)[0]?.query.get("division")).toBe("370200");
    expect(lists(sent)[0]?.query.get("limit")).toBe("20");
    await userEvent.type(screen.getByLabelText("关键词"), "海润{Enter}");
    await waitFor(() => expect(router.state.location.search).toMatchObject({ q: "海润", division: "370200" }));
    await waitFor(() => expect(lists(sent).at(-1)?.query.get("q")).toBe("海润"));
    expect(screen.getByText(/关键词：海润/)).toBeInTheDocument();
  });
  it("turns keyset pages forwards and back", async () => {
    const sent = serveMockNode();
    const { router } = await show(page, "/console/subjects?limit=50");
    await screen.findByText("共 136 条");
    await userEvent.click(screen.getByRole("button", { name: /下一页/ }));
    await waitFor(() => expect(router.state.location.search).toMatchObject({ page: "2", after: "50" }));
    await waitFor(() => expect(screen.getByRole("button", { name: /下一页/ })).toBeEnabled());
    await userEvent.click(screen.getByRole("button", { name: /下一页/ }));
    await waitFor(() => expect(router.state.location.search).toMatchObject({ page: "3", after: "100" }));
    await waitFor(() => expect(screen.getByRole("button", { name: /下一页/ })).toBeDisabled());
    await userEvent.click(screen.getByRole("button", { name: /上一页/ }));
    await waitFor(() => expect(router.state.location.search).toMatchObject({ page: "2", after: "50" }));
    expect(lists(sent).every((one) => one.answer.status === 200)).toBe(true);
  });
  it("opens a record with the keyboard and keeps it in the link", async () => {
    serveMockNode();
    const { router } = await show(page, "/console/subjects?limit=20");
    const cell = await screen.findByText("青岛寿光食品有限公司");
    cell.closest("tr")?.focus();
    await userEvent.keyboard("{Enter}");
    expect(await screen.findByText("记录 s-2")).toBeInTheDocument();
    expect(router.state.location.search).toMatchObject({ record: "s-2" });
  });
  it("goes from row to row with the arrow keys, and a second time on a row leads to its whole page", async () => {
    serveMockNode();
    const { router } = await show(page, "/console/subjects?limit=20");
    const row = (await screen.findByText("青岛寿光食品有限公司")).closest("tr");
    row?.focus();
    await userEvent.keyboard("{ArrowDown}");
    expect(document.activeElement).toHaveTextContent("淄博微山湖肉类加工有限公司");
    await userEvent.keyboard("{Enter}");
    await waitFor(() => expect(router.state.location.search).toMatchObject({ record: "s-3" }));
    await userEvent.keyboard("{Enter}");
    await waitFor(() => expect(router.state.location.pathname).toBe("/console/subjects/s-3"));
  });
  it("shows the chosen columns of a view in the link, and remembers what the reader chose", async () => {
    serveMockNode();
    const first = await show(page, "/console/subjects?columns=name");
    await screen.findByText("青岛寿光食品有限公司");
    expect(screen.queryByRole("columnheader", { name: "编码" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: /显示列/ }));
    await userEvent.click(await screen.findByRole("checkbox", { name: "编码" }));
    expect(await screen.findByRole("columnheader", { name: "编码" })).toBeInTheDocument();
    await waitFor(() => expect(first.router.state.location.search).not.toHaveProperty("columns"));
    first.unmount();
    await show(page, "/console/subjects");
    expect(await screen.findByRole("columnheader", { name: "编码" })).toBeInTheDocument();
    localStorage.clear();
  });
  it("takes the usual view where the page is opened without conditions, and only there", async () => {
    const view = {
      id: "v-1",
      list: "subjects",
      name: "常看",
      query: "q=青岛",
      columns: [],
      default: true,
      shared: false,
      own: true,
      owner: "王建国",
      updated_at: "2026-11-21T02:32:00Z",
    };
    serveMockNode((request) =>
      request.path.endsWith("/console/views")
        ? { status: 200, body: { items: [view], next: null, count: { value: 1, exact: true } } }
        : null,
    );
    const first = await show(page, "/console/subjects");
    await waitFor(() => expect(first.router.state.location.search).toMatchObject({ q: "青岛" }));
    first.unmount();
    const second = await show(page, "/console/subjects?limit=20");
    await screen.findByText("济南鲁丰农业发展有限公司");
    expect(second.router.state.location.search).not.toHaveProperty("q");
  });
  it("says how to fill an empty list, or that fewer conditions may help", async () => {
    serveMockNode((request) =>
      request.path.endsWith("/console/subjects")
        ? { status: 200, body: { items: [], next: null, count: { value: 0, exact: true } } }
        : null,
    );
    const first = await show(page, "/console/subjects");
    expect(await screen.findByText("可点击登记")).toBeInTheDocument();
    first.unmount();
    await show(page, "/console/subjects?q=x");
    expect(await screen.findByText("可减少条件后再查")).toBeInTheDocument();
  });
  it("shows what went wrong with advice and code, and the missing permission in its own way", async () => {
    let status = 500;
    serveMockNode((request) =>
      request.path.endsWith("/console/subjects")
        ? {
            status,
            body: { error: { code: "STOR-0500", message: "数据库忙", advice: "请稍后再试", request_id: "r-9" } },
          }
        : null,
    );
    const first = await show(page, "/console/subjects");
    const title = await screen.findByText("数据库忙");
    const box = title.closest(".ant-result");
    expect(box instanceof HTMLElement && within(box).getByText(/STOR-0500/)).toBeTruthy();
    first.unmount();
    status = 403;
    await show(page, "/console/subjects");
    expect(await screen.findByText("没有权限")).toBeInTheDocument();
  });
});
