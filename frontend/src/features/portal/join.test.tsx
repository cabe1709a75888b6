import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { joinSubjects, parentOf, splitSubjects } from "@/features/portal/api/join";
import { PortalJoin } from "@/features/portal/components/join";
import { PortalJoinFollow } from "@/features/portal/components/join-follow";
import { usccFault } from "@/lib/uscc";
import { serveMockNode, show } from "@/testing/render";

describe("g_6_7_2_applying_to_be_connected", () => {
  it("the check digit of a code is judged while it is written", () => {
    expect(usccFault("91350100M000100Y43")).toBeNull();
    expect(usccFault("91350100m000100y43")).toBeNull();
    expect(usccFault("91350100M000100Y44")).toMatch("应为 3，填写为 4");
    expect(usccFault("9135")).toMatch("应为 18 位，现为 4 位");
    expect(usccFault("9135010OM000100Y43")).toMatch("不能含“O”");
  });
  it("codes and names of subjects are told apart and put together again", () => {
    const split = splitSubjects("91350100m000100y43\n某某市场，370200001234");
    expect(split).toEqual({ subjects: ["91350100M000100Y43", "370200001234"], subject_list: "某某市场" });
    expect(joinSubjects(split)).toBe("91350100M000100Y43\n370200001234\n某某市场");
    expect([parentOf("370102"), parentOf("370100"), parentOf("370000")]).toEqual(["370100", "370000", "000000"]);
  });
  it("faults are shown at their fields, and the number and code once it is taken", async () => {
    const sent = serveMockNode();
    await show(<PortalJoin />, "/join");
    await userEvent.click(await screen.findByRole("button", { name: "提交申请" }));
    expect(screen.getByLabelText("系统名称")).toHaveFocus();
    expect(await screen.findByText(/有 \d+ 处需要修改/)).toBeInTheDocument();
    const write = async (label: string, text: string) => userEvent.type(screen.getByLabelText(label), text);
    await write("系统名称", "城阳屠宰追溯系统");
    await write("运营单位名称", "青岛某某食品有限公司");
    await write("统一社会信用代码", "91350100M000100Y43");
    await write("联系人", "张敏");
    await write("联系电话", "13900001234");
    await write("接入目的", "报送屠宰出场数据");
    await write("预计每日数据量（条）", "1200");
    await userEvent.selectOptions(screen.getByLabelText("报送品类"), "pork");
    await userEvent.selectOptions(screen.getByLabelText("报送环节"), "slaughter");
    await userEvent.selectOptions(screen.getByLabelText("所在区划"), "370000");
    await userEvent.selectOptions(screen.getByLabelText("所在区划第 2 级"), "370100");
    await userEvent.click(screen.getByRole("button", { name: "提交申请" }));
    expect(await screen.findByText("K7XM2Q9TWA4Z")).toBeInTheDocument();
    expect(sent.find((one) => one.method === "POST")?.body).toMatchObject({
      division: "370100",
      daily_volume: 1200,
      protocol: "json",
    });
  });
  it("after several applications from one address a captcha is asked for, by picture or by question", async () => {
    const sent = serveMockNode();
    await show(<PortalJoin />, "/join");
    const write = async (label: string, text: string) => userEvent.type(await screen.findByLabelText(label), text);
    await write("系统名称", "城阳屠宰追溯系统");
    await write("运营单位名称", "青岛第四份公司");
    await write("统一社会信用代码", "91350100M000100Y43");
    await write("联系人", "张敏");
    await write("联系电话", "13900001234");
    await write("接入目的", "报送屠宰出场数据");
    await write("预计每日数据量（条）", "1200");
    await userEvent.selectOptions(screen.getByLabelText("报送品类"), "pork");
    await userEvent.selectOptions(screen.getByLabelText("报送环节"), "slaughter");
    await userEvent.selectOptions(screen.getByLabelText("所在区划"), "370000");
    expect(screen.queryByLabelText("验证码")).not.toBeInTheDocument();
    const send = () => userEvent.click(screen.getByRole("button", { name: "提交申请" }));
    await send();
    expect(await screen.findByRole("img", { name: "验证码图片" })).toBeInTheDocument();
    await waitFor(() => expect(screen.getByRole("button", { name: "提交申请" })).toBeEnabled());
    await userEvent.click(screen.getByRole("button", { name: "看不清？改答文字题" }));
    expect(await screen.findByText("请计算：七加五等于几？")).toBeInTheDocument();
    await send();
    expect(screen.getByLabelText("验证码")).toHaveFocus();
    await write("验证码", "十一");
    await send();
    expect(await screen.findAllByText(/验证码不正确或已失效/)).not.toHaveLength(0);
    await waitFor(() => expect(screen.getByRole("button", { name: "提交申请" })).toBeEnabled());
    await userEvent.clear(screen.getByLabelText("验证码"));
    await write("验证码", "十二");
    await send();
    expect(await screen.findByText("K7XM2Q9TWA4Z")).toBeInTheDocument();
    const posts = sent.filter((one) => one.method === "POST");
    expect(posts).toHaveLength(3);
    expect(posts[0]?.body).not.toHaveProperty("captcha");
    expect(posts[2]?.body).toMatchObject({ captcha: { answer: "十二" } });
  });
  it("a returned application is mended by its number and query code", async () => {
    const sent = serveMockNode();
    await show(<PortalJoinFollow />, "/join/follow?number=JR370000-2026-0004");
    await userEvent.type(screen.getByLabelText("查询码"), "bad");
    await userEvent.click(screen.getByRole("button", { name: "查询" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("没有找到");
    await userEvent.clear(screen.getByLabelText("查询码"));
    await userEvent.type(screen.getByLabelText("查询码"), "K7XM2Q9TWA4Z");
    await userEvent.click(screen.getByRole("button", { name: "查询" }));
    expect(await screen.findByText(/请按退回理由修改后再次提交/)).toBeInTheDocument();
    expect(screen.getByText("编码与校验位")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "修改后再次提交" }));
    const code = await screen.findByLabelText("统一社会信用代码");
    await userEvent.clear(code);
    await userEvent.type(code, "91350100M000100Y43");
    const phone = screen.getByLabelText("联系电话");
    await userEvent.clear(phone);
    await userEvent.type(phone, "13900001234");
    await userEvent.click(screen.getByRole("button", { name: "修改后再次提交" }));
    await waitFor(() =>
      expect(sent.find((one) => one.method === "PUT")?.body).toMatchObject({ version: 2, query_code: "K7XM2Q9TWA4Z" }),
    );
    expect(await screen.findByText("已申请", { selector: ".verdict strong" })).toBeInTheDocument();
  });
});
