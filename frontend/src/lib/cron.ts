// Schedules as the node reads them: minute, hour, day, month and weekday, five parts without seconds.
const ranges: [number, number][] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
];

function fits(item: string, least: number, most: number): boolean {
  const match = /^(\*|\d{1,4}(?:-\d{1,4})?)(?:\/(\d{1,4}))?$/.exec(item);
  if (!match) return false;
  const [, range = "", step] = match;
  if (step !== undefined && Number(step) === 0) return false;
  if (range === "*") return true;
  const [from = "", to = from] = range.split("-");
  return Number(from) >= least && Number(to) <= most && Number(from) <= Number(to);
}

/** Whether the text is a schedule of five parts, such as `0 8 1 * *`. */
export function isCron(text: string): boolean {
  const parts = text.trim().split(/\s+/);
  return (
    parts.length === 5 &&
    parts.every((part, index) => {
      const [least, most] = ranges[index] ?? [0, 0];
      return part.split(",").every((item) => fits(item, least, most));
    })
  );
}
