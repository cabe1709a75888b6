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

for (const path of [
  "/",
  "/t/370200123456",
  "/complaint",
  "/complaint/follow",
  "/notices",
  "/join",
  "/join/follow",
  "/console/login",
]) {
  test(`public page ${path}`, async ({ page }) => {
    await page.goto(path);
    await expect(page.locator("main")).toBeVisible();
    await expect(page.locator(".skeleton")).toHaveCount(0);
    expect(await serious(page)).toEqual([]);
  });
}

for (const [user, path] of [
  ["admin", "/console/accounts"],
  ["audit", "/console/audit"],
  ["audit", "/console/audit?tab=statistics"],
  ["audit", "/console/audit?tab=integrity"],
] as const) {
  test(`page of ${user}: ${path}`, async ({ page }) => {
    await signIn(page, path, user);
    await expect(page.locator("tbody tr").nth(1)).toBeVisible();
    await expect(page.locator(".ant-spin-spinning")).toHaveCount(0);
    expect(await serious(page)).toEqual([]);
  });
}

for (const [user, path, shown] of [
  ["security", "/console/roles?record=supervisor", ".permission-grid"],
  ["security", "/console/clients", ".ant-empty, tbody tr"],
  ["admin", "/console/profile", "form"],
  ["admin", "/console/profile?tab=password", ".rules"],
  ["admin", "/console/profile?tab=sessions", "tbody tr"],
  ["regulator", "/console/applications", ".ant-empty, tbody tr"],
  ["regulator", "/console/monitoring", "tbody tr"],
  ["regulator", "/console/catalogue", ".ant-tree"],
] as const) {
  test(`page ${path} of ${user}`, async ({ page }) => {
    await signIn(page, path, user);
    await expect(page.locator(shown).filter({ visible: true }).first()).toBeVisible();
    await expect(page.locator(".ant-spin-spinning")).toHaveCount(0);
    expect(await serious(page)).toEqual([]);
  });
}

test("a record", async ({ page }) => {
  await signIn(page, "/console/subjects");
  await page.locator("tbody tr.row-link").first().click();
  await expect(page.getByRole("dialog")).toContainText("基本信息");
  expect(await serious(page)).toEqual([]);
});

test("a form with faults", async ({ page }) => {
  await signIn(page, "/console/subjects");
  await page.getByRole("button", { name: "登记主体" }).click();
  await page.getByRole("button", { name: "提交审核" }).click();
  await expect(page.getByText("名称必填")).toBeVisible();
  expect(await serious(page)).toEqual([]);
});

test("a chain", async ({ page }) => {
  await signIn(page, "/console/events?stage=market");
  await page.locator("tbody tr.row-link").first().click();
  await page.getByRole("link", { name: "查这批的链条" }).click();
  await expect(page.locator(".trace-grid tbody tr.row-link").first()).toBeVisible();
  expect(await serious(page)).toEqual([]);
});

const groups = {
  "cockpit, map and registers": [
    "/console",
    "/console/map",
    "/console/subjects",
    "/console/subjects?view=map",
    "/console/merchants",
    "/console/review",
    "/console/products",
    "/console/devices",
    "/console/systems",
  ],
  "data and trace": [
    "/console/capture",
    "/console/capture?tab=rejects",
    "/console/events",
    "/console/findings",
    "/console/trace",
    "/console/search?q=青岛",
  ],
  "evaluation, reports and service": [
    "/console/evaluations",
    "/console/analysis",
    "/console/analysis?by=month&then=category",
    "/console/reports",
    "/console/reports?tab=schedule",
    "/console/complaints",
    "/console/notices",
    "/console/exchange",
    "/console/packs",
    "/console/packs?record=rules.toml",
  ],
};
for (const [name, paths] of Object.entries(groups)) {
  test(`pages of regulators: ${name}`, async ({ page }) => {
    await signIn(page, "/console/subjects");
    for (const path of paths) {
      await page.goto(path);
      await expect(page.locator("h1").first()).toBeVisible();
      await expect(page.locator(".ant-spin-spinning")).toHaveCount(0);
      expect(await serious(page), path).toEqual([]);
    }
  });
}
