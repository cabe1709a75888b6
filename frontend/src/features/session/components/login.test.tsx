import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { LoginPage, safeBack } from "@/features/session/components/login-page";
import { serveMockNode, show } from "@/testing/render";

describe("g_5_4_2_sign_in", () => {
  it("follows only addresses of the console", () => {
    expect(safeBack("/console/findings?state=open")).toBe("/console/findings?state=open");
    for (const bad of ["https://evil.example", "//evil.example", "/consolex", "/console/login?back=x", undefined])
      expect(safeBack(bad)).toBe("/console");
  });
  it("shows the node's own words when refused, then goes where it was asked to", async () => {
    serveMockNode(undefined, false);
    const { router } = await show(<LoginPage />, "/console/login?back=%2Fconsole%2Ffindings%3Fstate%3Dopen");
    expect(await screen.findByText("山东省重要产品追溯管理平台")).toBeInTheDocument();
    await userEvent.type(screen.getByLabelText("账号"), "u");
    await userEvent.type(screen.getByLabelText("密码"), "wrong");
    await userEvent.click(screen.getByRole("button", { name: /登\s*录/ }));
    expect(await screen.findByText(/账号或密码不正确/)).toBeInTheDocument();
    await userEvent.clear(screen.getByLabelText("密码"));
    await userEvent.type(screen.getByLabelText("密码"), "right");
    await userEvent.click(screen.getByRole("button", { name: /登\s*录/ }));
    await waitFor(() => expect(router.state.location.pathname).toBe("/console/findings"));
  });
});
