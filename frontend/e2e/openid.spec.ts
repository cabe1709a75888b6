// H-9.4: a city's platform is registered at the province as an application; a person signs in there with the province's account.
import { expect, test, type Page } from "@playwright/test";
import { startNode, type OwnNode } from "./node";
import { enter, nodeUrl, signIn } from "./session";
import { desk } from "./users";

const province = nodeUrl("370000");
const port = Number(new URL(nodeUrl("370200")).port) + 10;
const application = `淄博市平台${Date.now() % 100_000}`;
let city: OwnNode | undefined;
test.describe.configure({ mode: "serial" });
test.afterAll(async () => city?.stop());

const consent = (page: Page) => page.getByRole("heading", { name: `“${application}”请求使用您的账号登录` });
async function toLinked(page: Page): Promise<void> {
  await page.goto(`${city?.url}/console/login?back=/console/profile%3Ftab%3Dlinked`);
  await enter(page, "regulator", "Suyuan-Demo-2026");
  await expect(page.getByText("关联后，可使用外部身份认证系统登录本账号。")).toBeVisible();
}
/** Leaves for the province, signs in there and stands before the question. */
async function toConsent(page: Page): Promise<void> {
  await page.getByRole("button", { name: "关联山东省统一身份" }).click();
  await page.waitForURL((url) => url.origin === province);
  const name = page.getByLabel("账号", { exact: true });
  await name.or(consent(page)).first().waitFor();
  if (await name.isVisible()) await enter(page, "regulator", "Suyuan-Demo-2026");
  await expect(consent(page)).toBeVisible();
}

test("h_9_4_the_security_administrator_registers_an_application_and_its_secret_is_shown_once", async ({ browser }) => {
  const page = await desk(browser, province);
  await signIn(page, `${province}/console/clients`, "security");
  await page.getByRole("button", { name: "登记应用" }).click();
  const form = page.getByRole("dialog", { name: "登记应用" });
  await form.getByLabel("应用名称").fill(application);
  await form.getByLabel("登录回跳地址").fill("http://city.example.cn/oidc/callback");
  await form.getByLabel("登录时征求用户同意").check();
  await form.getByRole("button", { name: /确\s*定/ }).click();
  await expect(page.getByText(/登录回跳地址不正确.*https/).first()).toBeVisible();
  await form.getByLabel("登录回跳地址").fill(`http://localhost:${port}/oidc/callback`);
  await form.getByRole("button", { name: /确\s*定/ }).click();
  const once = page.getByRole("dialog", { name: "应用密钥" });
  const text = (await once.locator("pre").textContent()) ?? "";
  const client = /client_id: (\S+)/.exec(text)?.[1] ?? "";
  const secret = /client_secret: (\S+)/.exec(text)?.[1] ?? "";
  expect(secret.length).toBeGreaterThan(20);
  await once.getByLabel("我已妥善保存").check();
  await once.getByRole("button", { name: /关\s*闭/ }).click();
  await page.locator("tbody tr.row-link", { hasText: application }).click();
  const record = page.getByRole("dialog", { name: "应用接入" });
  await expect(record.getByText(`…${secret.slice(-4)}`)).toBeVisible();
  await expect(record.getByText(`${province}/.well-known/openid-configuration`)).toBeVisible();
  await expect(page.getByText(secret)).toHaveCount(0);
  city = await startNode({
    code: "370300",
    port,
    openid: { issuer: province, name: "山东省统一身份", client, secret },
  });
});

test("h_9_4_a_person_is_asked_refuses_agrees_signs_in_with_the_link_and_ends_it", async ({ browser }) => {
  const page = await desk(browser, undefined);
  await toLinked(page);
  await expect(page.getByText("没有关联外部身份")).toBeVisible();
  await toConsent(page);
  await expect(page.getByText("当前账号：监管人员（regulator）")).toBeVisible();
  await expect(page.locator(".login-box li").first()).not.toBeEmpty();
  await page.getByRole("button", { name: /^拒\s*绝$/ }).click();
  await page.waitForURL((url) => url.hostname === "localhost");
  await expect(page.getByRole("alert").filter({ hasText: "OID-" })).toBeVisible();
  await expect(page.getByText("没有关联外部身份")).toBeVisible();

  await toConsent(page);
  await page.getByRole("button", { name: /^同\s*意$/ }).click();
  await page.waitForURL((url) => url.hostname === "localhost");
  await expect(page.getByText("外部身份已关联")).toBeVisible();
  const row = page.getByRole("row", { name: /山东省统一身份/ });
  await expect(row).toContainText("*");

  // A new browser session at the city; at the province the person is still known.
  await page.context().clearCookies({ domain: "localhost" });
  await page.goto(`${city?.url}/console/profile?tab=linked`);
  await expect(page).toHaveURL(/\/console\/login/);
  await page.getByRole("link", { name: /山东省统一身份/ }).click();
  await consent(page).or(row).first().waitFor();
  if (await consent(page).isVisible()) await page.getByRole("button", { name: /^同\s*意$/ }).click();
  await expect(row).toBeVisible();

  // Ending the link is delicate: who came without a password of this platform is asked for it.
  await row.getByRole("button", { name: "解除关联" }).click();
  await expect(page.getByText("解除后不能再用该身份登录，确定？")).toBeVisible();
  await page
    .locator(".ant-popover:visible")
    .getByRole("button", { name: /确\s*定/ })
    .click();
  const asked = page.getByRole("dialog").filter({ has: page.locator("input[type=password]") });
  const ended = page.getByText("没有关联外部身份");
  await asked.or(ended).first().waitFor();
  if (await asked.isVisible()) {
    await asked.locator("input[type=password]").fill("Suyuan-Demo-2026");
    await asked.getByRole("button", { name: /确\s*定/ }).click();
  }
  await expect(ended).toBeVisible();

  await page.context().clearCookies({ domain: "localhost" });
  await page.goto(`${city?.url}/console/login`);
  await page.getByRole("link", { name: /山东省统一身份/ }).click();
  const refused = page.getByText(/OID-0105/);
  await consent(page).or(refused).first().waitFor();
  if (await consent(page).isVisible()) await page.getByRole("button", { name: /^同\s*意$/ }).click();
  await expect(refused).toBeVisible();
  await expect(page).toHaveURL(/\/console\/login/);
});
