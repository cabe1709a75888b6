// Which labels of a map fit beside each other.

export interface Label {
  x: number;
  y: number;
  letters: number;
  value: boolean;
}
export type Shown = "all" | "name" | "none";

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}
const boxOf = ({ x, y, letters }: Label, height: number, least: number): Box => {
  const half = Math.max(least, letters * 12) / 2;
  return { left: x - half, right: x + half, top: y - height / 2, bottom: y + height / 2 };
};
const meet = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** In the order given: the whole label where it is free, else the name alone, else nothing. Pixels. */
export function tuck(labels: Label[]): Shown[] {
  const placed: Box[] = [];
  return labels.map((label) => {
    for (const [shown, height] of [
      ["all", label.value ? 30 : 16],
      ["name", 14],
    ] as const) {
      const box = boxOf(label, height, shown === "all" && label.value ? 40 : 0);
      if (!placed.some((other) => meet(other, box))) {
        placed.push(box);
        return shown;
      }
    }
    return "none";
  });
}
