// Lint rules. The zones keep the arrows of the source tree: ui, lib, map, charts, api <- features <- app.
import reactHooks from "eslint-plugin-react-hooks";
import { readdirSync } from "node:fs";
import tseslint from "typescript-eslint";

const features = readdirSync(new URL("./src/features", import.meta.url));
const forbid = (group, message) => ({ group, message });
const noDefault = {
  selector: "ExportDefaultDeclaration",
  message: "Export by name, so that a thing has one name everywhere.",
};

export default tseslint.config(
  { ignores: ["dist", "src/api/schema.gen.ts", "node_modules", "test-results", "playwright-report"] },
  ...tseslint.configs.recommended,
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { "react-hooks": reactHooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "no-restricted-syntax": ["error", noDefault],
      "no-console": "error",
      eqeqeq: "error",
      "max-lines": ["error", { max: 800 }],
    },
  },
  {
    files: ["src/{ui,lib,map,charts,api,locales}/**/*.{ts,tsx}"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            forbid(
              ["@/features/*", "@/app/*", "**/features/**", "**/app/**"],
              "Shared code knows no feature and no route.",
            ),
          ],
        },
      ],
    },
  },
  ...features.map((feature) => ({
    files: [`src/features/${feature}/**/*.{ts,tsx}`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            forbid(["@/app/*"], "A feature does not know the routes."),
            forbid(
              ["@/features/*", `!@/features/${feature}`, `!@/features/${feature}/**`],
              "A feature does not import another.",
            ),
          ],
        },
      ],
    },
  })),
);
