import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Link, LinkFault } from "@/api/types";
import { ExchangePage } from "@/features/exchange/components/exchange-page";
import { byNeed, effects, reasons, standing, streamName } from "@/features/exchange/links";
import { sessionQuery } from "@/lib/session";
import { ago, me, NOW } from "@/testing/mock-data";
import { makeMockNode } from "@/testing/mock-node";
import type { Answer, Request } from "@/testing/mock-answer";
import { serveMockNode, show } from "@/testing/render";

const links = (
  makeMockNode({ signedIn: true })({
    method: "GET",
    path: "/api/v1/console/exchange/links",
    query: new URLSearchParams(),
    body: null,
  }).body as { items: Link[] }
).items;
const find = (code: string): Link => {
  const link = links.find((one) => one.code === code);
  if (!link) throw new Error(code);
  return structuredClone(link);
};
const at = Date.parse(NOW);
const told = (link: Link) => reasons(link, at).map((why) => why.text);

describe("g_6_4_1a_a_link_says_how_it_stands", () => {
  it("a fault goes before a pause, a pause before a lag, and nothing is in step that waits", () => {
    const link = find("000000");
    expect(standing(link)).toBe("in_step");
    expect(reasons(link, at)).toEqual([]);
    const bulk = link.sending[2];
    if (!bulk) throw new Error("no bulk");
    Object.assign(bulk, { state: "behind", pending: 7, oldest_seconds: 120 });
    expect(standing(link)).toBe("behind");
    expect(reasons(link, at)[0]).toMatchObject({
      text: "有 7 条正在发送或等待回执",
      since: "2026-11-21T02:30:00.000Z",
    });
    Object.assign(link.settings, { held: ["bulk"], reason: "专线检修", held_at: ago(5), held_by: "admin" });
    expect(standing(link)).toBe("paused");
    expect(told(link)[0]).toBe("大批量已暂停：专线检修");
    bulk.state = "broken";
    bulk.chains = bulk.chains.map((chain) => ({ ...chain, differs: true }));
    expect(standing(link)).toBe("broken");
    expect(reasons(link, at)[0]).toMatchObject({ code: "XCH-0323", tone: "error" });
  });
  it("faults of one kind are one reason, with the first moment, the count, and what to do", () => {
    const [why, ...rest] = reasons(find("370500"), at);
    expect(rest).toEqual([]);
    expect(why).toMatchObject({
      text: "发送紧急、一般、大批量：连接被拒绝",
      code: "XCH-0204",
      since: ago(1500),
      more: ["已 126 次", "最近 2026-11-21 10:31"],
    });
    expect(why?.advice).toContain("自动续传");
  });
  it("what the peer sends wrongly, and a silent peer, are faults too", () => {
    const fault: LinkFault = {
      class: "bulk",
      code: "XCH-0311",
      reason: "缺号",
      advice: "核验日志",
      since: ago(9),
      last_at: ago(1),
      times: 1,
    };
    const wrong = { ...find("370200"), receiving: [fault] };
    expect([standing(wrong), told(wrong)]).toEqual(["broken", ["接收大批量：缺号"]]);
    const silent: Link = { ...find("370200"), state: "broken", last_seen_at: ago(40) };
    expect(reasons(silent, at)[0]).toMatchObject({ text: "超过 15 分钟没有联系", since: ago(40) });
  });
  it("hours and rate say what is waited for", () => {
    const link = find("000000");
    Object.assign(link.sending[1] ?? {}, { state: "waiting", pending: 5, wait: "rate", wait_until: ago(0) });
    Object.assign(link.sending[2] ?? {}, { state: "waiting", pending: 9, wait: "hours", wait_until: ago(-60) });
    link.settings.rate = 100;
    expect(told(link)).toEqual(["大批量不在发送时段", "一般限速每秒 100 条"]);
    expect(reasons(link, at)[0]?.more).toEqual(["2026-11-21 11:32 起发送"]);
  });
  it("the parent comes first, then those that need somebody", () => {
    expect(byNeed(links).map(standing).slice(0, 6)).toEqual([
      "in_step",
      "broken",
      "behind",
      "behind",
      "paused",
      "none",
    ]);
  });
  it("streams have names of people", () => {
    const name = (code: string) => (code === "370200" ? "青岛市" : code);
    expect(["up/bulk", "down/common/normal", "down/370200/urgent"].map((one) => streamName(one, name))).toEqual([
      "上报·大批量",
      "下发全体·一般",
      "下发青岛市·紧急",
    ]);
  });
});

