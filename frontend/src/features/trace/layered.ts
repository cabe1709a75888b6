// Where each unit of a chain stands: columns by layer, rows ordered so that edges cross little.
import type { Chain } from "@/api/types";

export interface Spot {
  id: string;
  x: number;
  y: number;
}
export const gapX = 224;
export const gapY = 96;

/** Positions by layer; two sweeps put each unit near the middle of its neighbours. */
export function layered(nodes: Chain["nodes"], edges: Chain["edges"]): Map<string, Spot> {
  const columns = new Map<number, string[]>();
  for (const node of nodes) columns.set(node.layer, [...(columns.get(node.layer) ?? []), node.id]);
  const order = [...columns.keys()].sort((a, b) => a - b);
  const rank = new Map<string, number>();
  const place = (ids: string[]) => ids.forEach((id, index) => rank.set(id, index - (ids.length - 1) / 2));
  for (const layer of order) place(columns.get(layer) ?? []);
  const neighbours = new Map<string, string[]>();
  for (const edge of edges) {
    neighbours.set(edge.from, [...(neighbours.get(edge.from) ?? []), edge.to]);
    neighbours.set(edge.to, [...(neighbours.get(edge.to) ?? []), edge.from]);
  }
  const middle = (id: string) => {
    const near = neighbours.get(id) ?? [];
    return near.length === 0
      ? (rank.get(id) ?? 0)
      : near.reduce((sum, other) => sum + (rank.get(other) ?? 0), 0) / near.length;
  };
  for (const sweep of [order, [...order].reverse()]) {
    for (const layer of sweep) {
      const ids = columns.get(layer) ?? [];
      const keys = new Map(ids.map((id) => [id, middle(id)]));
      ids.sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
      place(ids);
    }
  }
  return new Map(
    nodes.map((node) => [
      node.id,
      { id: node.id, x: order.indexOf(node.layer) * gapX, y: (rank.get(node.id) ?? 0) * gapY },
    ]),
  );
}
