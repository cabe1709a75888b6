// What each role finds in the menu and behind each address, as docs/rights/screens.csv says.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { signIn } from "./session";

const USERS: Record<string, string> = {
  system_admin: "admin",
  security_admin: "security",
  auditor: "audit",
  director: "leader",
  supervisor: "regulator",
  emergency_officer: "emergency",
  service_officer: "service",
};

interface Screen {
  page: string;
  allowed: Record<string, boolean>;
}

function screens(): Screen[] {
  const text = readFileSync(join(import.meta.dirname, "../../docs/rights/screens.csv"), "utf8").trim();
  const [head = "", ...lines] = text.split("\n");
  const roles = head.split(",").slice(3);
  return lines.map((line) => {
    const [, , page = "", ...cells] = line.split(",");
    return { page, allowed: Object.fromEntries(roles.map((role, at) => [role, cells[at] !== "no"])) };
  });
}

for (const [role, user] of Object.entries(USERS)) {
  test(`g_5_4_2_the_menu_and_the_pages_of_${role}_are_those_of_the_matrix`, async ({ page }) => {
    const all = screens();
    const home = all.find((screen) => screen.page !== "/console" && screen.allowed[role])?.page ?? "/console";
    await signIn(page, home, user);
    await expect(page.locator(`nav a[href="${home}"]`).first()).toBeVisible();
    const shown = await page
      .locator("nav a[href^='/console']")
      .evaluateAll((links) => links.map((link) => (link.getAttribute("href") ?? "").split("?")[0] ?? ""));
    const expected = all.filter((screen) => screen.allowed[role]).map((screen) => screen.page);
    expect([...new Set(shown)].sort()).toEqual([...expected].sort());
    for (const screen of all.filter((one) => !one.allowed[role] && one.page !== "/console")) {
      await page.goto(screen.page);
      await expect(page.getByText("没有权限").first(), screen.page).toBeVisible();
      await expect(page.locator("tbody tr.row-link"), screen.page).toHaveCount(0);
    }
  });
}