describe("a_8_settings_say_what_they_do", () => {
  it("rate, batch, hours, and how long what waits takes", () => {
    const link = find("370700");
    const bulk = (from: string, to: string) => ({ class: "bulk", from, to });
    expect(effects({ rate: null, batch: null, windows: [] }, link)).toEqual([
      "速率不限",
      "每批最多 5,000 条",
      "一般、大批量全天发送",
      "紧急数据随时发送，不受以上限制",
    ]);
    expect(effects({ rate: 2, batch: 500, windows: [bulk("22:00", "06:00"), bulk("12:00", "13:00")] }, link)).toEqual([
      "一般与大批量合计每秒最多 2 条，每小时约 7,200 条",
      "每批最多 2 条（不超过一秒的量）",
      "大批量只在每日 22:00 至次日 06:00、12:00 至 13:00 发送",
      "一般全天发送",
      "紧急数据随时发送，不受以上限制",
      "现有 96 条待发，按此速率约需 48 秒",
    ]);
  });
});

async function open(
  address: string,
  permissions: string[] = ["*"],
  intercept: (request: Request) => Answer | null = () => null,
) {
  const sent = serveMockNode((request) =>
    request.path.endsWith("/session")
      ? { status: 200, body: { ...me, account: { ...me.account, permissions } } }
      : intercept(request),
  );
  const view = await show(<ExchangePage />, address);
  await view.client.fetchQuery(sessionQuery);
  return { ...view, sent };
}
const writes = (sent: Request[]) => sent.filter((one) => one.method !== "GET");

describe("g_6_4_1a_the_page_of_links", () => {
  it("each row says state, lag, receipt, reason and advice; a card leaves one state", async () => {
    await open("/console/exchange");
    const row = (await screen.findByText("潍坊市平台")).closest("tr");
    expect(row).toHaveTextContent("落后");
    expect(row).toHaveTextContent("96 条");
    expect(row).toHaveTextContent("最早一条已等 16 分钟");
    const broken = screen.getByText("东营市平台").closest("tr");
    expect(broken).toHaveTextContent("故障");
    expect(broken).toHaveTextContent("连接被拒绝（XCH-0204）");
    expect(broken).toHaveTextContent("请检查网络");
    expect(screen.getByText("济宁市平台").closest("tr")).toHaveTextContent("对方待发 1,204 条，最早 16 分钟");
    await userEvent.click(screen.getByRole("button", { name: /暂停/ }));
    await waitFor(() => expect(screen.queryByText("潍坊市平台")).toBeNull());
    expect(screen.getByText("淄博市平台").closest("tr")).toHaveTextContent("大批量已暂停：专线检修");
  });
  it("a row opens with the keyboard and shows classes and chains", async () => {
    const { router } = await open("/console/exchange?tab=children");
    (await screen.findByText("国家平台")).closest("tr")?.focus();
    await userEvent.keyboard("{Enter}");
    const drawer = await screen.findByRole("dialog");
    expect(router.state.location.search).toMatchObject({ record: "000000" });
    expect(within(drawer).getByText("全部记录已有回执，双方一致")).toBeInTheDocument();
    expect(within(drawer).getByText("上报·大批量")).toBeInTheDocument();
    expect(within(drawer).getAllByText("一致")).toHaveLength(3);
  });
  it("whoever may only look sees the settings in words and no button", async () => {
    await open("/console/exchange?record=370300", ["exchange.read"]);
    const drawer = await screen.findByRole("dialog");
    expect(within(drawer).getByText("大批量现已暂停，恢复后才按以上设置发送")).toBeInTheDocument();
    for (const name of [/保存设置/, /恢复发送/, /修改暂停/, /取消接入/])
      expect(within(drawer).queryByRole("button", { name })).toBeNull();
  });
  it("no links, a fault and a missing permission have their own faces", async () => {
    const answer = (status: number, body: unknown) => (request: Request) =>
      request.path.endsWith("/exchange/links") ? { status, body } : null;
    const error = { code: "STOR-0500", message: "数据库忙", advice: "请稍后再试", request_id: "r-1" };
    const none = await open("/console/exchange", ["*"], answer(200, { items: [] }));
    expect(await screen.findByText("没有交换链路")).toBeInTheDocument();
    none.unmount();
    const fault = await open("/console/exchange", ["*"], answer(500, { error }));
    expect(await screen.findByText("数据库忙")).toBeInTheDocument();
    fault.unmount();
    await open("/console/exchange", [], answer(403, { error }));
    expect(await screen.findByText("没有权限")).toBeInTheDocument();
  });
});

