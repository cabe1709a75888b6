// Starts the real nodes with a small world before the browser tests and ends them afterwards.
// With SUYUAN_E2E_URL set, nodes that already run are used instead.
import { spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BASE_PORT = 18_700;
const PATIENCE_MS = 10 * 60_000;
const LOOK_MS = 500;

interface Progress {
  finished: boolean;
}

function finished(folder: string): boolean {
  try {
    return (JSON.parse(readFileSync(join(folder, "progress.json"), "utf8")) as Progress).finished;
  } catch {
    return false;
  }
}

export default async function globalSetup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env["SUYUAN_E2E_URL"]) return undefined;
  const program = process.env["SUYUAN_BIN"];
  if (!program) throw new Error("SUYUAN_BIN does not name the program; run `cargo xtask test --only e2e`");
  const folder = mkdtempSync(join(tmpdir(), "suyuan-e2e-"));
  const log = openSync(join(folder, "demo.log"), "a");
  const demo = spawn(
    program,
    ["demo", "--fresh", "--small", "--no-open", "--dir", folder, "--base-port", String(BASE_PORT)],
    { stdio: ["ignore", log, log] },
  );
  let exit: number | null | undefined;
  const ended = new Promise<void>((resolve) => {
    demo.on("exit", (code) => {
      exit = code;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    demo.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const until = Date.now() + PATIENCE_MS;
  while (!finished(folder)) {
    if (exit !== undefined || Date.now() > until) {
      const text = readFileSync(join(folder, "demo.log"), "utf8").slice(-4000);
      if (exit === undefined) await stop();
      throw new Error(`the nodes did not get ready:\n${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  process.env["SUYUAN_E2E_URL"] = `http://127.0.0.1:${BASE_PORT + 2}`;
  return stop;
}
