// G-5.4.2, G-5.4.3a, G-5.4.3b, H-9.4: signing in, the own account, users and their rights, each as the person does it.
import { expect, test } from "@playwright/test";
import { enter, signIn } from "./session";
import { totp } from "./totp";
import { desk, firstSignIn, fresh, newUser } from "./users";

test("g_5_4_3b_a_new_role_is_made_given_and_felt_at_once", async ({ browser, baseURL }) => {
  const stamp = Date.now().toString(36);
  const [admin, security, user] = [
    await desk(browser, baseURL),
    await desk(browser, baseURL),
    await desk(browser, baseURL),
  ];
  const password = await newUser(admin, security, `insp${stamp}`, "咨询投诉受理员");
  await firstSignIn(user, `insp${stamp}`, password);
  await expect(user.getByRole("link", { name: "咨询投诉", exact: true })).toBeVisible();
  await expect(user.getByRole("link", { name: "异常数据", exact: true })).toHaveCount(0);

  await security.goto("/console/roles?record=service_officer");
  await security.getByRole("button", { name: "在“咨询投诉受理员”下新增" }).click();
  await security.getByLabel("角色编码").fill(`insp_${stamp}`);
  await security.getByLabel("角色名称").fill(`巡查员${stamp}`);
  await security.getByLabel("查找功能").fill("异常数据");
  await security.getByRole("button", { name: /^异常数据 查看：/ }).click();
  await security.getByRole("button", { name: /^保\s*存$/ }).click();
  await expect(security.getByText("已保存，立即生效")).toBeVisible();
  await expect(security.getByRole("button", { name: "异常数据 查看：本角色允许" })).toBeVisible();

  await security.goto(`/console/accounts?q=insp${stamp}`);
  await security.locator("tbody tr.row-link").first().click();
  await security
    .getByRole("dialog", { name: "用户" })
    .getByRole("button", { name: /^修\s*改$/ })
    .click();
  const form = security.getByRole("dialog", { name: /^修改：/ });
  await form.getByLabel("角色", { exact: true }).click();
  await security.locator(".ant-select-dropdown:visible").getByText(`巡查员${stamp}`).click();
  await form.getByRole("button", { name: /确\s*定/ }).click();
  await expect(security.getByText("已保存")).toBeVisible();

  await user.reload();
  await user.getByRole("link", { name: "异常数据", exact: true }).click();
  await expect(user.locator("tbody tr").nth(1)).toBeVisible();

  await security.goto(`/console/roles?record=insp_${stamp}`);
  await security.getByLabel("查找功能").fill("异常数据");
  await security.getByRole("button", { name: /^异常数据 查看：/ }).click();
  await expect(security.getByRole("button", { name: "异常数据 查看：本角色拒绝" })).toBeVisible();
  await security.getByRole("button", { name: /^保\s*存$/ }).click();
  await expect(security.getByText("已保存，立即生效")).toBeVisible();
  await security.getByRole("tab", { name: "谁在使用" }).click();
  await expect(security.getByRole("button", { name: "删除角色" })).toBeDisabled();
  await security.getByRole("link", { name: "查看这些用户" }).click();
  await expect(security.locator("tbody tr.row-link")).toContainText(`insp${stamp}`);

  await user.goto("/console/findings");
  await expect(user.getByText("没有权限").first()).toBeVisible();
});

test("g_5_4_3b_why_a_user_may_or_may_not_is_told", async ({ page }) => {
  await signIn(page, "/console/accounts?q=regulator", "security");
  await page.locator("tbody tr.row-link").first().click();
  const record = page.getByRole("dialog", { name: "用户" });
  await record.getByRole("tab", { name: "权限" }).click();
  await expect(record.getByText("可以办理的事项")).toBeVisible();
  const ask = async (kind: string, action: string) => {
    await record.getByLabel("功能", { exact: true }).fill(kind);
    await page.locator(".ant-select-dropdown:visible").getByText(kind, { exact: true }).click();
    await record.getByLabel("操作", { exact: true }).click();
    await page.locator(".ant-select-dropdown:visible").getByText(action, { exact: true }).click();
  };
  await ask("追溯责任主体", "查看");
  await expect(record.getByText("能办理", { exact: true })).toBeVisible();
  await ask("审计日志", "查看");
  await expect(record.getByText("不能办理", { exact: true })).toBeVisible();
});

