import { describe, expect, it } from "vitest";
import { findNode, fitting } from "@/features/catalogue/tree";

describe("g_6_3_1_the_catalogue", () => {
  const leaf = {
    code: "pork.a",
    name: "莱芜黑猪",
    level: 3,
    national: false,
    origin: "370100",
    origin_name: "济南市",
    valid_from: null,
    valid_to: null,
    successor: null,
    retired: false,
    children: [],
  };
  const tree = [
    { ...leaf, code: "pork", name: "猪肉", level: 2, national: true, children: [leaf] },
    { ...leaf, code: "veg", name: "蔬菜", children: [] },
  ];
  it("a class is found with those above it", () => {
    expect(findNode(tree, "pork.a")?.name).toBe("莱芜黑猪");
    expect(findNode(tree, "none")).toBeNull();
    expect(fitting(tree, "黑猪").map((one) => one.code)).toEqual(["pork"]);
    expect(fitting(tree, "猪肉")[0]?.children).toHaveLength(1);
    expect(fitting(tree, "").length).toBe(2);
  });
});
