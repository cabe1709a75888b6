// H-6.5, G-10.4: a user asks that the own account be deleted, thinks better of it, and asks again; both can be undone.
import { expect, test } from "@playwright/test";
import { enter } from "./session";
import { desk, firstSignIn, fresh, newUser } from "./users";

test("h_6_5_an_account_is_given_up_asked_about_first_kept_for_seven_days_and_taken_back", async ({
  browser,
  baseURL,
}) => {
  const username = `leave${Date.now().toString(36)}`;
  const [admin, security, user] = [
    await desk(browser, baseURL),
    await desk(browser, baseURL),
    await desk(browser, baseURL),
  ];
  await firstSignIn(user, username, await newUser(admin, security, username, "咨询投诉受理员"));
  await user.getByRole("tab", { name: "注销账号" }).click();
  await expect(user.getByText("确认后账号立即停用，保留 7 天")).toBeVisible();
  const ask = async () => {
    await user.getByRole("button", { name: "申请注销账号" }).click();
    await user.locator(".ant-popover:visible").getByText("确定申请注销这个账号？").waitFor();
  };
  const popover = user.locator(".ant-popover:visible");
  await ask();
  await popover.getByRole("button", { name: /取\s*消/ }).click();
  await expect(user.getByText("等待安全管理员确认")).toHaveCount(0);
  await ask();
  await popover.getByRole("button", { name: /确\s*定/ }).click();
  await expect(user.getByText(/已于 .* 申请注销，等待安全管理员确认/)).toBeVisible();
  await user.getByRole("button", { name: "撤回注销申请" }).click();
  await expect(user.getByText("等待安全管理员确认")).toHaveCount(0);
  await ask();
  await popover.getByRole("button", { name: /确\s*定/ }).click();
  await expect(user.getByText("等待安全管理员确认")).toBeVisible();

  await security.goto("/console/accounts?deletion=requested");
  await security.locator("tbody tr.row-link", { hasText: username }).click();
  const record = security.getByRole("dialog", { name: "用户" });
  await record.getByRole("button", { name: "确认注销" }).click();
  await expect(security.getByText("7 天后姓名、手机号、邮箱彻底清除，期间可以撤回")).toBeVisible();
  await security
    .locator(".ant-popover:visible")
    .getByRole("button", { name: /确\s*定/ })
    .click();
  const week = new Date(Date.now() + 7 * 86_400_000).toLocaleDateString("sv-SE", { timeZone: "Asia/Shanghai" });
  await expect(record.getByText(`注销：待清除，清除时间 ${week}`)).toBeVisible();

  // The session is over at once, and nobody signs in with the account during the days of grace.
  await user.reload();
  await expect(user).toHaveURL(/\/console\/login/);
  await enter(user, username, fresh);
  await expect(user.getByText(/AUTH-0103/)).toBeVisible();

  await record.getByRole("button", { name: "撤回注销" }).click();
  await expect(security.getByText("撤回注销：已完成")).toBeVisible();
  await record.getByRole("button", { name: /^启\s*用$/ }).click();
  await expect(security.getByText("启用：已完成")).toBeVisible();
  await user.goto("/console/login?back=/console/profile%3Ftab%3Dleave");
  await enter(user, username, fresh);
  await expect(user.getByRole("button", { name: "申请注销账号" })).toBeVisible();
});
