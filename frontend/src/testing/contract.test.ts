// Every address that the pages call stands in the interface description of the node, with that method.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const description = process.env["SUYUAN_OPENAPI"] ?? join(process.cwd(), "../docs/api/openapi.json");
const root = join(process.cwd(), "src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
  (name) => /\.tsx?$/.test(name) && !name.includes(".test.") && !name.startsWith("testing/"),
);
const shape = (path: string) => path.replace(/\$\{[^}]*\}/g, "{}").replace(/\{[^}]*\}/g, "{}");

interface Call {
  method: string;
  path: string;
  file: string;
}
const calls: Call[] = files.flatMap((file) => {
  const text = readFileSync(join(root, file), "utf8");
  const direct = [...text.matchAll(/http\.(get|post|put|remove)(?:<[^(]*>)?\(\s*["`](\/[^"`]+)["`]/g)].map((match) => ({
    method: match[1] === "remove" ? "delete" : (match[1] ?? ""),
    path: match[2] ?? "",
    file,
  }));
  const lists = [...text.matchAll(/resource[=:]\s?"(\/[^"]+)"/g)].map((match) => ({
    method: "get",
    path: match[1] ?? "",
    file,
  }));
  return [...direct, ...lists];
});

describe("calls", () => {
  it("are found in the sources", () => expect(calls.length).toBeGreaterThan(40));
  it.skipIf(!existsSync(description))("stand in the interface description", () => {
    const { paths } = JSON.parse(readFileSync(description, "utf8")) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const known = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method, pattern: shape(path).split("/") })),
    );
    // A variable part of a call (the noun of a register, a verb) may stand for a fixed word of the description.
    const fits = (call: Call) => {
      const parts = shape(`/api/v1${call.path}`).split("/");
      return known.some(
        ({ method, pattern }) =>
          method === call.method &&
          pattern.length === parts.length &&
          pattern.every((part, index) => part === parts[index] || part === "{}" || parts[index] === "{}"),
      );
    };
    expect(calls.filter((call) => !fits(call)).map((call) => `${call.method} ${call.path} (${call.file})`)).toEqual([]);
  });
});
