// Forms drawn from the node's description of the fields, the review and the record, as a person meets them.
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { MetaField } from "@/api/types";
import { expiry } from "@/features/registers/components/meta-facts";
import { MerchantsPage, SubjectsPage } from "@/features/registers/components/pages";
import { RecordView } from "@/features/registers/components/record-view";
import { RegisterForm } from "@/features/registers/components/register-form";
import { ReviewPage } from "@/features/registers/components/review-page";
import { toDocument, toForm } from "@/features/registers/values";
import { sessionQuery } from "@/lib/session";
import { serveMockNode, show } from "@/testing/render";

const nothing = () => undefined;
const field = (code: string, type = "text") => ({ code, type, options: [], columns: [] }) as unknown as MetaField;

describe("h_6_2_forms_from_metadata", () => {
  it("names what is obligatory, and takes a draft all the same", async () => {
    const sent = serveMockNode();
    const view = await show(<RegisterForm noun="subjects" row={null} onClose={nothing} onSaved={nothing} />);
    await view.client.fetchQuery(sessionQuery);
    await userEvent.click(await screen.findByRole("button", { name: /提交审核/ }));
    expect(await screen.findByText("名称必填")).toBeInTheDocument();
    expect(screen.getByText("追溯环节必填")).toBeInTheDocument();
    expect(sent.some((one) => one.method === "POST" && one.path.endsWith("/subjects"))).toBe(false);
    await userEvent.type(screen.getByLabelText("名称"), "青岛海润");
    await userEvent.click(screen.getByRole("button", { name: /保存草稿/ }));
    await waitFor(() =>
      expect(sent.find((one) => one.method === "POST" && one.path.endsWith("/subjects"))?.body).toMatchObject({
        name: "青岛海润",
        class: "subject",
        draft: true,
      }),
    );
  });
  it("says while writing that a check digit is wrong, and which it should be", async () => {
    serveMockNode();
    const view = await show(<RegisterForm noun="subjects" row={null} onClose={nothing} onSaved={nothing} />);
    await view.client.fetchQuery(sessionQuery);
    await userEvent.type(await screen.findByLabelText(/统一社会信用代码/), "91350100M000100Y40");
    await userEvent.tab();
    expect(await screen.findByText(/校验位不正确：应为 3，填写为 0/)).toBeInTheDocument();
  });
  it("puts the node's faults at their fields and goes to the first of them", async () => {
    serveMockNode((request) =>
      request.method === "POST" && request.path.endsWith("/subjects")
        ? {
            status: 400,
            body: {
              error: {
                code: "SUBJ-0101",
                message: "登记信息有误",
                faults: [{ code: "SUBJ-0103", field: "address", reason: "地址不能为空", advice: "请填写到门牌号" }],
              },
            },
          }
        : null,
    );
    const view = await show(<RegisterForm noun="subjects" row={null} onClose={nothing} onSaved={nothing} />);
    await view.client.fetchQuery(sessionQuery);
    await userEvent.type(await screen.findByLabelText("名称"), "青岛海润");
    await userEvent.click(screen.getByRole("button", { name: /保存草稿/ }));
    expect(await screen.findByText("地址不能为空。请填写到门牌号")).toBeInTheDocument();
    expect(screen.getByText(/登记信息有误/)).toBeInTheDocument();
    await waitFor(() => expect(screen.getByLabelText("地址")).toHaveFocus());
  });
  it("asks merchants for their node and not for a kind of node", async () => {
    serveMockNode();
    const view = await show(<RegisterForm noun="merchants" row={null} onClose={nothing} onSaved={nothing} />);
    await view.client.fetchQuery(sessionQuery);
    expect(await screen.findByLabelText("所在节点编码")).toBeInTheDocument();
    expect(screen.queryByLabelText("节点类型")).toBeNull();
  });
  it("suggests likely doubles before anything is saved", async () => {
    serveMockNode((request) =>
      request.path.endsWith("/subjects/similar")
        ? {
            status: 200,
            body: {
              items: [
                {
                  id: "0-1",
                  code: "370200000001",
                  name: "青岛海润水产有限公司",
                  division: "370200",
                  division_name: "青岛市",
                  address: null,
                  state: "filed",
                  state_name: "已备案",
                  score: 90,
                  reasons: [{ kind: "name", text: "名称相近" }],
                },
              ],
              outside: false,
              outside_text: null,
            },
          }
        : null,
    );
    const view = await show(<RegisterForm noun="subjects" row={null} onClose={nothing} onSaved={nothing} />);
    await view.client.fetchQuery(sessionQuery);
    await userEvent.type(await screen.findByLabelText("名称"), "青岛海润水产");
    expect(await screen.findByText(/可能已经登记/)).toBeInTheDocument();
    expect(screen.getByText(/名称相近/)).toBeInTheDocument();
  });
  it("keeps what the form does not show, and joins the place", () => {
    const row = { code: "A", name: "甲", lon: 120.1, lat: 36.2, fax: "0532", extra: { brand: "海润" } };
    const fields = [field("code"), field("name"), field("place", "place"), field("brand")];
    const body = toDocument("subject", fields, { ...toForm(row), name: "乙" }, row);
    expect(body).toMatchObject({ code: "A", name: "乙", lon: 120.1, lat: 36.2, fax: "0532", extra: { brand: "海润" } });
  });
  it("tells a licence that is over from one that soon will be", () => {
    const today = Date.parse("2026-11-21T04:00:00Z");
    expect(expiry("2026-11-20", today)).toBe("expired");
    expect(expiry("2026-11-21", today)).toBe("soon");
    expect(expiry("2027-11-21", today)).toBeNull();
  });
});