describe("a_8_a_link_is_set_paused_and_resumed", () => {
  it("rate and hours are sent with the version that was shown", async () => {
    const { sent } = await open("/console/exchange?record=370200");
    const drawer = await screen.findByRole("dialog");
    await userEvent.type(await within(drawer).findByLabelText("速率（条/秒）"), "100");
    expect(await within(drawer).findByText(/合计每秒最多 100 条/)).toBeInTheDocument();
    await userEvent.click(within(drawer).getByRole("button", { name: /增加时段/ }));
    await userEvent.type(await within(drawer).findByLabelText(/^开始时刻/), "22：00");
    await userEvent.type(within(drawer).getByLabelText(/^结束时刻/), "22:00");
    await userEvent.click(within(drawer).getByRole("button", { name: /保存设置/ }));
    expect(await within(drawer).findByText("起止不能相同")).toBeInTheDocument();
    expect(writes(sent)).toEqual([]);
    await userEvent.clear(within(drawer).getByLabelText(/^结束时刻/));
    await userEvent.type(within(drawer).getByLabelText(/^结束时刻/), "06:00");
    expect(await within(drawer).findByText("大批量只在每日 22:00 至次日 06:00 发送")).toBeInTheDocument();
    await userEvent.click(within(drawer).getByRole("button", { name: /保存设置/ }));
    await waitFor(() => expect(writes(sent)).toHaveLength(1));
    expect(writes(sent)[0]).toMatchObject({
      method: "PUT",
      path: "/api/v1/console/exchange/links/370200/settings",
      body: { version: 1, rate: 100, batch: 5000, windows: [{ class: "bulk", from: "22:00", to: "06:00" }] },
      answer: { status: 200 },
    });
    expect(await within(drawer).findByText("现在")).toBeInTheDocument();
    expect(within(drawer).getByLabelText("速率（条/秒）")).toHaveValue("100");
  });
  it("what somebody else set meanwhile is neither overwritten nor slipped in", async () => {
    let isChanged = false;
    const { sent, client } = await open("/console/exchange?record=370200", ["*"], (request) => {
      if (!isChanged) return null;
      if (request.method === "PUT")
        return {
          status: 409,
          body: { error: { code: "SYS-0409", message: "内容已被他人修改", advice: "请刷新后重新操作" } },
        };
      const settings = { ...find("370200").settings, rate: 7, version: 2 };
      return request.path.endsWith("/exchange/links")
        ? { status: 200, body: { items: [{ ...find("370200"), settings }] } }
        : null;
    });
    const drawer = await screen.findByRole("dialog");
    await userEvent.type(await within(drawer).findByLabelText("速率（条/秒）"), "100");
    isChanged = true;
    await userEvent.click(within(drawer).getByRole("button", { name: /保存设置/ }));
    expect(await screen.findByText(/内容已被他人修改.*SYS-0409/)).toBeInTheDocument();
    expect(await within(drawer).findByText(/设置已被他人修改/)).toBeInTheDocument();
    expect(writes(sent)[0]?.body).toMatchObject({ version: 1, rate: 100 });
    await client.invalidateQueries({ queryKey: ["exchange"] });
    expect(within(drawer).getByLabelText("速率（条/秒）")).toHaveValue("100");
    await userEvent.click(within(drawer).getByRole("button", { name: "载入最新设置" }));
    await waitFor(() => expect(within(drawer).getByLabelText("速率（条/秒）")).toHaveValue("7"));
    expect(within(drawer).queryByText(/设置已被他人修改/)).toBeNull();
  });
  it("a pause asks for its reason first, is shown with it, and ends", async () => {
    const { sent } = await open("/console/exchange?record=370200");
    await userEvent.click(await screen.findByRole("button", { name: "暂停发送" }));
    const form = (await screen.findByText("暂停发送：青岛市平台")).closest<HTMLElement>("[role='dialog']");
    if (!form) throw new Error("no dialog");
    expect(within(form).getByText(/大批量从下一批起留在本平台.*紧急、一般照发/)).toBeInTheDocument();
    await userEvent.click(within(form).getByRole("button", { name: /确\s*定/ }));
    expect(await within(form).findByText("暂停原因必填")).toBeInTheDocument();
    expect(writes(sent)).toEqual([]);
    await userEvent.type(within(form).getByLabelText("暂停原因"), "专线检修");
    await userEvent.click(within(form).getByRole("button", { name: /确\s*定/ }));
    await waitFor(() =>
      expect(writes(sent)[0]).toMatchObject({
        path: "/api/v1/console/exchange/links/370200/pause",
        body: { classes: ["bulk"], reason: "专线检修" },
      }),
    );
    await waitFor(() =>
      expect(document.querySelector("tr[data-row-key='370200']")).toHaveTextContent("大批量已暂停：专线检修"),
    );
    await userEvent.click(await screen.findByRole("button", { name: "恢复发送" }));
    await userEvent.click(await screen.findByRole("button", { name: /确\s*定/ }));
    await waitFor(() => expect(writes(sent)[1]?.path).toBe("/api/v1/console/exchange/links/370200/resume"));
    await waitFor(() => expect(screen.queryByRole("button", { name: "恢复发送" })).toBeNull());
  });
  it("a child that asks is admitted from its row", async () => {
    const { sent } = await open("/console/exchange?record=370900");
    const drawer = await screen.findByRole("dialog");
    expect(within(drawer).getByText("申请接入，等待本平台同意")).toBeInTheDocument();
    await userEvent.click(within(drawer).getByRole("button", { name: "同意接入" }));
    await userEvent.click(await screen.findByRole("button", { name: /确\s*定/ }));
    await waitFor(() => expect(writes(sent)[0]?.path).toBe("/api/v1/console/exchange/children/370900/approve"));
  });
});
