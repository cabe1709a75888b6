// G-6.4.2b, G-6.2.1, G-6.8.3: what regulators decide: outliers, filings, reports.
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

test("g_6_2_1a_a_subject_is_filed_and_approved", async ({ page }) => {
  const code = `E2E${Date.now()}`;
  await signIn(page, "/console/subjects");
  await page.getByRole("button", { name: "登记主体" }).click();
  const form = page.getByRole("dialog", { name: "登记主体" });
  await form.getByRole("button", { name: "提交审核" }).click();
  await expect(form.getByText("名称必填")).toBeVisible();
  await form.getByLabel("名称", { exact: true }).fill("青岛测试生猪屠宰有限公司");
  await form.getByLabel("编码", { exact: true }).fill(code);
  const choose = async (label: string, option: string) => {
    await form.getByLabel(label, { exact: true }).click();
    await page.locator(".ant-select-dropdown:visible").getByText(option, { exact: true }).click();
  };
  await choose("组织形式", "企业");
  await choose("主体类型", "屠宰企业");
  await choose("品类", "食用农产品");
  await choose("环节", "屠宰");
  await form.getByLabel("名称", { exact: true }).click();
  await form.getByLabel("区划", { exact: true }).click();
  const places = page.locator(".ant-cascader-dropdown:visible");
  await places.getByText("青岛市", { exact: true }).click();
  await places.getByText("城阳区", { exact: true }).click();
  await form.getByRole("button", { name: "提交审核" }).click();
  const record = page.getByRole("dialog", { name: "追溯主体" });
  await expect(record.getByText("待审核")).toBeVisible();
  await record.getByRole("button", { name: /^通\s*过/ }).click();
  await expect(page.getByText("通过：已完成")).toBeVisible();
  await page.goto(`/console/subjects?q=${code}`);
  await expect(page.locator("tbody tr.row-link")).toContainText("已备案");
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
