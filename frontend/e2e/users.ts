// Users as the two administrators make them, and their first sign-in.
import { expect, type Browser, type Page } from "@playwright/test";
import { enter, signIn } from "./session";

/** The password that a new user chooses. */
export const fresh = "Kuai-Ren-Shan-2026";

/** A browser of another person. */
export async function desk(browser: Browser, baseURL: string | undefined): Promise<Page> {
  return browser.newPage({ ...(baseURL && { baseURL }), locale: "zh-CN", timezoneId: "Asia/Shanghai" });
}
async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole("dialog").getByLabel(label, { exact: true }).click();
  await page.locator(".ant-select-dropdown:visible").getByText(option).first().click();
}
/** A user made by the system administrator and enabled by the security administrator; its one-time password. */
export async function newUser(admin: Page, security: Page, username: string, role: string): Promise<string> {
  await signIn(admin, "/console/accounts", "admin");
  await admin.getByRole("button", { name: "新增用户" }).click();
  const form = admin.getByRole("dialog", { name: "新增用户" });
  await form.getByLabel("账号", { exact: true }).fill(username);
  await form.getByLabel("姓名", { exact: true }).fill(`测试${username}`);
  await choose(admin, "角色", role);
  await form.getByRole("button", { name: /确\s*定/ }).click();
  const once = admin.getByRole("dialog", { name: "一次性密码" });
  const password = (await once.locator("pre").textContent()) ?? "";
  await expect(once.getByRole("button", { name: /关\s*闭/ })).toBeDisabled();
  await once.getByLabel("我已妥善保存").check();
  await once.getByRole("button", { name: /关\s*闭/ }).click();
  await signIn(security, `/console/accounts?q=${username}`, "security");
  await security.locator("tbody tr.row-link").first().click();
  const record = security.getByRole("dialog", { name: "用户" });
  await record.getByRole("button", { name: /^启\s*用$/ }).click();
  await expect(security.getByText("启用：已完成")).toBeVisible();
  return password.trim();
}
/** The first sign-in with a one-time password, which has to be replaced. */
export async function firstSignIn(page: Page, username: string, password: string): Promise<void> {
  await page.goto("/console/login?back=/console/profile");
  await enter(page, username, password);
  await page.getByLabel("新密码", { exact: true }).fill(fresh);
  await page.getByLabel("再次输入新密码").fill(fresh);
  await page.getByRole("button", { name: "保存并继续" }).click();
  await expect(page.getByRole("heading", { name: "我的账号" })).toBeVisible();
}
