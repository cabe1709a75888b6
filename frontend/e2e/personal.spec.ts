// H-6.2, A-6.3.2: what is personal is hidden until somebody says why it must be seen, and the auditor reads who that was.
import { expect, test } from "@playwright/test";
import { filed } from "./entries";
import { creditCode } from "./forms";
import { signIn } from "./session";
import { desk } from "./users";

test("h_6_2_a_personal_value_is_shown_in_full_for_a_reason_only_and_the_auditor_sees_who_looked", async ({
  page,
  browser,
  baseURL,
}) => {
  const reason = `核实联系人${Date.now()}`;
  await signIn(page, "/console/subjects");
  const id = await filed(page, { name: `隐私测试${Date.now() % 100_000}有限公司`, code: creditCode() });
  await page.goto(`/console/subjects/${id}`);
  const phone = page.locator(".fact", { hasText: "联系电话" });
  await expect(phone).toContainText(/139\*+4321/);
  await expect(page.getByText("13900004321")).toHaveCount(0);
  await page.getByRole("button", { name: "查看完整信息" }).click();
  const asking = page.getByRole("dialog", { name: "查看完整信息" });
  await asking.getByRole("button", { name: /确\s*定/ }).click();
  await expect(asking.getByText("理由必填")).toBeVisible();
  await asking.getByLabel("理由").fill(reason);
  await asking.getByRole("button", { name: /确\s*定/ }).click();
  await expect(page.getByText("已显示完整信息，并记入审计")).toBeVisible();
  await expect(phone).toContainText("13900004321");
  await page.reload();
  await expect(phone).toContainText(/139\*+4321/);

  const auditor = await desk(browser, baseURL);
  await signIn(auditor, "/console/audit", "audit");
  const row = auditor.locator("tbody tr.row-link", { hasText: "查看完整" }).first();
  await expect(row).toContainText("regulator");
  await row.click();
  await expect(auditor.getByRole("dialog", { name: "审计" })).toContainText(reason);
  await expect(auditor.getByRole("dialog", { name: "审计" })).not.toContainText("13900004321");
});

test("h_6_2_who_may_not_see_personal_values_is_not_offered_to", async ({ page }) => {
  await signIn(page, "/console/subjects", "leader");
  await page.locator("tbody tr.row-link").first().click();
  const record = page.getByRole("dialog", { name: "追溯主体" });
  await expect(record.getByText("基本信息").first()).toBeVisible();
  await expect(record.getByRole("button", { name: "查看完整信息" })).toHaveCount(0);
});
