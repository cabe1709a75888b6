// G-6.2.1: the life of a subject as persons act it out: file, return, correct, approve, change, suspend; merchants; export.
import { expect, test, type Page } from "@playwright/test";
import { choose, chooseDivision, creditCode, field, fillSubject, giveReason, type Firm } from "./forms";
import { signIn } from "./session";

test.describe.configure({ mode: "serial" });
const firm: Firm = { name: `青岛测试屠宰${Date.now() % 100_000}有限公司`, code: creditCode() };
const drawer = (page: Page) => page.getByRole("dialog", { name: "追溯主体" });
const stateOf = (page: Page) => drawer(page).locator(".record-head .mark").first();
const open = async (page: Page, state = "") => {
  await signIn(page, `/console/subjects?q=${firm.code}${state}`);
  await page.locator("tbody tr.row-link").first().click();
  await expect(drawer(page).getByRole("heading", { name: firm.name })).toBeVisible();
};

test("g_6_2_1a_a_person_is_told_what_is_missing_and_saves_a_draft", async ({ page }) => {
  await signIn(page, "/console/subjects");
  await page.getByRole("button", { name: "登记主体" }).click();
  const form = page.getByRole("dialog", { name: "登记主体" });
  await form.getByRole("button", { name: "提交审核" }).click();
  await expect(form.getByText("名称必填")).toBeVisible();
  await expect(field(form, "名称")).toBeFocused();
  await field(form, "统一社会信用代码").fill(`${firm.code.slice(0, 17)}${firm.code.endsWith("0") ? "1" : "0"}`);
  await field(form, "名称").fill(firm.name);
  await expect(form.getByText(/校验位不正确/)).toBeVisible();
  await fillSubject(page, form, firm);
  await form.getByRole("button", { name: "保存草稿" }).click();
  await expect(stateOf(page)).toContainText("草稿");
});

test("g_6_2_1a_the_draft_is_handed_in_and_returned_with_a_reason", async ({ page }) => {
  await open(page);
  await drawer(page).getByRole("button", { name: "提交审核" }).click();
  await expect(stateOf(page)).toContainText("待审核");
  await drawer(page)
    .getByRole("button", { name: /^退\s*回/ })
    .click();
  await giveReason(page, /退回/, "地址不完整");
  await expect(stateOf(page)).toContainText("已退回");
  await expect(
    drawer(page)
      .getByText(/理由：地址不完整/)
      .first(),
  ).toBeVisible();
});

test("g_6_2_1a_the_returned_entry_is_corrected_and_approved_in_the_review", async ({ page }) => {
  await open(page);
  await drawer(page)
    .getByRole("button", { name: /继续填写/ })
    .click();
  const form = page.getByRole("dialog", { name: new RegExp(`变更：${firm.name}`) });
  await field(form, "地址").fill("正阳路 99 号 2 号楼");
  await form.getByRole("button", { name: "提交审核" }).click();
  await expect(form).toBeHidden();
  await page.goto("/console/review");
  await page.getByRole("list", { name: "待审核" }).getByRole("button", { name: firm.name }).click();
  await expect(page.getByText("正阳路 99 号 2 号楼").first()).toBeVisible();
  await page.keyboard.press("a");
  await expect(page.getByText("通过：已完成")).toBeVisible();
  await page.goto(`/console/subjects?q=${firm.code}`);
  await expect(page.locator("tbody tr.row-link")).toContainText("已备案");
});

test("g_6_2_1b_a_change_is_reviewed_with_its_differences_and_the_filed_state_stays_until_then", async ({ page }) => {
  await open(page);
  await drawer(page).getByRole("button", { name: /变更/ }).first().click();
  const form = page.getByRole("dialog", { name: new RegExp(`变更：${firm.name}`) });
  await field(form, "地址").fill("长城路 1 号");
  await form.getByRole("button", { name: "提交审核" }).click();
  await expect(form).toBeHidden();
  await expect(drawer(page).getByText("变更正在审核，审核通过前仍按已备案内容执行")).toBeVisible();
  await expect(drawer(page).locator(".fact dd", { hasText: "正阳路 99 号 2 号楼" })).toBeVisible();
  await page.goto("/console/review");
  await page.getByRole("list", { name: "待审核" }).getByRole("button", { name: firm.name }).click();
  await expect(page.locator("del.was", { hasText: "正阳路 99 号 2 号楼" })).toBeVisible();
  await expect(page.locator("ins.will", { hasText: "长城路 1 号" })).toBeVisible();
  await page.keyboard.press("a");
  await expect(page.getByText("通过：已完成")).toBeVisible();
  await page.goto(`/console/subjects?q=${firm.code}`);
  await page.locator("tbody tr.row-link").first().click();
  await expect(drawer(page).locator(".fact dd", { hasText: "长城路 1 号" })).toBeVisible();
});

