// Series as pure functions of the data; light or dark ground.
import type { Cockpit, Evaluations, ScoreTrend } from "@/api/types";
import type { ChartOption } from "@/charts/chart";
import { short } from "@/lib/format";
import { gradeMark, palette } from "@/lib/palette";

export interface Ground {
  ink: string;
  soft: string;
  line: string;
  primary: string;
  accent: string;
  bad: string;
  panel: string;
}
export const darkGround: Ground = {
  ink: palette.nightInk,
  soft: palette.nightSoft,
  line: palette.nightLine,
  primary: "#6FA8FF",
  accent: "#5BD27C",
  bad: "#FF7B7B",
  panel: "#142C57",
};
export const lightGround: Ground = {
  ink: palette.ink,
  soft: palette.soft,
  line: palette.line,
  primary: palette.primary,
  accent: palette.success,
  bad: palette.error,
  panel: "#ffffff",
};

const compact = (value: number) => {
  const { text, scale } = short(value);
  return `${text}${scale}`;
};
const tooltip = (ground: Ground) => ({
  trigger: "axis" as const,
  backgroundColor: ground.panel,
  borderColor: ground.line,
  textStyle: { color: ground.ink, fontSize: 12 },
  confine: true,
});
const category = (ground: Ground, data: string[]) => ({
  type: "category" as const,
  data,
  axisLine: { lineStyle: { color: ground.line } },
  axisTick: { show: false },
  axisLabel: { color: ground.soft, fontSize: 11, hideOverlap: true },
});
/** An axis of counts: whole numbers, with its unit on top. */
const amount = (ground: Ground, unit: string) => ({
  type: "value" as const,
  name: unit,
  nameTextStyle: { color: ground.soft, fontSize: 11 },
  nameGap: 8,
  minInterval: 1,
  splitLine: { lineStyle: { color: ground.line, opacity: 0.5 } },
  axisLabel: { color: ground.soft, fontSize: 11, formatter: compact },
});
const percent = (ground: Ground) => ({
  type: "value" as const,
  min: 0,
  max: 100,
  splitLine: { show: false },
  axisLabel: { color: ground.soft, fontSize: 11, formatter: "{value}%" },
});
const legend = (ground: Ground) => ({
  top: 0,
  right: 0,
  itemWidth: 14,
  itemHeight: 8,
  textStyle: { color: ground.soft, fontSize: 11 },
});

/** Received records of each day, and the rejected ones on an axis of their own. */
export function trendOption(trend: Cockpit["trend"], ground: Ground): ChartOption {
  return {
    grid: { left: 4, right: 4, top: 26, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: tooltip(ground),
    legend: { ...legend(ground), left: "center" },
    aria: { enabled: true },
    xAxis: category(
      ground,
      trend.map((day) => day.date.slice(5)),
    ),
    yAxis: [
      amount(ground, "条"),
      { ...amount(ground, "退回 条"), nameTextStyle: { color: ground.bad, fontSize: 11 }, splitLine: { show: false } },
    ],
    series: [
      {
        name: "追溯记录",
        type: "line",
        smooth: 0.3,
        smoothMonotone: "x",
        showSymbol: false,
        data: trend.map((day) => day.events),
        lineStyle: { color: ground.primary, width: 2 },
        itemStyle: { color: ground.primary },
        areaStyle: { color: ground.primary, opacity: 0.16 },
      },
      {
        name: "退回",
        type: "bar",
        yAxisIndex: 1,
        barMaxWidth: 6,
        data: trend.map((day) => day.rejected),
        itemStyle: { color: ground.bad, opacity: 0.75 },
      },
    ],
  };
}
/** Records of each stage as bars, the share linked to the stage before as a line; a missing rate is a gap. */
export function stageOption(stages: Cockpit["stages"], ground: Ground): ChartOption {
  const axis = category(
    ground,
    stages.map((stage) => stage.name),
  );
  return {
    grid: { left: 4, right: 4, top: 26, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: tooltip(ground),
    legend: legend(ground),
    aria: { enabled: true },
    xAxis: {
      ...axis,
      axisLabel: {
        ...axis.axisLabel,
        ...(stages.length > 9 && { interval: 0, rotate: 32, hideOverlap: false, fontSize: 10 }),
      },
    },
    yAxis: [amount(ground, "条"), percent(ground)],
    series: [
      {
        name: "记录量",
        type: "bar",
        barMaxWidth: 22,
        data: stages.map((stage) => stage.events),
        itemStyle: { color: ground.primary, borderRadius: [3, 3, 0, 0] },
      },
      {
        name: "上下环节贯通率",
        type: "line",
        yAxisIndex: 1,
        data: stages.map((stage) => (stage.link_rate === null ? null : Number(stage.link_rate))),
        connectNulls: false,
        symbol: "circle",
        symbolSize: 7,
        lineStyle: { color: ground.accent, width: 2 },
        itemStyle: { color: ground.accent },
      },
    ],
  };
}
/** How many hold each grade. */
export function distributionOption(distribution: Evaluations["distribution"], ground: Ground): ChartOption {
  return {
    grid: { left: 4, right: 36, top: 4, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: { ...tooltip(ground), trigger: "item" },
    aria: { enabled: true },
    xAxis: { type: "value", show: false },
    yAxis: {
      ...category(
        ground,
        distribution.map((one) => `${gradeMark(one.grade).symbol} ${gradeMark(one.grade).name}`),
      ),
      inverse: true,
      axisLabel: { color: ground.ink, fontSize: 13 },
      axisLine: { show: false },
    },
    series: [
      {
        type: "bar",
        barMaxWidth: 22,
        data: distribution.map((one) => ({
          value: one.count,
          itemStyle: { color: gradeMark(one.grade).colour, borderRadius: [0, 3, 3, 0] },
        })),
        label: { show: true, position: "right", color: ground.ink },
      },
    ],
  };
}
/** Score over the periods; a period without evaluation is a gap. */
export function scoreOption(points: ScoreTrend["points"], ground: Ground): ChartOption {
  return {
    grid: { left: 4, right: 16, top: 20, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: tooltip(ground),
    aria: { enabled: true },
    xAxis: category(
      ground,
      points.map((point) => point.period),
    ),
    yAxis: { ...percent(ground), splitLine: { lineStyle: { color: ground.line } }, axisLabel: { color: ground.soft } },
    series: [
      {
        name: "得分",
        type: "line",
        connectNulls: false,
        symbolSize: 9,
        data: points.map((point) => ({
          value: point.score === null ? null : Number(point.score),
          itemStyle: { color: point.grade ? gradeMark(point.grade).colour : ground.soft },
        })),
        lineStyle: { color: ground.primary, width: 2 },
        label: { show: true, color: ground.ink, fontSize: 11 },
      },
    ],
  };
}

interface Series {
  name: string;
  values: number[];
  colour: string;
}
/** Counts by day, one above the other. */
export function stackedDays(days: string[], series: Series[], ground: Ground, unit: string): ChartOption {
  return {
    grid: { left: 4, right: 4, top: 30, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: tooltip(ground),
    legend: legend(ground),
    aria: { enabled: true },
    xAxis: category(
      ground,
      days.map((day) => day.slice(5)),
    ),
    yAxis: amount(ground, unit),
    series: series.map(({ name, values, colour }) => ({
      type: "bar" as const,
      name,
      data: values,
      stack: "all",
      barMaxWidth: 22,
      itemStyle: { color: colour },
    })),
  };
}
