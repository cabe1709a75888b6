// 角色: the tree of roles on the left, the chosen one on the right.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Tree, type TreeDataNode } from "antd";
import type { PermissionWords, RoleOut } from "@/api/people";
import type { Page } from "@/api/types";
import { blank, draftOf, RoleEditor } from "@/features/roles/components/role-editor";
import { http } from "@/lib/client";
import { useUrl } from "@/lib/nav";
import { useCan } from "@/lib/session";
import { roleText as t } from "@/locales/zh-CN/roles";
import { PageHead, Panel } from "@/ui/page";
import { EmptyView, QueryView } from "@/ui/state-views";
import "./roles.css";

function branches(roles: RoleOut[], parent: string | null): TreeDataNode[] {
  return roles
    .filter((role) => role.parent === parent)
    .map((role) => ({
      key: role.code,
      title: (
        <>
          {role.name}{" "}
          <small className="soft">{[role.shipped ? "" : t.own, t.users(role.users)].filter(Boolean).join(" · ")}</small>
        </>
      ),
      children: branches(roles, role.code),
    }));
}

export function RolesPage() {
  const can = useCan();
  const [search, patch] = useUrl();
  const query = useQuery({
    queryKey: ["roles"],
    queryFn: ({ signal }) => http.get<Page<RoleOut>>("/console/roles", undefined, signal),
  });
  const words = useQuery({
    queryKey: ["permissions"],
    queryFn: ({ signal }) => http.get<PermissionWords>("/console/permissions", undefined, signal),
    staleTime: Infinity,
  });
  const roles = query.data?.items ?? [];
  const chosen = roles.find((role) => role.code === search["record"]) ?? null;
  const making = search["new"] !== undefined;
  const parent = roles.some((role) => role.code === search["new"]) ? (search["new"] ?? null) : null;
  const create = can("role.create") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => patch({ new: chosen?.code ?? "-" })}>
      {chosen ? t.createUnder(chosen.name) : t.create}
    </Button>
  );
  return (
    <>
      <PageHead title={t.title} note={t.note} extra={create} />
      <QueryView
        query={query}
        isEmpty={(page) => !page.items?.length}
        empty={
          <Panel>
            <EmptyView text={t.empty} />
          </Panel>
        }
      >
        {() => (
          <div className="roles">
            <Panel title={t.tree}>
              <Tree
                blockNode
                defaultExpandAll
                aria-label={t.tree}
                selectedKeys={chosen && !making ? [chosen.code] : []}
                treeData={branches(roles, null)}
                onSelect={(keys) =>
                  patch({ record: keys[0] === undefined ? search["record"] : String(keys[0]), new: undefined })
                }
              />
            </Panel>
            <Panel>
              {!chosen && !making ? (
                <EmptyView text={t.choose} />
              ) : (
                <QueryView query={words} isEmpty={(data) => !data.kinds}>
                  {(data) => (
                    <RoleEditor
                      key={making ? `new-${parent ?? ""}` : `${chosen?.code ?? ""}-${chosen?.version ?? 0}`}
                      role={making ? null : chosen}
                      begin={making || !chosen ? blank(parent) : draftOf(chosen)}
                      roles={roles}
                      words={data}
                      onSaved={(code) => patch({ record: code, new: undefined })}
                      onRemoved={() => patch({ record: undefined })}
                    />
                  )}
                </QueryView>
              )}
            </Panel>
          </div>
        )}
      </QueryView>
    </>
  );
}
