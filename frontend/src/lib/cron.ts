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

export type Rhythm = "monthly" | "weekly" | "daily";
export interface Simple {
  rhythm: Rhythm;
  /** Day of the month from 1 to 28, or of the week from 1 (Monday) to 7; not used daily. */
  day: number;
  hour: number;
  minute: number;
}

/** A schedule that people speak of, out of the five parts; null for one that only experts write. */
export function simpleOf(text: string): Simple | null {
  const match = /^(\d{1,2}) (\d{1,2}) (\*|\d{1,2}) \* (\*|[0-7])$/.exec(text.trim().replace(/\s+/g, " "));
  if (!match || !isCron(text)) return null;
  const [, minute, hour, day = "*", weekday = "*"] = match;
  const time = { hour: Number(hour), minute: Number(minute) };
  if (day === "*" && weekday === "*") return { rhythm: "daily", day: 1, ...time };
  if (day === "*") return { rhythm: "weekly", day: Number(weekday) === 0 ? 7 : Number(weekday), ...time };
  return weekday === "*" && Number(day) <= 28 ? { rhythm: "monthly", day: Number(day), ...time } : null;
}
/** The five parts of a schedule. */
export function cronOf({ rhythm, day, hour, minute }: Simple): string {
  if (rhythm === "monthly") return `${minute} ${hour} ${day} * *`;
  return rhythm === "weekly" ? `${minute} ${hour} * * ${day}` : `${minute} ${hour} * * *`;
}
