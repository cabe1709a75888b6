// G-5.4.2, G-6.2.2a, G-6.8: sign in, see the wall screen, open a list and a record.
import { expect, test } from "@playwright/test";

const username = process.env["SUYUAN_E2E_USER"] ?? "admin";
const password = process.env["SUYUAN_E2E_PASSWORD"] ?? "admin";

test("g_5_4_2_sign_in_leads_back_to_the_page_that_was_asked_for", async ({ page }) => {
  await page.goto("/console/subjects");
  await expect(page).toHaveURL(/\/console\/login\?back=/);
  await page.getByLabel("账号").fill(username);
  await page.getByLabel("密码", { exact: true }).fill(password);
  await page.getByRole("button", { name: /登\s*录/ }).click();
  await expect(page).toHaveURL(/\/console\/subjects/);
  await expect(page.getByRole("heading", { name: "追溯主体" })).toBeVisible();
});

test("g_6_8_the_wall_screen_shows_figures_map_and_tiles_that_lead_to_lists", async ({ page }) => {
  await page.goto("/console");
  await page.getByLabel("账号").fill(username);
  await page.getByLabel("密码", { exact: true }).fill(password);
  await page.getByRole("button", { name: /登\s*录/ }).click();
  await expect(page.locator(".figures-row a").first()).toBeVisible();
  await expect(page.getByRole("heading", { name: /评价排名/ })).toBeVisible();
  await page.locator(".tile-warn h2 a").click();
  await expect(page).toHaveURL(/\/console\/findings\?state=open/);
  await expect(page.getByRole("heading", { name: "异常数据" })).toBeVisible();
});
