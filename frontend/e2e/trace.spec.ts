// G-6.5.3: from a reported batch to its chain, its flow table, its flow map and what is missing.
import { expect, test } from "@playwright/test";
import { signIn } from "./session";

test("g_6_5_3a_a_batch_of_the_market_shows_every_step_back_to_its_source", async ({ page }) => {
  await signIn(page, "/console/events?stage=market");
  await page.locator("tbody tr.row-link").first().click();
  await page.getByRole("link", { name: "查这批的链条" }).click();
  await expect(page).toHaveURL(/\/console\/trace\?code=/);
  await expect(page.getByRole("img", { name: "链条图" }).locator("canvas").first()).toBeVisible();
  await expect(page.getByRole("heading", { name: /^流量流向表（单位：.+）$/ })).toBeVisible();
  const rows = page.locator(".trace-grid tbody tr.row-link");
  await expect(rows.first()).toBeVisible();
  expect(await rows.count()).toBeGreaterThan(1);
});

test("g_6_5_3b_choosing_a_line_of_the_flow_table_is_kept_in_the_link", async ({ page }) => {
  await signIn(page, "/console/events?stage=market");
  await page.locator("tbody tr.row-link").first().click();
  await page.getByRole("link", { name: "查这批的链条" }).click();
  const row = page.locator(".trace-grid tbody tr.row-link").first();
  await row.click();
  await expect(page).toHaveURL(/[?&]node=/);
  await expect(page.locator(".trace-grid tbody tr.row-open")).toHaveCount(1);
  await page.reload();
  await expect(page.locator(".trace-grid tbody tr.row-open")).toHaveCount(1);
});

test("g_6_5_3c_the_flow_map_names_its_source_and_the_places", async ({ page }) => {
  await signIn(page, "/console/events?stage=market");
  await page.locator("tbody tr.row-link").first().click();
  await page.getByRole("link", { name: "查这批的链条" }).click();
  const map = page.locator(".trace-grid .region-map");
  await expect(map.locator("canvas")).toBeVisible();
  await expect(map.getByText("数据来源：天地图")).toBeVisible();
  await expect(map.locator(".map-label").first()).toBeVisible();
});

test("g_6_2_2c_a_batch_is_found_from_the_search_box", async ({ page }) => {
  await signIn(page, "/console/events?stage=market");
  const batch = (await page.locator("tbody tr.row-link .code").first().textContent()) ?? "";
  await page.getByRole("searchbox", { name: "全局查询" }).fill(batch);
  await page.getByRole("searchbox", { name: "全局查询" }).press("Enter");
  await expect(page.getByRole("link", { name: batch }).first()).toBeVisible();
});
