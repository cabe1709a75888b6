// G-5.4.2, G-6.2.2a, G-6.8: sign in, see the wall screen, open a list and a record.
import { expect, test } from "@playwright/test";
import { signIn } from "./session";

test("g_5_4_2_sign_in_leads_back_to_the_page_that_was_asked_for", async ({ page }) => {
  await page.goto("/console/subjects");
  await expect(page).toHaveURL(/\/console\/login\?back=/);
  await signIn(page, "/console/subjects");
  await expect(page).toHaveURL(/\/console\/subjects/);
  await expect(page.getByRole("heading", { name: "追溯主体" })).toBeVisible();
});

test("g_6_8_the_wall_screen_shows_figures_map_and_tiles_that_lead_to_lists", async ({ page }) => {
  await signIn(page);
  await expect(page.locator(".figures-row a").first()).toBeVisible();
  await expect(page.getByRole("heading", { name: /评价排名/ })).toBeVisible();
  await expect(page.locator(".map-canvas canvas")).toBeVisible();
  await page.locator(".tile-warn h2 a").click();
  await expect(page).toHaveURL(/\/console\/findings\?state=open/);
  await expect(page.getByRole("heading", { name: "异常数据" })).toBeVisible();
});

for (const [width, height] of [
  [1920, 1080],
  [1440, 900],
] as const) {
  test(`g_6_8_the_wall_screen_cuts_nothing_at_${width}_by_${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await signIn(page);
    await expect(page.locator(".figures-row a").first()).toBeVisible();
    for (const tile of await page.locator(".tile, .figure").all()) {
      const box = await tile.boundingBox();
      expect(box && box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height).toBe(true);
    }
    for (const figure of await page.locator(".figure-value").all()) {
      expect(await figure.evaluate((element) => element.scrollWidth <= element.clientWidth + 1)).toBe(true);
    }
  });
}

test("g_6_2_2a_a_record_opens_from_the_list_and_its_address_can_be_sent_on", async ({ page }) => {
  await signIn(page, "/console/subjects");
  const row = page.locator("tbody tr.row-link").first();
  await row.click();
  await expect(page.getByRole("dialog")).toContainText("基本信息");
  const address = page.url();
  await page.goto(address);
  await expect(page.getByRole("dialog")).toContainText("基本信息");
});