test("h_9_4_a_second_factor_is_set_up_and_asked_for_and_a_recovery_code_serves_once", async ({ browser, baseURL }) => {
  const stamp = Date.now().toString(36);
  const username = `totp${stamp}`;
  const [admin, security, user] = [
    await desk(browser, baseURL),
    await desk(browser, baseURL),
    await desk(browser, baseURL),
  ];
  await firstSignIn(user, username, await newUser(admin, security, username, "咨询投诉受理员"));
  await user.getByRole("tab", { name: "两步验证" }).click();
  await user.getByRole("button", { name: "开启两步验证" }).click();
  const dialog = user.getByRole("dialog", { name: "设置两步验证" });
  await expect(dialog.getByAltText("两步验证二维码")).toBeVisible();
  const secret = ((await dialog.locator("code").textContent()) ?? "").trim();
  await dialog.getByLabel("6 位验证码").fill("000000");
  await dialog.getByRole("button", { name: "确认开启" }).click();
  await expect(user.locator(".ant-message-error")).toBeVisible();
  await dialog.getByLabel("6 位验证码").fill(totp(secret));
  await dialog.getByRole("button", { name: "确认开启" }).click();
  const kept = user.getByRole("dialog", { name: "恢复码" });
  const codes = ((await kept.locator("pre").textContent()) ?? "").split("\n");
  expect(codes).toHaveLength(10);
  await kept.getByLabel("我已妥善保存").check();
  await kept.getByRole("button", { name: /关\s*闭/ }).click();
  await expect(user.getByText("剩余恢复码 10 个")).toBeVisible();

  const other = await desk(browser, baseURL);
  await other.goto("/console/login?back=/console/profile");
  await enter(other, username, fresh);
  // The code that has just confirmed the set-up is spent; that of the next step is good already.
  await other.getByLabel("6 位验证码").fill(totp(secret, 1));
  await other.getByRole("button", { name: /^验\s*证$/ }).click();
  await expect(other.getByRole("heading", { name: "我的账号" })).toBeVisible();

  const lost = await desk(browser, baseURL);
  for (const [round, verdict] of [
    [1, true],
    [2, false],
  ] as const) {
    await lost.context().clearCookies();
    await lost.goto("/console/login?back=/console/profile");
    await enter(lost, username, fresh);
    await lost.getByRole("button", { name: "改用恢复码" }).click();
    await lost.getByLabel("恢复码").fill(codes[0] ?? "");
    await lost.getByRole("button", { name: /^验\s*证$/ }).click();
    if (verdict) await expect(lost.getByRole("heading", { name: "我的账号" }), `round ${round}`).toBeVisible();
    else await expect(lost.getByRole("alert")).toBeVisible();
  }
});

test("h_9_4_a_user_ends_another_session_of_his", async ({ browser, baseURL }) => {
  const stamp = Date.now().toString(36);
  const username = `sess${stamp}`;
  const [admin, security, user] = [
    await desk(browser, baseURL),
    await desk(browser, baseURL),
    await desk(browser, baseURL),
  ];
  await firstSignIn(user, username, await newUser(admin, security, username, "咨询投诉受理员"));
  const other = await desk(browser, baseURL);
  await other.goto("/console/login?back=/console/profile%3Ftab%3Dpassword");
  await enter(other, username, fresh);
  await expect(other.getByRole("button", { name: "修改密码" })).toBeVisible();
  await user.goto("/console/profile?tab=sessions");
  await expect(user.getByText("本设备")).toHaveCount(1);
  await user.getByRole("button", { name: /^结束登录$/ }).click();
  await expect(user.getByText("没有其他设备登录")).toBeVisible();
  // Whose session has ended signs in again and is where he was.
  await other.reload();
  await expect(other).toHaveURL(/\/console\/login/);
  await enter(other, username, fresh);
  await expect(other.getByRole("button", { name: "修改密码" })).toBeVisible();
});

test("a_6_1_after_three_failures_a_captcha_is_asked_for_in_a_picture_or_in_words", async ({ page }) => {
  await page.goto("/console/login");
  for (let round = 0; round < 3; round += 1) {
    await enter(page, `nobody${Date.now().toString(36)}`, "Falsch-Falsch-1");
    await expect(page.getByRole("alert")).toBeVisible();
  }
  await page.reload();
  await expect(page.getByAltText(/验证码图片/)).toBeVisible();
  // A wrong answer spends the captcha, and the right name and password do not help.
  await page.getByLabel("账号", { exact: true }).fill("audit");
  await page.getByLabel("密码", { exact: true }).fill("Suyuan-Demo-2026");
  await page.getByLabel("验证码", { exact: true }).fill("zzzz");
  await page.getByRole("button", { name: /^登\s*录$/ }).click();
  await expect(page.getByText(/AUTH-0106/)).toBeVisible();
  await enter(page, "audit", "Suyuan-Demo-2026");
  await page.waitForURL((url) => !url.pathname.startsWith("/console/login"));
});
