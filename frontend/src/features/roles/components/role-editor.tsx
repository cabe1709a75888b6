// One role: its names, its rules beside what comes from above, the result before saving, and who uses it.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Popconfirm, Select, Space, Tabs, Tag } from "antd";
import { useState } from "react";
import type { Grant, PermissionWords, RoleOut, RolePreview, RoleUses } from "@/api/people";
import type { Rules } from "@/features/roles/grants";
import { withActions } from "@/features/roles/words";
import { PermissionGrid } from "@/features/roles/components/permission-grid";
import { http } from "@/lib/client";
import { isAsked } from "@/lib/permissions";
import { useSettled } from "@/lib/settled";
import { useCan } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { roleText as t } from "@/locales/zh-CN/roles";
import { AppLink } from "@/ui/app-link";
import { EmptyView, QueryView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

export interface Draft extends Rules {
  code: string;
  name: string;
  parent: string | null;
  note: string;
  second_factor: string;
}
export const draftOf = (role: RoleOut): Draft => ({
  code: role.code,
  name: role.name,
  parent: role.parent,
  note: role.note,
  second_factor: role.second_factor,
  allow: role.allow,
  deny: role.deny,
});
export const blank = (parent: string | null): Draft => ({
  code: "",
  name: "",
  parent,
  note: "",
  second_factor: "optional",
  allow: [],
  deny: [],
});

function Effective({ preview }: { preview: RolePreview }) {
  const allowed = preview.permissions.filter((grant) => grant.effect === "allow" && isAsked(grant.permission));
  const denied = preview.permissions.filter((grant) => grant.effect === "deny" && isAsked(grant.permission));
  const kinds = (grants: Grant[]) => [...new Set(grants.map((grant) => grant.kind_label))];
  const line = (grants: Grant[], label: string, sign: string) => (
    <div key={label} className="grants">
      <span className="soft">{label}</span>
      <span>
        {grants
          .filter((grant) => grant.kind_label === label)
          .map((grant) => (
            <Tag key={grant.permission} title={`${grant.permission}，${t.from(grant.role_name)}`}>
              {sign}
              {grant.action_label} <small>{grant.role_name}</small>
            </Tag>
          ))}
      </span>
    </div>
  );
  return (
    <>
      <p>{t.effective}</p>
      {allowed.length === 0 && <EmptyView text={t.effectiveEmpty} />}
      {kinds(allowed).map((label) => line(allowed, label, ""))}
      {denied.length > 0 && <h3>{t.deniedTitle}</h3>}
      {kinds(denied).map((label) => line(denied, label, "✕ "))}
    </>
  );
}
function Uses({ code }: { code: string }) {
  const query = useQuery({
    queryKey: ["roles", code, "uses"],
    queryFn: ({ signal }) => http.get<RoleUses>(`/console/roles/${code}/uses`, undefined, signal),
  });
  return (
    <QueryView query={query}>
      {(uses) => (
        <>
          <h3>{t.usesAccounts(uses.account_count)}</h3>
          {uses.account_count === 0 ? (
            <p className="soft">{t.usesNone}</p>
          ) : (
            <>
              <Space wrap style={{ marginBottom: 8 }}>
                {uses.accounts.map((one) => (
                  <AppLink key={one.username} href={`/console/accounts?role=${code}&q=${one.username}`}>
                    {t.usesNamed(one.display_name, one.username)}
                  </AppLink>
                ))}
              </Space>
              <p>
                <AppLink href={`/console/accounts?role=${code}`}>{t.usesOpen}</AppLink>
              </p>
            </>
          )}
          <h3>{t.usesChildren}</h3>
          {uses.children.length === 0 && <p className="soft">{t.childrenNone}</p>}
          <Space wrap>
            {uses.children.map((one) => (
              <AppLink key={one.code} href={`/console/roles?record=${one.code}`}>
                {one.name}
              </AppLink>
            ))}
          </Space>
        </>
      )}
    </QueryView>
  );
}

function Head({
  draft,
  roles,
  fresh,
  locked,
  factorOpen,
  onChange,
}: {
  draft: Draft;
  roles: RoleOut[];
  fresh: boolean;
  locked: boolean;
  factorOpen: boolean;
  onChange: (part: Partial<Draft>) => void;
}) {
  const badCode = fresh && draft.code !== "" && !/^[a-z][a-z0-9_]{2,39}$/.test(draft.code);
  return (
    <Form layout="vertical" className="role-head" component="div">
      <Form.Item
        label={t.code}
        htmlFor="role-code"
        extra={fresh ? t.codeHint : undefined}
        validateStatus={badCode ? "error" : ""}
        help={badCode ? t.codeBad : undefined}
      >
        <Input
          id="role-code"
          disabled={!fresh}
          value={draft.code}
          maxLength={40}
          onChange={(event) => onChange({ code: event.target.value })}
        />
      </Form.Item>
      <Form.Item label={t.name} htmlFor="role-name">
        <Input
          id="role-name"
          disabled={locked}
          value={draft.name}
          maxLength={40}
          onChange={(event) => onChange({ name: event.target.value })}
        />
      </Form.Item>
      <Form.Item label={t.parent} htmlFor="role-parent">
        <Select
          id="role-parent"
          disabled={locked}
          value={draft.parent ?? ""}
          onChange={(parent: string) => onChange({ parent: parent || null })}
          options={[
            { value: "", label: t.noParent },
            ...roles
              .filter((one) => one.code !== draft.code)
              .map((one) => ({ value: one.code, label: `${"　".repeat(one.depth)}${one.name}` })),
          ]}
        />
      </Form.Item>
      <Form.Item label={t.factor} htmlFor="role-factor" extra={factorOpen ? undefined : t.factorInherited}>
        <Select
          id="role-factor"
          disabled={!factorOpen}
          value={draft.second_factor}
          onChange={(next: Draft["second_factor"]) => onChange({ second_factor: next })}
          options={(["optional", "required"] as const).map((value) => ({ value, label: t.factors[value] }))}
        />
      </Form.Item>
      <Form.Item label={t.noteLabel} htmlFor="role-note" style={{ gridColumn: "1 / -1" }}>
        <Input
          id="role-note"
          disabled={locked}
          value={draft.note}
          maxLength={200}
          onChange={(event) => onChange({ note: event.target.value })}
        />
      </Form.Item>
    </Form>
  );
}

interface Props {
  /** Null for a new role. */
  role: RoleOut | null;
  begin: Draft;
  roles: RoleOut[];
  words: PermissionWords;
  onSaved: (code: string) => void;
  onRemoved: () => void;
}
/** A permission of the role itself, where the account may not ask which role it comes from. */
const held = (permission: string): Grant => ({
  permission,
  kind_label: "",
  action_label: "",
  role: "",
  role_name: "",
  effect: "allow",
});

export function RoleEditor({ role, begin, roles, words, onSaved, onRemoved }: Props) {
  const can = useCan();
  const { act, busy } = useAct();
  const [draft, setDraft] = useState(begin);
  const fresh = role === null;
  const may = fresh ? can("role.create") : can("role.update");
  const locked = !may || role?.shipped === true;
  const dirty = JSON.stringify(draft) !== JSON.stringify(begin);
  const body = {
    parent: draft.parent,
    allow: draft.allow,
    deny: draft.deny,
    ...(draft.code && { code: draft.code }),
    ...(draft.name && { name: draft.name }),
  };
  const asking = useSettled(body, 400);
  const preview = useQuery({
    queryKey: ["roles", "preview", asking],
    queryFn: () => http.post<RolePreview>("/console/roles/preview", asking),
    placeholderData: (old) => old,
    enabled: can("role.read"),
  });
  const effective = preview.data?.permissions ?? (role?.permissions ?? []).map(held);
  const problems = dirty || fresh ? (preview.data?.problems ?? []) : [];
  const save = () => {
    const { second_factor, ...rest } = draft;
    const { name, parent, note, allow, deny } = rest;
    const changed = role?.shipped ? {} : { name, parent: parent ?? "", note, allow, deny };
    const factor = role?.second_factor_inherited && second_factor === role.second_factor ? {} : { second_factor };
    void act(
      () =>
        role
          ? http.put(`/console/roles/${role.code}`, { ...changed, ...factor, version: role.version })
          : http.post("/console/roles", { ...rest, second_factor }),
      t.saved,
      [["roles"], ["session"]],
    ).then((done) => {
      if (done) onSaved(draft.code);
    });
  };
  const inUse = role !== null && (role.users > 0 || role.children > 0);
  return (
    <>
      <div className="record-head">
        <h2 style={{ margin: 0 }}>{fresh ? t.create : role.name}</h2>
        {role && <Tag>{role.shipped ? t.shipped : t.own}</Tag>}
        {role && <span className="soft">{t.users(role.users)}</span>}
        <span className="grow" />
        {dirty && <span className="soft">{t.unsaved}</span>}
        {dirty && !fresh && <Button onClick={() => setDraft(begin)}>{t.discard}</Button>}
        {may && (
          <Button
            type="primary"
            loading={busy}
            disabled={!dirty || problems.length > 0 || draft.code === "" || draft.name === ""}
            onClick={save}
          >
            {t.save}
          </Button>
        )}
        {role && !role.shipped && can("role.delete") && (
          <Popconfirm
            title={t.removeAsk}
            disabled={inUse}
            onConfirm={() =>
              void act(() => http.remove(`/console/roles/${role.code}`), common.done, [["roles"]]).then((done) => {
                if (done) onRemoved();
              })
            }
          >
            <Button danger disabled={inUse} title={inUse ? t.inUse : undefined}>
              {t.remove}
            </Button>
          </Popconfirm>
        )}
      </div>
      {role?.shipped && <p className="soft">{t.shippedNote}</p>}
      <Head
        draft={draft}
        roles={roles}
        fresh={fresh}
        locked={locked}
        factorOpen={may}
        onChange={(part) => setDraft({ ...draft, ...part })}
      />
      {problems.length > 0 && (
        <Alert
          type="error"
          showIcon
          title={t.problems}
          style={{ marginBottom: 12 }}
          description={problems.map((fault) => (
            <div key={fault.code + fault.reason}>
              {fault.reason}。{fault.advice}（{fault.code}）
            </div>
          ))}
        />
      )}
      <Tabs
        items={[
          {
            key: "grid",
            label: t.tabs.grid,
            children: (
              <PermissionGrid
                words={withActions(words, [...draft.allow, ...draft.deny])}
                rules={draft}
                role={draft.code}
                effective={effective}
                onChange={locked ? undefined : (rules) => setDraft({ ...draft, ...rules })}
              />
            ),
          },
          ...(can("role.read")
            ? [
                {
                  key: "effective",
                  label: t.tabs.effective,
                  children: <QueryView query={preview}>{(data) => <Effective preview={data} />}</QueryView>,
                },
              ]
            : []),
          ...(role && can("role.read")
            ? [{ key: "uses", label: t.tabs.uses, children: <Uses code={role.code} /> }]
            : []),
        ]}
      />
    </>
  );
}
