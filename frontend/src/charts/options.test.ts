import { describe, expect, it } from "vitest";
import { darkGround, distributionOption, lightGround, scoreOption, stageOption } from "@/charts/options";

describe("charts", () => {
  it("g_6_8_leave_a_gap_where_a_period_was_not_evaluated", () => {
    const option = scoreOption(
      [
        { period: "2026-09", score: "80", grade: "good", rank: 1, of: 2 },
        { period: "2026-10", score: null, grade: null, rank: null, of: 0 },
      ],
      lightGround,
    );
    const [series] = option.series as { connectNulls: boolean; data: { value: number | null }[] }[];
    expect(series?.data.map((point) => point.value)).toEqual([80, null]);
    expect(series?.connectNulls).toBe(false);
  });
  it("do_not_turn_a_missing_link_rate_into_zero", () => {
    const option = stageOption([{ stage: "catering", name: "餐饮", events: 0, link_rate: null }], darkGround);
    const series = option.series as { data: (number | null)[] }[];
    expect(series[1]?.data).toEqual([null]);
  });
  it("name_grades_by_shape_and_word", () => {
    const option = distributionOption([{ grade: "fail", name: "不达标", count: 3 }], lightGround);
    expect(JSON.stringify(option.yAxis)).toContain("▼ 不达标");
  });
});
