// G-6.2.1a, H-6.2: one person's whole import: template, upload, columns, check, report, run, withdrawal.
import { expect, test, type Page } from "@playwright/test";
import { signIn } from "./session";

const head = "名称*,主体编码,组织形式,节点类型,产品类别,行政区划,地址,备注";
/** Codes that no other run of this test has used. */
const mark = `E2E-${Date.now()}`;
const line = (number: number, category = "食用农产品") =>
  `导入农场${number},${mark}-${number},企业,种植基地,${category},370202,香港中路 ${number} 号,无`;

async function choose(page: Page, name: string, text: string): Promise<void> {
  await page
    .locator('input[type="file"]')
    .setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(`\uFEFF${text}`) });
  await expect(page).toHaveURL(/\/console\/imports\/[0-9a-f-]{36}/);
}

test("g_6_2_1a_a_table_is_uploaded_checked_imported_and_withdrawn_on_the_screen", async ({ page }) => {
  await signIn(page, "/console/subjects");
  await page
    .locator("main")
    .getByRole("link", { name: /导\s*入$/ })
    .click();
  await expect(page).toHaveURL(/\/console\/imports\?register=subjects/);
  await page.goto("/console/imports?register=subjects&category=agri");
  for (const [name, kind] of [
    ["Excel 模板", "spreadsheetml"],
    ["CSV 模板", "text/csv"],
  ] as const) {
    const href = await page.getByRole("link", { name }).getAttribute("href");
    const answer = await page.request.get(href ?? "");
    expect(answer.headers()["content-type"], name).toContain(kind);
  }

  await choose(page, "主体.csv", [head, line(1), line(2), line(2), line(4, "农产品")].join("\r\n"));
  await expect(page.getByText("没有对应字段的列不会导入：备注")).toBeVisible();
  await page.getByRole("button", { name: "开始检查" }).click();
  await expect(page.getByText("将导入 2 行，2 行有错误不导入")).toBeVisible();
  await expect(page.getByText("建议：食用农产品")).toBeVisible();
  await page.getByRole("button", { name: /IMP-0301/ }).click();
  await expect(page.locator("tbody tr:visible").filter({ hasText: "与第 3 行重复" })).toHaveCount(1);
  const report = await page.getByRole("link", { name: "下载有错误的行" }).getAttribute("href");
  expect((await page.request.get(report ?? "")).status()).toBe(200);

  await page.getByRole("button", { name: "开始导入" }).click();
  await expect(page.getByText("导入完成")).toBeVisible();
  await expect(page.getByText("新登记 2 条，变更 0 条，跳过 0 条，失败 0 条")).toBeVisible();
  const address = page.url();
  await page.goto(`/console/subjects?q=${mark}-1`);
  await expect(page.locator("tbody tr.row-link").filter({ hasText: "导入农场1" })).toContainText("待审核");

  await page.goto("/console/imports?register=subjects");
  await expect(page.getByRole("link", { name: "主体.csv" }).first()).toBeVisible();
  await page.goto(address);
  await page.getByRole("button", { name: "撤回本次导入" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "撤回本次导入" }).click();
  await expect(page.getByText("导入已撤回")).toBeVisible();
});

test("g_6_2_1a_a_column_is_matched_by_hand_and_a_wrong_file_is_told_why", async ({ page }) => {
  await signIn(page, "/console/imports?register=subjects&category=agri");
  await page
    .locator('input[type="file"]')
    .setInputFiles({ name: "旧.xlsx", mimeType: "application/octet-stream", buffer: Buffer.from("PK\u0003\u0004") });
  await expect(page.getByText("文件无法读取")).toBeVisible();
  const href = await page.getByRole("link", { name: "Excel 模板" }).getAttribute("href");
  const template = await (await page.request.get(href ?? "")).body();
  const mimeType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  await page.locator('input[type="file"]').setInputFiles({ name: "模板.xlsx", mimeType, buffer: template });
  await expect(page.getByText("表格里没有数据行")).toBeVisible();
  await choose(page, "自制.csv", [head.replace("名称*", "牌子"), line(11)].join("\n"));
  await expect(page.getByText(/没有对应列的必填项：名称/)).toBeVisible();
  await page.getByLabel("牌子 对应字段").click();
  await page.getByLabel("牌子 对应字段").fill("名称");
  await page.getByTitle("名称（必填）").click();
  await page.getByRole("button", { name: "保存对应关系" }).click();
  await expect(page.getByText(/没有对应列的必填项：名称/)).toBeHidden();
  await page.getByRole("button", { name: "开始检查" }).click();
  await expect(page.getByText("将导入 1 行，0 行有错误不导入")).toBeVisible();
  await page.getByRole("button", { name: "取消导入" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "取消导入" }).click();
  await expect(page.getByText("导入已取消")).toBeVisible();
});
