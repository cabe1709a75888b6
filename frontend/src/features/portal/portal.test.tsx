import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { codeOf } from "@/features/portal/api/portal";
import { PortalComplaint } from "@/features/portal/components/complaint";
import { PortalFollow } from "@/features/portal/components/follow";
import { PortalHome } from "@/features/portal/components/home";
import { serveMockNode, show } from "@/testing/render";

beforeEach(() => localStorage.clear());

describe("h_6_3_the_public_looks_up_a_code", () => {
  it("takes the code out of a link and spaces out of a typed code", () => {
    expect(codeOf(" 3702 0012 3456 ")).toBe("370200123456");
    expect(codeOf("https://example.cn/t/37020%2D1?x=1")).toBe("37020-1");
    expect(codeOf("https://example.cn/01/06901234567892/10/A1")).toBe("06901234567892");
  });
  it("goes to the answer, and says so when nothing was typed", async () => {
    serveMockNode();
    const { router } = await show(<PortalHome />, "/");
    await userEvent.click(await screen.findByRole("button", { name: "查询" }));
    expect(screen.getByRole("alert")).toHaveTextContent("请先输入追溯码");
    await userEvent.type(screen.getByLabelText("追溯码"), "370200123456{Enter}");
    await waitFor(() => expect(router.state.location.pathname).toBe("/t/370200123456"));
  });
});
describe("g_6_9b_complaints", () => {
  it("carries the code, checks the fields and shows the number", async () => {
    const sent = serveMockNode();
    await show(<PortalComplaint />, "/complaint?kind=report&code=370200123451");
    expect(await screen.findByRole("radio", { name: "举报" })).toBeChecked();
    await userEvent.click(screen.getByRole("button", { name: "提交" }));
    expect(screen.getByText("请写至少 5 个字")).toBeInTheDocument();
    expect(screen.getByText("手机号应为 11 位数字")).toBeInTheDocument();
    await userEvent.type(screen.getByLabelText("请说明情况"), "摊位没有追溯小票");
    await userEvent.type(screen.getByLabelText("手机号"), "13900001234");
    await userEvent.click(screen.getByRole("button", { name: "提交" }));
    expect(await screen.findByText("2026112100031")).toBeInTheDocument();
    const body = sent.find((one) => one.method === "POST")?.body as FormData;
    expect(body.get("code")).toBe("370200123451");
    expect(body.get("kind")).toBe("report");
    expect(body.has("photo")).toBe(false);
  });
  it("follows by number and telephone tail", async () => {
    serveMockNode();
    await show(<PortalFollow />, "/complaint/follow?number=2026112000021");
    await userEvent.type(await screen.findByLabelText("手机号后四位"), "1234");
    await userEvent.click(screen.getByRole("button", { name: "查询" }));
    expect(await screen.findByText("办理经过")).toBeInTheDocument();
  });
});
