import { describe, expect, it } from "vitest";
import type { Grant } from "@/api/people";
import { covers, press, setKind, standing } from "@/features/roles/grants";
import { withActions } from "@/features/roles/words";
import { permissionWords } from "@/testing/mock-people";

const words = withActions(permissionWords, ["subject.unmask"]);
const none = { allow: [], deny: [] };
const above = (permission: string, effect: Grant["effect"] = "allow"): Grant => ({
  permission,
  kind_label: "",
  action_label: "",
  role: "supervisor",
  role_name: "监管人员",
  effect,
});

describe("g_5_4_3b_roles_inherit_and_refuse", () => {
  it("patterns cover what they name", () => {
    expect(covers("*", "subject", "read")).toBe(true);
    expect(covers("subject.*", "subject", "review")).toBe(true);
    expect(covers("subject.write", "subject", "update")).toBe(true);
    expect(covers("subject.write", "subject", "review")).toBe(false);
    expect(covers("subject.read", "subjects", "read")).toBe(false);
  });
  it("own refusals come first, then those from above, then grants", () => {
    const effective = [above("subject.read"), above("subject.review", "deny")];
    expect(standing(none, "own", effective, "subject", "read")).toBe("inherited");
    expect(standing({ allow: [], deny: ["subject.*"] }, "own", effective, "subject", "read")).toBe("denied");
    expect(standing({ allow: ["subject.review"], deny: [] }, "own", effective, "subject", "review")).toBe("above");
    expect(standing({ allow: ["subject.create"], deny: [] }, "own", effective, "subject", "create")).toBe("own");
    expect(standing(none, "own", effective, "product", "read")).toBe("none");
  });
  it("pressing goes round, and a pattern is written out when one of it is taken away", () => {
    expect(press(none, words, "subject", "read", "none")).toEqual({ allow: ["subject.read"], deny: [] });
    expect(press({ allow: ["subject.read"], deny: [] }, words, "subject", "read", "own")).toEqual({
      allow: [],
      deny: ["subject.read"],
    });
    expect(press({ allow: [], deny: ["subject.read"] }, words, "subject", "read", "denied")).toEqual(none);
    expect(press(none, words, "subject", "read", "inherited")).toEqual({ allow: [], deny: ["subject.read"] });
    const split = press({ allow: ["report.*"], deny: [] }, words, "report", "read", "own");
    expect(split.deny).toEqual(["report.read"]);
    expect(split.allow).toEqual(["report.create", "report.update"]);
  });
  it("a kind offers what operations ask for, and what the role names", () => {
    const report = (patterns: string[]) =>
      withActions(permissionWords, patterns).kinds.find((one) => one.kind === "report");
    expect(report([])?.actions).toEqual(["read", "create", "update"]);
    expect(report(["report.export"])?.actions).toContain("export");
  });
  it("a whole kind is one pattern", () => {
    expect(setKind({ allow: ["subject.read"], deny: ["subject.unmask"] }, words, "subject", "allow")).toEqual({
      allow: ["subject.*"],
      deny: [],
    });
    expect(setKind({ allow: ["*"], deny: [] }, words, "subject", null).allow).not.toContain("subject.*");
  });
});
