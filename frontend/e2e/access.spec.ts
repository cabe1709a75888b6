// G-6.7.2, G-6.7.1, G-6.3.1: a firm asks to be connected, the regulator takes it from the queue to live, the firm follows.
import { expect, test, type Page } from "@playwright/test";
import { signIn } from "./session";

const uscc = "91350100M000100Y43";

/** The application as a firm writes it on a telephone; its number and query code. */
async function apply(page: Page, name: string): Promise<{ number: string; code: string }> {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/join");
  await page.getByRole("button", { name: "提交申请" }).click();
  await expect(page.getByLabel("系统名称")).toBeFocused();
  await page.getByLabel("系统名称").fill(name);
  await page.getByLabel("接入目的").fill("报送屠宰出场数据，供下游查验");
  await page.getByLabel("运营单位名称").fill("青岛测试食品有限公司");
  await page.getByLabel("统一社会信用代码").fill(`${uscc.slice(0, 17)}4`);
  await page.getByLabel("联系人").fill("张敏");
  await expect(page.getByText("应为 3，填写为 4")).toBeVisible();
  await page.getByLabel("统一社会信用代码").fill(uscc);
  await page.getByLabel("联系电话").fill("13900001234");
  await page.getByLabel("报送品类").selectOption({ label: "食用农产品" });
  await page.getByLabel("报送环节").selectOption({ label: "屠宰" });
  await page.getByLabel("所在区划", { exact: true }).selectOption({ index: 1 });
  await page.getByLabel("预计每日数据量（条）").fill("1200");
  await page.getByRole("button", { name: "提交申请" }).click();
  await expect(page.getByRole("heading", { name: "✓ 申请已提交" })).toBeVisible();
  const [number, code] = await page.locator(".number strong").allTextContents();
  return { number: number ?? "", code: code ?? "" };
}
async function follow(page: Page, number: string, code: string): Promise<void> {
  await page.goto(`/join/follow?number=${number}`);
  await page.getByLabel("查询码").fill(code);
  await page.getByRole("button", { name: "查询" }).click();
}
async function decide(page: Page, button: RegExp, reason?: string): Promise<void> {
  await page.getByRole("dialog", { name: "接入申请" }).getByRole("button", { name: button }).click();
  if (!reason) return;
  const asking = page.getByRole("dialog", { name: /填写理由/ });
  await asking.getByLabel("填写理由").fill(reason);
  await asking.getByRole("button", { name: /确\s*定/ }).click();
}

