import { describe, expect, it } from "vitest";
import { layered, shortPlace, smallestMap } from "@/features/trace/layered";
import { chain } from "@/testing/mock-trace";

describe("g_6_5_3_the_chain_in_layers", () => {
  const { nodes, edges } = chain("x");
  it("gives every unit a place of its own and draws every edge to the right", () => {
    const spots = layered(nodes, edges);
    expect(spots.size).toBe(nodes.length);
    expect(new Set([...spots.values()].map((spot) => `${spot.x},${spot.y}`)).size).toBe(nodes.length);
    for (const edge of edges) expect(spots.get(edge.to)?.x).toBeGreaterThan(spots.get(edge.from)?.x ?? Infinity);
  });
  it("draws a batch from source to market although the node counts all its units as one layer", () => {
    const flat = nodes.map((node) => ({ ...node, layer: 0 }));
    const spots = layered(flat, edges);
    for (const edge of edges) expect(spots.get(edge.to)?.x).toBeGreaterThan(spots.get(edge.from)?.x ?? Infinity);
  });
  it("is the same for the same chain, and stands an edge to a unit that is not there", () => {
    expect(layered(nodes, edges)).toEqual(layered(nodes, edges));
    const first = nodes[0];
    expect(layered(first ? [first] : [], edges).size).toBe(1);
  });
  it("stands a chain that runs in a circle", () => {
    const edge = edges[0];
    const back = edge ? [...edges, { ...edge, from: edge.to, to: edge.from }] : edges;
    expect(layered(nodes, back).size).toBe(nodes.length);
  });
  it("takes the smallest map that holds the whole chain", () => {
    expect(smallestMap(["370203", "370281"])).toBe("370200");
    expect(smallestMap(["370203", "370113"])).toBe("370000");
    expect(smallestMap(["370203", "440100", null])).toBe("000000");
    expect(smallestMap([])).toBe("000000");
  });
  it("names the county of a full division name", () => {
    expect(
      [
        "山东省青岛市市北区",
        "北京市朝阳区",
        "山东省济南市济阳区",
        "青岛市",
        "内蒙古自治区锡林郭勒盟锡林浩特市",
        null,
      ].map(shortPlace),
    ).toEqual(["市北区", "朝阳区", "济阳区", "青岛市", "锡林浩特市", "—"]);
  });
});
