// 用户: accounts with role and range of divisions.
import { PlusOutlined } from "@ant-design/icons";
import { Button, Form, Input, Modal, Popconfirm, Select, Space } from "antd";
import { useState } from "react";
import type { AccountRow } from "@/api/types";
import { http } from "@/lib/client";
import { useNames } from "@/lib/reference";
import { useCan, useMe } from "@/lib/session";
import { common } from "@/locales/zh-CN/common";
import { accountText as t } from "@/locales/zh-CN/public";
import { DivisionSelect } from "@/ui/division-select";
import { ListPage, type Column } from "@/ui/list-page";
import { StateMark, When } from "@/ui/marks";
import { useAct } from "@/ui/use-act";

const touched = [["list", "/console/accounts"]];
const disabled = (row: AccountRow) => row.disabled === true || row.state === "disabled";

function Division({ value, onChange, id }: { value?: string; onChange?: (code: string) => void; id?: string }) {
  const me = useMe();
  return (
    <DivisionSelect
      {...(id && { id })}
      root={me.divisions_in_scope_root}
      rootName={me.account.division_name}
      value={value}
      onChange={(code) => onChange?.(code ?? me.divisions_in_scope_root)}
      width="100%"
    />
  );
}
function Editor({ row, onClose }: { row: AccountRow | null; onClose: () => void }) {
  const { act, busy } = useAct();
  const names = useNames();
  const me = useMe();
  const [form] = Form.useForm();
  const save = ({ username, ...values }: { username: string }) =>
    void act(
      () =>
        row
          ? http.put(`/console/accounts/${row.id}`, { ...values, version: row.version })
          : http.post("/console/accounts", { username, ...values }),
      common.saved,
      touched,
    ).then((done) => {
      if (done) onClose();
    });
  const need = [{ required: true, message: common.required }];
  return (
    <Modal open title={row ? t.edit : t.create} onCancel={onClose} onOk={() => form.submit()} confirmLoading={busy}>
      <Form
        form={form}
        layout="vertical"
        initialValues={row ?? { division: me.divisions_in_scope_root }}
        onFinish={save}
      >
        <Form.Item name="username" label={t.username} rules={need}>
          <Input disabled={row !== null} autoComplete="off" />
        </Form.Item>
        <Form.Item name="display_name" label={t.name} rules={need}>
          <Input />
        </Form.Item>
        <Form.Item name="email" label={t.email}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item name="role" label={t.role} rules={need}>
          <Select options={names.options("role")} />
        </Form.Item>
        <Form.Item name="division" label={t.division} rules={need}>
          <Division />
        </Form.Item>
        {!row && (
          <Form.Item
            name="password"
            label={t.password}
            extra={t.passwordHint}
            rules={[...need, { min: 10, message: t.passwordHint }]}
          >
            <Input.Password autoComplete="new-password" />
          </Form.Item>
        )}
      </Form>
    </Modal>
  );
}
export function AccountsPage() {
  const { act } = useAct();
  const can = useCan();
  const [editing, setEditing] = useState<AccountRow | null | undefined>(undefined);
  const columns: Column<AccountRow>[] = [
    { key: "username", title: t.username, fixed: true, render: (row) => <span className="code">{row.username}</span> },
    { key: "display_name", title: t.name },
    { key: "role_name", title: t.role },
    { key: "division_name", title: t.division },
    { key: "state", title: t.state, render: (row) => <StateMark state={disabled(row) ? "disabled" : "enabled"} /> },
    { key: "updated_at", title: common.time, render: (row) => <When at={row.updated_at} /> },
    ...(can("account.update")
      ? [
          {
            key: "act",
            title: common.actions,
            render: (row: AccountRow) => (
              <Space>
                <Button size="small" onClick={() => setEditing(row)}>
                  {t.edit}
                </Button>
                {!disabled(row) && can("account.disable") && (
                  <Popconfirm
                    title={t.disableAsk}
                    onConfirm={() =>
                      void act(() => http.post(`/console/accounts/${row.id}/disable`), undefined, touched)
                    }
                  >
                    <Button size="small" danger>
                      {t.disable}
                    </Button>
                  </Popconfirm>
                )}
                {disabled(row) && can("account.disable") && (
                  <Button
                    size="small"
                    onClick={() => void act(() => http.post(`/console/accounts/${row.id}/enable`), undefined, touched)}
                  >
                    {t.enable}
                  </Button>
                )}
              </Space>
            ),
          },
        ]
      : []),
  ];
  return (
    <>
      <ListPage<AccountRow>
        title={t.title}
        resource="/console/accounts"
        columns={columns}
        filters={[]}
        rowId={(row) => row.id}
        actions={
          can("account.create") && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing(null)}>
              {t.create}
            </Button>
          )
        }
      />
      {editing !== undefined && <Editor row={editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}