describe("g_6_2_1a_review", () => {
  it("goes through the queue with the keys A and J", async () => {
    const sent = serveMockNode();
    const view = await show(<ReviewPage />, "/console/review");
    await view.client.fetchQuery(sessionQuery);
    const queue = await screen.findByRole("list", { name: "待审核" });
    await waitFor(() => expect(within(queue).getAllByRole("button").length).toBeGreaterThan(1));
    await waitFor(() => expect(view.router.state.location.search).toHaveProperty("record"));
    const first = (view.router.state.location.search as Record<string, string>)["record"];
    await screen.findByRole("button", { name: /下一条/ });
    await userEvent.keyboard("j");
    await waitFor(() =>
      expect((view.router.state.location.search as Record<string, string>)["record"]).not.toBe(first),
    );
    await screen.findByRole("button", { name: /通\s*过/ });
    await userEvent.keyboard("a");
    await waitFor(() =>
      expect(sent.find((one) => one.method === "POST" && one.path.endsWith("/review"))?.body).toMatchObject({
        decision: "approve",
      }),
    );
  });
  it("says that nothing waits", async () => {
    serveMockNode((request) =>
      request.path.endsWith("/console/subjects")
        ? { status: 200, body: { items: [], next: null, count: { value: 0, exact: true } } }
        : null,
    );
    await show(<ReviewPage />, "/console/review");
    expect((await screen.findAllByText("没有待审核的登记")).length).toBeGreaterThan(0);
  });
});

describe("g_6_2_1_records", () => {
  const detail = (more: object) => ({
    status: 200,
    body: {
      id: "a-1",
      code: "370200000001",
      name: "青岛海润水产有限公司",
      class: "subject",
      category: "aquatic",
      stages: ["wholesale"],
      phone: "138****0001",
      state: "filed",
      state_name: "已备案",
      version: 3,
      updated_at: "2026-11-20T02:00:00Z",
      origin_node: "370200",
      origin_name: "青岛市",
      completeness: 80,
      missing: ["address"],
      rival: null,
      actions: ["change", "suspend", "recode", "same_as"],
      history: [],
      proposal: null,
      ...more,
    },
  });
  it("shows a conflict of codes with the ways out of it", async () => {
    serveMockNode((request) =>
      request.path.endsWith("/subjects/a-1")
        ? detail({ rival: { id: null, code: "370200000001", name: "济南海润", node: "370100", node_name: "济南市" } })
        : null,
    );
    const view = await show(<RecordView noun="subjects" id="a-1" />, "/console/subjects/a-1");
    await view.client.fetchQuery(sessionQuery);
    expect(await screen.findByText(/与“济南海润”（济南市）冲突/)).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "更换编码" })).toBeInTheDocument();
    expect(screen.getByText(/完整度 80%/)).toBeInTheDocument();
  });
  it("shows what a tier above proposes, and takes it over or says why not", async () => {
    const note = {
      id: "n-1",
      author: "王建国",
      node: "370000",
      node_name: "山东省",
      at: "2026-11-20T02:00:00Z",
      reason: "与营业执照不符",
      changes: { address: "解放路 8 号" },
      state: "open",
      answer: null,
    };
    const sent = serveMockNode((request) =>
      request.path.endsWith("/subjects/a-1")
        ? detail({ origin_node: "370000", address: "解放路 1 号", proposals: [note] })
        : request.path.endsWith("/decision")
          ? { status: 200, body: { ...note, state: "declined" } }
          : null,
    );
    const view = await show(<RecordView noun="subjects" id="a-1" />, "/console/subjects/a-1");
    await view.client.fetchQuery(sessionQuery);
    expect(await screen.findByText(/与营业执照不符/)).toBeInTheDocument();
    expect(screen.getByText("解放路 8 号")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /提出更正建议/ })).toBeNull();
    await userEvent.click(await screen.findByRole("button", { name: "不采纳" }));
    await userEvent.type(await screen.findByLabelText("理由"), "已核对营业执照");
    await userEvent.click(screen.getByRole("button", { name: /确\s*定/ }));
    await waitFor(() =>
      expect(sent.find((one) => one.path.endsWith("/proposals/n-1/decision"))?.body).toEqual({
        accept: false,
        reason: "已核对营业执照",
      }),
    );
  });
  it("lets a tier above propose a correction and nothing else", async () => {
    const sent = serveMockNode((request) =>
      request.path.endsWith("/subjects/a-1")
        ? detail({ origin_node: "370200", actions: [] })
        : request.path.endsWith("/proposals")
          ? { status: 201, body: {} }
          : null,
    );
    const view = await show(<RecordView noun="subjects" id="a-1" />, "/console/subjects/a-1");
    await view.client.fetchQuery(sessionQuery);
    await userEvent.click(await screen.findByRole("button", { name: /提出更正建议/ }));
    expect(screen.queryByRole("button", { name: /^暂\s*停/ })).toBeNull();
    await userEvent.type(await screen.findByLabelText("理由"), "请核对地址");
    await userEvent.click(screen.getByRole("button", { name: "发给下级平台" }));
    await waitFor(() =>
      expect(sent.find((one) => one.path.endsWith("/proposals"))?.body).toEqual({ changes: {}, reason: "请核对地址" }),
    );
  });
  it("shows masked values only for a reason", async () => {
    const sent = serveMockNode((request) =>
      request.path.endsWith("/subjects/a-1")
        ? detail({})
        : request.path.endsWith("/unmask")
          ? detail({ phone: "13800000001" })
          : null,
    );
    const view = await show(<RecordView noun="subjects" id="a-1" />, "/console/subjects/a-1");
    await view.client.fetchQuery(sessionQuery);
    expect(await screen.findByText("138****0001")).toBeInTheDocument();
    await userEvent.click(await screen.findByRole("button", { name: /查看完整信息/ }));
    await userEvent.type(await screen.findByLabelText("理由"), "电话核实投诉");
    await userEvent.click(screen.getByRole("button", { name: /确\s*定/ }));
    expect(await screen.findByText("13800000001")).toBeInTheDocument();
    expect(sent.find((one) => one.path.endsWith("/unmask"))?.body).toEqual({ reason: "电话核实投诉" });
  });
});

