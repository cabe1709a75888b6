// From values to colours: five classes by quantile, and a face for each kind of nothing.
import type { MapValue } from "@/api/types";

export interface MapGround {
  empty: string;
  zero: string;
  missing: string;
  hatch: string;
  steps: string[];
  reverse: string[];
  border: string;
  outline: string;
  label: string;
  flow: string;
  point: string;
  ground: string;
  dash: string;
}
export const darkMap: MapGround = {
  ground: "#0B1B33",
  empty: "#16305c",
  zero: "#1d3763",
  missing: "#34435c",
  hatch: "#7f8ea8",
  steps: ["#23508f", "#2f6bb8", "#3f8ad8", "#5dabf0", "#8fd0ff"],
  reverse: ["#2a4b78", "#6b5a4a", "#a5713e", "#d2783b", "#ff7b5c"],
  border: "#6E9BD6",
  outline: "#ffffff",
  label: "#f2f7ff",
  flow: "#F0BC5E",
  point: "#5BD27C",
  dash: "#6FA8FF",
};
export const lightMap: MapGround = {
  ground: "#eef3f8",
  empty: "#dfe6ee",
  zero: "#ffffff",
  missing: "#d3d8de",
  hatch: "#98a2af",
  steps: ["#cfe0f5", "#aecbee", "#8ab3e4", "#6398d9", "#3f7bc8"],
  reverse: ["#fde8d8", "#f8c7a2", "#ec9c6b", "#d96c43", "#c62828"],
  border: "#7F93AD",
  outline: "#0b2f6b",
  label: "#1b2430",
  flow: "#B7791F",
  point: "#1A7F37",
  dash: "#1f5fbf",
};

/** Upper bounds of up to five classes; equal values share a class. */
export function breaks(values: number[], classes = 5): number[] {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  if (sorted.length <= classes) return sorted;
  const bounds = Array.from(
    { length: classes },
    (_, index) => sorted[Math.min(sorted.length - 1, Math.ceil(((index + 1) * sorted.length) / classes) - 1)] as number,
  );
  return [...new Set(bounds)];
}
/** Index of the class that a value belongs to. */
export function classOf(value: number, bounds: number[]): number {
  const at = bounds.findIndex((bound) => value <= bound);
  return at < 0 ? Math.max(0, bounds.length - 1) : at;
}
export interface Scale {
  bounds: number[];
  colours: string[];
  fill: (value: MapValue | undefined) => string;
}

/** The scale of a metric; where more is worse the warm colours are used. */
export function makeScale(values: MapValue[], ground: MapGround, worse: boolean): Scale {
  const numbers = values
    .flatMap((one) => (one.state === "value" && one.value !== null ? [Number(one.value)] : []))
    .filter(Number.isFinite);
  const bounds = breaks(numbers);
  const all = worse ? ground.reverse : ground.steps;
  const colours = bounds.map(
    (_, index) => all[bounds.length === 1 ? 2 : Math.round((index * (all.length - 1)) / (bounds.length - 1))] as string,
  );
  return {
    bounds,
    colours,
    fill: (value) => {
      if (!value) return ground.empty;
      if (value.state === "zero") return ground.zero;
      if (value.state !== "value" || value.value === null) return ground.missing;
      return colours[classOf(Number(value.value), bounds)] ?? ground.empty;
    },
  };
}
