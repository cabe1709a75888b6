import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import dayjs from "dayjs";
import { describe, expect, it } from "vitest";
import type { Me } from "@/api/types";
import { changes, created } from "@/features/accounts/components/account-form";
import { verbs } from "@/features/accounts/components/account-view";
import { AccountsPage, standing } from "@/features/accounts/components/accounts-page";
import { sessionQuery } from "@/lib/session";
import { me } from "@/testing/mock-data";
import { account } from "@/testing/mock-people";
import { serveMockNode, show } from "@/testing/render";

const row = account({ email: "", phone: "" });
const holding =
  (...permissions: string[]) =>
  (wanted: string) =>
    permissions.includes(wanted);
async function open(permissions: string[], address: string) {
  const session: Me = { ...me, account: { ...me.account, permissions } };
  const sent = serveMockNode((request) => (request.path.endsWith("/session") ? { status: 200, body: session } : null));
  const view = await show(<AccountsPage />, address);
  await view.client.fetchQuery(sessionQuery);
  return sent;
}

describe("g_5_4_3b_accounts_are_changed_by_those_who_may", () => {
  it("only what differs is sent", () => {
    expect(
      changes(row, { display_name: row.display_name, role: "auditor", email: "", categories: [], valid: null }),
    ).toEqual({});
    expect(changes(row, { display_name: "赵新", role: "director" })).toEqual({
      display_name: "赵新",
      role: "director",
    });
    expect(changes({ ...row, categories: ["pork"] }, { categories: [] })).toEqual({ all_categories: true });
    expect(changes({ ...row, valid_until: "2027-01-31T15:59:59Z" }, { valid: null })).toEqual({ no_end: true });
    expect(changes(row, { valid: dayjs("2027-01-31") })).toEqual({ valid_until: "2027-01-31T15:59:59.000Z" });
  });
  it("what is left empty is not sent of a new account", () => {
    expect(
      created({
        username: "li",
        display_name: "李",
        phone: "",
        email: "",
        role: "auditor",
        division: "370000",
        categories: [],
        subject: null,
        valid: null,
      }),
    ).toEqual({ username: "li", display_name: "李", role: "auditor", division: "370000" });
  });
  it("what may be done follows the state of the account and the rights of who looks", () => {
    const all = holding("account.authorise", "account.disable", "account.update");
    expect(standing({ ...row, locked_until: "2026-11-21T00:00:00Z" })).toBe("locked");
    expect(verbs(row, all, true)).toEqual([]);
    expect(verbs(row, all, false)).toEqual(["reset", "resetFactor", "endSessions", "disable", "remove"]);
    expect(verbs(account({ disabled: true, state: "disabled" }), holding("account.disable"), false)).toEqual([]);
    expect(
      verbs(account({ deletion: "confirmed", disabled: true, state: "disabled", second_factor: false }), all, false),
    ).toEqual(["undo"]);
    expect(verbs(account({ state: "deleted" }), all, false)).toEqual([]);
  });
  it("a security administrator may not rename, a system administrator may not grant", async () => {
    await open(["account.read", "account.authorise"], "/console/accounts?record=u-9");
    await userEvent.click(await screen.findByRole("button", { name: /修\s*改/ }));
    expect(await screen.findByLabelText("姓名")).toBeDisabled();
    expect(screen.getByLabelText("角色", { selector: "#role" })).toBeEnabled();
  });
  it("a new password is shown once and has to be kept before it is closed", async () => {
    await open(["account.read", "account.authorise"], "/console/accounts?record=u-9");
    await userEvent.click(await screen.findByRole("button", { name: "重置密码" }));
    await userEvent.click(await screen.findByRole("button", { name: /确\s*定/ }));
    expect(await screen.findByText("Kx7-92mq-Tz4w")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "关 闭" })).toBeDisabled();
    await userEvent.click(screen.getByRole("checkbox", { name: "我已妥善保存" }));
    await userEvent.click(screen.getByRole("button", { name: "关 闭" }));
    await waitFor(() => expect(screen.queryByText("Kx7-92mq-Tz4w")).toBeNull());
  });
});
