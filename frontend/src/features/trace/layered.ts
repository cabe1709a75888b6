// Where each unit of a chain stands: columns from source to market, rows ordered so that edges cross little.
import type { Chain } from "@/api/types";

export interface Spot {
  id: string;
  x: number;
  y: number;
}
export const gapX = 282;
export const gapY = 104;

/**
 * The column of each unit: one to the right of the farthest unit that it came from. A unit that came from nowhere stands
 * beside the unit it went to, not at the far left; units on a circle, which a false report can close, stay where they are.
 */
function depths(nodes: Chain["nodes"], edges: Chain["edges"]): Map<string, number> {
  const known = new Set(nodes.map((node) => node.id));
  const real = edges.filter((edge) => known.has(edge.from) && known.has(edge.to) && edge.from !== edge.to);
  const waits = new Map(nodes.map((node) => [node.id, 0]));
  const after = new Map<string, string[]>();
  for (const { from, to } of real) {
    waits.set(to, (waits.get(to) ?? 0) + 1);
    after.set(from, [...(after.get(from) ?? []), to]);
  }
  const sources = nodes.map((node) => node.id).filter((id) => waits.get(id) === 0);
  const depth = new Map(nodes.map((node) => [node.id, 0]));
  const queue = [...sources];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    for (const next of after.get(id) ?? []) {
      depth.set(next, Math.max(depth.get(next) ?? 0, (depth.get(id) ?? 0) + 1));
      const left = (waits.get(next) ?? 0) - 1;
      waits.set(next, left);
      if (left === 0) queue.push(next);
    }
  }
  for (const id of sources) {
    const targets = (after.get(id) ?? []).map((next) => depth.get(next) ?? 0);
    if (targets.length > 0) depth.set(id, Math.max(0, Math.min(...targets) - 1));
  }
  return depth;
}

/** Positions by column; two sweeps put each unit near the middle of its neighbours. */
export function layered(nodes: Chain["nodes"], edges: Chain["edges"]): Map<string, Spot> {
  const depth = depths(nodes, edges);
  const columns = new Map<number, string[]>();
  for (const node of nodes) {
    const column = depth.get(node.id) ?? 0;
    columns.set(column, [...(columns.get(column) ?? []), node.id]);
  }
  const order = [...columns.keys()].sort((a, b) => a - b);
  const rank = new Map<string, number>();
  const place = (ids: string[]) => ids.forEach((id, index) => rank.set(id, index - (ids.length - 1) / 2));
  for (const column of order) place(columns.get(column) ?? []);
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
    for (const column of sweep) {
      const ids = columns.get(column) ?? [];
      const keys = new Map(ids.map((id) => [id, middle(id)]));
      ids.sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
      place(ids);
    }
  }
  return new Map(
    nodes.map((node) => [
      node.id,
      { id: node.id, x: order.indexOf(depth.get(node.id) ?? 0) * gapX, y: (rank.get(node.id) ?? 0) * gapY },
    ]),
  );
}

/** How many rows the fullest column has. */
export function rowsOf(spots: Map<string, Spot>): number {
  const columns = new Map<number, number>();
  for (const { x } of spots.values()) columns.set(x, (columns.get(x) ?? 0) + 1);
  return Math.max(1, ...columns.values());
}

/** A subject by name; the node hides the names of those outside the reader's range. */
export const subjectText = (name: string | null): string | null => (name === "***" ? "辖区外主体" : name);

/** The map that holds all these divisions: of a city, of a province, or of the nation. */
export function smallestMap(divisions: (string | null)[]): string {
  const codes = divisions.filter((code): code is string => code !== null && /^\d{6}$/.test(code));
  const shared = (length: number) => new Set(codes.map((code) => code.slice(0, length))).size === 1;
  const first = codes[0] ?? "";
  if (codes.length === 0 || !shared(2)) return "000000";
  return shared(4) && !first.startsWith("00", 2) ? `${first.slice(0, 4)}00` : `${first.slice(0, 2)}0000`;
}

/** The last part of a full division name: 市北区 of 山东省青岛市市北区. */
export function shortPlace(name: string | null): string {
  if (!name) return "—";
  return name.replace(/^.+?(?:省|自治区|特别行政区)(?=.{2,})/u, "").replace(/^.+?(?:自治州|地区|盟|市)(?=.{2,})/u, "");
}
