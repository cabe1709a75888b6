// G-6.9b: a complaint with a photo, from the portal on a phone to the answer that its sender reads.
import { expect, test } from "@playwright/test";
import { signIn } from "./session";

const photo = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

test("g_6_9b_a_complaint_with_a_photo_is_accepted_answered_and_followed_by_its_number", async ({
  page,
  browser,
  baseURL,
}) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/complaint?kind=report");
  await page.getByRole("button", { name: "提交" }).click();
  await expect(page.getByText("请写至少 5 个字")).toBeVisible();
  await page.getByLabel("请说明情况").fill("市场摊位销售的猪肉没有检疫合格章，不肯开小票。");
  await page.getByLabel("照片（可选）").setInputFiles({ name: "现场.png", mimeType: "image/png", buffer: photo });
  await page.getByLabel("手机号", { exact: true }).fill("13900001234");
  await page.getByRole("button", { name: "提交" }).click();
  const number = (await page.locator(".number strong").textContent()) ?? "";
  expect(number).toMatch(/^\d{6}-\d{8}-\d{6}/);
  await expect(page.getByText(/\d{4}-\d{2}-\d{2} 前告知是否受理/)).toBeVisible();

  const desk = await browser.newPage({ ...(baseURL && { baseURL }), locale: "zh-CN" });
  await signIn(desk, `/console/complaints?q=${number}`);
  await desk.locator("tbody tr.row-link").first().click();
  const drawer = desk.getByRole("dialog");
  await expect(drawer.getByText("139****1234")).toBeVisible();
  const shown = drawer.locator("img").first();
  await expect(shown).toBeVisible();
  await expect.poll(() => shown.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
  await drawer.getByRole("button", { name: /^受\s*理$/ }).click();
  await expect(drawer.getByText("已受理").first()).toBeVisible();
  await drawer.getByLabel(/办理意见/).fill("已到现场检查并责令停业整改，请凭小票退货。");
  await drawer.getByRole("button", { name: /^答\s*复$/ }).click();
  await expect(drawer.getByText("已答复").first()).toBeVisible();
  await desk.close();

  await page.getByRole("link", { name: "查看办理进度" }).click();
  await expect(page.getByLabel("受理编号")).toHaveValue(number);
  await page.getByLabel("手机号后四位").fill("9999");
  await page.getByRole("button", { name: "查询" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByLabel("手机号后四位").fill("1234");
  await page.getByRole("button", { name: "查询" }).click();
  await expect(page.locator(".verdict")).toContainText("已答复");
  await expect(page.getByText("已到现场检查并责令停业整改，请凭小票退货。")).toBeVisible();
});
