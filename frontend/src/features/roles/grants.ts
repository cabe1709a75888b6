// What a role's own rules and those above it make of each permission; patterns are `kind.action`, `kind.*`, `kind.write` and `*`.
import type { Grant } from "@/api/people";
import type { Words } from "@/features/roles/words";

export type Standing = "own" | "inherited" | "denied" | "above" | "none";
export interface Rules {
  allow: string[];
  deny: string[];
}

/** True when a pattern covers the permission. */
export function covers(pattern: string, kind: string, action: string): boolean {
  if (pattern === "*" || pattern === `${kind}.*` || pattern === `${kind}.${action}`) return true;
  return pattern === `${kind}.write` && (action === "create" || action === "update");
}
const covered = (patterns: string[], kind: string, action: string) =>
  patterns.some((pattern) => covers(pattern, kind, action));

/** Where a permission stands: refusals come before grants, the own ones before those from above. */
export function standing(rules: Rules, role: string, effective: Grant[], kind: string, action: string): Standing {
  if (covered(rules.deny, kind, action)) return "denied";
  const above = effective.filter((grant) => grant.permission === `${kind}.${action}` && grant.role !== role);
  if (above.some((grant) => grant.effect === "deny")) return "above";
  if (covered(rules.allow, kind, action)) return "own";
  return above.length > 0 ? "inherited" : "none";
}

/** The patterns without this permission; a pattern that covers more is written out. */
function without(patterns: string[], words: Words, kind: string, action: string): string[] {
  return patterns.flatMap((pattern) => {
    if (!covers(pattern, kind, action)) return [pattern];
    if (pattern === "*")
      return words.kinds.flatMap((one) => (one.kind === kind ? rest(one.actions, kind, action) : [`${one.kind}.*`]));
    const actions = words.kinds.find((one) => one.kind === kind)?.actions ?? [];
    return pattern === `${kind}.${action}`
      ? []
      : rest(
          actions.filter((one) => covers(pattern, kind, one)),
          kind,
          action,
        );
  });
}
const rest = (actions: string[], kind: string, action: string) =>
  actions.filter((one) => one !== action).map((one) => `${kind}.${one}`);

/** The rules with the permission set to allowed, refused or neither. */
export function set(rules: Rules, words: Words, kind: string, action: string, to: "allow" | "deny" | null): Rules {
  const allow = without(rules.allow, words, kind, action);
  const deny = without(rules.deny, words, kind, action);
  const name = `${kind}.${action}`;
  return { allow: to === "allow" ? [...allow, name] : allow, deny: to === "deny" ? [...deny, name] : deny };
}
/** The next state at a press: allowed, refused, not set. Where a role above allows already, allowing again is left out. */
export function press(rules: Rules, words: Words, kind: string, action: string, now: Standing): Rules {
  const next = now === "denied" ? null : now === "own" || now === "inherited" ? "deny" : "allow";
  return set(rules, words, kind, action, next);
}
/** The rules with a whole kind allowed, or nothing of it set. */
export function setKind(rules: Rules, words: Words, kind: string, to: "allow" | null): Rules {
  const actions = words.kinds.find((one) => one.kind === kind)?.actions ?? [];
  const clear = actions.reduce((made, action) => set(made, words, kind, action, null), rules);
  return to === "allow" ? { ...clear, allow: [...clear.allow, `${kind}.*`] } : clear;
}
