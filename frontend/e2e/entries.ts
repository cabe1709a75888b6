// Entries that a test needs before it begins, made by whoever is signed in.
import { expect, type Page } from "@playwright/test";

const CONSOLE = "/api/v1/console";

/** A call as the page would make it, with the page's session. */
async function call(page: Page, path: string, data: object): Promise<Record<string, unknown>> {
  const url = `${new URL(page.url()).origin}${CONSOLE}${path}`;
  const answer = await page.request.post(url, { headers: { "X-Suyuan": "1" }, data });
  expect(answer.status(), await answer.text()).toBeLessThan(300);
  return (await answer.json()) as Record<string, unknown>;
}

interface Wish {
  name: string;
  code: string;
  [field: string]: unknown;
}
export interface Made {
  id: string;
  version: number;
}

/** A subject that waits for its review. */
export async function submitted(page: Page, part: Wish): Promise<Made> {
  const made = await call(page, "/subjects", {
    org_form: "company",
    node_type: "slaughterhouse",
    category: "agri",
    stages: ["slaughter"],
    division: "370214",
    address: "正阳路 9 号",
    contact: "张敏",
    phone: "13900004321",
    lon: 120.39,
    lat: 36.31,
    ...part,
  });
  return { id: String(made["id"]), version: Number(made["version"]) };
}

/** A subject that is filed; its id. */
export async function filed(page: Page, part: Wish): Promise<string> {
  const { id, version } = await submitted(page, part);
  await call(page, `/subjects/${id}/review`, { version, decision: "approve" });
  return id;
}

/** Waits until the page's node shows the subject as wished; what one node knows reaches the others after a while. */
export async function known(page: Page, id: string, as: (subject: Record<string, unknown>) => boolean): Promise<void> {
  const url = `${new URL(page.url()).origin}${CONSOLE}/subjects/${id}`;
  const seen = async () => {
    const answer = await page.request.get(url, { headers: { "X-Suyuan-Poll": "1" } });
    return answer.ok() && as((await answer.json()) as Record<string, unknown>);
  };
  await expect.poll(seen, { timeout: 120_000 }).toBe(true);
}
