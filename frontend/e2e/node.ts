// One more node beside the demonstration's, for what must stand in a node's configuration.
import { spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PATIENCE_MS = 120_000;
const LOOK_MS = 300;

export interface OwnNode {
  url: string;
  stop: () => Promise<void>;
}
interface Wish {
  code: string;
  port: number;
  /** Provider with which people may sign in: its address and name, and what this node is called there. */
  openid: { issuer: string; name: string; client: string; secret: string };
}

function configuration(folder: string, { code, port, openid }: Wish): string {
  const frontend = process.env["SUYUAN_FRONTEND_DIR"] ?? join(import.meta.dirname, "../dist");
  writeFileSync(join(folder, "secret"), openid.secret);
  const account = (username: string, role: string, name: string) =>
    `[[demo.accounts]]\nusername = "${username}"\npassword = "Suyuan-Demo-2026"\nrole = "${role}"\nname = "${name}"\n`;
  return `
[node]
code = "${code}"
listen = "127.0.0.1:${port}"
public_url = "http://localhost:${port}"
data_dir = "${folder}"
frontend_dir = "${frontend}"
[database]
url = "sqlite://${folder}/node.db"
[warehouse]
database = "suyuan"
[openid]
issuer = "${openid.issuer}"
name = "${openid.name}"
client_id = "${openid.client}"
secret_file = "${folder}/secret"
[demo]
${account("regulator", "supervisor", "监管人员")}
${account("security", "security_admin", "安全管理员")}
`;
}

/**
 * Starts a node that stands alone. Browsers find it under the name `localhost`, because cookies know hosts and no ports, and
 * the demonstration has the host 127.0.0.1.
 */
export async function startNode(wish: Wish): Promise<OwnNode> {
  const program = process.env["SUYUAN_BIN"];
  if (!program) throw new Error("SUYUAN_BIN does not name the program; run `cargo xtask test --only e2e`");
  const folder = mkdtempSync(join(tmpdir(), "suyuan-e2e-node-"));
  const file = join(folder, "node.toml");
  writeFileSync(file, configuration(folder, wish));
  const log = openSync(join(folder, "node.log"), "a");
  const node = spawn(program, ["serve", "--config", file], { stdio: ["ignore", log, log] });
  let exit: number | null | undefined;
  const ended = new Promise<void>((resolve) => {
    node.on("exit", (code) => {
      exit = code;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    node.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://localhost:${wish.port}`;
  const until = Date.now() + PATIENCE_MS;
  const answers = () =>
    fetch(`http://127.0.0.1:${wish.port}/api/v1/portal/node`).then(
      (answer) => answer.ok,
      () => false,
    );
  while (!(await answers())) {
    if (exit !== undefined || Date.now() > until) {
      const text = readFileSync(join(folder, "node.log"), "utf8").slice(-4000);
      await stop();
      throw new Error(`the node did not get ready:\n${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return { url, stop };
}
