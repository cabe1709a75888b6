import { describe, expect, it } from "vitest";
import { layered } from "@/features/trace/layered";
import { chain } from "@/testing/mock-data";

describe("g_6_5_3_the_chain_in_layers", () => {
  const { nodes, edges } = chain("x");
  it("gives every unit a place of its own, one column per layer", () => {
    const spots = layered(nodes, edges);
    expect(spots.size).toBe(nodes.length);
    expect(new Set([...spots.values()].map((spot) => `${spot.x},${spot.y}`)).size).toBe(nodes.length);
    for (const node of nodes)
      expect(spots.get(node.id)?.x).toBe(spots.get(nodes.find((other) => other.layer === node.layer)?.id ?? "")?.x);
  });
  it("is the same for the same chain, and stands an edge to a unit that is not there", () => {
    expect(layered(nodes, edges)).toEqual(layered(nodes, edges));
    const first = nodes[0];
    expect(layered(first ? [first] : [], edges).size).toBe(1);
  });
});
