// Signing in through the page, as a user does; where the node asks for a captcha, its question in words is answered.
import type { Page } from "@playwright/test";

const digits = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
const value = (word: string): number => {
  const [tens, ones] = word.includes("十") ? word.split("十") : ["", word];
  const ten = word.includes("十") ? (tens ? digits.indexOf(tens) : 1) * 10 : 0;
  return ten + (ones ? digits.indexOf(ones) : 0);
};
const number = `[${digits.join("")}十]+`;

/** The answer to a sum in words, such as 七加五. */
export function sum(question: string): string {
  const [, a = "", sign = "", b = ""] = new RegExp(`(${number})(加|减|乘以)(${number})`).exec(question) ?? [];
  const [left, right] = [value(a), value(b)];
  return String(sign === "加" ? left + right : sign === "减" ? left - right : left * right);
}

/** Presses the button and waits for what the node says; null where the form was not sent because a captcha is due. */
async function send(page: Page): Promise<string | null> {
  const missing = page.getByText("请输入验证码", { exact: true });
  const answered = page
    .waitForResponse((one) => one.url().endsWith("/api/v1/session") && one.request().method() === "POST")
    .then((one) => (one.status() === 401 ? one.text() : ""))
    .catch(() => "");
  await page.getByRole("button", { name: /^登\s*录$/ }).click();
  return Promise.race([
    answered,
    missing.waitFor().then(
      () => null,
      () => null,
    ),
  ]);
}

/** Fills name and password in, and presses the button; answers the captcha where there is one. */
export async function enter(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel("账号", { exact: true }).fill(username);
  await page.getByLabel("密码", { exact: true }).fill(password);
  const told = await send(page);
  if (told !== null && !/AUTH-010[56]/.test(told)) return;
  const words = page.getByRole("button", { name: /改答文字题/ });
  const question = page.locator(".captcha-ask strong");
  await words.or(question).first().waitFor();
  if (await words.isVisible()) await words.click();
  await page.getByLabel("验证码", { exact: true }).fill(sum((await question.textContent()) ?? ""));
  await send(page);
}

export async function signIn(page: Page, path = "/console", user = "regulator"): Promise<void> {
  await page.goto(path);
  await enter(
    page,
    user === "regulator" ? (process.env["SUYUAN_E2E_USER"] ?? user) : user,
    process.env["SUYUAN_E2E_PASSWORD"] ?? "Suyuan-Demo-2026",
  );
  await page.waitForURL((url) => !url.pathname.startsWith("/console/login"));
}

/** The ports of the demonstration's nodes lie side by side, in this order. */
const NODES = ["000000", "370000", "370200", "370100", "440000"];

/** The address of another node; the tests begin at the city 370200. */
export function nodeUrl(code: string): string {
  const city = new URL(process.env["SUYUAN_E2E_URL"] ?? "http://127.0.0.1:18702");
  const port = Number(city.port) + NODES.indexOf(code) - NODES.indexOf("370200");
  return `${city.protocol}//${city.hostname}:${port}`;
}
