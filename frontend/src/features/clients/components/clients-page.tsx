// 应用接入: applications of other bodies whose users sign in here.
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Popconfirm, Space, Typography } from "antd";
import { useState } from "react";
import type { ClientOptions, ClientRow } from "@/api/people";
import { ClientForm } from "@/features/clients/components/client-form";
import { http } from "@/lib/client";
import { dateTime } from "@/lib/format";
import { useCan } from "@/lib/session";
import { clientText as t } from "@/locales/zh-CN/roles";
import { common } from "@/locales/zh-CN/common";
import { ListPage, type Column } from "@/ui/list-page";
import { StateMark, When } from "@/ui/marks";
import { Facts } from "@/ui/page";
import { SecretOnce } from "@/ui/secret-once";
import { ErrorView } from "@/ui/state-views";
import { useAct } from "@/ui/use-act";

interface Given {
  lines: string[];
  note: string;
}
const touched = [["list", "/console/clients"]];

function ClientView({
  row,
  options,
  onEdit,
  onSecret,
}: {
  row: ClientRow;
  options: ClientOptions | undefined;
  onEdit: () => void;
  onSecret: (given: Given) => void;
}) {
  const can = useCan();
  const { act, busy } = useAct();
  const named = (rows: { code: string; name: string }[] | undefined, code: string) =>
    rows?.find((one) => one.code === code)?.name ?? code;
  const issue = () =>
    void act(
      async () => {
        const { secret } = await http.post<{ secret: string }>(`/console/clients/${row.client_id}/secret`);
        onSecret({ lines: [secret], note: t.secretNote });
      },
      "",
      touched,
    );
  return (
    <>
      <div className="record-head">
        <h2 style={{ margin: 0 }}>{row.name}</h2>
        <StateMark state={row.state} />
      </div>
      <Space wrap style={{ margin: "12px 0" }}>
        {can("client.update") && (
          <Button type="primary" onClick={onEdit}>
            {t.edit}
          </Button>
        )}
        {can("client.issue") && row.kind === "confidential" && (
          <Popconfirm title={t.issue} description={t.issueAsk} onConfirm={issue}>
            <Button loading={busy}>{t.issue}</Button>
          </Popconfirm>
        )}
        {row.state === "active" && can("client.disable") && (
          <Popconfirm
            title={t.disable}
            description={t.disableAsk}
            onConfirm={() => void act(() => http.post(`/console/clients/${row.client_id}/disable`), undefined, touched)}
          >
            <Button danger loading={busy}>
              {t.disable}
            </Button>
          </Popconfirm>
        )}
        {row.state === "disabled" && can("client.update") && (
          <Button
            loading={busy}
            onClick={() => void act(() => http.post(`/console/clients/${row.client_id}/enable`), undefined, touched)}
          >
            {t.enable}
          </Button>
        )}
      </Space>
      <Facts
        columns={1}
        rows={[
          [
            t.id,
            <Typography.Text key="id" copyable className="code">
              {row.client_id}
            </Typography.Text>,
          ],
          [t.kind, named(options?.kinds, row.kind)],
          [
            t.redirects,
            row.redirect_uris.map((uri) => (
              <div key={uri} className="code">
                {uri}
              </div>
            )),
          ],
          [
            t.logouts,
            row.logout_uris.length > 0
              ? row.logout_uris.map((uri) => (
                  <div key={uri} className="code">
                    {uri}
                  </div>
                ))
              : null,
          ],
          [t.scopes, row.scopes.map((scope) => named(options?.scopes, scope)).join("、")],
          [t.consent, row.consent ? common.yes : common.no],
          [t.hint, row.kind === "public" ? t.publicNote : row.secret_hint && `…${row.secret_hint}`],
          [t.created, dateTime(row.created_at)],
          [t.updated, dateTime(row.updated_at)],
        ]}
      />
      {options && (
        <>
          <h3>{t.discovery}</h3>
          <Facts
            columns={1}
            rows={[
              [
                t.issuer,
                <Typography.Text key="i" copyable className="code">
                  {options.issuer}
                </Typography.Text>,
              ],
              [
                t.document,
                <Typography.Text key="d" copyable className="code">
                  {options.discovery}
                </Typography.Text>,
              ],
            ]}
          />
        </>
      )}
    </>
  );
}

export function ClientsPage() {
  const can = useCan();
  const [editing, setEditing] = useState<ClientRow | null | undefined>(undefined);
  const [given, setGiven] = useState<Given | null>(null);
  const options = useQuery({
    queryKey: ["clients", "options"],
    queryFn: ({ signal }) => http.get<ClientOptions>("/console/clients/options", undefined, signal),
  });
  const kind = (row: ClientRow) => options.data?.kinds?.find((one) => one.code === row.kind)?.name ?? row.kind;
  const columns: Column<ClientRow>[] = [
    { key: "name", title: t.name, fixed: true },
    { key: "client_id", title: t.id, render: (row) => <span className="code">{row.client_id}</span> },
    { key: "kind", title: t.kind, render: kind, text: kind },
    {
      key: "redirect_uris",
      title: t.redirects,
      render: (row) => <span className="wide-text code">{row.redirect_uris.join(" ")}</span>,
      text: (row) => row.redirect_uris.join(" "),
    },
    { key: "state", title: t.state, render: (row) => <StateMark state={row.state} />, text: (row) => row.state },
    {
      key: "updated_at",
      title: t.updated,
      render: (row) => <When at={row.updated_at} />,
      text: (row) => row.updated_at,
    },
  ];
  return (
    <>
      <ListPage<ClientRow>
        title={t.title}
        note={t.note}
        resource="/console/clients"
        columns={columns}
        filters={[{ key: "q", label: t.search, kind: "text" }]}
        rowId={(row) => row.client_id}
        emptyHint={t.emptyHint}
        actions={
          can("client.create") && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing(null)}>
              {t.create}
            </Button>
          )
        }
        drawer={(id, rows) => {
          const row = rows.find((one) => one.client_id === id);
          return row ? (
            <ClientView row={row} options={options.data} onEdit={() => setEditing(row)} onSecret={setGiven} />
          ) : (
            <ErrorView error={null} />
          );
        }}
      />
      {editing !== undefined && (
        <ClientForm
          row={editing}
          options={options.data}
          onClose={() => setEditing(undefined)}
          onSaved={(row, secret) => {
            setEditing(undefined);
            if (secret)
              setGiven({ lines: [`client_id: ${row.client_id}`, `client_secret: ${secret}`], note: t.secretNote });
          }}
        />
      )}
      {given && <SecretOnce title={t.secret} lines={given.lines} note={given.note} onClose={() => setGiven(null)} />}
    </>
  );
}
