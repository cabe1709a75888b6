// Looking up and narrowing the tree of classes.
import type { CatalogueNode } from "@/api/access";

/** The class with this code, wherever it stands. */
export function findNode(nodes: CatalogueNode[], code: string): CatalogueNode | null {
  for (const node of nodes) {
    const found = node.code === code ? node : findNode(node.children, code);
    if (found) return found;
  }
  return null;
}
/** The classes that fit a text, with those above them. */
export function fitting(nodes: CatalogueNode[], text: string): CatalogueNode[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return nodes;
  return nodes.flatMap((node) => {
    const hit = node.name.toLowerCase().includes(wanted) || node.code.toLowerCase().includes(wanted);
    const children = hit ? node.children : fitting(node.children, text);
    return hit || children.length > 0 ? [{ ...node, children }] : [];
  });
}
/** The classes above the one with this code, from above to below; none where it is not in the tree. */
export function above(nodes: CatalogueNode[], code: string): CatalogueNode[] {
  for (const node of nodes) {
    if (node.children.some((child) => child.code === code)) return [node];
    const found = above(node.children, code);
    if (found.length > 0) return [node, ...found];
  }
  return [];
}
/** Every class of a tree, from above to below. */
export const flat = (nodes: CatalogueNode[]): CatalogueNode[] =>
  nodes.flatMap((node) => [node, ...flat(node.children)]);
