// Which actions of a kind mean something: those that operations of the node ask for.
import { asked } from "@/api/permissions.gen";

/** A kind whose operations are still to come can at least be read. */
const USUAL = ["read"];

export const actionsOf = (kind: string): string[] => asked[kind] ?? USUAL;
/** True for a permission that some operation asks for; a role that may do everything of a kind holds many others. */
export function isAsked(permission: string): boolean {
  const [kind = "", action = ""] = permission.split(".");
  return actionsOf(kind).includes(action);
}
