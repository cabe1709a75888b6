// G-6.7.1, G-6.8.1: a subject that is closed for some days says so beforehand, and takes it back.
import { expect, test } from "@playwright/test";
import { creditCode } from "./forms";
import { filed, known } from "./entries";
import { nodeUrl, signIn } from "./session";
import { desk } from "./users";

/** The day so many days from now, as it stands in China. */
const day = (from: number): string =>
  new Date(Date.now() + from * 86_400_000).toLocaleDateString("sv-SE", { timeZone: "Asia/Shanghai" });

test("g_6_7_1_closed_days_are_declared_shown_at_two_tiers_and_taken_back", async ({ page, browser }) => {
  const firm = { name: `青岛停业测试屠宰${Date.now() % 100_000}有限公司`, code: creditCode() };
  await signIn(page, "/console/subjects");
  const id = await filed(page, firm);
  await page.goto(`/console/subjects/${id}`);
  await page.getByRole("button", { name: "停业申报" }).click();
  const form = page.getByRole("dialog", { name: "停业申报" });
  await expect(form.getByText("停业期间不计入数据报送率。")).toBeVisible();
  await form.getByRole("button", { name: /确\s*定/ }).click();
  await expect(form.getByText("停业日期必填")).toBeVisible();
  await expect(form.getByText("理由必填")).toBeVisible();
  const [first, last] = [form.getByPlaceholder("开始日期"), form.getByPlaceholder("结束日期")];
  await first.click();
  await first.fill(day(0));
  await first.press("Enter");
  await last.fill(day(3));
  await last.press("Enter");
  await form.getByLabel("理由").fill("设备检修");
  await form.getByRole("button", { name: /确\s*定/ }).click();
  await expect(page.getByText("停业申报已登记")).toBeVisible();
  await expect(form).toBeHidden();
  const row = page.getByRole("row", { name: new RegExp(`${day(0)} 至 ${day(3)}`) });
  await expect(row).toContainText("设备检修");
  await expect(row).toContainText("有效");
  const banner = page.getByRole("alert").filter({ hasText: "设备检修" });
  await expect(banner).toBeVisible();

  const province = await desk(browser, nodeUrl("370000"));
  await signIn(province, `/console/subjects?q=${firm.code}`);
  const above = province.getByRole("row", { name: new RegExp(`${day(0)} 至 ${day(3)}`) });
  await known(province, id, (subject) => subject["closed"] !== null);
  await province.goto(`/console/subjects/${id}`);
  await expect(above).toContainText("有效");

  await row.getByRole("button", { name: /撤\s*回/ }).click();
  await expect(page.getByText("撤回这条停业申报？")).toBeVisible();
  await page
    .locator(".ant-popover:visible")
    .getByRole("button", { name: /确\s*定/ })
    .click();
  await expect(row).toContainText("已撤回");
  await expect(banner).toHaveCount(0);
  await expect(row.getByRole("button", { name: /撤\s*回/ })).toHaveCount(0);
  await known(province, id, (subject) => subject["closed"] === null);
  await province.reload();
  await expect(above).toContainText("已撤回");
});

test("g_6_7_1_days_long_past_cannot_be_declared", async ({ page }) => {
  await signIn(page, "/console/subjects");
  const id = await filed(page, { name: `补报停业测试${Date.now() % 100_000}有限公司`, code: creditCode() });
  await page.goto(`/console/subjects/${id}`);
  await page.getByRole("button", { name: "停业申报" }).click();
  const form = page.getByRole("dialog", { name: "停业申报" });
  const [first, last] = [form.getByPlaceholder("开始日期"), form.getByPlaceholder("结束日期")];
  await first.click();
  await first.fill(day(-40));
  await first.press("Enter");
  await last.fill(day(-38));
  await last.press("Enter");
  await form.getByLabel("理由").fill("忘记申报");
  await form.getByRole("button", { name: /确\s*定/ }).click();
  await expect(form.getByText(/最早可补报 7 天前的停业.*（CLS-0104）/)).toBeVisible();
});