test("g_6_2_1b_it_is_suspended_and_resumed_with_reasons_that_stay", async ({ page }) => {
  await open(page);
  await drawer(page)
    .getByRole("button", { name: /^暂\s*停/ })
    .click();
  await giveReason(page, /暂停/, "证照过期");
  await expect(stateOf(page)).toContainText("已停用");
  await drawer(page)
    .getByRole("button", { name: /^恢\s*复/ })
    .click();
  await giveReason(page, /恢复/, "已换证");
  await expect(stateOf(page)).toContainText("已备案");
  await drawer(page).getByRole("tab", { name: "变更记录" }).click();
  await expect(drawer(page).getByText("证照过期")).toBeVisible();
  await expect(drawer(page).getByText("已换证")).toBeVisible();
});

test("g_6_2_1_a_likely_double_is_named_before_it_is_saved", async ({ page }) => {
  await signIn(page, "/console/subjects");
  await page.getByRole("button", { name: "登记主体" }).click();
  const form = page.getByRole("dialog", { name: "登记主体" });
  await field(form, "名称").fill(firm.name);
  await expect(form.getByText(/可能已经登记/)).toBeVisible();
  await expect(form.getByRole("link", { name: firm.name })).toBeVisible();
});

test("g_6_2_1_a_merchant_is_filed_under_a_node_and_found_there", async ({ page }) => {
  const name = `测试商户${Date.now() % 100_000}`;
  await signIn(page, "/console/merchants");
  await page.getByRole("button", { name: "登记商户" }).click();
  const form = page.getByRole("dialog", { name: "登记商户" });
  await field(form, "名称").fill(name);
  await field(form, "主体编码").fill(`M${Date.now()}`);
  await choose(page, form, "组织形式", "企业");
  await field(form, "经营者类型").click();
  await page.locator(".ant-select-dropdown:visible .ant-select-item-option").first().click();
  await field(form, "所在节点编码").fill(firm.name);
  await page.locator(".ant-select-dropdown:visible").getByText(firm.name).click();
  await choose(page, form, "产品类别", "食用农产品");
  await choose(page, form, "追溯环节", "屠宰");
  await chooseDivision(page, form, "行政区划", ["青岛市", "城阳区"]);
  await form.getByRole("button", { name: "提交审核" }).click();
  const record = page.getByRole("dialog", { name: "商户" });
  await expect(record.getByRole("heading", { name })).toBeVisible();
  await page.goto(`/console/merchants?parent=${firm.code}`);
  await expect(page.locator("tbody tr.row-link")).toContainText(name);
  await page.goto(`/console/subjects?q=${firm.code}`);
  await page.locator("tbody tr.row-link").first().click();
  await drawer(page).getByRole("tab", { name: "相关" }).click();
  await expect(drawer(page).getByRole("link", { name })).toBeVisible();
});

test("g_6_2_1_upstairs_the_province_sees_the_entry_with_its_origin", async ({ page }) => {
  const city = new URL(process.env["SUYUAN_E2E_URL"] ?? "http://127.0.0.1:18702");
  const province = `${city.protocol}//${city.hostname}:${Number(city.port) - 1}`;
  await signIn(page, `${province}/console/subjects?q=${firm.code}`);
  const row = page.locator("tbody tr.row-link", { hasText: firm.name });
  await expect(async () => {
    await page.reload();
    await expect(row).toBeVisible({ timeout: 2000 });
  }).toPass({ timeout: 50_000 });
  await row.click();
  await expect(drawer(page).getByText(/来自\s*青岛市/)).toBeVisible();
  await expect(drawer(page).getByRole("button", { name: /^暂\s*停/ })).toHaveCount(0);
});

test("g_6_2_1_the_list_is_exported_as_it_is_shown", async ({ page }) => {
  await signIn(page, `/console/subjects?q=${firm.code}`);
  await expect(page.locator("tbody tr.row-link")).toHaveCount(1);
  await page.getByRole("button", { name: /导出$/ }).click();
  await page.getByLabel("CSV 文本").check();
  await page.getByRole("button", { name: "开始导出" }).click();
  const link = page.getByRole("link", { name: /下载文件/ });
  await expect(link).toBeVisible();
  const answer = await page.request.get((await link.getAttribute("href")) ?? "");
  expect(answer.status()).toBe(200);
  const text = await answer.text();
  expect(text.startsWith("\uFEFF")).toBe(true);
  expect(text).toContain(firm.name);
  expect(text.trim().split("\r\n")).toHaveLength(2);
});
