// G-6.3.1, H-6.1: the city adds a class of its own beneath a national one and ends it; a category is left out and taken in.
import { expect, test, type Page } from "@playwright/test";
import { signIn } from "./session";

const confirm = (page: Page, title: RegExp) =>
  page.getByRole("dialog", { name: title }).getByRole("button", { name: /确\s*定/ });

test("g_6_3_1_a_local_class_is_added_beneath_a_national_one_offered_in_the_form_and_ended", async ({ page }) => {
  const name = `胶州湾蛤蜊${Date.now() % 100_000}`;
  await signIn(page, "/console/catalogue", "admin");
  await page.getByLabel("查找分类名称或编码").fill("仁果类");
  await page.locator(".ant-tree-node-content-wrapper", { hasText: /^仁果类/ }).click();
  await expect(page.getByText("国家分类和上级增设的分类不能在本地修改")).toBeVisible();
  await page.getByRole("button", { name: "增设下级分类" }).click();
  const form = page.getByRole("dialog", { name: /下增设分类$/ });
  await form.getByLabel("名称").fill(name);
  const code = form.getByLabel("编码");
  const start = await code.inputValue();
  expect(start).toMatch(/^370200_/);
  await code.fill("apple");
  await confirm(page, /下增设分类$/).click();
  await expect(form.locator(".ant-form-item-explain-error")).toContainText(`以 ${start} 开头`);
  await code.fill(`${start}e2e${Date.now() % 100_000}`);
  await confirm(page, /下增设分类$/).click();
  await expect(page.getByText("已增设，正在向下级下发")).toBeVisible();
  await expect(form).toBeHidden();

  // The new class is chosen and to be seen, with and without a search.
  const own = page.locator(".ant-tree-node-content-wrapper", { hasText: name });
  await expect(own).toContainText("◆ 青岛市");
  await expect(page.getByRole("heading", { name })).toBeVisible();
  await page.getByLabel("查找分类名称或编码").fill(name);
  await expect(own).toBeVisible();
  await page.getByLabel("查找分类名称或编码").fill("");
  await expect(own).toBeVisible();
  await expect(page.getByText("没有产品、主体或系统使用")).toBeVisible();
  await page.getByRole("button", { name: /^停\s*用$/ }).click();
  const ending = page.getByRole("dialog", { name: `停用“${name}”` });
  await ending.getByRole("button", { name: /确\s*定/ }).click();
  await expect(ending.getByText("理由必填")).toBeVisible();
  await ending.getByLabel("理由").fill("并入上级分类");
  await ending.getByRole("button", { name: /确\s*定/ }).click();
  await expect(page.getByText("已停用，正在向下级下发")).toBeVisible();
  const today = new Date().toLocaleDateString("sv-SE", { timeZone: "Asia/Shanghai" });
  await expect(page.getByText(new RegExp(`至 ${today}`))).toBeVisible();
});

test("h_6_1_a_category_is_left_out_after_its_effects_were_seen_and_taken_in_again", async ({ page }) => {
  await signIn(page, "/console/catalogue", "admin");
  await page.getByText("稀土产品", { exact: false }).first().click();
  const switched = async (button: RegExp, title: RegExp, reason: string) => {
    await page.getByRole("button", { name: button }).click();
    const dialog = page.getByRole("dialog", { name: title });
    await expect(dialog.getByRole("heading", { name: "影响" })).toBeVisible();
    await expect(dialog.locator(".stat b").first()).toHaveText(/^[\d,]+$/);
    await expect(dialog.locator("p").first()).not.toBeEmpty();
    await expect(dialog.getByRole("button", { name: /确\s*定/ })).toBeDisabled();
    await dialog.getByLabel("理由").fill(reason);
    await dialog.getByRole("button", { name: /确\s*定/ }).click();
    await expect(dialog).toBeHidden();
  };
  await switched(/^不再纳入$/, /^不再纳入“/, "本市没有这类企业");
  await expect(page.getByText("○ 未纳入")).toBeVisible();
  await page.reload();
  await page.getByText("稀土产品", { exact: false }).first().click();
  await switched(/^纳入本地管理$/, /^纳入“/, "新引进一家企业");
  await expect(page.getByText("● 已纳入")).toBeVisible();
});
