// Filling in the forms of the registers as a person does.
import { expect, type Locator, type Page } from "@playwright/test";

/** A field by its name, whether or not it is marked as one that should be filled in. */
export const field = (scope: Locator, label: string): Locator => scope.getByLabel(new RegExp(`^${label}(应填)?$`));
/** Chooses one option of a field. */
export async function choose(page: Page, scope: Locator, label: string, option: string): Promise<void> {
  await field(scope, label).click();
  await page.locator(".ant-select-dropdown:visible").getByText(option, { exact: true }).first().click();
  await scope.locator(".ant-modal-title").click();
}
/** Goes down the divisions and chooses the last one named. */
export async function chooseDivision(page: Page, scope: Locator, label: string, names: string[]): Promise<void> {
  await field(scope, label).click();
  const places = page.locator(".ant-cascader-dropdown:visible");
  for (const name of names) await places.getByText(name, { exact: true }).last().click();
  await scope.locator(".ant-modal-title").click();
}
/** A unified social credit code that nobody has, with its check digit. */
export function creditCode(): string {
  const signs = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  const body = `91370200MA${String(Date.now()).slice(-7)}`;
  let sum = 0;
  let weight = 1;
  for (const sign of body) {
    sum += signs.indexOf(sign) * weight;
    weight = (weight * 3) % 31;
  }
  return body + signs[(31 - (sum % 31)) % 31];
}
export interface Firm {
  name: string;
  code: string;
}
/** Writes a new slaughterhouse into the open form and hands it in. */
export async function fillSubject(page: Page, form: Locator, firm: Firm): Promise<void> {
  await field(form, "名称").fill(firm.name);
  await field(form, "统一社会信用代码").fill(firm.code);
  await choose(page, form, "组织形式", "企业");
  await choose(page, form, "节点类型", "屠宰企业");
  await choose(page, form, "产品类别", "食用农产品");
  await choose(page, form, "追溯环节", "屠宰");
  await chooseDivision(page, form, "行政区划", ["青岛市", "城阳区"]);
  await field(form, "地址").fill("正阳路 9 号");
  await form.getByLabel("经度", { exact: true }).fill("120.39");
  await form.getByLabel("纬度", { exact: true }).fill("36.31");
}
/** Answers the question for a reason. */
export async function giveReason(page: Page, title: RegExp, reason: string): Promise<void> {
  const asking = page.getByRole("dialog", { name: title });
  await asking.getByLabel("填写理由").fill(reason);
  await asking.getByRole("button", { name: /确\s*定/ }).click();
  await expect(asking).toBeHidden();
}
