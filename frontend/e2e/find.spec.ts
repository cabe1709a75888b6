// G-6.2.2: subjects are found by every condition, alone and together, and views are kept by the node.
import { expect, test, type Page } from "@playwright/test";
import { signIn } from "./session";

const rows = (page: Page) => page.locator("tbody tr.row-link");
const count = (page: Page) => page.locator(".list-bar [aria-live]");
async function pick(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole("search").getByLabel(label, { exact: true }).click();
  await page.locator(".ant-select-dropdown:visible").getByText(option, { exact: true }).first().click();
  await page.keyboard.press("Escape");
}

test("g_6_2_2a_each_condition_finds_its_entries_and_no_others", async ({ page }) => {
  await signIn(page, "/console/subjects");
  await page.getByRole("button", { name: /更多条件/ }).click();
  for (const [label, option, column] of [
    ["品类", "食用农产品", "食用农产品"],
    ["环节", "屠宰", "屠宰"],
    ["主体类型", "批发市场", "批发市场"],
    ["状态", "已备案", "已备案"],
  ] as const) {
    await page.goto("/console/subjects");
    if (label === "环节" || label === "主体类型") await page.getByRole("button", { name: /更多条件/ }).click();
    await pick(page, label, option);
    await expect(page.locator(".filter-chips")).toContainText(`${label}：${option}`);
    await expect(rows(page).first()).toBeVisible();
    for (const row of await rows(page).all()) await expect(row).toContainText(column);
  }
});

test("g_6_2_2a_names_are_found_by_words_and_by_their_spelling", async ({ page }) => {
  await signIn(page, "/console/subjects");
  const name = "青岛拼音样例养殖场";
  const made = await page.request.post("/api/v1/console/subjects", {
    headers: { "X-Suyuan": "1" },
    data: {
      name,
      code: "PINYIN-SAMPLE-1",
      org_form: "company",
      node_type: "breeder",
      category: "agri",
      stages: ["farming"],
      division: "370202",
      address: "香港中路一号",
      contact: "张三",
      phone: "13800000000",
    },
  });
  expect(made.status(), await made.text()).toBe(201);
  for (const words of ["拼音样例", "qingdaopinyin", "qdpyyl"]) {
    await page.getByLabel("名称 / 编码 / 拼音").fill(words);
    await page.getByLabel("名称 / 编码 / 拼音").press("Enter");
    await expect(page.locator(".filter-chips")).toContainText(words);
    await expect(rows(page).filter({ hasText: name })).toHaveCount(1);
  }
});

test("g_6_2_2a_conditions_combine_and_an_empty_answer_says_what_to_do", async ({ page }) => {
  await signIn(page, "/console/subjects?category=agri&state=filed&stage=slaughter");
  const both = await count(page).textContent();
  await expect(page.locator(".filter-chips .ant-tag")).toHaveCount(3);
  await page.goto("/console/subjects?category=agri&state=filed&stage=slaughter&registered_to=2001-01-01");
  await expect(page.getByText("没有符合条件的记录")).toBeVisible();
  await page.getByRole("button", { name: "清空条件" }).last().click();
  await expect(count(page)).not.toHaveText(both ?? "");
});

test("g_6_2_2a_pages_turn_and_the_address_can_be_sent_on", async ({ page }) => {
  await signIn(page, "/console/subjects?limit=20&sort=name");
  const first = await rows(page).first().textContent();
  await page.getByRole("button", { name: /下一页/ }).click();
  await expect(page).toHaveURL(/page=2/);
  await expect(rows(page).first()).not.toHaveText(first ?? "");
  const second = await rows(page).first().textContent();
  await page.reload();
  await expect(rows(page).first()).toHaveText(second ?? "");
});

test("g_6_2_2a_a_view_is_kept_by_the_node_and_taken_again", async ({ page }) => {
  const name = `已备案的农产品主体 ${Date.now() % 10_000}`;
  await signIn(page, "/console/subjects?category=agri&state=filed");
  await page.getByRole("button", { name: /常用视图/ }).click();
  await page.getByRole("button", { name: "把当前条件存为视图" }).click();
  await page.getByLabel("视图名称").fill(name);
  await page.getByRole("button", { name: /保\s*存/ }).click();
  await expect(page.getByRole("dialog", { name: "把当前条件存为视图" })).toBeHidden();
  await page.evaluate(() => localStorage.clear());
  await page.goto("/console/subjects");
  await page.getByRole("button", { name: /常用视图/ }).click();
  await page.getByRole("button", { name, exact: true }).click();
  await expect(page).toHaveURL(/category=agri/);
  await expect(page).toHaveURL(/state=filed/);
  await page.getByRole("button", { name: /常用视图/ }).click();
  await page.getByRole("button", { name: `删除 ${name}` }).click();
  await expect(page.getByRole("button", { name, exact: true })).toHaveCount(0);
});

test("g_6_2_2a_columns_are_chosen_and_remembered", async ({ page }) => {
  await signIn(page, "/console/subjects");
  await page.getByRole("button", { name: /显示列/ }).click();
  await page.getByLabel("地址", { exact: true }).check();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("columnheader", { name: "地址" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("columnheader", { name: "地址" })).toBeVisible();
});

test("g_6_2_3_counts_lead_to_their_lists", async ({ page }) => {
  await signIn(page, "/console/analysis?by=category&then=state");
  await expect(page.locator(".panel-body [role=img] svg")).toBeVisible();
  const cell = page.locator("tbody tr", { hasText: "食用农产品" }).locator("a.figures").first();
  const figure = ((await cell.textContent()) ?? "").replaceAll(",", "");
  await cell.click();
  await expect(page).toHaveURL(/category=agri/);
  await expect(count(page)).toContainText(figure);
});
