// Signing in through the page, as a user does.
import type { Page } from "@playwright/test";

export async function signIn(page: Page, path = "/console", user = "regulator"): Promise<void> {
  await page.goto(path);
  await page
    .getByLabel("账号", { exact: true })
    .fill(user === "regulator" ? (process.env["SUYUAN_E2E_USER"] ?? user) : user);
  await page.getByLabel("密码", { exact: true }).fill(process.env["SUYUAN_E2E_PASSWORD"] ?? "Suyuan-Demo-2026");
  await page.getByRole("button", { name: /登\s*录/ }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/console/login"));
}