describe("g_6_2_2a_lists_of_subjects_and_merchants", () => {
  it("ask for their own class and keep several values of one condition", async () => {
    const sent = serveMockNode();
    const asked = () => sent.filter((one) => one.path.endsWith("/console/subjects")).at(-1)?.query;
    const first = await show(<SubjectsPage />, "/console/subjects?state=filed,changing&filed_from=2026-11-01");
    await waitFor(() => expect(asked()?.get("class")).toBe("subject"));
    expect(asked()?.get("state")).toBe("filed,changing");
    expect(asked()?.get("filed_from")).toBe("2026-11-01");
    expect(await screen.findByText(/状态：已备案、变更待审/)).toBeInTheDocument();
    first.unmount();
    await show(<MerchantsPage />, "/console/merchants?parent=370202001");
    await waitFor(() => expect(asked()?.get("class")).toBe("merchant"));
    expect(asked()?.get("parent")).toBe("370202001");
  });
  it("keep views on the node", async () => {
    const sent = serveMockNode();
    await show(<SubjectsPage />, "/console/subjects?state=filed");
    await userEvent.click(await screen.findByRole("button", { name: /常用视图/ }));
    await userEvent.click(await screen.findByRole("button", { name: "把当前条件存为视图" }));
    await userEvent.type(await screen.findByLabelText("视图名称"), "已备案的");
    await userEvent.click(screen.getByRole("button", { name: /保\s*存/ }));
    await waitFor(() =>
      expect(sent.find((one) => one.method === "POST" && one.path.endsWith("/views"))?.body).toMatchObject({
        list: "subjects",
        name: "已备案的",
        query: "state=filed",
      }),
    );
  });
  it("export what is shown", async () => {
    const sent = serveMockNode();
    const view = await show(<SubjectsPage />, "/console/subjects?state=filed&sort=name");
    await view.client.fetchQuery(sessionQuery);
    await userEvent.click(await screen.findByRole("button", { name: "download 导出" }));
    await userEvent.click(await screen.findByRole("button", { name: /开始导出/ }));
    expect(await screen.findByRole("link", { name: /下载文件/ })).toHaveAttribute(
      "href",
      "/api/v1/console/exports/x-1/file",
    );
    const wish = sent.find((one) => one.method === "POST" && one.path.endsWith("/exports"))?.body as { query: string };
    expect(new URLSearchParams(wish.query).get("state")).toBe("filed");
    expect(new URLSearchParams(wish.query).get("sort")).toBe("name");
  });
});
