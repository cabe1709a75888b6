import { describe, expect, it } from "vitest";
import {
  change,
  clock,
  date,
  dateTime,
  dueDay,
  duration,
  figure,
  number,
  quantity,
  short,
  withUnits,
} from "@/lib/format";

describe("numbers", () => {
  it("separates thousands and leaves digits after the point as they came", () => {
    expect(number("1234567.50")).toBe("1,234,567.50");
    expect(number("-1000")).toBe("-1,000");
    expect(number("123456789012345678901234567890")).toBe("123,456,789,012,345,678,901,234,567,890");
    expect(number(0)).toBe("0");
    expect(number(null)).toBe("—");
    expect(number("无")).toBe("无");
  });
  it("shortens with 万 and 亿", () => {
    expect(short("99999")).toEqual({ text: "99,999", scale: "" });
    expect(short("1284000")).toEqual({ text: "128.4", scale: "万" });
    expect(short("100000")).toEqual({ text: "10", scale: "万" });
    expect(short("234500000")).toEqual({ text: "2.35", scale: "亿" });
  });
  it("always shows the unit with a quantity, never with a missing one", () => {
    expect(quantity("1250.5", "千克")).toBe("1,250.5 千克");
    expect(quantity("3", "kg")).toBe("3 千克");
    expect(quantity("3", "扎")).toBe("3 扎");
    expect(quantity(null, "千克")).toBe("—");
  });
  it("marks direction by shape", () => {
    expect(change("1.2")).toBe("▲1.2%");
    expect(change("-0.4")).toBe("▼0.4%");
    expect(change("0")).toBe("持平");
    expect(change(null)).toBe("");
  });
});

describe("instants are shown in China standard time", () => {
  it("crosses midnight with the zone", () => {
    expect(dateTime("2026-11-20T16:05:00Z")).toBe("2026-11-21 00:05");
    expect(date("2026-12-31T16:00:00Z")).toBe("2027-01-01");
    expect(clock("2026-11-21T02:32:59Z")).toBe("10:32");
    expect(dateTime("nonsense")).toBe("—");
    expect(dateTime(undefined)).toBe("—");
  });
  it("writes durations in words", () => {
    expect([4, 930, 7200, 90_400].map(duration)).toEqual(["4 秒", "16 分钟", "2 小时", "1 天"]);
  });
});

describe("zero, missing and not connected never look alike", () => {
  it("has a face for each state", () => {
    const faces = (["value", "zero", "missing", "not_connected"] as const).map(
      (state) => figure(state === "value" ? "7" : null, state).text,
    );
    expect(faces).toEqual(["7", "0", "—", "未接入"]);
    expect(new Set(faces).size).toBe(4);
    expect(figure(null, "missing").reason).not.toBeNull();
    expect(figure(null, "not_connected").reason).not.toBeNull();
  });
});

describe("sentences and limits of the node", () => {
  it("writes signs of units out", () => {
    expect(withUnits("出 1580.688 kg，大于进 1205.545 kg")).toBe("出 1580.688 千克，大于进 1205.545 千克");
    expect(withUnits("20 桶，编号 3 kgX")).toBe("20 桶，编号 3 kgX");
  });
  it("gives the last day of a limit that ends at midnight", () => {
    expect(dueDay("2026-11-27T16:00:00.000Z")).toBe("2026-11-27");
    expect(dueDay("2026-11-27T04:00:00.000Z")).toBe("2026-11-27");
    expect(dueDay(null)).toBe("—");
  });
});
