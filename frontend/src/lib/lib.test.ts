import { describe, expect, it, vi } from "vitest";
import { ApiError, http, queryString } from "@/lib/client";
import { csvCell, csvText } from "@/lib/csv";
import { parseSearch, stringifySearch } from "@/lib/nav";
import { grades, markOf } from "@/lib/palette";
import { can } from "@/lib/session";
import { me } from "@/testing/mock-data";

describe("links", () => {
  it("keeps codes as texts and drops what is empty", () => {
    expect(parseSearch("?division=370000&q=%E9%9D%92%E5%B2%9B")).toEqual({ division: "370000", q: "青岛" });
    expect(stringifySearch({ division: "370000", after: undefined, q: "" })).toBe("?division=370000");
    expect(queryString({ limit: 50, after: null, q: "a&b" })).toBe("?limit=50&q=a%26b");
  });
});

describe("csv", () => {
  it("defuses formulas, keeps numbers, quotes what must be quoted", () => {
    expect(csvCell("=HYPERLINK(1)")).toBe("'=HYPERLINK(1)");
    expect(csvCell("-12.5")).toBe("-12.5");
    expect(csvCell("@a,b")).toBe('"\'@a,b"');
    expect(csvText(["名称"], [['甲"乙'], [null]])).toBe('\uFEFF名称\r\n"甲""乙"\r\n\r\n');
  });
});

describe("the client", () => {
  it("sends the guard header on writes only and hands out the node's own words on failure", async () => {
    const calls: RequestInit[] = [];
    vi.stubGlobal("fetch", async (_url: string, init: RequestInit) => {
      calls.push(init);
      return new Response(
        JSON.stringify({
          error: {
            code: "SUBJ-0102",
            message: "校验位不正确",
            field: "uscc",
            advice: "请核对营业执照",
            request_id: "r1",
          },
        }),
        { status: 400 },
      );
    });
    const error = await http.post("/console/subjects", { name: "甲" }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 400,
      code: "SUBJ-0102",
      message: "校验位不正确",
      field: "uscc",
      advice: "请核对营业执照",
      requestId: "r1",
    });
    await http.get("/session").catch(() => undefined);
    expect(new Headers(calls[0]?.headers).get("X-Suyuan")).toBe("1");
    expect(new Headers(calls[1]?.headers).get("X-Suyuan")).toBeNull();
  });
  it("has a sentence for an answer that is not of this node, and for none at all", async () => {
    vi.stubGlobal("fetch", async () => new Response("<html>", { status: 502 }));
    await expect(http.get("/x")).rejects.toMatchObject({
      status: 502,
      message: expect.stringMatching(/\p{Script=Han}/u),
    });
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("down");
    });
    await expect(http.get("/x")).rejects.toMatchObject({ status: 0 });
  });
});

describe("permissions and marks", () => {
  it("g_5_4_3b_asks_the_list_of_the_node_never_the_role", () => {
    const with_ = (permissions: string[]) => ({ ...me, account: { ...me.account, role: "admin", permissions } });
    expect(can(with_([]), "subject.read")).toBe(false);
    expect(can(with_(["subject.read"]), "subject.read")).toBe(true);
    expect(can(with_(["subject.read"]), "subject.review")).toBe(false);
    expect(can(with_(["subject.*"]), "subject.review")).toBe(true);
  });
  it("g_6_8_grades_differ_in_word_shape_and_colour", () => {
    for (const key of ["name", "symbol", "colour"] as const)
      expect(new Set(Object.values(grades).map((mark) => mark[key])).size).toBe(4);
    expect(markOf("something_new", "新状态").name).toBe("新状态");
    expect(markOf("filed").name).toBe("已备案");
  });
});
