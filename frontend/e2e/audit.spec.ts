// G-5.4.3c: an auditor searches, reads what was changed, takes a file and sees that the trail is whole.
import { expect, test } from "@playwright/test";
import { signIn } from "./session";

test("g_5_4_3c_an_auditor_searches_reads_and_exports", async ({ page }) => {
  await signIn(page, "/console/audit", "audit");
  await expect(page.locator("tbody tr.row-link").first()).toBeVisible();
  await page.getByLabel("账号", { exact: true }).fill("audit");
  await page.getByLabel("账号", { exact: true }).press("Enter");
  await expect(page.getByText("账号：audit")).toBeVisible();
  const row = page.locator("tbody tr.row-link").first();
  await expect(row).toContainText("audit");
  await row.click();
  const record = page.getByRole("dialog", { name: "审计" });
  await expect(record.getByText("变更内容")).toBeVisible();
  await expect(record.getByText("校验值")).toBeVisible();
  await page.keyboard.press("Escape");
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: /导\s*出/ }).click();
  await page.getByRole("menuitem", { name: "Excel（XLSX）" }).click();
  expect((await waiting).suggestedFilename()).toBe("审计.xlsx");
  await expect(page.getByText("已导出，导出操作已记入审计")).toBeVisible();
});

test("g_5_4_3c_the_trail_is_walked_and_the_result_is_shown", async ({ page }) => {
  await signIn(page, "/console/audit?tab=integrity", "audit");
  await page.getByRole("button", { name: "立即校验" }).click();
  await expect(page.getByText("已开始校验")).toBeVisible();
  await expect(async () => {
    await page.reload();
    await expect(page.getByText(/已逐条校验 [\d,]+ 条，记录完整/)).toBeVisible({ timeout: 2000 });
  }).toPass({ timeout: 30_000 });
});

test("g_5_4_3c_figures_lead_to_the_rows_behind_them", async ({ page }) => {
  await signIn(page, "/console/audit?tab=statistics", "audit");
  await expect(page.getByRole("heading", { name: "每日操作数" })).toBeVisible();
  await expect(page.locator(".panel-body [role='img'] path").first()).toBeAttached();
  await page.locator(".two a").first().click();
  await expect(page.locator("tbody tr.row-link").first()).toBeVisible();
  await expect(page).toHaveURL(/actor=/);
});
