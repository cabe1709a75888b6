// End-to-end tests against a running node (SUYUAN_E2E_URL), with the Chromium of the system.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/global-setup.ts",
  timeout: 600_000,
  expect: { timeout: 60_000 },
  retries: 0,
  workers: 1,
  reporter: "list",
  use: {
    baseURL: process.env["SUYUAN_E2E_URL"] ?? "http://127.0.0.1:18702",
    viewport: { width: 1440, height: 900 },
    actionTimeout: 60_000,
    locale: "zh-CN",
    timezoneId: "Asia/Shanghai",
    // A picture taken while something fades in shows neither its colours nor its place.
    contextOptions: { reducedMotion: "reduce" },
    launchOptions: {
      executablePath: process.env["SUYUAN_CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    },
  },
});
