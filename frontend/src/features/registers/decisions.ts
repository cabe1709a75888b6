// The steps of an entry's life that somebody may take, as buttons.
import { review } from "@/locales/zh-CN/common";
import type { Decision } from "@/ui/review-bar";

export const decisions: Record<string, Decision> = {
  submit: { key: "submit", label: review.submit, primary: true, reason: false },
  approve: { key: "approve", label: review.approve, hotkey: "a", primary: true, reason: false },
  return: { key: "return", label: review.return, hotkey: "r", reason: true },
  withdraw: { key: "withdraw", label: review.withdraw, reason: false },
  suspend: { key: "suspend", label: review.suspend, reason: true },
  resume: { key: "resume", label: review.resume, reason: true },
  revoke: { key: "revoke", label: review.revoke, danger: true, reason: true },
  cancel: { key: "cancel", label: review.cancel, reason: false },
};
