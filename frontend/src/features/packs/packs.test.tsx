// Packs: what is in force is shown with its tier, a text is compared before it is published, and a refusal says why.
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { PackDifference, PackEdition, PackRow, PackWithHistory } from "@/api/types";
import { PacksPage } from "@/features/packs/components/packs-page";
import { sessionQuery } from "@/lib/session";
import { me } from "@/testing/mock-data";
import type { Answer, Request } from "@/testing/mock-answer";
import { serveMockNode, show } from "@/testing/render";

const edition: PackEdition = {
  node: "000000",
  node_name: "国家",
  number: 1,
  version: "2026.2",
  valid_from: "2026-11-01",
  published_at: "2026-11-01T01:00:00Z",
  published_by: "system",
  arrived_at: "2026-11-01T01:00:02Z",
  note: "收紧冷链温度",
  sm3: "00",
  state: "in_force",
  state_name: "生效中",
  reason: null,
};
const rules: PackRow = {
  name: "rules.toml",
  title: "异常数据规则",
  about: "rule",
  travels: true,
  open: ["规则"],
  in_force: [edition],
  pending: 1,
  left_out: 0,
  may_publish: true,
};
const history = (pack: PackRow): PackWithHistory => ({
  pack,
  editions: [{ ...edition, number: 2, state: "left_out", state_name: "未采用", reason: "修改了上级的规则" }, edition],
  own_text: 'version = "1"',
  base: 0,
});
const difference: PackDifference = {
  version: "鲁1",
  valid_from: "2026-12-01",
  at_once: false,
  against: null,
  base: 0,
  added: 1,
  changed: 0,
  removed: 0,
  changes: [
    {
      table: "rule",
      table_name: "规则",
      key: "late",
      name: "迟报",
      how: "added",
      members: [{ member: "name", before: null, after: "迟报" }],
    },
  ],
};
const refused: Answer = {
  status: 422,
  body: {
    error: {
      code: "PCK-0202",
      message: "数据包不正确",
      faults: [{ code: "PCK-0202", field: "text", reason: "删去了上级的规则", advice: "只写本地新增的行" }],
    },
  },
};

function serve(pack: PackRow, preview: Answer = { status: 200, body: difference }) {
  return serveMockNode((request: Request) => {
    if (request.path.endsWith("/preview")) return preview;
    if (request.path.endsWith("/publish")) return { status: 201, body: edition };
    if (request.path.endsWith("/console/packs/rules.toml")) return { status: 200, body: history(pack) };
    if (request.path.endsWith("/console/packs")) return { status: 200, body: { items: [pack] } };
    if (request.path.endsWith("/session")) return { status: 200, body: me };
    return null;
  });
}
async function open(address = "/console/packs?record=rules.toml") {
  const view = await show(<PacksPage />, address);
  view.client.setQueryData(sessionQuery.queryKey, me);
  return view;
}

describe("n_tier_packs_of_the_tiers", () => {
  it("n_tier_lists_what_is_in_force_with_its_origin", async () => {
    serve(rules);
    await open("/console/packs");
    expect(await screen.findByText("异常数据规则")).toBeInTheDocument();
    expect(screen.getByText("2026.2")).toBeInTheDocument();
    expect(screen.getByText(/1 个待生效/)).toBeInTheDocument();
  });
  it("n_tier_compares_before_it_publishes_and_asks_first", async () => {
    const sent = serve(rules);
    await open();
    const user = userEvent.setup();
    expect(await screen.findByText(/修改了上级的规则/)).toBeInTheDocument();
    await user.click(await screen.findByText("发布新版本"));
    const dialog = (await screen.findByLabelText("数据包内容（TOML）")).closest<HTMLElement>(".ant-modal");
    if (!dialog) throw new Error("no dialog");
    expect(within(dialog).getByText("发布新版本").closest("button")).toBeDisabled();
    await user.click(within(dialog).getByText("核对差异"));
    expect(await within(dialog).findByText("late")).toBeInTheDocument();
    expect(within(dialog).getByText(/将于 2026-12-01 生效/)).toBeInTheDocument();
    await user.click(within(dialog).getByText("发布新版本"));
    expect(sent.some((request) => request.path.endsWith("/publish"))).toBe(false);
    await screen.findByText("发布这个版本？");
    await user.click(screen.getByText(/^确\s*定$/));
    await waitFor(() => {
      const published = sent.find((request) => request.path.endsWith("/publish"));
      expect(published?.body).toEqual({ text: 'version = "1"', note: "", base: 0 });
    });
  });
  it("n_tier_a_refusal_names_the_row_and_the_way_out", async () => {
    serve(rules, refused);
    await open();
    const user = userEvent.setup();
    await user.click(await screen.findByText("发布新版本"));
    await user.click(await screen.findByText("核对差异"));
    expect(await screen.findByText(/删去了上级的规则。只写本地新增的行。（PCK-0202）/)).toBeInTheDocument();
  });
  it("n_tier_who_may_only_read_is_offered_nothing", async () => {
    serve({ ...rules, may_publish: false });
    await open();
    expect(await screen.findByText(/您的角色只能查看/)).toBeInTheDocument();
    expect(screen.queryByText("发布新版本")).toBeNull();
  });
});
