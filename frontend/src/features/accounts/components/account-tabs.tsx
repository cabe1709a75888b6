// Where an account is signed in, which outside identities are linked to it, and what was changed about it.
import { useQuery } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import type { AccountHistory, IdentityRow, SessionRow } from "@/api/people";
import type { Page } from "@/api/types";
import { http } from "@/lib/client";
import { profileText } from "@/locales/zh-CN/people";
import { accountText as t } from "@/locales/zh-CN/people";
import { DataTable } from "@/ui/data-table";
import { StateMark, When } from "@/ui/marks";
import { useAct } from "@/ui/use-act";

export function AccountSessionsTab({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ["account", id, "sessions"],
    queryFn: ({ signal }) => http.get<Page<SessionRow>>(`/console/accounts/${id}/sessions`, undefined, signal),
  });
  return (
    <DataTable<SessionRow>
      query={query}
      rowKey="id"
      dataSource={query.data?.items ?? []}
      empty={{ text: t.noSessions }}
      columns={[
        { title: profileText.device, render: (_, row) => <span title={row.agent}>{row.device}</span> },
        { title: profileText.address, render: (_, row) => <span className="code">{row.address}</span> },
        { title: profileText.begun, render: (_, row) => <When at={row.begun_at} /> },
        { title: profileText.seen, render: (_, row) => <When at={row.last_seen_at} /> },
      ]}
    />
  );
}
export function AccountIdentitiesTab({ id }: { id: string }) {
  const { act, busy } = useAct();
  const [form] = Form.useForm<{ subject: string }>();
  const touched = [["account", id, "identities"]];
  const query = useQuery({
    queryKey: ["account", id, "identities"],
    queryFn: ({ signal }) => http.get<Page<IdentityRow>>(`/console/accounts/${id}/identities`, undefined, signal),
  });
  return (
    <>
      <DataTable<IdentityRow>
        query={query}
        rowKey="id"
        dataSource={query.data?.items ?? []}
        empty={{ text: t.noLinked }}
        columns={[
          { title: profileText.issuer, dataIndex: "issuer_name" },
          { title: profileText.identity, render: (_, row) => <span className="code">{row.subject}</span> },
          { title: profileText.linkedAt, render: (_, row) => <When at={row.linked_at} /> },
          { title: profileText.lastUsed, render: (_, row) => <When at={row.last_used_at} /> },
          {
            title: "",
            render: (_, row) => (
              <Button
                size="small"
                danger
                loading={busy}
                onClick={() =>
                  void act(() => http.remove(`/console/accounts/${id}/identities/${row.id}`), undefined, touched)
                }
              >
                {profileText.unlink}
              </Button>
            ),
          },
        ]}
      />
      <Form
        form={form}
        layout="inline"
        style={{ marginTop: 12 }}
        onFinish={({ subject }) =>
          void act(
            () => http.post(`/console/accounts/${id}/identities`, { subject: subject.trim() }),
            undefined,
            touched,
          ).then((done) => {
            if (done) form.resetFields();
          })
        }
      >
        <Form.Item name="subject" label={t.linkSubject} rules={[{ required: true, message: "" }]}>
          <Input maxLength={200} autoComplete="off" style={{ width: 320 }} />
        </Form.Item>
        <Button htmlType="submit" loading={busy}>
          {t.link}
        </Button>
      </Form>
    </>
  );
}
export function AccountHistoryTab({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ["account", id, "history"],
    queryFn: ({ signal }) => http.get<Page<AccountHistory>>(`/console/accounts/${id}/history`, undefined, signal),
  });
  return (
    <DataTable<AccountHistory>
      query={query}
      rowKey="seq"
      dataSource={query.data?.items ?? []}
      empty={{ text: t.noHistory }}
      columns={[
        { title: "时间", render: (_, row) => <When at={row.at} /> },
        { title: "操作人", dataIndex: "actor" },
        { title: "操作", render: (_, row) => row.action_name },
        { title: "结果", render: (_, row) => <StateMark state={row.result} /> },
        {
          title: "内容",
          render: (_, row) => (
            <span className="wide-text">
              {row.before && <del>{row.before}</del>}{" "}
              {row.after && <ins style={{ textDecoration: "none" }}>{row.after}</ins>}
            </span>
          ),
        },
      ]}
    />
  );
}
