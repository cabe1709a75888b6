// G-6.2.1b: two cities give one code; the one who came second is told so and mends it, in either of the two ways.
import { expect, test, type Browser, type Page } from "@playwright/test";
import { known, submitted, type Made } from "./entries";
import { creditCode } from "./forms";
import { nodeUrl, signIn } from "./session";
import { desk } from "./users";

interface Rivals {
  name: string;
  code: string;
  id: string;
}
/** Jinan registers a firm, then Qingdao registers another under the same code; the page shows the second. */
async function clash(page: Page, browser: Browser): Promise<Rivals> {
  const code = creditCode();
  const jinan = await desk(browser, nodeUrl("370100"));
  await signIn(jinan, "/console/subjects");
  const name = `济南先登记${Date.now() % 100_000}有限公司`;
  await submitted(jinan, { name, code, uscc: code, division: "370102" });
  await jinan.close();
  await signIn(page, "/console/subjects");
  const { id }: Made = await submitted(page, { name: `青岛后登记${Date.now() % 100_000}有限公司`, code, uscc: code });
  await known(page, id, (subject) => subject["conflict"] === true);
  await page.goto(`/console/subjects/${id}`);
  await expect(page.getByText(`编码 ${code} 与“${name}”（济南市）冲突`)).toBeVisible();
  return { name, code, id };
}

test("g_6_2_1b_a_code_that_another_city_holds_is_replaced", async ({ page, browser }) => {
  const { code, id } = await clash(page, browser);
  await page.getByRole("button", { name: /^通\s*过/ }).click();
  await expect(page.locator(".ant-message-error")).toContainText("冲突");
  await page.goto("/console/subjects?conflict=true");
  await expect(page.locator("tbody tr.row-link", { hasText: code })).toContainText("冲突");

  await page.goto(`/console/subjects/${id}`);
  await page.getByRole("button", { name: "更换编码" }).click();
  const asking = page.getByRole("dialog", { name: "更换编码" });
  await asking.getByLabel("新编码").fill("不合规则");
  await asking.getByLabel("理由").fill("与济南的登记重复");
  await asking.getByRole("button", { name: /确\s*定/ }).click();
  await expect(asking.locator(".ant-form-item-explain-error")).toBeVisible();
  const other = `37021${String(Date.now()).slice(-8)}`;
  await asking.getByLabel("新编码").fill(other);
  await asking.getByRole("button", { name: /确\s*定/ }).click();
  await expect(asking).toBeHidden();
  await expect(page.getByText(other, { exact: true }).first()).toBeVisible();
  await expect(page.getByText(`编码 ${code} 与`)).toHaveCount(0);
  await page.getByRole("button", { name: /^通\s*过/ }).click();
  await expect(page.getByText("通过：已完成")).toBeVisible();
});

test("g_6_2_1b_two_entries_of_one_firm_are_linked_and_the_province_sees_it", async ({ page, browser }) => {
  const { name, code, id } = await clash(page, browser);
  await page.getByRole("button", { name: "关联为同一主体" }).click();
  const asking = page.getByRole("dialog", { name: "关联为同一主体" });
  await expect(asking.getByText(`确认本登记与“${name}”是同一家单位`)).toBeVisible();
  await asking.getByLabel("理由").fill("同一企业的两处经营场所");
  await asking.getByRole("button", { name: /确\s*定/ }).click();
  const linked = `与“${name}”（${code}）是同一主体`;
  await expect(page.getByText(linked)).toBeVisible();

  const province = await desk(browser, nodeUrl("370000"));
  await signIn(province, "/console/subjects");
  await known(province, id, (subject) => subject["linked"] === true);
  await province.goto(`/console/subjects/${id}`);
  await expect(province.getByText(linked)).toBeVisible();
  await province.getByRole("link", { name: "查看先登记的一方" }).click();
  await expect(province.getByRole("heading", { name })).toBeVisible();
});
