// The tokens of a system: issued, exchanged with an overlap, revoked; a token itself is shown once.
import { KeyOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Form, Input, InputNumber, Modal, Popconfirm, Space } from "antd";
import { useState } from "react";
import type { TokenGiven, TokenRow } from "@/api/access";
import type { Page } from "@/api/types";
import { http } from "@/lib/client";
import { dateTime } from "@/lib/format";
import { useCan } from "@/lib/session";
import { tokenText as t } from "@/locales/zh-CN/access";
import { common } from "@/locales/zh-CN/common";
import { DataTable } from "@/ui/data-table";
import { Missing, StateMark, When } from "@/ui/marks";
import { SecretOnce } from "@/ui/secret-once";
import { useAct } from "@/ui/use-act";

const marks: Record<string, string> = {
  active: "active",
  ending: "pending",
  expired: "superseded",
  revoked: "revoked",
};
const live = (row: TokenRow) => row.state === "active" || row.state === "ending";

function Issue({ id, onClose, onGiven }: { id: string; onClose: () => void; onGiven: (given: TokenGiven) => void }) {
  const { act, busy } = useAct();
  const [form] = Form.useForm<{ name: string; scopes: string[]; valid_days: number }>();
  return (
    <Modal open title={t.issue} onCancel={onClose} onOk={() => form.submit()} confirmLoading={busy}>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ scopes: ["report", "heartbeat"], valid_days: 365 }}
        onFinish={(values) =>
          void act(async () => onGiven(await http.post<TokenGiven>(`/console/systems/${id}/tokens`, values)), "", [
            ["system", id],
          ])
        }
      >
        <Form.Item name="name" label={t.name} extra={t.nameHint} rules={[{ required: true, message: common.required }]}>
          <Input maxLength={50} autoFocus />
        </Form.Item>
        <Form.Item name="scopes" label={t.scopes} rules={[{ required: true, message: common.required }]}>
          <Checkbox.Group options={Object.entries(t.scopeNames).map(([value, label]) => ({ value, label }))} />
        </Form.Item>
        <Form.Item name="valid_days" label={t.days} rules={[{ required: true, message: common.required }]}>
          <InputNumber min={1} max={730} precision={0} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
function Rotate({
  id,
  row,
  onClose,
  onGiven,
}: {
  id: string;
  row: TokenRow;
  onClose: () => void;
  onGiven: (given: TokenGiven) => void;
}) {
  const { act, busy } = useAct();
  const [form] = Form.useForm<{ overlap_hours: number; valid_days: number }>();
  return (
    <Modal open title={`${t.rotate}：${row.name}`} onCancel={onClose} onOk={() => form.submit()} confirmLoading={busy}>
      <p>{t.rotateNote}</p>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ overlap_hours: 24, valid_days: 365 }}
        onFinish={(values) =>
          void act(
            async () =>
              onGiven(await http.post<TokenGiven>(`/console/systems/${id}/tokens/${row.number}/rotate`, values)),
            "",
            [["system", id]],
          )
        }
      >
        <Form.Item name="overlap_hours" label={t.overlap}>
          <InputNumber min={0} max={168} precision={0} />
        </Form.Item>
        <Form.Item name="valid_days" label={t.days}>
          <InputNumber min={1} max={730} precision={0} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

export function TokensTab({ id }: { id: string }) {
  const can = useCan();
  const { act, busy } = useAct();
  const [issuing, setIssuing] = useState(false);
  const [rotating, setRotating] = useState<TokenRow | null>(null);
  const [given, setGiven] = useState<TokenGiven | null>(null);
  const mayIssue = can("access.issue");
  const query = useQuery({
    queryKey: ["system", id, "tokens"],
    queryFn: ({ signal }) => http.get<Page<TokenRow>>(`/console/systems/${id}/tokens`, undefined, signal),
  });
  const done = (fresh: TokenGiven) => {
    setIssuing(false);
    setRotating(null);
    setGiven(fresh);
  };
  return (
    <>
      <p className="soft">{t.note}</p>
      {mayIssue && (
        <Button type="primary" icon={<KeyOutlined />} onClick={() => setIssuing(true)} style={{ marginBottom: 12 }}>
          {t.issue}
        </Button>
      )}
      <DataTable<TokenRow>
        query={query}
        rowKey="number"
        size="small"
        dataSource={query.data?.items ?? []}
        scroll={{ x: "max-content" }}
        empty={{ text: t.empty, hint: mayIssue ? t.emptyHint : undefined }}
        columns={[
          { title: t.name, dataIndex: "name" },
          { title: t.hint, render: (_, row) => <span className="code">…{row.hint}</span> },
          {
            title: t.state,
            render: (_, row) => <StateMark state={marks[row.state] ?? row.state} name={row.state_name} />,
          },
          { title: t.scopes, render: (_, row) => row.scopes.map((scope) => t.scopeNames[scope] ?? scope).join("、") },
          {
            title: t.issued,
            render: (_, row) => (
              <>
                <When at={row.issued_at} /> <span className="soft">{row.issued_by}</span>
              </>
            ),
          },
          { title: t.expires, render: (_, row) => (row.expires_at ? <When at={row.expires_at} /> : t.never) },
          {
            title: t.used,
            render: (_, row) =>
              row.last_used_at ? (
                <span title={row.last_address ?? ""}>{dateTime(row.last_used_at)}</span>
              ) : (
                <Missing reason={t.unused} />
              ),
          },
          ...(mayIssue
            ? [
                {
                  title: "",
                  render: (_: unknown, row: TokenRow) =>
                    live(row) && (
                      <Space>
                        {row.state === "active" && (
                          <Button size="small" onClick={() => setRotating(row)}>
                            {t.rotate}
                          </Button>
                        )}
                        <Popconfirm
                          title={t.revoke}
                          description={t.revokeAsk}
                          onConfirm={() =>
                            void act(
                              () => http.post(`/console/systems/${id}/tokens/${row.number}/revoke`, {}),
                              undefined,
                              [["system", id]],
                            )
                          }
                        >
                          <Button size="small" danger loading={busy}>
                            {t.revoke}
                          </Button>
                        </Popconfirm>
                      </Space>
                    ),
                },
              ]
            : []),
        ]}
      />
      {issuing && <Issue id={id} onClose={() => setIssuing(false)} onGiven={done} />}
      {rotating && <Rotate id={id} row={rotating} onClose={() => setRotating(null)} onGiven={done} />}
      {given && <SecretOnce title={t.given} lines={[given.token]} note={t.givenNote} onClose={() => setGiven(null)} />}
    </>
  );
}
