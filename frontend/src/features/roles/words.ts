// The words of permissions with the actions that each kind knows: those which operations ask for, and those a role names.
import type { PermissionWords } from "@/api/people";
import { actionsOf } from "@/lib/permissions";

export interface Words extends PermissionWords {
  kinds: (PermissionWords["kinds"][number] & { actions: string[] })[];
}
export function withActions(words: PermissionWords, patterns: string[]): Words {
  const named = new Set(patterns);
  return {
    ...words,
    kinds: words.kinds.map(({ kind, label }) => {
      const known = new Set(actionsOf(kind));
      const actions = words.actions.map((one) => one.action);
      return { kind, label, actions: actions.filter((action) => known.has(action) || named.has(`${kind}.${action}`)) };
    }),
  };
}
