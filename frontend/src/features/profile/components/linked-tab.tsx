// Outside identities with which the own account may be signed in to.
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Popconfirm } from "antd";
import type { Page } from "@/api/types";
import type { IdentityRow, OutsideFault, OutsideSignOn } from "@/api/people";
import { http } from "@/lib/client";
import { useUrl } from "@/lib/nav";
import { profileText as t } from "@/locales/zh-CN/people";
import { DataTable } from "@/ui/data-table";
import { When } from "@/ui/marks";
import { useAct } from "@/ui/use-act";

function Outcome() {
  const [search] = useUrl();
  const code = search["error"] ?? "";
  const fault = useQuery({
    queryKey: ["portal", "sign-on", "error", code],
    queryFn: ({ signal }) => http.get<OutsideFault>(`/portal/sign-on/errors/${code}`, undefined, signal),
    enabled: /^[A-Z]{3,5}-\d{4}$/.test(code),
  });
  if (search["linked"]) return <Alert type="success" showIcon title={t.linkedOk} style={{ marginBottom: 12 }} />;
  if (!fault.data) return null;
  return (
    <Alert
      type="error"
      showIcon
      style={{ marginBottom: 12 }}
      title={`${fault.data.message}。${fault.data.advice}（${fault.data.code}）`}
    />
  );
}
export function LinkedTab() {
  const { act, busy } = useAct();
  const outside = useQuery({
    queryKey: ["portal", "sign-on"],
    queryFn: ({ signal }) => http.get<OutsideSignOn>("/portal/sign-on", undefined, signal),
  });
  const query = useQuery({
    queryKey: ["own", "identities"],
    queryFn: ({ signal }) => http.get<Page<IdentityRow>>("/console/identities", undefined, signal),
  });
  const openid = outside.data?.openid;
  const link = () =>
    void act(
      async () => window.location.assign((await http.post<{ location: string }>("/console/identities")).location),
      "",
    );
  return (
    <>
      <Outcome />
      <p>{t.linkedNote}</p>
      <DataTable<IdentityRow>
        query={query}
        rowKey="id"
        dataSource={query.data?.items ?? []}
        empty={{ text: t.linkedEmpty, hint: openid ? undefined : t.noProvider }}
        columns={[
          { title: t.issuer, dataIndex: "issuer_name" },
          { title: t.identity, render: (_, row) => <span className="code">{row.subject}</span> },
          { title: t.linkedAt, render: (_, row) => <When at={row.linked_at} /> },
          { title: t.lastUsed, render: (_, row) => <When at={row.last_used_at} /> },
          {
            title: "",
            render: (_, row) => (
              <Popconfirm
                title={t.unlinkAsk}
                onConfirm={() =>
                  void act(() => http.remove(`/console/identities/${row.id}`), undefined, [["own", "identities"]])
                }
              >
                <Button size="small" danger loading={busy}>
                  {t.unlink}
                </Button>
              </Popconfirm>
            ),
          },
        ]}
      />
      {openid && (
        <Button type="primary" loading={busy} onClick={link} style={{ marginTop: 12 }}>
          {t.link(openid.name)}
        </Button>
      )}
    </>
  );
}
