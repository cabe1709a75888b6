// One account: what is known of it, what may be done to it now, why it may do what it does, where it is signed in.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Popconfirm, Space, Tabs } from "antd";
import { useState } from "react";
import type { AccountOut } from "@/api/people";
import { AccountForm } from "@/features/accounts/components/account-form";
import {
  AccountHistoryTab,
  AccountIdentitiesTab,
  AccountSessionsTab,
} from "@/features/accounts/components/account-tabs";
import { RightsTab } from "@/features/accounts/components/account-rights";
import { http } from "@/lib/client";
import { dateTime } from "@/lib/format";
import { useNames } from "@/lib/reference";
import { useCan, useMe } from "@/lib/session";
import { accountText as t } from "@/locales/zh-CN/people";
import { StateMark } from "@/ui/marks";
import { Facts } from "@/ui/page";
import { SecretOnce } from "@/ui/secret-once";
import { QueryView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

interface OneTime {
  one_time_password: string;
  valid_until: string;
}
type Verb = keyof typeof t.actions;

/** What may be done to an account now, by its state and the permissions of who looks. */
export function verbs(row: AccountOut, can: (permission: string) => boolean, own: boolean): Verb[] {
  if (row.state === "deleted" || own) return [];
  const grants = can("account.authorise");
  const list: [Verb, boolean][] = [
    ["enable", row.disabled && grants && row.deletion === "none"],
    ["unlock", row.locked_until !== null && grants],
    ["reset", grants && !row.disabled],
    ["resetFactor", grants && row.second_factor],
    ["endSessions", can("account.disable") && !row.disabled],
    ["disable", can("account.disable") && !row.disabled],
    ["confirmRemove", grants && row.deletion === "requested"],
    ["remove", grants && row.deletion === "none"],
    ["undo", grants && row.deletion === "confirmed"],
  ];
  return list.filter(([, may]) => may).map(([verb]) => verb);
}

function Actions({ row }: { row: AccountOut }) {
  const can = useCan();
  const me = useMe();
  const { act, busy } = useAct();
  const [given, setGiven] = useState<OneTime | null>(null);
  const touched = [
    ["list", "/console/accounts"],
    ["account", row.id],
  ];
  const at = `/console/accounts/${row.id}`;
  const work: Record<Verb, () => Promise<unknown>> = {
    enable: () => http.post(`/console/accounts/${row.id}/enable`),
    disable: () => http.post(`/console/accounts/${row.id}/disable`),
    unlock: () => http.post(`/console/accounts/${row.id}/unlock`),
    reset: async () => setGiven(await http.post<OneTime>(`/console/accounts/${row.id}/reset-password`)),
    resetFactor: () => http.post(`/console/accounts/${row.id}/reset-second-factor`),
    endSessions: () => http.remove(`/console/accounts/${row.id}/sessions`),
    remove: () => http.post(`/console/accounts/${row.id}/deletion`),
    confirmRemove: () => http.post(`/console/accounts/${row.id}/deletion`),
    undo: () => http.remove(`/console/accounts/${row.id}/deletion`),
  };
  const asks: Partial<Record<Verb, string>> = { ...t.asks, confirmRemove: t.asks.remove };
  const run = (verb: Verb) => void act(work[verb], verb === "reset" ? "" : `${t.actions[verb]}：已完成`, touched);
  return (
    <Space wrap key={at}>
      {verbs(row, can, row.id === me.account.id).map((verb) => {
        const danger = ["disable", "remove", "confirmRemove", "endSessions"].includes(verb);
        const ask = asks[verb];
        const button = (
          <Button key={verb} danger={danger} loading={busy} {...(!ask && { onClick: () => run(verb) })}>
            {t.actions[verb]}
          </Button>
        );
        return ask ? (
          <Popconfirm
            key={verb}
            title={`${t.actions[verb]}“${row.display_name}”？`}
            description={<div style={{ maxWidth: 300 }}>{ask}</div>}
            onConfirm={() => run(verb)}
          >
            {button}
          </Popconfirm>
        ) : (
          button
        );
      })}
      {given && (
        <SecretOnce
          title={t.oneTime}
          lines={[given.one_time_password]}
          note={`${t.oneTimeNote(row.display_name)}${t.oneTimeUntil(dateTime(given.valid_until))}`}
          onClose={() => setGiven(null)}
        />
      )}
    </Space>
  );
}

function FactsTab({ row }: { row: AccountOut }) {
  const names = useNames();
  return (
    <Facts
      rows={[
        [t.role, row.role_name],
        [t.division, row.division_name],
        [
          t.categories,
          row.categories ? row.categories.map((code) => names.name("category", code)).join("、") : t.allCategories,
        ],
        [
          t.subject,
          row.subject && (
            <span key="s" className="code">
              {row.subject}
            </span>
          ),
        ],
        [t.phone, row.phone],
        [t.email, row.email],
        [t.valid, row.valid_until ? dateTime(row.valid_until) : t.forever],
        [t.factor, row.second_factor ? t.on : t.off],
        [t.last, row.last_sign_in_at ? dateTime(row.last_sign_in_at) : t.never],
        [t.created, dateTime(row.created_at)],
      ]}
    />
  );
}

export function AccountView({ id }: { id: string }) {
  const can = useCan();
  const [editing, setEditing] = useState(false);
  const query = useQuery({
    queryKey: ["account", id],
    queryFn: ({ signal }) => http.get<AccountOut>(`/console/accounts/${id}`, undefined, signal),
  });
  return (
    <QueryView query={query} isEmpty={(row) => !row.id}>
      {(row) => {
        const word = row.state === "active" && row.locked_until ? "locked" : row.state;
        return (
          <>
            <div className="record-head">
              <h2 style={{ margin: 0 }}>{row.display_name}</h2>
              <span className="code">{row.username}</span>
              <StateMark state={word === "locked" ? "suspended" : word} name={t.states[word] ?? null} />
            </div>
            {row.locked_until && (
              <Alert
                type="warning"
                showIcon
                style={{ marginTop: 12 }}
                title={`${t.lockedUntil} ${dateTime(row.locked_until)}`}
              />
            )}
            {row.must_change && <Alert type="info" showIcon style={{ marginTop: 12 }} title={t.mustChange} />}
            {row.deletion !== "none" && row.state !== "deleted" && (
              <Alert
                type="warning"
                showIcon
                style={{ marginTop: 12 }}
                title={`${t.deletion}：${t.deletions[row.deletion]}${row.erase_at ? `，${t.eraseAt} ${dateTime(row.erase_at)}` : ""}`}
              />
            )}
            <Space wrap style={{ margin: "12px 0" }}>
              {row.state !== "deleted" && (can("account.update") || can("account.authorise")) && (
                <Button type="primary" onClick={() => setEditing(true)}>
                  {t.edit}
                </Button>
              )}
              <Actions row={row} />
            </Space>
            <Tabs
              destroyOnHidden
              items={[
                { key: "facts", label: t.tabs.facts, children: <FactsTab row={row} /> },
                { key: "rights", label: t.tabs.rights, children: <RightsTab id={row.id} /> },
                { key: "sessions", label: t.tabs.sessions, children: <AccountSessionsTab id={row.id} /> },
                ...(can("account.authorise")
                  ? [{ key: "linked", label: t.tabs.linked, children: <AccountIdentitiesTab id={row.id} /> }]
                  : []),
                { key: "history", label: t.tabs.history, children: <AccountHistoryTab id={row.id} /> },
              ]}
            />
            {editing && <AccountForm row={row} onClose={() => setEditing(false)} onSaved={() => setEditing(false)} />}
          </>
        );
      }}
    </QueryView>
  );
}
