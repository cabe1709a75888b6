// G-6.4.2b, G-6.8.3: what regulators decide: outliers, reports.
import { expect, test } from "@playwright/test";
import { signIn } from "./session";

test("g_6_4_2b_an_outlier_is_dismissed_with_a_reason_and_the_reason_stays", async ({ page }) => {
  await signIn(page, "/console/findings?state=open");
  await page.locator("tbody tr.row-link").first().click();
  const drawer = page.getByRole("dialog", { name: "异常数据" });
  await expect(drawer.getByText("待核实")).toBeVisible();
  const address = page.url();
  await drawer.getByRole("button", { name: /^排\s*除$/ }).click();
  const asking = page.getByRole("dialog", { name: /排除/ });
  await expect(asking.getByRole("button", { name: /确\s*定/ })).toBeDisabled();
  await asking.getByLabel("填写理由").fill("已电话核实，为集中到货");
  await asking.getByRole("button", { name: /确\s*定/ }).click();
  await expect(page.getByText("排除：已完成")).toBeVisible();
  await page.goto(address.replace("state=open&", ""));
  await expect(page.getByRole("dialog").getByText("已排除")).toBeVisible();
  await expect(page.getByRole("dialog").getByText("已电话核实，为集中到货")).toBeVisible();
});

test("g_6_8_3_the_report_opens_in_the_page_and_every_format_can_be_had", async ({ page }) => {
  await signIn(page, "/console/reports");
  await expect(page.locator("iframe")).toHaveAttribute("src", /^blob:.*#/);
  for (const [format, kind] of [
    ["PDF", "application/pdf"],
    ["HTML", "text/html"],
    ["XLSX", "spreadsheetml"],
  ] as const) {
    const href = await page.getByRole("link", { name: format, exact: true }).first().getAttribute("href");
    const answer = await page.request.get(href ?? "");
    expect(answer.status(), format).toBe(200);
    expect(answer.headers()["content-type"], format).toContain(kind);
  }
});

test("g_6_8_3_a_schedule_is_chosen_in_words", async ({ page }) => {
  await signIn(page, "/console/reports?tab=schedule");
  await page.getByLabel("几日").fill("5");
  await page.getByRole("button", { name: /保\s*存/ }).click();
  await expect(page.getByText("已保存")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("几日")).toHaveValue("5");
  await expect(page.getByText(/下次：\d{4}-\d{2}-05 \d{2}:\d{2}/)).toBeVisible();
});
