import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { leftOf } from "@/features/session/components/idle-guard";
import { LoginPage, safeBack } from "@/features/session/components/login-page";
import type { Answer, Request } from "@/testing/mock-answer";
import { serveMockNode, show } from "@/testing/render";

const refused = (status: number, code: string, message: string): Answer => ({
  status,
  body: { error: { code, message, advice: "", field: null, request_id: "r", faults: [] } },
});
const pending = (step: string, ticket = "t-1"): Answer => ({
  status: 202,
  body: { step, ticket, expires_at: "2026-11-21T03:00:00Z", username: "zhangwei" },
});
const asked = (request: Request, path: string) => request.method === "POST" && request.path.endsWith(path);
async function name() {
  await userEvent.type(await screen.findByLabelText("账号"), "zhangwei");
  await userEvent.type(screen.getByLabelText("密码"), "Suyuan-Demo-2026");
  await userEvent.click(screen.getByRole("button", { name: /^登\s*录$/ }));
}

describe("g_5_4_2_sign_in", () => {
  it("follows only addresses of the console and the request of another application", () => {
    expect(safeBack("/console/findings?state=open")).toBe("/console/findings?state=open");
    expect(safeBack("/authorize?request=01JD-x")).toBe("/authorize?request=01JD-x");
    for (const bad of [
      "https://evil.example",
      "//evil.example",
      "/consolex",
      "/console/login?back=x",
      "/authorize?request=a&next=//evil",
      undefined,
    ])
      expect(safeBack(bad)).toBe("/console");
  });
  it("shows the node's own words when refused, then goes where it was asked to", async () => {
    serveMockNode(undefined, false);
    const { router } = await show(<LoginPage />, "/console/login?back=%2Fconsole%2Ffindings%3Fstate%3Dopen");
    expect(await screen.findByText("山东省重要产品追溯管理平台")).toBeInTheDocument();
    await userEvent.type(screen.getByLabelText("账号"), "u");
    await userEvent.type(screen.getByLabelText("密码"), "wrong");
    await userEvent.click(screen.getByRole("button", { name: /^登\s*录$/ }));
    expect(await screen.findByText(/账号或密码不正确/)).toBeInTheDocument();
    await userEvent.clear(screen.getByLabelText("密码"));
    await userEvent.type(screen.getByLabelText("密码"), "right");
    await userEvent.click(screen.getByRole("button", { name: /^登\s*录$/ }));
    await waitFor(() => expect(router.state.location.pathname).toBe("/console/findings"));
  });
  it("h_9_4_goes_on_with_the_step_that_an_outside_sign_in_left_open_and_keeps_its_ticket_out_of_the_address", async () => {
    const sent = serveMockNode(undefined, false);
    const { router } = await show(
      <LoginPage />,
      "/console/login?back=%2Fconsole%2Ffindings#step=second_factor&ticket=t-9&expires_at=2026-11-21T03%3A00%3A00Z&username=zhangwei",
    );
    await userEvent.type(await screen.findByLabelText("6 位验证码"), "123456");
    await userEvent.click(screen.getByRole("button", { name: /^验\s*证$/ }));
    await waitFor(() => expect(router.state.location.pathname).toBe("/console/findings"));
    expect(sent.find((request) => asked(request, "/session/second-factor"))?.body).toEqual({
      ticket: "t-9",
      code: "123456",
    });
    expect(router.state.location.hash).toBe("");
  });
  it("a_6_1_a_captcha_is_asked_for_once_the_node_wants_one_and_is_new_after_every_try", async () => {
    const sent = serveMockNode(
      (request) => (asked(request, "/session") ? refused(401, "AUTH-0105", "请输入验证码") : null),
      false,
    );
    await show(<LoginPage />, "/console/login");
    await name();
    expect(await screen.findByAltText(/验证码图片/)).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: /改答文字题/ }));
    expect(await screen.findByText("请计算：七加五等于几？")).toBeInTheDocument();
    await userEvent.type(screen.getByLabelText("验证码"), "12");
    await userEvent.click(screen.getByRole("button", { name: /^登\s*录$/ }));
    await waitFor(() => expect(sent.filter((one) => one.path.endsWith("/session/captcha")).length).toBe(3));
    const tries = sent.filter((one) => asked(one, "/session")).map((one) => one.body as { captcha?: object });
    expect(tries[0]?.captcha).toBeUndefined();
    expect(tries[1]?.captcha).toMatchObject({ answer: "12" });
  });
  it("h_9_4_the_second_factor_is_a_step_of_its_own_and_a_recovery_code_does_instead", async () => {
    const sent = serveMockNode((request) => {
      if (asked(request, "/session")) return pending("second_factor");
      const code = asked(request, "/session/second-factor") && (request.body as { code: string }).code;
      return code === "000000" ? refused(401, "AUTH-0121", "验证码不正确或已使用") : null;
    }, false);
    const { router } = await show(<LoginPage />, "/console/login");
    await name();
    await userEvent.type(await screen.findByLabelText("6 位验证码"), "000000");
    await userEvent.click(screen.getByRole("button", { name: /验\s*证$/ }));
    expect(await screen.findByText(/验证码不正确或已使用/)).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "改用恢复码" }));
    await userEvent.type(await screen.findByLabelText("恢复码"), "ABCDE-FGHJK");
    await userEvent.click(screen.getByRole("button", { name: /验\s*证$/ }));
    await waitFor(() => expect(router.state.location.pathname).toBe("/console"));
    expect(sent.filter((one) => asked(one, "/session/second-factor")).at(-1)?.body).toEqual({
      ticket: "t-1",
      code: "ABCDE-FGHJK",
    });
  });
  it("g_5_4_3a_a_first_password_is_changed_before_anything_else_and_the_rules_are_ticked_off", async () => {
    serveMockNode((request) => (asked(request, "/session") ? pending("change_password") : null), false);
    const { router } = await show(<LoginPage />, "/console/login");
    await name();
    const field = await screen.findByLabelText("新密码");
    await userEvent.type(field, "zhangwei");
    expect(screen.getByText(/不含账号名/).closest("li")).not.toHaveClass("kept");
    await userEvent.clear(field);
    await userEvent.type(field, "Qingdao-2026x");
    for (const rule of [/不少于 12 位/, /至少三类/, /不含账号名/])
      expect(screen.getByText(rule).closest("li")).toHaveClass("kept");
    await userEvent.type(screen.getByLabelText("再次输入新密码"), "Qingdao-2026x");
    await userEvent.click(screen.getByRole("button", { name: "保存并继续" }));
    await waitFor(() => expect(router.state.location.pathname).toBe("/console"));
  });
  it("a session ends by the node's clock and not by the reader's", () => {
    const session = {
      now: "2026-11-21T02:00:00Z",
      idle_ends_at: "2026-11-21T02:30:00Z",
      ends_at: "2026-11-21T10:00:00Z",
    };
    expect(leftOf(session, 0)).toEqual({ idle: 1_800_000, whole: 28_800_000 });
    expect(leftOf(session, 60_000).idle).toBe(1_740_000);
  });
});
