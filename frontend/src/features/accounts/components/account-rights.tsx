// Why may this user do something, or why not: role, the roles above it, the range of data.
import { useQuery } from "@tanstack/react-query";
import { Alert, Select, Space, Tag } from "antd";
import { useState } from "react";
import type { Grant, PermissionWords, Rights } from "@/api/people";
import { http } from "@/lib/client";
import { actionsOf, isAsked } from "@/lib/permissions";
import { useNames } from "@/lib/reference";
import { accountText as t } from "@/locales/zh-CN/people";
import { Facts } from "@/ui/page";
import { EmptyView, QueryView } from "@/ui/state-views";

/** The grants of one effect, gathered by their kind in the order in which they came. */
function byKind(grants: Grant[], effect: Grant["effect"]): [string, Grant[]][] {
  const found = new Map<string, Grant[]>();
  for (const grant of grants)
    if (grant.effect === effect && isAsked(grant.permission))
      found.set(grant.kind_label, [...(found.get(grant.kind_label) ?? []), grant]);
  return [...found];
}
function Asked({ id }: { id: string }) {
  const [kind, setKind] = useState<string | null>(null);
  const [action, setAction] = useState<string | null>(null);
  const words = useQuery({
    queryKey: ["permissions"],
    queryFn: ({ signal }) => http.get<PermissionWords>("/console/permissions", undefined, signal),
    staleTime: Infinity,
  });
  const permission = kind && action ? `${kind}.${action}` : null;
  const query = useQuery({
    queryKey: ["account", id, "rights", permission],
    queryFn: ({ signal }) => http.get<Rights>(`/console/accounts/${id}/rights`, { permission }, signal),
    enabled: permission !== null,
  });
  const actions = (words.data?.actions ?? []).filter((one) => kind && actionsOf(kind).includes(one.action));
  const told = query.data?.asked;
  return (
    <>
      <h3>{t.why}</h3>
      <p className="soft">{t.whyHint}</p>
      <Space wrap>
        <Select
          aria-label={t.kind}
          placeholder={t.kind}
          style={{ width: 200 }}
          showSearch={{ optionFilterProp: "label" }}
          value={kind}
          onChange={(next: string) => {
            setKind(next);
            setAction(null);
          }}
          options={(words.data?.kinds ?? []).map((one) => ({ value: one.kind, label: one.label }))}
        />
        <Select
          aria-label={t.action}
          placeholder={t.action}
          style={{ width: 160 }}
          disabled={!kind}
          value={action}
          onChange={(next: string) => setAction(next)}
          options={actions.map((one) => ({ value: one.action, label: one.label }))}
        />
      </Space>
      {told && (
        <Alert
          style={{ marginTop: 12 }}
          type={told.allowed ? "success" : "warning"}
          showIcon
          title={told.allowed ? t.may : t.mayNot}
          description={told.because}
        />
      )}
    </>
  );
}
function Held({ rights }: { rights: Rights }) {
  const names = useNames();
  const { scope } = rights;
  const denied = byKind(rights.permissions, "deny");
  return (
    <>
      <Facts
        columns={1}
        rows={[
          [t.line, rights.line.map((step) => step.name).join(" ← ")],
          [
            t.scope,
            [
              t.scopeDivision(scope.division_name),
              scope.categories
                ? scope.categories.map((code) => names.name("category", code)).join("、")
                : t.allCategories,
              ...(scope.subject ? [t.scopeSubject(scope.subject)] : []),
            ].join("；"),
          ],
        ]}
      />
      <h3>{t.allowed}</h3>
      {byKind(rights.permissions, "allow").map(([label, grants]) => (
        <div key={label} className="grants">
          <span className="soft">{label}</span>
          <span>
            {grants.map((grant) => (
              <Tag key={grant.permission} title={`${grant.permission}，${t.fromRole(grant.role_name)}`}>
                {grant.action_label}
                {grant.role !== rights.line[0]?.code && <small> ◐ {grant.role_name}</small>}
              </Tag>
            ))}
          </span>
        </div>
      ))}
      {denied.length > 0 && <h3>{t.denied}</h3>}
      {denied.map(([label, grants]) => (
        <div key={label} className="grants">
          <span className="soft">{label}</span>
          <span>
            {grants.map((grant) => (
              <Tag key={grant.permission} title={t.fromRole(grant.role_name)}>
                ✕ {grant.action_label}
              </Tag>
            ))}
          </span>
        </div>
      ))}
    </>
  );
}
export function RightsTab({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ["account", id, "rights"],
    queryFn: ({ signal }) => http.get<Rights>(`/console/accounts/${id}/rights`, undefined, signal),
  });
  return (
    <>
      <Asked id={id} />
      <div style={{ marginTop: 20 }}>
        <QueryView query={query} isEmpty={(rights) => !rights.permissions} empty={<EmptyView />}>
          {(rights) => <Held rights={rights} />}
        </QueryView>
      </div>
    </>
  );
}