test("g_6_7_2_a_firm_applies_is_returned_mends_is_filed_gets_a_token_runs_on_trial_and_goes_live", async ({
  page,
  browser,
  baseURL,
}) => {
  test.setTimeout(120_000);
  const name = `城阳屠宰追溯系统${Date.now()}`;
  const { number, code } = await apply(page, name);
  expect(code).toMatch(/^[0-9A-Z]{12}$/);
  await follow(page, number, "WRONGWRONG12");
  await expect(page.getByRole("alert")).toContainText("没有找到");

  const desk = await browser.newPage({ ...(baseURL && { baseURL }), locale: "zh-CN", timezoneId: "Asia/Shanghai" });
  await signIn(desk, `/console/applications?q=${number}`);
  await desk.locator("tbody tr.row-link").first().click();
  await decide(desk, /^退回补正/, "请补充邮箱");
  await expect(desk.getByText("退回补正：已完成")).toBeVisible();

  await follow(page, number, code);
  await expect(page.locator(".verdict")).toContainText("已退回");
  await expect(page.getByText("请补充邮箱")).toBeVisible();
  await page.getByRole("button", { name: "修改后再次提交" }).click();
  await page.getByLabel("邮箱（可选）").fill("zhangmin@example.com");
  await page.getByRole("button", { name: "修改后再次提交" }).click();
  await expect(page.locator(".verdict")).toContainText("已申请");

  await desk.reload();
  await decide(desk, /^受理审核/);
  await expect(desk.getByText("受理审核：已完成")).toBeVisible();
  await decide(desk, /^同意备案/);
  await expect(desk.getByText("同意备案：已完成")).toBeVisible();
  await follow(page, number, code);
  await expect(page.locator(".verdict")).toContainText("已备案");
  await expect(page.getByText("备案号")).toBeVisible();

  await desk.getByRole("link", { name: "查看接入系统" }).click();
  await expect(desk.getByRole("heading", { name })).toBeVisible();
  await desk.getByRole("tab", { name: "接入凭证" }).click();
  await desk.getByRole("button", { name: "发放凭证" }).click();
  const issue = desk.getByRole("dialog", { name: "发放凭证" });
  await issue.getByLabel("用途名称").fill("报送程序");
  await issue.getByRole("button", { name: /确\s*定/ }).click();
  const once = desk.getByRole("dialog", { name: "接入凭证" });
  const token = ((await once.locator("pre").textContent()) ?? "").trim();
  await once.getByLabel("我已妥善保存").check();
  await once.getByRole("button", { name: /关\s*闭/ }).click();
  await expect(desk.getByRole("row", { name: /报送程序/ })).toContainText(token.slice(-4));

  await desk.getByRole("button", { name: "转入试运行" }).click();
  await desk
    .getByRole("dialog", { name: "转入试运行" })
    .getByRole("button", { name: /确\s*定/ })
    .click();
  await expect(desk.getByText("试运行期间，数据照常接收")).toBeVisible();
  const beat = await page.request.post("/open/v1/heartbeat", {
    headers: { Authorization: `Bearer ${token}` },
    data: {},
  });
  expect(beat.status()).toBeLessThan(300);
  await desk.getByRole("button", { name: "转为正式运行" }).click();
  const live = desk.getByRole("dialog", { name: "转为正式运行" });
  await live.getByRole("button", { name: /确\s*定/ }).click();
  await expect(desk.locator(".ant-message-error")).toBeVisible();
  await live.getByLabel("理由").fill("现场核验已通过，自测另行补交");
  await live.getByRole("button", { name: /确\s*定/ }).click();
  await expect(desk.getByText("正式运行").first()).toBeVisible();
  await follow(page, number, code);
  await expect(page.locator(".verdict")).toContainText("正式运行");

  await desk
    .getByRole("row", { name: /报送程序/ })
    .getByRole("button", { name: /^吊\s*销$/ })
    .click();
  await desk
    .locator(".ant-popover:visible")
    .getByRole("button", { name: /确\s*定/ })
    .click();
  await expect(desk.getByRole("row", { name: /报送程序/ })).toContainText("已吊销");
  const refused = await page.request.post("/open/v1/heartbeat", {
    headers: { Authorization: `Bearer ${token}` },
    data: {},
  });
  expect(refused.status()).toBe(401);
});

test("g_6_7_2_an_applicant_tests_his_messages_before_he_is_connected", async ({ page }) => {
  const { number, code } = await apply(page, `自测系统${Date.now()}`);
  await follow(page, number, code);
  await page.getByRole("button", { name: "开始自测" }).click();
  await expect(page.getByRole("alert")).toContainText("请先选择样例文件");
  await page.getByLabel("选择样例文件").setInputFiles({
    name: "样例.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify({ message_id: "t-1", events: [{ event_id: "e-1" }] })),
  });
  await page.getByRole("button", { name: "开始自测" }).click();
  await expect(page.locator(".clauses > ul > li").nth(2)).toBeVisible();
  await expect(page.locator(".clauses li.failed").first()).toContainText("建议");
  await page.getByRole("button", { name: "撤回申请" }).click();
  await page.getByRole("button", { name: "确定撤回" }).click();
  await expect(page.locator(".verdict")).toContainText("已撤回");
});

test("g_6_7_1_monitoring_tells_who_is_silent_and_why", async ({ page }) => {
  await signIn(page, "/console/monitoring");
  await expect(page.locator(".stat b").first()).not.toHaveText("0");
  await page.locator("tbody tr.row-link").first().click();
  const record = page.getByRole("dialog");
  await expect(record.getByRole("heading", { name: "近 30 日" })).toBeVisible();
  await expect(record.getByText("预警记录").first()).toBeVisible();
  await page.keyboard.press("Escape");
  await page.goto("/console/monitoring?only=silent");
  await expect(page.getByText("范围：静默")).toBeVisible();
});

test("g_6_3_1_a_class_tells_what_uses_it_and_national_ones_cannot_be_changed_here", async ({ page }) => {
  await signIn(page, "/console/catalogue");
  await expect(page.getByRole("heading", { name: "产品目录" })).toBeVisible();
  await page.locator(".ant-tree-node-content-wrapper").first().click();
  await expect(page.getByText("谁在使用")).toBeVisible();
  await expect(page.getByText("国家分类和上级增设的分类不能在本地修改")).toBeVisible();
  await expect(page.getByRole("button", { name: /^停\s*用$/ })).toHaveCount(0);
});
