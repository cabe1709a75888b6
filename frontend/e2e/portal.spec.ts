// G-6.9, H-6.3: the public looks a code up and files a complaint from the answer.
import { expect, test } from "@playwright/test";

test.use({ viewport: { width: 390, height: 844 } });

test("h_6_3_the_public_looks_up_a_code", async ({ page }) => {
  await page.goto("/");
  await page.getByLabel("追溯码").fill(process.env["SUYUAN_E2E_CODE"] ?? "370200123456");
  await page.getByRole("button", { name: "查询", exact: true }).click();
  await expect(page).toHaveURL(/\/t\//);
  await expect(page.locator(".verdict")).toBeVisible();
  await page.getByRole("link", { name: "举报这件商品" }).click();
  await expect(page.getByLabel(/追溯码/)).not.toHaveValue("");
});
