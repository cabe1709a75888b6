// G-6.2.2a: the same conditions as a list and on the map; areas drawn by hand; distances.
import { expect, test, type Page } from "@playwright/test";
import { signIn } from "./session";

const canvas = (page: Page) => page.locator(".subject-map-canvas canvas").first();
async function ready(page: Page): Promise<{ x: number; y: number; width: number; height: number }> {
  await expect(canvas(page)).toBeVisible();
  await expect(page).toHaveURL(/[?&]at=/);
  await expect(page.getByText(/^当前视野 [\d,]+ 家/)).toBeVisible();
  const box = await canvas(page).boundingBox();
  if (!box) throw new Error("the map has no place on the page");
  return box;
}

test("g_6_2_2a_the_map_keeps_the_conditions_of_the_list", async ({ page }) => {
  await signIn(page, "/console/subjects?category=agri&state=filed");
  await page.getByText("地图", { exact: true }).click();
  await ready(page);
  await expect(page).toHaveURL(/category=agri/);
  await expect(page.locator(".filter-chips")).toContainText("状态：已备案");
  await expect(page.locator(".map-count, .map-legend").first()).toBeVisible();
  await expect(page.locator(".map-legend")).toContainText("未接入");
  await page.getByText("列表", { exact: true }).click();
  await expect(page.locator("tbody tr.row-link").first()).toBeVisible();
  await expect(page).toHaveURL(/state=filed/);
});

test("g_6_2_2a_a_box_gives_the_subjects_within_it_and_stays_in_the_link", async ({ page }) => {
  await signIn(page, "/console/subjects?view=map");
  const box = await ready(page);
  await page.getByText("框选", { exact: true }).click();
  await page.mouse.click(box.x + box.width * 0.2, box.y + 20);
  await page.mouse.click(box.x + box.width - 20, box.y + box.height - 40);
  await expect(page).toHaveURL(/shape=box/);
  const area = page.getByRole("complementary", { name: "选区内的主体" });
  await expect(area.getByText(/共 [\d,]+\+? 家/)).toBeVisible();
  await expect(area.locator(".queue button").first()).toBeVisible();
  await page.reload();
  await expect(area.getByText(/共 [\d,]+\+? 家/)).toBeVisible();
  await area.locator(".queue button").first().click();
  await expect(page.getByRole("dialog", { name: "追溯主体" })).toBeVisible();
});

test("g_6_2_2a_a_polygon_is_drawn_and_taken_away_again", async ({ page }) => {
  await signIn(page, "/console/subjects?view=map");
  const box = await ready(page);
  await page.getByText("多边形选", { exact: true }).click();
  for (const [x, y] of [
    [0.3, 0.1],
    [0.9, 0.2],
    [0.8, 0.9],
    [0.3, 0.8],
  ] as const)
    await page.mouse.click(box.x + box.width * x, box.y + box.height * y);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/shape=polygon/);
  await expect(page.getByRole("complementary").getByText(/共 [\d,]+\+? 家|选区内没有/)).toBeVisible();
  await page.getByRole("button", { name: "清除选区" }).click();
  await expect(page).not.toHaveURL(/shape=/);
});

test("g_6_2_2a_a_distance_is_measured", async ({ page }) => {
  await signIn(page, "/console/subjects?view=map");
  const box = await ready(page);
  await page.getByText("测距", { exact: true }).click();
  await page.mouse.click(box.x + box.width * 0.3, box.y + box.height * 0.5);
  await page.mouse.click(box.x + box.width * 0.7, box.y + box.height * 0.5);
  await page.keyboard.press("Enter");
  await expect(page.getByText(/距离 [\d.]+ 千米/)).toBeVisible();
});
