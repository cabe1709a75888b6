// 用户: accounts with their role, range and state; the drawer holds everything that is done to one.
import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import type { AccountOut } from "@/api/people";
import { AccountForm } from "@/features/accounts/components/account-form";
import { AccountView } from "@/features/accounts/components/account-view";
import { http } from "@/lib/client";
import type { Page } from "@/api/types";
import type { RoleOut } from "@/api/people";
import { useQuery } from "@tanstack/react-query";
import { useUrl } from "@/lib/nav";
import { useNames } from "@/lib/reference";
import { useCan } from "@/lib/session";
import { accountText as t } from "@/locales/zh-CN/people";
import { ListPage, type Column } from "@/ui/list-page";
import { Missing, StateMark, When } from "@/ui/marks";
import { SecretOnce } from "@/ui/secret-once";

/** The word that tells most about an account: locked comes before enabled, deleted before disabled. */
export function standing(row: Pick<AccountOut, "state" | "locked_until">): string {
  return row.state === "active" && row.locked_until ? "locked" : row.state;
}
export const rolesQuery = {
  queryKey: ["roles"],
  queryFn: ({ signal }: { signal: AbortSignal }) => http.get<Page<RoleOut>>("/console/roles", undefined, signal),
};

export function AccountsPage() {
  const can = useCan();
  const names = useNames();
  const [, patch] = useUrl();
  const [creating, setCreating] = useState(false);
  const [given, setGiven] = useState<{ name: string; password: string } | null>(null);
  const roles = useQuery(rolesQuery);
  const categories = (row: AccountOut) =>
    row.categories ? row.categories.map((code) => names.name("category", code)).join("、") : t.allCategories;
  const columns: Column<AccountOut>[] = [
    { key: "username", title: t.username, fixed: true, render: (row) => <span className="code">{row.username}</span> },
    { key: "display_name", title: t.name },
    { key: "role_name", title: t.role },
    { key: "division_name", title: t.division },
    { key: "categories", title: t.categories, hidden: true, render: categories, text: categories },
    {
      key: "subject",
      title: t.subject,
      hidden: true,
      render: (row) => <span className="code">{row.subject ?? "—"}</span>,
    },
    {
      key: "state",
      title: t.state,
      render: (row) => (
        <>
          <StateMark
            state={standing(row) === "locked" ? "suspended" : standing(row)}
            name={t.states[standing(row)] ?? null}
          />{" "}
          {row.deletion !== "none" && row.state !== "deleted" && (
            <StateMark state="pending" name={t.deletions[row.deletion] ?? null} />
          )}
        </>
      ),
      text: (row) => t.states[standing(row)],
    },
    {
      key: "second_factor",
      title: t.factor,
      render: (row) => (row.second_factor ? t.on : <span className="soft">{t.off}</span>),
      text: (row) => (row.second_factor ? t.on : t.off),
    },
    {
      key: "last_sign_in_at",
      title: t.last,
      render: (row) => (row.last_sign_in_at ? <When at={row.last_sign_in_at} /> : <Missing reason={t.never} />),
      text: (row) => row.last_sign_in_at,
    },
    {
      key: "valid_until",
      title: t.valid,
      hidden: true,
      render: (row) => (row.valid_until ? <When at={row.valid_until} /> : t.forever),
      text: (row) => row.valid_until,
    },
    {
      key: "updated_at",
      title: t.updated,
      render: (row) => <When at={row.updated_at} />,
      text: (row) => row.updated_at,
    },
  ];
  return (
    <>
      <ListPage<AccountOut>
        title={t.title}
        resource="/console/accounts"
        columns={columns}
        filters={[
          { key: "q", label: t.search, kind: "text" },
          {
            key: "role",
            label: t.role,
            kind: "select",
            options: (roles.data?.items ?? []).map((role) => ({ value: role.code, label: role.name })),
          },
          {
            key: "state",
            label: t.state,
            kind: "select",
            options: Object.entries(t.states).map(([value, label]) => ({ value, label })),
          },
          { key: "category", label: t.categories, kind: "select", options: names.options("category"), folded: true },
          { key: "subject", label: t.subject, kind: "text", folded: true },
          {
            key: "deletion",
            label: t.deletion,
            kind: "select",
            folded: true,
            options: (["requested", "confirmed"] as const).map((value) => ({
              value,
              label: t.deletions[value] ?? value,
            })),
          },
        ]}
        rowId={(row) => row.id}
        emptyHint={t.hint}
        drawerWidth={880}
        drawer={(id) => <AccountView id={id} />}
        actions={
          can("account.create") && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
              {t.create}
            </Button>
          )
        }
      />
      {creating && (
        <AccountForm
          row={null}
          onClose={() => setCreating(false)}
          onSaved={(row, password) => {
            setCreating(false);
            patch({ record: row.id });
            if (password) setGiven({ name: row.display_name, password });
          }}
        />
      )}
      {given && (
        <SecretOnce
          title={t.oneTime}
          lines={[given.password]}
          note={t.oneTimeNote(given.name)}
          onClose={() => setGiven(null)}
        />
      )}
    </>
  );
}
