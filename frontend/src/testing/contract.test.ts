// Screens and node agree: types are those of the interface document, every address that is called stands in it with that
// method, and what is read there has the type that the document names.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const description = join(process.cwd(), "../docs/api/openapi.json");
const root = join(process.cwd(), "src");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
  (name) =>
    /\.tsx?$/.test(name) && !name.includes(".test.") && !name.startsWith("testing/") && !name.endsWith(".gen.ts"),
);
const shape = (path: string) => path.replace(/\$\{[^}]*\}/g, "{}").replace(/\{[^}]*\}/g, "{}");

interface Answer {
  content?: Record<string, { schema?: { $ref?: string } }>;
}
interface Operation {
  method: string;
  pattern: string[];
  /** Name of the form of the answer, where it has one. */
  form: string | undefined;
}
const { paths } = JSON.parse(readFileSync(description, "utf8")) as {
  paths: Record<string, Record<string, { responses: Record<string, Answer> }>>;
};
const known: Operation[] = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { responses }]) => {
    const success = Object.entries(responses).find(([status]) => status.startsWith("2"))?.[1];
    const form = success?.content?.["application/json"]?.schema?.$ref?.split("/").pop();
    return { method, pattern: shape(path).split("/"), form };
  }),
);

interface Call {
  method: string;
  path: string;
  /** What the caller takes the answer for. */
  type: string | undefined;
  file: string;
}
const calls: Call[] = files.flatMap((file) => {
  const text = read(file);
  const direct = [...text.matchAll(/http\s*\.(get|post|put|remove)(?:<([^(]*)>)?\(\s*["`](\/[^"`]+)["`]/g)].map(
    (match) => ({
      method: match[1] === "remove" ? "delete" : (match[1] ?? ""),
      type: match[2],
      path: match[3] ?? "",
      file,
    }),
  );
  const pages = [...text.matchAll(/<ListPage<(\w+)>[^>]*?resource="(\/[^"]+)"/g)].map((match) => ({
    method: "get",
    type: `Page<${match[1]}>`,
    path: match[2] ?? "",
    file,
  }));
  const lists = [...text.matchAll(/resource:\s?"(\/[^"]+)"/g)].map((match) => ({
    method: "get",
    type: undefined,
    path: match[1] ?? "",
    file,
  }));
  return [...direct, ...pages, ...lists];
});
/** The operations that a call may mean: a variable part of it (the noun of a register, a verb) may stand for any word. */
const meant = (call: Call): Operation[] => {
  const parts = shape(`/api/v1${call.path}`).split("/");
  const fits = (exact: boolean) =>
    known.filter(
      ({ method, pattern }) =>
        method === call.method &&
        pattern.length === parts.length &&
        pattern.every((part, index) => part === parts[index] || part === "{}" || (!exact && parts[index] === "{}")),
    );
  const exact = fits(true);
  return exact.length > 0 ? exact : fits(false);
};
const told = (call: Call) => `${call.method} ${call.path} (${call.file})`;

/** The forms behind the short names of the screens. */
const forms = new Map(
  ["api/types.ts", "api/people.ts", "api/access.ts"].flatMap((file) =>
    [...read(file).matchAll(/export type (\w+) = Schemas\["(\w+)"\];/g)].map((match) => [match[1], match[2]] as const),
  ),
);
const formOf = (type: string): string | undefined => {
  const item = /^Page<(\w+)>$/.exec(type)?.[1];
  const form = forms.get(item ?? type);
  return form && (item ? `Listing_${form}` : form);
};

describe("h_8_the_interface_document", () => {
  it("gives the types of the screens", () => {
    const command = join(process.cwd(), "node_modules/openapi-typescript/bin/cli.js");
    const generated = execFileSync(process.execPath, [command, description], {
      encoding: "utf8",
      maxBuffer: 64 << 20,
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(generated.trim() === read("api/schema.gen.ts").trim(), "npm run generate").toBe(true);
  });
  it("gives the permissions that roles are made of", () => {
    const command = join(process.cwd(), "scripts/permissions.mjs");
    const generated = execFileSync(process.execPath, [command, "--print"], { encoding: "utf8" });
    expect(generated === read("api/permissions.gen.ts"), "npm run generate").toBe(true);
  });
  it("has every address that is called", () => {
    expect(calls.length).toBeGreaterThan(40);
    expect(calls.filter((call) => meant(call).length === 0).map(told)).toEqual([]);
  });
  it("answers with what the screens take it for", () => {
    const typed = calls.flatMap((call) => {
      const form = call.type && formOf(call.type);
      return form ? [{ call, form }] : [];
    });
    expect(typed.length).toBeGreaterThan(25);
    const wrong = typed.filter(({ call, form }) => !meant(call).some((operation) => operation.form === form));
    expect(wrong.map(({ call, form }) => `${told(call)}: ${form}, not ${meant(call)[0]?.form}`)).toEqual([]);
  });
});
