// No serious finding by axe on the pages of the public and of regulators.
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { signIn } from "./session";

async function serious(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa"]).analyze();
  return violations
    .filter((one) => one.impact === "serious" || one.impact === "critical")
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

for (const path of ["/", "/t/370200123456", "/complaint", "/complaint/follow", "/notices", "/console/login"]) {
  test(`public page ${path}`, async ({ page }) => {
    await page.goto(path);
    await expect(page.locator("main")).toBeVisible();
    await expect(page.locator(".skeleton")).toHaveCount(0);
    expect(await serious(page)).toEqual([]);
  });
}

test("pages of regulators", async ({ page }) => {
  await signIn(page, "/console/subjects");
  for (const path of [
    "/console",
    "/console/subjects",
    "/console/findings",
    "/console/trace",
    "/console/evaluations",
    "/console/exchange",
  ]) {
    await page.goto(path);
    await expect(page.locator("h1").first()).toBeVisible();
    await expect(page.locator(".ant-spin-spinning")).toHaveCount(0);
    expect(await serious(page), path).toEqual([]);
  }
});
