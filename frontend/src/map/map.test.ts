import { describe, expect, it } from "vitest";
import { arc, boxOf, flowLines, nationBox, paintRegions } from "@/map/layers/build";
import { boxRing, circleRing, drawnShape, length, lengthText } from "@/map/drawing";
import { tuck } from "@/map/labels";
import { parseShape, shapeFeatures, shapeOf, shapeText } from "@/map/shape";
import { parseAt } from "@/map/viewport";
import { breaks, classOf, darkMap, makeScale } from "@/map/scale";
import { offlineStyle } from "@/map/style";

const region = (code: string) => ({
  type: "Feature" as const,
  properties: { code, name: code },
  geometry: {
    type: "Polygon" as const,
    coordinates: [
      [
        [1, 2],
        [3, 4],
        [5, 1],
        [1, 2],
      ],
    ],
  },
});

describe("scales", () => {
  it("puts every value into the class whose bound holds it", () => {
    const bounds = breaks([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(bounds).toEqual([2, 4, 6, 8, 10]);
    expect([1, 2, 3, 10].map((value) => classOf(value, bounds))).toEqual([0, 0, 1, 4]);
    expect(breaks([7, 7, 7])).toEqual([7]);
    expect(breaks([])).toEqual([]);
  });
  it("paints zero, missing and not connected each in its own way", () => {
    const values = [
      { code: "1", value: "5", state: "value" as const },
      { code: "2", value: "0", state: "zero" as const },
      { code: "3", value: null, state: "missing" as const },
      { code: "4", value: null, state: "not_connected" as const },
    ];
    const painted = paintRegions(
      { type: "FeatureCollection", features: ["1", "2", "3", "4"].map(region) },
      { parent: "0", metric: "x", values },
      makeScale(values, darkMap, false),
    );
    const faces = painted.features.map(
      (feature) => `${String(feature.properties?.["fill"])} ${String(feature.properties?.["state"])}`,
    );
    expect(new Set(faces).size).toBe(4);
    const hatch = offlineStyle(darkMap).layers.find((layer) => layer.id === "region-hatch");
    expect(hatch).toMatchObject({ filter: ["==", ["get", "state"], "not_connected"] });
  });
});

describe("the map is drawn offline", () => {
  it("names no address, no tiles and no fonts", () => {
    const style = JSON.stringify(offlineStyle(darkMap));
    expect(style).not.toMatch(/https?:/);
    expect(style).not.toMatch(/glyphs|sprite|tiles/);
  });
  it("shows the whole nation with its southern islands", () => {
    expect(nationBox[0][1]).toBeLessThanOrEqual(3.5);
    expect(nationBox[1][0]).toBeGreaterThanOrEqual(135);
  });
});

describe("labels", () => {
  it("give way to each other, the value first", () => {
    const at = (x: number, y: number) => ({ x, y, letters: 3, value: true });
    expect(tuck([at(0, 0), at(200, 0), at(0, 24), at(2, 3)])).toEqual(["all", "all", "name", "none"]);
    expect(tuck([])).toEqual([]);
  });
});

describe("geometry", () => {
  it("bends arcs but keeps both ends", () => {
    const line = arc([0, 0], [10, 0]);
    expect(line[0]).toEqual([0, 0]);
    expect(line.at(-1)).toEqual([10, 0]);
    expect(line[12]?.[1]).not.toBe(0);
  });
  it("widens lines with quantity and survives missing ones", () => {
    const place = (lon: number) => ({ code: "", name: "", lon, lat: 0 });
    const widths = flowLines([
      { from: place(0), to: place(1), quantity: "100", unit: "千克", events: 1 },
      { from: place(0), to: place(2), quantity: null, unit: null, events: 0 },
    ]).features.map((line) => line.properties?.["width"] as number);
    expect(widths[0]).toBe(5);
    expect(widths[1]).toBe(0.8);
  });
  it("finds the box around everything", () => {
    expect(boxOf({ type: "FeatureCollection", features: [region("1")] })).toEqual([
      [1, 1],
      [5, 4],
    ]);
    expect(boxOf({ type: "FeatureCollection", features: [] })).toBeNull();
  });
});

describe("g_6_2_2a_drawing", () => {
  it("measures over the ground", () => {
    // One degree of a meridian is 111.2 km on a sphere.
    expect(
      Math.round(
        length([
          [120, 36],
          [120, 37],
        ]) / 100,
      ),
    ).toBe(1112);
    expect(lengthText(850.4)).toBe("850 米");
    expect(lengthText(12_350)).toBe("12.3 千米");
  });
  it("makes a box of two corners in whatever order", () => {
    expect(boxRing([121, 37], [120, 36])).toEqual([
      [120, 36],
      [121, 36],
      [121, 37],
      [120, 37],
      [120, 36],
    ]);
    expect(
      drawnShape("polygon", [
        [0, 0],
        [1, 0],
      ]).features[0]?.geometry.type,
    ).toBe("LineString");
    expect(
      drawnShape("polygon", [
        [0, 0],
        [1, 0],
        [1, 1],
      ]).features[0]?.geometry.type,
    ).toBe("Polygon");
  });
  it("keeps a shape in the link and reads it again", () => {
    const ring = [
      [120, 36],
      [121, 36],
      [121, 37],
      [120, 36],
    ];
    for (const shape of [shapeOf("box", boxRing([120, 36], [121, 37])), shapeOf("polygon", ring)]) {
      expect(shape).not.toBeNull();
      expect(parseShape(shape ? shapeText(shape) : "")).toEqual(shape);
      expect(shapeFeatures(shape).features[0]?.geometry.type).toBe("Polygon");
    }
    for (const text of [
      undefined,
      "",
      "box:1,2,3",
      "polygon:1,2;3,4",
      "box:a,b,c,d",
      "circle:1,2",
      "circle:120,36,9000",
    ])
      expect(parseShape(text)).toBeNull();
  });
  it("draws a circle of the radius that was asked for", () => {
    const shape = parseShape("circle:120.3,36.1,5");
    expect(shape).toEqual({ kind: "circle", center: [120.3, 36.1], km: 5 });
    expect(shape && shapeText(shape)).toBe("circle:120.3,36.1,5");
    const east = circleRing([120.3, 36.1], 5000)[0] ?? [];
    expect(Math.round(length([[120.3, 36.1], east]))).toBe(5000);
  });
  it("reads an extent, and nothing out of nonsense", () => {
    expect(parseAt("120.3,36.1,8.5")).toEqual({ lon: 120.3, lat: 36.1, zoom: 8.5 });
    expect(parseAt("x")).toBeUndefined();
    expect(parseAt(undefined)).toBeUndefined();
  });
});
