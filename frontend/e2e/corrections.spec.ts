// G-6.2.1b: the province finds an entry of a city wrong and proposes a correction; the city decides and the province reads it.
import { expect, test, type Browser, type Page } from "@playwright/test";
import { filed, known } from "./entries";
import { creditCode } from "./forms";
import { nodeUrl, signIn } from "./session";
import { desk } from "./users";

/** The city files a firm, and the province proposes another address for it; the province's page and the firm's id. */
async function proposed(page: Page, browser: Browser, address: string): Promise<[Page, string]> {
  await signIn(page, "/console/subjects");
  const id = await filed(page, { name: `更正测试${Date.now() % 100_000}有限公司`, code: creditCode() });
  const province = await desk(browser, nodeUrl("370000"));
  await signIn(province, "/console/subjects");
  const propose = province.getByRole("button", { name: "提出更正建议" });
  await known(province, id, (subject) => subject["state"] === "filed");
  await province.goto(`/console/subjects/${id}`);
  await propose.click();
  const form = province.getByRole("dialog", { name: "提出更正建议" });
  await form.getByRole("button", { name: "添加要更正的项目" }).click();
  await form.getByLabel("项目", { exact: true }).click();
  await province.locator(".ant-select-dropdown:visible").getByText("地址", { exact: true }).click();
  await form.getByLabel("更正为").fill(address);
  await form.getByRole("button", { name: "发给下级平台" }).click();
  await expect(form.getByText("理由必填")).toBeVisible();
  await form.getByLabel("理由").fill("与营业执照不一致");
  await form.getByRole("button", { name: "发给下级平台" }).click();
  await expect(province.getByText("更正建议已发出")).toBeVisible();
  await expect(province.locator(".correction")).toContainText("待答复");
  await expect(province.getByRole("button", { name: /^采\s*纳$/ })).toHaveCount(0);
  await known(page, id, (subject) => (subject["proposals"] as unknown[]).length > 0);
  await page.goto(`/console/subjects/${id}`);
  await expect(page.locator(".correction")).toContainText("与营业执照不一致");
  return [province, id];
}

test("g_6_2_1b_a_correction_of_the_province_is_taken_over_by_the_city", async ({ page, browser }) => {
  const [province, id] = await proposed(page, browser, "长城路 88 号");
  const note = page.locator(".correction");
  await expect(note).toContainText("山东省");
  await expect(note.locator("del, .was").first()).toContainText("正阳路 9 号");
  await expect(note.locator("ins, .will").first()).toContainText("长城路 88 号");
  await note.getByRole("button", { name: /^采\s*纳$/ }).click();
  await page
    .locator(".ant-popover:visible")
    .getByRole("button", { name: /确\s*定/ })
    .click();
  await expect(page.getByText("已采纳，成为待审核的变更")).toBeVisible();
  await expect(page.getByText("变更正在审核，审核通过前仍按已备案内容执行")).toBeVisible();
  await page.getByRole("button", { name: /^通\s*过/ }).click();
  await expect(page.locator(".fact dd", { hasText: "长城路 88 号" })).toBeVisible();
  await known(province, id, (subject) => subject["address"] === "长城路 88 号");
  await province.reload();
  await expect(province.locator(".correction")).toContainText("已采纳");
  await expect(province.locator(".fact dd", { hasText: "长城路 88 号" })).toBeVisible();
});

test("g_6_2_1b_a_correction_is_declined_with_a_reason_that_the_province_reads", async ({ page, browser }) => {
  const [province, id] = await proposed(page, browser, "长城路 99 号");
  await page
    .locator(".correction")
    .getByRole("button", { name: /^不采纳$/ })
    .click();
  const asking = page.getByRole("dialog", { name: "不采纳" });
  await asking.getByLabel("理由").fill("营业执照已换发，现地址无误");
  await asking.getByRole("button", { name: /确\s*定/ }).click();
  await expect(page.locator(".correction")).toContainText("未采纳");
  await known(province, id, (subject) => JSON.stringify(subject["proposals"]).includes("营业执照已换发"));
  await province.reload();
  await expect(province.locator(".correction")).toContainText("营业执照已换发，现地址无误");
  await expect(province.locator(".fact dd", { hasText: "正阳路 9 号" })).toBeVisible();
});
