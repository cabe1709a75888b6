// Build, development proxy and test settings of the browser application.
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { mockNode } from "./src/testing/vite-mock.ts";

const node = process.env["SUYUAN_NODE_URL"] ?? "http://127.0.0.1:8602";
const served = ["/api", "/open", "/epcis", "/q"];

export default defineConfig(({ mode }) => ({
  plugins: [react(), ...(mode === "mock" ? [mockNode()] : [])],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: { manifest: true, target: "es2022", chunkSizeWarningLimit: 1600 },
  server: {
    host: "127.0.0.1",
    proxy: mode === "mock" ? {} : Object.fromEntries(served.map((path) => [path, { target: node }])),
  },
  preview: { host: "127.0.0.1" },
  test: {
    environment: "jsdom",
    setupFiles: ["./src/testing/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 90_000,
  },
}));
