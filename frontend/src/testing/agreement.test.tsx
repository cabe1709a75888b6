// Pages ask and send what the node's own rules expect.
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Me } from "@/api/types";
import { ComplaintsPage, stepsAfter } from "@/features/complaints/components/complaints-page";
import { EvaluationPage } from "@/features/evaluation/components/evaluation-page";
import { NoticesPage } from "@/features/notices/components/notices-page";
import { isCron } from "@/lib/cron";
import { systemName } from "@/lib/format";
import { isStrong } from "@/lib/password";
import { sessionQuery } from "@/lib/session";
import { evaluations, me } from "@/testing/mock-data";
import type { Answer, Request } from "@/testing/mock-answer";
import { serveMockNode, show } from "@/testing/render";

const as = (session: Me, more?: (request: Request) => Answer | null) =>
  serveMockNode((request) =>
    request.path.endsWith("/session") ? { status: 200, body: session } : (more?.(request) ?? null),
  );

describe("forms of single values", () => {
  it("g_6_8_3_schedules_have_five_parts", () => {
    for (const text of ["0 8 1 * *", "*/20 * * * *", "0 8 1 1,4,7,10 *", "0 9 * * 7", "30 9 * * 1-5", " 0 8 1 * * "])
      expect(isCron(text), text).toBe(true);
    for (const text of [
      "",
      "0 8 1 *",
      "0 8 1 * * *",
      "60 8 1 * *",
      "0 24 1 * *",
      "0 8 0 * *",
      "5-1 8 1 * *",
      "*/0 * * * *",
    ])
      expect(isCron(text), text).toBe(false);
  });
  it("g_5_4_3a_passwords_have_twelve_characters_of_three_classes", () => {
    expect(isStrong("Qingdao-2026x")).toBe(true);
    for (const text of ["Short-2026", "alllowercase", "lowercase2026", ""]) expect(isStrong(text), text).toBe(false);
  });
  it("systems without a name keep their code", () => {
    expect(systemName({ system: "SYS1", system_name: "市场系统" })).toBe("市场系统");
    expect(systemName({ system: "SYS1", system_name: null })).toBe("SYS1");
    expect(systemName({ system: "MANUAL-370200" })).toBe("人工上传（370200）");
  });
});

describe("g_6_9b_complaints", () => {
  it("steps follow the states of the node", () => {
    expect(stepsAfter("submitted")).toEqual(["accept", "reject"]);
    expect(stepsAfter("closed")).toEqual([]);
    expect(stepsAfter("answered", ["answer", "close"])).toEqual(["answer", "close"]);
  });
  it("a link that asks for open matters shows all states", async () => {
    const sent = as(me);
    const { router } = await show(<ComplaintsPage />, "/console/complaints?state=open");
    await waitFor(() => expect(router.state.location.search).not.toHaveProperty("state"));
    await waitFor(() => expect(sent.some((one) => one.path.endsWith("/console/complaints"))).toBe(true));
    expect(sent.filter((one) => one.query.get("state") === "open")).toEqual([]);
  });
});

describe("g_6_8_1_evaluation", () => {
  it("a city asks for its systems first and shows what the tier above said", async () => {
    const city: Me = {
      ...me,
      node: { ...me.node, tier: "city", code: "370200", parent: { code: "370000", name: "山东省" } },
    };
    const given = evaluations("2026-10", "division").rows[0];
    const sent = as(city, (request) =>
      request.path.endsWith("/console/evaluations")
        ? {
            status: 200,
            body: { ...evaluations("2026-10", "system"), from_above: { ...given, name: "青岛市", node: "370000" } },
          }
        : null,
    );
    const view = await show(<EvaluationPage />, "/console/evaluations");
    await view.client.fetchQuery(sessionQuery);
    expect(await screen.findByText("由山东省评定，下达本平台")).toBeInTheDocument();
    expect(sent.find((one) => one.path.endsWith("/console/evaluations"))?.query.get("kind")).toBe("system");
  });
});

describe("g_6_9a_notices", () => {
  const notice = (state: string) => ({
    id: "n-9",
    title: "关于抽检的通知",
    kind: "notice",
    body: "正文",
    state,
    origin_node: me.node.code,
    published_at: null,
    version: 3,
  });
  const open = async (state: string) => {
    const sent = as(me, (request) =>
      request.path.endsWith("/console/notices")
        ? { status: 200, body: { items: [notice(state)], next: null, count: null } }
        : null,
    );
    const view = await show(<NoticesPage />, "/console/notices?record=n-9");
    await view.client.fetchQuery(sessionQuery);
    await screen.findByText("正文");
    return sent;
  };
  it("a draft can be changed and published", async () => {
    const sent = await open("draft");
    expect(screen.getByRole("button", { name: /发\s*布/ })).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: /修改草稿/ }));
    await userEvent.click(await screen.findByRole("button", { name: /保\s*存/ }));
    await waitFor(() =>
      expect(sent.find((one) => one.method === "PUT")?.body).toEqual({
        title: "关于抽检的通知",
        kind: "notice",
        body: "正文",
        version: 3,
      }),
    );
  });
  it("what was withdrawn stays withdrawn", async () => {
    await open("withdrawn");
    expect(screen.queryByRole("button", { name: /^发\s*布$/ })).toBeNull();
    expect(screen.queryByRole("button", { name: /修改草稿/ })).toBeNull();
  });
});
