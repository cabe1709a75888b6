// Counts by one or two characteristics, as bars or along the months; the kinds of nothing keep their faces.
import type { ChartOption } from "@/charts/chart";
import { lightGround as ground } from "@/charts/options";
import { number } from "@/lib/format";

export interface CountCell {
  name: string;
  count: number;
  state: string;
  cells?: { code: string; count: number }[];
}
/** Hues that are told apart by the colour-blind, in an order that keeps neighbours different. */
const hues = [
  "#1F5FBF",
  "#B7791F",
  "#1A7F37",
  "#8E5BB5",
  "#2A9D9D",
  "#C2607B",
  "#6B7684",
  "#D08A4E",
  "#4F7D3A",
  "#7B8FD4",
];
/** What a chart draws at most; the table holds the rest. */
export const MOST_BARS = 30;

/** Bars from left to right, stacked where a second characteristic is asked for; months as a line. */
export function countOption(rows: CountCell[], columns: { code: string; name: string }[], time: boolean): ChartOption {
  const shown = rows.slice(0, MOST_BARS);
  const series =
    columns.length > 0
      ? columns.map((column, index) => ({
          name: column.name,
          type: "bar" as const,
          stack: "all",
          barMaxWidth: 36,
          itemStyle: { color: hues[index % hues.length] as string },
          data: shown.map((row) => row.cells?.find((cell) => cell.code === column.code)?.count ?? 0),
        }))
      : [
          time
            ? {
                name: "数量",
                type: "line" as const,
                symbolSize: 7,
                itemStyle: { color: ground.primary },
                areaStyle: { color: ground.primary, opacity: 0.12 },
                data: shown.map((row) => (row.state === "missing" ? null : row.count)),
              }
            : {
                name: "数量",
                type: "bar" as const,
                barMaxWidth: 36,
                itemStyle: { color: ground.primary },
                label: {
                  show: shown.length <= 24,
                  position: "top" as const,
                  color: ground.soft,
                  fontSize: 11,
                  formatter: ({ value }: { value: unknown }) => number(value as number),
                },
                data: shown.map((row) => (row.state === "missing" || row.state === "not_connected" ? null : row.count)),
              },
        ];
  return {
    grid: {
      left: 8,
      right: 12,
      top: columns.length > 0 ? 56 : 30,
      bottom: 8,
      outerBoundsMode: "same",
      outerBoundsContain: "axisLabel",
    },
    tooltip: { trigger: "axis", confine: true, axisPointer: { type: "shadow" } },
    ...(columns.length > 0 && { legend: { top: 0, left: 8, itemWidth: 14, itemHeight: 8, type: "plain" as const } }),
    aria: { enabled: true },
    xAxis: {
      type: "category",
      data: shown.map((row) => row.name),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: ground.line } },
      axisLabel: {
        color: ground.soft,
        interval: 0,
        fontSize: 11,
        ...(shown.length > 10 && { rotate: 35 }),
      },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      splitLine: { lineStyle: { color: ground.line, opacity: 0.6 } },
      axisLabel: { color: ground.soft, fontSize: 11 },
    },
    series,
  };
}
