// The check digit of a unified social credit code (统一社会信用代码, GB 32100), so that a slip of the pen is seen while writing.
const signs = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/** What is wrong with the code, in one sentence; null where it is right. Letters may be small. */
export function usccFault(text: string): string | null {
  const code = text.trim().toUpperCase();
  if ([...code].length !== 18) return `统一社会信用代码应为 18 位，现为 ${[...code].length} 位`;
  let sum = 0;
  let weight = 1;
  for (const sign of code.slice(0, 17)) {
    const value = signs.indexOf(sign);
    if (value < 0) return `统一社会信用代码不能含“${sign}”`;
    sum += value * weight;
    weight = (weight * 3) % 31;
  }
  const due = signs[(31 - (sum % 31)) % 31] ?? "";
  return due === code[17] ? null : `统一社会信用代码校验位不正确：应为 ${due}，填写为 ${code[17] ?? ""}`;
}
