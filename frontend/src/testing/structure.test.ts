// The shape of the source tree and of the built chunks.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(process.cwd(), "src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
  (name) => /\.tsx?$/.test(name) && !name.endsWith(".test.ts") && !name.endsWith(".test.tsx"),
);
const resolve = (from: string, target: string): string | null => {
  const base = target.startsWith("@/")
    ? join(root, target.slice(2))
    : target.startsWith(".")
      ? join(root, from, "..", target)
      : null;
  return base
    ? (["", ".ts", ".tsx"].map((end) => base + end).find((path) => /\.tsx?$/.test(path) && existsSync(path)) ?? null)
    : null;
};
const imports = new Map(
  files.map((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const targets = [...text.matchAll(/^(?:import|export)\s(?!type\s)[^;]*?from\s+"([^"]+)"/gm)].map(
      (match) => match[1] ?? "",
    );
    return [
      file,
      targets.flatMap((target) => {
        const path = resolve(file, target);
        return path ? [relative(root, path)] : [];
      }),
    ];
  }),
);

describe("source tree", () => {
  it("has no import cycle", () => {
    const done = new Set<string>();
    const visit = (file: string, trail: string[]): void => {
      if (trail.includes(file)) throw new Error([...trail.slice(trail.indexOf(file)), file].join(" → "));
      if (done.has(file)) return;
      for (const next of imports.get(file) ?? []) visit(next, [...trail, file]);
      done.add(file);
    };
    for (const file of imports.keys()) visit(file, []);
    expect(done.size).toBe(files.length);
  });
  it("keeps antd, charts and maps out of what the portal imports", () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const next of imports.get(file) ?? []) visit(next);
    };
    for (const file of files.filter((name) => name.startsWith("features/portal/") || name.startsWith("app/portal/")))
      visit(file);
    for (const file of seen)
      expect(readFileSync(join(root, file), "utf8"), file).not.toMatch(
        /from "(?:antd|@ant-design|@antv|echarts|maplibre-gl)/,
      );
  });
  it("uses kebab-case names and no barrel files", () => {
    for (const file of files) {
      expect(file).toMatch(/^[a-zA-Z0-9/.-]+$/);
      expect(file.replace("locales/zh-CN/", "")).not.toMatch(/[A-Z]/);
      expect(file).not.toMatch(/index\.tsx?$/);
    }
  });
});

describe("n_acc_lists_forms_and_tables", () => {
  const pages = files.filter((file) => /^(features|app\/console)\//.test(file) && file.endsWith(".tsx"));
  const text = (file: string) => readFileSync(join(root, file), "utf8");
  const fromAntd = (file: string) => /import \{([^}]*)\} from "antd";/.exec(text(file))?.[1] ?? "";
  it("tables go through the one table, which knows loading, nothing, a fault and a missing permission", () => {
    expect(pages.filter((file) => /\b(Table|List)\b(?!\w)/.test(fromAntd(file)))).toEqual([]);
    expect(pages.filter((file) => text(file).includes("<DataTable")).length).toBeGreaterThan(10);
  });
  it("forms say what was refused in the shared words", () => {
    const forms = pages.filter((file) => /<Form[\s>]/.test(text(file)));
    expect(forms.length).toBeGreaterThan(5);
    const bare = forms.filter((file) => !/from "@\/ui\/(use-act|state-views|step-up|form-faults)"/.test(text(file)));
    expect(bare).toEqual([]);
  });
});

interface Chunk {
  file: string;
  imports?: string[];
  isEntry?: boolean;
  src?: string;
  css?: string[];
}
const manifestPath = join(process.cwd(), "dist/.vite/manifest.json");

describe.skipIf(!existsSync(manifestPath))("built chunks", () => {
  it("the portal loads neither console, chart nor map code", () => {
    const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as Record<string, Chunk>;
    const loaded = new Set<string>();
    const visit = (key: string): void => {
      if (loaded.has(key)) return;
      loaded.add(key);
      for (const next of manifest[key]?.imports ?? []) visit(next);
    };
    for (const [key, chunk] of Object.entries(manifest))
      if (chunk.isEntry || /src\/(features|app)\/portal\//.test(chunk.src ?? key)) visit(key);
    expect(loaded.size).toBeGreaterThan(3);
    let bytes = 0;
    for (const key of loaded) {
      const text = readFileSync(join(process.cwd(), "dist", manifest[key]?.file ?? ""), "utf8");
      bytes += text.length;
      expect(text, key).not.toMatch(/ant-design|anticon|maplibregl|echarts|ant-btn/);
    }
    expect(bytes).toBeLessThan(450_000);
  });
});
