import { describe, expect, it } from "vitest";
import { cronOf, simpleOf } from "@/lib/cron";

describe("g_6_8_3_schedules_as_people_speak_of_them", () => {
  it("reads monthly, weekly and daily schedules and writes them back unchanged", () => {
    for (const text of ["0 8 1 * *", "30 7 28 * *", "0 9 * * 1", "5 18 * * *"]) {
      const simple = simpleOf(text);
      expect(simple && cronOf(simple), text).toBe(text);
    }
    expect(simpleOf("0 8 1 * *")).toEqual({ rhythm: "monthly", day: 1, hour: 8, minute: 0 });
    expect(simpleOf("0 8 * * 0")).toMatchObject({ rhythm: "weekly", day: 7 });
  });
  it("leaves to experts what has no such words", () => {
    for (const text of ["*/5 * * * *", "0 8 1 1 *", "0 8 1 * 1", "0 8 31 * *", "0 25 1 * *", "", "0 8 1,15 * *"])
      expect(simpleOf(text), text).toBeNull();
  });
});
