import { describe, expect, it } from "vitest";
import { compared } from "@/features/access/components/selftest-tab";
import { bodyOf } from "@/features/access/components/system-form";
import { samplesOf } from "@/lib/samples";
import { run } from "@/testing/mock-access";

describe("g_6_7_2_systems", () => {
  it("two self-tests are compared clause by clause", () => {
    const before = {
      ...run,
      clauses: run.clauses.map((one, index) => ({
        ...one,
        state: index === 0 ? ("failed" as const) : ("passed" as const),
      })),
    };
    expect(compared(run, before)).toEqual({ better: 1, worse: 2 });
    expect(compared(run, run)).toEqual({ better: 0, worse: 0 });
  });
  it("what is left empty in the form is sent as missing", () => {
    const body = bodyOf({ name: "系统", subjects: "A1 B2\nC3", uscc: "", begin: "live" });
    expect(body).toMatchObject({ name: "系统", subjects: ["A1", "B2", "C3"], uscc: null, funding: null });
    expect(body).not.toHaveProperty("begin");
    expect(bodyOf({ begin: "trial" })).toMatchObject({ begin: "trial" });
  });
  it("samples are told apart by their form, and a broken one is named", async () => {
    const file = (name: string, text: string) =>
      ({ name, size: text.length, text: async () => text }) as unknown as File;
    expect(
      await samplesOf([file("a.json", '{"events":[]}'), file("b.csv", "x"), file("c.json", '{"@context":[]}')]),
    ).toEqual([
      { format: "json", body: { events: [] } },
      { format: "csv", body: "x" },
      { format: "epcis", body: { "@context": [] } },
    ]);
    await expect(samplesOf([file("bad.json", "{")])).rejects.toThrow("bad.json");
    await expect(samplesOf([])).rejects.toThrow("请先选择");
  });
});
