// G-6.4.1a, A-8: the system administrator of a city sees how the link to the province stands, sets it, holds it back and lets it go.
import { expect, test, type Page } from "@playwright/test";
import { signIn } from "./session";

const PROVINCE = "370000";
const link = `/api/v1/console/exchange/links/${PROVINCE}`;
/** The row of the link in the list; tables of the drawer lie outside of the tabs. */
const row = (page: Page) => page.locator(".ant-tabs tbody tr", { hasText: PROVINCE });
const drawer = (page: Page) => page.locator(".ant-drawer").getByRole("dialog");
/** The page looks again by itself every fifteen seconds. */
const inStep = (page: Page) => expect(row(page)).toContainText("在同步", { timeout: 180_000 });
const confirm = (page: Page) =>
  page
    .locator(".ant-popover:visible")
    .getByRole("button", { name: /确\s*定/ })
    .click();

async function open(page: Page): Promise<void> {
  await signIn(page, "/console/exchange", "admin");
  await inStep(page);
  await row(page).focus();
  await page.keyboard.press("Enter");
  await expect(drawer(page).getByRole("heading", { name: "发送设置" })).toBeVisible();
}

/** Whatever a test has set must not slow down those after it, also where the test fails. */
test.afterEach(async ({ page }) => {
  const headers = { "X-Suyuan": "1" };
  const resumed = await page.request.post(`${link}/resume`, { headers });
  // Whoever may only look has changed nothing.
  if (resumed.status() === 403) return;
  expect(resumed.ok()).toBe(true);
  const { settings } = (await (await page.request.get(link)).json()) as { settings: { version: number } };
  const data = { version: settings.version, rate: null, batch: null, windows: [] };
  expect((await page.request.put(`${link}/settings`, { headers, data })).ok()).toBe(true);
});

test("g_6_4_1a_the_link_to_the_province_is_in_step_and_says_what_was_confirmed", async ({ page }) => {
  await open(page);
  await expect(row(page)).toContainText("上级");
  await expect(row(page)).toContainText("全部记录已有回执，双方一致");
  await expect(row(page).locator("time")).toBeVisible();
  const bulk = drawer(page).getByRole("row", { name: /^大批量/ });
  await expect(bulk).toContainText("在同步");
  const chain = drawer(page)
    .getByRole("row", { name: /上报·大批量/ })
    .first();
  await expect(chain).toContainText("up/bulk");
  await expect(chain).toContainText("● 一致");
  await page.keyboard.press("Escape");
  await expect(drawer(page)).toHaveCount(0);
  await page.getByRole("button", { name: /故障$/ }).click();
  await expect(page.getByText("没有这种状态的链路")).toBeVisible();
  await page.getByRole("button", { name: /全部链路$/ }).click();
  await expect(row(page)).toBeVisible();
});

test("a_8_a_rate_and_hours_are_set_and_said_in_words", async ({ page }) => {
  await open(page);
  const rate = drawer(page).getByLabel("速率（条/秒）");
  await rate.fill("1000");
  await expect(drawer(page).getByText("一般与大批量合计每秒最多 1,000 条，每小时约 3,600,000 条")).toBeVisible();
  await drawer(page).getByRole("button", { name: "增加时段" }).click();
  await drawer(page).getByLabel("开始时刻").fill("25:00");
  await drawer(page).getByLabel("结束时刻").fill("24:00");
  await drawer(page).getByRole("button", { name: "保存设置" }).click();
  await expect(drawer(page).getByText("开始时刻应为 22:00 的形式")).toBeVisible();
  await drawer(page).getByLabel("开始时刻").fill("00:00");
  await expect(drawer(page).getByText("大批量只在每日 00:00 至 24:00 发送")).toBeVisible();
  await drawer(page).getByRole("button", { name: "保存设置" }).click();
  await expect(page.getByText("已保存")).toBeVisible();
  await page.reload();
  await expect(rate).toHaveValue("1000");
  await expect(drawer(page).getByLabel("结束时刻")).toHaveValue("24:00");
  await rate.fill("");
  await drawer(page).getByRole("button", { name: "删除时段 1" }).click();
  await drawer(page).getByRole("button", { name: "保存设置" }).click();
  await expect(drawer(page).getByText("现在", { exact: true })).toBeVisible();
  await page.reload();
  await expect(rate).toHaveValue("");
  await expect(drawer(page).getByText("一般、大批量全天发送")).toBeVisible();
});

test("a_8_what_somebody_else_has_set_meanwhile_is_not_overwritten", async ({ page }) => {
  await open(page);
  const rate = drawer(page).getByLabel("速率（条/秒）");
  await rate.fill("700");
  const { settings } = (await (await page.request.get(link)).json()) as { settings: { version: number } };
  const data = { version: settings.version, rate: 900, batch: null, windows: [] };
  await page.request.put(`${link}/settings`, { headers: { "X-Suyuan": "1" }, data });
  await drawer(page).getByRole("button", { name: "保存设置" }).click();
  await expect(drawer(page).getByText("设置已被他人修改，尚未保存的内容基于旧设置")).toBeVisible();
  await expect(rate).toHaveValue("700");
  await drawer(page).getByRole("button", { name: "载入最新设置" }).click();
  await expect(rate).toHaveValue("900");
});

test("a_8_bulk_is_paused_with_a_reason_that_is_shown_and_resumed", async ({ page }) => {
  await open(page);
  await drawer(page).getByRole("button", { name: "暂停发送" }).click();
  const form = page.getByRole("dialog", { name: /^暂停发送/ });
  await expect(form.getByLabel("大批量", { exact: true })).toBeChecked();
  await expect(form.getByText(/大批量从下一批起留在本平台.*紧急、一般照发/)).toBeVisible();
  await form.getByRole("button", { name: /确\s*定/ }).click();
  await expect(form.getByText("暂停原因必填")).toBeVisible();
  await form.getByLabel("暂停原因").fill("专线检修");
  await form.getByRole("button", { name: /确\s*定/ }).click();
  await expect(page.getByText("已暂停发送")).toBeVisible();
  await expect(row(page)).toContainText("暂停");
  await expect(row(page)).toContainText("大批量已暂停：专线检修");
  await expect(drawer(page).getByText("由 admin 暂停")).toBeVisible();
  await page.reload();
  await expect(row(page)).toContainText("大批量已暂停：专线检修");
  await drawer(page).getByRole("button", { name: "恢复发送" }).click();
  await confirm(page);
  await expect(page.getByText("已恢复发送")).toBeVisible();
  await expect(row(page)).not.toContainText("专线检修");
  await inStep(page);
});

test("g_6_4_1a_a_regulator_sees_the_link_and_how_it_is_set_and_changes_nothing", async ({ page }) => {
  await signIn(page, `/console/exchange?record=${PROVINCE}`);
  await expect(drawer(page).getByText("一般、大批量全天发送")).toBeVisible();
  for (const name of ["保存设置", "暂停发送", "恢复发送"])
    await expect(drawer(page).getByRole("button", { name })).toHaveCount(0);
});
